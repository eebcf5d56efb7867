"""What is said of uses where files have syntax errors: what could not be read may use anything that is named there."""

from __future__ import annotations

import pytest

from glossator.retrieval.resolution import unseen_uses
from tests.unit.resolution.resolution_samples import Sample

WHOLE = {
    "a.py": "def helper(): ...\n",
    "A.java": "class A { private static void helper() {} }\n",
    "a.go": "package a\nfunc helper() {}\n",
    "a.ts": "export function helper() {}\n",
    "a.c": "static void helper(void) {}\n",
    "a.rs": "fn helper() {}\n",
    "a.rb": "def helper; end\n",
    "a.php": "<?php function helper() {}\n",
    "a.kt": "private fun helper() {}\n",
    "a.swift": "private func helper() {}\n",
    "A.cs": "class A { private void helper() {} }\n",
}
DAMAGE = {
    "a.py": "class (:\n",
    "A.java": "class B { void ( { }\n",
    "a.go": "func ( {\n",
    "a.ts": "class { ( =>\n",
    "a.c": "struct { ( }} x(\n",
    "a.rs": "impl ( { fn\n",
    "a.rb": "class ( end end\n",
    "a.php": "class ( { function\n",
    "a.kt": "class ( { fun\n",
    "a.swift": "class ( { func\n",
    "A.cs": "class ( { void\n",
}


@pytest.mark.parametrize("path", WHOLE)
def test_a_file_with_errors_denies_no_use_of_what_it_defines(path: str) -> None:
    assert not _may_be_used(Sample({path: WHOLE[path]}), "helper")
    assert _may_be_used(Sample({path: WHOLE[path] + DAMAGE[path]}), "helper")


@pytest.mark.parametrize("path", ["a.py", "a.ts", "a.rb", "a.php", "a.kt", "a.rs"])
def test_a_file_with_errors_that_names_a_definition_may_use_it(path: str) -> None:
    ending = path.rpartition(".")[2]
    before = "<?php " if ending == "php" else ""
    other = f"{before}class ( {{ void helper\n{DAMAGE[path]}"
    sample = Sample({path: WHOLE[path], f"other.{ending}": other})
    assert _may_be_used(sample, "helper") or sample.resolver.uses(sample.definition("helper", path)).uses


def test_words_that_an_error_swallowed_are_possible_uses() -> None:
    sample = Sample(
        {
            "tools.js": "export function sharpen() {}\nexport function blunt() {}\n",
            "main.js": "import * as tools from './tools.js'\nconst a = `${ tools.sharpen( \nb = 1\nclass { # sharpen\n",
        }
    )
    definition = sample.definition("sharpen", "tools.js")
    assert {use.grade for use in sample.resolver.uses(definition).uses} <= {"resolved", "possible"}
    assert sample.resolver.uses(definition).uses
    assert not sample.resolver.uses(sample.definition("blunt")).uses


SWALLOWED = {
    "py": ("def sharpen(): ...\ndef blunt(): ...\n", 'x = (\n"""a\n\nsharpen(1)\n"""b"""\nclass (:\n'),
    "js": ("function sharpen() {}\nfunction blunt() {}\n", "class { ( `\nconst a = sharpen()\n` ` => {\n"),
    "rb": ("def sharpen; end\ndef blunt; end\n", 'class ( "\nsharpen\n" end end\n'),
    "php": ("<?php function sharpen() {}\nfunction blunt() {}\n", '<?php class ( "\nsharpen();\n" { function\n'),
    "go": ("package a\nfunc sharpen() {}\nfunc blunt() {}\n", "package a\nfunc ( { `\nsharpen()\n` ` ?\n"),
    "kt": ("fun sharpen() {}\nfun blunt() {}\n", 'class ( { """\nsharpen()\n""" fun "\n'),
    "rs": ("fn sharpen() {}\nfn blunt() {}\n", 'impl ( { " \nsharpen();\n" fn\n'),
}
"""Definitions; and a damaged file in which a use of the first is read as part of a string."""


@pytest.mark.parametrize("ending", SWALLOWED)
def test_words_in_strings_that_an_error_made_are_possible_uses(ending: str) -> None:
    defining, using = SWALLOWED[ending]
    sample = Sample({f"tools.{ending}": defining, f"main.{ending}": using})
    assert [use.path for use in sample.resolver.uses(sample.definition("sharpen")).uses] == [f"main.{ending}"]
    assert _may_be_used(sample, "sharpen")
    assert not _may_be_used(sample, "blunt")


def test_of_more_files_than_are_asked_one_may_be_damaged(monkeypatch: pytest.MonkeyPatch) -> None:
    others = {f"f{number}.py": "from library import sharpen\nsharpen()\n" for number in range(3)}
    sample = Sample({"a.py": "def sharpen(): ...\n", **others, "z.py": others["f0.py"] + "class (:\n"})
    monkeypatch.setattr(unseen_uses, "MAX_NOTING_FILES", 5)
    assert _may_be_used(sample, "sharpen")
    monkeypatch.setattr(unseen_uses, "MAX_NOTING_FILES", 4)
    assert _may_be_used(sample, "sharpen")
    whole = Sample({"a.py": "def sharpen(): ...\n", **others})
    assert not _may_be_used(whole, "sharpen")


def test_files_without_errors_are_not_damaged() -> None:
    sample = Sample({**WHOLE, "b.py": "x = 1\n"})
    for path in (*WHOLE, "b.py"):
        facts = sample.facts(path)
        assert facts is not None
        assert not facts.damaged, path


def _may_be_used(sample: Sample, name: str) -> bool:
    definition = sample.definition(name)
    return sample.resolver.unseen_use(definition)


def test_functions_of_a_class_that_is_not_read_are_none_of_other_files() -> None:
    sample = Sample(
        {
            "text.cc": """
                #define CLASS_OF(name) class name {
                CLASS_OF(Text)
                    int size_;
                    Text(int size): size_(size) {
                    }
                    bool is_small(int size) {
                        return Text(size).size_;
                    }
                    Text made(int size) {
                        is_small(size);
                        return Text::zero();
                    }
                };
            """,
            "tool.h": "bool is_small(int size);\n",
            "tool.cc": """
                #include "tool.h"
                bool is_small(int size) { return size; }
                void run() { is_small(3); made(3); }
            """,
        }
    )
    assert sample.uses("is_small", "tool.cc") == ["tool.cc: void run() { is_small(3); made(3); }"]
    assert sample.uses("is_small", "text.cc") == ["text.cc: is_small(size);"]
    assert sample.uses("made", grade="possible") == ["tool.cc: void run() { is_small(3); made(3); }"]
    assert sample.uses("Text") == []


def test_variables_of_a_function_that_is_not_read_are_none_of_other_files() -> None:
    sample = Sample(
        {
            "first.cc": """
                void one() {
                    }
                    int kept = 3;
                }
            """,
            "second.cc": """
                void two() {
                    }
                    const app::Value kept(given);
                    check(kept == given);
                }
            """,
        }
    )
    found = sample.resolver.uses(sample.definition("kept", "first.cc")).uses
    assert {use.grade for use in found if use.path == "second.cc"} <= {"possible"}
