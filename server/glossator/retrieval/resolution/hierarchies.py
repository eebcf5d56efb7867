"""Which classes are above and below a class, and which members override each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from glossator.index.facts import EXTENSION, PRIVATE, STATIC, last_part, subtype_note
from glossator.index.languages import share_names
from glossator.retrieval.resolution.class_order import direct_supertypes
from glossator.retrieval.resolution.definition_lookup import DefinitionLookup
from glossator.retrieval.resolution.file_view import CALLABLE_KINDS, CONTAINER_KINDS
from glossator.retrieval.resolution.parameters import may_override
from glossator.retrieval.resolution.rules_table import rules_of
from glossator.retrieval.resolution.values import Spot

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glossator.retrieval.resolution.source import FactsSource
    from glossator.retrieval.resolution.values import DefinedSymbol, Key

MAX_SUBCLASS_FILES: Final = 400
"""Files that are searched for subclasses of one class."""
MAX_SUBCLASSES: Final = 300


class Hierarchies(DefinitionLookup):
    """Definitions, and the classes and members above and below them."""

    def __init__(self, source: FactsSource) -> None:
        super().__init__(source)
        self._subclasses: dict[Key, tuple[list[Key], bool]] = {}
        self._kin: dict[Key, tuple[set[Key], bool]] = {}

    def supers(self, definition: DefinedSymbol) -> list[DefinedSymbol]:
        """Of a class its supertypes, the nearest first; of a member those that it overrides or implements."""
        key = definition.key if definition.symbol.kind in CONTAINER_KINDS else self.class_key(definition)
        if key is None:
            return []
        above = self.world.ancestors(key).classes[1:]
        if key == definition.key:
            return self._of_others(definition, above)
        found: dict[Key, DefinedSymbol] = {}
        for above_key in dict.fromkeys((*above, *self._implemented(definition))):
            for value in self.world.own_members(above_key, definition.name):
                one = self.world.definition(value.key)
                if one is not None and one.key != definition.key and self._may_override(definition, one):
                    found[value.key] = one
        return list(found.values())

    def _implemented(self, definition: DefinedSymbol) -> list[Key]:
        """What the extension names in which a member stands, maybe in another file than its type: the trait in Rust's
        `impl Door for Gate`."""
        view, parent = self.world.view(definition.path), definition.symbol.parent
        if view is None or parent < 0 or not view.symbol(parent).flags & EXTENSION:
            return []
        return self._written_bases(definition.path, parent)

    def _written_bases(self, path: str, index: int) -> list[Key]:
        """The classes of the index that a symbol itself names as its supertypes."""
        view = self.world.view(path)
        if view is None:
            return []
        place = Spot(path, view.symbol(index).parent)
        found = (
            one
            for base in view.symbol(index).bases
            for one in self.world.rules(path).base_value(self.world, base, place)
        )
        return [one.key for one in found if one.kind == "class"]

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
            for value in self.world.own_members(below_key, definition.name):
                one = self.world.definition(value.key)
                if one is not None and one.key != definition.key and self._may_override(one, definition):
                    found[value.key] = one
        return list(found.values())

    def is_structural(self, definition: DefinedSymbol) -> bool:
        """Whether others implement a type, or a member of one, without naming it: an interface in Go, a protocol in
        Python."""
        home = definition if definition.symbol.kind in CONTAINER_KINDS else self.class_of(definition)
        return home is not None and rules_of(home.language).is_structural(self.world, home)

    def _may_override(self, one: DefinedSymbol, other: DefinedSymbol) -> bool:
        """Whether a member of a class may override one of its name that a supertype has."""
        if one.symbol.kind == "constructor" and rules_of(one.language).own_constructor:
            return False
        if rules_of(other.language).labelled and (other.symbol.kind == "field" or self._is_of_extension_only(other)):
            return False  # Swift's fields are the parameters of types
        if not rules_of(one.language).statics_override and (one.symbol.flags | other.symbol.flags) & STATIC:
            return False
        if (one.symbol.flags | other.symbol.flags) & PRIVATE:
            return False
        if rules_of(one.language).statics_apart and (one.symbol.flags ^ other.symbol.flags) & STATIC:
            return False
        if one.language == "kotlin" and bool(one.symbol.scope) != bool(other.symbol.scope):
            return False  # an extension beside a member
        functions = one.symbol.kind in CALLABLE_KINDS, other.symbol.kind in CALLABLE_KINDS
        if one.language == "cpp" and functions != (True, True):
            return False  # neither fields nor what a template calls its parameters
        if not rules_of(one.language).overloads:
            return not rules_of(one.language).fields_apart or functions[0] == functions[1]
        if functions != (True, True):
            # A field overrides no method, except a record's in Java; a protocol's function may be an enum's case.
            rules = rules_of(one.language)
            apart = rules.labelled or rules.fields_apart
            return not apart or functions == (False, False) or one.symbol.kind == "enum_member"
        return may_override(one.symbol, other.symbol)

    def _is_of_extension_only(self, definition: DefinedSymbol) -> bool:
        """Whether a member of a protocol in Swift is none of those that it requires: an extension gives it, and no type
        overrides it, whatever it declares."""
        view = self.world.view(definition.path)
        home = self.class_of(definition)
        if view is None or home is None or home.symbol.kind != "protocol" or definition.symbol.parent < 0:
            return False
        required = self.world.view(home.path)
        if not view.symbol(definition.symbol.parent).flags & EXTENSION or required is None:
            return False
        return not required.children(home.index, definition.name)

    def _of_others(self, definition: DefinedSymbol, keys: Iterable[Key]) -> list[DefinedSymbol]:
        """The classes of these keys, without other parts of the class itself."""
        found = (one for key in keys if (one := self.world.definition(key)))
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
            definition = self.world.definition(current)
            if definition is None:
                continue
            name = last_part(definition.name)
            files = self.world.files_noting(subtype_note(name))
            read += len(files)
            if read > MAX_SUBCLASS_FILES or len(found) > MAX_SUBCLASSES:
                complete = False
                break
            for path in files:
                view = self.world.view(path)
                if view is None or not share_names(view.facts.language, definition.language):
                    continue
                written = [*view.subtypes(name)]
                for item in view.aliases(name):
                    written += view.subtypes(item.name)
                for index in written:
                    below = self._type_key(path, index)
                    if below is None or below in found or below == key:
                        continue
                    named = any(
                        base.key == current for base in direct_supertypes(self.world, below) if base.kind == "class"
                    )
                    if named or (view.symbol(index).flags & EXTENSION and current in self._written_bases(path, index)):
                        found[below] = None
                        pending.append(below)
        result = (list(found), complete)
        self._subclasses[key] = result
        return result

    def _type_key(self, path: str, index: int) -> Key | None:
        """The class that a symbol is or extends."""
        enclosing = self.world.enclosing_class(path, index)
        return enclosing.key if enclosing is not None and enclosing.kind == "class" else None

    def beside(self, key: Key) -> tuple[set[Key], bool]:
        """The classes whose instances may also be instances of a class: those above any class below it."""
        if (known := self._kin.get(key)) is None:
            below, complete = self.descendants(key)
            kin = {key}
            for one in below:
                kin.update(self.world.ancestors(one).classes)
            known = self._kin[key] = (kin, complete)
        return known
