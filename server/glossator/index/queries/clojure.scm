; Clojure: forms that start with `def...`; protocols, records and types with their methods; tests.

((list_lit
    . (sym_lit name: (sym_name) @_def)
    . (sym_lit name: (sym_name) @name)) @definition.variable
  (#match? @_def "^def"))
((source
    (list_lit
      . (sym_lit name: (sym_name) @_def)
      . (sym_lit name: (sym_name) @name)
      . (str_lit)? @doc
      (_)) @definition.constant)
  (#any-of? @_def "def" "defonce"))
((list_lit
    . (sym_lit name: (sym_name) @_def)
    . (sym_lit name: (sym_name) @name)) @definition.function
  (#any-of? @_def "defn" "defn-" "defmulti" "defmethod" "definline" "defnp" "defhandler"))
((list_lit
    . (sym_lit name: (sym_name) @_def)
    . (sym_lit name: (sym_name) @name)
    . (str_lit) @doc
    . (_)) @definition.function
  (#any-of? @_def "defn" "defn-" "defmulti"))
((list_lit
    . (sym_lit name: (sym_name) @_def)
    . (sym_lit name: (sym_name) @name)
    . (str_lit)? @doc) @definition.macro
  (#eq? @_def "defmacro"))
((list_lit
    . (sym_lit name: (sym_name) @_def)
    . (sym_lit name: (sym_name) @name)
    . (str_lit)? @doc) @definition.protocol
  (#any-of? @_def "defprotocol" "definterface"))
((list_lit
    . (sym_lit name: (sym_name) @_def)
    . (sym_lit name: (sym_name) @name)) @definition.class
  (#any-of? @_def "defrecord" "deftype"))
((list_lit
    . (sym_lit name: (sym_name) @_def)
    . (sym_lit name: (sym_name) @name)) @definition.test
  (#any-of? @_def "deftest" "defspec"))

; Methods.
((list_lit
    . (sym_lit name: (sym_name) @_def)
    (list_lit . (sym_lit name: (sym_name) @name) . (vec_lit) (str_lit)? @doc) @definition.method)
  (#any-of? @_def "defprotocol" "definterface" "defrecord" "deftype"))
((list_lit
    . (sym_lit name: (sym_name) @_extend)
    . (sym_lit name: (sym_name) @scope)) @container
  (#any-of? @_extend "extend-type" "extend-protocol"))
((list_lit
    . (sym_lit name: (sym_name) @_extend)
    (list_lit . (sym_lit name: (sym_name) @name) . (vec_lit)) @definition.method)
  (#any-of? @_extend "extend-type" "extend-protocol" "reify"))

(list_lit . (sym_lit name: (sym_name) @reference))
((list_lit
    . (sym_lit name: (sym_name) @_def)
    (sym_lit name: (sym_name) @reference))
  (#any-of? @_def "defrecord" "deftype" "extend-type" "extend-protocol"))

((list_lit . (kwd_lit name: (kwd_name) @_require) [(sym_lit) @import (vec_lit . (sym_lit) @import)])
  (#any-of? @_require "require" "use" "require-macros"))
((list_lit . (kwd_lit name: (kwd_name) @_import) [(sym_lit) @import (list_lit . (sym_lit) @import)])
  (#eq? @_import "import"))
