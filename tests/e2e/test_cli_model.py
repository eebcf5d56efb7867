"""Questions on the command line, answered by a real llama.cpp process on small generated models."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import gguf_files
from tests.conftest import Ran

pytestmark = pytest.mark.llama

Cli = Callable[..., Ran]
RECITED = "`add_tax` adds the tax [1], see money.py:20 and [99]."
SHOWN = "`add_tax` adds the tax, see money.py and [1]."
QUIET = {"GLOSSATOR_THREADS": "1", "GLOSSATOR_TEMPERATURE": "0", "GLOSSATOR_WORKERS": "1"}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    gguf_files.reciter(folder / "reciter.gguf", RECITED)
    gguf_files.reciter(folder / "endless.gguf", "on and on and again ", forever=True, name="endless")
    (folder / "corrupt.gguf").write_bytes(b"GGUF" + b"\xff" * 5000)
    return folder


def test_an_answer_as_json(glossator: Cli, project: Path, models: Path) -> None:
    asked = ("ask", "--root", project, "--model", models / "reciter.gguf", "--json", "How is the tax added?")
    ran = glossator(*asked, env=QUIET)
    assert ran.status == 0, ran.err
    result = ran.json
    assert set(result) >= {"answer", "citations", "model", "finish_reason", "usage"}
    words, _, from_index = result["answer"].partition("\n\n---\n")
    assert (words, result["model"], result["finish_reason"]) == (SHOWN, "reciter", "stop")
    assert "**Function `add_tax`** in `shop/money.py:" in from_index
    citation = result["citations"][0]
    assert set(citation) >= {"path", "start_line", "end_line", "qualified_name"}
    lines = (project / citation["path"]).read_text("utf-8").splitlines()
    name = citation["qualified_name"].rpartition(".")[2]
    assert name in "\n".join(lines[citation["start_line"] - 1 : citation["end_line"]])
    usage = result["usage"]
    assert usage["prompt_tokens"] > 500
    assert usage["completion_tokens"] > 5
    assert usage["tokens_per_second"] > 0
    short = glossator(*asked[:-1], "--max-tokens", "3", asked[-1], env=QUIET).json
    assert (short["finish_reason"], short["usage"]["completion_tokens"]) == ("length", 3)


def test_an_explanation(glossator: Cli, project: Path, models: Path) -> None:
    ran = glossator("explain", "--root", project, "--model", models / "reciter.gguf", "add_tax", env=QUIET)
    assert ran.status == 0, ran.err
    answer, _, from_index = ran.out.partition("\n\n---\n")
    assert answer == SHOWN
    assert "**Function `add_tax`** in `shop/money.py:" in from_index
    assert "\n[1] shop/money.py:" in from_index  # the places that are cited come last


def test_the_answer_is_streamed(tmp_path: Path, project: Path, models: Path) -> None:
    """The endless model is not waited for: its first words are there long before its last."""
    process = subprocess.Popen(
        [
            sys.executable, "-m", "glossator", "ask", "--root", str(project), "--index-dir", str(tmp_path / "indexes"),
            "--model", str(models / "endless.gguf"), "--max-tokens", "7000", "Why?",
        ],
        stdout=subprocess.PIPE,
        env={**os.environ, **QUIET},
    )  # fmt: skip
    assert process.stdout is not None
    first = process.stdout.read(20)
    assert first.startswith(b"on and on and again")
    assert process.poll() is None
    process.terminate()
    assert len(process.stdout.read()) < 20_000, "the whole answer has 28,000 bytes and more"
    process.wait(120)


@pytest.mark.parametrize(("name", "words"), [("none.gguf", "no model file"), ("corrupt.gguf", "GGUF")])
def test_models_that_cannot_be_used(glossator: Cli, project: Path, models: Path, name: str, words: str) -> None:
    ran = glossator("ask", "--root", project, "--model", models / name, "--json", "How is the tax added?", env=QUIET)
    assert ran.status == 1
    assert ran.out == ""
    told = [line for line in ran.err.splitlines() if not line.startswith("index brought")]
    assert len(told) == 1
    assert told[0].startswith("glossator: ")
    assert words in told[0]


def test_without_a_model_the_index_answers(glossator: Cli, project: Path, models: Path) -> None:
    ran = glossator(
        "ask", "--root", project, "--model", models / "corrupt.gguf", "--no-model", "--json", "How is the tax added?"
    )
    assert json.loads(ran.out)["finish_reason"] == "evidence"
