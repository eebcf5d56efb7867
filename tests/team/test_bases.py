"""Bases: what is published is what is fetched, and nothing that was changed, cut or signed by others is used."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from glossator.errors import TeamError, TeamTrustError
from glossator.team import heads
from glossator.team.bases import Base, Head, HeadBase, path_of, read_head, signed_document
from glossator.team.catalogue import repositories, verify_repository
from glossator.team.collecting import collect
from glossator.team.fetching import BlockCache, fetch
from glossator.team.heads import change_head, current_head, head_numbers
from glossator.team.publishing import bases_of, index_files, load_base, publish
from glossator.team.signatures import Signer
from glossator.team.storage import Storage
from tests.team.conftest import COMMITS, FORMAT, index_folder, uploaded
from tests.team.object_server import FaultyProxy


def fetched(storage: Storage, keys: tuple[str, ...], folder: Path, cache: Path, commit: int = 1) -> dict[str, bytes]:
    """The files of a base, by path."""
    _, bases = bases_of(storage, "shop", FORMAT, keys)
    entry = next(base for base in bases if base.commit == COMMITS[commit])
    fetch(storage, load_base(storage, "shop", entry, keys), folder, BlockCache(cache, 2**30))
    return contents(folder)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in index_files(folder)}


def test_what_is_published_is_fetched(url: str, signer: Signer, tmp_path: Path) -> None:
    storage, keys = Storage(url), (signer.public_key,)
    index = index_folder(tmp_path / "index", "one", "two")
    head = publish(storage, uploaded(storage, index), signer, keys)
    assert [base.commit for base in head.bases] == [COMMITS[1]]
    assert fetched(storage, keys, tmp_path / "copy", tmp_path / "cache") == contents(index)
    assert [found.repository for found in repositories(storage, keys)[0]] == ["shop"]
    assert list(verify_repository(storage, head, keys)) == []


def test_only_what_is_new_is_moved(tmp_path: Path, signer: Signer) -> None:
    storage, keys = Storage((tmp_path / "storage").as_uri()), (signer.public_key,)
    first = uploaded(storage, index_folder(tmp_path / "index", "one", "two"))
    publish(storage, first, signer, keys)
    second = uploaded(storage, index_folder(tmp_path / "index", "one", "two", "three"), commit=2, known=(first,))
    publish(storage, second, signer, keys)
    assert first.packs[0] in second.packs
    packs = {item.path.rpartition("/")[2]: item.size for item in storage.objects(path_of("shop", "packs"))}
    assert packs[second.packs[1]] == sum(block.length for block in second.blocks if block.pack == 1)
    cache = BlockCache(tmp_path / "cache", 2**30)
    fetch(storage, first, tmp_path / "one", cache)
    later = fetch(storage, second, tmp_path / "two", cache)
    assert later.downloaded == packs[second.packs[1]]
    assert fetch(storage, second, tmp_path / "three", cache).downloaded == 0


def test_a_base_is_not_spread_over_ever_more_packs(tmp_path: Path, signer: Signer) -> None:
    storage = Storage((tmp_path / "storage").as_uri())
    base: tuple[Base, ...] = ()
    texts: list[str] = []
    for number in range(40):
        texts.append(f"text {number}")
        base = (uploaded(storage, index_folder(tmp_path / "index", *texts), known=base),)
        assert len(base[0].packs) <= 25


def test_the_cache_stays_below_its_limit_and_is_not_trusted(tmp_path: Path) -> None:
    storage = Storage((tmp_path / "storage").as_uri())
    index = index_folder(tmp_path / "index", "one")
    for number in range(20):
        (index / "lance" / "1" / "data" / f"{number}.lance").write_bytes(random.Random(number).randbytes(100_000))
    base = uploaded(storage, index)
    limit = sum(block.length for block in base.blocks) // 3
    cache = BlockCache(tmp_path / "cache", limit)
    fetch(storage, base, tmp_path / "one", cache)
    kept = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert 0 < sum(path.stat().st_size for path in kept) <= limit
    for path in kept:
        path.write_bytes(b"\0" * path.stat().st_size)
    fetch(storage, base, tmp_path / "two", cache)
    assert contents(tmp_path / "two") == contents(index)


def test_a_download_says_how_far_it_is(tmp_path: Path) -> None:
    storage = Storage((tmp_path / "storage").as_uri())
    index = index_folder(tmp_path / "index", "one")
    for number in range(60):
        (index / "lance" / "1" / "data" / f"{number}.lance").write_bytes(random.Random(number).randbytes(100_000))
    base = uploaded(storage, index)
    total = sum(block.length for block in base.blocks)
    cache = BlockCache(tmp_path / "cache", 2**30)
    seen: list[int] = []

    def show(done: int, of: int) -> None:
        assert of == total
        seen.append(done)

    fetch(storage, base, tmp_path / "one", cache, show)
    assert seen[0] == 0
    assert seen[-1] == total
    assert seen == sorted(seen)
    assert len(set(seen)) > 8
    seen.clear()
    fetch(storage, base, tmp_path / "two", cache, show)
    assert (seen[0], seen[-1]) == (0, total)  # what is in the cache counts as done


def damage(content: bytes, how: str) -> bytes:
    if how == "changed":
        at = len(content) * 2 // 3
        return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
    return content[: len(content) // 2] if how == "cut" else b""


@pytest.mark.parametrize("how", ["changed", "cut", "empty"])
@pytest.mark.parametrize("kind", ["heads", "bases", "packs"])
def test_nothing_that_was_damaged_is_used(tmp_path: Path, signer: Signer, kind: str, how: str) -> None:
    storage, keys = Storage((tmp_path / "storage").as_uri()), (signer.public_key,)
    publish(storage, uploaded(storage, index_folder(tmp_path / "index", "one", "two")), signer, keys)
    (item,) = storage.objects(path_of("shop", kind))
    storage.put(item.path, damage(storage.get(item.path) or b"", how))
    with pytest.raises(TeamError):
        fetched(storage, keys, tmp_path / "copy", tmp_path / "cache")
    found, problems = repositories(storage, keys)
    assert problems or any(list(verify_repository(storage, head, keys)) for head in found)


def test_another_s_signature_does_not_count(tmp_path: Path, signer: Signer) -> None:
    storage, other = Storage((tmp_path / "storage").as_uri()), Signer.create(tmp_path / "other.pem")
    publish(storage, uploaded(storage, index_folder(tmp_path / "index", "one")), other, ())
    with pytest.raises(TeamTrustError, match="team_keys"):
        current_head(storage, "shop", (signer.public_key,))
    with pytest.raises(TeamTrustError):  # neither is a builder with another key made to sign what they wrote
        publish(storage, uploaded(storage, index_folder(tmp_path / "index", "two"), commit=2), signer, ())
    assert current_head(storage, "shop", (signer.public_key, other.public_key)) is not None


def test_a_document_is_not_taken_for_another(signer: Signer, tmp_path: Path) -> None:
    keys = (signer.public_key,)
    head = signed_document(Head("shop", 3), signer)
    assert read_head(head, "shop", 3, keys).number == 3
    for repository, number in (("shop", 4), ("other", 3)):  # moved to where another one should be
        with pytest.raises(TeamTrustError):
            read_head(head, repository, number, keys)
    storage = Storage((tmp_path / "storage").as_uri())
    base = signed_document(uploaded(storage, index_folder(tmp_path / "index", "one")), signer)
    with pytest.raises(TeamTrustError, match="signature"):
        read_head(base, "shop", 1, keys)


@pytest.mark.parametrize("path", ["../x", "lance/../../x", "/etc/passwd", "lance//x", "other.sqlite", "lance/a b", ""])
def test_a_signed_base_cannot_write_elsewhere(tmp_path: Path, signer: Signer, path: str) -> None:
    storage, keys = Storage((tmp_path / "storage").as_uri()), (signer.public_key,)
    base = uploaded(storage, index_folder(tmp_path / "index", "one"))
    files = (*base.files, msgspec.structs.replace(base.files[0], path=path))
    publish(storage, msgspec.structs.replace(base, files=files), signer, keys)
    with pytest.raises(TeamTrustError, match="malformed"):
        fetched(storage, keys, tmp_path / "copy", tmp_path / "cache")


@pytest.mark.parametrize("fault", ["500", "cut"])
def test_a_storage_that_fails_half_way(
    faulty: FaultyProxy, s3_url: str, tmp_path: Path, signer: Signer, fault: str
) -> None:
    storage, keys = Storage(s3_url), (signer.public_key,)
    index = index_folder(tmp_path / "index", "one", "two")
    base = uploaded(storage, index)
    faulty.fault = fault
    with pytest.raises(TeamError):
        publish(storage, base, signer, keys)
    faulty.fault = ""
    publish(storage, base, signer, keys)
    faulty.fault = fault
    with pytest.raises(TeamError):
        fetched(storage, keys, tmp_path / "copy", tmp_path / "cache")
    faulty.fault = ""
    assert fetched(storage, keys, tmp_path / "again", tmp_path / "cache") == contents(index)


def test_builders_at_the_same_time_lose_nothing(url: str, signer: Signer, tmp_path: Path) -> None:
    storage, keys = Storage(url), (signer.public_key,)
    bases = [
        uploaded(storage, index_folder(tmp_path / f"index{number}", f"text {number}"), commit=number % 4 + 1)
        for number in range(8)
    ]
    start = threading.Barrier(8)

    def one(base: Base) -> None:
        start.wait()
        publish(Storage(url), base, signer, keys)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, bases))
    head = current_head(storage, "shop", keys)
    assert head is not None
    assert [base.commit for base in head.bases] == COMMITS[1:5]  # of two bases of a commit, one
    assert list(verify_repository(storage, head, keys)) == []


def test_a_head_whose_number_was_collected_is_not_written_over(
    tmp_path: Path, signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A builder that read an old list, and slept while many newer heads were written and old ones deleted."""
    storage, keys = Storage((tmp_path / "storage").as_uri()), (signer.public_key,)
    slow = uploaded(storage, index_folder(tmp_path / "slow", "slow"), commit=19 - 1)
    publish(storage, uploaded(storage, index_folder(tmp_path / "first", "first")), signer, keys)
    slept = []

    def sleeping(*arguments: object) -> Head | None:
        head = current_head(*arguments)  # type: ignore[arg-type]
        if not slept:
            slept.append(1)
            monkeypatch.setattr(heads, "current_head", current_head)
            for number in range(2, 12):
                publish(
                    storage,
                    uploaded(storage, index_folder(tmp_path / "more", str(number)), commit=number),
                    signer,
                    keys,
                )
            heads.remove_old_heads(storage, "shop")
            assert 2 not in head_numbers(storage, "shop")
        return head

    monkeypatch.setattr(heads, "current_head", sleeping)
    publish(storage, slow, signer, keys)
    head = current_head(storage, "shop", keys)
    assert head is not None
    assert {base.commit for base in head.bases} == {COMMITS[number] for number in (*range(1, 12), 18)}


def test_old_bases_are_collected_and_the_newest_never(url: str, signer: Signer, tmp_path: Path) -> None:
    storage, keys = Storage(url), (signer.public_key,)
    previous: tuple[Base, ...] = ()
    for number in range(1, 4):
        index = index_folder(tmp_path / f"index{number}", *(f"text {one}" for one in range(number)))
        previous = (uploaded(storage, index, commit=number, known=previous),)
        publish(storage, previous[0], signer, keys)
    now = time.time()

    def collected(days: float, older_than: float = 30) -> tuple[int, int]:
        day = 86_400
        done = collect(storage, "shop", signer, keys, older_than=older_than * day, grace=day, now=now + days * day)
        return done.retired, done.deleted

    assert collected(29) == (0, 0)
    assert collected(31) == (2, 0)  # those who are reading them still can
    head = current_head(storage, "shop", keys)
    assert head is not None
    assert ([base.commit for base in head.bases], len(head.retired)) == ([COMMITS[3]], 2)
    retired, deleted = collected(33)
    assert retired == 0
    assert deleted >= 2
    for days in (34, 400):
        collected(days, older_than=0)
    assert fetched(storage, keys, tmp_path / "copy", tmp_path / "cache", 3) == contents(tmp_path / "index3")
    head = current_head(storage, "shop", keys)
    assert head is not None
    assert list(verify_repository(storage, head, keys)) == []
    names = {item.path.rpartition("/")[2] for item in storage.objects(path_of("shop", "packs"))}
    assert names == set(previous[0].packs)


def test_what_a_builder_has_not_published_yet_is_kept_for_a_while(tmp_path: Path, signer: Signer) -> None:
    storage, keys = Storage((tmp_path / "storage").as_uri()), (signer.public_key,)
    publish(storage, uploaded(storage, index_folder(tmp_path / "one", "one")), signer, keys)
    pending = uploaded(storage, index_folder(tmp_path / "two", "two"), commit=2)
    assert collect(storage, "shop", signer, keys, older_than=0).deleted == 0
    late = uploaded(storage, index_folder(tmp_path / "three", "three"), commit=3)
    assert collect(storage, "shop", signer, keys, older_than=0, now=time.time() + 90_000).deleted == 2
    with pytest.raises(TeamError, match="build it again"):
        publish(storage, late, signer, keys)
    assert pending.packs


def test_a_change_is_tried_again_while_others_write(tmp_path: Path, signer: Signer) -> None:
    storage, keys = Storage((tmp_path / "storage").as_uri()), (signer.public_key,)

    def add(number: int) -> None:
        entry = HeadBase(f"{number:040x}", number, 0.0, FORMAT, "0" * 64, (), 0)
        change_head(
            Storage(storage.url),
            "shop",
            lambda head: head if entry in head.bases else msgspec.structs.replace(head, bases=(*head.bases, entry)),
            signer,
            keys,
        )

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(add, range(24)))
    head = current_head(storage, "shop", keys)
    assert head is not None
    assert sorted(base.committed for base in head.bases) == list(range(24))
