"""Trials of the index: a process that works on it is killed at a random moment, and what it leaves is examined.

A trial is a real process of this program's, killed as `kill -9` does, at a moment that is drawn from the time that its
work takes. Then what was committed must still be there, an update must make the index the same as one that was made at
once, and no update may fail. `scripts/crash_trials` makes a thousand of them, `tests/unit/test_crashes.py` a few.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import multiprocessing
import os
import random
import shutil
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.soak.contents import Contents, differences, read_contents

FILES = 60
CUT = ("p0/m0.py", "p1/m1.py")
"""Files that a compaction is made for by taking them out of the index."""
OLD_SCHEMA = 1
"""The number of a format that every other one supersedes."""
PRELOADED = (
    "glossator.cli.main",
    "glossator.cli.commands",
    "glossator.index.indexer",
    "glossator.index.pool",
    "glossator.index.store",
    "glossator.answers.forgetting",
    "glossator.project.session",
    "numpy",
    "pyarrow",
)
"""Modules that a killed process need not import again and again. Importing them starts no threads."""


def source(number: int, revision: int) -> str:
    """A Python module whose every name says which file and revision it is of."""
    lines = [f'"""Module {number} in revision {revision}."""', "", "import os", ""]
    for place in range(1 + (number + revision) % 5):
        name = f"work_{number}_{revision}_{place}"
        lines += [
            f"def {name}(value):",
            f'    """Does step {place} of module {number}."""',
            f"    return shared_{place}(os.path.join(value, {name!r}))",
            "",
            f"class Holder{number}x{place}:",
            f"    size = {revision}",
            "",
        ]
    return "\n".join(lines)


def write_tree(root: Path, revisions: dict[int, int]) -> None:
    """Make the tree contain exactly these modules."""
    wanted = {f"p{number % 7}/m{number}.py": source(number, revision) for number, revision in revisions.items()}
    for path in root.rglob("*.py"):
        if path.relative_to(root).as_posix() not in wanted:
            path.unlink()
    for name, text in wanted.items():
        path = root / name
        if not path.exists() or path.read_text("utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")


# What is killed


def _index(root: str, index_dir: str) -> None:
    from glossator.index import indexer

    # Many commits within a second, so that a moment is likely to hit one.
    indexer.COMMIT_ENTRIES = 20
    indexer.BATCH_FILES = 6
    _command("index", "--root", root, "--index-dir", index_dir)


def _forget(root: str, index_dir: str) -> None:
    _command("forget", "--root", root, "--index-dir", index_dir)


def _command(*arguments: str, stdin: int | None = None) -> None:
    """Run the command line as its own process does, in silence."""
    silence = os.open(os.devnull, os.O_RDWR)
    for descriptor, source_of_it in ((0, silence if stdin is None else stdin), (1, silence), (2, silence)):
        os.dup2(source_of_it, descriptor)
    os.setsid()
    from glossator.cli.main import run

    os._exit(run(list(arguments)))


def _compact(root: str, index_dir: str) -> None:
    os.setsid()
    store = open_store(Path(root), Path(index_dir), write=True)
    for path in CUT:
        store.commit([], [path])  # so that there is something to do
        store.maintain(full=True)
    os._exit(0)


def _serve(root: str, index_dir: str) -> None:
    """The language server, with an editor that has opened the folder and then says nothing."""
    from glossator.index import indexer

    indexer.COMMIT_ENTRIES = 20
    indexer.BATCH_FILES = 6
    uri = Path(root).as_uri()
    opened = {"processId": None, "rootUri": uri, "workspaceFolders": [{"uri": uri, "name": "tree"}], "capabilities": {}}
    messages = ({"id": 1, "method": "initialize", "params": opened}, {"method": "initialized", "params": {}})
    reading, writing = os.pipe()
    for message in messages:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        os.write(writing, b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    _command("serve", "--stdio", "--index-dir", index_dir, stdin=reading)


WORK: dict[str, Callable[[str, str], None]] = {
    "first index": _index,
    "commits": _index,
    "compaction": _compact,
    "upgrade": _index,
    "forget": _forget,
    "server": _serve,
}
ENDED_SECONDS = 120.0
"""Within this time a process has ended that was killed or lost a worker."""
VICTIMS = ("process", "worker", "all")
SERVER_SECONDS = 2.0
"""A server does not end by itself: in this time it has opened its folder and brought the index up to date."""


def open_store(root: Path, index_dir: Path, *, write: bool):  # noqa: ANN201 - imported late
    """The index of a root, as a command opens it."""
    from glossator.index.embedding import StaticEmbedder
    from glossator.index.store import Store

    embedder = StaticEmbedder()
    folder = Store.folder_for(index_dir, root, embedder.id)
    return Store.open(folder, embedder_id=embedder.id, dimensions=embedder.dimensions, write=write)


@dataclass
class Tally:
    """What a number of trials came to."""

    trials: Counter[str] = field(default_factory=Counter)
    hit: Counter[str] = field(default_factory=Counter)
    """Trials in which the process was still at work when it was killed."""
    failures: list[str] = field(default_factory=list)


class Trials:
    """A tree, its index, and what an index of each of its states contains."""

    def __init__(self, folder: Path, seed: int, *, files: int = FILES) -> None:
        from glossator.project.session import Session
        from glossator.settings import Settings

        self.root = folder / "tree"
        self.index_dir = folder / "indexes"
        self.template = folder / "template"
        self.chance = random.Random(seed)
        self.files = files
        self.seconds: dict[str, float] = {}
        self.tally = Tally()
        self._folder = folder
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(list(PRELOADED))
        self.root.mkdir(parents=True)
        self._settings = Settings(index_dir=self.index_dir)
        self._fresh_settings = Settings(index_dir=folder / "fresh")
        self._session = Session([self.root], self._settings)
        self._states: dict[tuple[tuple[int, int], ...], Contents] = {}
        self._now = dict.fromkeys(range(files), 0)
        self._set(self._now)
        self._update()
        self._session.root.close()
        shutil.copytree(self.index_dir, self.template)

    def close(self) -> None:
        """End all processes."""
        self._session.close()

    def _set(self, revisions: dict[int, int]) -> None:
        write_tree(self.root, revisions)
        self._now = revisions

    def _update(self) -> Contents:
        """Bring the index up to date in this process, with its workers, and read it."""
        self._session.root.index()
        found = read_contents(self._session.root.folder, self.chance.randrange(1000))
        self._session.root.close()
        return found

    def expected(self) -> Contents:
        """What an index contains that is made at once of the tree as it is."""
        from glossator.project.root import Root
        from glossator.project.shared import Shared

        key = tuple(sorted(self._now.items()))
        if key not in self._states:
            shutil.rmtree(self._folder / "fresh", ignore_errors=True)
            shared = Shared(self._fresh_settings)
            shared._pool = self._session.shared.pool
            root = Root(self.root, shared)
            root.index()
            self._states[key] = read_contents(root.folder)
            root.close()
        return self._states[key]

    def _variants(self) -> dict[int, int]:
        """One of a few other states of the tree: files that are new, changed and gone."""
        turn = self.chance.randrange(1, 5)
        chance = random.Random(turn)
        revisions = {number: chance.choice((0, 0, turn)) for number in range(self.files)}
        for number in chance.sample(sorted(revisions), self.files // 10):
            del revisions[number]
        return revisions | {self.files + turn: turn}

    def _prepare(self, kind: str) -> None:
        shutil.rmtree(self.index_dir, ignore_errors=True)
        if kind == "first index":
            self._set(dict.fromkeys(range(self.files), 0))
            return
        shutil.copytree(self.template, self.index_dir)
        if kind == "upgrade":
            self._make_old()
        if kind in ("commits", "server"):
            self._set(self._variants())
        else:
            self._set(dict.fromkeys(range(self.files), 0))

    def _make_old(self) -> None:
        """Make the index one of an earlier format."""
        for folder in self.index_dir.glob("*/v*-*/"):
            old = folder.with_name(f"v{OLD_SCHEMA}-{folder.name.partition('-')[2]}")
            folder.rename(old)
            connection = sqlite3.connect(old / "manifest.sqlite")
            connection.execute(f"PRAGMA user_version = {OLD_SCHEMA}")
            connection.close()
        for left in (*self.index_dir.glob("*/*.lock"), *self.index_dir.glob("*/*.writer")):
            left.unlink()

    def committed(self) -> dict[str, str]:
        """The files that the index holds, as a reader sees it; {} if there is none."""
        from glossator.errors import StoreError

        try:
            with contextlib.closing(open_store(self.root, self.index_dir, write=False)) as store:
                files = store.files()
        except StoreError:
            return {}
        whole = (record for record in files.values() if record.size != -1 and not record.skipped)
        return {record.path: record.content_hash.hex() for record in whole}

    def run(self, kind: str, *, victim: str | None = None) -> None:
        """Make one trial; what goes wrong is noted in the tally."""
        self._prepare(kind)
        before = self.committed()
        if kind not in self.seconds:
            self._measure(kind)
            self._prepare(kind)
        victim = victim or self.chance.choice(VICTIMS)
        delay = self.chance.uniform(0.0, self.seconds[kind] * 1.05)
        where = f"{kind}, {victim} killed after {delay:.3f} s"
        process = self._context.Process(target=WORK[kind], args=(str(self.root), str(self.index_dir)))
        process.start()
        process.join(delay)
        self.tally.trials[kind] += 1
        self.tally.hit[kind] += process.exitcode is None
        # Moments are drawn from the time that the work takes on this machine at present.
        self.seconds[kind] *= 1.02 if process.exitcode is None else 0.9
        self._kill(process.pid, victim)
        if kind == "server" and victim == "worker":
            process.join(self.chance.uniform(0.0, SERVER_SECONDS))
            self._kill(process.pid, "all")
        process.join(ENDED_SECONDS)
        try:
            if process.exitcode is None:
                self._kill(process.pid, "all")
                raise AssertionError("the process hangs")
            if kind in ("commits", "compaction", "server") and victim != "worker":
                self._check_kept(before)
            if kind == "upgrade":
                assert list(self.index_dir.glob("*/v*-*/manifest.sqlite")), "both formats are gone"
            found = self._update()
            assert not list(self.index_dir.glob("*/*.damaged")), "the index was thought to be damaged"
            assert not list(self.index_dir.glob(f"*/v{OLD_SCHEMA}-*")), "the old format is left"
            if wrong := differences(found, self.expected()):
                raise AssertionError("; ".join(wrong))
        except Exception as error:
            self.tally.failures.append(f"{where}: {type(error).__name__}: {error}")
            self._keep(where)

    def _keep(self, where: str) -> None:
        """Keep the index of a failure."""
        kept = self._folder / f"failure-{len(self.tally.failures)}"
        shutil.copytree(self.index_dir, kept)
        (kept / "what").write_text(where, "utf-8")

    def _check_kept(self, before: dict[str, str]) -> None:
        """A file that was in the index is still, as it was or as it is on disk now, unless it is gone from the disk."""
        after = self.committed()
        for path, old in before.items():
            full = self.root / path
            now = hashlib.blake2b(full.read_bytes(), digest_size=16).hexdigest() if full.exists() else ""
            if path not in after:
                assert not now or path in CUT, f"{path} was committed and is lost"
            else:
                assert after[path] in (old, now), f"{path} has contents that it never had"

    def _measure(self, kind: str) -> None:
        """Find out how long the work takes when nobody disturbs it; the first time it also starts the fork server."""
        for _ in range(1 if self.seconds else 2):
            started = time.perf_counter()
            process = self._context.Process(target=WORK[kind], args=(str(self.root), str(self.index_dir)))
            process.start()
            process.join(SERVER_SECONDS if kind == "server" else None)
            self.seconds[kind] = time.perf_counter() - started
            if kind == "server":
                self._kill(process.pid, "all")
                process.join()
            else:
                assert process.exitcode == 0, f"{kind} ended with {process.exitcode}"
            self._prepare(kind)

    def _kill(self, pid: int | None, victim: str) -> None:
        """Kill the process, one of its workers, or all at the same time."""
        with contextlib.suppress(psutil.NoSuchProcess):
            main = psutil.Process(pid)
            workers = main.children(recursive=True)
            if victim == "worker":
                if workers:
                    self.chance.choice(workers).kill()
                return
            if victim == "all":
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(main.pid, signal.SIGKILL)
            main.kill()
            for worker in workers if victim == "all" else ():
                with contextlib.suppress(psutil.NoSuchProcess):
                    worker.kill()
            psutil.wait_procs(workers, timeout=120)


@contextlib.contextmanager
def trials(folder: Path, seed: int, *, files: int = FILES) -> Iterator[Trials]:
    """Trials in a folder, whose processes end with them."""
    made = Trials(folder, seed, files=files)
    try:
        yield made
    finally:
        made.close()
