"""One worker process of the pool: its start, its pipes, its deadline, its end.

A worker runs `parse_worker.main` and exchanges framed pickles over its pipes. It ends when its pipe is closed, so none
outlives this process, however it ends.
"""

from __future__ import annotations

import logging
import os
import pickle
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from glossator.index.parse_worker import Message, read_frame, write_frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glossator.index.parse_worker import Batch, Preparation
    from glossator.settings import Settings

STARVED_FACTOR = 5.0
"""Factor on the timeout for a worker that is runnable but gets little processor time, since the cores are busy."""
RECYCLE_FILES = 20_000
RECYCLE_BYTES = 256 * 1024**2
"""A worker is replaced after so many files or source bytes: minutes of work, beside which its start is nothing."""

_NO_PICKLE = (pickle.UnpicklingError, EOFError, AttributeError, ImportError)
_log = logging.getLogger(__name__)


def is_starved(waited: float, used: float, *, runnable: bool, timeout: float) -> bool:
    """Whether a worker that missed its deadline should get more time.

    Args:
        waited: seconds since its last message.
        used: processor seconds that it got meanwhile.
        runnable: whether it is ready to run, rather than blocked.
        timeout: seconds that it is allowed.
    """
    return runnable and used < timeout / 2 and waited < timeout * STARVED_FACTOR


class WorkerProcess:
    """One worker process and its pipes. Only its supervisor talks to it; the watchdog may kill it.

    Attributes:
        deadline: `time.monotonic` by which it has to send a message; None: no deadline.
        allowed: the seconds that it had for that in all.
        stalled: whether it was killed since it missed its deadline.
        read_bytes: source bytes that it was given.
    """

    def __init__(self, command: Sequence[str], settings: Settings) -> None:
        """Start it; it is ready when it has sent a message that says so.

        Raises:
            OSError: it cannot be started.
        """
        self.deadline: float | None = None
        self.allowed = 0.0
        self.stalled = False
        self._files = self.read_bytes = 0
        self._timed: tuple[float | None, float] = (None, 0.0)
        self._unwatched = 0.0
        self._prepared: Preparation | None = None
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self._last_words: str | None = None
        environment = dict(os.environ)
        package_root = str(Path(__file__).resolve().parents[2])
        search_path = [package_root, *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))]
        environment["PYTHONPATH"] = os.pathsep.join(search_path)
        # A worker should use one core: no extra threads in the numeric libraries.
        environment.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", TOKENIZERS_PARALLELISM="false")
        flags = 0
        if sys.platform == "win32":
            flags = subprocess.BELOW_NORMAL_PRIORITY_CLASS | subprocess.CREATE_NO_WINDOW
        self._popen = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=environment,
            creationflags=flags,
            # A group of its own keeps Ctrl-C in a terminal from reaching it: the parent decides when it ends. Not a
            # session: Linux would schedule that as a group beside the editor, where low priority counts for nothing.
            process_group=None if sys.platform == "win32" else 0,
        )
        self.send(settings)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._popen.pid

    @property
    def is_worn(self) -> bool:
        """Whether it has processed so much that it should be replaced."""
        return self._files >= RECYCLE_FILES or self.read_bytes >= RECYCLE_BYTES

    def give(self, batch: Batch, size: int) -> None:
        """Send it a batch of so many source bytes."""
        self._files += len(batch.tasks)
        self.read_bytes += size
        self.send(batch)

    def prepare(self, preparation: Preparation) -> None:
        """Have it prepare for changes while it is idle, unless that is what it was told last."""
        if preparation.languages and preparation != self._prepared:
            self._prepared = preparation
            self.send(preparation)

    def send(self, value: object) -> None:
        """Send; a process that has died is noticed by `receive`."""
        assert self._popen.stdin is not None
        try:
            write_frame(self._popen.stdin, pickle.dumps(value, protocol=5))
        except OSError:
            _log.debug("worker %d no longer reads its pipe", self.pid)

    def receive(self) -> Message | None:
        """The next message, or None when the process has ended."""
        assert self._popen.stdout is not None
        try:
            frame = read_frame(self._popen.stdout)
            message = None if frame is None else pickle.loads(frame)  # noqa: S301 - from our own child
        except (OSError, OverflowError, MemoryError, ValueError, LookupError, TypeError, *_NO_PICKLE) as error:
            _log.warning("worker %d sent an unreadable message: %r", self.pid, error)
            self.kill()
            return None
        return message if isinstance(message, Message) else None

    def check(self, now: float, late: float) -> None:
        """Kill it if it missed its deadline; called by the watchdog about every second.

        Args:
            now: `time.monotonic`.
            late: seconds by which the watchdog is late, since this process was stopped or got no processor: messages
                may have come meanwhile that nobody could read, so they do not count.
        """
        import psutil

        deadline = self.deadline
        if deadline is None:
            return
        try:
            process = psutil.Process(self.pid)
            used = sum(process.cpu_times()[:2])
            runnable = process.status() == psutil.STATUS_RUNNING
        except psutil.Error:
            return  # it has ended, which its supervisor notices
        if self._timed[0] != deadline:
            self._timed = (deadline, used)
            self._unwatched = 0.0
        self._unwatched += late
        allowed = self.allowed
        waited = now - deadline + allowed - self._unwatched
        if waited > allowed and not is_starved(waited, used - self._timed[1], runnable=runnable, timeout=allowed):
            self.stalled = True
            self.kill()

    def kill(self) -> None:
        """Kill it."""
        self._popen.kill()

    def close(self, timeout: float) -> str:
        """Let it exit, or kill it after `timeout` seconds; returns the end of its stderr. May be called again."""
        if self._last_words is not None:
            return self._last_words
        for stream in (self._popen.stdin, self._popen.stdout):
            if stream is not None:
                with suppress(OSError):  # the other end may be gone
                    stream.close()
        try:
            self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size - 4000))
        self._last_words = self._errors.read().decode("utf-8", "replace").strip()
        self._errors.close()
        return self._last_words
