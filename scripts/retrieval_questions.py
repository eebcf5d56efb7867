"""Questions about repositories, indexes of their checkouts, and the scores of what a search finds.

Shared by `bench_retrieval.py` and `fit_ranking.py`. A folder of questions holds

- `repos.json`: a list of {"name", "language", "root"}: `root` is the only folder of the checkout that is indexed
- `questions.jsonl`: {"id", "repo", "category", "query", "targets"}; a target is {"path"}, with "start_line" and
  "end_line" if only these lines answer; paths are relative to the checkout's top

NDCG@10 as semble's published benchmark counts it: a target's rank is that of the first result whose path equals the
target's or ends with it at a "/" (either way round) and, where the target has lines, overlaps them; gain 1 at each
distinct rank, discount 1/log2(rank + 1), ideal = min(10, number of targets) ones.
"""

from __future__ import annotations

import json
import math
import os
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glossator.project.session import Session
from glossator.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Place = tuple[str, int, int]
"""Path relative to the checkout's top, first and last line."""


@dataclass(frozen=True, slots=True)
class Repository:
    """A checkout with questions about it."""

    name: str
    language: str
    top: Path
    root: str

    @property
    def folder(self) -> Path:
        """The folder that is indexed."""
        return Path(os.path.normpath(self.top / self.root))

    def from_top(self, path: str) -> str:
        """A path relative to `folder` as one relative to `top`."""
        return os.path.normpath(Path(self.root) / path).replace(os.sep, "/")


@dataclass(frozen=True, slots=True)
class Question:
    """A query and where its answer stands."""

    id: str
    repo: str
    category: str
    query: str
    targets: tuple[dict[str, Any], ...]


def load(data: Path, checkouts: Path, only: Iterable[str] = ()) -> tuple[list[Repository], dict[str, list[Question]]]:
    """The repositories that are checked out, and their questions by repository."""
    wanted = set(only)
    repositories = [
        Repository(row["name"], row["language"], checkouts / row["name"], row["root"])
        for row in json.loads((data / "repos.json").read_text("utf-8"))
        if (checkouts / row["name"]).is_dir() and (not wanted or row["name"] in wanted)
    ]
    questions: dict[str, list[Question]] = defaultdict(list)
    for line in (data / "questions.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        questions[row["repo"]].append(
            Question(row["id"], row["repo"], row.get("category", ""), row["query"], tuple(row["targets"]))
        )
    return repositories, questions


def indexed(repository: Repository, index_dir: Path) -> Session:
    """A session over the repository's folder, its index up to date."""
    session = Session([repository.folder], replace(Settings(), index_dir=index_dir))
    session.root.index()
    return session


def same_path(one: str, other: str) -> bool:
    """Whether two paths are equal, or one ends with the other at a "/"."""
    return one == other or one.endswith("/" + other) or other.endswith("/" + one)


def meets(place: Place, target: dict[str, Any]) -> bool:
    """Whether a result is the target."""
    path, start, end = place
    if not same_path(path, target["path"]):
        return False
    return "start_line" not in target or (start <= target["end_line"] and end >= target["start_line"])


def ndcg(found: Sequence[Place], targets: Sequence[dict[str, Any]], k: int = 10) -> float:
    """NDCG@k of results, best first: 0..1."""
    ranks = {next((i for i, place in enumerate(found[:k], 1) if meets(place, one)), 0) for one in targets} - {0}
    ideal = sum(1 / math.log2(i + 2) for i in range(min(k, len(targets))))
    return sum(1 / math.log2(rank + 1) for rank in ranks) / ideal


def mean(values: Iterable[float]) -> float:
    """The mean; 0 of nothing."""
    listed = list(values)
    return sum(listed) / len(listed) if listed else 0.0


def mean_of_repositories(scored: Iterable[tuple[Question, float]]) -> float:
    """The mean over repositories of the means of their questions."""
    by_repo: dict[str, list[float]] = defaultdict(list)
    for question, score in scored:
        by_repo[question.repo].append(score)
    return mean(mean(scores) for scores in by_repo.values())


def by_category(scored: Sequence[tuple[Question, float]]) -> dict[str, float]:
    """Category -> the mean over repositories of the means of their questions of that category."""
    categories = sorted({question.category for question, _ in scored})
    return {name: mean_of_repositories(pair for pair in scored if pair[0].category == name) for name in categories}
