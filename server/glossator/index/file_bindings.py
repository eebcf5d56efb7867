"""What the names in a file are bound to: local variables, parameters, variables of the file, fields.

`queries/bindings/<language>.scm` is run match by match; each match is one fact:

- `@bind` (the name of a variable, parameter or field) with `@type`, `@value` or `@element` (what is iterated over), and
  with `@hoisted` if it belongs to the innermost function. `@picked`, a member's name: the variable is that member of
  the value, and the member is mentioned. `@assigned` instead of `@bind`: a name that is declared elsewhere.
  `@each` instead of `@type`: the type of each of a variable number of arguments. `@within`: the node inside which
  alone the name is bound so (a case of a switch over types).
- `@parameter`, a type's parameter, with `@type`, what it is at least.
- `@key` (a name that follows no receiver but is a member) with `@of`, the type that has the member; in Python what is
  called with an argument of that name.
- `@tag`, a structure's own name where `@tagged`, another name, is what it is known by.
- `@object`: a variable whose value is an object with members of its own.
- `@pattern`, the pattern of a tuple in which `@bind` is one of several names: it is bound to an item of the value.
- `@narrowed`, a variable, with `@type`: what a condition says of it in a block, `@within`, or after a statement,
  `@after`.
- `@self.field` with `@value` or `@type`: a field of the enclosing class that is assigned to.
- `@function` (its name) with `@parameters` (their list), `@result` (an annotation, or one for each of several results),
  `@static`, `@property`, `@decorated` (what a decorator says); `@returned`, a value that the innermost function
  returns; `@yielded`, which makes that function's result unknown, and `@given`, what it yields.
- `@fixtures`, the parameters of a test or a fixture, with `@bind`, one of them, or with `@parametrized`, the names for
  which the test says itself what they are.
- `@described`, the class that `@examples`, a group of RSpec's, is about.
- `@private`, the name of a member that no other file sees.
- `@visible`, the name of a definition that other files see.
- `@class` (its name) with `@super`, one supertype. `@subclass`: the name of a class where its supertype is given
  by a call. `@extension`: a container's extended type.
- `@tree`, a tree of imported names as Rust writes it, with `@exported` if the file passes them on.
- `@module` with any of `@import.name`, `@alias`, `@all`, `@exported`: an import of a module or a name in it. `@bound`:
  the name that it binds where that is neither. `@package`: what the file declares. `@passed`: a name of the file's own
  that it exports, as `@alias` if that is given, or as the whole module (`@whole`), or that is a member of the object
  around it (`@inside`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from glossator.index.expressions import MAX_TEXT, SELF_WORDS, grown, joined, type_expression
from glossator.index.facts import (
    EXTENSION,
    FIXTURE,
    FIXTURE_MARK,
    INSTANCE,
    LOCAL,
    MENTION_KINDS,
    NESTED,
    TAG,
    UNKNOWN,
    Symbol,
)
from glossator.index.file_imports import FileImports
from glossator.index.file_scopes import BY_PLACE, BoundValue
from glossator.index.file_symbols import CALLABLE
from glossator.index.nesting import TYPES
from glossator.index.script_parameters import MAY_TAKE_FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glossator.index.facts import PackedMention
    from glossator.index.languages import Language
    from glossator.index.nested_spans import Matched, Range
    from glossator.index.nesting import Definition
    from glossator.index.texts import SourceText
    from glossator.index.unnamed_functions import Handed


_RECORD: Final = re.compile(r"(?:const\s+)?(?:struct|union|class)\s*(\w*)\s*\{")
"""A type of C's family with its members."""
_IDENTIFIER: Final = re.compile(rb"[A-Za-z_$][\w$]*")
_BEFORE_PARAMETER: Final = (b"(", b",", b".", b"{", b":", b"private", b"protected", b"public", b"readonly", b"/")
"""What a parameter's name follows, but hardly a variable's."""
_IMPLICIT: Final = {f"implicit.{name}": name for name in ("error", "newValue", "oldValue")}
"""What Swift calls an error that is caught, or a value that is set, if nothing else is said."""
_DECLARING: Final = {"kotlin": re.compile(rb"\bva[lr]\b"), "swift": re.compile(rb"\b(?:let|var|case)\b")}
"""What a variable of the file is declared with."""
LOOKED_BACK: Final = 200
"""Bytes before a name in which a word is looked for that declares it: a file may have one line."""
MENTION_BYTES: Final = 200
"""Longer "names" are pieces of broken trees."""
_NOTHING: Final[Matched] = {}
_WORD: Final = re.compile(r"\w+")
_EXAMPLES: Final = re.compile(
    rb"\A\s*(?:(before|setup|around|background|prepend_before|append_before)|[fx]?(?:it|specify|example|scenario|test))\b"
)
"""How the line of a block begins that is run before the examples of a group, or that is an example."""
_NAME_KIND: Final = MENTION_KINDS.index("name")
_ATTRIBUTE: Final = MENTION_KINDS.index("attribute")

_STATIC: Final = re.compile(rb"\bstatic\s(?:\s*(?:async\b|\*))*\s*\Z")
"""What stands before the name of a function of a class itself in JavaScript."""


class FileBindings(FileImports):
    """The bindings of a file; see `FileSymbols`."""

    def __init__(self, language: Language, source: SourceText, found: Sequence[Definition]) -> None:
        super().__init__(language, source, found)
        self._texts: dict[bytes, str] = {}
        self._declared: set[int] = set()
        """Variables and fields whose type an annotation gives."""
        self._keyed: dict[int, str] = {}
        """First byte of a member's name that follows no receiver -> the receiver's expression."""
        self._receivers: dict[str, int] = {}
        """The expressions of receivers, numbered."""
        self._picked: list[Matched] = []
        self._picked_kinds: dict[Range, int] = {}
        """The kinds of members that are mentioned without their type, where that is known (Swift)."""
        self._parametrized: dict[int, set[str]] = {}
        """First byte of a test's parameters -> those for which the test says itself what they are."""
        self._fixtures: list[Range] = []
        """Names of parameters, and in strings, for which pytest looks for fixtures."""
        self._handed: Sequence[Handed] = ()
        self._typed_scopes: set[int] = set()
        """Scopes in which something has a declared type that may be that of a function."""

    def _bind_names(self, captures: Matched, matches: Sequence[Matched], given: set[int]) -> None:
        """Note which names are local to which scope, and what they are bound to."""
        self._add_lambdas([one for one in self._handed if one.whole])
        self._handed = [one for one in self._handed if not one.whole]
        for role in ("global", "nonlocal"):
            for start, end in captures.get(role, ()):
                scope = self._scope(start)
                if scope >= 0:
                    names = self._scopes[scope].exempt if role == "global" else self._scopes[scope].outer
                    names.add(self._text((start, end)))
        for index, symbol in enumerate(self._symbols):
            self._bind_symbol(index, symbol)
            self._note_block(index)
        for start, end in captures.get("local.parameter", ()):
            if (scope := self._scope(start)) >= 0:
                self._scopes[scope].names.setdefault(self._text((start, end)), []).append(
                    BoundValue(start, start, None)
                )
        for match in matches:
            if "parameter" in match:
                self._bound_parameter(match)
            elif "described" in match:
                self._bind_described(match)
            elif "self.field" in match and self._language.bare_calls:
                self._bind_in_examples(match)
            elif "parametrized" in match:
                names = self._parametrized.setdefault(match["fixtures"][0][0], set())
                names.update(_WORD.findall(self._text(match["parametrized"][0])))
            elif "fixture" in match:
                self._fixtures.append(match["fixture"][0])
        for match in matches:
            if "tag" in match:
                self._add_tag(match)
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
        for handed in self._handed:
            if handed.name[0] not in given:
                given.add(handed.name[0])
                self._bind_handed(handed)
        for role in ("local", "local.outer", "local.hoisted"):
            # Sorted, since the order in which captures are given varies from run to run.
            spans = sorted(span for span in captures.get(role, ()) if span[0] not in given)
            for span, scope in zip(spans, self._scopes_of([start for start, _ in spans]), strict=True):
                if role == "local.outer" and scope >= 0:
                    scope = self._scopes[scope].parent
                elif role == "local.hoisted":
                    scope = self._hoisted(scope)
                self._bind(span, _NOTHING, scope)
        for role, name in _IMPLICIT.items():
            for start, _ in captures.get(role, ()):
                self._scopes[self._scope(start)].names.setdefault(name, []).append(BoundValue(start, start, None))
        for match in assigned:
            self._assign(match)
        for match in matches:
            if "narrowed" in match:
                self._narrow(match)
        for holder in self._scopes:
            for values in holder.names.values():
                if len(values) > 1:
                    values.sort(key=BY_PLACE)
        self._bound.update(*[holder.names for holder in self._scopes])
        self._all_bound = True

    def _bind_symbol(self, index: int, symbol: Symbol) -> None:
        """Bind the name of what is defined inside a function."""
        functions = self._language.prototypes
        if (functions and (symbol.kind == "method" or symbol.scope)) or symbol.flags & EXTENSION:
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
        if symbol.kind == "test":
            return  # its name is a text
        value = BoundValue(self._scopes[scope].start, 0, None, f"#{index}")
        self._scopes[scope].names.setdefault(symbol.name, []).append(value)

    def _note_block(self, index: int) -> None:
        """Note whether a method of Ruby stands in a block that is not the body of the symbol around it; and functions
        that are indented though no symbol is around them, in C's family variables too."""
        symbol = self._symbols[index]
        if not self._language.bare_calls:
            kinds = ("function", "variable") if self._language.macros else ("function",)
            if symbol.kind in kinds and symbol.parent < 0 and self._indent(self._spans[index][0]):
                symbol.flags |= NESTED
            return
        if symbol.kind not in ("function", "method", "property"):
            return
        start, end = self._spans[index]
        scope = self._scope(start)
        while scope >= 0 and self._scopes[scope].start >= start and self._scopes[scope].end <= end:
            scope = self._scopes[scope].parent
        if scope >= 0 and self._scopes[scope].block:
            around = self._spans[symbol.parent] if symbol.parent >= 0 else (-1, len(self._data) + 1)
            if around[0] < self._scopes[scope].start and self._scopes[scope].end < around[1]:
                symbol.flags |= NESTED

    def _add_tag(self, match: Matched) -> None:
        """The tag of a structure that a `typedef` gives another name, as a name for the same type."""
        tag, named = match["tag"][0], match["tagged"][0]
        index = self._at_name.get(named[0])
        if index is None or tag[0] in self._at_name:
            return
        if self._language.tags or self._text(tag) != self._symbols[index].name:
            flags = TAG if self._language.tags else 0
            added = self._add_variable(tag, "type", self._symbols[index].parent, flags)
            self._symbols[added].type = f"<{self._symbols[index].name}>"

    def _make_object(self, start: int) -> None:
        """Note that a variable holds an object with members."""
        index = self._at_name.get(start)
        if index is not None and self._symbols[index].kind in ("constant", "variable"):
            self._symbols[index].kind = "object"
            self._classes.add(index)

    def _assign(self, match: Matched) -> None:
        """Note another value of a variable that is declared somewhere else."""
        span = match["assigned"][0]
        if span[1] - span[0] > MENTION_BYTES:
            return
        name = self._text(span)
        scope = self._scope(span[0])
        while scope >= 0:
            if (values := self._scopes[scope].names.get(name)) is not None:
                if values[0].made[:1] != "#" or not values[0].made[1:].isdigit():
                    part = match["value"][0]
                    values.append(
                        BoundValue(max(span[1], part[1]), span[0], part if part[1] - part[0] <= 1000 else None)
                    )
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
            name = self._texts[raw] = raw.decode("utf-8", "replace").removeprefix(":")
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
        if scope < 0 and not in_class and known is None and not self._is_declared(start):
            return
        if scope < 0 or in_class or (known is not None and not self._symbols[known].flags & LOCAL):
            inside = in_class or (scope < 0 <= owner and self._symbols[owner].kind == "namespace")
            self._describe_variable(span, known, name, owner if inside else -1, match)
            return
        if known is not None and self._language.prototypes:
            return  # a function or class, bound already
        names = scopes[scope].names
        values = names.get(name)
        if values is None:
            values = names[name] = []
            if name in self._language.self_parameters and "type" not in match and self._in_method(scope):
                values.append(BoundValue(start, 0, None, SELF_WORDS[name]))
                return
        if "fixtures" in match:
            own = name in self._parametrized.get(match["fixtures"][0][0], ())
            if not values:  # the function may be both, a test and a fixture
                values.append(BoundValue(start, start, None, "" if own else FIXTURE_MARK + name))
                self._fixtures += () if own else (span,)
            return
        if "type" in match:
            declared = self._text(match["type"][0])
            if self._language.prototypes and MAY_TAKE_FUNCTIONS.search(declared) is not None:
                before = self._data[max(0, start - 80) : start].rstrip()
                if before.endswith(_BEFORE_PARAMETER):
                    self._typed_scopes.add(scope)
            made = self._type(declared, start)
            values.append(BoundValue(start, start, None, self._picked_from(made, match)))
            return
        if "each" in match:
            values.append(BoundValue(start, start, None, type_expression(f"[]{self._text(match['each'][0])}")))
            return
        for role in ("value", "element"):
            if role in match:
                part = match[role][0]
                text: str | Range | None = part if part[1] - part[0] <= 1000 else None
                if text is not None and "picked" in match:
                    whole = f"({self._text(part)})" + ("[0]" if role == "element" else "")
                    text = f"{whole}.{self._text(match['picked'][0])}"
                element = role == "element" and "picked" not in match
                values.append(BoundValue(max(end, part[1]), start, text, "", element, self._item(match)))
                return
        values.append(BoundValue(start, start, None))

    def _bind_described(self, match: Matched) -> None:
        """Note what RSpec calls the class that a group of examples is about, and its instance."""
        (start, end), (first, _) = match["described"][0], match["examples"][0]
        if end - start <= MENTION_BYTES:
            names, described = self._scopes[self._scope(first)].names, self._text((start, end))
            names.setdefault("described_class", []).append(BoundValue(first, first, described))
            names.setdefault("subject", []).append(BoundValue(first, first, f"{described}.new"))

    def _bind_in_examples(self, match: Matched) -> None:
        """Note a variable of an example's instance: all that stands in the example has it, and if it is set before the
        examples of a group, all that stands in the group."""
        span, part = match["self.field"][0], match.get("value", ((0, MAX_TEXT + 1),))[0]
        around = self._class_at(span[0])
        scope = self._scope(span[0])
        while scope >= 0:
            start = self._scopes[scope].start
            if around >= 0 and self._spans[around][0] > start:
                return
            line = self._data[self._data.rfind(b"\n", max(0, start - LOOKED_BACK), start) + 1 : start]
            if not self._scopes[scope].block:
                return  # in a method, perhaps of a class without a name
            if (group := _EXAMPLES.search(line)) is not None:
                scope = scope if group[1] is None else self._scopes[scope].parent
                break
            scope = self._scopes[scope].parent
        if scope >= 0 and span[1] - span[0] <= MENTION_BYTES:
            text = part if part[1] - part[0] <= MAX_TEXT else None
            value = BoundValue(max(span[1], part[1] if text else 0), span[0], text)
            self._scopes[scope].names.setdefault(self._text(span), []).append(value)

    def _is_declared(self, at: int) -> bool:
        """Whether a variable of the file may be bound at a byte: in Swift and Kotlin a word stands before it, and what
        lacks that is a parameter of a function that the grammar does not read."""
        word = _DECLARING.get(self._language.name)
        first = max(0, at - LOOKED_BACK)
        return word is None or word.search(self._data, self._data.rfind(b"\n", first, at) + 1 or first, at) is not None

    def _bind_handed(self, handed: Handed) -> None:
        """Note what a parameter of a function without a name is, as far as its place tells."""
        scope, (start, end) = self._scope(handed.name[0]), handed.source
        if scope < 0 or handed.name[1] - handed.name[0] > MENTION_BYTES:
            return
        value = BoundValue(handed.function, handed.name[0], None)
        if handed.origin == "value":
            value.text, value.item = (handed.source if end - start <= MAX_TEXT else None), handed.steps
            if self._language.calls_apart and _IDENTIFIER.fullmatch(self._data, start, end) is not None:
                value.made = self._text(handed.source) + handed.steps  # a local variable is not called
        else:
            value.made = self._source_of(handed)
        self._scopes[scope].names.setdefault(self._text(handed.name), []).append(value)

    def _key_handed(self) -> None:
        """Note of what the members are that patterns take out of parameters of functions without a name."""
        for handed in self._handed:
            if handed.picked is None:
                continue
            scope = self._scope(handed.name[0])
            values = self._scopes[scope].names.get(self._text(handed.name), ()) if scope >= 0 else ()
            made = next((self._made(value) for value in values if value.name_at == handed.name[0]), UNKNOWN)
            if "|" not in made:
                # Without the last step, which is the member itself.
                self._keyed[handed.picked[0]] = made.rpartition(".")[0] or UNKNOWN

    def _bound_parameter(self, match: Matched) -> None:
        """Note what a type's parameter is at least; later bounds of it are left out."""
        span = match["parameter"][0]
        scope, name = self._scope(span[0]), self._text(span)
        while scope >= 0 and name not in self._scopes[scope].names:
            scope = self._scopes[scope].parent
        if scope >= 0 and not self._scopes[scope].names[name][0].made:
            self._scopes[scope].names[name][0].made = type_expression(self._text(match["type"][0]))

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
        value = BoundValue(start, name_at, None, type_expression(text), until=end)
        self._scopes[scope].names[name].append(value)

    def _picked_from(self, made: str, match: Matched) -> str:
        """The expression of the member that a pattern takes out of a value."""
        if made == UNKNOWN or "picked" not in match:
            return made
        return grown(made, "." + self._text(match["picked"][0]))

    def _describe_variable(self, span: Range, known: int | None, name: str, parent: int, match: Matched) -> None:
        """A variable of the file or field of a class: a symbol, unless it is one already, and its type."""
        if known is None:
            known = self._members.get((parent, name))
            function = known is not None and self._symbols[known].kind in CALLABLE
            if function and (self._language.receiving_lambdas or self._symbols[parent].kind == "enum"):
                known = None  # Kotlin's properties and Java's constants may be called like methods
            if known is not None and self._is_static(known):
                known = None
        if known is None:
            # A member of what has no name: of an unnamed structure, of an object whose type is declared.
            inside = parent >= 0 and self._symbols[parent].kind != "namespace"
            kind = "field" if inside or "member" in match else "variable"
            if not name or (kind == "variable" and name in self._imported):
                return
            if parent >= 0 and self._symbols[parent].kind == "enum" and "type" not in match:
                kind = "enum_member"
            known = self._add_variable(span, kind, parent)
            if self._language.macros:
                self._note_block(known)
        made = self._given(match)
        symbol = self._symbols[known]
        if symbol.kind == "object" and made == UNKNOWN:
            return  # its type has no name
        if made and symbol.kind == "object" and made.endswith(")") and made != symbol.name:
            symbol.bases = (made,)
        if made and symbol.kind not in CALLABLE and symbol.kind not in TYPES and not self._is_nothing(match):
            self._note_type(known, made, declared="type" in match)

    def _is_nothing(self, match: Matched) -> bool:
        """Whether a variable is given `None` in Python, which says nothing of what it holds later."""
        if self._language.name != "python" or "value" not in match or "type" in match:
            return False
        start, end = match["value"][0]
        return self._data[start:end] == b"None"

    def _is_static(self, index: int) -> bool:
        """Whether a symbol is a function of a class itself, in a language where its instances do not have it, and may
        have a field of its name."""
        symbol = self._symbols[index]
        if not self._language.prototypes or symbol.kind not in CALLABLE:
            return False
        start = self._line_starts[symbol.line - 1]
        at = start + symbol.column
        return _STATIC.search(self._data, max(start, at - LOOKED_BACK), at) is not None

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
            text = self._text(part)
            if self._language.macros and (record := _RECORD.match(text)) is not None:
                if not record[1]:
                    # The members of a structure without a name count as those of the one around.
                    return INSTANCE if self._class_at(part[0]) >= 0 else UNKNOWN
                text = record[1]
            return self._picked_from(self._type(text, part[0]), match)
        if "value" in match:
            return self._picked_from(self._item_of(self._expression(match["value"][0]), match), match)
        if "element" in match:
            made = self._expression(match["element"][0])
            return made if made == UNKNOWN else self._item_of(grown(made, "[]"), match)
        return ""

    def _mention_bound(self, mentions: dict[str, list[PackedMention]]) -> None:
        """Note the members that patterns take out of values, and the fixtures that parameters name."""
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
            kind = self._picked_kinds.get(span, _ATTRIBUTE)
            found = (kind, self._owner(span[0]), line, column, receiver, -1)
            mentions.setdefault(self._text(span).strip("`"), []).append(found)
        for span in self._fixtures:
            receiver = self._receivers.setdefault(FIXTURE, len(self._receivers))
            line, column = self._place(span[0])
            found = (_NAME_KIND, self._owner(span[0]), line, column, receiver, -1)
            mentions.setdefault(self._text(span), []).append(found)
