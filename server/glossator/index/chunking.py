"""Definitions to entries: nesting, leading comments, outlines, windows of what is long, blocks of what lies between.

`Chunker` takes what a reader found in a file (`Definition`s, references, comments) and makes the entries of
`entries.py` of it. It knows lines and bytes, not grammars: where a long piece may be cut, it asks its `borders`.

The cost per definition is what matters here: this is the part of indexing that is Python.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from glossator.index.entries import Entry, EntryKind
from glossator.index.texts import BLANK, DOC_CHARS, TEXT_CHARS, clean_doc, clean_scope

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glossator.index.texts import Source

TYPES: Final = frozenset(
    {"class", "struct", "interface", "trait", "protocol", "enum", "union", "object", "message", "service", "table"}
)
"""Kinds whose functions are methods and whose tiny members are theirs."""
SPACES: Final = frozenset({"module", "namespace", "package"})
"""Kinds that only hold things: what lies between their members is found by itself."""
FUNCTIONS: Final = frozenset({"function", "method", "constructor", "macro", "test", "property", "rpc"})
SLIGHT: Final = frozenset(
    {"field", "enum_member", "property", "constant", "variable", "type", "key", "macro", "function", "rule", "element"}
)
"""Kinds of which many tiny ones in a row are merged."""
MEMBERS: Final = frozenset({"field", "enum_member", "property", "constant", "variable", "key"})
"""Kinds that, tiny and inside a type, stay part of it."""

PATCHES: Final = frozenset({"key", "rule", "element"})
"""Kinds of documents whose tiny neighbours are merged from few on."""

# Sizes. The windows' are those that the embedder and the prompt work best with; see entries.py.
LONG_LINES: Final = 80
"""A piece with more lines is split into windows besides."""
LONG_BYTES: Final = 3600
WINDOW_LINES: Final = 70
WINDOW_BYTES: Final = 2600
OVERLAP_LINES: Final = 8
BLOCK_LINES: Final = 44
"""Blocks between definitions, and of files without structure, are cut near this length."""
SIGNATURE_CHARS: Final = 400
MAX_REFERENCES: Final = 200
TINY_LINES: Final = 2
MERGED_RUN: Final = 12
"""This many tiny definitions in a row become blocks."""
TINY_PATCH_LINES: Final = 6
MERGED_PATCHES: Final = 6
"""The same for rules, keys and elements, whose names are seldom asked for."""
NESTED_LINES: Final = 30
"""A function inside a function is an entry of its own from this length on..."""
GIANT_LINES: Final = 250
NESTED_IN_GIANT_LINES: Final = 5
"""...or from this, if what encloses it is a giant (a module written as one function)."""

_ANNOTATIONS = re.compile(
    r"^(?:@(?!interface\b|implementation\b|protocol\b)[\w.]+(?:\([^()]*\))?\s+|\[[^\[\]]*\]\s*(?=[\w@\[]))+"
)


@dataclass(slots=True)
class Definition:
    """A definition as a reader found it; bytes are offsets into the file. Filled in further by the `Chunker`.

    Attributes:
        kind: as in `Entry`; "block" for a container without a name.
        name: bare name.
        scope: what qualifies the name, as written ("*Session", "a::Foo").
        start: first byte of the node, end: one past its last.
        name_at: first byte of the name.
        body: first byte of the body, or -1.
        doc: range of a doc string or comment, or None.
        node: whatever `borders` needs to find places to cut.
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
    # Filled in by the chunker.
    head: int = 0
    """First byte after leading comments and decorators."""
    leads: list[tuple[int, int]] | None = None
    parent: Definition | None = None
    children: list[Definition] | None = None
    prefix: str = ""
    """Qualified name of it, or of what a container stands for."""
    stop: int = 0
    """The node's own end: `end` reaches to the end of the line."""
    first: int = 0
    last: int = 0
    """First and last line, from 0."""
    signature: str | None = None
    slot: int = -1
    """Index of its entry before sorting."""


@dataclass(slots=True)
class _Draft:
    """An entry to be, before the order of entries is known."""

    place: tuple[int, int, int, int]
    """What entries are sorted by: start, -end, part; and the draft's own number."""
    parent: Definition | None
    of: Definition | None
    signature: str
    doc: str
    lines: tuple[int, int, int]
    names: list[str]
    text: str


class Chunker:
    """Makes a file's entries.

    Args:
        source: the file.
        references: (first byte, name) of every reference, in any order.
        leading: ranges of comments, decorators and attributes.
        borders: given the node of a definition (None: the file) and ranges in it, the bytes at which statements
            start in those ranges, ascending.
        constructors: names of methods that are constructors.
    """

    def __init__(
        self,
        source: Source,
        *,
        references: Sequence[tuple[int, str]] = (),
        leading: Sequence[tuple[int, int]] = (),
        borders: Callable[[object, list[tuple[int, int]]], list[int]],
        constructors: frozenset[str] = frozenset(),
        separator: str = ".",
        file_doc: tuple[int, int] | None = None,
    ) -> None:
        self._source = source
        self._references = list(references)
        self._reference_starts: list[int] = []
        self._reference_names: list[str] = []
        self._borders = borders
        self._constructors = constructors
        self._separator = separator
        self._file_doc = file_doc
        self._leads: dict[int, tuple[int, int]] = {}
        line_at, data = source.line_at, source.data
        for start, end in leading:
            if data[end - 1 : end].isspace():
                # Some grammars count the line end, or even the next line's indentation, as part of a line comment.
                end = max(start + 1, start + len(data[start:end].rstrip()))
            last = line_at(end - 1)
            self._leads.setdefault(last, (start, end))
        self._drafts: list[_Draft] = []

    def entries(self, definitions: list[Definition]) -> tuple[Entry, ...]:
        """All entries of the file, in order."""
        root = self._nest(definitions)
        self._emit_owner(root)
        pending = list(reversed(root.children or ()))
        while pending:
            definition = pending.pop()
            self._emit_owner(definition)
            if definition.children:
                pending.extend(reversed(definition.children))
        entries = self._assembled()
        # Parents and children refer to one another, and to the tree: let it go at once, not when garbage is collected.
        for definition in definitions:
            definition.parent = definition.children = definition.node = None
        return entries

    # Nesting
    def _nest(self, definitions: list[Definition]) -> Definition:
        """The tree of definitions that become entries, their ranges widened to whole lines where they can be."""
        source = self._source
        definitions.sort(key=lambda item: (item.start, -item.end))
        root = Definition("block", "", "", 0, len(source.data), -1, 0)
        root.first, root.last = 0, max(0, source.lines - 1)
        open_: list[Definition] = [root]
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
            item.stop = item.end
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
        pending = [root]
        while pending:
            owner = pending.pop()
            if owner.children:
                # A container of nothing is but a part of what lies between.
                owner.children = [
                    child for child in owner.children if child.kind != "block" or child.children or child.scope
                ]
                if owner.kind == "block" or owner.kind in SPACES:
                    self._merge_runs(owner)
                self._widen_ends(owner)
                pending.extend(owner.children)
        self._references.sort()
        self._reference_starts = [start for start, _ in self._references]
        self._reference_names = [name for _, name in self._references]
        return root

    def _trim(self, item: Definition) -> None:
        """Cut off comments that a grammar counts as the end of an item, though they stand at the level of the next."""
        source = self._source
        starts, data = source.line_starts, source.data
        lead = self._leads.get(source.line_at(item.end - 1))
        while lead is not None and item.start < lead[0] and lead != item.doc:
            if data[lead[1] : item.end].strip(BLANK):
                return
            first = starts[source.line_at(item.start)]
            above = starts[source.line_at(lead[0])]
            line = data[first : item.start]
            if data[above : lead[0]].strip(BLANK) or lead[0] - above > len(line) - len(line.lstrip(BLANK)):
                return
            item.end = item.start + len(data[item.start : lead[0]].rstrip(BLANK))
            lead = self._leads.get(source.line_at(item.end - 1))

    def _place(self, item: Definition, parent: Definition) -> None:
        """Widen an item's start to its line's first column and to what leads it; set its lines."""
        source = self._source
        starts = source.line_starts
        data = source.data
        line = bisect_right(starts, item.start) - 1
        head = item.start
        bound = 0
        if parent.children:
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
            leads = self._leads
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
        item.head = head
        item.start = item.leads[-1][0] if item.leads else head
        item.first = line
        item.last = source.line_at(item.end - 1) if item.end > item.start else line

    @staticmethod
    def _is_part_of(item: Definition, parent: Definition) -> bool:
        """Whether an item is too slight to be told from what encloses it."""
        lines = item.last - item.first + 1
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
        scope = clean_scope(item.scope) if item.scope else ""
        item.prefix = self._separator.join(part for part in (parent.prefix, scope, item.name) if part)
        if item.kind == "function" and (parent.kind in TYPES or (parent.kind == "block" and parent.scope)):
            item.kind = "method"
        if item.kind == "method" and item.name:
            owner = scope.rpartition(".")[2] or parent.name
            if item.name in self._constructors or item.name == owner:
                item.kind = "constructor"

    def _merge_runs(self, owner: Definition) -> None:
        """Leave long runs of tiny children to the blocks between; their names stay findable as references."""
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
            self._references.extend(merged)

    def _widen_ends(self, owner: Definition) -> None:
        """Let each child reach to the end of its last line, unless something else stands there."""
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

    # Entries
    def _emit_owner(self, owner: Definition) -> None:
        """Add the entry of a definition (none for the file itself), its windows, and the blocks in it."""
        is_file = owner.parent is None
        children = owner.children
        gaps = self._gaps(owner) if children or is_file else [(owner.start, owner.end)]
        loose = is_file or owner.kind in SPACES or (owner.kind == "block" and not owner.scope)
        size = sum([end - start for start, end in gaps])
        if not is_file:
            self._emit_definition(owner, gaps, size, loose)
        if loose:
            if not is_file:
                gaps = self._inner(owner, gaps)
            self._emit_blocks(owner, gaps)
        elif size > LONG_BYTES or owner.last - owner.first >= LONG_LINES:
            self._emit_windows(owner, gaps, size)

    def _gaps(self, owner: Definition) -> list[tuple[int, int]]:
        """What of an owner's range is not its children's, white space stripped, empty pieces left out."""
        gaps = []
        strip = self._source.strip
        position = owner.start
        for child in owner.children or ():
            if position < child.start:
                start, end = strip(position, child.start)
                if start < end:
                    gaps.append((start, end))
            position = child.end
        if position < owner.end:
            start, end = strip(position, owner.end)
            if start < end:
                gaps.append((start, end))
        return gaps

    def _inner(self, owner: Definition, gaps: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Those gaps inside a namespace that are worth an entry: not its header, nor a line or two."""
        found = []
        line_at = self._source.line_at
        data = self._source.data
        for start, end in gaps:
            if owner.body >= 0 and start < owner.body:
                opening = 1 if data[owner.body : owner.body + 1] in (b"{", b":") else 0
                start, end = self._source.strip(min(owner.body + opening, end), end)
            if end > start and line_at(end - 1) - line_at(start) >= TINY_LINES:
                found.append((start, end))
        return found

    def _names_between(self, start: int, end: int) -> list[str]:
        starts = self._reference_starts
        return self._reference_names[bisect_left(starts, start) : bisect_left(starts, end)]

    def _emit_definition(self, item: Definition, gaps: list[tuple[int, int]], size: int, loose: bool) -> None:
        source = self._source
        signature = self._signature(item)
        if not item.children:
            text = source.unindented(item.start, item.end)
            names = self._names_between(item.start, item.end)
        else:
            text = self._outline(item, gaps, size, loose)
            names = []
            for start, end in gaps if not loose else gaps[:1]:
                names.extend(self._names_between(start, end))
        item.slot = len(self._drafts)
        self._drafts.append(
            _Draft(
                (item.start, -item.end, 0, item.slot),
                item.parent,
                item,
                signature,
                self._doc(item),
                (item.first, item.last, source.line_at(item.name_at if item.name_at >= 0 else item.head)),
                names,
                text,
            )
        )

    def _signature(self, item: Definition) -> str:
        if item.signature is None:
            item.signature = self._declaration(item)
        return item.signature

    def _declaration(self, item: Definition) -> str:
        """What a definition says before its body, on one line."""
        start = item.head
        if item.kind == "section":
            return item.name
        if item.doc is not None and item.doc[0] == start:
            # GraphQL's descriptions are part of what they describe.
            start = self._source.strip(item.doc[1], item.stop)[0]
        stop = item.body if item.body > start else item.stop
        found = self._source.text(start, stop, 3 * SIGNATURE_CHARS)
        if "\n" in found and item.body > start:
            found = self._without_comments(start, stop, found)
        if item.body < 0:
            if item.kind == "property":
                found = found.partition("{")[0].partition("=>")[0]
            elif item.kind not in FUNCTIONS and item.kind != "type":
                found = found.partition("\n")[0]
        signature = " ".join(found.split())
        if "( " in signature and "\n" in found.strip():
            # It was written over several lines.
            signature = signature.replace("( ", "(").replace(", )", ")").replace(" )", ")")
        if signature[:1] in ("@", "["):
            signature = _ANNOTATIONS.sub("", signature)
        signature = signature.rstrip(" {=") if item.body >= 0 else signature.rstrip(" {;,")
        signature = signature.removesuffix("=>").removesuffix(" do").rstrip(" :" if item.body >= 0 else " ")
        if item.kind in TYPES and item.name and item.name not in signature:
            signature += f" {item.name}"
        return signature if len(signature) <= SIGNATURE_CHARS else signature[: SIGNATURE_CHARS - 1] + "…"

    def _without_comments(self, start: int, stop: int, found: str) -> str:
        """A declaration of several lines without the comments at their ends."""
        source = self._source
        comments = [
            self._leads[line]
            for line in range(source.line_at(start), min(source.line_at(stop) + 1, source.line_at(start) + 50))
            if line in self._leads and start <= self._leads[line][0] < stop
        ]
        if not comments:
            return found
        kept = []
        for comment_start, comment_end in comments:
            kept.append(source.text(start, comment_start, SIGNATURE_CHARS))
            start = comment_end
        kept.append(source.text(start, max(start, stop), SIGNATURE_CHARS))
        return "\n".join(kept)

    def _doc(self, item: Definition) -> str:
        if item.doc is not None:
            return clean_doc(self._source.text(*item.doc, 2 * DOC_CHARS))
        if item.leads is None:
            return ""
        source = self._source
        comments = []
        for start, end in reversed(item.leads):
            if source.data[start : start + 1] in b"@#[" and source.data[start : start + 2] in (b"#[", b"@", b"["):
                continue
            comments.append(source.text(start, end, DOC_CHARS).rstrip("\n"))
        comments = [comment for comment in comments if not comment.startswith(("@", "[", "#["))]
        return clean_doc("\n".join(comments)) if comments else ""

    def _outline(self, owner: Definition, gaps: list[tuple[int, int]], size: int, loose: bool) -> str:
        """A container's own lines with its members' signatures among them."""
        source = self._source
        short = size <= LONG_BYTES
        pieces: list[str] = []
        length = 0
        children = owner.children or []
        at = 0
        for start, end in gaps:
            while at < len(children) and children[at].start < start:
                line = "    " + self._signature(children[at])
                pieces.append(line)
                length += len(line)
                at += 1
            if length > TEXT_CHARS:
                break
            if start == owner.start:
                piece = source.unindented(start, end, TEXT_CHARS if short else TEXT_CHARS // 2)
            elif short and not (loose and self._source.data.count(b"\n", start, end) >= TINY_LINES):
                piece = source.unindented(start, end)
            else:
                continue
            if piece.strip("}) ;\n"):
                pieces.append(piece if start == owner.start else "    " + piece.replace("\n", "\n    "))
                length += len(piece)
        for child in children[at:]:
            if length > TEXT_CHARS:
                break
            line = "    " + self._signature(child)
            pieces.append(line)
            length += len(line)
        return "\n".join(pieces)[:TEXT_CHARS]

    def _emit_windows(self, owner: Definition, gaps: list[tuple[int, int]], size: int) -> None:
        """Split a long definition into parts 1, 2, ... at the borders of its statements."""
        if owner.children:
            # Members have entries of their own; a line or two between them is in the outline.
            if size <= LONG_BYTES:
                return
            line_at = self._source.line_at
            gaps = [gap for gap in gaps if line_at(gap[1] - 1) - line_at(gap[0]) >= TINY_LINES]
        borders = self._borders(owner.node, gaps)
        part = 0
        signature = self._signature(owner)
        for start, end in gaps:
            for first, last in self._split(start, end, borders, WINDOW_LINES, WINDOW_BYTES, OVERLAP_LINES):
                if last - first < 3 or (not owner.children and (first, last) == (owner.start, owner.end)):
                    continue
                part += 1
                self._emit_piece(owner, first, last, part, owner, signature)

    def _emit_blocks(self, owner: Definition, gaps: list[tuple[int, int]]) -> None:
        """Make the blocks of what lies between the members of a file or a namespace."""
        long = {gap for gap in gaps if self._is_long(*gap)}
        borders = self._borders(owner.node, sorted(long)) if long else []
        parent = owner if owner.parent is not None else None
        for gap in gaps:
            pieces = self._split(*gap, borders, BLOCK_LINES, WINDOW_BYTES, 0) if gap in long else [gap]
            for start, end in pieces:
                self._emit_piece(None, start, end, 0, parent, "")

    def _is_long(self, start: int, end: int) -> bool:
        return end - start > WINDOW_BYTES or self._source.data.count(b"\n", start, end) >= BLOCK_LINES * 4 // 3

    def _emit_piece(
        self, owner: Definition | None, start: int, end: int, part: int, parent: Definition | None, signature: str
    ) -> None:
        """Add a window of `owner`, or a block if that is None."""
        source = self._source
        first = source.line_at(start)
        doc = ""
        if self._file_doc is not None and owner is None and start <= self._file_doc[0] < end:
            doc = clean_doc(source.text(*self._file_doc, 2 * DOC_CHARS))
        self._drafts.append(
            _Draft(
                (start, -end, part, len(self._drafts)),
                parent,
                owner,
                signature,
                doc,
                (first, source.line_at(end - 1), first),
                self._names_between(start, end),
                source.unindented(start, end),
            )
        )

    def _split(
        self, start: int, end: int, borders: list[int], max_lines: int, max_bytes: int, overlap: int
    ) -> list[tuple[int, int]]:
        """Cut a range into pieces of about the given size, at borders where there are any, else between lines.

        Each piece ends where a line ends; with `overlap`, a piece starts up to that many lines before the end of the
        one before it, at a border.
        """
        source = self._source
        starts = source.line_starts
        lines: list[int] = []
        for border in borders[bisect_left(borders, start) : bisect_left(borders, end)]:
            at = source.line_at(border)
            if (not lines or at > lines[-1]) and not source.data[starts[at] : border].strip(BLANK):
                lines.append(at)
        first = source.line_at(start)
        last = source.line_at(end - 1)
        pieces: list[tuple[int, int]] = []
        line = first
        while True:
            begin = max(start, starts[line])
            by_bytes = bisect_right(starts, begin + max_bytes) - 1
            stop = max(line + 1, min(line + max_lines, by_bytes))
            # A short rest is not worth a piece of its own.
            if stop + max_lines // 4 > last and starts[last + 1] - begin <= max_bytes * 5 // 4:
                stop = last + 1
            if stop > last:
                piece = source.strip(begin, end)
                if piece[0] < piece[1]:
                    pieces.append(piece)
                return pieces
            cut = self._best_cut(lines, line, stop)
            piece = source.strip(begin, starts[cut])
            if piece[0] < piece[1]:
                pieces.append(piece)
            following = cut
            if overlap:
                back = lines[bisect_left(lines, max(line + 1, cut - overlap)) : bisect_left(lines, cut)]
                following = back[0] if back else cut
            line = following

    def _best_cut(self, lines: list[int], line: int, stop: int) -> int:
        """The line to cut before, after `line` and up to `stop`: a border after a blank line, else the last border."""
        near = lines[bisect_right(lines, line + (stop - line) // 2) : bisect_right(lines, stop)]
        starts = self._source.line_starts
        data = self._source.data
        for candidate in reversed(near):
            if not data[starts[candidate - 1] : starts[candidate]].strip(BLANK):
                return candidate
        if near:
            return near[-1]
        far = lines[bisect_right(lines, line) : bisect_right(lines, stop)]
        return far[-1] if far else stop

    def _assembled(self) -> tuple[Entry, ...]:
        """The drafts in order of position, with their parents' final indexes."""
        order = sorted(self._drafts, key=attrgetter("place"))
        position = {draft.place[3]: index for index, draft in enumerate(order)}
        entries = []
        for draft in order:
            of, parent, names = draft.of, draft.parent, draft.names
            start, negative_end, part, _ = draft.place
            first, last, name_line = draft.lines
            entries.append(
                Entry(
                    of.kind if of else "block",
                    of.name if of else "",
                    of.prefix if of and of.name else "",
                    draft.signature,
                    draft.doc,
                    position[parent.slot] if parent is not None and parent.slot >= 0 else None,
                    part,
                    first + 1,
                    last + 1,
                    name_line + 1,
                    start,
                    -negative_end,
                    tuple(dict.fromkeys(names))[:MAX_REFERENCES] if names else (),
                    draft.text,
                )
            )
        return tuple(entries)
