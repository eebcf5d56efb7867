"""Logging to the server's log file, and to the client's output channel as set by `$/setTrace`.

Source text is logged only at the level DEBUG, which only the trace "verbose" enables.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from lsprotocol import types

from glossator import logfiles

if TYPE_CHECKING:
    from collections.abc import Callable

LEVELS = {
    types.TraceValue.Off: logging.WARNING,
    types.TraceValue.Messages: logging.INFO,
    types.TraceValue.Verbose: logging.DEBUG,
}
"""The level of lines sent to the client, by its trace setting; the file gets INFO and above, or DEBUG if verbose."""

_SHORT = 100
"""Maximum characters of an argument that is assumed to be an id, a method's name or a URI."""

_KINDS = (
    (logging.ERROR, types.MessageType.Error),
    (logging.WARNING, types.MessageType.Warning),
    (logging.INFO, types.MessageType.Info),
    (0, types.MessageType.Log),
)


class ClientHandler(logging.Handler):
    """Sends log lines as `window/logMessage`."""

    def __init__(self, send: Callable[[types.LogMessageParams], None]) -> None:
        super().__init__(LEVELS[types.TraceValue.Off])
        self._send = send

    def emit(self, record: logging.LogRecord) -> None:
        """Send one line; failures say nothing (`set_up` has `handleError` print none): the connection handles them."""
        kind = next(kind for level, kind in _KINDS if record.levelno >= level)
        try:
            self._send(types.LogMessageParams(type=kind, message=self.format(record)))
        except Exception:
            self.handleError(record)


class WithoutMessages(logging.Filter):
    """Removes the params of messages, which contain source text, from what pygls logs when a handler fails."""

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
    """Log to the file. pygls logs whole messages, so only its warnings are kept, without the messages."""
    logging.raiseExceptions = False
    root = logging.getLogger("glossator")
    root.setLevel(logging.DEBUG)
    logging.getLogger("pygls").setLevel(logging.WARNING)
    path = logfiles.log_path()
    try:
        handler: logging.Handler = logfiles.PrivateRotatingFileHandler(path)
        logfiles.remove_old(path.parent)
    except OSError:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter(logfiles.LOG_FORMAT))
    handler.setLevel(level.upper())
    handler.addFilter(WithoutMessages())
    handler.set_name(level.upper())
    root.addHandler(handler)
    logging.getLogger("pygls").addHandler(handler)


def set_trace(value: types.TraceValue) -> None:
    """Apply the client's `$/setTrace`."""
    root = logging.getLogger("glossator")
    for handler in root.handlers:
        if isinstance(handler, ClientHandler):
            handler.setLevel(LEVELS.get(value, logging.WARNING))
        elif handler.get_name() is not None:  # the file's; its name is the level that it was opened with
            handler.setLevel(logging.DEBUG if value == types.TraceValue.Verbose else str(handler.get_name()))
