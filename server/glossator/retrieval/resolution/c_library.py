"""Types of C++'s libraries that hold others, and their functions."""

from __future__ import annotations

from typing import Final

from glossator.retrieval.resolution.type_texts import LIST

POINTER_TYPES: Final = (
    *("unique_ptr", "shared_ptr", "weak_ptr", "scoped_refptr", "scoped_ptr", "intrusive_ptr", "not_null", "auto_ptr"),
    *("optional", "reference_wrapper", "atomic", "observer_ptr", "RefPtr", "QSharedPointer", "QPointer"),
)
LIST_TYPES: Final = (
    *("array", "deque", "forward_list", "initializer_list", "list", "multiset", "priority_queue", "queue", "set"),
    *("span", "stack", "unordered_set", "valarray", "vector", LIST, "InlinedVector", "FixedArray", "SmallVector"),
    *("ArrayRef", "Span", "unordered_multiset", "flat_hash_set", "small_vector"),
)
MAP_TYPES: Final = (
    *("map", "unordered_map", "multimap", "unordered_multimap", "flat_hash_map", "node_hash_map", "btree_map"),
    *("flat_map", "StringMap", "QMap", "QHash"),
)
ELEMENT_FUNCTIONS: Final = frozenset(
    (
        *("at", "back", "front", "top", "value", "get", "lock", "value_or", "begin", "end", "cbegin", "rbegin", "data"),
        *("erase", "emplace_back", "release", "load", "exchange"),
    )
)
"""Functions of containers and pointers that give an element, or an iterator, which stands for one."""
ITERATOR_FUNCTIONS: Final = frozenset(
    ("begin", "end", "cbegin", "cend", "rbegin", "find", "lower_bound", "upper_bound", "erase", "insert_or_assign")
)
"""Functions of maps that give an iterator: a pair of a key and a value."""
OF_POINTERS: Final = frozenset(("get", "lock", "value", "release", "load"))
"""Functions of smart pointers and the like that give what these hold, whose members count as theirs."""
WRAPPER_MEMBERS: Final = OF_POINTERS | {
    "exchange",
    "expired",
    "has_value",
    "reset",
    "store",
    "swap",
    "use_count",
    "value_or",
}
"""Functions of smart pointers and optional values themselves."""
