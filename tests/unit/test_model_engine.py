"""Parts of the engine that need no llama.cpp."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from glossator.model.cancellation import Cancellation
from glossator.model.key_value_cache import common_prefix


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
