"""Measure at millions of lines: `scripts/bench scale [--lines 1 2 5] [--sources PATH...] [--work DIR] [--json]`.

The code base is put together from sources, one after the other, until it has so many million lines: folders, or git
repositories (also bare ones), whose last commit is taken. The default is the packages installed in .venv, about three
million lines. Each size is indexed from nothing in an index folder of its own, by this process and its workers; then

- *one changed file*: from a saved change of one function until a full-text search finds its new name
- *warm start*: a real language server is started on the unchanged index; until its index is ready, and until it has
  answered a first search
- *search* and *uses*: requests to that server, until the reply has been read: queries made from the code itself (doc
  comments, words of names, names), and symbols drawn at random
- *memory*: proportional set size of all processes (resident set size where the system has no such thing): the peak
  during indexing, after the requests, and after 150 idle seconds, whose last 20 give the idle processor time

It takes hours for ten million lines. `--work` keeps what was done: with `--minutes`, indexing stops after that time
(exit status 3), and the same call continues; times are added up.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
from tests.lsp.client import ResponseError, start_server

from bench_index import processor_time, watched
from bench_search import questions
from glossator.errors import CancelledByUser
from glossator.index.records import Filter
from glossator.index.terms import analyze
from glossator.project.session import Session
from glossator.settings import load_settings
from glossator.workspace.files import Found, scan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glossator.index.records import StoredEntry

MILLION = 1_000_000
REQUESTS = 200
CHANGES = 20
PREPARING_SECONDS = 5
"""For which changes are waited for, after a server has begun to prepare for them, when they are measured again."""
IDLE_SECONDS = 130
IDLE_MEASURED_SECONDS = 20
UNFINISHED = 3
"""Exit status when the time is over and indexing is not."""
GOALS = {
    "bytes per line": "under 300",
    "peak memory": "1,500 MB at 1 million lines, 3,000 MB at 10",
    "warm start": "2 s",
    "search": "p50 25, p95 60 ms at a million symbols",
    "uses": "p95 30 ms at a million lines",
    "one changed file": "p95 150 ms",
    "idle memory": "300 MB at a million lines",
    "idle processor": "0.5 % of a core",
}


def extend(tree: Path, sources: Sequence[Path], lines: int) -> None:
    """Add sources to the tree until it has so many lines."""
    counts_file = tree.with_suffix(".json")
    counts: dict[str, int] = json.loads(counts_file.read_text("utf-8")) if counts_file.exists() else {}
    tree.mkdir(parents=True, exist_ok=True)
    for number, source in enumerate(sources):
        if sum(counts.values()) >= lines:
            return
        repository = source / "repo" if (source / "repo" / "HEAD").is_file() else source
        name = f"{number:03}-{source.name}"
        if name in counts:
            continue
        target = tree / name
        shutil.rmtree(target, ignore_errors=True)
        if (repository / "HEAD").is_file() or (repository / ".git").exists():
            target.mkdir()
            archive = subprocess.Popen(["git", "-C", repository, "archive", "HEAD"], stdout=subprocess.PIPE)
            unpacked = subprocess.run(["tar", "-x", "-C", target], stdin=archive.stdout, stderr=subprocess.DEVNULL)
            if archive.wait() or unpacked.returncode:
                print(f"{repository} is left out: git cannot archive its last commit", file=sys.stderr)
                shutil.rmtree(target)
                counts[name] = 0
                continue
        else:
            shutil.copytree(source, target, ignore=shutil.ignore_patterns(".git", "__pycache__"))
        counts[name] = sum(
            (target / item.path).read_bytes().count(b"\n")
            for item in scan(target, load_settings())
            if isinstance(item, Found)
        )
        counts_file.write_text(json.dumps(counts, indent=1), "utf-8")
        print(f"{name}: {counts[name]:,} lines, {sum(counts.values()):,} in all", file=sys.stderr, flush=True)
    if sum(counts.values()) < lines:
        raise SystemExit(f"the sources have only {sum(counts.values()):,} lines")


def index(tree: Path, index_dir: Path, state: dict[str, Any], minutes: float) -> bool:
    """Index the tree, or go on with it; false if the time is over."""
    settings = replace(load_settings(), index_dir=index_dir)
    with closing(Session([tree], settings)) as session:
        pool = session.shared.pool
        started = time.perf_counter()
        with pool.all_cores():
            pool.start(pool.count)
            before = processor_time(pool)
            finished = True
            with watched() as watch:
                try:
                    report = session.root.index(
                        cancelled=lambda: time.perf_counter() - started > 60 * minutes, all_cores=True
                    )
                except CancelledByUser:
                    finished = False
            state["processor"] = state.get("processor", 0.0) + processor_time(pool) - before
            state["seconds"] = state.get("seconds", 0.0) + time.perf_counter() - started
            if watch.peak["all"] > state.get("peak", {"all": 0})["all"]:
                state["peak"] = dict(watch.peak)
        if not finished:
            return False
        unchanged = session.root.index()
        store = session.root.writer()
        status = store.status()
        state.update(
            files=report.files, lines=report.lines, symbols=report.symbols, entries=status.entries,
            bytes=status.size_bytes, unchanged=unchanged.seconds, load=os.getloadavg()[0],
        )  # fmt: skip
        paths = [path for path, record in store.files().items() if not record.skipped]
        state["changed"] = change_some(session)
        chosen = random.Random(0).sample(paths, min(600, len(paths)))
        sample = [entry for path in chosen for entry in store.entries_in(path)]
        state["queries"] = questions(sample, REQUESTS)
        state["symbols_asked"] = places(tree, sample)
    return True


def change_again(tree: Path, index_dir: Path, state: dict[str, Any]) -> None:
    """Compare a finished index with the disk, and measure changes, once more."""
    with closing(Session([tree], replace(load_settings(), index_dir=index_dir))) as session:
        session.root.index()  # the files are not read for the first time
        session.root.search("where is the main function called", 1)  # as a server does
        session.root.expect_changes()
        state["unchanged"] = session.root.index().seconds
        time.sleep(PREPARING_SECONDS)
        state["changed"] = change_some(session)


def change_some(session: Session) -> dict[str, float]:
    """Percentiles of what `change_one` measures."""
    paths = [path for path, record in session.root.writer().files().items() if not record.skipped]
    return percentiles([change_one(session, path) for path in random.Random(2).sample(paths, CHANGES)])


def change_one(session: Session, path: str) -> float:
    """Milliseconds from a change of a file on disk until a search finds it."""
    full, store = session.root.path / path, session.root.writer()
    text = full.read_text("utf-8", "surrogateescape")
    name = "changed" + "".join(random.Random(f"{len(text)} {path}").choices("bcdfghklmnprstvz", k=12))
    begun = time.perf_counter()
    full.write_text(f"{text}\n\n{name}\n", "utf-8", "surrogateescape")
    session.root.indexer().update([full])
    store.refresh()
    found = store.text_search(analyze(name), 1, Filter())
    milliseconds = 1000 * (time.perf_counter() - begun)
    if not found:
        print(f"{path}: its change is not found", file=sys.stderr)
    return milliseconds


def places(tree: Path, sample: Sequence[StoredEntry]) -> list[dict[str, Any]]:
    """Positions of the names of some definitions."""
    named = [one for one in sample if one.name and one.part == 0 and one.kind not in ("block", "section", "key")]
    found = []
    for entry in random.Random(1).sample(named, min(REQUESTS, len(named))):
        path = tree / entry.path
        line = path.read_text("utf-8", "replace").split("\n")[entry.name_line - 1]
        column = line.find(entry.name)
        if column >= 0:
            position = {"line": entry.name_line - 1, "character": column}
            found.append({"textDocument": {"uri": path.as_uri()}, "position": position})
    return found


def percentiles(milliseconds: Sequence[float]) -> dict[str, float]:
    """Median, 95th percentile and maximum."""
    return {
        "p50": round(float(np.percentile(milliseconds, 50)), 1),
        "p95": round(float(np.percentile(milliseconds, 95)), 1),
        "max": round(max(milliseconds), 1),
    }


def processor_milliseconds(process: psutil.Process) -> float:
    """Milliseconds of processor time that a process has used, all threads together."""
    total = 0
    try:  # exact to the nanosecond; the system's usual count has steps of 10 ms
        for thread in Path(f"/proc/{process.pid}/task").iterdir():
            with contextlib.suppress(OSError):  # it has just ended
                total += int((thread / "schedstat").read_text("ascii").split()[0])
    except OSError:
        return 1000 * sum(process.cpu_times()[:2])
    return total / 1e6


async def serve(tree: Path, index_dir: Path, state: dict[str, Any], *, idle: bool) -> None:
    """Measure a language server on the finished index."""
    environment = {**os.environ, "GLOSSATOR_INDEX_DIR": str(index_dir)}
    started = time.perf_counter()
    process, client = await start_server(env=environment)
    assert process.stderr is not None
    drain = asyncio.ensure_future(process.stderr.read())
    await client.initialize(tree)
    await client.ready()
    state["ready"] = time.perf_counter() - started
    await client.request("glossator/search", {"query": state["queries"][0], "limit": 10})
    state["first_search"] = time.perf_counter() - started
    server = psutil.Process(process.pid)

    def all_processes() -> list[psutil.Process]:
        return [server, *server.children(recursive=True)]

    def used() -> float:
        return sum(sum(one.cpu_times()[:2]) for one in all_processes())

    def memory() -> int:
        total = 0
        for one in all_processes():
            with contextlib.suppress(psutil.Error):
                total += one.memory_full_info().pss if sys.platform == "linux" else one.memory_info().rss
        return total

    state["start_processor"] = used()
    state["start_memory"] = memory()
    for name, method, requests in (
        ("search", "glossator/search", [{"query": query, "limit": 10} for query in state["queries"]]),
        ("search again", "glossator/search", [{"query": query, "limit": 10} for query in state["queries"]]),
        ("uses", "glossator/uses", state["symbols_asked"]),
        ("uses again", "glossator/uses", state["symbols_asked"]),
    ):
        times, worked = [], []
        for parameters in requests:
            begun, before = time.perf_counter(), processor_milliseconds(server)
            with contextlib.suppress(ResponseError):  # a position that leads to no symbol
                await client.request(method, parameters)
            times.append(1000 * (time.perf_counter() - begun))
            worked.append(processor_milliseconds(server) - before)
        state[name] = {**percentiles(times), "load": round(os.getloadavg()[0], 1)}
        state[name] |= {f"processor_{key}": value for key, value in percentiles(worked).items()}
    state["used_memory"] = memory()
    if idle:
        await asyncio.sleep(IDLE_SECONDS)
        before = used()
        await asyncio.sleep(IDLE_MEASURED_SECONDS)
        state["idle_processor"] = (used() - before) / IDLE_MEASURED_SECONDS
        state["idle_memory"] = memory()
        state["idle_parts"] = [round(one.memory_full_info().uss / 1e6) for one in all_processes()]
    await client.request("shutdown", None)
    client.notify("exit")
    await process.wait()
    await drain


def megabytes(size: float) -> str:
    """A number of bytes in megabytes."""
    return f"{size / 1e6:,.0f} MB"


def show(state: dict[str, Any]) -> None:
    """Print one size in readable form."""
    lines = state["lines"]
    print(f"{state['files']:,} files, {lines:,} lines, {state['symbols']:,} symbols, {state['entries']:,} entries")
    peak = state["peak"]
    seconds, processor, load = (1e6 * state["seconds"] / lines, 1e6 * state["processor"] / lines, state["load"])
    rows = [
        (
            "index",
            f"{state['seconds']:.0f} s",
            f"{seconds:.1f} µs per line, {processor:.1f} of a processor; load {load:.1f}",
        ),
        ("bytes per line", f"{state['bytes'] / lines:.0f}", f"{megabytes(state['bytes'])} in all"),
        ("peak memory", megabytes(peak["all"]), f"{megabytes(peak['main'])} and workers {megabytes(peak['workers'])}"),
        ("unchanged", f"{state['unchanged']:.2f} s", ""),
        ("one changed file", f"{state['changed']['p50']:.0f} ms", f"p95 {state['changed']['p95']:.0f} ms"),
    ]
    if "ready" in state:
        more = f"with the first search {state['first_search']:.2f} s, of a processor {state['start_processor']:.2f} s"
        rows.append(("warm start", f"{state['ready']:.2f} s", more))
        for name in ("search", "search again", "uses", "uses again"):
            one = state[name]
            more = (
                f"p95 {one['p95']:.1f} ms; of a processor {one['processor_p50']:.1f}, p95 {one['processor_p95']:.1f} ms"
            )
            rows.append((name, f"{one['p50']:.1f} ms", f"{more}; load {one['load']}"))
        rows.append(
            ("used memory", megabytes(state["used_memory"]), f"{megabytes(state['start_memory'])} at the start")
        )
    if "idle_memory" in state:
        parts = " + ".join(map(str, state["idle_parts"]))
        rows.append(("idle memory", megabytes(state["idle_memory"]), f"of each process alone: {parts} MB"))
        rows.append(("idle processor", f"{100 * state['idle_processor']:.2f} %", ""))
    for name, figure, more in rows:
        goal = f"  goal: {GOALS[name]}" if name in GOALS else ""
        print(f"  {name:22} {figure:>10}   {more}{goal}".rstrip(), flush=True)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=float, nargs="+", default=[1.0, 2.0], help="sizes in millions of lines")
    parser.add_argument("--sources", type=Path, nargs="+", default=[Path(sysconfig.get_path("purelib"))])
    parser.add_argument("--work", type=Path, help="keep trees, indexes and results in this folder")
    parser.add_argument("--minutes", type=float, default=1e9, help="stop indexing after this time, to go on later")
    parser.add_argument("--index-only", action="store_true", help="measure no server")
    parser.add_argument("--again", action="store_true", help="measure changes and the server again on finished indexes")
    parser.add_argument("--no-idle", action="store_true", help="do not wait to measure an idle server")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    with contextlib.ExitStack() as stack:
        work = options.work or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="glossator-scale-")))
        work.mkdir(parents=True, exist_ok=True)
        results = work / "results.json"
        states: dict[str, dict[str, Any]] = json.loads(results.read_text("utf-8")) if results.exists() else {}
        for size in options.lines:
            state = states.setdefault(f"{size:g}", {})
            tree, index_dir = work / f"tree-{size:g}", work / f"index-{size:g}"
            if "changed" not in state:
                extend(tree, options.sources, int(size * MILLION))
                finished = index(tree, index_dir, state, options.minutes)
                results.write_text(json.dumps(states, indent=1), "utf-8")
                if not finished:
                    print(f"{size:g} million lines: {state['seconds']:.0f} s so far; call again", file=sys.stderr)
                    return UNFINISHED
            elif options.again:
                change_again(tree, index_dir, state)
            if not options.index_only and ("ready" not in state or options.again):
                asyncio.run(serve(tree, index_dir, state, idle=not options.no_idle))
                results.write_text(json.dumps(states, indent=1), "utf-8")
            if options.json:
                print(
                    json.dumps({key: value for key, value in state.items() if key not in ("queries", "symbols_asked")})
                )
            else:
                show(state)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
