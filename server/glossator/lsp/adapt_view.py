"""What clients see of adaptations, runs, data sets and reports: the engine's words as messages.

Everything here reads files, and runs in a thread.
"""

from __future__ import annotations

import datetime
import json
import math
import os
import shlex
import sys
from typing import TYPE_CHECKING, Any, cast

from glossator.adapt.adaptable_bases import adaptable_bases
from glossator.adapt.adaptation_report import REPORT_FACTS
from glossator.adapt.data_set import LEAST_EXAMPLES
from glossator.adapt.examples import EXAMPLES_FILE, LEFT_OUT_FILE, left_out_reasons, read_data_set
from glossator.adapt.training_run import STATE_FILE, missing_packages, require_packages
from glossator.errors import AdaptationError, WorkspaceError
from glossator.index.folders import size_of
from glossator.lsp import adapt_messages as messages
from glossator.project.adaptation_runs import read_forecasts, read_run
from glossator.project.adaptations import MODEL_DATA_FOLDER, MODEL_RUN_FOLDER, RUN_FOLDER
from glossator.project.model_adapters import is_for_model_in_use
from glossator.project.retriever_choice import unusable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from glossator.adapt.examples import DataSet
    from glossator.index.embedding import Embedder
    from glossator.project.adaptation_runs import AdaptationRun
    from glossator.project.adaptations import Adaptation, Adaptations
    from glossator.settings import Settings

SECONDS_PER_LINE = (0.0003, 0.0023)
"""What adapting a retriever takes for a line of code: the fastest and the slowest of the projects in docs/adapt.md."""
LEAST_SECONDS = (5.0, 15.0)
"""What it takes in any case."""
RETRIEVER_BYTES = (550 * 10**6, 2600)
"""Memory of adapting a retriever: in any case, and for a line of code. Measured over all processes together: 530 MB for
1,300 lines, 1,056 MB for 211,697."""
EXTRA = "glossator[adapt]"
MOST_REASONS = 40
"""Reasons for leaving something out that are listed."""
_LOWER_IS_BETTER = "loss"
_TITLES = {
    "commits": "commit messages -> the code that they changed (MRR@10)",
    "names": "names in words -> their definition (MRR@10)",
    "general": "other projects (MRR@10)",
}


def adapt_result(
    uri: str, kept: Adaptations, settings: Settings, embedder: Embedder, *, changes: int, blocked: str, lines: int
) -> messages.AdaptResult:
    """All that there is to say about adapting to a project whose index has so many lines."""
    run = read_run(kept.folder)
    missing = missing_packages()
    used = kept.names_in_use()
    data = data_of(kept.folder / MODEL_DATA_FOLDER)
    fast, slow = (max(least, each * lines) for each, least in zip(SECONDS_PER_LINE, LEAST_SECONDS, strict=True))
    memory, per_line = RETRIEVER_BYTES
    forecasts = read_forecasts(kept.folder / RUN_FOLDER)
    return messages.AdaptResult(
        root=uri,
        changes=changes,
        blocked=blocked,
        run=run_of(kept.folder, run) if run is not None else None,
        retriever=messages.AdaptForecast(seconds=fast, most_seconds=slow, memory_bytes=memory + per_line * lines),
        items=tuple(_item(one, settings, embedder, in_use=one.name in used) for one in kept.listed()),
        undoable=kept.undoable(),
        data=data,
        bases=tuple(
            messages.AdaptBase(
                name=base.name,
                size_bytes=base.size_bytes,
                in_use=base.in_use,
                refused=base.refused,
                memory_bytes=base.memory_bytes,
                forecast=_forecast(forecasts.get(base.name), data),
            )
            for base in adaptable_bases(settings)
        ),
        missing=tuple(missing),
        install=_install_command() if missing else "",
    )


def _install_command() -> str:
    """What installs the packages into this server's environment, for a terminal."""
    arguments = ["-m", "pip", "install", EXTRA]
    if os.name == "nt":  # PowerShell
        program = f'& "{sys.executable}"' if " " in sys.executable else sys.executable
        return " ".join([program, *arguments[:-1], f'"{EXTRA}"'])
    return shlex.join([sys.executable, *arguments])


def _forecast(facts: Mapping[str, Any] | None, data: messages.AdaptData | None) -> messages.AdaptForecast | None:
    """A forecast that was measured with the examples as they are."""
    if facts is None or data is None:
        return None
    try:
        made = datetime.datetime.fromisoformat(data.made).timestamp()
        if float(facts["made"]) < made:
            return None
        seconds = float(facts["seconds"])
        return messages.AdaptForecast(
            seconds=seconds,
            most_seconds=seconds,
            memory_bytes=int(facts["memory_bytes"]),
            steps=int(facts["steps"]),
            minutes=float(facts["minutes"]),
        )
    except (KeyError, TypeError, ValueError):
        return None


def run_of(folder: Path, run: AdaptationRun) -> messages.AdaptRun:
    """A run as clients see it."""
    found = run.forecast
    reported = bool(run.name or run.report) and run.state in ("done", "refused")
    return messages.AdaptRun(
        work=run.work,
        base=run.base,
        state=run.state,
        started=run.started,
        seconds=run.seconds,
        stage=run.stage,
        done=run.done,
        seconds_left=run.seconds_left,
        step=run.step,
        steps=run.steps,
        loss=_finite(run.loss),
        validation=_finite(run.validation),
        memory_bytes=run.memory_bytes,
        losses=tuple(messages.AdaptLoss(step=step, loss=loss) for step, loss in run.losses if math.isfinite(loss)),
        forecast=messages.AdaptForecast(
            seconds=found.seconds,
            most_seconds=found.seconds,
            memory_bytes=found.memory_bytes,
            steps=found.steps,
            minutes=run.minutes,
        )
        if found is not None
        else None,
        minutes=run.minutes,
        message=run.message,
        name=run.name,
        reported=reported,
        resumable=run.work == "model"
        and run.state in ("failed", "stopped", "interrupted")
        and (folder / MODEL_RUN_FOLDER / STATE_FILE).is_file(),
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _item(one: Adaptation, settings: Settings, embedder: Embedder, *, in_use: bool) -> messages.AdaptItem:
    if one.kind == "retriever":
        reason = unusable(one, embedder)
        figures = retriever_figures(one.details)
    else:
        reason = "" if is_for_model_in_use(one, settings) else f"it is for {one.base}, and another model answers"
        figures = model_figures(one.details)
    return messages.AdaptItem(
        name=one.name,
        kind=cast("messages.AdaptKind", one.kind),
        made=one.made,
        base=one.base,
        summary=one.summary,
        in_use=in_use,
        size_bytes=size_of(one.folder),
        unusable=reason,
        figures=figures,
    )


# Figures


def retriever_figures(facts: Mapping[str, Any]) -> tuple[messages.AdaptFigure, ...]:
    """The figures of a retriever's report, as `RetrieverReport.facts` gives them."""
    found = []
    for key, title in _TITLES.items():
        figure = facts.get(key)
        if isinstance(figure, dict):
            found.append(
                messages.AdaptFigure(
                    name=title,
                    before=_number(figure.get("before")),
                    after=_number(figure.get("after")),
                    gain=_number(figure.get("gain")),
                    low=_number(figure.get("low")),
                    high=_number(figure.get("high")),
                    count=int(_number(figure.get("questions")) or 0),
                )
            )
    return tuple(found)


def model_figures(facts: Mapping[str, Any]) -> tuple[messages.AdaptFigure, ...]:
    """The figures of a model's report, as `adaptation_report.report_facts` gives them."""
    figures = facts.get("figures")
    found = []
    for name, figure in (figures if isinstance(figures, dict) else {}).items():
        if isinstance(figure, dict):
            gain, error = _number(figure.get("gain")), _number(figure.get("standard_error"))
            noise = 2 * error if error is not None else None
            found.append(
                messages.AdaptFigure(
                    name=f"{name} (nats per token, less is better)" if name.endswith(_LOWER_IS_BETTER) else name,
                    before=_number(figure.get("before")),
                    after=_number(figure.get("after")),
                    gain=gain,
                    low=gain - noise if gain is not None and noise is not None else None,
                    high=gain + noise if gain is not None and noise is not None else None,
                    count=int(_number(figure.get("count")) or 0),
                )
            )
    return tuple(found)


def _number(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(cast("float", value)) if is_number else None


# Data


def data_of(folder: Path) -> messages.AdaptData | None:
    """What a data set's folder has; None if there is none."""
    path = folder / EXAMPLES_FILE
    try:
        modified = datetime.datetime.fromtimestamp(path.stat().st_mtime, datetime.UTC)
    except OSError:
        return None
    data: DataSet | None = None
    problem = ""
    try:
        data = read_data_set(folder)
        train = len(data.of_part("train"))
        if train < LEAST_EXAMPLES:
            problem = f"{train} examples to train on are too few: {LEAST_EXAMPLES} are needed"
    except WorkspaceError as error:
        problem = str(error)
    counts = data.counts() if data is not None else {}
    left = data.left_out if data is not None else ()
    return messages.AdaptData(
        folder=str(folder),
        examples_file=str(path),
        left_out_file=str(folder / LEFT_OUT_FILE),
        made=modified.isoformat(timespec="microseconds"),
        counts=tuple(
            messages.AdaptCount(part=part, kind=kind, count=count)
            for part, kinds in counts.items()
            for kind, count in kinds.items()
        ),
        left_out=len(left),
        reasons=tuple(
            messages.AdaptReason(reason=reason, count=count)
            for reason, count in left_out_reasons(left).most_common(MOST_REASONS)
        ),
        problem=problem,
    )


def examples_of(kept: Adaptations, params: messages.AdaptExamplesParams) -> messages.AdaptExamplesResult:
    """Some examples of the data set, in the order of its file.

    Raises:
        WorkspaceError: there is none, or it cannot be read.
    """
    data = read_data_set(kept.folder / MODEL_DATA_FOLDER)
    found = [
        (line, one)
        for line, one in enumerate(data.examples, 1)
        if params.part in (None, one.part) and params.kind in (None, one.kind)
    ]
    offset = params.offset or 0
    limit = 1 if params.limit is None else params.limit
    return messages.AdaptExamplesResult(
        total=len(found),
        examples=tuple(
            messages.AdaptExample(
                kind=one.kind,
                part=one.part,
                held_by=one.held_by,
                question=one.question,
                answer=one.answer,
                reason=one.reason,
                path=one.path,
                name=one.name,
                line=line,
                evidence=tuple(
                    messages.AdaptPiece(
                        path=piece.path, start_line=piece.start_line, end_line=piece.end_line, text=piece.text
                    )
                    for piece in one.evidence
                ),
            )
            for line, one in found[offset : offset + limit]
        ),
    )


# Reports


def report_of(kept: Adaptations, name: str | None) -> messages.AdaptReportResult:
    """The report on an adaptation, or of the last run.

    Raises:
        AdaptationError: there is none.
    """
    if name is not None:
        chosen = kept.named(name)
        if chosen.kind == "retriever":
            return _retriever_report(chosen.details, name)
        return _model_report(_read_report(chosen.folder / REPORT_FACTS), name)
    run = read_run(kept.folder)
    if run is None or run.state not in ("done", "refused") or not (run.name or run.report):
        raise AdaptationError("the last run has no report")
    if run.work == "retriever":
        return _retriever_report(run.report, run.name)
    if run.name:
        return report_of(kept, run.name)
    return _model_report(_read_report(kept.folder / MODEL_RUN_FOLDER / REPORT_FACTS), "")


def _read_report(path: Path) -> dict[str, Any]:
    try:
        facts = json.loads(path.read_text("utf-8"))
        if isinstance(facts, dict):
            return facts
        reason: object = "it is not an object"
    except (OSError, ValueError) as error:
        reason = error
    raise AdaptationError(f"the report {path} cannot be read: {reason}")


def _retriever_report(facts: Mapping[str, Any], name: str) -> messages.AdaptReportResult:
    pairs = facts.get("pairs")
    learned = ", ".join(f"{count:,} {kind}" for kind, count in pairs.items()) if isinstance(pairs, dict) else ""
    reason = str(facts.get("reason") or "")
    return messages.AdaptReportResult(
        kind="retriever",
        name=name,
        reasons=(f"what was learned is {reason}",) if reason else (),
        figures=retriever_figures(facts),
        answers=_answers(facts.get("examples")),
        facts=tuple(
            line
            for line in (
                f"pairs that were learned from: {learned}" if learned else "",
                f"commits: {facts.get('learning_commits')} learned from, {facts.get('judging_commits')} judged by",
                f"word vectors moved {facts.get('mix')} times as far as training moved them",
                "weights of ranking: " + ("fitted" if facts.get("fitted") else "as they were"),
                f"{facts.get('embedded')} symbols embedded, {facts.get('lines')} lines, {facts.get('seconds')} s",
            )
            if line
        ),
    )


def _model_report(facts: Mapping[str, Any], name: str) -> messages.AdaptReportResult:
    training = facts.get("training")
    data = facts.get("data")
    lines = [
        f"{key.replace('_', ' ')}: {value}" for key, value in (training if isinstance(training, dict) else {}).items()
    ]
    if isinstance(data, dict):
        lines.append(f"examples of commit {str(data.get('commit'))[:12]}, {data.get('left_out')} left out")
    reasons = facts.get("reasons")
    return messages.AdaptReportResult(
        kind="model",
        name=name,
        reasons=tuple(map(str, reasons)) if isinstance(reasons, list) else (),
        figures=model_figures(facts),
        answers=_answers(facts.get("answers")),
        facts=tuple(lines),
    )


def _answers(found: object) -> tuple[messages.AdaptAnswer, ...]:
    keys = ("kind", "path", "question", "reference", "before", "after")
    rows = [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
    return tuple(messages.AdaptAnswer(**{key: str(row.get(key, "")) for key in keys}) for row in rows)


def check_base(settings: Settings, base: str | None) -> None:
    """Check that an adapter can be trained for an installed model, before a process is started for it.

    Raises:
        GlossatorError: it cannot, with the reason.
    """
    bases = adaptable_bases(settings)
    for one in bases:
        if one.name == base:
            if one.refused:
                raise AdaptationError(f"no adapter can be trained for {base}: {one.refused}")
            break
    else:
        have = ", ".join(one.name for one in bases) or "none"
        raise AdaptationError(f"no installed model is called {base!r} (installed: {have})")
    require_packages(_install_command())
