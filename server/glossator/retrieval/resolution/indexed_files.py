"""The files of an index, as names are resolved: their facts, their rules, which of them note a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from glossator.index.facts import EXTENSION, definition_note, member_note
from glossator.index.languages import share_names
from glossator.retrieval.resolution.rules import symbols
from glossator.retrieval.resolution.source import language_in, may_have_any, prefetch_in, shared_results, view_in

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from glossator.retrieval.resolution.file_view import FileView
    from glossator.retrieval.resolution.patience import Patience
    from glossator.retrieval.resolution.rules import LanguageRules
    from glossator.retrieval.resolution.source import FactsSource, PathIndex
    from glossator.retrieval.resolution.values import DefinedSymbol, Key, Values

MAX_LIKELY: Final = 200
"""Files that are searched for what they define under a name that more than `MAX_NOTING` files define."""
MAX_DEFINING_TYPE: Final = 3
"""Files that define a name are looked at; most names of types are defined in one, those of libraries in none."""
MAX_NOTING: Final = 40
"""Files that are searched for members of a type outside it, or for members of a namespace."""


class IndexedFiles:
    """The files of a source, each with its facts and its language's rules.

    Attributes:
        memory: see `rules.World`.
        patience: how long more files may be looked at; None for as long as it takes.
    """

    def __init__(self, source: FactsSource, rules_of: Callable[[str], LanguageRules]) -> None:
        self.patience: Patience | None = None
        self._source = source
        self._rules_of = rules_of
        self._views: dict[str, FileView | None] = {}
        self._rules: dict[str, LanguageRules] = {}
        self._paths: PathIndex | None = None
        self._noting: dict[str, list[str]] = {}
        self._extended: dict[frozenset[str], bool] = {}
        """What `are_extended` gives, by the languages."""
        self._in_folders: dict[str, dict[str, list[str]]] = {}
        """Name or note -> folder -> files."""
        self._shared = shared_results(source)
        self.memory = self._shared.of_rules

    def view(self, path: str) -> FileView | None:
        """The facts of a file; None if it has none."""
        try:
            return self._views[path]
        except KeyError:
            self.check_time()
            view = self._views[path] = view_in(self._source, path)
            return view

    def check_time(self) -> None:
        """Go on, if there is time.

        Raises:
            OutOfTimeError, CancelledByUser: see `Patience.check`.
        """
        if self.patience is not None:
            self.patience.check()

    def paths(self) -> PathIndex:
        """All paths of the index."""
        if self._paths is None:
            self._paths = self._source.paths()
        return self._paths

    def noting(self, name: str) -> list[str]:
        """The files that define, import or mention a name, as long as they are not too many."""
        found = self.files_noting(name)
        return found if len(found) <= MAX_NOTING else []

    def likeliest(self, name: str) -> list[str]:
        """The files that define a name: of many, those that are named like it, then headers."""
        return self._likeliest(definition_note(name), name)

    def likeliest_adding(self, type_name: str, name: str) -> list[str]:
        """The files that define a member of a type outside of it: of many, those that are named like the type."""
        return self._likeliest(member_note(type_name, name), type_name)

    def are_extended(self, rules: LanguageRules) -> bool:
        """Whether other files may add members to a language's types: such as are in a language that can."""
        languages = rules.extending_languages or rules.languages
        if (known := self._extended.get(languages)) is None:
            known = self._extended[languages] = may_have_any(self._source, languages)
        return known

    def likeliest_mentioning(self, name: str) -> list[str]:
        """The files that define, import or mention a name: of many, those that are named like it, then headers."""
        return self._likeliest(name, name)

    def _likeliest(self, note: str, stem: str) -> list[str]:
        found = self.files_noting(note)
        if len(found) <= MAX_NOTING:
            return found
        key = ("likeliest", note)
        if not isinstance(known := self.memory.get(key), list):
            bare = stem.replace("_", "").lower()

            def rank(path: str) -> tuple[bool, bool, bool]:
                stem, _, ending = path.rpartition("/")[2].partition(".")
                stem = stem.replace("_", "").replace("-", "").lower()
                return stem != bare, bare not in stem, not ending.startswith(("h", "inl", "ipp"))

            known = self.memory[key] = sorted(found, key=rank)[:MAX_LIKELY]
        return known

    def files_noting(self, name: str) -> list[str]:
        """The files that define, import or mention a name."""
        if (found := self._noting.get(name)) is None:
            key = ("noting", name)
            known = self.memory.get(key)
            found = self._noting[name] = known if isinstance(known, list) else self._source.noting(name)
            if known is None and len(found) <= MAX_NOTING:
                self.memory[key] = found  # other questions ask for the same definitions
        return found

    def files_defining(self, name: str) -> list[str]:
        """The files that define a name."""
        return self.files_noting(definition_note(name))

    def is_of_no_member(self, name: str, language: str) -> bool:
        """See `rules.World`."""
        key = ("of no member", name, language)
        if not isinstance(known := self.memory.get(key), bool):
            files = self.sharing(self.files_defining(name), language)
            views = [self.view(path) for path in files] if len(files) <= MAX_DEFINING_TYPE else []
            found = (view.symbol(index) for view in views if view is not None for index in view.named(name))
            known = len(files) <= MAX_DEFINING_TYPE and all(
                one.kind == "constructor" or (one.parent < 0 and not one.scope and not one.flags & EXTENSION)
                for one in found
            )
            self.memory[key] = known
        return known

    def defining_in(self, folder: str, name: str, type_name: str = "") -> list[str]:
        """The files directly in a folder that define a name; with `type_name` as a member of a type, outside of it."""
        note = member_note(type_name, name) if type_name else definition_note(name)
        if (by_folder := self._in_folders.get(note)) is None:
            by_folder = self._in_folders[note] = {}
            for path in self.files_noting(note):
                by_folder.setdefault(path.rpartition("/")[0], []).append(path)
        return by_folder.get(folder, [])

    def files_noting_any(self, names: Collection[str]) -> list[str]:
        """The files that define, import or mention one of the names."""
        return self._source.noting_any(names)

    def rules(self, path: str) -> LanguageRules:
        """The rules of a file's language."""
        if (known := self._rules.get(path)) is None:
            view = self.view(path)
            known = self._rules[path] = self._rules_of(view.facts.language if view else "")
        return known

    def definition(self, key: Key) -> DefinedSymbol | None:
        """The symbol as a definition."""
        view = self.view(key[0])
        return view.definition(key[1]) if view and 0 <= key[1] < len(view.facts.symbols) else None

    def sharing(self, paths: Iterable[str], language: str) -> list[str]:
        """The files in which names may mean definitions in a language, as far as that is known without their facts."""
        known = {"": True}
        found: list[str] = []
        for path in paths:
            own = language_in(self._source, path)
            if (shares := known.get(own)) is None:
                shares = known[own] = share_names(own, language)
            if shares:
                found.append(path)
        return found

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
        note = definition_note(f"{package}.{name}" if package else name)
        for path in self._likeliest(note, name):
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
