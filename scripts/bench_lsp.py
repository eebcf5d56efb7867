"""Measure the language server: `scripts/bench lsp [PATH] [--requests N] [--json]`.

A real server over real stdio, as an editor starts it. The corpus is a folder; the default is Python's standard library
without its tests (copied to a temporary folder, only the files that are indexed). It measures hovers over names, at
random positions in random files, and searches for names and questions, one after the other, each from writing the
request until its reply has been read, while the server

- is *idle*: the index is ready, nothing else goes on
- is *indexing*: another copy of the corpus was just added as a folder and is indexed from nothing
- is *generating*: a model reads evidence and writes an answer (a generated one of a real shape: 0.5B parameters,
  qwen2, Q8_0)

The goal for hovers is a p99 below 50 ms in all three. On Linux, "running" is the p99 without the time that the two main
threads (the server's and this script's) waited for a core, which excludes the effect of other programs.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import re
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.lsp import client as lsp

from bench_index import copy, standard_library

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Time = tuple[float, float]
"""Milliseconds until a reply: by the clock, and without waiting for a core."""

PAUSE = 0.02
"""Seconds between two requests: nobody hovers faster."""
GOAL_MS = 50.0
QUESTIONS = (
    "parse command line arguments", "read a compressed archive", "how is json encoded?", "open a socket with a timeout",
    "run a subprocess and capture its output", "walk over all files of a folder", "format a date as iso 8601",
    "where are http headers parsed?", "thread pool executor submit", "escape html characters",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    """Milliseconds from a request to its reply."""

    what: str
    state: str
    requests: int
    p50: float
    p99: float
    worst: float
    running_p99: float | None
    """Without the time that the main threads waited for a core; None if the system does not provide it."""


class Queued:
    """How long the main threads of the server and of this process have waited for a core, from /proc."""

    def __init__(self, server: int) -> None:
        files = [Path(f"/proc/{pid}/task/{pid}/schedstat") for pid in (server, os.getpid())]
        self._files = files if all(file.exists() for file in files) else []
        self.known = bool(self._files)

    def milliseconds(self) -> float:
        """Up to now."""
        return sum(int(file.read_text().split()[1]) for file in self._files) / 1e6


def main(arguments: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench lsp", description="Measure the language server's replies.")
    parser.add_argument("path", nargs="?", type=Path, help="a folder (default: Python's standard library)")
    parser.add_argument("--requests", type=int, default=300, help="hovers in each state; a third as many searches")
    parser.add_argument("--model", type=Path, help="a GGUF model to generate with (default: one is made, 0.5 GB)")
    parser.add_argument("--no-model", action="store_true", help="leave the measurement while generating out")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    given = parser.parse_args(arguments)
    lsp.WAIT = 600.0
    with tempfile.TemporaryDirectory(prefix="glossator-bench-") as temporary:
        results = asyncio.run(_measure(Path(temporary), given))
    if given.json:
        print(json.dumps([asdict(result) for result in results]))
    else:
        print(f"{'request':<8} {'server':<11} {'n':>5} {'p50 ms':>8} {'p99 ms':>8} {'worst':>8} {'running':>8}")
        for r in results:
            times = "".join(f" {value or 0:>8.1f}" for value in (r.p50, r.p99, r.worst, r.running_p99))
            print(f"{r.what:<8} {r.state:<11} {r.requests:>5}{times}")
    met = all(result.p99 < GOAL_MS for result in results if result.what == "hover")
    print(f"hover p99 below {GOAL_MS:.0f} ms in every state: {'yes' if met else 'NO'}", file=sys.stderr)
    return 0


def _model(given: argparse.Namespace, folder: Path) -> Path | None:
    if given.no_model:
        return None
    if given.model:
        return Path(given.model)
    from tests import gguf_files

    print("making a model of 0.5B parameters", file=sys.stderr, flush=True)
    return gguf_files.random_model(folder / "half.gguf", gguf_files.HALF_BILLION, quantised=True, letters=True)


async def _measure(folder: Path, given: argparse.Namespace) -> list[Result]:
    source = given.path or standard_library()
    first, second = folder / "first", folder / "second"
    copy(source, first)
    model = _model(given, folder)
    process, client = await lsp.start_server("--index-dir", str(folder / "indexes"))
    queued = Queued(process.pid)
    options: dict[str, Any] = {"maxAnswerTokens": 2048, "contextTokens": 4096}  # little to read, much to write
    if model is not None:
        options["model"] = str(model.absolute())
    try:
        await client.initialize(first, options=options)
        print("indexing", file=sys.stderr, flush=True)
        await client.ready()
        places = _places(first, given.requests)
        results: list[Result] = []

        async def state(name: str, lasts: Callable[[], bool] = lambda: True) -> None:
            print(f"measuring: {name}", file=sys.stderr, flush=True)
            results.extend(await _requests(client, queued, places, name, lasts))

        await _requests(client, queued, places[:20], "warm", lambda: True)
        await state("idle")
        if model is not None:
            request, answer = client.start("glossator/ask", {"question": QUESTIONS[0], "partialResultToken": "bench"})
            # No text need come for that: what a random model writes may be one word, and half words are held back.
            await client.wait_for(lambda: client.last("glossator/statusChanged")["model"]["state"] == "busy")
            await state("generating", lambda: not answer.done())
            client.cancel(request)
            with contextlib.suppress(lsp.ResponseError):
                await answer
        shutil.copytree(first, second)
        folder_added = {"uri": second.as_uri(), "name": "second"}
        client.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [folder_added], "removed": []}})
        await client.wait_for(lambda: client.last("glossator/statusChanged")["index"]["state"] == "indexing")
        await state("indexing", lambda: client.last("glossator/statusChanged")["index"]["state"] == "indexing")
        await client.request("shutdown")
        client.notify("exit")
        await asyncio.wait_for(process.wait(), 30)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return results


def _places(root: Path, count: int) -> list[tuple[str, dict[str, int], str]]:
    """Random names: (uri, position, name)."""
    generator = random.Random(1)
    files = sorted(root.rglob("*.py"))
    places = []
    while len(places) < count:
        path = generator.choice(files)
        lines = path.read_text("utf-8", "replace").split("\n")
        number = generator.randrange(len(lines))
        names = list(re.finditer(r"[A-Za-z_]{4,}", lines[number]))
        if names and lines[number].isascii():
            name = generator.choice(names)
            places.append((path.as_uri(), {"line": number, "character": name.start() + 1}, name[0]))
    return places


async def _requests(
    client: lsp.Client,
    queued: Queued,
    places: Sequence[tuple[str, dict[str, int], str]],
    state: str,
    lasts: Callable[[], bool],
) -> list[Result]:
    """Hovers with a search after every third, for as long as the server is in that state."""
    hovers: list[Time] = []
    searches: list[Time] = []
    for number, (uri, position, name) in enumerate(places):
        if not lasts():
            break
        hover = {"textDocument": {"uri": uri}, "position": position}
        hovers.append(await _timed(client, queued, "textDocument/hover", hover))
        if number % 3 == 0:
            query = name if number % 2 else QUESTIONS[number % len(QUESTIONS)]
            searches.append(await _timed(client, queued, "glossator/search", {"query": query}))
        await asyncio.sleep(PAUSE)
    known = queued.known
    return [_result("hover", state, hovers, known=known), _result("search", state, searches, known=known)]


async def _timed(client: lsp.Client, queued: Queued, method: str, params: Any) -> Time:
    before, begun = queued.milliseconds(), time.perf_counter()
    await client.request(method, params)
    whole = 1000 * (time.perf_counter() - begun)
    return whole, max(0.0, whole - (queued.milliseconds() - before))


def _result(what: str, state: str, times: Sequence[Time], *, known: bool) -> Result:
    if not times:
        return Result(what, state, 0, 0.0, 0.0, 0.0, None)
    ordered, running = (sorted(column) for column in zip(*times, strict=True))
    at = min(len(ordered) - 1, int(0.99 * len(ordered)))
    p50, p99, worst = (round(value, 2) for value in (statistics.median(ordered), ordered[at], ordered[-1]))
    return Result(what, state, len(ordered), p50, p99, worst, round(running[at], 2) if known else None)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
