(identifier) @read
(type_identifier) @type

; Members and paths
(field_expression value: (_) @of field: (field_identifier) @member)
(scoped_identifier path: (_) @of name: (identifier) @member)
(scoped_type_identifier path: (_) @of name: (type_identifier) @member.type)
(type_binding name: (type_identifier) @member.type)

; Calls; a tuple struct or a variant is constructed as a function is called
(call_expression function: (identifier) @call)
(call_expression function: (scoped_identifier name: (identifier) @member.call))
(call_expression function: (field_expression field: (field_identifier) @member.call))
(generic_function function: (identifier) @call)
(generic_function function: (scoped_identifier name: (identifier) @member.call))
(generic_function function: (field_expression field: (field_identifier) @member.call))
(struct_expression name: (type_identifier) @call)
(struct_expression name: (scoped_type_identifier name: (type_identifier) @member.call))
(struct_expression name: (generic_type_with_turbofish type: (type_identifier) @call))
(macro_invocation macro: (identifier) @call)
(macro_invocation macro: (scoped_identifier name: (identifier) @member.call))
(tuple_struct_pattern type: (identifier) @type)
(tuple_struct_pattern type: (scoped_identifier name: (identifier) @member.type))

; What is handed over
(arguments (identifier) @value)
(arguments (field_expression field: (field_identifier) @member.value))
(arguments (scoped_identifier name: (identifier) @member.value))
(arguments (reference_expression value: (identifier) @value))
(let_declaration value: (identifier) @value)
(let_declaration value: (field_expression field: (field_identifier) @member.value))
(let_declaration value: (scoped_identifier name: (identifier) @member.value))
(field_initializer value: (identifier) @value)
(field_initializer value: (field_expression field: (field_identifier) @member.value))
(field_initializer value: (scoped_identifier name: (identifier) @member.value))
(array_expression (identifier) @value)
(array_expression (scoped_identifier name: (identifier) @member.value))
(tuple_expression (identifier) @value)
(return_expression (identifier) @value)
(const_item value: (identifier) @value)
(static_item value: (identifier) @value)

; Fields by name, in values and in patterns
(field_initializer field: (field_identifier) @member.write)
(shorthand_field_initializer (identifier) @member.write)
(field_pattern name: (field_identifier) @member)

; Supertraits, what is implemented, and what is derived
(trait_item bounds: (trait_bounds (type_identifier) @base))
(trait_item bounds: (trait_bounds (generic_type type: (type_identifier) @base)))
(trait_item bounds: (trait_bounds (scoped_type_identifier name: (type_identifier) @member.base)))
(impl_item trait: (type_identifier) @base)
(impl_item trait: (generic_type type: (type_identifier) @base))
(impl_item trait: (scoped_type_identifier name: (type_identifier) @member.base))
(attribute_item (attribute (identifier) @decorator))
(attribute_item (attribute (scoped_identifier name: (identifier) @member.decorator)))
((attribute (identifier) @_derive arguments: (token_tree (identifier) @decorator)) (#eq? @_derive "derive"))

; Inside macros
(macro_invocation (token_tree (identifier) @token))
(token_tree (token_tree (identifier) @token))
(macro_rule right: (token_tree (identifier) @token))

; Assignments
(assignment_expression left: (identifier) @write)
(assignment_expression left: (field_expression field: (field_identifier) @member.write))
(compound_assignment_expr left: (identifier) @write)
(compound_assignment_expr left: (field_expression field: (field_identifier) @member.write))

; Imports, and what is passed on
(use_declaration argument: (identifier) @import)
(use_declaration argument: (scoped_identifier name: (identifier) @member.import))
(use_list (identifier) @import)
(use_list (scoped_identifier name: (identifier) @member.import))
(use_as_clause path: (identifier) @import)
(use_as_clause path: (scoped_identifier name: (identifier) @member.import))
(use_declaration (visibility_modifier) argument: (identifier) @export)
(use_declaration (visibility_modifier) argument: (scoped_identifier name: (identifier) @member.export))
(use_declaration (visibility_modifier) argument: (use_as_clause path: (scoped_identifier name: (identifier) @member.export)))
(use_declaration (visibility_modifier) argument: (_ list: (use_list (identifier) @export)))
(use_declaration (visibility_modifier) argument: (_ list: (use_list (scoped_identifier name: (identifier) @member.export))))
(use_declaration (visibility_modifier) argument: (_ list: (use_list (use_as_clause path: (identifier) @export))))
(use_declaration (visibility_modifier) argument: (_ list: (use_list (_ list: (use_list (identifier) @export)))))
(use_declaration (visibility_modifier) argument: (use_list (identifier) @export))
(use_declaration (visibility_modifier) argument: (use_list (scoped_identifier name: (identifier) @member.export)))
(use_declaration (visibility_modifier) argument: (use_list (_ list: (use_list (identifier) @export))))
(use_as_clause alias: (identifier) @skip)
(extern_crate_declaration alias: (identifier) @skip)
(mod_item name: (identifier) @type !body)
(lifetime (identifier) @skip)
(label (identifier) @skip)

; Scopes and what is bound in them
(function_item) @scope
(function_signature_item) @scope
(closure_expression) @scope @handed
(block) @scope
(for_expression) @scope
(if_expression) @scope
(while_expression) @scope
(match_arm) @scope
(struct_item) @scope
(enum_item) @scope
(union_item) @scope
(trait_item) @scope
(impl_item) @scope
(type_item) @scope
(type_parameter name: (type_identifier) @local.parameter)
(const_parameter name: (identifier) @local.parameter)
(parameter pattern: (identifier) @local)
(closure_parameters (identifier) @local)
(let_declaration pattern: (identifier) @local)
(for_expression pattern: (identifier) @local)
(mut_pattern (identifier) @local)
(ref_pattern (identifier) @local)
(reference_pattern (identifier) @local)
(captured_pattern . (identifier) @local)
(field_pattern name: (shorthand_field_identifier) @local)
((tuple_pattern (identifier) @local) (#match? @local "^[a-z_]"))
((slice_pattern (identifier) @local) (#match? @local "^[a-z_]"))
((tuple_struct_pattern (identifier) @local) (#match? @local "^[a-z_]"))
((field_pattern pattern: (identifier) @local) (#match? @local "^[a-z_]"))
((or_pattern (identifier) @local) (#match? @local "^[a-z_]"))
((match_pattern (identifier) @local) (#match? @local "^[a-z_]"))
((let_condition pattern: (identifier) @local) (#match? @local "^[a-z_]"))

; Further references of entries
(call_expression function: (scoped_identifier path: (identifier) @reference))
