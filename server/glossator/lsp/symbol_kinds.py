"""The mapping of Glossator's symbol kinds to LSP's."""

from __future__ import annotations

from lsprotocol import types

_KINDS: dict[str, types.SymbolKind] = {
    "function": types.SymbolKind.Function,
    "method": types.SymbolKind.Method,
    "constructor": types.SymbolKind.Constructor,
    "class": types.SymbolKind.Class,
    "component": types.SymbolKind.Class,
    "struct": types.SymbolKind.Struct,
    "interface": types.SymbolKind.Interface,
    "trait": types.SymbolKind.Interface,
    "protocol": types.SymbolKind.Interface,
    "enum": types.SymbolKind.Enum,
    "enum_member": types.SymbolKind.EnumMember,
    "union": types.SymbolKind.Struct,
    "type": types.SymbolKind.TypeParameter,
    "module": types.SymbolKind.Module,
    "namespace": types.SymbolKind.Namespace,
    "package": types.SymbolKind.Package,
    "constant": types.SymbolKind.Constant,
    "variable": types.SymbolKind.Variable,
    "field": types.SymbolKind.Field,
    "property": types.SymbolKind.Property,
    "macro": types.SymbolKind.Function,
    "object": types.SymbolKind.Object,
    "test": types.SymbolKind.Function,
    "section": types.SymbolKind.String,
    "key": types.SymbolKind.Key,
    "message": types.SymbolKind.Struct,
    "service": types.SymbolKind.Interface,
    "rpc": types.SymbolKind.Method,
    "table": types.SymbolKind.Struct,
}


def symbol_kind(kind: str) -> types.SymbolKind:
    """The most similar kind in LSP."""
    return _KINDS.get(kind, types.SymbolKind.Object)
