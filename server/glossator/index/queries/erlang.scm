; Erlang: functions, whose -spec and clauses are one definition; records, types, macros, callbacks.

(spec fun: (_) @name) @definition.function
(fun_decl clause: (function_clause name: (_) @name body: (_)? @body)) @definition.function
(record_decl name: (_) @name) @definition.struct
(type_alias name: (type_name name: (_) @name)) @definition.type
(opaque name: (type_name name: (_) @name)) @definition.type
(callback fun: (_) @name) @definition.method
(pp_define lhs: (macro_lhs name: (_) @name)) @definition.macro

(call expr: (atom) @reference)
(call expr: (remote fun: (atom) @reference))
(internal_fun fun: (atom) @reference)
(external_fun fun: (atom) @reference)
(record_name name: (atom) @reference)
(macro_call_expr name: (_) @reference)
(behaviour_attribute name: (atom) @reference)

(pp_include file: (string) @import)
(pp_include_lib file: (string) @import)
(import_attribute module: (atom) @import)
