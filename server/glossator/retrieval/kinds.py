"""What kind of file a path leads to (a test, an example, a document, code kept for compatibility), and which kinds of
symbols are types or functions.

Kinds are told by names alone: nothing here reads a file.
"""

from __future__ import annotations

import re
from functools import lru_cache

from glossator.late_patterns import late

_TEST = re.compile(
    r"(^|/)(tests?|specs?|__tests__|testing|testsuite|test[-_]?data|fixtures?|mocks?|__mocks__|e2e)(/|$)"
    r"|(^|/)(test_|conftest)|([_.\-](test|spec)s?|(?<=[a-z])(Tests?|Spec)|_testing|_testlib)\.\w+$"
    r"|(^|/)(mock|test)\w*\.\w+$"
)
_EXAMPLE = re.compile(
    r"(^|/)(_?examples?|samples?|demos?|docs?|docs_src|tutorials?|playground|bench(es|marks?)?)(/|$)|_?bench(mark)?s?\.\w+$",
    re.IGNORECASE,
)
_COMPAT = re.compile(
    r"compat|legacy|deprecated|polyfill|shim|backport|(^|/)mini(/|$)|[-_.]old\b|experimental|unstable",
    re.IGNORECASE,
)
_VERSION = re.compile(r"(?:^|(?<=/))v([0-9]{1,3})/")
"""A folder for one version of something; if there is a folder for a newer one, it is code kept for compatibility."""
PROSE_LANGUAGES = frozenset({"markdown", "mdx", "rst", "text", "html", "css", "json", "yaml", "toml", "csv", "xml"})
"""Languages of files without program code: documents, data, styles."""
_CONFIGURATION_LANGUAGES = frozenset({"json", "yaml", "toml", "ini", "properties"})
_INCIDENTAL = late(
    r"(^|/)\.[^/]|\.(lock|lockb|ini|cfg|conf|properties)$|-(lock|shrinkwrap)\.(json|ya?ml)$"
    r"|(^|/)(go\.(sum|mod)|(gem|pip|pod)file|requirements[\w-]*\.(txt|in)|manifest\.in|codeowners"
    r"|(licen[cs]e|copying|notice|authors|contributors)(-[\w.]+)?(\.(md|txt|rst))?)$",
    re.IGNORECASE,
)
"""Dot files and folders, lock files, lists of dependencies, configuration of tools, licences."""
TYPE_KINDS = frozenset(
    ("class", "struct", "interface", "trait", "protocol", "enum", "union", "type", "object", "module", "namespace")
) | {"component", "package", "message", "service", "table"}
FUNCTION_KINDS = frozenset(["function", "method", "constructor", "macro", "test", "rpc"])


_CACHED_FOLDERS = 20_000
"""Maximum folders that are kept with what their names tell: a folder's files share it."""


def is_test(path: str) -> bool:
    """Whether a path looks like a test's."""
    return _tells(_TEST, path)


def is_example(path: str) -> bool:
    """Whether a path looks like an example's, a benchmark's or a document's."""
    return _tells(_EXAMPLE, path)


def is_compat(text: str) -> bool:
    """Whether a path, or a word of one, is named like code that is kept for compatibility."""
    return _tells(_COMPAT, text)


def _tells(pattern: re.Pattern[str], path: str) -> bool:
    """Whether a pattern, of which no match goes beyond one component of a path and its slashes, is found in a path."""
    folder, slash, name = path.rpartition("/")
    return pattern.search(name) is not None or (bool(slash) and _folder_tells(pattern, folder))


@lru_cache(_CACHED_FOLDERS)
def _folder_tells(pattern: re.Pattern[str], folder: str) -> bool:
    return pattern.search(f"{folder}/") is not None


def is_incidental(path: str, language: str) -> bool:
    """Whether questions are rarely about a file although many of its words may match: configuration, lock files."""
    return language in _CONFIGURATION_LANGUAGES or bool(_INCIDENTAL.search(path))


def compat_folder(path: str) -> str:
    """The outermost folder of a path that is named like compatibility code; "" if only the file is."""
    found = _COMPAT.search(path)
    end = path.find("/", found.end() - 1) if found else -1
    return path[: end + 1]


def compat_word(path: str) -> str:
    """The component of a path, without extension, that is named like compatibility code."""
    found = _COMPAT.search(path)
    if found is None:
        return ""
    at = found.start() + found[0].startswith("/")
    return path[path.rfind("/", 0, at) + 1 :].partition("/")[0].partition(".")[0]


def version_folder(path: str) -> tuple[str, int] | None:
    """The parent of the version folder that contains the path, and the version."""
    found = _VERSION.search(path)
    return (path[: found.start()], int(found[1])) if found else None
