"""Plays a developer's actions against a real language server, and compares its index with a fresh one at every stop."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil

from glossator.errors import StoreError
from glossator.index.folders import size_of
from glossator.project.session import Session
from glossator.settings import Settings
from glossator.workspace.files import Rules
from tests.lsp.client import WAIT, Client, start_server
from tests.soak.contents import Contents, differences, read_contents
from tests.soak.developer import Developer, Stop

FRESH_GOAL_SECONDS = 5.0
"""Within this time a switch of a thousand files is searchable."""
SIZE_GOAL = 2.0
"""The index is at most this many times as large as a fresh one."""


FIRST_INDEX_WAITS = 10
"""How many times as long as for other things a soak waits for its first index."""
REST_SECONDS = 100
"""After so long without a change the server has compacted its index and given memory back."""


@dataclass(slots=True)
class Use:
    """What the server and its worker processes hold: bytes, open files, watched folders."""

    memory: int
    handles: int
    watches: int
    processes: int


@dataclass(slots=True)
class Report:
    """What a soak found."""

    seconds: float = 0.0
    stops: int = 0
    actions: Counter[str] = field(default_factory=Counter)
    commits: int = 0
    switches: int = 0
    saves: int = 0
    problems: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    """Seconds from a step's end until the index equalled a fresh one."""
    large: list[tuple[int, float, float]] = field(default_factory=list)
    """Of the steps that changed many files: how many, these seconds, and seconds of processor time of all processes."""
    searchable: list[tuple[int, float]] = field(default_factory=list)
    """Of the same steps: how many files, and seconds until the index had all files as they are on disk."""
    size_ratios: list[float] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    idle_cpu: float = -1.0
    """Share of one core while nothing happens; negative if it was not measured."""


class Window:
    """The editor: tells the server what happens to its documents."""

    def __init__(self) -> None:
        self.client: Client | None = None
        self._versions: dict[Path, int] = {}

    def open(self, path: Path) -> None:
        assert self.client is not None
        if path not in self._versions:
            self._versions[path] = 1
            self.client.open(path, path.read_text("utf-8", "replace"))

    def edit(self, path: Path, text: str) -> None:
        assert self.client is not None
        if path in self._versions:
            self._versions[path] += 1
            clean = text.encode("utf-8", "replace").decode("utf-8")
            self.client.replace(path.as_uri(), clean, self._versions[path])

    def save(self, path: Path, text: str) -> None:
        assert self.client is not None
        self.edit(path, text)
        path.write_text(text, "utf-8", "surrogateescape", newline="")
        if path in self._versions:
            self.client.notify("textDocument/didSave", {"textDocument": {"uri": path.as_uri()}})

    def close(self, path: Path) -> None:
        assert self.client is not None
        if self._versions.pop(path, None):
            self.client.notify("textDocument/didClose", {"textDocument": {"uri": path.as_uri()}})

    def close_all(self) -> None:
        """Close what is open."""
        for path in list(self._versions):
            self.close(path)


class Soak:
    """One soak: a developer, a server, and an index made new at every stop to compare with."""

    def __init__(
        self, root: Path, work: Path, *, seed: int, built_files: int, say: Callable[[str], None], every: int = 1
    ) -> None:
        """`work` is an empty folder for indexes; `every` says at how many stops one comparison is made."""
        self.root = root.resolve()
        self._work = work
        self._window = Window()
        self._developer = Developer(self.root, seed, self._window, built_files=built_files)
        self._say = say
        self._every = every
        self._settings = replace(Settings(), index_dir=work / "fresh")
        self._session = Session([self.root], self._settings)
        self._process: asyncio.subprocess.Process | None = None
        self.report = Report()

    async def run(
        self, *, minutes: float, steps: int | None = None, only: tuple[str, ...] = (), rest: bool = False
    ) -> Report:
        """Play until the time is over or so many actions are done; with `rest`, measure the idle server after it."""
        begun = time.monotonic()
        await self._start()
        try:
            await self._compare(Stop("indexed"), time.time())
            actions = {name: one for name, one in self._developer.actions().items() if not only or name in only}
            names, weights = list(actions), [weight for weight, _ in actions.values()]
            order = sorted(actions, key=lambda name: -actions[name][0])
            done = 0
            while time.monotonic() - begun < 60 * minutes and (steps is None or done < steps):
                # Every action once, in a fixed order; then by chance.
                name = order[done] if done < len(order) else self._developer.chance.choices(names, weights)[0]
                await self._play(name, actions[name][1])
                done += 1
                if self._developer.chance.random() < 0.03:
                    await self._restart()
                if self._developer.chance.random() < 0.1:
                    await self._use_command_line()
            self._window.close_all()
            if rest:
                await self._measure_rest()
        finally:
            await self._stop()
            await asyncio.to_thread(self._session.close)
        report, developer = self.report, self._developer
        report.seconds = time.monotonic() - begun
        report.commits, report.switches, report.saves = developer.commits, developer.switches, developer.saves
        return report

    async def _play(self, name: str, action: Callable[[], Any]) -> None:
        self.report.actions[name] += 1
        worked = self._processor_seconds()
        for stop in action():
            ended = time.time()
            self.report.stops += 1
            if stop.changed or self.report.stops % self._every == 0:
                await self._compare(stop, ended, name, worked=worked)
                self._compared_in_row += 1
            else:
                self._compared_in_row = 0
            worked = self._processor_seconds()

    # The server

    @property
    def _client(self) -> Client:
        assert self._window.client is not None
        return self._window.client

    async def _start(self) -> None:
        environment = {**os.environ, "GLOSSATOR_INDEX_DIR": str(self._work / "server")}
        self._process, client = await start_server(env=environment)
        self._window.client = client
        self._drain = asyncio.ensure_future(self._keep_log(self._process))
        await client.initialize(self.root)
        for _ in range(FIRST_INDEX_WAITS):
            with contextlib.suppress(TimeoutError):
                await client.ready()
                break

    async def _keep_log(self, process: asyncio.subprocess.Process) -> None:
        """Read what the server writes to stderr, so that it never waits."""
        assert process.stderr is not None
        with (self._work / "server.log").open("ab") as log:
            while data := await process.stderr.read(65536):
                log.write(data)

    async def _stop(self) -> None:
        client, process = self._window.client, self._process
        if client is None or process is None:
            return
        self._window.close_all()
        if process.returncode is None:
            await client.request("shutdown", None)
            client.notify("exit")
            await asyncio.wait_for(process.wait(), WAIT)
        await self._drain
        self._process, self._window.client = None, None

    async def _restart(self) -> None:
        """The editor is closed, things change meanwhile, and it is opened again."""
        await self._stop()
        for stop in self._developer.walk():
            stopped = stop
        await self._start()
        await self._compare(replace(stopped, what=f"{stopped.what} while the editor was closed"), time.time())

    async def _use_command_line(self) -> None:
        """A command is run beside the server, which is the index's writer."""
        environment = {**os.environ, "GLOSSATOR_INDEX_DIR": str(self._work / "server")}
        command = [sys.executable, "-m", "glossator"]
        for arguments in (("search", "where is it parsed"), ("status",)):
            done = await asyncio.to_thread(
                subprocess.run, [*command, *arguments, "--root", str(self.root), "--json"],
                env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL,
            )  # fmt: skip
            if done.returncode:
                self._problem(f"glossator {arguments[0]}: exit status {done.returncode}: {done.stderr[-300:]}")
        self.report.actions["command line"] += 1

    # The comparison

    def _problem(self, text: str) -> None:
        self.report.problems.append(text)
        self._say(f"PROBLEM {text}")

    def _expected(self) -> Contents:
        """The contents of an index that is made now, from nothing but cached vectors."""
        root = self._session.root
        root.close()
        shutil.rmtree(root.folder.parent, ignore_errors=True)
        fresh = self._session.roots[0] = type(root)(self.root, self._session.shared)
        fresh.index()
        self._fresh_bytes = size_of(fresh.folder)
        return read_contents(fresh.folder, self.report.stops)

    def _status(self) -> dict[str, Any]:
        status = self._client.last("glossator/statusChanged")
        return status["roots"][0] if status and status["roots"] else {}

    async def _compare(self, stop: Stop, ended: float, action: str = "", worked: float = 0.0) -> None:
        """Wait until the index equals a fresh one; that it does not within a minute is a problem."""
        client = self._client
        label = f"{self.report.stops} {action}: {stop.what}"
        folder = Path(self._status()["indexFolder"])
        searchable = ""
        if stop.changed:
            # Before the fresh index is made, which takes processors from the server.
            try:
                await client.until(lambda: asyncio.to_thread(self._is_searchable, folder))
                self.report.searchable.append((stop.changed, max(0.0, _last_write(folder) - ended)))
                searchable = f"searchable after {self.report.searchable[-1][1]:.1f} s, "
            except TimeoutError:
                self._problem(f"{label}: not searchable within {WAIT:.0f} s")
        expected = await asyncio.to_thread(self._expected)
        problems: list[str] = []

        async def are_equal(found: Awaitable[list[str]]) -> bool:
            nonlocal problems
            problems = await found
            return not problems

        try:
            async with asyncio.timeout(WAIT / 2):
                await client.until(lambda: are_equal(asyncio.to_thread(self._differences, folder, expected)))
                written = _last_write(folder)
                await client.until(lambda: are_equal(self._status_differences()))
        except TimeoutError:
            written = time.time()
            self._problem(f"{label}: {'; '.join(problems)}")
            await client.request("glossator/reindex", {"root": self.root.as_uri()})
            if again := await asyncio.to_thread(self._differences, folder, expected):
                self._problem(f"{label}: still so after a comparison with the disk: {'; '.join(again)}")
        seconds = max(0.0, written - ended)
        self.report.waits.append(seconds)
        if stop.changed:
            self.report.large.append((stop.changed, seconds, self._processor_seconds() - worked))
        embedded = await asyncio.to_thread(self._count_vectors)
        # If a stop was passed over just before, the server may never have seen the contents that come back.
        if stop.known and self._compared_in_row >= 2 and embedded > self._vectors:
            self._problem(f"{label}: {embedded - self._vectors} vectors were computed, though all was known")
        self._vectors = embedded
        await self._compare_answers(label, expected)
        self._note_use(folder)
        self._say(f"{label}: {searchable}equal after {seconds:.1f} s, {len(expected.files)} files")
        del client.notifications[:-1]

    _vectors = 0
    _compared_in_row = 0
    _fresh_bytes = 0

    def _is_searchable(self, folder: Path) -> bool:
        """Whether the index has each file that a scan finds, as it is on disk, and no other."""
        connection = sqlite3.connect(f"{(folder / 'manifest.sqlite').absolute().as_uri()}?mode=ro", uri=True)
        try:
            rows = connection.execute("SELECT path, content_hash, skipped FROM files").fetchall()
        except sqlite3.OperationalError:  # it is being replaced
            return False
        finally:
            connection.close()
        known = {os.fsdecode(path): (content_hash, skipped) for path, content_hash, skipped in rows}
        for path, (content_hash, skipped) in known.items():
            if not skipped and content_hash != _content_hash(self.root / path):
                return False
        return all(item.path in known for item in Rules(self.root, self._settings).scan())

    def _differences(self, folder: Path, expected: Contents) -> list[str]:
        try:
            return differences(read_contents(folder, self.report.stops), expected)
        except (sqlite3.Error, StoreError) as error:
            return [f"the index cannot be read: {error}"]

    def _count_vectors(self) -> int:
        (cache,) = (self._work / "server").glob("vectors-*.sqlite")
        connection = sqlite3.connect(f"{cache.absolute().as_uri()}?mode=ro", uri=True)
        try:
            return int(connection.execute("SELECT count(*) FROM vectors").fetchone()[0])
        finally:
            connection.close()

    async def _status_differences(self) -> list[str]:
        """How what the server says of its index differs from what a fresh one says."""
        status = await self._client.request("glossator/status", {})
        snapshot = self._session.root.open()
        assert snapshot is not None
        fresh = snapshot.status()
        (root,) = status["roots"]
        names = ("state", "pending", "uncollectedFiles", "files", "symbols", "lines", "skippedFiles")
        found = tuple(root[name] for name in names)
        expected = ("ready", 0, 0, fresh.files, fresh.symbols, fresh.lines, len(fresh.skipped))
        return [] if found == expected else [f"the server says {found}, a fresh index {expected}"]

    async def _compare_answers(self, label: str, expected: Contents) -> None:
        """A search for some file has to find it."""
        names = sorted(path for path in expected.files if len(expected.vectors[path]))
        if names:
            path = names[self.report.stops % len(names)]
            found = await self._client.request("glossator/search", {"query": path, "limit": 20})
            if (self.root / path).as_uri() not in {hit["uri"] for hit in found["hits"]}:
                self._problem(f"{label}: a search for {path} does not find it")

    # What it takes

    def _note_use(self, folder: Path) -> None:
        assert self._process is not None
        server = psutil.Process(self._process.pid)
        try:
            processes = [server, *server.children(recursive=True)]
            memory = sum(process.memory_info().rss for process in processes)
            handles = server.num_handles() if sys.platform == "win32" else server.num_fds()
        except psutil.Error:  # a worker has just ended
            return
        self.report.uses.append(Use(memory, handles, _watches(server.pid), len(processes)))
        size = size_of(folder)
        if self._fresh_bytes:
            self.report.size_ratios.append(size / self._fresh_bytes)

    async def _measure_rest(self) -> None:
        """Measure how much processor time the server takes while nothing happens: it takes minutes."""
        assert self._process is not None
        await asyncio.sleep(REST_SECONDS)
        folder = Path(self._status()["indexFolder"])
        self._note_use(folder)
        before = self._processor_seconds()
        await asyncio.sleep(30)
        self.report.idle_cpu = (self._processor_seconds() - before) / 30

    def _processor_seconds(self) -> float:
        """What the server and its processes have used so far; those that have ended are not counted."""
        assert self._process is not None
        server = psutil.Process(self._process.pid)
        total = 0.0
        for process in (server, *server.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                total += sum(process.cpu_times()[:2])
        return total


def _content_hash(path: Path) -> bytes:
    """The hash of a file's contents; b"" if it is no file."""
    try:
        if path.is_symlink() or not path.is_file():
            return b""
        return hashlib.blake2b(path.read_bytes(), digest_size=16).digest()
    except OSError:
        return b""


def _last_write(folder: Path) -> float:
    """When the index was last written, as `time.time` gives it."""
    return max(_modified(folder / name) for name in ("manifest.sqlite", "manifest.sqlite-wal"))


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # the log has just been written back
        return 0.0


def _watches(pid: int) -> int:
    """How many folders a process watches; 0 where that cannot be told."""
    count = 0
    try:
        for info in Path(f"/proc/{pid}/fdinfo").iterdir():
            count += info.read_text("ascii", "replace").count("inotify wd:")
    except OSError:
        pass
    return count
