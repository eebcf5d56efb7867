"""Rules on names and circles: one name means one thing, and no two files need each other."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "server" / "glossator"
SCRIPTS = PACKAGE.parents[1] / "scripts"
MODULES = sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    """The dotted name of a module."""
    parts = ("glossator", *path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {name_of(path) for path in MODULES}


def imported(path: Path) -> Iterator[str]:
    """The modules of ours that a module imports, at its top, in functions and for types alone."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in NAMES)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                if whole in NAMES:
                    yield whole
                elif node.module in NAMES and alias.name != "__version__":
                    yield node.module


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Groups of modules that reach each other (Tarjan's strongly connected components of more than one)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in graph[node]:
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            group = []
            while True:
                member = stack.pop()
                group.append(member)
                if member == node:
                    break
            if len(group) > 1:
                found.append(sorted(group))

    for node in graph:
        if node not in index:
            visit(node)
    return found


def test_circles_are_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": set()}) == [["a", "b", "c"]]


def test_no_two_files_import_each_other() -> None:
    assert circles({name_of(path): set(imported(path)) - {name_of(path)} for path in MODULES}) == []


def test_no_two_modules_have_the_same_name() -> None:
    places = defaultdict(list)
    for path in MODULES:
        if path.stem not in ("__init__", "__main__"):
            places[path.stem].append(path.relative_to(PACKAGE).as_posix())
    assert {stem: found for stem, found in places.items() if len(found) > 1} == {}


def public_names(path: Path) -> Iterator[str]:
    """Classes, functions and constants that a module defines without an underscore."""
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            names = [node.name]
        elif isinstance(node, ast.Assign):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names = [node.target.id]
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            names = [
                target.id
                for inner in node.body
                if isinstance(inner, ast.Assign)
                for target in inner.targets
                if isinstance(target, ast.Name)
            ]
        else:
            continue
        yield from (name for name in names if not name.startswith("_"))


ENTRY_POINTS = frozenset({"main"})
"""What a process begins with; nobody imports it by that name."""

WIRE = "lsp/protocol.py"
"""Mirrors the engine's words on the wire: `protocol.Evidence` is `Evidence` as JSON. Its names are used qualified."""


def test_no_public_name_is_defined_twice() -> None:
    places = defaultdict(list)
    for path in MODULES:
        here = path.relative_to(PACKAGE).as_posix()
        if here != WIRE:
            for name in set(public_names(path)) - ENTRY_POINTS:
                places[name].append(here)
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_the_wire_s_names_are_used_qualified() -> None:
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "glossator.lsp.protocol":
                imported_names = {alias.name for alias in node.names}
                assert imported_names <= {"camel", "REQUESTS"}, f"{path}: import `protocol`, not {imported_names}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_modules_say_what_they_are_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text("utf-8")))
