"""The working trees that are indexed for a team: fetched with git, and always the same for the same commit.

Each repository has a clone of its own that nobody else uses. git runs with the builder's configuration when it fetches,
which the credentials come from, and without any when it writes files: no hooks, no filters.

A file's modification time is derived from its blob's hash. So an index that was built elsewhere from the same blobs
knows the files without reading them, and a file with another content never has the same time.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glossator.errors import TeamError

if TYPE_CHECKING:
    from pathlib import Path

FETCH_SECONDS = 3600.0
"""Seconds that git may take to fetch a repository."""
_CREDENTIALS = ("GIT_ASKPASS", "GIT_SSH", "GIT_CONFIG_", "GIT_SSL_", "GIT_PROXY_", "GIT_HTTP_")
"""Beginnings of the variables that tell git how to reach a server and log in; others could name another repository."""
_YEAR_2001 = 1_000_000_000
_SPAN = 500_000_000
"""Derived times are in the 16 years after September 2001: old enough to be settled, and valid on any file system."""


@dataclass(frozen=True, slots=True)
class Checkout:
    """A working tree: its folder, its commit, and when that was made, in seconds since 1970."""

    folder: Path
    commit: str
    committed: int


def blob_time(blob: str) -> int:
    """The modification time of a file with this blob (a hexadecimal hash), in nanoseconds since 1970.

    It is a multiple of 100 ns, as all file systems can keep.
    """
    number = int.from_bytes(hashlib.blake2b(blob.encode("ascii"), digest_size=16).digest())
    return (_YEAR_2001 * 10**7 + number % (_SPAN * 10**7)) * 100


def check_out(url: str, revision: str, folder: Path) -> Checkout:
    """Fetch a revision into a folder, which is created or brought up to date.

    Raises:
        TeamError: git is missing or fails; the message quotes it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / ".git").is_dir():
        _git(folder, "init", "--quiet", "--template=")
    for lock in (
        "index.lock",
        "shallow.lock",
        "HEAD.lock",
    ):  # left by a builder that was killed; this one has the folder
        (folder / ".git" / lock).unlink(missing_ok=True)
    fetch = ("-c", "gc.auto=0", "fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--force")
    ref = "refs/glossator/wanted"
    try:
        _git(folder, *fetch, "--depth=1", "--", url, f"+{revision}:{ref}")
    except TeamError:  # a server that gives no single commit, or a short hash: fetch all branches and look
        everything = ("+refs/heads/*:refs/heads-of/*", "+refs/tags/*:refs/tags-of/*", "+HEAD:refs/glossator/head")
        _git(folder, *fetch, "--", url, *everything)
        _git(folder, "update-ref", ref, _resolved(folder, revision))
    commit = _git(folder, "rev-parse", "--verify", "--end-of-options", f"{ref}^{{commit}}").strip()
    own = ("-c", "core.hooksPath=/dev/null", "-c", "core.autocrlf=false", "-c", "core.symlinks=true")
    _git(folder, *own, "checkout", "--quiet", "--force", "--detach", commit, bare=True)
    _git(folder, *own, "clean", "--quiet", "-ffdx", bare=True)
    committed = _git(folder, "show", "--no-patch", "--format=%ct", commit, bare=True).strip()
    _set_times(folder, commit)
    return Checkout(folder, commit, int(committed))


def _resolved(folder: Path, revision: str) -> str:
    for name in (f"refs/heads-of/{revision}", f"refs/tags-of/{revision}", "refs/glossator/head", revision):
        if name == "refs/glossator/head" and revision != "HEAD":
            continue
        try:
            return _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}").strip()
        except TeamError:
            continue
    raise TeamError(f"there is no branch, tag or commit {revision!r}")


def _set_times(folder: Path, commit: str) -> None:
    listed = _git(folder, "ls-tree", "-r", "-z", commit, bare=True)
    for line in listed.split("\0"):
        about, _, path = line.partition("\t")
        mode, _, blob = about.partition(" blob ")
        if not blob or mode not in ("100644", "100755"):
            continue
        time = blob_time(blob)
        try:
            os.utime(folder / path, ns=(time, time), follow_symlinks=os.utime not in os.supports_follow_symlinks)
        except OSError:  # a name that this file system cannot have, for instance: it is not indexed either
            continue


def _git(folder: Path, *arguments: str, bare: bool = False) -> str:
    """Run git; returns its output. With `bare`, without the configuration of user, system and environment."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or (name.startswith(_CREDENTIALS) and not bare)
    }
    environment |= {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    if bare:
        environment |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_LFS_SKIP_SMUDGE": "1"}
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=FETCH_SECONDS,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except subprocess.TimeoutExpired as error:
        raise TeamError(f"git {arguments[0]} did not end within {FETCH_SECONDS:,.0f} seconds") from error
    except OSError as error:
        raise TeamError(f"cannot run git: {error.strerror or error}") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        fatal = [line for line in said if line.startswith(("fatal:", "error:"))]
        raise TeamError(f"git: {(fatal or said or [f'exit status {done.returncode}'])[0][:300]}")
    return os.fsdecode(done.stdout)
