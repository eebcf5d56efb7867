"""What the checks of a model's answer found, in words: the sentences that nothing supports.

Names that are nowhere in the code are told in the answer itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from glossator.answers.answerer import Answer

MOST_QUOTED: Final = 5
"""Sentences that are quoted; how many more there are is told."""
QUOTED_CHARS: Final = 160
"""Characters that are quoted of a sentence."""


def doubts(answer: Answer) -> list[str]:
    """A line for each sentence that no source supports; none for an answer from the index alone."""
    text = answer.answer
    sentences = [_shortened(text[start:end]) for start, end in answer.unsupported]
    lines = [f"nothing in the code found supports: “{sentence}”" for sentence in sentences[:MOST_QUOTED]]
    if (more := len(sentences) - MOST_QUOTED) > 0:
        lines.append(f"nor does it support {more} more sentence{'s' if more > 1 else ''}")
    return lines


def _shortened(sentence: str) -> str:
    text = " ".join(sentence.split())
    return text if len(text) <= QUOTED_CHARS else f"{text[: QUOTED_CHARS - 1].rstrip()}…"
