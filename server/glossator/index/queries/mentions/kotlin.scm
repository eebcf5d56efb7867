(simple_identifier) @read
((interpolated_identifier) @read (#not-eq? @read "this"))
(type_identifier) @type

; Members
(navigation_expression . (_) @of (navigation_suffix (simple_identifier) @member))
(call_expression . (simple_identifier) @call)
(call_expression . (navigation_expression (navigation_suffix (simple_identifier) @member.call)))
(call_expression (call_suffix) @arguments)
(infix_expression . (_) @of . (simple_identifier) @member.call . (_))
(user_type (type_identifier) @of . (type_identifier) @member.type)
(callable_reference (type_identifier) @of (simple_identifier) @member.value)
(callable_reference . (simple_identifier) @value)

; What is handed over
(value_argument (simple_identifier) @value .)
(value_argument (navigation_expression (navigation_suffix (simple_identifier) @member.value)) .)
(value_argument . (simple_identifier) @skip . "=")
(value_argument (callable_reference (simple_identifier) @value))
(property_declaration (simple_identifier) @value)

; Supertypes and annotations
(delegation_specifier (user_type (type_identifier) @base))
(delegation_specifier (constructor_invocation (user_type (type_identifier) @base)))
(explicit_delegation (user_type (type_identifier) @base))
(annotation (user_type (type_identifier) @decorator))
(annotation (constructor_invocation (user_type (type_identifier) @decorator)))

; Assignments
(assignment (directly_assignable_expression . (simple_identifier) @write .))
(directly_assignable_expression (_) @of (navigation_suffix (simple_identifier) @member.write))

; Imports and packages
(package_header (identifier (simple_identifier) @skip))
(import_header (identifier (simple_identifier) @import))
(import_alias (type_identifier) @skip)

; Scopes and what is bound in them
(function_declaration) @scope
(secondary_constructor) @scope
(anonymous_initializer) @scope
(anonymous_function) @scope
(lambda_literal) @scope @lambda
(object_literal) @scope.this
(control_structure_body) @scope
(for_statement) @scope
(when_expression) @scope
(catch_block) @scope
(getter) @scope
(setter) @scope
(function_value_parameters (parameter . (simple_identifier) @local))
(function_type_parameters (parameter . (simple_identifier) @skip))
(parameter_with_optional_type . (simple_identifier) @local)
(variable_declaration . (simple_identifier) @local)
(catch_block . (simple_identifier) @local)
(function_declaration (type_parameters (type_parameter . (type_identifier) @local)))

; Classes that are handed over, for their members to be found at run time: `Kind::class`
(callable_reference (type_identifier) @reflected .)

; Classes without a name
(object_literal (class_body) @unnamed.bare)
(enum_entry (class_body) @unnamed.bare)
