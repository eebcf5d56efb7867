"""Which lines of the evidence a sentence rests on, found by what both say.

A small model seldom cites what it uses. Its sentences give it away all the same: the names, numbers and string
literals in them stand on few lines. Those weigh most, then the rarer words; a number that the model wrote itself counts
a little.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from glossator.index import terms as analysis

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from glossator.answers.evidence import Evidence

CITED_LINES = 10
"""Lines that one source of a sentence spans at most."""
MOST_SOURCES = 3
"""Sources of one sentence."""
NAME_WEIGHT = 3.0
"""What a name of the code counts, of 1 for a word that is as rare; a number or a literal is as telling."""
ABSENT_WEIGHT = 1.0
"""What a word counts that is nowhere in the evidence: against the sentence."""
OWN_NUMBER = 0.15
"""Part of a sentence's weight that a piece is given for having been cited by the model itself."""
LINE_COST = 0.02
"""Part of a sentence's weight that each further line of a source has to be worth."""
FURTHER = 0.2
"""Part of a sentence's weight that a further source has to add, in two words at least, unless it adds a name."""
NAMES_HELD = 0.5
"""Part of the names in a sentence that its sources hold more than."""
SUPPORTED = 0.3
"""Part of a sentence's weight that its sources hold at least."""

_CODE = re.compile(r"(`+)(.+?)\1", re.DOTALL)
_BARE_CODE = re.compile(
    r"\b(?:[A-Za-z_]\w*(?:\.|::|->|#))+[A-Za-z_]\w*|\b[A-Za-z]\w*_\w+\b|\b_\w+|\b[A-Z]?[a-z0-9]+[A-Z]\w*"
    r"|\b[A-Z]{2,}[a-z]{2,}\w*|\b[A-Za-z_]\w*(?=\(\))"
)
_HUMPS = re.compile(r"[A-Za-z0-9]+")
_LITERALS = frozenset(("none", "null", "nil", "undefined", "true", "false"))
"""Values that every reader knows, whether the code mentions them or not."""
_FILE_NAME = re.compile(r"[\w./-]+\.[a-z]{1,4}$")
_NUMBER = re.compile(r"(?<![\w.\[])\d+(?![\w\]])")
_WORD = re.compile(r"[^\W\d_][\w'-]*")
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*$")
_ORDINARY = frozenset(
    """
    a about above according after again against all also an and any are as at based be because
    been before being below between both but by call called calls can case cases check checks code correctly
    could current default define defined defines depending describes determine determines directly do does
    done during each either else ensure ensures etc even every example excerpt exist exists first follow
    following for from function get gets give given gives go has have here how however if in including
    indicate indicates instead into involved is it its itself just like line lines made main make makes many
    may means method might mode more most must name named need needed needs new no not number object of on
    once one only or other otherwise out over own part particular passed perform performs place possible
    process provide provided provides purpose rather related result returned returns return same second see
    set sets should show shown shows simply since so some specific specified specify such take takes than that
    the their them then there these they this those through to too two type under until up use used user users
    uses using value values via was way we well were what when where whether which while who will with within
    without would you your
    """.split()  # noqa: SIM905 - one word a line would fill three screens
)
"""Words of explanations that say nothing about which lines are explained."""


@dataclass(frozen=True, slots=True)
class Source:
    """Lines that a sentence rests on.

    Attributes:
        number: the number of the piece of evidence.
        start_line, end_line: lines of its file (1-based, inclusive).
        weight: how much of the sentence they hold, 0 to 1.
    """

    number: int
    start_line: int
    end_line: int
    weight: float


@dataclass(frozen=True, slots=True)
class Support:
    """What the evidence holds of a sentence.

    Attributes:
        sources: the lines, the most telling first; empty where too little is held.
        share: how much of the sentence's weight they hold, 0 to 1.
        names: names of the code in it that are nowhere in the evidence, as written.
    """

    sources: tuple[Source, ...]
    share: float
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    terms: frozenset[str]


class SentenceSources:
    """Finds the lines that sentences rest on."""

    def __init__(self, evidence: Mapping[int, Evidence], question: str = "") -> None:
        """`evidence`: all that may be cited, by number; `question`: its names are nobody's invention."""
        self._lines: dict[int, list[_Line]] = {}
        self._headings: dict[int, frozenset[str]] = {}
        self._known = set(_tokens(question))
        counts: Counter[str] = Counter()
        for number, item in evidence.items():
            self._headings[number] = frozenset(_tokens(f"{item.path} {item.qualified_name}"))
            self._lines[number] = [_Line(at, frozenset(_tokens(text))) for at, text in _numbered(item)]
            for line in self._lines[number]:
                counts.update(line.terms)
            self._known |= self._headings[number]
        self._known |= counts.keys()
        total = 1 + sum(map(len, self._lines.values()))
        self._rarity = {term: math.log1p(total / count) for term, count in counts.items()}
        self._rarest = math.log1p(total)

    def find(self, sentence: str, cited: Sequence[int] = ()) -> Support:
        """What a sentence rests on; `cited`: the numbers that the model itself wrote at it."""
        names, words = _telling(sentence)
        weights = {word: self._rarity.get(word, ABSENT_WEIGHT) for word in words}
        weights |= {name: NAME_WEIGHT * self._rarity.get(name, self._rarest / 2) for name in names}
        total = sum(weights.values())
        invented = tuple(dict.fromkeys(text for text in names.values() if not self._occurs(text)))
        if not total:  # "It is the first one.": only the model can know
            own = [number for number in dict.fromkeys(cited) if self._lines.get(number)]
            return Support(tuple(self._beginning(number) for number in own), 0.0, invented)
        held: set[str] = set()
        sources: list[Source] = []
        while len(sources) < MOST_SOURCES:
            best = self._best(weights, held, total, [] if sources else cited)
            if best is None:
                break
            source, gained = best
            worth = sum(weights[term] for term in gained) / total
            if sources and not gained & names.keys() and (worth < FURTHER or len(gained) < 2):
                break
            held |= gained
            sources.append(source)
        share = sum(weights[term] for term in held) / total
        # A number or a word alone stands on many lines by chance.
        agreed = any(source.number in cited for source in sources)
        telling = len(held) > 1 or agreed or any(term.startswith("=") for term in held)
        named = {name for name, text in names.items() if text}
        # Lines that hold one of several names do not say what the sentence does.
        enough = share >= SUPPORTED and telling and (not named or len(held & named) > NAMES_HELD * len(named))
        return Support(tuple(sources) if enough else (), share, invented)

    def absent_names(self, text: str) -> tuple[str, ...]:
        """The names of the code in a text that are nowhere in the evidence, and that only code can have, as written.

        "JavaScript" looks like a name of the code, but is one only in backticks.
        """
        marked = {span.strip() for _, span in _CODE.findall(text)}
        names = [name for name in _telling(text)[0].values() if name and not self._occurs(name)]
        sure = [name for name in names if name in marked or not _HUMPS.fullmatch(name)]
        return tuple(name for name in dict.fromkeys(sure) if name.lower() not in _LITERALS)

    def _beginning(self, number: int) -> Source:
        lines = self._lines[number]
        first = lines[0].number
        return Source(number, first, max(line.number for line in lines if line.number < first + CITED_LINES), 0.0)

    def _best(
        self, weights: Mapping[str, float], held: set[str], total: float, cited: Sequence[int]
    ) -> tuple[Source, set[str]] | None:
        """The lines that hold most of what is not held yet, and what that is."""
        best: tuple[float, Source, set[str]] | None = None
        wanted = weights.keys() - held
        for number, lines in self._lines.items():
            heading = wanted & self._headings[number]
            telling = [(place, line.number, wanted & line.terms) for place, line in enumerate(lines)]
            telling = [one for one in telling if one[2]]
            if not telling and heading and lines:
                telling = [(0, lines[0].number, set())]
            own = OWN_NUMBER * total if number in cited else 0.0
            for first, (_, start, _) in enumerate(telling):
                gained = set(heading)
                for _, end, found in telling[first:]:
                    if end - start >= CITED_LINES:
                        break
                    gained |= found
                    score = sum(weights[term] for term in gained) - LINE_COST * total * (end - start) / 2
                    # What a heading names may be meant by any line of it: lines that say it themselves come first.
                    score += own - 0.3 * sum(weights[term] for term in heading - found)
                    if gained and (best is None or score > best[0] + 1e-9):
                        weight = sum(weights[term] for term in gained) / total
                        best = score, Source(number, start, end, weight), set(gained)
        return best[1:] if best is not None else None

    def _occurs(self, name: str) -> bool:
        return all(token in self._known for token in _own_tokens(name)[-1:])


def code_names(text: str) -> list[str]:
    """The names of code in a sentence, as written: what stands in backticks, and words that only code has."""
    spans = [match[2] for match in _CODE.finditer(text)]
    return [*spans, *(match[0] for match in _BARE_CODE.finditer(_CODE.sub(" ", text)))]


def _telling(sentence: str) -> tuple[dict[str, str], set[str]]:
    """The names in a sentence (as they are matched, and as they are written), and its telling words."""
    names: dict[str, str] = {}
    for text in code_names(sentence):
        plain = _PLAIN_NAME.match(re.split(r"\.|::|->|#", text.split("(")[0].strip())[-1]) and " " not in text.strip()
        is_name = bool(plain) and not _FILE_NAME.fullmatch(text.strip())
        for token in _own_tokens(text):
            names.setdefault(token, text.strip() if is_name else "")
    prose = _BARE_CODE.sub(" ", _CODE.sub(" ", re.sub(r"\[\d+\]", " ", sentence)))
    for number in _NUMBER.findall(prose):
        names.setdefault(number, "")
    words = {
        term
        for word in _WORD.findall(prose)
        if word.lower() not in _ORDINARY and len(word) > 1
        for term in analysis.word_terms(word)
    }
    return {name: text for name, text in names.items() if name}, words - names.keys()


def _own_tokens(text: str) -> list[str]:
    """The identifiers of a piece of code, case folded, each as a whole."""
    return [token for word in analysis.identifiers(text) if (token := f"={word.strip('_').lower()}") != "="]


def _tokens(text: str) -> Iterable[str]:
    """What a line can be matched by: its identifiers as wholes, and the stems of all words."""
    found = analysis.identifiers(text)
    numbers = [word for word in found if word.isdigit()]
    return {*_own_tokens(text), *analysis.analyze(text), *numbers}


def _numbered(item: Evidence) -> list[tuple[int, str]]:
    """The lines of a piece that are shown, with their numbers in the file."""
    lines = item.text.split("\n")
    if item.form == "unfolded":
        return [(item.start_line, item.text)]
    numbers = item.line_numbers or range(item.start_line, item.start_line + len(lines))
    return [(number, line) for number, line in zip(numbers, lines, strict=False) if number]


def narrowed(item: Evidence, start_line: int, end_line: int) -> Evidence:
    """The piece as far as these lines of it, to be cited."""
    if item.form == "unfolded":
        return item
    start, end = max(start_line, item.start_line), min(end_line, item.end_line)
    source = item.source.split("\n")[start - item.start_line : end + 1 - item.start_line]
    return replace(item, start_line=start, end_line=end, source="\n".join(source))


def is_invented(name: str, occurs: Callable[[Sequence[str]], bool]) -> bool:
    """Whether a name of the code occurs nowhere in the index either; `occurs` looks terms up there."""
    tokens = [word for word in analysis.identifiers(name.split("(")[0]) if not word.isdigit()]
    if not tokens:
        return False
    terms = analysis.word_terms(tokens[-1])
    return bool(terms) and not occurs(terms)
