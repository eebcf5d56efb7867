"""Answers: asked for, streamed as they are made, and rendered with their places."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from glossator.answers.answerer import Listener
from glossator.answers.gathering import Question
from glossator.errors import SymbolNotFoundError
from glossator.lsp import protocol
from glossator.lsp.features import resolve
from glossator.lsp.places import Ranges, filter_of, place_of, uri_in

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glossator.answers.answerer import Answer, CitedPlace, EvidencePlace
    from glossator.lsp.server import Server
    from glossator.model.chat import ModelStatus

DELTA_SECONDS = 0.04
"""Tokens are sent in batches this far apart: smooth to read, few messages."""


def _placed(item: EvidencePlace | CitedPlace, ranges: Ranges) -> dict[str, Any]:
    """What evidence and citations have in common."""
    return {
        "number": item.number,
        "uri": uri_in(item.root, item.path),
        "range": ranges(item.root, item.path, item.start_line, item.end_line),
        "qualified_name": item.qualified_name,
    }


def _evidence(places: Sequence[EvidencePlace], ranges: Ranges) -> tuple[protocol.Evidence, ...]:
    return tuple(
        protocol.Evidence(**_placed(item, ranges), kind=item.kind, why=item.why, tokens=item.tokens) for item in places
    )


def _result(server: Server, answer: Answer) -> protocol.AskResult:
    ranges = Ranges(server)
    usage: dict[str, Any] = {name: value for name, value in answer.usage.items() if value is not None}
    return protocol.AskResult(
        answer=answer.answer,
        citations=tuple(protocol.Citation(**_placed(item, ranges)) for item in answer.citations),
        evidence=_evidence(answer.evidence, ranges),
        model=answer.model,
        finish_reason="length" if answer.finish_reason == "preempted" else answer.finish_reason,
        conversation_id=answer.conversation_id,
        usage=protocol.Usage(**usage),
        unsupported=tuple(
            (_units(answer.answer, start), _units(answer.answer, end)) for start, end in answer.unsupported
        ),
    )


def _units(text: str, offset: int) -> int:
    """An offset in UTF-16 code units."""
    return offset + sum(character > "\uffff" for character in text[:offset])


class Stream:
    """Streams an answer on a partialResultToken, in batches."""

    def __init__(self, server: Server, token: int | str | None) -> None:
        self._server = server
        self._token = token
        self._pending: list[str] = []
        self._timer: asyncio.TimerHandle | None = None
        self._last = 0.0

    def evidence(self, places: tuple[EvidencePlace, ...]) -> None:
        """Send the evidence."""
        if self._token is not None:
            evidence = _evidence(places, Ranges(self._server))
            self._send(protocol.EvidenceProgress(evidence=evidence))

    def delta(self, text: str) -> None:
        """Send text, soon."""
        if self._token is None:
            return
        self._pending.append(text)
        if self._timer is None:
            wait = max(0.0, self._last + DELTA_SECONDS - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(wait, self.flush)

    def flush(self) -> None:
        """Send what is pending, now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._pending:
            self._send(protocol.DeltaProgress(text="".join(self._pending)))
            self._pending.clear()
            self._last = time.monotonic()

    def close(self) -> None:
        """Send nothing more."""
        if self._timer is not None:
            self._timer.cancel()
        self._token = None

    def _send(self, value: Any) -> None:
        # lsprotocol leaves progress values alone, and its converter knows ours only where their type is stated.
        plain = self._server.protocol._converter.unstructure(value)  # noqa: SLF001 - pygls has no public way to it
        assert self._token is not None
        self._server.protocol.notify(types.PROGRESS, types.ProgressParams(token=self._token, value=plain))


class Work:
    """An answer that is being made; its stages are reported on a workDoneToken of the client's, if there is one."""

    def __init__(self, server: Server, token: int | str | None, title: str) -> None:
        self._server = server
        self._progress = server.work_done_progress
        self._token = token
        self._task = asyncio.current_task()
        self._last = ""
        server.works.add(self)
        if token is not None:
            begin = types.WorkDoneProgressBegin(title=title, cancellable=True, percentage=0)
            self._progress.begin(token, begin)
            self._progress.tokens[token].add_done_callback(lambda done: self.cancel() if done.cancelled() else None)

    @property
    def shown(self) -> bool:
        """Whether the client sees its stages."""
        return self._token is not None

    def cancel(self) -> None:
        """Give the answer up."""
        if self._task is not None:
            self._task.cancel()

    def stage(self, message: str, percentage: int | None = None) -> None:
        """What is going on now."""
        text = f"{message} {percentage}"
        if self._token is not None and text != self._last:
            self._last = text
            self._progress.report(self._token, types.WorkDoneProgressReport(message=message, percentage=percentage))

    def model(self, status: ModelStatus) -> None:
        """What the model does, which may be for another answer."""
        if status.progress is not None and status.state == "loading":
            self.stage(f"loading {status.name}", int(100 * status.progress))
        elif status.progress is not None and status.state == "busy":
            self.stage(f"reading the evidence, {int(100 * status.progress)} %")

    def end(self) -> None:
        """The answer is made, or given up."""
        self._server.works.discard(self)
        if self._token is not None:
            self._progress.tokens.pop(self._token, None)
            self._progress.end(self._token, types.WorkDoneProgressEnd())


async def _answering(
    server: Server,
    params: protocol.AskParams | protocol.ExplainParams,
    title: str,
    answer: Callable[[Listener], Any],
) -> protocol.AskResult:
    stream = Stream(server, params.partial_result_token)
    server.ahead.touched()
    work = Work(server, params.work_done_token, title)
    try:
        listener = Listener(evidence=stream.evidence, delta=stream.delta, stage=work.stage)
        result = await answer(listener)
        stream.flush()
        return await asyncio.to_thread(_result, server, result)
    finally:
        stream.close()
        work.end()


async def ask(server: Server, params: protocol.AskParams) -> protocol.AskResult:
    """Answer a question."""
    await server.buffers_parsed()
    focus = None
    if params.text_document is not None:
        span = params.range
        if span is None and params.position is not None:
            span = types.Range(params.position, params.position)
        if span is not None:
            focus = place_of(server, params.text_document.uri, span)
    question = Question(
        params.question,
        where=filter_of(params.scope),
        focus=focus,
        pinned=tuple(place for item in params.pinned if (place := place_of(server, item.uri, item.range))),
        removed=tuple(place for item in params.removed if (place := place_of(server, item.uri, item.range))),
        conversation_id=params.conversation_id,
    )
    use_model = server.configuration.options.trusted
    return await _answering(
        server,
        params,
        "Answering",
        lambda listener: server.answerer.ask(question, listener, use_model=use_model),
    )


async def explain(server: Server, params: protocol.ExplainParams) -> protocol.AskResult:
    """Explain the symbol at a position."""
    await server.buffers_parsed()
    found = await asyncio.to_thread(resolve, server, params.text_document.uri, params.position)
    if found is None:
        raise SymbolNotFoundError("there is no indexed symbol at this place")
    live, described = found
    use_model = server.configuration.options.trusted
    return await _answering(
        server,
        params,
        "Explaining",
        lambda listener: server.answerer.explain(live.root, described.entry, listener, use_model=use_model),
    )
