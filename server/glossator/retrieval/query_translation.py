"""Questions in German, French and Spanish: which language a text reads, and what code calls its words.

Lexical means only: stop words tell the language, and a table of beginnings of words (`data/translations.txt`) holds
what programmers name in every language. Words that are not in it stay as they are: many are the same in English.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from glossator.index.embedding import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LANGUAGES = ("german", "french", "spanish")
"""In the order of the table's columns."""
MOST_WORDS = 2
"""English words taken for one foreign word."""
SHORTEST = 3
"""Letters of the shortest beginning."""
LONGEST_ENDING = 6

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
"""What may follow a beginning before another reading is tried: a compound, a verb with a prefix."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """One language.

    Attributes:
        stop: its stop words.
        telling: those that neither English nor code has: they tell the language.
        beginnings: beginning of a word -> English words.
    """

    name: str
    stop: frozenset[str]
    telling: frozenset[str]
    beginnings: Mapping[str, tuple[str, ...]]


@cache
def _lexicons() -> tuple[Lexicon, ...]:
    folder = files("glossator").joinpath("data")
    data = json.loads(folder.joinpath("words.json").read_text("utf-8"))
    shared = frozenset(data["english_stop"].split()) | frozenset(data["untelling"].split())
    rows = [
        [part.split() for part in line.split("|")]
        for line in folder.joinpath("translations.txt").read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    lexicons = []
    for column, name in enumerate(LANGUAGES, 1):
        beginnings: dict[str, list[str]] = {}
        for row in rows:
            for beginning in row[column] if column < len(row) else ():
                beginnings.setdefault(beginning, []).extend(row[0])
        stop = frozenset(plain(data[f"{name}_stop"]).split())
        table = {beginning: tuple(dict.fromkeys(words)) for beginning, words in beginnings.items()}
        lexicons.append(Lexicon(name, stop, stop - shared, table))
    return tuple(lexicons)


def language_of(raw: Sequence[str], english_stop: frozenset[str]) -> Lexicon | None:
    """The language that a text's words read in; None for English, and for texts too short to tell.

    It has two stop words of the language, or one and a word with letters that English doesn't have; and more than
    English ones.
    """
    lowered = {plain(word).lower() for word in raw}
    foreign = any(not word.isascii() for word in raw)
    best = max(_lexicons(), key=lambda lexicon: len(lowered & lexicon.telling))
    found = len(lowered & best.telling)
    others = len(lowered & (english_stop - best.stop))
    return best if found >= (1 if foreign else 2) and found > others else None


def english_of(word: str, lexicon: Lexicon) -> tuple[str, ...]:
    """What code calls a word of the language; empty if that isn't known."""
    folded = plain(word).lower()
    if lexicon.name != "german":
        return _looked_up(folded, lexicon.beginnings)[:MOST_WORDS]
    if found := _looked_up(folded, lexicon.beginnings, _GERMAN_ENDINGS):
        return found[:MOST_WORDS]
    for prefix in map(plain, _VERB_PREFIXES):  # "hochgeladen" is a form of "hochladen"
        if folded.startswith(f"{prefix}ge") and (
            found := _looked_up(prefix + folded[len(prefix) + 2 :], lexicon.beginnings)
        ):
            return found[:MOST_WORDS]
    for cut in range(len(folded) - SHORTEST, SHORTEST, -1):  # "Dateipfad" is "Datei" and "Pfad"
        first = _looked_up(folded[:cut], lexicon.beginnings)
        last = _looked_up(folded[cut:], lexicon.beginnings) if first else ()
        if last:
            return (first[0], last[0])
    for prefix in map(plain, _VERB_PREFIXES):
        if folded.startswith(prefix) and (
            found := _looked_up(folded[len(prefix) :].removeprefix("ge"), lexicon.beginnings)
        ):
            return found[:MOST_WORDS]
    return (_looked_up(folded, lexicon.beginnings) or _looked_up(folded.removeprefix("ge"), lexicon.beginnings))[
        :MOST_WORDS
    ]


def _looked_up(
    word: str, beginnings: Mapping[str, tuple[str, ...]], endings: frozenset[str] = frozenset()
) -> tuple[str, ...]:
    """The words of the longest beginning that leaves one of the endings, or any that is short beside it."""
    for length in range(len(word), SHORTEST - 1, -1):
        rest = len(word) - length
        if rest > LONGEST_ENDING or (rest >= length and rest > 2):
            break
        if (found := beginnings.get(word[:length])) and (not endings or word[length:] in endings):
            return found
    return ()
