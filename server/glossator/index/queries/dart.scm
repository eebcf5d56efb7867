; Dart: classes, mixins, extensions, enums, constructors, functions and accessors, whose body stands beside them.

(class_definition name: (identifier) @name) @definition.class
(mixin_declaration . (mixin) . (identifier) @name) @definition.trait
(extension_declaration name: (identifier) @name) @definition.class
(extension_declaration !name class: (type_identifier) @scope) @container
(extension_type_declaration name: (identifier) @name) @definition.class
(enum_declaration name: (identifier) @name) @definition.enum
(enum_constant name: (identifier) @name) @definition.enum_member
(type_alias . (type_identifier) @name) @definition.type

(program ((function_signature name: (identifier) @name) @definition.function . (function_body)? @body))
(program ((getter_signature name: (identifier) @name) @definition.property . (function_body)? @body))

((method_signature (function_signature name: (identifier) @name)) @definition.method . (function_body)? @body)
((method_signature (getter_signature name: (identifier) @name)) @definition.property . (function_body)? @body)
((method_signature (setter_signature name: (identifier) @name)) @definition.property . (function_body)? @body)
((method_signature
    (operator_signature [(binary_operator) (tilde_operator) "[]" "[]="] @name)) @definition.method
  . (function_body)? @body)
((method_signature
    (constructor_signature name: (identifier) @name . parameters: (_))) @definition.constructor
  . (function_body)? @body)
((method_signature
    (factory_constructor_signature (identifier) @name . (formal_parameter_list))) @definition.constructor
  . (function_body)? @body)

(declaration (function_signature name: (identifier) @name)) @definition.method
(declaration (getter_signature name: (identifier) @name)) @definition.property
(declaration (setter_signature name: (identifier) @name)) @definition.property
(declaration (constructor_signature name: (identifier) @name . parameters: (_))) @definition.constructor
(declaration (constant_constructor_signature (identifier) @name . (formal_parameter_list))) @definition.constructor
(declaration
  (redirecting_factory_constructor_signature (identifier) @name . (formal_parameter_list))) @definition.constructor
(declaration (initialized_identifier_list (initialized_identifier . (identifier) @name))) @definition.field
(declaration (static_final_declaration_list (static_final_declaration . (identifier) @name))) @definition.field
(program (static_final_declaration_list (static_final_declaration . (identifier) @name)) @definition.constant)

((expression_statement
    . (identifier) @_test
    . (selector (argument_part (arguments . (argument (string_literal) @name))))) @definition.test
  (#any-of? @_test "test" "group" "testWidgets" "blocTest"))

((identifier) @reference . (selector (argument_part)))
(selector (unconditional_assignable_selector (identifier) @reference))
(selector (conditional_assignable_selector (identifier) @reference))
((type_identifier) @reference (#match? @reference "^.."))
(annotation name: (identifier) @reference)
(annotation) @leading

(import_specification (configurable_uri) @import)
(library_export (configurable_uri) @import)
(part_directive (uri) @import)
