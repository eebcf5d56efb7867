"""Small trees of source text whose names are resolved: real parsing, facts kept in memory."""

from __future__ import annotations

import textwrap
from collections.abc import Collection

from glossator.index.facts import MENTION_KINDS, Facts, decode_facts, noted
from glossator.index.parsing import parse
from glossator.index.path_index import PathIndex
from glossator.retrieval.resolution.resolver import Resolver
from glossator.retrieval.resolution.values import DefinedSymbol, Use


class Sample:
    """The facts of some files, as a source for a resolver."""

    def __init__(self, files: dict[str, str]) -> None:
        self.texts = {path: textwrap.dedent(text).lstrip("\n") for path, text in files.items()}
        self._facts: dict[str, Facts] = {}
        self._noting: dict[str, list[str]] = {}
        for path, text in self.texts.items():
            facts = decode_facts(parse(path, text).facts)
            if facts is None:
                continue
            self._facts[path] = facts
            for name in noted(facts):
                self._noting.setdefault(name, []).append(path)
        self._paths = PathIndex(self.texts)
        self.resolver = Resolver(self)

    def facts(self, path: str) -> Facts | None:
        return self._facts.get(path)

    def noting(self, name: str) -> list[str]:
        return sorted(self._noting.get(name, []))

    def noting_any(self, names: Collection[str]) -> list[str]:
        return sorted({path for name in names for path in self.noting(name)})

    def paths(self) -> PathIndex:
        return self._paths

    def definition(self, name: str, path: str | None = None) -> DefinedSymbol:
        """The only definition of a name."""
        found = self.resolver.definitions(name, path)
        assert found, f"{name} is not defined"
        return found[0]

    def line(self, use: Use) -> str:
        """The source line of a use."""
        return self.texts[use.path].splitlines()[use.line - 1].strip()

    def uses(self, name: str, path: str | None = None, grade: str = "resolved") -> list[str]:
        """The uses of a definition with this grade, as "path: line of source", without imports."""
        found = self.resolver.uses(self.definition(name, path)).uses
        return [f"{use.path}: {self.line(use)}" for use in found if use.grade == grade and use.kind != "import"]

    def kinds(self, name: str, path: str | None = None) -> list[str]:
        """The kinds of the resolved uses of a definition."""
        return [use.kind for use in self.resolver.uses(self.definition(name, path)).resolved]

    def at(self, path: str, line: str, name: str, occurrence: int = 0) -> str:
        """What the mention of a name in a line of source means: "path:Qualified.name", "possible" or "excluded"."""
        facts = self._facts[path]
        lines = self.texts[path].splitlines()
        numbers = [number for number, text in enumerate(lines, 1) if text.strip() == line]
        assert numbers, f"{path} has no line {line!r}"
        found = [mention for mention in facts.mentions_of(name) if mention.line in numbers]
        if not found:
            return "no mention"
        resolution = self.resolver.resolve(path, facts, name, found[occurrence])
        if resolution.grade != "resolved":
            return resolution.grade
        return " ".join(sorted(f"{one.path}:{one.qualified_name}" for one in resolution.targets))

    def callees(self, name: str, path: str | None = None, grade: str = "resolved") -> list[str]:
        """The qualified names of what a definition refers to."""
        found = self.resolver.callees(self.definition(name, path))
        return [callee.target.qualified_name for callee in found if callee.grade == grade]

    def all_mentions(self, path: str) -> list[tuple[str, str, int]]:
        """Every mention of a file: its name, kind and line."""
        return [
            (name, MENTION_KINDS[mention.kind], mention.line)
            for name, mentions in self._facts[path].all_mentions()
            for mention in mentions
        ]
