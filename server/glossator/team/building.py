"""Building one base: a repository is checked out, indexed by the same code as a local index, and uploaded.

What can be reused is: the index that is left of an earlier build on this machine, or else the repository's nearest
earlier base; and the vectors that any repository's build here has computed. A build that was stopped continues where it
was. The base is not published here: that needs the key, which stays with the process that distributes the work.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from glossator.errors import GlossatorError, TeamError
from glossator.team.bases import Base, Format, folder_of
from glossator.team.checkouts import check_out
from glossator.team.fetching import BlockCache, fetch_index
from glossator.team.publishing import bases_of, load_base, upload
from glossator.team.storage import Storage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glossator.index.indexer import IndexReport
    from glossator.settings import Settings
    from glossator.team.bases import HeadBase
    from glossator.team.checkouts import Checkout

CACHE_BYTES = 2 * 1024**3
"""Bytes of the cache of blocks that a builder keeps."""


class BuildTask(msgspec.Struct, frozen=True):
    """One repository at one revision, and where its base goes."""

    name: str
    url: str
    revision: str
    storage: str
    """URL of the storage."""
    work: str
    """Folder on the worker's machine for clones, indexes and caches; it is kept for the next build."""
    trusted: tuple[str, ...]
    """Public keys whose bases are reused."""
    cores: int = 1
    """Parser processes."""


class BuildOutcome(msgspec.Struct, frozen=True):
    """How a task ended."""

    name: str
    revision: str
    status: Literal["built", "unchanged", "failed"]
    message: str = ""
    """Why it failed."""
    commit: str = ""
    started_from: str = ""
    """The commit of the base that it was built on; "local" for an index that was left here, "" for none."""
    files: int = 0
    lines: int = 0
    symbols: int = 0
    embedded: int = 0
    """Symbols whose vectors were computed."""
    uploaded: int = 0
    """Bytes."""
    size: int = 0
    """Compressed bytes of the whole base."""
    seconds: float = 0.0
    base: Base | None = None
    """What is to be published."""


def present_format() -> Format:
    """The format that this version of Glossator writes and reads."""
    from glossator.index.embedding import StaticEmbedder
    from glossator.index.manifest import SCHEMA_VERSION

    embedder = StaticEmbedder()
    return Format(SCHEMA_VERSION, embedder.id, embedder.dimensions)


def build_base(task: BuildTask, settings: Settings) -> BuildOutcome:
    """Build one base and upload it. What goes wrong with the repository or the storage is part of the outcome."""
    started = time.perf_counter()
    try:
        outcome = _built(task, settings)
    except GlossatorError as error:
        outcome = BuildOutcome(task.name, task.revision, "failed", str(error))
    except Exception as error:  # a repository that breaks something costs its own task only
        outcome = BuildOutcome(task.name, task.revision, "failed", f"{type(error).__name__}: {error}"[:500])
    return msgspec.structs.replace(outcome, seconds=round(time.perf_counter() - started, 3))


def _built(task: BuildTask, settings: Settings) -> BuildOutcome:
    from filelock import FileLock

    folder = Path(task.work) / folder_of(task.name)
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(folder.name + ".lock")):  # another builder on this machine
        storage = Storage(task.storage)
        checkout = check_out(task.url, task.revision, folder / "tree")
        wanted = present_format()
        _, bases = bases_of(storage, task.name, wanted, task.trusted)
        if any(base.commit == checkout.commit for base in bases):
            return BuildOutcome(task.name, task.revision, "unchanged", commit=checkout.commit)
        known = _known(storage, task, bases, checkout)
        index = folder / str(wanted)
        started_from = _prepare(storage, task, index, known)
        own = replace(settings, index_dir=Path(task.work), workers=task.cores, team="")
        report = _index(checkout.folder, index, wanted, own, downloaded=started_from not in ("", "local"))
        base, uploaded = upload(
            storage,
            task.name,
            index,
            commit=checkout.commit,
            committed=checkout.committed,
            format_=wanted,
            counts=(report.files, report.lines, report.symbols),
            known=known,
        )
    return BuildOutcome(
        task.name,
        task.revision,
        "built",
        commit=checkout.commit,
        started_from=started_from,
        files=report.files,
        lines=report.lines,
        symbols=report.symbols,
        embedded=report.embedded,
        uploaded=uploaded,
        size=sum(block.length for block in base.blocks),
        base=base,
    )


def _known(storage: Storage, task: BuildTask, bases: Sequence[HeadBase], checkout: Checkout) -> list[Base]:
    """The nearest earlier base, or else the first later one; nothing if there is none."""
    earlier = [base for base in bases if base.committed <= checkout.committed]
    nearest = earlier[-1] if earlier else bases[0] if bases else None
    return [load_base(storage, task.name, nearest, task.trusted)] if nearest is not None else []


def _prepare(storage: Storage, task: BuildTask, index: Path, known: Sequence[Base]) -> str:
    """Start from an index that is here, or from a base; returns which."""
    if (index / "manifest.sqlite").exists():
        return "local"
    if not known:
        return ""
    fetch_index(storage, known[0], index, BlockCache(Path(task.work) / "blocks", CACHE_BYTES))
    return known[0].commit


def _index(root: Path, folder: Path, wanted: Format, settings: Settings, *, downloaded: bool) -> IndexReport:
    """Bring the index of a checked-out repository up to date, and close it; `downloaded`: it was made elsewhere."""
    from glossator.errors import StoreCorruptError
    from glossator.index.indexer import Indexer
    from glossator.index.pool import WorkerPool
    from glossator.index.store import Store

    def opened() -> Store:
        return Store.open(folder, embedder_id=wanted.embedder, dimensions=wanted.dimensions, write=True)

    try:
        store = opened()
    except StoreCorruptError:
        Store.replace_corrupt(folder)
        store = opened()
    pool = WorkerPool(settings)
    try:
        if downloaded:
            store.cache_vectors()
        report = Indexer(root, settings, store, pool).run()
        store.maintain()  # a run that was killed before may have left that to do
    finally:
        pool.close()
        store.close()
    if list(folder.glob("manifest.sqlite-wal")):
        raise TeamError(f"the index in {folder} is in use by another process")
    return report
