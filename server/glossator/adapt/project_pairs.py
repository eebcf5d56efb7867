"""Pairs to learn from, made of what a project's programmers wrote themselves: what somebody would ask -> the code.

- `doc`: the first sentences of a doc comment -> the definition without them
- `name`: a name in parts -> the definition with its name masked, without its doc comment
- `short`: a name whose short forms are written out ("acct" as "account") -> the definition with its name masked
- `test`: a test's name in words -> the definition that it tests
- `commit`: what a commit's message says -> a definition that it changed

A pair's document has the fields of an index entry, so that it is embedded as entries are.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glossator.adapt.commit_changes import NOT_DEFINITIONS, clipped
from glossator.index.embedding import parts
from glossator.retrieval.kinds import is_test

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from glossator.adapt.commit_changes import ChangedDefinition, PastCommit
    from glossator.index.entries import Entry

DOCUMENT_CHARS = 3000
"""Characters of an entry's text that a pair has."""
MOST_PAIRS = 40_000
"""Pairs that are learned from at most: of each kind the same share, its first ones, is kept."""
COMMIT_DEFINITIONS = 3
"""Definitions of one commit that become pairs: the first of those that changed."""
MOST_USES = 4
"""A question that stands before more definitions says little about any of them."""
LEAST_MET = 4
"""Definitions in which a short form and its long form have to occur together."""

_BAD_DOC = re.compile(
    r"copyright|licen[sc]e|todo|fixme|noqa|lint|@internal|inheritdoc|generated|see also|deprecated\.?$|=====|-----"
    r"|#pragma|prettier-ignore|clang-format",
    re.IGNORECASE,
)
_TAG = re.compile(r"</?[a-zA-Z][^>]{0,80}>|\{@\w+\s+([^}]*)\}")
_DIRECTIVE = re.compile(
    r"([@\\]\w+|:\w+|- parameter|- returns|#+ \w|Args:|Arguments:|Returns?:|Raises:|Parameters|Example|>>>|\.\. |```)",
    re.IGNORECASE,
)
SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z`\"'(])")
_WORD = re.compile(r"[^\W\d_][^\W\d_'-]+")
_TEST_WORD = re.compile(r"^(?:tests?|it|should|spec|benchmark|check)$")


@dataclass(frozen=True, slots=True)
class ProjectPair:
    """A question, and the fields of the entry that answers it.

    `thing` is equal for pairs about one definition, or of one commit: these are no wrong answers for each other.
    """

    kind: str
    query: str
    thing: str
    name: str
    signature: str
    doc: str
    text: str


def pairs_of_code(files: Mapping[str, Sequence[Entry]]) -> list[ProjectPair]:
    """The pairs that the definitions in some files (path -> entries) give."""
    long_forms = short_forms(entry for entries in files.values() for entry in entries)
    found: list[ProjectPair] = []
    seen: set[int] = set()
    tested: dict[str, list[tuple[str, Entry]]] = defaultdict(list)
    for path, entries in files.items():
        test = is_test(path)
        for entry in _definitions(entries):
            if (flat := hash(squeezed(entry.text))) in seen:
                continue
            seen.add(flat)
            if not test and len(entry.name) > 3:
                tested["_".join(parts(entry.name))].append((path, entry))
            found.extend(_of_definition(path, entry, long_forms, test=test))
    for path, entries in files.items():
        if is_test(path):
            found.extend(_of_tests(entries, tested))
    return found


def pairs_of_commits(changes: Iterable[tuple[PastCommit, Sequence[ChangedDefinition]]]) -> Iterator[ProjectPair]:
    """The pairs that commits give."""
    for commit, changed in changes:
        for one in changed[:COMMIT_DEFINITIONS]:
            entry = one.entry
            fields = (entry.qualified_name, entry.signature, entry.doc, entry.text[:DOCUMENT_CHARS])
            yield ProjectPair("commit", commit.subject, commit.name, *fields)
            if commit.paragraph:
                yield ProjectPair("commit", commit.paragraph, commit.name, *fields)


def limited(pairs: Sequence[ProjectPair]) -> list[ProjectPair]:
    """The pairs without questions that are used too often, and at most `MOST_PAIRS`: the first of each kind."""
    uses = Counter(pair.query.lower() for pair in pairs if pair.kind != "commit")
    kept = [pair for pair in pairs if uses[pair.query.lower()] <= MOST_USES]
    if len(kept) > MOST_PAIRS:
        share = MOST_PAIRS / len(kept)
        of_kind = Counter(pair.kind for pair in kept)
        taken: Counter[str] = Counter()
        chosen = []
        for pair in kept:
            taken[pair.kind] += 1
            if taken[pair.kind] <= share * of_kind[pair.kind]:
                chosen.append(pair)
        return chosen
    return kept


def _definitions(entries: Sequence[Entry]) -> Iterator[Entry]:
    for entry in entries:
        if entry.part == 0 and entry.kind not in NOT_DEFINITIONS and len(entry.text) >= 40:
            yield entry


def _of_definition(path: str, entry: Entry, long_forms: Mapping[str, str], *, test: bool) -> Iterator[ProjectPair]:
    code = without_doc(entry)[:DOCUMENT_CHARS]
    thing = f"{path}\0{entry.qualified_name}\0{entry.start_line}"
    said = sentences(entry.doc) if entry.doc else []
    if said:
        first = 2 if len(said) > 1 and len(said[0]) < 40 else 1
        query, rest = " ".join(said[:first]), " ".join(said[first:])
        if _is_question(query) and squeezed(query)[:60] not in squeezed(code):
            fields = (entry.qualified_name, entry.signature, rest, f"{rest}\n{code}"[:DOCUMENT_CHARS])
            yield ProjectPair("doc", clipped(query), thing, *fields)
            if _is_question(rest):
                fields = (entry.qualified_name, entry.signature, query, f"{query}\n{code}"[:DOCUMENT_CHARS])
                yield ProjectPair("doc", clipped(rest), thing, *fields)
    spoken = parts(entry.name)
    if test or len(spoken) < 2 or len(" ".join(spoken)) <= 6 or code.count("\n") < 2:
        return
    name = re.compile(rf"(?<!\w){re.escape(entry.name)}(?!\w)")
    owner = entry.qualified_name.removesuffix(entry.name)
    masked = (owner, name.sub("_", entry.signature), "", name.sub("_", code))
    yield ProjectPair("name", " ".join(spoken), thing, *masked)
    written_out = [long_forms.get(part, part) for part in spoken]
    if written_out != spoken:
        yield ProjectPair("short", " ".join(written_out), thing, *masked)


def _of_tests(entries: Sequence[Entry], tested: Mapping[str, Sequence[tuple[str, Entry]]]) -> Iterator[ProjectPair]:
    """A test is about the definition with the longest name that its own name contains, if there is only one such."""
    for entry in _definitions(entries):
        words = [word for word in parts(entry.name) if not _TEST_WORD.match(word)]
        if len(words) < 2:
            continue
        for length in range(len(words), 0, -1):
            spans = ["_".join(words[at : at + length]) for at in range(len(words) - length + 1)]
            named = [found for span in spans if len(found := tested.get(span, ())) == 1 and len(span) > 4]
            if len(named) == 1:
                path, about = named[0][0]
                said = " ".join(sentences(entry.doc)[:1]) if entry.doc else ""
                query = said if _is_question(said) else " ".join(words)
                thing = f"{path}\0{about.qualified_name}\0{about.start_line}"
                if len(query.split()) > length:  # or it only repeats the name
                    fields = (about.qualified_name, about.signature, about.doc, about.text[:DOCUMENT_CHARS])
                    yield ProjectPair("test", clipped(query), thing, *fields)
            if named:
                break


def short_forms(entries: Iterable[Entry]) -> dict[str, str]:
    """Parts of names that stand for longer words, and these: {"acct": "account"}.

    A short form begins like the long one, has its letters in its order, leaves at least two out, and occurs in
    definitions that have the long one too, more often than in those of any other long form.
    """
    together: Counter[tuple[str, str]] = Counter()
    met: Counter[str] = Counter()
    for entry in entries:
        if entry.part or entry.kind in NOT_DEFINITIONS:
            continue
        named = {part for word in (entry.name, *entry.references) for part in parts(word) if part.isalpha()}
        said = {word.lower() for word in _WORD.findall(f"{entry.doc} {entry.signature}")} | named
        by_first: dict[str, list[str]] = defaultdict(list)
        for word in said:
            if len(word) >= 5:
                by_first[word[0]].append(word)
        for part in named:
            if 2 <= len(part) <= 5:
                met[part] += 1
                for word in by_first.get(part[0], ()):
                    if len(word) >= len(part) + 2 and _abbreviates(part, word):
                        together[part, word] += 1
    best: dict[str, tuple[int, str]] = {}
    for (part, word), count in together.items():
        if count >= LEAST_MET and count >= 0.15 * met[part] and (count, word) > best.get(part, (0, "")):
            best[part] = (count, word)
    return {part: word for part, (_, word) in best.items()}


def _abbreviates(short: str, word: str) -> bool:
    """Whether a word shortens to this: its consonants, or its beginning."""
    if word.startswith(short):
        return len(short) >= 3 and word[len(short) :] not in {
            "ing",
            "ed",
            "er",
            "es",
            "ion",
            "able",
            "ly",
            "ment",
            "ness",
        }
    at = 0
    for letter in short:
        at = word.find(letter, at) + 1
        if not at:
            return False
    return not set(short[1:]) & set("aeiou")


def sentences(doc: str) -> list[str]:
    """The sentences of a doc comment's prose, before its first directive (`@param`, `Args:`)."""
    prose: list[list[str]] = [[]]
    for raw in _TAG.sub(lambda found: f" {found[1] or ''} ", doc).split("\n"):
        line = raw.strip().lstrip("*!/|").strip()
        if _DIRECTIVE.match(line):
            break
        if line:
            prose[-1].append(line)
        else:
            prose.append([])
    joined = (" ".join(" ".join(lines).split()) for lines in prose)
    return [part.strip() for text in joined for part in SENTENCE_END.split(text) if part.strip()]


def without_doc(entry: Entry) -> str:
    """An entry's text without the lines that its doc comment is made of."""
    said = {squeezed(line) for line in entry.doc.split("\n")} - {""}
    if not said:
        return entry.text
    return "\n".join(line for line in entry.text.split("\n") if squeezed(line) not in said)


def squeezed(text: str) -> str:
    """Letters and digits alone, in lower case: equal whatever the layout and the comment marks."""
    return re.sub(r"[\W_]+", "", text).lower()


def _is_question(text: str) -> bool:
    """Whether a sentence says enough about the code, in words."""
    found = _WORD.findall(text)
    return (
        len(found) >= 3
        and 14 <= len(text) <= 400
        and sum(map(len, found)) > 0.6 * len(text)
        and _BAD_DOC.search(text) is None
        and re.search(r"[{};]\s*$", text) is None
    )
