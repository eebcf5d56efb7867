"""Jupyter notebooks: maps lines of source to lines of the JSON file. Outputs and metadata are ignored.

A line of a notebook is a line of its file on disk, so that citations open at the right place. As Jupyter saves a
notebook, every line of source is a string on its own line; `displayed` replaces the strings by the sources. If several
lines of source share a line of the file (JSON without line breaks), `slice_of` reads them.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Final, Literal

from glossator.workspace.notebook_names import is_notebook

_LINE_END: Final = re.compile(r"\r\n|\n|\r")
_TOKEN: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
_ESCAPE: Final = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.")
_LITERAL_END: Final = re.compile(r'[^"\\]*(?:\\.[^"\\]*)*', re.DOTALL)
_BETWEEN: Final = re.compile(r'"\s*,\s*"')

CellKind = Literal["code", "markdown", "raw"]


@dataclass(frozen=True, slots=True)
class _Literal:
    """A string of the file: its value begins at `start` in the cell's text, its raw content at `raw` in the file."""

    start: int
    raw: int
    raw_end: int
    escapes: tuple[tuple[int, int], ...]
    """For each escape: the characters before it, and where it ends, both counted in the file's string."""

    def offset(self, index: int) -> int:
        """The offset in the file of the character `index` of the cell's text."""
        wanted = index - self.start
        at = bisect_right(self.escapes, wanted, key=lambda escape: escape[0] + 1) - 1
        if at < 0:
            return min(self.raw + wanted, self.raw_end)
        decoded, end = self.escapes[at]
        return min(end + wanted - decoded - 1, self.raw_end)

    def past(self, index: int) -> int:
        """The end in the file of the character before `index`."""
        last = self.offset(index - 1)
        at = bisect_right(self.escapes, index - 1 - self.start, key=lambda escape: escape[0]) - 1
        if at >= 0 and self.escapes[at][0] == index - 1 - self.start:
            return self.escapes[at][1]
        return min(last + 1, self.raw_end)


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that is not empty.

    Attributes:
        kind: code, Markdown, or text for another tool.
        language: the cell's own language; "" if it is the notebook's.
        text: its source.
        lines: for each line of `text`, its line in the file (from 0).
    """

    kind: CellKind
    language: str
    text: str
    lines: tuple[int, ...]
    literals: tuple[_Literal, ...]

    def offset(self, index: int) -> int:
        """The offset in the file (in characters) of the character `index` of the text."""
        return self._literal_at(index).offset(index)

    def past(self, index: int) -> int:
        """The end in the file of the character before `index`."""
        return self._literal_at(index - 1).past(index)

    def _literal_at(self, index: int) -> _Literal:
        at = bisect_right(self.literals, index, key=lambda literal: literal.start) - 1
        return self.literals[max(at, 0)]


@dataclass(frozen=True, slots=True)
class Notebook:
    """A notebook's cells, in order, and its names for its language, the most specific first."""

    languages: tuple[str, ...]
    cells: tuple[Cell, ...]
    line_count: int

    @property
    def folded(self) -> bool:
        """Whether a line of the file contains more than one line of source."""
        lines = [line for cell in self.cells for line in cell.lines]
        return len(set(lines)) < len(lines)


@dataclass(slots=True)
class _Draft:
    kind: str = ""
    language: str = ""
    strings: list[tuple[int, int]] = field(default_factory=list)


def read_notebook(text: str) -> Notebook | None:
    """A notebook from its file's text; None if it is not one (invalid JSON, or another kind of JSON)."""
    if text.startswith("\ufeff"):
        text = " " + text[1:]
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not (isinstance(found.get("cells"), list) or "worksheets" in found):
        return None
    del found
    ends = [0, *(end.end() for end in _LINE_END.finditer(text))]
    languages: dict[int, str] = {}
    cells: list[Cell] = []
    draft = _Draft()
    stack: list[tuple[bool, str | int]] = []
    """For each open container, whether it is an object, and the current key or index in it."""
    expects_key = False
    for token in _TOKEN.finditer(text):
        what = token[0]
        if what in "{[":
            stack.append((what == "{", "" if what == "{" else 0))
            expects_key = what == "{"
        elif what in "}]":
            stack.pop()
            expects_key = False
            if what == "}" and _is_cell([key for _, key in stack]):
                if cell := _cell(draft, text, ends):
                    cells.append(cell)
                draft = _Draft()
        elif what == ",":
            is_object, key = stack[-1]
            if is_object:
                expects_key = True
            else:
                stack[-1] = (False, int(key) + 1)
        elif what == ":":
            expects_key = False
        elif what[0] == '"':
            if expects_key:
                stack[-1] = (True, what[1:-1])
            elif len(stack) <= 7:
                _note([key for _, key in stack], token, draft, languages)
    lines = len(ends) - (bool(ends) and ends[-1] == len(text))
    return Notebook(tuple(languages[rank] for rank in sorted(languages)), tuple(cells), lines)


def _is_cell(keys: list[str | int]) -> bool:
    """Whether the value at these keys is a cell (in nbformat 3, cells are inside worksheets)."""
    inner = keys[2:] if keys[:1] == ["worksheets"] else keys
    return len(inner) == 2 and inner[0] == "cells"


_LANGUAGE_KEYS: Final = {
    ("metadata", "language_info", "name"): 0,
    ("metadata", "kernelspec", "language"): 1,
    ("metadata", "kernelspec", "name"): 2,
}
_CELL_LANGUAGE_KEYS: Final = (
    ["language"],
    ["metadata", "vscode", "languageId"],
    ["metadata", "polyglot_notebook", "kernelName"],
    ["metadata", "dotnet_interactive", "language"],
)


def _note(keys: list[str | int], token: re.Match[str], draft: _Draft, languages: dict[int, str]) -> None:
    """Keep a string that is source or names a language."""
    if keys[0] == "metadata":
        rank = _LANGUAGE_KEYS.get(tuple(keys))  # type: ignore[arg-type]
        if rank is not None:
            languages[rank] = json.loads(token[0], strict=False)
        return
    inner = keys[2:] if keys[0] == "worksheets" else keys
    if inner[:1] != ["cells"] or len(inner) < 3:
        return
    inner = inner[2:]
    if inner[0] in ("source", "input") and len(inner) <= 2:
        draft.strings.append(token.span())
    elif inner == ["cell_type"]:
        draft.kind = token[0][1:-1]
    elif inner in _CELL_LANGUAGE_KEYS:
        draft.language = json.loads(token[0], strict=False)


def _cell(draft: _Draft, text: str, ends: list[int]) -> Cell | None:
    """A cell from its strings; None if it is empty."""
    pieces: list[str] = []
    literals: list[_Literal] = []
    length = 0
    for start, end in draft.strings:
        raw = text[start + 1 : end - 1]
        piece = json.loads(text[start:end], strict=False)
        escapes = []
        shift = 0
        if len(piece) != len(raw):
            for escape in _ESCAPE.finditer(raw):
                escapes.append((escape.start() - shift, start + 1 + escape.end()))
                shift += escape.end() - escape.start() - 1
        literals.append(_Literal(length, start + 1, end - 1, tuple(escapes)))
        pieces.append(piece)
        length += len(piece)
    source = "".join(pieces)
    if not source.strip():
        return None
    starts = [0, *(end.end() for end in _LINE_END.finditer(source))]
    if starts[-1] == len(source):
        starts.pop()
    firsts = [literal.start for literal in literals]
    lines = tuple(bisect_right(ends, literals[bisect_right(firsts, at) - 1].raw) - 1 for at in starts)
    kind: CellKind = "markdown" if draft.kind in ("markdown", "heading") else "code" if draft.kind == "code" else "raw"
    return Cell(kind, draft.language if draft.kind == "code" else "", source, lines, tuple(literals))


def displayed(path: str, text: str) -> str:
    """The readable text of a file, with the same number of lines: a notebook's sources in place of its JSON.

    A notebook with several lines of source in one line of the file is returned unchanged; see `slice_of`.
    """
    notebook = read_notebook(text) if is_notebook(path) else None
    if notebook is None or notebook.folded:
        return text
    lines = [""] * notebook.line_count
    for cell in notebook.cells:
        for line, source in zip(cell.lines, _LINE_END.split(cell.text), strict=False):
            lines[line] = source
    return "\n".join(lines) + "\n"


def slice_of(text: str, start: int, end: int) -> str:
    """The source between two bytes of a notebook's file (in UTF-8), both inside strings of one cell, unescaped."""
    raw = text.encode("utf-8", "surrogatepass")[start:end].decode("utf-8", "replace")
    pieces = []
    at = 0
    while at < len(raw):
        literal = _LITERAL_END.match(raw, at)
        stop = literal.end() if literal else at
        pieces.append(raw[at:stop])
        between = _BETWEEN.match(raw, stop)
        if between is None:
            break
        at = between.end()
    try:
        found = json.loads('"' + "".join(pieces) + '"', strict=False)
    except ValueError:
        return ""
    return _LINE_END.sub("\n", found)
