"""The answer that needs no model: what the index knows, in short Markdown with citations.

Everything said here was read from the evidence or counted in the index. It is marked as such, with the way to install a
model.
"""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

from glossator.answers.declaration_lines import find_declaration
from glossator.answers.use_wording import counted_places, possible_words
from glossator.retrieval.declarations import overloads
from glossator.retrieval.kinds import PROSE_LANGUAGES, TYPE_KINDS
from glossator.workspace.place_text import place_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from glossator.answers.declaration_lines import Declaration
    from glossator.answers.evidence import Evidence, Material, Worth
    from glossator.index.records import StoredEntry
    from glossator.retrieval.relations import Relations

EXCERPT = 20
"""Lines of code shown of the best place."""
_VALUES = frozenset({"constant", "variable", "field", "enum_member"})
"""Kinds of which what follows the name is worth as much as the name: they have no body of their own."""
NAMES = 5
"""Names listed of callers, callees, tests."""
OVERLOADS = 8
"""Overloads whose signatures are shown."""
RELEVANT = 0.04
"""Relevance, of 1 for the best match, below which a place is not listed: what it shares with the question is chance."""
TELLING = 0.05
"""Relevance from which on a place is shown with its lines."""
FURTHER_PLACES = 4
"""Places whose lines are shown besides the best one's."""
FURTHER_LINES = 10
"""Lines of each. Of the known facts of `scripts/bench_answers.py` (split "tune", repositories left out of the fit of
the ranking), answers with these figures state .784 in 814 tokens; with 14, 3 and 16 lines .758 in 816 tokens."""
DOC_BEGINS = 3
"""Lines after the declaration in which documentation begins, if it stands in the body."""
BLOCK_END = 3
"""Lines are not shown from a line on behind which the block ends within so many lines."""
MOST_WINDOWS = 200
"""Places in a definition at which its best lines are looked for."""
PLACES = 6
"""Related places listed."""
HARDLY_ANSWERED = "The code found does not seem to say."
"""Where the question and the code have little in common; a small model answers all the same."""
FAR_NOTE = f"{HARDLY_ANSWERED} What comes nearest:"
NOTE = "*Made from the index alone, without a language model.*"

_TAG = re.compile(r"\s*(@\w|:(param|type|returns?|rtype|raises)\b)")
_SENTENCE = re.compile(r"(?<=[.!?。])(?=\s|$)")
_OPENS = re.compile(r"^\s*(?:(?:=>|->|[=:])\s*)?")
_FENCE_NAMES = {"csharp": "cs", "protobuf": "proto", "ocaml_interface": "ocaml", "text": ""}


def evidence_answer(material: Material, *, note: str = NOTE) -> str:
    """The answer to a question, or the explanation of a symbol, from its evidence alone; it ends with `note`."""
    notes = [f"*{note}*" for note in material.notes]
    if not material.evidence:
        return "\n\n".join(["Nothing in the index matches.", *notes, *filter(None, [note])])
    subject, root = material.subject, material.subject_root
    if material.explains and subject is not None and root is not None:
        parts = _explained(material, subject, root)
    else:
        found = next((piece for piece in material.evidence if piece.role == "match"), material.evidence[0])
        if subject is None or root != found.root or not (found.entry.id == subject.id or _holds(found, subject)):
            subject, root = found.entry, found.root
        parts = _answered(material, subject, root)
    far = [FAR_NOTE] if material.is_far else []
    return "\n\n".join([*far, *filter(None, parts), *notes, *filter(None, [note])]) + "\n"


def _answered(material: Material, subject: StoredEntry, root: Path) -> list[str]:
    """The best place first, in words and code, then how it is used, then the others."""
    own = [piece for piece in material.evidence if piece.root == root]
    # Its own piece need not have its first line, where that says nothing ("/**").
    itself = next((piece for piece in own if piece.entry.id == subject.id), None)
    main = itself or next((piece for piece in own if _holds(piece, subject)), material.evidence[0])
    worth = material.worth or _no_worth
    declaration, body = _shown_code(subject, main, worth)
    parts = [_lead(subject, main, material.relations), declaration, _overloads(subject, material.relations), body]
    if material.relations is not None and material.subject is not None and subject.id == material.subject.id:
        parts.append(_use(material.relations, own))
    others = [piece for piece in material.evidence if piece is not main and piece.relevance >= RELEVANT]
    further = [piece for piece in others if piece.relevance >= TELLING and _is_code(piece)][:FURTHER_PLACES]
    parts += [_further(piece, worth) for piece in _in_reading_order(further)]
    parts.append(_others([piece for piece in others if piece not in further], "See also"))
    return parts


def _is_code(piece: Evidence) -> bool:
    return piece.entry.language not in PROSE_LANGUAGES or piece.kind == "section"


def _in_reading_order(pieces: Sequence[Evidence]) -> list[Evidence]:
    """The best file's pieces first, those of one file as they stand in it."""
    files = list(dict.fromkeys(piece.file for piece in pieces))
    return sorted(pieces, key=lambda piece: (files.index(piece.file), piece.start_line))


def _further(piece: Evidence, worth: Worth) -> str:
    """A further place that answers: what it is, and the lines of it that say most."""
    entry = piece.entry
    doc = _sentence(entry.doc)
    kind = "Lines" if entry.kind == "block" else entry.kind.replace("_", " ").capitalize()
    name = f" {_code(entry)}" if entry.name else ""
    lines = piece.text.split("\n")
    numbers = piece.line_numbers or tuple(range(piece.start_line, piece.start_line + len(lines)))
    if len(lines) > FURTHER_LINES:
        first, last = best_lines(lines, 1, len(lines), FURTHER_LINES, worth)
        lines, numbers = lines[first - 1 : last], numbers[first - 1 : last]
    while lines and lines[-1].strip() in ("", "..."):
        lines, numbers = lines[:-1], numbers[:-1]
    while lines and lines[0].strip() in ("", "..."):
        lines, numbers = lines[1:], numbers[1:]
    shown = [number for number in numbers if number] or [piece.start_line]
    where = _span(piece.path, min(shown), max(shown))
    if doc and _says_no_more(lines, doc):
        return f"**{kind}{name}** in {where} [{piece.number}]: {doc}"
    code = _fenced(textwrap.dedent("\n".join(lines)), _language(entry))
    return f"**{kind}{name}** in {where} [{piece.number}]{f': {doc}' if doc else ':'}\n\n{code}"


def _says_no_more(lines: Sequence[str], doc: str) -> bool:
    """Whether all words of these lines stand in a sentence of documentation already: the lines need not be shown."""
    said = set(re.findall(r"\w+", doc.lower()))
    return all(word in said for line in lines for word in re.findall(r"\w+", line.lower()))


def _explained(material: Material, subject: StoredEntry, root: Path) -> list[str]:
    own = [piece for piece in material.evidence if piece.root == root]
    main = next((piece for piece in own if piece.role == "symbol"), material.evidence[0])
    declaration, body = _shown_code(subject, main, material.worth or _no_worth, body=subject.kind not in TYPE_KINDS)
    relations = material.relations
    parts = [_lead(subject, main, relations, whole_doc=True), declaration, _overloads(subject, relations)]
    if relations is not None:
        if relations.parent is not None and relations.parent.name:
            cited = _cited(relations.parent, own)
            parts.append(f"It belongs to {relations.parent.kind.replace('_', ' ')} {_code(relations.parent)}{cited}.")
        if relations.members:
            names = list(dict.fromkeys(member.name for member in relations.members))
            listed = ", ".join(f"`{name}`" for name in names[:12])
            more = f" and {len(names) - 12} more" if len(names) > 12 else ""
            parts.append(f"**Members:** {listed}{more}.")
        parts.append(_use(relations, own))
    parts.append(body)
    related = [piece for piece in material.evidence if piece is not main and piece.relevance >= RELEVANT]
    parts.append(_others(related, "Related places"))
    return parts


def _holds(piece: Evidence, entry: StoredEntry) -> bool:
    return piece.path == entry.path and piece.start_line <= entry.start_line <= piece.end_line


def _lead(entry: StoredEntry, piece: Evidence, relations: Relations | None, *, whole_doc: bool = False) -> str:
    """What it is, where, and its documentation's first sentence (or paragraph), which may stand at an overload."""
    declared = overloads(entry, relations.siblings) if relations is not None and not entry.doc else []
    text = next((one.doc for one in declared if one.doc), entry.doc)
    doc = _paragraph(text) if whole_doc else _sentence(text)
    kind = "Lines" if entry.kind == "block" else entry.kind.replace("_", " ").capitalize()
    name = f" {_code(entry)}" if entry.name else ""
    where = f"`{entry.path}:{_line(entry)}`"
    return f"**{kind}{name}** in {where} [{piece.number}]" + (f": {doc}" if doc else ".")


def _line(entry: StoredEntry) -> int:
    """The line to go to: that of the name, before which documentation and decorators may take many."""
    return entry.name_line if entry.name and entry.part == 0 else entry.start_line


def _sentence(doc: str) -> str:
    paragraph = _paragraph(doc)
    first = _SENTENCE.split(paragraph, maxsplit=1)[0].strip() if paragraph else ""
    return first if len(first) <= 300 else first[:297].rsplit(" ", 1)[0] + " …"


def _paragraph(doc: str) -> str:
    """The first paragraph of a doc, up to its tags ("@param", ":param x:"); "" if it has nothing else."""
    lines = re.split(r"\n\s*\n", doc.strip(), maxsplit=1)[0].split("\n")
    tag = next((i for i, line in enumerate(lines) if _TAG.match(line)), len(lines))
    paragraph = " ".join(" ".join(lines[:tag]).split())
    return _quoted(paragraph if len(paragraph) <= 600 else paragraph[:597].rsplit(" ", 1)[0] + " …")


def _quoted(doc: str) -> str:
    """Documentation as part of an answer: a number in brackets is no citation, and backticks begin no block of code."""
    return re.sub(r"`{3,}", "`", re.sub(r"\[(\d{1,4})\]", r"(\1)", doc))


def _shown_code(entry: StoredEntry, piece: Evidence, worth: Worth, *, body: bool = True) -> tuple[str, str]:
    """A definition's declaration and its body as two Markdown parts, either of them "".

    Where the body begins on a line of the declaration, a short definition is shown as it is written, in place of both:
    every character of it is there, once.
    """
    if not entry.signature or entry.kind in ("section", "block", "key"):
        return "", _excerpt(entry, piece, worth, None) if body else ""
    if piece.form == "unfolded":
        return _unfolded(entry, piece) if body else (_fenced(entry.signature, entry.language), "")
    lines = piece.source.split("\n")
    declared = find_declaration(entry, lines, piece.start_line) if entry.part == 0 else None
    first = declared.first if declared else entry.name_line
    apart = declared is not None and declared.ends_line and declared.last < entry.end_line
    covered = piece.start_line <= first and entry.end_line <= piece.end_line and entry.end_line - first < EXCERPT
    if body and covered and entry.part == 0 and (not apart or entry.kind in _VALUES):
        code = textwrap.dedent("\n".join(lines[first - piece.start_line : entry.end_line + 1 - piece.start_line]))
        where = _span(entry.path, first, entry.end_line)
        return f"Its code, {where} [{piece.number}]:\n\n{_fenced(code, entry.language)}", ""
    return _fenced(entry.signature, entry.language), _excerpt(entry, piece, worth, declared) if body else ""


def _overloads(entry: StoredEntry, relations: Relations | None) -> str:
    """The signatures by which a definition may be called, other than its own."""
    if relations is None or entry.stub:
        return ""
    found = overloads(entry, relations.siblings)
    signatures = list(dict.fromkeys(one.signature for one in found if one.signature))[:OVERLOADS]
    return f"**Overloads:**\n\n{_fenced(chr(10).join(signatures), entry.language)}" if signatures else ""


def _unfolded(entry: StoredEntry, piece: Evidence) -> tuple[str, str]:
    """The code of a definition whose lines are not lines of its file, or its beginning."""
    lines = piece.text.split("\n")
    code = _fenced("\n".join(lines[:EXCERPT]), _language(entry))
    where = f"{_span(entry.path, entry.start_line, entry.end_line)} [{piece.number}]"
    if len(lines) <= EXCERPT:
        return f"Its code, {where}:\n\n{code}", ""
    return _fenced(entry.signature, entry.language), f"It begins, {where}:\n\n{code}"


def _span(path: str, first: int, last: int) -> str:
    return f"`{path}:{first}-{last}`" if last > first else f"`{path}:{first}`"


def _language(entry: StoredEntry) -> str:
    """What an entry's text is written in: a notebook's sections are not in the language of its code."""
    return "markdown" if entry.kind == "section" and entry.language not in PROSE_LANGUAGES else entry.language


def _fenced(code: str, language: str) -> str:
    longest = max((len(run) for run in re.findall(r"`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{_FENCE_NAMES.get(language, language)}\n{code}\n{fence}"


def _excerpt(entry: StoredEntry, piece: Evidence, worth: Worth, declared: Declaration | None) -> str:
    """The lines of the body that say most about the question."""
    if piece.form == "unfolded":
        shown, rest = _unfolded(entry, piece)
        return rest or shown
    lines = piece.source.split("\n")
    offset = piece.start_line - 1
    start, end = max(entry.start_line, piece.start_line), min(entry.end_line, piece.end_line)
    column = 0
    if declared is not None:  # the declaration is shown already
        start = max(start, declared.last + declared.ends_line)
        column = 0 if declared.ends_line else declared.column
    if start > end:
        return ""
    body = start
    start = _after_doc(entry, lines, start, end, offset)
    if not any(line.strip() for line in lines[start - 1 - offset : end - offset]):
        return ""
    first, last = best_lines(_padded(lines, offset), start, end, EXCERPT, worth)
    code = lines[first - 1 - offset : last - offset]
    while code and not code[-1].strip():
        code.pop()
        last -= 1
    while code and not code[0].strip():
        code.pop(0)
        first += 1
    if not code:
        return ""
    head = []
    if first == body and column:
        head = [_OPENS.sub("", code.pop(0)[column:])]
    indent = min((len(line) - len(line.lstrip()) for line in code if line.strip()), default=0)
    if head:  # what follows is indented from the declaration on
        declaration = lines[declared.first - 1 - offset] if declared else ""
        indent = min(indent, len(declaration) - len(declaration.lstrip()))
    shown = "\n".join([*head, *(line[indent:] for line in code)])
    whole = first <= start and last >= end
    heading = (
        "Its body"
        if whole and entry.kind != "block"
        else "The lines that match best"
        if worth is not _no_worth
        else "It begins"
    )
    return f"{heading}, {_span(entry.path, first, last)} [{piece.number}]:\n\n{_fenced(shown, _language(entry))}"


def best_lines(lines: Sequence[str], start: int, end: int, size: int, worth: Worth) -> tuple[int, int]:
    """The `size` lines between `start` and `end` (1-based, inclusive) that are worth most; of equals the first.

    Of very long definitions, not every place is tried.
    """
    last = end - size + 1
    if last <= start:
        return start, end
    every = range(start, last + 1, 1 + (last - start) // MOST_WINDOWS)
    firsts = [first for first in every if not _ends_a_block(lines[first - 1 : first + BLOCK_END])] or every
    texts = ["\n".join(line.strip() for line in lines[first - 1 : first - 1 + size]) for first in firsts]
    values = worth(texts)
    first = firsts[max(range(len(firsts)), key=lambda at: values[at])]
    return first, first + size - 1


def _ends_a_block(lines: Sequence[str]) -> bool:
    """Whether lines begin with the end of a block or declaration, rather than with its beginning or in its middle."""
    if lines and lines[0].lstrip().startswith((")", "]", "}")):
        return True
    indents = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    return bool(indents) and min(indents) < indents[0]


def _no_worth(texts: Sequence[str]) -> Sequence[float]:
    """Where nothing is asked, everything is worth the same: a definition is shown from its beginning."""
    return [0.0] * len(texts)


def _after_doc(entry: StoredEntry, lines: Sequence[str], start: int, end: int, offset: int) -> int:
    """The first line behind the documentation, which is shown already, and behind blank lines."""
    doc = [line.strip() for line in entry.doc.split("\n") if line.strip()]
    begins = [at for at in range(start, min(start + DOC_BEGINS, end)) if doc and doc[0] in lines[at - 1 - offset]]
    if begins:  # it stands in the body, rather than before the declaration
        ends = (at for at in range(begins[0], end) if doc[-1] in lines[at - 1 - offset])
        start = next(ends, start - 1) + 1
    while start < end and lines[start - 1 - offset].strip() in ("", '"""', "'''", "*/", "-}"):
        start += 1
    return start


def _padded(lines: Sequence[str], offset: int) -> list[str]:
    """The lines at the places where they stand in their file."""
    return [""] * offset + list(lines)


def _use(relations: Relations, evidence: Sequence[Evidence]) -> str:
    """Callers, callees, tests, and what overrides what, in one paragraph."""
    sentences: list[str] = []
    also = f"{possible_words(relations.possible)}" if relations.possible else ""
    if relations.places:
        more = " or more" if relations.more else ""
        named = _listed(relations.callers, evidence)
        such = "in" if relations.places == 1 and not more else "such as"
        sentences.append(f"Used in {counted_places(relations.places)}{more}" + (f", {such} {named}." if named else "."))
        sentences += [f"{also}."] if also else []
    elif also and relations.tests:
        sentences += [f"In tests, it is used by {_listed(relations.tests, evidence)}.", f"{also}."]
    elif also:
        rest = "which may mean it or not" if relations.possible == 1 else "none of them certain to mean it"
        sentences.append(f"{also}, {rest}.".replace(" more place", " place", 1))
    elif relations.unused:
        sentences.append("Nothing in the indexed code uses it.")
    if relations.overridden:
        sentences.append(f"It overrides or implements {_listed(relations.overridden, evidence)}.")
    if relations.overriding:
        sentences.append(f"It is overridden or implemented by {_listed(relations.overriding, evidence)}.")
    if relations.callees:
        sentences.append(f"It uses {_listed(relations.callees, evidence)}.")
    if relations.tests and (relations.places or not also):
        sentences.append(f"In tests, it is used by {_listed(relations.tests, evidence)}.")
    return "**Use.** " + " ".join(sentences) if sentences else ""


def _listed(entries: Sequence[StoredEntry], evidence: Sequence[Evidence]) -> str:
    named: dict[str, str] = {}
    for entry in entries:
        name = _code(entry) if entry.name else f"`{place_text(entry.path, entry.start_line, entry.end_line)}`"
        named.setdefault(name, f"{name}{_cited(entry, evidence)}")
        if len(named) == NAMES:
            break
    more = len({entry.id for entry in entries}) - len(named)
    return ", ".join(named.values()) + (f" and {more} more" if more > 0 else "")


def _cited(entry: StoredEntry, evidence: Sequence[Evidence]) -> str:
    """The number of the entry's own piece, or of one with all its lines: a use may stand in any of them."""
    own = (piece.number for piece in evidence if piece.entry.id == entry.id)
    whole = (piece.number for piece in evidence if _holds(piece, entry) and entry.end_line <= piece.end_line)
    number = next(own, 0) or next(whole, 0)
    return f" [{number}]" if number else ""


def _others(pieces: Sequence[Evidence], heading: str) -> str:
    """One line for each further place: what it is, where, and why it is here."""
    lines = [f"- {_place(piece)}" for piece in pieces[:PLACES]]
    return f"**{heading}**\n\n" + "\n".join(lines) if lines else ""


def _place(piece: Evidence) -> str:
    entry = piece.entry
    name = ", ".join(f"`{one}`" for one in piece.names)
    whole = piece.start_line <= entry.start_line and entry.name_line <= piece.end_line
    where = f"`{piece.path}:{_line(entry) if whole else piece.start_line}`"
    says = _sentence(entry.doc) or piece.why
    return f"{f'{name} ({where})' if name else where} [{piece.number}]: {says.rstrip('.')}."


def _code(entry: StoredEntry) -> str:
    return f"`{(entry.qualified_name or entry.name).replace('`', '')}`"
