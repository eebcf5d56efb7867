"""The arguments of every command, and their help."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from glossator import __version__
from glossator.cli.argument_parser import (
    CommandParser,
    HelpText,
    add_command,
    add_common,
    add_index_dir,
    add_log_level,
    add_repeated,
    add_value,
    examples_text,
    positive,
)

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """The command and its arguments; ends the process after `--help`, `--version` and wrong usage."""
    chosen, unknown = _parser(argv[0] if argv else "").parse_known_args(argv)
    if unknown:
        chosen.parser.error(f"unknown argument {unknown[0]!r}")
    return chosen


def _parser(command: str) -> argparse.ArgumentParser:
    """The parser of one command's arguments; of all commands', unless it is one of them.

    Making all takes a tenth of the time of a first search.
    """
    parser = CommandParser(
        prog="glossator",
        usage="glossator [--version] COMMAND ...",
        description="Answer questions about code, on your own machine.",
        epilog=examples_text(
            (
                ('glossator ask "How are retries done?"', "an answer with the places that it rests on"),
                ("glossator COMMAND --help", "the options of a command, with examples"),
            )
        ),
        formatter_class=HelpText,
    )
    parser.add_argument("--version", action="version", version=f"glossator {__version__}", help="show the version")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands", required=True)
    for add in [_ADDED_BY[command]] if command in _ADDED_BY else _ADDED_BY.values():
        add(commands)
    return parser


def _add_index(commands: argparse._SubParsersAction[Any]) -> None:
    index = add_command(
        commands,
        "index",
        "[OPTIONS]",
        "Index a folder, or update its index.",
        "`search`, `ask`, `explain`, `uses` and `history` update the index by themselves. Only what has changed is "
        "read again; an interrupted run carries on where it stopped.",
        (
            ("glossator index", "index the current folder"),
            ("glossator index --root ~/src/app", "index another folder"),
        ),
    )
    add_common(index)


def _add_search(commands: argparse._SubParsersAction[Any]) -> None:
    search = add_command(
        commands,
        "search",
        "[OPTIONS] QUERY",
        "Search for symbols by name, in words, or by a question.",
        "",
        (
            ('glossator search "retry with backoff"', "symbols that do this, whatever they are called"),
            ("glossator search ConnectionPool.get", "a name"),
            ('glossator search "line 17 of a.py"', "what is at a place; a pasted stack trace works too"),
            ("glossator search --include 'a/**' get", "only in the folder a"),
            ("glossator search --kind class cart", "only classes"),
        ),
    )
    search.add_argument("query", nargs="?", metavar="QUERY", help="words, a name, an error message or a question")
    add_value(search, "-k", "--limit", default=10, text="show N hits")
    search.add_argument(
        "--queries",
        metavar="FILE",
        help='run many queries, one JSON object {"id", "query"} on each line of FILE; needs --json',
    )
    add_common(search, team="search it too")
    _add_scope(search)


def _add_ask(commands: argparse._SubParsersAction[Any]) -> None:
    ask = add_command(
        commands,
        "ask",
        "[OPTIONS] QUESTION",
        "Answer a question about the code.",
        "A local language model writes the answer if one is installed (see `glossator models --help`); "
        "otherwise the answer is made from the index alone. The places it cites are checked.",
        (
            ('glossator ask "Where are files read?"', "about the current folder"),
            ('glossator ask --no-model "Who locks?"', "from the index alone, in a second"),
            ("glossator ask --exclude 'tests/**' ...", "leave the tests out"),
        ),
    )
    ask.add_argument("question", metavar="QUESTION", help="a question in your own words")
    add_common(ask)
    _add_answering(ask)
    _add_scope(ask)


def _add_explain(commands: argparse._SubParsersAction[Any]) -> None:
    explain = add_command(
        commands,
        "explain",
        "[OPTIONS] TARGET",
        "Explain a symbol, the code at a line, or a file.",
        "TARGET is a name or a place, in any form that editors, compilers and GitHub write: "
        "Class.method, Class::method, Class#method, name(), FILE, FILE:LINE, FILE:LINE:COLUMN, FILE:FIRST-LAST, "
        "FILE#L17, FILE#L17-L20, FILE::name.",
        (
            ("glossator explain ConnectionPool.get", "a symbol by its name"),
            ("glossator explain src/pool.py:120", "the symbol around a line"),
            ("glossator explain src/pool.py", "a file: what it is for and what is in it"),
        ),
    )
    explain.add_argument("target", metavar="TARGET", help="a name or a place, see above")
    add_common(explain)
    _add_answering(explain)


def _add_uses(commands: argparse._SubParsersAction[Any]) -> None:
    uses = add_command(
        commands,
        "uses",
        "[OPTIONS] NAME",
        "Show where a symbol is used.",
        "Every call, assignment, import and other mention that leads to the symbol, grouped by kind, with the line of "
        "code. Places whose receiver is not known come last: their name fits. NAME is written as for `explain`; of "
        "several definitions of a name, all are shown. FILE:LINE:COLUMN is the symbol that the name there refers to.",
        (
            ("glossator uses ConnectionPool.get", "where it is used"),
            ("glossator uses get --path src/pool.py", "the one that is defined in this file"),
            ("glossator uses MAX_SIZE --kind write", "where it is assigned to"),
            ("glossator uses retry --depth 3", "its callers, their callers, and theirs"),
            ("glossator uses main --callees", "what it uses itself"),
        ),
    )
    uses.add_argument("name", metavar="NAME", help="a name or a place, as for `explain`")
    uses.add_argument("--path", metavar="FILE", help="only definitions in this file")
    add_repeated(
        uses,
        "--kind",
        "only these kinds of uses: call, type, base, decorator, import, export, value, read, write, attribute, "
        "name, template, override",
        "KIND,...",
    )
    add_value(uses, "--depth", default=1, text="show callers of callers, N levels")
    uses.add_argument("--callees", action="store_true", help="show what NAME uses, instead of what uses it")
    add_value(uses, "-k", "--limit", default=200, text="list N places; JSON has all")
    add_common(uses)


def _add_history(commands: argparse._SubParsersAction[Any]) -> None:
    history = add_command(
        commands,
        "history",
        "[OPTIONS] TARGET",
        "Show the commits that touched a symbol, lines, a file or a folder.",
        "The newest come first, each with its date, author, subject, first paragraph and the lines that it touched, "
        "numbered as they were then. TARGET is written as for `explain`, or is a folder. The setting history_commits "
        "limits how many of the newest commits are looked at.",
        (
            ("glossator history ConnectionPool.get", "the commits that touched a symbol"),
            ("glossator history src/pool.py:120-140", "those that touched these lines"),
            ("glossator history src --limit 50", "what changed in a folder lately"),
        ),
    )
    history.add_argument("target", metavar="TARGET", help="a name, a place or a folder, see above")
    add_value(history, "-k", "--limit", default=20, text="show the N newest commits")
    add_common(history)


def _add_status(commands: argparse._SubParsersAction[Any]) -> None:
    status = add_command(
        commands,
        "status",
        "[OPTIONS]",
        "Show what is indexed, and which files were skipped and why.",
        "",
        (
            ("glossator status", "the index of the current folder and the model in use"),
            ("glossator status --skipped", "list every file that was skipped"),
        ),
    )
    status.add_argument("--skipped", action="store_true", help="list every skipped file with the reason")
    add_common(status)


def _add_forget(commands: argparse._SubParsersAction[Any]) -> None:
    forget = add_command(
        commands,
        "forget",
        "[OPTIONS]",
        "Delete all that is kept of a folder, or of all folders.",
        "The code is left alone. A folder that is gone can be named too; the next command that needs an index builds "
        "it again. An index that an editor is writing is kept: the editor can delete it. What `glossator adapt` has "
        "learned from the folder is deleted too.",
        (
            ("glossator forget", "delete the index of the current folder, and every other trace of it"),
            ("glossator forget --root ~/src/gone", "of another folder, even of one that no longer exists"),
            ("glossator forget --all", "of all folders"),
        ),
    )
    forget.add_argument("--all", action="store_true", help="delete what is kept of all folders, whatever --root says")
    add_common(forget, team="unused")


def _add_serve(commands: argparse._SubParsersAction[Any]) -> None:
    serve = add_command(
        commands,
        "serve",
        "[OPTIONS]",
        "Run the language server for an editor.",
        "Editors start this command themselves; docs/editors.md describes how to set them up.",
        (
            ("glossator serve", "speak LSP over stdin and stdout"),
            ("glossator serve --tcp 2087", "wait for one client on port 2087 of this machine"),
        ),
    )
    serve.add_argument("--stdio", action="store_true", help="use stdin and stdout (the default)")
    serve.add_argument("--tcp", type=int, metavar="PORT", help="listen on this port of the loopback interface instead")
    add_index_dir(serve)
    add_log_level(serve)


def _add_mcp(commands: argparse._SubParsersAction[Any]) -> None:
    mcp = add_command(
        commands,
        "mcp",
        "[OPTIONS] | ACTION ...",
        "Serve coding agents over the Model Context Protocol, or set them up.",
        "Without an action it speaks MCP over stdin and stdout; agents start it themselves. docs/agents.md describes "
        "the tools.",
        (
            ("glossator mcp install", "set up the agents that are found on this machine; shows each change first"),
            ("glossator mcp install codex zed", "set up these"),
            ("glossator mcp uninstall", "undo it"),
            ("glossator mcp instructions >> AGENTS.md", "tell agents when to use which tool"),
            ("glossator mcp --root ~/src/app", "serve this folder, whatever the client names"),
        ),
    )
    mcp.add_argument(
        "--root",
        action="append",
        metavar="DIR",
        help="a folder with code; may be repeated (default: those that the client names, else the current one)",
    )
    add_index_dir(mcp)
    add_log_level(mcp)
    mcp.set_defaults(action=None)
    actions = mcp.add_subparsers(dest="action", metavar="ACTION", title="actions", required=False)
    for name, text, more in (
        (
            "install",
            "Have coding agents start the server.",
            (
                "CLIENT is claude-code, codex, cursor, vscode, zed, gemini, windsurf or opencode; without one, those "
                "that are found on this machine. Only Glossator's own entry is touched, and the file as it was is kept."
            ),
        ),
        (
            "uninstall",
            "Undo `glossator mcp install`.",
            "Removes Glossator's entry; a file that has not changed otherwise is as it was before.",
        ),
    ):
        command = add_command(
            actions,
            name,
            "[--dry-run | --yes] [CLIENT ...]",
            text,
            more,
            ((f"glossator mcp {name} --dry-run", "only show what would be changed"),),
            prog=f"glossator mcp {name}",
        )
        command.add_argument("clients", nargs="*", metavar="CLIENT", help="a coding agent, see above")
        command.add_argument("--dry-run", action="store_true", help="show the changes, and make none")
        command.add_argument("--yes", action="store_true", help="make the changes without asking")
    add_command(
        actions,
        "instructions",
        "",
        "Print a text for AGENTS.md that tells agents when to use which tool.",
        prog="glossator mcp instructions",
    )


def _add_models(commands: argparse._SubParsersAction[Any]) -> None:
    from glossator.cli.model_arguments import add_models_command

    add_models_command(commands)


def _add_runtime(commands: argparse._SubParsersAction[Any]) -> None:
    from glossator.cli.model_arguments import add_runtime_command

    add_runtime_command(commands)


def _add_adapt(commands: argparse._SubParsersAction[Any]) -> None:
    from glossator.cli.adapt_arguments import add_adapt_command

    add_adapt_command(commands)


def _add_team(commands: argparse._SubParsersAction[Any]) -> None:
    from glossator.cli.team_arguments import add_team_command

    add_team_command(commands)


def _add_doctor(commands: argparse._SubParsersAction[Any]) -> None:
    doctor = add_command(
        commands,
        "doctor",
        "[OPTIONS]",
        "Diagnose the installation and suggest fixes.",
        "Everything is tried for real: the folders, the parsers, the index, the model. The exit status is 1 if "
        "something does not work.",
        (
            ("glossator doctor", "check everything"),
            ("glossator doctor --json", "the same for a bug report or a script"),
        ),
    )
    add_common(doctor)


def _add_answering(command: argparse.ArgumentParser) -> None:
    command.add_argument("--model", help="the language model: an installed one's name, or a GGUF file")
    command.add_argument("--no-model", action="store_true", help="answer from the index alone")
    command.add_argument("--max-tokens", type=positive, metavar="N", help="end the answer after N tokens")


def _add_scope(command: argparse.ArgumentParser) -> None:
    scope = command.add_argument_group(
        "scope", r"Each may be repeated. A GLOB's special characters are escaped with a backslash: 'app/\[id\]/**'."
    )
    add_repeated(scope, "--include", "only paths that match", "GLOB")
    add_repeated(scope, "--exclude", "no paths that match", "GLOB")
    add_repeated(scope, "--language", "only this language", "NAME")
    add_repeated(scope, "--kind", "only this kind: function, class, ...")


_ADDED_BY: dict[str, Callable[[Any], None]] = {
    "index": _add_index,
    "search": _add_search,
    "ask": _add_ask,
    "explain": _add_explain,
    "uses": _add_uses,
    "history": _add_history,
    "status": _add_status,
    "forget": _add_forget,
    "serve": _add_serve,
    "mcp": _add_mcp,
    "models": _add_models,
    "runtime": _add_runtime,
    "adapt": _add_adapt,
    "team": _add_team,
    "doctor": _add_doctor,
}
"""What adds each command, in the order of the help."""
