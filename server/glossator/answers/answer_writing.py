"""Has a model write an answer, and checks it while it is written."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glossator.answers.prompts import EXAMPLE_SENTENCES
from glossator.answers.sourced_stream import SourcedStream
from glossator.model.chat import Delta, Done, Thinking

if TYPE_CHECKING:
    from collections.abc import Callable

    from glossator.answers.citations import Verify
    from glossator.answers.prompts import Prompt
    from glossator.answers.sourced_stream import SourcedAnswer
    from glossator.model.chat import ChatModel


@dataclass(frozen=True, slots=True)
class WrittenAnswer:
    """What a model wrote.

    Attributes:
        sourced: what is shown of it, with its sources.
        raw: the answer as the model wrote it.
        thinking: what a reasoning model wrote before.
        done: how it ended, and what it cost; None if the model did not say.
    """

    sourced: SourcedAnswer
    raw: str
    thinking: str
    done: Done | None


async def write_answer(
    model: ChatModel,
    prompt: Prompt,
    verify: Verify,
    show: Callable[[str], None],
    *,
    question: str = "",
    is_unknown: Callable[[str], bool] = lambda _: False,
    background: bool = False,
    most_sentences: int = 0,
) -> WrittenAnswer:
    """Have the model answer a prompt.

    Args:
        model: what writes.
        prompt: the question, with the evidence that may be cited.
        verify: tells whether a citation holds; it may read files, and is called in other threads.
        show: called in the event loop with more of the answer, its sources included, as it is written.
        question: what was asked, in the user's words.
        is_unknown: tells whether a name occurs nowhere in the index; it may read, and is called in other threads.
        most_sentences: after how many sentences the model is stopped; 0 for no limit.
        background: give way to any answer that somebody waits for.

    Raises:
        ModelError: the model cannot be used, or failed.
    """
    stream = SourcedStream(prompt.evidence, verify, question, is_unknown, EXAMPLE_SENTENCES, most_sentences)
    written: list[str] = []
    thinking: list[str] = []
    done: Done | None = None

    def shown(text: str) -> None:
        if text:
            show(text)

    events = model.chat(prompt.messages, background=background)
    try:
        async for event in events:
            if isinstance(event, Delta):
                written.append(event.text)
                if stream.may_read(event.text):
                    shown(await asyncio.to_thread(stream.feed, event.text))
                else:
                    shown(stream.feed(event.text))
                if stream.is_full:
                    break
            elif isinstance(event, Thinking):
                thinking.append(event.text)
            else:
                done = event
    finally:
        await events.aclose()
    shown(await asyncio.to_thread(stream.finish))
    return WrittenAnswer(stream.result(), "".join(written), "".join(thinking), done)
