"""Asks language servers where definitions are used, and keeps what they said, so that a repeated run asks nothing.

Answers are kept per state of a code base: the key is a hash of the contents of its files.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import re
import shutil
import sqlite3
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from tests.lsp.client import ResponseError

from language_servers import DocumentSymbol, Kind, Server

Asked = tuple[str, int, int]
"""Path, line (1-based) and column (UTF-16 units from 0)."""

MOST_DEATHS = 5
"""A server that ends more often while it answers about one code base is not started again."""


class NoAnswerError(Exception):
    """An oracle failed on a question: an error, no answer in time, or none at all in a run that may not ask."""


class Oracles:
    """The language servers of one code base. They start when something is asked that was never asked before.

    Args:
        repository: a folder with the code base.
        files: its files that are indexed, relative paths with "/" and their languages.
        cache: folder for answers and copies of code bases.
        asks: whether servers may be started; if not, everything unknown raises NoAnswerError.
    """

    def __init__(self, repository: Path, files: dict[str, str], cache: Path, *, asks: bool = True) -> None:
        self._repository = repository
        self._files = files
        digest = hashlib.sha256()
        for path in sorted(repository.rglob("*")):
            if path.is_file() and not {".git", "node_modules"} & set(path.parts):
                digest.update(f"{path.relative_to(repository).as_posix()}\0".encode())
                digest.update(path.read_bytes())
        self.folder = cache / f"{repository.name}-{digest.hexdigest()[:12]}"
        self.folder.mkdir(parents=True, exist_ok=True)
        self._answers = sqlite3.connect(self.folder / "answers.sqlite", timeout=60)
        self._answers.execute("PRAGMA journal_mode=WAL")
        self._answers.execute(
            "CREATE TABLE IF NOT EXISTS answers"
            " (oracle TEXT, question TEXT, answer TEXT, PRIMARY KEY (oracle, question))"
        )
        self._asks = asks
        self._servers: dict[str, Server | None] = {}
        self._loop = asyncio.new_event_loop()
        self._deaths: dict[str, int] = {}

    def symbols(self, kind: Kind, path: str) -> list[DocumentSymbol]:
        """The definitions in a file. Raises NoAnswerError."""
        answer = self._answer(kind, ["symbols", path], lambda server: server.symbols(path))
        return [DocumentSymbol(*row) for row in answer]

    def references(self, kind: Kind, place: Asked) -> list[Asked]:
        """Where the name at a place is mentioned, its definition included. Raises NoAnswerError."""
        answer = self._answer(kind, ["references", *place], lambda server: server.references(*place))
        return [(path, line, column) for path, line, column in answer]

    def definition(self, kind: Kind, place: Asked) -> tuple[list[Asked], bool]:
        """Where the name at a place is defined (outside the code base: path ""), and whether the preprocessor leaves
        the place out. Raises NoAnswerError."""

        async def ask(server: Server) -> Any:
            found = await server.definition(*place)
            first_last = server.inactive(place[0]) if kind.name == "clangd" else []
            return [found, any(first <= place[1] <= last for first, last in first_last)]

        targets, inactive = self._answer(kind, ["definition", *place], ask)
        return [(path, line, column) for path, line, column in targets], inactive

    def _answer(self, kind: Kind, question: list[Any], ask: Callable[[Server], Awaitable[Any]]) -> Any:
        key = json.dumps(question)
        row = self._answers.execute(
            "SELECT answer FROM answers WHERE oracle = ? AND question = ?", (kind.name, key)
        ).fetchone()
        if row is None:
            if not self._asks:
                raise NoAnswerError("not asked")
            answer = self._loop.run_until_complete(self._ask(kind, ask))
            encoded = json.dumps(answer, default=_plain)
            with self._answers:
                self._answers.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", (kind.name, key, encoded))
        else:
            encoded = row[0]
        decoded = json.loads(encoded)
        if isinstance(decoded, dict):
            raise NoAnswerError(decoded["failed"])
        return decoded

    async def _ask(self, kind: Kind, ask: Callable[[Server], Awaitable[Any]]) -> Any:
        if kind.name not in self._servers:
            self._servers[kind.name] = await self._start(kind)
        server = self._servers[kind.name]
        if server is None:
            raise NoAnswerError("it does not start")
        try:
            return await ask(server)
        except (OSError, TimeoutError, ResponseError, ValueError) as error:
            if isinstance(error, ConnectionError):
                # It died: a new one is started for the next question, but not for ever.
                self._deaths[kind.name] = self._deaths.get(kind.name, 0) + 1
                del self._servers[kind.name]
                if self._deaths[kind.name] > MOST_DEATHS:
                    self._servers[kind.name] = None
            return {"failed": f"{type(error).__name__}: {error}"[:200]}

    async def _start(self, kind: Kind) -> Server | None:
        tree = self.folder / f"tree-{kind.name}"
        if not tree.exists():
            part = tree.with_suffix(".part")
            shutil.rmtree(part, ignore_errors=True)
            shutil.copytree(
                self._repository, part, symlinks=True, ignore=shutil.ignore_patterns(".git", "node_modules")
            )
            part.rename(tree)
            with contextlib.suppress(OSError):
                if (self._repository / "node_modules").is_dir():
                    (tree / "node_modules").symlink_to(self._repository / "node_modules")
        print(f"starting {kind.name}", file=sys.stderr)
        files = sorted(path for path, language in self._files.items() if language in kind.languages)
        server = Server(kind, tree, files, self.folder / f"data-{kind.name}")
        try:
            await server.start()
        except (OSError, TimeoutError, ResponseError, AssertionError) as error:
            print(f"{kind.name} does not start: {type(error).__name__} {error}", file=sys.stderr)
            return None
        return server

    def close(self) -> None:
        """End the servers."""
        for server in self._servers.values():
            if server is not None:
                self._loop.run_until_complete(server.stop())
        self._loop.close()
        self._answers.close()


def _plain(value: Any) -> Any:
    return astuple(value) if isinstance(value, DocumentSymbol) else list(value)


@dataclass(frozen=True, slots=True)
class Lines:
    """A file's lines, and the same with comments and strings blanked."""

    text: tuple[str, ...]
    code: tuple[str, ...]

    @classmethod
    def read(cls, path: Path, language: str) -> Lines:
        """Read a file."""
        text = path.read_text("utf-8", errors="replace").replace("\r\n", "\n")
        blank = _PYTHON if language == "python" else _QUOTED if language in _LONG_QUOTES else _OTHERS
        code = blank.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
        return cls(tuple(text.split("\n")), tuple(code.split("\n")))

    def utf16(self, line: int, index: int) -> int:
        """The column of a character of a line (1-based), in UTF-16 units."""
        return len(self.text[line - 1][:index].encode("utf-16-le", "replace")) // 2

    def at(self, line: int, column: int) -> str:
        """The rest of a line (1-based) from a column in UTF-16 units."""
        text = self.text[line - 1]
        return text.encode("utf-16-le", "replace")[2 * column :].decode("utf-16-le", "replace") if text else ""

    def column(self, line: int, name: str) -> int | None:
        """Column of a name's first mention in a line's code, in UTF-16 units; None if there is none."""
        return next(iter(self.columns(line, name)), None)

    def columns(self, line: int, name: str) -> list[int]:
        """The columns of a name's mentions in a line's code, in UTF-16 units."""
        if not 0 < line <= len(self.code):
            return []
        return [self.utf16(line, found.start()) for found in word(name).finditer(self.code[line - 1])]


def in_macro(lines: Sequence[str], line: int) -> bool:
    """Whether a line (1-based) of a C file belongs to a macro's definition."""
    first = line - 1
    while first > 0 and lines[first - 1].rstrip().endswith("\\"):
        first -= 1
    return re.match(r"\s*#\s*define\b", lines[first]) is not None


def word(name: str) -> re.Pattern[str]:
    """Finds a name as a whole word."""
    return re.compile(rf"(?<![\w$]){re.escape(name)}(?![\w$])")


_LONG_QUOTES = {"javascript", "jsx", "typescript", "tsx", "php"}
_PYTHON = re.compile(
    r"#[^\n]*"
    r"|(?<![\w])(?:[rRbBuU]{0,2})(?:\"\"\"(?:\\.|[^\\])*?\"\"\"|'''(?:\\.|[^\\])*?'''|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*')",
    re.DOTALL,
)
"""F-strings stay: they contain code."""
_QUOTED = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)
_OTHERS = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\])*\"|'(?:\\[^'\n]{1,8}|[^'\\\n])'", re.DOTALL)
"""A quote is a character's (Rust's lifetimes have one too)."""


def first_of(kinds: Sequence[Kind], languages: frozenset[str]) -> list[Kind]:
    """The kinds that understand any of the languages and whose program is there."""
    return [kind for kind in kinds if kind.languages & languages and shutil.which(kind.program)]
