"""Which language a file is in: told by its name, its first line, and by its text where one ending has several."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import PurePath
from typing import Final

from glossator.index.languages import LANGUAGES, TEXT

_BY_EXTENSION = {extension: item.name for item in reversed(LANGUAGES.values()) for extension in item.extensions}
_BY_FILENAME = {filename: item.name for item in reversed(LANGUAGES.values()) for filename in item.filenames}
_BY_INTERPRETER = {program: item.name for item in reversed(LANGUAGES.values()) for program in item.interpreters}

_SHEBANG = re.compile(r"^#!\s*(\S+)(?:\s+(.*))?$")
_MODELINE = re.compile(r"-\*-\s*(?:.*?mode:\s*)?([\w+#]+)\s*(?:;.*?)?-\*-|\bvim?:.*?\b(?:ft|filetype|syntax)=(\w+)")
_ALIASES = {
    "c++": "cpp",
    "c#": "csharp",
    "sh": "bash",
    "shell": "bash",
    "zsh": "bash",
    "js": "javascript",
    "javascriptreact": "jsx",
    "typescriptreact": "tsx",
    "shellscript": "bash",
    "terraform": "hcl",
    "proto": "protobuf",
    "proto3": "protobuf",
    "rst": "restructuredtext",
    "plaintext": "text",
    "jsonc": "json",
    "ts": "typescript",
    "py": "python",
    "rb": "ruby",
    "rs": "rust",
    "golang": "go",
    "kt": "kotlin",
    "cs": "csharp",
    "md": "markdown",
    "objective-c": "objc",
    "objectivec": "objc",
    "make": "makefile",
    "yml": "yaml",
}

_OBJC: Final = re.compile(
    r"^[ \t]*(?:@(?:interface|implementation|protocol|class|import|end)\b|#[ \t]*import\b)", re.MULTILINE
)
_C: Final = re.compile(r"^[ \t]*(?:#[ \t]*\w+|//|/\*)", re.MULTILINE)
_CPP_HEADER = re.compile(
    r"^[ \t]*(?:class\s+\w|namespace\b|template\s*<|using\s+\w|public:|private:|protected:)"
    r"|\bstd::|\bconstexpr\b|\bnoexcept\b",
    re.MULTILINE,
)


def language_named(name: str) -> str | None:
    """The language that a user, an editor or a modeline calls `name` (any case), or None."""
    folded = name.strip().lower()
    folded = _ALIASES.get(folded, folded)
    return folded if folded in LANGUAGES else None


def _of_first_line(line: str) -> str | None:
    """The language that a `#!` line or an editor's modeline names, or None."""
    shebang = _SHEBANG.match(line)
    if shebang:
        words = [shebang[1], *(shebang[2] or "").split()]
        program = words[0].rsplit("/", 1)[-1]
        if program == "env":
            arguments = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
            program = arguments[0].rsplit("/", 1)[-1] if arguments else ""
        program = program.lower()
        return _BY_INTERPRETER.get(program) or _BY_INTERPRETER.get(program.rstrip("0123456789."))
    modeline = _MODELINE.search(line)
    return language_named(modeline[1] or modeline[2]) if modeline else None


@lru_cache(maxsize=4096)
def _of_name(name: str) -> str | None:
    """The language of a file called `name` (lower case), or None."""
    found = _BY_FILENAME.get(name)
    if found is not None:
        return found
    suffix = PurePath(name).suffix
    found = _BY_EXTENSION.get(suffix)
    if found is None and (stem := name.split(".", 1)[0]) in ("dockerfile", "makefile"):
        return stem
    return found


def language_of(path: str, first_line: str = "") -> str:
    """The name of a file's language, told by its name, else by its first line; "text" where neither says.

    `path` may use "/" or "\\\\". A name that tells (`.py`) wins over the first line.
    """
    name = path.replace("\\", "/").rsplit("/", 1)[-1].lower()
    return _of_name(name) or (_of_first_line(first_line[:500]) if first_line else None) or TEXT.name


def language_of_text(path: str, text: str) -> str:
    """The same, told by the whole text where a name's ending stands for several languages (`.h`, `.m`)."""
    language = language_of(path, text[: text.find("\n") if "\n" in text[:500] else 500])
    if language == "c" and path.lower().endswith(".h"):
        if _OBJC.search(text):
            return "objc"
        if _CPP_HEADER.search(text):
            return "cpp"
    elif language == "objc" and not _OBJC.search(text) and not _C.search(text):
        # MATLAB's files end in ".m" too.
        return TEXT.name
    return language
