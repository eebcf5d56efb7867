"""Scores of one answer: what it states, what it cites, which names it makes up, whether it declines to answer.

Used by the gate that an adapted model has to pass, and by `scripts/bench answers`. Nothing here asks a model: all
figures follow from the answer's text, the places that it cites and the repository's text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from collections.abc import Set as AbstractSet

_CODE_BLOCK = re.compile(r"^[ \t]*(```|~~~).*?(?:^[ \t]*\1[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_SENTENCE_END = re.compile(r"(?<=[.!?])((?:\s*\[\d+\])*)\s+(?=[^a-z\s]|$)|\n+")
_NOTE = re.compile(r"^\*[^*].*[^*]\*$")
_NUMBER = re.compile(r"\[(\d+)\]")
_SPAN = re.compile(r"`([^`\n]+)`")
_QUOTED = re.compile(r"`[^`\n]+`|(?<!\w)'[^'\n]+'(?!\w)|\"[^\"\n]+\"|“[^”\n]+”")
_NAME = re.compile(r"^[\w$@]+(?:(?:\.|::|->|#)[\w$@?!]+)*[?!]?(?:\(.*\))?$")
_BARE_NAME = re.compile(
    r"(?<![\w./-])(?:[A-Za-z]\w*(?:(?:\.|::|->)[A-Za-z_]\w*)*\(\)"  # call()
    r"|_*[A-Za-z0-9]+(?:_[A-Za-z0-9]+)+"  # snake_case
    r"|[A-Z]?[a-z0-9]+(?:[A-Z][a-z0-9]+)+)(?![\w/])"  # humps
)
_LAST = re.compile(r"[A-Za-z_]\w*(?=[?!]?(?:\(.*\))?$)")
_WORD = re.compile(r"[A-Za-z_]\w*")
_SAYS_NOT = r"(?:(?:do|does|did|is|are)(?: not|n['’]t)|never|cannot|can['’]t|no|nothing)"
_SOURCE = r"(?:evidence|excerpts?|context|code ?base|code|repository|project|index|text|pieces?|snippets?|files?)"
_TELL = r"(?:contain|show|say|tell|mention|hold|include|provide|describe|specif|explain|reveal|answer|cover|give)"
_REFUSAL = re.compile(
    rf"\b{_SOURCE}\b[^.\n]{{0,60}}\b{_SAYS_NOT}\b[^.\n]{{0,25}}\b{_TELL}"
    rf"|\b(?:no|nothing|not enough|insufficient|without)\b[^.\n]{{0,40}}\b{_SOURCE}\b"
    rf"|\b(?:no|not enough|insufficient) (?:\w+ )?(?:information|details?|mention|answer|match)"
    rf"|\bnot (?:\w+ )?(?:shown|mentioned|specified|described|stated)\b"
    rf"|\bnot (?:\w+ )?(?:found|provided|contained|included|given)\b[^.\n]{{0,20}}\b{_SOURCE}\b"
    rf"|\b(?:cannot|can['’]t|can not|could not|unable to|impossible to)\b[^.\n]{{0,20}}\b"
    rf"(?:answer|determine|say|tell|know|be (?:answered|determined|told))\b",
    re.IGNORECASE,
)
LEAST_SENTENCE_WORDS = 3
"""Words that make a line of an answer a sentence which could have a source."""
REFUSED_WITHIN = 2
"""Sentences among which a refusal stands."""
INSIDE = 0.5
"""Part of the cited lines that must be a symbol's for the citation to be one of the symbol."""


@dataclass(frozen=True, slots=True)
class Cited:
    """A place that an answer cites: lines of a file (1-based, inclusive), their text, and the symbols named with it."""

    path: str
    start_line: int
    end_line: int
    names: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class CitationScores:
    """Counts of one answer.

    Attributes:
        sentences: sentences of its prose.
        sourced: those that cite a place which exists.
        named: code names in sourced sentences.
        held: those of them that stand in the lines which the sentence cites.
        names: different code names in all sentences, those that the question contains left out.
        unknown: those of them that occur nowhere in the repository.
    """

    sentences: int
    sourced: int
    named: int
    held: int
    names: int
    unknown: tuple[str, ...]


def sentences_of(answer: str) -> list[str]:
    """The sentences of an answer's prose with their citations; code blocks, headings and notes in italics left out."""
    prose = _CODE_BLOCK.sub("\n", answer)
    found: list[str] = []
    for line in prose.split("\n"):
        if _NOTE.match(line.strip()) or line.lstrip().startswith("#"):
            continue
        start = 0
        for end in _SENTENCE_END.finditer(line):
            found.append(line[start : end.end(1) if end.group(1) is not None else end.start()])
            start = end.end()
        found.append(line[start:])
    return [one.strip() for one in found if len(_WORD.findall(_NUMBER.sub("", one))) >= LEAST_SENTENCE_WORDS]


def sentence_names(sentence: str, files: Collection[str] = ()) -> list[str]:
    """The last parts of the code names in a sentence: `Store.commit()` is "commit"; names of files are left out.

    Names are what stands in backticks and looks like a name, and bare words as only code has them.
    """
    spans = [span.strip() for span in _SPAN.findall(sentence)]
    bare = _BARE_NAME.findall(_SPAN.sub(" ", _NUMBER.sub("", sentence)))
    found: list[str] = []
    for name in [*(span for span in spans if _NAME.match(span)), *bare]:
        last = _LAST.search(name)
        if last and name.rpartition("/")[2] not in files and last.group() not in found:
            found.append(last.group())
    return found


def score_citations(
    answer: str, cited: Mapping[int, Cited], known: AbstractSet[str], question: str, files: Collection[str] = ()
) -> CitationScores:
    """Score an answer's sentences.

    Args:
        answer: Markdown with citations as [number].
        cited: the places by number.
        known: all words of the repository, as `words_of` finds them.
        question: its names are no invention of the answer.
        files: names of the repository's files.
    """
    sentences = sentences_of(answer)
    asked = set(words_of(question))
    sourced = named = held = 0
    names: dict[str, None] = {}
    for sentence in sentences:
        found = sentence_names(sentence, files)
        names.update(dict.fromkeys(name for name in found if name not in asked))
        places = [cited[number] for number in map(int, _NUMBER.findall(sentence)) if number in cited]
        if places:
            sourced += 1
            words = {word for place in places for word in words_of(" ".join([*place.names, place.text]))}
            named += len(found)
            held += sum(name in words for name in found)
    unknown = tuple(name for name in names if name not in known)
    return CitationScores(len(sentences), sourced, named, held, len(names), unknown)


def words_of(text: str) -> list[str]:
    """All words of a text that could be names."""
    return _WORD.findall(text)


def cites(cited: Cited, path: str, name: str, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether a citation is one of a symbol: the symbol is named with it, or most of its lines are the symbol's."""
    if cited.path != path:
        return False
    lines = cited.end_line - cited.start_line + 1
    common = max((min(cited.end_line, end) - max(cited.start_line, start) + 1 for start, end in spans), default=0)
    return name in cited.names or common >= INSIDE * lines


def declines(answer: str) -> bool:
    """Whether an answer says, at its beginning, that it cannot be given."""
    return any(_REFUSAL.search(_QUOTED.sub(" ", sentence)) for sentence in sentences_of(answer)[:REFUSED_WITHIN])
