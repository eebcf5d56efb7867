"""Unsaved buffers, which replace the stored entries of their files in searches and in the name graph.

A buffer is the result of parsing its text (`FileUpdate`). Its entries get negative ids: the buffer's number, from -1
downwards, replaces the revision of its file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from glossator.index.globs import matcher
from glossator.index.manifest import ORDINAL_BITS
from glossator.index.records import FileSummary, FileUpdate, Filter, StoredEntry
from glossator.index.vectors import packed_mean
from glossator.retrieval.corpus import FileFacts, file_facts

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

ParsedBuffers = Mapping[str, FileUpdate]
"""Unsaved buffers: path -> contents, which replace the stored ones."""

_ORDINALS = (1 << ORDINAL_BITS) - 1


class Buffers:
    """Unsaved buffers as if they were stored: entries with negative ids, scored like the store's own."""

    def __init__(self, overlay: ParsedBuffers, where: Filter) -> None:
        self.paths: dict[str, int] = {}
        self.facts: dict[int, FileFacts] = {}
        self.entries: dict[int, StoredEntry] = {}
        self._updates: dict[int, FileUpdate] = {}
        allowed = allowing(where)
        for place, (path, update) in enumerate(overlay.items()):
            revision = -1 - place
            self.paths[path] = revision
            record = update.record
            if record.skipped or not allowed(path, record.language, ""):
                continue
            self._updates[revision] = update
            self.facts[revision] = file_facts(
                FileSummary(revision, path, record.language, record.lines, packed_mean(update.vectors))
            )
            for ordinal, entry in enumerate(update.entries):
                if where.kinds and entry.kind not in where.kinds:
                    continue
                number = (revision << ORDINAL_BITS) + ordinal
                self.entries[number] = StoredEntry(
                    id=number,
                    path=path,
                    language=record.language,
                    kind=entry.kind,
                    name=entry.name,
                    qualified_name=entry.qualified_name,
                    signature=entry.signature,
                    doc=entry.doc,
                    parent=None if entry.parent is None else (revision << ORDINAL_BITS) + entry.parent,
                    part=entry.part,
                    start_line=entry.start_line,
                    end_line=entry.end_line,
                    name_line=entry.name_line,
                    start_byte=entry.start_byte,
                    end_byte=entry.end_byte,
                    stub=entry.stub,
                )

    def references_of(self, number: int) -> tuple[str, ...]:
        """The names that an entry of a buffer refers to."""
        update = self._updates.get(number >> ORDINAL_BITS)
        return update.entries[number & (1 << ORDINAL_BITS) - 1].references if update else ()

    def entries_in(self, path: str) -> list[StoredEntry]:
        """The entries of a buffer, in order."""
        return [entry for entry in self.entries.values() if entry.path == path]

    def entry_at(self, path: str, line: int) -> StoredEntry | None:
        """The innermost definition at a line of a buffer, or else the block there."""
        around = [
            entry
            for entry in self.entries.values()
            if entry.path == path and entry.part == 0 and entry.start_line <= line <= entry.end_line
        ]
        return min(around, key=lambda e: (e.kind == "block", e.end_line - e.start_line), default=None)

    def dense(self, vector: NDArray[np.float32]) -> list[tuple[int, float]]:
        """Dot products of the buffers' entries."""
        scored: list[tuple[int, float]] = []
        for revision, update in self._updates.items():
            if len(update.entries) and len(update.vectors) == len(update.entries):
                products = update.vectors.astype("f4") @ vector
                base = revision << ORDINAL_BITS
                scored.extend((base + i, float(p)) for i, p in enumerate(products) if base + i in self.entries)
        return scored

    def texts(self, rarity: Mapping[str, float]) -> list[tuple[int, float]]:
        """BM25 scores of the buffers' entries, with LanceDB's parameters (k1 1.2, b .75)."""
        scored: list[tuple[int, float]] = []
        for revision, update in self._updates.items():
            split = [terms.split() for terms in update.terms]
            mean = max(sum(map(len, split)) / max(len(split), 1), 1.0)
            for ordinal, terms in enumerate(split):
                number = (revision << ORDINAL_BITS) + ordinal
                if number not in self.entries:
                    continue
                norm = 1.2 * (0.25 + 0.75 * len(terms) / mean)
                score = 0.0
                for term, weight in rarity.items():
                    if count := terms.count(term):
                        score += weight * count * 2.2 / (count + norm)
                if score:
                    scored.append((number, score))
        return scored

    def terms_of(self, number: int) -> str:
        """The search terms of an entry of a buffer; "" if there is none."""
        update = self._updates.get(number >> ORDINAL_BITS)
        ordinal = number & _ORDINALS
        return update.terms[ordinal] if update and ordinal < len(update.terms) else ""

    def merged(
        self,
        found: list[tuple[int, float]],
        own: list[tuple[int, float]],
        files: Mapping[int, FileFacts],
        limit: int | None = None,
    ) -> list[tuple[int, float]]:
        """The store's hits in known files without a buffer, and the buffers' hits, best first.

        There are as many as the store found (but not more than `limit`), or as the buffers have. Equal ones are in the
        order of their paths, not in that in which their files happened to be indexed.
        """
        hidden = {revision for revision, facts in files.items() if facts.path in self.paths} if self.paths else set()
        placed = [
            (-score, facts.path, number & _ORDINALS, number)
            for number, score in found
            if (facts := files.get(number >> ORDINAL_BITS)) is not None and facts.revision not in hidden
        ]
        placed += [
            (-score, self.facts[number >> ORDINAL_BITS].path, number & _ORDINALS, number) for number, score in own
        ]
        placed.sort()
        kept = placed[: max(min(len(found), limit or len(found)), len(own))]
        return [(number, -loss) for loss, _, _, number in kept]


def allowing(where: Filter) -> Callable[[str, str, str], bool]:
    """Whether a path, language and kind ("" for any) pass the filter."""
    inside = matcher(where.include, where.exclude) if where.include or where.exclude else None
    languages = {language.casefold() for language in where.languages}
    kinds = set(where.kinds)

    def allowed(path: str, language: str, kind: str) -> bool:
        if languages and language.casefold() not in languages:
            return False
        if kinds and kind and kind not in kinds:
            return False
        return inside is None or inside(path)

    return allowed
