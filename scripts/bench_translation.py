"""Measure the effect of the word lists on German, French and Spanish questions: `scripts/bench translation [--json]`.

The questions are in `foreign_questions.jsonl`, each with its English original and the files that answer it. They are
about Python's standard library and about packages of the development environment. Every question is searched for four
times: in English, as an upper bound; with the word lists, as shipped; with the lists' stop words only; and without the
lists. Scores are NDCG@10 over files, and the share of questions with a wanted file among the first three hits.
Differences are paired by question, with the 95 % interval of 10,000 bootstrap samples of the questions.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np

from bench_index import copy, standard_library
from glossator.project.session import Session
from glossator.settings import Settings
from retrieval_questions import Place, ndcg, same_path

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

QUESTIONS = Path(__file__).with_name("foreign_questions.jsonl")
VARIANTS = ("English", "with lists", "stop words only", "without lists")
SAMPLES = 10_000
FIRST = 3
_QUERY = "glossator.retrieval.query"


def corpora(questions: Sequence[dict[str, Any]], folder: Path) -> dict[str, Path]:
    """Copies of the code that the questions are about: name -> folder."""
    made = {name: folder / name.replace(" ", "-") for name in ("standard library", "packages")}
    copy(standard_library(), made["standard library"])
    wanted = (target["path"] for row in questions if row["corpus"] == "packages" for target in row["targets"])
    for package in sorted({path.split("/")[0] for path in wanted}):
        found = importlib.util.find_spec(package)
        if found is None or not found.submodule_search_locations:
            continue
        copy(Path(found.submodule_search_locations[0]), made["packages"] / package)
    return made


def score(row: dict[str, Any], hits: Sequence[Place]) -> tuple[float, float]:
    """NDCG@10 of a question's files, and whether one is among the first hits."""
    targets = [{"path": target["path"]} for target in row["targets"]]
    first = any(same_path(path, target["path"]) for path, _, _ in hits[:FIRST] for target in targets)
    return ndcg(hits, targets), float(first)


def searched(session: Session, rows: Sequence[dict[str, Any]], variant: str) -> list[tuple[float, float]]:
    """The scores of the questions in one variant."""
    with ExitStack() as stack:
        if variant == "without lists":
            stack.enter_context(mock.patch(f"{_QUERY}.detect_language", return_value=None))
        elif variant == "stop words only":
            stack.enter_context(mock.patch(f"{_QUERY}.translate", return_value=()))
        text = "english" if variant == "English" else "query"
        found = [[(hit.path, hit.start_line, hit.end_line) for hit in session.search(row[text], 10)] for row in rows]
    return [score(row, hits) for row, hits in zip(rows, found, strict=True)]


def interval(differences: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """Where the mean of the differences lies in 95 % of bootstrap samples."""
    drawn = np.random.default_rng(seed).choice(differences, (SAMPLES, len(differences)))
    low, high = np.percentile(drawn.mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def measure(index_dir: Path | None, progress: Callable[[str], None]) -> dict[str, Any]:
    """All scores: variant -> one for each question; beside them the questions."""
    questions = [json.loads(line) for line in QUESTIONS.read_text("utf-8").splitlines()]
    scores: dict[str, list[tuple[float, float]]] = {variant: [] for variant in VARIANTS}
    asked: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as temporary:
        for name, folder in corpora(questions, Path(temporary)).items():
            rows = [row for row in questions if row["corpus"] == name]
            there = [row for row in rows if all((folder / one["path"]).is_file() for one in row["targets"])]
            if len(there) < len(rows):
                progress(f"{name}: {len(rows) - len(there)} questions left out: their files are not installed here")
            asked += there
            session = Session([folder], replace(Settings(), index_dir=index_dir or Path(temporary, "index")))
            try:
                session.root.index()
                for variant in VARIANTS:
                    scores[variant] += searched(session, there, variant)
            finally:
                session.close()
    return {"questions": asked, "scores": scores}


def main(arguments: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index-dir", type=Path)
    parser.add_argument("--json", action="store_true", help="print every question's scores")
    options = parser.parse_args(arguments)
    measured = measure(options.index_dir, lambda text: print(text, file=sys.stderr))
    if options.json:
        print(json.dumps(measured))
        return 0
    questions = measured["questions"]
    languages = np.array([row["language"] for row in questions])
    table = {variant: np.array(rows) for variant, rows in measured["scores"].items()}
    print(f"{len(questions)} questions\n")
    print("| NDCG@10 | all | " + " | ".join(sorted(set(languages))) + f" | wanted file among the first {FIRST} |")
    print("|---|---|" + "---|" * len(set(languages)) + "---|")
    for variant, rows in table.items():
        by_language = "".join(f" {rows[languages == one, 0].mean():.3f} |" for one in sorted(set(languages)))
        print(f"| {variant} | {rows[:, 0].mean():.3f} |{by_language} {rows[:, 1].mean():.2f} |")
    print("\n| difference of NDCG@10 | mean | 95 % interval |\n|---|---|---|")
    for better, worse in (
        ("with lists", "without lists"),
        ("with lists", "stop words only"),
        ("English", "with lists"),
    ):
        differences = table[better][:, 0] - table[worse][:, 0]
        low, high = interval(differences)
        print(f"| {better} - {worse} | {differences.mean():+.3f} | {low:+.3f} to {high:+.3f} |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
