"""Positions in LSP: lines end only at \\n, \\r\\n and \\r; characters are code units of the negotiated encoding.

Functions on text only; `pygls_adapter.py` uses them for open documents.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lsprotocol import types

if TYPE_CHECKING:
    from collections.abc import Sequence

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+\Z")


def lines_with_ends(text: str) -> list[str]:
    """The lines of a text with their line endings; the last has none, and is "" if the text ends with one."""
    lines: list[str] = _LINE.findall(text)
    if not lines or lines[-1][-1] in "\r\n":
        lines.append("")
    return lines


def encoding_name(encoding: types.PositionEncodingKind | str | None) -> str:
    """The protocol's name of an encoding; UTF-16 is the default. (`str` of lsprotocol's enum gives something else.)"""
    if isinstance(encoding, types.PositionEncodingKind):
        return encoding.value
    return encoding or types.PositionEncodingKind.Utf16.value


def content_length(line: str) -> int:
    """Length of a line without its line ending, in code points."""
    return len(line) - (2 if line.endswith("\r\n") else 1 if line[-1:] in ("\n", "\r") else 0)


def _width(character: str, encoding: str) -> int:
    code = ord(character)
    if encoding == types.PositionEncodingKind.Utf16:
        return 1 + (code > 0xFFFF)
    return 1 + (code > 0x7F) + (code > 0x7FF) + (code > 0xFFFF)


def to_index(line: str, units: int, encoding: str) -> int:
    """Code points before an offset of `units` code units; as in LSP, an offset past the line's end means its end."""
    length = content_length(line)
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
        types.Position(first - 1, 0), types.Position(last - 1, to_units(text, content_length(text), encoding))
    )
