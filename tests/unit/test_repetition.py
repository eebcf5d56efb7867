"""Answers that repeat themselves end where they begin to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glossator.model.repetition import RepetitionFilter

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
