"""What every source of answers has in common: the values that come out of it, and how one is chosen.

The local process (`client`) and a remote endpoint (`endpoint`) are used through the same interface, `ChatModel`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from glossator.settings import Settings

Role = Literal["system", "user", "assistant"]
State = Literal["none", "loading", "ready", "busy", "failed", "stopping"]
FinishReason = Literal["stop", "length", "preempted"]


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One turn of a conversation with a model.

    `content` in several parts is the same as their concatenation, except that each part keeps its tokens when another
    one changes, and that the token counts of parts add up.
    """

    role: Role
    content: str | tuple[str, ...]

    @property
    def text(self) -> str:
        """The content as one text."""
        return self.content if isinstance(self.content, str) else "".join(self.content)


@dataclass(frozen=True, slots=True)
class Delta:
    """More of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Thinking:
    """More of what a reasoning model writes before its answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Of one answer. Times count from the moment the request reached the model, not waiting and loading."""

    prompt_tokens: int = 0
    reused_tokens: int = 0
    """Tokens of the prompt that were in the cache already."""
    completion_tokens: int = 0
    time_to_first_token_ms: float | None = None
    tokens_per_second: float | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """The end of the answer; always the last event.

    `finish_reason` is "stop" when the model ended by itself or at a stop text, "length" when the answer's or the
    context's limit was reached, "preempted" when a background request gave way to an interactive one.
    """

    finish_reason: FinishReason
    usage: Usage


ChatEvent = Delta | Thinking | Done


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """What a model's source is doing.

    Attributes:
        progress: 0 to 1 of the loading, or of reading the prompt; None when it is neither.
        reason: why the state is "failed"; "" otherwise.
        device: where it really runs ("CPU, 3 threads", "CUDA0 (NVIDIA H200), 25 of 25 layers"), once that is known.
        note: what a user should know about this model or its use; "" mostly.
    """

    state: State
    name: str = ""
    device: str = ""
    context_tokens: int = 0
    progress: float | None = None
    reason: str = ""
    note: str = ""


class ChatModel(Protocol):
    """A source of answers. Methods may be called concurrently; answers are made one at a time."""

    @property
    def status(self) -> ModelStatus:
        """What it is doing now."""

    async def load(self) -> ModelStatus:
        """Get ready to answer; nothing happens if it is.

        Raises:
            ModelError: it cannot be used, with the reason.
        """

    def chat(
        self,
        messages: Sequence[ChatMessage],
        *,
        max_tokens: int | None = None,
        temperature: float | None = None,
        seed: int | None = None,
        stop: Sequence[str] = (),
        think: bool = False,
        background: bool = False,
        timeout: float | None = None,
    ) -> AsyncGenerator[ChatEvent, None]:
        """Stream an answer, loading the model first if need be. Closing the generator cancels the answer.

        Args:
            max_tokens: of the answer; default `Settings.max_answer_tokens`.
            stop: texts at which the answer ends (they are not part of it).
            think: ask a reasoning model to think first.
            background: give way to any request that is not in the background.
            timeout: seconds for the whole answer.

        Raises:
            ModelError: no answer could be made, or not all of it.
        """

    async def count(self, texts: Sequence[str]) -> list[int]:
        """Number of tokens of each text; answered also while an answer is written."""

    async def unload(self) -> None:
        """Give the memory back; the next request loads again."""

    async def close(self) -> None:
        """End everything."""


def open_model(settings: Settings, on_status: Callable[[ModelStatus], None] | None = None) -> ChatModel:
    """The source of answers that the settings name. Nothing is started or loaded yet."""
    if settings.endpoint:
        from glossator.model.endpoint import EndpointClient

        return EndpointClient(settings, on_status)
    from glossator.model.client import ModelClient

    return ModelClient(settings, on_status)
