"""Types as languages write them, and expressions, read into trees and chains."""

from __future__ import annotations

import pytest

from glossator.retrieval.resolution.receivers import Chain, chains
from glossator.retrieval.resolution.type_texts import FUNCTION, LIST, OPTIONAL, REST, TUPLE, UNION, TypeText, read_type


def written(kind: TypeText) -> str:
    """A tree on one line."""
    inside = ", ".join(map(written, kind.arguments))
    return f"{kind.name}({inside})" if inside else kind.name


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("Session", "Session"),
        ("list[Session]", "list(Session)"),
        ("dict[str,list[a.b.C]]", "dict(str, list(a.b.C))"),
        ("Session|None", f"{UNION}(Session, None)"),
        ("Optional[Callable[[int],str]]", f"Optional(Callable({LIST}(int), str))"),
        ("Map<String,List<Item>>", "Map(String, List(Item))"),
        ("Promise<Item[]>", f"Promise({LIST}(Item))"),
        ("(a:A)=>Promise<B>", f"{FUNCTION}(Promise(B), A)"),
        ("(this:X,a?:A,...rest:B[])=>C", f"{FUNCTION}(C, {OPTIONAL}(A), {REST}(B))"),
        ("(?,...[A,B])=>C", f"{FUNCTION}(C, ?, {REST}({TUPLE}(A, B)))"),
        ("(a:A/B)=>Promise<C/D>", f"{FUNCTION}(Promise({UNION}(C, D)), {UNION}(A, B))"),
        ("[A,...B[]]", f"{TUPLE}(A, {REST}(B))"),
        ("Fn(&A)->B", f"{FUNCTION}(B, A)"),
        ("*http.Request", "http.Request"),
        ("[]*Item", f"{LIST}(Item)"),
        ("map[string]Item", "map(string, Item)"),
        ("&mut Foo", "Foo"),
        ("Box<dyn Trait>", "Box(Trait)"),
        ("std::vector<ns::Item>", "std::vector(ns::Item)"),
        ("Item?", "Item"),
        ("[Item]", f"{LIST}(Item)"),
        ("[String:Item]", "Dictionary(String, Item)"),
        ("(A,B)", f"{TUPLE}(A, B)"),
        ("Outer<T>.Inner", "Outer.Inner"),
        ("?", "?"),
        ("", "?"),
        ("{x: number}", "?"),
    ],
)
def test_types_are_read(text: str, tree: str) -> None:
    assert written(read_type(text)) == tree


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a", [Chain("a", ())]),
        ("$.pool[].get()", [Chain("$", ("pool", "[]", "get", "()"))]),
        ("<dict[str,A|B]>.items()[][1].x", [Chain("<dict[str,A|B]>", ("items", "()", "[]", "[1]", "x"))]),
        ("a()|<B|None>.c|%", [Chain("a", ("()",)), Chain("<B|None>", ("c",)), Chain("%", ())]),
        ("#12()", [Chain("#12", ("()",))]),
        ("<Callable[[A],B->C]>()", [Chain("<Callable[[A],B->C]>", ("()",))]),
        ("xs.:pairs[][1]", [Chain("xs", (":pairs", "[]", "[1]"))]),
    ],
)
def test_expressions_are_read(text: str, found: list[Chain]) -> None:
    assert list(chains(text)) == found
