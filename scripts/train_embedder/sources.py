"""Repositories to learn from: bare git folders at fixed revisions, and whether their licences allow it.

A repository's git folder lies under the mirror folder as `owner+name/repo` or `owner+name.git`; `clone` makes the
latter where the network allows it.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections import deque
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_LICENCE_FILE = re.compile(
    r"(?:[^/]+/){0,2}(?:MIT-|APACHE-)?(?:LICEN[CS]E|COPYING|UNLICENSE|COPYRIGHT)(?!.*THIRD)[^/]*|LICENSES/[^/]+",
    re.IGNORECASE,
)

_LICENCES: tuple[tuple[str, str], ...] = (
    # (SPDX identifier, words that only that licence's text has); white space is folded before the search.
    ("Apache-2.0", r"Apache License,? Version 2\.0"),
    ("MIT", r"Permission is hereby granted, free of charge, to any person obtaining a copy"),
    (
        "ISC",
        r"Permission to use, copy, modify, and(?:/or)? distribute this software for any purpose with or without fee",
    ),
    ("BSD", r"Redistribution and use in source and binary forms, with or without modification, are permitted"),
    (
        "Zlib",
        r"Permission is granted to anyone to use this software for any purpose, including commercial applications",
    ),
    ("BSL-1.0", r"Boost Software License - Version 1\.0"),
    ("Unlicense", r"This is free and unencumbered software released into the public domain"),
)
_NEVER = re.compile(r"Business Source License", re.IGNORECASE)
_FORBIDDING = re.compile(
    r"Elastic License|Server Side Public License|Commons Clause|Mozilla Public License"
    r"|GNU (?:AFFERO |LESSER )?GENERAL PUBLIC LICENSE Version",
    re.IGNORECASE,
)
"""Terms that rule a licence file out, unless the file offers Apache-2.0 as an alternative."""


_COMMENT_MARKS = str.maketrans("#*/>", "    ")


MEASURED_ON = frozenset(
    [
        "astropy/astropy",
        "conan-io/conan",
        "django/django",
        "matplotlib/matplotlib",
        "mwaskom/seaborn",
        "pallets/flask",
        "psf/requests",
        "pydata/xarray",
        "pylint-dev/pylint",
        "pytest-dev/pytest",
        "reflex-dev/reflex",
        "scikit-learn/scikit-learn",
        "sphinx-doc/sphinx",
        "sqlfluff/sqlfluff",
        "streamlink/streamlink",
        "sympy/sympy",
    ]
)
"""Projects whose problem reports and questions a search is measured on: nothing of them may be learned from."""


class SourceError(Exception):
    """A repository is missing, or may not be used."""


@dataclass(frozen=True, slots=True)
class Repository:
    """One line of `repositories.json`.

    Attributes:
        name: "owner/name".
        revision: the commit, 40 hexadecimal digits.
        licence: SPDX identifiers found in its licence files, joined with " OR ".
        held_out: whether it is measured on rather than learned from.
    """

    name: str
    revision: str
    licence: str
    held_out: bool


@dataclass(frozen=True, slots=True)
class Blob:
    """A file at the revision: its path, object name and size in bytes."""

    path: str
    object: str
    size: int


def read_repositories(path: Path) -> list[Repository]:
    """The repositories in a list, in its order."""
    return [Repository(**entry) for entry in json.loads(path.read_text("utf-8"))]


def write_repositories(path: Path, repositories: Sequence[Repository]) -> None:
    """Write a list, one repository a line."""
    lines = ",\n".join(f"  {json.dumps(asdict(repository))}" for repository in repositories)
    path.write_text(f"[\n{lines}\n]\n", "utf-8")


def git_folder(mirrors: Path, name: str) -> Path:
    """The bare git folder of "owner/name".

    Raises:
        SourceError: there is none.
    """
    base = mirrors / name.replace("/", "+")
    for folder in (base / "repo", base.with_name(f"{base.name}.git")):
        if folder.is_dir():
            return folder
    raise SourceError(f"{name} is not in {mirrors}: clone it there")


def clone(mirrors: Path, repository: Repository) -> None:
    """Bring a repository into the mirror folder, unless it is there."""
    try:
        git_folder(mirrors, repository.name)
    except SourceError:
        target = mirrors / f"{repository.name.replace('/', '+')}.git"
        url = f"https://github.com/{repository.name}"
        subprocess.run(["git", "clone", "-q", "--bare", url, str(target)], check=True)


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "--git-dir", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, check=True).stdout.decode("utf-8", "replace")


def revision(folder: Path) -> str:
    """The commit that HEAD names."""
    return _git(folder, "rev-parse", "HEAD").strip()


def blobs(folder: Path, commit: str) -> list[Blob]:
    """All files at a commit; links and submodules are left out."""
    found = []
    for line in _git(folder, "ls-tree", "-r", "-l", "-z", commit).split("\0"):
        if line:
            entry, path = line.split("\t", 1)
            mode, kind, name, size = entry.split()
            if kind == "blob" and mode != "120000" and size.isdigit():  # "BAD": the object is not in this copy
                found.append(Blob(path, name, int(size)))
    return found


def contents(folder: Path, wanted: Sequence[Blob]) -> Iterator[tuple[Blob, bytes]]:
    """The files' bytes, in order, through one git process; stop reading at any time."""
    command = ["git", "--git-dir", str(folder), "cat-file", "--batch"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            for blob in wanted:
                process.stdin.write(f"{blob.object}\n".encode())
                process.stdin.flush()
                header = process.stdout.readline().split()
                if len(header) == 3:
                    data = process.stdout.read(int(header[2]))
                    process.stdout.read(1)
                    yield blob, data
        finally:
            process.stdin.close()


def changes(folder: Path, commit: str, limit: int) -> Iterator[tuple[str, str]]:
    """(message, diff with four lines of context) of the newest commits that are no merges; stop reading at any time."""
    separator = b"\x01\x02\x01"
    command = ["git", "--git-dir", str(folder), "log", "-p", "-U4", "--no-merges", f"-n{limit}", "--no-color"]
    command += ["--no-ext-diff", "--no-renames", "--no-textconv", "--format=%x01%x02%x01%B%x01%x02", commit]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            lines: deque[bytes] = deque()
            for line in process.stdout:
                if line.startswith(separator):
                    yield from _change(lines)
                    lines.clear()
                    line = line.removeprefix(separator)
                if len(lines) < 4000:
                    lines.append(line)
            yield from _change(lines)
        finally:
            process.kill()


def _change(lines: Sequence[bytes]) -> Iterator[tuple[str, str]]:
    message, found, diff = b"".join(lines).decode("utf-8", "replace").partition("\x01\x02")
    if found:
        yield message.strip(), diff


def licence(folder: Path, commit: str) -> str:
    """SPDX identifiers of the permissive licences of a repository, joined with " OR ".

    Those files count that lie nearest to the top, which is where a licence for everything stands.

    Raises:
        SourceError: there is no licence file, or one that is not (only) permissive.
    """
    files = [blob for blob in blobs(folder, commit) if _LICENCE_FILE.fullmatch(blob.path) and blob.size < 100_000]
    depth = min((blob.path.count("/") for blob in files), default=0)
    found: set[str] = set()
    for blob, data in contents(folder, [blob for blob in files if blob.path.count("/") == depth]):
        text = " ".join(data.decode("utf-8", "replace").translate(_COMMENT_MARKS).split())
        names = {name for name, words in _LICENCES if re.search(words, text, re.IGNORECASE)}
        if _NEVER.search(text) or (_FORBIDDING.search(text) and "Apache-2.0" not in names):
            raise SourceError(f"{blob.path} is not permissive")
        found |= names
    if not found:
        raise SourceError("no permissive licence found")
    return " OR ".join(sorted(found))
