"""The table of unsaved buffers."""

from __future__ import annotations

import contextlib
import sqlite3
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glossator.workspace.overlay import Buffer, Overlay


@pytest.fixture
def buffers() -> Overlay:
    return Overlay(max_buffer_bytes=10_000)


def test_the_latest_version_wins(buffers: Overlay) -> None:
    assert buffers.put("a.py", 1, "one")
    assert buffers.put("a.py", 3, "three")
    assert not buffers.put("a.py", 2, "two")
    assert buffers.get("a.py") == Buffer("a.py", 3, "three", 2)
    assert buffers.put("a.py", 3, "three again"), "an editor may repeat a version; the later message counts"
    assert buffers.get("b.py") is None


def test_versions_begin_anew_after_a_close(buffers: Overlay) -> None:
    buffers.put("a.py", 7, "seven")
    assert buffers.close("a.py")
    assert not buffers.close("a.py")
    assert buffers.get("a.py") is None
    assert buffers.put("a.py", 1, "one")
    found = buffers.get("a.py")
    assert found is not None
    assert found.text == "one"


def test_a_state_has_what_is_open(buffers: Overlay) -> None:
    buffers.put("a.py", 1, "a")
    buffers.put("b.py", 1, "b")
    first = buffers.state()
    assert [buffer.key for buffer in first.buffers] == ["a.py", "b.py"]
    assert buffers.state() == first

    buffers.put("a.py", 2, "aa")
    buffers.close("b.py")
    second = buffers.state()
    assert second.revision > first.revision
    assert [(buffer.key, buffer.text) for buffer in second.buffers] == [("a.py", "aa")]


def test_a_text_that_is_too_large_is_not_kept_and_hides_the_disk(buffers: Overlay) -> None:
    buffers.put("big.py", 1, "x" * 20_000)
    found = buffers.get("big.py")
    assert found is not None
    assert found.text is None
    assert buffers._total == 0
    buffers.put("big.py", 2, "small now")
    found = buffers.get("big.py")
    assert found is not None
    assert found.text == "small now"


def test_memory_is_bounded() -> None:
    size = sys.getsizeof("x" * 1000)
    buffers = Overlay(max_buffer_bytes=10_000, max_total_bytes=3 * size)
    for number in range(3):
        buffers.put(f"{number}.py", 1, "x" * 1000)
    buffers.put("0.py", 2, "y" * 1000)
    buffers.put("3.py", 1, "x" * 1000)
    texts = {buffer.key: buffer.text is not None for buffer in buffers.state().buffers}
    assert texts == {"0.py": True, "1.py": False, "2.py": True, "3.py": True}
    assert buffers._total == 3 * size
    for buffer in buffers.state().buffers:
        buffers.close(buffer.key)
    assert buffers._total == 0


def test_a_text_that_grows_does_not_upset_the_sum(buffers: Overlay) -> None:
    text = "é" * 1000
    buffers.put("a.py", 1, text)
    before = sys.getsizeof(text)
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("select ?", (text,))  # CPython keeps the UTF-8 form beside the text from now on
    assert sys.getsizeof(text) > before
    buffers.put("a.py", 2, "b")
    buffers.close("a.py")
    assert buffers._total == 0


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("put"), st.sampled_from("abc"), st.integers(0, 5)),
            st.tuples(st.just("close"), st.sampled_from("abc"), st.just(0)),
        )
    )
)
def test_a_state_is_what_a_simple_table_holds(steps: list[tuple[str, str, int]]) -> None:
    buffers = Overlay(max_buffer_bytes=10_000)
    model: dict[str, tuple[int, str]] = {}
    for number, (action, key, version) in enumerate(steps):
        revision = buffers.revision
        if action == "put":
            if changed := buffers.put(key, version, f"text {number}"):
                model[key] = (version, f"text {number}")
        else:
            changed = buffers.close(key)
            assert changed == (model.pop(key, None) is not None)
        assert buffers.revision == revision + changed
        assert {buffer.key: (buffer.version, buffer.text) for buffer in buffers.state().buffers} == model


def test_threads_may_write_at_once() -> None:
    buffers = Overlay(max_buffer_bytes=10_000)
    start = threading.Barrier(4)

    def write(name: str) -> None:
        start.wait()
        for version in range(300):
            buffers.put("shared", version, name)
            buffers.put(name, version, name * 10)
            buffers.state()

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    changes = buffers.state()
    assert sorted(buffer.key for buffer in changes.buffers) == ["a", "b", "c", "d", "shared"]
    assert all(buffer.version == 299 for buffer in changes.buffers)
    revisions = [buffer.revision for buffer in changes.buffers]
    assert revisions == sorted(set(revisions))
    assert buffers._total == sum(sys.getsizeof(buffer.text) for buffer in changes.buffers)
