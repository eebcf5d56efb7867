"""The texts of a language's queries, read from `queries/` and taken apart into patterns.

What captures mean is described in `languages` (definitions) and `mentions` (facts). A pattern may say which kinds of
nodes one of its captures is to be, `(#kind-of? @value call identifier)`, a predicate that tree-sitter does not see:
`value: [(call) (identifier)] @value` finds the same, but makes it follow each alternative on its own, all through the
nodes below.

This module knows nothing of trees.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Final, cast

from glossator.index.entries import ENTRY_KINDS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from glossator.index.entries import EntryKind
    from glossator.index.languages import Language

PARTS: Final = frozenset({"name", "body", "scope", "receiver", "selector", "stub"})
"""Captures that mean something only beside those of definitions."""

_DEFINITION: Final = "definition."
_CAPTURE: Final = re.compile(r"@([\w.\-]+)")
_NOT_CAPTURES: Final = re.compile(r"\"(?:[^\"\\]|\\.)*\"|;[^\n]*")
_TOKEN: Final = re.compile(r"\"(?:[^\"\\]|\\.)*\"|;[^\n]*|[()\[\]]|[^\s()\[\]\";]+")
_ROOT: Final = re.compile(r"[(\s]*([\w.\-]+)")
_KINDS: Final = re.compile(r"\s*\(#kind-of\?\s+@([\w.]+)\s+([\w\s]*)\)")
_REQUIRED: Final = re.compile(r"\(#(?:eq|any-of)\?\s+@[\w.]+((?:\s+\"[^\"\\]*\")+)\s*\)")
_QUOTED: Final = re.compile(r"\"([^\"]*)\"")


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern of a query.

    Attributes:
        text: its source.
        rank: its place in the language's queries: where two define the same, the kind of the later one counts.
        roles: the captures that say what it is for, each with the kind of definition, or None; for a pattern for
            facts, nothing.
        for_facts: whether it is from `queries/bindings/`.
        kinds: kinds of nodes that captures are to be, by capture.
        mentions: the captures that are mentions of names, if it is from `queries/mentions/`.
    """

    text: str
    rank: int
    roles: tuple[tuple[str, EntryKind | None], ...]
    for_facts: bool
    kinds: tuple[tuple[str, frozenset[str]], ...]
    mentions: tuple[str, ...] = ()

    def starts_with(self, kind: str) -> bool:
        """Whether its outermost node is of a kind."""
        found = _ROOT.match(self.text)
        return found is not None and found[1] == kind


def query_source(language: Language) -> str | None:
    """The text of a language's queries for definitions, joined; None if it has none."""
    folder = files("glossator.index") / "queries"
    parts = [folder / f"{name}.scm" for name in language.queries]
    if not parts or not all(part.is_file() for part in parts):
        return None
    return "\n".join(part.read_text("utf-8") for part in parts)


def facts_source(language: Language, folder: str) -> str | None:
    """The text of a language's queries for facts (`bindings`, `mentions`, or `seldom`, which has those patterns for
    mentions that few files need), joined; None if it has none."""
    names = (*language.facts_of, *language.queries)
    parts = [files("glossator.index") / "queries" / folder / f"{name}.scm" for name in names]
    return "\n".join(part.read_text("utf-8") for part in parts if part.is_file()) or None


def patterns(language: Language, source: str, *, mentioned: bool) -> list[Pattern]:
    """The patterns of a language's queries for definitions, and of those for bindings.

    Args:
        source: the text of its queries for definitions.
        mentioned: whether it has a query for mentions, which then finds its references.
    """
    found: list[Pattern] = []
    for text in split(source):
        captures = dict.fromkeys(_captures(text))
        roles = tuple(_roles(language.name, captures))
        if not (mentioned and captures.keys() == {"reference"}):
            found.append(_pattern(text, len(found), roles))
    for text in split(facts_source(language, "bindings") or ""):
        found.append(_pattern(text, len(found), None))
    return found


def mention_patterns(source: str, roles: Collection[str]) -> list[Pattern]:
    """The patterns of a query's text for mentions that have one of some captures."""
    found = [(text, tuple(one for one in dict.fromkeys(_captures(text)) if one in roles)) for text in split(source)]
    return [Pattern(text, 0, (), False, (), mentions) for text, mentions in found if mentions]


def required_words(source: str) -> tuple[bytes, ...]:
    """The words one of which a file contains if a pattern of a query's text matches in it, each of whose patterns says
    so by `#eq?` or `#any-of?`."""
    found = [word for text in split(source) for words in _REQUIRED.findall(text) for word in _QUOTED.findall(words)]
    return tuple(word.encode() for word in dict.fromkeys(found))


def _captures(text: str) -> list[str]:
    return _CAPTURE.findall(_NOT_CAPTURES.sub("", text))


def _pattern(text: str, rank: int, roles: tuple[tuple[str, EntryKind | None], ...] | None) -> Pattern:
    kinds = tuple((capture, frozenset(names.split())) for capture, names in _KINDS.findall(text))
    return Pattern(_KINDS.sub("", text), rank, roles or (), roles is None, kinds)


def _roles(language: str, captures: Iterable[str]) -> Iterator[tuple[str, EntryKind | None]]:
    """Those of a pattern's captures that say what it is for, with the kind of definition."""
    for capture in captures:
        if capture.startswith(_DEFINITION):
            kind = capture.removeprefix(_DEFINITION)
            if kind not in ENTRY_KINDS:
                raise ValueError(f"query of {language}: unknown kind {kind!r}")
            yield capture, cast("EntryKind", kind)
        elif capture == "container":
            yield capture, "block"
        elif capture in ("ignore", "doc", "reference", "message", "import", "leading", "wrapper"):
            yield capture, None
        elif capture not in PARTS and not capture.startswith("_"):
            raise ValueError(f"query of {language}: unknown capture @{capture}")


def split(source: str) -> Sequence[str]:
    """The patterns of a query's text."""
    found: list[str] = []
    depth = end = 0
    start = -1
    for token in _TOKEN.finditer(source):
        first = token[0][0]
        if first == ";":
            continue
        if depth == 0 and first in '(["':
            if start >= 0:
                found.append(source[start:end])
            start = token.start()
        depth += (first in "([") - (first in ")]")
        end = token.end()
    if start >= 0:
        found.append(source[start:end])
    return found
