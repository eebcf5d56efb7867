"""Where Rust's modules and crates stand, by the paths of their files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glossator.retrieval.resolution.values import UNKNOWN_MODULE, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glossator.retrieval.resolution.rules import World


def is_root(path: str) -> bool:
    """Whether a file is the root of a crate of its own: a test, an example, a program."""
    folder = path.rpartition("/")[0].rpartition("/")[2]
    return folder in ("tests", "examples", "benches", "bin")


def parent_file(world: World, path: str) -> str:
    """The file of the module around a file's module; "" for the root of a crate."""
    folder, _, file = path.rpartition("/")
    if file in ("lib.rs", "main.rs", "build.rs"):
        return ""
    if file == "mod.rs":
        folder = folder.rpartition("/")[0]
    for name in ("mod.rs", "lib.rs", "main.rs"):
        candidate = f"{folder}/{name}".lstrip("/")
        if candidate in world.paths() and candidate != path:
            return candidate
    beside = f"{folder}.rs"
    return beside if folder and beside in world.paths() else ""


def root_of(world: World, path: str) -> Value:
    """The root module of the crate that a file belongs to."""
    for _ in range(20):
        if not (parent := parent_file(world, path)):
            break
        path = parent
    if path.rpartition("/")[2] in ("lib.rs", "main.rs") or is_root(path):
        return Value("module", path)
    folder = crate_folder(world, path)
    for name in ("src/lib.rs", "src/main.rs", "lib.rs"):
        candidate = f"{folder}/{name}".lstrip("/")
        if candidate in world.paths():
            return Value("module", candidate)
    return UNKNOWN_MODULE


def crate_folder(world: World, path: str) -> str:
    """The innermost folder around a file that has a Cargo.toml; "" if none has."""
    folder = path
    while folder:
        folder = folder.rpartition("/")[0]
        if f"{folder}/Cargo.toml".lstrip("/") in world.paths():
            return folder
    return ""


def folders_above(folder: str) -> Iterator[str]:
    """The folders around a folder, the innermost first; the root is "" and comes last."""
    while folder:
        folder = folder.rpartition("/")[0]
        yield folder
