"""URIs to paths and back, on the machine that the tests run on."""

from __future__ import annotations

import os
from itertools import product
from pathlib import Path

import pytest

from glossator.lsp.conversion import Ranges, filter_of, to_path, to_uri
from glossator.lsp.positions import lines_with_ends, whole_lines
from glossator.lsp.protocol import Scope


def test_paths_survive_the_round_trip(tmp_path: Path) -> None:
    for name in ("plain.py", "with space.py", "[id].tsx", "ü%23#?.py", "a&b;c.py"):
        path = tmp_path / name
        assert to_path(to_uri(path)) == path


def test_localhost_is_this_machine(tmp_path: Path) -> None:
    uri = to_uri(tmp_path / "a.py")
    assert to_path(uri.replace("file:///", "file://localhost/")) == tmp_path / "a.py"
    assert to_path(uri.replace("file:///", "FILE://LocalHost/")) == tmp_path / "a.py"


@pytest.mark.parametrize(
    "uri",
    [
        "untitled:Untitled-1",
        "vscode-notebook-cell:/w/a.ipynb#1",
        "git:/w/a.py",
        "https://example.org/a.py",
        "file:///w/a%00b.py",
        "file:",
        "file://",
        "",
        "http://[broken",
    ],
)
def test_what_names_no_file(uri: str) -> None:
    assert to_path(uri) is None


@pytest.mark.skipif(os.name == "nt", reason="a drive or a share means something there")
@pytest.mark.parametrize("uri", ["file:///C:/w/a.py", "file:///c%3A/w/a.py", "file://server/share/a.py"])
def test_drives_and_shares_name_nothing_here(uri: str) -> None:
    assert to_path(uri) is None


def test_ranges_read_each_file_once(tmp_path: Path) -> None:
    read: list[str] = []

    def text(path: str) -> str:
        read.append(path)
        return "one\ntwo 😀\nthree\n"

    ranges = Ranges("utf-16")
    first, second = ranges(tmp_path, "a", text, 2, 2), ranges(tmp_path, "a", text, 1, 9)
    assert (first.start.line, first.end.line, first.end.character) == (1, 1, 6)
    assert (second.start.line, second.end.line) == (0, 3)
    assert read == ["a"]


@pytest.mark.parametrize("text", ["", "one", "one\n", "one\n\ntwo 😀", "one\r\ntwo\rthree\n", "\n", "a\u2028b\x0bc\nd"])
def test_ranges_are_those_of_lines_with_their_ends(tmp_path: Path, text: str) -> None:
    lines = lines_with_ends(text)
    for start, end in product(range(1, 5), repeat=2):
        found = Ranges("utf-16")(tmp_path, "a", lambda _: text, start, end)
        assert found == whole_lines(lines, start, end, "utf-16")


def test_a_scope_is_a_filter() -> None:
    assert filter_of(None).include == ()
    assert filter_of(Scope(include=("a/**",), languages=("go",))).languages == ("go",)
