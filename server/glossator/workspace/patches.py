"""Reads the patches that git prints: their hunks, and the paths of the files.

Lines of a hunk are counted, as its header says, since they may look like anything, headers included.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)")


@dataclass(slots=True)
class Hunk:
    """Lines that a patch changes.

    Attributes:
        start: the number of the first line after the patch; of the line before, if none is left.
        count: how many lines there are after the patch, context included.
        removed, added: (number, text) of lines, as they are numbered before and after the patch.
    """

    start: int
    count: int
    removed: list[tuple[int, bytes]] = field(default_factory=list)
    added: list[tuple[int, bytes]] = field(default_factory=list)


def hunks_and_headers(patch: bytes) -> Iterator[Hunk | bytes]:
    """The hunks of a patch, and the lines that stand between them, in order."""
    hunk: Hunk | None = None
    old = new = 0
    at = [0, 0]
    for line in patch.split(b"\n"):
        if hunk is not None:
            mark = line[:1]
            if mark == b"-":
                hunk.removed.append((at[0], line[1:]))
            if mark == b"+":
                hunk.added.append((at[1], line[1:]))
            if mark != b"\\":  # "\ No newline at end of file"
                old, new = old - (mark != b"+"), new - (mark != b"-")
                at = [at[0] + (mark != b"+"), at[1] + (mark != b"-")]
        elif (header := _HUNK.match(line)) is not None:
            at = [int(header[1]), int(header[3])]
            old, new = int(header[2] or 1), int(header[4] or 1)
            hunk = Hunk(at[1], new)
        else:
            yield line
        if hunk is not None and old <= 0 and new <= 0:
            yield hunk
            hunk = None
    if hunk is not None:  # git was cut off
        yield hunk


def path_before(header: bytes) -> str:
    """The path that a file had before a patch; "" if a line between hunks does not say so."""
    return _after_prefix(header, b"--- ", "a/")


def path_after(header: bytes) -> str:
    """The path that a file has after a patch; "" if a line between hunks does not say so."""
    if header.startswith(b"rename to "):
        return listed_path(header.removeprefix(b"rename to "))
    return _after_prefix(header, b"+++ ", "b/")


def _after_prefix(header: bytes, mark: bytes, prefix: str) -> str:
    path = listed_path(header.removeprefix(mark)) if header.startswith(mark) else ""
    return path.removeprefix(prefix) if path.startswith(prefix) else ""  # else /dev/null


def listed_path(written: bytes) -> str:
    """A path as git writes it: quoted if it has special characters."""
    written = written.removesuffix(b"\t")
    if written.startswith(b'"') and written.endswith(b'"'):
        named = {b"n": b"\n", b"t": b"\t", b"r": b"\r"}
        written = _ESCAPE.sub(
            lambda found: bytes([int(found[1], 8) & 255]) if len(found[1]) == 3 else named.get(found[1], found[1]),
            written[1:-1],
        )
    return written.decode("utf-8", "replace")
