"""How many threads compute while other programs are busy."""

from __future__ import annotations

import pytest

from glossator.model.thread_share import ALL_THREADS_SECONDS, ThreadShare


@pytest.mark.parametrize(
    ("most", "cores", "left"),
    [
        (2, 1.98, 2),
        (2, 1.3, 1),
        (8, 7.9, 8),
        (8, 7.25, 7),
        (8, 3.1, 3),
        (1, 0.4, 1),
        (4, 0.3, 1),
    ],
)
def test_as_many_threads_as_cores_are_free(most: int, cores: float, left: int) -> None:
    share = ThreadShare(most)
    assert share.observe(0.05, 0.05 * cores) == most, "too short to tell"
    assert share.observe(0.2, 0.2 * cores) == left
    assert share.share == pytest.approx(cores / most)


def test_all_of_them_are_tried_again_less_and_less_often() -> None:
    share = ThreadShare(2)
    waits = []
    for _ in range(3):
        assert share.observe(1.0, 1.2) == 1
        waited = 0.0
        while share.now == 1:
            share.observe(0.5, 0.5)
            waited += 0.5
        waits.append(waited)
    assert waits[0] == ALL_THREADS_SECONDS
    assert waits == sorted(set(waits))
    share.begin(1)
    assert share.observe(1.0, 0.2) == 1
    share.begin(2)
    assert share.now == 2
    assert share.share == 1.0, "nothing was computed yet"
