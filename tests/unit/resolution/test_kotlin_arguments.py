"""How many arguments a call in Kotlin has tells functions of one name apart."""

import pytest

from tests.unit.resolution.resolution_samples import Sample

LINES = """
    package shop

    interface Base {
        fun put(one: Int, two: Int = 1)
    }

    class Shop : Base {
        override fun put(one: Int, two: Int) {}
        fun put(one: Int, two: Int, three: Int) {}
        fun run(one: Int) {}
        fun run(one: Int, two: Int, last: () -> Unit) {}
        fun run(last: () -> Unit, one: Int, two: Int, three: Int) {}
        fun many(vararg ones: Int, last: () -> Unit) {}
        fun <T> typed() {}
        fun <T> typed(one: T) {}
    }
"""


def meant(line: str, name: str) -> str:
    """The line of the function that is meant."""
    main = f"""
        package shop

        fun main(shop: Shop, all: IntArray) {{
            {line}
        }}
    """
    sample = Sample({"shop.kt": LINES, "main.kt": main})
    found = sample.resolver.resolve(
        "main.kt", sample.facts("main.kt"), name, sample.facts("main.kt").mentions_of(name)[0]
    )
    if found.grade != "resolved":
        return found.grade
    [target] = found.targets
    return sample.texts[target.path].splitlines()[target.symbol.line - 1].strip()


@pytest.mark.parametrize(
    ("line", "name", "expected"),
    [
        ("shop.run(1)", "run", "fun run(one: Int) {}"),
        ("shop.run(1, 2) { }", "run", "fun run(one: Int, two: Int, last: () -> Unit) {}"),
        ("shop.run(1, 2, { })", "run", "fun run(one: Int, two: Int, last: () -> Unit) {}"),
        ("shop.run({ }, 1, 2, 3)", "run", "fun run(last: () -> Unit, one: Int, two: Int, three: Int) {}"),
        ("shop.put(1, 2, 3)", "put", "fun put(one: Int, two: Int, three: Int) {}"),
        ("shop.put(1)", "put", "override fun put(one: Int, two: Int) {}"),
        ("shop.put(two = 1, one = 2)", "put", "override fun put(one: Int, two: Int) {}"),
        ("shop.many(1, 2, 3) { }", "many", "fun many(vararg ones: Int, last: () -> Unit) {}"),
        ("shop.many(*all) { }", "many", "fun many(vararg ones: Int, last: () -> Unit) {}"),
        ("shop.many { }", "many", "fun many(vararg ones: Int, last: () -> Unit) {}"),
        ("shop.typed<Int>()", "typed", "fun <T> typed() {}"),
        ("shop.typed<Int>(1)", "typed", "fun <T> typed(one: T) {}"),
        ("shop.typed(", "typed", "possible"),
        ("shop.run(1, 2, 3, 4, 5)", "run", "possible"),
    ],
)
def test_the_function_that_takes_as_many_is_meant(line: str, name: str, expected: str) -> None:
    assert meant(line, name) == expected


def test_an_actual_function_has_the_default_values_of_the_expected_one() -> None:
    sample = Sample(
        {
            "common/time.kt": "package time\n\nexpect fun read(text: String, format: Int = 1): Int\n",
            "jvm/time.kt": "package time\n\nactual fun read(text: String, format: Int): Int = 1\n",
            "main.kt": 'package time\n\nfun main() {\n    read("a")\n}\n',
        }
    )
    assert "jvm/time.kt:read" in sample.at("main.kt", 'read("a")', "read")


def test_an_actual_extension_is_the_expected_one() -> None:
    sample = Sample(
        {
            "common/time.kt": "package time\n\nclass Clock\n\nexpect fun Clock.read(format: Int): Int\n",
            "jvm/time.kt": "package time\n\nactual fun Clock.read(format: Int): Int = 1\n",
            "main.kt": "package time\n\nfun main(clock: Clock) {\n    clock.read(2)\n}\n",
        }
    )
    assert "jvm/time.kt:Clock.read" in sample.at("main.kt", "clock.read(2)", "read")
