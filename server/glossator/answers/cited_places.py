"""The places that an answer made from facts cites, each once, numbered in the order in which they are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glossator.answers.evidence import Evidence, estimated_tokens
from glossator.answers.packing import unindexed_entry
from glossator.answers.root_view import RootView
from glossator.answers.told_answers import citation_mark

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from glossator.answers.evidence import EvidenceRole
    from glossator.project.root import Root
    from glossator.retrieval.use_records import NamedSymbol
    from glossator.retrieval.uses import UseFinder

DEFINITION_LINES = 20
"""Lines of a definition that are cited at most."""


class CitedPlaces:
    """Collects evidence."""

    def __init__(self, roots: Sequence[Root]) -> None:
        """`roots` are the folders that places may be in."""
        self._views = {root.path: RootView.of(root) for root in roots}
        self._evidence: dict[tuple[str, str, int, int], Evidence] = {}

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What was cited."""
        return tuple(self._evidence.values())

    def cite_symbol(self, root: Path, finder: UseFinder, symbol: NamedSymbol, role: EvidenceRole, why: str) -> str:
        """The mark of a symbol's definition."""
        names = (symbol.qualified_name,) if symbol.language else ()
        end = min(symbol.end_line, symbol.line + DEFINITION_LINES)
        return self.cite(root, finder, (symbol.path, symbol.start_line, end), names, symbol.kind, why, role)

    def cite(
        self,
        root: Path,
        finder: UseFinder,
        place: tuple[str, int, int],
        names: tuple[str, ...],
        kind: str,
        why: str,
        role: EvidenceRole,
    ) -> str:
        """The mark of lines of a file.

        Args:
            root: its root's folder.
            finder: reads the file.
            place: its path, and the first and the last line (1-based).
            names: what stands there, by its qualified name; empty for a file.
            kind: what kind of symbol that is.
            why: why it is cited.
            role: what it is in the answer.
        """
        path, start, end = place
        key = (str(root), path, start, end)
        if key not in self._evidence:
            lines = finder.lines(path)[start - 1 : end]
            source = "\n".join(lines)
            entry = self._views[root].entry_at(path, start) if names and root in self._views else None
            if entry is None or entry.qualified_name != names[0]:
                entry = unindexed_entry(path, start, end)
            self._evidence[key] = Evidence(
                number=len(self._evidence) + 1,
                root=root,
                path=path,
                start_line=start,
                end_line=max(start, start + len(lines) - 1),
                names=names,
                kind=kind,
                why=why,
                text=source,
                tokens=estimated_tokens(source),
                role=role,
                form="source",
                source=source,
                entry=entry,
            )
        return citation_mark(self._evidence[key].number)
