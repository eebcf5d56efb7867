"""A chat model on a server with OpenAI's chat-completions interface, in place of the local process.

llama-server, Ollama, vLLM and LM Studio are such servers. Closing the connection cancels an answer: all of these
servers take it as the end of the request. Redirects are not followed, so the key goes to the configured host alone; it
is removed from every message.

What the server sends is not trusted: each answer is bounded in time and size, and an event that is not what the
interface describes ends the answer with an error.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import httpx2 as httpx

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
from glossator.settings import endpoint_url, is_this_machine

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence

    from glossator.model.chat import ChatEvent, ChatRequest, StopReason
    from glossator.settings import Settings


@dataclass(frozen=True, slots=True)
class EndpointTimeouts:
    """Seconds that the server is waited for."""

    connect: float = 10.0
    listing: float = 60.0
    """For the list of models, in all."""
    first_token: float = 180.0
    """From the request to the first text; a server may have to load the model first."""
    next_token: float = 60.0
    """Between two pieces of text. Comments and empty events, which proxies send to keep a connection open, do not
    count."""


BYTES_PER_TOKEN = 3.0
"""For counting tokens without the server's tokenizer: source code has 3 to 4 bytes to a token, so this counts high."""
DEFAULT_CONTEXT_TOKENS = 8192
MAX_EVENT_BYTES = 1024 * 1024
MAX_LISTING_BYTES = 4 * 1024 * 1024
MAX_REFUSAL_BYTES = 16 * 1024
MAX_TOKEN_CHARACTERS = 64
"""An answer is cut off at this many characters per token that was asked for: a server that ignores `max_tokens` must
not go on for ever. Few tokens of any vocabulary are longer (runs of spaces), and an average one has four."""
SPARE_CHARACTERS = 64 * 1024
"""On top of that, for servers that do not count thinking as part of the answer."""

_SURROGATES = re.compile("[\ud800-\udfff]")


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
            parts = endpoint_url(url)
            httpx.URL(url.strip())  # refuses more: control characters, host names that are none
        except (ValueError, httpx.InvalidURL):
            raise SettingsError(
                f"setting 'endpoint' must be a URL like http://localhost:8080/v1, not {url!r}"
            ) from None
        path = parts.path.rstrip("/").removesuffix("/chat/completions")
        secure = parts.scheme == "https"
        return cls(secure, parts.hostname or "", parts.port or (443 if secure else 80), path or "/v1")

    @property
    def text(self) -> str:
        """The base URL, as shown in messages and as requested."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.secure else 'http'}://{host}:{self.port}{self.path}"

    @property
    def loopback(self) -> bool:
        """Whether it is on this machine for certain."""
        return is_this_machine(self.host)

    @property
    def proxy(self) -> str | None:
        """The proxy that the user's environment (on macOS and Windows also the system) asks for; never for loopback."""
        if self.loopback or urllib.request.proxy_bypass(self.host):
            return None
        proxies = urllib.request.getproxies()
        proxy = proxies.get("https" if self.secure else "http") or proxies.get("all") or ""
        return (proxy if "://" in proxy else f"http://{proxy}") if proxy else None


class EndpointClient(ChatModel):
    """Answers from the server in `Settings.endpoint`."""

    def __init__(
        self,
        settings: Settings,
        on_status: Callable[[ModelStatus], None] | None = None,
        *,
        timeouts: EndpointTimeouts | None = None,
    ) -> None:
        """Nothing is contacted yet.

        Raises:
            SettingsError: `endpoint` is not a URL.
        """
        self._address = Address.parse(settings.endpoint)
        self._key = settings.endpoint_key
        self._timeouts = timeouts or EndpointTimeouts()
        self._http: httpx.AsyncClient | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._model = settings.endpoint_model
        note = ""
        if not self._address.secure and not self._address.loopback:
            what = "questions, code and the key" if self._key else "questions and code"
            note = f"the connection is not encrypted: {what} are readable on the way"
        status = ModelStatus(
            "none",
            name=settings.endpoint_model,
            device=f"server {self._address.host}",
            context_tokens=settings.context_tokens or DEFAULT_CONTEXT_TOKENS,
            note=note,
        )
        super().__init__(settings, on_status, status)

    # The connection

    def _client(self) -> httpx.AsyncClient:
        if self._http is None or self._http.is_closed:
            headers = {"User-Agent": "glossator", "Accept-Encoding": "identity"}
            if self._key:
                headers["Authorization"] = f"Bearer {self._key}"
            silence = max(self._timeouts.first_token, self._timeouts.listing)
            try:
                self._http = httpx.AsyncClient(
                    base_url=self._address.text,
                    headers=headers,
                    verify=httpx.create_ssl_context(),
                    proxy=self._address.proxy,
                    trust_env=False,  # proxies are chosen above, with loopback exempt
                    follow_redirects=False,
                    timeout=httpx.Timeout(silence, connect=self._timeouts.connect),
                )
            except UnicodeError:
                raise ModelRuntimeError(
                    "the setting 'endpoint_key' contains characters that an API key cannot have"
                ) from None
            except (ImportError, ValueError, httpx.InvalidURL) as error:
                raise ModelRuntimeError(f"the proxy that the environment names cannot be used: {error}") from error
        return self._http

    @contextlib.asynccontextmanager
    async def _response(
        self, method: str, path: str, body: dict[str, Any] | None = None
    ) -> AsyncIterator[httpx.Response]:
        """A response with status 200; the connection is closed with it.

        Raises:
            ModelError: nothing answers there, it refuses, or what it sends breaks off.
        """
        where = self._address.text
        started = False
        accept = {"Accept": "text/event-stream" if body else "application/json"}
        try:
            async with self._client().stream(method, where + path, json=body, headers=accept) as response:
                started = True
                if response.status_code != 200:
                    raise self._refusal(response, await _read(response, MAX_REFUSAL_BYTES))
                yield response
        except httpx.TimeoutException as error:
            raise ModelTimeoutError(f"{where} does not answer") from error
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, UnicodeError) as error:
            why = self._clean(str(error) or type(error).__name__)
            if started:
                raise ModelCrashedError(f"{where} broke off its answer: {why}") from error
            raise ModelRuntimeError(f"{where} cannot be reached: {why}") from error

    def _refusal(self, response: httpx.Response, body: bytes) -> ModelError:
        where, status = self._address.text, response.status_code
        detail = self._clean(_error_text(body))
        if status in (401, 403):
            return ModelRuntimeError(f"{where} refuses the key in the setting 'endpoint_key' ({status}): {detail}")
        if status == 404:
            return ModelNotFoundError(f"{where} has no such model or no chat completions (404): {detail}")
        if response.is_redirect:
            return ModelRuntimeError(
                f"{where} redirects to another address ({status}), which is not followed:"
                " put the final address into the setting 'endpoint'"
            )
        return ModelRuntimeError(f"{where} answers with status {status}: {detail}")

    def _clean(self, text: str) -> str:
        """`text` on one line, shortened, and without the key."""
        text = text.replace(self._key, "***") if self._key else text
        return " ".join(_SURROGATES.sub("\ufffd", text).split())[:300]

    # The models

    async def load(self) -> ModelStatus:
        """Ask the server which models it has; see `ChatModel.load`."""
        if self._status.state in ("ready", "busy"):
            return self._status
        self._set("loading")
        try:
            models = await self._list_models()
            names = [name for model in models if isinstance(name := model.get("id"), str) and name]
            if not self._model and not names:
                raise ModelNotFoundError(
                    f"{self._address.text} lists no models; name one in the setting endpoint_model"
                )
        except ModelError as error:
            self._set("failed", reason=str(error))
            raise
        except asyncio.CancelledError:
            self._set("none")
            raise
        self._model = self._model or names[0]
        context = next((_context_window(model) for model in models if model.get("id") == self._model), 0)
        limit = self.settings.context_tokens
        tokens = min(filter(None, (context, limit)), default=DEFAULT_CONTEXT_TOKENS)
        self._set("ready", name=self._model, context_tokens=tokens)
        return self._status

    async def _list_models(self) -> list[dict[str, Any]]:
        where = self._address.text
        try:
            async with asyncio.timeout(self._timeouts.listing), self._response("GET", "/models") as response:
                body = await _read(response, MAX_LISTING_BYTES)
            data = json.loads(body)
        except ModelNotFoundError:
            if self._model:
                return []  # not every server lists its models
            raise
        except TimeoutError as error:
            raise ModelTimeoutError(f"{where} does not answer") from error
        except (ValueError, RecursionError) as error:
            raise ModelRuntimeError(f"{where} is not OpenAI-compatible: its list of models is not JSON") from error
        items = data.get("data") if isinstance(data, dict) else None
        return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []

    # Answers

    async def _chat(self, request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
        # The exchange runs in a task of its own, so that a deadline, an interactive request or `close` can end it
        # while this generator is suspended in the consumer's hands.
        events: asyncio.Queue[ChatEvent | None] = asyncio.Queue()
        tasks: list[asyncio.Task[None]] = []
        preempted = False

        async def give_way(answering: asyncio.Task[None]) -> None:
            nonlocal preempted
            await self._turns.wanted.wait()
            preempted = True
            answering.cancel()

        await self._turns.acquire(background=request.background)
        try:
            await self.load()
            self._set("busy")
            answering = asyncio.create_task(self._answer(request, events.put_nowait))
            self._tasks.add(answering)
            answering.add_done_callback(self._tasks.discard)
            answering.add_done_callback(lambda _: events.put_nowait(None))
            tasks.append(answering)
            if request.background:
                tasks.append(asyncio.create_task(give_way(answering)))
            while (event := await events.get()) is not None:
                yield event
            if not answering.cancelled():
                answering.result()  # raises what ended it
            elif preempted:
                yield Done("preempted", TokenUsage())
            else:
                raise ModelCrashedError("the connection was closed while the answer was written")
        except ModelRuntimeError as error:
            self._set("failed", reason=str(error))
            raise
        finally:
            try:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            finally:
                if self._status.state == "busy":
                    self._set("ready")
                self._turns.release()

    async def _answer(self, request: ChatRequest, put: Callable[[ChatEvent], None]) -> None:
        """Make the request and hand its events to `put`, the last one a `Done`.

        Raises:
            ModelError: no answer came, or not all of it.
        """
        body: dict[str, Any] = {
            "model": self._model,
            "messages": [
                {"role": message.role, "content": _SURROGATES.sub("\ufffd", message.text)}
                for message in request.messages
            ],
            "max_tokens": request.max_tokens,
            "temperature": request.temperature,
            "top_p": self.settings.top_p,
            "stream": True,
            "stream_options": {"include_usage": True},
        }  # whether it thinks is the server's to decide
        if request.seed >= 0:
            body["seed"] = request.seed  # without one, each answer is another
        if request.stop:
            body["stop"] = list(request.stop)
        reading = _AnswerReader(self._address.text, request.max_tokens * MAX_TOKEN_CHARACTERS + SPARE_CHARACTERS, put)
        try:
            async with asyncio.timeout(request.timeout):
                deadline = asyncio.timeout(self._timeouts.first_token)
                async with deadline, self._response("POST", "/chat/completions", body) as response:
                    await self._require_events(response)
                    response.encoding = "utf-8"  # whatever the header says: events have no other
                    source = aiter(httpx.EventSource(response, max_event_size=MAX_EVENT_BYTES))
                    async with contextlib.aclosing(cast("AsyncGenerator[httpx.ServerSentEvent]", source)) as received:
                        async for event in received:
                            if reading.feed(event.data):
                                deadline.reschedule(asyncio.get_running_loop().time() + self._timeouts.next_token)
                            if reading.ended:
                                break
        except TimeoutError:
            if deadline.expired():
                seconds = self._timeouts.next_token if reading.pieces else self._timeouts.first_token
                raise ModelTimeoutError(f"{self._address.text} wrote nothing for {seconds:g} s") from None
            raise ModelTimeoutError("the model did not finish within the time set for this request") from None
        except _MalformedEventError as error:
            raise ModelCrashedError(f"{self._address.text} {self._clean(str(error))}") from None
        except _ReportedError as error:
            raise ModelRuntimeError(f"{self._address.text} reports: {self._clean(str(error))}") from None
        put(reading.done())

    async def _require_events(self, response: httpx.Response) -> None:
        """Raise a ModelRuntimeError unless the response is a stream of events."""
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "text/event-stream":
            detail = _error_text(await _read(response, MAX_REFUSAL_BYTES))
            raise ModelRuntimeError(
                f"{self._address.text} does not stream its answer: it sends {kind or 'no content type'} instead of"
                f" text/event-stream ({self._clean(detail)})"
            )

    async def count(self, texts: Sequence[str]) -> list[int]:
        """An estimate on the high side: the interface has no tokenizer."""
        return [-int(-len(text.encode("utf-8", "surrogatepass")) // BYTES_PER_TOKEN) for text in texts]

    async def unload(self) -> None:
        """Nothing is loaded here."""
        self._set("none")

    async def close(self) -> None:
        """End whatever is running, and the connection."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._http is not None:
            client, self._http = self._http, None
            await client.aclose()
        self._set("none")


class _MalformedEventError(Exception):
    """An event is not what the interface describes. The message completes "The server ..."."""


class _ReportedError(Exception):
    """An event says that the server failed, in the server's own words."""


class _AnswerReader:
    """Turns the data of the server's events into `ChatEvent`s, and checks them."""

    def __init__(self, where: str, limit: int, put: Callable[[ChatEvent], None]) -> None:
        """Args: limit: characters after which the answer is cut off."""
        self._where = where
        self._limit = limit
        self._put = put
        self._splitter = ThinkingSplitter()
        self._reason: StopReason | None = None
        self._usage: dict[str, Any] = {}
        self._started = time.monotonic()
        self._first = self._last = 0.0
        self.pieces = 0
        """Events that brought text."""
        self.ended = False
        """Nothing after this belongs to the answer."""

    def feed(self, data: str) -> bool:
        """Take the data of one event; returns whether it brought text.

        Raises:
            _MalformedEventError, _ReportedError: the answer ends here.
        """
        if data.strip() == "[DONE]":
            self._reason = self._reason or "stop"
            self.ended = True
            return False
        try:
            message = json.loads(data) if data.strip() else {}
        except (ValueError, RecursionError):
            raise _MalformedEventError(f"sent an event that is not JSON: {data[:80]!r}") from None
        message = _object(message, "an event")
        error = message.get("error") or (message.get("message") if message.get("object") == "error" else None)
        if error:
            raise _ReportedError(_error_message(error))
        usage = message.get("usage")
        if isinstance(usage, dict):
            self._usage = usage
        choices = message.get("choices")
        if choices is None or choices == []:
            return False
        if not isinstance(choices, list):
            raise _MalformedEventError(f"sent 'choices' that is not a list: {_shown(choices)}")
        return self._choice(_object(choices[0], "a choice"))

    def _choice(self, choice: dict[str, Any]) -> bool:
        delta = _object(choice.get("delta"), "a delta")
        thought = _text(delta, "reasoning_content") or _text(delta, "reasoning")
        text = _text(delta, "content")
        ended = _text(choice, "finish_reason")
        if thought:
            self._put(Thinking(thought))
        if text:
            self._emit(text)
        if thought or text:
            self._last = time.monotonic()
            self._first = self._first or self._last
            self.pieces += 1
            self._limit -= len(thought) + len(text)
        if self._limit < 0:
            self._reason, self.ended = "length", True
        elif ended == "error":
            raise _MalformedEventError("ended its answer with an error that it does not name")
        elif ended:
            self._reason = "length" if ended == "length" else "stop"
        return bool(thought or text)

    def _emit(self, text: str, *, final: bool = False) -> None:
        for kind, part in self._splitter.feed(text, final=final):
            self._put(Delta(part) if kind == "answer" else Thinking(part))

    def done(self) -> Done:
        """The end of the answer, after the server's last event.

        Raises:
            ModelCrashedError: the server had not finished.
        """
        if self._reason is None:
            raise ModelCrashedError(f"{self._where} ended its answer in the middle")
        self._emit("", final=True)
        completion = _number(self._usage.get("completion_tokens")) or self.pieces
        details = self._usage.get("prompt_tokens_details")
        seconds = self._last - self._first
        return Done(
            self._reason,
            TokenUsage(
                prompt_tokens=_number(self._usage.get("prompt_tokens")),
                reused_tokens=_number(details.get("cached_tokens")) if isinstance(details, dict) else 0,
                completion_tokens=completion,
                time_to_first_token_ms=round((self._first - self._started) * 1000, 2) if self._first else None,
                tokens_per_second=round((completion - 1) / seconds, 2) if completion > 1 and seconds > 0 else None,
            ),
        )


def _object(value: object, what: str) -> dict[str, Any]:
    """`value` if it is an object; null counts as an empty one."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _MalformedEventError(f"sent {what} that is not an object: {_shown(value)}")
    return value


def _text(values: dict[str, Any], name: str) -> str:
    """A member that is a string, or null or absent, which count as ""."""
    value = values.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _MalformedEventError(f"sent {name!r} that is not a string: {_shown(value)}")
    return _SURROGATES.sub("\ufffd", value)  # half of a pair can be neither printed nor sent on


def _number(value: object) -> int:
    """A count, or 0 for anything that is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _shown(value: object) -> str:
    return json.dumps(value)[:80]


def _error_message(error: object) -> str:
    return str(error.get("message") or error) if isinstance(error, dict) else str(error)


def _error_text(body: bytes) -> str:
    """What the body of a refusal says: the message in it if it is JSON, else its text."""
    text = body.decode("utf-8", "replace")
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        return re.sub(r"(?is)<(script|style)\b.*?</\1>|<[^>]*>", " ", text)  # often a web page
    return _error_message(parsed.get("error") or parsed) if isinstance(parsed, dict) else str(parsed)


async def _read(response: httpx.Response, limit: int) -> bytes:
    """The body, or as much of it as `limit` bytes."""
    body = bytearray()
    async with contextlib.aclosing(response.aiter_bytes()) as blocks:
        async for block in blocks:
            body += block
            if len(body) >= limit:
                break
    return bytes(body[:limit])


def _context_window(model: dict[str, Any]) -> int:
    """The context window that a server gives for a model, 0 if it does not: vLLM's, llama-server's or LM Studio's."""
    meta = model.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    values = (model.get("max_model_len"), meta.get("n_ctx"), meta.get("n_ctx_train"), model.get("context_length"))
    return next(filter(None, map(_number, values)), 0)
