"""The uses of a symbol: where it is called, read, assigned to, imported, overridden, tested; what depends on it.

What a mention refers to is decided by `resolution`. This module asks it, adds the lines of code, and goes further: to
the callers of callers, and to what a change would reach. Places whose receiver is unknown are kept apart as *possible*:
the name fits, and nothing says what it refers to.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from glossator.index.facts import LOCAL, MENTION_KINDS
from glossator.retrieval.file_lines import FileLines
from glossator.retrieval.go_interfaces import go_implementations
from glossator.retrieval.kinds import FUNCTION_KINDS, TYPE_KINDS, is_test
from glossator.retrieval.left_out import FEW_LEFT_OUT, MOST_LEFT_OUT
from glossator.retrieval.near_files import NearFiles
from glossator.retrieval.query import after_qualifiers
from glossator.retrieval.resolution.declaration_texts import (
    adds_to_module,
    is_given_to_its_namesake,
    is_said_to_be_used,
    is_said_to_override,
)
from glossator.retrieval.resolution.default_rules import DefaultRules
from glossator.retrieval.resolution.file_view import CONTAINER_KINDS
from glossator.retrieval.resolution.patience import Allowance, OutOfTimeError, Patience
from glossator.retrieval.resolution.resolver import Resolver
from glossator.retrieval.resolution.rules_table import rules_of
from glossator.retrieval.resolution.source import uncollected_in, view_in
from glossator.retrieval.resolution.unseen_uses import UNTYPED
from glossator.retrieval.resolution.values import Use
from glossator.retrieval.stand_ins import may_be_used_as_another
from glossator.retrieval.text_places import TextPlaces
from glossator.retrieval.use_records import (
    CALLING,
    DEPENDING,
    MOST_NAMESAKES,
    Caller,
    Impact,
    Meant,
    NamedSymbol,
    SymbolUses,
    UseCount,
    UsedSymbol,
    UsePlace,
    symbol_of_definitions,
    symbol_of_entry,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from glossator.retrieval.graph import Graph
    from glossator.retrieval.left_out import LeftOutFiles
    from glossator.retrieval.resolution.evaluation import Evaluator
    from glossator.retrieval.resolution.source import FactsSource
    from glossator.retrieval.resolution.unseen_uses import UnseenUse
    from glossator.retrieval.resolution.values import DefinedSymbol, Grade, Key
    from glossator.workspace.reading import Read

MOST_WALKED: Final = 300
"""Symbols that a walk over callers visits at most."""
SECONDS: Final = 1.0
"""Processor time for the uses of one symbol; the files that are then left are counted."""
MOST_SECONDS: Final = 2.0
"""And for those of all symbols that are asked for at once."""
COUNTING_SECONDS: Final = 0.3
"""And for counting them, in a hover."""
WALK_SECONDS: Final = 4.0
"""Processor time for the callers of callers of one symbol."""
MOST_WALK_SECONDS: Final = 8.0
IMPACT_DEPTH: Final = 2
"""Levels of dependents that a change is followed through."""
_RUNNING: Final = frozenset(("function", "method", "constructor", "test", "macro", "property", "component", "rpc"))
"""Kinds of symbols whose callers are worth following."""


class UseFinder:
    """Finds the uses of symbols of one index, unsaved buffers included. Not thread-safe: make one per question.

    `source` has the facts that they are found in, `resolver` tells what names mean.
    """

    def __init__(
        self,
        source: FactsSource,
        graph: Graph,
        read: Read,
        left_out: LeftOutFiles | None = None,
        unmasked: Read | None = None,
    ) -> None:
        """`read` returns a file as it is on screen or on disk; None if it is gone. For `unmasked` see `FileLines`."""
        self.source = source
        self.resolver = Resolver(source)
        self._graph = graph
        self._lines = FileLines(read, left_out, unmasked)
        self._cancelled: Callable[[], bool] | None = None
        self._answering = Allowance(SECONDS, MOST_SECONDS)
        self._walking = Allowance(WALK_SECONDS, MOST_WALK_SECONDS)
        self._owner_symbols: dict[Key, NamedSymbol] = {}
        self._implementing: dict[Key, tuple[list[DefinedSymbol], bool]] = {}
        self._tests: dict[tuple[str, int], bool] = {}
        self._texts = TextPlaces(graph, source, self._lines, left_out)

    def stop_when(self, cancelled: Callable[[], bool]) -> None:
        """Let uses end with `CancelledByUser` as soon as nobody waits for them."""
        self._cancelled = cancelled

    @property
    def world(self) -> Evaluator:
        """What its questions have found out about the files."""
        return self.resolver.world

    @contextmanager
    def within(self, allowance: Allowance) -> Iterator[None]:
        """Look at more files only as long as the time allows, unless it is limited already."""
        world = self.resolver.world
        if world.patience is not None:
            yield
            return
        begun = time.thread_time()
        world.patience = Patience(allowance.next(), self._cancelled)
        try:
            yield
        finally:
            world.patience = None
            allowance.take(time.thread_time() - begun)

    # Symbols

    def symbols(self, name: str, path: str | None = None) -> list[NamedSymbol]:
        """The symbols of a bare or qualified name, in one file or all; likelier ones first.

        A member by the name of a class that inherits it is found if no class of that name declares one.
        """
        found = self._merged(self.resolver.definitions(name, path)) or self._inherited(name, path)
        known = {(symbol.path, symbol.name) for symbol in found}
        with_facts = set(self.world.files_defining(after_qualifiers(name)))
        for entry in self._graph.named(name):
            if entry.kind == "block" or (path is not None and entry.path != path) or entry.path in with_facts:
                continue
            exact = entry.name == after_qualifiers(name) or entry.qualified_name == name or entry.name == name
            if exact and (entry.path, entry.name) not in known and not self._has_symbols(entry.path):
                found.append(symbol_of_entry(entry))
        classes = {(symbol.path, symbol.qualified_name) for symbol in found if symbol.kind != "constructor"}
        # A constructor that is named after its class is called by the class's name, and its uses are the class's.
        found = [
            symbol
            for symbol in found
            if symbol.kind != "constructor" or (symbol.path, symbol.qualified_name.rpartition(".")[0]) not in classes
        ]
        found.sort(key=lambda symbol: (is_test(symbol.path), symbol.kind in ("section", "key")))
        return found[:MOST_NAMESAKES]

    def _inherited(self, name: str, path: str | None) -> list[NamedSymbol]:
        """The members that classes inherit, by the names of those classes."""
        found = self.resolver.inherited(name, path)
        heirs = {member.key: home.qualified_name for home, member in found}
        merged = self._merged(member for _, member in found)
        return [replace(symbol, inherited_by=heirs[symbol.definitions[0].key]) for symbol in merged]

    def symbol_at(self, path: str, line: int, name: str = "") -> NamedSymbol | None:
        """The definition whose name is on a line; else the innermost one around it; with `name`, only one so called."""
        definition = self.resolver.definition_on(path, line, name)
        if definition is not None and (not name or definition.name == name):
            return self.whole(definition)
        if self._has_symbols(path):
            return None
        entry = self._graph.entry_at(path, line)
        if entry is None or entry.kind == "block" or not entry.name or (name and entry.name != name):
            return None
        return symbol_of_entry(entry)

    def type_around(self, path: str, line: int) -> NamedSymbol | None:
        """The innermost type around a line; None if there is none."""
        view = self.world.view(path)
        if view is None:
            return None
        around = [
            (symbol.start, index)
            for index, symbol in enumerate(view.facts.symbols)
            if symbol.kind in TYPE_KINDS and symbol.start <= line <= symbol.end
        ]
        return self.whole(view.definition(max(around)[1])) if around else None

    def _has_symbols(self, path: str) -> bool:
        """Whether the definitions of a file are among its facts: of one that cannot be parsed for these, only the index
        knows them."""
        facts = self.source.facts(path)
        return facts is not None and bool(facts.symbols)

    def meant_at(self, path: str, line: int, column: int, name: str = "") -> Meant:
        """What the name at a place refers to: the definition whose name it is, or those that it is resolved to.

        Args:
            path: the file.
            line: 1-based.
            column: a byte of the name in the line, from 0; one past its end will do.
            name: the name that stands there, if it is known: finding it is quicker then.
        """
        facts = self.source.facts(path)
        if facts is None:
            return Meant("possible")
        for index, symbol in enumerate(facts.symbols):
            if symbol.line == line and symbol.column <= column <= symbol.column + len(symbol.name.encode()):
                definition = self.resolver.definition_at(path, index)
                if definition is not None:
                    return Meant("resolved", (self.whole(definition),))
        # Names of several words (Kotlin's in backticks) are longer than the word of them that is known.
        long = [other for other in facts.names if name in other and not other.isidentifier()] if name else []
        chosen = [(one, facts.mentions_of(one)) for one in (name, *long)] if name else facts.all_mentions()
        for mentioned, mentions in chosen:
            size = len(mentioned.encode()) + (2 if mentioned in long else 0)
            for mention in mentions:
                if mention.line == line and mention.column <= column <= mention.column + size:
                    found = self.resolver.resolve(path, facts, mentioned, mention)
                    return Meant(found.grade, tuple(self._merged(found.targets)), (found, mention))
        # Local variables are not mentioned in the facts.
        precise = type(rules_of(facts.language)) is not DefaultRules
        return Meant("excluded" if precise else "possible")

    def may_mean(self, meant: Meant, path: str, line: int, name: str) -> bool:
        """Whether a name of unknown meaning may refer to the definition of this name whose own name is on a line."""
        if meant.mention is None:
            return meant.grade == "possible"
        definition = self.resolver.definition_on(path, line, name)
        return definition is None or self.resolver.may_mean(meant.mention[0], definition, meant.mention[1])

    def _merged(self, definitions: Iterable[DefinedSymbol]) -> list[NamedSymbol]:
        """Symbols of definitions; declarations of the same thing become one with it."""
        groups: list[list[DefinedSymbol]] = []
        named: dict[str, list[list[DefinedSymbol]]] = {}
        for definition in definitions:
            alike = named.setdefault(definition.qualified_name, [])
            for group in alike:
                if any(self.resolver.is_one_thing(definition, other) for other in group):
                    group.append(definition)
                    break
            else:
                alike.append([definition])
                groups.append(alike[-1])
        return [symbol_of_definitions(group) for group in groups]

    def whole(self, definition: DefinedSymbol) -> NamedSymbol:
        """The symbol of a definition, with its declarations."""
        rules = rules_of(definition.language)
        elsewhere = rules.parts_elsewhere or rules.is_declaration_file(definition.path)
        others = self.resolver.definitions(definition.qualified_name, None if elsewhere else definition.path)
        others = [other for other in others if other != definition and self.resolver.is_one_thing(other, definition)]
        group = [definition, *others[:MOST_NAMESAKES]]
        return symbol_of_definitions(group)

    @staticmethod
    def is_precise(symbol: NamedSymbol) -> bool:
        """Whether names of the symbol's language are resolved precisely, so that "not used" may be said."""
        return bool(symbol.definitions) and type(rules_of(symbol.language)) is not DefaultRules

    def is_read_whole(self, symbol: NamedSymbol) -> bool:
        """Whether every name in a symbol's code is known, so that "it uses nothing" may be said: the names in the value
        of a variable or a field are those of what is around it."""
        if symbol.kind not in FUNCTION_KINDS | TYPE_KINDS:
            return False
        found = (self.source.facts(one.path) for one in symbol.definitions)
        return self.is_precise(symbol) and all(facts is not None and not facts.damaged for facts in found)

    # Uses

    @property
    def uncollected(self) -> int:
        """How many files' uses of names have not been collected yet: they may use anything."""
        return uncollected_in(self.source)

    def uses(self, symbol: NamedSymbol, kinds: Collection[str] | None = None) -> SymbolUses:
        """The places that mention a symbol; with `kinds`, those of these kinds only."""
        uncollected = self.uncollected
        if not symbol.definitions:
            return SymbolUses(symbol, (), uncollected, uncollected=uncollected)
        with self.within(self._answering):
            found, unread = self.mentions(symbol, kinds)
        places = [UsePlace(use, self) for use in found]
        precise, complete = self.is_precise(symbol), True
        if not unread and kinds is None and self._is_told_little(symbol, found):
            named, complete = self._in_text(symbol)
            known = {(place.path, place.line) for place in places}
            places += [place for place in named if (place.path, place.line) not in known]
            places.sort(key=lambda place: (place.path, place.start))
        settled = complete and not places and unread <= uncollected
        precise = precise and settled and self._is_deniable(symbol)
        return SymbolUses(symbol, tuple(places), unread, precise=precise, uncollected=uncollected)

    def _is_deniable(self, symbol: NamedSymbol) -> bool:
        """Whether "nothing uses it" may be said of a symbol that nothing was found to use."""
        if self.unseen_use(symbol):
            return False
        try:
            with self.within(self._answering):
                return not any(may_be_used_as_another(self.resolver, one) for one in symbol.definitions)
        except OutOfTimeError:
            self.world.interrupted()
            return False

    def _is_told_little(self, symbol: NamedSymbol, found: Sequence[Use]) -> bool:
        """Whether text is searched for the name of a symbol: code outside of tests only imports it, so that what runs
        it may be configured (`"app.middleware.Depth"`); or it is a variable that templates share (`@stories`)."""
        if symbol.name.startswith("@") or not found:
            return True
        if is_test(symbol.path) or symbol.kind not in FUNCTION_KINDS | TYPE_KINDS:
            return False
        return all(use.kind in ("import", "export") or self.in_test(use.path, use.owner) for use in found)

    def unseen_use(self, symbol: NamedSymbol) -> UnseenUse:
        """How something outside the index, or by a name made at run time, may use a symbol, or what it overrides in a
        class that has no name, such as `object : Listener() {`; "" if nothing can use it so."""
        try:
            with self.within(self._answering):
                for definition in symbol.definitions:
                    if how := self.resolver.unseen_use(definition):
                        return how
        except OutOfTimeError:
            self.world.interrupted()
            return "language"
        if any(self._adds_to_module(definition) for definition in symbol.definitions):
            return "language"
        if symbol.kind == "field" and any(self._is_parameter(definition) for definition in symbol.definitions):
            return "language"
        lines, start, line = self.lines(symbol.path), symbol.start_line, symbol.line
        if is_given_to_its_namesake(symbol.language, symbol.name, lines):
            return "text"
        if is_said_to_be_used(symbol.language, lines, start, line):
            return "language"
        if is_said_to_override(lines, start, line) and not self.overridden(symbol):
            return "supertype"
        found_by_name = symbol.kind in FUNCTION_KINDS and symbol.language in UNTYPED
        return "made name" if found_by_name and self._texts.begins(symbol.name, symbol.path) else ""

    def _adds_to_module(self, definition: DefinedSymbol) -> bool:
        """Whether a definition is, or is in, what a file adds to another module."""
        view = view_in(self.source, definition.path)
        return view is not None and adds_to_module(view, definition.index, self.lines(definition.path))

    def _is_parameter(self, field: DefinedSymbol) -> bool:
        """Whether a field is a parameter of its class's constructor, to which calls give a value by its position: of a
        record, of a class of Kotlin or C# whose name is followed by parameters."""
        view, parent = view_in(self.source, field.path), field.symbol.parent
        if view is None or parent < 0:
            return False
        home = view.symbol(parent)
        head = "\n".join(self.lines(field.path)[home.line - 1 : field.symbol.line - 1])
        last = self.line(field.path, field.symbol.line).encode()[: field.symbol.column].decode(errors="ignore")
        between = f"{head}\n{last}"[home.column :] if head else last[home.column :]
        return "(" in between and "{" not in between

    def count(self, symbol: NamedSymbol, most_files: int) -> UseCount:
        """How many places mention a symbol, looking at no more than `most_files` files.

        Imports do not count as uses, and several mentions in one line as one place. If none is found, text that has the
        name counts as one that is possible.
        """
        near = NearFiles(self.source, symbol.path, most_files)
        resolver = Resolver(near)
        resolver.world.patience = Patience(COUNTING_SECONDS)
        found, unread = self.mentions(symbol, None, resolver)
        using = [use for use in found if use.kind in DEPENDING]
        resolved = {(use.path, use.line) for use in using if use.grade == "resolved"}
        possible = {(use.path, use.line) for use in using} - resolved
        precise = self.is_precise(symbol)
        count = len(possible)
        if precise and not using and unread <= self.uncollected:
            named, complete = self._in_text(symbol, FEW_LEFT_OUT)
            count = len(named)
            precise = bool(named) or (complete and not self.uncollected and self._is_deniable(symbol))
        return UseCount(len(resolved), count, near.cut or unread > 0, precise)

    def count_callees(self, symbol: NamedSymbol, most_files: int) -> int:
        """How many symbols a symbol certainly uses, looking for each name in no more than `most_files` files."""
        resolver = Resolver(NearFiles(self.source, symbol.path, most_files))
        found: set[Key] = set()
        own: set[Key] = set()
        for definition in symbol.definitions:
            callees = resolver.callees(definition, possible=False)
            found.update(callee.target.key for callee in callees if not callee.target.symbol.flags & LOCAL)
            if (view := view_in(self.source, definition.path)) is not None:
                own.update((definition.path, index) for index in view.within(definition.index))
        return len(found - own)

    def mentions(
        self, symbol: NamedSymbol, kinds: Collection[str] | None = None, resolver: Resolver | None = None
    ) -> tuple[list[Use], int]:
        """What mentions a symbol, each place once, by place; and the number of files that were not looked at.

        This reads no text of a file. `resolver` resolves the names, if it is another than the finder's.
        """
        best: dict[tuple[str, int, int], Use] = {}
        unread = 0
        own = {(one.path, one.symbol.line, one.symbol.column) for one in symbol.definitions}
        # What leads to one part of a class leads to all.
        parts = symbol.definitions[:1] if symbol.kind in CONTAINER_KINDS else symbol.definitions
        for definition in parts:
            if kinds is None and symbol.kind in TYPE_KINDS:
                # Its subclasses are told by the places that inherit from it, and by `overriding`.
                kinds = MENTION_KINDS
            uses = (resolver or self.resolver).uses(definition, kinds)
            unread = max(unread, uses.unread)
            for use in uses.uses:
                key = (use.path, use.line, use.column)
                known = best.get(key)
                if key not in own and (known is None or (known.grade != "resolved" and use.grade == "resolved")):
                    best[key] = use
        return [best[key] for key in sorted(best)], unread + self.uncollected

    def in_test(self, path: str, owner: DefinedSymbol | None) -> bool:
        """Whether a place is in a test: by its file, or by the definition around it."""
        key = (path, owner.index if owner is not None else -1)
        if (known := self._tests.get(key)) is None:
            known = is_test(path) or (owner is not None and self.resolver.is_test(owner))
            self._tests[key] = known
        return known

    def symbol_around(self, use: Use) -> NamedSymbol | None:
        """The innermost definition around a use."""
        if use.owner is None:
            return None
        if (known := self._owner_symbols.get(use.owner.key)) is None:
            known = self._owner_symbols[use.owner.key] = symbol_of_definitions([use.owner])
        return known

    def _in_text(self, symbol: NamedSymbol, left_out: int = MOST_LEFT_OUT) -> tuple[list[UsePlace], bool]:
        """Places that have the symbol's name as text: in strings of code, in configuration and markup (an entry point,
        a task's name), anywhere in code that is not indexed, of which so many bytes are looked at; and whether
        these are all such places."""
        namesakes = [*symbol.definitions, *self.resolver.definitions(symbol.name)]
        defined = {(one.path, one.symbol.line, one.symbol.column) for one in namesakes}
        field = symbol.kind in ("field", "property") and not symbol.name.startswith("@")
        found, complete = self._texts.places_of(symbol.name, symbol.language, defined, field=field, left_out=left_out)
        uses = [Use(path, line, at, "name", "possible", None, symbol.name) for path, line, at in found]
        return [UsePlace(use, self) for use in uses], complete

    def is_common_word(self, symbol: NamedSymbol) -> bool:
        """Whether a symbol's name is a word of so many texts that nothing is denied of it."""
        return self._texts.is_common(symbol.name)

    def line(self, path: str, line: int) -> str:
        """A line of a file (1-based), without its end; "" if it is gone."""
        return self._lines.line(path, line)

    def lines(self, path: str) -> list[str]:
        """The lines of a file; none if it is gone."""
        return self._lines.of(path)

    def declarations(self, symbol: NamedSymbol) -> list[NamedSymbol]:
        """The definition of a symbol and its declarations, each with its own place."""
        return [symbol_of_definitions([definition]) for definition in symbol.definitions] or [symbol]

    def whole_file(self, path: str) -> NamedSymbol:
        """Stands for the code of a file that is outside all definitions."""
        return NamedSymbol(path, "module", path.rpartition("/")[2], path, "", 1, 1, max(len(self.lines(path)), 1))

    # Further away

    def callers(
        self, symbol: NamedSymbol, depth: int, kinds: Collection[str] = CALLING, *, follow_all: bool = False
    ) -> tuple[tuple[Caller, ...], bool]:
        """What calls a symbol, what calls that, and so on, each symbol once, the nearest first.

        Args:
            symbol: where to begin.
            depth: levels to follow.
            kinds: the kinds of mentions that count; only resolved ones do.
            follow_all: follow constants, classes and other symbols too, not only what runs.

        Returns:
            The callers, and whether these are all: `MOST_WALKED` symbols are visited at most, for `WALK_SECONDS`.
        """
        with self.within(self._walking):
            return self._walk(symbol, depth, kinds, follow_all=follow_all)

    def _walk(
        self, symbol: NamedSymbol, depth: int, kinds: Collection[str], *, follow_all: bool
    ) -> tuple[tuple[Caller, ...], bool]:
        """See `callers`."""
        complete = True
        seen = {(one.path, one.index) for one in symbol.definitions}
        found: list[Caller] = []
        level = [symbol]
        for distance in range(1, depth + 1):
            reached: list[NamedSymbol] = []
            for called in level:
                owners, whole = self._owners(called, kinds)
                complete = complete and whole
                for owner, places in owners:
                    key = (owner.path, owner.definitions[0].index if owner.definitions else -1)
                    if key in seen:
                        continue
                    if len(found) >= MOST_WALKED:
                        return tuple(found), False
                    seen.add(key)
                    found.append(Caller(owner, distance, called, places))
                    if owner.definitions and (follow_all or owner.kind in _RUNNING):
                        reached.append(owner)
            level = reached
        return tuple(found), complete

    def _owners(
        self, symbol: NamedSymbol, kinds: Collection[str]
    ) -> tuple[list[tuple[NamedSymbol, tuple[tuple[str, int], ...]]], bool]:
        """The symbols around a symbol's resolved uses, each with the places, in order; and whether these are all."""
        grouped: dict[tuple[str, int], tuple[NamedSymbol, dict[tuple[str, int], None]]] = {}
        found, unread = self.mentions(symbol, kinds)
        for use in found:
            if use.grade == "resolved":
                owner = self.symbol_around(use) or self.whole_file(use.path)
                key = (use.path, use.owner.index if use.owner is not None else -1)
                grouped.setdefault(key, (owner, {}))[1][use.path, use.line] = None
        owners = [(owner, tuple(places)) for owner, places in grouped.values()]
        return owners, unread <= self.uncollected

    def callees(self, symbol: NamedSymbol) -> list[UsedSymbol]:
        """What a symbol uses, members and what is nested in it included, in the order of the first place."""
        merged: dict[tuple[str, str, int], UsedSymbol] = {}
        own = {(one.path, one.index) for one in symbol.definitions}
        found = [callee for definition in symbol.definitions for callee in self.resolver.callees(definition)]
        # Overloads and declarations are the symbol that they belong to.
        whole = {
            one.key: named for named in self._merged(callee.target for callee in found) for one in named.definitions
        }
        for callee in found:
            target = callee.target
            if (target.path, target.index) in own or target.symbol.flags & LOCAL or not callee.uses:
                continue
            named = whole[target.key]
            key = (named.path, named.qualified_name, named.line)
            before = merged.get(key)
            places = {place.start: place for place in before.places} if before else {}
            for use in callee.uses:
                places.setdefault((use.line, use.column), UsePlace(use, self))
            grades = {callee.grade, before.grade if before else callee.grade}
            grade: Grade = "resolved" if "resolved" in grades else "possible"
            merged[key] = UsedSymbol(named, tuple(places[at] for at in sorted(places)), grade)
        return sorted(merged.values(), key=lambda used: (used.grade != "resolved", used.lines))

    def overriding(self, symbol: NamedSymbol) -> tuple[NamedSymbol, ...]:
        """The symbols that override or implement a member, or inherit from a class."""
        found = [one for definition in symbol.definitions for one in self.resolver.overrides(definition)]
        for definition in symbol.definitions:
            found += self._implementations(definition)[0]
        return tuple(self._merged(dict.fromkeys(found)))

    def overridden(self, symbol: NamedSymbol) -> tuple[NamedSymbol, ...]:
        """The symbols that a member overrides or implements."""
        found = [one for definition in symbol.definitions for one in self.resolver.supers(definition)]
        return tuple(self._merged(dict.fromkeys(found)))

    def is_structural(self, symbol: NamedSymbol) -> bool:
        """Whether others implement a symbol without naming it or its type."""
        return any(self.resolver.is_structural(definition) for definition in symbol.definitions)

    def may_be_implemented_unseen(self, symbol: NamedSymbol) -> bool:
        """Whether others may implement a symbol without naming it or its type, and are not found by `overriding`."""
        return any(self.resolver.is_structural(one) and not self._implementations(one)[1] for one in symbol.definitions)

    def _implementations(self, definition: DefinedSymbol) -> tuple[list[DefinedSymbol], bool]:
        """What implements an interface in Go, and whether that is known; see `go_implementations`."""
        if (known := self._implementing.get(definition.key)) is None:
            known = self._implementing[definition.key] = go_implementations(self.resolver, self.lines, definition)
        return known

    def impact(self, symbol: NamedSymbol) -> Impact:
        """What a change of a symbol would reach, beside its own uses."""
        dependents, complete = self.callers(symbol, IMPACT_DEPTH, DEPENDING, follow_all=True)
        found = (caller.symbol for caller in dependents)
        tests = [one for one in found if self.in_test(one.path, one.definitions[0] if one.definitions else None)]
        return Impact(self.overriding(symbol), dependents, tuple(tests), complete)
