"""Code that is left out of the index, being generated or too large: it may use what nothing else does.

Nothing is known of it but its text, so that what it names is only ever possibly used.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from glossator.index.language_detection import language_of
from glossator.index.languages import share_names
from glossator.retrieval.names_in_text import CONFIGURATION, DOCUMENTATION
from glossator.workspace.decoding import decode
from glossator.workspace.reading import split_lines
from glossator.workspace.screening import holds_private_key
from glossator.workspace.secret_texts import without_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MOST_LEFT_OUT: Final = 64_000_000
"""Bytes of such files that are looked at for one symbol."""
FEW_LEFT_OUT: Final = 2_000_000
"""And for a hover."""
KEPT_BYTES: Final = 4_000_000
"""Bytes that are kept for the other symbols of a question."""
MOST_PLACES: Final = 100
"""Places that are found of one name."""
_SNIFFED: Final = 64
"""Bytes in which UTF-16 shows."""


class LeftOutFiles:
    """Such files, read when a name is looked for. Not thread-safe: make one per question."""

    def __init__(self, paths: Callable[[], Iterable[str]], read: Callable[[str], bytes | None]) -> None:
        """`paths` lists the files, relative to the root; `read` gives the bytes of one, None if they are not to be
        had."""
        self._list_paths = paths
        self._paths: list[str] | None = None
        self._read = read
        self._kept: dict[str, bytes] = {}
        self._kept_bytes = 0
        self._texts: dict[str, str] = {}

    def naming(self, name: str, language: str, most: int) -> tuple[dict[str, list[int]], bool]:
        """Where code that may call definitions of a language has a name, comments included.

        Args:
            name: a bare name.
            language: that of its definition.
            most: bytes of code that are looked at.

        Returns:
            Path -> lines (1-based), and whether all such code was looked at.
        """
        form = rf"(?<![\w$]){re.escape(name)}(?![\w$])"  # not compiled for the many names that stand nowhere
        none, needle = CONFIGURATION | DOCUMENTATION, name.encode()
        found: dict[str, list[int]] = {}
        places, seen, complete = 0, 0, True
        if self._paths is None:
            self._paths = list(self._list_paths())
        for path in self._paths:
            other = language_of(path)
            if other in none or not share_names(other, language):
                continue
            data = self._bytes(path) if seen < most else None
            if data is None:
                complete = False
                continue
            seen += len(data)
            if needle not in data and b"\0" not in data[:_SNIFFED]:
                continue
            text = _text_of(data)
            if text is None:
                complete = False
            elif lines := [at for at, line in enumerate(split_lines(text), 1) if re.search(form, line)]:
                self._texts[path] = text
                found[path] = lines[: MOST_PLACES - places]
                places += len(found[path])
                if places >= MOST_PLACES:
                    return found, False
        return found, complete

    def lines(self, path: str) -> list[str]:
        """The lines of a file in which a name was found, without its secrets."""
        return split_lines(without_secrets(self._texts.get(path, ""), path))

    def _bytes(self, path: str) -> bytes | None:
        """A file's bytes; None if they cannot be had."""
        if (kept := self._kept.get(path)) is not None:
            return kept
        data = self._read(path)
        if data is not None and self._kept_bytes + len(data) <= KEPT_BYTES:
            self._kept[path] = data
            self._kept_bytes += len(data)
        return data


def _text_of(data: bytes) -> str | None:
    """The text of a file; None if it is none, or holds a private key."""
    decoded = decode(data)
    return decoded[0] if decoded is not None and not holds_private_key(decoded[0]) else None
