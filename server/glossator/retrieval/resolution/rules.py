"""What a language's rules tell the resolver, and what the resolver offers them.

A language family has one class of rules, a subclass of `LanguageRules` in a module of its own, and a line in
`rules_table.py`. The package's docstring says what its author has to write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from glossator.index.facts import EXPORTED, EXTENSION, INFERRED, LOCAL
from glossator.retrieval.resolution.file_view import CALLABLE_KINDS, CONTAINER_KINDS
from glossator.retrieval.resolution.language_traits import LanguageTraits
from glossator.retrieval.resolution.parameters import may_override
from glossator.retrieval.resolution.type_texts import BUILT, FUNCTION, LIST, TUPLE, UNION, TypeText, read_type
from glossator.retrieval.resolution.values import (
    BUILT_IN_VALUE,
    NOTHING_KNOWN,
    UNKNOWN_VALUE,
    Spot,
    Value,
    Values,
    external,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterable

    from glossator.index.facts import Import, Symbol
    from glossator.retrieval.resolution.file_view import FileView
    from glossator.retrieval.resolution.source import PathIndex
    from glossator.retrieval.resolution.values import DefinedSymbol, Hierarchy, Key


SEEN_FROM: Final = "\0"
"""Separates a namespace from the file that looks at it, whose language decides what it contains."""


class World(Protocol):
    """What rules may ask of the index. Results are remembered (see `remembered`)."""

    def view(self, path: str) -> FileView | None:
        """The facts of a file; None if it has none."""

    def rules(self, path: str) -> LanguageRules:
        """The rules of a file's language."""

    def paths(self) -> PathIndex:
        """All paths of the index."""

    memory: dict[Hashable, object]
    """What rules remember, under keys that begin with their own name: only what follows from the facts alone, since
    questions about one state of the index share it."""

    def noting(self, name: str) -> list[str]:
        """The files that define, import or mention a name, as long as they are not too many."""

    def likeliest(self, name: str) -> list[str]:
        """The files that define a name: the likeliest, if they are too many."""

    def likeliest_adding(self, type_name: str, name: str) -> list[str]:
        """The files that define a member of a type outside of it: the likeliest, if they are too many."""

    def likeliest_mentioning(self, name: str) -> list[str]:
        """The files that define, import or mention a name: the likeliest to define it, if they are too many."""

    def files_noting(self, name: str) -> list[str]:
        """The files that define, import or mention a name, however many."""

    def files_defining(self, name: str) -> list[str]:
        """The files that define a name, however many."""

    def is_of_no_member(self, name: str, language: str) -> bool:
        """Whether no type in a language has a member of a name, constructors aside: few files define the name, all of
        them outside of types. It may be false without that."""

    def defining_in(self, folder: str, name: str, type_name: str = "") -> list[str]:
        """The files directly in a folder that define a name; with `type_name` as a member of a type, outside of it."""

    def files_noting_any(self, names: Collection[str]) -> list[str]:
        """The files that define, import or mention one of the names, however many."""

    def evaluate(self, expression: str, place: Spot) -> Values:
        """What an expression stands for at a place."""

    def named(self, name: str, place: Spot) -> Values:
        """What a bare name means at a place: symbols, modules, external values. Empty if nothing is called so."""

    def member(self, value: Value, name: str, place: Spot) -> Values:
        """The members of that name: symbols, modules, external values. Empty if there is none."""

    def own_members(self, key: Key, name: str) -> Values:
        """The members of a name that a class itself declares."""

    def language(self, path: str) -> str:
        """The language of a file; "" if it is none with facts."""

    def is_function(self, value: Value) -> bool:
        """Whether a value is a function of the index."""

    def held(self, values: Values) -> Values:
        """What symbols stand for: a class itself, a function itself, the value of a variable, a field or a property."""

    def called(self, values: Values) -> Values:
        """What a call of the values results in."""

    def type_value(self, kind: TypeText, place: Spot) -> Values:
        """Instances of a type that is written at a place."""

    def definition(self, key: Key) -> DefinedSymbol | None:
        """A symbol of the index by its file and number; None if there is none."""

    def import_target(self, path: str, item: Import) -> Values:
        """What an import stands for (`LanguageRules.imported`, remembered, and safe against circles)."""

    def module_member(self, module: str, name: str, language: str) -> Values:
        """What a module offers under a name (`LanguageRules.module_member`, remembered, and safe against circles)."""

    def ancestors(self, key: Key) -> Hierarchy:
        """A class and its supertypes."""

    def enclosing_class(self, path: str, owner: int) -> Value | None:
        """The class around a place, in whose methods `$` is an instance of it; None outside classes."""

    def is_hidden(self, value: Value, path: str) -> bool:
        """Whether a symbol is a member that a file does not see."""

    def packaged(self, package: str, name: str, near: str) -> Values:
        """The outermost symbols of a name in the files that declare a package or namespace."""


class LanguageRules(LanguageTraits):
    """The rules of a language family; the class itself has what most languages share."""

    # Names

    def bare(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """What a bare name means at a place: the first of the scopes around it that has it decides.

        The steps are methods of their own, of which a language replaces those that differ.
        """
        found: Values = ()
        for step in (self.in_scopes, self.in_file, self.in_siblings, self.in_stars):
            found = step(world, view, place, name)
            if found and found != NOTHING_KNOWN:
                return found
        if name in self.builtins:
            return (external(name),)
        return found or self.elsewhere(world, view, place, name)

    def widened(self, view: FileView, place: Spot) -> Spot:
        """The outermost place at which all bare names mean the same, so that they are looked up once."""
        return place

    def in_scopes(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """Definitions and imports inside the functions and classes around a place."""
        # An assignment to a field stands in a method.
        inside_function = place.owner >= 0 and bool(view.symbol(place.owner).flags & INFERRED)
        for around in view.chain(place.owner):
            symbol = view.symbol(around)
            container = symbol.kind in CONTAINER_KINDS
            if not container or (self.body_scope and not inside_function):
                found = symbols(view, view.children(around, name))
                found += self.imported_as(world, view, name, around)
                if found:
                    return found
            elif self.implicit_self:
                this = place.this if place.this and around == view.enclosing_container(place.owner) else None
                value: Value | None = Value("class", *(this or (view.path, around)))
                if symbol.flags & EXTENSION:
                    value = world.enclosing_class(view.path, around)
                    if (value is None or value.kind == "unknown") and (
                        found := self.added_to_library(world, view, around, name)
                    ):
                        return found
                if value is not None and (found := self.members_by_bare_name(world, value, name, place)):
                    return found
            inside_function = inside_function or symbol.kind in CALLABLE_KINDS
            if view.type_around(around) and self.implicit_self and (owner := world.enclosing_class(view.path, around)):
                found = self.members_by_bare_name(world, owner, name, place)
                if found:
                    return found
        return ()

    def added_to_library(self, world: World, view: FileView, extension: int, name: str) -> Values:
        """The members of a name that extensions give to a library's type which a symbol extends."""
        return ()

    def members_by_bare_name(self, world: World, value: Value, name: str, place: Spot) -> Values:
        """The members of a class that its methods reach by their bare names. A constructor has its class's name, which
        means the class."""
        found: Values = ()
        for one in world.member(value, name, place):
            view = world.view(one.path) if one.kind == "symbol" else None
            if view is not None and view.symbol(one.number).kind != "constructor":
                found += (one,)
        return found

    def in_file(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """The file's outermost definitions and imports."""
        own = [index for index in view.children(-1, name) if not self.beside_its_type(view.symbol(index))]
        return symbols(view, own) + self.imported_as(world, view, name, -1)

    def in_siblings(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """Definitions in other files whose names are visible without an import: those of the same package."""
        return ()

    def in_stars(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """What imports of all names bring in; unknown if one of them leads out of the index."""
        outside = False
        for item in view.stars:
            for module in world.import_target(view.path, item):
                if module.kind == "external" or module.kind == "unknown":
                    outside = True
                elif found := world.member(module, name, place):
                    return found
        return NOTHING_KNOWN if outside else ()

    def elsewhere(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """What a name means that none of the scopes has. By default nothing: it is a library's or generated."""
        return ()

    def meant(self, kind: str, found: Values, world: World) -> Values:
        """Of what a bare name may mean, what it means where the kind of its mention tells (a type, or a value)."""
        return found

    def doubted(self, world: World, found: Values) -> Values:
        """What a name before a member means, and something unknown if it has several versions of which one is meant."""
        return found

    def tagged(self, world: World, place: Spot, name: str) -> Values:
        """What a name means that is said to be the tag of a structure (`struct block` in C)."""
        return world.named(name, place)

    def named_by_arguments(self, world: World, place: Spot, name: str, given: str) -> Values:
        """What a called name means that the scopes do not have, if the types of the arguments tell; else empty.

        Args:
            given: the arguments, as `argument_types` writes them.
        """
        return ()

    def is_twofold(self, world: World, name: str) -> bool:
        """Whether what a bare name means may depend on the member that follows."""
        return False

    def before_member(self, world: World, found: Values, member: str | None) -> Values:
        """Of what a name means that is read, what it means before a member of a name; None if no member follows."""
        return found

    def called_elsewhere(self, world: World, place: Spot, name: str) -> Values:
        """What a called name may mean for which the scopes have nothing of the index."""
        return ()

    def scope_named(self, world: World, place: Spot, name: str) -> Values:
        """What a name means that stands before `::`: a type or namespace."""
        return world.named(name, place)

    def global_name(self, world: World, path: str, name: str) -> Values:
        """What a name means that is said to be one of the global namespace (`::close` in C++)."""
        return NOTHING_KNOWN

    def meant_of(self, kind: str, world: World, values: Values, name: str, members: Values) -> Values:
        """Of the members of a name, those that a mention of this kind may mean."""
        return members

    def of_parameters(self, world: World, found: Values, count: int) -> Values:
        """Of types of one name those that have so many parameters (-1: not known)."""
        return found

    def nearest(self, world: World, path: str, found: Values) -> Values:
        """Of what a mention in a file may mean, what the file sees first."""
        return found

    def macros_named(self, world: World, path: str, name: str) -> Values:
        """The macros of a name that stand for something else wherever the name stands in a file: even where it would
        be that of a member."""
        return ()

    def imported_as(self, world: World, view: FileView, name: str, owner: int) -> Values:
        """What the imports inside a symbol (-1: at the top of the file) bind a name to."""
        found: Values = ()
        for item in view.imports_of(name, owner):
            found += tuple(one for one in world.import_target(view.path, item) if one not in found)
        return found

    def beside_its_type(self, symbol: Symbol) -> bool:
        """Whether an outermost symbol is a member of a type all the same, or adds to one (`func (s *Session) Get`)."""
        return bool(symbol.scope) or bool(symbol.flags & EXTENSION) or symbol.kind == "field"

    # Modules and imports

    def imported(self, world: World, view: FileView, item: Import) -> Values:
        """What an import stands for: a module (`member` is "", or "*"), or a member of one.

        External if it leads out of the index; unknown if that cannot be told.
        """
        return NOTHING_KNOWN

    def module_member(self, world: World, module: str, name: str) -> Values:
        """What a module (a file, a folder with a final "/", or a namespace: whatever `imported` gave) offers under a
        name.

        Empty if it offers nothing of that name.
        """
        view = world.view(module)
        if view is None:
            return ()
        place = Spot(module)
        found = self.in_file(world, view, place, name)
        if self.hides_unexported:
            found = tuple(one for one in found if one.kind != "symbol" or self.is_exported(world, one))
        return found or self.in_stars(world, view, place, name)

    def is_whole(self, view: FileView, number: int) -> bool:
        """Whether a symbol is exported under one of the `whole_names`."""
        return False

    def module_value(self, world: World, module: str) -> Values:
        """What a module is, where it is called itself."""
        return NOTHING_KNOWN

    def is_exported(self, world: World, value: Value) -> bool:
        """Whether other files see a symbol."""
        view = world.view(value.path)
        return view is not None and bool(view.symbol(value.number).flags & EXPORTED)

    def is_declaration_file(self, path: str) -> bool:
        """Whether a file only declares what another one of its name defines."""
        return path.endswith(self.declaration_endings)

    # Types

    def read_type(self, text: str) -> TypeText:
        """The tree of a type as the source writes it."""
        return read_type(text)

    def type_value(self, world: World, kind: TypeText, place: Spot) -> Values:
        """Instances of a type: of the class that its name leads to, with its arguments; of what it wraps."""
        name, arguments = kind
        if name == UNION:
            found: Values = ()
            for part in arguments:
                found += tuple(one for one in world.type_value(part, place) if one not in found)
            return found
        if name in BUILT:
            return (external(name, tuple(world.type_value(part, place) for part in arguments)),)
        if name == "?":
            return NOTHING_KNOWN
        last = name.replace("::", ".").replace("\\", ".").rpartition(".")[2]
        if last in self.opaque:
            return NOTHING_KNOWN
        if last in self.unwrapped and len(arguments) > self.unwrapped[last]:
            return world.type_value(arguments[self.unwrapped[last]], place)
        return self.named_type(world, name, arguments, place)

    def named_type(self, world: World, name: str, arguments: tuple[TypeText, ...], place: Spot) -> Values:
        """Instances of a type by its name."""
        inner = tuple(world.type_value(part, place) for part in arguments)
        dotted = name.replace("::", ".").replace("\\", ".").strip(".")
        found: Values = ()
        for one in world.evaluate(dotted, place):
            if one.kind == "class":
                made = Value("instance", one.path, one.number, arguments=inner)
            elif one.kind == "external":
                # What is a name for another type may have its arguments there.
                made = external(one.name, inner or one.arguments)
            elif one.kind == "instance":
                # A name for another type: `type Handler = <Session>`.
                made = one
            else:
                made = UNKNOWN_VALUE
            if made not in found:
                found += (made,)
        return found or NOTHING_KNOWN

    def marked(self, world: World, place: Spot, head: str) -> Values:
        """What an expression begins with that has the mark `@`: `it` or `this` in one of Kotlin's lambdas, `@it3`, what
        pytest gives a parameter, `@@name`."""
        return NOTHING_KNOWN

    def fixtures(self, world: World, place: Spot, name: str) -> Values:
        """The functions that make what a parameter is given by its name."""
        return ()

    def of_receivers(self, world: World, place: Spot, name: str, number: int, *, called: bool) -> Values:
        """What a bare name means in a lambda."""
        return ()

    def type_space(self, world: World, receiver: str, place: Spot) -> Values:
        """What stands before the name of a type: a module, a namespace, a type."""
        return world.evaluate(receiver, place)

    # Values of libraries and of the language

    def pointed_to(self, world: World, value: Value) -> Values:
        """The elements of an instance whose class says nothing of them: by default they are unknown."""
        return NOTHING_KNOWN

    def element(self, world: World, value: Value) -> Values:
        """The elements of something external or of the language: known by its type arguments, or not at all."""
        last = value.name.rpartition(".")[2]
        if value.name in (LIST, TUPLE) and value.arguments:
            return tuple(dict.fromkeys(one for part in value.arguments for one in part))
        if last in self.elements and len(value.arguments) > self.elements[last]:
            return value.arguments[self.elements[last]]
        return NOTHING_KNOWN

    def external_member(self, world: World, value: Value, name: str) -> Values:
        """A member of something external: external too."""
        return (external(f"{value.name}.{name}", value.arguments),)

    def may_be_wrapped(self, receiver: str, name: str) -> bool:
        """Whether a name after a receiver may be a member of a type that wraps the receiver's value, whose members
        count as those of what is inside."""
        return False

    def external_call(self, world: World, value: Value) -> Values:
        """What a call of something external gives: an instance of a library's class; of a function, unknown.

        Names that begin with a capital are taken for classes.
        """
        last = value.name.rpartition(".")[2]
        if value.name == FUNCTION and value.arguments:
            return value.arguments[0]
        if last in self.result_argument and len(value.arguments) > self.result_argument[last]:
            return value.arguments[self.result_argument[last]]
        return (value,) if last[:1].isupper() or value is BUILT_IN_VALUE else NOTHING_KNOWN

    def taken_by_library(self, world: World, function: Value, count: int, number: int) -> Values:
        """What a call of a library's function takes as one of its `count` arguments."""
        return NOTHING_KNOWN

    def taken_under(self, world: World, values: Values, label: str) -> Values:
        """What a call of functions takes under a label (Swift)."""
        return NOTHING_KNOWN

    def given_by_library(self, world: World, kind: Value, number: int) -> Values | None:
        """What a function that is an instance of a library's type is called with as one of its arguments; None if the
        type is none of functions."""
        return NOTHING_KNOWN

    def bound_parameter(self, world: World, function: Value, written: str) -> Values:
        """What a parameter of a function of the index takes whose type, as written, names type parameters; empty if it
        names none."""
        return ()

    def functions_of(self, world: World, value: Value) -> Values:
        """The functions that are called where an instance of a class of the index is, or that a function without a name
        may stand for: functions, and types of functions."""
        return ()

    def result(self, world: World, function: Value, result: Values) -> Values:
        """What a call of a function of the index gives, from what it is declared to give."""
        return result

    def held(self, world: World, view: FileView, value: Value) -> Values:
        """What a variable or field holds, if it is not what its type says; empty if that is what counts."""
        return ()

    def decorated(self, world: World, view: FileView, function: Value) -> Values:
        """What the name of a function stands for that has decorators: by default the function."""
        return (function,)

    # Classes

    def field_given(self, world: World, called: Values, name: str) -> Values:
        """The field that an argument of a name gives a value to, if a class is called that takes its fields."""
        return ()

    def base_value(self, world: World, base: str, place: Spot) -> Values:
        """The class that a supertype as written leads to."""
        name = self.read_type(base).name.replace("::", ".").replace("\\", ".").strip(".")
        found: Values = ()
        for one in world.evaluate(name, place):
            kept = one if one.kind in ("class", "external") else UNKNOWN_VALUE
            found += (kept._replace(arguments=(), this=None),) if kept not in found else ()
        return found or NOTHING_KNOWN

    def more_bases(self, world: World, key: Key) -> Values:
        """Supertypes that a class has without naming them in its head."""
        return ()

    def library_supertypes(self, world: World, value: Value) -> Values:
        """The supertypes of an instance that lead out of the index, with their type arguments as far as known."""
        return world.ancestors(value.key).externals

    def own_arguments(self, world: World, place: Spot) -> tuple[Values, ...]:
        """The type arguments of `$` at a place, where its class is extended for some only."""
        return ()

    def class_member(self, world: World, value: Value, name: str) -> Values:
        """A member that the class and its supertypes do not declare: one of the language's own, or made while
        running."""
        return ()

    def function_member(self, world: World, value: Value, name: str) -> Values:
        """A member of a function of the index."""
        return (BUILT_IN_VALUE,)

    def with_members(self, values: Values) -> Values:
        """Of alternatives those that may have members: no function has, where none is a value."""
        return tuple(one for one in values if one.kind != "function") or values if self.marks_references else values

    def extending_files(self, world: World, key: Key, bare: str, name: str) -> list[str]:
        """The files that may add a member of a name to a type, whose name without qualifiers is `bare`."""
        return world.likeliest_adding(bare, name)

    def extended_by_other_name(self, world: World, key: Key, bare: str, name: str) -> Values:
        """The members of a name that are added to a type, called `bare`, under another name of it."""
        return ()

    def is_member(self, view: FileView, index: int) -> bool:
        """Whether a symbol is reached through an instance or a class, not by its bare name alone."""
        symbol = view.symbol(index)
        if view.type_around(index):
            return True
        return symbol.parent >= 0 and view.symbol(symbol.parent).kind in CONTAINER_KINDS

    def may_be_used_unseen(self, world: World, view: FileView, number: int) -> bool:
        """Whether a symbol may be used without its name: by the language, or by a name that is made at run time."""
        name = view.symbol(number).name
        if len(name) > 4 and name.startswith("__") and name.endswith("__"):
            return True  # Python calls a module's `__getattr__` too
        # Operators have no names of letters.
        special = name in self.implicit_members or not (name[:1].isalpha() or name[:1] in "_#$")
        return special and self.is_member(view, number)

    def is_local(self, view: FileView, index: int) -> bool:
        """Whether a symbol is visible inside a function only."""
        return bool(view.symbol(index).flags & LOCAL)

    def only_folder(self, world: World, definition: DefinedSymbol) -> str | None:
        """The only folder whose files can use a definition, those below it not included; None if others can."""
        return None

    def may_extend(self, world: World, home: DefinedSymbol) -> bool:
        """Whether a type adds its members to types of libraries (a trait that is implemented for them)."""
        return False

    def may_be_related(self, receiver: str, supertypes: Collection[str], member: str) -> bool:
        """Whether a call of a member on a library's type may reach a class that overrides it.

        Args:
            receiver: the last name of the library's type, or of the field or function that gives the receiver.
            supertypes: the last names of the class's supertypes that lead out of the index.
            member: the member's name.
        """
        return receiver in supertypes

    def is_structural(self, world: World, home: DefinedSymbol) -> bool:
        """Whether a type is implemented by having its members, without being named."""
        return home.symbol.kind in self.structural

    def one_with(self, one: Symbol, other: Symbol) -> bool:
        """Whether two symbols of a file that have one qualified name are one thing: a signature and its function, a
        reopened class, or overloads that nothing tells apart."""
        if not self.overloads and not self.fields_apart:
            return True
        functions = one.kind in CALLABLE_KINDS, other.kind in CALLABLE_KINDS
        if functions != (True, True):
            return functions == (False, False)
        return not self.overloads or may_override(one, other)

    def are_apart(self, world: World, one: DefinedSymbol, other: DefinedSymbol) -> bool:
        """Whether two definitions of one qualified name are, or are members of, two versions of a class."""
        return False

    def same_thing(self, one: Symbol, other: Symbol) -> bool:
        """Whether two symbols of one qualified name in different files are one thing (a prototype and its
        definition)."""
        return False

    def are_alternatives(self, world: World, one: DefinedSymbol, other: DefinedSymbol) -> bool:
        """Whether two definitions of one qualified name in different files stand for each other, of which a program
        has one only."""
        return False

    def import_parts(self, module: str) -> Iterable[str]:
        """The names in a module's path as an import writes it."""
        return (part for part in module.replace("::", ".").replace("/", ".").replace("\\", ".").split(".") if part)


def symbols(view: FileView, indexes: Iterable[int]) -> Values:
    """Symbols of a file as values."""
    return tuple(Value("symbol", view.path, index) for index in indexes)


def symbol_of(world: World, value: Value) -> Symbol:
    """The symbol that a value of the index is, or is an instance of."""
    view = world.view(value.path)
    assert view is not None
    return view.symbol(value.number)


def own_symbols(values: Values) -> Values:
    """The values that are symbols of the index."""
    return tuple(one for one in values if one.kind == "symbol")


def namespace_seen_from(namespace: str, path: str) -> str:
    """The path of a module that is a namespace or package, which has no file: its name, and a file that looks at it."""
    return f"{namespace}{SEEN_FROM}{path}"
