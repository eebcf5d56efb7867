"""The command line on a terminal: a pseudo-terminal stands for the person who sits at it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pty = pytest.importorskip("pty", reason="pseudo-terminals are there on Linux and macOS only")


def on_a_terminal(*arguments: str) -> tuple[int, str]:
    """Run the command line with all three streams on a pseudo-terminal: exit status and what was shown."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "glossator", *arguments]
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, "TERM": "xterm-256color"}
    )
    os.close(theirs)
    shown = b""
    try:
        while data := os.read(ours, 65536):
            shown += data
    except OSError:  # Linux: the other side is closed
        pass
    os.close(ours)
    return process.wait(), shown.decode("utf-8", "replace")


def test_a_first_index_shows_progress(tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    for number in range(50):
        (root / f"module_{number}.py").write_text(f"def retry_policy_{number}():\n    return {number}\n")
    status, shown = on_a_terminal("search", "--root", str(root), "--index-dir", str(tmp_path / "index"), "retry policy")
    assert status == 0, shown
    assert "Traceback" not in shown
    assert "files" in shown
    assert "retry_policy_" in shown
