"""The gate: whether a model answers better about a project with an adapter than it does now, and forgets nothing.

Now it answers with the adapter that is in use for the project, or without one. What may not be forgotten is what the
base itself knows, however many adapters follow one another. All is run in llama.cpp as it answers later, the base in
its own quantisation; only the adapter is switched. What is held out was not trained on: it was chosen by time and
folder. Every comparison is of pairs, the same example before and after, so that its noise can be told.
"""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING

from glossator.adapt.examples import Example, example_of
from glossator.answers.answer_scores import declines
from glossator.answers.answer_scores import sentences_of as scored_sentences
from glossator.answers.sentence_sources import SentenceSources
from glossator.errors import ModelError
from glossator.index import terms as analysis
from glossator.model.chat import Delta

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from glossator.model.client import ModelClient

JUDGED_LOSSES = 90
"""Held-out examples whose loss is compared."""
JUDGED_ANSWERS = 24
"""Held-out questions that are answered before and after."""
JUDGED_ABSENT = 8
"""Questions among these that their evidence does not answer."""
ANSWER_TOKENS = 140
"""Longest answer that is judged."""
FEWEST_HELD_OUT = 12
"""Held-out examples without which nothing can be said."""
NOISE = 2.0
"""Standard errors that count as noise."""
MOST_FORGOTTEN = 0.05
"""By how much (nats per token) the loss on the general set may rise."""
WORSE_SHARE = 0.05
"""By how much a share (facts, citations, likeness) may fall, where that is within its noise."""

_NUMBERS = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure as it is now, and with the new adapter.

    Attributes:
        before, after: means over the same examples.
        error: standard error of the mean difference.
        lower_is_better: of losses.
    """

    name: str
    before: float
    after: float
    error: float
    count: int
    lower_is_better: bool = False

    @property
    def gain(self) -> float:
        """By how much it is better with the new adapter."""
        change = self.after - self.before
        return -change if self.lower_is_better else change

    @property
    def is_better(self) -> bool:
        """Whether it is better by more than noise."""
        return self.count > 0 and self.gain > NOISE * self.error and self.gain > 0

    def is_worse(self, tolerated: float) -> bool:
        """Whether it is worse by more than noise, and by more than what is tolerated."""
        return self.count > 0 and -self.gain > max(NOISE * self.error, tolerated)


@dataclass(frozen=True, slots=True)
class SideBySide:
    """An example with both answers."""

    example: Example
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate found.

    Attributes:
        figures: by name, in the order in which they are reported.
        reasons: why the adapter is refused; empty if it passes.
    """

    figures: tuple[Compared, ...]
    answers: tuple[SideBySide, ...]
    reasons: tuple[str, ...]

    @property
    def passes(self) -> bool:
        """Whether the adapter may be used."""
        return not self.reasons

    def figure(self, name: str) -> Compared:
        """The figure of that name."""
        return next(one for one in self.figures if one.name == name)


def general_examples() -> list[Example]:
    """The general set that ships: questions about other code, that no adaptation may forget to answer."""
    import json

    text = (files("glossator") / "data" / "general_examples.jsonl").read_text("utf-8")
    return [example_of({"id": "", **json.loads(line)}) for line in text.splitlines() if line.strip()]


def compared(name: str, before: Sequence[float], after: Sequence[float], *, lower_is_better: bool = False) -> Compared:
    """Compare the values of the same examples."""
    count = len(before)
    if not count:
        return Compared(name, math.nan, math.nan, math.nan, 0, lower_is_better)
    changes = [new - old for old, new in zip(before, after, strict=True)]
    mean = sum(changes) / count
    variance = sum((change - mean) ** 2 for change in changes) / max(count - 1, 1)
    error = math.sqrt(variance / count) if count > 1 else math.inf
    return Compared(name, sum(before) / count, sum(after) / count, error, count, lower_is_better)


def judged_examples(held: Sequence[Example], most: int, seed: int) -> list[Example]:
    """The held-out examples whose loss is compared: as many of each kind as there are, in proportion."""
    chosen = sorted(held, key=lambda one: one.id)
    random.Random(seed).shuffle(chosen)  # noqa: S311 - not for secrets
    return chosen[:most]


def asked_examples(held: Sequence[Example], most: int, absent: int, seed: int) -> list[Example]:
    """The held-out examples that are answered: questions, explanations, and some that cannot be answered."""
    answerable = judged_examples([one for one in held if one.kind in ("question", "explain")], most - absent, seed)
    return [*answerable, *judged_examples([one for one in held if one.kind == "absent"], absent, seed)]


class Judge:
    """Asks a model, with or without an adapter. The model is loaded once."""

    def __init__(self, model: ModelClient, overview: str, progress: Callable[[str, int, int], None]) -> None:
        """`progress`: told what is being done, how many of it are done, and how many there are."""
        self.model = model
        self.overview = overview
        self.progress = progress
        self.done = self.total = 0

    async def encoded(self, examples: Sequence[Example], overview: str) -> list[tuple[Example, list[int], list[int]]]:
        """Examples with the tokens of prompt and answer, without those that the model's context has no room for."""
        tokens = await self.model.encode([(one.messages(overview), one.answer) for one in examples])
        room = self.model.status.context_tokens
        return [
            (one, prompt, answer)
            for one, (prompt, answer) in zip(examples, tokens, strict=True)
            if len(prompt) + len(answer) <= room
        ]

    async def losses(self, examples: Sequence[tuple[Example, list[int], list[int]]]) -> list[float]:
        """The mean loss of each example's answer, in nats per token."""
        found = []
        for _, prompt, answer in examples:
            losses = await self.model.score(prompt, answer)
            found.append(sum(losses) / len(losses))
            self._step("Comparing losses")
        return found

    async def answers(self, examples: Sequence[Example]) -> list[str]:
        """What the model answers to each example."""
        found = []
        for one in examples:
            parts = self.model.chat(one.messages(self.overview), max_tokens=ANSWER_TOKENS, temperature=0.0)
            found.append("".join([part.text async for part in parts if isinstance(part, Delta)]).strip())
            self._step("Comparing answers")
        return found

    def _step(self, what: str) -> None:
        self.done += 1
        self.progress(what, self.done, self.total)


async def judge_adapter(
    model: ModelClient,
    adapter: Path,
    held: Sequence[Example],
    overview: str,
    *,
    in_use: Path | None = None,
    losses: int = JUDGED_LOSSES,
    answers: int = JUDGED_ANSWERS,
    seed: int = 0,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> Verdict:
    """Compare a model as it answers now with how it answers with a new adapter.

    Args:
        model: with no adapter; adapters are switched on and off again without loading the model again.
        held: the held-out examples.
        in_use: the adapter with which the model answers now; None if it answers without one.
        losses, answers: how many of them are compared.

    Raises:
        ModelError: the model cannot be used, or the adapter is not one for it.
    """
    await model.set_lora([])
    judge = Judge(model, overview, progress)
    tokens = await judge.encoded(judged_examples(held, losses, seed), overview)
    scored = [one for one, _, _ in tokens]
    asked = asked_examples(held, answers, min(JUDGED_ABSENT, answers // 3), seed)
    if len(scored) < min(FEWEST_HELD_OUT, losses):
        raise ModelError(
            f"only {len(scored)} held-out examples fit the model: too few to tell whether an adapter is better"
        )
    general = await judge.encoded(general_examples(), "")
    judge.total = 2 * (len(scored) + len(general) + len(asked))
    found: list[tuple[list[float], list[str]]] = []
    try:
        general_before = await judge.losses(general)
        for lora in ([] if in_use is None else [str(in_use)], [str(adapter)]):
            await model.set_lora(lora)
            found.append((await judge.losses(tokens), await judge.answers(asked)))
        general_after = await judge.losses(general)
    finally:
        await model.set_lora([])
    (held_before, answers_before), (held_after, answers_after) = found
    figures = [compared("held-out loss", held_before, held_after, lower_is_better=True)]
    for kind in ("question", "explain", "commit", "completion", "absent"):
        places = [at for at, one in enumerate(scored) if one.kind == kind]
        if places:
            own = [[values[at] for at in places] for values in (held_before, held_after)]
            figures.append(compared(f"held-out loss, {kind}", *own, lower_is_better=True))
    figures.append(compared("general loss", general_before, general_after, lower_is_better=True))
    figures += _answer_figures(asked, answers_before, answers_after)
    pairs = zip(asked, answers_before, answers_after, strict=True)
    return Verdict(tuple(figures), tuple(SideBySide(*one) for one in pairs), tuple(_reasons(figures)))


def _answer_figures(asked: Sequence[Example], before: Sequence[str], after: Sequence[str]) -> list[Compared]:
    known = [at for at, one in enumerate(asked) if one.kind != "absent"]
    absent = [at for at, one in enumerate(asked) if one.kind == "absent"]
    measures: list[tuple[str, list[int], Callable[[Example, str], float]]] = [
        ("facts", known, facts_stated),
        ("style", known, likeness),
        ("right citation", known, cites_right_piece),
        ("sentences with a source", known, supported_sentences),
        ("says that it is not there", absent, lambda _, text: float(declines(text))),
        ("answers although it can", known, lambda _, text: float(not declines(text))),
    ]
    return [
        compared(name, [of(asked[at], before[at]) for at in places], [of(asked[at], after[at]) for at in places])
        for name, places, of in measures
        if places
    ]


def _reasons(figures: Iterable[Compared]) -> list[str]:
    """Why an adapter with these figures is refused."""
    by_name = {one.name: one for one in figures}
    found = []
    held = by_name["held-out loss"]
    if not held.is_better:
        found.append(
            f"the loss on what was held out does not fall by more than noise ({held.before:.3f} to {held.after:.3f})"
        )
    general = by_name["general loss"]
    if -general.gain > MOST_FORGOTTEN:
        found.append(f"it forgets: the loss on the general set rises from {general.before:.3f} to {general.after:.3f}")
    for name, one in by_name.items():
        if not one.lower_is_better and one.is_worse(WORSE_SHARE):
            found.append(f"{name}: {one.before:.2f} before, {one.after:.2f} after")
    return found


def _content(text: str) -> Counter[str]:
    """The stems of the words and names of an answer, without citations."""
    return Counter(analysis.analyze(_NUMBERS.sub("", text)))


def facts_stated(example: Example, answer: str) -> float:
    """Which part of the reference's words and names an answer has, 0 to 1."""
    wanted, stated = _content(example.answer), _content(answer)
    total = sum(wanted.values())
    return sum((wanted & stated).values()) / total if total else 0.0


def likeness(example: Example, answer: str) -> float:
    """How alike an answer and the reference are: the F1 of their pairs of neighbouring words, 0 to 1."""
    one, other = (_pairs(text) for text in (example.answer, answer))
    common = sum((one & other).values())
    return 2 * common / max(sum(one.values()) + sum(other.values()), 1)


def _pairs(text: str) -> Counter[tuple[str, str]]:
    words = re.findall(r"\w+", _NUMBERS.sub("", text).lower())
    return Counter(pairwise(words))


def cites_right_piece(example: Example, answer: str) -> float:
    """Whether an answer cites a piece that the reference cites, and not only others: 1 or 0."""
    wanted = set(_NUMBERS.findall(example.answer))
    return float(bool(wanted & set(_NUMBERS.findall(answer))))


def supported_sentences(example: Example, answer: str) -> float:
    """Which part of an answer's sentences have a source in the evidence, 0 to 1."""
    sources = SentenceSources({piece.number: piece for piece in example.pieces()}, example.question)
    sentences = scored_sentences(answer)
    if not sentences:
        return 0.0
    return sum(bool(sources.find(_NUMBERS.sub("", one)).sources) for one in sentences) / len(sentences)
