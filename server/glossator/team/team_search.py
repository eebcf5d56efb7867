"""Searching the other repositories of a team: the newest base of each is kept as an index that is only read.

Only what the storage lets this user read is downloaded or named. The copies are kept below a size, the least recently
used are removed first. Files of other repositories are not here: a hit has their paths and lines, no text.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glossator.errors import CancelledByUser, GlossatorError, StoreError, TeamError, UsageError
from glossator.private_files import FILE_MODE, make_private_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from glossator.index.embedding import Embedder
    from glossator.index.records import Filter
    from glossator.retrieval.search import Hit
    from glossator.settings import Settings
    from glossator.team.bases import Format, HeadBase
    from glossator.team.storage import Storage

_log = logging.getLogger(__name__)

COPIES_FOLDER = "team-indexes"
"""In the folder of all indexes."""
SEARCHED_AT_ONCE = 4
"""Repositories that are downloaded or searched at a time."""
LOCK_SUFFIX = ".lock"
WAIT_SECONDS = 60.0
"""Seconds to wait for another process that downloads the same copy or searches it."""


@dataclass(frozen=True, slots=True)
class TeamHit:
    """A hit in a repository of the team, at the commit that the index is of."""

    repository: str
    commit: str
    hit: Hit


def search_team(
    settings: Settings,
    embedder: Embedder,
    roots: Sequence[Path],
    query: str,
    limit: int,
    where: Filter | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> tuple[list[TeamHit], list[str]]:
    """The best hits in the team's repositories except those that are opened, and what could not be searched, and why.

    Args:
        settings: where the team's index is, and whose signatures count.
        embedder: the shipped one, which bases are made with.
        roots: the opened folders.
        query: what to search for.
        limit: most hits.
        where: restricts them.
        progress: is called with the number of repositories that are done, and of all.
        cancelled: whether to stop; it is asked in several threads.

    Raises:
        UsageError: no team is set, or the query has nothing to search for.
        TeamError: the storage cannot be listed.
        CancelledByUser: it was cancelled.
    """
    from glossator.index.manifest import SCHEMA_VERSION
    from glossator.retrieval.query import parse_query
    from glossator.team.bases import Format
    from glossator.team.catalogue import repositories
    from glossator.team.repository_names import names_of_clone
    from glossator.team.storage import Storage

    if not settings.team:
        raise UsageError("give the team's storage with --team URL, or set `team` in your settings")
    if "\n" not in query.strip():  # the parts of a longer text are parsed when they are searched for
        parse_query(query)
    storage = Storage(settings.team)
    wanted = Format(SCHEMA_VERSION, embedder.id, embedder.dimensions)
    heads, problems = repositories(storage, settings.team_keys)
    trouble = [problem.what for problem in problems]
    own: set[str] = set()
    for root in roots:
        with contextlib.suppress(GlossatorError):
            own.update(names_of_clone(root))
    others = [
        (head.repository, base)
        for head in heads
        if head.repository not in own
        for base in head.bases_of_format(wanted)[-1:]
    ]

    def searched(other: tuple[str, HeadBase]) -> list[TeamHit] | str:
        repository, base = other
        if cancelled():
            raise CancelledByUser("the search was cancelled")
        try:
            with copy_in_use(settings.index_dir / COPIES_FOLDER / base.digest[:32]) as folder:
                _download_copy(storage, repository, base, folder, settings, cancelled)
                hits = _hits(folder, wanted, embedder, query, limit, where)
        except (TeamError, StoreError) as error:
            return str(error)
        return [TeamHit(repository, base.commit, hit) for hit in hits]

    found: list[TeamHit] = []
    progress(0, len(others))
    with ThreadPoolExecutor(SEARCHED_AT_ONCE, thread_name_prefix="glossator-team") as pool:
        try:
            for done, result in enumerate(pool.map(searched, others), 1):
                if isinstance(result, str):
                    trouble.append(result)
                else:
                    found += result
                progress(done, len(others))
        except CancelledByUser:
            pool.shutdown(cancel_futures=True)
            raise
    trim_copies(settings.index_dir / COPIES_FOLDER, settings.team_cache_bytes)
    return sorted(found, key=lambda one: (-one.hit.score, one.repository))[:limit], trouble


@contextlib.contextmanager
def copy_in_use(folder: Path, seconds: float = WAIT_SECONDS) -> Iterator[Path]:
    """Keep other processes from downloading, reading or removing a copy; waits for them.

    Raises:
        TeamError: another process did not end in so many seconds, or the lock cannot be made.
    """
    from filelock import FileLock, Timeout

    try:
        make_private_folder(folder.parent, certainly_ours=True)
        lock = FileLock(folder.with_name(folder.name + LOCK_SUFFIX), timeout=seconds, mode=FILE_MODE)
        lock.acquire()
    except Timeout:
        raise TeamError(f"another process is using the team's index in {folder}: try again later") from None
    except OSError as error:
        raise TeamError(f"cannot keep a team's index in {folder.parent}: {error.strerror or error}") from error
    try:
        yield folder
    finally:
        lock.release()


def _download_copy(
    storage: Storage,
    repository: str,
    entry: HeadBase,
    folder: Path,
    settings: Settings,
    cancelled: Callable[[], bool],
) -> None:
    """Put a base into its folder, which is in use here, unless it is there."""
    from glossator.team.fetching import BlockCache, fetch_index
    from glossator.team.mounting import CACHE_FOLDER
    from glossator.team.publishing import load_base

    if (folder / "manifest.sqlite").exists():
        with contextlib.suppress(OSError):
            os.utime(folder)
        return
    base = load_base(storage, repository, entry, settings.team_keys)
    fetch_index(
        storage, base, folder, BlockCache(settings.index_dir / CACHE_FOLDER, settings.team_cache_bytes), cancelled
    )


def _hits(folder: Path, wanted: Format, embedder: Embedder, query: str, limit: int, where: Filter | None) -> list[Hit]:
    from glossator.index.store import Store
    from glossator.retrieval.search import Searcher
    from glossator.retrieval.text_search import search_text

    with (
        Store.open(folder, embedder_id=wanted.embedder, dimensions=wanted.dimensions, write=False) as store,
        Searcher(store, embedder) as searcher,
    ):
        return search_text(searcher, query, limit, where)


def trim_copies(folder: Path, limit: int) -> None:
    """Remove the copies that were not used for the longest time, except those that another process uses just now."""
    from glossator.index.folders import size_of

    with contextlib.suppress(OSError):
        copies = [path for path in folder.iterdir() if path.is_dir()]
        copies.sort(key=lambda path: path.stat().st_mtime, reverse=True)
        total = 0
        for path in copies:
            total += size_of(path)
            if total > limit:
                with contextlib.suppress(TeamError), copy_in_use(path.with_suffix(""), 0):
                    # The manifest first: without it, what may be left of a copy is no copy.
                    (path / "manifest.sqlite").unlink(missing_ok=True)
                    shutil.rmtree(path, ignore_errors=True)
