#!/usr/bin/env python3
"""Measure `glossator adapt retriever`: `bench adapt_retriever --mirrors MIRRORS [--set WHICH] [--only NAME...]`.

Each repository is checked out from its mirror, indexed and adapted to as a user does it, and the gate's own measurement
is printed: MRR@10 of the newest tenth of the commits (subject -> a definition that it changed), which nothing was
learned from, before and after, in the whole search. The shipped embedder was trained on none of the repositories. What
adaptation does was chosen on one set; the figures in docs/adapt.md are of the other.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from glossator.adapt.retriever import adapt_retriever
from glossator.adapt.retriever_report import AdaptProgress, RetrieverReport
from glossator.errors import GlossatorError
from glossator.project.session import Session
from glossator.settings import Settings

SETS = {
    "chosen": (
        *("celery/celery", "fastify/fastify", "jhy/jsoup", "onevcat/Kingfisher", "restic/restic", "slimphp/Slim"),
        *("typelevel/fs2", "App-vNext/Polly"),
    ),
    "reported": (
        *("actix/actix-web", "jekyll/jekyll", "typeorm/typeorm", "google/gson", "absinthe-graphql/absinthe"),
        *("libevent/libevent", "Seldaek/monolog", "thephpleague/flysystem", "google/re2", "lunarmodules/Penlight"),
    ),
}


def checked_out(mirrors: Path, name: str, folder: Path) -> Path:
    """A working tree of the mirror's HEAD; files that the mirror lacks are left out."""
    target = folder / name.replace("/", "+")
    if not target.is_dir():
        mirror = mirrors / name.replace("/", "+") / "repo"
        subprocess.run(["git", "clone", "-q", "--shared", "--no-checkout", str(mirror), str(target)], check=True)
        subprocess.run(["git", "-C", str(target), "read-tree", "HEAD"], check=True)
        subprocess.run(["git", "-C", str(target), "checkout-index", "-a", "-f", "-q"], stderr=subprocess.DEVNULL)
    return target


def adapted(root: Path, work: Path) -> RetrieverReport:
    """Adapt to one folder."""
    learned = work / "adaptations"
    shutil.rmtree(learned, ignore_errors=True)  # else it would be compared with what an earlier run has left in use
    session = Session([root], Settings(index_dir=work / "index", adaptations_dir=learned))

    def show(progress: AdaptProgress) -> None:
        if sys.stderr.isatty():
            print(f"\r{root.name}: {progress.stage} {progress.done:.0%}\033[K", end="", file=sys.stderr)

    try:
        return adapt_retriever(session, show)
    finally:
        session.close()
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr)


def line(name: str, one: RetrieverReport) -> str:
    """One row of the table."""
    commits, names = one.commits, f"{one.names.gain:+.3f}" if one.names is not None else "-"
    return (
        f"{name:28} {one.lines:>8,} lines {one.learning:>5} taught {commits.questions:>4} judged  "
        f"{commits.before:.3f} -> {commits.after:.3f} {commits.gain:+.3f} [{commits.low:+.3f} {commits.high:+.3f}]  "
        f"names {names}  general {one.general.gain:+.3f}  mix {one.mix}  "
        f"{'weights fitted' if one.fitted else 'weights as shipped'}  {one.seconds:.0f} s, "
        f"{100_000 * one.seconds / max(1, one.lines):.0f} s per 100,000 lines  {'kept' if one.name else 'refused'}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how much adapting the retriever gains.")
    parser.add_argument("--mirrors", type=Path, required=True, help="folder of bare git folders, owner+name/repo")
    parser.add_argument("--set", choices=SETS, default="reported")
    parser.add_argument("--only", nargs="*", help="these repositories of it")
    parser.add_argument("--work", type=Path, help="keep checkouts and indexes in this folder")
    parser.add_argument("--json", type=Path, help="append a line for each repository to this file")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = arguments.work or Path(temporary)
        (work / "checkouts").mkdir(parents=True, exist_ok=True)
        reports = []
        for name in SETS[arguments.set]:
            if arguments.only and name not in arguments.only:
                continue
            try:
                report = adapted(checked_out(arguments.mirrors, name, work / "checkouts"), work)
            except GlossatorError as error:
                print(f"{name:28} {error}", flush=True)
                continue
            reports.append(report)
            print(line(name, report), flush=True)
            if arguments.json:
                with arguments.json.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({"repository": name, **report.facts()}) + "\n")
    if reports:
        raw = [report.commits.gain for report in reports]
        kept = [report.commits.gain if report.name else 0.0 for report in reports]
        print(f"learned: median gain {statistics.median(raw):+.3f}, least {min(raw):+.3f}")
        print(
            f"in use:  median gain {statistics.median(kept):+.3f}, least {min(kept):+.3f}, kept {sum(map(bool, kept))}"
        )


if __name__ == "__main__":
    main()
