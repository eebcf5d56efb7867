"""Rust: what traits give to types in other files and to all types, their associated types, modules and functions of one
name."""

from __future__ import annotations

import pytest

from tests.unit.resolution.resolution_samples import Sample

FILES = {
    "Cargo.toml": '[package]\nname = "shop"\n',
    "src/lib.rs": """
        pub mod doors;
        pub mod gates;
        pub mod knock;
        pub use self::knock::knock;
        """,
    "src/doors.rs": """
        pub trait Door { type Key; fn open(&self); }
        pub trait Both: Door { fn or<D>(self, other: D) -> crate::gates::Either<Self, D> { todo!() } }
        impl<D: Door> Both for D {}
        pub trait Loud { fn ring(&self) {} }
        impl Loud for crate::gates::Gate {}
        pub trait Wide { fn widen(&self) {} }
        impl<D> Wide for D where D: Door {}
        """,
    "src/gates.rs": """
        use crate::doors::Door;
        pub struct Gate;
        pub struct Wall;
        pub struct Either<A, B> { one: A, other: B }
        impl<A: Door, B> Door for Either<A, B> { type Key = A::Key; fn open(&self) {} }
        impl Door for Gate { type Key = u8; fn open(&self) {} }
        """,
    "src/knock.rs": """
        pub fn knock() {}
        pub fn twice() {}
        """,
    "tests/house.rs": """
        use shop::doors::{Both, Door, Loud, Wide};
        use shop::gates::{Either, Gate, Wall};
        fn all(gate: Gate, wall: Wall, either: Either<Gate, Gate>) {
            gate.or(1);
            either.or(2).or(3);
            wall.or(4);
            gate.ring();
            wall.ring();
            gate.widen();
            shop::knock();
            shop::knock::twice();
        }
        fn any() -> impl Both<Key = u8> { todo!() }
        fn each<D: Door<Key = u8>>(door: D, keys: impl Iterator<Key = u8>) {}
        """,
}


@pytest.fixture(scope="module")
def sample() -> Sample:
    return Sample(FILES)


def test_a_trait_for_all_types_with_another_trait_gives_its_members_to_those(sample: Sample) -> None:
    assert sample.uses("Both.or") == [
        "tests/house.rs: gate.or(1);",
        "tests/house.rs: either.or(2).or(3);",
        "tests/house.rs: either.or(2).or(3);",
    ]


def test_what_a_trait_is_for_may_not_be_known(sample: Sample) -> None:
    assert sample.uses("Wide.widen") == []
    assert sample.uses("Wide.widen", grade="possible") == ["tests/house.rs: gate.widen();"]


def test_a_trait_is_implemented_beside_the_trait(sample: Sample) -> None:
    assert sample.uses("Loud.ring") == ["tests/house.rs: gate.ring();"]


def test_associated_types_are_named_with_their_trait(sample: Sample) -> None:
    found = sample.uses("Door.Key")
    assert [use for use in found if use.startswith("tests/")] == [
        "tests/house.rs: fn any() -> impl Both<Key = u8> { todo!() }",
        "tests/house.rs: fn each<D: Door<Key = u8>>(door: D, keys: impl Iterator<Key = u8>) {}",
    ]
    assert sample.uses("Door.Key", grade="possible") == []


def test_a_function_that_is_called_like_its_module_is_passed_on(sample: Sample) -> None:
    uses = sample.uses("knock", "src/knock.rs")
    assert "tests/house.rs: shop::knock();" in uses
    assert "src/lib.rs: pub mod knock;" not in uses
    assert sample.uses("twice") == ["tests/house.rs: shop::knock::twice();"]


def test_a_name_without_an_exclamation_mark_is_no_macro() -> None:
    sample = Sample({
        "Cargo.toml": '[package]\nname = "shop"\n',
        "src/lib.rs": """
            pub trait Filter {}
            #[macro_export]
            macro_rules! path { ($x:expr) => { { let _: &dyn $crate::Filter = $x; } } }
            fn all(info: Info) {
                span!("request", path = %info.path(), other = 1);
                span!("request", other = path!(3));
                path!(2);
            }
            """,
    })  # fmt: skip
    assert sample.uses("path") == ['src/lib.rs: span!("request", other = path!(3));', "src/lib.rs: path!(2);"]
    assert sample.uses("path", grade="possible") == []
    assert sample.uses("Filter", grade="possible") == []


def test_a_macro_may_be_given_to_another_one() -> None:
    sample = Sample({
        "Cargo.toml": '[package]\nname = "shop"\n',
        "src/lib.rs": """
            macro_rules! path { ($x:expr) => { $x } }
            macro_rules! each { ($m:ident) => { $m!(1) } }
            fn all() { each!(path); }
            """,
    })  # fmt: skip
    assert sample.uses("path", grade="possible") == ["src/lib.rs: fn all() { each!(path); }"]
