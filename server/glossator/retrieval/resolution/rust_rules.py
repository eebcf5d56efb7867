"""Rust's rules: modules in files and inside files, crates, trees of imports, implementations, wrapping types."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, ClassVar, Final, cast

from glossator.index.facts import CLASS, EXTENSION, INSTANCE, last_part
from glossator.retrieval.resolution.generics import bound, bound_of, bound_type
from glossator.retrieval.resolution.rules import LanguageRules, own_symbols, symbols
from glossator.retrieval.resolution.rust_library import (
    ITERATING,
    ITERATOR,
    ITERATORS,
    OF_WRAPPED,
    WRAPPED,
    closure_taken,
)
from glossator.retrieval.resolution.rust_places import crate_folder, folders_above, is_root, parent_file, root_of
from glossator.retrieval.resolution.rust_traits import associated_type, given_by_traits
from glossator.retrieval.resolution.type_texts import FUNCTION, LIST, TypeText, read_type
from glossator.retrieval.resolution.values import NOTHING_KNOWN, UNKNOWN_MODULE, Spot, Value, Values, external

if TYPE_CHECKING:
    from glossator.index.facts import Import
    from glossator.retrieval.resolution.file_view import FileView
    from glossator.retrieval.resolution.rules import World
    from glossator.retrieval.resolution.values import DefinedSymbol, Key


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PASSED: Final = "%passed"
"""A method of a wrapping type that gives what is inside: a call gives the only type argument."""
_STANDARD: Final = _words("std core alloc proc_macro test")
_PASSING: Final = _words(
    "as_deref as_deref_mut as_mut as_pin_mut as_ref await borrow borrow_mut by_ref clone cloned context copied deref"
    " deref_mut downgrade err expect expect_err filter get_mut get_or_insert get_or_insert_with get_ref inspect"
    " inspect_err into_inner load lock map_err ok ok_or ok_or_else or or_else peek read replace take to_owned try_lock"
    " unwrap unwrap_or unwrap_or_default unwrap_or_else upgrade with_context write"
)
"""Methods of `Option`, `Result`, pointers and locks that give what is inside."""
_OF_RESULTS: Final = _words(
    "and_then err expect is_err is_none is_ok is_some map_err ok ok_or ok_or_else unwrap unwrap_or unwrap_or_default"
    " unwrap_or_else"
)
"""Methods of `Option` and `Result`."""
_OF_WRAPPERS: Final = _OF_RESULTS | _words(
    "and as_deref as_deref_mut as_mut as_ref cloned contains copied filter flatten get_or_insert get_or_insert_with"
    " insert inspect is_some_and iter iter_mut map map_or map_or_else or or_else replace take transpose xor zip"
)
"""More of them, which other types often have, too."""
_SAME: Final = _words(
    "as_mut_slice as_ref as_slice borrow borrow_mut by_ref chain clone cloned collect copied cycle drain filter fuse"
    " inspect into_boxed_slice into_iter into_vec iter iter_mut lock peekable read rev rsplit skip skip_while sorted"
    " split_off step_by take take_while to_owned to_vec write"
)
"""Methods of collections and iterators that give one of the same elements."""
_PICKING: Final = _words(
    "back back_mut entry find first first_mut front front_mut get get_mut get_or_insert_with insert last"
    " last_mut max max_by max_by_key min min_by min_by_key next next_back nth or_default or_insert or_insert_with peek"
    " peek_mut pop pop_back pop_front pop_last pop_first reduce remove single swap_remove unwrap unwrap_or expect"
    " recv try_recv"
)
"""Methods of collections and iterators that give an element."""
_COLLECTING: Final = _words("collect into_vec to_vec sorted into_boxed_slice")
"""Methods that give a collection of the elements."""
_MAPS: Final = _words("HashMap BTreeMap IndexMap FxHashMap AHashMap DashMap LinkedHashMap")
_CELLS: Final = _words("Mutex RwLock RefCell Cell OnceCell OnceLock LazyCell AtomicPtr ArcSwap Weak Sender Receiver")
_TRANSPARENT: Final = _words("Rc Arc Box Pin Cow Option Result Poll")
_WRAPPING: Final = _CELLS | _TRANSPARENT | _words("ManuallyDrop NonNull Lazy LazyLock MaybeUninit Some Ok")
"""Types of libraries whose values may have the members of what is inside."""
_LIFETIME: Final = re.compile(r"'\w+\s*,?\s*")


class RustRules(LanguageRules):
    """Rust."""

    languages = frozenset(("rust",))
    extensions = True
    builtins = _words(
        "i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize f32 f64 bool char str String Vec Option Some None Result"
        " Ok Err Box ToString ToOwned Into From Iterator IntoIterator Default Clone Copy Drop Fn FnMut FnOnce Send Sync"
        " Sized Eq PartialEq Ord PartialOrd Hash Debug AsRef AsMut Extend DoubleEndedIterator ExactSizeIterator TryFrom"
        " TryInto FromIterator drop println print eprintln eprint format write writeln panic assert assert_eq assert_ne"
        " debug_assert debug_assert_eq debug_assert_ne vec todo unimplemented unreachable matches concat stringify"
        " include_str include_bytes include env option_env line file column module_path cfg compile_error dbg derive"
        " test cfg_attr allow deny warn forbid inline must_use doc repr ignore should_panic deprecated non_exhaustive"
        " global_allocator track_caller cold no_mangle link_name macro_export macro_use path automatically_derived"
    )
    wrapper_members = _OF_WRAPPERS
    unwrapped: ClassVar[dict[str, int]] = {
        "Option": 0, "Result": 0, "Box": 0, "Rc": 0, "Arc": 0, "Pin": 0, "Cow": 0, "Ref": 0, "RefMut": 0, "Poll": 0,
        "Future": 0, "ManuallyDrop": 0, "MutexGuard": 0, "RwLockReadGuard": 0, "RwLockWriteGuard": 0, "Lazy": 0,
        "LazyLock": 0, "CachePadded": 0, "NonNull": 0, "BoxFuture": 0, "MaybeUninit": 0, "Reverse": 0, "Saturating": 0,
    }  # fmt: skip
    elements: ClassVar[dict[str, int]] = {
        "Vec": 0, "VecDeque": 0, "HashSet": 0, "BTreeSet": 0, "LinkedList": 0, "BinaryHeap": 0, "SmallVec": 0,
        "ArrayVec": 0, "IndexSet": 0, "Iterator": 0, "IntoIterator": 0, "DoubleEndedIterator": 0,
        "ExactSizeIterator": 0, "Stream": 0, LIST: 0, "Iter": 0, "IterMut": 0, "IntoIter": 0, "Peekable": 0,
        **dict.fromkeys(_MAPS, 1),
    }  # fmt: skip
    calls_keep = True
    fields_apart = True
    generic_types = True
    marks_optional = True  # nothing may be left out

    # Names

    def meant(self, kind: str, found: Values, world: World) -> Values:
        """Attributes and what is derived are functions and traits, whose names types, values and macros by example may
        have too. Those macros are meant only where they are called. No module is: a function may have its name."""
        if kind != "decorator":
            if kind == "call" and found and all(_is_inner_module(world, one) for one in found):
                found = self._beside_modules(world, found) or found
            if kind in ("type", "base"):  # `mod knock;` beside `pub use self::knock::knock;`
                return tuple(one for one in found if not world.is_function(one) and not _is_macro(world, one))
            return found if kind == "call" else tuple(one for one in found if not _is_macro(world, one))
        return tuple(
            one
            for one in found
            if one.kind != "symbol"
            or (view := world.view(one.path)) is None
            or view.symbol(one.number).kind in ("function", "trait", "interface")
        )

    def _beside_modules(self, world: World, modules: Values) -> Values:
        """The functions that are brought in under the name of modules inside files, where these stand."""
        found: Values = ()
        for one in modules:
            view = world.view(one.path)
            if view is not None:
                symbol = view.symbol(one.number)
                brought = self._in_stars_of(world, view, symbol.parent, symbol.name)
                brought += self.imported_as(world, view, symbol.name, symbol.parent)
                found += tuple(value for value in brought if world.is_function(value))
        return found

    def bare(self, world: World, view: FileView, place: Spot, name: str) -> Values:
        """What a name means in the functions and the module around a place; outside the module nothing is visible."""
        module = self._module_of(view, place.owner)
        if name in ("crate", "super"):
            if name == "super":
                return self._parent(world, view, module)
            return (root_of(world, view.path),)
        for around in view.chain(place.owner):
            if around == module:
                break
            if found := self._named_in(world, view, around, name):
                return found
        if found := self._in_module(world, view, module, name):
            return found
        if crate := self._crate(world, name):
            return (Value("module", crate),)
        if name in _STANDARD:
            return (external(f"{name}:"),)
        if found := self._macro(world, view, name):
            return found
        if name in self.builtins:
            return (external(name),)
        return self._nameless(world, view.path, name) if name[:1].islower() else ()

    def _module_of(self, view: FileView, owner: int) -> int:
        """The innermost module inside the file around a symbol (or the symbol itself); -1 for the file."""
        for around in view.chain(owner):
            symbol = view.symbol(around)
            if symbol.kind == "module" and not symbol.flags & EXTENSION:
                return around
        return -1

    def _named_in(self, world: World, view: FileView, around: int, name: str) -> Values:
        """Definitions and imports directly inside a function, or inside a module (-1: the file)."""
        symbol = view.symbol(around) if around >= 0 else None
        if symbol is not None and symbol.kind not in ("function", "method", "constructor", "test", "module"):
            return ()
        found = self._own(view, around, name) + self.imported_as(world, view, name, around)
        return found or self._in_stars_of(world, view, around, name)

    def _own(self, view: FileView, owner: int, name: str) -> Values:
        """Definitions of a name directly inside a symbol (-1: the file); implementations are none."""
        return symbols(view, [one for one in view.children(owner, name) if not view.symbol(one).flags & EXTENSION])

    def _in_module(self, world: World, view: FileView, module: int, name: str) -> Values:
        """What a module has under a name: its own, what it imports, a module in a file of its own."""
        found = self._own(view, module, name) + self.imported_as(world, view, name, module)
        if not found and (file := self._child(world, view, module, name)):
            return (Value("module", file),)
        return found or self._in_stars_of(world, view, module, name)

    def _in_stars_of(self, world: World, view: FileView, owner: int, name: str) -> Values:
        """What the imports of all names directly inside a symbol bring in. Symbols that two of them bring are
        alternatives (`#[cfg]`), of which a program has one."""
        brought: Values = ()
        unknown = False
        for item in view.stars:
            if item.owner != owner:
                continue
            for one in world.held(world.import_target(view.path, item)):
                unknown = unknown or one.kind == "unknown"
                if one.kind in ("module", "class", "instance"):
                    found = world.member(one, name, Spot(view.path, owner))
                    kept = tuple(value for value in found if value.kind not in ("missed", "unknown"))
                    if one.kind != "module":
                        kept = own_symbols(kept)  # an enum has nothing to bring in but its variants
                    # Macros by example are visible by the order of the text; what has their name is looked for first.
                    if kept and not all(_is_macro(world, value) for value in kept):
                        if not brought:
                            brought = kept
                        elif own_symbols(brought) and (others := own_symbols(kept)) and not {*others} & {*brought}:
                            brought = (*brought, *others, UNKNOWN_MODULE)
        return brought or ((UNKNOWN_MODULE,) if unknown else ())

    def _macro(self, world: World, view: FileView, name: str) -> Values:
        """A macro is visible in the whole crate, and outside it if it is exported."""
        found = self._macros(world, name)
        if own := tuple(one for one in found if one.path == view.path):
            found = own
        if len(found) > 1:
            home = crate_folder(world, view.path)
            near = tuple(one for one in found if crate_folder(world, one.path) == home)
            found = near or found
        return found if len(found) == 1 else (*found, UNKNOWN_MODULE) if found else ()

    def _macros(self, world: World, name: str) -> Values:
        """The macros of a name in all files."""
        key = ("rust macros", name)
        if isinstance(known := world.memory.get(key), tuple):
            return known
        found: Values = ()
        for path in world.files_defining(name):
            other = world.view(path) if path.endswith(".rs") else None
            if other is not None:
                found += symbols(other, (one for one in other.named(name) if other.symbol(one).kind == "macro"))
        world.memory[key] = found
        return found

    # Modules and crates

    def _child(self, world: World, view: FileView, module: int, name: str) -> str:
        """The file of a module inside a module; "" if there is none."""
        folder, _, file = view.path.rpartition("/")
        stem = file.removesuffix(".rs")
        if stem not in ("mod", "lib", "main") and not is_root(view.path):
            folder = f"{folder}/{stem}" if folder else stem
        inside = [view.symbol(around).name for around in view.chain(module)][::-1] if module >= 0 else []
        base = "/".join(part for part in (folder, *inside) if part)
        for path in (f"{base}/{name}.rs", f"{base}/{name}/mod.rs"):
            path = path.lstrip("/")
            if path in world.paths() and path != view.path:
                return path
        return ""

    def _parent(self, world: World, view: FileView, module: int) -> Values:
        if module >= 0:
            above = self._module_of(view, view.symbol(module).parent)
            return (Value("class", view.path, above) if above >= 0 else Value("module", view.path),)
        parent = parent_file(world, view.path)
        return (Value("module", parent) if parent else UNKNOWN_MODULE,)

    def _crate(self, world: World, name: str) -> str:
        """The root file of a crate of the index by its name; "" if there is none."""
        known = cast("dict[str, str] | None", world.memory.get("crates"))
        if known is None:
            known = {}
            for path in world.paths().ending("Cargo.toml"):
                folder = path.rpartition("/")[0]
                view = world.view(path)
                crate = view.facts.package if view is not None else ""
                crate = (crate or folder.rpartition("/")[2]).strip("\"'").replace("-", "_")
                for file in ("src/lib.rs", "lib.rs"):
                    if crate and (root := f"{folder}/{file}".lstrip("/")) in world.paths():
                        known.setdefault(crate, root)
                        break
            world.memory["crates"] = known
        return known.get(name, "")

    def imported_as(self, world: World, view: FileView, name: str, owner: int) -> Values:
        """What imports bind a name to: unknown too if some lead into the index and some out of it, which are
        alternatives (`#[cfg]`)."""
        found = super().imported_as(world, view, name, owner)
        outside = sum(one.kind == "external" for one in found)
        return (*found, UNKNOWN_MODULE) if 0 < outside < len(found) else found

    def imported(self, world: World, view: FileView, item: Import) -> Values:
        """What an import stands for, from the first part of its path on."""
        if item.module.endswith(".rs"):
            # `#[path = "core.rs"] mod imp;`
            file = posixpath.normpath(posixpath.join(view.path.rpartition("/")[0], item.module))
            return (Value("module", file),) if file in world.paths() else (UNKNOWN_MODULE,)
        place = Spot(view.path, item.owner)
        parts = [part for part in item.module.split("::") if part]
        if item.member:
            parts.append(item.member)
        if not parts:
            return NOTHING_KNOWN
        module = self._module_of(view, item.owner)
        head = parts.pop(0)
        if head in ("self", "crate", "super"):
            if head == "self":
                found: Values = (Value("class", view.path, module) if module >= 0 else Value("module", view.path),)
            else:
                found = world.named(head, place)
        elif crate := self._crate(world, head):
            found = (Value("module", crate),)
        elif not parts and item.name != "*":
            # `use shop;` names a crate, `use shop::{self}` a module beside it.
            found = self._own(view, module, head) or self._nameless(world, view.path, head)
            found = found or (external(f"{head}:"),)
        else:
            found = self._head(world, view, place, module, head)
        for at, part in enumerate(parts, 1):
            values: Values = ()
            for one in found:
                if one.kind == "unknown":
                    values += (UNKNOWN_MODULE,)
                else:
                    # `pub use self::redirect::redirect;` gives a module and a function one name.
                    got = (self._inner(world, one, part) if at < len(parts) else ()) or world.member(one, part, place)
                    values += got or (UNKNOWN_MODULE,)
            found = tuple(dict.fromkeys(values))
        return found

    def _inner(self, world: World, value: Value, name: str) -> Values:
        """The module of a name inside a module."""
        view = world.view(value.path) if value.kind in ("module", "class") else None
        if view is None or (value.kind == "class" and view.symbol(value.number).kind != "module"):
            return ()
        found = tuple(one for one in self._own(view, value.number, name) if _is_inner_module(world, one))
        if not found and (file := self._child(world, view, value.number, name)):
            found = (Value("module", file),)
        return found

    def _head(self, world: World, view: FileView, place: Spot, module: int, head: str) -> Values:
        """What the path of an import begins with: a module beside it, a type, or a crate outside the index."""
        found = self._own(view, module, head)
        if not found and (file := self._child(world, view, module, head)):
            found = (Value("module", file),)
        if not found:
            for item in view.imports_of(head, module):
                if item.module.split("::")[0] != head:
                    found += world.import_target(view.path, item)
        if not found and head not in _STANDARD:
            root = root_of(world, view.path)
            if root.kind == "module" and root.path != view.path and (other := world.view(root.path)) is not None:
                # The paths of the 2015 edition begin at the root of the crate.
                found = self._own(other, -1, head)
                if not found and (file := self._child(world, other, -1, head)):
                    found = (Value("module", file),)
        return found or self._nameless(world, view.path, head) or (external(f"{head}:"),)

    def _nameless(self, world: World, path: str, head: str) -> Values:
        """What the name of a crate may lead to where the open folder has no Cargo.toml that names its own: never more
        than possible."""
        folder = path.rpartition("/")[0]
        if head in _STANDARD or crate_folder(world, path) or "Cargo.toml" in world.paths():
            return ()
        for above in (folder, *folders_above(folder)):
            for name in ("src/lib.rs", "lib.rs"):
                if (root := f"{above}/{name}".lstrip("/")) in world.paths():
                    return (Value("module", root), UNKNOWN_MODULE) if root != path else ()
        return ()

    def module_member(self, world: World, module: str, name: str) -> Values:
        """What a module offers under a name."""
        view = world.view(module)
        if view is None:
            return ()
        if name == "super":
            return self._parent(world, view, -1)
        if name == "self":
            return (Value("module", module),)
        if found := self._in_module(world, view, -1, name):
            return found
        return self._macro(world, view, name) or (UNKNOWN_MODULE,)

    # Types

    def read_type(self, text: str) -> TypeText:
        """The tree of a type, without lifetimes and additional bounds."""
        if "$" in text:
            text = text.replace(CLASS, "Self").replace(INSTANCE, "Self")
        if "+" in text:
            text = "".join(_without_bounds(text))
        return read_type(_LIFETIME.sub("", text).replace("Item=", "").replace("Output=", "").replace("<,", "<"))

    def type_value(self, world: World, kind: TypeText, place: Spot) -> Values:
        """Instances of a type."""
        if kind.name == "Self":
            return world.evaluate(INSTANCE, place)
        if kind.name == "_":
            return NOTHING_KNOWN
        last = last_part(kind.name)
        if kind.arguments and last in self.unwrapped:
            # A type of the index that is called like a wrapping one wraps nothing.
            found = world.evaluate(kind.name.replace("::", "."), place)
            if any(one.kind == "class" for one in found):
                return self.named_type(world, kind.name, kind.arguments, place)
        if kind.name in ("Self.Item", "Self.Output", "Self.Error") or kind.name.startswith("Self::"):
            return NOTHING_KNOWN
        return super().type_value(world, kind, place)

    def result(self, world: World, function: Value, result: Values) -> Values:
        """What a call of a function gives: where its type names parameters of its type, with their arguments."""
        return bound_type(world, self, function) or result

    def held(self, world: World, view: FileView, value: Value) -> Values:
        """What a field holds whose type names parameters of its type."""
        return bound_type(world, self, value)

    def own_arguments(self, world: World, place: Spot) -> tuple[Values, ...]:
        """The type arguments of `self` in an implementation for some of them: `impl Slot<Reader>`."""
        view = world.view(place.path)
        for around in view.chain(place.owner) if view is not None else ():
            assert view is not None
            symbol = view.symbol(around)
            if symbol.flags & EXTENSION and "<" in symbol.name:
                found: list[Values] = []
                for part in self.read_type(symbol.name).arguments:
                    # `impl<S: Source> Buffered<S>`: at least what the parameter has to be.
                    bound = None if part.arguments else bound_of(world, part.name, Spot(place.path, around))
                    found.append(world.type_value(part, Spot(place.path, symbol.parent)) if bound is None else bound)
                return tuple(found)
        return ()

    def field_given(self, world: World, called: Values, name: str) -> Values:
        """The associated type of a trait that is named with it: `impl Filter<Extract = ()>`."""
        return associated_type(world, called, name)

    # Closures

    def bound_parameter(self, world: World, function: Value, written: str) -> Values:
        """What a parameter takes whose type names parameters of its type, with their arguments."""
        return bound(world, self, function, self.read_type(written))

    def taken_by_library(self, world: World, function: Value, count: int, number: int) -> Values:
        """What a call of a library's method takes: closures that get elements, or what a wrapping type holds."""
        return closure_taken(function, count, number, self.elements)

    # Members

    def function_member(self, world: World, value: Value, name: str) -> Values:
        """Functions and macros have none: what stands before the name is the module or crate that is called like the
        function (`use anyhow::anyhow;` and `anyhow::Error`)."""
        view = world.view(value.path)
        if view is None:
            return ()
        symbol = view.symbol(value.number)
        module = self._module_of(view, symbol.parent)
        if inside := [one for one in self._own(view, module, symbol.name) if one.key != value.key]:
            return tuple(
                found for one in world.held(tuple(inside)) for found in world.member(one, name, Spot(view.path))
            )
        if file := self._child(world, view, module, symbol.name):
            return world.member(Value("module", file), name, Spot(view.path))
        if crate := self._crate(world, symbol.name):
            return world.member(Value("module", crate), name, Spot(crate))
        if module < 0 and value.path.removesuffix(".rs").removesuffix("/mod").rpartition("/")[2] == symbol.name:
            return world.member(Value("module", value.path), name, Spot(value.path))  # its module is called like it
        return (UNKNOWN_MODULE,)

    def is_member(self, view: FileView, index: int) -> bool:
        """Modules have no instances: what stands in them is reached by its path."""
        symbol = view.symbol(index)
        if not symbol.scope and symbol.parent >= 0:
            around = view.symbol(symbol.parent)
            if around.kind == "module" and not around.flags & EXTENSION:
                return False
        return super().is_member(view, index)

    def may_be_used_unseen(self, world: World, view: FileView, number: int) -> bool:
        """A type or constant that an implementation gives a trait, which is used by the trait's name for it; a constant
        without a name; modules, which the path of an import names without a mention."""
        symbol = view.symbol(number)
        given = symbol.kind in ("type", "constant") and symbol.parent >= 0 and view.symbol(symbol.parent).bases
        return (
            symbol.kind == "module"
            or symbol.name == "_"
            or bool(given)
            or super().may_be_used_unseen(world, view, number)
        )

    def class_member(self, world: World, value: Value, name: str) -> Values:
        """What a module inside a file imports; what traits give that are implemented elsewhere; methods of types that
        wrap others."""
        view = world.view(value.path)
        if view is not None:
            symbol = view.symbol(value.number)
            if symbol.kind == "module":
                if name == "super":
                    return self._parent(world, view, value.number)
                return self._in_module(world, view, value.number, name) or (UNKNOWN_MODULE,)
        if given := given_by_traits(world, value, name):
            return given
        if name in _PASSING or (name == "default" and value.kind == "class"):
            # What is derived has no definition.
            return (external(PASSED, ((value._replace(kind="instance"),),)),)
        if name in OF_WRAPPED and value.kind == "instance" and not _may_iterate(world, value):
            # Only what wraps the value has the method.
            return (external(f"{WRAPPED}.{name}", ((value,),)),)
        return ()

    def more_bases(self, world: World, key: Key) -> Values:
        """The type that a type derefers to."""
        view = world.view(key[0])
        if view is None:
            return ()
        found: Values = ()
        for number in view.outside_members(last_part(view.symbol(key[1]).name)):
            beside = view.symbol(number)
            if beside.flags & EXTENSION and any(last_part(base) == "Deref" for base in beside.bases):
                for target in view.children(number, "Target"):
                    for one in world.evaluate(view.symbol(target).type, Spot(key[0], number)):
                        if one.kind == "instance":
                            found += (Value("class", one.path, one.number),)
        return found

    def may_extend(self, world: World, home: DefinedSymbol) -> bool:
        """A trait may be implemented for types of libraries, and for all types that have another one."""
        return home.symbol.kind == "trait"

    # Values of libraries

    def may_be_wrapped(self, receiver: str, name: str) -> bool:
        """Whether a name may be a method of `Option` or `Result`, one of which a call may have given."""
        return name in _OF_RESULTS and receiver.endswith("()")

    def external_call(self, world: World, value: Value) -> Values:
        """What a call of something of a library gives: an element, a collection of the same elements, or unknown."""
        name, arguments = value.name, value.arguments
        if name == PASSED and arguments:
            return arguments[0]
        if name == FUNCTION and arguments:
            return arguments[0]
        owner, _, last = name.rpartition(".")
        if not arguments or not owner:
            kind = owner.rpartition(":")[2].rpartition(".")[2]
            if kind in _WRAPPING:
                return NOTHING_KNOWN
            if kind[:1].isupper():
                return (external(owner),) if last in ("new", "default", "with_capacity", "from") else NOTHING_KNOWN
            return (value,) if not owner and last[:1].isupper() else NOTHING_KNOWN
        kind = owner.rpartition(".")[2]
        picked = arguments[1] if len(arguments) == 2 and kind in _MAPS else arguments[0]
        if kind in _CELLS:
            return picked
        if last in ("values", "values_mut", "into_values") and len(arguments) == 2:
            return (external(ITERATOR, (arguments[1],)),)
        if last in ("keys", "into_keys") and len(arguments) == 2:
            return (external(ITERATOR, (arguments[0],)),)
        if last in ("iter", "iter_mut", "into_iter", "drain") and len(arguments) == 2 and kind in _MAPS:
            return (external(ITERATOR, ((external("()", arguments),),)),)
        if last == "enumerate":
            return (external(ITERATOR, ((external("()", ((external("usize"),), arguments[0])),),)),)
        if last in ITERATING and kind in self.elements:
            return (external(ITERATOR, arguments[:1]),)
        if last in _COLLECTING and kind in self.elements:
            return (external("Vec", arguments[:1]),)
        if last in _SAME:
            return (external(owner, arguments),)
        if last in _PICKING:
            return picked
        return NOTHING_KNOWN


def _may_iterate(world: World, value: Value) -> bool:
    """Whether an instance may be something whose methods take closures for others than itself."""
    hierarchy = world.ancestors(value.key)
    return hierarchy.open or any(last_part(one.name) in ITERATORS for one in hierarchy.externals)


def _is_macro(world: World, value: Value) -> bool:
    """Whether a value is a macro by example."""
    view = world.view(value.path) if value.kind == "symbol" else None
    return view is not None and view.symbol(value.number).kind == "macro"


def _without_bounds(text: str) -> list[str]:
    """The pieces of a type without what follows a plus sign (`dyn Base + Send`)."""
    kept: list[str] = []
    depth = 0
    skipped = -1
    for char in text:
        if char in ")>]," and skipped >= 0 and (depth <= skipped or char == ","):
            skipped = -1 if depth <= skipped else skipped
        if char == "+" and skipped < 0:
            skipped = depth
        depth += (char in "(<[") - (char in ")>]")
        if skipped < 0:
            kept.append(char)
    return kept


def _is_inner_module(world: World, value: Value) -> bool:
    """Whether a value is a module inside a file."""
    view = world.view(value.path) if value.kind == "symbol" else None
    return view is not None and view.symbol(value.number).kind == "module"
