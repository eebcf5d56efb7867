"""The extension's types are the server's: editor-client/src/protocol.ts mirrors glossator/lsp/protocol.py."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import attrs
import pytest
from lsprotocol import types

from glossator.lsp import adapt_messages, message_conversion, message_table, protocol

SOURCE = (Path(__file__).resolve().parents[2] / "editor-client" / "src" / "protocol.ts").read_text("utf-8")
INTERFACES = {
    name: {
        field: (bool(optional), kind)
        for field, optional, kind in re.findall(r"^  (\w+)(\??): (.+);$", body, re.MULTILINE)
    }
    for name, body in re.findall(r"^export interface (\w+) \{\n(.*?)^\}", SOURCE, re.MULTILINE | re.DOTALL)
}
OURS = {cls.__name__: cls for cls in message_table.CONVERTED_CLASSES}
FROM_LSP = {"Position", "Range"}
SENT = {
    "Scope",
    "UsesParams",
    "AskParams",
    "ExplainParams",
    "SearchParams",
    "ReindexParams",
    "RebuildParams",
    "ForgetParams",
    "PrepareParams",
    "ChatParams",
    "AdaptParams",
    "AdaptStartParams",
    "AdaptStopParams",
    "AdaptChooseParams",
    "AdaptExamplesParams",
    "AdaptReportParams",
}
"""What only the client writes: there, a default means that the field may be left out."""


def kind_of(wanted: Any) -> str:
    """A Python type as TypeScript writes it."""
    origin, arguments = get_origin(wanted), get_args(wanted)
    if origin is tuple:
        return f"{kind_of(arguments[0])}[]"
    if origin is Literal:
        return " | ".join(f'"{value}"' for value in arguments)
    if arguments and (origin is Union or type(wanted).__name__ == "UnionType"):
        return " | ".join(sorted(kind_of(item) for item in arguments if item is not type(None)))
    if wanted is types.TextDocumentIdentifier:
        return "{ uri: string }"
    return {int: "number", float: "number", str: "string", bool: "boolean"}.get(wanted) or str(wanted.__name__)


def literal(kind: str) -> str:
    """A TypeScript type with the name of a union of texts written out."""
    found = re.search(rf"^export type {re.escape(kind)} = (.+);$", SOURCE, re.MULTILINE)
    return found[1] if found else kind


@pytest.mark.parametrize("name", sorted(INTERFACES))
def test_fields_are_the_same(name: str) -> None:
    cls = getattr(types, name) if name in FROM_LSP else OURS[name]
    resolved = attrs.resolve_types(cls)
    expected = {
        message_conversion.camel(field.name): (
            name in SENT and field.default is not attrs.NOTHING,
            field.type,
        )
        for field in attrs.fields(resolved)
    }
    assert INTERFACES[name].keys() == expected.keys()
    for field, (optional, wanted) in expected.items():
        found_optional, found = INTERFACES[name][field]
        assert found_optional == optional, field
        # What the client writes is left out where it is None; what it reads is null then.
        nullable = name not in SENT and type(None) in get_args(wanted)
        assert found.endswith(" | null") == nullable, field
        assert literal(found.removesuffix(" | null")) == kind_of(wanted), field


def test_nothing_is_missing() -> None:
    here = {name for name in OURS if not name.endswith("Request")}
    assert here - {"StatusParams"} == INTERFACES.keys() - FROM_LSP


@pytest.mark.parametrize("name", [name for name in vars(adapt_messages) if re.fullmatch("ADAPT(_[A-Z]+)?", name)])
def test_methods_of_adapting_are_the_same(name: str) -> None:
    assert f'export const {name} = "{getattr(adapt_messages, name)}";' in SOURCE


@pytest.mark.parametrize(
    "name", ["ASK", "EXPLAIN", "SEARCH", "STATUS", "REINDEX", "PREPARE", "CHAT", "REBUILD", "FORGET", "STATUS_CHANGED"]
)
def test_methods_are_the_same(name: str) -> None:
    assert f'export const {name} = "{getattr(protocol, name)}";' in SOURCE
