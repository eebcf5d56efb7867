; Variables and parameters
(parameter_declaration type: (_) @type declarator: (identifier) @bind)
(parameter_declaration type: (_) @type declarator: (pointer_declarator declarator: (identifier) @bind))
(parameter_declaration type: (_) @type declarator: (pointer_declarator declarator: (pointer_declarator declarator: (identifier) @bind)))
(parameter_declaration type: (_) @type declarator: (array_declarator declarator: (identifier) @bind))
(declaration type: (_) @type declarator: (identifier) @bind)
(declaration type: (_) @type declarator: (pointer_declarator declarator: (identifier) @bind))
(declaration type: (_) @type declarator: (pointer_declarator declarator: (pointer_declarator declarator: (identifier) @bind)))
(declaration type: (_) @type declarator: (array_declarator declarator: (identifier) @bind))
(declaration type: (_) @type declarator: (init_declarator declarator: (identifier) @bind))
(declaration type: (_) @type declarator: (init_declarator declarator: (pointer_declarator declarator: (identifier) @bind)))
(declaration type: (_) @type declarator: (init_declarator declarator: (array_declarator declarator: (identifier) @bind)))

; Fields and enumerators
(field_declaration type: (_) @type declarator: (field_identifier) @bind)
(field_declaration type: (_) @type declarator: (pointer_declarator declarator: (field_identifier) @bind))
(field_declaration type: (_) @type declarator: (pointer_declarator declarator: (pointer_declarator declarator: (field_identifier) @bind)))
(field_declaration type: (_) @type declarator: (array_declarator declarator: (field_identifier) @bind))
(field_declaration declarator: (function_declarator declarator: (parenthesized_declarator (pointer_declarator declarator: (field_identifier) @bind))))
(enumerator name: (identifier) @bind)

; Functions and names of types
(function_definition type: (_) @result declarator: (function_declarator declarator: (identifier) @function))
(function_definition type: (_) @result declarator: (pointer_declarator declarator: (function_declarator declarator: (identifier) @function)))
(declaration type: (_) @result declarator: (function_declarator declarator: (identifier) @function))
(declaration type: (_) @result declarator: (pointer_declarator declarator: (function_declarator declarator: (identifier) @function)))
(type_definition type: (_) @type declarator: (type_identifier) @bind)
(type_definition type: (_) @type declarator: (pointer_declarator declarator: (type_identifier) @bind))

; Includes
(preproc_include path: (_) @module)

; What its file has for itself
(function_definition (storage_class_specifier "static") declarator: [
  (function_declarator declarator: (identifier) @unlinked)
  (pointer_declarator declarator: (function_declarator declarator: (identifier) @unlinked))
])
(declaration (storage_class_specifier "static") declarator: [
  (identifier) @unlinked
  (pointer_declarator declarator: (identifier) @unlinked)
  (array_declarator declarator: (identifier) @unlinked)
  (function_declarator declarator: (identifier) @unlinked)
  (pointer_declarator declarator: (function_declarator declarator: (identifier) @unlinked))
  (init_declarator declarator: (identifier) @unlinked)
  (init_declarator declarator: (pointer_declarator declarator: (identifier) @unlinked))
  (init_declarator declarator: (array_declarator declarator: (identifier) @unlinked))
])

; Variables whose structure has no name
(translation_unit (declaration type: (struct_specifier !name body: (_)) declarator: (identifier) @object))
(translation_unit (declaration type: (struct_specifier !name body: (_)) declarator: (init_declarator declarator: (identifier) @object)))
(translation_unit (declaration type: (struct_specifier !name body: (_)) declarator: (array_declarator declarator: (identifier) @object)))
(translation_unit (declaration type: (struct_specifier !name body: (_)) declarator: (init_declarator declarator: (array_declarator declarator: (identifier) @object))))

; Tags of structures that a `typedef` gives another name
(type_definition type: (struct_specifier name: (type_identifier) @tag body: (_)) . declarator: (type_identifier) @tagged)
(type_definition type: (struct_specifier name: (type_identifier) @tag body: (_)) . declarator: (pointer_declarator declarator: (type_identifier) @tagged))
(type_definition type: (union_specifier name: (type_identifier) @tag body: (_)) . declarator: (type_identifier) @tagged)
(type_definition type: (enum_specifier name: (type_identifier) @tag body: (_)) . declarator: (type_identifier) @tagged)
