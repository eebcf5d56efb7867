"""Rust: paths beside local variables of the same name, what macros are given, bounds of implementations, branches as
values, derived constructors, types as arguments of calls."""

import pytest

from glossator.index.expressions import NO_CALLS, Calls, expression
from tests.unit.resolution.resolution_samples import Sample

FILES = {
    "Cargo.toml": """
        [package]
        name = "relay"
        version = "0.1.0"
    """,
    "src/lib.rs": """
        pub mod queue;
        pub mod send;
        pub fn check(left: i32, right: i32) -> bool { left == right }
        pub trait Totals { fn sum_all(&self) -> i32; fn unnamed(&self) -> i32 { 0 } }
        macro_rules! timed { ($size:expr; $($name:ident,)*) => { $( fn $name() {} )* } }
        timed! { 10; sum_all, }
    """,
    "src/queue.rs": """
        pub trait Sink { fn push(&mut self, item: u8); fn close(&mut self); }
        #[derive(Default, Clone)]
        pub struct Memory { pub items: Vec<u8> }
        impl Memory {
            pub fn open(name: &str) -> Self { Memory { items: vec![] } }
            pub fn len(&self) -> usize { self.items.len() }
        }
        impl Sink for Memory { fn push(&mut self, item: u8) {} fn close(&mut self) {} }
        pub struct Limited<S> { inner: S, limit: usize }
        impl<S: Sink> Limited<S> {
            pub fn new(inner: S) -> Self { Limited { inner, limit: 3 } }
            pub fn put(&mut self, item: u8) {
                self.inner.push(item);
                self.inner.close()
            }
        }
    """,
    "src/send.rs": """
        use crate as it;
        use crate::queue::{self, Limited, Memory, Sink};
        pub fn run(fast: bool, kind: u8) {
            let it = vec![1].into_iter();
            it::check(1, 2);
            assert!(it::queue::Memory::open("m").len() == 0);
            let mut memory = Memory::default();
            memory.items.clear();
            <Memory as Sink>::push(&mut memory, 1);
            let mut limited = Limited::<Memory>::new(memory);
            limited.put(1);
            let picked = if fast { Memory::open("f") } else { Memory::open("s") };
            picked.len();
            let matched = match kind { 0 => Memory::open("0"), 1 => return, _ => Memory::open("n") };
            matched.len();
            let made = lines().iter().map(|line| Memory::open(line)).collect::<Vec<Memory>>();
            made[0].len();
        }
        fn lines() -> Vec<String> { vec![] }
    """,
}


@pytest.mark.parametrize(
    ("path", "line", "name", "meaning"),
    [
        ("src/send.rs", "it::check(1, 2);", "check", "src/lib.rs:check"),
        ("src/send.rs", 'assert!(it::queue::Memory::open("m").len() == 0);', "open", "src/queue.rs:Memory.open"),
        ("src/send.rs", "memory.items.clear();", "items", "src/queue.rs:Memory.items"),
        ("src/send.rs", "<Memory as Sink>::push(&mut memory, 1);", "push", "src/queue.rs:Memory.push"),
        ("src/send.rs", "let mut limited = Limited::<Memory>::new(memory);", "new", "src/queue.rs:Limited.new"),
        ("src/send.rs", "limited.put(1);", "put", "src/queue.rs:Limited.put"),
        ("src/send.rs", "picked.len();", "len", "src/queue.rs:Memory.len"),
        ("src/send.rs", "matched.len();", "len", "src/queue.rs:Memory.len"),
        ("src/send.rs", "made[0].len();", "len", "src/queue.rs:Memory.len"),
        ("src/queue.rs", "self.inner.push(item);", "push", "src/queue.rs:Sink.push"),
    ],
)
def test_paths_and_values(path: str, line: str, name: str, meaning: str) -> None:
    assert Sample(FILES).at(path, line, name) == meaning


def test_what_a_macro_is_given_may_be_any_name() -> None:
    sample = Sample(FILES)
    assert sample.uses("Totals.sum_all", grade="possible") == ["src/lib.rs: timed! { 10; sum_all, }"]
    assert sample.uses("Totals.unnamed", grade="possible") == []


def test_macros_by_example_are_meant_only_where_they_are_called() -> None:
    sample = Sample({
        "Cargo.toml": '[package]\nname = "relay"\nversion = "0.1.0"\n',
        "src/lib.rs": """
            pub fn send() {}
            mod tests {
                use super::*;
                use test::Bencher;
                #[test]
                fn sends() { send() }
            }
        """,
        "tests/client.rs": """
            macro_rules! test { ($name:ident) => { relay::send(); } }
            macro_rules! check { () => {} }
            test! { first }
            fn run() { check!() }
        """,
        "tests/server.rs": """
            macro_rules! check { () => {} }
            fn run() { check!() }
        """,
    })  # fmt: skip
    assert sample.uses("test") == ["tests/client.rs: test! { first }"]
    assert sample.uses("send", "src/lib.rs") == [
        "src/lib.rs: fn sends() { send() }",
        "tests/client.rs: macro_rules! test { ($name:ident) => { relay::send(); } }",
        "tests/client.rs: test! { first }",
    ]
    assert sample.at("src/lib.rs", "use test::Bencher;", "test") == "excluded"
    for path in ("tests/client.rs", "tests/server.rs"):
        assert sample.at(path, "fn run() { check!() }", "check") == f"{path}:check"


def test_a_field_may_have_the_name_of_an_imported_module() -> None:
    sample = Sample({
        "src/lib.rs": """
            use std::io;
            pub struct Link { io: Pipe, size: usize }
            pub struct Pipe;
            impl Pipe { fn flush(&self) {} }
            impl Link { fn close(&self) -> io::Result<()> { self.io.flush() } }
        """,
    })  # fmt: skip
    line = "impl Link { fn close(&self) -> io::Result<()> { self.io.flush() } }"
    assert sample.uses("Link.io") == [f"src/lib.rs: {line}"]
    assert sample.uses("Pipe.flush") == [f"src/lib.rs: {line}"]


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("if a { b } else { c.d() }", "b|c.d()"),
        ("if a { b } else if e { b } else { None }", "b"),
        ("if a { b }", "?"),
        ("if a { let x = 1; x } else { b }", "?"),
        ("match a { 1 => b, Some(x) => c, _ => panic!(\"x\") }", "b|c"),
        ("match a { 1 => { b; c } _ => d }", "?"),
        ("<File as Source>::open", "File.open"),
        ("<Ring<u8>>::new()", "Ring.new()"),
    ],
)  # fmt: skip
def test_expressions(text: str, made: str) -> None:
    assert expression(text, lambda name: name) == made


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("text.parse::<Port>()", "<Port>"),
        ("std::make_shared<net::Port>(1, f(2))", "<net::Port>"),
        ("(*static_cast<const Ring<u8>*>(raw)).size", "<Ring<u8>*>.size"),
        ("build<Port>(1)", "build()"),
    ],
)
def test_types_as_arguments_of_calls(text: str, made: str) -> None:
    calls = Calls(dict.fromkeys(("make_shared", "parse", "static_cast"), "argument"))
    assert expression(text, lambda name: name, calls) == made
    assert "Port" not in expression(text.replace("net::", ""), lambda name: name, NO_CALLS)


def test_an_enum_brings_in_its_variants_alone() -> None:
    files = {
        "src/lib.rs": """
            pub enum Failure { Broken, Lost }
            fn parse(one: &str) -> bool { true }
            pub fn run() -> Failure {
                use crate::Failure::*;
                parse("a");
                Broken
            }
        """
    }
    sample = Sample(files)
    assert sample.at("src/lib.rs", 'parse("a");', "parse") == "src/lib.rs:parse"
    assert sample.at("src/lib.rs", "Broken", "Broken") == "src/lib.rs:Failure.Broken"


def test_an_enum_in_a_function_beside_what_is_implemented_for_it() -> None:
    files = {
        "src/lib.rs": """
            fn check() {
                enum Kind { Plain, Bold }
                impl Default for Kind {
                    fn default() -> Self { Kind::Plain }
                }
                impl Kind {
                    fn size(&self) -> u8 { 1 }
                }
                insert(Kind::Bold);
                Kind::Bold.size();
            }
        """
    }
    sample = Sample(files)
    assert sample.at("src/lib.rs", "insert(Kind::Bold);", "Bold") == "src/lib.rs:check.Kind.Bold"
    assert sample.at("src/lib.rs", "fn default() -> Self { Kind::Plain }", "Plain") == "src/lib.rs:check.Kind.Plain"
    assert sample.at("src/lib.rs", "Kind::Bold.size();", "size") == "src/lib.rs:check.Kind.size"


def test_an_import_of_a_macro_is_no_use_of_what_it_mentions() -> None:
    sample = Sample({
        "Cargo.toml": '[package]\nname = "tea"\n',
        "src/lib.rs": "pub struct Cup;\n#[macro_export]\nmacro_rules! pour {\n  () => { $crate::Cup };\n}\n",
        "tests/a.rs": "use tea::pour;\nfn run() {\n  pour!();\n}\n",
    })  # fmt: skip
    assert sample.uses("Cup") == ["src/lib.rs: () => { $crate::Cup };", "tests/a.rs: pour!();"]


def test_a_variable_is_visible_from_behind_its_value_on() -> None:
    sample = Sample({
        "src/lib.rs": """
            fn speed() -> u8 { 1 }
            fn run() {
                let first = speed();
                let speed = speed();
                use_it(speed);
            }
            fn shadow(speed: u8) {
                let first = speed;
                let speed = 1;
            }
        """
    })  # fmt: skip
    assert sample.uses("speed") == ["src/lib.rs: let first = speed();", "src/lib.rs: let speed = speed();"]


def test_a_module_may_be_in_a_file_of_another_name() -> None:
    sample = Sample({
        "src/lib.rs": '#[path = "core.rs"]\nmod imp;\nfn run() { imp::Fault::new(); }\n',
        "src/core.rs": "pub struct Fault;\nimpl Fault { pub fn new() -> Fault { Fault } }\n",
    })  # fmt: skip
    assert sample.at("src/lib.rs", "fn run() { imp::Fault::new(); }", "new") == "src/core.rs:Fault.new"


def test_a_module_beside_an_import_under_its_name_is_an_alternative() -> None:
    sample = Sample({
        "src/lib.rs": "mod io;\nfn run() { io::Fault::new(); }\n",
        "src/io/mod.rs": '#[cfg(a)]\n#[path = "core.rs"]\nmod imp;\n#[cfg(b)]\nuse std::io as imp;\n'
        "pub use self::imp::Fault;\n",
        "src/io/core.rs": "pub struct Fault;\nimpl Fault { pub fn new() -> Fault { Fault } }\n",
    })  # fmt: skip
    assert sample.uses("Fault.new", grade="possible") == ["src/lib.rs: fn run() { io::Fault::new(); }"]
    assert sample.uses("Fault.new") == []


def test_a_function_beside_a_module_of_its_name() -> None:
    sample = Sample({
        "src/lib.rs": "pub mod writer;\nmod tests;\n",
        "src/writer.rs": "pub fn write_all() {}\n",
        "src/tests.rs": """
            use crate::writer::*;
            mod write_all {
                use super::*;
                fn works() {
                    write_all();
                }
                pub fn other() {}
            }
            fn run() {
                write_all::other();
            }
        """,
    })  # fmt: skip
    assert sample.uses("write_all", "src/writer.rs") == ["src/tests.rs: write_all();"]
    assert sample.uses("other") == ["src/tests.rs: write_all::other();"]


def test_a_field_overrides_no_method_of_a_trait() -> None:
    sample = Sample({
        "src/lib.rs": """
            trait Base { fn filter(&self); }
            struct Log { filter: u8 }
            impl Base for Log {
                fn filter(&self) {}
            }
        """
    })  # fmt: skip
    definition = next(one for one in sample.resolver.definitions("Base.filter", "src/lib.rs"))
    found = [
        sample.texts["src/lib.rs"].splitlines()[use.line - 1].strip() for use in sample.resolver.uses(definition).uses
    ]
    assert found == ["fn filter(&self) {}"]
