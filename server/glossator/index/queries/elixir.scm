; Elixir: modules, protocols and their implementations, functions in clauses, macros, types, callbacks, attributes;
; ExUnit tests. Definitions are calls here, so their kind is told by what is called.

((call target: (identifier) @_keyword (arguments . (alias) @name) (do_block) @body) @definition.module
  (#eq? @_keyword "defmodule"))
((call target: (identifier) @_keyword (arguments . (alias) @name) (do_block) @body) @definition.protocol
  (#eq? @_keyword "defprotocol"))
((call target: (identifier) @_keyword (arguments . (alias)) (do_block)) @container
  (#eq? @_keyword "defimpl"))
((call
    target: (identifier) @_keyword
    (arguments . (alias) (keywords (pair key: (keyword) @_for value: (alias) @scope)))
    (do_block)) @container
  (#eq? @_keyword "defimpl")
  (#match? @_for "^for:"))

; def name(...), def name, def name(...) when ..., def left <|> right
((call
    target: (identifier) @_keyword
    (arguments
      . [(call target: (identifier) @name)
        (identifier) @name
        (binary_operator left: (call target: (identifier) @name) operator: "when")
        (binary_operator left: (identifier) @name operator: "when")])
    (do_block)? @body) @definition.function
  (#any-of? @_keyword "def" "defp" "defdelegate" "defn" "defnp"))
((call
    target: (identifier) @_keyword
    (arguments . (binary_operator left: (_) operator: _ @name right: (_)))
    (do_block)? @body) @definition.function
  (#any-of? @_keyword "def" "defp")
  (#not-eq? @name "when"))
((call
    target: (identifier) @_keyword
    (arguments
      . [(call target: (identifier) @name)
        (identifier) @name
        (binary_operator left: (call target: (identifier) @name) operator: "when")
        (binary_operator left: (identifier) @name operator: "when")])
    (do_block)? @body) @definition.macro
  (#any-of? @_keyword "defmacro" "defmacrop" "defguard" "defguardp"))

((unary_operator
    operator: "@"
    operand: (call
      target: (identifier) @_attribute
      (arguments
        . (binary_operator left: [(identifier) @name (call target: (identifier) @name)] operator: "::"))))
  @definition.type
  (#any-of? @_attribute "type" "typep" "opaque"))
((unary_operator
    operator: "@"
    operand: (call
      target: (identifier) @_attribute
      (arguments . (binary_operator left: (call target: (identifier) @name) operator: "::"))))
  @definition.method
  (#any-of? @_attribute "callback" "macrocallback"))
((do_block
    (unary_operator
      operator: "@"
      operand: (call target: (identifier) @name (arguments . [(list) (map) (tuple) (integer) (float) (sigil)])))
    @definition.constant)
  (#not-match? @name "^(doc|moduledoc|typedoc|spec|impl|type|typep|opaque|callback|macrocallback)$")
  (#not-match? @name "^(behaviour|derive|optional_callbacks|deprecated|since|dialyzer|compile|tag)$")
  (#not-match? @name "^(moduletag|describetag)$"))
((call target: (identifier) @name (arguments . [(list) (keywords)])) @definition.struct
  (#any-of? @name "defstruct" "defexception"))
((call target: (identifier) @_keyword (arguments . (string (quoted_content) @name)) (do_block)) @definition.struct
  (#eq? @_keyword "schema"))

; What other libraries define in blocks that are named by an atom: `object :user do`, `pipeline :browser do`.
((do_block
    (call target: (identifier) @_keyword (arguments . (atom) @name) (do_block) @body) @definition.object)
  (#not-match? @_keyword "^(field|setup|if|case|with|for|test|describe|quote)$"))

((call target: (identifier) @_keyword (arguments . (string (quoted_content) @name)) (do_block)) @definition.test
  (#any-of? @_keyword "test" "describe" "property" "feature"))

; The attributes above a definition.
((unary_operator operator: "@" operand: (call target: (identifier) @_attribute)) @leading
  (#any-of? @_attribute
    "doc" "typedoc" "spec" "impl" "deprecated" "since" "dialyzer" "tag"))
((call
    target: (identifier) @_keyword
    (arguments . (alias) @name)
    (do_block
      (unary_operator
        operator: "@"
        operand: (call target: (identifier) @_attribute (arguments . [(string) (sigil)] @doc))))) @definition.module
  (#eq? @_keyword "defmodule")
  (#eq? @_attribute "moduledoc"))
((unary_operator
    operator: "@"
    operand: (call target: (identifier) @_attribute (arguments . [(string) (sigil)] @doc)))
  . (unary_operator)?
  . (unary_operator)?
  . (unary_operator)?
  . (call
    target: (identifier) @_keyword
    (arguments
      . [(call target: (identifier) @name)
        (identifier) @name
        (binary_operator left: (call target: (identifier) @name) operator: "when")])) @definition.function
  (#eq? @_attribute "doc")
  (#any-of? @_keyword "def" "defdelegate" "defn"))
((unary_operator
    operator: "@"
    operand: (call target: (identifier) @_attribute (arguments . [(string) (sigil)] @doc)))
  . (unary_operator)?
  . (unary_operator)?
  . (unary_operator)?
  . (call
    target: (identifier) @_keyword
    (arguments
      . [(call target: (identifier) @name)
        (identifier) @name
        (binary_operator left: (call target: (identifier) @name) operator: "when")])) @definition.macro
  (#eq? @_attribute "doc")
  (#any-of? @_keyword "defmacro" "defguard"))
((unary_operator
    operator: "@"
    operand: (call target: (identifier) @_attribute (arguments . [(string) (sigil)] @doc)))
  . (unary_operator
    operator: "@"
    operand: (call
      target: (identifier) @_type
      (arguments
        . (binary_operator left: [(identifier) @name (call target: (identifier) @name)] operator: "::"))))
  @definition.type
  (#eq? @_attribute "typedoc")
  (#any-of? @_type "type" "opaque"))
((unary_operator
    operator: "@"
    operand: (call target: (identifier) @_attribute (arguments . [(string) (sigil)] @doc)))
  . (unary_operator
    operator: "@"
    operand: (call
      target: (identifier) @_type
      (arguments . (binary_operator left: (call target: (identifier) @name) operator: "::"))))
  @definition.method
  (#eq? @_attribute "doc")
  (#any-of? @_type "callback" "macrocallback"))

((call target: (identifier) @reference))
(call target: (dot right: (identifier) @reference))
(call target: (dot left: (alias) @reference))
(struct (alias) @reference)
(binary_operator operator: "|>" right: (identifier) @reference)

((call target: (identifier) @_keyword (arguments . [(alias) @import (dot left: (alias) @import)]))
  (#any-of? @_keyword "alias" "import" "use" "require"))
