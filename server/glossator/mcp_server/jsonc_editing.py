"""Sets and removes members of JSON with comments, and leaves every other character of the text as it is.

A parser that also takes comments and trailing commas notes where each value stands; text is inserted or cut there, and
the result is parsed again and compared with what was meant.

No library does this in Python: json5, commentjson and json-with-comments drop the comments, jsonc-edit installs and
runs a JavaScript program, and json-five (last released in 2024) keeps all white space as nodes of a tree, in which
commas, line ends and indentation of a new member have to be placed by hand all the same.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from glossator.errors import UsageError

_SPACE = re.compile(r"(?:\s|//[^\n\r]*|/\*.*?\*/|\ufeff)*", re.DOTALL)
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
_SCALAR = re.compile(r"-?\d[\d.eE+-]*|true|false|null")
_REST_OF_LINE = re.compile(r"[ \t]*(?:/\*[^\n\r]*?\*/[ \t]*)*(?://[^\n\r]*)?(?=[\n\r])")
"""Comments that belong to what they follow."""
MOST_NESTED = 200
"""Levels of values inside values that are read."""


@dataclass(slots=True)
class _Member:
    """A member of an object: where its name begins and its value ends, and the value."""

    start: int
    node: _Node


@dataclass(slots=True)
class _Node:
    """A value and where it stands in the text."""

    value: Any
    start: int
    end: int
    members: dict[str, _Member] | None = None
    """Of an object."""
    after_last: int = 0
    """Where the last member ends, its comma excluded; the character after "{" if there is none."""
    trailing_comma: bool = False
    order: list[str] = field(default_factory=list)


def parse_jsonc(text: str) -> Any:
    """The value of JSON with comments and trailing commas; {} for an empty text.

    Raises:
        UsageError: it is not well-formed; the message says where.
    """
    return _parsed(text).value


def with_member(text: str, path: tuple[str, ...], value: Any) -> str:
    """The text with a member set, objects on the way added where they are missing.

    Raises:
        UsageError: the text is not well-formed, or something on the way is no object.
    """
    root = _parsed(text)
    if not text.strip(" \t\r\n\ufeff"):
        whole: Any = value
        for name in reversed(path):
            whole = {name: whole}
        return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
    node, depth = root, 0
    while True:
        if node.members is None:
            raise UsageError(f"{'.'.join(path[:depth]) or 'the whole'} is no object")
        member = node.members.get(path[depth])
        if member is None or depth == len(path) - 1:
            break
        node, depth = member.node, depth + 1
    rest: Any = value
    for name in reversed(path[depth + 1 :]):
        rest = {name: rest}
    newline = "\r\n" if "\r\n" in text else "\n"
    if member is not None:
        indent = _indent_at(text, member.start)
        written = _written(rest, indent, _unit(text, root), newline)
        changed = text[: member.node.start] + written + text[member.node.end :]
    else:
        unit = _unit(text, root)
        outer = _indent_at(text, node.start)
        one_line = bool(node.members) and newline not in text[node.start : node.end]
        first = next(iter(node.members.values()), None)
        inner = outer + unit if first is None or one_line else _indent_at(text, first.start)
        name = json.dumps(path[depth], ensure_ascii=False)
        if one_line:
            entry = f" {name}: {json.dumps(rest, ensure_ascii=False)}"
            changed = text[: node.after_last] + f",{entry}" + text[node.after_last :]
        else:
            entry = f"{newline}{inner}{name}: {_written(rest, inner, unit, newline)}"
            if node.members:
                after = _comma_after(text, node.after_last) + 1 if node.trailing_comma else node.after_last
                rest_of_line = _REST_OF_LINE.match(text, after)
                at = rest_of_line.end() if rest_of_line is not None else after
                if node.trailing_comma:
                    changed = text[:at] + entry + "," + text[at:]
                else:
                    changed = text[:after] + "," + text[after:at] + entry + text[at:]
            else:
                closing = node.end - 1
                inside = text[node.start + 1 : closing].rstrip(" \t\r\n")
                tail = "" if text[node.start + 1 : closing].strip() == "" else inside
                changed = text[: node.start + 1] + tail + entry + newline + outer + text[closing:]
    _verify(changed, path, value, root.value, removed=False)
    return changed


def without_member(text: str, path: tuple[str, ...]) -> str:
    """The text with a member removed; unchanged if there is none.

    Raises:
        UsageError: the text is not well-formed.
    """
    root = _parsed(text)
    node = root
    for name in path[:-1]:
        inner = (node.members or {}).get(name)
        if inner is None:
            return text
        node = inner.node
    member = (node.members or {}).get(path[-1])
    if member is None or node.members is None:
        return text
    at = node.order.index(path[-1])
    start, end = member.start, member.node.end
    if at + 1 < len(node.order):  # with its comma, up to the next one's line
        comma = _comma_after(text, end)
        start, end = _whole_lines(text, start, comma + 1)
    else:
        if at > 0:
            before = node.members[node.order[at - 1]].node.end
            comma = _comma_after(text, before)
            if not node.trailing_comma:
                text = text[:comma] + text[comma + 1 :]
                start, end = start - 1, end - 1
            else:
                end = _comma_after(text, end) + 1
        elif node.trailing_comma:
            end = _comma_after(text, end) + 1
        start, end = _whole_lines(text, start, end)
    changed = text[:start] + text[end:]
    _verify(changed, path, None, root.value, removed=True)
    return changed


def _whole_lines(text: str, start: int, end: int) -> tuple[int, int]:
    """The span with its line ends, if nothing else is in its lines; else with the space before it."""
    line = start
    while line and text[line - 1] in " \t":
        line -= 1
    after = end
    while after < len(text) and text[after] in " \t":
        after += 1
    if (not line or text[line - 1] in "\r\n") and text.startswith(("\r\n", "\n", "\r"), after):
        return line, after + (2 if text.startswith("\r\n", after) else 1)
    return line, end


def _verify(changed: str, path: tuple[str, ...], value: Any, before: Any, *, removed: bool) -> None:
    """Check that a change did what was meant, and nothing else.

    Raises:
        UsageError: it did not; nothing must be written then.
    """
    meant = json.loads(json.dumps(before))
    inner = meant
    for name in path[:-1]:
        inner = inner.setdefault(name, {})
    if removed:
        inner.pop(path[-1], None)
    else:
        inner[path[-1]] = value
    if parse_jsonc(changed) != meant:
        raise UsageError("the file is written in a way that cannot be changed safely: add the entry by hand")


def _written(value: Any, indent: str, unit: str, newline: str) -> str:
    lines = json.dumps(value, indent=unit, ensure_ascii=False).split("\n")
    return newline.join([lines[0], *(indent + line for line in lines[1:])])


def _indent_at(text: str, at: int) -> str:
    """The space at the beginning of the line of a place."""
    start = max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1
    found = re.match(r"[ \t]*", text[start:])
    return found[0] if found is not None else ""


def _unit(text: str, root: _Node) -> str:
    """What one level is indented by."""
    for member in (root.members or {}).values():
        if indent := _indent_at(text, member.start):
            return indent
    return "  "


def _comma_after(text: str, at: int) -> int:
    """Where the comma after a value is."""
    found = _SPACE.match(text, at)
    assert found is not None, "the pattern matches nothing, too"
    return found.end()


def _parsed(text: str) -> _Node:
    at = _skip(text, 0)
    if at == len(text):
        return _Node({}, at, at, {}, at)
    node = _value(text, at, 0)
    if (rest := _skip(text, node.end)) != len(text):
        raise _fault(text, rest, "something follows the end")
    return node


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found is not None else at


def _fault(text: str, at: int, what: str) -> UsageError:
    line = text.count("\n", 0, at) + 1
    return UsageError(f"line {line} is not well-formed JSON: {what}")


def _value(text: str, at: int, depth: int) -> _Node:
    if depth > MOST_NESTED:
        raise _fault(text, at, "it is nested too deeply")
    if text.startswith("{", at):
        return _object(text, at, depth)
    if text.startswith("[", at):
        return _array(text, at, depth)
    if (found := _STRING.match(text, at)) or (found := _SCALAR.match(text, at)):
        try:
            return _Node(json.loads(found[0]), at, found.end())
        except ValueError:
            pass
    raise _fault(text, at, "a value is missing")


def _object(text: str, start: int, depth: int) -> _Node:
    node = _Node({}, start, start, {}, start + 1)
    assert node.members is not None, "just made"
    at = _skip(text, start + 1)
    while not text.startswith("}", at):
        name = _STRING.match(text, at)
        if name is None:
            raise _fault(text, at, "a name in double quotes is missing")
        colon = _skip(text, name.end())
        if not text.startswith(":", colon):
            raise _fault(text, colon, "a colon is missing")
        inner = _value(text, _skip(text, colon + 1), depth + 1)
        try:
            key = json.loads(name[0])
        except ValueError:
            raise _fault(text, at, "a name has an escape that JSON does not know") from None
        if key in node.members:
            raise _fault(text, at, f"{key!r} is there twice")
        node.members[key] = _Member(name.start(), inner)
        node.order.append(key)
        node.value[key] = inner.value
        node.after_last, node.trailing_comma = inner.end, False
        at = _skip(text, inner.end)
        if text.startswith(",", at):
            node.trailing_comma = True
            at = _skip(text, at + 1)
        elif not text.startswith("}", at):
            raise _fault(text, at, "a comma or a closing brace is missing")
    node.end = at + 1
    return node


def _array(text: str, start: int, depth: int) -> _Node:
    node = _Node([], start, start)
    at = _skip(text, start + 1)
    while not text.startswith("]", at):
        inner = _value(text, at, depth + 1)
        node.value.append(inner.value)
        at = _skip(text, inner.end)
        if text.startswith(",", at):
            at = _skip(text, at + 1)
        elif not text.startswith("]", at):
            raise _fault(text, at, "a comma or a closing bracket is missing")
    node.end = at + 1
    return node
