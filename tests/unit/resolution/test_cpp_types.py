"""C++: overloads by the types of their arguments, templates, casts, smart pointers, containers and iterators, names
before `::`, classes that are defined outside the one that they belong to."""

import pytest

from glossator.index.c_parameters import c_parameter_types
from tests.unit.resolution.resolution_samples import Sample

HEADER = """
    #pragma once
    namespace audio {
    enum class Mode { Mono, Stereo };
    struct Gain { double value; };
    class Source {
     public:
      virtual ~Source();
      virtual int read(int frames);
      void seek(int frame);
      void seek(const std::string& label);
      void seek(Gain gain);
    };
    class File : public Source {
     public:
      explicit File(const char* path);
      int read(int frames) override;
      Gain gain() const;
      const char* path;
    };
    void mix(Source& source, double level);
    void mix(Gain& gain, double level);
    void dump(const char* text);
    void dump(int number);
    std::unique_ptr<File> open(const std::string& path);
    template <typename Item, int Size = 8> class Ring {
     public:
      Item* pop();
      const Item& peek() const;
      std::vector<Item> all();
    };
    template <typename Item, int Size> Item* Ring<Item, Size>::pop() { return nullptr; }
    using Files = Ring<File>;
    int played(const File& file);
    }
"""
MAIN = """
    #include "audio.h"
    using audio::File;
    using audio::Source;
    using audio::Gain;
    struct Player {
      Player(File* file, int rate) : file(file), rate(rate) {}
      File* file;
      int rate;
      audio::Files ring;
      std::map<std::string, std::unique_ptr<File>> named;
      std::vector<std::shared_ptr<Source>> sources;
      void play(Source& source);
    };
    void Player::play(Source& source) {
      source.seek(3);
      source.seek("intro");
      source.seek(file->gain());
      mix(source, 0.5);
      audio::mix(*file, 1.0);
      auto made = std::make_shared<File>("a");
      made->gain();
      auto* same = dynamic_cast<File*>(&source);
      same->read(1);
      static_cast<File&>(source).gain();
      std::move(made)->path;
      audio::open("x").get()->path;
      ring.pop()->gain();
      ring.peek().path;
      for (auto& [label, entry] : named) entry->gain();
      if (auto found = named.find("b"); found != named.end()) found->second->path;
      sources.front()->read(2);
      sources.begin()->get()->read(3);
      if (const auto* narrow = dynamic_cast<const File*>(&source)) { narrow->path; }
      played(*file);
      audio::Ring<Gain> gains;
      gains.pop()->value;
      audio::dump(rate);
      audio::dump("text");
    }
"""


@pytest.mark.parametrize(
    ("line", "name", "meaning"),
    [
        ("Player(File* file, int rate) : file(file), rate(rate) {}", "file", "Player.file"),
        ("source.seek(3);", "seek", "audio.Source.seek:9"),
        ('source.seek("intro");', "seek", "audio.Source.seek:10"),
        ("source.seek(file->gain());", "seek", "audio.Source.seek:11"),
        ("audio::mix(*file, 1.0);", "mix", "audio.mix:20"),
        ("made->gain();", "gain", "audio.File.gain"),
        ("same->read(1);", "read", "audio.File.read"),
        ("static_cast<File&>(source).gain();", "gain", "audio.File.gain"),
        ("std::move(made)->path;", "path", "audio.File.path"),
        ('audio::open("x").get()->path;', "path", "audio.File.path"),
        ("ring.pop()->gain();", "gain", "audio.File.gain"),
        ("ring.peek().path;", "path", "audio.File.path"),
        ("for (auto& [label, entry] : named) entry->gain();", "gain", "audio.File.gain"),
        ('if (auto found = named.find("b"); found != named.end()) found->second->path;', "path", "audio.File.path"),
        ("sources.front()->read(2);", "read", "audio.Source.read"),
        ("sources.begin()->get()->read(3);", "read", "audio.Source.read"),
        (
            "if (const auto* narrow = dynamic_cast<const File*>(&source)) { narrow->path; }",
            "path",
            "audio.File.path",
        ),
        ("mix(source, 0.5);", "mix", "audio.mix:20"),
        ("played(*file);", "played", "audio.played"),
        ("gains.pop()->value;", "value", "audio.Gain.value"),
        ('audio::dump("text");', "dump", "audio.dump:22"),
    ],
)
def test_members_and_overloads(line: str, name: str, meaning: str) -> None:
    sample = Sample({"audio.h": HEADER, "main.cpp": MAIN})
    facts = sample.facts("main.cpp")
    assert facts is not None
    number = 1 + [text.strip() for text in sample.texts["main.cpp"].splitlines()].index(line)
    mention = next(one for one in facts.mentions_of(name) if one.line == number)
    found = sample.resolver.resolve("main.cpp", facts, name, mention)
    assert found.grade == "resolved"
    wanted, _, at = meaning.partition(":")
    assert {one.qualified_name for one in found.targets} <= {wanted, wanted.replace("Ring.", "Ring<Item,Size>.")}
    if at:
        assert [one.symbol.line for one in found.targets] == [int(at)]


def test_what_the_arguments_do_not_tell_is_possible() -> None:
    sample = Sample({
        "a.cpp": """
            namespace a {
            struct Slice { Slice(const char* text); Slice(const Slice& other); };
            void put(const Slice& key);
            void put(const std::string& key);
            void set(unsigned n);
            void set(long n);
            template <typename T> bool parse(const char* text, T* into);
            template <> bool parse(const char* text, float* into) { return true; }
            struct View { int& at(int n); const int& at(int n) const; };
            void run(int n, char* text, float* f, View v) {
              put("x");
              set(n);
              parse("1", f);
              parse("2", &n);
              v.at(1);
            }
            }
        """
    })  # fmt: skip
    for line, name in (
        ('put("x");', "put"),
        ("set(n);", "set"),
        ('parse("2", &n);', "parse"),
        ("v.at(1);", "at"),
    ):
        assert sample.at("a.cpp", line, name) == "possible", line


def test_c_has_no_overloads() -> None:
    sample = Sample({
        "stream.h": 'extern "C" { int send_all(stream_p s, int flags); int drain(stream_p s); }',
        "compat.hpp": "int send_all(struct stream* s, int flags);",
        "send.c": """
            #include "stream.h"
            int send_all(struct stream *s, int flags) { return drain(s); }
            int drain(struct stream *s) { return 0; }
        """,
        "main.c": """
            #include "stream.h"
            int run(struct stream *s) { return send_all(s, 1); }
        """,
        "main.cc": """
            #include "stream.h"
            int close(struct stream *s) { return drain(s); }
        """,
    })  # fmt: skip
    assert sample.uses("send_all", "send.c") == ["main.c: int run(struct stream *s) { return send_all(s, 1); }"]
    assert sample.uses("drain", "send.c") == [
        "main.cc: int close(struct stream *s) { return drain(s); }",
        "send.c: int send_all(struct stream *s, int flags) { return drain(s); }",
    ]


def test_parameters_of_class_templates() -> None:
    sample = Sample({
        "box.h": """
            struct File { int size; };
            struct Item { int weight; };
            template <typename Item> struct Box {
              Item* kept;
              void weigh(Item* one);
            };
            template <typename Item> void Box<Item>::weigh(Item* one) {
              kept->weight = 1;
            }
        """,
        "main.cc": """
            #include "box.h"
            void run(Box<File> box, std::map<int, File> files) {
              box.kept->size = 1;
              for (auto& entry : files) entry.second.size = 2;
            }
        """,
    })  # fmt: skip
    assert sample.at("main.cc", "box.kept->size = 1;", "size") == "box.h:File.size"
    assert sample.at("main.cc", "for (auto& entry : files) entry.second.size = 2;", "size") == "box.h:File.size"
    assert sample.at("box.h", "kept->weight = 1;", "weight") == "possible", "that is any Item"


def test_a_method_that_hides_a_type_is_no_type() -> None:
    sample = Sample({
        "visit.cc": """
            class Basket { public: int size; };
            class Visit {
             public:
              class Basket* Basket() const;
              void open() {
                class Basket* made = Basket();
                made->size = 1;
              }
            };
        """,
    })  # fmt: skip
    assert sample.at("visit.cc", "class Basket* made = Basket();", "Basket") == "visit.cc:Basket"
    assert sample.at("visit.cc", "made->size = 1;", "size") == "visit.cc:Basket.size"


def test_arguments_without_a_type_of_their_own() -> None:
    sample = Sample({
        "a.cc": """
            struct Base { int age; };
            struct File : public Base { int size; };
            void keep(File& file);
            void keep(File* file);
            void each(std::function<void(int)> call);
            void each(int count);
            void write(File& from);
            void write(Base* from);
            void run(int n, File file) {
              keep(nullptr);
              each([&](int one) { n = one; });
              write(&file);
            }
        """,
    })  # fmt: skip
    facts = sample.facts("a.cc")
    assert facts is not None
    meant = {
        name: sample.resolver.resolve("a.cc", facts, name, facts.mentions_of(name)[-1])
        for name in ("keep", "each", "write")
    }
    assert [one.symbol.line for one in meant["keep"].targets] == [4]
    assert [one.symbol.line for one in meant["each"].targets] == [5]
    assert meant["write"].grade == "possible", "an address is a pointer"


def test_a_prototype_may_write_a_type_in_another_way() -> None:
    sample = Sample({
        "send.hpp": "typedef struct Stream* stream_p;\nint send_all(stream_p stream, int flags);",
        "send.cc": """
            #include "send.hpp"
            int send_all(struct Stream* stream, int flags) { return 0; }
        """,
        "main.cc": """
            #include "send.hpp"
            int run(stream_p stream) { return send_all(stream, 1); }
        """,
    })  # fmt: skip
    assert sample.uses("send_all", "send.cc") == ["main.cc: int run(stream_p stream) { return send_all(stream, 1); }"]


def test_overloads_are_things_of_their_own() -> None:
    sample = Sample({
        "out.h": "void emit(int n);\nvoid emit(const char* text);",
        "out.cc": """
            #include "out.h"
            void emit(int n) {}
            void emit(const char* text) {}
            void run() { emit("x"); }
        """,
    })  # fmt: skip
    first, second = (one for one in sample.resolver.definitions("emit", "out.cc") if one.path == "out.cc")
    found = {one.symbol.line: [use.line for use in sample.resolver.uses(one).uses] for one in (first, second)}
    assert found == {2: [], 3: [4]}


@pytest.mark.parametrize(("header", "source"), [("box.hpp", "box.cc"), ("include/box.hpp", "src/box.cc")])
def test_a_prototype_declares_the_overload_with_its_types(header: str, source: str) -> None:
    sample = Sample({
        header: """
            void emit(double n);
            void emit(const char* text);
            class Box { public: void put(double n); void put(const char* text); };
        """,
        source: """
            #include "box.hpp"
            void emit(double n) {}
            void emit(const char* text) {}
            void Box::put(double n) {}
            void Box::put(const char* text) {}
        """,
        "main.cc": """
            #include "box.hpp"
            void text(Box box) { emit("x"); box.put("y"); }
            void number(Box box) { emit(1.5); box.put(2.5); }
        """,
    })  # fmt: skip
    for name, first in (("emit", 2), ("put", 4)):
        for line, used in ((first, 3), (first + 1, 2)):
            definition = sample.resolver.definition_on(source, line, name)
            assert definition is not None
            assert [use.line for use in sample.resolver.uses(definition).uses if use.path == "main.cc"] == [used]


def test_a_namespace_that_a_macro_opens() -> None:
    sample = Sample({
        "base.h": """
            #define LOUD_BEGIN_NAMESPACE \\
              namespace loud {           \\
              inline namespace v2 {
            #define LOUD_END_NAMESPACE } }
            LOUD_BEGIN_NAMESPACE
            class Horn { public: void blow(); };
            void warn(const char* text);
            namespace detail { void hush(); }
            LOUD_END_NAMESPACE
        """,
        "other.h": "void warn(int level);",
        "main.cc": """
            #include "base.h"
            void run(loud::Horn& horn) {
              horn.blow();
              loud::warn("fire");
              loud::detail::hush();
              quiet::warn("x");
            }
        """,
    })  # fmt: skip
    assert sample.at("main.cc", "horn.blow();", "blow") == "base.h:Horn.blow"
    assert sample.at("main.cc", 'loud::warn("fire");', "warn") == "base.h:warn"
    assert sample.at("main.cc", "loud::detail::hush();", "hush") == "base.h:detail.hush"
    assert sample.uses("warn", "base.h") == ['main.cc: loud::warn("fire");']


def test_a_class_of_a_common_name_in_code_that_is_not_read_well() -> None:
    sample = Sample({
        "form.h": """
            class value {};
            #define FORM_AS(Type) \\
              struct form_##Type { Type show(const Type& value) { return shown(value); } }
            FORM_AS(int);
            template <typename C> FORM_INLINE auto f(C c, int size) FORM_ELSE -> C {
              IF_CONST (std::is_same<C, char>::value && !detail::c()) { return 1; }
            }
            value held;
        """,
    })  # fmt: skip
    assert sample.uses("value") == ["form.h: value held;"]


def test_only_types_and_namespaces_stand_before_colons() -> None:
    sample = Sample({
        "shop.h": """
            namespace shop {
            class Basket { public: static Basket* Load(const char* path); int size(); };
            class Visit {
             public:
              ::shop::Basket* Basket() const { return basket_; }
              void begin();
             private:
              ::shop::Basket* basket_;
            };
            }
        """,
        "shop.cc": """
            #include "shop.h"
            namespace shop {
            void Visit::begin() {
              basket_ = Basket::Load("x");
              auto* loaded = Basket::Load("y");
              loaded->size();
              Basket()->size();
            }
            }
        """,
    })  # fmt: skip
    assert sample.at("shop.cc", 'basket_ = Basket::Load("x");', "Basket") == "shop.h:shop.Basket"
    assert sample.at("shop.cc", 'basket_ = Basket::Load("x");', "Load") == "shop.h:shop.Basket.Load"
    assert sample.at("shop.cc", "loaded->size();", "size") == "shop.h:shop.Basket.size"
    assert sample.at("shop.cc", "Basket()->size();", "Basket") == "shop.h:shop.Visit.Basket"
    assert sample.uses("Visit.Basket") == ["shop.cc: Basket()->size();"]


def test_a_class_may_be_defined_outside_the_one_that_it_belongs_to() -> None:
    sample = Sample({
        "tree.h": """
            namespace tree {
            class Cursor { public: virtual void Next() = 0; virtual bool Valid() const = 0; };
            class Leaf { public: Cursor* cursor(); private: class Walker; int size_; };
            }
        """,
        "leaf.cc": """
            #include "tree.h"
            namespace tree {
            class Leaf::Walker : public Cursor {
             public:
              explicit Walker(int size) : left_(size) {}
              void Next() override;
              bool Valid() const override { return left_ > 0; }
             private:
              int left_;
            };
            void Leaf::Walker::Next() { left_--; }
            Cursor* Leaf::cursor() { return new Walker(size_); }
            }
        """,
        "main.cc": """
            #include "tree.h"
            int main() {
              tree::Leaf leaf;
              tree::Cursor* cursor = leaf.cursor();
              for (; cursor->Valid(); cursor->Next()) {}
            }
        """,
    })  # fmt: skip
    line = "main.cc: for (; cursor->Valid(); cursor->Next()) {}"
    assert sample.uses("Walker.Valid", grade="possible") == [line]
    assert sample.uses("Walker.Next", grade="possible") == [line]
    assert line in sample.uses("Cursor.Next")
    out_of_line = "void Leaf::Walker::Next() { left_--; }"
    assert sample.at("leaf.cc", out_of_line, "left_") == "leaf.cc:tree.Leaf.Walker.left_"
    assert [one.qualified_name for one in sample.resolver.supers(sample.definition("Leaf.Walker"))] == ["tree.Cursor"]


def test_a_function_of_the_arguments_namespace() -> None:
    sample = Sample(
        {
            "db.h": "namespace db { struct Options { int n; }; int Destroy(const char* name, const Options& o); }",
            "other.h": "namespace cache { int Destroy(const char* name); }",
            "main.cc": """
            #include "db.h"
            int main() { db::Options options; return Destroy("x", options); }
        """,
        }
    )
    assert sample.uses("Destroy", "db.h") == [
        'main.cc: int main() { db::Options options; return Destroy("x", options); }'
    ]
    assert sample.uses("Destroy", "other.h", grade="possible") == []


def test_conversions_outside_their_class() -> None:
    sample = Sample({
        "cell.h": """
            namespace audio {
            class Cell { public: operator bool() const; operator int*(); private: int mark_; int* next_; };
            inline Cell::operator bool() const { return mark_; }
            Cell::operator int*() { return next_; }
            }
            inline audio::Cell::operator long() const { return mark_; }
        """
    })  # fmt: skip
    assert sample.uses("Cell.mark_") == [
        "cell.h: inline Cell::operator bool() const { return mark_; }",
        "cell.h: inline audio::Cell::operator long() const { return mark_; }",
    ]
    assert sample.uses("Cell.next_") == ["cell.h: Cell::operator int*() { return next_; }"]


def test_comments_are_no_arguments() -> None:
    sample = Sample({
        "a.cc": """
            class Store { public: void Put(const char* key, int value); };
            void run(Store* store) {
              store->Put(/*key=*/ "a",
                         // the value
                         1);
            }
        """
    })  # fmt: skip
    assert sample.uses("Put") == ['a.cc: store->Put(/*key=*/ "a",']


@pytest.mark.parametrize(
    ("text", "types"),
    [
        ("(const std::string& s, int n)", ("string", "int")),
        ("(unsigned n, unsigned int, long long x, long int y)", ("unsigned", "unsigned", "longlong", "long")),
        ("(std::vector<std::pair<int, const Foo*>> v, Foo&& f, Args&&... args)",
         ("vector<pair<int,Foo*>>", "Foo&&", "Args&&...")),
        ("(char buf[], const struct conn *c, ...)", ("char*", "conn*", "?...")),
        ("(T const& x, const T y[4], Foo *const p, Foo& q)", ("T", "T*", "Foo*", "Foo&")),
        ('(absl::string_view text = "a,b", char sign = \',\')', ("string_view", "char")),
        ("(void)", ()),
        ("(int (*done)(int), void* data)", ("?", "void*")),
    ],
)  # fmt: skip
def test_types_of_parameters(text: str, types: tuple[str, ...]) -> None:
    assert c_parameter_types(text) == types


def test_functions_that_a_class_takes_from_its_base() -> None:
    sample = Sample({
        "app.h": """
            namespace cli {
            class App { public: int* add(const char* name, int level); void go(); };
            class Group : public App {
             public:
              using App::add;
              int* add(int* option);
            };
            class Alone : public App { public: int* add(int* option); };
            void fill(Group* group, int* option) {
              group->add("x", 1);
              group->add(option);
            }
            }
        """
    })  # fmt: skip
    own = next(one for one in sample.resolver.definitions("Group.add"))
    taken = sample.resolver.uses(sample.definition("App.add")).uses
    assert [(sample.line(use), use.grade) for use in taken] == [
        ("using App::add;", "resolved"), ('group->add("x", 1);', "resolved"),
    ]  # fmt: skip
    assert [sample.line(use) for use in sample.resolver.uses(own).resolved] == ["group->add(option);"]


def test_a_pack_of_arguments_may_be_any_number() -> None:
    sample = Sample(
        {
            "log.cc": """
                struct Log {
                  void add() {}
                  template <typename T, typename... Ts> void add(T&& head, Ts&&... rest) {
                    write(1, head);
                    add(std::forward<Ts>(rest)...);
                    only(rest..., 1);
                  }
                  void write(int level, int value) {}
                  void write(int value) {}
                  void only(int one, int other) {}
                };
            """
        }
    )
    grades = [
        [(use.line, use.grade) for use in sample.resolver.uses(one).uses] for one in sample.resolver.definitions("add")
    ]
    assert grades == [[(5, "possible")], [(5, "possible")]]
    assert sample.kinds("only") == ["call"]
    assert [len(sample.resolver.uses(one).resolved) for one in sample.resolver.definitions("write")] == [1, 0]


def test_a_prototype_without_names_for_its_parameters_is_one_with_its_definition() -> None:
    sample = Sample({
        "size.h": "namespace app {\nint fixed(int);\nvoid put(int, char *);\n}\n",
        "size.cc": '#include "size.h"\nnamespace app {\nint fixed(int n) {\n  return n;\n}\n'
        "void put(int n, char *text) {\n}\n}\n",
        "main.cc": '#include "size.h"\nint main() {\n  app::put(1, 0);\n  return app::fixed(1);\n}\n',
    })  # fmt: skip
    assert sample.uses("app.put", "size.cc") == ["main.cc: app::put(1, 0);"]
    assert sample.uses("app.fixed", "size.cc") == ["main.cc: return app::fixed(1);"]
