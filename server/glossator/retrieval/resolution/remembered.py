"""What the evaluation of expressions remembers: within a question, and from one question to the next.

While something is being evaluated, whoever asks for it gets a placeholder, so that circles end. What rests on a
placeholder, or on a limit of depth, holds for its question only: which member of a circle was asked for first shows
in it. Everything else follows from the facts alone, and is shared by all questions about one state of the index. So
answers do not depend on what was asked before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable

_K = TypeVar("_K")
_V = TypeVar("_V")

MOST_SHARED: Final = 150_000
"""Results that are kept between questions, about 50 MB; then all are forgotten."""


class SharedResults:
    """Results that follow from one state of the facts. Any thread may use them: they never change.

    Attributes:
        tables: results by key, for each kind of question.
        of_rules: what the rules of languages have found out.
    """

    def __init__(self) -> None:
        self.tables: dict[str, dict[Hashable, object]] = {}
        self.of_rules: dict[Hashable, object] = {}

    @property
    def full(self) -> bool:
        """Whether it has grown beyond `MOST_SHARED`."""
        return len(self.of_rules) + sum(map(len, self.tables.values())) > MOST_SHARED


class Doubts:
    """Counts how often a placeholder or a limit was met."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0


class Remembered(Generic[_K, _V]):
    """Results of one kind. Not for several threads at once."""

    __slots__ = ("_doubtful", "_doubts", "_own", "_shared", "_since", "_unfinished", "_whole")

    def __init__(self, shared: dict[_K, _V], doubts: Doubts, *, whole: bool = False) -> None:
        """Results that hold generally are added to `shared`; doubts are counted in `doubts`.

        Args:
            whole: whether a result that rests on a placeholder of the same kind holds no longer than that: it is found
                again, whole, when it is asked for afterwards.
        """
        self._shared = shared
        self._own: dict[_K, _V] = {}
        self._doubtful: set[_K] = set()
        self._doubts = doubts
        self._whole = whole
        self._unfinished = 0
        self._since: list[_K] = []
        """What was begun since nothing was unfinished."""

    def get(self, key: _K) -> _V | None:
        """The result, or its placeholder; None if it is not known."""
        if (known := self._shared.get(key)) is not None:
            return known
        if (known := self._own.get(key)) is not None and key in self._doubtful:
            self._doubts.count += 1
        return known

    def begin(self, key: _K, placeholder: _V) -> int:
        """Give a placeholder until the result is there. Returns what `end` is to be given."""
        self._own[key] = placeholder
        self._doubtful.add(key)
        if self._whole:
            self._unfinished += 1
            self._since.append(key)
        return self._doubts.count

    def end(self, key: _K, result: _V, begun: int) -> None:
        """Remember a result, for all questions if nothing doubtful was met since `begin`."""
        if self._doubts.count == begun:
            self._doubtful.discard(key)
            self._own.pop(key, None)
            self._shared[key] = result
        else:
            self._own[key] = result
        if self._whole:
            self._unfinished -= 1
            if not self._unfinished:
                for one in self._since:
                    if one != key:
                        self.drop(one)
                self._since.clear()

    def forget(self) -> None:
        """Forget what holds for this question only: it was interrupted, so that placeholders may be left."""
        self._own.clear()
        self._doubtful.clear()
        self._unfinished = 0
        self._since.clear()

    def drop(self, key: _K) -> None:
        """Forget a result."""
        self._own.pop(key, None)
        self._doubtful.discard(key)
