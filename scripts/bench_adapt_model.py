"""Measure what adapting a model takes and gains: `bench_adapt_model.py --root FOLDER --base FILE [OPTIONS]`.

Runs `glossator adapt model` on a folder, with nothing adapted before, and prints its figures as tables in Markdown:
what was made of the folder, how long it took, what changed on held-out examples and on the general set. Options that
are not known here are handed on (`--minutes`, `--judged`, ...). Needs the extra `adapt`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> int:
    """Run the benchmark; returns the exit status of `glossator adapt model`: 1 if the adapter is refused."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="the folder to adapt to")
    parser.add_argument("--base", type=Path, required=True, help="a GGUF file")
    parser.add_argument("--report", type=Path, help="where to copy the report, as Markdown")
    parser.add_argument("--work", type=Path, help="keep what is trained in this folder: a stopped run continues")
    options, more = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as temporary:
        home = options.work.absolute() if options.work else temporary
        environment = {**os.environ, "GLOSSATOR_ADAPTATIONS_DIR": f"{home}/adaptations"}
        command = [sys.executable, "-m", "glossator", "adapt", "model", "--json", "--root", options.root]
        started = time.perf_counter()
        done = subprocess.run(
            [*command, "--base", options.base, *more], env=environment, stdout=subprocess.PIPE, text=True
        )
        if not done.stdout.strip():
            return done.returncode or 1
        found = json.loads(done.stdout)
        if "figures" not in found:
            print(json.dumps(found))
            return done.returncode
        if options.report is not None:
            options.report.write_text(Path(found["report_path"]).read_text("utf-8"), "utf-8")
    show(found, time.perf_counter() - started)
    return done.returncode


def show(found: dict[str, object], seconds: float) -> None:
    """Print the figures."""
    training = found["training"]
    figures = found["figures"]
    data = found["data"]
    assert isinstance(training, dict)
    assert isinstance(figures, dict)
    assert isinstance(data, dict)
    examples = {part: sum(kinds.values()) for part, kinds in data["examples"].items()}
    print(
        f"\n{training['base']}: {examples['train']} examples trained on, {examples['held-out']} held out,"
        f" {data['left_out']} left out; {training['steps']} steps, {training['training_seconds']:.0f} s of training,"
        f" {seconds:.0f} s in all; {'passes' if found['passes'] else 'refused'}\n"
    )
    for reason in found["reasons"]:  # type: ignore[attr-defined]
        print(f"- {reason}")
    print("| | before | after | change | noise | examples |\n| --- | --- | --- | --- | --- | --- |")
    for name, one in figures.items():
        noise = "" if one["standard_error"] is None else f"{2 * one['standard_error']:.3f}"
        change = one["after"] - one["before"]
        print(f"| {name} | {one['before']:.3f} | {one['after']:.3f} | {change:+.3f} | {noise} | {one['count']} |")


if __name__ == "__main__":
    sys.exit(main())
