; Variables
(assignment left: (identifier) @bind right: (_) @value)

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
