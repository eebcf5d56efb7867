"""Rust: modules in files and inside files, trees of imports, implementations, wrapping types, macros' arguments."""

from __future__ import annotations

import pytest

from glossator.index.use_trees import UsedName, used_names
from tests.unit.resolution.resolution_samples import Sample

FILES = {
    "Cargo.toml": '[workspace]\nmembers = ["store", "tool-box"]\n',
    "store/Cargo.toml": '[package]\nname = "store"\n',
    "tool-box/Cargo.toml": '[package]\nname = "tool-box"\n',
    "tool-box/src/lib.rs": """
        pub mod shapes;
        pub use shapes::{Shape, Dot as Point};
        pub fn measure(n: usize) -> usize { n }
        """,
    "tool-box/src/shapes.rs": """
        pub enum Shape { Empty, Poly(Corner), Line { length: usize } }
        pub struct Dot;
        pub struct Corner { pub angle: u32 }
        impl Shape {
            pub fn area(&self) -> u32 { match self { Shape::Empty => 0, Shape::Line { length } => 1, _ => 2 } }
        }
        impl Dot { pub fn mark(self) {} }
        """,
    "store/src/lib.rs": """
        #[macro_use]
        mod macros;
        mod disk;
        pub mod cache;
        use tool_box::{measure, Point, Shape::{self, Poly}};
        pub use self::disk::{Disk, Reader};

        pub const LIMIT: usize = 10;
        static SHARED: Limits = Limits { most: LIMIT };

        pub struct Limits { pub most: usize }

        pub fn open() -> Result<Disk, Error> {
            let disk = Disk::new(LIMIT)?;
            disk.flush();
            Point.mark();
            let shape = Poly(todo!());
            shape.area();
            measure(SHARED.most);
            shout!("{}", disk.size(), LIMIT);
            Ok(disk)
        }

        mod inner {
            use super::*;
            pub fn twice() { open(); open(); }
        }

        #[cfg(test)]
        mod tests {
            use super::{inner::twice, open};
            #[test]
            fn works() { twice(); assert_eq!(open().unwrap().size(), crate::LIMIT); }
        }
        """,
    "store/src/macros.rs": """
        macro_rules! shout { ($($x:tt)*) => { println!($($x)*) } }
        """,
    "store/src/disk.rs": """
        use crate::cache::{Cache, Entry};
        use std::collections::HashMap;
        use std::sync::{Arc, Mutex};

        pub trait Reader { fn read(&mut self) -> usize; fn read_all(&mut self) -> usize { self.read() } }

        pub struct Disk { cache: Option<Box<Cache>>, shared: Arc<Mutex<Cache>>, names: HashMap<String, Vec<Entry>> }

        impl Disk {
            pub fn new(limit: usize) -> Result<Self, Error> { let made = Self::empty(); made.flush(); Ok(made) }
            fn empty() -> Self { Self { cache: None, shared: Default::default(), names: HashMap::new() } }
            pub fn size(&self) -> usize {
                if let Some(cache) = &self.cache { cache.hits(); }
                self.shared.lock().unwrap().hits();
                self.cache.as_ref().unwrap().misses();
                for entry in self.names["x"].iter() { entry.touch(); }
                for (name, entries) in self.names.iter() { entries[0].drop_it(); }
                self.names.values().map(|all| all.len());
                let list: Vec<Entry> = Vec::new();
                list.iter().filter(|one| one.is_old()).count()
            }
            pub fn flush(&self) {}
        }

        impl Reader for Disk { fn read(&mut self) -> usize { 1 } }

        pub fn drain<R: Reader>(reader: &mut R, other: &mut dyn Reader) -> usize { reader.read_all() + other.read() }
        pub fn close(mut disk: Disk) { disk.read(); disk.read_all(); }
        """,
    "store/src/cache/mod.rs": """
        mod entry;
        pub use entry::Entry;
        pub struct Cache { size: usize }
        impl Cache { pub fn hits(&self) -> usize { self.size } pub fn misses(&self) -> usize { super::open(); 0 } }
        """,
    "store/src/cache/entry.rs": """
        use super::Cache;
        pub struct Entry { of: Cache, age: u32 }
        impl Entry {
            pub fn touch(&self) { self.of.hits(); }
            pub fn drop_it(&self) {}
            pub fn is_old(&self) -> bool { let Entry { age, .. } = self; *age > 3 }
        }
        """,
    "store/tests/open.rs": """
        use store::{open, cache};
        fn run() { open().unwrap().flush(); let c: cache::Cache = todo!(); c.hits(); }
        """,
}


@pytest.fixture(scope="module")
def sample() -> Sample:
    return Sample(FILES)


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("measure", ["measure(SHARED.most);"]),
        ("Dot.mark", ["Point.mark();"]),
        ("Shape.area", ["shape.area();"]),
        ("Shape.Poly", ["let shape = Poly(todo!());"]),
        ("Limits.most", ["static SHARED: Limits = Limits { most: LIMIT };", "measure(SHARED.most);"]),
        ("Disk.flush", ["let made", "disk.flush();", "fn run()"]),
        ("Disk.size", ['shout!("{}", disk.size(), LIMIT);', "fn works()"]),
        ("Disk.empty", ["let made"]),
        ("shout", ['shout!("{}", disk.size(), LIMIT);']),
        ("Cache.hits", ["self.of.hits();", "if let Some(cache)", "self.shared.lock()", "fn run()"]),
        ("Cache.misses", ["self.cache.as_ref().unwrap().misses();"]),
        ("Entry.touch", ["for entry in"]),
        ("Entry.drop_it", ["for (name, entries)"]),
        ("Entry.is_old", ["list.iter()"]),
        ("Entry.age", ["let Entry { age, .. }"]),
        ("Reader.read_all", ["reader.read_all()", "disk.read_all();"]),
        ("LIMIT", ["static SHARED", "let disk = Disk::new(LIMIT)?;", "shout!", "crate::LIMIT"]),
        ("inner.twice", ["fn works()"]),
    ],
)
def test_uses(sample: Sample, name: str, lines: list[str]) -> None:
    found = sample.uses(name)
    assert len(found) == len(lines), found
    for use, line in zip(found, lines, strict=True):
        assert line in use


def test_a_function_is_found_through_re_exports_modules_and_imports_of_all_names(sample: Sample) -> None:
    found = [use.partition(":")[0] for use in sample.uses("open")]
    assert found == ["store/src/cache/mod.rs", *["store/src/lib.rs"] * 3, "store/tests/open.rs"]


def test_calls_through_a_trait_may_reach_what_implements_it(sample: Sample) -> None:
    through = ["fn read_all(&mut self)", "impl Reader for Disk", "reader.read_all() + other.read()"]
    found = sample.uses("Reader.read")
    assert [line in use for line, use in zip(through, found, strict=True)] == [True, True, True]
    assert sample.kinds("Reader.read") == ["call", "override", "call"]
    assert ["disk.read();" in use for use in sample.uses("Disk.read")] == [True]


def test_trees_of_imports() -> None:
    assert used_names("a::b::{self, c as d, e::*, f::{g, r#h}}, x") == [
        UsedName("b", "a", "b", 7),
        UsedName("d", "a::b", "c", 13),
        UsedName("*", "a::b::e", "", 24),
        UsedName("g", "a::b::f", "g", 31),
        UsedName("h", "a::b::f", "h", 34),
    ]
    assert used_names("crate") == [UsedName("crate", "", "crate", 0)]
    assert used_names("a::B as _") == []
    assert used_names("a::{b, {") == [UsedName("b", "a", "b", 4)]


def test_a_crate_that_passes_on_all_names_of_a_module() -> None:
    sample = Sample(
        {
            "Cargo.toml": '[package]\nname = "shop"\n',
            "src/lib.rs": "pub mod cart;\npub use cart::*;\n",
            "src/cart.rs": "pub struct Cart;\nimpl Cart {\n    pub fn new() -> Self { Cart }\n}\n",
            "src/main.rs": "use shop::Cart;\nfn main() {\n    let c = Cart::new();\n}\n",
        }
    )
    assert sample.at("src/main.rs", "let c = Cart::new();", "Cart") == "src/cart.rs:Cart"
    assert sample.at("src/main.rs", "let c = Cart::new();", "new") == "src/cart.rs:Cart.new"


def test_imports_and_what_is_passed_on_are_told_from_reads() -> None:
    sample = Sample(
        {
            "Cargo.toml": '[package]\nname = "shop"\n',
            "src/lib.rs": """
                mod cart;
                mod page;
                pub use crate::cart::Cart;
                pub use cart::{Item, inner::{Deep}, Deep as D};
            """,
            "src/cart.rs": """
                pub struct Cart {}
                pub struct Item {}
                pub mod inner { pub struct Deep {} }
                pub use self::inner::Deep;
            """,
            "src/page.rs": """
                use crate::cart::Cart;
                use crate::cart::{
                    Item as Thing,
                    inner::Deep,
                };
                fn show(cart: Cart, item: Thing, deep: Deep) {}
            """,
        }
    )
    assert sorted(sample.kinds("Cart")) == ["export", "import", "type"]
    assert sorted(sample.kinds("Item")) == ["export", "import", "type"]
    assert sorted(sample.kinds("Deep")) == ["export", "export", "export", "import", "type"]


def test_a_field_and_a_method_of_one_name() -> None:
    sample = Sample(
        {
            "src/lib.rs": """
                struct Width { size: usize }
                struct Core { width: Width }
                impl Core {
                    fn width(&self) -> &Width { &self.width }
                    fn grow(&mut self) { self.width = Width { size: self.width().size }; let f = Core::width; }
                }
            """
        }
    )
    field, method = sorted(sample.resolver.definitions("width"), key=lambda one: one.symbol.kind)
    assert [use.kind for use in sample.resolver.uses(method).resolved] == ["call", "value"]
    assert len(sample.resolver.uses(field).resolved) == 2
    assert (
        sample.uses("size")
        == ["src/lib.rs: fn grow(&mut self) { self.width = Width { size: self.width().size }; let f = Core::width; }"]
        * 2
    )


def test_what_is_derived_is_no_type_of_the_name() -> None:
    sample = Sample({"src/lib.rs": "struct Debug;\n#[derive(Debug)]\nstruct Other;\nfn f(d: Debug) {}\n"})
    assert sample.uses("Debug") == ["src/lib.rs: fn f(d: Debug) {}"]


def test_a_crate_whose_name_no_file_tells() -> None:
    sample = Sample(
        {
            "src/lib.rs": """
                pub fn helper() -> u32 { 1 }
                pub struct Gate;
                #[macro_export]
                macro_rules! shout { ($x:expr) => { println!("{}", $x) } }
            """,
            "tests/use_it.rs": """
                use shop::{helper, Gate};
                fn one() { helper(); }
                fn two() { shop::helper(); }
                fn three() { shop::shout!(1); }
                fn four() { other::nothing(); }
            """,
        }
    )
    # `shop` may be the crate or a library: neither stated nor denied.
    assert sample.uses("helper", grade="possible") == [
        "tests/use_it.rs: fn one() { helper(); }",
        "tests/use_it.rs: fn two() { shop::helper(); }",
    ]
    assert sample.uses("shout", grade="possible") == ["tests/use_it.rs: fn three() { shop::shout!(1); }"]
    assert sample.uses("helper") == []


def test_what_is_called_like_a_macro_or_a_wrapping_type() -> None:
    sample = Sample(
        {
            "Cargo.toml": '[package]\nname = "fault"\n',
            "src/lib.rs": """
                pub mod trouble;
                #[macro_export]
                macro_rules! fault { () => { $crate::Fault }; }
                pub struct Fault;
                impl Fault { pub fn show(&self) {} }
                pub fn trouble() -> Fault { Fault }
                """,
            "src/trouble.rs": """
                pub struct Cause;
                """,
            "src/pointers.rs": """
                use crate::{trouble, Fault};
                pub struct Ref<'a, T> { target: T, next: Option<&'a T> }
                impl<'a, S> Ref<'a, S> {
                    pub fn reach(&self) -> &S { &self.target }
                    pub fn boxed(self) -> Box<S> { todo!() }
                }
                fn use_it(one: Ref<'_, Fault>, cause: trouble::Cause) {
                    one.reach().show();
                    one.target.show();
                    one.boxed().show();
                    let inside = unsafe { one.reach() };
                    inside.show();
                    let shared = std::sync::Arc::new(Fault);
                    shared.show();
                    let counted = Rc::new(Fault::new());
                    counted.show();
                    assert_eq!((*one.reach()).show(), one.boxed(more(1, ")")).show());
                }
                struct Held<E> { error: E }
                impl Held<Fault> {
                    fn look(&self) { self.error.show(); }
                }
                """,
            "tests/all.rs": """
                use fault::fault;
                fn check(one: fault::Fault) { one.show(); }
                fn again() { ensure!(::fault::Fault::new(1) == 2); }
                """,
        }
    )
    assert sample.at("tests/all.rs", "fn check(one: fault::Fault) { one.show(); }", "Fault") == "src/lib.rs:Fault"
    assert (
        sample.at("tests/all.rs", "fn again() { ensure!(::fault::Fault::new(1) == 2); }", "Fault") == "src/lib.rs:Fault"
    )
    path = "src/pointers.rs"
    show = "src/lib.rs:Fault.show"
    assert sample.at(path, "fn use_it(one: Ref<'_, Fault>, cause: trouble::Cause) {", "Cause") == "src/trouble.rs:Cause"
    for line in ("one.reach().show();", "one.target.show();", "one.boxed().show();", "inside.show();"):
        assert sample.at(path, line, "show") == show
    assert sample.at(path, "fn look(&self) { self.error.show(); }", "show") == show
    assert sample.at(path, "shared.show();", "show") == "possible"
    possible = sample.uses("show", "src/lib.rs", "possible")
    assert f"{path}: shared.show();" in possible
    line = 'assert_eq!((*one.reach()).show(), one.boxed(more(1, ")")).show());'
    assert [sample.at(path, line, "show", which) for which in (0, 1)] == [show, show]


def test_a_method_of_option_that_a_type_has_too() -> None:
    sample = Sample(
        {
            "src/lib.rs": """
                pub struct Part;
                impl Part {
                    pub fn unwrap(self) -> u8 { 0 }
                    fn own(self) { self.unwrap(); }
                }
                fn last(mut parts: Vec<Part>, part: Part) {
                    parts.pop().unwrap();
                    part.unwrap();
                }
                """,
        }
    )
    assert sample.uses("unwrap") == ["src/lib.rs: fn own(self) { self.unwrap(); }", "src/lib.rs: part.unwrap();"]
    assert sample.uses("unwrap", grade="possible") == ["src/lib.rs: parts.pop().unwrap();"]


def test_a_trait_that_is_implemented_in_another_file_than_its_type() -> None:
    files = {
        "src/lib.rs": "mod doors;\nmod gates;\nmod rest;\n",
        "src/gates.rs": "pub struct Gate;\n",
        "src/doors.rs": """
            use crate::gates::Gate;
            pub trait Door { fn open(&self); fn lone(&self); }
            impl Door for Gate {
                fn open(&self) {}
                fn lone(&self) {}
            }
        """,
        "src/rest.rs": """
            use crate::doors::Door;
            use crate::gates::Gate;
            pub fn any(door: &dyn Door) { door.open(); }
            pub fn this(gate: &Gate) { gate.open(); }
        """,
    }
    sample = Sample(files)
    declared, written = sorted(sample.resolver.definitions("open"), key=lambda one: one.symbol.line)
    assert [one.key for one in sample.resolver.supers(written)] == [declared.key]
    assert [(use.kind, use.line) for use in sample.resolver.uses(declared).resolved] == [("override", 4), ("call", 3)]
    grades = {sample.line(use): use.grade for use in sample.resolver.uses(written).uses}
    assert grades == {
        "pub fn any(door: &dyn Door) { door.open(); }": "possible",
        "pub fn this(gate: &Gate) { gate.open(); }": "resolved",
    }
