"""`scripts/soak`: lives in a repository for minutes or hours, and prints what it found."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.soak.histories import cloned_history, made_history
from tests.soak.player import FRESH_GOAL_SECONDS, SIZE_GOAL, Report, Soak

LEAST_MINUTES_WITH_REST = 5
"""Soaks that are as long as this measure the idle server at their end, which takes two minutes more."""


def main() -> int:
    """Run the command; the exit status is 1 if the index differed from a fresh one anywhere."""
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="how long to play (default: 10)")
    parser.add_argument("--steps", type=int, help="play only so many actions")
    parser.add_argument("--seed", type=int, default=1, help="chooses the actions (default: 1)")
    parser.add_argument("--history", type=Path, help="a git repository to clone (default: one is made)")
    parser.add_argument("--commits", type=int, default=600, help="how many of its newest commits are lived through")
    parser.add_argument("--built-files", type=int, default=2000, help="how many files a build writes")
    parser.add_argument("--only", nargs="+", default=(), metavar="ACTION", help="play only these actions")
    parser.add_argument("--every", type=int, default=1, help="compare at every how many stops (default: 1)")
    parser.add_argument("--keep", type=Path, help="work in this folder and keep it")
    given = parser.parse_args()
    work = given.keep or Path(tempfile.mkdtemp(prefix="glossator-soak-"))
    work.mkdir(parents=True, exist_ok=True)
    try:
        root = work / "project"
        if given.history:
            cloned_history(given.history.resolve(), root, given.commits)
        else:
            made_history(root, seed=given.seed, commits=60)
        begun = time.monotonic()

        def say(text: str) -> None:
            print(f"{time.monotonic() - begun:7.1f} s  {text}", file=sys.stderr, flush=True)

        soak = Soak(root, work, seed=given.seed, built_files=given.built_files, say=say, every=given.every)
        rest = given.minutes >= LEAST_MINUTES_WITH_REST
        report = asyncio.run(soak.run(minutes=given.minutes, steps=given.steps, only=tuple(given.only), rest=rest))
    finally:
        if not given.keep:
            shutil.rmtree(work, ignore_errors=True)
    show(report)
    return 1 if report.problems else 0


def show(report: Report) -> None:
    """Print the figures."""
    waits = sorted(report.waits) or [0.0]
    large = [step for step in report.large if step[0] >= 1000]
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(
        f"played {report.seconds / 60:.1f} minutes: {sum(report.actions.values())} actions, {report.stops} stops{load}"
    )
    print(f"commits {report.commits}, branch switches {report.switches}, saves {report.saves}")
    print("actions: " + ", ".join(f"{name} {count}" for name, count in report.actions.most_common()))
    print(
        f"until the index equalled a fresh one: p50 {statistics.median(waits):.2f} s, "
        f"p95 {waits[int(0.95 * (len(waits) - 1))]:.2f} s, longest {waits[-1]:.2f} s"
    )
    if searchable := [step for step in report.searchable if step[0] >= 1000]:
        seconds = sorted(seconds for _, seconds in searchable)
        print(
            f"after changes of 1,000 files and more ({len(searchable)}, {max(searchable)[0]} at most), all files are "
            f"searchable: p50 {statistics.median(seconds):.2f} s, longest {seconds[-1]:.2f} s "
            f"(goal {FRESH_GOAL_SECONDS:g} s)"
        )
    if large:
        print(
            f"after changes of 1,000 files and more ({len(large)}, {max(large)[0]} at most): "
            f"equal to a fresh one after {max(seconds for _, seconds, _ in large):.2f} s at most, with compacting, "
            f"at most {max(worked for _, _, worked in large):.2f} s of processors"
        )
    if report.size_ratios:
        print(
            f"index on disk / fresh index: p50 {statistics.median(report.size_ratios):.2f}, "
            f"{max(report.size_ratios):.2f} at most, {report.size_ratios[-1]:.2f} in the end (goal {SIZE_GOAL:g})"
        )
    if report.uses:
        tenth = max(1, len(report.uses) // 10)
        for what, unit in (("memory", 1e6), ("handles", 1), ("watches", 1), ("processes", 1)):
            values = [getattr(use, what) / unit for use in report.uses]
            first, last = statistics.median(values[:tenth]), statistics.median(values[-tenth:])
            name = "memory, MB" if what == "memory" else what
            print(f"{name}: {first:.0f} at first, {last:.0f} at last, {max(values):.0f} at most")
    if report.idle_cpu >= 0:
        print(f"idle: {100 * report.idle_cpu:.2f} % of a core (goal 0.5 %)")
    print(f"differences from a fresh index: {len(report.problems)}")
    for problem in report.problems:
        print(f"  {problem}")


if __name__ == "__main__":
    raise SystemExit(main())
