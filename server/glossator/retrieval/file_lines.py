"""The lines of files as a question about names needs them: many are looked at, and few are told.

Secrets are masked in what is told. Finding them takes longer than reading a file, so it is put off until something of a
file is to be told, and of few lines of a long file only what is near them is searched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from glossator.workspace.notebook_names import is_notebook
from glossator.workspace.reading import split_lines
from glossator.workspace.secret_texts import line_without_secrets, may_hold_private_key, without_secrets

if TYPE_CHECKING:
    from glossator.retrieval.left_out import LeftOutFiles
    from glossator.workspace.reading import Read

A_LINE_COSTS: Final = 1_500
"""Masking one line, with what is near it, takes as long as masking so many characters of a whole text."""
KEPT_CHARACTERS: Final = 8_000_000
"""Of texts that are kept for the other names of a question."""


class FileLines:
    """The lines of files. Not thread-safe: make one per question."""

    def __init__(self, read: Read, left_out: LeftOutFiles | None = None, unmasked: Read | None = None) -> None:
        """`read` returns a file's text; None if it is gone, or only among those that are `left_out`. `unmasked` returns
        it with its secrets, which takes less time; without it, or if it is `read`, secrets are left as `read` has them.
        """
        self._read = read
        self._left_out = left_out
        self._unmasked = unmasked or read
        self._masks = self._unmasked is not read
        self._known: dict[str, list[str]] = {}
        self._single: dict[str, tuple[list[str], int]] = {}
        """Lines with their secrets, and how many more of them are masked one by one before all are."""
        self._texts: dict[str, str] = {}
        self._kept = 0

    def of(self, path: str) -> list[str]:
        """The lines of a file, without their ends; none if it is gone."""
        if (known := self._known.get(path)) is None:
            if self._masks and not is_notebook(path):
                text = without_secrets(self.with_secrets(path), path)
            else:
                text = self._read(path) or ""
            hidden = self._left_out.lines(path) if not text and self._left_out is not None else []
            known = self._known[path] = split_lines(text) or hidden
            self._single.pop(path, None)
        return known

    def line(self, path: str, number: int) -> str:
        """A line of a file (1-based), without its end; "" if it is gone."""
        lines, left = self._singly(path)
        if not left:
            lines = self.of(path)
        if not 1 <= number <= len(lines):
            return ""
        if not left:
            return lines[number - 1]
        self._single[path] = lines, left - 1
        return line_without_secrets(lines, number - 1, path)

    def _singly(self, path: str) -> tuple[list[str], int]:
        """See `_single`; 0 if all lines of a file are to be masked at once, or none."""
        if path in self._known or not self._masks or is_notebook(path):
            return [], 0
        if (known := self._single.get(path)) is None:
            text = self.with_secrets(path)
            left = 0 if may_hold_private_key(text) else len(text) // A_LINE_COSTS
            known = self._single[path] = split_lines(text) if left else [], left
        return known

    def with_secrets(self, path: str) -> str:
        """The text of a file with the secrets in it, so that nothing of it may be told; "" if it is gone."""
        if (text := self._texts.get(path)) is None:
            text = self._unmasked(path) or ""
            if self._kept + len(text) <= KEPT_CHARACTERS:
                self._texts[path] = text
                self._kept += len(text)
        return text
