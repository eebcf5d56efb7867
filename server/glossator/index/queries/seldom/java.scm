; Patterns for mentions that can match only in files that contain one of the words that their predicates name.

; Names that are made at run time
((method_invocation name: (identifier) @_getter
    arguments: (argument_list . [(binary_expression) (identifier) (method_invocation)] @made))
  (#any-of? @_getter "getMethod" "getDeclaredMethod" "getField" "getDeclaredField"))
