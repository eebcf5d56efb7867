"""The ids and search terms of a table's rows, by the rows' addresses, in memory-mapped files.

LanceDB finds rows by full text faster than it reads their columns: for 150 rows of 200,000, 3 ms of processor time
against 6. So a search asks only for the addresses of rows, and takes the columns from here. The files are derived from
the table when a generation is written; rows that were added since are read from the table.

Each row has a checksum of all that is kept of it. So damage is noticed when it would matter, and opening the files
reads nothing of them.
"""

from __future__ import annotations

import zlib
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from glossator.index.generations import new_generation

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

_FILES = {"runs": "<i8", "ids": "<i8", "ends": "<i8", "sums": "<u4", "terms": "<u1"}
"""The files of a generation and their types.

- runs: address of the first row, place of the first row and number of rows, for each run of successive addresses
- ids, ends, sums: id of a row's entry, end of its terms in `terms`, checksum; in the order of places
- terms: the terms of all rows in UTF-8, one after the other, and a line end, since an empty file cannot be mapped
"""


@dataclass(frozen=True, slots=True)
class RowTexts:
    """Some rows of a table.

    Attributes:
        addresses: int64.
        ids: the ids of their entries, int64.
        terms: the search terms of each, joined with spaces.
    """

    addresses: NDArray[np.int64]
    ids: NDArray[np.int64]
    terms: Sequence[str]


def write_rows(folder: Path, batches: Iterable[RowTexts]) -> None:
    """Write the files of a generation, all or none.

    Raises:
        OSError: they cannot be written.
    """
    import numpy as np

    runs: list[NDArray[np.int64]] = []
    place = end = 0
    with new_generation(folder) as fresh, ExitStack() as stack:
        files = {name: stack.enter_context((fresh / name).open("wb")) for name in _FILES}
        for batch in batches:
            if not len(batch.ids):
                continue
            encoded = [terms.encode() for terms in batch.terms]
            ends = np.cumsum([len(terms) for terms in encoded]) + end
            first = np.flatnonzero(np.diff(batch.addresses, prepend=batch.addresses[0] - 2) != 1)
            lengths = np.diff(first, append=len(encoded))
            runs.append(np.stack([batch.addresses[first], first + place, lengths], axis=1))
            sums = map(_sum, encoded, batch.addresses.tolist(), batch.ids.tolist())
            columns = {"ids": batch.ids, "ends": ends, "sums": np.fromiter(sums, np.uint32, len(encoded))}
            for name, column in columns.items():
                files[name].write(np.ascontiguousarray(column, _FILES[name]).data)
            files["terms"].write(b"".join(encoded))
            place, end = place + len(encoded), int(ends[-1])
        files["terms"].write(b"\n")
        if runs:
            ordered = np.concatenate(runs)
            files["runs"].write(np.ascontiguousarray(ordered[ordered[:, 0].argsort()], _FILES["runs"]).data)


def _sum(terms: bytes | memoryview, address: int, number: int) -> int:
    """A checksum of a row."""
    return zlib.crc32(terms, (address * 2_654_435_761 ^ number) & 0xFFFFFFFF)


class TextRows:
    """The files of one generation, mapped. Safe to use from several threads."""

    def __init__(self, arrays: dict[str, NDArray[Any]]) -> None:
        runs = arrays["runs"].reshape(-1, 3)
        self._first, self._start, self._lengths = runs[:, 0].copy(), runs[:, 1].copy(), runs[:, 2].copy()
        self._ids, self._ends, self._sums = (arrays[name] for name in ("ids", "ends", "sums"))
        self._terms = arrays["terms"].data

    def read(self, addresses: Sequence[int]) -> dict[int, tuple[int, str]] | None:
        """Address -> id and terms of those rows that are here; None if the files are damaged."""
        import numpy as np

        asked = np.array(addresses, np.int64)
        run = np.searchsorted(self._first, asked, side="right") - 1
        offsets = asked - self._first[run]
        known = (run >= 0) & (offsets < self._lengths[run])
        places = (self._start[run] + offsets)[known]
        if ((places < 0) | (places >= len(self._ids))).any():
            return None
        starts = np.where(places > 0, self._ends[places - 1], 0)
        columns = (asked[known], self._ids[places], starts, self._ends[places], self._sums[places])
        found: dict[int, tuple[int, str]] = {}
        for address, number, start, end, expected in zip(*(column.tolist() for column in columns), strict=True):
            terms = self._terms[start:end]
            if _sum(terms, address, number) != expected:
                return None
            found[address] = number, str(terms, "utf-8", "replace")
        return found


def open_rows(folder: Path) -> TextRows | None:
    """The files of a generation; None if some are missing or do not fit together.

    Raises:
        OSError: they cannot be opened now, which says nothing about what they contain.
    """
    import numpy as np

    try:
        arrays = {name: np.asarray(np.memmap(folder / name, kind, "r")) for name, kind in _FILES.items()}
    except (FileNotFoundError, ValueError):
        return None
    count = len(arrays["ids"])
    if len(arrays["ends"]) != count or len(arrays["sums"]) != count or not _are_all(arrays["runs"], count):
        return None
    return TextRows(arrays) if len(arrays["terms"]) == arrays["ends"][-1] + 1 else None


def _are_all(numbers: NDArray[np.int64], count: int) -> bool:
    """Whether runs have so many rows in all, each place once, and are in the order of their addresses."""
    import numpy as np

    if len(numbers) % 3:
        return False
    first, start, length = numbers.reshape(-1, 3).T
    order = start.argsort()
    ends = np.cumsum(length[order])
    is_ordered = bool((np.diff(first) > 0).all() and (length > 0).all())
    return is_ordered and int(ends[-1]) == count and bool((start[order] == ends - length[order]).all())
