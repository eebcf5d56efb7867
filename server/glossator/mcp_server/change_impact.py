"""The tool `impact_of_changes`: the definitions that differ from a commit, what depends on them, and which tests do.

The working tree is compared as it is: committed and uncommitted changes and new files count alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glossator.index.language_detection import language_of
from glossator.index.languages import LANGUAGES
from glossator.mcp_server.code_tools import MOST_QUERY_CHARACTERS, CallScope, checked, paths_of
from glossator.mcp_server.tool_results import ChangedSymbol, ChangeImpact, count_fitting, tokens_of
from glossator.workspace.committed_files import Commit
from glossator.workspace.decoding import decode
from glossator.workspace.line_differences import line_differences
from glossator.workspace.notebooks import displayed
from glossator.workspace.reading import split_lines
from glossator.workspace.screening import may_hold_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glossator.mcp_server.projects import Project
    from glossator.project.snapshot import Snapshot
    from glossator.retrieval.use_records import NamedSymbol
    from glossator.retrieval.uses import UseFinder

MOST_CHANGED = 60
"""Changed definitions whose dependents are looked for."""
MOST_DEPENDENTS = 12
"""Dependents and tests that are listed of one definition."""
MOST_FILES = 400
"""Changed files that are compared."""


def impact_of_changes(scope: CallScope, base: str = "HEAD", max_tokens: int = 3000) -> ChangeImpact:
    """What differs from the commit where the work left `base`.

    Raises:
        UsageError: git knows no such commit.
        WorkspaceError: the folder is in no git repository, or git cannot be run.
    """
    base = checked(base, "base")[:MOST_QUERY_CHARACTERS]
    result = ChangeImpact(base, [], [], [])
    for project in scope.projects:
        _compare(project, base, result)
    tests: dict[str, None] = {}
    for symbol in result.symbols:
        tests.update(dict.fromkeys(symbol.tests))
    result.symbols.sort(key=lambda one: (-one.dependent_count, one.path, one.start_line))
    result.tests = list(tests)
    files = count_fitting(result.files, max_tokens // 6)
    if files < len(result.files):
        result.notes.append(f"{len(result.files) - files} more changed files are not listed")
        result.files = result.files[:files]
    kept = count_fitting(result.tests, max_tokens // 4)
    if kept < len(result.tests):
        result.notes.append(f"{len(result.tests) - kept} more tests reach the changes")
        result.tests = result.tests[:kept]
    left = max_tokens - tokens_of(result.files) - tokens_of(result.tests)
    shown = count_fitting(result.symbols, left) if result.symbols else 0
    result.more += len(result.symbols) - shown
    result.symbols = result.symbols[:shown]
    return result


def _compare(project: Project, base: str, result: ChangeImpact) -> None:
    snapshot = project.root.open()
    if snapshot is None:
        return
    commit = Commit.of(snapshot.path, base)
    indexed = set(paths_of(snapshot))
    changed = commit.differing(sorted(indexed))
    gone = (path for path in sorted(commit.blobs) if path not in indexed and not may_hold_secrets(path))
    removed = [path for path in gone if not (snapshot.path / path).exists()]
    files = [*changed, *removed]
    start = f"{project.name}: " if project.name else ""
    result.files += [start + path for path in files]
    if len(files) > MOST_FILES:
        result.notes.append(f"{len(files) - MOST_FILES} changed files were not compared: give a nearer base")
    before = commit.contents([path for path in files[:MOST_FILES] if path in indexed or _is_code(path)])
    finder = snapshot.use_finder()
    found: list[tuple[ChangedSymbol, NamedSymbol]] = []
    for path in files[:MOST_FILES]:
        old = _old_lines(path, before.get(path, b""))
        new = split_lines(snapshot.text(path) or "")
        found += _changed_symbols(project, snapshot, finder, path, old, new)
        result.symbols += _removed_symbols(project, snapshot, path, old)
    result.more += max(len(found) - MOST_CHANGED, 0)
    for item, symbol in found[:MOST_CHANGED]:
        _add_dependents(finder, item, symbol)
        result.symbols.append(item)


def _old_lines(path: str, content: bytes) -> list[str]:
    """The lines that a committed file had, as the index counts them; none for a binary file."""
    decoded = decode(content)
    return split_lines(displayed(path, decoded[0])) if decoded is not None else []


def _is_code(path: str) -> bool:
    """Whether a file that is no longer there is worth reading: no image, archive or credentials."""
    return bool(LANGUAGES[language_of(path)].grammar) and not may_hold_secrets(path)


def changed_lines(old: Sequence[str], new: Sequence[str]) -> set[int]:
    """The lines of a new text that differ from an old one (1-based); for removed lines, the line that follows."""
    found: set[int] = set()
    for tag, _, _, start, end in line_differences(old, new):
        if tag == "delete":
            found.add(min(start + 1, len(new)))
        elif tag != "equal":
            found.update(range(start + 1, end + 1))
    return found - {0}


def _changed_symbols(
    project: Project, snapshot: Snapshot, finder: UseFinder, path: str, old: Sequence[str], new: Sequence[str]
) -> Iterator[tuple[ChangedSymbol, NamedSymbol]]:
    """The innermost definitions that changed lines are in."""
    lines = changed_lines(old, new)
    wholes = [one for one in snapshot.entries_in(path) if one.part == 0 and one.kind != "block"]
    innermost: dict[int, None] = {}
    for line in sorted(lines):
        around = [one for one in wholes if one.start_line <= line <= one.end_line]
        if around:
            innermost[min(around, key=lambda one: (one.end_line - one.start_line, -one.id)).id] = None
    for entry in wholes:
        if entry.id not in innermost:
            continue
        symbol = finder.symbol_at(path, entry.name_line, entry.name)
        if symbol is None:
            continue
        whole = all(line in lines for line in range(entry.start_line, entry.end_line + 1))
        change = "added" if whole and not any(entry.name in line for line in old) else "changed"
        yield (
            ChangedSymbol(
                path, entry.start_line, entry.end_line, entry.kind, entry.qualified_name, project.name, change
            ),
            symbol,
        )


def _removed_symbols(project: Project, snapshot: Snapshot, path: str, old: Sequence[str]) -> list[ChangedSymbol]:
    """The definitions of a file's old text that are nowhere in the index any more, and the files that name them."""
    if not old:
        return []
    update = project.root.parsed(path, "\n".join(old) + "\n")
    kept = {one.qualified_name for one in snapshot.entries_in(path)}
    removed = []
    for entry in update.entries:
        if entry.part or entry.kind in ("block", "section", "key") or entry.qualified_name in kept:
            continue
        if snapshot.named(entry.name):
            continue  # it was moved to another file, or another definition has the name
        naming = [one for one in snapshot.store.facts.noting(entry.name) if entry.name in (snapshot.text(one) or "")]
        removed.append(
            ChangedSymbol(
                path,
                entry.start_line,
                entry.end_line,
                entry.kind,
                entry.qualified_name,
                project.name,
                "removed",
                [f"{one} still names it" for one in naming[:MOST_DEPENDENTS]],
                len(naming),
            )
        )
    return removed


def _add_dependents(finder: UseFinder, item: ChangedSymbol, symbol: NamedSymbol) -> None:
    impact = finder.impact(symbol)
    tests = {(one.path, one.line) for one in impact.tests}
    others = [one.symbol for one in impact.dependents if (one.symbol.path, one.symbol.line) not in tests]
    item.dependent_count = len(impact.dependents)
    item.dependents = [_named(one) for one in others[:MOST_DEPENDENTS]]
    item.tests = list(dict.fromkeys(_named(one) for one in impact.tests))[:MOST_DEPENDENTS]
    if finder.in_test(symbol.path, symbol.definitions[0] if symbol.definitions else None):
        item.tests = [_named(symbol), *item.tests]


def _named(symbol: NamedSymbol) -> str:
    if symbol.qualified_name == symbol.path:
        return symbol.path
    return f"{symbol.path}:{symbol.line} {symbol.qualified_name}"
