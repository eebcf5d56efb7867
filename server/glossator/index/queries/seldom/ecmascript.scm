; Patterns for mentions that can match only in files that contain one of the words that their predicates name.

; Names that are made at run time
((call_expression function: (member_expression property: (property_identifier) @_names) arguments: (arguments) @made)
  (#any-of? @_names "getOwnPropertyNames" "ownKeys"))
