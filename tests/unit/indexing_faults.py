"""A worker whose parser can be made to misbehave by what a file says, and a fake embedder; and a root to index.

`COMMAND` runs this module's `main` in place of `glossator.index.parse_worker.main`. A line `FAULT <name> <argument>` in
a file asks for:

- `crash`: the process dies of a segmentation fault
- `stall`: the parser never returns
- `spin`: nor here, and it keeps the processor busy
- `once PATH`: the parser never returns, unless PATH exists; it makes it
- `hold PATH`: the parser makes PATH and goes on when PATH.go exists
- `linger PATH`: the process dies unless PATH exists, makes it before; if it exists, the worker delivers everything and
  then never says that it is done
- `print`: something is written to file descriptor 1
- `raise`: the parser raises an error

`LATE FAULT ...` asks for the same where facts are collected after the entries, and only there.
"""

from __future__ import annotations

import ctypes
import hashlib
import itertools
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from glossator.index.entries import Aim, Entry, ParsedFile
    from glossator.index.parse_worker import Batch, Message
    from glossator.index.store import Store

PROGRAM = f"""
import sys
sys.path.insert(0, {str(Path(__file__).resolve().parents[2])!r})
from tests.unit.indexing_faults import main
main()
"""
COMMAND = (sys.executable, "-P", "-c", PROGRAM)


class FakeEmbedder:
    """Vectors that depend on the text alone, without a model to load."""

    id = "fake-1"
    dimensions = 16

    def embed_entries(self, entries: Sequence[Entry], words: Sequence[Sequence[str]] | None = None) -> np.ndarray:
        return np.array([self.embed_query(entry.text) for entry in entries], np.float32).reshape(-1, 16)

    def embed_query(self, query: str) -> np.ndarray:
        seed = hashlib.blake2b(query.encode("utf-8", "replace"), digest_size=16).digest()
        vector = np.frombuffer(seed, np.uint8).astype(np.float32) - 127.5
        return vector / np.linalg.norm(vector)


def main() -> None:
    """What `parse_worker.main` does, with faults."""
    from glossator.index import embedding, parse_worker, parsing

    real = parsing.parse

    def parse(path: str, text: str, language: str | None = None, aim: Aim = "all") -> ParsedFile:
        at = text.find("FAULT ")
        if at >= 0 and (text[max(at - 5, 0) : at] != "LATE " or aim == "facts"):
            name, _, argument = text[at + 6 :].partition("\n")[0].partition(" ")
            _misbehave(name, Path(argument))
        return real(path, text, language, aim)

    process = parse_worker._FileIndexer.process

    def linger(self: parse_worker._FileIndexer, batch: Batch, send: Callable[..., None]) -> None:
        def send_all_but_the_last(message: Message, *options: bool) -> None:
            if message.kind == "done" and _lingering:
                threading.Event().wait()
            send(message, *options)

        process(self, batch, send_all_but_the_last)

    parse_worker._FileIndexer.process = linger  # type: ignore[method-assign]
    parsing.parse = parse
    embedding.StaticEmbedder = FakeEmbedder
    parse_worker.main()


_lingering: list[Path] = []


def _misbehave(name: str, argument: Path) -> None:
    if name == "crash":
        ctypes.string_at(0)
    elif name == "raise":
        raise ValueError("a defect")
    elif name == "print":
        os.write(1, b"printed by a library\n")
        print("printed by Python")
    elif name == "hold":
        argument.touch()
        wait_for(argument.with_name(argument.name + ".go").exists, 300)
    elif name == "linger" and argument.exists():
        _lingering.append(argument)
    elif name == "linger":
        argument.touch()
        ctypes.string_at(0)
    elif name == "spin":
        sum(itertools.repeat(0))  # in C, without giving the interpreter back
    elif name == "stall" or (name == "once" and not argument.exists()):
        if name == "once":
            argument.touch()
        threading.Event().wait()


def wait_for(condition: Callable[[], object], seconds: float = 300.0) -> None:
    """Return as soon as the condition holds; fail when it does not within so many seconds."""
    end = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        pause.wait(0.01)


class Bench:
    """A root, its store, a pool with faults, and an indexer; opened anew as often as a test wants."""

    def __init__(self, folder: Path, **settings: object) -> None:
        # Imported late: the parse_worker, which imports this module too, has no use for them.
        from glossator.index.indexer import Indexer
        from glossator.index.pool import WorkerPool
        from glossator.index.store import Store
        from glossator.settings import Settings

        self.root = folder / "root"
        self.root.mkdir(parents=True, exist_ok=True)
        given = {"index_dir": folder / "index", "workers": 1, "file_timeout": 20.0, **settings}
        self.settings = Settings(**given)  # type: ignore[arg-type]
        self.pool = WorkerPool(self.settings, command=COMMAND)
        self.folder = Store.folder_for(self.settings.index_dir, self.root, FakeEmbedder.id)
        self.store = self.open_store()
        self.indexer = Indexer(self.root, self.settings, self.store, self.pool)

    def open_store(self, *, write: bool = True) -> Store:
        from glossator.index.store import Store

        return Store.open(self.folder, embedder_id=FakeEmbedder.id, dimensions=FakeEmbedder.dimensions, write=write)

    def write(self, path: str, text: str) -> Path:
        """Write a file, with a time far enough back to be trusted, and different from write to write."""
        full = self.root / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_text(text, "utf-8")
        age(full)
        return full

    def skipped(self) -> dict[str, str]:
        """Reason by path."""
        return {item.path: item.reason for item in self.store.status().skipped}

    def names(self, path: str) -> list[str]:
        """Names of a file's definitions, as the store has them."""
        return [entry.name for entry in self.store.entries_in(path) if entry.kind != "block" and entry.part == 0]

    def close(self) -> None:
        self.pool.close()
        self.store.close()


_ages = iter(range(10**9))


def age(path: Path) -> None:
    """Date a file back by about a minute, a different time at each call."""
    then = time.time_ns() - 60_000_000_000 + next(_ages) * 1_000_000
    os.utime(path, ns=(then, then))


def settled_folder(parent: Path) -> Path:
    """A new folder `code` of two files and one that is skipped, settled long ago."""
    folder = parent / "code"
    folder.mkdir()
    for name, text in (("cart.py", "def total():\n    return 0\n"), ("till.go", "package till\n"), (".env", "A=1\n")):
        (folder / name).write_text(text, "utf-8")
        os.utime(folder / name, (1_600_000_000, 1_600_000_000))
    return folder


@contextmanager
def bench(folder: Path, **settings: object) -> Iterator[Bench]:
    """A `Bench` that is closed at the end."""
    made = Bench(folder, **settings)
    try:
        yield made
    finally:
        made.close()


def functions(*names: str, body: str = "return 1") -> str:
    """Python source that defines these functions, each with a text of its own."""
    return "\n\n".join(f'def {name}(value):\n    """Do {name}."""\n    {body}\n' for name in names)
