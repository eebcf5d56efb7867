"""The types of the messages about adapting to a project (`glossator/adapt...`); see `lsp/protocol.py`.

Times are in seconds, sizes in bytes. Texts are for people.
"""

from __future__ import annotations

from typing import Literal

import attrs

ADAPT = "glossator/adapt"
ADAPT_START = "glossator/adaptStart"
ADAPT_STOP = "glossator/adaptStop"
ADAPT_CHOOSE = "glossator/adaptChoose"
ADAPT_EXAMPLES = "glossator/adaptExamples"
ADAPT_REPORT = "glossator/adaptReport"
ADAPT_CHANGED = "glossator/adaptChanged"

AdaptWork = Literal["retriever", "data", "forecast", "model"]
AdaptState = Literal["running", "done", "refused", "failed", "stopped", "interrupted"]
AdaptKind = Literal["retriever", "model"]
AdaptAction = Literal["use", "undo", "remove"]


@attrs.frozen(kw_only=True)
class AdaptParams:
    """`glossator/adapt`. `root` is the URI of a workspace folder; without it, the first one is meant."""

    root: str | None = None
    follow: bool = True
    """Whether `glossator/adaptChanged` is to tell from now on what changes."""


@attrs.frozen(kw_only=True)
class AdaptStartParams:
    """`glossator/adaptStart`: begin a run."""

    work: AdaptWork
    root: str | None = None
    base: str | None = None
    """Of a forecast or a model: one of `AdaptResult.bases`, by name."""
    minutes: float | None = None
    """Minutes of training at most."""


@attrs.frozen(kw_only=True)
class AdaptStopParams:
    """`glossator/adaptStop`: stop the run, whichever process started it."""

    root: str | None = None


@attrs.frozen(kw_only=True)
class AdaptChooseParams:
    """`glossator/adaptChoose`. `name` is an adaptation; for `undo`, `kind` says of what."""

    action: AdaptAction
    root: str | None = None
    name: str | None = None
    kind: AdaptKind | None = None


@attrs.frozen(kw_only=True)
class AdaptExamplesParams:
    """`glossator/adaptExamples`: some of the data set's examples."""

    root: str | None = None
    part: str | None = None
    kind: str | None = None
    offset: int | None = None
    limit: int | None = None


@attrs.frozen(kw_only=True)
class AdaptReportParams:
    """`glossator/adaptReport`: that of an adaptation by its name; without it, of the last run."""

    root: str | None = None
    name: str | None = None


@attrs.frozen(kw_only=True)
class AdaptForecast:
    """What something will take: between `seconds` and `most_seconds`."""

    seconds: float
    most_seconds: float
    memory_bytes: int
    steps: int = 0
    """Of training; 0 for a retriever."""
    minutes: float = 0.0
    """The limit that was given when it was measured; 0 for none."""


@attrs.frozen(kw_only=True)
class AdaptLoss:
    """The loss on the training examples at a step, in nats per token."""

    step: int
    loss: float


@attrs.frozen(kw_only=True)
class AdaptRun:
    """A run, of whatever process: the one under way, or the last one."""

    work: AdaptWork
    base: str
    state: AdaptState
    """`refused`: it measured no better. `interrupted`: its process is gone, and did not say how it ended."""
    started: str
    """ISO 8601, UTC."""
    seconds: float
    stage: str
    done: float
    """From 0 to 1; -1 while that is not known."""
    seconds_left: float
    """0 while that is not known."""
    step: int
    steps: int
    loss: float | None
    validation: float | None
    memory_bytes: int
    losses: tuple[AdaptLoss, ...]
    forecast: AdaptForecast | None
    minutes: float
    message: str
    """How it ended, in one line."""
    name: str
    """The adaptation that is in use since; "" for none."""
    reported: bool
    """Whether there is a report (`glossator/adaptReport` without a name)."""
    resumable: bool
    """Whether starting the same again continues from a checkpoint."""


@attrs.frozen(kw_only=True)
class AdaptFigure:
    """Something that was measured before and after."""

    name: str
    before: float | None
    after: float | None
    gain: float | None
    """Positive if it is better."""
    low: float | None
    """Bounds of the gain within its noise."""
    high: float | None
    count: int
    """Examples, or questions."""


@attrs.frozen(kw_only=True)
class AdaptItem:
    """An adaptation that was made."""

    name: str
    kind: AdaptKind
    made: str
    """ISO 8601, UTC."""
    base: str
    summary: str
    in_use: bool
    size_bytes: int
    unusable: str
    """Why it has no effect if it is used; "" if it has one."""
    figures: tuple[AdaptFigure, ...]


@attrs.frozen(kw_only=True)
class AdaptCount:
    """How many examples a part of the data set has of a kind."""

    part: str
    kind: str
    count: int


@attrs.frozen(kw_only=True)
class AdaptReason:
    """Why something was left out of the data set, and how often."""

    reason: str
    count: int


@attrs.frozen(kw_only=True)
class AdaptData:
    """The data set for a model."""

    folder: str
    examples_file: str
    """JSONL, which may be edited."""
    left_out_file: str
    made: str
    """When it was written last; ISO 8601, UTC."""
    counts: tuple[AdaptCount, ...]
    left_out: int
    reasons: tuple[AdaptReason, ...]
    """The most frequent first."""
    problem: str
    """Why it cannot be trained with; "" if it can."""


@attrs.frozen(kw_only=True)
class AdaptBase:
    """An installed model."""

    name: str
    size_bytes: int
    in_use: bool
    """Whether it is the one that answers."""
    refused: str
    """Why no adapter can be trained for it here; "" if one can."""
    memory_bytes: int
    """What training is expected to take; 0 if it is refused."""
    forecast: AdaptForecast | None
    """From a few steps; None until it was measured with these examples."""


@attrs.frozen(kw_only=True)
class AdaptResult:
    """Result of `glossator/adapt`: all that a page about it shows."""

    root: str
    changes: int
    """See `AdaptChanged`."""
    blocked: str
    """Why nothing can be started now; "" if something can."""
    run: AdaptRun | None
    retriever: AdaptForecast
    """What adapting the retriever takes, from the size of the project."""
    items: tuple[AdaptItem, ...]
    undoable: tuple[str, ...]
    """Kinds of which the last change can be undone."""
    data: AdaptData | None
    bases: tuple[AdaptBase, ...]
    missing: tuple[str, ...]
    """Packages that training needs and that are not installed."""
    install: str
    """The command that installs them."""


@attrs.frozen(kw_only=True)
class AdaptPiece:
    """A piece of evidence of an example."""

    path: str
    start_line: int
    end_line: int
    text: str


@attrs.frozen(kw_only=True)
class AdaptExample:
    """An example of the data set."""

    kind: str
    part: str
    held_by: str
    question: str
    answer: str
    reason: str
    path: str
    name: str
    line: int
    """Of `AdaptData.examples_file`, from 1."""
    evidence: tuple[AdaptPiece, ...]


@attrs.frozen(kw_only=True)
class AdaptExamplesResult:
    """Result of `glossator/adaptExamples`. `total` counts all that were asked for."""

    total: int
    examples: tuple[AdaptExample, ...]


@attrs.frozen(kw_only=True)
class AdaptAnswer:
    """A held-out question, answered before and after."""

    kind: str
    path: str
    question: str
    reference: str
    before: str
    after: str


@attrs.frozen(kw_only=True)
class AdaptReportResult:
    """Result of `glossator/adaptReport`."""

    kind: AdaptKind
    name: str
    """The adaptation; "" if it was refused."""
    reasons: tuple[str, ...]
    """Why it was refused; empty if it is used."""
    figures: tuple[AdaptFigure, ...]
    answers: tuple[AdaptAnswer, ...]
    facts: tuple[str, ...]
    """What it was made from and with, a line each."""


@attrs.frozen(kw_only=True)
class AdaptChanged:
    """Params of `glossator/adaptChanged`: how far the run is. With another number in `changes`, more than that has
    changed, and `glossator/adapt` tells what."""

    root: str
    changes: int
    run: AdaptRun | None
