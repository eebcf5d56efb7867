"""`glossator adapt data` and `glossator adapt model`: a project's examples, and a model adapted with them."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glossator.cli import terminal
from glossator.cli.adapt_run import adapt_run
from glossator.cli.updated_index import bring_up_to_date, open_session, time_in_words
from glossator.errors import CancelledByUser, UsageError, WorkspaceError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from glossator.adapt.model_adaptation import ModelAdaptationOutcome
    from glossator.adapt.training_run import TrainingProgress
    from glossator.project.adaptation_runs import RunForecast, RunRecord, RunWork

LEFT_OUT_SHOWN = 8
"""Reasons for leaving something out that are shown, the most frequent ones."""


def run_data(arguments: argparse.Namespace) -> int:
    """Make the data set that a model would be adapted with; returns the exit status.

    Raises:
        GlossatorError: there is too little, or it cannot be written.
    """
    from glossator.adapt.data_set import make_data_set
    from glossator.adapt.examples import EXAMPLES_FILE, LEFT_OUT_FILE, left_out_reasons, write_data_set
    from glossator.private_files import make_private_folder
    from glossator.project.adaptations import MODEL_DATA_FOLDER, Adaptations

    with adapt_run(arguments, "data") as (record, stopped):
        with open_session(arguments) as session:
            bring_up_to_date(session)
            root = session.root
            with terminal.ProgressBar() as bar:

                def progress(what: str) -> None:
                    if stopped():
                        raise CancelledByUser("stopped; nothing was changed")
                    bar.update(what, 0, 0, "")
                    record.update(stage=what)

                data = make_data_set(root, most=arguments.examples, seed=arguments.seed, progress=progress)
            out = (
                Path(arguments.out)
                if arguments.out
                else Adaptations(session.settings, root.path).folder / MODEL_DATA_FOLDER
            )
        if stopped():
            raise CancelledByUser("stopped; nothing was changed")
        try:
            make_private_folder(out)
            write_data_set(out, data)
        except OSError as error:
            raise WorkspaceError(f"cannot write {out}: {error.strerror or error}") from error
        record.ended("done", f"{len(data.examples):,} examples, {len(data.left_out):,} left out")
    reasons = left_out_reasons(data.left_out)
    if arguments.json:
        terminal.show_json(
            {
                "folder": str(out),
                "examples": data.counts(),
                "digest": data.digest,
                "left_out": len(data.left_out),
                "reasons": dict(reasons.most_common()),
            }
        )
        return 0
    counts = data.counts()
    kinds = list(dict.fromkeys(kind for found in counts.values() for kind in found))
    rows = [(part, *(f"{found.get(kind, 0):,}" for kind in kinds)) for part, found in counts.items()]
    terminal.show_table(("", *kinds), rows)
    terminal.show(f"{len(data.left_out):,} left out, most often:")
    for reason, count in reasons.most_common(LEFT_OUT_SHOWN):
        terminal.show(f"  {count:,} {reason}", hang=4)
    terminal.show(f"read and edit them in {out}: {EXAMPLES_FILE}; {LEFT_OUT_FILE} says what was left out", hang=4)
    return 0


def run_model(arguments: argparse.Namespace) -> int:
    """Adapt a model to a project; returns the exit status: 0, also if the adapter was refused.

    Raises:
        GlossatorError: it cannot be done; nothing has changed.
        CancelledByUser: Ctrl-C was pressed; the next run continues from there.
    """
    from dataclasses import replace

    from glossator.adapt.model_adaptation import ModelAdaptationOptions, adapt_model, adaptable_base
    from glossator.adapt.training_run import TrainingPlan

    if not (arguments.minutes > 0 and arguments.rate > 0 and arguments.memory >= 0):
        raise UsageError("--minutes and --rate must be more than 0, and --memory at least 0")
    if arguments.threads < 0 or arguments.judged_answers < 0:
        raise UsageError("--threads and --judged-answers must be at least 0")
    plan = replace(
        TrainingPlan(base="", key=""),
        rank=arguments.rank,
        alpha=2.0 * arguments.rank,
        learning_rate=arguments.rate,
        epochs=arguments.epochs,
        step_tokens=arguments.step_tokens,
        minutes=arguments.minutes,
        threads=arguments.threads,
        memory_limit=int(arguments.memory * 1e9),
        device=arguments.device,
        precision=arguments.precision,
        four_bits=arguments.four_bits,
        seed=arguments.seed,
    )
    options = ModelAdaptationOptions(
        arguments.base,
        weights=Path(arguments.weights) if arguments.weights else None,
        data=Path(arguments.data) if arguments.data else None,
        plan=plan,
        examples=arguments.examples,
        judged_losses=arguments.judged,
        judged_answers=arguments.judged_answers,
        forecast_only=arguments.forecast,
    )
    work: RunWork = "forecast" if arguments.forecast else "model"
    with adapt_run(arguments, work, base=arguments.base, minutes=arguments.minutes) as (record, stopped):
        with open_session(arguments) as session:
            adaptable_base(session.settings, arguments.base)  # before the index is updated
            bring_up_to_date(session)
            with terminal.ProgressBar(lines_on_pipe=True) as bar:
                listener = _listener(bar, stopped, record)
                outcome = asyncio.run(adapt_model(session.root, session.settings, options, listener))
        _note(record, outcome)
    _show(outcome, as_json=arguments.json)
    return 0


def _note(record: RunRecord, outcome: ModelAdaptationOutcome) -> None:
    """Note for others what came of it."""
    verdict, adaptation = outcome.verdict, outcome.adaptation
    if verdict is None:
        record.ended("done")
    elif adaptation is None:
        record.ended("refused", "; ".join(verdict.reasons), report={"path": str(outcome.report_path)})
    else:
        record.ended("done", adaptation.summary, name=adaptation.name)


def _listener(bar: terminal.ProgressBar, stopped: Callable[[], bool], record: RunRecord) -> Any:
    from glossator.adapt.model_adaptation import ModelAdaptationListener

    def stage(what: str) -> None:
        if stopped():
            raise CancelledByUser("stopped; nothing was changed")
        bar.update(what, 0, 0, "")
        record.update(stage=what)

    def forecast(found: RunForecast) -> None:
        end = time.strftime("%H:%M", time.localtime(time.time() + found.seconds))
        terminal.note(
            f"forecast, from the first steps: {time_in_words(found.seconds)} of training in {found.steps} steps"
            f" (until {end}), {found.memory_bytes / 1e9:.1f} GB of memory; judging comes after that"
        )
        record.forecast(found)

    def progress(now: TrainingProgress) -> None:
        validation = f", validation {now.validation:.3f}" if now.validation is not None else ""
        bar.update(
            "Training",
            now.step,
            now.steps,
            f"step {now.step} of {now.steps}, loss {now.loss:.3f}{validation}",
            f"{time_in_words(now.seconds_left)} left",
        )
        record.update(stage="Training")
        record.trained(
            now.step,
            now.steps,
            now.loss,
            validation=now.validation,
            seconds_left=now.seconds_left,
            memory_bytes=now.memory_bytes,
        )

    def judging(what: str, done: int, total: int) -> None:
        if stopped():
            raise CancelledByUser("stopped; training is done, and the same command continues from there")
        bar.update(what, done, total, f"{done} of {total}")
        record.update(stage=what, done=done / max(total, 1), seconds_left=0.0)

    return ModelAdaptationListener(stage, terminal.note, forecast, progress, judging, stopped)


def _show(outcome: ModelAdaptationOutcome, *, as_json: bool) -> None:
    verdict = outcome.verdict
    if as_json:
        name = outcome.adaptation.name if outcome.adaptation is not None else None
        report = str(outcome.report_path) if outcome.report_path is not None else None
        terminal.show_json({"in_use": name, "report_path": report, **outcome.report}, indent=2)
    elif verdict is None:
        terminal.show("nothing was trained: this was only the forecast")
    else:
        rows = [
            (one.name, f"{one.before:.3f}", f"{one.after:.3f}", f"{one.after - one.before:+.3f}", str(one.count))
            for one in verdict.figures
        ]
        terminal.show_table(("", "before", "after", "change", "examples"), rows)
        if outcome.adaptation is not None:
            terminal.show(f"in use now: {outcome.adaptation.name}; undo it with: glossator adapt undo model", hang=4)
        else:
            terminal.show("refused, nothing was changed:")
            for reason in verdict.reasons:
                terminal.show(f"  {reason}", hang=4)
        terminal.show(f"report: {outcome.report_path}", hang=4)
