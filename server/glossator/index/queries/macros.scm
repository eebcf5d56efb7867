; Macros of C's family that define something, from its call: tests, functions, variables (see `macros.py`).

; `TEST_CASE("name") {`, `SYSCALL_DEFINE1(close, ...) {`
((expression_statement (call_expression function: (identifier) @macro arguments: (argument_list) @arguments)) @definer
  . (compound_statement) @body)
; `BENCHMARK_ADVANCED("name")(Chronometer meter) {`
((expression_statement
    (call_expression
      function: (call_expression function: (identifier) @macro arguments: (argument_list) @arguments))) @definer
  . (compound_statement) @body)
; The same where the arguments read like parameters.
(function_definition !type
  declarator: (function_declarator declarator: (identifier) @macro parameters: (parameter_list) @arguments)
  body: (compound_statement) @body) @definer
(function_definition !type
  declarator: (function_declarator
    declarator: (function_declarator declarator: (identifier) @macro parameters: (parameter_list) @arguments))
  body: (compound_statement) @body) @definer
(function_definition
  type: (type_identifier) @macro
  declarator: (parenthesized_declarator (identifier)) @arguments
  body: (compound_statement) @body) @definer

; `DEFINE_MUTEX(lock);`
(declaration type: (type_identifier) @macro declarator: (parenthesized_declarator (identifier)) @arguments) @definer
(translation_unit (expression_statement
  (call_expression function: (identifier) @macro arguments: (argument_list) @arguments)) @definer)
(preproc_ifdef (expression_statement
  (call_expression function: (identifier) @macro arguments: (argument_list) @arguments)) @definer)
(preproc_if (expression_statement
  (call_expression function: (identifier) @macro arguments: (argument_list) @arguments)) @definer)
(preproc_else (expression_statement
  (call_expression function: (identifier) @macro arguments: (argument_list) @arguments)) @definer)
(declaration_list (expression_statement
  (call_expression function: (identifier) @macro arguments: (argument_list) @arguments)) @definer)
