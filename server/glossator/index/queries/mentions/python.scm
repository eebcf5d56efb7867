(identifier) @read

; Members
(attribute object: (_) @of attribute: (identifier) @member)

; Calls
(call function: (identifier) @call)
(call function: (attribute attribute: (identifier) @member.call))

; What is handed over
(argument_list (identifier) @value)
(argument_list (attribute attribute: (identifier) @member.value))
(keyword_argument name: (identifier) @none)
((call function: (identifier) @_class arguments: (argument_list (keyword_argument name: (identifier) @member.write)))
  (#match? @_class "^_*[A-Z][A-Za-z0-9]*[a-z]"))
((call function: (attribute attribute: (identifier) @_class) arguments: (argument_list (keyword_argument name: (identifier) @member.write)))
  (#match? @_class "^_*[A-Z][A-Za-z0-9]*[a-z]"))
(keyword_argument value: (identifier) @value)
(keyword_argument value: (attribute attribute: (identifier) @member.value))
(assignment right: (identifier) @value)
(assignment right: (attribute attribute: (identifier) @member.value))
(return_statement (identifier) @value)
(return_statement (attribute attribute: (identifier) @member.value))
(list (identifier) @value)
(tuple (identifier) @value)
(set (identifier) @value)
(expression_list (identifier) @value)
(pair value: (identifier) @value)
(pair value: (attribute attribute: (identifier) @member.value))
(list (attribute attribute: (identifier) @member.value))
(default_parameter value: (identifier) @value)
(typed_default_parameter value: (identifier) @value)

; Types, supertypes, decorators
(type (identifier) @type)
(type (attribute attribute: (identifier) @member.type))
(generic_type (identifier) @type)
(type (binary_operator (identifier) @type))
(type (subscript value: (identifier) @type))
(raise_statement (identifier) @type)
(except_clause value: (identifier) @type)
(except_clause value: (attribute attribute: (identifier) @member.type))
(except_clause value: (as_pattern (identifier) @type))
(except_clause value: (tuple (identifier) @type))
(class_definition superclasses: (argument_list (identifier) @base))
(class_definition superclasses: (argument_list (attribute attribute: (identifier) @member.base)))
(class_definition superclasses: (argument_list (subscript value: (identifier) @base)))
(decorator (identifier) @decorator)
(decorator (attribute attribute: (identifier) @member.decorator))
(decorator (call function: (identifier) @decorator))
(decorator (call function: (attribute attribute: (identifier) @member.decorator)))

; Assignments
(assignment left: (identifier) @write)
(assignment left: (attribute attribute: (identifier) @member.write))
(assignment left: (pattern_list (identifier) @write))
(assignment left: (pattern_list (attribute attribute: (identifier) @member.write)))
(assignment left: (tuple_pattern (attribute attribute: (identifier) @member.write)))
(augmented_assignment left: (identifier) @write)
(augmented_assignment left: (attribute attribute: (identifier) @member.write))
(delete_statement (identifier) @write)
(delete_statement (attribute attribute: (identifier) @member.write))

; Imports
(import_statement name: (dotted_name (identifier) @import))
(import_statement name: (aliased_import name: (dotted_name (identifier) @import) alias: (identifier) @skip))
(import_from_statement name: (dotted_name (identifier) @import))
(import_from_statement name: (aliased_import name: (dotted_name (identifier) @import) alias: (identifier) @skip))
(import_from_statement module_name: (dotted_name (identifier) @import))
(import_from_statement module_name: (relative_import (dotted_name (identifier) @import)))

; Names in strings
((call function: (identifier) @_getter arguments: (argument_list . (_) . (string) @name))
  (#any-of? @_getter "getattr" "hasattr" "setattr" "delattr"))
((call function: (identifier) @_getter arguments: (argument_list . (string) @name))
  (#any-of? @_getter "attrgetter" "methodcaller"))
((call function: (attribute attribute: (identifier) @_getter) arguments: (argument_list . (string) @name))
  (#any-of? @_getter "attrgetter" "methodcaller"))
((subscript value: (call function: (identifier) @_getter) subscript: (string) @name)
  (#any-of? @_getter "globals" "vars" "locals"))
((assignment left: (identifier) @_all right: (list (string) @export)) (#eq? @_all "__all__"))
((assignment left: (identifier) @_all right: (tuple (string) @export)) (#eq? @_all "__all__"))
((augmented_assignment left: (identifier) @_all right: (list (string) @export)) (#eq? @_all "__all__"))

; Names that are made at run time
((call function: (identifier) @_getter
    arguments: (argument_list . (_) . [(binary_operator) (identifier) (attribute) (call) (subscript) (string (interpolation))] @made))
  (#eq? @_getter "getattr"))
((call function: (identifier) @_names arguments: (argument_list) @made)
  (#any-of? @_names "globals" "locals" "vars" "dir" "getmembers"))
((call function: (attribute attribute: (identifier) @_names) arguments: (argument_list) @made) (#eq? @_names "getmembers"))
((subscript value: (attribute attribute: (identifier) @_names)
    subscript: [(binary_operator) (identifier) (string (interpolation))] @made)
  (#eq? @_names "__dict__"))

; Scopes and what is bound in them
(function_definition) @scope
(lambda) @scope @lambda.named
(list_comprehension) @scope
(set_comprehension) @scope
(dictionary_comprehension) @scope
(generator_expression) @scope
(parameters (identifier) @local)
(lambda_parameters (identifier) @local)
(default_parameter name: (identifier) @local)
(typed_parameter . (identifier) @local)
(typed_default_parameter name: (identifier) @local)
(list_splat_pattern (identifier) @local)
(dictionary_splat_pattern (identifier) @local)
(assignment left: (identifier) @local)
(pattern_list (identifier) @local)
(tuple_pattern (identifier) @local)
(list_pattern (identifier) @local)
(for_statement left: (identifier) @local)
(for_in_clause left: (identifier) @local)
(as_pattern_target (identifier) @local)
(named_expression name: (identifier) @local)
(global_statement (identifier) @global)
(nonlocal_statement (identifier) @nonlocal)
(case_pattern (dotted_name . (identifier) @local .))
(case_pattern (dotted_name (identifier) @of . (identifier) @member))
(keyword_pattern . (identifier) @member)
(keyword_pattern (dotted_name . (identifier) @local .) .)
(type (string (string_content) @quoted))
