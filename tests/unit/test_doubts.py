"""The sentences of a model that nothing supports are told where an answer is only text."""

from __future__ import annotations

from glossator.answers.answerer import Answer
from glossator.answers.doubts import MOST_QUOTED, QUOTED_CHARS, doubts


def answered(*sentences: str, unsupported: tuple[int, ...] = ()) -> Answer:
    text, spans = "", []
    for number, sentence in enumerate(sentences):
        if number in unsupported:
            spans.append((len(text), len(text) + len(sentence)))
        text += f"{sentence} "
    return Answer(text, (), (), "model", "stop", "", {}, unsupported=tuple(spans))


def test_what_nothing_supports_is_quoted() -> None:
    answer = answered("It opens a pool.", "It is\nvery  fast.", "It closes it.", unsupported=(1,))
    assert doubts(answer) == ["nothing in the code found supports: “It is very fast.”"]
    assert doubts(answered("It opens a pool.")) == []


def test_many_and_long_sentences_are_shortened() -> None:
    many = [f"Sentence {number} " + "is long " * 40 for number in range(MOST_QUOTED + 2)]
    told = doubts(answered(*many, unsupported=tuple(range(len(many)))))
    assert len(told) == MOST_QUOTED + 1
    assert told[-1] == "nor does it support 2 more sentences"
    assert all(line.endswith("…”") and len(line) < QUOTED_CHARS + 50 for line in told[:-1])
