"""What pytest gives tests and fixtures by the names of their parameters."""

import pytest

from tests.unit.resolution.resolution_samples import Sample

SHOP = """
    class Shop:
        def sell(self): ...
        def close(self): ...
        def __enter__(self) -> "Shop": return self

    class Other:
        def sell(self): ...
"""

CONFTEST = """
    import pytest
    from collections.abc import AsyncIterator, Iterator
    from shop import Other, Shop

    @pytest.fixture
    def shop():
        return Shop()

    @pytest.fixture(scope="session")
    def annotated() -> Shop:
        return build()

    @pytest.fixture()
    def opened() -> Iterator[Shop]:
        with Shop() as shop:
            yield shop

    @pytest.fixture
    def yielded():
        shop = Shop()
        yield shop
        shop.close()

    @pytest_asyncio.fixture
    async def later() -> AsyncIterator[Shop]:
        yield Shop()

    @pytest.fixture
    def through(shop):
        return shop

    def plain():
        return Shop()
"""

TEST = """
    import pytest
    from shop import Other

    @pytest.fixture
    def own(shop):
        shop.sell()
        return Other()

    def test_{name}({name}):
        {name}.sell()
"""


def sample(test: str, **more: str) -> Sample:
    files = {path.replace("__", "/") + ".py": text for path, text in more.items()}
    return Sample({"shop.py": SHOP, "tests/conftest.py": CONFTEST, "tests/unit/test_a.py": test, **files})


@pytest.mark.parametrize("name", ["shop", "annotated", "opened", "yielded", "later", "through"])
def test_a_fixture_of_the_folder_or_of_one_above_is_given(name: str) -> None:
    found = sample(TEST.replace("{name}", name))
    assert found.at("tests/unit/test_a.py", f"{name}.sell()", "sell") == "shop.py:Shop.sell"
    assert found.at("tests/unit/test_a.py", f"def test_{name}({name}):", name) == f"tests/conftest.py:{name}"


def test_what_is_yielded_is_given_not_the_generator() -> None:
    found = sample("def test_one(opened):\n    opened.close()\n")
    assert found.at("tests/unit/test_a.py", "opened.close()", "close") == "shop.py:Shop.close"


def test_a_fixture_is_given_to_fixtures() -> None:
    found = sample(TEST.replace("{name}", "own"))
    assert found.at("tests/unit/test_a.py", "shop.sell()", "sell") == "shop.py:Shop.sell"
    assert found.at("tests/unit/test_a.py", "def own(shop):", "shop") == "tests/conftest.py:shop"
    assert found.at("tests/unit/test_a.py", "own.sell()", "sell") == "shop.py:Other.sell"


def test_the_nearest_one_is_given() -> None:
    test = """
        import pytest
        from shop import Other

        @pytest.fixture
        def shop():
            return Other()

        def test_one(shop):
            shop.sell()

        class TestInside:
            @pytest.fixture
            def shop(self, shop):
                shop.sell()  # of the file
                return Shop()

            def test_two(self, shop):
                shop.sell()  # of the class
    """
    found = sample(test.replace("import pytest", "import pytest\n        from shop import Shop"))
    path = "tests/unit/test_a.py"
    assert found.at(path, "shop.sell()", "sell") == "shop.py:Other.sell"
    assert found.at(path, "shop.sell()  # of the file", "sell") == "shop.py:Other.sell"
    assert found.at(path, "shop.sell()  # of the class", "sell") == "shop.py:Shop.sell"
    assert found.at(path, "def test_two(self, shop):", "shop") == f"{path}:TestInside.shop"


def test_one_that_changes_its_namesake_is_given_that() -> None:
    nearer = """
        import pytest
        from shop import Other

        @pytest.fixture
        def shop(shop):
            shop.sell()
            return Other()
    """
    found = sample("def test_one(shop):\n    shop.sell()\n", tests__unit__conftest=nearer)
    assert found.at("tests/unit/conftest.py", "shop.sell()", "sell") == "shop.py:Shop.sell"
    assert found.at("tests/unit/test_a.py", "shop.sell()", "sell") == "shop.py:Other.sell"


def test_an_imported_fixture_is_given() -> None:
    found = sample(
        "from fixtures import kept\n\ndef test_one(kept):\n    kept.sell()\n",
        fixtures="import pytest\nfrom shop import Shop\n\n@pytest.fixture\ndef kept():\n    return Shop()\n",
    )
    assert found.at("tests/unit/test_a.py", "kept.sell()", "sell") == "shop.py:Shop.sell"


def test_one_that_stands_elsewhere_is_only_possible() -> None:
    found = sample(
        "def test_one(kept):\n    kept.sell()\n",
        plugin="import pytest\nfrom shop import Shop\n\n@pytest.fixture\ndef kept():\n    return Shop()\n",
    )
    assert found.at("tests/unit/test_a.py", "def test_one(kept):", "kept") == "possible"
    assert found.at("tests/unit/test_a.py", "kept.sell()", "sell") == "possible"


@pytest.mark.parametrize(
    "decorator",
    [
        '@pytest.mark.parametrize("shop", [1])',
        '@pytest.mark.parametrize("size, shop", [(1, 2)])',
        '@pytest.mark.parametrize(["size", "shop"], [(1, 2)])',
    ],
)
def test_what_a_test_gives_its_parameters_itself_is_no_fixture(decorator: str) -> None:
    found = sample(
        f"import pytest\n\n{decorator}\ndef test_one(shop, opened):\n    shop.sell()\n    opened.sell()  # 2\n"
    )
    assert found.at("tests/unit/test_a.py", "shop.sell()", "sell") == "possible"
    assert found.at("tests/unit/test_a.py", "def test_one(shop, opened):", "shop") == "no mention"
    assert found.at("tests/unit/test_a.py", "opened.sell()  # 2", "sell") == "shop.py:Shop.sell"


@pytest.mark.parametrize("head", ["def test_one(plain):", "def helper(shop):", "def test_one(shop=None):"])
def test_nothing_else_is_given(head: str) -> None:
    name = "plain" if "plain" in head else "shop"
    found = sample(f"{head}\n    {name}.sell()\n")
    assert found.at("tests/unit/test_a.py", f"{name}.sell()", "sell") == "possible"


def test_an_annotation_counts_for_more() -> None:
    found = sample("from shop import Other\n\ndef test_one(shop: Other):\n    shop.sell()\n")
    assert found.at("tests/unit/test_a.py", "shop.sell()", "sell") == "shop.py:Other.sell"


def test_a_fixture_is_used_by_those_that_name_it() -> None:
    found = sample("def test_one(shop):\n    shop.sell()\n")
    assert found.uses("shop", "tests/conftest.py") == [
        "tests/conftest.py: def through(shop):",
        "tests/unit/test_a.py: def test_one(shop):",
    ]


def test_a_fixture_has_the_name_that_its_decorator_gives_it() -> None:
    nearer = """
        import pytest
        from shop import Other

        @pytest.fixture(scope="session", name="shop")
        def made_shop():
            return Other()

        @pytest.fixture(name="other")
        def yielded():
            return Other()
    """
    found = sample(
        "def test_one(shop, yielded):\n    shop.sell()\n    yielded.sell()  # 2\n", tests__unit__conftest=nearer
    )
    assert found.at("tests/unit/test_a.py", "shop.sell()", "sell") == "shop.py:Other.sell"
    assert found.at("tests/unit/test_a.py", "yielded.sell()  # 2", "sell") == "shop.py:Shop.sell"
    assert found.uses("made_shop") == ["tests/unit/test_a.py: def test_one(shop, yielded):"]
    assert found.uses("shop", "tests/conftest.py") == ["tests/conftest.py: def through(shop):"]
    assert found.uses("yielded", "tests/unit/conftest.py") == []


def test_a_fixture_is_not_given_to_itself() -> None:
    found = sample("import pytest\n\n@pytest.fixture\ndef kept(kept):\n    return kept\n")
    assert found.uses("kept", grade="possible") == []


def test_a_fixture_is_used_by_what_names_it_in_a_string() -> None:
    found = sample("""
        import pytest

        @pytest.mark.usefixtures("shop", "plain")
        def test_one(): ...

        class TestInside:
            def test_two(self, request):
                request.getfixturevalue("shop")
    """)
    assert found.uses("shop", "tests/conftest.py") == [
        "tests/conftest.py: def through(shop):",
        'tests/unit/test_a.py: @pytest.mark.usefixtures("shop", "plain")',
        'tests/unit/test_a.py: request.getfixturevalue("shop")',
    ]
    assert found.uses("plain") == []
