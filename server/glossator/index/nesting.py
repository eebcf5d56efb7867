"""The tree of a file's definitions, with the lines that belong to each.

A definition's range is extended to whole lines and to the comments and decorators above it; definitions too small to be
separate from the enclosing one are left out; runs of tiny definitions become blocks.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from glossator.index.texts import BLANK, clean_scope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glossator.index.entries import EntryKind
    from glossator.index.texts import SourceText

TYPES: Final = frozenset(
    {"class", "struct", "interface", "trait", "protocol", "enum", "union", "object", "message", "service", "table"}
)
"""Kinds whose functions are methods, and whose tiny members are not separate entries."""
SPACES: Final = frozenset({"module", "namespace", "package"})
"""Kinds that are only containers: code between their members gets its own entries."""
FUNCTIONS: Final = frozenset({"function", "method", "constructor", "macro", "test", "property", "rpc"})
SLIGHT: Final = frozenset(
    {"field", "enum_member", "property", "constant", "variable", "type", "key", "macro", "function", "rule", "element"}
)
"""Kinds of which many tiny ones in a row are merged."""
MEMBERS: Final = frozenset({"field", "enum_member", "property", "constant", "variable", "key"})
"""Kinds that stay part of the type that contains them, if tiny."""

PATCHES: Final = frozenset({"key", "rule", "element"})
"""Kinds in documents of which even short runs of tiny ones are merged."""

# Sizes in lines.
LONG_LINES: Final = 80
"""A piece with more lines is long: it is split into windows, and functions in it more easily become entries."""
TINY_LINES: Final = 2
MERGED_RUN: Final = 8
"""This many tiny definitions in a row become blocks."""
TINY_PATCH_LINES: Final = 6
MERGED_PATCHES: Final = 6
"""The same for rules, keys and elements, whose names are seldom searched for."""
NESTED_LINES: Final = 30
"""A function inside a function is a separate entry from this length on..."""
GIANT_LINES: Final = 250
NESTED_IN_GIANT_LINES: Final = 5
"""...or from this, if the enclosing one is a giant (a module written as one function)."""

_MARKUP = re.compile(rb"(?:<\?(?:php)?\s|.*<script\b[^<>]*>)\s*", re.IGNORECASE)
"""Markup that may precede code on its line."""
_STATEMENT_END = re.compile(rb"[;}]\s+")


RECORDS: Final = frozenset({"struct", "class", "union", "enum"})
"""Kinds of symbols that have tags in C."""
_DECLARED: Final = frozenset({"constant", "enum_member", "field", "function", "variable"})
"""Kinds of which one declaration may have several: `var a = 1, b = 2`."""
_SPECIFIERS: Final = re.compile(rb"(?:\w+\s+)*")


def is_declared_with(
    data: bytes, kind: str, span: tuple[int, int], other_kind: str, other_span: tuple[int, int]
) -> bool:
    """Whether a definition is not in another one that has its whole range, but beside it in one declaration.

    As in `var a = 1, b = 2`, `typedef struct { ... } A, *B;`, and the structure in `struct pool { ... } *pools;`.
    """
    if span == other_span:
        return (kind in _DECLARED and other_kind in _DECLARED) or (
            kind == "type" and (other_kind == "type" or other_kind in RECORDS)
        )
    if kind not in RECORDS or other_kind not in ("variable", "type"):
        return False
    return _SPECIFIERS.fullmatch(data, other_span[0], span[0]) is not None


@dataclass(slots=True)
class Definition:
    """A definition as a parser found it; bytes are offsets into the file. `Nesting` and `Chunker` fill in the rest.

    Attributes:
        kind: as in `Entry`; "block" for a container without a name.
        name: bare name.
        scope: the name's qualifier, as written ("*Session", "a::Foo").
        start: first byte of the node, end: one past its last.
        name_at: first byte of the name.
        body: first byte of the body, or -1.
        doc: range of a doc string or comment, or None.
        node: the object that `borders` needs to find where to cut.
    """

    kind: EntryKind
    name: str
    scope: str
    start: int
    end: int
    name_at: int
    body: int
    doc: tuple[int, int] | None = None
    node: object = None
    # Filled in later.
    head: int = 0
    """First byte after leading comments and decorators."""
    leads: list[tuple[int, int]] | None = None
    parent: Definition | None = None
    children: list[Definition] | None = None
    prefix: str = ""
    """Its qualified name, or that of the type to which a container belongs."""
    begin: int = 0
    stop: int = 0
    """The range of the node itself; `start` is extended to comments before it, `end` to the end of the line."""
    first: int = 0
    last: int = 0
    """First and last line, from 0."""
    signature: str | None = None
    stub: bool = False
    """Whether its syntax shows that it only declares what is defined elsewhere; see also `Chunker`."""
    slot: int = -1
    """Index of its entry before sorting."""
    shared: int = -1
    """First byte of the conditional in which it and another definition begin that go on as one; or -1."""


class Nesting:
    """Builds the tree of a file's definitions.

    Args:
        source: the file.
        leading: ranges of comments, decorators and attributes.
        constructors: names of methods that are constructors.
        separator: joins names to a qualified name.

    Attributes:
        leads: for a line (from 0), the comment, decorator or attribute that ends on it.
        merged: first byte and name of the definitions that become part of blocks, once the tree is built.
    """

    def __init__(
        self, source: SourceText, leading: Sequence[tuple[int, int]], constructors: frozenset[str], separator: str
    ) -> None:
        self._source = source
        self._constructors = constructors
        self._separator = separator
        self.merged: list[tuple[int, str]] = []
        self.leads: dict[int, tuple[int, int]] = {}
        line_at, data = source.line_at, source.data
        for start, end in leading:
            if data[end - 1 : end].isspace():
                # Some grammars count the line end, or even the next line's indentation, as part of a line comment.
                end = max(start + 1, start + len(data[start:end].rstrip()))
            last = line_at(end - 1)
            self.leads.setdefault(last, (start, end))

    def tree(self, definitions: list[Definition]) -> Definition:
        """The tree of definitions that become entries, their ranges extended to whole lines where possible."""
        source = self._source
        definitions.sort(key=lambda item: (item.start, -item.end))
        root = Definition("block", "", "", 0, len(source.data), -1, 0)
        root.first, root.last = 0, max(0, source.lines - 1)
        open_: list[Definition] = [root]
        placed: list[Definition] = []
        skip_until = -1
        for item in definitions:
            if item.start < skip_until:
                continue
            self._trim(item)
            while item.start >= open_[-1].end and len(open_) > 1:
                open_.pop()
            parent = open_[-1]
            if item.end > parent.end:
                continue
            item.begin, item.stop = item.start, item.end
            self._place(item, parent)
            if self._is_part_of(item, parent):
                if item.kind in FUNCTIONS or item.kind in TYPES:
                    skip_until = item.end
                continue
            item.parent = parent
            if parent.children is None:
                parent.children = [item]
            else:
                parent.children.append(item)
            self._name(item, parent)
            open_.append(item)
            placed.append(item)
        owners = [root, *(item for item in placed if item.children)]
        # From the innermost outwards: a container whose children were merged is but a part of what lies between.
        for owner in reversed(owners):
            owner.children = [
                child for child in owner.children or () if child.kind != "block" or child.children or child.scope
            ]
            if owner.kind in ("block", "component") or owner.kind in SPACES:
                self._merge_runs(owner)
        for owner in owners:
            self._widen_ends(owner)
        return root

    def _trim(self, item: Definition) -> None:
        """Cut off comments that a grammar includes at the end of an item although they belong to the next one."""
        source = self._source
        starts, data = source.line_starts, source.data
        lead = self.leads.get(source.line_at(item.end - 1))
        while lead is not None and item.start < lead[0] and lead != item.doc:
            if data[lead[1] : item.end].strip(BLANK):
                return
            first = starts[source.line_at(item.start)]
            above = starts[source.line_at(lead[0])]
            line = data[first : item.start]
            if data[above : lead[0]].strip(BLANK) or lead[0] - above > len(line) - len(line.lstrip(BLANK)):
                return
            item.end = item.start + len(data[item.start : lead[0]].rstrip(BLANK))
            lead = self.leads.get(source.line_at(item.end - 1))

    def _place(self, item: Definition, parent: Definition) -> None:
        """Extend an item's start to the beginning of its line and to its leading comments; set its lines."""
        source = self._source
        starts = source.line_starts
        data = source.data
        line = bisect_right(starts, item.start) - 1
        head = original = item.start
        markup = None
        bound = 0
        if parent.kind == "component":
            bound = parent.children[-1].end if parent.children else 0
        elif parent.children:
            bound = parent.children[-1].end
        elif parent.parent is not None:
            bound = max(parent.start, parent.name_at + 1)
            if data[parent.body : parent.body + 1] == b"{":
                # Elsewhere comments may stand before the body's node.
                bound = max(bound, parent.body)
        line_start = starts[line]
        if line_start >= bound or not data[line_start:bound].strip(BLANK):
            # Nothing of another entry stands on this line before the item.
            before = data[line_start:head]
            head = line_start + len(before) - len(before.lstrip(BLANK))
            markup = _MARKUP.match(data, head, item.start)
            leads = self.leads
            above = line - 1
            while above in leads:
                lead_start, lead_end = leads[above]
                lead_line = source.line_at(lead_start)
                if lead_start < bound or data[starts[lead_line] : lead_start].strip(BLANK):
                    break
                if item.leads is None:
                    item.leads = []
                item.leads.append((lead_start, lead_end))
                line = lead_line
                above = lead_line - 1
        item.head = markup.end() if markup else head + _statements_end(data[head : max(head, original)])
        item.start = item.leads[-1][0] if item.leads else head
        item.first = line
        item.last = source.line_at(item.end - 1) if item.end > item.start else line

    @staticmethod
    def _is_part_of(item: Definition, parent: Definition) -> bool:
        """Whether an item is too small to be separate from the enclosing one."""
        lines = item.last - item.first + 1
        if item.shared >= 0:
            return False
        if parent.kind in FUNCTIONS:
            if item.kind == "test":
                return False
            if item.kind not in FUNCTIONS and item.kind not in TYPES:
                return True
            giant = parent.last - parent.first >= GIANT_LINES
            return lines < (NESTED_IN_GIANT_LINES if giant else NESTED_LINES)
        if parent.kind in MEMBERS or (parent.kind in PATCHES and item.kind in PATCHES):
            long = parent.last - parent.first >= LONG_LINES
            return lines < (NESTED_IN_GIANT_LINES if long else NESTED_LINES)
        return parent.kind in TYPES and item.kind in MEMBERS and item.body < 0 and lines <= 2 * TINY_LINES

    def _name(self, item: Definition, parent: Definition) -> None:
        """Give an item its qualified name and its kind among its parent's members."""
        while parent.parent is not None and parent.start >= item.shared >= 0:
            # It stands beside the other beginning, though inside the other's range.
            parent = parent.parent
        data = self._source.data
        while is_declared_with(data, item.kind, (item.begin, item.stop), parent.kind, (parent.begin, parent.stop)):
            assert parent.parent is not None
            parent = parent.parent
        scope = clean_scope(item.scope) if item.scope else ""
        prefix = "" if parent.kind == "component" else parent.prefix  # the definitions of a module, not members
        item.prefix = self._separator.join(part for part in (prefix, scope, item.name) if part)
        if item.kind == "function" and (parent.kind in TYPES or (parent.kind == "block" and parent.scope)):
            item.kind = "method"
        if item.kind == "method" and item.name:
            owner = scope.rpartition(".")[2] or parent.name
            if item.name in self._constructors or item.name == owner:
                item.kind = "constructor"

    def _merge_runs(self, owner: Definition) -> None:
        """Turn long runs of tiny children into blocks; their names can still be found as references."""
        children = owner.children or []
        patches = bool(children) and children[0].kind in PATCHES
        enough = MERGED_PATCHES if patches else MERGED_RUN
        tiny = TINY_PATCH_LINES if patches else TINY_LINES
        if len(children) < enough:
            return
        kept: list[Definition] = []
        run: list[Definition] = []
        merged: list[tuple[int, str]] = []
        for child in [*children, None]:
            if (
                child is not None
                and child.kind in SLIGHT
                and (child.body < 0 or child.kind not in FUNCTIONS)
                and child.last - child.first < tiny
                and child.leads is None
                and child.doc is None
                and not child.children
            ):
                run.append(child)
                continue
            if len(run) >= enough:
                merged.extend((item.start, item.name) for item in run)
            else:
                kept.extend(run)
            run = []
            if child is not None:
                kept.append(child)
        if merged:
            owner.children = kept
            self.merged.extend(merged)

    def _widen_ends(self, owner: Definition) -> None:
        """Extend each child to the end of its last line, unless something else follows there."""
        source = self._source
        starts = source.line_starts
        data = source.data
        children = owner.children or []
        limit = owner.end
        for index in range(len(children) - 1, -1, -1):
            child = children[index]
            bound = min(starts[child.last + 1], limit)
            if child.end < bound and (child.last < owner.last or owner.parent is None):
                end = child.end + len(data[child.end : bound].rstrip(BLANK))
                child.end = max(child.end, end)
            limit = child.start


def _statements_end(before: bytes) -> int:
    """Length of the statements that end before a definition on its line (`x = go(); def f`): no part of its signature.

    What stands inside brackets or quotes of an annotation ends nothing.
    """
    end = 0
    if b";" not in before and b"}" not in before:
        return end
    for found in _STATEMENT_END.finditer(before):
        done = before[: found.end()]
        balanced = all(done.count(opening) == done.count(closing) for opening, closing in (b"()", b"[]", b"{}"))
        if balanced and done.count(b'"') % 2 == 0:
            end = found.end()
    return end
