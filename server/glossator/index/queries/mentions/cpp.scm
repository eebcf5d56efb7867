(this) @skip
(namespace_identifier) @read
(qualified_identifier scope: (namespace_identifier) @qualifier)

; Members and qualified names
(qualified_identifier scope: (_) @of name: (identifier) @member)
(qualified_identifier scope: (_) @of name: (type_identifier) @member.type)
(qualified_identifier scope: (_) @of name: (template_function name: (identifier) @member))
(qualified_identifier scope: (_) @of name: (template_type name: (type_identifier) @member.type))
(qualified_identifier scope: (_) @of name: (qualified_identifier scope: (namespace_identifier) @member))
(qualified_identifier scope: (_) @of name: (qualified_identifier scope: (template_type name: (type_identifier) @member.type)))
(template_function name: (identifier) @read)
(template_type name: (type_identifier) @type)
(field_expression argument: (_) @of field: (template_method name: (field_identifier) @member.call))
(field_expression argument: (_) @of field: (dependent_name (template_method name: (field_identifier) @member.call)))
(qualified_identifier scope: (_) @of name: (dependent_name (template_type name: (type_identifier) @member.type)))
(qualified_identifier scope: (_) @of name: (dependent_name (template_function name: (identifier) @member.call)))

; Calls
(call_expression function: (template_function name: (identifier) @call))
(call_expression function: (qualified_identifier name: (identifier) @member.call) arguments: (argument_list) @arguments)
(call_expression function: (qualified_identifier name: (qualified_identifier name: (identifier) @member.call)))
(call_expression function: (qualified_identifier name: (template_function name: (identifier) @member.call)))
(new_expression type: (type_identifier) @call)
(new_expression type: (qualified_identifier name: (type_identifier) @member.call))
(new_expression type: (template_type name: (type_identifier) @call))
(compound_literal_expression type: (type_identifier) @call)
(field_initializer . (field_identifier) @write)
(field_initializer . (field_identifier) @own)

; Supertypes
(base_class_clause (type_identifier) @base)
(base_class_clause (qualified_identifier name: (type_identifier) @member.base))
(base_class_clause (template_type name: (type_identifier) @base))

; What is handed over
(argument_list (qualified_identifier name: (identifier) @member.value))
(argument_list (pointer_expression (qualified_identifier name: (identifier) @member.value)))
(initializer_list (qualified_identifier name: (identifier) @member.value))
(field_initializer (argument_list (identifier) @value))

; Names that are no mentions of what is elsewhere
(namespace_definition name: (namespace_identifier) @skip)
(nested_namespace_specifier (namespace_identifier) @skip)
(using_declaration (qualified_identifier name: (identifier) @member.import))

; Scopes and what is bound in them
(lambda_expression) @scope
(for_range_loop) @scope.block
(if_statement) @scope.block
(while_statement) @scope.block
(switch_statement) @scope.block
(catch_clause) @scope.block
(template_declaration) @scope.block
(field_declaration declarator: (reference_declarator (function_declarator))) @scope.block
(field_declaration declarator: (pointer_declarator declarator: (function_declarator))) @scope.block
(declaration declarator: (reference_declarator (function_declarator))) @scope.block
(parameter_declaration declarator: (reference_declarator (identifier) @local))
(optional_parameter_declaration declarator: (identifier) @local)
(optional_parameter_declaration declarator: (pointer_declarator declarator: (identifier) @local))
(optional_parameter_declaration declarator: (reference_declarator (identifier) @local))
(variadic_parameter_declaration declarator: (variadic_declarator (identifier) @local))
(variadic_parameter_declaration declarator: (reference_declarator (variadic_declarator (identifier) @local)))
(init_declarator declarator: (reference_declarator (identifier) @local))
(declaration declarator: (reference_declarator (identifier) @local))
(for_range_loop declarator: (identifier) @local)
(for_range_loop declarator: (reference_declarator (identifier) @local))
(structured_binding_declarator (identifier) @local)
(type_parameter_declaration (type_identifier) @local)
(optional_type_parameter_declaration name: (type_identifier) @local)
(variadic_type_parameter_declaration (type_identifier) @local)
(lambda_capture_initializer left: (identifier) @local)
