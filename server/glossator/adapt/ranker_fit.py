"""The weights of ranking, fitted to a project's commits within bounds.

The model is a conditional logit over the entries of a question's best files: the score of an entry is its file's plus
its own (`retrieval/ranking.py`). There is a penalty on how far weights move from the shipped ones.
No weight leaves the bounds, and those stay as they are of which commits tell nothing, or something else than questions
do: no commit here changes a test or a document, and commits change what is large.

Weights are taken only if those that older commits give rank the newest ones better, if those that some of the commits
give rank the others better by more than one standard error, and if they find the project's names as well as before. The
vectors of the index must not have been trained on these commits: they answer them better than they answer what comes
later, and weights fitted to that trust vectors too much.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from glossator.adapt.conditional_logit import fit_logit
from glossator.adapt.retriever_gate import DEPTH, FEWEST_JUDGES, LEAST_CHOICE_GAIN, MOST_LOSS
from glossator.index.manifest import ORDINAL_BITS
from glossator.retrieval.ranking import ENTRY_FEATURES, Weights
from glossator.retrieval.ranking_features import FILE_FEATURES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from numpy.typing import NDArray

    from glossator.adapt.conditional_logit import Numbers
    from glossator.retrieval.search import Searcher

FIXED = frozenset(("test", "example", "compat", "prose", "block", "window", "type", "top", "size", "name", "exact"))
"""Weights that are not fitted."""
BOUND = 0.5
"""A weight stays between (1 - BOUND) and (1 + BOUND) times what it was."""
PENALTIES = (40.0, 100.0, 250.0)
"""On the squared relative changes of the weights, in units of one question's loss; the least is taken with which names
lose no more than chance explains. With 40 rather than 100, commits of fastify and Slim (those that judge) gain .013 and
.001 more MRR, but names lose .010 and .013 more."""
FOLDS = 5
"""Parts of the commits, consecutive ones, each of which is ranked with the weights that the others give."""
STANDARD_ERRORS = 1.0
"""How many standard errors the gain over all parts has to exceed, and a loss of names before it counts: Breiman's rule
for choosing what is simple. Asked of the newest commits alone, weights were refused in Slim that gain .014 on those
that judge: they are too few."""
ENTRY_FILES = 15
"""Best files whose entries are looked at, as many as a search of ten hits looks at."""
FEWEST = 30
"""Questions below which nothing is fitted."""


@dataclass(frozen=True, slots=True)
class RankedCase:
    """A question's candidates: a row of features (those of its file, then its own) for each entry, and the wanted."""

    features: Numbers
    wanted: NDArray[np.bool_]


def collect_case(searcher: Searcher, query: str, wanted: Collection[tuple[str, str]]) -> RankedCase | None:
    """The candidates of a question; None if no wanted entry, (path, qualified name), is among them."""
    found = searcher.candidates(query)
    order = np.argsort(-searcher.weights.file_scores(found.features), kind="stable")[:ENTRY_FILES]
    if not len(order):
        return None
    row = {found.revisions[int(at)]: int(at) for at in order}
    entries, values = searcher.entries_of(found, list(row))
    right = np.array([(entry.path, entry.qualified_name) in wanted for entry in entries], bool)
    if not right.any() or right.all():
        return None
    files = found.features[[row[entry.id >> ORDINAL_BITS] for entry in entries]]
    return RankedCase(np.concatenate([files, values], axis=1).astype(np.float64), right)


def chosen_weights(
    newest: Sequence[RankedCase],
    older: Sequence[RankedCase],
    named: Sequence[RankedCase],
    start: Weights,
    watch: Callable[[], None] = lambda: None,
) -> Weights:
    """Weights fitted to all commits if those fitted to the older ones are better than `start`, else `start`.

    Args:
        newest: cases of the newest commits, which choose.
        older: cases of the commits before them.
        named: cases of names, which must not be found worse.
        start: the weights in use.
        watch: called at each step; what it raises ends the fit.
    """
    if len(newest) < FEWEST_JUDGES:
        return start
    for penalty in PENALTIES:
        tried = fitted_weights(older, start, penalty, watch)
        if float((reciprocal_ranks_of(newest, tried) - reciprocal_ranks_of(newest, start)).mean()) <= LEAST_CHOICE_GAIN:
            continue
        fitted = fitted_weights([*newest, *older], start, penalty, watch)
        losses = reciprocal_ranks_of(named, start) - reciprocal_ranks_of(named, fitted)
        if len(named) >= FEWEST_JUDGES and float(losses.mean()) > max(MOST_LOSS, _noise(losses)):
            continue
        gains = cross_validated_gains([*newest, *older], start, penalty, watch)
        if float(gains.mean()) > _noise(gains):
            return fitted
    return start


def _noise(values: Numbers) -> float:
    """What the mean of so many values may be by chance."""
    return STANDARD_ERRORS * float(values.std(ddof=1)) / math.sqrt(len(values))


def cross_validated_gains(
    cases: Sequence[RankedCase], start: Weights, penalty: float, watch: Callable[[], None] = lambda: None
) -> Numbers:
    """By how much the reciprocal rank of each case is better with weights fitted to the other parts of the cases."""
    found = []
    for part in np.array_split(np.arange(len(cases)), FOLDS):
        rest = [*cases[: part[0]], *cases[part[-1] + 1 :]]
        own = [cases[at] for at in part]
        fitted = fitted_weights(rest, start, penalty, watch)
        found.append(reciprocal_ranks_of(own, fitted) - reciprocal_ranks_of(own, start))
    return np.concatenate(found)


def reciprocal_ranks_of(cases: Sequence[RankedCase], weights: Weights) -> Numbers:
    """One over the rank of each case's best wanted entry among its candidates, 0 below `DEPTH`."""
    vector = _vector(weights)
    found = np.zeros(len(cases))
    for at, case in enumerate(cases):
        scores = case.features @ vector
        rank = int((scores > scores[case.wanted].max()).sum()) + 1
        found[at] = 1 / rank if rank <= DEPTH else 0.0
    return found


def _vector(weights: Weights) -> Numbers:
    """Weights in the order of a case's features."""
    file = (weights.file.get(name, 0.0) for name in FILE_FEATURES)
    return np.array([*file, *(weights.entry.get(name, 0.0) for name in ENTRY_FEATURES)])


def fitted_weights(
    cases: Sequence[RankedCase], start: Weights, penalty: float, watch: Callable[[], None] = lambda: None
) -> Weights:
    """The weights that rank what is wanted best, within the bounds; `start` if there are too few cases.

    `penalty`: one of `PENALTIES`. `watch` is called at each step; what it raises ends the fit.
    """
    if len(cases) < FEWEST:
        return start
    names = [*FILE_FEATURES, *ENTRY_FEATURES]
    first = _vector(start)
    free = np.array([name not in FIXED and weight != 0 for name, weight in zip(names, first, strict=True)])
    change = fit_logit(
        [case.features[:, free] * first[free] for case in cases],
        [case.wanted for case in cases],
        penalty,
        each=False,
        base=[case.features @ first for case in cases],
        lower=-BOUND,
        upper=BOUND,
        watch=watch,
    )
    values = first.copy()
    values[free] *= 1 + change
    split = len(FILE_FEATURES)
    return Weights(
        file=dict(zip(names[:split], values[:split].tolist(), strict=True)),
        entry=dict(zip(names[split:], values[split:].tolist(), strict=True)),
        repeat=start.repeat,
    )
