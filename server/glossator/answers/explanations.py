"""Explanations that a model wrote, kept for the next time the same is asked, and for hovers."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glossator.answers.explanation_cache import ExplanationCache
from glossator.answers.prompts import PROMPT_VERSION
from glossator.workspace.reading import split_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from glossator.answers.evidence import Evidence
    from glossator.index.records import StoredEntry
    from glossator.project.root import Root

EXPLANATIONS_FILE = "explanations.sqlite"
"""Name of the file in the folder of all indexes."""

_CITATIONS = re.compile(r"\s?(?:\[\d+\])+")


@dataclass(frozen=True, slots=True)
class KeptExplanation:
    """An explanation that a model wrote.

    Attributes:
        text: Markdown, as the model wrote it: its sources are found again when it is shown.
        shown: which pieces of the evidence the model was shown, by their places in it.
    """

    text: str
    shown: tuple[int, ...]


class Explanations:
    """Explanations by what they were made from. Safe for use by several threads and processes."""

    def __init__(self, index_dir: Path) -> None:
        """Keep them in a file of this folder; nothing is opened or created before it is needed."""
        self._cache = ExplanationCache(index_dir / EXPLANATIONS_FILE)

    def close(self) -> None:
        """Release the file."""
        self._cache.close()

    @staticmethod
    def key(model: str, question: str, evidence: Sequence[Evidence]) -> bytes:
        """What an explanation is found by: the model, the prompt, the texts of the symbol and of its relations."""
        return _digest(model, str(PROMPT_VERSION), question, *(item.text for item in evidence))

    def get(self, key: bytes, evidence: Sequence[Evidence]) -> KeptExplanation | None:
        """The explanation with this key; None if there is none, or what is kept does not fit the evidence."""
        kept = self._cache.get(key)
        if kept is None:
            return None
        try:
            value = json.loads(kept)
            found = KeptExplanation(str(value["text"]), tuple(int(at) for at in value["shown"]))
        except (ValueError, TypeError, KeyError):
            return None
        return found if all(0 <= at < len(evidence) for at in found.shown) else None

    def keep(self, key: bytes, explanation: KeptExplanation, root: Path) -> None:
        """Keep an explanation of something in the folder `root`, a real path, for the next time."""
        text = json.dumps({"shown": explanation.shown, "text": explanation.text})
        self._cache.put(key, text, root_mark(str(root)))

    def keep_for_symbol(self, model: str, root: Root, entry: StoredEntry, text: str) -> None:
        """Keep an explanation for hovers over a symbol, as long as its text does not change."""
        key = _symbol_key(model, root, entry)
        if key is not None:
            mark = root_mark(str(root.path))
            self._cache.put(key, text, mark)
            self._cache.put(_name_key(root, entry), "explained", mark)

    def of_symbol(self, model: Callable[[], str], root: Root, entry: StoredEntry) -> str | None:
        """The last explanation of a symbol whose text is still the same, without citations. Quick, for hovers."""
        if self._cache.get(_name_key(root, entry)) is None:
            return None  # without reading the file
        key = _symbol_key(model(), root, entry)
        text = self._cache.get(key) if key is not None else None
        return _CITATIONS.sub("", text) if text else None


def root_mark(path: str) -> bytes:
    """What stands in the cache for a root of this real path."""
    return _digest("root", path)


def _digest(*parts: str) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(part.encode("utf-8", "surrogatepass"))
        digest.update(b"\0")
    return digest.digest()


def _name_key(root: Root, entry: StoredEntry) -> bytes:
    """Stands for a symbol, whatever its text and the model."""
    return _digest("", "", f"name {entry.qualified_name}", str(root.path), entry.path)


def _symbol_key(model: str, root: Root, entry: StoredEntry) -> bytes | None:
    """Stands for the text of a symbol as it is now; None without a model or a text."""
    text = root.text(entry.path) if model else None
    if text is None:
        return None
    source = split_lines(text)[entry.start_line - 1 : entry.end_line]
    return _digest(model, str(PROMPT_VERSION), f"symbol {entry.qualified_name}", *source)
