"""The expressions in the markup of Vue, Svelte and Astro components: which names they use, and which they introduce.

Expressions are read as tokens, not parsed. `components` reads what is around them, and decides where they begin.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, Literal

NAME_BYTES: Final = 80
"""Longer names are no names."""

_WORDS: Final = b"""
abstract any as async await boolean break case catch class const continue debugger default delete do else enum export
extends false finally for from function get if implements import in infer instanceof interface is key keyof let never
new null number object of private protected public readonly return satisfies set static string super switch symbol this
throw true try type typeof undefined unknown var void while with yield
Array Boolean Date Error Infinity JSON Map Math NaN Number Object Promise RegExp Set String Symbol arguments console
document globalThis window
$event $attrs $slots $emit $refs $props $el $parent $root $$props $$restProps $$slots Astro
"""
_NO_REFERENCES: Final = frozenset(_WORDS.split())
"""Words of the language and the frameworks, which no project defines."""
_OPERATOR_WORDS: Final = frozenset(b"return typeof await yield in of case default else do void delete new".split())
"""Words after which an expression begins."""

TOKEN: Final = re.compile(
    rb"[A-Za-z_$\x80-\xff][\w$\x80-\xff]*|\d[\w.]*|//[^\n]*|/\*|=>|\?\.(?!\d)|\.\.\.|[^\s\w]", re.DOTALL
)
_IDENTIFIER_START: Final = re.compile(rb"[A-Za-z_$\x80-\xff]")
_NEXT: Final = re.compile(rb"\s*(=>|\?:|[^\s])?")
STRING: Final = {
    b'"': re.compile(rb"[^\"\\\n]*(?:\\.[^\"\\\n]*)*\"?", re.DOTALL),
    b"'": re.compile(rb"[^'\\\n]*(?:\\.[^'\\\n]*)*'?", re.DOTALL),
}
_OPENING: Final = {b")": b"(", b"]": b"[", b"}": b"{"}
_TEMPLATE_MARK: Final = re.compile(rb"\\.|`|\$\{", re.DOTALL)
_REGEX: Final = re.compile(rb"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.){0,200}\]){1,500}/[a-z]*")

ExpressionMode = Literal["expression", "pattern", "each", "await", "const", "for"]
"""What the words of an expression are. The words of a pattern are new names; `each` and `await` (Svelte) end with one,
`const` and `for` (Vue) begin with one."""


@dataclass(slots=True)
class Markup:
    """Text and tags, of the file itself or inside an expression (Astro); `depth` counts open elements there."""

    limit: int
    nested: bool = False
    depth: int = 0


@dataclass(slots=True)
class Tag:
    """Between the name of a tag and its `>`."""

    limit: int
    name: bytes
    kind: bytes = b""
    language: bytes = b""


@dataclass(slots=True)
class Expression:
    """Code up to `limit` or to the `}` that no bracket opened."""

    limit: int
    mode: ExpressionMode = "expression"
    braced: bool = False
    previous: bytes = b""
    brackets: list[tuple[bytes, int]] = field(default_factory=list)
    """Each open bracket, and how many references there were before it."""
    open: dict[bytes, int] = field(default_factory=lambda: {b"(": 0, b"[": 0, b"{": 0})
    """How many brackets of each kind are open."""
    keyed: bool = False
    """Whether a bracket begins the key of a loop's items."""
    first: int = -1
    """How many references there were when it began."""


@dataclass(slots=True)
class TemplateLiteral:
    """A template literal between its backquotes."""

    limit: int


Frame = Markup | Tag | Expression | TemplateLiteral


class ExpressionScanner:
    """Reads the expressions of one file; a subclass reads what is around them, and adds its own frames."""

    def __init__(self, language: str, data: bytes) -> None:
        self._data = data
        self._vue = language == "vue"
        self._svelte = language == "svelte"
        self._astro = language == "astro"
        self._at = 0
        self._references: list[tuple[int, str]] = []
        self._locals: set[str] = set()
        self._frames: list[Frame] = [Markup(len(data))]
        """What is being read, inside what; the innermost last."""
        self._absent: dict[bytes, int] = {}

    def _find(self, what: bytes, start: int, limit: int | None = None) -> int:
        """Where `what` begins next, or -1. That there is none up to the file's end is looked up once."""
        if limit is None:
            absent = self._absent.get(what)
            if absent is not None and start >= absent:
                return -1
            found = self._data.find(what, start)
            if found < 0:
                self._absent[what] = start
            return found
        return self._data.find(what, start, limit)

    def _read_token(self, frame: Expression) -> None:
        """Read one token of an expression."""
        data = self._data
        token = TOKEN.search(data, self._at, frame.limit)
        if token is None:
            self._at = frame.limit
            return
        text = token[0]
        self._at = token.end()
        if _IDENTIFIER_START.match(text):
            self._read_word(frame, text, token.start())
        elif text in STRING:
            end = STRING[text].match(data, self._at, frame.limit)
            self._at = end.end() if end else self._at
            frame.previous = b")"
        elif text == b"`":
            frame.previous = b")"
            self._frames.append(TemplateLiteral(frame.limit))
        elif text == b"/*":
            end_at = self._find(b"*/", self._at)
            self._at = frame.limit if not 0 <= end_at < frame.limit else end_at + 2
        elif text.startswith(b"//"):
            pass
        elif text in b"([{" and len(text) == 1:
            if text == b"(" and frame.keyed and not frame.brackets:
                frame.mode = "expression"
            frame.open[text] += 1
            frame.brackets.append((text, len(self._references)))
            frame.previous = text
        elif text in b")]}" and len(text) == 1:
            self._close_bracket(frame, text)
        elif text == b"/" and _begins_operand(frame.previous):
            found = _REGEX.match(data, token.start(), frame.limit)
            self._at = found.end() if found else self._at
            frame.previous = b")"
        elif text == b"<" and self._astro and _begins_operand(frame.previous) and _opens_tag(data, token.end()):
            self._at = token.start()
            self._frames.append(Markup(frame.limit, nested=True))
        else:
            if text == b"=" and frame.mode == "const" and not frame.brackets:
                frame.mode = "expression"
            frame.previous = text

    def _close_bracket(self, frame: Expression, text: bytes) -> None:
        opening = _OPENING[text]
        if not frame.open[opening]:
            if text == b"}" and frame.braced:
                self._frames.pop()
            return
        bracket = b""
        before = 0
        while bracket != opening:
            bracket, before = frame.brackets.pop()
            frame.open[bracket] -= 1
        following = _NEXT.match(self._data, self._at, frame.limit)
        if text == b")" and following and following[1] == b"=>":
            self._make_local(before)
        frame.previous = text

    def _make_local(self, before: int) -> None:
        """What was noted since turns out to name parameters or items of a loop."""
        references = self._references
        self._locals.update(name for _, name in references[before:])
        del references[before:]

    def _read_word(self, frame: Expression, word: bytes, at: int) -> None:
        """Note a word of an expression as what it is: a reference, a new name, a key, or nothing."""
        previous, frame.previous = frame.previous, word
        if frame.first < 0:
            frame.first = len(self._references)
        found = _NEXT.match(self._data, self._at, frame.limit)
        following = (found[1] or b"") if found else b""
        if previous in (b".", b"?."):
            if following == b"(":
                self._use(word, at)
            return
        innermost = frame.brackets[-1][0] if frame.brackets else b""
        if not frame.brackets:
            if frame.mode == "each" and word == b"as":
                frame.mode, frame.keyed = "pattern", True
                return
            if frame.mode == "await" and word in (b"then", b"catch"):
                frame.mode = "pattern"
                return
            if frame.mode == "for" and word in (b"in", b"of"):
                self._make_local(max(frame.first, 0))
                frame.mode = "expression"
                return
        if following == b":" and innermost == b"{" and previous in (b"{", b","):
            return
        if word in _NO_REFERENCES:
            return
        typed = previous == b":" and innermost == b"("
        if (frame.mode in ("pattern", "const") and not typed) or following == b"=>":
            self._locals.add(word.decode("utf-8", "replace"))
            return
        self._use(word, at)

    def _read_template(self, frame: TemplateLiteral) -> None:
        mark = _TEMPLATE_MARK.search(self._data, self._at, frame.limit)
        if mark is None:
            self._at = frame.limit
            return
        self._at = mark.end()
        if mark[0] == b"`":
            self._frames.pop()
        elif mark[0] == b"${":
            self._frames.append(Expression(frame.limit, braced=True))

    def _use(self, name: bytes, at: int, *, dashes: bool = False) -> None:
        """Note a reference."""
        if self._svelte and name[:1] == b"$" and name[1:2] != b"$":
            name = name[1:]  # the value of a store
        if len(name) > NAME_BYTES or name in _NO_REFERENCES:
            return
        text = name.decode("utf-8", "replace")
        if (text.replace("-", "_") if dashes else text.replace("$", "_")).isidentifier():
            self._references.append((at, text))


def _begins_operand(previous: bytes) -> bool:
    """Whether an operand, not an operator, follows what came before."""
    if not previous or previous in _OPERATOR_WORDS:
        return True
    return previous not in (b")", b"]", b"}") and not (previous[-1:].isalnum() or previous[-1:] in b"_$")


def _opens_tag(data: bytes, at: int) -> bool:
    byte = data[at : at + 1]
    return byte.isalpha() or byte == b">"
