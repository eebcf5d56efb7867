"""The nearest vectors of an index: a matrix derived from one generation of the table, and what was committed since.

LanceDB keeps the vectors; these files beside it can be made again from them at any time. The vectors are turned, so
that their first few components are those in which the index's own vectors differ most. A search multiplies these with
the query's, which is less than half of the work, and the other components only of the best of those. The files are
mapped into memory, so that processes share them and opening costs nothing.

An index of vectors in clusters (IVF) was what this replaced: the vectors of code have so many directions that two
thirds of the clusters had to be read for a recall of .97, at twice the cost of this for .99 (docs/speed.md).
"""

from __future__ import annotations

import shutil
import threading
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, BinaryIO

from glossator.index.manifest import ORDINAL_BITS
from glossator.private_files import make_private_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

ENERGY = 0.78
"""Share of the vectors' squared length that the first components hold: 96 to 112 of 256 with the bundled model."""

AXES_STEP = 16
"""The number of first components is a multiple of this."""

RESCORED = 3000
RESCORED_SHARE = 1 / 64
"""Vectors whose other components are multiplied too, at least, and as a share of all: recall at 100 was .997 of 100,000
entries of installed packages, .996 of 204,000, and 1.0 of 10,000."""

SAMPLED = 20_000
"""Vectors that the axes are worked out from: as many for 256 dimensions as to tell the directions apart well."""

PENDING = 5000
"""Entries committed since the files were written that are searched in memory; with more, LanceDB reads all vectors."""

CHUNK = 16_384
"""Vectors that are turned at a time: 16 MB."""

_FILES = ("ids", "languages", "kinds", "axes", "heads", "rests")


@dataclass(frozen=True, slots=True)
class Scope:
    """Which entries a search may find. None lets all through.

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
        """Whether it lets everything through."""
        return self.languages is None and self.kinds is None and self.files is None


@dataclass(frozen=True, slots=True)
class Columns:
    """What there is of entries, a row each.

    Attributes:
        ids: int64.
        languages: int16.
        kinds: int16.
        vectors: float16 or float32, shape (entries, dimensions); of a generation's entries none (0 dimensions).
    """

    ids: NDArray[np.int64]
    languages: NDArray[np.int16]
    kinds: NDArray[np.int16]
    vectors: NDArray[Any]

    def take(self, which: NDArray[Any]) -> Columns:
        """Some of the rows."""
        return Columns(self.ids[which], self.languages[which], self.kinds[which], self.vectors[which])

    def inside(self, scope: Scope) -> NDArray[np.bool_]:
        """For each entry whether the scope lets it through."""
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
    """What turns a vector, shape (dimensions, dimensions)."""
    heads: NDArray[np.float32]
    """First components of the turned vectors, shape (entries, some of the dimensions)."""
    rests: NDArray[np.float16]
    """Their other components."""
    revisions: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Known:
    """What a search looks through: the state of the index after one commit."""

    changes: int
    generation: int
    base: _Base | None
    gone: NDArray[np.int64]
    """Rows of the base whose files were replaced or deleted."""
    recent: Columns | None = None
    """Entries that are not in the base; vectors in float32."""
    too_many: bool = False
    """Whether more was committed than is kept in memory."""


def write(folder: Path, batches: Iterable[Columns], count: int, dimensions: int) -> None:
    """Make the files of a generation of `count` entries, whole or not at all; `batches` gives its rows.

    Raises:
        OSError: they cannot be written.
    """
    import numpy as np

    if not count:
        return
    fresh = folder.with_name(folder.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    make_private_folder(fresh)
    with ExitStack() as stack:

        def array(name: str, kind: str, *shape: int) -> BinaryIO:
            return stack.enter_context(_array_file(fresh / f"{name}.npy", kind, shape))

        ids, languages, kinds = (
            array("ids", "<i8", count),
            array("languages", "<i2", count),
            array("kinds", "<i2", count),
        )
        plain = stack.enter_context((fresh / "vectors").open("w+b"))
        for batch in batches:
            for file, column in ((ids, batch.ids), (languages, batch.languages), (kinds, batch.kinds)):
                file.write(_bytes_of(column))
            plain.write(_bytes_of(batch.vectors.astype(np.float16, copy=False)))
        if plain.tell() != count * dimensions * 2:
            raise OSError(f"{fresh} would hold other rows than were counted")
        plain.flush()
        vectors = np.memmap(plain, np.float16, "r", shape=(count, dimensions))
        axes, first = principal_axes(vectors[:: max(1, count // SAMPLED)].astype(np.float32))
        array("axes", "<f4", dimensions, dimensions).write(_bytes_of(axes))
        heads, rests = array("heads", "<f4", count, first), array("rests", "<f2", count, dimensions - first)
        for start in range(0, count, CHUNK):
            turned = vectors[start : start + CHUNK].astype(np.float32) @ axes
            heads.write(_bytes_of(turned[:, :first]))
            rests.write(_bytes_of(turned[:, first:].astype(np.float16)))
        del vectors
    (fresh / "vectors").unlink()
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)


def _array_file(path: Path, kind: str, shape: tuple[int, ...]) -> BinaryIO:
    """A new file in numpy's format, to which the array's bytes are to be written.

    Not one that is mapped for writing: when a disk is full, that ends the process.
    """
    import numpy as np

    file = path.open("wb")
    np.lib.format.write_array_header_1_0(file, {"descr": kind, "fortran_order": False, "shape": shape})
    return file


def _bytes_of(array: NDArray[Any]) -> memoryview:
    import numpy as np

    return np.ascontiguousarray(array).data


def principal_axes(vectors: NDArray[np.float32]) -> tuple[NDArray[np.float32], int]:
    """Orthonormal axes as columns, those first in which the vectors differ most, and how many hold `ENERGY`."""
    import numpy as np

    dimensions = vectors.shape[1]
    values, axes = np.linalg.eigh((vectors.T @ vectors).astype(np.float64))
    shares = np.cumsum(values[::-1]) / max(float(values.sum()), 1e-12)
    first = int(np.searchsorted(shares, ENERGY)) + 1
    first = min(dimensions, -(-first // AXES_STEP) * AXES_STEP)
    return np.ascontiguousarray(axes[:, ::-1], dtype=np.float32), first


def is_whole(folder: Path) -> bool:
    """Whether the files of a generation are there and fit together."""
    return _arrays(folder) is not None


def _arrays(folder: Path) -> list[NDArray[Any]] | None:
    """The files of a generation, mapped, in the order of `_FILES`; None if they are missing or damaged."""
    import numpy as np

    try:
        found = {name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in _FILES}
        count, dimensions, first = len(found["ids"]), len(found["axes"]), found["heads"].shape[-1]
    except (OSError, ValueError, EOFError, SyntaxError, TypeError, IndexError):
        return None
    shapes = {"ids": (count,), "languages": (count,), "kinds": (count,), "axes": (dimensions, dimensions)}
    shapes |= {"heads": (count, first), "rests": (count, dimensions - first)}
    if any(found[name].shape != shape for name, shape in shapes.items()):
        return None
    return [np.asarray(found[name]) for name in _FILES]


def _open(folder: Path) -> _Base | None:
    """What the files of a generation hold; None if they are missing or damaged."""
    import numpy as np

    arrays = _arrays(folder)
    if arrays is None:
        return None
    ids, languages, kinds, axes, heads, rests = arrays
    columns = Columns(ids, languages, kinds, np.empty((len(ids), 0), np.float16))
    return _Base(columns, axes, heads, rests, frozenset(np.unique(ids >> ORDINAL_BITS).tolist()))


class Nearest:
    """Finds the nearest vectors of one index, whatever was committed. Safe to use from several threads.

    Args:
        folder: gives the folder of a generation's files.
        state: the number of the index's last change, and its generation.
        revisions: revision -> number of entries, of the files that there are now.
        read: the rows of some revisions.
    """

    def __init__(
        self,
        folder: Callable[[int], Path],
        state: Callable[[], tuple[int, int]],
        revisions: Callable[[], Mapping[int, int]],
        read: Callable[[list[int]], Columns | None],
    ) -> None:
        self._folder = folder
        self._state = state
        self._revisions = revisions
        self._read = read
        self._known: _Known | None = None
        self._following = threading.Lock()

    def search(self, vector: NDArray[np.float32], limit: int, scope: Scope) -> list[tuple[int, float]] | None:
        """(entry id, dot product) of the nearest entries, best first; None if too much has changed to tell."""
        import numpy as np

        known = self._follow()
        if known.too_many:
            return None
        vector = np.asarray(vector, np.float32)
        ids, products = np.empty(0, np.int64), np.empty(0, np.float32)
        if known.base is not None:
            found, products = _best(known.base, known.gone, vector, limit, scope)
            ids = known.base.columns.ids[found]
        if known.recent is not None:
            recent = known.recent if scope.is_open else known.recent.take(known.recent.inside(scope))
            ids, products = np.concatenate([ids, recent.ids]), np.concatenate([products, _dot(recent.vectors, vector)])
        order = np.lexsort((ids, -products))[:limit]
        return list(zip(ids[order].tolist(), products[order].tolist(), strict=True))

    def _follow(self) -> _Known:
        """What there is to search, brought up to date."""
        import numpy as np

        known = self._known
        if known is not None and self._state() == (known.changes, known.generation):
            return known
        with self._following:
            known = self._known
            changes, generation = self._state()
            if known is None or known.generation != generation:
                base = _open(self._folder(generation))
            elif known.changes == changes:
                return known
            else:
                base = known.base
            live = {revision: count for revision, count in self._revisions().items() if count}
            gone, in_base = np.empty(0, np.int64), frozenset[int]()
            if base is not None:
                in_base = base.revisions
                if dead := in_base - live.keys():
                    gone = np.flatnonzero(np.isin(base.columns.ids >> ORDINAL_BITS, sorted(dead)))
            wanted = live.keys() - in_base
            too_many = sum(live[revision] for revision in wanted) > PENDING
            recent = None if too_many else self._recent(known.recent if known else None, wanted)
            self._known = _Known(changes, generation, base, gone, recent, too_many)
            return self._known

    def _recent(self, known: Columns | None, wanted: Collection[int]) -> Columns | None:
        """The rows of these revisions; those that are not known yet are read."""
        import numpy as np

        parts: list[Columns] = []
        missing = set(wanted)
        if known is not None:
            revisions = known.ids >> ORDINAL_BITS
            parts.append(known.take(np.isin(revisions, sorted(missing))))
            missing.difference_update(np.unique(revisions).tolist())
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

    def forget(self) -> None:
        """Let go of the files."""
        with self._following:
            self._known = None


def _best(
    base: _Base, gone: NDArray[np.int64], vector: NDArray[np.float32], limit: int, scope: Scope
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Rows of the base that may be among the nearest, and their products."""
    import numpy as np

    count, first = base.heads.shape
    wanted = max(RESCORED, int(count * RESCORED_SHARE), 4 * limit)
    turned = vector @ base.axes
    products = _dot(base.heads, turned[:first])
    inside = None if scope.is_open else base.columns.inside(scope)
    if inside is not None:
        inside[gone] = False
        products[~inside] = -np.inf
    else:
        products[gone] = -np.inf
    found = np.argpartition(products, -wanted)[-wanted:] if wanted < count else np.arange(count)
    if inside is not None or len(gone):
        found = found[np.isfinite(products[found])]
    return found, products[found] + _dot(base.rests[found].astype(np.float32), turned[first:])


def _dot(rows: NDArray[np.float32], vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """The product of each row with the vector.

    On one core, as the full-text search goes on at the same time: numpy's `@` is spread over all of them, where its
    threads wait for one another. Both are as fast as memory is.
    """
    import numpy as np

    products: NDArray[np.float32] = np.einsum("ij,j->i", rows, vector)
    return products


def remove(folder: Path) -> None:
    """Remove the files of a generation; those that a reader holds open (Windows) stay until the next time."""
    shutil.rmtree(folder, ignore_errors=True)


def generations(folder: Path) -> list[Path]:
    """The folders of all generations, and what is left of such."""
    try:
        return list(folder.iterdir())
    except OSError:
        return []
