; Julia: modules, types, functions in the long and the short form, macros, constants; docstrings stand before them.

(module_definition name: (identifier) @name (block)? @body) @definition.module

(struct_definition
  (type_head
    [(identifier) @name
      (parametrized_type_expression . (identifier) @name)
      (binary_expression . (identifier) @name)
      (binary_expression . (parametrized_type_expression . (identifier) @name))])) @definition.struct
(abstract_definition
  (type_head
    [(identifier) @name
      (parametrized_type_expression . (identifier) @name)
      (binary_expression . (identifier) @name)
      (binary_expression . (parametrized_type_expression . (identifier) @name))])) @definition.type
(primitive_definition
  (type_head [(identifier) @name (binary_expression . (identifier) @name)])) @definition.type

; A function's head is a call, bare or wrapped in a result type and `where` clauses; what is called may be a name, an
; operator, a name of another module, a parametrised type, or a value of a type that can be called.
(function_definition
  (signature
    (call_expression
      . [(identifier) @name
        (operator) @name
        (field_expression value: (_) @scope (identifier) @name .)
        (parametrized_type_expression . (identifier) @name)
        (parenthesized_expression (typed_expression (identifier) @name .))])) (block)? @body) @definition.function
(function_definition
  (signature
    [(where_expression
        . (call_expression
          . [(identifier) @name
            (operator) @name
            (field_expression value: (_) @scope (identifier) @name .)
            (parametrized_type_expression . (identifier) @name)
            (parenthesized_expression (typed_expression (identifier) @name .))]))
      (typed_expression
        . (call_expression
          . [(identifier) @name
            (operator) @name
            (field_expression value: (_) @scope (identifier) @name .)
            (parametrized_type_expression . (identifier) @name)]))
      (where_expression
        . (typed_expression
          . (call_expression
            . [(identifier) @name
              (field_expression value: (_) @scope (identifier) @name .)
              (parametrized_type_expression . (identifier) @name)])))
      (where_expression
        . (where_expression
          . (call_expression . [(identifier) @name (field_expression value: (_) @scope (identifier) @name .)])))
      (identifier) @name]) (block)? @body) @definition.function

(assignment
  . [(call_expression
        . [(identifier) @name
          (operator) @name
          (field_expression value: (_) @scope (identifier) @name .)
          (parametrized_type_expression . (identifier) @name)
          (parenthesized_expression (typed_expression (identifier) @name .))])
    (where_expression
      . (call_expression
        . [(identifier) @name
          (operator) @name
          (field_expression value: (_) @scope (identifier) @name .)
          (parametrized_type_expression . (identifier) @name)]))
    (typed_expression
      . (call_expression . [(identifier) @name (field_expression value: (_) @scope (identifier) @name .)]))
    (where_expression
      . (typed_expression
        . (call_expression . [(identifier) @name (field_expression value: (_) @scope (identifier) @name .)])))] (operator) . (_) @body)
@definition.function

(macro_definition (signature (call_expression . (identifier) @name)) (block)? @body) @definition.macro
(const_statement (assignment . [(identifier) @name (typed_expression . (identifier) @name)])) @definition.constant
((macrocall_expression
    (macro_identifier (identifier) @_macro)
    (macro_argument_list . [(identifier) @name (typed_expression . (identifier) @name)])) @definition.enum
  (#eq? @_macro "enum"))
((macrocall_expression
    (macro_identifier (identifier) @_macro)
    (macro_argument_list . (string_literal (content) @name))) @definition.test
  (#eq? @_macro "testset"))

; `@inline f(x) = ...`, `@kwdef struct ...`: the macro belongs to the definition.
(macrocall_expression
  (macro_argument_list
    . [(assignment . (call_expression . (identifier) @name))
      (assignment . (typed_expression . (call_expression . (identifier) @name)))
      (assignment . (where_expression . (call_expression . (identifier) @name)))
      (function_definition (signature (call_expression . (identifier) @name)))
      (function_definition (signature (where_expression . (call_expression . (identifier) @name))))]
    .)) @definition.function
(macrocall_expression
  (macro_argument_list
    . (struct_definition
      (type_head
        [(identifier) @name
          (parametrized_type_expression . (identifier) @name)
          (binary_expression . (identifier) @name)
          (binary_expression . (parametrized_type_expression . (identifier) @name))]))
    .)) @definition.struct

; Docstrings.
((string_literal) @leading
  . [(function_definition) (assignment) (struct_definition) (abstract_definition) (macro_definition)
    (const_statement) (module_definition) (macrocall_expression) (primitive_definition)])

(call_expression . (identifier) @reference)
(call_expression . (field_expression (identifier) @reference .))
(call_expression . (parametrized_type_expression . (identifier) @reference))
(broadcast_call_expression . (identifier) @reference)
(macro_identifier (identifier) @reference)
(typed_expression (_) (identifier) @reference .)
(typed_expression (_) (parametrized_type_expression . (identifier) @reference) .)
(binary_expression (operator) @_sub (identifier) @reference . (#eq? @_sub "<:"))

(using_statement [(identifier) (import_path)] @import)
(using_statement (selected_import . (_) @import))
(import_statement [(identifier) (import_path)] @import)
(import_statement (selected_import . (_) @import))
((call_expression . (identifier) @_include (argument_list . (string_literal (content) @import)))
  (#eq? @_include "include"))
