(class_declaration name: (_) @class (class_heritage (_) @super))
(variable_declarator name: (identifier) @class value: (class (class_heritage (_) @super)))
(field_definition property: [(property_identifier) (private_property_identifier)] @bind)
(field_definition property: [(property_identifier) (private_property_identifier)] @bind value: (_) @value
  (#kind-of? @value array call_expression identifier member_expression new_expression number string))

; Objects with a name
(program (lexical_declaration (variable_declarator name: (identifier) @object value: (object))))
(program (variable_declaration (variable_declarator name: (identifier) @object value: (object))))
(program (export_statement (lexical_declaration (variable_declarator name: (identifier) @object value: (object)))))
