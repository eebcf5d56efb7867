"""Answers from a server with OpenAI's interface, which the test is."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from glossator.errors import (
    ModelCrashedError,
    ModelNotFoundError,
    ModelRuntimeError,
    ModelTimeoutError,
    SettingsError,
)
from glossator.model.chat import ChatMessage, Delta, Done, Thinking
from glossator.model.endpoint import Address, EndpointClient
from glossator.model.factory import open_model
from glossator.settings import Settings

KEY = "sk-very-secret-key"
QUESTION = [ChatMessage("system", ("Answer ", "briefly.")), ChatMessage("user", "What?")]


class Server:
    """The server. `script` writes the body of a chat completion: it is given `send` and may wait for `gone`."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], Any]] = []
        self.gone = threading.Event()
        self.release = threading.Event()
        self.slow = False
        """Its list of models does not come before the test's end."""
        self.status = 200
        self.body: Any = {"error": {"message": "no"}}
        self.models: Any = {"data": [{"id": "big-model", "max_model_len": 4096}]}
        self.script: Callable[[Callable[[str], None]], None] = lambda send: self.say(send, "Hello", " you", ".")
        server = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                """Quiet."""

            def do_GET(self) -> None:
                server.requests.append((self.path, dict(self.headers), None))
                if server.slow:
                    server.release.wait()
                self.reply(200 if server.models is not None else 404, server.models)

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                server.requests.append((self.path, dict(self.headers), body))
                if server.status != 200:
                    self.reply(server.status, server.body)
                    return
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()

                def send(line: str) -> None:
                    try:
                        self.wfile.write(line.encode())
                        self.wfile.flush()
                    except OSError:
                        server.gone.set()
                        raise

                try:
                    server.script(send)
                except OSError:
                    server.gone.set()

            def reply(self, status: int, value: Any) -> None:
                data = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http.server_port}/v1"

    @staticmethod
    def say(send: Callable[[str], None], *texts: str, reason: str = "stop", field: str = "content") -> None:
        for text in texts:
            send(f"data: {json.dumps({'choices': [{'delta': {field: text}}]})}\n\n")
        send(f"data: {json.dumps({'choices': [{'delta': {}, 'finish_reason': reason}]})}\n\n")
        usage = {"prompt_tokens": 12, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 5}}
        send(f"data: {json.dumps({'choices': [], 'usage': usage})}\n\n")
        send("data: [DONE]\n\n")

    def forever(self, send: Callable[[str], None]) -> None:
        """Go on until the client is gone."""
        while not self.gone.is_set() and not self.release.is_set():
            send(f"data: {json.dumps({'choices': [{'delta': {'content': 'more '}}]})}\n\n")
            self.gone.wait(0.002)


@pytest.fixture
def server() -> Any:
    server = Server()
    yield server
    server.release.set()
    server.http.shutdown()
    server.http.server_close()


@pytest.fixture
def settings(server: Server) -> Settings:
    return Settings(endpoint=server.url, endpoint_key=KEY, temperature=0.5, seed=7)


async def answer(client: Any, **options: Any) -> tuple[str, str, Done]:
    text, thinking, done = "", "", None
    async for event in client.chat(QUESTION, **options):
        if isinstance(event, Delta):
            text += event.text
        elif isinstance(event, Thinking):
            thinking += event.text
        else:
            done = event
    assert done is not None
    return text, thinking, done


async def test_an_answer(server: Server, settings: Settings) -> None:
    client = open_model(settings)
    assert isinstance(client, EndpointClient)
    text, _, done = await answer(client, max_tokens=9, stop=["END"])
    assert text == "Hello you."
    assert done.finish_reason == "stop"
    assert (done.usage.prompt_tokens, done.usage.reused_tokens, done.usage.completion_tokens) == (12, 5, 3)
    path, headers, body = server.requests[-1]
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert body["messages"] == [{"role": "system", "content": "Answer briefly."}, {"role": "user", "content": "What?"}]
    assert (body["model"], body["max_tokens"], body["seed"], body["stop"]) == ("big-model", 9, 7, ["END"])
    assert client.status.state == "ready"
    assert client.status.context_tokens == 4096
    assert await client.count(["abcdef", "", "é"]) == [2, 0, 1]
    await client.close()


async def test_reasons_and_thinking(server: Server, settings: Settings) -> None:
    client = EndpointClient(settings)
    server.script = lambda send: server.say(send, "<thi", "nk>hm", "</think>\n\n", "So.", reason="length")
    assert (await answer(client))[:2] == ("So.", "hm")
    server.script = lambda send: (
        send('data: {"choices":[{"delta":{"reasoning_content":"hm"}}]}\n\n'),
        server.say(send, "So."),
    )[-1]
    text, thinking, done = await answer(client)
    assert (text, thinking, done.finish_reason) == ("So.", "hm", "stop")


@pytest.mark.parametrize("how", ["close", "cancel"])
async def test_a_cancel_reaches_the_server(server: Server, settings: Settings, how: str) -> None:
    client = EndpointClient(settings)
    server.script = server.forever
    if how == "close":
        async with aclosing(client.chat(QUESTION)) as events:
            assert isinstance(await anext(events), Delta)
    else:
        task = asyncio.create_task(answer(client))
        while not any(path.endswith("/chat/completions") for path, _, _ in server.requests):
            await asyncio.sleep(0.005)
        assert client.status.state == "busy"
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await asyncio.to_thread(server.gone.wait, 60)
    server.gone.clear()
    server.script = lambda send: server.say(send, "again")
    assert (await answer(client))[0] == "again"


async def test_a_server_that_lists_no_model(server: Server, settings: Settings) -> None:
    client = EndpointClient(settings)
    server.models = {"data": []}
    with pytest.raises(ModelNotFoundError, match="endpoint_model"):
        await answer(client)
    assert client.status.state == "failed"
    assert "endpoint_model" in client.status.reason
    server.models = {"data": [{"id": "late"}]}
    assert (await answer(client))[0] == "Hello you."
    assert (client.status.state, client.status.reason, client.status.name) == ("ready", "", "late")


async def test_a_cancel_while_the_models_are_asked_for(server: Server, settings: Settings) -> None:
    client = EndpointClient(settings)
    server.slow = True
    task = asyncio.create_task(answer(client))
    while not server.requests:
        await asyncio.sleep(0.005)
    assert client.status.state == "loading"
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert client.status.state == "none"


async def test_a_deadline(server: Server, settings: Settings) -> None:
    client = EndpointClient(settings)
    server.script = lambda _send: server.release.wait() and None
    with pytest.raises(ModelTimeoutError):
        await answer(client, timeout=0.05)


async def test_an_interactive_request_goes_first(server: Server, settings: Settings) -> None:
    client = EndpointClient(settings)
    server.script = server.forever
    events = client.chat(QUESTION, background=True)
    assert isinstance(await anext(events), Delta)
    server.script = lambda send: server.say(send, "quick")
    asked = asyncio.create_task(answer(client))
    last = [event async for event in events][-1]
    assert isinstance(last, Done)
    assert last.finish_reason == "preempted"
    assert (await asked)[0] == "quick"


@pytest.mark.parametrize(
    ("status", "error", "message"),
    [
        (401, ModelRuntimeError, "endpoint_key"),
        (404, ModelNotFoundError, "no such model"),
        (429, ModelRuntimeError, "429"),
        (500, ModelRuntimeError, "500"),
        (302, ModelRuntimeError, "302"),
    ],
)
async def test_refusals(
    server: Server, settings: Settings, status: int, error: type[Exception], message: str, caplog: Any
) -> None:
    server.status = status
    server.body = {"error": {"message": f"Incorrect API key provided: {KEY}"}}
    client = EndpointClient(settings)
    with caplog.at_level(logging.DEBUG), pytest.raises(error, match=message) as raised:
        await answer(client)
    assert KEY not in str(raised.value) + client.status.reason + caplog.text
    server.status = 200
    assert (await answer(client))[0] == "Hello you."


async def test_an_answer_that_breaks_off(server: Server, settings: Settings) -> None:
    client = EndpointClient(settings)
    server.script = lambda send: send('data: {"choices":[{"delta":{"content":"Hel"}}]}\n\n')
    with pytest.raises(ModelCrashedError, match="in the middle"):
        await answer(client)
    server.script = lambda send: send("data: {nonsense\n\n")
    with pytest.raises(ModelCrashedError):
        await answer(client)
    server.script = lambda send: send('data: {"error": {"message": "out of memory"}}\n\n')
    with pytest.raises(ModelRuntimeError, match="out of memory"):
        await answer(client)
    server.script = lambda send: server.say(send, "fine")
    assert (await answer(client))[0] == "fine"


async def test_nothing_there(server: Server, settings: Settings) -> None:
    server.http.shutdown()
    server.http.server_close()
    client = EndpointClient(settings)
    with pytest.raises(ModelRuntimeError, match="cannot be reached"):
        await client.load()
    assert client.status.state == "failed"


async def test_servers_that_list_no_models(server: Server, settings: Settings) -> None:
    server.models = None
    with pytest.raises(ModelNotFoundError):
        await EndpointClient(settings).load()
    named = EndpointClient(replace(settings, endpoint_model="mine"))
    assert (await answer(named))[0] == "Hello you."
    assert server.requests[-1][2]["model"] == "mine"
    server.models = {"data": []}
    with pytest.raises(ModelNotFoundError, match="endpoint_model"):
        await EndpointClient(settings).load()


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://localhost:8080", Address(False, "localhost", 8080, "/v1")),
        ("http://localhost:8080/v1/", Address(False, "localhost", 8080, "/v1")),
        ("https://host.example/api/v1/chat/completions", Address(True, "host.example", 443, "/api/v1")),
        ("http://[::1]:11434/v1", Address(False, "::1", 11434, "/v1")),
    ],
)
def test_addresses(url: str, address: Address) -> None:
    assert Address.parse(url) == address


@pytest.mark.parametrize(
    "url", ["localhost:8080", "ftp://host/v1", "http://", "http://u:p@host/v1", "http://h:x/", "?"]
)
def test_wrong_addresses(url: str) -> None:
    with pytest.raises(SettingsError, match="endpoint"):
        Address.parse(url)


def test_an_open_connection_is_told() -> None:
    assert "not encrypted" in EndpointClient(Settings(endpoint="http://far.example/v1")).status.note
    assert EndpointClient(Settings(endpoint="https://far.example/v1")).status.note == ""
    assert EndpointClient(Settings(endpoint="http://127.0.0.1:1/v1")).status.note == ""
