"""What tells of most names that no ignore file matches them: it is never wrong, and it does tell of most."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from glossator.settings import Settings
from glossator.workspace import gitstate, screening
from glossator.workspace.files import scan
from glossator.workspace.ignoring import LOOKED_UP, FolderRules, IgnoreFile, RuleSource, byte_text

ATOMS = [
    "a",
    "b",
    "ab",
    "A",
    "é",
    ".",
    "x",
    "*",
    "**",
    "?",
    "/",
    "/",
    "**/",
    "/**",
    "\\",
    "\\/",
    "[",
    "]",
    "[ab]",
    "[/]",
    "!",
]
patterns = st.lists(st.lists(st.sampled_from(ATOMS), min_size=1, max_size=7).map("".join), min_size=1, max_size=4)
NAMES = ["a", "b", "ab", "A", "é", "a.x", "a.b.x", ".x", "x]", "[", "\\"]
PATHS = [
    *NAMES,
    *(f"{one}/{two}" for one in NAMES for two in NAMES),
    *(f"{one}/{two}/{three}" for one in NAMES[:6] for two in NAMES[:6] for three in NAMES),
]


@hypothesis_settings(deadline=None, max_examples=150)
@given(patterns, patterns, st.booleans(), st.booleans(), st.sampled_from(["", "a/", "é/"]))
@example(["a/**/b"], ["[/]b"], False, False, "")
@example(["**/a/b", "a[/]b"], ["/A/*"], True, True, "a/")
def test_no_name_that_a_pattern_matches_is_let_pass(
    outer: list[str], inner: list[str], fold: bool, mixed: bool, above: str
) -> None:
    files = [
        IgnoreFile("\n".join(lines).encode(), fold_case=one) for lines, one in ((outer, fold), (inner, fold ^ mixed))
    ]
    rules = FolderRules((RuleSource(files[0], 0, byte_text(above)), RuleSource(files[1], 2)))
    for path in PATHS:
        folder, slash, name = path.rpartition("/")
        if folder.split("/")[0] != "a":  # the second file is in the folder "a"
            continue
        for is_folder in (False, True):
            texts = byte_text(path), byte_text(name)
            if any(source.match(*texts, is_folder) is not None for source in rules.git):
                assert rules.may_ignore_in(folder + slash, is_folder=is_folder)(name), (path, is_folder)


@pytest.mark.parametrize("fold", [False, True])
def test_ordinary_names_pass_without_the_patterns(fold: bool) -> None:
    lines = b"*.pyc\n__pycache__/\n/build/\n!/**/src/**/bin\ndocs/*.pdf\n**/target/\n/*.log\nlib/*/out*\n"
    rules = FolderRules((RuleSource(IgnoreFile(lines, fold_case=fold)),))
    assert not rules.may_ignore_in("src/app/", is_folder=False)("main.py")
    assert not rules.may_ignore_in("src/app/", is_folder=True)("views")
    assert rules.may_ignore_in("src/app/", is_folder=False)("main.pyc")
    assert rules.may_ignore_in("src/app/", is_folder=False)("bin")
    assert rules.may_ignore_in("src/app/", is_folder=True)("target")
    assert rules.may_ignore_in("docs/", is_folder=False)("main.py")
    assert rules.may_ignore_in("lib/a/", is_folder=False)("main.py")
    assert rules.may_ignore_in("", is_folder=False)("main.py")
    assert rules.may_ignore_in("src/app/", is_folder=False)("MAIN.PYC") is fold
    assert not FolderRules().may_ignore_in("docs/", is_folder=False)("main.pyc")
    assert FolderRules(tracked_only=True).may_ignore_in("docs/", is_folder=False)("main.py")


names = st.one_of(
    st.text(st.sampled_from("aB_.-#~é4913"), max_size=6),
    st.sampled_from(["wp-config", "main", "a_pb2", "A_PB2", "x-bundle", "credentials", ".env", "con", "secrets"]),
)
endings = st.sampled_from(
    sorted(screening._SOURCE | screening._BINARY | screening._DATA | {"", "min.js", "PY", "svg", "lock"})
)


@hypothesis_settings(deadline=None, max_examples=500)
@given(names, endings)
def test_what_is_plainly_source_is_read(stem: str, ending: str) -> None:
    name = f"{stem}.{ending}"
    if screening.is_plainly_source(name):
        assert not screening.is_unlisted(name)
        assert screening.file_by_name(name, 0, 1) is None


def test_most_source_is_plainly_so() -> None:
    assert all(map(screening.is_plainly_source, ("main.py", "HTTPServer.java", "credentials.py", "index.d", "a.ipynb")))
    assert not any(
        map(screening.is_plainly_source, (".py", "a.b.py", "a_pb2.py", "A-Bundle.js", "wp-config.php", "é.py"))
    )


def test_an_index_of_git_is_read_only_for_what_may_be_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("out", "outer", "lib/out"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "a.py").write_text("")
    (tmp_path / "b.log").write_text("")
    (tmp_path / ".gitignore").write_text("out\n*.log\n")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "outer/a.py"], cwd=tmp_path, check=True)
    read: list[gitstate.Repository] = []
    tracked = gitstate.Repository.tracked

    def noted(repository: gitstate.Repository) -> frozenset[str]:
        read.append(repository)
        return tracked(repository)

    monkeypatch.setattr(gitstate.Repository, "tracked", noted)
    found = {item.path for item in scan(tmp_path, Settings())}
    assert found == {".gitignore", "outer/a.py"}
    assert not read, "nothing that is ignored stands in it"
    subprocess.run(["git", "add", "-f", "lib/out/a.py"], cwd=tmp_path, check=True)
    assert {item.path for item in scan(tmp_path, Settings())} == found | {"lib/out/a.py"}
    assert len(read) == 1
    for number in range(LOOKED_UP + 1):
        (tmp_path / f"{number}.log").write_text("")
    subprocess.run(["git", "rm", "-q", "--cached", "lib/out/a.py"], cwd=tmp_path, check=True)
    assert {item.path for item in scan(tmp_path, Settings())} == found
    assert len(read) == 2, "many questions are answered from all of it"


def test_an_index_of_git_that_ends_with_a_path_is_read_like_any_other(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/HEAD").write_text("ref: refs/heads/main\n", "utf-8")
    (tmp_path / ".git/index").write_bytes(b"DIRC\0\0\0\2\0\0\0\1" + bytes(62) + b"left_out.py")  # it was cut off
    (tmp_path / ".gitignore").write_text("left_out.py\n", "utf-8")
    for name in ("left_out.py", "kept.py"):
        (tmp_path / name).write_text("a = 1\n", "utf-8")
    assert [one.path for one in scan(tmp_path, Settings()) if one.path.endswith(".py")] == ["kept.py"]
