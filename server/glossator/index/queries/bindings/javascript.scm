((call_expression
    function: (member_expression object: (_) @value property: (property_identifier) @_then)
    arguments: (arguments . (arrow_function
      parameters: (formal_parameters . (object_pattern (shorthand_property_identifier_pattern) @bind @picked)))))
  (#eq? @_then "then"))
((call_expression
    function: (member_expression object: (_) @element property: (property_identifier) @_each)
    arguments: (arguments . (arrow_function
      parameters: (formal_parameters . (object_pattern (shorthand_property_identifier_pattern) @bind @picked)))))
  (#any-of? @_each "every" "filter" "find" "findIndex" "findLast" "flatMap" "forEach" "map" "some"))
(class_declaration name: (_) @class (class_heritage (_) @super))
(variable_declarator name: (identifier) @class value: (class (class_heritage (_) @super)))
(field_definition property: [(property_identifier) (private_property_identifier)] @bind)
(field_definition property: [(property_identifier) (private_property_identifier)] @bind value: (_) @value
  (#kind-of? @value array call_expression identifier member_expression new_expression number string))

; Objects with a name
(program (lexical_declaration (variable_declarator name: (identifier) @object value: (object))))
(program (variable_declaration (variable_declarator name: (identifier) @object value: (object))))
(program (export_statement (lexical_declaration (variable_declarator name: (identifier) @object value: (object)))))
