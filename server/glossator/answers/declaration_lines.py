"""Where the declaration of a definition stands in its file: the index keeps its words, but not its lines."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glossator.index.records import StoredEntry

SIGNATURE_LINES = 40
"""Lines among which a signature ends."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """Where the text of a signature stands in its file.

    Attributes:
        first, last: its lines (1-based, inclusive).
        column: where on the last line it ends (characters, from 0).
        ends_line: whether nothing follows it on that line but what opens the body.
    """

    first: int
    last: int
    column: int
    ends_line: bool


_OPENING = re.compile(
    r"\s*,?(?:\s*(?:[{=:;]|=>|->|\b(?:do|then|begin|where|is|as)\b))*\s*(?:(?://|#|--|/\*|\(\*|;|%).*)?", re.IGNORECASE
)
"""What may follow a declaration on its line and is no code of the body: what opens that, and a comment."""
_CUT_OPENING = re.compile(r"(?:.*(?:[{=:]|=>|->|\bdo))?\s*")
"""The same for the rest of a declaration whose signature was cut."""
_COMMENT = re.compile(r"(?<!\S)(?://|--\s|#\s).*|/\*.*?\*/")


def find_declaration(entry: StoredEntry, lines: Sequence[str], first_line: int) -> Declaration | None:
    """Where a definition's signature stands: the index keeps its words, but neither its lines nor its end.

    Args:
        entry: the definition.
        lines: lines of its file.
        first_line: the number of the first of them.

    Returns:
        None if the lines hold no such text, for a signature may be put together from several places.
    """
    cut = entry.signature.endswith("…")
    wanted = _bare(entry.signature.removesuffix("…"))
    if not wanted:
        return None
    for without_comments in (False, True):
        for line in range(entry.name_line, entry.start_line - 1, -1):
            start = line - first_line
            if not 0 <= start < len(lines):
                continue
            texts = lines[start : min(entry.end_line - first_line, start + SIGNATURE_LINES) + 1]
            if without_comments:
                texts = [_COMMENT.sub(lambda found: " " * len(found[0]), text) for text in texts]
            at = _bare("\n".join(texts)).find(wanted)
            if at < 0:
                continue
            # A line may be as long as a file: nothing behind the signature is looked at character by character.
            places = tuple(islice(_places(texts), at, at + len(wanted)))
            if places[0][0] > 0:
                continue
            row, column = places[-1]
            if cut:
                row, column = _closed(texts, row, column)
            opening = _CUT_OPENING if cut else _OPENING
            rest = texts[row][column + 1 :]
            return Declaration(line, line + row, column + 1, opening.fullmatch(rest) is not None)
    return None


def _places(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Row and column of each character that `_bare` leaves."""
    for row, text in enumerate(lines):
        for column, char in enumerate(text):
            if char != "," and not char.isspace():
                yield row, column


def _closed(lines: Sequence[str], row: int, column: int) -> tuple[int, int]:
    """Where, from a place in a declaration on, its brackets are closed; the place itself if they are not."""
    depth = 0
    for at, line in enumerate(lines):
        for position, char in enumerate(line):
            depth += (char in "([") - (char in ")]")
            if depth <= 0 and (at, position) >= (row, column):
                return at, position
    return row, column


def _bare(code: str) -> str:
    """Code without white space and commas, which differ between a signature on one line and on several."""
    return "".join(code.replace(",", " ").split())
