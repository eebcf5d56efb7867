"""What a file imports, and what it passes on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from glossator.index.facts import (
    WHOLE,
    Import,
)
from glossator.index.file_scopes import FileScopes
from glossator.index.use_trees import used_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glossator.index.languages import Language
    from glossator.index.nested_spans import Matched, Range
    from glossator.index.nesting import Definition
    from glossator.index.texts import SourceText


_LAST_PART: Final = re.compile(r"::|[./\\:]")
_VERSION: Final = re.compile(r"[/.]v\d+$")
"""Of a module whose path names its major version."""


class FileImports(FileScopes):
    """The imports of a file; see `FileSymbols`."""

    def __init__(self, language: Language, source: SourceText, found: Sequence[Definition]) -> None:
        super().__init__(language, source, found)
        self._imported: set[str] = set()
        """Names that imports bind."""
        self._package_ends = 0, 0
        """Where the names of the outermost and of the innermost package end."""

    def _package(self, known: str, span: Range) -> str:
        """The package or namespace of the file, when one more is declared than those known: the last one, but in C#
        the innermost of namespaces inside each other."""
        named = "".join(self._text(span).split()).replace("\\", ".")
        start, end = self._package_ends
        if not known or self._language.name != "csharp" or not self._are_opened(start, span[0]):
            self._package_ends = span[1], span[1]
            return named
        if not self._are_opened(end, span[0]):  # beside one that is inside another
            return known
        self._package_ends = start, span[1]
        return f"{known}.{named}"

    def _are_opened(self, start: int, end: int) -> bool:
        """Whether more braces are opened than closed in a range."""
        between = self._data[start:end]
        return between.count(b"{") > between.count(b"}")

    def _import(self, match: Matched) -> Import:
        start = match["module"][0][0]
        module = "".join(self._text((start, match["module"][-1][1])).split()).strip("\"'`<>;")
        member = self._text(match["import.name"][0]).strip("\"'`") if "import.name" in match else ""
        if "default" in match:
            member = "default"
        if "all" in match:
            name = "*"
        elif "alias" in match:
            name = self._text(match["alias"][0])
        elif "bound" in match:
            name = self._text(match["bound"][0])
        else:
            name = member or self._bound_by(module)
        return Import(name, module, member, self._place(start)[0], self._owner(start), "exported" in match)

    def _import_tree(self, match: Matched) -> list[Import]:
        """What an import statement brings in that lists names in a tree."""
        start, end = match["tree"][0]
        owner, made = self._owner(start), []
        for used in used_names(self._text((start, end))):
            line = self._place(start + used.at)[0]
            made.append(Import(used.name, used.module, used.member, line, owner, "exported" in match))
            self._imported.add(used.name)
            if self._scopes and (inside := self._hoisted(self._scope(start))) >= 0:
                self._inner_imports.setdefault(used.name, set()).add(inside)
        return made

    def _export(self, match: Matched) -> Import:
        """What the file exports of its own."""
        start = match["passed"][0][0]
        member = self._text(match["passed"][0]).strip("\"'`")
        name = self._text(match["alias"][0]).strip("\"'`") if "alias" in match else member
        owner = self._owner(start) if "inside" in match else -1
        return Import(WHOLE if "whole" in match else name, "", member, self._place(start)[0], owner, exported=True)

    def _bound_by(self, module: str) -> str:
        """The name that the import of a module binds, if the import gives none."""
        how = self._language.module_names
        if how == "unversioned":
            return _LAST_PART.split(_VERSION.sub("", module))[-1]
        return module if how == "whole" else _LAST_PART.split(module)[-1] if how == "last" else ""
