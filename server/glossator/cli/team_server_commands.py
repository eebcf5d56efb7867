"""`glossator team serve` and `glossator team tokens`, and searching at a team's server."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glossator.cli import terminal
from glossator.cli.durations import seconds_of
from glossator.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from glossator.settings import Settings


def run_serve(arguments: argparse.Namespace, settings: Settings) -> int:
    """Serve until the process is told to end; returns the exit status.

    Raises:
        UsageError: the options make no sense, or would send tokens in the clear.
        GlossatorError: it cannot be started.
    """
    from glossator.team_server.http_service import ServiceLimits
    from glossator.team_server.replica import ReplicaOptions, serve_team

    refresh, timeout = seconds_of(arguments.refresh), seconds_of(arguments.timeout)
    if refresh < 1 or timeout <= 0:
        raise UsageError("--refresh needs at least a second, and --timeout more than none")

    def announce(url: str) -> None:
        if arguments.json:
            terminal.show_json({"url": url, "mcp": f"{url}/mcp"})
        else:
            terminal.show(f"listening on {url}, for agents on {url}/mcp; bases are being read")
        terminal.flush()

    serve_team(
        settings,
        ReplicaOptions(
            tokens=_path(arguments.tokens),
            host=arguments.host,
            port=arguments.port,
            names=tuple(arguments.name),
            repositories=tuple(arguments.repository),
            refresh_seconds=refresh,
            cache=_path(arguments.cache) if arguments.cache else None,
            cache_bytes=arguments.cache_gigabytes * 1024**3,
            most_open=arguments.open,
            most_searched=arguments.search_most,
            certificate=_path(arguments.tls_certificate) if arguments.tls_certificate else None,
            key=_path(arguments.tls_key) if arguments.tls_key else None,
            behind_proxy=arguments.behind_proxy,
            log_level=arguments.log_level,
            limits=ServiceLimits(
                requests=arguments.requests,
                requests_per_token=arguments.requests_per_token,
                request_seconds=timeout,
            ),
        ),
        announce,
    )
    return 0


def run_tokens(arguments: argparse.Namespace, settings: Settings) -> int:
    """List the tokens of a file, or make or revoke one; returns the exit status.

    Raises:
        UsageError: there is no such token, or a name or pattern cannot be used.
        TeamError: the file cannot be read or written.
    """
    del settings
    from glossator.team_server import access_tokens

    path = _path(arguments.tokens)
    if arguments.new is None and (arguments.repository or arguments.expires):
        raise UsageError("--repository and --expires belong to --new NAME")
    if arguments.new is not None:
        lifetime = seconds_of(arguments.expires) if arguments.expires else 0.0
        token = access_tokens.add_token(path, arguments.new, arguments.repository, lifetime)
        if arguments.json:
            terminal.show_json({"name": arguments.new, "token": token})
        else:
            terminal.show(token)
            terminal.note(f"glossator: this is shown once; {path} has only its hash")
        return 0
    if arguments.revoke is not None:
        access_tokens.revoke_token(path, arguments.revoke)
        if arguments.json:
            terminal.show_json({"revoked": arguments.revoke})
        else:
            terminal.show(f"{arguments.revoke} is revoked")
        return 0
    tokens = access_tokens.read_tokens(path)
    if arguments.json:
        shown = [
            {
                "name": one.name,
                "repositories": list(one.repositories),
                "created": one.created,
                "expires": one.expires or None,
            }
            for one in tokens
        ]
        terminal.show_json({"tokens": shown})
        return 0
    for one in tokens:
        ends = time.strftime("%Y-%m-%d", time.localtime(one.expires)) if one.expires else ""
        until = f", until {ends}" if ends else ""
        terminal.show(f"{one.name}: {', '.join(one.repositories)}{until}", hang=4)
    if not tokens:
        terminal.note(f"glossator: {path} has no tokens")
    return 0


def search_server(arguments: argparse.Namespace, settings: Settings) -> dict[str, Any]:
    """What a team's server finds for `glossator search --server`, as `glossator search --json` shows hits.

    Raises:
        UsageError: no server or token is set, or the query cannot be used.
        TeamError: the server cannot be reached, or refuses.
    """
    from glossator.team_server.server_client import TeamServerClient

    url = arguments.server or settings.team_server
    if not url:
        raise UsageError("give the server with --server URL, or set `team_server` in your settings")
    client = TeamServerClient(url, settings.team_token)
    started = time.perf_counter()
    found = client.search(
        arguments.query,
        limit=arguments.limit,
        include=arguments.include,
        exclude=arguments.exclude,
        languages=arguments.language,
        kinds=arguments.kind,
    )
    for problem in found["problems"]:
        terminal.note(f"glossator: {problem}")
    return {"hits": found["hits"], "seconds": round(time.perf_counter() - started, 6)}


def _path(text: str) -> Path:
    return Path(text).expanduser().absolute()
