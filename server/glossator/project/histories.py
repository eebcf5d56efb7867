"""The history of a symbol, lines, a file or a folder: which commits touched it, as far as git knows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glossator.errors import SymbolNotFoundError, WorkspaceError
from glossator.project import targets
from glossator.workspace.commit_log import commits_of_lines, commits_of_path
from glossator.workspace.place_text import place_text
from glossator.workspace.reading import split_lines

if TYPE_CHECKING:
    from glossator.project.root import Root
    from glossator.project.targets import OpenedRoots
    from glossator.retrieval.use_records import NamedSymbol
    from glossator.settings import Settings
    from glossator.workspace.commit_log import CommitLog, CommitWindow

HISTORY_OFF = "the history of commits is turned off: the setting history_commits is 0, or the workspace is not trusted"


@dataclass(frozen=True, slots=True)
class HistoryPlace:
    """What a history is about.

    Attributes:
        path: a file or folder, relative to the root; "" for the root itself.
        start_line, end_line: the lines as they are now (1-based, inclusive); 0 for a folder.
        kind: the symbol's kind, or "lines", "file" or "folder".
        name: the symbol's qualified name; "" for anything else.
    """

    root: Root
    path: str
    start_line: int
    end_line: int
    kind: str
    name: str = ""

    @property
    def where(self) -> str:
        """The place as a user writes it: FILE:FIRST-LAST, a file, or a folder."""
        if self.kind in ("file", "folder"):
            return self.path or "."
        return place_text(self.path, self.start_line, self.end_line)


def history_places(session: OpenedRoots, target: str) -> list[HistoryPlace]:
    """What a name or location refers to: all definitions of a name, lines, a file or a folder.

    Raises:
        UsageError: the target is empty.
        SymbolNotFoundError: nothing matches; the message suggests similar names or files.
    """
    targets.check(target)
    is_word = re.fullmatch(r"\w+", target.strip()) is not None
    if is_word:
        try:
            return _symbols(session, target)
        except SymbolNotFoundError:
            if (found := _path(session, target)) is not None:
                return [found]
            raise
    found = _path(session, target)
    return [found] if found is not None else _symbols(session, target)


def lines_place(root: Root, path: str, first: int, last: int) -> HistoryPlace:
    """Lines of a file as what a history is about."""
    return HistoryPlace(root, path, first, last, "lines")


def symbol_place(root: Root, symbol: NamedSymbol) -> HistoryPlace:
    """A symbol as what a history is about, with the decorators and the documentation before it."""
    snapshot = root.open()
    entry = snapshot.entry_at(symbol.path, symbol.line) if snapshot is not None else None
    whole = entry is not None and entry.part == 0 and (entry.name, entry.name_line) == (symbol.name, symbol.line)
    start = min(entry.start_line, symbol.start_line) if entry is not None and whole else symbol.start_line
    return HistoryPlace(root, symbol.path, start, symbol.end_line, symbol.kind.replace("_", " "), symbol.qualified_name)


def path_place(root: Root, path: str) -> HistoryPlace:
    """A file or a folder as what a history is about."""
    if (root.path / path).is_dir():
        return HistoryPlace(root, path, 0, 0, "folder")
    return HistoryPlace(root, path, 1, max(len(split_lines(root.text(path) or "")), 1), "file")


def log_of(place: HistoryPlace, settings: Settings, limit: int, window: CommitWindow | None = None) -> CommitLog:
    """The newest commits that touched a place, or those of a time.

    Raises:
        WorkspaceError: histories are turned off; the place is in no git repository, git is missing or fails, or the
            window begins after something that git does not know.
    """
    most = settings.history_commits
    if not most:
        raise WorkspaceError(HISTORY_OFF)
    folder = place.root.path
    if place.kind in ("file", "folder"):
        return commits_of_path(folder, place.path, most=most, limit=limit, window=window)
    lines = split_lines(place.root.text(place.path) or "")
    first, last = place.start_line, place.end_line
    return commits_of_lines(folder, place.path, lines, first, last, most=most, limit=limit, window=window)


def _path(session: OpenedRoots, target: str) -> HistoryPlace | None:
    found = targets.find_path(session, target)
    if found is None:
        return None
    root, path, lines = found
    return lines_place(root, path, *lines) if lines is not None else path_place(root, path)


def _symbols(session: OpenedRoots, target: str) -> list[HistoryPlace]:
    try:
        return [symbol_place(item.root, item.symbol) for item in targets.find_symbols(session, target)]
    except SymbolNotFoundError:
        root, entry = targets.find(session, target)  # a section of a document, a key of a configuration
        kind = entry.kind.replace("_", " ")
        return [HistoryPlace(root, entry.path, entry.start_line, entry.end_line, kind, entry.qualified_name)]
