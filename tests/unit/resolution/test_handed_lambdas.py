"""Lambdas in Java and C#, whose parameters get their types from where they stand."""

import pytest

from tests.unit.resolution.resolution_samples import Sample

WEB = {
    "web/Request.java": """
        package web;
        public class Request {
            public String path() { return ""; }
            public Request inner() { return this; }
        }
    """,
    "web/Other.java": """
        package web;
        public class Other {
            public String path() { return ""; }
        }
    """,
    "web/Route.java": """
        package web;
        @FunctionalInterface
        public interface Route {
            Object handle(Request request, String answer);
            default Route then(Route next) { return next; }
            boolean equals(Object other);
        }
    """,
    "web/Mapper.java": """
        package web;
        public interface Mapper<A, B> {
            B map(A one);
        }
    """,
    "web/Two.java": """
        package web;
        public interface Two {
            void first(Request request);
            void second(Request request);
        }
    """,
    "web/Filter.java": """
        package web;
        import java.util.function.Consumer;
        public interface Filter extends Consumer<Request> {
        }
    """,
    "web/Named.java": """
        package web;
        public interface Named extends Route {
            static String name() { return ""; }
        }
    """,
    "web/Base.java": """
        package web;
        import java.util.function.Consumer;
        public abstract class Base {
            public abstract void both(String path, Route route);
            public void both(String path, Consumer<Other> consumer) {}
            public void below(Consumer<Other> consumer) {}
            public void once(Consumer<Request> consumer) {}
        }
    """,
    "web/Server.java": """
        package web;
        import java.util.function.Consumer;
        import java.util.function.BiFunction;
        public class Server extends Base {
            public Route field;
            public void below(Mapper<Request, String> mapper) {}
            public Server(Route route) {}
            public Server get(String path, Route route) { return this; }
            public Server get(String path, Route... routes) { return this; }
            public void use(Consumer<? super Request> each) {}
            public void join(BiFunction<String, Request, String> each) {}
            public void two(Two two) {}
            public void filter(Filter filter) {}
            public void named(Named named) {}
            public void map(Mapper<Request, String> mapper) {}
            public <T> void any(T one, Mapper<T, String> mapper) {}
            public void either(Mapper<Request, String> mapper) {}
            public void either(Route route) {}
            public void pick(Mapper<Request, String> mapper) {}
            public void pick(Consumer<Other> consumer) {}
        }
    """,
}


def stated(line: str, name: str = "path") -> str:
    """What the mention of a name in a line of Java means."""
    main = f"""
        package web;
        import java.util.*;
        public class Main {{
            Server server;
            List<Request> requests;
            Map<String, Request> named;
            Optional<Request> perhaps;
            Route route() {{ return null; }}
            Route run() {{
                {line}
            }}
            Route field = (r, a) -> "";
        }}
    """
    return Sample({**WEB, "web/Main.java": main}).at("web/Main.java", line, name)


@pytest.mark.parametrize(
    "line",
    [
        'server.get("/", (request, answer) -> request.path());',
        'server.get("/", (r, a) -> { return r.inner().path(); });',
        'server.get("/", (r, a) -> 1).get("/", (r, a) -> r.path());',
        'server.get("/", (r, a) -> 1, (r, a) -> r.path());',
        "server.use(r -> r.path());",
        "server.use((r) -> r.path());",
        "server.join((s, r) -> r.path());",
        "server.filter(r -> r.path());",
        "server.named((r, a) -> r.path());",
        "server.map(r -> r.path());",
        "server.either(r -> r.path());",
        "server.once(r -> r.path());",
        "new Server((r, a) -> r.path());",
        "Route route = (r, a) -> r.path();",
        "new ArrayList<Request>() { int size; }.get(0).path();",
        "Mapper<Request, String> mapper = r -> r.path();",
        "server.field = (r, a) -> r.path();",
        "Object cast = (Route) (r, a) -> r.path();",
        "requests.forEach(r -> r.path());",
        "requests.stream().filter(r -> true).map(r -> r.path());",
        "requests.sort((a, b) -> b.path().compareTo(a.path()));",
        "named.forEach((key, r) -> r.path());",
        'named.computeIfPresent("", (key, r) -> r.path());',
        "perhaps.ifPresent(r -> r.path());",
        "for (var r : requests) r.path();",
        "return (r, a) -> r.path();",
        'Route held = (r, a) -> r.path() + "";',
    ],
)
def test_parameters_of_lambdas(line: str) -> None:
    assert stated(line) == "web/Request.java:Request.path"


@pytest.mark.parametrize(
    "line",
    [
        "server.two(r -> r.path());",  # no functional interface
        "server.any(new Other(), r -> r.path());",  # a type's parameter
        "server.pick(r -> r.path());",  # overloads that fit do not agree
        "server.below(r -> r.path());",  # one that is inherited
        "server.both(null, r -> r.path());",  # one that has no body
        "server.missing(r -> r.path());",
        "Runnable later = () -> { Mapper<Other, Route> m = o -> { return (r) -> r.path(); }; };",
    ],
)
def test_what_nothing_decides_is_possible_only(line: str) -> None:
    assert stated(line) in ("possible", "excluded")


DOTNET = {
    "Foo.cs": """
        namespace N;
        public class Foo { public int Run() { return 1; } }
        public delegate void Handler(object sender, Foo x);
        public class Bus {
            public event Handler Changed;
            public event EventHandler<Foo> Fired;
            public Action<Foo> Held;
            public void Each(Func<Foo, int> f) {}
            public void On(Handler h, int more) {}
            public Bus(Action<Foo> a) {}
        }
    """,
}


@pytest.mark.parametrize(
    ("line", "grade"),
    [
        ("xs.Select(x => x.Run());", "resolved"),
        ("xs.Where(x => true).Select((x) => x.Run());", "resolved"),
        ("bus.Each(a => a.Run());", "resolved"),
        ("bus.On((s, f) => f.Run(), 1);", "resolved"),
        ("bus.Changed += (s, e) => e.Run();", "resolved"),
        ("bus.Fired += (s, e) => e.Run();", "resolved"),
        ("bus.Held = e => e.Run();", "resolved"),
        ("var all = new List<Foo>(); all.ForEach(e => e.Run());", "resolved"),
        ("var all = new List<Foo>(); foreach (var e in all) e.Run();", "resolved"),
        ("new Bus(e => e.Run());", "resolved"),
        ("Func<Foo, int> f = q => q.Run();", "resolved"),
        ("Handler h = (s, e) => e.Run();", "resolved"),
        ("Action<Foo> f() { return g => g.Run(); }", "resolved"),
        ("bus.On(more: 1, h: (s, f) => f.Run());", "possible"),
        ("bus.On((s, f) => s.Run(), 1);", "possible"),
        ("bus.Lacking(f => f.Run());", "possible"),
    ],
)
def test_parameters_of_lambdas_in_csharp(line: str, grade: str) -> None:
    main = f"namespace N;\nclass Main {{\n Bus bus; List<Foo> xs;\n void G() {{\n{line}\n }}\n}}\n"
    sample = Sample({**DOTNET, "Main.cs": main})
    assert sample.uses("Run", grade=grade) == [f"Main.cs: {line}"]


@pytest.mark.parametrize(
    ("line", "kind"),
    [("take(this.name);", "field"), ("take(Main::name);", "method"), ("use(Kind.get);", "enum_member")],
)
def test_a_field_and_a_method_of_one_name_as_values(line: str, kind: str) -> None:
    main = f"""
        public class Main {{
            enum Kind {{ get; static Kind get(String text) {{ return null; }} }}
            String name;
            static String name(Main main) {{ return ""; }}
            void run() {{
                {line}
            }}
        }}
    """
    sample = Sample({"Main.java": main})
    name = line.strip(");").rpartition(".")[2].rpartition(":")[2]
    assert [one.symbol.kind for one in sample.resolver.definitions(name) if sample.resolver.uses(one).resolved] == [
        kind
    ]
