"""Fit the weights of `glossator.answers.evidence_ranking`: `fit_evidence.py --repositories FOLDER`.

The questions are those of `bench_answers.py` in the split "tune"; a hit answers if it is one of a question's symbols. A
question's hits compete (softmax), with a penalty on the weights. Prints how the symbols rank in repositories that were
left out, one after the other, beside the order of the search; then the weights.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from answer_questions import load_questions, load_repositories
from bench_answers import session_of
from glossator.answers.evidence import Question
from glossator.answers.evidence_ranking import hit_features
from glossator.answers.gathering import search_views
from glossator.answers.root_view import RootView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from answer_questions import AskedRepository, KnownQuestion

STEPS = 400
RATE = 0.05
SEEN = (1, 3, 8)
"""Places up to which symbols are counted."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """The hits of one question in the order of the search: features (hits, features), and which are its symbols."""

    repository: str
    names: tuple[str, ...]
    features: NDArray[np.float64]
    right: NDArray[np.bool_]


def rankings(
    repository: AskedRepository, questions: Sequence[KnownQuestion], options: argparse.Namespace
) -> list[Ranking]:
    """The hits of the questions about a repository."""
    found: list[Ranking] = []
    with closing(session_of(repository.folder(options.repositories), options.index_dir)) as session:
        views = [RootView.of(root) for root in session.roots]
        for question in questions:
            if not question.answerable:
                continue
            gathered = search_views(views, Question(question.text))
            hits = [(view, hit) for view, hit in gathered.found if not hit.exact]
            rows = hit_features(hits, gathered.asked)
            right = [(hit.path, hit.qualified_name) in question.symbols for _, hit in hits]
            if rows:
                values = np.array([list(row.values()) for row in rows])
                found.append(Ranking(repository.name, tuple(rows[0]), values, np.array(right)))
    return found


def fitted(given: Sequence[Ranking], penalty: float) -> NDArray[np.float64]:
    """The weights, by Adam on standardised features."""
    every = np.concatenate([one.features for one in given])
    mean, deviation = every.mean(0), every.std(0) + 1e-9
    known = [((one.features - mean) / deviation, one.right) for one in given if one.right.any()]
    weights = np.zeros(every.shape[1])
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, STEPS + 1):
        slope = penalty * weights
        for features, right in known:
            likely = np.exp((scores := features @ weights) - scores.max())
            likely /= likely.sum()
            wanted = likely * right
            slope -= features.T @ (wanted / wanted.sum() - likely) / len(known)
        first = 0.9 * first + 0.1 * slope
        second = 0.99 * second + 0.01 * slope * slope
        weights -= RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
    fit: NDArray[np.float64] = weights / deviation
    return fit


def tell(what: str, ranked: Sequence[NDArray[np.bool_]]) -> None:
    """Print how high the symbols of questions are, given for each question which hits, best first, are its symbols."""
    firsts = [int(np.argmax(right)) if right.any() else sys.maxsize for right in ranked]
    seen = "  ".join(f"among {count}: {np.mean([first < count for first in firsts]):.3f}" for count in SEEN)
    print(f"{what:40} {seen}  mean reciprocal rank: {np.mean([1 / (1 + first) for first in firsts]):.3f}")


def main() -> int:
    """Parse arguments, fit, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repositories", type=Path, required=True, help="folder with the checkouts by name")
    parser.add_argument("--index-dir", type=Path, help="where indexes are kept (default: .index in --repositories)")
    parser.add_argument("--penalty", type=float, default=0.03, help="on the weights of standardised features")
    options = parser.parse_args()
    options.index_dir = options.index_dir or options.repositories / ".index"
    questions = load_questions()
    given: list[Ranking] = []
    for repository in load_repositories():
        if repository.split == "tune" and repository.folder(options.repositories).is_dir():
            given += rankings(repository, questions[repository.name], options)
    if not given:
        parser.error(f"no repository that questions are about is in {options.repositories}")
    tell("the search", [one.right for one in given])
    ranked: list[NDArray[np.bool_]] = []
    for name in dict.fromkeys(one.repository for one in given):
        weights = fitted([one for one in given if one.repository != name], options.penalty)
        left_out = [one for one in given if one.repository == name]
        ranked += [one.right[np.argsort(-(one.features @ weights), kind="stable")] for one in left_out]
    tell("ranked again, repository left out", ranked)
    for feature, weight in zip(given[0].names, fitted(given, options.penalty), strict=True):
        print(f'    "{feature}": {weight:.2f},')
    return 0


if __name__ == "__main__":
    sys.exit(main())
