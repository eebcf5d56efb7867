; Scala 2 and 3: classes, traits, objects, enums, methods, values, types, givens, extension methods.

(class_definition name: (_) @name) @definition.class
(trait_definition name: (_) @name) @definition.trait
(object_definition name: (_) @name) @definition.object
(package_object name: (_) @name) @definition.object
(enum_definition name: (_) @name) @definition.enum
(full_enum_case name: (_) @name) @definition.enum_member
(simple_enum_case name: (_) @name) @definition.enum_member
(type_definition name: (_) @name) @definition.type

(function_definition name: (_) @name) @definition.function
(function_declaration name: (_) @name) @definition.function
(extension_definition
  parameters: (parameters . (parameter type: [(type_identifier) @scope (generic_type type: (_) @scope)]))
  body: (function_definition name: (_) @name) @definition.function)

(compilation_unit (val_definition pattern: (identifier) @name) @definition.constant)
(compilation_unit (var_definition pattern: (identifier) @name) @definition.variable)
(template_body (val_definition pattern: (identifier) @name) @definition.property)
(template_body (val_declaration name: (identifier) @name) @definition.property)
(template_body (var_definition pattern: (identifier) @name) @definition.property)
(template_body (var_declaration name: (identifier) @name) @definition.property)
(with_template_body (val_definition pattern: (identifier) @name) @definition.property)
(enum_body (val_definition pattern: (identifier) @name) @definition.property)

(given_definition name: (identifier) @name) @definition.object
(given_definition !name return_type: (_) @name) @definition.object

; Tests of MUnit and ScalaTest.
((call_expression
    function: (call_expression function: (identifier) @_test arguments: (arguments . (string) @name))
    arguments: (block) @body) @definition.test
  (#any-of? @_test "test" "describe" "it" "property" "feature" "scenario"))
((infix_expression left: (_) @name operator: (identifier) @_in right: (block) @body) @definition.test
  (#any-of? @_in "in" "should" "when")
  (#match? @name "\""))

(call_expression function: (identifier) @reference)
(call_expression function: (field_expression field: (identifier) @reference))
(call_expression function: (generic_function function: (identifier) @reference))
(call_expression function: (generic_function function: (field_expression field: (identifier) @reference)))
(field_expression value: (identifier) @reference (#match? @reference "^[A-Z]"))
(infix_expression operator: (identifier) @reference)
((type_identifier) @reference (#match? @reference "^..."))

(import_declaration path: _+ @import)
