; Lua: functions in all the ways in which they are named; classes made by a library; tables of the file.

(function_declaration name: (identifier) @name) @definition.function
(function_declaration name: (dot_index_expression table: (_) @scope field: (identifier) @name)) @definition.function
(function_declaration name: (method_index_expression table: (_) @scope method: (identifier) @name)) @definition.method

(assignment_statement
  (variable_list . name: (identifier) @name)
  (expression_list . value: (function_definition body: (_)? @body))) @definition.function
(variable_declaration
  (assignment_statement
    (variable_list . name: (identifier) @name)
    (expression_list . value: (function_definition body: (_)? @body)))) @definition.function
(assignment_statement
  (variable_list . name: (dot_index_expression table: (_) @scope field: (identifier) @name))
  (expression_list . value: (function_definition body: (_)? @body))) @definition.function
(field name: (identifier) @name value: (function_definition body: (_)? @body)) @definition.function

(chunk
  (variable_declaration
    (assignment_statement
      (variable_list . name: (identifier) @name)
      (expression_list . value: (table_constructor (field))))) @definition.variable)
(chunk
  (assignment_statement
    (variable_list . name: (identifier) @name)
    (expression_list . value: (table_constructor (field)))) @definition.variable)
(chunk
  (assignment_statement
    (variable_list . name: (dot_index_expression table: (_) @scope field: (identifier) @name))
    (expression_list . value: (table_constructor (field)))) @definition.variable)
(chunk
  (variable_declaration
    (assignment_statement
      (variable_list . name: (identifier) @name)
      (expression_list . value: [(number) (string) (table_constructor)]))) @definition.constant
  (#match? @name "^[A-Z][A-Z0-9_]+$"))
(chunk
  (assignment_statement
    (variable_list . name: (dot_index_expression table: (_) @scope field: (identifier) @name))
    (expression_list . value: [(number) (string) (table_constructor)])) @definition.constant
  (#match? @name "^[A-Z][A-Z0-9_]+$"))

((variable_declaration
    (assignment_statement
      (variable_list . name: (identifier) @name)
      (expression_list
        . value: (function_call
          name: [(identifier) @_maker (dot_index_expression field: (identifier) @_maker)
            (method_index_expression method: (identifier) @_maker)])))) @definition.class
  (#any-of? @_maker "class" "Class" "extend" "subclass"))

((function_call
    name: (identifier) @_test
    arguments: (arguments . (string content: (string_content) @name) . (function_definition) .)) @definition.test
  (#any-of? @_test "describe" "context" "it" "spec" "test" "insulate" "pending"))

(function_call name: (identifier) @reference)
(function_call name: (dot_index_expression field: (identifier) @reference))
(function_call name: (method_index_expression method: (identifier) @reference))

((function_call
    name: (identifier) @_require
    arguments: (arguments . (string content: (string_content) @import)))
  (#any-of? @_require "require" "dofile" "loadfile"))
