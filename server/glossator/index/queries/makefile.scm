; Make: targets with a recipe or with what they need, variables, multi-line definitions.

(rule (targets . (word) @name) normal: (prerequisites)) @definition.function
(rule (targets . (word) @name) (recipe) @body) @definition.function
(rule (targets . (word) @_special (#match? @_special "^[.][A-Z]"))) @ignore
(variable_assignment name: (word) @name) @definition.variable
(define_directive name: (word) @name) @definition.macro

(prerequisites (word) @reference)
(variable_reference (word) @reference)
((function_call function: _ @_call (arguments . argument: (text) @reference)) (#eq? @_call "call"))

(include_directive filenames: (list) @import)
