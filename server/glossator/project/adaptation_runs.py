"""The run of `glossator adapt` that is under way for a project, or was the last: how far it is, and what came of it.

One run at a time, of whatever process: a command in a terminal, or one that an editor's server started and that goes on
when the editor's window is closed. The run itself writes what others need to know:

    <adaptations_dir>/<project>/run/
        run.json        what it does, how far it is, how it ended; replaced as a whole
        lock            held by the process that runs; the system releases it when the process ends
        stop            somebody asks it to stop
        output.log      what a run printed that a server started
        forecasts.json  how long training would take, by base model

This module does not know how anything is adapted.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import threading
import time
from dataclasses import asdict, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

from glossator.errors import AdaptationError, CancelledByUser, GlossatorError
from glossator.private_files import FILE_MODE, make_private_folder, replace_private_file
from glossator.project.adaptations import RUN_FOLDER, told_in_one_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RunWork = Literal["retriever", "data", "forecast", "model"]
"""What a run does: `data` makes a model's examples, `forecast` measures how long its training would take."""
RunState = Literal["running", "done", "refused", "failed", "stopped", "interrupted"]
"""`refused`: it measured no better. `interrupted`: its process is gone, and did not say how it ended."""

RUN_FILE, LOCK_FILE, STOP_FILE, OUTPUT_FILE, FORECASTS_FILE = (
    *("run.json", "lock", "stop", "output.log"),
    "forecasts.json",
)

WRITE_SECONDS = 0.4
"""Seconds between two writes of a run's progress."""
WATCH_SECONDS = 0.15
"""Seconds after which a run notices that it is to stop."""
STOP_GRACE_SECONDS = 0.6
"""Seconds that a run which was asked to stop may take; then its processes are ended. Nothing is lost by that but the
steps of training since the last checkpoint, which is written once a minute."""
LEAVE_SECONDS = 5.0
"""The same for a run that ends with a process that is gone."""
LOSSES_KEPT = 200
"""Losses of a training that are kept to draw; of more, every second one is dropped."""
_STARTED_TOLERANCE = 2.0
"""Seconds by which two readings of when a process was started may differ."""


@dataclass(frozen=True, slots=True)
class RunForecast:
    """What training will take, from a few steps: `seconds` in all, in so many `steps`."""

    seconds: float
    steps: int
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class AdaptationRun:
    """A run as its record tells it.

    Attributes:
        base: the model that is adapted, as it was asked for; "" for none.
        pid, process_started: the process, and when it was started (seconds since 1970), since ids are used again.
        started: when the run began, in ISO 8601, UTC.
        seconds: how long it has taken until the record was written.
        stage: what is being done, in words.
        done: how far the stage is, or for a retriever the whole, from 0 to 1; -1 while that is not known.
        seconds_left: 0 while that is not known.
        step, steps, loss, validation: of training; the losses are None before there is one.
        memory_bytes: what training takes.
        losses: (step, loss) so far.
        forecast: None until it was measured.
        minutes: how long it may train at most, as asked for.
        message: how it ended, in one line: why it was refused or failed; "" if there is nothing to say.
        name: the adaptation that is in use since; "" for none.
        report: what it reported, as JSON; {} for none.
    """

    work: RunWork
    base: str
    state: RunState
    pid: int
    process_started: float
    started: str
    seconds: float = 0.0
    stage: str = ""
    done: float = -1.0
    seconds_left: float = 0.0
    step: int = 0
    steps: int = 0
    loss: float | None = None
    validation: float | None = None
    memory_bytes: int = 0
    losses: tuple[tuple[int, float], ...] = ()
    forecast: RunForecast | None = None
    minutes: float = 0.0
    message: str = ""
    name: str = ""
    report: dict[str, Any] = field(default_factory=dict)

    @property
    def is_running(self) -> bool:
        """Whether it is still under way."""
        return self.state == "running"


_TITLES: dict[RunWork, str] = {
    "retriever": "adapting the retriever to",
    "data": "making examples from",
    "forecast": "measuring how long a model would be trained on",
    "model": "adapting a model to",
}


class RunRecord:
    """The record of this process's run. Any thread may call its methods; what cannot be written is left out."""

    def __init__(self, folder: Path, run: AdaptationRun) -> None:
        self._folder = folder
        self._run = run
        self._begun = self._written = time.monotonic()
        self._guard = threading.Lock()
        self._stopped = threading.Event()
        self._ended = threading.Event()

    @property
    def is_stopped(self) -> bool:
        """Whether somebody asked for it to stop, or the process is gone that it belongs to."""
        return self._stopped.is_set()

    def update(self, **values: Any) -> None:
        """Note how far it is: fields of `AdaptationRun`. A new stage is written at once."""
        now = time.monotonic()
        with self._guard:
            at_once = values.get("stage", self._run.stage) != self._run.stage or "forecast" in values
            if "stage" in values and values["stage"] != self._run.stage:
                values = {"done": -1.0, "seconds_left": 0.0, **values}
            self._run = replace(self._run, **values, seconds=round(now - self._begun, 1))
            if at_once or now - self._written >= WRITE_SECONDS:
                self._write()

    def trained(self, step: int, steps: int, loss: float, **values: Any) -> None:
        """Note a step of training."""
        losses = [*self._run.losses, (step, round(loss, 4))]
        if len(losses) > LOSSES_KEPT:
            losses = losses[::2]
        self.update(step=step, steps=steps, loss=loss, losses=tuple(losses), done=step / max(steps, 1), **values)

    def ended(self, state: RunState, message: str = "", **values: Any) -> None:
        """Note how it ended; the first call counts."""
        with self._guard:
            if self._run.is_running:
                seconds = round(time.monotonic() - self._begun, 1)
                self._run = replace(
                    self._run, **values, state=state, message=message, seconds=seconds, seconds_left=0.0
                )
                self._write()

    def forecast(self, found: RunForecast) -> None:
        """Note what training will take, also for the time after this run."""
        self.update(forecast=found)
        known = read_forecasts(self._folder)
        known[self._run.base] = {**asdict(found), "minutes": self._run.minutes, "made": time.time()}
        with contextlib.suppress(OSError):
            replace_private_file(self._folder / FORECASTS_FILE, json.dumps(known))

    def _write(self) -> None:
        self._written = time.monotonic()
        with contextlib.suppress(OSError):  # a full disk is told by those who have more to write
            replace_private_file(self._folder / RUN_FILE, json.dumps(asdict(self._run), ensure_ascii=False))

    def watch(self, owner: int) -> threading.Thread:
        """Notice from now on that it is to stop; `owner` is a process that it is to end with, 0 for none."""
        thread = threading.Thread(target=self._watch, args=(owner,), name="glossator-run", daemon=True)
        thread.start()
        return thread

    def _watch(self, owner: int) -> None:
        import psutil

        stop = self._folder / STOP_FILE
        while not self._ended.wait(WATCH_SECONDS):
            if stop.exists():
                self._stopped.set()
            elif owner and not psutil.pid_exists(owner):
                self._stopped.set()
                if not self._ended.wait(LEAVE_SECONDS):
                    self.ended("stopped", "the editor was closed")
                    os._exit(1)  # child processes end when their pipes close

    def close(self) -> None:
        """No more is noted."""
        self._ended.set()


@contextlib.contextmanager
def recorded_run(
    folder: Path, work: RunWork, *, base: str = "", minutes: float = 0.0, owner: int = 0
) -> Iterator[RunRecord]:
    """Do inside what a run does: no other runs for the project meanwhile, and others see how far it is.

    Args:
        folder: the project's (`Adaptations.folder`).
        owner: a process with which the run ends; 0: it goes on whatever ends.

    Raises:
        AdaptationError: another process runs, or the record cannot be written.
    """
    from filelock import FileLock, Timeout

    home = folder / RUN_FOLDER
    with told_in_one_line(home):
        make_private_folder(home, certainly_ours=True)
    lock = FileLock(home / LOCK_FILE, timeout=0, mode=FILE_MODE)
    try:
        lock.acquire()
    except Timeout:
        raise AdaptationError(busy_message(read_run(folder))) from None
    except OSError as error:
        raise AdaptationError(f"cannot write {home}: {error.strerror or error}") from error
    try:
        with told_in_one_line(home):
            (home / STOP_FILE).unlink(missing_ok=True)
            for left in home.glob(f"{RUN_FILE}.*.part"):  # by a run that was killed while it wrote
                left.unlink(missing_ok=True)
            run = AdaptationRun(
                work, base, "running", os.getpid(), _own_start(), _now(), minutes=minutes, stage="Starting"
            )
            replace_private_file(home / RUN_FILE, json.dumps(asdict(run), ensure_ascii=False))
        record = RunRecord(home, run)
        watching = record.watch(owner)
        try:
            yield record
        except (KeyboardInterrupt, CancelledByUser):
            record.ended("stopped", "stopped; nothing was changed")
            raise
        except GlossatorError as error:
            record.ended("failed", str(error))
            raise
        except BaseException as error:
            record.ended("failed", f"an internal error: {type(error).__name__}")
            raise
        else:
            record.ended("done")
        finally:
            record.close()
            watching.join()
    finally:
        lock.release()


def busy_message(run: AdaptationRun | None) -> str:
    """Why another run cannot begin."""
    if run is None or not run.is_running:
        return "another process is adapting to this project: wait, or stop it"
    since = datetime.datetime.fromisoformat(run.started).astimezone().strftime("%H:%M")
    return f"another process is {_TITLES[run.work]} this project (process {run.pid}, since {since}): wait, or stop it"


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def _own_start() -> float:
    import psutil

    return float(psutil.Process().create_time())


def read_run(folder: Path) -> AdaptationRun | None:
    """The project's run, or its last one; None if there was none, or its record cannot be read."""
    try:
        data = json.loads((folder / RUN_FOLDER / RUN_FILE).read_text("utf-8"))
        known = {item.name for item in fields(AdaptationRun)}
        values = {name: value for name, value in data.items() if name in known}
        forecast = values.get("forecast")
        values["forecast"] = RunForecast(**forecast) if forecast else None
        values["losses"] = tuple((int(step), float(loss)) for step, loss in values.get("losses", ()))
        run = AdaptationRun(**values)
        if run.work not in get_args(RunWork) or run.state not in get_args(RunState):
            return None
    except (OSError, ValueError, TypeError, AttributeError):
        return None
    if run.is_running and not _lives(run):
        if (folder / RUN_FOLDER / STOP_FILE).exists():
            return replace(run, state="stopped", message="stopped; nothing was changed", seconds_left=0.0)
        return replace(run, state="interrupted", message="its process has ended without saying why", seconds_left=0.0)
    return run


def _lives(run: AdaptationRun) -> bool:
    import psutil

    try:
        process = psutil.Process(run.pid)
        same = abs(process.create_time() - run.process_started) < _STARTED_TOLERANCE
        return bool(same and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.AccessDenied:  # it runs
        return True
    except (psutil.Error, ValueError, OverflowError):
        return False


def read_forecasts(home: Path) -> dict[str, dict[str, Any]]:
    """The forecasts in a run's folder, by base model; {} if there are none."""
    try:
        data = json.loads((home / FORECASTS_FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return (
        {str(base): facts for base, facts in data.items() if isinstance(facts, dict)} if isinstance(data, dict) else {}
    )


def stop_run(folder: Path) -> AdaptationRun | None:
    """Stop the project's run: ask it to, and end its processes if it does not within `STOP_GRACE_SECONDS`.

    Blocks meanwhile. Returns the run as it ended; None if there is none.

    Raises:
        AdaptationError: it cannot be stopped.
    """
    import psutil

    run = read_run(folder)
    if run is None or not run.is_running:
        return run
    home = folder / RUN_FOLDER
    with told_in_one_line(home):
        (home / STOP_FILE).touch(mode=FILE_MODE)
    until = time.monotonic() + STOP_GRACE_SECONDS
    while _lives(run) and time.monotonic() < until:
        time.sleep(0.03)
    try:
        process = psutil.Process(run.pid)
        if abs(process.create_time() - run.process_started) < _STARTED_TOLERANCE:
            family = [*process.children(recursive=True), process]
            for one in family:
                with contextlib.suppress(psutil.NoSuchProcess):
                    one.kill()
            psutil.wait_procs(family, timeout=STOP_GRACE_SECONDS)
    except psutil.NoSuchProcess:
        pass
    except psutil.Error as error:
        raise AdaptationError(f"process {run.pid} cannot be stopped: {error}") from error
    return read_run(folder)
