"""What holds of every parsed file, whatever the language and however broken the text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glossator.index.entries import ENTRY_KINDS
from glossator.index.texts import TEXT_CHARS

if TYPE_CHECKING:
    from glossator.index.entries import ParsedFile

_LINE_ENDS = re.compile(r"\r\n|\n|\r")


def check_entries(text: str, parsed: ParsedFile) -> None:
    """Fail unless the entries cover every line that is not blank and nest as `entries.py` promises."""
    data = text.encode("utf-8", "surrogatepass")
    lines = _LINE_ENDS.split(text)
    starts = [0, *(found.end() for found in re.finditer(rb"\r\n|\n|\r", data))]
    covered: set[int] = set()
    entries = parsed.entries
    for index, entry in enumerate(entries):
        assert entry.kind in ENTRY_KINDS
        assert 0 <= entry.start_byte < entry.end_byte <= len(data), entry
        assert starts[entry.start_line - 1] <= entry.start_byte, entry
        assert entry.start_line == len(starts) or entry.start_byte < starts[entry.start_line], entry
        assert starts[entry.end_line - 1] < entry.end_byte, entry
        assert entry.end_line == len(starts) or entry.end_byte <= starts[entry.end_line], entry
        assert entry.start_line <= entry.name_line <= entry.end_line, entry
        assert len(entry.signature) <= 400
        assert len(entry.doc) <= 2000
        assert len(entry.text) <= TEXT_CHARS
        assert len(entry.references) <= 200
        assert len(set(entry.references)) == len(entry.references)
        assert "\n" not in entry.signature
        assert (entry.kind != "block") or not (entry.name or entry.qualified_name)
        assert entry.kind == "block" or (entry.name and entry.qualified_name)
        assert entry.part >= 0
        if entry.parent is not None:
            parent = entries[entry.parent]
            assert entry.parent < index
            assert parent.part == 0
            assert parent.start_byte <= entry.start_byte, (parent, entry)
            assert entry.end_byte <= parent.end_byte, (parent, entry)
        if entry.part:
            assert entry.parent is not None
            whole = entries[entry.parent]
            assert (whole.qualified_name, whole.kind) == (entry.qualified_name, entry.kind)
        covered.update(range(entry.start_line, entry.end_line + 1))
    order = [(entry.start_byte, -entry.end_byte, entry.part) for entry in entries]
    assert order == sorted(order)
    ends: dict[int | None, int] = {}
    for entry in entries:
        if entry.part == 0:
            assert entry.start_byte >= ends.get(entry.parent, 0), f"{entry} overlaps the one before it"
            ends[entry.parent] = entry.end_byte
    for number, line in enumerate(lines, 1):
        assert number in covered or not line.strip(" \t\f\v\ufeff\x1c\x1d\x1e\x1f\x85\xa0\u2028\u2029"), (
            f"line {number} is in no entry: {line[:80]!r}"
        )


def table(parsed: ParsedFile) -> list[tuple[str, str, int, int]]:
    """(kind, qualified name, first line, last line) of every definition, windows and blocks left out."""
    return [
        (entry.kind, entry.qualified_name, entry.start_line, entry.end_line)
        for entry in parsed.entries
        if entry.part == 0 and entry.kind != "block"
    ]
