"""What commands that work with a project's index share: its session, an index that is up to date, and Ctrl-C."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from glossator.cli import terminal
from glossator.errors import CancelledByUser, StoreLockedError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator
    from types import FrameType

    from glossator.index.indexer import IndexReport, Progress
    from glossator.project.session import Session
    from glossator.settings import Settings
    from glossator.workspace.files import Found, Skipped

SLOW_UPDATE_SECONDS = 1.0
"""An update of the index is mentioned when it takes longer than this."""

STAGES = {
    "downloading": "Downloading the team's index",
    "scanning": "Looking for files",
    "indexing": "Indexing",
    "finishing": "Writing the index",
    "collecting": "Collecting uses",
}


def counted(number: int, thing: str, things: str = "") -> str:
    """A number with its noun: "1 file", "1,200 files"; `things` is the plural where it is not formed with "s"."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {things or f'{thing}s'}"


def time_in_words(seconds: float) -> str:
    """A time, given in seconds, in words: "40 s", "12 min", "1 h 5 min"."""
    if seconds < 100:
        return f"{max(round(seconds), 1)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


def command_settings(arguments: argparse.Namespace) -> Settings:
    """The user's settings with what a command line gives laid over them."""
    from glossator.settings import load_settings

    overrides: dict[str, object] = {}
    if getattr(arguments, "index_dir", None):
        overrides["index_dir"] = Path(arguments.index_dir)
    if getattr(arguments, "team", None):
        overrides["team"] = arguments.team
    if getattr(arguments, "model", None):
        overrides["model"] = arguments.model
    if getattr(arguments, "max_tokens", None):
        overrides["max_answer_tokens"] = arguments.max_tokens
    return load_settings(overrides)


@contextlib.contextmanager
def open_session(arguments: argparse.Namespace) -> Iterator[Session]:
    """A session over the folder that a command is about, closed at the end."""
    from glossator.project.session import Session

    session = Session([Path(arguments.root)], command_settings(arguments))
    try:
        yield session
    finally:
        session.close()


@contextlib.contextmanager
def stopped_by_interrupt() -> Iterator[Callable[[], bool]]:
    """Ctrl-C asks the work inside to stop, so that it can save what it has; a second Ctrl-C ends it at once.

    Yields a function that says whether it was asked.
    """
    asked = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            signal.default_int_handler(number, frame)
        asked.set()

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)


def update_index(session: Session, found: Iterable[Found | Skipped] | None = None) -> IndexReport:
    """Update the index, with a progress bar; `found` is what `Root.outdated` returned, if it was asked.

    Raises:
        StoreLockedError: another process is writing it.
        CancelledByUser: Ctrl-C was pressed; what was done until then is saved.
    """
    with terminal.ProgressBar() as bar, stopped_by_interrupt() as stopped:

        def show(progress: Progress) -> None:
            if progress.stage == "downloading":
                fetched, size = progress.bytes_done, progress.bytes_total
                shown = f"{fetched / 1e6:,.1f}/{size / 1e6:,.1f} MB" if size else ""
                bar.update(STAGES[progress.stage], fetched, size, shown)
                return
            done, total = progress.files_done, progress.files_total
            files = f"{done:,}/{total:,} files" if total else f"{done:,} files" if done else ""
            rate = f"{progress.lines_per_second:,.0f} lines/s" if progress.lines_per_second else ""
            bar.update(STAGES.get(progress.stage, progress.stage), done, total, files, rate)

        report = session.root.index(show, stopped, all_cores=True, differing=found)
        if stopped():
            raise CancelledByUser("interrupted while the index was being written; it is complete")
        return report


def bring_up_to_date(session: Session) -> None:
    """Update the index before it is used; say so when that took long or could not be done."""
    started = time.perf_counter()
    if (found := session.root.outdated()) is None:
        return
    try:
        report = update_index(session, found)
    except StoreLockedError as error:
        terminal.note(f"glossator: {error}; answering from the index as it is")
        return
    seconds = time.perf_counter() - started
    if report.embedded and seconds > SLOW_UPDATE_SECONDS:
        terminal.note(
            f"index brought up to date: {counted(report.files, 'file')}, "
            f"{counted(report.embedded, 'symbol')} embedded, {report.reused:,} reused, {seconds:.1f} s"
        )
