"""Text on its way to a terminal: escaped, wrapped, and Markdown in colour."""

from __future__ import annotations

import io
import re
import sys
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glossator.cli import terminal


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def shown(*parts: str) -> str:
    """What Markdown in these parts looks like on a terminal of 41 columns."""
    with pytest.MonkeyPatch.context() as patch:
        screen = Screen()
        patch.setattr(sys, "stdout", screen)
        patch.setenv("COLUMNS", "41")
        patch.setenv("TERM", "xterm")
        patch.delenv("NO_COLOR", raising=False)
        prose = terminal.Prose()
        for part in parts:
            prose.write(part)
        prose.end()
        return screen.getvalue()


def without_color(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@pytest.mark.parametrize(
    ("text", "line", "lines"),
    [
        ("a\tb\nc", "a\tb\\nc", "a\tb\nc"),
        ("a\r\nb\rc", "a\\r\\nb\\rc", "a\nb\\rc"),
        ("\x1b]0;x\x07", "\\x1b]0;x\\x07", "\\x1b]0;x\\x07"),
        ("\x9b31m\x7f\x00", "\\x9b31m\\x7f\\x00", "\\x9b31m\\x7f\\x00"),
        ("\u202eabc\u2069", "\\u202eabc\\u2069", "\\u202eabc\\u2069"),
        ("äö 日本 👩‍👩‍👧 \u00a0", "äö 日本 👩‍👩‍👧 \u00a0", "äö 日本 👩‍👩‍👧 \u00a0"),
    ],
)
def test_control_characters_are_made_visible(text: str, line: str, lines: str) -> None:
    assert terminal.escaped_line(text) == line
    assert terminal.escaped(text) == lines


@given(st.text())
def test_nothing_that_commands_a_terminal_is_left(text: str) -> None:
    assert not re.search("[\x00-\x08\x0a-\x1f\x7f-\x9f]", terminal.escaped_line(text))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", terminal.escaped(text))


@given(st.text("ab 日\u0301", max_size=80), st.integers(8, 30), st.integers(0, 6))
def test_wrapped_lines_fit_and_lose_nothing(text: str, width: int, hang: int) -> None:
    lines = terminal.wrapped(text, width, hang)
    assert " ".join(lines).split() == text.split(" ") or "".join(lines).replace(" ", "") == text.replace(" ", "")
    for line in lines:
        assert terminal.cell_width(line) <= width or " " not in line.strip()


def test_a_word_longer_than_a_line_stays_whole_and_begins_at_the_edge() -> None:
    assert terminal.wrapped("in /a/very/long/path/name here", 12, 4) == ["in", "/a/very/long/path/name", "    here"]


def test_wide_characters_take_two_columns() -> None:
    assert terminal.wrapped("日本 日本 日本", 9) == ["日本 日本", "日本"]


MARKDOWN = """**Method `a.b`** in `x.py:1` [1]: Does something that takes a whole line to say.

- `first` (`x.py:1`) [1]: an item that is long enough to go on below itself.
    1. nested, which also goes on and on for quite a while here.

```python
def f():
    return "a line of code that is much too long for such a narrow terminal"
```

| a | table that is wider than the terminal but is left as it is |
end"""


def test_markdown_is_wrapped_for_a_terminal() -> None:
    text = shown(MARKDOWN)
    assert without_color(text) == (
        "**Method `a.b`** in `x.py:1` [1]: Does\nsomething that takes a whole line to\nsay.\n\n"
        "- `first` (`x.py:1`) [1]: an item that\n  is long enough to go on below itself.\n"
        "    1. nested, which also goes on and on\n       for quite a while here.\n\n"
        '```python\ndef f():\n    return "a line of code that is much\n            too long for such a narrow\n'
        '            terminal"\n```\n\n'
        "| a | table that is wider than the terminal but is left as it is |\nend\n"
    )
    assert "\x1b[36m`a.b`\x1b[0m" in text.replace("\x1b[0m\x1b[36m", "")
    assert "\x1b[1;33m[1]\x1b[0m" in text
    assert "\x1b[2m```python\x1b[0m" in text


@given(st.lists(st.integers(0, len(MARKDOWN)), max_size=30))
def test_how_an_answer_is_cut_into_pieces_does_not_matter(cuts: list[int]) -> None:
    ends = sorted({0, len(MARKDOWN), *cuts})
    assert shown(*(MARKDOWN[start:end] for start, end in pairwise(ends))) == shown(MARKDOWN)


def test_on_a_pipe_markdown_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    prose = terminal.Prose()
    prose.write(MARKDOWN)
    prose.end()
    assert stream.getvalue() == MARKDOWN + "\n"


def test_an_answer_cannot_colour_the_terminal_itself() -> None:
    text = shown("a \x1b[31mred\x1b[0m word, and `\x9b31m` too\n```\n\x1b[2J\n```\n")
    assert "\\x1b[31mred\\x1b[0m" in without_color(text)
    assert "\\x1b[2J" in text


def test_json_is_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    import json

    stream = Screen()
    monkeypatch.setattr(sys, "stdout", stream)
    value = {"a": "".join(map(chr, range(0x300))) + "\u2028\u202e\u2066日本"}
    terminal.show_json(value)
    assert json.loads(stream.getvalue()) == value
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e\u2066]", stream.getvalue())


@pytest.mark.parametrize(
    ("variables", "ascii_only"),
    [
        ({"LANG": "C"}, True),
        ({"LC_ALL": "POSIX"}, True),
        ({"LANG": "C.UTF-8"}, False),
        ({"LANG": "de_DE"}, False),
        ({}, False),
    ],
)
def test_the_c_locale_gets_ascii(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], ascii_only: bool) -> None:
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert terminal.is_ascii_only() == (ascii_only and sys.platform != "win32")
