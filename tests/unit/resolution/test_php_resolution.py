"""PHP: namespaces, classes, traits."""

import pytest

from tests.unit.resolution.resolution_samples import Sample

PHP = {
    "src/Db/Pool.php": """
        <?php
        namespace Acme\\Db;

        class Pool
        {
            const MAX = 3;
            protected static ?Pool $only = null;
            private array $conns = [];
            public function take(): Conn { return new Conn($this); }
            public static function shared(): self { return self::$only ?? new static(); }
            public function drain(): static { return $this; }
        }
    """,
    "src/Db/Conn.php": """
        <?php
        namespace Acme\\Db;

        class Conn
        {
            public function __construct(private Pool $owner) {}
            public function read(int $n): string { return ''; }
            public function owner(): Pool { return $this->owner; }
        }
        function open(Pool $pool): Conn { return $pool->take(); }
    """,
    "src/Web/Loggable.php": """
        <?php
        namespace Acme\\Web;
        trait Loggable { protected function log(string $line): void {} }
    """,
    "src/Web/Session.php": """
        <?php
        namespace Acme\\Web;

        use Acme\\Db\\Pool as P;
        use Acme\\Db\\{Conn, Pool};
        use function Acme\\Db\\open;

        class Session extends Base
        {
            use Loggable;
            public function __construct(private P $pool) { parent::__construct($pool); }
            public function fetch(Conn $given): ?string
            {
                $conn = $this->pool->take();
                $this->log($conn->read(P::MAX));
                Pool::shared()->take()->read(1);
                $given->owner()->drain()->take();
                foreach ($this->all() as $one) { $one->read(2); }
                open($this->pool)->read(3);
                \\Acme\\Db\\open($this->pool);
                array_map([$this, 'rank'], []);
                $made = new Pool();
                $made->take();
                compare(1, 2);
                return static::make()->name;
            }
            public static function make(): static { return new static(); }
            private function rank($one) { return $one->read(4); }
        }
        function compare($a, $b) { return 0; }
    """,
    "src/Web/Base.php": """
        <?php
        namespace Acme\\Web;
        abstract class Base
        {
            public string $name = '';
            public function __construct($pool) {}
        }
    """,
    "src/Other/Pool.php": """
        <?php
        namespace Acme\\Other;
        class Pool { public function take() {} }
    """,
}


@pytest.mark.parametrize(
    ("line", "name", "meaning"),
    [
        ("$conn = $this->pool->take();", "take", "src/Db/Pool.php:Pool.take"),
        ("$conn = $this->pool->take();", "pool", "src/Web/Session.php:Session.pool"),
        ("$this->log($conn->read(P::MAX));", "log", "src/Web/Loggable.php:Loggable.log"),
        ("$this->log($conn->read(P::MAX));", "read", "src/Db/Conn.php:Conn.read"),
        ("$this->log($conn->read(P::MAX));", "MAX", "src/Db/Pool.php:Pool.MAX"),
        ("Pool::shared()->take()->read(1);", "read", "src/Db/Conn.php:Conn.read"),
        ("$given->owner()->drain()->take();", "take", "src/Db/Pool.php:Pool.take"),
        ("foreach ($this->all() as $one) { $one->read(2); }", "read", "possible"),
        ("open($this->pool)->read(3);", "open", "src/Db/Conn.php:open"),
        ("open($this->pool)->read(3);", "read", "src/Db/Conn.php:Conn.read"),
        ("\\Acme\\Db\\open($this->pool);", "open", "src/Db/Conn.php:open"),
        ("$made->take();", "take", "src/Db/Pool.php:Pool.take"),
        ("compare(1, 2);", "compare", "src/Web/Session.php:compare"),
        ("return static::make()->name;", "name", "src/Web/Base.php:Base.name"),
    ],
)
def test_php(line: str, name: str, meaning: str) -> None:
    assert Sample(PHP).at("src/Web/Session.php", line, name) == meaning


def test_a_namesake_in_another_namespace_has_no_uses() -> None:
    assert Sample(PHP).uses("take", "src/Other/Pool.php") == []


def test_an_alias_of_a_class_is_a_use_of_it() -> None:
    sample = Sample(
        {
            "src/User.php": "<?php\nnamespace App\\Model;\nclass User {}\n",
            "src/Mail.php": "<?php\nnamespace App\\Mail;\nuse App\\Model\\User as U;\nfunction send(U $to) {}\n",
        }
    )
    assert sample.uses("User") == ["src/Mail.php: function send(U $to) {}"]
    assert sample.kinds("User") == ["import", "type"]


def test_a_property_and_a_method_of_one_name() -> None:
    sample = Sample(
        {
            "Box.php": """
                <?php
                class Box {
                    public int $size = 1;
                    public function size(): int { return $this->size; }
                    public function grow(Box $other): void { $this->size = $other->size() + $other->size; }
                }
            """
        }
    )
    field, method = sorted(
        sample.resolver.definitions("size"), key=lambda one: one.symbol.kind != "method", reverse=True
    )
    assert [use.kind for use in sample.resolver.uses(method).resolved] == ["call"]
    assert len(sample.resolver.uses(field).resolved) == 3


def test_variables_of_a_script() -> None:
    sample = Sample(
        {
            "src/Cart.php": """
                <?php
                namespace App;
                class Cart { function add(int $n): self { return $this; } }
                class Other { function add(int $n): void {} }
            """,
            "run.php": """
                <?php
                use App\\Cart;
                $cart = new Cart();
                $cart->add(1);
                $unknown->add(2);
            """,
            "other.php": """
                <?php
                $cart->add(3);
            """,
        }
    )
    assert sample.uses("Cart.add") == ["run.php: $cart->add(1);"]
    assert sample.uses("Cart.add", grade="possible") == ["other.php: $cart->add(3);", "run.php: $unknown->add(2);"]


@pytest.mark.parametrize("path", ["src/Handler/Buffer.php", "all/one.php"])
def test_names_below_the_namespace_of_a_file(path: str) -> None:
    sample = Sample(
        {
            path: "<?php\nnamespace App\\Handler;\nclass Buffer { static function make() {} const SIZE = 1; }\n",
            "src/App.php": """
                <?php
                namespace App;
                new Handler\\Buffer(1);
                Handler\\Buffer::make();
                echo Handler\\Buffer::SIZE;
                \\App\\Handler\\Buffer::make();
                class Small extends Handler\\Buffer {}
            """,
        }
    )
    assert sample.at("src/App.php", "new Handler\\Buffer(1);", "Buffer") == f"{path}:Buffer"
    assert sample.at("src/App.php", "Handler\\Buffer::make();", "make") == f"{path}:Buffer.make"
    assert sample.at("src/App.php", "echo Handler\\Buffer::SIZE;", "SIZE") == f"{path}:Buffer.SIZE"
    assert sample.at("src/App.php", "\\App\\Handler\\Buffer::make();", "make") == f"{path}:Buffer.make"
    assert sample.at("src/App.php", "class Small extends Handler\\Buffer {}", "Buffer") == f"{path}:Buffer"


def test_a_namespace_that_is_called_like_a_class() -> None:
    sample = Sample({
        "Mockery.php": "<?php\nclass Mockery { static function close() {} }\n",
        "Mockery/Exception.php": "<?php\nnamespace Mockery;\nclass Exception extends \\Exception {}\n",
        "Mockery/Count/Limit.php": "<?php\nnamespace Mockery\\Count;\nclass Limit {}\n",
        "tests/MockeryTest.php": """
            <?php
            namespace Tests;
            use Mockery;
            class MockeryTest {
                function run() {
                    try { Mockery::close(); } catch (\\Mockery\\Exception $e) {}
                    $this->expect(\\Mockery\\Exception::class);
                    throw new Mockery\\Exception();
                }
                function limit() { return new \\Mockery\\Count\\Limit(); }
            }
        """,
    })  # fmt: skip
    assert sample.uses("Exception", "Mockery/Exception.php") == [
        "tests/MockeryTest.php: try { Mockery::close(); } catch (\\Mockery\\Exception $e) {}",
        "tests/MockeryTest.php: $this->expect(\\Mockery\\Exception::class);",
        "tests/MockeryTest.php: throw new Mockery\\Exception();",
    ]
    assert sample.uses("Limit") == ["tests/MockeryTest.php: function limit() { return new \\Mockery\\Count\\Limit(); }"]
    assert sample.uses("Mockery.close") == [
        "tests/MockeryTest.php: try { Mockery::close(); } catch (\\Mockery\\Exception $e) {}"
    ]


def test_types_in_doc_comments() -> None:
    sample = Sample({
        "Container.php": "<?php\nnamespace App;\nclass Container { function mock($x) {} function spy() {} }\n",
        "Other.php": "<?php\nnamespace App;\nclass Other { function mock($x) {} function spy() {} }\n",
        "Facade.php": """
            <?php
            namespace App;
            /** @template TMock of object */
            class Facade {
                /**
                 * @var Container|null
                 */
                protected static $_container;
                /** @var Other the other one */
                private $other;
                /** @return Container */
                public static function getContainer() { return self::$_container; }
                /** @return TMock */
                public static function made() { return make(); }
                /** @return $this */
                public function self() { return $this; }
                public static function mock($x) { return self::getContainer()->mock($x); }
                public function spies() { return $this->self()->other->spy(); }
                public function direct($x) { return self::$_container->mock($x); }
                /** @param Other $one */
                public function given($one) { $one->mock(3); }
                public function unknown() { self::made()->spy(); }
            }
        """,
    })  # fmt: skip
    assert sample.uses("Container.mock") == [
        "Facade.php: public static function mock($x) { return self::getContainer()->mock($x); }",
        "Facade.php: public function direct($x) { return self::$_container->mock($x); }",
    ]
    assert sample.uses("Other.spy") == ["Facade.php: public function spies() { return $this->self()->other->spy(); }"]
    assert sample.uses("Other.mock") == ["Facade.php: public function given($one) { $one->mock(3); }"]
    unknown = ["Facade.php: public function unknown() { self::made()->spy(); }"]
    assert sample.uses("Container.spy", grade="possible") == sample.uses("Other.spy", grade="possible") == unknown


def test_a_property_that_the_constructor_declares_beside_a_method_of_its_name() -> None:
    files = {
        "a.php": """
            <?php
            class Range {
                public function __construct(public readonly int|null $max = null) {}
                public static function max(int $value): self { return new self($value); }
                public function over(int $value): bool { return $value > $this->max; }
                public static function least(int $value): self { return new self($value); }
                public function under(int $value): bool { return $value < $this->least; }
            }
        """
    }
    sample = Sample(files)
    line = "public function over(int $value): bool { return $value > $this->max; }"
    assert sample.at("a.php", line, "max") == "a.php:Range.max"
    field = next(one for one in sample.resolver.definitions("Range.max") if one.symbol.kind == "field")
    assert [sample.line(use) for use in sample.resolver.uses(field).resolved] == [line]
    assert sample.uses("least") == []


def test_a_full_name_in_a_type_needs_no_import() -> None:
    use = """
        <?php
        namespace Other;

        class Use_
        {
            public function run(\\Acme\\Db\\Pool $pool, \\Library\\Thing $thing)
            {
                $pool->take();
                $thing->take();
            }

            /** @param \\Acme\\Db\\Pool $told */
            public function told($told)
            {
                $told->take();
            }
        }
    """
    sample = Sample({**PHP, "src/Other/Use.php": use})
    assert sample.at("src/Other/Use.php", "$pool->take();", "take") == "src/Db/Pool.php:Pool.take"
    assert sample.at("src/Other/Use.php", "$told->take();", "take") == "src/Db/Pool.php:Pool.take"
    assert sample.at("src/Other/Use.php", "$thing->take();", "take") == "possible"
