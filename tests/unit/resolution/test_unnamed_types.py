"""Types that no name stands for: what is defined in an extension of one can be asked about."""

from tests.unit.resolution.resolution_samples import Sample

SWIFT = {
    "Sources/Query.swift": """
        extension [String] {
            func joined(with mark: String) -> String { joinedBy(mark) }
            func joinedBy(_ mark: String) -> String { "" }
        }
        struct Query {
            let parts: [String]
            func text() -> String { parts.joinedBy("&") }
        }
    """
}


def test_methods_of_an_extended_array_type_have_uses() -> None:
    """Neither its uses nor its callees are lost, or end in an error."""
    sample = Sample(SWIFT)
    found = sample.resolver.uses(sample.definition("joinedBy")).uses
    assert {sample.line(use) for use in found} >= {'func text() -> String { parts.joinedBy("&") }'}
    assert isinstance(sample.resolver.callees(sample.definition("joined")), list | tuple)
