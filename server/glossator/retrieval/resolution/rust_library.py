"""What the methods of Rust's library give the closures that are handed to them: as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from glossator.retrieval.resolution.type_texts import FUNCTION
from glossator.retrieval.resolution.values import NOTHING_KNOWN, Value, Values, external

if TYPE_CHECKING:
    from collections.abc import Mapping

ITERATOR: Final = "Iter"
"""What iterates over elements, whatever the collection."""
ITERATORS: Final = frozenset(
    ("DoubleEndedIterator", "ExactSizeIterator", "FusedIterator", "Future", "Iterator", "ParallelIterator", "Stream")
)
"""Traits of the library whose methods take closures."""
_ITERATING: Final = ITERATORS | {ITERATOR, "IntoIter", "IterMut", "Peekable"}
ITERATING: Final = frozenset(("drain", "into_iter", "iter", "iter_mut", "into_par_iter", "par_iter", "par_iter_mut"))
"""Methods of collections that give an iterator."""
WRAPPED: Final = "%wrapped"
"""A type that wraps a value, as `Option` and `Result` do: its type argument is what is inside."""
OF_WRAPPED: Final = frozenset(
    ("and_then", "filter", "inspect", "is_none_or", "is_ok_and", "is_some_and", "map", "map_or", "map_or_else")
)
"""Methods of `Option` and `Result` that take a closure for what is inside, as their last argument."""
_OF_ITERATOR_WORDS: Final = """
all any dedup_by_key filter filter_map find find_map flat_map for_each inspect map map_while max_by_key min_by_key none
partition position rposition skip_while sorted_by_key sorted_unstable_by_key take_while try_for_each unique_by
"""
_OF_ITERATORS: Final = frozenset(_OF_ITERATOR_WORDS.split())
_COMPARING: Final = frozenset(
    ("max_by", "min_by", "reduce", "sort_by", "sort_unstable_by", "sorted_by", "sorted_unstable_by")
)
_OF_LISTS: Final = frozenset(
    (
        "binary_search_by",
        "dedup_by_key",
        "partition_point",
        "retain",
        "retain_mut",
        "sort_by_cached_key",
        "sort_by_key",
        "sort_unstable_by_key",
    )
)
_FOLDING: Final = frozenset(("fold", "try_fold"))


def closure_taken(function: Value, count: int, number: int, elements: Mapping[str, int]) -> Values:
    """What a method of the library takes as one of its arguments: a type of functions; unknown if nothing says.

    Args:
        elements: the collections, and which type argument their elements are.
    """
    owner, _, last = function.name.rpartition(".")
    kind, arguments = owner.rpartition(".")[2].rpartition(":")[2], function.arguments
    if not arguments or not owner or number != count - 1:
        return NOTHING_KNOWN
    given: tuple[Values, ...] = ()
    if owner == WRAPPED:
        given = arguments[:1] if count == _count(last) else ()
    elif kind not in elements:
        given = ()
    elif len(arguments) == 2:
        given = arguments if last == "retain" and count == 1 else ()
    elif kind in _ITERATING and last in _FOLDING:
        given = (NOTHING_KNOWN, arguments[0]) if count == 2 else ()
    elif count == 1 and last in _COMPARING:
        given = (arguments[0], arguments[0]) if (kind in _ITERATING) != last.startswith("sort_") else ()
    elif count == 1:
        given = arguments if last in (_OF_ITERATORS if kind in _ITERATING else _OF_LISTS) else ()
    if not given and kind in elements and kind not in _ITERATING and last in OF_WRAPPED and count == _count(last):
        # Collections have no such methods: it is an option of one.
        given = ((external(kind, arguments),),)
    return (external(FUNCTION, (NOTHING_KNOWN, *given)),) if given else NOTHING_KNOWN


def _count(name: str) -> int:
    """How many arguments a method of `OF_WRAPPED` takes."""
    return 2 if name.startswith("map_or") else 1
