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
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")
"""A picture: what it says instead, and its file."""
TAKEN = re.compile(r"""(?:[pP]icture|draw_terminal)\("([\w-]+)"[,)]""")
"""A picture that a test takes, by name."""
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


def pictures() -> list[tuple[str, str, Path]]:
    """The pictures of all pages: the page, the text that stands for the picture, the file."""
    pages = [ROOT / "README.md", ROOT / "editor-client" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return [
        (page.name, text, (page.parent / target).resolve())
        for page in pages
        for text, target in PICTURE.findall(page.read_text("utf-8"))
    ]


def test_pictures_are_small_and_say_what_they_show() -> None:
    shown = pictures()
    assert len(shown) >= 12
    for page, text, file in shown:
        assert file.is_file(), f"{page} shows {file.name}, which does not exist"
        assert file.stat().st_size < 150_000, file.name
        assert len(text.split()) >= 5, f"{page} does not say what {file.name} shows"
    files = {file for _, _, file in shown}
    assert sum(file.stat().st_size for file in files) < 1_000_000


def test_pictures_are_taken_by_a_test_or_script() -> None:
    tests = [ROOT / "editor-client" / "tests" / "e2e" / "run.mjs", *(ROOT / "tests").rglob("test_*.py")]
    taken = {name for test in tests for name in TAKEN.findall(test.read_text("utf-8"))}
    script = (ROOT / "scripts" / "picture").read_text("utf-8")
    names = re.search(r"choices=\[([^\]]*)\]", script)
    assert names is not None
    by_script = set(re.findall(r'"(\w+)"', names[1]))
    for page, _, file in pictures():
        known = by_script if file.parent.name == "docs" and file.stem in by_script else taken
        assert file.stem in known, f"nothing takes {file.name}, which {page} shows"


def test_pictures_do_not_show_where_they_were_taken() -> None:
    for _, _, file in pictures():
        if file.suffix == ".svg":
            text = file.read_text("utf-8").replace("&#160;", " ")
            assert not re.search(r"/(?:tmp|home|root|Users)/", text), file.name


def test_every_folder_is_described() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    for folder in PACKAGE.iterdir():
        if (folder / "__init__.py").is_file():
            assert f"| `{folder.name}/`" in text, folder.name


def test_at_least_twelve_behaviours_have_their_one_place() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    table = text[text.index("## I want to change") :].split("\n## ")[0]
    assert len([line for line in table.splitlines() if line.startswith("| ") and "`" in line]) >= 12
