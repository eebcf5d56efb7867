"""Text as LSP counts it: lines end at \\n, \\r\\n and \\r only; characters are code units of the negotiated encoding.

pygls splits lines as `str.splitlines` does, so that a form feed or U+2028 shifts every later edit; hence a `Document`
of our own, which also applies an edit in time proportional to the lines it touches, not to the whole text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.workspace import TextDocument, Workspace

if TYPE_CHECKING:
    from collections.abc import Sequence

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+\Z")


def lines_with_ends(text: str) -> list[str]:
    """The lines of a text with their ends; the last has none, and is "" if the text ends with a line end."""
    lines: list[str] = _LINE.findall(text)
    if not lines or lines[-1][-1] in "\r\n":
        lines.append("")
    return lines


def encoding_name(encoding: types.PositionEncodingKind | str | None) -> str:
    """An encoding as it stands on the wire; UTF-16 is LSP's default. (`str` of lsprotocol's enum is another thing.)"""
    if isinstance(encoding, types.PositionEncodingKind):
        return encoding.value
    return encoding or types.PositionEncodingKind.Utf16.value


def _content_length(line: str) -> int:
    """Length of a line without its end, in code points."""
    return len(line) - (2 if line.endswith("\r\n") else 1 if line[-1:] in ("\n", "\r") else 0)


def _width(character: str, encoding: str) -> int:
    code = ord(character)
    if encoding == types.PositionEncodingKind.Utf16:
        return 1 + (code > 0xFFFF)
    return 1 + (code > 0x7F) + (code > 0x7FF) + (code > 0xFFFF)


def to_index(line: str, units: int, encoding: str) -> int:
    """Code points before an offset of `units` code units; an offset past the line's end is its end (as LSP says)."""
    length = _content_length(line)
    if encoding == types.PositionEncodingKind.Utf32 or line.isascii():
        return min(max(units, 0), length)
    seen = 0
    for index in range(length):
        if seen >= units:
            return index
        seen += _width(line[index], encoding)
    return length


def to_units(line: str, index: int, encoding: str) -> int:
    """Code units before code point `index` of a line."""
    if encoding == types.PositionEncodingKind.Utf32 or line.isascii():
        return min(index, len(line))
    return sum(_width(character, encoding) for character in line[:index])


def whole_lines(lines: Sequence[str], start_line: int, end_line: int, encoding: str) -> types.Range:
    """The LSP range of lines `start_line` to `end_line` (1-based, inclusive): up to the end of the last one's text."""
    last = min(max(end_line, 1), max(len(lines), 1))
    first = min(max(start_line, 1), last)
    text = lines[last - 1] if lines else ""
    return types.Range(
        types.Position(first - 1, 0), types.Position(last - 1, to_units(text, _content_length(text), encoding))
    )


class Document(TextDocument):
    """An open document, kept as lines."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._kept: list[str] | None = None

    @property
    def encoding(self) -> str:
        """The negotiated position encoding."""
        return encoding_name(self.position_codec.encoding)

    @property
    def lines(self) -> list[str]:
        """The lines with their ends; there is always at least one. Not to be changed."""
        if self._kept is None:
            self._kept = lines_with_ends(super().source)
        return self._kept

    @property
    def source(self) -> str:
        """The whole text."""
        if self._source is None and self._kept is not None:
            self._source = "".join(self._kept)
        return super().source

    def _place(self, position: types.Position) -> tuple[int, int]:
        """Line and code point of a position, moved into the document if it lies outside."""
        lines = self.lines
        if position.line >= len(lines):
            return len(lines) - 1, len(lines[-1])
        line = max(position.line, 0)
        return line, to_index(lines[line], position.character, self.encoding)

    def _apply_incremental_change(self, change: types.TextDocumentContentChangePartial) -> None:
        lines = self.lines
        start, start_index = self._place(change.range.start)
        end, end_index = self._place(change.range.end)
        if (end, end_index) < (start, start_index):
            (start, start_index), (end, end_index) = (end, end_index), (start, start_index)
        # The neighbours on both sides take part: an edit may join "\r" and "\n" into one line end, or part them.
        first = max(start - 1, 0)
        head = lines[start - 1] if start > 0 else ""
        tail = lines[end + 1] if end + 1 < len(lines) else None
        middle = head + lines[start][:start_index] + change.text + lines[end][end_index:] + (tail or "")
        replaced = lines_with_ends(middle)
        stop = end + (1 if tail is None else 2)
        if stop < len(lines) and replaced[-1] == "":
            replaced.pop()
        lines[first:stop] = replaced
        self._source = None

    def _apply_full_change(self, change: types.TextDocumentContentChangeEvent) -> None:
        self._source = change.text
        self._kept = None

    def index_at(self, position: types.Position) -> tuple[int, int]:
        """1-based line and 0-based code point within it."""
        line, index = self._place(position)
        return line + 1, index

    def word_at(self, position: types.Position) -> str:
        """The identifier at (or just before) a position; "" if there is none."""
        line, index = self._place(position)
        text = self.lines[line]
        for match in re.finditer(r"\w+", text):
            if match.start() <= index <= match.end():
                return match.group()
        return ""


class Documents(Workspace):
    """pygls' workspace with documents of ours."""

    def _create_text_document(
        self,
        doc_uri: str,
        source: str | None = None,
        version: int | None = None,
        language_id: str | None = None,
    ) -> Document:
        return Document(
            doc_uri,
            source=source,
            version=version,
            language_id=language_id,
            sync_kind=self._sync_kind,
            position_codec=self._position_codec,
        )
