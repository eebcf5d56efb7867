"""What the program writes is for the user alone, and nothing else is touched."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import platformdirs
import pytest

from glossator.private_files import make_private_file, make_private_folder, replace_private_file

pytestmark = pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")


@pytest.fixture(autouse=True)
def _open_to_all() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_new_folders_are_private_all_the_way(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    make_private_folder(tmp_path / "a/b/c")
    assert [mode(tmp_path / path) for path in ("a", "a/b", "a/b/c")] == [0o700] * 3
    assert mode(tmp_path) == 0o755


def test_files_are_private_whether_they_are_new_or_not(tmp_path: Path) -> None:
    path = tmp_path / "file"
    make_private_file(path)
    assert mode(path) == 0o600
    path.write_text("kept")
    path.chmod(0o644)
    make_private_file(path)
    assert mode(path) == 0o600
    assert path.read_text() == "kept"


def wide(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


@pytest.mark.parametrize(
    "names",
    [
        (),
        ("vectors-static-5-0123456789ab.sqlite", "vectors-static-5-0123456789ab.sqlite-wal", "explanations.sqlite"),
        ("project-0123456789abcdef/v6-static-5/manifest.sqlite", "vectors-x.sqlite"),
    ],
)
def test_an_index_folder_with_wider_permissions_is_made_private(tmp_path: Path, names: tuple[str, ...]) -> None:
    folder = wide(tmp_path / "indexes", *names)
    make_private_folder(folder)
    assert mode(folder) == 0o700
    assert all(mode(path) == (0o700 if path.is_dir() else 0o600) for path in folder.rglob("*"))


@pytest.mark.parametrize("kind", ["cache", "config", "data", "log"])
def test_the_applications_own_folders_are_made_private(kind: str) -> None:
    folder = wide(Path(getattr(platformdirs, f"user_{kind}_dir")("glossator", appauthor=False)), "other", "sub/file")
    make_private_folder(folder)
    assert mode(folder) == 0o700
    assert mode(folder / "sub/file") == 0o600


def test_a_folder_that_holds_other_things_is_left_as_it_is(tmp_path: Path) -> None:
    shared = wide(tmp_path / "shared", "photo.jpg", "vectors-x.sqlite")
    shared.chmod(0o755)
    make_private_folder(shared)
    assert mode(shared) == 0o755
    assert mode(shared / "photo.jpg") == 0o666
    make_private_folder(shared / "project-0123456789abcdef")
    assert mode(shared / "project-0123456789abcdef") == 0o700


def test_links_are_not_followed(tmp_path: Path) -> None:
    outside = wide(tmp_path / "outside", "file")
    folder = wide(tmp_path / "indexes", "project-0123456789abcdef/a")
    (folder / "project-0123456789abcdef/link").symlink_to(outside)
    (folder / "project-0123456789abcdef/file").symlink_to(outside / "file")
    make_private_folder(folder)
    assert mode(folder / "project-0123456789abcdef/a") == 0o600
    assert (mode(outside), mode(outside / "file")) == (0o777, 0o666)


def test_threads_that_replace_the_same_file_do_not_meet(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    texts = [str(number) * 20_000 for number in range(4)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(replace_private_file, [path] * 200, texts * 50))
    assert path.read_text() in texts
    assert list(tmp_path.iterdir()) == [path]
