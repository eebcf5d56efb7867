"""The words of entries are numbered alike by Python and by Arrow, and any number of them becomes the same postings."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glossator.index import text_segments
from glossator.index.manifest import ORDINAL_BITS
from glossator.index.text_segments import Texts, make_segment
from glossator.index.word_numbers import word_numbers, word_numbers_by_arrow

if TYPE_CHECKING:
    from collections.abc import Sequence

WORD = st.text(st.characters(categories=("L", "N"), include_characters="_"), min_size=1, max_size=12)
TERMS = st.lists(
    st.builds(" ".join, st.lists(WORD | st.sampled_from(("a", "get", "größe", "名", "")), max_size=9)), max_size=12
)


@given(TERMS)
def test_python_and_arrow_number_alike(terms: list[str]) -> None:
    for number in (word_numbers, word_numbers_by_arrow):
        words, numbers, lengths = number(terms)
        assert words == sorted({word.encode() for text in terms for word in text.split()})
        assert [words[place].decode() for place in numbers] == [word for text in terms for word in text.split()]
        assert lengths.tolist() == [len(text.split()) for text in terms]
        assert {numbers.dtype, lengths.dtype} == {np.dtype(np.uint32)}


@pytest.mark.parametrize("pairs", [1, 7, 40, 2**32])
@given(terms=TERMS)
def test_postings_do_not_depend_on_how_many_words_are_taken_at_a_time(pairs: int, terms: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_segments, "PAIRS_AT_ONCE", max(pairs, len(terms)))
        segment = make_segment(_texts(terms))
    found = {}
    for number, start in enumerate([0, *segment.posting_ends][:-1]):
        part = slice(start, segment.posting_ends[number])
        found[number] = dict(zip(segment.rows[part].tolist(), segment.counts[part].tolist(), strict=True))
    words = sorted({word for text in terms for word in text.split()}, key=str.encode)
    assert found == {
        number: {row: text.split().count(word) for row, text in enumerate(terms) if word in text.split()}
        for number, word in enumerate(words)
    }


def test_a_segment_of_many_entries_is_the_same_either_way() -> None:
    made = np.random.default_rng(3)
    terms = [" ".join(f"w{n}" for n in made.zipf(1.3, made.integers(0, 40)) % 5000) for _ in range(9000)]
    one, other = make_segment(_texts(terms)), make_segment(_texts(terms), word_numbers_by_arrow)
    for field in fields(one):
        mine, its = np.asarray(getattr(one, field.name)), np.asarray(getattr(other, field.name))
        assert mine.dtype == its.dtype
        assert np.array_equal(mine, its), field.name


def _texts(terms: Sequence[str]) -> Texts:
    zeros = np.zeros(len(terms), np.int16)
    return Texts(np.arange(len(terms), dtype=np.int64) + (1 << ORDINAL_BITS), zeros, zeros, terms)
