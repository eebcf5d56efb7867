"""Repositories to live in: a made one, the same for the same seed, or a clone of a real one."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

_ENVIRONMENT = {
    "GIT_AUTHOR_NAME": "Dana Developer",
    "GIT_AUTHOR_EMAIL": "dana@example.org",
    "GIT_COMMITTER_NAME": "Dana Developer",
    "GIT_COMMITTER_EMAIL": "dana@example.org",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_EDITOR": "true",
}
_OPTIONS = ("-c", "protocol.file.allow=always", "-c", "advice.detachedHead=false", "-c", "commit.gpgsign=false")

_PYTHON = '''"""{title}."""

from {package} import helper{other}


class {name}:
    """Keeps the {noun}s of {title}."""

    def __init__(self, {noun}s):
        self.{noun}s = list({noun}s)

    def {verb}_{noun}(self, index):
        """{verb} one {noun}, checked."""
        if index >= len(self.{noun}s):
            raise IndexError("no such {noun}")
        return helper{other}.{verb}(self.{noun}s[index])


def {verb}(value, factor={factor}):
    """{verb} a value."""
    return value * factor + {number}
'''
_TYPESCRIPT = """import {{ {verb} }} from "./{other}";

/** Draws the {noun}s of {title}. */
export class {name}View {{
  constructor(private readonly {noun}s: string[]) {{}}

  {verb}{name}(index: number): string {{
    return {verb}(this.{noun}s[index]) + "{number}";
  }}
}}

export const {verb} = (text: string): string => text.repeat({factor});
"""
_GO = """// Package {package} keeps {noun}s.
package {package}

// {name} is one {noun} of {title}.
type {name} struct {{
\tCount int
}}

// {verb}{name} changes the count.
func (it *{name}) {verb}{name}(by int) int {{
\tit.Count += by * {factor}
\treturn it.Count + {number}
}}
"""
_MARKDOWN = "# {title}\n\nHow to {verb} a {noun}.\n\n## Limits\n\nAt most {number} {noun}s, {factor} at once.\n"
_TEMPLATES = {".py": _PYTHON, ".ts": _TYPESCRIPT, ".go": _GO, ".md": _MARKDOWN}
_NOUNS = ("order", "invoice", "parcel", "customer", "ticket", "route", "engine", "sensor", "page", "token")
_VERBS = ("send", "store", "merge", "count", "check", "move", "render", "parse", "close", "split")


def git(folder: Path, *arguments: str, check: bool = True) -> str:
    """Run git in a folder, without the user's configuration; returns what it prints.

    Raises:
        RuntimeError: it failed, and `check` is set.
    """
    done = subprocess.run(
        ["git", *_OPTIONS, *arguments],
        cwd=folder,
        env={**os.environ, **_ENVIRONMENT},
        capture_output=True,
        text=True,
        errors="surrogateescape",
        stdin=subprocess.DEVNULL,
    )
    if check and done.returncode:
        raise RuntimeError(f"git {' '.join(arguments)} failed: {done.stderr.strip()[-500:]}")
    return done.stdout


def started_git(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """Start git in a folder without waiting for it."""
    return subprocess.Popen(
        ["git", *_OPTIONS, *arguments],
        cwd=folder,
        env={**os.environ, **_ENVIRONMENT},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def made_text(chance: random.Random, suffix: str, package: str) -> str:
    """The text of a source file."""
    noun, verb = chance.choice(_NOUNS), chance.choice(_VERBS)
    number = chance.randrange(1000)
    return _TEMPLATES[suffix].format(
        title=f"The {noun} part {number}", name=f"{noun.title()}{number}", noun=noun, verb=verb, package=package,
        other=chance.randrange(20), factor=chance.randrange(2, 9), number=number,
    )  # fmt: skip


def made_history(folder: Path, *, seed: int, files: int = 120, commits: int = 30) -> Path:
    """A repository with a history that is the same for the same seed. Its branch is `main`."""
    chance = random.Random(seed)
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    for number in range(files):
        suffix = chance.choice(list(_TEMPLATES))
        package = f"part{number % 8}"
        path = folder / package / chance.choice(("", "inner", "deep/er")) / f"file{number}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(made_text(chance, suffix, package), "utf-8", newline="")
    (folder / ".gitignore").write_text("build/\n*.log\n", "utf-8")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "the first files")
    for number in range(commits):
        present = sorted(path for path in folder.rglob("*") if path.suffix in _TEMPLATES)
        for path in chance.sample(present, chance.randrange(1, 12)):
            kind = chance.random()
            if kind < 0.6:
                path.write_text(made_text(chance, path.suffix, path.parts[-2]), "utf-8", newline="")
            elif kind < 0.75:
                path.unlink()
            elif kind < 0.9:
                path.rename(path.with_name(f"moved{number}_{path.name}"))
            else:
                new = path.with_name(f"new{number}{path.suffix}")
                new.write_text(made_text(chance, path.suffix, path.parts[-2]), "utf-8", newline="")
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "--allow-empty", "-m", f"change {number}")
    return folder


def cloned_history(repository: Path, folder: Path, commits: int) -> Path:
    """A clone of a repository (a working tree or a bare one), whose branch `main` is `commits` commits old."""
    git(folder.parent, "clone", "-q", "--shared", "--no-checkout", str(repository), str(folder))
    line = git(folder, "rev-list", "--first-parent", "-n", str(commits + 1), "HEAD").split()
    git(folder, "update-ref", "refs/soak/newest", line[0])
    git(folder, "checkout", "-q", "-f", "-B", "main", line[-1])
    return folder


def line_of_commits(folder: Path) -> list[str]:
    """The commits of the branch that is lived through, oldest first."""
    newest = git(folder, "rev-parse", "-q", "--verify", "refs/soak/newest", check=False).strip() or "main"
    return git(folder, "rev-list", "--first-parent", "--reverse", newest).split()
