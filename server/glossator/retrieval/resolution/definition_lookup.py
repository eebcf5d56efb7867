"""Definitions by name and by place, what they are members of, and which of them are one thing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from glossator.index.facts import STUB
from glossator.index.languages import share_names
from glossator.retrieval.resolution.evaluation import Evaluator
from glossator.retrieval.resolution.file_view import CALLABLE_KINDS, CONTAINER_KINDS
from glossator.retrieval.resolution.parameters import may_override
from glossator.retrieval.resolution.rules_table import rules_of
from glossator.retrieval.resolution.values import Spot, Value

if TYPE_CHECKING:
    from glossator.retrieval.resolution.file_view import FileView
    from glossator.retrieval.resolution.source import FactsSource
    from glossator.retrieval.resolution.values import DefinedSymbol, Key

_SHARP: Final = re.compile(r"(?<=[\w>])#")
"""`Class#method`; a name that begins with a sharp is a private one in JavaScript."""

MAX_DEFINING: Final = 500
"""Files that are searched for the definitions of one name."""


class DefinitionLookup:
    """Finds definitions in the facts of a source.

    Attributes:
        world: joins the facts of several files.
    """

    def __init__(self, source: FactsSource) -> None:
        self.world = Evaluator(source, rules_of)

    def definition_at(self, path: str, index: int) -> DefinedSymbol | None:
        """A symbol of a file."""
        return self.world.definition((path, index))

    def definition_on(self, path: str, line: int, name: str = "") -> DefinedSymbol | None:
        """The definition whose name is on a line (1-based), or else the innermost one around it; of several, that of
        the name."""
        view = self.world.view(path)
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
        for file in [path] if path is not None else self.world.files_defining(last)[:MAX_DEFINING]:
            view = self.world.view(file)
            if view is None:
                continue
            for index in view.named(last):
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
            for value in self.world.member(Value("instance", *home.key), member, Spot(home.path)):
                one = self.world.definition(value.key) if value.kind == "symbol" else None
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
        view = self.world.view(definition.path)
        return view is not None and rules_of(definition.language).is_member(view, definition.index)

    def class_of(self, definition: DefinedSymbol) -> DefinedSymbol | None:
        """The class whose member a definition is."""
        key = self.class_key(definition)
        return self.world.definition(key) if key else None

    def class_key(self, definition: DefinedSymbol) -> Key | None:
        """The class whose member a definition is; None if it is none, or the class is outside the index."""
        if not self.is_member(definition):
            return None
        symbol = definition.symbol
        if not symbol.scope and symbol.parent >= 0:
            enclosing = self.world.enclosing_class(definition.path, symbol.parent)
        else:
            enclosing = self.world.home_class(definition.path, definition.index)
        return enclosing.key if enclosing is not None and enclosing.kind == "class" else None

    def is_one_thing(self, one: DefinedSymbol, other: DefinedSymbol) -> bool:
        """Whether two definitions are one thing: declared more than once in a file, declared and defined, or parts of a
        class in several files."""
        if one.key == other.key:
            return True
        if one.qualified_name != other.qualified_name or not share_names(one.language, other.language):
            return False
        rules = rules_of(one.language)
        if rules.are_apart(self.world, one, other):
            return False
        if one.path == other.path:
            return rules.one_with(one.symbol, other.symbol) and not self._are_in_different_functions(one, other)
        views = self.world.view(one.path), self.world.view(other.path)
        if views[0] is None or views[1] is None or views[0].facts.package != views[1].facts.package:
            return False
        if rules.same_thing(one.symbol, other.symbol) or rules.are_alternatives(self.world, one, other):
            return True
        declares = _declares(one)
        if declares == _declares(other):
            return False
        if _stem(one.path) == _stem(other.path):
            return not self._is_another_overload(one, other)
        declared, defined = (one, other) if declares else (other, one)
        return self._offers(declared, defined)

    def _are_in_different_functions(self, one: DefinedSymbol, other: DefinedSymbol) -> bool:
        """Whether two definitions of a file that have one qualified name stand in two functions of one name, which have
        nothing of each other."""
        view = self.world.view(one.path)
        first, second = one.symbol.parent, other.symbol.parent
        while view is not None and first != second and first >= 0 and second >= 0:
            around = view.symbol(first), view.symbol(second)
            if all(symbol.kind in CALLABLE_KINDS for symbol in around):
                return True
            first, second = around[0].parent, around[1].parent
        return False

    def _is_another_overload(self, one: DefinedSymbol, other: DefinedSymbol) -> bool:
        """Whether one of two functions has another counterpart in the other's file, by the types of its parameters.
        Without one, a type may be written in two ways."""
        if not rules_of(one.language).overloads or may_override(one.symbol, other.symbol):
            return False
        for mine, its in ((one, other), (other, one)):
            view = self.world.view(its.path)
            for index in view.named(its.name) if view is not None else ():
                rival = view.definition(index) if view is not None else its
                if rival.qualified_name == mine.qualified_name and may_override(mine.symbol, rival.symbol):
                    return True
        return False

    def _offers(self, declared: DefinedSymbol, defined: DefinedSymbol) -> bool:
        """Whether the module that a file of declarations describes (`a.py` of `a.pyi`) passes on what another one
        defines."""
        outermost = declared.qualified_name.partition(".")[0]
        stem, folder = _stem(declared.path), declared.path.rpartition("/")[0]
        for path in self.world.paths().files_in(folder):
            # Some folders have thousands of files: this is `_stem(path) == stem`.
            if path == declared.path or not (path.startswith(stem + ".") or path == stem):
                continue
            for value in self.world.module_member(path, outermost, declared.language):
                if value.kind == "symbol" and value.path == defined.path:
                    return True
        return False


def _declares(definition: DefinedSymbol) -> bool:
    """Whether a definition only declares what another one defines."""
    stub = bool(definition.symbol.flags & STUB)
    return stub or rules_of(definition.language).is_declaration_file(definition.path)


def _stem(path: str) -> str:
    """A path without its extensions: declarations for `a.js` are in `a.d.ts`, those for `a.py` in `a.pyi`."""
    folder, slash, name = path.rpartition("/")
    return folder + slash + name.partition(".")[0]
