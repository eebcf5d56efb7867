"""Places and scopes as LSP names them, and as the engine does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glossator.answers.gathering import Place
from glossator.index.records import Filter
from glossator.lsp.positions import encoding_name, lines_with_ends, whole_lines
from glossator.lsp.workspaces import to_uri

if TYPE_CHECKING:
    from lsprotocol import types

    from glossator.lsp import protocol
    from glossator.lsp.server import Server
    from glossator.project.root import Root


def filter_of(scope: protocol.Scope | None) -> Filter:
    """What a scope lets through."""
    if scope is None:
        return Filter()
    return Filter(include=scope.include, exclude=scope.exclude, languages=scope.languages)


class Ranges:
    """Line ranges as LSP ranges, reading each file once."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._lines: dict[tuple[Root, str], list[str]] = {}

    def __call__(self, root: Root, path: str, start_line: int, end_line: int) -> types.Range:
        """The range of whole lines, 1-based and inclusive."""
        key = (root, path)
        if key not in self._lines:
            self._lines[key] = lines_with_ends(root.text(path) or "")
        encoding = encoding_name(self._server.workspace.position_encoding)
        return whole_lines(self._lines[key], start_line, end_line, encoding)


def uri_in(root: Root, path: str) -> str:
    """The URI of a file of a root."""
    return to_uri(root.path / path)


def place_of(server: Server, uri: str, span: types.Range) -> Place | None:
    """The lines that a range touches; None outside of the open folders."""
    located = server.workspaces.locate(uri)
    if located is None:
        return None
    live, path = located
    end = span.end.line + (span.end.character > 0 or span.end.line == span.start.line)
    return Place(live.root, path, span.start.line + 1, max(end, span.start.line + 1))
