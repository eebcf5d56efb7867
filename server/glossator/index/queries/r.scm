; R: functions, classes of S4, R5 and R6 with their methods, constants; testthat's tests.

(binary_operator
  lhs: [(identifier) @name (string content: (string_content) @name)]
  operator: ["<-" "=" "<<-"]
  rhs: (function_definition body: (_) @body)) @definition.function

((call
    function: (identifier) @_set
    arguments: (arguments
      . argument: (argument value: (string content: (string_content) @name)))) @definition.function
  (#eq? @_set "setGeneric"))
((call
    function: (identifier) @_set
    arguments: (arguments
      . argument: (argument value: (string content: (string_content) @name))
      argument: (argument value: (function_definition body: (_) @body)))) @definition.method
  (#any-of? @_set "setMethod" "setReplaceMethod"))
((call
    function: (identifier) @_set
    arguments: (arguments
      . argument: (argument value: (string content: (string_content) @name))
      . (comma)
      . argument: (argument value: (string content: (string_content) @scope))
      argument: (argument value: (function_definition body: (_) @body)))) @definition.method
  (#any-of? @_set "setMethod" "setReplaceMethod"))
((call
    function: (identifier) @_set
    arguments: (arguments
      . argument: (argument value: (string content: (string_content) @name)))) @definition.class
  (#any-of? @_set "setClass" "setRefClass" "setClassUnion"))
((binary_operator
    lhs: (identifier) @name
    rhs: (call
      function: [(identifier) @_class (namespace_operator rhs: (identifier) @_class)])) @definition.class
  (#any-of? @_class "R6Class" "setRefClass" "ggproto" "new_class"))
((call
    function: [(identifier) @_class (namespace_operator rhs: (identifier) @_class)]
    arguments: (arguments
      argument: (argument
        value: (call
          function: (identifier) @_list
          arguments: (arguments
            argument: (argument
              name: (identifier) @name
              value: (function_definition body: (_) @body)) @definition.method)))))
  (#any-of? @_class "R6Class" "setRefClass")
  (#any-of? @_list "list" "c"))
((call
    function: (identifier) @_class
    arguments: (arguments
      argument: (argument
        name: (identifier) @name
        value: (function_definition body: (_) @body)) @definition.method))
  (#eq? @_class "ggproto"))

(program
  (binary_operator
    lhs: (identifier) @name
    operator: ["<-" "="]
    rhs: [(float) (integer) (string) (call) (true) (false) (unary_operator)]) @definition.constant
  (#match? @name "^[.A-Z][A-Z0-9_.]+$"))

((call
    function: (identifier) @_test
    arguments: (arguments . argument: (argument value: (string content: (string_content) @name)))) @definition.test
  (#any-of? @_test "test_that" "describe" "it"))

(call function: (identifier) @reference)
(call function: (namespace_operator rhs: (identifier) @reference))
(call function: (extract_operator rhs: (identifier) @reference))

((call
    function: (identifier) @_library
    arguments: (arguments
      . argument: (argument value: [(identifier) @import (string content: (string_content) @import)])))
  (#any-of? @_library "library" "require" "requireNamespace" "loadNamespace" "source"))
