"""What scripts install before they run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPTS = Path(__file__).parents[2] / "scripts"

SET_UP = """
import sys
from pathlib import Path
import environment
environment.ROOT = Path(sys.argv[1])
with environment._alone():
    print("alone", flush=True)
    sys.stdin.read()
"""


def _set_up(root: Path) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    root.mkdir(exist_ok=True)
    command = [sys.executable, "-c", SET_UP, str(root)]
    return subprocess.Popen(command, cwd=SCRIPTS, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def test_two_scripts_set_up_one_after_the_other(tmp_path: Path) -> None:
    with _set_up(tmp_path / "one") as first, _set_up(tmp_path / "two") as elsewhere:
        assert first.stdout is not None
        assert first.stderr is not None
        assert first.stdout.readline() == "alone\n"
        with _set_up(tmp_path / "one") as second:
            assert second.stderr is not None
            assert "waiting for it" in second.stderr.readline()
            assert elsewhere.stdout is not None
            assert elsewhere.stdout.readline() == "alone\n", "another checkout does not wait"
            first.kill()
            assert second.communicate()[0] == "alone\n", "nor does anything wait for a script that was killed"
        elsewhere.communicate()
    assert second.returncode == 0
