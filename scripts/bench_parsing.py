"""Measure a file's way through a worker against raw tree-sitter parsing: `scripts/bench parsing [PATH...]`.

In one process and by processor time: `parse` is text to entries, raw parsing included; then what becomes of entries.
Paths default to Python's standard library without its tests.
"""

from __future__ import annotations

import sys
import sysconfig
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from glossator.index.embedding import StaticEmbedder, content_key
from glossator.index.entries import Entry
from glossator.index.language_detection import language_of
from glossator.index.languages import LANGUAGES
from glossator.index.parse_worker import FRAME_ENTRIES
from glossator.index.parsing import parse, raw_parse
from glossator.index.terms import entry_terms, identifiers


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


def measure_entries(files: list[Path]) -> dict[str, float]:
    """Processor seconds of what a worker does with entries, as many at a time as it does."""
    spent: Counter[str] = Counter()

    @contextmanager
    def stage(name: str) -> Iterator[None]:
        begun = time.process_time()
        yield
        spent[name] += time.process_time() - begun  # type: ignore[assignment]

    embedder = StaticEmbedder()
    waiting: list[tuple[str, Entry]] = []

    def work() -> None:
        entries = [entry for _, entry in waiting]
        with stage("identifiers_s"):
            words = [identifiers(entry.text) for entry in entries]
        with stage("keys_s"):
            for entry in entries:
                content_key(entry)
        with stage("vectors_s"):
            embedder.embed_entries(entries, words)
        with stage("terms_s"):
            for (path, entry), found in zip(waiting, words, strict=True):
                entry_terms(path, entry, found)
        waiting.clear()

    for file in files:
        text = file.read_bytes().decode("utf-8", "replace")
        waiting.extend((str(file), entry) for entry in parse(str(file), text).entries)
        if len(waiting) >= FRAME_ENTRIES:
            work()
    work()
    return dict(spent)


def main(arguments: list[str]) -> None:
    """Print the table."""
    files = corpus_of([Path(argument) for argument in arguments]) if arguments else default_corpus()
    print(dict(Counter(language_of(str(file)) for file in files)))
    figures = measure(files)
    for name, value in {**figures, **measure_entries(files)}.items():
        share = f"{value / figures['raw_s']:8.2f} x raw" if name.endswith("_s") else ""
        print(f"{name:14} {value:12.3f}{share}" if isinstance(value, float) else f"{name:14} {value:12}")


if __name__ == "__main__":
    main(sys.argv[1:])
