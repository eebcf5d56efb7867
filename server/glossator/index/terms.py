"""Text to search terms: identifiers whole and in parts, case folded.

Used alike on what is indexed and on what is asked, so the two always agree.
"""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W_][\w]*|_+[^\W_][\w]*", re.UNICODE)
_PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+|[^\W\d_A-Za-z]+")


def split_identifier(identifier: str) -> list[str]:
    """The parts of an identifier, lower case: "parseHTTPResponse2" -> ["parse", "http", "response", "2"]."""
    return [part.lower() for part in _PART.findall(identifier)]


def analyze(text: str) -> list[str]:
    """The terms of a text in order: each word in parts, and whole (folded, underscores dropped) if it has several."""
    terms: list[str] = []
    for word in _WORD.findall(text):
        parts = split_identifier(word)
        terms.extend(parts)
        if len(parts) > 1:
            terms.append("".join(parts))
    return terms
