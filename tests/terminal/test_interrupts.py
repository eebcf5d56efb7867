"""Ctrl-C in a terminal reaches every program of the command; those that a command runs must not end before it."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.terminal.emulator import Terminal

_ASK = """
import sys, threading, time
from pathlib import Path
from glossator.cli.updated_index import stopped_by_interrupt
from glossator.workspace.git_process import run_git

def let_it_end():
    while not stopped():
        time.sleep(0.01)
    Path("stopped").touch()

with stopped_by_interrupt() as stopped:
    threading.Thread(target=let_it_end, daemon=True).start()
    done = run_git(Path(sys.argv[1]), ["log"])
    print("git:", done.returncode, done.stdout.decode().strip(), "stopped:", stopped())
"""


def test_git_ends_by_itself_when_the_command_is_to_stop(tmp_path: Path) -> None:
    # Ended by the same Ctrl-C it would look as if the history could not be read, and that would be told.
    programs, workspace = tmp_path / "programs", tmp_path / "workspace"
    workspace.mkdir()
    programs.mkdir()
    git = "#!/bin/sh\necho begun >/dev/tty\nuntil [ -e stopped ]; do sleep 0.05; done\necho all\n"
    (programs / "git").write_text(git)
    (programs / "git").chmod(0o755)
    command = [sys.executable, "-c", _ASK, workspace]
    with Terminal(command, environment={"PATH": f"{programs}:/usr/bin:/bin"}, cwd=workspace) as shown:
        shown.wait_for("begun")
        shown.type("\x03")
        assert shown.wait() == 0, shown.text
        assert "git: 0 all stopped: True" in shown.text
