"""Names as words of text: in strings of code (a handler that is looked up by its name, a method that is called by
reflection), in comments that a language reads (types, tests), in configuration and markup. No syntax tree is asked, so
such a place is only ever a possible use.
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
FEWEST_BEGINNING: Final = 4
"""Characters of the shortest beginning of a name that is looked for in strings."""
_QUOTED: Final = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`?")
_ANYWHERE: Final = re.compile(r"^\s*//(?:export|go:linkname)\s|\{\{|\{%|<%")
"""A comment of Go that names a function to the linker; a template, maybe in a string of many lines."""
_OF_MDX: Final = re.compile(r"^\s*(?:import|export)\s|[<{]")
"""A line of MDX that may be code, not prose: an import, an element, an expression."""
_SCRIPTS: Final = ("javascript", "typescript", "tsx", "jsx", "vue", "svelte", "astro")
_IN_COMMENTS: Final = {
    **dict.fromkeys(_SCRIPTS, re.compile(r"@\w+\s*(\{.*)")),  # `@param {Shop} shop`
    "php": re.compile(r"(?:^|\s|/)\*+\s*@(?!see|link|uses|deprecated)[\w-]+\s+(.*?)(?:\s\$|$)"),  # `@var Shop[]`
    "python": re.compile(r"#\s*type:\s*(.+)|^\s*(?:>>>|\.\.\.)\s(.+)"),  # and doctests
    "rust": re.compile(r"^\s*//[/!](.*[(){}=;!:&].*)"),  # tests in documentation
}
"""What languages, their checkers and test runners read in comments, in the first group that matches."""
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
    code = _OF_MDX if language == "mdx" else _ANYWHERE
    anywhere = language in CONFIGURATION or code.search(line) is not None
    read = _read_comment(line, name, language)
    while at >= 0:
        end = at + len(name)
        whole = not (_is_word(line[at - 1 : at]) or _is_word(line[end : end + 1]))
        if whole and not anywhere:
            if quoted is None:
                quoted = [found.span() for found in _QUOTED.finditer(line)]
            around = next(((start, stop) for start, stop in quoted if start < at and end < stop + 1), None)
            named = around is not None and not _is_prose(line[around[0] : around[1]], name)
            whole = (
                named
                or read.start <= at < read.stop
                or (field and around is None and _ASSIGNED.match(line, end) is not None)
            )
        if whole:
            yield at
        at = line.find(name, end)


def beginnings_of(name: str) -> list[str]:
    """The beginnings of a name that are whole words of it: a string may give one of them, and what comes after it is
    found out at run time (`dispatch(self, "_apply_operator", other)`)."""
    return [name[:at] for at in range(FEWEST_BEGINNING, len(name) - 1) if name[at] == "_" and name[at - 1] != "_"]


def is_quoted(beginning: str, line: str) -> bool:
    """Whether a line has a string that is the beginning of a name, and nothing else."""
    at = line.find(beginning)
    while at >= 0:
        quote, end = line[at - 1 : at], at + len(beginning)
        if quote and quote in "\"'`" and line[end : end + 2].removeprefix("_").startswith(quote):
            return True
        at = line.find(beginning, end)
    return False


def _read_comment(line: str, name: str, language: str) -> range:
    """The columns of a comment that are read as code; none of a sentence that has the name as one of its words."""
    pattern = _IN_COMMENTS.get(language)
    found = pattern.search(line) if pattern is not None else None
    if found is None:
        return range(0)
    start, end = found.span(1) if found[1] is not None else found.span(found.lastindex or 0)
    return range(0) if _is_prose(line[start:end], name) else range(start, end)


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_"


def _is_prose(text: str, name: str) -> bool:
    """Whether a string in quotes is a sentence that has the name as one of its words."""
    if re.search(rf"(?:^|[\s\"'`]){re.escape(name)}(?:[\s\"'`,.;:!?]|$)", text) is None:
        return False
    return len(_PLAIN_WORDS.findall(text)) >= PROSE_WORDS
