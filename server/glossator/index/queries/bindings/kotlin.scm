; Variables and parameters
(function_value_parameters (parameter . (simple_identifier) @bind (_) @type .))
(property_declaration (variable_declaration . (simple_identifier) @bind (_) @type .))
(property_declaration (variable_declaration . (simple_identifier) @bind .) (_) @value
  (#kind-of? @value call_expression navigation_expression simple_identifier as_expression elvis_expression
    indexing_expression string_literal integer_literal postfix_expression))
(for_statement (variable_declaration . (simple_identifier) @bind .) . (_) @element)
(lambda_parameters (variable_declaration . (simple_identifier) @bind (_) @type .))
(catch_block . (simple_identifier) @bind . (user_type) @type)
(class_parameter (binding_pattern_kind) (simple_identifier) @bind
  [(function_type) (nullable_type) (parenthesized_type) (user_type)] @type)
(enum_entry . (simple_identifier) @bind)

; Functions
(function_declaration (simple_identifier) @function (function_value_parameters) .
  [(function_type) (nullable_type) (parenthesized_type) (user_type)] @result)
(function_declaration (function_body . "=" . (_) @returned))

; Names for types
(type_alias . "typealias" (type_identifier) @bind (_) @type .)
(type_alias (modifiers) @_modifiers (type_identifier) @bind (_) @type . (#not-match? @_modifiers "actual"))

; Supertypes
(class_declaration (type_identifier) @class (delegation_specifier (user_type) @super))
(class_declaration (type_identifier) @class (delegation_specifier (constructor_invocation (user_type) @super)))
(class_declaration (type_identifier) @class (delegation_specifier (explicit_delegation . (user_type) @super)))
(object_declaration (type_identifier) @class (delegation_specifier (user_type) @super))
(object_declaration (type_identifier) @class (delegation_specifier (constructor_invocation (user_type) @super)))

; Imports
(package_header (identifier) @package)
(import_header (identifier) @module .)
(import_header (identifier) @module . [(line_comment) (multiline_comment)])
(import_header (identifier) @module (wildcard_import) @all)
(import_header (identifier) @module (import_alias (type_identifier) @alias))

; Numbers of arguments, which tell overloads apart
(function_declaration (simple_identifier) @function . (function_value_parameters) @parameters)
(secondary_constructor "constructor" @function (function_value_parameters) @parameters)
(class_declaration (type_identifier) @class (primary_constructor) @parameters)

((class_declaration (modifiers [(class_modifier) (inheritance_modifier)] @abstract) (type_identifier) @class)
  (#any-of? @abstract "abstract" "sealed"))

; Parameters of types
(class_declaration (type_identifier) @class (type_parameters) @generics)
(function_declaration (type_parameters) @generics (simple_identifier) @function)

; Members of companion objects, which override nothing
(companion_object (class_body (function_declaration (simple_identifier) @function))) @static
(companion_object (class_body (property_declaration (variable_declaration (simple_identifier) @function)))) @static

; What other files do not see
(property_declaration (modifiers (visibility_modifier "private")) (variable_declaration (simple_identifier) @private))
(function_declaration (modifiers (visibility_modifier "private")) (simple_identifier) @private)
(class_parameter (modifiers (visibility_modifier "private")) (simple_identifier) @private)
(class_declaration (modifiers (visibility_modifier "private")) (type_identifier) @private)
(object_declaration (modifiers (visibility_modifier "private")) (type_identifier) @private)
(type_alias (modifiers (visibility_modifier "private")) (type_identifier) @private)
