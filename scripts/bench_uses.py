"""Measure `glossator uses`: `scripts/bench uses [PATH] [--symbols N] [--index-dir DIR] [--json]`.

PATH is the code base (default: Python's standard library). It is indexed first, if it is not yet in `--index-dir`
(default: a temporary folder). Symbols are drawn at random; and those with the commonest names, by how often the index
refers to them, `PER_NAME` definitions of each. It prints the milliseconds of finding all uses of a symbol when they are
asked for the first time in this process, and again; of counting them as a hover does; and of finding them with all
lines of code. Beside them stands processor time, in which other programs have no part. Garbage is collected as in a
server.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import sysconfig
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from glossator.cli.garbage import collect_for
from glossator.lsp.symbol_at import counts_of
from indexed_code import indexed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glossator.index.records import StoredEntry
    from glossator.project.snapshot import Snapshot

PER_NAME = 3
"""Definitions of one common name that are asked for."""
GOAL = "p95 30"


def drawn(snapshot: Snapshot, count: int, seed: int) -> tuple[list[StoredEntry], list[StoredEntry]]:
    """Definitions at random, and definitions with the commonest names."""
    summaries = snapshot.store.summaries()
    named = [
        entry
        for summary in summaries
        for entry in snapshot.entries_in(summary.path)
        if entry.name and entry.part == 0 and entry.kind not in ("block", "section", "key")
    ]
    generator = random.Random(seed)
    chosen = generator.sample(named, min(count, len(named)))
    by_name: dict[str, list[StoredEntry]] = {}
    for entry in named:
        by_name.setdefault(entry.name, []).append(entry)
    references = Counter(snapshot.store.reference_counts(list(by_name)))
    common: list[StoredEntry] = []
    for name, _ in references.most_common(len(by_name)):
        common += generator.sample(by_name[name], min(PER_NAME, len(by_name[name])))
        if len(common) >= count:
            break
    generator.shuffle(common)
    return chosen, common[:count]


def timed(action: Callable[[StoredEntry], object], entries: Sequence[StoredEntry]) -> dict[str, float]:
    """Percentiles of the milliseconds of a call, on the clock and of the processor."""
    clock: list[float] = []
    processor: list[float] = []
    for entry in entries:
        started, worked = time.perf_counter(), time.process_time()
        action(entry)
        clock.append(1000 * (time.perf_counter() - started))
        processor.append(1000 * (time.process_time() - worked))
    figures = {f"p{p}": round(float(np.percentile(clock, p)), 1) for p in (50, 95, 99)}
    return {**figures, **{f"processor_p{p}": round(float(np.percentile(processor, p)), 1) for p in (50, 95, 99)}}


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", nargs="?", type=Path, default=Path(sysconfig.get_path("stdlib")))
    parser.add_argument("--symbols", type=int, default=300, help="of each of the two groups")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--index-dir", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    collect_for("serve")
    with indexed(options.path, options.index_dir) as (report, snapshot):
        random_symbols, common_symbols = drawn(snapshot, options.symbols, options.seed)
        found: dict[str, list[int]] = {}
        group = ""

        def uses(entry: StoredEntry) -> int:
            finder = snapshot.use_finder()
            symbol = finder.symbol_at(entry.path, entry.name_line, entry.name)
            number = len(finder.uses(symbol).places) if symbol is not None else 0
            found.setdefault(group, []).append(number)
            return number

        def with_lines(entry: StoredEntry) -> int:
            finder = snapshot.use_finder()
            symbol = finder.symbol_at(entry.path, entry.name_line, entry.name)
            return sum(len(place.code) for place in finder.uses(symbol).places) if symbol is not None else 0

        series: dict[str, dict[str, float]] = {}
        # The first search for names in configuration loads LanceDB, once in a process.
        snapshot.graph.containing("x", ("toml",), 1)
        for group, entries in (("random names", random_symbols), ("common names", common_symbols)):
            print(group, file=sys.stderr)
            series[f"{group}, first time"] = timed(uses, entries)
            series[f"{group}, again"] = timed(uses, entries)
            series[f"{group}, hover"] = timed(lambda entry: counts_of(snapshot, entry), entries)
            series[f"{group}, all lines"] = timed(with_lines, entries)
        figures = {
            "files": report.files,
            "lines": report.lines,
            "entries": snapshot.store.status().entries,
            "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
            "places": {name: round(float(np.mean(numbers)), 1) for name, numbers in found.items()},
            "milliseconds": series,
        }
    if options.json:
        print(json.dumps(figures))
        return 0
    print(
        f"{figures['files']:,} files, {figures['lines']:,} lines, {figures['entries']:,} entries, "
        f"{options.symbols} symbols of each group, load {figures['load']}; goal: {GOAL}"
    )
    print("places on average: " + ", ".join(f"{name} {number}" for name, number in figures["places"].items()))
    print(f"{'milliseconds':28}{'p50':>8}{'p95':>8}{'p99':>8}   processor{'p50':>8}{'p95':>8}{'p99':>8}")
    for name, row in series.items():
        values = [f"{row[key]:8.1f}" for key in ("p50", "p95", "p99")]
        worked = [f"{row['processor_' + key]:8.1f}" for key in ("p50", "p95", "p99")]
        print(f"{name:28}{''.join(values)}{'':12}{''.join(worked)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
