"""Names in Kotlin: what packages, imports, templates of text, and calls that name a type mean."""

import pytest

from tests.unit.resolution.resolution_samples import Sample

CLOCK = {
    "core/src/Period.kt": """
        package clock
        sealed class Period
        fun Period(years: Int): Period = make(years)
        open class Zone(val id: String)
        fun Zone(id: Int): Zone = Zone(id.toString())
        fun Long.format(): String = ""
    """,
    "core/src/format/Formats.kt": """
        package clock.format
        val ISO = 1
        interface Provider {
            fun zones(): Int
        }
        object Checks {
            val kinds = listOf(1)
            fun Map<*, *>.put(one: Any) {}
        }
    """,
    "core/src/Main.kt": """
        package clock
        import clock.format.*
        val used = ISO
        val period = Period(years = 3)
        val zone = Zone("a")
        val provider = object : clock.format.Provider {
            override fun zones() = 1
        }
        fun text(count: Int, zone: Zone) = "all of $used in ${zone.id}, $count"
    """,
    "app/src/Use.kt": """
        package app
        import clock.format.Checks.kinds
        import clock.format.Checks.put
        val all = kinds
        fun set(one: Any) { (one as Map<*, *>).put(1) }
    """,
}


@pytest.mark.parametrize(
    ("line", "name", "meaning"),
    [
        ("val used = ISO", "ISO", "core/src/format/Formats.kt:ISO"),
        ("val period = Period(years = 3)", "Period", "core/src/Period.kt:Period"),
        ('val zone = Zone("a")', "Zone", "possible"),
        ("val provider = object : clock.format.Provider {", "Provider", "core/src/format/Formats.kt:Provider"),
        ('fun text(count: Int, zone: Zone) = "all of $used in ${zone.id}, $count"', "used", "core/src/Main.kt:used"),
        ('fun text(count: Int, zone: Zone) = "all of $used in ${zone.id}, $count"', "count", "no mention"),
    ],
)
def test_kotlin(line: str, name: str, meaning: str) -> None:
    assert Sample(CLOCK).at("core/src/Main.kt", line, name) == meaning


def test_a_class_without_instances_is_not_called() -> None:
    sample = Sample(CLOCK)
    called, sealed = sorted(sample.resolver.definitions("Period"), key=lambda one: one.symbol.kind == "class")
    assert [use.kind for use in sample.resolver.uses(called).uses] == ["call"]
    assert "call" not in [use.kind for use in sample.resolver.uses(sealed).uses]


def test_an_object_is_used_where_its_member_is_imported() -> None:
    assert Sample(CLOCK).kinds("Checks") == ["import", "import"]


def test_an_extension_that_an_object_has_may_be_called_on_a_type_of_the_library() -> None:
    assert Sample(CLOCK).uses("Checks.Map.put", None, "possible") == [
        "app/src/Use.kt: fun set(one: Any) { (one as Map<*, *>).put(1) }"
    ]


@pytest.mark.parametrize("comment", ["/** What follows. */", "// What follows.", ""])
def test_the_last_import_before_a_comment(comment: str) -> None:
    main = f"package app\nimport clock.Zone\nimport clock.format.ISO as iso {comment}\nimport clock.format.Provider\n"
    sample = Sample({**CLOCK, "Main.kt": f"{main}{comment}\nclass Main : Provider {{ val one = iso }}\n"})
    line = "class Main : Provider { val one = iso }"
    assert sample.at("Main.kt", line, "Provider") == "core/src/format/Formats.kt:Provider"
    assert sample.at("Main.kt", line, "iso") == "core/src/format/Formats.kt:ISO"


def test_a_range_that_is_taken_for_another_type_is_none() -> None:
    sample = Sample(
        {"a.kt": "package a\nval One = 1\nfun use() = ((One..Two) as Collection<*>).has(1)\nclass A { fun has() {} }\n"}
    )
    assert sample.at("a.kt", "fun use() = ((One..Two) as Collection<*>).has(1)", "has") != "a.kt:A.has"


def test_what_another_module_declares_in_the_package_is_not_sure_to_be_meant() -> None:
    files = {
        "one/src/main/kotlin/Parts.kt": "package shop\nclass Part\n",
        "two/src/main/kotlin/All.kt": "package shop\nclass All {\n  class Part\n}\n",
        "two/src/main/kotlin/Use.kt": "package shop\nimport shop.All.*\nval part = make(::Part)\n",
        "one/src/main/kotlin/Use.kt": "package shop\nimport shop.All.*\nval part = make(::Part)\n",
    }
    sample = Sample(files)
    line = "val part = make(::Part)"
    assert sample.at("two/src/main/kotlin/Use.kt", line, "Part") == "possible"
    assert sample.at("one/src/main/kotlin/Use.kt", line, "Part") == "one/src/main/kotlin/Parts.kt:Part"


def test_a_call_that_a_member_cannot_take_is_none_of_it() -> None:
    files = {
        "a.kt": """
            package a
            class Box { fun put(one: Int) {} }
            fun Box.put(one: Int, other: Int) {}
            fun use(box: Box) {
                box.put(1, 2)
            }
        """
    }
    assert Sample(files).uses("Box.put") == []


def test_an_extension_that_is_a_member_of_a_class_is_seen_inside_of_it_alone() -> None:
    files = {
        "a.kt": """
            package a
            class Result { fun get() = 1 }
            interface Scope { fun Result.bind(): Int }
            class ScopeImpl : Scope {
                override fun Result.bind(): Int = 1
                fun inside(one: Result) = one.bind()
            }
            interface Other { fun Result.bind(): Int }
            fun binding(block: Other.() -> Int) = 1
            fun use(one: Result) = binding { one.bind() }
        """
    }
    sample = Sample(files)
    assert sample.at("a.kt", "fun use(one: Result) = binding { one.bind() }", "bind") == "possible"


def test_what_a_type_of_functions_calls_its_parameters_is_no_definition() -> None:
    sample = Sample({
        "a.kt": """
            package a
            val code = 1
            class Till {
              val onEnd: (message: String, code: Int) -> Unit = { message, _ -> println(message) }
              fun close(then: (code: Int) -> Unit) {
                println(code)
              }
            }
        """
    })  # fmt: skip
    facts = sample.facts("a.kt")
    assert facts is not None
    assert [symbol.name for symbol in facts.symbols if symbol.name in ("code", "message")] == ["code"]
    assert sample.uses("code") == ["a.kt: println(code)"]


def test_a_member_overrides_no_extension_of_a_supertype() -> None:
    sample = Sample({
        "a.kt": """
            package a
            open class Widget
            fun Widget.align(width: Int): Widget = this
            class Text : Widget() {
              fun align(width: Int): Text = this
            }
            fun run(widget: Widget) { widget.align(1) }
        """
    })  # fmt: skip
    definition = next(
        one for one in sample.resolver.definitions("Widget.align", "a.kt") if one.symbol.scope == "Widget"
    )
    uses = [use.kind for use in sample.resolver.uses(definition).resolved]
    assert uses == ["call"]
