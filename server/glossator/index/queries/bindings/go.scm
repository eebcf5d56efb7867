; Variables and parameters
(parameter_declaration name: (identifier) @bind type: (_) @type)
(variadic_parameter_declaration name: (identifier) @bind)
(var_spec name: (identifier) @bind type: (_) @type)
(var_spec . name: (identifier) @bind . value: (expression_list . (_) @value .))
(short_var_declaration left: (expression_list . (identifier) @bind) right: (expression_list . (_) @value))
(short_var_declaration left: (expression_list . (_) . (identifier) @bind .) right: (expression_list . (_) . (_) @value .))
(range_clause left: (expression_list (identifier) . (identifier) @bind .) right: (_) @element)
(type_case type: (_) @_type)

; Fields
(field_declaration name: (field_identifier) @bind type: (_) @type)
(field_declaration !name type: (type_identifier) @bind @type)
(field_declaration !name type: (pointer_type (type_identifier) @bind) @type)
(field_declaration !name type: (qualified_type name: (type_identifier) @bind) @type)
(field_declaration !name type: (pointer_type (qualified_type name: (type_identifier) @bind)) @type)

; Functions
(function_declaration name: (identifier) @function result: (_) @result)
(method_declaration name: (field_identifier) @function result: (_) @result)
(method_elem name: (field_identifier) @function result: (_) @result)

; Embedding
(type_spec name: (type_identifier) @class type: (struct_type (field_declaration_list (field_declaration !name type: (_) @super))))
(type_spec name: (type_identifier) @class type: (interface_type (type_elem (_) @super)))
(type_spec name: (type_identifier) @bind type: [(type_identifier) (qualified_type) (pointer_type) (map_type) (slice_type)] @type)

; Imports
(import_spec !name path: (_) @module)
(import_spec name: (package_identifier) @alias path: (_) @module)
(import_spec name: (dot) @all path: (_) @module)
(package_clause (package_identifier) @package)
