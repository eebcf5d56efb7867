"""Which members override each other, as far as the types of their parameters tell (C#, Java)."""

from __future__ import annotations

import pytest

from tests.unit.resolution.resolution_samples import Sample

PARTS = {
    "Door.cs": "namespace Shop { public interface IDoor { void Open (int width); void Close (string key); } }",
    "Gate.cs": "namespace Shop { public partial class Gate : IDoor { public void Open (int width) {} } }",
    "GateClose.cs": "namespace Shop { public partial class Gate { public void Close (string key) {} } }",
    "GateOther.cs": "namespace Shop { public partial class Gate { public void Other () {} } }",
}


def overridden(sample: Sample, name: str) -> dict[str, list[str]]:
    """What each definition of a name overrides, without those that override nothing."""
    found = {
        one.qualified_name: [other.qualified_name for other in sample.resolver.supers(one)]
        for one in sample.resolver.definitions(name)
    }
    return {name: above for name, above in found.items() if above}


@pytest.mark.parametrize("first", PARTS)
def test_all_parts_of_a_class_have_its_supertypes_whichever_was_asked_for_first(first: str) -> None:
    sample = Sample(PARTS)
    (part,) = (one for one in sample.resolver.definitions("Gate", first) or sample.resolver.definitions("IDoor", first))
    sample.resolver.supers(part)
    assert overridden(sample, "Open") == {"Gate.Open": ["IDoor.Open"]}
    assert overridden(sample, "Close") == {"Gate.Close": ["IDoor.Close"]}


@pytest.mark.parametrize(
    ("declared", "written", "overrides"),
    [
        ("[NotNullWhen(returnValue: true)] out Key? key", "[NotNullWhen(true)] out Key key", True),
        ("string? text, object? any", "string text, object any", True),
        ("List<Key?>? keys", "List<Key> keys", True),
        ("Key[]? keys", "Key[] keys", True),
        ("int? number", "int number", False),
        ("DateTime? at", "DateTime at", False),
        ("params string[] names", "string[] names", True),
        ("params string[] names", "string name", False),
        ("Place @namespace", "Place place", True),
        ("Place @namespace", "Folder @event = null", False),
    ],
)
def test_parameters_of_csharp(declared: str, written: str, overrides: bool) -> None:
    sample = Sample({
        "Doors.cs": f"interface IDoor {{ void Open({declared}); }}\n"
        f"class Gate : IDoor {{ public void Open({written}) {{}} }}"
    })  # fmt: skip
    assert overridden(sample, "Open") == ({"Gate.Open": ["IDoor.Open"]} if overrides else {})


@pytest.mark.parametrize(
    ("declared", "written", "overrides"),
    [
        ("int[] widths, String... names", "int[] widths, String[] names", True),
        ("String... names", "String name", False),
        ("String... names", "Integer... names", False),
    ],
)
def test_parameters_of_java(declared: str, written: str, overrides: bool) -> None:
    sample = Sample({
        "Doors.java": f"interface Door {{ void open({declared}); }}\n"
        f"class Gate implements Door {{ public void open({written}) {{}} }}"
    })  # fmt: skip
    assert overridden(sample, "open") == ({"Gate.open": ["Door.open"]} if overrides else {})
