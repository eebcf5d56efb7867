"""The file that the name of a module means in a script: relative paths, packages of the index, the paths of
`tsconfig.json`, usual aliases of the source folder."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Final

from glossator.index.facts import MENTION_KINDS, module_notes
from glossator.index.script_packages import BASE, ENTRY, EXTENDS, PACKAGE, PATHS, package_note
from glossator.retrieval.resolution.values import Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glossator.retrieval.resolution.file_view import FileView
    from glossator.retrieval.resolution.rules import World

DEFAULT: Final = "default"
"""What a module exports without a name."""
_HANDED: Final = MENTION_KINDS.index("value")
DECLARATION_ENDINGS: Final = (".d.ts", ".d.mts", ".d.cts")
_EXTENSIONS: Final = (
    *(".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", *DECLARATION_ENDINGS),
    *(".vue", ".svelte", ".astro", ".es6"),
)
_WRITTEN_AS: Final = {
    ".js": (".ts", ".tsx", ".d.ts", ".jsx"),
    ".jsx": (".tsx",),
    ".mjs": (".mts", ".d.mts"),
    ".cjs": (".cts", ".d.cts"),
}
"""Extensions that an import names, and those of the files from which such a file is made."""
_BUILT: Final = frozenset(("dist", "lib", "build", "out", "esm", "cjs", "es", "types", "umd", "module"))
"""Folders that hold what is made from the sources."""
_NODE_WORDS: Final = """
assert async_hooks buffer child_process cluster console constants crypto dgram diagnostics_channel dns domain events
fs http http2 https inspector module net os path perf_hooks process punycode querystring readline repl stream
string_decoder sys timers tls trace_events tty url util v8 vm wasi worker_threads zlib test
"""
_NODE: Final = frozenset(_NODE_WORDS.split())
"""Modules of Node.js."""
_ASSETS: Final = frozenset((".css", ".scss", ".sass", ".less", ".json", ".svg", ".png", ".jpg", ".txt", ".md", ".wasm"))


def module_file(world: World, path: str, module: str) -> tuple[str, bool]:
    """The file that the name of a module means in a file; "" for none, and whether that is certain."""
    if module.startswith((".", "/")):
        folder = "" if module.startswith("/") else path.rpartition("/")[0]
        whole = posixpath.normpath(posixpath.join(folder, module.lstrip("/") if not folder else module))
        if whole.startswith(".."):
            return "", False
        whole = "" if whole == "." else whole
        found = _entry_of_folder(world, whole) or _file_at(world, whole)
        # Style sheets, images and data hold no definitions of scripts.
        return found, not found and posixpath.splitext(module)[1] in _ASSETS
    if module.startswith("node:"):
        return "", True
    for candidate in _by_settings(world, path, module):
        if found := _file_at(world, candidate):
            return found, True
    if found := _in_package(world, module):
        return found, True
    if module[:2] in ("@/", "~/", "$/", "#/") or module[:1] in ("~", "#", "$"):
        return _by_alias(world, path, module), False
    return "", module in _NODE or not _looks_local(world, path, module)


def is_handed_over(world: World, view: FileView) -> bool:
    """Whether a file that imports a module whole hands it over (`Object.entries(tests)`)."""
    key = ("script handed over", view.path)
    if not isinstance(known := world.memory.get(key), bool):
        others = (world.view(path) for path in world.files_noting_any(module_notes(view.path)))
        known = world.memory[key] = any(_hands_over(world, one, view.path) for one in others if one is not None)
    return known


def _hands_over(world: World, view: FileView, module: str) -> bool:
    """Whether a file imports a module whole under a name that it hands over."""
    return any(
        Value("module", module) in world.import_target(view.path, item)
        for item in view.facts.imports
        if item.member in ("", "*", DEFAULT)
        and any(one.kind == _HANDED and one.receiver < 0 for one in view.facts.mentions_of(item.name))
    )


def _by_settings(world: World, path: str, module: str) -> Iterator[str]:
    """Where the nearest `tsconfig.json` or `jsconfig.json` says that a module is."""
    for folder in _ancestors(path):
        for name in ("tsconfig.json", "jsconfig.json", "tsconfig.base.json", "tsconfig.app.json"):
            settings = posixpath.join(folder, name)
            if settings in world.paths() and (view := world.view(settings)) is not None:
                yield from _in_settings(world, view, settings, module, 0)


def _in_settings(world: World, view: FileView, settings: str, module: str, depth: int) -> Iterator[str]:
    folder = settings.rpartition("/")[0]
    base = next((item.module for item in view.facts.imports if item.member == BASE), None)
    home = posixpath.normpath(posixpath.join(folder, base or "."))
    for item in view.facts.imports:
        if item.member == PATHS and (filled := _filled(item.name, item.module, module)) is not None:
            yield _joined(home, filled)
    if base is not None:
        yield _joined(home, module)
    for item in view.facts.imports:
        if item.member == EXTENDS and item.module.startswith(".") and depth < 4:
            above = _joined(folder, item.module)
            above = above if above.endswith(".json") else above + ".json"
            if above in world.paths() and (other := world.view(above)) is not None:
                yield from _in_settings(world, other, above, module, depth + 1)


def _in_package(world: World, module: str) -> str:
    """The file of a package of the index that a module's name means; "" if there is none."""
    parts = module.split("/")
    name = "/".join(parts[: 2 if module.startswith("@") else 1])
    sub = "./" + module[len(name) + 1 :] if len(module) > len(name) else "."
    for path in world.noting(package_note(name)):
        if path.rpartition("/")[2] != PACKAGE:
            continue
        view = world.view(path)
        if view is None or view.facts.package != name:
            continue
        folder = path.rpartition("/")[0]
        for target in [
            *_entries(view, sub),
            *(() if sub == "." else (sub, f"./src/{sub[2:]}")),
            "./index",
            "./src/index",
        ][:12]:
            if sub != "." and target in ("./index", "./src/index"):
                break
            if found := _file_made_from(world, folder, target):
                return found
        return ""
    return ""


def _entry_of_folder(world: World, folder: str) -> str:
    """The file that a folder stands for by its `package.json`; "" if that says nothing of the kind."""
    path = posixpath.join(folder, PACKAGE)
    view = world.view(path) if path in world.paths() else None
    found = (_file_made_from(world, folder, target) for target in (_entries(view, ".") if view is not None else ()))
    return next(filter(None, found), "")


def _entries(view: FileView, sub: str) -> list[str]:
    """What a `package.json` says that a part of its package is: `.`, or `./sub`."""
    entries = (item for item in view.facts.imports if item.member == ENTRY and item.name.startswith("."))
    found = (_filled(item.name, item.module, sub) for item in entries)
    return [target for target in found if target is not None]


def _by_alias(world: World, path: str, module: str) -> str:
    """The file that a name with a usual alias of the source folder (`@/components/x`) means."""
    rest = module.partition("/")[2] if module[1:2] == "/" or "/" in module else module[1:]
    for folder in _ancestors(path):
        for source in ("src", "", "app"):
            if found := _file_at(world, _joined(_joined(folder, source), rest)):
                return found
    return ""


def _looks_local(world: World, path: str, module: str) -> bool:
    """Whether the name of a module may mean a file of the index by a setting that is not known."""
    first, slash, rest = module.partition("/")
    if not slash:
        # An import map may give a file its bare name.
        return any(_file_at(world, _joined(folder, module)) for folder in _ancestors(path))
    if not module.startswith("@") and any(
        world.paths().files_in(_joined(folder, first)) for folder in _ancestors(path)
    ):
        return True
    # An alias, or the name of the folder that is open, when the settings which say so lie outside of it.
    return any(_file_at(world, _joined(folder, rest)) for folder in _ancestors(path))


def _ancestors(path: str) -> Iterator[str]:
    """The folders around a file, the innermost first; the root is "" and comes last."""
    folder = path.rpartition("/")[0]
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
    yield ""


def _joined(folder: str, path: str) -> str:
    made = posixpath.normpath(posixpath.join(folder, path.removeprefix("./") or "."))
    return "" if made == "." else made


def _file_at(world: World, whole: str) -> str:
    """The file that a path without or with an extension means; "" if there is none."""
    paths = world.paths()
    stem, extension = posixpath.splitext(whole)
    if whole in paths and (extension in _EXTENSIONS or extension == ".json"):
        return whole
    for written in _WRITTEN_AS.get(extension, ()):
        if stem + written in paths:
            return stem + written
    for candidate in _EXTENSIONS if whole else ():
        if whole + candidate in paths:
            return whole + candidate
    index = f"{whole}/index" if whole else "index"
    return next((index + one for one in _EXTENSIONS if index + one in paths), "")


def _file_made_from(world: World, folder: str, target: str) -> str:
    """The file of a package's entry point, or the source from which it is made."""
    whole = _joined(folder, target)
    if whole.startswith(".."):
        return ""
    if found := _file_at(world, whole):
        return found
    inside = target.removeprefix("./").split("/")
    while len(inside) > 1 and inside[0] in _BUILT:
        inside = inside[1:]
        stem = "/".join(inside)
        for suffix in (*DECLARATION_ENDINGS, ".min.js"):
            stem = stem.removesuffix(suffix)
        for source in ("src", ""):
            if found := _file_at(world, _joined(folder, f"{source}/{stem}" if source else stem)):
                return found
    return ""


def _filled(pattern: str, target: str, module: str) -> str | None:
    """What a target with a star is for a module that matches the pattern; None if it doesn't match."""
    before, star, after = pattern.partition("*")
    if not star:
        return target if module == pattern else None
    if not (module.startswith(before) and module.endswith(after) and len(module) >= len(before) + len(after)):
        return None
    return target.replace("*", module[len(before) : len(module) - len(after) or None], 1)
