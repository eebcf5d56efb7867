"""Nearest-neighbour search over one generation's vectors, in memory-mapped files, and over later commits.

LanceDB stores the vectors; these files are derived from it and can be written again at any time. Since they are mapped,
processes share them and opening them costs nothing.

The search is exhaustive, but reads only part of most vectors. The vectors are rotated to their principal axes, so that
the leading components, less than half of all, hold most of their length. All vectors are scored by these; the trailing
components are added only for the best few per cent. This reads half as much as a full search, and memory bandwidth
limits both: a million vectors take 22 ms instead of 33; 100,000 take 3 ms either way. LanceDB's indexes are slower at
the same recall, or take minutes to build (docs/speed.md, `scripts/bench vectors`).
"""

from __future__ import annotations

import json
import logging
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, BinaryIO

from glossator.errors import DAMAGED_ARRAY
from glossator.index.followed import Followed
from glossator.index.generations import DISCARDED, discard_generation, new_generation
from glossator.index.manifest import ORDINAL_BITS
from glossator.power import usable_cores

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

_LOG = logging.getLogger(__name__)

LEADING_ENERGY = 0.78
"""Share of the vectors' squared length in the leading components: 96 to 128 of 256 with the bundled model."""

LEADING_STEP = 16
"""The number of leading components is a multiple of this."""

MIN_RESCORED = 3000
RESCORED_SHARE = 1 / 64
"""Vectors that are rescored with their trailing components: a minimum, and a share of all. The recall at 100 is .998
for 100,000 entries of installed packages, and .999 for a million."""

FEW_ROWS = 8
"""Of a scope with less than one in so many entries, only these are read. Picking out rows costs several times as much
as reading as many in order."""

SAMPLED = 20_000
"""Vectors that the axes are computed from, about: enough for 256 dimensions."""

ROTATED_ROWS = 16_384
"""Vectors that are rotated at a time: 32 MB."""

SHARED_ROWS = 50_000
"""From so many rows on two cores multiply: fewer take one less than two milliseconds."""

MAX_RECENT = 5000
"""Entries committed since the files were written that are searched in memory; with more, LanceDB reads all vectors."""

_FILES = {
    "ids": ("<i8", 1),
    "languages": ("<i2", 1),
    "kinds": ("<i2", 1),
    "axes": ("<f4", 2),
    "leading": ("<f4", 2),
    "trailing": ("<f2", 2),
}
"""The files of a generation: type and number of dimensions. What every search reads is float32, since numpy converts
float16 ten times more slowly than it multiplies."""


_SUMS = "sums.json"
_SUMMED = ("ids", "languages", "kinds", "axes")
"""Files with checksums: a changed number in them would make searches wrong as a whole. They are read in 10 ms for a
million entries. A changed number in the others moves one entry in the ranking, and one that is absurd is noticed."""
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
        vectors: float16 or float32, shape (entries, dimensions); (entries, 0) where they are kept in another form.
    """

    ids: NDArray[np.int64]
    languages: NDArray[np.int16]
    kinds: NDArray[np.int16]
    vectors: NDArray[Any]

    def take(self, which: NDArray[Any]) -> Columns:
        """Some of the rows."""
        return Columns(self.ids[which], self.languages[which], self.kinds[which], self.vectors[which])

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
    """The rotation, shape (dimensions, dimensions)."""
    leading: NDArray[np.float32]
    """Leading components of the rotated vectors, shape (entries, some of the dimensions)."""
    trailing: NDArray[np.float16]
    """Their other components."""
    homes: NDArray[np.int64]
    lengths: NDArray[np.int64]
    """Revision and number of rows of each run of rows of one file."""
    revisions: frozenset[int]

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
    recent: Columns | None = None
    """Entries that are not in the base; vectors in float32."""
    too_many: bool = False
    """Whether more was committed since than is kept in memory."""


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

    with ExitStack() as stack:

        def array(name: str, *shape: int) -> BinaryIO:
            return stack.enter_context(_array_file(folder / f"{name}.npy", _FILES[name][0], shape))

        ids, languages, kinds = (array(name, count) for name in ("ids", "languages", "kinds"))
        plain = stack.enter_context((folder / "vectors").open("w+b"))
        for batch in batches:
            for file, column in ((ids, batch.ids), (languages, batch.languages), (kinds, batch.kinds)):
                file.write(_bytes_of(column))
            plain.write(_bytes_of(batch.vectors.astype(np.float16, copy=False)))
        if plain.tell() != count * dimensions * 2:
            raise OSError(f"the number of rows for {folder} is not {count}")
        plain.flush()
        vectors = np.memmap(plain, np.float16, "r", shape=(count, dimensions))
        axes, first = principal_axes(_sample(vectors))
        array("axes", dimensions, dimensions).write(_bytes_of(axes))
        leading, trailing = array("leading", count, first), array("trailing", count, dimensions - first)
        for start in range(0, count, ROTATED_ROWS):
            # In double precision, since what a row's components are in single precision depends on its place.
            rotated = vectors[start : start + ROTATED_ROWS].astype(np.float64) @ axes
            leading.write(_bytes_of(rotated[:, :first].astype(np.float32)))
            trailing.write(_bytes_of(rotated[:, first:].astype(np.float16)))
        del vectors
    (folder / "vectors").unlink()
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


def _sample(vectors: NDArray[np.float16]) -> NDArray[np.float16]:
    """About `SAMPLED` of the vectors, or all if there are fewer.

    Their components choose, not their rows, whose order depends on when worker processes were done: two indexes of the
    same tree have the same axes.
    """
    import numpy as np

    stride = max(1, len(vectors) // SAMPLED)
    if stride == 1:
        return vectors
    bits = np.ascontiguousarray(vectors[:, :4]).view(np.uint16).astype(np.uint32)
    chosen: NDArray[np.bool_] = bits @ np.array([1, 31, 961, 29_791], np.uint32) % stride == 0
    sample: NDArray[np.float16] = vectors[chosen]
    return sample


def principal_axes(vectors: NDArray[np.floating]) -> tuple[NDArray[np.float32], int]:
    """Orthonormal principal axes as columns, those with the most energy first, and how many hold `LEADING_ENERGY`.

    Double precision, so that the order of the vectors does not show in the axes.
    """
    import numpy as np

    dimensions = vectors.shape[1]
    energy = np.zeros((dimensions, dimensions))
    for start in range(0, len(vectors), ROTATED_ROWS):
        rows = vectors[start : start + ROTATED_ROWS].astype(np.float64)
        energy += rows.T @ rows
    values, axes = np.linalg.eigh(energy)
    shares = np.cumsum(values[::-1]) / max(float(values.sum()), 1e-12)
    first = int(np.searchsorted(shares, LEADING_ENERGY)) + 1
    first = min(dimensions, -(-first // LEADING_STEP) * LEADING_STEP)
    return np.ascontiguousarray(axes[:, ::-1], dtype=np.float32), first


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
    count, dimensions, first = len(found["ids"]), len(found["axes"]), found["leading"].shape[1]
    shapes = {"languages": (count,), "kinds": (count,), "axes": (dimensions, dimensions)}
    shapes |= {"leading": (count, first), "trailing": (count, dimensions - first)}
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
    columns = Columns(ids, arrays["languages"], arrays["kinds"], np.empty((len(ids), 0), np.float16))
    files = ids >> ORDINAL_BITS
    first = np.flatnonzero(np.diff(files, prepend=-1))
    homes, lengths = files[first], np.diff(first, append=len(files))
    revisions = frozenset(homes.tolist())
    return _Base(columns, arrays["axes"], arrays["leading"], arrays["trailing"], homes, lengths, revisions)


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
            rows, products = _best(state.base, state.deleted, vector, limit, scope)
            ids = state.base.columns.ids[rows]
            if len(products) and not float(products.max()) <= LARGEST_PRODUCT * max(
                1.0, float(_dot(vector[None], vector)[0])
            ):
                _LOG.warning("a product of vectors is %s: their files are written again", products.max())
                discard_generation(self._folder(state.generation))  # the next maintenance writes them
                self.forget()
                return None
        if state.recent is not None:
            recent = state.recent if scope.is_open else state.recent.take(state.recent.inside(scope))
            ids, products = np.concatenate([ids, recent.ids]), np.concatenate([products, _dot(recent.vectors, vector)])
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
        if base is not None and (dead := in_base - live.keys()):
            deleted = np.flatnonzero(base.inside(Scope(files=np.array(sorted(dead), np.int64))))
        missing = live.keys() - in_base
        too_many = sum(live[revision] for revision in missing) > MAX_RECENT
        recent = None if too_many else self._recent(state.recent if state else None, missing)
        return _State(changes, generation, base, deleted, recent, too_many)

    def _recent(self, known: Columns | None, revisions: Collection[int]) -> Columns | None:
        """The rows of these revisions; those not in `known` are read."""
        import numpy as np

        parts: list[Columns] = []
        missing = set(revisions)
        if known is not None:
            known_revisions = known.ids >> ORDINAL_BITS
            parts.append(known.take(np.isin(known_revisions, sorted(missing))))
            missing.difference_update(known_revisions.tolist())
        fresh = self._read(sorted(missing)) if missing else None
        if fresh is not None:
            parts.append(replace(fresh, vectors=fresh.vectors.astype(np.float32)))
        parts = [part for part in parts if len(part.ids)]
        if len(parts) < 2:
            return parts[0] if parts else None
        first, second = parts
        return Columns(
            np.concatenate([first.ids, second.ids]),
            np.concatenate([first.languages, second.languages]),
            np.concatenate([first.kinds, second.kinds]),
            np.concatenate([first.vectors, second.vectors]),
        )


def _best(
    base: _Base, deleted: NDArray[np.int64], vector: NDArray[np.float32], limit: int, scope: Scope
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Candidate rows of the base, unordered, which include the nearest, and their dot products."""
    import numpy as np

    count, first = base.leading.shape
    rescored = max(MIN_RESCORED, int(count * RESCORED_SHARE), 4 * limit)
    rotated = vector @ base.axes
    inside = None
    if not scope.is_open:
        inside = base.inside(scope)
        inside[deleted] = False
    if inside is not None and np.count_nonzero(inside) < count // FEW_ROWS:
        rows = np.flatnonzero(inside)
        products = _dot(base.leading[rows], rotated[:first])
        if rescored < len(rows):
            best = np.argpartition(products, -rescored)[-rescored:]
            rows, products = rows[best], products[best]
    else:
        products = _dot(base.leading, rotated[:first])
        excluded = deleted if inside is None else np.flatnonzero(~inside)
        products[excluded] = -np.inf
        rows = np.argpartition(products, -rescored)[-rescored:] if rescored < count else np.arange(count)
        if len(excluded):
            rows = rows[np.isfinite(products[rows])]
        products = products[rows]
    return rows, products + _dot(_widened(base.trailing[rows]), rotated[first:])


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


def _dot(rows: NDArray[np.float32], vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """The dot product of each row with the vector.

    numpy's `@` uses all cores but is no faster, since memory bandwidth is the limit. While the full-text search runs
    too, its threads wait for each other, and it takes up to twice as long.
    """
    import numpy as np

    products = np.empty(len(rows), np.float32)

    def multiply(part: slice) -> None:
        np.einsum("ij,j->i", rows[part], vector, out=products[part])

    half = len(rows) // 2
    if len(rows) < SHARED_ROWS or usable_cores() < 2:
        multiply(slice(None))
    else:
        other = _second_core().submit(multiply, slice(half, None))
        multiply(slice(half))
        other.result()
    return products


@cache
def _second_core() -> ThreadPoolExecutor:
    """A thread for the other half of the products."""
    return ThreadPoolExecutor(1, "glossator-products")
