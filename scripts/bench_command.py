"""Measure a command's first search: `scripts/bench command [PATH] [--against CHECKOUT] [--rounds N] [--index-dir DIR]`.

`glossator search` is run as a process of its own in the folder PATH (default: the packages installed in .venv), which
was indexed before and has not changed. The processor time is that of the process and its children, the system's part
included, beyond what Python alone takes to start. With --against, the code in another checkout of the project is
measured in turn with this one's, each with an index of its own, unless --index-dir names the one of both; the same
Python and libraries run both. All are compiled beforehand, as those of an installation are, even where
PYTHONDONTWRITEBYTECODE is set. POSIX only: Windows does not tell what a process's children took.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
QUERY = "where is the configuration read"


def ran(command: list[str], folder: Path, environment: dict[str, str]) -> tuple[float, float]:
    """Milliseconds of processor time and on the clock that a process takes."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, check=True)
    passed, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return 1000 * worked, 1000 * passed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", nargs="?", type=Path, default=Path(sysconfig.get_path("purelib")))
    parser.add_argument("--against", type=Path, metavar="CHECKOUT")
    parser.add_argument("--rounds", type=int, default=8, metavar="N")
    parser.add_argument("--index-dir", type=Path, metavar="DIR")
    options = parser.parse_args()
    checkouts = [ROOT, *([options.against.resolve()] if options.against is not None else [])]
    command = [sys.executable, "-m", "glossator", "search", QUERY, "--json"]
    times: dict[Path, list[tuple[float, float]]] = {checkout: [] for checkout in checkouts}
    alone: list[float] = []
    with tempfile.TemporaryDirectory() as temporary:
        environments = {
            checkout: {
                **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
                "PYTHONPYCACHEPREFIX": f"{temporary}/compiled",
                "PYTHONPATH": str(checkout / "server"),
                "PYTHONSAFEPATH": "1",  # not the modules of the folder that is searched
                "GLOSSATOR_INDEX_DIR": str(options.index_dir or f"{temporary}/{place}"),
            }
            for place, checkout in enumerate(checkouts)
        }
        for checkout, environment in environments.items():
            for _ in range(2):  # the first indexes, the second compiles what only a search of an index imports
                ran(command, options.path, environment)
            print(f"indexed with {checkout}", file=sys.stderr)
        for _ in range(options.rounds):
            for checkout, environment in environments.items():
                times[checkout].append(ran(command, options.path, environment))
            alone.append(ran([sys.executable, "-c", "pass"], options.path, environments[ROOT])[0])
    start = min(alone)
    print(f"{options.rounds} rounds, Python alone {start:.0f} ms, load {os.getloadavg()[0]:.1f}")
    print(f"{'milliseconds':24}{'least':>8}{'median':>8}{'clock, least':>14}{'median':>8}")
    for name, checkout in zip(("this checkout", "the other one"), checkouts, strict=False):
        worked, passed = ([one[i] for one in times[checkout]] for i in (0, 1))
        least, median = min(worked) - start, statistics.median(worked) - start
        print(f"{name:24}{least:8.0f}{median:8.0f}{min(passed):14.0f}{statistics.median(passed):8.0f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
