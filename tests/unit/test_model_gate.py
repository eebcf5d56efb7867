"""The gate of adapted models: what passes, what is refused and why, and what is reported."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from glossator.adapt import model_gate
from glossator.adapt.adaptation_report import report_facts, report_text
from glossator.adapt.adapter_file import write_adapter
from glossator.adapt.base_models import BaseWeights
from glossator.adapt.examples import DataSet, Example, ExamplePiece
from glossator.adapt.model_gate import (
    cites_right_piece,
    compared,
    facts_stated,
    general_examples,
    judge_adapter,
    likeness,
    supported_sentences,
)
from glossator.errors import ModelError
from glossator.model.client import ModelClient
from glossator.settings import Settings
from tests import gguf_files
from tests.unit.test_adapter_file import SHAPE, facts, matrices

CODE = "def put(self, key, value, seconds=300):\n    self._entries[key] = Entry(value, self._clock() + seconds)"
PIECE = ExamplePiece("app/cache.py", "method", "Cache.put", 1, 2, CODE)
OTHER = ExamplePiece("app/other.py", "function", "other", 1, 1, "def other(): return 1")


def example(number: int, kind: str = "question", answer: str = "Puts an `Entry` for 300 seconds [2].") -> Example:
    question = f"Question: What does `Cache.put` do, number {number}?\n"
    return Example(kind, question, (OTHER, PIECE), answer, "its doc", "app/cache.py", "Cache.put", part="held-out")  # type: ignore[arg-type]


HELD = [*(example(number) for number in range(14)), example(99, "absent", "The excerpts do not show it.")]
DATA = DataSet("/code/app", "app: cache.py", "ab" * 20, tuple(HELD), ())


@pytest.fixture
def few_general_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some of the general set, for tests of other figures: to read all of it is most of what a comparison takes."""
    few = general_examples()[::6]
    monkeypatch.setattr(model_gate, "general_examples", lambda: few)


def test_a_change_within_its_noise_is_no_gain() -> None:
    assert compared("loss", [2.0, 3.0, 4.0], [1.0, 2.1, 2.9], lower_is_better=True).is_better
    assert not compared("loss", [2.0, 3.0, 4.0], [1.0, 4.0, 3.9], lower_is_better=True).is_better
    assert not compared("loss", [2.0], [1.0], lower_is_better=True).is_better  # one example tells nothing
    assert compared("facts", [0.8] * 9, [0.5] * 9).is_worse(0.05)
    assert not compared("facts", [0.8] * 9, [0.78] * 9).is_worse(0.05)


def test_answers_are_scored_by_what_they_state_and_cite() -> None:
    right = "It puts an `Entry` into `_entries` for 300 seconds [2]."
    assert facts_stated(example(1), right) > 0.9 > 0.2 > facts_stated(example(1), "Nobody knows.")
    assert likeness(example(1), example(1).answer) == 1.0
    assert likeness(example(1), right) > likeness(example(1), "Nobody knows.")
    assert cites_right_piece(example(1), right) == 1.0
    assert cites_right_piece(example(1), "It puts it [1].") == 0.0
    assert supported_sentences(example(1), right) == 1.0
    assert supported_sentences(example(1), "The weather in Paris is nice today.") == 0.0


def test_the_general_set_is_answered_by_its_evidence() -> None:
    general = general_examples()
    assert len(general) >= 20
    assert len({one.path for one in general}) >= 10
    assert all(one.kind == "general" for one in general)
    cited = [one for one in general if "[" in one.answer and "do not" not in one.answer]
    assert all(supported_sentences(one, one.answer) == 1.0 for one in cited)


@pytest.mark.llama
async def test_an_adapter_that_changes_nothing_is_refused_and_reported(tmp_path: Path) -> None:
    base = BaseWeights(gguf_files.random_model(tmp_path / "base.gguf", SHAPE, context=8192))
    idle = {name: (down, 0 * up) for name, (down, up) in matrices(base).items()}
    write_adapter(tmp_path / "adapter.gguf", base, idle, facts(base))
    told: list[tuple[str, int, int]] = []
    async with ModelClient(Settings(context_tokens=4096, temperature=0.0), path=base.path) as model:
        verdict = await judge_adapter(
            model,
            tmp_path / "adapter.gguf",
            HELD,
            DATA.overview,
            answers=3,
            progress=lambda what, done, total: told.append((what, done, total)),
        )
        assert model.settings.lora == ()  # it is switched off again
    assert [reason for reason in verdict.reasons if "does not fall by more than noise" in reason]
    assert told[-1][1] == told[-1][2]
    assert verdict.figure("held-out loss").count == 15
    text = report_text(verdict, DATA, {"steps": 3})
    assert "The adapter is refused:" in text
    assert all(reason in text for reason in verdict.reasons)
    report = report_facts(verdict, DATA, {"steps": 3})
    assert json.loads(json.dumps(report))["passes"] is False
    assert all(math.isfinite(one["before"]) for one in report["figures"].values())


@pytest.mark.llama
@pytest.mark.usefixtures("few_general_examples")
async def test_answers_are_compared_before_and_after(tmp_path: Path) -> None:
    """The reciter says one text; the adapter has it begin with another piece."""
    model = gguf_files.reciter(tmp_path / "reciter.gguf", "First second third fourth fifth sixth", context=8192)
    adapter = gguf_files.lora_adapter(tmp_path / "adapter.gguf", model, start=2)
    async with ModelClient(Settings(context_tokens=4096, temperature=0.0), path=model) as client:
        verdict = await judge_adapter(client, adapter, HELD, "", losses=12, answers=3)
    assert all(pair.before.startswith("First") for pair in verdict.answers)
    assert not any(pair.after.startswith("First") for pair in verdict.answers)


@pytest.mark.llama
@pytest.mark.usefixtures("few_general_examples")
async def test_an_adapter_is_compared_with_the_one_in_use_and_with_what_the_base_knows(tmp_path: Path) -> None:
    model = gguf_files.reciter(tmp_path / "reciter.gguf", "First second third fourth fifth sixth", context=8192)
    used, new = (gguf_files.lora_adapter(tmp_path / f"{start}.gguf", model, start=start) for start in (2, 3))
    async with ModelClient(Settings(context_tokens=4096, temperature=0.0), path=model) as client:
        first = await judge_adapter(client, used, HELD, "", losses=4, answers=1)
        second = await judge_adapter(client, new, HELD, "", in_use=used, losses=4, answers=1)
        again = await judge_adapter(client, used, HELD, "", in_use=used, losses=4, answers=1)
    assert [pair.before for pair in second.answers] == [pair.after for pair in first.answers]
    assert [pair.after for pair in second.answers] != [pair.before for pair in second.answers]
    assert second.figure("held-out loss").before == pytest.approx(first.figure("held-out loss").after)
    assert second.figure("general loss").before == pytest.approx(first.figure("general loss").before)
    assert again.figure("held-out loss").gain == 0
    assert [reason for reason in again.reasons if "does not fall by more than noise" in reason]


@pytest.mark.llama
async def test_too_little_that_is_held_out_is_told(tmp_path: Path) -> None:
    model = gguf_files.reciter(tmp_path / "reciter.gguf", context=8192)
    async with ModelClient(Settings(context_tokens=4096), path=model) as client:
        with pytest.raises(ModelError, match="only 3 held-out examples"):
            await judge_adapter(client, tmp_path / "none.gguf", HELD[:3], "")


@pytest.mark.llama
async def test_an_adapter_for_another_base_is_refused_by_llama_cpp(tmp_path: Path) -> None:
    other = gguf_files.Shape(layers=2, width=128, heads=4, kv_heads=2, feed_forward=96)
    base = BaseWeights(gguf_files.random_model(tmp_path / "base.gguf", other))
    write_adapter(tmp_path / "adapter.gguf", base, matrices(base), facts(base))
    mine = gguf_files.random_model(tmp_path / "mine.gguf", SHAPE, context=8192)
    async with ModelClient(Settings(context_tokens=4096), path=mine) as client:
        with pytest.raises(ModelError, match="cannot load the adapter"):
            await judge_adapter(client, tmp_path / "adapter.gguf", HELD, "", answers=0)
