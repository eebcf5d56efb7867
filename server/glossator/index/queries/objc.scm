; Objective-C, besides what C has: interfaces, implementations, categories, protocols, methods, properties.

(class_interface . (identifier) @name !category) @definition.class
(class_implementation . (identifier) @name !category) @definition.class
(class_interface . (identifier) @scope category: (_)) @container
(class_implementation . (identifier) @scope category: (_)) @container
(protocol_declaration . (identifier) @name) @definition.protocol
(method_definition . (method_type)? . (identifier) @name (compound_statement) @body) @definition.method @selector
(method_declaration . (method_type)? . (identifier) @name) @definition.method @selector
(property_declaration (struct_declaration (struct_declarator (identifier) @name))) @definition.property
(property_declaration
  (struct_declaration (struct_declarator (pointer_declarator declarator: (identifier) @name)))) @definition.property

[(message_expression) (selector_expression)] @message
(message_expression receiver: (identifier) @reference (#match? @reference "^[A-Z]"))
(class_interface superclass: (identifier) @reference)
(protocol_reference_list (identifier) @reference)

(module_import path: (_) @import)
