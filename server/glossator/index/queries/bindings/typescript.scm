; Variables and parameters
(variable_declarator name: (identifier) @bind type: (type_annotation) @type)
(lexical_declaration (variable_declarator name: (identifier) @bind !type value: [
  (as_expression)
  (non_null_expression)
  (satisfies_expression)
] @value))
(required_parameter pattern: (identifier) @bind type: (type_annotation) @type)
(required_parameter pattern: (rest_pattern (identifier) @bind) type: (type_annotation) @type)
(optional_parameter pattern: (identifier) @bind type: (type_annotation) @type)
(required_parameter pattern: (identifier) @bind !type value: (new_expression) @value)

; Destructured parameters
(required_parameter
  pattern: (object_pattern (shorthand_property_identifier_pattern) @bind @picked)
  type: (type_annotation) @type)
(required_parameter
  pattern: (object_pattern (object_assignment_pattern left: (shorthand_property_identifier_pattern) @bind @picked))
  type: (type_annotation) @type)
(required_parameter
  pattern: (object_pattern (pair_pattern key: (property_identifier) @picked value: (identifier) @bind))
  type: (type_annotation) @type)

; Fields and enum members
(public_field_definition name: [(property_identifier) (private_property_identifier)] @bind)
(public_field_definition name: [(property_identifier) (private_property_identifier)] @bind type: (type_annotation) @type)
(public_field_definition name: [(property_identifier) (private_property_identifier)] @bind !type value: (_) @value
  (#kind-of? @value array as_expression call_expression identifier member_expression new_expression number string))
(required_parameter (accessibility_modifier) pattern: (identifier) @self.field type: (type_annotation) @type)
(required_parameter "readonly" pattern: (identifier) @self.field type: (type_annotation) @type)
(required_parameter (accessibility_modifier) pattern: (identifier) @self.field !type value: (_) @value)
(interface_body (property_signature name: (property_identifier) @bind))
(interface_body (property_signature name: (property_identifier) @bind type: (type_annotation) @type))
(type_alias_declaration value: (object_type (property_signature name: (property_identifier) @bind)))
(type_alias_declaration
  value: (object_type (property_signature name: (property_identifier) @bind type: (type_annotation) @type)))
(type_alias_declaration
  value: [(intersection_type (object_type (property_signature name: (property_identifier) @bind type: (_) @type)))
          (union_type (object_type (property_signature name: (property_identifier) @bind type: (_) @type)))])
(enum_body name: (property_identifier) @bind)
(enum_assignment name: (property_identifier) @bind)
(type_alias_declaration name: (type_identifier) @bind value: (_) @type
  (#kind-of? @type array_type function_type generic_type intersection_type nested_type_identifier
    parenthesized_type type_identifier union_type))

; Objects with a name, unless a type says more of their members
(program (lexical_declaration (variable_declarator name: (identifier) @object !type value: (object))))
(program (lexical_declaration (variable_declarator
  name: (identifier) @object !type value: [(as_expression . (object)) (satisfies_expression . (object))])))
(program (variable_declaration (variable_declarator name: (identifier) @object !type value: (object))))
(program (export_statement (lexical_declaration
  (variable_declarator name: (identifier) @object !type value: (object)))))
(program (export_statement (lexical_declaration (variable_declarator
  name: (identifier) @object !type value: [(as_expression . (object)) (satisfies_expression . (object))]))))
(program (_ (variable_declarator
  value: (as_expression . (object (pair key: (property_identifier) @bind) @member)))))
(program (export_statement (_ (variable_declarator
  value: (as_expression . (object (pair key: (property_identifier) @bind) @member))))))

; Functions
(function_declaration name: (identifier) @function return_type: (type_annotation) @result)
(function_signature name: (identifier) @function return_type: (type_annotation) @result)
(method_definition name: (_) @function return_type: (type_annotation) @result)
(method_signature name: (_) @function return_type: (type_annotation) @result)
(method_signature ["get" "set"] name: (_) @function) @property
(abstract_method_signature name: (_) @function return_type: (type_annotation) @result)
(variable_declarator name: (identifier) @function value: (arrow_function return_type: (type_annotation) @result))
(method_signature "static" name: (_) @function) @static
(public_field_definition name: (_) @function value: (arrow_function return_type: (type_annotation) @result))
(pair key: (property_identifier) @function value: (arrow_function return_type: (type_annotation) @result))

; Supertypes
(class_declaration name: (_) @class (class_heritage (extends_clause value: (_) @super)))
(class_declaration name: (_) @class (class_heritage (implements_clause (_) @super)))
(abstract_class_declaration name: (_) @class (class_heritage (extends_clause value: (_) @super)))
(abstract_class_declaration name: (_) @class (class_heritage (implements_clause (_) @super)))
(variable_declarator name: (identifier) @class value: (class (class_heritage (extends_clause value: (_) @super))))
(interface_declaration name: (_) @class (extends_type_clause type: (_) @super))

; Imports
(import_statement (import_require_clause (identifier) @alias source: (string) @module))
(export_statement "=" @whole (identifier) @passed)
