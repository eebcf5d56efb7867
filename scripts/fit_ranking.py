"""Fit the weights of ranking: `fit_ranking.py --data DIR --checkouts DIR --symbols DIR [--write] [--ablate]`.

The model is a conditional logit (`glossator.adapt.conditional_logit`) of the candidate files of a query, every
repository weighing the same, with a penalty on the weights of standardised features.
It is fitted twice: on all candidates, then on those that the first fit ranks best and the wanted ones, so that the
weights tell near misses apart and not what any weights tell apart.

Two sets of questions are fitted on together: file-level ones (--data, see `retrieval_questions.py`) and symbol-level
ones (--symbols, made by `make_symbol_questions.py`). The second also give the weights by which an entry is chosen
within its file, by the same model over all entries of the best files, with the file's score as one more feature: so a
weight of an entry's feature is in units of the file's score.

Scores printed are cross-validated by repository: no repository is ranked by weights that were fitted on it.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from glossator.adapt.conditional_logit import fit_logit
from glossator.index.records import Filter
from glossator.retrieval.ranking import ENTRY_FEATURES
from glossator.retrieval.ranking_features import FILE_FEATURES
from retrieval_questions import Question, by_category, indexed, load, mean, mean_of_repositories, ndcg, same_path

RANKING = Path(__file__).resolve().parent.parent / "server" / "glossator" / "data" / "ranking.json"
PENALTY = 10.0
HARD = 28
"""Best candidates of each question that the second fit learns from, besides the wanted ones."""
FOLDS = 8
SEEDS = (0, 1, 2)
"""Cross-validation is repeated with the repositories dealt to the folds in these orders."""
MOST_PROSE = -2.0
MOST_BLOCK = -4.0
"""Bounds of two weights: no question's answer is a document or lines between definitions, but a user's may be."""
LEAST_NAME = 4.0
MOST_SIZE = 6.0
"""Bounds of two more: a commit changes what is large and says what it does; a user's question says what it is about, as
names do."""
ENTRY_FILES = 15
"""Best files whose entries are looked at."""


@dataclass(frozen=True, slots=True)
class Case:
    """A question with its candidates: files, or entries."""

    question: Question
    paths: list[str]
    features: NDArray[np.float64]
    wanted: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class EntryCase:
    """A symbol-level question with the entries of all its candidate files."""

    question: Question
    paths: list[str]
    files: NDArray[np.float64]
    """Features of the candidate files."""
    file_of: NDArray[np.intp]
    """Row in `files` of each entry."""
    features: NDArray[np.float64]
    targets: list[tuple[str, str]]
    """(path, qualified name) of each entry, of a window its definition's."""


def collect(data: Path, checkouts: Path, index_dir: Path, only: list[str]) -> list[Case]:
    """The candidates of all questions, from the engine itself."""
    repositories, questions = load(data, checkouts, only)
    cases: list[Case] = []
    for repository in repositories:
        session = indexed(repository, index_dir)
        snapshot = session.root.open()
        assert snapshot is not None
        searcher = snapshot.searcher
        for question in questions[repository.name]:
            found = searcher.candidates(question.query)
            paths = [repository.from_top(found.files[revision].path) for revision in found.revisions]
            wanted = np.array([any(same_path(path, one["path"]) for one in question.targets) for path in paths], bool)
            cases.append(Case(question, paths, found.features.astype(np.float64), wanted))
        session.close()
        print(f"  {repository.name}: {len(questions[repository.name])} questions", file=sys.stderr, flush=True)
    return cases


def collect_entries(data: Path, index_dir: Path) -> tuple[list[Case], list[EntryCase]]:
    """The candidate files of the symbol-level questions, and the entries of these files."""
    repositories, questions = load(data, data / "checkouts")
    files: list[Case] = []
    entries: list[EntryCase] = []
    for repository in repositories:
        session = indexed(repository, index_dir)
        snapshot = session.root.open()
        assert snapshot is not None
        searcher = snapshot.searcher
        for question in questions[repository.name]:
            found = searcher.candidates(question.query)
            paths = [repository.from_top(found.files[revision].path) for revision in found.revisions]
            homes = {one["path"] for one in question.targets}
            features = found.features.astype(np.float64)
            files.append(Case(question, paths, features, np.array([path in homes for path in paths], bool)))
            row = {revision: i for i, revision in enumerate(found.revisions)}
            listed, values = searcher.entries_of(found, found.revisions[: 4 * ENTRY_FILES], Filter())
            names = [(repository.from_top(entry.path), entry.qualified_name) for entry in listed]
            home = np.array([row[entry.id >> 20] for entry in listed], np.intp)
            entries.append(EntryCase(question, paths, features, home, values.astype(np.float64), names))
        session.close()
        print(f"  {repository.name}: {len(questions[repository.name])} questions", file=sys.stderr, flush=True)
    return files, entries


def entry_cases(cases: list[EntryCase], weights: NDArray[np.float64], chosen: list[int]) -> list[Case]:
    """The entries of each question's best files, with the files' scores as the first feature."""
    out = []
    for case in cases:
        scores = case.files[:, chosen] @ weights
        best = set(np.argsort(-scores, kind="stable")[:ENTRY_FILES].tolist())
        kept = np.array([i for i, home in enumerate(case.file_of) if int(home) in best], np.intp)
        features = np.concatenate([scores[case.file_of[kept]][:, None], case.features[kept]], axis=1)
        wanted = {(one["path"], one["name"]) for one in case.question.targets}
        places = [case.targets[i] for i in kept]
        labels = [f"{path}\0{name}" for path, name in places]
        out.append(Case(case.question, labels, features, np.array([place in wanted for place in places], bool)))
    return out


def fit_entries(cases: list[Case]) -> dict[str, float]:
    """Weights of `ENTRY_FEATURES`, in units of the file's score."""
    fitted = fit(cases, list(range(1 + len(ENTRY_FEATURES))), penalty=5.0)
    weights = dict(zip(ENTRY_FEATURES, (fitted[1:] / fitted[0]).tolist(), strict=True))
    weights["block"] = max(weights["block"], MOST_BLOCK)
    weights["name"] = max(weights["name"], LEAST_NAME)
    weights["size"] = min(weights["size"], MOST_SIZE)
    return weights


def fit_files(cases: list[Case], chosen: list[int]) -> NDArray[np.float64]:
    """Weights of the chosen features of files, fitted on the candidates that are hard to tell apart."""
    first = fit(cases, chosen)
    hard: list[Case] = []
    for case in cases:
        order = np.argsort(-(case.features[:, chosen] @ first), kind="stable")
        kept = np.union1d(order[:HARD], np.flatnonzero(case.wanted))
        hard.append(Case(case.question, [case.paths[i] for i in kept], case.features[kept], case.wanted[kept]))
    return fit(hard, chosen)


def recalls(cases: list[Case], scores: list[NDArray[np.float64]]) -> tuple[float, float]:
    """Recall at 10 and reciprocal rank of the wanted symbols, mean over repositories."""
    recall: dict[str, list[float]] = defaultdict(list)
    reciprocal: dict[str, list[float]] = defaultdict(list)
    for case, values in zip(cases, scores, strict=True):
        ranked = list(dict.fromkeys(case.paths[i] for i in np.argsort(-values, kind="stable")))[:10]
        wanted = [f"{one['path']}\0{one['name']}" for one in case.question.targets]
        recall[case.question.repo].append(mean(float(one in ranked) for one in wanted))
        reciprocal[case.question.repo].append(
            max((1 / (ranked.index(o) + 1) for o in wanted if o in ranked), default=0.0)
        )
    return mean(map(mean, recall.values())), mean(map(mean, reciprocal.values()))


def fit(
    cases: list[Case],
    chosen: list[int],
    penalty: float = PENALTY,
    standardised: float = 1.0,
    most: int | None = None,
) -> NDArray[np.float64]:
    """Weights of the chosen features, as they are.

    Args:
        cases: the questions; those of which nothing wanted is a candidate are left out.
        chosen: columns of the features.
        penalty: on the weights of the features divided by their standard deviation to the power of `standardised`.
        standardised: below 1, features that are seldom set keep small weights.
        most: each question counts alike, but those of a repository as this many at most; None: all repositories alike.
    """
    cases = [case for case in cases if case.wanted.any()]
    size = Counter(case.question.repo for case in cases)
    alike = len(cases) / len(size)
    weight = np.array(
        [(alike if most is None else min(size[c.question.repo], most)) / size[c.question.repo] for c in cases]
    )
    rows = np.concatenate([case.features[:, chosen] for case in cases])
    spread = rows.std(axis=0)
    scale = spread**standardised
    scale[spread < 1e-6] = 1e9
    features = [case.features[:, chosen] / scale for case in cases]
    weights = fit_logit(features, [case.wanted for case in cases], penalty, each=True, counts=weight)
    fitted: NDArray[np.float64] = weights / scale
    return fitted


def scored(cases: list[Case], scores: list[NDArray[np.float64]]) -> list[tuple[Question, float]]:
    """NDCG@10 of each question when its candidate files are ranked by these scores."""
    out = []
    for case, values in zip(cases, scores, strict=True):
        order = np.argsort(-values, kind="stable")[:10]
        out.append((case.question, ndcg([(case.paths[i], 0, 1 << 30) for i in order], case.question.targets)))
    return out


def folds(names: list[str], seed: int) -> list[set[str]]:
    """The repositories dealt to `FOLDS` folds."""
    order = np.random.default_rng(seed).permutation(len(names))
    return [{names[i] for i in order[fold::FOLDS]} for fold in range(FOLDS)]


def cross_validated(cases: list[Case], also: list[Case], chosen: list[int]) -> list[tuple[Question, float]]:
    """NDCG@10 of each question, ranked by weights fitted on other repositories and on `also`; the mean over `SEEDS`."""
    totals = np.zeros(len(cases))
    for seed in SEEDS:
        for held_out in folds(sorted({case.question.repo for case in cases}), seed):
            weights = fit_files([case for case in cases if case.question.repo not in held_out] + also, chosen)
            for i, case in enumerate(cases):
                if case.question.repo in held_out:
                    totals[i] += scored([case], [case.features[:, chosen] @ weights])[0][1]
    return [(case.question, total / len(SEEDS)) for case, total in zip(cases, totals, strict=True)]


def report(cases: list[Case], files: list[Case], entries: list[EntryCase], names: list[str]) -> dict[str, float]:
    """Print cross-validated scores of a choice of features, and the weights' importance."""
    chosen = [FILE_FEATURES.index(name) for name in names]
    result = cross_validated(cases, files, chosen)
    figures = {"file_ndcg": mean_of_repositories(result)}
    print(
        f"file level: cross-validated NDCG@10 {figures['file_ndcg']:.4f}, {len(names)} features, {len(cases)} questions"
    )
    print("  " + ", ".join(f"{name} {score:.3f}" for name, score in by_category(result).items()))
    print(
        f"  a target is among the candidates of {mean(float(case.wanted.any()) for case in cases):.4f} of the questions"
    )
    if files:
        figures["symbol_file_ndcg"] = mean_of_repositories(cross_validated(files, cases, chosen))
        ranked: list[Case] = []
        scores: list[NDArray[np.float64]] = []
        for held_out in folds(sorted({case.question.repo for case in entries}), 0):
            weights = fit_files(cases + [case for case in files if case.question.repo not in held_out], chosen)
            kept = entry_cases([case for case in entries if case.question.repo not in held_out], weights, chosen)
            inside = np.array([1.0, *fit_entries(kept).values()])
            tested = entry_cases([case for case in entries if case.question.repo in held_out], weights, chosen)
            ranked += tested
            scores += [case.features @ inside for case in tested]
        figures["symbol_recall"], figures["symbol_mrr"] = recalls(ranked, scores)
        both = f"recall@10 {figures['symbol_recall']:.4f}, MRR@10 {figures['symbol_mrr']:.4f}"
        print(f"symbol level: cross-validated {both}, {len(files)} questions")
        print(f"  NDCG@10 of their files {figures['symbol_file_ndcg']:.4f}")
    weights = fit_files(cases + files, chosen)
    spread = np.concatenate([case.features[:, chosen] for case in cases]).std(axis=0)
    for i in np.argsort(-np.abs(weights * spread)):
        print(f"  {names[i]:18} {weights[i]:8.3f}  standardised {weights[i] * spread[i]:6.2f}")
    return figures


GROUPS = {
    "embeddings": ("dense_", "centroid_", "path_"),
    "full text": ("text_",),
    "words of paths": ("stem_", "folder_cover"),
    "definitions of queried names": ("type_", "function_", "symbol_"),
    "references between hits": ("referred",),
    "tests, examples, compatibility code, documents": ("test", "example", "compat", "prose"),
    "length, depth": ("lines", "depth"),
    "beginnings of files": ("text_head",),
    "other hits of the folder": ("text_folder",),
    "neighbouring words": ("text_pairs",),
    "the question's first telling word": ("stem_first",),
}


def ablate(cases: list[Case], files: list[Case], names: list[str], whole: dict[str, float]) -> None:
    """Print what leaving out each group of features costs."""
    print("left out | file-level NDCG@10 | costs | NDCG@10 of the symbols' files | costs\n--- | --- | --- | --- | ---")
    for group, prefixes in GROUPS.items():
        kept = [FILE_FEATURES.index(name) for name in names if not name.startswith(prefixes)]
        if len(kept) < len(names):
            score = mean_of_repositories(cross_validated(cases, files, kept))
            other = mean_of_repositories(cross_validated(files, cases, kept)) if files else 0.0
            costs = whole["file_ndcg"] - score, whole.get("symbol_file_ndcg", 0.0) - other
            print(f"{group} | {score:.3f} | {costs[0]:.3f} | {other:.3f} | {costs[1]:.3f}", flush=True)


def main() -> None:
    """Collect, fit, report, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with questions.jsonl and repos.json")
    parser.add_argument(
        "--checkouts", type=Path, required=True, help="folder with the repositories' work trees by name"
    )
    parser.add_argument("--symbols", type=Path, help="folder made by make_symbol_questions.py")
    parser.add_argument("--index-dir", type=Path, required=True, help="where the indexes are kept")
    parser.add_argument("--only", default="", help="names of repositories, comma separated")
    parser.add_argument("--features", default="", help="features to use, comma separated; default: all")
    parser.add_argument("--write", action="store_true", help="write the weights to data/ranking.json")
    parser.add_argument("--ablate", action="store_true", help="print what each group of features is worth")
    options = parser.parse_args()
    cases = collect(options.data, options.checkouts, options.index_dir, [n for n in options.only.split(",") if n])
    files, entries = collect_entries(options.symbols, options.index_dir) if options.symbols else ([], [])
    current = json.loads(RANKING.read_text("utf-8"))
    names = options.features.split(",") if options.features else list(FILE_FEATURES)
    figures = report(cases, files, entries, names)
    if options.ablate:
        ablate(cases, files, names, figures)
    if options.write:
        chosen = [FILE_FEATURES.index(name) for name in names]
        weights = fit_files(cases + files, chosen)
        if "prose" in names:
            weights[names.index("prose")] = max(weights[names.index("prose")], MOST_PROSE)
        current["file"] = {name: round(float(weight), 4) for name, weight in zip(names, weights, strict=True)}
        if entries:
            inside = fit_entries(entry_cases(entries, weights, chosen))
            current["entry"] = {name: round(weight, 4) for name, weight in inside.items()}
        current["fitted"] = {
            "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
            "questions": len(cases) + len(files),
            "repositories": len({case.question.repo for case in cases + files}),
            "cross_validated": {name: round(value, 4) for name, value in figures.items()},
        }
        RANKING.write_text(json.dumps(current, indent=1) + "\n", "utf-8")
        print(f"wrote {RANKING}")


if __name__ == "__main__":
    main()
