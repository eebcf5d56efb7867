"""What became of the questions that `bench_answers.py` puts: the outcome of each, and tables of them all."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING

from glossator.answers.answer_scores import CitationScores

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from answer_questions import KnownQuestion


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a question: the answer, its scores, and how long it took. Times are in seconds.

    Attributes:
        way: who answered, and from what.
        facts: the share of the facts that is in the whole answer, what the index says beside a model included.
        model_facts: the share that is in the model's words alone, as are right and citations.
        weak: whether the index's own answer leads, since the evidence does not support the model's.
        shown: until what was found is shown.
        first: until the first word.
        whole: until the last.
        read: tokens of the prompt that the model had to read.
        chance: the share of another question's facts that the answer states.
        right: whether it cites one of the symbols that were to be shown.
        error: why there is no answer; "" if there is one.
    """

    way: str
    question: KnownQuestion
    answer: str
    facts: float
    chance: float
    evidence_facts: float
    right: bool
    citations: CitationScores
    declined: bool
    model_facts: float
    weak: bool
    shown: float
    first: float
    whole: float
    read: int
    written: int
    error: str = ""


@dataclass(slots=True)
class Waits:
    """Seconds of one way to answer, apart from the questions: to the first words of follow-ups, and to get ready.

    Getting ready is what the editor does when a question is likely: the model is loaded, and reads how prompts about
    the repository begin.
    """

    follow_ups: list[float] = field(default_factory=list)
    ready: list[float] = field(default_factory=list)


def mean(values: Iterable[float]) -> float:
    """The mean; 0 of nothing."""
    listed = list(values)
    return sum(listed) / len(listed) if listed else 0.0


def table(title: str, columns: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]]) -> None:
    """Print a table in Markdown."""
    print(f"\n| {title} | " + " | ".join(columns) + " |\n|---|" + "---|" * len(columns))
    for name, values in rows:
        print(f"| {name} | " + " | ".join(values) + " |")


def share(value: float) -> str:
    """A share as it is printed."""
    return f"{value:.3f}"


def failed(way: str, question: KnownQuestion, error: str) -> Outcome:
    """The outcome of a question to which there is no answer."""
    none = CitationScores(0, 0, 0, 0, 0, ())
    nan = math.nan
    return Outcome(way, question, "", 0.0, 0.0, 0.0, False, none, False, 0.0, False, nan, nan, nan, 0, 0, error)


def show(outcome: Outcome) -> None:
    """Print an answer with what was found in it."""
    scores = outcome.citations
    print(
        f"\n## {outcome.way}: {outcome.question.id} “{outcome.question.text}”\n\n{outcome.answer}\n\n"
        f"facts {outcome.facts:.2f} ({outcome.evidence_facts:.2f} in the evidence), right symbol {outcome.right}, "
        f"{scores.sourced} of {scores.sentences} sentences sourced, names held {scores.held} of {scores.named}, "
        f"unknown {scores.unknown}, declined {outcome.declined}, {outcome.first:.1f} / {outcome.whole:.1f} s, "
        f"{outcome.read} tokens read, {outcome.written} written",
        flush=True,
    )


def quantile(values: Iterable[float], part: float) -> float:
    """A quantile; NaN of nothing."""
    ordered = sorted(value for value in values if not math.isnan(value))
    return ordered[min(len(ordered) - 1, math.ceil(part * len(ordered)) - 1)] if ordered else math.nan


def figures(outcomes: Sequence[Outcome], waits: Waits) -> dict[str, float]:
    """The figures of one way."""
    known = [one for one in outcomes if one.question.answerable]
    unknown = [one for one in outcomes if not one.question.answerable]
    sentences = sum(one.citations.sentences for one in known)
    named = sum(one.citations.named for one in known)
    names = sum(one.citations.names for one in known)
    return {
        "questions": len(known),
        "facts in the answer": mean(one.facts for one in known),
        "facts in the model's words": mean(one.model_facts for one in known),
        "led by the index's answer": mean(one.weak for one in known),
        "facts in the evidence": mean(one.evidence_facts for one in known),
        "facts of another question": mean(one.chance for one in known),
        "cites the right symbol": mean(one.right for one in known),
        "cites anything": mean(one.citations.sourced > 0 for one in known),
        "sentences with a source": sum(one.citations.sourced for one in known) / max(sentences, 1),
        "citation precision": sum(one.citations.held for one in known) / max(named, 1),
        "unknown names": sum(len(one.citations.unknown) for one in known) / max(names, 1),
        "declined where due": mean(one.declined for one in unknown) if unknown else math.nan,
        "declined wrongly": mean(one.declined and not one.facts for one in known),
        "no answer": mean(bool(one.error) for one in outcomes),
        "places shown p50 s": quantile((one.shown for one in outcomes), 0.5),
        "first word p50 s": quantile((one.first for one in outcomes), 0.5),
        "first word p95 s": quantile((one.first for one in outcomes), 0.95),
        "whole answer p50 s": quantile((one.whole for one in outcomes), 0.5),
        "follow-up, first word p50 s": quantile(waits.follow_ups, 0.5),
        "getting ready p50 s": quantile(waits.ready, 0.5),
        "prompt tokens read": mean(one.read for one in outcomes),
        "tokens written": mean(one.written for one in outcomes),
    }


def report(outcomes: Sequence[Outcome], waits: dict[str, Waits]) -> dict[str, object]:
    """Print the tables, of the questions that every way came to; returns the figures."""
    ways = list(dict.fromkeys(one.way for one in outcomes))
    asked = {way: {one.question.id for one in outcomes if one.way == way} for way in ways}
    shared = set.intersection(*asked.values())
    if any(ids != shared for ids in asked.values()):
        print("time was up: " + ", ".join(f"{way} came to {len(ids)} questions" for way, ids in asked.items()))
        outcomes = [one for one in outcomes if one.question.id in shared]
    by_way = {way: figures([one for one in outcomes if one.way == way], waits.get(way, Waits())) for way in ways}

    def shown(name: str, value: float) -> str:
        if math.isnan(value):
            return ""
        if name.endswith(" s"):
            return f"{value:.2f}" if value < 1 else f"{value:.1f}"
        return f"{value:.0f}" if name.startswith(("questions", "prompt", "tokens")) else share(value)

    names = list(by_way[ways[0]])
    table("answers", ways, [(name, [shown(name, by_way[way][name]) for way in ways]) for name in names])
    for title, of in (
        ("facts in the answer, by kind", attrgetter("kind")),
        ("by repository", attrgetter("repository")),
    ):
        known = [one for one in outcomes if one.question.answerable]
        groups = sorted({of(one.question) for one in known})
        rows = [
            (
                group,
                [share(mean(o.facts for o in known if o.way == way and of(o.question) == group)) for way in ways],
            )
            for group in groups
        ]
        table(title, ways, rows)
    for one in outcomes:
        if one.error:
            print(f"\n{one.way}: no answer to {one.question.id}: {one.error}")
    return {
        way: {name: None if math.isnan(value) else round(value, 4) for name, value in values.items()}
        for way, values in by_way.items()
    }
