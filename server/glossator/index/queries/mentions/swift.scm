(simple_identifier) @read
(type_identifier) @type

; Members
(navigation_expression target: (_) @of suffix: (navigation_suffix suffix: (simple_identifier) @member))
(call_expression . (simple_identifier) @call)
(call_expression . (navigation_expression suffix: (navigation_suffix suffix: (simple_identifier) @member.call)))
(user_type (type_identifier) @of . (type_identifier) @member.type)
(constructor_expression constructed_type: (user_type (type_identifier) @call .))
(prefix_expression "." (simple_identifier) @member.value)
(switch_pattern (pattern "." . (simple_identifier) @member))
(if_statement "." . (simple_identifier) @member)
(guard_statement "." . (simple_identifier) @member)
(while_statement "." . (simple_identifier) @member)
(for_statement item: (pattern "." . (simple_identifier) @member))
(if_statement (user_type) @of . "." . (simple_identifier))
(guard_statement (user_type) @of . "." . (simple_identifier))

; What is handed over
(value_argument value: (simple_identifier) @value)
(value_argument value: (navigation_expression suffix: (navigation_suffix suffix: (simple_identifier) @member.value)))
(value_argument_label (simple_identifier) @skip)
(property_declaration value: (simple_identifier) @value)
(assignment result: (simple_identifier) @value)
(control_transfer_statement result: (simple_identifier) @value)
((control_transfer_statement result: (prefix_expression "." . (simple_identifier) @returned))
  (#not-any-of? @returned "init" "none" "some"))
((control_transfer_statement result: (call_expression . (prefix_expression "." . (simple_identifier) @returned)))
  (#not-any-of? @returned "init" "none" "some"))

; Supertypes and attributes
(inheritance_specifier inherits_from: (user_type (type_identifier) @base .))
(attribute (user_type (type_identifier) @decorator))

; Assignments
(assignment target: (directly_assignable_expression (simple_identifier) @write))
(assignment target: (directly_assignable_expression (navigation_expression suffix: (navigation_suffix suffix: (simple_identifier) @member.write))))

; Imports and labels
(import_declaration (identifier (simple_identifier) @skip))
((attribute (user_type (type_identifier) @_attribute) (simple_identifier) @skip)
  (#any-of? @_attribute "available" "_spi"))
(parameter external_name: (simple_identifier) @skip)
(tuple_type_item (simple_identifier) @skip)
(tuple_expression (simple_identifier) @skip . ":")

; Scopes and what is bound in them
(function_declaration) @scope
(protocol_function_declaration) @scope
(init_declaration) @scope
(deinit_declaration) @scope
(subscript_declaration) @scope
(lambda_literal) @scope.block @closure
(computed_property) @scope
(computed_getter) @scope
(computed_setter) @scope
(willset_clause) @scope
(didset_clause) @scope
(for_statement) @scope.block
(if_statement) @scope.block
(while_statement) @scope.block
(switch_entry) @scope.block
(catch_block) @scope.block
(catch_block !error) @implicit.error
(computed_setter) @implicit.newValue
(willset_clause) @implicit.newValue
(didset_clause) @implicit.oldValue
(parameter name: (simple_identifier) @local)
(lambda_parameter name: (simple_identifier) @local)
(willset_clause . (simple_identifier) @local)
(didset_clause . (simple_identifier) @local)
(type_parameter (type_identifier) @local)
(property_declaration name: (pattern bound_identifier: (simple_identifier) @local))
(property_declaration name: (pattern (pattern (simple_identifier) @local)))
(for_statement item: (pattern bound_identifier: (simple_identifier) @local))
(if_statement bound_identifier: (simple_identifier) @local)
(guard_statement bound_identifier: (simple_identifier) @local)
(while_statement bound_identifier: (simple_identifier) @local)
(switch_pattern (pattern (pattern bound_identifier: (simple_identifier) @local)))
(pattern (value_binding_pattern) bound_identifier: (simple_identifier) @local)
(pattern (value_binding_pattern) (pattern bound_identifier: (simple_identifier) @local))
(pattern (value_binding_pattern) (pattern . (simple_identifier) @local .))
(pattern (value_binding_pattern) (pattern (pattern . (simple_identifier) @local .)))
(for_statement item: (pattern (pattern . (simple_identifier) @local .)))
(for_statement item: (pattern (pattern (pattern . (simple_identifier) @local .))))
(if_statement (value_binding_pattern) (pattern . (simple_identifier) @local .))
(guard_statement (value_binding_pattern) (pattern . (simple_identifier) @local .))
(while_statement (value_binding_pattern) (pattern . (simple_identifier) @local .))

; Further references of entries
(call_expression . (navigation_expression target: (simple_identifier) @reference) (#match? @reference "^[A-Z]"))
