"""What a grammar reads in place of a file's text: as many bytes, with what it cannot read blanked, so offsets stay.

Of components (Vue, Svelte, Astro) only the scripts are read. Objective-C's macros (`NS_ENUM(NSInteger, State) {`,
`NS_ASSUME_NONNULL_BEGIN`) are no C, and one of them can cost the whole interface below it. Conditions like Swift's
`#if os(iOS)` stand where the grammar knows of none, and in texts of several lines it may see code. Rust's macros around
items (`cfg_rt! { pub fn spawn() ... }`, `proptest! { #[test] fn adds(a in 0..10) ... }`) are taken off, since to the
grammar their insides are mere tokens. In TypeScript's interfaces, a line that begins with a bracket is a member of its
own, which the grammar takes for the rest of the one before.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from glossator.index.components import read_component
from glossator.index.texts import blanked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glossator.index.languages import Language

_OBJC_ENUM: Final = re.compile(
    rb"\btypedef\s+(?:NS|CF)_(?:CLOSED_|ERROR_)?(?:ENUM|OPTIONS)\s*\(\s*[^,()\n]*,\s*(\w+)\s*\)(?=\s*\{)"
)
_OBJC_MACRO: Final = re.compile(
    rb"^[ \t]*#[^\n]*|"
    rb"\b(?:(?:NS|CF|UI|API|OS|FOUNDATION|UIKIT|SWIFT|DEPRECATED)_[A-Z][A-Z0-9_]*|__[A-Z][A-Z0-9_]*|"
    rb"[A-Z][A-Z0-9_]*_(?:AVAILABLE|UNAVAILABLE|DEPRECATED|EXPORT|EXTERN|NONNULL_BEGIN|NONNULL_END)[A-Z_]*)\b"
    rb"(?:\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\))?",
    re.MULTILINE,
)
"""Macros that stand for attributes, with their arguments; and lines of the preprocessor, which stay."""

_MASKS: Final = {
    # What begins with letters is found many times as fast as what begins with the border of a word.
    "swift": re.compile(rb"nonisolated\(unsafe\)(?<=\bnonisolated\(unsafe\))"),
    "kotlin": re.compile(
        rb"(?:actual(?<=\bactual)|expect(?<=\bexpect))(?=[ \t]+(?:abstract|annotation|class|companion|constructor|data|"
        rb"enum|final|fun|inline|interface|internal|object|open|operator|override|private|public|sealed|suspend|"
        rb"typealias|val|value|var)\b)"
    ),
    "dart": re.compile(rb"^library;", re.MULTILINE),
}
"""Words that a language's grammar does not know, or not where they stand."""
_SWIFT_CONDITION: Final = re.compile(rb"#(?:if|elseif|else|endif)\b[^\n]*")
_KOTLIN_CLASS: Final = re.compile(
    rb"(class(?<=\bclass)[ \t]+\w+(?:<[^<>\n]*>)?)(\s*\n\s*)"
    rb"(?=(?:@[\w.:]+(?:\([^()\n]*\))?\s+)*(?:(?:internal|private|protected|public)\s+)?constructor\s*\()"
)
"""A class whose constructor stands on the next line, where the grammar takes the class to have ended."""

_CSHARP_EXTENSION: Final = re.compile(
    rb"^[ \t]*extension[ \t]*(?:<[^<>(){};]*>[ \t]*)?\(((?:[^(){};]|\([^(){};]*\))*)\)[^(){};]*(?:\(\)[^(){};]*)*\{",
    re.MULTILINE,
)
"""The head of a block whose members extend a type, and the parameter that it names."""
_CSHARP_PARAMETER: Final = re.compile(rb"\s*(?:(?:ref|in|scoped|readonly)\s+)*([A-Za-z_][^()=]*?[\s>?\]]\w+)(?=\s*\))")
"""A parameter that has a name, without words that say how it is handed over."""
_CSHARP_TOKEN: Final = re.compile(
    rb"//[^\n]*|/\*.*?(?:\*/|\Z)|\"{3,}.*?(?:\"{3,}|\Z)|(?:@\$?|\$@)\"(?:[^\"]|\"\")*+(?:\"|\Z)|\"(?:[^\"\\\n]|\\.)*+\"?"
    rb"|'(?:[^'\\\n]|\\[^\n]{1,9}?)'|[{}]",
    re.DOTALL,
)

_RUST_WRAPPER: Final = re.compile(
    rb"^(?:[ \t]*(?:cfg_\w+|proptest|prop_compose|quickcheck)|\w+)![ \t]*\{(?=(?:\s|//[^\n]*\n|#!?\[[^\]]*\])*"
    rb"(?:pub(?:\([\w:\s]*\))?\s+)?(?:(?:async|unsafe|const|extern(?:\s*\"[^\"]*\")?)\s+)*"
    rb"(?:(?:fn|mod|trait|enum|union|use)\s|impl[\s<]|struct\s+\w+\s*[<{(;])|[ \t\n]*cfg_\w+!)",
    re.MULTILINE,
)
"""A macro whose braces begin with an item: at the beginning of a line, or indented if it is known to hold items."""
_RUST_OPENED: Final = re.compile(rb"![ \t]*\{")
"""What `_RUST_WRAPPER` ends with."""
_SWIFT_TEXT: Final = re.compile(rb"(?<!#)(#*)\"\"\"(?=[ \t]*\r?\n)")
"""The beginning of a text of several lines: macros' tests have code in them, which the grammar reads."""
_SWIFT_COMMENT: Final = re.compile(rb"(?<![:\"/])//")
"""What a comment begins with, in which quotes open no text; not an address."""
_WORD: Final = re.compile(rb"[A-Za-z_][A-Za-z0-9_]*")
_RUST_PROPERTY: Final = re.compile(rb"\bfn\s+\w+\s*(?=\()")
_RUST_DRAWN: Final = re.compile(rb"\bin\s")
_RUST_TOKEN: Final = re.compile(
    rb"//[^\n]*|/\*|\bb?r(#*)\"|b?\"(?:[^\"\\]|\\.)*\"|b?'(?:[^'\\\n]|\\[^\n]{1,10}?)'|[{}]", re.DOTALL
)
"""What may hold braces that count for nothing, and the braces that count."""
_RUST_PARENTHESIS: Final = re.compile(
    rb"//[^\n]*|/\*.*?\*/|\bb?r(#*)\".*?\"\1|b?\"(?:[^\"\\]|\\.)*\"|b?'(?:[^'\\\n]|\\[^\n]{1,10}?)'|[()]", re.DOTALL
)
_RUST_COMMENT: Final = re.compile(rb"/\*|\*/")

_TYPESCRIPT_LINE: Final = re.compile(rb"\n[ \t]*[<(]")
_TYPESCRIPT_INTERFACE: Final = re.compile(rb"\binterface\s+[\w$]+")
_TYPESCRIPT_TOKEN: Final = re.compile(
    rb"//[^\n]*|/\*.*?(?:\*/|\Z)|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\(?:.|\Z))*+(?:`|\Z)|=>|[{}()<>\[\]]"
    rb"|(\n)(?=[ \t]*[<(])"
    rb"|[^\s{}()<>\[\]/\"'`=\n]+|.",
    re.DOTALL,
)
_ENDS_MEMBER: Final = re.compile(rb"[\w$>)\]}\"'`]$")


def masked(language: Language, data: bytes) -> tuple[bytes, list[tuple[int, str]]]:
    """What the grammar of `language` is to read of a file, as long as `data`; and the first byte and the name of each
    macro that was taken off, since it is used there although no grammar reads it."""
    if language.scripts:
        return only(data, read_component(language.name, data).scripts), []
    if language.grammar == "objc":
        words = (_WORD.match(data, found.start()) for found in _OBJC_MACRO.finditer(data))
        names = [(word.start(), word[0].decode("ascii")) for word in words if word is not None]
        return _OBJC_MACRO.sub(_blank_macro, _OBJC_ENUM.sub(_blank_enum, data)), names
    if language.name == "swift":
        data = _without_conditions(data)
    mask = _MASKS.get(language.name)
    if mask is not None:
        data = mask.sub(_blank, data)
    if language.name == "swift" and b'"""' in data:
        data = _without_texts(data)
    if language.name == "kotlin":
        data = _KOTLIN_CLASS.sub(_join, data)
    if language.name == "rust":
        return _without_wrappers(data)
    if language.name == "csharp" and b"extension" in data:
        return _without_extensions(data)
    if language.name in ("typescript", "tsx") and _TYPESCRIPT_LINE.search(data) is not None:
        return _with_ended_members(data), []
    return data, []


def only(data: bytes, ranges: Sequence[tuple[int, int]]) -> bytes:
    """The data with blanks in place of all but some ranges."""
    shown = bytearray(blanked(data))
    for start, end in ranges:
        shown[start:end] = data[start:end]
    return bytes(shown)


def _without_wrappers(data: bytes) -> tuple[bytes, list[tuple[int, str]]]:
    """Rust without the macros that stand around items, and these macros."""
    found = list(_rust_wrappers(data))
    if not found:
        return data, []
    closing = _closing_braces(data)
    bare = bytearray(data)
    names: list[tuple[int, str]] = []
    for wrapper in found:
        end = closing.get(wrapper.end() - 1)
        if end is not None:
            if word := _WORD.search(wrapper[0]):
                names.append((wrapper.start() + word.start(), word[0].decode("ascii")))
            bare[wrapper.start() : wrapper.end()] = blanked(wrapper[0])
            bare[end] = 0x20
            if b"prop" in wrapper[0]:
                _blank_strategies(bare, wrapper.end(), end)
    return bytes(bare), names


def _without_extensions(data: bytes) -> tuple[bytes, list[tuple[int, str]]]:
    """C# without the heads and braces of blocks that extend a type, whose members then stand in the class around them;
    and the names in the types that they extend. A parameter with a name is left as an event, which is no definition."""
    heads = list(_CSHARP_EXTENSION.finditer(data))
    if not heads:
        return data, []
    bare = bytearray(data)
    names: list[tuple[int, str]] = []
    opened: list[int] = []
    pairs: dict[int, int] = {}
    for token in _CSHARP_TOKEN.finditer(data):
        if token[0] == b"{":
            opened.append(token.start())
        elif token[0] == b"}" and opened:
            pairs[opened.pop()] = token.start()
    for head in heads:
        end = pairs.get(head.end() - 1)
        if end is not None:
            named = _CSHARP_PARAMETER.match(data, head.start(1), head.end(1) + 1)
            bare[head.start() : head.end()] = blanked(head[0])
            bare[end] = 0x20
            if named is not None:
                begun = head[0].index(b"extension") + head.start()
                bare[begun : begun + len(b"event")] = b"event"
                bare[named.start(1) : named.end()] = data[named.start(1) : named.end()]
                bare[named.end()] = 0x3B
                continue
            words = [word for word in _WORD.finditer(data, *head.span(1)) if word[0][:1].isupper() and len(word[0]) > 1]
            names += ((word.start(), word[0].decode("ascii")) for word in words)
    return bytes(bare), names


def wrapped_lines(data: bytes) -> list[tuple[int, int]]:
    """The first and last line (1-based) of each macro in Rust that stands around items and makes something of them:
    `quickcheck! { ... }`, but not `cfg_rt! { ... }`."""
    found = [wrapper for wrapper in _rust_wrappers(data) if not wrapper[0].lstrip().startswith(b"cfg_")]
    closing = _closing_braces(data) if found else {}
    return [
        (data.count(b"\n", 0, wrapper.start()) + 1, data.count(b"\n", 0, closing[wrapper.end() - 1]) + 1)
        for wrapper in found
        if wrapper.end() - 1 in closing
    ]


def _rust_wrappers(data: bytes) -> Iterator[re.Match[bytes]]:
    """The matches of `_RUST_WRAPPER`, which to look for on each line would take many times as long."""
    line = end = 0
    tried = -1
    for opened in _RUST_OPENED.finditer(data):
        line = max(line, data.rfind(b"\n", end, opened.start()) + 1)
        end = opened.end()
        if line != tried:  # else something stands before it on its line
            tried = line
            wrapper = _RUST_WRAPPER.match(data, line)
            if wrapper is not None and wrapper.end() == end:
                yield wrapper


def _without_conditions(data: bytes) -> bytes:
    """Swift's source with blanks in place of the lines that are conditions."""
    parts: list[bytes] = []
    copied = 0
    for found in _SWIFT_CONDITION.finditer(data):
        line = data.rfind(b"\n", copied, found.start()) + 1 or copied
        if not data[line : found.start()].strip(b" \t"):
            parts += (data[copied:line], blanked(data[line : found.end()]))
            copied = found.end()
    return b"".join((*parts, data[copied:])) if parts else data


def _blank_strategies(data: bytearray, start: int, end: int) -> None:
    """Blank the parameters in a range that are drawn from something: `fn adds(a in 0..10)`, `fn pair()(a in 0..10)`."""
    for function in _RUST_PROPERTY.finditer(bytes(data[start:end])):
        opened, first = start + function.end(), True
        while opened < end and data[opened] == 0x28:
            closed = _closing_parenthesis(data, opened, end)
            if closed < 0:
                break
            if not first:
                data[opened : closed + 1] = blanked(bytes(data[opened : closed + 1]))
            elif _RUST_DRAWN.search(data, opened, closed):
                data[opened + 1 : closed] = blanked(bytes(data[opened + 1 : closed]))
            opened, first = closed + 1, False


def _closing_parenthesis(data: bytearray, opened: int, end: int) -> int:
    """Where the parenthesis that is opened at an offset of Rust code is closed, -1 if it is not."""
    depth, at = 0, opened
    while token := _RUST_PARENTHESIS.search(data, at, end):
        at = token.end()
        if token[0] == b"(":
            depth += 1
        elif token[0] == b")":
            depth -= 1
            if not depth:
                return token.start()
    return -1


def _closing_braces(data: bytes) -> dict[int, int]:
    """Offset of each opening brace of Rust code -> that of the one that closes it."""
    pairs: dict[int, int] = {}
    opened: list[int] = []
    at = 0
    while token := _RUST_TOKEN.search(data, at):
        at = token.end()
        text = token[0]
        if text == b"{":
            opened.append(token.start())
        elif text == b"}":
            if opened:
                pairs[opened.pop()] = token.start()
        elif text == b"/*":  # these nest
            depth = 1
            while depth and (mark := _RUST_COMMENT.search(data, at)):
                depth += 1 if mark[0] == b"/*" else -1
                at = mark.end()
            if depth:
                break
        elif token[1] is not None:
            end = data.find(b'"' + token[1], at)
            if end < 0:
                break
            at = end + 1 + len(token[1])
    return pairs


def _with_ended_members(data: bytes) -> bytes:
    """TypeScript with a semicolon in place of the line end after each member of an interface that another one follows
    which begins with a bracket."""
    ended: list[int] = []
    at = 0
    while (head := _TYPESCRIPT_INTERFACE.search(data, at)) is not None:
        opened: list[bytes] = []
        before, end, in_body = b"", 0, False
        at = len(data)  # nothing is read twice, whatever is left open
        for token in _TYPESCRIPT_TOKEN.finditer(data, head.end()):
            text = token[0]
            if text.isspace():
                if token[1] and in_body and len(opened) == 1 and _ENDS_MEMBER.search(before):
                    ended.append(end)
                continue
            if text[:2] in (b"//", b"/*"):
                continue
            if text in (b"{", b"(", b"[", b"<"):
                in_body = in_body or (text == b"{" and not opened)
                opened.append(text)
            elif text in (b"}", b")", b"]", b">"):
                if opened:
                    opened.pop()
                if not opened and (in_body or text != b">"):
                    at = token.end()
                    break
            elif not in_body and not opened and b";" in text:
                at = token.end()  # it was no interface, but a word in a comment
                break
            before, end = text, token.end()
    if not ended:
        return data
    changed = bytearray(data)
    for at in ended:
        if data[at : at + 1].isspace():
            changed[at] = 0x3B
    return bytes(changed)


def _blank(found: re.Match[bytes]) -> bytes:
    return blanked(found[0])


def _without_texts(data: bytes) -> bytes:
    """Swift's source without what is in texts of several lines, unless values are put into them."""
    parts: list[bytes] = []
    copied = at = 0
    unended: set[bytes] = set()
    """Ends that do not occur any more: a hostile file must not make each text be looked through to the file's end."""
    while (quotes := data.find(b'"""', at)) >= 0:
        begin = quotes
        while begin > at and data[begin - 1] == 0x23:
            begin -= 1
        found = _SWIFT_TEXT.match(data, begin)
        if found is None:
            at = quotes + 1
            continue
        at = found.end()
        if _SWIFT_COMMENT.search(data, data.rfind(b"\n", 0, begin) + 1, begin) is not None:
            continue
        closing = b'"""' + found[1]
        end = -1 if closing in unended else data.find(closing, at)
        if end < 0:
            unended.add(closing)
            continue
        if data.find(b"\\" + found[1] + b"(", at, end) < 0:
            parts += (data[copied:at], blanked(data[at:end]))
            copied = end
        at = end + len(closing)
    return b"".join((*parts, data[copied:]))


def _join(found: re.Match[bytes]) -> bytes:
    return found[1] + b" " * len(found[2])


def _blank_macro(found: re.Match[bytes]) -> bytes:
    return found[0] if found[0].lstrip()[:1] == b"#" else blanked(found[0])


def _blank_enum(found: re.Match[bytes]) -> bytes:
    """`typedef NS_ENUM(NSInteger, State) {` as `enum                        State  {`."""
    start, end = found.start(1) - found.start(), found.end(1) - found.start()
    blank = blanked(found[0])
    return b"enum" + blank[4:start] + found[1] + blank[end:]
