"""Measure a team's index: building, starting from it, and whether what it gives equals a local index.

    scripts/bench team REPOSITORY...            folders of git repositories
    scripts/bench team --scaling 6 ...          build only the first six with 1, 2 and 4 workers
    scripts/bench team --keep DIR --minutes 3 ...    stop after that time; the same command continues

All repositories are built once; each is then cloned, and the clone is indexed twice: with the team's index and without.
The storage is a folder, or what `--to` says. One JSON object is printed. `calculation` applies what was measured to
50 million lines and 1,000 developers; its assumptions are constants here. `different` has the lists of hits that a
local index gives in another order, or not at all.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.soak.contents import contents_of, differences

from glossator.project.session import Session
from glossator.settings import Settings
from glossator.team.signatures import Signer

QUERIES = (
    "parse the configuration file",
    "open a connection with a timeout",
    "retry after an error",
    "write the result to the output",
    "compare two values",
    "split a string into parts",
    "register a handler for an event",
    "read the next token",
    "add an element to the list",
    "convert to a number",
)
TEAM_LINES = 50_000_000
DEVELOPERS = 1_000
REPOSITORIES = 2_000
BUILDER_CORES = 64
REPOSITORIES_PER_DEVELOPER = 5
"""Clones that a developer starts from the team's index each month."""
STORAGE_DOLLARS = 0.023
"""For one gigabyte and month in S3's standard class (us-east-1, list price)."""
TRANSFER_DOLLARS = 0.09
"""For one gigabyte from S3 to the internet; inside a region it is free."""
BASES_KEPT = 3


def glossator(*arguments: object, environment: dict[str, str] | None = None) -> Any:
    """The JSON that a command prints."""
    command = [sys.executable, "-m", "glossator", *map(str, arguments), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **(environment or {})})
    if done.returncode not in (0, 1) or not done.stdout:
        raise SystemExit(f"{' '.join(command)}: {done.stderr[-500:]}")
    return json.loads(done.stdout)


def build(sources: list[Path], folder: Path, workers: int, url: str) -> Any:
    """Build bases in a fresh storage."""
    folder.mkdir(parents=True)
    listed = folder / "repositories.txt"
    listed.write_text("".join(f"{path} HEAD {name_of(path)}\n" for path in sources), "utf-8")
    key = folder.parent / "team.pem"
    return glossator(
        "team", "build", "--repos", listed, "--to", url, "--key", key, "--work", folder / "work", "--workers", workers
    )


def name_of(path: Path) -> str:
    return path.parent.name if path.name == "repo" else path.name


def searches(index_dir: Path, root: Path) -> tuple[list[float], list[list[tuple[str, int]]]]:
    """Milliseconds of searches, and what they find."""
    session = Session([root], Settings(index_dir=index_dir))
    times, found = [], []
    try:
        session.search("warm up", 10)
        for query in QUERIES:
            started = time.perf_counter()
            hits = session.search(query, 10)
            times.append(1000 * (time.perf_counter() - started))
            found.append([(hit.path, hit.start_line) for hit in hits])
    finally:
        session.close()
    return times, found


def use(source: Path, folder: Path, url: str, key: str) -> dict[str, Any]:
    """Index a clone with and without the team's index, and compare."""
    root = folder / name_of(source)
    subprocess.run(["git", "clone", "--quiet", str(source), str(root)], check=True)
    environment = {"GLOSSATOR_TEAM": url, "GLOSSATOR_TEAM_KEYS": key}
    seconds = {}
    for where, given in (("team", environment), ("local", {})):
        started = time.perf_counter()
        glossator("index", "--root", root, "--index-dir", folder / where, environment=given)
        seconds[where] = round(time.perf_counter() - started, 2)
    note = glossator("status", "--root", root, "--index-dir", folder / "team", environment=environment)["team"]
    times, found = searches(folder / "team", root)
    other_times, other_found = searches(folder / "local", root)
    return {
        "name": root.name,
        "mounted": note["mounted"],
        "downloaded": note.get("downloaded", 0),
        "ready_seconds": seconds["team"],
        "cold_seconds": seconds["local"],
        "equal_contents": not differences(
            contents_of(folder / "team", root), contents_of(folder / "local", root), tolerance=0
        ),
        "equal_results": sum(one == other for one, other in zip(found, other_found, strict=True)),
        "different": [
            {"query": query, "team": one, "local": other}
            for query, one, other in zip(QUERIES, as_lists(found), as_lists(other_found), strict=True)
            if one != other
        ],
        "search_ms": times,
        "local_search_ms": other_times,
    }


def as_lists(found: list[list[tuple[str, int]]]) -> list[list[str]]:
    return [[f"{path}:{line}" for path, line in hits] for hits in found]


def percentiles(times: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(times, n=20)
    return {"p50": round(statistics.median(times), 1), "p95": round(cuts[-1], 1)}


def calculation(built: Any, workers: int) -> dict[str, float]:
    """For the team that the constants describe."""
    good = [one for one in built["repositories"] if one["status"] == "built"]
    lines, size = sum(one["lines"] for one in good), sum(one["size"] for one in good)
    core_seconds = (
        sum(one["seconds"] for one in good) / max(1, min(workers, os.cpu_count() or 1)) * (os.cpu_count() or 1)
    )
    gigabytes = TEAM_LINES / lines * size / 1e9
    downloaded = gigabytes / REPOSITORIES * REPOSITORIES_PER_DEVELOPER * DEVELOPERS
    return {
        "first_build_hours": round(TEAM_LINES / lines * core_seconds / BUILDER_CORES / 3600, 2),
        "one_base_of_each_gigabytes": round(gigabytes, 1),
        "stored_gigabytes_at_most": round(BASES_KEPT * gigabytes, 1),
        "storage_dollars_a_month": round(BASES_KEPT * gigabytes * STORAGE_DOLLARS, 2),
        "downloaded_gigabytes_a_month": round(downloaded, 1),
        "transfer_dollars_a_month_at_most": round(downloaded * TRANSFER_DOLLARS, 2),
    }


class Kept:
    """What was measured so far, in a file of the folder, so that a run can be continued."""

    def __init__(self, folder: Path, seconds: float) -> None:
        self._path = folder / "measured.json"
        self._until = time.monotonic() + seconds
        self.values: dict[str, Any] = json.loads(self._path.read_text("utf-8")) if self._path.exists() else {}

    def get(self, name: str, measure: Callable[[], Any]) -> Any:
        """A value, measured unless it is known; None if there is no time left for it."""
        if name not in self.values:
            if time.monotonic() > self._until:
                return None
            self.values[name] = measure()
            partial = self._path.with_suffix(".part")
            partial.write_text(json.dumps(self.values), "utf-8")
            partial.replace(self._path)
        return self.values[name]


def fresh(folder: Path) -> Path:
    """A folder that does not exist: what a run that was stopped has left is removed."""
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def measure(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Everything that there was time for."""
    sources = [path.resolve() for path in arguments.repositories]
    kept = Kept(folder, 60 * arguments.minutes)
    key_file = folder / "team.pem"
    signer = Signer.load(key_file) if key_file.exists() else Signer.create(key_file)
    scaling = {}
    for workers in (1, 2, 4) if arguments.scaling else ():

        def scaled(workers: int = workers) -> float:
            place, storage = fresh(folder / f"scaling{workers}"), fresh(folder / f"storage{workers}")
            seconds = build(sources[: arguments.scaling], place, workers, storage.as_uri())["seconds"]
            fresh(place), fresh(storage)
            return float(seconds)

        scaling[workers] = kept.get(f"scaling {workers}", scaled)
    url = arguments.to or (folder / "storage").as_uri()
    built: list[dict[str, Any]] = []
    used: list[dict[str, Any]] = []
    (folder / "clones").mkdir(exist_ok=True)
    seconds = 0.0
    for start in range(0, len(sources), arguments.at_once):
        some = sources[start : start + arguments.at_once]
        place = folder / f"all{start}"

        def build_some(some: list[Path] = some, place: Path = place) -> Any:
            return build(some, fresh(place), arguments.workers, url)

        part = kept.get(f"build {start}", build_some)
        if part is None:
            break
        seconds += part["seconds"]
        built += part["repositories"]
        good = {one["name"] for one in part["repositories"] if one["status"] == "built"}
        for path in some:
            if name_of(path) in good:

                def use_one(path: Path = path) -> dict[str, Any]:
                    fresh(folder / "clones" / name_of(path))
                    return use(path, folder / "clones", url, signer.public_key)

                if (one := kept.get(f"use {name_of(path)}", use_one)) is not None:
                    used.append(one)
    return summary(len(sources), {"repositories": built, "seconds": seconds}, scaling, used, arguments.workers)


def summary(
    repositories: int, built: Any, scaling: dict[int, float | None], used: list[dict[str, Any]], workers: int
) -> dict[str, Any]:
    """The figures, for what was measured."""
    if not used:
        return {"repositories": repositories, "measured": 0, "build_seconds_by_workers": scaling}
    return {
        "repositories": repositories,
        "measured": len(used),
        "failed": [one["name"] for one in built["repositories"] if one["status"] == "failed"],
        "lines": sum(one["lines"] for one in built["repositories"]),
        "symbols": sum(one["symbols"] for one in built["repositories"]),
        "build_seconds": round(built["seconds"], 1),
        "build_seconds_by_workers": scaling,
        "uploaded": sum(one["uploaded"] for one in built["repositories"]),
        "mounted": sum(one["mounted"] for one in used),
        "equal_contents": sum(one["equal_contents"] for one in used),
        "equal_results": f"{sum(one['equal_results'] for one in used)} of {len(QUERIES) * len(used)}",
        "ready_seconds": round(sum(one["ready_seconds"] for one in used), 1),
        "cold_seconds": round(sum(one["cold_seconds"] for one in used), 1),
        "downloaded": sum(one["downloaded"] for one in used),
        "search_ms": percentiles([time for one in used for time in one["search_ms"]]),
        "local_search_ms": percentiles([time for one in used for time in one["local_search_ms"]]),
        "calculation": calculation(built, workers),
        "each": [{name: one[name] for name in one if not name.endswith("search_ms")} for one in used],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--scaling", type=int, default=6, metavar="N")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="for the build of all")
    parser.add_argument("--at-once", type=int, default=10, metavar="N", help="repositories of one build (default: 10)")
    parser.add_argument("--to", help="the storage (default: a folder)")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where to keep what is done, to continue")
    parser.add_argument("--minutes", type=float, default=1e6, metavar="N", help="begin nothing after so many minutes")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="glossator-bench-") as scratch:
        folder = (arguments.keep or Path(scratch)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        print(json.dumps(measure(arguments, folder), indent=1))


if __name__ == "__main__":
    main()
