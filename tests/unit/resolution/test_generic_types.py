"""Java, Kotlin and C#: what the arguments of generic types, the numbers of a call's arguments, and the supertypes that
lead out of the index tell about receivers."""

import pytest

from glossator.retrieval.resolution.type_texts import TypeText
from glossator.retrieval.resolution.values import Spot
from tests.unit.resolution.resolution_samples import Sample

JAVA = {
    "shop/Item.java": """
        package shop;
        public class Item {
            public String label() { return ""; }
            public Item twin() { return this; }
        }
    """,
    "shop/Shelf.java": """
        package shop;
        import java.util.ArrayList;
        public class Shelf<T extends Item> extends ArrayList<T> {
            T best;
            public T top() { return get(0); }
            public <R> R as(Class<R> kind) { return null; }
            void each(T one) { one.label(); }
        }
    """,
    "shop/Books.java": """
        package shop;
        public class Books extends Shelf<Book> {
        }
    """,
    "shop/Book.java": """
        package shop;
        public class Book extends Item {
            public void read() {}
        }
    """,
    "shop/Request.java": """
        package shop;
        public class Request {
            private Item item;
            public Item item() { return item; }
            public Request item(Item item) { this.item = item; return this; }
            public Request with(String key, String value) { return this; }
            public String with(String key) { return ""; }
            public void send() {}
            void own() {
                Item item = item();
                item().label();
                item(item).send();
            }
        }
    """,
    "shop/Desk.java": """
        package shop;
        import java.util.List;
        import static shop.Request.*;
        public class Desk {
            void use(Books books, Shelf<Book> shelf, Request request, List<? extends Book> list) {
                books.get(1).read();
                books.top().read();
                books.best.read();
                shelf.top().read();
                shelf.as(String.class).read();
                for (var one : books) { one.read(); }
                books.removeIf(book -> book.read());
                list.stream().filter((one) -> one.twin() != null).forEach(other -> other.read());
                request.item().label();
                request.item(null).item().twin();
                request.with("a", "b, c").with("d", "e").send();
                request.with("a").send();
            }
        }
    """,
}
DESK = "shop/Desk.java"


@pytest.fixture(scope="module")
def java() -> Sample:
    return Sample(JAVA)


@pytest.mark.parametrize(
    ("line", "name", "meaning"),
    [
        ("books.get(1).read();", "read", "shop/Book.java:Book.read"),
        ("books.top().read();", "read", "shop/Book.java:Book.read"),
        ("books.best.read();", "read", "shop/Book.java:Book.read"),
        ("shelf.top().read();", "read", "shop/Book.java:Book.read"),
        ("shelf.as(String.class).read();", "read", "possible"),
        ("for (var one : books) { one.read(); }", "read", "shop/Book.java:Book.read"),
        ("books.removeIf(book -> book.read());", "read", "shop/Book.java:Book.read"),
        ("list.stream().filter((one) -> one.twin() != null).forEach(other -> other.read());", "twin",
         "shop/Item.java:Item.twin"),
        ("list.stream().filter((one) -> one.twin() != null).forEach(other -> other.read());", "read",
         "shop/Book.java:Book.read"),
        ("request.item().label();", "label", "shop/Item.java:Item.label"),
        ("request.item(null).item().twin();", "twin", "shop/Item.java:Item.twin"),
        ('request.with("a", "b, c").with("d", "e").send();', "send", "shop/Request.java:Request.send"),
        ('request.with("a").send();', "send", "possible"),
    ],
)  # fmt: skip
def test_java_members_of_generic_types_and_overloads(java: Sample, line: str, name: str, meaning: str) -> None:
    assert java.at(DESK, line, name) == meaning


def test_a_call_on_the_result_of_another_overload_is_no_use(java: Sample) -> None:
    found = [*java.uses("send", "shop/Request.java"), *java.uses("send", "shop/Request.java", "possible")]
    assert f'{DESK}: request.with("a").send();' not in found


def test_the_parameter_of_a_type_has_the_members_of_its_bound(java: Sample) -> None:
    assert java.at("shop/Shelf.java", "void each(T one) { one.label(); }", "label") == "shop/Item.java:Item.label"


def test_a_called_name_is_a_method_even_where_a_variable_is_called_so(java: Sample) -> None:
    path = "shop/Request.java"
    assert java.at(path, "Item item = item();", "item") == f"{path}:Request.item"
    assert java.at(path, "item().label();", "label") == "shop/Item.java:Item.label"
    assert java.at(path, "item(item).send();", "send") == f"{path}:Request.send"


def test_a_field_hides_no_method_of_a_superclass() -> None:
    sample = Sample(
        {
            "Node.java": """
                import java.util.List;
                class Node {
                    List<Node> children() { return null; }
                    void close() {}
                }
            """,
            "Element.java": """
                class Element extends Node {
                    String children;
                    void run(Element one) {
                        one.children().get(0).close();
                        show(one.children);
                        map(Node::children);
                    }
                    void show(String text) {}
                    void map(Object function) {}
                }
            """,
        }
    )
    assert sample.at("Element.java", "one.children().get(0).close();", "close") == "Node.java:Node.close"
    assert sample.at("Element.java", "one.children().get(0).close();", "children") == "Node.java:Node.children"
    assert sample.at("Element.java", "show(one.children);", "children") == "Element.java:Element.children"
    assert sample.at("Element.java", "map(Node::children);", "children") == "Node.java:Node.children"


def test_a_call_on_a_type_of_a_library_may_reach_a_class_that_shares_a_supertype() -> None:
    sample = Sample(
        {
            "Bag.java": """
                import java.util.AbstractSet;
                class Bag extends AbstractSet<String> {
                    public int size() { return 0; }
                }
            """,
            "Note.java": """
                import java.io.Serializable;
                class Note implements Serializable {
                    public int size() { return 0; }
                }
            """,
            "Use.java": """
                import java.util.List;
                class Use {
                    int count(List<String> list) { return list.size(); }
                }
            """,
        }
    )
    assert sample.uses("size", "Bag.java", "possible") == [
        "Use.java: int count(List<String> list) { return list.size(); }"
    ]
    assert sample.uses("size", "Note.java", "possible") == []


def test_a_static_import_of_all_members_brings_in_no_types_of_libraries() -> None:
    sample = Sample(
        {
            "a/Parser.java": """
                package a;
                public class Parser implements Cloneable {
                    public static String text() { return ""; }
                }
            """,
            "b/Page.java": """
                package b;
                public class Page {
                    public void find(String query) {}
                    public void find(Page other) {}
                }
            """,
            "b/Use.java": """
                package b;
                import static a.Parser.*;
                class Use {
                    void run(Page page) {
                        page.find("x");
                    }
                }
            """,
        }
    )
    uses = sample.resolver.uses(sample.definition("find", "b/Page.java")).uses
    assert [use.grade for use in uses] == ["resolved"]


def test_kotlin() -> None:
    sample = Sample(
        {
            "Shelf.kt": """
                package shop
                open class Shelf<T : Item> : ArrayList<T>() {
                    fun top(): T = TODO()
                    fun each(one: T) { one.label() }
                }
                open class Item { fun label() {} }
                class Book : Item() { fun read() {} }
                class Books : Shelf<Book>()
            """,
            "Use.kt": """
                package shop
                fun use(books: Books, list: List<Book>) {
                    books.top().read()
                    books.get(1).read()
                    list.filter { one -> one.label() != null }
                    books.forEach { book -> book.read() }
                }
            """,
        }
    )
    assert sample.uses("read", "Shelf.kt") == [
        "Use.kt: books.top().read()",
        "Use.kt: books.get(1).read()",
        "Use.kt: books.forEach { book -> book.read() }",
    ]
    assert sample.uses("label", "Shelf.kt") == [
        "Shelf.kt: fun each(one: T) { one.label() }",
        "Use.kt: list.filter { one -> one.label() != null }",
    ]


def test_csharp() -> None:
    sample = Sample(
        {
            "Shelf.cs": """
                namespace Shop;
                public class Shelf<T> : List<T> { public T Top() { return default; } }
                public class Book { public void Read() {} public bool Sold() { return true; } }
                public class Books : Shelf<Book> { }
                public class Request {
                    public Book Item() { return null; }
                    public Request Item(Book item) { return this; }
                    public void Send() { }
                }
            """,
            "Use.cs": """
                namespace Shop;
                public class Desk {
                    void Use(Books books, List<Book> list, Request request) {
                        books.Top().Read();
                        list.Where(book => book.Sold()).First().Read();
                        request.Item().Read();
                        request.Item(null).Send();
                        request.Item(null).Item().Read();
                    }
                }
            """,
        }
    )
    assert sample.uses("Read", "Shelf.cs") == [
        "Use.cs: books.Top().Read();",
        "Use.cs: list.Where(book => book.Sold()).First().Read();",
        "Use.cs: request.Item().Read();",
        "Use.cs: request.Item(null).Item().Read();",
    ]
    assert sample.uses("Sold", "Shelf.cs") == ["Use.cs: list.Where(book => book.Sold()).First().Read();"]
    assert sample.uses("Send", "Shelf.cs") == ["Use.cs: request.Item(null).Send();"]


BOUNDS = {
    "Node.java": """
        import java.util.List;
        public class Node<T extends Node<T>> {
            public T next() { return null; }
            public void visit() { next().next().visit(); }
            <K extends Node<K>, V extends List<K>> void all(V nodes) { nodes.get(0).visit(); }
            <A extends Pair<B>, B extends Pair<A>> void swap(A one) { one.other(); }
        }
    """,
    "Pair.java": "public class Pair<T> { public T other() { return null; } }",
}


@pytest.mark.parametrize(
    ("line", "name", "target"),
    [
        ("public void visit() { next().next().visit(); }", "visit", "Node.java:Node.visit"),
        ("<K extends Node<K>, V extends List<K>> void all(V nodes) { nodes.get(0).visit(); }", "visit", "Node.visit"),
        ("<A extends Pair<B>, B extends Pair<A>> void swap(A one) { one.other(); }", "other", "Pair.java:Pair.other"),
    ],
)
def test_a_parameter_whose_bound_names_it_is_an_instance_of_that(line: str, name: str, target: str) -> None:
    assert Sample(BOUNDS).at("Node.java", line, name, -1).endswith(target)


@pytest.mark.parametrize("bound", ["Enum<T>", "Enum<U>"])
def test_a_bound_is_not_put_into_itself_again_and_again(bound: str) -> None:
    """Of a name that several classes have, the number of values would be multiplied each time."""
    files = {f"Enum{number}.java": "enum Enum { ONE }" for number in range(3)}
    files["Use.java"] = f"class Use {{ <T extends {bound}, U extends Enum<T>> void f(T e) {{ e.name(); }} }}"
    sample = Sample(files)
    world = sample.resolver.world
    values = world.type_value(TypeText("T"), Spot("Use.java", 1))
    assert {value.path for value in values} == {f"Enum{number}.java" for number in range(3)}
    waiting, seen = list(values), 0
    while waiting:
        waiting += [inner for part in waiting.pop().arguments for inner in part]
        seen += 1
        assert seen < 100
