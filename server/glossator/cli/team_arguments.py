"""The arguments of `glossator team`, and their help."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from glossator.cli.argument_parser import (
    add_command,
    add_index_dir,
    add_json,
    add_log_level,
    add_repeated,
    add_value,
    positive,
)

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable


def add_team_command(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command with its actions."""
    team = add_command(
        commands,
        "team",
        "ACTION ...",
        "Build and keep one index for a team.",
        "Repositories are indexed once, and the indexes are kept in object storage (s3://, gs://, az://) or in a "
        "shared folder (file://). A base is the index of one repository at one commit. Whoever sets `team` to the "
        "URL and `team_keys` to the builder's public key starts from the nearest base when opening a repository. "
        "docs/team.md describes how to set it up.",
        (
            ("glossator team keygen team.pem", "make the key that the bases are signed with"),
            ("glossator team build --repos LIST --to s3://bucket/index --key team.pem", "build what is new"),
            ("glossator team list", "what is there, as far as you may read it"),
            ("glossator team serve --tokens FILE", "search and MCP over HTTP, for those who prefer a server"),
        ),
    )
    actions = team.add_subparsers(dest="action", metavar="ACTION", title="actions", required=True)

    def action(name: str, usage: str, text: str, more: str = "") -> argparse.ArgumentParser:
        command = add_command(actions, name, usage, text, more, prog=f"glossator team {name}")
        add_json(command)
        return command

    build = action(
        "build",
        "[OPTIONS] --repos LIST --to URL --key FILE",
        "Build the bases of repositories.",
        "Runs one task for each repository and revision, on this machine or on a Ray cluster. Bases that exist are "
        "left as they are, and a build that was stopped continues. A repository that cannot be built is named at the "
        "end, and the exit status is 1; the others are not affected. Needs `pip install 'glossator[team]'`.",
    )
    build.add_argument(
        "--repos", required=True, metavar="LIST", help="a file with a repository on each line: SOURCE [REVISION [NAME]]"
    )
    build.add_argument("--to", required=True, metavar="URL", help="URL of the storage")
    _add_key(build)
    build.add_argument(
        "--workers",
        type=positive,
        default=os.cpu_count() or 1,
        metavar="N",
        help="repositories built at a time on this machine (default: one for each core)",
    )
    add_value(build, "--cores-per-repository", default=1, text="parser processes for each repository")
    build.add_argument("--ray", metavar="ADDRESS", help="a Ray cluster (default: RAY_ADDRESS, or else this machine)")
    build.add_argument("--work", metavar="DIR", help="folder for clones and indexes, kept for the next build")
    add_index_dir(build)

    action("list", "[OPTIONS]", "List the repositories that you may read, with their newest bases.")
    action("verify", "[OPTIONS]", "Read everything that you may read, and check its signatures and hashes.")
    collect = action(
        "collect",
        "[OPTIONS] --key FILE",
        "Delete what is no longer needed.",
        "Bases older than --older-than are retired if there is a newer one of the same format, and deleted after "
        "a grace period. Run it now and then, with a builder's rights and key.",
    )
    _add_key(collect)
    _add_time(collect, "--older-than", "30d", "age from which bases are retired, such as 12h")
    _add_time(collect, "--grace", "1d", "how long retired bases are kept")
    for name in ("list", "verify", "collect"):
        actions.choices[name].add_argument(
            "--team", metavar="URL", help="URL of the storage (default: your setting `team`)"
        )

    _add_serving(action)

    keygen = action(
        "keygen",
        "[--json] FILE",
        "Make the key that bases are signed with.",
        "Writes the private key, which only builders need, to FILE, and prints the public key for everybody's "
        "settings.",
    )
    keygen.add_argument("file", metavar="FILE", help="the file to create")


def _add_serving(action: Callable[..., argparse.ArgumentParser]) -> None:
    serve = action(
        "serve",
        "[OPTIONS] --tokens FILE",
        "Serve the team's index over HTTP: search, and MCP for coding agents.",
        "Only reads the storage. Any number of servers may use one storage, also on one machine. Clients send one of "
        "the tokens that `glossator team tokens` makes. Runs until it gets SIGTERM or Ctrl-C. docs/team.md describes "
        "the requests, and how to run it behind a proxy or with a certificate.",
    )
    serve.add_argument("--tokens", required=True, metavar="FILE", help="the file of tokens")
    serve.add_argument("--team", metavar="URL", help="URL of the storage (default: your setting `team`)")
    serve.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: 127.0.0.1)")
    serve.add_argument("--port", type=int, default=8765, metavar="N", help="default: 8765; 0: any that is free")
    add_repeated(
        serve, "--name", "a name by which clients call this server, beside that of --host; may be repeated", "HOST"
    )
    add_repeated(
        serve,
        "--repository",
        "serve only repositories whose names match, such as 'github.com/org/*'; may be repeated",
        "PATTERN",
    )
    _add_time(serve, "--refresh", "60s", "how often to look for newer bases")
    serve.add_argument("--tls-certificate", metavar="FILE", help="the certificate, with those above it, in PEM")
    serve.add_argument("--tls-key", metavar="FILE", help="its private key, in PEM")
    serve.add_argument(
        "--behind-proxy", action="store_true", help="listen beyond this machine without TLS: a proxy encrypts"
    )
    serve.add_argument(
        "--cache", metavar="DIR", help="where downloaded bases are kept (default: with the indexes, by process)"
    )
    add_value(serve, "--cache-gigabytes", default=20, text="how large that may become")
    add_value(serve, "--open", default=256, text="indexes that are kept open")
    add_value(
        serve,
        "--search-most",
        default=64,
        text="repositories that one search looks into unless it names them, the likeliest",
    )
    add_value(serve, "--requests", default=64, text="requests at a time; more get 429")
    add_value(serve, "--requests-per-token", default=32, text="of one token")
    _add_time(serve, "--timeout", "30s", "how long a question may take")
    add_index_dir(serve)
    add_log_level(serve, "default; has the access log")

    tokens = action(
        "tokens",
        "[OPTIONS] --tokens FILE",
        "List, make and revoke the tokens for `glossator team serve`.",
        "A new token is printed once; the file has only its hash. Servers notice a change within a second or two.",
    )
    tokens.add_argument("--tokens", required=True, metavar="FILE", help="the file of tokens")
    change = tokens.add_mutually_exclusive_group()
    change.add_argument("--new", metavar="NAME", help="make a token; the name stands in the access log")
    change.add_argument("--revoke", metavar="NAME", help="remove a token")
    add_repeated(
        tokens,
        "--repository",
        "with --new: repositories that it opens, such as 'github.com/org/*', or '*'; may be repeated",
        "PATTERN",
    )
    tokens.add_argument("--expires", metavar="TIME", help="with --new: when it ends, such as 90d (default: never)")


def _add_time(command: argparse.ArgumentParser, name: str, default: str, text: str) -> None:
    add_value(command, name, default=default, text=text, kind=str, metavar="TIME")


def _add_key(command: argparse.ArgumentParser) -> None:
    command.add_argument("--key", required=True, metavar="FILE", help="the private key, from `glossator team keygen`")
