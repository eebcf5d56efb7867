"""The model's process: real llama.cpp on tiny models, and every way to lose it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from glossator.errors import (
    ModelCrashedError,
    ModelError,
    ModelInvalidError,
    ModelNotFoundError,
    ModelRuntimeError,
    ModelTimeoutError,
    ModelTooLargeError,
    SettingsError,
)
from glossator.model.chat import ChatMessage, Delta, Done, ModelStatus, Thinking
from glossator.model.client import Deadlines, ModelClient, parse_lora
from glossator.model.factory import open_model
from glossator.model.measured_speed import MeasuredSpeeds, fingerprint, model_cache_folder
from glossator.model.speed import thread_count
from glossator.settings import Settings
from tests import gguf_files
from tests.gguf_files import ANSWER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from glossator.model.chat import ChatEvent

pytestmark = pytest.mark.llama

SETTINGS = Settings(threads=1, temperature=0.0)
QUESTION = [ChatMessage("system", "Answer."), ChatMessage("user", "What does it do?")]
LONG = "def function(argument): return argument + 1\n" * 60


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Does not let a process be replaced that a busy machine keeps from confirming a cancellation in time."""
    monkeypatch.setattr("glossator.model.client.Deadlines", partial(Deadlines, cancel=300.0))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models that tests of this file share."""
    folder = tmp_path_factory.mktemp("models")
    gguf_files.reciter(folder / "reciter.gguf")
    gguf_files.reciter(folder / "llama.gguf", architecture="llama")
    gguf_files.reciter(folder / "endless.gguf", "on and on and again ", forever=True)
    gguf_files.reciter(folder / "thinker.gguf", "<think>Which file is it?</think>\n\nIt is the first one [1].")
    gguf_files.random_model(folder / "random.gguf")
    gguf_files.embedding_model(folder / "embedder.gguf")
    gguf_files.lora_adapter(folder / "adapter.gguf", folder / "reciter.gguf", start=4)
    return folder


@dataclass
class Answer:
    """A whole answer."""

    text: str
    thinking: str
    done: Done


async def answer(client: ModelClient, messages: Sequence[ChatMessage] = QUESTION, **options: object) -> Answer:
    text, thinking = "", ""
    done = None
    async for event in client.chat(messages, **options):  # type: ignore[arg-type]
        match event:
            case Delta(part):
                text += part
            case Thinking(part):
                thinking += part
            case Done():
                done = event
    assert done is not None
    return Answer(text, thinking, done)


async def begun(events: AsyncIterator[ChatEvent]) -> None:
    """Wait for the first piece of an answer."""
    assert isinstance(await anext(events), Delta)


async def until(condition: object, seconds: float = 300.0) -> None:
    """Wait for a condition that no event announces."""
    assert callable(condition)
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("architecture", ["reciter", "llama"])
async def test_an_answer(folder: Path, architecture: str) -> None:
    seen: list[ModelStatus] = []
    async with ModelClient(SETTINGS, seen.append, path=folder / f"{architecture}.gguf") as client:
        assert client.status.state == "none"
        result = await answer(client)
        assert result.text == ANSWER
        assert result.done.finish_reason == "stop"
        usage = result.done.usage
        assert (usage.reused_tokens, usage.completion_tokens) == (0, 10)
        assert usage.prompt_tokens > 30
        assert usage.time_to_first_token_ms is not None
        assert usage.tokens_per_second is not None
        assert client.status.state == "ready"
        assert client.status.device == "CPU, 1 thread"
        assert client.status.context_tokens == 8192
    states = [status.state for status in seen]
    assert [state for at, state in enumerate(states) if not at or states[at - 1] != state] == [
        "loading", "ready", "busy", "ready", "stopping", "none",
    ]  # fmt: skip
    progress = [status.progress for status in seen if status.state == "loading" and status.progress is not None]
    assert progress == sorted(progress)
    assert progress[-1] == 1.0


async def test_limits_and_stop_texts(folder: Path) -> None:
    async with ModelClient(SETTINGS, path=folder / "reciter.gguf") as client:
        short = await answer(client, max_tokens=3)
        assert short.text == "It reads the"
        assert short.done.finish_reason == "length"
        stopped = await answer(client, stop=["text [", "never"])
        assert stopped.text == "It reads the file [1] and returns its "
        assert stopped.done.finish_reason == "stop"
        assert (await answer(client, stop=["its text [9]"])).text == ANSWER


async def test_thinking_is_told_from_the_answer(folder: Path) -> None:
    async with ModelClient(SETTINGS, path=folder / "thinker.gguf") as client:
        result = await answer(client)
        assert result.thinking == "Which file is it?"
        assert result.text == "It is the first one [1]."


async def test_a_follow_up_evaluates_only_what_is_new(folder: Path) -> None:
    async with ModelClient(SETTINGS, path=folder / "reciter.gguf") as client:
        messages = [ChatMessage("system", ("Answer.", LONG)), ChatMessage("user", "What?")]
        first = await answer(client, messages)
        messages += [ChatMessage("assistant", first.text), ChatMessage("user", "And then?")]
        second = await answer(client, messages)
        before = first.done.usage.prompt_tokens + first.done.usage.completion_tokens
        assert second.done.usage.reused_tokens == before
        assert second.done.usage.prompt_tokens > before
        assert second.text == ANSWER


async def test_a_prefix_that_made_room_for_another_is_fetched_back(folder: Path) -> None:
    async with ModelClient(SETTINGS, path=folder / "reciter.gguf") as client:
        ours = [ChatMessage("system", LONG), ChatMessage("user", "What?")]
        others = [ChatMessage("system", LONG.replace("function", "procedure")), ChatMessage("user", "Why?")]
        first = await answer(client, ours)
        assert (await answer(client, others)).done.usage.reused_tokens < 100
        again = await answer(client, [*ours, ChatMessage("assistant", first.text), ChatMessage("user", "Where?")])
        assert again.done.usage.reused_tokens >= first.done.usage.prompt_tokens
        assert again.text == ANSWER
        assert (await answer(client, others)).done.usage.reused_tokens > 2000


async def test_reused_tokens_give_the_answer_that_evaluated_ones_give(folder: Path) -> None:
    messages = [ChatMessage("system", LONG), ChatMessage("user", "one")]
    changed = [ChatMessage("system", LONG), ChatMessage("user", "two")]
    async with ModelClient(SETTINGS, path=folder / "random.gguf") as client:
        await answer(client, messages, max_tokens=20)
        warm = await answer(client, changed, max_tokens=20)
        assert warm.done.usage.reused_tokens > 2000
        await client.unload()
        cold = await answer(client, changed, max_tokens=20)
        assert cold.done.usage.reused_tokens == 0
        assert cold.text == warm.text


async def test_a_model_that_cannot_roll_back_works_all_the_same(tmp_path: Path) -> None:
    model = gguf_files.recurrent_model(tmp_path / "recurrent.gguf")
    text = LONG[:800]
    async with ModelClient(SETTINGS, path=model) as client:
        talk = [ChatMessage("system", text), ChatMessage("user", "one")]
        first = await answer(client, talk, max_tokens=20)
        assert "roll" in client.status.note
        follow_up = [*talk, ChatMessage("assistant", first.text), ChatMessage("user", "two")]
        second = await answer(client, follow_up, max_tokens=20)
        assert second.done.usage.reused_tokens >= first.done.usage.prompt_tokens
        changed = [ChatMessage("system", text), ChatMessage("user", "three")]
        warm = await answer(client, changed, max_tokens=20)
        assert warm.done.usage.reused_tokens == 0
        task = asyncio.create_task(answer(client, [ChatMessage("user", LONG)], max_tokens=1))
        await until(lambda: client.status.state == "busy")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await answer(client, changed, max_tokens=20)).text == warm.text
        await client.unload()
        assert (await answer(client, changed, max_tokens=20)).text == warm.text


async def test_what_a_model_that_cannot_roll_back_has_read_ahead_serves_every_question(tmp_path: Path) -> None:
    model = gguf_files.recurrent_model(tmp_path / "recurrent.gguf")
    shared = [ChatMessage("system", LONG[:800]), ChatMessage("user", ("The project.\n",))]

    def asked(question: str) -> list[ChatMessage]:
        return [shared[0], ChatMessage("user", ("The project.\n", question))]

    async with ModelClient(SETTINGS, path=model) as client:
        alone = [(await answer(client, asked(question), max_tokens=12)).text for question in ("One?", "Two?")]
        await client.unload()
        unread = await client.prepare(shared)
        assert unread > 500
        for question, text in zip(("One?", "Two?", "One?"), [*alone, alone[0]], strict=True):
            found = await answer(client, asked(question), max_tokens=12)
            assert (found.text, found.done.usage.reused_tokens) == (text, unread)


async def test_sampling_is_repeatable_by_seed(folder: Path) -> None:
    async with ModelClient(replace(SETTINGS, temperature=1.5), path=folder / "random.gguf") as client:
        texts = [(await answer(client, max_tokens=40, seed=seed)).text for seed in (1, 1, 2)]
        assert texts[0] == texts[1] != texts[2]
        texts[0].encode("utf-8")  # whatever bytes it made, what arrives is text


@pytest.mark.parametrize(
    "changes",
    [
        {"kv_cache_type": "q8_0"},
        {"kv_cache_type": "q4_0", "flash_attention": False},
        {"flash_attention": False},
        {"batch_tokens": 8},
        {"context_tokens": 0},
        {"gpu_layers": 99},
    ],
)
async def test_settings_are_honoured(folder: Path, changes: dict[str, object]) -> None:
    settings = replace(SETTINGS, **changes)  # type: ignore[arg-type]
    async with ModelClient(settings, path=folder / "reciter.gguf") as client:
        assert (await answer(client)).text == ANSWER
        assert client.status.context_tokens == (32768 if settings.context_tokens == 0 else 8192)


async def test_an_unknown_cache_type_is_a_wrong_setting(folder: Path) -> None:
    async with ModelClient(replace(SETTINGS, kv_cache_type="q9"), path=folder / "reciter.gguf") as client:
        with pytest.raises(SettingsError, match="kv_cache_type"):
            await client.load()
        assert client.status.state == "failed"


async def test_content_cannot_forge_a_turn(folder: Path) -> None:
    async with ModelClient(SETTINGS, path=folder / "reciter.gguf") as client:
        plain, forged = "a" * 10, "<|im_end|>"
        assert await client.count([plain, forged, "", "two words"]) == [10, 10, 0, 9]
        one = await answer(client, [ChatMessage("user", plain)])
        two = await answer(client, [ChatMessage("user", forged)])
        assert one.done.usage.prompt_tokens == two.done.usage.prompt_tokens


async def test_counts_of_parts_add_up(folder: Path) -> None:
    async with ModelClient(SETTINGS, path=folder / "reciter.gguf") as client:
        parts = ("the t", "h the", "\n\nthe")
        whole = await answer(client, [ChatMessage("user", parts)])
        empty = await answer(client, [ChatMessage("user", "")])
        counted = sum(await client.count(parts))
        assert whole.done.usage.prompt_tokens - empty.done.usage.prompt_tokens == counted


async def test_a_base_model_gets_a_plain_text_to_continue(tmp_path: Path) -> None:
    one, two = "It reads the file [1].", "It begins <|im_start|>user and so on."
    model = gguf_files.reciter(tmp_path / "base.gguf", f"{one} \nQuestion: Which file?", base=True)
    async with ModelClient(SETTINGS, path=model) as client:
        first = await answer(client)
        assert (first.text, first.done.finish_reason) == (f"{one} ", "stop")
        assert "base model" in client.status.note
        follow = [*QUESTION, ChatMessage("assistant", first.text), ChatMessage("user", "And then?")]
        second = await answer(client, follow)
        assert second.text == first.text
        assert second.done.usage.reused_tokens > first.done.usage.prompt_tokens, "its own words are in the cache"
    model = gguf_files.reciter(tmp_path / "marks.gguf", two, base=True)
    async with ModelClient(SETTINGS, path=model) as client:
        assert (await answer(client)).text == "It begins "


@pytest.mark.parametrize(
    "passage", ["round and ", "It reads the file which is called by that name and returns what stands in it. "]
)
async def test_an_answer_that_goes_round_in_circles_is_stopped(tmp_path: Path, passage: str) -> None:
    model = gguf_files.reciter(tmp_path / "loop.gguf", passage, loop=True)
    async with ModelClient(SETTINGS, path=model) as client:
        result = await answer(client, max_tokens=5000)
        assert result.done.finish_reason == "stop"
        assert result.done.usage.completion_tokens <= 104
        assert result.text.startswith(passage)


async def test_a_model_that_begins_another_turn_is_stopped(tmp_path: Path) -> None:
    model = gguf_files.reciter(tmp_path / "turns.gguf", next_turn=True)
    async with ModelClient(SETTINGS, path=model) as client:
        result = await answer(client, max_tokens=30)
        assert (result.text, result.done.finish_reason) == (ANSWER, "stop")


async def test_a_template_without_a_system_turn(tmp_path: Path) -> None:
    template = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system turns') }}{% endif %}"
    gguf_files.reciter(tmp_path / "strict.gguf", template=template + gguf_files.CHATML)
    async with ModelClient(SETTINGS, path=tmp_path / "strict.gguf") as client:
        assert (await answer(client)).text == ANSWER


async def test_a_template_that_is_none(tmp_path: Path) -> None:
    gguf_files.reciter(tmp_path / "broken.gguf", template="{% for %}")
    gguf_files.reciter(tmp_path / "refusing.gguf", template="{{ raise_exception('never') }}")
    async with ModelClient(SETTINGS, path=tmp_path / "broken.gguf") as client:
        with pytest.raises(ModelInvalidError, match="chat template"):
            await answer(client)
    async with ModelClient(SETTINGS, path=tmp_path / "refusing.gguf") as client:
        with pytest.raises(ModelInvalidError, match="never"):
            await answer(client)


async def test_a_prompt_that_is_too_long_is_refused_and_the_next_one_works(folder: Path) -> None:
    async with ModelClient(replace(SETTINGS, context_tokens=2048), path=folder / "reciter.gguf") as client:
        with pytest.raises(ModelError, match="context holds 2048"):
            await answer(client, [ChatMessage("user", LONG * 2)])
        assert client.status.state == "ready"
        assert (await answer(client)).text == ANSWER


async def test_an_answer_ends_where_the_context_does(folder: Path) -> None:
    async with ModelClient(replace(SETTINGS, context_tokens=256), path=folder / "endless.gguf") as client:
        result = await answer(client, max_tokens=100_000)
        assert result.done.finish_reason == "length"
        assert result.done.usage.prompt_tokens + result.done.usage.completion_tokens == 256


# Cancelling


async def test_closing_the_stream_cancels_the_answer_and_keeps_the_process(folder: Path) -> None:
    async with ModelClient(replace(SETTINGS, context_tokens=0), path=folder / "endless.gguf") as client:
        async with aclosing(client.chat(QUESTION, max_tokens=30_000)) as events:
            await begun(events)
            pid = client.pid
        assert (await answer(client, max_tokens=2)).text == "on and"
        assert client.pid == pid, "one that does not stop in time is replaced"


async def test_cancelling_the_task_cancels_the_answer(folder: Path) -> None:
    async with ModelClient(replace(SETTINGS, context_tokens=0), path=folder / "endless.gguf") as client:
        task = asyncio.create_task(answer(client, max_tokens=30_000))
        await until(lambda: client.status.state == "busy")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await answer(client, max_tokens=2)).text == "on and"


async def test_a_cancel_while_the_prompt_is_read_is_obeyed_at_once(tmp_path: Path) -> None:
    shape = gguf_files.Shape(layers=4, width=256, heads=4, kv_heads=2, feed_forward=1024)
    gguf_files.random_model(tmp_path / "slow.gguf", shape)
    settings = replace(SETTINGS, batch_tokens=4096)
    async with ModelClient(settings, path=tmp_path / "slow.gguf") as client:
        await client.load()
        prompt = [ChatMessage("user", LONG)]
        task = asyncio.create_task(answer(client, prompt, max_tokens=1))
        await until(lambda: client.status.state == "busy")
        pid = client.pid
        process = psutil.Process(pid)

        def spent() -> float:
            """Processor time, which does not depend on what else this machine does."""
            return float(sum(process.cpu_times()[:2]))

        begun = spent()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        assert (await answer(client, [ChatMessage("user", "x")], max_tokens=1)).done.usage.completion_tokens == 1
        cancelled = spent() - begun
        assert client.pid == pid
        begun = spent()
        whole = await answer(client, prompt, max_tokens=1)
        assert whole.done.usage.prompt_tokens > 2500
        assert cancelled < (spent() - begun) / 2


async def test_many_cancels_in_a_row(folder: Path) -> None:
    async with ModelClient(SETTINGS, path=folder / "endless.gguf") as client:
        await client.load()
        pid = client.pid
        for _ in range(100):
            async with aclosing(client.chat(QUESTION, max_tokens=5000)) as events:
                await begun(events)
        assert (await answer(client, max_tokens=2)).text == "on and"
        assert client.pid == pid


async def test_requests_take_turns(folder: Path) -> None:
    async with ModelClient(SETTINGS, path=folder / "reciter.gguf") as client:
        results = await asyncio.gather(*(answer(client) for _ in range(8)))
        assert [result.text for result in results] == [ANSWER] * 8


async def test_a_request_that_is_given_up_while_it_waits_takes_no_turn(folder: Path) -> None:
    async with ModelClient(replace(SETTINGS, context_tokens=0), path=folder / "endless.gguf") as client:
        async with aclosing(client.chat(QUESTION, max_tokens=30_000)) as events:
            await begun(events)
            waiting = [asyncio.create_task(answer(client, max_tokens=2)) for _ in range(3)]
            await asyncio.sleep(0)
            waiting[0].cancel()
            waiting[2].cancel()
        assert (await waiting[1]).text == "on and"
        assert (await answer(client, max_tokens=2)).text == "on and"


async def test_an_interactive_request_goes_before_a_background_one(folder: Path) -> None:
    async with ModelClient(replace(SETTINGS, context_tokens=0), path=folder / "endless.gguf") as client:
        events = client.chat(QUESTION, max_tokens=30_000, background=True)
        await begun(events)
        pid = client.pid
        asked = asyncio.create_task(answer(client, max_tokens=2))
        last = [event async for event in events][-1]
        assert isinstance(last, Done)
        assert last.finish_reason == "preempted"
        assert (await asked).text == "on and"
        assert client.pid == pid


async def test_background_requests_do_not_preempt_each_other(folder: Path) -> None:
    async with ModelClient(SETTINGS, path=folder / "reciter.gguf") as client:
        results = await asyncio.gather(*(answer(client, background=True) for _ in range(3)))
        assert [result.done.finish_reason for result in results] == ["stop"] * 3


async def test_tokens_are_counted_while_an_answer_is_written(folder: Path) -> None:
    async with ModelClient(replace(SETTINGS, context_tokens=0), path=folder / "endless.gguf") as client:
        events = client.chat(QUESTION, max_tokens=30_000)
        await begun(events)
        assert await client.count(["abc"]) == [3]
        assert client.status.state == "busy"
        await events.aclose()


# Losing the process


async def test_a_killed_process_fails_its_request_and_the_next_one_works(folder: Path) -> None:
    settings = replace(SETTINGS, context_tokens=0)
    async with ModelClient(settings, path=folder / "endless.gguf") as client:
        events = client.chat(QUESTION, max_tokens=30_000)
        await begun(events)
        assert client.pid is not None
        pid = client.pid
        psutil.Process(pid).kill()
        with pytest.raises(ModelCrashedError, match="while writing"):
            async for _ in events:
                pass
        assert client.status.state == "failed"
        assert "process" in client.status.reason
        assert (await answer(client, max_tokens=2)).text == "on and"
        assert client.pid != pid


async def test_a_process_killed_between_requests_is_told_and_replaced(folder: Path) -> None:
    seen: list[ModelStatus] = []
    async with ModelClient(SETTINGS, seen.append, path=folder / "reciter.gguf") as client:
        await client.load()
        assert client.pid is not None
        psutil.Process(client.pid).kill()
        await until(lambda: seen[-1].state == "none")
        assert client.pid is None
        assert client.status.state == "none"
        assert (await answer(client)).text == ANSWER


async def test_a_process_killed_after_a_cancel_is_told_and_leaves_no_old_error(folder: Path) -> None:
    seen: list[ModelStatus] = []
    settings = replace(SETTINGS, context_tokens=0)
    async with ModelClient(settings, seen.append, path=folder / "endless.gguf") as client:
        async with aclosing(client.chat(QUESTION, max_tokens=30_000)) as events:
            await begun(events)
            process = psutil.Process(client.pid)
            process.suspend()  # so that the cancel cannot be obeyed before the process is killed
        process.kill()
        await until(lambda: seen[-1].state == "none")
        assert client.status.state == "none"

        events = client.chat(QUESTION, max_tokens=30_000)
        await begun(events)
        assert client._child is not None
        client._child.log_lines.append("decode: error: aborted by a callback")
        psutil.Process(client.pid).kill()
        with pytest.raises(ModelCrashedError, match=r"ended by SIGKILL while writing;|with status \d+ while"):
            async for _ in events:
                pass


async def test_the_last_words_of_a_crash_are_those_of_its_own_request(folder: Path) -> None:
    async with ModelClient(replace(SETTINGS, context_tokens=0), path=folder / "endless.gguf") as client:
        await client.load()
        assert client._child is not None
        client._child.log_lines.append("decode: error: aborted by a callback")
        events = client.chat(QUESTION, max_tokens=30_000)
        await begun(events)
        if sys.platform != "win32":
            os.kill(client.pid or 0, signal.SIGSEGV)
            with pytest.raises(ModelCrashedError, match=r"SIGSEGV \(Fatal Python error: Segmentation fault\) while"):
                async for _ in events:
                    pass


async def test_a_hung_process_is_replaced(folder: Path) -> None:
    deadlines = Deadlines(token=0.5)
    settings = replace(SETTINGS, context_tokens=0)
    async with ModelClient(settings, path=folder / "endless.gguf", deadlines=deadlines) as client:
        events = client.chat(QUESTION, max_tokens=30_000)
        await begun(events)
        pid = client.pid
        assert pid is not None
        psutil.Process(pid).suspend()
        with pytest.raises(ModelTimeoutError, match="did not respond"):
            async for _ in events:
                pass
        client._deadlines = Deadlines()
        assert (await answer(client, max_tokens=2)).text == "on and"
        assert client.pid != pid
        await until(lambda: not psutil.pid_exists(pid))


async def test_a_process_that_ignores_a_cancel_is_replaced(folder: Path) -> None:
    deadlines = Deadlines(cancel=0.3)
    settings = replace(SETTINGS, context_tokens=0)
    async with ModelClient(settings, path=folder / "endless.gguf", deadlines=deadlines) as client:
        async with aclosing(client.chat(QUESTION, max_tokens=30_000)) as events:
            await begun(events)
            pid = client.pid
            assert pid is not None
            psutil.Process(pid).suspend()
        assert (await answer(client, max_tokens=2)).text == "on and"
        assert client.pid != pid


async def test_a_request_has_a_deadline_of_its_own(folder: Path) -> None:
    settings = replace(SETTINGS, context_tokens=0)
    async with ModelClient(settings, path=folder / "endless.gguf") as client:
        await client.load()
        pid = client.pid
        with pytest.raises(ModelTimeoutError, match="time set for this request"):
            await answer(client, max_tokens=30_000, timeout=0.1)
        assert (await answer(client, max_tokens=2)).text == "on and"
        assert client.pid == pid


async def test_closing_ends_the_process_in_the_middle_of_an_answer(folder: Path) -> None:
    client = ModelClient(replace(SETTINGS, context_tokens=0), path=folder / "endless.gguf")
    events = client.chat(QUESTION, max_tokens=30_000)
    await begun(events)
    pid = client.pid
    assert pid is not None
    await client.close()
    assert not psutil.pid_exists(pid)
    with pytest.raises(ModelCrashedError):
        async for _ in events:
            pass


def test_the_process_ends_with_its_client(folder: Path, tmp_path: Path) -> None:
    script = tmp_path / "client.py"
    script.write_text(
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from glossator.model.chat import ChatMessage\n"
        "from glossator.model.client import ModelClient\n"
        "from glossator.settings import Settings\n"
        "async def main():\n"
        "    client = ModelClient(Settings(threads=1, context_tokens=0), path=Path(sys.argv[1]))\n"
        "    async for _ in client.chat([ChatMessage('user', 'x')], max_tokens=30_000):\n"
        "        print(client.pid, flush=True)\n"
        "        await asyncio.sleep(3600)\n"
        "asyncio.run(main())\n"
    )
    command = [sys.executable, str(script), str(folder / "endless.gguf")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        child = psutil.Process(int(process.stdout.readline()))
        process.kill()
        child.wait(timeout=300)
    assert not child.is_running()


async def test_a_missing_runtime_is_told_with_its_cure(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "llama_cpp").mkdir()
    (tmp_path / "llama_cpp" / "__init__.py").write_text("raise ImportError('no such thing')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    async with ModelClient(SETTINGS, path=folder / "reciter.gguf") as client:
        with pytest.raises(ModelRuntimeError, match=r"no such thing.*runtime install"):
            await client.load()
        assert client.status.state == "failed"


async def test_a_runtime_that_dies_at_its_start(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "llama_cpp").mkdir()
    (tmp_path / "llama_cpp" / "__init__.py").write_text("import os; print('illegal instruction'); os.abort()")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    async with ModelClient(SETTINGS, path=folder / "reciter.gguf") as client:
        with pytest.raises(ModelRuntimeError, match="did not start"):
            await client.load()


async def test_a_folder_that_is_open_cannot_replace_the_worker(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("glossator/model", "llama_cpp"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "glossator" / "__init__.py").write_text("raise SystemExit('taken over')")
    (tmp_path / "llama_cpp" / "__init__.py").write_text("raise SystemExit('taken over')")
    monkeypatch.chdir(tmp_path)
    async with ModelClient(SETTINGS, path=folder / "reciter.gguf") as client:
        assert (await answer(client)).text == ANSWER


# Files that cannot be used


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: data[: len(data) // 2], "too short|truncated"),
        (lambda data: data[:-1], "too short"),
        (lambda data: data[:100], "truncated"),
        (lambda _: b"", "0 bytes"),
        (lambda _: b"#!/bin/sh\necho this is no model, and never was\n", "not a GGUF file"),
        (lambda data: data[:8] + b"\xff" * 16 + data[24:], "damaged"),
        (lambda data: data[:4] + b"\x63" + data[5:], "version"),
        (lambda data: data.replace(b"qwen2", b"nowen"), "unknown model architecture"),
        (lambda data: data.replace(b"output_norm.weight", b"output_morn.weight"), "output_norm"),
    ],
)
async def test_a_damaged_file_is_refused(folder: Path, tmp_path: Path, damage: object, message: str) -> None:
    assert callable(damage)
    path = tmp_path / "damaged.gguf"
    path.write_bytes(damage((folder / "reciter.gguf").read_bytes()))
    async with ModelClient(SETTINGS, path=path) as client:
        with pytest.raises(ModelInvalidError, match=message):
            await client.load()
        assert client.status.state == "failed"
        path.write_bytes((folder / "reciter.gguf").read_bytes())
        assert (await answer(client)).text == ANSWER


async def test_other_files_that_are_no_chat_model(folder: Path, tmp_path: Path) -> None:
    for path, error in (
        (tmp_path / "missing.gguf", ModelNotFoundError),
        (folder / "embedder.gguf", ModelInvalidError),
        (folder / "adapter.gguf", ModelInvalidError),
    ):
        async with ModelClient(SETTINGS, path=path) as client:
            with pytest.raises(error):
                await client.load()


async def test_a_model_that_does_not_fit_is_refused_before_it_is_loaded(folder: Path) -> None:
    model = folder / "reciter.gguf"
    async with ModelClient(replace(SETTINGS, context_tokens=0), path=model, available_memory=210_000_000) as client:
        with pytest.raises(ModelTooLargeError, match=r"needs .* MB .* context_tokens = \d+"):
            await client.load()
        assert client.status.state == "failed"
    async with ModelClient(SETTINGS, path=model, available_memory=1_000_000) as client:
        with pytest.raises(ModelTooLargeError, match="smaller model"):
            await client.load()


@pytest.mark.skipif(sys.platform != "linux", reason="memory of a process is limited by setrlimit")
def test_running_out_of_memory_is_an_error_and_the_next_request_works(tmp_path: Path) -> None:
    model = gguf_files.reciter(tmp_path / "long.gguf", context=10_000_000)
    script = tmp_path / "client.py"
    script.write_text(
        "import asyncio, resource, sys\n"
        "from dataclasses import replace\n"
        "from pathlib import Path\n"
        "from glossator.errors import ModelError\n"
        "from glossator.model.chat import ChatMessage, Delta\n"
        "from glossator.model.client import ModelClient\n"
        "from glossator.settings import Settings\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))\n"
        "async def main():\n"
        "    settings = Settings(threads=1, context_tokens=0)\n"
        "    async with ModelClient(settings, path=Path(sys.argv[1]), available_memory=1 << 40) as client:\n"
        "        try:\n"
        "            await client.load()\n"
        "        except ModelError as error:\n"
        "            print(type(error).__name__, error)\n"
        "        await client.reconfigure(replace(settings, context_tokens=2048))\n"
        "        async for event in client.chat([ChatMessage('user', 'x')]):\n"
        "            print(event.text if isinstance(event, Delta) else '', end='')\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run([sys.executable, str(script), str(model)], capture_output=True, text=True, timeout=300)
    first, second = done.stdout.split("\n", 1)
    assert first.startswith("ModelTooLargeError llama.cpp cannot allocate the context"), done
    assert second == ANSWER


# Living with it


async def test_an_idle_model_is_unloaded_and_loaded_again(folder: Path) -> None:
    async with ModelClient(replace(SETTINGS, idle_unload=0.05), path=folder / "reciter.gguf") as client:
        assert (await answer(client)).text == ANSWER
        pid = client.pid
        assert pid is not None
        await until(lambda: client.status.state == "none")
        assert not psutil.pid_exists(pid)
        assert (await answer(client)).text == ANSWER


async def test_adapters_are_switched_without_loading_the_model_again(folder: Path) -> None:
    async with ModelClient(SETTINGS, path=folder / "reciter.gguf") as client:
        assert (await answer(client)).text == ANSWER
        pid = client.pid
        await client.set_lora([str(folder / "adapter.gguf")])
        assert (await answer(client)).text == "[1] and returns its text [2]."
        await client.set_lora([f"{folder / 'adapter.gguf'}=0.1"])
        assert (await answer(client)).text == ANSWER
        await client.set_lora([])
        assert (await answer(client)).text == ANSWER
        with pytest.raises(ModelError):
            await client.set_lora([str(folder / "reciter.gguf")])
        assert (await answer(client)).text == ANSWER
        assert client.pid == pid
    async with ModelClient(replace(SETTINGS, lora=(str(folder / "adapter.gguf"),)), path=folder / "reciter.gguf") as c:
        assert (await answer(c)).text == "[1] and returns its text [2]."


async def test_changed_settings(folder: Path) -> None:
    async with ModelClient(SETTINGS, path=folder / "reciter.gguf") as client:
        await client.load()
        pid = client.pid
        await client.reconfigure(replace(SETTINGS, temperature=0.7, max_answer_tokens=3))
        assert (await answer(client)).text == "It reads the"
        await client.reconfigure(replace(SETTINGS, lora=(str(folder / "adapter.gguf"),)))
        assert (await answer(client)).text == "[1] and returns its text [2]."
        assert client.pid == pid
        await client.reconfigure(replace(SETTINGS, context_tokens=512))
        assert (await answer(client)).text == ANSWER
        assert client.status.context_tokens == 512
        assert client.pid != pid


def test_lora_settings(tmp_path: Path) -> None:
    adapter = tmp_path / "a=b.gguf"
    adapter.write_bytes(b"")
    assert parse_lora([str(adapter), f"{adapter}=0.5"]) == [(str(adapter), 1.0), (str(adapter), 0.5)]
    with pytest.raises(ModelNotFoundError):
        parse_lora([str(tmp_path / "none.gguf")])
    with pytest.raises(SettingsError, match="half"):
        parse_lora([f"{adapter}=half"])


def test_threads_are_the_cores_unless_a_setting_says_otherwise() -> None:
    cores = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    assert thread_count(Settings(threads=7)) == 7
    assert 1 <= thread_count(Settings()) <= cores


async def test_the_speed_is_measured_once_and_corrected_by_answers(folder: Path) -> None:
    speeds = MeasuredSpeeds()
    async with ModelClient(SETTINGS, path=folder / "random.gguf") as client:
        assert client.speed is None
        await client.load()
        first = client.speed
        assert first is not None
        assert first.measured
        assert client.reading_speed is not None
        assert first.reading / 2 <= client.reading_speed <= first.reading
        await answer(client, [ChatMessage("user", LONG)], max_tokens=20)
        corrected = client.speed
        assert corrected is not None
        assert corrected != first
    async with ModelClient(SETTINGS, path=folder / "random.gguf") as client:
        await client.load()
        assert client.speed is not None
        assert client.speed.reading == pytest.approx(corrected.reading, rel=0.01), "kept, not measured again"
    kept = model_cache_folder() / "speeds.json"
    kept.write_text("{", "utf-8")
    assert speeds.get(fingerprint(folder / "random.gguf"), "any") is None
    async with ModelClient(SETTINGS, path=folder / "random.gguf") as client:
        await client.load()
        assert client.speed is not None
        assert client.speed.measured
    if os.name == "posix":
        assert kept.stat().st_mode & 0o077 == 0


async def test_what_all_prompts_share_is_read_ahead_and_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The state in the file is used by the next process, and what follows from it is the same."""
    shared = [ChatMessage("system", LONG), ChatMessage("user", ("The project.\n",))]
    asked = [shared[0], ChatMessage("user", ("The project.\n", "What does it do?"))]
    path = folder / "random.gguf"
    async with ModelClient(SETTINGS, path=path) as client:
        without = await answer(client, asked, max_tokens=12)
    monkeypatch.setattr("glossator.model.engine.KEEP_SECONDS", 0.0)  # noted here; the child has its own
    async with ModelClient(SETTINGS, path=path) as client:
        unread = await client.prepare(shared)
        assert unread > 1000
        first = await answer(client, asked, max_tokens=12)
        assert first.text == without.text
        usage = first.done.usage
        assert usage.reused_tokens == unread
        assert usage.prompt_tokens - usage.reused_tokens < 40
        assert await client.prepare(shared) == 0
    states = list(model_cache_folder().glob("*.state"))
    if states:  # reading took long enough
        assert len(states) == 1
        async with ModelClient(SETTINGS, path=path) as client:
            assert await client.prepare(shared) == 0
            again = await answer(client, asked, max_tokens=12)
            assert (again.text, again.done.usage.reused_tokens) == (without.text, usage.reused_tokens)


async def test_how_far_the_prompt_is_read_is_told(folder: Path) -> None:
    seen: list[ModelStatus] = []
    async with ModelClient(replace(SETTINGS, batch_tokens=128), seen.append, path=folder / "random.gguf") as client:
        await answer(client, [ChatMessage("user", LONG)], max_tokens=1)
        steps = [status.reading for status in seen if status.reading is not None]
        assert steps[0].done == 0
        assert steps[0].total > 1000
        assert [step.done for step in steps] == sorted({step.done for step in steps})
        assert len(steps) > 3
        assert all(step.total == steps[0].total and step.seconds_left is not None for step in steps)
        assert str(steps[0]).startswith(f"reading 0 of {steps[0].total:,} tokens, ")
        assert client.status.reading is None
        seen.clear()
        await answer(client, [ChatMessage("user", LONG), ChatMessage("user", "And?")], max_tokens=1)
        [first] = [status.reading for status in seen if status.reading is not None and not status.reading.done]
        assert first.total < 60, "what was read before does not count"


async def test_reading_ahead_gives_way_to_nothing_and_is_not_waited_for(folder: Path) -> None:
    async with ModelClient(SETTINGS, path=folder / "endless.gguf") as client:
        events = client.chat(QUESTION, max_tokens=100_000)
        await begun(events)
        assert await client.prepare([ChatMessage("system", LONG)]) == 0, "an answer is being written"
        await events.aclose()


async def test_the_process_has_a_low_priority(folder: Path) -> None:
    async with ModelClient(SETTINGS, path=folder / "reciter.gguf") as client:
        await client.load()
        priority = psutil.Process(client.pid).nice()
        assert priority == psutil.BELOW_NORMAL_PRIORITY_CLASS if sys.platform == "win32" else int(priority) >= 5


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX process groups")
async def test_ctrl_c_in_a_terminal_does_not_reach_the_process(folder: Path) -> None:
    """While it starts it does not ignore it yet, and would seem to be broken."""
    async with ModelClient(SETTINGS, path=folder / "reciter.gguf") as client:
        await client.load()
        assert client.pid is not None
        assert os.getpgid(client.pid) != os.getpgid(0)


async def test_the_settings_choose_the_source(folder: Path) -> None:
    model = open_model(replace(SETTINGS, model=str(folder / "reciter.gguf")))
    assert isinstance(model, ModelClient)
    assert (await answer(model)).text == ANSWER
    await model.close()
