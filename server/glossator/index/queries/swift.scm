; Swift: types, protocols, extensions (which only qualify what is inside), functions, initialisers, properties.

(class_declaration declaration_kind: "class" name: (type_identifier) @name) @definition.class
(class_declaration declaration_kind: "actor" name: (type_identifier) @name) @definition.class
(class_declaration declaration_kind: "struct" name: (type_identifier) @name) @definition.struct
(class_declaration declaration_kind: "enum" name: (type_identifier) @name) @definition.enum
(class_declaration declaration_kind: "extension" name: (_) @scope) @container
(protocol_declaration name: (type_identifier) @name) @definition.protocol

(function_declaration "func" . name: _ @name) @definition.function
(protocol_function_declaration "func" . name: _ @name) @definition.method
(init_declaration name: "init" @name) @definition.constructor
(deinit_declaration "deinit" @name) @definition.method
(subscript_declaration "subscript" @name (computed_property)? @body) @definition.method
(typealias_declaration name: (type_identifier) @name) @definition.type
(associatedtype_declaration . name: (type_identifier) @name) @definition.type
(enum_entry name: (simple_identifier) @name) @definition.enum_member
(macro_declaration (simple_identifier) @name) @definition.macro

(source_file
  (property_declaration name: (pattern bound_identifier: (simple_identifier) @name)) @definition.variable)
(source_file
  (property_declaration
    (value_binding_pattern mutability: "let")
    name: (pattern bound_identifier: (simple_identifier) @name)) @definition.constant)
(class_body
  (property_declaration
    name: (pattern bound_identifier: (simple_identifier) @name)
    computed_value: (_)? @body) @definition.property)
(enum_class_body
  (property_declaration
    name: (pattern bound_identifier: (simple_identifier) @name)
    computed_value: (_)? @body) @definition.property)
(protocol_property_declaration
  name: (pattern bound_identifier: (simple_identifier) @name)) @definition.property

; Quick's tests.
((call_expression
    . (simple_identifier) @_test
    (call_suffix
      (value_arguments . (value_argument value: (line_string_literal) @name) .)
      (lambda_literal) @body)) @definition.test
  (#any-of? @_test "describe" "context" "it"))

(call_expression . (simple_identifier) @reference)
(call_expression
  . (navigation_expression suffix: (navigation_suffix suffix: (simple_identifier) @reference)))
(call_expression . (navigation_expression target: (simple_identifier) @reference) (#match? @reference "^[A-Z]"))
(constructor_expression constructed_type: (user_type (type_identifier) @reference))
(user_type (type_identifier) @reference)

(import_declaration (identifier) @import)
