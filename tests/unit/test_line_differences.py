"""How one text becomes another: exact where they differ little, in bounded time however long they are."""

from __future__ import annotations

import random

import pytest

from glossator.mcp_server.change_impact import changed_lines
from glossator.workspace import line_differences as module
from glossator.workspace.line_differences import line_differences


@pytest.mark.parametrize("most", [5_000, 3])
def test_the_opcodes_make_the_other_text(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(module, "MOST_ALIGNED_LINES", most)
    chance = random.Random(7)
    for _ in range(300):
        before, after = (["abc"[chance.randrange(3)] for _ in range(chance.randrange(9))] for _ in range(2))
        made: list[str] = []
        at = 0
        for tag, start, end, from_, to in line_differences(before, after):
            assert start == at, "each line once"
            at = end
            assert tag != "equal" or before[start:end] == after[from_:to]
            assert tag != "delete" or from_ == to
            assert tag != "insert" or start == end
            made += after[from_:to]
        assert (at, made) == (len(before), after)


def test_one_changed_line_of_a_long_file() -> None:
    lines = ["", "}", "return"] * 10_000
    changed = [*lines[:20_000], "raise", *lines[20_001:]]
    assert changed_lines(lines, changed) == {20_001}
    assert changed_lines(lines, [*lines[:20_000], *lines[27_000:]]) == {20_001}
    assert changed_lines([], ["a", "b"]) == {1, 2}
    assert changed_lines(["a", "b"], []) == set()
