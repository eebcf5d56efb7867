; What JavaScript and TypeScript share.

; Definitions
(function_declaration name: (identifier) @name) @definition.function
(generator_function_declaration name: (identifier) @name) @definition.function
(class_declaration name: (_) @name) @definition.class
(method_definition name: (_) @name) @definition.method
(program (lexical_declaration (variable_declarator name: (identifier) @name)) @definition.constant)
(program (lexical_declaration "let" (variable_declarator name: (identifier) @name)) @definition.variable)
(program (variable_declaration (variable_declarator name: (identifier) @name)) @definition.variable)
(program (export_statement declaration: (lexical_declaration (variable_declarator name: (identifier) @name)) @definition.constant))
(program (export_statement declaration: (lexical_declaration "let" (variable_declarator name: (identifier) @name)) @definition.variable))
(program (export_statement declaration: (variable_declaration (variable_declarator name: (identifier) @name)) @definition.variable))
(export_statement "default" @name value: (object) @body) @definition.object
(export_statement "default" @name value: [
  (function_expression body: (_) @body)
  (arrow_function body: (_) @body)
]) @definition.function
(export_statement "default" @name value: (class body: (_) @body)) @definition.class

; Functions that are values with a name
(lexical_declaration (variable_declarator name: (identifier) @name value: [
  (arrow_function body: (_) @body)
  (function_expression body: (_) @body)
  (generator_function body: (_) @body)
])) @definition.function
(variable_declaration (variable_declarator name: (identifier) @name value: [
  (arrow_function body: (_) @body)
  (function_expression body: (_) @body)
])) @definition.function
(lexical_declaration (variable_declarator name: (identifier) @name value: (class body: (_) @body))) @definition.class
((lexical_declaration (variable_declarator name: (identifier) @name value: (call_expression
    function: [(identifier) @_wrapped (member_expression property: (property_identifier) @_wrapped)]
    arguments: (arguments . [
      (arrow_function body: (_) @body)
      (function_expression body: (_) @body)
    ])))) @definition.function
  (#any-of? @_wrapped "memo" "forwardRef" "observer" "debounce" "throttle" "useCallback" "lazy" "defineComponent" "asyncHandler"))
(pair key: [(property_identifier) (string)] @name value: [
  (arrow_function body: (_) @body)
  (function_expression body: (_) @body)
]) @definition.method
(assignment_expression left: (identifier) @name right: [
  (arrow_function body: (_) @body)
  (function_expression body: (_) @body)
]) @definition.function
(assignment_expression left: (member_expression object: (_) @scope property: (property_identifier) @name) right: [
  (arrow_function body: (_) @body)
  (function_expression body: (_) @body)
]) @definition.function
((assignment_expression left: (member_expression
    object: (member_expression property: (property_identifier) @_prototype) @scope
    property: (property_identifier) @name)
  right: (function_expression body: (_) @body)) @definition.method
  (#eq? @_prototype "prototype"))
(assignment_expression left: (member_expression object: (_) @scope property: (property_identifier) @name)
  right: (class body: (_) @body)) @definition.class
((assignment_expression left: (member_expression) @name right: (object) @body) @definition.object
  (#eq? @name "module.exports"))

; Tests
((call_expression
  function: [(identifier) @_call (member_expression object: (identifier) @_call) (call_expression function: (member_expression object: (identifier) @_call))]
  arguments: (arguments . [(string) (template_string)] @name [
    (arrow_function body: (_) @body)
    (function_expression body: (_) @body)
  ])) @definition.test
  (#any-of? @_call "describe" "context" "suite" "it" "test" "specify" "bench" "fdescribe" "xdescribe" "fit" "xit"))

; References
(call_expression function: (identifier) @reference)
(call_expression function: (member_expression property: (_) @reference))
(new_expression constructor: (identifier) @reference)
(new_expression constructor: (member_expression property: (_) @reference))
(decorator (identifier) @reference)

; Imports
(import_statement source: (string) @import)
(export_statement source: (string) @import)
(call_expression function: (import) arguments: (arguments . (string) @import))
((call_expression function: (identifier) @_require arguments: (arguments . (string) @import))
  (#eq? @_require "require"))
