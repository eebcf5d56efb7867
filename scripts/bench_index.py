"""Measure indexing: `scripts/bench index [PATH...] [--workers N] [--large] [--many] [--json]`.

Corpora are folders; the default is Python's standard library without its tests. Each is copied to a temporary folder
(only the files that are indexed) and measured there, in one run:

- *raw parsing*: tree-sitter alone over the same texts, one process at the workers' low priority, nothing else running
- *cold index*: empty index, as the command line does it (on all cores), warm workers (the start of processes and
  the import of libraries are excluded); also in processor time, which a busy machine changes less
- *searchable*: the same as an editor's server does it, which collects the facts of a large project afterwards (see
  `index/late_facts.py`): until it can be searched, and until all uses are known; here on all cores, too
- *unchanged*: indexing again when nothing changed
- *one file*: from a saved change of one function until a full-text search finds its new name
- *pause*: how long other threads of the main process (such as a hover) wait for the interpreter meanwhile
- *peak memory* of all processes together: proportional set size on Linux, resident set size elsewhere

`--large` adds a corpus of a million lines (copies with renamed definitions), `--many` one of 10,000 small files.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from glossator.index.embedding import StaticEmbedder
from glossator.index.indexer import Indexer
from glossator.index.pool import WorkerPool
from glossator.index.store import Filter, Store
from glossator.index.terms import analyze
from glossator.settings import Settings
from glossator.workspace.file_texts import read_text
from glossator.workspace.files import Found, scan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glossator.index.embedding import Embedder

GOALS = {
    "cold index": "4 x raw parsing at most, 2 aimed at; two cores",
    "unchanged": "10,000 files under 2 s",
    "one changed file": "under 150 ms",
    "peak memory": "under 1,500 MB at a million lines",
}
LARGE_LINES = 1_000_000
MANY_FILES = 10_000
CHANGES = 20
SAMPLE_SECONDS = 0.2
TICK_SECONDS = 0.002

RAW = """
import os, sys, time
from pathlib import Path
from glossator.index.language_detection import language_of
from glossator.index.parsing import raw_parse
from glossator.settings import Settings
from glossator.workspace.file_texts import Text, read_text
from glossator.workspace.files import Found, scan

if sys.platform != "win32":
    os.nice(10)
root = Path(sys.argv[1])
settings = Settings()
texts = []
for item in scan(root, settings):
    text = read_text(root, item.path, settings) if isinstance(item, Found) else None
    if isinstance(text, Text):
        texts.append((language_of(item.path), text.text.encode("utf-8", "surrogatepass")))
for language in {language for language, _ in texts}:
    raw_parse(language, b"")
begun, worked = time.perf_counter(), time.process_time()
for language, data in texts:
    raw_parse(language, data)
print(time.perf_counter() - begun, time.process_time() - worked)
"""


@dataclass(frozen=True, slots=True)
class Result:
    """The measurements of one corpus; times in seconds, memory in bytes."""

    corpus: str
    workers: int
    files: int
    lines: int
    megabytes: float
    symbols: int
    raw: float
    raw_processor: float
    cold: float
    ratio: float
    processor: float
    """Of all processes, for the cold index."""
    searchable: float
    searchable_processor: float
    collected: float
    """Until all uses are known, from the same beginning."""
    collected_processor: float
    unchanged: float
    change_p50: float
    change_p95: float
    pause_p99: float
    peak_bytes: int
    peak_by: dict[str, int]
    index_bytes: int


def main(arguments: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench index", description="Measure indexing.")
    parser.add_argument("paths", nargs="*", type=Path, help="folders (default: Python's standard library)")
    parser.add_argument("--workers", type=int, default=0, help="worker processes (default: as the product decides)")
    parser.add_argument("--large", action="store_true", help="also a corpus of a million lines")
    parser.add_argument("--many", action="store_true", help="also a corpus of 10,000 small files")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    given = parser.parse_args(arguments)
    results = []
    with tempfile.TemporaryDirectory(prefix="glossator-bench-") as temporary:
        folder = Path(temporary)
        corpora = [(path.name, lambda to, path=path: copy(path, to)) for path in given.paths or [standard_library()]]
        source = given.paths[0] if given.paths else standard_library()
        if given.large:
            corpora.append(("a million lines", lambda to: enlarge(source, to, LARGE_LINES)))
        if given.many:
            corpora.append(("10,000 files", lambda to: scatter(source, to, MANY_FILES)))
        for number, (name, make) in enumerate(corpora):
            root = folder / f"corpus{number}" / "root"
            root.mkdir(parents=True)
            make(root)
            results.append(measure(name, root, root.parent / "index", given.workers))
            if not given.json:
                show(results[-1])
    if given.json:
        print(json.dumps([asdict(result) for result in results], indent=2))
    return 0


def show(result: Result) -> None:
    """Print one result in readable form."""
    others = ", ".join(f"{name} {size / 1e6:,.0f} MB" for name, size in result.peak_by.items())
    print(
        f"{result.corpus}: {result.files:,} files, {result.lines:,} lines, {result.megabytes:.1f} MB, "
        f"{result.symbols:,} symbols; {result.workers} worker(s); load {_load()}"
    )
    rows = [
        ("raw parsing, one core", f"{result.raw:.2f} s", f"{result.lines / result.raw:,.0f} lines/s"),
        ("cold index", f"{result.cold:.2f} s", f"{result.lines / result.cold:,.0f} lines/s"),
        ("  / raw parsing", f"{result.ratio:.2f}", ""),
        (
            "  processor time",
            f"{result.processor:.2f} s",
            f"{result.processor / result.raw_processor:.2f} x raw parsing's",
        ),
        (
            "searchable",
            f"{result.searchable:.2f} s",
            f"{result.searchable / result.raw:.2f} x raw, processor {result.searchable_processor:.2f} s",
        ),
        (
            "  all uses known",
            f"{result.collected:.2f} s",
            f"{result.collected / result.raw:.2f} x raw, processor {result.collected_processor:.2f} s",
        ),
        ("unchanged", f"{result.unchanged:.2f} s", ""),
        ("one changed file", f"{result.change_p50 * 1e3:.0f} ms", f"p95 {result.change_p95 * 1e3:.0f} ms"),
        ("pauses, p99", f"{result.pause_p99 * 1e3:.1f} ms", ""),
        ("peak memory", f"{result.peak_bytes / 1e6:,.0f} MB", others),
        ("index on disk", f"{result.index_bytes / 1e6:,.0f} MB", ""),
    ]
    for name, figure, more in rows:
        goal = f"  goal: {GOALS[name]}" if name in GOALS else ""
        print(f"  {name:22} {figure:>10}   {more:32}{goal}".rstrip(), flush=True)


def _load() -> str:
    """How busy the machine was for the last minute, in processes."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


# Corpora


def standard_library() -> Path:
    """The folder of Python's standard library."""
    return Path(sysconfig.get_path("stdlib"))


def texts_of(source: Path) -> Iterator[tuple[str, str]]:
    """(path, text) of the files of a folder that would be indexed; of the standard library, without the tests."""
    settings = Settings(exclude=("site-packages", "test", "tests", "idle_test"))
    if source != standard_library():
        settings = Settings()
    for item in scan(source, settings):
        if isinstance(item, Found):
            text = read_text(source, item.path, settings)
            if text is not None and not hasattr(text, "reason"):
                yield item.path, text.text


def put(root: Path, path: str, text: str) -> int:
    """Write a file, an hour old; returns its lines."""
    full = root / path
    full.parent.mkdir(parents=True, exist_ok=True)
    full.write_text(text, "utf-8", errors="surrogatepass", newline="")
    then = time.time() - 3600
    os.utime(full, (then, then))
    return text.count("\n")


def copy(source: Path, root: Path) -> None:
    """The files of `source` that are indexed."""
    for path, text in texts_of(source):
        put(root, path, text)


_DEFINED = re.compile(r"\b(?:def|class|func|function|fn|struct|interface|type|enum)\s+([A-Za-z_]\w*)")


def enlarge(source: Path, root: Path, lines: int) -> None:
    """Copies of `source`, each with its definitions renamed, until there are so many lines."""
    texts = list(texts_of(source))
    written = 0
    for number in range(10_000):
        for path, text in texts:
            if number:
                names = set(_DEFINED.findall(text))
                text = re.sub(r"\b[A-Za-z_]\w*\b", partial(_renamed, names, f"_v{number}"), text)
            written += put(root, f"copy{number}/{path}", text)
            if written >= lines:
                return


def _renamed(names: set[str], suffix: str, match: re.Match[str]) -> str:
    return match[0] + suffix if match[0] in names else match[0]


def scatter(source: Path, root: Path, files: int) -> None:
    """So many small files, cut out of those of `source`."""
    made = 0
    while made < files:
        for path, text in texts_of(source):
            lines = text.split("\n")
            for start in range(0, len(lines), 40):
                put(root, f"{path}.d/{made // 200}/part{made}{Path(path).suffix}", "\n".join(lines[start : start + 40]))
                made += 1
                if made == files:
                    return


# Measuring


@dataclass(slots=True)
class Watch:
    """Measurements while something ran: the peak of total memory, and which processes used it; pauses in seconds."""

    peak: dict[str, int]
    pauses: list[float]

    def pause_p99(self) -> float:
        """The 99th percentile of the pauses."""
        return sorted(self.pauses)[int(len(self.pauses) * 0.99)] if self.pauses else 0.0


@contextmanager
def watched() -> Iterator[Watch]:
    """Watch this process and its children."""
    peak = {"all": 0, "main": 0, "workers": 0}
    watch = Watch(peak, [])
    end = threading.Event()

    def pause() -> None:
        while not end.is_set():
            begun = time.perf_counter()
            end.wait(TICK_SECONDS)
            watch.pauses.append(max(0.0, time.perf_counter() - begun - TICK_SECONDS))

    def sample() -> None:
        here = psutil.Process()
        while not end.wait(SAMPLE_SECONDS):
            main = _memory(here)
            workers = sum(map(_memory, here.children(recursive=True)))
            if main + workers > peak["all"]:
                peak.update(all=main + workers, main=main, workers=workers)

    threads = [threading.Thread(target=target, daemon=True) for target in (sample, pause)]
    for thread in threads:
        thread.start()
    try:
        yield watch
    finally:
        end.set()
        for thread in threads:
            thread.join()


def _memory(process: psutil.Process) -> int:
    try:
        if sys.platform == "linux":
            return int(process.memory_full_info().pss)
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def raw_parsing(root: Path) -> tuple[float, float]:
    """Seconds of tree-sitter alone, and of processor time."""
    done = subprocess.run([sys.executable, "-c", RAW, str(root)], capture_output=True, text=True, check=True)
    seconds, processor = map(float, done.stdout.split())
    return seconds, processor


def processor_time(pool: WorkerPool) -> float:
    """Seconds of processor time that this process and its workers have used."""
    workers = sum(sum(psutil.Process(pid).cpu_times()[:2]) for pid in pool.pids)
    return time.process_time() + workers


def measure(name: str, root: Path, index_dir: Path, workers: int) -> Result:
    """All figures of one corpus."""
    settings = Settings(index_dir=index_dir, workers=workers)
    size = sum(item.size for item in scan(root, settings) if isinstance(item, Found))
    raw, raw_processor = raw_parsing(root)
    embedder = StaticEmbedder()
    with WorkerPool(settings) as pool:
        folder = Store.folder_for(index_dir, root, embedder.id)
        store = Store.open(folder, embedder_id=embedder.id, dimensions=embedder.dimensions, write=True)
        indexer = Indexer(root, settings, store, pool)
        with pool.all_cores():  # keeps the workers that a first index uses from ending between the two runs
            warm_up(settings, embedder, pool, root.parent / "warm")
            processes = pool.count
            before = processor_time(pool)
            with watched() as watch:
                cold = indexer.run(all_cores=True)
            processor = processor_time(pool) - before
        unchanged = min(indexer.run().seconds for _ in range(3))
        changes = sorted(change_one(root, indexer, store, number) for number in range(CHANGES))
        status = store.status()
        store.close()
    late = searchable_first(root, index_dir.with_name("later"), workers)
    return Result(
        corpus=name,
        workers=processes,
        files=cold.files,
        lines=cold.lines,
        megabytes=size / 1e6,
        symbols=cold.symbols,
        raw=raw,
        raw_processor=raw_processor,
        cold=cold.seconds,
        ratio=cold.seconds / raw,
        processor=processor,
        searchable=late[0],
        searchable_processor=late[1],
        collected=late[2],
        collected_processor=late[3],
        unchanged=unchanged,
        change_p50=statistics.median(changes),
        change_p95=changes[int(len(changes) * 0.95) - 1],
        pause_p99=watch.pause_p99(),
        peak_bytes=watch.peak["all"],
        peak_by={"main": watch.peak["main"], "workers": watch.peak["workers"]},
        index_bytes=status.size_bytes,
    )


def searchable_first(root: Path, index_dir: Path, workers: int) -> tuple[float, float, float, float]:
    """Seconds and processor seconds until a first index can be searched, and until its facts are collected."""
    settings = Settings(index_dir=index_dir, workers=workers)
    embedder = StaticEmbedder()
    with WorkerPool(settings) as pool, pool.all_cores():
        warm_up(settings, embedder, pool, root.parent / "warm-later")
        folder = Store.folder_for(index_dir, root, embedder.id)
        store = Store.open(folder, embedder_id=embedder.id, dimensions=embedder.dimensions, write=True)
        indexer = Indexer(root, settings, store, pool)
        begun, before = time.perf_counter(), processor_time(pool)
        indexer.run(facts_later=True)
        searchable, processor = time.perf_counter() - begun, processor_time(pool) - before
        indexer.collect_facts()
        collected, in_all = time.perf_counter() - begun, processor_time(pool) - before
        store.close()
    return searchable, processor, collected, in_all


def warm_up(settings: Settings, embedder: Embedder, pool: WorkerPool, root: Path) -> None:
    """Start all workers and import all libraries: index a small folder."""
    for number in range(4 * pool.count):
        put(root, f"f{number}.py", "".join(f"def warm_{number}_{i}():\n    return {i}\n\n\n" for i in range(4000)))
    folder = Store.folder_for(settings.index_dir, root, embedder.id)
    store = Store.open(folder, embedder_id=embedder.id, dimensions=embedder.dimensions, write=True)
    Indexer(root, settings, store, pool).run()
    store.close()


def change_one(root: Path, indexer: Indexer, store: Store, number: int) -> float:
    """Seconds from a change on disk until it is found."""
    chance = random.Random(number)
    paths = sorted(path for path in store.files() if path.endswith(".py"))
    path = root / chance.choice(paths)
    name = "changed" + "".join(chance.choices("bcdfghklmnprstvz", k=12))
    text = path.read_text("utf-8", errors="surrogatepass")
    begun = time.perf_counter()
    path.write_text(f"{text}\n\ndef {name}():\n    return {number}\n", "utf-8", errors="surrogatepass")
    indexer.update([path])
    store.refresh()
    found = store.text_search(analyze(name), 1, Filter())
    seconds = time.perf_counter() - begun
    if not found:
        raise SystemExit(f"{path}: the change is not found")
    return seconds


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
