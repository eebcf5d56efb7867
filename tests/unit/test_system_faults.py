"""The system misbehaves while an index is kept: the clock jumps, reads are slow or fail, the cache is read-only."""

from __future__ import annotations

import errno
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from glossator.project.session import Session
from glossator.settings import Settings
from tests.crashing import write_tree
from tests.soak.histories import made_history
from tests.soak.player import Soak
from tests.system_faults import SystemFaults

DAY = 86_400


@pytest.fixture
def faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SystemFaults:
    """The faults of all processes that the test starts."""
    faults = SystemFaults(tmp_path / "faults")
    for name, value in faults.environment.items():
        monkeypatch.setenv(name, value)
    return faults


@pytest.fixture
def session(tmp_path: Path, faults: SystemFaults) -> Iterator[Session]:
    root = tmp_path / "tree"
    root.mkdir()
    write_tree(root, dict.fromkeys(range(12), 0))
    session = Session([root], Settings(index_dir=tmp_path / "indexes", workers=1, file_timeout=5.0))
    yield session
    session.close()


def test_the_faults_happen(faults: SystemFaults, tmp_path: Path) -> None:
    """Without this, a library that is not loaded would be taken for an index that bears everything."""
    (tmp_path / "a file").write_text("x", "utf-8")
    program = (
        f"import time; print(time.time())\ntry: print(open({str(tmp_path / 'a file')!r}, 'rb').read())\n"
        "except OSError as error: print(error.errno)"
    )
    faults.set(f"clock {-400 * DAY}", f"fail {errno.EIO} a file")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    said, number = done.stdout.split()
    assert abs(float(said) + 400 * DAY - time.time()) < DAY
    assert int(number) == errno.EIO


async def test_the_clock_jumps_while_a_server_runs(faults: SystemFaults, tmp_path: Path) -> None:
    chance = random.Random(6)
    jumps: list[int] = []

    def jump(_: str) -> None:
        """After each step, to years, hours or seconds away; the times of files stay those of the kernel."""
        jumps.append(chance.choice((1, -1)) * chance.choice((1, 3_600, 40 * DAY, 900 * DAY)))
        faults.set(f"clock {jumps[-1]}")

    root = made_history(tmp_path / "project", seed=6, files=40, commits=16)
    soak = Soak(root, tmp_path, seed=6, built_files=0, say=jump)
    report = await soak.run(minutes=10, steps=4, only=("commits", "switch", "atomic saves", "stash"))
    assert report.problems == []
    assert len(jumps) > 6


def test_a_slow_disk_delays_and_loses_nothing(session: Session, faults: SystemFaults) -> None:
    faults.set("slow 20 /tree/")
    report = session.root.index()
    assert report.files == 12
    assert report.skipped == ()


def test_a_file_whose_reading_does_not_end_is_named_and_the_others_are_indexed(
    session: Session, faults: SystemFaults
) -> None:
    faults.set("slow 600000 m3.py")
    report = session.root.index()
    assert report.files == 11
    ((path, reason),) = ((skipped.path, skipped.reason) for skipped in report.skipped)
    assert path == "p3/m3.py"
    assert reason == "took longer than 5 s"
    faults.set()
    file = session.root.path / path
    file.write_text(file.read_text("utf-8") + "\n\ndef late():\n    pass\n", "utf-8")
    assert session.root.index().skipped == ()


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.EACCES])
def test_a_file_that_cannot_be_read_is_reported_and_read_the_next_time(
    session: Session, faults: SystemFaults, number: int
) -> None:
    faults.set(f"fail {number} m3.py")
    ((path, reason),) = ((skipped.path, skipped.reason) for skipped in session.root.index().skipped)
    assert (path, reason) == ("p3/m3.py", f"cannot be read: {os.strerror(number)}")
    faults.set()
    assert session.root.index().skipped == ()


def _command(session: Session, *arguments: str, index_dir: Path | None = None) -> subprocess.CompletedProcess[str]:
    places = ["--root", str(session.root.path), "--index-dir", str(index_dir or session.root.settings.index_dir)]
    return subprocess.run(
        [sys.executable, "-m", "glossator", *arguments, *places], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("name", ["manifest.sqlite", ".lance/data", "nearest"])
def test_an_index_that_cannot_be_read_is_one_line_and_works_when_it_can(
    session: Session, faults: SystemFaults, name: str
) -> None:
    session.root.index()
    session.root.writer().maintain(full=True)
    session.root.close()
    faults.set(f"fail {errno.EIO} {name}")
    failed = _command(session, "search", "work_3_0_1")
    assert "Traceback" not in failed.stderr
    assert len(failed.stderr.splitlines()) <= 2
    assert failed.returncode in (0, 1)
    faults.set()
    done = _command(session, "search", "work_3_0_1")
    assert done.returncode == 0, done.stderr
    assert "p3/m3.py" in done.stdout


def test_a_cache_that_cannot_be_written_is_said_and_used_when_it_can(session: Session, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = os.geteuid() == 0
    if mounted and subprocess.run(["mount", "-t", "tmpfs", "none", str(disk)], capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")

    def protect(*, protected: bool) -> None:
        if mounted:
            option = "ro" if protected else "rw"
            subprocess.run(["mount", "-o", f"remount,{option}", str(disk)], check=True, capture_output=True)
        else:
            disk.chmod(0o500 if protected else 0o700)

    try:
        protect(protected=True)
        for arguments in (("index",), ("search", "work_3_0_1"), ("explain", "p3/m3.py:3")):
            failed = _command(session, *arguments, index_dir=disk / "indexes")
            assert failed.returncode == 1
            assert len(failed.stderr.splitlines()) == 1
            assert str(disk) in failed.stderr
        protect(protected=False)
        assert _command(session, "index", index_dir=disk / "indexes").returncode == 0
        protect(protected=True)
        status = _command(session, "status", index_dir=disk / "indexes")
        assert "Traceback" not in status.stderr
        (session.root.path / "p3/m3.py").write_text("def late_arrival():\n    pass\n", "utf-8")
        protect(protected=False)
        assert "late_arrival" in _command(session, "search", "late_arrival", index_dir=disk / "indexes").stdout
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(disk)], capture_output=True)
        else:
            disk.chmod(0o700)
