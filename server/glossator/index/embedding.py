"""Texts to vectors. (Interface first; the implementations follow.)"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

from glossator.index.entries import CHUNKER_VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from glossator.index.entries import Entry


class Embedder(Protocol):
    """Turns texts into unit vectors whose dot product is their similarity."""

    @property
    def id(self) -> str:
        """Name and version of the model; part of every vector's key and of the index's identity."""

    @property
    def dimensions(self) -> int:
        """Length of a vector."""

    def embed_entries(self, entries: Sequence[Entry]) -> NDArray[np.float32]:
        """Vectors of entries, shape (len(entries), dimensions), each row of length 1 (or 0 for an empty text)."""

    def embed_query(self, query: str) -> NDArray[np.float32]:
        """Vector of a question, shape (dimensions,)."""


def vector_key(embedder_id: str, entry: Entry) -> bytes:
    """The content address of an entry's vector: 16 bytes of BLAKE2b.

    It covers exactly what the embedder may read (qualified name, signature, doc, text; white space folded), so neither
    the file's path nor the entry's place in it: a renamed file or a reordered function keeps its vector.
    """
    hasher = hashlib.blake2b(digest_size=16)
    hasher.update(f"{embedder_id}\0{CHUNKER_VERSION}\0".encode())
    for part in (entry.qualified_name, entry.signature, entry.doc, entry.text):
        hasher.update(" ".join(part.split()).encode())
        hasher.update(b"\0")
    return hasher.digest()
