"""The ignore rules, compared with git's own verdicts."""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from glossator.settings import Settings
from glossator.workspace import gitstate
from glossator.workspace.files import Found, Rules, Skipped, scan
from glossator.workspace.ignoring import IgnoreFile, byte_text

SETTINGS = Settings()


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user without any git configuration."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / ".config"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in [name for name in os.environ if name.startswith("GIT_") and name != "GIT_CONFIG_NOSYSTEM"]:
        monkeypatch.delenv(name)
    return folder


def git(folder: Path, *arguments: str, stdin: bytes | None = None) -> bytes:
    done = subprocess.run(
        ["git", "-c", "user.name=n", "-c", "user.email=e", "-c", "protocol.file.allow=always", *arguments],
        cwd=folder,
        input=stdin,
        capture_output=True,
    )
    assert done.returncode in (0, 1), done.stderr.decode()
    return done.stdout


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(text.encode())


def indexed(root: Path, own: Settings = SETTINGS) -> set[str]:
    return {item.path for item in scan(root, own) if isinstance(item, Found)}


def indexes(rules: Rules, path: str) -> bool:
    """Whether the file at `path` exists and would be indexed."""
    return isinstance(rules.look(path), Found)


def listed_by_git(root: Path) -> set[str]:
    output = git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    return {os.fsdecode(name) for name in output.split(b"\0") if name}


# One pattern against many paths

NAMES = [
    "a",
    "b",
    "ab",
    "abc",
    "a.b",
    "a b",
    "A",
    "-",
    "[",
    "a]",
    "!a",
    "#a",
    "a\\",
    "é",
    "x.txt",
    "a ",
    "1",
    " ",
    "ba",
]
PATHS = sorted(
    {f"{one}/{two}/{three}" for one in NAMES[:9] for two in NAMES[::3] for three in NAMES[::4]}
    | {f"top{one}/{two}" for one in "ab" for two in NAMES}
    | {f"z{name}" for name in NAMES}
    | set(NAMES[9:])
)
ATOMS = [
    *("a", "b", "ab", "c", "x", "txt", "é", "A", ".", "-", "1", "top", "z", " ", "\\ ", "\t", "\r", "!", "#"),
    *("*", "**", "?", "/", "/", "**/", "/**", "\\", "\\a", "\\*", "\\A", "[", "]"),
    *("[ab]", "[!a]", "[a-c]", "[^b]", "[]a]", "[a\\]]", "[A-Z]", "[!-]", "[a-]", "[\\\\]"),
    *("[[:alpha:]]", "[[:upper:]]", "[[:foo:]]", "[[:]", "[[:a]"),
]
_STARS_IN_NAME = re.compile(r"[^/\n!]\*\*+/")
"""`ab**/c` means `abc`, too, to older versions of git (2.39), as it does to us; to newer ones (2.53) it does not."""
patterns = st.lists(
    st.lists(st.sampled_from(ATOMS), min_size=1, max_size=6).map("".join),
    min_size=1,
    max_size=4,
).map("\n".join)


@pytest.fixture(scope="module")
def many_paths(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("many")
    write(root, dict.fromkeys(PATHS, ""))
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    return root


def verdicts_of_git(root: Path, content: bytes, fold: bool) -> dict[str, bool | None]:
    (root / ".git/info/exclude").unlink(missing_ok=True)
    (root / ".gitignore").write_bytes(content)
    paths = sorted(_all_paths())
    output = git(
        root,
        *("-c", f"core.ignoreCase={str(fold).lower()}", "check-ignore", "-z", "-v", "-n", "--no-index", "--stdin"),
        stdin=b"".join(os.fsencode(path) + b"\0" for path in paths),
    ).split(b"\0")
    verdicts: dict[str, bool | None] = {}
    for start in range(0, len(output) - 1, 4):
        source, _, pattern, path = output[start : start + 4]
        verdicts[os.fsdecode(path)] = not pattern.startswith(b"!") if source else None
    return verdicts


def _all_paths() -> dict[str, bool]:
    """Path -> whether it is a folder."""
    paths = dict.fromkeys(PATHS, False)
    for path in PATHS:
        while "/" in path:
            path = path.rpartition("/")[0]
            paths[path] = True
    return paths


def verdicts_of_ours(content: bytes, fold: bool) -> dict[str, bool | None]:
    ignore = IgnoreFile(content, fold_case=fold)
    verdicts: dict[str, bool | None] = {}
    for path, is_folder in sorted(_all_paths().items()):
        above, _, name = path.rpartition("/")
        inherited = above and verdicts[above]
        verdicts[path] = True if inherited else ignore.match(byte_text(path), byte_text(name), is_folder=is_folder)
    return verdicts


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(patterns, st.booleans(), st.sampled_from(["", "\n", "\r\n"]))
@example("a/**/b\n**/a/**", False, "\n")
@example("/**/** /[[:alpha:]]", True, "\n")
@example("[ab]*\\A\n\\a*", True, "")
@example("!a\n*\n!*/\n!/b/**", False, "\r\n")
@example("trailing  \na\\ \nA \\ ", False, "\n")
def test_each_pattern_means_what_it_means_to_git(many_paths: Path, lines: str, fold: bool, end: str) -> None:
    assume(not _STARS_IN_NAME.search(lines))
    content = lines.encode() + end.encode()
    theirs = verdicts_of_git(many_paths, content, fold)
    ours = verdicts_of_ours(content, fold)
    assert {path: verdict for path, verdict in ours.items() if theirs[path] is not verdict} == {}


def test_hostile_patterns_take_no_time() -> None:
    deep = "a/" * 1000 + "c"
    start = time.process_time()
    for pattern, path in [
        ("*a" * 100 + "b", "a" * 250),
        ("**/a/" * 50 + "b", deep),
        ("/**/*a*/" * 30 + "b", deep),
        ("**\\/" * 50 + "b", deep),
        ("?*" * 100 + "b", "a" * 250),
    ]:
        ignore = IgnoreFile(pattern.encode())
        assert ignore.match(path, path.rpartition("/")[2], is_folder=False) is None
    assert time.process_time() - start < 2


# Trees with several ignore files

TREE_NAMES = ["a", "é", "c.py", "d.txt", "lib", "out"]
tree_paths = st.lists(st.sampled_from(TREE_NAMES), min_size=1, max_size=4).map("/".join)
tree_patterns = st.lists(
    st.tuples(
        st.sampled_from(["", "", "!", "/", "!/"]),
        st.sampled_from(["a", "é", "*", "*.py", "lib", "out/*", "**/d.txt", "a/**", "a/é", "**/lib/a", "?", "*/c.py"]),
        st.sampled_from(["", "", "/"]),
    ).map("".join),
    min_size=1,
    max_size=4,
).map("\n".join)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sets(tree_paths, min_size=1, max_size=25),
    st.dictionaries(st.sampled_from(["", "é/", "a/é/", "lib/", "out/"]), tree_patterns, max_size=3),
    st.one_of(st.none(), tree_patterns),
    st.booleans(),
)
def test_a_tree_is_scanned_as_git_lists_it(
    tmp_path_factory: pytest.TempPathFactory,
    paths: set[str],
    ignores: dict[str, str],
    exclude: str | None,
    tracked: bool,
) -> None:
    root = tmp_path_factory.mktemp("tree")
    folders = {path[:end] for path in paths for end in range(len(path)) if path[end] == "/"}
    files = paths - folders
    folders |= {name.rstrip("/") for name in ignores if name}
    write(root, dict.fromkeys(files - folders, "x"))
    for folder, lines in ignores.items():
        if all(not (root / part).is_file() for part in (folder.rstrip("/"), folder.split("/")[0])):
            write(root, {f"{folder}.gitignore": lines})
    git(root, "init", "-q")
    if exclude is not None:
        write(root, {".git/info/exclude": exclude})
    if tracked:  # some files that may be ignored
        git(root, "add", "-f", "--", *sorted(files - folders)[::3])
    expected = listed_by_git(root)
    assert indexed(root) == expected
    rules = Rules(root, SETTINGS)
    everything = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    assert {path for path in everything if indexes(rules, path)} == expected
    for below in sorted(folders):
        assert {item.path for item in Rules(root, SETTINGS).scan(below)} == {
            path for path in expected if path.startswith(below + "/")
        }


def test_the_order_is_that_of_the_paths_parts(tmp_path: Path) -> None:
    write(tmp_path, dict.fromkeys(["b/z.py", "b/a/c.py", "b.py", "a.py", "b-c/d.py"], ""))
    assert [item.path for item in scan(tmp_path, SETTINGS)] == ["a.py", "b/a/c.py", "b/z.py", "b-c/d.py", "b.py"]


# Where ignore files are


def test_core_excludes_file_and_its_default(tmp_path: Path, home: Path) -> None:
    git(tmp_path, "init", "-q")
    write(tmp_path, dict.fromkeys(["a.one", "a.two", "a.three", "a.four"], ""))
    write(home, {".config/git/ignore": "*.one\n", "mine": "*.two\n", "repository": "*.three\n"})
    assert indexed(tmp_path) == listed_by_git(tmp_path) == {"a.two", "a.three", "a.four"}
    write(home, {".gitconfig": '[core]\n\texcludesFile = "~/mine" ; a comment\n'})
    assert indexed(tmp_path) == listed_by_git(tmp_path) == {"a.one", "a.three", "a.four"}
    git(tmp_path, "config", "core.excludesFile", str(home / "repository"))
    assert indexed(tmp_path) == listed_by_git(tmp_path) == {"a.one", "a.two", "a.four"}
    git(tmp_path, "config", "core.excludesFile", "")
    assert indexed(tmp_path) == listed_by_git(tmp_path) == {"a.one", "a.two", "a.three", "a.four"}


def test_configuration_is_found_through_includes(tmp_path: Path, home: Path) -> None:
    git(tmp_path, "init", "-q")
    write(tmp_path, dict.fromkeys(["a.one", "a.two"], ""))
    write(
        home,
        {
            ".gitconfig": "[user] name = x\n[include]\n path = more/config # there\n",
            "more/config": '[alias]\n a = "!f() { \\\n excludesfile = no; }"\n[include] path=deeper\n',
            "more/deeper": '[CORE] ExcludesFile = ~/ig\\\nnore\n[core "sub"] excludesfile = nowhere\n',
            "ignore": "*.one\n",
        },
    )
    assert indexed(tmp_path) == listed_by_git(tmp_path) == {"a.two"}


@pytest.mark.parametrize(
    "content", ["[core", "excludesfile = x", "[core]\nexcludesFile", "\0\xff", "[include]\npath = .gitconfig"]
)
def test_a_broken_configuration_harms_nothing(tmp_path: Path, home: Path, content: str) -> None:
    write(home, {".gitconfig": content})
    write(tmp_path, {"a.py": "", ".git/HEAD": "ref: refs/heads/main\n", ".git/config": content})
    assert indexed(tmp_path) == {"a.py"}


def test_case_counts_unless_the_repository_says_otherwise(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    write(tmp_path, {".gitignore": "*.LOG\nBuild\n[A-C]x\n", "a.log": "", "build/a.py": "", "bx": "", "é.log": ""})
    for value in ("false", "true"):
        git(tmp_path, "config", "core.ignoreCase", value)
        assert indexed(tmp_path) == listed_by_git(tmp_path)
    assert indexed(tmp_path) == {".gitignore"}


def test_oddities_of_ignore_files(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    write(tmp_path, dict.fromkeys(["one.py", "two.py", "three.py", "four.py", "sub/one.py"], ""))
    (tmp_path / ".gitignore").write_bytes(
        b"\xef\xbb\xbfone.py\r\ntwo.py   \r\n#three.py\r\n\r\n\\#\r\nfo\xffr.py\n/four.py"
    )
    assert indexed(tmp_path) == listed_by_git(tmp_path) == {".gitignore", "three.py"}


def test_folders_and_files_beyond_ascii(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    names = ["é/a.log", "é/日本/ü.log", "é/日本/ü.py", "é/日本/skip/a.py", "é/inner/ö.tmp", "é/inner/ö.log"]
    write(tmp_path, dict.fromkeys(names, ""))
    write(tmp_path, {"é/.gitignore": "/a.log\n/日本/skip/\n日本/ü.l?g\n", "é/日本/.gitignore": "/skip\n"})
    expected = {"é/.gitignore", "é/日本/.gitignore", "é/日本/ü.py", "é/inner/ö.tmp", "é/inner/ö.log"}
    assert indexed(tmp_path) == listed_by_git(tmp_path) == expected
    git(tmp_path / "é/inner", "init", "-q")
    write(tmp_path, {"é/inner/.gitignore": "/?.log\n", "é/inner/.git/info/exclude": "/ö.tmp\n"})
    assert indexed(tmp_path / "é/inner") == listed_by_git(tmp_path / "é/inner") == {".gitignore", "ö.log"}
    assert indexed(tmp_path) == expected - {"é/inner/ö.tmp"} | {"é/inner/.gitignore"}, "? is one byte"


def test_an_ignore_file_that_is_a_link_does_not_count(tmp_path: Path) -> None:
    root = tmp_path / "root"
    git(tmp_path, "init", "-q", "root")
    write(tmp_path, {"elsewhere": "*.py\n", "root/a.py": ""})
    (root / ".gitignore").symlink_to(tmp_path / "elsewhere")
    assert "a.py" in indexed(root)
    assert "a.py" in listed_by_git(root)


def test_ignore_files_that_are_folders_pipes_or_huge(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "", "b/a.py": "", "c/a.py": "", "c/.gitignore": "#" * 5_000_000 + "\n*.py\n"})
    (tmp_path / ".gitignore").mkdir()
    os.mkfifo(tmp_path / "b/.gitignore")
    assert {"a.py", "b/a.py", "c/a.py"} <= indexed(tmp_path)


def test_ignore_files_count_without_a_repository(tmp_path: Path) -> None:
    write(tmp_path, {".gitignore": "*.log\n", "a.log": "", "sub/.gitignore": "!a.log\n", "sub/a.log": ""})
    assert indexed(tmp_path) == {".gitignore", "sub/.gitignore", "sub/a.log"}


def test_a_root_inside_a_repository_obeys_the_folders_above(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    write(
        tmp_path,
        {
            ".gitignore": "*.log\n/sub/deep/skip.py\ndeep/skip2.py\n/a.py\n",
            "sub/.gitignore": "*.tmp\n!keep.log\ndeep/x/\n",
            **dict.fromkeys(["a.log", "keep.log", "a.tmp", "a.py", "skip.py", "skip2.py", "x/a.py"], ""),
            **{
                f"sub/deep/{name}": ""
                for name in ["a.log", "keep.log", "a.tmp", "a.py", "skip.py", "skip2.py", "x/a.py"]
            },
            ".git/info/exclude": "sub/deep/excluded.py\n",
            "sub/deep/excluded.py": "",
        },
    )
    root = tmp_path / "sub/deep"
    assert indexed(root) == listed_by_git(root) == {"keep.log", "a.py", "skip2.py"}
    assert tmp_path / ".gitignore" in Rules(root, SETTINGS).outer_rule_files
    assert Rules(root, SETTINGS).is_rule_file(tmp_path / "sub/.gitignore")


@pytest.mark.parametrize("pattern", ["env/", "*", "/env/lib", "e*/**"])
def test_a_root_that_its_repository_ignores_is_indexed_all_the_same(tmp_path: Path, pattern: str) -> None:
    git(tmp_path, "init", "-q")
    root = tmp_path / "env/lib/package"
    write(tmp_path, {".gitignore": pattern})
    write(root, {"a.py": "", "b.log": "", ".gitignore": "*.log"})
    assert indexed(root) == {"a.py", ".gitignore"}


def test_worktrees_and_submodules(tmp_path: Path) -> None:
    main, library = tmp_path / "main", tmp_path / "library"
    for folder in (main, library):
        folder.mkdir()
        git(folder, "init", "-q", "-b", "trunk")
        write(folder, {"a.py": "", ".gitignore": "*.log\n"})
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", "first")
    git(main, "submodule", "add", "-q", str(library), "vendored")
    git(main, "commit", "-q", "-m", "submodule")
    git(main, "worktree", "add", "-q", "-b", "side", str(tmp_path / "tree"))
    write(main, {".git/info/exclude": "*.main\n", ".git/modules/vendored/info/exclude": "*.sub\n"})
    files = dict.fromkeys(["b.log", "b.main", "b.sub"], "")
    for folder in (main, main / "vendored", tmp_path / "tree"):
        write(folder, files)
    assert indexed(tmp_path / "tree") == listed_by_git(tmp_path / "tree") - {"vendored"}
    assert "b.main" not in indexed(tmp_path / "tree")
    assert indexed(main / "vendored") == listed_by_git(main / "vendored") == {".gitignore", "a.py", "b.main"}
    inside = {f"vendored/{name}" for name in (".gitignore", "a.py", "b.main")}
    assert indexed(main) == {".gitignore", ".gitmodules", "a.py", "b.sub"} | inside
    repositories = Rules(main, SETTINGS)
    assert list(repositories.folders()) == ["", "vendored"]
    assert [repository.top.name for repository in repositories.repositories()] == ["main", "vendored"]
    tree = gitstate.Repository.at(tmp_path / "tree")
    assert tree is not None
    assert tree.git_dir == main / ".git/worktrees/tree"
    assert tree.common_dir == main / ".git"
    assert tree.state()[0] == "ref: refs/heads/side"


def committed(folder: Path, *options: str) -> Path:
    """A repository with one file."""
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "trunk", *options)
    write(folder, {"a.py": ""})
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def skipped_worktrees(root: Path) -> set[str]:
    return {item.path for item in scan(root, SETTINGS) if isinstance(item, Skipped) and "worktree" in item.reason}


@pytest.mark.parametrize("relative", [False, True])
def test_a_linked_worktree_inside_the_root_is_not_indexed_twice(tmp_path: Path, relative: bool) -> None:
    main = committed(tmp_path / "main")
    git(main, "worktree", "add", "-q", "-b", "side", "trees/side")
    git(main, "worktree", "add", "-q", "-b", "odd", "trees/it's, an [odd] näme")
    git(main, "worktree", "add", "-q", "-b", "outer", str(tmp_path / "outer"))
    tree = main / "trees/side"
    if relative:  # as git makes them with worktree.useRelativePaths
        (tree / ".git").write_text("gitdir: ../../.git/worktrees/side\n")
    assert skipped_worktrees(main) == {"trees/side/", "trees/it's, an [odd] näme/"}
    assert indexed(main) == {"a.py"}
    # A root that is a worktree, or holds nothing else of the repository, is indexed; its own worktrees are copies.
    for root in (tree, tmp_path / "outer", main / "trees"):
        assert {path.rpartition("/")[2] for path in indexed(root)} == {"a.py"}
        assert skipped_worktrees(root) == set()
    git(tree, "worktree", "add", "-q", "-b", "inner", "inner")
    assert skipped_worktrees(tree) == {"inner/"}
    # Of a folder that holds the repository and worktrees of it beside each other, the repository is indexed.
    assert skipped_worktrees(tmp_path) == {"outer/", "main/trees/side/", "main/trees/it's, an [odd] näme/"}
    assert indexed(tmp_path) == {"main/a.py"}


def test_a_worktree_whose_repository_lies_elsewhere_or_has_no_files_is_indexed(tmp_path: Path) -> None:
    main = committed(tmp_path / "main")
    git(main, "clone", "-q", "--bare", str(main), str(tmp_path / "work/.bare"))
    git(tmp_path / "work/.bare", "worktree", "add", "-q", "-b", "one", "../one")
    git(tmp_path / "work/.bare", "worktree", "add", "-q", "-b", "two", "../two")
    assert {"one/a.py", "two/a.py"} <= indexed(tmp_path / "work")
    (tmp_path / "work/.git").write_text("gitdir: ./.bare\n")
    assert {"one/a.py", "two/a.py"} <= indexed(tmp_path / "work")
    git(main, "clone", "-q", "--bare", str(main), str(tmp_path / "hidden/.git"))
    git(tmp_path / "hidden/.git", "worktree", "add", "-q", "-b", "one", "../one")
    assert "one/a.py" in indexed(tmp_path / "hidden")
    git(main, "worktree", "add", "-q", "-b", "side", str(tmp_path / "elsewhere/side"))
    assert indexed(tmp_path / "elsewhere") == {"side/a.py"}


def test_submodules_stay_and_their_worktrees_do_not(tmp_path: Path) -> None:
    library, main = committed(tmp_path / "library"), committed(tmp_path / "main")
    git(main, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(library), "vendored/worktrees/lib")
    git(main / "vendored/worktrees/lib", "worktree", "add", "-q", "-b", "side", str(main / "side"))
    assert indexed(main) == {".gitmodules", "a.py", "vendored/worktrees/lib/a.py"}
    assert skipped_worktrees(main) == {"side/"}


def test_a_clone_inside_the_root_has_rules_of_its_own(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    inner = tmp_path / "inner"
    inner.mkdir()
    git(inner, "init", "-q")
    write(
        tmp_path,
        {".gitignore": "*.log\n", "a.log": "", "inner/a.log": "", "inner/b.tmp": "", "inner/.gitignore": "*.tmp"},
    )
    assert indexed(tmp_path) == {".gitignore", "inner/.gitignore", "inner/a.log"}
    write(tmp_path, {".gitignore": "inner\n"})
    assert indexed(tmp_path) == {".gitignore", "a.log"}


@pytest.mark.parametrize(
    ("include", "expected"),
    [
        (("build/generated",), {"build/generated/a.py", "build/generated/deep/b.py"}),
        (("/build/generated/**",), {"build/generated/a.py", "build/generated/deep/b.py"}),
        (("build/*/a.py",), {"build/generated/a.py"}),
        (("build/**/b.py",), {"build/generated/deep/b.py"}),
        (("out.log", " ", "../x"), {"out.log"}),
        (("**/*.log",), {"out.log", "src/c.log"}),
        (("**/generated",), set()),
        (("node_modules/own",), {"node_modules/own/i.js"}),
        (("web/node_modules",), {"web/node_modules/w.js", "web/node_modules/x/y.js"}),
        (("web/node_modules/x",), {"web/node_modules/x/y.js"}),
        (("build", "b[!x]ild/.env"), {"build/generated/a.py", "build/generated/deep/b.py", "build/other.py"}),
    ],
)
def test_what_git_ignores_is_included_on_request(tmp_path: Path, include: tuple[str, ...], expected: set[str]) -> None:
    git(tmp_path, "init", "-q")
    plain = {".gitignore", "src/d.py"}
    hidden = [
        "build/generated/a.py",
        "build/generated/deep/b.py",
        "build/other.py",
        "build/.env",
        "out.log",
        "src/c.log",
    ]
    vendored = ["node_modules/own/i.js", "node_modules/other/j.js", "web/node_modules/w.js", "web/node_modules/x/y.js"]
    write(
        tmp_path,
        {".gitignore": "build/\n*.log\n/node_modules\n", **dict.fromkeys(["src/d.py", *hidden, *vendored], "")},
    )
    settings = Settings(include=include)
    assert indexed(tmp_path, settings) == plain | expected
    assert indexed(tmp_path) == plain
    rules = Rules(tmp_path, settings)
    for path in (*hidden, *vendored):
        assert isinstance(rules.look(path), Found) == (path in expected), path
    assert indexed(tmp_path, Settings(include=include, exclude=("*",))) == set()


def test_glossatorignore_and_exclude_can_only_leave_out_more(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            ".gitignore": "*.log\n",
            ".glossatorignore": "!a.log\ndocs/*\n!docs/keep.md\n!.env\nnode_modules/\n!big.py\n",
            "sub/.glossatorignore": "*.md\n!../a.log\n",
            **dict.fromkeys(["a.log", "docs/a.md", "docs/keep.md", "sub/b.md", "sub/c.py", ".env", "big.py"], ""),
            "node_modules/a.js": "",
        },
    )
    own = Settings(exclude=("big.py", "sub/*", "!sub/c.py", "!a.log"))
    assert indexed(tmp_path, own) == {".gitignore", ".glossatorignore", "docs/keep.md", "sub/c.py"}
    skipped = {item.path: item.reason for item in scan(tmp_path, own) if isinstance(item, Skipped)}
    assert skipped == {".env": "may hold secrets"}, "what is ignored, such as node_modules here, is not listed"


def test_a_new_rule_file_is_told_and_obeyed(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "", "sub/a.py": "", "env/a.py": ""})
    rules = Rules(tmp_path, SETTINGS)
    assert all(indexes(rules, path) for path in ("a.py", "sub/a.py", "env/a.py"))
    write(tmp_path, {"sub/.gitignore": "*.py", "env/pyvenv.cfg": ""})
    for path in ("sub/.gitignore", "env/pyvenv.cfg", ".glossatorignore", "env/CACHEDIR.TAG", "vendor/modules.txt"):
        assert rules.is_rule_file(path)
    assert not rules.is_rule_file("sub/modules.txt")
    fresh = Rules(tmp_path, SETTINGS)
    assert [path for path in ("a.py", "sub/a.py", "env/a.py") if indexes(fresh, path)] == ["a.py"]
    assert fresh.is_ignored("sub/new.py")
    assert not fresh.is_ignored("new/new.py")
    assert fresh.is_ignored("env/lib", is_folder=True)
    assert fresh.is_ignored(".git/objects/ab", is_folder=True)


def test_configuration_in_other_places_and_spellings(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "init", "-q")
    write(tmp_path, {"a.one": "", "a.two": "", "mine": "*.one\n"})
    write(home, {".gitconfig": "[core] excludesFile = ~/nowhere", "i\tg": "*.two\n"})
    everything = {"a.one", "a.two", "mine"}
    for value, expected in {
        '"~/i\\tg" # a tab': everything - {"a.two"},
        "mine": everything - {"a.one"},
        "~nosuchuser/ignore": everything,
        "/dev/zero": everything,
        str(tmp_path): everything,
    }.items():
        (home / "global").write_text(f"[core]\n\texcludesFile = {value}\n")
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / "global"))
        assert indexed(tmp_path) == expected


# Git's state


@pytest.mark.parametrize("version", ["2", "3", "4"])
def test_what_git_tracks_is_not_ignored(tmp_path: Path, version: str) -> None:
    git(tmp_path, "init", "-q")
    long = "out/" + "/".join(["n" * 200] * 3 + [f"{'o' * 240}.py"])
    files = ["out/a/one.py", "out/a/two.py", "out/b.py", "é ü.log", "x.log", "src/a.py", "src/b.py", "env/a.py", long]
    write(tmp_path, {".gitignore": "out/\n*.log\n/src/*\nenv\n", **dict.fromkeys(files, "")})
    git(tmp_path, "add", "-f", "out/a/one.py", "é ü.log", "src/b.py", "env/a.py", long)
    if version == "3":
        write(tmp_path, {"out/later.py": ""})
        git(tmp_path, "add", "-f", "-N", "out/later.py")
    git(tmp_path, "update-index", f"--index-version={version}")
    repository = gitstate.Repository.at(tmp_path)
    assert repository is not None
    assert repository.tracked() == {os.fsdecode(name) for name in git(tmp_path, "ls-files", "-z").split(b"\0") if name}
    assert indexed(tmp_path) == listed_by_git(tmp_path)
    assert {"out/a/one.py", "é ü.log", "src/b.py"} <= indexed(tmp_path)
    rules = Rules(tmp_path, SETTINGS)
    assert indexes(rules, "out/a/one.py")
    assert not indexes(rules, "out/a/two.py")
    assert not rules.is_ignored("out", is_folder=True)
    assert rules.is_ignored("out/c", is_folder=True)
    assert indexed(tmp_path / "out") == {"a/one.py", "a/two.py", "b.py", long.removeprefix("out/")} | (
        {"later.py"} if version == "3" else set()
    ), "somebody opened the ignored folder itself"
    write(tmp_path, {"env/pyvenv.cfg": ""})
    assert "env/a.py" not in indexed(tmp_path), "but the built-in rules count"


def test_an_index_with_long_hashes_or_none_that_can_be_read(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--object-format=sha256")
    write(tmp_path, {".gitignore": "*.py", "a.py": "", "b.py": ""})
    git(tmp_path, "add", "-f", "a.py")
    assert indexed(tmp_path) == listed_by_git(tmp_path) == {".gitignore", "a.py"}
    whole = (tmp_path / ".git/index").read_bytes()
    for damaged in (b"", b"DIRC", whole[:40], whole[:70], b"DIRC\0\0\0\x09" + whole[8:], whole[:8] + b"\xff" * 200):
        (tmp_path / ".git/index").write_bytes(damaged)
        assert indexed(tmp_path) == {".gitignore"}


def test_what_is_checked_out(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "trunk")
    repository = gitstate.Repository.at(tmp_path)
    assert repository is not None
    assert repository.state() == ("ref: refs/heads/trunk", "")
    write(tmp_path, {"a.py": ""})
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "first")
    commit = git(tmp_path, "rev-parse", "HEAD").decode().strip()
    assert repository.state() == ("ref: refs/heads/trunk", commit)
    git(tmp_path, "pack-refs", "--all")
    assert repository.state() == ("ref: refs/heads/trunk", commit)
    git(tmp_path, "checkout", "-q", "--detach")
    assert repository.state() == (commit, commit)
    assert not repository.is_busy()
    (tmp_path / ".git/index.lock").touch()
    assert repository.is_busy()


@pytest.mark.parametrize("content", ["", "gitdir: ../nowhere\n", "gitdir:\0\n", "no link\n"])
def test_a_git_file_that_leads_nowhere_is_no_repository(tmp_path: Path, content: str) -> None:
    write(tmp_path, {"root/.git": content, "root/a.py": ""})
    assert gitstate.Repository.at(tmp_path / "root") is None
    assert indexed(tmp_path / "root") == {"a.py"}
