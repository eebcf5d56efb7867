"""Searching a small, really indexed project."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from glossator.errors import UsageError
from glossator.index.store import Filter
from glossator.retrieval.search import Hit, Searcher
from tests.unit.retrieval_samples import FILES, Project, make_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    made = make_project(tmp_path_factory.mktemp("search"), FILES)
    yield made
    made.store.close()


@pytest.fixture(scope="module")
def searcher(project: Project) -> Iterator[Searcher]:
    with Searcher(project.store, project.embedder) as opened:
        yield opened


def names(hits: list[Hit]) -> list[str]:
    return [hit.qualified_name for hit in hits]


@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("parse_config", "parse_config"),
        ("SessionStore", "SessionStore"),
        ("SessionStore.close", "SessionStore.close"),
        ("SessionStore::close()", "SessionStore.close"),
        ("retrypolicy", "RetryPolicy"),
        ("how is the configuration file read", "parse_config"),
        ("which token does a new session get", "SessionStore.create"),
        ("send a request again when the network fails", "HttpClient"),
        ("what does `shouldRetry` do", "RetryPolicy.shouldRetry"),
        ("what does SessionStore.create do", "SessionStore.create"),
        ("Wie wird die Konfigurationsdatei gelesen?", "parse_config"),
        ("when does a session time out", "SessionStore.user_of"),
    ],
)
def test_the_best_hit(searcher: Searcher, query: str, best: str) -> None:
    found = names(searcher.search(query))
    assert best in found[:2]


@pytest.mark.parametrize(
    ("query", "best"),
    [("parse_cofnig", "parse_config"), ("RetyrPolicy", "RetryPolicy"), ("sesion stroe", "SessionStore")],
)
def test_typing_errors_in_names(searcher: Searcher, query: str, best: str) -> None:
    assert best in names(searcher.search(query))[:2]


def test_a_hit_says_where_it_is_and_why(searcher: Searcher) -> None:
    hit = searcher.search("parse_config")[0]
    assert (hit.path, hit.start_line, hit.end_line, hit.kind) == ("server/config.py", 6, 20, "function")
    assert "defines `parse_config`" in hit.why
    assert "\n" not in hit.why


def test_hits_are_best_first_each_place_once(searcher: Searcher) -> None:
    hits = searcher.search("session", limit=50)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert len({hit.entry.id for hit in hits}) == len(hits)


def test_one_file_does_not_fill_the_list(searcher: Searcher) -> None:
    paths = [hit.path for hit in searcher.search("session of a user", limit=5)]
    assert len(set(paths)) >= 3


def test_a_test_comes_after_what_it_tests(searcher: Searcher) -> None:
    paths = [hit.path for hit in searcher.search("how is the configuration file read", limit=10)]
    assert paths.index("server/config.py") < paths.index("tests/test_config.py")


def test_filters_hold_for_everything_that_is_found(searcher: Searcher) -> None:
    for query in ("session", "parse_config", "how are requests sent again", "web/src/httpClient.ts:9"):
        assert all(hit.path.startswith("web/") for hit in searcher.search(query, 20, Filter(include=("web/**",))))
        assert all(hit.kind == "class" for hit in searcher.search(query, 20, Filter(kinds=("class",))))
        assert all(
            hit.entry.language == "typescript" for hit in searcher.search(query, 20, Filter(languages=("typescript",)))
        )
        assert not searcher.search(query, 20, Filter(exclude=("**",)))


TRACE = """Traceback (most recent call last):
  File "/srv/app/server/app.py", line 7, in main
    settings = parse_config(arguments[0])
  File "/srv/app/server/config.py", line 17, in parse_config
    raise ConfigError(f"line {number} has no value")
server.errors.ConfigError: line 3 has no value
"""


def test_the_frames_of_a_trace_come_first(searcher: Searcher) -> None:
    assert names(searcher.search(TRACE))[:2] == ["parse_config", "main"]


@pytest.mark.parametrize("query", ["server/session.py:31", "session.py:31", "error in server/session.py:31 again"])
def test_a_place_comes_first(searcher: Searcher, query: str) -> None:
    assert searcher.search(query)[0].qualified_name == "SessionStore.close"


def test_a_path_comes_first(searcher: Searcher) -> None:
    assert searcher.search("web/src/retryPolicy.ts")[0].path == "web/src/retryPolicy.ts"
    assert searcher.search("what is in server/errors.py")[0].path == "server/errors.py"


def test_a_path_alone_shows_what_is_in_the_file(searcher: Searcher) -> None:
    assert names(searcher.search("server/config.py"))[:2] == ["parse_config", "default_config"]
    assert names(searcher.search("session.py"))[:2] == ["SessionStore", "make_token"]


def test_the_function_of_a_frame_counts_more_than_its_line(searcher: Searcher) -> None:
    """The trace is of another version of the file."""
    trace = 'Traceback (most recent call last):\n  File "/app/server/session.py", line 2, in user_of\nKeyError: 1'
    assert names(searcher.search(trace))[0] == "SessionStore.user_of"
    unknown = trace.replace("user_of", "gone").replace("line 2", "line 14")
    assert names(searcher.search(unknown))[0] in ("SessionStore.__init__", "SessionStore")


@pytest.mark.parametrize("query", ["", "  ", "?!", "\x00"])
def test_an_empty_query_is_refused(searcher: Searcher, query: str) -> None:
    with pytest.raises(UsageError):
        searcher.search(query)


@pytest.mark.parametrize(
    "query",
    [
        "x" * 1_000_000,
        "session " * 125_000,
        '"unclosed AND (session OR *) NOT ^config~2 path:[a TO b]',
        "'; DROP TABLE entries; --",
        "session\x00\x01 store",
        "the of and",
        "\ud800 session",
        "配置",
        '+-&&||!(){}[]^"~*?:\\/ session',
        "\n".join(f"  at f{i} (file{i}.js:{i}:1)" for i in range(3000)),
    ],
    ids=range(10),
)
def test_no_query_breaks_the_search(searcher: Searcher, query: str) -> None:
    assert isinstance(searcher.search(query), list)


def test_a_limit_below_one_is_refused(searcher: Searcher) -> None:
    with pytest.raises(UsageError):
        searcher.search("session", 0)


def test_an_unsaved_buffer_replaces_its_file(project: Project, searcher: Searcher) -> None:
    text = "def read_settings(path):\n    '''Read the configuration file in its new format.'''\n    return load(path)\n"
    overlay = {"server/config.py": project.update_of("server/config.py", text)}
    hits = searcher.search("how is the configuration file read", overlay=overlay)
    own = [hit for hit in hits if hit.path == "server/config.py"]
    assert [hit.qualified_name for hit in own] == ["read_settings"]
    assert own[0].entry.id < 0
    assert searcher.search("read_settings", overlay=overlay)[0].qualified_name == "read_settings"
    assert "parse_config" not in names(searcher.search("parse_config", overlay=overlay))
    assert searcher.search("config.py:2", overlay=overlay)[0].qualified_name == "read_settings"


def test_a_new_unsaved_file_is_found(project: Project, searcher: Searcher) -> None:
    overlay = {"server/cache.py": project.update_of("server/cache.py", "class PageCache:\n    '''Keeps pages.'''\n")}
    assert searcher.search("where are pages kept", overlay=overlay)[0].path == "server/cache.py"
    assert all(hit.path != "server/cache.py" for hit in searcher.search("where are pages kept"))


def test_what_is_committed_is_found_and_what_is_deleted_is_not(tmp_path: Path) -> None:
    project = make_project(tmp_path, dict(FILES))
    with project.store, Searcher(project.store, project.embedder) as searcher:
        assert not [hit for hit in searcher.search("frobnicate") if hit.name == "frobnicate"]
        project.write({"server/new.py": "def frobnicate():\n    return 1\n"})
        assert searcher.search("frobnicate")[0].path == "server/new.py"
        project.store.commit([], ["server/new.py"])
        assert not [hit for hit in searcher.search("frobnicate") if hit.path == "server/new.py"]


def test_the_folder_of_an_old_version_comes_after_that_of_the_new_one(tmp_path: Path) -> None:
    source = "export function parseSchema(text: string) {\n  return text;\n}\n"
    project = make_project(tmp_path, {"src/v3/schema.ts": source, "src/v4/schema.ts": source})
    with project.store, Searcher(project.store, project.embedder) as searcher:
        assert [hit.path for hit in searcher.search("parseSchema")] == ["src/v4/schema.ts", "src/v3/schema.ts"]
        project.store.commit([], ["src/v4/schema.ts"])
        assert [hit.path for hit in searcher.search("parseSchema")] == ["src/v3/schema.ts"]


def test_an_empty_index_has_no_hits(tmp_path: Path) -> None:
    project = make_project(tmp_path, {})
    with project.store, Searcher(project.store, project.embedder) as searcher:
        assert searcher.search("anything at all") == []


def test_a_long_definition_is_shown_by_its_best_window(tmp_path: Path) -> None:
    lines = [f"    step_{i} = prepare({i})" for i in range(300)]
    lines[220] = "    rollback_transaction(step_219)  # undo the payment when the card is refused"
    project = make_project(tmp_path, {"pay.py": "def charge(card):\n" + "\n".join(lines) + "\n"})
    with project.store, Searcher(project.store, project.embedder) as searcher:
        hit = searcher.search("undo the payment when the card is refused")[0]
        assert hit.qualified_name == "charge"
        assert hit.start_line <= 222 <= hit.end_line
        assert hit.end_line - hit.start_line < 200


def test_searches_from_many_threads(searcher: Searcher) -> None:
    expected = names(searcher.search("session token"))
    results: list[list[str]] = []
    threads = [
        threading.Thread(target=lambda: results.append(names(searcher.search("session token")))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 8
