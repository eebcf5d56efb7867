"""Text to search terms: whole identifiers and their parts, case folded, lightly stemmed.

Used for both entries and queries, so that they always agree. This module does not know the store: a term contains no
white space, and the store's full text splits only at white space.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from glossator.late_patterns import late

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glossator.index.entries import Entry

MAX_TERM = 40
"""Longer terms (hashes, base64) are dropped: nobody searches for them, and they fill the index."""
MAX_ENTRY_TERMS = 3000
"""Maximum terms of one entry; its text has at most about 4,000 characters, so only unusual text reaches this."""

KEPT_WORDS: Final = 1 << 17
"""Words whose terms are kept in memory, about 20 MB."""

_WORD = re.compile(r"[^\W_]\w*|_+[^\W_]\w*")
_IDENTIFIER = re.compile(r"\w+")
_SPACED = bytes(byte if chr(byte).isalnum() or byte == 0x5F else 0x20 for byte in range(128)) + b" " * 128
"""ASCII with spaces in place of the characters that words cannot contain."""
PART: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
"""A part of an ASCII identifier; see `identifier_parts`."""
_PART_UNICODE = late(r"[A-Z]+(?=[A-Z][a-z])|[^\W\d_]+|[0-9]+")
_HUMP_UNICODE = late(r"(?<=[^\W\d_A-Z])(?=[A-Z])")
_CJK = late(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")

_SUFFIXES = frozenset(
    (
        *(
            "izations",
            "ization",
            "isation",
            "izing",
            "izers",
            "izer",
            "ized",
            "izes",
            "ize",
            "ations",
            "ators",
            "ation",
        ),
        *(
            "ator",
            "ating",
            "ated",
            "ates",
            "ate",
            "ively",
            "ive",
            "ions",
            "ion",
            "ings",
            "ing",
            "ers",
            "er",
            "ors",
            "ed",
        ),
        *("ements", "ement", "ments", "ment", "able", "ible", "ally", "al", "ly", "e"),
    )
)
"""Endings that are removed, at most two in turn; at least three letters remain."""
_SUFFIX_SIZES = {
    last: sorted({len(suffix) for suffix in _SUFFIXES if suffix[-1] == last}, reverse=True)
    for last in {suffix[-1] for suffix in _SUFFIXES}
}
"""How long suffixes are that end in a letter, longest first."""


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """The stem of a lower-case word: "parser", "parsing" and "parses" all give "pars"."""
    if len(word) < 4 or not word.isascii() or not word.isalpha():
        return word
    root = word
    if len(root) > 4 and root.endswith("ies"):
        root = root[:-3] + "y"
    elif root.endswith("s") and not root.endswith(("ss", "us", "is")):
        root = root[:-1]
    for _ in range(2):
        # Longest first, leaving three letters: if two endings match, the shorter is a suffix of the longer.
        for size in _SUFFIX_SIZES.get(root[-1], ()):
            if size <= len(root) - 3 and root[-size:] in _SUFFIXES:
                root = root[:-size]
                break
        else:
            break
    if len(root) > 3 and root[-1] == root[-2] and root[-1] in "bdgmnprt":
        root = root[:-1]
    if len(root) > 3 and root.endswith("y"):
        root = root[:-1] + "i"
    return root


@lru_cache(maxsize=1 << 16)
def identifier_parts(identifier: str) -> tuple[str, ...]:
    """What `split_identifier` gives."""
    if identifier.isascii():
        if identifier.islower() and identifier.isalpha():
            return (identifier,)
        return tuple(part.lower() for part in PART.findall(identifier))
    spaced = _HUMP_UNICODE.sub("_", identifier)
    parts: list[str] = []
    for part in _PART_UNICODE.findall(spaced):
        if _CJK.fullmatch(part) and len(part) > 2:  # no spaces between words there: pairs of letters stand for words
            parts.extend(part[i : i + 2] for i in range(len(part) - 1))
        else:
            parts.append(part.lower())
    return tuple(parts)


def split_identifier(identifier: str) -> list[str]:
    """The parts of an identifier, lower case: "parseHTTPResponse2" -> ["parse", "http", "response", "2"]."""
    return list(identifier_parts(identifier))


def folded(identifier: str) -> str:
    """An identifier without case and underscores: "parse_config" and "ParseConfig" give "parseconfig"."""
    return "".join(identifier_parts(identifier))


@lru_cache(maxsize=1 << 17)
def word_terms(word: str) -> tuple[str, ...]:
    """The terms of one word or identifier: the stems of its parts, then of the whole if it has several parts.

    Single letters are left out of names with several parts ("x" alone stays).
    """
    parts = identifier_parts(word)
    if len(parts) == 1:
        return (stem(parts[0]),) if len(parts[0]) <= MAX_TERM else ()
    terms = [stem(part) for part in parts if 1 < len(part) <= MAX_TERM]
    whole = "" if not word.isascii() and _CJK.search(word) else "".join(parts)
    if 1 < len(whole) <= MAX_TERM:
        terms.append(stem(whole))
    return tuple(terms)


class _JoinedTerms(dict[str, str]):
    """Word -> its terms, joined with spaces, made on the word's first use.

    A look-up is all that most words cost, and it takes half as long as one in an `lru_cache`.
    """

    def __missing__(self, word: str) -> str:
        if len(self) >= KEPT_WORDS:
            self.clear()
        terms = self[word] = " ".join(word_terms(word))
        return terms


JOINED: Final = _JoinedTerms()
_joined_terms: Final = JOINED.__getitem__


def identifiers(text: str) -> list[str]:
    """The words and identifiers of a text in order, underscores at their ends and runs of underscores included."""
    if text.isascii():
        # The same result as the expression's, more than five times as fast. For bytes, a table is used as it is; for a
        # string, it would be looked up anew, letter by letter.
        return text.encode().translate(_SPACED).decode().split()
    return _IDENTIFIER.findall(text)


def analyze(text: str) -> list[str]:
    """The terms of a text in order: see `word_terms`."""
    return " ".join(map(_joined_terms, identifiers(text))).split()


def words(text: str) -> list[str]:
    """The words and identifiers of a text as written, in order."""
    return _WORD.findall(text)


@lru_cache(maxsize=1 << 12)
def path_terms(path: str) -> tuple[str, ...]:
    """The terms that a path adds to each of its entries: its stem twice, its last three folders once."""
    folders, _, name = path.rpartition("/")
    file_stem = stem_of(name)
    return (*analyze(file_stem), *analyze(file_stem), *analyze(" ".join(folders.split("/")[-3:])))


@lru_cache(maxsize=1 << 12)
def _joined_path_terms(path: str) -> str:
    return " ".join(path_terms(path))


def stem_of(path: str) -> str:
    """The file's name without its extensions: "a/b/parser.test.ts" -> "parser", ".eslintrc.js" -> "eslintrc"."""
    name = path.rpartition("/")[2].lstrip(".")
    return name.partition(".")[0] or name


def entry_terms(path: str, entry: Entry, words: Sequence[str] | None = None) -> str:
    """The terms of an entry for the full text: those of its text and path, joined with spaces.

    `words` are the `identifiers` of its text, if the caller has them.
    """
    terms = " ".join(map(_joined_terms, identifiers(entry.text) if words is None else words)).strip()
    if "  " in terms:  # of words without terms
        terms = " ".join(terms.split())
    if len(terms) > MAX_ENTRY_TERMS and terms.count(" ") >= MAX_ENTRY_TERMS:
        terms = " ".join(terms.split(" ", MAX_ENTRY_TERMS)[:MAX_ENTRY_TERMS])
    return f"{terms} {_joined_path_terms(path)}".strip(" ")
