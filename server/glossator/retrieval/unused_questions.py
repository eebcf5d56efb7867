"""Recognises questions about what nothing uses: "which functions are never used?", "find dead code in src/net".

Only a sentence that is such a question as a whole is recognised, by the forms in `data/unused_questions.txt`. Whether
there is a file or a class of the name that it gives is for others to find out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from glossator.retrieval.kinds import FUNCTION_KINDS, TYPE_KINDS
from glossator.retrieval.use_questions import LONGEST_QUESTION, question_patterns

_KINDS: Final[tuple[tuple[str, frozenset[str]], ...]] = (
    (r"functions?|helpers?", FUNCTION_KINDS),
    (r"methods?", frozenset(("method", "rpc"))),
    (r"class(?:es)?", frozenset(("class", "struct", "object", "component"))),
    (r"types?", TYPE_KINDS),
    (r"interfaces?|traits?|protocols?", frozenset(("interface", "trait", "protocol"))),
    (r"structs?", frozenset(("struct", "union"))),
    (r"enums?", frozenset(("enum", "enum_member"))),
    (r"constants?", frozenset(("constant", "enum_member"))),
    (r"variables?|globals?", frozenset(("variable", "constant"))),
    (r"fields?|attributes?|propert(?:y|ies)", frozenset(("field", "property"))),
    (r"members?", frozenset(("method", "field", "property", "enum_member"))),
    (r"macros?", frozenset(("macro",))),
)
_ELSE: Final = re.compile(
    r"\b(?:imports?|parameters?|arguments?|local variables?|locals|files?|modules?|dependenc(?:y|ies)|packages?)\b",
    re.IGNORECASE,
)
"""What the index does not tell about."""
_PARTS: Final = re.compile(r"\b(?:private|public|exported|internal)\b", re.IGNORECASE)
_SEEN: Final = {"private": "file", "internal": "project", "public": "public", "exported": "public"}
_EVERYTHING: Final = re.compile(
    r"(?:(?:this|the|our|my|that|your|all|whole|entire|current|all of|of|indexed) )*"
    r"(?:code ?base|project|repo(?:sitory)?|code|workspace|application|app|library|program|source(?: code)?"
    r"|everything)",
    re.IGNORECASE,
)
_THIS: Final = re.compile(
    r"(?:this|the current|the open|that) (?P<what>file|module|class|folder|directory|package|function|type|struct)"
    r"|here|it|this",
    re.IGNORECASE,
)
_CALLED: Final = {
    **dict.fromkeys(("folder", "directory", "package"), "folder"),
    **dict.fromkeys(("file", "module"), "file"),
}
_WORDS: Final = re.compile(
    r"^(?:(?:the|a|an|our|my|all of|all) )*"
    r"(?:(?:file|folder|directory|class|module|package|type|struct|interface|trait|path|sub-?folder|namespace) )?",
    re.IGNORECASE,
)
_TRAILING: Final = re.compile(
    r" (?:file|folder|directory|class|module|package|type|struct|interface|trait)$", re.IGNORECASE
)
_NOT: Final = re.compile(r"\b(is|are|was|were|does|do|has|have)n['’]t\b", re.IGNORECASE)
_SIGN: Final = re.compile(
    r"\b(?:unused|dead|never|not?|nothing|no ?body|nowhere|without|zero|orphaned|un-?(?:called|referenced)|unneeded"
    r"|unnecessary|delete|deleted|removed?|drop|dropped)\b",
    re.IGNORECASE,
)
"""A word that every such question has: most questions are told apart by it, before any form is tried."""
_QUOTES: Final = "`'\"“”„«»"


@dataclass(frozen=True, slots=True)
class UnusedQuestion:
    """A question about what nothing uses.

    Attributes:
        kinds: kinds of definitions that are asked about; none for all.
        words: the kinds as they were written ("functions"), "" for code in general.
        seen: from how far what is asked about can be seen ("file", "project" or "public"); "" for all.
        where: a file, folder or type as written; "" for everything, or the one that the question is asked at.
        this: what the question is asked in: "file", "folder", "class"; "" if it names none of these.
        other: what is asked about in place of definitions, of which the index cannot tell whether it is used.
    """

    kinds: frozenset[str] = frozenset()
    words: str = ""
    seen: str = ""
    where: str = ""
    this: str = ""
    other: str = ""


def parse_unused_question(text: str) -> UnusedQuestion | None:
    """The question about what nothing uses that a text is; None if it is something else."""
    sentence = " ".join(text.split())
    if not sentence or len(sentence) > LONGEST_QUESTION or "\n" in text.strip():
        return None
    ahead = re.fullmatch(r"(?:in|inside|within) (?P<where>\S.{0,100}?)[,:] (?P<rest>.+)", sentence, re.IGNORECASE)
    asked = _NOT.sub(r"\1 not", ahead["rest"] if ahead is not None else sentence)
    if _SIGN.search(asked) is None:
        return None
    for _, pattern in question_patterns("unused_questions.txt"):
        if (found := pattern.fullmatch(asked)) is not None:
            groups = found.groupdict()
            where = next((groups[one] for one in ("x", "x2", "x3") if groups.get(one)), "")
            kinds = next((groups[one] for one in ("k", "k2") if groups.get(one)), "")
            return _question(kinds, where or (ahead["where"] if ahead is not None else ""))
    return None


def kinds_named(words: str) -> frozenset[str]:
    """The kinds of definitions that words such as "functions" and "constant" stand for; none for words like "code"."""
    found = (meant for form, meant in _KINDS if re.search(rf"\b(?:{form})\b", words, re.IGNORECASE))
    return frozenset().union(*found)


def _question(kinds: str, where: str) -> UnusedQuestion:
    place, this = _place(where)
    if (other := _ELSE.search(kinds)) is not None:
        return UnusedQuestion(words=kinds, where=place, this=this, other=other[0].lower())
    chosen = kinds_named(kinds)
    part = _PARTS.search(kinds)
    seen = _SEEN[part[0].lower()] if part is not None else ""
    return UnusedQuestion(chosen, kinds.lower() if chosen else "", seen, place, this)


def _place(written: str) -> tuple[str, str]:
    """The place that is named, and what "this" is; both "" for everything."""
    where = written.strip().rstrip("?!.,;:").strip()
    if not where or _EVERYTHING.fullmatch(where):
        return "", ""
    if (this := _THIS.fullmatch(where)) is not None:
        what = (this["what"] or "file").lower()
        return "", _CALLED.get(what, "class")
    bare = _TRAILING.sub("", _WORDS.sub("", where)) or where
    return bare.strip(_QUOTES), ""
