; Variables and parameters
(assignment left: (identifier) @bind !type right: (_) @value)
(assignment left: (identifier) @bind type: (type) @type)
(typed_parameter . (identifier) @bind type: (type) @type)
(typed_default_parameter name: (identifier) @bind type: (type) @type)
(default_parameter name: (identifier) @bind value: (call) @value)
(for_statement left: (identifier) @bind right: (_) @element)
(for_in_clause left: (identifier) @bind right: (_) @element)
(for_statement left: (pattern_list (identifier) @bind) @pattern right: (_) @element)
(for_statement left: (tuple_pattern (identifier) @bind) @pattern right: (_) @element)
(for_in_clause left: (pattern_list (identifier) @bind) @pattern right: (_) @element)
(for_in_clause left: (tuple_pattern (identifier) @bind) @pattern right: (_) @element)
(assignment left: (pattern_list (identifier) @bind) @pattern right: (_) @value)
(assignment left: (tuple_pattern (identifier) @bind) @pattern right: (_) @value)
(as_pattern (_) @value alias: (as_pattern_target (identifier) @bind))
(except_clause value: (as_pattern (identifier) @type alias: (as_pattern_target (identifier) @bind)))
(except_clause value: (as_pattern (tuple) @type alias: (as_pattern_target (identifier) @bind)))
(class_definition name: (identifier) @class
  superclasses: (argument_list (keyword_argument name: (identifier) @_meta) @super) (#eq? @_meta "metaclass"))
(named_expression name: (identifier) @bind value: (_) @value)

; What pytest gives tests and fixtures by the names of their parameters
((function_definition name: (identifier) @_name parameters: (parameters (identifier) @bind) @fixtures)
  (#match? @_name "^test"))
((decorated_definition (decorator (identifier) @_decorator)
    definition: (function_definition parameters: (parameters (identifier) @bind) @fixtures))
  (#match? @_decorator "fixture$"))
((decorated_definition (decorator (attribute attribute: (identifier) @_decorator))
    definition: (function_definition parameters: (parameters (identifier) @bind) @fixtures))
  (#match? @_decorator "fixture$"))
((decorated_definition (decorator (call function: (identifier) @_decorator))
    definition: (function_definition parameters: (parameters (identifier) @bind) @fixtures))
  (#match? @_decorator "fixture$"))
((decorated_definition (decorator (call function: (attribute attribute: (identifier) @_decorator)))
    definition: (function_definition parameters: (parameters (identifier) @bind) @fixtures))
  (#match? @_decorator "fixture$"))
((decorated_definition
    (decorator (call function: (attribute attribute: (identifier) @_decorator) arguments: (argument_list . (_) @parametrized)))
    definition: (function_definition parameters: (parameters) @fixtures))
  (#eq? @_decorator "parametrize"))
((call function: (attribute attribute: (identifier) @_taking) arguments: (argument_list (string (string_content) @fixture)))
  (#any-of? @_taking "usefixtures" "getfixturevalue"))
(yield (_) @given)

; What conditions say of variables
(if_statement condition: (call function: (identifier) @_test arguments: (argument_list . (identifier) @narrowed . (_) @type .))
  consequence: (block) @within (#eq? @_test "isinstance"))
(elif_clause condition: (call function: (identifier) @_test arguments: (argument_list . (identifier) @narrowed . (_) @type .))
  consequence: (block) @within (#eq? @_test "isinstance"))
(if_statement condition: (boolean_operator
    left: (call function: (identifier) @_test arguments: (argument_list . (identifier) @narrowed . (_) @type .))
    operator: "and")
  consequence: (block) @within (#eq? @_test "isinstance"))
(boolean_operator
  left: (call function: (identifier) @_test arguments: (argument_list . (identifier) @narrowed . (_) @type .))
  operator: "and" right: (_) @within (#eq? @_test "isinstance"))
(if_statement condition: (not_operator argument:
    (call function: (identifier) @_test arguments: (argument_list . (identifier) @narrowed . (_) @type .)))
  consequence: (block [(return_statement) (raise_statement) (continue_statement) (break_statement)] .)
  !alternative (#eq? @_test "isinstance")) @after
(assert_statement
  (call function: (identifier) @_test arguments: (argument_list . (identifier) @narrowed . (_) @type .))
  (#eq? @_test "isinstance")) @after

; Fields
(assignment left: (attribute object: (identifier) @_self attribute: (identifier) @self.field) !type right: (_) @value
  (#any-of? @_self "self" "cls"))
(assignment left: (attribute object: (identifier) @_self attribute: (identifier) @self.field) type: (type) @type
  (#any-of? @_self "self" "cls"))
(augmented_assignment left: (attribute object: (identifier) @_self attribute: (identifier) @self.field)
  (#any-of? @_self "self" "cls"))

; Functions
(function_definition name: (identifier) @function return_type: (type) @result)
(return_statement (_) @returned)
(yield) @yielded
(decorated_definition (decorator (identifier) @_decorator) definition: (function_definition name: (identifier) @function)
  (#any-of? @_decorator "property" "cached_property")) @property
(decorated_definition (decorator (attribute attribute: (identifier) @_decorator))
  definition: (function_definition name: (identifier) @function)
  (#any-of? @_decorator "cached_property" "setter" "abstractproperty")) @property
(decorated_definition (decorator (identifier) @_decorator) definition: (function_definition name: (identifier) @function)
  (#any-of? @_decorator "staticmethod" "classmethod")) @static
(decorated_definition (decorator (call) @decorated) definition: (function_definition name: (identifier) @function))
((decorated_definition
    (decorator (call arguments: (argument_list (keyword_argument name: (identifier) @_name value: (_) @named))) @decorator)
    definition: (function_definition name: (identifier) @function))
  (#eq? @_name "name"))
(decorated_definition (decorator (attribute) @decorated) definition: (function_definition name: (identifier) @function))
(decorated_definition (decorator (identifier) @decorated) definition: (function_definition name: (identifier) @function)
  (#not-match? @decorated "^(property|cached_property|staticmethod|classmethod|overload|abstractmethod|override)$"))

; Classes
(class_definition name: (identifier) @class superclasses: (argument_list (identifier) @super))
(class_definition name: (identifier) @class superclasses: (argument_list (attribute) @super))
(class_definition name: (identifier) @class superclasses: (argument_list (subscript) @super))

; Imports
(import_statement name: (dotted_name) @module)
(import_statement name: (aliased_import name: (dotted_name) @module alias: (identifier) @alias))
(import_from_statement module_name: (_) @module name: (dotted_name) @import.name)
(import_from_statement module_name: (_) @module
  name: (aliased_import name: (dotted_name) @import.name alias: (identifier) @alias))
(import_from_statement module_name: (_) @module (wildcard_import) @all)

; Arguments of what may be a class whose constructor is made from its fields
((call function: (identifier) @_class @of arguments: (argument_list (keyword_argument name: (identifier) @key)))
  (#match? @_class "^_*[A-Z][A-Za-z0-9]*[a-z]"))
((call function: (attribute attribute: (identifier) @_class) @of arguments: (argument_list (keyword_argument name: (identifier) @key)))
  (#match? @_class "^_*[A-Z][A-Za-z0-9]*[a-z]"))
