; Types
(type_identifier) @type
(nested_type_identifier module: (_) @of name: (type_identifier) @member.type)
(nested_type_identifier module: (identifier) @read)
(type_query (identifier) @value)
(type_predicate name: (identifier) @skip)

; Supertypes
(extends_clause value: (identifier) @base)
(extends_clause value: (member_expression property: (property_identifier) @member.base))
(implements_clause (type_identifier) @base)
(implements_clause (generic_type name: (type_identifier) @base))
(implements_clause (nested_type_identifier name: (type_identifier) @member.base))
(implements_clause (generic_type name: (nested_type_identifier name: (type_identifier) @member.base)))
(extends_type_clause type: (type_identifier) @base)
(extends_type_clause type: (generic_type name: (type_identifier) @base))
(extends_type_clause type: (nested_type_identifier name: (type_identifier) @member.base))
(extends_type_clause type: (generic_type name: (nested_type_identifier name: (type_identifier) @member.base)))

(required_parameter value: (identifier) @value)
(optional_parameter value: (identifier) @value)
(public_field_definition value: (identifier) @value)
(as_expression (identifier) @value)
(call_expression function: (non_null_expression (identifier) @call))
(call_expression function: (non_null_expression (member_expression property: (property_identifier) @member.call)))
(import_alias (identifier) @skip)
(import_require_clause (identifier) @skip)
(export_statement "=" (identifier) @export)

; Signatures of what is called itself
(call_signature) @signature

; Names that are no mentions
(index_signature name: (identifier) @skip)
(mapped_type_clause name: (type_identifier) @skip)
(type_parameter name: (type_identifier) @skip)
(internal_module name: (_) @skip)

; Scopes and what is bound in them
[
  (function_signature)
  (method_signature)
  (abstract_method_signature)
  (function_type)
  (constructor_type)
  (call_signature)
  (construct_signature)
  (tuple_type)
] @scope
(required_parameter pattern: (identifier) @local)
(optional_parameter pattern: (identifier) @local)
