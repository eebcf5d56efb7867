"""What a file defines, as its facts tell it: what the queries for definitions find, and what bindings show."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Final

from glossator.index.facts import (
    EXTENSION,
    INFERRED,
    LOCAL,
    PROPERTY,
    SPECIAL,
    STATIC,
    STUB,
    TAG,
    WHOLE,
    Symbol,
)
from glossator.index.nested_spans import segments
from glossator.index.nesting import RECORDS, TYPES, is_declared_with

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glossator.index.languages import Language
    from glossator.index.nested_spans import Range
    from glossator.index.nesting import Definition
    from glossator.index.texts import SourceText


CLASSES: Final = TYPES | {"component", "type"}
"""Kinds of symbols that have fields."""
ANY_NUMBER: Final = 255
"""The most arguments of a function that takes any number, or of a macro with parameters."""
CALLABLE: Final = frozenset({"function", "method", "constructor", "test", "macro"})
_PROTOTYPE: Final = ".prototype"
_EXPORTS: Final = frozenset({"exports", "module.exports", "module"})
_QUALIFIED: Final = re.compile(rb"(?:[A-Za-z_]\w*+(?:<[^(){};]{0,200}?>)?\s*+::\s*+)+")
"""What may stand before a name that is defined outside what it belongs to (`Foo<T>::`)."""

_QUALIFIERS: Final = re.compile(rb"([A-Za-z_]\w*(?:<[^(){};]{0,200}?>)?(?:::[A-Za-z_]\w*)*)::\s*\Z")
_TEMPLATE_HEAD: Final = re.compile(rb"\btemplate\s*<([^<>{};]*)>")
_GIVEN_ARGUMENTS: Final = re.compile(r"\s*<([^<>]*)>")
_ARGUMENTS: Final = re.compile(rb"\s*<")
"""What follows the name of a template's version for certain arguments."""


class FileSymbols:
    """The symbols of a file.

    Args:
        found: its definitions, in any order.
    """

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
        self._members: dict[tuple[int, str], int] = {}
        """Parent and name of a symbol -> the first such."""
        self._classes: set[int] = set()
        self._made_by_functions: set[int] = set()
        """Functions that are classes: their prototypes have members."""
        self._add_symbols(found)
        if language.prototypes:
            self._note_prototypes()

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

    def _text(self, span: Range) -> str:
        return self._data[span[0] : span[1]].decode("utf-8", "replace")

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
            while parent >= 0 and is_declared_with(
                self._data, item.kind, (item.start, item.end), self._symbols[parent].kind, self._spans[parent]
            ):
                parent = self._symbols[parent].parent
            if item.kind == "block" and not item.scope:
                continue
            if item.stub and parent >= 0 and self._language.name == "cpp" and self._symbols[parent].kind in CALLABLE:
                continue  # `Slice key(text);` defines a variable
            self._add_symbol(item, parent)
            open_.append(len(self._symbols) - 1)
        self._cuts, self._owners = segments(self._spans)

    def _add_symbol(self, item: Definition, parent: int) -> None:
        flags = STUB if item.stub else 0
        kind: str = item.kind
        name, scope = item.name, item.scope
        if "<" in scope and self._language.name == "cpp":
            scope = self._of_template(item)
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
        if name == "operator" and (written := _QUALIFIERS.search(self._data, item.start, name_at)) is not None:
            scope = written[1].decode("utf-8", "replace")  # a conversion outside its class: `Cell::operator bool() {`
        if scope and (written := _QUALIFIED.match(self._data, name_at)) is not None:
            name_at = written.end()
        if kind in ("function", "method") and name in self._language.constructors:
            kind = "constructor"
        if self._language.bare_calls and kind in ("function", "method"):
            flags |= PROPERTY
        if self._language.tags and kind in RECORDS and not 0 <= item.body < name_at:
            flags |= TAG
        if self._language.name == "cpp" and kind in CLASSES and _ARGUMENTS.match(self._data, name_at + len(name)):
            flags |= SPECIAL
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
        if kind == "macro" and self._data[name_at + len(name) : name_at + len(name) + 1] == b"(":
            symbol.parameters = (0, ANY_NUMBER)
        index = len(self._symbols)
        if not (kind == "test" and self._language.bare_calls and self._data[name_at : name_at + 1].isupper()):
            self._at_name.setdefault(name_at, index)  # `describe Cart do` names the class, too
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

    def _of_template(self, item: Definition) -> str:
        """The qualifier of a member of a template that is defined outside it, without the template's own parameters:
        in `template <class T> void Pool<T>::open()` that of `Pool`. Those of a version for certain arguments stay."""
        head = self._data[item.start : max(item.start, item.name_at)]
        named = {
            part.partition(b"=")[0].split()[-1].lstrip(b".").decode("utf-8", "replace")
            for listed in _TEMPLATE_HEAD.findall(head)
            for part in listed.split(b",")
            if part.partition(b"=")[0].split()
        }

        def without(found: re.Match[str]) -> str:
            given = {part.strip().removesuffix("...") for part in found[1].split(",")}
            return "" if given <= named else found[0]

        return _GIVEN_ARGUMENTS.sub(without, item.scope)

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
