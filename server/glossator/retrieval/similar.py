"""A query that finds code similar to a symbol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glossator.index.terms import split_identifier

if TYPE_CHECKING:
    from glossator.index.records import StoredEntry

SIMILAR_DOC_CHARACTERS = 300
"""Characters of a symbol's documentation that the query contains."""


def similar_query(entry: StoredEntry) -> str:
    """A query for code similar to an entry: its name in words, its signature and its documentation."""
    return " ".join([*split_identifier(entry.name), entry.signature, entry.doc[:SIMILAR_DOC_CHARACTERS]])
