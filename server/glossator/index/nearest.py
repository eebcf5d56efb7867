"""The nearest vectors of an index: a matrix derived from one generation of the table, and what was committed since.

LanceDB keeps the vectors; these files beside it can be made again from them at any time. Searching is two products:
first each vector's components along a few axes, those along which the index's own vectors differ most, are multiplied
with the query's, which is a third to a half of the work; then the best of those are multiplied in full. The files are
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

from glossator.index.catalogue import ORDINAL_BITS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

ENERGY = 0.78
"""Share of the vectors' squared length that the chosen axes hold: 96 to 112 axes of 256 with the bundled model."""

AXES_STEP = 16
"""The number of axes is a multiple of this."""

RESCORED = 3000
RESCORED_SHARE = 1 / 64
"""Vectors that are multiplied in full, at least, and as a share of all: recall at 100 was .997 with 100,000 entries of
installed packages, .996 with 204,000, and 1.0 with 10,000."""

SAMPLED = 20_000
"""Vectors that the axes are worked out from: as many for 256 dimensions as to tell the directions apart well."""

PENDING = 5000
"""Entries committed since the files were written that are searched in memory; with more, LanceDB reads all vectors."""

CHUNK = 16_384
"""Vectors that are multiplied by the axes at a time: 16 MB."""

_FILES = ("ids", "languages", "kinds", "rows", "axes", "heads")


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
    """Entries and their vectors, a row each: what `Nearest` is made of.

    Attributes:
        ids: int64.
        languages: int16.
        kinds: int16.
        rows: vectors, float16 or float32, shape (entries, dimensions).
    """

    ids: NDArray[np.int64]
    languages: NDArray[np.int16]
    kinds: NDArray[np.int16]
    rows: NDArray[Any]

    def take(self, which: NDArray[Any]) -> Columns:
        """Some of the rows."""
        return Columns(self.ids[which], self.languages[which], self.kinds[which], self.rows[which])

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
    """Shape (dimensions, axes)."""
    heads: NDArray[np.float32]
    """The vectors along the axes, shape (entries, axes)."""
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


def write(folder: Path, batches: Callable[[], Iterable[Columns]], count: int, dimensions: int) -> None:
    """Make the files of a generation of `count` entries, whole or not at all; `batches` gives its rows.

    Raises:
        OSError: they cannot be written.
    """
    import numpy as np

    if not count:
        return
    fresh = folder.with_name(folder.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    shapes: dict[str, tuple[str, tuple[int, ...]]] = {
        "ids": ("<i8", (count,)),
        "languages": ("<i2", (count,)),
        "kinds": ("<i2", (count,)),
        "rows": ("<f2", (count, dimensions)),
    }
    with ExitStack() as stack:
        files = {name: stack.enter_context(_array_file(fresh, name, *shape)) for name, shape in shapes.items()}
        for batch in batches():
            for name, file in files.items():
                file.write(_bytes_of(getattr(batch, name)))
    rows = np.load(fresh / "rows.npy", mmap_mode="r")
    axes = principal_axes(np.asarray(rows[:: max(1, count // SAMPLED)], np.float32))
    with _array_file(fresh, "axes", "<f4", axes.shape) as file:
        file.write(_bytes_of(axes))
    with _array_file(fresh, "heads", "<f4", (count, axes.shape[1])) as file:
        for start in range(0, count, CHUNK):
            file.write(_bytes_of(rows[start : start + CHUNK].astype(np.float32) @ axes))
    del rows
    if not is_whole(fresh):
        raise OSError(f"{fresh} holds other rows than were counted")
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)


def _array_file(folder: Path, name: str, kind: str, shape: tuple[int, ...]) -> BinaryIO:
    """A new file in numpy's format, to which the array's bytes are to be written.

    Not one that is mapped for writing: when a disk is full, that ends the process.
    """
    import numpy as np

    file = (folder / f"{name}.npy").open("wb")
    np.lib.format.write_array_header_1_0(file, {"descr": kind, "fortran_order": False, "shape": shape})
    return file


def _bytes_of(array: NDArray[Any]) -> memoryview:
    import numpy as np

    return np.ascontiguousarray(array).data


def principal_axes(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Orthonormal axes that hold `ENERGY` of the vectors' squared length, as columns; all if most are needed."""
    import numpy as np

    dimensions = vectors.shape[1]
    values, axes = np.linalg.eigh((vectors.T @ vectors).astype(np.float64))
    shares = np.cumsum(values[::-1]) / max(float(values.sum()), 1e-12)
    count = int(np.searchsorted(shares, ENERGY)) + 1
    count = -(-count // AXES_STEP) * AXES_STEP
    if count * 4 > dimensions * 3:
        return np.eye(dimensions, dtype=np.float32)
    return np.ascontiguousarray(axes[:, ::-1][:, :count], dtype=np.float32)


def is_whole(folder: Path) -> bool:
    """Whether the files of a generation are there and fit together."""
    return _open(folder) is not None


def _open(folder: Path) -> _Base | None:
    """Map the files of a generation; None if they are missing or damaged."""
    import numpy as np

    try:
        found = {name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in _FILES}
    except (OSError, ValueError, EOFError, SyntaxError):
        return None
    count, dimensions = len(found["ids"]), found["axes"].shape[0]
    shapes = {"languages": (count,), "kinds": (count,), "rows": (count, dimensions)}
    shapes["heads"] = (count, found["axes"].shape[-1])
    if any(found[name].shape != shape for name, shape in shapes.items()):
        return None
    arrays = {name: np.asarray(array) for name, array in found.items()}
    columns = Columns(arrays["ids"], arrays["languages"], arrays["kinds"], arrays["rows"])
    revisions = frozenset(np.unique(columns.ids >> ORDINAL_BITS).tolist())
    return _Base(columns, arrays["axes"], arrays["heads"], revisions)


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
            columns = known.base.columns
            found = _candidates(known.base, known.gone, vector, limit, scope)
            ids, products = columns.ids[found], columns.rows[found].astype(np.float32) @ vector
        if known.recent is not None:
            recent = known.recent if scope.is_open else known.recent.take(known.recent.inside(scope))
            ids, products = np.concatenate([ids, recent.ids]), np.concatenate([products, recent.rows @ vector])
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
            parts.append(replace(fresh, rows=fresh.rows.astype(np.float32)))
        parts = [part for part in parts if len(part.ids)]
        if len(parts) < 2:
            return parts[0] if parts else None
        first, second = parts
        return Columns(
            np.concatenate([first.ids, second.ids]),
            np.concatenate([first.languages, second.languages]),
            np.concatenate([first.kinds, second.kinds]),
            np.concatenate([first.rows, second.rows]),
        )

    def forget(self) -> None:
        """Let go of the files."""
        with self._following:
            self._known = None


def _candidates(
    base: _Base, gone: NDArray[np.int64], vector: NDArray[np.float32], limit: int, scope: Scope
) -> NDArray[np.int64]:
    """Rows that may be among the nearest."""
    import numpy as np

    count = len(base.columns.ids)
    wanted = max(RESCORED, int(count * RESCORED_SHARE), 4 * limit)
    inside = None if scope.is_open else base.columns.inside(scope)
    if inside is not None and len(gone):
        inside[gone] = False
    if inside is not None and int(np.count_nonzero(inside)) <= wanted:
        return np.flatnonzero(inside)
    if count - len(gone) <= wanted:
        return np.setdiff1d(np.arange(count), gone, assume_unique=True)
    products = base.heads @ (vector @ base.axes)
    if inside is not None:
        products[~inside] = -np.inf
    elif len(gone):
        products[gone] = -np.inf
    found = best_of(products, wanted)
    return found[np.isfinite(products[found])]


def best_of(products: NDArray[np.float32], wanted: int) -> NDArray[np.int64]:
    """The positions of the `wanted` greatest of many products, or of some more."""
    import numpy as np

    step = len(products) // 8192
    if step > 1:
        # The bound is estimated from a sample, since a partition of all takes longer than the products themselves.
        sample = products[::step]
        place = min(len(sample), int(1.1 * wanted / step) + 8)
        found = np.flatnonzero(products >= np.partition(sample, -place)[-place])
        if wanted <= len(found) <= 2 * wanted:
            return found
    return np.argpartition(products, -wanted)[-wanted:]


def remove(folder: Path) -> None:
    """Remove the files of a generation; those that a reader holds open (Windows) stay until the next time."""
    shutil.rmtree(folder, ignore_errors=True)


def generations(folder: Path) -> list[Path]:
    """The folders of all generations, and what is left of such."""
    try:
        return list(folder.iterdir())
    except OSError:
        return []
