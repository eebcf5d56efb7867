"""Extension methods of C#, called as members of what they extend."""

import pytest

from tests.unit.resolution.resolution_samples import Sample

STORE = """
    namespace Shop;

    public interface IStore { void Keep(); }
    public class Store : IStore { public void Keep() {} public void Own() {} }
    public class SmallStore : Store {}
    public class Other { public void Left() {} }
    public class Odd : Store, ILibrary {}
    public class Shelf : List<int> {}

    public static class StoreExtensions {
        public static Store Add(this Store store, string name, int count = 1) { return store; }
        public static Store Add(this Store store, Other other, string name, int count) { return store; }
        public static void Empty(this IStore store) {}
        public static void Close<T>(this T store) where T : IStore {}
        public static void Own(this Store store) {}
        public static void Put(this Store store, string text) {}
        public static void Put(this Store store, int number) {}
        public static void Pick(this Store store, int number) {}
        public static void Pick(this object any, Store store) {}
        public static Store Fold(this Store store) { return store; }
        public static Other Fold(this Store store, int times) { return new Other(); }
        public static void Count(this List<int> list) {}
        public static void Show(this object any) {}
        public static void Call(this dynamic any) {}
        public static void Both(this Store store) {}
        public static void Both(this Other other) {}
        public static void Plain(Store store) {}
        public static void Marked([NotNull] this Store store) {}
    }
"""


def meant(line: str, name: str, more: str = "") -> str:
    use = f"""
        using Shop;

        public class Use {{
            public void Run(Store store, IStore any, SmallStore small, Other other, Unknown unknown) {{
                {line}
            }}
        }}
    """
    files = {"Store.cs": STORE, "Use.cs": use}
    if more:
        files["More.cs"] = more
    return Sample(files).at("Use.cs", line, name)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ('store.Add("a");', "Add"),
        ('store.Add("a", 2).Add("b");', "Add"),
        ('new Store().Add("a");', "Add"),
        ('small.Add("a");', "Add"),
        ("store.Empty();", "Empty"),
        ("any.Empty();", "Empty"),
        ("any.Close();", "Close"),
        ("store.Both();", "Both"),
        ("store.Marked();", "Marked"),
        ("store.Fold();", "Fold"),
        ("new Shelf().Count();", "Count"),
        ("store.Show();", "Show"),
        ('StoreExtensions.Add(store, "a");', "Add"),
        ("StoreExtensions.Plain(store);", "Plain"),
    ],
)
def test_it_is_meant(line: str, name: str) -> None:
    assert meant(line, name) == f"Store.cs:StoreExtensions.{name}"


def test_what_it_gives_is_that_of_the_one_which_takes_as_many() -> None:
    assert meant("store.Fold(1).Left();", "Left") == "Store.cs:Other.Left"
    assert meant("store.Fold().Keep();", "Keep") == "Store.cs:Store.Keep"


def test_a_static_method_that_extends_nothing_is_not_meant_without_its_first_argument() -> None:
    files = {"Store.cs": STORE, "Use.cs": "class Use { void Run(Unknown one) { one.Plain(); } }\n"}
    assert Sample(files).uses("Plain", grade="possible") == []
    assert Sample(files | {"Use.cs": files["Use.cs"].replace("Plain", "Empty")}).uses("Empty", grade="possible") == [
        "Use.cs: class Use { void Run(Unknown one) { one.Empty(); } }"
    ]


def test_one_whose_type_is_not_known_may_extend_any() -> None:
    files = {"Store.cs": STORE, "Use.cs": "using Shop;\nclass Use { void Run(Other other) { other.Call(); } }\n"}
    assert Sample(files).uses("Call", grade="possible") == [
        "Use.cs: class Use { void Run(Other other) { other.Call(); } }"
    ]


def test_a_member_counts_for_more() -> None:
    assert meant("store.Own();", "Own") == "Store.cs:Store.Own"


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("other.Empty();", "Empty"),
        ("store.Plain();", "Plain"),
        ("unknown.Empty();", "Empty"),
        ('store.Add("a", 1, 2, 3, 4);', "Add"),
        ("store.Put(1);", "Put"),
        ("store.Pick(store);", "Pick"),
        ("new Odd().Empty();", "Empty"),
        ("store.Call();", "Call"),
    ],
)
def test_nothing_else_is_meant_for_certain(line: str, name: str) -> None:
    assert meant(line, name) == "possible"


def test_what_two_classes_add_is_only_possible() -> None:
    more = "namespace More;\npublic static class Extras { public static void Empty(this Shop.Store store) {} }\n"
    assert meant("store.Empty();", "Empty", more) == "possible"


@pytest.mark.parametrize(
    ("line", "name"),
    [("store.Turn(1);", "Turn"), ("store.Turned.Own();", "Turned"), ("Extras.Turn(store, 1);", "Turn")],
)
def test_members_of_a_block_extend_its_type(line: str, name: str) -> None:
    more = """
        namespace Shop;
        public static class Extras {
            public static int Before(int one) => one;

            /// An extension of stores.
            extension(Store store) {
                public void Turn(int times) {}
                public Store Turned => store;
            }

            extension(Other other) {
                public void Turn() {}
            }
        }
    """
    assert meant(line, name, more) == f"More.cs:Extras.{name}"
