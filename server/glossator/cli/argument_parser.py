"""What all commands' arguments are made with: the parser, its help texts, and the options that many commands have."""

from __future__ import annotations

import argparse
import difflib
import re
import shutil
import textwrap
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from glossator.cli import terminal

if TYPE_CHECKING:
    from collections.abc import Callable

WIDEST_HELP = 100
"""Columns of the longest line of a help text."""

Examples = tuple[tuple[str, str], ...]
"""Command lines, and what each is for."""


class HelpText(argparse.HelpFormatter):
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


class CommandParser(argparse.ArgumentParser):
    """A parser that says in one line what is wrong, and writes nothing to the terminal as it came.

    Its help has no colours, which Python has put there since 3.14: their codes would be shown as text.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.color = False

    def _print_message(self, message: str, file: object = None) -> None:
        del file
        if message:
            terminal.show_help(message)

    def error(self, message: str) -> NoReturn:
        """Say it, and end the process with status 2."""
        if wrong := re.match(r"argument (?:COMMAND|ACTION): invalid choice: '(.*)' \(choose from (.*)\)", message):
            known = re.findall(r"[\w-]+", wrong[2])
            near = difflib.get_close_matches(wrong[1], known, n=1)
            which = f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(known)}"
            message = f"unknown command {wrong[1]!r}; {which}"
        terminal.note(f"{self.prog}: {message}")
        terminal.note(f"see: {self.prog} --help")
        raise SystemExit(2)


def add_command(
    commands: argparse._SubParsersAction[Any],
    name: str,
    usage: str,
    text: str,
    more: str = "",
    examples: Examples = (),
    *,
    prog: str = "",
) -> argparse.ArgumentParser:
    """Add a command, or an action of one, whose `prog` has both names.

    `text` says in a line what it is for, here and in the list of commands; `more` follows it in its own help.
    """
    prog = prog or f"glossator {name}"
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        prog=prog,
        usage=f"{prog} {usage}",
        help=text.rstrip("."),
        description=f"{text} {more}".strip(),
        epilog=examples_text(examples),
        formatter_class=HelpText,
    )
    command.set_defaults(parser=command)
    return command


def examples_text(examples: Examples) -> str:
    """The end of a help text."""
    if not examples:
        return ""
    return "examples:\n" + "\n".join(f"  {command}\n      {meaning}" for command, meaning in examples)


def positive(text: str) -> int:
    """A whole number of at least 1.

    Raises:
        argparse.ArgumentTypeError: the text is none.
    """
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return value


def add_value(
    command: argparse.ArgumentParser,
    *names: str,
    default: float | str,
    text: str,
    kind: Callable[[str], Any] = positive,
    metavar: str = "N",
) -> None:
    """Add an option with a value that has a default, which its help tells; `kind` reads the value."""
    shown = f"{default:g}" if isinstance(default, float) else default
    command.add_argument(*names, type=kind, default=default, metavar=metavar, help=f"{text} (default: {shown})")


def add_repeated(command: argparse._ActionsContainer, name: str, text: str, metavar: str | None = None) -> None:
    """Add an option that may be given several times; its values become a list."""
    command.add_argument(name, action="append", default=[], metavar=metavar, help=text)


def add_index_dir(command: argparse.ArgumentParser) -> None:
    """Add the option for the folder of all indexes."""
    command.add_argument("--index-dir", metavar="DIR", help="where indexes are kept (default: your cache folder)")


def add_log_level(command: argparse.ArgumentParser, info: str = "default") -> None:
    """Add the option for how much is logged; `info` is what the help says of that level."""
    command.add_argument(
        "--log-level",
        default="info",
        choices=["error", "warning", "info", "debug"],
        metavar="LEVEL",
        help=f"error, warning, info ({info}) or debug",
    )


def add_json(command: argparse.ArgumentParser, default: object = False) -> None:
    """Add the option for JSON in place of text."""
    command.add_argument("--json", action="store_true", default=default, help="print JSON on stdout, and nothing else")


def add_common(
    command: argparse.ArgumentParser, *, team: Literal["start from it", "search it too", "unused"] = "start from it"
) -> None:
    """Add the options of a command that works on a project; `team`: what it can do with a team's index."""
    command.add_argument(
        "--root", metavar="DIR", default=".", help="the folder with the code (default: the current folder)"
    )
    add_index_dir(command)
    if team == "search it too":
        text = "search the other repositories of the team too (default URL: your setting `team`)"
        command.add_argument("--team", nargs="?", const="", metavar="URL", help=text)
        text = "search at a team's server, and nothing here (default URL: your setting `team_server`)"
        command.add_argument("--server", nargs="?", const="", metavar="URL", help=text)
    elif team == "start from it":
        text = "start from a team's index at this URL (default: your setting `team`)"
        command.add_argument("--team", metavar="URL", help=text)
    add_json(command)
