"""Ruby: constants by nesting, reopened classes, methods called by their names."""

import pytest

from tests.unit.resolution.resolution_samples import Sample

RUBY = {
    "lib/acme/pool.rb": """
        module Acme
          LIMIT = 5
          class Pool
            attr_reader :size
            def self.shared
              Pool.new(1)
            end
            def initialize(size)
              @size = size
              @last = Conn.new(self)
            end
            def take
              @last
            end
          end
          class Conn
            def initialize(owner)
              @owner = owner
            end
            def read(n)
              n
            end
            def close; end
          end
        end
    """,
    "lib/acme/pool_more.rb": """
        module Acme
          class Pool
            def drain
              take.close
            end
          end
        end
    """,
    "lib/acme/session.rb": """
        require "acme/pool"
        module Acme
          module Loggable
            def log(line); end
          end
          class Base
            def check; end
            def ready?; end
          end
          class Session < Base
            include Loggable
            before_action :check
            def initialize
              @pool = Pool.shared
            end
            def fetch
              conn = @pool.take
              conn.read(LIMIT)
              Acme::Pool.new(2).drain
              log(ready?)
              items.each { |item| item.close }
              send(:rank)
              check
              unknown.take
              @pool.size
            end
            def rank; fetch; end
          end
        end
    """,
    "lib/other.rb": """
        class Pool
          def take; end
          def rank; end
        end
    """,
}


@pytest.mark.parametrize(
    ("line", "name", "meaning"),
    [
        ("@pool = Pool.shared", "Pool", "lib/acme/pool.rb:Acme.Pool"),
        ("@pool = Pool.shared", "shared", "lib/acme/pool.rb:Acme.Pool.shared"),
        ("conn = @pool.take", "take", "lib/acme/pool.rb:Acme.Pool.take"),
        ("conn.read(LIMIT)", "read", "lib/acme/pool.rb:Acme.Conn.read"),
        ("conn.read(LIMIT)", "LIMIT", "lib/acme/pool.rb:Acme.LIMIT"),
        ("Acme::Pool.new(2).drain", "drain", "lib/acme/pool_more.rb:Acme.Pool.drain"),
        ("log(ready?)", "log", "lib/acme/session.rb:Acme.Loggable.log"),
        ("log(ready?)", "ready?", "lib/acme/session.rb:Acme.Base.ready?"),
        ("items.each { |item| item.close }", "close", "possible"),
        ("check", "check", "lib/acme/session.rb:Acme.Base.check"),
        ("unknown.take", "take", "possible"),
        ("@pool.size", "size", "lib/acme/pool.rb:Acme.Pool.size"),
    ],
)
def test_ruby(line: str, name: str, meaning: str) -> None:
    assert Sample(RUBY).at("lib/acme/session.rb", line, name) == meaning


def test_symbols_that_name_methods_are_possible_uses() -> None:
    sample = Sample(RUBY)
    assert sample.at("lib/acme/session.rb", "before_action :check", "check") == "possible"
    assert sample.at("lib/acme/session.rb", "send(:rank)", "rank") == "possible"


def test_a_reopened_class_calls_its_other_parts() -> None:
    assert Sample(RUBY).at("lib/acme/pool_more.rb", "take.close", "take") == "lib/acme/pool.rb:Acme.Pool.take"


def test_a_test_that_is_named_by_a_class_uses_it() -> None:
    sample = Sample({"job.rb": "class Job\nend\n", "spec/job_spec.rb": "RSpec.describe Job, type: :job do\nend\n"})
    assert sample.uses("Job") == ["spec/job_spec.rb: RSpec.describe Job, type: :job do"]


def test_methods_are_not_looked_for_in_the_classes_around() -> None:
    sample = Sample({
        "a.rb": """
            class Outer
              def save
                log
              end

              def log
              end

              def self.make
                mark
                log
              end

              def self.mark
              end

              mark

              class Inner
                def run
                  mark; log
                end
              end
            end
        """,
    })  # fmt: skip
    assert sample.uses("Outer.log") == ["a.rb: log"]
    assert sample.uses("Outer.log", grade="possible") == ["a.rb: log", "a.rb: mark; log"]
    assert sample.uses("Outer.mark") == ["a.rb: mark", "a.rb: mark"]
    assert sample.uses("Outer.mark", grade="possible") == ["a.rb: mark; log"]


def test_functions_of_other_files_are_methods_of_every_object() -> None:
    sample = Sample({
        "helper.rb": "def capture(it)\nend\n",
        "shop_test.rb": "describe Shop do\n  it 'sells' do\n    capture(1)\n  end\nend\n",
        "till.rb": "class Till\n  def go(it)\n    it.capture\n  end\nend\n",
    })  # fmt: skip
    assert sample.uses("capture", grade="possible") == ["shop_test.rb: capture(1)"]


def test_a_module_whose_hook_includes_others_has_unknown_supertypes() -> None:
    hook = "def self.included(base)\n    base.include Run\n  end"
    files = {
        "run.rb": "module Run\n  def go\n    stopped\n  end\n  def stopped\n  end\nend\n",
        "job.rb": f"module Job\n  {hook}\nend\nmodule Bare\nend\n",
        "mine.rb": "class Mine\n  include Job\n  def stopped\n  end\nend\n",
        "lone.rb": "class Lone\n  include Bare\n  def stopped\n  end\nend\n",
    }
    sample = Sample(files)
    assert sample.resolver.unseen_use(sample.definition("Mine.stopped"))
    assert not sample.resolver.unseen_use(sample.definition("Lone.stopped"))


OUTERMOST = {
    "lib/rack.rb": """
        module Rack
          class Headers
            def merge(other); end
          end
        end
    """,
    "lib/acme/rack.rb": """
        module Acme
          module Rack
            def self.build
              ::Rack::Headers.new.merge({})
              ::Rack
              Rack
            end
            class Fields < ::Rack::Headers
              def all
                merge(self)
              end
            end
            class Failure < ::Acme::Error; end
          end
        end
    """,
}


@pytest.mark.parametrize(
    ("line", "name", "meaning"),
    [
        ("::Rack", "Rack", "lib/rack.rb:Rack"),
        ("Rack", "Rack", "lib/acme/rack.rb:Acme.Rack"),
        ("::Rack::Headers.new.merge({})", "Rack", "lib/rack.rb:Rack"),
        ("::Rack::Headers.new.merge({})", "Headers", "lib/rack.rb:Rack.Headers"),
        ("::Rack::Headers.new.merge({})", "merge", "lib/rack.rb:Rack.Headers.merge"),
        ("class Fields < ::Rack::Headers", "Headers", "lib/rack.rb:Rack.Headers"),
        ("merge(self)", "merge", "lib/rack.rb:Rack.Headers.merge"),
        ("class Failure < ::Acme::Error; end", "Acme", "lib/acme/rack.rb:Acme"),
    ],
)
def test_what_follows_two_colons_has_no_module_around_it(line: str, name: str, meaning: str) -> None:
    assert Sample(OUTERMOST).at("lib/acme/rack.rb", line, name) == meaning


def test_a_module_of_the_top_that_the_index_lacks_is_none_of_its_name_inside_another() -> None:
    body = "def self.headers\n      ::Rack::Headers.new\n    end"
    files = {"support.rb": f"module Acme\n  module Rack\n    {body}\n  end\nend\n"}
    assert Sample(files).at("support.rb", "::Rack::Headers.new", "Rack") == "excluded"


SPECS = {
    "lib/shop.rb": """
        module Shop
          class Cart
            def total; end
            def path; end
          end
        end
    """,
    "spec/cart_spec.rb": """
        RSpec.describe Shop::Cart do
          let(:path) { "cart" }
          subject { described_class.new(path) }
          def filled
            Shop::Cart.new
          end
          context "total" do
            it "adds up" do
              total "all"
              filled
            end
          end
        end
    """,
}


def test_what_is_tested_is_not_the_class_around_the_test() -> None:
    sample = Sample(SPECS)
    assert sample.uses("Shop.Cart.path", grade="resolved") == []
    assert sample.at("spec/cart_spec.rb", "filled", "filled") == "spec/cart_spec.rb:Shop.Cart.filled"


def test_a_test_is_called_by_no_name() -> None:
    sample = Sample(SPECS)
    test = next(one for one in sample.resolver.definitions("total") if one.symbol.kind == "test")
    assert sample.resolver.uses(test).uses == ()
    assert sample.at("spec/cart_spec.rb", 'total "all"', "total") == "possible"


NAMESAKES = {
    "lib/shop.rb": """
        module Shop
          def self.Cart(options)
            Cart.build(options)
          end
        end
    """,
    "lib/shop/cart.rb": """
        module Shop
          class Cart; end
        end
    """,
    "lib/use.rb": """
        CART = Shop::Cart
        Shop.Cart(1)
    """,
}


def test_a_method_that_is_named_like_a_class_is_meant_where_it_is_called() -> None:
    sample = Sample(NAMESAKES)
    assert sample.at("lib/use.rb", "CART = Shop::Cart", "Cart") == "lib/shop/cart.rb:Shop.Cart"
    assert sample.at("lib/use.rb", "Shop.Cart(1)", "Cart") == "lib/shop.rb:Shop.Cart"


def test_of_constants_of_one_name_in_several_scripts_the_own_one_is_meant() -> None:
    files = {
        "bench/small.rb": "COUNT = 1\nputs COUNT + 1\n",
        "bench/huge.rb": "COUNT = 9\nputs COUNT + 2\n",
        "bench/all.rb": "puts COUNT + 3\n",
    }
    sample = Sample(files)
    assert sample.uses("COUNT", "bench/huge.rb") == ["bench/huge.rb: puts COUNT + 2"]
    assert sample.uses("COUNT", "bench/huge.rb", "possible") == ["bench/all.rb: puts COUNT + 3"]


def test_names_in_patterns_are_local_variables() -> None:
    sample = Sample({
        "log.rb": """
            class Log
              attr_reader :name, :code
              def all(pairs, other)
                (name, code), other = pairs
                print(name, code)
              end
              def rest(pairs)
                other, *name = pairs
                print(name)
              end
              def match(pairs)
                case pairs
                in {name:, age: Integer => code} then print(name, code)
                in [name, *code] then print(name, code)
                in Foo(x: name) if name then print(name)
                in code then print(code)
                end
              end
              def taken(pairs)
                pairs => {name:}
                print(name)
              end
              def own
                name
              end
            end
        """,
    })  # fmt: skip
    assert sample.uses("Log.name") == ["log.rb: name"]
    assert sample.uses("Log.code") == []


def test_what_is_defined_in_a_block_may_be_a_member_of_a_class_without_a_name() -> None:
    sample = Sample({
        "spec/user_spec.rb": """
            describe "users" do
              define_class("User") do
                attr_accessor :name, :email
                def label
                  name
                end
              end
              def helper
              end
              it "has a name" do
                factory { name { email } }
                label
                helper
              end
            end
        """,
    })  # fmt: skip
    line = "factory { name { email } }"
    assert sample.at("spec/user_spec.rb", line, "name") == "possible"
    assert sample.at("spec/user_spec.rb", line, "email") == "possible"
    assert sample.at("spec/user_spec.rb", "label", "label") == "possible"
    assert sample.at("spec/user_spec.rb", "helper", "helper") == "spec/user_spec.rb:users.helper"


def test_what_only_writes_is_not_read() -> None:
    files = {
        "conn.rb": """
            class Conn
              class << self
                attr_writer :pool
                def pool
                  @pool ||= 1
                end
              end
              attr_writer :size
              def size
                @size
              end
              def go
                self.size = 2
                keep(size)
                Conn.pool
              end
            end
        """
    }
    sample = Sample(files)
    for name, lines in {"Conn.pool": ([], [15]), "Conn.size": ([13], [14])}.items():
        found = sorted(sample.resolver.definitions(name), key=lambda one: one.symbol.line)
        assert [one.symbol.kind for one in found] == ["property", "method"]
        assert tuple([use.line for use in sample.resolver.uses(one).resolved] for one in found) == lines


def test_methods_in_the_blocks_of_a_test() -> None:
    files = {
        "a_test.rb": """
            it 'calls what stands around it' do
              helpers do
                def magic
                  42
                end
              end
              namespace '/foo' do
                def magic
                  super - 19
                end
                get('/') { magic }
                set :magic, 1
              end
            end
        """
    }
    sample = Sample(files)
    first, second = sorted(sample.resolver.definitions("magic"), key=lambda one: one.symbol.line)
    assert sample.resolver.uses(first).resolved == []
    assert [sample.line(use) for use in sample.resolver.uses(second).resolved] == ["get('/') { magic }"]
    assert "set :magic, 1" in [sample.line(use) for use in sample.resolver.uses(second).possible]


def test_a_module_that_all_files_open_has_the_members_of_those_that_add_some() -> None:
    files = {f"lib/item{number:03}.rb": f"module Shop\n  class Item{number}\n  end\nend\n" for number in range(120)}
    files["lib/zone.rb"] = "module Shop\n  def self.total(items)\n    items.sum\n  end\nend\n"
    files["main.rb"] = "Shop.total([1])\n"
    sample = Sample(files)
    assert sample.uses("Shop.total") == ["main.rb: Shop.total([1])"]


def test_a_method_of_a_class_and_one_of_its_instances_are_two() -> None:
    sample = Sample({
        "a.rb": """
            class Parser
              def self.parse(text)
                new.parse(text)
              end
              def parse(text)
                text
              end
              def again(text)
                parse(text)
              end
            end
            class Strict < Parser
              def parse(text)
                text
              end
            end
            Parser.parse("x")
        """
    })  # fmt: skip
    own, inner = sorted(sample.resolver.definitions("Parser.parse", "a.rb"), key=lambda one: one.symbol.line)
    lines = sample.texts["a.rb"].splitlines()
    found = [[lines[use.line - 1].strip() for use in sample.resolver.uses(one).resolved] for one in (own, inner)]
    assert found == [['Parser.parse("x")'], ["parse(text)", "def parse(text)"]]


@pytest.mark.parametrize(("name", "possible"), [("URI", False), ("Integer", False), ("N_", True)])
def test_a_function_of_the_language_is_none_that_may_be_mixed_in(name: str, possible: bool) -> None:
    sample = Sample(
        {
            "a.rb": f"module Helpers\n  def {name}(text)\n    text\n  end\nend\n",
            "b.rb": f"class Shop < Base\n  def run\n    {name}('1')\n  end\nend\n",
        }
    )
    assert sample.uses(name, grade="possible") == ([f"b.rb: {name}('1')"] if possible else [])


def test_what_a_method_gives_is_not_what_its_namesake_of_the_class_gives() -> None:
    sample = Sample(
        {
            "a.rb": """
                class Tea
                  def pour
                  end
                end
                class Cup
                  def pour
                  end
                end
                class Shop
                  def self.serve
                    Cup.new
                  end
                  def serve
                    Tea.new
                  end
                  def run
                    serve.pour
                  end
                end
                Shop.new.serve.pour
                Shop.serve.pour
            """
        }
    )
    assert sample.at("a.rb", "Shop.new.serve.pour", "pour") == "a.rb:Tea.pour"
    assert sample.at("a.rb", "Shop.serve.pour", "pour") == "a.rb:Cup.pour"
    assert sample.at("a.rb", "serve.pour", "pour") == "a.rb:Tea.pour"


def test_no_member_is_denied_of_a_module_with_more_parts_than_are_looked_at() -> None:
    files = {
        f"lib/item{number:03}.rb": f"module Shop\n  def self.item{number}\n    {number}\n  end\nend\n"
        for number in range(130)
    }
    files["main.rb"] = "Shop.item129\n"
    assert Sample(files).uses("Shop.item129", None, "possible") == ["main.rb: Shop.item129"]


def test_another_name_of_a_method_is_a_definition() -> None:
    sample = Sample({
        "door.rb": """
            class Door
              def open(width); end
              alias_method :unlock, :open
              alias close! open
              def both
                unlock(1)
                close!(2)
              end
            end
            Door.new.unlock(3)
            """
    })  # fmt: skip
    assert sample.uses("Door.unlock") == ["door.rb: unlock(1)", "door.rb: Door.new.unlock(3)"]
    assert sample.uses("Door.close!") == ["door.rb: close!(2)"]
    assert sample.uses("Door.open", None, "possible") == [
        "door.rb: alias_method :unlock, :open",
        "door.rb: alias close! open",
    ]


def test_the_class_of_what_a_module_is_mixed_into_is_not_the_module() -> None:
    sample = Sample(
        {
            "models.rb": """
                module Timed
                  def self.limit; end
                  def over?
                    self.class.limit
                  end
                end
                class Job
                  def self.build; end
                  def again
                    self.class.build
                  end
                end
            """
        }
    )
    assert sample.at("models.rb", "self.class.limit", "class") == "possible"
    assert sample.at("models.rb", "self.class.limit", "limit") == "possible"
    assert sample.at("models.rb", "self.class.build", "class") == "models.rb:Job"
    assert sample.at("models.rb", "self.class.build", "build") == "models.rb:Job.build"
