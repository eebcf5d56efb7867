(stylesheet (rule_set (selectors) @name) @definition.rule)
(block (rule_set (selectors) @name) @definition.rule)
(media_statement . (_) @name (block)) @definition.rule
(supports_statement . (_) @name (block)) @definition.rule
(keyframes_statement (keyframes_name) @name) @definition.rule
(at_rule (at_keyword) @name (block)) @definition.rule

(import_statement (string_value) @import)
(import_statement (call_expression (arguments (_) @import)))
