"""What stands in for an instance in tests has its members."""

import textwrap

import pytest

from tests.unit.resolution.resolution_samples import Sample

KOTLIN = "package shop\n\ninterface Pool {\n    fun take(one: Int): Int\n}\n"
PHP = "<?php\nnamespace Shop;\n\ninterface Pool {\n    public function take(): int;\n}\n"
TYPESCRIPT = (
    "export interface Pool {\n  take(): number\n}\nexport class Shop implements Pool {\n  take() { return 1 }\n}\n"
)


@pytest.mark.parametrize("made", ["mockk<Pool>()", "mockk<Pool>(relaxed = true)", "mock<Pool>()", "spyk<Pool>()"])
def test_kotlin(made: str) -> None:
    main = f"package shop\n\nfun main() {{\n    val pool = {made}\n    pool.take(1)\n}}\n"
    assert Sample({"pool.kt": KOTLIN, "main.kt": main}).at("main.kt", "pool.take(1)", "take") == "pool.kt:Pool.take"


@pytest.mark.parametrize(
    "made",
    [
        "$this->createMock(Pool::class)",
        "$this->createStub(Pool::class)",
        "self::createStub(Pool::class)",
        "Mockery::mock(Pool::class)",
        "$this->createMock(\\Shop\\Pool::class)",
    ],
)
def test_php(made: str) -> None:
    test = textwrap.dedent(f"""
        <?php
        namespace Shop;

        final class PoolTest extends TestCase {{
            public function testTake(): void {{
                $pool = {made};
                $pool->take();
            }}
        }}
    """).lstrip()
    assert Sample({"Pool.php": PHP, "PoolTest.php": test}).at("PoolTest.php", "$pool->take();", "take") == (
        "Pool.php:Pool.take"
    )


@pytest.mark.parametrize(
    ("made", "meant"),
    [
        ("mock<Pool>()", "Pool"),
        ("mockDeep<Pool>()", "Pool"),
        ("createMock<Pool>()", "Pool"),
        ("jest.mocked(new Shop())", "Shop"),
        ("vi.mocked(given)", "Pool"),
        ("sinon.createStubInstance(Shop)", "Shop"),
    ],
)
def test_typescript(made: str, meant: str) -> None:
    test = f"""
        import {{ Pool, Shop }} from './pool'

        function run(given: Pool) {{
          const pool = {made}
          pool.take()
        }}
    """
    found = Sample({"pool.ts": TYPESCRIPT, "run.ts": test}).at("run.ts", "pool.take()", "take")
    assert found == f"pool.ts:{meant}.take"
