"""What the pages for contributors point at exists."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "server" / "glossator"
PAGES = ("CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "README.md", "docs/architecture.md")
FILE = re.compile(r"`((?:[\w.-]+/)*[\w.-]+\.(?:py|ts|md|scm|toml|json|yml))`")
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")


def tracked() -> set[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(listed.stdout.splitlines())


@pytest.mark.parametrize("page", PAGES)
def test_files_that_are_named_exist(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    files = tracked()
    for name in FILE.findall(text):
        known = name in files or f"server/glossator/{name}" in files or name == "config.toml"
        assert known, f"{page} names {name}, which does not exist"


@pytest.mark.parametrize("page", [*PAGES, *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))])
def test_links_lead_somewhere(page: str) -> None:
    path = ROOT / page
    for target in LINK.findall(path.read_text("utf-8")):
        assert (path.parent / target).exists(), f"{page} links to {target}, which does not exist"


def test_every_folder_is_described() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    for folder in PACKAGE.iterdir():
        if (folder / "__init__.py").is_file():
            assert f"| `{folder.name}/`" in text, folder.name


def test_at_least_twelve_behaviours_have_their_one_place() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    table = text[text.index("## I want to change") :].split("\n## ")[0]
    assert len([line for line in table.splitlines() if line.startswith("| ") and "`" in line]) >= 12
