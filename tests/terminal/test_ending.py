"""How the process of a command ends: short ones at once, all with everything written and closed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import atexit, sys, threading
from glossator.cli import ending
atexit.register(sys.stderr.write, "taken apart")
print("written", end="")
{more}
ending.end_at_once(3)
sys.exit(4)
"""


@pytest.mark.parametrize(
    ("more", "status", "written"),
    [
        ("", 3, "written"),
        ("threading.Thread(target=print, args=(' and closed',)).start()", 3, "written and closed"),
        (
            "ending.THREAD_END_SECONDS = 0.01; threading.Thread(target=threading.Event().wait, args=(1,)).start()",
            4,
            "written",
        ),
        ("threading.Thread(target=threading.Event().wait, daemon=True).start()", 3, "written"),
        ("sys.stdout.close()", 4, "written"),
        ("sys.stdout = None", 3, "written"),
    ],
)
def test_a_process_ends_at_once_when_all_is_written_and_its_threads_have_ended(
    more: str, status: int, written: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(more=more)], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout.strip()) == (status, written)
    assert done.stderr == ("taken apart" if status == 4 else "")


def test_a_search_ends_at_once_and_leaves_its_index_closed(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "cart.py").write_text("def total(prices):\n    return sum(prices)\n", "utf-8")
    code = (
        "import atexit, sys\n"
        "from glossator.__main__ import main\n"
        "atexit.register(sys.stderr.write, 'taken apart')\n"
        "main()\n"
    )
    environment = {**os.environ, "GLOSSATOR_INDEX_DIR": str(tmp_path / "indexes")}
    for arguments, is_taken_apart in ((["search", "total"], False), (["search", "sum"], False), (["--version"], True)):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path / "code",
            env=environment,
            timeout=120,
        )
        assert ("taken apart" in done.stderr) == is_taken_apart
        assert done.stdout.count("cart.py") == (arguments[0] == "search")
        assert not list((tmp_path / "indexes").rglob("*-wal"))
