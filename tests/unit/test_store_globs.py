"""Globs, as in an editor's search box."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glossator.index import globs
from glossator.index.globs import files_inside, matcher

MATCHES: dict[str, tuple[str, str]] = {
    # glob: paths that match, paths that do not
    "*.py": ("a.py src/b.py src/deep/c.py", "a.pyi src/py a.py.txt"),
    "**/*.py": ("a.py src/b.py", "a.pyc"),
    "src": ("src/a.py src/deep/b.go other/src/c.py src", "srcs/a.py mysrc/a.py"),
    "src/": ("src/a.py lib/src/b.py", "srcs/a.py"),
    "/src": ("src/a.py", "lib/src/b.py"),
    "./src/**": ("src/a.py src/x/y.py", "lib/src/b.py"),
    "src/*.py": ("src/a.py", "src/deep/b.py lib/src/a.py"),
    "src/**/test_*.py": ("src/test_a.py src/x/y/test_b.py", "src/a.py test_a.py"),
    "server/**": ("server/a server/b/c", "servers/a a/server/b"),
    "*.{ts,tsx}": ("a.ts b/c.tsx", "a.tsxx a.js"),
    "{src,lib}/**": ("src/a lib/b/c", "bin/a"),
    "**/node_modules/**": ("node_modules/a x/node_modules/b/c", "node_modules_/a"),
    "a?c.py": ("abc.py x/a-c.py", "a/c.py ac.py"),
    "[ab].py": ("a.py x/b.py", "c.py"),
    "[!ab].py": ("c.py", "a.py"),
    "a.b": ("a.b", "axb"),
    "src\\deep\\b.py": ("src/deep/b.py", "src/b.py"),
    "\\[id\\]/**": ("[id]/page.tsx [id]/a/b.ts", "id/page.tsx i/page.tsx"),
    "app/\\[id\\]/page.tsx": ("app/[id]/page.tsx", "app/i/page.tsx app/[id]/other.tsx"),
    "\\[...slug\\].ts": ("[...slug].ts a/[...slug].ts", "s.ts ....ts"),
    "[[]id]/*.ts": ("[id]/a.ts", "i/a.ts [/a.ts"),
    "[[]id[]]": ("[id]/a.ts x/[id]", "i [id"),
    "\\{a,b\\}.ts": ("{a,b}.ts", "a.ts b.ts"),
    "{a\\,b,c}.ts": ("a,b.ts c.ts", "a.ts b.ts"),
    "[\\]x].py": ("].py x.py", "a.py"),
    "[]x].py": ("].py x.py", "a.py"),
    "[!]].py": ("a.py", "].py"),
    "\\!important": ("!important", "important"),
    "it's (1).py": ("it's (1).py", "its 1.py"),
    "[z-a]": ("[z-a]", "z"),
    "a{b": ("a{b x/a{b", "ab"),
    "**": ("a b/c", ""),
    "*": ("a b/c", ""),
}


@pytest.mark.parametrize("glob", MATCHES)
def test_globs(glob: str) -> None:
    matching, others = (paths.split(" ") if "(" not in paths else [paths] for paths in MATCHES[glob])
    matches = matcher((glob,), ())
    excludes = matcher((), (glob,))
    for path in filter(None, matching):
        assert matches(path), path
        assert not excludes(path), path
    for path in filter(None, others):
        assert not matches(path), path
        assert excludes(path), path


def test_a_backslash_before_a_wildcard_is_an_escape_where_names_can_hold_it() -> None:
    def fits(glob: str, path: str, *, windows: bool) -> bool:
        return re.fullmatch(globs._pattern(glob, windows=windows), path) is not None

    assert fits(r"src\*.py", "src*.py", windows=False)
    assert not fits(r"src\*.py", "src/a.py", windows=False)
    assert fits(r"src\*.py", "src/a.py", windows=True)
    assert fits(r"a\?b", "a?b", windows=False)
    assert not fits(r"a\?b", "a/xb", windows=False)
    assert fits(r"a\\b", "a\\b", windows=False)
    for windows in (False, True):
        assert fits(r"app\\[id\]\page.tsx".replace("\\\\", "\\"), "app[id]/page.tsx", windows=windows)
        assert fits(r"src\**", "src/a/b.py", windows=windows) == windows


@given(st.text("ab*?[]{},!^-\\/.", min_size=1, max_size=12))
def test_an_escaped_path_matches_itself_alone(path: str) -> None:
    by_backslash = re.sub(r"([*?\[\]{},!^\\])", r"\\\1", path)
    by_class = re.sub(r"[*?\[{}]", r"[\g<0>]", path).replace("\\", "\\\\")
    for escaped in (by_backslash, by_class):
        matches = re.compile(globs._pattern(f"/{escaped}", windows=False), re.DOTALL).fullmatch
        plain = path.strip("/")
        if plain and not path.startswith((".", "/")) and not path.endswith("/"):
            assert matches(plain)
            assert not matches(f"{plain}x")
            assert not matches(f"x{plain}")


def test_several_globs() -> None:
    matches = matcher(("src", "*.md"), ("test_*", "**/generated/**"))
    for path in ("src/a.py", "README.md", "src/generated.py"):
        assert matches(path), path
    for path in ("src/test_a.py", "src/generated/a.py", "lib/a.py"):
        assert not matches(path), path
    assert matcher(("", " ", "/", "."), ())("anything")


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_text_is_a_glob(glob: str, path: str) -> None:
    matcher((glob,), (glob,))(path)


@given(st.lists(st.booleans(), min_size=1, max_size=60), st.integers(1, 9))
def test_conditions_hold_for_the_files_inside_alone(inside: list[bool], step: int) -> None:
    numbers = [3 + step * position for position in range(len(inside))]
    condition = files_inside(numbers, inside)
    text = re.sub(r"file IN \(([\d,]*)\)", r"file in [\1]", condition)
    text = text.replace("AND", "and").replace("OR", "or").replace("NOT", "not")
    for number, expected in zip(numbers, inside, strict=True):
        found = bool(eval(text, {"file": number})) if any(inside) else False
        assert found == expected
