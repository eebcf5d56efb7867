(class_heritage (identifier) @base)
(class_heritage (member_expression property: (property_identifier) @member.base))
(formal_parameters (identifier) @local)
