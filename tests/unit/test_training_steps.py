"""The steps of training: every example once an epoch, none longer than there is room, the same in every process."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from glossator.adapt.training_steps import Tokens, common_beginning, learning_rate, packed, scheduled

TOKEN = st.integers(0, 3)
EXAMPLE = st.tuples(st.lists(TOKEN, min_size=1, max_size=6), st.lists(TOKEN, min_size=1, max_size=4))
EXAMPLES = st.lists(EXAMPLE, min_size=1)


@given(EXAMPLES, st.integers(1, 30))
def test_steps_have_all_examples_and_no_more_than_fits(examples: list[Tokens], room: int) -> None:
    shared = common_beginning(examples)
    steps = packed(examples, range(len(examples)), shared, room)
    assert [number for step in steps for number in step] == list(range(len(examples)))
    for step in steps:
        size = shared + sum(sum(map(len, examples[number])) - shared for number in step)
        assert size <= room or len(step) == 1, "only an example that is too long by itself takes more"


@given(EXAMPLES)
def test_what_all_prompts_begin_with_leaves_each_a_token(examples: list[Tokens]) -> None:
    shared = common_beginning(examples)
    assert len({tuple(prompt[:shared]) for prompt, _ in examples}) == 1
    assert all(len(prompt) > shared for prompt, _ in examples)
    longer = {tuple(prompt[: shared + 1]) for prompt, _ in examples}
    assert len(longer) > 1 or any(len(prompt) == shared + 1 for prompt, _ in examples)


def test_an_epoch_has_each_example_once_in_an_order_of_its_own() -> None:
    examples: list[Tokens] = [([1, number], [number]) for number in range(40)]
    steps = scheduled(examples, 1, 9, epochs=2, seed=3)
    order = [number for step in steps for number in step]
    first, second = order[:40], order[40:]
    assert sorted(first) == sorted(second) == list(range(40))
    assert first != second
    assert steps == scheduled(examples, 1, 9, epochs=2, seed=3)
    assert steps != scheduled(examples, 1, 9, epochs=2, seed=4)


def test_the_learning_rate_rises_and_falls() -> None:
    rates = [learning_rate(step, 100, 0.5) for step in range(100)]
    top = rates.index(max(rates))
    assert max(rates) == 0.5
    assert top < 10
    assert all(one < other for one, other in pairwise(rates[:top]))
    assert all(one >= other for one, other in pairwise(rates[top + 1 :]))
    assert 0 < rates[-1] < 0.01
