"""Corrects words of a query that are not in the index to the nearest ones that are.

A word is corrected only if no entry contains it, since it is then most likely a typing error. The nearest word is
searched among the index's terms with the same first two letters, where typing errors are rare.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from glossator.index import terms as analysis

if TYPE_CHECKING:
    from glossator.index.store import Store
    from glossator.retrieval.query import Query

SHORTEST = 4
"""Minimum letters of a word that is corrected: shorter words are too similar to each other."""
MOST_CORRECTED = 4
"""Maximum words corrected in one query."""
LETTER_BYTES = 4
"""Bytes of a letter in UTF-8 at most."""


def corrected(query: Query, store: Store) -> Query:
    """The query with unknown words replaced by similar ones from the index, if there are any."""
    if query.kind == "trace" or len(query.words) > 24:
        return query
    stems = {word: analysis.stem(word) for word in query.words if len(word) >= SHORTEST and word.isalpha()}
    wholes = {name: analysis.stem(analysis.folded(name)) for name in query.identifiers if len(name) >= SHORTEST}
    known = store.document_frequencies(list({*stems.values(), *wholes.values()}))

    def near(terms: dict[str, str]) -> dict[str, str]:
        unknown = [(word, term) for word, term in terms.items() if not known[term]][:MOST_CORRECTED]
        found = {word: nearest(term, store) for word, term in unknown}
        return {word: term for word, term in found.items() if term}

    fixes, names = near(stems), near(wholes)
    if not fixes and not names:
        return query
    words = [fixes.get(word, word) for word in query.words]
    terms = dict.fromkeys([*(analysis.stem(word) for word in words), *query.terms, *names.values()])
    identifiers = list(query.identifiers)
    for whole in names.values():  # the correction is of a stem; the name may have another ending
        like = (entry.name for entry in store.names_like(whole[: max(SHORTEST, len(whole) - 2)], 20))
        identifiers.extend(dict.fromkeys(name for name in like if analysis.stem(analysis.folded(name)) == whole))
    meaning = " ".join([query.meaning, *fixes.values()])
    return replace(
        query, words=tuple(dict.fromkeys(words)), terms=tuple(terms), identifiers=tuple(identifiers), meaning=meaning
    )


def nearest(stem: str, store: Store) -> str:
    """The term nearest to an unknown one: at most one error in six letters, the most frequent of the nearest; or ""."""
    allowed = 1 if len(stem) < 7 else 2
    letters = frozenset(stem)
    size, fewer = len(stem.encode("utf-8", "replace")), allowed if stem.isascii() else allowed * LETTER_BYTES
    apart: dict[str, int] = {}
    for term in store.terms_from(stem[:2], range(size - fewer, size + allowed * LETTER_BYTES + 1)):
        # One error changes the length by at most one letter, and the set of letters by at most two.
        if abs(len(term) - len(stem)) > allowed or len(letters.symmetric_difference(term)) > 2 * allowed:
            continue
        errors = distance(stem, term, allowed)
        if errors <= allowed:
            apart[term] = errors
    counts = store.document_frequencies(list(apart)) if apart else {}
    return min((term for term, count in counts.items() if count), key=lambda t: (apart[t], -counts[t], t), default="")


def distance(a: str, b: str, limit: int) -> int:
    """Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`; `limit` + 1 if more."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        earlier, before, row = before, row, [i] + [0] * len(b)
        for j, y in enumerate(b, 1):
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                row[j] = min(row[j], earlier[j - 2] + 1)
        if min(row) > limit:
            return limit + 1
    return min(row[-1], limit + 1)
