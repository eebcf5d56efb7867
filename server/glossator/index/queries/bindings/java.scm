; Variables and parameters
(formal_parameter type: (_) @type name: (identifier) @bind)
(catch_formal_parameter (catch_type) @type name: (identifier) @bind)
(resource type: (_) @type name: (identifier) @bind)
(enhanced_for_statement type: (_) @type name: (identifier) @bind)
(instanceof_expression right: (_) @type name: (identifier) @bind)
((local_variable_declaration type: (_) @type declarator: (variable_declarator name: (identifier) @bind))
  (#not-eq? @type "var"))
((local_variable_declaration type: (_) @_var declarator: (variable_declarator name: (identifier) @bind value: (_) @value))
  (#eq? @_var "var"))
((enhanced_for_statement type: (_) @_var name: (identifier) @bind value: (_) @element)
  (#eq? @_var "var"))

; Fields, record components, enum members
(field_declaration type: (_) @type declarator: (variable_declarator name: (identifier) @bind))
(constant_declaration type: (_) @type declarator: (variable_declarator name: (identifier) @bind))
(record_declaration parameters: (formal_parameters (formal_parameter type: (_) @type name: (identifier) @bind)))
(enum_constant name: (identifier) @bind)
(field_declaration (modifiers "static") declarator: (variable_declarator name: (identifier) @function)) @static

; Methods
(method_declaration type: (_) @result name: (identifier) @function)
(method_declaration (modifiers "static") name: (identifier) @function) @static
(annotation_type_element_declaration type: (_) @result name: (identifier) @function)

; What no other file sees
(field_declaration (modifiers "private") declarator: (variable_declarator name: (identifier) @private))
(method_declaration (modifiers "private") name: (identifier) @private)
(constructor_declaration (modifiers "private") name: (identifier) @private)
(class_declaration (modifiers "private") name: (identifier) @private)
(interface_declaration (modifiers "private") name: (identifier) @private)
(enum_declaration (modifiers "private") name: (identifier) @private)
(record_declaration (modifiers "private") name: (identifier) @private)

; Elements of annotations
(annotation name: (_) @of arguments: (annotation_argument_list (element_value_pair key: (identifier) @key)))

; Supertypes
(class_declaration name: (identifier) @class superclass: (superclass (_) @super))
(class_declaration name: (identifier) @class interfaces: (super_interfaces (type_list (_) @super)))
(record_declaration name: (identifier) @class interfaces: (super_interfaces (type_list (_) @super)))
(enum_declaration name: (identifier) @class interfaces: (super_interfaces (type_list (_) @super)))
(interface_declaration name: (identifier) @class (extends_interfaces (type_list (_) @super)))

; Imports
(package_declaration (_) @package)
(import_declaration . (scoped_identifier scope: (_) @module name: (identifier) @import.name) .)
(import_declaration (scoped_identifier) @module (asterisk) @all)

; Numbers of arguments, which tell overloads apart
(method_declaration name: (identifier) @function parameters: (_) @parameters)
(constructor_declaration name: (identifier) @function parameters: (_) @parameters)

; Parameters of types
(class_declaration name: (identifier) @class type_parameters: (_) @generics)
(interface_declaration name: (identifier) @class type_parameters: (_) @generics)
(record_declaration name: (identifier) @class type_parameters: (_) @generics)
(method_declaration type_parameters: (_) @generics name: (identifier) @function)
