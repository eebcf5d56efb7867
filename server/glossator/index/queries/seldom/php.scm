; Patterns for mentions that can match only in files that contain one of the words that their predicates name.

; Names that are made at run time
((function_call_expression function: (name) @_call
    arguments: (arguments . (argument [(binary_expression) (encapsed_string (variable_name))] @made)))
  (#any-of? @_call "call_user_func" "call_user_func_array" "is_callable" "function_exists"))
((function_call_expression function: (name) @_names arguments: (arguments) @made)
  (#any-of? @_names "get_class_methods" "get_object_vars" "get_defined_functions"))
