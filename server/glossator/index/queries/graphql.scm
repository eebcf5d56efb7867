; GraphQL: the types of a schema; what can be asked of Query, Mutation and Subscription; operations and fragments.

(definition
  (type_system_definition
    (type_definition (object_type_definition (description)? @doc (name) @name)))) @definition.struct
(definition
  (type_system_definition
    (type_definition (interface_type_definition (description)? @doc (name) @name)))) @definition.interface
(definition
  (type_system_definition
    (type_definition (input_object_type_definition (description)? @doc (name) @name)))) @definition.struct
(definition
  (type_system_definition
    (type_definition (enum_type_definition (description)? @doc (name) @name)))) @definition.enum
(definition
  (type_system_definition
    (type_definition (union_type_definition (description)? @doc (name) @name)))) @definition.type
(definition
  (type_system_definition
    (type_definition (scalar_type_definition (description)? @doc (name) @name)))) @definition.type
(definition (type_system_definition (directive_definition (description)? @doc (name) @name))) @definition.macro
(definition (type_system_extension (type_extension (_ (name) @name)))) @definition.struct
(definition (executable_definition (operation_definition (name) @name))) @definition.query
(definition (executable_definition (fragment_definition (fragment_name (name) @name)))) @definition.query

(field_definition (description)? @doc (name) @name) @definition.field
((object_type_definition
    (name) @_root
    (fields_definition (field_definition (description)? @doc (name) @name) @definition.rpc))
  (#any-of? @_root "Query" "Mutation" "Subscription"))
((object_type_extension
    (name) @_root
    (fields_definition (field_definition (description)? @doc (name) @name) @definition.rpc))
  (#any-of? @_root "Query" "Mutation" "Subscription"))

(named_type (name) @reference)
(fragment_spread (fragment_name (name) @reference))
(directive (name) @reference)
