"""Small rules about the tree as a whole."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_lock_files_name_no_host() -> None:
    for path in (ROOT / "requirements").iterdir():
        text = path.read_text("utf-8")
        assert not re.search(r"https?://|--(extra-)?index-url|--find-links", text), path.name


def test_every_pinned_requirement_has_a_hash() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        lines = path.read_text("utf-8").replace("\\\n", " ").splitlines()
        pinned = [line for line in lines if "==" in line and not line.startswith("#")]
        assert pinned
        assert all("--hash=sha256:" in line for line in pinned), path.name


def test_scripts_are_executable() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--stage", "scripts", ".ci"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    for line in listed:
        mode, _, _, path = line.split(maxsplit=3)
        if "." not in Path(path).name and "/" not in path.partition("/")[2]:
            assert mode == "100755", path
