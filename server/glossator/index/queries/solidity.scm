; Solidity: contracts, interfaces, libraries, functions, modifiers, events, errors, state.

(contract_declaration name: (identifier) @name) @definition.class
(library_declaration name: (identifier) @name) @definition.class
(interface_declaration name: (identifier) @name) @definition.interface
(struct_declaration name: (identifier) @name) @definition.struct
(enum_declaration name: (identifier) @name) @definition.enum
(event_definition name: (identifier) @name) @definition.type
(error_declaration name: (identifier) @name) @definition.type
(user_defined_type_definition name: (identifier) @name) @definition.type

(function_definition name: (identifier) @name) @definition.function
(modifier_definition name: (identifier) @name) @definition.function
(constructor_definition "constructor" @name) @definition.constructor
(fallback_receive_definition ["receive" "fallback"] @name) @definition.function
(state_variable_declaration name: (identifier) @name) @definition.field
(constant_variable_declaration name: (identifier) @name) @definition.constant

(call_expression function: (expression (identifier) @reference))
(call_expression function: (expression (member_expression property: (identifier) @reference)))
(member_expression object: (identifier) @reference (#match? @reference "^[A-Z]"))
(user_defined_type (identifier) @reference .)
(modifier_invocation (identifier) @reference)
(emit_statement name: (expression (identifier) @reference))
(revert_statement error: (expression (identifier) @reference))
(type_alias (identifier) @reference)

(import_directive source: (string) @import)
