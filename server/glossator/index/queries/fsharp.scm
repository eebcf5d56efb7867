; F#: modules, types and their members, functions and values.

(named_module name: (long_identifier) @name) @definition.module
(namespace name: (long_identifier) @name) @definition.namespace
(module_defn (identifier) @name) @definition.module

(type_definition (anon_type_defn (type_name type_name: (identifier) @name))) @definition.class
(type_definition (union_type_defn (type_name type_name: (identifier) @name))) @definition.union
(type_definition (record_type_defn (type_name type_name: (identifier) @name))) @definition.struct
(type_definition (enum_type_defn (type_name type_name: (identifier) @name))) @definition.enum
(type_definition (type_abbrev_defn (type_name type_name: (identifier) @name))) @definition.type
(type_definition (delegate_type_defn (type_name type_name: (identifier) @name))) @definition.type
(type_definition (type_extension (type_name type_name: (_) @name))) @definition.class
(exception_definition exception_name: (long_identifier) @name) @definition.type

(declaration_expression
  (function_or_value_defn
    (value_declaration_left (identifier_pattern (long_identifier_or_op (identifier) @name)))
    body: (_) @body)) @definition.constant
(declaration_expression
  (function_or_value_defn
    (value_declaration_left (identifier_pattern (long_identifier_or_op (identifier) @name)))
    body: (fun_expression) @body)) @definition.function
(declaration_expression
  (function_or_value_defn
    (function_declaration_left [(identifier) (op_identifier)] @name . [(argument_patterns) (type_arguments)])
    body: (_) @body)) @definition.function

(member_defn (method_or_prop_defn name: (property_or_ident (identifier) @name .))) @definition.method
(member_defn (member_signature . (identifier) @name)) @definition.method
(member_defn (additional_constr_defn "new" @name)) @definition.constructor

(application_expression . (long_identifier_or_op (identifier) @reference))
(application_expression . (long_identifier_or_op (long_identifier (identifier) @reference .)))
(application_expression . (typed_expression (long_identifier_or_op (identifier) @reference)))
(infix_expression (long_identifier_or_op (identifier) @reference) (#match? @reference "^..."))
(infix_expression (long_identifier_or_op (long_identifier (identifier) @reference .)))
(simple_type (long_identifier (identifier) @reference .))

(import_decl (long_identifier) @import)
