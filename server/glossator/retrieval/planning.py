"""Which symbols of a root are upgraded in the background: first those touched last, then those most referred to."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from glossator.errors import StoreError
from glossator.retrieval.ranking_features import is_test
from glossator.retrieval.trial import first_sentence
from glossator.retrieval.upgrades import document
from glossator.workspace.reading import split_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from glossator.index.records import StoredEntry
    from glossator.index.store import Store
    from glossator.retrieval.upgrades import Document, SecondTier
    from glossator.settings import Settings

RECENT_FILES: Final = 100
"""Files whose symbols come first: those that changed last."""
CENTRAL: Final = 20_000
"""Definitions that are upgraded for being referred to, at most: a day or two of a small model on a slow processor."""
LOOKED_AT: Final = 256
"""Definitions that are looked up at once."""
LEAST_DOC: Final = 25
"""Characters of a sentence that says something."""
KEPT_FILES: Final = 8
"""Files whose lines are kept while their symbols are asked for one by one."""


class Sources:
    """The code of indexed entries, from the disk, as long as the file is as it was indexed."""

    def __init__(self, root: Path, settings: Settings, store: Store) -> None:
        self._root = root
        self._settings = settings
        self._store = store
        self._lines: OrderedDict[str, list[str] | None] = OrderedDict()

    def document(self, entry: StoredEntry, *, with_doc: bool = True) -> str:
        """What is embedded of an entry, with its doc or without; "" if its file is not as it was indexed."""
        lines = self._lines_of(entry.path)
        return document(entry, lines[entry.start_line - 1 : entry.end_line], with_doc=with_doc) if lines else ""

    def _lines_of(self, path: str) -> list[str] | None:
        from glossator.workspace.files import Text, read_text

        if path not in self._lines:
            found = read_text(self._root, path, self._settings)
            same = isinstance(found, Text) and found.content_hash == self._store.content_hash(path)
            self._lines[path] = split_lines(found.text) if same and isinstance(found, Text) else None
            if len(self._lines) > KEPT_FILES:
                self._lines.popitem(last=False)
        self._lines.move_to_end(path)
        return self._lines[path]


class Plan:
    """The background work of one root. `next` is called in the tier's thread, the rest from any.

    Args:
        root: the folder.
        settings: for reading its files.
        store: its index; None while there is none.
        tier: who asks, as it is now; None while there is none.
    """

    def __init__(
        self, root: Path, settings: Settings, store: Callable[[], Store | None], tier: Callable[[], SecondTier | None]
    ) -> None:
        self._root = root
        self._settings = settings
        self._store = store
        self._tier = tier
        self._lock = threading.Lock()
        self._changes = -1
        self._tier_id = ""
        self._left: list[tuple[int, bytes]] = []
        """(id, content key) of what may have to be upgraded, the least worthwhile first."""
        self._planned = 0
        self._upgraded = 0

    def counts(self) -> tuple[int, int]:
        """How many of the root's symbols are upgraded, of how many that shall be, as far as that is known."""
        with self._lock:
            return self._upgraded, self._planned

    def refresh(self) -> None:
        """Find out what is to be done, without doing any of it.

        Raises:
            StoreError: the index cannot be read.
        """
        tier, store = self._tier(), self._store()
        if store is not None and tier is not None:
            self._replan(store, tier)

    def next(self, count: int) -> list[Document]:
        """Up to `count` documents that have no vector yet; none if all have one."""
        tier = self._tier()
        try:
            store = self._store()
            if store is None or tier is None:
                return []
            if (store.changes(), tier.id) != (self._changes, self._tier_id):
                self._replan(store, tier)
            return self._taken(store, tier, count)
        except StoreError:
            return []  # the index is closed, or being replaced: its next change wakes us

    def pairs(self, count: int) -> list[tuple[str, str]]:
        """Up to `count` first sentences of definitions' docs, each with the definition without its doc."""
        found: dict[str, str] = {}
        try:
            store = self._store()
            if store is None:
                return []
            sources = Sources(self._root, self._settings, store)
            listed = [*store.central_definitions(LOOKED_AT * 8), *store.recent_definitions(RECENT_FILES)]
            numbers = [number for number, _, path in listed if not is_test(path)]
            for start in range(0, len(numbers), LOOKED_AT):
                for entry in store.entries(numbers[start : start + LOOKED_AT]):
                    sentence = first_sentence(entry.doc)
                    if len(sentence) >= LEAST_DOC and sentence not in found:
                        text = sources.document(entry, with_doc=False)
                        if text:
                            found[sentence] = text
                    if len(found) == count:
                        return list(found.items())
        except StoreError:
            return []
        return list(found.items())

    def static_vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of texts by the static embedder, shape (len(texts), dimensions)."""
        from glossator.index.embedding import StaticEmbedder

        return StaticEmbedder().embed_texts(texts)

    def _replan(self, store: Store, tier: SecondTier) -> None:
        changes = store.changes()
        listed = [*store.recent_definitions(RECENT_FILES), *store.central_definitions(CENTRAL)]
        wanted: dict[bytes, int] = {}
        for number, key, path in listed:
            if not is_test(path):
                wanted.setdefault(key, number)
        missing = tier.missing(list(wanted))
        with self._lock:
            self._left = [(number, key) for key, number in reversed(wanted.items()) if key in missing]
            self._planned, self._upgraded = len(wanted), len(wanted) - len(missing)
        self._changes, self._tier_id = changes, tier.id

    def _taken(self, store: Store, tier: SecondTier, count: int) -> list[Document]:
        sources = Sources(self._root, self._settings, store)
        taken: list[Document] = []
        with self._lock:
            self._upgraded = self._planned - len(self._left)  # who asks for more has embedded what was given last
        while self._left and not taken:
            looked_at = self._left[-LOOKED_AT:]
            missing = tier.missing([key for _, key in looked_at])  # a question may have been faster
            numbers = [number for number, key in looked_at if key in missing]
            entries = {entry.id: entry for entry in store.entries(numbers)}
            used = 0
            for number, key in reversed(looked_at):
                used += 1
                entry = entries.get(number)
                text = sources.document(entry) if entry is not None else ""
                if text:
                    taken.append((key, text))
                if len(taken) == count:
                    break
            with self._lock:
                del self._left[len(self._left) - used :]
                if not taken:
                    self._upgraded = self._planned - len(self._left)
        return taken


def documents(
    entries: Sequence[tuple[StoredEntry, bytes, str | None]], root: Path, settings: Settings, store: Store
) -> list[Document]:
    """What is to be embedded of candidates, in their order: (entry, content key, its text if in an unsaved buffer)."""
    sources = Sources(root, settings, store)
    said: dict[bytes, str] = {}
    for entry, key, text in sorted(entries, key=lambda item: item[0].path):  # so that each file is read once
        said[key] = document(entry, split_lines(text)) if text is not None else sources.document(entry)
    return [(key, said[key]) for _, key, _ in entries if said[key]]
