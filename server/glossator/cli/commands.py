"""What each command does: the engine is called, and what it returns is shown as text or JSON."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glossator.cli import terminal
from glossator.cli.updated_index import (
    bring_up_to_date,
    command_settings,
    counted,
    open_session,
    stopped_by_interrupt,
    update_index,
)
from glossator.errors import UsageError
from glossator.workspace.place_text import place_text

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Coroutine

    from glossator.answers.answerer import Answer, Answerer, Listener
    from glossator.answers.evidence import Evidence
    from glossator.index.records import Filter
    from glossator.model.chat import ModelStatus
    from glossator.project.session import Session
    from glossator.retrieval.search import Hit

PLACES_SHOWN = 5
"""Places that are shown on a terminal before the model answers."""
STATUS_INDENT = 10
"""Columns of the labels of `glossator status`."""

# What the commands share


def _filter(arguments: argparse.Namespace) -> Filter:
    from glossator.index.records import Filter

    if arguments.kind:
        from glossator.index.entries import ENTRY_KINDS
    for kind in arguments.kind:
        if kind not in ENTRY_KINDS:
            raise UsageError(f"unknown kind {kind!r}; the kinds are {', '.join(sorted(ENTRY_KINDS))}")
    return Filter(
        include=tuple(arguments.include),
        exclude=tuple(arguments.exclude),
        languages=tuple(arguments.language),
        kinds=tuple(arguments.kind),
    )


# Index and search


def _index(arguments: argparse.Namespace) -> int:
    with open_session(arguments) as session:
        report = update_index(session)
    if arguments.json:
        terminal.show_json(
            {
                "files": report.files,
                "symbols": report.symbols,
                "embedded": report.embedded,
                "reused": report.reused,
                "skipped": [{"path": item.path, "reason": item.reason} for item in report.skipped],
                "seconds": round(report.seconds, 3),
                "lines": report.lines,
            }
        )
        return 0
    terminal.show(
        f"{counted(report.files, 'file')}, {counted(report.lines, 'line')}, {counted(report.symbols, 'symbol')} "
        f"({report.embedded:,} embedded, {report.reused:,} reused) in {report.seconds:.1f} s"
    )
    if report.skipped:
        verb = "was" if len(report.skipped) == 1 else "were"
        terminal.show(
            f"{counted(len(report.skipped), 'file')} {verb} skipped; `glossator status --skipped` shows which and why"
        )
    return 0


def _search(arguments: argparse.Namespace) -> int:
    if arguments.team and "://" not in arguments.team and arguments.query is None:
        arguments.team, arguments.query = "", arguments.team  # `--team QUERY`
    if arguments.server and "://" not in arguments.server and arguments.query is None:
        arguments.server, arguments.query = "", arguments.server  # `--server QUERY`
    if (arguments.query is None) == (arguments.queries is None):
        raise UsageError("give either a QUERY or --queries FILE")
    if arguments.queries is not None and not arguments.json:
        raise UsageError("--queries prints JSON lines: add --json")
    where = _filter(arguments)
    if arguments.server is not None:
        return _search_server(arguments)
    queries = _read_queries(Path(arguments.queries)) if arguments.queries is not None else None
    with open_session(arguments) as session:
        bring_up_to_date(session)
        if queries is not None:
            for identifier, query in queries:
                try:
                    result = _found(session, query, arguments.limit, where)
                except UsageError as error:  # one bad query must not cost the others
                    result = {"hits": [], "seconds": 0.0, "error": str(error)}
                terminal.show_json({"id": identifier, **result})
            return 0
        result = _found(session, arguments.query, arguments.limit, where)
        snapshot = session.root.open()  # an editor that is at its first index may be the writer
        if snapshot is not None and (files := snapshot.store.uncollected()):
            from glossator.answers.use_wording import uncollected_note

            terminal.note(f"glossator: {uncollected_note(files)}")
        if arguments.team is not None:
            result = _with_team(session, result, arguments, where)
    return _show_found(result, arguments)


def _search_server(arguments: argparse.Namespace) -> int:
    from glossator.cli.team_server_commands import search_server

    if arguments.queries is not None or arguments.team is not None:
        raise UsageError("--server takes one QUERY, and cannot be combined with --team")
    return _show_found(search_server(arguments, command_settings(arguments)), arguments)


def _show_found(result: dict[str, Any], arguments: argparse.Namespace) -> int:
    if arguments.json:
        terminal.show_json(result)
        return 0
    if not result["hits"]:
        terminal.note("nothing found")
    for hit in result["hits"]:
        name = hit["qualified_name"] or hit["name"]
        what = f"{hit['kind']} {name}" if name else "lines" if hit["kind"] == "block" else hit["kind"]
        place = place_text(hit["path"], hit["start_line"], hit["end_line"])
        where_from = f"{hit['repository']} {hit['commit'][:12]} " if hit.get("repository") else ""
        terminal.show(f"{where_from}{place}  {what}", hang=4)
        terminal.show(f"    {hit['why']}", hang=4)
    return 0


def _with_team(
    session: Session, result: dict[str, Any], arguments: argparse.Namespace, where: Filter
) -> dict[str, Any]:
    """The result with the hits in the team's other repositories among its own."""
    from glossator.team.team_search import search_team

    started = time.perf_counter()
    root, embedder = session.root.path, session.shared.embedder
    with terminal.ProgressBar() as bar, stopped_by_interrupt() as stopped:

        def show(done: int, total: int) -> None:
            bar.update("Searching the team's repositories", done, total, f"{done}/{total} repositories")

        found, trouble = search_team(
            session.settings, embedder, [root], arguments.query, arguments.limit, where, show, stopped
        )
    for problem in trouble:
        terminal.note(f"glossator: {problem}")
    others = [{**_shown_hit(one.hit), "repository": one.repository, "commit": one.commit} for one in found]
    hits = sorted((*result["hits"], *others), key=lambda hit: -hit["score"])[: arguments.limit]
    return {"hits": hits, "seconds": round(result["seconds"] + time.perf_counter() - started, 6)}


def _found(session: Session, query: str, limit: int, where: Filter) -> dict[str, Any]:
    started = time.perf_counter()
    hits = session.search(query, limit, where)
    seconds = time.perf_counter() - started
    return {
        "hits": [_shown_hit(hit) for hit in hits],
        "seconds": round(seconds, 6),
    }


def _shown_hit(hit: Hit) -> dict[str, Any]:
    return {
        "path": hit.path,
        "start_line": hit.start_line,
        "end_line": hit.end_line,
        "kind": hit.kind,
        "name": hit.name,
        "qualified_name": hit.qualified_name,
        "score": round(hit.score, 6),
        "why": hit.why,
    }


def _read_queries(path: Path) -> list[tuple[object, str]]:
    try:
        lines = path.read_text("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from error
    queries: list[tuple[object, str]] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
            identifier, query = value["id"], value["query"]
        except (ValueError, TypeError, KeyError):
            raise UsageError(f'{path}:{number}: expected a JSON object with "id" and "query"') from None
        if not isinstance(query, str):
            raise UsageError(f'{path}:{number}: "query" must be a string')
        queries.append((identifier, query))
    return queries


# Answers


def _ask(arguments: argparse.Namespace) -> int:
    from glossator.answers.evidence import Question

    if not arguments.question.strip():
        raise UsageError("the question is empty")
    question = Question(arguments.question, where=_filter(arguments), once=True)
    with open_session(arguments) as session:
        _check_model(session, arguments)
        bring_up_to_date(session)
        return _answer(
            arguments,
            session,
            lambda answerer, listener: answerer.ask(question, listener, use_model=not arguments.no_model),
        )


def _explain(arguments: argparse.Namespace) -> int:
    from glossator.project import targets

    with open_session(arguments) as session:
        _check_model(session, arguments)
        targets.check(arguments.target)
        bring_up_to_date(session)
        root, entry = targets.find(session, arguments.target)
        return _answer(
            arguments,
            session,
            lambda answerer, listener: answerer.explain(root, entry, listener, use_model=not arguments.no_model),
        )


def _uses(arguments: argparse.Namespace) -> int:
    from glossator.cli import show_uses
    from glossator.project import targets

    targets.check(arguments.name)
    show_uses.kinds_of(arguments.kind)
    with open_session(arguments) as session:
        bring_up_to_date(session)
        return show_uses.show_uses(session, arguments)


def _history(arguments: argparse.Namespace) -> int:
    from glossator.cli import show_history
    from glossator.project import targets

    targets.check(arguments.target)
    with open_session(arguments) as session:
        bring_up_to_date(session)
        return show_history.show_history(session, arguments)


def _check_model(session: Session, arguments: argparse.Namespace) -> None:
    """A model that does not exist is reported before the index is updated, not minutes later."""
    if arguments.model and not arguments.no_model:
        from glossator.model.installed import model_path

        model_path(session.settings)


class _AnswerView:
    """Shows an answer while it is made, and until it begins what is being waited for."""

    def __init__(self) -> None:
        self._prose = terminal.Prose()
        self._stage = terminal.StageLine()
        self._odd: dict[str, str] = {}
        self.begun = False

    def evidence(self, places: tuple[Evidence, ...]) -> None:
        """Names of files are shown in one line, whatever is in them."""
        for place in places:
            if (shown := terminal.escaped_line(place.path)) != place.path:
                self._odd[place.path] = shown

    def found(self, places: tuple[Evidence, ...], answer: str) -> None:
        """Show on a terminal where the answer will come from, while the model reads."""
        del answer
        if not places or not terminal.is_terminal(sys.stdout):
            return
        self._stage.clear()
        for place in places[:PLACES_SHOWN]:
            where = place_text(place.path, place.start_line, place.end_line)
            name = "" if place.qualified_name == place.path else place.qualified_name
            terminal.show(f"  {where}  {name}".rstrip(), hang=4)
        terminal.show()
        terminal.flush()

    def lead(self, text: str) -> None:
        """Show the index's own answer below one that has turned out to be weak: what is written stays on a screen."""
        from glossator.answers.answerer import WEAK

        told = text.rstrip().removesuffix(WEAK).rstrip()
        self.delta(f"\n\n*The code found does not support most of this. What the index itself says:*\n\n{told}\n")

    def delta(self, text: str) -> None:
        """Show what comes next of the answer."""
        if not self.begun:
            self.begun = True
            self._stage.clear()
        for path, shown in self._odd.items():
            text = text.replace(path, shown)
        self._prose.write(text)

    def stage(self, text: str) -> None:
        """Show what is going on."""
        if not self.begun:
            self._stage.show(text[:1].upper() + text[1:])

    def model(self, status: ModelStatus) -> None:
        """Show how far the model is with loading, or with reading the evidence."""
        if status.progress is None:
            return
        if status.state == "loading":
            self.stage(f"loading {status.name}, {status.progress:.0%}")
        elif status.state == "busy":
            self.stage(str(status.reading or "reading the evidence"))

    def listener(self) -> Listener:
        """What the answerer tells."""
        from glossator.answers.answerer import Listener

        return Listener(self.evidence, self.delta, self.stage, self.lead, self.found)

    def end(self) -> None:
        """Take away what was waited for, and end the answer's last line."""
        self._stage.clear()
        if self.begun:
            self._prose.end()


def _answer(
    arguments: argparse.Namespace,
    session: Session,
    start: Callable[[Answerer, Listener], Coroutine[Any, Any, Answer]],
) -> int:
    """Run an answering coroutine: streamed as text, or whole as JSON."""
    from glossator.answers.answerer import Answerer, Listener
    from glossator.answers.doubts import doubts

    async def run() -> Answer:
        if arguments.json:
            async with Answerer(session) as answerer:
                return await start(answerer, Listener())
        view = _AnswerView()
        try:
            async with Answerer(session, on_model=view.model) as answerer:
                return await start(answerer, view.listener())
        finally:
            view.end()

    import asyncio  # a search does without

    answer = asyncio.run(run())
    if arguments.json:
        terminal.show_json(
            {
                "answer": answer.answer,
                "citations": [
                    {
                        "path": citation.path,
                        "start_line": citation.start_line,
                        "end_line": citation.end_line,
                        "qualified_name": citation.qualified_name,
                        **({"commit": citation.commit.name} if citation.commit is not None else {}),
                    }
                    for citation in answer.citations
                ],
                "model": answer.model,
                "finish_reason": answer.finish_reason,
                "usage": answer.usage,
                **_checked_json(answer),
                **_unused_json(answer),
            }
        )
        return 0
    if answer.citations:
        terminal.show()
        for citation in answer.citations:
            place = place_text(citation.path, citation.start_line, citation.end_line)
            name = "" if citation.qualified_name == citation.path else citation.qualified_name
            commit = f" ({citation.commit.short_name})" if citation.commit is not None else ""
            terminal.show(f"[{citation.number}] {place}  {name}".rstrip() + commit, hang=4)
    if found := doubts(answer):
        terminal.show()
        for line in found:
            terminal.show(f"{line[:1].upper()}{line[1:]}", hang=2)
    reason = session.model_status()["reason"]
    if answer.finish_reason == "evidence" and not arguments.no_model and reason:
        terminal.show()
        terminal.show(f"{reason[:1].upper()}{reason[1:]}.")
    return 0


def _checked_json(answer: Answer) -> dict[str, object]:
    """What the checks of an answer by a model found."""
    if not answer.model:
        return {}
    return {"unsupported": answer.unsupported, "unknown": answer.unknown, "weak": answer.is_weak}


def _unused_json(answer: Answer) -> dict[str, object]:
    """What nothing uses, of an answer that is about that."""
    if not answer.unused:
        return {}
    from glossator.cli.show_uses import symbol_json

    every = [unused for _, unused in answer.unused]
    listed = [
        {
            **symbol_json(one.symbol),
            "end_line": one.symbol.end_line,
            "visibility": one.visibility,
            "test": one.test,
            "members": one.members,
        }
        for unused in every
        for one in unused.symbols
    ]
    examined, left = sum(one.examined for one in every), sum(one.left for one in every)
    unreached = sum(one.unreached for one in every)
    return {"unused": listed, "examined": examined, "not_examined": left, "files_not_reached": unreached}


# Status and the rest


def _status(arguments: argparse.Namespace) -> int:
    with open_session(arguments) as session:
        status = session.status()
    if arguments.json:
        terminal.show_json(status)
        return 0

    def row(label: str, text: str) -> None:
        terminal.show(f"{label:{STATUS_INDENT}}{text}", hang=STATUS_INDENT)

    index = status["index"]
    row("root", status["root"])
    if index["state"] == "absent":
        row("index", "none yet; `glossator index` creates it")
    elif index["state"] == "failed":
        row("index", index["message"])
    else:
        megabytes = index["size_bytes"] / 1e6
        row(
            "index",
            f"{counted(index['files'], 'file')}, {counted(index['lines'], 'line')}, "
            f"{counted(index['symbols'], 'symbol')}, {megabytes:.1f} MB",
        )
        row("", f"in {index['folder']}")
    if team := status.get("team"):
        started = f"started from {team['repository']} at {team['commit'][:12]}" if team["mounted"] else ""
        unused = "not asked yet" if index["state"] == "absent" else "not used: there was an index already"
        row("team", f"{team['url']}: {started or team['reason'] or unused}")
    model = status["model"]
    row("model", model["name"] or "none: answers come from the index alone")
    if model["reason"]:
        row("", model["reason"])
    skipped = index.get("skipped")
    if skipped:
        row("skipped", counted(len(skipped), "file") + ("" if arguments.skipped else " (--skipped lists them)"))
        if arguments.skipped:
            for item in skipped:
                row("", f"{item['path']}: {item['reason']}")
    return 0


def _forget(arguments: argparse.Namespace) -> int:
    from glossator.answers.forgetting import forget_all, forget_folder

    settings = command_settings(arguments)
    root = Path(arguments.root)
    forgotten = forget_all(settings) if arguments.all else forget_folder(settings, root)
    if arguments.json:
        terminal.show_json(
            {
                "removed": [
                    {"path": str(one.path), "size_bytes": one.size_bytes, "what": one.what} for one in forgotten.removed
                ],
                "kept": [{"path": str(path), "reason": reason} for path, reason in forgotten.kept],
            }
        )
        return 1 if forgotten.kept else 0
    for one in forgotten.removed:
        terminal.show(f"removed {one.path}, {one.size_bytes / 1e6:.1f} MB ({one.what})", hang=4)
    if not forgotten.removed and not forgotten.kept:
        terminal.show("there are no indexes" if arguments.all else f"{root.absolute()} has no index", hang=4)
    if forgotten.removed:
        terminal.show("Models and settings, which hold nothing of your code, are kept.")
    for path, reason in forgotten.kept:
        terminal.note(f"glossator: {path} is kept: {reason}")
    return 1 if forgotten.kept else 0


def _serve(arguments: argparse.Namespace) -> int:
    import sys

    from glossator.lsp.serving import serve

    if arguments.tcp is None and sys.stdin is not None and terminal.is_terminal(sys.stdin):
        terminal.note(
            "glossator: the language server is waiting for an editor on stdin; editors start it themselves. "
            "Press Ctrl-C to stop it."
        )
    return serve(command_settings(arguments), tcp_port=arguments.tcp, log_level=arguments.log_level)


def _mcp(arguments: argparse.Namespace) -> int:
    if arguments.action:
        from glossator.cli.agent_clients_commands import run_client_action

        return run_client_action(arguments)
    from glossator.mcp_server.agent_server import serve_agents

    if sys.stdin is not None and terminal.is_terminal(sys.stdin):
        terminal.note(
            "glossator: the server is waiting for a coding agent on stdin; agents start it themselves (set up by "
            "`glossator mcp install`). Press Ctrl-C to stop it."
        )
    serve_agents(command_settings(arguments), [Path(folder) for folder in arguments.root or ()], arguments.log_level)
    return 0


def _adapt(arguments: argparse.Namespace) -> int:
    if arguments.action == "retriever":
        from glossator.cli.adapt_retriever_command import run_adapt_retriever

        return run_adapt_retriever(arguments)
    from glossator.cli.adapt_command import run_adapt

    return run_adapt(arguments, command_settings(arguments))


def _models(arguments: argparse.Namespace) -> int:
    from glossator.cli.models import run_action

    return run_action(arguments, command_settings(arguments))


def _runtime(arguments: argparse.Namespace) -> int:
    from glossator.cli.runtime_command import run_runtime

    return run_runtime(arguments, command_settings(arguments))


def _doctor(arguments: argparse.Namespace) -> int:
    from glossator.cli.doctor import diagnose

    checks = diagnose(Path(arguments.root), command_settings(arguments))
    if arguments.json:
        keys = ("ok", "warning", "detail", "cure")
        terminal.show_json([{"check": check.name} | {key: getattr(check, key) for key in keys} for check in checks])
    else:
        for check in checks:
            verdict = "ok  " if check.ok else "FAIL" if check.failed else "warn"
            terminal.show(f"{verdict}  {check.name}: {check.detail}", hang=6)
            if not check.ok and check.cure:
                terminal.show(f"      {'fix' if check.failed else 'better'}: {check.cure}", hang=8)
    return 1 if any(check.failed for check in checks) else 0


def _team(arguments: argparse.Namespace) -> int:
    from glossator.cli.team_commands import run_team_action

    return run_team_action(arguments, command_settings(arguments))


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "index": _index,
    "search": _search,
    "ask": _ask,
    "explain": _explain,
    "uses": _uses,
    "history": _history,
    "status": _status,
    "forget": _forget,
    "serve": _serve,
    "mcp": _mcp,
    "models": _models,
    "runtime": _runtime,
    "adapt": _adapt,
    "team": _team,
    "doctor": _doctor,
}
"""Each returns the exit status."""
