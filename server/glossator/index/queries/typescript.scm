(public_field_definition name: (_) @name value: [
  (arrow_function body: (_) @body)
  (function_expression body: (_) @body)
]) @definition.method
(abstract_class_declaration name: (type_identifier) @name) @definition.class
(abstract_method_signature name: (_) @name) @definition.method
(method_signature name: (_) @name) @definition.method
(function_signature name: (identifier) @name) @definition.function
(interface_declaration name: (type_identifier) @name) @definition.interface
(type_alias_declaration name: (type_identifier) @name) @definition.type
(enum_declaration name: (identifier) @name) @definition.enum
(internal_module name: (_) @name) @definition.namespace
(module name: (_) @name) @definition.namespace
(ambient_declaration (lexical_declaration (variable_declarator name: (identifier) @name)) @definition.constant)
(ambient_declaration "global" @name (statement_block) @body) @definition.namespace

(type_identifier) @reference
(extends_clause value: (identifier) @reference)
(extends_clause value: (member_expression property: (_) @reference))
(import_require_clause source: (string) @import)
