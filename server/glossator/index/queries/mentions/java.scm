(identifier) @read
(type_identifier) @type

; Members
(field_access object: (_) @of field: (identifier) @member)
(method_invocation object: (_) @of name: (identifier) @member.call)
(method_invocation !object name: (identifier) @call)
(method_invocation arguments: (argument_list) @arguments)
(scoped_type_identifier (_) @of . (type_identifier) @member.type)
(method_reference . (_) @of (identifier) @member.value .)

; Instances
(object_creation_expression type: (type_identifier) @call)
(object_creation_expression type: (generic_type . (type_identifier) @call))
(object_creation_expression type: (scoped_type_identifier (type_identifier) @member.call .))
(object_creation_expression arguments: (argument_list) @arguments)

; What is handed over
(argument_list (identifier) @value)
(variable_declarator value: (identifier) @value)
(assignment_expression right: (identifier) @value)
(return_statement (identifier) @value)
(array_initializer (identifier) @value)

; Supertypes and annotations
(superclass (type_identifier) @base)
(superclass (generic_type . (type_identifier) @base))
(superclass (scoped_type_identifier (type_identifier) @member.base .))
(super_interfaces (type_list (type_identifier) @base))
(super_interfaces (type_list (generic_type . (type_identifier) @base)))
(extends_interfaces (type_list (type_identifier) @base))
(extends_interfaces (type_list (generic_type . (type_identifier) @base)))
(marker_annotation name: (identifier) @decorator)
(annotation name: (identifier) @decorator)
(marker_annotation name: (scoped_identifier name: (identifier) @member.decorator))
(annotation name: (scoped_identifier name: (identifier) @member.decorator))
(element_value_pair key: (identifier) @member.write)

; Assignments
(assignment_expression left: (identifier) @write)
(assignment_expression left: (field_access field: (identifier) @member.write))
(update_expression (identifier) @write)
(update_expression (field_access field: (identifier) @member.write))

; Functions without a name
(lambda_expression) @handed

; Imports and packages
(scoped_identifier scope: (_) @of name: (identifier) @member)
(import_declaration (scoped_identifier name: (identifier) @member.import))
(package_declaration (_) @skip)
(package_declaration (scoped_identifier name: (identifier) @skip))
(labeled_statement (identifier) @skip)
(break_statement (identifier) @skip)
(continue_statement (identifier) @skip)

; Scopes and what is bound in them
(method_declaration) @scope
(constructor_declaration) @scope
(compact_constructor_declaration) @scope
(lambda_expression) @scope
(block) @scope
(for_statement) @scope
(enhanced_for_statement) @scope
(try_with_resources_statement) @scope
(catch_clause) @scope
(switch_block_statement_group) @scope
(switch_rule) @scope
(method_declaration type_parameters: (type_parameters (type_parameter . (type_identifier) @local)))
(formal_parameter name: (identifier) @local)
(spread_parameter (variable_declarator name: (identifier) @local))
(lambda_expression parameters: (identifier) @local)
(inferred_parameters (identifier) @local)
(local_variable_declaration declarator: (variable_declarator name: (identifier) @local))
(enhanced_for_statement name: (identifier) @local)
(catch_formal_parameter name: (identifier) @local)
(resource name: (identifier) @local)
(instanceof_expression name: (identifier) @local)
(type_pattern (identifier) @local)
(record_pattern_component (identifier) @local)

; Classes that are handed over, for their members to be found at run time
(class_literal (type_identifier) @reflected)
(class_literal (scoped_type_identifier (type_identifier) @reflected .))

; Classes without a name
(object_creation_expression (class_body) @unnamed.bare)
(enum_constant body: (class_body) @unnamed.bare)
