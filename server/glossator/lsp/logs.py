"""Where log lines go: a rotating file of each process, and the client's output channel as `$/setTrace` asks for it.

Processes share no file: one cannot rotate what another has open on Windows, and elsewhere lines would get lost.

No source text gets into a log line below the level DEBUG, which only the trace "verbose" turns on.
"""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import os
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
from lsprotocol import types

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_BYTES = 2_000_000
FILES = 2
"""Full files of a process that are kept beside the one that it writes."""
PROCESSES = 10
"""Processes that have ended and whose files are kept."""

LEVELS = {
    types.TraceValue.Off: logging.WARNING,
    types.TraceValue.Messages: logging.INFO,
    types.TraceValue.Verbose: logging.DEBUG,
}
"""What the client is told, by its trace setting; the file has INFO and more, and DEBUG too when verbose."""

_SHORT = 100
"""Characters of an argument that can be no more than an id, a method's name or a URI."""

_KINDS = (
    (logging.ERROR, types.MessageType.Error),
    (logging.WARNING, types.MessageType.Warning),
    (logging.INFO, types.MessageType.Info),
    (0, types.MessageType.Log),
)


def log_path() -> Path:
    """The log file of this process."""
    return Path(platformdirs.user_log_dir("glossator", appauthor=False)) / f"server-{os.getpid()}.log"


def remove_old(folder: Path) -> None:
    """Remove the logs of processes that have ended, but for the latest; what cannot be removed stays."""
    import psutil

    last: dict[str, float] = {}
    files: dict[str, list[Path]] = {}
    for path in folder.glob("server*.log*"):
        with contextlib.suppress(OSError):  # another process removes it, too
            name = path.name.partition(".")[0]
            last[name] = max(last.get(name, 0.0), path.stat().st_mtime)
            files.setdefault(name, []).append(path)
    running = {f"server-{number}" for number in psutil.pids()}
    ended = sorted((name for name in files if name not in running), key=lambda name: -last[name])
    for name in ended[PROCESSES:]:
        for path in files[name]:
            with contextlib.suppress(OSError):
                path.unlink()


class ClientHandler(logging.Handler):
    """Passes log lines on as `window/logMessage`."""

    def __init__(self, send: Callable[[types.LogMessageParams], None]) -> None:
        super().__init__(LEVELS[types.TraceValue.Off])
        self._send = send

    def emit(self, record: logging.LogRecord) -> None:
        """Send one line; a failure to do so is nobody's problem but the connection's."""
        kind = next(kind for level, kind in _KINDS if record.levelno >= level)
        try:
            self._send(types.LogMessageParams(type=kind, message=self.format(record)))
        except Exception:
            self.handleError(record)


class WithoutMessages(logging.Filter):
    """Strikes the params of messages, which hold source text, out of what pygls logs when a handler fails."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let the record through, shortened."""
        if record.name.startswith("pygls") and isinstance(record.args, tuple):
            record.args = tuple(
                argument
                if isinstance(argument, int | float | None) or (isinstance(argument, str) and len(argument) <= _SHORT)
                else f"<{type(argument).__name__}>"
                for argument in record.args
            )
        return True


def set_up(level: str) -> None:
    """Log to the file; pygls, which logs whole messages, only warnings, and without the messages."""
    logging.raiseExceptions = False
    root = logging.getLogger("glossator")
    root.setLevel(logging.DEBUG)
    logging.getLogger("pygls").setLevel(logging.WARNING)
    path = log_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_old(path.parent)
        handler: logging.Handler = logging.handlers.RotatingFileHandler(
            path, maxBytes=MAX_BYTES, backupCount=FILES, encoding="utf-8", delay=True
        )
    except OSError:
        handler = logging.StreamHandler()
    handler.setLevel(level.upper())
    handler.addFilter(WithoutMessages())
    handler.set_name(level.upper())
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"))
    root.addHandler(handler)
    logging.getLogger("pygls").addHandler(handler)


def set_trace(value: types.TraceValue) -> None:
    """Follow the client's `$/setTrace`."""
    root = logging.getLogger("glossator")
    for handler in root.handlers:
        if isinstance(handler, ClientHandler):
            handler.setLevel(LEVELS.get(value, logging.WARNING))
        elif handler.get_name() is not None:  # the file's; its name is the level that it was opened with
            handler.setLevel(logging.DEBUG if value == types.TraceValue.Verbose else str(handler.get_name()))
