"""Log files: one rotating file for each process, in a folder that only the user can read.

Processes share no file: one cannot rotate what another has open on Windows, and elsewhere lines would get lost.
"""

from __future__ import annotations

import contextlib
import io
import logging
import logging.handlers
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import platformdirs

from glossator.late_patterns import late
from glossator.private_files import FILE_MODE, make_private_folder

Program = Literal["server", "cli", "mcp"]
"""What writes the log: the language server, a command in a terminal, or the server for agents."""

MAX_BYTES = 2_000_000
FILES = 2
"""Full files of a process that are kept beside the one that it writes."""
PROCESSES = 10
"""Processes of each program that have ended and whose files are kept."""

_LOG_NAME = late(r"[a-z]+-(\d+)\.log(?:\.\d+)?$")

LOG_FORMAT = "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"


def log_path(program: Program = "server") -> Path:
    """The log file of this process."""
    return Path(platformdirs.user_log_dir("glossator", appauthor=False)) / f"{program}-{os.getpid()}.log"


@dataclass(frozen=True, slots=True)
class Log:
    """A log file, the process that wrote it, and whether that still runs."""

    path: Path
    process: int
    is_running: bool


def logs_naming(text: str) -> list[Log]:
    """The log files of all programs that contain a text ("": all of them), except those of this process."""
    found = []
    needle = text.encode("utf-8", "backslashreplace")
    for path in sorted(log_path().parent.glob("*.log*")):
        match = _LOG_NAME.match(path.name)
        if match is None or int(match[1]) == os.getpid():
            continue
        with contextlib.suppress(OSError):  # just removed, or not ours to read
            if needle in path.read_bytes():
                found.append(Log(path, int(match[1]), is_running=_runs(int(match[1]), path.stat().st_mtime)))
    return found


def _runs(process: int, written: float) -> bool:
    """Whether the process that wrote a file at that time runs, and not another one with its number."""
    import psutil

    try:
        return bool(psutil.Process(process).create_time() <= written)
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True


def remove_old(folder: Path, program: Program = "server") -> None:
    """Remove the logs of processes that have ended, but for the latest; what cannot be removed stays."""
    last: dict[str, float] = {}
    files: dict[str, list[Path]] = {}
    for path in folder.glob(f"{program}*.log*"):
        with contextlib.suppress(OSError):  # another process removes it, too
            name = path.name.partition(".")[0]
            last[name] = max(last.get(name, 0.0), path.stat().st_mtime)
            files.setdefault(name, []).append(path)
    if len(files) <= PROCESSES:
        return
    import psutil

    running = {f"{program}-{number}" for number in psutil.pids()}
    ended = sorted((name for name in files if name not in running), key=lambda name: -last[name])
    for name in ended[PROCESSES:]:
        for path in files[name]:
            with contextlib.suppress(OSError):
                path.unlink()


class PrivateRotatingFileHandler(logging.handlers.RotatingFileHandler):
    """A rotating file that only the user can read; it is made when the first line is written."""

    def __init__(self, path: Path) -> None:
        """Name the file.

        Raises:
            OSError: its folder cannot be made.
        """
        make_private_folder(path.parent)
        super().__init__(
            path, maxBytes=MAX_BYTES, backupCount=FILES, encoding="utf-8", errors="backslashreplace", delay=True
        )
        self.setFormatter(logging.Formatter(LOG_FORMAT))

    def _open(self) -> io.TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, FILE_MODE)
        return io.TextIOWrapper(io.FileIO(descriptor, "a"), encoding=self.encoding, errors=self.errors)
