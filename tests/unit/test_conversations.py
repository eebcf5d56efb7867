"""Conversations: evidence keeps its number, the oldest turns go first, one question at a time."""

from __future__ import annotations

import asyncio

import pytest

from glossator.answers.conversations import MAX_CONVERSATIONS, MAX_TURNS, Conversation, Conversations, Turn
from tests.unit.evidence_samples import piece


def test_evidence_keeps_its_number() -> None:
    talk = Conversation()
    every, new = talk.numbered([piece("a"), piece("b"), piece("a")])
    assert ([item.number for item in every], [item.number for item in new]) == ([1, 2], [1, 2])
    talk.add(Turn("q", tuple(new), "r"))
    every, new = talk.numbered([piece("b"), piece("c")])
    assert ([item.number for item in every], [item.number for item in new]) == ([2, 3], [3])


def test_a_changed_piece_is_another_one() -> None:
    talk = Conversation()
    _, new = talk.numbered([piece("a")])
    talk.add(Turn("q", tuple(new), "r"))
    _, new = talk.numbered([piece("a", "return 2")])
    assert [item.number for item in new] == [2]


def test_a_conversation_is_bounded() -> None:
    talk = Conversation()
    for n in range(MAX_TURNS + 5):
        _, new = talk.numbered([piece(f"f{n}")])
        talk.add(Turn(f"q{n}", tuple(new), "r"))
    assert len(talk.turns) == MAX_TURNS
    assert talk.turns[0].question == "q5"
    assert min(talk.evidence) == 6


def test_the_least_recently_used_conversation_is_forgotten() -> None:
    talks = Conversations()
    first = talks.get("first")
    for n in range(MAX_CONVERSATIONS - 1):
        talks.get(f"c{n}")
    assert talks.get("first") is first
    talks.get("one more")
    assert talks.get("first") is first
    known = talks.get("c5")
    assert talks.get("c5") is known
    talks.get("c0").add(Turn("q", (), "r"))  # forgotten before, so begun again
    assert len(talks.get("c0").turns) == 1


async def test_one_question_of_a_conversation_at_a_time() -> None:
    talks = Conversations()
    order: list[str] = []
    entered, leave = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with talks.turn("a") as talk:
            entered.set()
            await leave.wait()
            talk.add(Turn("first", (), ""))
            order.append("first")

    async def second() -> None:
        async with talks.turn("a") as talk:
            order.append(f"second after {[turn.question for turn in talk.turns]}")

    async def other() -> None:
        async with talks.turn("b"):
            order.append("another conversation")

    tasks = [asyncio.create_task(first())]
    await entered.wait()
    tasks += [asyncio.create_task(second()), asyncio.create_task(other())]
    await tasks[2]
    leave.set()
    await asyncio.gather(*tasks)
    assert order == ["another conversation", "first", "second after ['first']"]


async def test_a_question_that_fails_lets_the_next_one_in() -> None:
    talks = Conversations()
    with pytest.raises(ValueError, match="failed"):
        async with talks.turn("a"):
            raise ValueError("failed")
    async with asyncio.timeout(120), talks.turn("a"):
        pass
