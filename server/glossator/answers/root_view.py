"""A root as one question sees it: its index, and the lines of its files as they are on screen or on disk.

Taken once per question, so that all that the question reads is of the same state. Lines end as the index counts them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glossator.index import terms as analysis
from glossator.workspace.notebook_names import is_notebook
from glossator.workspace.notebooks import read_notebook, slice_of
from glossator.workspace.reading import split_lines

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from glossator.index.records import StoredEntry
    from glossator.project.root import Root
    from glossator.project.snapshot import Snapshot
    from glossator.workspace.reading import Read


class RootView:
    """What a question reads of a root. Each file is read once. Not thread-safe.

    Attributes:
        folder: the root's folder.
        snapshot: its index; None while there is none (its files can be read all the same).
    """

    def __init__(self, folder: Path, read: Read, snapshot: Snapshot | None) -> None:
        self.folder = folder
        self.snapshot = snapshot
        self._read = read
        self._lines: dict[str, list[str]] = {}
        self._notebooks: dict[str, str] = {}
        self._refreshed = False

    @classmethod
    def of(cls, root: Root) -> RootView:
        """The root as it is now. This opens its index, unless that is open already.

        Raises:
            StoreError: the index cannot be opened.
        """
        snapshot = root.open()
        return cls(root.path, snapshot.reader if snapshot is not None else root.text, snapshot)

    def lines(self, path: str) -> list[str]:
        """The lines of a file; none if it is gone."""
        if path not in self._lines:
            text = self._read(path)
            self._lines[path] = [] if text is None else split_lines(text)
        return self._lines[path]

    def unfolded(self, entry: StoredEntry) -> str:
        """The source of an entry in a notebook where a line of the file may hold many of source; "" anywhere else."""
        if not is_notebook(entry.path):
            return ""
        if entry.path not in self._notebooks:
            text = self._read(entry.path) or ""
            notebook = read_notebook(text)
            self._notebooks[entry.path] = text if notebook is not None and notebook.folded else ""
        text = self._notebooks[entry.path]
        return slice_of(text, entry.start_byte, entry.end_byte) if text else ""

    def entry_at(self, path: str, line: int) -> StoredEntry | None:
        """The innermost definition at a line, else the block there; None if the index does not know the line."""
        return self.snapshot.entry_at(path, line) if self.snapshot is not None else None

    def located(self, entry: StoredEntry) -> StoredEntry | None:
        """An entry of the index where it is now; None if it is gone.

        What has moved since it was indexed is found again by its name.
        """
        lines = self.lines(entry.path)
        if _is_at_its_lines(entry, lines) or ((source := self.unfolded(entry)) and _last_word(entry.name) in source):
            return entry
        if entry.kind == "block" or not lines or self.snapshot is None:
            return None
        if not self._refreshed:
            self.snapshot.store.refresh()
            self._refreshed = True
        for other in self.snapshot.entries_in(entry.path):
            same = other.qualified_name == entry.qualified_name and other.part == entry.part
            if same and _is_at_its_lines(other, lines):
                return other
        return _moved(entry, lines)


def _is_at_its_lines(entry: StoredEntry, lines: Sequence[str]) -> bool:
    """Whether the text is what the index says, as far as name and length tell."""
    if not 1 <= entry.start_line <= entry.end_line <= len(lines):
        return False
    if entry.name and entry.part == 0 and entry.kind != "component" and 1 <= entry.name_line <= len(lines):
        return _last_word(entry.name) in lines[entry.name_line - 1]
    return True


def _last_word(name: str) -> str:
    words = analysis.words(name)
    return words[-1] if words else name


def _moved(entry: StoredEntry, lines: Sequence[str]) -> StoredEntry | None:
    """The entry at the nearest line that begins as its declaration did."""
    head = " ".join(entry.signature.split())[:60]
    if not head or not entry.name:
        return None
    near = sorted(range(len(lines)), key=lambda i: abs(i + 1 - entry.name_line))
    for i in near:
        line = " ".join(lines[i].split())
        begins_alike = line.startswith(head[:30]) or head.startswith(line[:30])
        if _last_word(entry.name) in line and begins_alike and len(line) > 3:
            shift = i + 1 - entry.name_line
            start = max(1, entry.start_line + shift)
            end = min(len(lines), entry.end_line + shift)
            return entry._replace(start_line=start, end_line=end, name_line=i + 1)
    return None
