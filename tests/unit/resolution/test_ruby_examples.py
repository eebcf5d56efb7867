"""What RSpec and Minitest give names in groups of examples."""

import pytest

from tests.unit.resolution.resolution_samples import Sample

SHOP = """
    module Shop
      class Pool
        def take; end
        def child
          Pool.new
        end
        def self.build; end
      end

      class Other
        def take; end
        def self.build; end
      end
    end
"""


def meant(spec: str, line: str, name: str = "take") -> str:
    return Sample({"lib/shop.rb": SHOP, "spec/shop_spec.rb": spec}).at("spec/shop_spec.rb", line, name)


def spec(given: str, used: str) -> str:
    return f"""
        RSpec.describe Shop::Pool do
          {given}

          it "takes" do
            {used}
          end
        end
    """


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("let(:pool) { Shop::Pool.new }", "pool.take"),
        ("let!(:pool) { Shop::Pool.new }", "pool.take"),
        ("let(:pool) do\n            other = 1\n            Shop::Pool.new\n          end", "pool.take"),
        ("let(:outer) { Shop::Pool.new }\n          let(:pool) { outer.child }", "pool.take"),
        ("let(:pool) { outer.child }\n          let(:outer) { Shop::Pool.new }", "pool.take"),
        ("subject(:pool) { described_class.new }", "pool.take"),
        ("subject(:pool) { described_class.new }", "subject.take"),
        ("subject { Shop::Pool.new }", "subject.take"),
        ("subject do\n            Shop::Pool.new\n          end", "subject.take"),
        ("", "subject.take"),
        ("", "described_class.new.take"),
        ("before { @pool = Shop::Pool.new }", "@pool.take"),
        ("before(:all) do\n            @pool = Shop::Pool.new\n          end", "@pool.take"),
        ("", "@pool = Shop::Pool.new\n            @pool.take"),
        ("", "2.times { @pool = Shop::Pool.new }\n            @pool.take"),
    ],
)
def test_a_name_stands_for_what_it_is_given(given: str, used: str) -> None:
    assert meant(spec(given, used), used.rpartition("\n")[2].strip()) == "lib/shop.rb:Shop.Pool.take"


def test_a_group_is_about_its_own_class() -> None:
    nested = """
        describe Shop::Pool do
          describe "building" do
            it { described_class.build }
          end

          describe Shop::Other do
            it { described_class.build  }
            it { subject.take }
          end
        end
    """
    assert meant(nested, "it { described_class.build }", "build") == "lib/shop.rb:Shop.Pool.build"
    assert meant(nested, "it { described_class.build  }", "build") == "lib/shop.rb:Shop.Other.build"
    assert meant(nested, "it { subject.take }") == "lib/shop.rb:Shop.Other.take"


def test_an_inner_group_gives_a_name_something_else() -> None:
    nested = """
        describe Shop::Pool do
          let(:pool) { Shop::Pool.new }
          before { @pool = Shop::Pool.new }
          it { pool.take }
          it { @pool.take }

          context "when closed" do
            let(:pool) { Shop::Other.new }
            before { @pool = Shop::Other.new }
            it { pool.take  }
            it { @pool.take  }
          end
        end

        describe "another" do
          it { pool.take   }
          it { @pool.take   }
        end
    """
    pool, other = "lib/shop.rb:Shop.Pool.take", "lib/shop.rb:Shop.Other.take"
    for used in ("pool", "@pool"):
        assert meant(nested, f"it {{ {used}.take }}") == pool
        assert meant(nested, f"it {{ {used}.take  }}") == other
        assert meant(nested, f"it {{ {used}.take   }}") == "possible"


def test_two_values_are_both_possible() -> None:
    given = "before { @pool = late ? Shop::Pool.new : Shop::Other.new }"
    assert meant(spec(given, "@pool.take"), "@pool.take") != "excluded"


def test_the_instance_of_a_class_in_an_example_is_another() -> None:
    inside = """
        describe Shop::Pool do
          before { @pool = Shop::Pool.new }

          it "is made" do
            made = Class.new do
              def take_all
                @pool.take
              end
            end
          end

          class Helper
            def use
              @pool.take
            end
          end
        end
    """
    sample = Sample({"lib/shop.rb": SHOP, "spec/shop_spec.rb": inside})
    assert {sample.at("spec/shop_spec.rb", "@pool.take", "take", number) for number in (0, 1)} == {"possible"}


def test_names_outside_of_groups_stay_what_they_are() -> None:
    script = """
        require "shop"
        task :build do
          @pool = Shop::Pool.new
        end
        @pool.take
        subject.take
    """
    assert meant(script, "@pool.take") == meant(script, "subject.take") == "possible"


def test_what_a_value_refers_to_itself_is_not_known() -> None:
    assert meant(spec("let(:pool) { pool.child }", "pool.take"), "pool.take") == "possible"


def test_the_symbol_that_is_given_a_value_is_no_use_of_a_method() -> None:
    assert meant(spec("let(:take) { 1 }", "take"), "let(:take) { 1 }") == "no mention"
