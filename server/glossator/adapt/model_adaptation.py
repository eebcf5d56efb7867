"""Adapts a model to a project: data, training, the file for llama.cpp, the gate, and what is kept.

Nothing changes for the user before the gate has been passed. A run that was stopped or killed continues where it was,
as long as base, data and hyperparameters are the same.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import glossator
from glossator.adapt.adaptation_report import REPORT_FACTS, REPORT_TEXT, report_facts, report_text
from glossator.adapt.adapter_file import AdapterFacts, write_adapter
from glossator.adapt.base_models import BaseWeights
from glossator.adapt.data_set import LEAST_EXAMPLES, MOST_EXAMPLES, make_data_set
from glossator.adapt.examples import read_data_set, write_data_set
from glossator.adapt.model_gate import JUDGED_ANSWERS, JUDGED_LOSSES, judge_adapter
from glossator.adapt.training_run import (
    TrainingPlan,
    TrainingRun,
    estimated_memory,
    fitted,
    keeps_half,
    require_packages,
)
from glossator.errors import AdaptationError, WorkspaceError
from glossator.model.client import ModelClient
from glossator.model.installed import Models, sha256_of
from glossator.model.measured_speed import fingerprint
from glossator.model.speed import thread_count
from glossator.private_files import replace_private_file
from glossator.project.adaptations import MODEL_FORECAST_FOLDER, MODEL_RUN_FOLDER, Adaptations, told_in_one_line
from glossator.project.model_adapters import ADAPTER_FILE, adapter_in_use

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glossator.adapt.examples import DataSet, Example
    from glossator.adapt.model_gate import Verdict
    from glossator.adapt.training_run import TrainingProgress
    from glossator.project.adaptation_runs import RunForecast
    from glossator.project.adaptations import Adaptation
    from glossator.project.root import Root
    from glossator.settings import Settings

CONTEXT_TOKENS = 6144
"""Of the model while examples are encoded and judged: longer ones are not trained on."""
ENCODED_AT_ONCE = 40
"""Examples that are handed to the model's tokenizer in one message."""


@dataclass(frozen=True, slots=True)
class ModelAdaptationOptions:
    """What is asked for; `plan` has the hyperparameters and the ceilings.

    Attributes:
        base: name of an installed model, or path of a GGUF file.
        weights: folder of the same model's safetensors; None to dequantise the GGUF file's.
        data: folder of a data set, which may have been edited; None to make one.
        examples: most examples of a data set that is made.
        judged_losses, judged_answers: held-out examples that the gate compares.
        forecast_only: stop once it is known how long it would take.
    """

    base: str
    weights: Path | None = None
    data: Path | None = None
    plan: TrainingPlan = field(default_factory=lambda: TrainingPlan(base="", key=""))
    examples: int = MOST_EXAMPLES
    judged_losses: int = JUDGED_LOSSES
    judged_answers: int = JUDGED_ANSWERS
    forecast_only: bool = False


@dataclass(frozen=True, slots=True)
class ModelAdaptationListener:
    """What is called as the adaptation proceeds; each by default does nothing."""

    stage: Callable[[str], None] = lambda _: None
    note: Callable[[str], None] = lambda _: None
    forecast: Callable[[RunForecast], None] = lambda _: None
    progress: Callable[[TrainingProgress], None] = lambda _: None
    judging: Callable[[str, int, int], None] = lambda *_: None
    is_stopped: Callable[[], bool] = lambda: False


@dataclass(frozen=True, slots=True)
class ModelAdaptationOutcome:
    """What came of it.

    Attributes:
        verdict: None if only a forecast was asked for.
        adaptation: what is in use now; None if the gate refused it.
        report: the report as JSON.
        report_path: the report as Markdown.
    """

    verdict: Verdict | None
    adaptation: Adaptation | None
    report: dict[str, Any]
    report_path: Path | None


def base_path(settings: Settings, base: str) -> Path:
    """The GGUF file of an installed model's name, or of a path.

    Raises:
        ModelNotFoundError: there is none.
    """
    path = Path(base).expanduser()
    if path.is_file():
        return path.resolve()
    return Path(Models.of(settings).get(base).path)


def adaptable_base(settings: Settings, base: str) -> BaseWeights:
    """The base, if an adapter can be trained for it here.

    Raises:
        ModelError: there is no such model, it is of a kind that is not known, or a package is missing.
    """
    weights = BaseWeights(base_path(settings, base))
    require_packages()
    return weights


async def adapt_model(
    root: Root, settings: Settings, options: ModelAdaptationOptions, listener: ModelAdaptationListener
) -> ModelAdaptationOutcome:
    """Adapt a model to a root whose index is up to date.

    Raises:
        GlossatorError: it cannot be done, with the reason in one line; nothing has changed.
        CancelledByUser: it was stopped; the same call continues from there.
    """
    weights = adaptable_base(settings, options.base)
    path = weights.path
    kept = Adaptations(settings, root.path)
    plan = replace(
        options.plan,
        base=str(path),
        weights=str(options.weights.resolve()) if options.weights is not None else "",
        threads=options.plan.threads or thread_count(settings),
        forecast_only=options.forecast_only,
    )
    plan = fitted(weights.shape, plan)
    run = TrainingRun(kept.folder / (MODEL_FORECAST_FOLDER if options.forecast_only else MODEL_RUN_FOLDER), plan)
    with run.held():
        data, run = _data_and_run(root, options, run, fingerprint(path), listener)
        started = time.monotonic()
        result = await _trained(weights, data, settings, path, run, listener)
        if options.forecast_only:
            run.clear()
            return ModelAdaptationOutcome(None, None, dict(result), None)
        in_use = adapter_in_use(kept, path)
        facts = {
            "base": weights.name,
            "base_file": path.name,
            "compared_with": "the base alone" if in_use is None else in_use.parent.name,
            "rank": plan.rank,
            "alpha": plan.alpha,
            "steps": result.get("step"),
            "training_seconds": round(float(result.get("seconds", 0.0)), 1),
            "validation_loss": result.get("validation"),
        }
        with kept.staging("model") as staged:
            listener.stage("Writing the adapter")
            adapter = staged / ADAPTER_FILE
            sha256 = sha256_of(path)
            write_adapter(
                adapter,
                weights,
                run.matrices(),
                AdapterFacts(
                    weights.shape.architecture,
                    weights.name,
                    sha256,
                    fingerprint(path),
                    plan.rank,
                    plan.alpha,
                    _provenance(data),
                ),
            )
            async with ModelClient(_judging(settings), path=path) as model:
                verdict = await judge_adapter(
                    model,
                    adapter,
                    data.of_part("held-out"),
                    data.overview,
                    in_use=in_use,
                    losses=options.judged_losses,
                    answers=options.judged_answers,
                    progress=listener.judging,
                )
            facts["seconds"] = round(time.monotonic() - started, 1)
            report = report_facts(verdict, data, facts)
            text = report_text(verdict, data, facts)
            with told_in_one_line(run.folder):
                for folder in (run.folder, staged):
                    replace_private_file(folder / REPORT_TEXT, text)
                    replace_private_file(folder / REPORT_FACTS, json.dumps(report, ensure_ascii=False, indent=1))
            if not verdict.passes:
                run.clear()
                return ModelAdaptationOutcome(verdict, None, report, run.folder / REPORT_TEXT)
            held, general = verdict.figure("held-out loss"), verdict.figure("general loss")
            adaptation = kept.add(
                "model",
                staged,
                base=weights.name,
                summary=(
                    f"held-out loss {held.before:.3f} to {held.after:.3f},"
                    f" general {general.before:.3f} to {general.after:.3f}"
                ),
                details={
                    "base_path": str(path),
                    "base_sha256": sha256,
                    "base_fingerprint": fingerprint(path),
                    "adapter_sha256": sha256_of(adapter),
                    "figures": report["figures"],
                    "data": report["data"],
                    "training": facts,
                },
            )
        run.clear()
    for old in kept.surplus("model"):
        kept.remove(old.name)
    return ModelAdaptationOutcome(verdict, adaptation, report, adaptation.folder / REPORT_TEXT)


def _judging(settings: Settings) -> Settings:
    """The settings with which a model is asked: none of the user's adapters, and always the same answers."""
    return replace(settings, lora=(), endpoint="", context_tokens=CONTEXT_TOKENS, temperature=0.0, seed=0)


def _provenance(data: DataSet) -> dict[str, Any]:
    return {
        "project": Path(data.root).name,
        "commit": data.commit,
        "digest": data.digest,
        "examples": data.counts(),
        "glossator": glossator.__version__,
    }


def _data_and_run(
    root: Root,
    options: ModelAdaptationOptions,
    run: TrainingRun,
    base: str,
    listener: ModelAdaptationListener,
) -> tuple[DataSet, TrainingRun]:
    """The data set, and the run with the key that follows from it: that of a stopped run, if it fits."""

    def with_key(data: DataSet) -> TrainingRun:
        own = replace(run.plan, key="", threads=0, memory_limit=0, minutes=0, forecast_only=False)
        text = json.dumps([base, data.digest, repr(own), options.examples])
        return TrainingRun(run.folder, replace(run.plan, key=hashlib.sha256(text.encode()).hexdigest()))

    if options.data is not None:
        data = read_data_set(options.data)
        if len(data.of_part("train")) < LEAST_EXAMPLES:
            raise WorkspaceError(
                f"{options.data} has {len(data.of_part('train'))} examples to train on; {LEAST_EXAMPLES} are needed"
            )
        return data, with_key(data)
    with contextlib.suppress(WorkspaceError):
        data = read_data_set(run.folder)
        stopped = with_key(data)
        if stopped.can_resume:
            listener.note("resuming the run that was stopped")
            return data, stopped
    data = make_data_set(root, most=options.examples, seed=options.plan.seed, progress=listener.stage)
    with told_in_one_line(run.folder):
        write_data_set(run.folder, data)
    return data, with_key(data)


async def _trained(
    weights: BaseWeights,
    data: DataSet,
    settings: Settings,
    path: Path,
    run: TrainingRun,
    listener: ModelAdaptationListener,
) -> dict[str, Any]:
    """Train, unless that is done; returns what the child said at its end."""
    listener.stage("Encoding examples")
    examples: list[Example] = [*data.of_part("train"), *data.of_part("validation")]
    async with ModelClient(_judging(settings), path=path) as model:
        tokens: list[tuple[list[int], list[int]]] = []
        for at in range(0, len(examples), ENCODED_AT_ONCE):
            part = examples[at : at + ENCODED_AT_ONCE]
            tokens += await model.encode([(one.messages(data.overview), one.answer) for one in part])
    rows = _fitting(examples, tokens, run.plan.step_tokens)
    if sum(part == "train" for part, _, _ in rows) < LEAST_EXAMPLES:
        raise AdaptationError(
            f"only {len(rows)} examples fit into steps of {run.plan.step_tokens} tokens: raise --step-tokens"
        )
    expected = estimated_memory(weights.shape, run.plan, half=keeps_half(run.plan))
    listener.note(
        f"training {weights.name}: {len(rows)} examples, about {expected / 1e9:.1f} GB of memory,"
        f" at most {run.plan.minutes:g} minutes"
    )
    run.prepare(rows, weights.shape.adapter_parameters(run.plan.rank) * 4)
    listener.stage("Loading the model to train")
    return dict(run.train(forecast=listener.forecast, progress=listener.progress, is_stopped=listener.is_stopped))


def _fitting(
    examples: Sequence[Example], tokens: Sequence[tuple[list[int], list[int]]], most: int
) -> list[tuple[str, list[int], list[int]]]:
    """The examples as tokens, without those that are longer than a step."""
    return [
        (one.part, prompt, answer)
        for one, (prompt, answer) in zip(examples, tokens, strict=True)
        if len(prompt) + len(answer) <= most
    ]
