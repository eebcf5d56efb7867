"""What the commands share that adapt something: one of them at a time, and others can see how far it is and stop it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from glossator.cli.updated_index import command_settings, stopped_by_interrupt
from glossator.power import lower_priority
from glossator.project.adaptation_runs import recorded_run
from glossator.project.adaptations import Adaptations
from glossator.project.root import real_folder

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from glossator.project.adaptation_runs import RunRecord, RunWork

_NICENESS = 10
"""Of the process: this takes minutes or hours, and nobody is waiting for it."""


@contextlib.contextmanager
def adapt_run(
    arguments: argparse.Namespace, work: RunWork, *, base: str = "", minutes: float = 0.0
) -> Iterator[tuple[RunRecord, Callable[[], bool]]]:
    """Do inside what a command does: yields the run's record, and a function that says whether it is to stop.

    Raises:
        WorkspaceError: the folder does not exist.
        AdaptationError: another process adapts something to it.
    """
    lower_priority(_NICENESS)
    root = real_folder(Path(arguments.root))
    folder = Adaptations(command_settings(arguments), root).folder
    owner = arguments.until_exit_of
    with (
        recorded_run(folder, work, base=base, minutes=minutes, owner=owner) as record,
        stopped_by_interrupt() as interrupted,
    ):
        yield record, lambda: interrupted() or record.is_stopped
