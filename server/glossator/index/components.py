"""Vue, Svelte and Astro components: where their scripts are, and which names their markup uses.

A scanner reads the file once. Every step moves forward and what is unclosed ends with the file, so the time is linear
in its length. It knows tags, attributes, comments and the tokens of expressions, but builds no tree: scripts are parsed
by a grammar, and of the markup only the names count.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from glossator.index.component_expressions import (
    STRING,
    TOKEN,
    Expression,
    ExpressionMode,
    ExpressionScanner,
    Frame,
    Markup,
    Tag,
    TemplateLiteral,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

UNCLOSED_BLOCKS: Final = 50
"""Kinds of blocks that may be left unclosed: looking for the end of each goes through the whole file."""
OPTIONS_BYTES: Final = 4000
"""How far a component's `name:` is looked for among its options."""

_MARK: Final = re.compile(rb"<!--|<[!?]|</?(?=[A-Za-z>])|\{\{|\{|\}")
_TAG_NAME: Final = re.compile(rb"[A-Za-z][^\s/>\"'={}<]*")
_ATTRIBUTE: Final = re.compile(rb"([^\s\"'<>/={}`]+)(\s*=\s*)?")
_UNQUOTED: Final = re.compile(rb"[^\s\"'<>`{}]+")
_FENCE: Final = re.compile(rb"---[ \t]*\r?\n|---[ \t]*\Z")
_CLOSING_FENCE: Final = re.compile(rb"^---[ \t]*\r?$", re.MULTILINE)
_SVELTE_BLOCK: Final = re.compile(rb"\{\s*([#:@/])\s*(\w+)")
_VOID: Final = frozenset(b"area base br col embed hr img input link meta param source track wbr".split())
_SCRIPT_TYPE: Final = re.compile(
    rb"(?:(?:text|application)/)?(?:x-)?(?:javascript|ecmascript|typescript|babel|module|ts)|", re.IGNORECASE
)
_SCRIPT_LANGUAGES: Final = frozenset({b"", b"ts", b"js", b"tsx", b"jsx", b"typescript", b"javascript"})
_VUE_DIRECTIVES: Final = frozenset(
    b"text html show if else else-if for on bind model slot pre cloak once memo is".split()
)
_COLLECTIONS: Final = frozenset({"src", "app", "lib", "pages", "routes", "views", "components", "layouts", "screens"})
"""Folders that hold several components."""
_BUILT_IN_TAGS: Final = frozenset(
    b"component slot template transition transition-group keep-alive teleport suspense Transition TransitionGroup"
    b" KeepAlive Teleport Suspense Fragment router-link router-view RouterLink RouterView".split()
)
_PUG_BINDING: Final = re.compile(rb"((?:[@:#]|v-)[\w:.-]+)\s*=\s*([\"'])|\{\{")
_PUG_TAG: Final = re.compile(rb"^[ \t]*([A-Z][\w.]*|[a-z]+(?:-\w+)+)", re.MULTILINE)

_OPTIONS: Final = re.compile(
    rb"\bexport\s+default\s*(?:\w[\w.]{0,80}\s*\(\s*)?\{|\b(?:defineOptions|defineComponent)\s*\(\s*\{"
)
_NAME_OPTION: Final = re.compile(rb"\s*(?:name|['\"]name['\"])\s*:\s*(['\"`])([A-Za-z_][\w-]*)\1")


@dataclass(slots=True)
class Component:
    """What the file of a component holds; bytes are offsets into it.

    Attributes:
        name: what its uses call it.
        name_at: where that is written, or -1 if it is only the name of the file.
        doc: range of the comment that documents it, or None.
        scripts: ranges of code, in order.
        jsx: whether the code may hold JSX.
        references: (first byte, name) of what the markup uses: components, handlers, variables, actions.
        locals: names that the markup itself gives, to the items of a loop or to what a slot passes on.
    """

    name: str = ""
    name_at: int = -1
    doc: tuple[int, int] | None = None
    scripts: list[tuple[int, int]] = field(default_factory=list)
    jsx: bool = False
    references: list[tuple[int, str]] = field(default_factory=list)
    locals: set[str] = field(default_factory=set)


def read_component(language: str, data: bytes, path: str = "") -> Component:
    """Scan the file of a component in "vue", "svelte" or "astro"; `path` gives it a name if it has no other."""
    component = _Scanner(language, data).scanned()
    component.name = _name_of_file(path)
    for start, end in component.scripts:
        named = next(_named_in_options(data, start, end), None)
        if named is not None:
            component.name, component.name_at = named
            break
    return component


def _name_of_file(path: str) -> str:
    """`ui/UserCard.vue` -> "UserCard"; an index file is known by its folder, if that holds nothing but a component."""
    whole = PurePosixPath(path.replace("\\", "/"))
    stem = whole.name.rsplit(".", 1)[0]
    folder = whole.parent.name
    return folder if stem.lower() == "index" and folder and folder.lower() not in _COLLECTIONS else stem


def _named_in_options(data: bytes, start: int, end: int) -> Iterator[tuple[str, int]]:
    """The `name` among a component's options, and where it is written."""
    at = start
    while head := _OPTIONS.search(data, at, end):
        at = head.end()
        limit = min(end, at + OPTIONS_BYTES)
        depth = 1
        value = _NAME_OPTION.match(data, at, limit)
        while value is None and depth and (token := TOKEN.search(data, at, limit)):
            text, at = token[0], token.end()
            if text in STRING:
                at = STRING[text].match(data, at, limit).end()  # type: ignore[union-attr]
            elif text == b"/*":
                at = data.find(b"*/", at, limit) % (limit + 1)
            elif text in b"{([":
                depth += 1
            elif text in b"})]":
                depth -= 1
            elif text == b"," and depth == 1:
                value = _NAME_OPTION.match(data, at, limit)
        if value is not None:
            yield value[2].decode(), value.start(2)


class _Scanner(ExpressionScanner):
    """Reads the file of a component."""

    def __init__(self, language: str, data: bytes) -> None:
        super().__init__(language, data)
        self._found = Component(references=self._references, locals=self._locals)
        self._templates = 0
        self._tags = 0

    def scanned(self) -> Component:
        """What the file holds."""
        if self._astro:
            self._skip_frontmatter()
        self._run()
        return self._found

    def _run(self) -> None:
        """Read on until the last frame is over."""
        while self._frames:
            frame = self._frames[-1]
            if self._at >= frame.limit:
                self._at = max(self._at, frame.limit)
                self._frames.pop()
            elif isinstance(frame, Markup):
                self._read_markup(frame)
            elif isinstance(frame, Tag):
                self._read_attribute(frame)
            elif isinstance(frame, Expression):
                self._read_token(frame)
            else:
                self._read_template(frame)

    def _run_between(self, start: int, end: int, frame: Frame) -> None:
        """Read a range for itself, then go on where we are."""
        after, frames = self._at, self._frames
        self._at, self._frames = start, [frame]
        frame.limit = end
        self._run()
        self._at, self._frames = after, frames

    def _skip_frontmatter(self) -> None:
        """Take the code between `---` and `---` before an Astro component's markup."""
        data = self._data
        at = len(data) - len(data.lstrip())
        while data.startswith(b"<!--", at):
            end = data.find(b"-->", at)
            if end < 0:
                return
            at = end + 3 + len(data[end + 3 :]) - len(data[end + 3 :].lstrip())
        fence = _FENCE.match(data, at)
        if fence is None:
            return
        closing = _CLOSING_FENCE.search(data, fence.end())
        if closing is not None:
            self._found.scripts.append((fence.end(), closing.start()))
            self._at = closing.end()

    # Markup

    def _read_markup(self, frame: Markup) -> None:
        data = self._data
        mark = _MARK.search(data, self._at, frame.limit)
        if mark is None:
            self._at = frame.limit
            return
        self._at = mark.end()
        what = mark[0]
        if what == b"<!--":
            end = self._find(b"-->", mark.end())
            self._at = len(data) if end < 0 else end + 3
            self._document(mark.start(), self._at)
        elif what in (b"<!", b"<?"):
            self._skip_past(b">")
        elif what == b"</":
            self._close(frame, mark.end())
        elif what == b"<":
            name = _TAG_NAME.match(data, mark.end(), frame.limit)
            self._tags += 1
            if name is None:  # `<>` opens a fragment
                frame.depth += 1
                self._at = mark.end() + 1
                return
            self._at = name.end()
            self._use_tag(name[0], name.start())
            self._frames.append(Tag(frame.limit, name[0]))
        elif what == b"}":
            if frame.nested:  # markup inside an expression that ends without having been closed
                self._at = mark.start()
                self._frames.pop()
        elif self._vue:
            if what == b"{{":
                end = self._find(b"}}", mark.end())
                if end >= 0:
                    self._frames.append(Expression(end))
        else:
            self._at = mark.start() + 1
            self._open_block(mark.start(), frame.limit)

    def _close(self, frame: Markup, at: int) -> None:
        """The end tag of an element."""
        name = _TAG_NAME.match(self._data, at, frame.limit)
        if name is not None and name[0].lower() == b"template":
            self._templates = max(0, self._templates - 1)
        self._skip_past(b">")
        frame.depth -= 1
        self._leave(frame)

    def _leave(self, frame: Markup) -> None:
        """Go back to the expression around markup whose only element is over."""
        if frame.nested and frame.depth <= 0:
            self._frames.pop()
            around = self._frames[-1]
            if isinstance(around, Expression):
                around.previous = b")"

    def _skip_past(self, what: bytes) -> None:
        end = self._find(what, self._at)
        self._at = len(self._data) if end < 0 else end + len(what)

    def _document(self, start: int, end: int) -> None:
        """Keep a comment that says what the component is: the first thing in the file, or Svelte's `@component`."""
        data = self._data
        text = data[start + 4 : end]
        marked = text.lstrip().startswith(b"@component")
        if marked:
            start = data.find(b"@component", start) + len(b"@component")
        first = self._found.doc is None and not self._tags and not data[:start].strip()
        is_code = text.lstrip().startswith((b"<", b"{"))
        if (marked or first) and not is_code and text.strip(b"-> \t\r\n"):
            self._found.doc = (start, end)

    # Tags

    def _read_attribute(self, tag: Tag) -> None:
        data = self._data
        at = self._at
        byte = data[at : at + 1]
        if byte.isspace():
            self._at = at + 1
        elif byte == b">":
            self._at = at + 1
            self._end_tag(tag, closed=data[at - 1 : at] == b"/")
        elif byte == b"<":  # the tag was never closed
            self._frames.pop()
        elif byte == b"{" and not self._vue:
            self._at = at + 1
            self._open_block(at, tag.limit)
        elif attribute := _ATTRIBUTE.match(data, at, tag.limit):
            self._at = attribute.end()
            self._read_value(tag, attribute[1], attribute.start(), valued=attribute[2] is not None)
        else:
            self._at = at + 1

    def _read_value(self, tag: Tag, name: bytes, at: int, *, valued: bool) -> None:
        data = self._data
        quote = data[self._at : self._at + 1] if valued else b""
        self._use_attribute(name, at, valued=valued)
        if quote in (b'"', b"'") and quote:
            start = self._at + 1
            end = self._find(quote, start)
            if end < 0:
                self._at = start
                return
            self._at = end + 1
            self._use_value(tag, name, start, end)
        elif quote == b"{" and not self._vue:
            self._at += 1
            mode: ExpressionMode = "pattern" if name.startswith(b"let:") else "expression"
            self._frames.append(Expression(tag.limit, mode, braced=True))
        elif quote == b"`":
            self._at += 1
            self._frames.append(TemplateLiteral(tag.limit))
        elif valued and (value := _UNQUOTED.match(data, self._at, tag.limit)):
            end = value.end() - value[0].endswith(b"/")
            self._at = end
            self._use_value(tag, name, value.start(), end)

    def _use_attribute(self, name: bytes, at: int, *, valued: bool) -> None:
        """Note what the name of an attribute refers to."""
        if self._svelte:
            prefix, colon, rest = name.partition(b":")
            rest = rest.partition(b"|")[0]
            if not colon or not rest:
                return
            start = at + len(prefix) + 1
            if prefix in (b"use", b"transition", b"in", b"out", b"animate"):
                self._use(rest.rpartition(b".")[2], start)
            elif prefix in (b"bind", b"class", b"style") and not valued:
                self._use(rest, start)
            elif prefix == b"let" and not valued:
                self._locals.add(rest.decode("utf-8", "replace"))
        elif self._vue:
            if name.startswith(b"v-"):
                directive = re.split(rb"[:.]", name[2:], maxsplit=1)[0]
                if directive and directive not in _VUE_DIRECTIVES:
                    self._use(b"v" + _pascal(directive), at)
            elif name[:1] == b":" and not valued:
                argument = name[1:].partition(b".")[0]
                self._use(argument[:1] + _pascal(argument)[1:], at + 1)

    def _use_value(self, tag: Tag, name: bytes, start: int, end: int) -> None:
        """Read the value of an attribute."""
        data = self._data
        lowered = name.lower()
        if tag.name.lower() in (b"script", b"style", b"template"):
            if lowered == b"lang":
                tag.language = data[start:end].strip().lower()
            elif lowered == b"type":
                tag.kind = data[start:end].strip().lower()
        if self._vue:
            if lowered == b"ref":
                self._use(data[start:end].strip(), start)
            if name[:1] in b":@.#" or name.startswith(b"v-"):
                self._run_between(start, end, Expression(end, _mode_of(name)))
            elif lowered in (b"slot-scope", b"scope") and tag.name != b"th":
                self._run_between(start, end, Expression(end, "pattern"))
        elif self._svelte and data.find(b"{", start, end) >= 0:
            self._run_between(start, end, Markup(end))

    def _use_tag(self, name: bytes, at: int) -> None:
        """Note the component that a tag stands for."""
        if name in _BUILT_IN_TAGS or b":" in name:
            return
        if b"." in name:
            first, _, last = name.partition(b".")[0], b"", name.rpartition(b".")[2]
            self._use(first, at)
            self._use(last, at)
        elif name[:1].isupper():
            self._use(name, at)
            if self._vue and (dashed := _kebab(name)) != name:
                self._use(dashed, at, dashes=True)
        elif b"-" in name:
            self._use(name, at, dashes=True)
            if self._vue:
                self._use(_pascal(name), at)

    def _end_tag(self, tag: Tag, *, closed: bool) -> None:
        """Go on behind the `>` of a tag: into the element, or past what is no markup."""
        self._frames.pop()
        around = self._frames[-1]
        name = tag.name.lower()
        if name in (b"script", b"style") and not closed:
            self._skip_raw(tag, name)
            name = b"br"  # it is over
        elif self._vue and name == b"template" and not closed:
            self._templates += 1
            if tag.language == b"pug":
                self._read_pug()
        elif self._vue and not self._templates and not closed and len(self._absent) < UNCLOSED_BLOCKS:
            end = self._find(b"</" + tag.name, self._at)  # a block of another kind holds no markup
            self._at = self._at if end < 0 else end
        if isinstance(around, Markup):
            if not closed and name not in _VOID:
                around.depth += 1
            self._leave(around)

    def _skip_raw(self, tag: Tag, name: bytes) -> None:
        """Take a script, or pass over a style sheet; what is never closed reaches to the next of its kind."""
        start = self._at
        end = min(
            (found for case in (name, name.upper()) if (found := self._find(b"</" + case, start)) >= 0), default=-1
        )
        if end < 0:
            following = self._find(b"<" + name, start)
            end = self._at = len(self._data) if following < 0 else following
        else:
            self._at = end
            self._skip_past(b">")
        is_code = name == b"script" and tag.language in _SCRIPT_LANGUAGES and _SCRIPT_TYPE.fullmatch(tag.kind)
        if is_code and self._data[start:end].strip():
            self._found.scripts.append((start, end))
            self._found.jsx = self._found.jsx or tag.language in (b"tsx", b"jsx")

    def _read_pug(self) -> None:
        """Note what a template in Pug uses, of which only attributes, interpolations and tags are known here."""
        end = self._find(b"</template", self._at)
        end = len(self._data) if end < 0 else end
        for tag in _PUG_TAG.finditer(self._data, self._at, end):
            self._use_tag(tag[1], tag.start(1))
        at = self._at
        while binding := _PUG_BINDING.search(self._data, at, end):
            closing = binding[2] or b"}}"
            at = self._data.find(closing, binding.end(), end)
            if at < 0:
                break
            self._run_between(binding.end(), at, Expression(at, _mode_of(binding[1] or b"")))
        self._at = end

    # Expressions

    def _open_block(self, brace: int, limit: int) -> None:
        """Begin the expression at a brace in markup, which may be one of Svelte's blocks."""
        mode: ExpressionMode = "expression"
        if self._svelte and (block := _SVELTE_BLOCK.match(self._data, brace)):
            sign, word = block[1], block[2]
            self._at = block.end()
            if sign == b"#" and word in (b"each", b"await"):
                mode = "each" if word == b"each" else "await"
            elif (sign, word) in ((b":", b"then"), (b":", b"catch"), (b"#", b"snippet")):
                mode = "pattern"
            elif sign == b"@" and word == b"const":
                mode = "const"
        self._frames.append(Expression(limit, mode, braced=True))


def _mode_of(attribute: bytes) -> ExpressionMode:
    """How the value of Vue's attribute reads."""
    if attribute.startswith((b"#", b"v-slot")):
        return "pattern"
    return "for" if attribute == b"v-for" else "expression"


def _pascal(name: bytes) -> bytes:
    """`user-card` as `UserCard`."""
    return b"".join(part[:1].upper() + part[1:] for part in name.split(b"-"))


def _kebab(name: bytes) -> bytes:
    """`UserCard` as `user-card`."""
    return re.sub(rb"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", b"-", name).lower()
