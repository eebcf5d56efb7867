"""One process that serves a team: it listens, keeps its bases current, and ends in order.

Replicas share nothing but the storage. Uvicorn speaks HTTP; `http_service` answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import os
import signal
import socket
import ssl
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from glossator.errors import TeamError, UsageError
from glossator.index.embedding import StaticEmbedder
from glossator.logfiles import LOG_FORMAT
from glossator.settings import is_this_machine
from glossator.team_server.access_tokens import AccessTokens
from glossator.team_server.base_queries import MOST_SEARCHED, BaseQueries
from glossator.team_server.http_service import ServiceLimits, TeamService
from glossator.team_server.served_bases import REPLICA_FOLDERS, ServedBases, claim_cache_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from glossator.settings import Settings

HEAD_SECONDS = 10.0
"""Seconds that a client may take to send the head of a request, from its first byte or from connecting."""
HEAD_BYTES = 32 * 1024
IDLE_CONNECTION_SECONDS = 15
"""Seconds that a connection may be idle between two requests."""
STOPPING_SECONDS = 25
"""Seconds for the requests that are running when the process is told to end."""
MOST_CONNECTIONS = 1_000
FILES_WANTED = 65_536
"""Files that the process asks to be allowed to open: an open index takes about ten."""

_log = logging.getLogger(__name__)
_LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class ReplicaOptions:
    """What a replica is started with."""

    tokens: Path
    host: str = "127.0.0.1"
    port: int = 8765
    names: tuple[str, ...] = ()
    """Names by which clients call it, beside the address that it listens on."""
    repositories: tuple[str, ...] = ()
    """Patterns; empty: all."""
    refresh_seconds: float = 60.0
    cache: Path | None = None
    """A folder for this process alone; None: one in the folder of indexes."""
    cache_bytes: int = 20 * 1024**3
    most_open: int = 256
    most_searched: int = MOST_SEARCHED
    certificate: Path | None = None
    key: Path | None = None
    behind_proxy: bool = False
    log_level: str = "info"
    limits: ServiceLimits = field(default_factory=ServiceLimits)


def serve_team(settings: Settings, options: ReplicaOptions, announce: Callable[[str], None]) -> None:
    """Serve until the process is told to end (SIGTERM, SIGINT); `announce` gets the URL once it listens.

    Raises:
        UsageError: the options would make it listen where others can read along, or make no sense together.
        TeamError: the tokens, the certificate, the cache folder or the port cannot be used.
    """
    if not settings.team:
        raise UsageError("give the storage with --team URL, or set `team` in your settings")
    if not settings.team_keys:
        raise UsageError("set `team_keys` in your settings to the public keys of those who build the team's index")
    hosts = _hosts(options)
    tokens = AccessTokens(options.tokens)
    _check_certificate(options)
    embedder = StaticEmbedder()
    with contextlib.ExitStack() as stack:
        told = stack.enter_context(_noting_signals())
        listener = stack.enter_context(contextlib.closing(_listening(options)))
        folder, lock = claim_cache_folder(options.cache or settings.index_dir / REPLICA_FOLDERS)
        stack.callback(lock.release)
        _log_to_stderr(options.log_level)
        _allow_many_files()
        bases = ServedBases(
            settings.team,
            settings.team_keys,
            embedder,
            folder,
            patterns=options.repositories,
            most_bytes=options.cache_bytes,
            most_open=options.most_open,
            refresh_seconds=options.refresh_seconds,
        )
        stack.enter_context(contextlib.closing(bases))
        queries = BaseQueries(bases, embedder, options.most_searched)
        service = TeamService(bases, queries, tokens, hosts, options.limits)
        stack.enter_context(contextlib.closing(service))
        bases.start()
        scheme = "https" if options.certificate else "http"
        name = f"[{options.host}]" if ":" in options.host else options.host
        announce(f"{scheme}://{name}:{listener.getsockname()[1]}")
        asyncio.run(_serve(service, options, listener, told))


async def _serve(service: TeamService, options: ReplicaOptions, listener: socket.socket, told: Sequence[int]) -> None:
    config = uvicorn.Config(
        service,
        http=ImpatientProtocol,
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=IDLE_CONNECTION_SECONDS,
        timeout_graceful_shutdown=STOPPING_SECONDS,
        h11_max_incomplete_event_size=HEAD_BYTES,
        ssl_certfile=options.certificate,
        ssl_keyfile=options.key,
    )
    async with service.protocol.requests.run():
        server = uvicorn.Server(config)
        server.should_exit = bool(told)  # signals that came before it takes them
        await server.serve([listener])
    _log.info("ended")


class ImpatientProtocol(H11Protocol):
    """Closes connections whose requests do not begin, or whose heads do not end, in time."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._waiting: asyncio.TimerHandle | None = None
        self._look()

    def data_received(self, data: bytes) -> None:
        """Read on."""
        super().data_received(data)
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        if self._waiting is not None:
            self._waiting.cancel()
        super().connection_lost(exc)

    def _look(self) -> None:
        """Wait while a head is incomplete: between requests too, as soon as something arrives."""
        incomplete = self.conn.their_state is h11.IDLE
        if incomplete and self._waiting is None:
            self._waiting = self.loop.call_later(HEAD_SECONDS, self.transport.close)
        elif not incomplete and self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


# Before it listens


def _hosts(options: ReplicaOptions) -> tuple[str, ...]:
    """The names by which it may be called.

    Raises:
        UsageError: tokens would be sent where others can read them, or nobody could call it.
    """
    if not 0 <= options.port <= 65_535:
        raise UsageError(f"{options.port} is not a port: give a number from 0 to 65535")
    if options.key is not None and options.certificate is None:
        raise UsageError("--tls-key needs --tls-certificate")
    local = is_this_machine(options.host)
    if not local and options.certificate is None and not options.behind_proxy:
        raise UsageError(
            f"listening on {options.host} without TLS would send tokens in the clear: give --tls-certificate and "
            "--tls-key, or --behind-proxy if a proxy does this"
        )
    own = () if _is_any(options.host) else (options.host,)
    names = (*options.names, *own, *(_LOOPBACK_NAMES if local else ()))
    if not names:
        raise UsageError(f"give the name by which clients call this server with --name, since it is not {options.host}")
    return names


def _is_any(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return not host


def _check_certificate(options: ReplicaOptions) -> None:
    if options.certificate is None:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(options.certificate, options.key, lambda: "")
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise TeamError(f"cannot use the certificate {options.certificate} with its key: {error}") from error


def _listening(options: ReplicaOptions) -> socket.socket:
    try:
        found = socket.getaddrinfo(options.host, options.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise TeamError(f"cannot listen on {options.host}: {error.strerror or error}") from error
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(MOST_CONNECTIONS)
    except OSError as error:
        listener.close()
        raise TeamError(f"cannot listen on port {options.port} of {options.host}: {error.strerror or error}") from error
    return listener


def _allow_many_files() -> None:
    """Raise the number of files that may be open to what the system allows."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_WANTED if hard == resource.RLIM_INFINITY else min(hard, FILES_WANTED)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _log_to_stderr(level: str) -> None:
    """What runs a service collects its stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(LOG_FORMAT))
    for name, least in (("glossator", level.upper()), ("uvicorn", "ERROR"), ("mcp", "ERROR")):
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(least)
        logger.propagate = False


@contextlib.contextmanager
def _noting_signals() -> Iterator[list[int]]:
    """Signals to end that have come. Uvicorn ends in order at one, and then sends it to the process once more."""
    names = ("SIGTERM", "SIGINT", "SIGBREAK")
    kinds = [getattr(signal, name) for name in names if hasattr(signal, name)]
    told: list[int] = []
    before = {kind: signal.signal(kind, lambda number, _: told.append(number)) for kind in kinds}
    try:
        yield told
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)
