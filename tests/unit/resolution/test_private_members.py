"""In Java a private member is none to other files: it is no overload there, is not inherited, and overrides nothing."""

from __future__ import annotations

from tests.unit.resolution.resolution_samples import Sample

FORMAT = """
    package app;
    import java.io.Reader;
    public class Format {
        private final int size = 1;
        private static class Cell {}
        public Format(Object value) {}
        private Format(String value) {}
        public void print(Object value) {}
        private void print(Reader source) { print((Object) source); }
        private void fill(int count) {}
        void run(Reader source) { print(source); }
    }
"""


def test_a_private_overload_is_none_to_other_files() -> None:
    sample = Sample(
        {
            "app/Format.java": FORMAT,
            "app/Main.java": """
                package app;
                import java.io.StringReader;
                class Main {
                    void show(Format format) {
                        format.print(new StringReader(""));
                        new Format("text");
                    }
                }
            """,
        }
    )
    public, private = (
        next(one for one in sample.resolver.definitions("print") if one.symbol.types == (types,))
        for types in ("Object", "Reader")
    )
    assert [use.path for use in sample.resolver.uses(public).resolved] == ["app/Format.java", "app/Main.java"]
    assert [sample.line(use) for use in sample.resolver.uses(private).uses] == [
        "void run(Reader source) { print(source); }"
    ]
    made = [one for one in sample.resolver.definitions("Format") if one.symbol.kind == "constructor"]
    calls = {one.symbol.types: [use.path for use in sample.resolver.uses(one).resolved] for one in made}
    assert calls == {("Object",): ["app/Main.java"], ("String",): []}


def test_a_private_member_is_not_inherited() -> None:
    sample = Sample(
        {
            "app/Format.java": FORMAT,
            "app/Cell.java": "package app; class Cell {}",
            "app/Outer.java": """
                package app;
                class Outer {
                    static int size;
                    static void fill(int count) {}
                    static class Inner extends Format {
                        void work() {
                            fill(size);
                            Cell cell = null;
                        }
                    }
                }
            """,
        }
    )
    assert sample.at("app/Outer.java", "fill(size);", "fill") == "app/Outer.java:Outer.fill"
    assert sample.at("app/Outer.java", "fill(size);", "size") == "app/Outer.java:Outer.size"
    assert sample.at("app/Outer.java", "Cell cell = null;", "Cell") == "app/Cell.java:Cell"


def test_a_private_method_overrides_nothing_and_is_not_overridden() -> None:
    sample = Sample(
        {
            "app/Format.java": FORMAT,
            "app/Wide.java": """
                package app;
                class Wide extends Format {
                    void fill(int count) {}
                    void both(var any) { any.fill(1); fill(2); }
                }
            """,
        }
    )
    private = sample.definition("fill", "app/Format.java")
    assert sample.resolver.overrides(private) == []
    assert sample.resolver.supers(sample.definition("fill", "app/Wide.java")) == []
    assert sample.resolver.uses(private).uses == ()  # not even possible ones
    assert sample.uses("fill", "app/Wide.java") == ["app/Wide.java: void both(var any) { any.fill(1); fill(2); }"]
