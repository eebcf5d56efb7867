"""Go: packages are folders, several results, embedding, types made of others, implicit interfaces."""

from __future__ import annotations

import pytest

from tests.unit.resolution.resolution_samples import Sample

FILES = {
    "go.mod": "module example.com/app\n\ngo 1.20\n",
    "store/store.go": """
        package store

        import (
            "errors"
            "fmt"
            "net/url"

            "example.com/app/internal/util"
        )

        type Kind int

        const (
            First Kind = iota
            Second
        )
        const Low, High = 1, 2

        func (k Kind) String() string { return "" }

        type Base struct{ ID int }

        func (b *Base) Close() error { return nil }

        type Opener interface {
            Open(name string) (*Store, error)
        }
        type Store struct {
            Base
            *util.Logger
            name  string
            items map[string]*Item
            next  func() *Item
        }
        type Items []*Item
        type Maker func(x int) (*Item, error)

        func New(name string) (*Store, error) {
            s := &Store{name: name}
            item := s.items[name]
            item.Value()
            s.Log()
            s.Close()
            s.next().Value()
            var all Items
            for _, one := range all {
                one.Peek()
            }
            var maker Maker
            got, _ := maker(3)
            got.Take()
            thing, err := util.Make()
            thing.Go()
            fmt.Println(Low, High, First, err)
            Kind(3).String()
            fmt.String()
            _, second := pair()
            second.Ping()
            return s, errors.New("x")
        }

        func pair() (*Store, *Item) { return nil, nil }

        func narrow(value any, queue chan *Item, open Opener, options ...*Item) {
            switch known := value.(type) {
            case *Store:
                known.Save()
            case Kind:
                known.Save()
            }
            (<-queue).Drain()
            options[0].Vary()
            store, _ := open.Open("a")
            store.Save()
            if other, ok := value.(Opener); ok {
                other.Open("b")
            }
            url := New
            url("shadowed")
            link := url.Parse
            table := []Item{{size: 1}, {size: 2}}
            table[0].Fill()
            made := make(map[string][]*Item)
            made["x"][0].Found()
        }

        func (s *Store) Save() {}
        """,
    "store/item.go": """
        package store

        type Item struct{ size int }

        func (i *Item) Value() int { return High }
        func (i *Item) Peek()      {}
        func (i *Item) Take()      {}
        func (i *Item) Ping()      {}
        func (i *Item) Drain()     {}
        func (i *Item) Vary()      {}
        func (i *Item) Fill()      {}
        func (i *Item) Found()     {}
        """,
    "store/disk.go": """
        package store

        type disk struct{}

        func (d disk) Open(name string) (*Store, error) { return nil, nil }
        """,
    "store/store_test.go": """
        package store_test

        import (
            "testing"

            . "example.com/app/internal/util"
            st "example.com/app/store"
        )

        func TestStore(t *testing.T) {
            s, err := st.New("x")
            s.Close()
            s.Log()
            Make()
            var b st.Base
            b.Close()
        }
        """,
    "internal/util/util.go": """
        package util

        type Logger struct{}

        func (l *Logger) Log() {}

        type Thing struct{}

        func (t Thing) Go() {}

        func Make() (*Thing, error) { return nil, nil }
        """,
    "other/errors/errors.go": """
        package errors

        func New(text string) error { return nil }
        """,
}


@pytest.fixture(scope="module")
def sample() -> Sample:
    return Sample(FILES)


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("Kind.String", ["Kind(3).String()"]),
        ("Base.Close", ["s.Close()", "s.Close()", "b.Close()"]),
        ("Logger.Log", ["s.Log()", "s.Log()"]),
        ("Item.Value", ["item.Value()", "s.next().Value()"]),
        ("Item.Peek", ["one.Peek()"]),
        ("Item.Take", ["got.Take()"]),
        ("Item.Ping", ["second.Ping()"]),
        ("Item.Drain", ["(<-queue).Drain()"]),
        ("Item.Vary", ["options[0].Vary()"]),
        ("Item.Fill", ["table[0].Fill()"]),
        ("Item.Found", ['made["x"][0].Found()']),
        ("Item.size", ["table := []Item{{size: 1}, {size: 2}}"] * 2),
        ("Store.Save", ["known.Save()", "store.Save()"]),
        ("Thing.Go", ["thing.Go()"]),
        ("Low", ["fmt.Println(Low, High, First, err)"]),
        ("High", ["func (i *Item) Value() int { return High }", "fmt.Println(Low, High, First, err)"]),
        ("Store.name", ["s := &Store{name: name}"]),
        ("Make", ["thing, err := util.Make()", "Make()"]),
        ("store.New", ["url := New", 's, err := st.New("x")']),
        ("errors.New", []),
    ],
)
def test_uses(sample: Sample, name: str, lines: list[str]) -> None:
    assert [use.partition(": ")[2] for use in sample.uses(name)] == lines


def test_calls_through_an_interface_may_reach_what_implements_it(sample: Sample) -> None:
    calls = ['store/store.go: store, _ := open.Open("a")', 'store/store.go: other.Open("b")']
    assert sample.uses("Opener.Open") == calls
    assert sample.uses("disk.Open") == []
    assert sample.uses("disk.Open", grade="possible") == calls


def test_a_package_of_a_library_is_not_the_folder_of_its_name() -> None:
    files = {
        "errors/errors.go": "package errors\n\nfunc Wrap(err error) error { return err }\n",
        "main.go": 'package main\n\nimport "github.com/pkg/errors"\n\nfunc run() { errors.Wrap(nil) }\n',
        "go.mod": "module example.com/app\n",
    }
    assert Sample(files).uses("Wrap") == []
    files["main.go"] = files["main.go"].replace("github.com/pkg", "example.com/app")
    assert Sample(files).uses("Wrap") == ["main.go: func run() { errors.Wrap(nil) }"]


def test_a_version_is_no_part_of_a_package_s_name() -> None:
    call = 'package main\n\nimport "example.com/app/v5"\n\nfunc run() { app.Wrap(nil) }\n'
    files = {
        "errors.go": "package app\n\nfunc Wrap(err error) error { return err }\n",
        "cmd/main.go": call,
        "go.mod": "module example.com/app/v5\n",
    }
    assert Sample(files).uses("Wrap") == ["cmd/main.go: func run() { app.Wrap(nil) }"]
    files["go.mod"] = "module gopkg.in/app.v3\n"
    files["cmd/main.go"] = call.replace("example.com/app/v5", "gopkg.in/app.v3")
    assert Sample(files).uses("Wrap") == ["cmd/main.go: func run() { app.Wrap(nil) }"]


def test_type_parameters_hide_types_of_the_same_name() -> None:
    sample = Sample(
        {
            "box/box.go": """
                package box

                type T struct{}

                type Box[T any] struct{ value T }

                func (b *Box[T]) Get() T { return b.value }

                func Map[T any](in []T) T { return in[0] }

                var one T
                """
        }
    )
    assert sample.uses("T") == ["box/box.go: var one T"]


def test_a_root_that_is_a_package_inside_a_module() -> None:
    sample = Sample(
        {
            "box.go": "package shop\nfunc Open() {}\n",
            "inner/make.go": "package inner\nfunc Make() {}\n",
            "outer/use.go": """
                package outer
                import (
                    "example.com/big/code/shop"
                    "example.com/big/code/shop/inner"
                    "example.com/other/lib/tools"
                )
                func Use() {
                    shop.Open()
                    inner.Make()
                    tools.Open()
                }
            """,
        }
    )
    # Without go.mod the packages may be those of the index or others: neither stated nor denied.
    assert sample.uses("Open", grade="possible") == ["outer/use.go: shop.Open()"]
    assert sample.uses("Make", grade="possible") == ["outer/use.go: inner.Make()"]
    assert sample.uses("Open") == []


def test_fields_of_unnamed_structures_are_no_variables() -> None:
    sample = Sample({
        "a.go": "package a\n\nvar all = struct {\n\tcount int\n}{}\n\nfunc run() { all.count = 1 }\n",
        "b.go": "package a\n\nfunc other() { use(count) }\n",
    })  # fmt: skip
    assert sample.definition("count").symbol.kind == "field"
    assert sample.uses("count") == []
    assert sample.uses("count", grade="possible") == ["a.go: func run() { all.count = 1 }"]


def test_only_its_folder_can_use_what_is_not_exported_or_belongs_to_a_program_or_to_tests() -> None:
    sample = Sample(
        {
            "go.mod": "module example.com/app\n\ngo 1.20\n",
            "shop/cart.go": """
                package shop

                type Cart struct {
                    total int
                    Items int
                }

                func (c *Cart) reset() {}
                func (c *Cart) Reset() {}
                """,
            "shop/sum.go": "package shop\n\nfunc sum(c any) { c.(caller).reset(); unknown(c).reset() }\n",
            "shop/cart_test.go": "package shop_test\n\nfunc Helper() {}\n\nfunc TestCart() { Helper() }\n",
            "cmd/main.go": "package main\n\ntype Flags struct{}\n\nfunc Run() {}\n\nfunc main() { Run(); Flags{} }\n",
            "web/page.go": """
                package web

                func Show(any interface{}) {
                    x := foreign(any)
                    x.total = x.Items
                    x.reset()
                    x.Reset()
                    x.Flags.Run()
                    x.Helper()
                }
                """,
        }
    )
    for name in ("Cart.total", "Run", "Flags", "Helper"):
        assert not [use for use in sample.uses(name, grade="possible") if use.startswith("web/")]
    assert (
        sample.uses("Cart.reset", grade="possible")
        == ["shop/sum.go: func sum(c any) { c.(caller).reset(); unknown(c).reset() }"] * 2
    )
    assert sample.uses("Cart.Items", grade="possible") == ["web/page.go: x.total = x.Items"]
    assert sample.uses("Cart.Reset", grade="possible") == ["web/page.go: x.Reset()"]
    assert sample.uses("Run") == ["cmd/main.go: func main() { Run(); Flags{} }"]
    assert sample.uses("Helper") == ["shop/cart_test.go: func TestCart() { Helper() }"]


def test_what_is_made_of_a_named_type() -> None:
    source = """
        package shop
        type Item struct{ key int }
        func (i *Item) SetKey(k int) {}
        type Items []Item
        type Named map[string]*Item
        func run() {
            items := make(Items, 3)
            one := &items[0]
            one.SetKey(1)
            named := make(Named)
            named["a"].SetKey(2)
        }
    """
    sample = Sample({"go.mod": "module shop\n", "a.go": source})
    assert sample.at("a.go", "one.SetKey(1)", "SetKey") == "a.go:Item.SetKey"
    assert sample.at("a.go", 'named["a"].SetKey(2)', "SetKey") == "a.go:Item.SetKey"


def test_files_for_other_systems_and_processors_are_not_seen() -> None:
    sample = Sample(
        {
            "go.mod": "module example.com/app\n",
            "open.go": "package app\n\nfunc Open() { lock(); size() }\n\nfunc (f *file) shut() {}\n",
            "open_linux.go": "package app\n\ntype file struct{}\n\nfunc lock() { page(); file{}.shut() }\n",
            "open_windows.go": "package app\n\ntype file struct{}\n\nfunc lock() {}\n\nfunc page() { lock() }\n",
            "open_android.go": "package app\n\nfunc page() {}\n",
            "size_amd64.go": "package app\n\nfunc size() {}\n",
            "size_linux_arm64.go": "package app\n\nfunc size() { lock() }\n",
            "open_windows_test.go": "package app\n\nfunc TestLock() { lock(); file{}.shut() }\n",
            "open_unix.go": "package app\n\nfunc all() { page() }\n",
        }
    )
    linux, windows = (sample.uses("lock", path=path) for path in ("open_linux.go", "open_windows.go"))
    assert linux == [
        "open.go: func Open() { lock(); size() }",
        "size_linux_arm64.go: func size() { lock() }",
    ]
    assert windows == [
        "open.go: func Open() { lock(); size() }",
        "open_windows.go: func page() { lock() }",
        "open_windows_test.go: func TestLock() { lock(); file{}.shut() }",
    ]
    assert sample.uses("page", path="open_android.go") == [
        "open_linux.go: func lock() { page(); file{}.shut() }",
        "open_unix.go: func all() { page() }",
    ]
    assert sample.uses("shut") == [
        "open_linux.go: func lock() { page(); file{}.shut() }",
        "open_windows_test.go: func TestLock() { lock(); file{}.shut() }",
    ]
