; Variables and parameters
(parameter pattern: (identifier) @bind type: (_) @type)
(parameter pattern: (mut_pattern (identifier) @bind) type: (_) @type)
(let_declaration pattern: (identifier) @bind type: (_) @type)
(let_declaration pattern: (identifier) @bind !type value: (_) @value)
(let_declaration pattern: (tuple_pattern (identifier) @bind) @pattern !type value: (_) @value)
(for_expression pattern: (identifier) @bind value: (_) @element)
(for_expression pattern: (tuple_pattern (identifier) @bind) @pattern value: (_) @element)
(for_expression pattern: (reference_pattern (identifier) @bind) value: (_) @element)
(const_item name: (identifier) @bind type: (_) @type)
(static_item name: (identifier) @bind type: (_) @type)

; Patterns
((let_condition pattern: (tuple_struct_pattern type: (identifier) @_wrapped . (identifier) @bind .) value: (_) @value)
  (#any-of? @_wrapped "Some" "Ok"))
((let_condition pattern: (tuple_struct_pattern type: (identifier) @_wrapped . (ref_pattern (identifier) @bind) .) value: (_) @value)
  (#any-of? @_wrapped "Some" "Ok"))
((let_declaration pattern: (tuple_struct_pattern type: (identifier) @_wrapped . (identifier) @bind .) value: (_) @value)
  (#any-of? @_wrapped "Some" "Ok"))
((match_expression value: (_) @value body: (match_block (match_arm pattern: (match_pattern
    (tuple_struct_pattern type: (identifier) @_wrapped . (identifier) @bind .)))))
  (#any-of? @_wrapped "Some" "Ok"))
((match_expression value: (_) @value body: (match_block (match_arm pattern: (match_pattern . (identifier) @bind .))))
  (#match? @bind "^[a-z_]"))
(struct_pattern type: (_) @type (field_pattern name: (shorthand_field_identifier) @bind @picked))
(struct_pattern type: (_) @of (field_pattern name: (field_identifier) @key))

; Fields and variants
(field_declaration name: (field_identifier) @bind type: (_) @type)
(enum_item name: (type_identifier) @type body: (enum_variant_list (enum_variant name: (identifier) @bind)))
(associated_type name: (type_identifier) @bind)
(generic_type type: (_) @trait type_arguments: (type_arguments (type_binding name: (type_identifier) @key)))
(struct_expression name: (_) @of body: (field_initializer_list (field_initializer field: (field_identifier) @key)))
(struct_expression name: (_) @of body: (field_initializer_list (shorthand_field_initializer (identifier) @key)))

; Functions
(function_item name: (identifier) @function return_type: (_) @result)
(function_signature_item name: (identifier) @function return_type: (_) @result)
(type_item name: (type_identifier) @bind type: (_) @type)

; Traits and implementations; bounds of type parameters
(trait_item name: (type_identifier) @class bounds: (trait_bounds (_) @super))
(impl_item trait: (_) @super type: (_) @extension)
(impl_item type_parameters: (_) @generics type: (_) @extension)
(type_parameter name: (type_identifier) @parameter bounds: (trait_bounds . [(type_identifier) (generic_type) (scoped_type_identifier)] @type))
(where_predicate left: (type_identifier) @parameter bounds: (trait_bounds . [(type_identifier) (generic_type) (scoped_type_identifier)] @type))

; Imports
(use_declaration (visibility_modifier) @exported argument: (_) @tree)
(use_declaration . argument: (_) @tree)
((attribute_item (attribute (identifier) @_path value: (string_literal (string_content) @module)))
  . (attribute_item)* . (mod_item name: (identifier) @alias !body)
  (#eq? @_path "path"))
(extern_crate_declaration name: (identifier) @module !alias)
(extern_crate_declaration name: (identifier) @module alias: (identifier) @alias)

; Parameters of types
(struct_item name: (type_identifier) @class type_parameters: (_) @generics)
(enum_item name: (type_identifier) @class type_parameters: (_) @generics)
(union_item name: (type_identifier) @class type_parameters: (_) @generics)
(function_item name: (identifier) @function type_parameters: (_) @generics)
(function_signature_item name: (identifier) @function type_parameters: (_) @generics)
