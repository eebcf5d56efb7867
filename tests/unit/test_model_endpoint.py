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
    ModelError,
    ModelNotFoundError,
    ModelRuntimeError,
    ModelTimeoutError,
    SettingsError,
)
from glossator.model.chat import ChatMessage, Delta, Done, Thinking
from glossator.model.endpoint import Address, EndpointClient, EndpointTimeouts
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
        self.headers = {"Content-Type": "text/event-stream"}
        self.body: Any = {"error": {"message": "no"}}
        self.models: Any = {"data": [{"id": "big-model", "max_model_len": 4096}]}
        self.script: Callable[[Callable[[Any], None]], None] = lambda send: self.say(send, "Hello", " you", ".")
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
                for name, value in server.headers.items():
                    self.send_header(name, value)
                self.end_headers()

                def send(line: str | bytes) -> None:
                    try:
                        self.wfile.write(line.encode() if isinstance(line, str) else line)
                        self.wfile.flush()
                    except OSError:
                        server.gone.set()
                        raise

                try:
                    server.script(send)
                except OSError:
                    server.gone.set()

            def reply(self, status: int, value: Any) -> None:
                data = value if isinstance(value, bytes) else json.dumps(value).encode()
                self.send_response(status)
                for name, header in server.headers.items():
                    self.send_header(name, header)
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
    def say(send: Callable[[Any], None], *texts: str, reason: str = "stop", field: str = "content") -> None:
        for text in texts:
            send(f"data: {json.dumps({'choices': [{'delta': {field: text}}]})}\n\n")
        send(f"data: {json.dumps({'choices': [{'delta': {}, 'finish_reason': reason}]})}\n\n")
        usage = {"prompt_tokens": 12, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 5}}
        send(f"data: {json.dumps({'choices': [], 'usage': usage})}\n\n")
        send("data: [DONE]\n\n")

    def forever(self, send: Callable[[Any], None]) -> None:
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
    await answer(client, seed=-1)
    assert "seed" not in server.requests[-1][2]
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
    assert await asyncio.to_thread(server.gone.wait, 300)
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


PIECE = 'data: {"choices":[{"delta":{"content":"Hel"}}]}\n\n'
HTML = b"<!DOCTYPE html><html><head><style>b{}</style></head><body><h1>502</h1>Bad gateway</body></html>"


def data(value: object) -> str:
    return f"data: {json.dumps(value)}\n\n"


@pytest.mark.parametrize(
    "event",
    [
        data([]),
        data(5),
        data("text"),
        data({"choices": {}}),
        data({"choices": "none"}),
        data({"choices": 7}),
        data({"choices": ["text"]}),
        data({"choices": [[]]}),
        data({"choices": [{"delta": []}]}),
        data({"choices": [{"delta": "text"}]}),
        data({"choices": [{"delta": {"content": 5}}]}),
        data({"choices": [{"delta": {"content": ["a"]}}]}),
        data({"choices": [{"delta": {"content": {"text": "a"}}}]}),
        data({"choices": [{"delta": {"reasoning_content": 5}}]}),
        data({"choices": [{"delta": {"reasoning": True}}]}),
        data({"choices": [{"delta": {}, "finish_reason": 5}]}),
        data({"choices": [{"delta": {}, "finish_reason": "error"}]}),
        data({"error": 7}),
        data({"error": "out of memory"}),
        data({"error": {"message": None}}),
        data({"error": {"message": {"deep": 1}}}),
        data({"error": ["one", "two"]}),
        data({"object": "error", "message": "out of memory"}),
        'data: {"choices": [{"delta": {"con\n\n',
        "data: {'choices': []}\n\n",
        "data: {}{}\n\n",
        "data: " + "[" * 100_000 + "\n\n",
        'data: {"n": ' + "9" * 10_000 + "}\n\n",
        b"data: \xff\xfe\x00\n\n",
        b'data: {"choices": [\xc3\x28\n\n',
        b"data: \x1f\x8b\x08\x00\n\n",
        HTML,
        "",
        "\n\n\n",
        "event: message\n\n",
        "nonsense\n\n",
        "data: [DONE",
    ],
    ids=lambda event: repr(event)[:50],
)
@pytest.mark.parametrize("before", ["", PIECE])
async def test_a_malformed_event_ends_the_answer(
    server: Server, settings: Settings, before: str, event: str | bytes
) -> None:
    client = EndpointClient(settings)
    server.script = lambda send: (send(before), send(event))[0]
    with pytest.raises(ModelError, match=r"127\.0\.0\.1") as raised:
        await answer(client)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 500
    server.script = lambda send: server.say(send, "fine")
    assert (await answer(client))[0] == "fine", "the model's turn was given back"
    await client.close()


@pytest.mark.parametrize(
    "event",
    [
        data(None),
        data({}),
        data({"choices": None}),
        data({"choices": []}),
        data({"choices": [None]}),
        data({"choices": [{}]}),
        data({"choices": [{"delta": None}]}),
        data({"choices": [{"delta": {"content": None, "reasoning": None, "role": 5}, "finish_reason": None}]}),
        data({"choices": [{"delta": {"content": ""}}, "another choice"]}),
        data({"choices": [], "error": None, "usage": []}),
        data({"usage": {"prompt_tokens": "many", "completion_tokens": -1, "prompt_tokens_details": 7}}),
        data({"usage": {"prompt_tokens": None, "completion_tokens": 1e999, "prompt_tokens_details": {}}}),
        "data:\n\n",
        ": a comment\n\n",
        "event: ping\nid: 5\nretry: x\n\n",
        "unknown: field\n\n",
    ],
    ids=lambda event: repr(event)[:50],
)
async def test_a_harmless_event_is_passed_over(server: Server, settings: Settings, event: str) -> None:
    client = EndpointClient(settings)
    server.script = lambda send: (send(event), send(PIECE), send(event), server.say(send, "lo"))[-1]
    text, _, done = await answer(client)
    assert (text, done.finish_reason) == ("Hello", "stop")
    server.script = lambda send: (send(PIECE), send(event), send("data: [DONE]\n\n"))[-1]
    _, _, done = await answer(client)
    assert (done.usage.prompt_tokens, done.usage.reused_tokens, done.usage.completion_tokens) == (0, 0, 1)
    await client.close()


async def test_events_in_any_cut(server: Server, settings: Settings) -> None:
    client = EndpointClient(settings)
    stream = 'data: {}\r\n\r\ndata:{\ndata: "choices": [{"delta": {"content": "é\u2028€😀"}}]}\n\n'
    stream += 'data: {"choices":[{"delta":{"content":"\\ud83d"},"finish_reason":"stop"}]}\r\rdata: [DONE]\n\n'

    def script(send: Callable[[Any], None]) -> None:
        for byte in stream.encode():
            send(bytes([byte]))

    server.script = script
    text, _, _ = await answer(client)
    assert text == "é\u2028€😀\ufffd"
    await client.close()


@pytest.mark.parametrize(
    ("headers", "body", "message"),
    [
        ({"Content-Type": "text/html"}, HTML, "text/html instead of text/event-stream .*502 Bad gateway"),
        ({}, HTML, "no content type"),
        ({"Content-Type": "application/json"}, b'{"error": {"message": "no such thing"}}', "no such thing"),
        ({"Content-Type": "application/json"}, b"[" * 100_000, "application/json"),
        ({"Content-Type": "text/event-stream", "Content-Encoding": "gzip"}, b"not gzip at all", "broke off"),
        ({"Content-Type": "text/event-stream", "Content-Length": "999999"}, PIECE.encode(), "broke off"),
        ({"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"}, b"zz\r\nxx\r\n", "broke off"),
        ({"Content-Type": "text/event-stream; charset=utf-7"}, b"data: +ADw-\n\n", "not JSON"),
        ({"Content-Type": "text/event-stream; charset=hex"}, b"data: 00\n\n", "not JSON"),
    ],
)
async def test_replies_that_are_no_stream_of_events(
    server: Server, settings: Settings, headers: dict[str, str], body: bytes, message: str
) -> None:
    client = EndpointClient(settings)
    await client.load()
    server.headers, server.script = headers, lambda send: send(body)
    with pytest.raises(ModelError, match=message):
        await answer(client)
    server.headers = {"Content-Type": "text/event-stream"}
    server.script = lambda send: server.say(send, "fine")
    assert (await answer(client))[0] == "fine"
    await client.close()


@pytest.mark.parametrize("unit", [b"x" * 4096, b"data: " + b"x" * 4096, b"data: {}\ndata: \n"])
async def test_an_event_without_an_end(server: Server, settings: Settings, unit: bytes) -> None:
    client = EndpointClient(settings)

    def script(send: Callable[[Any], None]) -> None:
        while not server.release.is_set():
            send(unit)

    server.script = script
    with pytest.raises(ModelCrashedError, match="byte limit"):
        await answer(client)
    server.script = lambda send: server.say(send, "fine")
    assert (await answer(client))[0] == "fine"
    await client.close()


@pytest.mark.parametrize("unit", ["", ": ping\n\n", "data: {}\n\n", data({"choices": [{"delta": {}}]}), " "])
@pytest.mark.parametrize("before", ["", PIECE])
async def test_a_server_that_writes_nothing_times_out(
    server: Server, settings: Settings, before: str, unit: str
) -> None:
    timeouts = EndpointTimeouts(next_token=0.1) if before else EndpointTimeouts(first_token=0.2)
    client = EndpointClient(settings, timeouts=timeouts)

    def script(send: Callable[[Any], None]) -> None:
        send(before)
        while not server.release.wait(0.005):
            send(unit)

    server.script = script
    with pytest.raises(ModelTimeoutError, match="wrote nothing for 0.1 s" if before else "wrote nothing for 0.2 s"):
        await answer(client)
    client._timeouts = EndpointTimeouts()
    server.script = lambda send: server.say(send, "fine")
    assert (await answer(client))[0] == "fine"
    await client.close()


async def test_a_server_that_ignores_the_limit_is_cut_off(server: Server, settings: Settings) -> None:
    client = EndpointClient(settings)

    def script(send: Callable[[Any], None]) -> None:
        while not server.gone.is_set() and not server.release.is_set():
            send(data({"choices": [{"delta": {"content": "more " * 2000}}]}))

    server.script = script
    text, _, done = await answer(client, max_tokens=10)
    assert done.finish_reason == "length"
    assert 64_000 < len(text) < 80_000
    assert await asyncio.to_thread(server.gone.wait, 300)
    await client.close()


@pytest.mark.parametrize(
    "models",
    [
        None,
        [],
        5,
        "text",
        {},
        {"data": None},
        {"data": {}},
        {"data": 5},
        {"data": [None, 5, {"id": 5}, {"id": ""}, {}]},
        HTML,
        b"\xff\xfe",
        b"[" * 100_000,
        b"",
    ],
    ids=lambda models: repr(models)[:40],
)
async def test_malformed_lists_of_models(server: Server, settings: Settings, models: Any) -> None:
    client = EndpointClient(settings)
    server.models = models
    with pytest.raises(ModelError):
        await answer(client)
    assert client.status.state == "failed"
    server.models = {
        "data": [None, {"id": 7}, {"id": "good", "meta": 5, "max_model_len": "4096", "context_length": 99}]
    }
    assert (await answer(client))[0] == "Hello you."
    assert (client.status.name, client.status.context_tokens) == ("good", 99)
    await client.close()


async def test_a_list_of_models_that_does_not_come(server: Server, settings: Settings) -> None:
    client = EndpointClient(settings, timeouts=EndpointTimeouts(listing=0.1))
    server.slow = True
    with pytest.raises(ModelTimeoutError, match="does not answer"):
        await client.load()
    await client.close()


async def test_closing_ends_an_answer(server: Server, settings: Settings) -> None:
    client = EndpointClient(settings)
    server.script = server.forever
    events = client.chat(QUESTION)
    assert isinstance(await anext(events), Delta)
    await client.close()
    with pytest.raises(ModelCrashedError, match="closed"):
        async for _ in events:
            pass
    assert await asyncio.to_thread(server.gone.wait, 300)


async def test_a_redirect_is_not_followed_and_takes_no_key_along(server: Server, settings: Settings) -> None:
    other = Server()
    try:
        client = EndpointClient(settings)
        server.headers = {"Location": f"{other.url}/chat/completions"}
        for status in (301, 302, 303, 307, 308):
            server.status = status
            with pytest.raises(ModelRuntimeError, match=f"redirects to another address .{status}"):
                await answer(client)
        assert other.requests == []
        await client.close()
    finally:
        other.http.shutdown()
        other.http.server_close()


async def test_proxies_of_the_environment(server: Server, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", server.url.removesuffix("/v1"))
    far = replace(settings, endpoint="http://model.invalid:8080/v1")
    async with EndpointClient(far) as client:
        assert (await answer(client))[0] == "Hello you."
    path, headers, _ = server.requests[-1]
    assert path == "http://model.invalid:8080/v1/chat/completions"
    assert headers["Host"] == "model.invalid:8080"
    monkeypatch.setenv("no_proxy", "model.invalid")
    async with EndpointClient(far) as client:
        with pytest.raises(ModelRuntimeError, match="cannot be reached"):
            await answer(client)
    monkeypatch.delenv("no_proxy")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    async with EndpointClient(settings) as client:  # this machine is reached without a proxy
        assert (await answer(client))[0] == "Hello you."
    monkeypatch.setenv("http_proxy", "strange://proxy")
    async with EndpointClient(far) as client:
        with pytest.raises(ModelRuntimeError, match="proxy"):
            await answer(client)


@pytest.mark.parametrize("key", ["sk-\u00e9", "sk-\nX-Evil: 1", "sk-\0"])
async def test_a_key_that_cannot_be_sent(server: Server, settings: Settings, key: str) -> None:
    async with EndpointClient(replace(settings, endpoint_key=key)) as client:
        with pytest.raises(ModelError) as raised:
            await client.load()
    assert key not in str(raised.value)
    assert not any("X-Evil" in headers for _, headers, _ in server.requests)


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
    ("host", "loopback"),
    [
        ("localhost", True),
        ("LOCALHOST", True),
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("[::1]", True),
        ("[::ffff:127.0.0.1]", True),
        ("127.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("evil.localhost", False),
        ("127.1", False),
        ("127", False),
        ("0.0.0.0", False),
        ("192.168.0.1", False),
        ("[::]", False),
        ("[fe80::1]", False),
        ("[::ffff:10.0.0.1]", False),
        ("far.example", False),
    ],
)
def test_what_is_on_this_machine(host: str, loopback: bool) -> None:
    address = Address.parse(f"http://{host}:1/v1")
    assert address.loopback == loopback
    assert Address.parse(address.text) == address
    note = EndpointClient(Settings(endpoint=address.text, endpoint_key=KEY)).status.note
    assert ("not encrypted" in note and "the key" in note) != loopback


@pytest.mark.parametrize(
    "url",
    [
        "localhost:8080",
        "ftp://host/v1",
        "http://",
        "http://u:p@host/v1",
        "http://@host/v1",
        "http://h:x/",
        "http://h:0/",
        "http://h:99999/",
        "http://h/v1?key=1",
        "http://[::1/",
        "http://h\0/",
        "http://h h/",
        "?",
    ],
)
def test_wrong_addresses(url: str) -> None:
    with pytest.raises(SettingsError, match="endpoint"):
        Address.parse(url)


def test_an_open_connection_is_told() -> None:
    assert "not encrypted" in EndpointClient(Settings(endpoint="http://far.example/v1")).status.note
    assert EndpointClient(Settings(endpoint="https://far.example/v1")).status.note == ""
    assert EndpointClient(Settings(endpoint="http://127.0.0.1:1/v1")).status.note == ""
