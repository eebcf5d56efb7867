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


def test_what_is_private_is_seen_in_its_file_only() -> None:
    sample = Sample(
        {
            "Report.kt": """
                package a
                class Report {
                    private lateinit var basePath: String
                    val shown = basePath
                    private fun go(x: Any) = 1
                }
                class Held(private val key: String)
                private val Report.place get() = 3
                private fun Report.place(x: Int) = 3
                private fun helper() = 1
                fun own() = helper()
            """,
            "Helper.kt": "package a\nfun helper() = 2\n",
            "Spec.kt": """
                package a
                class Spec {
                    val basePath = "x"
                    val key = "k"
                    fun go(x: Any) = 1
                    fun check(report: Report, held: Held) {
                        report.apply { go(basePath) }
                        held.apply { println(key) }
                        report.place
                        helper()
                    }
                }
            """,
        }
    )
    assert sample.at("Spec.kt", "report.apply { go(basePath) }", "basePath") == "Spec.kt:Spec.basePath"
    assert sample.at("Spec.kt", "report.apply { go(basePath) }", "go") == "Spec.kt:Spec.go"
    assert sample.at("Spec.kt", "held.apply { println(key) }", "key") == "Spec.kt:Spec.key"
    assert sample.at("Spec.kt", "report.place", "place") == "possible"
    assert sample.at("Spec.kt", "helper()", "helper") == "Helper.kt:helper"
    assert sample.at("Report.kt", "fun own() = helper()", "helper") == "Report.kt:helper"
    assert sample.at("Report.kt", "val shown = basePath", "basePath") == "Report.kt:Report.basePath"


def test_what_the_own_module_has_is_meant_before_the_same_of_another() -> None:
    sample = Sample(
        {
            "app/src/main/a/Run.kt": "package a\nclass Runner\nfun build(args: List<String>) = 1\nfun stop() = 1\n",
            "app/src/test/a/Spec.kt": """
                package a
                class Spec {
                    fun check() {
                        Runner()
                        stop()
                        build(listOf())
                    }
                }
            """,
            "other/src/test/a/Run.kt": "package a\nclass Runner\nfun build(args: List<String>) = 2\nfun stop() = 2\n",
        }
    )
    assert sample.at("app/src/test/a/Spec.kt", "Runner()", "Runner") == "app/src/main/a/Run.kt:Runner"
    assert sample.at("app/src/test/a/Spec.kt", "stop()", "stop") == "app/src/main/a/Run.kt:stop"
    # It may be an overload of another type.
    assert sample.at("app/src/test/a/Spec.kt", "build(listOf())", "build") == "possible"


def test_a_script_of_the_build_sees_nothing_that_it_does_not_name() -> None:
    sample = Sample(
        {
            "src/main/Test.kt": "class Test\nfun own() = 1\n",
            "src/main/Use.kt": "fun use() = Test()\n",
            "buildSrc/src/main/kotlin/Versions.kt": "object Versions\n",
            "build.gradle.kts": "withType<Test> {}\nown()\nval all = Versions\n",
        }
    )
    assert sample.uses("Test") == ["src/main/Use.kt: fun use() = Test()"]
    assert sample.uses("own") == []
    assert sample.uses("Versions") == ["build.gradle.kts: val all = Versions"]


def test_a_value_that_cannot_be_called_is_not_what_is_called() -> None:
    sample = Sample(
        {
            "Check.kt": """
                package a
                private fun formatted(file: String): Boolean = true
                private fun made(file: String): Boolean = true
                fun check(formatted: Boolean, made: (String) -> Boolean) {
                    if (formatted) {
                        println(formatted("x"))
                        println(made("x"))
                    }
                }
            """
        }
    )
    assert sample.uses("formatted") == ['Check.kt: println(formatted("x"))']
    assert sample.uses("made") == []
