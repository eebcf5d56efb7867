"""A code base that a benchmark measures on, indexed and open."""

from __future__ import annotations

import sys
import tempfile
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from glossator.project.session import Session
from glossator.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glossator.index.indexer import IndexReport
    from glossator.project.snapshot import Snapshot


@contextmanager
def indexed(path: Path, index_dir: Path | None) -> Iterator[tuple[IndexReport, Snapshot]]:
    """What indexing a folder reports, and its index; in a temporary folder, if `index_dir` is None."""
    with tempfile.TemporaryDirectory() as temporary:
        settings = replace(load_settings(), index_dir=index_dir or Path(temporary))
        with closing(Session([path], settings)) as session:
            print("indexing", file=sys.stderr)
            report = session.root.index()
            snapshot = session.root.open()
            assert snapshot is not None
            yield report, snapshot
