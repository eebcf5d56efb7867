"""What every command shows, on wide and narrow terminals, on ones that can do little, and in the C locale."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import gguf_files
from tests.conftest import PROJECT, write_tree
from tests.hub_server import Hub
from tests.terminal.conftest import GLOSSATOR, Indexed, user_folders
from tests.terminal.emulator import Terminal

OnTerminal = Callable[..., Terminal]
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Kind:
    """A kind of terminal."""

    columns: int
    environment: dict[str, str]


KINDS = {
    "wide": Kind(100, {}),
    "narrow": Kind(40, {}),
    "dumb": Kind(100, {"TERM": "dumb"}),
    "narrow and dumb": Kind(40, {"TERM": "dumb"}),
    "no colour": Kind(40, {"NO_COLOR": "1"}),
    "C locale": Kind(100, {"LANG": "C"}),
}


def check(shown: Terminal, kind: Kind, *, status: int = 0) -> str:
    """End the program and see that it has left a readable screen and the terminal as it was; returns the text."""
    assert shown.wait() == status, shown.text
    text = shown.text
    assert "Traceback" not in text
    assert not shown.cursor_hidden
    assert shown.modes == shown.modes_before
    for line in shown.screen.wrapped:
        # Only what cannot be broken may be wider than the terminal: a path, a hash.
        assert " " not in line.strip(), f"not wrapped: {line!r}\n{text}"
    if kind.environment.get("TERM") == "dumb":
        assert b"\x1b" not in shown.raw
    if "NO_COLOR" in kind.environment:
        assert not shown.colored
    if kind.environment.get("LANG") == "C":
        assert text.isascii(), text
    return text


def without_breaks(text: str) -> str:
    """The text as one line: a sentence may be broken anywhere."""
    return " ".join(text.split())


COMMANDS: dict[str, tuple[tuple[str, ...], int, tuple[str, ...]]] = {
    "index": (("index",), 0, ("8 files", "16 symbols", "1 file was skipped")),
    "search": (("search", "put an article into the cart"), 0, ("shop/cart.py:12-16 method Cart.add_article",)),
    "search nothing": (("search", "--language", "cobol", "cart"), 0, ("nothing found",)),
    "ask": (("ask", "How is the tax added?"), 0, ("`add_tax`", "[1]", "glossator models list")),
    "explain": (("explain", "Cart.total"), 0, ("**Method `Cart.total`**", "return add_tax(net, tax_rate)")),
    "explain a file": (("explain", "shop/money.py"), 0, ("Amounts of money.", "`Money`, `add_tax`")),
    "explain what is not there": (("explain", "Cart.totl"), 1, ("did you mean `Cart.total` (shop/cart.py:18)?",)),
    "uses": (
        ("uses", "Cart.total"),
        0,
        ("method Cart.total in shop/cart.py:18", "called in 2 places", "shop/checkout.py:14 order = {"),
    ),
    "uses --depth": (
        ("uses", "add_tax", "--depth", "3", "--kind", "call"),
        0,
        ("callers, to a depth of 3", "Cart.total shop/cart.py:18", "place_order shop/checkout.py:6"),
    ),
    "uses --callees": (
        ("uses", "shop/cart.py:20", "--callees"),
        0,
        ("class Money in shop/money.py:7", "function add_tax in shop/money.py"),
    ),
    "uses of a kind": (("uses", "Money", "--kind", "type,import"), 0, ("named as a type in 6 places",)),
    "uses of what is not there": (("uses", "Cart.totl"), 1, ("did you mean `Cart.total` (shop/cart.py:18)?",)),
    "uses of no such kind": (
        ("uses", "Cart", "--kind", "calls"),
        2,
        ("unknown kind of use 'calls'; the kinds are call,",),
    ),
    "history outside a repository": (("history", "Cart.total"), 1, ("in no git repository, so no commits are known",)),
    "history of what is not there": (("history", "Cart.totl"), 1, ("did you mean `Cart.total` (shop/cart.py:18)?",)),
    "history --help": (("history", "--help"), 0, ("usage: glossator history", "--limit N", "examples:")),
    "a question about uses": (
        ("ask", "who calls add_tax?"),
        0,
        ("is called in 1 place", "`shop/cart.py:23` [2] in `Cart.total`", "[2] shop/cart.py:23 Cart.total"),
    ),
    "status": (("status",), 0, ("index 8 files", "skipped 1 file")),
    "status --skipped": (("status", "--skipped"), 0, (".env: may hold secrets",)),
    "forget --help": (("forget", "--help"), 0, ("usage: glossator forget", "--all", "examples:")),
    "forget what is not there": (("forget", "--root", "no/such/folder"), 0, ("no/such/folder has no index",)),
    "models list": (("models", "list"), 0, ("No model is installed.", "qwen2.5-coder-0.5b", "Apache-2.0")),
    "runtime status": (("runtime", "status"), 0, ("llama-cpp-python 0.", "works on CPU", "accelerator:")),
    "runtime --help": (("runtime", "--help"), 0, ("install Install the runtime", "examples:")),
    "runtime install --help": (("runtime", "install", "--help"), 0, ("--device", "--from", "examples:")),
    "doctor": (("doctor",), 0, ("ok parser processes", "ok index: 8 files", "chat model: none is installed")),
    "--help": (("--help",), 0, ("usage: glossator", "search Search for symbols", "examples:")),
    "search --help": (("search", "--help"), 0, ("usage: glossator search", "--include GLOB", "examples:")),
    "explain --help": (("explain", "--help"), 0, ("FILE:LINE", "FILE#L17-L20", "examples:")),
    "uses --help": (("uses", "--help"), 0, ("usage: glossator uses", "--kind KIND,...", "examples:")),
    "models --help": (("models", "--help"), 0, ("pull Download a model", "examples:")),
    "--version": (("--version",), 0, ("glossator 0.",)),
    "an unknown command": (("serch", "x"), 2, ("unknown command 'serch'; did you mean 'search'?",)),
    "an unknown option": (("search", "--no-such-option", "x"), 2, ("glossator search --help",)),
    "a missing argument": (("ask",), 2, ("QUESTION",)),
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_screens(on_terminal: OnTerminal, command: tuple[tuple[str, ...], int, tuple[str, ...]], kind: Kind) -> None:
    arguments, status, seen = command
    shown = on_terminal(*arguments, columns=kind.columns, environment=kind.environment)
    text = without_breaks(check(shown, kind, status=status))
    for part in seen:
        assert part in text


@dataclass(frozen=True)
class Copied:
    """A project, and its index, of which each test has a copy."""

    root: Path
    index: Path

    def index_in(self, folder: Path) -> Path:
        """A copy of the index."""
        shutil.copytree(self.index, folder / "indexes")
        return folder / "indexes"


def indexed_once(root: Path, index: Path) -> Copied:
    """Index a project."""
    command = [sys.executable, "-m", "glossator", "index", "--index-dir", index]
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    return Copied(root, index)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Copied:
    """The small project with two commits, the second of which changed a line."""
    folder = tmp_path_factory.mktemp("repository")
    project = write_tree(folder / "project", PROJECT)

    def commit(*messages: str) -> None:
        identity = ["-c", "user.name=Ann", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        told = [part for message in messages for part in ("-m", message)]
        for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-q", *told]):
            subprocess.run(["git", *identity, *arguments], cwd=project, check=True, capture_output=True)

    commit("A shop", "Of few articles.")
    cart = project / "shop/cart.py"
    cart.write_text(cart.read_text("utf-8").replace("return add_tax(net", "return add_tax(+net"), "utf-8")
    commit("cart: a \x1b[31mnet of \u202e words")
    return indexed_once(project, folder / "indexes")


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_history(on_terminal: OnTerminal, tmp_path: Path, repository: Copied, kind: Kind) -> None:
    place = ("--root", repository.root, "--index-dir", repository.index_in(tmp_path))
    shown = on_terminal("history", "Cart.total", *place, columns=kind.columns, environment=kind.environment)
    text = without_breaks(check(shown, kind))
    assert "method Cart.total in shop/cart.py:18-23" in text
    newest, oldest = (
        text.index("Ann cart: a [31mnet of words shop/cart.py: line 23; 1 line removed"),
        text.index("A shop"),
    )
    assert newest < oldest
    assert "Of few articles." in text
    asked = ("ask", "When was Cart.total changed, and why?", *place)
    text = without_breaks(check(on_terminal(*asked, columns=kind.columns, environment=kind.environment), kind))
    assert "was last changed by Ann on" in text
    assert r"**cart: a \[31mnet of words** [2]" in text
    assert "today line 23)" in text
    assert "[2] shop/cart.py:23 Cart.total (" in text
    if kind is KINDS["wide"]:
        off = on_terminal("history", "Cart.total", *place, environment={"GLOSSATOR_HISTORY_COMMITS": "0"})
        assert "turned off" in check(off, kind, status=1)


def test_answers_are_coloured_where_that_is_wanted(on_terminal: OnTerminal) -> None:
    colored = on_terminal("explain", "Cart.total")
    text = check(colored, KINDS["wide"])
    plain = on_terminal("explain", "Cart.total", environment={"NO_COLOR": "1"})
    assert check(plain, KINDS["wide"]) == text
    assert b"\x1b[36m`Cart.total`" in colored.raw.replace(b"\x1b[0m\x1b[36m", b"")
    assert not plain.colored


def test_many_queries(on_terminal: OnTerminal, tmp_path: Path) -> None:
    queries = tmp_path / "queries.jsonl"
    queries.write_text('{"id": 1, "query": "add_tax"}\n{"id": 2, "query": "cart"}\n', "utf-8")
    shown = on_terminal("search", "--queries", queries, "--json")
    assert shown.wait() == 0
    assert '"id": 1' in shown.text
    assert "shop/money.py" in shown.text
    assert not shown.colored


# Forgetting


@pytest.fixture(scope="module")
def forgotten(tmp_path_factory: pytest.TempPathFactory) -> Copied:
    """The small project."""
    folder = tmp_path_factory.mktemp("forgotten")
    return indexed_once(write_tree(folder / "project", PROJECT), folder / "indexes")


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_an_index_is_deleted_and_told(on_terminal: OnTerminal, tmp_path: Path, forgotten: Copied, kind: Kind) -> None:
    root, indexes = forgotten.root, forgotten.index_in(tmp_path)
    place = ("--root", root, "--index-dir", indexes)
    (folder,) = indexes.glob("project-*")
    shown = on_terminal("forget", *place, columns=kind.columns, environment=kind.environment)
    text = check(shown, kind)
    assert f"removed{folder}," in "".join(text.split())
    assert "Models and settings, which hold nothing of your code, are kept" in without_breaks(text)
    assert not folder.exists()
    assert list(indexes.glob("vectors-*.sqlite"))
    again = on_terminal("forget", "--all", *place, columns=kind.columns, environment=kind.environment)
    assert re.search(r"removed.*/vectors-static", "".join(check(again, kind).split()))
    assert list(indexes.iterdir()) == []
    nothing = on_terminal("forget", "--all", *place, columns=kind.columns, environment=kind.environment)
    assert without_breaks(check(nothing, kind)) == "there are no indexes"
    assert set(PROJECT) <= {path.relative_to(root).as_posix() for path in root.rglob("*")}


# Progress


def modules(root: Path, count: int) -> Path:
    """Write so many modules of 40 functions each."""
    return write_tree(
        root,
        {
            f"package_{number // 50}/module_{number:03}.py": "\n".join(
                f"def function_{number}_{i}(argument):\n    return argument + {i}\n" for i in range(40)
            )
            for number in range(count)
        },
    )


@pytest.fixture(scope="module")
def middling(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that takes a second to index."""
    return modules(tmp_path_factory.mktemp("middling"), 150)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that several commits are needed for."""
    return modules(tmp_path_factory.mktemp("large"), 400)


RUN = "from glossator.__main__ import main; main()"
SHOWS_AT_ONCE = """
from glossator.cli import terminal
terminal.BAR_DELAY_SECONDS = terminal.FIRST_LINE_SECONDS = terminal.LINE_SECONDS = 0.0
"""
"""Shows progress however fast this machine is."""
UNDER_WAY_UNTIL_CTRL_C = """
import contextlib, time
from glossator.cli import updated_index
from glossator.index.store import Store
stopped_by_interrupt, commit = updated_index.stopped_by_interrupt, Store.commit
is_stopped, commits = None, 0
@contextlib.contextmanager
def noted():
    global is_stopped
    with stopped_by_interrupt() as is_stopped:
        yield is_stopped
def waiting(*arguments, **options):
    global commits
    commits += 1
    while commits > 1 and not is_stopped():
        time.sleep(0.01)
    return commit(*arguments, **options)
updated_index.stopped_by_interrupt, Store.commit = noted, waiting
"""
"""Its second commit waits for Ctrl-C, however late the test presses the keys."""


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_first_index_shows_progress(on_terminal: OnTerminal, middling: Path, tmp_path: Path, kind: Kind) -> None:
    program = (sys.executable, "-c", SHOWS_AT_ONCE + RUN)
    options = ("index", "--index-dir", tmp_path)
    shown = on_terminal(*options, program=program, cwd=middling, columns=kind.columns, environment=kind.environment)
    shown.wait_for(re.compile(r"Indexing.*\d+/150 files").search)
    text = without_breaks(check(shown, kind))
    assert "150 files, 17,850 lines, 6,000 symbols" in text
    if kind.environment.get("TERM") != "dumb":  # the bar is gone from the screen
        assert "Indexing" not in text
    assert not shown.screen.wrapped


@pytest.mark.parametrize("kind", [KINDS["wide"], KINDS["narrow"], KINDS["dumb"]], ids=["wide", "narrow", "dumb"])
def test_ctrl_c_keeps_progress_and_leaves_the_terminal_as_it_was(
    on_terminal: OnTerminal, large: Path, tmp_path: Path, kind: Kind
) -> None:
    def index(*program: str) -> Terminal:
        return on_terminal(
            "index",
            "--index-dir",
            tmp_path,
            program=program or GLOSSATOR,
            cwd=large,
            columns=kind.columns,
            environment=kind.environment,
        )

    shown = index(sys.executable, "-c", SHOWS_AT_ONCE + UNDER_WAY_UNTIL_CTRL_C + RUN)
    redraws = kind.environment.get("TERM") != "dumb"  # elsewhere a line comes every few seconds
    shown.wait_for(re.compile(r"Indexing.* [1-9]\d*/400 files" if redraws else "Indexing").search)
    shown.type("\x03")
    text = without_breaks(check(shown, kind, status=130))
    assert text.endswith("glossator: interrupted; progress is saved")
    again = index()
    counts = re.search(r"\(([\d,]+) embedded, ([\d,]+) reused\)", without_breaks(check(again, kind)))
    assert counts is not None
    embedded, reused = (int(count.replace(",", "")) for count in counts.groups())
    assert reused > 0 or not redraws
    assert embedded + reused == 16_000


INTERRUPT_AT_IMPORT = """
import builtins, os, signal, sys
real, moment = builtins.__import__, sys.argv.pop(1)
def interrupting(name, *arguments, **options):
    if name == moment:
        builtins.__import__ = real
        os.kill(os.getpid(), signal.SIGINT)
    return real(name, *arguments, **options)
builtins.__import__ = interrupting
from glossator.__main__ import main
main()
"""


@pytest.mark.parametrize(
    "moment",
    [
        "glossator.cli.main",
        "difflib",
        "glossator.project.session",
        "lancedb",
        "pyarrow",
        "numpy",
        "glossator.retrieval.search",
        "glossator.answers.answerer",
    ],
)
def test_an_interrupt_while_modules_are_loaded_ends_quietly(
    on_terminal: OnTerminal, tmp_path: Path, moment: str
) -> None:
    program = (sys.executable, "-c", INTERRUPT_AT_IMPORT, moment)
    # Writing an index takes all modules, reading one does not.
    shown = on_terminal("ask", "How is the tax added?", "--index-dir", tmp_path / "index", program=program)
    text = check(shown, KINDS["wide"], status=130)
    text = re.sub(r"^index brought up to date: [^\n]*\n?", "", text)  # told if it took a second
    assert text in ("", "glossator: interrupted", "glossator: interrupted; progress is saved")


# The language server, models, the demonstration


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_the_language_server_says_what_it_waits_for(on_terminal: OnTerminal, kind: Kind) -> None:
    shown = on_terminal("serve", columns=kind.columns, environment=kind.environment)
    shown.wait_for("Ctrl-C")
    shown.type("\x03")
    assert "waiting for an editor" in without_breaks(check(shown, kind, status=130))


def test_the_language_server_on_a_port_can_be_stopped(on_terminal: OnTerminal) -> None:
    shown = on_terminal("serve", "--tcp", "0")
    shown.wait_for("listening on 127.0.0.1:")
    shown.type("\x03")
    check(shown, KINDS["wide"], status=130)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_models_are_pulled_used_verified_and_removed(on_terminal: OnTerminal, tmp_path: Path, kind: Kind) -> None:
    file = gguf_files.reciter(tmp_path / "small.gguf", "The tax is added [1].")
    environment = {**kind.environment, **user_folders(tmp_path / "home")}

    def models(*arguments: str | Path) -> Terminal:
        return on_terminal("models", *arguments, columns=kind.columns, environment=environment)

    with Hub({"/acme/models/resolve/main/small.gguf": file.read_bytes()}) as hub:
        environment["HF_ENDPOINT"] = hub.url
        refused = models("pull", "acme/models/small.gguf")
        refused.wait_for("[y/N]")
        refused.type("n\r")
        assert "nothing was downloaded" in without_breaks(check(refused, kind, status=1))
        pulled = models("pull", "acme/models/small.gguf")
        pulled.wait_for("[y/N]")
        pulled.type("y\r")
        text = without_breaks(check(pulled, kind))
        assert "installed small in" in text
        assert "it is in use" in text
        missing = check(models("pull", "acme/models/none.gguf", "--yes"), kind, status=1)
        assert "the hub has no" in without_breaks(missing)
    assert "in use" in check(models("list"), kind)
    assert "added mine" in check(models("add", file, "--name", "mine"), kind)
    assert "mine answers from now on" in without_breaks(check(models("use", "mine"), kind))
    assert "ok small: SHA-256" in without_breaks(check(models("verify", "small"), kind))
    assert "its file stays at" in without_breaks(check(models("remove", "mine"), kind))
    assert "small was deleted" in without_breaks(check(models("remove", "small"), kind))
    gone = without_breaks(check(models("remove", "small"), kind, status=1))
    assert "glossator: no installed model 'small'" in gone


@pytest.mark.llama
def test_an_answer_of_a_model_is_wrapped_as_it_is_streamed(on_terminal: OnTerminal, tmp_path: Path) -> None:
    words = "The gross amount is computed by `add_tax` [1], which rounds half up to a whole cent. "
    model = gguf_files.reciter(tmp_path / "long.gguf", words * 3)
    shown = on_terminal("ask", "--model", model, "How is the tax added?", columns=40)
    text = check(shown, KINDS["narrow"])
    places, _, answer = text.partition("\n\n")
    assert places.split("\n")[0].startswith("  shop/money.py:")
    assert "add_tax" in places, "what was found is shown before the model answers"
    told = "The gross amount is computed by `add_tax`, which rounds half up to a whole cent [1]. "
    assert without_breaks(answer).startswith(without_breaks(told))
    assert "[1] shop/" in answer
    assert not re.search(r"\b(Searching|Reading|Loading|Answering)\b.*\.\.\.", text), (
        "what was being waited for is gone"
    )


@pytest.mark.parametrize("kind", [KINDS["wide"], KINDS["narrow"], KINDS["dumb"]], ids=["wide", "narrow", "dumb"])
def test_the_demonstration(on_terminal: OnTerminal, tmp_path: Path, indexed: Indexed, kind: Kind) -> None:
    script = ROOT / "scripts" / "demo"
    check_installed = "import environment, sys; sys.exit(not environment.is_installed('runtime'))"
    if subprocess.run([sys.executable, "-c", check_installed], cwd=script.parent).returncode:
        pytest.skip("scripts/demo would install something first: run scripts/test")
    shown = on_terminal(
        script,
        "How is the tax added?",
        indexed.root,
        program=(sys.executable,),
        columns=kind.columns,
        environment=kind.environment,
    )
    text = without_breaks(check(shown, kind))
    assert "How is the tax added?" in text
    assert "`add_tax`" in text


# Pipes


@pytest.mark.parametrize("command", ["search cart", "explain Cart", "status", "--help", "models list"])
def test_a_pipe_that_closes_early_is_no_error(on_terminal: OnTerminal, command: str) -> None:
    shell = f"'{sys.executable}' -m glossator {command} | head -1"
    shown = on_terminal("-c", shell, program=("/bin/sh",))
    assert shown.wait() == 0
    assert len(shown.text.splitlines()) == 1
    closed = f"'{sys.executable}' -m glossator {command} | true"
    shown = on_terminal("-c", closed, program=("/bin/sh",))
    assert shown.wait() == 0
    assert shown.text == ""


def test_a_pipe_gets_plain_unwrapped_text(on_terminal: OnTerminal, tmp_path: Path) -> None:
    target = tmp_path / "answer.txt"
    shell = f"'{sys.executable}' -m glossator explain Cart.total > '{target}'"
    shown = on_terminal("-c", shell, program=("/bin/sh",), columns=40)
    assert shown.wait() == 0
    assert shown.text == ""
    text = target.read_text("utf-8")
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) > 80


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
def test_output_that_cannot_be_written_is_told_in_a_line(on_terminal: OnTerminal) -> None:
    shell = f"'{sys.executable}' -m glossator status > /dev/full; echo status $?"
    shown = on_terminal("-c", shell, program=("/bin/sh",))
    shown.wait()
    assert shown.text.splitlines() == ["glossator: cannot write the output: No space left on device", "status 1"]
