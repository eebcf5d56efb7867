; Variables and parameters
(parameter_declaration type: (_) @type declarator: (reference_declarator (identifier) @bind))
(optional_parameter_declaration type: (_) @type declarator: (identifier) @bind)
(optional_parameter_declaration type: (_) @type declarator: (pointer_declarator declarator: (identifier) @bind))
(optional_parameter_declaration type: (_) @type declarator: (reference_declarator (identifier) @bind))
(declaration type: (_) @type declarator: (init_declarator declarator: (reference_declarator (identifier) @bind)))
(declaration type: (placeholder_type_specifier) declarator: (init_declarator declarator: (identifier) @bind value: (_) @value))
(declaration type: (placeholder_type_specifier) declarator: (init_declarator declarator: (pointer_declarator declarator: (identifier) @bind) value: (_) @value))
(declaration type: (placeholder_type_specifier) declarator: (init_declarator declarator: (reference_declarator (identifier) @bind) value: (_) @value))
(for_range_loop type: (placeholder_type_specifier) declarator: (identifier) @bind right: (_) @element)
(for_range_loop type: (placeholder_type_specifier) declarator: (reference_declarator (identifier) @bind) right: (_) @element)
(for_range_loop declarator: (structured_binding_declarator . (identifier) . (identifier) @bind .) @pattern right: (_) @element)
(for_range_loop declarator: (reference_declarator (structured_binding_declarator . (identifier) . (identifier) @bind .) @pattern) right: (_) @element)
(condition_clause value: (declaration type: (placeholder_type_specifier) declarator: (identifier) @bind value: (_) @value))
(condition_clause value: (declaration type: (placeholder_type_specifier) declarator: (pointer_declarator (identifier) @bind) value: (_) @value))
(condition_clause value: (declaration type: [(type_identifier) (qualified_identifier) (template_type)] @type declarator: (pointer_declarator (identifier) @bind)))
(for_range_loop type: [(type_identifier) (qualified_identifier) (template_type)] @type declarator: (identifier) @bind)
(for_range_loop type: [(type_identifier) (qualified_identifier) (template_type)] @type declarator: (reference_declarator (identifier) @bind))
(field_declaration type: (_) @type declarator: (reference_declarator (field_identifier) @bind))
(alias_declaration name: (type_identifier) @bind type: (_) @type)

; Functions
(field_declaration type: (_) @result declarator: (function_declarator declarator: (field_identifier) @function))
(field_declaration type: (_) @result declarator: (pointer_declarator declarator: (function_declarator declarator: (field_identifier) @function)))
(field_declaration type: (_) @result declarator: (reference_declarator (function_declarator declarator: (field_identifier) @function)))
(function_definition type: (_) @result declarator: (function_declarator declarator: (field_identifier) @function))
(function_definition type: (_) @result declarator: (pointer_declarator declarator: (function_declarator declarator: (field_identifier) @function)))
(function_definition type: (_) @result declarator: (reference_declarator (function_declarator declarator: [(identifier) (field_identifier)] @function)))
(function_definition type: (_) @result declarator: (function_declarator declarator: (qualified_identifier name: (identifier) @function)))
(function_definition type: (_) @result declarator: (pointer_declarator declarator: (function_declarator declarator: (qualified_identifier name: (identifier) @function))))
(function_definition type: (_) @result declarator: (reference_declarator (function_declarator declarator: (qualified_identifier name: (identifier) @function))))
(field_declaration (storage_class_specifier) declarator: (function_declarator declarator: (field_identifier) @function)) @static

; Supertypes
(class_specifier name: (type_identifier) @class (base_class_clause [(type_identifier) (qualified_identifier) (template_type)] @super))
(struct_specifier name: (type_identifier) @class (base_class_clause [(type_identifier) (qualified_identifier) (template_type)] @super))
(class_specifier name: (qualified_identifier name: (type_identifier) @class) (base_class_clause [(type_identifier) (qualified_identifier) (template_type)] @super))
(struct_specifier name: (qualified_identifier name: (type_identifier) @class) (base_class_clause [(type_identifier) (qualified_identifier) (template_type)] @super))
(class_specifier name: (qualified_identifier name: (qualified_identifier name: (type_identifier) @class)) (base_class_clause [(type_identifier) (qualified_identifier) (template_type)] @super))
(class_specifier name: (template_type name: (type_identifier) @class) (base_class_clause [(type_identifier) (qualified_identifier) (template_type)] @super))
(struct_specifier name: (template_type name: (type_identifier) @class) (base_class_clause [(type_identifier) (qualified_identifier) (template_type)] @super))

; Parameters of templates
(template_declaration parameters: (template_parameter_list) @generics (class_specifier name: (type_identifier) @class body: (_)))
(template_declaration parameters: (template_parameter_list) @generics (struct_specifier name: (type_identifier) @class body: (_)))

; Namespaces that are opened
(using_declaration "namespace" (_) @module) @all
(using_declaration . (qualified_identifier name: (_) @bound) @module)
(namespace_alias_definition name: (namespace_identifier) @alias (_) @module .)

; Numbers of arguments, which tell overloads apart
(function_declarator declarator: (identifier) @function parameters: (_) @parameters)
(function_declarator declarator: (field_identifier) @function parameters: (_) @parameters)
(function_declarator declarator: (qualified_identifier name: (identifier) @function) parameters: (_) @parameters)

; Variables that are constructed, which the grammar takes for prototypes (`Slice key(text);`)
(compound_statement (declaration type: (_) @type declarator: (function_declarator declarator: (identifier) @bind)) @hoisted)
