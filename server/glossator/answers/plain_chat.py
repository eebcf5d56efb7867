"""A conversation with the model as it is, without evidence: for editors that have a chat of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glossator.errors import ModelNotFoundError
from glossator.model.chat import Delta, Done, TokenUsage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glossator.answers.model_access import ModelAccess
    from glossator.model.chat import ChatMessage, StopReason


@dataclass(frozen=True, slots=True)
class PlainAnswer:
    """What a model wrote, and how that ended."""

    text: str
    model: str
    finish_reason: StopReason
    usage: TokenUsage


async def plain_chat(
    access: ModelAccess, messages: Sequence[ChatMessage], on_delta: Callable[[str], None], max_tokens: int | None = None
) -> PlainAnswer:
    """Have the model go on with a conversation; `on_delta` gets its text as it is written.

    Raises:
        ModelNotFoundError: there is no model.
        ModelError: it cannot be used, or failed.
    """
    async with access.in_use():
        model = access.model()
        if model is None:
            raise ModelNotFoundError("no model is installed: choose one, or set an endpoint")
        parts: list[str] = []
        done = Done("stop", TokenUsage())
        async for event in model.chat(messages, max_tokens=max_tokens):
            if isinstance(event, Delta):
                parts.append(event.text)
                on_delta(event.text)
            elif isinstance(event, Done):
                done = event
        return PlainAnswer("".join(parts), model.status.name, done.finish_reason, done.usage)
