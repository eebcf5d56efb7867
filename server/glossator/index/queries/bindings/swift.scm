; Variables and parameters
(parameter name: (simple_identifier) @bind . name: (_) @type)
(property_declaration name: (pattern bound_identifier: (simple_identifier) @bind) (type_annotation) @type)
(property_declaration name: (pattern bound_identifier: (simple_identifier) @bind) . value: (_) @value)
(for_statement item: (pattern bound_identifier: (simple_identifier) @bind) collection: (_) @element)
(if_statement (value_binding_pattern) . bound_identifier: (simple_identifier) @bind . (_) @value)
(guard_statement (value_binding_pattern) . bound_identifier: (simple_identifier) @bind . (_) @value)
(protocol_property_declaration name: (pattern bound_identifier: (simple_identifier) @bind) (type_annotation) @type)
(enum_entry name: (simple_identifier) @bind)

; Names for types
(typealias_declaration name: (type_identifier) @bind name: (_) @type .)

; Functions
(function_declaration "func" . name: (simple_identifier) @function name: (_) @result body: (_))
(protocol_function_declaration "func" . name: (simple_identifier) @function name: (_) @result .)
(function_declaration (modifiers (property_modifier)) "func" . name: (simple_identifier) @function) @static

; Supertypes
(class_declaration name: (type_identifier) @class (inheritance_specifier inherits_from: (_) @super))
(protocol_declaration name: (type_identifier) @class (inheritance_specifier inherits_from: (_) @super))
(class_declaration declaration_kind: "extension" name: (_) @extension (inheritance_specifier inherits_from: (_) @super))

; Parameters of types
(class_declaration name: (type_identifier) @class (type_parameters) @generics)

; Members without their type, where it is declared, or something of it stands beside them
((property_declaration (type_annotation (_) @type) value: (prefix_expression "." . (simple_identifier) @picked))
  (#not-any-of? @picked "init" "none" "some"))
((property_declaration
    (type_annotation (_) @type)
    value: (call_expression . (prefix_expression "." . (simple_identifier) @picked)))
  (#not-any-of? @picked "init" "none" "some"))
((function_declaration
    (parameter name: (simple_identifier) . name: (_) @type) . (prefix_expression "." . (simple_identifier) @picked))
  (#not-any-of? @picked "init" "none" "some"))
((init_declaration
    (parameter name: (simple_identifier) . name: (_) @type) . (prefix_expression "." . (simple_identifier) @picked))
  (#not-any-of? @picked "init" "none" "some"))
((switch_statement expr: (_) @value (switch_entry (switch_pattern (pattern "." . (simple_identifier) @picked))))
  (#not-any-of? @picked "none" "some"))
((equality_expression lhs: (_) @value rhs: (prefix_expression "." . (simple_identifier) @picked))
  (#not-any-of? @picked "init" "none" "some"))
((assignment
    target: (directly_assignable_expression (_) @value)
    result: (prefix_expression "." . (simple_identifier) @picked))
  (#not-any-of? @picked "init" "none" "some"))
