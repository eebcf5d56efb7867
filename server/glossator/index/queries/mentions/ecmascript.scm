; What JavaScript and TypeScript share.

(identifier) @read

; Members
(member_expression object: (_) @of property: [(property_identifier) (private_property_identifier)] @member)
(subscript_expression index: (string) @name)
(subscript_expression index: (template_string (template_substitution)) @made)
(subscript_expression index: (binary_expression [(string) (template_string)]) @made)
(call_expression function: (subscript_expression index: [(identifier) (member_expression) (call_expression)] @made))
(object_pattern (shorthand_property_identifier_pattern) @member)
(object_pattern (object_assignment_pattern left: (shorthand_property_identifier_pattern) @member))
(object_pattern (pair_pattern key: (property_identifier) @member))
(object (pair key: (property_identifier) @member.write))

; Calls
(call_expression function: (identifier) @call)
(call_expression function: (member_expression property: [(property_identifier) (private_property_identifier)] @member.call))
(new_expression constructor: (identifier) @call)
(new_expression constructor: (member_expression property: [(property_identifier) (private_property_identifier)] @member.call))

; What is handed over
(shorthand_property_identifier) @value
(arguments (identifier) @value)
(arguments (member_expression property: (_) @member.value))
(array (identifier) @value)
(array (member_expression property: (_) @member.value))
(pair value: (identifier) @value)
(pair value: (member_expression property: (_) @member.value))
(variable_declarator value: (identifier) @value)
(variable_declarator value: (member_expression property: (_) @member.value))
(assignment_expression right: (identifier) @value)
(assignment_expression right: (member_expression property: (_) @member.value))
(assignment_pattern right: (identifier) @value)
(object_assignment_pattern right: (identifier) @value)
(return_statement (identifier) @value)
(return_statement (member_expression property: (_) @member.value))
(arrow_function body: (identifier) @value)
(arrow_function body: (member_expression property: (_) @member.value))
(ternary_expression consequence: (identifier) @value)
(ternary_expression alternative: (identifier) @value)
(spread_element (identifier) @value)

; Functions without a name
(arrow_function) @handed
(function_expression) @handed
(method_definition) @handed

; Supertypes and decorators
(decorator (identifier) @decorator)
(decorator (call_expression function: (identifier) @decorator))
(decorator (member_expression property: (property_identifier) @member.decorator))
(decorator (call_expression function: (member_expression property: (property_identifier) @member.decorator)))

; Assignments
(assignment_expression left: (identifier) @write)
(assignment_expression left: (member_expression property: (_) @member.write))
(augmented_assignment_expression left: (identifier) @write)
(augmented_assignment_expression left: (member_expression property: (_) @member.write))
(update_expression argument: (identifier) @write)
(update_expression argument: (member_expression property: (_) @member.write))

; Imports and exports
(import_clause (identifier) @import)
(import_specifier name: (identifier) @import)
(import_specifier alias: (identifier) @skip)
(namespace_import (identifier) @skip)
((variable_declarator name: (object_pattern [
    (shorthand_property_identifier_pattern) @required
    (pair_pattern key: (property_identifier) @required value: (identifier))
  ]) value: (call_expression function: (identifier) @_require arguments: (arguments . (string))))
  (#eq? @_require "require"))
(variable_declarator name: (object_pattern [
    (shorthand_property_identifier_pattern) @required
    (pair_pattern key: (property_identifier) @required value: (identifier))
  ]) value: (await_expression (call_expression function: (import) arguments: (arguments . (string)))))
((variable_declarator
    name: (identifier)
    value: (member_expression
      object: (call_expression function: (identifier) @_require arguments: (arguments . (string)))
      property: (property_identifier) @required))
  (#eq? @_require "require"))
(export_specifier name: (identifier) @export)
((export_specifier name: (identifier) @_name alias: (identifier) @skip) (#not-eq? @_name "default"))
((export_specifier name: (identifier) @_name alias: (identifier) @export) (#eq? @_name "default"))
(namespace_export (identifier) @skip)
(export_statement value: (identifier) @export)

; Scopes and what is bound in them
[
  (function_declaration)
  (generator_function_declaration)
  (function_expression)
  (generator_function)
  (method_definition)
  (class_static_block)
] @scope @scope.this
(arrow_function) @scope
[
  (for_statement)
  (for_in_statement)
  (catch_clause)
  (switch_body)
] @scope.block
(if_statement consequence: (statement_block) @scope.block)
(else_clause (statement_block) @scope.block)
(for_statement body: (statement_block) @scope.block)
(for_in_statement body: (statement_block) @scope.block)
(while_statement body: (statement_block) @scope.block)
(do_statement body: (statement_block) @scope.block)
(try_statement body: (statement_block) @scope.block)
(finally_clause body: (statement_block) @scope.block)
(statement_block (statement_block) @scope.block)
(program (statement_block) @scope.block)
(function_expression name: (identifier) @local)
(arrow_function parameter: (identifier) @local)
(lexical_declaration (variable_declarator name: (identifier) @local))
(variable_declaration (variable_declarator name: (identifier) @local.hoisted))
(object_pattern (shorthand_property_identifier_pattern) @local)
(pair_pattern value: (identifier) @local)
(object_assignment_pattern left: (shorthand_property_identifier_pattern) @local)
(assignment_pattern left: (identifier) @local)
(array_pattern (identifier) @local)
(rest_pattern (identifier) @local)
(for_in_statement left: (identifier) @local)
(catch_clause parameter: (identifier) @local)
