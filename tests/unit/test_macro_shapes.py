"""Macros of C's family: those that define something, and those that stand where the grammars know of none."""

from __future__ import annotations

import pytest

from glossator.index.macros import definition_of, misread
from glossator.index.parsing import parse
from tests.unit.parsing_checks import check_entries, table

SHAPES: dict[str, tuple[str, str, str]] = {
    "functions": (
        "a.c",
        """\
SYSCALL_DEFINE2(creat, const char __user *, pathname, umode_t, mode)
{
\treturn do_sys_open(pathname, mode);
}
SYSCALL_DEFINE0(getpid)
{
\treturn task_tgid_vnr(current);
}
DEFINE_FOO(widget) {
\treturn 1;
}
static DEFINE_HANDLER(on_click)
{
\treturn 1;
}
""",
        """
        1-4 function creat
        5-8 function getpid
        9-11 function widget
        12-15 function on_click
        """,
    ),
    "variables": (
        "a.c",
        """\
static DEFINE_MUTEX(lock_mutex);
DEFINE_SPINLOCK(big);
static LIST_HEAD(all_items);
static DEFINE_PER_CPU(int, counter);
DEFINE_PER_CPU(struct rq, queues);
int last;
""",
        """
        1-1 variable lock_mutex
        2-2 variable big
        3-3 variable all_items
        4-4 variable counter
        5-5 variable queues
        6-6 variable last
        """,
    ),
    "flags": (
        "a.cc",
        """\
DEFINE_string(host, "localhost", "Where to listen.");
ABSL_FLAG(std::string, user, "", "Who.");
ABSL_FLAG(int, port, 80, "Which.");
ABSL_DECLARE_FLAG(std::vector<int>, limits);
""",
        """
        1-1 variable host
        2-2 variable user
        3-3 variable port
        4-4 variable limits
        """,
    ),
    "PostgreSQL's functions": (
        "a.c",
        """\
PG_FUNCTION_INFO_V1(add_one);
Datum
add_one(PG_FUNCTION_ARGS)
{
\tPG_RETURN_INT32(PG_GETARG_INT32(0) + 1);
}
""",
        """
        1-1 function add_one
        2-6 function add_one
        """,
    ),
    "a name behind the return type": (
        "a.cpp",
        """\
JNI_METHOD(jint, nativeAdd)(JNIEnv* env, jint a) {
  return a;
}
DEFINE_ASYNC(void, Table::Get)(const Key& key, Status* status) {
  read();
}
""",
        """
        1-3 function nativeAdd
        4-6 function Table.Get
        """,
    ),
    "attributes of classes": (
        "a.hpp",
        """\
class API_EXPORT ALIGNED(16) Foo : public Bar {
 public:
  API_EXPORT void go();
};
class alignas(16) API Baz final {
  int y();
};
struct [[nodiscard]] API_EXPORT Qux {
  int z();
};
enum API_EXPORT Level {
  LOW,
  HIGH
};
""",
        """
        1-4 class Foo
        3-3 method Foo.go
        5-7 class Baz
        6-6 method Baz.y
        8-10 struct Qux
        9-9 method Qux.z
        11-14 enum Level
        """,
    ),
    "between return type and name": (
        "a.c",
        """\
static int __init foo_init(void)
{
\treturn 0;
}
static DWORD WINAPI run(LPVOID p)
{
\treturn 0;
}
static LRESULT CALLBACK
window_proc(HWND window, UINT message)
{
\treturn 0;
}
extern ZPOS_T ZEXPORT unztell(unzFile file);
CURL_EXTERN CURLM *curl_multi_init(void);
EXPORT DWORD CALL both(int a)
{
\treturn a;
}
int API_CALL compute(int a) {
\treturn a;
}
int after;
""",
        """
        1-4 function foo_init
        5-8 function run
        9-13 function window_proc
        14-14 function unztell
        15-15 function curl_multi_init
        16-19 function both
        20-22 function compute
        23-23 variable after
        """,
    ),
    "behind the parameters": (
        "a.cpp",
        """\
class Lock {
 public:
  void Acquire() EXCLUSIVE_LOCK_FUNCTION();
  bool Try() const
      EXCLUSIVE_TRYLOCK_FUNCTION(true) {
    return false;
  }
  ~Lock() UNLOCK_FUNCTION() { Release(); }
};
void all(int a) UNUSED;
""",
        """
        1-9 class Lock
        3-3 method Lock.Acquire
        4-7 method Lock.Try
        8-8 method Lock.~Lock
        10-10 function all
        """,
    ),
    "a macro that opens a namespace": (
        "a.cc",
        """\
namespace absl {
ABSL_NAMESPACE_BEGIN
namespace strings_internal {
int f() {
  return 1;
}
}  // namespace strings_internal
ABSL_NAMESPACE_END
}  // namespace absl
""",
        """
        1-9 namespace absl
        3-7 namespace absl.strings_internal
        4-6 function absl.strings_internal.f
        """,
    ),
    "lines without a semicolon": (
        "a.cpp",
        """\
class Panel : public Widget {
  Q_OBJECT
  Q_PROPERTY(int width READ width)
 public:
  DECLARE_CLASS(Panel)
  int width() const;
};
IMPLEMENT_CLASS(Panel)
int f() {
  return 1;
}
""",
        """
        1-7 class Panel
        6-6 method Panel.width
        9-11 function f
        """,
    ),
    "parameters as before prototypes": (
        "a.c",
        """\
int main(argc, argv)
int argc;
char **argv;
{
\treturn helper(argc);
}
add(a, b)
{
\treturn a + b;
}
static char *copy(to, from, n)
    char *to;       /* where */
    const char *from;
    unsigned n;
{
\treturn to;
}
""",
        """
        1-6 function main
        7-10 function add
        11-17 function copy
        """,
    ),
    "what macros do inside functions defines nothing": (
        "a.c",
        """\
int after(void)
{
\tFOREACH(item, list) {
\t\tuse(item);
\t}
\tDEFINE_WAIT(wait);
\treturn 1;
}
""",
        """
        1-8 function after
        """,
    ),
}


@pytest.mark.parametrize(
    "text",
    [
        "int f(\nABC( x " * 20_000,
        "ABC ABC(" * 20_000 + "\nint f(\n",
        "}\n" + "ABC\n" * 30_000 + "int f(\n",
        "class " + "ABC " * 30_000 + "\nint f(\n",
        "DEFINE_A(int " * 20_000 + "\nint f(\n",
        "f(a) " + "int a; " * 20_000 + "\n{\n",
    ],
)
def test_repeated_fragments_of_macros_end_soon(text: str) -> None:
    for path in ("a.cc", "a.c"):
        check_entries(text, parse(path, text))


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("name", SHAPES)
def test_shapes(name: str, newline: str) -> None:
    path, text, expected = SHAPES[name]
    text = text.replace("\n", newline)
    parsed = parse(path, text)
    check_entries(text, parsed)
    assert [f"{first}-{last} {kind} {name}" for kind, name, first, last in table(parsed)] == [
        row.strip() for row in expected.strip().split("\n")
    ]


TESTS: dict[str, tuple[str, list[str]]] = {
    "catch.cpp": (
        """\
TEST_CASE("vectors grow", "[vector]") {
  SECTION("by push") {
    push();
  }
}
TEST_CASE_METHOD(Fixture, "with fixture", "[x]") {
  REQUIRE(1);
}
TEMPLATE_TEST_CASE("typed", "[t]", int, std::tuple<int, char>) {
  REQUIRE(1);
}
TEST_CASE("last") {
  BENCHMARK("sorts") {
    sort();
  };
}
""",
        ["vectors grow", "vectors grow.by push", "with fixture", "typed", "last", "last.sorts"],
    ),
    "scenario.cpp": (
        """\
SCENARIO("a cart") {
  GIVEN("one") {
    WHEN("added") {
      THEN("it has") { CHECK(1); }
    }
  }
}
""",
        ["a cart", "a cart.one", "a cart.one.added", "a cart.one.added.it has"],
    ),
    "boost.cpp": (
        """\
int a;
BOOST_AUTO_TEST_SUITE(maths)
BOOST_AUTO_TEST_CASE(adds) {
  BOOST_TEST(1);
}
BOOST_FIXTURE_TEST_CASE(subtracts, Fix)
{
  BOOST_TEST(1);
}
BOOST_AUTO_TEST_SUITE_END()
""",
        ["adds", "subtracts"],
    ),
    "googletest.cc": (
        """\
TEST(Cart, Adds) {
  add();
}
TEST_F(CartTest, Removes) {
  remove();
}
TEST_P(CartTest, Many) {
  add();
}
TYPED_TEST(CartTest, Typed) {
  add();
}
TYPED_TEST_P(CartTest, Pattern) {
  add();
}
""",
        ["Cart.Adds", "CartTest.Removes", "CartTest.Many", "CartTest.Typed", "CartTest.Pattern"],
    ),
    "namespaced.cc": (
        """\
namespace n {
NS_NAMESPACE_BEGIN
namespace {
TEST(Cart, Adds) {
  add();
}
}
NS_NAMESPACE_END
}
""",
        ["n.Cart.Adds"],
    ),
    "doctest.cpp": (
        """\
TEST_SUITE("carts") {
  TEST_CASE("adds") {
    SUBCASE("one") { CHECK(1); }
  }
}
TEST_CASE_FIXTURE(Fix, "removes") {
  CHECK(1);
}
""",
        ["carts", "carts.adds", "carts.adds.one", "removes"],
    ),
    "unity.c": ("TEST(Group, Case) {\n  TEST_ASSERT_EQUAL(1, 1);\n}\n", ["Group.Case"]),
    "check.c": ("START_TEST(test_money) {\n  ck_assert(1);\n}\nEND_TEST\n", ["test_money"]),
    "criterion.c": ("Test(suite, name) {\n  cr_assert(1);\n}\n", ["suite.name"]),
    "utest.c": ("UTEST(foo, bar) {\n  ASSERT_TRUE(1);\n}\n", ["foo.bar"]),
    "minunit.c": ("MU_TEST(test_check) {\n  mu_check(1);\n}\n", ["test_check"]),
    "benchmark.cc": ("BENCHMARK_DEFINE_F(Fix, Run)(benchmark::State& st) {\n  run();\n}\n", ["Fix.Run"]),
}


@pytest.mark.parametrize("path", TESTS)
def test_tests_have_their_own_names(path: str) -> None:
    text, names = TESTS[path]
    parsed = parse(path, text)
    check_entries(text, parsed)
    assert [entry.qualified_name for entry in parsed.entries if entry.kind == "test"] == names
    assert "function" not in {entry.kind for entry in parsed.entries}


def test_what_is_passed_to_a_macro_between_definitions_is_referred_to() -> None:
    text = "BENCHMARK(sort_all);\nBENCHMARK(sort_some)->Range(1, 8);\nEXPORT_SYMBOL_GPL(parse);\n"
    references = {name for entry in parse("a.cc", text).entries for name in entry.references}
    assert {"sort_all", "sort_some", "parse"} <= references


def test_what_a_macro_declares_gives_way_to_what_another_defines() -> None:
    text = "DECLARE_string(host);\nDEFINE_string(host, 1, 2);\n"
    entries = parse("a.cc", text).entries
    assert [(entry.name, entry.stub) for entry in entries] == [("host", True), ("host", False)]


def test_macros_that_are_passed_over_are_referred_to() -> None:
    text = "class A {\n  int f() GUARDED_BY(mutex) {\n    return 1;\n  }\n};\n"
    (method,) = [entry for entry in parse("a.cc", text).entries if entry.kind == "method"]
    assert "GUARDED_BY" in method.references
    assert method.signature == "int f() GUARDED_BY(mutex)"


@pytest.mark.parametrize(
    ("macro", "arguments", "body", "expected"),
    [
        ("TEST_CASE", b'("a \\" b")', True, ("test", 'a \\" b', 2)),
        ("TEST_CASE", b"()", True, None),
        ("RUN_ALL", b"(x)", False, None),
        ("DEFINE_MUTEX", b"( lock )", False, ("variable", "lock", 2)),
        ("DEFINE_MUTEX", b"(a->b)", False, None),
        ("for_each", b"(x)", True, None),
    ],
)
def test_definition_of(macro: str, arguments: bytes, body: bool, expected: tuple[str, str, int] | None) -> None:
    assert definition_of(macro, arguments, body=body, outside=True, called=False) == expected


def test_only_what_is_near_an_error_is_passed_over() -> None:
    text = b"int CALL f(int a);\n" + b"\n" * 5 + b"int CALL g(int a);\n"
    assert misread(text, [(4, 8)]) == [(4, 8)]
    assert misread(text, []) == []
