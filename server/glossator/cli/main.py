"""Runs one command, and turns how it ended into an exit status.

0: done. 1: it failed, and one line on stderr says why. 2: wrong usage. 130: interrupted by Ctrl-C. No error is shown in
any other way; one that nobody expected is logged, and the line names the log file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glossator.cli import arguments, faults, garbage, terminal
from glossator.errors import CancelledByUser, GlossatorError, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

FAILURE = 1
WRONG_USAGE = 2
INTERRUPTED = 130
"""What a shell reports for a program that Ctrl-C has ended."""

RESUMABLE = frozenset(
    ("index", "search", "ask", "explain", "uses", "history", "models pull", "team build", "adapt model")
)
"""Commands that keep what they have done when they are interrupted, and carry on from there."""


def run(argv: Sequence[str]) -> int:
    """Run one command; returns the exit status."""
    terminal.prepare_streams()
    name = "glossator"
    try:
        chosen = arguments.parse_arguments(argv)
        name = f"{chosen.command} {getattr(chosen, 'action', '') or ''}".strip()
        faults.log_to_file()
        garbage.collect_for(chosen.command)
        status = _command(chosen.command)(chosen)
        terminal.flush()
    except UsageError as error:
        terminal.show_error(str(error))
        return WRONG_USAGE
    except (KeyboardInterrupt, CancelledByUser):
        terminal.show_error("interrupted; progress is saved" if name in RESUMABLE else "interrupted")
        return INTERRUPTED
    except terminal.OutputClosedError:
        terminal.release_stdout()
        return FAILURE
    except GlossatorError as error:
        terminal.show_error(str(error))
        return FAILURE
    except Exception as error:
        faults.report(f"`glossator {name}`", error)
        return FAILURE
    return status


def _command(name: str) -> Callable[[argparse.Namespace], int]:
    """The function that runs a command; it imports what it needs when it is called."""
    from glossator.cli import commands

    return commands.COMMANDS[name]
