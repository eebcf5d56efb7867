"""What the command line answers about a project that stays as it is: real processes, one real index, no model."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import PROJECT, Ran, command_line, write_tree

Cli = Callable[..., Ran]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small project. Nothing may be written to it."""
    return write_tree(tmp_path_factory.mktemp("answers") / "project", PROJECT)


@pytest.fixture(scope="module")
def glossator(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    """Runs the command line; the first command that needs the index makes it."""
    return command_line(tmp_path_factory.mktemp("answers") / "indexes")


def told(ran: Ran) -> list[str]:
    """Lines on stderr, without the one that says that indexing took its time."""
    return [line for line in ran.err.splitlines() if line and not line.startswith("index brought up to date")]


def test_search_finds_with_lines_and_reasons(glossator: Cli, project: Path) -> None:
    found = glossator("search", "--root", project, "--json", "-k", "3", "put an article into the cart")
    assert found.status == 0, found.err
    hits = found.json["hits"]
    assert 0 < len(hits) <= 3
    assert set(hits[0]) == {"path", "start_line", "end_line", "kind", "name", "qualified_name", "score", "why"}
    best = hits[0]
    assert best["path"] == "shop/cart.py"
    assert any(hit["qualified_name"].endswith("add_article") for hit in hits)
    lines = (project / best["path"]).read_text("utf-8").splitlines()
    assert 1 <= best["start_line"] <= best["end_line"] <= len(lines)
    assert isinstance(found.json["seconds"], float)


def test_search_as_text_names_places(glossator: Cli, project: Path) -> None:
    found = glossator("search", "--root", project, "add_tax")
    assert found.status == 0
    assert re.match(r"shop/money\.py:\d+-\d+  function add_tax\n", found.out)


def test_many_queries_in_one_run(glossator: Cli, project: Path, tmp_path: Path) -> None:
    queries = tmp_path / "queries.jsonl"
    queries.write_text(
        '{"id": "a", "query": "add_tax"}\n\n'
        '{"id": 7, "query": "where is the basket drawn?"}\n'
        '{"id": "e", "query": "é"}\n',
        "utf-8",
    )
    ran = glossator("search", "--root", project, "--queries", queries, "--json")
    assert ran.status == 0, ran.err
    answers = [json.loads(line) for line in ran.out.splitlines()]
    assert [answer["id"] for answer in answers] == ["a", 7, "e"]
    assert answers[0]["hits"][0]["path"] == "shop/money.py"
    assert answers[1]["hits"][0]["path"] == "web/basket.ts"
    assert all(answer["seconds"] >= 0 for answer in answers)


def test_scope_is_applied_before_the_search(glossator: Cli, project: Path) -> None:
    hits = glossator("search", "--root", project, "--json", "--include", "web/**", "cart").json["hits"]
    assert {hit["path"] for hit in hits} == {"web/basket.ts"}
    hits = glossator("search", "--root", project, "--json", "--language", "python", "--kind", "class", "cart").json
    assert hits["hits"]
    assert all(hit["kind"] == "class" and hit["path"].endswith(".py") for hit in hits["hits"])


@pytest.mark.parametrize(
    "text", ["what's on line 14 of shop/cart.py", "cart.py line 14?", "shop/cart.py:14", "L14 of cart.py"]
)
def test_a_line_leads_to_the_definition_there(glossator: Cli, project: Path, text: str) -> None:
    hit = glossator("search", "--root", project, "--json", text).json["hits"][0]
    assert hit["qualified_name"] == "Cart.add_article"
    answer = glossator("ask", "--root", project, "--json", text).json["answer"]
    assert answer.startswith("**Method `Cart.add_article`** in `shop/cart.py:12`")


def test_what_nothing_uses_as_json(glossator: Cli, tmp_path: Path) -> None:
    root = write_tree(tmp_path / "shop", {"a.py": "def _spare():\n    return 1\n\n\ndef main():\n    return 1\n"})
    found = glossator("ask", "--root", root, "--json", "which functions are never used?").json
    assert found["unused"] == [
        {
            "path": "a.py",
            "line": 1,
            "kind": "function",
            "name": "_spare",
            "qualified_name": "_spare",
            "end_line": 2,
            "visibility": "file",
            "test": False,
            "members": 0,
        }
    ]
    assert (found["examined"], found["not_examined"]) == (2, 0)
    assert [one["qualified_name"] for one in found["citations"]] == ["_spare"]
    assert "unused" not in glossator("ask", "--root", root, "--json", "who calls main?").json


@pytest.mark.parametrize(
    "target", ["shop/cart.py:14:9", "shop/cart.py#L14-L15", "shop/cart.py:14-16", "Cart::add_article", "add_article()"]
)
def test_explain_takes_what_people_paste(glossator: Cli, project: Path, target: str) -> None:
    ran = glossator("explain", "--root", project, "--json", target)
    assert ran.status == 0, ran.err
    assert ran.json["answer"].startswith("**Method `Cart.add_article`** in `shop/cart.py:12`")


def test_explain_a_file(glossator: Cli, project: Path) -> None:
    answer = glossator("explain", "--root", project, "--json", "shop/money.py").json
    assert "Amounts of money." in answer["answer"]
    assert "`Money`, `add_tax`" in answer["answer"]
    assert answer["citations"][0]["path"] == "shop/money.py"


def test_ask_without_a_model_answers_from_the_index(glossator: Cli, project: Path) -> None:
    ran = glossator("ask", "--root", project, "--json", "How is the tax added to an amount?")
    assert ran.status == 0, ran.err
    answer = ran.json
    assert set(answer) == {"answer", "citations", "model", "finish_reason", "usage"}
    assert answer["finish_reason"] == "evidence"
    assert answer["model"] == ""
    assert "add_tax" in answer["answer"]
    assert answer["citations"]
    cited = answer["citations"][0]
    assert set(cited) == {"path", "start_line", "end_line", "qualified_name"}
    text = "".join(
        "\n".join((project / c["path"]).read_text("utf-8").splitlines()[c["start_line"] - 1 : c["end_line"]])
        for c in answer["citations"]
    )
    assert "def add_tax" in text


SYMBOL = {"path", "line", "kind", "name", "qualified_name"}


def test_uses_as_json(glossator: Cli, project: Path) -> None:
    ran = glossator("uses", "--root", project, "--json", "Cart.total", "--depth", "2", "--callees")
    assert ran.status == 0, ran.err
    assert set(ran.json) == {"name", "symbols", "seconds"}
    (symbol,) = ran.json["symbols"]
    counts = {"unread_files": 0, "unused": False, "overridden_by": [], "overrides": []}
    lists = {"uses", "callers", "callers_complete", "callees"}
    assert set(symbol) == SYMBOL | {"end_line"} | lists | set(counts)
    assert {name: symbol[name] for name in counts} == counts
    assert (symbol["path"], symbol["line"], symbol["kind"]) == ("shop/cart.py", 18, "method")
    for use in symbol["uses"]:
        assert set(use) == {"path", "line", "column", "kind", "grade", "symbol", "test", "code"}
        line = (project / use["path"]).read_text("utf-8").splitlines()[use["line"] - 1]
        assert line.strip() == use["code"]
        assert line[use["column"] - 1 :].startswith("total")
    calls = {(use["path"], use["symbol"], use["test"]) for use in symbol["uses"]}
    assert calls == {
        ("shop/checkout.py", "place_order", False),
        ("tests/test_cart.py", "test_total_includes_tax", True),
    }
    assert {"place_order", "test_total_includes_tax"} == {caller["qualified_name"] for caller in symbol["callers"]}
    assert all(set(caller) == SYMBOL | {"depth", "calls", "places"} for caller in symbol["callers"])
    assert "add_tax" in {used["qualified_name"] for used in symbol["callees"]}
    assert all(set(used) == SYMBOL | {"kinds", "grade", "lines"} for used in symbol["callees"])


def test_uses_of_one_kind_and_in_one_file(glossator: Cli, project: Path) -> None:
    ran = glossator("uses", "--root", project, "--json", "Money", "--kind", "import", "--path", "shop/money.py")
    (symbol,) = ran.json["symbols"]
    assert {use["kind"] for use in symbol["uses"]} == {"import"}
    missing = glossator("uses", "--root", project, "Money", "--path", "shop/cart.py")
    assert missing.status == 1
    (line,) = told(missing)
    assert line.startswith("glossator: shop/cart.py defines no 'Money'; did you mean `Money` (shop/money.py:7)?")


def test_uses_of_the_symbol_at_a_place(glossator: Cli, project: Path) -> None:
    for place, name in (
        ("shop/cart.py:20", "Cart.total"),
        ("shop/cart.py:23:16", "add_tax"),
        ("shop/cart.py:18:9", "Cart.total"),
    ):
        (symbol,) = glossator("uses", "--root", project, "--json", place).json["symbols"]
        assert symbol["qualified_name"] == name, place
    nothing = glossator("uses", "--root", project, "shop/cart.py:1")
    assert (nothing.status, told(nothing)) == (1, ["glossator: there is no symbol at shop/cart.py:1"])


def test_questions_about_uses_need_no_model(glossator: Cli, project: Path) -> None:
    answer = glossator("ask", "--root", project, "--json", "who calls add_tax?").json
    assert answer["finish_reason"] == "evidence"
    assert "is called in 1 place" in answer["answer"]
    cited = {(item["path"], item["start_line"], item["end_line"]) for item in answer["citations"]}
    assert ("shop/cart.py", 23, 23) in cited


def test_explain_by_place_and_by_name(glossator: Cli, project: Path) -> None:
    by_place = glossator("explain", "--root", project, "--json", "shop/money.py:20").json
    by_name = glossator("explain", "--root", project, "--json", "Cart.total").json
    assert "add_tax" in by_place["answer"]
    assert by_place["citations"][0]["path"] == "shop/money.py"
    assert "Cart.total" in by_name["answer"]
    assert any(c["path"] == "shop/checkout.py" for c in by_name["citations"])  # a caller


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (("search", "--root", "{missing}", "x"), 1, "does not exist"),
        (("search", "--root", "{file}", "x"), 1, "folder"),
        (("search", "--root", "{project}", ""), 2, "empty"),
        (("search", "--root", "{project}"), 2, "QUERY"),
        (("search", "--root", "{project}", "--queries", "{missing}", "--json"), 2, "cannot read"),
        (("search", "--root", "{project}", "--kind", "gizmo", "x"), 2, "gizmo"),
        (("explain", "--root", "{project}", "no_such_name"), 1, "no_such_name"),
        (("explain", "--root", "{project}", "shop/none.py:3"), 1, "shop/none.py"),
        (("ask", "--root", "{project}", "--model", "{missing}", "why?"), 1, "missing"),
        (("frobnicate",), 2, "frobnicate"),
        ((), 2, "COMMAND"),
    ],
)
def test_mistakes_are_told_in_one_line(
    glossator: Cli, project: Path, tmp_path: Path, arguments: tuple[str, ...], status: int, says: str
) -> None:
    file = tmp_path / "one.txt"
    file.write_text("text", "utf-8")
    places = {"missing": tmp_path / "missing", "file": file, "project": project}
    ran = glossator(*(argument.format(**places) for argument in arguments))
    assert ran.status == status, ran.err
    assert ran.out == ""
    assert says in ran.err
    assert "Traceback" not in ran.err
    assert status == 2 or len(told(ran)) == 1


@pytest.mark.parametrize(
    "query",
    [
        "' OR 1=1 --",
        'title:"x" AND (',
        "NEAR/3 ~ ^ * ?",
        "\\",
        "%%__",
        "\x01\x02",
        "ä" * 50,
        "a " * 500_000,
        "😀",
        "...",
    ],
    ids=lambda query: repr(query[:12]),
)
def test_any_query_is_survived(glossator: Cli, project: Path, tmp_path: Path, query: str) -> None:
    queries = tmp_path / "q.jsonl"
    queries.write_text(json.dumps({"id": 1, "query": query}) + "\n", "utf-8")
    ran = glossator("search", "--root", project, "--queries", queries, "--json")
    assert ran.status == 0, ran.err
    assert isinstance(ran.json["hits"], list)
    alone = glossator("search", "--root", project, "--json", "--", query[:1000].replace("\0", ""))
    assert alone.status in (0, 2), alone.err
    assert alone.status == 0 or len(told(alone)) == 1


def test_an_answer_of_the_index_tells_how_to_get_a_model(glossator: Cli, project: Path, tmp_path: Path) -> None:
    models = {"GLOSSATOR_MODELS_DIR": str(tmp_path / "models")}
    told = glossator("ask", "--root", project, "How is the tax added?", env=models).out
    assert "glossator models list" in told.splitlines()[-1]
    told = glossator("ask", "--root", project, "--no-model", "How is the tax added?", env=models).out
    assert "without a language model" in told
    assert "models list" not in told


def test_the_doctor_warns_that_there_is_no_model(glossator: Cli, project: Path, tmp_path: Path) -> None:
    models = {"GLOSSATOR_MODELS_DIR": str(tmp_path / "models")}
    ran = glossator("doctor", "--root", project, env=models)
    assert ran.status == 0, ran.out
    assert "warn  chat model: none is installed" in ran.out
    assert "better: glossator models" in ran.out
    assert "FAIL" not in ran.out
    checks = {check["check"]: check for check in glossator("doctor", "--root", project, "--json", env=models).json}
    assert (checks["chat model"]["ok"], checks["chat model"]["warning"]) == (False, True)
    ran = glossator("doctor", "--root", project, env={**models, "GLOSSATOR_MODEL": str(tmp_path / "absent.gguf")})
    assert ran.status == 1
    assert "FAIL  chat model" in ran.out
