"""Conditional compilation: the readings of a file whose `#if` branches share a brace or a statement.

    #if NET8_0
        public void Save(int id) {
    #else
        public void Save() {
    #endif
            Run();
        }

A grammar that knows conditionals takes each branch for a whole number of statements. Where branches share what encloses
them, it sees one brace too many and loses everything around. So such conditionals are taken out: a *reading* keeps one
branch of each, and has blanks for the directives and the other branches, so that all offsets stay. Conditions that
occur again (`#ifdef A ... if (x) { ... #endif`, later `#ifdef A ... } ... #endif`) are decided alike. Together the
readings show every branch, up to `MAX_READINGS` of one conditional.

Nothing here parses: whether a branch is complete is told from its braces, its first word and its last character.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from glossator.index.texts import blanked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_READINGS: Final = 4
"""Files with more alternatives than this keep the code of the others as text without definitions."""
_DIRECTIVE: Final = re.compile(
    rb"^[ \t]*#[ \t]*(ifdef|ifndef|if|elifdef|elifndef|elif|else|endif)\b((?:[^\\\n]|\\(?:\r\n|\n|.)?)*)", re.MULTILINE
)
_NOISE: Final = re.compile(
    rb"/\*(?:.*?\*/|.*)|//(?:[^\\\n]|\\(?:\r\n|.)?)*|^[ \t]*#(?:[^\\\n]|\\(?:\r\n|.)?)*"
    rb"|R(\")(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)\"|@(\")(?:[^\"]|\"\")*\""
    rb"|(\")[^\"\\\n]*(?:\\(?:\r\n|.)[^\"\\\n]*)*\"|(')[^'\\\n]{0,8}(?:\\.[^'\\\n]{0,8})?'",
    re.MULTILINE | re.DOTALL,
)
"""Comments and other directives, and strings and characters, whose opening quote stays."""
_COMMENT: Final = re.compile(rb"/\*(?:.*?\*/|.*)|//[^\n]*", re.DOTALL)
_BRACE: Final = re.compile(rb"[{}]")
_CONTINUES: Final = re.compile(rb"(?:else|catch|finally|while|where)\b|[^\w\s;{}~#@\"'\[(*&:]|&&|\[\[?\]|:(?!:)")
"""How a branch begins that continues a statement."""
_DEFINED: Final = re.compile(rb"(!?)\s*(?:defined\b\s*)?\(?\s*(\w+)\s*\)?")
_WORD: Final = re.compile(rb"\b[A-Za-z_]\w{2,60}\b")
_MOST_WORDS: Final = 20_000
"""So many words are taken from branches that are never shown."""
_CLOSED: Final = frozenset(b";{}:")
"""Characters after which a new statement begins."""
_NOTHING: Final = -1


@dataclass(slots=True)
class _Branch:
    """One branch of a conditional: what is between two of its directives."""

    condition: tuple[bytes, bool] | None
    """What must be true, normalised; None for `#else`."""
    directive: tuple[int, int]
    start: int
    end: int = 0
    groups: list[_Group] = field(default_factory=list)


@dataclass(slots=True)
class _Group:
    """A conditional, from `#if` to `#endif`."""

    branches: list[_Branch] = field(default_factory=list)
    endif: tuple[int, int] = (0, 0)
    suspect: bool = False
    """Whether one of its directives is where the grammar failed."""
    incomplete: bool = False

    @property
    def start(self) -> int:
        return self.branches[0].directive[0]

    @property
    def end(self) -> int:
        return self.endif[1]


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a stretch of code means for what is around it.

    `net`: braces opened less braces closed. `low`: the lowest depth, 0 at its start. `continues`: whether it begins
    inside a statement. `last`: its last character, -1 where it holds no code.
    """

    net: int = 0
    low: int = 0
    continues: bool = False
    last: int = _NOTHING

    @property
    def is_open(self) -> bool:
        """Whether it ends inside a statement."""
        return self.last != _NOTHING and self.last not in _CLOSED


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a file. Ranges are sorted and disjoint.

    Attributes:
        data: as long as the file.
        changed: where it differs from the file.
        hidden: the branches that are blanked.
        groups: the conditionals that were taken out, from `#if` to the end of `#endif`, the outermost ones only.
    """

    data: bytes
    changed: tuple[tuple[int, int], ...]
    hidden: tuple[tuple[int, int], ...]
    groups: tuple[tuple[int, int], ...]


class Conditionals:
    """The conditionals of a file whose branches are not complete; iterating gives the readings.

    Args:
        data: the file.
        damaged: sorted, disjoint ranges that the grammar could not make sense of. Only conditionals with a directive in
            one of them are taken out.

    The first reading takes the first branch of each that may be compiled at all, which that of `#if 0` may not.
    """

    def __init__(self, data: bytes, damaged: Sequence[tuple[int, int]]) -> None:
        self._data = data
        self._top = _groups(data)
        self.any = bool(self._top) and _mark_incomplete(data, self._top, damaged)

    def __iter__(self) -> Iterator[Reading]:
        shown: set[int] = set()
        for number in range(MAX_READINGS if self.any else 0):
            reading, news = _read(self._data, self._top, shown)
            if number and not news:
                return
            yield reading


def has_conditional(code: bytes) -> bool:
    """Whether a stretch of code is not the same in all builds."""
    return _DIRECTIVE.search(code) is not None


def words_never_shown(data: bytes, readings: Sequence[Reading | None]) -> list[tuple[int, str]]:
    """The words of code, each with its first byte, in branches that none of the readings shows, if these are as many as
    there are at most: what else may be compiled is read in no tree."""
    hidden = [reading.hidden for reading in readings if reading is not None]
    if len(hidden) < MAX_READINGS:
        return []
    never = hidden[0]
    for other in hidden[1:]:
        never = _common(never, other)
    code = _NOISE.sub(lambda found: blanked(found[0]), data) if never else data
    found = (match for start, end in never for match in _WORD.finditer(code, start, end))
    return [(match.start(), match[0].decode()) for match in found][:_MOST_WORDS]


def _common(ranges: Sequence[tuple[int, int]], others: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """What sorted, disjoint ranges share with others."""
    found: list[tuple[int, int]] = []
    index = 0
    for start, end in ranges:
        while index < len(others) and others[index][1] <= start:
            index += 1
        at = index
        while at < len(others) and others[at][0] < end:
            found.append((max(start, others[at][0]), min(end, others[at][1])))
            at += 1
    return tuple(found)


def _groups(data: bytes) -> list[_Group]:
    """The outermost conditionals of a file. One without `#endif` is left out, with those in it taken for outermost."""
    top: list[_Group] = []
    open_: list[_Group] = []
    for found in _DIRECTIVE.finditer(data):
        word, place = found[1], (found.start(), found.end())
        if place[1] > place[0] and data[place[1] - 1 : place[1]] == b"\r":
            place = (place[0], place[1] - 1)
        if word.startswith(b"if"):
            open_.append(_Group([_Branch(_condition(word, found[2]), place, place[1])]))
        elif open_:
            group = open_[-1]
            group.branches[-1].end = place[0]
            if word == b"endif":
                group.endif = place
                open_.pop()
                (open_[-1].branches[-1].groups if open_ else top).append(group)
            else:
                condition = None if word == b"else" else _condition(word.removeprefix(b"el"), found[2])
                group.branches.append(_Branch(condition, place, place[1]))
    for group in open_:
        for branch in group.branches:
            top.extend(branch.groups)
    top.sort(key=lambda group: group.start)
    return top


def _condition(word: bytes, rest: bytes) -> tuple[bytes, bool]:
    """A condition as (expression, wanted truth), the same for `#ifndef A`, `#if !defined(A)` and `#if !A`."""
    text = b" ".join(_COMMENT.sub(b" ", rest.replace(b"\\\r\n", b" ").replace(b"\\\n", b" ")).split())
    if word == b"ifdef":
        return text, True
    if word == b"ifndef":
        return text, False
    simple = _DEFINED.fullmatch(text)
    return (simple[2], not simple[1]) if simple else (text, True)


def _mark_incomplete(data: bytes, top: list[_Group], damaged: Sequence[tuple[int, int]]) -> bool:
    """Set `incomplete` where branches share something with what is around them; whether any is."""
    starts = [start for start, _ in damaged]

    def is_damaged(place: tuple[int, int]) -> bool:
        index = bisect_right(starts, place[0]) - 1
        return index >= 0 and place[0] < damaged[index][1]

    suspects: list[_Group] = []
    pending = [(group, False) for group in top]
    while pending:
        group, inside = pending.pop()
        suspect = is_damaged(group.endif) or any(is_damaged(branch.directive) for branch in group.branches)
        if suspect and not inside and _is_guard(data, group, top):
            suspect = False
        group.suspect = suspect
        if suspect or inside:
            suspects.append(group)
        for branch in group.branches:
            pending.extend((inner, suspect or inside) for inner in branch.groups)
    if not suspects:
        return False
    # The shape of a branch is made of those of the groups in it: from the innermost outwards.
    shapes: dict[int, _Shape] = {}
    for group in reversed(suspects):
        found = [_shape(data, branch, shapes) for branch in group.branches]
        group.incomplete = group.suspect and any(
            shape.net or shape.low < 0 or shape.continues or shape.is_open for shape in found
        )
        live = [shape for shape, branch in zip(found, group.branches, strict=True) if not _is_dead(branch)]
        shapes[id(group)] = next((shape for shape in live if shape.last != _NOTHING), _Shape())
    # What stands before a group is known from the outermost inwards.
    contexts = [(top, 0, _NOTHING)]
    while contexts:
        groups, at, last = contexts.pop()
        for group in groups:
            shape = shapes.get(id(group))
            if shape is None:
                last = _NOTHING
            else:
                before = _last(data, at, group.start)
                last = before if before != _NOTHING else last
                if group.suspect and last != _NOTHING and last not in _CLOSED and shape.last != _NOTHING:
                    group.incomplete = True
            contexts.extend((branch.groups, branch.start, last) for branch in group.branches if branch.groups)
            if shape is not None and shape.last != _NOTHING:
                last = shape.last
            at = group.end
    return any(group.incomplete for group in suspects)


def _is_guard(data: bytes, group: _Group, top: list[_Group]) -> bool:
    """Whether a conditional is what keeps a header from being read twice."""
    return (
        len(top) == 1
        and len(group.branches) == 1
        and group.branches[0].condition is not None
        and not group.branches[0].condition[1]
        and not _COMMENT.sub(b"", data[group.end :]).strip()
        and _last(data, 0, group.start) == _NOTHING
    )


def _shape(data: bytes, branch: _Branch, shapes: dict[int, _Shape]) -> _Shape:
    net = low = 0
    continues, last = False, _NOTHING
    at = branch.start
    for group in [*branch.groups, None]:
        code = _NOISE.sub(rb"\1\3\4\5", data[at : group.start if group else branch.end]).strip()
        if code:
            if b"{" in code or b"}" in code:
                for brace in _BRACE.findall(code):
                    net += 1 if brace == b"{" else -1
                    low = min(low, net)
            if last == _NOTHING:
                continues = _CONTINUES.match(code) is not None
            last = code[-1]
        if group is None:
            break
        inner = shapes[id(group)]
        if inner.last != _NOTHING:
            if last == _NOTHING:
                continues = inner.continues
            low = min(low, net + inner.low)
            net += inner.net
            last = inner.last
        at = group.end
    return _Shape(net, low, continues, last)


def _last(data: bytes, start: int, end: int) -> int:
    """The last byte of code in a range, directives and comments left out; -1 if there is none."""
    while True:
        end = start + len(data[max(start, end - 400) : end].rstrip()) + max(0, end - 400 - start)
        if end <= start:
            return _NOTHING
        if data[end - 1] in b" \t\r\n\f\v":
            continue
        if data[end - 2 : end] == b"*/":
            end = max(start, data.rfind(b"/*", start, end))
            continue
        line = max(start, data.rfind(b"\n", start, end) + 1)
        while line > start and data[start:line].rstrip(b"\r\n").endswith(b"\\"):
            line = max(start, data.rfind(b"\n", start, line - 1) + 1)
        text = data[line:end]
        if text.lstrip()[:1] == b"#":
            end = line
            continue
        comment = text.find(b"//")
        if comment >= 0 and not text.count(b'"', 0, comment) % 2:
            end = line + comment
            continue
        return data[end - 1]


def _read(data: bytes, top: list[_Group], shown: set[int]) -> tuple[Reading, bool]:
    """A reading that prefers branches not in `shown`, to which it adds; and whether it shows any for the first time."""
    assumed: dict[bytes, bool] = {b"0": False, b"1": True}
    pending = list(reversed(top))
    wanted: list[_Group] = []
    while pending:
        group = pending.pop()
        if group.incomplete:
            wanted.append(group)
        for branch in reversed(group.branches):
            pending.extend(reversed(branch.groups))
    for group in wanted:
        # Assume what shows a branch that no reading has shown, unless it contradicts what is assumed already.
        if (shown and id(group.branches[0]) in shown) or _is_dead(group.branches[0]):
            for index, branch in enumerate(group.branches):
                if id(branch) not in shown and not _is_dead(branch):
                    needed = _needed(group, index)
                    if all(assumed.get(expression, truth) == truth for expression, truth in needed):
                        assumed.update(needed)
                        break
    hidden: list[tuple[int, int]] = []
    taken: list[tuple[int, int]] = []
    taken_out: list[tuple[int, int]] = []
    news = False
    stack = [(group, False) for group in reversed(top)]
    while stack:
        group, inside = stack.pop()
        chosen: _Branch | None = None
        if group.incomplete:
            chosen = _choice(group, assumed)
            if not inside:
                taken_out.append((group.start, group.end))
            taken.extend(branch.directive for branch in group.branches)
            taken.append(group.endif)
            for branch in group.branches:
                if branch is chosen:
                    news = news or id(branch) not in shown
                    shown.add(id(branch))
                elif branch.start < branch.end:
                    hidden.append((branch.start, branch.end))
        for branch in reversed(group.branches):
            if not group.incomplete or branch is chosen:
                stack.extend((inner, inside or group.incomplete) for inner in reversed(branch.groups))
    changed = sorted((*hidden, *taken))
    masked = bytearray(data)
    for start, end in changed:
        masked[start:end] = blanked(data[start:end])
    return Reading(bytes(masked), tuple(changed), tuple(sorted(hidden)), tuple(sorted(taken_out))), news


def _is_dead(branch: _Branch) -> bool:
    return branch.condition == (b"0", True)


def _needed(group: _Group, index: int) -> list[tuple[bytes, bool]]:
    """What must be so for a branch to be compiled."""
    needed = [
        (branch.condition[0], not branch.condition[1])
        for branch in group.branches[:index]
        if branch.condition is not None
    ]
    condition = group.branches[index].condition
    return needed if condition is None else [*needed, condition]


def _choice(group: _Group, assumed: dict[bytes, bool]) -> _Branch | None:
    """The first branch that what is assumed allows, which adds to it; None if it allows none."""
    for branch in group.branches:
        if branch.condition is None:
            return branch
        expression, truth = branch.condition
        if assumed.setdefault(expression, truth) == truth:
            return branch
    return None
