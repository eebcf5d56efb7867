"""The parsing core: coverage and nesting on any text, windows, docs, and inputs that were made to break it."""

from __future__ import annotations

import random
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glossator.index import chunking, texts
from glossator.index.languages import LANGUAGES
from glossator.index.parsing import parse
from tests.unit.parsing_checks import check_entries, table

SAMPLES = sorted(path for path in (Path(__file__).parent / "languages").rglob("*") if path.is_file())
SNIPPETS = [
    "def f(x):\n    return x\n",
    "class A:\n    def m(self):\n        pass\n",
    "# comment\n",
    "@deco\n",
    '"""doc\n',
    "\n\n",
    "\r\n",
    "\r",
    "\f",
    "\u2028",
    "\ufeff",
    "\0",
    "x = {1: 2,\n",
    "    ",
    "}",
    "function f() { return 1 }\n",
    "export class B { m() {} static x = 1 }\n",
    "/** doc */\n",
    "// c\n",
    "namespace n { struct S { int a; }; }\n",
    "#define X 1\n",
    "impl<T> Foo for Bar<T> {\n fn a() {}\n}\n",
    "é𝒳 = '日本'\n",
    "# Title\n\ntext\n",
    "a: 1\nb:\n  - c\n",
    '{"a": [1, {"b": 2}]}',
    "<div id='x'><p id=y>t</p></div>\n",
    "[table]\nk = 1\n",
    "a { color: red }\n",
    "\ud800",
]
CODE = [
    name for name, language in LANGUAGES.items() if language.grammar or name in ("markdown", "restructuredtext", "text")
]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    language=st.sampled_from(CODE),
    text=st.lists(st.one_of(st.sampled_from(SNIPPETS), st.text(max_size=12)), max_size=14).map("".join),
)
def test_any_text_is_covered_and_nests(language: str, text: str) -> None:
    check_entries(text, parse("f", text, language))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_mangled_sources_are_covered_and_nest(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(SAMPLES))
    text = path.read_text("utf-8")
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 200)))
        text = (
            text[:start] + data.draw(st.sampled_from(["", text[:80], "{", "}", "(", '"', "\n", "end\n"])) + text[end:]
        )
    check_entries(text, parse(path.name, text))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_samples_are_covered_whatever_the_line_ends(path: Path) -> None:
    text = path.read_text("utf-8").replace("\r\n", "\n")
    parsed = parse(path.name, text)
    check_entries(text, parsed)
    windows = text.replace("\n", "\r\n")
    check_entries(windows, parse(path.name, windows))
    assert table(parse(path.name, windows)) == table(parsed)
    assert table(parse(path.name, "\ufeff" + text)) == table(parsed)
    check_entries("\ufeff" + text, parse(path.name, "\ufeff" + text))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_samples_parse_without_errors_and_repeatably(path: Path) -> None:
    text = path.read_text("utf-8")
    parsed = parse(path.name, text)
    assert parsed == parse(path.name, text)
    assert parsed.lines == len(text.splitlines())


PATHOLOGICAL = {
    "empty": "",
    "blank": " \n\t\n\f\n",
    "byte order mark": "\ufeff",
    "no newline": "x = 1",
    "nul": "a = 1\0\0\nb = 2\n",
    "one line": "x = [" + "1, " * 100_000 + "]",
    "one word": "a" * 1_000_000,
    "parentheses": "x = " + "(" * 100_000,
    "brackets closed": "x = " + "[" * 20_000 + "]" * 20_000,
    "braces": "f() {" * 20_000,
    "nested functions": "".join(" " * depth + f"def f{depth}():\n" for depth in range(800)),
    "nested classes": "".join(" " * depth + f"class C{depth}:\n" for depth in range(400)) + " " * 400 + "pass\n",
    "quotes": '"""' * 10_001,
    "many lines": "x = 1\n" * 30_000,
    "many functions": "".join(f"def f{number}(): pass\n" for number in range(4_000)),
    "long lines": ("y = '" + "z" * 5000 + "'\n") * 100,
    "surrogates": "x = '\ud800\udfff'\n",
    "separators": "x = 1\u2028y = 2\x85z = 3\x1c\n\fdef f():\n    pass\n",
    "returns": "x = 1\ry = 2\rdef f():\r    pass\r",
    "else if": "if x:\n pass\n" + "elif y:\n pass\n" * 5_000,
    "chain": "x" + ".a()" * 30_000,
    "operators": "x = " + "1 + " * 20_000 + "1",
    "comments": "# c\n" * 20_000 + "def f(): pass\n",
}


HARD = ["empty", "nul", "no newline", "one line", "one word", "parentheses", "brackets closed", "chain", "long lines"]


@pytest.mark.parametrize(
    ("language", "name"),
    [("python", name) for name in PATHOLOGICAL]
    + [(language, name) for language in ("javascript", "cpp", "json") for name in HARD]
    + [(language, name) for language in ("markdown", "restructuredtext", "text") for name in HARD[:5]],
)
def test_pathological_text(language: str, name: str) -> None:
    text = PATHOLOGICAL[name]
    begun = time.process_time()
    parsed = parse("f", text, language)
    assert time.process_time() - begun < 15
    check_entries(text, parsed)


def test_an_unknown_language_is_text() -> None:
    assert parse("f", "hello\n", "klingon").language == "text"
    assert parse("unknown.xyz", "hello\n").language == "text"


def test_lines_are_counted_as_editors_do() -> None:
    parsed = parse("a.py", "x = '\u2028'\fy\r\ndef f():\r    pass\n\ndef g(): pass")
    assert [(entry.name, entry.start_line, entry.end_line) for entry in parsed.entries if entry.kind == "function"] == [
        ("f", 2, 3),
        ("g", 5, 5),
    ]
    assert parsed.lines == 5


def test_syntax_errors_leave_the_rest() -> None:
    text = "def good():\n    return 1\n\ndef bad(:\n    x = (\n\nclass Fine:\n    def m(self):\n        return 2\n"
    parsed = parse("a.py", text)
    assert parsed.has_errors
    assert "good" in [entry.name for entry in parsed.entries]
    check_entries(text, parsed)


def _long_function(lines: int) -> str:
    rng = random.Random(7)
    body = []
    for number in range(lines):
        body.append(f"    value_{number} = compute(value_{rng.randrange(number + 1)}, {number})\n")
        if number % 9 == 8:
            body.append(f"    if value_{number}:\n        report(\n            value_{number},\n        )\n\n")
    return "def long(value_0):\n    '''All of it.'''\n" + "".join(body)


def test_a_long_function_has_windows_that_overlap_at_statements() -> None:
    text = _long_function(300)
    parsed = parse("a.py", text)
    check_entries(text, parsed)
    whole, *windows = parsed.entries
    assert whole.part == 0
    assert whole.doc == "All of it."
    assert [window.part for window in windows] == list(range(1, len(windows) + 1))
    assert windows[0].start_line == whole.start_line
    assert windows[-1].end_line == whole.end_line
    lines = text.split("\n")
    for before, after in pairwise(windows):
        assert before.start_line < after.start_line <= before.end_line + 1
        assert 1 <= before.end_line + 1 - after.start_line <= chunking.OVERLAP_LINES
        # Never inside the call that takes three lines.
        assert lines[after.start_line - 1].startswith(("    value_", "    if "))
    for window in windows:
        assert window.end_line - window.start_line < chunking.WINDOW_LINES * 5 // 4
        assert len(window.text) <= chunking.WINDOW_BYTES * 5 // 4
        assert "compute" in window.references


def test_a_class_is_its_outline_and_its_members_are_entries() -> None:
    text = (
        "class Stack:\n    '''Last in, first out.'''\n\n    limit = 9\n\n"
        "    def push(self, item):\n        self.items.append(item)\n\n"
        "    def pop(self) -> int:\n        return self.items.pop()\n"
    )
    parsed = parse("a.py", text)
    stack, push, pop = parsed.entries
    assert (stack.kind, stack.doc, stack.signature) == ("class", "Last in, first out.", "class Stack")
    assert "limit = 9" in stack.text
    assert "def push(self, item)" in stack.text
    assert "append" not in stack.text
    assert stack.references == ()
    assert (push.qualified_name, push.kind, push.parent, push.references) == ("Stack.push", "method", 0, ("append",))
    assert push.text == "def push(self, item):\n    self.items.append(item)"
    assert pop.signature == "def pop(self) -> int"


def test_nested_functions_are_part_of_the_outer_unless_long() -> None:
    body = "".join(f"        print({number})\n" for number in range(40))
    text = "def outer():\n    def short():\n        pass\n    def long():\n" + body + "    return long\n"
    assert table(parse("a.py", text)) == [("function", "outer", 1, 45), ("function", "outer.long", 4, 44)]


def test_many_tiny_constants_become_blocks_but_few_do_not() -> None:
    few = "".join(f"NAME_{number} = {number}\n" for number in range(5))
    assert [entry.kind for entry in parse("a.py", few).entries] == ["constant"] * 5
    many = "".join(f"NAME_{number} = {number}\n" for number in range(500))
    parsed = parse("a.py", many)
    check_entries(many, parsed)
    assert len(parsed.entries) < 20
    assert {entry.kind for entry in parsed.entries} == {"block"}
    assert any("NAME_250" in entry.references for entry in parsed.entries)


def test_comments_and_decorators_belong_to_what_follows() -> None:
    text = "x = f()  # not mine\n# One\n# two.\n@deco\n# three\ndef f(): pass\n\n# far away\n\ndef g(): pass\n"
    parsed = parse("a.py", text)
    assert table(parsed) == [("variable", "x", 1, 1), ("function", "f", 2, 6), ("function", "g", 10, 10)]
    f = next(entry for entry in parsed.entries if entry.name == "f")
    assert f.doc == "One\ntwo.\nthree"
    assert f.signature == "def f()"
    assert f.name_line == 6
    assert f.references == ("deco",)


def test_blocks_between_definitions_are_cut_at_statements() -> None:
    text = "".join(f"call({number},\n     {number})\n" for number in range(300))
    parsed = parse("a.py", text)
    check_entries(text, parsed)
    assert len(parsed.entries) > 8
    assert all(entry.text.startswith("call(") for entry in parsed.entries)
    assert all(entry.end_line - entry.start_line < 60 for entry in parsed.entries)


@pytest.mark.parametrize(
    ("comment", "doc"),
    [
        ("# One\n# two", "One\ntwo"),
        ("/** One\n *  two\n */", "One\n two"),
        ("/// One\n///\n/// two", "One\n\ntwo"),
        ("//! One", "One"),
        ("/* One */", "One"),
        ("-- | One\n-- two", "One\ntwo"),
        ("{- | One\n   two -}", "One\ntwo"),
        ("(** One *)", "One"),
        ("'''One\n\n    two\n      three\n    '''", "One\n\ntwo\n  three"),
        ('r"""One"""', "One"),
        ("#' One", "One"),
        (";; One", "One"),
        ("/**\n * One\n * - item\n */", "One\n- item"),
    ],
)
def test_clean_doc(comment: str, doc: str) -> None:
    assert texts.clean_doc(comment) == doc


@pytest.mark.parametrize(
    ("scope", "cleaned"),
    [
        ("Foo", "Foo"),
        ("*Session[T]", "Session"),
        ("a::b::Foo<T, U<V>>", "a.b.Foo"),
        ("&'a mut Foo", "'a Foo"),
        ("M.sub", "M.sub"),
        ("App\\Model", "App.Model"),
    ],
)
def test_clean_scope(scope: str, cleaned: str) -> None:
    assert texts.clean_scope(scope).replace("'a.", "'a ") == cleaned
