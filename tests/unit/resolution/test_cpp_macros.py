"""C++: what stands beside macros that the grammar does not know: qualifiers, what constructors initialize, members of
templates that are defined outside them, members of classes that are not found; alternatives that are never parsed."""

from __future__ import annotations

from glossator.index.parsing import parse
from tests.unit.resolution.resolution_samples import Sample


def test_a_macro_before_a_qualified_name_is_no_part_of_it() -> None:
    sample = Sample({
        "sink.h": """
            namespace app {
            template <typename Mutex>
            class sink {
             public:
              void log(int level);
              void write(int level);
            };
            }
            """,
        "sink-inl.h": """
            #include "sink.h"
            namespace app {
            template <typename Mutex>
            void APP_INLINE
            sink<Mutex>::log(int level) { write(level); }
            template <typename Mutex>
            APP_INLINE void sink<Mutex>::write(int level) {}
            }
            """,
        "use.cc": '#include "sink.h"\nvoid use(app::sink<int>& all) { all.log(1); }\n',
    })  # fmt: skip
    assert {one.qualified_name for one in sample.resolver.definitions("log")} == {"app.sink.log"}
    assert {one.qualified_name for one in sample.resolver.definitions("write")} == {"app.sink.write"}
    assert sample.uses("log", "sink-inl.h") == ["use.cc: void use(app::sink<int>& all) { all.log(1); }"]
    assert sample.uses("write", "sink-inl.h") == ["sink-inl.h: sink<Mutex>::log(int level) { write(level); }"]
    entries = [entry for entry in parse("sink-inl.h", sample.texts["sink-inl.h"]).entries if entry.name == "log"]
    assert [(entry.qualified_name, entry.name_line) for entry in entries] == [("app.sink.log", 5)]


def test_a_version_of_a_template_keeps_its_arguments() -> None:
    sample = Sample({
        "hash.h": """
            template <typename T> struct hash { int run(); };
            template <typename T> int hash<T>::run() { return 0; }
            template <> int hash<Session>::run() { return 1; }
            """
    })  # fmt: skip
    names = {one.qualified_name for one in sample.resolver.definitions("run")}
    assert names == {"hash.run", "hash<Session>.run"}


def test_what_a_constructor_initializes_is_no_function() -> None:
    sample = Sample({
        "color.h": """
            struct color {
              uint8_t r, g, b;
              APP_CONSTEXPR color() : r(0), g(0), b(0) {}
              APP_CONSTEXPR color(int hex) noexcept
                  : r((hex >> 16) & 0xFF),
                    g((hex >> 8) & 0xFF),
                    b(hex & 0xFF) {}
              int sum() { return r + g + b; }
            };
            """
    })  # fmt: skip
    facts = sample.facts("color.h")
    assert facts is not None
    assert {symbol.kind for symbol in facts.symbols if symbol.name in "rgb"} == {"field"}
    assert sample.uses("g")[-1:] == ["color.h: int sum() { return r + g + b; }"]


def test_members_of_a_class_that_is_not_found_are_not_denied() -> None:
    sample = Sample({
        "pool.h": "namespace app { class Pool { int size_; int grow(); }; }\n",
        "pool.cc": """
            #include "pool.h"
            int Pool::grow() { return size_; }
            """,
    })  # fmt: skip
    assert sample.uses("size_", grade="possible") == ["pool.cc: int Pool::grow() { return size_; }"]


def test_what_stands_in_alternatives_that_are_not_parsed_may_be_used() -> None:
    branches = "".join(f"#elif defined(SYSTEM_{number})\n  if (ready_{number}()) {{\n" for number in range(1, 9))
    sample = Sample({
        "clock.h": "int ready_8();\nint ready_0();\nint never();\n"
        "// ready_8 is called, never is not\n"
        f"int now() {{\n#if defined(SYSTEM_0)\n  if (ready_0()) {{\n{branches}#endif\n"
        "    return 1;\n  }\n  return 0;\n}\n"
    })  # fmt: skip
    assert sample.uses("ready_0") == ["clock.h: if (ready_0()) {"]
    assert sample.uses("ready_8", grade="possible") == ["clock.h: if (ready_8()) {"]
    assert sample.uses("never", grade="possible") == []


def test_a_header_whose_functions_are_all_exported_by_a_macro_is_read() -> None:
    """Each of so many is an error for the grammar, and fields that a macro stands for hide what follows."""
    functions = "".join(
        f"POOL_EXTERN int pool_{number}(const pool_t* pool,\n    void* data);\n" for number in range(900)
    )
    sample = Sample(
        {
            "pool.h": f"struct pool_s {{\n  POOL_FIELDS\n  int size;\n}};\ntypedef struct pool_s pool_t;\n{functions}",
            "main.c": '#include "pool.h"\nint main(pool_t *pool) { return pool_899(pool, 0) + pool->size; }\n',
        }
    )
    facts = sample.facts("pool.h")
    assert facts is not None
    assert not facts.damaged
    assert len([one for one in facts.symbols if one.kind == "function"]) == 900
    assert not [one for one in facts.symbols if one.kind == "variable"]
    assert sample.uses("pool_899") == sample.uses("size")
    assert len(sample.uses("size")) == 1
