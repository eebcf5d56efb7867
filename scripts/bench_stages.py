"""Measure where the time of a cold index goes: `scripts/bench stages [PATH[::STEP]...] [--rounds N]`.

All in one process, by processor time, as multiples of raw tree-sitter parsing of the same files: each file's way
through a worker, the message to the main process, and what that does with it. With STEP, one file of so many is read.
Paths default to Python's standard library without its tests. The last two rows are of parsing with facts and without
them (definitions and references alone, which gives the same entries). Queries are compiled beforehand.
"""

from __future__ import annotations

import argparse
import gc
import os
import pickle
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import tree_sitter

from bench_parsing import corpus_of, default_corpus
from glossator.index import parse_worker, parsing
from glossator.index.embedding import StaticEmbedder, content_key
from glossator.index.language_detection import language_of
from glossator.index.records import FileRecord, FileUpdate
from glossator.index.store import Store
from glossator.index.terms import entry_terms, identifiers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glossator.index.entries import Aim, ParsedFile

BATCH_FILES = 32
PICKLED = "_pickled"
ENTRIES = "entries"
AIMS: tuple[Aim, ...] = ("all", "entries")
ROWS = (
    "tree-sitter: parsing",
    "tree-sitter: definitions, bindings",
    "tree-sitter: mentions",
    "captures to Python objects",
    "facts: scopes, bindings, mentions",
    "facts: encoding",
    "entries",
    "the rest of parsing, freeing memory",
    "vectors",
    "search terms",
    "identifiers, keys",
    "message to the main process",
    "commit",
    "indexes",
)
PARTS = (
    ("_capture", "captures to Python objects"),
    ("facts_of", "facts: scopes, bindings, mentions"),
    ("stored_facts", "facts: encoding"),
    ("parse", "the rest of parsing, freeing memory"),
)
"""Functions of `parsing` whose own time, without that of others here, is a row."""


@dataclass(slots=True)
class Clock:
    """Processor seconds by row; a row that runs inside another is not counted in that."""

    spent: Counter[str] = field(default_factory=Counter)
    inner: list[float] = field(default_factory=lambda: [0.0])

    def run(self, row: str, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Call a function for a row."""
        self.inner.append(0.0)
        begun = time.process_time()
        try:
            return function(*arguments, **named)
        finally:
            took = time.process_time() - begun
            self.spent[row] += took - self.inner.pop()  # type: ignore[assignment]
            self.inner[-1] += took

    def timed(self, row: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, whose calls count for a row."""
        return lambda *arguments, **named: self.run(row, function, *arguments, **named)


class Timed:
    """A parser or cursor of tree-sitter, some of whose methods count for rows."""

    clock = Clock()

    def __init__(self, made: Any, rows: dict[str, str]) -> None:
        self._made, self._rows = made, rows

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._made, name)
        return self.clock.timed(self._rows[name], found) if name in self._rows else found


def instrument(clock: Clock) -> None:
    """Have `parsing` count its time."""
    Timed.clock = clock
    cursor_rows = {"captures": "tree-sitter: mentions", "matches": "tree-sitter: definitions, bindings"}
    replaced = {name: clock.timed(row, getattr(parsing, name)) for name, row in PARTS}
    replaced["QueryCursor"] = lambda query: Timed(tree_sitter.QueryCursor(query), cursor_rows)
    replaced["Parser"] = lambda grammar: Timed(tree_sitter.Parser(grammar), {"parse": "tree-sitter: parsing"})
    for name, function in replaced.items():
        setattr(parsing, name, function)
    setattr(parsing.Chunker, ENTRIES, clock.timed("entries", getattr(parsing.Chunker, ENTRIES)))


def facts_cost(texts: Sequence[tuple[str, str]], rounds: int) -> tuple[float, float]:
    """Processor seconds of parsing with and without facts: each file in turn, the fastest of each added up."""
    totals = [0.0, 0.0]
    for path, text in texts:
        best = [float("inf")] * 2
        found: list[ParsedFile] = []
        for number in range(1 + rounds):  # the first one warms up
            for without, aim in enumerate(AIMS):
                begun = time.process_time()
                parsed = parsing.parse(path, text, aim=aim)
                if number:
                    best[without] = min(best[without], time.process_time() - begun)
                else:
                    found.append(parsed)
        if repr(found[0].entries) != repr(found[1].entries):
            raise SystemExit(f"{path}: the entries are others without facts")
        totals = [total + one for total, one in zip(totals, best, strict=True)]
    return totals[0], totals[1]


def raw(texts: Sequence[tuple[str, str]]) -> float:
    """Processor seconds of tree-sitter alone."""
    inputs = [(language_of(path), text.encode()) for path, text in texts]
    begun = time.process_time()
    for language, data in inputs:
        parsing.raw_parse(language, data)
    return time.process_time() - begun


def way(texts: Sequence[tuple[str, str]], clock: Clock, folder: Path, embedder: StaticEmbedder) -> None:
    """What a worker and the main process do with files."""
    store = Store.open(folder, embedder_id=embedder.id, dimensions=embedder.dimensions, write=True)
    pickled = getattr(parse_worker, PICKLED)
    updates: list[FileUpdate] = []
    for first in range(0, len(texts), BATCH_FILES):
        parsed = [(path, parsing.parse(path, text)) for path, text in texts[first : first + BATCH_FILES]]
        entries = [entry for _, file in parsed for entry in file.entries]
        words = [clock.run("identifiers, keys", identifiers, entry.text) for entry in entries]
        keys = [clock.run("identifiers, keys", content_key, entry) for entry in entries]
        vectors = clock.run("vectors", embedder.embed_entries, entries, words).astype(np.float16)
        results = []
        at = 0
        for path, file in parsed:
            end = at + len(file.entries)
            each = repeat(path), file.entries, words[at:end]
            terms = tuple(clock.run("search terms", list, map(entry_terms, *each)))
            record = FileRecord(path, 1, 1, 1, b"-" * 16, file.language, file.lines, imports=file.imports)
            update = FileUpdate(
                record, file.entries, tuple(keys[at:end]), vectors[at:end], terms, file.facts, file.noted
            )
            results.append(parse_worker.FileResult(path, "indexed", update))
            at = end
        frame = clock.run("message to the main process", pickled, parse_worker.Message("results", 0, tuple(results)))
        message = clock.run("message to the main process", pickle.loads, frame)
        updates += [result.update for result in message.results]
    clock.run("commit", store.commit, updates)
    clock.run("indexes", store.maintain)
    store.close()


def measure(texts: Sequence[tuple[str, str]], rounds: int) -> tuple[dict[str, float], float, float, float]:
    """Seconds by row (the least of some rounds), of raw parsing, and of parsing with and without facts."""
    clock = Clock()
    embedder = StaticEmbedder()
    cost = facts_cost(texts, rounds)
    kept = {name: getattr(parsing, name) for name in (*dict(PARTS), "QueryCursor", "Parser")}
    entries = getattr(parsing.Chunker, ENTRIES)
    instrument(clock)
    best: dict[str, float] = {}
    least = float("inf")
    with tempfile.TemporaryDirectory(prefix="glossator-bench-") as folder:
        way(texts[:BATCH_FILES], clock, Path(folder) / "index", embedder)  # imports libraries
    for _ in range(rounds):
        gc.collect()
        least = min(least, raw(texts))
        clock.spent.clear()
        with tempfile.TemporaryDirectory(prefix="glossator-bench-") as folder:
            way(texts, clock, Path(folder) / "index", embedder)
        for row, seconds in clock.spent.items():
            best[row] = min(best.get(row, seconds), seconds)
    for name, function in kept.items():
        setattr(parsing, name, function)
    setattr(parsing.Chunker, ENTRIES, entries)
    return best, least, *cost


def main(arguments: Sequence[str]) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="bench stages", description="Measure the stages of a cold index.")
    parser.add_argument("paths", nargs="*", help="folders, each with ::STEP if only some files are to be read")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args(arguments)
    gc.disable()  # as in a worker
    columns = []
    for number, path in enumerate(given.paths or [""]):
        folder, _, step = path.partition("::")
        files = (corpus_of([Path(folder)]) if folder else default_corpus())[:: int(step or 1)]
        texts = [(str(file), file.read_bytes().decode("utf-8", "replace")) for file in files]
        columns.append((Path(folder).name or "Python's library", len(texts), *measure(texts, given.rounds)))
        print(f"{number + 1}: {columns[-1][0]}, {len(texts)} files, raw parsing {columns[-1][3]:.3f} s", flush=True)
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    print(f"\nprocessor time, raw parsing is 1; load {load}\n")
    print("| | " + " | ".join(column[0] for column in columns) + " |")
    print("| --- |" + " --- |" * len(columns))
    for row in ROWS:
        print(f"| {row} | " + " | ".join(f"{column[2].get(row, 0) / column[3]:.2f}" for column in columns) + " |")
    print("| sum | " + " | ".join(f"{sum(column[2].values()) / column[3]:.2f}" for column in columns) + " |")
    print("| parsing with facts | " + " | ".join(f"{column[4] / column[3]:.2f}" for column in columns) + " |")
    print("| parsing without facts | " + " | ".join(f"{column[5] / column[3]:.2f}" for column in columns) + " |")


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
