"""A project's adapter: used while its base answers about that project alone, and switched while the model stays."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from glossator.answers.answerer import Answerer
from glossator.answers.evidence import Question
from glossator.model.client import ModelClient
from glossator.model.installed import sha256_of
from glossator.model.measured_speed import fingerprint
from glossator.project.adaptations import Adaptations
from glossator.project.model_adapters import ADAPTER_FILE, adapted_settings, adapter_in_use
from glossator.project.session import Session
from glossator.settings import Settings
from tests import gguf_files

TEXT = "First second third fourth `add_tax` fifth sixth seventh [1]."


def keep(settings: Settings, root: Path, model: Path, base: str = "") -> str:
    kept = Adaptations(settings, root)
    with kept.staging("model") as staged:
        gguf_files.lora_adapter(staged / ADAPTER_FILE, model, start=3)
        sha256 = sha256_of(staged / ADAPTER_FILE)
        details = {"base_fingerprint": base or fingerprint(model), "adapter_sha256": sha256}
        return kept.add("model", staged, base="reciter", summary="", details=details).name


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return gguf_files.reciter(tmp_path / "reciter.gguf", TEXT)


@pytest.fixture
def settings(tmp_path: Path, model: Path) -> Settings:
    return replace(
        Settings(), index_dir=tmp_path / "index", adaptations_dir=tmp_path / "kept", model=str(model), temperature=0.0
    )


def test_an_adapter_is_for_one_project_and_one_base(
    settings: Settings, model: Path, project: Path, tmp_path: Path
) -> None:
    assert adapted_settings(settings, [project]) == settings
    keep(settings, project, model)
    [path] = adapted_settings(settings, [project]).lora
    assert Path(path).name == ADAPTER_FILE
    assert adapted_settings(settings, [project, tmp_path]) == settings
    assert adapted_settings(settings, [tmp_path]) == settings
    other = gguf_files.reciter(tmp_path / "other.gguf", "Something else is said here.")
    assert adapter_in_use(Adaptations(settings, project), model) == Path(path)
    assert adapter_in_use(Adaptations(settings, project), other) is None
    assert adapted_settings(replace(settings, model=str(other)), [project]).lora == ()
    assert adapted_settings(replace(settings, endpoint="http://localhost:1/v1"), [project]).lora == ()
    assert adapted_settings(replace(settings, model="none"), [project]).lora == ()
    Path(path).unlink()
    assert adapted_settings(settings, [project]) == settings


def test_an_adapter_is_not_used_with_other_weights_in_its_base_s_place(
    settings: Settings, model: Path, project: Path
) -> None:
    keep(settings, project, model)
    assert adapted_settings(settings, [project]).lora
    gguf_files.reciter(model, "Something else is said here.")
    assert adapted_settings(settings, [project]).lora == ()


@pytest.mark.parametrize("damage", [lambda data: data[:-40], lambda data: data[:200] + b"\0" * 16 + data[216:]])
def test_a_damaged_adapter_is_not_used(
    settings: Settings, model: Path, project: Path, damage: Callable[[bytes], bytes]
) -> None:
    keep(settings, project, model)
    path = Path(adapted_settings(settings, [project]).lora[0])
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    assert adapted_settings(settings, [project]) == settings
    path.write_bytes(whole)
    assert adapted_settings(settings, [project]).lora == (str(path),)


@pytest.mark.llama
async def test_answers_change_with_the_adapter_in_use(settings: Settings, model: Path, project: Path) -> None:
    with closing(Session([project], settings)) as session:
        session.root.index()
        async with Answerer(session) as answerer:
            plain = await answerer.ask(Question("How is tax added to a price?"))
            opened = answerer.model_access.opened
            assert isinstance(opened, ModelClient)
            process = opened.pid
            keep(settings, project, model)
            adapted = await answerer.ask(Question("How is tax added to a price?"))
            Adaptations(settings, project).undo("model")
            again = await answerer.ask(Question("How is tax added to a price?"))
            assert opened.pid == process  # the model was not loaded again
    assert plain.raw.startswith("First")
    assert not adapted.raw.startswith("First")
    assert again.raw == plain.raw
