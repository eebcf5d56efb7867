"""A state in memory that follows the commits of an index: it is brought up to date when it is asked for."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from glossator.index.mapped_files import are_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from mmap import mmap
    from pathlib import Path


class IndexState(Protocol):
    """What is in memory of an index after one commit."""

    @property
    def changes(self) -> int:
        """The number of the index's last change."""

    @property
    def generation(self) -> int:
        """The generation whose files it was read from."""

    @property
    def mappings(self) -> Sequence[mmap]:
        """These files, as they are mapped."""


_S = TypeVar("_S", bound=IndexState)


class IndexPosition:
    """The number of an index's last change, and its generation, as they are now or as they were when a search began.

    A search would ask for them some twenty times otherwise, and its threads would wait for each other each time.

    Args:
        read: reads them.
        commits: counts the commits of this process, which are seen at once.
    """

    def __init__(self, read: Callable[[], tuple[int, int]], commits: Callable[[], int]) -> None:
        self._read = read
        self._commits = commits
        self._kept: tuple[int, tuple[int, int]] | None = None
        """The number of commits when it was read, and what was read."""

    def __call__(self) -> tuple[int, int]:
        """As they are now."""
        return self._read()

    def lately(self) -> tuple[int, int]:
        """As they were when a search began that is still running, or else as they are now."""
        kept = self._kept
        return kept[1] if kept is not None and kept[0] == self._commits() else self._read()

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Keep what is read now for `lately`."""
        commits = self._commits()
        self._kept = commits, self._read()
        try:
            yield
        finally:
            self._kept = None


class Followed(ABC, Generic[_S]):
    """Keeps a state up to date. Safe to use from several threads: one updates, and the others wait for it.

    Args:
        folder: returns the folder of a generation's files.
        position: returns the number of the index's last change, and its generation.
        revisions: returns revision -> number of entries for the current files that have any.
    """

    def __init__(
        self,
        folder: Callable[[int], Path],
        position: Callable[[], tuple[int, int]],
        revisions: Callable[[], Mapping[int, int]],
    ) -> None:
        self._folder = folder
        self._position = position
        self._lately = position.lately if isinstance(position, IndexPosition) else position
        self._revisions = revisions
        self._state: _S | None = None
        self._updating = threading.Lock()

    @abstractmethod
    def _updated(self, state: _S | None) -> _S:
        """The state after the last change, given an earlier one."""

    def _current(self) -> _S:
        """The state of the index, brought up to date, and opened again if its files have become shorter."""
        state = self._state
        if state is not None and self._lately() == (state.changes, state.generation) and are_whole(state.mappings):
            return state
        with self._updating:
            state = self._state
            if state is not None and not are_whole(state.mappings):
                state = None
            if state is None or self._position() != (state.changes, state.generation):
                self._state = state = self._updated(state)
            return state

    def forget(self) -> None:
        """Close the files."""
        with self._updating:
            self._state = None
