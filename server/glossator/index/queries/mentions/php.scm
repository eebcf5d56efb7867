(name) @read
(variable_name) @read
(variable_name (name) @none)

; Members
(member_access_expression object: (_) @of name: (name) @member)
(nullsafe_member_access_expression object: (_) @of name: (name) @member)
(class_constant_access_expression . (_) @of (name) @member .)
(scoped_property_access_expression scope: (_) @of name: (variable_name (name) @member))
(qualified_name prefix: (_) @of (name) @member)
(namespace_name (name) @none)

; Types
(named_type (name) @type)
(named_type (qualified_name (name) @member.type .))
(binary_expression operator: "instanceof" right: (name) @type)
(binary_expression operator: "instanceof" right: (qualified_name (name) @member.type .))
(class_constant_access_expression . (name) @type)
(scoped_call_expression scope: (name) @type)
(scoped_property_access_expression scope: (name) @type)

; Calls
(function_call_expression function: (name) @call)
(function_call_expression function: (qualified_name (name) @member.call .))
(member_call_expression object: (_) @of name: (name) @member.call)
(nullsafe_member_call_expression object: (_) @of name: (name) @member.call)
(scoped_call_expression scope: (_) @of name: (name) @member.call)
(object_creation_expression (name) @call)
(object_creation_expression (qualified_name (name) @member.call .))

; What is handed over
(argument (name) @value .)
(argument (member_access_expression name: (name) @member.value) .)
(argument name: (name) @none)
(assignment_expression right: (member_access_expression name: (name) @member.value))
(return_statement (name) @value)
(array_element_initializer (name) @value .)

; Supertypes and attributes
(base_clause (name) @base)
(base_clause (qualified_name (name) @member.base .))
(class_interface_clause (name) @base)
(class_interface_clause (qualified_name (name) @member.base .))
(use_declaration (name) @base)
(use_as_clause . (name) @member)
(use_declaration (qualified_name (name) @member.base .))
(attribute (name) @decorator)
(attribute (qualified_name prefix: (_) (name) @member.decorator .))

; Assignments
(assignment_expression left: (member_access_expression name: (name) @member.write))
(augmented_assignment_expression left: (member_access_expression name: (name) @member.write))
(assignment_expression left: (scoped_property_access_expression name: (variable_name (name) @member.write)))
(update_expression (member_access_expression name: (name) @member.write))
(unset_statement (member_access_expression name: (name) @member.write))

; Imports
(namespace_use_clause (name) @import)
(namespace_use_clause (qualified_name (name) @member.import .))
(namespace_use_clause alias: (name) @skip)

; Names in strings: `[$this, 'rank']`, and functions handed over by name
(array_creation_expression . (array_element_initializer (variable_name)) . (array_element_initializer (string (string_content) @name)) .)
((function_call_expression function: (name) @_caller arguments: (arguments . (argument (string (string_content) @name))))
  (#any-of? @_caller "array_map" "call_user_func" "call_user_func_array" "is_callable" "function_exists" "method_exists"))
((function_call_expression function: (name) @_caller arguments: (arguments (_) . (argument (string (string_content) @name))))
  (#any-of? @_caller "usort" "uasort" "uksort" "array_filter" "array_walk" "array_reduce" "method_exists" "property_exists"))

; Names that are made at run time
(member_call_expression name: [(encapsed_string) (binary_expression) (variable_name)] @made)
(scoped_call_expression name: [(encapsed_string) (binary_expression) (variable_name)] @made)
(member_access_expression name: [(encapsed_string) (binary_expression) (variable_name)] @made)
(array_element_initializer (encapsed_string (variable_name)) @made)
(array_element_initializer (encapsed_string (member_access_expression)) @made)
(array_element_initializer (binary_expression left: [(encapsed_string) (string)]) @made)
((function_call_expression function: (name) @_call
    arguments: (arguments . (argument [(binary_expression) (encapsed_string (variable_name))] @made)))
  (#any-of? @_call "call_user_func" "call_user_func_array" "is_callable" "function_exists"))
((function_call_expression function: (name) @_names arguments: (arguments) @made)
  (#any-of? @_names "get_class_methods" "get_object_vars" "get_defined_functions"))

; Scopes and what is bound in them
(function_definition) @scope
(method_declaration) @scope
(anonymous_function) @scope
(arrow_function) @scope.block
(simple_parameter name: (variable_name) @local)
(variadic_parameter name: (variable_name) @local)
(property_promotion_parameter name: (variable_name) @local)
(assignment_expression left: (variable_name) @local)
(reference_assignment_expression left: (variable_name) @local)
(list_literal (variable_name) @local)
(foreach_statement (variable_name) @local body: (_))
(foreach_statement (pair (variable_name) @local))
(catch_clause name: (variable_name) @local)
(anonymous_function_use_clause (variable_name) @local)
(static_variable_declaration name: (variable_name) @local)
(global_declaration (variable_name) @local)
(property_element name: (variable_name) @skip)
(scoped_property_access_expression name: (variable_name) @skip)

; Classes that are handed over, for their members to be found at run time: `Kind::class`
(class_constant_access_expression . (name) @reflected (name) @_class (#eq? @_class "class"))
(class_constant_access_expression . (qualified_name (name) @reflected) (name) @_class (#eq? @_class "class"))

; Classes without a name
(anonymous_class body: (declaration_list) @unnamed)
