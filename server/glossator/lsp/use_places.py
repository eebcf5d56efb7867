"""Uses of symbols as the types of the protocol: exact ranges in the negotiated position encoding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from glossator.lsp import protocol
from glossator.lsp.conversion import to_uri
from glossator.lsp.positions import to_units

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from glossator.retrieval.use_records import Caller, NamedSymbol, SymbolUses, UsePlace
    from glossator.retrieval.uses import UseFinder


class UsePlaces:
    """Converts symbols and places. Names of symbols are found in the lines of their files, if a finder reads them."""

    def __init__(self, encoding: str, finder: UseFinder | None = None) -> None:
        self._encoding = encoding
        self._finder = finder

    def range(self, place: UsePlace) -> types.Range:
        """The range of the name at a place."""
        return self._span(place.text, place.line, place.column, place.column + len(place.name))

    def name_range(self, symbol: NamedSymbol) -> types.Range:
        """The range of a symbol's name."""
        lines = self._finder.lines(symbol.path) if self._finder is not None else ()
        text = lines[symbol.line - 1] if symbol.line <= len(lines) else ""
        column = len(text.encode()[: symbol.column].decode(errors="ignore"))
        if not text.startswith(symbol.name, column):
            column = max(text.find(symbol.name), 0)
        end = column + (len(symbol.name) if text.startswith(symbol.name, column) else 0)
        return self._span(text, symbol.line, column, end)

    def whole_range(self, symbol: NamedSymbol) -> types.Range:
        """The range of a symbol's lines."""
        lines = self._finder.lines(symbol.path) if self._finder is not None else ()
        last = min(symbol.end_line, max(len(lines), 1))
        text = lines[last - 1] if lines else ""
        first = min(symbol.start_line, last)
        return types.Range(types.Position(first - 1, 0), types.Position(last - 1, self._units(text, len(text))))

    def _span(self, text: str, line: int, start: int, end: int) -> types.Range:
        return types.Range(
            types.Position(line - 1, self._units(text, start)), types.Position(line - 1, self._units(text, end))
        )

    def _units(self, text: str, index: int) -> int:
        return to_units(text, index, self._encoding)

    def symbol(self, root: Path, symbol: NamedSymbol) -> protocol.SymbolPlace:
        """A symbol of a root."""
        return protocol.SymbolPlace(
            uri=to_uri(root / symbol.path),
            range=self.name_range(symbol),
            kind=symbol.kind,
            name=symbol.name,
            qualified_name=symbol.qualified_name,
        )

    def uses(self, root: Path, told: SymbolUses, callers: Sequence[Caller] = ()) -> protocol.SymbolUses:
        """The uses of a symbol of a root."""
        return protocol.SymbolUses(
            symbol=self.symbol(root, told.symbol),
            uses=tuple(
                protocol.UsePlace(
                    uri=to_uri(root / place.path),
                    range=self.range(place),
                    kind=place.kind,
                    grade=place.grade,
                    symbol=place.owner.qualified_name if place.owner is not None else "",
                    test=place.test,
                    code=place.code,
                )
                for place in told.places
            ),
            unread_files=told.unread,
            unused=told.unused,
            callers=tuple(
                protocol.SymbolCaller(
                    symbol=self.symbol(root, caller.symbol), depth=caller.depth, calls=caller.calls.qualified_name
                )
                for caller in callers
            ),
        )
