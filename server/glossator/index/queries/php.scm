; PHP: namespaces with a body, classes, interfaces, traits, enums, functions, constants; Pest tests.

(namespace_definition name: (namespace_name) @name body: (_)) @definition.namespace
(class_declaration name: (name) @name) @definition.class
(interface_declaration name: (name) @name) @definition.interface
(trait_declaration name: (name) @name) @definition.trait
(enum_declaration name: (name) @name) @definition.enum
(enum_case name: (name) @name) @definition.enum_member

(function_definition name: (name) @name) @definition.function
(method_declaration name: (name) @name) @definition.method
(property_declaration (property_element name: (variable_name (name) @name))) @definition.field
(const_declaration (const_element . (name) @name)) @definition.constant
((expression_statement
    (function_call_expression
      function: (name) @_define
      arguments: (arguments . (argument (string (string_content) @name))))) @definition.constant
  (#eq? @_define "define"))

; A function kept in a variable of the file.
(program
  (expression_statement
    (assignment_expression
      left: (variable_name (name) @name)
      right: [(arrow_function body: (_) @body) (anonymous_function body: (_) @body)])) @definition.function)

((expression_statement
    (function_call_expression
      function: (name) @_test
      arguments: (arguments
        . (argument (string (string_content) @name))
        . (argument [(arrow_function) (anonymous_function)])))) @definition.test
  (#any-of? @_test "it" "test" "describe"))

(function_call_expression function: (name) @reference)
(function_call_expression function: (qualified_name (name) @reference))
(member_call_expression name: (name) @reference)
(nullsafe_member_call_expression name: (name) @reference)
(scoped_call_expression name: (name) @reference)
(scoped_call_expression scope: [(name) @reference (qualified_name (name) @reference)])
(class_constant_access_expression . [(name) @reference (qualified_name (name) @reference)])
(class_constant_access_expression (_) (name) @reference)
(scoped_property_access_expression scope: [(name) @reference (qualified_name (name) @reference)])
(object_creation_expression [(name) @reference (qualified_name (name) @reference)])
(named_type [(name) @reference (qualified_name (name) @reference)])
(base_clause [(name) @reference (qualified_name (name) @reference)])
(class_interface_clause [(name) @reference (qualified_name (name) @reference)])
(use_declaration [(name) @reference (qualified_name (name) @reference)])
(attribute [(name) @reference (qualified_name (name) @reference)])

(namespace_use_declaration (namespace_name) @import)
(namespace_use_clause . [(name) (qualified_name)] @import)
(require_expression (string (string_content) @import))
(require_once_expression (string (string_content) @import))
(require_once_expression (binary_expression right: (string (string_content) @import)))
(require_expression (binary_expression right: (string (string_content) @import)))
(include_expression (string (string_content) @import))
(include_once_expression (string (string_content) @import))
