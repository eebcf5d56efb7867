"""The arguments of `glossator models` and `glossator runtime`, and their help."""

from __future__ import annotations

import argparse
from typing import Any

from glossator.cli.argument_parser import Examples, add_command, add_json

_RUNTIME_DEVICES = ("cpu", "cuda", "rocm", "metal", "vulkan")
"""As in `model.runtime_wheels`, which is not imported for the sake of a help text."""


def add_models_command(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command with its actions."""
    models = add_command(
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
    add_json(models)
    actions = models.add_subparsers(dest="action", metavar="ACTION", title="actions", required=True)

    def action(name: str, usage: str, text: str, more: str = "", examples: Examples = ()) -> argparse.ArgumentParser:
        command = add_command(actions, name, usage, text, more, examples, prog=f"glossator models {name}")
        add_json(command, default=argparse.SUPPRESS)  # it may also stand before the action
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


def add_runtime_command(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command with its actions."""
    runtime = add_command(
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
    status = add_command(
        actions,
        "status",
        "[--json]",
        "Show which runtime is installed, whether it works, and what suits this machine.",
        "The network is not used.",
        prog="glossator runtime status",
    )
    install = add_command(
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
        add_json(action)
