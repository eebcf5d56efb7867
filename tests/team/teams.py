"""A team for tests: its storage, its small repositories, and the commands of its builders and developers."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from glossator.settings import Settings
from glossator.team.building import BuildOutcome, BuildTask, build_base
from glossator.team.publishing import publish
from glossator.team.signatures import Signer
from glossator.team.storage import Storage
from tests.conftest import Ran, write_tree

Cli = Callable[..., Ran]

GO = {
    "go.mod": "module example.org/ledger\n",
    "ledger/ledger.go": """package ledger

// Entry is one line of the ledger.
type Entry struct{ Amount int }

// Balance sums the amounts of all entries.
func Balance(entries []Entry) int {
	sum := 0
	for _, entry := range entries {
		sum += entry.Amount
	}
	return sum
}
""",
}
WEB = {
    "src/basket.ts": "export class Basket {\n  private items: string[] = [];\n  add(item: string): void {\n"
    "    this.items.push(item);\n  }\n}\n",
    "README.md": "# Basket\n\nA basket for a web shop.\n",
    "empty.py": "",
    "latin.txt": "caf\u00e9\n",
}

REPORT = """Placing an order with an empty cart fails

I have removed every article from my cart, and then placed the order all the same. I expected to be told that there is
nothing to order; it fails instead.

```
Traceback (most recent call last):
  File "shop/checkout.py", line 13, in place_order
LookupError: empty
```
"""
"""A problem report about the repository "shop"."""


class Team:
    """A team's storage, and the commands that a builder and a developer give."""

    def __init__(self, tmp_path: Path, cli: Cli, url: str) -> None:
        self.tmp_path, self.cli, self.url = tmp_path, cli, url
        self.signer = Signer.create(tmp_path / "builder.pem")
        self.list = tmp_path / "repositories.txt"

    def build(self, *lines: str) -> Ran:
        self.list.write_text("".join(f"{line}\n" for line in lines), "utf-8")
        key, folder = self.tmp_path / "builder.pem", self.tmp_path / "work"
        return self.cli(
            "team", "build", "--repos", self.list, "--to", self.url, "--key", key, "--work", folder, "--workers", "2",
            "--json",
        )  # fmt: skip

    def quickly(self, source: Path, revision: str = "HEAD", work: str = "work", name: str = "") -> BuildOutcome:
        """Build and publish one base in this process, without Ray, which needs seconds to start."""
        keys = (self.signer.public_key,)
        task = BuildTask(name or source.name, str(source), revision, self.url, str(self.tmp_path / work), keys)
        outcome = build_base(task, self.settings())
        assert outcome.status != "failed", outcome.message
        if outcome.base is not None:
            publish(Storage(self.url), outcome.base, self.signer, keys)
        return outcome

    def settings(self, **more: Any) -> Settings:
        values = {"index_dir": self.tmp_path / "client", "team": self.url, "team_keys": (self.signer.public_key,)}
        return Settings(**{**values, **more})

    def environment(self) -> dict[str, str]:
        return {"GLOSSATOR_TEAM": self.url, "GLOSSATOR_TEAM_KEYS": self.signer.public_key}


def clone(source: Path, folder: Path, revision: str = "HEAD") -> Path:
    git(source, "clone", "--quiet", str(source), str(folder))
    git(folder, "checkout", "--quiet", "--detach", git(source, "rev-parse", revision))
    return folder


def git(folder: Path, *arguments: str) -> str:
    identity = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in _IDENTITY}
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={**os.environ, **identity, "GIT_CONFIG_GLOBAL": os.devnull},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


_IDENTITY = (("NAME", "Ada"), ("EMAIL", "ada@example.org"))


def committed(folder: Path, files: dict[str, str], message: str = "a change") -> str:
    """Write files into a repository, which is made if need be, and commit them; returns the commit."""
    write_tree(folder, files)
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)
    return git(folder, "rev-parse", "HEAD")
