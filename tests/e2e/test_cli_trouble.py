"""What becomes of an index that is damaged, too new, or has no room: it simply works, or one clear line tells why."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Ran

Cli = Callable[..., Ran]


def index_folder(tmp_path: Path) -> Path:
    (manifest,) = (tmp_path / "indexes").glob("*/v*/manifest.sqlite")
    return manifest.parent


@pytest.mark.parametrize("what", ["manifest garbage", "manifest cut", "lance garbage", "lance gone"])
def test_a_damaged_index_is_built_anew_beside(glossator: Cli, project: Path, tmp_path: Path, what: str) -> None:
    assert glossator("index", "--root", project).status == 0
    folder = index_folder(tmp_path)
    if what.startswith("manifest"):
        for name in ("manifest.sqlite-wal", "manifest.sqlite-shm"):
            (folder / name).unlink(missing_ok=True)
        path = folder / "manifest.sqlite"
        path.write_bytes(
            os.urandom(5000) if what.endswith("garbage") else path.read_bytes()[: path.stat().st_size // 2]
        )
    else:
        for path in sorted((folder / "lance").rglob("*"), reverse=True):
            if path.is_file():
                if what.endswith("garbage"):
                    path.write_bytes(os.urandom(100))
                else:
                    path.unlink()
    ran = glossator("search", "--root", project, "--json", "add_tax")
    assert ran.status == 0, ran.err
    assert ran.json["hits"][0]["path"] == "shop/money.py"
    report = glossator("index", "--root", project, "--json").json
    assert (report["files"], report["embedded"]) == (8, 0)


def test_an_index_of_a_newer_version_is_left_alone(glossator: Cli, project: Path, tmp_path: Path) -> None:
    assert glossator("index", "--root", project).status == 0
    manifest = index_folder(tmp_path) / "manifest.sqlite"
    with sqlite3.connect(manifest) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        assert version > 0
        connection.execute(f"PRAGMA user_version = {version + 1}")
    connection.close()
    before = manifest.read_bytes()
    ran = glossator("search", "--root", project, "add_tax")
    assert ran.status == 1
    assert "newer" in ran.err
    assert len(ran.err.strip().splitlines()) == 1
    assert manifest.read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX limits stand in for a full disk")
def test_a_full_disk_loses_nothing(glossator: Cli, project: Path, tmp_path: Path) -> None:
    assert glossator("index", "--root", project).status == 0
    for number in range(300):
        body = "".join(f"def more_{number}_{i}(first, second):\n    return first * {i} + second\n\n" for i in range(40))
        (project / f"more_{number}.py").write_text(body, "utf-8")
    command = [sys.executable, "-m", "glossator", "index", "--root", str(project)]
    command += ["--index-dir", str(tmp_path / "indexes")]
    largest = max(path.stat().st_size for path in (tmp_path / "indexes").rglob("*") if path.is_file())
    limit = largest + 200_000

    def small_files() -> None:
        import resource
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    ran = subprocess.run(command, preexec_fn=small_files, capture_output=True, text=True)
    assert ran.returncode == 1, ran.stderr
    assert len(ran.stderr.strip().splitlines()) == 1, ran.stderr
    assert "room" in ran.stderr or "full" in ran.stderr
    hits = glossator("search", "--root", project, "--json", "--include", "shop/**", "add_tax").json["hits"]
    assert hits[0]["path"] == "shop/money.py"
    assert glossator("index", "--root", project, "--json").json["files"] == 308
