"""What nothing uses in the opened folders, or in a part of them: a file, a folder, a type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glossator.errors import SymbolNotFoundError
from glossator.project.targets import find_path, find_symbols
from glossator.retrieval.buffers import allowing
from glossator.retrieval.kinds import TYPE_KINDS
from glossator.retrieval.unused import UNUSED_KINDS, UNUSED_SECONDS, Unused, unused_in

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from glossator.index.records import Filter
    from glossator.project.root import Root
    from glossator.project.targets import OpenedRoots
    from glossator.retrieval.use_records import NamedSymbol
    from glossator.retrieval.uses import UseFinder


@dataclass(frozen=True, slots=True)
class UnusedScope:
    """Where is looked.

    Attributes:
        root: the only root; None for all.
        includes: tells which paths of it.
        inside: the type that it is restricted to.
        words: how it is said: " in `src`"; "" for everything.
    """

    root: Root | None = None
    includes: Callable[[str], bool] = lambda _path: True
    inside: NamedSymbol | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class FoundUnused:
    """What was found in one root, and what reads its files."""

    root: Root
    finder: UseFinder
    unused: Unused


def scope_named(session: OpenedRoots, where: str) -> UnusedScope | None:
    """The file, folder or type that a name or path stands for, or all files and folders of a name, and everything for
    ""; None if nothing is so called."""
    if not where.strip():
        return UnusedScope()
    try:
        place = find_path(session, where)
    except SymbolNotFoundError:
        place = None
    if place is not None:
        return path_scope(place[0], place[1])
    try:
        symbols = find_symbols(session, where)
    except SymbolNotFoundError:
        symbols = []
    for one in symbols:
        if one.symbol.kind in TYPE_KINDS and one.symbol.definitions:
            return type_scope(one.root, one.symbol)
    name = where.replace("`", "").strip("/ ")
    snapshots = [snapshot for root in session.roots if (snapshot := root.open()) is not None]
    if any(_is_part(path, name) for snapshot in snapshots for path in snapshot.store.facts.paths()):
        return UnusedScope(None, lambda path: _is_part(path, name), None, f" in `{name}`")
    return None


def _is_part(path: str, name: str) -> bool:
    """Whether a file, or a folder that it is in, has a name; a file's without its ending."""
    return path.rpartition("/")[2].partition(".")[0] == name or f"/{name}/" in f"/{path}"


def path_scope(root: Root, path: str) -> UnusedScope:
    """A file or folder of a root; "" is the root itself."""
    folder = f"{path}/" if path else ""
    words = f" in `{path}`" if path else ""
    return UnusedScope(root, lambda one: one == path or one.startswith(folder), None, words)


def type_scope(root: Root, symbol: NamedSymbol) -> UnusedScope:
    """A type, in all files that it is defined in."""
    words = f" in {symbol.kind} `{symbol.qualified_name}` (`{symbol.path}:{symbol.line}`)"
    paths = {definition.path for definition in symbol.definitions}
    return UnusedScope(root, paths.__contains__, symbol, words)


def unused_code(
    session: OpenedRoots,
    scope: UnusedScope,
    *,
    kinds: Collection[str] = (),
    where: Filter | None = None,
    seconds: float = UNUSED_SECONDS,
    cancelled: Callable[[], bool] = lambda: False,
) -> list[FoundUnused]:
    """What nothing uses in a scope, by roots.

    Args:
        session: the opened folders.
        scope: where is looked.
        kinds: kinds of definitions; none for all.
        where: restricts it further.
        seconds: processor time for all of it.
        cancelled: tells whether nobody waits any longer.

    Raises:
        StoreError: an index cannot be opened.
        CancelledByUser: nobody waits for it.
    """
    roots = [root for root in session.roots if scope.root is None or root is scope.root]
    found: list[FoundUnused] = []
    for root in roots:
        snapshot = root.open()
        if snapshot is None:
            continue
        searching = snapshot.use_finder(masked=False)
        searching.stop_when(cancelled)
        allowed = allowing(snapshot.within(where))
        paths = [path for path in searching.source.paths() if scope.includes(path) and allowed(path, "", "")]
        unused = unused_in(
            searching, paths, kinds=kinds or UNUSED_KINDS, inside=scope.inside, seconds=seconds / len(roots)
        )
        found.append(FoundUnused(root, snapshot.use_finder(), unused))
    return found
