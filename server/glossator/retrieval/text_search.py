"""Searches for whatever somebody gives: a problem report of several lines is taken apart, all else is one query."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glossator.index.records import Filter
    from glossator.retrieval.buffers import ParsedBuffers
    from glossator.retrieval.search import Hit, Searcher


def search_text(
    searcher: Searcher,
    text: str,
    limit: int,
    where: Filter | None = None,
    overlay: ParsedBuffers | None = None,
    *,
    by_symbol: bool = False,
) -> list[Hit]:
    """The best matches for a query or a problem report, best first. Arguments as for `Searcher.search`.

    Raises:
        UsageError: the text has nothing to search for, or `limit` is not positive.
        StoreCorruptError: the index is damaged.
    """
    if "\n" in text.strip():
        from glossator.retrieval.report_search import search_report

        found = search_report(searcher, text, limit, where, overlay, by_symbol=by_symbol)
        if found is not None:
            return found
    return searcher.search(text, limit, where, overlay, by_symbol=by_symbol)
