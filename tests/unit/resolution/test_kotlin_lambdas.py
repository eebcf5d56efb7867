"""Lambdas in Kotlin: what `it`, `this`, their parameters and bare names in them mean follows from what takes them."""

import pytest

from tests.unit.resolution.resolution_samples import Sample

HOUSE = {
    "house/Door.kt": """
        package house
        open class Door(val lock: Lock, @get:JvmName("frame") val frame: Lock = lock) {
            fun frame(): Lock = frame
            fun open(): Boolean = true
            fun inner(): Door = this
            val width: Int = 1
        }
        class Lock {
            fun turn() {}
            fun open(): Boolean = false
        }
        class Gate {
            fun open(): Boolean = true
        }
        class Key : Runnable {
            override fun run() {}
            fun turn() {}
        }
        fun Door.paint(): Door = this
    """,
    "house/Listener.java": """
        package house;
        public interface Listener {
            void opened(Door door);
        }
    """,
    "house/House.kt": """
        package house
        typealias Handler = (Door) -> Unit
        fun interface Route {
            fun handle(door: Door): Any
        }
        class House(size: Int = 3, val onOpen: (Door) -> Unit) {
            constructor(name: String, size: Int, each: (Lock, Door) -> Unit) : this(size, {})
            var handler: Handler? = null
            fun each(block: (Door) -> Unit) {}
            fun named(name: String, other: Int = 1, block: suspend (Door) -> Unit) {}
            fun two(block: (Lock, Door) -> Unit) {}
            fun listen(one: Listener) {}
            fun nothing(block: () -> Unit) {}
            fun optional(block: ((door: Door) -> Unit)? = null) {}
            fun configure(block: Door.() -> Unit) {}
            fun given(block: Lock.(Door) -> Unit) {}
            fun over(block: (Door) -> Unit) {}
            fun over(name: String, block: (Lock) -> Unit) {}
            fun either(block: (Door) -> Unit) {}
            fun either(block: (Lock, String) -> Unit, other: Int = 0) {}
            fun <T> generic(one: T, block: (T) -> Unit) {}
        }
        class Box<T>(val held: T) {
            fun see(block: (T) -> Unit) {}
            fun inside(block: T.() -> Unit) {}
        }
        fun buildDoor(block: Door.() -> Unit): Door = Door(Lock()).apply(block)
        fun route(route: Route) {}
    """,
}


def stated(line: str, name: str = "open") -> str:
    """What the mention of a name in a line of Kotlin means."""
    main = f"""
        package house
        class Main(val house: House, val doors: List<Door>, val named: Map<String, Door>, val door: Door) {{
            val box: Box<Door> = Box(door)
            val path: String = ""
            val length: Int = 0
            fun open() {{}}
            fun shut() {{}}
            fun <T> any(block: (T) -> Unit) {{}}
            fun main(): Handler {{
                {line}
            }}
        }}
    """
    return Sample({**HOUSE, "house/Main.kt": main}).at("house/Main.kt", line, name)


@pytest.mark.parametrize(
    "line",
    [
        "house.each { it.open() }",
        "house.each { d -> d.open() }",
        "house.each({ it.inner().open() })",
        "house.each { val d = it.inner(); d.open() }",
        'house.named("a") { it.open() }',
        'house.named("a", 2) { d -> d.open() }',
        "house.two { l, d -> d.open() }",
        "house.optional { it.open() }",
        "house.over { it.open() }",
        "House { it.open() }",
        'House("a", 1) { l, d -> d.open() }',
        "House(1, { it.open() })",
        "house.given { it.open() }",
        "Route { it.open() }",
        "val h: Handler = { it.open() }",
        "val h: (Door) -> Unit = { d -> d.open() }",
        "house.handler = { it.open() }",
        "return { it.open() }",
        "doors.forEach { it.open() }",
        "doors.filter { true }.map { d -> d.open() }",
        "doors.find { true }?.open()",
        "doors.forEachIndexed { i, d -> d.open() }",
        "doors.sortedWith { a, b -> b.open() }",
        "doors.fold(0) { sum, d -> d.open() }",
        "named.forEach { (name, d) -> d.open() }",
        "named.map { it.value.open() }",
        "named.filterValues { it.open() }",
        "named.forEach { entry -> entry.value.open() }",
        "door.let { it.open() }",
        "door?.let { d -> d.open() }",
        "door.also { it.open() }.inner()",
        "door.apply { width }.open()",
        "door.takeIf { true }?.open()",
        "door.apply { this.open() }",
        "with(door) { this.open() }",
        "with(doors.first()) { inner().open() }",
        "buildDoor { this.open() }",
        "buildDoor { inner().open() }",
        "house.configure { this.open() }",
        "box.see { it.open() }",
        "box.inside { this.open() }",
        "house.each { house.nothing { it.open() } }",
        "house.each { run { it.open() } }",
        "house.each { synchronized(this) { it.open() } }",
        "house.configure { house.nothing { this.open() } }",
        "house.each { door -> doors.map { d -> door.open() } }",
        "listOf(1).forEach { house.each { it.open() } }",
    ],
)
def test_what_lambdas_are_called_with(line: str) -> None:
    assert stated(line) == "house/Door.kt:Door.open"


@pytest.mark.parametrize(
    "line",
    [
        "any { it.open() }",  # a type's parameter
        "house.generic(door) { it.open() }",
        "house.either { it.open() }",  # overloads that fit do not agree
        "house.missing { it.open() }",
        "unknown { house.missing { it.open() } }",
        "doors.map { it.width }.forEach { it.open() }",
        "doors.missing { it.open() }",
        "house.each { house.missing { it.open() } }",
        'house.named(name = "a", block = { it.open() })',  # named
        "house.two { it.open() }",
        "house.missing { this.open() }",
        "val o = object : Runnable { override fun run() { this.open() } }",
    ],
)
def test_what_nothing_decides_is_possible_only(line: str) -> None:
    assert stated(line) in ("possible", "excluded")


@pytest.mark.parametrize(
    ("line", "name", "meant"),
    [
        ("door.apply { inner() }", "inner", "house/Door.kt:Door.inner"),
        ("door.apply { paint() }", "paint", "house/Door.kt:Door.paint"),
        ("with(door) { inner() }", "inner", "house/Door.kt:Door.inner"),
        ("door.run { lock.turn() }", "turn", "house/Door.kt:Lock.turn"),
        ("buildDoor { lock.turn() }", "lock", "house/Door.kt:Door.lock"),
        ("buildDoor { with(lock) { turn() } }", "turn", "house/Door.kt:Lock.turn"),
        ("buildDoor { with(lock) { inner() } }", "inner", "house/Door.kt:Door.inner"),
        ("house.configure { doors.forEach { inner() } }", "inner", "house/Door.kt:Door.inner"),
        ("house.configure { house.each { it.lock } }", "lock", "house/Door.kt:Door.lock"),
        ("house.given { turn() }", "turn", "house/Door.kt:Lock.turn"),
        ("apply { this.shut() }", "shut", "house/Main.kt:Main.shut"),
        ("apply { shut() }", "shut", "house/Main.kt:Main.shut"),
        ("buildDoor { apply { inner() } }", "inner", "house/Door.kt:Door.inner"),
        ("also { it.shut() }", "shut", "house/Main.kt:Main.shut"),
        ("val k = Key().apply { named }; k.turn()", "turn", "house/Door.kt:Key.turn"),
        ("Key().run { turn() }", "turn", "possible"),  # a Runnable has one itself
        ("buildString { append(path) }", "path", "house/Main.kt:Main.path"),
        ("buildString { append(length) }", "length", "possible"),
        ("door.frame.turn()", "turn", "house/Door.kt:Lock.turn"),  # beside a method of the name
        # What the receiver has not is that of the class.
        ("buildDoor { shut() }", "shut", "house/Main.kt:Main.shut"),
        ("doors.forEach { shut() }", "shut", "house/Main.kt:Main.shut"),
        ("house.missing { shut() }", "shut", "house/Main.kt:Main.shut"),
        ("house.each { shut() }", "shut", "house/Main.kt:Main.shut"),
        ("house.nothing { this.shut() }", "shut", "house/Main.kt:Main.shut"),
        ("doors.forEach { this.shut() }", "shut", "house/Main.kt:Main.shut"),
        # A property is not called, a method not read.
        ("door.apply { width() }", "width", "possible"),
        # A library's receiver may have it.
        ("buildString { shut() }", "shut", "possible"),
        ("runBlocking { shut() }", "shut", "house/Main.kt:Main.shut"),
        ("path.apply { shut() }", "shut", "possible"),
        # Something of the project's own is no scope function.
        ("house.each { with -> with(door) { shut() } }", "shut", "house/Main.kt:Main.shut"),
    ],
)
def test_bare_names_mean_members_of_receivers(line: str, name: str, meant: str) -> None:
    assert stated(line, name) == meant


def test_a_function_of_its_own_is_no_scope_function() -> None:
    files = {
        "a/With.kt": """
            package a
            class Door { fun turn() {} }
            class Gate { fun turn() {} }
            fun <T> with(one: T, block: Gate.() -> Unit) {}
            class Own {
                fun apply(block: Gate.() -> Unit) {}
            }
            fun use(door: Door, own: Own) {
                with(door) { this.turn() }
                own.apply { turn() }
            }
        """
    }
    sample = Sample(files)
    assert sample.at("a/With.kt", "with(door) { this.turn() }", "turn") in ("possible", "a/With.kt:Gate.turn")
    assert sample.at("a/With.kt", "own.apply { turn() }", "turn") == "a/With.kt:Gate.turn"


def test_a_name_for_a_type_is_that_type() -> None:
    files = {
        "a/Alias.kt": """
            package a
            class Door { fun turn() {} }
            typealias Portal = Door
            fun use(portal: Portal) {
                portal.turn()
            }
        """
    }
    assert Sample(files).at("a/Alias.kt", "portal.turn()", "turn") == "a/Alias.kt:Door.turn"


def test_a_scope_function_may_be_one_of_the_project() -> None:
    files = {
        "a/Use.kt": """
            package a
            class Door { fun turn() {} }
            fun <T, R> T.use(block: (T) -> R): R = block(this)
            fun open(door: Door) {
                door.use { it.turn() }
            }
        """
    }
    sample = Sample(files)
    assert sample.at("a/Use.kt", "door.use { it.turn() }", "turn") == "a/Use.kt:Door.turn"
    assert sample.at("a/Use.kt", "door.use { it.turn() }", "use") == "possible"


def test_a_name_in_the_lambda_that_its_value_takes_is_not_the_variable() -> None:
    sample = Sample({
        "a.kt": """
            package org.till
            class Till { val drawer = Drawer() }
            class Drawer { fun open() {} }
            fun run() {
              val till = outside {
                till.drawer.open()
              }
            }
        """,
        "till/b.kt": "package other\nclass Other\n",
    })  # fmt: skip
    assert sample.at("a.kt", "till.drawer.open()", "drawer") == "possible"
