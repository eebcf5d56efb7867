"""The design's rules on imports: one importer for each heavy library, and layers that only look down."""

from __future__ import annotations

import argparse
import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "server" / "glossator"

SOLE_IMPORTERS = {
    "pygls": ("lsp/",),
    "lsprotocol": ("lsp/",),
    "tree_sitter": ("index/parsing.py",),
    "tree_sitter_language_pack": ("index/parsing.py",),
    "lancedb": ("index/table.py",),
    "llama_cpp": ("model/llama_worker.py",),
    "watchdog": ("workspace/watching.py",),
    "mcp": ("mcp_server/", "team_server/team_mcp.py"),
    "mcp_types": ("mcp_server/", "team_server/team_mcp.py"),
    "starlette": ("team_server/http_service.py",),
    "uvicorn": ("team_server/replica.py",),
    "h11": ("team_server/replica.py",),
    "tomlkit": ("mcp_server/",),
    "torch": ("adapt/lora_training.py",),
    "transformers": ("adapt/lora_training.py",),
    "peft": ("adapt/lora_training.py",),
    "safetensors": ("adapt/lora_training.py",),
    "bitsandbytes": ("adapt/lora_training.py",),
    "gguf": ("adapt/base_models.py",),
    "ray": ("team/ray_jobs.py",),
    "obstore": ("team/storage.py",),
    "cryptography": ("team/signatures.py",),
}

LAYERS = (
    ("errors", "settings", "private_files", "logfiles", "data_files", "power", "late_patterns"),
    ("workspace",),
    ("index",),
    ("retrieval", "model"),
    ("team",),
    ("project",),
    ("answers",),
    ("adapt",),
    ("mcp_server",),
    ("team_server",),
    ("cli", "lsp"),
    ("__main__",),
)
"""Bottom first: a room may import its own layer and those below."""


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py"))


def imports(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute here"
            yield node.module or "", node.lineno
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node.lineno
        elif (
            isinstance(node, ast.Call)
            and ast.unparse(node.func) in {"__import__", "import_module", "importlib.import_module"}
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ):
            yield str(node.args[0].value), node.lineno


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else "glossator"


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_heavy_libraries_have_one_importer(path: Path) -> None:
    here = path.relative_to(PACKAGE).as_posix()
    for name, line in imports(path):
        allowed = SOLE_IMPORTERS.get(name.partition(".")[0])
        assert allowed is None or here.startswith(allowed), f"{here}:{line} imports {name}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_go_one_way(path: Path) -> None:
    level = {name: number for number, names in enumerate(LAYERS) for name in names}
    here = path.relative_to(PACKAGE).with_suffix("").parts[0]
    if here == "__init__":
        return
    for name, line in imports(path):
        if not name.startswith("glossator.") or name == "glossator.__version__":
            continue
        there = room(name)
        assert there in level, f"{path}:{line}: {name} has no layer"
        assert level[there] <= level[here], f"{path}:{line}: {here} may not import {name}"
        if here in {"retrieval", "model"} and there in {"retrieval", "model"}:
            assert there == here, f"{path}:{line}: {here} and {there} stand side by side"


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys, contextlib, io\n"
        "from glossator.cli.main import run\n"
        "with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):\n"
        "    run(['--help'])\n"
        "heavy = {'lancedb', 'numpy', 'pyarrow', 'tree_sitter', 'tokenizers', 'llama_cpp', 'rich', 'pygls',\n"
        "         'lsprotocol', 'huggingface_hub', 'psutil', 'sqlite3', 'multiprocessing', 'watchdog', 'pathspec',\n"
        "         'mcp', 'mcp_types', 'pydantic', 'tomlkit', 'torch', 'transformers', 'gguf',\n"
        "         'ray', 'obstore', 'cryptography'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("arguments", [["--version"], ["search", "total", "--json"], ["status", "--json"]])
def test_commands_without_a_team_import_nothing_of_it(tmp_path: Path, arguments: list[str]) -> None:
    """Neither its modules, except the note that a status shows, nor the libraries of its extras."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "cart.py").write_text("def total(prices):\n    return sum(prices)\n", "utf-8")
    code = (
        "import sys, contextlib, io\n"
        "from glossator.cli.main import run\n"
        "with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()) as shown:\n"
        "    run(sys.argv[1:])\n"
        "print(len(shown.getvalue()) > 5, *sorted(name for name in sys.modules if name.startswith('glossator.team.')\n"
        "              or name.partition('.')[0] in ('ray', 'obstore', 'cryptography', 'boto3')))\n"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GLOSSATOR_TEAM")}
    environment["GLOSSATOR_INDEX_DIR"] = str(tmp_path / "indexes")
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path / "code", env=environment)
    allowed = {"True"} | ({"glossator.team.mounting"} if arguments[0] == "status" else set())
    assert set(done.stdout.split()) == allowed


def test_a_search_of_an_unchanged_folder_imports_only_what_reads(tmp_path: Path) -> None:
    """Not the arguments of other commands, nor what writes an index, nor LanceDB's package."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "cart.py").write_text("def total(prices):\n    return sum(prices)\n", "utf-8")
    os.utime(tmp_path / "code" / "cart.py", (1e9, 1e9))  # what was written just now is read again
    code = (
        "import sys, contextlib, io\n"
        "from glossator.cli.main import run\n"
        "with contextlib.redirect_stdout(io.StringIO()) as shown:\n"
        "    run(['search', 'total', '--json'])\n"
        "unneeded = {'glossator.cli.adapt_arguments', 'glossator.cli.model_arguments',\n"
        "            'glossator.cli.team_arguments', 'glossator.index.earlier', 'glossator.index.indexer',\n"
        "            'glossator.index.pool', 'glossator.index.entries', 'glossator.index.facts', 'msgspec',\n"
        "            'tomllib', 'lancedb'}\n"
        "print('cart.py' in shown.getvalue(), *sorted(unneeded & set(sys.modules)))\n"
    )
    environment = {**os.environ, "GLOSSATOR_INDEX_DIR": str(tmp_path / "indexes"), "XDG_CONFIG_HOME": str(tmp_path)}
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path / "code",
            env=environment,
        )
    assert done.stdout.split() == ["True"]


def test_each_command_is_parsed_as_beside_all_others() -> None:
    from glossator.cli import arguments

    whole = arguments._parser("")
    for command in arguments._ADDED_BY:
        assert _help_of(arguments._parser(command), command) == _help_of(whole, command)


def _help_of(parser: argparse.ArgumentParser, command: str) -> str:
    (commands,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return str(commands.choices[command].format_help())
