"""A reasoning model's thinking, told from its answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glossator.model.thinking import ThinkingSplitter

WRITTEN = [
    ("<think>Hm.</think>\n\nSo.", "Hm.", "So."),
    ("\n <think>\n</think>So.", "\n", "So."),
    ("[THINK]a[/THINK]b", "a", "b"),
    ("<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>b", "a", "b"),
    ("<|START_THINKING|>a<|END_THINKING|><|START_RESPONSE|>b", "a", "b"),
    ("<think>never closed", "never closed", ""),
    ("The tag <think> opens </think> it.", "", "The tag <think> opens </think> it."),
    ("<thin air", "", "<thin air"),
    ("", "", ""),
]


def split(pieces: list[str], *, opened: bool = False) -> tuple[str, str]:
    splitter = ThinkingSplitter(opened=opened)
    parts = [part for piece in pieces for part in splitter.feed(piece)] + splitter.feed("", final=True)
    assert all(text for _, text in parts)
    return tuple("".join(text for kind, text in parts if kind == wanted) for wanted in ("thinking", "answer"))  # type: ignore[return-value]


@pytest.mark.parametrize(("text", "thinking", "answer"), WRITTEN)
@given(data=st.data())
def test_thinking_in_any_cut(text: str, thinking: str, answer: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert split(pieces) == (thinking, answer)


def test_thinking_that_the_prompt_opened() -> None:
    assert split(["Hm", ".</th", "ink>\nSo", "."], opened=True) == ("Hm.", "So.")
    assert split(["Hm."], opened=True) == ("Hm.", "")
