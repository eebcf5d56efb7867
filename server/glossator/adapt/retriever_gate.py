"""Whether an adapted retriever is better: measured on commits and names of the project, and on questions of others.

Three sets of questions:

- *commits*: the subjects of the newest tenth of the commits -> the definitions that they changed, searched for in the
  whole index. Nothing was learned from these commits. The adapted retriever has to be better here, by more than chance
  explains.
- *names*: names of the project in words -> the definition, searched for in the same way. It must not be worse.
- *general*: first sentences of doc comments of other projects -> the definition without them, by vectors alone, each
  among the others of its language. It must not be worse.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from glossator.errors import UsageError
from glossator.index.embedding import FIELDS, parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from glossator.adapt.word_vectors import WordTable
    from glossator.retrieval.search import Searcher

    Scores = NDArray[np.float64]

DEPTH = 10
"""Hits that are looked at: reciprocal ranks count within these."""
CHANCE = 0.05
"""How likely it may be that a gain as large as the one measured is chance."""
LEAST_GAIN = 0.005
"""Gain in MRR below which it is not worth a new index: differences below this are noise of training."""
LEAST_CHOICE_GAIN = 0.002
"""Gain in MRR on the commits that choose (the newest that are learned from) without which vectors, or weights, stay."""
MOST_LOSS = 0.005
"""Loss in MRR on names or on the general set that is taken for noise."""
DRAWS = 10_000
"""Bootstrap samples of a comparison."""
FEWEST_JUDGES = 20
"""Commits that judge, at least."""


@dataclass(frozen=True, slots=True)
class JudgedQuestion:
    """A question, and the (path, qualified name) of each definition that is a right answer."""

    query: str
    wanted: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Mean reciprocal ranks before and after, and the bounds of the gain's middle 90 %, by bootstrap."""

    questions: int
    before: float
    after: float
    low: float
    high: float

    @property
    def gain(self) -> float:
        """By how much MRR is better."""
        return self.after - self.before

    def facts(self) -> dict[str, Any]:
        """As JSON."""
        rounded = {name: round(getattr(self, name), 4) for name in ("before", "after", "gain", "low", "high")}
        return {"questions": self.questions, **rounded}


def ranks_compared(before: Scores, after: Scores) -> Comparison:
    """The same questions' scores before and after; the draws are the same each time."""
    gains = after - before
    random = np.random.default_rng(0)
    means = np.concatenate(
        [gains[random.integers(0, len(gains), (500, len(gains)))].mean(1) for _ in range(DRAWS // 500)]
    )
    low, high = np.quantile(means, [CHANCE, 1 - CHANCE])
    return Comparison(len(gains), float(before.mean()), float(after.mean()), float(low), float(high))


def verdict(commits: Comparison, names: Comparison | None, general: Comparison) -> str:
    """Why an adapted retriever is refused, in half a sentence; "" if it is kept."""
    if commits.gain < LEAST_GAIN or commits.low <= 0:
        return (
            f"no better on the newest commits: {commits.gain:+.3f} MRR over {commits.questions} questions,"
            f" 90 % interval {commits.low:+.3f} to {commits.high:+.3f}"
        )
    if names is not None and names.gain < -MOST_LOSS:
        return f"worse at finding names: {names.gain:+.3f} MRR over {names.questions} questions"
    if general.gain < -MOST_LOSS:
        return f"worse on the general set: {general.gain:+.3f} MRR over {general.questions} questions"
    return ""


def reciprocal_ranks(
    searcher: Searcher, questions: Sequence[JudgedQuestion], watch: Callable[[], None] = lambda: None
) -> Scores:
    """One over the rank of the first right answer of each question, 0 below `DEPTH`.

    `watch` is called before each question; what it raises ends it.
    """
    out = np.zeros(len(questions))
    for at, question in enumerate(questions):
        watch()
        try:
            hits = searcher.search(question.query, DEPTH, by_symbol=True)
        except UsageError:  # nothing but stop words
            continue
        ranks = [rank for rank, hit in enumerate(hits, 1) if (hit.path, hit.qualified_name) in question.wanted]
        out[at] = 1 / ranks[0] if ranks else 0.0
    return out


def name_questions(
    defined: Iterable[tuple[str, str, str]], most: int, use: Literal["judging", "choosing"] = "judging"
) -> list[JudgedQuestion]:
    """Names in words, each of one definition alone, spread over the project.

    Args:
        defined: (path, qualified name, name) of definitions.
        most: how many questions at most.
        use: those of one use are other names than those of the other; where there are few names, all judge.
    """
    of: dict[str, list[tuple[str, str]]] = {}
    for path, qualified_name, name in defined:
        if len(words := parts(name)) >= 2:
            of.setdefault(" ".join(words), []).append((path, qualified_name))
    single = [(words, places[0]) for words, places in sorted(of.items()) if len(places) == 1]
    step = max(1, -(-len(single) // most)) if most else 1
    if use == "choosing":
        single = single[step // 2 :] if step > 1 else []
    return [JudgedQuestion(words, frozenset((place,))) for words, place in single[::step]]


class GeneralSet:
    """The questions that ship with the package, made by `scripts/make_general_set.py` from repositories that the
    shipped embedder was not trained on: of each text only its words are kept, in alphabetical order."""

    def __init__(self, use: Literal["choosing", "judging"]) -> None:
        """Read the questions of some repositories: some limit how far rows are moved, the others judge."""
        packed = files("glossator").joinpath("data/general_questions.jsonl.gz").read_bytes()
        lines = gzip.decompress(packed).decode("utf-8").splitlines()
        self._pairs = [pair for line in lines if (pair := json.loads(line))["use"] == use]

    def __len__(self) -> int:
        return len(self._pairs)

    def reciprocal_ranks(self, table: WordTable) -> Scores:
        """As `reciprocal_ranks`, by vectors alone, among the definitions in the question's language."""
        from glossator.adapt.word_vectors import CountedTexts

        def counted(texts: list[str]) -> CountedTexts:
            return CountedTexts(texts, table.vocabulary)

        queries = table.queries(counted([pair["query"] for pair in self._pairs]))
        documents = table.documents({name: counted([pair[name] for pair in self._pairs]) for name in FIELDS})
        language = np.array([pair["language"] for pair in self._pairs])
        cosines = queries @ documents.T
        cosines[language[:, None] != language[None, :]] = -2
        right = np.diagonal(cosines).copy()
        ranks = (cosines > right[:, None] + 1e-7).sum(1) + 1
        return np.where(ranks <= DEPTH, 1 / ranks, 0.0)
