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
