"""Finding what a problem report is about, in a small, really indexed project."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glossator.errors import UsageError
from glossator.index.store import Filter
from glossator.retrieval.report_search import (
    DEFINITION_SIGNALS,
    FILES_SEEN_FIRST,
    ReportSearch,
    from_several_files,
    report_weights,
    search_report,
)
from glossator.retrieval.reports import read_report
from glossator.retrieval.search import Hit, Searcher
from tests.unit.retrieval_samples import FILES, Project, make_project

if TYPE_CHECKING:
    from collections.abc import Iterator

VALUELESS = """Reading a file with a key that has no value says the wrong line

### Steps to reproduce

I have a configuration file whose third line is `port`, without a value, and a comment with blank lines above it. The
number of the line in the message does not fit what my editor shows me.

```python
from server.app import main
main(["a.conf"])
```

```
Traceback (most recent call last):
  File "/srv/env/lib/python3.11/site-packages/server/app.py", line 7, in main
    settings = parse_config(arguments[0]) if arguments else default_config()
  File "/srv/env/lib/python3.11/site-packages/server/config.py", line 19, in parse_config
    raise ConfigError(f"line {number} has no value")
server.errors.ConfigError: line 5 has no value
```

### Environment

Python: 3.11.4
"""
IMPATIENT = """Requests are repeated without any pause when the network is down

My phone was in a tunnel, and the log shows that the client sent the same thing five times within a few milliseconds.
I expected it to wait longer after each failure. We use `HttpClient` with the defaults, nothing special, in a page that
polls every minute. The wait seems to be zero whenever the base is not set.
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    made = make_project(tmp_path_factory.mktemp("reports"), FILES)
    yield made
    made.store.close()


@pytest.fixture(scope="module")
def searcher(project: Project) -> Iterator[Searcher]:
    with Searcher(project.store, project.embedder) as opened:
        yield opened


def found(searcher: Searcher, text: str, limit: int = 10, where: Filter | None = None) -> list[Hit]:
    hits = search_report(searcher, text, limit, where)
    assert hits is not None
    return hits


def test_the_function_of_a_trace_comes_before_what_called_it_and_before_tests(searcher: Searcher) -> None:
    hits = found(searcher, VALUELESS)
    names = [hit.qualified_name for hit in hits]
    assert names[0] == "parse_config"
    assert names.index("parse_config") < names.index("main")
    assert not hits[0].path.startswith("tests/")
    assert hits[0].why.startswith("in the trace")


def test_what_prose_describes_is_found_without_its_name(searcher: Searcher) -> None:
    hits = found(searcher, IMPATIENT)
    assert "web/src/retryPolicy.ts" in [hit.path for hit in hits[:6]]
    assert hits[0].path.startswith("web/src/")


def test_a_class_is_known_to_hold_the_best_methods(searcher: Searcher) -> None:
    report = read_report(IMPATIENT)
    assert report is not None
    search = ReportSearch(searcher, report)
    with searcher.searching:
        files = search.files()
        found = search.definitions(files, report_weights().file_scores(files.signals))
    held = found.signals[:, DEFINITION_SIGNALS.index("holds_best")]
    holding = {entry.qualified_name for entry, value in zip(found.entries, held, strict=True) if value > 0}
    assert "HttpClient" in holding
    scopes = {entry.qualified_name.rpartition(".")[0] for entry in found.entries}
    assert holding <= scopes


def test_each_definition_is_found_once_best_first(searcher: Searcher) -> None:
    for text in (VALUELESS, IMPATIENT):
        hits = found(searcher, text, 50)
        assert len({hit.entry.id for hit in hits}) == len(hits)
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_filters_hold(searcher: Searcher) -> None:
    assert {hit.path for hit in found(searcher, VALUELESS, where=Filter(include=("web/**",)))} <= {
        "web/src/httpClient.ts",
        "web/src/retryPolicy.ts",
    }
    assert all(hit.kind == "class" for hit in found(searcher, IMPATIENT, where=Filter(kinds=("class",))))
    assert not [hit for hit in found(searcher, VALUELESS, where=Filter(exclude=("server/",))) if "server" in hit.path]


def test_an_unsaved_buffer_replaces_its_file(project: Project) -> None:
    source = FILES["server/config.py"].replace("parse_config", "read_settings")
    view = project.view({"server/config.py": source})
    assert view.snapshot is not None
    hits = view.snapshot.search(VALUELESS, 20)
    assert "read_settings" in [hit.name for hit in hits if hit.path == "server/config.py"]
    assert "parse_config" not in [hit.name for hit in hits if hit.path == "server/config.py"]


def test_the_function_of_a_frame_is_found_in_the_file_where_it_is_now(searcher: Searcher) -> None:
    hits = found(searcher, VALUELESS.replace("server/config.py", "server/settings_reader.py"))
    assert hits[0].name == "parse_config"


def test_a_question_is_no_report_and_a_report_without_a_limit_is_refused(searcher: Searcher) -> None:
    assert search_report(searcher, "how is the configuration read?", 5) is None
    with pytest.raises(UsageError):
        search_report(searcher, VALUELESS, 0)


def test_a_snapshot_takes_reports_apart(project: Project) -> None:
    snapshot = project.view().snapshot
    assert snapshot is not None
    assert snapshot.search(VALUELESS, 3)[0].why.startswith("in the trace")
    assert snapshot.search("parse_config", 1)[0].name == "parse_config"


def test_the_first_hits_come_from_several_files() -> None:
    homes = [0] * 12 + [1, 1, 2, 3, 4]
    order = from_several_files(list(range(17)), homes)
    assert sorted(order) == list(range(17))
    assert len({homes[i] for i in order[:10]}) == FILES_SEEN_FIRST
    assert order[:7] == list(range(7))
    assert from_several_files([0, 1, 2], [0, 0, 0]) == [0, 1, 2]
