"""A model adapted on the command line: a few steps on a small made model, stopped and resumed, and what is refused."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glossator.adapt.adapter_file import AdapterFacts, read_adapter, write_adapter
from glossator.adapt.base_models import LOCAL_LAYERS, TARGETS, TRANSFORMERS_TYPES, BaseWeights
from glossator.adapt.lora_training import Trainer
from glossator.adapt.training_run import TrainingPlan, TrainingRun
from glossator.lsp.adapt_view import report_of
from glossator.model.client import ModelClient
from glossator.project.adaptation_runs import read_run
from glossator.project.adaptations import MODEL_RUN_FOLDER, Adaptations
from glossator.settings import Settings
from tests import gguf_files
from tests.conftest import Ran
from tests.unit.test_model_data import project

SHAPE = gguf_files.Shape(layers=2, width=64, heads=4, kv_heads=2, feed_forward=96)
HAS_TORCH = all(importlib.util.find_spec(name) for name in ("torch", "transformers", "peft"))
trains = pytest.mark.skipif(not HAS_TORCH, reason="needs the adapt extra")

Run = Callable[..., Ran]


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return gguf_files.random_model(tmp_path / "base.gguf", SHAPE, architecture="llama", context=16384)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return project(tmp_path / "project")


def test_the_data_set_is_written_with_reasons(glossator: Run, root: Path, tmp_path: Path) -> None:
    done = glossator("adapt", "data", "--root", root, "--out", tmp_path / "out", "--examples", "120", "--json")
    assert done.status == 0, done.err
    counts = done.json["examples"]
    assert counts["train"]
    assert counts["held-out"]
    first = json.loads((tmp_path / "out" / "examples.jsonl").read_text("utf-8").splitlines()[0])
    assert first["reason"]
    assert first["evidence"]


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: gguf_files.recurrent_model(path / "m.gguf"), "its architecture is mamba"),
        (lambda path: path / "none.gguf", "none.gguf"),
    ],
)
def test_a_base_that_fits_none_is_told_in_one_line(
    glossator: Run, root: Path, tmp_path: Path, make: Callable[[Path], Path], reason: str
) -> None:
    done = glossator("adapt", "model", "--root", root, "--base", make(tmp_path))
    assert done.status == 1
    assert reason in done.err or "missing" in done.err
    assert len(done.err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "option",
    [
        ("--rank", "0"),
        ("--epochs", "-1"),
        ("--step-tokens", "0"),
        ("--minutes", "nan"),
        ("--rate", "0"),
        ("--threads", "-1"),
        ("--memory", "-1"),
    ],
)
def test_numbers_that_nothing_can_be_trained_with_are_wrong_usage(
    glossator: Run, tmp_path: Path, option: tuple[str, str]
) -> None:
    done = glossator("adapt", "model", "--root", tmp_path, "--base", tmp_path / "none.gguf", *option)
    assert done.status == 2
    assert option[0] in done.err


@trains
@pytest.mark.adapt
@pytest.mark.parametrize("asked", [{"device": "cuda"}, {"four_bits": True}])
def test_a_missing_gpu_is_told(tmp_path: Path, asked: dict[str, Any]) -> None:
    plan = TrainingPlan(str(tmp_path / "none.gguf"), "k", **asked)
    (tmp_path / "run.json").write_text(json.dumps(asdict(plan)), "utf-8")
    row = {"part": "train", "prompt": [1, 2], "answer": [3]}
    (tmp_path / "tokens.jsonl").write_text(json.dumps(row) + "\n", "utf-8")
    run = [sys.executable, "-m", "glossator.adapt.lora_training", str(tmp_path)]
    done = subprocess.run(run, env={**os.environ, "CUDA_VISIBLE_DEVICES": ""}, capture_output=True, check=False)
    assert done.returncode == 1
    assert "needs a GPU with CUDA" in json.loads(done.stdout.splitlines()[-1])["message"]


@trains
@pytest.mark.llama
@pytest.mark.adapt
@pytest.mark.parametrize("architecture", sorted(TRANSFORMERS_TYPES))
@pytest.mark.parametrize("recompute", [False, True])
async def test_what_is_trained_is_what_llama_cpp_computes(tmp_path: Path, architecture: str, recompute: bool) -> None:
    """The loss while training, of examples behind one beginning, is that of the adapter's file for each alone."""
    shape = replace(SHAPE, layers=LOCAL_LAYERS) if architecture == "gemma3" else SHAPE
    base = gguf_files.random_model(tmp_path / "base.gguf", shape, architecture=architecture, context=512)
    tokens = np.random.default_rng(3).integers(10, 250, 200).tolist()
    rows = [
        {"part": "train", "prompt": tokens[:40] + tokens[at : at + 30], "answer": tokens[at + 30 : at + 40]}
        for at in (50, 90, 130)
    ]
    (tmp_path / "tokens.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    plan = TrainingPlan(str(base), "k", rank=4, alpha=8.0, precision="float32", recompute=recompute)
    (tmp_path / "run.json").write_text(json.dumps(asdict(plan)), "utf-8")
    trainer = Trainer(tmp_path)
    trainer.load()
    assert trainer.shared == 40
    with trainer.torch.no_grad():
        for one in trainer.parameters:
            one.normal_(std=0.1)
        trained = float(trainer.losses(trainer.train))
    trainer.keep_best()
    weights = BaseWeights(base)
    matrices = TrainingRun(tmp_path, plan).matrices()
    assert len(matrices) == len(TARGETS) * shape.layers
    facts = AdapterFacts(architecture, "random", "", "", plan.rank, plan.alpha, {})
    write_adapter(tmp_path / "adapter.gguf", weights, matrices, facts)
    async with ModelClient(Settings(context_tokens=512, kv_cache_type="f16"), path=base) as model:
        plain = [await model.score(row["prompt"], row["answer"]) for row in rows]
        await model.set_lora([str(tmp_path / "adapter.gguf")])
        adapted = [await model.score(row["prompt"], row["answer"]) for row in rows]
    assert abs(np.mean(plain) - trained) > 0.05
    assert np.mean(adapted) == pytest.approx(trained, abs=0.01)


@trains
@pytest.mark.llama
@pytest.mark.adapt
def test_a_model_is_adapted_in_a_few_steps(glossator: Run, root: Path, base: Path, tmp_path: Path) -> None:
    """A model of noise learns the project's words at once; the general set is as much noise before as after."""
    kept = tmp_path / "kept"
    options = ("--root", root, "--base", base, "--judged", "14", "--judged-answers", "0", "--examples", "110")
    environment = {"GLOSSATOR_ADAPTATIONS_DIR": str(kept)}
    tuning = ("--step-tokens", "5000", "--rate", "0.01", "--threads", "1", "--json")
    done = glossator("adapt", "model", *options, *tuning, "--epochs", "1", env=environment)
    assert done.status == 0, done.err
    report = done.json
    assert report["in_use"] == "model-1"
    assert report["figures"]["held-out loss"]["gain"] > 0.1
    adaptation = Adaptations(Settings(adaptations_dir=kept), root).in_use("model")
    assert adaptation is not None
    facts = read_adapter(adaptation.folder / "adapter.gguf")
    assert facts.provenance["digest"] == report["data"]["digest"]
    assert (facts.architecture, facts.rank) == ("llama", 16)
    listed = glossator("adapt", "list", "--root", root, "--json", env=environment).json
    assert [one["in_use"] for one in listed["adaptations"]] == [True]
    run = read_run(adaptation.folder.parent)
    assert run is not None
    assert (run.work, run.base, run.state, run.name) == ("model", str(base), "done", "model-1")
    assert run.forecast is not None
    assert run.step == run.steps == len(run.losses) > 0
    assert run.losses[-1][1] == pytest.approx(run.loss, abs=0.001)
    shown = report_of(Adaptations(Settings(adaptations_dir=kept), root), None)
    assert (shown.name, shown.reasons) == ("model-1", ())
    held = next(figure for figure in shown.figures if figure.name.startswith("held-out loss"))
    assert held.gain == report["figures"]["held-out loss"]["gain"] > 0
    assert held.low is not None
    briefly = ("--minutes", "0.01")  # as many steps as a forecast takes, so that it is no better than what is in use
    again = glossator("adapt", "model", *options, *tuning, *briefly, env=environment).json
    assert (again["in_use"], again["training"]["compared_with"]) == (None, "model-1")
    assert again["figures"]["held-out loss"]["before"] == report["figures"]["held-out loss"]["after"]
    assert glossator("adapt", "undo", "model", "--root", root, "--json", env=environment).json["in_use"] is None


@trains
@pytest.mark.llama
@pytest.mark.adapt
def test_an_adapter_that_is_no_better_is_refused_as_a_result(
    glossator: Run, root: Path, base: Path, tmp_path: Path
) -> None:
    environment = {"GLOSSATOR_ADAPTATIONS_DIR": str(tmp_path / "kept")}
    options = ("--root", root, "--base", base, "--judged", "14", "--judged-answers", "0", "--examples", "110")
    tuning = ("--step-tokens", "5000", "--rate", "1e-12", "--minutes", "0.01")  # as many steps as a forecast takes
    done = glossator("adapt", "model", *options, *tuning, env=environment)
    assert done.status == 0, done.err
    assert "refused, nothing was changed" in done.out
    assert "does not fall by more than noise" in done.out
    assert glossator("adapt", "list", "--root", root, "--json", env=environment).json == {"adaptations": []}
    kept = Adaptations(Settings(adaptations_dir=tmp_path / "kept"), root)
    run = read_run(kept.folder)
    assert run is not None
    assert (run.state, run.name) == ("refused", "")
    assert "does not fall by more than noise" in run.message
    assert any("does not fall by more than noise" in reason for reason in report_of(kept, None).reasons)


@trains
@pytest.mark.llama
@pytest.mark.adapt
def test_a_forecast_leaves_a_stopped_training_as_it_is(glossator: Run, root: Path, base: Path, tmp_path: Path) -> None:
    settings = Settings(adaptations_dir=tmp_path / "kept")
    kept = Adaptations(settings, root).folder
    stopped = kept / MODEL_RUN_FOLDER
    stopped.mkdir(parents=True)
    plan = TrainingPlan("another.gguf", "its key")
    contents = {
        "run.json": json.dumps(asdict(plan)),
        "checkpoint.pt": "state",
        "tokens.jsonl": "",
        "adapter.npz": "best",
    }
    for name, text in contents.items():
        (stopped / name).write_text(text, "utf-8")
    environment = {"GLOSSATOR_ADAPTATIONS_DIR": str(settings.adaptations_dir)}
    options = ("--root", root, "--base", base, "--examples", "110", "--step-tokens", "5000", "--minutes", "1")
    done = glossator("adapt", "model", *options, "--forecast", env=environment)
    assert done.status == 0, done.err
    assert "forecast, from the first steps" in done.err
    assert {path.name: path.read_text("utf-8") for path in stopped.iterdir()} == contents
    assert TrainingRun(stopped, plan).can_resume


@trains
@pytest.mark.adapt
def test_training_that_was_stopped_before_its_forecast_keeps_to_its_time(tmp_path: Path) -> None:
    base = gguf_files.random_model(tmp_path / "base.gguf", SHAPE, architecture="llama")
    rows = [{"part": "train", "prompt": [1, 2, 3, n], "answer": [n, n + 1, n + 2]} for n in range(4, 44)]
    (tmp_path / "tokens.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    plan = TrainingPlan(str(base), "k", memory_limit=10**11, step_tokens=12, precision="float32", minutes=1e-6)
    (tmp_path / "run.json").write_text(json.dumps(asdict(plan)), "utf-8")
    command = [sys.executable, "-m", "glossator.adapt.lora_training", str(tmp_path)]
    first = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True)  # asked to stop at once
    assert b"forecast" not in first.stdout
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None
    forecast = _until(child.stdout, lambda event: event["event"] == "forecast")
    end = _until(child.stdout, lambda event: event["event"] == "done")
    child.wait()
    assert end["step"] == forecast["steps"] < len(rows)


@trains
@pytest.mark.llama
@pytest.mark.adapt
@pytest.mark.skipif(os.name != "posix", reason="ends a process as only POSIX can")
def test_training_that_was_killed_goes_on(tmp_path: Path) -> None:
    """The child is killed after a checkpoint; the next one begins at its step, and ends as if nothing had happened."""
    base = gguf_files.random_model(tmp_path / "base.gguf", SHAPE, architecture="llama")
    folder = tmp_path / "run"
    folder.mkdir()
    rows = [{"part": "train", "prompt": [1, 2, 3, n], "answer": [n, n + 1, n + 2]} for n in range(4, 44)]
    (folder / "tokens.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    plan = TrainingPlan(
        str(base), "k", threads=1, memory_limit=10**11, step_tokens=12, precision="float32", checkpoint_seconds=0
    )
    (folder / "run.json").write_text(json.dumps(asdict(plan)), "utf-8")
    command = [sys.executable, "-m", "glossator.adapt.lora_training", str(folder)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None
    reached = _until(child.stdout, lambda event: event["event"] == "checkpoint" and event["step"] >= 5)
    child.send_signal(signal.SIGKILL)
    child.wait()
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None
    first = _until(child.stdout, lambda event: event["event"] == "step")
    assert first["step"] > reached["step"]  # further ones may have been written before it was killed
    end = _until(child.stdout, lambda event: event["event"] == "done")
    child.wait()
    assert end["step"] > reached["step"]
    assert (folder / "adapter.npz").is_file()


def _until(stream: Any, is_met: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    deadline = time.monotonic() + 600
    for line in stream:
        event = json.loads(line)
        if is_met(event):
            return dict(event)
        assert time.monotonic() < deadline
    raise AssertionError("the process ended before")
