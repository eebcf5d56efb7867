; Shell: functions in both styles, and variables of the script that are exported, read-only or upper-case.

(function_definition name: (word) @name) @definition.function

(program
  (declaration_command (variable_assignment name: (variable_name) @name)) @definition.variable)
(program (variable_assignment name: (variable_name) @name) @definition.variable
  (#match? @name "^[A-Z][A-Z0-9_]*$"))

(command name: (command_name (word) @reference))

((command
    name: (command_name (word) @_source)
    . argument: [(word) (string) (raw_string) (concatenation)] @import)
  (#any-of? @_source "source" "."))
