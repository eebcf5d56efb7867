"""The tools that read code: each takes plain arguments and returns a result within its budget. They run in threads.

This module knows neither the protocol nor how its arguments arrive.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from glossator.answers.evidence import Question, estimated_tokens
from glossator.answers.gathering import search_views
from glossator.answers.root_view import RootView
from glossator.answers.use_wording import not_searched_words
from glossator.errors import SymbolNotFoundError, UsageError
from glossator.index.entries import ENTRY_KINDS
from glossator.index.globs import literal_glob
from glossator.index.languages import LANGUAGES
from glossator.index.records import WHOLE_FILE, Filter
from glossator.mcp_server.tool_results import (
    CodeHit,
    Hits,
    Link,
    Member,
    Outline,
    OutlinedFile,
    SymbolDetail,
    Symbols,
    Trace,
    Traced,
    UseItem,
    count_fitting,
    tokens_of,
)
from glossator.project import targets
from glossator.retrieval.kinds import TYPE_KINDS
from glossator.retrieval.similar import similar_query
from glossator.retrieval.use_records import CALLING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glossator.answers.evidence import Evidence
    from glossator.index.records import StoredEntry
    from glossator.mcp_server.projects import Project
    from glossator.project.root import Root
    from glossator.project.snapshot import Snapshot
    from glossator.retrieval.use_records import NamedSymbol, SymbolUses
    from glossator.retrieval.uses import UseFinder

MOST_QUERY_CHARACTERS = 20_000
"""Characters of a query or question: a whole trace fits, a whole log does not."""
MOST_HITS = 14
"""Hits of a search: as many as evidence is gathered from."""
MOST_DEFINITIONS = 5
"""Definitions of one name that are shown."""
HEADING_SHARE = 0.4
"""Part of a search's budget that places and signatures may take; the rest is for code."""
MOST_COUNTED_FILES = 200
"""Files that are looked at to count the uses of a symbol."""
SHOWN_DOC_CHARACTERS = 600
SHOWN_SIGNATURE_CHARACTERS = 200
"""Characters of documentation and of a signature that are shown where the code is not."""
MOST_DEPTH = 5
"""Levels of callers or callees."""
MORE_TOKENS = 8
"""Tokens that are kept free to say how many definitions are left out."""
MOST_CALLEES = 300
"""Symbols that a walk over callees visits at most."""


@dataclass(slots=True)
class Stale:
    """Files that a tool has found to differ from the index: their lines could not be verified."""

    files: set[tuple[Root, str]] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class CallScope:
    """The projects that a call is about."""

    projects: Sequence[Project]
    stale: Stale = field(default_factory=Stale)

    @property
    def roots(self) -> list[Root]:
        """Their folders."""
        return [project.root for project in self.projects]

    def views(self) -> list[RootView]:
        """The projects' roots as they are now."""
        return [RootView.of(project.root) for project in self.projects]

    def name_of(self, root: Root) -> str:
        """The name of a root's project."""
        return next((project.name for project in self.projects if project.root is root), "")

    def root_at(self, view: RootView) -> Root:
        """The root of a view."""
        return next(project.root for project in self.projects if project.root.path == view.folder)


def checked(text: str, what: str) -> str:
    """A query, question or name without surrounding space.

    Raises:
        UsageError: it is empty or too long.
    """
    if len(text) > MOST_QUERY_CHARACTERS:
        raise UsageError(
            f"the {what} has {len(text):,} characters, and at most {MOST_QUERY_CHARACTERS:,} are taken: give the part "
            "that matters"
        )
    if not text.strip():
        raise UsageError(f"the {what} is empty")
    return text.strip()


# search_code, find_similar


def search_code(
    scope: CallScope,
    query: str,
    path: str = "",
    language: str = "",
    kind: str = "",
    limit: int = 8,
    max_tokens: int = 2000,
) -> Hits:
    """The best matches for a query, with code as far as the budget goes.

    Raises:
        UsageError: the query is empty or too long; a language or kind does not exist.
        StoreError: an index cannot be read.
    """
    query = checked(query, "query")
    return _hits(scope, query, where_of(path, language, kind), limit, max_tokens)


def similar_code(scope: CallScope, symbol: str, limit: int = 5, max_tokens: int = 1500) -> Hits:
    """Code similar to a symbol, without the symbol itself.

    Raises:
        SymbolNotFoundError: there is no such symbol; the message tells the nearest names.
    """
    root, entry = _target(scope, symbol)
    query = similar_query(entry)[:MOST_QUERY_CHARACTERS]
    if not query.strip():
        raise UsageError(f"{entry.path}:{entry.start_line} is no definition: give the name of one")
    return _hits(scope, query, Filter(), limit, max_tokens, but=(root, entry))


def relative_path(path: str) -> str:
    """A path or glob as the index writes it: relative to the root, with "/"; "" for the root."""
    path = path.strip().replace("\\", "/").removeprefix("./").strip("/")
    return "" if path == "." else path


def where_of(path: str, language: str, kind: str) -> Filter:
    """The filter that arguments of a tool describe.

    Raises:
        UsageError: a language or kind does not exist.
    """
    if kind and kind not in ENTRY_KINDS:
        raise UsageError(f"unknown kind {kind!r}; the kinds are {', '.join(sorted(ENTRY_KINDS))}")
    if language and language not in LANGUAGES:
        raise UsageError(f"unknown language {language!r}; the languages are {', '.join(sorted(LANGUAGES))}")
    path = relative_path(path)
    # Brackets may be part of a name (app/[id]/page.tsx), so what looks like a glob is also taken literally.
    include = (literal_glob(path), *([path] if re.search(r"[*?\[{]", path) else [])) if path else ()
    return Filter(include=include, languages=(language,) if language else (), kinds=(kind,) if kind else ())


def _hits(
    scope: CallScope,
    query: str,
    where: Filter,
    limit: int,
    max_tokens: int,
    but: tuple[Root, StoredEntry] | None = None,
) -> Hits:
    gathered = search_views(scope.views(), Question(query, where))
    kept: list[tuple[RootView, int, CodeHit]] = []
    for ranked in gathered.ranked:
        view, hit = ranked.view, ranked.hit
        root = scope.root_at(view)
        if but is not None and root is but[0] and _is_same(hit.entry, but[1]):
            continue
        now = view.located(hit.entry)
        if now is None:
            scope.stale.files.add((root, hit.path))
            continue
        shift = now.start_line - hit.entry.start_line
        found = CodeHit(
            hit.path,
            hit.start_line + shift,
            min(hit.end_line + shift, len(view.lines(hit.path))),
            hit.kind,
            hit.qualified_name or hit.name,
            scope.name_of(root),
            hit.entry.signature[:SHOWN_SIGNATURE_CHARACTERS],
            hit.why,
        )
        kept.append((view, hit.entry.id, found))
        if len(kept) == limit:
            break
    kept = kept[: count_fitting([hit for _, _, hit in kept], int(max_tokens * HEADING_SHARE))]
    room = max_tokens - sum(tokens_of(hit) for _, _, hit in kept)
    evidence = gathered.material(room).evidence if room > 0 else ()
    shown: dict[int, CodeHit] = {}
    for view, entry_id, found in kept:
        near = [piece for piece in evidence if piece.root == view.folder and piece.path == found.path]
        piece = next((one for one in near if one.entry.id == entry_id), None)
        piece = piece or next((one for one in near if _covers(one, found)), None)
        if piece is None:
            shown[id(found)] = found
        elif id(piece) not in shown:
            with_code = _with_code(found, piece)
            cost = estimated_tokens(with_code.code) - estimated_tokens(found.signature)
            shown[id(piece)] = with_code if cost <= room else found
            room -= cost if cost <= room else 0
    return Hits(list(shown.values()))


def _is_same(one: StoredEntry, other: StoredEntry) -> bool:
    return one.path == other.path and (one.id == other.id or one.qualified_name == other.qualified_name)


def _covers(piece: Evidence, hit: CodeHit) -> bool:
    return piece.start_line <= hit.start_line and hit.end_line <= piece.end_line


def _with_code(hit: CodeHit, piece: Evidence) -> CodeHit:
    """What a piece of evidence shows, in place of the hits in it."""
    kind, name = (piece.kind, piece.qualified_name) if piece.names else (hit.kind, hit.name)
    return CodeHit(
        hit.path, piece.start_line, piece.end_line, kind, name, hit.project, "", hit.why, numbered_gaps(piece)
    )


def numbered_gaps(piece: Evidence) -> str:
    """The text of a piece; where lines are left out, the line at which it goes on."""
    lines = piece.text.split("\n")
    numbers = piece.line_numbers
    if len(numbers) != len(lines):
        return piece.text
    out: list[str] = []
    for at, line in enumerate(lines):
        following = numbers[at + 1] if at + 1 < len(numbers) else 0
        out.append(f"{line} (line {following}:)" if not numbers[at] and following else line)
    return "\n".join(out)


# get_symbol


def get_symbol(scope: CallScope, symbol: str, with_body: bool = True, max_tokens: int = 3000) -> Symbols:
    """The definitions that a name or a place stands for.

    Raises:
        SymbolNotFoundError: there is none; the message tells the nearest names.
    """
    checked(symbol, "symbol")
    found: list[tuple[Root, StoredEntry, NamedSymbol | None, UseFinder | None]] = []
    try:
        named = [(item, _entry_of(item.root, item.symbol)) for item in targets.find_symbols(scope, symbol)]
        found = [(item.root, entry, item.symbol, item.finder) for item, entry in named if entry is not None]
    except SymbolNotFoundError:
        found = []
    if not found:
        root, entry = _target(scope, symbol)
        found = [(root, entry, None, None)]
    views = {project.root.path: view for project, view in zip(scope.projects, scope.views(), strict=True)}
    symbols: list[SymbolDetail] = []
    left = max_tokens
    shown = found[:MOST_DEFINITIONS]
    for at, (root, entry, resolved, finder) in enumerate(shown):
        view = views[root.path]
        now = view.located(entry)
        if now is None:
            scope.stale.files.add((root, entry.path))
            continue
        count = finder.count(resolved, MOST_COUNTED_FILES) if finder is not None and resolved is not None else None
        detail = SymbolDetail(
            now.path,
            now.start_line,
            now.end_line,
            now.kind,
            now.qualified_name or now.name,
            scope.name_of(root),
            now.name_line,
            now.signature[:SHOWN_SIGNATURE_CHARACTERS],
            now.doc[:SHOWN_DOC_CHARACTERS],
            uses=count.resolved if count else 0,
            possible_uses=count.possible if count else 0,
        )
        share = left // (len(shown) - at)
        _fill(detail, view, now, share, with_body=with_body)
        left -= tokens_of(detail)
        if left < 0 and symbols:
            return Symbols(symbols, len(found) - len(symbols))
        symbols.append(detail)
    return Symbols(symbols, len(found) - len(shown))


def _fill(detail: SymbolDetail, view: RootView, entry: StoredEntry, budget: int, *, with_body: bool) -> None:
    """Give a definition its code if that fits, else its members, or the beginning of its code."""
    lines = view.lines(entry.path)[entry.start_line - 1 : entry.end_line]
    code = view.unfolded(entry) or "\n".join(lines)
    room = budget - tokens_of(detail)
    if with_body and estimated_tokens(code) * 1.15 <= room:
        detail.code, detail.doc, detail.signature = code, "", ""
        return
    members = _members(view, entry)
    if members:
        detail.members = members[: count_fitting(members, max(room, 0))]
    elif with_body:
        kept = lines[: count_fitting(lines, max(room, 0), lambda line: estimated_tokens(line) + 1)]
        if len(kept) < len(lines):
            kept.append(f"... (lines {entry.start_line + len(kept)}-{entry.end_line} are left out: raise max_tokens)")
        detail.code, detail.doc, detail.signature = "\n".join(kept), "", ""


def _members(view: RootView, entry: StoredEntry) -> list[Member]:
    if view.snapshot is None:
        return []
    members = view.snapshot.graph.members(entry)
    return [_member(view, one) for one in members]


def _member(view: RootView, entry: StoredEntry, depth: int = 0) -> Member:
    now = view.located(entry) or entry
    name = now.name if depth else now.qualified_name or now.name
    return Member(now.start_line, now.end_line, now.kind, name, now.signature[:SHOWN_SIGNATURE_CHARACTERS], depth)


def _entry_of(root: Root, symbol: NamedSymbol) -> StoredEntry | None:
    """The index's entry of a resolved symbol: its own, or the smallest one that its name is in."""
    snapshot = root.open()
    if snapshot is None:
        return None
    inside = [
        entry
        for entry in snapshot.entries_in(symbol.path)
        if entry.part == 0 and entry.kind != "block" and entry.start_line <= symbol.line <= entry.end_line
    ]
    own = [entry for entry in inside if entry.name_line == symbol.line and entry.name == symbol.name]
    return min(own or inside, key=lambda entry: entry.end_line - entry.start_line, default=None)


def _target(scope: CallScope, symbol: str) -> tuple[Root, StoredEntry]:
    """What a name or a place stands for, in the projects of the call.

    Raises:
        SymbolNotFoundError: nothing; the message tells the nearest names.
    """
    return targets.find(scope, checked(symbol, "symbol"))


# outline


def outline(scope: CallScope, path: str = "", max_tokens: int = 3000) -> Outline:
    """What a file defines, or the files below a folder with their outermost definitions.

    Raises:
        SymbolNotFoundError: there is no such file or folder; the message tells the nearest files.
    """
    folder = relative_path(path)
    files: list[tuple[Root, RootView, str]] = []
    for project, view in zip(scope.projects, scope.views(), strict=True):
        if view.snapshot is not None:
            start = f"{folder}/" if folder else ""
            own = [one for one in paths_of(view.snapshot) if one.startswith(start)]
            files += [(project.root, view, one) for one in sorted(own, key=_by_folder)]
    if not files:
        root, entry = _target(scope, path)
        if entry.id != WHOLE_FILE and not entry.path.endswith(path.strip().lstrip("./")):
            raise SymbolNotFoundError(f"{path!r} is no file or folder: `get_symbol` finds symbols")
        view = RootView.of(root)
        return Outline([_outlined(scope, root, view, entry.path, max_tokens, whole=True)])
    shown: list[OutlinedFile] = []
    bare = [OutlinedFile(one, project=scope.name_of(root)) for root, _, one in files]
    listed = count_fitting(bare, max_tokens // 2 if len(bare) > 1 else max_tokens)
    left = max_tokens
    for at, (root, view, one) in enumerate(files[:listed]):
        share = max(left // (listed - at), 0)
        shown.append(_outlined(scope, root, view, one, share, whole=len(files) == 1))
        left -= tokens_of(shown[-1])
    return Outline(shown, len(files) - listed)


def _by_folder(path: str) -> tuple[int, str]:
    return path.count("/"), path


def paths_of(snapshot: Snapshot) -> list[str]:
    """The indexed files of a project, those of nested ones left out."""
    nested = tuple(f"{folder}/" for folder in snapshot.nested)
    return (
        [one for one in snapshot.store.facts.paths() if not one.startswith(nested)]
        if nested
        else list(snapshot.store.facts.paths())
    )


def _outlined(scope: CallScope, root: Root, view: RootView, path: str, budget: int, *, whole: bool) -> OutlinedFile:
    """A file's definitions: with `whole`, those inside others too."""
    assert view.snapshot is not None, "the file is in an index"
    entries = [one for one in view.snapshot.entries_in(path) if one.part == 0 and one.kind != "block"]
    depths: dict[int, int] = {}
    for entry in entries:
        depths[entry.id] = depths.get(entry.parent, -1) + 1 if entry.parent is not None else 0
    file = OutlinedFile(path, len(view.lines(path)), scope.name_of(root))
    room = budget - tokens_of(file) - MORE_TOKENS
    members: list[Member] = []
    for deepest in range(max(depths.values(), default=0) if whole else 0, -1, -1):
        members = [_member(view, one, depths[one.id]) for one in entries if depths[one.id] <= deepest]
        if not whole:
            for member in members:
                member.signature = ""
        if sum(map(tokens_of, members)) <= room:
            break
    if not whole:  # the largest definitions say most of what a file is for
        members.sort(key=lambda member: member.line - member.end_line)
    kept = count_fitting(members, room) if entries and (room > 0 or whole) else 0
    if kept == 1 and not whole and tokens_of(members[0]) > room:
        kept = 0
    file.definitions = sorted(members[:kept], key=lambda member: member.line)
    file.more = (len(entries) if whole else len(members)) - kept
    return file


# trace


def trace(scope: CallScope, symbol: str, direction: str = "uses", depth: int = 1, max_tokens: int = 2000) -> Trace:
    """The uses of a symbol, or its callers or callees to some levels.

    Raises:
        SymbolNotFoundError: there is no such symbol; the message tells the nearest names.
    """
    found = targets.find_symbols(scope, checked(symbol, "symbol"))
    shown: list[Traced] = []
    notes: list[str] = []
    chosen = found[:MOST_DEFINITIONS]
    if len(found) > len(chosen):
        notes.append(f"{len(found) - len(chosen)} more definitions have this name: give FILE:LINE or a qualified name")
    left = max_tokens
    for at, item in enumerate(chosen):
        named = item.symbol
        traced = Traced(
            named.path, named.start_line, named.end_line, named.kind, named.qualified_name, scope.name_of(item.root)
        )
        if named.name not in item.finder.line(named.path, named.line) and named.definitions:
            scope.stale.files.add((item.root, named.path))
        share = max(left // (len(chosen) - at), 0)
        if direction == "uses":
            uses = item.finder.uses(named)
            _add_uses(scope, item.root, traced, uses, share)
            if words := not_searched_words(uses):
                notes.append(f"{named.qualified_name}: {words}")
        elif direction == "callers":
            walked, complete = item.finder.callers(named, depth, CALLING)
            links = [
                Link(
                    caller.depth,
                    caller.symbol.path,
                    caller.symbol.line,
                    caller.symbol.kind,
                    caller.symbol.qualified_name,
                    caller.calls.qualified_name,
                    [line for _, line in caller.places],
                    item.finder.in_test(
                        caller.symbol.path, caller.symbol.definitions[0] if caller.symbol.definitions else None
                    ),
                )
                for caller in walked
            ]
            _add_links(traced, _tree_order(links), share)
            traced.possible = item.finder.count(named, MOST_COUNTED_FILES).possible if named.definitions else 0
            if not complete:
                notes.append("there are more callers: the walk ended early")
        else:
            _add_links(traced, _callees(item.finder, named, depth), share)
        if named.kind not in TYPE_KINDS or direction == "uses":
            traced.overridden_by = [
                f"{other.qualified_name} {other.path}:{other.line}" for other in item.finder.overriding(named)[:10]
            ]
        left -= tokens_of(traced)
        shown.append(traced)
    return Trace(direction, shown, notes)


def _add_uses(scope: CallScope, root: Root, traced: Traced, uses: SymbolUses, budget: int) -> None:
    places = []
    for place in (*uses.resolved, *uses.possible):
        if place.name and place.name not in place.text:  # the file has changed since it was indexed
            scope.stale.files.add((root, place.path))
        else:
            inside = place.owner.qualified_name if place.owner is not None else ""
            grade = "" if place.resolved else place.grade
            places.append(UseItem(place.path, place.line, place.kind, place.code, inside, place.test, grade))
    kept = count_fitting(places, budget - tokens_of(traced)) if places else 0
    traced.uses = places[:kept]
    traced.more = len(places) - kept
    traced.unused = uses.unused


def _tree_order(links: Sequence[Link]) -> list[Link]:
    """Each caller after the one that it calls, so that the indentation is that of a tree."""
    below: dict[str, list[Link]] = {}
    for link in links:
        below.setdefault(f"{link.depth}:{link.of}", []).append(link)
    ordered: dict[int, Link] = {}

    def add(of: str, depth: int) -> None:
        for link in below.get(f"{depth}:{of}", ()):
            if id(link) not in ordered:
                ordered[id(link)] = link
                add(link.name, depth + 1)

    for first in links:
        if first.depth == 1:
            add(first.of, 1)
    return [*ordered.values(), *(link for link in links if id(link) not in ordered)]


def _add_links(traced: Traced, links: Sequence[Link], budget: int) -> None:
    kept = count_fitting(links, budget - tokens_of(traced)) if links else 0
    traced.links = list(links[:kept])
    traced.more = len(links) - kept


def _callees(finder: UseFinder, symbol: NamedSymbol, depth: int) -> list[Link]:
    """What a symbol certainly uses, and what that uses, to some levels; each symbol once, at its nearest level."""
    seen = {(symbol.path, symbol.line)}
    links: list[Link] = []
    level = [symbol]
    for distance in range(1, depth + 1):
        reached: list[NamedSymbol] = []
        for user in level:
            for used in finder.callees(user):
                other = used.symbol
                if used.grade != "resolved" or (other.path, other.line) in seen or len(links) >= MOST_CALLEES:
                    continue
                seen.add((other.path, other.line))
                reached.append(other)
                name = other.qualified_name
                links.append(
                    Link(distance, other.path, other.line, other.kind, name, user.qualified_name, [*used.lines])
                )
        level = reached
    return _tree_order(links)
