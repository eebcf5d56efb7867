"""The record of a run of `glossator adapt`: what others read of it, stopping, and what they make of a broken one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from glossator.errors import AdaptationError, CancelledByUser, WorkspaceError
from glossator.project.adaptation_runs import (
    LOSSES_KEPT,
    RunForecast,
    read_forecasts,
    read_run,
    recorded_run,
    stop_run,
)
from glossator.project.adaptations import RUN_FOLDER, Adaptations, is_adaptations_folder
from glossator.settings import Settings


def test_what_is_noted_can_be_read(tmp_path: Path) -> None:
    with recorded_run(tmp_path, "model", base="small", minutes=7) as record:
        record.forecast(RunForecast(90.0, 30, 10**9))
        for step in range(3 * LOSSES_KEPT):
            record.trained(step, 3 * LOSSES_KEPT, 3.0 - step / 1000, validation=2.5)
        record.update(stage="Judging")
        run = read_run(tmp_path)
        assert run is not None
        assert run.is_running
        assert (run.stage, run.base, run.minutes, run.pid) == ("Judging", "small", 7, os.getpid())
        assert run.done == -1, "a new stage begins with nothing known"
        assert run.losses[0] == (0, 3.0)
        assert len(run.losses) <= LOSSES_KEPT
        assert run.losses[-1][0] == run.step == 3 * LOSSES_KEPT - 1
        record.ended("done", "better", name="model-1")
    run = read_run(tmp_path)
    assert run is not None
    assert (run.state, run.message, run.name) == ("done", "better", "model-1")
    assert run.forecast == RunForecast(90.0, 30, 10**9)
    assert read_forecasts(tmp_path / RUN_FOLDER)["small"]["steps"] == 30
    if os.name == "posix":
        assert {path.stat().st_mode & 0o077 for path in (tmp_path / RUN_FOLDER).iterdir()} == {0}


@pytest.mark.parametrize(
    ("error", "state", "message"),
    [
        (CancelledByUser("interrupted"), "stopped", "stopped; nothing was changed"),
        (KeyboardInterrupt(), "stopped", "stopped; nothing was changed"),
        (WorkspaceError("too few docs"), "failed", "too few docs"),
        (ZeroDivisionError("one"), "failed", "an internal error: ZeroDivisionError"),
    ],
)
def test_how_it_ended_is_noted(tmp_path: Path, error: BaseException, state: str, message: str) -> None:
    with pytest.raises(type(error)), recorded_run(tmp_path, "data"):
        raise error
    run = read_run(tmp_path)
    assert run is not None
    assert (run.state, run.message) == (state, message)


def test_one_at_a_time(tmp_path: Path) -> None:
    with recorded_run(tmp_path, "retriever"):
        code = (
            "import sys; from pathlib import Path\n"
            "from glossator.project.adaptation_runs import recorded_run\n"
            "with recorded_run(Path(sys.argv[1]), 'model'): pass\n"
        )
        done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True)
        assert done.returncode == 1
        assert f"adapting the retriever to this project (process {os.getpid()}, since" in done.stderr
        run = read_run(tmp_path)
        assert run is not None
        assert run.work == "retriever", "it has not touched the record"
    with recorded_run(tmp_path, "data"):
        pass


def test_whoever_is_asked_to_stop_notices(tmp_path: Path) -> None:
    with recorded_run(tmp_path, "retriever") as record:
        assert not record.is_stopped
        (tmp_path / RUN_FOLDER / "stop").touch()
        assert record._stopped.wait(300)
        assert record.is_stopped
    with recorded_run(tmp_path, "retriever") as record:
        assert not (tmp_path / RUN_FOLDER / "stop").exists(), "that was for the run before"


def test_it_ends_with_the_process_that_it_belongs_to(tmp_path: Path) -> None:
    with (
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as owner,
        recorded_run(tmp_path, "data", owner=owner.pid) as record,
    ):
        assert not record.is_stopped
        owner.communicate()
        assert record._stopped.wait(300)


def test_nothing_runs_nothing_is_stopped(tmp_path: Path) -> None:
    assert stop_run(tmp_path) is None
    with recorded_run(tmp_path, "data"):
        pass
    run = stop_run(tmp_path)
    assert run is not None
    assert run.state == "done"


def test_another_process_with_the_same_id_is_left_alone(tmp_path: Path) -> None:
    with recorded_run(tmp_path, "data"):
        pass
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        path = tmp_path / RUN_FOLDER / "run.json"
        record = json.loads(path.read_text("utf-8"))
        path.write_text(json.dumps({**record, "state": "running", "pid": other.pid, "process_started": 1.0}), "utf-8")
        run = read_run(tmp_path)
        assert run is not None
        assert run.state == "interrupted"
        assert stop_run(tmp_path) == run
        assert psutil.pid_exists(other.pid)
        other.communicate()


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "7", "{}", '{"work": "model"}', '{"losses": 3}'),
        json.dumps({"work": "paint", "base": "", "state": "done", "pid": 1, "process_started": 0, "started": ""}),
        json.dumps({"work": "data", "base": "", "state": "odd", "pid": 1, "process_started": 0, "started": ""}),
    ],
)
def test_a_record_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / RUN_FOLDER).mkdir()
    (tmp_path / RUN_FOLDER / "run.json").write_text(text, "utf-8")
    (tmp_path / RUN_FOLDER / "forecasts.json").write_text(text, "utf-8")
    assert read_run(tmp_path) is None
    assert not read_forecasts(tmp_path / RUN_FOLDER) or text.startswith("{")
    with recorded_run(tmp_path, "data") as record:
        record.forecast(RunForecast(1.0, 2, 3))


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_where_nothing_can_be_written_it_is_told_in_one_line(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(AdaptationError, match="cannot write"), recorded_run(tmp_path / "kept", "data"):
        pass


def test_a_file_in_its_way_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / RUN_FOLDER).write_text("", "utf-8")
    with pytest.raises(AdaptationError, match="cannot write"), recorded_run(tmp_path, "data"):
        pass


def test_a_folder_with_nothing_but_a_record_is_forgotten_too(tmp_path: Path) -> None:
    kept = Adaptations(Settings(adaptations_dir=tmp_path / "kept"), tmp_path)
    with recorded_run(kept.folder, "data"):
        pass
    assert is_adaptations_folder(kept.folder)


def test_only_a_change_that_would_undo_something_can_be_undone(tmp_path: Path) -> None:
    kept = Adaptations(Settings(adaptations_dir=tmp_path / "kept"), tmp_path)
    assert kept.undoable() == ()
    for kind in ("model", "retriever"):
        with kept.staging(kind) as staged:
            kept.add(kind, staged, base="b", summary="", details={})
    assert kept.undoable() == ("retriever", "model")
    kept.undo("model")
    assert kept.undoable() == ("retriever",)
    kept.remove("retriever-1")
    assert kept.undoable() == ()


def test_what_a_killed_run_was_writing_is_removed_by_the_next(tmp_path: Path) -> None:
    with recorded_run(tmp_path, "retriever"):
        pass
    left = tmp_path / RUN_FOLDER / "run.json.1-2.part"
    left.touch()
    with recorded_run(tmp_path, "retriever"):
        assert not left.exists()
