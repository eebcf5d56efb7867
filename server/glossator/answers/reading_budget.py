"""How much evidence a model reads before the first word of an answer: what it manages while a user waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glossator.model.chat import ChatModel

LEAST_EVIDENCE_TOKENS = 300
"""One good excerpt with its heading. An answer without it is worth nothing, so the slowest model reads as much."""
MAX_EVIDENCE_TOKENS = 12_000
"""Evidence shown to a model of any speed and context: more dilutes the answer."""


def evidence_budget(model: ChatModel, room: int, *, unread: int = 0) -> int:
    """How many tokens of evidence to show to a model: its reading speed x the setting `patience`.

    Args:
        room: tokens that the model's context leaves for evidence.
        unread: tokens of the rest of the prompt that the model has not evaluated yet.
    """
    speed = model.reading_speed
    if speed is None:
        return min(room, MAX_EVIDENCE_TOKENS)
    in_time = int(speed * model.settings.patience) - unread
    return min(max(in_time, LEAST_EVIDENCE_TOKENS), MAX_EVIDENCE_TOKENS, room)
