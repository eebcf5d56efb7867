"""Ends an answer that begins to repeat itself: small models write a sentence again, or a line of a list."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LEAST_REPEATED_CHARACTERS = 24
"""Shorter sentences and lines ("Yes.", "| --- |") may come again."""
LONGEST_LOOP = 160
"""Tokens of the longest passage that is looked for in an answer that repeats itself: small models repeat paragraphs."""

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


def is_looping(tokens: Sequence[int]) -> bool:
    """Whether an answer goes round in circles: its end repeats what stands before it, word for word.

    A passage of 24 tokens or more (a sentence) counts when it comes for the second time in a row, a shorter one when it
    has filled 48 tokens, or 96 if it is as short as the cells of a table or the zeros of a matrix.
    """
    total = len(tokens)
    if total < 48 or total % 4:  # checking every fourth token is enough
        return False

    def repeats(period: int, count: int) -> bool:
        """Whether each of the last `count` tokens is the one `period` before it."""
        return count + period <= total and tokens[total - count :] == tokens[total - count - period : total - period]

    shortest = next((period for period in range(1, LONGEST_LOOP + 1) if repeats(period, max(period, 24))), 0)
    if shortest >= 24:
        return True
    return shortest > 0 and repeats(shortest, (96 if shortest < 8 else 48) - shortest)


def _normalised(sentence: str) -> str:
    return " ".join(_IGNORED.sub("", sentence).lower().split())
