; Definitions
(class_declaration name: (identifier) @name) @definition.class
(record_declaration name: (identifier) @name) @definition.class
(struct_declaration name: (identifier) @name) @definition.struct
(interface_declaration name: (identifier) @name) @definition.interface
(enum_declaration name: (identifier) @name) @definition.enum
(delegate_declaration name: (identifier) @name) @definition.type
(method_declaration name: (identifier) @name) @definition.method
(constructor_declaration name: (identifier) @name) @definition.constructor
(local_function_statement name: (identifier) @name) @definition.function
(operator_declaration "operator" @name) @definition.method
(conversion_operator_declaration "operator" @name) @definition.method
(indexer_declaration "this" @name accessors: (_) @body) @definition.method
(property_declaration name: (identifier) @name) @definition.property
(event_declaration name: (identifier) @name) @definition.property
(field_declaration (variable_declaration (variable_declarator name: (identifier) @name))) @definition.field
(namespace_declaration name: (_)) @container

; References
(invocation_expression function: (identifier) @reference)
(invocation_expression function: (generic_name (identifier) @reference))
(invocation_expression function: (member_access_expression name: (identifier) @reference))
(invocation_expression function: (member_access_expression name: (generic_name (identifier) @reference)))
(invocation_expression function: (conditional_access_expression (member_binding_expression name: (identifier) @reference)))
(object_creation_expression type: (identifier) @reference)
(generic_name (identifier) @reference)
(type_argument_list (identifier) @reference)
(base_list (identifier) @reference)
(attribute name: (identifier) @reference)
(parameter type: (identifier) @reference)
(variable_declaration type: (identifier) @reference)
(method_declaration returns: (identifier) @reference)
(property_declaration type: (identifier) @reference)

; Imports
(using_directive (identifier) @import .)
(using_directive (qualified_name) @import)
