"""Answers questions about names: what a mention means, where a definition is used, what it refers to, what overrides
it.

Uses are found by name: the files that note the name (or an alias under which an import passes it on) are searched for
mentions of it, and each mention is resolved by itself. Make one `Resolver` for each question, or for several questions
about one state of the index: it remembers what it has found out.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from glossator.index.facts import MENTION_KINDS, STATIC, STUB, SUPER, module_note
from glossator.index.languages import share_names
from glossator.index.path_index import folders_apart
from glossator.retrieval.resolution.evaluation import Evaluator
from glossator.retrieval.resolution.file_view import CALLABLE_KINDS, CONTAINER_KINDS, last_part
from glossator.retrieval.resolution.overloads import chosen
from glossator.retrieval.resolution.parameters import may_override, takes
from glossator.retrieval.resolution.rules_table import rules_of
from glossator.retrieval.resolution.values import (
    EXCLUDED,
    INSTANCE_MARK,
    UNKNOWN_VALUE,
    Callee,
    DefinedSymbol,
    Grade,
    Key,
    Reach,
    Resolution,
    Spot,
    Use,
    Uses,
    Value,
    Values,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from glossator.index.facts import Facts, Import, Mention, Symbol
    from glossator.retrieval.resolution.file_view import FileView
    from glossator.retrieval.resolution.source import FactsSource

MAX_FILES: Final = 400
"""Files that are searched for the uses of one definition; those in which its home or its class is noted come first."""
MAX_SUBCLASS_FILES: Final = 400
"""Files that are searched for subclasses of one class."""
MAX_SUBCLASSES: Final = 300
MAX_INHERITING: Final = 30
"""Subclasses that inherit a constructor whose calls are looked for."""
MAX_ALIASES: Final = 8
ENTRY_POINTS: Final = frozenset(("main", "Main", "init", "wmain", "WinMain", "DllMain"))
"""Names of functions that the language's runtime or the operating system calls."""
TEST_DECORATORS: Final = ("test", "Test", "rstest", "ParameterizedTest", "TestMethod", "TestCase", "Fact", "Theory")
"""Decorators, annotations and attributes of tests."""
PLAIN_DECORATORS: Final = frozenset(
    (
        *("abstractmethod", "cache", "cached_property", "classmethod", "contextmanager", "asynccontextmanager"),
        *("dataclass", "deleter", "final", "getter", "lru_cache", "no_type_check", "overload", "override", "property"),
        *("runtime_checkable", "setter", "staticmethod", "total_ordering", "unique", "wraps", "deprecated"),
        *("Deprecated", "FunctionalInterface", "SafeVarargs", "SuppressWarnings", "Suppress"),
        *("JvmField", "JvmOverloads", "JvmStatic", "NonNull", "NotNull", "Nullable", "ReturnTypeWillChange"),
        *("DebuggerStepThrough", "Flags", "MethodImpl", "Obsolete", "Pure"),
        *("allow", "cfg", "cold", "derive", "doc", "expect", "inline", "must_use", "non_exhaustive", "repr", "warn"),
        *("available", "discardableResult", "inlinable", "MainActor", "objc"),
    )
)
"""Decorators, annotations and attributes by which nothing uses what they stand before."""
MAX_CALLEES_OF_A_NAME: Final = 5
"""A name that may mean more definitions than this says nothing about what is called."""

_IMPORT: Final = MENTION_KINDS.index("import")
_EXPORT: Final = MENTION_KINDS.index("export")
_CALL: Final = MENTION_KINDS.index("call")
_TYPES: Final = frozenset((MENTION_KINDS.index("type"), MENTION_KINDS.index("base")))
_DECORATOR: Final = MENTION_KINDS.index("decorator")
_NAME: Final = MENTION_KINDS.index("name")
_VALUE: Final = MENTION_KINDS.index("value")
_ACCESSES: Final = frozenset(
    (MENTION_KINDS.index("attribute"), MENTION_KINDS.index("read"), MENTION_KINDS.index("write"))
)
_BINDING: Final = frozenset((_IMPORT, MENTION_KINDS.index("write")))
_FIELDS: Final = frozenset(("field", "property", "constant", "variable", "enum_member"))
NO_CALL: Final = -2
"""In place of a number of arguments: the mention is no call."""


_PLACE: Final = attrgetter("path", "line", "column")
_SHARP: Final = re.compile(r"(?<=[\w>])#")
"""`Class#method`; a name that begins with a sharp is a private one in JavaScript."""


class Resolver:
    """Resolves names over the facts of a source."""

    def __init__(self, source: FactsSource) -> None:
        self._source = source
        self._world = Evaluator(source, rules_of)
        self._resolved: dict[tuple[str, str, int, int, int, int, int], Resolution] = {}
        self._subclasses: dict[Key, tuple[list[Key], bool]] = {}
        self._kin: dict[Key, tuple[set[Key], bool]] = {}

    # What a mention means

    def resolve(self, path: str, facts: Facts, name: str, mention: Mention) -> Resolution:
        """What a mention of a name in a file means.

        Args:
            path: the file.
            facts: its facts, those that the source gives for the path.
            name: the name that is mentioned.
            mention: one of `facts.mentions_of(name)`.
        """
        if mention.kind == _IMPORT:
            return self._resolve_import(path, facts, name, mention)
        if mention.kind == _EXPORT and (passed := self._passed_on(path, facts, name)):
            return self._of(passed)
        # Mentions of one kind inside the same symbol after the same receiver mean the same.
        arguments = mention.arguments if mention.kind == _CALL else NO_CALL
        overloads = rules_of(facts.language).overloads
        called = (arguments, mention.given) if overloads else (NO_CALL, -1)
        key = (path, name, mention.kind, mention.receiver, mention.owner, *called)
        if (known := self._resolved.get(key)) is None:
            known = self._resolve(path, facts, name, mention)
            if known.reach == "members" and rules_of(facts.language).unknown_means_any:
                known = replace(known, reach="all")
            self._resolved[key] = known
        return known

    def _resolve(self, path: str, facts: Facts, name: str, mention: Mention) -> Resolution:
        place = Spot(path, mention.owner)
        receiver = facts.receiver(mention)
        if receiver.startswith("="):
            number = receiver[2:]
            return self._of(() if not number.isdigit() else (Value("symbol", path, int(number)),))
        if not receiver:
            if mention.kind == _NAME:
                return Resolution("possible", reach="all")
            found = self._world.named(name, place)
            if len(found) > 1 or mention.kind == _DECORATOR or mention.kind in _TYPES:
                found = self._world.rules(path).meant(MENTION_KINDS[mention.kind], found, self._world)
            return self._of(self._fitting(path, mention, found))
        if receiver == "?":
            return Resolution("possible", reach="members")
        if mention.kind in _TYPES:
            values = self._world.rules(path).type_space(self._world, receiver, place)
        else:
            values = self._world.evaluate(receiver, place)
        if not values:
            # Nothing that is known is called like the receiver.
            return Resolution("possible", reach="members")
        through = all(value.kind == "instance" for value in values)
        found = self._fitting(path, mention, self._world.members(values, name, place), through_instance=through)
        resolution = self._of(found)
        outside = tuple(value for value in values if value.kind == "external" and value.name != "%")
        if not outside:
            exact = all(value.kind in ("class", "module") or value.name == SUPER for value in values)
            return replace(resolution, exact=True) if exact and resolution.targets else resolution
        # A library's class may have subclasses in the index.
        grade: Grade = resolution.grade if resolution.targets else "possible"
        return Resolution(grade, resolution.targets, resolution.reach, (*resolution.below, *outside))

    def _fitting(self, path: str, mention: Mention, found: Values, *, through_instance: bool = False) -> Values:
        """Of overloads those that take such arguments; of a function and a field of one name the one that fits."""
        rules = self._world.rules(path)
        if not found or not (rules.overloads or (rules.fields_apart and len(found) > 1)):
            return found
        functions: dict[Value, Symbol] = {}
        fields: set[Value] = set()
        for value in found:
            if value.kind in ("symbol", "function") and (view := self._world.view(value.path)):
                symbol = view.symbol(value.number)
                if symbol.kind in CALLABLE_KINDS:
                    functions[value] = symbol
                elif symbol.kind in _FIELDS:
                    fields.add(value)
        unfit: set[Value] = set()
        if mention.kind != _CALL:
            as_value = mention.receiver < 0 or (rules.fields_apart and through_instance)
            if fields and (mention.kind in _ACCESSES or (mention.kind == _VALUE and as_value)):
                unfit.update(functions)
            elif functions and rules.fields_apart:
                unfit |= fields  # `Type::method`
        elif functions and not rules.overloads:
            unfit |= fields
        elif functions:
            unfit |= fields
            homes = {(value.path, symbol.parent) for value, symbol in functions.items()}
            inherited = self._inherited(functions, *homes) if len(homes) == 1 and mention.arguments >= 0 else {}
            fitting = {
                value: symbol for value, symbol in (functions | inherited).items() if takes(symbol, mention.arguments)
            }
            if fitting and mention.arguments >= 0:
                unfit |= functions.keys() - fitting.keys()
                found += tuple(value for value in fitting if value in inherited)
                functions |= inherited
                if len(fitting) > 1 and len(homes) == 1 and (given := self._given(path, mention)):
                    meant = chosen(self._world, Spot(path, mention.owner), given, [*fitting.items()])
                    unfit |= fitting.keys() - set(meant)
        kept = tuple(value for value in found if value not in unfit)
        if not rules.overloads:
            return kept
        places = [
            (value.path, symbol.parent, symbol.flags & STUB)
            for value, symbol in functions.items()
            if value in kept and value not in unfit
        ]
        # Of overloads with as many arguments, their types decide, which are not known.
        return kept if len(set(places)) == len(places) else (*kept, UNKNOWN_VALUE)

    def _given(self, path: str, mention: Mention) -> str:
        """The arguments of a call, as `argument_types` writes them."""
        view = self._world.view(path)
        return view.facts.given(mention) if view is not None else ""

    def _inherited(self, functions: dict[Value, Symbol], home: tuple[str, int]) -> dict[Value, Symbol]:
        """The overloads of a class's functions that its supertypes declare, and that none of them overrides."""
        view = self._world.view(home[0])
        if view is None or home[1] < 0 or view.symbol(home[1]).kind not in CONTAINER_KINDS:
            return {}
        (name,) = {symbol.name for symbol in functions.values()}
        known = dict(functions)
        for key in self._world.ancestors(home).classes[1:]:
            above = self._world.view(key[0])
            if above is None:
                continue
            for value in self._world.own_members(key, name):
                symbol = above.symbol(value.number) if value.path == key[0] else None
                if symbol is None or symbol.kind not in CALLABLE_KINDS or symbol.kind == "constructor":
                    continue
                if not any(may_override(one, symbol) for one in known.values()):
                    known[value] = symbol
        return {value: symbol for value, symbol in known.items() if value not in functions}

    def _of(self, found: Values) -> Resolution:
        """The resolution that some values say."""
        targets: dict[Key, DefinedSymbol] = {}
        below: list[Value] = []
        reach: Reach = ""
        doubtful = False
        for value in found:
            if value.kind in ("symbol", "class", "function") and (one := self._world.definition(value.key)):
                targets[value.key] = one
            elif value.kind == "missed":
                below.append(value)
            elif value.kind == "unknown":
                reach = "all" if value.name == "module" or reach == "all" else "members"
                doubtful = True
        if targets:
            return Resolution("possible" if doubtful else "resolved", tuple(targets.values()), reach, tuple(below))
        if reach or below:
            return Resolution("possible", (), reach, tuple(below))
        return EXCLUDED

    def _passed_on(self, path: str, facts: Facts, name: str) -> Values:
        """What a name means that is taken from a module and passed on; empty if it is the file's own."""
        found: Values = ()
        for item in facts.imports:
            # What a module exports as its default is given a name of its own where it is passed on.
            whole = item.name == name and item.member in rules_of(facts.language).whole_names
            if item.exported and item.module and (whole or item.member == name):
                found += tuple(one for one in self._world.import_target(path, item) if one not in found)
        return found

    def _resolve_import(self, path: str, facts: Facts, name: str, mention: Mention) -> Resolution:
        """What a name in an import statement means: what is imported from a module."""
        lines = [item.line for item in facts.imports]
        near = (
            {mention.line}
            if mention.line in lines
            else {
                # A statement of several lines stands where its module does, before or after the names.
                max((line for line in lines if line < mention.line), default=0),
                min((line for line in lines if line > mention.line), default=0),
            }
        )
        around = [item for item in facts.imports if item.line in near]
        # A default import names what it imports as it likes.
        items = (
            [item for item in around if name in (last_part(item.member), item.member)]
            or [item for item in around if item.name == name]
            or [item for item in around if not item.member and name == last_part(item.module)]
        )
        rules = rules_of(facts.language)
        parts = [part for item in items[:1] for part in rules.import_parts(item.module) if part == name]
        if parts and items[0].line == mention.line:
            # `from celery import celery`: the module's name stands first.
            columns = [one.column for one in facts.mentions_of(name) if one.line == mention.line]
            if len(columns) > len(parts) and mention.column in sorted(columns)[: len(parts)]:
                return EXCLUDED
        found: Values = ()
        for item in items:
            found += tuple(one for one in self._world.import_target(path, item) if one not in found)
        return self._of(found)

    # Definitions

    def definition_at(self, path: str, index: int) -> DefinedSymbol | None:
        """A symbol of a file."""
        return self._world.definition((path, index))

    def definition_on(self, path: str, line: int, name: str = "") -> DefinedSymbol | None:
        """The definition whose name is on a line (1-based), or else the innermost one around it; of several, that of
        the name."""
        view = self._world.view(path)
        if view is None:
            return None
        around = [(index, one) for index, one in enumerate(view.facts.symbols) if one.start <= line <= one.end]
        around = [item for item in around if item[1].name == name] or around if name else around
        if not around:
            return None
        index, _ = min(around, key=lambda item: (item[1].line != line, item[1].end - item[1].start, -item[0]))
        return view.definition(index)

    def definitions(self, name: str, path: str | None = None) -> list[DefinedSymbol]:
        """The definitions of a name, bare ("get") or qualified ("Session.get", "sessions::Session::get").

        Definitions come before declarations, outermost before nested ones.

        Args:
            name: matches the end of qualified names, part by part.
            path: restricts the search to one file.
        """
        parts = _SHARP.sub(".", name.replace("::", ".").replace("\\", ".")).strip(".").split(".")
        last = parts[-1]
        found: list[DefinedSymbol] = []
        for file in [path] if path is not None else self._world.files_noting(last):
            view = self._world.view(file)
            if view is None:
                continue
            for index, symbol in enumerate(view.facts.symbols):
                if symbol.name != last:
                    continue
                if len(parts) > 1 and not self._is_called(view, index, parts):
                    continue
                found.append(view.definition(index))
        found.sort(key=lambda one: (one.symbol.flags & STUB != 0, one.qualified_name.count("."), one.path, one.index))
        return found

    def inherited(self, name: str, path: str | None = None) -> list[tuple[DefinedSymbol, DefinedSymbol]]:
        """The members that classes have under a qualified name ("ArgumentParser.add_argument") without declaring them:
        each class, with the member that it inherits.

        Args:
            name: a class's name, qualified or not, and the member's.
            path: restricts the classes to those of one file.
        """
        outer, _, member = _SHARP.sub(".", name.replace("::", ".").replace("\\", ".")).strip(".").rpartition(".")
        found: dict[Key, tuple[DefinedSymbol, DefinedSymbol]] = {}
        for home in self.definitions(outer, path) if outer and member else ():
            if home.symbol.kind not in CONTAINER_KINDS:
                continue
            for value in self._world.member(Value("instance", *home.key), member, Spot(home.path)):
                one = self._world.definition(value.key) if value.kind == "symbol" else None
                if one is not None:
                    found.setdefault(one.key, (home, one))
        return list(found.values())

    def _is_called(self, view: FileView, index: int, parts: list[str]) -> bool:
        """Whether the qualified name, or the file's path and package before it, end in these parts."""
        own = view.qualified_name(index).split(".")
        if own[-len(parts) :] == parts:
            return True
        stem = view.path.rpartition(".")[0] or view.path
        whole = [*stem.replace(".", "/").split("/"), *own]
        package = [*view.facts.package.replace("\\", ".").replace("::", ".").split("."), *own]
        initial = [part for part in whole if part not in ("__init__", "index", "mod", "lib")]
        return any(one[-len(parts) :] == parts for one in (whole, initial, package))

    def is_member(self, definition: DefinedSymbol) -> bool:
        """Whether a definition is a member of a class or another type."""
        view = self._world.view(definition.path)
        return view is not None and rules_of(definition.language).is_member(view, definition.index)

    def class_of(self, definition: DefinedSymbol) -> DefinedSymbol | None:
        """The class whose member a definition is."""
        key = self.class_key(definition)
        return self._world.definition(key) if key else None

    def class_key(self, definition: DefinedSymbol) -> Key | None:
        """The class whose member a definition is; None if it is none, or the class is outside the index."""
        if not self.is_member(definition):
            return None
        symbol = definition.symbol
        if not symbol.scope and symbol.parent >= 0:
            enclosing = self._world.enclosing_class(definition.path, symbol.parent)
        else:
            enclosing = self._world.enclosing_class(definition.path, definition.index)
        return enclosing.key if enclosing is not None and enclosing.kind == "class" else None

    def is_test(self, definition: DefinedSymbol) -> bool:
        """Whether a definition is a test: by its kind, or by what it is decorated with (`#[test]`, `@Test`)."""
        view = self._world.view(definition.path)
        marked = view is not None and bool(view.decorators(definition.index, TEST_DECORATORS))
        return definition.symbol.kind == "test" or marked

    def may_be_used_unseen(self, definition: DefinedSymbol) -> bool:
        """Whether a definition may be used without being named in the index: a program begins there, what it is
        decorated with may keep it, a library that declares a supertype of its class may call it, or the language looks
        members up by names made at run time."""
        view = self._world.view(definition.path)
        if view is None or rules_of(definition.language).may_be_used_unseen(view, definition.index):
            return True
        symbol = definition.symbol
        if self.is_test(definition) or (symbol.name in ENTRY_POINTS and symbol.kind in CALLABLE_KINDS):
            return True
        if any(name not in PLAIN_DECORATORS for name in view.decorators(definition.index)):
            return True
        if definition.name.startswith(("_", "#")) and not definition.name.startswith("__"):
            return False
        key = self.class_key(definition)
        if key is None or key == definition.key:
            return False
        above = self._world.ancestors(key)
        return bool(above.externals) or above.open

    def is_one_thing(self, one: DefinedSymbol, other: DefinedSymbol) -> bool:
        """Whether two definitions are one thing: declared more than once in a file, declared and defined, or parts of a
        class in several files."""
        if one.key == other.key:
            return True
        if one.qualified_name != other.qualified_name or not share_names(one.language, other.language):
            return False
        rules = rules_of(one.language)
        if one.path == other.path:
            return rules.one_with(one.symbol, other.symbol)
        views = self._world.view(one.path), self._world.view(other.path)
        if views[0] is None or views[1] is None or views[0].facts.package != views[1].facts.package:
            return False
        if rules.same_thing(one.symbol, other.symbol):
            return True
        if _declares(one) == _declares(other):
            return False
        if _stem(one.path) == _stem(other.path):
            return True
        declared, defined = (one, other) if _declares(one) else (other, one)
        return self._offers(declared, defined)

    def _offers(self, declared: DefinedSymbol, defined: DefinedSymbol) -> bool:
        """Whether the module that a file of declarations describes (`a.py` of `a.pyi`) passes on what another one
        defines."""
        outermost = declared.qualified_name.partition(".")[0]
        stem, folder = _stem(declared.path), declared.path.rpartition("/")[0]
        for path in self._world.paths().files_in(folder):
            if path == declared.path or _stem(path) != stem:
                continue
            for value in self._world.module_member(path, outermost, declared.language):
                if value.kind == "symbol" and value.path == defined.path:
                    return True
        return False

    # Hierarchies

    def supers(self, definition: DefinedSymbol) -> list[DefinedSymbol]:
        """Of a class its supertypes, the nearest first; of a member those that it overrides or implements."""
        key = definition.key if definition.symbol.kind in CONTAINER_KINDS else self.class_key(definition)
        if key is None:
            return []
        above = self._world.ancestors(key).classes[1:]
        if key == definition.key:
            return self._of_others(definition, above)
        found: dict[Key, DefinedSymbol] = {}
        for above_key in above:
            for value in self._world.own_members(above_key, definition.name):
                one = self._world.definition(value.key)
                if one is not None and one.key != definition.key and self._may_override(definition, one):
                    found[value.key] = one
        return list(found.values())

    def overrides(self, definition: DefinedSymbol) -> list[DefinedSymbol]:
        """Of a class its subclasses, direct and indirect; of a member those that override or implement it."""
        key = definition.key if definition.symbol.kind in CONTAINER_KINDS else self.class_key(definition)
        if key is None:
            return []
        below, _ = self.descendants(key)
        if key == definition.key:
            return self._of_others(definition, below)
        found: dict[Key, DefinedSymbol] = {}
        for below_key in below:
            for value in self._world.own_members(below_key, definition.name):
                one = self._world.definition(value.key)
                if one is not None and one.key != definition.key and self._may_override(one, definition):
                    found[value.key] = one
        return list(found.values())

    def _may_override(self, one: DefinedSymbol, other: DefinedSymbol) -> bool:
        """Whether a member of a class may override one of its name that a supertype has."""
        functions = one.symbol.kind in CALLABLE_KINDS, other.symbol.kind in CALLABLE_KINDS
        if not rules_of(one.language).overloads or functions != (True, True):
            return True
        return may_override(one.symbol, other.symbol)

    def _of_others(self, definition: DefinedSymbol, keys: Iterable[Key]) -> list[DefinedSymbol]:
        """The classes of these keys, without other parts of the class itself."""
        found = (one for key in keys if (one := self._world.definition(key)))
        return [one for one in found if not self.is_one_thing(one, definition)]

    def descendants(self, key: Key) -> tuple[list[Key], bool]:
        """All classes below a class, and whether that is all of them."""
        if (known := self._subclasses.get(key)) is not None:
            return known
        found: dict[Key, None] = {}
        complete = True
        pending = [key]
        read = 0
        while pending:
            current = pending.pop(0)
            definition = self._world.definition(current)
            if definition is None:
                continue
            name = last_part(definition.name)
            files = self._world.files_noting(name)
            read += len(files)
            if read > MAX_SUBCLASS_FILES or len(found) > MAX_SUBCLASSES:
                complete = False
                break
            for path in files:
                view = self._world.view(path)
                if view is None or not share_names(view.facts.language, definition.language):
                    continue
                written = [*view.subtypes(name)]
                for item in view.aliases(name):
                    written += view.subtypes(item.name)
                for index in written:
                    below = self._type_key(path, index)
                    if below is None or below in found or below == key:
                        continue
                    if any(base.key == current for base in self._world.bases(below) if base.kind == "class"):
                        found[below] = None
                        pending.append(below)
        result = (list(found), complete)
        self._subclasses[key] = result
        return result

    def _type_key(self, path: str, index: int) -> Key | None:
        """The class that a symbol is or extends."""
        enclosing = self._world.enclosing_class(path, index)
        return enclosing.key if enclosing is not None and enclosing.kind == "class" else None

    def beside(self, key: Key) -> tuple[set[Key], bool]:
        """The classes whose instances may also be instances of a class: those above any class below it."""
        if (known := self._kin.get(key)) is None:
            below, complete = self.descendants(key)
            kin = {key}
            for one in below:
                kin.update(self._world.ancestors(one).classes)
            known = self._kin[key] = (kin, complete)
        return known

    # Uses

    def uses(self, definition: DefinedSymbol, kinds: Collection[str] | None = None) -> Uses:
        """The places that mention a definition.

        Args:
            definition: what is used.
            kinds: `MentionKind`s and "override"; None for all.
        """
        search = _Search(self, self._world, definition)
        found, unread = search.run(kinds)
        if kinds is None or "override" in kinds:
            for one in self.overrides(definition):
                owner = self._world.definition((one.path, one.symbol.parent)) if one.symbol.parent >= 0 else None
                symbol = one.symbol
                found.append(Use(one.path, symbol.line, symbol.column, "override", "resolved", owner, one.name))
        found.sort(key=_PLACE)
        return Uses(definition, tuple(found), unread)

    def callees(self, definition: DefinedSymbol, *, possible: bool = True) -> list[Callee]:
        """What a definition refers to inside its range, other than by assignments and imports, in order of first
        mention.

        Args:
            definition: whose range is read.
            possible: include what is only possibly referred to.
        """
        view = self._world.view(definition.path)
        if view is None:
            return []
        inside = view.within(definition.index)
        found: dict[Key, tuple[DefinedSymbol, Grade, list[Use]]] = {}
        for name, mentions in view.facts.all_mentions():
            for mention in mentions:
                if mention.owner not in inside or mention.kind in _BINDING:
                    continue
                resolution = self.resolve(definition.path, view.facts, name, mention)
                if resolution.grade == "excluded" or (resolution.grade == "possible" and not possible):
                    continue
                targets: Iterable[DefinedSymbol] = resolution.targets
                if not resolution.targets:
                    targets = self._candidates(name, definition, resolution, mention)
                for target in targets:
                    recursion = target.key == definition.key and resolution.grade == "resolved"
                    if target.path == definition.path and target.index in inside and not recursion:
                        continue
                    grade: Grade = resolution.grade if resolution.targets else "possible"
                    use = self.use_of(view, mention, name, grade)
                    if target.key not in found:
                        found[target.key] = (target, grade, [use])
                    else:
                        _, before, places = found[target.key]
                        places.append(use)
                        better: Grade = "resolved" if "resolved" in (before, grade) else "possible"
                        found[target.key] = (target, better, places)
        callees = [
            Callee(target, grade, tuple(sorted(places, key=lambda use: (use.line, use.column))))
            for target, grade, places in found.values()
        ]
        callees.sort(key=lambda one: (one.uses[0].line, one.uses[0].column))
        return callees

    def _candidates(
        self, name: str, definition: DefinedSymbol, resolution: Resolution, mention: Mention
    ) -> list[DefinedSymbol]:
        """The definitions that a mention of unknown meaning may mean; none if they are many."""
        if len(self._world.files_noting(name)) > MAX_FILES:
            return []
        found = [
            one
            for one in self.definitions(name)
            if share_names(one.language, definition.language) and self.may_mean(resolution, one, mention)
        ]
        return found if len(found) <= MAX_CALLEES_OF_A_NAME else []

    def may_mean(self, resolution: Resolution, definition: DefinedSymbol, mention: Mention) -> bool:
        """Whether a mention that is not resolved may mean a definition of its name that is not among its targets."""
        return _Search(self, self._world, definition).may_mean(resolution, mention)

    def use_of(self, view: FileView, mention: Mention, name: str, grade: Grade) -> Use:
        """A mention as a use."""
        owner = view.definition(mention.owner) if mention.owner >= 0 else None
        return Use(view.path, mention.line, mention.column, MENTION_KINDS[mention.kind], grade, owner, name)


class _Search:
    """The search for the uses of one definition."""

    def __init__(
        self, resolver: Resolver, world: Evaluator, definition: DefinedSymbol, constructor: Symbol | None = None
    ) -> None:
        """Search for the uses of `definition`; if it is a class, of those calls that may run a constructor of it."""
        self._constructor = constructor
        self._resolver = resolver
        self._world = world
        self._definition = definition
        self._rules = rules_of(definition.language)
        self._member = resolver.is_member(definition)
        self._class = resolver.class_key(definition) if self._member else None
        self._above: set[Key] | None = None
        self._lineage: tuple[set[Key], set[str], bool] | None = None
        self._same: dict[Key, bool] = {}
        view = world.view(definition.path)
        self._local = view is not None and self._rules.is_local(view, definition.index)

    @cached_property
    def _rivals(self) -> list[tuple[Value, Symbol]]:
        """The other constructors of the class: of two that take as many arguments, their types decide."""
        view = self._world.view(self._definition.path)
        if view is None or self._constructor is None or not self._rules.overloads:
            return []
        named = view.children(self._definition.index, self._constructor.name)
        found = ((Value("symbol", view.path, index), view.symbol(index)) for index in named)
        return [one for one in found if one[1].kind == "constructor" and one[1] is not self._constructor]

    def run(self, kinds: Collection[str] | None) -> tuple[list[Use], int]:
        """The uses, and the number of files that were not read."""
        wanted = None if kinds is None else {number for number, kind in enumerate(MENTION_KINDS) if kind in kinds}
        definition = self._definition
        name = last_part(definition.name)
        found: list[Use] = []
        unread = 0
        pending = [name]
        seen: set[tuple[str, str]] = set()
        names = {name}
        for importing, item in self._imports_of_whole():
            if (importing.path, item.name) not in seen and item.name != name:
                seen.add((importing.path, item.name))
                found.extend(self._in_file(importing, item.name, wanted, alias=True))
            if item.exported and item.name not in names:
                names.add(item.name)
                pending.append(item.name)
        while pending:
            current = pending.pop(0)
            nameless = self._local or current in self._rules.whole_names
            files = [definition.path] if nameless else self._world.files_noting(current)
            files = [path for path in files if (path, current) not in seen]
            if definition.name in self._rules.constructors and current == name:
                files = self._of_family(files)
            if len(files) > MAX_FILES:
                unread += len(files) - MAX_FILES
                files = self._likeliest(files)
            self._world.prefetch(files)
            for path in files:
                seen.add((path, current))
                view = self._world.view(path)
                if view is None or not share_names(view.facts.language, definition.language):
                    continue
                found.extend(self._in_file(view, current, wanted, alias=current != name))
                for alias in self._aliases(view, current):
                    if alias not in names and len(names) < MAX_ALIASES:
                        names.add(alias)
                        pending.append(alias)
        calls = kinds is None or "call" in kinds
        if definition.symbol.kind == "constructor" and self._class is not None and calls:
            found.extend(self._constructions(self._class))
        return found, unread

    def _of_family(self, files: list[str]) -> list[str]:
        """The files that may name a constructor: those in which its class or one below it is noted."""
        if self._class is None:
            return files
        below, complete = self._resolver.descendants(self._class)
        if not complete:
            return files
        noting: set[str] = set()
        for key in (self._class, *below):
            if (one := self._world.definition(key)) is not None:
                noting.update(self._world.files_noting(last_part(one.name)))
        return [path for path in files if path in noting]

    def _likeliest(self, files: list[str]) -> list[str]:
        """The files in which the definition's class or its module is noted, then those nearest to it."""
        definition = self._definition
        hints: set[str] = set()
        home = self._world.definition(self._class) if self._class else None
        stem = definition.path.rpartition("/")[2].partition(".")[0]
        for hint in (last_part(home.name) if home else "", stem):
            if hint:
                hints.update(self._world.files_noting(hint))
        return sorted(files, key=lambda path: (path not in hints, folders_apart(path, definition.path)))[:MAX_FILES]

    def _imports_of_whole(self) -> Iterator[tuple[FileView, Import]]:
        """The imports that give the definition a name of their own choice, because it is what its module is."""
        definition = self._definition
        home = self._world.view(definition.path)
        if home is None or self._local or not self._rules.is_whole(home, definition.index):
            return
        folder, _, file = definition.path.rpartition("/")
        notes = {module_note(file), *((module_note(folder),) if file.startswith("index.") else ())}
        files = {path for note in notes for path in self._world.files_noting(note)}
        for path in sorted(files)[:MAX_FILES]:
            view = self._world.view(path)
            if view is None or not share_names(view.facts.language, definition.language):
                continue
            for item in view.facts.imports:
                if item.member and item.member not in self._rules.whole_names:
                    continue
                if item.name in ("", "*") or item.name in self._rules.whole_names:
                    continue
                if any(self._is_it(value.key) for value in self._world.import_target(path, item)):
                    yield view, item

    def _aliases(self, view: FileView, name: str) -> list[str]:
        """Other names under which the file imports the definition."""
        return [
            item.name
            for item in view.aliases(name)
            if item.name != name
            and item.name not in self._rules.whole_names
            and any(self._is_it(one.key) for one in self._world.import_target(view.path, item))
        ]

    def _in_file(self, view: FileView, name: str, wanted: set[int] | None, *, alias: bool) -> list[Use]:
        found: list[Use] = []
        path, facts = view.path, view.facts
        # Mentions of one form have one grade; one name may be mentioned a thousand times in a file.
        grades: dict[tuple[int, int, int, int, int], Grade] = {}
        places: dict[tuple[int, int], int] = {}
        for mention in facts.mentions_of(name):
            kind, owner = mention.kind, mention.owner
            if wanted is not None and kind not in wanted:
                continue
            if kind == _IMPORT:
                # Its line tells what it means.
                grade = self._grade(view, name, mention)
            else:
                around = owner
                if mention.receiver >= 0 and mention.given < 0 and kind not in _TYPES:
                    stands = (mention.receiver, owner)
                    if (wide := places.get(stands)) is None:
                        wide = self._world.widened(facts.receivers[mention.receiver], Spot(path, owner)).owner
                        places[stands] = wide
                    around = wide
                form = (kind, mention.receiver, around, mention.arguments, mention.given)
                if (known := grades.get(form)) is None:
                    known = grades[form] = self._grade(view, name, mention)
                grade = known
            if grade != "excluded" and (grade == "resolved" or not alias):
                inside = view.definition(owner) if owner >= 0 else None
                found.append(Use(path, mention.line, mention.column, MENTION_KINDS[kind], grade, inside, name))
        return found

    def _grade(self, view: FileView, name: str, mention: Mention) -> Grade:
        """How sure it is that a mention means the definition."""
        if not self._is_reached(view, mention):
            return "excluded"
        resolution = self._resolver.resolve(view.path, view.facts, name, mention)
        if resolution.grade == "excluded":
            return "excluded"
        grade: Grade = resolution.grade
        if not any(self._is_it(one.key) for one in resolution.targets):
            grade = "possible" if self.may_mean(resolution, mention) else "excluded"
        if self._constructor is not None:
            if grade != "resolved" or not takes(self._constructor, mention.arguments):
                return "excluded"
            rivals = [rival for rival in self._rivals if takes(rival[1], mention.arguments)]
            if rivals:
                mine = Value("symbol", *self._definition.key), self._constructor
                place = Spot(view.path, mention.owner)
                meant = chosen(self._world, place, view.facts.given(mention), [mine, *rivals])
                return "excluded" if mine[0] not in meant else "possible" if len(meant) > 1 else grade
        return grade

    def _is_reached(self, view: FileView, mention: Mention) -> bool:
        """Whether a mention of this form may mean the definition at all: saves the resolution of most namesakes."""
        if mention.receiver < 0:
            bare = self._member and not self._rules.bare_members and mention.kind != _NAME
            return not bare or view.path == self._definition.path
        if self._member or not self._rules.named_modules:
            return True
        receiver = view.facts.receiver(mention)
        if "|" in receiver or receiver[:1] == "=":
            return True
        return receiver[0] not in "$%<?" and (receiver[-1] not in ")]" or "import" in receiver)

    def may_mean(self, resolution: Resolution, mention: Mention) -> bool:
        """Whether the mention may mean the definition, which is not among its targets."""
        if resolution.targets and self._member and not resolution.exact:
            if self._above is None:
                self._above = {one.key for one in self._resolver.supers(self._definition)}
            if any(one.key in self._above for one in resolution.targets):
                return self._fits(mention)
            if any(self._is_structural(one) for one in resolution.targets):
                return self._fits(mention)
        if resolution.reach == "all" or (resolution.reach == "members" and self._member):
            return self._fits(mention)
        if resolution.below and self._member:
            return any(self._is_below(value) for value in resolution.below) and self._fits(mention)
        return False

    def _is_it(self, key: Key) -> bool:
        """Whether a symbol is the definition, another part of it in the same file, or its declaration elsewhere."""
        if (known := self._same.get(key)) is None:
            other = self._world.definition(key)
            known = other is not None and self._resolver.is_one_thing(other, self._definition)
            self._same[key] = known
        return known

    def _fits(self, mention: Mention) -> bool:
        """Whether a call has as many arguments as the definition takes."""
        symbol = self._definition.symbol
        extends = self._rules.first_is_receiver and symbol.flags & STATIC and mention.receiver >= 0
        return takes(symbol, mention.arguments) or (bool(extends) and takes(symbol, mention.arguments + 1))

    def _is_structural(self, target: DefinedSymbol) -> bool:
        """Whether a target is declared by a type that others implement without naming it."""
        home = self._resolver.class_of(target)
        return home is not None and self._rules.is_structural(self._world, home)

    def _is_below(self, value: Value) -> bool:
        """Whether the definition's class is below a class that lacks the member (or beside it, for `$`)."""
        if self._class is None:
            return True
        if self._lineage is None:
            hierarchy = self._world.ancestors(self._class)
            externals = {one.name.rpartition(".")[2] for one in hierarchy.externals}
            self._lineage = (set(hierarchy.classes), externals, hierarchy.open)
        above, externals, is_open = self._lineage
        if value.kind == "external":
            home = self._world.definition(self._class)
            if home is not None and self._rules.may_extend(self._world, home):
                return True
            return is_open or value.name.removesuffix(INSTANCE_MARK).rpartition(".")[2] in externals
        if value.key in above or is_open:
            return True
        if value.name == "$":
            kin, complete = self._resolver.beside(self._class)
            return value.key in kin or not complete
        return False

    def _constructions(self, key: Key) -> list[Use]:
        """The calls of a class, which call its constructor."""
        home = self._world.definition(key)
        if home is None:
            return []
        made = [home]
        if self._definition.name in self._rules.constructors:
            below, _ = self._resolver.descendants(key)
            for one in below[:MAX_INHERITING]:
                found = self._world.member(Value("class", *one), self._definition.name, Spot(one[0]))
                if self._definition.key in {value.key for value in found} and (heir := self._world.definition(one)):
                    made.append(heir)
        constructor = self._definition.symbol
        searches = (_Search(self._resolver, self._world, one, constructor) for one in made)
        return [use for search in searches for use in search.run(("call",))[0]]


def _declares(definition: DefinedSymbol) -> bool:
    """Whether a definition only declares what another one defines."""
    return bool(definition.symbol.flags & STUB) or is_declaration_file(definition.path)


def is_declaration_file(path: str) -> bool:
    """Whether a file has the types of a module, and no code that runs (`a.pyi`, `a.d.ts`)."""
    return path.endswith((".pyi", ".d.ts", ".d.mts", ".d.cts"))


def _stem(path: str) -> str:
    """A path without its extensions: declarations for `a.js` are in `a.d.ts`, those for `a.py` in `a.pyi`."""
    folder, slash, name = path.rpartition("/")
    return folder + slash + name.partition(".")[0]
