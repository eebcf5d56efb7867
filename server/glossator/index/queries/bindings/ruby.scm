; Variables
(assignment left: (identifier) @bind right: (_) @value)

; What RSpec and Minitest give names in a group of examples
((call !receiver method: (identifier) @_let arguments: (argument_list . (simple_symbol) @bind)
    block: (block body: (block_body (_) @value .)))
  (#any-of? @_let "let" "let!" "let_it_be" "given" "given!" "subject" "subject!"))
((call !receiver method: (identifier) @_let arguments: (argument_list . (simple_symbol) @bind)
    block: (do_block body: (body_statement (_) @value .)))
  (#any-of? @_let "let" "let!" "let_it_be" "given" "given!" "subject" "subject!"))
((call !receiver method: (identifier) @bind block: (block body: (block_body (_) @value .))) (#eq? @bind "subject"))
((call !receiver method: (identifier) @bind block: (do_block body: (body_statement (_) @value .))) (#eq? @bind "subject"))
((call method: (identifier) @_group arguments: (argument_list . [(constant) (scope_resolution)] @described) block: (_) @examples)
  (#any-of? @_group "describe" "context" "feature" "fdescribe" "xdescribe"))

; Fields
(assignment left: (instance_variable) @self.field right: (_) @value)
(operator_assignment left: (instance_variable) @self.field right: (_) @value)
((call !receiver method: (identifier) @_attribute arguments: (argument_list (simple_symbol) @attribute))
  (#any-of? @_attribute "attr_reader" "attr_writer" "attr_accessor"))

; Methods
(singleton_method name: (identifier) @function) @static
(return (argument_list . (_) @returned .))
(method body: (body_statement (_) @returned .))
(singleton_method body: (body_statement (_) @returned .))

; Supertypes
(class name: (constant) @class superclass: (superclass (_) @super))
(class name: (scope_resolution name: (constant) @class) superclass: (superclass (_) @super))
((class name: (constant) @class body: (body_statement (call !receiver method: (identifier) @_mixin arguments: (argument_list (_) @super))))
  (#any-of? @_mixin "include" "prepend" "extend"))
((module name: (constant) @class body: (body_statement (call !receiver method: (identifier) @_mixin arguments: (argument_list (_) @super))))
  (#any-of? @_mixin "include" "prepend" "extend"))
