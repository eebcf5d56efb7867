(identifier) @read

; Members
(member_access_expression expression: _ @of name: (identifier) @member)
(member_access_expression expression: _ @of name: (generic_name (identifier) @member))
(conditional_access_expression condition: (_) @of (member_binding_expression name: (identifier) @member))
(qualified_name qualifier: (_) @of name: (identifier) @member.type)
(qualified_name qualifier: (_) @of name: (generic_name (identifier) @member.type))

; Types
(type_argument_list (identifier) @type)
(generic_name . (identifier) @type)
(parameter type: (identifier) @type)
(parameter type: (nullable_type (identifier) @type))
(variable_declaration type: (identifier) @type)
(variable_declaration type: (nullable_type (identifier) @type))
(method_declaration returns: (identifier) @type)
(method_declaration returns: (nullable_type (identifier) @type))
(local_function_statement type: (identifier) @type)
(property_declaration type: (identifier) @type)
(property_declaration type: (nullable_type (identifier) @type))
(array_type type: (identifier) @type)
(cast_expression type: (identifier) @type)
(as_expression right: (identifier) @type)
(is_expression right: (identifier) @type)
(declaration_pattern type: (identifier) @type)
(constant_pattern (identifier) @type)
(subpattern . (identifier) @member . (_))
(attribute_argument name: (identifier) @member.write)
(typeof_expression (identifier) @type)
(catch_declaration type: (identifier) @type)
(foreach_statement type: (identifier) @type)
(delegate_declaration type: (identifier) @type)
(type_parameter_constraint (type (identifier) @type))

; Calls
(invocation_expression function: (identifier) @call arguments: (argument_list) @arguments)
(invocation_expression function: (generic_name (identifier) @call))
(invocation_expression function: (member_access_expression name: (identifier) @member.call) arguments: (argument_list) @arguments)
(invocation_expression function: (member_access_expression name: (generic_name (identifier) @member.call)))
(invocation_expression function: (conditional_access_expression (member_binding_expression name: (identifier) @member.call)))
(object_creation_expression type: (identifier) @call)
(object_creation_expression type: (generic_name (identifier) @call))
(object_creation_expression type: (qualified_name name: (identifier) @member.call))

; What is handed over
(argument (identifier) @value)
(argument (member_access_expression name: (identifier) @member.value))
(argument name: (identifier) @skip)
(variable_declarator (identifier) @value .)
(assignment_expression right: (identifier) @value)
(assignment_expression right: (member_access_expression name: (identifier) @member.value))
(return_statement (identifier) @value)
(arrow_expression_clause (identifier) @value)

; Supertypes and attributes
(base_list (identifier) @base)
(base_list (generic_name . (identifier) @base))
(base_list (qualified_name name: (identifier) @member.base))
(base_list (primary_constructor_base_type type: (identifier) @base))
(attribute name: (identifier) @decorator)
(attribute name: (qualified_name name: (identifier) @member.decorator))

; Assignments
(assignment_expression left: (identifier) @write)
(assignment_expression left: (member_access_expression name: (identifier) @member.write))
(postfix_unary_expression (identifier) @write)
(prefix_unary_expression (identifier) @write)
(initializer_expression (assignment_expression left: (identifier) @member.write))
(with_initializer . (identifier) @member.write . "=")

; Imports, namespaces, labels
(using_directive (identifier) @import)
(using_directive (qualified_name name: (identifier) @member.import))
(namespace_declaration name: (_) @skip)
(namespace_declaration name: (qualified_name (identifier) @skip))
(file_scoped_namespace_declaration name: (_) @skip)
(file_scoped_namespace_declaration name: (qualified_name (identifier) @skip))
(labeled_statement (identifier) @skip)
(goto_statement (identifier) @skip)
(anonymous_object_creation_expression (identifier) @skip . "=")

; Functions without a name
(lambda_expression) @handed

; Scopes and what is bound in them
(method_declaration) @scope
(constructor_declaration) @scope
(operator_declaration) @scope
(conversion_operator_declaration) @scope
(indexer_declaration) @scope
(local_function_statement) @scope
(accessor_declaration) @scope
(lambda_expression) @scope
(anonymous_method_expression) @scope
(block) @scope
(for_statement) @scope
(foreach_statement) @scope
(using_statement) @scope
(catch_clause) @scope
(switch_section) @scope
(delegate_declaration) @scope
(method_declaration (type_parameter_list (type_parameter name: (identifier) @local)))
(parameter name: (identifier) @local)
(lambda_expression parameters: (implicit_parameter) @local)
(local_declaration_statement (variable_declaration (variable_declarator name: (identifier) @local)))
(using_statement (variable_declaration (variable_declarator name: (identifier) @local)))
(for_statement (variable_declaration (variable_declarator name: (identifier) @local)))
(foreach_statement left: (identifier) @local)
(catch_declaration name: (identifier) @local)
(declaration_pattern name: (identifier) @local)
(declaration_expression name: (identifier) @local)
(var_pattern name: (identifier) @local)
(tuple_pattern name: (identifier) @local)
(recursive_pattern name: (identifier) @local)
(query_expression (from_clause name: (identifier) @local))
(let_clause . (identifier) @local)
(join_clause . (identifier) @local)
(join_into_clause (identifier) @local)
(query_expression (identifier) @local)

; Names that are made at run time
((invocation_expression function: (member_access_expression name: (identifier) @_getter)
    arguments: (argument_list . (argument [(binary_expression) (interpolated_string_expression) (identifier)] @made)))
  (#any-of? @_getter "GetMethod" "GetProperty" "GetField" "InvokeMember"))

; Classes that are handed over, for their members to be found at run time
(typeof_expression (identifier) @reflected)
(typeof_expression (generic_name (identifier) @reflected))
(typeof_expression (qualified_name name: (identifier) @reflected))
