; Nix: what is bound to a function, an attribute set, or a call over several lines.

(binding
  attrpath: (attrpath) @name
  expression: [(attrset_expression) (rec_attrset_expression) (apply_expression) (let_expression) (with_expression)])
@definition.key
(let_expression
  (binding_set
    (binding
      attrpath: (attrpath) @name
      expression: [(attrset_expression) (rec_attrset_expression) (apply_expression) (let_expression)])
    @definition.variable))
(binding attrpath: (attrpath) @name expression: (function_expression body: (_) @body)) @definition.function

(apply_expression function: (variable_expression name: (identifier) @reference))
(apply_expression function: (select_expression attrpath: (attrpath attr: (identifier) @reference .)))

(path_expression) @import
