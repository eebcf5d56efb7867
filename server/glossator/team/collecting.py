"""Collecting what is no longer needed: old bases, then what no base that may be read refers to.

A base that is old enough is taken out of the head first, and noted there as retired; its objects are deleted when it
has been retired for a while, so that nobody who is reading it loses them. Of each format, the newest base of a
repository stays, and all bases that the head names stay.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from glossator.team.bases import Head, RetiredBase, path_of
from glossator.team.heads import change_head, remove_old_heads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glossator.team.bases import Format
    from glossator.team.signatures import Signer
    from glossator.team.storage import Storage

GRACE_SECONDS = 86_400.0
"""Seconds for which the objects of retired bases are kept, and those of builders that have not published yet."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What was collected of one repository."""

    repository: str
    retired: int
    """Bases that are no longer offered."""
    deleted: int
    """Objects."""
    freed: int
    """Bytes."""


def collect(
    storage: Storage,
    repository: str,
    signer: Signer,
    trusted: Sequence[str],
    *,
    older_than: float,
    grace: float = GRACE_SECONDS,
    now: float | None = None,
) -> Collected:
    """Collect what a repository no longer needs.

    Args:
        storage: where it is.
        repository: its name.
        signer: signs the new head.
        trusted: the keys of those who may have written the present one.
        older_than: seconds since a base was built until it is retired, if a newer one of its format is there.
        grace: see `GRACE_SECONDS`.
        now: seconds since 1970; None for the present.

    Raises:
        TeamTrustError, TeamAccessError, TeamError: see `change_head`.
    """
    moment = time.time() if now is None else now

    def retire(head: Head) -> Head:
        newest: dict[Format, str] = {base.format: base.digest for base in head.bases}  # the last one counts
        old = [base for base in head.bases if newest[base.format] != base.digest and base.built < moment - older_than]
        gone = {base.digest for base in old}
        still = [item for item in head.retired if item.retired >= moment - grace]
        return msgspec.structs.replace(
            head,
            bases=tuple(base for base in head.bases if base.digest not in gone),
            retired=(*still, *(RetiredBase(base, moment) for base in old)),
        )

    before: list[Head] = []

    def noted(head: Head) -> Head:
        before.append(head)
        return retire(head)

    # What is listed after the head was written cannot belong to a base that is published later: a builder writes its
    # pack first, under a name of its own, and what it reuses belongs to a base that the head names or that has retired.
    head = change_head(storage, repository, noted, signer, trusted)
    kept = (*head.bases, *(item.base for item in head.retired))
    needed = {path_of(repository, "bases", base.digest) for base in kept}
    needed |= {path_of(repository, "packs", pack) for base in kept for pack in base.packs}
    there = [*storage.objects(path_of(repository, "bases")), *storage.objects(path_of(repository, "packs"))]
    surplus = [item for item in there if item.path not in needed and item.written < moment - grace]
    storage.delete([item.path for item in surplus])
    removed = remove_old_heads(storage, repository)
    present = {base.digest for base in head.bases}
    retired = sum(base.digest not in present for base in before[0].bases)
    return Collected(repository, retired, len(surplus) + removed, sum(item.size for item in surplus))
