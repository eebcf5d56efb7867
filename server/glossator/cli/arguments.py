"""The arguments of every command, and their help."""

from __future__ import annotations

import argparse
import difflib
import re
import shutil
import textwrap
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from glossator import __version__
from glossator.cli import terminal
from glossator.cli.adapt_arguments import add_model_actions, add_owner
from glossator.cli.team_arguments import add_team_command

if TYPE_CHECKING:
    from collections.abc import Sequence

_RUNTIME_DEVICES = ("cpu", "cuda", "rocm", "metal", "vulkan")
"""As in `model.runtime_wheels`, which is not imported for the sake of a help text."""
WIDEST_HELP = 100
"""Columns of the longest line of a help text."""

Examples = tuple[tuple[str, str], ...]
"""Command lines, and what each is for."""


class _Formatter(argparse.HelpFormatter):
    """Help that fits the terminal: text is wrapped, command lines in examples are not."""

    def __init__(self, prog: str) -> None:
        width = min(shutil.get_terminal_size().columns - 1, WIDEST_HELP)
        super().__init__(prog, max_help_position=min(26, max(width // 3, 17)), width=max(width, 24))

    def _format_usage(self, *arguments: Any) -> str:
        usage = super()._format_usage(*arguments).rstrip("\n")
        return "\n".join(terminal.wrapped(usage, self._width, hang=4)) + "\n\n"

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        filled = []
        for line in text.splitlines():
            body = line.lstrip()
            lead = indent + " " * (len(line) - len(body))
            if body and not body.startswith("glossator "):
                wrapper = textwrap.TextWrapper(width, lead, lead, break_long_words=False, break_on_hyphens=False)
                filled.extend(wrapper.wrap(body))
            else:
                filled.append(lead + body)
        return "\n".join(filled)


class _Parser(argparse.ArgumentParser):
    """A parser that says in one line what is wrong, and writes nothing to the terminal as it came."""

    def _print_message(self, message: str, file: object = None) -> None:
        del file
        if message:
            terminal.show_help(message)

    def error(self, message: str) -> NoReturn:
        if wrong := re.match(r"argument (?:COMMAND|ACTION): invalid choice: '(.*)' \(choose from (.*)\)", message):
            known = re.findall(r"[\w-]+", wrong[2])
            near = difflib.get_close_matches(wrong[1], known, n=1)
            which = f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(known)}"
            message = f"unknown command {wrong[1]!r}; {which}"
        terminal.note(f"{self.prog}: {message}")
        terminal.note(f"see: {self.prog} --help")
        raise SystemExit(2)


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """The command and its arguments; ends the process after `--help`, `--version` and wrong usage."""
    chosen, unknown = _parser().parse_known_args(argv)
    if unknown:
        chosen.parser.error(f"unknown argument {unknown[0]!r}")
    return chosen


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="glossator",
        usage="glossator [--version] COMMAND ...",
        description="Answer questions about code, on your own machine.",
        epilog=_epilog(
            (
                ('glossator ask "How are retries done?"', "an answer with the places that it rests on"),
                ("glossator COMMAND --help", "the options of a command, with examples"),
            )
        ),
        formatter_class=_Formatter,
    )
    parser.add_argument("--version", action="version", version=f"glossator {__version__}", help="show the version")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands", required=True)

    index = _add(
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
    _add_common(index)

    search = _add(
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
    search.add_argument("-k", "--limit", type=_positive, default=10, metavar="N", help="show N hits (default: 10)")
    search.add_argument(
        "--queries",
        metavar="FILE",
        help='run many queries, one JSON object {"id", "query"} on each line of FILE; needs --json',
    )
    _add_common(search, team="search it too")
    _add_scope(search)

    ask = _add(
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
    _add_common(ask)
    _add_answering(ask)
    _add_scope(ask)

    explain = _add(
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
    _add_common(explain)
    _add_answering(explain)

    uses = _add(
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
    uses.add_argument(
        "--kind",
        action="append",
        default=[],
        metavar="KIND,...",
        help="only these kinds of uses: call, type, base, decorator, import, export, value, read, write, attribute, "
        "name, template, override",
    )
    uses.add_argument(
        "--depth", type=_positive, default=1, metavar="N", help="show callers of callers, N levels (default: 1)"
    )
    uses.add_argument("--callees", action="store_true", help="show what NAME uses, instead of what uses it")
    uses.add_argument(
        "-k", "--limit", type=_positive, default=200, metavar="N", help="list N places (default: 200); JSON has all"
    )
    _add_common(uses)

    history = _add(
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
    history.add_argument(
        "-k", "--limit", type=_positive, default=20, metavar="N", help="show the N newest commits (default: 20)"
    )
    _add_common(history)

    status = _add(
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
    _add_common(status)

    forget = _add(
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
    _add_common(forget, team="unused")

    serve = _add(
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
    _add_index_dir(serve)
    _add_log_level(serve)

    _add_mcp(commands)
    _add_models(commands)
    _add_runtime(commands)
    _add_adapt(commands)
    add_team_command(commands, _add, _positive)

    doctor = _add(
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
    _add_common(doctor)
    return parser


def _add_mcp(commands: argparse._SubParsersAction[Any]) -> None:
    mcp = _add(
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
    _add_index_dir(mcp)
    _add_log_level(mcp)
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
        command = _add(
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
    _add(
        actions,
        "instructions",
        "",
        "Print a text for AGENTS.md that tells agents when to use which tool.",
        prog="glossator mcp instructions",
    )


def _add_models(commands: argparse._SubParsersAction[Any]) -> None:
    models = _add(
        commands,
        "models",
        "ACTION ...",
        "List, download and choose language models.",
        "Models are optional: without one, answers are made from the index alone. Nothing is downloaded unless you "
        "ask for it.",
        (
            ("glossator models list", "what is installed, and what fits this machine"),
            ("glossator models pull NAME", "download a model of that list"),
            ("glossator models add FILE.gguf", "use a file that you already have"),
        ),
    )
    _add_json(models)
    actions = models.add_subparsers(dest="action", metavar="ACTION", title="actions", required=True)

    def action(name: str, usage: str, text: str, more: str = "", examples: Examples = ()) -> argparse.ArgumentParser:
        command = _add(actions, name, usage, text, more, examples, prog=f"glossator models {name}")
        _add_json(command, default=argparse.SUPPRESS)  # it may also stand before the action
        return command

    action("list", "[--json]", "List the models that are installed, and those that fit this machine.")
    pull = action(
        "pull",
        "[OPTIONS] NAME",
        "Download a model.",
        "NAME is a model of `glossator models list`, or OWNER/REPOSITORY/FILE.gguf. An interrupted download carries "
        "on where it stopped.",
        (
            ("glossator models pull NAME", "download a model of the list"),
            ("glossator models pull NAME --yes", "accept its licence without being asked"),
        ),
    )
    pull.add_argument("name", metavar="NAME", help="a model of the list, or OWNER/REPOSITORY/FILE.gguf")
    pull.add_argument("--yes", action="store_true", help="accept the model's licence without being asked")
    register = action(
        "add",
        "[OPTIONS] FILE",
        "Register a GGUF file that you already have; it stays where it is.",
        examples=(("glossator models add ~/qwen.gguf", "register it under the file's name"),),
    )
    register.add_argument("path", metavar="FILE", help="a GGUF file")
    register.add_argument("--name", help="what to call it (default: the file's name)")
    for name, text in (
        ("use", "Choose the model that answers from now on."),
        ("remove", "Delete a downloaded model, or forget a registered one."),
        ("verify", "Compare an installed model with its checksum."),
    ):
        command = action(name, "[--json] NAME", text)
        command.add_argument("name", metavar="NAME", help="an installed model, see `glossator models list`")


def _add_runtime(commands: argparse._SubParsersAction[Any]) -> None:
    runtime = _add(
        commands,
        "runtime",
        "ACTION ...",
        "Install what runs language models: llama.cpp.",
        "Everything else works without it. A ready build for this machine is taken where there is one, so that nothing "
        "has to be compiled; nothing is downloaded unless you agree.",
        (
            ("glossator runtime status", "what is installed, and what suits this machine"),
            ("glossator runtime install", "install what suits this machine best"),
        ),
    )
    actions = runtime.add_subparsers(dest="action", metavar="ACTION", title="actions", required=True)
    status = _add(
        actions,
        "status",
        "[--json]",
        "Tell which runtime is installed, whether it works, and what suits this machine.",
        "This asks nothing of the network.",
        prog="glossator runtime status",
    )
    install = _add(
        actions,
        "install",
        "[OPTIONS]",
        "Install the runtime into this Python environment.",
        "A build is verified by its checksum and tried before it replaces anything. What does not work here is left, "
        "and the next best is taken: another accelerator's build, the CPU's, in the end a build from source.",
        (
            ("glossator runtime install --dry-run", "what would be taken, and from where"),
            ("glossator runtime install --device cpu", "for the CPU, whatever else is here"),
        ),
        prog="glossator runtime install",
    )
    install.add_argument(
        "--device",
        choices=("auto", *_RUNTIME_DEVICES),
        default="auto",
        metavar="DEVICE",
        help=f"{', '.join(_RUNTIME_DEVICES)}: what it computes on, and nothing else in its place (default: the best "
        "that is here)",
    )
    install.add_argument(
        "--from",
        dest="source",
        choices=("auto", "wheel", "source"),
        default="auto",
        metavar="WHICH",
        help="wheel: only a ready build; source: compile it, which needs a C++ compiler and CMake (default: a ready "
        "build if one works)",
    )
    install.add_argument("--dry-run", action="store_true", help="show what would be taken, and change nothing")
    install.add_argument("--yes", action="store_true", help="download and install without being asked")
    for action in (status, install):
        _add_json(action)


def _add_adapt(commands: argparse._SubParsersAction[Any]) -> None:
    adapt = _add(
        commands,
        "adapt",
        "ACTION ...",
        "Learn a project's own language, on this machine.",
        "What is learned is used for that project alone, and only if it measures better there. docs/adapt.md says when "
        "it is worth it.",
        (
            ("glossator adapt retriever", "adapt search to the current folder, which takes minutes"),
            ("glossator adapt data", "write the examples that a model would be adapted with"),
            ("glossator adapt model --base NAME", "adapt an installed model, at low priority"),
            ("glossator adapt list", "what was learned from the current folder, and what is in use"),
            ("glossator adapt undo", "go back to what was in use before"),
        ),
    )
    actions = adapt.add_subparsers(dest="action", metavar="ACTION", title="actions", required=True)

    def action(name: str, usage: str, text: str, more: str = "", examples: Examples = ()) -> argparse.ArgumentParser:
        command = _add(actions, name, usage, text, more, examples, prog=f"glossator adapt {name}")
        _add_common(command, team="start from it" if name in ("retriever", "data", "model") else "unused")
        return command

    retriever = action(
        "retriever",
        "[OPTIONS]",
        "Learn the project's words for search.",
        "The embedder learns from the project's comments, names, tests and commits; the newest tenth of the commits "
        "is the test set. A result that is no better there is thrown away. Needs no GPU and nothing else installed; "
        "Ctrl-C changes nothing.",
        (("glossator adapt retriever", "adapt search to the current folder"),),
    )
    add_owner(retriever)
    add_model_actions(action, _positive)
    action("list", "[OPTIONS]", "List the adaptations of a project, and which are in use.")
    undo = action("undo", "[OPTIONS] [KIND]", "Go back to what was in use before the last change.")
    undo.add_argument(
        "kind", nargs="?", choices=("retriever", "model"), metavar="KIND", help="retriever or model (default: either)"
    )
    for name, text in (
        ("use", "Use an adaptation from now on, in place of the one that is in use."),
        ("remove", "Delete an adaptation; if it is in use, what Glossator ships is used from then on."),
    ):
        command = action(name, "[OPTIONS] NAME", text)
        command.add_argument("name", metavar="NAME", help="an adaptation that `glossator adapt list` shows")


def _add(
    commands: argparse._SubParsersAction[Any],
    name: str,
    usage: str,
    text: str,
    more: str = "",
    examples: Examples = (),
    *,
    prog: str = "",
) -> argparse.ArgumentParser:
    prog = prog or f"glossator {name}"
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        prog=prog,
        usage=f"{prog} {usage}",
        help=text.rstrip("."),
        description=f"{text} {more}".strip(),
        epilog=_epilog(examples),
        formatter_class=_Formatter,
    )
    command.set_defaults(parser=command)
    return command


def _epilog(examples: Examples) -> str:
    if not examples:
        return ""
    return "examples:\n" + "\n".join(f"  {command}\n      {meaning}" for command, meaning in examples)


def _add_index_dir(command: argparse.ArgumentParser) -> None:
    command.add_argument("--index-dir", metavar="DIR", help="where indexes are kept (default: your cache folder)")


def _add_log_level(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--log-level",
        default="info",
        choices=["error", "warning", "info", "debug"],
        metavar="LEVEL",
        help="error, warning, info (default) or debug",
    )


def _add_json(command: argparse.ArgumentParser, default: object = False) -> None:
    command.add_argument("--json", action="store_true", default=default, help="print JSON on stdout, and nothing else")


def _add_common(
    command: argparse.ArgumentParser, *, team: Literal["start from it", "search it too", "unused"] = "start from it"
) -> None:
    command.add_argument("--root", metavar="DIR", default=".", help="the folder with the code (default: this one)")
    _add_index_dir(command)
    if team == "search it too":
        text = "search the other repositories of the team too (default URL: your setting `team`)"
        command.add_argument("--team", nargs="?", const="", metavar="URL", help=text)
        text = "search at a team's server, and nothing here (default URL: your setting `team_server`)"
        command.add_argument("--server", nargs="?", const="", metavar="URL", help=text)
    elif team == "start from it":
        text = "start from a team's index at this URL (default: your setting `team`)"
        command.add_argument("--team", metavar="URL", help=text)
    _add_json(command)


def _add_answering(command: argparse.ArgumentParser) -> None:
    command.add_argument("--model", help="the language model: an installed one's name, or a GGUF file")
    command.add_argument("--no-model", action="store_true", help="answer from the index alone")
    command.add_argument("--max-tokens", type=_positive, metavar="N", help="end the answer after N tokens")


def _add_scope(command: argparse.ArgumentParser) -> None:
    scope = command.add_argument_group(
        "scope", r"Each may be repeated. A GLOB's special characters are escaped with a backslash: 'app/\[id\]/**'."
    )
    scope.add_argument("--include", action="append", default=[], metavar="GLOB", help="only paths that match")
    scope.add_argument("--exclude", action="append", default=[], metavar="GLOB", help="no paths that match")
    scope.add_argument("--language", action="append", default=[], metavar="NAME", help="only this language")
    scope.add_argument("--kind", action="append", default=[], help="only this kind: function, class, ...")


def _positive(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return value
