"""Java, Kotlin and C#: names are found by the package or namespace that files declare."""

import pytest

from tests.unit.resolution.resolution_samples import Sample

JAVA = {
    "src/com/acme/db/Pool.java": """
        package com.acme.db;
        public class Pool implements Closer {
            public static final int MAX = 3;
            public Conn take() { return new Conn(this); }
            public static Pool shared() { return new Pool(); }
            @Override public void close() {}
        }
    """,
    "src/com/acme/db/Conn.java": """
        package com.acme.db;
        public class Conn {
            final Pool owner;
            Conn(Pool owner) { this.owner = owner; }
            public String read(int n) { return "x"; }
            public void close() { owner.close(); }
        }
    """,
    "src/com/acme/db/Closer.java": """
        package com.acme.db;
        public interface Closer { void close(); }
    """,
    "src/com/acme/web/Base.java": """
        package com.acme.web;
        import com.acme.db.*;
        import java.util.List;
        abstract class Base {
            protected Pool pool;
            List<Conn> conns;
            void log(String line) {}
            abstract String fetch();
        }
    """,
    "src/com/acme/web/Session.java": """
        package com.acme.web;
        import com.acme.db.Conn;
        import com.acme.db.Pool;
        import static com.acme.db.Pool.MAX;
        import java.util.Map;
        public class Session extends Base {
            Map<String, Conn> byName;
            Session(Pool pool) { this.pool = pool; }
            String fetch() {
                Conn conn = pool.take();
                var other = Pool.shared().take();
                log(conn.read(MAX));
                other.close();
                for (Conn one : conns) { one.read(1); }
                for (var one : conns) { one.read(2); }
                byName.get("a").read(3);
                conns.stream().filter(x -> true).findFirst().get().read(4);
                com.acme.db.Pool.shared().close();
                Runnable later = this::again;
                new Other().take();
                return super.fetch();
            }
            void again() { new Session(pool).fetch(); }
        }
        class Other { void take() {} }
    """,
    "src/com/other/Pool.java": """
        package com.other;
        public class Pool { public void take() {} }
    """,
}


@pytest.fixture(scope="module")
def java() -> Sample:
    return Sample(JAVA)


SESSION = "src/com/acme/web/Session.java"


@pytest.mark.parametrize(
    ("line", "name", "meaning"),
    [
        ("Conn conn = pool.take();", "take", "src/com/acme/db/Pool.java:Pool.take"),
        ("Conn conn = pool.take();", "pool", "src/com/acme/web/Base.java:Base.pool"),
        ("Conn conn = pool.take();", "Conn", "src/com/acme/db/Conn.java:Conn"),
        ("var other = Pool.shared().take();", "take", "src/com/acme/db/Pool.java:Pool.take"),
        ("log(conn.read(MAX));", "log", "src/com/acme/web/Base.java:Base.log"),
        ("log(conn.read(MAX));", "read", "src/com/acme/db/Conn.java:Conn.read"),
        ("log(conn.read(MAX));", "MAX", "src/com/acme/db/Pool.java:Pool.MAX"),
        ("other.close();", "close", "src/com/acme/db/Conn.java:Conn.close"),
        ("for (Conn one : conns) { one.read(1); }", "read", "src/com/acme/db/Conn.java:Conn.read"),
        ("for (var one : conns) { one.read(2); }", "read", "src/com/acme/db/Conn.java:Conn.read"),
        ('byName.get("a").read(3);', "read", "src/com/acme/db/Conn.java:Conn.read"),
        ("com.acme.db.Pool.shared().close();", "close", "src/com/acme/db/Pool.java:Pool.close"),
        ("new Other().take();", "take", f"{SESSION}:Other.take"),
        ("return super.fetch();", "fetch", "src/com/acme/web/Base.java:Base.fetch"),
        ("Runnable later = this::again;", "again", f"{SESSION}:Session.again"),
    ],
)
def test_java(java: Sample, line: str, name: str, meaning: str) -> None:
    assert java.at(SESSION, line, name) == meaning


def test_java_uses_leave_out_namesakes(java: Sample) -> None:
    assert java.uses("take", "src/com/other/Pool.java") == []
    assert java.uses("Pool", "src/com/other/Pool.java") == []
    assert java.uses("close", "src/com/acme/db/Conn.java") == [f"{SESSION}: other.close();"]


def test_overloads_and_fields_of_one_name() -> None:
    sample = Sample(
        {
            "Box.java": """
                package acme;
                class Box {
                    int size;
                    int size() { return size; }
                    void put(Object one) { put(one, 1); }
                    void put(Object one, int times) { this.size += times; }
                    void all(Object first, Object... rest) { put(first); }
                    void drop(int at) {}
                    void drop(Object one) {}
                    void grow() { drop(size); }
                }
                class User {
                    void use(Box box) {
                        box.put("a", 2);
                        int n = box.size();
                        int m = box.size;
                        box.all(1, 2, 3);
                    }
                }
            """
        }
    )

    def line_of(line: str, name: str) -> list[int]:
        """The lines of what a mention certainly means."""
        facts = sample.facts("Box.java")
        assert facts is not None
        number = next(i for i, text in enumerate(sample.texts["Box.java"].splitlines(), 1) if text.strip() == line)
        mention = next(one for one in facts.mentions_of(name) if one.line == number)
        resolution = sample.resolver.resolve("Box.java", facts, name, mention)
        return [target.symbol.line for target in resolution.targets if resolution.grade == "resolved"]

    assert line_of('box.put("a", 2);', "put") == [6]
    assert line_of("void put(Object one) { put(one, 1); }", "put") == [6]
    assert line_of("int n = box.size();", "size") == [4]
    assert line_of("int m = box.size;", "size") == [3]
    assert line_of("box.all(1, 2, 3);", "all") == [7]
    assert line_of("void grow() { drop(size); }", "size") == [3]
    assert line_of("void grow() { drop(size); }", "drop") == []  # either


KOTLIN = {
    "db/Pool.kt": """
        package acme.db

        class Pool(val size: Int) {
            var last: Conn? = null
            fun take(): Conn = Conn(this)
            companion object { fun shared() = Pool(1) }
        }
        class Conn(val owner: Pool) { fun read(): String = "" }
        enum class Mode { FAST, SLOW }
        object Registry { fun add(pool: Pool) {} }
        fun open(pool: Pool): Conn = pool.take()
    """,
    "web/Session.kt": """
        package acme.web

        import acme.db.Conn
        import acme.db.Mode
        import acme.db.Pool
        import acme.db.Registry
        import acme.db.open as connect

        const val LIMIT = 5

        open class Base(protected val pool: Pool) { fun log(line: String) {} }

        class Session(pool: Pool, val conns: List<Conn>) : Base(pool) {
            fun fetch(): String {
                val conn = pool.take()
                conn.read()
                connect(pool).read()
                Pool.shared().take().read()
                Registry.add(pool)
                for (one in conns) { one.read() }
                conns.first().read()
                log(conns.map(::rank).toString())
                if (LIMIT > 1) pool.last?.read()
                when (mode()) { Mode.FAST -> {} }
                return conn.shout()
            }
            fun mode() = Mode.SLOW
        }
        fun rank(conn: Conn) = conn.owner.size
        fun Conn.shout() = read()
    """,
}


@pytest.mark.parametrize(
    ("line", "name", "meaning"),
    [
        ("val conn = pool.take()", "take", "db/Pool.kt:Pool.take"),
        ("conn.read()", "read", "db/Pool.kt:Conn.read"),
        ("connect(pool).read()", "connect", "db/Pool.kt:open"),
        ("connect(pool).read()", "read", "db/Pool.kt:Conn.read"),
        ("Pool.shared().take().read()", "read", "db/Pool.kt:Conn.read"),
        ("Registry.add(pool)", "add", "db/Pool.kt:Registry.add"),
        ("for (one in conns) { one.read() }", "read", "db/Pool.kt:Conn.read"),
        ("conns.first().read()", "read", "db/Pool.kt:Conn.read"),
        ("log(conns.map(::rank).toString())", "log", "web/Session.kt:Base.log"),
        ("log(conns.map(::rank).toString())", "rank", "web/Session.kt:rank"),
        ("if (LIMIT > 1) pool.last?.read()", "LIMIT", "web/Session.kt:LIMIT"),
        ("if (LIMIT > 1) pool.last?.read()", "read", "db/Pool.kt:Conn.read"),
        ("when (mode()) { Mode.FAST -> {} }", "FAST", "db/Pool.kt:Mode.FAST"),
        ("return conn.shout()", "shout", "web/Session.kt:Conn.shout"),
        ("fun rank(conn: Conn) = conn.owner.size", "size", "db/Pool.kt:Pool.size"),
    ],
)
def test_kotlin(line: str, name: str, meaning: str) -> None:
    assert Sample(KOTLIN).at("web/Session.kt", line, name) == meaning


CSHARP = {
    "Db/Pool.cs": """
        namespace Acme.Db
        {
            public partial class Pool
            {
                public const int Max = 3;
                public int Size { get; set; }
                public Conn Take() { return new Conn(this); }
                public static Pool Shared() => new Pool();
            }
            public class Conn
            {
                public Pool Owner;
                public Conn(Pool owner) { Owner = owner; }
                public string Read() { return ""; }
            }
        }
    """,
    "Db/Pool.More.cs": """
        namespace Acme.Db
        {
            public partial class Pool { public void Drain() { Take(); } }
        }
    """,
    "Web/Session.cs": """
        using System.Collections.Generic;
        using Acme.Db;
        using P = Acme.Db.Pool;
        namespace Acme.Web
        {
            public abstract class Base
            {
                protected Pool pool;
                protected List<Conn> Conns { get; set; }
                protected void Log(string line) { }
            }
            public class Session : Base
            {
                public string Fetch()
                {
                    var conn = pool.Take();
                    Log(conn.Read());
                    P.Shared().Take().Read();
                    foreach (var one in this.Conns) { one.Read(); }
                    Conns.First().Read();
                    pool.Size = Pool.Max;
                    pool.Drain();
                    Later(Fetch);
                    if (conn is Special s) { s.Read(); }
                    return base.ToString();
                }
            }
            public class Special { public void Read() { } }
        }
    """,
}


@pytest.mark.parametrize(
    ("line", "name", "meaning"),
    [
        ("var conn = pool.Take();", "Take", "Db/Pool.cs:Pool.Take"),
        ("Log(conn.Read());", "Log", "Web/Session.cs:Base.Log"),
        ("Log(conn.Read());", "Read", "Db/Pool.cs:Conn.Read"),
        ("P.Shared().Take().Read();", "Read", "Db/Pool.cs:Conn.Read"),
        ("foreach (var one in this.Conns) { one.Read(); }", "Read", "Db/Pool.cs:Conn.Read"),
        ("Conns.First().Read();", "Read", "Db/Pool.cs:Conn.Read"),
        ("pool.Size = Pool.Max;", "Size", "Db/Pool.cs:Pool.Size"),
        ("pool.Size = Pool.Max;", "Max", "Db/Pool.cs:Pool.Max"),
        ("pool.Drain();", "Drain", "Db/Pool.More.cs:Pool.Drain"),
        ("Later(Fetch);", "Fetch", "Web/Session.cs:Session.Fetch"),
        ("if (conn is Special s) { s.Read(); }", "Read", "Web/Session.cs:Special.Read"),
    ],
)
def test_csharp(line: str, name: str, meaning: str) -> None:
    assert Sample(CSHARP).at("Web/Session.cs", line, name) == meaning


def test_parts_of_a_partial_class_see_each_other() -> None:
    line = "public partial class Pool { public void Drain() { Take(); } }"
    assert Sample(CSHARP).at("Db/Pool.More.cs", line, "Take") == "Db/Pool.cs:Pool.Take"


def test_inside_a_class_its_name_means_the_class_and_not_its_constructor() -> None:
    sample = Sample(
        {
            "app/Repo.java": """
                package app;
                public class Repo {
                    public Repo(String url) { }
                    public Repo() { }
                    static Repo make() { return new Repo("x"); }
                }
            """,
            "app/Main.java": """
                package app;
                class Main { void run() { Repo.make(); } }
            """,
        }
    )
    assert sample.uses("Repo", "app/Repo.java") == [
        "app/Main.java: class Main { void run() { Repo.make(); } }",
        'app/Repo.java: static Repo make() { return new Repo("x"); }',
        'app/Repo.java: static Repo make() { return new Repo("x"); }',
    ]
    one, two = (one for one in sample.resolver.definitions("Repo", "app/Repo.java") if one.symbol.kind == "constructor")
    assert [use.line for use in sample.resolver.uses(one).resolved] == [5]
    assert sample.resolver.uses(two).uses == ()


CSHARP_NAMESPACES = {
    "Model.cs": """
        namespace Shop.Model;
        public partial class Item : IPriced { public static Item Of(int p) => new Item(); public int Cost(int n) => n; }
        public interface IPriced { int Cost(int n); }
        public record Pair(int A, int B);
        public static class Extensions { public static int Twice(this Item item) => item.Cost(2); }
        public static class Helpers { public static int Once(int a) => a; }
    """,
    "Model.More.cs": """
        namespace Shop.Model;
        public partial class Item { public void Log() { } }
    """,
    "Other.cs": """
        namespace Shop.Other;
        public partial class Item { public void Log() { } }
    """,
    "App.cs": """
        using System;
        using static Shop.Model.Helpers;
        using Shop.Model;
        using Thing = Shop.Model.Item;
        namespace Shop.App;
        class Program {
            IPriced priced;
            void Run() {
                var made = new Thing();
                made.Log();
                priced.Cost(1);
                var pair = new Pair(1, 2);
                Item.Of(3).Twice();
                new Shop.Other.Item().Log();
                new Other.Item().Log();
                Console.WriteLine(pair);
            }
        }
    """,
}


@pytest.mark.parametrize(
    ("line", "name", "meaning"),
    [
        ("var made = new Thing();", "Thing", "Model.More.cs:Item"),
        ("made.Log();", "Log", "Model.More.cs:Item.Log"),
        ("priced.Cost(1);", "Cost", "Model.cs:IPriced.Cost"),
        ("var pair = new Pair(1, 2);", "Pair", "Model.cs:Pair"),
        ("Item.Of(3).Twice();", "Of", "Model.cs:Item.Of"),
        ("Item.Of(3).Twice();", "Twice", "Model.cs:Extensions.Twice"),
        ("new Shop.Other.Item().Log();", "Item", "Other.cs:Item"),
        ("new Shop.Other.Item().Log();", "Log", "Other.cs:Item.Log"),
        ("new Other.Item().Log();", "Log", "Other.cs:Item.Log"),
        ("Console.WriteLine(pair);", "Console", "excluded"),
    ],
)
def test_csharp_namespaces(line: str, name: str, meaning: str) -> None:
    assert Sample(CSHARP_NAMESPACES).at("App.cs", line, name) == meaning


def test_parts_of_a_class_are_one_thing_in_one_namespace_only() -> None:
    sample = Sample(CSHARP_NAMESPACES)
    item = sample.definition("Item", "Model.cs")
    assert [one.name for one in sample.resolver.supers(item)] == ["IPriced"]
    assert "App.cs: new Other.Item().Log();" not in sample.uses("Item", "Model.cs")
    assert "App.cs: var made = new Thing();" in sample.uses("Item", "Model.cs")
    assert "import" in sample.kinds("Item", "Model.cs")


def test_an_extension_method_is_used_on_what_it_extends() -> None:
    sample = Sample(CSHARP_NAMESPACES)
    assert sample.uses("Twice") == ["App.cs: Item.Of(3).Twice();"]


def test_kotlin_aliases_are_uses() -> None:
    sample = Sample(
        {
            "shop/Item.kt": "package shop.model\nclass Item(val price: Int)\n",
            "app/Main.kt": "package shop.app\nimport shop.model.Item as Thing\nfun main() {\n    val t = Thing(2)\n}\n",
        }
    )
    assert sample.uses("Item") == ["app/Main.kt: val t = Thing(2)"]
    assert sample.kinds("Item") == ["import", "call"]


def test_what_a_class_without_a_name_inherits_is_possible() -> None:
    sample = Sample(
        {
            "Base.java": "package a; class Base { void visit(int n) {} void head(String s) {} }\n",
            "Outer.java": """
                package a;
                class Outer {
                    Base make() {
                        return new Base() {
                            void visit(int n) { head("x"); }
                        };
                    }
                    void run() { head("y"); }
                }
            """,
        }
    )
    assert sample.uses("Base.head", grade="possible") == ['Outer.java: void visit(int n) { head("x"); }']
    assert sample.uses("Base.head") == []


def test_a_constant_that_is_named_like_a_type_is_no_type() -> None:
    sample = Sample(
        {
            "Types.java": """
                class Types {
                    static final Object URL = make();
                    static Object make() { URL given = null; return given; }
                    static Object again() { return URL; }
                }
            """
        }
    )
    assert sample.uses("URL") == ["Types.java: static Object again() { return URL; }"]


def test_the_name_of_an_attribute_without_its_ending() -> None:
    sample = Sample(
        {
            "A.cs": "namespace Shop { public class NoteAttribute : System.Attribute {} }\n",
            "B.cs": """
                using Shop;
                class Page {
                    [Note]
                    void Show() {}
                    [NoteAttribute]
                    void Hide() {}
                    [Other]
                    void Stay() {}
                }
            """,
        }
    )
    assert sample.uses("NoteAttribute") == ["B.cs: [Note]", "B.cs: [NoteAttribute]"]


def test_a_member_of_an_enum_in_a_case() -> None:
    sample = Sample(
        {
            "Kind.java": "package shop; enum Kind { BIG, SMALL }",
            "Page.java": """
                package shop;
                class Page {
                    static final int MAX = 3;
                    int count(Kind kind, int size) {
                        switch (kind) { case BIG: return 1; }
                        switch (size) { case MAX: return 2; }
                        return 0;
                    }
                }
            """,
        }
    )
    assert sample.uses("BIG", grade="possible") == ["Page.java: switch (kind) { case BIG: return 1; }"]
    assert sample.uses("MAX") == ["Page.java: switch (size) { case MAX: return 2; }"]


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        ("a.swift", 'extension String { func shout() {} }\nlet a = "x".shout()\n', 'let a = "x".shout()'),
        ("a.kt", 'fun String.shout() = this\nval a = "x".shout()\n', 'val a = "x".shout()'),
        ("a.rb", 'class String\n  def shout; end\nend\n"x".shout\n', '"x".shout'),
        ("a.js", 'String.prototype.shout = function () {}\n"x".shout()\n', '"x".shout()'),
        (
            "a.rs",
            'trait Loud { fn shout(&self); }\nimpl Loud for str { fn shout(&self) {} }\nfn f() { "x".shout(); }\n',
            'fn f() { "x".shout(); }',
        ),
    ],
)
def test_members_that_the_languages_own_types_get(path: str, text: str, line: str) -> None:
    sample = Sample({path: text})
    for definition in sample.resolver.definitions("shout"):
        found = [use.grade for use in sample.resolver.uses(definition).uses if use.kind == "call"]
        assert found == ["possible"], definition.qualified_name
    assert line in sample.texts[path]


NAMED_PATTERNS = """
    class Log {
        string name; int code;
        void All(object o, (int, string)[] pairs) {
            foreach (var (code, name) in pairs) { Print(name, code); }
            if (o is Log { code: var code } name) { Print(name, code); }
        }
        void Query(int[] all) {
            var q = from one in all let name = one + 1 join code in all on one equals code
                where name > code select name;
            Print(new { name = 1 });
            goto name;
        }
        void Own() { Print(name); }
    }
"""


def test_names_in_patterns_and_queries_of_csharp_are_local_variables() -> None:
    sample = Sample({"Log.cs": NAMED_PATTERNS})
    assert sample.uses("Log.name") == ["Log.cs: void Own() { Print(name); }"]


def test_what_a_new_object_is_given_in_braces_are_its_members() -> None:
    sample = Sample({
        "Person.cs": "namespace A; class Person { public int Id { get; set; } }",
        "Order.cs": "namespace A; class Order { public int Id { get; set; } }",
        "Use.cs": "namespace A; class Use { object Run() { return new Person { Id = 1 }; } }",
    })  # fmt: skip
    assert sample.kinds("Person.Id") == ["write"]
    assert sample.uses("Order.Id") == sample.uses("Order.Id", grade="possible") == []


INITIALIZED = {
    "base.kt": """
        package a
        open class Base(val name: String, val size: Int)
    """,
    "derived.kt": """
        package a
        class Derived(name: String, @Inline vararg size: Int) : Base(name, size.first()) {
            val first = name.length
            val last by lazy { name + "!" }
            init {
                val size = name
                println(size)
            }
            fun all() = name
            var text: String = ""
                set(size) { field = size }
        }
        fun other() = size
    """,
}


def test_what_makes_an_instance_sees_the_parameters_of_its_class() -> None:
    sample = Sample(INITIALIZED)
    assert sample.uses("Base.name") == ["derived.kt: fun all() = name"]
    assert sample.uses("Base.size") == []
    assert sample.at("derived.kt", "fun other() = size", "size") == "possible"


def test_constructors_override_none_in_kotlin() -> None:
    files = {
        "a.kt": """
            package a
            open class Base { constructor(size: Int) }
            class Derived : Base { constructor(size: Int) : super(size) }
        """,
    }
    sample = Sample(files)
    assert sample.resolver.overrides(sample.definition("Base.constructor")) == []


ALIASED = {
    "node.kt": """
        package a
        class Node<T>(val value: T)
        typealias Raw = Node<String>
        fun Raw.shout(times: Int): Raw = this
        fun Raw.convert(times: Int): Raw = this
    """,
    "flag.kt": """
        package a
        fun Node<Boolean>.convert(times: Int): Node<Int> = Node(times)
    """,
    "use.kt": """
        package a
        fun make(): Raw = Node("a")
        fun run() {
            make().shout(1)
            make().convert(1)
        }
    """,
}


def test_a_type_is_extended_under_another_name() -> None:
    sample = Sample(ALIASED)
    assert sample.at("use.kt", "make().shout(1)", "shout") == "node.kt:Raw.shout"


def test_which_of_several_extensions_is_meant_is_unknown() -> None:
    sample = Sample(ALIASED)
    assert sample.at("use.kt", "make().convert(1)", "convert") == "possible"


OUTSIDE_OVERLOADS = """
    namespace A;
    class Person {}
    class Context<T> {}
    class Tracking<T> : AbstractValidator<T> {
        public override int Validate(Context<T> context) => 1;
    }
    class Use {
        void Run() {
            new Tracking<Person>().Validate(new Person());
            new Tracking<Person>().Validate(new Context<Person>());
        }
    }
"""


def test_a_function_that_cannot_take_the_arguments_is_not_stated() -> None:
    sample = Sample({"Use.cs": OUTSIDE_OVERLOADS})
    assert sample.uses("Tracking.Validate") == ["Use.cs: new Tracking<Person>().Validate(new Context<Person>());"]
    possible = sample.uses("Tracking.Validate", grade="possible")
    assert possible == ["Use.cs: new Tracking<Person>().Validate(new Person());"]


PROGRAMS = {
    "Program.cs": "var config = Load();\nint Twice(int a) => a;\nTwice(config);\n",
    "A/Use.cs": "namespace A;\nclass Use {\n  void Run() { Twice(config); }\n}\n",
    "build.gradle.kts": "val level = 1\nprintln(level)\n",
    "use.kt": "fun run() { println(level + 1) }\n",
    "Sources/App/main.swift": "let port = 1\nprint(port)\n",
    "Sources/App/Serve.swift": "func serve() { print(port) }\n",
    "Sources/Lib/Port.swift": "func other() { print(port) }\n",
}


def test_other_files_see_nothing_of_a_programs_own_statements() -> None:
    sample = Sample(PROGRAMS)
    assert sample.uses("config") == ["Program.cs: Twice(config);"]
    assert sample.uses("Twice") == ["Program.cs: Twice(config);"]
    assert sample.uses("level") == ["build.gradle.kts: println(level)"]
    assert sample.uses("port") == [
        "Sources/App/Serve.swift: func serve() { print(port) }",
        "Sources/App/main.swift: print(port)",
    ]


NUMBERED = """
    namespace A;
    static class Result {
        public static int Try() => 1;
    }
    class Result<T, E> {
        public int Tag => 1;
    }
    class Use {
        int Run(Result<int, int> one) {
            Result.Try();
            return one.Tag;
        }
    }
"""


def test_types_of_one_name_and_other_numbers_of_parameters_are_two() -> None:
    sample = Sample({"Use.cs": NUMBERED})
    one, two = (each for each in sample.resolver.definitions("Result") if each.symbol.kind == "class")
    assert [sample.line(use) for use in sample.resolver.uses(one).resolved] == ["Result.Try();"]
    assert [sample.line(use) for use in sample.resolver.uses(two).resolved] == ["int Run(Result<int, int> one) {"]
    assert sample.uses("Result.Tag") == ["Use.cs: return one.Tag;"]
    assert sample.uses("Result.Try") == ["Use.cs: Result.Try();"]


EXTENDING = {
    "kinds.kt": """
        package a
        val Class<*>.descriptor: String get() = "c"
        fun String.shout() = this
        fun <T> T.also2() = this
        fun Config.write(file: Int) {}
        class Config {
            fun write(text: String) {}
            fun use() { write2() }
        }
        fun Config.write2() {}
        class Sub : Outside.Base() { fun run() { shout() } }
        fun Signature.decode() { descriptor[0]; also2() }
        fun String.loud() { shout() }
        fun Config.all() { open(::write) }
    """,
    "impl.kt": """
        package a.impl
        class Factory
    """,
    "factory.kt": """
        package a
        import a.impl.Factory
        class Factory : Base by Factory()
    """,
}


def test_a_bare_name_means_an_extension_only_of_what_is_around() -> None:
    sample = Sample(EXTENDING)
    assert sample.uses("descriptor") == []
    assert sample.uses("also2") == ["kinds.kt: fun Signature.decode() { descriptor[0]; also2() }"]
    assert sample.uses("shout") == ["kinds.kt: fun String.loud() { shout() }"]
    assert sample.uses("write2") == ["kinds.kt: fun use() { write2() }"]


def test_a_reference_to_a_member_beside_an_extension_of_its_name_is_possible() -> None:
    assert Sample(EXTENDING).at("kinds.kt", "fun Config.all() { open(::write) }", "write") == "possible"


def test_an_imported_type_hides_one_of_its_name_in_kotlin() -> None:
    line = "class Factory : Base by Factory()"
    assert Sample(EXTENDING).at("factory.kt", line, "Factory") == "impl.kt:Factory"


RECEIVED = {
    "turbine.kt": """
        package a
        interface Context { fun await(): Int }
        interface Turbine<T> { fun go() }
        fun <T> Turbine(name: String): Turbine<T> = make(name)
        fun <T> Flow<T>.test(validate: suspend Context.() -> Unit) {}
        fun <T> Flow<T>.all(validate: (Int) -> Unit) {}
    """,
    "test.kt": """
        package a
        class FlowTest {
            fun await() = runTest { }
            fun first() { emptyFlow<Int>().test { await() } }
            fun second() { emptyFlow<Int>().all { await() } }
            fun third(): Turbine<Int> { return Turbine("a") }
        }
    """,
}


def test_a_member_of_what_a_function_of_the_name_gives_a_lambda_may_be_meant() -> None:
    sample = Sample(RECEIVED)
    assert sample.uses("FlowTest.await") == ["test.kt: fun second() { emptyFlow<Int>().all { await() } }"]
    assert "test.kt: fun first() { emptyFlow<Int>().test { await() } }" in sample.uses(
        "Context.await", None, "possible"
    )


def test_an_interface_and_a_function_of_its_name_are_told_apart() -> None:
    sample = Sample(RECEIVED)
    function, interface = sorted(sample.resolver.definitions("Turbine"), key=lambda one: one.symbol.kind)
    assert [use.kind for use in sample.resolver.uses(function).resolved] == ["call"]
    assert [use.kind for use in sample.resolver.uses(interface).resolved] == ["type", "type"]


def test_what_stands_in_a_class_that_is_not_read_is_no_function_of_the_package() -> None:
    sample = Sample({
        "a.kt": "package a\nclass Box(\n  /** text */\n  private val one: Int,\n) : Base<T> {\n  fun cancel() {}\n}\n",
        "b.kt": "package a\nfun run() { cancel() }\n",
    })  # fmt: skip
    facts = sample.facts("a.kt")
    assert facts is not None
    if facts.damaged:
        assert sample.at("b.kt", "fun run() { cancel() }", "cancel") == "possible"


def test_what_belongs_to_a_class_itself_overrides_nothing() -> None:
    files = {
        "src/Plain.kt": """
            package shop
            open class Plain(val size: Int) {
                companion object {
                    val BASE = 1
                    fun make() {}
                }
            }
            class Own(size: Int) : Plain(size) {
                companion object {
                    val BASE = 2
                    fun make() {}
                }
            }
        """,
        "src/Old.java": """
            package shop;
            class Old { static void go() {} }
            class Newer extends Old { static void go() {} }
        """,
    }
    sample = Sample(files)
    for name in ("Plain.BASE", "Plain.make", "Old.go"):
        assert sample.resolver.overrides(sample.definition(name)) == []
