"""A remote source of answers: any server with OpenAI's chat-completions interface, in place of the local process.

llama-server, Ollama, vLLM and LM Studio are such servers. The blocking HTTP exchange runs in a thread; closing its
socket is what cancels it, which all of these servers take as the end of the request. Redirects are not followed, so the
key goes to the configured host alone, and it is struck out of every message.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import logging
import socket
import ssl
import threading
import time
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from glossator.errors import (
    ModelCrashedError,
    ModelError,
    ModelNotFoundError,
    ModelRuntimeError,
    ModelTimeoutError,
    SettingsError,
)
from glossator.model.chat import ChatModel, Delta, Done, ModelStatus, Thinking, TokenUsage
from glossator.model.thinking import ThinkingSplitter

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from glossator.model.chat import ChatEvent, ChatRequest, StopReason
    from glossator.settings import Settings

_log = logging.getLogger("glossator.model")

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 180.0
"""The longest wait for the next bytes; a server may have to load the model first."""
BYTES_PER_TOKEN = 3.0
"""For counting tokens without the server's tokenizer: source code has 3 to 4 bytes to a token, so this counts high."""
_LARGEST_LINE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Address:
    """Where the endpoint is. `path` ends with the version, without a slash ("/v1")."""

    secure: bool
    host: str
    port: int
    path: str

    @classmethod
    def parse(cls, url: str) -> Address:
        """Read the setting `endpoint`: "http://localhost:8080", ".../v1" or ".../v1/chat/completions".

        Raises:
            SettingsError: not an http or https URL.
        """
        try:
            parts = urlsplit(url.strip())
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
            raise SettingsError(f"setting 'endpoint' must be a URL like http://localhost:8080/v1, not {url!r}")
        path = parts.path.rstrip("/").removesuffix("/chat/completions")
        secure = parts.scheme == "https"
        return cls(secure, parts.hostname, port or (443 if secure else 80), path or "/v1")

    @property
    def text(self) -> str:
        """For messages."""
        return f"{'https' if self.secure else 'http'}://{self.host}:{self.port}{self.path}"

    @property
    def loopback(self) -> bool:
        """Whether it is on this machine."""
        return self.host in ("localhost", "::1") or self.host.startswith("127.")


class Call:
    """One HTTP request, made in a thread, that can be ended from outside."""

    def __init__(self, address: Address, key: str) -> None:
        self._address = address
        self._key = key
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self.cancelled = False

    def _connection(self) -> http.client.HTTPConnection:
        address = self._address
        scheme = "https" if address.secure else "http"
        proxy = "" if urllib.request.proxy_bypass(address.host) else urllib.request.getproxies().get(scheme, "")
        host, port = address.host, address.port
        if proxy and not address.loopback:
            via = urlsplit(proxy if "//" in proxy else f"//{proxy}")
            host, port = via.hostname or host, via.port or 80
        else:
            proxy = ""
        connection: http.client.HTTPConnection
        if address.secure:
            connection = http.client.HTTPSConnection(
                host, port, timeout=CONNECT_SECONDS, context=ssl.create_default_context()
            )
        else:
            connection = http.client.HTTPConnection(host, port, timeout=CONNECT_SECONDS)
        if proxy:
            connection.set_tunnel(address.host, address.port)
        return connection

    def open(self, method: str, path: str, body: dict[str, Any] | None = None) -> http.client.HTTPResponse:
        """Send a request and return the response's head.

        Raises:
            ModelError: nothing answers there, or it refuses.
        """
        address = self._address
        connection = self._connection()
        headers = {"Accept": "text/event-stream" if body else "application/json", "User-Agent": "glossator"}
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        try:
            connection.connect()
            with self._lock:
                self._socket = connection.sock
            if self.cancelled:
                self.cancel()
            if connection.sock is not None:
                connection.sock.settimeout(SILENCE_SECONDS)
            connection.request(method, address.path + path, data, headers)
            response = connection.getresponse()
            if response.status != 200:
                raise self._refusal(response.status, response.read(16 * 1024))
        except TimeoutError as error:
            raise ModelTimeoutError(f"{address.text} does not answer") from error
        except (OSError, http.client.HTTPException) as error:
            why = getattr(error, "strerror", None) or error
            raise ModelRuntimeError(f"{address.text} cannot be reached: {self.clean(str(why))}") from error
        return response

    def _refusal(self, status: int, body: bytes) -> ModelError:
        where = self._address.text
        detail = body.decode("utf-8", "replace")
        try:
            parsed = json.loads(detail)
            error = parsed.get("error", parsed) if isinstance(parsed, dict) else parsed
            detail = str(error.get("message", error) if isinstance(error, dict) else error)
        except ValueError:
            pass  # not JSON: the text itself is the detail
        detail = self.clean(" ".join(detail.split())[:300])
        if status in (401, 403):
            return ModelRuntimeError(f"{where} refuses the key in the setting 'endpoint_key' ({status}): {detail}")
        if status == 404:
            return ModelNotFoundError(f"{where} has no such model or no chat completions (404): {detail}")
        return ModelRuntimeError(f"{where} answers with status {status}: {detail}")

    def clean(self, text: str) -> str:
        """`text` without the key."""
        return text.replace(self._key, "***") if self._key else text

    def cancel(self) -> None:
        """End it, whatever it is waiting for."""
        self.cancelled = True
        with self._lock:
            if self._socket is not None:
                with contextlib.suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)


class EndpointClient(ChatModel):
    """Answers from the server in `Settings.endpoint`."""

    def __init__(self, settings: Settings, on_status: Callable[[ModelStatus], None] | None = None) -> None:
        """Nothing is contacted yet.

        Raises:
            SettingsError: `endpoint` is not a URL.
        """
        self._address = Address.parse(settings.endpoint)
        self._calls: set[Call] = set()
        self._model = settings.endpoint_model
        note = ""
        if not self._address.secure and not self._address.loopback:
            note = "the connection is not encrypted: questions and code are readable on the way"
        status = ModelStatus(
            "none",
            name=settings.endpoint_model,
            device=f"server {self._address.host}",
            context_tokens=settings.context_tokens or 8192,
            note=note,
        )
        super().__init__(settings, on_status, status)

    async def load(self) -> ModelStatus:
        """Ask the server which models it has; see `ChatModel.load`."""
        if self._status.state in ("ready", "busy"):
            return self._status
        self._set("loading")
        call = Call(self._address, self.settings.endpoint_key)
        self._calls.add(call)
        try:
            models = await asyncio.to_thread(self._models, call)
            names = [str(model.get("id", "")) for model in models]
            if not self._model and not names:
                raise ModelNotFoundError(f"{self._address.text} lists no model; name one in the setting endpoint_model")
        except ModelError as error:
            self._set("failed", reason=str(error))
            raise
        except asyncio.CancelledError:
            call.cancel()
            self._set("none")
            raise
        finally:
            self._calls.discard(call)
        self._model = self._model or names[0]
        context = next((_context(model) for model in models if model.get("id") == self._model), 0)
        limit = self.settings.context_tokens
        tokens = min(filter(None, (context, limit)), default=8192)
        self._set("ready", name=self._model, context_tokens=tokens)
        return self._status

    def _models(self, call: Call) -> list[dict[str, Any]]:
        try:
            data = json.loads(call.open("GET", "/models").read(4 * 1024 * 1024))
        except ModelNotFoundError:
            if self._model:
                return []  # not every server lists its models
            raise
        except (ValueError, OSError, http.client.HTTPException) as error:
            raise ModelRuntimeError(f"{self._address.text} does not speak OpenAI's interface: {error}") from error
        items = data.get("data", []) if isinstance(data, dict) else []
        return [item for item in items if isinstance(item, dict)]

    async def _chat(self, request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
        settings = self.settings
        body: dict[str, Any] = {
            "messages": [{"role": message.role, "content": message.text} for message in request.messages],
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            "top_p": settings.top_p,
            "seed": request.seed,
            "stream": True,
            "stream_options": {"include_usage": True},
        }  # whether it thinks is the server's to decide
        if request.stop:
            body["stop"] = list(request.stop)
        loop = asyncio.get_running_loop()
        events: asyncio.Queue[ChatEvent | ModelError] = asyncio.Queue()
        call = Call(self._address, settings.endpoint_key)
        guards: list[asyncio.TimerHandle | asyncio.Task[None]] = []
        preempted = False

        async def give_way() -> None:
            nonlocal preempted
            await self._turns.wanted.wait()
            preempted = True
            call.cancel()

        def put(event: ChatEvent | ModelError) -> None:
            loop.call_soon_threadsafe(events.put_nowait, event)

        def expire() -> None:
            call.cancel()
            events.put_nowait(ModelTimeoutError("the model did not finish within the time set for this request"))

        await self._turns.take(background=request.background)
        self._calls.add(call)
        try:
            await self.load()
            body["model"] = self._model
            self._set("busy")
            if request.timeout is not None:
                guards.append(loop.call_later(request.timeout, expire))
            if request.background:
                guards.append(asyncio.create_task(give_way()))
            loop.run_in_executor(None, self._stream, call, body, put)
            while True:
                event = await events.get()
                if isinstance(event, ModelError):
                    if not preempted:
                        raise event
                    event = Done("preempted", TokenUsage())
                yield event
                if isinstance(event, Done):
                    return
        except ModelRuntimeError as error:
            self._set("failed", reason=str(error))
            raise
        finally:
            for guard in guards:
                guard.cancel()
            call.cancel()
            self._calls.discard(call)
            if self._status.state == "busy":
                self._set("ready")
            self._turns.give()

    def _stream(self, call: Call, body: dict[str, Any], put: Callable[[ChatEvent | ModelError], object]) -> None:
        """In a thread: make the request and put its events, the last one a Done or an error."""
        try:
            put(self._read(call, body, put))
        except ModelError as error:
            put(error)
        except TimeoutError:
            put(ModelTimeoutError(f"{self._address.text} was silent for {SILENCE_SECONDS:.0f} s"))
        except (OSError, ValueError, http.client.HTTPException) as error:
            put(ModelCrashedError(f"{self._address.text} broke off its answer: {call.clean(str(error))}"))
        except RuntimeError:
            _log.debug("the loop ended before an answer did")

    def _read(self, call: Call, body: dict[str, Any], put: Callable[[ChatEvent], object]) -> Done:
        started = time.monotonic()
        response = call.open("POST", "/chat/completions", body)
        splitter = ThinkingSplitter()
        reason: StopReason | None = None
        usage: dict[str, Any] = {}
        first = last = 0.0
        pieces = 0

        def emit(text: str, *, final: bool = False) -> None:
            for kind, part in splitter.feed(text, final=final):
                put(Delta(part) if kind == "answer" else Thinking(part))

        while line := response.readline(_LARGEST_LINE):
            if not line.startswith(b"data:"):
                continue
            data = line[5:].strip()
            if data == b"[DONE]":
                reason = reason or "stop"
                break
            message = json.loads(data)
            if message.get("error"):
                raise ModelRuntimeError(f"{self._address.text} reports: {call.clean(str(message['error'])[:300])}")
            usage = message.get("usage") or usage
            for choice in (message.get("choices") or [])[:1]:
                delta = choice.get("delta") or {}
                if thought := delta.get("reasoning_content") or delta.get("reasoning"):
                    put(Thinking(thought))
                if text := delta.get("content"):
                    last = time.monotonic()
                    first = first or last
                    pieces += 1
                    emit(text)
                if ended := choice.get("finish_reason"):
                    reason = "length" if ended == "length" else "stop"
        if reason is None:
            raise ModelCrashedError(f"{self._address.text} ended its answer in the middle")
        emit("", final=True)
        completion = int(usage.get("completion_tokens") or pieces)
        details = usage.get("prompt_tokens_details") or {}
        return Done(
            reason,
            TokenUsage(
                prompt_tokens=int(usage.get("prompt_tokens") or 0),
                reused_tokens=int(details.get("cached_tokens") or 0),
                completion_tokens=completion,
                time_to_first_token_ms=round((first - started) * 1000, 2) if first else None,
                tokens_per_second=round((completion - 1) / (last - first), 2)
                if completion > 1 and last > first
                else None,
            ),
        )

    async def count(self, texts: Sequence[str]) -> list[int]:
        """An estimate on the high side: the interface has no tokenizer."""
        return [-int(-len(text.encode("utf-8", "surrogatepass")) // BYTES_PER_TOKEN) for text in texts]

    async def unload(self) -> None:
        """Nothing is loaded here."""
        self._set("none")

    async def close(self) -> None:
        """Break off whatever is running."""
        for call in list(self._calls):
            call.cancel()
        self._set("none")


def _context(model: dict[str, Any]) -> int:
    """The context window that a server gives for a model, 0 if it does not: vLLM's, llama-server's or LM Studio's."""
    meta = model.get("meta") or {}
    for value in (model.get("max_model_len"), meta.get("n_ctx"), meta.get("n_ctx_train"), model.get("context_length")):
        if isinstance(value, int) and value > 0:
            return value
    return 0
