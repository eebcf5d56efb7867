; What JavaScript and TypeScript share.

; Variables and parameters
(lexical_declaration (variable_declarator name: (identifier) @bind value: (_) @value)
  (#kind-of? @value array await_expression binary_expression call_expression false identifier member_expression
    new_expression number parenthesized_expression regex string subscript_expression template_string
    ternary_expression this true))
(variable_declaration (variable_declarator name: (identifier) @bind value: (_) @value)
  (#kind-of? @value array await_expression binary_expression call_expression identifier member_expression
    new_expression number parenthesized_expression string subscript_expression template_string
    ternary_expression this)) @hoisted
(assignment_expression left: (identifier) @assigned right: (_) @value
  (#kind-of? @value await_expression call_expression identifier member_expression new_expression this))
(assignment_pattern left: (identifier) @bind right: (new_expression) @value)
(for_in_statement left: (identifier) @bind "of" right: (_) @element)

; Destructured objects
(variable_declarator name: (object_pattern (shorthand_property_identifier_pattern) @bind @picked) value: (_) @value)
(variable_declarator
  name: (object_pattern (object_assignment_pattern left: (shorthand_property_identifier_pattern) @bind @picked))
  value: (_) @value)
(variable_declarator
  name: (object_pattern (pair_pattern key: (property_identifier) @picked value: (identifier) @bind))
  value: (_) @value)

; Members of objects with a name
(program (lexical_declaration (variable_declarator value: (object (pair key: (property_identifier) @bind) @member))))
(program (variable_declaration (variable_declarator value: (object (pair key: (property_identifier) @bind) @member))))
(program (export_statement (lexical_declaration
  (variable_declarator value: (object (pair key: (property_identifier) @bind) @member)))))
(export_statement "default" value: (object (pair key: (property_identifier) @bind) @member))
(program (_ (variable_declarator value: (object (pair key: (property_identifier) @bind value: (_) @value) @member)))
  (#kind-of? @value array call_expression identifier member_expression new_expression number string))
(program (export_statement (_ (variable_declarator value: (object (pair key: (property_identifier) @bind value: (_) @value) @member))))
  (#kind-of? @value array call_expression identifier member_expression new_expression number string))

; Fields
(assignment_expression
  left: (member_expression object: (this) property: [(property_identifier) (private_property_identifier)] @self.field)
  right: (_) @value
  (#kind-of? @value array await_expression binary_expression call_expression identifier member_expression
    new_expression number parenthesized_expression string subscript_expression template_string
    ternary_expression this))
(assignment_expression
  left: (member_expression object: (this) property: [(property_identifier) (private_property_identifier)] @self.field)
  right: [(arrow_function) (false) (function_expression) (null) (object) (true) (undefined)])

; Functions
(method_definition "static" name: (_) @function) @static
(method_definition ["get" "set"] name: (_) @function) @property
(return_statement (_) @returned
  (#kind-of? @returned await_expression binary_expression call_expression identifier member_expression
    new_expression number parenthesized_expression string subscript_expression template_string
    ternary_expression this))
(return_statement (_) @yielded
  (#kind-of? @yielded array arrow_function class function_expression object))
(arrow_function body: (_) @returned
  (#kind-of? @returned await_expression call_expression identifier member_expression new_expression
    subscript_expression))
(yield_expression) @yielded

; Supertypes of functions that are classes
((call_expression
    function: [(identifier) (member_expression)] @_inherits
    arguments: (arguments . (identifier) @subclass . [(identifier) (member_expression)] @super))
  (#any-of? @_inherits "inherits" "util.inherits"))
((assignment_expression
    left: (member_expression object: (identifier) @subclass property: (property_identifier) @_prototype)
    right: (call_expression
      function: (member_expression) @_create
      arguments: (arguments . (member_expression object: (_) @super property: (property_identifier) @_prototype))))
  (#eq? @_prototype "prototype") (#eq? @_create "Object.create"))

; Imports
(import_statement (import_clause (identifier) @alias @default) source: (string) @module)
(import_statement (import_clause (namespace_import (identifier) @alias)) source: (string) @module)
(import_statement
  (import_clause (named_imports (import_specifier name: (_) @import.name !alias)))
  source: (string) @module)
(import_statement
  (import_clause (named_imports (import_specifier name: (_) @import.name alias: (identifier) @alias)))
  source: (string) @module)
(import_statement . source: (string) @module)
(export_statement (export_clause (export_specifier name: (_) @import.name !alias)) source: (string) @module) @exported
(export_statement
  (export_clause (export_specifier name: (_) @import.name alias: (_) @alias))
  source: (string) @module) @exported
(export_statement "*" @all source: (string) @module) @exported
(export_statement (namespace_export (_) @alias) source: (string) @module) @exported
((variable_declarator
    name: (identifier) @alias
    value: (call_expression function: (identifier) @_require arguments: (arguments . (string) @module)))
  (#eq? @_require "require"))
((variable_declarator
    name: (object_pattern (shorthand_property_identifier_pattern) @import.name)
    value: (call_expression function: (identifier) @_require arguments: (arguments . (string) @module)))
  (#eq? @_require "require"))
((variable_declarator
    name: (object_pattern (pair_pattern key: (property_identifier) @import.name value: (identifier) @alias))
    value: (call_expression function: (identifier) @_require arguments: (arguments . (string) @module)))
  (#eq? @_require "require"))
((variable_declarator
    name: (identifier) @alias
    value: (member_expression
      object: (call_expression function: (identifier) @_require arguments: (arguments . (string) @module))
      property: (property_identifier) @import.name))
  (#eq? @_require "require"))
(variable_declarator
  name: (identifier) @alias
  value: (await_expression (call_expression function: (import) arguments: (arguments . (string) @module))))
(variable_declarator
  name: (object_pattern (shorthand_property_identifier_pattern) @import.name)
  value: (await_expression (call_expression function: (import) arguments: (arguments . (string) @module))))
(variable_declarator
  name: (object_pattern (pair_pattern key: (property_identifier) @import.name value: (identifier) @alias))
  value: (await_expression (call_expression function: (import) arguments: (arguments . (string) @module))))
((assignment_expression
    left: (member_expression object: (_) @_exports property: (property_identifier) @alias)
    right: (call_expression function: (identifier) @_require arguments: (arguments . (string) @module))) @exported
  (#eq? @_require "require") (#any-of? @_exports "exports" "module" "module.exports"))
((assignment_expression
    left: (member_expression object: (_) @_exports property: (property_identifier) @alias)
    right: (member_expression
      object: (call_expression function: (identifier) @_require arguments: (arguments . (string) @module))
      property: (property_identifier) @import.name)) @exported
  (#eq? @_require "require") (#any-of? @_exports "exports" "module" "module.exports"))

; Members of objects that are the file's own names
(program (_ (variable_declarator value: (object (shorthand_property_identifier) @passed)))) @inside
(program (export_statement (_ (variable_declarator value: (object (shorthand_property_identifier) @passed))))) @inside
(export_statement "default" value: (object (shorthand_property_identifier) @passed)) @inside

; What the file exports of its own
(export_statement declaration: (_ name: (_) @visible))
(export_statement declaration: (_ (variable_declarator name: (identifier) @visible)))
(export_statement !source (export_clause (export_specifier name: (_) @passed !alias)))
(export_statement !source (export_clause (export_specifier name: (_) @passed alias: (_) @alias)))
(export_statement "default" @alias value: (identifier) @passed)
(export_statement "default" @alias declaration: (_ name: (_) @passed))
(export_statement "default" @bind value: [(call_expression) (new_expression) (member_expression)] @value)
((export_statement "default" @alias value: (call_expression
    function: [(identifier) @_wrapped (member_expression property: (property_identifier) @_wrapped)]
    arguments: (arguments . (identifier) @passed .)))
  (#any-of? @_wrapped "forwardRef" "hot" "inject" "memo" "observer" "withRouter"))
(export_statement "default" @alias value: (call_expression
  function: (call_expression) arguments: (arguments . (identifier) @passed .)))
((assignment_expression
    left: (member_expression object: (_) @_exports property: (property_identifier) @alias)
    right: (identifier) @passed)
  (#any-of? @_exports "exports" "module" "module.exports"))
((assignment_expression
    left: (member_expression object: (_) @_exports property: (property_identifier) @bind)
    right: (_) @value)
  (#any-of? @_exports "exports" "module" "module.exports")
  (#kind-of? @value call_expression new_expression member_expression string number array))
((assignment_expression
    left: (member_expression object: (_) @_exports property: (property_identifier) @_whole)
    right: (object [
      (shorthand_property_identifier) @passed
      (pair key: (property_identifier) @alias value: (identifier) @passed)
    ]))
  (#eq? @_exports "module") (#eq? @_whole "exports"))

; What a module passes on of others: `module.exports = { ...require("./a"), ...others }`, of which nothing is known
((assignment_expression
    left: (member_expression object: (_) @_exports property: (property_identifier) @_whole)
    right: (object (spread_element "..." @all
      (call_expression function: (identifier) @_require arguments: (arguments . (string) @module)))))
  @exported
  (#eq? @_exports "module") (#eq? @_whole "exports") (#eq? @_require "require"))
((assignment_expression
    left: (member_expression object: (_) @_exports property: (property_identifier) @_whole)
    right: (object (spread_element "..." @all (identifier)) @module))
  @exported
  (#eq? @_exports "module") (#eq? @_whole "exports"))
((call_expression
    function: (member_expression object: (identifier) @_object property: (property_identifier) @_assign)
    arguments: (arguments . [(identifier) (member_expression)] @all @_exports
      (call_expression function: (identifier) @_require arguments: (arguments . (string) @module))))
  @exported
  (#eq? @_object "Object") (#eq? @_assign "assign") (#eq? @_require "require")
  (#any-of? @_exports "exports" "module.exports"))
((call_expression
    function: [(identifier) @_star (member_expression property: (property_identifier) @_star)]
    arguments: (arguments . (call_expression function: (identifier) @_require arguments: (arguments . (string) @module))
      (identifier) @all))
  @exported
  (#any-of? @_star "__exportStar" "__export") (#eq? @_require "require"))
