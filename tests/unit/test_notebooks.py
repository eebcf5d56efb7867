"""Jupyter notebooks: their cells' definitions, at the lines of the notebook's file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glossator.answers.citations import find_again
from glossator.answers.evidence import Question
from glossator.answers.gathering import explain_symbol, gather_for_question
from glossator.answers.index_answer import evidence_answer
from glossator.index.parsing import parse
from glossator.settings import Settings
from glossator.workspace.file_texts import Text, read_text
from glossator.workspace.files import Skipped
from glossator.workspace.notebooks import displayed, read_notebook, slice_of
from glossator.workspace.reading import disk_reader, split_lines
from tests.unit.parsing_checks import check_entries
from tests.unit.retrieval_samples import SETTINGS, make_project

if TYPE_CHECKING:
    from pathlib import Path

    from glossator.index.entries import ParsedFile

LOAD = (
    'def load(path):\n    """Reads the "table" at a path: \\\\ é 😀."""\n    rows = read_csv(path)\n    return rows\n'
)
MODEL = "class Model:\n    def fit(self, x):\n        return load(x)\n\nmodel = Model()"


def code(source: str, **more: Any) -> dict[str, Any]:
    output = {"output_type": "stream", "text": ["def printed():\n", "    pass\n"]}
    image = {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo=\n", "text/html": ["<b id='x'>"]}}
    return {"cell_type": "code", "metadata": {}, "outputs": [output, image], "source": source, **more}


def markdown(source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def notebook(*cells: dict[str, Any], language: str = "python", **more: Any) -> dict[str, Any]:
    metadata = {"kernelspec": {"name": "python3"}, "language_info": {"name": language}}
    return {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5, **more}


def saved(content: dict[str, Any], *, lists: bool = True, ascii_only: bool = False, indent: int | None = 1) -> str:
    """A notebook's file, by default as Jupyter writes it."""
    cells = [
        {**cell, "source": cell["source"].splitlines(keepends=True) if lists else cell["source"]}
        for cell in content["cells"]
    ]
    return json.dumps({**content, "cells": cells}, indent=indent, ensure_ascii=ascii_only) + "\n"


EXAMPLE = notebook(markdown("# Loading\n\nHow it is done.\n"), code("import pandas as pd\n"), code(LOAD), code(MODEL))
STYLES: dict[str, dict[str, Any]] = {
    "as Jupyter saves it": {},
    "escaped": {"ascii_only": True},
    "one string for each cell": {"lists": False},
    "one line": {"indent": None, "ascii_only": True},
    "one line, one string for each cell": {"indent": None, "lists": False},
}


def definitions(parsed: ParsedFile) -> list[tuple[str, str]]:
    return [(entry.kind, entry.qualified_name) for entry in parsed.entries if entry.part == 0 and entry.kind != "block"]


def check_places(text: str, parsed: ParsedFile) -> None:
    """Lines and bytes are the file's, and nest as they do in any file."""
    data = text.encode("utf-8", "surrogatepass")
    for entry in parsed.entries:
        assert data[: entry.start_byte].count(b"\n") == entry.start_line - 1
        assert data[: entry.end_byte].count(b"\n") == entry.end_line - 1
        assert entry.start_line <= entry.name_line <= entry.end_line
        if entry.parent is not None:
            parent = parsed.entries[entry.parent]
            assert parent.start_byte <= entry.start_byte < entry.end_byte <= parent.end_byte
    order = [(entry.start_byte, -entry.end_byte, entry.part) for entry in parsed.entries]
    assert order == sorted(order)


@pytest.mark.parametrize("style", STYLES)
def test_the_definitions_of_a_notebook(style: str) -> None:
    text = saved(EXAMPLE, **STYLES[style])
    parsed = parse("a.ipynb", text)
    check_places(text, parsed)
    assert (parsed.language, parsed.imports, parsed.has_errors) == ("python", ("pandas",), False)
    assert parsed.lines == text.count("\n")
    assert definitions(parsed) == [
        ("section", "Loading"),
        ("function", "load"),
        ("class", "Model"),
        ("method", "Model.fit"),
        ("variable", "model"),
    ]
    load = next(entry for entry in parsed.entries if entry.name == "load")
    assert load.text == LOAD.rstrip()
    assert load.doc == 'Reads the "table" at a path: \\\\ é 😀.'
    assert load.references == ("read_csv",)
    assert slice_of(text, load.start_byte, load.end_byte) == LOAD.rstrip()
    if style == "as Jupyter saves it":
        assert "def load(path)" in text.split("\n")[load.name_line - 1]
        assert "return rows" in text.split("\n")[load.end_line - 1]


@pytest.mark.parametrize("style", STYLES)
def test_what_is_shown_of_a_notebook(style: str, tmp_path: Path) -> None:
    text = saved(EXAMPLE, **STYLES[style])
    with make_project(tmp_path, {"a.ipynb": text, "b.py": "def save(rows):\n    return Model(rows)\n"}) as project:
        material = explain_symbol(project.view(), project.store.named("load")[0], 3000)
        answer = evidence_answer(material)
        assert answer.startswith("**Function `load`** in `a.ipynb:")
        assert "rows = read_csv(path)\n" in answer
        assert "return rows\n```" in answer
        assert "\\n" not in answer
        assert "Used in 1 place" in answer
        if STYLES[style].get("lists", True) and "indent" not in STYLES[style]:
            assert "Used in 1 place, in `Model.fit`" in answer
        assert "    rows = read_csv(path)\n    return rows" in material.evidence[0].text
        asked = gather_for_question([project.view()], Question("how is the table loaded"), 3000)
        assert '\\"' not in evidence_answer(asked)
        read = disk_reader(project.root, SETTINGS)
        for piece in (*material.evidence, *asked.evidence):
            assert '",' not in piece.text
            assert "printed" not in piece.text
            assert find_again(piece, read(piece.path)) == piece


def test_a_notebook_within_a_small_budget(tmp_path: Path) -> None:
    body = "".join(f"    step_{number}(rows, {number})\n" for number in range(300))
    text = saved(notebook(code("def work(rows):\n" + body)), indent=None)
    with make_project(tmp_path, {"a.ipynb": text}) as project:
        material = explain_symbol(project.view(), project.store.named("work")[0], 400)
        assert material.evidence[0].text.startswith("def work(rows):\n    step_0(rows, 0)\n")
        assert material.evidence[0].tokens <= 400
        assert "step_2(rows, 2)" in evidence_answer(material)


LANGUAGES = [
    ({"language_info": {"name": "R"}}, "f <- function(x) {\n  x\n}", "r", "function", "f"),
    ({"kernelspec": {"name": "ir"}}, "f <- function(x) {\n  x\n}", "r", "function", "f"),
    ({"kernelspec": {"name": "julia-1.10", "language": "julia"}}, "function f(x)\n  x\nend", "julia", "function", "f"),
    ({"language_info": {"name": "typescript"}}, "function f(x: number) {\n  g();\n}", "typescript", "function", "f"),
    ({"language_info": {"name": "C#"}}, "class F {\n  int g() { return 1; }\n}", "csharp", "class", "F"),
    ({"kernelspec": {"name": ".net-fsharp"}}, "let f x =\n  x + 1", "fsharp", "function", "f"),
    ({"language_info": {"name": "scala"}}, "def f(x: Int) = {\n  x\n}", "scala", "function", "f"),
    ({"kernelspec": {"name": "python3"}}, "def f(x):\n  return x", "python", "function", "f"),
    ({}, "def f(x):\n  return x", "python", "function", "f"),
]


@pytest.mark.parametrize(("metadata", "source", "language", "kind", "name"), LANGUAGES)
def test_the_language_of_a_notebook(metadata: dict[str, Any], source: str, language: str, kind: str, name: str) -> None:
    parsed = parse("a.ipynb", saved(notebook(code(source), metadata=metadata)))
    assert parsed.language == language
    assert (kind, name) in definitions(parsed)


MAGICS = [
    ("%matplotlib inline\n!pip install x\n?print\ndef f():\n    return 1\n", ["f"]),
    ("%%time\ndef f():\n    return 1\n", ["f"]),
    ("%%bash\nf() {\n  echo\n}\n", ["f"]),
    ("%%javascript\nfunction f() {\n  go();\n}\n", ["f"]),
    ("%%sql\nCREATE TABLE t (\n  a int\n);\n", ["t"]),
    ("%%writefile app.rb\ndef f\n  1\nend\n", ["f"]),
    ("%%mermaid\nclass F:\n  x\n", []),
    ("def half(:\n", ["half"]),
]


@pytest.mark.parametrize(("source", "names"), MAGICS)
def test_magics_hide_nothing(source: str, names: list[str]) -> None:
    text = saved(notebook(code(source), code("def after():\n    return 2\n")))
    parsed = parse("a.ipynb", text)
    check_places(text, parsed)
    assert [name for _, name in definitions(parsed)] == [*names, "after"]


@pytest.mark.parametrize(
    "magic", ["%matplotlib inline", "!pip install x", "%load_ext a\n!!ls -l", "?print", "%%time\n%cd .."]
)
def test_magics_document_nothing(magic: str) -> None:
    parsed = parse("a.ipynb", saved(notebook(code(f"{magic}\n# Doubles it.\ndef f():\n    return 1\n"))))
    assert [entry.doc for entry in parsed.entries if entry.name == "f"] == ["Doubles it."]
    parsed = parse("a.ipynb", saved(notebook(code(f"{magic}\ndef f():\n    return 1\n"))))
    assert [entry.doc for entry in parsed.entries if entry.name == "f"] == [""]


def test_a_cell_may_have_a_language_of_its_own() -> None:
    cells = [code("function f() {\n  go();\n}\n", metadata={"vscode": {"languageId": "javascript"}}), code(LOAD)]
    assert definitions(parse("a.ipynb", saved(notebook(*cells)))) == [("function", "f"), ("function", "load")]


def test_an_old_notebook() -> None:
    cells = [
        {"cell_type": "heading", "level": 1, "source": ["Loading"]},
        {"cell_type": "code", "language": "python", "input": LOAD.splitlines(keepends=True), "outputs": []},
    ]
    text = json.dumps({"nbformat": 3, "metadata": {"name": "a"}, "worksheets": [{"cells": cells}]}, indent=1)
    parsed = parse("a.ipynb", text)
    check_places(text, parsed)
    assert definitions(parsed) == [("function", "load")]


BROKEN = [
    "",
    "{",
    "[]",
    "null",
    "def f():\n    return 1\n",
    '{"cells": 3}',
    '{"nbformat": 4}',
    '{"cells": [{"cell_type": "code", "source": ["def f():\\n", "    return 1"]',
    "<<<<<<< HEAD\n" + saved(EXAMPLE),
    "[" * 100_000,
    '{"cells": ' + "[" * 100_000,
]


@pytest.mark.parametrize("text", BROKEN)
def test_what_is_no_notebook_is_read_as_text(text: str) -> None:
    parsed = parse("a.ipynb", text)
    check_entries(text, parsed)
    assert parsed.language == "text"
    assert {entry.kind for entry in parsed.entries} <= {"block"}
    assert displayed("a.ipynb", text) == text


@pytest.mark.parametrize(
    "text",
    [
        '{"cells": []}',
        '{"cells": [1, null, "x", [], {}, {"source": null}, {"source": {"a": "b"}}, {"source": [["x"], 1]}]}',
        '{"cells": [{"cell_type": "code", "source": ["", "\\n", "a = 1"]}], "metadata": {"kernelspec": null}}',
        '{"cells": [{"cell_type": "code", "source": "\\ud800 = 1\\r\\nb = 2\\rc = 3"}]}',
        '\ufeff{"cells": [{"cell_type": "code", "source": "def f(): return 1"}]}',
        '{"metadata": {"language_info": {"name": "klingon"}}, "cells": [{"cell_type": "code", "source": "x"}]}',
    ],
)
def test_odd_notebooks(text: str) -> None:
    parsed = parse("a.ipynb", text)
    check_places(text.replace("\ufeff", "   "), parsed)


@given(st.lists(st.text(max_size=40), max_size=5), st.sampled_from(sorted(STYLES)))
def test_any_source_is_read_and_shown(sources: list[str], style: str) -> None:
    sources = [f"{source}\ndef f{number}(): return 1\n" for number, source in enumerate(sources)]
    text = saved(notebook(*map(code, sources)), **STYLES[style])
    parsed = parse("a.ipynb", text)
    check_places(text, parsed)
    found = read_notebook(text)
    assert found is not None
    assert [cell.text for cell in found.cells] == sources
    shown = displayed("a.ipynb", text)
    assert len(split_lines(shown)) == len(split_lines(text))
    for entry in parsed.entries:
        assert slice_of(text, entry.start_byte, entry.end_byte) != "" or not entry.text.strip()


def test_the_size_of_a_notebook(tmp_path: Path) -> None:
    image = {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo" * 100_000}}
    text = saved(notebook(code(LOAD, outputs=[image])))
    settings = Settings(max_file_bytes=300_000)
    (tmp_path / "a.ipynb").write_text(text, "utf-8")
    (tmp_path / "broken.ipynb").write_text(text[:-5], "utf-8")
    (tmp_path / "huge.ipynb").write_text(text + " " * 2_000_000, "utf-8")
    assert isinstance(read_text(tmp_path, "a.ipynb", settings), Text)
    assert read_text(tmp_path, "broken.ipynb", settings) == Skipped("broken.ipynb", "data, larger than 256 KiB")
    assert read_text(tmp_path, "huge.ipynb", settings) == Skipped("huge.ipynb", "larger than 2.289 MiB")
    assert definitions(parse("a.ipynb", text)) == [("function", "load")]
