"""The second tier of vectors on the command line, by a real llama.cpp process on a small generated model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests import gguf_files
from tests.conftest import Ran

pytestmark = pytest.mark.llama

Cli = Callable[..., Ran]
QUIET = {"GLOSSATOR_THREADS": "1", "GLOSSATOR_WORKERS": "1", "GLOSSATOR_UPGRADE_PATIENCE": "60"}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return gguf_files.embedding_model(tmp_path_factory.mktemp("models") / "embedder.gguf", context=512)


def test_symbols_are_upgraded_and_kept(glossator: Cli, project: Path, model: Path) -> None:
    here = ("--root", project, "--embedding-model", model, "--json")
    assert glossator("index", *here, env=QUIET).status == 0
    before = glossator("status", *here).json["upgrades"]
    assert (before["model"], before["upgraded"]) == ("embedder", 0)
    assert before["planned"] > 3
    ran = glossator("index", *here, "--upgrade", "60", env=QUIET)
    assert ran.status == 0, ran.err
    assert ran.json["embedded"] == 0
    after = glossator("status", *here).json["upgrades"]
    assert after["upgraded"] == after["planned"] == before["planned"]
    assert f"{after['planned']} of {after['planned']} symbols, by embedder" in glossator("status", *here[:-1]).out


def test_a_search_upgrades_its_candidates(glossator: Cli, project: Path, model: Path) -> None:
    here = ("--root", project, "--embedding-model", model, "--json")
    plain = glossator("search", "--root", project, "--json", "how is the tax added").json
    ran = glossator("search", *here, "how is the tax added", env=QUIET)
    assert ran.status == 0, ran.err
    assert {hit["qualified_name"] for hit in ran.json["hits"]} == {hit["qualified_name"] for hit in plain["hits"]}
    assert glossator("status", *here).json["upgrades"]["upgraded"] > 0
    answer = glossator("ask", *here, "--no-model", "How is the tax added?", env=QUIET)
    assert answer.json["finish_reason"] == "evidence"


def test_a_model_that_cannot_be_used_costs_no_search(glossator: Cli, project: Path, tmp_path: Path) -> None:
    corrupt = tmp_path / "corrupt.gguf"
    corrupt.write_bytes(b"GGUF" + b"\xff" * 5000)
    plain = glossator("search", "--root", project, "--json", "tax").json
    for model in (corrupt, tmp_path / "none.gguf"):
        ran = glossator("search", "--root", project, "--embedding-model", model, "--json", "tax", env=QUIET)
        assert ran.status == 0, ran.err
        assert ran.json["hits"] == plain["hits"]
        ran = glossator("index", "--root", project, "--embedding-model", model, "--upgrade", "5", env=QUIET)
        assert ran.status == 1
        assert ran.err.count("\n") == 1
    doctor = glossator("doctor", "--root", project, "--embedding-model", tmp_path / "none.gguf", "--json")
    (check,) = [check for check in doctor.json if check["check"] == "embedding model"]
    assert not check["ok"]
    assert "none.gguf" in check["detail"]
