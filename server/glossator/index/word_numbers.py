"""The words of search terms as numbers, in the order of the words: what a segment of the full text is made of."""

from __future__ import annotations

from array import array
from collections import defaultdict
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray


SPLIT_ENTRIES: Final = 8192
"""Entries whose terms are taken apart at a time, as a bound on memory: each word takes some ten bytes meanwhile."""


class WordNumbers(NamedTuple):
    """The words of some entries.

    Attributes:
        words: all different words in UTF-8, in the order of their bytes.
        numbers: uint32, for each word of each entry, in their order, its place among `words`.
        lengths: uint32, how many words each entry has.
    """

    words: list[bytes]
    numbers: NDArray[np.uint32]
    lengths: NDArray[np.uint32]


def word_numbers(terms: Sequence[str]) -> WordNumbers:
    """The words of entries' terms, which are joined with spaces. Imports no library but numpy."""
    import numpy as np

    # Each new word gets the next number; for each word, all happens in compiled code.
    numbers: defaultdict[str, int] = defaultdict()
    numbers.default_factory = numbers.__len__
    found = array("I")
    lengths = np.empty(len(terms), np.uint32)
    for row, text in enumerate(terms):
        before = len(found)
        found.extend(map(numbers.__getitem__, text.split()))
        lengths[row] = len(found) - before
    words = _ordered(list(numbers))
    places = np.empty(len(words), np.uint32)
    places[np.fromiter(map(numbers.__getitem__, words), np.int64, len(words))] = np.arange(len(words))
    numbered = places[np.frombuffer(found, np.uint32)] if len(found) else np.empty(0, np.uint32)
    return WordNumbers([word.encode("utf-8", "surrogatepass") for word in words], numbered, lengths)


def word_numbers_by_arrow(terms: Sequence[str]) -> WordNumbers:
    """The same by Arrow, for tens of thousands of entries: in less than half the time, and other threads run meanwhile.

    Arrow's functions take some hundredths of a second to be imported, and no text may have lone surrogates.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    functions: Any = pc
    coded, of_entries = [], [np.empty(0, np.uint32)]
    for start in range(0, len(terms), SPLIT_ENTRIES) or [0]:
        split = functions.split_pattern(pa.array(terms[start : start + SPLIT_ENTRIES], pa.string()), " ")
        of_entries.append(np.diff(split.offsets.to_numpy()).astype(np.uint32))
        coded.append(split.values.dictionary_encode())
    parts = pa.chunked_array(coded).unify_dictionaries().chunks
    dictionary = parts[0].dictionary.cast(pa.binary())
    order = functions.sort_indices(dictionary).to_numpy()
    words: list[bytes] = dictionary.take(pa.array(order)).to_pylist()
    places = np.empty(len(order), np.uint32)
    places[order] = np.arange(len(order))
    lengths = np.concatenate(of_entries)
    numbers = np.concatenate([places[part.indices.to_numpy()] for part in parts])
    if words and not words[0]:  # a text without words, and what is between two spaces, has an empty one
        is_word = numbers > 0
        rows = np.repeat(np.arange(len(lengths)), lengths)
        lengths = np.bincount(rows[is_word], minlength=len(lengths)).astype(np.uint32)
        words, numbers = words[1:], numbers[is_word] - np.uint32(1)
    return WordNumbers(words, numbers, lengths)


def _ordered(words: list[str]) -> list[str]:
    """Words in the order of their characters, which is that of their bytes in UTF-8.

    Those with the same first letter are sorted at a time, so that other threads run in between.
    """
    of_letter: defaultdict[str, list[str]] = defaultdict(list)
    for word in words:
        of_letter[word[0]].append(word)
    return list(chain.from_iterable(sorted(of_letter[letter]) for letter in sorted(of_letter)))
