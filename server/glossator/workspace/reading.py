"""The texts of files by path, on screen or on disk, and their lines as the index counts them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glossator.workspace.file_texts import Text, read_text
from glossator.workspace.notebooks import displayed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from glossator.settings import Settings

    Read = Callable[[str], str | None]

_LINE_END = re.compile(r"\r\n|\n|\r")


def split_lines(text: str) -> list[str]:
    """The lines of a text, as the index counts them."""
    # The usual case is many times quicker without the pattern.
    lines = _LINE_END.split(text) if "\r" in text else text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    return lines


def disk_reader(
    root: Path,
    settings: Settings,
    buffers: Mapping[str, str] | None = None,
    *,
    masked: bool = True,
    plain: set[str] | None = None,
) -> Read:
    """Reads files below `root`, or the text of unsaved `buffers` (path -> text), as `displayed` shows them.

    `masked`, `plain`: see `read_text`.
    """

    def read(path: str) -> str | None:
        if buffers is not None and path in buffers:
            return displayed(path, buffers[path])
        found = read_text(root, path, settings, masked=masked, plain=plain)
        return displayed(path, found.text) if isinstance(found, Text) else None

    return read
