"""Settings of a client: names, types, what a bad one costs, and what a workspace must not reach."""

from __future__ import annotations

from pathlib import Path

import pytest

from glossator.lsp.configuration import read
from glossator.settings import Settings

BASE = Settings(index_dir=Path("/some/where"))


def test_later_sources_win_and_bad_values_cost_nothing_else() -> None:
    second = {"threads": 5, "seed": "many", "codeLens": "yes", "odd": 1}
    found = read(BASE, {"threads": 3, "hover": False}, second, None)
    assert (found.settings.threads, found.settings.seed) == (5, BASE.seed)
    assert (found.options.hover, found.options.code_lens) == (False, False)
    for name, problem in zip(("codeLens", "seed", "odd"), found.problems, strict=True):
        assert name in problem
    assert "must be an object" in read(BASE, ["threads"]).problems[0]


def test_an_empty_folder_means_the_default() -> None:
    assert read(BASE, {"indexDir": "", "modelsDir": ""}).settings == BASE


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("adaptationsDir", "/elsewhere"),
        ("team", "s3://elsewhere/index"),
        ("teamKeys", ["ed25519-x"]),
        ("teamCacheBytes", 0),
    ],
)
def test_a_client_cannot_choose_what_answers_are_made_of(name: str, value: object) -> None:
    found = read(BASE, {name: value})
    assert found.settings == BASE
    assert name in found.problems[0]


def test_trust_can_only_be_taken_away() -> None:
    assert read(BASE, None).options.trusted
    assert not read(BASE, {"trusted": False}, {"trusted": True}).options.trusted
    assert not read(BASE, {"trusted": True}, {"trusted": False}).options.trusted
