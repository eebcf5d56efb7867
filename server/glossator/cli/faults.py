"""What no command expects: it goes into a log file, and the person who ran the command gets one line that names it.

Nothing else may write to the terminal either: warnings of libraries, errors in threads and in the clean-up of objects
go into the same file, which is made when there is something to write.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from typing import TYPE_CHECKING

from glossator.cli import terminal

if TYPE_CHECKING:
    from pathlib import Path

_log = logging.getLogger("glossator.cli")


def log_to_file() -> None:
    """Send to this process's log file whatever Python and libraries would write to the terminal."""
    from glossator import logfiles

    logging.raiseExceptions = False
    path = logfiles.log_path("cli")
    try:
        handler: logging.Handler = logfiles.PrivateRotatingFileHandler(path)
        logfiles.remove_old(path.parent, "cli")
    except OSError:
        handler = logging.NullHandler()
    handler.setLevel(logging.WARNING)
    logging.getLogger().addHandler(handler)
    logging.captureWarnings(capture=True)
    threading.excepthook = _thread_failed
    sys.unraisablehook = _clean_up_failed


def report(what: str, error: BaseException) -> None:
    """Log an error that nobody expected, with its traceback, and write one line about it."""
    _log.critical("%s failed", what, exc_info=error)
    for handler in logging.getLogger().handlers:
        handler.flush()
    last = traceback.extract_tb(error.__traceback__)[-1:]
    said = " ".join(str(error).split())
    if len(said) > 200:
        said = said[:197] + "..."
    where = f" in {last[0].name}" if last else ""
    reason = f"{type(error).__name__}{f': {said}' if said else where}"
    path = _log_file()
    details = f"the details are in {path}" if path else "no log file could be written"
    terminal.show_error(f"{what} failed because of an internal error ({reason}); {details}")


def _log_file() -> Path | None:
    """The log file that has just been written; None if that was not possible."""
    from glossator import logfiles

    path = logfiles.log_path("cli")
    return path if path.is_file() else None


def _thread_failed(failure: threading.ExceptHookArgs) -> None:
    if failure.exc_value is not None and not isinstance(failure.exc_value, SystemExit):
        name = failure.thread.name if failure.thread is not None else "a thread"
        _log.error("%s failed", name, exc_info=failure.exc_value)


def _clean_up_failed(failure: sys.UnraisableHookArgs) -> None:
    if failure.exc_value is not None and not isinstance(failure.exc_value, KeyboardInterrupt):
        _log.warning("%s: %r", failure.err_msg or "ignored", failure.object, exc_info=failure.exc_value)
