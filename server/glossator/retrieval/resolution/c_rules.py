"""C and C++: names are visible through headers, so a name means whatever definition of it the index has, unless several
files define it differently."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final

from glossator.index.argument_types import BETWEEN
from glossator.index.expressions import split_outside
from glossator.index.facts import LOCAL, STATIC, STUB, SUPER, TAG, last_part
from glossator.retrieval.resolution.c_includes import hidden_tags, included_by
from glossator.retrieval.resolution.c_library import (
    ELEMENT_FUNCTIONS,
    ITERATOR_FUNCTIONS,
    LIST_TYPES,
    MAP_TYPES,
    OF_POINTERS,
    POINTER_TYPES,
    WRAPPER_MEMBERS,
)
from glossator.retrieval.resolution.c_namespaces import (
    held_by_enums,
    in_unread_class,
    is_inside,
    macros_opening,
    named_in_unread,
    taken_from_class,
)
from glossator.retrieval.resolution.c_templates import classes_of, of_two_versions, with_doubt
from glossator.retrieval.resolution.file_view import CALLABLE_KINDS, CONTAINER_KINDS
from glossator.retrieval.resolution.generics import bound_of, bound_type
from glossator.retrieval.resolution.overloads import argument_kind
from glossator.retrieval.resolution.parameters import may_override
from glossator.retrieval.resolution.rules import (
    SEEN_FROM,
    LanguageRules,
    namespace_seen_from,
    own_symbols,
    symbol_of,
    symbols,
)
from glossator.retrieval.resolution.values import NOTHING_KNOWN, UNKNOWN_VALUE, Spot, Value, Values, external

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glossator.index.facts import Import, Symbol
    from glossator.retrieval.resolution.file_view import FileView
    from glossator.retrieval.resolution.rules import World
    from glossator.retrieval.resolution.type_texts import TypeText
    from glossator.retrieval.resolution.values import DefinedSymbol

HEADER_ENDINGS: Final = (".h", ".hh", ".hpp", ".hxx", ".h++", ".inl", ".ipp", ".tpp", ".inc", ".cuh")

_SEEN: Final = (*HEADER_ENDINGS, ".ixx", ".cppm", ".ino")
"""Endings of files whose types other files see."""
_CALLED_LIKE_MACROS: Final = frozenset(("function", "variable", "constant"))
_UNLINKED: Final = frozenset(("struct", "class", "union", "enum", "enum_member", "type", "macro", "namespace"))

_HOLDERS: Final = frozenset(("struct", "class", "union", "enum", "type", "namespace"))
"""Kinds of what may stand before `::`."""

_DEFINED_ONCE: Final = frozenset(("struct", "class", "union", "enum", "enum_member", "type", "field"))
"""Kinds of what a file cannot see two definitions of."""


class CRules(LanguageRules):
    """C, C++ and Objective-C."""

    languages = frozenset(("c", "cpp", "objc"))
    receives_bare = True
    unknown_modules = types_called_bare = frozenset(("cpp",))
    implicit_self = True
    overloads = True
    hides_inherited = True
    generic_types = True
    extensions = True
    parts_elsewhere = True
    classes_import = True
    unwrapped: ClassVar[dict[str, int]] = dict.fromkeys(POINTER_TYPES, 0)
    wrapper_members = WRAPPER_MEMBERS
    elements: ClassVar[dict[str, int]] = {**dict.fromkeys(LIST_TYPES, 0), **dict.fromkeys(MAP_TYPES, 1)}
    opaque = frozenset(("void", "auto", "id"))
    call_members = ("operator()",)
    element_members = ("operator[]",)

    def in_scopes(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """Local definitions, and members of the classes around a place; a method may stand outside its class."""
        return self._in_scopes(world, view, place, name, qualifies=False)

    def _in_scopes(self, world: World, view: FileView, place: Spot, name: str, *, qualifies: bool) -> Values:
        """The same; of a name that `qualifies` another one, only those that may."""
        for around in view.chain(place.owner):
            symbol = view.symbol(around)
            if symbol.kind == "namespace":
                break
            if symbol.kind in CONTAINER_KINDS and view.facts.language == "c":
                continue  # the members of a structure are no names in it
            if symbol.kind not in CONTAINER_KINDS:
                found = symbols(view, view.children(around, name))
                if found := self._qualifiers(world, found) if qualifies else found:
                    return found
                holder = world.enclosing_class(view.path, around) if symbol.scope else None
                if symbol.kind == "test":
                    holder = self._fixture(world, view, around)
            else:
                holder = Value("class", view.path, around)
            if holder is None or holder.kind != "class":
                continue
            if symbol_of(world, holder).name == name:
                return (Value("symbol", holder.path, holder.number),)
            found = own_symbols(world.member(holder, name, place))
            # A constructor has its class's name, which means the class.
            found = tuple(one for one in found if not self._is_constructor(world, one))
            if found := self._qualifiers(world, found) if qualifies else found:
                return found
        return ()

    def named_by_arguments(self, world: World, place: Spot, name: str, given: str) -> Values:
        """The functions in the namespaces of the arguments' classes (ISO C++, [basic.lookup.argdep])."""
        view = world.view(place.path)
        if view is None or view.facts.language != "cpp":
            return ()
        found: dict[Value, None] = {}
        for argument in split_outside(given, BETWEEN) if given else ():
            key = argument_kind(world, argument, place).key
            home = world.view(key[0]) if key is not None else None
            if key is None or home is None:
                continue
            namespace = ".".join(self._namespaces(home, home.symbol(key[1]).parent))
            for one in self.module_member(world, namespace_seen_from(namespace, place.path), name):
                if one.kind == "unknown" or world.is_function(one):
                    found[one] = None
        return tuple(found)

    def scope_named(self, world: World, place: Spot, name: str) -> Values:
        """What a name means that stands before `::`: functions and variables of the name do not count (ISO C++,
        [basic.lookup.qual])."""
        found = world.named(name, place)
        own = own_symbols(found)
        if not own or self._qualifiers(world, own):
            return found
        view = world.view(place.path)
        assert view is not None
        for around in (
            self._in_scopes(world, view, place, name, qualifies=True),
            self._qualifiers(world, self.in_file(world, view, place, name)),
            self._qualifiers(world, self.in_stars(world, view, place, name)),
        ):
            if around:
                return around
        return found

    def _qualifiers(self, world: World, found: Values) -> Values:
        """Of what has a name what may stand before `::`."""
        return tuple(one for one in found if one.kind != "symbol" or symbol_of(world, one).kind in _HOLDERS)

    def _fixture(self, world: World, view: FileView, test: int) -> Value | None:
        """The class of which a test is a member: the first argument of GoogleTest's `TEST_F`. That of `TEST` is a
        name only, and no class of the library's kind."""
        symbol = view.symbol(test)
        name, _, _ = symbol.name.partition(".")
        for one in world.named(name, Spot(view.path, symbol.parent)) if name != symbol.name else ():
            if one.kind == "symbol" and symbol_of(world, one).kind in ("class", "struct"):
                holder = Value("class", one.path, one.number)
                keys = world.ancestors(one.key).classes
                bases = [base for key in keys for base in symbol_of(world, Value("class", *key)).bases]
                if any(last_part(base).startswith("Test") for base in bases):
                    return holder
        return None

    def _is_constructor(self, world: World, value: Value) -> bool:
        symbol = symbol_of(world, value)
        if symbol.kind not in CALLABLE_KINDS:
            return False
        view = world.view(value.path)
        assert view is not None
        home = symbol.scope or (view.symbol(symbol.parent).name if symbol.parent >= 0 else "")
        return symbol.name == last_part(home)

    def named_type(self, world: World, name: str, arguments: tuple[TypeText, ...], place: Spot) -> Values:
        """Instances of a type: structures have names apart from those of variables and fields."""
        inner = tuple(world.type_value(part, place) for part in arguments)
        view = world.view(place.path)
        if view is not None and "::" not in name:
            found = tuple(
                Value(
                    "instance",
                    one.path,
                    one.number,
                    arguments=tuple(world.type_value(part, place) for part in arguments),
                )
                for one in self._visible(world, view, place, name)
                if one.kind == "symbol" and symbol_of(world, one).kind in ("struct", "class", "union")
            )
            if found:
                return found[:1] if with_doubt(world, found) is found else (found[0], UNKNOWN_VALUE)
        if _PARAMETER.fullmatch(name):
            return NOTHING_KNOWN
        dotted = name.replace("::", ".").strip(".")
        if not world.evaluate(dotted, place):
            return (external(dotted, inner),)
        return super().named_type(world, name, arguments, place)

    def in_file(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """What the file or another one defines under a name, in the namespaces that are open at a place."""
        own = [Value("symbol", view.path, index) for index in view.named(name) if self._is_outermost(view, index)]
        found = self._visible(world, view, place, name)
        if any(one in found and not symbol_of(world, one).flags & STUB for one in own):
            # The file's own definition, and its declarations elsewhere.
            mine = tuple(one for one in found if one.path == view.path or self._is_stub(world, one))
            if any(in_unread_class(world, one, view.path) for one in mine):
                mine += (UNKNOWN_VALUE,)
            return mine + self.imported_as(world, view, name, -1)
        return found + self.imported_as(world, view, name, -1)

    def in_stars(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """What the namespaces that the file opens have."""
        for item in view.stars:
            if found := self.module_member(world, namespace_seen_from(item.module.replace("::", "."), view.path), name):
                return found
        return ()

    def elsewhere(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """Unknown if a namespace that is not open here has the name: a header may open it."""
        for path in world.likeliest(name):
            other = world.view(path)
            if other is None:
                continue
            if any(self._is_outermost(other, index) for index in other.named(name)):
                return NOTHING_KNOWN
            if any(one.kind == "namespace" and one.scope.split("::")[0] == name for one in other.facts.symbols):
                return (Value("module", namespace_seen_from(name, view.path)),)  # `namespace app::core {`
        return named_in_unread(world, view, place.owner, name)

    def imported(self, world: World, view: FileView, item: Import) -> Values:
        """A namespace, or a name of one that is brought in."""
        dotted = item.module.replace("::", ".").strip(".")
        if item.name == "*":
            return (Value("module", namespace_seen_from(dotted, view.path)),)
        holder, _, last = dotted.rpartition(".")
        around = self._namespaces(view, item.owner)
        for size in range(len(around), -1, -1):
            namespace = ".".join((*around[:size], *((holder,) if holder else ())))
            if found := self.module_member(world, namespace_seen_from(namespace, view.path), last):
                return found
        if found := taken_from_class(world, view, holder, last, item.owner):
            return found
        # A variable of the project's own namespace is no symbol; what it holds is not known.
        return NOTHING_KNOWN if self._has_namespace(world, holder) else (external(dotted),)

    def _has_namespace(self, world: World, dotted: str) -> bool:
        """Whether the index has such a namespace; the standard library's, which projects only add to, is not theirs."""
        name = dotted.rpartition(".")[2]
        if not name or dotted.partition(".")[0] == "std":
            return False
        views = (world.view(path) for path in world.likeliest(name))
        return any(
            one.kind == "namespace" and last_part(one.name) == name
            for view in views
            if view is not None
            for one in view.facts.symbols
        )

    def module_member(self, world: World, module: str, name: str) -> Values:
        """What a namespace has under a name."""
        namespace, _, near = module.partition(SEEN_FROM)
        view = world.view(near)
        if view is None:
            return ()
        found = tuple(one for one, chain in self._candidates(world, near, name) if ".".join(chain) == namespace)
        if not found and namespace:
            found = self._in_opened(world, near, namespace, name)
        if not found and namespace:
            return self._brought_in(world, namespace, name)
        return self._one_thing(world, view, namespace.split(".") if namespace else [], name, found)

    def _in_opened(self, world: World, near: str, namespace: str, name: str) -> Values:
        """What a namespace that macros open has under a name."""
        outer, _, inner = namespace.partition(".")
        macros = macros_opening(world, outer)
        found = [one for one, chain in self._candidates(world, near, name) if macros and ".".join(chain) == inner]
        return tuple(one for one in found if (view := world.view(one.path)) is not None and is_inside(view, macros))

    def _brought_in(self, world: World, namespace: str, name: str) -> Values:
        """What `using detail::name;` brings into a namespace, or another namespace by a name of its own."""
        key = ("brought in", namespace, name)
        if isinstance(known := world.memory.get(key), tuple):
            return known
        found: Values = ()
        for path in world.likeliest_mentioning(name):
            view = world.view(path)
            if view is None or view.facts.language not in self.languages:
                continue
            for item in view.facts.imports:
                if item.name == name and item.owner >= 0 and ".".join(self._namespaces(view, item.owner)) == namespace:
                    found += tuple(one for one in world.import_target(path, item) if one not in found)
        world.memory[key] = found
        return found

    def meant(self, kind: str, found: Values, world: World) -> Values:
        """The tag of a structure is meant only after `struct`, if the name means something else too."""
        tags = {one for one in found if self._is_tag(world, one)}
        others = tuple(one for one in found if one not in tags)
        return others if own_symbols(others) else found

    def doubted(self, world: World, found: Values) -> Values:
        """A template may have versions for certain arguments."""
        return with_doubt(world, found)

    def are_apart(self, world: World, one: DefinedSymbol, other: DefinedSymbol) -> bool:
        """Versions of a template are classes of their own; a static function is its file's own; and what may be in a
        class that the grammar does not read is not what another file has."""
        if one.path != other.path and (self._is_own_function(one) or self._is_own_function(other)):
            first, second = world.view(one.path), world.view(other.path)
            if first is None or second is None:
                return False
            return other.path not in included_by(world, first) and one.path not in included_by(world, second)
        if one.path != other.path and any(
            in_unread_class(world, Value("symbol", *key), path)
            for key, path in ((one.key, other.path), (other.key, one.path))
        ):
            return True
        return of_two_versions(world, one, other)

    def _is_own_function(self, one: DefinedSymbol) -> bool:
        """Whether a function is static, and no member."""
        return one.symbol.kind == "function" and bool(one.symbol.flags & STATIC)

    def tagged(self, world: World, place: Spot, name: str) -> Values:
        """What a name means after `struct`, `union` or `enum`."""
        found = world.named(name, place)
        tags = tuple(one for one in found if one.kind != "symbol" or self._is_tag(world, one)) or found
        return tags if own_symbols(tags) else hidden_tags(world, place.path, name) or tags

    def global_name(self, world: World, path: str, name: str) -> Values:
        """What the global namespace has under a name; empty for a library's."""
        return self.module_member(world, namespace_seen_from("", path), name)

    def macros_named(self, world: World, path: str, name: str) -> Values:
        """The macros that a file sees under a name, if nothing else in the index is called so."""
        if not self._is_macro_only(world, name):
            return ()
        return tuple(one for one, _ in self._candidates(world, path, name))

    def _is_macro_only(self, world: World, name: str) -> bool:
        """Whether only macros have a name."""
        key = ("macro only", name)
        if isinstance(known := world.memory.get(key), bool):
            return known
        views = [view for path in world.likeliest(name) if (view := world.view(path)) is not None]
        ours = [view for view in views if view.facts.language in self.languages]
        kinds = {view.symbol(index).kind for view in ours for index in view.named(name)}
        world.memory[key] = only = kinds == {"macro"}
        return only

    def one_with(self, one: Symbol, other: Symbol) -> bool:
        """As in all languages; but a structure's tag and a type of its name are two things."""
        return not (one.flags ^ other.flags) & TAG and super().one_with(one, other)

    def same_thing(self, one: Symbol, other: Symbol) -> bool:
        """A declaration and its definition."""
        if one.kind in CALLABLE_KINDS and other.kind in CALLABLE_KINDS and not may_override(one, other):
            return False
        return bool((one.flags | other.flags) & STUB) or one.kind == other.kind == "namespace"

    def are_alternatives(self, world: World, one: DefinedSymbol, other: DefinedSymbol) -> bool:
        """A type, or a part of one, in a header and again in a file that includes it, where conditions decide between
        them; or in two files with the same members (ISO C, 6.2.7: such types are compatible)."""
        if one.symbol.kind != other.symbol.kind or one.symbol.kind not in _DEFINED_ONCE:
            return False
        first, second = world.view(one.path), world.view(other.path)
        if first is None or second is None:
            return False
        if other.path in included_by(world, first) or one.path in included_by(world, second):
            return True
        inner = one.symbol.kind in ("field", "enum_member")
        members = [
            [view.symbol(index).name for index in view.members(symbol.parent if inner else number)]
            for view, number, symbol in ((first, one.index, one.symbol), (second, other.index, other.symbol))
            if not inner or symbol.parent >= 0
        ]
        return len(members) == 2 and bool(members[0]) and members[0] == members[1]

    def may_be_used_unseen(self, world: World, view: FileView, number: int) -> bool:
        """Constructors and destructors run where objects are defined and where they go out of scope; operators are
        called without their names, fields are given values by their order."""
        symbol = view.symbol(number)
        if symbol.kind in ("field", "macro"):
            return True  # macros stand where no grammar expects them
        home = symbol.scope or (view.symbol(symbol.parent).name if symbol.parent >= 0 else "")
        made = symbol.kind in CALLABLE_KINDS and symbol.name.lstrip("~") == last_part(home)
        return made or symbol.name.startswith("operator") or super().may_be_used_unseen(world, view, number)

    def base_value(self, world: World, base: str, place: Spot) -> Values:
        """As in all languages; another name of a class means the class."""
        return classes_of(world.type_value(self.read_type(base), place)) or super().base_value(world, base, place)

    def pointed_to(self, world: World, value: Value) -> Values:
        """An instance itself: what an index follows is a pointer or an array, unless its class has elements."""
        hierarchy = world.ancestors(value.key)
        if hierarchy.open or hierarchy.externals:
            return NOTHING_KNOWN
        if any(world.own_members(key, name) for key in hierarchy.classes for name in ("operator[]", "begin")):
            return NOTHING_KNOWN
        return (value,)

    def class_member(self, world: World, value: Value, name: str) -> Values:
        """What an enum in the class holds; a member of a smart pointer that a class seems to have, since what the
        pointer points to counts as its value; and the value in a map's pair."""
        if found := held_by_enums(world, value, name):
            return found
        if value.kind != "instance" or value.name == SUPER or world.ancestors(value.key).open:
            return ()
        if name == "second":
            return (value,)
        return (external(f"pointer.{name}", ((value,),)),) if name in OF_POINTERS else ()

    def external_member(self, world: World, value: Value, name: str) -> Values:
        """A member of a library's value; those of a pair are its parts."""
        if value.name == _PAIR and len(value.arguments) > 1 and name in ("first", "second"):
            return value.arguments[name == "second"]
        return super().external_member(world, value, name)

    def external_call(self, world: World, value: Value) -> Values:
        """What a library's function gives: of containers and smart pointers, an element."""
        holder, _, last = value.name.rpartition(".")
        if len(value.arguments) > 1 and holder.rpartition(".")[2] in MAP_TYPES:
            if last in ITERATOR_FUNCTIONS:
                return (external(_PAIR, value.arguments[:2]),)
            return value.arguments[1] if last in ("at", "extract") else NOTHING_KNOWN
        if value.arguments and last in ELEMENT_FUNCTIONS:
            return value.arguments[0]
        return super().external_call(world, value)

    def result(self, world: World, function: Value, result: Values) -> Values:
        """What a call of a function gives: where its type names parameters of its class, with their arguments."""
        if bound := bound_type(world, self, function):
            return bound
        view = world.view(function.path)
        symbol = view.symbol(function.number) if view is not None else None
        # `template <typename T> T* Pool<T>::take()`: its declaration in the class tells more.
        outside = symbol is not None and symbol.scope and function.this is not None and function.arguments
        return () if outside and result == NOTHING_KNOWN else result

    def held(self, world: World, view: FileView, value: Value) -> Values:
        """What a field holds whose type names parameters of its class."""
        return bound_type(world, self, value)

    def type_value(self, world: World, kind: TypeText, place: Spot) -> Values:
        """Instances of a type; of a template's parameter nothing is known."""
        if not kind.arguments and (bound := bound_of(world, kind.name, place)) is not None:
            return bound
        return super().type_value(world, kind, place)

    # Candidates

    def _visible(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """The definitions of a name in the namespaces around a place, from the inside out."""
        around = self._namespaces(view, place.owner)
        candidates = list(self._candidates(world, view.path, name))
        for size in range(len(around), -1, -1):
            found = tuple(one for one, chain in candidates if chain == around[:size])
            if found:
                meant = self._one_thing(world, view, around[:size], name, found)
                macro = self._is_macro_too(world, candidates, meant)
                unread = any(in_unread_class(world, one, view.path) for one in meant)
                certain = self._is_declared(world, view, name, meant) and not macro and not unread
                return meant if certain else (*meant, UNKNOWN_VALUE)
        return ()

    def _is_macro_too(self, world: World, candidates: list[tuple[Value, list[str]]], meant: Values) -> bool:
        """Whether a name is that of a function or a variable, and in whatever namespace of a macro with parameters:
        conditions decide which one is called, or the grammar took the macro for the variable (`class OLD("text") Pool
        {`). A macro without parameters (`#define inflate z_inflate`) gives the function another name."""
        found = (symbol_of(world, one) for one, _ in candidates)
        if not any(symbol.kind == "macro" and symbol.parameters[1] >= 0 for symbol in found):
            return False
        return any(one.kind == "symbol" and symbol_of(world, one).kind in _CALLED_LIKE_MACROS for one in meant)

    def _is_declared(self, world: World, view: FileView, name: str, meant: Values) -> bool:
        """Whether a file may see what a name means: its own, what a header has, or what is declared anywhere.

        A function that one source file defines and no other declares is most often its own (`#define local static`).
        One of a single word in small letters may be a library's (`write`): then what the file includes has to tell. A
        file in C sees nothing of C++.
        """
        near = False
        for one in meant:
            if one.kind != "symbol" or one.path == view.path:
                return True
            symbol = symbol_of(world, one)
            if symbol.kind not in _CALLED_LIKE_MACROS and symbol.kind != "macro":
                return True
            near = near or one.path.endswith(_SEEN) or bool(symbol.flags & STUB)
        if view.facts.language == "c" and all(world.language(one.path) == "cpp" for one in meant):
            return False
        if near and not (name.islower() and name.isalpha() and not view.path.endswith(_SEEN)):
            return True
        return not meant or any(one.path in included_by(world, view) for one in meant)

    def _candidates(self, world: World, near: str, name: str) -> Iterator[tuple[Value, list[str]]]:
        """The outermost definitions of a name in all files, with the namespaces that they are in."""
        near_view = world.view(near)
        for one, around, unlinked in self._defined(world, name):
            hidden = unlinked and one.path != near
            if not hidden or (near_view is not None and one.path in included_by(world, near_view)):
                yield one, around

    def _defined(self, world: World, name: str) -> list[tuple[Value, list[str], bool]]:
        """The outermost definitions of a name in all files, with the namespaces that they are in, and whether only
        files that include them see them."""
        key = ("outermost", name)
        if isinstance(known := world.memory.get(key), list):
            return known
        found: list[tuple[Value, list[str], bool]] = []
        for path in world.likeliest(name):
            view = world.view(path)
            if view is None or view.facts.language not in self.languages:
                continue
            for index in view.named(name):
                symbol = view.symbol(index)
                if self._is_outermost(view, index):
                    unlinked = not path.endswith(_SEEN) and self._is_unlinked(symbol)
                    chain: list[str] = []  # macros heed no namespaces
                    if symbol.kind != "macro":
                        chain += self._namespaces(view, symbol.parent)
                        chain += (part for part in symbol.scope.split("::") if part)
                    found.append((Value("symbol", path, index), chain, unlinked))
        world.memory[key] = found
        return found

    def _is_unlinked(self, symbol: Symbol) -> bool:
        """Whether only files that include a symbol's file see it: types and macros, and what is static."""
        return bool(symbol.flags & STATIC) or symbol.kind in _UNLINKED

    def _is_outermost(self, view: FileView, index: int) -> bool:
        """Whether a symbol is in no class and no function. What an enum holds is where the enum is."""
        symbol = view.symbol(index)
        if (symbol.scope and symbol.kind != "namespace") or symbol.flags & LOCAL:
            return False
        parent = symbol.parent
        if parent >= 0 and symbol.kind == "enum_member":
            parent = view.symbol(parent).parent
        while parent >= 0:
            around = view.symbol(parent)
            if around.kind != "namespace" and around.name:
                return False
            parent = around.parent
        return True

    def _namespaces(self, view: FileView, owner: int) -> list[str]:
        """The names of the namespaces around a symbol and of itself, if it is one, from the outside in."""
        names: list[str] = []
        while owner >= 0:
            symbol = view.symbol(owner)
            if symbol.kind == "namespace":
                names[:0] = [*symbol.scope.replace("::", ".").split("."), *symbol.name.replace("::", ".").split(".")]
            elif symbol.scope and not names:
                # Outside the namespace that it belongs to: `void ns::run() {`.
                names[:0] = symbol.scope.replace("::", ".").split(".")
            owner = symbol.parent
        return [name for name in names if name]

    def _one_thing(self, world: World, view: FileView, around: list[str], name: str, found: Values) -> Values:
        """Definitions of one name in one namespace: what a file sees of them, if they are not one thing."""
        known = [(one, symbol_of(world, one)) for one in found]
        tags = tuple(one for one, symbol in known if symbol.flags & TAG)
        if tags and len(tags) < len(found) and view.facts.language == "c":
            others = tuple(one for one in found if one not in tags)
            return tuple(
                dict.fromkeys(
                    (
                        *self._one_thing(world, view, around, name, others),
                        *self._one_thing(world, view, around, name, tags),
                    )
                )
            )
        if any(symbol.kind == "namespace" for _, symbol in known):
            return (Value("module", namespace_seen_from(".".join([*around, name]), view.path)),)
        types = [one for one, symbol in known if symbol.kind in ("struct", "class", "union", "enum")]
        if types:
            # `typedef struct pool pool;` is another name for the same thing.
            known = [(one, symbol) for one, symbol in known if symbol.kind != "type" or one in types]
        whole = [one for one, symbol in known if not symbol.flags & STUB]
        if all(symbol.kind in ("variable", "constant") for _, symbol in known):
            # A header declares what one file defines.
            whole = [one for one in whole if not one.path.endswith(HEADER_ENDINGS)] or whole
        if len({one.path for one in whole}) <= 1:
            return tuple(one for one, _ in known)
        seen = included_by(world, view)
        near = tuple(one for one, _ in known if one.path in seen)
        if near and len({one.path for one in near if one in whole}) <= 1:
            if any(one in whole for one in near):
                return near
            near += tuple(whole)
        return (*(near or found), UNKNOWN_VALUE)

    def _is_tag(self, world: World, value: Value) -> bool:
        return value.kind == "symbol" and bool(symbol_of(world, value).flags & TAG)

    def _is_stub(self, world: World, value: Value) -> bool:
        return value.kind == "symbol" and bool(symbol_of(world, value).flags & STUB)


_PAIR: Final = "std.pair"
_PARAMETER: Final = re.compile(r"[A-Z]|[A-Z]\w*T|T[A-Z0-9]\w*")
"""How template parameters are usually named."""
