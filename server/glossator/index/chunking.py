"""Definitions to entries: nesting, leading comments, outlines, windows of long definitions, blocks of code in between.

`Chunker` turns what a parser found in a file (`Definition`s, references, comments) into the entries of `entries.py`. It
knows lines and bytes, not grammars: its `borders` say where a long piece may be cut.

The cost per definition matters here: this is the part of indexing that runs in Python.
"""

from __future__ import annotations

import heapq
import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from glossator.index.directives import without_directives
from glossator.index.entries import Entry
from glossator.index.nesting import FUNCTIONS, LONG_LINES, SPACES, TINY_LINES, TYPES, Definition, Nesting
from glossator.index.texts import BLANK, DOC_CHARS, TEXT_CHARS, clean_doc

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glossator.index.texts import SourceText

# Sizes. The windows' are those that the embedder and the prompt work best with; see entries.py.
LONG_BYTES: Final = 3600
WINDOW_LINES: Final = 70
WINDOW_BYTES: Final = 2600
OVERLAP_LINES: Final = 8
BLOCK_LINES: Final = 44
"""Lines at which blocks (code between definitions, files without structure) are cut."""
SIGNATURE_CHARS: Final = 400
MAX_REFERENCES: Final = 200

HEADER_COMMENTS: Final = 200
"""A file's header is looked for in this many comments at its beginning."""
_PROLOGUE = re.compile(rb"\s*(?:#![^\n]*\n\s*)?(?:<\?(?:php)?\s+)?")
_BLOCK_COMMENTS = ("/*", "(*", "{-", "<!--", "--[", "<#", "=begin", "#=", "#|", '"""', "'''")
"""Openings of block comments, as opposed to consecutive line comments."""

_ANNOTATIONS = re.compile(
    r"^(?:@(?!interface\b|implementation\b|protocol\b)[\w.]+(?:\([^()]*\))?\s+|\[[^\[\]]*\]\s*(?=[\w@\[]))+"
)
_CLASSES = frozenset({"class", "interface", "object", "struct"})
"""Kinds of which a declaration without a body may take several lines: annotations, and parameters of a constructor."""
_HEAD_LINES = 40
"""Lines of such a declaration at most."""


@dataclass(slots=True)
class _Draft:
    """An entry whose final position in the file's list is not known yet."""

    place: tuple[int, int, int, int]
    """Sort key: start, -end, part; and the draft's number."""
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
        unread: sorted, disjoint ranges that are left out of signatures: directives, and branches that were not parsed.
    """

    def __init__(
        self,
        source: SourceText,
        *,
        references: Sequence[tuple[int, str]] = (),
        leading: Sequence[tuple[int, int]] = (),
        borders: Callable[[object, list[tuple[int, int]]], list[int]],
        constructors: frozenset[str] = frozenset(),
        separator: str = ".",
        file_doc: tuple[int, int] | None = None,
        unread: Sequence[tuple[int, int]] = (),
    ) -> None:
        self._source = source
        self._unread = unread
        self._references = references
        self._reference_starts: list[int] = []
        self._reference_names: list[str] = []
        self._borders = borders
        self._file_doc = file_doc
        self._nesting = Nesting(source, leading, constructors, separator)
        prologue = _PROLOGUE.match(source.data)
        self._head = prologue.end() if prologue else 0
        """Where the file's first comment begins, if only a prologue precedes it."""
        self._drop_header()
        self._drafts: list[_Draft] = []

    def entries(self, definitions: list[Definition]) -> tuple[Entry, ...]:
        """All entries of the file, in order."""
        root = self._nesting.tree(definitions)
        references = sorted([*self._references, *self._nesting.merged])
        self._reference_starts = [start for start, _ in references]
        self._reference_names = [name for _, name in references]
        self._emit_owner(root)
        pending = list(reversed(root.children or ()))
        while pending:
            definition = pending.pop()
            self._emit_owner(definition)
            if definition.children:
                pending.extend(reversed(definition.children))
        entries = self._assembled()
        # Parents, children and the tree refer to each other: break the cycles, so that memory is freed immediately.
        for definition in definitions:
            definition.parent = definition.children = definition.node = None
        return entries

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
        """The parts of an owner's range outside its children, stripped of white space, without empty ones."""
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
        """The gaps inside a namespace that deserve an entry: not its header, nor a line or two."""
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
        """The text of a definition before its body, on one line."""
        start = item.head
        if item.kind == "section":
            return item.name
        if item.doc is not None and item.doc[0] == start:
            # GraphQL's descriptions are part of what they describe.
            start = self._source.strip(item.doc[1], item.stop)[0]
        stop = item.body if item.body > start else item.stop
        found = self._source.text(start, stop, 3 * SIGNATURE_CHARS)
        if "\n" in found and (item.body > start or item.kind in _CLASSES or self._unread):
            found = self._cleaned(item, start, stop, found)
        if item.body < 0:
            if item.kind == "property":
                found = found.partition("{")[0].partition("=>")[0]
            elif item.kind not in FUNCTIONS and item.kind != "type":
                found = _head(found, item.name) if item.kind in _CLASSES else found.partition("\n")[0]
        signature = " ".join(found.split())
        if "( " in signature and "\n" in found.strip():
            # It was written over several lines.
            signature = signature.replace("( ", "(").replace(", )", ")").replace(" )", ")")
        if signature[:1] in ("@", "["):
            annotations = _ANNOTATIONS.match(signature)
            if annotations and not signature.startswith(f"@{item.name} "):
                # In Elixir, `@name value` is itself a definition.
                signature = signature[annotations.end() :]
        signature = signature.rstrip(" {=") if item.body >= 0 else signature.rstrip(" {;,")
        signature = signature.removesuffix("=>").removesuffix(" do").rstrip(" :" if item.body >= 0 else " ")
        if item.kind in TYPES and item.name and item.name not in signature:
            signature += f" {item.name}"
        return signature if len(signature) <= SIGNATURE_CHARS else signature[: SIGNATURE_CHARS - 1] + "…"

    def _cleaned(self, item: Definition, start: int, stop: int, found: str) -> str:
        """A declaration of several lines without trailing comments and unparsed ranges."""
        source = self._source
        out: list[tuple[int, int]] = []
        if item.body > start or item.kind in _CLASSES:
            leads = self._nesting.leads
            out = [
                leads[line]
                for line in range(source.line_at(start), min(source.line_at(stop) + 1, source.line_at(start) + 50))
                if line in leads and start <= leads[line][0] < stop
            ]
        if self._unread:
            first = bisect_left(self._unread, (start, start))
            last = bisect_left(self._unread, (stop, stop))
            out = sorted([*out, *self._unread[first:last]])
        if not out:
            return found
        kept = []
        for out_start, out_end in out:
            if out_start >= start:
                kept.append(source.text(start, out_start, 3 * SIGNATURE_CHARS))
            start = max(start, out_end)
        kept.append(source.text(start, max(start, stop), 3 * SIGNATURE_CHARS))
        return "\n".join(kept)

    def _doc(self, item: Definition) -> str:
        if item.doc is not None:
            return without_directives(clean_doc(self._source.text(*item.doc, 2 * DOC_CHARS)))
        return self._documentation(list(reversed(item.leads))) if item.leads else ""

    def _documentation(self, leads: list[tuple[int, int]]) -> str:
        """The text of leading comments; decorators and attributes among them are ignored."""
        source = self._source
        found: list[str] = []
        run: list[str] = []
        heads_file = False
        for start, end in [*leads, (0, 0)]:
            comment = source.text(start, end, DOC_CHARS).rstrip("\n")
            if comment.startswith(("@", "[", "#[")):
                continue
            alone = not comment or comment.startswith(_BLOCK_COMMENTS)
            if run and (alone or run[-1].startswith(_BLOCK_COMMENTS)):
                found.append(without_directives(clean_doc("\n".join(run)), heads_file=heads_file))
                run = []
            if not run:
                heads_file = start <= self._head
            if start < 4 and comment.startswith("#!"):
                comment = comment.partition("\n")[2]
            run.append(comment)
        return "\n".join(filter(None, found))

    def _drop_header(self) -> None:
        """Detach comments at the top of the file that document nothing: `#!`, directives, licences."""
        data, leads = self._source.data, self._nesting.leads
        end = self._head
        run: list[tuple[int, int]] = []
        for lead in heapq.nsmallest(HEADER_COMMENTS, leads.values()):
            between = data[end : lead[0]]
            if between.strip(BLANK) or between.count(b"\n") > 1 or data.startswith((b"@", b"[", b"#["), lead[0]):
                break
            run.append(lead)
            end = lead[1]
        doc = self._documentation(run)
        # What is documented begins in one of the comments: there is no need to read those behind it again and again.
        first, last = doc.partition("\n")[0], len(run)
        if first:
            begins = (at for at in reversed(range(len(run))) if first in self._source.text(*run[at], DOC_CHARS))
            last = next(begins, last)
        kept = next(at for at in range(last, -1, -1) if self._documentation(run[at:]) == doc)
        dropped = set(run[:kept])
        for line in [line for line, lead in leads.items() if lead in dropped]:
            del leads[line]

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
        """Add blocks for the code between the members of a file or a namespace."""
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
            doc = without_directives(clean_doc(source.text(*self._file_doc, 2 * DOC_CHARS)), heads_file=True)
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
            # A short rest does not deserve a separate piece.
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
                    of.stub if of else False,
                )
            )
        return tuple(entries)


def _head(text: str, name: str) -> str:
    """The first lines of a class without a body: up to its name and the end of its parameters."""
    # Annotations before it may name it, too: `@Reads(User::class)`.
    declared = re.compile(rf"(?<![\w@(.]){re.escape(name)}\b(?!\s*(?:::|\.))")
    lines = text.split("\n")
    head = ""
    for count in range(1, min(len(lines), _HEAD_LINES) + 1):
        head = "\n".join(lines[:count])
        if head.count("(") <= head.count(")") and declared.search(head) is not None:
            return head
    found = declared.search(head)
    return head[: found.end()] if found is not None else lines[0]
