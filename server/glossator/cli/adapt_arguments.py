"""The arguments of `glossator adapt`, and their help."""

from __future__ import annotations

from argparse import SUPPRESS
from typing import TYPE_CHECKING, Any

from glossator.cli.argument_parser import Examples, add_command, add_common, add_value

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable


def add_adapt_command(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command with its actions."""
    adapt = add_command(
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
        command = add_command(actions, name, usage, text, more, examples, prog=f"glossator adapt {name}")
        add_common(command, team="start from it" if name in ("retriever", "data", "model") else "unused")
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
    _add_owner(retriever)
    _add_model_actions(action)
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


def _add_model_actions(action: Callable[..., argparse.ArgumentParser]) -> None:
    """`action` makes the parser of an action from its name, usage, text, details and examples."""
    data = action(
        "data",
        "[OPTIONS]",
        "Make the examples that a model is adapted with, so that you can read and edit them.",
        "They are made from docs, comments and commits. Licences, generated and copied files, near-duplicates and "
        "whatever may hold secrets are left out; the newest files and some folders are held out.",
        (("glossator adapt data --out examples", "write them to a folder"),),
    )
    data.add_argument("--out", metavar="DIR", help="folder for the examples (default: beside the adaptations)")
    model = action(
        "model",
        "[OPTIONS] --base NAME",
        "Adapt a language model to a project's words and style (LoRA).",
        "Needs `pip install 'glossator[adapt]'`. Training runs at low priority and resumes after an interruption. "
        "The adapter is used only if it does better on the held-out examples and no worse on general questions.",
        (
            ("glossator adapt model --base qwen2.5-coder-0.5b --forecast", "how long it would take, from a few steps"),
            ("glossator adapt model --base qwen2.5-coder-0.5b --minutes 120", "train for at most two hours"),
        ),
    )
    model.add_argument("--base", metavar="NAME", required=True, help="an installed model, or a GGUF file")
    model.add_argument("--weights", metavar="DIR", help="folder with its safetensors (default: use the GGUF file)")
    model.add_argument(
        "--data", metavar="DIR", help="folder that `glossator adapt data` wrote (default: make the examples now)"
    )
    model.add_argument(
        "--forecast", action="store_true", help="only measure how long training would take, and how much memory"
    )
    add_value(model, "--minutes", default=60.0, text="minutes of training at most", kind=float)
    add_value(model, "--epochs", default=3, text="passes over the examples at most")
    add_value(model, "--rank", default=16, text="rank of the adapter")
    add_value(model, "--rate", default=2e-4, text="learning rate", kind=float, metavar="X")
    add_value(model, "--step-tokens", default=1200, text="tokens in a training step")
    model.add_argument("--threads", type=int, default=0, metavar="N", help="processor threads (default: all cores)")
    model.add_argument(
        "--memory", type=float, default=0.0, metavar="GB", help="memory at most (default: 3/4 of what is free)"
    )
    model.add_argument(
        "--device", choices=("auto", "cpu", "cuda"), default="auto", help="where to train (default: auto)"
    )
    model.add_argument(
        "--precision",
        choices=("auto", "float32", "bfloat16"),
        default="auto",
        help="precision of the frozen weights (default: auto)",
    )
    model.add_argument("--four-bits", action="store_true", help="QLoRA: 4-bit weights on a GPU (needs bitsandbytes)")
    add_value(model, "--judged", default=90, text="held-out examples to compare")
    add_value(model, "--judged-answers", default=24, text="answers to compare", kind=int)
    for command in (data, model):
        _add_owner(command)
        add_value(command, "--examples", default=800, text="examples at most")
        add_value(command, "--seed", default=0, text="seed of all random choices", kind=int)


def _add_owner(command: argparse.ArgumentParser) -> None:
    """Add the option with which a server starts a run that is to end with it."""
    command.add_argument("--until-exit-of", type=int, default=0, metavar="PID", help=SUPPRESS)
