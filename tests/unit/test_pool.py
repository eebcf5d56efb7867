"""The worker pool, with real processes that crash, stall and are killed."""

from __future__ import annotations

import json
import logging
import os
import queue
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import psutil
import pytest

from glossator.errors import GlossatorError
from glossator.index.parse_worker import LARGE_BYTES, NICENESS, Batch, FileResult, FileTask
from glossator.index.pool import Job, WorkerPool, worker_count
from glossator.index.worker_process import WorkerProcess, is_starved
from glossator.settings import Settings
from tests.unit.indexing_faults import COMMAND, functions, wait_for

if TYPE_CHECKING:
    from glossator.index.pool import Delivery

ROOT = Path(__file__).resolve().parents[2]
SLOW_FILE = 3.0
"""Seconds that a file may take: more than a healthy one does on a busy machine."""


class Harness:
    """A pool and a folder of files, and what came back."""

    def __init__(self, folder: Path, command: tuple[str, ...] = COMMAND, **settings: object) -> None:
        self.folder = folder / "files"
        self.folder.mkdir()
        given = {"index_dir": folder / "index", "workers": 1, **settings}
        idle = float(given.pop("idle_timeout", 60.0))  # type: ignore[arg-type]
        self.pool = WorkerPool(Settings(**given), command=command, idle_timeout=idle)  # type: ignore[arg-type]
        self.deliveries: queue.SimpleQueue[Delivery] = queue.SimpleQueue()

    def batch(self, **texts: str) -> Batch:
        for name, text in texts.items():
            (self.folder / f"{name}.py").write_text(text, "utf-8")
        return Batch(str(self.folder), 1 << 20, tuple(FileTask(f"{name}.py") for name in texts))

    def submit(self, *, interactive: bool = False, **texts: str) -> None:
        self.pool.submit(self.batch(**texts), self.deliveries.put, interactive=interactive)

    def results(self, count: int) -> dict[str, FileResult]:
        """So many results, in the order in which they come."""
        found: dict[str, FileResult] = {}
        while len(found) < count:
            delivery = self.deliveries.get(timeout=300)
            if isinstance(delivery, GlossatorError):
                raise delivery
            for result in delivery:
                assert result.path not in found, "delivered twice"
                found[result.path] = result
        return found

    def outcomes(self, count: int) -> dict[str, str]:
        return {path: result.reason or result.outcome for path, result in self.results(count).items()}


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    made = Harness(tmp_path)
    yield made
    made.pool.close()


def test_results_come_back(harness: Harness) -> None:
    harness.submit(a=functions("one", "two"), b=functions("three"))
    results = harness.results(2)
    update = results["a.py"].update
    assert update is not None
    assert [entry.name for entry in update.entries if entry.kind == "function"] == ["one", "two"]
    assert update.vectors.shape == (len(update.entries), 16)
    assert len(update.keys) == len(update.terms) == len(update.entries)
    assert "one" in update.terms[0].split()
    assert results["a.py"].symbols == results["a.py"].embedded == 2
    assert not any(entry.text for entry in update.entries)


def test_the_real_worker_starts(tmp_path: Path) -> None:
    harness = Harness(tmp_path, command=())
    try:
        harness.submit(a=functions("one"))
        update = harness.results(1)["a.py"].update
        assert update is not None
        assert update.vectors.any()
    finally:
        harness.pool.close()


def test_a_file_that_crashes_the_parser_is_set_aside_alone(harness: Harness) -> None:
    harness.submit(a=functions("one"), b="# FAULT crash\n", c=functions("two"), d="# FAULT crash\n")
    harness.submit(e=functions("three"))
    crashed = "the parser crashed on it"
    assert harness.outcomes(5) == {
        "a.py": "indexed",
        "b.py": crashed,
        "c.py": "indexed",
        "d.py": crashed,
        "e.py": "indexed",
    }


@pytest.mark.parametrize("fault", ["stall", "spin"])
def test_a_file_that_stalls_the_parser_is_set_aside_alone(tmp_path: Path, fault: str) -> None:
    harness = Harness(tmp_path, file_timeout=SLOW_FILE)
    try:
        harness.submit(a=functions("one"), b=f"# FAULT {fault}\n", c=functions("two"))
        left_out = f"took longer than {SLOW_FILE:g} s"
        assert harness.outcomes(3) == {"a.py": "indexed", "b.py": left_out, "c.py": "indexed"}
    finally:
        harness.pool.close()


def test_time_in_which_this_process_was_stopped_is_not_held_against_a_file(
    harness: Harness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After Ctrl-Z and `fg`, or on a machine that was paused, the workers' messages are read only now."""
    gate = tmp_path / "gate"
    harness.submit(a=f"# FAULT hold {gate}\n")
    wait_for(gate.exists)
    checks: list[float] = []
    real, clock = WorkerProcess.check, time.monotonic

    def check(process: WorkerProcess, now: float, late: float) -> None:
        checks.append(late)
        real(process, now, late)

    monkeypatch.setattr(WorkerProcess, "check", check)
    wait_for(lambda: checks)
    monkeypatch.setattr("glossator.index.pool.time", SimpleNamespace(monotonic=lambda: clock() + 1000))
    wait_for(lambda: max(checks) > 900)
    seen = len(checks)
    wait_for(lambda: len(checks) > seen)
    gate.with_name("gate.go").touch()
    assert harness.outcomes(1) == {"a.py": "indexed"}


def test_a_worker_that_stalls_after_it_has_delivered_everything(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    harness = Harness(tmp_path, file_timeout=SLOW_FILE)
    try:
        with caplog.at_level(logging.ERROR):
            harness.submit(a=functions("one"), b=f"# FAULT linger {tmp_path / 'died once'}\n", c=functions("two"))
            harness.submit(d=functions("three"))
            assert harness.outcomes(4) == dict.fromkeys(("a.py", "b.py", "c.py", "d.py"), "indexed")
            harness.submit(e=functions("four"))
            assert harness.outcomes(1) == {"e.py": "indexed"}
    finally:
        harness.pool.close()
    assert not [record for record in caplog.records if record.name == "glossator.index.pool"]
    assert harness.deliveries.empty()


def test_a_worker_that_is_killed_is_replaced_and_nothing_is_set_aside(harness: Harness, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    harness.submit(a=functions("one"), b=f"# FAULT once {marker}\n", c=functions("two"))
    harness.submit(d=functions("three"))
    wait_for(marker.exists)
    (pid,) = harness.pool.pids
    psutil.Process(pid).kill()
    assert harness.outcomes(4) == dict.fromkeys(("a.py", "b.py", "c.py", "d.py"), "indexed")
    assert harness.pool.pids != (pid,)


def test_a_parser_that_raises_sets_the_file_aside(harness: Harness) -> None:
    harness.submit(a="# FAULT raise\n", b=functions("one"))
    results = harness.results(2)
    assert results["a.py"].outcome == "skipped"
    assert results["a.py"].update is not None
    assert "ValueError" in results["a.py"].update.record.skipped
    assert results["b.py"].outcome == "indexed"


def test_interactive_work_goes_first(harness: Harness, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    harness.submit(a=f"# FAULT hold {gate}\n")
    wait_for(gate.exists)
    for name in ("b", "c", "d"):
        harness.submit(**{name: functions(name)})
    harness.submit(z=functions("z"), interactive=True)
    gate.with_name("gate.go").touch()
    order = list(harness.results(5))
    # One batch may have been waiting in the worker's pipe already.
    assert order.index("z.py") <= 2
    assert order.index("z.py") < order.index("c.py") < order.index("d.py")


def test_cancelled_work_is_not_delivered(harness: Harness, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    first = harness.pool.submit(harness.batch(a=f"# FAULT hold {gate}\n"), harness.deliveries.put)
    wait_for(gate.exists)
    second = harness.pool.submit(harness.batch(b=functions("two")), harness.deliveries.put)
    harness.pool.cancel([first, second])
    harness.submit(c=functions("three"))
    gate.with_name("gate.go").touch()
    assert list(harness.results(1)) == ["c.py"]
    assert harness.deliveries.empty()


def test_cancelled_work_is_not_delivered_after_a_crash_either(harness: Harness, tmp_path: Path) -> None:
    marker, gate = tmp_path / "marker", tmp_path / "gate"
    texts = {"a": f"# FAULT once {marker}\n", "b": f"# FAULT hold {gate}\n", "c": functions("one")}
    job = harness.pool.submit(harness.batch(**texts), harness.deliveries.put)
    wait_for(marker.exists)
    psutil.Process(harness.pool.pids[0]).kill()
    assert harness.outcomes(1) == {"a.py": "indexed"}
    wait_for(gate.exists)
    harness.pool.cancel([job])
    harness.submit(d=functions("two"))
    gate.with_name("gate.go").touch()
    assert harness.outcomes(1) == {"d.py": "indexed"}
    assert harness.deliveries.empty()


def test_closing_answers_what_is_under_way(harness: Harness, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    harness.submit(a=f"# FAULT hold {gate}\n")
    wait_for(gate.exists)
    harness.submit(b=functions("two"))
    processes = [psutil.Process(pid) for pid in harness.pool.pids]
    harness.pool.close()
    assert all(isinstance(harness.deliveries.get(timeout=300), GlossatorError) for _ in range(2))
    assert not psutil.wait_procs(processes, timeout=300)[1]
    with pytest.raises(GlossatorError, match="closed"):
        harness.submit(c=functions("three"))


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("raise SystemExit('no such library')", "no such library"),
        ("pass", "ended without a message"),
        ("print('x' * 100, flush=True)", "ended without a message"),
        ("import struct, sys; sys.stdout.buffer.write(struct.pack('>Q', 3) + b'abc')", "ended without a message"),
    ],
)
def test_a_worker_that_does_not_start_is_an_error(tmp_path: Path, program: str, message: str) -> None:
    harness = Harness(tmp_path, command=(sys.executable, "-c", program))
    try:
        for _ in range(2):
            harness.submit(a=functions("one"))
            with pytest.raises(GlossatorError, match=message):
                harness.results(1)
    finally:
        harness.pool.close()


def test_a_missing_interpreter_is_an_error(tmp_path: Path) -> None:
    harness = Harness(tmp_path, command=(str(tmp_path / "python"),))
    harness.submit(a=functions("one"))
    with pytest.raises(GlossatorError, match="cannot start"):
        harness.results(1)
    harness.pool.close()


def test_a_job_whose_worker_does_not_start_wakes_an_idle_one(tmp_path: Path) -> None:
    harness = Harness(tmp_path, idle_timeout=3600.0)
    try:
        harness.submit(a=functions("one"))
        assert harness.outcomes(1) == {"a.py": "indexed"}
        wait_for(lambda: harness.pool._idle == 1)
        harness.pool._put_back(Job(harness.batch(b=functions("two")), harness.deliveries.put, False, False))
        assert harness.outcomes(1) == {"b.py": "indexed"}
    finally:
        harness.pool.close()


def test_workers_start_as_work_queues_up_and_end_when_idle(tmp_path: Path) -> None:
    harness = Harness(tmp_path, workers=3, idle_timeout=0.2)
    try:
        assert harness.pool.pids == ()
        gates = [tmp_path / f"gate{number}" for number in range(3)]
        for number, gate in enumerate(gates):
            harness.submit(**{f"f{number}": f"# FAULT hold {gate}\n"})
        wait_for(lambda: all(gate.exists() for gate in gates))
        assert len(harness.pool.pids) == 3
        for gate in gates:
            gate.with_name(gate.name + ".go").touch()
        harness.results(3)
        wait_for(lambda: len(harness.pool.pids) == 1)
        harness.submit(a=functions("one"))
        harness.results(1)
    finally:
        harness.pool.close()


def test_a_first_index_may_use_all_cores(tmp_path: Path) -> None:
    harness = Harness(tmp_path, workers=0)
    try:
        usual = harness.pool.count
        with harness.pool.all_cores():
            assert harness.pool.count == max(usual, os.cpu_count() or 1)
            harness.pool.start(harness.pool.count)
            wait_for(lambda: len(harness.pool.pids) == harness.pool.count)
        assert harness.pool.count == usual
        wait_for(lambda: len(harness.pool.pids) == usual)
    finally:
        harness.pool.close()
    with WorkerPool(Settings(workers=1)) as pool, pool.all_cores():
        assert pool.count == 1


def test_what_a_parser_prints_does_not_reach_us(harness: Harness, capfd: pytest.CaptureFixture[str]) -> None:
    harness.submit(a="# FAULT print\n" + functions("one"))
    assert harness.outcomes(1) == {"a.py": "indexed"}
    assert capfd.readouterr() == ("", "")


def test_a_worker_gives_way_once_it_has_much_to_do(harness: Harness) -> None:
    ours = psutil.Process().nice()
    found = []
    for number, size in enumerate((LARGE_BYTES - 1, 1, LARGE_BYTES)):
        batch = harness.batch(**{f"a{number}": functions("alpha")})
        batch = replace(batch, tasks=tuple(replace(task, size=size) for task in batch.tasks))
        harness.pool.submit(batch, harness.deliveries.put)
        harness.results(1)
        (pid,) = harness.pool.pids
        found.append(psutil.Process(pid).nice())
    if sys.platform == "win32":
        assert found == 3 * [psutil.BELOW_NORMAL_PRIORITY_CLASS]
    else:
        assert found == [ours, *2 * [min(ours + NICENESS, 19)]]


PARENT = """
import json, sys
from pathlib import Path
from tests.unit.indexing_faults import COMMAND, wait_for
from glossator.index.pool import WorkerPool
from glossator.index.parse_worker import Batch, FileTask
from glossator.settings import Settings

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    pool = WorkerPool(Settings(index_dir=folder / "index", workers=2), command=COMMAND)
    for name in ("busy", "idle"):
        pool.submit(Batch(str(folder), 1 << 20, (FileTask(name + ".py"),)), lambda results: None)
    wait_for(lambda: (folder / "busy.gate").exists() and len(pool.pids) == 2)
    print(json.dumps(pool.pids), flush=True)
    sys.stdin.read()
"""


def test_no_worker_outlives_a_parent_that_is_killed(tmp_path: Path) -> None:
    (tmp_path / "busy.py").write_text(f"# FAULT hold {tmp_path / 'busy.gate'}\n", "utf-8")
    (tmp_path / "idle.py").write_text(functions("one"), "utf-8")
    path = os.pathsep.join(filter(None, (str(ROOT / "server"), str(ROOT), os.environ.get("PYTHONPATH", ""))))
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
    ) as parent:
        assert parent.stdout is not None
        workers = [psutil.Process(pid) for pid in json.loads(parent.stdout.readline())]
        parent.kill()
        alive = psutil.wait_procs(workers, timeout=300)[1]
    assert not alive


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_ctrl_c_in_a_terminal_does_not_reach_the_workers(harness: Harness) -> None:
    harness.submit(a=functions("one"))
    harness.results(1)
    (pid,) = harness.pool.pids
    assert os.getpgid(pid) != os.getpgid(0)
    os.kill(pid, signal.SIGINT)
    harness.submit(b=functions("two"))
    assert harness.outcomes(1) == {"b.py": "indexed"}
    assert harness.pool.pids == (pid,)


@pytest.mark.parametrize(
    ("waited", "used", "runnable", "more"),
    [
        (21.0, 20.0, True, False),  # it computes, and too long
        (21.0, 0.1, False, False),  # it waits for something
        (21.0, 3.0, True, True),  # other programs take all cores
        (99.0, 3.0, True, True),
        (101.0, 3.0, True, False),
    ],
)
def test_a_worker_that_gets_no_processor_gets_more_time(waited: float, used: float, runnable: bool, more: bool) -> None:
    assert is_starved(waited, used, runnable=runnable, timeout=20.0) is more


def test_all_cores_but_one() -> None:
    assert worker_count(Settings(workers=3)) == 3
    assert 1 <= worker_count(Settings()) <= max(1, (os.cpu_count() or 1) - 1)


@pytest.mark.parametrize(("limit", "value"), [("RECYCLE_FILES", 4), ("RECYCLE_BYTES", 200)])
@pytest.mark.parametrize("at_once", [True, False])
def test_a_worker_that_has_processed_much_is_replaced(
    harness: Harness, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, *, at_once: bool
) -> None:
    monkeypatch.setattr(f"glossator.index.worker_process.{limit}", value)
    seen: set[int] = set()
    for number in range(6):
        # The pool is told sizes by whoever found the files.
        batch = harness.batch(**{f"f{number}{letter}": functions(f"one_{number}_{letter}") for letter in "abc"})
        sized = tuple(replace(task, size=70) for task in batch.tasks)
        harness.pool.submit(replace(batch, tasks=sized), harness.deliveries.put)
        if not at_once:
            assert len(harness.results(3)) == 3
            wait_for(lambda: len(harness.pool.pids) == 1)
            seen.update(harness.pool.pids)
    if at_once:
        assert len(harness.results(18)) == 18
        wait_for(lambda: len(harness.pool.pids) == 1)
    else:
        assert len(seen) >= 3
        wait_for(lambda: sum(map(psutil.pid_exists, seen)) <= 1)
    harness.submit(last=functions("last"))
    assert harness.outcomes(1) == {"last.py": "indexed"}


def test_a_worker_that_has_read_much_is_replaced_when_it_is_idle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glossator.index.pool.GROWN_BYTES", 500)
    harness = Harness(tmp_path, workers=1, idle_timeout=0.2)
    try:
        harness.submit(a=functions("one"))
        harness.results(1)
        (first,) = harness.pool.pids
        batch = Batch(str(tmp_path), 1 << 20, (FileTask("b.py", text=functions("two") * 20),))
        harness.pool.submit(batch, harness.deliveries.put, interactive=True)
        harness.results(1)
        wait_for(lambda: len(harness.pool.pids) == 1 and harness.pool.pids != (first,))
        wait_for(lambda: not psutil.pid_exists(first))
        harness.submit(c=functions("three"))
        assert harness.outcomes(1) == {"c.py": "indexed"}
    finally:
        harness.pool.close()


class Prepared:
    """A pool whose workers say which languages they prepare for, while they have nothing to do."""

    def __init__(self, folder: Path, *, battery: bool = False) -> None:
        self.said = folder / "prepared"
        self.said.mkdir()
        program = f"""
import os
from pathlib import Path
from glossator.index import parse_worker
def prepare(self, language):
    (Path({str(self.said)!r}) / f"{{os.getpid()}} {{language}}").touch()
parse_worker._FileIndexer.prepare = prepare
parse_worker.main()
"""
        settings = Settings(index_dir=folder / "index", workers=1)
        command = (sys.executable, "-P", "-c", program)
        self.pool = WorkerPool(settings, command=command, idle_timeout=0.2, battery=lambda: battery)

    def said_by(self, pid: int) -> set[str]:
        """The languages that a worker has prepared for."""
        found = (path.name.split(" ", 1) for path in self.said.iterdir())
        return {language for number, language in found if int(number) == pid}

    def work(self, folder: Path) -> None:
        """Have a text of 600 bytes and more parsed."""
        done: queue.SimpleQueue[Delivery] = queue.SimpleQueue()
        task = FileTask("b.py", text=functions("two") * 20)
        self.pool.submit(Batch(str(folder), 1 << 20, (task,)), done.put, interactive=True)
        assert not isinstance(done.get(timeout=300), GlossatorError)


def test_a_worker_prepares_for_the_languages_that_are_expected_to_change_and_so_does_who_replaces_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glossator.index.pool.GROWN_BYTES", 500)
    made = Prepared(tmp_path)
    try:
        made.pool.start()
        wait_for(lambda: len(made.pool.pids) == 1)
        (first,) = made.pool.pids
        made.pool.expect(["cpp", "python"])
        wait_for(lambda: made.said_by(first) == {"cpp", "python"})
        made.pool.expect(["python", "go"])
        wait_for(lambda: made.said_by(first) == {"cpp", "python", "go"})
        made.work(tmp_path)
        wait_for(lambda: made.pool.pids not in ((), (first,)))
        (second,) = made.pool.pids
        wait_for(lambda: made.said_by(second) == {"cpp", "python", "go"})
    finally:
        made.pool.close()


def test_on_battery_nothing_is_prepared(tmp_path: Path) -> None:
    made = Prepared(tmp_path, battery=True)
    try:
        made.pool.expect(["cpp"])
        made.work(tmp_path)
        wait_for(lambda: made.pool._idle == 1)
        made.work(tmp_path)  # what the worker was told before would have been done by now
        assert not list(made.said.iterdir())
    finally:
        made.pool.close()


def test_what_is_prepared_is_what_the_first_file_of_a_language_needs(tmp_path: Path) -> None:
    from glossator.index import parsing
    from glossator.index.parse_worker import _FileIndexer

    indexer = _FileIndexer(Settings(index_dir=tmp_path))
    parsing._reader.cache_clear()
    indexer.prepare("lua")
    compiled = parsing._reader.cache_info().misses
    assert compiled
    parsing.parse("a.lua", "local function one() return 1 end\n")
    assert parsing._reader.cache_info().misses == compiled
    indexer.prepare("a language that is not known")


def test_a_buffer_counts_too(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glossator.index.worker_process.RECYCLE_BYTES", 500)
    before = set[int]()
    for number in range(4):
        text = functions(f"one_{number}") * 10
        batch = Batch(str(harness.folder), 1 << 20, (FileTask("b.py", text=text),))
        harness.pool.submit(batch, harness.deliveries.put, interactive=True)
        harness.results(1)
        wait_for(lambda: len(harness.pool.pids) == 1)
        before.update(harness.pool.pids)
    assert len(before) >= 2


def test_on_battery_half_of_the_cores_are_left_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glossator.index.pool.usable_cores", lambda: 9)
    monkeypatch.setattr("glossator.index.pool.BATTERY_SECONDS", -1.0)
    plugged = True
    with WorkerPool(Settings(), battery=lambda: not plugged) as pool:
        assert pool.count == 8
        with pool.all_cores():
            assert pool.count == 9
            plugged = False
            assert pool.count == 4
        assert pool.count == 4
    with WorkerPool(Settings(workers=7), battery=lambda: True) as pool:
        assert pool.count == 7
    monkeypatch.setattr("glossator.index.pool.usable_cores", lambda: 1)
    assert worker_count(Settings(), on_battery=True) == worker_count(Settings()) == 1
