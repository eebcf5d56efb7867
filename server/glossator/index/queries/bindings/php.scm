; Variables and parameters
(simple_parameter type: (_) @type name: (variable_name) @bind)
(property_promotion_parameter type: (_) @type name: (variable_name) @bind)
(property_promotion_parameter type: (_) @type name: (variable_name (name) @self.field))
(assignment_expression left: (variable_name) @bind right: (_) @value)
(foreach_statement . (_) @element . (variable_name) @bind)
(foreach_statement . (_) @element . (pair (_) . (variable_name) @bind))
(catch_clause type: (_) @type name: (variable_name) @bind)

; Fields
(property_declaration type: (_) @type (property_element name: (variable_name (name) @bind)))
(assignment_expression left: (member_access_expression object: (variable_name) @_this name: (name) @self.field) right: (_) @value
  (#eq? @_this "$this"))

; Functions
(function_definition name: (name) @function return_type: (_) @result)
(method_declaration name: (name) @function return_type: (_) @result)
(method_declaration (static_modifier) name: (name) @function) @static
(return_statement (_) @returned)
(yield_expression) @yielded

; Supertypes
(class_declaration name: (name) @class (base_clause (_) @super))
(class_declaration name: (name) @class (class_interface_clause (_) @super))
(class_declaration name: (name) @class body: (declaration_list (use_declaration [(name) (qualified_name)] @super)))
(trait_declaration name: (name) @class body: (declaration_list (use_declaration [(name) (qualified_name)] @super)))
(interface_declaration name: (name) @class (base_clause (_) @super))
(enum_declaration name: (name) @class (class_interface_clause (_) @super))

; Imports
(namespace_definition name: (namespace_name) @package)
(namespace_use_declaration (namespace_use_clause . [(qualified_name) (name)] @module .))
(namespace_use_declaration (namespace_use_clause . [(qualified_name) (name)] @module alias: (name) @alias))
(namespace_use_declaration (namespace_name) @module body: (namespace_use_group (namespace_use_clause . (name) @import.name .)))
(namespace_use_declaration (namespace_name) @module
  body: (namespace_use_group (namespace_use_clause . (name) @import.name alias: (name) @alias)))
