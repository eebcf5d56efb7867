; Kotlin: classes, interfaces, enums, objects, functions and extension functions, properties. What a companion object
; holds counts as the class's own.

(class_declaration (type_identifier) @name (class_body)? @body) @definition.class
(class_declaration "interface" . (type_identifier) @name) @definition.interface
(class_declaration "enum" (type_identifier) @name (enum_class_body)? @body) @definition.enum
(object_declaration (type_identifier) @name (class_body)? @body) @definition.object
(companion_object (type_identifier) @name) @definition.object
(enum_entry . (simple_identifier) @name) @definition.enum_member
(type_alias (type_identifier) @name) @definition.type

(function_declaration (simple_identifier) @name (function_body)? @body) @definition.function
(function_declaration
  receiver: (receiver_type
    [(user_type . (type_identifier) @scope) (nullable_type (user_type . (type_identifier) @scope))])
  (simple_identifier) @name) @definition.function
(secondary_constructor "constructor" @name (statements)? @body) @definition.constructor
(anonymous_initializer "init" @name (statements)? @body) @definition.constructor

(source_file (property_declaration (variable_declaration . (simple_identifier) @name)) @definition.variable)
(source_file
  (property_declaration
    (modifiers (property_modifier) @_const)
    (variable_declaration . (simple_identifier) @name)) @definition.constant
  (#eq? @_const "const"))
(source_file
  (property_declaration
    receiver: (receiver_type
      [(user_type . (type_identifier) @scope) (nullable_type (user_type . (type_identifier) @scope))])
    (variable_declaration . (simple_identifier) @name)) @definition.property
  . (getter)? @body)
(class_body
  (property_declaration (variable_declaration . (simple_identifier) @name)) @definition.property . (getter)? @body)
(enum_class_body
  (property_declaration (variable_declaration . (simple_identifier) @name)) @definition.property . (getter)? @body)
(class_body
  (property_declaration
    (modifiers (property_modifier) @_const)
    (variable_declaration . (simple_identifier) @name)) @definition.constant
  (#eq? @_const "const"))

; Kotest's and Spek's tests.
((call_expression
    . (simple_identifier) @_test
    (call_suffix
      (value_arguments . (value_argument (string_literal) @name) .)
      (annotated_lambda) @body)) @definition.test
  (#any-of? @_test "test" "should" "describe" "context" "it" "given" "when" "then" "feature" "scenario"))

(call_expression . (simple_identifier) @reference)
(call_expression . (navigation_expression (navigation_suffix (simple_identifier) @reference)))
(navigation_expression . (simple_identifier) @reference (#match? @reference "^[A-Z]"))
(infix_expression (_) . (simple_identifier) @reference . (_))
(user_type (type_identifier) @reference)
(callable_reference (simple_identifier) @reference)

(import_header (identifier) @import)
