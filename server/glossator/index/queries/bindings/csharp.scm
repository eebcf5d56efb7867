; Variables and parameters
(parameter type: (_) @type name: (identifier) @bind)
((variable_declaration type: (_) @type (variable_declarator name: (identifier) @bind))
  (#not-eq? @type "var"))
((variable_declaration type: (_) @_var (variable_declarator name: (identifier) @bind (_) @value .))
  (#eq? @_var "var"))
((foreach_statement type: (_) @type left: (identifier) @bind)
  (#not-eq? @type "var"))
((foreach_statement type: (_) @_var left: (identifier) @bind right: (_) @element)
  (#eq? @_var "var"))
(catch_declaration type: (_) @type name: (identifier) @bind)
(declaration_pattern type: (_) @type name: (identifier) @bind)
(declaration_expression type: (_) @type name: (identifier) @bind)
(recursive_pattern type: (_) @type name: (identifier) @bind)

; What a new object's fields and properties are set to
(object_creation_expression type: (_) @of
  initializer: (initializer_expression (assignment_expression left: (identifier) @key)))

; Fields, properties, enum members
(property_declaration type: (_) @type name: (identifier) @bind)
(enum_member_declaration name: (identifier) @bind)
(event_field_declaration (variable_declaration type: (_) @type (variable_declarator name: (identifier) @bind)))
(record_declaration (parameter_list (parameter type: (_) @type name: (identifier) @bind)))

; Methods
(method_declaration returns: (_) @result name: (identifier) @function)
(local_function_statement type: (_) @result name: (identifier) @function)
(method_declaration (modifier "static") name: (identifier) @function) @static
(class_declaration (modifier "static") @static name: (identifier) @class)

; Supertypes
(class_declaration name: (identifier) @class (base_list (_) @super))
(struct_declaration name: (identifier) @class (base_list (_) @super))
(record_declaration name: (identifier) @class (base_list (_) @super))
(interface_declaration name: (identifier) @class (base_list (_) @super))

; Imports
(namespace_declaration name: (_) @package)
(file_scoped_namespace_declaration name: (_) @package)
(using_directive . [(identifier) (qualified_name)] @module @all .)
(using_directive "static" [(identifier) (qualified_name)] @module @all .)
(using_directive name: (identifier) @alias (_) @module .)
(using_directive "global" @exported "using" . [(identifier) (qualified_name)] @module @all .)
(using_directive "global" @exported "static" [(identifier) (qualified_name)] @module @all .)
(using_directive "global" @exported name: (identifier) @alias (_) @module .)

; Numbers of arguments, which tell overloads apart
(method_declaration name: (identifier) @function parameters: (_) @parameters)
(constructor_declaration name: (identifier) @function parameters: (_) @parameters)

; Parameters of types
(class_declaration name: (identifier) @class (type_parameter_list) @generics)
(struct_declaration name: (identifier) @class (type_parameter_list) @generics)
(record_declaration name: (identifier) @class (type_parameter_list) @generics)
(interface_declaration name: (identifier) @class (type_parameter_list) @generics)
(method_declaration name: (identifier) @function (type_parameter_list) @generics)

; Types of functions
(delegate_declaration name: (identifier) @function parameters: (_) @parameters)
