"""Ranked places to evidence: source text within a token budget, numbered, each piece with its place and its reason.

Text is read when the answer is given, from the disk or from unsaved buffers, and checked against the index: what has
moved is found again by its name, what is gone is left out. Lines are split at \\n, \\r\\n and \\r only.
"""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from glossator.index import terms as analysis
from glossator.retrieval.declarations import same_thing
from glossator.retrieval.graph import Graph, Relations
from glossator.retrieval.query import Query, parse_query
from glossator.retrieval.ranking_features import FUNCTION_KINDS, PROSE_LANGUAGES, TYPE_KINDS
from glossator.workspace.reading import split_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glossator.index.records import Filter, StoredEntry
    from glossator.retrieval.buffers import Overlay
    from glossator.retrieval.search import Hit, Searcher
    from glossator.workspace.reading import Read

    """Path -> the text that is to be answered from; None if there is none any more."""

Role = Literal["match", "symbol", "caller", "callee", "test", "sibling"]

CHARACTERS_PER_TOKEN = 3.5
"""What a token of source code comes to, where no model counts (3.2 to 3.9 for today's vocabularies)."""
PIECE_TOKENS = 12
"""What the fence and the heading of a piece cost in a prompt."""
SEARCHED = 14
"""Hits that are gathered from."""
MOST_PROSE = 2
"""Sections of documents among the evidence, where there is code too: a long manual has one for every word."""
WHOLE_SHARE = 0.4
"""Part of the budget that one whole symbol may take; the first may take half as much again."""
JOINED_LINES = 3
"""Pieces of one file that are no more lines apart are merged, unless one is a whole definition."""
OUTLINE_MEMBERS = 40
HEAD_LINES = 12
"""Lines of a type's head (doc, decorators, fields) that its outline begins with."""
EXCERPT_LINES = 40
"""Lines of the excerpt that stands for a definition which is too long for its share."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A numbered piece of the code base.

    Attributes:
        number: 1, 2, ... in order of importance.
        start_line, end_line: the lines that it was taken from (1-based, inclusive).
        why: how it came here, in words.
        text: what a model sees: the lines without common indentation, or an outline of them.
        tokens: what `text` costs, its heading included.
        role: what it is to the question.
        source: the lines start_line to end_line, joined with newlines.
        outline: whether `text` is an outline.
        entry: the index's entry; of merged pieces the first.
    """

    number: int
    path: str
    start_line: int
    end_line: int
    qualified_name: str
    kind: str
    why: str
    text: str
    tokens: int
    role: Role
    source: str
    outline: bool
    entry: StoredEntry


@dataclass(frozen=True, slots=True)
class Gathered:
    """Evidence for one question or symbol, and what the answer without a model needs besides.

    Attributes:
        question: what was asked; "" where a symbol is explained.
        query: the question, taken apart; None where a symbol is explained.
        subject: the symbol to explain, or the best symbol for the question; None if nothing was found.
        relations: what stands around the subject.
    """

    question: str
    query: Query | None
    evidence: tuple[Evidence, ...]
    subject: StoredEntry | None
    relations: Relations | None


def estimated_tokens(text: str) -> int:
    """Tokens of a text, where no model is at hand to count them."""
    return math.ceil(len(text) / CHARACTERS_PER_TOKEN)


def gather(
    searcher: Searcher,
    question: str,
    budget_tokens: int,
    *,
    read: Read,
    count_tokens: Callable[[str], int] = estimated_tokens,
    where: Filter | None = None,
    overlay: Overlay | None = None,
) -> Gathered:
    """Evidence for a question, at most `budget_tokens` of it.

    Raises:
        UsageError: the question holds nothing to search for.
    """
    hits = searcher.search(question, SEARCHED, where, overlay, by_symbol=True)
    query = parse_query(question)
    graph = Graph(searcher.store, overlay)
    sources = _Sources(graph, read, searcher)
    packer = _Packer(sources, query, budget_tokens, count_tokens)
    top = max((hit.score for hit in hits if not hit.exact), default=0.0)
    code = any(hit.entry.language not in PROSE_LANGUAGES for hit in hits)
    prose = 0
    for place, hit in enumerate(hits):
        if code and hit.entry.language in PROSE_LANGUAGES:
            prose += 1
            if prose > MOST_PROSE:
                continue
        value = max(0.05, math.exp(-max(0.0, top - hit.score) / 2)) / (1 + 0.15 * place)
        packer.offer(hit.entry, value, "match", hit.why, _shown(hit))
    subject = next((hit.entry for hit in hits if hit.kind != "block" and sources.located(hit.entry)), None)
    relations = graph.relations(subject) if subject else None
    if subject and relations and relations.parent:
        packer.offer(relations.parent, 0.25, "sibling", f"encloses `{subject.qualified_name}`", brief=True)
    return Gathered(question.strip(), query, packer.packed(), subject, relations)


def gather_symbol(
    searcher: Searcher,
    entry: StoredEntry,
    budget_tokens: int,
    *,
    read: Read,
    count_tokens: Callable[[str], int] = estimated_tokens,
    overlay: Overlay | None = None,
) -> Gathered:
    """Evidence for the explanation of a symbol: itself, then callers, callees, tests, what encloses it, siblings."""
    graph = Graph(searcher.store, overlay)
    relations = graph.relations(entry)
    sources = _Sources(graph, read, searcher)
    packer = _Packer(sources, None, budget_tokens, count_tokens)
    name = entry.qualified_name or f"{entry.path}:{entry.start_line}"
    packer.offer(entry, 10.0, "symbol", "the symbol itself")
    for place, other in enumerate(relations.callers[:5]):
        packer.offer(other, 0.9 - 0.12 * place, "caller", f"refers to `{name}`")
    for place, other in enumerate(relations.callees[:6]):
        packer.offer(other, 0.8 - 0.1 * place, "callee", f"`{name}` refers to it")
    for place, other in enumerate(relations.tests[:2]):
        packer.offer(other, 0.6 - 0.2 * place, "test", f"tests `{name}`")
    if relations.parent:
        packer.offer(relations.parent, 0.5, "sibling", f"encloses `{name}`", brief=True)
    for place, other in enumerate(relations.members[:4]):
        packer.offer(other, 0.7 - 0.1 * place, "callee", f"member of `{name}`")
    beside = [
        other
        for other in relations.siblings
        if not same_thing(other, entry)
        and not (other.stub and any(not one.stub and same_thing(one, other) for one in relations.siblings))
    ]
    for place, other in enumerate(beside[:2]):
        packer.offer(other, 0.2 - 0.08 * place, "sibling", f"stands beside `{name}`")
    return Gathered("", None, packer.packed(), entry, relations)


def _shown(hit: Hit) -> tuple[int, int] | None:
    entry = hit.entry
    return (
        None if (hit.start_line, hit.end_line) == (entry.start_line, entry.end_line) else (hit.start_line, hit.end_line)
    )


class _Sources:
    """The lines of files as they are now, and entries found again in them."""

    def __init__(self, graph: Graph, read: Read, searcher: Searcher) -> None:
        self.graph = graph
        self._read = read
        self._store = searcher.store
        self._lines: dict[str, list[str]] = {}
        self._refreshed = False

    def lines(self, path: str) -> list[str]:
        """The lines of a file; none if it is gone."""
        if path not in self._lines:
            text = self._read(path)
            self._lines[path] = [] if text is None else split_lines(text)
        return self._lines[path]

    def located(self, entry: StoredEntry) -> StoredEntry | None:
        """The entry where it stands now; None if it does not any more."""
        lines = self.lines(entry.path)
        if _stands(entry, lines):
            return entry
        if entry.kind == "block" or not lines:
            return None
        if not self._refreshed:
            self._store.refresh()
            self._refreshed = True
        for other in self.graph.entries_in(entry.path):
            if other.qualified_name == entry.qualified_name and other.part == entry.part and _stands(other, lines):
                return other
        return _moved(entry, lines)


def _stands(entry: StoredEntry, lines: Sequence[str]) -> bool:
    """Whether the text is what the index says, as far as name and length tell."""
    if not 1 <= entry.start_line <= entry.end_line <= len(lines):
        return False
    if entry.name and entry.part == 0 and entry.kind != "component" and 1 <= entry.name_line <= len(lines):
        return _bare(entry.name) in lines[entry.name_line - 1]
    return True


def _bare(name: str) -> str:
    words = analysis.words(name)
    return words[-1] if words else name


def _moved(entry: StoredEntry, lines: Sequence[str]) -> StoredEntry | None:
    """The entry at the nearest line that begins as its declaration did."""
    head = " ".join(entry.signature.split())[:60]
    if not head or not entry.name:
        return None
    near = sorted(range(len(lines)), key=lambda i: abs(i + 1 - entry.name_line))
    for i in near:
        line = " ".join(lines[i].split())
        if _bare(entry.name) in line and (line.startswith(head[:30]) or head.startswith(line[:30])) and len(line) > 3:
            shift = i + 1 - entry.name_line
            start = max(1, entry.start_line + shift)
            end = min(len(lines), entry.end_line + shift)
            return replace(entry, start_line=start, end_line=end, name_line=i + 1)
    return None


@dataclass(frozen=True, slots=True)
class _Offer:
    entry: StoredEntry
    value: float
    role: Role
    why: str
    start: int
    end: int
    place: int
    brief: bool


class _Packer:
    """Chooses what fits: the most telling per token first, whole symbols before excerpts and outlines."""

    def __init__(self, sources: _Sources, query: Query | None, budget: int, count_tokens: Callable[[str], int]) -> None:
        self._sources = sources
        self._budget = budget
        self._count = count_tokens
        self._words = {analysis.stem(word) for word in query.words} if query else set()
        self._offers: list[_Offer] = []

    def offer(
        self,
        entry: StoredEntry,
        value: float,
        role: Role,
        why: str,
        shown: tuple[int, int] | None = None,
        *,
        brief: bool = False,
    ) -> None:
        """Something that could go in, or, if `brief`, its outline; what is not there any more is ignored."""
        found = self._sources.located(entry)
        if found is None or any(offer.entry.id == found.id for offer in self._offers):
            return
        start, end = found.start_line, found.end_line
        if shown is not None:
            shift = found.start_line - entry.start_line
            start, end = max(start, shown[0] + shift), min(end, shown[1] + shift)
        if start <= end:
            self._offers.append(_Offer(found, value, role, why, start, end, len(self._offers), brief))

    def packed(self) -> tuple[Evidence, ...]:
        """The pieces that fit, merged where they touch, numbered by importance."""
        chosen: list[tuple[_Offer, Evidence]] = []
        left = self._budget
        waiting: list[_Offer] = []
        offers = sorted(self._offers, key=lambda offer: (-offer.value, offer.place))
        first = offers[:1]
        rest = offers[1:]
        costs = {id(offer): self._piece(offer, offer.start, offer.end) for offer in offers}
        rest.sort(key=lambda offer: -offer.value / math.sqrt(max(costs[id(offer)].tokens, 30)))
        for offer in [*first, *rest]:
            if any(_covers(piece, offer) for _, piece in chosen):
                continue
            whole = costs[id(offer)]
            share = WHOLE_SHARE * (1.5 if offer in first else 1.0) * self._budget
            long_type = offer.entry.kind in TYPE_KINDS and whole.end_line - whole.start_line > EXCERPT_LINES * 2
            if whole.tokens <= min(left, share) and not long_type and not offer.brief:
                chosen.append((offer, whole))
                left -= whole.tokens
            elif offer in first:
                shortened = self._shortened(offer, min(left, int(share)))
                if shortened:
                    chosen.append((offer, shortened))
                    left -= shortened.tokens
            else:
                waiting.append(offer)
        for offer in sorted(waiting, key=lambda one: -one.value):
            if any(_covers(piece, offer) for _, piece in chosen):
                continue
            shortened = self._shortened(offer, min(left, int(0.25 * self._budget)))
            if shortened:
                chosen.append((offer, shortened))
                left -= shortened.tokens
        chosen.sort(key=lambda pair: (-pair[0].value, pair[0].place))
        merged = self._merged([piece for _, piece in chosen])
        return tuple(replace(piece, number=number) for number, piece in enumerate(merged, 1))

    def _piece(self, offer: _Offer, start: int, end: int, text: str | None = None) -> Evidence:
        entry = offer.entry
        lines = self._sources.lines(entry.path)[start - 1 : end]
        source = "\n".join(lines)
        shown = textwrap.dedent(source) if text is None else text
        return Evidence(
            number=0,
            path=entry.path,
            start_line=start,
            end_line=end,
            qualified_name=entry.qualified_name,
            kind=entry.kind,
            why=offer.why,
            text=shown,
            tokens=self._count(shown) + PIECE_TOKENS,
            role=offer.role,
            source=source,
            outline=text is not None,
            entry=entry,
        )

    def _shortened(self, offer: _Offer, most: int) -> Evidence | None:
        """An outline of a type, or the lines of a definition that say most, within `most` tokens; None if not even
        its declaration fits."""
        entry = offer.entry
        if entry.kind in TYPE_KINDS:
            members = self._sources.graph.members(entry)
            for count in (OUTLINE_MEMBERS, 15, 5, 0):
                text = outline(entry, members, self._sources.lines(entry.path), count)
                piece = self._piece(offer, entry.start_line, entry.end_line, text)
                if piece.tokens <= most:
                    return piece
        lines = self._sources.lines(entry.path)
        for size in (EXCERPT_LINES * 2, EXCERPT_LINES, 20, 10, 5):
            start, end = best_lines(lines, offer.start, offer.end, size, self._words)
            piece = self._piece(offer, start, end)
            if piece.tokens <= most:
                return piece
        declaration = self._piece(offer, min(entry.name_line, offer.end), min(entry.name_line, offer.end))
        return declaration if declaration.tokens <= most and entry.kind in FUNCTION_KINDS | TYPE_KINDS else None

    def _merged(self, pieces: list[Evidence]) -> list[Evidence]:
        """Pieces of one file that touch, as one; each stands where its most important part stood."""
        out: list[Evidence] = []
        for piece in pieces:
            at = next((i for i, other in enumerate(out) if _touches(other, piece)), None)
            if at is None or piece.outline:
                out.append(piece)
                continue
            joined = out[at]
            while True:  # a union may touch a third piece
                start, end = min(joined.start_line, piece.start_line), max(joined.end_line, piece.end_line)
                source = "\n".join(self._sources.lines(piece.path)[start - 1 : end])
                text = textwrap.dedent(source)
                names = dict.fromkeys([*joined.qualified_name.split(", "), *piece.qualified_name.split(", ")])
                joined = replace(
                    joined,
                    start_line=start,
                    end_line=end,
                    text=text,
                    source=source,
                    tokens=self._count(text) + PIECE_TOKENS,
                    qualified_name=", ".join(name for name in names if name),
                    kind=joined.kind if joined.kind != "block" else piece.kind,
                )
                out[at] = joined
                other = next((i for i, one in enumerate(out) if i != at and _touches(one, joined)), None)
                if other is None:
                    break
                piece = out.pop(other)
                at -= other < at
        return out


def _touches(one: Evidence, other: Evidence) -> bool:
    """Whether two pieces are better shown as one: they overlap, or stand close and neither is a whole definition."""
    if one.path != other.path or one.outline or other.outline:
        return False
    gap = 0 if _is_whole(one) or _is_whole(other) else 1 + JOINED_LINES
    return one.start_line <= other.end_line + gap and other.start_line <= one.end_line + gap


def _is_whole(piece: Evidence) -> bool:
    entry = piece.entry
    return entry.kind != "block" and entry.end_line - entry.start_line <= piece.end_line - piece.start_line


def _covers(piece: Evidence, offer: _Offer) -> bool:
    return (
        piece.path == offer.entry.path
        and not piece.outline
        and piece.start_line <= offer.start
        and offer.end <= piece.end_line
    )


def outline(entry: StoredEntry, members: Sequence[StoredEntry], lines: Sequence[str], most: int) -> str:
    """The head of a type and the first line of each of its members, at most `most` of them."""
    wholes = [member for member in members if member.part == 0 and member.kind != "block"]
    first = min((member.start_line for member in wholes), default=entry.end_line + 1)
    head_end = min(max(first - 1, entry.name_line), entry.start_line + HEAD_LINES - 1, entry.end_line, len(lines))
    head = lines[entry.start_line - 1 : head_end]
    if entry.name_line > head_end:
        head = [*head[:3], lines[entry.name_line - 1]]
    out = [line for line in head if line.strip()]
    for member in wholes[:most]:
        line = lines[member.name_line - 1] if member.name_line <= len(lines) else ""
        out.append(line.rstrip().rstrip("{:").rstrip())
    if len(wholes) > most:
        out.append(f"    … and {len(wholes) - most} more members" if most else f"    … {len(wholes)} members")
    return textwrap.dedent("\n".join(out))


def best_lines(lines: Sequence[str], start: int, end: int, size: int, words: set[str]) -> tuple[int, int]:
    """The `size` lines between `start` and `end` (1-based, inclusive) that hold most of the words (stems).

    Each word counts once in a window, and a little again for each further line; of equals the first window is taken.
    """
    if end - start + 1 <= size:
        return start, end
    met = [{term for term in analysis.analyze(lines[i - 1]) if term in words} for i in range(start, end + 1)]
    best, best_score = start, -1.0
    for offset in range(len(met) - size + 1):
        window = met[offset : offset + size]
        score = len(set().union(*window)) + 0.1 * sum(map(len, window))
        if score > best_score + 1e-9:
            best, best_score = start + offset, score
    return best, best + size - 1
