"""Patterns for mentions that are run in few files: they are found where they matter, and say when that is."""

from __future__ import annotations

import pytest

from glossator.index.facts import decode_facts
from glossator.index.function_places import FUNCTION_PLACES
from glossator.index.languages import LANGUAGES
from glossator.index.made_names import ANY
from glossator.index.parsing import parse
from glossator.index.query_files import facts_source, required_words, split

WITH_SELDOM = sorted(name for name, language in LANGUAGES.items() if facts_source(language, "seldom"))

SAMPLES = {
    "A.java": ('class A { Object f(Class<?> c) { return c.getMethod("get" + name()); } }\n', "getMethod"),
    "a.ts": ("for (const name of Reflect.ownKeys(shop)) { show(name); }\n", "ownKeys"),
    "a.js": ("for (const name of Object.getOwnPropertyNames(shop)) { show(name); }\n", "getOwnPropertyNames"),
    "a.rb": ("Shop.instance_methods(false).each { |name| show(name) }\n", "instance_methods"),
}
"""A file's path -> its text, and the word that a pattern requires."""


def mentioned(path: str, text: str) -> set[str]:
    """The names that a file mentions."""
    facts = decode_facts(parse(path, text).facts)
    assert facts is not None
    return set(facts.names)


@pytest.mark.parametrize("path", SAMPLES)
def test_what_follows_a_required_word_is_mentioned(path: str) -> None:
    text, word = SAMPLES[path]
    other = "q" * len(word)
    more = mentioned(path, text) - mentioned(path, text.replace(word, other)) - {word}
    assert len(more) == 1
    assert ANY in "".join(more)


@pytest.mark.parametrize("language", WITH_SELDOM)
def test_every_pattern_requires_words(language: str) -> None:
    source = facts_source(LANGUAGES[language], "seldom") or ""
    for pattern in split(source):
        assert required_words(pattern), pattern
        assert "not-" not in pattern
        assert not any(f"@{role}" in pattern for role in ("arguments", *FUNCTION_PLACES)), pattern


def test_required_words_are_those_of_all_patterns() -> None:
    source = '((a) @name (#eq? @name "one"))\n((b (c) @_x) @made (#any-of? @_x "two" "one" "drei?"))'
    assert required_words(source) == (b"one", b"two", b"drei?")


def test_the_blank_identifier_of_go_is_no_mention() -> None:
    text = "package shop\n\nfunc f() {\n\t_ = load(_)\n\tfor _, item := range all() {\n\t\t_ = item.price\n\t}\n}\n"
    names = mentioned("a.go", text)
    assert "_" not in names
    assert {"load", "all", "price"} <= names
