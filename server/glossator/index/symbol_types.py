"""What symbols are: results of functions, types of fields, supertypes, as code and doc comments tell them."""

from __future__ import annotations

import re
from bisect import bisect_left
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from glossator.index.argument_types import bare_parameters, parameter_counts, parameter_types, type_parameters
from glossator.index.c_parameters import c_parameter_types
from glossator.index.conditionals import has_conditional
from glossator.index.expressions import grown, joined, type_expression
from glossator.index.facts import (
    ABSTRACT,
    EXPORTED,
    EXTENDS_FIRST,
    GIVEN,
    IN_EXTENSION,
    INFERRED,
    INSTANCE,
    PRIVATE,
    PROPERTY,
    STATIC,
    STUB,
    UNKNOWN,
    is_fixture,
)
from glossator.index.file_bindings import LOOKED_BACK, MENTION_BYTES, FileBindings
from glossator.index.file_scopes import BoundValue
from glossator.index.file_symbols import CALLABLE
from glossator.index.lambdas import kotlin_parameter_types, plain_parameters
from glossator.index.nesting import TYPES
from glossator.index.python_lambdas import MAY_TAKE_CALLABLES, callable_types
from glossator.index.rust_closures import MAY_TAKE_CLOSURES, closure_types
from glossator.index.script_parameters import (
    MAY_TAKE_FUNCTIONS,
    MOST_LIST_BYTES,
    call_signature,
    closed_angle,
    listed_names,
    opened_list,
    script_parameter_types,
    type_parameters_of,
    written_type,
)
from glossator.index.swift_closures import MAY_TAKE_LABELLED, closure_labels
from glossator.index.swift_labels import parameter_labels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from glossator.index.doc_types import DocTypes
    from glossator.index.nested_spans import Matched, Range


_VALUE: Final = re.compile(rb"#?[\w$]+\s*=\s*")
"""A variable up to its value."""
_TAKING: Final[dict[str, tuple[re.Pattern[bytes], Callable[[str], tuple[str, ...]]]]] = {
    "python": (MAY_TAKE_CALLABLES, callable_types),
    "rust": (MAY_TAKE_CLOSURES, closure_types),
    "swift": (MAY_TAKE_LABELLED, closure_labels),
}
"""What a function's head has that takes functions without a name, and what tells their types, by language."""
_BODY: Final = {"python": b":\n"}
"""What follows a function's head, where that is no brace."""
MOST_HEAD_BYTES: Final = 1500
"""So much of the head of a function is read that may take closures."""
_START: Final = attrgetter("start")
_FUNCTIONAL: Final = re.compile(rb"\bfun\s+interface\s+\Z")
"""What stands before the name of an interface that a lambda may stand for."""
_EXTENDED: Final = re.compile(r"\(\s*(?:\[[^\]]*\]\s*)*(?:(?:ref|in|scoped|readonly)\s+)*this\s")
"""How the parameters of a method of C# begin that extends the type of the first one."""
_BLOCK: Final = b"extension"
_EXTENDED_TYPE: Final = re.compile(rb"extension[ \t]*(?:<[^<>(){};]*>[ \t]*)?\(([^(){};]+)\)")
"""The head of a block of C# that extends a type."""
_INHERITING: Final = re.compile(rb"\b(?:override|actual)\b")
"""What stands before a function in Kotlin that has the default values of another one."""
EXTENDING: Final = frozenset(("method", "property"))
"""Kinds of members of C#'s static classes that may extend other types."""
TYPED_CALLS: Final = frozenset(("interface", "type"))
"""Kinds of symbols that may say how their values are called."""


class SymbolTypes(FileBindings):
    """The types of a file's symbols; see `FileSymbols`."""

    def _describe_symbols(self, matches: Sequence[Matched]) -> None:
        returned: dict[int, list[Range]] = {}
        unknown: set[int] = set()
        given: dict[int, list[Range]] = {}
        static_classes: set[int] = set()
        for match in matches:
            if "function" in match:
                self._describe_function(match)
            elif "class" in match:
                index = self._at_name.get(match["class"][0][0])
                if index is not None and "generics" in match:
                    self._symbols[index].generics = type_parameters(self._text(match["generics"][0]))
                if index is not None and "abstract" in match:
                    self._symbols[index].flags |= ABSTRACT
                if index is not None and "static" in match:
                    static_classes.add(index)
                if index is not None and "parameters" in match:
                    self._describe_constructor(index, bare_parameters(self._text(match["parameters"][0])))
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
                if owner >= 0 and "generics" in match:
                    self._symbols[owner].generics = type_parameters(self._text(match["generics"][0]))
                elif owner >= 0 and "super" in match:
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
            elif "private" in match:
                index = self._at_name.get(match["private"][0][0])
                if index is not None:
                    self._symbols[index].flags |= PRIVATE
            elif "unlinked" in match:
                index = self._at_name.get(match["unlinked"][0][0])
                if index is not None:
                    self._symbols[index].flags |= STATIC
            elif "key" in match:
                if self._language.name == "python" or "trait" in match:
                    made = GIVEN + self._expression(match["trait" if "trait" in match else "of"][0])
                else:
                    made = type_expression(self._text(match["of"][0]))
                self._keyed.update((start, made) for start, _ in match["key"])
            elif "returned" in match:
                owner = self._function_at(match["returned"][0][0])
                if owner >= 0:
                    returned.setdefault(owner, []).append(match["returned"][0])
            elif "yielded" in match:
                unknown.add(self._function_at(match["yielded"][0][0]))
            elif "given" in match:
                given.setdefault(self._function_at(match["given"][0][0]), []).append(match["given"][0])
        for index, symbol in enumerate(self._symbols if static_classes else ()):
            # What no modifier calls static in such a class extends other types.
            if symbol.parent in static_classes and symbol.kind in EXTENDING and not symbol.flags & STATIC:
                symbol.flags |= STATIC
                self._describe_extending(index)
        for owner, values in given.items():
            if owner >= 0 and not self._symbols[owner].type and any(map(is_fixture, self._symbols[owner].decorators)):
                self._symbols[owner].type = self._one_of(values)  # nobody but pytest calls it
        for owner, values in returned.items():
            symbol = self._symbols[owner]
            if not symbol.type and owner not in unknown:
                symbol.type = self._one_of(values)

    def _describe_extending(self, index: int) -> None:
        """Note what a member in a block of C# extends, which it takes as its first argument, too."""
        symbol = self._symbols[index]
        first, begun = self._spans[symbol.parent][0], self._spans[index][0]
        head = None
        while head is None and (begun := self._data.rfind(_BLOCK, first, begun)) >= 0:
            head = _EXTENDED_TYPE.match(self._data, begun)
        if head is None:
            symbol.labels = IN_EXTENSION
            return
        least, most = symbol.parameters
        symbol.labels = EXTENDS_FIRST
        symbol.types = (*parameter_types(f"({self._text(head.span(1))})"), *symbol.types)
        symbol.parameters = (least + 1, most + 1) if most >= 0 else (1, 1) if symbol.kind == "property" else (-1, -1)

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
            self._note_block(index)
        symbol = self._symbols[index]
        symbol.type = symbol.type or f"{INSTANCE}.@{symbol.name}"

    def _type_by_doc(self, found: DocTypes) -> None:
        """Give a function's parameters and result, or a local variable, the types that its doc comment says."""
        if "=>" in found.variable:
            self._type_function_by_doc(found)
        if found.variable:
            scope = self._scope(found.name_at)
            values = self._scopes[scope].names.get(found.name) if scope >= 0 else None
            if values is not None and not found.field:
                values[:] = [BoundValue(values[0].at, values[0].name_at, None, type_expression(found.variable))]
            return
        # The function, or the first one in the statement (`const f = () => {}`, `Foo.prototype.f = function () {}`).
        index = bisect_left(self._scopes, found.at, key=_START)
        if index == len(self._scopes) or self._data.find(b"\n", found.at, self._scopes[index].start) >= 0:
            return
        names = self._scopes[index].names
        for name, text in found.parameters.items():
            values = names.get(name)
            if values is not None and not values[0].made and (values[0].text is None or values[0].item[:1] == "("):
                values[0].made = type_expression(text)
        owner = self._owner(self._scopes[index].start)
        if found.result and owner >= 0 and self._spans[owner][0] >= found.at:
            symbol = self._symbols[owner]
            if symbol.kind in CALLABLE and not symbol.type:
                symbol.type = type_expression(found.result)
        if (
            owner >= 0
            and not self._symbols[owner].types
            and any(map(MAY_TAKE_FUNCTIONS.search, found.parameters.values()))
        ):
            listed = listed_names(self._signature(index))
            # Which of them may be left out is not always said.
            types = [written_type(found.parameters.get(name, ""), {}) + "?" for name in listed]
            self._symbols[owner].types = tuple(types) if self._spans[owner][0] >= found.at else ()

    def _type_function_by_doc(self, found: DocTypes) -> None:
        """Give the parameters of a function that is a variable's value what the variable's type says."""
        index = bisect_left(self._scopes, found.name_at, key=_START)
        if index == len(self._scopes) or not _VALUE.fullmatch(self._data, found.name_at, self._scopes[index].start):
            return
        made = type_expression(found.variable)
        for number, name in enumerate(listed_names(self._signature(index)) if made != UNKNOWN else ()):
            values = self._scopes[index].names.get(name)
            if values is not None and not values[0].made and values[0].text is None:
                values[0].made = grown(made, f"(:{number})")

    def _signature(self, scope: int) -> str:
        """The parameters of a function, without their parentheses."""
        start, end = self._scopes[scope].start, self._scopes[scope].end
        parts = opened_list(self._text((start, min(end, start + MOST_LIST_BYTES))))
        return parts[1] if parts is not None else ""

    def _type_variable_by_doc(self, found: DocTypes) -> None:
        """Give a variable of the file or a field the type that its doc comment says."""
        index = self._at_name.get(found.name_at)
        if index is None and found.field:
            index = self._members.get((self._class_at(found.name_at), found.name))
        if index is None:
            return
        symbol = self._symbols[index]
        made = type_expression(found.variable)
        if self._language.name == "php" and index in self._declared:
            return  # a declaration says it as well
        if symbol.kind in ("constant", "field", "variable") and made != UNKNOWN:
            symbol.type = made

    def _describe_closures(self) -> None:
        """Note the types of the parameters of functions that may be functions without a name; and labels."""
        if self._language.labelled:
            self._describe_labels()
        may_take, types_of = _TAKING.get(self._language.name, (None, None))
        if may_take is None or types_of is None or may_take.search(self._data) is None:
            return
        for symbol in self._symbols:
            if symbol.kind in CALLABLE and symbol.kind != "macro":
                at = self._line_starts[symbol.line - 1] + symbol.column + len(symbol.name.encode())
                end = self._data.find(_BODY.get(self._language.name, b"{"), at, at + MOST_HEAD_BYTES)
                end = end if end >= 0 else at + MOST_HEAD_BYTES
                if may_take.search(self._data, at, end) is not None:
                    symbol.types = types_of(self._text((at, end)))

    def _describe_labels(self) -> None:
        """Note the labels of the parameters of functions."""
        for symbol in self._symbols:
            if symbol.kind in CALLABLE:
                at = self._line_starts[symbol.line - 1] + symbol.column + len(symbol.name.encode())
                symbol.labels = parameter_labels(self._text((at, at + MOST_HEAD_BYTES)))

    def _describe_parameters(self, signatures: set[int]) -> None:
        """Note the types of the parameters that may be functions, or have some.

        Args:
            signatures: first bytes of signatures in interfaces of what is called itself.
        """
        for number in sorted({self._hoisted(scope) for scope in self._typed_scopes}):
            scope = self._scopes[number] if number >= 0 else None
            owner = self._owner(scope.start) if scope is not None else -1
            if scope is None or owner < 0:
                continue
            symbol = self._symbols[owner]
            around = self._hoisted(scope.parent)
            if scope.start in signatures:
                if symbol.kind not in TYPED_CALLS:
                    continue
            elif symbol.kind not in CALLABLE or (around >= 0 and self._scopes[around].start >= self._spans[owner][0]):
                continue
            parts = opened_list(self._text((scope.start, min(scope.end, scope.start + MOST_LIST_BYTES))))
            if parts is None:
                continue
            generics, listed, rest = parts
            visible: dict[str, str] = {}
            for around_it in self._around(owner):
                visible = self._type_parameters(around_it) | visible
            visible |= type_parameters_of(generics)
            types = script_parameter_types(listed, visible)
            if scope.start in signatures:
                symbol.types += call_signature(types, rest, visible)
            elif not symbol.types:
                symbol.types = types

    def _around(self, owner: int) -> Iterator[int]:
        """A symbol and those around it."""
        while owner >= 0:
            yield owner
            owner = self._symbols[owner].parent

    def _type_parameters(self, index: int) -> dict[str, str]:
        """The type parameters that follow a symbol's name."""
        symbol = self._symbols[index]
        at = self._line_starts[symbol.line - 1] + symbol.column + len(symbol.name.encode())
        if self._data[at : at + 1] != b"<":
            return {}
        text = self._text((at, at + MOST_LIST_BYTES))
        return type_parameters_of(text[1 : closed_angle(text, 0) - 1])

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
        if "named" in match and is_fixture(self._text(match["decorator"][0])):
            symbol.labels = self._text(match["named"][0]).strip("\"'")
        if "generics" in match:
            symbol.generics = type_parameters(self._text(match["generics"][0]))
        if "static" in match:
            symbol.flags |= STATIC
        if "property" in match:
            symbol.flags |= PROPERTY
        if "parameters" in match:
            written = self._text(match["parameters"][0])
            if self._language.name == "csharp" and _EXTENDED.match(written):
                symbol.labels = EXTENDS_FIRST
            if "#" in written and has_conditional(written.encode()):
                return  # it has other parameters in other builds
            written = bare_parameters(written)
            symbol.parameters = parameter_counts(written)
            if self._language.overloads:
                symbol.types = (c_parameter_types if self._language.macros else parameter_types)(written)
            elif self._language.receiving_lambdas:
                name_at = match["function"][0][0]
                line = self._data.rfind(b"\n", 0, self._spans[index][0]) + 1  # the grammar leaves `actual` outside
                if _INHERITING.search(self._data, max(line, name_at - LOOKED_BACK), name_at) is not None:
                    symbol.parameters = (0, symbol.parameters[1])
                every = bool(symbol.flags & STUB) and self._is_functional(symbol.parent)
                symbol.types = kotlin_parameter_types(written, every=every)

    def _is_functional(self, index: int) -> bool:
        """Whether a lambda may stand for an interface of Kotlin."""
        if index < 0 or self._symbols[index].kind != "interface":
            return False
        symbol = self._symbols[index]
        at = self._line_starts[symbol.line - 1] + symbol.column
        return _FUNCTIONAL.search(self._data, max(0, at - 40), at) is not None

    def _describe_constructor(self, index: int, written: str) -> None:
        """Note the parameters that a class takes itself: their types, if some may be functions, and the names of those
        that are no fields."""
        if own := plain_parameters(written):
            self._symbols[index].labels = f"({','.join(own)})"
        if types := kotlin_parameter_types(written):
            symbol = self._symbols[index]
            symbol.types, symbol.parameters = types, parameter_counts(written[written.find("(") :])

    def _is_php_method(self, index: int) -> bool:
        """Whether a symbol is a method in PHP, where a property may have its name."""
        return self._language.name == "php" and self._symbols[index].kind in CALLABLE

    def _describe_field(self, match: Matched) -> None:
        span = match["self.field"][0]
        owner = self._class_at(span[0])
        if owner < 0 or span[1] - span[0] > MENTION_BYTES:
            return
        name = self._text(span)
        index = self._members.get((owner, name))
        if index is None or self._is_static(index) or self._is_php_method(index):
            index = self._add_variable(span, "field", owner, INFERRED)
        symbol = self._symbols[index]
        if symbol.kind in CALLABLE or symbol.kind in TYPES:
            return
        made = self._given(match)
        if made and ("type" in match or not symbol.flags & PROPERTY) and not self._is_nothing(match):
            self._note_type(index, made, declared="type" in match)
