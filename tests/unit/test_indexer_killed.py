"""An indexing process that is killed, at any point, loses nothing that was committed and damages nothing."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import psutil

from glossator.index.store import Store
from tests.unit.indexing_faults import bench, functions, wait_for

ROOT = Path(__file__).resolve().parents[2]
FILES = 300

CHILD = """
import sys
from pathlib import Path
from glossator.index import indexer
from tests.unit.indexing_faults import bench

if __name__ == "__main__":
    indexer.COMMIT_ENTRIES = 60
    indexer.BATCH_FILES = 8
    with bench(Path(sys.argv[1])) as project:
        print("begun", flush=True)
        report = project.indexer.run()
        print("ended", report.files, report.symbols, report.embedded, flush=True)
"""


def start(folder: Path) -> subprocess.Popen[str]:
    path = os.pathsep.join(filter(None, (str(ROOT / "server"), str(ROOT), os.environ.get("PYTHONPATH", ""))))
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )


def committed(folder: Path) -> int:
    """How many files the index holds, as another process sees it; 0 while there is none."""
    manifest = folder / "manifest.sqlite"
    if not manifest.is_file():
        return 0
    import sqlite3

    connection = sqlite3.connect(f"{manifest.as_uri()}?mode=ro", uri=True, timeout=120)
    try:
        return int(connection.execute("SELECT count(*) FROM files").fetchone()[0])
    except sqlite3.OperationalError:  # the tables are not there yet
        return 0
    finally:
        connection.close()


def test_killed_at_any_point_it_carries_on(tmp_path: Path) -> None:
    with bench(tmp_path) as project:
        for number in range(FILES):
            project.write(f"p{number % 7}/f{number}.py", functions(f"first_{number}", f"second_{number}"))
        index = project.folder
    chance = random.Random(20261122)
    reached = [0]
    for _ in range(5):
        with start(tmp_path) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "begun\n"
            workers = psutil.Process(child.pid).children(recursive=True)
            # At some point of a commit or between two: a random moment after some more files were committed.
            goal = min(FILES - 40, reached[-1] + 1)
            wait_for(lambda goal=goal: committed(index) >= goal)
            try:
                child.wait(chance.uniform(0.0, 0.12))
            except subprocess.TimeoutExpired:
                child.kill()
        psutil.wait_procs(workers, timeout=300)
        reached.append(committed(index))
        assert reached[-1] >= reached[-2], "what was committed is lost"
    with start(tmp_path) as child:
        assert child.stdout is not None
        lines = child.stdout.read().splitlines()
    assert lines[-1].split()[:3] == ["ended", str(FILES), str(2 * FILES)], lines
    with bench(tmp_path) as project:
        assert project.indexer.run().embedded == 0
        assert len(project.store.files()) == FILES
        for number in range(0, FILES, 17):
            assert project.names(f"p{number % 7}/f{number}.py") == [f"first_{number}", f"second_{number}"]
        store: Store = project.store
        for number in range(0, FILES, 13):
            assert store.facts.noting(f"second_{number}") == [f"p{number % 7}/f{number}.py"]
            known = store.facts.facts(f"p{number % 7}/f{number}.py")
            assert known is not None
            assert [symbol.name for symbol in known.symbols] == [f"first_{number}", f"second_{number}"]
        from glossator.index.store import Filter
        from glossator.index.terms import analyze

        for number in range(0, FILES, 29):
            found = store.text_search(analyze(f"first_{number}")[-1:], 10, Filter())
            names = [entry.name for entry in store.entries([hit[0] for hit in found])]
            assert names.count(f"first_{number}") == 1
