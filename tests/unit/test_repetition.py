"""Answers that repeat themselves end where they begin to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glossator.model.repetition import LONGEST_LOOP, RepetitionFilter, is_looping

FIRST = "The pool keeps connections that are idle [1]. "
SECOND = "A connection is reused if its origin is the same [2]. "


def filtered(text: str, size: int = 3) -> tuple[str, bool]:
    repetition = RepetitionFilter()
    parts = [repetition.feed(text[at : at + size]) for at in range(0, len(text), size)]
    return "".join([*parts, repetition.feed("", final=True)]), repetition.stopped


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (FIRST + SECOND + FIRST, FIRST + SECOND),
        (FIRST + SECOND + FIRST.strip(), FIRST + SECOND),
        (FIRST + SECOND + FIRST.replace("[1]", "[3][4]") + "More.", FIRST + SECOND),
        ("- `a` reads the file again\n- `b`\n- `a` reads the file again\n", "- `a` reads the file again\n- `b`\n"),
        ("1. it opens the named file twice\n2. it opens the named file twice\n", "1. it opens the named file twice\n"),
        (FIRST + "However, " + FIRST, None),
        ("Yes. No. Yes. No. Yes.", None),
        ("```python\nreturn self._something_long(argument)\nreturn self._something_long(argument)\n```\nEnd.", None),
        ("Größe und Länge werden in Zeichen gezählt. " * 2, "Größe und Länge werden in Zeichen gezählt. "),
    ],
)  # fmt: skip
@pytest.mark.parametrize("size", [1, 3, 7, 500])
def test_an_answer_ends_before_its_first_repetition(text: str, kept: str | None, size: int) -> None:
    shown, stopped = filtered(text, size)
    assert (shown, stopped) == (text if kept is None else kept, kept is not None)


def test_nothing_is_held_back_without_a_reason() -> None:
    repetition = RepetitionFilter()
    assert repetition.feed("The pool keeps connections that") == "The pool keeps connections that"
    assert repetition.feed(" are idle. The ") == " are idle. "
    assert repetition.feed("pool keeps") == ""
    assert repetition.feed(" none.") == "The pool keeps none."


@given(
    st.lists(
        st.sampled_from(["alpha beta ", "x. ", "\n", "- ", "[1]", "```", "It reads the whole file there. "]),
        max_size=12,
    )
)
def test_what_is_shown_is_always_a_beginning(words: list[str]) -> None:
    text = "".join(words)
    shown, stopped = filtered(text, 2)
    assert text.startswith(shown)
    assert stopped or shown == text


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
