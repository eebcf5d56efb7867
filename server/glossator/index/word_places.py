"""Where words stand in the terms of entries, for many entries at once.

A search asks of hundreds of hits which of its words each contains, and which of them are neighbours there. The terms of
stored entries are numbers, so that numpy answers this; taking the terms of each apart took a fifth of the time of a
problem report's search.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glossator.index.text_segments import StoredTerms, Words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from glossator.index.text_segments import Segment

EntryTerms = StoredTerms | str
"""The search terms of an entry: where they are stored, or, as of an unsaved buffer, the terms joined with spaces."""


_Columns = tuple["NDArray[np.int64]", "NDArray[np.int64]", "NDArray[np.bool_]"]


@dataclass(frozen=True, slots=True)
class WordPlaces:
    """Where some words stand in the terms of some entries, in the order of the terms of each entry.

    Attributes:
        entries: place of the entry among those that were asked for.
        words: place of the word among those that were asked for.
        followed: whether the next of these places is that of the next term of the same entry.
    """

    entries: NDArray[np.int64]
    words: NDArray[np.int64]
    followed: NDArray[np.bool_]


def word_places(entries: Sequence[EntryTerms], words: Sequence[str], most: int | None = None) -> WordPlaces:
    """Where words, each given once, stand in the terms of entries, or in the first `most` of each.

    What is stored has been compared with its checksums by whoever found it.
    """
    import numpy as np

    of_segment: dict[Segment, list[tuple[int, int]]] = {}
    written: list[tuple[int, str]] = []
    for place, terms in enumerate(entries):
        if isinstance(terms, str):
            written.append((place, terms))
        else:
            of_segment.setdefault(terms.segment, []).append((place, terms.row))
    encoded = Words.of(words)
    mark = np.zeros(max((len(segment.word_ends) for segment in of_segment), default=0), np.int16)
    found = [_in_segment(segment, placed, encoded, most, mark) for segment, placed in of_segment.items()]
    found.append(_in_texts(written, words, most))
    owners, met, followed = (np.concatenate(columns) for columns in zip(*found, strict=True))
    return WordPlaces(owners, met, followed)


def term_counts(entries: Iterable[EntryTerms]) -> list[int]:
    """The number of terms of each entry, repetitions included."""
    return [
        len(terms.split()) if isinstance(terms, str) else int(terms.segment.lengths[terms.row]) for terms in entries
    ]


def _in_segment(
    segment: Segment, placed: Sequence[tuple[int, int]], words: Words, most: int | None, mark: NDArray[np.int16]
) -> _Columns:
    """`WordPlaces` as columns, for entries of one segment, given the place of each among all and its row.

    `mark` has a zero for each word of the segment, before and afterwards: making one for each segment takes longer than
    all else.
    """
    import numpy as np

    numbers = segment.numbers(words)
    for word, number in enumerate(numbers, 1):
        if number is not None:
            mark[number] = word
    parts = [segment.terms_at(row)[:most] for _, row in placed]
    met = mark[np.concatenate(parts)]
    mark[[number for number in numbers if number is not None]] = 0
    at = np.flatnonzero(met)
    owners = np.repeat([place for place, _ in placed], list(map(len, parts)))[at]
    return owners, met[at].astype(np.int64) - 1, _followed(at, owners)


def _in_texts(texts: Sequence[tuple[int, str]], words: Sequence[str], most: int | None) -> _Columns:
    """The same for entries whose terms are given as they are, with their places among all."""
    import numpy as np

    number = {word: place for place, word in enumerate(words)}
    met = [
        (place, number[term], at)
        for place, text in texts
        for at, term in enumerate(text.split()[:most])
        if term in number
    ]
    owners, found, at = np.array(met, np.int64).reshape(len(met), 3).T
    return owners, found, _followed(at, owners)


def _followed(at: NDArray[np.int64], owners: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether the next of some places, which belong to entries, is that of the next term of the same entry."""
    import numpy as np

    followed = np.zeros(len(at), np.bool_)
    followed[:-1] = (np.diff(at) == 1) & (np.diff(owners) == 0)
    return followed
