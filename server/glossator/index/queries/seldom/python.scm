; Patterns for mentions that can match only in files that contain one of the words that their predicates name.

; Names in strings
((call function: (identifier) @_getter arguments: (argument_list . (string) @name))
  (#any-of? @_getter "attrgetter" "methodcaller"))
((call function: (attribute attribute: (identifier) @_getter) arguments: (argument_list . (string) @name))
  (#any-of? @_getter "attrgetter" "methodcaller"))

; Names that are made at run time
((call function: (attribute attribute: (identifier) @_names) arguments: (argument_list) @made) (#eq? @_names "getmembers"))
