"""Trees made to hurt are indexed: long lines, deep nesting, odd names, links, pipes, sockets and devices."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Ran, write_tree

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has neither these names nor these kinds of file"
)

DEPTH = 10_000
TINY = 2_000
LONG_LINE = 100 * 1024 * 1024
NESTED = {
    "a.py": "x = " + "(" * DEPTH + ")" * DEPTH,
    "b.py": "".join("    " * level + f"def f{level}():\n" for level in range(90)) + "    " * 90 + "pass\n",
    "c.json": "[" * DEPTH + "]" * DEPTH,
    "d.js": "f(" * DEPTH + ")" * DEPTH,
    "e.c": "int x = " + "{" * DEPTH + "}" * DEPTH + ";\nint nested(void) { " + "{" * 2000 + "}" * 2000 + " }\n",
    "f.html": "<div>" * DEPTH + "</div>" * DEPTH,
    "g.rs": "fn f() { " + "if true { " * 3000 + "}" * 3000 + " }",
    "h.md": "> " * DEPTH + "deep\n" + "".join("  " * level + f"- item {level}\n" for level in range(300)),
    "i.hs": "f = " + "(" * DEPTH + "1" + ")" * DEPTH,
    "j.yaml": "{" * DEPTH + "}" * DEPTH,
    "k.cpp": "#if A\n" * DEPTH + "int f() { return 1; }\n" + "#endif\n" * DEPTH,
    "l.ts": "type T = " + "Array<" * DEPTH + "string" + ">" * DEPTH + ";\n",
    "m.py": "x = 1" + " + 1" * DEPTH,
    "n.rb": "a" + ".b" * DEPTH + "\n",
}
NAMES = (
    "-rf",
    "--output=x.py",
    "-",
    "--",
    "a b.py",
    "a\nb.py",
    "$(touch pwned).py",
    "`id`.py",
    ";ls.py",
    "*.py",
    "~.py",
)


def deepest(folder: Path) -> int:
    """Make folders inside each other as far as the system lets; returns how many."""
    here = os.open(folder, os.O_RDONLY)
    levels = 0
    with contextlib.suppress(OSError):
        while levels < DEPTH:
            os.mkdir("d", dir_fd=here)
            inner = os.open("d", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here, levels = inner, levels + 1
    with contextlib.suppress(OSError):
        file = os.open("a.py", os.O_WRONLY | os.O_CREAT, dir_fd=here)
        os.write(file, b"def bottom(): pass\n")
        os.close(file)
    os.close(here)
    return levels


def remove_deepest(folder: Path) -> None:
    """`shutil.rmtree` is recursive; this brings the bottom up."""
    while (folder / "d/d").exists():
        (folder / "d/d").rename(folder / "up")
        for path in (folder / "d").iterdir():
            path.unlink()
        (folder / "d").rmdir()
        (folder / "up").rename(folder / "d")


def test_a_tree_made_to_hurt(glossator: Callable[..., Ran], tmp_path: Path) -> None:
    root = write_tree(tmp_path / "tree", NESTED)
    (root / "good.py").write_text("def a_good_function():\n    return 1\n")
    with (root / "long.py").open("wb") as file:
        for _ in range(LONG_LINE // 2**20):
            file.write(b"x" * 2**20)
    (root / "long.js").write_text("var a = '" + "y" * 900_000 + "';\n")
    for number in range(TINY):
        (root / f"tiny{number % 50}").mkdir(exist_ok=True)
        (root / f"tiny{number % 50}" / f"t{number}.py").write_text(f"t{number} = {number}\n")
    for name in NAMES:
        (root / name).write_text("def odd(): pass\n")
    with contextlib.suppress(OSError):
        (root / os.fsdecode(b"\xff\xfe.py")).write_text("def odd(): pass\n")
    outside = write_tree(tmp_path / "outside", {"secret.py": "def never_indexed(): pass\n"})
    (root / "out").symlink_to(outside)
    (root / "out.py").symlink_to(outside / "secret.py")
    (root / "passwd.py").symlink_to("/etc/passwd")
    (root / "circle").symlink_to(root)
    (root / "one").symlink_to("two")
    (root / "two").symlink_to("one")
    os.mkfifo(root / "README")
    os.mkfifo(root / "pipe.py")
    os.mkfifo(root / ".gitignore")
    server = socket.socket(socket.AF_UNIX)
    with contextlib.suppress(OSError):
        server.bind(str(root / "sock.py")[:100])
    with contextlib.suppress(OSError):  # only root may
        os.mknod(root / "zero.py", 0o600 | stat.S_IFCHR, os.makedev(1, 5))
    levels = deepest(root)
    try:
        done = glossator("index", "--root", root, "--json")
        assert done.status == 0, done.err[-2000:]
        assert "Traceback" not in done.err
        skipped = {item["path"]: item["reason"] for item in done.json["skipped"]}
        assert skipped["long.py"].startswith("larger than")
        assert skipped["pipe.py"] == "not a regular file"
        assert skipped["out.py"] == "a symbolic link that leads out of the workspace"
        assert done.json["files"] >= TINY + len(NAMES) - 2
        assert levels > 100
        for command in (["search", "a_good_function"], ["ask", "--no-model", "What is a_good_function?"]):
            found = glossator(command[0], "--root", root, "--json", *command[1:])
            assert found.status == 0, found.err[-2000:]
            assert "good.py" in found.out
            assert "never_indexed" not in found.out
        assert not glossator("search", "--root", root, "--json", "never_indexed").json["hits"][:0]
        assert not (root / "pwned").exists()
    finally:
        server.close()
        remove_deepest(root)
