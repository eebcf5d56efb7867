"""`glossator adapt retriever`: adapts the retriever with a progress bar, and reports the result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glossator.adapt.retriever import adapt_retriever
from glossator.cli import terminal
from glossator.cli.adapt_run import adapt_run
from glossator.cli.updated_index import open_session, time_in_words

if TYPE_CHECKING:
    import argparse

    from glossator.adapt.retriever_report import AdaptProgress, RetrieverReport
    from glossator.project.session import Session

_PARTS = 1000
"""Steps of the progress bar."""


def run_adapt_retriever(arguments: argparse.Namespace) -> int:
    """Adapt a project's retriever; returns the exit status: 0, also if it was refused.

    Raises:
        GlossatorError: it cannot be done; nothing has changed.
    """
    as_json = arguments.json
    with adapt_run(arguments, "retriever") as (record, stopped), open_session(arguments) as session:
        with terminal.ProgressBar(lines_on_pipe=not as_json) as bar:

            def show(progress: AdaptProgress) -> None:
                left = f"{time_in_words(progress.seconds_left)} left" if progress.seconds_left else ""
                bar.update(progress.stage, int(_PARTS * progress.done), _PARTS, left or "...")
                record.update(stage=progress.stage, done=progress.done, seconds_left=progress.seconds_left)

            report = adapt_retriever(session, show, stopped)
        if report.reason:
            record.ended("refused", f"what was learned is {report.reason}", report=report.facts())
        else:
            record.ended("done", report.summary, name=report.name, report=report.facts())
        if as_json:
            terminal.show_json(report.facts())
        else:
            _tell(session, report)
    return 0


def _tell(session: Session, report: RetrieverReport) -> None:
    if report.reason:
        terminal.show(f"Nothing was changed: what was learned is {report.reason}.", hang=4)
        return
    terminal.show(
        f"{report.name} is now in use for {session.root.path}, made in {time_in_words(report.seconds)}:", hang=4
    )
    terminal.show(f"  {report.summary}", hang=4)
    terminal.show("To go back: glossator adapt undo")
