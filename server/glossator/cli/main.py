"""The command line: arguments, output and exit status.

Exit status: 0; 1 for a failure, told in one line on stderr; 2 for wrong usage. With `--json` stdout carries JSON alone.
Everything heavy is imported by the command that needs it, so that `--help` is there at once.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glossator import __version__
from glossator.errors import CancelledByUser, GlossatorError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Sequence

    from glossator.answers.answerer import Answer, Answerer, Listener
    from glossator.index.indexer import Progress
    from glossator.index.store import Filter
    from glossator.project.session import Session
    from glossator.settings import Settings

FAILURE = 1
WRONG_USAGE = 2
INTERRUPTED = 130
"""What a shell reports for a program ended by Ctrl-C."""

SLOW_UPDATE_SECONDS = 1.0
"""Bringing the index up to date is mentioned when it takes longer than this."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glossator",
        description="Answers questions about code, on your own machine.",
        epilog="Each command has its own --help.",
    )
    parser.add_argument("--version", action="version", version=f"glossator {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def add(name: str, text: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(run=run)
        return command

    def common(command: argparse.ArgumentParser) -> None:
        command.add_argument("--root", default=".", help="the folder that the code is in (default: the current one)")
        command.add_argument("--index-dir", help="folder that holds the indexes (default: the user's cache folder)")
        command.add_argument("--json", action="store_true", help="print JSON alone on stdout")

    def scope(command: argparse.ArgumentParser) -> None:
        group = command.add_argument_group("scope")
        group.add_argument("--include", action="append", default=[], metavar="GLOB", help="only paths that match")
        group.add_argument("--exclude", action="append", default=[], metavar="GLOB", help="no paths that match")
        group.add_argument("--language", action="append", default=[], help="only this language (may be repeated)")
        group.add_argument("--kind", action="append", default=[], help="only this kind: function, class, ...")

    def answering(command: argparse.ArgumentParser) -> None:
        command.add_argument("--model", help="a GGUF chat model: a path, or the name of an installed one")
        command.add_argument("--no-model", action="store_true", help="answer from the index alone")
        command.add_argument("--max-tokens", type=int, help="longest answer, in tokens")

    index = add("index", "Index a folder, or bring its index up to date.", _index)
    common(index)

    search = add("search", "Find the symbols that fit a query best.", _search)
    common(search)
    search.add_argument("-k", "--limit", type=_positive, default=10, help="how many hits (default 10)")
    search.add_argument("--queries", metavar="FILE", help='JSON lines of {"id", "query"}; one JSON line out for each')
    search.add_argument("query", nargs="?", help="words, names, an error message, a question")
    scope(search)

    ask = add("ask", "Answer a question about the code.", _ask)
    common(ask)
    answering(ask)
    scope(ask)
    ask.add_argument("question")

    explain = add("explain", "Explain the symbol at a place or of a name.", _explain)
    common(explain)
    answering(explain)
    explain.add_argument("target", metavar="FILE:LINE | QUALIFIED_NAME")

    status = add("status", "Tell what the index holds, and what was skipped and why.", _status)
    common(status)
    status.add_argument("--skipped", action="store_true", help="list every skipped file")

    serve = add("serve", "Run the language server.", _serve)
    serve.add_argument("--tcp", type=int, metavar="PORT", help="listen on this loopback port instead of stdio")
    serve.add_argument("--stdio", action="store_true", help="speak over stdin and stdout (the default)")
    serve.add_argument("--index-dir", help="folder that holds the indexes (default: the user's cache folder)")
    serve.add_argument("--log-level", default="info", choices=["error", "warning", "info", "debug"])

    models = add("models", "List, fetch and choose language models.", _models)
    models.add_argument("--json", action="store_true", help="print JSON alone on stdout")
    actions = models.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser("list", help="the catalogue, what is installed, and what fits this machine")
    pull = actions.add_parser("pull", help="download a model of the catalogue")
    pull.add_argument("name")
    pull.add_argument("--yes", action="store_true", help="accept the model's licence without being asked")
    register = actions.add_parser("add", help="register a GGUF file that is already here")
    register.add_argument("path")
    register.add_argument("--name", help="default: the file's name")
    for name, text in (
        ("use", "answer with this model from now on"),
        ("remove", "delete a downloaded model, or forget a registered one"),
        ("verify", "compare an installed model with its checksum"),
    ):
        actions.add_parser(name, help=text).add_argument("name")
    for action in actions.choices.values():
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON alone")

    doctor = add("doctor", "Check everything that could be wrong, and tell the cure.", _doctor)
    common(doctor)
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def run(argv: Sequence[str]) -> int:
    """Run one command; returns the exit status."""
    for stream in (sys.stdout, sys.stderr):
        # Names of files may hold what the terminal's encoding cannot show; that must not end the program.
        if hasattr(stream, "reconfigure"):
            encoding = "utf-8" if not stream.isatty() else stream.encoding
            stream.reconfigure(encoding=encoding, errors="backslashreplace")
    arguments = _parser().parse_args(argv)
    # What is worth telling is told by the commands themselves; the language server sets up logs of its own.
    logging.getLogger("glossator").addHandler(logging.NullHandler())
    try:
        status: int = arguments.run(arguments)
        sys.stdout.flush()
    except UsageError as error:
        print(f"glossator: {error}", file=sys.stderr)
        return WRONG_USAGE
    except (KeyboardInterrupt, CancelledByUser):
        print("glossator: stopped; what is indexed stays", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went away (`| head`): nothing to tell it. Python would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILURE
    except GlossatorError as error:
        print(f"glossator: {' '.join(str(error).split())}", file=sys.stderr)
        return FAILURE
    return status


# What the commands share


def _settings(arguments: argparse.Namespace) -> Settings:
    from glossator.settings import load_settings

    overrides: dict[str, object] = {}
    if getattr(arguments, "index_dir", None):
        overrides["index_dir"] = Path(arguments.index_dir)
    if getattr(arguments, "model", None):
        overrides["model"] = arguments.model
    if getattr(arguments, "max_tokens", None):
        overrides["max_answer_tokens"] = arguments.max_tokens
    return load_settings(overrides)


@contextlib.contextmanager
def _session(arguments: argparse.Namespace) -> Iterator[Session]:
    from glossator.project.session import Session

    session = Session([Path(arguments.root)], _settings(arguments))
    try:
        yield session
    finally:
        session.close()


def _filter(arguments: argparse.Namespace) -> Filter:
    from glossator.index.entries import ENTRY_KINDS
    from glossator.index.store import Filter

    for kind in arguments.kind:
        if kind not in ENTRY_KINDS:
            raise UsageError(f"unknown kind {kind!r}; known are {', '.join(sorted(ENTRY_KINDS))}")
    return Filter(
        include=tuple(arguments.include),
        exclude=tuple(arguments.exclude),
        languages=tuple(arguments.language),
        kinds=tuple(arguments.kind),
    )


def _print_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False))


class _Bar:
    """A progress bar on a terminal; nothing on a pipe."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> _Bar:
        return self

    def __call__(self, progress: Progress) -> None:
        if not sys.stderr.isatty():
            return
        if self._bar is None:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as RichProgress

            self._bar = RichProgress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),  # copes with a total that is not known yet
                TextColumn("files"),
                TextColumn("{task.fields[speed]}"),
                TimeRemainingColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._bar.start()
            self._task = self._bar.add_task(progress.stage, total=None, speed="")
        speed = f"{progress.lines_per_second:,.0f} lines/s" if progress.lines_per_second else ""
        self._bar.update(
            self._task,
            description=progress.stage,
            completed=progress.files_done,
            total=progress.files_total or None,
            speed=speed,
        )

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()


def _bring_up_to_date(session: Session) -> None:
    """Index what changed; say so when that took longer than a second, or could not be done."""
    from glossator.errors import StoreLockedError

    started = time.perf_counter()
    try:
        with _Bar() as bar:
            report = session.root.index(bar, all_cores=True)
    except StoreLockedError as error:
        print(f"glossator: {error}; answering from the index as it stands", file=sys.stderr)
        return
    seconds = time.perf_counter() - started
    if seconds > SLOW_UPDATE_SECONDS:
        print(
            f"index brought up to date: {report.files:,} files, {report.embedded:,} symbols embedded, "
            f"{report.reused:,} reused, {seconds:.1f} s",
            file=sys.stderr,
        )


# The commands


def _index(arguments: argparse.Namespace) -> int:
    with _session(arguments) as session:
        with _Bar() as bar:
            report = session.root.index(bar, all_cores=True)
        if arguments.json:
            _print_json(
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
        else:
            print(
                f"{report.files:,} files, {report.lines:,} lines, {report.symbols:,} symbols "
                f"({report.embedded:,} embedded, {report.reused:,} reused) in {report.seconds:.1f} s"
            )
            if report.skipped:
                print(f"{len(report.skipped):,} files skipped; `glossator status --skipped` lists them")
    return 0


def _search(arguments: argparse.Namespace) -> int:
    if (arguments.query is None) == (arguments.queries is None):
        raise UsageError("give either a QUERY or --queries FILE")
    if arguments.queries is not None and not arguments.json:
        raise UsageError("--queries prints JSON lines: add --json")
    where = _filter(arguments)
    queries = _read_queries(Path(arguments.queries)) if arguments.queries is not None else None
    with _session(arguments) as session:
        _bring_up_to_date(session)
        if queries is not None:
            for identifier, query in queries:
                try:
                    result = _search_once(session, query, arguments.limit, where)
                except UsageError as error:  # one bad query must not cost the others
                    result = {"hits": [], "seconds": 0.0, "error": str(error)}
                _print_json({"id": identifier, **result})
            return 0
        result = _search_once(session, arguments.query, arguments.limit, where)
    if arguments.json:
        _print_json(result)
        return 0
    if not result["hits"]:
        print("nothing found", file=sys.stderr)
    for hit in result["hits"]:
        name = hit["qualified_name"] or hit["name"] or "-"
        print(f"{hit['path']}:{hit['start_line']}-{hit['end_line']}  {hit['kind']} {name}\n    {hit['why']}")
    return 0


def _search_once(session: Session, query: str, limit: int, where: Filter) -> dict[str, Any]:
    started = time.perf_counter()
    hits = session.search(query, limit, where)
    seconds = time.perf_counter() - started
    return {
        "hits": [
            {
                "path": hit.path,
                "start_line": hit.start_line,
                "end_line": hit.end_line,
                "kind": hit.kind,
                "name": hit.name,
                "qualified_name": hit.qualified_name,
                "score": round(hit.score, 6),
                "why": hit.why,
            }
            for hit in hits
        ],
        "seconds": round(seconds, 6),
    }


def _read_queries(path: Path) -> list[tuple[object, str]]:
    try:
        lines = path.read_text("utf-8").splitlines()
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
            raise UsageError(f'{path}:{number}: "query" must be a text')
        queries.append((identifier, query))
    return queries


def _ask(arguments: argparse.Namespace) -> int:
    from glossator.answers.gathering import Question

    if not arguments.question.strip():
        raise UsageError("the question is empty")
    question = Question(arguments.question, where=_filter(arguments))
    with _session(arguments) as session:
        _check_model(session, arguments)
        _bring_up_to_date(session)
        return _answer(
            arguments,
            session,
            lambda answerer, listener: answerer.ask(question, listener, use_model=not arguments.no_model),
        )


def _explain(arguments: argparse.Namespace) -> int:
    with _session(arguments) as session:
        _check_model(session, arguments)
        _bring_up_to_date(session)
        root, entry = session.find(arguments.target)
        return _answer(
            arguments,
            session,
            lambda answerer, listener: answerer.explain(root, entry, listener, use_model=not arguments.no_model),
        )


def _check_model(session: Session, arguments: argparse.Namespace) -> None:
    """A model that does not exist is told before the index is brought up to date, not minutes later."""
    if arguments.model and not arguments.no_model:
        from glossator.model.installed import model_path

        model_path(session.settings)


def _answer(
    arguments: argparse.Namespace,
    session: Session,
    start: Callable[[Answerer, Listener], Coroutine[Any, Any, Answer]],
) -> int:
    """Run an answering coroutine: streamed as text, or whole as JSON."""
    import asyncio

    from glossator.answers.answerer import Answerer, Listener

    def show(text: str) -> None:
        if not arguments.json:
            sys.stdout.write(text)
            sys.stdout.flush()

    async def run() -> Answer:
        async with Answerer(session) as answerer:
            return await start(answerer, Listener(delta=show))

    answer = asyncio.run(run())
    if arguments.json:
        _print_json(
            {
                "answer": answer.answer,
                "citations": [
                    {
                        "path": citation.path,
                        "start_line": citation.start_line,
                        "end_line": citation.end_line,
                        "qualified_name": citation.qualified_name,
                    }
                    for citation in answer.citations
                ],
                "model": answer.model,
                "finish_reason": answer.finish_reason,
                "usage": answer.usage,
            }
        )
        return 0
    if not answer.answer.endswith("\n"):
        print()
    if answer.citations:
        print()
        for citation in answer.citations:
            name = f"  {citation.qualified_name}" if citation.qualified_name else ""
            print(f"[{citation.number}] {citation.path}:{citation.start_line}-{citation.end_line}{name}")
    if answer.finish_reason == "evidence" and not arguments.no_model:
        print("\nA model on this machine answers in prose: `glossator models list` shows those that fit.")
    return 0


def _status(arguments: argparse.Namespace) -> int:
    with _session(arguments) as session:
        status = session.status()
    if arguments.json:
        _print_json(status)
        return 0
    index = status["index"]
    print(f"root      {status['root']}")
    if index["state"] == "absent":
        print("index     none yet: `glossator index` makes it")
    else:
        print(
            f"index     {index['files']:,} files, {index['lines']:,} lines, {index['symbols']:,} symbols, "
            f"{index['size_bytes'] / 1e6:.1f} MB"
        )
        print(f"          in {index['folder']}")
    model = status["model"]
    print(f"model     {model['name'] or 'none: answers come from the index alone (`glossator models list`)'}")
    skipped = index.get("skipped")
    if skipped:
        print(f"skipped   {len(skipped):,} files" + ("" if arguments.skipped else " (--skipped lists them)"))
        if arguments.skipped:
            for item in skipped:
                print(f"          {item['path']}: {item['reason']}")
    return 0


def _serve(arguments: argparse.Namespace) -> int:
    from glossator.lsp.serving import serve

    return serve(_settings(arguments), tcp_port=arguments.tcp, log_level=arguments.log_level)


def _models(arguments: argparse.Namespace) -> int:
    from glossator.cli.models import run_command

    return run_command(arguments, _settings(arguments))


def _doctor(arguments: argparse.Namespace) -> int:
    from glossator.cli.doctor import diagnose

    checks = diagnose(Path(arguments.root), _settings(arguments))
    if arguments.json:
        keys = ("ok", "warning", "detail", "cure")
        _print_json([{"check": check.name} | {key: getattr(check, key) for key in keys} for check in checks])
    else:
        for check in checks:
            print(f"{'ok  ' if check.ok else 'FAIL' if check.failed else 'warn'}  {check.name}: {check.detail}")
            if not check.ok and check.cure:
                print(f"      {'cure' if check.failed else 'better'}: {check.cure}")
    return FAILURE if any(check.failed for check in checks) else 0
