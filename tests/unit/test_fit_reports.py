"""How the weights of reports are fitted and compared (`scripts/fit_reports.py`)."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from fit_ranking import Case, fit  # noqa: E402
from fit_reports import MEASURES, ReportCase, show_difference  # noqa: E402
from glossator.retrieval.report_search import FoundDefinitions  # noqa: E402
from retrieval_questions import Question  # noqa: E402


def asked(repository: str, number: int) -> Question:
    return Question(f"{repository}/{number}", repository, "", "why does it fail?", ())


def case_of(repository: str, number: int, wanted: float) -> Case:
    """A question with two candidates, of which the one with this value of the only feature is wanted."""
    features = np.array([[0.0], [1.0]])
    return Case(asked(repository, number), ["a.py", "b.py"], features, features[:, 0] == wanted)


CASES = [
    *(case_of("large", number, 1.0) for number in range(6)),
    *(case_of("small", number, 0.0) for number in range(2)),
]
"""A repository whose questions want the feature, and a smaller one whose questions want the contrary."""


def test_repositories_count_alike_whatever_their_size() -> None:
    assert fit(CASES, [0])[0] == pytest.approx(0.0, abs=1e-6)


def test_questions_count_alike_up_to_a_most_of_one_repository() -> None:
    all_alike = fit(CASES, [0], most=10)[0]
    limited = fit(CASES, [0], most=3)[0]
    assert all_alike > limited > 0
    assert fit(CASES, [0], most=1)[0] == pytest.approx(0.0, abs=1e-6)


def test_intervals_of_a_difference_are_of_whole_repositories(capsys: pytest.CaptureFixture[str]) -> None:
    none = np.zeros((0, 0), np.float32)

    def report(repository: str, number: int) -> ReportCase:
        return ReportCase(asked(repository, number), [], [], none, FoundDefinitions([], {}, none), [], set())

    cases = [report("better", 0), report("better", 1), report("worse", 0), report("worse", 1)]
    worst, best = [0.0] * len(MEASURES), [1.0] * len(MEASURES)
    show_difference(cases, [worst, worst, best, best], [best, best, worst, worst])
    shown = capsys.readouterr().out.splitlines()
    assert shown == [f"{name}: +0.000 (-1.000 to +1.000)" for name in MEASURES]
