"""Targets of `explain` and `uses`: the text that a user has written, and the symbol that it refers to.

A target is a name or a location, in any common form: as compilers and test runners print it, as an editor copies it, or
as the end of a link to a line. If nothing is found, the error suggests alternatives.
"""

from __future__ import annotations

import difflib
import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote, urlsplit

from glossator.errors import SymbolNotFoundError, UsageError
from glossator.index.records import WHOLE_FILE, StoredEntry
from glossator.retrieval.graph import nearest_to_line
from glossator.workspace.files import Rules, Skipped
from glossator.workspace.reading import split_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glossator.project.root import Root
    from glossator.project.snapshot import Snapshot
    from glossator.retrieval.use_records import NamedSymbol
    from glossator.retrieval.uses import UseFinder

SUGGESTIONS = 3
"""Maximum number of similar names to suggest for an unknown one."""

_LINES = tuple(
    re.compile(pattern)
    for pattern in (
        r"#L(?P<first>\d+)(?:C\d+)?(?:-L?(?P<last>\d+)(?:C\d+)?)?$",  # the end of a link
        r":(?P<first>\d+)(?::\d+)?-(?P<last>\d+):\d+$",  # 17:1-20:5
        r":(?P<first>\d+):\d+(?:-\d+)?:?$",  # 17:5, and 17:5-9: columns
        r":(?P<first>\d+)(?:[-–,](?P<last>\d+))?:?$",
        r":?\((?P<first>\d+)(?:[,:] ?\d+)?\)(?:-\((?P<last>\d+)(?:[,:] ?\d+)?\))?:?$",  # (17,5)
        r"[,:]? (?:on |at |in )?lines? (?P<first>\d+)(?: ?(?:-|–|to|and) ?(?P<last>\d+))?(?:, in .*)?$",
    )
)
_COLUMN = re.compile(r":\d+:(\d+):?$")
_IN_WORDS = re.compile(r"lines? (?P<first>\d+)(?: ?(?:-|–|to|and) ?(?P<last>\d+))? (?:of|in) (?:the )?(?:file )?")
_IN_FILE = re.compile(r"(?P<path>.+?)(?:::|[:#])(?P<name>[^\d:/\\][^/\\]*)$")
_CALL = re.compile(r"(?<=[\w?!>\]])\([^()]*(?:\([^()]*\)[^()]*)*\)$")
_KEYWORDS = re.compile(
    r"(?:(?:async|public|private|protected|static|export|default|pub|abstract|final)\s+)*"
    r"(?:def|class|function|func|fn|fun|sub|struct|interface|trait|enum|type|const|let|var|module|namespace|method)\s+"
    r"(?=\S)"
)
_QUOTES = "`'\"“”"


class OpenedRoots(Protocol):
    """What targets are looked up in: a session, or some of its roots."""

    @property
    def roots(self) -> Sequence[Root]:
        """The folders, in order of precedence."""


@dataclass(frozen=True, slots=True)
class _Lines:
    """A path as written, and the lines given with it; None if there are none."""

    path: str
    first: int | None = None
    last: int | None = None


@dataclass(frozen=True, slots=True)
class FoundSymbol:
    """A symbol whose uses are asked for, the root that it is in, and what finds its uses there."""

    root: Root
    finder: UseFinder
    symbol: NamedSymbol


def found_in_root(
    session: OpenedRoots, folder: Path | None, find: Callable[[UseFinder], NamedSymbol | None]
) -> list[FoundSymbol]:
    """What `find` finds in the root at a folder; nothing if no root is there, or it is not indexed."""
    root = next((root for root in session.roots if root.path == folder), None)
    snapshot = root.open() if root is not None else None
    if root is None or snapshot is None:
        return []
    finder = snapshot.use_finder()
    symbol = find(finder)
    return [FoundSymbol(root, finder, symbol)] if symbol is not None else []


def check(target: str) -> None:
    """Check that a target is not empty.

    Raises:
        UsageError: it is empty.
    """
    if not _unquoted(target):
        raise UsageError("the target is empty: give a name, FILE or FILE:LINE")


def find(session: OpenedRoots, target: str) -> tuple[Root, StoredEntry]:
    """The symbol, lines or file that a target refers to.

    Raises:
        UsageError: the target is empty.
        SymbolNotFoundError: nothing matches; the message suggests similar names or files.
    """
    check(target)
    text = _unquoted(target)
    opened = [(root, snapshot) for root in session.roots if (snapshot := root.open()) is not None]
    place = _as_place(text)
    if place is not None and (found := _file(opened, place.path)) is not None:
        root, snapshot, path = found
        return root, _at(snapshot, path, place)
    if (found := _file(opened, text)) is not None:
        root, snapshot, path = found
        return root, _at(snapshot, path, _Lines(path))
    inside = _IN_FILE.match(text)
    if inside is not None and (found := _file(opened, inside["path"])) is not None:
        root, snapshot, path = found
        named = [entry for entry in _named(snapshot, inside["name"]) if entry.path == path]
        if named:
            return root, named[0]
        raise SymbolNotFoundError(f"{path} defines no {inside['name']!r}{_near(opened, inside['name'], path)}")
    for root, snapshot in opened if not (_is_path(text) and _is_folder(session, text)) else ():
        if named := _named(snapshot, text):
            return root, named[0]
    written = place.path if place is not None else text
    if place is not None or _is_path(text) or _is_folder(session, text) or _near_files(opened, text):
        raise SymbolNotFoundError(_missing(session, opened, written))
    raise SymbolNotFoundError(f"no symbol is named {text!r}{_near(opened, text)}")


def find_symbols(session: OpenedRoots, name: str, path: str = "") -> list[FoundSymbol]:
    """The symbols that a name or location refers to; `path` restricts them to a file.

    A line stands for the definition that it names or is in; with a column, for what the name there refers to.

    Raises:
        UsageError: the name is empty.
        SymbolNotFoundError: nothing matches; the message suggests similar names or files.
    """
    check(name)
    text = _unquoted(name)
    opened = [(root, snapshot) for root in session.roots if (snapshot := root.open()) is not None]
    place = _as_place(text)
    inside = _IN_FILE.match(text)
    if not path and place is None and inside is not None and _file(opened, inside["path"]) is not None:
        path, text = inside["path"], inside["name"]
    if place is not None and place.first is not None and (at := _file(opened, place.path)) is not None:
        root, snapshot, file = at
        finder = snapshot.use_finder()
        if (column := _COLUMN.search(text)) is not None and place.first <= len(finder.lines(file)):
            before = finder.lines(file)[place.first - 1][: int(column[1]) - 1]
            meant = finder.meant_at(file, place.first, len(before.encode()))
            if meant.symbols:
                return [FoundSymbol(root, finder, symbol) for symbol in meant.symbols]
            if meant.mention is not None:
                why = "is not known" if meant.grade == "possible" else "is not in the index"
                raise SymbolNotFoundError(f"what the name at {file}:{place.first}:{column[1]} refers to {why}")
        symbol = finder.symbol_at(file, place.first)
        if symbol is None:
            raise SymbolNotFoundError(f"there is no symbol at {file}:{place.first}")
        return [FoundSymbol(root, finder, symbol)]
    only = _file(opened, path) if path else None
    if path and only is None:
        raise SymbolNotFoundError(_missing(session, opened, path))
    found: list[FoundSymbol] = []
    for root, snapshot in [(only[0], only[1])] if only is not None else opened:
        finder = snapshot.use_finder()
        for spelling in _spellings(text):
            if symbols := finder.symbols(spelling, only[2] if only is not None else None):
                found += [FoundSymbol(root, finder, symbol) for symbol in symbols]
                break
    if not found and only is not None:
        raise SymbolNotFoundError(f"{only[2]} defines no {text!r}{_near(opened, text)}")
    if not found and place is not None and place.first is not None:
        raise SymbolNotFoundError(_missing(session, opened, place.path))
    if not found:
        raise SymbolNotFoundError(f"no symbol is named {text!r}{_near(opened, text)}")
    return found


def find_path(session: OpenedRoots, target: str) -> tuple[Root, str, tuple[int, int] | None] | None:
    """The file or folder that a target names, with the lines given; None if it is something else.

    A folder's path is "" where it is the root itself.

    Raises:
        UsageError: the target is empty.
        SymbolNotFoundError: the file has no such lines.
    """
    check(target)
    text = _unquoted(target)
    opened = [(root, snapshot) for root in session.roots if (snapshot := root.open()) is not None]
    place = _as_place(text)
    if place is not None and place.first is not None and (found := _file(opened, place.path)) is not None:
        root, snapshot, path = found
        count = len(split_lines(snapshot.text(path) or ""))
        if not count:
            raise SymbolNotFoundError(_not_indexed(snapshot, path))
        if not 1 <= place.first <= count:
            lines = "1 line" if count == 1 else f"{count} lines"
            raise SymbolNotFoundError(f"{path} has {lines}, so there is no line {place.first}")
        return root, path, (place.first, min(place.last or place.first, count))
    if (found := _file(opened, text)) is not None:
        return found[0], found[2], None
    if _is_folder(session, text):
        for root in session.roots:
            for path in _candidates(root, text):
                if (root.path / path).is_dir():
                    return root, "" if path == "." else path, None
    return None


def _unquoted(text: str) -> str:
    return text.strip().strip(_QUOTES).strip()


# Places


def _as_place(text: str) -> _Lines | None:
    """A path with lines; None if the text is not of that form."""
    if text.startswith("file:"):
        text = _path_of_uri(text)
    text = re.sub(r'^File "([^"]+)"', r"\1", text)  # a frame of Python's
    if (words := _IN_WORDS.match(text)) is not None:
        return _Lines(_unquoted(text[words.end() :]), *_numbers(words))
    for pattern in _LINES:
        if (found := pattern.search(text)) is not None and found.start():
            return _Lines(_unquoted(text[: found.start()]), *_numbers(found))
    return None


def _numbers(found: re.Match[str]) -> tuple[int, int]:
    first = int(found["first"])
    last = int(found["last"]) if "last" in found.re.groupindex and found["last"] else first
    return first, max(first, last)


def _path_of_uri(text: str) -> str:
    parts = urlsplit(text)
    path = unquote(parts.path)
    if re.match(r"/[A-Za-z]:", path):
        path = path[1:]
    return path + (f"#{parts.fragment}" if parts.fragment else "")


def _file(opened: Sequence[tuple[Root, Snapshot]], written: str) -> tuple[Root, Snapshot, str] | None:
    """The file that a written path refers to; a bare file name may be in any folder, if it is unique."""
    if not written or "\0" in written:
        return None
    for root, snapshot in opened:
        for path in _candidates(root, written):
            if snapshot.entries_in(path) or _is_file(root.path / path):
                return root, snapshot, path
    ends: list[tuple[Root, Snapshot, str]] = []
    tail = "/" + written.replace("\\", "/").removeprefix("./").lstrip("/")
    for root, snapshot in opened:
        ends += [(root, snapshot, path) for path in _paths(snapshot) if f"/{path}".endswith(tail)]
    return ends[0] if len(ends) == 1 and "." in tail else None


def _candidates(root: Root, written: str) -> list[str]:
    """The paths below the root that a path can mean: from the root, from the current folder, or absolute."""
    spelled = [written]
    if os.name != "nt" and "\\" in written:
        spelled.append(written.replace("\\", "/"))
    found: dict[str, None] = {}
    for spelling in spelled:
        given = Path(spelling)
        try:
            given = given.expanduser()
            for whole in (given,) if given.is_absolute() else (root.path / given, Path.cwd() / given):
                for real in (Path(os.path.normpath(whole)), whole.resolve()):
                    if real.is_relative_to(root.path):
                        found.setdefault(real.relative_to(root.path).as_posix())
        except (OSError, RuntimeError, ValueError):  # no such home, a loop of links, a name that is too long
            continue
    return list(found)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _paths(snapshot: Snapshot) -> list[str]:
    """Every indexed file."""
    return [summary.path for summary in snapshot.store.summaries()]


def _at(snapshot: Snapshot, path: str, place: _Lines) -> StoredEntry:
    """The entry at lines of a file, or the whole file.

    Raises:
        SymbolNotFoundError: the file is not indexed, or has no such lines.
    """
    entries = snapshot.entries_in(path)
    if not entries:
        raise SymbolNotFoundError(_not_indexed(snapshot, path))
    count = len(split_lines(snapshot.text(path) or "")) or max(entry.end_line for entry in entries)
    if place.first is None:
        return _whole_file(path, entries, count)
    if not 1 <= place.first <= count:
        lines = "1 line" if count == 1 else f"{count} lines"
        raise SymbolNotFoundError(f"{path} has {lines}, so there is no line {place.first}")
    last = min(place.last or place.first, count)
    wholes = [entry for entry in entries if entry.part == 0 and entry.kind != "block"]
    around = [entry for entry in wholes if entry.start_line <= place.first and last <= entry.end_line]
    if around:
        return min(around, key=lambda entry: (entry.end_line - entry.start_line, -entry.id))
    within = [entry for entry in wholes if place.first <= entry.start_line <= last]
    if within and last > place.first:
        return within[0]
    if (at := snapshot.entry_at(path, place.first)) is not None:
        return at
    return nearest_to_line(entries, place.first) or entries[-1]


def _whole_file(path: str, entries: Sequence[StoredEntry], lines: int) -> StoredEntry:
    """The entry that represents a file: its only one, or one that is built from all of them."""
    if len(entries) == 1 and entries[0].kind != "block":
        return entries[0]
    first = entries[0]
    doc = first.doc if first.kind == "block" or first.kind == "module" else ""
    return StoredEntry(
        WHOLE_FILE, path, first.language, "module", "", path, "", doc, None, 0, 1, max(lines, 1), 1, 0, 0
    )


# Names


def _named(snapshot: Snapshot, text: str) -> list[StoredEntry]:
    """Definitions of a name, in any spelling: as a call, with its keyword, with `self` and the like."""
    for name in _spellings(text):
        if found := snapshot.named(name):
            return found
    return []


def _spellings(text: str) -> list[str]:
    """The names that a text can refer to, the most literal first."""
    name = text.rstrip(";:,")
    spelled = [text, name, _CALL.sub("", name)]
    bare = _KEYWORDS.sub("", _CALL.sub("", name), count=1)
    spelled.append(bare)
    if selector := re.match(r"[-+]\s*\[(\w+)\s+(.+)\]$", bare):  # -[Class selector:]
        spelled.append(f"{selector[1]}.{selector[2]}")
    spelled.append(re.sub(r"^\(\*?(\w+)\)", r"\1", bare))  # (*Type).Method
    bare = re.sub(r"^(?:new\s+|[&@$*]+|::|\.)", "", bare)
    plain = re.sub(r"(?:::)?<[^<>]*(?:<[^<>]*>[^<>]*)*>|\[[^\[\]]*\]", "", bare)  # without type arguments
    plain = plain.replace(".prototype.", ".").strip()
    own = re.sub(r"^(?:self|this|cls|super)(?:\(\))?(?:\.|->|::)", "", plain)
    spelled += [bare, plain, own]
    return list(dict.fromkeys(_unquoted(one) for one in spelled if _unquoted(one)))


# Error messages


def _near(opened: Sequence[tuple[Root, Snapshot]], text: str, path: str = "") -> str:
    """The end of an error message about an unknown name: similar names, and how to search for more."""
    name = _spellings(text)[-1]
    look = f"try `glossator search {shlex.quote(name)}`"
    listed = _listed_near([snapshot for _, snapshot in opened], name, path)
    if not listed:
        return f", and there is no similar name: {look}"
    joined = listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} or {listed[-1]}"
    return f"; did you mean {joined}? If not, {look}"


def near_symbols(session: OpenedRoots, text: str) -> str:
    """The symbols whose names are most similar to an unknown one, with their places; "" if there are none."""
    snapshots = [snapshot for root in session.roots if (snapshot := root.open()) is not None]
    return ", ".join(_listed_near(snapshots, _spellings(text)[-1]))


def _listed_near(snapshots: Sequence[Snapshot], name: str, path: str = "") -> list[str]:
    """The symbols with the most similar names, each with its place; in one file, if a path is given."""
    last = re.split(r"::|->|[.#]", name)[-1] or name
    found: dict[str, StoredEntry] = {}
    for snapshot in snapshots:
        for entry in _near_entries(snapshot, last):
            if not path or entry.path == path:
                found.setdefault(entry.qualified_name, entry)
    return [f"`{entry.qualified_name}` ({entry.path}:{entry.name_line})" for entry in found.values()][:SUGGESTIONS]


def _near_entries(snapshot: Snapshot, name: str) -> list[StoredEntry]:
    """Definitions with the most similar names: the same name elsewhere, a similar spelling, or one that contains it."""
    exact = snapshot.named(name)
    like = [entry for entry in snapshot.names_like(name, 20) if name.lower() in entry.name.lower()]
    folded = name.lower()
    starts = {folded[:size] for size in (2, 1) if len(folded) >= size}
    spelled: dict[str, StoredEntry] = {}
    for start in sorted(starts, key=len, reverse=True):
        for entry in snapshot.names_like(start, 400):
            spelled.setdefault(entry.name.lower(), entry)
    close = difflib.get_close_matches(folded, spelled, n=SUGGESTIONS, cutoff=0.7)
    entries = [*exact, *(spelled[one] for one in close), *like]
    return list({entry.id: entry for entry in entries}.values())


def _is_path(text: str) -> bool:
    """Whether a text that is not a known name must be a path."""
    return bool(re.search(r"[/\\]", text))


def _is_folder(session: OpenedRoots, written: str) -> bool:
    try:
        return any((root.path / path).is_dir() for root in session.roots for path in _candidates(root, written))
    except (OSError, ValueError):
        return False


def _missing(session: OpenedRoots, opened: Sequence[tuple[Root, Snapshot]], written: str) -> str:
    """Why there is no file at a path."""
    if _is_folder(session, written):
        return f"{written} is a folder: give a file in it, or a symbol"
    given = Path(written)
    if given.is_absolute() and _is_file(given):
        folders = ", ".join(str(root.path) for root in session.roots)
        return f"{written} is not in {folders}: give the folder that it is in with --root"
    if close := _near_files(opened, written):
        return f"there is no file {written}; did you mean {' or '.join(close)}?"
    return f"there is no file {written}: try `glossator search {shlex.quote(written)}`"


def _near_files(opened: Sequence[tuple[Root, Snapshot]], written: str) -> list[str]:
    """Indexed files with the same name as a path, or a similar one."""
    name = written.replace("\\", "/").rpartition("/")[2]
    if "." not in name:
        return []
    by_name: dict[str, list[str]] = {}
    for _, snapshot in opened:
        for path in _paths(snapshot):
            by_name.setdefault(path.rpartition("/")[2], []).append(path)
    names = [name] if name in by_name else difflib.get_close_matches(name, by_name, n=SUGGESTIONS, cutoff=0.75)
    return sorted(path for one in names for path in by_name[one])[:SUGGESTIONS]


def _not_indexed(snapshot: Snapshot, path: str) -> str:
    """Why an existing file has no entries in the index."""
    for item in snapshot.store.status().skipped:
        if item.path == path or path.startswith(f"{item.path.rstrip('/')}/"):
            return f"{path} is not indexed: {item.reason} (`glossator status --skipped` lists all such files)"
    if snapshot.text(path) == "":
        return f"{path} is empty"
    look = Rules(snapshot.path, snapshot.settings).look(path)
    if isinstance(look, Skipped):
        return f"{path} is not indexed: {look.reason}"
    if look is None:
        return f"{path} is not indexed: an ignore rule (.gitignore, .glossatorignore) leaves it out"
    return f"{path} contains nothing that could be explained"
