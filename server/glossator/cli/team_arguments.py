"""The arguments of `glossator team`, and their help."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable


def add_team_command(
    commands: argparse._SubParsersAction[Any],
    add: Callable[..., argparse.ArgumentParser],
    positive: Callable[[str], int],
) -> None:
    """Add the command with its actions; `add` makes a command, `positive` reads a whole number of at least 1."""
    team = add(
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
        command = add(actions, name, usage, text, more, prog=f"glossator team {name}")
        command.add_argument("--json", action="store_true", help="print JSON on stdout, and nothing else")
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
    build.add_argument(
        "--cores-per-repository",
        type=positive,
        default=1,
        metavar="N",
        help="parser processes for each repository (default: 1)",
    )
    build.add_argument("--ray", metavar="ADDRESS", help="a Ray cluster (default: RAY_ADDRESS, or else this machine)")
    build.add_argument("--work", metavar="DIR", help="folder for clones and indexes, kept for the next build")
    build.add_argument("--index-dir", metavar="DIR", help="where indexes are kept (default: your cache folder)")

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
    collect.add_argument(
        "--older-than",
        default="30d",
        metavar="TIME",
        help="age from which bases are retired, such as 12h (default: 30d)",
    )
    collect.add_argument("--grace", default="1d", metavar="TIME", help="how long retired bases are kept (default: 1d)")
    for name in ("list", "verify", "collect"):
        actions.choices[name].add_argument(
            "--team", metavar="URL", help="URL of the storage (default: your setting `team`)"
        )

    _add_serving(action, positive)

    keygen = action(
        "keygen",
        "[--json] FILE",
        "Make the key that bases are signed with.",
        "Writes the private key, which only builders need, to FILE, and prints the public key for everybody's "
        "settings.",
    )
    keygen.add_argument("file", metavar="FILE", help="the file to create")


def _add_serving(action: Callable[..., argparse.ArgumentParser], positive: Callable[[str], int]) -> None:
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
    serve.add_argument(
        "--name",
        action="append",
        default=[],
        metavar="HOST",
        help="a name by which clients call this server, beside that of --host; may be repeated",
    )
    serve.add_argument(
        "--repository",
        action="append",
        default=[],
        metavar="PATTERN",
        help="serve only repositories whose names match, such as 'github.com/org/*'; may be repeated",
    )
    serve.add_argument(
        "--refresh", default="60s", metavar="TIME", help="how often to look for newer bases (default: 60s)"
    )
    serve.add_argument("--tls-certificate", metavar="FILE", help="the certificate, with those above it, in PEM")
    serve.add_argument("--tls-key", metavar="FILE", help="its private key, in PEM")
    serve.add_argument(
        "--behind-proxy", action="store_true", help="listen beyond this machine without TLS: a proxy encrypts"
    )
    serve.add_argument(
        "--cache", metavar="DIR", help="where downloaded bases are kept (default: with the indexes, by process)"
    )
    serve.add_argument(
        "--cache-gigabytes", type=positive, default=20, metavar="N", help="how large that may become (default: 20)"
    )
    serve.add_argument(
        "--open", type=positive, default=256, metavar="N", help="indexes that are kept open (default: 256)"
    )
    serve.add_argument(
        "--search-most",
        type=positive,
        default=64,
        metavar="N",
        help="repositories that one search looks into unless it names them, the likeliest (default: 64)",
    )
    serve.add_argument(
        "--requests", type=positive, default=64, metavar="N", help="requests at a time (default: 64); more get 429"
    )
    serve.add_argument(
        "--requests-per-token", type=positive, default=32, metavar="N", help="of one token (default: 32)"
    )
    serve.add_argument("--timeout", default="30s", metavar="TIME", help="how long a question may take (default: 30s)")
    serve.add_argument("--index-dir", metavar="DIR", help="where indexes are kept (default: your cache folder)")
    serve.add_argument(
        "--log-level",
        default="info",
        choices=["error", "warning", "info", "debug"],
        metavar="LEVEL",
        help="error, warning, info (default; has the access log) or debug",
    )

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
    tokens.add_argument(
        "--repository",
        action="append",
        default=[],
        metavar="PATTERN",
        help="with --new: repositories that it opens, such as 'github.com/org/*', or '*'; may be repeated",
    )
    tokens.add_argument("--expires", metavar="TIME", help="with --new: when it ends, such as 90d (default: never)")


def _add_key(command: argparse.ArgumentParser) -> None:
    command.add_argument("--key", required=True, metavar="FILE", help="the private key, from `glossator team keygen`")
