"""The paths of an index, searchable by their last parts.

It knows paths alone: not what the files contain, nor what a language takes for the name of a module.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

FEW = 32
"""So many files of the same name are compared one by one; of more, those in the right folders are looked up."""


class PathIndex:
    """A set of paths, relative to the root, with "/". Any thread may search and extend it.

    Results have the paths with the fewest parts first, then in alphabetical order.
    """

    def __init__(self, paths: Iterable[str], base: PathIndex | None = None) -> None:
        """Index `paths`, in addition to those of `base`, which is searched too and stays as it is."""
        self._base = base
        self._paths = set(paths) if base is None else {path for path in paths if path not in base}
        self._extending = threading.Lock()
        self._by_name: dict[str, list[str]] | None = None
        self._by_stem: dict[str, list[str]] | None = None
        self._by_folder: dict[str, list[str]] | None = None
        self._folders: dict[str, list[str]] = {}
        """Last part of a folder's path -> folders; filled together with `_by_folder`."""

    def __contains__(self, path: object) -> bool:
        return path in self._paths or (self._base is not None and path in self._base)

    def __iter__(self) -> Iterator[str]:
        if self._base is not None:
            yield from self._base
        yield from list(self._paths)

    def __len__(self) -> int:
        return len(self._paths) + (len(self._base) if self._base is not None else 0)

    def extend(self, paths: Iterable[str]) -> None:
        """Add paths."""
        with self._extending:
            fresh = [path for path in dict.fromkeys(paths) if path not in self]
            self._paths.update(fresh)
            if self._by_name is not None:
                _group(self._by_name, fresh, _name)
            if self._by_stem is not None:
                _group(self._by_stem, fresh, _stem)
            if self._by_folder is not None:
                self._add_folders(self._by_folder, fresh)

    def ending(self, suffix: str) -> list[str]:
        """The files whose last parts are these: "requests/adapters.py" finds "src/requests/adapters.py"."""
        folder, _, name = suffix.rpartition("/")
        return self._found(self._named().get(name, []), folder, name, _name, lambda index: index.ending(suffix))

    def stemmed(self, suffix: str) -> list[str]:
        """The files whose last parts are these but for the extension, which is what follows the name's last dot."""
        folder, _, stem = suffix.rpartition("/")
        return self._found(self._stems().get(stem, []), folder, stem, _stem, lambda index: index.stemmed(suffix))

    def folders(self, suffix: str) -> list[str]:
        """The folders whose last parts are these: "net/http" finds "src/net/http"; "" finds the root."""
        self._in_folders()
        found = [
            folder
            for folder in self._folders.get(suffix.rpartition("/")[2], [])
            if folder == suffix or (suffix and folder.endswith(f"/{suffix}"))
        ]
        if self._base is not None:
            found = list({*found, *self._base.folders(suffix)})
        return sorted(found, key=_near)

    def files_in(self, folder: str) -> list[str]:
        """The files directly in a folder; "" for the root."""
        found = self._in_folders().get(folder, [])
        if self._base is not None:
            found = [*found, *self._base.files_in(folder)]
        return sorted(found)

    def _found(
        self,
        candidates: list[str],
        folder: str,
        wanted: str,
        part: Callable[[str], str],
        of_base: Callable[[PathIndex], list[str]],
    ) -> list[str]:
        """Those of the candidates, whose `part` is the wanted one, that are in a folder with these last parts."""
        if not folder:
            found = list(candidates)
        elif len(candidates) <= FEW:
            found = [
                path
                for path in candidates
                if (home := path.rpartition("/")[0]) == folder or home.endswith(f"/{folder}")
            ]
        else:
            files, own = self._in_folders(), self._folders.get(folder.rpartition("/")[2], [])
            homes = [home for home in own if home == folder or home.endswith(f"/{folder}")]
            found = [path for home in homes for path in files.get(home, []) if part(path) == wanted]
        if self._base is not None:
            found.extend(of_base(self._base))
        return sorted(found, key=_near)

    def _named(self) -> dict[str, list[str]]:
        if self._by_name is None:
            with self._extending:
                if self._by_name is None:
                    self._by_name = _group({}, self._paths, _name)
        return self._by_name

    def _stems(self) -> dict[str, list[str]]:
        if self._by_stem is None:
            with self._extending:
                if self._by_stem is None:
                    self._by_stem = _group({}, self._paths, _stem)
        return self._by_stem

    def _in_folders(self) -> dict[str, list[str]]:
        if self._by_folder is None:
            with self._extending:
                if self._by_folder is None:
                    by_folder: dict[str, list[str]] = {}
                    self._add_folders(by_folder, self._paths)
                    self._by_folder = by_folder
        return self._by_folder

    def _add_folders(self, by_folder: dict[str, list[str]], paths: Iterable[str]) -> None:
        for path in paths:
            folder = path.rpartition("/")[0]
            if (inside := by_folder.get(folder)) is not None:
                inside.append(path)
                continue
            by_folder[folder] = [path]
            while True:
                above, _, last = folder.rpartition("/")
                self._folders.setdefault(last, []).append(folder)
                if not folder or above in by_folder:
                    break
                # Folders that contain only folders can be found too.
                folder = above
                by_folder[folder] = []


def folders_apart(path: str, other: str) -> int:
    """How many folders are entered or left on the way from one file to another; 0 in the same folder."""
    left, right = path.split("/")[:-1], other.split("/")[:-1]
    shared = 0
    for one, two in zip(left, right, strict=False):
        if one != two:
            break
        shared += 1
    return len(left) + len(right) - 2 * shared


def _group(groups: dict[str, list[str]], paths: Iterable[str], key: Callable[[str], str]) -> dict[str, list[str]]:
    for path in paths:
        part = key(path)
        if (group := groups.get(part)) is None:
            groups[part] = [path]
        else:
            group.append(path)
    return groups


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _stem(path: str) -> str:
    name = path.rpartition("/")[2]
    return name.rpartition(".")[0] or name


def _near(path: str) -> tuple[int, str]:
    return path.count("/"), path
