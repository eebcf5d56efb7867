"""Parts of the engine that need no llama.cpp."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glossator.model.engine import LONGEST_LOOP, Cancellation, common_prefix, is_looping

UNIQUE = list(range(1000, 1400))


def stopped_at(tokens: list[int]) -> int:
    """After how many tokens an answer is stopped; 0: never."""
    return next((count for count in range(1, len(tokens) + 1) if is_looping(tokens[:count])), 0)


@pytest.mark.parametrize("before", [0, 1, 30, 301])
@pytest.mark.parametrize("period", [1, 2, 7, 8, 20, 24, 60, LONGEST_LOOP])
def test_a_loop_is_stopped(period: int, before: int) -> None:
    loop = list(range(period)) * 200
    end = stopped_at(UNIQUE[:before] + loop)
    assert end
    assert end - before <= max(2 * period + 4, 100)


@pytest.mark.parametrize(
    "tokens",
    [
        UNIQUE,
        [1, 2] * 40 + UNIQUE,
        [0] * 90 + UNIQUE,
        list(range(20)) * 2 + UNIQUE,
        UNIQUE[:200] + UNIQUE[:200],
        [token for number in range(60) for token in (*range(10), 500 + number)],
        list(range(30)) + UNIQUE + list(range(30)),
        [],
    ],
    ids=["unique", "table", "zeros", "twice", "far apart", "numbered lines", "came back later", "empty"],
)
def test_what_only_resembles_a_loop_goes_on(tokens: list[int]) -> None:
    assert not stopped_at(tokens)


@given(st.lists(st.integers(0, 2)), st.lists(st.integers(0, 2)))
def test_common_prefix(a: list[int], b: list[int]) -> None:
    length = common_prefix(a, b)
    assert a[:length] == b[:length]
    assert length in (len(a), len(b)) or a[length] != b[length]


def test_a_cancel_is_for_one_request() -> None:
    cancellation = Cancellation()
    cancellation.begin(1)
    cancellation.cancel(2)
    assert not cancellation
    cancellation.cancel(1)
    assert cancellation
    cancellation.end()
    assert not cancellation
    cancellation.begin(2)
    assert cancellation, "it was cancelled while it waited"
    cancellation.begin(3)
    cancellation.cancel(2)
    assert not cancellation, "that one is over"
