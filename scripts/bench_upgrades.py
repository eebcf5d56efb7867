"""What an embedding model adds, and what a half-done upgrade costs: `bench_upgrades.py --model GGUF --index-dir DIR`.

File-level questions (--data with --checkouts) and symbol-level ones (--symbols, see `make_symbol_questions.py`) are
searched with the static embedder alone, and with a quarter, half, three quarters and all of their candidates upgraded
by the model. Which candidates are upgraded depends on their content alone, as it would with a background upgrade that
knows nothing of the question. The model has its trial first, on the code of the first repository. Prints NDCG@10 of
files, recall@10 and MRR@10 of symbols, and how fast the model is here.

`minilm_gguf.py` makes a small real model without a download.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import random
import statistics
import sys
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

os.environ.setdefault("OMP_NUM_THREADS", "1")

from glossator.errors import UsageError
from glossator.project.session import Session
from glossator.settings import Settings
from retrieval_questions import Question, Repository, load, mean, mean_of_repositories, ndcg, same_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glossator.retrieval.search import Hit, Searcher
    from glossator.retrieval.trial import Trial
    from glossator.retrieval.upgrades import SecondTier

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
LONGEST = 600.0
"""Seconds that one question's candidates may take."""


class Partly:
    """A second tier of which only a share of all vectors is known, chosen by their content."""

    def __init__(self, tier: SecondTier, share: float) -> None:
        self._tier = tier
        self._share = share

    @property
    def trust(self) -> float:
        """See `SecondTier.trust`."""
        return self._tier.trust

    def similarities(self, query: str, keys: Sequence[bytes]) -> dict[bytes, float]:
        """See `SecondTier.similarities`."""
        known = [key for key in keys if hashlib.blake2b(key, digest_size=1).digest()[0] < 256 * self._share]
        return self._tier.similarities(query, known)


def hits(searcher: Searcher, tier: SecondTier, share: float, query: str, *, by_symbol: bool) -> list[Hit]:
    """The hits with that share upgraded."""
    searcher.tier = cast("SecondTier", Partly(tier, share)) if share else None
    try:
        return searcher.search(query, 10, by_symbol=by_symbol)
    except UsageError:
        return []


def symbol_scores(repository: Repository, found: Sequence[Hit], question: Question) -> tuple[float, float]:
    """Recall and reciprocal rank of a symbol-level question's targets."""
    ranks = [
        next(
            (
                rank
                for rank, hit in enumerate(found, 1)
                if same_path(repository.from_top(hit.path), one["path"]) and hit.qualified_name == one["name"]
            ),
            0,
        )
        for one in question.targets
    ]
    return mean(float(rank > 0) for rank in ranks), max((1 / rank for rank in ranks if rank), default=0.0)


def main() -> None:
    """Parse arguments, print the table, and the figures as JSON on the last line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="a GGUF embedding model")
    parser.add_argument("--index-dir", type=Path, required=True, help="where indexes and vectors are kept")
    parser.add_argument("--data", type=Path, help="folder with file-level questions.jsonl and repos.json")
    parser.add_argument("--checkouts", type=Path, help="folder with their repositories' work trees by name")
    parser.add_argument("--symbols", type=Path, help="folder with symbol-level questions")
    parser.add_argument("--each", type=int, default=10, help="questions a repository, drawn by lot (default 10)")
    parser.add_argument("--only", default="", help="names of repositories, comma separated")
    options = parser.parse_args()
    only = [name for name in options.only.split(",") if name]
    sets: list[tuple[bool, list[Repository], dict[str, list[Question]]]] = []
    if options.data and options.checkouts:
        sets.append((False, *load(options.data, options.checkouts, only)))
    if options.symbols:
        sets.append((True, *load(options.symbols, options.symbols / "checkouts", only)))
    if not sets:
        parser.error("give --data with --checkouts, or --symbols, or all three")
    settings = replace(Settings(), index_dir=options.index_dir, embedding_model=str(options.model), upgrade_share=0.0)
    files: dict[float, list[tuple[Question, float]]] = defaultdict(list)
    symbols: dict[float, dict[str, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
    embedded, embedding = 0, 0.0
    trial: Trial | None = None
    plain: list[float] = []
    upgraded: list[float] = []
    for by_symbol, repositories, questions in sets:
        for repository in repositories:
            session = Session([repository.folder], settings)
            root = session.root
            root.index()
            searcher, tier = root.searcher(), root.upgrades.tier
            if searcher is None or tier is None:
                raise SystemExit(f"{options.model} cannot be used, or {repository.folder} holds nothing to index")
            if tier.trial is None:
                tier.try_out(root.plan())
            asked = list(questions[repository.name])
            random.Random(0).shuffle(asked)
            for question in asked[: options.each]:
                before, started = tier.status().embedded, time.perf_counter()
                root.upgrade(question.query, seconds=LONGEST)
                if tier.status().embedded > before + 3:
                    embedded += tier.status().embedded - before
                    embedding += time.perf_counter() - started
                for share in SHARES:
                    started = time.perf_counter()
                    found = hits(searcher, tier, share, question.query, by_symbol=by_symbol)
                    if share in (0.0, 1.0):
                        (upgraded if share else plain).append(time.perf_counter() - started)
                    if by_symbol:
                        symbols[share][repository.name].append(symbol_scores(repository, found, question))
                    else:
                        places = [(repository.from_top(hit.path), hit.start_line, hit.end_line) for hit in found]
                        files[share].append((question, ndcg(places, question.targets)))
            trial = tier.trial
            session.close()
            print(f"  {repository.name}", file=sys.stderr, flush=True)
    report(options, trial, files, symbols, embedded / max(embedding, 1e-9), plain, upgraded)


def report(
    options: argparse.Namespace,
    trial: Trial | None,
    files: dict[float, list[tuple[Question, float]]],
    symbols: dict[float, dict[str, list[tuple[float, float]]]],
    speed: float,
    plain: list[float],
    upgraded: list[float],
) -> None:
    """Print everything."""
    print(f"{options.model.name}; {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    counts = f"{len(files[0.0])} file-level and {sum(map(len, symbols[0.0].values()))} symbol-level questions"
    print(f"{counts}, at most {options.each} of a repository")
    if trial is not None:
        print(f"trial: MRR {trial.model:.3f}, static embedder {trial.static:.3f}; trust {trial.trust:.2f}")
    print("\n| upgraded candidates | files, NDCG@10 | symbols, recall@10 | MRR@10 |\n|---|---|---|---|")
    rows: list[dict[str, Any]] = []
    for share in SHARES:
        by_repo = symbols[share].values()
        row = {
            "share": share,
            "ndcg": mean_of_repositories(files[share]),
            "recall": mean(mean(recall for recall, _ in scores) for scores in by_repo),
            "mrr": mean(mean(rank for _, rank in scores) for scores in by_repo),
        }
        rows.append(row)
        print(f"| {share:.0%} | {row['ndcg']:.4f} | {row['recall']:.4f} | {row['mrr']:.4f} |")
    figures = {
        "rows": rows,
        "documents_per_second": round(speed, 1),
        "search_ms": round(statistics.median(plain) * 1e3, 1),
        "search_upgraded_ms": round(statistics.median(upgraded) * 1e3, 1),
    }
    print(
        f"\n{figures['documents_per_second']} documents a second embedded; a search took {figures['search_ms']} ms "
        f"(median) without, {figures['search_upgraded_ms']} ms with all candidates upgraded"
    )
    print(f"\n{json.dumps(figures)}")


if __name__ == "__main__":
    main()
