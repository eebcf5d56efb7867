"""Downloading a base: blocks that are not in the cache yet are fetched, checked, and put together to an index.

The cache is a folder of blocks, named by their hashes, that is kept below a size: the blocks that were not used for the
longest time are removed first. Nothing is unpacked or used before its hash was compared with the signed document.

A database is put together in a new folder that nobody has opened, so closing its file releases no lock of SQLite's.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow

from glossator.errors import CancelledByUser, TeamError, TeamTrustError
from glossator.private_files import make_private_folder
from glossator.team.bases import path_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from glossator.team.bases import Base, Block
    from glossator.team.storage import Storage

REQUEST_BYTES = 8 * 1024 * 1024
"""Most compressed bytes that are asked for at once, so that memory stays bounded."""
SMALL_REQUEST_BYTES = 512 * 1024
"""Compressed bytes of a request for a small base."""
SHOWN_STEPS = 40
"""Requests for a middle-sized base: each is a step of the progress that is shown."""
DOWNLOADS = 4
"""Requests at the same time."""
PARTIAL_SUFFIX = ".partial"
"""What the name of an index's folder has at its end until all of its files are there."""
TRIM_SHARE = 0.8
"""Share of the cache's limit that is left when blocks are removed, so that this is rare."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a download took, in compressed bytes."""

    downloaded: int
    reused: int
    """From the cache."""


class BlockCache:
    """Compressed blocks on disk. Safe to use from several threads and processes."""

    def __init__(self, folder: Path, limit: int) -> None:
        """Use a folder, and keep it below `limit` bytes."""
        self._folder = folder
        self._limit = limit

    def get(self, block: Block) -> bytes | None:
        """A block, if it is there and undamaged."""
        path = self._path(block.digest)
        try:
            content = path.read_bytes()
            if not _is(content, block):
                path.unlink(missing_ok=True)
                return None
            os.utime(path)
        except OSError:
            return None
        return content

    def put(self, block: Block, content: bytes) -> None:
        """Keep a block, which was checked; if that fails, it is downloaded again another time."""
        path = self._path(block.digest)
        with contextlib.suppress(OSError):
            make_private_folder(path.parent)
            partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
            partial.write_bytes(content)
            partial.replace(path)

    def trim(self) -> None:
        """Remove the least recently used blocks if the cache is above its limit."""
        found: list[tuple[float, int, Path]] = []
        for path in self._folder.rglob("*"):
            with contextlib.suppress(OSError):  # another process removes it too
                status = path.stat()
                if path.is_file():
                    found.append((status.st_mtime, status.st_size, path))
        total = sum(size for _, size, _ in found)
        if total <= self._limit:
            return
        for _, size, path in sorted(found, key=lambda one: one[0]):
            with contextlib.suppress(OSError):
                path.unlink()
                total -= size
            if total <= TRIM_SHARE * self._limit:
                return

    def _path(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest


def fetch(
    storage: Storage,
    base: Base,
    folder: Path,
    cache: BlockCache,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Fetched:
    """Write the files of a base into an empty folder; `progress` is called with bytes done and bytes in all.

    Raises:
        TeamTrustError: a block is not what the base says.
        TeamError: the storage or the disk fails.
        CancelledByUser: it was cancelled.
    """
    places: dict[int, list[tuple[int, int]]] = {}
    for number, file in enumerate(base.files):
        offset = 0
        for index in file.blocks:
            places.setdefault(index, []).append((number, offset))
            offset += base.blocks[index].size
    total = sum(base.blocks[index].length for index in places)
    downloaded = reused = 0
    try:
        with contextlib.ExitStack() as stack:
            paths = [folder / file.path for file in base.files]
            for path in paths:
                make_private_folder(path.parent)
                path.touch()

            def write(index: int, content: bytes) -> None:
                raw = _raw(content, base.blocks[index])
                for number, offset in places[index]:
                    with paths[number].open("r+b") as file:  # an index may have more files than may be open
                        file.seek(offset)
                        file.write(raw)

            progress(0, total)
            missing = []
            for index in places:
                content = cache.get(base.blocks[index])
                if content is None:
                    missing.append(index)
                    continue
                write(index, content)
                reused += len(content)
                if cancelled():
                    raise CancelledByUser("interrupted; what was downloaded is kept")
            progress(reused, total)
            pool = stack.enter_context(ThreadPoolExecutor(DOWNLOADS))
            for found in _in_order(pool, storage, base, missing, cancelled):
                for index, content in found:
                    write(index, content)
                    cache.put(base.blocks[index], content)
                    downloaded += len(content)
                progress(reused + downloaded, total)
    except OSError as error:
        raise TeamError(f"cannot write {folder}: {error.strerror or error}") from error
    cache.trim()
    return Fetched(downloaded, reused)


def fetch_index(
    storage: Storage,
    base: Base,
    folder: Path,
    cache: BlockCache,
    cancelled: Callable[[], bool] = lambda: False,
) -> None:
    """Make a folder with the files of a base; it appears when all are there. What a killed process has left is removed.

    The caller keeps others from doing the same in the same place.

    Raises:
        TeamTrustError, TeamError, CancelledByUser: as for `fetch`.
    """
    partial = folder.with_name(folder.name + PARTIAL_SUFFIX)
    try:
        for rest in (partial, folder):
            if rest.exists():
                shutil.rmtree(rest)
        make_private_folder(partial, certainly_ours=True)
        fetch(storage, base, partial, cache, cancelled=cancelled)
        partial.rename(folder)
    except OSError as error:
        raise TeamError(f"cannot keep the index of {base.repository}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


_Contents = list[tuple[int, bytes]]


def _in_order(
    pool: ThreadPoolExecutor, storage: Storage, base: Base, missing: Sequence[int], cancelled: Callable[[], bool]
) -> Iterator[_Contents]:
    """Download blocks, a few requests ahead of the caller."""
    groups = list(_groups(base, missing))
    waiting = [pool.submit(_download, storage, base, group) for group in groups[:DOWNLOADS]]
    try:
        for number in range(len(groups)):
            if cancelled():
                raise CancelledByUser("interrupted; what was downloaded is kept")
            found = waiting.pop(0).result()
            if number + DOWNLOADS < len(groups):
                waiting.append(pool.submit(_download, storage, base, groups[number + DOWNLOADS]))
            yield found
    finally:
        for future in waiting:
            future.cancel()


def _groups(base: Base, missing: Sequence[int]) -> Iterator[list[int]]:
    """The blocks by pack, in the order in which they lie there, at most `REQUEST_BYTES` at a time."""
    ordered = sorted(missing, key=lambda index: (base.blocks[index].pack, base.blocks[index].offset))
    whole = sum(base.blocks[index].length for index in missing)
    most = min(max(whole // SHOWN_STEPS, SMALL_REQUEST_BYTES), REQUEST_BYTES)
    group: list[int] = []
    size = 0
    for index in ordered:
        block = base.blocks[index]
        if group and (size + block.length > most or base.blocks[group[0]].pack != block.pack):
            yield group
            group, size = [], 0
        group.append(index)
        size += block.length
    if group:
        yield group


def _download(storage: Storage, base: Base, group: Sequence[int]) -> _Contents:
    blocks = [base.blocks[index] for index in group]
    path = path_of(base.repository, "packs", base.packs[blocks[0].pack])
    contents = storage.get_ranges(path, [(block.offset, block.length) for block in blocks])
    for block, content in zip(blocks, contents, strict=True):
        if not _is(content, block):
            raise TeamTrustError(f"a block of {path} is not what the signed list says: the base is ignored")
    return list(zip(group, contents, strict=True))


def _is(content: bytes, block: Block) -> bool:
    return len(content) == block.length and hashlib.sha256(content).hexdigest() == block.digest


def _raw(content: bytes, block: Block) -> bytes:
    try:
        raw = bytes(pyarrow.decompress(content, decompressed_size=block.size, codec="zstd", asbytes=True))
    except (ValueError, OSError) as error:
        raise TeamTrustError("a block cannot be unpacked: the base is ignored") from error
    if len(raw) != block.size:
        raise TeamTrustError("a block has another size than the signed list says: the base is ignored")
    return raw
