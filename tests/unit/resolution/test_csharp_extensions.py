"""Extension methods of C#, called as members of what they extend."""

import pytest

from tests.unit.resolution.resolution_samples import Sample

STORE = """
    namespace Shop;

    public interface IStore { void Keep(); }
    public class Store : IStore { public void Keep() {} public void Own() {} }
    public class SmallStore : Store {}
    public class Other {}

    public static class StoreExtensions {
        public static Store Add(this Store store, string name, int count = 1) { return store; }
        public static Store Add(this Store store, Other other, string name, int count) { return store; }
        public static void Empty(this IStore store) {}
        public static void Close<T>(this T store) where T : IStore {}
        public static void Own(this Store store) {}
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
        ('StoreExtensions.Add(store, "a");', "Add"),
        ("StoreExtensions.Plain(store);", "Plain"),
    ],
)
def test_it_is_meant(line: str, name: str) -> None:
    assert meant(line, name) == f"Store.cs:StoreExtensions.{name}"


def test_a_member_counts_for_more() -> None:
    assert meant("store.Own();", "Own") == "Store.cs:Store.Own"


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("other.Empty();", "Empty"),
        ("store.Plain();", "Plain"),
        ("unknown.Empty();", "Empty"),
        ('store.Add("a", 1, 2, 3, 4);', "Add"),
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
