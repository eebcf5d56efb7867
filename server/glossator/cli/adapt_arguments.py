"""The options of `glossator adapt data` and `glossator adapt model`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable


def add_model_actions(action: Callable[..., argparse.ArgumentParser]) -> None:
    """Add them; `action` makes the parser of an action from its name, usage, text, details and examples."""
    data = action(
        "data",
        "[OPTIONS]",
        "Make the examples that a model is adapted with, to read and to edit.",
        "They are made of docs, comments and commits. What may hold secrets, licences, generated and copied files are "
        "left out, and near-duplicates; newest files and some folders are held out.",
        (("glossator adapt data --out examples", "write them to a folder"),),
    )
    data.add_argument("--out", metavar="DIR", help="folder for the examples (default: beside the adaptations)")
    model = action(
        "model",
        "[OPTIONS] --base NAME",
        "Adapt a language model to a project's words and style (LoRA).",
        "Needs `pip install 'glossator[adapt]'`. Runs in a process of low priority; one that was stopped "
        "goes on where it was. The adapter is used only if it does better on what was held out, and forgets nothing.",
        (
            ("glossator adapt model --base qwen2.5-coder-0.5b --forecast", "how long it would take, from a few steps"),
            ("glossator adapt model --base qwen2.5-coder-0.5b --minutes 120", "train for at most two hours"),
        ),
    )
    model.add_argument("--base", metavar="NAME", required=True, help="an installed model, or a GGUF file")
    model.add_argument("--weights", metavar="DIR", help="the model's safetensors (default: the GGUF's)")
    model.add_argument("--data", metavar="DIR", help="examples of `glossator adapt data` (default: made now)")
    model.add_argument("--forecast", action="store_true", help="only tell how long it would take, and how much memory")
    model.add_argument("--minutes", type=float, default=60.0, metavar="N", help="train no longer (default: 60)")
    model.add_argument("--epochs", type=int, default=3, metavar="N", help="see each example so often (default: 3)")
    model.add_argument("--rank", type=int, default=16, metavar="N", help="rank of the adapter (default: 16)")
    model.add_argument("--rate", type=float, default=2e-4, metavar="X", help="learning rate (default: 0.0002)")
    model.add_argument("--step-tokens", type=int, default=1200, metavar="N", help="of a step (default: 1200)")
    model.add_argument("--threads", type=int, default=0, metavar="N", help="of the processor (default: all cores)")
    model.add_argument(
        "--memory", type=float, default=0.0, metavar="GB", help="most memory (default: 3/4 of what is free)"
    )
    model.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="where (default: auto)")
    model.add_argument(
        "--precision", choices=("auto", "float32", "bfloat16"), default="auto", help="of the frozen weights"
    )
    model.add_argument("--four-bits", action="store_true", help="QLoRA: 4-bit weights on a GPU (needs bitsandbytes)")
    model.add_argument("--judged", type=int, default=90, metavar="N", help="held-out examples to compare (default: 90)")
    model.add_argument("--judged-answers", type=int, default=24, metavar="N", help="answers to compare (default: 24)")
    for command in (data, model):
        command.add_argument("--examples", type=int, default=800, metavar="N", help="most examples (default: 800)")
        command.add_argument("--seed", type=int, default=0, metavar="N", help="of all random choices (default: 0)")
