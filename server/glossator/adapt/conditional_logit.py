"""The conditional logit by which weights of ranking are fitted: to a project's commits, in `scripts/` to questions.

The chance that a candidate of a question is one of those wanted is the softmax of its score, the weighted sum of its
features. Weights are fitted by Newton's method, projected on their bounds (Bertsekas, "Projected Newton Methods for
Optimization Problems with Simple Constraints", 1982).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

    Numbers = NDArray[np.float64]

_STEPS: Final = 200
_TOLERANCE: Final = 1e-6
"""Change of a weight below which it has settled."""
_SHORTEST: Final = 1e-4
"""Part of a step of Newton's method that is tried at least."""


def fit_logit(
    features: Sequence[Numbers],
    wanted: Sequence[NDArray[np.bool_]],
    penalty: float,
    *,
    each: bool,
    counts: ArrayLike = 1.0,
    base: Sequence[Numbers] | None = None,
    lower: ArrayLike = -np.inf,
    upper: ArrayLike = np.inf,
    watch: Callable[[], None] = lambda: None,
) -> Numbers:
    """The weights of the features, of the least loss within the bounds; 0 must be within them.

    Args:
        features: of each question, a row for each candidate.
        wanted: of each question, which of its candidates are wanted: one at least.
        penalty: half of it, times the squares of the weights, is added to the loss.
        each: whether all that are wanted are to have the same chance (a question's loss is the cross entropy); else it
            is enough if one of them is likely (the loss is the negative logarithm of the sum of their chances).
        counts: how much each question counts.
        base: of each question, what the candidates' scores are without these weights; 0 by default.
        lower: the least value of each weight.
        upper: the greatest.
        watch: called at each step; what it raises ends the fit.
    """
    rows, right = np.concatenate(features), np.concatenate(wanted)
    fixed = np.zeros(len(rows)) if base is None else np.concatenate(base)
    lengths = np.array([len(one) for one in wanted])
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    of = np.repeat(np.arange(len(lengths)), lengths)
    count = np.broadcast_to(np.asarray(counts, np.float64), lengths.shape)
    even = right / np.add.reduceat(right.astype(np.float64), starts)[of]
    least, most = np.asarray(lower, np.float64), np.asarray(upper, np.float64)
    ridge = penalty * np.eye(rows.shape[1])

    def softmax(scores: Numbers) -> tuple[Numbers, Numbers]:
        """The chances of the candidates, and the logarithm of the sum of their powers by question."""
        top = np.maximum.reduceat(scores, starts)
        powers = np.exp(scores - top[of])
        sums = np.add.reduceat(powers, starts)
        return powers / sums[of], np.log(sums) + top

    def aims(scores: Numbers) -> tuple[Numbers, Numbers]:
        """What the chances should be, and the part of the loss that rewards it."""
        if each:
            return even, np.add.reduceat(even * scores, starts)
        return softmax(np.where(right, scores, -np.inf))

    def loss(weights: Numbers) -> float:
        scores = fixed + rows @ weights
        return float(count @ (softmax(scores)[1] - aims(scores)[1])) + 0.5 * penalty * float(weights @ weights)

    def covariance(chances: Numbers) -> Numbers:
        shares = rows * chances[:, None]
        means = np.add.reduceat(shares, starts, axis=0)
        found: Numbers = rows.T @ (shares * count[of][:, None]) - means.T @ (means * count[:, None])
        return found

    weights = np.zeros(rows.shape[1])
    for _ in range(_STEPS):
        watch()
        scores = fixed + rows @ weights
        chances, target = softmax(scores)[0], aims(scores)[0]
        slope = rows.T @ ((chances - target) * count[of]) + penalty * weights
        free = ~(((weights <= least) & (slope > 0)) | ((weights >= most) & (slope < 0)))
        curvature = covariance(chances) + ridge
        if not each:
            bent = curvature - covariance(target)
            if not free.any() or np.linalg.eigvalsh(bent[np.ix_(free, free)])[0] > penalty / 2:
                curvature = bent  # else the loss is not convex here, and the first part of its curvature has to do
        step = np.zeros_like(weights)
        step[free] = np.linalg.solve(curvature[np.ix_(free, free)], slope[free])
        before, length = loss(weights), 1.0
        while True:
            tried = np.clip(weights - length * step, least, most)
            if loss(tried) <= before - 1e-4 * float(slope @ (weights - tried)) or length < _SHORTEST:
                break
            length /= 2
        moved = float(np.abs(tried - weights).max(initial=0.0))
        weights = tried
        if moved < _TOLERANCE:
            break
    return weights
