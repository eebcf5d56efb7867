"""Runs git, the one program that is run in a workspace, so that nothing in a repository chooses what else runs.

No protocol is allowed, so nothing is fetched, and git's environment variables are not handed on. Which commands are run
is for the callers: they use those that neither look at the working tree nor run filters, hooks, monitors or external
programs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from glossator.errors import WorkspaceError

if TYPE_CHECKING:
    from collections.abc import Sequence

READ_OPTIONS = ("-c", "core.quotePath=false", "-c", "log.showSignature=false", "-c", "safe.bareRepository=explicit")
"""Before a command that reads commits: paths unquoted, no signature checked, no bare repository taken from a folder."""
LOG_OPTIONS = (
    *("--no-color", "--no-ext-diff", "--no-textconv", "--no-show-signature", "--no-notes", "--encoding=UTF-8"),
    *("--src-prefix=a/", "--dst-prefix=b/", "--submodule=short"),
)
"""After `log`: nothing that the repository configures runs, or changes what is printed."""
GIT_SECONDS = 30.0
"""Seconds that a command of git may take."""


def run_git(
    workspace: Path, arguments: Sequence[str], given: bytes = b"", *, folder: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run a command of git in a folder (by default the workspace's own) and hand it what it reads from stdin.

    Raises:
        WorkspaceError: git is missing, is inside the workspace, or does not end.
    """
    program = shutil.which("git")
    folder = folder or workspace
    if program is None or any(Path(program).resolve().is_relative_to(one) for one in (workspace, folder)):
        raise WorkspaceError("git was not found: it is needed to know what has changed")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    # Versions of git before May 2024 fetch what a partial clone lacks, with the programs that its configuration names.
    environment["GIT_ALLOW_PROTOCOL"] = "none"
    try:
        return subprocess.run(
            [program, "--no-pager", *arguments],
            cwd=folder,
            env=environment,
            input=given,
            capture_output=True,
            check=False,
            timeout=GIT_SECONDS,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            # A group of its own keeps Ctrl-C in a terminal from ending it before the command that asked knows of it.
            process_group=None if sys.platform == "win32" else 0,
        )
    except subprocess.TimeoutExpired as error:
        raise WorkspaceError(f"git did not answer within {GIT_SECONDS:.0f} seconds") from error
    except OSError as error:
        raise WorkspaceError(f"cannot run git in {folder}: {error.strerror or error}") from error
