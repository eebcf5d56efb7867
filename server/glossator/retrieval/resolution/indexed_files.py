"""The files of an index, as names are resolved: their facts, their rules, which of them note a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from glossator.index.facts import EXTENSION
from glossator.index.languages import share_names
from glossator.retrieval.resolution.rules import symbols
from glossator.retrieval.resolution.source import language_in, prefetch_in, shared_results, view_in

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from glossator.retrieval.resolution.file_view import FileView
    from glossator.retrieval.resolution.rules import LanguageRules
    from glossator.retrieval.resolution.source import FactsSource, PathIndex
    from glossator.retrieval.resolution.values import DefinedSymbol, Key, Values

MAX_LIKELY: Final = 200
"""Files that are searched for what they define under a name that more than `MAX_NOTING` files mention."""
MAX_NOTING: Final = 40
"""Files that are searched for members of a type outside it, or for members of a namespace."""


class IndexedFiles:
    """The files of a source, each with its facts and its language's rules.

    Attributes:
        memory: see `rules.World`.
    """

    def __init__(self, source: FactsSource, rules_of: Callable[[str], LanguageRules]) -> None:
        self._source = source
        self._rules_of = rules_of
        self._views: dict[str, FileView | None] = {}
        self._paths: PathIndex | None = None
        self._noting: dict[str, list[str]] = {}
        self._shared = shared_results(source)
        self.memory = self._shared.of_rules

    def view(self, path: str) -> FileView | None:
        """The facts of a file; None if it has none."""
        try:
            return self._views[path]
        except KeyError:
            view = self._views[path] = view_in(self._source, path)
            return view

    def paths(self) -> PathIndex:
        """All paths of the index."""
        if self._paths is None:
            self._paths = self._source.paths()
        return self._paths

    def noting(self, *names: str) -> list[str]:
        """The files that define, import or mention every one of the names, as long as they are not too many."""
        found = self._noting_all(names)
        return found if len(found) <= MAX_NOTING else []

    def likeliest(self, *names: str) -> list[str]:
        """Of the files that define, import or mention every one of the names those that may well define the first: of
        many, those that are named like it, then headers."""
        found = self._noting_all(names)
        if len(found) <= MAX_NOTING:
            return found
        key = ("likeliest", *names)
        if not isinstance(known := self.memory.get(key), list):
            bare = names[-1].replace("_", "").lower()

            def rank(path: str) -> tuple[bool, bool, bool]:
                stem, _, ending = path.rpartition("/")[2].partition(".")
                stem = stem.replace("_", "").replace("-", "").lower()
                return stem != bare, bare not in stem, not ending.startswith(("h", "inl", "ipp"))

            known = self.memory[key] = sorted(found, key=rank)[:MAX_LIKELY]
        return known

    def _noting_all(self, names: Sequence[str]) -> list[str]:
        found = self.files_noting(names[0])
        for name in names[1:]:
            others = set(self.files_noting(name))
            found = [path for path in found if path in others]
        return found

    def files_noting(self, name: str) -> list[str]:
        """The files that define, import or mention a name."""
        if (found := self._noting.get(name)) is None:
            found = self._noting[name] = self._source.noting(name)
        return found

    def files_noting_any(self, names: Collection[str]) -> list[str]:
        """The files that define, import or mention one of the names."""
        return self._source.noting_any(names)

    def rules(self, path: str) -> LanguageRules:
        """The rules of a file's language."""
        view = self.view(path)
        return self._rules_of(view.facts.language if view else "")

    def definition(self, key: Key) -> DefinedSymbol | None:
        """The symbol as a definition."""
        view = self.view(key[0])
        return view.definition(key[1]) if view and 0 <= key[1] < len(view.facts.symbols) else None

    def may_share(self, path: str, language: str) -> bool:
        """Whether names in a file may mean definitions in a language, as far as that is known without its facts."""
        own = language_in(self._source, path)
        return not own or share_names(own, language)

    def prefetch(self, paths: Sequence[str]) -> None:
        """Read the facts of many files at once, if the source can."""
        prefetch_in(self._source, [path for path in paths if path not in self._views])

    def packaged(self, package: str, name: str, near: str) -> Values:
        """The outermost symbols of a name in the files that declare a package or namespace."""
        found: Values = ()
        languages = self._rules_of(self.language(near)).languages
        key = ("packaged", package, name, languages)
        if isinstance(known := self.memory.get(key), tuple):
            return known
        for path in self.likeliest(name):
            view = self.view(path)
            if view is None or view.facts.package != package or view.facts.language not in languages:
                continue
            outermost = view.children(-1, name)
            found += symbols(view, (index for index in outermost if not view.symbol(index).flags & EXTENSION))
        self.memory[key] = found
        return found

    def language(self, path: str) -> str:
        """The language of a file; "" if it is none with facts."""
        view = self.view(path) if path and not path.endswith("/") else None
        return view.facts.language if view else ""
