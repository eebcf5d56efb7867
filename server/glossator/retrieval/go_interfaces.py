"""What implements an interface in Go: types that have all of its methods, with the same signatures.

Facts say nothing of parameters, so signatures are compared as they are written, each type's name with the name of its
package. A type is missed if an alias renames what its methods take; none is taken for another one's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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
        text = _COMMENT.sub("", "\n".join(lines(one.path)[one.symbol.line - 1 : one.symbol.end]))
        if "~" in text or "|" in text:
            return {}  # it lists types
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
