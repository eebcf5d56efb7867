"""Code that is left out of the index, being generated or too large: it may use what nothing else does.

Nothing is known of it but its text, so that what it names is only ever possibly used.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from glossator.index.language_detection import language_of
from glossator.index.languages import share_names
from glossator.retrieval.names_in_text import CONFIGURATION, DOCUMENTATION
from glossator.workspace.reading import split_lines
from glossator.workspace.secret_texts import without_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MOST_CHARACTERS: Final = 64_000_000
"""Characters of such files that are looked at for one question: 0.2 s for 17 million in 700 files."""
FEW_CHARACTERS: Final = 2_000_000
"""And for a hover."""
MOST_PLACES: Final = 100
"""Places that are found of one name."""


class LeftOutFiles:
    """The texts of such files, read when they are first asked for. Not thread-safe: make one per question."""

    def __init__(self, paths: Callable[[], Iterable[str]], read: Callable[[str], str | None]) -> None:
        """`paths` lists the files, relative to the root; `read` gives the text of one, None if it is not to be had."""
        self._list_paths = paths
        self._paths: list[str] | None = None
        self._read = read
        self._texts: dict[str, str | None] = {}
        self._characters = 0

    def naming(self, name: str, language: str, most: int) -> tuple[dict[str, list[int]], bool]:
        """Where code that may call definitions of a language has a name, comments included.

        Args:
            name: a bare name.
            language: that of its definition.
            most: characters of code that are looked at.

        Returns:
            Path -> lines (1-based), and whether all such code was looked at.
        """
        form = rf"(?<![\w$]){re.escape(name)}(?![\w$])"  # not compiled for the many names that stand nowhere
        none = CONFIGURATION | DOCUMENTATION
        found: dict[str, list[int]] = {}
        places, complete = 0, True
        if self._paths is None:
            self._paths = list(self._list_paths())
        for path in self._paths:
            other = language_of(path)
            if other in none or not share_names(other, language):
                continue
            text = self._text(path, most)
            if text is None:
                complete = False
            elif name in text and (
                lines := [at for at, line in enumerate(split_lines(text), 1) if re.search(form, line)]
            ):
                found[path] = lines[: MOST_PLACES - places]
                places += len(found[path])
                if places >= MOST_PLACES:
                    return found, False
        return found, complete

    def lines(self, path: str) -> list[str]:
        """The lines of a file in which a name was found, without its secrets."""
        return split_lines(without_secrets(self._texts.get(path) or "", path))

    def _text(self, path: str, most: int) -> str | None:
        """The text of a file; None if it cannot be read, or there is too much to read."""
        if path not in self._texts:
            if self._characters >= most:
                return None
            self._texts[path] = text = self._read(path)
            self._characters += len(text or "")
        return self._texts[path]
