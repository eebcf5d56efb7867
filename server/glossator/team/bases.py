"""The documents of a team's index: what a base consists of, and which bases a repository has.

A *base* is the index of one repository at one commit. Its files are cut into blocks; a block is compressed, named by
the SHA-256 of its compressed bytes, and stored in a *pack* with others. Bases and packs are never changed. Which bases
a repository has is written in its *head*, of which the one with the highest number counts.

    repositories/<folder>/heads/<number>          signed; created once, never replaced
    repositories/<folder>/bases/<SHA-256>         signed, named by the hash of all its bytes
    repositories/<folder>/packs/<random name>     blocks, one after the other
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, TypeVar

import msgspec
import pyarrow

from glossator.errors import TeamTrustError
from glossator.team.signatures import verified

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glossator.team.signatures import Signer

HEAD_KIND = "head"
BASE_KIND = "base"
MAX_DOCUMENT_BYTES = 256 * 1024 * 1024
"""A larger document is not unpacked."""
_FILE_NAME = re.compile(r"manifest\.sqlite|(lance|nearest|texts)(/[A-Za-z0-9_.-]+)+")
_PACK_NAME = re.compile(r"[0-9a-f]{32}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_T = TypeVar("_T")


class Block(msgspec.Struct, frozen=True, array_like=True):
    """A part of a file: where its compressed bytes are, and what they become."""

    digest: str
    """SHA-256 of the compressed bytes."""
    pack: int
    """Index in `Base.packs`."""
    offset: int
    length: int
    """Compressed bytes."""
    size: int
    """Bytes when unpacked."""


class BaseFile(msgspec.Struct, frozen=True, array_like=True):
    """A file of an index: its path in the index's folder, and its blocks, as indexes in `Base.blocks`."""

    path: str
    blocks: tuple[int, ...]


class Format(msgspec.Struct, frozen=True):
    """What an index was made with; an index of another format cannot be used."""

    schema: int
    embedder: str
    dimensions: int

    def __str__(self) -> str:
        return f"v{self.schema}-{self.embedder}"


class Base(msgspec.Struct, frozen=True):
    """The index of one repository at one commit."""

    repository: str
    commit: str
    committed: int
    """When the commit was made, in seconds since 1970."""
    built: float
    """When the base was built, in seconds since 1970."""
    format: Format
    source_files: int
    lines: int
    symbols: int
    packs: tuple[str, ...]
    blocks: tuple[Block, ...]
    files: tuple[BaseFile, ...]


class HeadBase(msgspec.Struct, frozen=True):
    """A base as a head names it."""

    commit: str
    committed: int
    built: float
    format: Format
    digest: str
    """SHA-256 of the signed document of the base, which is its name."""
    packs: tuple[str, ...]
    size: int
    """Compressed bytes of its blocks."""


class RetiredBase(msgspec.Struct, frozen=True):
    """A base that is no longer offered, and kept for a while for those who are reading it."""

    base: HeadBase
    retired: float
    """When it was retired, in seconds since 1970."""


class Head(msgspec.Struct, frozen=True):
    """Which bases a repository has, the newest last."""

    repository: str
    number: int
    bases: tuple[HeadBase, ...] = ()
    retired: tuple[RetiredBase, ...] = ()

    def bases_of_format(self, format_: Format) -> tuple[HeadBase, ...]:
        """Those that a program which reads this format can use, the newest last."""
        return tuple(base for base in self.bases if base.format == format_)

    def formats(self) -> str:
        """The formats of all, as they are shown."""
        return ", ".join(sorted({str(base.format) for base in self.bases})) or "none"


def folder_of(repository: str) -> str:
    """The folder of a repository in the storage: rights are given by it."""
    readable = re.sub(r"[^A-Za-z0-9._-]+", "_", repository).strip("._")[:80] or "repository"
    return f"{readable}-{hashlib.blake2b(repository.encode('utf-8', 'replace'), digest_size=6).hexdigest()}"


def path_of(repository: str, kind: str, name: str = "") -> str:
    """The path of a repository's objects of a kind: "heads", "bases" or "packs"."""
    path = f"repositories/{folder_of(repository)}/{kind}"
    return f"{path}/{name}" if name else path


def signed_document(value: Base | Head, signer: Signer) -> bytes:
    """A document, compressed and signed."""
    text = msgspec.json.encode(value)
    body = bytes(pyarrow.compress(text, codec="zstd", asbytes=True))
    kind = BASE_KIND if isinstance(value, Base) else HEAD_KIND
    return signer.signed(kind, str(len(text)).encode("ascii") + b"\n" + body)


def read_head(content: bytes, repository: str, number: int, trusted: Sequence[str]) -> Head:
    """The head in a signed document.

    Raises:
        TeamTrustError: it is not signed by a trusted key, or does not say what was asked for.
    """
    name = f"the list of bases of {repository}"
    head = _unpacked(HEAD_KIND, content, trusted, Head, name)
    if (head.repository, head.number) != (repository, number):
        raise TeamTrustError(f"{name} belongs to something else: it is ignored")
    return head


def head_repository(content: bytes, trusted: Sequence[str], folder: str) -> str:
    """The name of the repository that a signed head belongs to.

    Raises:
        TeamTrustError: it is not signed by a trusted key.
    """
    return _unpacked(HEAD_KIND, content, trusted, Head, f"the list of bases in {folder}").repository


def read_base(content: bytes, repository: str, expected: HeadBase, trusted: Sequence[str]) -> Base:
    """The base in a signed document, checked to be the one that a head names.

    Raises:
        TeamTrustError: it is not signed by a trusted key, or is not that base, or names files that no index has.
    """
    name = f"the base of {repository} at {expected.commit[:12]}"
    if hashlib.sha256(content).hexdigest() != expected.digest:
        raise TeamTrustError(f"{name} was changed or is incomplete: it is ignored")
    base = _unpacked(BASE_KIND, content, trusted, Base, name)
    if (base.repository, base.commit, base.format) != (repository, expected.commit, expected.format):
        raise TeamTrustError(f"{name} belongs to something else: it is ignored")
    if not _is_sound(base):
        raise TeamTrustError(f"{name} is malformed: it is ignored")
    return base


def _is_sound(base: Base) -> bool:
    paths = [file.path for file in base.files]
    return (
        all(_FILE_NAME.fullmatch(path) and not {".", ".."} & set(path.split("/")) for path in paths)
        and len(set(paths)) == len(paths)
        and "manifest.sqlite" in paths
        and all(_PACK_NAME.fullmatch(pack) for pack in base.packs)
        and all(_DIGEST.fullmatch(block.digest) for block in base.blocks)
        and all(0 <= block.pack < len(base.packs) for block in base.blocks)
        and all(min(block.offset, block.length, block.size) >= 0 for block in base.blocks)
        and all(0 <= block < len(base.blocks) for file in base.files for block in file.blocks)
    )


def _unpacked(kind: str, content: bytes, trusted: Sequence[str], of: type[_T], name: str) -> _T:
    document = verified(kind, content, trusted, name=name)
    length, _, body = document.partition(b"\n")
    try:
        size = int(length)
        if not 0 <= size <= MAX_DOCUMENT_BYTES:
            raise ValueError
        text = bytes(pyarrow.decompress(body, decompressed_size=size, codec="zstd", asbytes=True))
        return msgspec.json.decode(text, type=of)
    except (ValueError, OSError, msgspec.MsgspecError) as error:  # signed all the same: by another version
        raise TeamTrustError(
            f"{name} was written in a form that this version of Glossator does not know: it is ignored"
        ) from error
