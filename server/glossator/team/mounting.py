"""Starting a local index from a team's base: the nearest commit's is downloaded and becomes the index.

What is mounted is an ordinary index of another commit, which the next update brings up to date. It is used only if it
has the format of this program, and if signature and hashes are right; whatever fails, the folder is indexed as if there
were no team. A note beside the index says what was done, or why nothing was; `glossator status` shows it.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from glossator.errors import GlossatorError, StoreError, TeamAccessError, TeamError, TeamStorageError
from glossator.private_files import replace_private_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from glossator.index.store import Store
    from glossator.settings import Settings
    from glossator.team.bases import Format, HeadBase
    from glossator.team.storage import Storage

_log = logging.getLogger(__name__)

NOTE_SUFFIX = ".team"
"""What the note's name has after that of the index's folder."""
MOUNTING_SUFFIX = ".mounting"
BEGUN_SUFFIX = ".begun"
CACHE_FOLDER = "team-blocks"
"""In the folder of all indexes."""


class MountNote(msgspec.Struct, frozen=True):
    """What was done with a team's index for a folder."""

    url: str
    mounted: bool
    reason: str = ""
    """Why nothing was mounted."""
    repository: str = ""
    commit: str = ""
    downloaded: int = 0
    """Bytes."""
    reused: int = 0
    """Bytes that were in the cache."""
    seconds: float = 0.0
    at: float = 0.0
    """Seconds since 1970."""
    again: bool = False
    """Whether to try again as long as the index is not finished: the storage failed, or refused."""


def mount_note(folder: Path) -> MountNote | None:
    """The note of an index's folder; None if there is none."""
    try:
        return msgspec.json.decode(_note_path(folder).read_bytes(), type=MountNote)
    except (OSError, msgspec.MsgspecError):
        return None


def mount_base(
    root: Path,
    folder: Path,
    settings: Settings,
    embedder: tuple[str, int],
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> MountNote | None:
    """If a team is set and the folder `root` has no index, put a base where its index will be.

    Args:
        root: the opened folder, an absolute path.
        folder: the index's folder.
        settings: where the team's index is, and whose signatures count.
        embedder: the id and the dimensions of the embedder.
        progress: is called with the bytes that are done, and with all.
        cancelled: whether to stop.

    An index that was begun because the storage failed, and was stopped before it was finished, counts as none.

    Returns the note, or None if no team is set or there is an index. Never raises an error of the team's index.

    Raises:
        StoreLockedError: another process is writing or mounting this index.
        CancelledByUser: it was cancelled; what was downloaded is kept in the cache.
    """
    if not settings.team or not may_be_mounted(folder):
        return None
    from glossator.index import folders

    lock = folders.acquire(folder)  # until the index is in its place; others read without one meanwhile
    try:
        if not may_be_mounted(folder):  # another process was faster
            return None
        started = time.perf_counter()
        try:
            note = _mounted(root, folder, settings, embedder, progress, cancelled)
        except (TeamError, OSError) as error:
            _log.warning("the index of %s is made without the team's: %s", root, error)
            again = isinstance(error, TeamStorageError | TeamAccessError)
            note = MountNote(settings.team, mounted=False, reason=str(error), again=again)
        note = msgspec.structs.replace(note, seconds=round(time.perf_counter() - started, 3), at=time.time())
        try:
            replace_private_file(_note_path(folder), msgspec.json.encode(note).decode("utf-8"))
        except OSError as error:
            _log.warning("cannot write the note on the team's index: %s", error)
    finally:
        lock.release()
    return note


def may_be_mounted(folder: Path) -> bool:
    """Whether a base may be put there: there is no index, or one that is unfinished because the storage failed."""
    if not (folder / "manifest.sqlite").exists():
        return True
    note = mount_note(folder)
    return note is not None and note.again


def note_finished(folder: Path) -> None:
    """The index in a folder is finished: it is not replaced by the team's any more."""
    note = mount_note(folder)
    if note is not None and note.again:
        with contextlib.suppress(OSError):
            done = msgspec.structs.replace(note, again=False)
            replace_private_file(_note_path(folder), msgspec.json.encode(done).decode("utf-8"))


def _note_path(folder: Path) -> Path:
    return folder.with_name(folder.name + NOTE_SUFFIX)


def _mounted(
    root: Path,
    folder: Path,
    settings: Settings,
    embedder: tuple[str, int],
    progress: Callable[[int, int], None],
    cancelled: Callable[[], bool],
) -> MountNote:
    from glossator.index import folders
    from glossator.index.manifest import SCHEMA_VERSION
    from glossator.team.bases import Format
    from glossator.team.fetching import BlockCache, fetch
    from glossator.team.publishing import load_base
    from glossator.team.storage import Storage

    if not settings.team_keys:
        raise TeamError("the setting team_keys is empty: it needs the public key of those who build the team's index")
    wanted = Format(SCHEMA_VERSION, *embedder)
    storage = Storage(settings.team)
    repository, entry = nearest_base(storage, root, wanted, settings.team_keys)
    base = load_base(storage, repository, entry, settings.team_keys)
    partial = folder.with_name(folder.name + MOUNTING_SUFFIX)
    try:
        shutil.rmtree(partial, ignore_errors=True)
        folders.make_private(partial)
        cache = BlockCache(settings.index_dir / CACHE_FOLDER, settings.team_cache_bytes)
        fetched = fetch(storage, base, partial, cache, progress, cancelled)
        _adopt(root, partial, wanted)
        _move_out_of_the_way(folder)
        partial.rename(folder)
    except OSError as error:
        raise TeamError(f"cannot put the team's index in its place: {error.strerror or error}") from error
    finally:
        for rest in (".lock", ".writer"):
            with contextlib.suppress(OSError):
                partial.with_name(partial.name + rest).unlink()
        shutil.rmtree(partial, ignore_errors=True)
    return MountNote(
        settings.team,
        mounted=True,
        repository=repository,
        commit=entry.commit,
        downloaded=fetched.downloaded,
        reused=fetched.reused,
    )


def _move_out_of_the_way(folder: Path) -> None:
    """Remove an index that was begun, all or nothing: on Windows, a reader may hold it open."""
    if folder.exists():
        begun = folder.with_name(folder.name + BEGUN_SUFFIX)
        shutil.rmtree(begun, ignore_errors=True)
        folder.rename(begun)
        shutil.rmtree(begun, ignore_errors=True)


def nearest_base(storage: Storage, root: Path, wanted: Format, trusted: Sequence[str]) -> tuple[str, HeadBase]:
    """The repository that a folder is a clone of, and its base that is nearest to what is checked out.

    Raises:
        TeamError: there is none that can be used; the message says why.
    """
    from glossator.team.publishing import bases_of
    from glossator.team.repository_names import names_of_clone
    from glossator.workspace.commit_distance import nearest_commit
    from glossator.workspace.gitstate import Repository

    if Repository.at(root) is None:
        around = Repository.around(root)
        instead = f": open {around.top} to start from the team's" if around is not None else ""
        raise TeamError(
            f"{root} is not the top folder of a git repository, and a team's indexes are of whole repositories; "
            f"the paths in them, which their entries are found by too, begin at the top{instead}"
        )
    try:
        names = names_of_clone(root)
    except GlossatorError as error:
        raise TeamError(str(error)) from error
    reason: TeamError = TeamError(f"the team has no index of {' or '.join(names)}")
    for name in names:
        try:
            head, bases = bases_of(storage, name, wanted, trusted)
        except TeamAccessError as error:
            reason = error
            continue
        if head is None:
            continue
        if not bases:
            reason = TeamError(
                f"the team's index of {name} has the format {head.formats()},"
                f" and this version of Glossator needs {wanted}"
            )
            continue
        newest_first = [base.commit for base in reversed(bases)]
        try:
            commit = nearest_commit(root, newest_first)
        except GlossatorError as error:
            _log.info("the newest base is taken: %s", error)
            commit = None
        return name, next(base for base in bases if base.commit == (commit or newest_first[0]))
    raise reason


def _adopt(root: Path, folder: Path, wanted: Format) -> None:
    """Make an index that was made elsewhere one of this clone.

    The times of the files are entered whose content git knows to be that of the base: they are not read then. All
    others are, by the next update, which compares their contents. The vectors go into the cache, as they do when an
    index is made here: whatever is renamed, moved or copied later keeps its vector.

    Raises:
        TeamError: what was downloaded is no index that can be opened.
    """
    from glossator.index.store import Store

    try:
        with Store.open(folder, embedder_id=wanted.embedder, dimensions=wanted.dimensions, write=True) as store:
            adopt_times(root, store)
            store.cache_vectors()
    except StoreError as error:
        raise TeamError(f"the team's index cannot be opened: {error}") from error


def adopt_times(root: Path, store: Store) -> int:
    """Enter the times of unchanged files, see `_adopt`; returns the number of files."""
    from glossator.index.comparison import UNSETTLED
    from glossator.index.parse_worker import settled
    from glossator.team.checkouts import blob_time
    from glossator.workspace.gitstate import Repository

    read_ns = time.time_ns()
    repository = Repository.at(root)
    staged = repository.staged() if repository is not None else {}
    touched = []
    for path, record in store.files().items():
        known = staged.get(path)
        if known is None or record.mtime_ns != blob_time(known.blob):
            continue
        try:
            status = (root / path).stat()
        except OSError:
            continue
        # Of another size: what a filter or an editor's line ends have made of the same blob.
        if (status.st_mtime_ns, status.st_ctime_ns, status.st_size) != (known.mtime_ns, known.ctime_ns, record.size):
            continue
        if (time_ns := settled(status.st_mtime_ns, read_ns)) != UNSETTLED:
            touched.append(replace(record, mtime_ns=time_ns, ctime_ns=status.st_ctime_ns))
    store.touch(touched)
    return len(touched)
