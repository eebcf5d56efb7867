"""Names that stand in very many files: which files are looked at, and what is told when the time for it is over."""

from __future__ import annotations

import time
from typing import Any

import pytest

from glossator.errors import CancelledByUser
from glossator.index.facts import Facts, member_note
from glossator.retrieval.resolution.mention_meaning import MentionMeaning
from glossator.retrieval.resolution.patience import Allowance, OutOfTimeError, Patience
from glossator.retrieval.resolution.remembered import SharedResults
from glossator.retrieval.resolution.resolver import Resolver
from glossator.retrieval.resolution.values import Resolution
from tests.unit.resolution.resolution_samples import Sample


class Counting(Sample):
    """A sample that notes whose facts are asked for."""

    def __init__(self, files: dict[str, str]) -> None:
        super().__init__(files)
        self.looked_at: set[str] = set()

    def facts(self, path: str) -> Facts | None:
        self.looked_at.add(path)
        return super().facts(path)


class Steps(Patience):
    """Waits for so many steps."""

    def __init__(self, steps: int) -> None:
        super().__init__(1000)
        self.steps = steps

    def check(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise OutOfTimeError


class Languages(Counting):
    """A sample that tells its languages, and notes which names are looked up."""

    def __init__(self, files: dict[str, str]) -> None:
        self.looked_up: list[str] = []
        super().__init__(files)

    def may_have_any(self, languages: frozenset[str]) -> bool:
        return any(facts.language in languages for facts in self._facts.values())

    def noting(self, name: str) -> list[str]:
        self.looked_up.append(name)
        return super().noting(name)


class Shared(Sample):
    """A sample that keeps what questions find out, and notes which names are looked up."""

    def __init__(self, files: dict[str, str]) -> None:
        self.results = SharedResults()
        self.looked_up: list[str] = []
        super().__init__(files)

    def shared_results(self) -> SharedResults:
        return self.results

    def noting(self, name: str) -> list[str]:
        self.looked_up.append(name)
        return super().noting(name)


MENTIONING = {f"aside/m{number}.rs": "fn go(x: &Door) { x.open(); Shut(1); seal!(x); }\n" for number in range(60)}


def test_what_a_name_means_is_looked_for_where_it_is_defined() -> None:
    sample = Counting(
        {
            **MENTIONING,
            "macros.rs": "macro_rules! seal { ($x:expr) => { $x }; }\n",
            "user.rs": "fn one() { seal!(2); }\n",
        }
    )
    assert len(sample.uses("seal")) == 61
    sample.looked_at.clear()
    macro = sample.definition("seal")
    assert (macro.path, sample.looked_at) == ("macros.rs", set())  # its facts were at hand
    again = Counting(sample.texts)
    assert again.definition("seal").path == "macros.rs"
    assert again.looked_at == {"macros.rs"}


def test_go_looks_into_the_files_of_a_package_that_define_a_name() -> None:
    files = {f"p{number}/a.go": f"package p{number}\n\nfunc Use() {{ String() }}\n" for number in range(30)}
    sample = Counting(
        {
            **files,
            "p3/b.go": "package p3\n\nfunc String() string { return Join() }\n",
            "p3/c.go": "package p3\n\nfunc Join() string { return String() }\n",
        }
    )
    assert sample.uses("String", "p3/b.go") == [
        "p3/a.go: func Use() { String() }",
        "p3/c.go: func Join() string { return String() }",
    ]
    sample = Counting(sample.texts)
    assert sample.uses("Join", "p3/c.go") == ["p3/b.go: func String() string { return Join() }"]
    assert sample.looked_at == {"p3/b.go", "p3/c.go"}


def test_subclasses_are_looked_for_where_the_class_is_inherited_from() -> None:
    sample = Counting(
        {
            **{f"aside/m{number}.py": "from base import Base\n\nBase()\n" for number in range(20)},
            "base.py": "class Base:\n    def run(self): pass\n",
            "below.py": "from base import Base as Root\n\nclass Below(Root):\n    def run(self): pass\n",
            "lower.py": "import below\n\nclass Lower(below.Below):\n    pass\n",
        }
    )
    below = sample.resolver.overrides(sample.definition("Base"))
    assert [one.qualified_name for one in below] == ["Below", "Lower"]
    assert sample.looked_at == {"base.py", "below.py", "lower.py"}


JAVA = {
    "shop/Shop.java": "package shop;\n\npublic class Shop { public void open(int door) {} }\n",
    "shop/Base.java": "package shop;\n\npublic class Base {}\n",
    "shop/Other.java": "package shop;\n\npublic class Other extends Outer {}\n",
    "shop/Outer.java": "package shop;\n\npublic class Outer {}\n",
    "use/Use.java": """
        package use;

        import shop.Base;
        import shop.Other;
        import shop.Shop;

        class Use extends Base {
            void one(Shop shop) { shop.open(1); }
            void two(Other other) { other.open(); }
        }
        """,
}


def test_calls_with_another_number_of_arguments_are_not_evaluated_nor_supertypes_asked_for_types() -> None:
    sample = Counting(JAVA)
    assert sample.uses("Shop.open") == ["use/Use.java: void one(Shop shop) { shop.open(1); }"]
    # Nothing is asked of `other`. The type `Shop` is no member of a class: no file but its own defines the name.
    assert sample.looked_at == {"shop/Shop.java", "use/Use.java"}


def test_what_has_a_type_of_the_name_as_a_member_is_asked() -> None:
    base = "package shop;\n\npublic class Base { public static class Shop {} }\n"
    sample = Counting({**JAVA, "shop/Base.java": base})
    assert sample.uses("Shop.open", "shop/Shop.java") == []
    assert "shop/Base.java" in sample.looked_at


def test_members_of_javas_types_are_looked_for_outside_of_them_only_beside_kotlin() -> None:
    sample = Languages(JAVA)
    assert sample.uses("Shop.open") == ["use/Use.java: void one(Shop shop) { shop.open(1); }"]
    assert member_note("Shop", "open") not in sample.looked_up
    with_kotlin = {"shop/More.kt": "package shop\n\nfun Shop.shut() {}\n"}
    user = {"use/User.kt": "package use\n\nimport shop.Shop\n\nfun user(shop: Shop) { shop.shut() }\n"}
    sample = Languages({**JAVA, **with_kotlin, **user})
    assert sample.uses("shut") == ["use/User.kt: fun user(shop: Shop) { shop.shut() }"]
    assert member_note("Shop", "shut") in sample.looked_up


def test_what_the_time_does_not_suffice_for_is_counted() -> None:
    texts = {
        **{f"m{number:02}.py": "from base import act\n\nact()\n" for number in range(50)},
        "base.py": "def act(): pass\n",
    }
    whole = Sample(texts)
    assert len(whole.uses("act")) == 50
    for steps in range(0, 120, 7):
        sample = Sample(texts)
        definition = sample.definition("act")
        sample.resolver.world.patience = Steps(steps)
        told = sample.resolver.uses(definition)
        paths = {use.path for use in told.uses}
        # One file may have been read in part.
        assert 51 - len(paths | {"base.py"}) <= told.unread <= 52 - len(paths)
        assert {use.grade for use in told.uses} <= {"resolved"}
        sample.resolver.world.patience = None
        # Whatever was interrupted is found out again.
        assert len(sample.uses("act")) == 50


def test_the_time_may_be_over_in_the_middle_of_a_file() -> None:
    """All files are in memory, from a question before."""
    functions = "".join(f"def f{number}():\n    act()\n\n" for number in range(100))
    sample = Sample({"base.py": f"def act(): pass\n\n{functions}"})
    definition = sample.definition("act")
    assert len(sample.resolver.uses(definition).uses) == 100
    sample.resolver.world.patience = Steps(30)
    told = sample.resolver.uses(definition)
    assert 10 < len(told.uses) < 30
    assert told.unread == 1


def test_a_constructor_that_is_not_looked_for_everywhere_says_so() -> None:
    texts = {
        **{f"m{number:02}.py": "from base import Base\n\nBase()\n" for number in range(50)},
        "base.py": "class Base:\n    def __init__(self): pass\n",
    }
    sample = Sample(texts)
    definition = sample.definition("__init__")
    assert (len(sample.resolver.uses(definition).resolved), sample.resolver.uses(definition).unread) == (50, 0)
    sample = Sample(texts)
    definition = sample.definition("__init__")
    sample.resolver.world.patience = Steps(20)
    told = sample.resolver.uses(definition)
    assert len(told.resolved) + told.unread >= 50
    assert told.unread > 0


def test_what_overrides_is_counted_too() -> None:
    sample = Sample(
        {
            "base.py": "class Base:\n    def run(self): pass\n",
            **{
                f"m{number}.py": f"from base import Base\n\nclass B{number}(Base):\n    def run(self): pass\n"
                for number in range(9)
            },
        }
    )
    definition = sample.definition("Base.run")
    sample.resolver.world.patience = Steps(4)
    assert sample.resolver.uses(definition, ["override"]).unread >= 1


def test_nobody_waits_any_longer() -> None:
    sample = Sample({"a.py": "def act(): pass\n", "b.py": "from a import act\n\nact()\n"})
    definition = sample.definition("act")
    sample.resolver.world.patience = Patience(1000, lambda: True)
    with pytest.raises(CancelledByUser):
        sample.resolver.uses(definition)


def test_time_is_that_of_the_processor() -> None:
    begun = time.thread_time()
    patience = Patience(0.05)
    time.sleep(0.1)
    patience.check()
    while time.thread_time() < begun + 0.06:
        pass
    with pytest.raises(OutOfTimeError):
        patience.check()


def test_many_questions_share_their_time() -> None:
    allowance = Allowance(1.0, 2.0)
    given = []
    for _ in range(4):
        given.append(allowance.next())
        allowance.take(0.8)
    assert given == pytest.approx([1.0, 1.0, 0.4, 0.05])


def test_files_of_rare_names_are_looked_up_once_for_all_questions() -> None:
    sample = Shared(
        {
            **{f"m{number:02}.py": "from base import act\n\nact()\n" for number in range(50)},
            "base.py": "def act(): pass\n\n\ndef rare(): pass\n",
        }
    )
    assert len(sample.uses("act")) == 50
    assert sample.uses("rare") == []
    sample.resolver = Resolver(sample)
    sample.looked_up.clear()
    assert len(sample.uses("act")) == 50
    assert sample.uses("rare") == []
    assert sample.looked_up == ["act", "base"]  # these stand in many files


def test_what_mentions_mean_is_found_out_once_for_all_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    sample = Shared(JAVA)
    found = sample.uses("Shop.open")
    asked: list[str] = []
    resolve = MentionMeaning._resolve

    def noting(self: MentionMeaning, path: str, *further: Any) -> Resolution:
        asked.append(path)
        return resolve(self, path, *further)

    monkeypatch.setattr(MentionMeaning, "_resolve", noting)
    sample.resolver = Resolver(sample)
    assert (sample.uses("Shop.open"), asked) == (found, [])
    assert Shared(JAVA).uses("Shop.open") == found
    assert asked
