; OCaml interfaces: the values, types and modules that a module shows.

(value_specification [(value_name) @name (parenthesized_operator (_) @name)]) @definition.constant
(value_specification
  [(value_name) @name (parenthesized_operator (_) @name)]
  type: [(function_type) (polymorphic_type)]) @definition.function
(external [(value_name) @name (parenthesized_operator (_) @name)]) @definition.function

(type_binding name: (_) @name) @definition.type
(exception_definition (constructor_declaration (constructor_name) @name)) @definition.type
(module_definition (module_binding (module_name) @name) @definition.module)
(module_type_definition (module_type_name) @name) @definition.interface
(class_binding (class_name) @name) @definition.class
(class_type_binding (class_type_name) @name) @definition.interface
(method_specification (method_name) @name) @definition.method

(module_path (module_name) @reference)
(extended_module_path (module_name) @reference)
(module_type_path (module_type_name) @reference)
(type_constructor_path (type_constructor) @reference)

(open_module module: (module_path) @import)
(include_module_type (module_type_of (module_path) @import))
(include_module_type module_type: (module_type_path (extended_module_path) @import))
