"""The client's side of one llama.cpp process: its pipes, its requests in flight, its log and its exit.

Nothing here knows what the requests mean; `client` does.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import signal
import sys
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glossator.errors import (
    ModelCrashedError,
    ModelError,
    ModelInvalidError,
    ModelRuntimeError,
    ModelTimeoutError,
    ModelTooLargeError,
)
from glossator.model import worker_protocol

if TYPE_CHECKING:
    from glossator.model.worker_protocol import WorkerMessage

_log = logging.getLogger("glossator.model")

_CRASH_LINES = re.compile(r"GGML_ASSERT|[Ee]rror\b|terminate called|what\(\):|out of memory")
"""Log lines that explain a crash."""

_SIGNALS_FROM_OUTSIDE = frozenset(
    {signal.SIGTERM, signal.SIGINT} | ({signal.SIGKILL} if sys.platform != "win32" else set())
)
"""Signals sent by somebody else: what the process logged before does not explain them."""

_ERRORS_BY_KIND: dict[str, type[ModelError]] = {
    "invalid": ModelInvalidError,
    "memory": ModelTooLargeError,
    "runtime": ModelRuntimeError,
    "unloaded": ModelCrashedError,
}

INSTALL_RUNTIME = "install it with: glossator runtime install"


def package_folder() -> Path:
    """The folder that this package is imported from."""
    return Path(__file__).resolve().parents[2]


def child_environment(*first: Path) -> dict[str, str]:
    """Environment variables for a Python process that imports this package; `first`: folders it looks in before all."""
    package = package_folder()
    paths = [str(folder) for folder in first]
    if package.name not in ("site-packages", "dist-packages"):  # a source tree, which the child has to find as well
        paths.append(str(package))
    paths += filter(None, [os.environ.get("PYTHONPATH")])
    found = {"PYTHONPATH": os.pathsep.join(paths)} if paths else {}
    return {**os.environ, "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1", **found}


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds after which the child is considered hung, each counted from its last event."""

    start: float = 60.0
    """From its start to its first event; importing the runtime takes up to 20 s on a cold disk."""
    silence: float = 180.0
    """While loading and reading a prompt: 512 tokens of a 14B model take about 90 s on a slow CPU."""
    token: float = 60.0
    """Between two tokens."""
    cancel: float = 3.0
    """From a cancellation to its confirmation."""


class Child:
    """One child process: its pipes, its requests in flight, and how it exited."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.greeting: WorkerMessage = {}
        self.facts: WorkerMessage = {}
        self.log_lines: deque[str] = deque(maxlen=200)
        """What it logged since the last request was sent."""
        self.ended = asyncio.Event()
        self.kill_reason = ""
        self._queues: dict[int, asyncio.Queue[WorkerMessage | None]] = {}
        self._startup_messages: asyncio.Queue[WorkerMessage | None] = asyncio.Queue()
        self._tasks = [asyncio.create_task(self._read_events(), name="model events")]
        self._tasks.append(asyncio.create_task(self._read_log(), name="model log"))
        self._last_request = 0

    @classmethod
    async def start(cls) -> Child:
        """Start a child.

        Raises:
            ModelRuntimeError: the interpreter cannot be started.
        """
        package = package_folder()
        environment = child_environment()
        environment["GGML_NO_BACKTRACE"] = "1"  # ggml would run a debugger on itself before it aborts
        environment.pop("GLOSSATOR_ENDPOINT_KEY", None)
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",  # the working directory must not be able to shadow the package
                "-m",
                "glossator.model.llama_worker",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=environment,
                cwd=package,
                limit=1024 * 1024,
                # It ignores Ctrl-C, but only once it runs: a group of its own keeps it from dying of one before that.
                process_group=None if sys.platform == "win32" else 0,
            )
        except OSError as error:
            raise ModelRuntimeError(f"cannot start the model's process: {error}") from error
        return cls(process)

    @property
    def alive(self) -> bool:
        """Whether it can still answer."""
        return not self.ended.is_set() and not self.kill_reason

    async def wait_until_started(self, deadline: float) -> None:
        """Wait until the runtime is loaded.

        Raises:
            ModelRuntimeError: it cannot be loaded.
        """
        try:
            message = await asyncio.wait_for(self._startup_messages.get(), deadline)
        except TimeoutError:
            self.kill("it did not start in time")
            raise ModelTimeoutError(f"the model's process did not start within {deadline:.0f} s") from None
        if message is None:
            await self.ended.wait()
            raise ModelRuntimeError(f"the model's process did not start: {self.describe_exit()}")
        if message["event"] == "fatal":
            await self.stop()
            raise ModelRuntimeError(f"{message['message']}; {INSTALL_RUNTIME}")
        self.greeting = message

    def open(self, op: str, **fields: Any) -> Exchange:
        """Send a request."""
        self._last_request += 1
        queue: asyncio.Queue[WorkerMessage | None] = asyncio.Queue()
        self._queues[self._last_request] = queue
        if self.ended.is_set():
            queue.put_nowait(None)
        self.log_lines.clear()
        self.send({"op": op, "id": self._last_request, **fields})
        return Exchange(self, self._last_request, queue)

    def send(self, message: WorkerMessage) -> None:
        """Write a frame. One that a dead child no longer reads is lost; the request then ends with the child's exit."""
        stdin = self.process.stdin
        if stdin is not None and not stdin.is_closing():
            stdin.write(worker_protocol.encode(message))

    def close_request(self, number: int) -> None:
        """Stop routing events to a request."""
        self._queues.pop(number, None)

    def kill(self, reason: str) -> None:
        """Kill it."""
        if not self.ended.is_set():
            self.kill_reason = self.kill_reason or reason
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()

    async def stop(self, grace: float = 2.0) -> None:
        """Ask it to exit, and kill it if it does not within `grace` seconds."""
        if not self.ended.is_set():
            self.kill_reason = self.kill_reason or "it was asked to stop"
            if self.process.stdin is not None:
                self.process.stdin.close()
            try:
                await asyncio.wait_for(self.ended.wait(), grace)
            except TimeoutError:
                self.kill("it did not stop")
        await self.ended.wait()
        await asyncio.gather(*self._tasks)

    def describe_exit(self) -> str:
        """How it exited, for an error message: with the log line that explains a crash, if there is one."""
        code = self.process.returncode
        if code is not None and code < 0:
            if -code in _SIGNALS_FROM_OUTSIDE:
                return f"ended by {signal.Signals(-code).name}"
            try:
                how = f"ended by {signal.Signals(-code).name}"
            except ValueError:
                how = f"ended by signal {-code}"
        else:
            how = f"ended with status {code}"
        crash_lines = [line for line in self.log_lines if _CRASH_LINES.search(line)]
        return f"{how} ({crash_lines[-1].strip()[:300]})" if crash_lines and code else how

    async def _read_events(self) -> None:
        stdout = self.process.stdout
        try:
            while stdout is not None:
                message = await worker_protocol.read_message_async(stdout)
                if "id" not in message:
                    self._startup_messages.put_nowait(message)
                elif message["id"] in self._queues:
                    self._queues[message["id"]].put_nowait(message)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the child ended
        except ValueError as error:
            self.kill(f"it sent something that is not a frame: {error}")
        finally:
            await self.process.wait()
            self.ended.set()
            self._startup_messages.put_nowait(None)
            for queue in self._queues.values():
                queue.put_nowait(None)

    async def _read_log(self) -> None:
        stderr = self.process.stderr
        while stderr is not None and (raw := await _read_line(stderr)):
            line = raw.decode("utf-8", "replace").rstrip()
            self.log_lines.append(line)
            _log.debug("%s", line)


async def _read_line(stream: asyncio.StreamReader) -> bytes:
    """The next line, or a part of one that is too long."""
    try:
        return await stream.readuntil(b"\n")
    except asyncio.IncompleteReadError as error:
        return error.partial
    except asyncio.LimitOverrunError as error:
        return await stream.readexactly(error.consumed)


class Exchange:
    """A request and the events that answer it."""

    def __init__(self, child: Child, number: int, queue: asyncio.Queue[WorkerMessage | None]) -> None:
        self.child = child
        self.number = number
        self.finished = False
        self._queue = queue

    async def next(self, silence: float, what: str) -> WorkerMessage:
        """The next event.

        Raises:
            ModelTimeoutError: none came for `silence` seconds; the child is killed.
            ModelCrashedError: the child ended.
            ModelError: the child says that the request cannot be done.
        """
        try:
            async with asyncio.timeout(silence):
                message = await self._queue.get()
        except TimeoutError:
            self.child.kill(f"it did not respond for {silence:g} s while {what}")
            self._finish()
            raise ModelTimeoutError(
                f"the model did not respond for {silence:g} s while {what}; it will be restarted when needed"
            ) from None
        if message is None:
            self._finish()
            await self.child.ended.wait()
            if self.child.kill_reason:
                raise ModelCrashedError(f"the model's process was stopped while {what}: {self.child.kill_reason}")
            raise ModelCrashedError(
                f"the model's process {self.child.describe_exit()} while {what}; it will be restarted when needed"
            )
        if message["event"] == "expired":
            raise ModelTimeoutError("the model did not finish within the time set for this request")
        if message["event"] in (
            "done",
            "loaded",
            "unloaded",
            "counted",
            "measured",
            "lora",
            "encoded",
            "scored",
            "error",
        ):
            self._finish()
        if message["event"] == "error":
            raise _ERRORS_BY_KIND.get(message["kind"], ModelError)(message["message"])
        return message

    def _finish(self) -> None:
        self.finished = True
        self.child.close_request(self.number)

    def cancel(self) -> None:
        """Ask the child to stop; it confirms with a "done" event."""
        self.child.send({"op": "cancel", "id": 0, "target": self.number})

    def expire(self) -> None:
        """Make `next` raise: the time for the whole request is up."""
        self._queue.put_nowait({"event": "expired"})

    async def cancel_and_wait(self, grace: float) -> None:
        """Cancel the request; kill the child if it has not confirmed within `grace` seconds."""
        if self.finished:
            return
        self.cancel()
        try:
            async with asyncio.timeout(grace):
                while not self.finished:
                    await self.next(grace, "being cancelled")
        except TimeoutError:
            self.child.kill(f"it did not confirm a cancellation within {grace:g} s")
        except ModelError as error:
            _log.debug("a cancelled request ended with: %s", error)
        self._finish()
