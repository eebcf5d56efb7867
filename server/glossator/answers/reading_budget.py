"""How much evidence a model reads before the first word of an answer: what it manages while a user waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glossator.model.speed import LEAST_EVIDENCE_TOKENS, evidence_tokens

if TYPE_CHECKING:
    from glossator.model.chat import ChatModel

MAX_EVIDENCE_TOKENS = 12_000
"""Evidence shown to a model of any speed and context: more dilutes the answer."""
FOLLOW_UP_SHARE = 0.3
"""Part of the patience for a follow-up: the model has the evidence of the questions before in its context."""
LEAST_FOLLOW_UP_TOKENS = 200
"""One good excerpt more."""


def evidence_budget(model: ChatModel, room: int, *, unread: int = 0, follow_up: bool = False) -> int:
    """How many tokens of evidence to show to a model: what it reads within the setting `patience` (see `speed`).

    Args:
        room: tokens that the model's context leaves for evidence.
        unread: tokens of the rest of the prompt that the model has not evaluated yet.
        follow_up: whether it is a later question of a conversation.
    """
    speed = model.reading_speed
    if speed is None:
        return min(room, MAX_EVIDENCE_TOKENS)
    patience = model.settings.patience * (FOLLOW_UP_SHARE if follow_up else 1.0)
    least = LEAST_FOLLOW_UP_TOKENS if follow_up else LEAST_EVIDENCE_TOKENS
    in_time = evidence_tokens(speed, max(patience - unread / speed, 0.0), least)
    return min(in_time, MAX_EVIDENCE_TOKENS, room)
