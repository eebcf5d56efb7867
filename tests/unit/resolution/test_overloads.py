"""Overloads that take as many arguments are told apart by the types of these, as far as they are known."""

from __future__ import annotations

import pytest

from glossator.index.argument_types import arguments_of, parameter_types
from tests.unit.resolution.resolution_samples import Sample

SHAPES = """
    package app;
    import java.io.Reader;
    import java.io.StringReader;
    import java.util.List;
    class Shape {}
    class Square extends Shape {}
    class Printer {
        void print(Shape shape) {}
        void print(String text) {}
        void print(int number) {}
        void print(long number) {}
        void print(Object any) {}
        void print(Reader source) {}
        void print(Runnable task) {}
        <T> void make(String text, Class<T> kind) {}
        void make(String text, Shape kind) {}
        void all(String... texts) {}
        void all(String text) {}
    }
    class Loud extends Printer {
        void print(Shape shape, boolean loud) {}
        void print(double number) {}
    }
"""


def shapes(statement: str) -> tuple[str, list[str]]:
    """The grade of the call in a statement, and the parameters of the functions that it may mean."""
    sample = Sample(
        {
            "app/Printer.java": SHAPES,
            "app/Main.java": f"""
                package app;
                import java.io.StringReader;
                class Main {{
                    String name;
                    void run(Printer printer, Loud loud, Square square, StringReader reader, Unknown given) {{
                        {statement}
                    }}
                }}
            """,
        }
    )
    facts = sample.facts("app/Main.java")
    assert facts is not None
    name = next(one for one in ("print", "make", "all") if f".{one}(" in statement)
    (mention,) = facts.mentions_of(name)
    found = sample.resolver.resolve("app/Main.java", facts, name, mention)
    return found.grade, sorted(",".join(one.symbol.types) for one in found.targets)


@pytest.mark.parametrize(
    ("statement", "meant"),
    [
        ('printer.print("x");', "String"),
        ("printer.print(name);", "String"),
        ("printer.print(name.trim());", "String"),
        ('printer.print("n: " + 1);', "String"),
        ("printer.print(given == null ? null : name);", "String"),
        ("printer.print(1);", "int"),
        ("printer.print(1L);", "long"),
        ("printer.print('c');", "int"),
        ("printer.print(Integer.MAX_VALUE);", "int"),
        ("printer.print(square);", "Shape"),
        ("printer.print(new Square());", "Shape"),
        ("printer.print((Object) square);", "Object"),
        ("printer.print(true);", "Object"),
        ("printer.print(reader);", "Reader"),
        ("printer.make(name, Shape.class);", "String,Class<T>"),
        ("printer.make(name, square);", "String,Shape"),
        ("printer.all(name);", "String"),
        ("printer.all(name, name);", "String..."),
        # A subclass's overloads stand beside those that it inherits.
        ("loud.print(square);", "Shape"),
        ("loud.print(2.5);", "double"),
        ("loud.print(square, true);", "Shape,boolean"),
    ],
)
def test_the_types_of_arguments_decide(statement: str, meant: str) -> None:
    assert shapes(statement) == ("resolved", [meant])


def test_an_argument_of_unknown_type_may_mean_all_that_it_fits() -> None:
    grade, targets = shapes("printer.print(given.value());")
    assert grade == "possible"
    assert len(targets) == 7


def test_constructors_are_told_apart() -> None:
    sample = Sample(
        {
            "app/Box.java": """
                package app;
                public class Box {
                    public Box(String label) { }
                    public Box(int size) { }
                }
            """,
            "app/Main.java": """
                package app;
                class Main { Object run(Object[] given) { return new Box("x"); } }
                class Other { Object run(Object[] given) { return new Box(given.length); } }
            """,
        }
    )
    made = [one for one in sample.resolver.definitions("Box", "app/Box.java") if one.symbol.kind == "constructor"]
    grades = [[(use.line, use.grade) for use in sample.resolver.uses(one).uses] for one in made]
    assert grades == [[(2, "resolved"), (3, "possible")], [(3, "possible")]]


def test_methods_of_other_parameters_override_nothing() -> None:
    sample = Sample(
        {
            "Base.java": "class Base { void add(String text) {}\nvoid add(int number) {} }",
            "Heir.java": "class Heir extends Base { void add(int number) {} }",
        }
    )
    by_text, by_number = sample.resolver.definitions("add", "Base.java")
    assert sample.resolver.overrides(by_text) == []
    assert [one.path for one in sample.resolver.overrides(by_number)] == ["Heir.java"]
    (heir,) = sample.resolver.definitions("add", "Heir.java")
    assert sample.resolver.supers(heir) == [by_number]


def test_csharp_overloads() -> None:
    sample = Sample(
        {
            "Log.cs": """
                namespace Acme;
                class Log {
                    public void Write(string text) { }
                    public void Write(int number) { }
                    public void Write(Log other) { }
                    public void Run() { Write("x"); Write(2); Write(this); Write(new Log()); Write($"{this}"); }
                }
            """
        }
    )
    facts = sample.facts("Log.cs")
    assert facts is not None
    meant = [sample.resolver.resolve("Log.cs", facts, "Write", one) for one in facts.mentions_of("Write")]
    assert [[one.symbol.types for one in found.targets] for found in meant[:4]] == [
        [("string",)],
        [("int",)],
        [("Log",)],
        [("Log",)],
    ]


@pytest.mark.parametrize(
    ("text", "types"),
    [
        ("(final @Nullable Map<String, List<T>> m, int[]... rest)", ("Map<String,List<T>>", "int[]...")),
        ('(string a = "x", params object[] rest)', ("string", "object...")),
        ("(this Foo x, int y[])", ("Foo", "int[]")),
        ("([FromBody] Item item)", ("Item",)),
        ('(@Named("a, b") Item item, @A(1) int x)', ("Item", "int")),
        ("()", ()),
    ],
)
def test_types_of_parameters(text: str, types: tuple[str, ...]) -> None:
    assert parameter_types(text) == types


@pytest.mark.parametrize(
    ("text", "count", "made"),
    [
        ("json, new TypeToken<Map<String, String>>() {}", 2, "E;E"),
        ('"a, b" + 1, a < b, c > d', 3, "<String>;<boolean>;<boolean>"),
        ("'a', -1L, (int) x, new int[3][], !b, x -> x + 1", 6, "<char>;<long>;<int>;<int[][]>;<boolean>;=>"),
        ("null, Foo.class, 0x1F, 1.5, 2f, Foo::new", 6, "null;<Class>;<int>;<double>;<float>;=>"),
        ("a /* one, two */", 1, ""),
    ],
)
def test_arguments(text: str, count: int, made: str) -> None:
    assert arguments_of(text, count, lambda start, end: "E" if text[start:end].strip() else "?") == made


def test_elements_of_annotations() -> None:
    sample = Sample({
        "app/Result.java": """
            package app;
            public @interface Result {
              boolean id() default false;
              String value();
              Column[] columns() default {};
              @interface Column { String name(); }
            }
        """,
        "app/Mapper.java": """
            package app;
            interface Mapper {
              @Result(id = true, value = "x")
              int find();
              @Result(value = "y", columns = @Result.Column(name = "n"))
              int other();
              @Other(id = 3)
              int third();
            }
        """,
        "app/Reader.java": """
            package app;
            class Reader { boolean read(Result result, Result.Column column) { return result.id(); } }
        """,
    })  # fmt: skip
    first, second = '@Result(id = true, value = "x")', '@Result(value = "y", columns = @Result.Column(name = "n"))'
    read = "class Reader { boolean read(Result result, Result.Column column) { return result.id(); } }"
    assert sample.uses("Result.id") == [f"app/Mapper.java: {first}", f"app/Reader.java: {read}"]
    assert sample.uses("Result.value") == [f"app/Mapper.java: {first}", f"app/Mapper.java: {second}"]
    assert sample.uses("Column.name") == [f"app/Mapper.java: {second}"]
    assert sample.uses("Result.id", grade="possible") == []


def test_a_constant_is_not_constructed() -> None:
    sample = Sample({
        "app/Types.java": """
            package app;
            import java.net.URL;
            class Types {
              static final Adapter URL = new Adapter();
              Object read(String text) { return new URL(text); }
              Object adapter() { return URL; }
            }
            class Adapter {}
        """,
    })  # fmt: skip
    assert sample.uses("Types.URL") == ["app/Types.java: Object adapter() { return URL; }"]
