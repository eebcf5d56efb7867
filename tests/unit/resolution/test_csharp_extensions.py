"""C#: blocks that extend a type, calls that no member takes, properties that have the name of their type."""

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
            }
        }
    """,
}


def test_members_of_a_block_that_extends_a_type_are_those_of_the_class_around() -> None:
    sample = Sample(EXTENDING)
    facts = sample.facts("Extensions.cs")
    assert facts is not None
    assert not facts.damaged
    assert sample.uses("RequestExtensions.AddXml", None, "possible") == ['Main.cs: request.AddXml("a");']
    assert sample.uses("RequestExtensions.Length", None, "possible") == ["Main.cs: Use(request.Length);"]
    assert sample.uses("RequestExtensions.IsEmpty", None, "possible") == ["Main.cs: all.IsEmpty();"]
    assert sample.uses("RequestExtensions.After", None, "possible") == ["Main.cs: request.After();"]


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
        """,
        "Page.cs": """
            namespace Text;
            public class Page {
                public Style Style { get; set; }
                public Fits Fits => one => true;
                void Run() {
                    Style = Find();
                    Print(Style);
                    if (Style == Style.Bold) {}
                }
            }
        """,
    }
    sample = Sample(files)
    assert sample.at("Page.cs", "public Style Style { get; set; }", "Style") == "Style.cs:Style"
    assert sample.uses("Fits", "Style.cs") == ["Page.cs: public Fits Fits => one => true;"]
    assert sample.at("Page.cs", "Style = Find();", "Style") == "Page.cs:Page.Style"
    assert sample.at("Page.cs", "Print(Style);", "Style") == "Page.cs:Page.Style"
    assert sample.at("Page.cs", "if (Style == Style.Bold) {}", "Style", 1) == "possible"
    possible = sample.uses("Style", "Style.cs", "possible")
    assert set(possible) == {"Page.cs: if (Style == Style.Bold) {}"}
