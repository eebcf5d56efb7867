"""Columns of search terms: packed for later, and how many rows contain each term."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

ROWS_AT_ONCE: Final = 10_000
"""Rows whose terms are counted at a time."""


def packed_column(column: Any) -> bytes:
    """A column of terms in Arrow's own format, compressed."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    table = pa.table({"terms": column})
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as stream:
        stream.write_table(table)
    return bytes(sink.getvalue())


def unpacked_column(packed: bytes) -> Any:
    """The column that `packed_column` packed; None if it is damaged."""
    import pyarrow as pa

    try:
        return pa.ipc.open_stream(packed).read_all()["terms"]
    except (pa.ArrowException, OSError, KeyError):
        return None


def frequencies(column: Any) -> Counter[str]:
    """The number of rows of a column of terms that contain each term."""
    import numpy as np
    import pyarrow.compute as pc

    counts: Counter[str] = Counter()
    for start in range(0, len(column), ROWS_AT_ONCE):
        lists = pc.split_pattern(column.slice(start, ROWS_AT_ONCE).combine_chunks(), " ")
        words = lists.flatten().dictionary_encode()
        size = len(words.dictionary)
        rows = pc.list_parent_indices(lists).to_numpy().astype(np.int64)
        pairs = rows * size + words.indices.to_numpy()
        pairs.sort()
        # Each row counts a word once.
        pairs = pairs[np.flatnonzero(np.diff(pairs, prepend=-1))]
        if size:
            found = np.bincount(pairs % size, minlength=size)
            counts.update(dict(zip(words.dictionary.to_pylist(), found.tolist(), strict=True)))
    counts.pop("", None)
    return counts
