"""The facts of a file from what two queries capture in its tree: scopes, bindings, mentions of names.

`queries/mentions/<language>.scm` is run for all its captures at once; these say where names are mentioned, and how:

- `@read @value @type @call @base @decorator @write @template @name @import @export`: a bare name in that role; where a
  name has several, the last one in this list counts. `@name` is a string or symbol that is taken for a name.
- `@member`, `@member.value`, `@member.call`, ...: the same of a name that follows a receiver, which is `@of`: it ends
  right before the member, with only dots, colons, arrows and blanks between.
- `@quoted`: the text of a type that is written in quotes.
- `@token`: a name in a macro's arguments, which the grammar does not read: what stands around it tells its role.
- `@arguments`: the argument list that follows the name of a call, captured where functions may be overloaded.
- `@reference`: a name that counts as a reference of its entry though its role is none of those that do.
- `@skip`: a name that is no mention (the name of a keyword argument, a label). `@none`: one that is none unless another
  pattern says so.
- `@scope`: a node in which the names that are bound inside stay. `@scope.block`: one that is no function.
  `@scope.this`: one of the scopes that has a `this` of its own. `@local`: a name bound in the innermost scope (outside
  all scopes it is a variable of the file, inside a type a field). `@local.outer`: bound in the scope around the
  innermost; `@local.hoisted`: in the innermost function; `@local.parameter`: in the innermost scope even directly
  inside a type (a type's parameter). `@global` and `@nonlocal`: a name that belongs to the file or
  to a scope around in spite of an assignment in this one.

`queries/bindings/<language>.scm` is run match by match; each match is one fact:

- `@bind` (the name of a variable, parameter or field) with `@type`, `@value` or `@element` (what is iterated over), and
  with `@hoisted` if it belongs to the innermost function. `@picked`, a member's name: the variable is that member of
  the value, and the member is mentioned. `@assigned` instead of `@bind`: a name that is declared elsewhere.
  `@each` instead of `@type`: the type of each of a variable number of arguments. `@within`: the node inside which
  alone the name is bound so (a case of a switch over types).
- `@parameter`, a type's parameter, with `@type`, what it is at least.
- `@key` (a name that follows no receiver but is a member) with `@of`, the type that has the member.
- `@object`: a variable whose value is an object with members of its own.
- `@pattern`, the pattern of a tuple in which `@bind` is one of several names: it is bound to an item of the value.
- `@narrowed`, a variable, with `@type`: what a condition says of it in a block, `@within`, or after a statement,
  `@after`.
- `@self.field` with `@value` or `@type`: a field of the enclosing class that is assigned to.
- `@function` (its name) with `@parameters` (their list), `@result` (an annotation, or one for each of several results),
  `@static`, `@property`, `@decorated` (what a decorator says); `@returned`, a value that the innermost function
  returns; `@yielded`, which makes that function's result unknown.
- `@visible`, the name of a definition that other files see.
- `@class` (its name) with `@super`, one supertype. `@subclass`: the name of a class where its supertype is given
  by a call. `@extension`: a container's extended type.
- `@tree`, a tree of imported names as Rust writes it, with `@exported` if the file passes them on.
- `@module` with any of `@import.name`, `@alias`, `@all`, `@exported`: an import of a module or a name in it. `@bound`:
  the name that it binds where that is neither. `@package`: what the file declares. `@passed`: a name of the file's own
  that it exports, as `@alias` if that is given, or as the whole module (`@whole`), or that is a member of the object
  around it (`@inside`).

Everything here works on byte ranges: the cost per name matters, since a file has more names than lines.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Final

import numpy as np

from glossator.index.argument_types import MAX_LIST, arguments_of, parameter_types
from glossator.index.doc_types import doc_types
from glossator.index.expressions import SELF_WORDS, expression, grown, joined, type_expression
from glossator.index.facts import (
    EXPORTED,
    EXTENSION,
    INFERRED,
    INSTANCE,
    LOCAL,
    MENTION_KINDS,
    PROPERTY,
    STATIC,
    STUB,
    UNKNOWN,
    Facts,
    Import,
    Symbol,
    make_facts,
)
from glossator.index.nesting import TYPES
from glossator.index.use_trees import used_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from glossator.index.doc_types import DocTypes
    from glossator.index.facts import PackedMention
    from glossator.index.languages import Language
    from glossator.index.nesting import Definition
    from glossator.index.texts import SourceText

    Range = tuple[int, int]
    Matched = Mapping[str, Sequence[Range]]

ROLES: Final = ("read", "value", "type", "call", "base", "decorator", "write", "template", "name", "import", "export")
MEMBER: Final = 16
"""Added to the kind of a mention that follows a receiver."""
CLASSES: Final = TYPES | {"component", "type"}
"""Kinds of symbols that have fields."""
CALLABLE: Final = frozenset({"function", "method", "constructor", "test", "macro"})
MENTION_BYTES: Final = 200
"""Longer "names" are pieces of broken trees."""
BRANCHES: Final = 8
"""How many earlier values of a variable are looked at."""
WHOLE: Final = "exports"
"""The name under which a file exports what its import as a whole gives (`module.exports = ...`)."""
MAX_MENTIONS: Final = 200_000
"""A file of more mentions is data; its facts are left out."""

MAX_TEMPLATES: Final = 20_000
"""So many receivers and values are remembered from file to file, per language: some megabytes."""

_KINDS: Final = {kind: number for number, kind in enumerate(MENTION_KINDS)}
_NONE: Final = -1
_ROLE_KINDS: Final = tuple(
    [("read", _KINDS["read"]), ("none", _NONE)]
    + [(role, _KINDS[role]) for role in ROLES[1:]]
    + [("member", _KINDS["attribute"] + MEMBER)]
    + [(f"member.{role}", _KINDS[role] + MEMBER) for role in ROLES]
)
_CALL: Final = _KINDS["call"]
TOKEN_BYTES: Final = 120
"""So much before a name in a macro's arguments is looked at for its receiver."""
_REVERSED_LINK: Final = rb"\??(?:\][^\[\]]*\[)?(?:\)[^()]*\()?\w*[A-Za-z_]"
_BEFORE_TOKEN: Final = re.compile(
    rb"\s*(?:\.|::)\s*(" + _REVERSED_LINK + rb"(?:(?:\.|::)" + _REVERSED_LINK + rb")*)", re.ASCII
)
"""The receiver of a token, in the text before it reversed: from its end, it is found at once."""
_QUOTED_NAME: Final = re.compile(rb"(?<![\w.])((?:[A-Za-z_]\w*\.)*)(?!(?:None|True|False|Literal)\b)([A-Za-z_]\w*)")
"""A name in a type in quotes, and what stands before it."""
_RUST_WORDS: Final = frozenset(
    re.findall(
        r"\w+",
        "as async await box break const continue crate dyn else enum extern false fn for if impl in let loop match mod"
        " move mut pub ref return self Self static struct super trait true type union unsafe use where while yield",
    )
)
"""Words of Rust, which the grammar takes for names in a macro's arguments."""
_ATTRIBUTE: Final = _KINDS["attribute"]
_VARIABLES: Final = frozenset({"constant", "field", "function", "variable"})
_PROTOTYPE: Final = ".prototype"
_EXPORTS: Final = frozenset({"exports", "module.exports", "module"})
_FROM: Final = attrgetter("at")
_START: Final = attrgetter("start")
_NOTHING: Final[Matched] = {}
_QUALIFIED: Final = re.compile(rb"(?:[A-Za-z_]\w*+(?:<[^(){};]{0,200}?>)?\s*+::\s*+)+")
"""What may stand before a name that is defined outside what it belongs to (`Foo<T>::`)."""
_LAST_PART: Final = re.compile(r"::|[./\\:]")
_VERSION: Final = re.compile(r"[/.]v\d+$")
"""Of a module whose path names its major version."""
_STRIPPED: Final = b"\"'`: \t\r\n"
_BEFORE_MEMBER: Final = b" \t\r\n.?!:->&$\\"


@dataclass(slots=True)
class _Scope:
    """A node in which names stay: the names bound in it, each with its values in order of their places."""

    start: int
    end: int
    parent: int
    names: dict[str, list[_Value]] = field(default_factory=dict)
    exempt: set[str] = field(default_factory=set)
    """Names that a declaration says belong to the file."""
    outer: set[str] = field(default_factory=set)
    """Names that a declaration says belong to a scope around."""
    block: bool = False
    """Whether it is a block rather than a function."""


@dataclass(slots=True)
class _Value:
    """What a local name is bound to from a place on."""

    at: int
    """First byte from which it counts."""
    name_at: int
    """First byte of the name that is bound here; the file's first for what counts everywhere."""
    text: str | Range | None
    """Source of the value, or where it stands in the file; None if nothing is known of it."""
    made: str = ""
    """The expression, once it has been made."""
    element: bool = False
    item: str = ""
    """"[1]" if it is an item of a tuple."""
    until: int = 0
    """The byte up to which it counts, in the branch of a condition; 0 for the end of the scope."""


def facts_of(
    language: Language,
    source: SourceText,
    found: Sequence[Definition],
    captures: Matched,
    matches: Sequence[Matched],
    references: Sequence[tuple[int, str]],
    arguments: Mapping[int, int],
) -> Facts:
    """The facts of a file.

    Args:
        found: the definitions in the file, in any order.
        captures: what the mentions query captures: ranges of bytes by capture.
        matches: what the bindings query matches.
        references: (first byte, name) of mentions in markup and other text that no query reads.
        arguments: first byte of an argument list -> its number of arguments, where that is certain.
    """
    if language.prototypes:
        # `const x = require("./x")` defines nothing.
        imported = {
            span[0]
            for match in matches
            if "module" in match and "exported" not in match
            for role in ("alias", "import.name")
            for span in match.get(role, ())
        }
        found = [item for item in found if item.name_at not in imported]
    return _Extraction(language, source, found).run(captures, matches, references, arguments)


class _Extraction:
    """The extraction of one file's facts."""

    def __init__(self, language: Language, source: SourceText, found: Sequence[Definition]) -> None:
        self._language = language
        self._data = source.data
        self._line_starts = source.line_starts
        self._lines = source.lines
        self._symbols: list[Symbol] = []
        self._spans: list[Range] = []
        self._at_name: dict[int, int] = {}
        """First byte of a symbol's name -> its index."""
        self._cuts: list[int] = []
        self._owners: list[int] = []
        self._scopes: list[_Scope] = []
        self._scope_cuts: list[int] = []
        self._scope_at: list[int] = []
        self._receivers: dict[str, int] = {}
        self._texts: dict[bytes, str] = {}
        self._templates = _templates_of(language.name)
        self._all_bound = False
        self._bound: set[str] = set()
        """The names that are bound in any scope, once all are."""
        self._fixed: dict[bytes, str] = {}
        """Source text -> its expression, where that is the same in all places."""
        self._imported: set[str] = set()
        self._keyed: dict[int, str] = {}
        """First byte of a member's name that follows no receiver -> the receiver's expression."""
        self._self_words = {}
        for word in language.self_words:
            word, _, made = word.partition("=")
            self._self_words[word] = made or SELF_WORDS[word]
        self._members: dict[tuple[int, str], int] = {}
        """Parent and name of a symbol -> the first such."""
        self._inner_imports: dict[str, set[int]] = {}
        """Names that are imported inside a scope -> these scopes, where they are no local variables."""
        self._classes: set[int] = set()
        self._declared: set[int] = set()
        """Variables and fields whose type an annotation gives."""
        self._made_by_functions: set[int] = set()
        """Functions that are classes: their prototypes have members."""
        self._this_spans: list[Range] = []
        self._this_cuts: list[int] = []
        self._this_at: list[int] = []
        self._picked: list[Matched] = []
        if len(self._templates) > MAX_TEMPLATES:
            self._templates.clear()
        self._add_symbols(found)
        if language.prototypes:
            self._note_prototypes()

    # Places

    def _place(self, at: int) -> tuple[int, int]:
        """Line (1-based) and column (in bytes, from 0) of a byte."""
        line = bisect_right(self._line_starts, at, 0, self._lines)
        return line, at - self._line_starts[line - 1]

    def _indent(self, at: int) -> int:
        """The column of the first text in the line of a byte."""
        line = bisect_right(self._line_starts, at, 0, self._lines)
        start = self._line_starts[line - 1]
        piece = self._data[start : start + 200]
        return len(piece) - len(piece.lstrip())

    def _owner(self, at: int) -> int:
        """The innermost symbol that contains a byte; -1 for none."""
        index = bisect_right(self._cuts, at) - 1
        return self._owners[index] if index >= 0 else -1

    def _scope(self, at: int) -> int:
        """The innermost scope that contains a byte; -1 for none."""
        index = bisect_right(self._scope_cuts, at) - 1
        return self._scope_at[index] if index >= 0 else -1

    def _text(self, span: Range) -> str:
        return self._data[span[0] : span[1]].decode("utf-8", "replace")

    # Symbols

    def _add_symbols(self, found: Sequence[Definition]) -> None:
        items = sorted(
            (item for item in found if item.name or item.kind == "block"), key=lambda item: (item.start, -item.end)
        )
        open_: list[int] = []
        for item in items:
            while open_ and self._spans[open_[-1]][1] <= item.start:
                open_.pop()
            parent = open_[-1] if open_ else -1
            while parent >= 0 and self._spans[parent] == (item.start, item.end) and not self._symbols[parent].name:
                parent = self._symbols[parent].parent
            while (
                parent >= 0
                and item.kind in _VARIABLES
                and self._spans[parent] == (item.start, item.end)
                and self._symbols[parent].kind in _VARIABLES
            ):
                parent = self._symbols[parent].parent  # `var a = 1, b = 2`
            if item.kind == "block" and not item.scope:
                continue
            self._add_symbol(item, parent)
            open_.append(len(self._symbols) - 1)
        self._cuts, self._owners = _segments(self._spans)

    def _add_symbol(self, item: Definition, parent: int) -> None:
        flags = STUB if item.stub else 0
        kind: str = item.kind
        name, scope = item.name, item.scope
        if kind == "block":
            kind, name, scope, flags = "class", item.scope, "", flags | EXTENSION
        if self._language.prototypes and not scope and kind == "function" and item.name_at == item.start:
            flags |= INFERRED  # `render = function () {}`
        if scope and self._language.prototypes:
            if scope.endswith(_PROTOTYPE):
                scope = scope.removesuffix(_PROTOTYPE)
            elif scope in _EXPORTS:
                scope = ""
            elif scope == "this":
                kind, parent, scope = self._instance_of(kind, parent)
            else:
                flags |= STATIC
        if name == "module.exports":
            name = WHOLE
        if parent >= 0:
            around = self._symbols[parent]
            if (around.kind in CALLABLE or around.flags & LOCAL) and not (
                self._language.prototypes and (kind == "method" or scope)
            ):
                # A method of an object that a function makes may be called from anywhere.
                flags |= LOCAL
            elif around.kind in CLASSES and kind == "function":
                kind = "method"
        name_at = item.name_at if item.name_at >= 0 else item.start
        if scope and (written := _QUALIFIED.match(self._data, name_at)) is not None:
            name_at = written.end()
        if kind in ("function", "method") and name in self._language.constructors:
            kind = "constructor"
        if self._language.bare_calls and kind in ("function", "method"):
            flags |= PROPERTY
        line, column = self._place(name_at)
        symbol = Symbol(
            name,
            kind,
            parent,
            self._place(item.start)[0],
            self._place(max(item.end - 1, item.start))[0],
            line,
            column,
            scope,
            flags=flags,
        )
        index = len(self._symbols)
        self._at_name.setdefault(name_at, index)
        if not flags & EXTENSION:
            self._members.setdefault((parent, name), index)
        if kind in CLASSES:
            self._classes.add(index)
        self._symbols.append(symbol)
        self._spans.append((item.start, item.end))

    def _instance_of(self, kind: str, parent: int) -> tuple[str, int, str]:
        """Kind, parent and scope of a function that is assigned to a member of `this`."""
        around = parent
        while around >= 0 and self._symbols[around].kind not in CLASSES:
            outer = self._symbols[around]
            if outer.scope:
                return "method", parent, outer.scope
            if outer.parent < 0:
                return "method", parent, outer.name
            around = outer.parent
        return ("method", around, "") if around >= 0 else (kind, parent, "this")

    def _note_prototypes(self) -> None:
        """Note which functions are classes: those whose prototype or instances are given methods."""
        scopes = {symbol.scope for symbol in self._symbols if symbol.kind in CALLABLE and symbol.scope.isidentifier()}
        for index, symbol in enumerate(self._symbols):
            if symbol.name not in scopes or symbol.scope:
                continue
            if symbol.kind == "function":
                self._made_by_functions.add(index)
            elif symbol.kind in ("constant", "variable"):
                # `app.use = function () {}`
                symbol.kind = "object"

    def _add_variable(self, span: Range, kind: str, parent: int, flags: int = 0) -> int:
        """A variable or field that only its binding shows."""
        line, column = self._place(span[0])
        index, name = len(self._symbols), self._text(span)
        self._symbols.append(Symbol(name, kind, parent, line, line, line, column, flags=flags))
        self._spans.append((span[0], span[0]))  # it contains nothing
        self._at_name[span[0]] = index
        self._members[parent, name] = index
        return index

    def _class_at(self, at: int) -> int:
        """The innermost class around a byte; -1 for none."""
        owner = self._owner(at)
        while owner >= 0 and self._symbols[owner].kind not in CLASSES and owner not in self._made_by_functions:
            owner = self._symbols[owner].parent
        return owner

    # The whole

    def run(
        self,
        captures: Matched,
        matches: Sequence[Matched],
        references: Sequence[tuple[int, str]],
        arguments: Mapping[int, int],
    ) -> Facts:
        """All facts; see `facts_of`."""
        self._add_scopes(captures.get("scope", ()), captures.get("scope.block", ()))
        self._this_spans = sorted(captures.get("scope.this", ()), key=lambda span: (span[0], -span[1]))
        self._this_cuts, self._this_at = _segments(self._this_spans)
        package = ""
        imports: list[Import] = []
        plain: list[Matched] = []
        given: set[int] = set()
        """First bytes of names that imports bind."""
        for match in matches:
            if "module" in match:
                made = self._import(match)
                if made not in imports[-1:]:  # a special pattern may match what a general one does
                    imports.append(made)
                    if made.exported and self._language.prototypes:
                        continue
                    self._imported.add(made.name)
                    if self._scopes and (inside := self._hoisted(self._scope(match["module"][0][0]))) >= 0:
                        self._inner_imports.setdefault(made.name, set()).add(inside)
                    given.update(span[0] for role in ("alias", "import.name") for span in match.get(role, ()))
            elif "tree" in match:
                imports.extend(self._import_tree(match))
            elif "passed" in match:
                imports.append(self._export(match))
            elif "package" in match:
                package = "".join(self._text(match["package"][0]).split()).replace("\\", ".")
            else:
                plain.append(match)
        self._bind_names(captures, plain, given)
        documented = list(doc_types(self._data)) if self._language.doc_types else []
        for found in documented:
            self._type_by_doc(found)
        self._describe_symbols(plain)
        for found in documented:
            if found.variable:
                self._type_variable_by_doc(found)
        mentions = self._mentions(captures, arguments)
        self._mention_picked(mentions)
        for index in self._made_by_functions:
            self._symbols[index].kind, self._symbols[index].type = "class", ""
        for at, name in references:
            line, column = self._place(at)
            # Of a chain of members in markup, only the first name is the file's.
            receiver = -1
            if self._language.scripts and self._data[at - 1 : at] == b".":
                receiver = self._receivers.setdefault(UNKNOWN, len(self._receivers))
            mentions.setdefault(name, []).append((_KINDS["template"], self._owner(at), line, column, receiver, -1))
        if sum(map(len, mentions.values())) > MAX_MENTIONS:
            mentions = {}
        return make_facts(self._language.name, package, self._symbols, imports, list(self._receivers), mentions)

    # Scopes and bindings

    def _add_scopes(self, spans: Sequence[Range], blocks: Sequence[Range]) -> None:
        open_: list[int] = []
        functions = set(spans)
        for start, end in sorted({*functions, *blocks}, key=lambda span: (span[0], -span[1])):
            while open_ and self._scopes[open_[-1]].end <= start:
                open_.pop()
            block = (start, end) not in functions
            self._scopes.append(_Scope(start, end, open_[-1] if open_ else -1, block=block))
            open_.append(len(self._scopes) - 1)
        self._scope_cuts, self._scope_at = _segments([(scope.start, scope.end) for scope in self._scopes])

    def _bind_names(self, captures: Matched, matches: Sequence[Matched], given: set[int]) -> None:
        """Note which names are local to which scope, and what they are bound to."""
        for role in ("global", "nonlocal"):
            for start, end in captures.get(role, ()):
                scope = self._scope(start)
                if scope >= 0:
                    names = self._scopes[scope].exempt if role == "global" else self._scopes[scope].outer
                    names.add(self._text((start, end)))
        for index, symbol in enumerate(self._symbols):
            self._bind_symbol(index, symbol)
        for start, end in captures.get("local.parameter", ()):
            if (scope := self._scope(start)) >= 0:
                self._scopes[scope].names.setdefault(self._text((start, end)), []).append(_Value(start, start, None))
        for match in matches:
            if "parameter" in match:
                self._bound_parameter(match)
        for match in matches:
            for start, _ in match.get("object", ()):
                self._make_object(start)
        assigned: list[Matched] = []
        imported = frozenset(given)
        typed: set[int] = set()
        if self._language.prototypes:
            # A declared type says more than the value.
            typed.update(span[0] for match in matches if "type" in match for span in match.get("bind", ()))
        for match in matches:
            if "assigned" in match:
                assigned.append(match)
            if "picked" in match and match.get("bind", ((-1, -1),))[0][0] not in imported:
                self._picked.append(match)
            for span in match.get("bind", ()):
                if span[0] not in imported and ("type" in match or span[0] not in typed):
                    scope = self._scope(match["within"][0][0] if "within" in match else span[0])
                    if "within" not in match:
                        given.add(span[0])
                    self._bind(span, match, self._hoisted(scope) if "hoisted" in match else scope)
        for role in ("local", "local.outer", "local.hoisted"):
            # Sorted, since the order in which captures are given varies from run to run.
            spans = sorted(span for span in captures.get(role, ()) if span[0] not in given)
            for span, scope in zip(spans, self._scopes_of([start for start, _ in spans]), strict=True):
                if role == "local.outer" and scope >= 0:
                    scope = self._scopes[scope].parent
                elif role == "local.hoisted":
                    scope = self._hoisted(scope)
                self._bind(span, _NOTHING, scope)
        for match in assigned:
            self._assign(match)
        for match in matches:
            if "narrowed" in match:
                self._narrow(match)
        for holder in self._scopes:
            for values in holder.names.values():
                if len(values) > 1:
                    values.sort(key=_FROM)
        self._bound.update(*[holder.names for holder in self._scopes])
        self._all_bound = True

    def _bind_symbol(self, index: int, symbol: Symbol) -> None:
        """Bind the name of what is defined inside a function."""
        functions = self._language.prototypes
        if functions and (symbol.kind == "method" or symbol.scope):
            return
        parent = symbol.parent
        if not functions and not (symbol.flags & LOCAL and parent >= 0 and self._symbols[parent].kind in CALLABLE):
            return
        start, end = self._spans[index]
        scope = self._scope(start)
        while scope >= 0 and self._scopes[scope].start >= start and self._scopes[scope].end <= end:
            scope = self._scopes[scope].parent
        if scope < 0 or (functions and parent >= 0 and self._scopes[scope].start < self._spans[parent][0]):
            return
        symbol.flags |= LOCAL
        value = _Value(self._scopes[scope].start, 0, None, f"#{index}")
        self._scopes[scope].names.setdefault(symbol.name, []).append(value)

    def _make_object(self, start: int) -> None:
        """Note that a variable holds an object with members."""
        index = self._at_name.get(start)
        if index is not None and self._symbols[index].kind in ("constant", "variable"):
            self._symbols[index].kind = "object"
            self._classes.add(index)

    def _hoisted(self, scope: int) -> int:
        """The innermost function that is or encloses a scope; -1 for none."""
        while scope >= 0 and self._scopes[scope].block:
            scope = self._scopes[scope].parent
        return scope

    def _assign(self, match: Matched) -> None:
        """Note another value of a variable that is declared somewhere else."""
        span = match["assigned"][0]
        if span[1] - span[0] > MENTION_BYTES:
            return
        name = self._text(span)
        scope = self._scope(span[0])
        while scope >= 0:
            if (values := self._scopes[scope].names.get(name)) is not None:
                if not values[0].made.startswith("#"):
                    part = match["value"][0]
                    values.append(_Value(max(span[1], part[1]), span[0], part if part[1] - part[0] <= 1000 else None))
                return
            scope = self._scopes[scope].parent
        known = self._members.get((-1, name))
        if known is not None:
            self._describe_variable(span, known, name, -1, match)

    def _bind(self, span: Range, match: Matched, scope: int) -> None:
        """Note that a name is bound: as a local variable of a scope, a variable of the file, or a field of a class."""
        start, end = span
        raw = self._data[start:end]
        name = self._texts.get(raw)
        if name is None:
            if end - start > MENTION_BYTES:
                return
            name = self._texts[raw] = raw.decode("utf-8", "replace")
        scopes = self._scopes
        if scope >= 0:
            while scope >= 0 and name in scopes[scope].outer:
                scope = scopes[scope].parent
            if scope >= 0 and name in scopes[scope].exempt:
                scope = -1
        known = self._at_name.get(start)
        if known is None:
            owner = self._owner(start)
            in_class = owner in self._classes and (scope < 0 or self._spans[owner][0] >= scopes[scope].start)
        else:
            owner, in_class = -1, False
        if scope < 0 or in_class or (known is not None and not self._symbols[known].flags & LOCAL):
            self._describe_variable(span, known, name, owner if in_class else -1, match)
            return
        if known is not None and self._language.prototypes:
            return  # a function or class, bound already
        names = scopes[scope].names
        values = names.get(name)
        if values is None:
            values = names[name] = []
            if name in self._language.self_parameters and "type" not in match and self._in_method(scope):
                values.append(_Value(start, 0, None, SELF_WORDS[name]))
                return
        if "type" in match:
            made = self._type(self._text(match["type"][0]), start)
            values.append(_Value(start, start, None, self._picked_from(made, match)))
            return
        if "each" in match:
            values.append(_Value(start, start, None, type_expression(f"[]{self._text(match['each'][0])}")))
            return
        for role in ("value", "element"):
            if role in match:
                part = match[role][0]
                text: str | Range | None = part if part[1] - part[0] <= 1000 else None
                if text is not None and "picked" in match:
                    whole = f"({self._text(part)})" + ("[0]" if role == "element" else "")
                    text = f"{whole}.{self._text(match['picked'][0])}"
                element = role == "element" and "picked" not in match
                values.append(_Value(max(end, part[1]), start, text, "", element, self._item(match)))
                return
        values.append(_Value(start, start, None))

    def _bound_parameter(self, match: Matched) -> None:
        """Note what a type's parameter is at least; later bounds of it are left out."""
        span = match["parameter"][0]
        scope, name = self._scope(span[0]), self._text(span)
        while scope >= 0 and name not in self._scopes[scope].names:
            scope = self._scopes[scope].parent
        if scope >= 0 and not self._scopes[scope].names[name][0].made:
            self._scopes[scope].names[name][0].made = type_expression(self._text(match["type"][0]))

    def _type(self, text: str, at: int) -> str:
        """The expression of a type at a place: of a type's parameter, what it is at least."""
        made = type_expression(text)
        bare = made[1:-1].lstrip("&*")
        if not bare.isidentifier():
            return made
        scope = self._scope(at)
        while scope >= 0:
            if (values := self._scopes[scope].names.get(bare)) is not None:
                return values[0].made if values and values[0].made[:1] == "<" else made
            scope = self._scopes[scope].parent
        return made

    def _item(self, match: Matched) -> str:
        """Which item of a tuple a name is bound to: "[1]"; "" if it is bound to the whole."""
        if "pattern" not in match:
            return ""
        before = self._data[match["pattern"][0][0] : match["bind"][0][0]].lstrip(b"(")
        return UNKNOWN if b"*" in before or b"(" in before else f"[{before.count(b',')}]"

    def _item_of(self, made: str, match: Matched) -> str:
        """The expression of the item of a tuple that a name is bound to."""
        item = self._item(match) if made != UNKNOWN else ""
        return UNKNOWN if item == UNKNOWN else grown(made, item) if item else made

    def _narrow(self, match: Matched) -> None:
        """Note that a condition tells the type of a variable in one of its branches, or after it."""
        span = match["narrowed"][0]
        if span[1] - span[0] > MENTION_BYTES:
            return
        name = self._text(span)
        scope = self._scope(span[0])
        while scope >= 0 and name not in self._scopes[scope].names:
            scope = self._scopes[scope].parent
        if scope < 0:
            return
        text = self._text(match["type"][0])
        if text.startswith("(") and text.endswith(")"):
            text = text[1:-1].strip().rstrip(",").replace(",", "|")
        start, end = match["within"][0] if "within" in match else (match["after"][0][1], 0)
        name_at = match["after"][0][0] if "after" in match else span[0]
        value = _Value(start, name_at, None, type_expression(text), until=end)
        self._scopes[scope].names[name].append(value)

    def _picked_from(self, made: str, match: Matched) -> str:
        """The expression of the member that a pattern takes out of a value."""
        if made == UNKNOWN or "picked" not in match:
            return made
        return grown(made, "." + self._text(match["picked"][0]))

    def _in_method(self, scope: int) -> bool:
        """Whether a scope is that of a method."""
        owner = self._owner(self._scopes[scope].start)
        return owner >= 0 and self._symbols[owner].kind in CALLABLE and self._class_at(self._scopes[scope].start) >= 0

    def _describe_variable(self, span: Range, known: int | None, name: str, parent: int, match: Matched) -> None:
        """A variable of the file or field of a class: a symbol, unless it is one already, and its type."""
        if known is None:
            known = self._members.get((parent, name))
        if known is None:
            if name in self._imported or not name:
                return
            kind = "field" if parent >= 0 else "variable"
            if parent >= 0 and self._symbols[parent].kind == "enum" and "type" not in match:
                kind = "enum_member"
            known = self._add_variable(span, kind, parent)
        made = self._given(match)
        symbol = self._symbols[known]
        if symbol.kind == "object" and made == UNKNOWN:
            return  # its type has no name
        if made and symbol.kind == "object" and made.endswith(")") and made != symbol.name:
            symbol.bases = (made,)
        if made and symbol.kind not in CALLABLE and symbol.kind not in TYPES:
            self._note_type(known, made, declared="type" in match)

    def _note_type(self, index: int, made: str, *, declared: bool) -> None:
        """Note the type of a variable or field: the declared one, or else all that it is assigned."""
        symbol = self._symbols[index]
        if declared and index not in self._declared:
            self._declared.add(index)
            symbol.type = made
        elif declared or index not in self._declared:
            symbol.type = joined([symbol.type, made]) if symbol.type and made != symbol.type else made

    def _given(self, match: Matched) -> str:
        """The expression of what a match binds its name to; "" if it does not say."""
        if "type" in match:
            part = match["type"][0]
            return self._picked_from(self._type(self._text(part), part[0]), match)
        if "value" in match:
            return self._picked_from(self._item_of(self._expression(match["value"][0]), match), match)
        if "element" in match:
            made = self._expression(match["element"][0])
            return made if made == UNKNOWN else self._item_of(grown(made, "[]"), match)
        return ""

    # Symbols' types

    def _describe_symbols(self, matches: Sequence[Matched]) -> None:
        returned: dict[int, list[Range]] = {}
        unknown: set[int] = set()
        for match in matches:
            if "function" in match:
                self._describe_function(match)
            elif "class" in match:
                index = self._at_name.get(match["class"][0][0])
                if index is not None and "super" in match:
                    symbol = self._symbols[index]
                    symbol.bases += tuple("".join(self._text(span).split()) for span in match["super"])
            elif "subclass" in match:
                index = self._members.get((-1, self._text(match["subclass"][0])))
                if index is not None:
                    symbol = self._symbols[index]
                    symbol.bases += tuple("".join(self._text(span).split()) for span in match["super"])
                    if symbol.kind == "function":
                        self._made_by_functions.add(index)
            elif "extension" in match:
                start = match["extension"][0][0]
                owner = self._owner(start)
                if owner >= 0 and "super" in match:
                    self._symbols[owner].bases += tuple("".join(self._text(span).split()) for span in match["super"])
            elif "self.field" in match:
                self._describe_field(match)
            elif "attribute" in match:
                for span in match["attribute"]:
                    self._describe_attribute(span)
            elif "visible" in match:
                index = self._at_name.get(match["visible"][0][0])
                if index is not None:
                    self._symbols[index].flags |= EXPORTED
            elif "key" in match:
                made = type_expression(self._text(match["of"][0]))
                self._keyed.update((start, made) for start, _ in match["key"])
            elif "returned" in match:
                owner = self._function_at(match["returned"][0][0])
                if owner >= 0:
                    returned.setdefault(owner, []).append(match["returned"][0])
            elif "yielded" in match:
                unknown.add(self._function_at(match["yielded"][0][0]))
        for owner, values in returned.items():
            symbol = self._symbols[owner]
            if not symbol.type and owner not in unknown:
                symbol.type = self._one_of(values)

    def _one_of(self, values: Sequence[Range]) -> str:
        """The expression of one of several values; "" if it is unknown."""
        found: list[str] = []
        for value in values:
            made = self._expression(value)
            if made == UNKNOWN:
                return ""
            if made:
                found.append(made)
        made = joined(found)
        return "" if made == UNKNOWN else made

    def _describe_attribute(self, span: Range) -> None:
        """A property that gives a field of the same name (Ruby's `attr_reader :pool`)."""
        index = self._at_name.get(span[0])
        if index is None:
            start = span[0] + (self._data[span[0] : span[0] + 1] == b":")
            index = self._add_variable((start, span[1]), "property", self._class_at(span[0]))
        symbol = self._symbols[index]
        symbol.type = symbol.type or f"{INSTANCE}.@{symbol.name}"

    def _type_by_doc(self, found: DocTypes) -> None:
        """Give a function's parameters and result, or a local variable, the types that its doc comment says."""
        if found.variable:
            scope = self._scope(found.name_at)
            values = self._scopes[scope].names.get(found.name) if scope >= 0 else None
            if values is not None and not found.field:
                values[:] = [_Value(values[0].at, values[0].name_at, None, type_expression(found.variable))]
            return
        # The function, or the first one in the statement (`const f = () => {}`, `Foo.prototype.f = function () {}`).
        index = bisect_left(self._scopes, found.at, key=_START)
        if index == len(self._scopes) or self._data.find(b"\n", found.at, self._scopes[index].start) >= 0:
            return
        names = self._scopes[index].names
        for name, text in found.parameters.items():
            values = names.get(name)
            if values is not None and not values[0].made and values[0].text is None:
                values[0].made = type_expression(text)
        owner = self._owner(self._scopes[index].start)
        if found.result and owner >= 0 and self._spans[owner][0] >= found.at:
            symbol = self._symbols[owner]
            if symbol.kind in CALLABLE and not symbol.type:
                symbol.type = type_expression(found.result)

    def _type_variable_by_doc(self, found: DocTypes) -> None:
        """Give a variable of the file or a field the type that its doc comment says."""
        index = self._at_name.get(found.name_at)
        if index is None and found.field:
            index = self._members.get((self._class_at(found.name_at), found.name))
        if index is None:
            return
        symbol = self._symbols[index]
        made = type_expression(found.variable)
        if symbol.kind in ("constant", "field", "variable") and made != UNKNOWN:
            symbol.type = made

    def _function_at(self, at: int) -> int:
        """The function for which a value is returned; -1 if it is none with a name."""
        if self._language.prototypes:
            scope = self._hoisted(self._scope(at - 1))
            if scope < 0:
                return -1
            start = self._scopes[scope].start
            owner = self._owner(start)
            around = self._hoisted(self._scopes[scope].parent)
            own = owner >= 0 and (around < 0 or self._scopes[around].start < self._spans[owner][0])
            return owner if own and self._symbols[owner].kind in CALLABLE else -1
        owner = self._owner(at)
        while owner >= 0 and self._symbols[owner].kind not in CALLABLE and self._symbols[owner].kind != "property":
            owner = self._symbols[owner].parent
        return owner

    def _describe_function(self, match: Matched) -> None:
        index = self._at_name.get(match["function"][0][0])
        if index is None:
            return
        symbol = self._symbols[index]
        if "result" in match:
            results = [self._text(span) for span in match["result"]]
            symbol.type = type_expression(results[0] if len(results) == 1 else f"({','.join(results)})")
        if "decorated" in match:
            symbol.decorators += (self._expression(match["decorated"][0]),)
        if "static" in match:
            symbol.flags |= STATIC
        if "property" in match:
            symbol.flags |= PROPERTY
        if "parameters" in match:
            written = self._text(match["parameters"][0])
            symbol.parameters = _parameter_counts(written)
            if self._language.overloads:
                symbol.types = parameter_types(written)

    def _describe_field(self, match: Matched) -> None:
        span = match["self.field"][0]
        owner = self._class_at(span[0])
        if owner < 0 or span[1] - span[0] > MENTION_BYTES:
            return
        name = self._text(span)
        index = self._members.get((owner, name))
        if index is None:
            index = self._add_variable(span, "field", owner, INFERRED)
        symbol = self._symbols[index]
        if symbol.kind in CALLABLE or symbol.kind in TYPES:
            return
        made = self._given(match)
        if made and ("type" in match or not symbol.flags & PROPERTY):
            self._note_type(index, made, declared="type" in match)

    # Imports

    def _import(self, match: Matched) -> Import:
        start = match["module"][0][0]
        module = "".join(self._text((start, match["module"][-1][1])).split()).strip("\"'`<>;")
        member = self._text(match["import.name"][0]).strip("\"'`") if "import.name" in match else ""
        if "default" in match:
            member = "default"
        if "all" in match:
            name = "*"
        elif "alias" in match:
            name = self._text(match["alias"][0])
        elif "bound" in match:
            name = self._text(match["bound"][0])
        else:
            name = member or self._bound_by(module)
        return Import(name, module, member, self._place(start)[0], self._owner(start), "exported" in match)

    def _import_tree(self, match: Matched) -> list[Import]:
        """What an import statement brings in that lists names in a tree."""
        start, end = match["tree"][0]
        owner, made = self._owner(start), []
        for used in used_names(self._text((start, end))):
            line = self._place(start + used.at)[0]
            made.append(Import(used.name, used.module, used.member, line, owner, "exported" in match))
            self._imported.add(used.name)
            if self._scopes and (inside := self._hoisted(self._scope(start))) >= 0:
                self._inner_imports.setdefault(used.name, set()).add(inside)
        return made

    def _export(self, match: Matched) -> Import:
        """What the file exports of its own."""
        start = match["passed"][0][0]
        member = self._text(match["passed"][0]).strip("\"'`")
        name = self._text(match["alias"][0]).strip("\"'`") if "alias" in match else member
        owner = self._owner(start) if "inside" in match else -1
        return Import(WHOLE if "whole" in match else name, "", member, self._place(start)[0], owner, exported=True)

    def _bound_by(self, module: str) -> str:
        """The name that the import of a module binds, if the import gives none."""
        how = self._language.module_names
        if how == "unversioned":
            return _LAST_PART.split(_VERSION.sub("", module))[-1]
        return module if how == "whole" else _LAST_PART.split(module)[-1] if how == "last" else ""

    # Expressions

    def _expression(self, span: Range) -> str:
        """The expression of a range of source, with local names replaced."""
        start, end = span
        if end - start > 1000:
            return UNKNOWN
        raw = written = self._data[start:end]
        if self._language.self_modules and raw.startswith(b"self::"):
            raw = raw[len(b"self::") :]
        template = self._templates.get(raw)
        if template is None:
            template = self._templates[raw] = _template(raw, self._language.calls)
        head, rest = template
        if not head:
            if self._all_bound:
                self._fixed[written] = rest
            return rest
        if head == _COMPOUND:
            made = expression(rest, lambda name: self._named(name, start), self._language.calls)
            return made.replace("()", "") if self._language.bare_calls else made
        made = self._named(head, start)
        if self._language.bare_calls:
            rest = rest.replace("()", "")
        if rest and made != UNKNOWN:
            made = grown(made, rest)
        if self._all_bound and (not self._language.prototypes if head in self._self_words else head not in self._bound):
            self._fixed[written] = made
        return made

    def _named(self, name: str, at: int) -> str:
        """The expression of a bare name at a place."""
        known = self._self_words.get(name)
        if known is not None:
            return self._this(known, at) if self._language.prototypes else known
        scope = self._scope(at)
        while scope >= 0:
            if name in self._inner_imports and scope in self._inner_imports[name]:
                return name
            values = self._scopes[scope].names.get(name)
            if values is not None:
                return self._value(values, at)
            scope = self._scopes[scope].parent
        return f"{INSTANCE}.{name}" if self._language.bare_calls and name[:1] == "@" else name

    def _this(self, known: str, at: int) -> str:
        """What `this` or `super` stands for at a place, in a language whose functions may rebind it."""
        index = bisect_right(self._this_cuts, at) - 1
        innermost = self._this_at[index] if index >= 0 else -1
        if innermost < 0:
            return known
        start = self._this_spans[innermost][0]
        owner = self._owner(start)
        if owner < 0:
            return UNKNOWN
        symbol = self._symbols[owner]
        if symbol.kind not in CALLABLE:
            return UNKNOWN
        around = self._hoisted(self._scopes[self._scope(start)].parent)
        if around >= 0 and self._scopes[around].start >= self._spans[owner][0]:
            return UNKNOWN  # a function without a name
        in_class = symbol.parent in self._classes or bool(symbol.scope) or owner in self._made_by_functions
        return known if in_class else UNKNOWN

    def _value(self, values: list[_Value], at: int) -> str:
        """What a local name stands for at a place: its last value before, or several that different branches give."""
        last = bisect_right(values, at, key=_FROM) if len(values) > 1 else 1
        if last <= 1:
            return UNKNOWN if values[0].until else self._made(values[0])
        indent = self._indent(at)
        found: list[str] = []
        for value in reversed(values[max(0, last - BRANCHES) : last]):
            if value.until:
                if at < value.until:
                    found.append(self._made(value))
                    break
                continue
            found.append(self._made(value))
            if self._indent(value.name_at) <= indent:
                # What is indented less has been executed before.
                break
        return joined(found) if len(found) > 1 else found[0] if found else UNKNOWN

    def _made(self, value: _Value) -> str:
        """The expression of a value."""
        if not value.made:
            value.made = UNKNOWN  # if it refers to itself
            if value.text is not None:
                place = value.at - 1
                text = value.text if isinstance(value.text, str) else self._text(value.text)
                made = expression(text, lambda name: self._named(name, place), self._language.calls)
                if self._language.bare_calls:
                    made = made.replace("()", "")
                if made != UNKNOWN:
                    made = grown(made, ("[]" if value.element else "") + value.item)
                value.made = made
        return value.made

    # Mentions

    def _mentions(self, captures: Matched, arguments: Mapping[int, int]) -> dict[str, list[PackedMention]]:
        kinds = self._kinds_of_mentions(captures)
        of_ends: dict[int, int] = {}
        for start, end in captures.get("of", ()):
            if start < of_ends.get(end, end):
                of_ends[end] = start
        spans = sorted(kinds)
        scopes = self._scopes_of([start for start, _ in spans])
        holders, imported = [(scope.names, scope.parent) for scope in self._scopes], self._inner_imports
        data, at_name, texts, receivers = self._data, self._at_name, self._texts, self._receivers
        keyed, self_words, bound, fixed = self._keyed, self._self_words, self._bound, self._fixed
        names: list[str] = []
        starts: list[int] = []
        rest: list[tuple[int, int]] = []
        """Kind and receiver."""
        bare_calls = self._language.bare_calls
        for span, scope in zip(spans, scopes, strict=True):
            start, end = span
            raw = data[start:end]
            name = texts.get(raw)
            if name is None:
                if end - start > MENTION_BYTES:
                    continue
                name = texts[raw] = raw.strip(_STRIPPED).decode("utf-8", "replace")
            kind = kinds[span]
            if kind == _NONE:
                continue
            receiver = -1
            if bare_calls and raw[:1] == b"@":
                receiver = receivers.setdefault(INSTANCE, len(receivers))
            elif kind >= MEMBER:
                kind -= MEMBER
                if not keyed or (made := keyed.get(start, "")) == "":
                    left = start - 1
                    first = of_ends.get(left)
                    if first is None:
                        before = data[max(0, start - 80) : start]
                        left = start - len(before) + len(before.rstrip(_BEFORE_MEMBER))
                        first = of_ends.get(left)
                    if first is None:
                        made = UNKNOWN
                    else:
                        if data[first - 2 : first] == b"::":
                            # In C++, qualified names nest to the right.
                            first = _qualified_from(data, first)
                        made = fixed.get(data[first:left]) or self._expression((first, left))
                receiver = receivers.setdefault(made, len(receivers))
            elif scope >= 0 and name in bound:
                found, around = holders[scope]
                while (local := found.get(name)) is None and around >= 0:
                    found, around = holders[around]
                if local is not None and not (name in imported and self._is_imported(name, scope)):
                    made = local[0].made
                    if made[:1] != "#" or local[0].text is not None:
                        continue
                    receiver = receivers.setdefault("=" + made, len(receivers))
            if start not in at_name and name and (receiver >= 0 or name not in self_words):
                names.append(name)
                starts.append(start)
                rest.append((kind, receiver))
        return self._placed(names, starts, rest, arguments)

    def _kinds_of_mentions(self, captures: Matched) -> dict[Range, int]:
        """The kind of each mention, by its range."""
        kinds: dict[Range, int] = {}
        for role, kind in _ROLE_KINDS:
            spans = captures.get(role)
            if spans:
                kinds.update(dict.fromkeys(spans, kind))
        for role in ("skip", "global", "nonlocal"):
            for span in captures.get(role, ()):
                kinds.pop(span, None)
        for match in self._picked:
            kinds.pop(match["picked"][0], None)
        for start, end in captures.get("quoted", ()):
            for found in _QUOTED_NAME.finditer(self._data, start, min(end, start + MENTION_BYTES)):
                place = found.span(2)
                if place[0] > start and self._data[place[0] - 1] in b"\"'":
                    continue  # a text in it: `Literal['a']`
                kinds[place] = _KINDS["type"] + (MEMBER if found[1] else 0)
                if found[1]:
                    self._keyed[place[0]] = self._expression((found.start(1), found.end(1) - 1))
        for span in captures.get("token", ()):
            if self._text(span) in _RUST_WORDS:
                kinds.pop(span, None)
            else:
                kinds[span], made = self._role_of_token(span)
                if made:
                    self._keyed[span[0]] = made
        return kinds

    def _placed(
        self, names: list[str], starts: list[int], rest: list[tuple[int, int]], arguments: Mapping[int, int]
    ) -> dict[str, list[PackedMention]]:
        """Mentions by name.

        Args:
            starts: first bytes.
            rest: kinds and receivers.
        """
        mentions: dict[str, list[PackedMention]] = {}
        if not names:
            return mentions
        places = np.array(starts, np.int64)
        line_starts = np.array(self._line_starts, np.int64)
        lines = np.searchsorted(line_starts[: max(self._lines, 1)], places, "right")
        columns = (places - line_starts[lines - 1]).tolist()
        owners = _inner(self._cuts, self._owners, places)
        overloads = self._language.overloads
        count = given = -1
        for name, start, (kind, receiver), owner, line, column in zip(
            names, starts, rest, owners, lines.tolist(), columns, strict=True
        ):
            if arguments:
                count = given = -1
                if kind == _CALL:
                    at = start + len(name.encode())
                    count = arguments.get(at, -1)
                    if count < 0 and (typed := _TYPE_ARGUMENTS.match(self._data, at)) is not None:
                        at = typed.end()
                        count = arguments.get(at, -1)
                    if count > 0 and overloads:
                        given = self._given_arguments(at, count)
            found: PackedMention = (kind, owner, line, column, receiver, count)
            if given >= 0:
                found = (kind, owner, line, column, receiver, count, given)
            known = mentions.get(name)
            if known is None:
                mentions[name] = [found]
            else:
                known.append(found)
        return mentions

    def _given_arguments(self, at: int, count: int) -> int:
        """The index of the expressions of a call's arguments, whose list begins at a byte; -1 if nothing is known."""
        end = _closed(self._data, at)
        if end < 0:
            return -1
        start = at + 1
        raw = self._data[start : end - 1]
        if not raw.isascii():
            return -1
        made = arguments_of(raw.decode(), count, lambda first, last: self._expression((start + first, start + last)))
        return self._receivers.setdefault(made, len(self._receivers)) if made else -1

    def _role_of_token(self, span: Range) -> tuple[int, str]:
        """The kind of a mention among a macro's arguments, and the expression of its receiver, "" if it has none."""
        start, end = span
        after = self._data[end : end + 8].lstrip()
        call = after[:1] == b"(" or (after[:1] == b"!" and after[1:2] != b"=") or after[:3] == b"::<"
        before = self._data[max(0, start - TOKEN_BYTES) : start]
        bare = before.rstrip()
        if not bare.endswith((b".", b"::")) or bare.endswith(b".."):
            return _CALL if call else _KINDS["value"], ""
        kind = (_CALL if call else _ATTRIBUTE) + MEMBER
        found = _BEFORE_TOKEN.match(before[::-1])
        made = self._expression((start - found.end(1), start - found.start(1))) if found else ""
        return kind, made or UNKNOWN

    def _is_imported(self, name: str, scope: int) -> bool:
        """Whether the innermost scope that binds a name, or one inside it, imports it."""
        inside = self._inner_imports[name]
        while scope >= 0:
            if scope in inside:
                return True
            if name in self._scopes[scope].names:
                return False
            scope = self._scopes[scope].parent
        return False

    def _mention_picked(self, mentions: dict[str, list[PackedMention]]) -> None:
        """Note the members that patterns take out of values."""
        for match in self._picked:
            span = match["picked"][0]
            if span[1] - span[0] > MENTION_BYTES:
                continue
            if "type" in match:
                made = type_expression(self._text(match["type"][0]))
            elif "value" in match:
                made = self._expression(match["value"][0])
            else:
                made = grown(self._expression(match["element"][0]), "[]")
            receiver = self._receivers.setdefault(made, len(self._receivers))
            line, column = self._place(span[0])
            found = (_ATTRIBUTE, self._owner(span[0]), line, column, receiver, -1)
            mentions.setdefault(self._text(span), []).append(found)

    def _scopes_of(self, starts: Sequence[int] | NDArray[np.int64]) -> list[int]:
        """The innermost scope that contains each of some bytes; -1 for none."""
        return _inner(self._scope_cuts, self._scope_at, starts)


def _qualified_from(data: bytes, at: int) -> int:
    """Where the qualifiers begin that end at a byte: `a::b::` before `c`."""
    while data[at - 2 : at] == b"::":
        start = at - 2
        while start > 0 and (data[start - 1 : start].isalnum() or data[start - 1] == _UNDERSCORE):
            start -= 1
        if start == at - 2:
            break
        at = start
    return at


def _closed(data: bytes, at: int) -> int:
    """The place after the parenthesis that closes the one at a byte; -1 for a long list."""
    depth = 0
    for found in _PARENTHESES.finditer(data, at, at + MAX_LIST):
        char = found[0]
        depth += (char == b"(") - (char == b")")
        if not depth:
            return found.end()
    return -1


_PARENTHESES: Final = re.compile(rb"[()]|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'")
_TYPE_ARGUMENTS: Final = re.compile(rb"\s*(?:<[\w\s,.?<>\[\]@&]*>)?\s*(?=\()")
"""What may stand between a call's name and its arguments."""
_UNDERSCORE: Final = 0x5F
_COMPOUND: Final = "*"


@lru_cache(maxsize=128)
def _templates_of(language: str) -> dict[bytes, tuple[str, str]]:
    """What `_template` has given for a language's source texts: files have many in common."""
    del language
    return {}


def _template(raw: bytes, calls: Mapping[str, str]) -> tuple[str, str]:
    """The name with which an expression begins, and what follows it.

    ("", expression) if it does not depend on a name; (_COMPOUND, source) if it depends on several.
    """
    text = raw.decode("utf-8", "replace")
    if "\\" in text and (dotted := text.replace("\\", ".").strip(".")).replace(".", "").isidentifier():
        # PHP's namespaces.
        text = dotted
        raw = text.encode()
    if calls and (called := _CALLED.match(text)) and called[1] in calls:
        return _COMPOUND, text
    if raw.isascii() and (flat := _flattened(text)):
        head, dot, rest = flat.partition(".")
        call = head.find("(")
        index = head.find("[")
        cut = min(place for place in (call, index, len(head)) if place >= 0)
        if head[:cut] not in _NO_NAMES:
            return head[:cut], head[cut:] + dot + rest
    names: list[str] = []

    def noted(name: str) -> str:
        names.append(name)
        return _PLACEHOLDER

    made = expression(text, noted)
    if not names or made == UNKNOWN:
        return "", made
    if len(names) == 1 and made.startswith(_PLACEHOLDER) and "|" not in made:
        return names[0], made.removeprefix(_PLACEHOLDER)
    return _COMPOUND, text


_PLACEHOLDER: Final = "\0"
_CALLED: Final = re.compile(r"\s*([\w.]+)\(")
_NO_NAMES: Final = frozenset(
    {"None", "null", "nil", "undefined", "nullptr", "NULL", "Nil", "true", "false", "True", "False"}
)
_BRACKETED: Final = re.compile(r"\([^()\[\]{}\"'`]*\)|\[[^()\[\]{}\"'`]*\]")
"""Brackets that hold neither brackets nor strings."""
_CHAIN: Final = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\(\)|\[\])*")


def _flattened(text: str) -> str:
    """A chain of names, calls and indexes in the common spelling, without what its brackets hold; "" for others."""
    if "(" in text or "[" in text:
        if "'" in text or '"' in text:
            return ""
        text = _BRACKETED.sub(_emptied, text)
        if text.count("(") > text.count("()") or text.count("[") > text.count("[]"):
            text = _BRACKETED.sub(_emptied, text)
    return text if _CHAIN.fullmatch(text) else ""


def _emptied(brackets: re.Match[str]) -> str:
    return "()" if brackets[0][0] == "(" else "[]"


def _parameter_counts(text: str) -> tuple[int, int]:
    """How many arguments a list of parameters, with its parentheses, takes at least and at most (255: any number)."""
    parts: list[str] = []
    depth = start = 0
    inside = text.strip()[1:-1]
    for at, char in enumerate(inside):
        if char in "([{<":
            depth += 1
        elif char in ")]}" or (char == ">" and inside[at - 1 : at] not in ("-", "=")):
            depth -= 1
        elif char == "," and depth == 0:
            parts.append(inside[start:at])
            start = at + 1
    parts.append(inside[start:])
    given = [part for part in parts if part.strip() and part.strip() != "void"]
    if any("..." in part or part.lstrip().startswith(("vararg ", "params ")) for part in given):
        return 0, 255
    return sum("=" not in part for part in given), len(given)


def _segments(spans: Sequence[Range]) -> tuple[list[int], list[int]]:
    """Where the innermost of some nested spans changes, and to which (-1: none).

    The spans are sorted by start, the longer first.
    """
    cuts: list[int] = []
    inner: list[int] = []
    open_: list[int] = []
    for index, (start, end) in enumerate(spans):
        if end <= start:
            continue
        while open_ and spans[open_[-1]][1] <= start:
            closed = open_.pop()
            cuts.append(spans[closed][1])
            inner.append(open_[-1] if open_ else -1)
        cuts.append(start)
        inner.append(index)
        open_.append(index)
    while open_:
        closed = open_.pop()
        cuts.append(spans[closed][1])
        inner.append(open_[-1] if open_ else -1)
    return cuts, inner


def _inner(cuts: Sequence[int], inner: Sequence[int], places: Sequence[int] | NDArray[np.int64]) -> list[int]:
    """The innermost span at each place, from what `_segments` gives."""
    if not len(cuts):
        return [-1] * len(places)
    found = np.searchsorted(np.asarray(cuts, np.int64), np.asarray(places, np.int64), "right")
    owners: list[int] = np.asarray([-1, *inner], np.int64)[found].tolist()
    return owners
