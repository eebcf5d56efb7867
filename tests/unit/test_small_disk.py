"""A disk that is full at each write in turn: that is told, nothing is lost, and with more space all is well.

The disk is a file system in memory of a few kilobytes, which grows from trial to trial, so that another write is the
first that fails. Only root may mount one; `test_store_survival` limits the sizes of files instead.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from glossator.errors import GlossatorError
from glossator.project.session import Session
from glossator.settings import Settings
from tests.crashing import write_tree
from tests.soak.contents import differences, read_contents

if sys.platform != "linux" or os.geteuid() != 0:
    pytest.skip("only root on Linux may mount a file system", allow_module_level=True)

FILES = 30
SIZES_KIB = (16, 32, 64, 96, 128, 192, 256, 384, 512, 640, 768, 896, 1024, 1280, 1536, 1792, 2048, 2560, 3072)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZES_KIB[0]}k", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], capture_output=True)


def resize(disk: Path, kib: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={kib}k", str(disk)], check=True, capture_output=True)


def test_a_disk_that_is_full_at_each_write(disk: Path, tmp_path: Path) -> None:
    root = tmp_path / "tree"
    root.mkdir()
    write_tree(root, dict.fromkeys(range(FILES), 0))
    other = Session([root], Settings(index_dir=tmp_path / "fresh"))
    other.root.index()
    expected = read_contents(other.root.folder)
    other.close()
    session = Session([root], Settings(index_dir=disk / "indexes"))
    full, committed = 0, 0
    try:
        for size in SIZES_KIB:
            resize(disk, size)
            try:
                session.root.index()
            except GlossatorError as error:
                full += 1
                problem = "" if "is full" in str(error) or "No space left" in str(error) else str(error)
            else:
                problem = ""
            assert not problem, f"{size} KiB: {problem}"
            session.root.close()
            if (session.root.folder / "manifest.sqlite").exists():
                try:
                    snapshot = session.root.open()
                    now = snapshot.status().files if snapshot is not None else 0
                except GlossatorError:  # not even the file that readers share fits
                    now = committed
                assert now >= committed, f"{size} KiB: what was committed is lost"
                committed = now
                session.root.close()
        assert full >= 4, "the disk was too large"
        print(f"{full} of {len(SIZES_KIB)} sizes were too small")
        resize(disk, 65536)
        session.root.index()
        session.root.close()
        assert differences(read_contents(session.root.folder), expected) == []
    finally:
        session.close()
