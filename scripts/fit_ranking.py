"""Fit the weights of file ranking on questions: `fit_ranking.py --data DIR --checkouts DIR [--write] [--ablate]`.

The model is a conditional logit: the chance that a candidate file of a query is the wanted one is the softmax of the
weighted sum of its features. The loss is the cross entropy against the targets, every repository weighing the same,
with an L2 penalty on the weights of standardised features; it is convex, and Newton's method finds its minimum.

Scores printed are cross-validated by repository: no repository is ranked by weights that were fitted on it.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from glossator.retrieval.features import FILE_FEATURES
from retrieval_questions import Question, by_category, indexed, load, mean_of_repositories, ndcg, same_path

RANKING = Path(__file__).resolve().parent.parent / "server" / "glossator" / "data" / "ranking.json"
PENALTY = 10.0
FOLDS = 8
SEEDS = (0, 1, 2)
"""Cross-validation is repeated with the repositories dealt to the folds in these orders."""


@dataclass(frozen=True, slots=True)
class Case:
    """A question with its candidate files."""

    question: Question
    paths: list[str]
    features: NDArray[np.float64]
    wanted: NDArray[np.bool_]


def collect(data: Path, checkouts: Path, index_dir: Path, only: list[str]) -> list[Case]:
    """The candidates of all questions, from the engine itself."""
    repositories, questions = load(data, checkouts, only)
    cases: list[Case] = []
    for repository in repositories:
        session = indexed(repository, index_dir)
        searcher = session.root.searcher()
        assert searcher is not None
        for question in questions[repository.name]:
            found = searcher.candidates(question.query)
            paths = [repository.from_top(found.files[revision].path) for revision in found.revisions]
            wanted = np.array([any(same_path(path, one["path"]) for one in question.targets) for path in paths], bool)
            cases.append(Case(question, paths, found.features.astype(np.float64), wanted))
        session.close()
        print(f"  {repository.name}: {len(questions[repository.name])} questions", file=sys.stderr, flush=True)
    return cases


def fit(cases: list[Case], chosen: list[int], penalty: float = PENALTY) -> NDArray[np.float64]:
    """Weights of the chosen features, as they are (not standardised)."""
    cases = [case for case in cases if case.wanted.any()]
    per_repository = Counter(case.question.repo for case in cases)
    weight = np.array([len(cases) / len(per_repository) / per_repository[case.question.repo] for case in cases])
    rows = np.concatenate([case.features[:, chosen] for case in cases])
    scale = rows.std(axis=0)
    scale[scale < 1e-6] = 1e9
    rows = rows / scale
    target = np.concatenate([case.wanted / case.wanted.sum() for case in cases])
    lengths = np.array([len(case.wanted) for case in cases])
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    of = np.repeat(np.arange(len(cases)), lengths)
    weights = np.zeros(len(chosen))

    def soft(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        scores = rows @ values
        top = np.maximum.reduceat(scores, starts)
        powers = np.exp(scores - top[of])
        sums = np.add.reduceat(powers, starts)
        return powers / sums[of], np.log(sums) + top

    def loss(values: NDArray[np.float64]) -> float:
        _, normal = soft(values)
        fitted = float(weight @ normal - (weight[of] * target) @ (rows @ values))
        return fitted + 0.5 * penalty * float(values @ values)

    for _ in range(60):
        chance, _ = soft(weights)
        gradient = rows.T @ ((chance - target) * weight[of]) + penalty * weights
        shares = rows * chance[:, None]
        means = np.add.reduceat(shares, starts, axis=0)
        curvature = rows.T @ (shares * weight[of][:, None]) - means.T @ (means * weight[:, None])
        step = np.linalg.solve(curvature + penalty * np.eye(len(chosen)), gradient)
        before, length = loss(weights), 1.0
        while loss(weights - length * step) > before - 1e-4 * length * float(gradient @ step) and length > 1e-4:
            length /= 2
        weights = weights - length * step
        if np.abs(length * step).max() < 1e-5:
            break
    return weights / scale


def scored(cases: list[Case], scores: list[NDArray[np.float64]]) -> list[tuple[Question, float]]:
    """NDCG@10 of each question when its candidate files are ranked by these scores."""
    out = []
    for case, values in zip(cases, scores, strict=True):
        order = np.argsort(-values, kind="stable")[:10]
        out.append((case.question, ndcg([(case.paths[i], 0, 1 << 30) for i in order], case.question.targets)))
    return out


def cross_validated(cases: list[Case], chosen: list[int], penalty: float = PENALTY) -> list[tuple[Question, float]]:
    """NDCG@10 of each question, ranked by weights fitted on other repositories; the mean over `SEEDS`."""
    names = sorted({case.question.repo for case in cases})
    totals = np.zeros(len(cases))
    for seed in SEEDS:
        order = np.random.default_rng(seed).permutation(len(names))
        for fold in range(FOLDS):
            held_out = {names[i] for i in order[fold::FOLDS]}
            weights = fit([case for case in cases if case.question.repo not in held_out], chosen, penalty)
            for i, case in enumerate(cases):
                if case.question.repo in held_out:
                    totals[i] += scored([case], [case.features[:, chosen] @ weights])[0][1]
    return [(case.question, total / len(SEEDS)) for case, total in zip(cases, totals, strict=True)]


def report(cases: list[Case], names: list[str]) -> float:
    """Print the cross-validated score of a choice of features, and the weights' importance."""
    chosen = [FILE_FEATURES.index(name) for name in names]
    result = cross_validated(cases, chosen)
    total = mean_of_repositories(result)
    print(f"cross-validated NDCG@10 {total:.4f} with {len(names)} features over {len(cases)} questions")
    print("  " + ", ".join(f"{name} {score:.3f}" for name, score in by_category(result).items()))
    held = [bool(case.wanted.any()) for case in cases]
    print(f"  a target is among the candidates of {sum(held) / len(held):.4f} of the questions")
    weights = fit(cases, chosen)
    spread = np.concatenate([case.features[:, chosen] for case in cases]).std(axis=0)
    for i in np.argsort(-np.abs(weights * spread)):
        print(f"  {names[i]:18} {weights[i]:8.3f}  standardised {weights[i] * spread[i]:6.2f}")
    return total


GROUPS = {
    "embeddings": ("dense_", "centroid", "path_dense", "path_rare", "path_gap"),
    "full text": ("text_",),
    "words of paths": ("stem_cover", "stem_precise", "stem_f1", "stem_equal", "folder_cover"),
    "definitions of queried names": ("type_", "function_", "value_", "defined_", "symbol_"),
    "references between hits": ("referred",),
    "test, example, compat, prose": ("test", "example", "compat", "prose", "vendored"),
    "length, depth, words in the stem": ("lines", "depth", "stem_words"),
}


def ablate(cases: list[Case], names: list[str], whole: float) -> None:
    """Print what leaving out each group of features costs."""
    print("left out | NDCG@10 | costs\n--- | --- | ---")
    for group, prefixes in GROUPS.items():
        kept = [name for name in names if not name.startswith(prefixes)]
        if len(kept) < len(names):
            result = cross_validated(cases, [FILE_FEATURES.index(name) for name in kept])
            score = mean_of_repositories(result)
            print(f"{group} | {score:.4f} | {whole - score:.4f}", flush=True)


def main() -> None:
    """Collect, fit, report, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with questions.jsonl and repos.json")
    parser.add_argument(
        "--checkouts", type=Path, required=True, help="folder with the repositories' work trees by name"
    )
    parser.add_argument("--index-dir", type=Path, required=True, help="where the indexes are kept")
    parser.add_argument("--only", default="", help="names of repositories, comma separated")
    parser.add_argument("--features", default="", help="features to use, comma separated; default: those in use now")
    parser.add_argument("--write", action="store_true", help="write the weights to data/ranking.json")
    parser.add_argument("--ablate", action="store_true", help="print what each group of features is worth")
    options = parser.parse_args()
    cases = collect(options.data, options.checkouts, options.index_dir, [n for n in options.only.split(",") if n])
    current = json.loads(RANKING.read_text("utf-8"))
    names = options.features.split(",") if options.features else list(current["file"])
    total = report(cases, names)
    if options.ablate:
        ablate(cases, names, total)
    if options.write:
        weights = fit(cases, [FILE_FEATURES.index(name) for name in names])
        current["file"] = {name: round(float(weight), 4) for name, weight in zip(names, weights, strict=True)}
        current["fitted"] = {
            "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
            "questions": len(cases),
            "repositories": len({case.question.repo for case in cases}),
            "cross_validated_ndcg": round(total, 4),
        }
        RANKING.write_text(json.dumps(current, indent=1) + "\n", "utf-8")
        print(f"wrote {RANKING}")


if __name__ == "__main__":
    main()
