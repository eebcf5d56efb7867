"""What nothing uses: the definitions of which the index can deny every use, with how far they can be seen.

Each one is denied as a question about it alone would be (`UseFinder.uses`). Those whose names stand nowhere come first,
since a look at what is mentioned decides about most of them; the others are examined as long as there is time, those
whose names stand in few files first.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal, cast

from glossator.index.facts import EXTENSION
from glossator.retrieval.kinds import FUNCTION_KINDS, TYPE_KINDS, is_example, is_test
from glossator.retrieval.resolution.conventions import is_test_name
from glossator.retrieval.resolution.default_rules import DefaultRules
from glossator.retrieval.resolution.file_view import bare_name
from glossator.retrieval.resolution.patience import Allowance, OutOfTimeError
from glossator.retrieval.resolution.rules_table import rules_of
from glossator.retrieval.resolution.unseen_uses import UnseenUse
from glossator.retrieval.stand_ins import is_required_by_structure, is_tag_of_type, may_stand_in
from glossator.retrieval.visibility import visibility

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from glossator.retrieval.resolution.file_view import FileView
    from glossator.retrieval.resolution.values import DefinedSymbol, Key
    from glossator.retrieval.use_records import NamedSymbol
    from glossator.retrieval.uses import UseFinder
    from glossator.retrieval.visibility import Visibility

UNUSED_SECONDS: Final = 0.9
"""Processor time for all definitions that are asked about; those that are then left are counted."""
UNUSED_SECONDS_ONCE: Final = 30.0
"""The same for a command, which could not go on when it is asked again."""
VALUE_KINDS: Final = frozenset(("constant", "variable", "field", "property", "enum_member"))
UNUSED_KINDS: Final = (FUNCTION_KINDS | TYPE_KINDS | VALUE_KINDS) - {"test", "constructor", "namespace", "module"}
"""Kinds of what may be unused: a constructor's uses are its class's, a namespace's those of its members."""
ORDERED_FILES: Final = 2_000
"""In a code base of so many files, what no file mentions is examined first. Of more files, which names each mentions is
not read within the time; they are gone through in groups."""
_GROUP: Final = 200
_FETCHED_AT_ONCE: Final = 200
_FEW_FILES: Final = 3
"""So many files that have a name's hash are asked whether they have the name."""
_NO_NAMES: Final = frozenset(("_", "", "default", "<anonymous>"))
_Waiting = tuple[int, bool, bool, str, int]
"""A definition that is to be examined: the number of files that mention its name, whether it stands in a test or an
example, and inside of something else, its file, its number there."""
UnusedVerdict = Literal["used", "unused"] | UnseenUse
"""What is known of a definition; an `UnseenUse` if it may be used so."""
_RANKS: Final = ("file", "project", "public")


@dataclass(frozen=True, slots=True)
class UnusedSymbol:
    """A definition that nothing uses.

    Attributes:
        symbol: the definition.
        visibility: from how far it can be seen.
        test: whether it stands in a test, an example or a benchmark.
        members: how many definitions inside it are not listed by themselves, since nothing uses them either.
    """

    symbol: NamedSymbol
    visibility: Visibility
    test: bool
    members: int = 0


@dataclass(frozen=True, slots=True)
class Unused:
    """What nothing uses.

    Attributes:
        symbols: those that can be named in their files only first, then those that other projects can name, then those
            of tests; the outermost before members.
        examined: how many definitions were examined.
        left: how many were not, since the time was over.
        apart: how many definitions that no place names may be used in another way, by the way.
        unread: files in languages whose names are not resolved.
        uncollected: files whose uses of names are still being collected: until then nothing is unused.
        unreached: files in which no definition was examined, since the time was over.
    """

    symbols: tuple[UnusedSymbol, ...] = ()
    examined: int = 0
    left: int = 0
    apart: Counter[UnseenUse] = field(default_factory=Counter)
    unread: int = 0
    uncollected: int = 0
    unreached: int = 0

    @property
    def cut(self) -> bool:
        """Whether the time was over before all was examined."""
        return bool(self.left or self.unreached)

    def seen_from(self, visibility: str) -> Unused:
        """Those that can be seen from so far only."""
        return replace(self, symbols=tuple(one for one in self.symbols if one.visibility == visibility))


@dataclass(slots=True)
class _Tally:
    """What was found out about some files; see `Unused`."""

    files: int
    found: list[Key] = field(default_factory=list)
    apart: Counter[UnseenUse] = field(default_factory=Counter)
    unread: int = 0
    examined: int = 0
    left: int = 0


@dataclass(slots=True)
class _Mentioned:
    """Names, and how many of the first files mention them."""

    files: int = 0
    names: Counter[str] = field(default_factory=Counter)


class UnusedSearch:
    """Looks for what nothing uses in some files of an index."""

    def __init__(
        self,
        finder: UseFinder,
        paths: Iterable[str],
        *,
        kinds: Collection[str] = UNUSED_KINDS,
        inside: NamedSymbol | None = None,
    ) -> None:
        """`inside` restricts it to what is inside a type; `finder.stop_when` tells whether somebody waits."""
        self._finder = finder
        self._paths = sorted(paths)
        self._kinds = frozenset(kinds) & UNUSED_KINDS
        self._inside = {(one.path, one.index) for one in inside.definitions} if inside is not None else None
        self._is_large = len(finder.source.paths()) > ORDERED_FILES
        self._tallies: list[_Tally] = []
        known = finder.world.memory.setdefault("unused", {})
        self._verdicts = cast("dict[Key, UnusedVerdict]", known)
        """What is known of definitions. It follows from the index alone, so a question goes on where the last was cut
        off."""

    def run(self, seconds: float = UNUSED_SECONDS) -> Unused:
        """What nothing uses, as far as that is found out in so many seconds of processor time.

        Raises:
            CancelledByUser: nobody waits for it.
        """
        if uncollected := self._finder.uncollected:
            return Unused(uncollected=uncollected)
        with self._finder.within(Allowance(seconds, seconds)):
            try:
                for group in self._groups():
                    self._look_through(group)
            except OutOfTimeError:
                self._finder.world.interrupted()
        tallies = self._tallies
        return Unused(
            self._listed([key for tally in tallies for key in tally.found]),
            sum(tally.examined for tally in tallies),
            sum(tally.left for tally in tallies),
            sum((tally.apart for tally in tallies), Counter()),
            sum(tally.unread for tally in tallies),
            unreached=len(self._paths) - sum(tally.files for tally in tallies),
        )

    def _groups(self) -> Iterable[list[str]]:
        """The files, in groups of those whose definitions are put in order before they are examined."""
        size = _GROUP if self._is_large else max(len(self._paths), 1)
        return (self._paths[start : start + size] for start in range(0, len(self._paths), size))

    def _look_through(self, group: list[str]) -> None:
        """Examine the definitions in some files, unless an earlier question has."""
        memory = self._finder.world.memory
        key = ("unused", self._kinds, tuple(group)) if self._is_large and self._inside is None else None
        if key is not None and isinstance(known := memory.get(key), _Tally):
            self._tallies.append(known)
            return
        tally = _Tally(len(group))
        waiting = self._in_order(group, tally)
        tally.left = len(waiting)
        self._tallies.append(tally)
        for named, _, _, path, index in waiting:
            self._examine((path, index), named, tally)
            tally.left -= 1
            tally.examined += 1
        if key is not None:
            memory[key] = tally

    def _in_order(self, paths: list[str], tally: _Tally) -> list[_Waiting]:
        """The definitions to examine in some files, in this order."""
        mentioning = self._files_mentioning if self._is_large else self._mentioned().__getitem__
        waiting: list[_Waiting] = []
        for view in self._views(paths):
            if type(rules_of(view.facts.language)) is DefaultRules:
                tally.unread += any(symbol.kind in self._kinds for symbol in view.facts.symbols)
                continue
            apart, path = is_test(view.path) or is_example(view.path), view.path
            for index, symbol in enumerate(view.facts.symbols):
                if symbol.kind not in self._kinds or not self._is_asked(view, index):
                    continue
                named = mentioning(bare_name(symbol))
                if not named and is_test_name(symbol.name, view.facts.language):
                    tally.apart["test"] += 1
                else:
                    waiting.append((named, apart, symbol.parent >= 0, path, index))
        waiting.sort()
        return waiting

    def _views(self, paths: list[str]) -> Iterable[FileView]:
        world = self._finder.world
        for start in range(0, len(paths), _FETCHED_AT_ONCE):
            some = paths[start : start + _FETCHED_AT_ONCE]
            world.prefetch(some)
            for path in some:
                world.check_time()
                if (view := world.view(path)) is not None:
                    yield view

    def _mentioned(self) -> Counter[str]:
        """Name -> how many files mention it. It follows from the facts alone, so other questions go on with it."""
        known = cast("_Mentioned", self._finder.world.memory.setdefault("mentioned", _Mentioned()))
        paths = sorted(self._finder.source.paths())
        while known.files < len(paths):
            some = paths[known.files : known.files + _FETCHED_AT_ONCE]
            counts = Counter(name for view in self._views(some) for name in view.facts.names)
            known.names.update(counts)  # of all of them, or none
            known.files += len(some)
        return known.names

    def _files_mentioning(self, name: str) -> int:
        """How many files mention a name; of several files it is enough that they may."""
        paths = self._finder.source.noting(name)
        if len(paths) > _FEW_FILES:
            return len(paths)
        return sum(view is not None and name in view.facts.names for view in map(self._finder.world.view, paths))

    def _is_asked(self, view: FileView, index: int) -> bool:
        symbol = view.symbol(index)
        if symbol.name in _NO_NAMES or symbol.flags & EXTENSION:
            return False
        if self._inside is None:
            return True
        around = {(view.path, one) for one in view.chain(index)}
        return (view.path, index) not in self._inside and not around.isdisjoint(self._inside)

    def _examine(self, key: Key, named: int, tally: _Tally) -> None:
        """Note what is known of a definition, whose name so many files mention."""
        if (verdict := self._verdicts.get(key)) is None:
            definition = self._finder.world.definition(key)
            verdict = "used" if definition is None else self._verdict(definition, named)
            self._finder.world.check_time()  # what was found out when time was over says nothing
            self._verdicts[key] = verdict
        if verdict == "unused":
            tally.found.append(key)
        elif verdict != "used" and not named:
            tally.apart[verdict] += 1

    def _verdict(self, definition: DefinedSymbol, named: int) -> UnusedVerdict:
        """Whether something uses a definition, or may use it without its name."""
        finder = self._finder
        resolver = finder.resolver
        if named and (resolver.may_be_used(definition) or may_stand_in(resolver, definition)):
            return "used"
        if is_tag_of_type(resolver, definition):
            return "used"
        symbol = finder.whole(definition)
        if symbol.definitions[0].key != definition.key:
            return "used"  # a declaration of another one, which is examined by itself
        if how := finder.unseen_use(symbol):
            return how
        kin = finder.overridden(symbol) or finder.overriding(symbol) if symbol.kind not in TYPE_KINDS else ()
        if kin or is_required_by_structure(resolver, definition):
            return "supertype"
        if finder.is_common_word(symbol):
            return "text"
        uses = finder.uses(symbol)
        if uses.unused:
            return "unused"
        return "text" if uses.places and all(place.kind == "name" for place in uses.places) else "used"

    def _listed(self, found: list[Key]) -> tuple[UnusedSymbol, ...]:
        """What was found, without what stands inside of something else that was."""
        every = frozenset(found)
        inside: Counter[Key] = Counter()
        outermost: list[DefinedSymbol] = []
        for key in found:
            definition, view = self._finder.world.definition(key), self._finder.world.view(key[0])
            if definition is None or view is None:
                continue
            outer = [(key[0], one) for one in view.chain(key[1]) if one != key[1] and (key[0], one) in every]
            if outer:
                inside[outer[-1]] += 1
            else:
                outermost.append(definition)
        return tuple(sorted((self._told(one, inside[one.key]) for one in outermost), key=_rank))

    def _told(self, definition: DefinedSymbol, members: int) -> UnusedSymbol:
        view, path = self._finder.world.view(definition.path), definition.path
        lines = self._finder.lines(path)
        seen: Visibility = "public" if view is None else visibility(view, definition.index, lines)
        return UnusedSymbol(self._finder.whole(definition), seen, is_test(path) or is_example(path), members)


def _rank(one: UnusedSymbol) -> tuple[bool, int, bool, str, int]:
    is_member = one.symbol.definitions[0].symbol.parent >= 0
    return one.test, _RANKS.index(one.visibility), is_member, one.symbol.path, one.symbol.line


def unused_in(
    finder: UseFinder,
    paths: Iterable[str],
    *,
    kinds: Collection[str] = UNUSED_KINDS,
    inside: NamedSymbol | None = None,
    seconds: float = UNUSED_SECONDS,
) -> Unused:
    """What nothing uses in some files; see `UnusedSearch`."""
    return UnusedSearch(finder, paths, kinds=kinds, inside=inside).run(seconds)
