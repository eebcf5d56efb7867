(class_heritage (identifier) @base)
(class_heritage (member_expression property: (property_identifier) @member.base))
(formal_parameters (identifier) @local)

; Markup in scripts
((jsx_opening_element name: (identifier) @template) (#match? @template "^[A-Z]"))
(jsx_opening_element name: (member_expression property: (property_identifier) @member.template))
((jsx_self_closing_element name: (identifier) @template) (#match? @template "^[A-Z]"))
(jsx_self_closing_element name: (member_expression property: (property_identifier) @member.template))
(jsx_attribute (jsx_expression (identifier) @template))
(jsx_attribute (jsx_expression (member_expression property: (property_identifier) @member.template)))
((jsx_opening_element name: (identifier) @skip) (#match? @skip "^[a-z]"))
((jsx_self_closing_element name: (identifier) @skip) (#match? @skip "^[a-z]"))
(jsx_closing_element name: (identifier) @skip)
