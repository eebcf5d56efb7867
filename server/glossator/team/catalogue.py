"""What a team's storage holds: its repositories, as far as this user may see them, and whether all of it is sound."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glossator.errors import TeamAccessError, TeamError, TeamTrustError
from glossator.team.bases import Head, folder_of, head_repository, path_of
from glossator.team.heads import current_head
from glossator.team.publishing import load_base

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glossator.team.bases import HeadBase
    from glossator.team.storage import Storage, StoredObject


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the storage that cannot be used, and why."""

    repository: str
    what: str


KnownHeads = dict[str, tuple["StoredObject", "Head"]]
"""Heads that were read before, each with the object that it was read from, by the repository's folder."""


def repositories(
    storage: Storage, trusted: Sequence[str], known: KnownHeads | None = None
) -> tuple[list[Head], list[Problem]]:
    """The heads of the repositories that this user may read, by name, and what is wrong with others.

    Args:
        storage: where they are.
        trusted: the keys whose signatures count.
        known: heads that need not be read again; what is read is added, and what is gone is removed.

    Raises:
        TeamAccessError: this user may not list the storage.
        TeamError: the storage fails.
    """
    heads: list[Head] = []
    problems: list[Problem] = []
    before = {} if known is None else dict(known)
    after: KnownHeads = {}
    for folder in storage.folders("repositories"):
        try:
            newest = next(iter(storage.objects(f"repositories/{folder}/heads")[-1:]), None)
            if newest is not None and folder in before and before[folder][0] == newest:
                head: Head | None = before[folder][1]
            else:
                name = _name_in(storage, folder, newest, trusted)
                head = current_head(storage, name, trusted) if name else None
        except TeamAccessError:
            continue  # not this user's
        except TeamTrustError as error:
            problems.append(Problem(folder, str(error)))
            continue
        if head is not None and newest is not None:
            heads.append(head)
            after[folder] = (newest, head)
    if known is not None:
        known.clear()
        known.update(after)
    return sorted(heads, key=lambda head: head.repository), problems


def _name_in(storage: Storage, folder: str, newest: StoredObject | None, trusted: Sequence[str]) -> str:
    """The name of the repository in a folder; "" if none was published.

    Raises:
        TeamTrustError: what is there is not signed with a trusted key, or lies in another repository's folder.
    """
    content = storage.get(newest.path) if newest is not None else None
    if content is None:
        return ""
    name = head_repository(content, trusted, folder)
    if folder_of(name) != folder:
        raise TeamTrustError(f"the list of bases in {folder} belongs to {name}: it is ignored")
    return name


def verify_repository(storage: Storage, head: Head, trusted: Sequence[str]) -> Iterator[Problem]:
    """Read all that the bases of a repository consist of, and yield what is wrong.

    Raises:
        TeamAccessError: this user may not read it.
    """
    blocks: dict[str, dict[tuple[int, int], str]] = {}
    for entry in head.bases:
        yield from _checked_document(storage, head.repository, entry, trusted, blocks)
    for pack, wanted in sorted(blocks.items()):
        content = storage.get(path_of(head.repository, "packs", pack))
        if content is None:
            yield Problem(head.repository, f"the pack {pack} is missing")
            continue
        wrong = sum(
            hashlib.sha256(content[offset : offset + length]).hexdigest() != digest
            for (offset, length), digest in wanted.items()
        )
        if wrong:
            yield Problem(head.repository, f"the pack {pack} was changed: {wrong} of {len(wanted)} blocks are wrong")


def _checked_document(
    storage: Storage,
    repository: str,
    entry: HeadBase,
    trusted: Sequence[str],
    blocks: dict[str, dict[tuple[int, int], str]],
) -> Iterator[Problem]:
    try:
        base = load_base(storage, repository, entry, trusted)
    except TeamAccessError:
        raise
    except TeamError as error:
        yield Problem(repository, str(error))
        return
    for block in base.blocks:
        blocks.setdefault(base.packs[block.pack], {})[block.offset, block.length] = block.digest
