; PowerShell: functions and filters, classes, enums; Pester's tests.

(function_statement (function_name) @name (script_block)? @body) @definition.function
(class_statement . (simple_name) @name) @definition.class
(enum_statement . (simple_name) @name) @definition.enum
(class_method_definition (simple_name) @name (script_block)? @body) @definition.method
(class_property_definition (variable) @name) @definition.field

((command
    command_name: (command_name) @_test
    command_elements: (command_elements
      . (command_argument_sep)?
      . (array_literal_expression (unary_expression (string_literal) @name)))) @definition.test
  (#match? @_test "^(?i:describe|context|it)$"))

(command command_name: (command_name) @reference)
(type_literal (type_spec (type_name (type_identifier) @reference)))
(invokation_expression (member_name (simple_name) @reference))

((command
    command_name: (command_name) @_import
    command_elements: (command_elements (generic_token) @import .))
  (#match? @_import "^(?i:import-module|using)$"))
