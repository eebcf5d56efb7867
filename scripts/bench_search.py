"""Measure whole searches: `scripts/bench search [PATH] [--queries N] [--reports FILE] [--index-dir DIR] [--json]`.

PATH is the code base (default: the packages installed in .venv, some 100,000 entries). It is indexed first, if it is
not yet in `--index-dir` (default: a temporary folder). Queries are made from the code base itself, one third each: the
first sentence of a doc comment, the name of a definition in words, and a bare name. It prints the time of a whole
search and of its two parts, the full-text and the vector search, and the recall of the vector search against an
exhaustive one. With --reports, the texts of a file of JSON lines (field "query") are searched for, too, as if they were
pasted; the same file serves for any code base, since only the time counts.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import sys
import sysconfig
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from glossator.index.records import Filter
from glossator.index.terms import split_identifier
from glossator.retrieval.query import parse_query
from glossator.retrieval.text_search import search_text
from indexed_code import indexed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glossator.index.records import StoredEntry
    from glossator.index.store import Store

LIMIT = 10
GOALS = {"whole search": "p50 under 15 and p95 under 30 at 100,000 entries", "recall": "0.99 at least"}
DEPTH = 100
"""Hits asked of each part, and the depth at which recall is measured."""


def questions(entries: Sequence[StoredEntry], count: int, seed: int = 1) -> list[str]:
    """Queries of three kinds, made from entries."""
    generator = random.Random(seed)
    named = [entry for entry in entries if entry.name and entry.part == 0 and entry.kind != "block"]
    documented = [entry for entry in named if len(entry.doc.split()) > 4]
    made = [" ".join(entry.doc.split(". ")[0].split()[:20]) for entry in generator.choices(documented, k=count // 3)]
    made += [" ".join(split_identifier(entry.name)) for entry in generator.choices(named, k=count // 3)]
    made += [entry.name for entry in generator.choices(named, k=count - len(made))]
    made = [text for text in made if any(character.isalnum() for character in text)]
    generator.shuffle(made)
    return made


def timed(action: Callable[[str], object], queries: Sequence[str], rounds: int = 1) -> dict[str, float]:
    """Percentiles of the milliseconds of a call, and those of processor time of an average one.

    With several rounds, each query counts with its fastest time, and the round with the least processor time counts:
    what other programs take from the machine is left out.
    """
    fastest = [float("inf")] * len(queries)
    processor = float("inf")
    for _ in range(rounds):
        worked = time.process_time()
        for place, query in enumerate(queries):
            started = time.perf_counter()
            action(query)
            fastest[place] = min(fastest[place], 1000 * (time.perf_counter() - started))
        processor = min(processor, 1000 * (time.process_time() - worked) / len(queries))
    figures = {f"p{p}": round(float(np.percentile(fastest, p)), 2) for p in (50, 95, 99)}
    return {**figures, "processor": round(processor, 2)}


def recall(store: Store, vectors: Sequence[np.ndarray]) -> float:
    """How much of the nearest entries a vector search finds."""
    ids = [entry.id for path, record in store.files().items() if not record.skipped for entry in store.entries_in(path)]
    known: dict[int, np.ndarray] = {}
    for start in range(0, len(ids), 5000):
        known |= store.vectors(ids[start : start + 5000])
    numbers = np.array(list(known))
    matrix = np.stack(list(known.values()))
    shares = []
    for vector in vectors:
        products = matrix @ vector
        worst = np.partition(products, -DEPTH)[-DEPTH]
        found = [number for number, _ in store.vector_search(vector, DEPTH, Filter())]
        place = {int(number): row for row, number in enumerate(numbers)}
        # Entries that tie with the last one count as found.
        shares.append(sum(products[place[number]] >= worst - 1e-3 for number in found) / DEPTH)
    return statistics.mean(shares)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", nargs="?", type=Path, default=Path(sysconfig.get_path("purelib")))
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=1, help="of each query the fastest time counts")
    parser.add_argument("--reports", type=Path, metavar="FILE")
    parser.add_argument("--index-dir", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    with indexed(options.path, options.index_dir) as (report, snapshot):
        searcher, store = snapshot.searcher, snapshot.store
        paths = [path for path, record in store.files().items() if not record.skipped]
        sample = [
            entry for path in random.Random(0).sample(paths, min(300, len(paths))) for entry in store.entries_in(path)
        ]
        queries = questions(sample, options.queries)
        vectors = [searcher.embedder.embed_query(query) for query in queries]
        by_query = dict(zip(queries, vectors, strict=True))
        print("searching", file=sys.stderr)
        timed(lambda query: searcher.search(query, LIMIT), queries[:20])
        series = {
            name: timed(action, queries, options.rounds)
            for name, action in {
                "whole search": lambda query: searcher.search(query, LIMIT),
                "full text alone": lambda query: store.text_search(parse_query(query).terms, DEPTH, Filter()),
                "vectors alone": lambda query: store.vector_search(by_query[query], DEPTH, Filter()),
            }.items()
        }
        if options.reports is not None:
            reports = [json.loads(line)["query"] for line in options.reports.read_text("utf-8").splitlines()]
            series["pasted reports"] = timed(lambda text: search_text(searcher, text, LIMIT), reports, options.rounds)
        entries = store.status().entries
        figures = {
            "machine": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
            "files": report.files,
            "lines": report.lines,
            "entries": entries,
            "index_bytes": store.status().size_bytes,
            "queries": len(queries),
            "rounds": options.rounds,
            "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
            "milliseconds": series,
            f"recall_at_{DEPTH}": round(recall(store, vectors[:60]), 4),
        }
    if options.json:
        print(json.dumps(figures))
        return 0
    print(
        f"{figures['files']:,} files, {figures['lines']:,} lines, {entries:,} entries, "
        f"index {figures['index_bytes'] / 1e6:.0f} MB, {len(queries)} queries, "
        f"fastest of {options.rounds} round(s), load {figures['load']}"
    )
    print(f"{'milliseconds':18}{'p50':>8}{'p95':>8}{'p99':>8}{'processor':>11}")
    for name, row in figures["milliseconds"].items():
        goal = f"  goal: {GOALS[name]}" if name in GOALS else ""
        print(f"{name:18}{row['p50']:8.1f}{row['p95']:8.1f}{row['p99']:8.1f}{row['processor']:11.1f}{goal}")
    print(f"recall of the nearest vectors at {DEPTH}: {figures[f'recall_at_{DEPTH}']:.4f}  goal: {GOALS['recall']}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
