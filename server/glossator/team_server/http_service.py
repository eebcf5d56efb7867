"""The HTTP interface of a team's server, as an ASGI application: who may ask, how much, and what is answered.

    POST /v1/search, /v1/symbol, /v1/uses, /v1/outline, /v1/similar    JSON in, JSON out (`team_tools`)
    GET  /v1/repositories                                              what the token opens
    POST /mcp                                                          the Model Context Protocol (`team_mcp`)
    GET  /health, /ready                                               without a token; they name no repository

Everything else needs a token. Errors are `{"error": {"code", "message"}}`. The access log has neither what was asked
nor tokens.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec
from starlette.datastructures import Headers
from starlette.responses import Response

from glossator.errors import GlossatorError, SymbolNotFoundError, TeamAccessError, TeamError, UsageError
from glossator.team_server.base_queries import Deadline
from glossator.team_server.team_mcp import ACCESS_KEY, TeamProtocol
from glossator.team_server.team_tools import TEAM_TOOLS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from starlette.types import Message, Receive, Scope, Send

    from glossator.team_server.access_tokens import AccessToken, AccessTokens
    from glossator.team_server.base_queries import BaseQueries
    from glossator.team_server.served_bases import ServedBases
    from glossator.team_server.team_tools import Reply, TeamTool

MCP_PATH = "/mcp"
HEALTH_PATH = "/health"
READY_PATH = "/ready"
MOST_DISCARDED_BYTES = 8 * 1024 * 1024
"""Of a body that is too large, so much is read nevertheless."""
_log = logging.getLogger(__name__)
_access_log = logging.getLogger("glossator.access")


@dataclass(frozen=True, slots=True)
class ServiceLimits:
    """What one server does at most."""

    requests: int = 64
    """Requests at a time; more are refused with 429."""
    requests_per_token: int = 32
    threads: int = 8
    """Questions that are worked on at a time; the others wait."""
    request_seconds: float = 30.0
    """Seconds that a question may take, waiting included."""
    body_seconds: float = 20.0
    """Seconds that a client may take to send its question."""
    body_bytes: int = 1024 * 1024


class RefusedError(Exception):
    """A request that is not answered as it was asked to be."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers or {}


class TeamService:
    """Answers the requests of one server. Used by one event loop."""

    def __init__(
        self,
        bases: ServedBases,
        queries: BaseQueries,
        tokens: AccessTokens,
        hosts: Sequence[str],
        limits: ServiceLimits | None = None,
    ) -> None:
        """`hosts` are the names, without ports, by which clients may call this server."""
        self.limits = limits or ServiceLimits()
        self.protocol = TeamProtocol(self._ask, self.limits.body_bytes)
        self._bases = bases
        self._queries = queries
        self._tokens = tokens
        self._hosts = frozenset(host.lower() for host in hosts)
        self._threads = ThreadPoolExecutor(self.limits.threads, thread_name_prefix="team question")
        self._running: Counter[str] = Counter()
        self._tools: dict[str, TeamTool] = {f"/v1/{tool.path}": tool for tool in TEAM_TOOLS}

    def close(self) -> None:
        """End the threads; questions that wait for one are not answered."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        started = time.perf_counter()
        status, size = 0, 0

        async def counted(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            size += len(message.get("body", b""))
            await send(message)

        try:
            try:
                await self._answer(scope, receive, counted)
            except RefusedError as refused:
                await _refusal(refused)(scope, receive, counted)
            except Exception as error:
                _log.exception("a request failed")
                if status:
                    raise
                why = f"an internal error ({type(error).__name__}); the server's log has the details"
                await _refusal(RefusedError(500, "internal", why))(scope, receive, counted)
        finally:
            access: AccessToken | None = scope.get(ACCESS_KEY)
            _access_log.log(
                logging.DEBUG if scope["path"] in (HEALTH_PATH, READY_PATH) else logging.INFO,
                "%s %s %s %d %d bytes %.1f ms %s",
                (scope.get("client") or ["-"])[0],
                scope["method"] if scope["method"].isalpha() else "?",
                self._known(scope["path"]),
                status,
                size,
                1000 * (time.perf_counter() - started),
                access.name if access is not None else "-",
            )

    def _known(self, path: str) -> str:
        """A path as it is logged: what is none of ours may contain anything."""
        return path if path in self._tools or path in (MCP_PATH, HEALTH_PATH, READY_PATH) else "?"

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        if path in (HEALTH_PATH, READY_PATH):
            _check_method(method, ("GET", "HEAD"))
            await (_json({"status": "ok"}) if path == HEALTH_PATH else self._readiness())(scope, receive, send)
            return
        headers = Headers(scope=scope)
        self._check_origin(headers)
        access = self._authenticated(headers)
        scope[ACCESS_KEY] = access
        tool = self._tools.get(path)
        if tool is None and path != MCP_PATH:
            known = ", ".join((*self._tools, MCP_PATH))
            raise RefusedError(404, "not_found", f"there is nothing at this path; there are {known}")
        without_body = tool is not None and not tool.arguments.model_fields
        _check_method(method, ("GET", "POST") if without_body else ("POST",))
        with self._slot(access):
            body = await self._body(headers, receive)
            if tool is None:
                await self.protocol.requests.handle_request(scope, _replayed(body, receive), send)
                return
            await (await self._reply(tool, access, body))(scope, receive, send)

    async def _reply(self, tool: TeamTool, access: AccessToken, body: bytes) -> Response:
        try:
            values = msgspec.json.decode(body) if body.strip() else {}
            reply = await self._ask(tool, access, tool.read(values))
        except (msgspec.MsgspecError, RecursionError) as error:
            raise RefusedError(400, "invalid", f"the body is not JSON: {error}") from None
        except UsageError as error:
            raise RefusedError(400, "invalid", str(error)) from None
        except SymbolNotFoundError as error:
            raise RefusedError(404, "not_found", str(error)) from None
        except TeamAccessError as error:
            raise RefusedError(403, "forbidden", str(error)) from None
        except TimeoutError as error:
            raise RefusedError(503, "too_slow", str(error), {"Retry-After": "1"}) from None
        except GlossatorError as error:
            raise RefusedError(503, "unavailable", str(error)) from None
        return _json(reply)

    async def _ask(self, tool: TeamTool, access: AccessToken, given: Any) -> Reply:
        """The answer to a question, which a thread finds.

        Raises:
            TeamError: nothing can be answered yet.
            TimeoutError: it takes too long; the thread stops at the next repository.
        """
        if not self._bases.state.complete:
            raise TeamError("the server is reading the team's storage, and cannot answer yet: try again later")
        seconds = self.limits.request_seconds
        deadline = Deadline(seconds)
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._threads, tool.called, self._queries, access, deadline, given)
        try:
            return await asyncio.wait_for(work, seconds)
        except TimeoutError:
            raise TimeoutError(f"this took longer than {seconds:g} seconds: ask about fewer repositories") from None

    # Who may ask, and how much

    def _check_origin(self, headers: Headers) -> None:
        """Refuse what a page in a browser sends that has made its own name point here (DNS rebinding)."""
        hosts = headers.getlist("host")
        if len(hosts) != 1 or _host_in(f"//{hosts[0]}") not in self._hosts:
            raise RefusedError(403, "forbidden", "this server is not called by this name: see --name")
        origins = headers.getlist("origin")
        if origins and (len(origins) != 1 or _host_in(origins[0]) not in self._hosts):
            raise RefusedError(403, "forbidden", "pages of other origins may not use this server")

    def _authenticated(self, headers: Headers) -> AccessToken:
        given = headers.getlist("authorization")
        scheme, _, token = (given[0] if len(given) == 1 else "").partition(" ")
        try:
            access = self._tokens.holder(token.strip() if scheme.lower() == "bearer" else "")
        except TeamError as error:
            _log.error("no token counts: %s", error)
            raise RefusedError(503, "unavailable", "the server cannot read its tokens") from None
        if access is None:
            why = "send a token that this server knows, and that has not expired: `Authorization: Bearer TOKEN`"
            raise RefusedError(401, "unauthorized", why, {"WWW-Authenticate": 'Bearer realm="glossator"'})
        return access

    @contextmanager
    def _slot(self, access: AccessToken) -> Iterator[None]:
        busy = self._running.total() >= self.limits.requests
        if busy or self._running[access.name] >= self.limits.requests_per_token:
            who = "the server" if busy else "this token"
            raise RefusedError(429, "busy", f"{who} has as many requests as it may: try again", {"Retry-After": "1"})
        self._running[access.name] += 1
        try:
            yield
        finally:
            self._running[access.name] -= 1
            if not self._running[access.name]:
                del self._running[access.name]

    async def _body(self, headers: Headers, receive: Receive) -> bytes:
        """The body of a request; one that is too large is read to its end, so that its client sees why."""
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length[:20]) > MOST_DISCARDED_BYTES:
            raise self._too_large()
        body = bytearray()
        size = 0
        try:
            async with asyncio.timeout(self.limits.body_seconds):
                while True:
                    message = await receive()
                    if message["type"] != "http.request":
                        raise RefusedError(400, "invalid", "the connection ended before the body did")
                    part = message.get("body", b"")
                    size += len(part)
                    if size <= self.limits.body_bytes:
                        body += part
                    more = message.get("more_body", False)
                    if size > MOST_DISCARDED_BYTES or (size > self.limits.body_bytes and not more):
                        raise self._too_large()
                    if not more:
                        return bytes(body)
        except TimeoutError:
            raise RefusedError(408, "too_slow", "the body did not arrive in time", {"Connection": "close"}) from None

    def _too_large(self) -> RefusedError:
        most = self.limits.body_bytes
        return RefusedError(413, "too_large", f"a body may have {most:,} bytes", {"Connection": "close"})

    def _readiness(self) -> Response:
        state = self._bases.state
        try:
            self._tokens.check()
            tokens = "ok"
        except TeamError:
            tokens = "unreadable"
        ready = state.complete and tokens == "ok"
        storage = "failing" if state.failing_since else "ok" if state.complete else "not read yet"
        found = {
            "ready": ready,
            "tokens": tokens,
            "storage": storage,
            "failing_since": state.failing_since or None,
            "refreshed": state.refreshed or None,
            "all_current": state.complete and not state.failing_since and not state.problems,
        }
        return _json(found, 200 if ready else 503)


def _check_method(method: str, allowed: Sequence[str]) -> None:
    if method not in allowed:
        names = ", ".join(allowed)
        raise RefusedError(405, "method_not_allowed", f"this path takes {names}", {"Allow": names})


def _host_in(url: str) -> str:
    """The name of the host in a URL, in small letters; "" if there is none."""
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _replayed(body: bytes, receive: Receive) -> Receive:
    """A body that was read already, as if it arrived now."""
    left = [body]

    async def replay() -> Message:
        if left:
            return {"type": "http.request", "body": left.pop(), "more_body": False}
        return await receive()

    return replay


def _json(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    kept = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **(headers or {})}
    return Response(msgspec.json.encode(value), status, kept, "application/json")


def _refusal(refused: RefusedError) -> Response:
    return _json({"error": {"code": refused.code, "message": str(refused)}}, refused.status, refused.headers)
