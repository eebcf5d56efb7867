"""What ranking knows of files, and the features of candidate files for a query.

Features are few and robust: each is a number near 0..1 that means the same in any repository, since the weights
(`ranking.py`) are fitted on some repositories and used on all others. Everything here is arithmetic on what the store
found; the only look-ups are by point query or in memory.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from glossator.index import terms as analysis
from glossator.index.catalogue import ORDINAL_BITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from glossator.index.embedding import StaticEmbedder
    from glossator.index.records import FileSummary, StoredEntry
    from glossator.index.store import Store
    from glossator.retrieval.query import Query

_TEST = re.compile(
    r"(^|/)(tests?|specs?|__tests__|testing|testsuite|test[-_]?data|fixtures?|mocks?|__mocks__|e2e)(/|$)"
    r"|(^|/)(test_|conftest)|([_.\-](test|spec)s?|(?<=[a-z])(Tests?|Spec)|_testing|_testlib)\.\w+$"
    r"|(^|/)(mock|test)\w*\.\w+$"
)
_EXAMPLE = re.compile(
    r"(^|/)(_?examples?|samples?|demos?|docs?|docs_src|tutorials?|playground|bench(es|marks?)?)(/|$)|_?bench(mark)?s?\.\w+$",
    re.IGNORECASE,
)
_VENDORED = re.compile(
    r"(^|/)(vendor(ed)?|third_?party|external|node_modules|contrib|deps|bundled|generated|gen)(/|$)|\.(pb|min|gen|g)\.\w+$"
    r"|_pb2?(_grpc)?\.\w+$",
    re.IGNORECASE,
)
_COMPAT = re.compile(
    r"compat|legacy|deprecated|polyfill|shim|backport|(^|/)mini(/|$)|[-_.]old\b|experimental|unstable",
    re.IGNORECASE,
)
_VERSION = re.compile(r"(?:^|(?<=/))v([0-9]{1,3})/")
"""A folder that holds one version of something; beside that of a newer one it is code kept for compatibility."""
PROSE_LANGUAGES = frozenset({"markdown", "rst", "text", "html", "css", "json", "yaml", "toml", "csv", "xml"})
"""Languages of files that hold no program: documents, data, styles."""

_CACHED_PATHS = 200_000
"""Paths whose vectors are kept: 1 KB each at most when an index has that many files."""

STATIC_NAMES = ("test", "example", "vendored", "compat", "prose", "depth", "lines", "stem_words")


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What ranking keeps of one file.

    Attributes:
        revision: see `FileSummary`.
        stem: name without endings, folded ("HTTPServer.test.ts" -> "httpserver").
        stem_terms: terms of the stem's words, without the whole.
        folder_terms: terms of the last three folders.
        static: values of `STATIC_NAMES`.
        centroid: mean direction of the file's vectors, float32; None if it has none.
    """

    revision: int
    path: str
    language: str
    stem: str
    stem_terms: tuple[str, ...]
    folder_terms: tuple[str, ...]
    static: tuple[float, ...]
    centroid: NDArray[np.float32] | None


def is_test(path: str) -> bool:
    """Whether a path looks like a test's."""
    return bool(_TEST.search(path))


def file_facts(summary: FileSummary) -> FileFacts:
    """The facts of a file."""
    import numpy as np

    path = summary.path
    folders, _, _ = path.rpartition("/")
    raw = analysis.stem_of(path)
    parts = analysis.split_identifier(raw)
    static = (
        float(is_test(path)),
        float(bool(_EXAMPLE.search(path))),
        float(bool(_VENDORED.search(path))),
        float(bool(_COMPAT.search(path))),
        float(summary.language in PROSE_LANGUAGES),
        min(path.count("/"), 8) / 4,
        math.log1p(summary.lines) / 5,
        min(len(parts), 6) / 3,
    )
    centroid = np.frombuffer(summary.centroid, np.float16).astype(np.float32) if summary.centroid else None
    return FileFacts(
        revision=summary.revision,
        path=path,
        language=summary.language,
        stem="".join(parts),
        stem_terms=tuple(dict.fromkeys(analysis.stem(part) for part in parts)),
        folder_terms=tuple(dict.fromkeys(analysis.analyze(" ".join(folders.split("/")[-3:])))),
        static=static,
        centroid=centroid,
    )


class Corpus:
    """The files of an index, in memory: some hundred bytes and a centroid each. Follows the store's commits."""

    def __init__(self, words: StaticEmbedder) -> None:
        """`words` embeds paths and single words: hundreds of them may be met in one query."""
        self._words = words
        self._changes = -1
        self._paths: dict[str, NDArray[np.float32]] = {}
        self._rarity: dict[str, float] = {}
        self._newest: dict[str, int] = {}
        self.files: dict[int, FileFacts] = {}
        self.by_stem_term: dict[str, set[int]] = {}
        self.by_path: dict[str, int] = {}
        self._by_name: dict[str, set[str]] = {}
        self.entries = 1

    def refresh(self, store: Store) -> None:
        """Take over what was committed since the last time."""
        changes = store.changes()
        if changes == self._changes:
            return
        revisions, fresh = store.summaries(self.files)
        for gone in self.files.keys() - set(revisions):
            facts = self.files.pop(gone)
            if self.by_path.get(facts.path) == gone:
                del self.by_path[facts.path]
                self._by_name[_file_name(facts.path)].discard(facts.path)
            for term in facts.stem_terms:
                self.by_stem_term[term].discard(gone)
        for summary in fresh:
            facts = file_facts(summary)
            self.files[facts.revision] = facts
            if version := _version(facts.path):
                self._newest[version[0]] = max(version[1], self._newest.get(version[0], 0))
            self.by_path[facts.path] = facts.revision
            self._by_name.setdefault(_file_name(facts.path), set()).add(facts.path)
            for term in facts.stem_terms:
                self.by_stem_term.setdefault(term, set()).add(facts.revision)
        self.entries = max(1, store.entry_count())
        self._rarity.clear()
        self._changes = changes

    def is_outdated(self, path: str) -> bool:
        """Whether a path lies in the folder of a version that has a newer one beside it ("src/v3" beside "src/v4")."""
        version = _version(path)
        return version is not None and version[1] < self._newest.get(version[0], 0)

    def named(self, name: str) -> set[str]:
        """Paths whose last component is `name`, lower case."""
        return self._by_name.get(name, set())

    def rarities(self, store: Store, terms: Iterable[str]) -> dict[str, float]:
        """Inverse document frequency of terms, natural logarithm: ln(1 + (N - n + 1/2) / (n + 1/2))."""
        missing = [term for term in terms if term not in self._rarity]
        if missing:
            for term, count in store.document_frequencies(missing).items():
                self._rarity[term] = math.log1p(max(0.0, self.entries - count + 0.5) / (count + 0.5))
        return {term: self._rarity[term] for term in terms}

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

    def word_vectors(self, query: Query, store: Store) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The query's static vector, and the one in which its words are weighted by their rarity in this index."""
        import numpy as np

        whole, *each = self._words.embed_texts([query.meaning, *query.words])
        if not each:
            return whole, whole
        rarity = self.rarities(store, [analysis.stem(word) for word in query.words])
        weights = [min(rarity[analysis.stem(word)], 6.0) + 0.3 for word in query.words]
        rare = np.array(weights, np.float32) @ np.stack(each)
        return whole, rare / max(float(np.linalg.norm(rare)), 1e-9)


def _version(path: str) -> tuple[str, int] | None:
    """The folder that holds folders of versions, and the version that the path lies in."""
    found = _VERSION.search(path)
    return (path[: found.start()], int(found[1])) if found else None


def _file_name(path: str) -> str:
    return path.rpartition("/")[2].lower()


@dataclass(slots=True)
class Findings:
    """What the store found for a query: entries with their scores, definitions of its names."""

    text: list[tuple[int, float]]
    """(entry id, BM25 score), best first."""
    dense: list[tuple[int, float]]
    """(entry id, dot product), best first."""
    defined: dict[str, list[StoredEntry]] = field(default_factory=dict)
    """Definitions of the query's identifiers (as written)."""
    mentioned: dict[str, list[StoredEntry]] = field(default_factory=dict)
    """Definitions of types that a word of prose names."""


FILE_FEATURES = (
    *("text_best", "text_rank", "text_sum", "text_count"),
    *("dense_best", "dense_gap", "dense_rank", "dense_sum", "dense_count"),
    *("centroid", "centroid_gap", "path_dense", "path_rare", "path_gap"),
    *("stem_cover", "stem_precise", "stem_f1", "stem_equal", "folder_cover"),
    *("type_defined", "function_defined", "value_defined", "defined_top", "defined_stem", "type_mentioned"),
    *("symbol_type", "symbol_function", "symbol_value", "symbol_top", "symbol_stem", "symbol_size", "symbol_part"),
    "referred",
    *STATIC_NAMES,
)
"""Names of the columns of `file_features`."""

TYPE_KINDS = frozenset(
    ("class", "struct", "interface", "trait", "protocol", "enum", "union", "type", "object", "module", "namespace")
) | {"package", "message", "service", "table"}
FUNCTION_KINDS = frozenset(["function", "method", "constructor", "macro", "test", "rpc"])

_REFERRING = 20
"""Hits of each search whose references are followed."""
_COUNTED = 60
"""Hits that count towards "how many of the best hits lie in this file"."""


def file_features(
    query: Query,
    findings: Findings,
    revisions: Sequence[int],
    files: Mapping[int, FileFacts],
    vector: NDArray[np.float32],
    words: tuple[NDArray[np.float32], NDArray[np.float32]],
    corpus: Corpus,
    store: Store,
) -> NDArray[np.float32]:
    """Features of candidate files, shape (len(revisions), len(FILE_FEATURES)).

    Args:
        query: the query.
        findings: what the store found.
        revisions: the candidate files.
        files: facts of at least these files.
        vector: the query's vector, as searched for.
        words: its static vectors, see `Corpus.word_vectors`.
        corpus: for rarities and paths' vectors.
        store: for document frequencies.
    """
    import numpy as np

    count = len(revisions)
    row = {revision: i for i, revision in enumerate(revisions)}
    columns: dict[str, NDArray[np.float32]] = {name: np.zeros(count, np.float32) for name in FILE_FEATURES}
    facts = [files[revision] for revision in revisions]
    _text_columns(columns, findings.text, row)
    _dense_columns(columns, findings.dense, row)

    centroids = np.zeros((count, len(vector)), np.float32)
    for i, one in enumerate(facts):
        if one.centroid is not None and len(one.centroid) == len(vector):
            centroids[i] = one.centroid
    columns["centroid"] = centroids @ vector
    columns["centroid_gap"] = _gap(columns["centroid"])
    whole, rare = words
    paths = corpus.path_vectors([one.path for one in facts])
    columns["path_dense"] = paths @ whole
    columns["path_rare"] = paths @ rare
    columns["path_gap"] = _gap(columns["path_rare"])

    stems = {analysis.stem(word) for word in query.words}
    rarity = corpus.rarities(
        store, stems.union(*(one.stem_terms for one in facts), *(one.folder_terms for one in facts))
    )
    total = sum(rarity[stem] for stem in stems) or 1.0
    _path_columns(columns, query, facts, stems, rarity, total)
    _definition_columns(columns, query, findings, facts, row)
    columns["referred"] = _referred(columns, findings, row, store)
    for j, name in enumerate(STATIC_NAMES):
        columns[name] = np.array([one.static[j] for one in facts], np.float32)
    outdated = np.array([corpus.is_outdated(one.path) for one in facts], np.float32)
    columns["compat"] = np.maximum(columns["compat"], outdated)
    features: NDArray[np.float32] = np.stack([columns[name] for name in FILE_FEATURES], axis=1)
    return features.astype(np.float32)


def _gap(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """How far values lie below the best, in units of the distance between the best and the median, at most 2."""
    import numpy as np

    if not len(values):
        return values
    top = float(values.max())
    scale = max(top - float(np.median(values)), 0.05)
    gaps: NDArray[np.float32] = np.maximum((values - top) / scale, -2.0)
    return gaps


def _text_columns(
    columns: dict[str, NDArray[np.float32]], found: Sequence[tuple[int, float]], row: Mapping[int, int]
) -> None:
    best, rank, total, often = (columns[name] for name in ("text_best", "text_rank", "text_sum", "text_count"))
    top = max((score for _, score in found), default=1.0) or 1.0
    place = 0
    for position, (number, score) in enumerate(found):
        i = row.get(number >> ORDINAL_BITS)
        if i is None:
            continue
        if not best[i]:
            best[i] = score / top
            place += 1
            rank[i] = 6 / (5 + place)
        if position < _COUNTED:
            often[i] += 1
        total[i] += score
    columns["text_sum"] = total / max(float(total.max(initial=0.0)), 1e-6)
    columns["text_count"] = _log(often)


def _log(counts: NDArray[np.float32]) -> NDArray[np.float32]:
    import numpy as np

    logarithms: NDArray[np.float32] = (np.log1p(counts) / 4).astype(np.float32)
    return logarithms


def _dense_columns(
    columns: dict[str, NDArray[np.float32]], found: Sequence[tuple[int, float]], row: Mapping[int, int]
) -> None:
    """A file without a hit gets the score of the last hit: an upper bound of what it would have."""
    import numpy as np

    count = len(columns["dense_best"])
    floor = found[-1][1] if found else 0.0
    top = found[0][1] if found else 0.0
    best = np.full(count, floor, np.float32)
    rank = np.zeros(count, np.float32)
    total = np.zeros(count, np.float32)
    often = np.zeros(count, np.float32)
    seen: set[int] = set()
    for position, (number, score) in enumerate(found):
        i = row.get(number >> ORDINAL_BITS)
        if i is None:
            continue
        if i not in seen:
            seen.add(i)
            best[i] = score
            rank[i] = 6 / (5 + len(seen))
        if position < _COUNTED:
            often[i] += 1
            total[i] += max(score - floor, 0.0)
    columns["dense_best"] = best
    columns["dense_gap"] = np.maximum((best - top) / max(top - floor, 0.05), -2.0).astype(np.float32)
    columns["dense_rank"] = rank
    columns["dense_sum"] = total / max(float(total.max(initial=0.0)), 1e-6)
    columns["dense_count"] = _log(often)


def _path_columns(
    columns: dict[str, NDArray[np.float32]],
    query: Query,
    facts: Sequence[FileFacts],
    words: set[str],
    rarity: Mapping[str, float],
    total: float,
) -> None:
    wholes = {analysis.folded(name) for name in (*query.identifiers, *query.capitalised)}
    joined = {a + b for a, b in zip(query.words, query.words[1:], strict=False)}
    equal = wholes | joined | set(query.words)
    for i, one in enumerate(facts):
        length = sum(rarity[term] for term in one.stem_terms)
        met = sum(rarity[term] for term in one.stem_terms if term in words)
        columns["stem_cover"][i] = met / total
        columns["stem_precise"][i] = met / length if length else 0.0
        columns["stem_f1"][i] = 2 * met / (total + length) if total + length else 0.0
        columns["folder_cover"][i] = sum(rarity[term] for term in one.folder_terms if term in words) / total
        if one.stem in equal:
            columns["stem_equal"][i] = 1.0 if one.stem in wholes or one.stem in joined else 0.5


def _definition_columns(
    columns: dict[str, NDArray[np.float32]],
    query: Query,
    findings: Findings,
    facts: Sequence[FileFacts],
    row: Mapping[int, int],
) -> None:
    """Who defines what the query names, shared among the files that do."""
    prefix = "symbol_" if query.kind == "symbol" else ""
    for name, entries in findings.defined.items():
        homes = {entry.id >> ORDINAL_BITS for entry in entries}
        share = 1 / (1 + math.log(max(1, len(homes))))
        size = sum(entry.end_line - entry.start_line + 1 for entry in entries) or 1
        folded = analysis.folded(name)
        for entry in entries:
            i = row.get(entry.id >> ORDINAL_BITS)
            if i is None:
                continue
            sort = "type" if entry.kind in TYPE_KINDS else "function" if entry.kind in FUNCTION_KINDS else "value"
            column = columns[f"{prefix}{sort}" if prefix else f"{sort}_defined"]
            column[i] = max(column[i], share)
            if entry.parent is None:
                columns["symbol_top" if prefix else "defined_top"][i] = 1.0
            stem = facts[i].stem
            if stem and (stem.startswith(folded) or (len(stem) > 3 and folded.startswith(stem))):
                columns["symbol_stem" if prefix else "defined_stem"][i] = 1.0
            if prefix:
                columns["symbol_size"][i] += (entry.end_line - entry.start_line + 1) / size
    for entries in findings.mentioned.values():
        for entry in entries:
            i = row.get(entry.id >> ORDINAL_BITS)
            if i is not None:
                columns["type_mentioned"][i] = max(columns["type_mentioned"][i], 1 / (1 + math.log(len(entries))))


def _referred(
    columns: dict[str, NDArray[np.float32]], findings: Findings, row: Mapping[int, int], store: Store
) -> NDArray[np.float32]:
    """How much the best hits refer to what a file defines: hits count by how well their own files match."""
    import numpy as np

    strength = columns["text_best"] + columns["text_sum"] + np.maximum(columns["dense_gap"], -1.0)
    strength = np.exp(4 * (strength - strength.max(initial=-4.0)))
    ids = dict.fromkeys(number for number, _ in (*findings.text[:_REFERRING], *findings.dense[:_REFERRING]))
    pairs: set[tuple[int, int]] = set()
    for number, homes in store.rare_homes([number for number in ids if number >= 0]).items():
        i = row.get(number >> ORDINAL_BITS)
        if i is None:
            continue
        for home in homes:
            j = row.get(home >> ORDINAL_BITS)
            if j is not None and i != j:
                pairs.add((i, j))
    referred = np.zeros(len(strength), np.float32)
    for i, j in pairs:
        referred[j] += strength[i]
    scaled: NDArray[np.float32] = referred / max(float(referred.max(initial=0.0)), 1e-6)
    return scaled
