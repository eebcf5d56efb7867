"""The server with a model: real llama.cpp processes on small generated models, and every way to lose one."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from glossator.lsp.message_conversion import camel
from glossator.model.client import Deadlines, ModelClient
from glossator.settings import Settings
from tests import gguf_files
from tests.lsp.client import WAIT, Client, ResponseError, start_server
from tests.lsp.test_features import at
from tests.lsp.test_lifecycle import END, gone
from tests.unit.test_model_endpoint import Server as Endpoint

pytestmark = pytest.mark.llama

RECITED = "`add_tax` adds the tax [1], see money.py:20 and [99]. Nothing else is known of it."
SHOWN = "`add_tax` adds the tax, see money.py and [1]. Nothing else is known of it."
QUESTION = {"question": "How is the tax added?"}
OPTIONS = ("trusted", "explain_ahead")
posix = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Does not let a process be replaced that a busy machine keeps from confirming a cancellation in time."""
    monkeypatch.setattr("glossator.model.client.Deadlines", partial(Deadlines, cancel=300.0))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    gguf_files.reciter(folder / "reciter.gguf", RECITED)
    gguf_files.reciter(folder / "other.gguf", "`add_tax` is what another model names [1].", name="other")
    gguf_files.reciter(folder / "endless.gguf", "on and on and again ", forever=True, name="endless")
    gguf_files.reciter(folder / "thinker.gguf", "<think>Which one is it?</think>\n\nIt is the first one [1].")
    gguf_files.lora_adapter(folder / "adapter.gguf", folder / "reciter.gguf", start=3)
    (folder / "truncated.gguf").write_bytes((folder / "reciter.gguf").read_bytes()[:200_000])
    (folder / "corrupt.gguf").write_bytes(b"GGUF" + b"\xff" * 5000)
    return folder


async def begin(client: Client, project: Path, model: Path, *, window: bool = False, **options: Any) -> None:
    """Initialize with a model; settings can be changed afterwards by `change`."""
    client.settings = {"model": str(model), "threads": 1, "temperature": 0, "workers": 1, **options}
    capabilities = {"workspace": {"configuration": True}, "window": {"workDoneProgress": window}}
    await client.initialize(project, capabilities=capabilities)
    await client.ready()


async def change(client: Client, **settings: Any) -> None:
    """Change settings, and wait until they have taken effect."""
    client.settings = {**client.settings, **settings}
    server = client.server  # type: ignore[attr-defined]
    client.notify("workspace/didChangeConfiguration", {"settings": None})

    def done() -> bool:
        session, model = server.context.backend.session.settings, server.context.backend.answerer.model_access.opened
        options = {camel(name): getattr(server.context.backend.configuration.options, name) for name in OPTIONS}
        known = options | {camel(item.name): getattr(session, item.name) for item in fields(Settings)}
        told = all((tuple(v) if isinstance(v, list) else v) == known[name] for name, v in client.settings.items())
        return told and (not isinstance(model, ModelClient) or model.settings == session)

    async with asyncio.timeout(WAIT):
        while not done():
            await asyncio.sleep(0.01)


def model_client(client: Client) -> ModelClient:
    model = client.server.context.backend.answerer.model_access.opened  # type: ignore[attr-defined]
    assert isinstance(model, ModelClient)
    return model


def pid(client: Client) -> int:
    number = model_client(client).pid
    assert number is not None
    return number


def state(client: Client) -> str:
    status = client.last("glossator/statusChanged")
    return str(status["model"]["state"]) if status else ""


def words(result: Any) -> str:
    """What the model wrote of an answer, without what the index says beside it."""
    return str(result["answer"]).partition("\n\n---\n")[0]


async def writing(client: Client, token: str) -> None:
    """Wait until the model writes."""
    await client.wait_for(lambda: any(value["kind"] == "delta" for value in client.progress(token)))


async def test_the_model_is_prepared_before_a_question_is_asked(client: Client, project: Path, models: Path) -> None:
    await begin(client, project, models / "reciter.gguf")
    document = {"textDocument": {"uri": (project / "shop/money.py").as_uri()}}
    assert await client.request("glossator/prepare", document) is None
    await client.wait_for(lambda: state(client) == "ready")
    ready = pid(client)
    result = await client.request("glossator/ask", QUESTION)
    assert pid(client) == ready
    assert result["usage"]["reusedTokens"] > 200, "instructions, example and project were read ahead"
    assert await client.request("glossator/prepare", {}) is None


async def test_the_model_goes_on_with_a_conversation(client: Client, project: Path, models: Path) -> None:
    await begin(client, project, models / "reciter.gguf")
    turns = [{"role": "system", "text": "Be brief."}, {"role": "user", "text": "What is 😀?"}]
    result = await client.request("glossator/chat", {"messages": turns, "partialResultToken": "t"})
    assert (result["text"], result["model"], result["finishReason"]) == (RECITED, "reciter", "stop")
    assert {value["kind"] for value in client.progress("t")} == {"delta"}
    assert "".join(value["text"] for value in client.progress("t")) == RECITED
    assert result["usage"]["completionTokens"] > 0
    cut = await client.request("glossator/chat", {"messages": turns, "maxTokens": 3})
    assert cut["finishReason"] == "length"
    assert RECITED.startswith(cut["text"])
    for params, message in (
        ({"messages": []}, "nothing to answer"),
        ({"messages": turns, "maxTokens": 0}, "maxTokens must be between"),
        ({"messages": [{"role": "robot", "text": "x"}]}, "robot"),
    ):
        with pytest.raises(ResponseError, match=message):
            await client.request("glossator/chat", params)
    await change(client, trusted=False)
    with pytest.raises(ResponseError, match="not trusted"):
        await client.request("glossator/chat", {"messages": turns})


async def test_without_a_model_a_conversation_is_refused(client: Client, project: Path) -> None:
    await client.initialize(project)
    await client.ready()
    with pytest.raises(ResponseError, match="no model is installed"):
        await client.request("glossator/chat", {"messages": [{"role": "user", "text": "Hello"}]})


async def test_the_index_alone_answers_when_that_is_asked_for(client: Client, project: Path, models: Path) -> None:
    await begin(client, project, models / "reciter.gguf")
    money = project / "shop/money.py"
    position = {"textDocument": {"uri": money.as_uri()}, "position": at(money.read_text(), "add_tax")}
    for method, params in (("ask", QUESTION), ("explain", position)):
        result = await client.request(f"glossator/{method}", {**params, "indexOnly": True})
        assert (result["model"], result["finishReason"]) == ("", "evidence")
        assert "add_tax" in result["answer"]
    assert client.server.context.backend.answerer.model_access.opened is None  # type: ignore[attr-defined]


async def test_nothing_is_prepared_without_trust_and_no_failure_is_reported(
    client: Client, project: Path, models: Path
) -> None:
    await begin(client, project, models / "corrupt.gguf")
    assert await client.request("glossator/prepare", {}) is None
    await change(client, trusted=False, model=str(models / "reciter.gguf"))
    assert await client.request("glossator/prepare", {}) is None
    opened = client.server.context.backend.answerer.model_access.opened  # type: ignore[attr-defined]
    assert opened is None or opened.pid is None


async def test_an_answer_is_streamed_and_its_citations_are_checked(client: Client, project: Path, models: Path) -> None:
    await begin(client, project, models / "reciter.gguf")
    result = await client.request("glossator/ask", {**QUESTION, "partialResultToken": "t", "workDoneToken": "w"})
    assert words(result) == SHOWN
    assert (result["model"], result["finishReason"]) == ("reciter", "stop")
    values = client.progress("t")
    assert values[0]["kind"] == "found"
    assert values[0]["places"][0]["qualifiedName"] == "add_tax"
    assert values[0]["answer"].startswith("**Function `add_tax`**")
    del values[0]
    assert (values[0]["kind"], values[0]["evidence"][0]) == ("evidence", result["evidence"][0])
    assert "".join(value["text"] for value in values[1:]) == result["answer"]
    start, end = result["fromIndex"]
    assert result["answer"][start:end].startswith("**Function `add_tax`** in `shop/money.py:19` [1]")
    assert {int(number) for number in re.findall(r"\[(\d+)\]", result["answer"])} <= {
        item["number"] for item in result["evidence"]
    }
    citation = result["citations"][0]
    whole = result["evidence"][0]
    assert {name: citation[name] for name in ("number", "uri", "qualifiedName")} == {
        name: whole[name] for name in ("number", "uri", "qualifiedName")
    }
    lines = [place["range"][edge]["line"] for place, edge in ((whole, "start"), (citation, "start"), (citation, "end"))]
    assert [*lines, whole["range"]["end"]["line"]] == sorted([*lines, whole["range"]["end"]["line"]])
    (source,) = result["sources"]
    assert SHOWN[source["start"] : source["end"]] == "`add_tax` adds the tax, see money.py and [1]."
    assert source["places"] == [citation]
    assert (result["unknown"], result["weak"]) == ([], False)
    ((start, end),) = result["unsupported"]
    assert SHOWN[start:end] == "Nothing else is known of it."
    usage = result["usage"]
    assert usage["promptTokens"] > 500
    assert usage["completionTokens"] > 5
    assert usage["tokensPerSecond"] > 0
    work = client.progress("w")
    assert work[0]["percentage"] == 0
    loading = [value["percentage"] for value in work if value.get("message", "").startswith("loading reciter")]
    assert loading == sorted(loading)
    assert loading[-1] == 100
    assert work[-1]["kind"] == "end"
    status = await client.request("glossator/status", {})
    assert status["model"] == {
        "state": "ready", "name": "reciter", "device": "CPU, 1 thread", "contextTokens": 8192, "reason": "",
    }  # fmt: skip

    again = await client.request("glossator/ask", {"question": "Why?", "conversationId": result["conversationId"]})
    assert again["conversationId"] == result["conversationId"]
    assert again["usage"]["reusedTokens"] == usage["promptTokens"] + usage["completionTokens"]


async def test_thinking_is_no_part_of_the_answer(client: Client, project: Path, models: Path) -> None:
    await begin(client, project, models / "thinker.gguf")
    result = await client.request("glossator/ask", {**QUESTION, "partialResultToken": "t"})
    assert words(result) == "It is the first one [1]."
    assert all("Which" not in str(value) for value in client.progress("t")[1:])


async def test_explanations_are_kept_and_shown_in_hovers(client: Client, project: Path, models: Path) -> None:
    await begin(client, project, models / "reciter.gguf")
    money = project / "shop/money.py"
    place = {"textDocument": {"uri": money.as_uri()}, "position": at(money.read_text(), "add_tax")}
    assert "Nothing else is known" not in (await client.request("textDocument/hover", place))["contents"]["value"]
    first = await client.request("glossator/explain", place)
    assert (words(first), first["model"]) == (SHOWN, "reciter")
    hover = (await client.request("textDocument/hover", place))["contents"]["value"]
    assert "adds the tax, see money.py" in hover
    assert "[1]" not in hover
    second = await client.request("glossator/explain", {**place, "partialResultToken": "t"})
    assert second["usage"]["completionTokens"] == 0
    assert {**second, "usage": 0, "conversationId": 0, "evidence": 0, "unsupported": 0} == {
        **first, "usage": 0, "conversationId": 0, "evidence": 0, "unsupported": 0,
    }  # fmt: skip
    follow = await client.request("glossator/ask", {"question": "So?", "conversationId": second["conversationId"]})
    assert follow["usage"]["reusedTokens"] > 300
    uri = client.open(money)
    client.replace(uri, money.read_text().replace("+ 0.5", "+ 0.25"), 2)
    await client.request("glossator/search", {"query": "add_tax"})
    assert "see money.py" not in (await client.request("textDocument/hover", place))["contents"]["value"]


async def test_cancels(client: Client, project: Path, models: Path) -> None:
    await begin(client, project, models / "endless.gguf")
    # While the model is being loaded.
    request, future = client.start("glossator/ask", {**QUESTION, "workDoneToken": "loading"})
    await client.wait_for(lambda: client.progress("loading"))
    client.cancel(request)
    with pytest.raises(ResponseError, match="-32800"):
        await asyncio.wait_for(future, WAIT)
    # In the middle of an answer: by the request's id, then by the progress's button.
    request, future = client.start("glossator/ask", {**QUESTION, "partialResultToken": "one"})
    await writing(client, "one")
    client.cancel(request)
    with pytest.raises(ResponseError, match="-32800"):
        await asyncio.wait_for(future, WAIT)
    _, future = client.start("glossator/ask", {**QUESTION, "partialResultToken": "two", "workDoneToken": "work"})
    await writing(client, "two")
    running = pid(client)
    client.notify("window/workDoneProgress/cancel", {"token": "work"})
    with pytest.raises(ResponseError, match="-32800"):
        await asyncio.wait_for(future, WAIT)
    assert client.progress("work")[-1]["kind"] == "end"
    # While it reads a prompt.
    long = "Why? " * 4000
    await change(client, contextTokens=32768)
    request, future = client.start("glossator/ask", {"question": long, "workDoneToken": "reading"})
    await client.wait_for(lambda: any("reading" in v.get("message", "") for v in client.progress("reading")))
    client.cancel(request)
    with pytest.raises(ResponseError, match="-32800"):
        await asyncio.wait_for(future, WAIT)
    await change(client, maxAnswerTokens=16)
    result = await client.request("glossator/ask", QUESTION)
    assert result["finishReason"] == "length"
    assert pid(client) != running, "another context size means another process"
    assert not client.server.context.answers  # type: ignore[attr-defined]


async def test_five_hundred_cancels(client: Client, project: Path, models: Path) -> None:
    await begin(client, project, models / "reciter.gguf")
    await client.request("glossator/ask", QUESTION)
    process = pid(client)
    futures = []
    for number in range(500):
        request, future = client.start("glossator/ask", {"question": f"Question number {number}?"})
        futures.append(future)
        if number % 10 == 0:
            await asyncio.sleep(0)  # let some get further than others
        client.cancel(request)
    done = await asyncio.wait_for(asyncio.gather(*futures, return_exceptions=True), WAIT)
    assert all(isinstance(result, dict) or result.code == -32800 for result in done)
    assert words(await client.request("glossator/ask", QUESTION)) == SHOWN
    assert pid(client) == process
    assert not client.server.protocol._request_futures  # type: ignore[attr-defined]


@posix
async def test_a_killed_model_fails_its_request_and_the_next_one_works(
    client: Client, project: Path, models: Path
) -> None:
    await begin(client, project, models / "endless.gguf", maxAnswerTokens=100_000, contextTokens=16384)
    _, future = client.start("glossator/ask", {**QUESTION, "partialResultToken": "t"})
    await writing(client, "t")
    os.kill(pid(client), signal.SIGKILL)
    with pytest.raises(ResponseError, match="SIGKILL") as caught:
        await asyncio.wait_for(future, WAIT)
    assert caught.value.code == -32803
    assert "restarted" in caught.value.message
    await client.wait_for(lambda: state(client) == "failed")
    assert "SIGKILL" in client.last("glossator/statusChanged")["model"]["reason"]
    await change(client, maxAnswerTokens=8)
    assert (await client.request("glossator/ask", QUESTION))["finishReason"] == "length"


@posix
async def test_a_model_that_stops_responding(client: Client, project: Path, models: Path) -> None:
    await begin(client, project, models / "endless.gguf", maxAnswerTokens=10_000)
    _, future = client.start("glossator/ask", {**QUESTION, "partialResultToken": "t"})
    await writing(client, "t")
    model_client(client)._deadlines = Deadlines(token=5.0)
    pieces = len(client.progress("t"))
    await client.wait_for(lambda: len(client.progress("t")) > pieces)  # the next one has this deadline
    os.kill(pid(client), signal.SIGSTOP)
    with pytest.raises(ResponseError, match="did not respond") as caught:
        await asyncio.wait_for(future, WAIT)
    assert caught.value.code == -32803
    # One that ignores a cancel is replaced, too.
    model_client(client)._deadlines = Deadlines(cancel=0.5)
    request, future = client.start("glossator/ask", {**QUESTION, "partialResultToken": "u"})
    await writing(client, "u")
    stopped = psutil.Process(pid(client))
    stopped.suspend()
    client.cancel(request)
    with pytest.raises(ResponseError, match="-32800"):
        await asyncio.wait_for(future, WAIT)
    await change(client, maxAnswerTokens=8)
    assert (await client.request("glossator/ask", QUESTION))["finishReason"] == "length"
    assert not await gone([stopped])


@pytest.mark.parametrize(("name", "message"), [("truncated.gguf", "truncated|ends"), ("corrupt.gguf", "GGUF")])
async def test_damaged_models(client: Client, project: Path, models: Path, name: str, message: str) -> None:
    await begin(client, project, models / name)
    with pytest.raises(ResponseError, match=message) as caught:
        await client.request("glossator/ask", QUESTION)
    assert caught.value.code == -32803
    assert "\n" not in caught.value.message
    await client.wait_for(lambda: state(client) == "failed")
    await change(client, model=str(models / "reciter.gguf"))
    assert words(await client.request("glossator/ask", QUESTION)) == SHOWN


async def test_settings_take_effect_live(client: Client, project: Path, models: Path) -> None:
    await begin(client, project, models / "reciter.gguf", window=True)
    assert words(await client.request("glossator/ask", QUESTION)) == SHOWN
    first = pid(client)
    # Loading without a request's own progress is shown on one of the server's.
    created = [r["params"]["token"] for r in client.requests if r["method"] == "window/workDoneProgress/create"]
    assert any("Loading" in str(client.progress(token)) for token in created)
    # An adapter is switched in the process that runs.
    await change(client, lora=[str(models / "adapter.gguf")])
    adapted = await client.request("glossator/ask", QUESTION)
    assert words(adapted) != SHOWN
    assert SHOWN.endswith(words(adapted)[-20:])
    assert pid(client) == first
    client.settings = {**client.settings, "lora": [str(models / "none.gguf")]}
    client.notify("workspace/didChangeConfiguration", {"settings": None})
    await client.wait_for(lambda: "no LoRA adapter" in str(client.last("window/showMessage")))
    await change(client, lora=[])
    assert words(await client.request("glossator/ask", QUESTION)) == SHOWN
    # What only the index depends on leaves the model and the conversations alone.
    await change(client, exclude=["web/"])
    await client.ready()
    follow = await client.request("glossator/ask", {**QUESTION, "conversationId": adapted["conversationId"]})
    assert follow["usage"]["reusedTokens"] > 500
    assert pid(client) == first
    # Another model replaces the process.
    await change(client, model=str(models / "other.gguf"))
    assert words(await client.request("glossator/ask", QUESTION)) == "`add_tax` is what another model names [1]."
    # It is unloaded when nobody asks, and loaded again.
    await change(client, idleUnload=0.05)
    await client.request("glossator/ask", QUESTION)
    await client.wait_for(lambda: state(client) == "none")
    assert (await client.request("glossator/ask", QUESTION))["model"] == "other"
    # Without a model the index answers.
    await change(client, model="")
    assert (await client.request("glossator/ask", QUESTION))["finishReason"] == "evidence"


async def test_a_remote_endpoint_in_place_of_the_model(client: Client, project: Path, models: Path) -> None:
    endpoint = Endpoint()
    try:
        endpoint.script = lambda send: endpoint.say(send, "From afar `add_tax` [1]", " and [77]", ".")
        await begin(client, project, models / "reciter.gguf")
        assert words(await client.request("glossator/ask", QUESTION)) == SHOWN
        local = psutil.Process(pid(client))
        await change(client, endpoint=endpoint.url)
        result = await client.request("glossator/ask", QUESTION)
        assert words(result) == "From afar `add_tax` and [1]."
        assert result["usage"]["reusedTokens"] == 5
        assert not await gone([local])
        endpoint.script = endpoint.forever
        request, future = client.start("glossator/ask", {**QUESTION, "partialResultToken": "t"})
        await writing(client, "t")
        client.cancel(request)
        with pytest.raises(ResponseError, match="-32800"):
            await asyncio.wait_for(future, WAIT)
        assert await asyncio.to_thread(endpoint.gone.wait, WAIT)
    finally:
        endpoint.release.set()
        endpoint.http.shutdown()
        endpoint.http.server_close()


async def test_an_untrusted_workspace_starts_no_model(client: Client, project: Path, models: Path) -> None:
    await begin(client, project, models / "reciter.gguf", trusted=False, explainAhead=True)
    client.open(project / "shop/money.py")
    assert (await client.request("glossator/ask", QUESTION))["finishReason"] == "evidence"
    assert client.server.context.backend.answerer.model_access.opened is None  # type: ignore[attr-defined]
    await change(client, trusted=True)
    assert words(await client.request("glossator/ask", QUESTION)) == SHOWN


async def test_symbols_are_explained_ahead_and_give_way(
    client: Client, project: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glossator.lsp.explain_ahead.IDLE_SECONDS", 0.05)
    await begin(client, project, models / "reciter.gguf", explainAhead=True)
    money = project / "shop/money.py"
    uri = client.open(money)
    place = {"textDocument": {"uri": uri}, "position": at(money.read_text(), "add_tax")}

    async def explained() -> bool:
        return "see money.py" in (await client.request("textDocument/hover", place))["contents"]["value"]

    async with asyncio.timeout(WAIT):
        while not await explained():
            await client.wait_for(lambda: True)
            await asyncio.sleep(0.05)
    # One that never ends by itself gives way to a question.
    await change(client, model=str(models / "endless.gguf"), maxAnswerTokens=7000)
    client.notify("textDocument/didChange", {"textDocument": {"uri": uri, "version": 2}, "contentChanges": []})
    await client.wait_for(lambda: state(client) == "busy")
    await change(client, maxAnswerTokens=8)
    result = await client.request("glossator/ask", QUESTION)
    assert result["finishReason"] == "length"
    assert result["usage"]["completionTokens"] == 8


async def test_explaining_ahead_has_a_budget(
    client: Client, project: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glossator.lsp.explain_ahead.IDLE_SECONDS", 0.05)
    monkeypatch.setattr("glossator.lsp.explain_ahead.HOURLY_SECONDS", 1e-6)
    await begin(client, project, models / "reciter.gguf", explainAhead=True)
    client.open(project / "shop/cart.py")
    ahead = client.server.context.ahead  # type: ignore[attr-defined]
    async with asyncio.timeout(WAIT):
        while not ahead._spent:
            await asyncio.sleep(0.05)
        await ahead._task
    ahead.user_active()
    await ahead._task
    assert len(ahead._spent) == 1, "the first one used it up"


async def test_nothing_is_explained_ahead_on_battery(monkeypatch: pytest.MonkeyPatch) -> None:
    from glossator.power import on_battery

    for plugged, expected in ((True, False), (False, True), (None, False)):
        battery = type("Battery", (), {"power_plugged": plugged})()
        monkeypatch.setattr("psutil.sensors_battery", lambda battery=battery: battery, raising=False)
        assert on_battery() is expected
    monkeypatch.setattr("psutil.sensors_battery", lambda: None, raising=False)
    assert not on_battery()


@pytest.mark.parametrize("how", ["shutdown", "client gone"])
async def test_the_end_in_the_middle_of_an_answer(tmp_path: Path, project: Path, models: Path, how: str) -> None:
    process, client = await start_server("--index-dir", str(tmp_path / "indexes"))
    options = {"model": str(models / "endless.gguf"), "maxAnswerTokens": 8000, "threads": 1, "workers": 1}
    await client.initialize(project, options=options)
    await client.ready()
    _, future = client.start("glossator/ask", {**QUESTION, "partialResultToken": "t"})
    await writing(client, "t")
    parent = psutil.Process(process.pid)
    family = [parent, *parent.children(recursive=True)]
    assert any("glossator.model.llama_worker" in " ".join(member.cmdline()) for member in family)
    if how == "shutdown":
        assert await client.request("shutdown") is None
        client.notify("exit")
        assert await asyncio.wait_for(process.wait(), END) == 0
    else:
        assert process.stdin is not None
        process.stdin.close()
    assert not await gone(family)
    assert (await asyncio.gather(future, return_exceptions=True))[0] is not None
    await process.wait()
