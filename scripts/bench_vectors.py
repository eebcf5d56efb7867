"""Ways to find the nearest vectors, side by side: `scripts/bench vectors [PATH...] [--sizes N...] [--json]`.

The vectors are those of real code: every PATH (default: Python's standard library and the packages installed in .venv)
is indexed as the product does it, and as many of all vectors are drawn at random as a size says. If there are fewer,
the rest are copies with a little noise; the output says how many. Queries are made from the code as
`scripts/bench search` makes them. Compared are

- what ships (`glossator.index.nearest`),
- exhaustive searches of one file mapped into memory, in several number formats,
- LanceDB without an index and with each kind of index that it offers. Where a setting says how much is searched, the
  cheapest row with a recall at 100 of 0.99 is shown, or the most thorough one if none reaches it.

Every query counts with the fastest of its rounds; `first` is the first search after opening. Recall is the share of the
best 10 and 100 of an exhaustive search in float32; entries that tie with the last of them count as found.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import sys
import sysconfig
import tempfile
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bench_index import standard_library
from bench_search import questions
from glossator.index import nearest
from glossator.index.folders import size_of
from glossator.index.manifest import ORDINAL_BITS
from glossator.index.table import Lance
from glossator.project.session import Session
from glossator.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

GOALS = {100_000: "p50 under 10 ms at recall 0.99", 1_000_000: "p50 under 25 ms at recall 0.99"}
ENOUGH = 0.99
DEPTH = 100
PER_FILE = 100
"""Entries of a made-up file: the searchers know entries by file and ordinal."""
NOISE = 0.01
"""Standard deviation of the noise in each component of a copied vector, whose length is 1."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: `first`, `p50`, `p95` in milliseconds; `seconds` to write the files or make the index."""

    name: str
    first: float
    p50: float
    p95: float
    recall_at_10: float
    recall_at_100: float
    megabytes: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Sample:
    """Vectors to search, queries, and what an exhaustive search finds of them."""

    vectors: NDArray[np.float16]
    queries: NDArray[np.float32]
    products: list[NDArray[np.float32]]
    rounds: int

    def measured(
        self, name: str, search: Callable[[NDArray[np.float32]], Any], *, megabytes: float, seconds: float
    ) -> Row:
        """Times and recalls of a search, which returns the numbers of the best `DEPTH` rows, best first."""
        started = time.perf_counter()
        search(self.queries[0])
        first = round(1000 * (time.perf_counter() - started), 1)
        fastest = [float("inf")] * len(self.queries)
        found: list[NDArray[np.int64]] = []
        for turn in range(self.rounds):
            for place, query in enumerate(self.queries):
                started = time.perf_counter()
                rows = search(query)
                fastest[place] = min(fastest[place], 1000 * (time.perf_counter() - started))
                if not turn:
                    found.append(np.asarray(rows))
        recalls = []
        for depth in (10, DEPTH):
            shares = []
            for rows, products in zip(found, self.products, strict=True):
                worst = np.partition(products, -depth)[-depth]
                shares.append(float((products[rows[:depth]] >= worst - 1e-3).sum()) / depth)
            recalls.append(float(np.mean(shares)))
        p50, p95 = np.percentile(fastest, [50, 95])
        times = (first, round(float(p50), 2), round(float(p95), 2))
        row = Row(name, *times, *(round(r, 4) for r in recalls), megabytes, seconds)
        print(f"  {row}", file=sys.stderr, flush=True)
        return row


def collect(paths: Sequence[Path], index_dir: Path, count: int) -> tuple[NDArray[np.float16], NDArray[np.float32]]:
    """The vectors of all entries of some folders, and those of queries about them."""
    parts, queries = [], []
    for path in paths:
        session = Session([path], replace(Settings(), index_dir=index_dir))
        try:
            print(f"indexing {path}", file=sys.stderr)
            session.root.index()
            snapshot = session.root.open()
            assert snapshot is not None
            store, searcher = snapshot.store, snapshot.searcher
            files = [file for file, record in store.files().items() if not record.skipped]
            chosen = random.Random(0).sample(files, min(200, len(files)))
            entries = [entry for file in chosen for entry in store.entries_in(file)]
            made = questions(entries, max(3, count // len(paths)))
            queries += [searcher.embedder.embed_query(query) for query in made]
            lance = Lance(session.root.folder / "lance", searcher.embedder.dimensions)
        finally:
            session.close()
        generations = [int(table.stem.rpartition("-")[2]) for table in lance.folder.glob("entries-*.lance")]
        parts += [columns.vectors for columns in lance.open(max(generations)).all_columns()]
        lance.close()
    return np.concatenate(parts), np.stack(queries[:count])


def drawn(vectors: NDArray[np.float16], size: int) -> tuple[NDArray[np.float16], int]:
    """So many of the vectors, in random order, and how many of them are noisy copies."""
    generator = np.random.default_rng(0)
    order = generator.permutation(len(vectors))[:size]
    copies = max(0, size - len(vectors))
    if not copies:
        return vectors[order], 0
    noisy = vectors[generator.integers(0, len(vectors), copies)].astype(np.float32)
    noisy += generator.normal(scale=NOISE, size=noisy.shape).astype(np.float32)
    noisy /= np.linalg.norm(noisy, axis=1, keepdims=True)
    return np.concatenate([vectors[order], noisy.astype(np.float16)]), copies


def best(products: NDArray[Any]) -> NDArray[np.int64]:
    """The rows of the largest products, largest first."""
    found = np.argpartition(products, -DEPTH)[-DEPTH:]
    return found[np.argsort(-products[found])]


def shipped(sample: Sample, folder: Path) -> Iterator[Row]:
    """What the product does."""
    count, dimensions = sample.vectors.shape
    rows = np.arange(count)
    ids = ((rows // PER_FILE + 1) << ORDINAL_BITS) + rows % PER_FILE
    flat = np.zeros(count, np.int16)
    columns = nearest.Columns(ids, flat, flat, sample.vectors)
    revisions = dict(zip(*np.unique(ids >> ORDINAL_BITS, return_counts=True), strict=True))
    live = {int(revision): int(entries) for revision, entries in revisions.items()}
    started = time.perf_counter()
    nearest.write(folder / "1", [columns], count, dimensions)
    seconds = time.perf_counter() - started
    searcher = nearest.Nearest(lambda _: folder / "1", lambda: (1, 1), lambda: live, lambda _: None)

    def search(query: NDArray[np.float32]) -> NDArray[np.int64]:
        found = np.array([number for number, _ in searcher.search(query, DEPTH, nearest.Scope()) or ()])
        return ((found >> ORDINAL_BITS) - 1) * PER_FILE + (found & ((1 << ORDINAL_BITS) - 1))

    yield sample.measured("what ships", search, megabytes=megabytes(folder), seconds=seconds)


BLOCK = 1024
"""Rows that are converted to float32 at a time: 1 MB, which stays in a core's cache."""


def exhaustive(sample: Sample, folder: Path) -> Iterator[Row]:
    """Every vector is multiplied with the query, out of a mapped file."""
    vectors = sample.vectors
    count = len(vectors)
    scale = np.abs(vectors).max(axis=0).astype(np.float32) / 127

    def in_blocks(rows: NDArray[Any], query: NDArray[np.float32]) -> NDArray[np.float32]:
        products = np.empty(count, np.float32)
        for start in range(0, count, BLOCK):
            part = rows[start : start + BLOCK].astype(np.float32)
            np.einsum("ij,j->i", part, query, out=products[start : start + BLOCK])
        return products

    def rescored(query: NDArray[np.float32]) -> NDArray[np.int64]:
        found = np.argpartition(in_blocks(int8, query * scale), -4 * DEPTH)[-4 * DEPTH :]
        exact = np.einsum("ij,j->i", float16[found].astype(np.float32), query)
        return found[np.argsort(-exact)[:DEPTH]]

    float32 = mapped(folder / "float32.npy", vectors.astype(np.float32))
    float16 = mapped(folder / "float16.npy", vectors)
    int8 = mapped(folder / "int8.npy", np.round(vectors.astype(np.float32) / scale).astype(np.int8))
    ways: dict[str, tuple[Callable[[NDArray[np.float32]], Any], tuple[NDArray[Any], ...]]] = {
        "exhaustive, float32, one core": (lambda query: best(np.einsum("ij,j->i", float32, query)), (float32,)),
        "exhaustive, float32, BLAS": (lambda query: best(float32 @ query), (float32,)),
        "exhaustive, float16 in blocks": (lambda query: best(in_blocks(float16, query)), (float16,)),
        "exhaustive, int8 in blocks, 400 in float16": (rescored, (int8, float16)),
    }
    for name, (search, files) in ways.items():
        size = round(sum(file.nbytes for file in files) / 1e6, 1)
        yield sample.measured(name, search, megabytes=size, seconds=0.0)


def mapped(path: Path, array: NDArray[Any]) -> NDArray[Any]:
    """The array, out of a file."""
    np.save(path, array)
    return np.asarray(np.load(path, mmap_mode="r"))


def lance_tables(sample: Sample, folder: Path, *, kinds: Sequence[str]) -> Iterator[Row]:
    """LanceDB over a table of ids and vectors, without an index and with each kind of it."""
    os.environ.setdefault("LANCEDB_LOG", "error")
    import lancedb
    import pyarrow as pa
    from lancedb import index

    count, dimensions = sample.vectors.shape
    run = asyncio.new_event_loop().run_until_complete
    flat = pa.array(sample.vectors.reshape(-1))
    columns = [pa.array(np.arange(count)), pa.FixedSizeListArray.from_arrays(flat, dimensions)]
    table = pa.Table.from_arrays(columns, ["id", "vector"])
    opened = run(lancedb.connect_async(str(folder)))
    handle = run(opened.create_table("vectors", table))

    def searcher(settings: dict[str, int]) -> Any:
        async def found(query: NDArray[np.float32]) -> Any:
            asked = handle.vector_search(query).distance_type("dot").select(["id", "_distance"]).limit(DEPTH)
            for name, value in settings.items():
                asked = getattr(asked, name)(value)
            return (await asked.to_arrow())["id"].to_numpy()

        return lambda query: run(found(query))

    def size() -> float:
        """Megabytes of the table with its newest index."""
        indexes = sorted((folder / "vectors.lance" / "_indices").glob("*"), key=lambda path: path.stat().st_mtime)
        return round(megabytes(folder) - sum(megabytes(path) for path in indexes[:-1]), 1)

    def row(name: str, settings: dict[str, int], seconds: float = 0.0) -> Row:
        shown = "".join(f", {key} {value}" for key, value in settings.items())
        return sample.measured(f"LanceDB, {name}{shown}", searcher(settings), megabytes=size(), seconds=seconds)

    yield row("no index", {})
    partitions = max(8, int(count**0.5))
    probes = [{"nprobes": max(1, partitions * share // 100)} for share in (5, 20, 70)]
    refined = [{**some, "refine_factor": 5} for some in probes]
    graphs = [{"nprobes": many, "ef": ef} for many, ef in ((4, 200), (8, 400), (16, 800))]
    common: dict[str, Any] = {"distance_type": "dot", "num_partitions": partitions}
    graph = {"distance_type": "dot", "num_partitions": max(1, count // 50_000)}
    offered: dict[str, tuple[Callable[[], Any], list[dict[str, int]]]] = {
        "IVF_FLAT": (lambda: index.IvfFlat(**common), probes),
        "IVF_SQ": (lambda: index.IvfSq(**common), probes),
        "IVF_PQ": (lambda: index.IvfPq(**common, num_sub_vectors=dimensions // 8), refined),
        "IVF_RQ": (lambda: index.IvfRq(**common), refined),
        "IVF_HNSW_SQ": (lambda: index.HnswSq(**graph), graphs),
    }
    for kind in kinds:
        make, settings = offered[kind]
        started = time.perf_counter()
        try:
            run(handle.create_index("vector", config=make(), replace=True))
        except (RuntimeError, ValueError) as error:
            print(f"  {kind}: {error}", file=sys.stderr)
            continue
        seconds = round(time.perf_counter() - started, 1)
        kept: Row | None = None
        for some in settings:
            tried = row(kind, some, seconds)
            if kept is None or tried.recall_at_100 > kept.recall_at_100:
                kept = tried
            if tried.recall_at_100 >= ENOUGH:
                break
        if kept is not None:
            yield kept
    opened.close()


def megabytes(folder: Path) -> float:
    """The size of all files in a folder."""
    return round(size_of(folder) / 1e6, 1)


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="glossator-vectors-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main(arguments: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "paths", nargs="*", type=Path, default=[standard_library(), Path(sysconfig.get_path("purelib"))]
    )
    parser.add_argument("--sizes", nargs="+", type=int, default=[100_000])
    parser.add_argument("--queries", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kinds", default="IVF_FLAT,IVF_SQ,IVF_PQ,IVF_RQ,IVF_HNSW_SQ", help="LanceDB's indexes")
    parser.add_argument("--index-dir", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    results: dict[int, list[Row]] = {}
    with scratch() as folder:
        vectors, queries = collect(options.paths, options.index_dir or folder / "index", options.queries)
        for size in options.sizes:
            some, copies = drawn(vectors, size)
            matrix = some.astype(np.float32)
            sample = Sample(some, queries, [matrix @ query for query in queries], options.rounds)
            del matrix
            load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
            print(f"{size:,} vectors, {copies:,} of them noisy copies, {len(queries)} queries{load}", file=sys.stderr)
            rows: list[Row] = []
            for number, way in enumerate((shipped, exhaustive)):
                place = folder / f"{size}-{number}"
                place.mkdir()
                rows += way(sample, place)
                shutil.rmtree(place)
            place = folder / f"{size}-lancedb"
            rows += lance_tables(sample, place, kinds=[kind for kind in options.kinds.split(",") if kind])
            shutil.rmtree(place)
            results[size] = rows
            if options.json:
                continue
            print(f"\n{size:,} vectors, {copies:,} of them noisy copies, {len(queries)} queries{load}", flush=True)
            print(f"goal: {GOALS[size]}\n" if size in GOALS else "")
            print("| | first ms | p50 ms | p95 ms | recall@10 | recall@100 | MB | made in s |")
            print("|---|---|---|---|---|---|---|---|")
            for row in rows:
                times = f"{row.first:.0f} | {row.p50:.1f} | {row.p95:.1f}"
                recalls = f"{row.recall_at_10:.3f} | {row.recall_at_100:.3f}"
                print(f"| {row.name} | {times} | {recalls} | {row.megabytes:.0f} | {row.seconds:.0f} |", flush=True)
    if options.json:
        print(json.dumps({size: [asdict(row) for row in rows] for size, rows in results.items()}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
