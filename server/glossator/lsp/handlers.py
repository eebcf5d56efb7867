"""What each request means: LSP's terms on one side, the session's on the other.

Handlers of requests are coroutines (so that they can be cancelled), except those that answer at once; what waits for
the disk or the index runs in threads. A hover never waits for a model.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import attrs
from lsprotocol import types

from glossator.answering import Listener
from glossator.errors import SymbolNotFoundError, UsageError
from glossator.index.records import Filter
from glossator.lsp import protocol
from glossator.lsp.positions import encoding_name, split_lines, whole_lines
from glossator.lsp.symbols import Described, describe, document_symbols, hover_text, symbol_kind
from glossator.lsp.workspaces import to_uri
from glossator.material import Place, Question

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glossator.answering import Answer, CitedPlace, EvidencePlace
    from glossator.index.records import StoredEntry
    from glossator.live import LiveRoot, RootState
    from glossator.lsp.server import Server
    from glossator.model.chat import ModelStatus
    from glossator.session import Root

DELTA_SECONDS = 0.04
"""Tokens are sent in batches this far apart: smooth to read, few messages."""
SEARCH_LIMIT = 10
PATIENCE_WHILE_TYPING = 1 / 8
"""Part of the setting `upgrade_patience` for a search, which is made anew with each letter."""
MAX_SEARCH_LIMIT = 200
SYMBOLS_LIMIT = 100
MAX_SKIPPED = 1000
"""Skipped files of a root that a status names; it counts them all."""

COMMAND_EXPLAIN = "glossator.explain"
COMMAND_ASK = "glossator.ask"
COMMAND_SIMILAR = "glossator.findSimilar"
COMMAND_REINDEX = "glossator.reindex"

ACTIONS = (
    ("Explain this symbol", COMMAND_EXPLAIN),
    ("Ask about this symbol", COMMAND_ASK),
    ("Find similar code", COMMAND_SIMILAR),
)

CLIENT_COMMANDS = frozenset({COMMAND_EXPLAIN, COMMAND_ASK, COMMAND_SIMILAR})
"""Commands that a client may have itself (`initializationOptions.clientCommands`), to show answers in its own way."""


def register(server: Server) -> None:
    """Attach all handlers."""
    _register_custom(server)
    _register_language(server)
    _register_commands(server)


# Conversions


def _filter(scope: protocol.Scope | None) -> Filter:
    if scope is None:
        return Filter()
    return Filter(include=scope.include, exclude=scope.exclude, languages=scope.languages)


class _Ranges:
    """Line ranges as LSP ranges, reading each file once."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._lines: dict[tuple[Root, str], list[str]] = {}

    def __call__(self, root: Root, path: str, start_line: int, end_line: int) -> types.Range:
        key = (root, path)
        if key not in self._lines:
            self._lines[key] = split_lines(root.text(path) or "")
        encoding = encoding_name(self._server.workspace.position_encoding)
        return whole_lines(self._lines[key], start_line, end_line, encoding)


def _uri(root: Root, path: str) -> str:
    return to_uri(root.path / path)


def _evidence(places: Sequence[EvidencePlace], ranges: _Ranges) -> tuple[protocol.Evidence, ...]:
    return tuple(
        protocol.Evidence(
            number=item.number,
            uri=_uri(item.root, item.path),
            range=ranges(item.root, item.path, item.start_line, item.end_line),
            qualified_name=item.qualified_name,
            kind=item.kind,
            why=item.why,
            tokens=item.tokens,
        )
        for item in places
    )


def _citations(places: Sequence[CitedPlace], ranges: _Ranges) -> tuple[protocol.Citation, ...]:
    return tuple(
        protocol.Citation(
            number=item.number,
            uri=_uri(item.root, item.path),
            range=ranges(item.root, item.path, item.start_line, item.end_line),
            qualified_name=item.qualified_name,
        )
        for item in places
    )


def _result(server: Server, answer: Answer) -> protocol.AskResult:
    ranges = _Ranges(server)
    usage: dict[str, Any] = {name: value for name, value in answer.usage.items() if value is not None}
    return protocol.AskResult(
        answer=answer.answer,
        citations=_citations(answer.citations, ranges),
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


def _place(server: Server, uri: str, span: types.Range) -> Place | None:
    located = server.workspaces.locate(uri)
    if located is None:
        return None
    live, path = located
    end = span.end.line + (span.end.character > 0 or span.end.line == span.start.line)
    return Place(live.root, path, span.start.line + 1, max(end, span.start.line + 1))


def status_of(server: Server) -> protocol.StatusResult:
    """How everything stands."""
    roots = []
    skipped = 0
    for uri, live in server.workspaces:
        state = live.state()
        skipped += len(state.skipped)
        roots.append(
            protocol.RootStatus(
                uri=uri,
                state=state.state,
                files=state.files,
                symbols=state.symbols,
                pending=state.pending,
                watching=state.watching,
                skipped=_skipped(server, live, state),
                message=state.message,
            )
        )
    for uri, message in server.workspaces.failed.items():
        roots.append(
            protocol.RootStatus(uri=uri, state="failed", files=0, symbols=0, pending=0, watching="", message=message)
        )
    states = {root.state for root in roots}
    overall: protocol.IndexState = "indexing" if "indexing" in states else "failed" if states == {"failed"} else "ready"
    return protocol.StatusResult(
        index=protocol.IndexStatus(
            state=overall,
            files=sum(root.files for root in roots),
            symbols=sum(root.symbols for root in roots),
            pending=sum(root.pending for root in roots),
            skipped=skipped,
        ),
        model=_model_status(server),
        roots=tuple(roots),
        upgrades=_upgrade_status(server),
    )


def _skipped(server: Server, live: LiveRoot, state: RootState) -> tuple[protocol.SkippedFile, ...]:
    """The skipped files of a root; made anew only when they have changed, since a status is sent often."""
    known = server.skipped.get(live)
    if known is None or known[0] is not state.skipped:
        files = (
            protocol.SkippedFile(uri=_uri(live.root, item.path), reason=item.reason)
            for item in state.skipped[:MAX_SKIPPED]
        )
        server.skipped[live] = known = (state.skipped, tuple(files))
    return known[1]


def _upgrade_status(server: Server) -> protocol.UpgradeStatus | None:
    status = server.session.shared.upgrades.status()
    if status is None:
        return None
    return protocol.UpgradeStatus(
        model=status.model,
        state=status.state,
        upgraded=status.upgraded,
        planned=status.planned,
        reason=status.reason,
    )


def _model_status(server: Server) -> protocol.ModelStatus:
    if not server.configuration.options.trusted:
        return protocol.ModelStatus(
            state="none", name="", device="", context_tokens=0, reason="the workspace is not trusted"
        )
    status = server.model_status
    if status is not None and status.state != "none":
        return protocol.ModelStatus(
            state=status.state,
            name=status.name,
            device=status.device,
            context_tokens=status.context_tokens,
            reason=status.reason or status.note,
        )
    model = server.session.model_status()
    return protocol.ModelStatus(state="none", name=model["name"], device="", context_tokens=0, reason=model["reason"])


# Custom requests


class _Stream:
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
            evidence = _evidence(places, _Ranges(self._server))
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
    stream = _Stream(server, params.partial_result_token)
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
            focus = _place(server, params.text_document.uri, span)
    question = Question(
        params.question,
        where=_filter(params.scope),
        focus=focus,
        pinned=tuple(place for item in params.pinned if (place := _place(server, item.uri, item.range))),
        removed=tuple(place for item in params.removed if (place := _place(server, item.uri, item.range))),
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


async def search(server: Server, params: protocol.SearchParams) -> protocol.SearchResult:
    """Find the best places for a query."""
    await server.buffers_parsed()
    limit = SEARCH_LIMIT if params.limit is None else params.limit
    if not 1 <= limit <= MAX_SEARCH_LIMIT:
        raise UsageError(f"limit must be between 1 and {MAX_SEARCH_LIMIT}, not {limit}")
    return await asyncio.to_thread(_search, server, params.query, limit, _filter(params.scope))


def _search(server: Server, query: str, limit: int, where: Filter) -> protocol.SearchResult:
    patience = PATIENCE_WHILE_TYPING * server.session.settings.upgrade_patience / max(len(server.session.roots), 1)
    found = [
        (root, hit) for root in server.session.roots for hit in root.search(query, limit, where, patience=patience)
    ]
    found.sort(key=lambda item: -item[1].score)
    ranges = _Ranges(server)
    return protocol.SearchResult(
        hits=tuple(
            protocol.SearchHit(
                uri=_uri(root, hit.path),
                range=ranges(root, hit.path, hit.start_line, hit.end_line),
                kind=hit.kind,
                name=hit.name,
                qualified_name=hit.qualified_name,
                score=hit.score,
                why=hit.why,
            )
            for root, hit in found[:limit]
        )
    )


async def reindex(server: Server, params: protocol.ReindexParams | None) -> None:
    """Compare the index with the disk; done when that is."""
    wanted = params.root if params is not None else None
    futures = [live.rescan() for uri, live in server.workspaces if wanted is None or uri == wanted]
    if wanted is not None and not futures:
        raise UsageError(f"{wanted} is not an open workspace folder")
    server.status_changed()
    if futures:
        await asyncio.wait([asyncio.wrap_future(future) for future in futures])


def _register_custom(server: Server) -> None:
    @server.feature(protocol.ASK)
    async def on_ask(params: protocol.AskParams) -> protocol.AskResult:
        return await ask(server, params)

    @server.feature(protocol.EXPLAIN)
    async def on_explain(params: protocol.ExplainParams) -> protocol.AskResult:
        return await explain(server, params)

    @server.feature(protocol.SEARCH)
    async def on_search(params: protocol.SearchParams) -> protocol.SearchResult:
        return await search(server, params)

    @server.feature(protocol.STATUS)
    def on_status(_: protocol.StatusParams | None) -> protocol.StatusResult:
        return status_of(server)

    @server.feature(protocol.REINDEX)
    async def on_reindex(params: protocol.ReindexParams | None) -> None:
        await reindex(server, params)


# Language features


def resolve(server: Server, uri: str, position: types.Position) -> tuple[LiveRoot, Described] | None:
    """The symbol at a position: the definition there, or the one that the word there refers to."""
    located = server.workspaces.locate(uri)
    if located is None:
        return None
    live, path = located
    document = server.document(uri)
    try:
        line, _ = document.index_at(position)
        word = document.word_at(position)
    except OSError:
        return None
    described = describe(live.root, path, line, word)
    return (live, described) if described is not None else None


def _hover(server: Server, params: types.HoverParams) -> types.Hover | None:
    if not server.configuration.options.hover:
        return None
    uri, position = params.text_document.uri, params.position
    document = server.document(uri)
    try:
        if not document.word_at(position):
            return None
    except OSError:
        return None
    found = resolve(server, uri, position)
    if found is None:
        return None
    live, described = found
    explanation = server.answerer.explained(live.root, described.entry)
    links = [(title, command) for title, command in ACTIONS[:2]]
    text = hover_text(described, explanation, uri, position, links, _uri(live.root, described.entry.path))
    return types.Hover(contents=types.MarkupContent(types.MarkupKind.Markdown, text))


def _arguments(uri: str, position: types.Position) -> list[Any]:
    return [{"uri": uri, "position": {"line": position.line, "character": position.character}}]


def _code_actions(server: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
    uri, position = params.text_document.uri, params.range.start
    # Ours are of no kind: a client that asks for quick fixes or refactorings alone does not want them.
    if params.context.only and types.CodeActionKind.Empty not in params.context.only:
        return []
    try:
        if not server.document(uri).word_at(position) or resolve(server, uri, position) is None:
            return []
    except OSError:
        return []
    return [
        types.CodeAction(
            title=title,
            kind=types.CodeActionKind.Empty,
            data={"command": command, "uri": uri, "line": position.line, "character": position.character},
        )
        for title, command in ACTIONS
    ]


def _resolve_action(action: types.CodeAction) -> types.CodeAction:
    data = action.data
    if isinstance(data, dict) and data.get("command") in CLIENT_COMMANDS:
        position = types.Position(int(data["line"]), int(data["character"]))
        action.command = types.Command(
            action.title, str(data["command"]), arguments=_arguments(str(data["uri"]), position)
        )
    return action


def _register_language(server: Server) -> None:
    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def on_hover(params: types.HoverParams) -> types.Hover | None:
        return _hover(server, params)

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.Empty], resolve_provider=True),
    )
    def on_code_action(params: types.CodeActionParams) -> list[types.CodeAction]:
        return _code_actions(server, params)

    @server.feature(types.CODE_ACTION_RESOLVE)
    def on_resolve(action: types.CodeAction) -> types.CodeAction:
        return _resolve_action(action)

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS, types.CodeLensOptions(resolve_provider=True))
    async def on_code_lens(params: types.CodeLensParams) -> list[types.CodeLens]:
        if not server.configuration.options.code_lens:
            return []
        return await asyncio.to_thread(_lenses, server, params.text_document.uri)

    @server.feature(types.CODE_LENS_RESOLVE)
    async def on_resolve_lens(lens: types.CodeLens) -> types.CodeLens:
        return await asyncio.to_thread(_resolve_lens, server, lens)

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    async def on_document_symbol(params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
        await server.buffers_parsed()
        located = server.workspaces.locate(params.text_document.uri)
        if located is None:
            return []
        live, path = located
        ranges = _Ranges(server)
        return await asyncio.to_thread(document_symbols, live.root, path, lambda a, b: ranges(live.root, path, a, b))

    @server.feature(types.WORKSPACE_SYMBOL)
    async def on_workspace_symbol(params: types.WorkspaceSymbolParams) -> list[types.WorkspaceSymbol]:
        return await asyncio.to_thread(_workspace_symbols, server, params.query)


def _workspace_symbols(server: Server, query: str) -> list[types.WorkspaceSymbol]:
    ranges = _Ranges(server)
    return [
        types.WorkspaceSymbol(
            name=entry.name,
            kind=symbol_kind(entry.kind),
            container_name=entry.qualified_name.rpartition(".")[0] or entry.path,
            location=types.Location(_uri(root, entry.path), ranges(root, entry.path, entry.name_line, entry.name_line)),
        )
        for root in server.session.roots
        for entry in root.names_like(query, SYMBOLS_LIMIT)
    ]


def _lenses(server: Server, uri: str) -> list[types.CodeLens]:
    located = server.workspaces.locate(uri)
    if located is None:
        return []
    live, path = located
    lenses = []
    for entry in live.root.entries_in(path):
        if entry.part or entry.kind in ("block", "section", "key", "rule", "element") or not entry.name:
            continue
        place = types.Position(entry.name_line - 1, 0)
        data = {"uri": uri, "line": place.line, "name": entry.name}
        lenses.append(types.CodeLens(types.Range(place, place), data=data))
    return lenses


def _resolve_lens(server: Server, lens: types.CodeLens) -> types.CodeLens:
    data = lens.data if isinstance(lens.data, dict) else {}
    located = server.workspaces.locate(str(data.get("uri", "")))
    if located is None:
        return lens
    count = located[0].root.reference_count(str(data.get("name", "")))
    uses = "no use" if count == 0 else "1 use" if count == 1 else f"{count:,} uses"
    lens.command = types.Command(
        f"{uses} · explain", COMMAND_EXPLAIN, arguments=_arguments(str(data["uri"]), lens.range.start)
    )
    return lens


# Commands, for editors without an extension of ours


def _command_place(arguments: object) -> tuple[str, types.Position]:
    if isinstance(arguments, dict):
        place = arguments.get("position")
        if isinstance(arguments.get("uri"), str) and isinstance(place, dict):
            try:
                return arguments["uri"], types.Position(int(place["line"]), int(place["character"]))
            except (KeyError, TypeError, ValueError):
                pass
    raise UsageError('the argument must be {"uri": ..., "position": {"line": ..., "character": ...}}')


def _register_commands(server: Server) -> None:
    plain: Callable[[Any], Any] = server.protocol._converter.unstructure  # noqa: SLF001 - as above

    @server.command(COMMAND_EXPLAIN)
    async def on_explain(arguments: Any = None, *_: Any) -> Any:
        uri, position = _command_place(arguments)
        params = protocol.ExplainParams(text_document=types.TextDocumentIdentifier(uri), position=position)
        return plain(await explain(server, params))

    @server.command(COMMAND_ASK)
    async def on_ask(arguments: Any = None, *_: Any) -> Any:
        uri, position = _command_place(arguments)
        question = arguments.get("question") if isinstance(arguments, dict) else None
        if not isinstance(question, str) or not question.strip():
            question = "What does this do, and how is it used?"
        params = protocol.AskParams(
            question=question, text_document=types.TextDocumentIdentifier(uri), position=position
        )
        return plain(await ask(server, params))

    @server.command(COMMAND_SIMILAR)
    async def on_similar(arguments: Any = None, *_: Any) -> Any:
        uri, position = _command_place(arguments)
        found = await asyncio.to_thread(resolve, server, uri, position)
        if found is None:
            raise SymbolNotFoundError("there is no indexed symbol at this place")
        live, described = found
        query = similar_query(described.entry)
        result = await asyncio.to_thread(_search, server, query, SEARCH_LIMIT + 1, Filter())
        here = _uri(live.root, described.entry.path)
        hits = [hit for hit in result.hits if hit.uri != here or hit.qualified_name != described.entry.qualified_name]
        return plain(attrs.evolve(result, hits=tuple(hits[:SEARCH_LIMIT])))

    @server.command(COMMAND_REINDEX)
    async def on_reindex(*_: Any) -> None:
        await reindex(server, None)


def similar_query(entry: StoredEntry) -> str:
    """A query for code like an entry: its name in words, how it is declared, what it says of itself."""
    from glossator.index.terms import split_identifier

    return " ".join([*split_identifier(entry.name), entry.signature, entry.doc[:300]])
