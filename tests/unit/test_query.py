"""Queries are taken apart: names, words, places."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glossator.errors import UsageError
from glossator.retrieval.query import MAX_WORDS, parse_query
from glossator.retrieval.query import MentionedPlace as Place


@pytest.mark.parametrize("text", ["", "   \n\t", "\x00\x01", "?!", '"""', "( ) -> ::", "***"])
def test_what_holds_no_word_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_query(text)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "kind", "identifiers"),
    [
        ("Client", "symbol", ("Client",)),
        ("parse_config", "symbol", ("parse_config",)),
        ("httpx.Client", "symbol", ("Client",)),
        ("std::vector", "symbol", ("vector",)),
        ("`Store.commit`", "symbol", ("commit",)),
        ("close()", "symbol", ("close",)),
        ("how does `parse_config` read", "prose", ("parse_config",)),
        ("where is Foo::bar called", "prose", ("bar", "Foo")),
        ("how HttpClient retries", "prose", ("HttpClient",)),
        ("why does open() fail", "prose", ("open",)),
        ("how are requests retried", "prose", ()),
        ("what does e.g. this do", "prose", ()),
    ],
)
def test_names(text: str, kind: str, identifiers: tuple[str, ...]) -> None:
    query = parse_query(text)
    assert query.kind == kind
    assert query.identifiers == identifiers


@pytest.mark.parametrize(
    ("text", "spellings"),
    [
        ("what calls _release?", [("_release?", "_release")]),
        ("what does save! do", [("save!",)]),
        ("does `valid?` check", [("valid?",)]),
        ("operator==", [("operator==",)]),
        ("which type has an operator == of its own", [("operator==",)]),
        ("where is operator new", [("operator new",)]),
        ("Foo::valid?", [("Foo::valid?",)]),
        ("vec![1,2]", [("vec!", "vec![1,2]")]),
        ("what does @cached do", [("@cached", "cached")]),
        ("who calls release(), then _release().", [("release()",), ("_release", "_release()")]),
        ("what is 'close' for", [("close", "'close'")]),
        ("what `==` compares", [("==",)]),
        ("how are requests sent, and when?", [("when?",)]),
        ("how are requests sent: in parts, or e.g. at once...", []),
    ],
)
def test_spellings_that_search_terms_would_lose(text: str, spellings: list[tuple[str, ...]]) -> None:
    assert list(parse_query(text).spellings) == spellings


def test_a_question_mark_is_no_part_of_an_identifier() -> None:
    assert parse_query("what calls parse_config?").identifiers == ("parse_config",)


def test_words_are_content_words_and_parts_of_identifiers() -> None:
    query = parse_query("How does the RetryPolicy compute its delay?")
    assert query.words == ("retry", "policy", "compute", "delay")
    assert "retrypolici" in query.terms


def test_only_stop_words_are_words_after_all() -> None:
    assert parse_query("what is this").words == ("what", "is", "this")


def test_neighbouring_words_are_also_looked_up_as_one() -> None:
    assert "filenam" in parse_query("the file name of a module").terms


PYTHON_TRACE = """Traceback (most recent call last):
  File "/home/me/app/main.py", line 12, in <module>
    run()
  File "/home/me/app/server/config.py", line 17, in parse_config
    raise ConfigError("no value")
server.errors.ConfigError: line 3 has no value
"""


@pytest.mark.parametrize(
    ("text", "first"),
    [
        (PYTHON_TRACE, Place("/home/me/app/server/config.py", 17, "parse_config")),
        ("TypeError: x\n  at Client.send (/a/client.ts:10:5)\n  at f (b.js:1:1)", Place("/a/client.ts", 10, "send")),
        ('Exception in "main" a.B: no\n\tat a.Book.title(Book.java:16)', Place("a/Book.java", 16, "title")),
        ("thread 'main' panicked at src/main.rs:4:5:\nindex out of bounds", Place("src/main.rs", 4)),
        ("panic: boom\n\ngoroutine 1 [running]:\nmain.main()\n\t/go/x/main.go:8 +0x1d", Place("/go/x/main.go", 8)),
        ("main.c:12:5: error: 'x' undeclared\nmain.c: In function 'f'", Place("main.c", 12)),
        ("   at Acme.Shop.Buy(Int32 n) in C:\\src\\Shop.cs:line 42", Place("C:/src/Shop.cs", 42, "Buy")),
        ("PHP Fatal error: x in /var/www/Client.php:12\nStack trace:", Place("/var/www/Client.php", 12)),
        ("PHP Warning: x in /var/www/a.php on line 7\nnext", Place("/var/www/a.php", 7)),
        ("src/app.ts(12,5): error TS2322: Type\nx", Place("src/app.ts", 12)),
        ("/opt/run.sh: line 20: foo: command not found\nfailed here", Place("/opt/run.sh", 20)),
        ("a.rb:3:in 'Foo#bar': no (NoMethodError)\n\tfrom b.rb:9:in '<main>'", Place("a.rb", 3, "bar")),
    ],
)  # fmt: skip
def test_traces(text: str, first: Place) -> None:
    query = parse_query(text)
    assert query.kind == "trace"
    assert query.places[0] == first


def test_a_trace_s_words_are_those_of_its_message() -> None:
    words = parse_query(PYTHON_TRACE).words
    assert {"config", "error", "value"} <= set(words)
    assert not {"traceback", "home", "17"} & set(words)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("server/config.py", Place("server/config.py", None)),
        ("server\\config.py", Place("server/config.py", None)),
        ("config.py:17", Place("config.py", 17)),
        ("./server/config.py:17:3", Place("server/config.py", 17)),
        ("server/core", Place("server/core", None)),
    ],
)
def test_paths(text: str, place: Place) -> None:
    query = parse_query(text)
    assert query.kind == "place"
    assert query.places == (place,)


def test_quoted_texts() -> None:
    assert parse_query('where is "no such file" printed').phrases == ("no such file",)


HOSTILE = [
    "a" * 1_000_000,
    "foo bar " * 125_000,
    "a.b/" * 250_000,
    "x.x" * 330_000,
    "at a.b.c.d " * 90_000,
    'File "' * 160_000,
    "x" + "[(" * 500_000,
    " " * 999_999 + "x",
    "a-" * 500_000,
    "x\x00" * 500_000,
    "\n".join(f"  at f{i} (file{i}.js:{i}:1)" for i in range(30_000)),
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_megabyte_of_anything_takes_no_time(text: str) -> None:
    started = time.process_time()
    query = parse_query(text)
    assert time.process_time() - started < 1.0
    assert len(query.words) <= MAX_WORDS
    assert len(query.terms) <= 2 * MAX_WORDS


@settings(deadline=None, max_examples=150)
@given(st.text(max_size=300) | st.text(alphabet="abAB_.:/\\-\"'`()[]{}#>\n\t 0@", max_size=200))
def test_anything_is_taken_apart_or_refused(text: str) -> None:
    try:
        query = parse_query(text)
    except UsageError:
        return
    assert query.text
    assert query.meaning
    assert query.words or query.places or query.spellings
    assert all(term and not any(char.isspace() for char in term) for term in query.terms)


@pytest.mark.parametrize(
    "text",
    [
        "what's on line 17 of pkg/client.py",
        "line 17 in the file pkg/client.py?",
        "what does L17 of `pkg/client.py` do",
        "the 17th line of pkg/client.py",
        "Line 17, pkg/client.py",
        "explain line number 17 from 'pkg/client.py'",
        "what is on lines 17-20 of pkg/client.py?",
        "pkg/client.py lines 17 to 20",
        "pkg/client.py at line 17",
        "what is around pkg\\client.py:17-20?",
        "pkg/client.py#L17-L20",
        "pkg/client.py:17:5-20:1",
        "in pkg/client.py on line 17",
        "was steht in Zeile 17 der Datei pkg/client.py?",
        "que fait la ligne 17 de pkg/client.py ?",
        "¿qué hay en la línea 17 de pkg/client.py?",
    ],
)
def test_lines_in_words(text: str) -> None:
    assert [(place.path, place.line) for place in parse_query(text).places] == [("pkg/client.py", 17)]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("line 5 of Makefile", [("Makefile", 5)]),
        ("lines 3 and 17 of a/b.c", [("a/b.c", 3), ("a/b.c", 17)]),
        ("line 3 of `my notes.md`", [("my notes.md", 3)]),
        ("why does line 12 of the loop fail?", []),
        ("read 3 lines of text", []),
        ("pipeline 3 of a.py", [("a.py", None)]),
    ],
)
def test_lines_of_other_files(text: str, places: list[tuple[str, int | None]]) -> None:
    found = [(place.path, place.line) for place in parse_query(text).places]
    assert found[: len(places)] == places
    assert places or not found
