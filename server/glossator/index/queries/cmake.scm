; CMake: functions, macros, targets, tests, options and variables of the file.

(function_def (function_command (argument_list . (argument) @name))) @definition.function
(macro_def (macro_command (argument_list . (argument) @name))) @definition.macro
((source_file (normal_command (identifier) @_command (argument_list . (argument) @name)) @definition.variable)
  (#match? @_command "^(?i:set|option)$"))
((normal_command (identifier) @_command (argument_list . (argument) @name)) @definition.resource
  (#match? @_command "^(?i:add_executable|add_library|add_custom_target|project)$"))
((normal_command (identifier) @_command (argument_list . (argument) @_name . (argument) @name)) @definition.test
  (#match? @_command "^(?i:add_test)$")
  (#eq? @_name "NAME"))

(normal_command (identifier) @reference)
((normal_command (identifier) @_command (argument_list (argument) @reference))
  (#match? @_command "^(?i:target_link_libraries|add_dependencies)$"))

((normal_command (identifier) @_command (argument_list . (argument) @import))
  (#match? @_command "^(?i:include|find_package|add_subdirectory)$"))
