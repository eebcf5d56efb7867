"""C++: versions of templates for certain arguments, names after a template's arguments, and other names of classes."""

from tests.unit.resolution.resolution_samples import Sample

VERSIONS = """
    namespace yaml {
    template <typename T, typename S> struct as_if {
      explicit as_if(const Node& node_) : node(node_) {}
      const Node& node;
      T operator()(const S& fallback) const { return node.first(); }
    };
    template <typename S> struct as_if<std::string, S> {
      explicit as_if(const Node& node_) : node(node_) {}
      const Node& node;
      std::string operator()(const S& fallback) const { return node.second(); }
    };
    template <> struct as_if<int, void> {
      const Node& node;
      static int limit();
      int operator()() const { return node.third(); }
    };
    int run(Node n) { return as_if<int, void>::limit() + as_if<int, int>(n)(1); }
    }
"""


def test_versions_of_a_template_are_classes_of_their_own() -> None:
    sample = Sample({"as.h": VERSIONS})
    first, second, third = sorted(sample.resolver.definitions("as_if.node"), key=lambda one: one.symbol.line)
    for definition, called in ((first, "first"), (second, "second"), (third, "third")):
        uses = sample.resolver.uses(definition).uses
        lines = [sample.line(use) for use in uses if use.grade == "resolved" and use.kind != "write"]
        assert len(lines) == 1
        assert f"node.{called}()" in lines[0]


def test_which_version_is_meant_is_not_known() -> None:
    sample = Sample({"as.h": VERSIONS})
    line = "int run(Node n) { return as_if<int, void>::limit() + as_if<int, int>(n)(1); }"
    assert sample.uses("as_if.limit", grade="possible") == [f"as.h: {line}"]
    template, *versions = sorted(
        (one for one in sample.resolver.definitions("as_if") if one.symbol.kind == "struct"),
        key=lambda one: one.symbol.line,
    )
    assert {use.grade for use in sample.resolver.uses(template).uses if sample.line(use) == line} == {"resolved"}
    assert {one.grade for one in sample.resolver.callees(sample.definition("run")) if one.target in versions} == {
        "possible"
    }
    for version in versions:
        assert {use.grade for use in sample.resolver.uses(version).uses if sample.line(use) == line} == {"possible"}


def test_names_after_the_arguments_of_a_template() -> None:
    sample = Sample({
        "pool.h": """
            namespace app {
            template <typename Item> struct Pool {
              struct Slot { static int width(); };
              static int size();
            };
            struct Other { static int size(); static int width(); };
            }
        """,
        "main.cc": """
            #include "pool.h"
            int a() { return app::Pool<std::pair<int, char>>::size(); }
            int b() { return app::Pool<int>::Slot::width(); }
        """,
    })  # fmt: skip
    assert sample.uses("Pool.size") == ["main.cc: int a() { return app::Pool<std::pair<int, char>>::size(); }"]
    assert sample.uses("Slot.width") == ["main.cc: int b() { return app::Pool<int>::Slot::width(); }"]
    for name in ("Other.size", "Other.width"):
        assert not sample.resolver.uses(sample.definition(name)).uses


def test_a_base_class_under_another_name() -> None:
    sample = Sample({
        "config.h": """
            namespace cli {
            class Base { protected: char end = ']'; };
            using Toml = Base;
            class Ini : public Toml { public: Ini(); };
            }
        """,
        "config.cc": """
            #include "config.h"
            namespace cli {
            Ini::Ini() { end = ' '; }
            }
        """,
    })  # fmt: skip
    assert sample.uses("Base.end") == ["config.cc: Ini::Ini() { end = ' '; }"]


def test_a_macro_before_a_constructor() -> None:
    sample = Sample({
        "app.h": """
            namespace cli {
            class App { public: App(std::string text, std::string name); void help(); std::string name_; };
            }
        """,
        "app_inl.h": """
            #include "app.h"
            namespace cli {
            CLI_INLINE App::App(std::string text, std::string name) : name_(std::move(name)) {
              help();
            }
            CLI_INLINE App *App::self() { return this; }
            }
        """,
    })  # fmt: skip
    assert sample.uses("App.help") == ["app_inl.h: help();"]
    assert "app_inl.h: CLI_INLINE App *App::self() { return this; }" in sample.uses("App", "app.h")


def test_a_parameter_hides_no_type_before_it() -> None:
    sample = Sample({
        "node.h": """
            namespace detail {
            struct node { int mark; };
            inline int push(node& node, int mark) { return node.mark; }
            }
        """
    })  # fmt: skip
    assert sample.uses("node") == ["node.h: inline int push(node& node, int mark) { return node.mark; }"]


def test_what_a_function_s_template_deduces_is_unknown_whatever_it_is_called() -> None:
    sample = Sample(
        {
            "out.cc": """
                struct Out { void flush(); };
                template <class Archive, int Size = 8> void run(Archive& given) {
                  Archive made(given);
                  made.flush();
                  given.flush();
                }
                template <class Archive> struct Held {
                  template <class Other> void more(Other& one) { one.flush(); }
                };
            """
        }
    )
    assert sample.uses("flush", grade="possible") == [
        "out.cc: made.flush();",
        "out.cc: given.flush();",
        "out.cc: template <class Other> void more(Other& one) { one.flush(); }",
    ]


def test_names_in_a_macro_s_arguments_are_possible_uses() -> None:
    sample = Sample(
        {
            "pool.h": """
                namespace db {
                struct Pool { int size; };
                struct Other { int size; };
                }
                CLASS_VERSION(db::Pool, 1, "Other")

                class Next {
                  int x;
                };
            """
        }
    )
    assert sample.uses("Pool", grade="possible") == ['pool.h: CLASS_VERSION(db::Pool, 1, "Other")']
    assert sample.uses("Other", grade="possible") == []


def test_parameters_of_templates_override_nothing() -> None:
    sample = Sample({
        "a.cpp": "template <typename Peek> struct Base { Peek one; };\n"
        "template <typename Peek> struct Range : Base<Peek> { Peek two; };\n"
    })  # fmt: skip
    found = [one for name in ("Base.Peek", "Range.Peek") for one in sample.resolver.definitions(name, "a.cpp")]
    assert found
    assert not [use for one in found for use in sample.resolver.uses(one).uses if use.kind == "override"]
