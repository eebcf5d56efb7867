"""`glossator mcp install`, `uninstall` and `instructions`: sets up coding agents, shows each change, asks first."""

from __future__ import annotations

import difflib
import sys
from typing import TYPE_CHECKING

from glossator.cli import terminal
from glossator.errors import GlossatorError, UsageError
from glossator.mcp_server import agent_clients

if TYPE_CHECKING:
    import argparse

    from glossator.mcp_server.agent_clients import ConfigChange


def run_client_action(arguments: argparse.Namespace) -> int:
    """Run one of the actions; returns the exit status.

    Raises:
        UsageError: a client is unknown, or none was found, or the change was not confirmed.
        GlossatorError: a configuration cannot be read or written.
    """
    if arguments.action == "instructions":
        terminal.show(agent_clients.AGENTS_TEXT.rstrip())
        return 0
    install = arguments.action == "install"
    clients = agent_clients.clients_named(arguments.clients)
    command = agent_clients.server_command()
    planned: list[ConfigChange] = []
    failed = 0
    for client in clients:
        try:
            change = (
                agent_clients.planned_install(client, command) if install else agent_clients.planned_removal(client)
            )
        except GlossatorError as error:
            terminal.note(f"glossator: {client.name}: {error}")
            failed += 1
            continue
        if change.is_needed:
            planned.append(change)
            _show(change)
        elif install or arguments.clients:
            state = "is set up already" if install else "has no entry of Glossator"
            terminal.show(f"{client.name} {state} ({change.path})", hang=4)
    if not planned and not install and not arguments.clients and not failed:
        terminal.show("no coding agent has an entry of Glossator")
    if planned and not arguments.dry_run and _confirmed(arguments):
        for change in planned:
            agent_clients.apply_change(change)
            _tell(change, install=install)
    return 1 if failed else 0


def _show(change: ConfigChange) -> None:
    """Show a change as a diff of its lines."""
    if change.after is None:
        terminal.show(f"{change.client.name}: remove {change.path}, which has nothing else in it", hang=4)
        return
    new = " (a new file)" if change.before is None else ""
    terminal.show(f"{change.client.name}: {change.path}{new}", hang=4)
    before, after = (change.before or "").splitlines(), change.after.splitlines()
    for line in list(difflib.unified_diff(before, after, lineterm="", n=2))[2:]:
        terminal.show(f"    {line}", hang=8)


def _confirmed(arguments: argparse.Namespace) -> bool:
    if arguments.yes:
        return True
    if sys.stdin is None or not terminal.is_terminal(sys.stdin):
        raise UsageError("nothing was changed: run the command with --yes to make these changes")
    terminal.prompt("Make these changes? [y/N] ")
    if sys.stdin.readline().strip().lower() in ("y", "yes"):
        return True
    raise UsageError("nothing was changed")


def _tell(change: ConfigChange, *, install: bool) -> None:
    backup = agent_clients.backup_of(change.path)
    kept = f"; the file as it was is kept as {backup.name}" if install and backup.exists() else ""
    done = "starts the server from now on (restart it)" if install else "no longer starts the server"
    terminal.show(f"{change.client.name} {done}{kept}", hang=4)
