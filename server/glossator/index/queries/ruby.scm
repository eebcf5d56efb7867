; Ruby: classes, modules, methods, constants; the methods that DSLs define; RSpec, Minitest and Rake blocks.

(module name: (constant) @name) @definition.module
(module name: (scope_resolution scope: (_) @scope name: (constant) @name)) @definition.module
(class name: (constant) @name) @definition.class
(class name: (scope_resolution scope: (_) @scope name: (constant) @name)) @definition.class

(method name: (_) @name) @definition.method
(singleton_method name: (_) @name) @definition.method
(program (method name: (_) @name) @definition.function)

; Constants, and constants that hold a class.
(program (assignment left: (constant) @name) @definition.constant)
(body_statement (assignment left: (constant) @name) @definition.constant)
((assignment
    left: (constant) @name
    right: (call receiver: (constant) @_base method: (identifier) @_new block: (_) @body)) @definition.class
  (#any-of? @_base "Struct" "Class" "Data" "Module")
  (#any-of? @_new "new" "define"))

; Attributes and macros that define methods.
((body_statement
    (call
      method: (identifier) @_macro
      arguments: (argument_list . (simple_symbol) @name)) @definition.property)
  (#any-of? @_macro "attr_reader" "attr_writer" "attr_accessor" "cattr_accessor" "mattr_accessor" "class_attribute"))
(class body: (body_statement (alias name: [(identifier) (constant) (setter) (simple_symbol)] @name) @definition.method))
(module body: (body_statement (alias name: [(identifier) (constant) (setter) (simple_symbol)] @name) @definition.method))
((class body: (body_statement
    (call !receiver method: (identifier) @_macro arguments: (argument_list . [(simple_symbol) (string)] @name))
    @definition.method))
  (#eq? @_macro "alias_method"))
((module body: (body_statement
    (call !receiver method: (identifier) @_macro arguments: (argument_list . [(simple_symbol) (string)] @name))
    @definition.method))
  (#eq? @_macro "alias_method"))
((call
    method: (identifier) @_macro
    arguments: (argument_list . [(simple_symbol) (string (string_content))] @name)
    block: (_) @body) @definition.method
  (#any-of? @_macro "define_method" "define_singleton_method"))
((body_statement
    (call
      method: (identifier) @_macro
      arguments: (argument_list . (simple_symbol) @name . (lambda))) @definition.method)
  (#any-of? @_macro "scope" "default_scope"))

; Tests and tasks.
((call
    method: (identifier) @_macro
    arguments: (argument_list
      . [(string (string_content) @name) (constant) @name (scope_resolution) @name (simple_symbol) @name])
    block: (_) @body) @definition.test
  (#any-of? @_macro
    "describe" "context" "feature" "scenario" "it" "specify" "example" "test" "should"
    "shared_examples" "shared_examples_for" "shared_context"))
((call
    !receiver
    method: (identifier) @_macro
    arguments: (argument_list
      . [(simple_symbol) @name (string (string_content) @name) (pair key: (hash_key_symbol) @name)])
    block: (_) @body) @definition.function
  (#any-of? @_macro "task" "file" "multitask"))
((call
    !receiver
    method: (identifier) @_macro
    arguments: (argument_list . (simple_symbol) @name)
    block: (_) @body) @definition.namespace
  (#eq? @_macro "namespace"))

((call method: (identifier) @reference))
(call receiver: (constant) @reference)
(scope_resolution name: (constant) @reference)
(superclass (constant) @reference)
(argument_list (constant) @reference)
(exceptions (constant) @reference)
(array (constant) @reference)
(body_statement (identifier) @reference)

((call
    !receiver
    method: (identifier) @_macro
    arguments: (argument_list . (string (string_content) @import)))
  (#any-of? @_macro "require" "require_relative" "load"))
((call
    method: (identifier) @_macro
    arguments: (argument_list . (_) . (string (string_content) @import)))
  (#eq? @_macro "autoload"))
