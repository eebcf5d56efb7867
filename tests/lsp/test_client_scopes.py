"""The globs that the extension sends for "This file" and "This folder" match that file or folder, and nothing else.

The extension's own tests check that it sends these globs.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from glossator.index.globs import matcher

TABLE = Path(__file__).resolve().parents[2] / "editor-client" / "tests" / "unit" / "scope_globs.json"
ROWS = [row for row in json.loads(TABLE.read_text("utf-8")) if row["glob"] is not None]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['kind']}-{row['path']}")
def test_globs_match_what_they_stand_for(row: dict[str, Any]) -> None:
    matches = matcher([row["glob"]], [])
    assert matches(row["path"])
    assert not any(matches(other) for other in row["others"])
