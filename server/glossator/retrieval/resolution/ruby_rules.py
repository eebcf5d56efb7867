"""Ruby: classes and modules that may be reopened anywhere; methods that are called by naming them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from glossator.index.facts import GLOBAL, LOCAL, NESTED, STATIC
from glossator.retrieval.resolution.file_view import CALLABLE_KINDS
from glossator.retrieval.resolution.rules import LanguageRules, own_symbols, symbol_of, symbols
from glossator.retrieval.resolution.values import NOTHING_KNOWN, UNKNOWN_VALUE, Spot, Value, Values, external

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glossator.index.facts import Symbol
    from glossator.retrieval.resolution.file_view import FileView
    from glossator.retrieval.resolution.rules import World
    from glossator.retrieval.resolution.values import Key

NESTING_KINDS: Final = frozenset(("class", "module"))


class RubyRules(LanguageRules):
    """Ruby. Constants are found by the modules around a place; what no class has may be made while running."""

    languages = frozenset(("ruby",))
    receives_bare = True
    statics_apart = True
    implicit_self = True
    parts_elsewhere = True
    setter_ending = "="
    shared_functions = True
    extended_types = frozenset(
        ("Array", "BasicObject", "FalseClass", "Float", "Hash", "Integer", "Kernel", "NilClass", "Numeric", "Object")
    ) | {"Comparable", "Enumerable", "Proc", "Range", "Regexp", "String", "Symbol", "TrueClass"}
    constructors = frozenset(("initialize",))
    implicit_members = frozenset(
        (
            *(
                "initialize",
                "initialize_copy",
                "each",
                "to_s",
                "to_str",
                "to_a",
                "to_ary",
                "to_h",
                "to_proc",
                "inspect",
            ),
            *("method_missing", "respond_to_missing?", "hash", "eql?", "coerce", "call", "const_missing"),
            *("included", "extended", "inherited", "prepended", "method_added"),
        )
    )

    def in_scopes(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """Constants of the classes around a place; methods of the innermost class alone, of the sort that the method
        around is: those of instances do not reach those of the class by their bare names, nor these those."""
        if name[:1].isupper():
            return super().in_scopes(world, view, place, name)
        static: bool | None = None
        for around in view.chain(place.owner):
            symbol = view.symbol(around)
            home = world.enclosing_class(view.path, around) if view.type_around(around) else None
            if symbol.kind in NESTING_KINDS:
                this = place.this if place.this and around == view.enclosing_container(place.owner) else None
                home = Value("class", *(this or (view.path, around)))
            elif static is None and symbol.kind in CALLABLE_KINDS:
                static = bool(symbol.flags & STATIC)
            if home is not None and home.kind == "class" and static is False:
                home = home._replace(kind="instance")
            if home is not None and (found := self.members_by_bare_name(world, home, name, place)):
                return found if self._is_of_sort(world, found, static=static) else (*found, UNKNOWN_VALUE)
            if symbol.kind in NESTING_KINDS:
                return ()
            if found := self._outside_blocks(view, view.children(around, name)):
                return found
        return ()

    def _is_of_sort(self, world: World, found: Values, *, static: bool | None) -> bool:
        """Whether methods are the class's own (or those of instances); of code in a class's body the former is true."""
        methods = (symbol_of(world, one) for one in found if one.kind == "symbol")
        return all(
            bool(method.flags & STATIC) == (static is not False) for method in methods if method.kind in CALLABLE_KINDS
        )

    def in_file(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """A constant of the modules around a place or of the top, in any file; a method of the file's top."""
        if name[:1].isupper():
            around = self._nesting(view, place.owner)
            candidates = list(self._constants(world, name))
            for size in range(len(around), -1, -1):
                found = tuple(one for one, chain in candidates if chain == around[:size])
                if found:
                    return self._nearest(world, view.path, found)
            return ()
        return self._outside_blocks(view, view.children(-1, name))

    def _outside_blocks(self, view: FileView, indexes: list[int]) -> Values:
        """Methods as values; unknown too if one is defined in a block, which may be the body of a class."""
        nested = any(view.symbol(index).flags & NESTED for index in indexes)
        return (*symbols(view, indexes), *([UNKNOWN_VALUE] if nested else ()))

    def bare(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """What has no module around it, before `::Rack`; else by the scopes."""
        if name == GLOBAL:
            return (Value("module", _OUTERMOST),)
        return super().bare(world, view, place, name)

    def global_name(self, world: World, path: str, name: str) -> Values:
        """A constant that has no module around it: `::Rack`."""
        return self._nearest(world, path, tuple(one for one, around in self._constants(world, name) if not around))

    def module_member(self, world: World, module: str, name: str) -> Values:
        """A constant that has no module around it, after `::`."""
        return self.global_name(world, "", name) if module == _OUTERMOST else super().module_member(world, module, name)

    def base_value(self, world: World, base: str, place: Spot) -> Values:
        """The class that a supertype as written leads to, which may begin with `::`."""
        return super().base_value(world, base, place) if base[:2] != "::" else self._outer_base(world, base, place)

    def _outer_base(self, world: World, base: str, place: Spot) -> Values:
        found = world.evaluate(f"{GLOBAL}.{base[2:].replace('::', '.')}", place)
        return tuple(one if one.kind == "class" else UNKNOWN_VALUE for one in found) or NOTHING_KNOWN

    def meant_of(self, kind: str, world: World, values: Values, name: str, members: Values) -> Values:
        """`Shop::Cart` is the class, beside a method `Cart` of `Shop`, which only a call means."""
        members = self._read_or_written(kind, world, members)
        if kind == "call" or not name[:1].isupper() or not any(map(world.is_function, members)):
            return members
        constants = tuple(one for value in values for one in self.class_member(world, value, name))
        return constants or tuple(one for one in members if not world.is_function(one)) or NOTHING_KNOWN

    def meant(self, kind: str, found: Values, world: World) -> Values:
        """Of a method and a property of one name the one that is read or written."""
        return self._read_or_written(kind, world, super().meant(kind, found, world))

    def _read_or_written(self, kind: str, world: World, found: Values) -> Values:
        """Without what only writes, `attr_writer :pool` beside `def pool`, where a name is read, or what only reads."""
        written = tuple(one for one in own_symbols(found) if symbol_of(world, one).kind == "property")
        read = tuple(one for one in found if one not in written and world.is_function(one))
        if not written or not read:
            return found
        unfit = read if kind == "write" else written
        return tuple(one for one in found if one not in unfit)

    def elsewhere(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """Nothing for a constant that the index has nowhere; unknown for others, and for methods."""
        if name[:1].isupper() and not any(True for _ in self._constants(world, name)):
            return ()
        return NOTHING_KNOWN

    def called_elsewhere(self, world: World, place: Spot, name: str) -> Values:
        """A method whose name begins like a constant's (`N_("Apple")`), maybe of what is mixed in."""
        own = name[:1].isupper() and name not in self.extended_types and name not in _CONVERTING
        return NOTHING_KNOWN if own else ()

    def more_bases(self, world: World, key: Key) -> Values:
        """Where else the class or module is opened, in a library if it is written as that's (`class Rake::Task`);
        unknown ones if its hook includes more (`base.include Job`)."""
        view = world.view(key[0])
        if view is None or view.symbol(key[1]).kind not in NESTING_KINDS:
            return ()
        symbol = view.symbol(key[1])
        outer = symbol.scope.lstrip(":").split("::")[0]
        if outer and not any(True for _ in self._constants(world, outer)):
            whole = f"{symbol.scope}::{symbol.name}".lstrip(":").replace("::", ".")
            return (external(whole), *self._other_parts(world, view, key))
        hooks = {index for name in _HOOKS for index in view.children(key[1], name)}
        if hooks and any(one.owner in hooks for name in _INCLUDING for one in view.facts.mentions_of(name)):
            return (UNKNOWN_VALUE, *self._other_parts(world, view, key))
        return self._other_parts(world, view, key)

    def _other_parts(self, world: World, view: FileView, key: Key) -> Values:
        """The other places where a class or module is opened, but for those that only have classes and modules in it: a
        name around all of a library's files is opened in each of them."""
        name, around = view.symbol(key[1]).name, self._nesting(view, key[1])[:-1]
        known = ("ruby parts", name, *around)
        if not isinstance(parts := world.memory.get(known), tuple):
            found = (one for one, outside in self._constants(world, name) if outside == around)
            parts = world.memory[known] = tuple(
                Value("class", one.path, one.number) for one in found if self._adds_members(world, one)
            )
        return tuple(one for one in parts if one.key != key)

    def _adds_members(self, world: World, part: Value) -> bool:
        """Whether a class or module has methods, fields, constants or supertypes where it is opened."""
        symbol, view = symbol_of(world, part), world.view(part.path)
        if symbol.kind not in NESTING_KINDS or view is None:
            return False
        members = (view.symbol(index) for index in view.members(part.number))
        added = any(one.kind not in NESTING_KINDS for one in members) or bool(view.outside_members(symbol.name))
        return added or bool(symbol.bases)

    def class_member(self, world: World, value: Value, name: str) -> Values:
        """`new` gives an instance, `class` the class, a nested constant is looked for in all parts; else unknown."""
        view = world.view(value.path)
        if view is None:
            return NOTHING_KNOWN
        if name == "new" and value.kind == "class":
            return (Value("instance", value.path, value.number),)
        if name == "class" and value.kind == "instance":
            # What a module's methods run in is of the class that includes it.
            is_module = view.symbol(value.number).kind == "module"
            return (UNKNOWN_VALUE,) if is_module else (Value("class", value.path, value.number),)
        if name in _SAME and value.kind == "instance":
            return (value,)
        if name[:1].isupper():
            chain = self._nesting(view, value.number)
            found = tuple(one for one, around in self._constants(world, name) if around == chain)
            return self._first_part(world, found)
        return NOTHING_KNOWN

    def may_be_used_unseen(self, world: World, view: FileView, number: int) -> bool:
        """Tasks, which a command line names; and a class named like its file, if anything finds
        constants by names that are made at run time (`Object.const_get(name.capitalize)`)."""
        symbol = view.symbol(number)
        file = view.path.rpartition("/")[2]
        if symbol.kind == "function" and (file in _TASK_FILES or file.endswith(".rake")):
            return True
        if symbol.kind in NESTING_KINDS and symbol.name.lower() == file.partition(".")[0].replace("_", "").lower():
            return bool(world.files_noting_any(_FINDING)) or super().may_be_used_unseen(world, view, number)
        return super().may_be_used_unseen(world, view, number)

    def one_with(self, one: Symbol, other: Symbol) -> bool:
        """A method and `attr_writer` of its name are two things, and so are methods in two blocks of a function, and a
        class's own method and one of its instances."""
        if one.flags & other.flags & LOCAL and one.kind in CALLABLE_KINDS and one.line != other.line:
            return False
        if (one.flags ^ other.flags) & STATIC and one.kind in CALLABLE_KINDS and other.kind in CALLABLE_KINDS:
            return False
        return (one.kind == "property") == (other.kind == "property") and super().one_with(one, other)

    def same_thing(self, one: Symbol, other: Symbol) -> bool:
        """The parts of a class or module."""
        return one.kind == other.kind and one.kind in NESTING_KINDS

    def _first_part(self, world: World, found: Values) -> Values:
        """Of a class that several files open, one part: the others are its supertypes (`more_bases`)."""
        if len(found) > 1 and all(symbol_of(world, one).kind in NESTING_KINDS for one in found):
            return found[:1]
        return found

    def _nearest(self, world: World, path: str, found: Values) -> Values:
        """Of constants of one name and place the file's own: programs of one file each may have one. Those of other
        files may be meant."""
        if len(kept := self._first_part(world, found)) < 2:
            return kept
        return tuple(one for one in kept if one.path == path) or (*kept, UNKNOWN_VALUE)

    def _constants(self, world: World, name: str) -> Iterator[tuple[Value, list[str]]]:
        """The classes, modules and constants of a name, with the names of what they are in."""
        for path in world.likeliest(name):
            view = world.view(path)
            if view is None or view.facts.language not in self.languages:
                continue
            for index in view.named(name):
                symbol = view.symbol(index)
                if symbol.kind in (*NESTING_KINDS, "constant") and not symbol.flags & LOCAL:
                    yield Value("symbol", path, index), self._nesting(view, index)[:-1]

    def _nesting(self, view: FileView, owner: int) -> list[str]:
        """The names of the modules and classes around a symbol, and of itself, from the outside in."""
        names: list[str] = []
        while owner >= 0:
            symbol = view.symbol(owner)
            if symbol.kind in NESTING_KINDS or (not names and symbol.kind == "constant"):
                names[:0] = [*symbol.scope.split("::"), symbol.name]
            owner = symbol.parent
        return [name for name in names if name]


_OUTERMOST: Final = "::"
"""In place of a module's path: what has no module around it."""
_HOOKS: Final = ("included", "extended", "inherited", "prepended")
"""Methods that run where a module is included or a class inherited from."""
_INCLUDING: Final = ("include", "extend", "prepend", "send", "class_eval", "instance_eval")
"""Calls in them that may add supertypes."""
_TASK_FILES: Final = frozenset(("Rakefile", "rakefile", "Rakefile.rb", "rakefile.rb"))
"""Names of files whose functions are tasks, or serve them."""
_FINDING: Final = ("const_get", "constantize", "safe_constantize")
"""Methods that find a constant by its name."""
_CONVERTING: Final = frozenset(("BigDecimal", "Complex", "Pathname", "Rational", "URI"))
"""Functions of the language that are named like what they make, beside those named like its extended types."""
_SAME: Final = frozenset(("dup", "clone", "freeze", "tap", "itself"))
"""Methods that give the object itself, or one like it."""
