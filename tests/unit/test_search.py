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


@pytest.mark.parametrize(
    "query",
    [
        "server/session.py:31",
        "session.py:31",
        "error in server/session.py:31 again",
        "what's on line 31 of server/session.py",
        "what is at session.py line 31?",
    ],
)
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


@pytest.mark.parametrize("folder", ["unstable", "internal", "legacy", "compat", "src/experimental", "lib/compat-core"])
def test_a_project_s_core_is_not_behind_for_its_folder_s_name(tmp_path: Path, folder: str) -> None:
    core = "\n\n".join(
        f'def {name}(job, queue):\n    """{name.title()} a job of the queue."""\n    return queue.{name}(job)'
        for name in ("schedule", "cancel", "retry")
    )
    files = {
        f"{folder}/scheduler.py": f'"""Schedules jobs: the queue, its workers and their retries."""\n\n{core}\n',
        f"{folder}/worker.py": "def work(queue):\n    return queue.next()\n",
        "tool/report.py": "def report(jobs):\n    # how a job is scheduled is not our business\n    print(jobs)\n",
        "tool/colours.py": "RED = 1\n",
        "tests/test_scheduler.py": "def test_schedule():\n    assert schedule('job', Queue())\n",
    }
    project = make_project(tmp_path, files)
    with project.store, Searcher(project.store, project.embedder) as searcher:
        for query in ("how are jobs scheduled?", "schedule", "where is a job of the queue cancelled"):
            assert searcher.search(query)[0].path == f"{folder}/scheduler.py"


@pytest.mark.parametrize("query", ["legacy codec", "decode_v1", "where does the legacy codec decode bytes"])
def test_compatibility_code_comes_first_when_it_is_asked_for(tmp_path: Path, query: str) -> None:
    files = {f"src/part{number}.py": f"def part{number}(data):\n    return data\n" for number in range(8)}
    files["src/codec.py"] = 'def decode(data):\n    """Decode bytes by the codec."""\n    return bytes(data)\n'
    old = 'def decode_v1(data):\n    """Decode bytes by the old codec."""\n    return data\n'
    files["src/legacy/codec.py"] = old
    project = make_project(tmp_path, files)
    with project.store, Searcher(project.store, project.embedder) as searcher:
        assert searcher.search(query)[0].path == "src/legacy/codec.py"


@pytest.mark.parametrize(
    ("passing", "source", "using", "use"),
    [
        (
            "shop/__init__.py",
            "from vendor.money import Amount\n\n__all__ = ['Amount']\n",
            "shop/basket.py",
            "from shop import Amount\n\n\ndef total(prices):\n    return Amount(sum(prices)) + Amount(0)\n",
        ),
        (
            "src/index.ts",
            "export { Amount } from 'vendor-money';\n",
            "src/basket.ts",
            "import { Amount } from './index';\n\nexport function total() {\n  return new Amount(1);\n}\n",
        ),
    ],
)
def test_a_name_defined_elsewhere_leads_to_its_re_export(
    tmp_path: Path, passing: str, source: str, using: str, use: str
) -> None:
    notes = "# Amount\n\nAmount, Amount, Amount.\n"
    project = make_project(tmp_path, {passing: source, using: use, "notes.md": notes})
    with project.store, Searcher(project.store, project.embedder) as searcher:
        best = searcher.search("Amount")[0]
        assert best.path == passing
        assert best.why == "passes on the name, which is defined elsewhere"


SPELLED = {
    "pool.py": '''class Pool:
    def __init__(self, size):
        self.init(size)

    def init(self, size):
        """Set the pool up."""
        self.size = size

    def release(self, connection):
        """Release a connection to the pool: what calls release again gets it."""
        self._release(connection)
        return self.release_(connection)

    def _release(self, connection):
        connection.used = False

    def release_(self, connection):
        return connection


def cached(f):
    return f
''',
    "account.rb": """class Account
  # Saves the account, valid or not.
  def save
    valid
  end

  def save!
    raise unless valid?
  end

  # Valid accounts are saved.
  def valid
    @valid
  end

  def valid?
    true
  end

  def ==(other)
    id == other.id
  end
end
""",
    "lib/store.ex": """defmodule Store do
  @doc "Fetches a key from the store."
  def fetch(key), do: key

  def fetch!(key) do
    fetch(key)
  end
end
""",
    "core.clj": """(defn reset [x] x)
(defn reset! [x] (reset x))
(defn empty? [xs] (zero? xs))
(def ^:dynamic *depth* 1)
""",
    "list.rs": """macro_rules! list {
    () => {};
}

/// A list of things.
fn list(things: Things) -> List {
    things
}
""",
    "point.cpp": """struct Point {
  int x;
  // the operator that compares
  bool operator==(const Point& other) const { return x == other.x; }
  bool operator!=(const Point& other) const { return x != other.x; }
};
""",
    "view.js": """class View {
  /** Renders the view: render it again. */
  render() { return this.#render(); }
  #render() { return 1; }
}
function $scope() { return 1; }
/** The scope: what scope is in scope. */
function scope() { return 2; }
""",
    "parse.go": """package parse

// parse parses: what parse does is to parse.
func parse(text string) int { return 1 }

func Parse(text string) int { return parse(text) }
""",
}


@pytest.fixture(scope="module")
def spelled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    made = make_project(tmp_path_factory.mktemp("spelled"), SPELLED)
    with made.store, Searcher(made.store, made.embedder) as opened:
        yield opened


@pytest.mark.parametrize("by_symbol", [False, True], ids=["search", "ask"])
@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("what calls _release?", "Pool._release"),
        ("_release", "Pool._release"),
        ("who uses `_release`", "Pool._release"),
        ('what is "_release" for', "Pool._release"),
        ("what calls release?", "Pool.release"),
        ("what does release_ return", "Pool.release_"),
        ("Pool._release", "Pool._release"),
        ("what does Pool._release() do?", "Pool._release"),
        ("__init__", "Pool.__init__"),
        ("what does __init__ of the pool do", "Pool.__init__"),
        ("what is init for?", "Pool.init"),
        ("what does @cached do", "cached"),
        ("what does save! do", "Account.save!"),
        ("save!", "Account.save!"),
        ("valid?", "Account.valid?"),
        ("what calls valid?", "Account.valid?"),
        ("what is `valid` for", "Account.valid"),
        ("Account#valid?", "Account.valid?"),
        ("what does Account#save! raise", "Account.save!"),
        ("what does `==` of Account compare", "Account.=="),
        ("`==`", "Account.=="),
        ("what does fetch! do", "Store.fetch!"),
        ("Store.fetch!(key)", "Store.fetch!"),
        ("where is empty? defined", "empty?"),
        ("reset!", "reset!"),
        ("*depth*", "*depth*"),
        ("what does vec! or list! expand to", "list"),
        ("operator==", "Point.operator=="),
        ("what does operator != do", "Point.operator!="),
        ("Point::operator==", "Point.operator=="),
        ("#render", "View.#render"),
        ("what does #render return?", "View.#render"),
        ("what is $scope", "$scope"),
        ("Parse", "Parse"),
        ("what does `Parse` do", "Parse"),
        ("who calls Parse?", "Parse"),
        ("parse", "parse"),
        ("what does 'parse' do", "parse"),
    ],
)
def test_a_name_spelled_exactly_comes_first(spelled: Searcher, query: str, best: str, by_symbol: bool) -> None:
    first = spelled.search(query, 5, by_symbol=by_symbol)[0]
    assert first.qualified_name == best
    if "list!" in query:
        assert first.kind == "macro"


def test_an_exact_name_is_found_far_from_what_else_matches(tmp_path: Path) -> None:
    noise = {f"release_{n}.py": f'def release(item):\n    """Release {n}: release the item."""\n' for n in range(40)}
    project = make_project(tmp_path, {**noise, "tests/deep/er/x.py": "def _release():\n    pass\n"})
    with project.store, Searcher(project.store, project.embedder) as searcher:
        assert searcher.search("what calls _release?", 1)[0].name == "_release"
        assert searcher.search("who uses release", 3)[0].name == "release"


def test_an_operator_that_is_not_defined_finds_nothing(spelled: Searcher) -> None:
    assert spelled.search("`<=>`") == []


def test_names_of_several_words(tmp_path: Path) -> None:
    files = {
        "Sum.kt": "class Sum {\n  fun `adds two numbers`() { add() }\n\n  fun addsTwoNumbers() { add() }\n}\n",
        "cart.test.js": "it('adds two articles', () => { add(1) })\nfunction addsTwoArticles() { return 2 }\n",
    }
    with make_project(tmp_path, files) as project, Searcher(project.store, project.embedder) as searcher:
        assert searcher.search("`adds two numbers`")[0].name == "adds two numbers"
        assert searcher.search('what fails in "adds two articles"?')[0].name == "adds two articles"


def test_a_name_in_a_long_text_does_not_come_first(spelled: Searcher) -> None:
    text = (
        "We parse a point from the text that a view of the account shows, and compare it with another point by its x,"
        " which fails in some views as described below, long after _release was called for all connections."
    )
    assert not any(hit.exact for hit in spelled.search(text))


def test_signs_that_no_definition_has_change_nothing(spelled: Searcher) -> None:
    plain = [hit.entry.id for hit in spelled.search("where is a connection released")]
    assert [hit.entry.id for hit in spelled.search("where is a connection released?")] == plain
    assert not any(hit.exact for hit in spelled.search("is a connection (really) released?!"))


def test_an_unsaved_name_is_spelled_exactly_too(tmp_path: Path) -> None:
    project = make_project(tmp_path, SPELLED)
    with project.store, Searcher(project.store, project.embedder) as searcher:
        overlay = {"new.rb": project.update_of("new.rb", "def close\n  1\nend\n\ndef close!\n  2\nend\n")}
        assert searcher.search("what calls close!", overlay=overlay)[0].name == "close!"


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


def test_files_with_equal_contents_come_in_the_order_of_their_paths(tmp_path: Path) -> None:
    """Whatever order worker processes were done in: two indexes of one tree give equal lists."""
    copies = {f"{folder}/{path}": text for path, text in FILES.items() for folder in ("m", "b", "x", "a")}
    orders = [sorted(copies), sorted(copies, reverse=True), sorted(copies, key=lambda path: path[::-1])]
    queries = ["parse_config", "SessionStore.close", "how is the configuration file read", "retry when it fails"]
    found = []
    for number, order in enumerate(orders):
        (tmp_path / str(number)).mkdir()
        made = make_project(tmp_path / str(number), {})
        made.write({path: copies[path] for path in order})
        with made.store, Searcher(made.store, made.embedder) as opened:
            hits = [opened.search(query, 10) for query in queries]
        found.append([[(hit.path, hit.start_line, hit.qualified_name) for hit in one] for one in hits])
    assert found[1] == found[0]
    assert found[2] == found[0]
    for one in found[0]:
        assert len(one) == 10


def test_of_more_equal_entries_than_are_ranked_paths_decide(tmp_path: Path) -> None:
    """Where a search cuts among entries of the same score, the same ones are left in every index of the tree."""
    text = "def split_amount(total: int, parts: int) -> list[int]:\n    return [total // parts] * parts\n"
    copies = {f"{number * 37 % 400:03}/amounts.py": text for number in range(400)}
    queries = ["how is an amount split into parts", "split_amount", "total divided by parts"]
    found = []
    for number, order in enumerate([sorted(copies), sorted(copies, reverse=True), list(copies)]):
        (tmp_path / str(number)).mkdir()
        made = make_project(tmp_path / str(number), {})
        made.write({path: copies[path] for path in order})
        with made.store, Searcher(made.store, made.embedder) as opened:
            found.append([[(hit.path, hit.start_line) for hit in opened.search(query, 10)] for query in queries])
    assert found[1] == found[0]
    assert found[2] == found[0]
    for hits in found[0]:
        assert len(hits) == 10


def test_what_an_idle_index_forgets_is_found_out_again(searcher: Searcher) -> None:
    queries = ("sum of the prices in the cart", "Cart", "load_settings", "path_utils.py")
    before = [searcher.search(query, 8) for query in queries]
    corpus = searcher.corpus
    assert corpus._paths
    assert any(one.packed_centroid for one in corpus.files.values())
    with searcher.searching:
        searcher.release_memory()  # a search runs
    assert corpus._paths
    searcher.release_memory()
    found_out = (corpus._paths, corpus._rarity, corpus._homes, corpus._definitions, corpus._first_named)
    assert not any(found_out)
    assert {(one.packed_centroid, one._static, one._words) for one in corpus.files.values()} == {(None, None, None)}
    assert [searcher.search(query, 8) for query in queries] == before
