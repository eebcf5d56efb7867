; Definitions
(function_definition name: (identifier) @name) @definition.function
(class_definition name: (identifier) @name) @definition.class
(module (assignment left: (identifier) @name) @definition.variable)
(module (assignment left: (identifier) @name right: (lambda)) @definition.function)
(type_alias_statement left: (type (identifier) @name)) @definition.type

; Signatures that are defined elsewhere: overloads, protocols' methods, .pyi files
(decorated_definition
  (decorator [
    (identifier) @_decorator
    (attribute attribute: (identifier) @_decorator)
  ])
  definition: (function_definition name: (identifier) @name) @definition.function @stub
  (#eq? @_decorator "overload"))
(function_definition name: (identifier) @name
  body: (block . (ellipsis) .)) @definition.function @stub
(function_definition name: (identifier) @name
  body: (block . (string) . (ellipsis) .)) @definition.function @stub
(decorated_definition
  (decorator [
    (identifier) @_decorator
    (attribute attribute: (identifier) @_decorator)
  ])
  definition: (function_definition name: (identifier) @name
    body: (block (string)? . [(pass_statement) (raise_statement)] .)) @definition.function @stub
  (#any-of? @_decorator "abstractmethod" "abstractproperty"))

; Docstrings
(module . (comment)* . (string) @doc)
(block . (string) @doc)

; References
(call function: (identifier) @reference)
(call function: (attribute attribute: (identifier) @reference))
(class_definition superclasses: (argument_list (identifier) @reference))
(class_definition superclasses: (argument_list (attribute attribute: (identifier) @reference)))
(decorator (identifier) @reference)
(decorator (attribute attribute: (identifier) @reference))
(type (identifier) @reference)
(type (attribute attribute: (identifier) @reference))
(generic_type (identifier) @reference)
(raise_statement (identifier) @reference)
(except_clause value: (identifier) @reference)
(except_clause value: (attribute attribute: (identifier) @reference))
(except_clause value: (tuple (identifier) @reference))

; Imports
(import_statement name: (dotted_name) @import)
(import_statement name: (aliased_import name: (dotted_name) @import))
(import_from_statement module_name: (_) @import)
