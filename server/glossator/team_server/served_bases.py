"""The bases that a server of a team answers from: the newest of each repository, on this machine, kept current.

A thread looks for newer bases. A new one is downloaded, checked against its signature and hashes, opened and tried, and
only then takes the place of the old one, which is closed and deleted when the last request that reads it is done. If
something fails, what is there stays. Nothing is ever written to the storage.

Each process has a cache folder for itself, so that any number of them can share a machine, or a storage.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from glossator.errors import GlossatorError, StoreError, StoreFullError, TeamError
from glossator.index.manifest import SCHEMA_VERSION
from glossator.index.store import Store
from glossator.private_files import FILE_MODE, make_private_folder
from glossator.retrieval.graph import Graph
from glossator.retrieval.search import Searcher
from glossator.team.bases import Format, folder_of
from glossator.team.catalogue import repositories
from glossator.team.fetching import BlockCache, fetch_index
from glossator.team.publishing import load_base
from glossator.team.storage import Storage
from glossator.team_server.likely_repositories import profile_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import Any

    from glossator.index.embedding import Embedder
    from glossator.team.bases import Base, HeadBase
    from glossator.team.catalogue import KnownHeads
    from glossator.team_server.likely_repositories import RepositoryProfile

_log = logging.getLogger(__name__)

REPLICA_FOLDERS = "team-served"
"""In the folder of all indexes: the cache folders of servers, `1`, `2` and so on."""
MOST_REPLICAS = 64
"""Servers that may share such a folder."""
FIRST_RETRY_SECONDS = 1.0
"""Half the seconds until the second attempt while nothing is served; they double up to the time between two looks."""
LEAST_PAUSE_SECONDS = 0.5
"""Seconds between two looks, also if a damaged index asks for one."""
TRIAL_QUERY = "main"
"""Searched in a new base before it is served: damage is noticed, and what a first search loads is loaded."""
_BASES = "bases"
_BLOCKS = "blocks"


class OpenedBase:
    """The index of a base, opened for reading."""

    def __init__(self, store: Store, embedder: Embedder) -> None:
        self.store = store
        self.searcher = Searcher(store, embedder)
        self.graph = Graph(store)

    def close(self) -> None:
        """Close the index."""
        self.searcher.close()
        self.store.close()


@dataclass(slots=True, eq=False)
class ServedBase:
    """A base on this machine. What changes is changed by `ServedBases` alone."""

    repository: str
    entry: HeadBase
    folder: Path
    source_files: int
    lines: int
    symbols: int
    size: int
    """Bytes on disk."""
    profile: RepositoryProfile | None = None
    readers: int = 0
    opened: OpenedBase | None = None
    opening: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True, slots=True)
class RefreshState:
    """What is known of the storage and the bases; times are seconds since 1970, 0 for never.

    Attributes:
        complete: whether the storage was read at least once.
        refreshed: when it was last read without an error.
        failing_since: since when it cannot be read; 0 if it can.
        failure: why.
        problems: (repository, what) for what is not served, or not in its newest version. The name of a repository may
            be that of its folder, if who it belongs to is not certain.
    """

    complete: bool = False
    refreshed: float = 0.0
    failing_since: float = 0.0
    failure: str = ""
    problems: tuple[tuple[str, str], ...] = ()


class ServedBases:
    """The newest bases of a team's repositories. Any thread may use it."""

    def __init__(
        self,
        url: str,
        trusted: Sequence[str],
        embedder: Embedder,
        folder: Path,
        *,
        patterns: Sequence[str] = (),
        most_bytes: int,
        most_open: int,
        refresh_seconds: float,
    ) -> None:
        """Nothing is read before `start`.

        Args:
            url: the storage.
            trusted: the keys whose signatures count.
            embedder: what queries are embedded with; only bases that were made with it are served.
            folder: a cache folder that no other process uses.
            patterns: of the names of repositories to serve; empty: all that this process may read.
            most_bytes: how large the folder may become; a repository that does not fit is not served.
            most_open: how many indexes are kept open.
            refresh_seconds: time between two looks at the storage.
        """
        self._url = url
        self._trusted = tuple(trusted)
        self._embedder = embedder
        self._format = Format(SCHEMA_VERSION, embedder.id, embedder.dimensions)
        self._folder = folder
        self._patterns = tuple(patterns)
        self._most_bytes = most_bytes
        self._most_open = most_open
        self._refresh_seconds = refresh_seconds
        self._guard = threading.Lock()
        self._bases: dict[str, ServedBase] = {}
        self._open: OrderedDict[Path, ServedBase] = OrderedDict()
        self._leaving: list[ServedBase] = []
        self._damaged: set[str] = set()
        self._known: KnownHeads = {}
        self._storage: Storage | None = None
        self._state = RefreshState()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep_current, name="team bases", daemon=True)

    # Reading

    @property
    def state(self) -> RefreshState:
        """What the last look at the storage has found."""
        return self._state

    def served(self) -> list[ServedBase]:
        """What is served, by the repositories' names."""
        with self._guard:
            return sorted(self._bases.values(), key=lambda base: base.repository)

    @contextlib.contextmanager
    def reading(self, repository: str) -> Iterator[tuple[ServedBase, OpenedBase] | None]:
        """The base of a repository, which stays as it is inside the context; None if it is not served (any more).

        Raises:
            StoreError: its index cannot be opened; it is downloaded again at the next look.
        """
        with self._guard:
            base = self._bases.get(repository)
            if base is not None:
                base.readers += 1
        if base is None:
            yield None
            return
        try:
            yield base, self._opened(base)
        except StoreFullError:
            raise
        except StoreError as error:
            _log.error("the index of %s at %s cannot be read: %s", repository, base.entry.commit, error)
            with self._guard:
                self._damaged.add(base.entry.digest)
            self._wake.set()
            raise
        finally:
            with self._guard:
                base.readers -= 1
            self._close_what_is_idle()

    def _opened(self, base: ServedBase) -> OpenedBase:
        with base.opening:
            if base.opened is None:
                base.opened = OpenedBase(self._store_in(base.folder), self._embedder)
            opened = base.opened
        with self._guard:
            self._open[base.folder] = base
            self._open.move_to_end(base.folder)
        return opened

    def _store_in(self, folder: Path) -> Store:
        return Store.open(folder, embedder_id=self._format.embedder, dimensions=self._format.dimensions, write=False)

    def _close_what_is_idle(self) -> None:
        """Close and delete what was replaced, and close the least recently used if too many are open."""
        with self._guard:
            gone = [base for base in self._leaving if not base.readers]
            self._leaving = [base for base in self._leaving if base.readers]
            closing = list(gone)
            for base in list(self._open.values()):
                if len(self._open) - len(closing) <= self._most_open:
                    break
                if not base.readers and base not in closing:
                    closing.append(base)
            opened = [base.opened for base in closing if base.opened is not None]
            for base in closing:
                base.opened = None
                self._open.pop(base.folder, None)
        for one in opened:
            one.close()
        for base in gone:
            shutil.rmtree(base.folder, ignore_errors=True)

    # Keeping current

    def start(self) -> None:
        """Begin to look for bases, in a thread of its own."""
        self._thread.start()

    def close(self, seconds: float = 5.0) -> None:
        """Stop, for which this waits so many seconds, and close all indexes that nobody reads.

        What was downloaded is kept for the next start.
        """
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(seconds)
        with self._guard:
            bases, self._bases = list(self._bases.values()), {}
            opened = [base.opened for base in bases if base.opened is not None and not base.readers]
        for one in opened:
            one.close()

    def _keep_current(self) -> None:
        pause = FIRST_RETRY_SECONDS
        while not self._stopping.is_set():
            self._wake.clear()
            self.refresh()
            pause = self._refresh_seconds if self._state.complete else min(2 * pause, self._refresh_seconds)
            self._wake.wait(pause)
            self._stopping.wait(LEAST_PAUSE_SECONDS)

    def refresh(self) -> None:
        """Look at the storage once, and serve what is new. Errors are logged and become part of `state`."""
        before = self._state
        try:
            problems = self._refreshed()
        except (GlossatorError, OSError) as error:
            self._fail(before, str(error))
        except Exception as error:  # this thread must not end
            _log.exception("looking for new bases failed")
            self._fail(before, f"an internal error ({type(error).__name__})")
        else:
            if self._stopping.is_set():
                return
            if before.failing_since:
                _log.warning("the storage can be read again")
            for problem in set(problems) - set(before.problems):
                _log.warning("%s: %s", *problem)
            self._state = RefreshState(complete=True, refreshed=time.time(), problems=tuple(problems))

    def _fail(self, before: RefreshState, failure: str) -> None:
        if failure != before.failure:
            _log.error("the storage cannot be read, what was read before is served: %s", failure)
        since = before.failing_since or time.time()
        self._state = RefreshState(before.complete, before.refreshed, since, failure, before.problems)

    def _refreshed(self) -> list[tuple[str, str]]:
        """Bring all bases up to date; returns what is not served, or not in its newest version.

        Raises:
            TeamError: the storage cannot be listed.
        """
        if self._storage is None:
            self._storage = Storage(self._url, create=False)
        heads, trouble = repositories(self._storage, self._trusted, self._known)
        if not heads and not trouble and self._bases:
            # A folder that is not mounted looks like one without repositories.
            raise TeamError(f"the storage {self._url} is empty, or nothing in it may be read any more")
        problems = [(problem.repository, problem.what) for problem in trouble]
        uncertain = {problem.repository for problem in trouble}
        wanted: dict[str, HeadBase] = {}
        for head in heads:
            if self._patterns and not any(fnmatchcase(head.repository, pattern) for pattern in self._patterns):
                continue
            usable = head.bases_of_format(self._format)
            if usable:
                wanted[head.repository] = usable[-1]
            else:
                why = f"it has no base of the format {self._format}, only {head.formats()}"
                problems.append((head.repository, why))
        with self._guard:
            gone = [name for name in self._bases if name not in wanted and folder_of(name) not in uncertain]
        for name in gone:
            _log.warning("%s is not served any more: it has no base that can be used", name)
            self._replace(name, None)
        for name, entry in wanted.items():
            if self._stopping.is_set():
                break
            try:
                self._bring(name, entry)
            except (GlossatorError, OSError) as error:
                problems.append((name, str(error)))
        self._tidy()
        return problems

    def _bring(self, name: str, entry: HeadBase) -> None:
        """Serve a base, unless it is served already.

        Raises:
            TeamError: it cannot be downloaded or trusted.
            StoreError: it is no index that can be read.
        """
        with self._guard:
            present = self._bases.get(name)
            damaged = entry.digest in self._damaged
        if present is not None and present.entry.digest == entry.digest and not damaged:
            return
        if self._storage is None:
            return
        folder = self._folder / _BASES / entry.digest
        if damaged:
            # Beside the damaged copy, which may be being read.
            folder = self._folder / _BASES / f"{entry.digest}-{time.time_ns():x}"
        base = load_base(self._storage, name, entry, self._trusted)
        size = sum(base.blocks[block].size for file in base.files for block in file.blocks)
        taken = sum(other.size for other in self.served() if other.repository != name)
        if taken + size > self._most_bytes:
            raise TeamError(
                f"it needs {size / 1e6:,.0f} MB, and of the {self._most_bytes / 1e6:,.0f} MB that the cache folder may "
                f"take {taken / 1e6:,.0f} MB are used: raise --cache-gigabytes"
            )
        room = max(0, self._most_bytes - taken - size)
        fresh = ServedBase(name, entry, folder, base.source_files, base.lines, base.symbols, size)
        try:
            self._download(base, folder, room)
            self._try(fresh)
        except StoreError:
            shutil.rmtree(folder, ignore_errors=True)  # of an earlier process, and damaged: downloaded once more
            self._download(base, folder, room)
            self._try(fresh)
        with self._guard:
            self._damaged.discard(entry.digest)
        self._replace(name, fresh)
        _log.info("serving %s at %s", name, entry.commit)

    def _download(self, base: Base, folder: Path, room: int) -> None:
        """Put a base into its folder, unless it is there already."""
        if (folder / "manifest.sqlite").exists():
            return
        assert self._storage is not None
        fetch_index(self._storage, base, folder, BlockCache(self._folder / _BLOCKS, room), self._stopping.is_set)

    def _try(self, base: ServedBase) -> None:
        """Open a base and search it once.

        Raises:
            StoreError: it cannot be read.
        """
        store = self._store_in(base.folder)
        opened = OpenedBase(store, self._embedder)
        try:
            opened.searcher.search(TRIAL_QUERY, 1)
            base.profile = profile_of(store, self._format.dimensions)
        except BaseException:
            opened.close()
            raise
        base.opened = opened

    def _replace(self, name: str, fresh: ServedBase | None) -> None:
        with self._guard:
            old = self._bases.pop(name, None)
            if old is not None:
                self._leaving.append(old)
            if fresh is not None:
                self._bases[name] = fresh
                self._open[fresh.folder] = fresh
        self._close_what_is_idle()

    def _tidy(self) -> None:
        """Delete what an earlier process has left, and what nobody reads any more."""
        with self._guard:
            kept = {base.folder for base in (*self._bases.values(), *self._leaving)}
        with contextlib.suppress(OSError):
            for path in (self._folder / _BASES).iterdir():
                if path not in kept:
                    shutil.rmtree(path, ignore_errors=True)


def claim_cache_folder(parent: Path) -> tuple[Path, Any]:
    """A cache folder in `parent` that no other process uses, with the lock on it, to be kept until the process ends.

    The system releases the lock when a process ends, however it does; the next one finds what it has downloaded.

    Raises:
        TeamError: there is none, or none can be made.
    """
    from filelock import FileLock, Timeout

    try:
        make_private_folder(parent, certainly_ours=True)
        for number in range(1, MOST_REPLICAS + 1):
            lock = FileLock(parent / f"{number}.lock", timeout=0, mode=FILE_MODE, thread_local=False)
            try:
                lock.acquire()
            except Timeout:
                continue
            folder = parent / str(number)
            make_private_folder(folder, certainly_ours=True)
            return folder, lock
    except OSError as error:
        raise TeamError(f"cannot use the cache folder {parent}: {error.strerror or error}") from error
    raise TeamError(f"{MOST_REPLICAS} processes use {parent} already: give this one another --cache DIR")
