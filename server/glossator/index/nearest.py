"""Nearest-neighbour search over one generation's vectors, in memory-mapped files, and over later commits.

LanceDB stores the vectors; these files are derived from it and can be written again at any time. Since they are mapped,
processes share them and opening them costs nothing.

The search is exhaustive, but reads only part of most vectors. All are scored by their leading components, as small
whole numbers (`packed_components`); the best per cent are then scored with all components. Memory bandwidth limits a
search, and this reads a quarter of what a full search in single precision does. LanceDB's indexes are slower at the
same recall, or take minutes to build (docs/speed.md, `scripts/bench vectors`).
"""

from __future__ import annotations

import json
import logging
import zlib
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, BinaryIO

from glossator.errors import DAMAGED_ARRAY
from glossator.index.followed import Followed
from glossator.index.generations import DISCARDED, discard_generation, new_generation
from glossator.index.manifest import ORDINAL_BITS
from glossator.index.mapped_files import mapping_of
from glossator.index.packed_components import (
    LARGEST_SUM,
    LEFT_OUT,
    leading_axes,
    leading_products,
    packed_components,
    packed_rows,
    unpacked,
    whole_components,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from mmap import mmap
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

_LOG = logging.getLogger(__name__)

MIN_RESCORED = 3000
RESCORED_SHARE = 1 / 96
"""Vectors that are rescored with all components: a minimum, and a share of all. Of the nearest 100, .9995 are found
among 74,665 entries and .9998 among 555,253; of the latter .9987 with a share of 1 / 128, and all with 1 / 64."""

BOUND_STEP = 16
BOUND_DEVIATIONS = 4
"""A bound for the products of the best is what so many in every 16th product are above: as many as are expected, and
four standard deviations more, so that a few per cent more than are needed are above it. If there are less, all
products are looked through."""

FEW_ROWS = 8
"""Of a scope with less than one in so many entries, only these are read. Picking out rows takes several times as long
as reading as many in order."""

PICKED_ROWS = 1024
"""Vectors that are picked out and widened at a time: 1 MB, which stays in a core's cache."""

MAX_RECENT = 100_000
"""Entries committed since the files were written that are searched in memory, where each takes a kilobyte; a search
multiplies so many in 4 ms. With more, LanceDB reads all vectors. A switch of 1,000 files brings 10,000 to 25,000."""

SMALL_PART = 4_096
SMALL_PARTS = 8
"""More parts of them than these with less than so many entries each are made into one: each costs a search some
microseconds, and to make one of all would copy them all at each commit."""

_FILES = {
    "ids": ("<i8", 1),
    "languages": ("<i2", 1),
    "kinds": ("<i2", 1),
    "axes": ("<f4", 2),
    "leading": ("<f8", 2),
    "vectors": ("<f2", 2),
}
"""The files of a generation: type and number of dimensions."""

_SUMS = "sums.json"
_SUMMED = ("ids", "languages", "kinds", "axes")
"""Files with checksums: a changed number in them would make searches wrong as a whole. They are read in 10 ms for a
million entries. A changed number in the others moves an entry in the ranking, or hides up to four. A search notices
what is absurd, and leading components that are not those of their vector."""
LARGEST_PRODUCT = 4.0
"""More than the product of a vector with a query of length 1 can be, even where half precision rounds."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which entries a search may return; None does not restrict.

    Attributes:
        languages: numbers of languages.
        kinds: numbers of kinds.
        files: revisions, ascending.
    """

    languages: NDArray[np.int16] | None = None
    kinds: NDArray[np.int16] | None = None
    files: NDArray[np.int64] | None = None

    @property
    def is_open(self) -> bool:
        """Whether it restricts nothing."""
        return self.languages is None and self.kinds is None and self.files is None


@dataclass(frozen=True, slots=True)
class Columns:
    """Entries as columns, one row each.

    Attributes:
        ids: int64.
        languages: int16.
        kinds: int16.
        vectors: float16 or float32, shape (entries, dimensions).
    """

    ids: NDArray[np.int64]
    languages: NDArray[np.int16]
    kinds: NDArray[np.int16]
    vectors: NDArray[Any]

    def take(self, which: NDArray[Any]) -> Columns:
        """Some of the rows."""
        return Columns(self.ids[which], self.languages[which], self.kinds[which], self.vectors[which])

    def of(self, revisions: NDArray[np.int64]) -> Columns:
        """The rows of these revisions; not a copy if these are all."""
        import numpy as np

        which = np.isin(self.ids >> ORDINAL_BITS, revisions)
        return self if which.all() else self.take(which)

    def inside(self, scope: Scope) -> NDArray[np.bool_]:
        """Whether each entry is in the scope."""
        import numpy as np

        found = np.ones(len(self.ids), np.bool_)
        if scope.languages is not None:
            found &= np.isin(self.languages, scope.languages)
        if scope.kinds is not None:
            found &= np.isin(self.kinds, scope.kinds)
        if scope.files is not None:
            found &= np.isin(self.ids >> ORDINAL_BITS, scope.files)
        return found


@dataclass(frozen=True, slots=True)
class _Base:
    """The files of one generation, mapped."""

    columns: Columns
    axes: NDArray[np.float32]
    """The axes of the leading components as columns, shape (dimensions, leading components)."""
    leading: NDArray[np.float64]
    """Leading components, see `packed_components`."""
    homes: NDArray[np.int64]
    lengths: NDArray[np.int64]
    """Revision and number of rows of each run of rows of one file."""
    revisions: frozenset[int]
    mappings: tuple[mmap, ...]

    def products(self, rows: NDArray[np.int64], vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """The dot products of some rows with a vector."""
        import numpy as np

        products = np.empty(len(rows), np.float32)
        for start in range(0, len(rows), PICKED_ROWS):
            part = slice(start, start + PICKED_ROWS)
            np.einsum("ij,j->i", _widened(self.columns.vectors[rows[part]]), vector, out=products[part])
        return products

    def agrees(self, row: int) -> bool:
        """Whether a row's leading components are those of its vector."""
        import numpy as np

        expected = whole_components(self.columns.vectors[row : row + 1], self.axes)[0]
        place, packed = divmod(row, len(self.leading))
        found = unpacked(self.leading[packed])[place]
        return bool((np.abs(expected - found) <= 1).all())  # they may have been rounded otherwise

    def inside(self, scope: Scope) -> NDArray[np.bool_]:
        """Whether each row is in the scope."""
        import numpy as np

        found = self.columns.inside(replace(scope, files=None))
        if scope.files is not None:
            found &= np.repeat(np.isin(self.homes, scope.files), self.lengths)
        return found


@dataclass(frozen=True, slots=True)
class _State:
    """The state of the index after one commit, as searched."""

    changes: int
    generation: int
    base: _Base | None
    deleted: NDArray[np.int64]
    """Rows of the base whose files were replaced or deleted since."""
    recent: tuple[Columns, ...] = ()
    """Entries that are not in the base, in parts; vectors in float32."""
    too_many: bool = False
    """Whether more was committed since than is kept in memory."""

    @property
    def mappings(self) -> tuple[mmap, ...]:
        """See `IndexState`."""
        return self.base.mappings if self.base is not None else ()


def write(folder: Path, batches: Iterable[Columns], count: int, dimensions: int) -> None:
    """Write the files of a generation of `count` entries, all or none; `batches` yields its rows.

    Raises:
        OSError: they cannot be written, or there are more or fewer rows than `count`.
    """
    if not count:
        return
    with new_generation(folder) as fresh:
        _write_files(fresh, batches, count, dimensions)


def _write_files(folder: Path, batches: Iterable[Columns], count: int, dimensions: int) -> None:
    """See `write`."""
    import numpy as np

    def array(name: str, *shape: int) -> BinaryIO:
        return stack.enter_context(_array_file(folder / f"{name}.npy", _FILES[name][0], shape))

    with ExitStack() as stack:
        files = [array(name, count) for name in ("ids", "languages", "kinds")]
        files.append(array("vectors", count, dimensions))
        written = 0
        for batch in batches:
            halves = batch.vectors.astype(np.float16, copy=False)
            columns: tuple[NDArray[Any], ...] = (batch.ids, batch.languages, batch.kinds, halves)
            for file, column in zip(files, columns, strict=True):
                file.write(_bytes_of(column))
            written += halves.size
        if written != count * dimensions:
            raise OSError(f"the number of rows for {folder} is not {count}")
    vectors = np.load(folder / "vectors.npy", mmap_mode="r")
    with ExitStack() as stack:
        axes = leading_axes(vectors)
        array("axes", *axes.shape).write(_bytes_of(axes))
        leading = array("leading", packed_rows(count), axes.shape[1])
        for packed in packed_components(vectors, axes):
            leading.write(_bytes_of(packed))
    del vectors  # Windows renames no folder with a file that is mapped
    (folder / _SUMS).write_text(json.dumps({name: _sum(folder / f"{name}.npy") for name in _SUMMED}), "ascii")


def _sum(path: Path) -> int:
    """A checksum of a file."""
    return zlib.crc32(path.read_bytes())


def _array_file(path: Path, kind: str, shape: tuple[int, ...]) -> BinaryIO:
    """A new file in numpy's format, to which the array's bytes are still to be written.

    It is not mapped for writing: on a full disk, that would kill the process.
    """
    import numpy as np

    file = path.open("wb")
    np.lib.format.write_array_header_1_0(file, {"descr": kind, "fortran_order": False, "shape": shape})
    return file


def _bytes_of(array: NDArray[Any]) -> memoryview:
    import numpy as np

    return np.ascontiguousarray(array).data


def is_whole(folder: Path) -> bool:
    """Whether the files of a generation are there and fit together.

    Raises:
        OSError: they cannot be opened now.
    """
    try:
        _arrays(folder)
    except _DamagedFilesError:
        return False
    return True


class _DamagedFilesError(Exception):
    """The files of a generation are missing, or not as they were written."""


def _arrays(folder: Path) -> dict[str, NDArray[Any]]:
    """The files of a generation, mapped.

    Raises:
        _DamagedFilesError: they are missing or damaged.
        OSError: they cannot be opened now, which says nothing about what they contain.
    """
    import numpy as np

    if (folder / DISCARDED).exists():
        raise _DamagedFilesError("they were damaged before")
    try:
        found = {name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in _FILES}
        sums = json.loads((folder / _SUMS).read_text("ascii"))
        if sums != {name: _sum(folder / f"{name}.npy") for name in _SUMMED}:
            raise _DamagedFilesError("a checksum differs")
    except (FileNotFoundError, *DAMAGED_ARRAY) as error:
        raise _DamagedFilesError(repr(error)) from error
    if any(found[name].dtype != np.dtype(kind) or found[name].ndim != axes for name, (kind, axes) in _FILES.items()):
        raise _DamagedFilesError("an array is of another type")
    count, (dimensions, first) = len(found["ids"]), found["axes"].shape
    shapes = {"languages": (count,), "kinds": (count,), "vectors": (count, dimensions)}
    shapes |= {"leading": (packed_rows(count), first)}
    if any(found[name].shape != shape for name, shape in shapes.items()):
        raise _DamagedFilesError("the arrays do not fit together")
    return {name: np.asarray(array) for name, array in found.items()}


def _open(folder: Path) -> _Base | None:
    """The files of a generation; None if they are missing, damaged or cannot be opened now.

    If they are damaged, they are removed: the next maintenance writes them again.
    """
    import numpy as np

    try:
        arrays = _arrays(folder)
    except OSError as error:
        _LOG.info("cannot open the files of the vectors now: %s", error)
        return None
    except _DamagedFilesError as error:
        _LOG.info("no files of the vectors: %s", error)
        discard_generation(folder)
        return None
    ids = arrays["ids"]
    columns = Columns(ids, arrays["languages"], arrays["kinds"], arrays["vectors"])
    files = ids >> ORDINAL_BITS
    first = np.flatnonzero(np.diff(files, prepend=-1))
    homes, lengths = files[first], np.diff(first, append=len(files))
    revisions = frozenset(homes.tolist())
    mappings = tuple(map(mapping_of, arrays.values()))
    return _Base(columns, arrays["axes"], arrays["leading"], homes, lengths, revisions, mappings)


class Nearest(Followed[_State]):
    """Finds the nearest vectors of one index, including the latest commits. Safe to use from several threads.

    Args:
        folder, position, revisions: see `Followed`.
        read: returns the rows of some revisions.
    """

    def __init__(
        self,
        folder: Callable[[int], Path],
        position: Callable[[], tuple[int, int]],
        revisions: Callable[[], Mapping[int, int]],
        read: Callable[[list[int]], Columns | None],
    ) -> None:
        super().__init__(folder, position, revisions)
        self._read = read

    def search(
        self, vector: NDArray[np.float32], limit: int, scope: Scope, *, with_equals: bool = False
    ) -> list[tuple[int, float]] | None:
        """(entry id, dot product) of the nearest entries, best first; None if too much has changed to answer.

        With `with_equals`, there may be more than `limit`: all that are as near as the last one.
        """
        import numpy as np

        state = self._current()
        if state.too_many:
            return None
        vector = np.asarray(vector, np.float32)
        ids, products = np.empty(0, np.int64), np.empty(0, np.float32)
        if state.base is not None:
            try:
                rows, products = _best(state.base, state.deleted, vector, limit, scope)
            except _DamagedFilesError as error:
                _LOG.warning("%s: the files of the vectors are written again", error)
                discard_generation(self._folder(state.generation))  # the next maintenance writes them
                self.forget()
                return None
            ids = state.base.columns.ids[rows]
        found = [(ids, products)]
        for part in state.recent:
            near = np.einsum("ij,j->i", part.vectors, vector)
            inside = slice(None) if scope.is_open else part.inside(scope)
            found.append((part.ids[inside], near[inside]))
        ids, products = (np.concatenate(columns) for columns in zip(*found, strict=True))
        if len(products) > limit:  # sorting some thousand takes as long as finding the last of the nearest
            near = products >= np.partition(products, -limit)[-limit]
            ids, products = ids[near], products[near]
        order = np.lexsort((ids, -products))
        if with_equals and len(order) > limit:
            limit = int(np.count_nonzero(products >= products[order[limit - 1]]))
        order = order[:limit]
        return list(zip(ids[order].tolist(), products[order].tolist(), strict=True))

    def _updated(self, state: _State | None) -> _State:
        """The state after the last change, given an earlier one."""
        import numpy as np

        changes, generation = self._position()
        opened = state if state is not None and state.generation == generation else None
        base = opened.base if opened is not None else _open(self._folder(generation))
        in_base = base.revisions if base is not None else frozenset[int]()
        live = self._revisions()
        deleted = np.empty(0, np.int64)
        if base is not None and (dead := in_base.difference(live)):  # `-` would copy all
            deleted = np.flatnonzero(base.inside(Scope(files=np.array(sorted(dead), np.int64))))
        missing = {revision for revision in live if revision not in in_base}
        too_many = sum(live[revision] for revision in missing) > MAX_RECENT
        recent = () if too_many else self._recent(state.recent if state else (), missing)
        return _State(changes, generation, base, deleted, recent, too_many)

    def _recent(self, known: Sequence[Columns], revisions: Collection[int]) -> tuple[Columns, ...]:
        """The rows of these revisions; those not in `known` are read."""
        import numpy as np

        wanted = np.array(sorted(revisions), np.int64)
        parts = [part.of(wanted) for part in known]
        there = np.concatenate([np.empty(0, np.int64), *(part.ids >> ORDINAL_BITS for part in parts)])
        missing = np.setdiff1d(wanted, there).tolist()
        fresh = self._read(missing) if missing else None
        if fresh is not None:
            parts.append(replace(fresh, vectors=fresh.vectors.astype(np.float32)))
        parts = [part for part in parts if len(part.ids)]
        small = [part for part in parts if len(part.ids) < SMALL_PART]
        if len(small) <= SMALL_PARTS:
            return tuple(parts)
        return (*(part for part in parts if len(part.ids) >= SMALL_PART), _joined(small))


def _joined(parts: Sequence[Columns]) -> Columns:
    """The rows of several, at least one."""
    import numpy as np

    return Columns(
        np.concatenate([part.ids for part in parts]),
        np.concatenate([part.languages for part in parts]),
        np.concatenate([part.kinds for part in parts]),
        np.concatenate([part.vectors for part in parts]),
    )


def _best(
    base: _Base, deleted: NDArray[np.int64], vector: NDArray[np.float32], limit: int, scope: Scope
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Candidate rows of the base, unordered, which include the nearest, and their dot products.

    Raises:
        _DamagedFilesError: what the files contain cannot be.
    """
    import numpy as np

    count = len(base.columns.ids)
    rescored = max(MIN_RESCORED, int(count * RESCORED_SHARE), 4 * limit)
    inside, leading = None, None
    number = count - len(deleted)
    if not scope.is_open:
        inside = base.inside(scope)
        inside[deleted] = False
        number = int(np.count_nonzero(inside))
    if number <= max(rescored, count // FEW_ROWS):
        rows = np.delete(np.arange(count), deleted) if inside is None else np.flatnonzero(inside)
        products = base.products(rows, vector)
    else:
        leading = leading_products(base.leading, base.axes, vector, count)
        if inside is None:
            leading[deleted] = LEFT_OUT
        else:
            np.copyto(leading, LEFT_OUT, where=~inside)
        rows = _largest(leading, rescored)
        products = base.products(rows, vector)
    largest = float(np.abs(products).max(initial=0.0))
    if not largest <= LARGEST_PRODUCT * max(1.0, float(vector @ vector)):
        raise _DamagedFilesError(f"a product of vectors is {largest}")
    if leading is not None:
        scale = float(np.linalg.norm(vector @ base.axes)) / LARGEST_SUM
        if not base.agrees(int(rows[np.argmax(leading[rows] * scale - products)])):
            raise _DamagedFilesError("the leading components of a vector are not its own")
    return rows, products


def _largest(products: NDArray[np.int16], many: int) -> NDArray[np.int64]:
    """The places of the `many` largest products, unordered, with all that equal the last of them.

    `LEFT_OUT` is left out. If more than as many again are equal, some of these are. numpy takes half as long to order
    a million as multiplying takes, so most are left out first, by a bound that a sample gives.
    """
    import numpy as np

    if many >= len(products):
        return np.flatnonzero(products > LEFT_OUT)
    sample = products[::BOUND_STEP]
    expected = many / BOUND_STEP
    above = int(expected + BOUND_DEVIATIONS * expected**0.5) + 1
    places = np.arange(0)
    if above < len(sample):
        places = np.flatnonzero(products >= np.partition(sample, -above)[-above])
    if len(places) < many:
        places = np.arange(len(products))
    near = products[places]
    found = places[near >= max(np.partition(near, -many)[-many], LEFT_OUT + 1)]
    return found if len(found) <= 2 * many else places[np.argpartition(near, -many)[-many:]]


def _widened(halves: NDArray[np.float16]) -> NDArray[np.float32]:
    """The same numbers in single precision, in a sixth of the time that numpy's conversion of each takes.

    The bits of a half number, moved to where those of a single one are, say it divided by 2 ** 112: the exponents of
    both begin at different numbers. Only what is infinite or not a number becomes a large one.
    """
    import numpy as np

    bits = halves.view(np.int16).astype(np.int32)  # the sign is repeated in all the upper bits
    bits <<= 13
    bits &= np.int32(-0x70002000)  # the sign, and what was moved without it
    numbers = bits.view(np.float32)
    numbers *= np.float32(2.0**112)
    return numbers
