"""What of a definition is shown where not all of it fits: its head, and the passages of its body that are worth most.

A passage is a handful of lines that belong together: the statements up to a blank line, or up to where a block ends.
What it is worth follows from the definition's own worth and from the question's words in it, rare ones above all; the
lines that open the blocks around it are shown with it. A body that shares no words with the question has a worth too:
the answer to "what happens when" is seldom worded like the question.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from glossator.answers.declaration_lines import find_declaration
from glossator.answers.evidence import CHARACTERS_PER_TOKEN
from glossator.index import terms as analysis
from glossator.retrieval.kinds import PROSE_LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from glossator.index.records import StoredEntry

MOST_LINES = 5
"""Lines of a passage."""
LEAST_LINES = 3
"""Lines from which on a passage may end with a block rather than at a blank line."""
HEADERS = 3
"""Enclosing blocks whose opening lines are shown with a passage."""
DOC_LINES = 3
"""Lines of the doc's first sentence that belong to the head."""
DECLARATION_LINES = 8
"""Lines of a declaration that belong to the head."""

HEAD_WORTH = 0.35
"""What a definition's head is worth, of 1 for a passage with all words of the question."""
LINE_WORTH = 0.03
"""What each line of a body is worth by itself."""
DOC_WORTH = 0.6
"""Factor on the worth of what stands in the doc after its first sentence."""
NEIGHBOUR = 0.1
"""Part of what a passage's words are worth that the passages before and behind it get, too."""
MEMBER_WORTH = 0.02
"""What the declaration of a member is worth in the outline of its type."""
NEARNESS = 1.0
"""What a text is worth that means what the question means."""
FAR = 0.2
"""Cosine of texts that have nothing to do with each other."""
SATIETY = 0.5
"""How much less a further passage is worth if its definition has taken the whole budget: so others get a chance."""
PASSAGE_TOKENS = 3
"""What each passage costs besides its lines: the mark of what is left out."""
SHORT_LINE = 24
"""Characters of a line that is shown rather than left out alone."""

_MARKERS = re.compile(r"^(?:/\*\*?|\*/|\*|///?|//!|#+|--+|;+|\"\"\"|''')+\s*|\s*(?:\*/|\"\"\"|''')$")
_SENTENCE_END = re.compile(r"[.!?。](?:\s|$)")
_OPENS = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Passage:
    """Lines that are shown together or not at all.

    Attributes:
        lines: their numbers in the file (1-based), ascending.
        headers: the lines that open the blocks around it.
        worth: what it is worth to the answer; 0.35 for a plain head.
    """

    lines: tuple[int, ...]
    headers: tuple[int, ...]
    worth: float


@dataclass(frozen=True, slots=True)
class Parts:
    """A definition taken apart: its head comes with whatever else is shown of it."""

    head: Passage
    body: tuple[Passage, ...]


class Asked:
    """What a question asks for, to judge texts by: its words, rare ones above all, and its meaning."""

    def __init__(
        self, weights: Mapping[str, float], nearness: Callable[[Sequence[str]], Sequence[float]] | None = None
    ) -> None:
        """Judge by these words.

        Args:
            weights: how rare the words (stems) of the question are in the index.
            nearness: how near texts are to the question in meaning (cosine).
        """
        total = sum(weights.values()) or 1.0
        self._shares = {word: weight / total for word, weight in weights.items()}
        self._nearness = nearness

    @property
    def words(self) -> AbstractSet[str]:
        """The stems of the question's words."""
        return self._shares.keys()

    @property
    def knows_meaning(self) -> bool:
        """Whether it can tell how near texts are in meaning."""
        return self._nearness is not None

    def coverage(self, text: str) -> float:
        """The part of the question's words that are in a text, rare ones weighing more: 0 to 1."""
        return sum(self._shares.get(term, 0.0) for term in set(analysis.analyze(text)))

    def nearness(self, texts: Sequence[str]) -> Sequence[float]:
        """How near texts are to the question in meaning (cosine); 0 where that is not known."""
        return self._nearness(texts) if self._nearness is not None and texts else [0.0] * len(texts)

    def worth(self, texts: Sequence[str]) -> list[float]:
        """What each of these texts is worth: 1 if all words of the question are in it."""
        return [
            self.coverage(text) + NEARNESS * max(0.0, cosine - FAR) / (1 - FAR)
            for text, cosine in zip(texts, self.nearness(texts), strict=True)
        ]


def take_apart(
    entry: StoredEntry,
    lines: Sequence[str],
    span: tuple[int, int],
    elsewhere: Collection[int],
    asked: Asked,
    members: Mapping[int, float] = MappingProxyType({}),
) -> Parts:
    """Take a definition apart.

    Args:
        entry: the definition, where it is now.
        lines: all lines of its file.
        span: first and last line to consider (1-based, inclusive).
        elsewhere: lines that belong to other definitions, and are shown with those.
        asked: judges the lines.
        members: lines that declare members, and what each is worth by itself.
    """
    start, end = span
    head, doc = _head(entry, lines, start, end)
    pieces = _pieces(lines, [at for at in range(start, end + 1) if at not in elsewhere and at not in set(head)], doc)
    outlined = [at for at in members if start <= at <= end and at not in head]
    names = f"{entry.path} {entry.qualified_name}"
    texts = [f"{names}\n" + "\n".join(lines[at - 1] for at in head)]
    texts += ["\n".join(lines[at - 1].strip() for at in piece) for piece in pieces]
    first, *own = asked.worth([*texts, *(lines[at - 1] for at in outlined)])
    top = Passage(tuple(head), (), HEAD_WORTH + first)
    body: list[Passage] = []
    prose = entry.language in PROSE_LANGUAGES
    headers = [()] * len(pieces) if prose else _headers(lines, [piece[0] for piece in pieces], max(head, default=start))
    for place, (piece, opening) in enumerate(zip(pieces, headers, strict=True)):
        beside = [own[other] for other in (place - 1, place + 1) if 0 <= other < len(pieces)]
        filled = sum(bool(_OPENS.search(lines[at - 1])) for at in piece)
        worth = LINE_WORTH * filled + own[place] + NEIGHBOUR * max(beside, default=0.0)
        if piece[0] in doc:
            worth *= DOC_WORTH
        body.append(Passage(tuple(piece), opening, worth))
    for at, worth in zip(outlined, own[len(pieces) :], strict=True):
        body.append(Passage((at,), (), members[at] + worth))
    return Parts(top, tuple(body))


def _head(entry: StoredEntry, lines: Sequence[str], start: int, end: int) -> tuple[list[int], set[int]]:
    """The lines of a definition's declaration and of its doc's first sentence; and all lines of its doc."""
    declared = find_declaration(entry, lines[start - 1 : end], start) if entry.part == 0 else None
    if declared is not None:
        first, last = declared.first, min(declared.last, declared.first + DECLARATION_LINES - 1)
    else:
        first = last = entry.name_line if start <= entry.name_line <= end else start
    doc = doc_lines(entry, lines, start, end, (first, last))
    sentence: list[int] = []
    for at in sorted(doc):
        text = _MARKERS.sub("", lines[at - 1].strip())
        if not text:
            continue
        sentence.append(at)
        if len(sentence) == DOC_LINES or _SENTENCE_END.search(text):
            break
    return sorted({*range(first, last + 1), *sentence}), doc


def doc_lines(entry: StoredEntry, lines: Sequence[str], start: int, end: int, declared: tuple[int, int]) -> set[int]:
    """The lines that a definition's doc was read from, before its declaration or behind it."""
    wanted = {line.strip() for line in entry.doc.split("\n") if line.strip()}
    if not wanted:
        return set()
    first, last = declared
    found: set[int] = set()
    for numbers in (range(first - 1, start - 1, -1), range(last + 1, end + 1)):
        for at in numbers:
            text = _MARKERS.sub("", lines[at - 1].strip()).strip()
            if text in wanted or (not text and (found or lines[at - 1].strip())) or any(text in one for one in wanted):
                found.add(at)
            elif lines[at - 1].strip():
                break
    return found


def _pieces(lines: Sequence[str], numbers: Sequence[int], doc: Collection[int]) -> list[list[int]]:
    """Line numbers as groups that belong together, without blank lines around them."""
    pieces: list[list[int]] = []
    piece: list[int] = []
    depth = 0
    for at in numbers:
        text = lines[at - 1]
        blank = not text.strip()
        indent = _indentation(text)
        apart = bool(piece) and (at != piece[-1] + 1 or (at in doc) != (piece[0] in doc))
        ends = len(piece) >= LEAST_LINES and indent <= depth and bool(_OPENS.search(text))
        if piece and (apart or blank or ends or len(piece) >= MOST_LINES):
            pieces.append(piece)
            piece = []
        if not blank:
            if not piece:
                depth = indent
            piece.append(at)
    if piece:
        pieces.append(piece)
    out: list[list[int]] = []
    for one in pieces:  # what closes a block goes with the block
        closes = not any(_OPENS.search(lines[at - 1]) for at in one)
        if closes and out and out[-1][-1] + 1 == one[0]:
            out[-1].extend(one)
        elif not closes:
            out.append(one)
    return out


def _headers(lines: Sequence[str], numbers: Sequence[int], top: int) -> Iterator[tuple[int, ...]]:
    """For each of these ascending line numbers the lines that open the blocks around it, below the declaration.

    All are found in one pass: a function may have thousands of lines.
    """
    around: list[tuple[int, int]] = []  # indentation and number of the lines that may open a block, the outermost first
    first = top + 1
    for number in numbers:
        for at in range(first, number):
            text = lines[at - 1]
            if _OPENS.search(text):
                own = _indentation(text)
                while around and around[-1][0] >= own:
                    around.pop()
                around.append((own, at))
        first = max(first, number)
        indent = _indentation(lines[number - 1])
        yield tuple([opening for own, opening in around if own < indent][-HEADERS:])


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())


def filled(lines: Sequence[str], numbers: Sequence[int]) -> list[int]:
    """Ascending line numbers, with the blank and the single lines between: a mark would take as much room."""
    out: list[int] = []
    for at in numbers:
        if out:
            between = range(out[-1] + 1, at)
            telling = [one for one in between if lines[one - 1].strip()]
            if not telling or (len(telling) == 1 and len(lines[telling[0] - 1].strip()) <= SHORT_LINE):
                out.extend(between)
        out.append(at)
    return out


def elided(lines: Sequence[str], numbers: Sequence[int]) -> tuple[str, tuple[int, ...]]:
    """Lines of a file with "..." for what is left out between; and the number of each line, 0 for such a mark."""
    text: list[str] = []
    at: list[int] = []
    for number in numbers:
        line = lines[number - 1]
        if at and at[-1] != number - 1:
            text.append(line[: _indentation(line)] + "...")
            at.append(0)
        text.append(line)
        at.append(number)
    return textwrap.dedent("\n".join(text)), tuple(at)


@dataclass(frozen=True, slots=True)
class Choice:
    """What may be shown of one definition.

    Attributes:
        value: how much it is worth, relative to the others.
        lines: all lines of its file.
        heading: tokens of its heading, estimated.
        brief: its head is enough.
    """

    value: float
    lines: Sequence[str]
    parts: Parts
    heading: float
    brief: bool = False


def choose(choices: Sequence[Choice], budget: float) -> list[set[int]]:
    """The line numbers to show of each, so that what is shown is worth most within a budget of estimated tokens."""
    shown: list[set[int]] = [set() for _ in choices]
    spent = [0.0] * len(choices)
    left = budget
    waiting = [set(range(-1, 0 if choice.brief else len(choice.parts.body))) for choice in choices]
    offered = {at: _offered(choices[at], shown[at], waiting[at], 0.0) for at in range(len(choices))}
    while True:
        best: tuple[float, float, int, int] | None = None
        for at, offers in offered.items():
            for density, cost, place in offers:
                if cost <= left and (best is None or density > best[0]):
                    best = density, cost, at, place
        if best is None:
            return shown
        _, cost, at, place = best
        left -= cost
        spent[at] += cost / budget
        parts = choices[at].parts
        shown[at].update(parts.head.lines)
        waiting[at] -= {-1, place}
        if place >= 0:
            shown[at].update(parts.body[place].lines, parts.body[place].headers)
        offered[at] = _offered(choices[at], shown[at], waiting[at], spent[at])


def _offered(
    choice: Choice, shown: AbstractSet[int], waiting: AbstractSet[int], spent: float
) -> list[tuple[float, float, int]]:
    """What each waiting passage of a definition is worth per token, and what it costs; -1 is the head alone."""
    head = choice.parts.head
    offers: list[tuple[float, float, int]] = []
    for place in waiting:
        lines: set[int] = set() if shown else set(head.lines)
        worth = 0.0 if shown else head.worth
        cost = PASSAGE_TOKENS + (0.0 if shown else choice.heading)
        if place >= 0:
            passage = choice.parts.body[place]
            lines.update(passage.lines, passage.headers)
            worth += passage.worth
        for line in lines:
            if line not in shown:
                cost += _tokens(choice.lines[line - 1])
        offers.append((choice.value * worth / cost / (1 + SATIETY * spent), cost, place))
    return offers


def _tokens(line: str) -> float:
    return (len(line.strip()) + 3) / CHARACTERS_PER_TOKEN
