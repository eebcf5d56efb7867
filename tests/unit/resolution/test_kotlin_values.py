"""Kotlin and Java: what a bare name cannot mean: a function where nothing is called, a package where a receiver may
have a member of its name."""

from __future__ import annotations

import pytest

from tests.unit.resolution.resolution_samples import Sample

FILES = {
    "shop/Doors.kt": """
        package shop
        class Table { val rows = 3 }
        class Gate { val table = Table(); fun scope(width: Int) {} }
        fun table(width: Int): Table = Table()
        class Theme {
            companion object {
                val Dark = 1
            }
        }
        fun Theme(width: Int) = Theme()
        """,
    "shop/scope/Rooms.kt": "package shop.scope\nclass Room { fun open() {} }\n",
    "shop/User.kt": """
        package shop
        import shop.scope.*
        fun Lib.use() = table.rows
        fun Lib.more() { scope.open() }
        val all = unknown { scope(1) }
        val dark = Theme.Dark
        """,
}


@pytest.fixture(scope="module")
def sample() -> Sample:
    return Sample(FILES)


def test_a_function_is_no_value(sample: Sample) -> None:
    assert sample.uses("table", "shop/Doors.kt") == []
    assert sample.uses("Gate.table", grade="possible") == ["shop/User.kt: fun Lib.use() = table.rows"]
    assert sample.uses("table", "shop/Doors.kt", grade="possible") == []
    assert sample.uses("Table.rows", grade="possible") == ["shop/User.kt: fun Lib.use() = table.rows"]


def test_before_a_member_a_class_is_meant_and_no_function_of_its_name(sample: Sample) -> None:
    functions = [one for one in sample.resolver.definitions("Theme") if one.symbol.kind == "function"]
    assert not [use for use in sample.resolver.uses(functions[0]).uses if use.line == 6]
    assert sample.uses("Dark") == ["shop/User.kt: val dark = Theme.Dark"]


def test_a_receiver_that_is_not_known_may_have_a_member_that_is_called_like_a_package(sample: Sample) -> None:
    assert sample.uses("Gate.scope", grade="possible") == ["shop/User.kt: val all = unknown { scope(1) }"]
    assert sample.uses("Room.open", grade="possible") == ["shop/User.kt: fun Lib.more() { scope.open() }"]


def test_a_method_of_java_is_no_value() -> None:
    sample = Sample(
        {"Gate.java": "class Gate extends Lib { int size() { return 1; } int twice() { return size + size(); } }"}
    )
    (size,) = sample.resolver.definitions("size")
    assert len(sample.resolver.uses(size).uses) == 1
