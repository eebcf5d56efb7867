"""Where JavaScript's module names lead: what `package.json` and `tsconfig.json` say, as facts.

A package is an import of its own name, by which it is found; its entry points and a configuration's paths are imports
too: `name` is what other files write (`.`, `./sub`, `@app/*`), `module` the file or pattern that it stands for.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from glossator.index.facts import Facts, Import, make_facts

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE: Final = "package.json"
BASE: Final = "baseUrl"
"""The member of the import that names the folder in which modules are looked for."""
EXTENDS: Final = "extends"
"""The member of the import that names the configuration that this one extends."""
PATHS: Final = "paths"
"""The member of the imports that give a pattern of module names its files."""
ENTRY: Final = "entry"
"""The member of the imports that give a package's entry points."""

ENTRIES: Final = 200
"""More entry points than a package or configuration needs."""

_CONFIGURATION = re.compile(r"(?:tsconfig|jsconfig)(?:\.[\w.-]+)?\.json")
_COMMENTS = re.compile(r'("(?:[^"\\]|\\.)*")|//[^\n]*|/\*.*?\*/|,(?=\s*[}\]])', re.DOTALL)


def is_script_settings(path: str) -> bool:
    """Whether a file may say where the names of modules lead."""
    name = path.replace("\\", "/").rpartition("/")[2]
    return name == PACKAGE or _CONFIGURATION.fullmatch(name) is not None


def package_note(name: str) -> str:
    """What is noted of the `package.json` of a package."""
    return f"npm:{name}"


def script_settings(path: str, text: str) -> Facts | None:
    """The facts of a `package.json`, `tsconfig.json` or `jsconfig.json`; None if they say nothing of the kind."""
    try:
        # Configurations may have comments, and commas before closing brackets.
        read = json.loads(_COMMENTS.sub(lambda found: found[1] or "", text.lstrip("\ufeff")))
    except (ValueError, RecursionError):
        return None
    if not isinstance(read, dict):
        return None
    name = ""
    if path.replace("\\", "/").rpartition("/")[2] == PACKAGE:
        name = read["name"] if isinstance(read.get("name"), str) else ""
        imports = list(_entries(name, read)) if name else []
    else:
        imports = list(_paths(read))
    return make_facts("json", name, [], imports[:ENTRIES], [], {}) if imports else None


def _entries(name: str, read: dict[str, Any]) -> Iterator[Import]:
    yield Import(package_note(name), "./", ENTRY)
    for field in ("source", "types", "typings", "module", "main", "browser"):
        if isinstance(read.get(field), str):
            yield Import(".", read[field], ENTRY)
    exported = read.get("exports")
    if isinstance(exported, dict) and any(key.startswith(".") for key in exported):
        for key, value in exported.items():
            for target in _targets(value, 0):
                yield Import(key, target, ENTRY)
    elif exported is not None:
        for target in _targets(exported, 0):
            yield Import(".", target, ENTRY)


def _targets(value: object, depth: int) -> Iterator[str]:
    """The files that the conditions of an entry point lead to."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict) and depth < 5:
        for inner in value.values():
            yield from _targets(inner, depth + 1)
    elif isinstance(value, list) and depth < 5:
        for inner in value:
            yield from _targets(inner, depth + 1)


def _paths(read: dict[str, Any]) -> Iterator[Import]:
    if isinstance(read.get("extends"), str):
        yield Import("", read["extends"], EXTENDS)
    options = read.get("compilerOptions")
    if not isinstance(options, dict):
        return
    if isinstance(options.get("baseUrl"), str):
        yield Import("", options["baseUrl"], BASE)
    paths = options.get("paths")
    for pattern, targets in paths.items() if isinstance(paths, dict) else ():
        for target in targets if isinstance(targets, list) else ():
            if isinstance(target, str):
                yield Import(pattern, target, PATHS)
