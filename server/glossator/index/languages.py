"""The languages that Glossator knows: the names of their files, and which grammar and query read them.

Queries: `queries/<name>.scm`, one or more files per language, joined in order into one tree-sitter query. Conventions:

- `@definition.<kind>` is the node of a definition, `<kind>` being an `EntryKind`; `@name` in the same pattern is its
  name. Where several patterns capture one definition (the same `@name` node), they are merged: the range is the
  widest, the kind that of the pattern standing *last* in the file; so put special patterns after general ones.
- Optional in the same pattern: `@body`, the body's node: the signature is the text before it (default: the
  definition's field "body"); `@doc`, a doc comment or docstring node; `@scope` or `@receiver`, a node whose text
  comes before the name in the qualified name (a Go receiver's type, `Foo` in C++'s `Foo::bar`, `M` in Lua's `M.f`).
  A body beside the definition's node belongs to its range.
- `@doc` in a pattern of its own: a docstring that is the first thing in a definition's body (or in the file).
- `@container` marks a node that has no name of its own but encloses definitions (Rust `impl Foo`, `extension Foo`):
  it becomes a block entry with its outline; the `@scope` in the same pattern qualifies the names inside.
- `@reference` is a name that is called, instantiated, inherited from or otherwise referred to (only the last part of
  a dotted one). `@import` is a node with the name of what is imported; quotes and brackets are stripped.
- `@message` is a message or `@selector(...)` of Objective-C, and `@selector`, on the node of a method's definition,
  says that its name has several parts: both name a method, `tableView:didSelectRowAtIndexPath:`.
- `@ignore` marks a node that is no definition though another pattern takes it for one (nor is anything inside it).
- `@wrapper` marks a node that wraps a definition and ends with it (C++ `template <...> class Foo {};`): the
  definition begins where the wrapper does.
- `@stub` in a definition's pattern: it only declares what is defined elsewhere (Python's `@overload`).
- `@leading` marks nodes that belong to a definition that follows without a blank line. Comments, decorators and
  attributes (`LEADING_KINDS`) are captured so by themselves; a query need not name them.

tree-sitter 0.26 knows `#eq?`, `#not-eq?`, `#match?`, `#not-match?` and `#any-of?`; it lets `#not-any-of?` pass always.

What parsing does by itself, so queries need not: a function inside a class-like entry becomes a method, and a
constructor if its name is in `Language.constructors` or is the class's own; short functions inside functions, and
short fields and enum members inside types, are left to the enclosing entry; a definition's line is taken from its
first column if nothing of another definition stands before it (`export default`, `pub`, `module.exports =`);
`Foo::bar` as a name is split into scope and name; the name of a definition is no reference.

This module imports no grammar.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from glossator.index.known_calls import KNOWN_CALLS

if TYPE_CHECKING:
    from collections.abc import Mapping

LEADING_KINDS: frozenset[str] = frozenset(
    {
        "attribute_item",
        "block_comment",
        "comment",
        "decorator",
        "doc_comment",
        "documentation_comment",
        "documentation_block_comment",
        "haddock",
        "line_comment",
        "marginalia",
        "multiline_comment",
    }
)
"""Node kinds that, standing right above a definition, belong to it."""


@dataclass(frozen=True, slots=True)
class Language:
    """A language: its name, how its files are recognised, what reads them.

    Attributes:
        name: lower case; what filters and the index call it.
        extensions: with the dot, lower case; where two languages claim one, the first in `LANGUAGES` has it.
        filenames: whole names of files, lower case.
        interpreters: programs in a `#!` line, without version numbers.
        grammar: name in tree-sitter-language-pack; "" for a language that is read without a grammar.
        queries: names of files in `queries/`, without ".scm".
        constructors: names of methods that are constructors.
        capitals: whether a variable whose name is in capitals is a constant.
        builtins: types of the language itself and usual names of type parameters, not worth noting as references.
        leading: whether decorators, attributes and comments above a definition belong to it.
        clauses: whether functions of one name that follow one another are clauses of one definition.
        trailing_docs: whether a doc comment may stand below what it is about.
        macros: whether macros may stand where the grammar does not know of any.
        scripts: whether its files are components: markup around scripts, which alone the grammar reads.
        conditionals: whether it has a preprocessor whose conditionals may cut statements in two.
        bare_calls: whether a method is called by naming it, with or without parentheses, and fields begin with "@".
        facts_of: other languages whose queries for facts (`mentions/` and `bindings/`) are for this one too.
        self_words: words for the current object, its class and its superclass: keys of `expressions.SELF_WORDS`, or
            "word=expression".
        self_parameters: names that, given to a parameter of a method, stand for the current object or class.
        prototypes: whether functions are objects: `Foo.prototype.bar = ...` and `exports.bar = ...` define members, and
            functions without a name have a result and a `this` of their own.
        calls: functions whose results follow from their arguments (`known_calls`).
        self_modules: whether a path may begin with the current module, `self::`.
        overloads: whether the types of arguments tell functions of one name apart.
        labelled: whether the labels of arguments tell functions of one name apart.
        calls_apart: whether no local variable can be called, so that a called name always means a method.
        uncalled: expressions of the types of variables that cannot be called, so that a called name means a function.
        blocks: whether braces after a call's name hold a function that it is handed: `find { it.ready }`.
        receiving_lambdas: whether functions without a name may have a receiver, whose members are reached in them by
            their bare names, and which is `this` there (Kotlin).
        tags: whether structures have tags, names apart from those of types (C).
        doc_types: whether doc comments say the types of parameters, results and variables (JSDoc).
        module_names: what the import of a module binds if it gives no name: the "whole" path as written, its "last"
            part, its last part but a version ("unversioned": `chi` of `github.com/go-chi/chi/v5`), or nothing ("").
    """

    name: str
    extensions: tuple[str, ...] = ()
    filenames: tuple[str, ...] = ()
    interpreters: tuple[str, ...] = ()
    grammar: str = ""
    queries: tuple[str, ...] = ()
    constructors: frozenset[str] = frozenset()
    capitals: bool = False
    builtins: frozenset[str] = frozenset()
    leading: bool = True
    clauses: bool = False
    trailing_docs: bool = False
    macros: bool = False
    scripts: bool = False
    conditionals: bool = False
    bare_calls: bool = False
    facts_of: tuple[str, ...] = ()
    self_words: frozenset[str] = frozenset()
    self_parameters: frozenset[str] = frozenset()
    self_modules: bool = False
    prototypes: bool = False
    overloads: bool = False
    labelled: bool = False
    calls_apart: bool = False
    uncalled: frozenset[str] = frozenset()
    tags: bool = False
    blocks: bool = False
    receiving_lambdas: bool = False
    doc_types: bool = False
    module_names: Literal["", "last", "unversioned", "whole"] = ""
    calls: Mapping[str, str] = field(default_factory=dict, hash=False)


def _code(
    name: str,
    extensions: str,
    *,
    filenames: str = "",
    interpreters: str = "",
    grammar: str = "",
    queries: str = "",
    constructors: str = "",
    capitals: bool = False,
    builtins: str = "",
    clauses: bool = False,
    trailing_docs: bool = False,
    macros: bool = False,
    scripts: bool = False,
    conditionals: bool = False,
    bare_calls: bool = False,
    facts_of: str = "",
    self_words: str = "",
    self_parameters: str = "",
    self_modules: bool = False,
    prototypes: bool = False,
    overloads: bool = False,
    labelled: bool = False,
    calls_apart: bool = False,
    uncalled: str = "",
    tags: bool = False,
    blocks: bool = False,
    receiving_lambdas: bool = False,
    doc_types: bool = False,
    module_names: Literal["", "last", "unversioned", "whole"] = "",
) -> Language:
    """A language with a grammar and a query, both called `name` unless said otherwise; lists joined with spaces."""
    return Language(
        name=name,
        extensions=tuple(extensions.split()),
        filenames=tuple(filenames.split()),
        interpreters=tuple(interpreters.split()),
        grammar=grammar or name,
        queries=tuple((queries or name).split()),
        constructors=frozenset(constructors.split()),
        capitals=capitals,
        builtins=frozenset(builtins.split()),
        clauses=clauses,
        trailing_docs=trailing_docs,
        macros=macros,
        scripts=scripts,
        conditionals=conditionals,
        bare_calls=bare_calls,
        facts_of=tuple(facts_of.split()),
        self_words=frozenset(self_words.split()),
        self_parameters=frozenset(self_parameters.split()),
        self_modules=self_modules,
        prototypes=prototypes,
        overloads=overloads,
        labelled=labelled,
        calls_apart=calls_apart,
        uncalled=frozenset(f"<{one}{mark}>" for one in uncalled.split() for mark in ("", "?")),
        tags=tags,
        blocks=blocks,
        receiving_lambdas=receiving_lambdas,
        doc_types=doc_types,
        module_names=module_names,
        calls=KNOWN_CALLS.get(name, {}),
    )


def _component(name: str) -> Language:
    """A language of components, whose scripts are in JavaScript or TypeScript."""
    return _code(
        name,
        f".{name}",
        grammar="typescript",
        queries="ecmascript typescript",
        constructors="constructor",
        scripts=True,
        self_words="this super",
        prototypes=True,
        doc_types=True,
    )


def _text(name: str, extensions: str, filenames: str = "") -> Language:
    """A language that is read without a grammar."""
    return Language(name=name, extensions=tuple(extensions.split()), filenames=tuple(filenames.split()))


_ALL: tuple[Language, ...] = (
    _code(
        "python",
        ".py .pyi .pyw",
        filenames="sconstruct sconscript wscript",
        interpreters="python pypy",
        constructors="__init__ __new__",
        capitals=True,
        self_words="super",
        self_parameters="self cls mcs",
        module_names="whole",
    ),
    _code(
        "javascript",
        ".js .mjs .cjs .es6",
        filenames="jakefile",
        interpreters="node nodejs bun deno",
        queries="ecmascript javascript jsx",
        constructors="constructor",
        self_words="this super",
        prototypes=True,
        doc_types=True,
    ),
    _code(
        "jsx",
        ".jsx",
        grammar="javascript",
        queries="ecmascript javascript jsx",
        constructors="constructor",
        self_words="this super",
        prototypes=True,
        doc_types=True,
    ),
    _code(
        "typescript",
        ".ts .mts .cts",
        queries="ecmascript typescript",
        constructors="constructor",
        builtins="T U K V R P",
        self_words="this super",
        prototypes=True,
    ),
    _code(
        "tsx",
        ".tsx",
        queries="ecmascript typescript jsx",
        constructors="constructor",
        builtins="T U K V R P",
        self_words="this super",
        prototypes=True,
    ),
    _code(
        "go",
        ".go",
        builtins="any bool byte error int int8 int16 int32 int64 uint uint8 uint16 uint32 uint64 uintptr float32"
        " float64 rune string T U K V append len make new panic cap copy delete close",
        module_names="unversioned",
    ),
    _code(
        "rust",
        ".rs",
        interpreters="rust-script",
        builtins="Self Some None Ok Err T U allow cfg cfg_attr deny derive doc inline must_use test Debug Clone Copy"
        " Default Eq Hash Ord PartialEq PartialOrd",
        self_words="self Self",
        self_modules=True,
    ),
    _code(
        "java",
        ".java",
        builtins="T U K V R E",
        self_words="this super",
        overloads=True,
        calls_apart=True,
        module_names="last",
    ),
    _code("c", ".c .h .inc", macros=True, conditionals=True, tags=True),
    _code(
        "cpp",
        ".cc .cpp .cxx .c++ .hpp .hh .hxx .h++ .ipp .inl .tpp .txx .ixx .cppm .cu .cuh .ino",
        builtins="T U",
        macros=True,
        conditionals=True,
        facts_of="c",
        self_words="this",
        overloads=True,
    ),
    _code(
        "csharp",
        ".cs .csx",
        builtins="T U TKey TValue",
        conditionals=True,
        self_words="this base",
        overloads=True,
        module_names="last",
    ),
    _code(
        "ruby",
        ".rb .rake .gemspec .ru .rbi",
        filenames="rakefile gemfile guardfile podfile vagrantfile brewfile fastfile",
        interpreters="ruby jruby",
        constructors="initialize",
        builtins="alias_method attr_accessor attr_reader attr_writer extend include lambda new nil p prepend private"
        " private_constant proc protected public puts raise require require_relative",
        bare_calls=True,
        self_words="self=$ super=$super",
    ),
    _code(
        "php",
        ".php .phtml .php5 .php7 .phps",
        interpreters="php",
        constructors="__construct",
        builtins="define self static parent count isset array",
        self_words="$this=$ self=$cls static=$cls parent=$super",
        module_names="last",
    ),
    _code(
        "swift",
        ".swift",
        interpreters="swift",
        constructors="init",
        builtins="Any AnyObject Bool Character Double Float Int Int32 Int64 Self String UInt Void available"
        " discardableResult escaping init print testable",
        self_words="self super Self=$cls",
        labelled=True,
        blocks=True,
    ),
    _code(
        "kotlin",
        ".kt .kts",
        interpreters="kotlin",
        builtins="Any Boolean Byte Char Double Float Int Long Nothing Short String Unit T E K R V println",
        self_words="this super it",
        uncalled="Boolean Byte Char Double Float Int Long Short String",
        module_names="last",
        blocks=True,
        receiving_lambdas=True,
    ),
    _code(
        "scala",
        ".scala .sc .sbt",
        interpreters="scala",
        constructors="this",
        builtins="Any AnyRef AnyVal Boolean Byte Char Double Float Int Long Nothing Null Short String Unit println",
    ),
    _code(
        "lua",
        ".lua .rockspec",
        interpreters="lua luajit",
        builtins="assert error ipairs pairs print require setmetatable tonumber tostring type",
    ),
    _code(
        "haskell",
        ".hs",
        interpreters="runhaskell runghc stack",
        builtins="Bool Char Double False IO Int Integer Just Left Maybe Nothing Right String True pure return",
        clauses=True,
    ),
    _code(
        "elixir",
        ".ex .exs",
        interpreters="elixir",
        builtins="alias assert behaviour callback case cond def defdelegate defexception defguard defguardp defimpl"
        " defmacro defmacrop defmodule defp defprotocol defstruct describe doc for if impl import macrocallback"
        " moduledoc opaque quote raise require spec test type typedoc typep unless unquote use with",
        clauses=True,
    ),
    _code("zig", ".zig", builtins="T Self"),
    _code(
        "bash",
        ".sh .bash .zsh .ksh .bats .ebuild .eclass",
        filenames=".bashrc .bash_profile .profile .zshrc .bash_aliases pkgbuild",
        interpreters="sh bash zsh ksh dash ash bats",
        builtins="cd declare echo eval exec exit export false local printf read return set shift source test trap"
        " true unset",
    ),
    _code(
        "dart",
        ".dart",
        interpreters="dart",
        builtins="Object String bool double dynamic int num override print void",
    ),
    _code(
        "julia",
        ".jl",
        interpreters="julia",
        builtins="Any Bool Float64 Int Int64 String T include inline kwdef length new println testset",
    ),
    _code(
        "r",
        ".r",
        filenames=".rprofile",
        interpreters="rscript",
        builtins="c cat function invisible library list requireNamespace require return setClass setGeneric setMethod"
        " source stop",
    ),
    _code(
        "ocaml",
        ".ml",
        interpreters="ocaml ocamlrun",
        builtins="None Some bool char float int list option ref string unit",
        trailing_docs=True,
    ),
    _code(
        "ocaml_interface",
        ".mli",
        builtins="bool char float int list option ref string unit",
        trailing_docs=True,
    ),
    _code("sql", ".sql .ddl .psql .pgsql"),
    _code("protobuf", ".proto", grammar="proto"),
    _code("hcl", ".hcl .tf .tfvars .nomad"),
    _code(
        "objc",
        ".m .mm",
        queries="objc c",
        builtins="alloc init self super copy nonatomic strong weak",
        macros=True,
        conditionals=True,
    ),
    _code(
        "perl",
        ".pl .pm .t .psgi",
        interpreters="perl",
        builtins="bless defined delete die exists has join keys length map new print push ref return shift sprintf"
        " values",
    ),
    _code(
        "clojure",
        ".clj .cljs .cljc .bb",
        interpreters="bb clojure",
        builtins="and are as-> assoc case catch comment cond cond-> conj def defn defn- defmacro defmethod defmulti"
        " defonce defprotocol defrecord deftest deftype do doseq doto filter first fn for get if if-let if-not is let"
        " loop map merge not ns or quote recur reduce require rest some-> str testing throw try when when-let when-not"
        " -> ->>",
    ),
    _code(
        "erlang",
        ".erl .hrl .escript",
        interpreters="escript",
        builtins="MODULE atom binary integer list",
        clauses=True,
    ),
    _code("fsharp", ".fs .fsx", interpreters="fsharpi", builtins="bool failwith float int raise string unit"),
    _code(
        "groovy",
        ".groovy .gradle .jenkinsfile",
        filenames="jenkinsfile",
        interpreters="groovy",
        builtins="catch for if return switch while",
    ),
    _code("powershell", ".ps1 .psm1 .psd1", interpreters="pwsh powershell", builtins="bool int string object"),
    _code(
        "solidity",
        ".sol",
        constructors="constructor",
        builtins="abi address assert block keccak256 msg require revert super tx",
    ),
    _code("nix", ".nix", builtins="import"),
    _code(
        "cmake",
        ".cmake",
        filenames="cmakelists.txt",
        builtins="cmake_minimum_required else elseif endif foreach if include list message option return set string",
    ),
    _code("makefile", ".mk .mak", filenames="makefile gnumakefile", grammar="make", builtins="MAKE"),
    _code("graphql", ".graphql .gql .graphqls", builtins="Boolean Float ID Int String"),
    _code("luau", ".luau", queries="lua", builtins="assert error ipairs pairs print require setmetatable type"),
    _code("glsl", ".glsl .vert .frag .geom .comp .tesc .tese", queries="c", macros=True, conditionals=True),
    _code("hlsl", ".hlsl .hlsli", queries="c", macros=True, conditionals=True),
    _code(
        "starlark",
        ".bzl .star .bazel",
        filenames="workspace module.bazel",
        grammar="python",
        queries="python",
    ),
    _component("vue"),
    _component("svelte"),
    _component("astro"),
    _code("css", ".css"),
    _code("html", ".html .htm .xhtml"),
    _code("json", ".json .jsonc .json5 .geojson .webmanifest", filenames=".babelrc .eslintrc .prettierrc"),
    _code("toml", ".toml", filenames="pipfile cargo.lock poetry.lock uv.lock"),
    _code("yaml", ".yaml .yml", filenames=".clang-format .clang-tidy"),
    _text("markdown", ".md .markdown .mkd .qmd .rmd"),
    _text("mdx", ".mdx"),
    _text("restructuredtext", ".rst .rest"),
    _text("dockerfile", ".dockerfile", "dockerfile containerfile"),
    _text("ini", ".ini .cfg .conf .properties", ".editorconfig .gitconfig setup.cfg"),
    _text("scss", ".scss .sass .less"),
    _text("xml", ".xml .xsd .xsl .svg .csproj .plist"),
    _text("text", ".txt .text .log .tex .org .adoc .asciidoc"),
)

LANGUAGES: dict[str, Language] = {language.name: language for language in _ALL}
"""All languages by name."""

TEXT = LANGUAGES["text"]

_DIALECTS = (
    "c cpp objc",
    "objc swift",
    "java kotlin scala groovy clojure",
    "javascript jsx typescript tsx vue svelte astro",
    "csharp fsharp",
    "elixir erlang",
    "ocaml ocaml_interface",
    "lua luau",
    "glsl hlsl",
    *(f"{c} {other}" for c in ("c", "cpp", "objc") for other in ("go", "rust", "swift", "zig")),
)
"""Groups of languages whose code calls each other's definitions by name."""
_SHARED_BY_ALL = frozenset(
    {"graphql", "html", "json", "markdown", "mdx", "protobuf", "restructuredtext", "text", "toml", "xml", "yaml"}
)
"""Languages whose names stand for definitions in other languages: schemas, documents and configuration."""
_CALLING: dict[str, set[str]] = {}
for _dialects in _DIALECTS:
    for _dialect in _dialects.split():
        _CALLING.setdefault(_dialect, set()).update(_dialects.split())


def share_names(language: str, other: str) -> bool:
    """Whether a name in code of one language can mean a definition in the other: Kotlin calls Java, but not Swift."""
    return language == other or other in _CALLING.get(language, ()) or bool(_SHARED_BY_ALL & {language, other})
