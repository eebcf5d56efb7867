(identifier) @read
(constant) @read
(instance_variable) @read
(class_variable) @read
(global_variable) @skip

; Members and calls. A method may be called without arguments and without a receiver: `@read` covers it.
(call receiver: (_) @of method: (identifier) @member.call)
(call receiver: (_) @of method: (constant) @member.call)
(call !receiver method: (identifier) @call)
(call !receiver method: (constant) @call)
(scope_resolution scope: (_) @of name: (constant) @member)
(scope_resolution . "::" . name: (constant) @member)

; What is handed over
(argument_list (identifier) @value)
(argument_list (constant) @value)
(argument_list (scope_resolution name: (constant) @member.value))
(pair value: (identifier) @value)
(pair value: (constant) @value)
(array (identifier) @value)
(array (constant) @value)
(assignment right: (identifier) @value)
(assignment right: (constant) @value)
(return (argument_list (identifier) @value))

; Supertypes, and modules that are mixed in
(superclass (constant) @base)
(superclass (scope_resolution name: (constant) @member.base))
((call !receiver method: (identifier) @_mixin arguments: (argument_list (constant) @base))
  (#any-of? @_mixin "include" "extend" "prepend"))
((call !receiver method: (identifier) @_mixin arguments: (argument_list (scope_resolution name: (constant) @member.base)))
  (#any-of? @_mixin "include" "extend" "prepend"))
(exceptions (constant) @type)
(exceptions (scope_resolution name: (constant) @member.type))

; Assignments
(assignment left: (instance_variable) @write)
(operator_assignment left: (instance_variable) @write)
(assignment left: (class_variable) @write)
(assignment left: (call receiver: (_) @of method: (identifier) @member.write))
(operator_assignment left: (call receiver: (_) @of method: (identifier) @member.write))

; Symbols and strings that name methods
(argument_list (simple_symbol) @name)
(array (simple_symbol) @name)
(symbol_array (bare_symbol) @name)
(pair value: (simple_symbol) @name)
(block_argument (simple_symbol) @name)
((call method: (identifier) @_send
    arguments: (argument_list . [(string (interpolation)) (delimited_symbol (interpolation)) (identifier) (binary) (call)] @made))
  (#any-of? @_send "send" "public_send" "__send__" "respond_to?" "const_get" "method" "instance_method" "try"))
((call method: (identifier) @_send arguments: (argument_list . (string (string_content) @name)))
  (#any-of? @_send "send" "public_send" "respond_to?" "const_get" "instance_variable_get" "method" "instance_method"))
(alias alias: (identifier) @name)
(undef (identifier) @name)
(hash_key_symbol) @skip
((call !receiver method: (identifier) @_let arguments: (argument_list . (simple_symbol) @skip) block: (_))
  (#any-of? @_let "let" "let!" "let_it_be" "given" "given!" "subject" "subject!"))
(keyword_parameter name: (identifier) @local)

; Scopes and what is bound in them
(method) @scope
(singleton_method) @scope
(block) @scope.block
(do_block) @scope.block
(lambda) @scope.block
(method_parameters (identifier) @local)
(block_parameters (identifier) @local)
(lambda_parameters (identifier) @local)
(optional_parameter name: (identifier) @local)
(splat_parameter name: (identifier) @local)
(hash_splat_parameter name: (identifier) @local)
(block_parameter name: (identifier) @local)
(destructured_parameter (identifier) @local)
(assignment left: (identifier) @local)
(operator_assignment left: (identifier) @local)
(left_assignment_list (identifier) @local)
(destructured_left_assignment (identifier) @local)
(rest_assignment (identifier) @local)
(in_clause pattern: (identifier) @local)
(match_pattern pattern: (identifier) @local)
(array_pattern (identifier) @local)
(find_pattern (identifier) @local)
(as_pattern name: (identifier) @local)
(keyword_pattern value: (identifier) @local)
(keyword_pattern key: (hash_key_symbol) @local .)
(exception_variable (identifier) @local)
(for pattern: (identifier) @local)

; Further references of entries
(call receiver: (constant) @reference)
(scope_resolution name: (constant) @reference)
(argument_list (constant) @reference)
(array (constant) @reference)
(body_statement (identifier) @reference)
