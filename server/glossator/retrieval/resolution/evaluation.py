"""Evaluates expressions over the facts of several files: scopes, imports, members, class hierarchies, results of calls.

Everything is remembered for as long as an `Evaluator` lives, which is one question, and most of it longer
(`remembered`). Nothing is run, and nothing is read but facts. Depth and number of alternatives are bounded; what goes
beyond is unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from glossator.index.expressions import PAIRS
from glossator.index.facts import (
    BUILT_IN,
    CLASS,
    EXTENSION,
    INFERRED,
    INSTANCE,
    PRIVATE,
    PROPERTY,
    STATIC,
    SUPER,
    last_part,
)
from glossator.retrieval.resolution.call_results import called, elements, items
from glossator.retrieval.resolution.class_order import merged
from glossator.retrieval.resolution.file_view import CALLABLE_KINDS, CONTAINER_KINDS
from glossator.retrieval.resolution.handed_functions import handed
from glossator.retrieval.resolution.indexed_files import IndexedFiles
from glossator.retrieval.resolution.parameters import takes
from glossator.retrieval.resolution.receivers import CALL, ELEMENT, arguments_in, chains, is_handed
from glossator.retrieval.resolution.remembered import Doubts, Remembered
from glossator.retrieval.resolution.rules import symbols
from glossator.retrieval.resolution.type_texts import LIST, TUPLE
from glossator.retrieval.resolution.values import (
    ADDED,
    BUILT_IN_VALUE,
    INSTANCE_MARK,
    NOTHING_KNOWN,
    Hierarchy,
    Key,
    Resolution,
    Spot,
    Value,
    Values,
    bounded_values,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from glossator.index.facts import Import, Symbol
    from glossator.retrieval.resolution.file_view import FileView
    from glossator.retrieval.resolution.rules import LanguageRules
    from glossator.retrieval.resolution.source import FactsSource
    from glossator.retrieval.resolution.type_texts import TypeText

_OWN: Final = frozenset((INSTANCE, CLASS, SUPER))
MAX_NESTED: Final = 40
"""Nested evaluations; a chain of imports, fields and results that is longer is unknown."""
MAX_FORGOTTEN: Final = 100
"""Results that circles of imports may have made incomplete, and that are not remembered."""
PAIRS_STEP: Final = PAIRS.removeprefix(".")


class Evaluator(IndexedFiles):
    """Joins the facts of several files. Not for several threads at once."""

    def __init__(self, source: FactsSource, rules_of: Callable[[str], LanguageRules]) -> None:
        super().__init__(source, rules_of)
        shared = self._shared
        self._doubts = Doubts()

        self._tables: list[Remembered[Any, Any]] = []

        def remembered(kind: str, *, whole: bool = False) -> Remembered[Any, Any]:
            table: Remembered[Any, Any] = Remembered(shared.tables.setdefault(kind, {}), self._doubts, whole=whole)
            self._tables.append(table)
            return table

        self._evaluated: Remembered[tuple[str, Spot], Values] = remembered("evaluated")
        self._named: Remembered[tuple[str, Spot], Values] = remembered("named")
        self._members: Remembered[tuple[Value, str, str], Values] = remembered("members")
        self._held: Remembered[Value, Values] = remembered("held")
        self._imports: Remembered[tuple[str, str, str, int], Values] = remembered("imports")
        self._module_members: Remembered[tuple[str, str, str], Values] = remembered("module_members")
        self._hierarchies: Remembered[Key, Hierarchy] = remembered("hierarchies", whole=True)
        self._extensions: Remembered[tuple[Key, str], tuple[Value, ...]] = remembered("extensions")
        self.resolutions: Remembered[Hashable, Resolution] = remembered("resolutions")
        self._file_wide: dict[tuple[str, str], bool] = {}
        self._looking: set[tuple[str, str, str]] = set()
        """What modules are being asked for."""
        self._circles = 0
        self._forgotten = 0
        self._depth = 0
        self._current: LanguageRules = rules_of("")
        """The rules of the file whose expression is being evaluated: those for what lies outside the index."""

    def interrupted(self) -> None:
        """Forget what was begun: an evaluation ended with an exception."""
        for table in self._tables:
            table.forget()
        self._looking.clear()
        self._depth = 0

    def _too_deep(self) -> bool:
        """Whether nothing more may be evaluated inside what is being evaluated."""
        if self._depth < MAX_NESTED:
            return False
        self._doubts.count += 1
        return True

    # Expressions

    def evaluate(self, expression: str, place: Spot) -> Values:
        """What an expression stands for at a place. Empty if nothing in it is called so."""
        if not expression or expression == "?":
            return NOTHING_KNOWN
        place = self.widened(expression, place)
        key = (expression, place)
        if (known := self._evaluated.get(key)) is not None:
            return known
        if self._too_deep():
            return NOTHING_KNOWN
        begun = self._evaluated.begin(key, NOTHING_KNOWN)
        self._depth += 1
        before, self._current = self._current, self.rules(place.path)
        try:
            found: dict[Value, None] = {}
            for chain in chains(expression):
                values = self._head(chain.head, place, chain.steps[:1])
                for number, step in enumerate(chain.steps):
                    if is_handed(step):
                        values = handed(self, values, step, self._current)
                    elif step == CALL or step[0] == "(":
                        values = self.called(values)
                    elif step == ELEMENT:
                        values = elements(self, values, self._current)
                    elif step == PAIRS_STEP:
                        pair = (
                            Value(
                                "external",
                                name=TUPLE,
                                arguments=((BUILT_IN_VALUE,), elements(self, values, self._current)),
                            ),
                        )
                        values = (Value("external", name=LIST, arguments=(pair,)),)
                    elif step[0] == "[":
                        values = items(self, values, int(step[1:-1]), self._current)
                    else:
                        found_members = self.members(values, step, place)
                        meant = self._called_or_read(found_members, chain.steps[number + 1 : number + 2])
                        values = self.held(self._current.doubted(self, meant))
                found.update(dict.fromkeys(values))
        finally:
            self._depth -= 1
            self._current = before
        if len(found) > 1 and any(one.kind not in ("missed", "unknown") for one in found):
            # An alternative that lacks the member cannot be meant.
            found = {one: None for one in found if one.kind != "missed"}
        result = bounded_values(found)
        self._evaluated.end(key, result, begun)
        return result

    def _called_or_read(self, found: Values, then: tuple[str, ...]) -> Values:
        """Of a method and a field of one name the one that is meant: the method if it is called. Of overloads those
        that take as many arguments.

        Args:
            then: the step that follows, if any.
        """
        if len(found) < 2 or not (self._current.overloads or self._current.fields_apart):
            return found
        functions: dict[Value, Symbol] = {}
        for value in found:
            view = self.view(value.path) if value.kind == "symbol" else None
            if view is not None and view.symbol(value.number).kind in CALLABLE_KINDS:
                functions[value] = view.symbol(value.number)
        called = bool(then) and then[0][0] == "("
        meant = tuple(value for value in found if (value in functions) == called) or found
        count = arguments_in(then[0]) if called else -1
        if count < 0 or not self._current.overloads:
            return meant
        added = {one: one.name == ADDED for one in functions}
        fitting = [one for one in meant if one not in functions or takes(functions[one], count + added[one])]
        return tuple(fitting) or meant

    def widened(self, expression: str, place: Spot) -> Spot:
        """The outermost place at which an expression means the same, so that it is evaluated once."""
        view = self.view(place.path)
        if view is None or place.owner < 0 or (view.lambdas and "@" in expression):
            return place
        if expression[0] == "$" and "|" not in expression:
            around = view.class_around(place.owner)
            return Spot(place.path, around, place.this) if around >= 0 else place
        if self._rules_of(view.facts.language).generic_types:
            return Spot(place.path, view.outside_function(place.owner, expression), place.this)
        key = (expression, place.path)
        if (file_wide := self._file_wide.get(key)) is None:
            file_wide = self._file_wide[key] = self._means_one_thing(expression, view)
        return Spot(place.path) if file_wide else place

    def _means_one_thing(self, expression: str, view: FileView) -> bool:
        """Whether an expression means the same everywhere in a file."""
        if view.inner_imports or self._rules_of(view.facts.language).implicit_self:
            return False
        symbols = view.facts.symbols
        for chain in chains(expression):
            head = chain.head
            if not head.isidentifier() or any(symbols[index].parent >= 0 for index in view.named(head)):
                return False
        return True

    def _head(self, head: str, place: Spot, then: tuple[str, ...]) -> Values:
        if head == BUILT_IN:
            return (BUILT_IN_VALUE,)
        if not head:  # a type that no name stands for, such as Swift's `[Element]`
            return NOTHING_KNOWN
        if head in _OWN:
            return self._own(head, place)
        if head[0] == "$" and not self.rules(place.path).dollar_names:  # a closure's argument: Swift's `$0`
            return NOTHING_KNOWN
        if head[0] == "@":
            return self.rules(place.path).marked(self, place, head)
        if head[0] == "<":
            return self.type_value(self.rules(place.path).read_type(head[1:-1]), place)
        if head[0] == "#" and head[1:].isdigit():
            return self.held((Value("symbol", place.path, int(head[1:])),))
        found = self.named(head, place)
        if then and then[0][:1] not in ("(", "[") and found and all(map(self.is_function, found)):
            # A function has no members: `Pool::size`, where a method `Pool` hides the type.
            found = self.rules(place.path).scope_named(self, place, head)
        if len(found) > 1:
            found = self._called_or_read(self.rules(place.path).meant("value", found, self), then)
        return self.held(self.rules(place.path).doubted(self, found))

    def _own(self, head: str, place: Spot) -> Values:
        """The values of `$`, `$cls` and `$super`."""
        enclosing = self.enclosing_class(place.path, place.owner)
        if enclosing is None:
            return NOTHING_KNOWN
        if head == SUPER:
            return (Value("instance", enclosing.path, enclosing.number, name=SUPER),)
        if place.this is not None and enclosing.kind == "class":
            enclosing = Value("class", *place.this)
        if head == CLASS or enclosing.kind != "class":
            return (enclosing,)
        arguments = self.rules(place.path).own_arguments(self, place)
        return (Value("instance", enclosing.path, enclosing.number, arguments=arguments, this=enclosing.key),)

    def enclosing_class(self, path: str, owner: int) -> Value | None:
        """The class around a place, in whose methods `$` is an instance of it; None outside classes."""
        return next(iter(self._classes_around(path, owner)), None)

    def _classes_around(self, path: str, owner: int) -> Values:
        """The class around a place; several where a type is defined for each system of its own."""
        view = self.view(path)
        if view is None:
            return ()
        for around in view.chain(owner):
            symbol = view.symbol(around)
            extended = symbol.name if symbol.flags & EXTENSION else view.type_around(around)
            # A class may be defined outside the one that it belongs to: `class Block::Iter : public Iterator`.
            if extended and (symbol.flags & EXTENSION or symbol.kind not in CONTAINER_KINDS):
                kind = self._rules_of(view.facts.language).read_type(extended).name
                found = self.evaluate(_dotted(kind), Spot(path, symbol.parent))
                return tuple(one for one in found if one.kind != "unknown") or NOTHING_KNOWN
            if symbol.kind in CONTAINER_KINDS:
                return (Value("class", path, around),)
        return ()

    def home_class(self, path: str, number: int) -> Value | None:
        """The class of which a symbol is a member whose qualifier names it."""
        return next(iter(self._home_classes(path, number)), None)

    def _home_classes(self, path: str, number: int) -> Values:
        """The same, as alternatives; see `_classes_around`."""
        view = self.view(path)
        symbol = view.symbol(number) if view is not None else None
        if symbol is None or not symbol.scope or symbol.flags & EXTENSION or symbol.kind not in CONTAINER_KINDS:
            return self._classes_around(path, number)
        found = self.evaluate(_dotted(symbol.scope), Spot(path, symbol.parent))
        return tuple(one for one in found if one.kind != "unknown") or found[:1]

    def named(self, name: str, place: Spot) -> Values:
        """What a bare name means at a place: symbols, modules, external values. Empty if nothing is called so."""
        view = self.view(place.path)
        if view is None or self._too_deep():
            return NOTHING_KNOWN
        place = self._rules_of(view.facts.language).widened(view, place)
        key = (name, place)
        if (known := self._named.get(key)) is not None:
            return known
        begun = self._named.begin(key, ())
        self._depth += 1
        try:
            found = self._rules_of(view.facts.language).bare(self, view, place, name)
        finally:
            self._depth -= 1
        self._named.end(key, found, begun)
        return found

    # Members

    def members(self, values: Values, name: str, place: Spot) -> Values:
        """The members of that name of any of the alternatives."""
        found: dict[Value, None] = {}
        for value in self.rules(place.path).with_members(values) if len(values) > 1 else values:
            found.update(dict.fromkeys(self.member(value, name, place)))
        if len(values) > 1 and any(one.kind == "symbol" for one in found):
            # Only the alternatives that have the member can be meant.
            return tuple(one for one in found if one.kind != "missed")
        return tuple(found)

    def member(self, value: Value, name: str, place: Spot) -> Values:
        """The members of that name: symbols, modules, external values.

        Empty if there is none; a value of kind `missed` says that only classes below the receiver's can have it.
        """
        if value.kind == "unknown" or value.kind == "missed":
            return (value,) if value.kind == "unknown" else NOTHING_KNOWN
        rules = self.rules(value.path if value.kind in ("class", "instance") else place.path)
        if value.kind == "module":
            language = self.language(place.path)
            return self.module_member(value.path, name, language)
        if value.kind == "external":
            return rules.external_member(self, value, name)
        if value.kind == "function":
            return self.rules(value.path).function_member(self, value, name)
        if value.kind == "symbol":
            return self.members(self.held((value,)), name, place)
        found = self._member_of_class(rules, value, name, "")
        if rules.hides_private and any(self.is_hidden(one, place.path) for one in found):
            return self._member_of_class(rules, value, name, place.path)
        return found

    def _member_of_class(self, rules: LanguageRules, value: Value, name: str, seen_from: str) -> Values:
        """The members of a class or an instance; without those that a file does not see, if one is given."""
        key = (value, name, seen_from)
        if (known := self._members.get(key)) is not None:
            return known
        if self._too_deep():
            return NOTHING_KNOWN
        begun = self._members.begin(key, NOTHING_KNOWN)
        self._depth += 1
        try:
            found = self._class_member(rules, value, name, seen_from)
        finally:
            self._depth -= 1
        self._members.end(key, found, begun)
        return found

    def is_hidden(self, value: Value, path: str) -> bool:
        """Whether a symbol is a member that a file does not see."""
        if value.kind != "symbol" or not path or value.path == path or (view := self.view(value.path)) is None:
            return False
        return bool(view.symbol(value.number).flags & PRIVATE)

    def _class_member(self, rules: LanguageRules, value: Value, name: str, seen_from: str) -> Values:
        this = value.this or value.key
        arguments = value.arguments if rules.generic_types else ()
        if value.name != SUPER and not rules.sorts_apart and (view := self.view(value.path)) is not None:
            # The usual case needs no supertypes.
            own = self._of_side(rules, value, self.own_members(value.key, name))
            if own and any(one.path != view.path or not view.symbol(one.number).flags & INFERRED for one in own):
                return tuple(one._replace(this=this, arguments=arguments) for one in own)
        hierarchy = self.ancestors(value.key)
        classes = hierarchy.classes
        if value.name == SUPER:
            classes, this = classes[1:], value.key
        inferred: Values = ()
        sorts: dict[bool, Values] = {}
        for key in classes:
            own = self._of_side(rules, value, self.own_members(key, name))
            if seen_from:
                own = tuple(one for one in own if not self.is_hidden(one, seen_from))
            if not own:
                continue
            view = self.view(key[0])
            assert view is not None
            found = tuple(one._replace(this=this, arguments=arguments) for one in own)
            if rules.sorts_apart:
                # The nearest methods, and the nearest field.
                for function in (False, True):
                    of_sort = tuple(one for one in found if self.is_function(one) == function)
                    if of_sort:
                        sorts.setdefault(function, of_sort)
                if len(sorts) > 1:
                    break
                continue
            if all(view.symbol(one.number).flags & INFERRED for one in own if one.path == view.path):
                # Supertypes that assign to the field as well have the same one.
                inferred += found
                continue
            return inferred or found
        if inferred:
            return inferred
        if sorts:
            return tuple(one for of_sort in sorts.values() for one in of_sort)
        if found := rules.class_member(self, value, name):
            return found
        if hierarchy.open:
            return NOTHING_KNOWN
        missed = Value("missed", *value.key, name="$" if value.this is not None or value.name == SUPER else "")
        if hierarchy.externals:
            outside = tuple(
                Value("external", name=f"{one.name}{INSTANCE_MARK}.{name}") for one in hierarchy.externals[:2]
            )
            return (*outside, missed)
        return (missed,)

    def _of_side(self, rules: LanguageRules, value: Value, own: Values) -> Values:
        """Of members of one name, some of a class itself and some of its instances, those that a value has."""
        if len(own) < 2 or not rules.statics_apart or value.name == SUPER:
            return own
        views = {one.path: view for one in own if (view := self.view(one.path)) is not None}
        static = tuple(one for one in own if views[one.path].symbol(one.number).flags & STATIC)
        others = tuple(one for one in own if one not in static)
        return own if not static or not others else others if value.kind == "instance" else static

    def is_function(self, value: Value) -> bool:
        """Whether a value is a function of the index."""
        view = self.view(value.path) if value.kind in ("symbol", "function") else None
        return view is not None and view.symbol(value.number).kind in CALLABLE_KINDS

    def own_members(self, key: Key, name: str) -> Values:
        """The members of a name that a class itself declares, inside it or beside it."""
        view = self.view(key[0])
        if view is None:
            return ()
        found = symbols(view, view.children(key[1], name))
        symbol = view.symbol(key[1])
        bare = last_part(symbol.name)
        for index in view.outside_members(bare):
            found += self._beside(view, index, name)
        rules = self._rules_of(view.facts.language)
        if rules.extensions and self.are_extended(rules):
            found += tuple(one for one in self._extending(key, bare, name) if one not in found)
        if found and rules.classes_import and view.inner_imports:
            found += tuple(one for one in rules.imported_as(self, view, name, key[1]) if one not in found)
        return found

    def _beside(self, view: FileView, index: int, name: str) -> Values:
        """The members of a name in an extension, or the symbol itself, if a qualifier makes it a member."""
        symbol = view.symbol(index)
        if symbol.flags & EXTENSION and not symbol.scope:
            return symbols(view, view.children(index, name))
        return symbols(view, [index]) if symbol.name == name else ()

    def _extending(self, key: Key, bare: str, name: str) -> Values:
        """Members of a name that other files add to a type."""
        cached = (key, name)
        if (known := self._extensions.get(cached)) is not None:
            return known
        begun = self._extensions.begin(cached, ())
        found: Values = ()
        rules = self.rules(key[0])
        for path in rules.extending_files(self, key, bare, name):
            view = self.view(path)
            if view is None or path == key[0] or view.facts.language not in rules.languages:
                continue
            for index in view.outside_members(bare):
                members = self._beside(view, index, name)
                if members and any(around.key == key for around in self._home_classes(path, index)):
                    found += members
        found += rules.extended_by_other_name(self, key, bare, name)
        self._extensions.end(cached, found, begun)
        return found

    def ancestors(self, key: Key) -> Hierarchy:
        """A class and its supertypes, in the order in which members are looked for."""
        if (known := self._hierarchies.get(key)) is not None:
            return known
        view = self.view(key[0])
        if view is None or self._too_deep():
            return Hierarchy((key,), (), open=True)
        begun = self._hierarchies.begin(key, Hierarchy((key,), (), open=False))
        self._depth += 1
        try:
            made = merged(self, key)
        finally:
            self._depth -= 1
        self._hierarchies.end(key, made, begun)
        return made

    # What symbols hold

    def held(self, values: Values) -> Values:
        """What symbols stand for: a class itself, a function itself, the value of a variable, a field or a property."""
        found: dict[Value, None] = {}
        declared: set[tuple[str, int]] = set()
        for value in values:
            if value.kind == "symbol":
                view = self.view(value.path)
                assert view is not None
                symbol = view.symbol(value.number)
                if symbol.type and not symbol.flags & INFERRED and symbol.kind not in CALLABLE_KINDS:
                    declared.add((value.path, symbol.parent))
        for value in values:
            if value.kind != "symbol":
                found[value] = None
                continue
            view = self.view(value.path)
            assert view is not None
            symbol = view.symbol(value.number)
            if (value.path, symbol.parent) in declared and (symbol.flags & INFERRED or not symbol.type):
                continue
            found.update(dict.fromkeys(self._hold(value)))
        return bounded_values(found)

    def _hold(self, value: Value) -> Values:
        if (known := self._held.get(value)) is not None:
            return known
        view = self.view(value.path)
        if view is None:
            return NOTHING_KNOWN
        symbol = view.symbol(value.number)
        if symbol.kind in CALLABLE_KINDS and not symbol.flags & PROPERTY:
            function = Value("function", value.path, value.number, arguments=value.arguments, this=value.this)
            if not symbol.decorators:
                return (function,)
            begun = self._held.begin(value, (function,))
            made = self._rules_of(view.facts.language).decorated(self, view, function)
            self._held.end(value, made, begun)
            return made
        if symbol.kind == "enum_member" and symbol.parent >= 0:
            return (Value("instance", value.path, symbol.parent),)
        if symbol.kind in CONTAINER_KINDS and not symbol.type:
            return (Value("class", value.path, value.number),)
        begun = self._held.begin(value, NOTHING_KNOWN)
        found = self._rules_of(view.facts.language).held(self, view, value)
        found = found or self.evaluate(symbol.type, Spot(value.path, value.number, value.this)) or NOTHING_KNOWN
        self._held.end(value, found, begun)
        return found

    # What calls and loops give

    def called(self, values: Values) -> Values:
        """What a call of the values results in."""
        return called(self, values, self._current)

    def type_value(self, kind: TypeText, place: Spot) -> Values:
        """Instances of a type that is written at a place."""
        if self._too_deep():
            return NOTHING_KNOWN
        self._depth += 1
        try:
            return self.rules(place.path).type_value(self, kind, place)
        finally:
            self._depth -= 1

    # Imports and modules

    def import_target(self, path: str, item: Import) -> Values:
        """What an import stands for. A circle of imports gives nothing."""
        view = self.view(path)
        if view is None:
            return NOTHING_KNOWN
        key = (path, item.module, item.member, item.owner)
        if (known := self._imports.get(key)) is not None:
            return known
        if self._too_deep():
            return NOTHING_KNOWN
        begun = self._imports.begin(key, ())
        self._depth += 1
        try:
            found = self._rules_of(view.facts.language).imported(self, view, item)
        finally:
            self._depth -= 1
        self._imports.end(key, found, begun)
        return found

    def module_member(self, module: str, name: str, language: str) -> Values:
        """What a module offers under a name. A circle of re-exports gives nothing."""
        key = (module, name, language)
        if (known := self._module_members.get(key)) is not None:
            self._circles += key in self._looking
            return known
        if self._too_deep():
            return NOTHING_KNOWN
        begun = self._module_members.begin(key, ())
        self._looking.add(key)
        before = self._circles
        self._depth += 1
        try:
            found = self._rules_of(self.language(module) or language).module_member(self, module, name)
        finally:
            self._looking.discard(key)
            self._depth -= 1
        if not found and self._circles != before and self._forgotten < MAX_FORGOTTEN:
            # Something that is being looked for seemed to lack the name: ask again another time.
            self._forgotten += 1
            self._module_members.drop(key)
            return found
        self._module_members.end(key, found, begun)
        return found


def _dotted(name: str) -> str:
    return name.replace("::", ".").replace("\\", ".").strip(".")
