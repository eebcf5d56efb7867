"""Git repositories with a made-up history: a project whose programmers speak of its code in words of their own."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

SPOKEN = (
    *("ledger", "harbour", "garden", "falcon", "violin", "glacier", "lantern", "saddle", "pepper", "meadow"),
    *("anchor", "candle", "marble", "orchard", "parrot", "quarry", "ribbon", "temple", "walnut", "zephyr"),
)
"""What the messages of commits call a part of the code."""
WRITTEN = (
    *("buffer", "socket", "cursor", "schema", "packet", "thread", "kernel", "router", "parser", "widget"),
    *("signal", "vector", "matrix", "bucket", "shader", "cipher", "digest", "mutex", "daemon", "plugin"),
)
"""What the code calls it."""
ACTIONS = ("open", "close", "rotate", "split", "resize", "encode", "verify", "flush")
PROBLEMS = ("loses updates", "is slow at startup", "fails on empty input", "rounds badly", "blocks others too long")


def module(word: str, state: dict[str, int]) -> str:
    """The source of one part."""
    lines = [f'"""The {word}s of the program."""', ""]
    for action, version in state.items():
        lines += [
            "",
            f"def {action}_{word}(value: int, limit: int) -> int:",
            f'    """Handles what {action} means for the {word} before it is handed over."""',
            f"    step = {version}",
            f"    for index in range(limit):  # one {word} after the other",
            "        value += index * step",
            f"    return {word}_registry(value)",
            "",
        ]
    return "\n".join(lines)


def made_repository(folder: Path, *, commits: int, telling: bool = True) -> Path:
    """A repository of so many commits, each of which changes one function.

    Messages say, in words that the code does not have, which part is changed; with `telling` false they name any part.
    """
    subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True)
    chance = random.Random(7)
    states = {word: dict.fromkeys(ACTIONS, 1) for word in WRITTEN}
    stream: list[str] = []

    def commit(message: str, words: tuple[str, ...], at: int) -> None:
        stream.append(f"commit refs/heads/main\ncommitter A <a@example.org> {1_600_000_000 + 3600 * at} +0000\n")
        stream.append(f"data {len(message.encode())}\n{message}\n")
        for word in words:
            text = module(word, states[word])
            stream.append(f"M 100644 inline src/{word}.py\ndata {len(text.encode())}\n{text}\n")

    commit("Add all parts of the program", WRITTEN, 0)
    for at in range(1, commits):
        part = chance.randrange(len(WRITTEN))
        word, action = WRITTEN[part], chance.choice(ACTIONS)
        states[word][action] += 1
        spoken = SPOKEN[part if telling else chance.randrange(len(SPOKEN))]
        commit(f"The {spoken} {chance.choice(PROBLEMS)} after {action}", (word,), at)
    command = ["git", "-C", str(folder), "fast-import", "--quiet"]
    subprocess.run(command, input="".join(stream).encode(), check=True)
    subprocess.run(["git", "-C", str(folder), "reset", "-q", "--hard"], check=True)
    return folder
