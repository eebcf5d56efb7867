"""Go's rules: packages are folders, import paths lead to them through go.mod, embedding, implicit interfaces."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final, cast

from glossator.index.expressions import split_outside
from glossator.index.facts import last_part
from glossator.retrieval.resolution.file_view import bare_name
from glossator.retrieval.resolution.rules import LanguageRules, symbols
from glossator.retrieval.resolution.type_texts import FUNCTION, LIST, TUPLE, TypeText, read_type
from glossator.retrieval.resolution.values import NOTHING_KNOWN, UNKNOWN_VALUE, Spot, Value, Values, external

if TYPE_CHECKING:
    from glossator.index.facts import Import
    from glossator.retrieval.resolution.file_view import FileView
    from glossator.retrieval.resolution.rules import World
    from glossator.retrieval.resolution.values import DefinedSymbol, Key


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_STANDARD: Final = _words(
    "archive bufio builtin bytes cmp compress container context crypto database debug embed encoding errors expvar"
    " flag fmt go hash html image index io iter log maps math mime net os path plugin reflect regexp runtime slices"
    " sort strconv strings structs sync syscall testing text time unicode unique unsafe weak"
)
"""First parts of the standard library's import paths."""
_GENERIC: Final = ("slices:", "maps:", "iter:", "sync/atomic:", "sync:")
"""Packages whose functions give values of any type."""
_HOSTED: Final = {
    "github.com": 3, "gitlab.com": 3, "bitbucket.org": 3, "golang.org": 3, "codeberg.org": 3, "sr.ht": 3,
    "google.golang.org": 2, "go.uber.org": 2, "k8s.io": 2, "sigs.k8s.io": 2, "gopkg.in": 2,
}  # fmt: skip
"""How many parts a module's path usually has, by its host."""
TESTED: Final = "/_test/"
"""What follows a package's folder where its tests are meant, too."""
_SYSTEMS: Final = _words(
    "aix android darwin dragonfly freebsd illumos ios js linux netbsd openbsd plan9 solaris wasip1 windows"
)
"""Systems that a file's name may end in (`file_windows.go`); `_unix.go` says nothing to the compiler."""
_SUPERSETS: Final = {"linux": ("android",), "darwin": ("ios",), "solaris": ("illumos",)}
"""Systems whose files others are built from, too."""
_PROCESSORS: Final = _words("386 amd64 arm arm64 loong64 mips mips64 mips64le mipsle ppc64 ppc64le riscv64 s390x wasm")
_VERSION = re.compile(r"v\d+")
_CHANNEL = re.compile(
    r"(?:<-)?chan(?!nel\b)(?:<-)?(?=[A-Z*\[(<]|[a-z]\w*\.[A-Z]|(?:int|string|error|bool|byte|any|float|uint|rune)\w*$"
    r"|(?:struct|interface)\{|func\()"
)
_INTERFACES: Final = _words(
    "Accept Addr Adder Alignment As At Attrs Begin Bytes Cap Cleanup Close Closer Commit Context Control Convert"
    " Copy Deadline Decode Decrypt Do Done Elem Enabled Encode Encrypt Err Error Errorf Exec ExecContext Fatal"
    " Fatalf Fd Flush Format Get GoString Handle Header Helper Hijack Info Int63 Is IsDir Key Kind LastInsertId Len"
    " Less Load LocalAddr Lock Log Logf MarshalBinary MarshalJSON MarshalText MarshalXML Method ModTime Mode Name"
    " Network Next Open Parse Peek Pop Prepare Print Printf Println Public Push Query QueryContext Read ReadAt"
    " ReadByte ReadDir ReadFile ReadFrom ReadRune ReadString RemoteAddr Reset Rollback RoundTrip RowsAffected Scan"
    " Seed Seek ServeHTTP Set SetDeadline SetReadDeadline SetWriteDeadline Sign Size Skip Stat String Sub Sum Swap"
    " Sync Sys Temporary Timeout Type Uint64 UnmarshalBinary UnmarshalJSON UnmarshalText UnmarshalXML Unlock"
    " UnreadByte UnreadRune Unwrap Value Verify Width WithAttrs WithGroup Write WriteAt WriteByte WriteHeader"
    " WriteRune WriteString WriteTo"
)
"""Methods of interfaces of the standard library: a call may reach a type of the index that implements them."""


class GoRules(LanguageRules):
    """Go."""

    languages = frozenset(("go",))
    extensions = True
    builtins = _words(
        "any bool byte comparable complex64 complex128 error float32 float64 int int8 int16 int32 int64 rune string"
        " uint uint8 uint16 uint32 uint64 uintptr true false iota nil append cap clear close complex copy delete"
        " imag len make max min new panic print println real recover"
    )
    elements: ClassVar[dict[str, int]] = {"map": 1, "chan": 0, "Seq": 0, "Seq2": 1}
    opaque = frozenset(("any",))
    structural = frozenset(("interface",))

    # Packages

    def is_member(self, view: FileView, index: int) -> bool:
        """Fields of unnamed structures and methods of unnamed interfaces are members too."""
        return view.symbol(index).kind in ("field", "method") or super().is_member(view, index)

    def only_folder(self, world: World, definition: DefinedSymbol) -> str | None:
        """What begins with a small letter is seen in its package only, which is a folder; and nobody can import a
        program or tests, whose methods may still be called through interfaces."""
        folder = definition.path.rpartition("/")[0]
        if not bare_name(definition.symbol)[:1].isupper():
            return folder
        if definition.symbol.kind == "method":
            return None
        view = world.view(definition.path)
        is_program = view is not None and view.facts.package == "main"
        return folder if is_program or definition.path.endswith("_test.go") else None

    def may_be_used_unseen(self, world: World, view: FileView, number: int) -> bool:
        """A library may call an exported method: it declares the interface, which the type does not name. Fields are
        given values by their order (`Point{1, 2}`), compared with their structure, and found by reflection."""
        symbol = view.symbol(number)
        return (
            symbol.kind == "field"
            or (bool(symbol.scope) and symbol.name[:1].isupper())
            or super().may_be_used_unseen(world, view, number)
        )

    def imported(self, world: World, view: FileView, item: Import) -> Values:
        """The folder of a package."""
        module = item.module
        if module == "C":
            return NOTHING_KNOWN
        if module.startswith("."):
            parts = view.path.split("/")[:-1]
            for part in module.split("/"):
                if part == "..":
                    parts = parts[:-1]
                elif part != ".":
                    parts.append(part)
            return self._package(world, "/".join(parts)) or NOTHING_KNOWN
        for path, root in self._modules_of(world):
            if module == path or module.startswith(f"{path}/"):
                folder = "/".join(part for part in (root, module[len(path) + 1 :]) if part)
                # A package of the index's own module that is missing is made when it is built.
                package = self._package(world, folder) or NOTHING_KNOWN
                if package and view.path.endswith("_test.go") and view.path.rpartition("/")[0] == folder:
                    # The tests of the package `x_test` see what other tests beside them export in the package `x`.
                    return (Value("module", f"{folder}{TESTED}"),)
                return package
        parts = module.split("/")
        if parts[0] in _STANDARD:
            return self._package(world, f"src/{module}") or (external(f"{module}:"),)
        for folder in world.paths().folders(module):
            if found := self._package(world, folder):
                return found
        if self._modules_of(world):
            return (external(f"{module}:"),)
        return self._guessed(world, parts)

    def _guessed(self, world: World, parts: list[str]) -> Values:
        """The folder of a package in a code base without go.mod, which may be a module or any folder inside of one."""
        known = [part for part in parts if not _VERSION.fullmatch(part)]
        if not parts[_HOSTED.get(parts[0], 2) :] and self._is_in_root(world, parts[-2:]):
            return (Value("module", "/"),)
        for start in range(1, len(known)):
            if found := self._package(world, "/".join(known[start:])):
                return (*found, UNKNOWN_VALUE)
        if self._is_in_root(world, known[-1:]):
            return (Value("module", "/"), UNKNOWN_VALUE)
        return (external("/".join(parts) + ":"),)

    def _is_in_root(self, world: World, names: list[str]) -> bool:
        """Whether the files directly in the root are of a package with one of these names."""
        for path in world.paths().files_in(""):
            if path.endswith(".go") and (view := world.view(path)) is not None and view.facts.package in names:
                return True
        return False

    def _package(self, world: World, folder: str) -> Values:
        """A folder, if it has files in Go."""
        if any(path.endswith(".go") for path in world.paths().files_in(folder)):
            return (Value("module", f"{folder}/"),)
        return ()

    def _modules_of(self, world: World) -> list[tuple[str, str]]:
        """The modules of the index: path and folder, the longest path first."""
        known = cast("list[tuple[str, str]] | None", world.memory.get("go modules"))
        if known is None:
            known = []
            for path in world.paths().ending("go.mod"):
                view = world.view(path)
                if view is not None and view.facts.package:
                    known.append((view.facts.package, path.rpartition("/")[0]))
            known.sort(key=lambda item: -len(item[0]))
            world.memory["go modules"] = known
        return known

    def module_member(self, world: World, module: str, name: str) -> Values:
        """What a package exports under a name."""
        if not name[:1].isupper():
            return ()
        folder = module.removesuffix(TESTED).rstrip("/")
        return self._in_folder(world, folder, name, "", tests=module.endswith(TESTED))

    def in_siblings(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """The other files of the package, its tests only for other tests."""
        folder = view.path.rpartition("/")[0]
        found = self._in_folder(world, folder, name, view.facts.package, tests=view.path.endswith("_test.go"))
        return tuple(one for one in found if are_built_together(view.path, one.path))

    def _in_folder(self, world: World, folder: str, name: str, package: str, *, tests: bool) -> Values:
        """The outermost symbols of a name in the files of a folder (and of a package, if one is given)."""
        found: Values = ()
        for path in world.defining_in(folder, name):
            if not path.endswith(".go"):
                continue
            if not tests and path.endswith("_test.go"):
                continue
            other = world.view(path)
            if other is None or other.facts.package != (package or other.facts.package):
                continue
            if not package and path.endswith("_test.go") and other.facts.package.endswith("_test"):
                continue
            found += symbols(
                other, [index for index in other.children(-1, name) if not self.beside_its_type(other.symbol(index))]
            )
        return found

    def extending_files(self, world: World, key: Key, bare: str, name: str) -> list[str]:
        """Methods stand in the package of their type."""
        return world.defining_in(key[0].rpartition("/")[0], name, bare)

    # Types

    def read_type(self, text: str) -> TypeText:
        """The tree of a type, without the blanks that the source has in it."""
        text = text.lstrip("*&")
        if text.startswith("..."):
            return TypeText(LIST, (self.read_type(text[3:]),))
        if text.startswith(("struct{", "struct ")) or text == "struct":
            return TypeText("struct")
        if text.startswith("interface{"):
            return TypeText("any")
        if channel := _CHANNEL.match(text):
            return TypeText("chan", (self.read_type(text[channel.end() :]),))
        if text.startswith("func("):
            result = text[_closing(text, 4) :]
            return TypeText(FUNCTION, (self.read_type(result),) if result else ())
        if text.startswith("map["):
            end = _closing(text, 3)
            return TypeText("map", (self.read_type(text[4 : end - 1]), self.read_type(text[end:])))
        if text.startswith("("):
            parts = split_outside(text[1 : _closing(text, 0) - 1], ",")
            if len(parts) == 1:
                return self.read_type(parts[0])
            return TypeText(TUPLE, tuple(self.read_type(part) for part in parts))
        if text.startswith("["):
            end = _closing(text, 0)
            if text[end:]:
                return TypeText(LIST, (self.read_type(text[end:]),))
        return read_type(text)

    def type_value(self, world: World, kind: TypeText, place: Spot) -> Values:
        """Instances of a type."""
        if kind.name == "struct":
            return (external("struct"),)
        if kind.name in ("map", "chan"):
            return (external(kind.name, tuple(world.type_value(part, place) for part in kind.arguments)),)
        return super().type_value(world, kind, place)

    def base_value(self, world: World, base: str, place: Spot) -> Values:
        """An embedded type, or the type after which another is made (`type Handlers []Handler`)."""
        kind = self.read_type(base)
        if kind.name in (LIST, FUNCTION, "map", "chan", "struct"):
            return world.type_value(kind, place)
        return super().base_value(world, kind.name, place)

    def class_member(self, world: World, value: Value, name: str) -> Values:
        """An embedded type's value, which has its name."""
        for path, number in world.ancestors(value.key).classes:
            view = world.view(path)
            if view is None:
                continue
            symbol = view.symbol(number)
            for base in symbol.bases:
                kind = self.read_type(base)
                if last_part(kind.name) == name:
                    return world.type_value(kind, Spot(path, symbol.parent))
        return ()

    # Values of libraries

    def element(self, world: World, value: Value) -> Values:
        """The elements of a container; one of the results of a library's function is the library's too."""
        return super().element(world, value) if value.arguments else (value,)

    def external_member(self, world: World, value: Value, name: str) -> Values:
        """A member of a package or of a value; methods of interfaces may be those of types of the index."""
        if value.name == "struct":
            return (external(f"struct.{name}"),)
        if value.name.startswith("struct."):
            return NOTHING_KNOWN
        member = external(f"{value.name}.{name}", value.arguments)
        if value.name != "%" and not value.name.endswith(":") and name in _INTERFACES:
            return (member, UNKNOWN_VALUE)
        return (member,)

    def external_call(self, world: World, value: Value) -> Values:
        """What a call of something external gives: a value of the library or of the language, unless it is generic."""
        if value.name in ("new", "min", "max", "append", "recover") or value.name.startswith(("struct.", *_GENERIC)):
            return NOTHING_KNOWN
        if value.name in self.builtins:
            return (external(value.name),)
        return super().external_call(world, value)


def are_built_together(path: str, other: str) -> bool:
    """Whether there may be a program with both of two files of a package, as their names tell: `open_linux_arm64.go`
    is built for that system and that processor."""
    if path == other:
        return True
    (system, processor), (other_system, other_processor) = _built_for(path), _built_for(other)
    if processor and other_processor and processor != other_processor:
        return False
    if not system or not other_system or system == other_system:
        return True
    return other_system in _SUPERSETS.get(system, ()) or system in _SUPERSETS.get(other_system, ())


def _built_for(path: str) -> tuple[str, str]:
    """The system and the processor that a file's name ends in; "" for any."""
    words = path.rpartition("/")[2].removesuffix(".go").removesuffix("_test").split("_")[1:]
    processor = words.pop() if words and words[-1] in _PROCESSORS else ""
    return words[-1] if words and words[-1] in _SYSTEMS else "", processor


def _closing(text: str, at: int) -> int:
    """The place after the bracket that closes the one at `at`."""
    depth = 0
    for place in range(at, len(text)):
        depth += (text[place] in "([{") - (text[place] in ")]}")
        if depth == 0:
            return place + 1
    return len(text)
