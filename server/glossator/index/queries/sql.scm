; SQL: common table expressions and what is referred to. What statements define, `sql.py` finds, in any dialect.

(cte . (identifier) @name) @definition.query

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
