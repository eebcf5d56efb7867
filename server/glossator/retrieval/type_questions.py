"""Recognises questions about what a type implements or extends: "which interfaces does T implement?", "does T
implement I?".

Only a sentence that is such a question as a whole is recognised, by the forms in `data/type_questions.txt`. Whether
there are types of these names is for others to find out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from glossator.retrieval.use_questions import LONGEST_QUESTION, is_plain_word, named_symbol, question_patterns

_NOT: Final = re.compile(r"\b(is|are|does|do)n['’]t (\S+)", re.IGNORECASE)
_SIGN: Final = re.compile(
    r"implement|satisf|conform|exten[ds]|inherit|deriv|sub-?(?:class|type)|adopt|mix|embed|fulfil|overrid|child"
    r"|descendant|super|interface|trait|protocol|base|parent|ancestor|used (?:as|where)",
    re.IGNORECASE,
)
"""What every such question has: most questions are told apart by it, before any form is tried."""
_ANYTHING: Final = re.compile(
    r"(?:any|some|no|every)(?:thing|one|body)?\b.*|what|who|which|we|you|i|they", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class TypeQuestion:
    """A question about what a type implements or extends, or a member overrides.

    Attributes:
        name: the type or member as written; "" for the one that the question is asked at.
        path: a file that it is said to be in; "" if none is given.
        other: what it may implement; "" if all is asked for.
        other_path: a file that that is said to be in.
    """

    name: str
    path: str = ""
    other: str = ""
    other_path: str = ""


def parse_type_question(text: str) -> TypeQuestion | None:
    """The question about a type's supertypes that a text is; None if it is something else."""
    sentence = " ".join(text.split())
    if not sentence or len(sentence) > LONGEST_QUESTION or "\n" in text.strip() or not _SIGN.search(sentence):
        return None
    sentence = _NOT.sub(r"\1 \2 not", sentence)
    for aspect, pattern in question_patterns("type_questions.txt"):
        if (found := pattern.fullmatch(sentence)) is None or _ANYTHING.fullmatch(found["t"]):
            continue
        named = named_symbol(found["t"])
        if named is None or (named[0] and is_plain_word(named[0], found["t"], sentence)):
            continue
        if aspect == "supertypes":
            return TypeQuestion(*named)
        other = None if _ANYTHING.fullmatch(found["i"]) else named_symbol(found["i"])
        if other is not None and other[0] and not is_plain_word(other[0], found["i"], sentence):
            return TypeQuestion(*named, *other)
    return None
