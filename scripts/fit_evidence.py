"""Fit the weights of `glossator.answers.evidence_ranking`: `--trees FOLDER --sources FOLDER --data FOLDER`.

Sets of questions, most about whole repositories (--trees), tests, documents and examples included:

- answers: those of `bench_answers.py` in the split "tune"; a hit answers if it is one of a question's symbols;
- sources: the same about the folders of sources alone (in the checkouts in --sources), as `bench_answers.py` asks them;
- files: `questions.jsonl` in --data (see `retrieval_questions.py`); a hit answers if it is in a target file;
- references: `repository_questions.jsonl` in --data (see `report_questions.py`); a hit answers if the reference answer
  names its file and itself.

Nothing is fitted on the repositories of the split "report". A question's hits compete
(`glossator.adapt.conditional_logit`), with a penalty on the weights of standardised features, and what speaks for a hit
may not be held against it. Prints how what answers ranks in
repositories that were left out, one after the other, beside the order of the search; then the weights.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from answer_questions import load_questions, load_repositories
from bench_answers import session_of
from glossator.adapt.conditional_logit import fit_logit
from glossator.answers.evidence import Question
from glossator.answers.evidence_ranking import hit_features, is_ranked_again
from glossator.answers.gathering import search_views
from glossator.answers.root_view import RootView
from retrieval_questions import same_path

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from answer_questions import AskedRepository
    from glossator.retrieval.search import Hit

SEEN = (1, 3, 8)
"""Places up to which what answers is counted."""
SHARES = {"files": 1.0, "answers": 5.0, "sources": 8.0, "references": 3.0}
"""How much a question of each set counts: a set with labels of symbols more than one with labels of files."""
SPEAKING_FOR = frozenset({"place", "text", "near_text", "near_name", "near_doc", "passage", "file_name"})
"""Features whose weights may not be negative: questions of one author that avoid the names of what answers them would
otherwise teach that names are wrong."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A question of a set about a repository, and what tells whether a hit answers it."""

    kind: str
    text: str
    answers: Callable[[Hit], bool]


@dataclass(frozen=True, slots=True)
class Ranking:
    """The hits of one question in the order of the search: features (hits, features), and which of them answer."""

    kind: str
    repository: str
    names: tuple[str, ...]
    features: NDArray[np.float64]
    right: NDArray[np.bool_]


def questions_of(data: Path) -> dict[str, list[Asking]]:
    """The questions of all sets by repository, without those of the split "report"."""
    found: dict[str, list[Asking]] = {}
    known = load_questions()
    left_out = set()
    for repository in load_repositories():
        if repository.split != "tune":
            left_out.add(repository.name)
            continue
        prefix = "" if repository.root == "." else f"{repository.root}/"
        for question in known[repository.name]:
            if question.answerable:
                symbols = frozenset((prefix + path, name) for path, name in question.symbols)
                found.setdefault(repository.name, []).append(Asking("answers", question.text, _is_symbol(symbols)))
    for line in (data / "questions.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        if row["repo"] not in left_out:
            paths = [target if isinstance(target, str) else target["path"] for target in row["targets"]]
            found.setdefault(row["repo"], []).append(Asking("files", row["query"], _is_in(paths)))
    for line in (data / "repository_questions.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        name = row["github"].rpartition("/")[2]
        if row["files"] and name not in left_out:
            asking = Asking("references", row["question"], _is_named(row["files"], row["reference"]))
            found.setdefault(name, []).append(asking)
    return found


def _is_symbol(symbols: frozenset[tuple[str, str]]) -> Callable[[Hit], bool]:
    return lambda hit: (hit.path, hit.qualified_name) in symbols


def _is_in(paths: Sequence[str]) -> Callable[[Hit], bool]:
    return lambda hit: any(same_path(hit.path, path) for path in paths)


def _is_named(files: Sequence[str], reference: str) -> Callable[[Hit], bool]:
    words = frozenset(re.findall(r"\w+", reference))
    return lambda hit: hit.path in files and bool(hit.name) and hit.name in words


def source_questions() -> dict[AskedRepository, list[Asking]]:
    """The questions of the set "sources" by repository."""
    known = load_questions()
    return {
        repository: [
            Asking("sources", question.text, _is_symbol(frozenset(question.symbols)))
            for question in known[repository.name]
            if question.answerable
        ]
        for repository in load_repositories()
        if repository.split == "tune"
    }


def rankings(name: str, folder: Path, questions: Sequence[Asking], index_dir: Path) -> list[Ranking]:
    """The hits of the questions about a repository that are ranked again."""
    found: list[Ranking] = []
    with closing(session_of(folder, index_dir)) as session:
        views = [RootView.of(root) for root in session.roots]
        for question in questions:
            gathered = search_views(views, Question(question.text))
            hits = [(view, hit) for view, hit in gathered.found if not hit.exact]
            if hits and is_ranked_again(gathered.found, gathered.query):
                rows = hit_features(hits, gathered.asked)
                right = np.array([question.answers(hit) for _, hit in hits])
                values = np.array([list(row.values()) for row in rows])
                found.append(Ranking(question.kind, name, tuple(rows[0]), values, right))
    return found


def fitted(given: Sequence[Ranking], penalty: float) -> NDArray[np.float64]:
    """The weights, fitted on standardised features."""
    deviation = np.concatenate([one.features for one in given]).std(0) + 1e-9
    asked = Counter(one.repository for one in given)
    telling = [one for one in given if one.right.any() and not one.right.all()]
    counts = np.array([SHARES[one.kind] / np.sqrt(asked[one.repository]) for one in telling])
    features, right = [one.features / deviation for one in telling], [one.right for one in telling]
    lower = [0.0 if name in SPEAKING_FOR else -np.inf for name in given[0].names]
    fit: NDArray[np.float64] = (
        fit_logit(features, right, penalty, each=False, counts=counts / counts.sum(), lower=lower) / deviation
    )
    return fit


def tell(what: str, ranked: Sequence[tuple[Ranking, NDArray[np.bool_]]]) -> None:
    """Print how high what answers is, given for each question which hits, best first, answer."""
    for kind in SHARES:
        firsts = [int(np.argmax(right)) if right.any() else sys.maxsize for one, right in ranked if one.kind == kind]
        if firsts:
            seen = "  ".join(f"among {count}: {np.mean([at < count for at in firsts]):.3f}" for count in SEEN)
            rank = np.mean([1 / (1 + at) for at in firsts])
            print(f"{what:34} {kind:10} ({len(firsts)}) {seen}  mean reciprocal rank: {rank:.3f}")


def main() -> int:
    """Parse arguments, fit, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trees", type=Path, required=True, help="folder with whole repositories by name")
    parser.add_argument("--sources", type=Path, required=True, help="folder with the checkouts of `bench_answers.py`")
    parser.add_argument("--data", type=Path, required=True, help="folder with the two other sets of questions")
    parser.add_argument("--index-dir", type=Path, help="where indexes are kept (default: .index in --trees)")
    parser.add_argument("--penalty", type=float, default=0.03, help="on the weights of standardised features")
    options = parser.parse_args()
    options.index_dir = options.index_dir or options.trees / ".index"
    given: list[Ranking] = []
    for name, questions in questions_of(options.data).items():
        if (options.trees / name).is_dir():
            given += rankings(name, options.trees / name, questions, options.index_dir)
        else:
            print(f"not in {options.trees}: {name}", file=sys.stderr)
    for repository, questions in source_questions().items():
        if (folder := repository.folder(options.sources)).is_dir():
            given += rankings(repository.name, folder, questions, options.index_dir)
    if not given:
        parser.error(f"no repository that questions are about is in {options.trees}")
    tell("the search", [(one, one.right) for one in given])
    ranked: list[tuple[Ranking, NDArray[np.bool_]]] = []
    for name in dict.fromkeys(one.repository for one in given):
        weights = fitted([one for one in given if one.repository != name], options.penalty)
        left_out = [one for one in given if one.repository == name]
        ranked += [(one, one.right[np.argsort(-(one.features @ weights), kind="stable")]) for one in left_out]
    tell("ranked again, repository left out", ranked)
    for feature, weight in zip(given[0].names, fitted(given, options.penalty), strict=True):
        print(f'    "{feature}": {weight:.2f},')
    return 0


if __name__ == "__main__":
    sys.exit(main())
