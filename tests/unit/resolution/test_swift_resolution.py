"""Swift: names of the module, members by class, protocol and extension."""

import pytest

from tests.unit.resolution.resolution_samples import Sample

SWIFT = {
    "Sources/Pool.swift": """
        struct Pool {
            static let shared = Pool(size: 1)
            let size: Int
            var last: Conn?
            func take() -> Conn { return Conn(owner: self) }
        }
        class Conn {
            let owner: Pool
            init(owner: Pool) { self.owner = owner }
            func read(_ n: Int) -> String { "" }
        }
        let limit = 5
        func rank(_ conn: Conn) -> Int { conn.owner.size }
    """,
    "Sources/Conn+More.swift": """
        extension Conn {
            func shout() -> String { read(4) }
        }
    """,
    "Sources/Session.swift": """
        import Foundation
        class Base { func log(_ line: String) {} }
        enum Mode { case fast, slow }
        class Other { func take() {} }
        class Session: Base {
            private let pool: Pool
            var conns: [Conn] = []
            init(pool: Pool) { self.pool = pool }
            func fetch(url: String) -> String? {
                let conn = pool.take()
                log(conn.read(limit))
                guard let other = self.pool.last else { return nil }
                other.read(1)
                for one in conns { one.read(2) }
                conns.forEach { $0.read(3) }
                conns.map(rank)
                Pool.shared.take().read(5)
                let mode = Mode.fast
                Other().take()
                return conn.shout()
            }
        }
    """,
}


@pytest.mark.parametrize(
    ("line", "name", "meaning"),
    [
        ("let conn = pool.take()", "take", "Sources/Pool.swift:Pool.take"),
        ("let conn = pool.take()", "pool", "Sources/Session.swift:Session.pool"),
        ("log(conn.read(limit))", "log", "Sources/Session.swift:Base.log"),
        ("log(conn.read(limit))", "read", "Sources/Pool.swift:Conn.read"),
        ("log(conn.read(limit))", "limit", "Sources/Pool.swift:limit"),
        ("other.read(1)", "read", "Sources/Pool.swift:Conn.read"),
        ("for one in conns { one.read(2) }", "read", "Sources/Pool.swift:Conn.read"),
        ("conns.forEach { $0.read(3) }", "read", "Sources/Pool.swift:Conn.read"),
        ("conns.map(rank)", "rank", "Sources/Pool.swift:rank"),
        ("Pool.shared.take().read(5)", "read", "Sources/Pool.swift:Conn.read"),
        ("let mode = Mode.fast", "fast", "Sources/Session.swift:Mode.fast"),
        ("Other().take()", "take", "Sources/Session.swift:Other.take"),
        ("return conn.shout()", "shout", "Sources/Conn+More.swift:Conn.shout"),
    ],
)
def test_swift(line: str, name: str, meaning: str) -> None:
    assert Sample(SWIFT).at("Sources/Session.swift", line, name) == meaning


def test_an_extension_sees_the_members_of_its_type() -> None:
    sample = Sample(SWIFT)
    line = "func shout() -> String { read(4) }"
    assert sample.at("Sources/Conn+More.swift", line, "read") == "Sources/Pool.swift:Conn.read"


def test_a_closures_argument_is_not_the_object_around_it() -> None:
    sample = Sample(
        {
            "Item.swift": "struct Item {\n    func cost() -> Int { 1 }\n}\n",
            "Cart.swift": (
                "class Cart {\n    var items: [Item] = []\n"
                "    func all() {\n        _ = items.map { $0.cost() }\n    }\n}\n"
            ),
        }
    )
    assert sample.at("Cart.swift", "_ = items.map { $0.cost() }", "cost") == "Item.swift:Item.cost"
    assert sample.uses("Item.cost") == ["Cart.swift: _ = items.map { $0.cost() }"]


LABELS = {
    "Sources/Query.swift": """
        protocol QueryType {}
        extension QueryType {
            func rename(to: String) -> String { to }
            func limit(_ length: Int, offset: Int = 0) -> Self { self }
            func each(_ run: (Int) -> Void) {}
        }
        struct Table: QueryType {
            let name: String
            init(_ name: String) { self.name = name }
            init(name: String, schema: String? = nil) { self.name = name }
            func rename(_ to: String) -> String {
                rename(to: to)
            }
            func join(_ first: String, _ rest: Int...) {}
            func join(all: [String: Int], text: String) {}
        }
    """,
    "Sources/Run.swift": """
        func run(table: Table) {
            let made = Table("users")
            let other = Table(name: "a, b(", schema: nil)
            table.rename("x")
            table.rename(to: "x")
            table.rename(from: "x")
            table.limit(1, offset: 2)
            table.limit(1)
            table.join("a", 1, 2, 3)
            table.join(all: ["a": 1, "b": 2], text: made ? "a" : "b")
            table.each { one in print(one) }
            if table.limit(2) { print(1) }
        }
    """,
}


@pytest.mark.parametrize(
    ("line", "name", "meaning"),
    [
        ('table.rename("x")', "rename", "Sources/Query.swift:Table.rename"),
        ('table.rename(to: "x")', "rename", "Sources/Query.swift:QueryType.rename"),
        ('table.rename(from: "x")', "rename", "possible"),
        ("table.limit(1, offset: 2)", "limit", "Sources/Query.swift:QueryType.limit"),
        ("table.limit(1)", "limit", "Sources/Query.swift:QueryType.limit"),
        ("if table.limit(2) { print(1) }", "limit", "Sources/Query.swift:QueryType.limit"),
        ('table.join("a", 1, 2, 3)', "join", "Sources/Query.swift:Table.join"),
        ('table.join(all: ["a": 1, "b": 2], text: made ? "a" : "b")', "join", "Sources/Query.swift:Table.join"),
        ("table.each { one in print(one) }", "each", "Sources/Query.swift:QueryType.each"),
    ],
)
def test_labels_tell_functions_apart(line: str, name: str, meaning: str) -> None:
    assert Sample(LABELS).at("Sources/Run.swift", line, name) == meaning


def test_a_function_calls_another_one_of_its_name_by_its_labels() -> None:
    sample = Sample(LABELS)
    assert sample.at("Sources/Query.swift", "rename(to: to)", "rename") == "Sources/Query.swift:QueryType.rename"


def test_a_function_of_other_labels_overrides_nothing() -> None:
    assert "override" not in Sample(LABELS).kinds("QueryType.rename")


def test_labels_tell_which_constructor_is_called() -> None:
    sample = Sample(LABELS)
    first, second = (one for one in sample.resolver.definitions("Table.init") if one.symbol.kind == "constructor")
    assert [sample.line(use) for use in sample.resolver.uses(first).resolved] == ['let made = Table("users")']
    called = [sample.line(use) for use in sample.resolver.uses(second).resolved]
    assert called == ['let other = Table(name: "a, b(", schema: nil)']


PATTERNS = """
    struct Log {
        let name: String
        let code: Int
        func all(_ pairs: [(Int, String)], _ error: Failure) {
            for (code, name) in pairs.enumerated() { print(name, code) }
            switch error {
            case let .failed(name, code): print(name, code)
            case .other(let name): print(name)
            case let (name, code): print(name, code)
            case let name as Text: print(name)
            }
            if case let .failed(name, _) = error { print(name) }
            if case .failed(let name, let code) = error { print(name, code) }
            if let (name, code) = pairs.first { print(name, code) }
            do { try go() } catch let name as Text { print(name) } catch Failure.bad(let code) { print(code) }
        }
        func own() { print(name); print(code) }
    }
"""


def test_names_in_patterns_are_local_variables() -> None:
    sample = Sample({"Sources/Log.swift": PATTERNS})
    assert sample.uses("Log.name") == sample.uses("Log.code")
    assert sample.uses("Log.name") == ["Sources/Log.swift: func own() { print(name); print(code) }"]
    assert sample.uses("Log.name", grade="possible") == []


LEAKS = {
    "Sources/Box.swift": """
        struct Box {
            var total: Int { let inner = 1; guard let other = find() else { return 0 }; return inner + other }
            var seen: Int = 0 { willSet { let next = newValue; use(next) } didSet(old) { let last = old; use(last) } }
        }
        public func check(_ message: @autoclosure () -> String = "", at: Place = #_place) { use(message) }
    """,
    "Sources/Use.swift": """
        class Use {
            @available(*, unavailable, message: "no")
            func run() { use(inner, other, next, last, old) }
            init(text: String) { use(message) }
        }
    """,
}


def test_variables_in_accessors_and_broken_functions_are_none_of_the_module() -> None:
    sample = Sample(LEAKS)
    for name in ("inner", "other", "next", "last", "old", "message"):
        assert not [one for one in sample.resolver.definitions(name) if one.symbol.kind in ("field", "variable")]
        assert sample.resolver.definitions(name) == [] or sample.uses(name) == []
    assert "message" not in {name for name, _, line in sample.all_mentions("Sources/Use.swift") if line == 2}


PRIVATE = {
    "Sources/Info.swift": "struct Info {}",
    "Sources/Bash.swift": 'extension Info { private var code: String { "b" }; func bash() { print(code) } }',
    "Sources/Zsh.swift": 'extension Info { private var code: String { "z" }; func zsh() { print(code) } }',
    "Sources/Fish.swift": "func fish(info: Info) { print(info.code) }",
}


def test_of_private_members_of_one_name_the_files_own_is_meant() -> None:
    sample = Sample(PRIVATE)
    assert sample.uses("Info.code", "Sources/Zsh.swift") == [f"Sources/Zsh.swift: {PRIVATE['Sources/Zsh.swift']}"]
    assert sample.uses("Info.code", "Sources/Zsh.swift", "possible") == [
        f"Sources/Fish.swift: {PRIVATE['Sources/Fish.swift']}"
    ]


def test_a_macro_is_applied_not_the_protocol_of_its_name() -> None:
    files = {
        "Sources/Path.swift": """
            protocol Pathable {}
            @attached(member) macro Pathable() = #externalMacro(module: "M", type: "T")
        """,
        "Sources/Use.swift": "@Pathable enum Route {}\nstruct Other: Pathable {}\n",
    }
    sample = Sample(files)
    macro, protocol = sorted(sample.resolver.definitions("Pathable"), key=lambda one: one.symbol.kind)
    assert [use.kind for use in sample.resolver.uses(macro).resolved] == ["decorator"]
    assert {use.kind for use in sample.resolver.uses(protocol).resolved} == {"base", "override"}


def test_what_only_an_extension_gives_a_protocol_is_overridden_by_nothing() -> None:
    files = {
        "Sources/Command.swift": """
            protocol Command { func run() }
            extension Command {
                func run() {}
                func main() { run() }
            }
            struct Build: Command {
                func run() {}
                func main() {}
            }
        """,
    }
    sample = Sample(files)
    assert sample.resolver.overrides(sample.definition("Command.main")) == []
    assert [one.qualified_name for one in sample.resolver.overrides(sample.definition("Command.run"))] == ["Build.run"]


TEXTS = """
    import Foo
    struct Route {}
    func check() {
        assertMacro {
            #\"\"\"
            struct Route {
                let root = \\.bar
                subscript(root: Foo) -> Bar { if root.is(\\.bar) { return Route() } }
            }
            \"\"\"#
        } expansion: {
            #\"\"\"
            func made() -> Route { Route() }
            \"\"\"#
        }
        assertMacro {
            \"\"\"
            enum Route { case made }
            \"\"\"
        }
        print(\"\"\"
            \\(Route())
            \"\"\")
        use(Route())
    }
"""


def test_code_in_texts_is_none() -> None:
    sample = Sample({"Tests/MacroTests.swift": TEXTS})
    assert sample.uses("Route") == ["Tests/MacroTests.swift: \\(Route())", "Tests/MacroTests.swift: use(Route())"]
    assert sample.resolver.definitions("made") == []


def test_of_types_of_one_name_in_several_modules_the_files_own_is_meant() -> None:
    files = {
        "Demo/One.swift": "class Cell {}\nfunc one() { use(Cell()) }\n",
        "Demo/Two.swift": "class Cell {}\nextension Cell { func more() {} }\n",
        "Demo/Three.swift": "func three() { use(Cell()) }\n",
    }
    sample = Sample(files)
    assert sample.uses("Cell", "Demo/One.swift") == ["Demo/One.swift: func one() { use(Cell()) }"]
    assert sample.uses("Cell", "Demo/One.swift", "possible") == ["Demo/Three.swift: func three() { use(Cell()) }"]


def test_a_property_overrides_no_function() -> None:
    files = {
        "Sources/Data.swift": """
            protocol Provider { func data(handler: Int) ; var size: Int { get } }
            struct Raw: Provider {
                let data: Int
                let size: Int
                func data(handler: Int) {}
            }
        """,
    }
    sample = Sample(files)
    found = sample.resolver.overrides(sample.definition("Provider.data"))
    assert [one.symbol.kind for one in found] == ["method"]
    assert [one.symbol.kind for one in sample.resolver.overrides(sample.definition("Provider.size"))] == ["property"]


def test_the_parameter_of_a_type_overrides_none() -> None:
    sample = Sample({"Sources/Box.swift": "class Box<T> { var one: T? }\nclass Safe<T>: Box<T> { var two: T? }\n"})
    found = [one for one in sample.resolver.definitions("T") if one.qualified_name == "Box.T"]
    assert found == [] or sample.resolver.overrides(found[0]) == []


MEMBERS = {
    "Sources/Web/Mode.swift": """
        enum Mode {
            case fast, slow, steps(Int)
            var fastest: Mode { return .fast }
            func next(_ other: Mode?) -> Mode {
                switch self {
                case .fast: return .steps(1)
                case .steps(let count): break
                }
                if other == .slow { return pick { return .fast } }
            }
        }
        struct Engine {
            var slow = 2
            var mode: Mode = .slow
            let kept: Mode? = .steps(2)
            func run(_ mode: Mode = .fast) {
                self.mode = .slow
                switch (mode, 1) { case (.slow, 2): break }
                let none: Mode? = .none
            }
        }
    """,
}


@pytest.mark.parametrize(
    ("line", "name", "meaning"),
    [
        ("var fastest: Mode { return .fast }", "fast", "Mode.fast"),
        ("case .fast: return .steps(1)", "fast", "Mode.fast"),
        ("case .fast: return .steps(1)", "steps", "Mode.steps"),
        ("case .steps(let count): break", "steps", "Mode.steps"),
        ("if other == .slow { return pick { return .fast } }", "slow", "Mode.slow"),
        ("var mode: Mode = .slow", "slow", "Mode.slow"),
        ("let kept: Mode? = .steps(2)", "steps", "Mode.steps"),
        ("func run(_ mode: Mode = .fast) {", "fast", "Mode.fast"),
        ("self.mode = .slow", "slow", "Mode.slow"),
    ],
)
def test_members_without_their_type(line: str, name: str, meaning: str) -> None:
    assert Sample(MEMBERS).at("Sources/Web/Mode.swift", line, name) == f"Sources/Web/Mode.swift:{meaning}"


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("if other == .slow { return pick { return .fast } }", "fast"),
        ("switch (mode, 1) { case (.slow, 2): break }", "slow"),
        ("let none: Mode? = .none", "none"),
    ],
)
def test_a_member_of_an_unknown_type_is_possible(line: str, name: str) -> None:
    assert Sample(MEMBERS).at("Sources/Web/Mode.swift", line, name) == "possible"


def test_types_of_any_and_some_protocol_are_the_protocols() -> None:
    files = {
        "Sources/Cache.swift": """
            protocol Cache { func load(name: String) -> Int }
            class Disk: Cache { func load(name: String) -> Int { 1 } }
            class Page {
                let cache: any Cache
                func show(_ other: some Cache, all: [String: any Cache]) {
                    cache.load(name: "a")
                    other.load(name: "b")
                }
            }
        """,
    }
    sample = Sample(files)
    calls = ['Sources/Cache.swift: cache.load(name: "a")', 'Sources/Cache.swift: other.load(name: "b")']
    assert sample.uses("Cache.load")[1:] == calls
    assert sample.uses("Disk.load", grade="possible") == calls


def test_names_that_the_language_binds_are_no_members() -> None:
    files = {
        "Sources/Job.swift": """
            class Job {
                var error: Int?
                var newValue = 1
                var oldValue = 2
                var size: Int { get { newValue } set { print(newValue) } }
                var kept = 1 { didSet { print(oldValue) } }
                func run() {
                    do { try work() } catch { keep(error) }
                    do { try work() } catch let one { keep(error, one) }
                }
            }
        """,
    }
    sample = Sample(files)
    assert sample.uses("Job.error") == ["Sources/Job.swift: do { try work() } catch let one { keep(error, one) }"]
    assert len(sample.uses("Job.newValue")) == 1
    assert sample.uses("Job.oldValue") == []


def test_what_stands_in_two_functions_of_one_name_is_not_one_thing() -> None:
    files = {
        "Sources/When.swift": """
            func when(all: Int) { func step() {}; step() }
            func when(any: Int) { func step() {}; step() }
        """,
    }
    sample = Sample(files)
    for definition in sample.resolver.definitions("step"):
        lines = [use.line for use in sample.resolver.uses(definition).resolved]
        assert lines == [definition.symbol.line]


def test_a_property_beside_a_method_is_what_is_read() -> None:
    files = {
        "Sources/Kit.swift": """
            class Kit {
                var loaded = false
                func loaded(by other: Int) {}
            }
            func look(kit: Kit) {
                check(kit.loaded)
                kit.loaded(by: 1)
            }
        """,
    }
    sample = Sample(files)
    by_kind = {one.symbol.kind: one for one in sample.resolver.definitions("Kit.loaded")}
    assert [use.line for use in sample.resolver.uses(by_kind["property"]).resolved] == [6]
    assert [use.line for use in sample.resolver.uses(by_kind["method"]).uses] == [7]


def test_an_extension_of_a_librarys_type_sees_its_members_first() -> None:
    files = {
        "Sources/Date+More.swift": """
            extension Date {
                static func made() { use(calendar); elsewhere() }
                private static let calendar = 1
            }
        """,
        "Sources/Other.swift": "let calendar = 2\n",
        "Sources/Third.swift": "extension Date { static func elsewhere() {} }\n",
    }
    sample = Sample(files)
    line = "static func made() { use(calendar); elsewhere() }"
    assert sample.at("Sources/Date+More.swift", line, "calendar") == "Sources/Date+More.swift:Date.calendar"
    assert sample.at("Sources/Date+More.swift", line, "elsewhere") == "Sources/Third.swift:Date.elsewhere"


def test_a_module_is_called_like_its_folder() -> None:
    files = {
        "Sources/Web/Make.swift": "public func make(_ size: Int) {}\npublic func lone() {}\n",
        "Tests/WebTests/Run.swift": "func run() { Web.make(1); Other.lone() }\n",
    }
    sample = Sample(files)
    assert sample.uses("make") == ["Tests/WebTests/Run.swift: func run() { Web.make(1); Other.lone() }"]
    assert len(sample.uses("lone", grade="possible")) == 1


def test_functions_of_one_name_and_labels_in_several_files_are_possible() -> None:
    files = {
        "Sources/Archive.swift": "struct Archive { func add(_ size: Int) {} }\n",
        "Sources/Old.swift": "extension Archive {\n    func add(_ size: UInt32) {\n        add(Int(size))\n    }\n}\n",
    }
    sample = Sample(files)
    for path in files:
        assert sample.uses("Archive.add", path) == []
        assert sample.uses("Archive.add", path, "possible") == ["Sources/Old.swift: add(Int(size))"]


def test_what_may_be_left_out_tells_functions_apart() -> None:
    files = {
        "Sources/Decoder.swift": """
            struct Decoder {
                func decode(_: UInt.Type) -> UInt { 1 }
                func decode<T>(_: T.Type = T.self) -> T { make() }
                func run() { decode() }
            }
        """,
    }
    sample = Sample(files)
    first, second = sorted(sample.resolver.definitions("decode"), key=lambda one: one.symbol.line)
    assert [use.line for use in sample.resolver.uses(first).uses] == []
    assert [use.line for use in sample.resolver.uses(second).resolved] == [4]


def test_what_a_wrapper_offers_is_a_use_of_the_property() -> None:
    source = (
        "struct Page {\n    @State var count = 1\n    func show() { read($count) }\n    func all() { map { $0 } }\n}\n"
    )
    assert Sample({"Page.swift": source}).uses("count") == ["Page.swift: func show() { read($count) }"]


def test_labels_in_types_and_tuples_are_no_uses() -> None:
    source = """
        struct Page {
            var reason: (_ reason: String?, code: Int) -> Page { return make(reason) }
            let code = 1
            func both() -> (code: Int, reason: Int) { return (code: 1, reason: code) }
        }
    """
    sample = Sample({"Page.swift": source})
    both = "Page.swift: func both() -> (code: Int, reason: Int) { return (code: 1, reason: code) }"
    assert sample.uses("reason") == [
        "Page.swift: var reason: (_ reason: String?, code: Int) -> Page { return make(reason) }"
    ]
    assert sample.uses("code") == [both]


def test_the_name_of_an_interface_for_certain_modules_is_no_type() -> None:
    sample = Sample({"a.swift": "protocol Decoding {}\n@_spi(Decoding) public struct Door: Decoding {}\n"})
    assert "read" not in sample.kinds("Decoding")
