"""The options of `glossator adapt data` and `glossator adapt model`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable


def add_model_actions(action: Callable[..., argparse.ArgumentParser], positive: Callable[[str], int]) -> None:
    """Add them.

    Args:
        action: makes the parser of an action from its name, usage, text, details and examples.
        positive: reads a whole number of at least 1.
    """
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
    model.add_argument(
        "--minutes", type=float, default=60.0, metavar="N", help="minutes of training at most (default: 60)"
    )
    model.add_argument(
        "--epochs", type=positive, default=3, metavar="N", help="passes over the examples at most (default: 3)"
    )
    model.add_argument("--rank", type=positive, default=16, metavar="N", help="rank of the adapter (default: 16)")
    model.add_argument("--rate", type=float, default=2e-4, metavar="X", help="learning rate (default: 0.0002)")
    model.add_argument(
        "--step-tokens", type=positive, default=1200, metavar="N", help="tokens in a training step (default: 1200)"
    )
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
    model.add_argument(
        "--judged", type=positive, default=90, metavar="N", help="held-out examples to compare (default: 90)"
    )
    model.add_argument("--judged-answers", type=int, default=24, metavar="N", help="answers to compare (default: 24)")
    for command in (data, model):
        add_owner(command)
        command.add_argument(
            "--examples", type=positive, default=800, metavar="N", help="examples at most (default: 800)"
        )
        command.add_argument("--seed", type=int, default=0, metavar="N", help="seed of all random choices (default: 0)")


def add_owner(command: argparse.ArgumentParser) -> None:
    """Add the option with which a server starts a run that is to end with it."""
    from argparse import SUPPRESS

    command.add_argument("--until-exit-of", type=int, default=0, metavar="PID", help=SUPPRESS)
