"""Measure the store: the cost of searches and updates of a synthetic index of any size.

    python scripts/bench_store.py [ENTRIES] [FOLDER]

`scripts/bench store` calls this. Times are in milliseconds, of this process; for "both", the two searches run in
separate threads.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glossator.index.entries import Entry
from glossator.index.store import FileRecord, FileUpdate, Filter, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

DIMENSIONS = 256
ENTRIES_PER_FILE = 20
LINES_PER_ENTRY = 14
"""As in Python's standard library: 360,000 lines, some 25,000 entries."""
TERMS_PER_ENTRY = 60
REFERENCES_PER_ENTRY = 10
FILES_PER_COMMIT = 200
EMBEDDER = "benchmark-1"
GOALS = {
    "both_p50_ms": "under 15, ranking included",
    "both_p95_ms": "under 30, ranking included",
    "recall_at_100": ".99",
}
"""For 100,000 entries."""


class Corpus:
    """Synthetic files whose terms and references follow Zipf's law and whose vectors form clusters of clusters."""

    def __init__(self, entries: int, seed: int = 0) -> None:
        self.random = np.random.default_rng(seed)
        self.entries = entries
        self.words = np.array([f"word{number}" for number in range(50_000)])
        topics = self.random.normal(size=(60, DIMENSIONS))
        count = max(60, entries // 60)
        self._centres = self.random.normal(size=(count, DIMENSIONS)) + topics[self.random.integers(0, 60, count)]
        self.vectors = np.empty((0, DIMENSIONS), np.float32)

    def draw_vectors(self, count: int) -> NDArray[np.float32]:
        """Unit vectors."""
        centres = self._centres[self.random.integers(0, len(self._centres), count)]
        vectors = 0.8 * centres + self.random.normal(size=(count, DIMENSIONS))
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)

    def draw_words(self, shape: tuple[int, ...]) -> Any:
        """Words by frequency."""
        return self.words[(self.random.zipf(1.3, size=shape) - 1) % len(self.words)]

    def update(self, number: int, revision: int = 0) -> FileUpdate:
        """The state of a file."""
        count = ENTRIES_PER_FILE
        vectors = self.draw_vectors(count).astype(np.float16)
        terms = self.draw_words((count, TERMS_PER_ENTRY)).tolist()
        used = self.draw_words((count, REFERENCES_PER_ENTRY)).tolist()
        entries = []
        for place in range(count):
            name = f"function{number}x{place}" if place else f"Class{number}"
            line = 1 + place * LINES_PER_ENTRY
            entries.append(
                Entry(
                    kind="method" if place else "class",
                    name=name,
                    qualified_name=f"Class{number}.{name}" if place else name,
                    signature=f"def {name}(self, first: int, second: str = 'x') -> dict[str, int]:",
                    doc="Return what the words say, or raise an error that says why it cannot.",
                    parent=0 if place else None,
                    part=0,
                    start_line=line,
                    end_line=line + LINES_PER_ENTRY - 1,
                    name_line=line,
                    start_byte=line * 40,
                    end_byte=(line + LINES_PER_ENTRY) * 40,
                    references=tuple(dict.fromkeys(used[place])),
                    text="",
                )
            )
        path = f"package{number // 200}/part{number // 20}/module{number}.py"
        digest = f"{number}-{revision}".encode().ljust(16)
        record = FileRecord(path, 10_000, revision, revision, digest, "python", count * LINES_PER_ENTRY)
        keys = tuple(self.random.bytes(16) for _ in range(count))
        return FileUpdate(record, tuple(entries), keys, vectors, tuple(" ".join(row) for row in terms))

    def commits(self) -> Iterator[list[FileUpdate]]:
        """All files, in the portions that they are committed in."""
        files = self.entries // ENTRIES_PER_FILE
        for first in range(0, files, FILES_PER_COMMIT):
            yield [self.update(number) for number in range(first, min(files, first + FILES_PER_COMMIT))]


def build(folder: Path, corpus: Corpus) -> tuple[Store, dict[str, float]]:
    """A store that contains the corpus, and the cost of building it."""
    store = Store.open(folder / "root" / "index", embedder_id=EMBEDDER, dimensions=DIMENSIONS, write=True)
    committing = processor = 0.0
    commits = 0
    for updates in corpus.commits():
        began, worked = time.perf_counter(), time.thread_time()
        store.commit(updates)
        committing += time.perf_counter() - began
        processor += time.thread_time() - worked
        commits += 1
    began = time.perf_counter()
    store.maintain()
    indexing = time.perf_counter() - began
    status = store.status()
    sizes = {path.name: size_of(path) for path in (folder / "root" / "index").iterdir()}
    return store, {
        "entries": status.entries,
        "lines": status.lines,
        "commits": commits,
        "commit_seconds": committing,
        "commit_thread_seconds": processor,
        "index_seconds": indexing,
        "bytes": status.size_bytes,
        "bytes_per_line": status.size_bytes / status.lines,
        "manifest_bytes": sizes["manifest.sqlite"],
        "lance_bytes": sizes["lance"],
        "vector_cache_bytes": sum(size_of(path) for path in folder.glob("vectors-*")),
    }


def size_of(path: Path) -> int:
    """Bytes of a file or of all files in a folder."""
    return path.stat().st_size if path.is_file() else sum(p.stat().st_size for p in path.rglob("*") if p.is_file())


def percentiles(name: str, seconds: list[float]) -> dict[str, float]:
    """The median and the 95th percentile, in milliseconds."""
    p50, p95 = np.percentile(np.array(seconds) * 1000, [50, 95])
    return {f"{name}_p50_ms": float(p50), f"{name}_p95_ms": float(p95)}


def timed(action: Callable[[int], object], times: int) -> list[float]:
    """How long each call took, in seconds."""
    durations = []
    for turn in range(times):
        began = time.perf_counter()
        action(turn)
        durations.append(time.perf_counter() - began)
    return durations


def measure(store: Store, corpus: Corpus, *, times: int = 100, limit: int = 100) -> dict[str, float]:
    """What searches cost, and how much of what an exhaustive search finds a vector search finds."""
    rows = [entry for number in range(corpus.entries // ENTRIES_PER_FILE) for entry in [number]]
    queries = corpus.draw_vectors(times)
    terms = corpus.draw_words((times, 10)).tolist()
    everything, some = Filter(), Filter(include=("package1/**", "*7.py"))
    figures: dict[str, float] = {}
    with ThreadPoolExecutor(2) as pool:

        def both(turn: int) -> None:
            text = pool.submit(store.text_search, terms[turn], limit, everything)
            store.vector_search(queries[turn], limit, everything)
            text.result()

        for name, action in {
            "text": lambda turn: store.text_search(terms[turn], limit, everything),
            "vector": lambda turn: store.vector_search(queries[turn], limit, everything),
            "both": both,
            "text_filtered": lambda turn: store.text_search(terms[turn], limit, some),
            "vector_filtered": lambda turn: store.vector_search(queries[turn], limit, some),
            "named": lambda turn: store.named(f"function{rows[turn]}x3"),
            "names_like": lambda turn: store.names_like(f"func{turn}x"),
        }.items():
            timed(action, 10)
            figures.update(percentiles(name, timed(action, times)))
        found = [store.vector_search(query, limit, everything) for query in queries]
    ids = [number for hits in found for number, _ in hits]
    everything_known = store.vectors(sorted({*ids, *exhaustive_ids(store)}))
    numbers = np.array(list(everything_known))
    matrix = np.stack(list(everything_known.values()))
    recalls = []
    for query, hits in zip(queries, found, strict=True):
        best = numbers[np.argpartition(-(matrix @ query), limit)[:limit]]
        recalls.append(len({number for number, _ in hits} & set(best.tolist())) / limit)
    figures[f"recall_at_{limit}"] = float(np.mean(recalls))
    sample = [number for number, _ in found[0]]
    figures.update(percentiles("entries_of_100", timed(lambda _: store.entries(sample), 20)))
    figures.update(percentiles("vectors_of_100", timed(lambda _: store.vectors(sample), 20)))
    return figures


def exhaustive_ids(store: Store) -> list[int]:
    """The ids of all entries."""
    return [entry.id for path in store.files() for entry in store.entries_in(path)]


def measure_updates(store: Store, corpus: Corpus, times: int = 50) -> dict[str, float]:
    """What replacing one file costs, until it is found, and how much the index grows by it."""
    before = store.status().size_bytes
    updates = [corpus.update(number * 7, revision=1) for number in range(times)]
    figures = percentiles("commit_one_file", timed(lambda turn: store.commit([updates[turn]]), times))
    figures.update(percentiles("maintain_idle", timed(lambda _: store.maintain(), 20)))
    began = time.perf_counter()
    store.maintain(full=True)
    figures["maintain_full_seconds"] = time.perf_counter() - began
    figures["size_ratio_after"] = store.status().size_bytes / before
    return figures


def main() -> None:
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[2] if len(sys.argv) > 2 else temporary)
        corpus = Corpus(entries)
        store, figures = build(folder, corpus)
        with store:
            figures |= measure(store, corpus)
            figures |= measure_updates(store, corpus)
        for name, value in figures.items():
            print(f"{name:28} {value:14,.3f}" + (f"  goal: {GOALS[name]}" if name in GOALS else ""))
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
