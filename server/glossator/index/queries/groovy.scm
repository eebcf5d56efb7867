; Groovy, whose grammar knows commands, words and blocks only: types and methods are told by their first words.

((command (unit (identifier) @_type) . (unit . (identifier) @name .)) @definition.class
  (#any-of? @_type "class" "trait"))
((command (unit (identifier) @_type) . (block . (unit . (identifier) @name .))) @definition.class
  (#any-of? @_type "class" "trait"))
((command (unit (identifier) @_type) . [(unit . (identifier) @name .) (block . (unit . (identifier) @name .))])
  @definition.interface
  (#eq? @_type "interface"))
((command (unit (identifier) @_type) . (block . (unit . (identifier) @name .))) @definition.enum
  (#eq? @_type "enum"))

((command (unit (identifier) @_result) . (block . (unit . (func . (identifier) @name)))) @definition.function
  (#not-match? @_result "^(else|return|new|throw|case|assert|in)$")
  (#not-match? @name "^(if|for|while|switch|catch|synchronized)$"))
(command (unit (generics_class)) . (block . (unit . (func . (identifier) @name)))) @definition.function
((command (unit . (func . (identifier) @name)) . (unit . (identifier) @_throws .) (block)) @definition.function
  (#eq? @_throws "throws"))
((command (unit . (identifier) @_def .) . (block . (string) @name)) @definition.test
  (#any-of? @_def "def" "void"))
((command (unit (identifier) @_task) . (block . (unit . (identifier) @name .))) @definition.function
  (#eq? @_task "task"))

(command (decorate)) @leading

(func . (identifier) @reference)

((command . (unit (identifier) @_import) . (unit) @import .) (#eq? @_import "import"))
