"""What implements an interface in Go: types that have all of its methods, with the same signatures.

Facts say nothing of parameters, so signatures are compared as they are written, each type's name with the name of its
package. A type is missed if an alias renames what its methods take; none is taken for another one's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from glossator.retrieval.resolution.values import Spot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from glossator.retrieval.resolution.file_view import FileView
    from glossator.retrieval.resolution.resolver import Resolver
    from glossator.retrieval.resolution.values import DefinedSymbol, Key

    Lines = Callable[[str], Sequence[str]]

MOST_SIGNATURE_LINES: Final = 40
"""Lines of a method's declaration that are read."""
_COMMENT: Final = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_NAME: Final = re.compile(r"(?<![\w.])([A-Za-z_]\w*)(?:\s*\.\s*([A-Za-z_]\w*))?")
_NAMED: Final = re.compile(r"([A-Za-z_]\w*)\s+(?=[\w*\[(<.]).")
_FUNCTION: Final = re.compile(r"\bfunc\s*\(")
_BLANKS: Final = re.compile(r"(?<!\w)\s+|\s+(?!\w)")
"""All but those between two words: `chan int`."""
_VERSION: Final = re.compile(r"v\d+")
_KEYWORDS: Final = frozenset(("chan", "func", "interface", "map", "struct"))
_BUILT_IN: Final = _KEYWORDS | frozenset(
    (
        *(
            "any",
            "bool",
            "byte",
            "comparable",
            "complex64",
            "complex128",
            "error",
            "float32",
            "float64",
            "rune",
            "string",
        ),
        *("int", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64", "uintptr"),
    )
)
_SAME: Final = {"interface{}": "any", "byte": "uint8", "rune": "int32"}


@dataclass(frozen=True, slots=True)
class GoComparison:
    """A type of Go beside an interface.

    Attributes:
        interface: the interface.
        methods: those of the type that have the name and the signature of one that it requires, in its order.
        missing: methods that it requires and the type lacks.
        differing: methods that both have with other signatures: the required one, and the type's.
        hidden: methods of small letters that it requires, which a type of another package cannot have.
        pointer: whether one of `methods` has a pointer as its receiver, so that only a pointer implements it.
        outside: what the interface embeds from outside the index, as written: what that requires is not known.
        embeds: what the type embeds from outside the index: it may have the methods that are missing.
        unread: whether the signatures cannot be read, or the interface lists types.
    """

    interface: DefinedSymbol
    methods: list[DefinedSymbol] = field(default_factory=list)
    missing: list[DefinedSymbol] = field(default_factory=list)
    differing: list[tuple[DefinedSymbol, DefinedSymbol]] = field(default_factory=list)
    hidden: list[DefinedSymbol] = field(default_factory=list)
    pointer: bool = False
    outside: tuple[str, ...] = ()
    embeds: tuple[str, ...] = ()
    unread: bool = False

    @property
    def verdict(self) -> bool | None:
        """Whether the type implements the interface; None if that cannot be told."""
        if self.unread:
            return None
        if self.differing or self.hidden or (self.missing and not self.embeds):
            return False
        return None if self.missing or self.outside else True


def go_interfaces_of(resolver: Resolver, lines: Lines, kind: DefinedSymbol) -> list[GoComparison]:
    """The interfaces of the index that a type implements, and those of which it has all methods that are known, while
    they embed something from outside; by path and line. Interfaces without methods are left out."""
    found: dict[Key, None] = {}
    for above in resolver.world.ancestors(kind.key).classes:
        for name in _method_names(resolver, above):
            for one in resolver.definitions(name):
                home = resolver.class_of(one)
                if home is not None and home.language == "go" and home.symbol.kind == "interface":
                    found.update(dict.fromkeys((home.key, *resolver.descendants(home.key)[0])))
    compared = []
    for key in sorted(found):
        interface = resolver.definition_at(*key)
        if interface is not None and interface.symbol.kind == "interface" and interface.key != kind.key:
            compared.append(go_comparison(resolver, lines, kind, interface))
    return [
        one
        for one in compared
        if one.verdict or (one.verdict is None and one.methods and not (one.missing or one.unread))
    ]


def _method_names(resolver: Resolver, key: Key) -> set[str]:
    """The names of a type's own methods."""
    view = resolver.world.view(key[0])
    kind = resolver.definition_at(*key)
    if view is None or kind is None:
        return set()
    views = (resolver.world.view(path) for path in resolver.world.likeliest_mentioning(kind.name))
    inside = {view.symbol(index).name for index in view.members(key[1])} if kind.symbol.kind == "interface" else set()
    outside = {one.symbol(index).name for one in views if one is not None for index in one.outside_members(kind.name)}
    return inside | outside


def go_comparison(resolver: Resolver, lines: Lines, kind: DefinedSymbol, interface: DefinedSymbol) -> GoComparison:
    """What of an interface a type implements."""
    above = resolver.world.ancestors(interface.key)
    own = resolver.world.ancestors(kind.key)
    outside, embeds = _named_outside(resolver, above.classes), _named_outside(resolver, own.classes)
    found = GoComparison(interface, outside=outside, embeds=embeds)
    pointer = unread = False
    for required in _required_methods(resolver, lines, above.classes):
        if required is None:
            unread = True
            continue
        member = _method_of(resolver, own.classes, required.name)
        if required.name[:1].islower() and _folder(kind.path) != _folder(required.path):
            found.hidden.append(required)
        elif member is None:
            found.missing.append(required)
        elif (wanted := _signature(resolver, lines, required)) and (made := _signature(resolver, lines, member)):
            if wanted == made:
                found.methods.append(member)
                pointer = pointer or _needs_pointer(resolver, lines, kind, member)
            else:
                found.differing.append((required, member))
        else:
            unread = True
    return replace(found, pointer=pointer, unread=unread)


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _required_methods(resolver: Resolver, lines: Lines, keys: Sequence[Key]) -> Iterator[DefinedSymbol | None]:
    """The methods of an interface and of those that it embeds, each name once; None for what is not known."""
    seen: set[str] = set()
    for key in keys:
        one, view = resolver.definition_at(*key), resolver.world.view(key[0])
        if one is None or view is None or one.symbol.kind != "interface" or _lists_types(lines, one):
            yield None
            continue
        for index in view.members(one.index):
            if view.symbol(index).name not in seen:
                seen.add(view.symbol(index).name)
                yield view.definition(index)


def _lists_types(lines: Lines, interface: DefinedSymbol) -> bool:
    text = _COMMENT.sub("", "\n".join(lines(interface.path)[interface.symbol.line - 1 : interface.symbol.end]))
    return "~" in text or "|" in text


def _method_of(resolver: Resolver, keys: Sequence[Key], name: str) -> DefinedSymbol | None:
    """The method that a type has under a name, its own or that of something that it embeds."""
    for key in keys:
        for value in resolver.world.own_members(key, name):
            method = resolver.definition_at(*value.key)
            if method is not None and method.symbol.kind == "method":
                return method
    return None


def _signature(resolver: Resolver, lines: Lines, method: DefinedSymbol) -> str:
    view = resolver.world.view(method.path)
    return signature_of(lines, view, method) if view is not None else ""


def _named_outside(resolver: Resolver, keys: Sequence[Key]) -> tuple[str, ...]:
    """What types embed that is no type of the index, as they write it."""
    world = resolver.world
    found: dict[str, None] = {}
    for key in keys:
        one = resolver.definition_at(*key)
        for base in one.symbol.bases if one is not None else ():
            values = world.rules(key[0]).base_value(world, base, Spot(key[0]))
            if not any(value.kind == "class" for value in values):
                found[base] = None
    return tuple(found)


def _needs_pointer(resolver: Resolver, lines: Lines, kind: DefinedSymbol, method: DefinedSymbol) -> bool:
    """Whether only a pointer to a type has a method: its receiver is one, and the type embeds no pointer to it."""
    written = lines(method.path)[method.symbol.line - 1 : method.symbol.line]
    if not written or "*" not in written[0].encode()[: method.symbol.column].decode(errors="ignore"):
        return False
    home = resolver.class_of(method)
    if home is None or home.key == kind.key:
        return True
    embedding = "\n".join(lines(kind.path)[kind.symbol.line - 1 : kind.symbol.end])
    return re.search(rf"\*\s*(?:\w+\.)?{re.escape(home.name)}\b", embedding) is None


def go_implementations(resolver: Resolver, lines: Lines, definition: DefinedSymbol) -> tuple[list[DefinedSymbol], bool]:
    """What implements an interface, or a method of one, and whether all of it is known.

    Nothing is known of an interface that has the methods of one outside the index, or lists types. An interface that
    has all methods of another does not implement it.
    """
    home = definition if definition.symbol.kind == "interface" else resolver.class_of(definition)
    if home is None or home.language != "go" or home.symbol.kind != "interface":
        return [], False
    required = _required(resolver, lines, home)
    if not required:
        return [], False
    every = {name: resolver.definitions(name) for name in required}
    rarest = min(every, key=lambda name: len(every[name]))
    found: list[DefinedSymbol] = []
    seen: set[Key] = set()
    for method in every[rarest]:
        key = resolver.class_key(method) if method.language == "go" and method.symbol.kind == "method" else None
        for one in () if key is None else (key, *resolver.descendants(key)[0]):
            if one in seen:
                continue
            seen.add(one)
            kind = resolver.definition_at(*one)
            if kind is None or kind.symbol.kind == "interface":
                continue
            methods = _implementing(resolver, lines, one, required, home)
            if methods is not None:
                made = methods.get(definition.name) if definition.key != home.key else kind
                if made is not None:
                    found.append(made)
    return list(dict.fromkeys(found)), True


def _required(resolver: Resolver, lines: Lines, home: DefinedSymbol) -> dict[str, str]:
    """Method -> signature of an interface; none if they are not all known."""
    found: dict[str, str] = {}
    above = resolver.world.ancestors(home.key)
    if above.open or above.externals:
        return {}
    for key in above.classes:
        one = resolver.definition_at(*key)
        view = resolver.world.view(key[0])
        if one is None or view is None or one.symbol.kind != "interface":
            return {}
        methods = [
            view.definition(index) for index, symbol in enumerate(view.facts.symbols) if symbol.parent == one.index
        ]
        if _lists_types(lines, one):
            return {}
        for method in methods:
            signature = signature_of(lines, view, method)
            if not signature:
                return {}
            found.setdefault(method.name, signature)
    return found


def _implementing(
    resolver: Resolver, lines: Lines, key: Key, required: dict[str, str], home: DefinedSymbol
) -> dict[str, DefinedSymbol] | None:
    """The methods of a type that an interface requires; None if one is missing, or another one of its name."""
    found: dict[str, DefinedSymbol] = {}
    for name, signature in required.items():
        if name[:1].islower() and key[0].rpartition("/")[0] != home.path.rpartition("/")[0]:
            return None
        for above in resolver.world.ancestors(key).classes:
            own = resolver.world.own_members(above, name)
            if own:
                break
        else:
            return None
        method = resolver.definition_at(*own[0].key)
        view = resolver.world.view(method.path) if method is not None else None
        if method is None or view is None or method.symbol.kind != "method":
            return None
        if signature_of(lines, view, method) != signature:
            return None
        found[name] = method
    return found


def signature_of(lines: Lines, view: FileView, method: DefinedSymbol) -> str:
    """The types of a method's parameters and results, without names; "" if they cannot be read."""
    first = method.symbol.line - 1
    written = lines(method.path)[first : first + MOST_SIGNATURE_LINES]
    if not written:
        return ""
    start = written[0].encode()[: method.symbol.column].decode(errors="ignore")
    text = _COMMENT.sub("", "\n".join(written)[len(start) + len(method.name) :])
    end = _closing(text, 0)
    if not text.startswith("(") or end < 0:
        return ""
    rest = text[end + 1 :].lstrip(" \t")
    close = _closing(rest, 0) if rest.startswith("(") else _end_of_type(rest)
    if close < 0:
        return ""
    results = rest[1:close] if rest.startswith("(") else rest[:close]
    return f"({_types(text[1:end], view)})({_types(results, view)})"


def _closing(text: str, start: int) -> int:
    """Where the bracket at a place is closed; -1 if it is not."""
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] in "([{") - (text[at] in ")]}")
        if not depth:
            return at
    return -1


def _end_of_type(text: str) -> int:
    """The end of a result's type that stands without parentheses: before a body, or the end of a line."""
    at = 0
    while at < len(text) and text[at] != "\n":
        if text[at] == "{" and not re.search(r"\b(?:interface|struct)\s*$", text[:at]):
            return at
        if text[at] in "([{":
            at = _closing(text, at)
            if at < 0:
                return -1
        at += 1
    return at


def _types(text: str, view: FileView) -> str:
    """A list of parameters or results without names, each type's name with that of its package."""
    parts = [part.strip() for part in _split(text) if part.strip()]
    heads = [_NAMED.match(part) for part in parts]
    if any(head is not None and head[1] not in _KEYWORDS for head in heads):
        kind = ""
        for at in range(len(parts) - 1, -1, -1):
            head = heads[at]
            kind = parts[at][head.end(1) :].strip() if head is not None else kind
            parts[at] = kind
    return ",".join(_with_packages(part, view) for part in parts)


def _split(text: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for at, char in enumerate(text):
        depth += (char in "([{") - (char in ")]}")
        if char == "," and not depth:
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]]


def _with_packages(text: str, view: FileView) -> str:
    """A type's text in which names have their packages, without blanks and without the names of parameters."""
    made = ""
    while (found := _FUNCTION.search(text)) is not None:
        made += _qualified(text[: found.start()], view) + "func"
        text = text[found.end() - 1 :]
        while text.startswith("(") and (end := _closing(text, 0)) > 0:
            made += f"({_types(text[1:end], view)})"
            text = text[end + 1 :].lstrip()
    return made + _qualified(text, view)


def _qualified(text: str, view: FileView) -> str:
    def whole(found: re.Match[str]) -> str:
        name, member = found[1], found[2]
        if member is None:
            return name if name in _BUILT_IN else f"{view.facts.package}.{name}"
        for item in view.facts.imports:
            if item.name == name:
                folders = [part for part in item.module.split("/") if not _VERSION.fullmatch(part)] or [item.module]
                return f"{folders[-1]}.{member}"
        return f"{name}.{member}"

    bare = _BLANKS.sub("", _NAME.sub(whole, text))
    for one, other in _SAME.items():
        bare = re.sub(rf"(?<![\w.]){re.escape(one)}(?!\w)", other, bare)
    return bare
