"""`glossator/adapt...`: what was learned from a project, runs that learn something, and choosing what is in use."""

from __future__ import annotations

import asyncio
import importlib
from typing import TYPE_CHECKING

from pygls.exceptions import JsonRpcInvalidParams

from glossator.errors import AdaptationError, UsageError
from glossator.lsp import adapt_messages as messages
from glossator.project.adaptation_runs import busy_message, read_run, stop_run
from glossator.project.adaptations import MODEL_DATA_FOLDER, Adaptations
from glossator.project.adapted_data import remove_adapted_data
from glossator.project.retriever_choice import embedder_ids, unusable

if TYPE_CHECKING:
    from glossator.lsp.context import Context
    from glossator.project.updates import RootUpdates

MOST_AT_ONCE = 100
"""Examples that may be asked for at once."""
MOST_MINUTES = 60 * 24 * 30
"""Minutes of training that may be asked for."""


async def adapt(context: Context, params: messages.AdaptParams | None) -> messages.AdaptResult:
    """Everything about adapting to a project.

    Raises:
        UsageError: the folder is not open, or the workspace is not trusted.
    """
    await _loaded()
    from glossator.lsp import adapt_view

    given = params if params is not None else messages.AdaptParams()
    uri, live, kept = _project(context, given.root)
    changes = await context.adapt_runs.look(uri, kept, follow=given.follow)
    session = context.backend.session
    return await asyncio.to_thread(
        adapt_view.adapt_result,
        uri,
        kept,
        session.settings,
        session.shared.embedder,
        changes=changes,
        blocked=_blocked(live),
        lines=live.state().lines,
    )


async def adapt_start(context: Context, params: messages.AdaptStartParams) -> None:
    """Begin a run; it goes on in a process of its own.

    Raises:
        UsageError: the folder is not open, or the workspace is not trusted.
        AdaptationError: it cannot begin, with the reason.
    """
    await _loaded()
    from glossator.lsp import adapt_view

    _, live, kept = _project(context, params.root)
    if params.minutes is not None and not 0 < params.minutes <= MOST_MINUTES:
        raise JsonRpcInvalidParams(f"minutes must be between 0 and {MOST_MINUTES:,}, not {params.minutes}")
    run = await asyncio.to_thread(read_run, kept.folder)
    if run is not None and run.is_running:
        raise AdaptationError(busy_message(run))
    if blocked := _blocked(live):
        raise AdaptationError(blocked)
    settings = context.backend.session.settings
    if params.work in ("forecast", "model"):
        await asyncio.to_thread(adapt_view.check_base, settings, params.base)
        data = await asyncio.to_thread(adapt_view.data_of, kept.folder / MODEL_DATA_FOLDER)
        if data is None:
            raise AdaptationError("there are no examples yet: make the data set first")
        if data.problem:
            raise AdaptationError(data.problem)
    await context.adapt_runs.start(settings, kept, params)


async def adapt_stop(context: Context, params: messages.AdaptStopParams | None) -> None:
    """Stop the run, within about a second; nothing that is in use has changed.

    Raises:
        UsageError: the folder is not open, or the workspace is not trusted.
        AdaptationError: it cannot be stopped.
    """
    _, _, kept = _project(context, params.root if params is not None else None)
    await asyncio.to_thread(stop_run, kept.folder)


async def adapt_choose(context: Context, params: messages.AdaptChooseParams) -> None:
    """Use an adaptation, undo the last change of a kind, or remove one.

    Raises:
        UsageError: the folder is not open, or the workspace is not trusted.
        AdaptationError: there is nothing of that name, nothing to undo, or it cannot be used or written.
    """
    _, live, kept = _project(context, params.root)
    if params.action != "undo" and params.name is None:
        raise JsonRpcInvalidParams("name: which adaptation is meant?")
    session = context.backend.session
    embedder = session.shared.embedder

    def change() -> None:
        if params.action == "undo":
            kept.undo(params.kind)
            return
        assert params.name is not None
        if params.action == "remove":
            kept.remove(params.name)
            remove_adapted_data(session.settings, kept.root, embedder_ids(kept.listed(), embedder))
            return
        chosen = kept.named(params.name)
        if chosen.kind == "retriever" and (reason := unusable(chosen, embedder)):
            raise AdaptationError(f"{params.name} cannot be used: {reason}")
        kept.use(params.name)

    await asyncio.to_thread(change)
    live.root.snapshot()  # notices that another retriever is in use


async def adapt_examples(context: Context, params: messages.AdaptExamplesParams | None) -> messages.AdaptExamplesResult:
    """Some examples of the data set.

    Raises:
        UsageError: the folder is not open, or the workspace is not trusted.
        WorkspaceError: there is no data set, or it cannot be read.
    """
    await _loaded()
    from glossator.lsp import adapt_view

    given = params if params is not None else messages.AdaptExamplesParams()
    _, _, kept = _project(context, given.root)
    if given.offset is not None and given.offset < 0:
        raise JsonRpcInvalidParams(f"offset must not be negative: {given.offset}")
    if given.limit is not None and not 1 <= given.limit <= MOST_AT_ONCE:
        raise JsonRpcInvalidParams(f"limit must be between 1 and {MOST_AT_ONCE}, not {given.limit}")
    return await asyncio.to_thread(adapt_view.examples_of, kept, given)


async def adapt_report(context: Context, params: messages.AdaptReportParams | None) -> messages.AdaptReportResult:
    """The report on an adaptation, or of the last run.

    Raises:
        UsageError: the folder is not open, or the workspace is not trusted.
        AdaptationError: there is none.
    """
    await _loaded()
    from glossator.lsp import adapt_view

    _, _, kept = _project(context, params.root if params is not None else None)
    return await asyncio.to_thread(adapt_view.report_of, kept, params.name if params is not None else None)


async def _loaded() -> None:
    """Import what the messages are made with in a thread: that takes some tenths of a second, once."""
    await asyncio.to_thread(importlib.import_module, "glossator.lsp.adapt_view")


def _project(context: Context, wanted: str | None) -> tuple[str, RootUpdates, Adaptations]:
    """A workspace folder: its URI, its root, and what was learned from it."""
    backend = context.backend
    if not backend.configuration.options.trusted:
        raise UsageError("nothing is adapted to a workspace that is not trusted")
    if wanted is None:
        for uri, live in backend.folders:
            return uri, live, live.root.adaptations
        raise UsageError("no folder is open")
    found = backend.folders.named(wanted)
    if found is None:
        raise UsageError(f"{wanted} is not an open workspace folder")
    return wanted, found, found.root.adaptations


def _blocked(live: RootUpdates) -> str:
    """Why nothing can be learned from a folder now; "" if something can."""
    state = live.state()
    if state.state == "failed":
        return state.message or "its index cannot be used"
    if state.state == "indexing":
        return "its index is being built: wait until it is complete"
    return "" if state.files else "nothing in it is indexed"
