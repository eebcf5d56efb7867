"""Parses a query, without a model: names, quoted text, locations, and content words.

A query is anything a user types or pastes: a name, a question in prose, a path, an error message, a stack trace. This
module does not know the index; `search.py` looks up there what is found here.

Search terms are normalised: case, underscores and punctuation are dropped. A name whose spelling matters (`_release`,
`valid?`, `operator==`) is therefore also kept as typed: see `Query.spellings`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from glossator.data_files import data_text
from glossator.errors import UsageError
from glossator.index import terms as analysis
from glossator.index.embedding import plain
from glossator.late_patterns import late
from glossator.retrieval.query_translation import detect_language, translate

if TYPE_CHECKING:
    from glossator.retrieval.query_translation import Lexicon

QueryKind = Literal["symbol", "prose", "place", "trace"]

MAX_SCANNED = 48 << 10
"""Maximum characters of a query. Of a longer one, the beginning (3/4) and end (1/4, a trace's error) are used."""
MAX_ANALYSED = 4_000
"""Characters from which words are taken: the vector of a longer text is too unspecific."""
MAX_LINE = 2_000
"""Characters of a line that are used."""
MAX_WORDS = 64
MAX_IDENTIFIERS = 16
MAX_PLACES = 32
MAX_SPELLINGS = 12
MAX_SPELLED = 80
"""Characters of the longest spelling that is looked up."""
MAX_SPELLED_WORDS = 200
"""Words of a query that are checked for their exact spelling."""


@dataclass(frozen=True, slots=True)
class MentionedPlace:
    """A place that the query names: a path as written (with "/"), and a 1-based line if one was given."""

    path: str
    line: int | None
    symbol: str = ""
    """The function of a stack frame; "" if it names none."""


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query.

    Attributes:
        text: the query without surrounding white space and control characters, cut at `MAX_SCANNED`.
        kind: "symbol" for a single name, "place" for a path alone, "trace" for pasted output with stack frames or
            compiler messages, else "prose".
        words: the content words, lower case, parts of identifiers included, in order, each once.
        terms: terms for the full text: stems of the words, whole identifiers, neighbouring words joined.
        identifiers: words written as code (in backticks, in camel case, with underscores, dots or a call's
            parentheses), as written, without qualifiers and punctuation; for a "symbol" query, its name.
        spellings: for each word with signs or outer underscores, the names that it may spell, the most literal first:
            "_release?" gives ("_release?", "_release"). They match only definitions of exactly such a name.
        qualified: dotted names as written, joined with "." in any language.
        capitalised: capitalised words of prose, except the first one; they may name a type.
        phrases: texts in quotation marks.
        places: files, lines and stack frames, the most specific first.
        meaning: the text to embed.
    """

    text: str
    kind: QueryKind
    words: tuple[str, ...]
    terms: tuple[str, ...]
    identifiers: tuple[str, ...]
    spellings: tuple[tuple[str, ...], ...]
    qualified: tuple[str, ...]
    capitalised: tuple[str, ...]
    phrases: tuple[str, ...]
    places: tuple[MentionedPlace, ...]
    meaning: str


@dataclass(frozen=True, slots=True)
class _Lexicon:
    """Word lists for parsing queries, from `data/words.json`.

    English stop words leave out the verbs of names ("use", "find", "get").
    """

    stop: frozenset[str]
    extensions: frozenset[str]


@cache
def _lexicon() -> _Lexicon:
    data = json.loads(data_text("words.json"))
    return _Lexicon(stop=frozenset(data["english_stop"].split()), extensions=frozenset(data["extensions"].split()))


_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+")
_BACKTICKS = re.compile(r"`+([^`\n]{1,200})`+")
_QUOTED = re.compile(r"\"([^\"\n]{2,200})\"|“([^”\n]{2,200})”|„([^“”\n]{2,200})[“”]|(?<!\w)'([^'\n]{2,200})'(?!\w)")
_DOTTED = re.compile(r"(?<![\w/\\.])[A-Za-z_$][\w$]*(?:(?:\.|::|->|#)[A-Za-z_$][\w$]*){1,12}")
_CALL = re.compile(r"(?<![\w$])([A-Za-z_$][\w$]*)\(")
_CODE_WORD = re.compile(r"(?<![\w$])[A-Za-z_$][\w$]*")
_HUMPS = re.compile(r"[a-z0-9][A-Z]|[A-Z]{2,}[a-z]|[A-Za-z0-9]_+[A-Za-z0-9]|[a-z][0-9]+[a-z]|^_+[a-zA-Z]|\$")
_QUALIFIER = re.compile(r"::|->|#|\.")

_OPERATOR = re.compile(
    r"\boperator(?:\s*(\(\)|\[\]|[^\w\s()\[\],.?;:`'\"]{1,3})|\s+((?:new|delete)(?:\[\])?|\"\"\s*_\w+)(?!\w))"
)
"""An operator of C++ or C#, which may be written with a space before its sign."""
_AFTER_QUALIFIER = re.compile(r"(?<=\w)(?:::|->|[.#])")
_PLAIN_NAME = re.compile(r"[^\W_](?:\w*[^\W_])?")
"""A name that differs from its search terms only in case."""
_OPENING = "([{<\"'“„«`"
_CLOSING = "!?)]}>\"'”“»`"
_STOPS = ".,;:…"
_CALLED = re.compile(r"[^\s()\[\]{}]*\w[?!']?(?=[(\[{][^\s]*$)")
"""The name in a call or a macro's use, as written without spaces: "save!(x)", "vec![1]"."""
_PAIRED = {"'": "'", '"': '"', "“": "”", "„": "“", "«": "»", "(": ")", "[": "]", "{": "}", "<": ">", "`": "`"}

_EXTENSION = r"[A-Za-z][A-Za-z0-9+]{0,7}"
_PYTHON_FRAME = late(r'File "([^"\n]{1,500})", line (\d+)(?:, in ([\w.<>]+))?')
_JVM_FRAME = late(r"at ([\w.$<>/]{1,300})\.([\w$<>]+)\(([\w$]+\.\w{1,8}):(\d+)\)")
_JS_FRAME = late(
    r"at (?:async )?(?:([\w.$<>\[\] ]{1,200}?) )?\(?((?:file://)?[^\s():]{0,300}\.\w{1,5}):(\d+)(?::\d+)?\)?"
)
_DOTNET_FRAME = late(r"at ([\w.`<>\[\], ]{1,300})\([^)\n]{0,300}\) in ([^\n]{1,300}?):line (\d+)")
_PHP_PLACE = late(rf"((?:[A-Za-z]:)?[\\/\w.\-]{{1,300}}\.{_EXTENSION})(?:\((\d+)(?:, ?\d+)?\)|,? on line (\d+))")
_PATH_WITH_EXTENSION = rf"(?:[A-Za-z]:[\\/])?[\w@.+~\-\[\]$/\\]{{1,300}}?\.{_EXTENSION}"
_LINE_WORD = r"(?:lines?|Zeilen?|lignes?|l[ií]neas?)(?: number| no\.)?"
_PLACE = late(
    rf"(?<![\w/\\.\-@+~])({_PATH_WITH_EXTENSION})"
    rf"(?:(?::|#L|,? (?:(?:at|on|in|around|near) )?{_LINE_WORD} |: {_LINE_WORD} )(\d{{1,7}})"
    r"(?::\d{1,6})?(?:-L?\d{1,7}(?::\d{1,6})?)?(?::in [`']([^'\n]{1,100})')?)?(?![\w/\\])",
    re.IGNORECASE,
)
_NUMBERS = r"\d{1,7}(?:(?: ?[-–,] ?| to | and | bis | und | et | y )(?:lines? )?\d{1,7}){0,4}"
_LINES_OF = late(
    rf"(?<!\w)(?:{_LINE_WORD} (?P<numbers>{_NUMBERS})|L(?P<short>\d{{1,7}})|(?P<ordinal>\d{{1,7}})(?:st|nd|rd|th) line)"
    r",? (?:(?:of|in|from|inside|at|von|der|de|del|du|dans|en) )?(?:(?:the|der|la|le|el) )?(?:(?:file|Datei|fichier) )?"
    rf"(?:(?P<quote>[`'\"])(?P<quoted>[^`'\"\n]{{1,300}})(?P=quote)|"
    rf"(?P<path>{_PATH_WITH_EXTENSION}|[\w@.+~\-]+(?:[/\\][\w@.+~\-]+)+|(?-i:[A-Z])\w+)(?![\w/\\]))",
    re.IGNORECASE,
)
"""Lines of a file in words: "lines 3 and 17 of a/b.c", "the 17th line of Makefile"."""
_BARE_PATH = late(r"(?<![\w/\\.\-@+~])((?:\.{0,2}/)?[\w@.+~\-]+(?:/[\w@.+~\-]+)+)/?(?![\w])")
_FRAME_LINE = late(r"\s*(?:File \".*\", line \d+|at \S|\d+:\s+(?:0x[0-9a-f]+ - )?\S|#\d+ |-->|\.\.\. \d+ more)")
_NUMBER = late(r"(?<![\w.])(?:0x[0-9a-fA-F]+|\+0x[0-9a-f]+|\d+)(?![\w.])")

_FILE_WORDS = frozenset(("e.g", "i.e", "z.b", "d.h", "vs", "etc"))


def parse_query(text: str) -> Query:
    """Parse a query.

    Raises:
        UsageError: the query is empty or contains nothing to search for.
    """
    cleaned = _CONTROL.sub(" ", _cut(text)).strip()
    if not cleaned:
        raise UsageError("the query is empty: say what to look for, by name or in a sentence")
    places, is_trace = _places(cleaned)
    head = (_message(cleaned, places) if is_trace else cleaned)[:MAX_ANALYSED]
    identifiers, qualified = _identifiers(head)
    phrases = tuple(dict.fromkeys(next(filter(None, found)) for found in _QUOTED.findall(head)))[:8]
    raw = analysis.words(head)
    spellings = () if is_trace else _spellings(head)
    if not raw and not places and not spellings:
        raise UsageError("the query contains only punctuation: add a word, or put an operator in `backticks`")
    kind: QueryKind = "prose"
    if is_trace:
        kind = "trace"
    elif places and len(head.split()) == 1 and _is_path(head):
        kind = "place"
    elif len(head.split()) == 1 and len(raw) <= 8:
        kind = "symbol"
        identifiers = _symbol_name(head, raw) or identifiers
    elif re.fullmatch(r"`[^`\s]+`\??", head):
        kind = "symbol"
    language = detect_language(raw, _lexicon().stop) if kind == "prose" else None
    quoted = {word for phrase in phrases for word in analysis.words(phrase) if " " in phrase}
    kept = _content_words(raw, language, quoted)
    translated = _translated(kept, language)
    words = list(dict.fromkeys(part for word in translated for part in analysis.split_identifier(word)))
    capitalised = tuple(
        dict.fromkeys(
            word for word in raw[1:] if word[:1].isupper() and len(word) > 2 and word.lower() not in _lexicon().stop
        )
    )
    meaning = head if translated == kept else " ".join(translated)
    return Query(
        text=cleaned,
        kind=kind,
        words=tuple(words[:MAX_WORDS]),
        terms=tuple(_terms(translated, [*identifiers, *(kept if language else ())])[: 2 * MAX_WORDS]),
        identifiers=tuple(identifiers[:MAX_IDENTIFIERS]),
        spellings=() if kind == "place" else spellings,
        qualified=tuple(qualified[:MAX_IDENTIFIERS]),
        capitalised=capitalised[:MAX_IDENTIFIERS],
        phrases=phrases,
        places=tuple(places[:MAX_PLACES]),
        meaning=meaning,
    )


def _cut(text: str) -> str:
    """The beginning and end of a text within `MAX_SCANNED` characters, with lines cut at `MAX_LINE`."""
    if len(text) > MAX_SCANNED:
        text = text.strip()
    if len(text) > MAX_SCANNED:
        text = text[: MAX_SCANNED * 3 // 4] + "\n" + text[-MAX_SCANNED // 4 :]
    if len(text) > MAX_LINE:
        text = "\n".join(line[:MAX_LINE] for line in text.split("\n"))
    return text


def _message(text: str, places: list[MentionedPlace]) -> str:
    """The text of a trace without its locations: the lines that are not frames, and the functions of the frames."""
    lines = [line for line in text.splitlines() if not _FRAME_LINE.match(line)]
    message = _PLACE.sub(lambda found: " " if found[2] or "/" in found[1] else found[0], "\n".join(lines))
    message = _NUMBER.sub(" ", message.replace("Traceback (most recent call last):", " "))
    functions = dict.fromkeys(place.symbol for place in places if place.symbol)
    return "\n".join([message.strip(), *(f"{name}()" for name in list(functions)[:8])]).strip() or text


def _is_path(text: str) -> bool:
    return bool(_PLACE.fullmatch(text) or _BARE_PATH.fullmatch(text))


def _symbol_name(text: str, raw: list[str]) -> list[str]:
    """The name of a one-word query: the last part of a qualified one ("httpx.Client" gives Client)."""
    name = _QUALIFIER.split(text.strip("`'\"(){};,:?!"))[-1].rstrip("(")
    if re.fullmatch(r"[\w$]+", name):
        return [name]
    return [raw[-1]] if raw else []


def written_names(text: str) -> list[str]:
    """The words of a text that are written as code, without qualifiers, the most certain first."""
    return _identifiers(text)[0]


def written_places(text: str) -> list[MentionedPlace]:
    """The frames and locations in a text, frames first, the most specific first."""
    return _places(text)[0]


def _identifiers(text: str) -> tuple[list[str], list[str]]:
    """The words that are written as code, and the dotted names among them, the most certain first."""
    found: dict[str, None] = {}
    qualified: dict[str, None] = {}

    def take(code: str) -> None:
        for dotted in _DOTTED.findall(code):
            qualified.setdefault(".".join(_QUALIFIER.split(dotted)))
        for word in _CODE_WORD.findall(code):
            found.setdefault(word)

    for code in _BACKTICKS.findall(text):
        take(code)
    for dotted in _DOTTED.findall(text):
        if dotted.lower().strip(".") not in _FILE_WORDS:
            parts = _QUALIFIER.split(dotted)
            qualified.setdefault(".".join(parts))
            found.setdefault(parts[-1])
            if len(parts[-2]) > 1:
                found.setdefault(parts[-2])
    for word in _CALL.findall(text):
        found.setdefault(word)
    for word in _CODE_WORD.findall(text):
        if _HUMPS.search(word):
            found.setdefault(word)
    return [word for word in found if len(word) > 1 or len(found) == 1], list(qualified)


def after_qualifiers(name: str) -> str:
    """The bare name of a qualified one: "A::valid?" -> "valid?", "A.==" -> "=="."""
    return _AFTER_QUALIFIER.split(name)[-1] or name


def is_blurred(name: str) -> bool:
    """Whether a name's search terms lose signs or outer underscores, not only case."""
    return not _PLAIN_NAME.fullmatch(name.replace("-", ""))


def _spellings(text: str) -> tuple[tuple[str, ...], ...]:
    """See `Query.spellings`. Text quoted as code may consist of signs only."""
    quoted = [code for code in _BACKTICKS.findall(text) if not any(map(str.isspace, code))]
    operators = [f"operator{sign or ' ' + word}" for sign, word in _OPERATOR.findall(text)]
    found: dict[tuple[str, ...], None] = dict.fromkeys((one,) for one in operators)
    for word in (*quoted, *text.replace("`", " ").split()[:MAX_SPELLED_WORDS]):
        if word.rstrip(_STOPS).isalnum():  # most words are, and then have no other form
            continue
        forms = _forms(word)
        if forms and (word in quoted or any(map(str.isalpha, forms[0]))) and not forms[0].startswith("operator"):
            found.setdefault(forms)
    return tuple(found)[:MAX_SPELLINGS]


def _forms(word: str) -> tuple[str, ...]:
    """The names that a word of a query may spell, the most literal first; empty if its search terms are as specific."""
    forms: dict[str, None] = {}
    if any(map(str.isalnum, word)):
        word = word.rstrip(_STOPS)
    while word:
        inner = word[1:-1] if len(word) > 2 and _PAIRED.get(word[0]) == word[-1] else ""
        called = _CALLED.match(word)
        for form in (inner, called[0] if called else "", word):
            plain = _PLAIN_NAME.fullmatch(after_qualifiers(form))
            if 0 < len(form) <= MAX_SPELLED and (not plain or (form == inner and word[0] in "'\"“„«")):
                forms.setdefault(form)
        if inner or called:
            word = inner or (called[0] if called else "")
        elif word[-1] in _CLOSING:
            word = word[:-1].rstrip(_STOPS)
        elif word[0] in _OPENING:
            word = word[1:]
        else:
            break
    if re.fullmatch(r"[@#$]{1,2}[^\W\d]\w*", word):  # a decorator, private member or variable, defined without its sign
        forms.setdefault(word.lstrip("@#$"))
    return tuple(forms)


def _content_words(raw: list[str], language: Lexicon | None, quoted: set[str]) -> list[str]:
    """The words without stop words that are not quoted (all of them if nothing else would be left)."""
    stop = _lexicon().stop | (language.stop if language else frozenset())
    return [word for word in raw if word in quoted or not {word.lower(), plain(word).lower()} & stop] or list(raw)


def _translated(kept: list[str], language: Lexicon | None) -> list[str]:
    """The words, with programming terms of another language replaced by those used in code."""
    if language is None:
        return kept
    return [english for word in kept for english in translate(word, language) or (word,)]


def _terms(content: list[str], identifiers: list[str]) -> list[str]:
    """Terms for the full text: those of words and identifiers, and neighbouring words joined."""
    found: dict[str, None] = {}
    for word in [*content, *identifiers]:
        for term in analysis.word_terms(word):
            found.setdefault(term)
    for left, right in pairwise(content):
        joined = analysis.folded(left) + analysis.folded(right)
        if left.isascii() and right.isascii() and len(joined) <= 30:
            found.setdefault(analysis.stem(joined))
    return list(found)


def _places(text: str) -> tuple[list[MentionedPlace], bool]:
    """The locations in a text, and whether it is a stack trace or a compiler's output."""
    # Most queries have no number, dot or slash, and so none of these.
    is_numbered = any(map(str.isdigit, text))
    frames = _frames(text) if is_numbered else []
    mentioned = _lines_in_words(text[:MAX_ANALYSED]) if is_numbered else []
    for file, line, function in _PLACE.findall(text) if "." in text else ():
        if file.lower() in _FILE_WORDS or (not line and not _plausible_file(file)):
            continue
        mentioned.append(MentionedPlace(_slashes(file), int(line) if line else None, _function(function)))
    head = text[:MAX_ANALYSED]
    mentioned.extend(MentionedPlace(_slashes(file), None) for file in (_BARE_PATH.findall(head) if "/" in head else ()))
    unique: dict[tuple[str, int | None], MentionedPlace] = {}
    with_lines = {place.path.rpartition("/")[2] for place in [*frames, *mentioned] if place.line}
    for place in [*frames, *mentioned]:
        if place.line or place.path.rpartition("/")[2] not in with_lines:
            unique.setdefault((place.path, place.line), place)
    # A JVM frame's "Book.java" is the same place as "com/example/Book.java".
    for path, line in list(unique)[:MAX_PLACES]:
        if any(line == at and other != path and other.endswith("/" + path) for other, at in unique):
            del unique[path, line]
    with_line = sum(place.line is not None for place in unique.values())
    is_trace = bool(frames) or (with_line >= 1 and len(text.split()) > 3 and "\n" in text) or with_line >= 3
    return list(unique.values()), is_trace


def _frames(text: str) -> list[MentionedPlace]:
    """The frames of traces in a text, and places as PHP writes them."""
    frames: list[MentionedPlace] = []
    python = [MentionedPlace(_slashes(m[0]), int(m[1]), _function(m[2])) for m in _PYTHON_FRAME.findall(text)]
    frames.extend(reversed(python))  # "most recent call last"
    for package, function, file, line in _JVM_FRAME.findall(text):
        folder = "/".join(package.split("/")[-1].split(".")[:-1])
        frames.append(MentionedPlace(f"{folder}/{file}" if folder else file, int(line), _function(function)))
    frames.extend(
        MentionedPlace(_slashes(file), int(line), _function(function))
        for function, file, line in _DOTNET_FRAME.findall(text)
    )
    if not python:
        frames.extend(
            MentionedPlace(_slashes(file.removeprefix("file://")), int(line), _function(function))
            for function, file, line in _JS_FRAME.findall(text)
        )
    for file, first, second in _PHP_PLACE.findall(text):
        frames.append(MentionedPlace(_slashes(file), int(first or second)))
    return frames


def _lines_in_words(text: str) -> list[MentionedPlace]:
    """The locations written with the line first; of a range, its first line."""
    found: list[MentionedPlace] = []
    for place in _LINES_OF.finditer(text):
        numbers = re.sub(
            r"(?<=\d)(?: ?[-–] ?| to | bis )\d+", "", place["numbers"] or place["short"] or place["ordinal"]
        )
        path = _slashes(place["quoted"] or place["path"])
        found.extend(MentionedPlace(path, int(number)) for number in re.findall(r"\d+", numbers))
    return found


def _plausible_file(name: str) -> bool:
    """Whether a word with a dot and no line number is likely a file, rather than a dotted name or a sentence's end."""
    if "/" in name or "\\" in name:
        return True
    extension = name.rpartition(".")[2]
    return extension.lower() in _lexicon().extensions


def _slashes(path: str) -> str:
    return path.replace("\\", "/").removeprefix("./")


def _function(name: str) -> str:
    """The bare name of a frame's function ("Object.<anonymous>" has none)."""
    bare = _QUALIFIER.split(name.strip())[-1] if name else ""
    return "" if bare.startswith("<") or bare == "anonymous" else bare.strip("<>[] ")


def shared_ending(path: str, written: str) -> int:
    """How many last components two paths have in common, upper and lower case being the same."""
    one, other = path.lower().split("/"), written.lower().split("/")
    shared = 0
    while shared < min(len(one), len(other)) and one[-1 - shared] == other[-1 - shared]:
        shared += 1
    return shared
