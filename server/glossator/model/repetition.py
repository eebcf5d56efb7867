"""Ends an answer that begins to repeat itself: small models write a sentence again, or a line of a list."""

from __future__ import annotations

import re

LEAST_REPEATED_CHARACTERS = 24
"""Shorter sentences and lines ("Yes.", "| --- |") may come again."""

_BOUNDARY = re.compile(r"\n|(?<=[^\d\s][.!?])\s")
_IGNORED = re.compile(r"\[\d+\]|\[\d*$|^\s*(?:[-*+•]|\d+[.)])\s+|^\s*(?:[-+•]|\d+[.)]?)$|[*_#>]")
"""What makes no difference between two sentences: citations, the marks of lists and of emphasis."""
_FENCE = "```"


class RepetitionFilter:
    """Passes an answer's text on, and stops before a sentence or line that was there already.

    A sentence is held back only as long as it might turn out to be a repetition. Code blocks are passed on as they are:
    code repeats lines for good reasons.

    Attributes:
        stopped: whether the answer ended with a repetition, which was not passed on.
    """

    def __init__(self) -> None:
        self.stopped = False
        self._seen: set[str] = set()
        self._current = ""
        """The sentence or line that is being written, and how much of it was passed on."""
        self._passed = 0
        self._in_code = False

    def feed(self, text: str, *, final: bool = False) -> str:
        """The text that can be shown now. `final`: nothing follows."""
        if self.stopped:
            return ""
        self._current += text
        shown: list[str] = []
        while match := _BOUNDARY.search(self._current):
            if self._in_code and match[0] != "\n" and (line := self._current.find("\n")) >= 0:
                end = line + 1
            elif self._in_code and match[0] != "\n":
                break
            else:
                end = match.end()
            if not self._end_sentence(end, shown):
                self.stopped = True
                return "".join(shown)
        if final:
            self.stopped = not self._end_sentence(len(self._current), shown)
        elif not self._may_repeat():
            shown.append(self._current[self._passed :])
            self._passed = len(self._current)
        return "".join(shown)

    def _end_sentence(self, end: int, shown: list[str]) -> bool:
        """Pass on the rest of a sentence; False if it was there before."""
        sentence, rest = self._current[:end], self._current[end:]
        known = _normalised(sentence)
        if sentence.lstrip().startswith(_FENCE):
            self._in_code = not self._in_code
        elif not self._in_code and len(known) >= LEAST_REPEATED_CHARACTERS:
            if known in self._seen:
                self._current = ""
                return False
            self._seen.add(known)
        shown.append(sentence[self._passed :])
        self._current, self._passed = rest, 0
        return True

    def _may_repeat(self) -> bool:
        """Whether what is being written might become a sentence that was there."""
        if self._in_code or self._passed or not self._seen:
            return False
        beginning = _normalised(self._current)
        return any(known.startswith(beginning) for known in self._seen)


def _normalised(sentence: str) -> str:
    return " ".join(_IGNORED.sub("", sentence).lower().split())
