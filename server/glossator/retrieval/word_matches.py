"""How well entries match the words of a query as a whole.

BM25 does not consider it: one rare word ten times in an entry scores higher than all words once.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from glossator.index.word_places import term_counts, word_places

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from glossator.index.word_places import EntryTerms

AGREEING = 24
"""Maximum words of a query that are looked up in every hit."""
HEAD_TERMS = 120
"""Terms of an entry that are its beginning: of a file's first one, the leading comment and imports."""
HEAD_USUAL = 50
"""Typical number of terms of a file's first entry."""


class WordMatches:
    """Which words each of some entries contains, and which of them are neighbours in it."""

    def __init__(self, terms: Iterable[EntryTerms], words: Iterable[str]) -> None:
        """`terms`: of the entries; `words`: all that will be asked for."""
        import numpy as np

        entries = list(terms)
        self._column = {word: place for place, word in enumerate(dict.fromkeys(words))}
        self._places = word_places(entries, list(self._column))
        self._has = np.zeros((len(entries), len(self._column)), np.bool_)
        self._has[self._places.entries, self._places.words] = True

    def _columns(self, words: Iterable[str]) -> list[int]:
        return [self._column[word] for word in words]

    def weights(self, words: Sequence[str], rarity: Mapping[str, float]) -> NDArray[np.float64]:
        """The sum of the rarities of those of some words, each given once, that each entry contains."""
        import numpy as np

        each = np.array([rarity[word] for word in words], np.float64)
        weights: NDArray[np.float64] = (self._has[:, self._columns(words)] * each).sum(axis=1)
        return weights

    def pairs(self, words: Sequence[str], rarity: Mapping[str, float]) -> NDArray[np.float64]:
        """The share of neighbouring words that are also neighbours in each entry, by their rarity."""
        import numpy as np

        size = len(self._column)
        weight_of: dict[int, float] = {}
        for left, right in pairwise(words):
            code = self._column[left] * size + self._column[right]
            weight_of[code] = weight_of.get(code, 0.0) + rarity[left] + rarity[right]
        if not weight_of:
            return np.zeros(len(self._has), np.float64)
        codes = np.array(sorted(weight_of))
        weights = np.array([weight_of[code] for code in codes.tolist()], np.float64)
        first = np.flatnonzero(self._places.followed)
        written = self._places.words[first] * size + self._places.words[first + 1]
        at = np.minimum(np.searchsorted(codes, written), len(codes) - 1)
        meant = codes[at] == written
        beside = np.zeros((len(self._has), len(codes)), np.bool_)
        beside[self._places.entries[first[meant]], at[meant]] = True
        # The same word twice is no pair if it is the only one.
        several = np.count_nonzero(self._has[:, self._columns(dict.fromkeys(words))], axis=1) > 1
        found: NDArray[np.float64] = (beside * weights).sum(axis=1) * several
        return found / (float(weights.sum()) or 1.0)


def beginnings(terms: Sequence[EntryTerms], stems: Sequence[str], rarity: Mapping[str, float]) -> NDArray[np.float32]:
    """BM25 of the beginnings of entries (k1 1.2, b .6), 1 for the best. `stems`: each once."""
    import numpy as np

    places = word_places(terms, stems, HEAD_TERMS)
    cells = places.words * len(terms) + places.entries
    counts = np.bincount(cells, minlength=len(stems) * len(terms)).reshape(len(stems), len(terms))
    lengths = np.minimum(term_counts(terms), HEAD_TERMS)
    weights = np.array([rarity[stem] for stem in stems], np.float64)
    each = weights[:, None] * counts * 2.2 / (counts + 1.2 * (0.4 + 0.6 * lengths / HEAD_USUAL))
    scores: NDArray[np.float32] = each.astype(np.float32).sum(axis=0)
    return scores / max(float(scores.max(initial=0.0)), 1e-6)


def agreement(
    stems: Sequence[str], rarity: Mapping[str, float], terms: Mapping[int, EntryTerms]
) -> dict[int, tuple[float, float]]:
    """How well entries match the query as a whole: entry id -> (cover, pairs), both 0..1.

    Cover is the share of the query's words that an entry contains, pairs the share of neighbouring words of the query
    that are also neighbours in the entry, both weighted by the words' rarity.
    """
    looked = stems[:AGREEING]
    if not terms or not looked:
        return dict.fromkeys(terms, (0.0, 0.0))
    matches = WordMatches(terms.values(), looked)
    cover = matches.weights(list(dict.fromkeys(looked)), rarity) / (sum(map(rarity.__getitem__, looked)) or 1.0)
    return dict(zip(terms, zip(cover.tolist(), matches.pairs(looked, rarity).tolist(), strict=True), strict=True))
