; Perl: packages, subs, constants; attributes of Moose, Moo and Mojo.

(package_statement name: (package) @name) @definition.package
(class_statement name: (package) @name) @definition.class
(subroutine_declaration_statement name: (bareword) @name) @definition.function
(method_declaration_statement name: (bareword) @name) @definition.method
((use_statement module: (package) @_constant (list_expression . [(autoquoted_bareword) (string_literal)] @name))
  @definition.constant
  (#eq? @_constant "constant"))
((expression_statement
    (ambiguous_function_call_expression
      function: (function) @_has
      . arguments: [(autoquoted_bareword) (string_literal) (interpolated_string_literal)] @name)) @definition.property
  (#eq? @_has "has"))

((expression_statement
    (ambiguous_function_call_expression
      function: (function) @_test
      . [(string_literal) (interpolated_string_literal)] @name
      . (anonymous_subroutine_expression body: (_) @body))) @definition.test
  (#any-of? @_test "subtest" "describe" "it"))

(function_call_expression function: (function) @reference)
(ambiguous_function_call_expression function: (function) @reference)
(method_call_expression method: (method) @reference)
(method_call_expression invocant: (bareword) @reference)

(use_statement module: (package) @import)
(require_expression (bareword) @import)
((use_statement module: (package) @_base (string_literal content: (_) @import)) (#any-of? @_base "parent" "base"))
((use_statement module: (package) @_base (string_literal content: (_) @reference)) (#any-of? @_base "parent" "base"))
((use_statement module: (package) @_base (quoted_word_list content: (_) @import)) (#any-of? @_base "parent" "base"))
