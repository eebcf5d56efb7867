"""LSP's URIs, ranges and scopes to the engine's paths, lines and filters, and back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from pygls.uris import from_fs_path, to_fs_path

from glossator.index.records import Filter
from glossator.lsp.positions import lines_with_ends, whole_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from lsprotocol import types

    from glossator.lsp import protocol


def to_path(uri: str) -> Path | None:
    """The absolute path of a `file:` URI on this machine; None for any other URI.

    A host other than "localhost" is a network share on Windows, and is not supported elsewhere.
    """
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    if parts.scheme.lower() != "file" or "\0" in unquote(parts.path):
        return None
    host = parts.netloc.lower()
    if host == "localhost":
        uri = uri.replace(parts.netloc, "", 1)
    elif host and sys.platform != "win32":
        return None
    found = to_fs_path(uri)
    path = Path(found) if found else None
    return path if path is not None and path.is_absolute() else None


def to_uri(path: Path) -> str:
    """The URI of a file or folder."""
    return str(from_fs_path(str(path)))


def filter_of(scope: protocol.Scope | None) -> Filter:
    """The filter for a scope."""
    if scope is None:
        return Filter()
    return Filter(include=scope.include, exclude=scope.exclude, languages=scope.languages)


class Ranges:
    """Whole lines as LSP ranges. Texts are read once and cached, so use one instance per reply."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._lines: dict[tuple[Path, str], list[str]] = {}

    def __call__(
        self, root: Path, path: str, read: Callable[[str], str | None], start_line: int, end_line: int
    ) -> types.Range:
        """The range of lines (1-based, inclusive) of the file at `path` below `root`, which `read` reads."""
        key = (root, path)
        if key not in self._lines:
            text = read(path) or ""
            # A range takes no account of line ends, and cutting at one kind of them takes a tenth of the time.
            self._lines[key] = lines_with_ends(text) if "\r" in text else text.split("\n")
        return whole_lines(self._lines[key], start_line, end_line, self._encoding)
