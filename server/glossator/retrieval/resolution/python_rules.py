"""Python's rules: modules and packages in any layout, annotations, and what the language and its library add to
them."""

from __future__ import annotations

import builtins
import sys
from typing import TYPE_CHECKING, ClassVar, Final, cast

from glossator.index.facts import CLASS, FIXTURE_MARK, INFERRED, INSTANCE, MENTION_KINDS, last_part
from glossator.index.python_lambdas import callable_under
from glossator.retrieval.resolution.handed_functions import called_functions
from glossator.retrieval.resolution.pytest_fixtures import fixture_value, fixtures_named
from glossator.retrieval.resolution.rules import LanguageRules, symbols
from glossator.retrieval.resolution.type_texts import FUNCTION, LIST, TUPLE
from glossator.retrieval.resolution.values import (
    BUILT_IN_VALUE,
    INSTANCE_MARK,
    NOTHING_KNOWN,
    UNKNOWN_MODULE,
    UNKNOWN_VALUE,
    Spot,
    Value,
    Values,
    bounded_values,
    external,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glossator.index.facts import Import
    from glossator.retrieval.resolution.file_view import FileView
    from glossator.retrieval.resolution.rules import World
    from glossator.retrieval.resolution.type_texts import TypeText
    from glossator.retrieval.resolution.values import DefinedSymbol

_SOURCE_FOLDERS: Final = frozenset(("", "src", "lib", "python", "Lib", "source", "py", "backend", "server", "app"))
"""Folders that are usually on the module path."""
_ASIDE: Final = frozenset(("tests", "test", "testing", "fixtures", "examples", "docs", "samples", "testdata"))
"""Folders whose packages are not imported from elsewhere."""
_PACKAGE_FILES: Final = ("__init__.py", "__init__.pyi")
_VENDORED: Final = ("vendor", "third_party", "site-packages", "thirdparty", "extern")
_CLOSED_WORDS: Final = """
array base64 binascii bisect bz2 calendar codecs csv ctypes datetime decimal difflib errno fnmatch fractions
getpass glob gzip hashlib hmac html io ipaddress json locale logging lzma math mimetypes operator os pathlib
platform pprint random re secrets select shlex shutil signal socket sqlite3 ssl stat statistics string struct
subprocess sys sysconfig tarfile tempfile textwrap time timeit tokenize traceback unicodedata urllib uuid
warnings xml zipfile zlib zoneinfo
"""
_CLOSED: Final = frozenset(_CLOSED_WORDS.split())
"""Modules of the standard library whose functions give values of the library or of the language alone."""
_MODULE_GIVERS: Final = frozenset(("import_module", "__import__", "importorskip", "reload", "load_module"))
"""Functions that give modules."""
_DYNAMIC: Final = frozenset(
    (
        "Mock",
        "MagicMock",
        "AsyncMock",
        "NonCallableMock",
        "SimpleNamespace",
        "local",
        "Namespace",
        "LocalProxy",
        "Bunch",
    )
)
"""Classes whose instances have any members."""
_METACLASS: Final = "metaclass="
MAX_VARIABLE: Final = 24
"""Names of type variables are short."""
_GENERATORS: Final = frozenset(
    (
        "Iterator",
        "Iterable",
        "Generator",
        "AsyncIterator",
        "AsyncIterable",
        "AsyncGenerator",
        "ContextManager",
        "AbstractContextManager",
        "AsyncContextManager",
        "AbstractAsyncContextManager",
    )
)
_ITERATOR_MEMBERS: Final = frozenset(
    ("send", "throw", "close", "asend", "athrow", "aclose", "gi_frame", "gi_running", "gi_code", "gi_yieldfrom")
)


_EXPORT: Final = MENTION_KINDS.index("export")


class PythonRules(LanguageRules):
    """Python (and Starlark, as far as it is Python)."""

    languages = frozenset(("python", "starlark"))
    unknown_modules = frozenset(("python",))
    declaration_endings = (".pyi",)
    body_scope = True
    bare_members = False
    named_modules = True
    builtins = frozenset(dir(builtins)) | {"__file__", "__path__", "__all__", "reveal_type", "unicode", "basestring"}
    unwrapped: ClassVar[dict[str, int]] = {
        "Optional": 0, "Annotated": 0, "ClassVar": 0, "Final": 0, "Required": 0, "NotRequired": 0, "ReadOnly": 0,
        "InitVar": 0, "Awaitable": 0, "Coroutine": 2, "Task": 0, "Unpack": 0, "Mapped": 0, "Future": 0,
    }  # fmt: skip
    wrapper_members = frozenset(
        ("add_done_callback", "cancel", "cancelled", "done", "exception", "result", "set_exception", "set_result")
    )
    elements: ClassVar[dict[str, int]] = {
        "list": 0, "List": 0, "set": 0, "Set": 0, "frozenset": 0, "FrozenSet": 0, "Sequence": 0, "MutableSequence": 0,
        "Collection": 0, "Iterable": 0, "Iterator": 0, "Generator": 0, "AsyncIterator": 0, "AsyncIterable": 0,
        "AsyncGenerator": 0, "deque": 0, "Deque": 0, "MutableSet": 0, "AbstractSet": 0, "Reversible": 0,
    }  # fmt: skip
    opaque = frozenset(("Any", "object", "Incomplete", "_Any"))
    constructors = frozenset(("__init__", "__new__"))
    call_members = ("__call__",)
    element_members = ("__getitem__", "__iter__", "__aiter__", "__next__")
    result_argument: ClassVar[dict[str, int]] = {"Callable": 1}

    # Functions without a name, and what pytest calls

    def marked(self, world: World, place: Spot, head: str) -> Values:
        """What pytest gives a parameter: `@@name`."""
        return fixture_value(world, place, head.removeprefix(FIXTURE_MARK))

    def fixtures(self, world: World, place: Spot, name: str) -> Values:
        """The fixture that a parameter names."""
        return fixtures_named(world, place, name)

    def taken_under(self, world: World, values: Values, label: str) -> Values:
        """What a call takes under a name, or at a place: `(1:key)`, `(1:0_)`."""
        found: dict[Value, None] = {}
        for value in values:
            for function in called_functions(world, value):
                view = world.view(function.path) if function.kind == "function" else None
                types = view.symbol(function.number).types if view is not None else ()
                written = callable_under(types, label)
                place = Spot(function.path, function.number, function.this)
                found.update(dict.fromkeys(world.evaluate(f"<{written}>", place) if written else NOTHING_KNOWN))
        return bounded_values(found) or NOTHING_KNOWN

    # Modules

    def imported(self, world: World, view: FileView, item: Import) -> Values:
        """A module, or what it offers under the imported name."""
        module, member = item.module, item.member
        found = self._modules(world, view.path, module)
        if not member:
            if "." in module and item.name in (module, module.partition(".")[0]):
                # `import a.b` binds `a`.
                top = self._modules(world, view.path, module.partition(".")[0])
                return top if found[0].kind == "module" else (external(module.partition(".")[0]),)
            return found
        values: Values = ()
        for one in found:
            if one.kind == "module":
                got = world.module_member(one.path, member, "python")
                # A module whose members are made when it is run, or a part of it that is generated.
                values += got or (UNKNOWN_MODULE,)
            elif one.kind == "external":
                values += (external(f"{one.name}.{member}"), *self._in_package(world, module, member))
            else:
                values += (one,)
        return values

    def _modules(self, world: World, path: str, module: str) -> Values:
        """The files or folders that a module's name leads to from a file; external if there is none."""
        key = ("python", path.rpartition("/")[0], module)
        if (known := world.memory.get(key)) is None:
            known = world.memory[key] = self._find_modules(world, path, module)
        return cast("Values", known)

    def _find_modules(self, world: World, path: str, module: str) -> Values:
        if module.startswith("."):
            dots = len(module) - len(module.lstrip("."))
            folder = path.rpartition("/")[0].split("/") if "/" in path else []
            if dots - 1 > len(folder):
                return NOTHING_KNOWN
            folder = folder[: len(folder) - (dots - 1)]
            rest = module.lstrip(".")
            whole = "/".join([*folder, *rest.split(".")] if rest else folder)
            found = self._file_of(world, whole)
            return (Value("module", found),) if found else NOTHING_KNOWN
        parts = module.split(".")
        for root, certain, package in self._roots(world, path, parts[0]):
            found = self._file_of(world, "/".join([root, *parts] if root else parts))
            if found and (package or not found.endswith("/") or self._has_modules(world, found)):
                return (Value("module", found),) if certain else (Value("module", found), UNKNOWN_VALUE)
            if package and certain:
                # A part of a package of the index that is made when it is built or run.
                return NOTHING_KNOWN
        return self._inside_root(world, parts) or (external(module),)

    def _inside_root(self, world: World, parts: list[str]) -> Values:
        """What an absolute name may lead to if the root is itself a package, whose own name no path tells: never more
        than possible. Nothing if the root is no package, or has no such module."""
        if parts[0] in sys.stdlib_module_names or not any(name in world.paths() for name in _PACKAGE_FILES):
            return ()
        found = self._file_of(world, "/".join(parts[1:]))
        return (Value("module", found), UNKNOWN_VALUE) if found else ()

    def _in_package(self, world: World, module: str, member: str) -> Values:
        """What an absolute import may mean of a module inside a package that defines the member: a script may have put
        the package's folder on the module path. Never more than possible."""
        if module.partition(".")[0] in sys.stdlib_module_names:
            return ()
        ending = f"/{module.replace('.', '/')}.py"
        homes = {path for path in world.noting(member) if path.endswith(ending)}
        views = (world.view(path) for path in sorted(homes))
        found = tuple(one for view in views if view is not None for one in symbols(view, view.children(-1, member)))
        return (*found, UNKNOWN_VALUE) if found else ()

    def _file_of(self, world: World, whole: str) -> str:
        """The file of a module by its path without extension, or the folder of a namespace package; "" if there is
        neither."""
        paths = world.paths()
        if not whole:
            return next((name for name in _PACKAGE_FILES if name in paths), "/")
        for candidate in (f"{whole}/__init__.py", f"{whole}.py", f"{whole}/__init__.pyi", f"{whole}.pyi"):
            if candidate in paths:
                return candidate
        return f"{whole}/" if whole in paths.folders(whole) else ""

    def _has_modules(self, world: World, folder: str) -> bool:
        """Whether there are modules directly in a folder."""
        return any(name.endswith((".py", ".pyi")) for name in world.paths().files_in(folder.rstrip("/")))

    def _roots(self, world: World, path: str, top: str) -> list[tuple[str, bool, bool]]:
        """The folders that may be on the module path and have a module or package of this name, the likeliest first:
        each with whether it is certain, and whether it has a package with an `__init__`."""
        paths = world.paths()
        found: dict[str, bool] = {}
        for ending, package in ((f"{top}/__init__.py", True), (f"{top}/__init__.pyi", True), (f"{top}.py", False)):
            for candidate in paths.ending(ending):
                root = candidate[: -len(ending)].rstrip("/")
                found[root] = found.get(root, False) or package
        library = top in sys.stdlib_module_names
        if not library:
            for folder in paths.folders(top):
                found.setdefault(folder[: -len(top)].rstrip("/"), False)
        home = path.rpartition("/")[0]
        good: list[tuple[tuple[bool, int, int], str, bool, bool]] = []
        for root, package in found.items():
            above = not root or home == root or home.startswith(f"{root}/")
            in_package = bool(root) and (f"{root}/__init__.py" in paths)
            if (in_package and root != home) or (library and (not above or in_package)):
                continue
            certain = above or package or root.rpartition("/")[2] in _SOURCE_FOLDERS
            if not above and (any(part in root.lower() for part in _VENDORED) or _ASIDE.intersection(root.split("/"))):
                certain = False
            if in_package:
                # Inside a package its neighbours are imported by relative names; the name is likelier a library's.
                certain, above = False, False
            good.append(((not certain, -len(root) if above else 1, -_shared(root, home)), root, certain, package))
        good.sort()
        return [(root, certain, package) for _, root, certain, package in good]

    def module_member(self, world: World, module: str, name: str) -> Values:
        """What a module has under a name: its own, what it imports, or a module inside it."""
        folder = module[:-1] if module.endswith("/") else module.rpartition("/")[0]
        view = None if module.endswith("/") else world.view(module)
        found: Values = ()
        if view is not None:
            found = self._left_over(view, name) or self.in_file(world, view, Spot(module), name)
            if any(one.kind != "unknown" and one != Value("module", module) for one in found):
                return found
        if module.endswith(("/", "/__init__.py", "/__init__.pyi")) or module in _PACKAGE_FILES:
            inside = f"{folder}/{name}" if folder else name
            if path := self._file_of(world, inside):
                return (Value("module", path),)
        if view is None:
            return ()
        if more := self.in_stars(world, view, Spot(module), name):
            return more
        return found or ((UNKNOWN_MODULE,) if view.children(-1, "__getattr__") else ())

    def _left_over(self, view: FileView, name: str) -> Values:
        """The variable that replaces what a file imports under its name, once the file has run; empty if none does
        whatever happens: an indented assignment is for another case (`except ImportError`)."""
        imported = max((item.line for item in view.imports_of(name, -1)), default=0)
        own = view.children(-1, name) if imported else []
        assigned = [one for one in own if view.symbol(one).line > imported and view.symbol(one).column == 0]
        return symbols(view, [one for one in assigned if view.symbol(one).type != name])

    def in_stars(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """Names with a leading underscore are not part of all names, unless the module says so."""
        if not name.startswith("_"):
            return super().in_stars(world, view, place, name)
        found: Values = ()
        for item in view.stars:
            for module in world.import_target(view.path, item):
                other = world.view(module.path) if module.kind == "module" else None
                if other is not None and any(mention.kind == _EXPORT for mention in other.facts.mentions_of(name)):
                    found += world.member(module, name, place)
        return found

    # Types

    def type_value(self, world: World, kind: TypeText, place: Spot) -> Values:
        """Instances of an annotated type."""
        last = kind.name.rpartition(".")[2]
        if last in ("Union", "Optional"):
            found: Values = ()
            for part in kind.arguments:
                found += tuple(one for one in world.type_value(part, place) if one not in found)
            return found or NOTHING_KNOWN
        if last == "None":
            return ()
        if last == "Callable" and len(kind.arguments) == 2 and kind.arguments[0].name in (LIST, TUPLE):
            taken = (world.type_value(one, place) for one in kind.arguments[0].arguments)
            result = world.type_value(kind.arguments[1], place)
            return (external(FUNCTION, (result, *(one or NOTHING_KNOWN for one in taken))),)
        if last == TUPLE and kind.arguments:
            # Nothing but `except (A, B) as error` has it.
            return tuple(dict.fromkeys(one for part in kind.arguments for one in world.type_value(part, place)))
        if last in ("Self", "self"):
            return world.evaluate(INSTANCE, place)
        if last in ("Type", "type") and kind.arguments:
            made = world.type_value(kind.arguments[0], place)
            return tuple(
                Value("class", one.path, one.number) if one.kind == "instance" else one for one in made
            ) or world.evaluate(CLASS, place)
        if last == "Never" or last == "NoReturn":
            return ()
        if last == "Literal":
            return (BUILT_IN_VALUE,)
        return super().type_value(world, kind, place)

    def named_type(self, world: World, name: str, arguments: tuple[TypeText, ...], place: Spot) -> Values:
        """Instances of a type by its name; of a type variable what the classes below bind it to."""
        if not arguments and len(name) <= MAX_VARIABLE and "." not in name:
            meant = world.named(name, Spot(place.path))
            if any(one.kind == "symbol" and self._is_variable(world, one) for one in meant):
                return self._bound(world, name, place)
        return tuple(_as_instance(one) for one in super().named_type(world, name, arguments, place))

    def _is_variable(self, world: World, value: Value) -> bool:
        """Whether a symbol is a type variable."""
        view = world.view(value.path)
        kind = view.symbol(value.number).type if view else ""
        return kind.endswith(("TypeVar()", "ParamSpec()", "TypeVarTuple()"))

    def _bound(self, world: World, name: str, place: Spot) -> Values:
        """What a class binds a type variable of a class above it to; unknown if it does not say."""
        if place.this is None or (owner := world.enclosing_class(place.path, place.owner)) is None:
            return NOTHING_KNOWN
        view = world.view(owner.path)
        if view is None or owner.kind != "class" or place.this == owner.key:
            return NOTHING_KNOWN
        variables = [
            part.name
            for base in view.symbol(owner.number).bases
            if last_part(base) in ("Generic", "Protocol")
            for part in self.read_type(base).arguments
        ]
        if name not in variables:
            variables = [
                part.name for base in view.symbol(owner.number).bases for part in self.read_type(base).arguments
            ]
        if name not in variables:
            return NOTHING_KNOWN
        number = variables.index(name)
        for path, index in world.ancestors(place.this).classes:
            below = world.view(path)
            if below is None or (path, index) == owner.key:
                continue
            for base in below.symbol(index).bases:
                kind = self.read_type(base)
                where = Spot(path, below.symbol(index).parent)
                if len(kind.arguments) > number and any(
                    one.key == owner.key for one in world.evaluate(kind.name, where)
                ):
                    return world.type_value(kind.arguments[number], Spot(path, below.symbol(index).parent, place.this))
        return NOTHING_KNOWN

    def element(self, world: World, value: Value) -> Values:
        """The elements of a container; of a mapping its values, and its keys if these are of the index."""
        last = value.name.rpartition(".")[2]
        arguments = value.arguments
        if last in ("tuple", "Tuple") and arguments:
            return tuple(dict.fromkeys(one for part in arguments for one in part)) or NOTHING_KNOWN
        if len(arguments) == 2 and last not in self.elements:
            # A mapping: values by index, keys in a loop.
            keys = tuple(one for one in arguments[0] if one.kind == "instance")
            return tuple(dict.fromkeys((*arguments[1], *keys)))
        return super().element(world, value)

    def external_member(self, world: World, value: Value, name: str) -> Values:
        """A member of something external; a context manager gives what it yields."""
        last = value.name.rpartition(".")[2]
        if last in _GENERATORS and value.arguments and name not in _ITERATOR_MEMBERS and not name.startswith("__"):
            found: Values = ()
            for one in value.arguments[0]:
                found += world.member(one, name, Spot(""))
            return found or NOTHING_KNOWN
        if f"{INSTANCE_MARK}." in value.name:
            # What an attribute of a library's instance holds may be of the index: `request.user`.
            return NOTHING_KNOWN
        return super().external_member(world, value, name)

    def external_call(self, world: World, value: Value) -> Values:
        """What a call of something external gives."""
        name, arguments = value.name, value.arguments
        owner, _, last = name.rpartition(".")
        kind = owner.rpartition(".")[2]
        if arguments and owner:
            if last in ("get", "pop", "setdefault", "popitem") and len(arguments) == 2:
                return arguments[1]
            if last == "values" and len(arguments) == 2:
                return (external("list", (arguments[1],)),)
            if last == "keys" and len(arguments) == 2:
                return (external("list", (arguments[0],)),)
            if last == "items" and len(arguments) == 2:
                return (external("list", ((external("tuple", arguments),),)),)
            if last in ("pop", "popleft", "get", "get_nowait", "__next__"):
                return arguments[0]
            if last in ("copy", "union", "intersection", "difference"):
                return (external(owner, arguments),)
            if kind in _GENERATORS:
                return NOTHING_KNOWN
        if name.partition(".")[0] in _CLOSED and "." in name:
            return (external(name),)
        if name in _BUILT_IN_RESULTS:
            return (external(_BUILT_IN_RESULTS[name]),)
        if last in _MODULE_GIVERS:
            return (Value("unknown", name="module"),)
        if last in _DYNAMIC or (not owner and name in self.builtins and name[:1].islower()):
            return NOTHING_KNOWN
        return tuple(_as_instance(one) for one in super().external_call(world, value))

    def held(self, world: World, view: FileView, value: Value) -> Values:
        """The members of an enum are instances of it."""
        symbol = view.symbol(value.number)
        if symbol.kind != "field" or symbol.parent < 0 or symbol.type.startswith("<") or symbol.flags & INFERRED:
            return ()
        if not view.symbol(symbol.parent).bases:
            return ()
        above = world.ancestors((value.path, symbol.parent)).externals
        return (Value("instance", value.path, symbol.parent),) if any(_is_enum(one) for one in above) else ()

    def function_member(self, world: World, function: Value, name: str) -> Values:
        """A member of a function: the language's own, unless a decorator may have made something else of it."""
        view = world.view(function.path)
        if view is not None and view.symbol(function.number).decorators:
            return NOTHING_KNOWN
        return super().function_member(world, function, name)

    def decorated(self, world: World, view: FileView, function: Value) -> Values:
        """A function, unless a decorator of the index makes an instance of a class of it."""
        symbol = view.symbol(function.number)
        place = Spot(view.path, symbol.parent)
        for decorator in symbol.decorators:
            made = world.called(world.evaluate(decorator, place))
            instances = tuple(one for one in made if one.kind == "instance")
            if len(instances) == 1 and all(one in instances or one.kind == "unknown" for one in made):
                # What is unknown beside it comes from a type variable for classes below.
                return instances
        return (function,)

    # Classes

    def base_value(self, world: World, base: str, place: Spot) -> Values:
        """A supertype; what makes a class (`namedtuple(...)`) is external if the function is."""
        if base.startswith(_METACLASS):
            # It may add members, or keep a list of the classes.
            return () if last_part(base) in ("ABCMeta", f"{_METACLASS}ABCMeta") else NOTHING_KNOWN
        if "(" in base:
            made = world.evaluate(base.partition("(")[0], place)
            return tuple(
                one if one.kind == "external" and "namedtuple" in one.name.lower() else UNKNOWN_VALUE for one in made
            )
        return super().base_value(world, base, place)

    def class_member(self, world: World, value: Value, name: str) -> Values:
        """Members that every object has, those of `__getattr__`, and those that an enum's members have."""
        hierarchy = world.ancestors(value.key)
        for path, index in hierarchy.classes:
            view = world.view(path)
            if view is not None and (view.children(index, "__getattr__") or view.children(index, "__getattribute__")):
                return NOTHING_KNOWN
        if name in ("__class__", "__new__"):
            # A call of either makes an instance.
            return (Value("class", *(value.this or value.key)),)
        if name in _OBJECT_MEMBERS:
            return (external(f"object.{name}"),)
        return ()

    def field_given(self, world: World, called: Values, name: str) -> Values:
        """A field that the class declares, or one above it, none of which has a constructor of its own: then one is
        made from the fields (`@dataclass`, `NamedTuple`). What a supertype outside the index makes is not known."""
        found: Values = ()
        for value in called:
            hierarchy = world.ancestors(value.key) if value.kind == "class" else None
            if hierarchy is None or any(world.own_members(key, one) for key in hierarchy.classes for one in _MAKERS):
                return ()
            own = next((own for key in hierarchy.classes if (own := world.own_members(key, name))), ())
            if any(not self._is_declared_field(world, one) for one in own):
                return ()
            known = not hierarchy.open and all(last_part(one.name) in _OF_FIELDS for one in hierarchy.externals)
            found += own if known else (*own, UNKNOWN_VALUE)
        return found if any(one.kind == "symbol" for one in found) else ()

    def _is_declared_field(self, world: World, value: Value) -> bool:
        view = world.view(value.path)
        symbol = view.symbol(value.number) if view is not None else None
        return symbol is not None and symbol.kind == "field" and not symbol.flags & INFERRED

    def is_structural(self, world: World, home: DefinedSymbol) -> bool:
        """Protocols."""
        return any(last_part(base) == "Protocol" for base in home.symbol.bases)


_MAKERS: Final = ("__init__", "__new__")
_OF_FIELDS: Final = frozenset(
    ("ABC", "BaseModel", "Generic", "NamedTuple", "Protocol", "Struct", "TypedDict", "object")
)
"""Libraries' classes that make a constructor from the fields of those below them, or have none of their own."""

_OBJECT_MEMBERS: Final = frozenset(dir(object)) | {
    "__dict__",
    "__name__",
    "__qualname__",
    "__module__",
    "__annotations__",
}
_BUILT_IN_TYPES: Final = frozenset(
    ("bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "memoryview", "range", "set")
) | {"slice", "str", "tuple"}
_BUILT_IN_RESULTS: Final[Mapping[str, str]] = {name: name for name in _BUILT_IN_TYPES} | {
    "open": "io.TextIOWrapper", "len": "int", "repr": "str", "ascii": "str", "chr": "str", "hex": "str", "oct": "str",
    "bin": "str", "format": "str", "input": "str", "ord": "int", "hash": "int", "id": "int", "isinstance": "bool",
    "issubclass": "bool", "callable": "bool", "hasattr": "bool", "any": "bool", "all": "bool", "dir": "list",
    "print": "None", "globals": "dict", "locals": "dict", "vars": "dict", "round": "int", "divmod": "tuple",
}  # fmt: skip


def _as_instance(value: Value) -> Value:
    """An instance of a library's class, told from the class by its name."""
    if value.kind != "external" or value.name.endswith(INSTANCE_MARK):
        return value
    top = value.name.partition(".")[0]
    plain = top == value.name or top in _CLOSED or top in ("typing", "collections", "typing_extensions")
    return value if plain else value._replace(name=value.name + INSTANCE_MARK)


def _is_enum(base: Value) -> bool:
    return base.name.rpartition(".")[2] in ("Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "ReprEnum")


def _shared(one: str, other: str) -> int:
    """How many leading folders two paths share."""
    count = 0
    for left, right in zip(one.split("/"), other.split("/"), strict=False):
        if left != right:
            break
        count += 1
    return count
