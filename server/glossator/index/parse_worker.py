"""The program of a worker process: parses and embeds batches of files.

It exchanges framed pickles with the parent (`pool.py`) over standard input and output, which this module takes over
before anything else can write to them. A thread reads the requests, so that the end of the parent is noticed
immediately, even in the middle of a batch.
"""

from __future__ import annotations

import faulthandler
import gc
import io
import itertools
import logging
import os
import pickle
import queue
import signal
import struct
import sys
import threading
import time
from dataclasses import dataclass, replace
from itertools import repeat
from operator import attrgetter
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal

from glossator.errors import EmbeddingError, GlossatorError
from glossator.index.comparison import UNSETTLED
from glossator.index.entries import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from glossator.index.embedding import Embedder
    from glossator.index.entries import Aim, ParsedFile
    from glossator.index.records import FileRecord, FileUpdate
    from glossator.index.vectors import VectorCache
    from glossator.settings import Settings

NICENESS = 10
"""Increment of a worker's niceness over its parent's (POSIX), once it has got `LARGE_BYTES` of source."""
LARGE_BYTES = 4 * 1024**2
"""Who indexes more than a switch to another branch changes gives way to other processes. Fewer files are waited for: a
change of 577 files took 14 to 20 s beside ten processes on two cores with that niceness, and 2.6 to 3.0 s without. The
priority cannot be raised again; a worker that has read so much is replaced when it has been idle (`GROWN_BYTES`)."""
SETTLED_NS = 2_000_000_000
"""A file modified less than this before it is read may change again without a change of its stat: file systems record
times in steps of up to 2 s (FAT)."""
FRAME_ENTRIES = 500
"""Entries in one message: unpickling it holds the parent's interpreter lock for a few milliseconds."""

DEAD_MAN_FACTOR = 10.0
"""Factor on the allowed time of a batch after which the process ends itself; the parent normally kills it before."""
MOST_EMBEDDERS = 8
"""Adapted embedders that a worker keeps open."""
GC_BATCHES = 64
"""Batches between two garbage collections, which take about 20 ms each."""
PASSING_REASONS = ("cannot be read", "it changes")
"""Prefixes of skip reasons that may disappear without a change of the file's stat."""

_BEFORE_TEXT = attrgetter(*(name for name in Entry.__struct_fields__ if name not in ("text", "stub")))
_LENGTH = struct.Struct(">Q")
_log = logging.getLogger(__name__)


def settled(mtime_ns: int, read_ns: int) -> int:
    """`mtime_ns`, or UNSETTLED if the file may have changed since it was read without a change of its stat.

    `read_ns` is when reading began, in nanoseconds since 1970: on a busy machine that may be seconds ago.
    """
    return mtime_ns if read_ns - mtime_ns > SETTLED_NS else UNSETTLED


def skipped_update(path: str, size: int, times: tuple[int, int], reason: str) -> FileUpdate:
    """The state of a file that is not indexed. `times`: its mtime and ctime, in nanoseconds."""
    import numpy as np

    from glossator.index.records import FileRecord, FileUpdate

    return FileUpdate(FileRecord(path, size, *times, b"", "", 0, reason), (), (), np.zeros((0, 0), np.float16), ())


@dataclass(frozen=True, slots=True)
class FileTask:
    """A file to be read, or the text of a buffer. `path` is relative to the batch's root, with "/"."""

    path: str
    known_hash: bytes = b""
    """The content hash in the manifest; if it is unchanged, the file is not parsed."""
    size: int = 0
    mtime_ns: int = UNSETTLED
    ctime_ns: int = 0
    """The file's times when it was found, recorded if the file is not indexed."""
    text: str | None = None
    """The text of the editor's buffer, used instead of the file on disk."""
    language: str | None = None
    """The language, if it is known better than from the path and the text."""
    earlier_hashes: tuple[bytes, ...] = ()
    """Those of earlier contents that the store still knows; if the file has one of them again, it is not parsed."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Files of one root that are processed together."""

    root: str
    max_file_bytes: int
    tasks: tuple[FileTask, ...]
    embedder: str = ""
    """Folder of the static embedder that is adapted to the root; "" for the bundled one."""
    aim: Aim = "all"
    """What is needed of the files. With "facts", only those are read whose content is as in the manifest."""


@dataclass(frozen=True, slots=True)
class Preparation:
    """Names of the languages of files that are likely to change. While a worker has nothing else to do, it compiles
    their queries, which it would otherwise do at the first file of each: it takes up to a second of a processor."""

    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileResult:
    """The result for a file.

    Attributes:
        outcome: `indexed`: `update` is its new state. `unchanged`: its content is the same as in the manifest, `size`
            and the times are its current stat. `earlier`: the same, but its content is one that the store still knows
            from before, with `content_hash`. `skipped`: not indexed, `update` gives the reason. `vanished`: the file
            does not exist any more. `failed`: it crashed or stalled the worker, `reason` says which. `facts`: `facts`
            and `noted` are those of a file that is indexed. `changed`: the content is not that of the manifest.
        symbols: number of its definitions (entries with part 0 that are not blocks).
        embedded: number of these whose vectors were computed now.
    """

    path: str
    outcome: Literal["indexed", "unchanged", "earlier", "skipped", "vanished", "failed", "facts", "changed"]
    update: FileUpdate | None = None
    size: int = 0
    mtime_ns: int = UNSETTLED
    ctime_ns: int = 0
    symbols: int = 0
    embedded: int = 0
    reason: str = ""
    content_hash: bytes = b""
    facts: bytes = b""
    noted: bytes = b""


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a worker: it is ready, it starts a file, all files are read, results, or it is done."""

    kind: Literal["ready", "file", "finishing", "results", "done", "broken"]
    index: int = 0
    results: tuple[FileResult, ...] = ()
    error: GlossatorError | None = None


def read_frame(stream: IO[bytes]) -> bytes | None:
    """The next frame; None at the end of the stream, even in the middle of a frame."""
    header = stream.read(_LENGTH.size)
    if len(header) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(header)
    frame = stream.read(length)
    return frame if len(frame) == length else None


def write_frame(stream: IO[bytes], frame: bytes) -> None:
    """Write a frame and flush it."""
    stream.write(_LENGTH.pack(len(frame)))
    stream.write(frame)
    stream.flush()


def main() -> None:
    """Serve batches until the parent closes the pipe or dies."""
    incoming, outgoing = _take_over_pipes()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    frame = read_frame(incoming)
    if frame is None:
        return
    settings: Settings = pickle.loads(frame)  # noqa: S301 - from our parent over a private pipe
    requests: queue.SimpleQueue[Batch | Preparation] = queue.SimpleQueue()

    def send(message: Message, with_text: bool = False) -> None:
        write_frame(outgoing, pickle.dumps(message, protocol=5) if with_text else _pickled(message))

    try:
        indexer = _FileIndexer(settings)
    except GlossatorError as error:
        send(Message("broken", error=error))
        return
    # Garbage collection takes a tenth of the time, and there are few cycles: now and then is enough.
    gc.disable()
    gc.freeze()
    threading.Thread(target=_receive, args=(incoming, requests), name="requests", daemon=True).start()
    send(Message("ready"))
    given = 0
    unprepared: list[str] = []
    for number in itertools.count(1):
        batch = _next_batch(requests, unprepared, indexer.prepare)
        before, given = given, given + sum(task.size for task in batch.tasks)
        if before < LARGE_BYTES <= given and sys.platform != "win32":
            os.nice(NICENESS)  # Windows: the parent asks for a lower priority class
        # Ends the process if the parent dies while a parser never releases the interpreter lock.
        faulthandler.dump_traceback_later(DEAD_MAN_FACTOR * settings.file_timeout * (len(batch.tasks) + 3), exit=True)
        try:
            indexer.process(batch, send)
        except BrokenPipeError:
            return
        except EmbeddingError as error:
            send(Message("broken", error=error))
            return
        finally:
            faulthandler.cancel_dump_traceback_later()
        if number % GC_BATCHES == 0:
            gc.collect()


def _take_over_pipes() -> tuple[IO[bytes], IO[bytes]]:
    """Reserve the pipes for messages: anything else that is printed goes to standard error."""
    incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return incoming, outgoing


def _receive(incoming: IO[bytes], requests: queue.SimpleQueue[Batch | Preparation]) -> None:
    """Queue what comes in; end the process when the pipe is closed, whatever it is doing."""
    while (frame := read_frame(incoming)) is not None:
        requests.put(pickle.loads(frame))  # noqa: S301 - from our parent over a private pipe
    os._exit(0)


def _next_batch(
    requests: queue.SimpleQueue[Batch | Preparation], unprepared: list[str], prepare: Callable[[str], None]
) -> Batch:
    """Wait for a batch; until it comes, prepare for one language after the other."""
    while True:
        try:
            request = requests.get(block=not unprepared)
        except queue.Empty:
            prepare(unprepared.pop(0))
            continue
        if isinstance(request, Batch):
            return request
        unprepared[:] = request.languages


class _FileIndexer:
    """Reads, parses and embeds files."""

    def __init__(self, settings: Settings) -> None:
        """Load the parsers and the embedder.

        Raises:
            EmbeddingError: the embedder cannot be loaded.
        """
        from glossator.index.parsing import parse

        self._settings = settings
        self._parse = parse
        self._embedders: dict[str, tuple[Embedder, VectorCache]] = {}
        self._embedder_in("")

    def prepare(self, language: str) -> None:
        """Do what the first file of a language needs; a defect in its rules is reported when there is one."""
        try:
            self._parse("", "x", language, "all")
        except (LookupError, RuntimeError, TypeError, ValueError):
            _log.debug("cannot prepare for %s", language, exc_info=True)

    def process(self, batch: Batch, send: Callable[..., None]) -> None:
        """Process a batch, and report progress and results: `send(message, with_text=False)`."""
        embedder = self._embedder_in(batch.embedder)
        read: list[_Parsed | FileResult] = []
        for index, task in enumerate(batch.tasks):
            send(Message("file", index))
            read.append(self._read(batch, task))
        send(Message("finishing"))
        with_text = any(task.text is not None for task in batch.tasks)
        first = entries = 0
        for index, item in enumerate(read):
            if isinstance(item, _Parsed):
                entries += len(item.parsed.entries)
            if entries >= FRAME_ENTRIES or index == len(read) - 1:
                send(Message("results", first, tuple(self._finish(read[first : index + 1], *embedder))), with_text)
                first, entries = index + 1, 0
        send(Message("done"))

    def _read(self, batch: Batch, task: FileTask) -> _Parsed | FileResult:
        """The parsed contents of a file, or the result if there is nothing to parse."""
        from glossator.index.records import FileRecord
        from glossator.index.word_facts import word_facts
        from glossator.workspace.file_texts import content_hash, read_text
        from glossator.workspace.files import Skipped
        from glossator.workspace.screening import size_limit, too_large

        settings = replace(self._settings, max_file_bytes=batch.max_file_bytes)
        read_ns = time.time_ns()
        if task.text is not None:
            data = task.text.encode("utf-8", "surrogatepass")
            if len(data) > (limit := size_limit(task.path, settings.max_file_bytes)):
                return _skipped(task, too_large(limit), read_ns)
            text, digest, size, times = task.text, content_hash(data), len(data), (UNSETTLED, 0)
        else:
            found = read_text(Path(batch.root), task.path, settings)
            if found is None:
                return FileResult(task.path, "vanished")
            if isinstance(found, Skipped):
                return _skipped(task, found.reason, read_ns)
            text, digest, size = found.text, found.content_hash, found.size
            times = settled(found.mtime_ns, read_ns), found.ctime_ns
            if batch.aim == "facts":
                if digest != task.known_hash:
                    return FileResult(task.path, "changed")
            elif digest == task.known_hash:
                return FileResult(task.path, "unchanged", size=size, mtime_ns=times[0], ctime_ns=times[1])
            if digest in task.earlier_hashes:
                mtime_ns, ctime_ns = times
                return FileResult(
                    task.path, "earlier", size=size, mtime_ns=mtime_ns, ctime_ns=ctime_ns, content_hash=digest
                )
        try:
            parsed = self._parse(task.path, text, task.language, batch.aim)
        except (
            ArithmeticError,
            AttributeError,
            LookupError,
            MemoryError,
            RuntimeError,
            TypeError,
            ValueError,
        ) as error:
            # A defect in one language's rules must not prevent other files from being indexed.
            _log.warning("cannot parse %s", task.path, exc_info=True)
            if batch.aim == "facts":
                facts, noted = word_facts(task.path, text)
                return FileResult(task.path, "facts", facts=facts, noted=noted)
            return _skipped(task, f"the parser failed on it ({type(error).__name__})", read_ns)
        if batch.aim == "facts":
            return FileResult(task.path, "facts", facts=parsed.facts, noted=parsed.noted)
        record = FileRecord(
            task.path,
            size,
            *times,
            digest,
            parsed.language,
            parsed.lines,
            has_errors=parsed.has_errors,
            imports=parsed.imports,
        )
        return _Parsed(record, parsed)

    def _embedder_in(self, folder: str) -> tuple[Embedder, VectorCache]:
        """The embedder whose files are in a folder, and its cache; the bundled one for "".

        Raises:
            EmbeddingError: it cannot be loaded.
        """
        from glossator.index import embedding
        from glossator.index.vectors import VectorCache, cache_path

        known = self._embedders.get(folder)
        if known is None:
            if len(self._embedders) > MOST_EMBEDDERS:
                for other in [other for other in self._embedders if other]:
                    self._embedders.pop(other)[1].close()
            embedder = embedding.StaticEmbedder(Path(folder)) if folder else embedding.StaticEmbedder()
            cache = VectorCache(cache_path(self._settings.index_dir, embedder.id), embedder.dimensions)
            known = self._embedders[folder] = embedder, cache
        return known

    def _finish(self, read: Sequence[_Parsed | FileResult], embedder: Embedder, cache: VectorCache) -> list[FileResult]:
        """Results of some files, whose entries are embedded together."""
        from glossator.index.records import FileUpdate
        from glossator.index.terms import entry_terms, identifiers

        entries = [entry for item in read if isinstance(item, _Parsed) for entry in item.parsed.entries]
        words = [identifiers(entry.text) for entry in entries]
        keys, vectors, computed = _embedded(entries, words, embedder, cache)
        results: list[FileResult] = []
        first = 0
        for item in read:
            if isinstance(item, FileResult):
                results.append(item)
                continue
            path, of_file = item.record.path, item.parsed.entries
            last = first + len(of_file)
            terms = tuple(map(entry_terms, repeat(path), of_file, words[first:last]))
            symbols = [index for index, entry in enumerate(of_file, first) if entry.part == 0 and entry.kind != "block"]
            results.append(
                FileResult(
                    path,
                    "indexed",
                    FileUpdate(
                        item.record,
                        of_file,
                        tuple(keys[first:last]),
                        vectors[first:last],
                        terms,
                        item.parsed.facts,
                        item.parsed.noted,
                        item.parsed.collected,
                    ),
                    symbols=len(symbols),
                    embedded=sum(keys[index] in computed for index in symbols) if computed else 0,
                )
            )
            first = last
        return results


def _embedded(
    entries: Sequence[Entry], words: Sequence[list[str]], embedder: Embedder, cache: VectorCache
) -> tuple[list[bytes], NDArray[np.float16], set[bytes]]:
    """The entries' keys and vectors, and the keys of the newly computed vectors."""
    import numpy as np

    from glossator.index.embedding import content_key

    keys = [content_key(entry) for entry in entries]
    known = cache.get(keys)
    missing = {key: index for index, key in enumerate(keys) if key not in known}
    if missing:
        computed = embedder.embed_entries(
            [entries[index] for index in missing.values()], [words[index] for index in missing.values()]
        )
        known.update(zip(missing, computed.astype(np.float16), strict=True))
    vectors = np.empty((len(keys), embedder.dimensions), np.float16)
    for row, key in enumerate(keys):
        vectors[row] = known[key]
    return keys, vectors, set(missing)


@dataclass(frozen=True, slots=True)
class _Parsed:
    record: FileRecord
    parsed: ParsedFile


def _pickled(message: Message) -> bytes:
    """The pickled message without its entries' texts, which the store does not need and which would be most of it.

    It also avoids the generated pickling methods of frozen dataclasses, which take longer than all the rest.
    """
    buffer = io.BytesIO()
    pickler = pickle.Pickler(buffer, protocol=5)
    pickler.dispatch_table = {Entry: _textless}
    pickler.dump(message)
    return buffer.getvalue()


def _textless(entry: Entry) -> tuple[type[Entry], tuple[object, ...]]:
    return Entry, (*_BEFORE_TEXT(entry), "", entry.stub)


def _skipped(task: FileTask, reason: str, read_ns: int) -> FileResult:
    passes = reason.startswith(PASSING_REASONS)
    mtime_ns = UNSETTLED if passes else settled(task.mtime_ns, read_ns)
    return FileResult(task.path, "skipped", skipped_update(task.path, task.size, (mtime_ns, task.ctime_ns), reason))
