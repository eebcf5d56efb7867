"""A small LSP client for tests: in process over two streams, or over the stdio of a real server."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

WAIT = 300.0
"""Seconds after which a test gives up waiting; nothing takes this long unless it is broken."""


class ResponseError(Exception):
    """The server answered with an error."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(f"{error['code']}: {error['message']}")
        self.code: int = error["code"]
        self.message: str = error["message"]


class Client:
    """Sends and receives messages; keeps every notification, answers the server's requests."""

    def __init__(self, reader: asyncio.StreamReader, write: Callable[[bytes], None]) -> None:
        self._reader = reader
        self._write = write
        self._next = 0
        self._pending: dict[int | str, asyncio.Future[Any]] = {}
        self.notifications: list[dict[str, Any]] = []
        self.requests: list[dict[str, Any]] = []
        self.unmatched: list[dict[str, Any]] = []
        self.settings: Any = {}
        self._news = asyncio.Condition()
        self.closed = asyncio.Event()
        self._task = asyncio.ensure_future(self._read())

    async def _read(self) -> None:
        try:
            while True:
                length = None
                while (header := await self._reader.readline()).strip():
                    name, _, value = header.decode().partition(":")
                    if name.lower() == "content-length":
                        length = int(value)
                if length is None:
                    return
                message = json.loads(await self._reader.readexactly(length))
                if "method" not in message:
                    future = self._pending.pop(message.get("id"), None)
                    if future is None or future.done():
                        self.unmatched.append(message)
                    elif "error" in message:
                        future.set_exception(ResponseError(message["error"]))
                    else:
                        future.set_result(message.get("result"))
                elif "id" in message:
                    self.requests.append(message)
                    self.send({"id": message["id"], "result": self._answer(message)})
                else:
                    self.notifications.append(message)
                async with self._news:
                    self._news.notify_all()
        except asyncio.IncompleteReadError:
            pass
        finally:
            self.closed.set()
            for future in self._pending.values():
                if not future.done():
                    future.set_exception(ConnectionError("the server closed the connection"))
            async with self._news:
                self._news.notify_all()

    def _answer(self, request: dict[str, Any]) -> Any:
        if request["method"] == "workspace/configuration":
            return [self.settings for _ in request["params"]["items"]]
        return None

    def send_raw(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._write(data)

    def send(self, message: dict[str, Any]) -> None:
        """Send a message."""
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    def notify(self, method: str, params: Any = None) -> None:
        """Send a notification."""
        self.send({"method": method, "params": params} if params is not None else {"method": method})

    def start(self, method: str, params: Any = None) -> tuple[int, asyncio.Future[Any]]:
        """Send a request; returns its id and what will hold the result."""
        self._next += 1
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._pending[self._next] = future
        self.send({"id": self._next, "method": method, "params": params})
        return self._next, future

    async def request(self, method: str, params: Any = None) -> Any:
        """Send a request and wait for its result; raises ResponseError."""
        _, future = self.start(method, params)
        return await asyncio.wait_for(future, WAIT)

    def cancel(self, request_id: int) -> None:
        """Ask for a request to be cancelled."""
        self.notify("$/cancelRequest", {"id": request_id})

    async def wait_for(self, what: Callable[[], Any]) -> Any:
        """Wait until something about the messages so far is true; returns it."""

        async def wait() -> Any:
            async with self._news:
                while not (found := what()):
                    assert not self.closed.is_set(), "the server closed the connection"
                    await self._news.wait()
            return found

        return await asyncio.wait_for(wait(), WAIT)

    async def until(self, check: Callable[[], Awaitable[Any]]) -> None:
        """Wait until what a check asks the server is true: it is asked again after each notification."""
        async with asyncio.timeout(WAIT):
            while True:
                count = len(self.notifications)
                if await check():
                    return
                await self.wait_for(lambda count=count: len(self.notifications) > count)  # type: ignore[misc]

    def progress(self, token: Any) -> list[Any]:
        """Values of `$/progress` on a token."""
        return [
            message["params"]["value"]
            for message in self.notifications
            if message["method"] == "$/progress" and message["params"]["token"] == token
        ]

    def last(self, method: str) -> Any:
        """Params of the newest notification of a method."""
        return next((m["params"] for m in reversed(self.notifications) if m["method"] == method), None)

    async def initialize(
        self,
        *roots: Path,
        capabilities: dict[str, Any] | None = None,
        options: Any = None,
        process_id: int | None = None,
    ) -> dict[str, Any]:
        """Do the handshake with these workspace folders."""
        result: dict[str, Any] = await self.request(
            "initialize",
            {
                "processId": process_id,
                "rootUri": None,
                "capabilities": capabilities or {},
                "initializationOptions": options,
                "workspaceFolders": [{"uri": root.as_uri(), "name": root.name} for root in roots],
            },
        )
        self.notify("initialized", {})
        return result

    async def ready(self) -> dict[str, Any]:
        """Wait until the index is ready; returns the status."""

        def is_ready() -> Any:
            status = self.last("glossator/statusChanged")
            return status if status and status["index"]["state"] == "ready" and status["index"]["files"] else None

        status: dict[str, Any] = await self.wait_for(is_ready)
        return status

    def open(self, path: Path, text: str | None = None, version: int = 1) -> str:
        """Open a document; returns its URI."""
        uri = path.as_uri()
        content = path.read_text("utf-8") if text is None else text
        document = {"uri": uri, "languageId": "python", "version": version, "text": content}
        self.notify("textDocument/didOpen", {"textDocument": document})
        return uri

    def replace(self, uri: str, text: str, version: int) -> None:
        """Replace a document's whole text, unsaved."""
        self.notify(
            "textDocument/didChange",
            {"textDocument": {"uri": uri, "version": version}, "contentChanges": [{"text": text}]},
        )


async def start_server(*arguments: str, env: dict[str, str] | None = None) -> tuple[asyncio.subprocess.Process, Client]:
    """A real server on real stdio."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "glossator",
        "serve",
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=env,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    return process, Client(process.stdout, process.stdin.write)
