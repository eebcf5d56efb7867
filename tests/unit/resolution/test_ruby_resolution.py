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
    assert sample.resolver.may_be_used_unseen(sample.definition("Mine.stopped"))
    assert not sample.resolver.may_be_used_unseen(sample.definition("Lone.stopped"))
