; HCL, Terraform first: the blocks of a file. A resource or data source is named by both of its labels, any other block
; by its type and label, one without a label by its type.

(config_file (body (block . (identifier) @name . (block_start)) @definition.resource))
(config_file
  (body
    (block
      . (identifier) @scope
      . (string_lit (template_literal) @name)
      . (block_start)) @definition.resource))
(config_file
  (body
    (block
      . (identifier)
      . (string_lit (template_literal) @scope)
      . (string_lit (template_literal) @name)
      . (block_start)) @definition.resource))
((config_file
    (body (block . (identifier) @_kind . (string_lit (template_literal) @name)) @definition.variable))
  (#any-of? @_kind "variable" "output"))
((config_file (body (block . (identifier) @_kind (body (attribute . (identifier) @name) @definition.variable))))
  (#eq? @_kind "locals"))
(config_file (body (attribute . (identifier) @name) @definition.variable))
((config_file
    (body
      (block
        . (identifier)
        . (string_lit (template_literal) @name)
        . (block_start)
        (body
          (attribute
            . (identifier) @_description
            (expression (literal_value (string_lit (template_literal) @doc))))))
      @definition.variable))
  (#eq? @_description "description"))

; Nomad's and Packer's nested blocks.
((block . (identifier) @_kind . (string_lit (template_literal) @name)) @definition.resource
  (#any-of? @_kind "group" "task" "build"))

(expression . (variable_expr) . (get_attr (identifier) @reference))
((expression . (variable_expr (identifier) @_space) . (get_attr) . (get_attr (identifier) @reference))
  (#eq? @_space "data"))
(function_call (identifier) @reference)

((attribute
    . (identifier) @_source
    (expression (literal_value (string_lit (template_literal) @import))))
  (#eq? @_source "source"))
