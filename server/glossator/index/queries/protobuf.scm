; Protocol buffers: messages, enums, services and their calls.

(message (message_name (identifier) @name)) @definition.message
(enum (enum_name (identifier) @name)) @definition.enum
(service (service_name (identifier) @name)) @definition.service
(rpc (rpc_name (identifier) @name)) @definition.rpc
(message (message_body (field (type) . (identifier) @name) @definition.field))
(message (message_body (map_field (identifier) @name) @definition.field))
(extend (full_ident) @scope) @container
(oneof_field (type) . (identifier) @name) @definition.field
(enum_field . (identifier) @name) @definition.enum_member

(message_or_enum_type (identifier) @reference .)
(extend (full_ident (identifier) @reference .))

(import path: (string) @import)
