"""Sends an answer to the client: its text in batches, its stages as progress, and the final result."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from lsprotocol import types

from glossator.answers.answerer import Listener
from glossator.lsp import protocol
from glossator.lsp.conversion import to_uri
from glossator.lsp.positions import to_units
from glossator.lsp.use_places import UsePlaces

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from glossator.answers.answerer import Answer
    from glossator.answers.evidence import Evidence
    from glossator.lsp.editor import Editor
    from glossator.model.chat import ModelStatus

_Made = TypeVar("_Made")

DELTA_SECONDS = 0.04
"""Seconds between two batches of text: smooth to read, few messages."""


def _placed(item: Evidence, encoding: str) -> dict[str, Any]:
    """The fields that evidence and citations share. No file is read: evidence knows its lines."""
    last = item.source.rpartition("\n")[2]
    return {
        "number": item.number,
        "uri": to_uri(item.root / item.path),
        "range": types.Range(
            types.Position(item.start_line - 1, 0),
            types.Position(item.end_line - 1, to_units(last, len(last), encoding)),
        ),
        "qualified_name": item.qualified_name,
        "commit": item.commit.name if item.commit is not None else "",
    }


def _evidence(items: Sequence[Evidence], encoding: str) -> tuple[protocol.Evidence, ...]:
    return tuple(
        protocol.Evidence(**_placed(item, encoding), kind=item.kind, why=item.why, tokens=item.tokens) for item in items
    )


def _result(encoding: str, answer: Answer) -> protocol.AskResult:
    places = UsePlaces(encoding)
    usage: dict[str, Any] = {name: value for name, value in answer.usage.items() if value is not None}
    return protocol.AskResult(
        answer=answer.answer,
        citations=tuple(protocol.Citation(**_placed(item, encoding)) for item in answer.citations),
        evidence=_evidence(answer.evidence, encoding),
        model=answer.model,
        finish_reason="length" if answer.finish_reason == "preempted" else answer.finish_reason,
        conversation_id=answer.conversation_id,
        usage=protocol.Usage(**usage),
        unsupported=tuple(
            (_units(answer.answer, start), _units(answer.answer, end)) for start, end in answer.unsupported
        ),
        uses=tuple(places.uses(root, told) for root, told in answer.uses),
        sources=tuple(
            protocol.SentenceSource(
                start=_units(answer.answer, one.start),
                end=_units(answer.answer, one.end),
                places=tuple(protocol.Citation(**_placed(item, encoding)) for item in one.sources),
            )
            for one in answer.sources
        ),
        unknown=tuple((_units(answer.answer, start), _units(answer.answer, end)) for start, end in answer.unknown),
        weak=answer.is_weak,
        from_index=tuple(_units(answer.answer, offset) for offset in answer.from_index or ()),
    )


def _units(text: str, offset: int) -> int:
    """An offset in UTF-16 code units."""
    return offset + sum(character > "\uffff" for character in text[:offset])


class AnswerStream:
    """Streams an answer on a partialResultToken, in batches; without a token it sends nothing."""

    def __init__(self, editor: Editor, token: int | str | None) -> None:
        self._editor = editor
        self._token = token
        self._pending: list[str] = []
        self._timer: asyncio.TimerHandle | None = None
        self._last = 0.0

    def evidence(self, items: tuple[Evidence, ...]) -> None:
        """Send the evidence."""
        if self._token is not None:
            evidence = _evidence(items, self._editor.encoding)
            self._editor.protocol.send_progress(self._token, protocol.EvidenceProgress(evidence=evidence))

    def found(self, items: tuple[Evidence, ...], answer: str) -> None:
        """Send the places that were found, and the index's own answer."""
        if self._token is not None:
            places = _evidence(items, self._editor.encoding)
            self._editor.protocol.send_progress(self._token, protocol.FoundProgress(places=places, answer=answer))

    def lead(self, text: str) -> None:
        """Send what comes before all that was sent."""
        self.flush()
        if self._token is not None:
            self._editor.protocol.send_progress(self._token, protocol.LeadProgress(text=text))

    def delta(self, text: str) -> None:
        """Queue text to be sent soon."""
        if self._token is None:
            return
        self._pending.append(text)
        if self._timer is None:
            wait = max(0.0, self._last + DELTA_SECONDS - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(wait, self.flush)

    def flush(self) -> None:
        """Send pending text now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._pending and self._token is not None:
            self._editor.protocol.send_progress(self._token, protocol.DeltaProgress(text="".join(self._pending)))
            self._pending.clear()
            self._last = time.monotonic()

    def close(self) -> None:
        """Stop sending."""
        if self._timer is not None:
            self._timer.cancel()
        self._token = None


class RunningAnswer:
    """An answer in progress; its stages are reported on the client's workDoneToken, if it sent one."""

    def __init__(self, editor: Editor, token: int | str | None, title: str) -> None:
        self._progress = editor.progress
        self._token = token
        self._task = asyncio.current_task()
        self._last = ""
        if token is not None:
            begin = types.WorkDoneProgressBegin(title=title, cancellable=True, percentage=0)
            self._progress.begin(token, begin)
            self._progress.tokens[token].add_done_callback(lambda done: self.cancel() if done.cancelled() else None)

    @property
    def has_progress(self) -> bool:
        """Whether its stages are reported to the client."""
        return self._token is not None

    def cancel(self) -> None:
        """Cancel the answer."""
        if self._task is not None:
            self._task.cancel()

    def stage(self, message: str, percentage: int | None = None) -> None:
        """Report the current stage."""
        text = f"{message} {percentage}"
        if self._token is not None and text != self._last:
            self._last = text
            self._progress.report(self._token, types.WorkDoneProgressReport(message=message, percentage=percentage))

    def model_changed(self, status: ModelStatus) -> None:
        """Report what the model is doing, possibly for another answer."""
        if status.progress is not None and status.state == "loading":
            self.stage(f"loading {status.name}", int(100 * status.progress))
        elif status.progress is not None and status.state == "busy":
            self.stage(str(status.reading or "reading the evidence"), int(100 * status.progress))

    def end(self) -> None:
        """End the progress: the answer is complete or was cancelled."""
        if self._token is not None:
            self._progress.tokens.pop(self._token, None)
            self._progress.end(self._token, types.WorkDoneProgressEnd())


def _listener(stream: AnswerStream, running: RunningAnswer) -> Listener:
    return Listener(
        found=stream.found, evidence=stream.evidence, delta=stream.delta, lead=stream.lead, stage=running.stage
    )


FoundCallback = Callable[[tuple[protocol.Evidence, ...], str], None]
"""Is told what was found and what the index itself answers, before the model is loaded, or reads."""


def _also_telling(listener: Listener, found: FoundCallback, encoding: str) -> Listener:
    """A listener that is told the same, and `found` what was found."""
    first = listener.found

    def both(items: tuple[Evidence, ...], answer: str) -> None:
        first(items, answer)
        found(_evidence(items, encoding), answer)

    return replace(listener, found=both)


class RunningAnswers:
    """The answers in progress for one client. Used by the event loop."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self._running: set[RunningAnswer] = set()

    def __len__(self) -> int:
        return len(self._running)

    @property
    def have_progress(self) -> bool:
        """Whether the stages of one of them are reported to the client."""
        return any(answer.has_progress for answer in self._running)

    def model_changed(self, status: ModelStatus) -> None:
        """Report in each what the model is doing."""
        for answer in self._running:
            answer.model_changed(status)

    def cancel_all(self) -> None:
        """Cancel all of them."""
        for answer in tuple(self._running):
            answer.cancel()

    async def run(
        self,
        params: protocol.AskParams | protocol.ExplainParams,
        title: str,
        make: Callable[[Listener], Coroutine[Any, Any, Answer]],
        found: FoundCallback | None = None,
    ) -> protocol.AskResult:
        """Produce an answer, and stream it and its stages as `params` request; `found` is told what was found."""
        encoding = self._editor.encoding

        def making(listener: Listener) -> Coroutine[Any, Any, Answer]:
            return make(listener if found is None else _also_telling(listener, found, encoding))

        answer = await self.stream(params, title, making)
        # The places of uses read their lines of code.
        return await asyncio.to_thread(_result, encoding, answer)

    async def stream(
        self,
        params: protocol.AskParams | protocol.ExplainParams | protocol.ChatParams | protocol.SearchParams,
        title: str,
        make: Callable[[Listener], Coroutine[Any, Any, _Made]],
    ) -> _Made:
        """Produce something whose text and stages are streamed as `params` request."""
        stream = AnswerStream(self._editor, getattr(params, "partial_result_token", None))
        running = RunningAnswer(self._editor, params.work_done_token, title)
        self._running.add(running)
        try:
            made = await make(_listener(stream, running))
            stream.flush()
            return made
        finally:
            stream.close()
            self._running.discard(running)
            running.end()
