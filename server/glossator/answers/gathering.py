"""What is asked, and the evidence for it: of what is pinned, of what the question is about, of what searches find.

Over all roots of a session. What becomes of the evidence is `answering.py`'s affair.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from glossator.answers.evidence import Evidence, Gathered, gather, gather_symbol
from glossator.errors import SymbolNotFoundError
from glossator.workspace.reading import disk_reader, split_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glossator.index.records import Filter, StoredEntry
    from glossator.project.root import Root
    from glossator.project.session import Session
    from glossator.workspace.reading import Read

FOCUS_SHARE = 0.5
"""Part of the budget for what surrounds the symbol that a question is about."""


@dataclass(frozen=True, slots=True)
class Place:
    """Lines of a file of a root (1-based, inclusive)."""

    root: Root
    path: str
    start_line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and where to look."""

    text: str
    where: Filter | None = None
    focus: Place | None = None
    """The symbol (one line) or selection (several) that it is about."""
    pinned: tuple[Place, ...] = ()
    removed: tuple[Place, ...] = ()
    conversation_id: str | None = None


@dataclass(slots=True)
class Piece:
    """Evidence of one root."""

    root: Root
    evidence: Evidence


@dataclass(slots=True)
class Material:
    """All evidence of one answer, best first, and what the index's own answer needs."""

    pieces: list[Piece] = field(default_factory=list)
    gathered: Gathered | None = None


def reader(root: Root) -> Read:
    """Reads the files of a root as they are on screen, else on disk."""
    return disk_reader(root.path, root.settings, root.buffer_texts())


def for_question(session: Session, question: Question, budget: int, count: Callable[[str], int]) -> Material:
    """Evidence for a question: what is pinned, what it is about, then what search finds in each root."""
    material = Material()
    left = budget
    for place in question.pinned:
        left -= _add_place(material, place, "pinned", count)
    focus = question.focus
    about = ""
    if focus is not None:
        entry = focus.root.entry_at(focus.path, focus.start_line)
        if focus.end_line > focus.start_line or entry is None:
            left -= _add_place(material, focus, "selected", count)
        if entry is not None and entry.kind != "block":
            about = f" `{entry.qualified_name}`"
            share = int(left * FOCUS_SHARE)
            found = for_symbol(focus.root, entry, share, count)
            left -= _add(material, found.pieces)
            material.gathered = found.gathered
    searched: list[tuple[float, Root]] = []
    for root in session.roots:
        hits = root.search(question.text + about, 1, question.where)
        if hits:
            searched.append((hits[0].score, root))
    searched.sort(key=lambda item: -item[0])
    for place_in_order, (_, root) in enumerate(searched):
        searcher = root.searcher()
        if searcher is None or left <= 0:
            continue
        share = left if place_in_order == len(searched) - 1 else int(left * 0.7)
        with root.searching():
            gathered = gather(
                searcher,
                question.text + about,
                share,
                read=reader(root),
                count_tokens=count,
                where=question.where,
                overlay=root.overlay(),
            )
        left -= _add(material, [Piece(root, item) for item in gathered.evidence])
        if material.gathered is None:
            material.gathered = gathered
    _remove(material, question.removed)
    return material


def for_symbol(root: Root, entry: StoredEntry, budget: int, count: Callable[[str], int]) -> Material:
    """Evidence for the explanation of a symbol.

    Raises:
        SymbolNotFoundError: the root has no index yet.
    """
    searcher = root.searcher()
    if searcher is None:
        raise SymbolNotFoundError(f"{root.path} has no index yet")
    with root.searching():
        gathered = gather_symbol(searcher, entry, budget, read=reader(root), count_tokens=count, overlay=root.overlay())
    return Material([Piece(root, item) for item in gathered.evidence], gathered)


def _add_place(material: Material, place: Place, why: str, count: Callable[[str], int]) -> int:
    """Add the lines of a place as they are; returns their tokens."""
    text = reader(place.root)(place.path)
    if text is None:
        return 0
    lines = split_lines(text)
    start, end = max(place.start_line, 1), min(place.end_line, len(lines))
    if start > end:
        return 0
    entry = place.root.entry_at(place.path, start) or place.root.unknown_entry(place.path, start, end)
    source = "\n".join(lines[start - 1 : end])
    tokens = count(source)
    piece = Evidence(
        0,
        place.path,
        start,
        end,
        entry.qualified_name,
        entry.kind,
        why,
        source,
        tokens,
        "symbol",
        source,
        outline=False,
        entry=entry,
    )
    return _add(material, [Piece(place.root, piece)])


def _add(material: Material, pieces: Sequence[Piece]) -> int:
    """Add pieces that are not there yet; returns their tokens."""
    used = 0
    for piece in pieces:
        if not any(_covers(known, piece) for known in material.pieces):
            material.pieces.append(piece)
            used += piece.evidence.tokens
    return used


def _covers(known: Piece, piece: Piece) -> bool:
    one, other = known.evidence, piece.evidence
    return (
        known.root is piece.root
        and one.path == other.path
        and one.start_line <= other.start_line
        and other.end_line <= one.end_line
    )


def _remove(material: Material, places: Sequence[Place]) -> None:
    material.pieces = [
        piece
        for piece in material.pieces
        if not any(
            piece.root is place.root
            and piece.evidence.path == place.path
            and piece.evidence.start_line <= place.end_line
            and place.start_line <= piece.evidence.end_line
            for place in places
        )
    ]
