(identifier) @read
(type_identifier) @type

; Members
(field_expression argument: (_) @of field: (field_identifier) @member)
(call_expression function: (identifier) @call arguments: (argument_list) @arguments)
(call_expression function: (field_expression field: (field_identifier) @member.call) arguments: (argument_list) @arguments)
(call_expression function: (parenthesized_expression (pointer_expression (identifier) @call)))

; What is handed over
(argument_list (identifier) @value)
(argument_list (pointer_expression (identifier) @value))
(init_declarator value: (identifier) @value)
(init_declarator value: (pointer_expression (identifier) @value))
(assignment_expression right: (identifier) @value)
(assignment_expression right: (pointer_expression (identifier) @value))
(initializer_list (identifier) @value)
(initializer_list (pointer_expression (identifier) @value))
(initializer_pair value: (identifier) @value)
(return_statement (identifier) @value)

; Assignments
(assignment_expression left: (identifier) @write)
(assignment_expression left: (field_expression field: (field_identifier) @member.write))
(update_expression (identifier) @write)
(update_expression (field_expression field: (field_identifier) @member.write))
(field_designator (field_identifier) @member.write)

; Names that are no mentions
(struct_specifier name: (type_identifier) @tag)
(union_specifier name: (type_identifier) @tag)
(enum_specifier name: (type_identifier) @tag)

(goto_statement (statement_identifier) @skip)
(preproc_def name: (identifier) @skip)
(preproc_function_def name: (identifier) @skip)
(preproc_params (identifier) @skip)
(preproc_defined (identifier) @read)

; Scopes and what is bound in them
(function_definition) @scope
(compound_statement) @scope.block
(for_statement) @scope.block
(declaration declarator: (function_declarator)) @scope.block
(declaration declarator: (pointer_declarator declarator: (function_declarator))) @scope.block
(field_declaration declarator: (function_declarator)) @scope.block
(type_definition declarator: (function_declarator)) @scope.block
(field_declaration declarator: (function_declarator declarator: (parenthesized_declarator))) @scope.block
(parameter_declaration declarator: (identifier) @local)
(parameter_declaration declarator: (pointer_declarator declarator: (identifier) @local))
(parameter_declaration declarator: (pointer_declarator declarator: (pointer_declarator declarator: (identifier) @local)))
(parameter_declaration declarator: (array_declarator declarator: (identifier) @local))
(parameter_declaration declarator: (pointer_declarator declarator: (array_declarator declarator: (identifier) @local)))
(parameter_declaration declarator: (function_declarator declarator: (parenthesized_declarator (pointer_declarator declarator: (identifier) @local))))
(declaration declarator: (identifier) @local)
(declaration declarator: (pointer_declarator declarator: (identifier) @local))
(declaration declarator: (pointer_declarator declarator: (pointer_declarator declarator: (identifier) @local)))
(declaration declarator: (array_declarator declarator: (identifier) @local))
(declaration declarator: (pointer_declarator declarator: (array_declarator declarator: (identifier) @local)))
(declaration declarator: (array_declarator declarator: (array_declarator declarator: (identifier) @local)))
(init_declarator declarator: (identifier) @local)
(init_declarator declarator: (pointer_declarator declarator: (identifier) @local))
(init_declarator declarator: (pointer_declarator declarator: (pointer_declarator declarator: (identifier) @local)))
(init_declarator declarator: (array_declarator declarator: (identifier) @local))
(init_declarator declarator: (array_declarator declarator: (array_declarator declarator: (identifier) @local)))
(init_declarator declarator: (pointer_declarator declarator: (array_declarator declarator: (identifier) @local)))
(init_declarator declarator: (function_declarator declarator: (parenthesized_declarator (pointer_declarator declarator: (identifier) @local))))
(declaration declarator: (function_declarator declarator: (parenthesized_declarator (pointer_declarator declarator: (identifier) @local))))

; What macros stand for
(preproc_def value: (preproc_arg) @macro.body)
(preproc_function_def value: (preproc_arg) @macro.body)
(preproc_params (identifier) @macro.parameter)
