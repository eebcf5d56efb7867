; Haskell: types, classes, and functions, whose signature and clauses are one definition. Instances only qualify what
; they define by the type that they are for.

(data_type name: (_) @name) @definition.type
(newtype name: (_) @name) @definition.type
(type_synomym name: (_) @name) @definition.type
(type_family name: (_) @name) @definition.type
(data_family name: (_) @name) @definition.type
(class name: (_) @name) @definition.class

(instance) @container
(instance patterns: (type_patterns . (name) @scope)) @container
(instance patterns: (type_patterns . (parens (apply constructor: (name) @scope)))) @container
(instance patterns: (type_patterns . (parens (apply constructor: (apply constructor: (name) @scope))))) @container

(declarations (signature name: [(variable) @name (prefix_id (operator) @name)]) @definition.function)
(declarations (function name: (variable) @name match: (match) @body) @definition.function)
(declarations (function (infix operator: (operator) @name) match: (match) @body) @definition.function)
(declarations (bind name: (variable) @name match: (match) @body) @definition.function)
(declarations (bind name: (variable) @name match: (match expression: (literal))) @definition.constant)
; In a file that the grammar cannot read as a whole.
(ERROR (signature name: [(variable) @name (prefix_id (operator) @name)]) @definition.function)
(ERROR (function name: (variable) @name match: (match) @body) @definition.function)
(ERROR (function (infix operator: (operator) @name) match: (match) @body) @definition.function)
(ERROR (bind name: (variable) @name match: (match) @body) @definition.function)
(ERROR (bind name: (variable) @name match: (match expression: (literal))) @definition.constant)
(class_declarations (signature name: [(variable) @name (prefix_id (operator) @name)]) @definition.method)
(class_declarations (function name: (variable) @name match: (match) @body) @definition.method)
(class_declarations (bind name: (variable) @name match: (match) @body) @definition.method)
(class_declarations (function (infix operator: (operator) @name) match: (match) @body) @definition.method)
(instance_declarations (function name: (variable) @name match: (match) @body) @definition.method)
(instance_declarations (function (infix operator: (operator) @name) match: (match) @body) @definition.method)
(instance_declarations (bind name: (variable) @name match: (match) @body) @definition.method)
(pattern_synonym (equation synonym: (constructor) @name)) @definition.function
(pattern_synonym (signature synonym: (constructor) @name)) @definition.function

; Hspec's and Tasty's tests.
((infix
    left_operand: (apply function: (variable) @_test argument: (literal (string) @name))
    operator: (operator) @_apply
    right_operand: (_) @body) @definition.test
  (#eq? @_apply "$")
  (#any-of? @_test "describe" "context" "it" "specify" "prop" "testGroup" "testCase" "testProperty"))

(apply function: (variable) @reference (#match? @reference "^.."))
(apply argument: (variable) @reference (#match? @reference "^.."))
(infix left_operand: (variable) @reference (#match? @reference "^.."))
(infix right_operand: (variable) @reference (#match? @reference "^.."))
(match expression: (variable) @reference (#match? @reference "^.."))
(exp (variable) @reference (#match? @reference "^.."))
(qualified id: (variable) @reference)
(infix operator: (operator) @reference (#match? @reference "^..."))
(constructor) @reference
(name) @reference

(import module: (module) @import)
