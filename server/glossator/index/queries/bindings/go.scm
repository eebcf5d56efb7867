; Variables and parameters
(parameter_declaration name: (identifier) @bind type: (_) @type)
(variadic_parameter_declaration name: (identifier) @bind type: (_) @each)
(var_spec (identifier) @bind type: (_) @type)
(const_spec (identifier) @bind type: (_) @type)
(var_spec . name: (identifier) @bind . value: (expression_list . (_) @value .))
(short_var_declaration left: (expression_list . (identifier) @bind .) right: (expression_list . (_) @value))
(short_var_declaration left: (expression_list . (identifier) @bind . (_)) @pattern
  right: (expression_list . (call_expression) @value .))
(short_var_declaration left: (expression_list (_) . (identifier) @bind) @pattern
  right: (expression_list . (call_expression) @value .))
(short_var_declaration left: (expression_list . (identifier) @bind . (_))
  right: (expression_list . [(index_expression) (type_assertion_expression) (unary_expression)] @value .))
(short_var_declaration left: (expression_list . (identifier) @bind . (_)) right: (expression_list . (_) @value . (_)))
(short_var_declaration left: (expression_list . (_) . (identifier) @bind .) right: (expression_list . (_) . (_) @value .))
(range_clause left: (expression_list (identifier) . (identifier) @bind .) right: (_) @element)
(receive_statement left: (expression_list . (identifier) @bind) right: (_) @value)
(type_switch_statement alias: (expression_list (identifier) @bind) (type_case . type: (_) @type . (statement_list)) @within)

; Fields
(field_declaration name: (field_identifier) @bind type: (_) @type) @member
(composite_literal type: [(type_identifier) (qualified_type) (generic_type) (struct_type)] @of
  body: (literal_value (keyed_element . (literal_element (identifier) @key))))
(composite_literal type: (_ element: (_) @of)
  body: (literal_value (literal_element (literal_value (keyed_element . (literal_element (identifier) @key))))))
(composite_literal type: (_ element: (_) @of)
  body: (literal_value (keyed_element (literal_element (literal_value (keyed_element . (literal_element (identifier) @key)))))))
(composite_literal type: (map_type value: (_) @of)
  body: (literal_value (keyed_element (literal_element) . (literal_element (literal_value (keyed_element . (literal_element (identifier) @key)))))))

; Functions
(function_declaration name: (identifier) @function
  result: (_) @result
  (#kind-of? @result type_identifier qualified_type pointer_type slice_type map_type channel_type generic_type
    function_type array_type interface_type struct_type))
(method_declaration name: (field_identifier) @function
  result: (_) @result
  (#kind-of? @result type_identifier qualified_type pointer_type slice_type map_type channel_type generic_type
    function_type array_type interface_type struct_type))
(method_elem name: (field_identifier) @function
  result: (_) @result
  (#kind-of? @result type_identifier qualified_type pointer_type slice_type map_type channel_type generic_type
    function_type array_type interface_type struct_type))
(function_declaration name: (identifier) @function
  result: (parameter_list ((parameter_declaration type: (_) @result) ","?)+))
(method_declaration name: (field_identifier) @function
  result: (parameter_list ((parameter_declaration type: (_) @result) ","?)+))
(method_elem name: (field_identifier) @function
  result: (parameter_list ((parameter_declaration type: (_) @result) ","?)+))

; Embedding, and names for other types
(type_spec name: (type_identifier) @class
  type: (struct_type (field_declaration_list (field_declaration !name type: (_) @super))))
(type_spec name: (type_identifier) @class type: (interface_type (type_elem . (_) @super .)))
(type_spec name: (type_identifier) @class
  type: (_) @super
  (#kind-of? @super type_identifier qualified_type pointer_type map_type slice_type array_type channel_type
    function_type generic_type))
(type_alias name: (type_identifier) @bind type: (_) @type)

; Imports
(import_spec !name path: (_) @module)
(import_spec name: (package_identifier) @alias path: (_) @module)
(import_spec name: (dot) @all path: (_) @module)
(package_clause (package_identifier) @package)
