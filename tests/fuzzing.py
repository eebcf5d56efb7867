"""What is fuzzed: functions that read bytes which somebody else has written, and what they may do with them.

Each target takes any bytes and returns, or fails with an error that this program raises on purpose. `SEEDS` are inputs
to begin with. `tests/unit/test_fuzzing.py` tries some of each in CI, `scripts/fuzz` as many as it is given minutes.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import functools
import json
import os
import shutil
import struct
import tempfile
from collections.abc import Callable
from pathlib import Path

from glossator.errors import GlossatorError, ModelError, UsageError
from glossator.index.languages import LANGUAGES
from glossator.index.parsing import parse
from glossator.index.terms import analyze
from glossator.lsp.connection import read_messages
from glossator.mcp_server.code_tools import CallScope
from glossator.mcp_server.jsonc_editing import parse_jsonc, with_member, without_member
from glossator.mcp_server.projects import Project
from glossator.mcp_server.tool_results import as_data, as_text
from glossator.mcp_server.tool_table import TOOLS
from glossator.model.header import read_header
from glossator.project.session import Session
from glossator.project.updates import RootUpdates
from glossator.retrieval.query import parse_query
from glossator.retrieval.reports import read_report
from glossator.settings import Settings
from glossator.workspace.decoding import decode
from glossator.workspace.file_texts import read_text
from glossator.workspace.files import Found, Rules, Skipped
from glossator.workspace.gitstate import Repository, ignore_config, linked_worktree_of
from glossator.workspace.ignoring import IgnoreFile
from glossator.workspace.notebooks import displayed, read_notebook
from glossator.workspace.screening import file_by_name, file_by_text
from glossator.workspace.secret_texts import without_secrets

_FOLDER = Path(tempfile.mkdtemp(prefix="glossator-fuzzing-"))
_EXTENSIONS = sorted({f"a{extension}" for language in LANGUAGES.values() for extension in language.extensions})


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def gguf(data: bytes) -> None:
    """The header of a model file."""
    path = _FOLDER / "model.gguf"
    path.write_bytes(data)
    with contextlib.suppress(ModelError):
        read_header(path)


def parser(data: bytes) -> None:
    """Source code; the first byte chooses the language."""
    path = _EXTENSIONS[data[0] % len(_EXTENSIONS)] if data else "a.py"
    text = _text(data[1:])
    parsed = parse(path, text)
    size = len(text.encode("utf-8"))
    for entry in parsed.entries:
        assert 1 <= entry.start_line <= entry.end_line <= max(parsed.lines, 1)
        assert 0 <= entry.start_byte <= entry.end_byte <= size


def query(data: bytes) -> None:
    """What a user searches for, or a report that is pasted."""
    text = _text(data)
    with contextlib.suppress(UsageError):
        parse_query(text)
    analyze(text)
    read_report(text)


def messages(data: bytes) -> None:
    """The stream of an editor."""
    bodies: list[bytes] = []

    async def read() -> None:
        stream = asyncio.StreamReader()
        stream.feed_data(data)
        stream.feed_eof()
        await asyncio.wait_for(read_messages(stream, bodies.append, asyncio.Event()), 20)

    asyncio.run(read())
    assert sum(map(len, bodies)) <= len(data)


def ignore_file(data: bytes) -> None:
    """A .gitignore."""
    rules = IgnoreFile(data)
    for path in ("a/b.py", "[", "x" * 60, "b.py"):
        rules.match(path, path.rpartition("/")[2], is_folder=False)
        rules.match(path, path.rpartition("/")[2], is_folder=True)


def git_index(data: bytes) -> None:
    """git's index, HEAD and configuration."""
    git = _FOLDER / "repository" / ".git"
    git.mkdir(parents=True, exist_ok=True)
    for name in ("HEAD", "config", "index"):
        (git / name).write_bytes(data)
    repository = Repository.at(git.parent)
    if repository is not None:
        repository.tracked()
        repository.staged()
        ignore_config(repository)
    worktree = _FOLDER / "worktree"
    worktree.mkdir(exist_ok=True)
    (worktree / ".git").write_bytes(data)
    linked_worktree_of(worktree)
    if (other := Repository.at(worktree)) is not None:
        other.tracked()


def text_file(data: bytes) -> None:
    """A file of unknown encoding and kind."""
    decoded = decode(data)
    if decoded is not None:
        text, _ = decoded
        text.encode("utf-8")
        masked = without_secrets(text, "a.yaml")
        assert len(masked) == len(text)
        file_by_text("a.js", text)
        file_by_name(text[:50] or "a", len(data), 1_000_000)


def notebook(data: bytes) -> None:
    """A Jupyter notebook."""
    text = _text(data)
    found = read_notebook(text)
    if found is not None:
        displayed("a.ipynb", text)
        parse("a.ipynb", text)


def agent_configuration(data: bytes) -> None:
    """The configuration of an agent's client, JSON with comments, into which a member is put."""
    text = _text(data)
    try:
        before = parse_jsonc(text)
    except GlossatorError:
        return
    with contextlib.suppress(GlossatorError):
        changed = with_member(text, ("mcpServers", "glossator"), {"command": "glossator"})
        assert parse_jsonc(changed)["mcpServers"]["glossator"] == {"command": "glossator"}
        if isinstance(before, dict) and "mcpServers" not in before:
            without_member(changed, ("mcpServers", "glossator"))


def walker(data: bytes) -> None:
    """A tree: an ignore file, and after each null character the name of a file."""
    rules_text, *names = data.split(b"\0")[:12]
    root = Path(tempfile.mkdtemp(dir=_FOLDER))
    try:
        (root / ".gitignore").write_bytes(rules_text)
        for number, name in enumerate(names):
            with contextlib.suppress(OSError, ValueError):
                path = root / os.fsdecode(name).lstrip("/")
                if not {"..", "."}.intersection(path.parts):
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(b"def f():\n    return %d\n" % number)
        rules = Rules(root, Settings())
        found = list(rules.scan())
        assert len({item.path for item in found}) == len(found)
        for item in found:
            assert not rules.is_ignored(item.path.rstrip("/"), is_folder=item.path.endswith("/")) or isinstance(
                item, Skipped
            )
            if isinstance(item, Found):
                assert rules.look(item.path) == item
                assert read_text(root, item.path, Settings()) is not None
    finally:
        shutil.rmtree(root, ignore_errors=True)


@functools.cache
def _project() -> CallScope:
    """A small project with an index, for the tools of agents."""
    root = _FOLDER / "project"
    root.mkdir()
    (root / "cart.py").write_text(
        "class Cart:\n    def total(self):\n        return add_tax(1)\n\n\ndef add_tax(x):\n    return x\n"
    )
    (root / "readme.md").write_text("# Cart\n\nIt adds `add_tax`.\n")
    session = Session([root], Settings(index_dir=_FOLDER / "indexes", workers=1))
    updates = RootUpdates(session.root, watch=False, on_change=lambda: None)
    atexit.register(session.close)
    atexit.register(updates.close)  # first
    updates.rescan().result()
    return CallScope([Project(updates, "")])


def agent_call(data: bytes) -> None:
    """A call of an agent: the first byte chooses the tool, the rest are its arguments, as JSON or the first of them."""
    tools = [tool for tool in TOOLS if tool.run is not None]
    tool = tools[data[0] % len(tools)] if data else tools[0]
    text = _text(data[1:])
    main = next(
        (name for name in ("query", "symbol", "base", "path") if name in tool.arguments.model_fields), "project"
    )
    try:
        given = json.loads(text) if text.lstrip().startswith("{") else {main: text}
        arguments = tool.arguments.model_validate(given)
    except (ValueError, RecursionError):
        return
    with contextlib.suppress(GlossatorError):
        result = tool.called(_project(), arguments)
        json.dumps(as_data(result))
        as_text(result)


TARGETS: dict[str, Callable[[bytes], None]] = {
    one.__name__: one
    for one in (
        gguf,
        parser,
        query,
        messages,
        ignore_file,
        git_index,
        text_file,
        notebook,
        agent_configuration,
        walker,
        agent_call,
    )
}


def _gguf_string(text: bytes) -> bytes:
    return struct.pack("<Q", len(text)) + text


_SNIPPETS = (
    b"def f(a):\n  return g(a)\n",
    b"class A { int f() { return 1; } } // x\n",
    b"#if A\nint f(\n#else\n}",
)

SEEDS: dict[str, list[bytes]] = {
    "gguf": [
        b"GGUF" + struct.pack("<IQQ", 3, 1, 1) + _gguf_string(b"general.architecture") + struct.pack("<I", 8)
        + _gguf_string(b"llama") + _gguf_string(b"token_embd.weight") + struct.pack("<IQQIQ", 2, 4, 4, 0, 0) + bytes(9),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + _gguf_string(b"a") + struct.pack("<IIQ", 9, 8, 2**63),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + _gguf_string(b"a") + struct.pack("<IIQ", 9, 4, 2**61),
    ],
    "parser": [bytes([number]) + text for number in range(0, 250, 7) for text in _SNIPPETS],
    "query": [
        b"where is `Cart.total`",
        b'Traceback (most recent call last):\n  File "a.py", line 3, in f\nE: x',
        b"a/b.py:3",
    ],
    "messages": [
        b"Content-Length: 2\r\n\r\n{}",
        b"content-length: 9999999999\r\n\r\n",
        b"Content-Length: -1\r\n\r\n{}",
    ],
    "ignore_file": [b"*.py\n!a/**/b[!c-d]*\n\\ \n", b"[[:alpha:]]*\n", b"**/**/**\n[a-\n"],
    "git_index": [
        b"DIRC\0\0\0\2\0\0\0\1" + bytes(70),
        b"ref: refs/heads/main\n",
        b"gitdir: ../repository/.git\n",
        b"gitdir: " + b"a" * 400,
        b"gitdir: worktrees/" + b"a" * 400,
        b'[core]\n\texcludesFile = "x\n[include] path=a\0b',
    ],
    "text_file": [
        b"\xff\xfea\0b\0",
        b"# -*- coding: latin-1 -*-\n\xe9",
        b"password: a1b2c3d4e5f6g7\n",
        b"version https://git-lfs.",
    ],
    "notebook": [json.dumps({"cells": [{"cell_type": "code", "source": ["a = 1\n", "b"], "metadata": {}}]}).encode()],
    "walker": [
        b"*.log\n!keep.log\n/build/\n\0a.py\0build/b.py\0keep.log\0deep/er/c.py",
        b"**/x\\ \n[!a]?.py\0-rf\0--help\0a b/\xff.py\0x /y\0.gitignore/z\0node_modules/a.js",
        b"*\n!*/\n!**/*.py\0a/b/c.py\0a/.gitignore\0a/.glossatorignore\0.env\0a.ipynb",
    ],
    "agent_call": [
        *(bytes([number]) + text for number in range(7) for text in (b"Cart.total", b"cart.py:3", b"a.py::b")),
        *(bytes([number]) + b'{"query": "where is tax added", "limit": 3, "max_tokens": 100}' for number in range(7)),
        *(bytes([number]) + b'{"symbol": "cart.py:2-3", "depth": 3, "direction": "callers"}' for number in range(7)),
        b'\0{"query": "x", "path": "[!a]{b,", "language": "python", "kind": "method"}',
        b'\2{"path": "../..", "max_tokens": 20000}',
    ],
    "agent_configuration": [b'{"mcpServers": {"x": {}}, // a\n}', b"{}", b'{"a\\x": 1}', b'{"a": [1, /* b */ 2,]}'],
}  # fmt: skip
