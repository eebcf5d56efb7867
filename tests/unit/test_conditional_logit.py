"""The weights that a conditional logit is fitted to, beside those that SciPy finds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import logsumexp

from glossator.adapt.conditional_logit import fit_logit


def _questions(seed: int, features: int = 6) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Candidates of questions: those wanted score high by weights some of which are below 0."""
    random = np.random.default_rng(seed)
    truth = random.normal(size=features)
    rows, wanted = [], []
    for _ in range(80):
        values = random.normal(size=(int(random.integers(2, 30)), features)) * np.linspace(0.1, 3, features)
        scores = values @ truth + random.gumbel(size=len(values))
        rows.append(values)
        wanted.append(scores >= np.sort(scores)[-int(random.integers(1, 3))])
    return rows, wanted


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("each", [True, False])
@pytest.mark.parametrize(("lower", "upper"), [(-np.inf, np.inf), (0.0, np.inf), (-0.2, 0.2)])
def test_finds_the_weights_of_the_least_loss_within_the_bounds(
    seed: int, each: bool, lower: float, upper: float
) -> None:
    rows, wanted = _questions(seed)
    counts = np.linspace(0.1, 2, len(rows))
    base = [0.3 * values[:, 0] for values in rows]

    def loss(weights: np.ndarray) -> float:
        total = 0.5 * 2.0 * float(weights @ weights)
        for count, values, right, fixed in zip(counts, rows, wanted, base, strict=True):
            scores = fixed + values @ weights
            aim = scores[right].mean() if each else logsumexp(scores[right])
            total += count * float(logsumexp(scores) - aim)
        return total

    found = fit_logit(rows, wanted, 2.0, each=each, counts=counts, base=base, lower=lower, upper=upper)
    best = minimize(loss, np.zeros(6), method="L-BFGS-B", bounds=[(lower, upper)] * 6)
    assert lower <= found.min() <= found.max() <= upper
    assert loss(found) <= best.fun + 1e-6
    assert found == pytest.approx(best.x, abs=2e-3)


def test_what_watches_ends_the_fit() -> None:
    def stop() -> None:
        raise InterruptedError

    rows, wanted = _questions(0)
    with pytest.raises(InterruptedError):
        fit_logit(rows, wanted, 1.0, each=True, watch=stop)
