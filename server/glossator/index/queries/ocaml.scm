; OCaml: values and functions of modules (not those of `let ... in`), types, exceptions, modules, functors, classes.

(compilation_unit (value_definition (let_binding pattern: [(value_name) @name (parenthesized_operator (_) @name)]) @definition.constant))
(structure (value_definition (let_binding pattern: [(value_name) @name (parenthesized_operator (_) @name)]) @definition.constant))
(compilation_unit
  (value_definition
    (let_binding pattern: [(value_name) @name (parenthesized_operator (_) @name)] . (parameter)) @definition.function))
(structure
  (value_definition
    (let_binding pattern: [(value_name) @name (parenthesized_operator (_) @name)] . (parameter)) @definition.function))
(compilation_unit
  (value_definition
    (let_binding
      pattern: [(value_name) @name (parenthesized_operator (_) @name)]
      body: [(function_expression) (fun_expression)]) @definition.function))
(structure
  (value_definition
    (let_binding
      pattern: [(value_name) @name (parenthesized_operator (_) @name)]
      body: [(function_expression) (fun_expression)]) @definition.function))
(external [(value_name) @name (parenthesized_operator (_) @name)]) @definition.function
(value_specification [(value_name) @name (parenthesized_operator (_) @name)]) @definition.constant
(value_specification
  [(value_name) @name (parenthesized_operator (_) @name)]
  type: [(function_type) (polymorphic_type)]) @definition.function

(type_binding name: (_) @name) @definition.type
(exception_definition (constructor_declaration (constructor_name) @name)) @definition.type
(module_definition (module_binding (module_name) @name) @definition.module)
(module_type_definition (module_type_name) @name) @definition.interface
(class_binding (class_name) @name) @definition.class
(class_type_binding (class_type_name) @name) @definition.interface
(method_definition (method_name) @name) @definition.method
(method_specification (method_name) @name) @definition.method

(application_expression function: (value_path (value_name) @reference))
(application_expression argument: (value_path (value_name) @reference) (#match? @reference "^..."))
(infix_expression left: (value_path (value_name) @reference) (#match? @reference "^..."))
(infix_expression right: (value_path (value_name) @reference) (#match? @reference "^..."))
(value_path (module_path) (value_name) @reference)
(constructor_path (constructor_name) @reference)
(module_path (module_name) @reference)
(extended_module_path (module_name) @reference)
(module_type_path (module_type_name) @reference)
(type_constructor_path (type_constructor) @reference)
(method_invocation method: (method_name) @reference)
(new_expression (class_path (class_name) @reference))
(inheritance_definition (class_path (class_name) @reference))
(infix_expression operator: (_) @reference (#match? @reference "^..[^=]?"))

(open_module module: (module_path) @import)
(include_module module: (module_path) @import)
