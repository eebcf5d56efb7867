"""What one question finds out is used by the next, unless a circle or a limit has a part in it."""

from __future__ import annotations

from glossator.retrieval.resolution.remembered import MOST_SHARED, Doubts, Remembered, SharedResults


def test_a_result_is_shared_unless_something_unfinished_was_asked_for() -> None:
    shared: dict[str, int] = {}
    doubts = Doubts()
    first: Remembered[str, int] = Remembered(shared, doubts)

    begun = first.begin("a", 0)
    inner = first.begin("b", 0)
    first.end("b", 2, inner)
    first.end("a", 1, begun)
    assert shared == {"a": 1, "b": 2}

    begun = first.begin("c", 0)
    inner = first.begin("d", 0)
    assert first.get("c") == 0
    first.end("d", 4, inner)
    first.end("c", 3, begun)
    assert (first.get("c"), first.get("d")) == (3, 4)
    assert shared == {"a": 1, "b": 2}

    other: Remembered[str, int] = Remembered(shared, Doubts())
    assert [other.get(key) for key in "abcd"] == [1, 2, None, None]


def test_what_rests_on_a_doubtful_result_is_doubtful_too() -> None:
    shared: dict[str, int] = {}
    known: Remembered[str, int] = Remembered(shared, Doubts())
    begun = known.begin("circle", 0)
    known.get("circle")
    known.end("circle", 1, begun)

    begun = known.begin("later", 0)
    assert known.get("circle") == 1
    known.end("later", 2, begun)
    assert shared == {}
    assert known.get("later") == 2


def test_shared_results_are_full_at_their_bound() -> None:
    results = SharedResults()
    results.tables["members"] = dict.fromkeys(range(MOST_SHARED), 0)
    assert not results.full
    results.of_rules["one more"] = 0
    assert results.full


def test_what_is_found_whole_rests_on_no_placeholder_that_is_gone() -> None:
    shared: dict[str, int] = {}
    known: Remembered[str, int] = Remembered(shared, Doubts(), whole=True)
    begun = known.begin("a", 0)
    inner = known.begin("b", 0)
    assert known.get("a") == 0
    known.end("b", 2, inner)
    assert known.get("b") == 2
    known.end("a", 1, begun)
    assert (known.get("a"), known.get("b")) == (1, None)
    assert shared == {}
