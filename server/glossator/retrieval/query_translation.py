"""Questions in German, French and Spanish: detects the language and translates programming terms into English.

Two word lists, no model: stop words identify the language (`data/words.json`), and a table of word stems
(`data/translations.txt`) gives the English words that code uses. Words that are not in the table are kept, as many are
the same in English. `scripts/bench translation` measures the effect (docs/benchmarks.md).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from glossator.data_files import data_text
from glossator.index.embedding import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TRANSLATED_LANGUAGES = ("german", "french", "spanish")
"""In the order of the table's columns."""
MAX_TRANSLATIONS = 2
"""Maximum number of English words for one foreign word."""
MIN_STEM = 3
"""Minimum letters of a stem."""
MAX_ENDING = 6
"""Maximum letters after a stem."""

_VERB_PREFIXES = (
    *("zusammen", "weiter", "zurück", "wieder", "runter", "herunter", "hoch", "nach", "fest", "durch", "ein", "aus"),
    *("auf", "ab", "an", "um", "zu", "vor", "bei", "mit", "über", "unter", "weg", "los"),
)
_GERMAN_ENDINGS = frozenset(
    (
        *("", "e", "en", "em", "er", "es", "n", "s", "t", "te", "ten", "tem", "ter", "tes", "st", "et", "est"),
        *("end", "ende", "enden", "ung", "ungen", "ns", "ion", "ionen", "or", "oren", "ator", "isch", "ische"),
        *("ischen", "ieren", "iert", "ierte", "ierten", "ierung", "ierungen", "ation", "ationen", "atur", "bar"),
        *("lich", "in", "innen", "keit", "chen"),
    )
)
"""Inflections of German stems; a word with any other ending is first read as a compound or a prefixed verb."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The word lists of one language; all words in lower case without accents.

    Attributes:
        name: one of `TRANSLATED_LANGUAGES`.
        stop: its stop words.
        distinctive: the stop words that are neither English nor common in code, which identify the language.
    """

    name: str
    stop: frozenset[str]
    distinctive: frozenset[str]

    @property
    def stems(self) -> Mapping[str, tuple[str, ...]]:
        """Word stem -> English words, the best first; read when a question in the language is asked."""
        return _stems()[self.name]


@cache
def _lexicons() -> tuple[Lexicon, ...]:
    data = json.loads(data_text("words.json"))
    shared = frozenset(data["english_stop"].split()) | frozenset(data["ambiguous"].split())
    stops = {name: frozenset(plain(data[f"{name}_stop"]).split()) for name in TRANSLATED_LANGUAGES}
    return tuple(Lexicon(name, stop, stop - shared) for name, stop in stops.items())


@cache
def _stems() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """The table of word stems, by language."""
    rows = [
        [part.split() for part in line.split("|")]
        for line in data_text("translations.txt").splitlines()
        if line and not line.startswith("#")
    ]
    tables: dict[str, Mapping[str, tuple[str, ...]]] = {}
    for column, name in enumerate(TRANSLATED_LANGUAGES, 1):
        stems: dict[str, list[str]] = {}
        for row in rows:
            for stem in row[column] if column < len(row) else ():
                stems.setdefault(stem, []).extend(row[0])
        tables[name] = {stem: tuple(dict.fromkeys(words)) for stem, words in stems.items()}
    return tables


def detect_language(words: Sequence[str], english_stop: frozenset[str]) -> Lexicon | None:
    """The language that a question is written in; None for English, and for texts too short to tell.

    A question counts as foreign if it has at least two of the language's distinctive stop words (one, if a word has
    letters that English lacks) and more of them than English stop words.
    """
    lowered = {plain(word).lower() for word in words}
    accented = any(not word.isascii() for word in words)
    best = max(_lexicons(), key=lambda lexicon: len(lowered & lexicon.distinctive))
    found = len(lowered & best.distinctive)
    english = len(lowered & (english_stop - best.stop))
    return best if found >= (1 if accented else 2) and found > english else None


def translate(word: str, lexicon: Lexicon) -> tuple[str, ...]:
    """The English words that code uses for a word of the language, the best first; empty if it is not in the table."""
    folded = plain(word).lower()
    if lexicon.name != "german":
        return _look_up(folded, lexicon.stems)[:MAX_TRANSLATIONS]
    if found := _look_up(folded, lexicon.stems, _GERMAN_ENDINGS):
        return found[:MAX_TRANSLATIONS]
    for prefix in map(plain, _VERB_PREFIXES):  # "hochgeladen" is a form of "hochladen"
        if folded.startswith(f"{prefix}ge") and (found := _look_up(prefix + folded[len(prefix) + 2 :], lexicon.stems)):
            return found[:MAX_TRANSLATIONS]
    for cut in range(len(folded) - MIN_STEM, MIN_STEM, -1):  # "Dateipfad" is "Datei" and "Pfad"
        first = _look_up(folded[:cut], lexicon.stems)
        last = _look_up(folded[cut:], lexicon.stems) if first else ()
        if last:
            return (first[0], last[0])
    for prefix in map(plain, _VERB_PREFIXES):
        if folded.startswith(prefix) and (found := _look_up(folded[len(prefix) :].removeprefix("ge"), lexicon.stems)):
            return found[:MAX_TRANSLATIONS]
    return (_look_up(folded, lexicon.stems) or _look_up(folded.removeprefix("ge"), lexicon.stems))[:MAX_TRANSLATIONS]


def _look_up(word: str, stems: Mapping[str, tuple[str, ...]], endings: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """The translations of the longest stem whose ending is one of `endings`, or, without these, is short enough."""
    for length in range(len(word), MIN_STEM - 1, -1):
        rest = len(word) - length
        if rest > MAX_ENDING or (rest >= length and rest > 2):
            break
        if (found := stems.get(word[:length])) and (not endings or word[length:] in endings):
            return found
    return ()
