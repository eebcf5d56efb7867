"""How files are recognised, and the finer rules of what becomes an entry."""

from __future__ import annotations

import subprocess
import sys

import pytest

from glossator.index.language_detection import language_named, language_of
from glossator.index.languages import LANGUAGES
from glossator.index.masking import masked
from glossator.index.parsing import parse
from glossator.index.query_files import query_source
from tests.unit.parsing_checks import check_entries, table


@pytest.mark.parametrize(
    ("path", "first_line", "language"),
    [
        ("src/a.py", "", "python"),
        ("A.PY", "", "python"),
        ("dir\\win.ts", "", "typescript"),
        ("x.d.ts", "", "typescript"),
        ("component.tsx", "", "tsx"),
        ("Makefile", "", "makefile"),
        ("Dockerfile.dev", "", "dockerfile"),
        ("sub/CMakeLists.txt", "", "cmake"),
        ("Gemfile", "", "ruby"),
        ("analysis.R", "", "r"),
        ("tool", "#!/usr/bin/env python3", "python"),
        ("tool", "#!/usr/bin/env -S node --flag", "javascript"),
        ("tool", "#!/bin/sh -e", "bash"),
        ("tool", "#!/usr/local/bin/ruby2.7", "ruby"),
        ("tool", "#!/usr/bin/env FOO=1 php", "php"),
        ("vector", "// The vector -*- C++ -*-", "cpp"),
        ("hook", "# vim: set ft=sh :", "bash"),
        ("main.tf", "", "hcl"),
        ("notes", "no hint", "text"),
        ("noextension", "", "text"),
        ("archive.unknown", "#!/usr/bin/env unknown", "text"),
        ("script.py", "#!/bin/sh", "python"),
        (".bashrc", "", "bash"),
        ("a.", "", "text"),
        ("", "", "text"),
    ],
)
def test_language_of(path: str, first_line: str, language: str) -> None:
    assert language_of(path, first_line) == language


@pytest.mark.parametrize(
    ("name", "language"),
    [("Python", "python"), ("C++", "cpp"), ("typescriptreact", "tsx"), ("shellscript", "bash"), ("klingon", None)],
)
def test_language_named(name: str, language: str | None) -> None:
    assert language_named(name) == language


@pytest.mark.parametrize("name", [name for name, language in LANGUAGES.items() if language.grammar])
def test_every_grammar_has_its_query(name: str) -> None:
    assert query_source(LANGUAGES[name])
    assert not parse("f", "\n", name).entries


def test_a_header_is_c_or_cpp_by_what_it_says() -> None:
    assert parse("a.h", "struct a { int b; };\n").language == "c"
    assert parse("a.h", "namespace n {\nclass A {};\n}\n").language == "cpp"
    assert parse("a.h", "struct a { int b; };\n", "cpp").language == "cpp"


def test_small_rules_of_css_are_grouped_and_large_ones_are_not() -> None:
    small = "".join(f".rule-{number} {{\n  color: red;\n}}\n\n" for number in range(40))
    parsed = parse("a.css", small)
    check_entries(small, parsed)
    assert 2 < len(parsed.entries) < 10
    assert {entry.kind for entry in parsed.entries} == {"block"}
    large = ".large {\n" + "  color: red;\n" * 20 + "}\n"
    assert table(parse("a.css", large)) == [("rule", ".large", 1, 22)]


def test_top_level_keys_of_json_whatever_its_size() -> None:
    text = '{\n  "few": 1,\n  "items": [\n' + '    {"a": 1},\n' * 300 + '    {"a": 2}\n  ]\n}\n'
    parsed = parse("a.json", text)
    check_entries(text, parsed)
    assert table(parsed) == [("key", "few", 2, 2), ("key", "items", 3, 305)]
    windows = [entry for entry in parsed.entries if entry.part]
    assert len(windows) >= 4
    assert windows[-1].end_line == 305


def test_a_class_of_many_fields_has_windows_of_them() -> None:
    fields = "".join(f"    field_{number}: dict[str, list[int]] = make_field({number})\n" for number in range(200))
    text = "class Wide:\n    '''Wide.'''\n\n" + fields + "\n    def method(self):\n        pass\n"
    parsed = parse("a.py", text)
    check_entries(text, parsed)
    wide = parsed.entries[0]
    windows = [entry for entry in parsed.entries if entry.name == "Wide" and entry.part]
    assert windows
    assert all(entry.parent == 0 for entry in windows)
    assert any("field_199" in entry.text for entry in windows)
    assert "def method(self)" in wide.text
    assert not any("def method" in entry.text for entry in windows)


def test_definitions_that_share_a_line() -> None:
    text = "function a() { return 1 } function b() { return 2 }\nclass C { m() {} n() {} }\n"
    parsed = parse("a.js", text)
    check_entries(text, parsed)
    assert [(entry.qualified_name, entry.text) for entry in parsed.entries if entry.kind in ("function", "method")] == [
        ("a", "function a() { return 1 }"),
        ("b", "function b() { return 2 }"),
        ("C.m", "m() {}"),
        ("C.n", "n() {}"),
    ]


def test_members_are_qualified_by_containers_without_names() -> None:
    text = "impl<T> fmt::Display for Wrapper<T> {\n    fn fmt(&self) -> Result {\n        self.write()\n    }\n}\n"
    block, method = parse("a.rs", text).entries
    assert (block.kind, block.name, block.signature) == ("block", "", "impl<T> fmt::Display for Wrapper<T>")
    assert (method.kind, method.qualified_name, method.parent) == ("method", "Wrapper.fmt", 0)
    assert method.references == ("Result", "write")


def test_a_heap_of_fragments_is_read_as_text() -> None:
    text = "x = " + "(" * 60_000 + "\n"
    parsed = parse("a.py", text)
    assert parsed.has_errors
    assert [entry.kind for entry in parsed.entries] == ["block"]


def test_functions_in_a_module_that_is_one_function_are_found() -> None:
    inner = "".join(
        f"  function part{number}(x) {{\n    log(x);\n    log(x);\n    return x + {number};\n  }}\n\n"
        for number in range(60)
    )
    text = "(function wrapper(root) {\n" + inner + "})(this);\n"
    parsed = parse("a.js", text)
    check_entries(text, parsed)
    assert [entry.name for entry in parsed.entries if entry.name.startswith("part")] == [
        f"part{number}" for number in range(60)
    ]


def test_texts_are_unindented_and_without_carriage_returns() -> None:
    text = "class A:\r\n    def m(self):\r\n        return 1\r\n"
    method = parse("a.py", text).entries[1]
    assert method.text == "def m(self):\n    return 1"
    assert text.encode()[method.start_byte : method.end_byte] == b"def m(self):\r\n        return 1"


def test_markdown_sections_have_their_headings_as_path() -> None:
    text = "# A\n\ntext\n\n## B\n\n- - -\n\n```\n# no\n```\n\n## B\n\n#### D\n\n# E #\n"
    assert table(parse("a.md", text)) == [
        ("section", "A", 1, 15),
        ("section", "A > B", 5, 11),
        ("section", "A > B", 13, 15),
        ("section", "A > B > D", 15, 15),
        ("section", "E", 17, 17),
    ]


def test_text_is_cut_at_blank_lines() -> None:
    text = "".join(f"Paragraph {number},\nof three\nlines.\n\n" for number in range(60))
    parsed = parse("a.txt", text)
    check_entries(text, parsed)
    assert len(parsed.entries) >= 4
    assert all(entry.text.startswith("Paragraph") and entry.text.endswith("lines.") for entry in parsed.entries)


def test_macros_before_the_name_of_a_class() -> None:
    text = "class API_EXPORT Slice : public Base {\n public:\n  int size() const { return 1; }\n};\nstruct A b{};\n"
    parsed = parse("a.cpp", text)
    assert table(parsed) == [("class", "Slice", 1, 4), ("method", "Slice.size", 3, 3), ("variable", "b", 5, 5)]
    assert parsed.entries[0].signature == "class API_EXPORT Slice : public Base"


def test_a_group_whose_members_are_merged_is_one_block() -> None:
    text = "// Sizes.\nconst (\n" + "".join(f"\tSize{number} = {number}\n" for number in range(20)) + ")\n"
    entries = parse("a.go", text).entries
    assert [(entry.kind, entry.start_line, entry.end_line) for entry in entries] == [("block", 1, 23)]
    assert "Size19" in entries[0].references


def test_references_in_xml_comments_keep_their_names() -> None:
    text = '/// <summary>Resets <see cref="Logger"/> to <c>null</c>.</summary>\nclass A {}\n'
    assert parse("a.cs", text).entries[0].doc == "Resets Logger to null."


RUST_WRAPPERS = """//! Doc.

cfg_rt! {
    /// A handle, with a brace: {.
    pub struct JoinHandle<T> {
        raw: RawTask, // }
    }

    impl<T> JoinHandle<T> {
        pub fn abort(&self) { let s = "}"; let c = '{'; let r = r#"}"#; }
        cfg_unstable! {
            pub fn id<'a>(&'a self) -> Id { /* } /* { */ */ 1 }
        }
    }
}

cfg_not_rt! {
    cfg_other! { pub fn nested() {} }
}

bitflags! {
    pub struct Flags: u32 { const A = 1; }
}

pub fn after() { quote! { pub fn quoted() {} }; }

broken! { pub fn unclosed() {
"""


def test_rust_macros_around_items_are_seen_through() -> None:
    parsed = parse("a.rs", RUST_WRAPPERS)
    check_entries(RUST_WRAPPERS, parsed)
    found = {entry.qualified_name: entry for entry in parsed.entries if entry.kind != "block"}
    assert {"JoinHandle", "JoinHandle.abort", "JoinHandle.id", "nested", "after"} <= set(found)
    assert "quoted" not in found
    assert found["JoinHandle"].doc == "A handle, with a brace: {."
    assert (found["JoinHandle"].start_line, found["JoinHandle"].end_line) == (4, 7)
    assert found["JoinHandle.id"].start_line == 12
    assert "cfg_rt! {" in "".join(entry.text for entry in parsed.entries), "no line is lost"


@pytest.mark.parametrize("text", ["cfg_a! {\n" * 20_000, "x! {" + " " * 500_000, "x! { fn f() {}\n" + "/*" * 100_000])
def test_rust_macros_without_end(text: str) -> None:
    check_entries(text, parse("a.rs", text))


def test_a_signature_with_comments_is_whole_or_says_that_it_is_cut() -> None:
    arguments = "".join(f"    argument_number_{n}: str = 'x',  # about {n}\n" for n in range(8))
    (found,) = [
        entry for entry in parse("a.py", f"def f(  # noqa\n{arguments}):\n    return 1\n").entries if entry.name
    ]
    assert found.signature.startswith("def f(argument_number_0: str = 'x', ")
    assert found.signature.endswith("argument_number_7: str = 'x')")
    many = "".join(f"    argument_number_{n}: str = 'x',\n" for n in range(80))
    found = parse("a.py", f"def f(  # noqa\n{many}):\n    return 1\n").entries[0]
    assert found.signature.endswith("…")
    assert len(found.signature) == 400


@pytest.mark.parametrize("path", ["blank.h", "blank.m"])
def test_a_header_of_blank_lines_is_told_apart_in_linear_time(path: str) -> None:
    # Quadratic, these would take ten minutes and more; the suite itself would not end.
    assert parse(path, "\n" * 400_000 + "int f(void);\n").lines == 400_001


def test_facts_are_the_same_whenever_a_file_is_parsed() -> None:
    text = "\n".join(f"template <typename T{i}> struct Box{i} {{ int a{i}, b{i}; }};" for i in range(40))
    kept = [parse("boxes.hpp", text) for _ in range(10)]
    assert {parsed.facts for parsed in kept} == {kept[0].facts}


@pytest.mark.parametrize(
    ("source", "name", "signature", "lines"),
    [
        ("@Target(A.B)\nannotation class Flaky\n", "Flaky", "annotation class Flaky", (1, 2)),
        (
            "/** Closes. */\nclass Close(\n  /** Why. */\n  val a: Boolean = false, // now\n) : Effect\n",
            "Close",
            "class Close(val a: Boolean = false) : Effect",
            (1, 5),
        ),
        (
            "interface Dns {\n  class Request\n    @JvmOverloads\n    constructor(\n      host: String,\n    ) {}\n}\n",
            "Dns.Request",
            "class Request @JvmOverloads constructor(host: String)",
            (2, 6),
        ),
    ],
)
def test_the_head_of_a_kotlin_class_over_several_lines(
    source: str, name: str, signature: str, lines: tuple[int, int]
) -> None:
    entry = next(entry for entry in parse("a.kt", source).entries if entry.qualified_name == name)
    assert (entry.signature, (entry.start_line, entry.end_line)) == (signature, lines)


@pytest.mark.parametrize(
    "half", ["interface a\n<", "interface a ", "/*", "`\\", "interface a {\n<", "interface a {\n(`"]
)
def test_interfaces_are_read_once_whatever_is_left_open(half: str) -> None:
    """What is repeated here would be read from each place to the end: hours, for a file that is only large."""
    shop = b"interface Shop {\n  open: boolean\n  (at: number): void\n}\n"
    read, _ = masked(LANGUAGES["typescript"], shop + b"interface a {\n<" + half.encode() * 100_000)
    assert read.startswith(shop.replace(b"boolean\n", b"boolean;"))


@pytest.mark.parametrize(
    ("before", "parameters", "signature"),
    [
        ("@Reads(with = UserReader::class)\n", "  val a: Int,\n", "class User(val a: Int)"),
        ("@Reads(User::class)\n", "  val a: Int,\n", "class User(val a: Int)"),
        ("", "  val a: Int,\n" * 50, "class User"),
    ],
)
def test_annotations_that_name_a_class_do_not_hide_its_declaration(
    before: str, parameters: str, signature: str
) -> None:
    entry = next(entry for entry in parse("a.kt", f"{before}class User(\n{parameters})\n").entries)
    assert (entry.name, entry.signature) == ("User", signature)


PARSE = """
import sys
from glossator.index.parsing import parse
parsed = parse("a.pm", sys.argv[1])
print(*(f"{entry.name}:{entry.start_line}-{entry.end_line}" for entry in parsed.entries), parsed.lines)
"""


@pytest.mark.parametrize(
    "last", ["run # for ever", "run\n# for ever", "__END__ # no code", "q# no end", "run # no end\r"]
)
def test_a_last_line_without_an_end_is_read(last: str) -> None:
    """In a process of its own, since nothing but its end would end what Perl's grammar did."""
    text = f"sub run {{\n  1\n}}\n\n{last}"
    done = subprocess.run([sys.executable, "-c", PARSE, text], capture_output=True, text=True, timeout=120, check=True)
    lines = len(text.splitlines())
    assert done.stdout.strip() == f"run:1-3 :5-{lines} {lines}"
