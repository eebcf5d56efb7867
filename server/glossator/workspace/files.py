"""The files of a workspace: which are indexed, which are skipped and why.

Three families of rules, each of which can only exclude more: git's ignore files, `.glossatorignore` files and the
setting `exclude` (all in git's syntax), and the built-in rules of `screening.py`. The setting `include` alone brings
back what git ignores, or a vendored folder; never what may hold secrets. Files ignored by git are left out
silently; files skipped by the built-in rules are reported with a reason. A skipped folder is not entered.

Paths are relative to the root, with "/" on every system. This module does not know symbols or the index.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, replace
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from glossator.errors import WorkspaceError
from glossator.workspace import gitstate, screening
from glossator.workspace.ignoring import FolderRules, IgnoreFile, RuleSource, Tracked, byte_text
from glossator.workspace.included import Included

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glossator.settings import Settings


LINK = "symbolic link"
"""What the reason for skipping a link contains."""


class Found(NamedTuple):
    """A file to be indexed. `size` is in bytes. There are many, and tuples are made faster than dataclasses.

    `mtime_ns` is when the content was last modified, which programs can set; `ctime_ns` is when content or status last
    changed, which they cannot (on Windows: when the file was created). Both are in nanoseconds since 1970.
    """

    path: str
    size: int
    mtime_ns: int
    ctime_ns: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file, or folder ("name/"), that is not indexed, and the reason, in a few words for the user."""

    path: str
    reason: str


def stat_of(status: os.stat_result) -> tuple[int, int, int]:
    """What differs after a file has changed: size and times, see `Found`."""
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def printable(path: str) -> str:
    """`path` with undecodable bytes and lone surrogates written as escapes."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace") if _odd(path) else path


def _odd(path: str) -> bool:
    """Whether `path` cannot be encoded."""
    if path.isascii():
        return False
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


_LEFT_OUT = FolderRules(left_out="")
_INCLUDABLE = ("vendored", "build output")
"""Reasons for leaving out a folder that the setting `include` overrides."""


class Rules:
    """The rules of one root, read from disk on first use.

    Ignore files are read once per folder and cached; after one changed (`is_rule_file`), make a new `Rules` and scan.
    Not thread-safe.
    """

    def __init__(self, root: Path, settings: Settings) -> None:
        """Rules for the folder `root`.

        Raises:
            WorkspaceError: `root` is not a folder that can be read.
        """
        self.root = _real_folder(root)
        self.settings = settings
        self._max_bytes = settings.max_file_bytes
        self.repository = gitstate.Repository.around(self.root)
        self._index_dir = _relative(self.root, settings.index_dir)
        self._folders: dict[str, FolderRules] = {}
        self._nested: dict[str, gitstate.Repository] = {}
        self._unfinished: set[Path] = set()
        self._marked: set[Path] = set()
        self._tracked_here: bool | None = None
        self._outer_rule_files: set[Path] = set()
        self._inner_rule_files: set[Path] = set()
        self._top = self._outer()

    # Questions

    def scan(self, under: str = "", before_listing: Callable[[str], None] | None = None) -> Iterator[Found | Skipped]:
        """All files below `under` ("" for the root), sorted by their paths' parts; `before_listing`: see `folders`."""
        listing = self._enter(under, before_listing=before_listing) if not under or stays_inside(under) else None
        enter = partial(self._enter, is_listed=True, before_listing=before_listing)
        if isinstance(listing, Skipped):
            yield listing
        if not isinstance(listing, list):
            return
        # The folders around the next entry, each with its entries that are left.
        around = [_entered(f"{under}/" if under else "", self._folders[under], listing)]
        while around:
            prefix, folder, file_may_be_ignored, folder_may_be_ignored, entries = around[-1]
            for entry in entries:
                name = entry.name
                child = prefix + name
                if not _is_folder(entry):
                    verdict = self._file(child, name, folder, entry, may_be_ignored=file_may_be_ignored(name))
                    if verdict is not None:
                        yield verdict
                    continue
                inner = enter(child, folder, may_be_ignored=folder_may_be_ignored(name))
                if isinstance(inner, list):
                    around.append(_entered(f"{child}/", self._folders[child], inner))
                    break
                if inner is not None:
                    yield inner
            else:
                around.pop()

    def folders(self, under: str = "", before_listing: Callable[[str], None] | None = None) -> Iterator[str]:
        """The folders that a scan enters, `under` first; symbolic links to folders are not among them.

        `before_listing` is called with each folder before it is listed, and with those that what is in them excludes.
        """
        listing = self._enter(under, before_listing=before_listing)
        enter = partial(self._enter, is_listed=True, before_listing=before_listing)
        pending = [(under, listing)] if isinstance(listing, list) else []
        while pending:
            path, entries = pending.pop()
            yield path
            prefix = path + "/" if path else ""
            children = []
            folder = self._folders[path]
            may_be_ignored = folder.may_ignore_in(prefix, is_folder=True)
            for entry in entries:
                if _is_folder(entry):
                    child = prefix + entry.name
                    inner = enter(child, folder, may_be_ignored=may_be_ignored(entry.name))
                    if isinstance(inner, list):
                        children.append((child, inner))
            pending.extend(reversed(children))

    def look(self, path: str) -> Found | Skipped | None:
        """What a scan would yield for one file; None if it is ignored, is not a file, or does not exist."""
        if not stays_inside(path):
            return None
        parent, _, name = path.rpartition("/")
        folder = self._folder(parent)
        if folder.left_out is not None:
            return None
        return self._file(path, name, folder, None)

    def is_ignored(self, path: str, *, is_folder: bool = False) -> bool:
        """Whether `path`, which need not exist, is ignored or inside a skipped folder."""
        if not stays_inside(path):
            return True
        parent, _, name = path.rpartition("/")
        folder = self._folder(parent)
        if folder.left_out is not None:
            return True
        if is_folder:
            return self._folder(path).left_out is not None
        return folder.ignores(path, name, False)

    def is_rule_file(self, path: str | Path) -> bool:
        """Whether a change of this file (relative to the root, or absolute) may change which others are indexed."""
        if isinstance(path, Path):
            return path in self._outer_rule_files
        return screening.is_rule_file(path)

    @property
    def outer_rule_files(self) -> frozenset[Path]:
        """Ignore files outside the root's tree that apply to it, whether they exist yet or not."""
        return frozenset(self._outer_rule_files)

    @property
    def inner_rule_files(self) -> frozenset[Path]:
        """Ignore files of the folders come across so far; they may ignore themselves, and are not in a scan then."""
        return frozenset(self._inner_rule_files)

    def repositories(self) -> list[gitstate.Repository]:
        """The repository that contains the root, and those found inside it so far."""
        inner = list(self._nested.values())
        return [self.repository, *inner] if self.repository is not None else inner

    def unfinished(self) -> frozenset[Path]:
        """Folders that look like incomplete repositories: git may be creating them."""
        return frozenset(self._unfinished)

    def marked_folders(self) -> frozenset[Path]:
        """Folders found so far that are skipped because of a file in them, such as `pyvenv.cfg`."""
        return frozenset(self._marked)

    # Ignore files

    def _outer(self) -> FolderRules:
        """The rules that apply above the root's own ignore files."""
        repository = self.repository
        config = gitstate.ignore_config(repository)
        parts = self.root.relative_to(repository.top).parts if repository is not None else ()
        found = [(0, patterns) for patterns in self._repository_files(repository, config)]
        for depth in range(len(parts)):
            ignore_file = self.root.parents[len(parts) - depth - 1] / ".gitignore"
            self._outer_rule_files.add(ignore_file)
            patterns = IgnoreFile.read(ignore_file, fold_case=config.ignore_case)
            if patterns is not None:
                found.append((depth, patterns))
            verdicts = (
                source.match(byte_text("/".join(parts[level : depth + 1])), byte_text(parts[depth]), is_folder=True)
                for level, source in reversed(found)
            )
            if next((verdict for verdict in verdicts if verdict is not None), False):
                # The outer repository ignores the root's folder, but the user opened it: don't apply its rules.
                found.clear()
                break
        git = tuple(
            RuleSource(source, 0, byte_text("".join(part + "/" for part in parts[level:]))) for level, source in found
        )
        setting: tuple[RuleSource, ...] = ()
        if self.settings.exclude:
            content = "\n".join(self.settings.exclude).encode("utf-8", "surrogateescape")
            setting = (RuleSource(IgnoreFile(content, fold_case=config.ignore_case)),)
        tracked = Tracked(repository, self.root) if repository is not None else None
        included = Included(self.settings.include, fold_case=config.ignore_case) if self.settings.include else None
        return FolderRules(git, (), setting, tracked, fold_case=config.ignore_case, included=included)

    def _repository_files(
        self, repository: gitstate.Repository | None, config: gitstate.IgnoreConfig
    ) -> Iterator[IgnoreFile]:
        """The ignore files outside the working tree, those of lowest precedence first."""
        for file in (config.excludes_file, repository.exclude_file if repository is not None else None):
            if file is not None:
                self._outer_rule_files.add(file)
                patterns = IgnoreFile.read(file.resolve(), fold_case=config.ignore_case)
                if patterns is not None:
                    yield patterns

    # Folders

    def _folder(self, path: str) -> FolderRules:
        """The rules that apply in the folder `path`, which need not exist."""
        known = self._folders.get(path)
        if known is not None:
            return known
        self._enter(path)
        return self._folders.get(path, _LEFT_OUT)

    def _enter(
        self,
        path: str,
        parent: FolderRules | None = None,
        *,
        is_listed: bool = False,
        may_be_ignored: bool = True,
        before_listing: Callable[[str], None] | None = None,
    ) -> list[os.DirEntry[str]] | Skipped | None:
        """The sorted entries of a folder; Skipped or None if it is left out. Caches the rules that apply in it.

        `is_listed`: it was just listed as a folder that is no link. If not `may_be_ignored`, no ignore file matches it.
        """
        name = path.rpartition("/")[2]
        is_vendored = False
        if path:
            if parent is None:
                parent = self._folder(path.rpartition("/")[0])
            left_out = parent.left_out
            if left_out is not None or path == self._index_dir or (may_be_ignored and parent.ignores(path, name, True)):
                left_out = ""
            else:
                left_out = screening.folder_by_name(name)
                if left_out in _INCLUDABLE and parent.includes(path, is_folder=True):
                    left_out, is_vendored = None, True
                if left_out is None and _odd(name):
                    left_out = "its name is not valid UTF-8"
        else:
            parent, left_out = self._top, None
        entries: list[os.DirEntry[str]] = []
        if left_out is None:
            if before_listing is not None:
                before_listing(path)
            try:
                if path and not is_listed and is_reparse(os.lstat(os.path.join(self.root, path))):  # noqa: PTH118
                    left_out = ""
                else:
                    with os.scandir(os.path.join(self.root, path)) as iterator:  # noqa: PTH118 - hot, and only joins
                        entries = sorted(iterator, key=_entry_name)
                    names = {entry.name for entry in entries}
                    if path:
                        left_out = screening.folder_by_content(name, names)
                        if left_out in _INCLUDABLE and parent.includes(path, is_folder=True):
                            left_out, is_vendored = None, True
                        if left_out is None and ".git" in names and self._is_second_copy(path):
                            left_out = "a linked worktree of a repository that is indexed already"
                        if left_out is not None:
                            self._marked.add(self.root / path)
            except (FileNotFoundError, NotADirectoryError):
                names = set()
            except OSError as error:
                left_out = f"{screening.UNREADABLE}{error.strerror}"
        if left_out is not None:
            self._folders[path] = FolderRules(left_out=left_out)
            return Skipped(printable(path) + "/", left_out) if left_out else None
        folder = parent
        is_git_ignored = path and may_be_ignored and not folder.tracked_only and folder.git_ignores(path, name, True)
        if is_vendored or is_git_ignored:
            folder = replace(folder, tracked_only=True)
        if path and ".git" in names:
            folder = self._nested_repository(path, folder)
        for rule_file in (".gitignore", ".glossatorignore"):
            if rule_file in names:
                self._inner_rule_files.add(self.root / path / rule_file)
                patterns = IgnoreFile.read(self.root / path / rule_file, fold_case=folder.fold_case)
                if patterns is not None:
                    source = RuleSource(patterns, len(byte_text(path + "/")) if path else 0)
                    if rule_file == ".gitignore":
                        folder = replace(folder, git=(*folder.git, source))
                    else:
                        folder = replace(folder, own=(*folder.own, source))
        self._folders[path] = folder
        return entries

    def _is_second_copy(self, path: str) -> bool:
        """Whether it is a linked worktree (`git worktree add`) of a repository whose main files are in the root too."""
        common = gitstate.linked_worktree_of(self.root / path)
        if common is None:
            return False
        repository = self.repository
        if repository is not None and is_same_place(repository.common_dir, common):
            return self._holds_tracked_files(repository)
        main = gitstate.main_worktree_of(common)
        return main is not None and main.is_relative_to(self.root)

    def _holds_tracked_files(self, repository: gitstate.Repository) -> bool:
        """Whether the root contains files of the repository around it, not only worktrees."""
        if self._tracked_here is None:
            prefix = self.root.relative_to(repository.top).as_posix()
            start = "" if prefix == "." else prefix + "/"
            self._tracked_here = any(path.startswith(start) for path in repository.tracked())
        return self._tracked_here

    def _nested_repository(self, path: str, folder: FolderRules) -> FolderRules:
        """The rules that apply in a repository inside the root: git's rules start over there."""
        repository = gitstate.Repository.at(self.root / path)
        if repository is None:
            self._nested.pop(path, None)
            self._unfinished.add(self.root / path)
            return folder
        self._nested[path] = repository
        config = gitstate.ignore_config(repository)
        git = tuple(
            RuleSource(patterns, len(byte_text(path)) + 1) for patterns in self._repository_files(repository, config)
        )
        tracked = Tracked(repository, self.root)
        return replace(folder, git=git, tracked=tracked, tracked_only=False, fold_case=config.ignore_case)

    # Files

    def _file(
        self,
        path: str,
        name: str,
        folder: FolderRules,
        entry: os.DirEntry[str] | None,
        *,
        may_be_ignored: bool = True,
    ) -> Found | Skipped | None:
        """The scan result for a path that is not an ordinary folder.

        If not `may_be_ignored`, no ignore file matches it.
        """
        is_plain = screening.is_plainly_source(name)
        if not is_plain and screening.is_unlisted(name):
            return None
        if may_be_ignored and folder.ignores(path, name, False):
            return None
        if not name.isascii() and _odd(name):
            return Skipped(printable(path), "its name is not valid UTF-8")
        try:
            status = entry.stat(follow_symlinks=False) if entry is not None else (self.root / path).lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            return Skipped(path, f"{screening.UNREADABLE}{getattr(error, 'strerror', None) or error}")
        mode = status.st_mode
        if not stat.S_ISREG(mode) or os.name == "nt":
            if is_reparse(status):
                return self._link(path)
            if stat.S_ISDIR(mode):
                return None
            if not stat.S_ISREG(mode):
                return Skipped(path, "not a regular file")
        if os.name == "nt" and screening.reserved_on_windows(name):
            return Skipped(path, "its name is reserved on Windows")
        size = status.st_size
        if not is_plain or size > self._max_bytes:
            reason = screening.file_by_name(name, size, self._max_bytes)
            if reason is not None:
                return Skipped(path, reason)
        return Found(path, size, status.st_mtime_ns, status.st_ctime_ns)

    def _link(self, path: str) -> Skipped | None:
        """The scan result for a symbolic link: only its target is indexed, if it is in the workspace."""
        try:
            target = Path(os.path.realpath(self.root / path, strict=True))
        except OSError:
            return Skipped(path, f"a broken {LINK}")
        if not target.is_relative_to(self.root):
            return Skipped(path, f"a {LINK} that leads out of the workspace")
        return (
            None
            if target.is_dir()
            else Skipped(path, f"a {LINK} to {printable(target.relative_to(self.root).as_posix())}")
        )


def scan(root: Path, settings: Settings) -> Iterator[Found | Skipped]:
    """All files under `root` in a fixed order: those to index, and those skipped for a reason worth reporting.

    Files are not read; `read_text` applies the rules on contents (binary, generated, minified, keys).

    Raises:
        WorkspaceError: `root` is not a folder that can be read.
    """
    return Rules(root, settings).scan()


def is_same_place(one: Path, other: Path) -> bool:
    """Whether two paths lead to the same file or folder, whatever links, spellings or capitals are in them."""
    try:
        return one == other or one.samefile(other)
    except OSError:
        return False


def _real_folder(root: Path) -> Path:
    """The real path of `root`; raises WorkspaceError if it is not a folder that can be read."""
    try:
        real = Path(os.path.realpath(root.expanduser(), strict=True))
        with os.scandir(real):
            return real
    except FileNotFoundError:
        raise WorkspaceError(f"{printable(str(root))} does not exist") from None
    except NotADirectoryError:
        raise WorkspaceError(f"{printable(str(root))} is not a folder") from None
    except (OSError, RuntimeError, ValueError) as error:
        raise WorkspaceError(f"cannot read {printable(str(root))}: {error}") from error


def _relative(root: Path, path: Path) -> str | None:
    """`path` relative to `root` with "/"; None if it is not below it."""
    try:
        inside = Path(os.path.realpath(path)).relative_to(root).as_posix()
    except (OSError, ValueError):
        return None
    return None if inside == "." else inside


def stays_inside(path: str) -> bool:
    """Whether a relative path stays below its root: it is neither absolute nor contains ".."."""
    if os.name == "nt" and (":" in path or "\\" in path):
        return False
    return not {"", ".", ".."}.intersection(path.split("/"))


_Entered = tuple[str, FolderRules, "Callable[[str], bool]", "Callable[[str], bool]", "Iterator[os.DirEntry[str]]"]
"""A folder that a scan is in: how the paths in it begin; its rules; whether a file's name, and a folder's, may be
ignored; the entries that are left."""


def _entered(prefix: str, folder: FolderRules, entries: list[os.DirEntry[str]]) -> _Entered:
    file_may_be_ignored = folder.may_ignore_in(prefix, is_folder=False)
    return prefix, folder, file_may_be_ignored, folder.may_ignore_in(prefix, is_folder=True), iter(entries)


_entry_name = attrgetter("name")


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder, and not a link to one."""
    try:
        return entry.is_dir(follow_symlinks=False) and not (
            os.name == "nt" and is_reparse(entry.stat(follow_symlinks=False))
        )
    except OSError:
        return False


_JUNCTION = getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", None)


def is_reparse(status: os.stat_result) -> bool:
    """Whether it is a symbolic link, or on Windows a junction."""
    if stat.S_ISLNK(status.st_mode):
        return True
    return _JUNCTION is not None and os.name == "nt" and getattr(status, "st_reparse_tag", 0) == _JUNCTION
