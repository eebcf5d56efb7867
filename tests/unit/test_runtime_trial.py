"""The trial of the model's runtime in a process of its own."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from glossator.model.runtime_trial import try_runtime

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX process groups")
def test_ctrl_c_in_a_terminal_does_not_reach_the_trial(tmp_path: Path) -> None:
    """Ended by it, the runtime would seem to be broken."""
    (tmp_path / "sitecustomize.py").write_text("import os\nos.write(2, str(os.getpgrp()).encode())\nos._exit(3)\n")
    problem = try_runtime(tmp_path).problem
    assert problem.startswith("its trial ended with status 3: ")
    assert problem.rpartition(" ")[2] not in ("", str(os.getpgrp()))
