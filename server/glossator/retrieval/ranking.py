"""Weights that turn features into a ranking, and explanations of hits in words.

The weights are fitted by `scripts/fit_ranking` on questions over the repositories named in docs/benchmarks.md, and
stored in `data/ranking.json` with the scores that they reached. Features are not standardised.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from glossator.data_files import data_text
from glossator.index import terms as analysis
from glossator.index.manifest import ORDINAL_BITS
from glossator.retrieval.corpus import STATIC_NAMES
from glossator.retrieval.kinds import FUNCTION_KINDS, TYPE_KINDS
from glossator.retrieval.ranking_features import FILE_FEATURES
from glossator.retrieval.word_matches import agreement

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from glossator.index.records import StoredEntry
    from glossator.index.store import Store
    from glossator.retrieval.corpus import Corpus
    from glossator.retrieval.query import Query
    from glossator.retrieval.ranking_features import Candidates, Findings

ENTRY_FEATURES = ("text", "dense", "name", "exact", "type", "block", "window", "top", "cover", "pairs", "size")
"""Features that rank the entries of one file; see `entry_features`."""

SYMBOL_STRESS = 3.0
"""Factor on the weight of defining a name if the query consists only of that name."""
_CACHED_NAMES = 10_000
"""Maximum names whose terms are cached, per process: each is looked at several times in a search."""
STRONG = 20
"""A hit among the first so many of a search is called a good match."""


@dataclass(frozen=True, slots=True)
class Weights:
    """The contents of `data/ranking.json`.

    Attributes:
        file: weight of each of `FILE_FEATURES` (0 for those that are missing).
        entry: weight of each of `ENTRY_FEATURES`.
        repeat: the penalty of further entries of a file relative to its best one.
    """

    file: Mapping[str, float]
    entry: Mapping[str, float]
    repeat: float

    def file_scores(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores of files, given their features, shape (files, len(FILE_FEATURES))."""
        import numpy as np

        vector = np.array([self.file.get(name, 0.0) for name in FILE_FEATURES], np.float32)
        scores: NDArray[np.float32] = features @ vector
        return scores

    def entry_scores(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores of entries within their files, given their features, shape (entries, len(ENTRY_FEATURES))."""
        import numpy as np

        vector = np.array([self.entry.get(name, 0.0) for name in ENTRY_FEATURES], np.float32)
        scores: NDArray[np.float32] = features @ vector
        return scores


@cache
def default_weights() -> Weights:
    """The bundled weights."""
    data = json.loads(data_text("ranking.json"))
    return Weights(file=data["file"], entry=data["entry"], repeat=float(data["repeat"]))


def entry_features(
    query: Query, findings: Findings, entries: Sequence[StoredEntry], corpus: Corpus, store: Store
) -> NDArray[np.float32]:
    """Features that compare the entries of one file, shape (len(entries), len(ENTRY_FEATURES)).

    text, dense: its scores, 1 for the best hit; name: agreement of its name with the query's words (F1 by rarity);
    exact: it defines a name of the query; type (unless exact), block, window, top: what it is; cover, pairs: see
    `agreement` (0 for what full text did not find); size: the logarithm of its lines, up to 60.

    A definition of a queried name that full text did not find (such as a long class behind many short mentions)
    contains at least the words of its name, and its score is at most that of the last hit: it is given both.
    """
    import numpy as np

    text = dict(findings.text)
    dense = dict(findings.dense)
    top_text = max(text.values(), default=1.0) or 1.0
    top = max(dense.values(), default=1.0)
    floor = min(dense.values(), default=0.0)
    stems = [analysis.stem(word) for word in query.words]
    words = set(stems)
    exact = {entry.id: _exactly(query, entry) for found in findings.defined.values() for entry in found}
    exact.update({entry.id: 0.5 for found in findings.mentioned.values() for entry in found if entry.id not in exact})
    parts = [name_terms(entry.qualified_name if exact.get(entry.id, 0.0) > 1 else entry.name) for entry in entries]
    rarity = corpus.rarities(store, words.union(*(terms for terms in parts if not words.isdisjoint(terms))))
    total = sum(rarity[word] for word in words) or 1.0
    least = min(text.values(), default=0.0)
    told = {entry.id: findings.terms[entry.id] for entry in entries if entry.id in findings.terms}
    agreed = findings.agreement or agreement(list(dict.fromkeys(stems)), rarity, told)
    named = {
        entry.id: " ".join(analysis.stem(part) for part in analysis.split_identifier(entry.qualified_name))
        for entry in entries
        if exact.get(entry.id, 0.0) > 1 or (entry.id in exact and entry.id not in agreed)
    }
    agreed = agreed | agreement(stems, rarity, named)
    stress = SYMBOL_STRESS if query.kind == "symbol" else 1.0
    rows: list[tuple[float, ...]] = []
    for entry, terms in zip(entries, parts, strict=True):
        met = 0.0 if words.isdisjoint(terms) else sum(rarity[term] for term in terms if term in words)
        size = entry.end_line - entry.start_line + 1
        row = (
            text.get(entry.id, least if entry.id in exact else 0.0) / top_text,
            (dense[entry.id] - floor) / max(top - floor, 0.05) if entry.id in dense else 0.0,
            2 * met / (total + sum(rarity[term] for term in terms)) if met else 0.0,
            stress * exact.get(entry.id, 0.0) * _worth(entry) + (min(size, 200) / 4000 if entry.id in exact else 0.0),
            float(entry.kind in TYPE_KINDS and entry.id not in exact),
            float(entry.kind == "block"),
            float(entry.part > 0),
            float(entry.parent is None),
            *agreed.get(entry.id, (0.0, 0.0)),
            math.log1p(min(size, 60)) / 5,
        )
        rows.append(row)
    return np.array(rows, np.float32).reshape(len(entries), len(ENTRY_FEATURES))


def _exactly(query: Query, entry: StoredEntry) -> float:
    """How exactly an entry matches a queried name: more if its scope is named too, less if it is only the scope
    ("Store" of "Store.commit")."""
    name = f".{entry.qualified_name}".lower()
    if any(name.endswith(f".{written}".lower()) for written in query.qualified):
        return 4.0
    return 0.5 if any(f".{entry.name}." in f".{written}" for written in query.qualified) else 1.0


def _worth(entry: StoredEntry) -> float:
    """How likely a bare name refers to this definition."""
    return 1.0 if entry.kind in TYPE_KINDS else 0.8 if entry.kind in FUNCTION_KINDS else 0.5


@lru_cache(_CACHED_NAMES)
def name_terms(name: str) -> frozenset[str]:
    """The stems of the words of a name."""
    return frozenset(map(analysis.stem, analysis.identifier_parts(name)))


class Reasons:
    """Explains in words which features made an entry a hit."""

    def __init__(self, candidates: Candidates) -> None:
        query, findings = candidates.query, candidates.findings
        self._candidates = candidates
        self._placed = {entry.id for entry in candidates.places}
        self._placed_by = "stack trace" if query.kind == "trace" else "path"
        self._defined = {entry.id: name for name, found in findings.defined.items() for entry in found}
        self._mentioned = {entry.id for found in findings.mentioned.values() for entry in found}
        self._stems = {analysis.stem(word): word for word in query.words}
        self._text = {number for number, _ in findings.text[:STRONG]}
        self._texts = {number for number, _ in findings.text}
        self._dense = {number for number, _ in findings.dense[:STRONG]}

    def of(self, entry: StoredEntry, revision: int) -> str:
        """Why an entry of a candidate file was found."""
        if entry.id in self._placed and self._candidates.query.kind == "symbol":
            return "passes on the name, which is defined elsewhere"
        if entry.id in self._placed:
            return f"named by the query's {self._placed_by}"
        facts = self._candidates.files[revision]
        said: list[str] = []
        if revision in self._candidates.pinned:
            said.append("path named in the query")
        name = self._defined.get(entry.id, "")
        if name or entry.id in self._mentioned:
            said.append(f"defines `{entry.name}`" + (f" (like `{name}`)" if name and name != entry.name else ""))
        elif met := self._met(name_terms(entry.name)):
            said.append(f"name has {met}")
        if met := self._met((*facts.stem_terms, *facts.folder_terms)):
            said.append(f"path has {met}")
        if entry.doc and (met := self._met(analysis.analyze(entry.doc[:400]))):
            said.append(f"doc has {met}")
        if entry.id in self._text:
            said.append("text matches well")
        if entry.id in self._dense:
            said.append("close in meaning")
        if not said:
            findings = self._candidates.findings
            near = {number for number, _ in (*findings.text[:100], *findings.dense[:100])}
            hits = sum(number >> ORDINAL_BITS == revision for number in near)
            said.append(f"{hits} matching places in its file" if hits > 1 else "text matches")
        if facts.static[STATIC_NAMES.index("test")]:
            said.append("a test")
        return "; ".join(said[:4])

    def shares_words(self, entry: StoredEntry, revision: int, window: StoredEntry) -> bool:
        """Whether an entry, or its window that was found, contains words of the query or is named by it."""
        if entry.id in self._defined or entry.id in self._mentioned or entry.id in self._placed:
            return True
        if entry.id in self._texts or window.id in self._texts:
            return True
        facts = self._candidates.files[revision]
        terms = (*name_terms(entry.name), *facts.stem_terms, *facts.folder_terms, *analysis.analyze(entry.doc[:400]))
        return any(term in self._stems for term in terms)

    def _met(self, terms: Iterable[str]) -> str:
        """The query's words that are among the terms, in the query's order, at most three."""
        found = frozenset(terms)
        return ", ".join([word for stem, word in self._stems.items() if stem in found][:3])
