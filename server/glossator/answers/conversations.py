"""Conversations: what was asked and answered before, with the evidence that earlier answers rest on."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections import OrderedDict, deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from glossator.answers.evidence import Evidence

MAX_TURNS = 20
MAX_CONVERSATIONS = 64
"""Conversations kept in memory; the least recently used is forgotten first."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One question of a conversation, the evidence that was new with it, and the answer as the model wrote it."""

    question: str
    evidence: tuple[Evidence, ...]
    answer: str


class Conversation:
    """What was asked and answered before, bounded: the oldest turns are forgotten first."""

    def __init__(self, identity: str = "") -> None:
        self.identity = identity
        self.turns: deque[Turn] = deque(maxlen=MAX_TURNS)
        self._last = 0

    @property
    def evidence(self) -> dict[int, Evidence]:
        """All evidence that is still part of it, by number."""
        return {item.number: item for turn in self.turns for item in turn.evidence}

    def numbered(self, items: Sequence[Evidence]) -> tuple[list[Evidence], list[Evidence]]:
        """Number evidence: (all of `items` with their numbers, those that were not in the conversation before)."""
        known = {item.identity: item for item in self.evidence.values()}
        every: list[Evidence] = []
        new: list[Evidence] = []
        for item in items:
            before = known.get(item.identity)
            if before is None:
                self._last += 1
                known[item.identity] = before = replace(item, number=self._last)
                new.append(before)
            numbered = replace(item, number=before.number)
            if numbered.number not in {one.number for one in every}:
                every.append(numbered)
        return every, new

    def numbered_beside(self, items: Sequence[Evidence], shown: Sequence[Evidence]) -> list[Evidence]:
        """Number what stands beside an answer and is not shown to the model.

        What overlaps a piece that is shown has that piece's number, everything else a number of its own.
        """
        numbered: list[Evidence] = []
        for item in items:
            same = next((one for one in shown if one.overlaps(item)), None)
            if same is None:
                self._last += 1
            numbered.append(replace(item, number=self._last if same is None else same.number))
        return numbered

    def add(self, turn: Turn) -> None:
        """A question was answered."""
        self.turns.append(turn)


def new_identity() -> str:
    """An identity for a new conversation."""
    return f"c-{uuid.uuid4().hex[:12]}"


class Conversations:
    """The conversations of one server, by identity. Used by one event loop."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Conversation] = OrderedDict()
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}
        """The lock of each conversation in use, and how many questions hold it or wait for it."""

    def get(self, identity: str) -> Conversation:
        """The conversation with an identity, a new one if it is unknown or was forgotten."""
        conversation = self._kept.pop(identity, None) or Conversation(identity)
        self._kept[identity] = conversation
        while len(self._kept) > MAX_CONVERSATIONS:
            self._kept.popitem(last=False)
        return conversation

    @contextlib.asynccontextmanager
    async def turn(self, identity: str) -> AsyncIterator[Conversation]:
        """One question of a conversation at a time: each continues what the one before has said."""
        lock, users = self._locks.get(identity, (asyncio.Lock(), 0))
        self._locks[identity] = lock, users + 1
        try:
            async with lock:
                yield self.get(identity)
        finally:
            lock, users = self._locks[identity]
            if users > 1:
                self._locks[identity] = lock, users - 1
            else:
                del self._locks[identity]
