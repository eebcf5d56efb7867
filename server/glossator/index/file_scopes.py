"""The scopes of a file, the names bound in them, and what an expression stands for at a place."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from glossator.index.expressions import SELF_WORDS, Calls, expression, grown, joined, type_expression
from glossator.index.facts import (
    GLOBAL,
    INSTANCE,
    UNKNOWN,
)
from glossator.index.file_symbols import CALLABLE, FileSymbols
from glossator.index.nested_spans import innermost, segments
from glossator.index.receiver_templates import COMPOUND, MAX_TEMPLATES, template, templates_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from glossator.index.languages import Language
    from glossator.index.nested_spans import Range
    from glossator.index.nesting import Definition
    from glossator.index.texts import SourceText
    from glossator.index.unnamed_functions import Handed


BRANCHES: Final = 8
"""How many earlier values of a variable are looked at."""
LONGEST_CHAIN: Final = 40
"""A value that depends on more values than this, one after the other, is unknown."""
_BLOCK: Final = re.compile(
    rb"[{(]?\{|(?:case|catch|default|do|else|for|foreach|if|switch|synchronized|try|using|while)\b"
)
"""What scopes begin with that are no functions."""
_CONDITION: Final = re.compile(
    rb"\b(?:if|elif|elsif|elseif|while|for|foreach|switch|case|when|catch|except|match)\b.*?[){:]|\b(?:else|unless|try)\b"
    rb"|&&|\|\||\b(?:and|or)\b"
)
"""What stands in a line before a name that is bound on a condition only."""
_MODIFIER: Final = re.compile(rb"\s(?:if|unless|while|until)\s")
"""What stands behind it, in Ruby."""
BY_PLACE: Final = attrgetter("at")
BY_SPAN: Final = attrgetter("name")


@dataclass(slots=True)
class NameScope:
    """A node in which names stay: the names bound in it, each with its values in order of their places."""

    start: int
    end: int
    parent: int
    names: dict[str, list[BoundValue]] = field(default_factory=dict)
    exempt: set[str] = field(default_factory=set)
    """Names that a declaration says belong to the file."""
    outer: set[str] = field(default_factory=set)
    """Names that a declaration says belong to a scope around."""
    block: bool = False
    """Whether it is a block rather than a function."""


@dataclass(slots=True)
class BoundValue:
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
    """The steps that follow: "[1]" if it is an item of a tuple, "(2:1)(:0)" for what a function is called with that is
    handed over."""
    until: int = 0
    """The byte up to which it counts, in the branch of a condition; 0 for the end of the scope."""


BOUND_LATE: Final = frozenset(("go", "kotlin", "rust", "swift"))
"""Languages in which a variable is visible from behind its value on: `let args = args();` calls a function, and so does
`args()` in a line above."""
_PARAMETERS_OF_TEMPLATE: Final = re.compile(rb"template\s*<(?:[^<>;{}]|<[^<>;{}]{0,100}>){0,400}>")
_TAGS: Final = ("struct ", "union ", "enum ")
"""How a type begins that no variable hides."""


class FileScopes(FileSymbols):
    """The scopes of a file; see `FileSymbols`."""

    def __init__(self, language: Language, source: SourceText, found: Sequence[Definition]) -> None:
        super().__init__(language, source, found)
        self._scopes: list[NameScope] = []
        self._scope_cuts: list[int] = []
        self._scope_at: list[int] = []
        self._calls = Calls(language.calls, counted=language.overloads, blocks=language.blocks)
        self._templates = templates_of(language.name)
        if len(self._templates) > MAX_TEMPLATES:
            self._templates.clear()
        self._late = language.name in BOUND_LATE
        self._depth = 0
        """How many values are being made, each for the one before."""
        self._all_bound = False
        self._bound: set[str] = set()
        """The names that are bound in any scope, once all are."""
        self._fixed: dict[bytes, str] = {}
        """Source text -> its expression, where that is the same in all places."""
        self._self_words: dict[str, str] = {}
        for word in language.self_words:
            word, _, made = word.partition("=")
            self._self_words[word] = made or SELF_WORDS[word]
        self._inner_imports: dict[str, set[int]] = {}
        """Names that are imported inside a scope -> these scopes, where they are no local variables."""
        self._this_spans: list[Range] = []
        self._this_cuts: list[int] = []
        self._this_at: list[int] = []
        self._unnamed_classes: list[Range] = []
        self._unnamed_cuts: list[int] = []
        self._unnamed_at: list[int] = []
        self._lambdas: Sequence[Handed] = ()
        """In order of their beginnings."""
        self._lambda_cuts: list[int] = []
        self._lambda_at: list[int] = []
        self._lambda_parents: list[int] = []

    def _add_lambdas(self, lambdas: Sequence[Handed]) -> None:
        """Note the lambdas of a language where these may have a receiver."""
        self._lambdas = sorted(lambdas, key=BY_SPAN)
        self._lambda_cuts, self._lambda_at = segments([one.name for one in self._lambdas])
        self._lambda_parents = [self._lambda(one.name[0] - 1) for one in self._lambdas]

    def _lambda(self, at: int) -> int:
        """The innermost lambda that contains a byte; -1 for none."""
        index = bisect_right(self._lambda_cuts, at) - 1
        return self._lambda_at[index] if index >= 0 else -1

    def _in_lambda(self, name: str, at: int) -> str:
        """The expression of `it` or `this` at a place in a language whose lambdas are noted."""
        number = self._lambda(at)
        if name == "this":
            index = bisect_right(self._this_cuts, at) - 1
            around = self._this_at[index] if index >= 0 else -1
            if around >= 0 and (number < 0 or self._this_spans[around][0] > self._lambdas[number].name[0]):
                return UNKNOWN  # in a class without a name
            return f"@this{number}" if number >= 0 else INSTANCE
        while number >= 0 and self._lambdas[number].named:
            number = self._lambda_parents[number]
        start = self._lambdas[number].name[0] if number >= 0 else -1
        scope = self._scope(at)
        while scope >= 0 and self._scopes[scope].start > start:
            if (values := self._scopes[scope].names.get(name)) is not None:
                return self._value(values, at)
            scope = self._scopes[scope].parent
        return f"@it{number}" if number >= 0 else UNKNOWN

    def _numbered(self, number: str, at: int) -> str:
        """The expression of a parameter by its number, `$0`, in the innermost function whose parameters have no
        names."""
        around = self._lambda(at)
        while around >= 0 and self._lambdas[around].named:
            around = self._lambda_parents[around]
        made = self._source_of(self._lambdas[around]) if around >= 0 else UNKNOWN
        return grown(made, f"(:{number})") if made != UNKNOWN else UNKNOWN

    def _source_of(self, handed: Handed) -> str:
        """The expression of what a function without a name leads to."""
        if handed.origin == "value":
            made = self._expression(handed.source) if handed.source[1] else UNKNOWN
        else:
            owner = self._function_at(handed.function) if handed.origin == "result" else -1
            if owner >= 0 and not self._language.prototypes and self._is_in_unnamed(handed.function, owner):
                owner = -1
            made = f"#{owner}()" if owner >= 0 else UNKNOWN
            if handed.origin == "type":
                text = self._text(handed.source)
                made = type_expression(text) if text != "var" else UNKNOWN
        return grown(made, handed.steps) if made != UNKNOWN else made

    def _scope(self, at: int) -> int:
        """The innermost scope that contains a byte; -1 for none."""
        index = bisect_right(self._scope_cuts, at) - 1
        return self._scope_at[index] if index >= 0 else -1

    def _scopes_of(self, starts: Sequence[int] | NDArray[np.int64]) -> list[int]:
        """The innermost scope that contains each of some bytes; -1 for none."""
        return innermost(self._scope_cuts, self._scope_at, starts)

    def _add_scopes(self, spans: Sequence[Range], blocks: Sequence[Range]) -> None:
        open_: list[int] = []
        functions = set(spans)
        for start, end in sorted({*functions, *blocks}, key=lambda span: (span[0], -span[1])):
            while open_ and self._scopes[open_[-1]].end <= start:
                open_.pop()
            block = (start, end) not in functions
            self._scopes.append(NameScope(start, end, open_[-1] if open_ else -1, block=block))
            open_.append(len(self._scopes) - 1)
        self._scope_cuts, self._scope_at = segments([(scope.start, scope.end) for scope in self._scopes])

    def _hoisted(self, scope: int) -> int:
        """The innermost function that is or encloses a scope; -1 for none."""
        while scope >= 0 and self._scopes[scope].block:
            scope = self._scopes[scope].parent
        return scope

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

    def _is_in_unnamed(self, at: int, owner: int) -> bool:
        """Whether a function without a name stands around a byte inside a function."""
        symbol = self._symbols[owner]
        name_at = self._line_starts[symbol.line - 1] + symbol.column
        scope = self._scope(at - 1)
        while scope >= 0 and (start := self._scopes[scope].start) > name_at:
            if not self._scopes[scope].block and _BLOCK.match(self._data, start) is None:
                return True
            scope = self._scopes[scope].parent
        return False

    def _in_method(self, scope: int) -> bool:
        """Whether a scope is that of a method."""
        owner = self._owner(self._scopes[scope].start)
        return owner >= 0 and self._symbols[owner].kind in CALLABLE and self._class_at(self._scopes[scope].start) >= 0

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

    def _type(self, text: str, at: int) -> str:
        """The expression of a type at a place: of a type's parameter, what it is at least. What a function's template
        deduces in C++ is unknown, whatever it is called; what a class's stands for may follow from its arguments."""
        made = type_expression(text)
        bare = made[1:-1].lstrip("&*")
        if not bare.isidentifier() or text.startswith(_TAGS):
            return made
        scope = self._scope(at)
        while scope >= 0:
            if (values := self._scopes[scope].names.get(bare)) is not None:
                return values[0].made if values and values[0].made[:1] == "<" else made
            if self._language.macros and self._is_deduced(bare, scope, at):
                return UNKNOWN
            scope = self._scopes[scope].parent
        return made

    def _is_deduced(self, name: str, scope: int, at: int) -> bool:
        """Whether a scope around a place is a function's template, not a class's, and has a parameter of a name."""
        start = self._scopes[scope].start
        if not self._data.startswith(b"template", start):
            return False
        around = self._class_at(at)
        if around >= 0 and self._spans[around][0] >= start:
            return False
        written = _PARAMETERS_OF_TEMPLATE.match(self._data, start)
        return written is not None and re.search(rf"\b{name}\s*[,>=]".encode(), written[0]) is not None

    def _expression(self, span: Range) -> str:
        """The expression of a range of source, with local names replaced."""
        start, end = span
        if end - start > 1000:
            return UNKNOWN
        raw = written = self._data[start:end]
        if self._language.bare_calls and raw.startswith(b"::"):
            inner = self._expression((start + 2, end))
            return UNKNOWN if inner == UNKNOWN or "|" in inner else f"{GLOBAL}.{inner}"
        if self._language.self_modules and raw.startswith(b"self::"):
            raw = raw[len(b"self::") :]
        shape = self._templates.get(raw)
        if shape is None:
            shape = self._templates[raw] = template(raw, self._calls)
        head, rest = shape
        if not head:
            if self._all_bound:
                self._fixed[written] = rest
            return rest
        if head == COMPOUND:
            made = expression(rest, lambda name: self._named(name, start), self._calls)
            return made.replace("()", "") if self._language.bare_calls else made
        callee = rest[:1] == "(" and self._language.calls_apart and head not in self._self_words
        made = head if callee else self._named(head, start)
        if self._language.bare_calls:
            rest = rest.replace("()", "")
        if rest and made != UNKNOWN:
            made = grown(made, rest)
        placed = self._language.prototypes or self._language.receiving_lambdas or bool(self._unnamed_classes)
        if self._all_bound and (not placed if head in self._self_words else head not in self._bound):
            if self._lambdas and head[:1] == "$":
                return made
            self._fixed[written] = made
        return made

    def _named(self, name: str, at: int) -> str:
        """The expression of a bare name at a place."""
        known = self._self_words.get(name)
        if known is not None and self._language.receiving_lambdas and name != "super":
            return self._in_lambda(name, at)
        if name[0] == "$" and self._lambdas and name[1:].isdigit():
            return self._numbered(name[1:], at)
        if known is not None:
            if self._unnamed_classes and self._is_in_unnamed_class(at):
                return UNKNOWN
            return self._this(known, at) if self._language.prototypes else known
        scope = self._scope(at)
        of_instance = name[:1] == "@"
        inside = self._spans[around][0] if of_instance and (around := self._class_at(at)) >= 0 else -1
        while scope >= 0 and self._scopes[scope].start > inside:
            if of_instance and not self._scopes[scope].block:
                break  # in a method, perhaps of a class without a name
            if name in self._inner_imports and scope in self._inner_imports[name]:
                return name
            values = self._scopes[scope].names.get(name)
            if values is not None and not (self._late and at < values[0].at and at != values[0].name_at):
                return self._value(values, at)
            scope = self._scopes[scope].parent
        return f"{INSTANCE}.{name}" if self._language.bare_calls and name[:1] == "@" else name

    def _is_in_unnamed_class(self, at: int) -> bool:
        """Whether the innermost class around a byte has no name, and so is no symbol."""
        index = bisect_right(self._unnamed_cuts, at) - 1
        innermost = self._unnamed_at[index] if index >= 0 else -1
        if innermost < 0:
            return False
        named = self._class_at(at)
        return named < 0 or self._spans[named][0] < self._unnamed_classes[innermost][0]

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

    def _value(self, values: list[BoundValue], at: int) -> str:
        """What a local name stands for at a place: its last value before, or several that different branches give."""
        last = bisect_right(values, at, key=BY_PLACE) if len(values) > 1 else 1
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
            if self._indent(value.name_at) <= indent and not self._is_conditional(value.name_at, at):
                # What is indented less has been executed before.
                break
        return joined(found) if len(found) > 1 else found[0] if found else UNKNOWN

    def _is_conditional(self, name_at: int, at: int) -> bool:
        """Whether a name is bound in a branch that is written in one line (`if (late) shop = night`), unless the place
        stands in that line, too."""
        start = self._data.rfind(b"\n", 0, name_at) + 1
        end = self._data.find(b"\n", name_at)
        end = end if end >= 0 else len(self._data)
        if start <= at <= end:
            return False
        if _CONDITION.search(self._data, start, name_at) is not None:
            return True
        return self._language.bare_calls and _MODIFIER.search(self._data, name_at, end) is not None

    def _made(self, value: BoundValue) -> str:
        """The expression of a value."""
        if not value.made and self._depth < LONGEST_CHAIN:
            self._depth += 1
            value.made = UNKNOWN  # if it refers to itself
            if value.text is not None:
                place = value.at - 1
                text = value.text if isinstance(value.text, str) else self._text(value.text)
                made = expression(text, lambda name: self._named(name, place), self._calls)
                if self._language.bare_calls:
                    made = made.replace("()", "")
                if made != UNKNOWN:
                    made = grown(made, ("[]" if value.element else "") + value.item)
                value.made = made
            self._depth -= 1
        return value.made or UNKNOWN
