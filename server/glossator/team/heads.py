"""The head of a repository: which bases it has, read and switched atomically.

Heads are numbered, and a number is written once: whoever wants to change the list creates the next number, which the
storage allows one of several writers only. The others read the new head and try again, so no change is lost.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import msgspec

from glossator.errors import TeamError
from glossator.team.bases import Head, path_of, read_head, signed_document

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glossator.team.signatures import Signer
    from glossator.team.storage import Storage

HEAD_ATTEMPTS = 50
"""How often a change of a head is tried while others change it too."""
PAUSE_SECONDS = 0.05
"""Longest pause before the second attempt; it grows with the attempts."""
HEADS_KEPT = 5
"""Earlier heads that are left for those who have just listed them."""


def current_head(storage: Storage, repository: str, trusted: Sequence[str]) -> Head | None:
    """The newest head of a repository; None if it has none.

    Raises:
        TeamTrustError: it is not signed with a trusted key.
        TeamAccessError: this user may not read it.
        TeamError: the storage fails.
    """
    for _ in range(HEAD_ATTEMPTS):
        numbers = head_numbers(storage, repository)
        if not numbers:
            return None
        content = storage.get(path_of(repository, "heads", _name(numbers[-1])))
        if content is not None:  # otherwise many newer ones were written since, and this one was collected
            return read_head(content, repository, numbers[-1], trusted)
    raise TeamError(f"the list of bases of {repository} keeps changing: try again later")


def change_head(
    storage: Storage,
    repository: str,
    change: Callable[[Head], Head],
    signer: Signer,
    trusted: Sequence[str],
) -> Head:
    """Replace the head of a repository by what `change` makes of it; nothing is written if that is the same.

    `change` may be called several times, each time with what is there then.

    Raises:
        TeamTrustError: the present head is not signed with a trusted key.
        TeamAccessError: this user may not write it.
        TeamError: the storage fails.
    """
    keys = (*trusted, signer.public_key)
    for attempt in range(HEAD_ATTEMPTS):
        before = current_head(storage, repository, keys) or Head(repository, 0)
        after = change(before)
        if after == before:
            return before
        after = msgspec.structs.replace(after, number=before.number + 1)
        if storage.create(path_of(repository, "heads", _name(after.number)), signed_document(after, signer)):
            # A head that was collected between reading and writing would have let an old number be written again.
            newest = current_head(storage, repository, keys)
            if newest is not None and (newest == after or change(newest) == newest):
                return newest
        time.sleep(random.uniform(0, PAUSE_SECONDS * (attempt + 1)))  # noqa: S311 - only spreads attempts
    raise TeamError(f"the list of bases of {repository} keeps changing: try again later")


def head_numbers(storage: Storage, repository: str) -> list[int]:
    """The numbers of the heads that are there, ascending."""
    names = [item.path.rpartition("/")[2] for item in storage.objects(path_of(repository, "heads"))]
    return sorted(int(name) for name in names if len(name) == 12 and name.isdecimal())


def remove_old_heads(storage: Storage, repository: str) -> int:
    """Delete all but the newest heads; returns how many."""
    old = head_numbers(storage, repository)[: -HEADS_KEPT - 1]
    storage.delete([path_of(repository, "heads", _name(number)) for number in old])
    return len(old)


def _name(number: int) -> str:
    return f"{number:012}"
