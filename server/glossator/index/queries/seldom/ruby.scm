; Patterns for mentions that can match only in files that contain one of the words that their predicates name.

; Names that are made at run time
((call method: (identifier) @made)
  (#any-of? @made "instance_methods" "public_instance_methods" "private_instance_methods" "public_methods"))
