(identifier) @read
(type_identifier) @type

; Members, fields and methods of values, names of packages
(selector_expression operand: (_) @of field: (field_identifier) @member)
(qualified_type package: (package_identifier) @of name: (type_identifier) @member.type)
(package_identifier) @read
(package_clause (package_identifier) @skip)
(import_spec name: (package_identifier) @skip)
(blank_identifier) @skip

; Calls
(call_expression function: (identifier) @call arguments: (argument_list) @arguments)
(call_expression function: (selector_expression field: (field_identifier) @member.call) arguments: (argument_list) @arguments)
(call_expression function: (parenthesized_expression (identifier) @call))
(call_expression function: (type_instantiation_expression type: (type_identifier) @call))
(type_conversion_expression type: (type_identifier) @call)
(type_conversion_expression type: (generic_type type: (type_identifier) @call))
(type_conversion_expression type: (generic_type type: (qualified_type name: (type_identifier) @member.call)))
(composite_literal type: (type_identifier) @call)
(composite_literal type: (generic_type type: (type_identifier) @call))
(composite_literal type: (qualified_type name: (type_identifier) @member.call))

; What is handed over
(argument_list (identifier) @value)
(argument_list (selector_expression field: (field_identifier) @member.value))
(expression_list (identifier) @value)
(expression_list (selector_expression field: (field_identifier) @member.value))
(literal_element (identifier) @value)
(literal_element (selector_expression field: (field_identifier) @member.value))
(unary_expression operator: "&" operand: (identifier) @value)

; Keys of composite literals are fields; those of arrays and maps are values
(composite_literal type: [(type_identifier) (qualified_type) (generic_type) (struct_type)]
  body: (literal_value (keyed_element . (literal_element (identifier) @member.write))))
(literal_element (literal_value (keyed_element . (literal_element (identifier) @member.write))))

; Embedded types
(field_declaration !name type: (type_identifier) @base)
(field_declaration !name type: (pointer_type (type_identifier) @base))
(field_declaration !name type: (qualified_type name: (type_identifier) @member.base))
(field_declaration !name type: (pointer_type (qualified_type name: (type_identifier) @member.base)))
(field_declaration !name type: (generic_type type: (type_identifier) @base))
(interface_type (type_elem (type_identifier) @base))

; Assignments
(assignment_statement left: (expression_list (identifier) @write))
(assignment_statement left: (expression_list (selector_expression field: (field_identifier) @member.write)))
(inc_statement (identifier) @write)
(inc_statement (selector_expression field: (field_identifier) @member.write))
(dec_statement (identifier) @write)
(dec_statement (selector_expression field: (field_identifier) @member.write))

; Scopes and what is bound in them
(type_spec) @scope
(function_declaration) @scope
(method_declaration) @scope
(func_literal) @scope
(method_elem) @scope
(function_type) @scope
(block) @scope
(if_statement) @scope
(for_statement) @scope
(expression_switch_statement) @scope
(type_switch_statement) @scope
(expression_case) @scope
(type_case) @scope
(default_case) @scope
(communication_case) @scope
(parameter_declaration name: (identifier) @local)
(variadic_parameter_declaration name: (identifier) @local)
(type_parameter_declaration (identifier) @local.parameter)
(method_declaration receiver: (parameter_list (parameter_declaration type: (_ (type_arguments (type_elem (type_identifier) @local.parameter))))))
(method_declaration receiver: (parameter_list (parameter_declaration type: (pointer_type (_ (type_arguments (type_elem (type_identifier) @local.parameter)))))))
(short_var_declaration left: (expression_list (identifier) @local))
(var_spec (identifier) @local)
(const_spec (identifier) @local)
(range_clause left: (expression_list (identifier) @local))
(receive_statement left: (expression_list (identifier) @local))
(type_switch_statement alias: (expression_list (identifier) @local))
