"""The files of an index in memory, with the facts about each that ranking uses."""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import starmap
from typing import TYPE_CHECKING

from glossator.index import terms as analysis
from glossator.retrieval.file_stems import FileStems, stem_words
from glossator.retrieval.kinds import PROSE_LANGUAGES, compat_folder, is_compat, is_example, is_test, version_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from glossator.index.embedding import StaticEmbedder
    from glossator.index.records import FileSummary, StoredEntry
    from glossator.index.store import Store
    from glossator.retrieval.file_stems import NameShares
    from glossator.retrieval.query import Query

_CORE_SHARE = 0.3
"""A folder with so much of a project's code is its core, whatever it is called."""
_CORE_CHANGES = 100
"""After so many changed files it is found out again that no folder is a core, for which all paths are looked at."""
_CACHED_PATHS = 200_000
"""Maximum paths whose vectors are cached, of at most 1 KB each."""
_CACHED_FOLDERS = 10_000
"""Maximum folders whose terms are cached, per process."""
_CACHED_HOMES = 100_000
"""Maximum names whose definitions are cached, of some hundred bytes each."""
_CACHED_DEFINITIONS = 500
"""Maximum names whose definitions are cached as entries, of which there may be some dozen."""
_NAMES_AT_ONCE = 3
"""From so many names it takes less time to find out at once which of them are not there."""
_CACHED_NAMES = 10_000
"""Maximum names of which it is kept whether anything is called so."""
STATIC_NAMES = ("test", "example", "compat", "prose", "depth", "lines")


class FileFacts:
    """The facts about one file that ranking keeps; made of what a `FileSummary` has.

    Most are needed of candidates only, and are found out when they are first asked for: there may be thousands of files
    for some dozen candidates.

    Attributes:
        revision: see `FileSummary`.
        lines: number of lines.
        packed_centroid: mean direction of the file's vectors, float16; empty if it has none, None if it was not read.
    """

    __slots__ = ("_static", "_words", "language", "lines", "packed_centroid", "path", "revision")

    def __init__(self, revision: int, path: str, language: str, lines: int, packed_centroid: bytes | None) -> None:
        self.revision = revision
        self.path = path
        self.language = language
        self.lines = lines
        self.packed_centroid = packed_centroid
        self._static: tuple[float, ...] | None = None
        self._words: tuple[str, tuple[str, ...]] | None = None

    def forget_findings(self) -> None:
        """Forget what was found out about the file since it was read."""
        self.packed_centroid = self._static = self._words = None

    @property
    def stem(self) -> str:
        """The name without extensions, folded ("HTTPServer.test.ts" -> "httpserver")."""
        return self._stem_words()[0]

    @property
    def stem_terms(self) -> tuple[str, ...]:
        """Terms of the stem's words, without the whole stem."""
        return self._stem_words()[1]

    def _stem_words(self) -> tuple[str, tuple[str, ...]]:
        if self._words is None:
            self._words = stem_words(analysis.stem_of(self.path))
        return self._words

    @property
    def static(self) -> tuple[float, ...]:
        """Values of `STATIC_NAMES`."""
        if self._static is None:
            self._static = (
                float(is_test(self.path)),
                float(is_example(self.path)),
                float(is_compat(self.path)),
                float(self.language in PROSE_LANGUAGES),
                min(self.path.count("/"), 8) / 4,
                math.log1p(self.lines) / 5,
            )
        return self._static

    @property
    def folder_terms(self) -> tuple[str, ...]:
        """Terms of the last three folders."""
        return _folder_terms(self.path.rpartition("/")[0])


@lru_cache(_CACHED_FOLDERS)
def _folder_terms(folder: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(analysis.analyze(" ".join(folder.split("/")[-3:]))))


def centroids(facts: Sequence[FileFacts], dimensions: int) -> NDArray[np.float32]:
    """The mean directions of files' vectors, shape (len(facts), dimensions); zeros for those that have none."""
    import numpy as np

    none = bytes(2 * dimensions)
    packed = (one.packed_centroid or none for one in facts)
    whole = b"".join(one if len(one) == len(none) else none for one in packed)
    return np.frombuffer(whole, np.float16).astype(np.float32).reshape(len(facts), dimensions)


def file_facts(summary: FileSummary) -> FileFacts:
    """The facts of a file."""
    return FileFacts(*summary)


class Corpus:
    """The files of an index, in memory, a few hundred bytes each. Updated after the store's commits."""

    def __init__(self, words: StaticEmbedder) -> None:
        """`words` embeds paths and single words: there may be hundreds of them in one query."""
        self._words = words
        self._changes = -1
        self._paths: dict[str, NDArray[np.float32]] = {}
        self._rarity: dict[str, float] = {}
        self._homes: dict[int, frozenset[int]] = {}
        self._definitions: dict[tuple[str, bool, int], list[StoredEntry]] = {}
        self._first_named: dict[tuple[str, int], list[StoredEntry]] = {}
        self._looked_up: set[str] = set()
        """Names of which it is known whether they are in:"""
        self._unnamed: set[str] = set()
        """Names that no definition has."""
        self._newest: dict[str, int] = {}
        self._core: tuple[str, ...] | None = ()
        """See `is_core`; None if it has to be found out."""
        self._core_lasts = 0
        """After so many changed files it is still right."""
        self.files: dict[int, FileFacts] = {}
        self._stems = FileStems(self.files)
        self.by_path: dict[str, int] = {}
        self._by_name: dict[str, set[str]] | None = None
        """See `named`; None if it has to be found out."""
        self.entries = 1

    def refresh(self, store: Store) -> None:
        """Load what was committed since the last call."""
        changes = store.changes()
        if changes == self._changes:
            return
        removed, fresh = store.summaries_since(self.files)
        left: list[str] = []
        for gone in removed:
            facts = self.files.pop(gone)
            if self.by_path.get(facts.path) == gone:
                del self.by_path[facts.path]
            left.append(facts.path)
        added = [one.revision for one in fresh]
        self.files.update(zip(added, starmap(FileFacts, fresh), strict=True))
        self.by_path.update(zip((one.path for one in fresh), added, strict=True))
        if any(path not in self.by_path and _versions_in((path,)) for path in left):
            self._newest = _versions_in(self.by_path)
        else:
            for folder, newest in _versions_in(summary.path for summary in fresh).items():
                self._newest[folder] = max(newest, self._newest.get(folder, 0))
        self._stems.change(added, len(removed))
        self._by_name = None
        self._core_lasts -= len(added) + len(removed)
        if self._core_lasts < 0:
            self._core = None
        self.entries = max(1, store.entry_count())
        self._forget_findings()
        self._changes = changes

    def _forget_findings(self) -> None:
        """Forget what was found out about the last commit."""
        for found_out in (
            *(self._rarity, self._homes, self._definitions, self._first_named),
            *(self._looked_up, self._unnamed),
        ):
            found_out.clear()

    def release_memory(self) -> None:
        """Forget all but which files there are, which takes longest to read: the next searches find out the rest."""
        self._forget_findings()
        self._paths.clear()
        self._by_name = None
        for one in self.files.values():
            one.forget_findings()
        self._stems = FileStems(self.files)

    def is_core(self, path: str) -> bool:
        """Whether a path is in a folder that is named like compatibility code but holds much of the project."""
        if self._core is None:
            self._core, self._core_lasts = core_folders(self.files.values())
        return any(path.startswith(folder) for folder in self._core)

    def is_outdated(self, path: str) -> bool:
        """Whether a path is in the folder of a version with a newer one beside it ("src/v3" beside "src/v4")."""
        version = version_folder(path) if self._newest else None
        return version is not None and version[1] < self._newest.get(version[0], 0)

    def shares_in_names(self, weights: Mapping[str, float]) -> NameShares:
        """See `FileStems.shares`."""
        return self._stems.shares(weights)

    def named(self, name: str) -> set[str]:
        """Paths whose last component is `name`, lower case."""
        if self._by_name is None:
            self._by_name = {}
            for path in self.by_path:
                self._by_name.setdefault(_file_name(path), set()).add(path)
        return self._by_name.get(name, set())

    def rarities(self, store: Store, terms: Iterable[str]) -> dict[str, float]:
        """Inverse document frequency of terms, natural logarithm: ln(1 + (N - n + 1/2) / (n + 1/2))."""
        missing = [term for term in terms if term not in self._rarity]
        if missing:
            for term, count in store.document_frequencies(missing).items():
                self._rarity[term] = math.log1p(max(0.0, self.entries - count + 0.5) / (count + 0.5))
        return {term: self._rarity[term] for term in terms}

    def rare_homes(self, store: Store, ids: Sequence[int]) -> dict[int, set[int]]:
        """See `Lookup.rare_homes`."""
        if len(self._homes) > _CACHED_HOMES:
            self._homes.clear()
        return store.rare_homes(ids, self._homes)

    def look_up(self, store: Store, names: Iterable[str]) -> None:
        """Find out at once which names nothing is called: of those that a problem report has most, each several times.

        Each would otherwise be looked for in two or three ways.
        """
        fresh = {name for name in names if name not in self._looked_up}
        if len(fresh) >= _NAMES_AT_ONCE:
            if len(self._looked_up) + len(fresh) > _CACHED_NAMES:
                self._looked_up.clear()
                self._unnamed.clear()
            self._looked_up |= fresh
            self._unnamed |= store.unnamed(fresh)

    def definitions(self, store: Store, name: str, limit: int, *, any_case: bool) -> list[StoredEntry]:
        """See `Lookup.named`. Names that are asked for again are mostly those with many definitions."""
        if name in self._unnamed:
            return []
        key = name, any_case, limit
        if key not in self._definitions:
            if len(self._definitions) >= _CACHED_DEFINITIONS:
                self._definitions.clear()
            self._definitions[key] = store.named(name, limit, any_case=any_case)
        return self._definitions[key]

    def first_named(self, store: Store, name: str, limit: int) -> list[StoredEntry]:
        """The first definitions by path of exactly that bare name."""
        if name in self._unnamed:
            return []
        key = name, limit
        if key not in self._first_named:
            if len(self._first_named) >= _CACHED_DEFINITIONS:
                self._first_named.clear()
            self._first_named[key] = store.nearest_named(name, "", limit)
        return self._first_named[key]

    def cosines(self, texts: Sequence[str], question: str) -> list[float]:
        """How near texts are to a question in meaning, by the words of each."""
        vectors = self._words.embed_texts([question, *texts])
        return [float(value) for value in vectors[1:] @ vectors[0]]

    def path_vectors(self, paths: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of the words of paths, shape (len(paths), dimensions)."""
        import numpy as np

        fresh = [path for path in paths if path not in self._paths]
        if fresh:
            if len(self._paths) + len(fresh) > _CACHED_PATHS:
                self._paths.clear()
                fresh = list(paths)
            self._paths.update(zip(fresh, self._words.embed_paths(fresh), strict=True))
        if not paths:
            return np.zeros((0, self._words.dimensions), np.float32)
        return np.concatenate([self._paths[path] for path in paths]).reshape(len(paths), -1)

    def read_centroids(self, facts: Iterable[FileFacts], store: Store) -> None:
        """Read those centroids of files that were not read yet."""
        missing = {one.revision: one for one in facts if one.packed_centroid is None}
        if missing:
            found = store.centroids(missing)
            for revision, one in missing.items():
                one.packed_centroid = found.get(revision, b"")

    def rare_vector(self, query: Query, store: Store) -> NDArray[np.float32]:
        """The query's static vector, its words weighted by their rarity in this index."""
        import numpy as np

        each = self._words.embed_texts(query.words)
        if not len(each):
            return np.zeros(self._words.dimensions, np.float32)
        rarity = self.rarities(store, [analysis.stem(word) for word in query.words])
        weights = [min(rarity[analysis.stem(word)], 6.0) + 0.3 for word in query.words]
        rare = np.array(weights, np.float32) @ each
        unit: NDArray[np.float32] = rare / max(float(np.linalg.norm(rare)), 1e-9)
        return unit


def _versions_in(paths: Iterable[str]) -> dict[str, int]:
    """Parent of version folders -> the newest version in it, of the folders that paths are in."""
    newest: dict[str, int] = {}
    for path in paths:
        if (path[0] == "v" or "/v" in path) and (version := version_folder(path)):
            newest[version[0]] = max(version[1], newest.get(version[0], 0))
    return newest


def core_folders(files: Iterable[FileFacts]) -> tuple[tuple[str, ...], int]:
    """The folders, with a final "/", that are named like compatibility code but hold much of the project's code.

    Also returns how many files may be added or gone for them to be the same for certain.
    """
    code = [one.path for one in files if one.language not in PROSE_LANGUAGES]
    named = {folder: compat_folder(f"{folder}/") for folder in {path.rpartition("/")[0] for path in code}}
    count: dict[str, int] = {}
    others: list[str] = []
    for path in code:
        if not (folder := named[path.rpartition("/")[0]]):
            others.append(path)
        elif not is_test(path) and not is_example(path):
            count[folder] = count.get(folder, 0) + 1
    most = max(count.values(), default=0)
    total = sum(count.values())
    for path in others:
        if most + _CORE_CHANGES < _CORE_SHARE * (total - _CORE_CHANGES):  # what the others are need not be known
            return (), _CORE_CHANGES
        total += not is_test(path) and not is_example(path)
    return tuple(folder for folder, number in count.items() if number >= _CORE_SHARE * total), 0


def _file_name(path: str) -> str:
    return path.rpartition("/")[2].lower()
