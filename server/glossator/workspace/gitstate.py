"""A folder's git repository: its location, state, tracked files and ignore configuration.

This module only reads files. It never runs git, so nothing in a workspace or on its PATH is executed.
"""

from __future__ import annotations

import os
import re
import stat
import struct
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_CONFIG_BYTES = 1024 * 1024
_MAX_INDEX_BYTES = 512 * 1024 * 1024
_MAX_INCLUDES = 10
"""Depth of include.path, as in git."""


def read_regular(path: Path, limit: int) -> bytes | None:
    """The bytes of a regular file of at most `limit` bytes; None for anything else. Never opens pipes or devices."""
    try:
        status = path.stat(follow_symlinks=False)
        if not stat.S_ISREG(status.st_mode) or status.st_size > limit:
            return None
        return path.read_bytes()
    except (OSError, ValueError):
        return None


_STAGE_BITS = 0x3000
"""Of an entry's flags in the index: which side of an unfinished merge it is (gitformat-index)."""


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A file as git last saw it.

    Attributes:
        size: bytes, modulo 2**32.
        mtime_ns: when it was modified, in nanoseconds since 1970.
        ctime_ns: when it or its attributes were changed; on Windows, when it was created.
        blob: the hash of its content, as git keeps it.
    """

    size: int
    mtime_ns: int
    ctime_ns: int
    blob: str


def why_no_repository(folder: Path, what: object = "") -> str:
    """Why `Repository.around` finds none around a folder, to go on with a comma.

    Args:
        folder: an absolute path.
        what: the file or folder that was asked about, if it is another.
    """
    for candidate in (folder, *folder.parents):
        if os.path.lexists(dot_git := candidate / ".git"):
            return f"{dot_git} cannot be read, or is no git repository"
    return f"{what or folder} is in no git repository"


@dataclass(frozen=True, slots=True)
class Repository:
    """A git working tree.

    Attributes:
        top: its root folder.
        git_dir: the folder of its HEAD and index (not `top`/.git for a worktree or a submodule).
        common_dir: the folder of its config, refs and info/exclude; equal to `git_dir`, except for a worktree.
    """

    top: Path
    git_dir: Path
    common_dir: Path

    @classmethod
    def at(cls, folder: Path) -> Repository | None:
        """The repository whose working tree's root is `folder`; None if it is not one."""
        dot_git = folder / ".git"
        try:
            mode = dot_git.stat().st_mode
        except (OSError, ValueError):
            return None
        if stat.S_ISDIR(mode):
            git_dir = dot_git
        else:
            content = read_regular(dot_git, 64 * 1024) or b""
            if not content.startswith(b"gitdir:"):
                return None
            git_dir = folder / os.fsdecode(content[len(b"gitdir:") :].strip(b" \t\r\n"))
        if read_regular(git_dir / "HEAD", 64 * 1024) is None and not os.path.islink(git_dir / "HEAD"):  # noqa: PTH114 - a Path raises if the name is too long
            return None
        common = read_regular(git_dir / "commondir", 64 * 1024)
        common_dir = git_dir / os.fsdecode(common.strip(b"\r\n")) if common else git_dir
        return cls(folder, Path(os.path.normpath(git_dir)), Path(os.path.normpath(common_dir)))

    @classmethod
    def around(cls, folder: Path) -> Repository | None:
        """The innermost repository that contains `folder` (an absolute path)."""
        for candidate in (folder, *folder.parents):
            found = cls.at(candidate)
            if found is not None:
                return found
        return None

    @property
    def exclude_file(self) -> Path:
        """The ignore file that is not part of the working tree."""
        return self.common_dir / "info" / "exclude"

    def state(self) -> tuple[str, str]:
        """What is checked out: (content of HEAD, its commit); "" for what cannot be read."""
        head = (read_regular(self.git_dir / "HEAD", 64 * 1024) or b"").decode("utf-8", "replace").strip()
        if not head.startswith("ref:"):
            return head, head
        name = head[len("ref:") :].strip()
        loose = read_regular(self.common_dir / name, 64 * 1024)
        if loose is not None:
            return head, loose.decode("ascii", "replace").strip()
        packed = read_regular(self.common_dir / "packed-refs", 64 * 1024 * 1024) or b""
        for line in packed.splitlines():
            commit, _, ref = line.partition(b" ")
            if ref == name.encode():
                return head, commit.decode("ascii", "replace")
        return head, ""

    def tracked(self) -> frozenset[str]:
        """The paths in the index, relative to `top`, with "/"; empty if it cannot be read.

        Tracked files are not ignored, whatever the patterns say. Paths in the shared part of a split index are missing.
        """
        data = read_regular(self.git_dir / "index", _MAX_INDEX_BYTES) or b""
        try:
            return frozenset(os.fsdecode(path) for path, _ in _index_entries(data, self._hash_bytes()))
        except (struct.error, IndexError, ValueError):
            return frozenset()

    def plain_index(self) -> bytes | None:
        """The index as it is, if all that `tracked` returns stands in it in full; None if it may not.

        Version 4 keeps of each path only what differs from the one before.
        """
        data = read_regular(self.git_dir / "index", _MAX_INDEX_BYTES) or b""
        return None if data[4:8] == b"\0\0\0\4" else data

    def staged(self) -> dict[str, StagedFile]:
        """What the index knows of files, by path as in `tracked`; empty if it cannot be read.

        Files that were written when the index was, or later, are left out: their times do not tell whether they are
        as the index has them (git-update-index calls these "racily clean"). So are those of an unfinished merge.
        """
        file = self.git_dir / "index"
        hash_bytes = self._hash_bytes()
        try:
            written = file.stat().st_mtime_ns
            data = read_regular(file, _MAX_INDEX_BYTES) or b""
            found: dict[str, StagedFile] = {}
            for path, start in _index_entries(data, hash_bytes):
                changed, changed_part, seconds, nanoseconds = struct.unpack_from(">IIII", data, start)
                (size,) = struct.unpack_from(">I", data, start + 36)
                (flags,) = struct.unpack_from(">H", data, start + 40 + hash_bytes)
                modified = seconds * 1_000_000_000 + nanoseconds
                if modified < written and not flags & _STAGE_BITS:
                    blob = data[start + 40 : start + 40 + hash_bytes].hex()
                    found[os.fsdecode(path)] = StagedFile(size, modified, changed * 1_000_000_000 + changed_part, blob)
        except (OSError, struct.error, IndexError, ValueError):
            return {}
        return found

    def _hash_bytes(self) -> int:
        """The length of the repository's hashes."""
        for section, key, value in _config_values(self.common_dir / "config"):
            if (section, key, value.lower()) == ("extensions", "objectformat", "sha256"):
                return 32
        return 20

    def is_busy(self) -> bool:
        """Whether git is rewriting the index, as it does throughout a checkout, merge or rebase step, or HEAD."""
        return os.path.lexists(self.git_dir / "index.lock") or os.path.lexists(self.git_dir / "HEAD.lock")


def linked_worktree_of(folder: Path) -> Path | None:
    """The `.git` folder of the repository that `folder` is a linked worktree of; None if it is not one.

    A submodule is not: its `.git` file leads into the `modules` of the repository around it.
    """
    content = read_regular(folder / ".git", 64 * 1024) or b""
    if not content.startswith(b"gitdir:"):
        return None
    git_dir = Path(os.path.normpath(folder / os.fsdecode(content[len(b"gitdir:") :].strip(b" \t\r\n"))))
    if git_dir.parent.name != "worktrees":
        return None
    common = git_dir.parent.parent
    # A Path raises an error if the name is too long.
    return Path(os.path.realpath(common)) if os.path.exists(common / "HEAD") else None  # noqa: PTH110


def main_worktree_of(common_dir: Path) -> Path | None:
    """The main working tree (its real path) of the repository in `common_dir`; None if the repository is bare."""
    bare = False
    top = common_dir.parent if common_dir.name == ".git" else None
    for file in (common_dir / "config", common_dir / "config.worktree"):
        for section, key, value in _config_values(file):
            if section == "core" and key == "bare":
                bare = value.lower() in ("", "true", "yes", "on", "1")
            elif section == "core" and key == "worktree" and value:
                top = common_dir / value
    return Path(os.path.realpath(top)) if top is not None and not bare else None


def _index_entries(data: bytes, hash_bytes: int) -> Iterator[tuple[bytes, int]]:
    """The paths, and where their entries begin, of an index of version 2, 3 or 4 (gitformat-index)."""
    if data[:4] != b"DIRC":
        return
    version, count = struct.unpack_from(">II", data, 4)
    if version not in (2, 3, 4):
        return
    fixed = 40 + hash_bytes + 2
    unpack_flags = struct.Struct(">H").unpack_from
    position = 12
    path = b""
    for _ in range(count):
        begin = position
        flags = unpack_flags(data, position + fixed - 2)[0]
        start = position + fixed + (2 if flags & 0x4000 else 0)
        if version == 4:  # how much to cut off the previous path, then the text to append
            cut = data[start] & 0x7F
            while data[start] & 0x80:
                start += 1
                cut = ((cut + 1) << 7) | (data[start] & 0x7F)
            end = data.index(b"\0", start + 1)
            path = path[: len(path) - cut] + data[start + 1 : end]
            position = end + 1
        else:
            length = flags & 0xFFF
            end = start + length if length < 0xFFF else data.index(b"\0", start)
            path = data[start:end]
            position += (end - position + 8) & ~7
        yield path, begin


@dataclass(frozen=True, slots=True)
class IgnoreConfig:
    """Git's configuration of ignoring: core.excludesFile (whether or not it exists) and core.ignoreCase."""

    excludes_file: Path | None
    ignore_case: bool


def ignore_config(repository: Repository | None) -> IgnoreConfig:
    """Read the system's, the user's and the repository's configuration; later ones take precedence."""
    home = _home()
    config_home = Path(os.environ.get("XDG_CONFIG_HOME") or (home / ".config"))
    files: list[Path] = []
    if os.environ.get("GIT_CONFIG_NOSYSTEM", "").lower() not in ("1", "true", "yes", "on"):
        files.append(Path(os.environ.get("GIT_CONFIG_SYSTEM") or "/etc/gitconfig"))
    if "GIT_CONFIG_GLOBAL" in os.environ:
        files.append(Path(os.environ["GIT_CONFIG_GLOBAL"]))
    else:
        files += [config_home / "git" / "config", home / ".gitconfig"]
    if repository is not None:
        files.append(repository.common_dir / "config")
        files.append(repository.git_dir / "config.worktree")
    excludes: str | None = None
    ignore_case = repository is None and sys.platform in ("win32", "darwin")
    for file in files:
        for section, key, value in _config_values(file):
            if section == "core" and key == "excludesfile":
                excludes = value
            elif section == "core" and key == "ignorecase":
                ignore_case = value.lower() in ("", "true", "yes", "on", "1")
    if excludes is None:
        return IgnoreConfig(config_home / "git" / "ignore", ignore_case)
    if not excludes:
        return IgnoreConfig(None, ignore_case)
    path = _expanded(excludes)
    if not path.is_absolute():
        path = (repository.top if repository is not None else Path.cwd()) / path
    return IgnoreConfig(path, ignore_case)


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:
        return Path("/nonexistent")


def _expanded(value: str) -> Path:
    """`value` with a leading "~/" or "~user/" expanded."""
    try:
        return Path(value).expanduser()
    except RuntimeError:
        return Path(value)


_SECTION = re.compile(r'\[\s*([-.\w]+)\s*(?:"((?:[^"\\]|\\.)*)")?\s*\]')
_VARIABLE = re.compile(r"([A-Za-z][-A-Za-z0-9]*)\s*(?:=\s*)?")


def _config_values(path: Path, depth: int = 0) -> Iterator[tuple[str, str, str]]:
    """(section, key, value) of a git configuration file, both names in lower case, unconditional includes followed.

    Lines that cannot be parsed are ignored: a broken configuration must not prevent indexing.
    """
    try:
        real = path.resolve()
    except (OSError, RuntimeError, ValueError):  # links in a circle, or a name that no file can have
        return
    content = read_regular(real, _MAX_CONFIG_BYTES) if depth <= _MAX_INCLUDES else None
    if content is None:
        return
    text = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    section, subsection = "", ""
    lines = iter(text.splitlines())
    for line in lines:
        rest = line.strip()
        header = _SECTION.match(rest)
        if header:
            section, subsection = header.group(1).lower(), header.group(2) or ""
            rest = rest[header.end() :].strip()
        name = _VARIABLE.match(rest)
        if name is None:
            continue
        raw = rest[name.end() :]
        while raw.endswith("\\") and not raw.endswith("\\\\"):
            raw = raw[:-1] + next(lines, "")
        key, value = name.group(1).lower(), _unquoted(raw)
        if section == "include" and key == "path" and not subsection:
            target = _expanded(value)
            yield from _config_values(target if target.is_absolute() else path.parent / target, depth + 1)
        elif not subsection:
            yield section, key, value


def _unquoted(raw: str) -> str:
    """A configuration value without its quotes, escapes and trailing comment."""
    value: list[str] = []
    quoted = False
    kept = 0
    chars = iter(raw)
    for char in chars:
        if char == "\\":
            escaped = next(chars, "")
            value.append({"n": "\n", "t": "\t", "b": "\b"}.get(escaped, escaped))
            kept = len(value)
        elif char == '"':
            quoted = not quoted
            kept = len(value)
        elif char in "#;" and not quoted:
            break
        else:
            value.append(char)
            if quoted or not char.isspace():
                kept = len(value)
    return "".join(value[:kept])
