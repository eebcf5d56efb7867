"""Whose turn it is to use a model."""

from __future__ import annotations

import asyncio

import pytest

from glossator.model.turns import Turns


async def settle() -> None:
    """Let every task run that can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_interactive_requests_go_first_and_in_order() -> None:
    turns = Turns()
    order: list[str] = []

    async def use(name: str, *, background: bool) -> None:
        await turns.acquire(background=background)
        order.append(name)
        await settle()
        turns.release()

    await turns.acquire(background=False)
    tasks = [
        asyncio.create_task(use("slow 1", background=True)),
        asyncio.create_task(use("quick 1", background=False)),
        asyncio.create_task(use("slow 2", background=True)),
        asyncio.create_task(use("quick 2", background=False)),
    ]
    await settle()
    assert turns.wanted.is_set()
    turns.release()
    await asyncio.gather(*tasks)
    assert order == ["quick 1", "quick 2", "slow 1", "slow 2"]
    assert not turns.wanted.is_set()


async def test_a_waiting_background_request_asks_for_nothing() -> None:
    turns = Turns()
    await turns.acquire(background=True)
    waiting = asyncio.create_task(turns.acquire(background=True))
    await settle()
    assert not turns.wanted.is_set()
    turns.release()
    await waiting


async def test_a_cancelled_wait_leaves_no_trace() -> None:
    turns = Turns()
    await turns.acquire(background=True)
    waiting = asyncio.create_task(turns.acquire(background=False))
    await settle()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not turns.wanted.is_set()
    turns.release()
    await asyncio.wait_for(turns.acquire(background=False), 60)


async def test_a_turn_that_is_given_to_a_cancelled_request_goes_on_to_the_next() -> None:
    turns = Turns()
    await turns.acquire(background=False)
    first, second = (asyncio.create_task(turns.acquire(background=False)) for _ in range(2))
    await settle()
    turns.release()
    first.cancel()  # it has the turn, and has not run since
    with pytest.raises(asyncio.CancelledError):
        await first
    await asyncio.wait_for(second, 60)
