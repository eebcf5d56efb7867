"""The files of an index in memory, with the facts about each that ranking uses."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

from glossator.index import terms as analysis
from glossator.retrieval.kinds import PROSE_LANGUAGES, compat_folder, is_compat, is_example, is_test, version_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from glossator.index.embedding import StaticEmbedder
    from glossator.index.records import FileSummary
    from glossator.index.store import Store
    from glossator.retrieval.query import Query

_CORE_SHARE = 0.3
"""A folder with so much of a project's code is its core, whatever it is called."""
_CACHED_PATHS = 200_000
"""Maximum paths whose vectors are cached, of at most 1 KB each."""
_CACHED_HEADS = 20_000
"""Maximum files whose first terms are cached, of at most 1 KB each."""
_CACHED_FOLDERS = 10_000
"""Maximum folders whose terms are cached, per process."""
_CACHED_STEMS = 50_000
"""Maximum names of files whose words are cached, per process."""
LISTED_CHANGES = 1_000
"""Files that are added or gone after which the list of all names is made again."""
STATIC_NAMES = ("test", "example", "compat", "prose", "depth", "lines")


class FileFacts:
    """The facts about one file that ranking keeps.

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
            self._words = _stem_words(analysis.stem_of(self.path))
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

    @property
    def centroid(self) -> NDArray[np.float32] | None:
        """The mean direction of the file's vectors; None if it has none, or it was not read yet."""
        import numpy as np

        return np.frombuffer(self.packed_centroid, np.float16).astype(np.float32) if self.packed_centroid else None


@lru_cache(_CACHED_FOLDERS)
def _folder_terms(folder: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(analysis.analyze(" ".join(folder.split("/")[-3:]))))


@lru_cache(_CACHED_STEMS)
def _stem_words(raw: str) -> tuple[str, tuple[str, ...]]:
    """The folded stem of a file's name, and its terms."""
    parts = analysis.identifier_parts(raw)
    return "".join(parts), tuple(dict.fromkeys(map(analysis.stem, parts)))


def file_facts(summary: FileSummary) -> FileFacts:
    """The facts of a file."""
    return FileFacts(summary.revision, summary.path, summary.language, summary.lines, summary.centroid)


class FileStems:
    """Which files have a term in their names.

    Of thousands of names a question is about a few: only the terms of those are found out that may have what is asked.
    """

    def __init__(self, files: Mapping[int, FileFacts]) -> None:
        """`files`: revision -> facts, also of files that are added later."""
        self._files = files
        self._with_term: dict[str, set[int]] = {}
        """Term -> revisions, of the terms that were asked for since the last change."""
        self._listed: str | None = None
        """The names of files in lower case, each with its revision; None if the list has to be made."""
        self._others: list[int] = []
        """Files that are not listed: those added since, and those with names of which lower case tells less."""
        self._changes = 0
        """Files that were added or are gone since the list was made."""

    def add(self, revision: int) -> None:
        """Note that there is a new file."""
        self._changed()
        self._others.append(revision)

    def remove(self) -> None:
        """Note that a file is gone."""
        self._changed()

    def _changed(self) -> None:
        self._with_term.clear()
        self._changes += 1
        if self._changes > LISTED_CHANGES:
            self._listed = None

    def with_term(self, term: str) -> set[int]:
        """The revisions of the files with this term among their `stem_terms`."""
        if not term:
            return set()
        found = self._with_term.get(term)
        if found is None:
            likely = ((one, self._files.get(one)) for one in (*self._holding(term), *self._others))
            found = {one for one, facts in likely if facts is not None and term in facts.stem_terms}
            self._with_term[term] = found
        return found

    def _holding(self, term: str) -> list[int]:
        """Listed files whose names hold a term, as it is or but for its last letter ("queri" is one of "queries")."""
        if self._listed is None:
            # No name of a file has a "/" or a zero byte.
            self._listed = "".join(
                [
                    f"{path[path.rfind('/') + 1 :]}/{one.revision}\0"
                    for one in self._files.values()
                    if (path := one.path)
                ]
            ).lower()
            self._others = [one.revision for one in self._files.values() if not one.path.isascii()]
            self._changes = 0
        listed = self._listed
        part = term[:-1] if len(term) > 2 and term.endswith(("i", "y")) else term
        found: list[int] = []
        at = listed.find(part)
        while at >= 0:
            end = listed.index("\0", at)
            found.append(int(listed[listed.rindex("/", 0, end) + 1 : end]))
            at = listed.find(part, end)
        return found


class Corpus:
    """The files of an index, in memory, a few hundred bytes each. Updated after the store's commits."""

    def __init__(self, words: StaticEmbedder) -> None:
        """`words` embeds paths and single words: there may be hundreds of them in one query."""
        self._words = words
        self._changes = -1
        self._paths: dict[str, NDArray[np.float32]] = {}
        self._heads: dict[int, str] = {}
        self._rarity: dict[str, float] = {}
        self._newest: dict[str, int] = {}
        self._core: tuple[str, ...] | None = ()
        """See `is_core`; None if it has to be found out."""
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
        revisions, fresh = store.summaries(self.files)
        for gone in self.files.keys() - set(revisions):
            facts = self.files.pop(gone)
            self._heads.pop(gone, None)
            if self.by_path.get(facts.path) == gone:
                del self.by_path[facts.path]
            self._stems.remove()
        for summary in fresh:
            facts = file_facts(summary)
            path = facts.path
            self.files[facts.revision] = facts
            if (path[0] == "v" or "/v" in path) and (version := version_folder(path)):
                self._newest[version[0]] = max(version[1], self._newest.get(version[0], 0))
            self.by_path[path] = facts.revision
            self._stems.add(facts.revision)
        self._core = self._by_name = None
        self.entries = max(1, store.entry_count())
        self._rarity.clear()
        self._changes = changes

    def is_core(self, path: str) -> bool:
        """Whether a path is in a folder that is named like compatibility code but holds much of the project."""
        if self._core is None:
            self._core = core_folders(self.files.values())
        return any(path.startswith(folder) for folder in self._core)

    def is_outdated(self, path: str) -> bool:
        """Whether a path is in the folder of a version with a newer one beside it ("src/v3" beside "src/v4")."""
        version = version_folder(path)
        return version is not None and version[1] < self._newest.get(version[0], 0)

    def with_stem_term(self, term: str) -> set[int]:
        """The files with this term among their `stem_terms`."""
        return self._stems.with_term(term)

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
        return np.stack([self._paths[path] for path in paths])

    def heads(self, revisions: Sequence[int], store: Store) -> dict[int, str]:
        """The first terms of each file's first entry, joined with spaces."""
        fresh = [revision for revision in revisions if revision not in self._heads]
        if fresh:
            if len(self._heads) + len(fresh) > _CACHED_HEADS:
                self._heads.clear()
                fresh = list(revisions)
            found = store.heads(fresh)
            for revision in fresh:
                self._heads[revision] = found.get(revision, "")
        return {revision: self._heads[revision] for revision in revisions}

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


def core_folders(files: Iterable[FileFacts]) -> tuple[str, ...]:
    """The folders, with a final "/", that are named like compatibility code but hold much of the project's code."""
    code = [one.path for one in files if one.language not in PROSE_LANGUAGES]
    named = {folder: compat_folder(f"{folder}/") for folder in {path.rpartition("/")[0] for path in code}}
    if not any(named.values()):
        return ()
    total = 0
    count: dict[str, int] = {}
    for path in code:
        if is_test(path) or is_example(path):
            continue
        total += 1
        if folder := named[path.rpartition("/")[0]]:
            count[folder] = count.get(folder, 0) + 1
    return tuple(folder for folder, number in count.items() if number >= _CORE_SHARE * total)


def _file_name(path: str) -> str:
    return path.rpartition("/")[2].lower()
