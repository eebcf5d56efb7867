"""Publishing an index as a base: its files are cut into blocks, new ones are uploaded, then the head names the base.

What is read here was closed before: an open database's file must not even be opened, since closing any descriptor of it
releases all the locks that the process has on it (https://sqlite.org/howtocorrupt.html, "POSIX advisory locks"). A
builder has the index for itself: nothing but its task, which closes it first, opens it.

What other bases have already is not uploaded again. Until the head names a base, nobody reads it: a builder that is
killed leaves a pack that is collected later.
"""

from __future__ import annotations

import hashlib
import secrets
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pyarrow

from glossator.errors import TeamError
from glossator.team.bases import Base, BaseFile, Block, Format, Head, HeadBase, path_of, read_base, signed_document
from glossator.team.heads import change_head, current_head

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glossator.team.signatures import Signer
    from glossator.team.storage import Storage

BLOCK_BYTES = 128 * 1024
"""Bytes of a block before it is compressed: small ones are shared more often, large ones make shorter documents."""
COMPRESSION_LEVEL = 6
MOST_PACKS = 24
"""Packs that a base may use: then all its blocks are written into one again, which limits requests and waste."""
BASE_PARTS = ("lance", "nearest", "texts")
"""Folders of an index that belong to a base, beside its manifest."""


def index_files(folder: Path) -> list[Path]:
    """The files of a closed index that make up a base, sorted."""
    found = [folder / "manifest.sqlite"]
    for part in BASE_PARTS:
        found += (path for path in (folder / part).rglob("*") if path.is_file())
    return sorted(found)


def upload(
    storage: Storage,
    repository: str,
    folder: Path,
    *,
    commit: str,
    committed: int,
    format_: Format,
    counts: tuple[int, int, int],
    known: Sequence[Base] = (),
) -> tuple[Base, int]:
    """Store the files of a closed index; returns the base, which is not published yet, and the bytes uploaded.

    Args:
        storage: where to.
        repository: the repository's name.
        folder: the index's folder; nobody may write to it meanwhile.
        commit: the commit that was indexed.
        committed: when it was made, in seconds since 1970.
        format_: what the index was made with.
        counts: its numbers of files, lines and symbols.
        known: bases whose blocks need not be uploaded again.

    Raises:
        TeamError: the storage fails, or the index cannot be read.
    """
    have = {block.digest: (base.packs[block.pack], block) for base in known for block in base.blocks}
    used = {base.packs[block.pack] for base in known for block in base.blocks}
    if len(used) >= MOST_PACKS:
        have = {}
    packs: dict[str, int] = {}
    blocks: dict[str, int] = {}
    table: list[Block] = []
    files: list[BaseFile] = []
    name = secrets.token_hex(16)
    codec = pyarrow.Codec("zstd", compression_level=COMPRESSION_LEVEL)
    try:
        with tempfile.TemporaryDirectory(prefix="glossator-pack-") as scratch:
            pack_file = Path(scratch) / name
            offset = 0
            with pack_file.open("wb") as pack:
                for path in index_files(folder):
                    numbers = []
                    with path.open("rb") as source:
                        while raw := source.read(BLOCK_BYTES):
                            content = bytes(codec.compress(raw, asbytes=True))
                            digest = hashlib.sha256(content).hexdigest()
                            if digest not in blocks:
                                if (there := have.get(digest)) is not None:
                                    number = packs.setdefault(there[0], len(packs))
                                    block = msgspec.structs.replace(there[1], pack=number)
                                else:
                                    number = packs.setdefault(name, len(packs))
                                    block = Block(digest, number, offset, len(content), len(raw))
                                    pack.write(content)
                                    offset += len(content)
                                blocks[digest] = len(table)
                                table.append(block)
                            numbers.append(blocks[digest])
                    files.append(BaseFile(path.relative_to(folder).as_posix(), tuple(numbers)))
            if offset:
                storage.put(path_of(repository, "packs", name), pack_file)
    except OSError as error:
        raise TeamError(f"cannot read the index in {folder}: {error.strerror or error}") from error
    base = Base(
        repository=repository,
        commit=commit,
        committed=committed,
        built=time.time(),
        format=format_,
        source_files=counts[0],
        lines=counts[1],
        symbols=counts[2],
        packs=tuple(packs),
        blocks=tuple(table),
        files=tuple(files),
    )
    return base, offset


def publish(storage: Storage, base: Base, signer: Signer, trusted: Sequence[str]) -> Head:
    """Sign a base that was uploaded, and have the head name it; returns the new head.

    If another builder has published the same commit meanwhile, its base stays.

    Raises:
        TeamTrustError: the present head is not signed with a trusted key.
        TeamError: the storage fails, or does not have what the base needs.
    """
    document = signed_document(base, signer)
    digest = hashlib.sha256(document).hexdigest()
    storage.put(path_of(base.repository, "bases", digest), document)
    entry = HeadBase(
        commit=base.commit,
        committed=base.committed,
        built=base.built,
        format=base.format,
        digest=digest,
        packs=base.packs,
        size=sum(block.length for block in base.blocks),
    )

    def add(head: Head) -> Head:
        if any((one.commit, one.format) == (entry.commit, entry.format) for one in head.bases):
            return head
        bases = sorted((*head.bases, entry), key=lambda one: (one.committed, one.built))
        return msgspec.structs.replace(head, bases=tuple(bases))

    _check_packs(storage, base)  # a builder that slept for days may use what was collected since
    return change_head(storage, base.repository, add, signer, trusted)


def _check_packs(storage: Storage, base: Base) -> None:
    there = {item.path.rpartition("/")[2] for item in storage.objects(path_of(base.repository, "packs"))}
    if missing := set(base.packs) - there:
        raise TeamError(f"{len(missing)} packs of {base.repository} are gone from {storage.url}: build it again")


def bases_of(
    storage: Storage, repository: str, format_: Format, trusted: Sequence[str]
) -> tuple[Head | None, tuple[HeadBase, ...]]:
    """The head of a repository, and those of its bases that have this format.

    Raises:
        TeamTrustError, TeamAccessError, TeamError: see `current_head`.
    """
    head = current_head(storage, repository, trusted)
    return head, head.bases_of_format(format_) if head is not None else ()


def load_base(storage: Storage, repository: str, entry: HeadBase, trusted: Sequence[str]) -> Base:
    """The document of a base.

    Raises:
        TeamTrustError: it is not what the head names, or is not signed with a trusted key.
        TeamError: it is gone, or the storage fails.
    """
    content = storage.get(path_of(repository, "bases", entry.digest))
    if content is None:
        raise TeamError(f"the base of {repository} at {entry.commit[:12]} is gone from {storage.url}")
    return read_base(content, repository, entry, trusted)
