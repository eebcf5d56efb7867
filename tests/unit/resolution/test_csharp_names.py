"""C#: blocks that extend a type, calls that no member takes, namespaces, types and properties of one name."""

from tests.unit.resolution.resolution_samples import Sample

EXTENDING = {
    "Request.cs": """
        namespace Web;
        public class Request {
            public Request Add(int one) { return this; }
        }
    """,
    "Extensions.cs": """
        namespace Web;
        public static class RequestExtensions {
            extension(Request request) {
                public Request AddXml(string text) => request.Add(1);
                public int Length => 3;
                public Request Add(string name, int one, int other) => request;
            }

            extension<T>(IEnumerable<T> source) where T : class, new() {
                public bool IsEmpty() { return source.ToString() == "}"; }
            }

            public static int After(this Request request) => 1;
        }
    """,
    "Main.cs": """
        namespace Web;
        public class Main {
            void Run(Request request, List<string> all) {
                request.AddXml("a");
                request.Add("b", 1, 2);
                Use(request.Length);
                all.IsEmpty();
                request.After();
                RequestExtensions.AddXml(request, "c");
            }
        }
    """,
}


def test_members_of_a_block_that_extends_a_type_are_those_of_the_class_around() -> None:
    sample = Sample(EXTENDING)
    facts = sample.facts("Extensions.cs")
    assert facts is not None
    assert not facts.damaged
    assert sample.uses("RequestExtensions.AddXml") == [
        'Main.cs: request.AddXml("a");',
        'Main.cs: RequestExtensions.AddXml(request, "c");',
    ]
    assert sample.uses("RequestExtensions.Length") == ["Main.cs: Use(request.Length);"]
    assert sample.uses("RequestExtensions.IsEmpty", None, "possible") == ["Main.cs: all.IsEmpty();"]
    assert sample.uses("RequestExtensions.After") == ["Main.cs: request.After();"]


def test_the_type_that_a_block_extends_is_used() -> None:
    assert "Extensions.cs: extension(Request request) {" in Sample(EXTENDING).uses("Request")


def test_a_call_that_no_member_takes_may_be_one_of_an_extension() -> None:
    sample = Sample(EXTENDING)
    assert sample.at("Main.cs", 'request.Add("b", 1, 2);', "Add") == "possible"
    assert sample.uses("RequestExtensions.Add", None, "possible") == ['Main.cs: request.Add("b", 1, 2);']
    assert 'Main.cs: request.Add("b", 1, 2);' not in sample.uses("Request.Add", None, "possible")


def test_a_property_that_has_the_name_of_its_type() -> None:
    files = {
        "Style.cs": """
            namespace Text;
            public enum Style { Plain, Bold }
            public delegate bool Fits(int one);
            public class Font {
                public int Size;
                public void Load() {}
                public static Font Default() { return new Font(); }
            }
        """,
        "Page.cs": """
            namespace Text;
            public class Page {
                public Style Style { get; set; }
                public Fits Fits => one => true;
                public Font Font = new();
                public Encoding Encoding = null;
                void Run() {
                    Style = Find();
                    Print(Style);
                    if (Style == Style.Bold) {}
                    Run(Font.Size, Font.Default());
                    Font.Load();
                    Encoding.Use();
                }
            }
        """,
    }
    sample = Sample(files)
    assert sample.at("Page.cs", "public Style Style { get; set; }", "Style") == "Style.cs:Style"
    assert sample.uses("Fits", "Style.cs") == ["Page.cs: public Fits Fits => one => true;"]
    assert sample.at("Page.cs", "Style = Find();", "Style") == "Page.cs:Page.Style"
    assert sample.at("Page.cs", "Print(Style);", "Style") == "Page.cs:Page.Style"
    assert sample.at("Page.cs", "if (Style == Style.Bold) {}", "Style") == "Page.cs:Page.Style"
    assert sample.at("Page.cs", "if (Style == Style.Bold) {}", "Style", 1) == "Style.cs:Style"
    assert sample.at("Page.cs", "Run(Font.Size, Font.Default());", "Font") == "possible"
    assert sample.at("Page.cs", "Run(Font.Size, Font.Default());", "Font", 1) == "Style.cs:Font"
    assert sample.at("Page.cs", "Font.Load();", "Font") == "Page.cs:Page.Font"
    assert sample.at("Page.cs", "Encoding.Use();", "Encoding") == "possible"


def test_types_of_one_name_with_other_numbers_of_parameters() -> None:
    files = {
        "Map.cs": "namespace Text;\npublic class Map {\n  public int Data;\n}\n",
        "MapOf.cs": "namespace Text;\npublic class Map<T> : Map {\n  void Run() { Data = 1; }\n  Map<int> Made;\n}\n",
    }
    sample = Sample(files)
    assert sample.at("MapOf.cs", "void Run() { Data = 1; }", "Data") == "Map.cs:Map.Data"
    assert sample.at("MapOf.cs", "public class Map<T> : Map {", "Map") == "Map.cs:Map"
    assert sample.at("MapOf.cs", "Map<int> Made;", "Map") == "MapOf.cs:Map"


NAMESPACES = {
    "Base.cs": """
        namespace Text.Tests;
        public class Base {
            protected int Find() { return 1; }
        }
    """,
    "Helpers.cs": """
        namespace Text.Tools {
            public static class Helpers {
                public static int Count(int one) { return one; }
                public static int Opened(int one) { return one; }
                public static int Lone(int one) { return one; }
            }
        }
    """,
    "Scan.cs": """
        namespace Text.Tests
        {
            using static Tools.Helpers;
            namespace Scan
            {
                public class First : Base {
                    void Run() { Find(); }
                    int Two() { return Count(1); }
                }
            }
            namespace Other
            {
                public class Second {
                }
            }
        }
    """,
    "Settings.cs": """
        namespace Web;
        public class Page {
            void Run() { Opened(2); }
        }
    """,
}


def test_namespaces_inside_each_other() -> None:
    sample = Sample(NAMESPACES)
    assert sample.at("Scan.cs", "void Run() { Find(); }", "Find") == "Base.cs:Base.Find"
    assert sample.at("Scan.cs", "int Two() { return Count(1); }", "Count") == "Helpers.cs:Helpers.Count"


def test_a_static_method_that_the_settings_of_a_project_open_may_be_called() -> None:
    sample = Sample(NAMESPACES)
    assert sample.uses("Opened", None, "possible") == ["Settings.cs: void Run() { Opened(2); }"]
    assert sample.uses("Lone", None, "possible") == []


def test_several_namespaces_of_a_file() -> None:
    files = {
        "Both.cs": """
            namespace Source {
                public class Item { }
            }
            namespace Target {
                public class Item { }
                public class Made { }
            }
        """,
        "Far.cs": "namespace Far;\npublic class Item { }\n",
        "Near.cs": "using Empty;\nusing Far;\nclass Near {\n  Item one;\n}\n",
        "Use.cs": "class Use {\n  Source.Item from;\n  Target.Made made;\n  System.Item other;\n}\n",
    }
    sample = Sample(files)
    assert sample.at("Use.cs", "Source.Item from;", "Item") == "possible"
    assert sample.at("Near.cs", "Item one;", "Item") == "Far.cs:Item"
    assert sample.at("Use.cs", "Target.Made made;", "Made") == "Both.cs:Made"
    assert sample.at("Use.cs", "System.Item other;", "Item") == "excluded"


def test_the_parameters_of_two_blocks_that_have_one_name() -> None:
    files = {
        "Two.cs": """
            namespace Web;
            public class First { public void Go() {} }
            public class Second { public void Go() {} }
            public static class Both {
                extension(First item) {
                    public void Run() { item.Go(); }
                }
                extension(Second item) {
                    public void Walk() { item.Go(); }
                }
            }
            public static class One {
                extension(First item) {
                    public void Jump() { item.Go(); }
                }
            }
        """
    }
    sample = Sample(files)
    assert sample.at("Two.cs", "public void Walk() { item.Go(); }", "Go") != "Two.cs:First.Go"
    assert sample.at("Two.cs", "public void Jump() { item.Go(); }", "Go") == "Two.cs:First.Go"


def test_what_a_copy_changes_may_be_a_member_of_anything() -> None:
    files = {
        "a.cs": """
            public record Options(int Width) {
                public bool Single { get; init; }
            }
            class Use {
                void Run(Options options) {
                    Render(options with { Single = true });
                }
            }
        """
    }
    assert Sample(files).uses("Single", None, "possible") == ["a.cs: Render(options with { Single = true });"]


PROJECTS = {
    "src/One/One.csproj": "<Project/>",
    "src/Two/Two.csproj": "<Project/>",
    "tests/Tests.csproj": "<Project/>",
    "src/One/Settings.cs": """
        namespace App;
        public partial class Settings {
            public static int Limit() { return 1; }
        }
    """,
    "src/One/Parts/More.cs": """
        namespace App;
        public partial class Settings {
            public static int More() { return Limit(); }
        }
    """,
    "src/One/Run.cs": """
        namespace App;
        public class Run { int one = Settings.Limit() + Settings.More(); }
    """,
    "src/Two/Settings.cs": """
        namespace App;
        public class Settings {
            public static int Limit() { return 2; }
        }
    """,
    "src/Two/Start.cs": """
        namespace App;
        public class Start { int two = Settings.Limit(); }
    """,
    "src/Two/Other.cs": """
        namespace App;
        public class Other { int none = Settings.More(); }
    """,
    "tests/LimitTests.cs": """
        using App;
        namespace Tests;
        public class LimitTests { int some = Settings.Limit(); }
    """,
}


def test_two_projects_have_a_class_of_one_full_name_each() -> None:
    sample = Sample(PROJECTS)
    first = "public class Run { int one = Settings.Limit() + Settings.More(); }"
    second, unknown = (
        "public class Start { int two = Settings.Limit(); }",
        "public class LimitTests { int some = Settings.Limit(); }",
    )
    assert sample.uses("Settings.Limit", "src/One/Settings.cs") == [
        "src/One/Parts/More.cs: public static int More() { return Limit(); }",
        f"src/One/Run.cs: {first}",
    ]
    assert sample.uses("Settings.Limit", "src/Two/Settings.cs") == [f"src/Two/Start.cs: {second}"]
    third = "public class Other { int none = Settings.More(); }"
    assert sample.uses("Settings", "src/Two/Settings.cs") == [
        f"src/Two/Other.cs: {third}",
        f"src/Two/Start.cs: {second}",
    ]
    for path in ("src/One/Settings.cs", "src/Two/Settings.cs"):
        assert sample.uses("Settings.Limit", path, "possible") == [f"tests/LimitTests.cs: {unknown}"]
        assert sample.uses("Settings", path, "possible") == [f"tests/LimitTests.cs: {unknown}"]
    assert sample.uses("Settings.More") == [f"src/One/Run.cs: {first}"]


def test_members_of_types_with_other_numbers_of_parameters_are_apart() -> None:
    sample = Sample({
        "a.cs": """
            class Outer {
              class Step { int _output; void Run() { _output = 1; } }
              class Step<T> { int _output; void Run() { _output = 2; } }
            }
        """
    })  # fmt: skip
    definition = sample.definition("Outer.Step._output")
    uses = [sample.texts["a.cs"].splitlines()[use.line - 1].strip() for use in sample.resolver.uses(definition).uses]
    assert uses == ["class Step { int _output; void Run() { _output = 1; } }"]


def test_a_variable_that_an_argument_declares_may_be_of_any_type() -> None:
    sample = Sample({
        "a.cs": """
            class Handle { public void Close() {} }
            class Till {
              void Run(Library library) {
                library.TryOpen(out var handle);
                handle.Close();
              }
            }
        """
    })  # fmt: skip
    assert sample.uses("Close", grade="possible") == ["a.cs: handle.Close();"]


def test_what_a_collection_is_mapped_to_has_other_elements() -> None:
    sample = Sample({
        "a.cs": """
            class Gate { public void Open() {} public void Close() {} }
            class Door { public Gate Gate; public void Close() {} }
            class Till {
              IList<(Door Front, Gate Back)> Pairs;
              void Run(IList<Door> doors) {
                foreach (var one in doors.Select(door => door.Gate).ToList()) {
                  one.Open();
                }
                foreach (var door in doors.Where(one => true).Concat(doors).ToList()) {
                  door.Close();
                }
                Pairs[0].Item1.Close();
              }
            }
        """
    })  # fmt: skip
    assert sample.uses("Open", grade="possible") == ["a.cs: one.Open();"]
    assert sample.uses("Door.Close") == ["a.cs: door.Close();"]
    facts = sample.facts("a.cs")
    assert facts is not None
    assert [one.type for one in facts.symbols if one.name == "Pairs"] == ["<IList<(Door,Gate)>>"]
