"""The rules of JavaScript and TypeScript, and of the scripts of Vue, Svelte and Astro components.

Modules are ES modules and CommonJS. What a file exports of its own are imports without a module (see `index.mentions`):
`name` is what other files call it, `member` what it is called here; "default" and "exports" (the whole of a CommonJS
module) are such names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from glossator.index.facts import EXPORTED, INFERRED, LOCAL, STATIC, WHOLE, Import
from glossator.retrieval.resolution.file_view import CONTAINER_KINDS
from glossator.retrieval.resolution.handed_functions import called_as
from glossator.retrieval.resolution.rules import LanguageRules, symbols
from glossator.retrieval.resolution.script_modules import DECLARATION_ENDINGS, DEFAULT, is_handed_over, module_file
from glossator.retrieval.resolution.script_names import (
    EVERY_OBJECT,
    FUNCTION_MEMBERS,
    GIVEN_ELEMENTS,
    GLOBALS,
    MAPS,
    PROMISE_MEMBERS,
)
from glossator.retrieval.resolution.type_texts import FUNCTION, UNION, TypeText
from glossator.retrieval.resolution.values import (
    BUILT_IN_VALUE,
    NOTHING_KNOWN,
    UNKNOWN_MODULE,
    UNKNOWN_VALUE,
    Spot,
    Value,
    Values,
    external,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glossator.index.facts import Symbol
    from glossator.retrieval.resolution.file_view import FileView
    from glossator.retrieval.resolution.rules import World
    from glossator.retrieval.resolution.values import DefinedSymbol

FILES_OF_A_GLOBAL: Final = 200
"""Files in which a name that no scope has is looked for at most."""
COMPONENTS: Final = frozenset(("vue", "svelte", "astro"))
_ONE_ELEMENT: Final = frozenset(("at", "find", "findLast", "pop", "shift"))
_SAME_LIST: Final = frozenset(("concat", "filter", "reverse", "slice", "sort", "splice", "toReversed", "toSorted"))
_TYPES_ONLY: Final = frozenset(("interface", "type"))
_SPACES: Final = frozenset(("class", "enum", "interface", "module", "namespace", "type"))
_COMPUTED: Final = frozenset(
    ("ConstructorParameters", "Exclude", "Extract", "InstanceType", "Parameters", "ReturnType")
)
"""Types of the library that are made of others."""
_VALUES_ONLY: Final = frozenset(("function", "constant", "variable", "object", "method", "field"))
_IMPORT: Final = "import("
_TYPE_OF: Final = "typeof."
"""How `typeof X` reads in types without blanks."""


class ScriptRules(LanguageRules):
    """JavaScript, TypeScript and components."""

    languages = frozenset(("javascript", "jsx", "typescript", "tsx")) | COMPONENTS
    unknown_modules = languages - {"astro"}
    extensions = True
    dollar_names = True
    marks_optional = True
    statics_apart = True
    builtins = GLOBALS
    unwrapped: ClassVar[dict[str, int]] = {
        "Awaited": 0, "DeepPartial": 0, "DeepReadonly": 0, "MaybePromise": 0, "NonNullable": 0, "Omit": 0, "Partial": 0,
        "Pick": 0, "Promise": 0, "PromiseLike": 0, "Readonly": 0, "Required": 0,
    }  # fmt: skip
    wrapper_members = frozenset(("catch", "finally", "then"))
    elements: ClassVar[dict[str, int]] = {
        "Array": 0, "AsyncGenerator": 0, "AsyncIterable": 0, "AsyncIterableIterator": 0, "AsyncIterator": 0,
        "Generator": 0, "Iterable": 0, "IterableIterator": 0, "Iterator": 0, "ReadonlyArray": 0, "ReadonlySet": 0,
        "Record": 1, "Set": 0,
    }  # fmt: skip
    opaque = frozenset(("any", "unknown", "object", "Object", "never", "{}", "this"))
    implicit_members = frozenset(("constructor", "then", "toJSON", "toString", "valueOf"))
    constructors = frozenset(("constructor",))
    whole_names = frozenset((DEFAULT, WHOLE))
    declaration_endings = DECLARATION_ENDINGS

    # Names

    def widened(self, view: FileView, place: Spot) -> Spot:
        """The innermost namespace; the file, if nothing is imported inside functions."""
        if view.inner_imports:
            return place
        for around in view.chain(place.owner):
            if view.symbol(around).kind in ("namespace", "module"):
                return Spot(place.path, around)
        return Spot(place.path)

    def in_scopes(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """Imports inside functions, and the members of namespaces; local definitions are known by their scopes."""
        for around in view.chain(place.owner):
            found = self.imported_as(world, view, name, around)
            if view.symbol(around).kind in ("namespace", "module"):
                found = symbols(view, view.children(around, name)) + found
            if found:
                return found
        return ()

    def in_file(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """The file's outermost definitions and imports; in a component's markup also the methods of its options."""
        own = [index for index in view.children(-1, name) if self._is_outermost(view.symbol(index))]
        found = symbols(view, own) + self.imported_as(world, view, name, -1)
        if not found and view.facts.language in COMPONENTS:
            found = symbols(view, (index for index in view.children(-1, name) if not view.symbol(index).flags & LOCAL))
            for options in view.children(-1, DEFAULT):
                found = found or symbols(view, view.children(options, name))
        return found

    def _is_outermost(self, symbol: Symbol) -> bool:
        """Whether a symbol without an enclosing one can be meant by its bare name."""
        return not (symbol.scope or symbol.flags & LOCAL or symbol.kind in ("component", "field", "method", "test"))

    def in_stars(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """`export *` binds nothing in the file itself."""
        return ()

    def imported_as(self, world: World, view: FileView, name: str, owner: int) -> Values:
        """What the imports inside a symbol (-1: at the top of the file) bind a name to; an export binds nothing."""
        found: Values = ()
        for item in view.imports_of(name, owner):
            if not item.exported:
                found += tuple(one for one in world.import_target(view.path, item) if one not in found)
        return found

    def elsewhere(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """What no scope has.

        It is a global, which declarations (`.d.ts`) may know. Perhaps it is a definition of another script, or what
        another module offers.
        """
        component = view.facts.language in COMPONENTS
        script = not component and not is_module(view)
        found: Values = ()
        doubtful = False
        for how, path, index in self._globals(world, name):
            if path == view.path or (how == "component" and not component) or (how == "script" and not script):
                continue
            found += (Value("symbol", path, index),)
            doubtful = doubtful or how != "declared"
        if component and not found:
            return NOTHING_KNOWN
        return (*found, UNKNOWN_VALUE) if doubtful and found else found

    def _globals(self, world: World, name: str) -> list[tuple[str, str, int]]:
        """The symbols that a global name may mean, each with how it is global; looked up once."""
        key = ("script globals", name)
        if not isinstance(known := world.memory.get(key), list):
            known = world.memory[key] = list(self._find_globals(world, name))
        return known

    def _find_globals(self, world: World, name: str) -> Iterator[tuple[str, str, int]]:
        for path in world.files_defining(name)[:FILES_OF_A_GLOBAL]:
            view = world.view(path)
            if view is None or view.facts.language not in self.languages:
                continue
            # `declare global { ... }`, `window.x = ...`
            for around in view.children(-1, "global"):
                for index in view.children(around, name):
                    yield "declared", path, index
            for index in view.children(-1, name):
                symbol = view.symbol(index)
                if symbol.scope in _GLOBAL_OBJECTS:
                    yield "declared", path, index
                elif symbol.kind == "component":
                    yield "component", path, index
                elif not self._is_outermost(symbol):
                    continue
                elif self.is_declaration_file(path) and not is_module(view):
                    yield "declared", path, index
                elif self._is_offered(view, symbol):
                    # Build tools may import names without being told, tests make functions global.
                    yield "offered", path, index
                elif not is_module(view):
                    yield "script", path, index

    def _is_offered(self, view: FileView, symbol: Symbol) -> bool:
        """Whether an outermost symbol is exported, or assigned to without a declaration."""
        if symbol.flags & (EXPORTED | INFERRED):
            return True
        return any(item.exported and item.owner < 0 and item.member == symbol.name for item in view.facts.imports)

    def meant(self, kind: str, found: Values, world: World) -> Values:
        """Of a type and a value of the same name, what the kind of mention means."""
        kinds = {
            one: view.symbol(one.number).kind
            for one in found
            if one.kind == "symbol" and (view := world.view(one.path))
        }
        if len(kinds) < 2:
            return found
        if kind in ("import", "export"):
            return found
        unfit = _VALUES_ONLY if kind in ("type", "base") else _TYPES_ONLY
        fitting = tuple(one for one in found if kinds.get(one) not in unfit)
        return fitting or found

    # Modules and imports

    def imported(self, world: World, view: FileView, item: Import) -> Values:
        """A module, or what it offers under the imported name."""
        if not item.module:
            found = self.in_file(world, view, Spot(view.path), item.member)
            return found or ((external(item.member),) if item.member in self.builtins else ())
        module, certain = module_file(world, view.path, item.module)
        if not module and (ambient := self._declared_module(world, item)):
            return ambient
        if not module:
            name = f"{item.module}.{item.member}" if item.member else item.module
            if certain:
                return (external(name),)
            return NOTHING_KNOWN if item.member else (Value("unknown", name="module"),)
        if item.member:
            return world.module_member(module, item.member, view.facts.language)
        if item.name == "*":
            return (Value("module", module),)
        whole = tuple(one for one in self._whole(world, module) if not self._is_exports(world, one))
        return whole or (Value("module", module),)

    def _declared_module(self, world: World, item: Import) -> Values:
        """What `declare module "x" { ... }` somewhere in the index says of a module that is no file. In a file that is
        a module itself it only adds to what "x" is."""
        found: Values = ()
        adds = False
        for path in () if item.module.startswith(".") else world.noting(item.module):
            view = world.view(path)
            for around in view.children(-1, item.module) if view is not None else ():
                if view is not None and view.symbol(around).kind in ("module", "namespace"):
                    found += symbols(view, view.children(around, item.member) if item.member else [around])
                    adds = adds or any(one.owner < 0 for one in view.facts.imports)
        return (*found, UNKNOWN_VALUE if item.member else UNKNOWN_MODULE) if adds else found

    def _whole(self, world: World, module: str) -> Values:
        """What `module.exports = ...` or `export = ...` makes of a module; empty if there is none."""
        view = world.view(module)
        return () if view is None else self._exported(world, view, WHOLE)

    def _is_exports(self, world: World, value: Value) -> bool:
        """Whether a value is the object in `module.exports = {...}`."""
        view = world.view(value.path)
        return (
            value.kind == "symbol"
            and view is not None
            and view.symbol(value.number).name == WHOLE
            and view.symbol(value.number).kind == "object"
        )

    def _exported(self, world: World, view: FileView, name: str) -> Values:
        """What a file itself exports under a name."""
        found: Values = ()
        for item in view.imports_of(name):
            if item.exported:
                found += tuple(one for one in world.import_target(view.path, item) if one not in found)
        if found:
            return found
        own = [index for index in view.children(-1, name) if self._is_outermost(view.symbol(index))]
        return symbols(view, own)

    def module_member(self, world: World, module: str, name: str) -> Values:
        """What a module exports under a name."""
        view = world.view(module)
        if view is None:
            return ()
        if view.facts.language in COMPONENTS and name == DEFAULT:
            return symbols(view, (index for index, one in enumerate(view.facts.symbols) if one.kind == "component"))
        if found := self._exported(world, view, name):
            return found
        whole = self._exported(world, view, WHOLE) if name != WHOLE else ()
        if name == DEFAULT and whole:
            return tuple(Value("module", module) if self._is_exports(world, one) else one for one in whole)
        if whole and (found := self._member_of_whole(world, whole, name, module)):
            return found
        doubtful = False
        for item in view.stars:
            if item.exported and name != DEFAULT:
                for target in world.import_target(view.path, item):
                    if target.kind == "module":
                        if found := world.module_member(target.path, name, view.facts.language):
                            return found
                    else:
                        doubtful = doubtful or target.kind == "unknown"
        if name == DEFAULT and not any(item.exported and item.owner < 0 for item in view.facts.imports):
            # A CommonJS module that assigns to the members of `exports`.
            return (Value("module", module),)
        if doubtful or not is_module(view):
            return (UNKNOWN_MODULE,)
        # `import("./x").then(...)`: awaiting is not told apart from the promise itself.
        return (external(f"Promise.{name}", ((Value("module", module),),)),) if name in PROMISE_MEMBERS else ()

    def _member_of_whole(self, world: World, whole: Values, name: str, module: str) -> Values:
        found: Values = ()
        for one in whole:
            found += tuple(
                value for value in world.member(one, name, Spot(module)) if value.kind not in ("missed", "unknown")
            )
        return tuple(one for one in found if one.kind != "external")

    def is_whole(self, view: FileView, number: int) -> bool:
        """Whether a symbol is the default export, or the whole of a CommonJS module."""
        symbol = view.symbol(number)
        if symbol.parent >= 0 or symbol.scope:
            return False
        if symbol.name in self.whole_names or symbol.kind == "component":
            return True
        return any(
            item.exported and item.member == symbol.name and item.name in self.whole_names
            for item in view.facts.imports
        )

    def module_value(self, world: World, module: str) -> Values:
        """What a call of a module calls: the whole of a CommonJS module."""
        return self._whole(world, module) or NOTHING_KNOWN

    # Types

    def read_type(self, text: str) -> TypeText:
        """The tree of a type; that of `import("./x").Y` has the name `import("./x").Y` without quotes."""
        if text.startswith(_IMPORT) and "<" not in text:
            return TypeText(text)
        return super().read_type(text)

    def type_value(self, world: World, kind: TypeText, place: Spot) -> Values:
        """Instances of an annotated type."""
        name, arguments = kind
        if name.startswith(_TYPE_OF):
            return world.evaluate(name.removeprefix(_TYPE_OF), place) or NOTHING_KNOWN
        if name.startswith(_IMPORT):
            return self._imported_type(world, name, place)
        if name in self.unwrapped and not arguments:
            return NOTHING_KNOWN
        if name == "this":
            return world.evaluate("$", place)
        if name in ("InstanceType", "ReturnType") and len(arguments) == 1:
            return world.called(world.type_value(arguments[0], place))
        if name == UNION:
            found: Values = ()
            for part in arguments:
                if part.name in ("null", "undefined", "void"):
                    continue
                found += tuple(one for one in world.type_value(part, place) if one not in found)
            return found or NOTHING_KNOWN
        return super().type_value(world, kind, place)

    def _imported_type(self, world: World, name: str, place: Spot) -> Values:
        """The module in `import("./x")`, or an instance of a type in it."""
        module, _, member = name.removeprefix(_IMPORT).partition(")")
        view = world.view(place.path)
        if view is None:
            return NOTHING_KNOWN
        found = world.held(self.imported(world, view, Import("", module, member.strip("."))))
        if not member:
            return found
        return (
            tuple(
                one._replace(kind="instance") if one.kind == "class" else one for one in found if one.kind != "function"
            )
            or NOTHING_KNOWN
        )

    def named_type(self, world: World, name: str, arguments: tuple[TypeText, ...], place: Spot) -> Values:
        """Instances of a type by its name, which a value may share."""
        inner = tuple(world.type_value(part, place) for part in arguments)
        made: Values = ()
        for one in world.held(self._type_named(world, name, place)):
            if one.kind == "class":
                one = Value("instance", one.path, one.number, arguments=inner)
            elif one.kind == "external":
                one = one if one.name == FUNCTION else external(one.name, inner)
                if one.name in _COMPUTED:
                    one = UNKNOWN_VALUE
            elif one.kind != "instance":
                one = UNKNOWN_VALUE
            made += (one,) if one not in made else ()
        return made or NOTHING_KNOWN

    def _type_named(self, world: World, name: str, place: Spot) -> Values:
        """The symbols of a type's name, dotted or not."""
        head, _, last = name.strip(".").rpartition(".")
        if not head:
            return self.meant("type", world.named(last, place), world)
        found: Values = ()
        for value in self.type_space(world, head, place):
            found += tuple(one for one in world.member(value, last, place) if one not in found)
        return self.meant("type", found, world)

    def type_space(self, world: World, receiver: str, place: Spot) -> Values:
        """What stands before the name of a type: of a namespace and a value of one name the namespace."""
        first, *rest = receiver.split(".")
        if not first.replace("$", "_").isidentifier():
            return world.evaluate(receiver, place)
        found = self._spaces(world, world.named(first, place))
        for name in rest:
            found = self._spaces(world, tuple(one for value in found for one in world.member(value, name, place)))
        return found

    def _spaces(self, world: World, found: Values) -> Values:
        spaces = tuple(
            one
            for one in found
            if one.kind != "symbol" or ((view := world.view(one.path)) and view.symbol(one.number).kind in _SPACES)
        )
        return world.held(spaces or found)

    def external_call(self, world: World, value: Value) -> Values:
        """What a call of something external gives."""
        owner, _, last = value.name.rpartition(".")
        kind = owner.rpartition(".")[2]
        arguments = value.arguments
        if arguments and owner:
            if kind in MAPS and len(arguments) == 2:
                if last == "get":
                    return arguments[1]
                if last in ("values", "keys"):
                    return (external("Array", (arguments[last == "values"],)),)
                return NOTHING_KNOWN
            if last in _ONE_ELEMENT:
                return world.held(self.element(world, external(owner, arguments)))
            if last in _SAME_LIST:
                return (external(owner, arguments),)
            if last == "values" and kind in ("Set", "ReadonlySet"):
                return (external("Array", arguments),)
            return NOTHING_KNOWN
        if value.name == FUNCTION and arguments:
            return arguments[0]
        if value.name == "%":
            return (BUILT_IN_VALUE,)
        # A class of the language's library; whether a name of another library is a class or a function is not known.
        known = value.name in GLOBALS and last[:1].isupper() and value.name not in ("Function", "Object", "Proxy")
        return (value,) if known else NOTHING_KNOWN

    def taken_by_library(self, world: World, function: Value, count: int, number: int) -> Values:
        """What a call of a library's function takes: functions that get elements of a list, or what is awaited."""
        owner, _, last = function.name.rpartition(".")
        kind = owner.rpartition(".")[2]
        if number > 0 or not function.arguments or not owner:
            return NOTHING_KNOWN
        holder = (external(owner, function.arguments),)
        if last == "then":
            given: tuple[Values, ...] = (function.arguments[0] if owner == "Promise" else holder,)
        elif last == "forEach" and kind in MAPS and len(function.arguments) == 2:
            given = (function.arguments[1], function.arguments[0])
        elif last in GIVEN_ELEMENTS:
            element = self.element(world, holder[0])
            given = tuple(element if one == "element" else NOTHING_KNOWN for one in GIVEN_ELEMENTS[last])
        else:
            return NOTHING_KNOWN
        return (external(FUNCTION, (NOTHING_KNOWN, *given)),)

    def given_by_library(self, world: World, kind: Value, number: int) -> Values | None:
        """A class of the language's library is no type of functions."""
        return None if kind.name in GLOBALS and kind.name not in ("Function", "Object") else NOTHING_KNOWN

    def functions_of(self, world: World, value: Value) -> Values:
        """How instances of an interface are called."""
        return tuple(dict.fromkeys(one for key in world.ancestors(value.key).classes for one in called_as(world, key)))

    # Classes and functions

    def base_value(self, world: World, base: str, place: Spot) -> Values:
        """A supertype; of an object the value that it is made from."""
        if base.endswith("()"):
            return (
                tuple(
                    Value("class", one.path, one.number) if one.kind == "instance" else one
                    for one in world.evaluate(base, place)
                )
                or NOTHING_KNOWN
            )
        if "(" in base:
            return NOTHING_KNOWN
        found: Values = ()
        for one in world.held(self._type_named(world, self.read_type(base).name, place)):
            kept = one._replace(arguments=(), this=None) if one.kind in ("class", "external") else UNKNOWN_VALUE
            found += (kept,) if kept not in found else ()
        return found or NOTHING_KNOWN

    def class_member(self, world: World, value: Value, name: str) -> Values:
        """Members that every object has, and those of objects, which are given members anywhere."""
        view = world.view(value.path)
        if name in EVERY_OBJECT:
            return (external(f"Object.{name}"),)
        if view is None:
            return NOTHING_KNOWN
        symbol = view.symbol(value.number)
        if symbol.kind == "object":
            passed = view.imports_of(name, value.number)
            return tuple(one for item in passed for one in world.import_target(view.path, item)) or NOTHING_KNOWN
        if symbol.kind == "component":
            return (external(f"component.{name}"),)
        if name in PROMISE_MEMBERS:
            # Awaiting is not told apart from the promise itself.
            return (external(f"Promise.{name}", ((value,),)),)
        if symbol.kind == "type":
            return NOTHING_KNOWN
        return ()

    def function_member(self, world: World, value: Value, name: str) -> Values:
        """Functions are objects: members are assigned to them (`create.defaults = ...`), or exported beside them."""
        view = world.view(value.path)
        if view is None:
            return NOTHING_KNOWN
        symbol = view.symbol(value.number)
        beside = [index for index in view.outside_members(symbol.name) if view.symbol(index).name == name]
        if beside:
            return symbols(view, beside)
        whole = symbol.parent < 0 and any(one.number == value.number for one in self._whole(world, value.path))
        if whole and (found := self._exported(world, view, name)):
            return found
        return (BUILT_IN_VALUE,) if name in FUNCTION_MEMBERS or name in EVERY_OBJECT else NOTHING_KNOWN

    # Members

    def is_member(self, view: FileView, number: int) -> bool:
        """Members of objects without a name are members too."""
        symbol = view.symbol(number)
        if symbol.kind in ("field", "method") or symbol.scope:
            return True
        return symbol.parent >= 0 and view.symbol(symbol.parent).kind in CONTAINER_KINDS - {"namespace", "module"}

    def may_be_used_unseen(self, world: World, view: FileView, number: int) -> bool:
        """Members of objects are often looked up by name (`handlers[message.type]`) or called by a library; a library
        may take what a module is, by the path of its file, and read what is declared for all (`declare global`)."""
        symbol = view.symbol(number)
        if super().may_be_used_unseen(world, view, number) or self.is_whole(view, number):
            return True
        if symbol.kind == "constructor" or self.is_declaration_file(view.path):
            return True  # `declare var profile` is read as `global.profile`
        if symbol.name in _READ_BY_JSX or (symbol.parent >= 0 and view.symbol(symbol.parent).name in _READ_BY_JSX):
            return True  # `<abbr>` has the type that is declared for it
        if symbol.kind == "function" and symbol.flags & INFERRED:
            return True  # `let trim; ... trim = () => {}; ... trim()`: what the variable's name means is not followed
        if any(view.symbol(around).name == "global" for around in view.chain(symbol.parent)):
            return True
        if symbol.parent < 0 and is_handed_over(world, view) and self._offers(view, number):
            return True
        if symbol.scope and not view.children(-1, symbol.scope.partition(".")[0]):
            # `request.onabort = function () {}`: whoever made the object may call it.
            return True
        if symbol.parent < 0:
            return symbol.kind in ("field", "method")
        return symbol.kind in ("field", "method") and view.symbol(symbol.parent).kind not in (
            "class",
            "enum",
            "interface",
            "type",
        )

    def _offers(self, view: FileView, number: int) -> bool:
        """Whether a file exports, or may export, an outermost symbol."""
        symbol = view.symbol(number)
        if symbol.flags & EXPORTED or view.facts.mentions_of(WHOLE):
            return True
        return any(item.exported and item.member == symbol.name for item in view.facts.imports)

    def one_with(self, one: Symbol, other: Symbol) -> bool:
        """A type and a value may share a name, and are two things; so are members of a class and of its instances."""
        kinds = {one.kind, other.kind}
        if (one.flags ^ other.flags) & STATIC and one.parent >= 0 <= other.parent:
            return False
        return not (kinds & _TYPES_ONLY and kinds & _VALUES_ONLY)

    def is_structural(self, world: World, home: DefinedSymbol) -> bool:
        """Interfaces and types of objects."""
        return home.symbol.kind in _TYPES_ONLY


_READ_BY_JSX: Final = frozenset(("IntrinsicElements", "ElementAttributesProperty", "ElementChildrenAttribute"))
"""Interfaces whose members say what markup in code means."""
_GLOBAL_OBJECTS: Final = frozenset(("window", "globalThis", "global", "self"))


def is_module(view: FileView) -> bool:
    """Whether a file is a module: it imports or exports something."""
    return bool(view.facts.imports) or any(symbol.flags & EXPORTED for symbol in view.facts.symbols)
