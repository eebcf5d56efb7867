"""Which of some commits is nearest to what is checked out, and where a repository comes from, as git knows them.

Only the commands of `git_process` are run: they look at commits, not at the working tree, and fetch nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glossator.workspace.git_process import run_git

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

COMMITS_COMPARED = 16
"""Commits whose distance is computed: each takes some milliseconds, in a long history some tenths of a second."""


def remote_urls(folder: Path) -> list[str]:
    """The URLs that the repository is fetched from, that of `origin` first.

    Raises:
        WorkspaceError: git is missing or does not end.
    """
    done = run_git(folder, ["config", "--local", "--null", "--get-regexp", r"^remote\..*\.url$"])
    found = []
    for item in done.stdout.decode("utf-8", "replace").split("\0"):
        key, _, url = item.partition("\n")
        if url:
            found.append((key != "remote.origin.url", url))
    return list(dict.fromkeys(url for _, url in sorted(found, key=lambda item: item[0])))


def nearest_commit(folder: Path, commits: Sequence[str]) -> str | None:
    """The commit that the fewest other commits separate from HEAD; None if the repository has none of them.

    The commits are full hashes, the most likely ones first. Those on branches that were merged or left count as well:
    the distance is the number of commits that only one of the two has.

    Raises:
        WorkspaceError: git is missing or does not end.
    """
    if not commits:
        return None
    asked = "".join(f"{commit}^{{commit}}\n" for commit in commits).encode("ascii")
    done = run_git(folder, ["cat-file", "--batch-check=%(objectname) %(objecttype)"], asked)
    known = [line.split()[0].decode("ascii") for line in done.stdout.splitlines() if line.endswith(b" commit")]
    best: tuple[int, str] | None = None
    for commit in known[:COMMITS_COMPARED]:
        counted = run_git(folder, ["rev-list", "--count", f"{commit}...HEAD", "--"])
        text = counted.stdout.strip()
        if counted.returncode or not text.isdigit():
            continue
        if best is None or int(text) < best[0]:
            best = int(text), commit
        if best[0] == 0:
            break
    return best[1] if best is not None else None
