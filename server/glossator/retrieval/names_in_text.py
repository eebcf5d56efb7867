"""Names as words of text: in strings of code (a handler that is looked up by its name, a method that is called by
reflection), in configuration and markup. No syntax tree is asked, so such a place is only ever a possible use.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from glossator.index.languages import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIGURATION: Final = frozenset(
    (
        *("bash", "cmake", "css", "dockerfile", "graphql", "hcl", "html", "ini", "json", "makefile"),
        *("nix", "powershell", "protobuf", "scss", "sql", "text", "toml", "xml", "yaml"),
    )
)
"""Languages of files any word of which may name a symbol."""
DOCUMENTATION: Final = frozenset(("markdown", "restructuredtext"))
"""Languages of files that name symbols without using them."""
SEARCHED: Final = tuple(sorted(LANGUAGES.keys() - DOCUMENTATION))
"""Languages of files that may name a symbol as text."""
PROSE_WORDS: Final = 4
"""A string of so many plain words is a sentence, whose words name nothing."""
_QUOTED: Final = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`?")
_DIRECTIVE: Final = re.compile(r"\s*//(?:export|go:linkname)\s")
"""A comment of Go that names a function to the linker."""
_PLAIN_WORDS: Final = re.compile(r"(?<![^\s\"'`])[A-Za-z][a-z]*[,.;:!?]?(?![^\s\"'`])")
_ASSIGNED: Final = re.compile(r"\s*(?::(?![:=])|=(?![=>~]))")
"""What follows the name of a field in a call that makes an instance, or in a literal."""


def columns_of(name: str, line: str, language: str, *, field: bool) -> Iterator[int]:
    """The columns (in characters, from 0) in which a line has a name as text.

    Args:
        name: a bare name.
        line: a line of a file.
        language: the file's.
        field: whether it names a field, which a named argument may set.
    """
    at = line.find(name)
    if at < 0:
        return
    quoted: list[tuple[int, int]] | None = None
    anywhere = language in CONFIGURATION or _DIRECTIVE.match(line) is not None
    while at >= 0:
        end = at + len(name)
        whole = not (_is_word(line[at - 1 : at]) or _is_word(line[end : end + 1]))
        if whole and not anywhere:
            if quoted is None:
                quoted = [found.span() for found in _QUOTED.finditer(line)]
            around = next(((start, stop) for start, stop in quoted if start < at and end < stop + 1), None)
            named = around is not None and not _is_prose(line[around[0] : around[1]], name)
            whole = named or (field and around is None and _ASSIGNED.match(line, end) is not None)
        if whole:
            yield at
        at = line.find(name, end)


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_"


def _is_prose(text: str, name: str) -> bool:
    """Whether a string in quotes is a sentence that has the name as one of its words."""
    if re.search(rf"(?:^|[\s\"'`]){re.escape(name)}(?:[\s\"'`,.;:!?]|$)", text) is None:
        return False
    return len(_PLAIN_WORDS.findall(text)) >= PROSE_WORDS
