"""What all chat models have in common: the arguments of a request, and the status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glossator.model.chat import ChatMessage, ChatModel, ChatRequest, Delta, Done, ModelStatus, TokenUsage
from glossator.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from glossator.model.chat import ChatEvent


class Recorder(ChatModel):
    """Notes what it is asked, and answers nothing."""

    def __init__(self, settings: Settings) -> None:
        self.seen: list[ModelStatus] = []
        self.requests: list[ChatRequest] = []
        self.closed = False
        super().__init__(settings, self.seen.append, ModelStatus("none"))

    async def load(self) -> ModelStatus:
        self._set("loading", progress=0.5, name="recorder")
        self._set("loading", progress=0.5)
        self._set("ready")
        return self.status

    async def _chat(self, request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
        self.requests.append(request)
        yield Delta("x")
        yield Done("stop", TokenUsage())

    async def count(self, texts: Sequence[str]) -> list[int]:
        return [len(text) for text in texts]

    async def unload(self) -> None:
        self._set("failed", reason="it was unloaded")

    async def close(self) -> None:
        self.closed = True


async def test_a_request_takes_its_defaults_from_the_settings() -> None:
    settings = Settings(max_answer_tokens=7, temperature=0.3, seed=5)
    async with Recorder(settings) as model:
        assert [event async for event in model.chat([ChatMessage("user", "a")])][-1] == Done("stop", TokenUsage())
        _ = [event async for event in model.chat([], max_tokens=0, temperature=0.0, seed=0, stop=["b"], timeout=2.0)]
    first, second = model.requests
    assert first.messages == (ChatMessage("user", "a"),)
    assert (first.max_tokens, first.temperature, first.seed, first.stop, first.timeout) == (7, 0.3, 5, (), None)
    assert (second.max_tokens, second.temperature, second.seed, second.stop, second.timeout) == (0, 0.0, 0, ("b",), 2.0)
    assert model.closed


async def test_each_change_of_the_status_is_reported_once() -> None:
    model = Recorder(Settings())
    await model.load()
    await model.unload()
    await model.load()
    assert [(status.state, status.progress, status.reason) for status in model.seen] == [
        ("loading", 0.5, ""),
        ("ready", None, ""),
        ("failed", None, "it was unloaded"),
        ("loading", 0.5, ""),
        ("ready", None, ""),
    ]
    assert model.status == model.seen[-1]
    assert model.status.name == "recorder"


def test_parts_of_a_message_are_their_concatenation() -> None:
    assert ChatMessage("user", ("a", "", "b")).text == ChatMessage("user", "ab").text == "ab"
