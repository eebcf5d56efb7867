"""Which of many repositories a question is likely about, told by what is kept of each in memory.

Searching thousands of indexes for each question would take minutes. Of each repository its search terms are kept, as
hashes, and the mean directions of its files' vectors; the repositories that score best are searched. A repository
without a term of a name does not define that name.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from glossator.index.facts import name_hash
from glossator.index.terms import word_terms
from glossator.retrieval.query import parse_query

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from glossator.index.embedding import Embedder
    from glossator.index.store import Store

_LAST_WORD = re.compile(r"\w+(?=\W*$)")


@dataclass(frozen=True, slots=True, eq=False)
class RepositoryProfile:
    """What is kept of a repository.

    Attributes:
        terms: ascending hashes of its search terms; empty if they are not known.
        centroids: the mean directions of its files' vectors, of length 1; shape (files, dimensions).
    """

    terms: NDArray[np.uint32]
    centroids: NDArray[np.float32]

    def has(self, term: str) -> bool:
        """Whether a search term occurs; other terms may have the same hash."""
        number = name_hash(term)
        at = int(np.searchsorted(self.terms, number))
        return at < len(self.terms) and int(self.terms[at]) == number

    def may_define(self, name: str) -> bool:
        """Whether a (qualified) name may be defined; false only if it is not."""
        last = _LAST_WORD.search(name.replace("$", " "))
        return not len(self.terms) or last is None or all(map(self.has, word_terms(last[0])))


def profile_of(store: Store, dimensions: int) -> RepositoryProfile:
    """The profile of an index."""
    hashes = np.unique(np.fromiter(map(name_hash, store.terms_from("")), np.uint32))
    centroid_of = store.centroids(one.revision for one in store.summaries())
    found = [centroid_of[revision] for revision in sorted(centroid_of) if len(centroid_of[revision]) == 2 * dimensions]
    centroids = np.frombuffer(b"".join(found), np.float16).reshape(-1, dimensions).astype(np.float32)
    centroids /= np.maximum(np.linalg.norm(centroids, axis=1, keepdims=True), 1e-6)
    return RepositoryProfile(hashes, centroids)


def likeliest(profiles: Mapping[str, RepositoryProfile], query: str, embedder: Embedder, most: int) -> list[str]:
    """The repositories that a query is likeliest about, by name; all, if there are no more than `most`.

    A repository's score is the share of the query's terms that it has, each weighted by how few repositories have it,
    plus the cosine of the query and its nearest file.

    Raises:
        UsageError: the query has nothing to search for.
    """
    if len(profiles) <= most:
        return sorted(profiles)
    parsed = parse_query(query)
    vector = embedder.embed_query(parsed.meaning)
    vector = vector / (float(np.linalg.norm(vector)) or 1.0)
    having = {term: {name for name, profile in profiles.items() if profile.has(term)} for term in parsed.terms}
    weights = {term: math.log(1 + len(profiles) / len(names)) for term, names in having.items() if names}
    total = sum(weights.values()) or 1.0

    def score(name: str) -> float:
        shared = sum(weight for term, weight in weights.items() if name in having[term]) / total
        return shared + _nearest(profiles[name].centroids, vector)

    return sorted(sorted(profiles, key=lambda name: (-score(name), name))[:most])


def _nearest(centroids: NDArray[np.float32], vector: NDArray[np.float32]) -> float:
    return max(0.0, float(np.max(centroids @ vector))) if len(centroids) else 0.0


def defining(profiles: Mapping[str, RepositoryProfile], name: str) -> Iterable[str]:
    """The repositories that may define a name."""
    return (repository for repository, profile in profiles.items() if profile.may_define(name))
