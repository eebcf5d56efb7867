; Patterns for mentions that can match only in files that contain one of the words that their predicates name.

; Names that are made at run time
((invocation_expression function: (member_access_expression name: (identifier) @_getter)
    arguments: (argument_list . (argument [(binary_expression) (interpolated_string_expression) (identifier)] @made)))
  (#any-of? @_getter "GetMethod" "GetProperty" "GetField" "InvokeMember"))
