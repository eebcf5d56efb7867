"""The interface of a chat model, and the plain values that go in and come out.

The local process (`client`) and a remote server (`endpoint`) implement `ChatModel`; `factory` opens the one that the
settings name. This module knows neither.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Self

from glossator.model.turns import Turns

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from glossator.model.speed import Speed
    from glossator.settings import Settings

MessageRole = Literal["system", "user", "assistant"]
ModelPhase = Literal["none", "loading", "ready", "busy", "failed", "stopping"]
StopReason = Literal["stop", "length", "preempted"]


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One turn of a conversation with a model.

    `content` in several parts is the same as their concatenation, except that each part keeps its tokens when another
    one changes, and that the token counts of parts add up.
    """

    role: MessageRole
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
class TokenUsage:
    """Figures of one answer. Times start when the request reaches the model, after waiting and loading."""

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

    finish_reason: StopReason
    usage: TokenUsage


ChatEvent = Delta | Thinking | Done


@dataclass(frozen=True, slots=True)
class ReadingProgress:
    """How far a prompt has been read.

    Attributes:
        done, total: tokens, without those that were in the cache.
        seconds_left: expected; None if the speed is not known.
    """

    done: int
    total: int
    seconds_left: float | None

    def __str__(self) -> str:
        left = f", {max(round(self.seconds_left), 1)} s left" if self.seconds_left is not None else ""
        return f"reading {self.done:,} of {self.total:,} tokens{left}"


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """What a model is doing.

    Attributes:
        progress: 0 to 1 while loading or reading the prompt; None otherwise.
        reading: while reading the prompt, how far it is.
        reason: why the state is "failed"; "" otherwise.
        device: where it runs ("CPU, 3 threads", "CUDA0 (NVIDIA H200), 25 of 25 layers"), once that is known.
        note: what a user should know about this model; usually "".
    """

    state: ModelPhase
    name: str = ""
    device: str = ""
    context_tokens: int = 0
    progress: float | None = None
    reason: str = ""
    note: str = ""
    reading: ReadingProgress | None = None


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """The arguments of `ChatModel.chat`, with the defaults of the settings filled in."""

    messages: tuple[ChatMessage, ...]
    max_tokens: int
    temperature: float
    seed: int
    stop: tuple[str, ...]
    think: bool
    background: bool
    timeout: float | None


class ChatModel(ABC):
    """A model that writes answers. Methods may be called concurrently; answers are written one at a time."""

    def __init__(
        self, settings: Settings, on_status: Callable[[ModelStatus], None] | None, status: ModelStatus
    ) -> None:
        """Args: on_status: called on the event loop whenever `status` changes."""
        self.settings = settings
        self._on_status = on_status
        self._status = status
        self._turns = Turns()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.close()

    @property
    def status(self) -> ModelStatus:
        """What it is doing now."""
        return self._status

    @property
    def reading_speed(self) -> float | None:
        """Tokens of a prompt that it reads per second; None if that is not known."""
        return self.speed.reading if self.speed is not None else None

    def _set(self, state: ModelPhase, **changes: Any) -> None:
        """Change the status. Progress and reason are reset unless given."""
        status = replace(self._status, state=state, **{"progress": None, "reading": None, "reason": "", **changes})
        if status != self._status:
            self._status = status
            if self._on_status is not None:
                self._on_status(status)

    @property
    def speed(self) -> Speed | None:
        """How fast it is here; None if that is not known, as that of a server."""
        return None

    @abstractmethod
    async def load(self) -> ModelStatus:
        """Get ready to answer; does nothing if the model is ready.

        Raises:
            ModelError: it cannot be used, with the reason.
        """

    async def prepare(self, messages: Sequence[ChatMessage]) -> int:
        """Get ready for prompts that begin with these messages, of which the last may go on.

        Returns how many of their tokens are still to be read; reading them continues in the background.

        Raises:
            ModelError: the model cannot be used, with the reason.
        """
        del messages
        return 0

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
        settings = self.settings
        return self._chat(
            ChatRequest(
                tuple(messages),
                max_tokens=settings.max_answer_tokens if max_tokens is None else max_tokens,
                temperature=settings.temperature if temperature is None else temperature,
                seed=settings.seed if seed is None else seed,
                stop=tuple(stop),
                think=think,
                background=background,
                timeout=timeout,
            )
        )

    @abstractmethod
    def _chat(self, request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
        """Implements `chat`."""

    @abstractmethod
    async def count(self, texts: Sequence[str]) -> list[int]:
        """Number of tokens of each text; works while an answer is being written."""

    @abstractmethod
    async def unload(self) -> None:
        """Free the memory; the next request loads the model again."""

    @abstractmethod
    async def close(self) -> None:
        """Stop everything; the model cannot be used afterwards."""
