"""Which types implement an interface in Go, without naming it."""

from __future__ import annotations

import textwrap

import pytest

from glossator.retrieval.go_interfaces import go_implementations, go_interfaces_of, signature_of
from tests.unit.resolution.resolution_samples import Sample

STORES = {
    "go.mod": "module example.com/app\n",
    "store/store.go": """
        package store

        import "context"

        type Getter interface {
          // Get gives a | b.
          Get(ctx context.Context, keys ...string) (value []byte, err error)
        }

        type Store interface {
          Getter
          Put(string, []byte) error
          Each(func(key string, size int) bool)
        }

        type Sealed interface {
          sealed()
        }

        type Closer interface {
          io.Closer
          Get(key string) string
        }

        type Number interface {
          ~int | ~float64
          String() string
        }

        type Key string
    """,
    "disk/disk.go": """
        package disk

        import (
          ctx "context"
          "example.com/app/store"
        )

        type Disk struct{ name string }

        func (d *Disk) Get(c ctx.Context, keys ...string) ([]byte, error) { return nil, nil }
        func (d *Disk) Put(key string, value []uint8) (err error) {
          return nil
        }
        func (d *Disk) Each(visit func(key string, size int) bool) {}
        func (d *Disk) sealed() {}
        func (d *Disk) Close() error { return nil }
        func (d *Disk) String() string { return "" }

        // Cached has the methods of Disk.
        type Cached struct {
          *Disk
          hits int
        }

        // Other takes other types.
        type Other struct{}

        func (o Other) Get(c Context, keys ...string) ([]byte, error) { return nil, nil }
        func (o Other) Put(key store.Key, value []byte) error { return nil }
        func (o Other) Each(visit func(key string, size int) bool) {}

        type Half struct{}

        func (h Half) Get(c ctx.Context, keys ...string) (value []byte, err error) { return }

        type Pool[T any] struct{}

        func (p *Pool[T]) Get(c ctx.Context, keys ...string) ([]byte, error) { return nil, nil }
    """,
    "store/local.go": "package store\n\ntype local struct{}\n\nfunc (l local) sealed() {}\n",
}


@pytest.fixture(scope="module")
def sample() -> Sample:
    return Sample({path: textwrap.dedent(text).lstrip("\n") for path, text in STORES.items()})


def implementing(sample: Sample, name: str) -> list[str] | None:
    """The qualified names of what implements something; None if it is not known."""
    found, known = go_implementations(
        sample.resolver, lambda path: sample.texts[path].splitlines(), sample.definition(name)
    )
    assert known or not found
    return sorted(one.qualified_name for one in found) if known else None


def test_a_type_that_has_all_methods_implements_an_interface(sample: Sample) -> None:
    assert implementing(sample, "Store") == ["Cached", "Disk"]
    assert implementing(sample, "Getter") == ["Cached", "Disk", "Half", "Pool"]
    assert implementing(sample, "Store.Put") == ["Disk.Put"]
    assert implementing(sample, "Getter.Get") == ["Disk.Get", "Half.Get", "Pool.Get"]


def test_methods_that_are_not_exported_are_those_of_the_package(sample: Sample) -> None:
    assert implementing(sample, "Sealed") == ["local"]


@pytest.mark.parametrize("name", ["Closer", "Number", "Disk", "Disk.Get", "Key"])
def test_of_what_is_not_whole_nothing_is_known(sample: Sample, name: str) -> None:
    assert implementing(sample, name) is None


@pytest.mark.parametrize(
    ("declared", "signature"),
    [
        ("func (s S) Run()", "()()"),
        ("func (s S) Run() {", "()()"),
        ("func (s S) Run(a, b int, c string) error {", "(int,int,string)(error)"),
        ("func (s S) Run(int, chan<- string, <-chan T) {", "(int,chan<-string,<-chan shop.T)()"),
        ("func (s S) Run(c chan int, f func(a int) bool) {", "(chan int,func(int)bool)()"),
        ("func (s S) Run(\n\ta *T, // the one | the other\n\tb ...*web.Request,\n) (n int, err error) {",
         "(*shop.T,...*http.Request)(int,error)"),
        ("func (s S) Run(m map[string][]any) interface{} {", "(map[string][]any)(any)"),
        ("func (s S) Run(b []byte, r rune) struct{ a int } {", "([]uint8,int32)(struct{shop.a int})"),
        ("func (s S) Run(f func(a, b T) (n int, err error), g func()) func(int) bool {",
         "(func(shop.T,shop.T)(int,error),func())(func(int)bool)"),
        ("func (s S) Run(app.Kind[T])", "(app.Kind[shop.T])()"),
        ("func (s S) Run(a int", ""),
    ],
)  # fmt: skip
def test_signatures_have_types_with_their_packages(declared: str, signature: str) -> None:
    text = f'package shop\n\nimport (\n\tweb "net/http"\n\t"example.com/app/v2"\n)\n\ntype S struct{{}}\n\n{declared}\n'
    sample = Sample({"a.go": text})
    view = sample.resolver.world.view("a.go")
    assert view is not None
    found = [method for method in sample.resolver.definitions("Run") if method.path == "a.go"]
    if not found:
        pytest.skip("the parser makes no method of it")
    assert signature_of(lambda _: text.splitlines(), view, found[0]) == signature


def test_the_inverse_is_the_same(sample: Sample) -> None:
    def lines(path: str) -> list[str]:
        return sample.texts[path].splitlines()

    names = {"store/store.go": ("Getter", "Store", "Sealed", "Closer", "Number")}
    forward = {
        (made.qualified_name, name)
        for path, interfaces in names.items()
        for name in interfaces
        for made in go_implementations(sample.resolver, lines, sample.definition(name, path))[0]
    }
    types = [sample.definition(name, "disk/disk.go") for name in ("Disk", "Cached", "Other", "Half")]
    backward = {
        (kind.qualified_name, one.interface.name)
        for kind in types
        for one in go_interfaces_of(sample.resolver, lines, kind)
        if one.verdict
    }
    assert ("Disk", "Store") in backward
    assert {pair for pair in forward if pair[0] in {kind.name for kind in types}} == backward
