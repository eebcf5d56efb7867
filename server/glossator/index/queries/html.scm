((element (start_tag (attribute (attribute_name) @_id [
  (quoted_attribute_value (attribute_value) @name)
  (attribute_value) @name
]))) @definition.element
  (#match? @_id "^[iI][dD]$"))
((element (self_closing_tag (attribute (attribute_name) @_id [
  (quoted_attribute_value (attribute_value) @name)
  (attribute_value) @name
]))) @definition.element
  (#match? @_id "^[iI][dD]$"))
((script_element (start_tag (attribute (attribute_name) @_id (quoted_attribute_value (attribute_value) @name)))) @definition.element
  (#match? @_id "^[iI][dD]$"))

((script_element (start_tag (attribute (attribute_name) @_src (quoted_attribute_value (attribute_value) @import))))
  (#match? @_src "^[sS][rR][cC]$"))
