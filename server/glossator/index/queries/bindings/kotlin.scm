; Variables and parameters
(parameter . (simple_identifier) @bind (_) @type)
(property_declaration (variable_declaration . (simple_identifier) @bind (_) @type .))
(property_declaration (variable_declaration . (simple_identifier) @bind .) (_) @value
  (#kind-of? @value call_expression navigation_expression simple_identifier as_expression elvis_expression
    indexing_expression string_literal integer_literal postfix_expression))
(for_statement (variable_declaration . (simple_identifier) @bind .) . (_) @element)
(lambda_parameters (variable_declaration . (simple_identifier) @bind (_) @type .))
(catch_block . (simple_identifier) @bind . (user_type) @type)
(class_parameter (binding_pattern_kind) (simple_identifier) @bind . (_) @type)
(enum_entry . (simple_identifier) @bind)

; Functions
(function_declaration (simple_identifier) @function (function_value_parameters) . (user_type) @result)
(function_declaration (simple_identifier) @function (function_value_parameters) . (nullable_type) @result)
(function_declaration (function_body . "=" . (_) @returned))

; Supertypes
(class_declaration (type_identifier) @class (delegation_specifier (user_type) @super))
(class_declaration (type_identifier) @class (delegation_specifier (constructor_invocation (user_type) @super)))
(class_declaration (type_identifier) @class (delegation_specifier (explicit_delegation . (user_type) @super)))
(object_declaration (type_identifier) @class (delegation_specifier (user_type) @super))
(object_declaration (type_identifier) @class (delegation_specifier (constructor_invocation (user_type) @super)))

; Imports
(package_header (identifier) @package)
(import_header (identifier) @module .)
(import_header (identifier) @module (wildcard_import) @all)
(import_header (identifier) @module (import_alias (type_identifier) @alias))

; Numbers of arguments, which tell overloads apart
(function_declaration (simple_identifier) @function . (function_value_parameters) @parameters)

; Parameters of types
(class_declaration (type_identifier) @class (type_parameters) @generics)
(function_declaration (type_parameters) @generics (simple_identifier) @function)

; Parameters of functions without names that get the elements of what they are handed to
((call_expression
    (navigation_expression . (_) @element (navigation_suffix (simple_identifier) @_function))
    (call_suffix (annotated_lambda
      (lambda_literal (lambda_parameters . (variable_declaration . (simple_identifier) @bind .) .)))))
  (#any-of? @_function "all" "any" "associateBy" "associateWith" "count" "distinctBy" "dropWhile" "filter" "filterNot"
    "find" "first" "firstOrNull" "flatMap" "forEach" "groupBy" "last" "lastOrNull" "map" "mapNotNull" "maxByOrNull"
    "minByOrNull" "none" "onEach" "partition" "removeAll" "removeIf" "single" "singleOrNull" "sortedBy" "sumOf"
    "takeWhile"))
