; SQL: what a schema creates; common table expressions.

(statement
  (create_table (object_reference schema: (identifier)? @scope name: (identifier) @name))) @definition.table
(statement
  (create_view (object_reference schema: (identifier)? @scope name: (identifier) @name))) @definition.view
(statement
  (create_materialized_view
    (object_reference schema: (identifier)? @scope name: (identifier) @name))) @definition.view
(statement
  (create_function . (keyword_create)
    (object_reference schema: (identifier)? @scope name: (identifier) @name))) @definition.function
(statement
  (create_trigger
    [(keyword_trigger) (keyword_exists)]
    . (object_reference schema: (identifier)? @scope name: (identifier) @name))) @definition.rule
(statement
  (create_type (object_reference schema: (identifier)? @scope name: (identifier) @name))) @definition.type
(statement (create_schema (identifier) @name)) @definition.namespace
(statement (create_index column: (identifier) @name)) @definition.key
(cte . (identifier) @name) @definition.query
(column_definitions (column_definition name: (identifier) @name) @definition.field)

(relation (object_reference name: (identifier) @reference))
(invocation (object_reference name: (identifier) @reference))
(column_definition (object_reference name: (identifier) @reference))
(insert (object_reference name: (identifier) @reference))
(update (relation (object_reference name: (identifier) @reference)))
(alter_table (object_reference name: (identifier) @reference))
(create_index (object_reference name: (identifier) @reference))
(create_trigger (keyword_on) . (object_reference name: (identifier) @reference))
(create_trigger (keyword_function) . (object_reference name: (identifier) @reference))
(create_trigger (keyword_procedure) . (object_reference name: (identifier) @reference))
(constraint (object_reference name: (identifier) @reference))
