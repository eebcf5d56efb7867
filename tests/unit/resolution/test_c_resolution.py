"""C and C++: names are visible through headers, members through classes, namespaces by their names."""

import pytest

from glossator.retrieval.stand_ins import may_be_used_as_another
from tests.unit.resolution.resolution_samples import Sample

C = {
    "include/pool.h": """
        #ifndef POOL_H
        #define POOL_H
        #define MAX_CONNS 5
        struct conn { int fd; struct pool *owner; };
        typedef int (*handler_t)(struct conn *c, int n);
        struct pool { struct conn *first; int size; handler_t on_close; };
        typedef struct { struct pool *pool; const char *name; } session_t;
        enum mode { MODE_FAST, MODE_SLOW };
        extern int limit;
        struct conn *pool_take(struct pool *p);
        int serve(struct conn *c, int n);
        #endif
    """,
    "src/pool.c": """
        #include "pool.h"
        int limit = MAX_CONNS;
        static int check(struct pool *p) { return p->size < limit; }
        struct conn *pool_take(struct pool *p) { check(p); return p->first; }
        int serve(struct conn *c, int n) { return c->fd + n; }
    """,
    "src/session.c": """
        #include <stdio.h>
        #include "pool.h"
        static handler_t table[] = { serve, NULL };
        static int check(session_t *s) { return s->pool->size; }
        int session_get(session_t *s, const char *url)
        {
            struct conn *c = pool_take(s->pool);
            int serve_count = limit;
            s->pool->on_close = serve;
            if (check(s) == MODE_FAST) printf("%d", c->fd);
            return pool_take(s->pool)->owner->size;
        }
    """,
}
SESSION = "src/session.c"


@pytest.mark.parametrize(
    ("line", "name", "meaning"),
    [
        ("struct conn *c = pool_take(s->pool);", "pool_take", "include/pool.h:pool_take src/pool.c:pool_take"),
        ("struct conn *c = pool_take(s->pool);", "conn", "include/pool.h:conn"),
        ("struct conn *c = pool_take(s->pool);", "pool", "include/pool.h:session_t.pool"),
        ("int serve_count = limit;", "limit", "include/pool.h:limit src/pool.c:limit"),
        ("s->pool->on_close = serve;", "on_close", "include/pool.h:pool.on_close"),
        ("s->pool->on_close = serve;", "serve", "include/pool.h:serve src/pool.c:serve"),
        ('if (check(s) == MODE_FAST) printf("%d", c->fd);', "check", "src/session.c:check"),
        ('if (check(s) == MODE_FAST) printf("%d", c->fd);', "MODE_FAST", "include/pool.h:mode.MODE_FAST"),
        ('if (check(s) == MODE_FAST) printf("%d", c->fd);', "fd", "include/pool.h:conn.fd"),
        ('if (check(s) == MODE_FAST) printf("%d", c->fd);', "printf", "excluded"),
        ("return pool_take(s->pool)->owner->size;", "size", "include/pool.h:pool.size"),
        ("static handler_t table[] = { serve, NULL };", "serve", "include/pool.h:serve src/pool.c:serve"),
        ("static handler_t table[] = { serve, NULL };", "handler_t", "include/pool.h:handler_t"),
    ],
)
def test_c(line: str, name: str, meaning: str) -> None:
    assert Sample(C).at(SESSION, line, name) == meaning


def test_a_static_function_is_its_files_own() -> None:
    sample = Sample(C)
    assert sample.uses("check", "src/pool.c") == [
        "src/pool.c: struct conn *pool_take(struct pool *p) { check(p); return p->first; }"
    ]


CPP = {
    "acme/pool.h": """
        #pragma once
        #include <memory>
        #include <vector>
        namespace acme {
        class Base { public: void log(int n); virtual int size() const; };
        class Conn {
         public:
          explicit Conn(int n);
          void close();
          int fd() const { return fd_; }
         private:
          int fd_;
        };
        namespace db {
        class Pool : public Base {
         public:
          explicit Pool(int n) : size_(n) {}
          Conn* take();
          static Pool& shared();
          int size() const override { return size_; }
         private:
          int size_;
          std::vector<Conn> conns_;
          std::unique_ptr<Conn> last_;
        };
        enum class Mode { Fast, Slow };
        int helper(int n);
        }
        }
    """,
    "acme/pool.cc": """
        #include "acme/pool.h"
        namespace acme {
        void Conn::close() { fd_ = 0; }
        namespace db {
        Conn* Pool::take() {
          auto* c = Pool::shared().take();
          for (auto& x : conns_) x.close();
          for (const Conn& y : conns_) y.close();
          last_->close();
          this->size_ = helper(3);
          log(size());
          Mode m = Mode::Fast;
          return c;
        }
        Pool& Pool::shared() { static Pool pool(1); return pool; }
        int helper(int n) { return n; }
        }
        }
    """,
    "app/main.cc": """
        #include "acme/pool.h"
        using acme::Conn;
        namespace other { class Pool { public: void take(); }; }
        void run(acme::db::Pool& pool) {
          Conn* conn = pool.take();
          conn->close();
          int n = acme::db::helper(conn->fd());
          other::Pool mine;
          mine.take();
          auto made = new Conn(n);
          made->close();
        }
    """,
}


TAKE = "acme/pool.cc:acme.db.Pool.take acme/pool.h:acme.db.Pool.take"
CLOSE = "acme/pool.cc:acme.Conn.close acme/pool.h:acme.Conn.close"
HELPER = "acme/pool.cc:acme.db.helper acme/pool.h:acme.db.helper"


@pytest.mark.parametrize(
    ("path", "line", "name", "meaning"),
    [
        ("acme/pool.cc", "auto* c = Pool::shared().take();", "take", TAKE),
        ("acme/pool.cc", "for (auto& x : conns_) x.close();", "close", CLOSE),
        ("acme/pool.cc", "for (const Conn& y : conns_) y.close();", "close", CLOSE),
        ("acme/pool.cc", "last_->close();", "close", CLOSE),
        ("acme/pool.cc", "last_->close();", "last_", "acme/pool.h:acme.db.Pool.last_"),
        ("acme/pool.cc", "this->size_ = helper(3);", "size_", "acme/pool.h:acme.db.Pool.size_"),
        ("acme/pool.cc", "this->size_ = helper(3);", "helper", HELPER),
        ("acme/pool.cc", "log(size());", "log", "acme/pool.h:acme.Base.log"),
        ("acme/pool.cc", "log(size());", "size", "acme/pool.h:acme.db.Pool.size"),
        ("acme/pool.cc", "Mode m = Mode::Fast;", "Fast", "acme/pool.h:acme.db.Mode.Fast"),
        ("app/main.cc", "Conn* conn = pool.take();", "take", TAKE),
        ("app/main.cc", "Conn* conn = pool.take();", "Conn", "acme/pool.h:acme.Conn"),
        ("app/main.cc", "conn->close();", "close", CLOSE),
        ("app/main.cc", "int n = acme::db::helper(conn->fd());", "helper", HELPER),
        ("app/main.cc", "mine.take();", "take", "app/main.cc:other.Pool.take"),
        ("app/main.cc", "made->close();", "close", CLOSE),
    ],
)  # fmt: skip
def test_cpp(path: str, line: str, name: str, meaning: str) -> None:
    assert Sample(CPP).at(path, line, name) == meaning


def test_members_of_a_variable_whose_structure_has_no_name() -> None:
    sample = Sample(
        {
            "main.c": """
                struct tab { int len; };
                struct { int max; struct tab *done; } state;
                static struct { int id; } rows[] = { { 1 } };
                struct other { int max; };
                int run(struct other *other) { state.max = 1; other->max = 2; rows[0].id = 3; return state.done->len; }
            """
        }
    )
    run = "int run(struct other *other) { state.max = 1; other->max = 2; rows[0].id = 3; return state.done->len; }"
    assert sample.at("main.c", run, "max", 0) == "main.c:state.max"
    assert sample.at("main.c", run, "max", 1) == "main.c:other.max"
    assert sample.at("main.c", run, "id") == "main.c:rows.id"
    assert sample.at("main.c", run, "len") == "main.c:tab.len"


def test_types_of_a_source_file_are_its_own() -> None:
    sample = Sample(
        {
            "append.c": """
                struct file { int handle; };
                #define LIMIT 3
                int used(struct file *f) { return f->handle; }
            """,
            "other.c": "int run(void) { struct file *f; return f->handle + LIMIT; }\n",
            "whole.c": '#include "append.c"\nint whole(struct file *f) { return f->handle + LIMIT; }\n',
        }
    )
    assert sample.uses("file") == [
        "append.c: int used(struct file *f) { return f->handle; }",
        "whole.c: int whole(struct file *f) { return f->handle + LIMIT; }",
    ]
    assert sample.uses("LIMIT") == ["whole.c: int whole(struct file *f) { return f->handle + LIMIT; }"]
    assert sample.uses("handle") == sample.uses("file")


def test_variables_that_are_constructed_look_like_prototypes() -> None:
    sample = Sample(
        {
            "slice.h": "namespace db { class Slice { public: Slice(const char* s); int size() const; }; }\n",
            "main.cc": """
                #include "slice.h"
                using namespace db;
                int run(const char* text) {
                  Slice key(text);
                  return key.size();
                }
                int size();
            """,
        }
    )
    assert sample.uses("Slice.size") == ["main.cc: return key.size();"]
    assert sample.at("main.cc", "return key.size();", "key") == "no mention"


def test_a_class_that_very_many_files_mention_is_found() -> None:
    users = {f"app/user{number:03}.cc": f"int use{number}(Slice* s) {{ return s->size(); }}\n" for number in range(60)}
    sample = Sample({"lib/slice.h": "class Slice { public: int size() const; };\n", **users})
    assert len(sample.uses("Slice.size")) == 60
    ruby = {f"app/user{number:03}.rb": f"def use{number}\n  Pool.new.take\nend\n" for number in range(60)}
    pool = Sample({"lib/zz/pool.rb": "class Pool\n  def take\n  end\nend\n", **ruby})
    assert len(pool.uses("Pool.take")) == 60


def test_a_class_of_a_package_that_very_many_files_mention_is_found() -> None:
    users = {
        f"src/a/User{number:03}.java": f"package a; class User{number:03} {{ void use(Pool p) {{ p.take(); }} }}\n"
        for number in range(220)
    }
    sample = Sample({"src/z/Pool.java": "package a; public class Pool { void take() {} }\n", **users})
    assert len(sample.uses("Pool.take")) == 220


def test_the_tag_of_a_structure_that_a_typedef_names() -> None:
    sample = Sample(
        {
            "list.h": "typedef struct node_s { int value; struct node_s *next; } node_t;\n",
            "list.c": """
                #include "list.h"
                int sum(struct node_s *first) {
                  node_t *second = first->next;
                  return first->value + second->value + first->next->value;
                }
            """,
        }
    )
    assert sample.uses("value") == ["list.c: return first->value + second->value + first->next->value;"] * 3
    assert sample.uses("node_s") == [
        "list.c: int sum(struct node_s *first) {",
        "list.h: typedef struct node_s { int value; struct node_s *next; } node_t;",
    ]


TAGS = {
    "graph.h": """
        typedef struct node { struct node *next; int weight; } node;
        struct edge { struct edge *next; node *from; };
        typedef struct edge edge;
        struct stat { int mode; };
        union value { int number; char *text; };
        typedef union value value;
    """,
    "graph.c": """
        #include "graph.h"
        int stat(const char *path, struct stat *found);
        int node_weight(struct node *n) { return n->weight; }
        int plain_weight(node *n) { return n->next->weight; }
        int edge_weight(edge *e) { return e->from->weight; }
        int tagged_weight(struct edge *e) { return e->next->from->weight; }
        int size_of(value *v) { union value w = *v; return w.number; }
        int check(void) { struct stat s; return stat("a", &s) + s.mode; }
    """,
}


@pytest.mark.parametrize(
    ("line", "name", "occurrence", "line_of_definition"),
    [
        ("int node_weight(struct node *n) { return n->weight; }", "node", 0, (1, 15)),
        ("int plain_weight(node *n) { return n->next->weight; }", "node", 0, (1, 55)),
        ("int edge_weight(edge *e) { return e->from->weight; }", "edge", 0, (3, 20)),
        ("int tagged_weight(struct edge *e) { return e->next->from->weight; }", "edge", 0, (2, 7)),
        ("int size_of(value *v) { union value w = *v; return w.number; }", "value", 0, (6, 20)),
        ("int size_of(value *v) { union value w = *v; return w.number; }", "value", 1, (5, 6)),
        ('int check(void) { struct stat s; return stat("a", &s) + s.mode; }', "stat", 0, (4, 7)),
        ('int check(void) { struct stat s; return stat("a", &s) + s.mode; }', "stat", 1, (2, 4)),
        ("int edge_weight(edge *e) { return e->from->weight; }", "weight", 0, (1, 45)),
        ("int tagged_weight(struct edge *e) { return e->next->from->weight; }", "weight", 0, (1, 45)),
    ],
)
def test_the_tag_of_a_structure_is_no_type(
    line: str, name: str, occurrence: int, line_of_definition: tuple[int, int]
) -> None:
    sample = Sample(TAGS)
    facts = sample.facts("graph.c")
    assert facts is not None
    number = sample.texts["graph.c"].splitlines().index(line) + 1
    mention = [one for one in facts.mentions_of(name) if one.line == number][occurrence]
    resolution = sample.resolver.resolve("graph.c", facts, name, mention)
    assert resolution.grade == "resolved"
    assert [(one.symbol.line, one.symbol.column) for one in resolution.targets] == [line_of_definition]


MACROS = {
    "reader.h": """
        struct state { int have; unsigned char *next; };
        int refill(struct state *s);
        void report(const char *text, int code);
        #define LIMIT 16
        #define DOUBLE_LIMIT (2 * LIMIT)
        #define NEXT(s) ((s)->have > 0 ? *(s)->next++ : refill(s))
        #define SKIP(s, n) \\
          do { \\
            int report_left = (n); /* bytes */ \\
            while (report_left-- > 0) NEXT(s); \\
            report("NEXT refill", report_left); \\
          } while (0)
        typedef struct { union { short freq; short code; } fc; union { short dad; short len; } dl; } leaf;
        #define Code fc.code
        #define Len dl.len
    """,
    "reader.c": """
        #include "reader.h"
        int read_one(struct state *s) { return NEXT(s); }
        void skip_all(struct state *s) { SKIP(s, DOUBLE_LIMIT); }
        int code_of(leaf *tree, int n) { return tree[n].Code + tree[n].Len; }
        int own(leaf *one) { return one->fc.code; }
    """,
    "other.c": """
        #define NEXT(s) ((s) + 1)
        int other(int s) { return NEXT(s); }
    """,
}


@pytest.mark.parametrize(
    ("name", "uses"),
    [
        (
            "refill",
            [
                "reader.c: int read_one(struct state *s) { return NEXT(s); }",
                "reader.c: void skip_all(struct state *s) { SKIP(s, DOUBLE_LIMIT); }",
                "reader.h: #define NEXT(s) ((s)->have > 0 ? *(s)->next++ : refill(s))",
            ],
        ),
        (
            "report",
            [
                "reader.c: void skip_all(struct state *s) { SKIP(s, DOUBLE_LIMIT); }",
                'reader.h: report("NEXT refill", report_left); \\',
            ],
        ),
        (
            "LIMIT",
            [
                "reader.c: void skip_all(struct state *s) { SKIP(s, DOUBLE_LIMIT); }",
                "reader.h: #define DOUBLE_LIMIT (2 * LIMIT)",
            ],
        ),
        (
            "leaf.code",
            [
                "reader.c: int code_of(leaf *tree, int n) { return tree[n].Code + tree[n].Len; }",
                "reader.c: int own(leaf *one) { return one->fc.code; }",
            ],
        ),
        ("leaf.len", ["reader.c: int code_of(leaf *tree, int n) { return tree[n].Code + tree[n].Len; }"]),
    ],
)
def test_what_a_macro_stands_for_is_used_where_the_macro_is(name: str, uses: list[str]) -> None:
    assert Sample(MACROS).uses(name) == uses


def test_a_macro_that_is_defined_again_may_stand_for_either() -> None:
    sample = Sample(
        {
            "a.c": """
                int quiet(int n);
                int loud(int n);
                int before(int n) { return n; }
                #ifdef LOUD
                #define TELL(n) loud(n)
                #else
                #define TELL(n) quiet(n)
                #endif
                int run(int n) { return TELL(n); }
            """
        }
    )
    for name in ("quiet", "loud"):
        assert sample.uses(name) == [f"a.c: #define TELL(n) {name}(n)"]
        assert sample.uses(name, grade="possible") == ["a.c: int run(int n) { return TELL(n); }"]


def test_a_function_that_nothing_declares_is_only_possibly_used_in_another_file() -> None:
    sample = Sample(
        {
            "a.c": "#define local static\nlocal int in(int n) { return n; }\nint a(void) { return in(1); }\n",
            "b.c": "int b(int (*in)(int));\n#define PULL() in(2)\n",
            "c.h": "int shared(int n);\n",
            "c.c": "int shared(int n) { return n; }\n",
            "d.c": '#include "c.h"\nint d(void) { return shared(3); }\n',
        }
    )
    assert sample.uses("in") == ["a.c: int a(void) { return in(1); }"]
    assert sample.uses("in", grade="possible") == ["b.c: #define PULL() in(2)"]
    assert sample.uses("shared", "c.c") == ["d.c: int d(void) { return shared(3); }"]


def test_an_index_follows_pointers_and_arrays() -> None:
    sample = Sample(
        {
            "a.cc": """
                struct Item { int weight; void open(); };
                struct Bag { Item* at; Item& operator[](int n); };
                struct Chain { Item* begin(); Item* end(); };
                void run(Item* items, Item (&fixed)[4], Bag bag, Bag* bags, Chain chain) {
                  items[0].weight = 1;
                  bag[0].open();
                  bags[1][2].open();
                  chain[0].open();
                }
            """
        }
    )
    assert sample.at("a.cc", "items[0].weight = 1;", "weight") == "a.cc:Item.weight"
    assert sample.at("a.cc", "chain[0].open();", "open") == "possible"


def test_a_supertypes_name_before_its_member_is_the_type() -> None:
    sample = Sample(
        {
            "db.h": """
                class Store { public: Store() = default; virtual int put(int key); };
                class Cache : public Store { public: Cache(); int put(int key) override; };
            """,
            "db.cc": """
                #include "db.h"
                int Store::put(int key) { return key; }
                int Cache::put(int key) {
                  return Store::put(key);
                }
            """,
        }
    )
    assert sample.at("db.cc", "return Store::put(key);", "put") == "db.cc:Store.put db.h:Store.put"
    assert sample.at("db.cc", "return Store::put(key);", "Store") == "db.h:Store"


def test_a_type_that_two_files_define_alike_is_one() -> None:
    sample = Sample(
        {
            "parser.h": "union value { int number; char *text; };\ntypedef union value value;\n",
            "parser.c": "union value { int number; char *text; };\nint f(union value *v) { return v->number; }\n",
            "other.c": "union value { int number; int other; };\nint g(union value *v) { return v->number; }\n",
        }
    )
    assert sample.uses("value.number", "parser.h") == ["parser.c: int f(union value *v) { return v->number; }"]
    assert sample.uses("value.number", "other.c") == ["other.c: int g(union value *v) { return v->number; }"]


def test_a_librarys_function_is_no_function_that_the_file_does_not_include() -> None:
    sample = Sample(
        {
            "stream.hpp": "inline int write(int n) { return n; }\ninline int write_all(int n) { return n; }\n",
            "pipe.h": "int close(int n);\n",
            "pipe.c": '#include "pipe.h"\nint close(int n) { return n; }\n',
            "tool.c": "#include <unistd.h>\nint tool(int n) { return write(n) + close(n) + write_all(n); }\n",
            "user.cc": '#include "stream.hpp"\n#include "pipe.h"\nint user(int n) { return write(n) + close(n); }\n',
        }
    )
    used = "user.cc: int user(int n) { return write(n) + close(n); }"
    assert sample.uses("write") == [used]
    assert sample.uses("write_all") == []
    assert sample.uses("close", "pipe.c") == [used]


def test_a_name_of_the_global_namespace() -> None:
    sample = Sample(
        {
            "file.h": """
                int flush(int n);
                namespace io { int flush(int n); struct Stream { int flush(int n); int run(int n); }; }
            """,
            "file.cc": """
                #include "file.h"
                int flush(int n) { return n; }
                int io::Stream::run(int n) {
                  flush(n);
                  return ::flush(n) + ::missing(n);
                }
            """,
        }
    )
    assert sample.at("file.cc", "flush(n);", "flush") == "file.h:io.Stream.flush"
    assert sample.at("file.cc", "return ::flush(n) + ::missing(n);", "flush") == "file.cc:flush file.h:flush"
    assert sample.at("file.cc", "return ::flush(n) + ::missing(n);", "missing") == "excluded"


def test_a_test_of_a_fixture_sees_the_members_of_its_class() -> None:
    sample = Sample(
        {
            "store.h": """
                class Store {
                 public:
                  int size() const;
                 private:
                  Lock* const lock_;
                  Lock* const other_ GUARDED_BY(lock_);
                  int count_ BASE_GUARDED_BY(lock_) = 0;
                  void lock() { other_->take(); }
                };
                struct Lock { void take(); };
            """,
            "store_test.cc": """
                #include "store.h"
                class StoreTest : public testing::Test {
                 protected:
                  Store* store_;
                  Store* open() { return store_; }
                };
                TEST_F(StoreTest, Sizes) {
                  EXPECT_EQ(0, store_->size());
                  open()->size();
                }
                TEST(Store, Sizes) {
                  size();
                }
            """,
        }
    )
    assert sample.at("store_test.cc", "EXPECT_EQ(0, store_->size());", "size") == "store.h:Store.size"
    assert sample.at("store_test.cc", "open()->size();", "open") == "store_test.cc:StoreTest.open"
    assert sample.at("store_test.cc", "open()->size();", "size") == "store.h:Store.size"
    assert sample.at("store_test.cc", "size();", "size") == "excluded"
    assert sample.at("store.h", "void lock() { other_->take(); }", "take") == "store.h:Lock.take"
    assert [one.qualified_name for one in sample.resolver.definitions("count_")] == ["Store.count_"]


def test_a_function_that_is_a_macro_too_may_be_meant() -> None:
    sample = Sample(
        {
            "box.h": """
                int wrap(int n);
                int open_box(int n);
                #ifdef SMALL
                #define wrap(n) ((n) << 1)
                #endif
                #ifdef PREFIX
                #define open_box z_open_box
                #endif
            """,
            "box.c": """
                #include "box.h"
                int run(int n) { return wrap(n); }
                int other(int n) { return open_box(n); }
            """,
        }
    )
    assert sample.at("box.c", "int run(int n) { return wrap(n); }", "wrap") == "possible"
    assert sample.at("box.c", "int other(int n) { return open_box(n); }", "open_box") == "box.h:open_box box.h:open_box"


def test_namespaces_inside_each_other_and_by_other_names() -> None:
    sample = Sample(
        {
            "a.hpp": """
                namespace app::core {
                struct Cfg { static Cfg& shared(); };
                namespace detail { inline int secret() { return 1; } }
                using detail::secret;
                namespace dt = detail;
                }
            """,
            "b.cpp": """
                #include "a.hpp"
                namespace ac = app::core;
                int f() {
                  ac::Cfg::shared();
                  app::core::Cfg::shared();
                  ac::detail::secret();
                  app::core::secret();
                  ac::dt::secret();
                }
            """,
        }
    )
    for line in ("ac::Cfg::shared();", "app::core::Cfg::shared();"):
        assert sample.at("b.cpp", line, "shared") == "a.hpp:app.core.Cfg.shared", line
    for line in ("ac::detail::secret();", "app::core::secret();", "ac::dt::secret();"):
        assert sample.at("b.cpp", line, "secret") == "a.hpp:app.core.detail.secret", line


def test_a_parameter_hides_no_tag() -> None:
    sample = Sample({
        "dump.c": """
            struct buffer { int used; };
            static int dump(const char *buffer, void *data) {
                struct buffer *buf = (struct buffer *)data;
                buf->used = buffer[0];
                return 0;
            }
        """
    })  # fmt: skip
    assert sample.uses("buffer") == ["dump.c: struct buffer *buf = (struct buffer *)data;"] * 2
    assert sample.uses("buffer.used") == ["dump.c: buf->used = buffer[0];"]


def test_a_macro_is_meant_in_every_namespace() -> None:
    sample = Sample(
        {
            "pool.h": """
                namespace db {
                #define CHECK(condition) if (!(condition)) return
                namespace inner { int LIMIT; int FIXED; void old(int value); }
                }
                #define LIMIT(value) ((value) + 1)
                #define old(text) __attribute__((deprecated(text)))
            """,
            "pool.cc": """
                #include "pool.h"
                void start() { CHECK(1); }
                namespace db { namespace inner {
                void stop() {
                  CHECK(2);
                  LIMIT(3);
                  FIXED = 4;
                  old(5);
                }
                } }
            """,
        }
    )
    assert sample.uses("CHECK") == ["pool.cc: void start() { CHECK(1); }", "pool.cc: CHECK(2);"]
    assert sample.at("pool.cc", "LIMIT(3);", "LIMIT") == "possible"
    assert sample.at("pool.cc", "FIXED = 4;", "FIXED") == "pool.h:db.inner.FIXED"
    assert sample.at("pool.cc", "old(5);", "old") == "possible"


def test_what_a_namespace_that_a_macro_opens_has_is_not_denied() -> None:
    sample = Sample(
        {
            "pool.cc": """
                #define APP_BEGIN namespace app { namespace impl {
                #define APP_END } }
                APP_BEGIN
                int grow(int size) { return size; }
                int unused(int size) { return size; }
                APP_END
                namespace app {
                void run() { impl::grow(3); }
                }
            """
        }
    )
    assert sample.uses("grow", grade="possible") == ["pool.cc: void run() { impl::grow(3); }"]
    assert sample.resolver.uses(sample.definition("unused")).uses == ()


def test_a_macro_that_is_called_like_a_function_of_the_library_is_meant_where_its_header_is_included() -> None:
    sample = Sample(
        {
            "windows.h": "#define snprintf c99_snprintf\n#define MOST 3\n",
            "text.c": '#include "windows.h"\nint text(char *to) { return snprintf(to, MOST, "a"); }\n',
            "main.c": 'int main(void) { char to[9]; return snprintf(to, MOST, "a"); }\n',
        }
    )
    assert sample.uses("snprintf") == ['text.c: int text(char *to) { return snprintf(to, MOST, "a"); }']
    assert [line.partition(":")[0] for line in sample.uses("snprintf", grade="possible")] == ["main.c"]
    assert [line.partition(":")[0] for line in sample.uses("MOST")] == ["main.c", "text.c"]


def test_a_static_function_that_is_declared_first_is_its_files_own() -> None:
    sample = Sample(
        {
            "a.c": """
                static void on_timer(int *timer);
                void start(void) { run(on_timer); }
                static void on_timer(int *timer) {}
            """,
            "b.c": """
                static void on_timer(int *timer);
                void stop(void) { run(on_timer); }
                static void on_timer(int *timer) {}
            """,
            "c.c": '#include "c.inc"\nstatic char *name(void);\nvoid show(void) { print(name()); }\n',
            "c.inc": 'static char *name(void) { return "c"; }\n',
        }
    )
    assert sample.uses("on_timer", "a.c") == ["a.c: void start(void) { run(on_timer); }"]
    assert sample.uses("on_timer", "b.c") == ["b.c: void stop(void) { run(on_timer); }"]
    first, second = sample.definition("on_timer", "a.c"), sample.definition("on_timer", "b.c")
    assert not sample.resolver.is_one_thing(first, second)
    assert sample.uses("name", "c.inc") == ["c.c: void show(void) { print(name()); }"]


DECLARED_TOGETHER = """
    static struct pool { int free; } *pools, more;
    typedef struct pair { int a; } PAIR, *PPAIR, PAIRS[2];
    typedef struct node { int v; } *Node;
    enum color { RED } shade;
    typedef struct lone { int v; } lone_t;
    int run(PPAIR one, PAIR two, PAIRS all) {
      struct pool *p = pools;
      struct pair *q = one;
      struct node *n = first();
      enum color c = RED;
      return p->free + q->a + n->v;
    }
"""


@pytest.mark.parametrize("path", ["a.c", "a.cpp"])
@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("struct pool *p = pools;", "pool"),
        ("struct pool *p = pools;", "pools"),
        ("int run(PPAIR one, PAIR two, PAIRS all) {", "PPAIR"),
        ("int run(PPAIR one, PAIR two, PAIRS all) {", "PAIR"),
        ("int run(PPAIR one, PAIR two, PAIRS all) {", "PAIRS"),
        ("struct pair *q = one;", "pair"),
        ("struct node *n = first();", "node"),
        ("enum color c = RED;", "color"),
    ],
)
def test_what_is_declared_together_is_not_one_in_the_other(path: str, line: str, name: str) -> None:
    sample = Sample({path: DECLARED_TOGETHER})
    assert sample.at(path, line, name) == f"{path}:{name}"


@pytest.mark.parametrize("path", ["a.c", "a.cpp"])
def test_a_tag_may_be_used_by_the_name_that_a_typedef_gives_it(path: str) -> None:
    sample = Sample({path: DECLARED_TOGETHER})
    assert sample.uses("lone") == []
    assert may_be_used_as_another(sample.resolver, sample.definition("lone"))
    assert may_be_used_as_another(sample.resolver, sample.definition("node"))
    assert not may_be_used_as_another(sample.resolver, sample.definition("lone_t"))
    assert not may_be_used_as_another(sample.resolver, sample.definition("pool"))


def test_a_tag_may_be_used_by_the_name_that_another_file_gives_it() -> None:
    sample = Sample(
        {
            "hash.h": "typedef struct hash_ctx hash_ctx;\nint hash_init(hash_ctx *ctx);\n",
            "openssl.h": "struct hash_ctx { int c; };\nstruct lone_ctx { int c; };\n",
        }
    )
    assert may_be_used_as_another(sample.resolver, sample.definition("hash_ctx", "openssl.h"))
    assert not may_be_used_as_another(sample.resolver, sample.definition("lone_ctx"))
