"""Hits ranked once more: what tells comes before what is only named alike; what a question names stays first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glossator.answers.evidence import Question
from glossator.answers.evidence_ranking import WEIGHTS, hit_features, ranked_hits
from glossator.answers.gathering import search_views
from tests.unit.retrieval_samples import make_project

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glossator.answers.gathering import Gathered
    from tests.unit.retrieval_samples import Project

LIMITER = """\
class Gate:
    def __init__(self, most, pause):
        self.most = most
        self.pause = pause

    def admit(self, caller, now):
        # Somebody who called too often has to wait until the pause is over.
        recent = [call for call in self.calls[caller] if now - call < self.pause]
        if len(recent) >= self.most:
            raise TooManyCalls(caller, self.pause)
        self.calls[caller] = [*recent, now]
"""
TESTS = """\
def test_who_called_too_often_has_to_wait():
    gate = Gate(1, 60)
    gate.admit("me", 0)
    with raises(TooManyCalls):
        gate.admit("me", 1)


def test_wait():
    assert wait(1) is None
"""
CALLS = "\n\n".join(f"def {name}(often, wait):\n    return None" for name in ("call", "called", "wait", "often_called"))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    files = {"src/gate.py": LIMITER, "src/phone.py": CALLS + "\n", "tests/test_gate.py": TESTS}
    with make_project(tmp_path_factory.mktemp("ranking"), files) as made:
        yield made


def searched(project: Project, text: str) -> Gathered:
    return search_views([project.view()], Question(text))


def names(project: Project, text: str) -> list[str]:
    gathered = searched(project, text)
    return [one.hit.qualified_name for one in ranked_hits(gathered.found, gathered.query, gathered.asked)]


@pytest.mark.parametrize(
    "question", ["What happens to somebody who called too often?", "How is somebody refused who called too often?"]
)
def test_what_tells_comes_first(project: Project, question: str) -> None:
    assert names(project, question)[0] == "Gate.admit"


@pytest.mark.parametrize(
    ("question", "telling", "other"),
    [
        ("what do calls that are too often raise", "Gate", "test_who_called_too_often_has_to_wait"),
        ("what is done about a caller that called often", "Gate.admit", "call"),
        ("How long must someone be quiet after having been called too often?", "Gate.admit", "call"),
    ],
)
def test_what_tells_comes_before_what_the_search_put_first(
    project: Project, question: str, telling: str, other: str
) -> None:
    found = [hit.qualified_name for _, hit in searched(project, question).found]
    ranked = names(project, question)
    assert found.index(other) < found.index(telling)
    assert ranked.index(telling) < ranked.index(other)


def test_tests_come_first_only_where_they_are_asked_for(project: Project) -> None:
    plain = searched(project, "what happens to somebody who called too often")
    asked = searched(project, "which test checks that somebody who called too often waits")
    assert any(row["test"] for row in hit_features(plain.found, plain.asked))
    assert not any(row["test"] for row in hit_features(asked.found, asked.asked))


@pytest.mark.parametrize("question", ["what does `often_called` do when called too often", "often_called", "wait"])
def test_what_a_question_names_stays_where_the_search_put_it(project: Project, question: str) -> None:
    gathered = searched(project, question)
    ranked = ranked_hits(gathered.found, gathered.query, gathered.asked)
    assert [one.hit for one in ranked] == [hit for _, hit in gathered.found]


def test_nothing_found_is_nothing_ranked(project: Project) -> None:
    gathered = searched(project, "what happens to somebody who called too often")
    assert ranked_hits([], gathered.query, gathered.asked) == []


def test_each_feature_has_a_weight(project: Project) -> None:
    gathered = searched(project, "what happens to somebody who called too often")
    assert all(row.keys() == WEIGHTS.keys() for row in hit_features(gathered.found, gathered.asked))
    assert all(
        0 <= value <= 2.5 or name.startswith("near") for row in hit_features(gathered.found, gathered.asked)
        for name, value in row.items()
    )  # fmt: skip


def test_the_best_is_worth_nothing_less(project: Project) -> None:
    gathered = searched(project, "what happens to somebody who called too often")
    worths = [one.worth for one in ranked_hits(gathered.found, gathered.query, gathered.asked)]
    assert worths == sorted(worths, reverse=True)
    assert worths[0] == 0.0
