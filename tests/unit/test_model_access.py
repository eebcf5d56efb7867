"""The chat model of the answers: which one, opened when, changed between answers."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from glossator.answers.model_access import ModelAccess
from glossator.errors import ModelNotFoundError
from glossator.model.client import ModelClient
from glossator.model.endpoint import EndpointClient
from glossator.settings import Settings
from tests import gguf_files


class Changing:
    """Settings that can be changed."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def __call__(self) -> Settings:
        return self.settings


def settings_in(folder: Path, **values: object) -> Changing:
    return Changing(replace(Settings(), models_dir=folder / "models", **values))  # type: ignore[arg-type]


async def test_without_an_installed_model_there_is_none(tmp_path: Path) -> None:
    access = ModelAccess(settings_in(tmp_path))
    assert access.model() is None
    assert access.opened is None
    assert access.identity == ""
    await access.close()


async def test_a_model_that_the_settings_name_must_exist(tmp_path: Path) -> None:
    access = ModelAccess(settings_in(tmp_path, model=str(tmp_path / "gone.gguf")))
    with pytest.raises(ModelNotFoundError):
        access.model()


async def test_it_is_opened_once_and_reconfigured_in_place(tmp_path: Path) -> None:
    path = gguf_files.reciter(tmp_path / "reciter.gguf")
    settings = settings_in(tmp_path, model=str(path), threads=1)
    access = ModelAccess(settings)
    opened = access.model()
    assert isinstance(opened, ModelClient)
    assert access.model() is opened
    identity = access.identity
    assert identity.startswith("reciter.gguf ")
    settings.settings = replace(settings.settings, max_answer_tokens=7)
    await access.reconfigure(settings.settings)
    assert access.model() is opened
    assert opened.settings.max_answer_tokens == 7
    assert access.identity == identity
    settings.settings = replace(settings.settings, endpoint="http://localhost:1/v1", endpoint_model="m")
    await access.reconfigure(settings.settings)
    assert access.opened is None
    assert isinstance(access.model(), EndpointClient)
    assert access.identity == "http://localhost:1/v1 m"
    await access.close()
    assert access.opened is None


async def test_settings_change_when_no_answer_is_being_made(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    access = ModelAccess(settings)
    order: list[str] = []
    answering, finish = asyncio.Event(), asyncio.Event()

    async def answer() -> None:
        async with access.in_use():
            answering.set()
            await finish.wait()
            order.append("answered")

    async def change() -> None:
        await access.reconfigure(settings.settings)
        order.append("changed")

    async def later() -> None:
        async with access.in_use():
            order.append("answered with the new settings")

    tasks = [asyncio.create_task(answer())]
    await answering.wait()
    tasks.append(asyncio.create_task(change()))
    while access._unchanging.is_set():
        await asyncio.sleep(0)
    tasks.append(asyncio.create_task(later()))
    finish.set()
    await asyncio.gather(*tasks)
    assert order == ["answered", "changed", "answered with the new settings"]


async def test_an_answer_in_the_background_does_not_hold_changes_up(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    access = ModelAccess(settings)
    async with asyncio.timeout(120), access.in_use(background=True):
        await access.reconfigure(settings.settings)
