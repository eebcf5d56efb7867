"""A file's text as bytes and lines, and readable pieces of it: unindented, without comment marks."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate
from typing import Final

BLANK: Final = b" \t\x0b\x0c\r\n"
"""White space that does not count as text."""
TEXT_CHARS: Final = 4000
"""An entry's text is cut at this length."""
DOC_CHARS: Final = 2000

_SCOPE_JUNK = re.compile(r"<[^<>]*>|\[[^\[\]]*\]|\([^()]*\)|[&*?!]|\b(?:mut|const|dyn|ref)\b")
_SCOPE_SEPARATORS = re.compile(r"\s*(?:::|->|[:/\\#.\s])\s*")
_NO_SCOPE: Final = frozenset({"prototype", "exports", "module", "this", "self"})
_LINE_MARK = re.compile(r"[ \t]*(?:///?/?!?|#+!?'?|--+(?: ?\|)?|;+|%+|\*(?!/)|\"+)?[ \t]?")
_BLOCK_BEGIN = re.compile(r"/\*+!?<?|\(\*+|\{-+\s*\|?|<!--+|<#|=begin|--\[=*\[|#=|#\|")
_BLOCK_END = re.compile(r"(?:\*+/|\*+\)|-+\}|--+>|#>|=end|\]=*\]|=#|\|#)$")
_LAST_IN_BLOCK: Final = ("/", ")", "}", ">", "d", "]", "#")
"""Last characters of what ends a comment."""
LONG_MARK: Final = 100
"""Marks with more characters (`****/`) are rare."""
_XML_NAME = re.compile(r"<\w+ (?:cref|name|langword|href)=\"([^\"]*)\"\s*/>")
_XML_TAG = re.compile(r"</?[A-Za-z][^<>\n]*>")
_STRING_PREFIX = re.compile(r"^[A-Za-z@~]*(\"\"\"|'''|\"|')")


_BLANKS: Final = bytes(byte if byte in b"\r\n" else 0x20 for byte in range(256))


def blanked(piece: bytes) -> bytes:
    """Blanks of the same length, with the line endings kept."""
    return piece.translate(_BLANKS)


class SourceText:
    """A file's text in UTF-8, and where its lines begin (after \\n, \\r\\n and \\r only)."""

    __slots__ = ("data", "has_mark", "has_returns", "line_starts", "lines")

    def __init__(self, text: str) -> None:
        data = text.encode("utf-8", "surrogatepass")
        # A byte order mark is not text: replace it by blanks of the same length.
        self.data = b"   " + data[3:] if data.startswith(b"\xef\xbb\xbf") else data
        self.has_mark = self.data is not data
        pieces = self.data.splitlines(keepends=True)
        self.line_starts: list[int] = list(accumulate(map(len, pieces), initial=0))
        """Offset of each line's first byte, followed by the length of the file."""
        self.lines = len(pieces)
        self.has_returns = b"\r" in self.data

    def line_at(self, offset: int) -> int:
        """The line (from 0) that contains the byte."""
        return bisect_right(self.line_starts, offset, 0, self.lines) - 1

    def point_at(self, offset: int) -> tuple[int, int]:
        """The line (from 0) that contains the byte, and its column in bytes."""
        line = bisect_right(self.line_starts, offset) - 1
        return line, offset - self.line_starts[line]

    def text(self, start: int, end: int, limit: int = TEXT_CHARS) -> str:
        """The text of a range, at most `limit` characters, with \\n as line endings and without NULs."""
        raw = self.data[start : min(end, start + 4 * limit)]
        found = raw.decode("utf-8", "replace")
        if self.has_returns and "\r" in found:
            found = found.replace("\r\n", "\n").replace("\r", "\n")
        if "\0" in found:
            found = found.replace("\0", " ")
        return found if len(found) <= limit else found[:limit]

    def unindented(self, start: int, end: int, limit: int = TEXT_CHARS) -> str:
        """The text of a range without the indentation of its first line."""
        found = self.text(start, end, limit)
        if "\n" not in found:
            return found
        line_start = self.line_starts[bisect_right(self.line_starts, start) - 1]
        indent = self.data[line_start:start]
        if indent and not indent.strip(BLANK):
            found = found.replace("\n" + indent.decode(), "\n")
        return found

    def strip(self, start: int, end: int) -> tuple[int, int]:
        """The range without white space at its ends; (start, start) if it is empty. It may end after the text does."""
        end = min(end, len(self.data))
        piece = self.data[start:end]
        stripped = piece.lstrip(BLANK)
        first = end - len(stripped)
        length = len(stripped.rstrip(BLANK))
        return (first, first + length) if length else (start, start)


def clean_doc(text: str) -> str:
    """The text of a comment or docstring without marks, quotes and common indentation."""
    text = text.strip()
    quoted = _STRING_PREFIX.match(text)
    whole = quoted and text.endswith(quoted[1]) and len(text) >= quoted.end() + len(quoted[1])
    if quoted and (whole or (len(quoted[1]) == 3 and text.find(quoted[1], quoted.end()) < 0)):  # or it was cut off
        text = text[quoted.end() : -len(quoted[1]) if whole else None]
        first, newline, rest = text.partition("\n")
        if not newline:
            return first.strip()[:DOC_CHARS]
        lines = rest.expandtabs().split("\n")
        indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
        return "\n".join([first.strip(), *(line[indent:].rstrip() for line in lines)]).strip()[:DOC_CHARS]
    begin = _BLOCK_BEGIN.match(text)
    if begin is not None:
        text = text[begin.end() :]
    end = _block_end(text)
    if end >= 0:
        text = text[:end]
    # Line by line: an expression for all lines at once would be tried at every character.
    lines = [_LINE_MARK.sub("", line, 1) for line in text.split("\n")]
    if "<summary" in text:
        lines = _XML_TAG.sub("", _XML_NAME.sub(r"\1", "\n".join(lines))).split("\n")
    return "\n".join(map(str.rstrip, lines)).strip()[:DOC_CHARS]


def _block_end(text: str) -> int:
    """Where the mark begins that ends a block comment; -1 if there is none."""
    if not text.endswith(_LAST_IN_BLOCK):
        return -1
    if text.endswith("/"):  # most of them
        inside = text[:-1]
        begin = len(inside.rstrip("*"))
        return begin if begin < len(inside) else -1
    # A mark may be long, but for one kind its last characters are a mark too.
    place = 0 if text.endswith("]") else max(0, len(text) - LONG_MARK)
    found = _BLOCK_END.search(text, place)
    if found is not None and found.start() == place > 0:
        found = _BLOCK_END.search(text)
    return -1 if found is None else found.start()


def clean_scope(text: str) -> str:
    """A scope as part of a qualified name: "&mut a::Foo<T>" -> "a.Foo"."""
    if text.isidentifier():
        return "" if text in _NO_SCOPE else text
    previous = ""
    while previous != text:
        previous, text = text, _SCOPE_JUNK.sub("", text)
    return ".".join(part for part in _SCOPE_SEPARATORS.split(text.strip()) if part and part not in _NO_SCOPE)
