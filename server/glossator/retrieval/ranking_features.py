"""The features of candidate files for a query.

Features are few and robust: each is a number near 0..1 with the same meaning in any repository, since the weights
(`ranking.py`) are fitted on some repositories and used on all others. Everything here is computed from what the store
found; the only look-ups are point queries or in memory.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from glossator.index import terms as analysis
from glossator.index.manifest import ORDINAL_BITS
from glossator.retrieval.corpus import STATIC_NAMES, centroids
from glossator.retrieval.kinds import FUNCTION_KINDS, TYPE_KINDS, compat_word, is_compat
from glossator.retrieval.word_matches import agreement, beginnings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from glossator.index.records import StoredEntry
    from glossator.index.store import Store
    from glossator.index.word_places import EntryTerms
    from glossator.retrieval.corpus import Corpus, FileFacts
    from glossator.retrieval.query import Query


@dataclass(slots=True)
class Findings:
    """The store's results for a query: entries with their scores, definitions of its names."""

    text: list[tuple[int, float]]
    """(entry id, BM25 score), best first."""
    dense: list[tuple[int, float]]
    """(entry id, dot product), best first."""
    defined: dict[str, list[StoredEntry]] = field(default_factory=dict)
    """Definitions of the query's identifiers (as written)."""
    spelled: dict[str, list[StoredEntry]] = field(default_factory=dict)
    """Those of `defined` whose exact name the query spells although search terms would lose it (`Query.spellings`)."""
    mentioned: dict[str, list[StoredEntry]] = field(default_factory=dict)
    """Definitions of types named by a word of prose."""
    terms: dict[int, EntryTerms] = field(default_factory=dict)
    """The search terms of the entries in `text`."""
    heads: dict[int, EntryTerms] = field(default_factory=dict)
    """The search terms of the first entry of each candidate file, which indicate what it is about."""
    agreement: dict[int, tuple[float, float]] = field(default_factory=dict)
    """See `agreement`; for the entries in `text` that are in candidate files, as far as it was found out."""


@dataclass(slots=True)
class Candidates:
    """The input of ranking for one query; `scripts/fit_ranking` fits weights on it."""

    query: Query
    findings: Findings
    revisions: list[int]
    files: Mapping[int, FileFacts]
    features: NDArray[np.float32]
    """See `file_features`: a row for each of `revisions`."""
    pinned: dict[int, float]
    """Revision -> bonus, of files that the query names by path."""
    places: list[StoredEntry]
    """Entries at the lines that the query names, best first."""
    vector: NDArray[np.float32]
    """The query's vector."""


FILE_FEATURES = (
    *("text_best", "text_rank", "text_count", "text_pairs", "text_head", "text_folder"),
    *("dense_best", "centroid_gap", "path_rare", "path_gap"),
    *("stem_precise", "stem_equal", "stem_first", "folder_cover"),
    *("type_defined", "function_defined", "symbol_size", "referred"),
    *STATIC_NAMES,
)
"""Names of the columns of `file_features`."""


_REFERRING = 20
"""Number of hits of each search whose references are followed."""
_COUNTED = 60
"""Number of best hits among which those in a file are counted."""
_SHORT = 6
"""Maximum words of a short question; most have no more."""
_TELLING = 1.5
"""Minimum rarity of a word that characterises an entry: less than a quarter of the entries contain it."""


def file_features(
    query: Query,
    findings: Findings,
    revisions: Sequence[int],
    files: Mapping[int, FileFacts],
    vector: NDArray[np.float32],
    rare: NDArray[np.float32],
    corpus: Corpus,
    store: Store,
) -> NDArray[np.float32]:
    """Features of candidate files, shape (len(revisions), len(FILE_FEATURES)).

    Args:
        query: the query.
        findings: the store's results.
        revisions: the candidate files.
        files: facts of at least these files.
        vector: the query's vector.
        rare: see `Corpus.rare_vector`.
        corpus: for rarities and paths' vectors.
        store: for document frequencies.
    """
    import numpy as np

    count = len(revisions)
    row = {revision: i for i, revision in enumerate(revisions)}
    columns: dict[str, NDArray[np.float32]] = {name: np.zeros(count, np.float32) for name in FILE_FEATURES}
    facts = [files[revision] for revision in revisions]
    stems = list(dict.fromkeys(analysis.stem(word) for word in query.words))
    words = frozenset(stems)
    # Only names of files that have words of the query are compared with it.
    met = (one.stem_terms for one in facts if not words.isdisjoint(one.stem_terms))
    rarity = corpus.rarities(store, words.union(*met))
    if long := _weight_of_pairs(len(stems)):  # or else only the best files' entries are looked at, by their ranking
        inside = {number: terms for number, terms in findings.terms.items() if number >> ORDINAL_BITS in row}
        findings.agreement = agreement(stems, rarity, inside)
    strength = _text_columns(columns, findings, row, long)
    columns["text_head"] = beginnings([findings.heads.get(revision, "") for revision in revisions], stems, rarity)
    columns["text_folder"] = _folder_column([one.path for one in facts], columns["text_best"])
    strength = strength + _dense_columns(columns, findings.dense, row)

    corpus.read_centroids(facts, store)
    columns["centroid_gap"] = _gap(centroids(facts, len(vector)) @ vector)
    columns["path_rare"] = corpus.path_vectors([one.path for one in facts]) @ rare
    columns["path_gap"] = _gap(columns["path_rare"])
    _path_columns(columns, query, facts, stems, rarity)
    _definition_columns(columns, query, findings, row)
    columns["referred"] = _referred(strength, findings, row, corpus, store)
    static = np.array([one.static for one in facts], np.float32).reshape(count, len(STATIC_NAMES))
    columns.update(zip(STATIC_NAMES, static.T, strict=True))
    spared = _spared(query, findings, facts, corpus)
    columns["compat"] = columns["compat"] * (1 - spared)
    outdated = np.array([corpus.is_outdated(one.path) for one in facts], np.float32)
    columns["compat"] = np.maximum(columns["compat"], outdated)
    features: NDArray[np.float32] = np.stack([columns[name] for name in FILE_FEATURES], axis=1)
    return features.astype(np.float32)


def _spared(query: Query, findings: Findings, facts: Sequence[FileFacts], corpus: Corpus) -> NDArray[np.float32]:
    """1 for files that are not behind others although they are named like compatibility code: those of the project's
    core, those that the query asks for with that word, and the only one that defines a name of the query."""
    import numpy as np

    spared = np.zeros(len(facts), np.float32)
    if not any(one.static[STATIC_NAMES.index("compat")] for one in facts):
        return spared
    stems = {analysis.stem(word) for word in query.words}
    homes: set[int] = set()
    for name, entries in findings.defined.items():
        places = {entry.id >> ORDINAL_BITS for entry in entries if entry.name == name}
        if len(places) == 1:
            homes |= places
    for i, one in enumerate(facts):
        if one.static[STATIC_NAMES.index("compat")]:
            parts = analysis.split_identifier(compat_word(one.path))
            written = {analysis.stem(part) for part in parts if is_compat(part)}
            spared[i] = float(one.revision in homes or bool(written & stems) or corpus.is_core(one.path))
    return spared


def _gap(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """How far values are below the best, in units of the distance between the best and the median, at most 2."""
    import numpy as np

    if not len(values):
        return values
    top = float(values.max())
    half = len(values) / 2
    middle = np.sort(values)[math.ceil(half) - 1 : math.floor(half) + 1]  # numpy's `median` imports `numpy.ma`
    scale = max(top - float(middle.mean()), 0.05)
    gaps: NDArray[np.float32] = np.maximum((values - top) / scale, -2.0)
    return gaps


def _weight_of_pairs(words: int) -> float:
    """How much it says that words of a question with so many are neighbours: in a short one they often are so by
    grammar only, in a long one they form terms."""
    return min(max(math.log(max(words, 1) / _SHORT), 0.0), 1.5)


def _text_columns(
    columns: dict[str, NDArray[np.float32]], findings: Findings, row: Mapping[int, int], long: float
) -> NDArray[np.float32]:
    """Fill the columns of full text; returns how strongly it supports each file, 0..2. `long`: `_weight_of_pairs`."""
    import numpy as np

    found = findings.text
    names = ("text_best", "text_rank", "text_count", "text_pairs")
    best, rank, often, pairs = ([0.0] * len(row) for _ in names)  # single numbers of an array would take longer
    total = np.zeros(len(row), np.float32)
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
        if long:
            pairs[i] = max(pairs[i], long * findings.agreement.get(number, (0.0, 0.0))[1])
    columns.update(
        {name: np.array(one, np.float32) for name, one in zip(names, (best, rank, often, pairs), strict=True)}
    )
    columns["text_count"] = _log(columns["text_count"])
    strength: NDArray[np.float32] = columns["text_best"] + total / max(float(total.max(initial=0.0)), 1e-6)
    return strength


def _folder_column(paths: Sequence[str], best: NDArray[np.float32]) -> NDArray[np.float32]:
    """The best full-text score among the other candidates of a file's folder."""
    import numpy as np

    folders: dict[str, list[int]] = {}
    for i, path in enumerate(paths):
        folders.setdefault(path.rpartition("/")[0], []).append(i)
    scores = best.tolist()
    column = [0.0] * len(paths)
    for inside in folders.values():
        first, second = (*sorted((scores[i] for i in inside), reverse=True), 0.0)[:2]
        for i in inside:
            column[i] = second if scores[i] == first else first
    return np.array(column, np.float32)


def _log(counts: NDArray[np.float32]) -> NDArray[np.float32]:
    import numpy as np

    logarithms: NDArray[np.float32] = (np.log1p(counts) / 4).astype(np.float32)
    return logarithms


def _dense_columns(
    columns: dict[str, NDArray[np.float32]], found: Sequence[tuple[int, float]], row: Mapping[int, int]
) -> NDArray[np.float32]:
    """Fill the column of vectors; returns how strongly they support each file, -1..0.

    A file without a hit gets the score of the last hit, which is an upper bound of its score.
    """
    import numpy as np

    floor = found[-1][1] if found else 0.0
    top = found[0][1] if found else 0.0
    scores: dict[int, float] = {}
    for number, score in found:
        scores.setdefault(number >> ORDINAL_BITS, score)
    best = np.array([scores.get(revision, floor) for revision in row], np.float32)
    columns["dense_best"] = best
    strength: NDArray[np.float32] = np.maximum((best - top) / max(top - floor, 0.05), -1.0)
    return strength


def _path_columns(
    columns: dict[str, NDArray[np.float32]],
    query: Query,
    facts: Sequence[FileFacts],
    stems: Sequence[str],
    rarity: Mapping[str, float],
) -> None:
    total = sum(rarity[stem] for stem in stems) or 1.0
    words = set(stems)
    wholes = {analysis.folded(name) for name in (*query.identifiers, *query.capitalised)}
    joined = (left + right for left, right in pairwise(query.words))
    equal = {analysis.stem(whole) for whole in (*wholes, *joined, *query.words)}
    # A question's first words are what it is about; words that occur everywhere (the project's name) are useless.
    telling = next((stem for stem in stems if rarity[stem] > _TELLING), stems[0] if stems else "")
    precise, first, same, cover = (
        columns[name] for name in ("stem_precise", "stem_first", "stem_equal", "folder_cover")
    )
    for i, one in enumerate(facts):
        same[i] = analysis.stem(one.stem) in equal
        terms, folders = one.stem_terms, one.folder_terms
        if not words.isdisjoint(terms):
            length = sum(rarity[term] for term in terms)
            met = sum(rarity[term] for term in terms if term in words)
            precise[i] = met / length if length else 0.0
            first[i] = telling in terms
        if not words.isdisjoint(folders):
            cover[i] = sum(rarity[term] for term in folders if term in words) / total


def _definition_columns(
    columns: dict[str, NDArray[np.float32]], query: Query, findings: Findings, row: Mapping[int, int]
) -> None:
    """Fill the columns of definitions of the query's names, each divided among the files that define it."""
    for entries in findings.defined.values():
        share = 1 / (1 + math.log(max(1, len({entry.id >> ORDINAL_BITS for entry in entries}))))
        size = sum(entry.end_line - entry.start_line + 1 for entry in entries) or 1
        for entry in entries:
            i = row.get(entry.id >> ORDINAL_BITS)
            if i is None:
                continue
            if query.kind == "symbol":
                columns["symbol_size"][i] += (entry.end_line - entry.start_line + 1) / size
            elif entry.kind in TYPE_KINDS or entry.kind in FUNCTION_KINDS:
                column = columns["type_defined" if entry.kind in TYPE_KINDS else "function_defined"]
                column[i] = max(column[i], share)


def _referred(
    strength: NDArray[np.float32], findings: Findings, row: Mapping[int, int], corpus: Corpus, store: Store
) -> NDArray[np.float32]:
    """How much the best hits refer to a file's definitions; hits are weighted by how well their files match."""
    import numpy as np

    strength = np.exp(4 * (strength - strength.max(initial=-4.0)))
    ids = dict.fromkeys(number for number, _ in (*findings.text[:_REFERRING], *findings.dense[:_REFERRING]))
    pairs: set[tuple[int, int]] = set()
    for number, homes in corpus.rare_homes(store, [number for number in ids if number >= 0]).items():
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
