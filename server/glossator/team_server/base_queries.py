"""Questions about the bases that a server has: searches, definitions, outlines, uses.

Every question is asked with a token, and nothing but the repositories that it opens is looked at, named or counted.
Bases hold no source files: results are places, signatures and documentation.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from glossator.answers.use_wording import not_searched_words
from glossator.errors import StoreError, SymbolNotFoundError, TeamAccessError, UsageError
from glossator.index.database import encodable
from glossator.index.records import Filter
from glossator.mcp_server.code_tools import (
    MOST_QUERY_CHARACTERS,
    SHOWN_DOC_CHARACTERS,
    SHOWN_SIGNATURE_CHARACTERS,
    checked,
    relative_path,
    where_of,
)
from glossator.retrieval.kinds import is_test
from glossator.retrieval.resolution.source import IndexedFacts
from glossator.retrieval.similar import similar_query
from glossator.retrieval.text_search import search_text
from glossator.retrieval.uses import UseFinder
from glossator.team_server.likely_repositories import defining, likeliest
from glossator.team_server.replies import (
    DefinitionsReply,
    OutlineReply,
    RepositoriesReply,
    SearchReply,
    ServedRepository,
    TeamPlace,
    TeamSearchHit,
    TeamUse,
    UsedDefinition,
    UsesReply,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from glossator.index.embedding import Embedder
    from glossator.index.records import StoredEntry
    from glossator.retrieval.search import Hit
    from glossator.retrieval.use_records import NamedSymbol
    from glossator.team_server.access_tokens import AccessToken
    from glossator.team_server.likely_repositories import RepositoryProfile
    from glossator.team_server.served_bases import OpenedBase, ServedBase, ServedBases

MOST_SERVED_HITS = 100
MOST_SEARCHED = 64
"""Repositories that one search looks into, unless it names them."""
MOST_SERVED_DEFINITIONS = 20
"""Definitions of one name that are given."""
MOST_SERVED_PLACES = 1_000
"""Places of a symbol's uses, and definitions of an outline, that are given."""
_LINE = re.compile(r"(?P<path>.+?):(?P<line>\d{1,9})(?::\d+)?$")


class Deadline:
    """When a question has to be answered."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    def check(self) -> None:
        """Raise TimeoutError if it is over."""
        if time.monotonic() > self._end:
            raise TimeoutError(f"this took longer than {self._seconds:g} seconds: ask about fewer repositories")


class BaseQueries:
    """Answers questions from the bases. Any thread may use it."""

    def __init__(self, bases: ServedBases, embedder: Embedder, most_searched: int = MOST_SEARCHED) -> None:
        """`most_searched`: repositories that one search looks into, unless it names them."""
        self._bases = bases
        self._embedder = embedder
        self._most_searched = most_searched

    def repositories(self, access: AccessToken) -> RepositoriesReply:
        """The repositories that a token opens."""
        served = [base for base in self._bases.served() if access.may_read(base.repository)]
        # Why is for the log alone: it names files and folders of the server.
        names = dict.fromkeys(name for name, _ in self._bases.state.problems if access.may_read(name))
        problems = [f"the newest base of {name} cannot be served: see the server's log" for name in names]
        return RepositoriesReply(
            [
                ServedRepository(
                    base.repository,
                    base.entry.commit,
                    base.entry.committed,
                    base.entry.built,
                    base.source_files,
                    base.lines,
                    base.symbols,
                )
                for base in served
            ],
            problems,
        )

    def search(
        self,
        access: AccessToken,
        deadline: Deadline,
        query: str,
        *,
        repositories: Sequence[str] = (),
        where: Filter | None = None,
        limit: int = 10,
    ) -> SearchReply:
        """The best hits in some repositories, or in all that the token opens.

        Raises:
            UsageError: the query has nothing to search for, or a repository is not served.
            TeamAccessError: the token does not open a repository that is named.
            TimeoutError: it takes too long.
        """
        query = checked(query, "query")
        hits: list[TeamSearchHit] = []
        problems: list[str] = []
        searched = 0

        def look(base: ServedBase, opened: OpenedBase) -> None:
            nonlocal searched
            hits.extend(_hit(base, hit) for hit in search_text(opened.searcher, query, limit, where))
            searched += 1

        profiles = self._profiles(access, repositories)
        most = len(profiles) if repositories else self._most_searched
        chosen = likeliest(profiles, query, self._embedder, most)
        self._ask(chosen, deadline, problems, look)
        hits.sort(key=lambda hit: -hit.score)  # repositories come by name, and the sort is stable
        return SearchReply(hits[:limit], searched, len(profiles) - len(chosen), problems)

    def similar(
        self,
        access: AccessToken,
        deadline: Deadline,
        symbol: str,
        *,
        repository: str,
        limit: int = 10,
    ) -> SearchReply:
        """Code of all repositories that is similar to a definition of one.

        Raises:
            SymbolNotFoundError: the repository has no such definition.
            UsageError, TeamAccessError, TimeoutError: see `search`.
        """
        problems: list[str] = []
        entries: list[StoredEntry] = []
        symbol = checked(symbol, "symbol")
        chosen = self._profiles(access, [repository])
        self._ask(chosen, deadline, problems, lambda _, opened: entries.extend(_entries(opened, symbol)))
        if not entries:
            raise SymbolNotFoundError("; ".join(problems) or f"{repository} has no symbol named {symbol!r}")
        found = self.search(access, deadline, similar_query(entries[0])[:MOST_QUERY_CHARACTERS], limit=limit + 1)
        own = (repository, encodable(entries[0].path), entries[0].start_line)
        hits = [hit for hit in found.hits if (hit.repository, hit.path, hit.start_line) != own]
        return SearchReply(hits[:limit], found.searched, found.left_out, found.problems)

    def definitions(
        self,
        access: AccessToken,
        deadline: Deadline,
        symbol: str,
        *,
        repositories: Sequence[str] = (),
        limit: int = MOST_SERVED_DEFINITIONS,
    ) -> DefinitionsReply:
        """The definitions of a name, or the one at `FILE:LINE`.

        Raises:
            SymbolNotFoundError: there is none.
            UsageError, TeamAccessError, TimeoutError: see `search`.
        """
        symbol = checked(symbol, "symbol")
        found: list[TeamPlace] = []
        problems: list[str] = []

        def look(base: ServedBase, opened: OpenedBase) -> None:
            found.extend(_place(base, entry) for entry in _entries(opened, symbol))

        self._ask(self._defining(access, repositories, symbol), deadline, problems, look)
        if not found:
            raise SymbolNotFoundError("; ".join(problems) or f"no symbol is named {symbol!r}: search for it")
        found.sort(key=lambda place: is_test(place.path))
        return DefinitionsReply(found[:limit], max(0, len(found) - limit), problems)

    def uses(
        self,
        access: AccessToken,
        deadline: Deadline,
        symbol: str,
        *,
        repositories: Sequence[str] = (),
        limit: int = MOST_SERVED_PLACES,
    ) -> UsesReply:
        """The places that mention a symbol, in the repository that defines it.

        Raises:
            SymbolNotFoundError: no repository defines it.
            UsageError, TeamAccessError, TimeoutError: see `search`.
        """
        symbol = checked(symbol, "symbol")
        found: list[UsedDefinition] = []
        problems: list[str] = []
        left = limit

        def look(base: ServedBase, opened: OpenedBase) -> None:
            nonlocal left
            finder = UseFinder(IndexedFacts(opened.store.facts), opened.graph, lambda _path: None)
            for named in _named(finder, opened, symbol)[: MOST_SERVED_DEFINITIONS - len(found)]:
                deadline.check()
                told = finder.uses(named)
                places = told.places
                if words := not_searched_words(told):
                    problems.append(f"{named.qualified_name}: {words}")
                uses = [
                    TeamUse(
                        encodable(place.path),
                        place.line,
                        place.kind,
                        place.grade,
                        encodable(place.owner.qualified_name) if place.owner is not None else "",
                        place.test,
                    )
                    for place in places[:left]
                ]
                left -= len(uses)
                found.append(UsedDefinition(_place_of_symbol(base, opened, named), uses, len(places) - len(uses)))

        self._ask(self._defining(access, repositories, symbol), deadline, problems, look)
        if not found:
            raise SymbolNotFoundError("; ".join(problems) or f"no symbol is named {symbol!r}: search for it")
        return UsesReply(found, problems)

    def outline(
        self,
        access: AccessToken,
        deadline: Deadline,
        repository: str,
        path: str = "",
        *,
        limit: int = MOST_SERVED_PLACES,
    ) -> OutlineReply:
        """What a file defines, or the outermost definitions of the files in a folder.

        Raises:
            SymbolNotFoundError: there is no such file or folder.
            UsageError, TeamAccessError, TimeoutError: see `search`.
        """
        problems: list[str] = []
        path = relative_path(path)
        replies: list[OutlineReply] = []

        def look(base: ServedBase, opened: OpenedBase) -> None:
            files = [one for one in opened.store.facts.paths() if one == path or not path or one.startswith(f"{path}/")]
            if not files:
                raise SymbolNotFoundError(f"{repository} has no file or folder {path!r}")
            found: list[TeamPlace] = []
            count = 0
            for file in sorted(files, key=lambda one: (one.count("/"), one)):
                deadline.check()
                entries = [one for one in opened.store.entries_in(file) if one.part == 0 and one.kind != "block"]
                chosen = entries if file == path else [one for one in entries if one.parent is None]
                count += len(chosen)
                found += [_place(base, entry) for entry in chosen[: limit - len(found)]]
            replies.append(OutlineReply(base.repository, base.entry.commit, found, len(files), count - len(found)))

        self._ask(self._profiles(access, [repository]), deadline, problems, look)
        if not replies:
            raise UsageError("; ".join(problems) or f"there is no repository {repository!r} here")
        return replies[0]

    def _ask(
        self,
        names: Iterable[str],
        deadline: Deadline,
        problems: list[str],
        look: Callable[[ServedBase, OpenedBase], None],
    ) -> None:
        """Look into the bases of some repositories; what cannot be read is added to the problems."""
        for name in names:
            deadline.check()
            try:
                with self._bases.reading(name) as found:
                    if found is not None:
                        look(*found)
            except StoreError:
                problems.append(f"{name} cannot be read at the moment")

    def _defining(self, access: AccessToken, names: Sequence[str], symbol: str) -> list[str]:
        """The repositories that are meant and may have a symbol."""
        profiles = self._profiles(access, names)
        return [*profiles] if _LINE.match(symbol) else [*defining(profiles, symbol)]

    def _profiles(self, access: AccessToken, names: Sequence[str]) -> dict[str, RepositoryProfile]:
        """The repositories that are meant, by name, with their profiles; all that the token opens if none is named.

        Raises:
            TeamAccessError: the token does not open a repository that is named, whether there is one or not.
            UsageError: a repository that the token opens is not served.
        """
        served = {
            base.repository: base.profile
            for base in self._bases.served()
            if access.may_read(base.repository) and base.profile is not None
        }
        if not names:
            return served
        chosen: dict[str, RepositoryProfile] = {}
        for name in names:
            if not access.may_read(name):
                raise TeamAccessError(f"this token does not open the repository {name!r}")
            if name not in served:
                raise UsageError(f"there is no repository {name!r} here")
            chosen[name] = served[name]
        return dict(sorted(chosen.items()))


def search_filter(
    include: Sequence[str] = (), exclude: Sequence[str] = (), languages: Sequence[str] = (), kinds: Sequence[str] = ()
) -> Filter:
    """The filter that arguments of a search describe.

    Raises:
        UsageError: a language or a kind does not exist.
    """
    for language in languages:
        where_of("", language, "")
    for kind in kinds:
        where_of("", "", kind)
    return Filter(include=tuple(include), exclude=tuple(exclude), languages=tuple(languages), kinds=tuple(kinds))


def _hit(base: ServedBase, hit: Hit) -> TeamSearchHit:
    return TeamSearchHit(
        repository=base.repository,
        commit=base.entry.commit,
        path=encodable(hit.path),
        start_line=hit.start_line,
        end_line=hit.end_line,
        kind=hit.kind,
        name=encodable(hit.name),
        qualified_name=encodable(hit.qualified_name),
        signature=encodable(hit.entry.signature[:SHOWN_SIGNATURE_CHARACTERS]),
        doc=encodable(hit.entry.doc[:SHOWN_DOC_CHARACTERS]),
        score=round(hit.score, 6),
        why=hit.why,
    )


def _place(base: ServedBase, entry: StoredEntry) -> TeamPlace:
    return TeamPlace(
        repository=base.repository,
        commit=base.entry.commit,
        path=encodable(entry.path),
        start_line=entry.start_line,
        end_line=entry.end_line,
        kind=entry.kind,
        name=encodable(entry.name),
        qualified_name=encodable(entry.qualified_name),
        signature=encodable(entry.signature[:SHOWN_SIGNATURE_CHARACTERS]),
        doc=encodable(entry.doc[:SHOWN_DOC_CHARACTERS]),
    )


def _place_of_symbol(base: ServedBase, opened: OpenedBase, symbol: NamedSymbol) -> TeamPlace:
    for entry in opened.store.entries_in(symbol.path):
        if entry.name == symbol.name and entry.name_line == symbol.line and entry.part == 0:
            return _place(base, entry)
    return TeamPlace(
        repository=base.repository,
        commit=base.entry.commit,
        path=encodable(symbol.path),
        start_line=symbol.start_line,
        end_line=symbol.end_line,
        kind=symbol.kind,
        name=encodable(symbol.name),
        qualified_name=encodable(symbol.qualified_name),
        signature="",
        doc="",
    )


def _entries(opened: OpenedBase, symbol: str) -> list[StoredEntry]:
    """The definitions of a name, or the innermost one at `FILE:LINE`."""
    if (line := _LINE.match(symbol)) is not None:
        at = opened.graph.entry_at(relative_path(line["path"]), int(line["line"]))
        return [at] if at is not None and at.kind != "block" else []
    return [entry for entry in opened.graph.named(symbol.removesuffix("()")) if entry.kind != "block"]


def _named(finder: UseFinder, opened: OpenedBase, symbol: str) -> list[NamedSymbol]:
    if _LINE.match(symbol) is None:
        return finder.symbols(symbol.removesuffix("()"))
    found = (finder.symbol_at(entry.path, entry.name_line, entry.name) for entry in _entries(opened, symbol))
    return [one for one in found if one is not None]
