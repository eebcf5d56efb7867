"""Classes without a name: `this`, `super` and bare names in them are none of the class around, as far as is known."""

import pytest

from tests.unit.resolution.resolution_samples import Sample

JAVA = {
    "Throttler.java": """
        class Sink { void write() {} void flush() {} void shared() {} }
        class Base { void write() {} void shared() {} void only() {} }
        class Throttler extends Base {
          Sink sink() {
            only();
            return new Sink() {
              @Override void write() {
                super.write();
                this.flush();
                shared();
                new Named().run();
              }
              class Named {
                void run() { this.rest(); }
                void rest() {}
              }
            };
          }
          void close() { super.shared(); }
        }
    """
}
KOTLIN = {
    "Throttler.kt": """
        open class Sink { open fun write() {}; fun flush() {}; fun shared() {} }
        open class Base { open fun write() {}; fun shared() {}; fun only() {} }
        class Throttler : Base() {
          fun sink(): Sink {
            only()
            return object : Sink() {
              override fun write() {
                super.write()
                this.flush()
                shared()
              }
            }
          }
          fun close() { super.shared() }
        }
    """
}
PHP = {
    "throttler.php": """
        <?php
        class Sink { function write() {} function flush() {} function shared() {} }
        class Base { function write() {} function shared() {} function only() {} }
        class Throttler extends Base {
          function sink() {
            $this->only();
            return new class extends Sink {
              function write() {
                parent::write();
                $this->flush();
                self::shared();
              }
            };
          }
          function close() { parent::shared(); }
        }
    """
}


@pytest.mark.parametrize("files", [JAVA, KOTLIN, PHP], ids=["java", "kotlin", "php"])
def test_what_a_class_without_a_name_may_mean_is_possible(files: dict[str, str]) -> None:
    sample = Sample(files)

    def graded(name: str, grade: str) -> list[str]:
        found = sample.resolver.uses(sample.definition(name)).uses
        lines = [sample.line(use) for use in found if use.grade == grade]
        return [line for line in lines if "override" not in line.lower() and "function write" not in line]

    for name, line in (("Sink.write", "write"), ("Base.write", "write"), ("Sink.flush", "flush")):
        assert graded(name, "resolved") == [], name
        assert any(line in one for one in graded(name, "possible")), name
    assert all("super" in line or "parent" in line for line in graded("Base.shared", "resolved"))
    assert len(graded("Base.shared", "resolved")) == 1
    assert len(graded("Sink.shared", "possible")) == 1
    assert len(graded("Base.only", "resolved")) == 1


def test_a_class_with_a_name_inside_one_without_is_itself() -> None:
    assert Sample(JAVA).uses("rest") == ["Throttler.java: void run() { this.rest(); }"]
