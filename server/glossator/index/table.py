"""LanceDB: the table of vectors, search terms and filter columns, in generations.

The only importer of lancedb. It does not know files, the manifest, or how queries are understood.

A process that only searches needs LanceDB's compiled module, not the Python package around it, which takes most of
the time of an import. So a table is opened and searched with the compiled module alone (`core`), in the version whose
calls are known; everything else, and every other version, goes through the package's documented interface.
"""

from __future__ import annotations

import contextlib
import importlib.machinery
import importlib.util
import logging
import os
import re
import shutil
import sys
import threading
from concurrent.futures import CancelledError, Future
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from glossator.errors import StoreError
from glossator.index.database import corrupt_error, full_error
from glossator.index.globs import one_of
from glossator.index.manifest import ORDINAL_BITS
from glossator.index.nearest import Columns
from glossator.index.text_segments import Texts
from glossator.late_patterns import late

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from glossator.index.records import FileUpdate

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")
_FULL = late(r"os error (27|28|112|122)\b|no space left|disk is full|not enough space", re.IGNORECASE)
_REFUSED = late(r"os error (1|5|12|13|23|24|30)\b|permission denied|too many open files", re.IGNORECASE)
# System errors in LanceDB's messages: no space (EFBIG, ENOSPC, EDQUOT; 112 on Windows); no access, memory, handles.

_PANICS = frozenset({"PanicException", "RustPanic"})
"""Names of the exceptions that an assertion in Rust becomes; no module exports them all."""

COPY_ROWS = 10_000
"""Rows copied at a time: about 8 MB."""

FILES_NAMED = 500
"""The rows of so many files are asked for by the files' numbers; for more, all rows are read and most thrown away."""

SCALARS = {"id": "int64", "file": "int32", "language": "int16", "kind": "int16", "terms": "string"}


CORE_VERSION = "0.40.0"
"""The version of LanceDB whose compiled module is called directly; its calls are not a documented interface."""

_importing = threading.RLock()
"""Held during imports: the compiled module must not be initialised twice."""


@cache
def load() -> None:
    """Import LanceDB, which takes 0.4 s of processor time.

    It would take twice as long with the client of LanceDB's servers, which is not used here: LanceDB needs only the
    models in that client's package, but the package's `__init__` imports all of it.
    """
    with _importing:
        # Otherwise LanceDB's warnings about the table would appear in the user's terminal.
        os.environ.setdefault("LANCEDB_LOG", "error")
        _defer("lance_namespace_urllib3_client")
        import lancedb  # noqa: F401


def core() -> Any | None:
    """LanceDB's compiled module, imported without the package, which takes 5 ms; None in any other version."""
    name = "lancedb._lancedb"
    with _importing:
        module = sys.modules.get(name)
        if module is None:
            package = importlib.util.find_spec("lancedb")  # does not import it
            folders = package.submodule_search_locations if package is not None else None
            spec = importlib.machinery.PathFinder.find_spec(name, list(folders or ()))
            if spec is None or spec.loader is None:
                return None
            os.environ.setdefault("LANCEDB_LOG", "error")
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            sys.modules[name] = module  # where the package finds it if it is imported later
    return module if getattr(module, "__version__", "") == CORE_VERSION else None


def _defer(package: str) -> None:
    """Delay a package's `__init__` until one of its names is used; its modules can be imported without it."""
    spec = None if package in sys.modules else importlib.util.find_spec(package)
    if spec is None or spec.loader is None:
        return
    loader, module = spec.loader, importlib.util.module_from_spec(spec)

    def run(name: str) -> Any:
        del module.__getattr__
        loader.exec_module(module)
        return getattr(module, name)

    module.__getattr__ = run  # type: ignore[method-assign]
    sys.modules[package] = module


class _Loop:
    """An event loop in a separate thread, for LanceDB's asynchronous interface."""

    def __init__(self) -> None:
        import asyncio  # here and below: a search that needs no table does without

        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="glossator-lancedb", daemon=True)
        self._thread.start()

    def start(self, coroutine: Coroutine[Any, Any, _T]) -> Future[_T]:
        """Run a coroutine; the loop must not be closed."""
        import asyncio

        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def close(self) -> None:
        """Cancel running coroutines, so that their callers don't wait forever, and stop the thread."""
        import asyncio

        async def cancel() -> None:
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        self.start(cancel()).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def _result_of(future: Future[_T]) -> _T:
    """Wait for the result; whoever stops waiting cancels it."""
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise


class Table:
    """One generation of the LanceDB table."""

    def __init__(self, lance: Lance, generation: int, *, inner: Any = None, handle: Any = None) -> None:
        """`inner` is the compiled module's table, `handle` the package's; one of them is enough."""
        self._lance = lance
        self.generation = generation
        self._inner = inner
        self._wrapper = handle

    @property
    def _handle(self) -> Any:
        """The package's table: the same as the compiled module's, if that has been opened."""
        if self._wrapper is None:
            load()
            import lancedb

            self._wrapper = lancedb.AsyncTable(self._inner)
        return self._wrapper

    # Writing

    def add(self, rows: Rows, vectors: NDArray[Any]) -> int:
        """Append rows with their vectors; returns the table's new version."""
        import numpy as np
        import pyarrow as pa

        schema = self._lance.schema()
        numbers = (rows.ids, rows.files, rows.languages, rows.kinds)
        arrays = [pa.array(column, field.type) for column, field in zip(numbers, schema, strict=False)]
        flat = pa.array(np.ascontiguousarray(vectors, dtype=np.float16).reshape(-1))
        vector = pa.FixedSizeListArray.from_arrays(flat, self._lance.dimensions)
        return self.append(pa.record_batch([*arrays, pa.array(rows.terms, pa.string()), vector], schema=schema))

    def append(self, batch: Any) -> int:
        """Append an Arrow record batch; returns the table's new version."""
        return int(self._lance.run(lambda: self._handle.add(batch)).version)

    def delete(self, condition: str) -> int:
        """Delete the rows that match; returns the table's new version."""
        return int(self._lance.run(lambda: self._handle.delete(condition)).version)

    def index(self) -> None:
        """Create the indexes for the existing rows."""
        from lancedb.index import Bitmap, BTree

        configs = {"id": BTree(), "file": BTree(), "kind": Bitmap(), "language": Bitmap()}
        self._lance.run(lambda: self._create_indexes(configs))

    async def _create_indexes(self, configs: Mapping[str, Any]) -> None:
        """Create the indexes of several columns at the same time; if one fails, it raises once all have ended."""
        import asyncio

        creating = (self._handle.create_index(column, config=config) for column, config in configs.items())
        for result in await asyncio.gather(*creating, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result

    def fold(self, condition: str) -> None:
        """Rewrite the rows that match as one fragment."""
        rows = self._read(lambda table: table.query().where(condition))
        if len(rows):
            merge = self._handle.merge_insert("id").when_matched_update_all()
            self._lance.run(lambda: merge.execute(rows))

    def version(self) -> int:
        """The number of the table's newest version; every write raises it."""
        return int(self._lance.run(self._handle.version))

    # Reading

    def refresh(self) -> None:
        """Read from the newest version from now on."""
        self._lance.run((self._inner or self._handle).checkout_latest)

    def _read(self, query: Callable[[Any], Any]) -> pa.Table:
        """The result of the query that `query` makes from LanceDB's table."""

        async def collect() -> pa.Table:
            return await query(self._handle).to_arrow()

        return self._lance.run(collect)

    def _select(self, columns: Sequence[str], condition: str) -> pa.Table:
        """Columns of the rows that match the condition."""

        async def collect() -> pa.Table:
            import pyarrow as pa

            query = self._inner.query()
            query.select_columns(list(columns))
            query.where(condition)
            stream = await query.execute(None, None)
            return pa.Table.from_batches([batch async for batch in stream], schema=stream.schema)

        def query(table: Any) -> Any:
            return table.query().select(list(columns)).where(condition)

        return self._read(query) if self._inner is None else self._lance.run(collect)

    def rows_where(self, condition: str, *columns: str) -> pa.Table:
        """The ids and these columns of the rows that match."""
        return self._select(["id", *columns], condition)

    def search_vectors(self, vector: NDArray[Any], limit: int, condition: str) -> list[tuple[int, float]]:
        """(id, dot product) of the nearest rows, best first; `condition` "" means all rows. Reads all vectors."""
        import numpy as np

        def query(table: Any) -> Any:
            found = table.vector_search(np.asarray(vector, dtype=np.float32)).distance_type("dot")
            found = found.select(["id", "_distance"]).limit(limit)
            return found.where(condition) if condition else found

        ids, distances = _lists(self._read(query), "id", "_distance")
        # LanceDB's "dot" distance is one minus the product.
        return [(number, 1.0 - distance) for number, distance in zip(ids, distances, strict=True)]

    def copy(self, live: NDArray[np.int64], target: Table) -> None:
        """Append the rows of these files (at least one, ascending), in the visible version, to another table."""
        import numpy as np
        import pyarrow as pa

        waiting: list[Any] = []

        def flush() -> None:
            if waiting:
                target.append(pa.Table.from_batches(waiting))
                waiting.clear()

        for batch in self._batches(lambda query: query.where(f"file >= {live[0]}")):
            kept = np.isin(batch["file"].to_numpy(), live)
            waiting.append(batch if kept.all() else batch.filter(pa.array(kept)))
            if sum(len(part) for part in waiting) >= COPY_ROWS:
                flush()
        flush()

    def _batches(self, narrowed: Callable[[Any], Any]) -> Iterator[Any]:
        """All rows of a query, as Arrow record batches."""
        stream = self._lance.run(lambda: narrowed(self._handle.query()).to_batches(max_batch_length=COPY_ROWS))
        while (batch := self._lance.run(lambda: anext(stream, None))) is not None:
            yield batch

    def count(self) -> int:
        """The number of rows."""
        return int(self._lance.run(self._handle.count_rows))

    def columns(self, condition: str) -> Columns:
        """The entries and vectors of the rows that match."""
        return _columns(self._select(_COLUMNS, condition))

    def all_columns(self) -> Iterator[Columns]:
        """All entries and their vectors, some thousand at a time."""
        return map(_columns, self._batches(lambda query: query.select(list(_COLUMNS))))

    def texts_of(self, revisions: Sequence[int]) -> Iterator[Texts]:
        """The entries of these files (at least one, ascending) and their search terms.

        Some thousand entries at a time, but those of at most `FILES_NAMED` files all at once.
        """
        import numpy as np
        import pyarrow as pa

        if len(revisions) <= FILES_NAMED:
            yield _texts(self._select(_TEXT_COLUMNS, one_of("file", revisions)))
            return
        wanted = np.array(revisions, np.int64)
        columns = [*_TEXT_COLUMNS, "file"]
        for batch in self._batches(lambda query: query.where(f"file >= {wanted[0]}").select(columns)):
            kept = np.isin(batch["file"].to_numpy(), wanted)
            yield _texts(batch if kept.all() else batch.filter(pa.array(kept)))


class Lance:
    """The folder of LanceDB's tables."""

    def __init__(self, folder: Path, dimensions: int) -> None:
        self.folder = folder
        self.dimensions = dimensions
        self._lock = threading.Lock()
        self._loop: _Loop | None = None
        self._connection: Any = None
        self._core_connection: Any = None
        self._closed = False

    def run(self, start: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        """Run a coroutine in the event loop and return its result; LanceDB's errors become StoreErrors."""

        async def run() -> _T:
            return await start()

        with self._lock:  # also while it is started: what is started after `close` would never end
            if self._closed:
                raise StoreError(f"the index in {self.folder.parent} is closed")
            if self._loop is None:
                self._loop = _Loop()
            future = self._loop.start(run())
        try:
            return _result_of(future)
        except CancelledError:
            raise StoreError(f"the index in {self.folder.parent} was closed while it was being used") from None
        except (RuntimeError, ValueError, OSError) as error:
            text = str(error)
            if _FULL.search(text):
                raise full_error(self.folder.parent) from error
            if _REFUSED.search(text):
                raise StoreError(f"cannot use the index in {self.folder.parent}: {text}") from error
            raise corrupt_error(self.folder.parent, " ".join((text or repr(error)).split())[:200]) from error
        except BaseException as error:
            if type(error).__name__ not in _PANICS:
                raise
            raise corrupt_error(self.folder.parent, f"LanceDB failed on it: {error}") from error

    def schema(self) -> pa.Schema:
        """The columns of the table."""
        import pyarrow as pa

        scalars = [(name, pa.type_for_alias(kind)) for name, kind in SCALARS.items()]
        return pa.schema([*scalars, ("vector", pa.list_(pa.float16(), self.dimensions))])

    def path(self, generation: int) -> Path:
        """The folder of a generation."""
        return self.folder / f"entries-{generation}.lance"

    def open(self, generation: int, *, create: bool = False) -> Table:
        """Open the table of a generation; if `create`, create it, replacing any existing one."""
        if create:
            self._create(generation)
        name = self.path(generation).stem
        compiled = core()
        if compiled is None:
            return Table(self, generation, handle=self.run(lambda: self._open_documented(name)))
        return Table(self, generation, inner=self.run(lambda: self._open_directly(compiled, name)))

    def _create(self, generation: int) -> None:
        """Create an empty table, replacing any existing one."""
        if self.path(generation).exists():
            shutil.rmtree(self.path(generation))

        async def start() -> None:
            (await (await self._documented()).create_table(self.path(generation).stem, schema=self.schema())).close()

        self.run(start)

    async def _documented(self) -> Any:
        """LanceDB's connection to the folder, through the package."""
        load()
        import lancedb

        if self._connection is None:
            self._connection = await lancedb.connect_async(str(self.folder))
        return self._connection

    async def _open_documented(self, name: str) -> Any:
        return await (await self._documented()).open_table(name)

    async def _open_directly(self, compiled: Any, name: str) -> Any:
        """The compiled module's table: the calls that `connect_async` and `open_table` make for a local folder."""
        if self._core_connection is None:
            self._core_connection = await compiled.connect(
                str(self.folder), None, None, None, None, None, None, None, None, False, None, None
            )
        return await self._core_connection.open_table(
            name,
            namespace_path=[],
            storage_options=None,
            index_cache_size=None,
            location=None,
            namespace_client=None,
            managed_versioning=None,
        )

    def newest_version(self, generation: int) -> int:
        """The newest version of a generation, from its file names, without LanceDB; 0 if there is none."""
        newest = 0
        with contextlib.suppress(OSError):
            for path in (self.path(generation) / "_versions").glob("*.manifest"):
                if path.stem.isdigit():
                    # Names count down from the largest number of 64 bits, so that the newest comes first.
                    number = int(path.stem)
                    newest = max(newest, 2**64 - 1 - number if number > 2**63 else number)
        return newest

    def sweep(self, generation: int) -> None:
        """Remove all generations but this one; files that a reader holds open (Windows) are left for the next call."""
        for path in self.folder.glob("*.lance"):
            if path != self.path(generation):
                shutil.rmtree(path, ignore_errors=True)

    def close(self) -> None:
        """Close the files; running operations fail."""
        with self._lock:
            self._closed = True
            if self._loop is not None:
                self._loop.close()
                self._loop = None
            for connection in (self._connection, self._core_connection):
                if connection is not None:
                    connection.close()
            self._connection = self._core_connection = None


class Rows:
    """The columns of new rows, except the vectors."""

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.files: list[int] = []
        self.languages: list[int] = []
        self.kinds: list[int] = []
        self.terms: list[str] = []

    def append(self, revision: int, update: FileUpdate, numbers: Mapping[str, int]) -> None:
        """Add the rows of one file's new revision."""
        count = len(update.entries)
        base = revision << ORDINAL_BITS
        self.ids.extend(range(base, base + count))
        self.files.extend([revision] * count)
        self.languages.extend([numbers[update.record.language]] * count)
        self.kinds.extend([numbers[entry.kind] for entry in update.entries])
        self.terms.extend(update.terms)


_COLUMNS = ("id", "language", "kind", "vector")
_TEXT_COLUMNS = ("id", "language", "kind", "terms")


def _columns(found: Any) -> Columns:
    """An Arrow table or record batch as arrays."""
    import numpy as np

    ids, languages, kinds, vectors = (found[name] for name in _COLUMNS)
    return Columns(np.asarray(ids), np.asarray(languages), np.asarray(kinds), matrix_of(vectors))


def _texts(found: Any) -> Texts:
    """An Arrow table or record batch with search terms."""
    import numpy as np

    ids, languages, kinds, terms = (found[name] for name in _TEXT_COLUMNS)
    return Texts(np.asarray(ids), np.asarray(languages), np.asarray(kinds), terms.to_pylist())


def matrix_of(column: Any) -> NDArray[np.float16]:
    """A column of vectors as (rows, dimensions).

    Arrow's own `flatten` imports `pyarrow.compute`, which takes a tenth of a command's first search.
    """
    array = column.combine_chunks() if hasattr(column, "combine_chunks") else column
    width = array.type.list_size
    numbers: NDArray[np.float16] = array.values.to_numpy()[array.offset * width : (array.offset + len(array)) * width]
    return numbers.reshape(len(array), width)


def _lists(result: pa.Table, *columns: str) -> list[list[Any]]:
    return [result[column].to_pylist() for column in columns]
