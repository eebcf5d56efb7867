"""Recognises questions about uses in words: "who calls X", "where is X set", "what would break if X changes".

Only a sentence that is such a question as a whole is recognised, in the languages of `data/use_questions.txt`. Whether
there is a symbol of that name is for others to find out: this module does not know the index.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal, cast

from glossator.data_files import data_text

UseAspect = Literal[
    "uses", "calls", "callees", "writes", "reads", "imports", "overrides", "subclasses", "tests", "impact", "any"
]
"""What is asked about a symbol: all its uses; where it is called; what it calls; where it is assigned to, read,
imported, overridden or implemented, inherited from, tested; what depends on it; whether it is used at all."""

LONGEST_QUESTION = 300
"""Characters of the longest sentence that is taken for a question about uses."""


@dataclass(frozen=True, slots=True)
class UseQuestion:
    """A question about the uses of a symbol.

    Attributes:
        aspect: what is asked.
        name: the symbol as written, without quotes and words such as "the function"; "" for "this", which is the symbol
            that the question is asked at.
        path: a file that the symbol is said to be in, as written; "" if none is given.
    """

    aspect: UseAspect
    name: str
    path: str = ""


_POLITE = r"(?:(?:please|can you|could you|tell me|show me|find(?: me)?|list|give me|show|do you know),? )*"
_ANY_USE = frozenset(("uses", "calls"))
"""Aspects for which "is it ...?" asks whether there is any use, of whatever kind."""


@cache
def question_patterns(name: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The aspects and questions of a data file, in its order; `data/use_questions.txt` describes the format."""
    text = data_text(name)
    parts: dict[str, str] = {}
    tables: dict[str, dict[str, str]] = {}
    found: list[tuple[str, re.Pattern[str]]] = []

    def add(aspect: str, pattern: str) -> None:
        whole = re.compile(rf"[¿¡\s]*{_POLITE}(?:{pattern})[\s?!.]*", re.IGNORECASE)
        found.append((aspect, whole))

    def filled(pattern: str) -> str:
        return re.sub(r"\{([A-Z_]+\d?)\}", lambda part: parts[part[1]], pattern)

    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if (part := re.match(r"(\w+(?:\.\w+)?) = (.*)", line)) is not None:
            table, _, aspect = part[1].rpartition(".")
            if table:
                tables.setdefault(table, {})[aspect] = f"(?:{filled(part[2])})"
            else:
                parts[part[1]] = filled(part[2])
            continue
        head, _, pattern = line.partition(": ")
        pattern = filled(pattern)
        for aspect, words in tables.get(head.rstrip("!"), {}).items():
            asked = "any" if head.endswith("!") and aspect in _ANY_USE else aspect
            add(asked, pattern.replace("{it}", words))
        if head not in tables and not head.endswith("!"):
            add(head, pattern)
    return tuple(found)


_KIND = (
    r"(?:functions?|methods?|class(?:es)?|constants?|variables?|fields?|propert(?:y|ies)|attributes?|modules?|types?"
    r"|interfaces?|traits?|structs?|enums?|macros?|fixtures?|symbols?|members?|constructors?|components?|hooks?|protocols?"
    r"|funktion|methode|klasse|konstante|feld|eigenschaft|modul|schnittstelle|typ|konstruktor"
    r"|fonction|méthode|classe|constante|champ|propriété|función|método|clase|campo|propiedad|interfaz|tipo)"
)
_ARTICLE = r"(?:the|an?|our|my|your|der|die|das|den|dem|le|la|les|el|los|las|una?)"
_LEADING = re.compile(rf"(?:{_ARTICLE} )?(?:{_KIND} )?(?=\S)|l'", re.IGNORECASE)
_TRAILING = re.compile(rf"(?<=\S) {_KIND}$", re.IGNORECASE)
_FOCUS = re.compile(
    rf"(?:this|that|it|these|here|diese[rsmn]?|es|ce(?:ci|la|tte)?|cet|est[eoa]|eso)(?: {_KIND}| code| one)?",
    re.IGNORECASE,
)
_WITHIN = re.compile(
    rf"(?P<inner>\S+)(?: {_KIND})? (?:in|of|from|on|inside|within|der|des|von|aus|de|du|del|dans|en) (?P<outer>\S.*)",
    re.IGNORECASE,
)
_OWNED = re.compile(r"(?P<outer>[\w.:]+)(?:'s|’s) (?P<inner>\S+)")
_FILE = re.compile(r"[\w@.+~\-\[\]$/\\]*(?:[/\\][\w@.+~\-\[\]$]+|\.[A-Za-z][A-Za-z0-9+]{0,7})(?::\d+)?")
_CLASS_MEMBER = re.compile(r"[A-Z]\w*\.\w+")
_NAME = re.compile(r"[^\s,;]{1,120}")
_QUOTES = "`'\"“”„«»"


def parse_use_question(text: str) -> UseQuestion | None:
    """The question about uses that a text is; None if it is something else."""
    sentence = " ".join(text.split())
    if not sentence or len(sentence) > LONGEST_QUESTION or "\n" in text.strip():
        return None
    for aspect, pattern in question_patterns("use_questions.txt"):
        found = pattern.fullmatch(sentence)
        if found is None:
            continue
        written = next((value for value in found.groupdict().values() if value), "")
        symbol = named_symbol(written)
        if symbol is not None and not is_plain_word(symbol[0], written, sentence):
            return UseQuestion(cast("UseAspect", aspect), *symbol)
    return None


def is_plain_word(name: str, written: str, sentence: str) -> bool:
    """Whether a name is more likely a word of the language: "who writes to the database", "where are files read"."""
    if not re.fullmatch(r"[^\W\dA-Z_]+", name) or written.strip()[:1] in _QUOTES:
        return False
    article = re.match(rf"{_ARTICLE} (?!{_KIND} )", written, re.IGNORECASE)
    named = _TRAILING.search(written.strip()) is not None
    plural = re.search(r"\b(?:are|werden|sont|son)\b", sentence, re.IGNORECASE)
    return (article is not None and not named) or plural is not None


def named_symbol(written: str) -> tuple[str, str] | None:
    """The name and the file that a phrase gives; None if it is no name."""
    phrase = written.strip().rstrip("?!.,;:").strip()
    if _FOCUS.fullmatch(phrase):
        return "", ""
    phrase = _bare(phrase)
    path = ""
    if (owned := _OWNED.fullmatch(phrase)) is not None:
        phrase = f"{owned['outer']}.{_unquoted(owned['inner'])}"
    elif (within := _WITHIN.fullmatch(phrase)) is not None:
        inner = _unquoted(within["inner"])
        outer = re.sub(r"^(?:file|datei|fichier|archivo) ", "", _bare(within["outer"]), flags=re.IGNORECASE)
        outer = _unquoted(outer)
        if _FILE.fullmatch(outer) and not _CLASS_MEMBER.fullmatch(outer):
            phrase, path = inner, outer
        elif _NAME.fullmatch(outer):
            phrase = f"{outer}.{inner}"
        else:
            return None
    phrase = _unquoted(phrase)
    if not _NAME.fullmatch(phrase) or not re.search(r"[^\W\d]|[=<>+*/%!&|^~\[\]-]", phrase):
        return None
    return phrase, path


def _bare(phrase: str) -> str:
    """A phrase without articles and words for kinds of symbols, unless nothing else is left of it."""
    while True:
        shorter = _TRAILING.sub("", _LEADING.sub("", phrase, count=1).strip())
        if not shorter or shorter == phrase:
            return phrase
        phrase = shorter


def _unquoted(text: str) -> str:
    return text.strip().strip(_QUOTES).strip()
