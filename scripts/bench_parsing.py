"""Measure `parse` against raw tree-sitter parsing of the same files, in one process: `bench_parsing.py [PATH...]`.

`scripts/bench` may call `measure`. Paths default to Python's standard library without its tests.
"""

from __future__ import annotations

import sys
import sysconfig
import time
from collections import Counter
from pathlib import Path

from glossator.index.languages import LANGUAGES, language_of
from glossator.index.parsing import parse, raw_parse


def default_corpus() -> list[Path]:
    """The Python files of the standard library, without packages installed beside it and without tests."""
    root = Path(sysconfig.get_path("stdlib"))
    skipped = {"site-packages", "test", "tests", "idle_test"}
    return sorted(path for path in root.rglob("*.py") if not skipped & set(path.relative_to(root).parts))


def corpus_of(paths: list[Path]) -> list[Path]:
    """The files in these paths that have a grammar."""
    files = [
        file for path in paths for file in (sorted(path.rglob("*")) if path.is_dir() else [path]) if file.is_file()
    ]
    return [file for file in files if LANGUAGES[language_of(str(file))].grammar]


def measure(files: list[Path], rounds: int = 3) -> dict[str, float]:
    """Processor seconds for raw parsing and for `parse` (best of `rounds`), with counts of what was read and found."""
    texts = [(str(file), file.read_bytes().decode("utf-8", "replace")) for file in files]
    inputs = [(language_of(path), text.encode()) for path, text in texts]
    for path, text in texts[:20]:
        parse(path, text)
    raw = total = float("inf")
    for _ in range(rounds):
        begun = time.process_time()
        for language, data in inputs:
            raw_parse(language, data)
        raw = min(raw, time.process_time() - begun)
        begun = time.process_time()
        entries = sum(len(parse(path, text).entries) for path, text in texts)
        total = min(total, time.process_time() - begun)
    return {
        "files": len(files),
        "lines": sum(text.count("\n") for _, text in texts),
        "megabytes": sum(len(data) for _, data in inputs) / 1e6,
        "entries": entries,
        "raw_s": raw,
        "parse_s": total,
        "ratio": total / raw if raw else 0.0,
    }


def main(arguments: list[str]) -> None:
    """Print the table."""
    files = corpus_of([Path(argument) for argument in arguments]) if arguments else default_corpus()
    print(dict(Counter(language_of(str(file)) for file in files)))
    for name, value in measure(files).items():
        print(f"{name:10} {value:12.3f}" if isinstance(value, float) else f"{name:10} {value:12}")


if __name__ == "__main__":
    main(sys.argv[1:])
