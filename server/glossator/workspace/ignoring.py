"""Git's ignore patterns: whether one ignore file, or all those that apply to a folder, ignore a path.

The matcher follows git's `dir.c` and `wildmatch.c` exactly, quirks included (bytes instead of characters, POSIX
classes, a `**` directly after the literal beginning of a pattern), and a test compares it with `git check-ignore` on
generated patterns. Each pattern becomes a regular expression without catastrophic backtracking, since a workspace may
contain hostile ignore files; all patterns of a file are matched at once.

This module does not know where ignore files are found (see `gitstate.py`, `files.py`).
"""

from __future__ import annotations

import os
import re
import string
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from glossator.workspace.gitstate import read_regular

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from glossator.workspace.gitstate import Repository
    from glossator.workspace.included import Included

MAX_IGNORE_FILE_BYTES = 4 * 1024 * 1024
"""Larger ignore files are not read: nobody wrote them by hand."""

_CLASSES = {
    "alnum": string.ascii_letters + string.digits,
    "alpha": string.ascii_letters,
    "blank": " \t",
    "cntrl": "".join(map(chr, range(32))) + "\x7f",
    "digit": string.digits,
    "graph": "".join(map(chr, range(33, 127))),
    "lower": string.ascii_lowercase,
    "print": "".join(map(chr, range(32, 127))),
    "punct": string.punctuation,
    "space": " \t\n\r\v\f",
    "upper": string.ascii_uppercase,
    "xdigit": string.hexdigits,
}
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def byte_text(name: str) -> str:
    """`name` with one character per byte of its encoding on disk, since git's patterns match bytes."""
    return name if name.isascii() else os.fsencode(name).decode("latin-1")


@dataclass(frozen=True, slots=True)
class _Pattern:
    """One parsed line. `glob` has neither the leading "!" nor the trailing "/" nor the anchoring "/"."""

    glob: str
    negated: bool
    directories_only: bool
    basename_only: bool


def _parse_line(line: str) -> _Pattern | None:
    """A line of an ignore file; None for a comment or a pattern that cannot match."""
    if line.startswith("#"):
        return None
    kept = len(line)
    while kept and line[kept - 1] == " " and not _escaped(line, kept - 1):
        kept -= 1
    glob = line[:kept]
    negated = glob.startswith("!")
    glob = glob[negated:]
    directories_only = glob.endswith("/")
    if directories_only:
        glob = glob[:-1]
    basename_only = "/" not in glob
    glob = glob.removeprefix("/")
    return _Pattern(glob, negated, directories_only, basename_only) if glob else None


def _escaped(text: str, index: int) -> bool:
    """Whether the character at `index` follows an odd number of backslashes."""
    backslashes = 0
    while index - backslashes and text[index - backslashes - 1] == "\\":
        backslashes += 1
    return backslashes % 2 == 1


class _MalformedError(ValueError):
    """A pattern that matches nothing in git."""


def _bracket(glob: str, start: int, fold: bool) -> tuple[str, int]:
    """The bracket expression whose "[" is at `start`, as a regular expression, and the index after its "]"."""
    index = start + 1
    negated = glob[index : index + 1] in ("!", "^")
    index += negated
    members: set[str] = set()
    previous = ""
    first = True
    while first or glob[index : index + 1] != "]":
        first = False
        char = glob[index : index + 1]
        if not char:
            raise _MalformedError
        if char == "\\":
            index += 1
            char = glob[index : index + 1]
            if not char:
                raise _MalformedError
            members.add(char)
        elif char == "-" and previous and glob[index + 1 : index + 2] not in ("", "]"):
            index += 1
            last = glob[index]
            if last == "\\":
                index += 1
                last = glob[index : index + 1]
                if not last:
                    raise _MalformedError
            reach = [chr(code) for code in range(ord(previous), ord(last) + 1)]
            members.update(reach)
            if fold:
                members.update(item.lower() for item in reach if item in string.ascii_uppercase)
            char = ""
        elif char == "[" and glob[index + 1 : index + 2] == ":":
            end = glob.find("]", index + 2)
            if end < 0:
                raise _MalformedError
            if end == index + 2 or glob[end - 1] != ":":
                members.add("[")
            else:
                name = glob[index + 2 : end - 1]
                if name not in _CLASSES:
                    raise _MalformedError
                members.update(_CLASSES[name])
                if fold and name == "upper":
                    members.update(string.ascii_lowercase)
                index = end
                char = ""
        else:
            members.add(char)
        previous = char
        index += 1
    if fold:  # git folds the text, not the members: an upper-case member matches nothing
        members -= set(string.ascii_uppercase)
        members |= {item.upper() for item in members if item in string.ascii_lowercase}
    if negated:
        members = {chr(code) for code in range(1, 256)} - members
    members.discard("/")
    if not members:
        raise _MalformedError
    return "[" + "".join(re.escape(item) for item in sorted(members)) + "]", index + 1


_STAR = "*"
_ANY = "**"
_FOLDERS = "**/"


def _tokens(glob: str, fold: bool, basename_only: bool) -> list[str]:
    """The glob as a list of `_STAR`, `_ANY`, `_FOLDERS` and regular expressions that each match one character."""
    tokens: list[str] = []
    literal_start = True
    index = 0
    while index < len(glob):
        char = glob[index]
        if char == "*":
            end = index
            while glob[end : end + 1] == "*":
                end += 1
            # git strips the literal beginning before it matches, so a ** straight after it counts as leading.
            leading = literal_start or glob[index - 1] == "/"
            if not basename_only and end - index > 1 and leading and glob[end : end + 1] in ("", "/"):
                if glob[end : end + 1] == "/":
                    tokens.append(_FOLDERS)
                    end += 1
                else:
                    tokens.append(_ANY)
            elif not basename_only and end - index > 1 and leading and glob[end : end + 2] == "\\/":
                tokens.append(_ANY)
            else:
                tokens.append(_STAR)
            literal_start = False
            index = end
        elif char == "?":
            tokens.append("[^/]")
            literal_start = False
            index += 1
        elif char == "[":
            expression, index = _bracket(glob, index, fold)
            tokens.append(expression)
            literal_start = False
        else:
            if char == "\\":
                literal_start = False
                index += 1
                if index == len(glob):
                    raise _MalformedError
                char = glob[index]
                if fold and char in string.ascii_uppercase:  # git folds the text, but not an escaped character
                    raise _MalformedError
            folded = char.translate(_LOWER)
            both = fold and folded in string.ascii_lowercase
            tokens.append(f"[{folded}{folded.upper()}]" if both else re.escape(char))
            index += 1
    return tokens


def _regex(tokens: list[str]) -> str:
    """Join tokens into a regular expression for the whole path, whose time is bounded by the path's length squared.

    The part between two `*` has a fixed length, and its first match is as good as any later one, since the second `*`
    absorbs the difference; the same is true between two `**`. So each such part is an atomic group.
    """
    chunks: list[tuple[str, list[str]]] = [("", [])]
    for token in tokens:
        if token in (_ANY, _FOLDERS):
            chunks.append((token, []))
        else:
            chunks[-1][1].append(token)
    parts: list[str] = []
    for opening, chunk in chunks[:-1]:
        lazy = {"": "", _ANY: ".*?", _FOLDERS: "(?:.*?/)??"}[opening]
        parts.append(f"(?>{lazy}{_names_regex(chunk)})")
    opening, chunk = chunks[-1]
    parts.append({"": "", _ANY: ".*", _FOLDERS: "(?:.*/)?"}[opening] + _names_regex(chunk))
    return "".join(parts)


def _names_regex(tokens: list[str]) -> str:
    """Join tokens without `**`."""
    parts: list[str] = []
    stars = tokens.count(_STAR)
    open_atom = False
    for token in tokens:
        if token != _STAR:
            parts.append(token)
            continue
        stars -= 1
        parts.append((")" if open_atom else "") + ("(?>[^/]*?" if stars else "[^/]*"))
        open_atom = stars > 0
    return "".join(parts)


_SPECIAL = re.compile(r"[*?\[\\]")
_EXTENSION = re.compile(r"\*\.[^*?\[\\.]*")
_ANYWHERE = re.compile(r"\*\*/((?:(?!\*\*)[^/\[\\])+)")
"""A pattern that means what its last part alone would: names of any folder."""


class _Matcher:
    """All patterns that apply to files, or all that apply to folders, matched at once; the last one wins.

    Attributes:
        fold: whether case does not count; `names` and `suffixes` are in lower case then.
        names: names that patterns consist of.
        last_names: names that the paths end with that other patterns match.
        suffixes: the ends, from the last dot on, that patterns ask for.
        name_regex: matches the names that other patterns match, wherever the file is.
    """

    def __init__(self, patterns: Iterable[tuple[int, _Pattern]], fold: bool) -> None:
        self.fold = fold
        self.names: dict[str, int] = {}
        self.suffixes: dict[str, int] = {}
        self.last_names: set[str] = set()
        self._places: set[str] = set()
        """The folders, as `may_match_in` gets them, in which alone some patterns of paths may match something."""
        self._beginnings: list[str] = []
        """How the paths begin that the others may match."""
        names: list[tuple[int, str]] = []
        paths: list[tuple[int, str]] = []
        for number, pattern in patterns:
            glob, by_name = pattern.glob, pattern.basename_only
            if anywhere := _ANYWHERE.fullmatch(glob):
                glob, by_name = anywhere[1], True
            plain = glob.translate(_LOWER) if fold else glob
            if by_name and not _SPECIAL.search(glob):
                self.names[plain] = number
            elif by_name and _EXTENSION.fullmatch(glob):
                self.suffixes[plain[1:]] = number
            else:
                try:
                    regex = _regex(_tokens(glob, fold, by_name))
                except _MalformedError:
                    continue
                (names if by_name else paths).append((number, regex))
                if not by_name:
                    self._note_place(plain)
        self._name_numbers, self.name_regex = self._joined(names)
        self._path_numbers, self._path_regex = self._joined(paths)

    def _note_place(self, glob: str) -> None:
        """Note where a pattern of paths may match something."""
        folder, slash, name = glob.rpartition("/")
        if not _SPECIAL.search(name) and "[" not in folder:  # in brackets a slash does not end a name
            self.last_names.add(name)
        elif not _SPECIAL.search(folder) and "**" not in name:
            self._places.add(folder + slash)
        else:
            self._beginnings.append(_SPECIAL.split(glob, maxsplit=1)[0])

    @property
    def is_placed(self) -> bool:
        """Whether `may_match_in` is true of any folder."""
        return bool(self._places or self._beginnings)

    def may_match_in(self, folder: str) -> bool:
        """Whether a pattern of paths may match a name that is not among `last_names`, directly in `folder`.

        `folder` is relative to the ignore file's, with a final "/"; "" for that folder itself.
        """
        if self.fold:
            folder = folder.translate(_LOWER)
        return folder in self._places or any(
            folder.startswith(beginning) or beginning.startswith(folder) for beginning in self._beginnings
        )

    @staticmethod
    def _joined(regexes: list[tuple[int, str]]) -> tuple[list[int], re.Pattern[str] | None]:
        """One expression in which the last pattern is the first alternative."""
        if not regexes:
            return [], None
        joined = "|".join(f"({regex})" for _, regex in reversed(regexes))
        return [number for number, _ in reversed(regexes)], re.compile(joined, re.DOTALL)

    def last(self, path: str, name: str) -> int:
        """The number of the last pattern that matches; -1 if none does."""
        plain = name.translate(_LOWER) if self.fold else name
        found = self.names.get(plain, -1)
        if self.suffixes:
            dot = plain.rfind(".")
            if dot >= 0:
                found = max(found, self.suffixes.get(plain[dot:], -1))
        for regex, numbers, text in (
            (self.name_regex, self._name_numbers, name),
            (self._path_regex, self._path_numbers, path),
        ):
            if regex is not None:
                match = regex.fullmatch(text)
                if match is not None and match.lastindex is not None:
                    found = max(found, numbers[match.lastindex - 1])
        return found


class IgnoreFile:
    """The patterns of one ignore file, which apply to everything below its folder."""

    def __init__(self, content: bytes, *, fold_case: bool = False) -> None:
        """Parse `content`; no content is an error."""
        self._fold = fold_case
        self._patterns: list[_Pattern] = []
        text = content.removeprefix(b"\xef\xbb\xbf").decode("latin-1")
        for line in text.split("\n"):
            pattern = _parse_line(line.removesuffix("\r"))
            if pattern is not None:
                self._patterns.append(pattern)

    @classmethod
    def read(cls, path: Path, *, fold_case: bool = False) -> IgnoreFile | None:
        """The ignore file at `path`; None if it is not a readable regular file, or has no patterns."""
        content = read_regular(path, MAX_IGNORE_FILE_BYTES)
        if not content:
            return None
        ignore = cls(content, fold_case=fold_case)
        return ignore if ignore._patterns else None

    @cached_property
    def _files(self) -> _Matcher:
        chosen = [(number, pattern) for number, pattern in enumerate(self._patterns) if not pattern.directories_only]
        return _Matcher(chosen, self._fold)

    @cached_property
    def _folders(self) -> _Matcher:
        return _Matcher(enumerate(self._patterns), self._fold)

    def matcher(self, *, is_folder: bool) -> _Matcher:
        """The patterns that apply to folders, or to files."""
        return self._folders if is_folder else self._files

    def match(self, path: str, name: str, *, is_folder: bool) -> bool | None:
        """True if `path` is ignored, False if it is re-included ("!"), None if no pattern matches.

        Args:
            path: relative to the ignore file's folder, "/" between names, as `byte_text` gives it.
            name: its last part.
            is_folder: whether it is a folder (a symbolic link to one is not).
        """
        number = self.matcher(is_folder=is_folder).last(path, name)
        return None if number < 0 else not self._patterns[number].negated


@dataclass(frozen=True, slots=True)
class RuleSource:
    """An ignore file with its location: `prefix + path[strip:]` is a path relative to the file's folder.

    Both apply to paths in the form of `byte_text`.
    """

    patterns: IgnoreFile
    strip: int = 0
    prefix: str = ""

    def match(self, path: str, name: str, is_folder: bool) -> bool | None:
        """See `IgnoreFile.match`; `path` is relative to the root, in the form of `byte_text`."""
        return self.patterns.match(self.prefix + path[self.strip :], name, is_folder=is_folder)


class Sieve:
    """Tells of most names, in little time, that no pattern of some ignore files matches them."""

    def __init__(self, sources: Sequence[RuleSource], *, is_folder: bool) -> None:
        """The patterns that apply to folders, or to files."""
        matchers = [source.patterns.matcher(is_folder=is_folder) for source in sources]
        both = zip(sources, matchers, strict=True)
        self._by_path = [(source, matcher.may_match_in) for source, matcher in both if matcher.is_placed]
        self._fold = any(matcher.fold for matcher in matchers)
        self._is_mixed = self._fold and not all(matcher.fold for matcher in matchers)
        self._names = frozenset(name for matcher in matchers for name in (*matcher.names, *matcher.last_names))
        self._suffixes = frozenset(suffix for matcher in matchers for suffix in matcher.suffixes)
        self._regexes = [matcher.name_regex.fullmatch for matcher in matchers if matcher.name_regex is not None]

    def inside(self, prefix: str) -> Callable[[str], bool]:
        """A function that says whether a name may be matched in a folder.

        `prefix` is "" for the root, or else the folder's path relative to it, with a final "/".
        """
        if self._is_mixed:
            return _always
        prefix = byte_text(prefix)
        for source, may_match_in in self._by_path:
            if may_match_in(source.prefix + prefix[source.strip :]):
                return _always
        return self._may_match

    def _may_match(self, name: str) -> bool:
        """Whether a pattern of names may match."""
        plain = name.translate(_LOWER) if self._fold else name
        if plain in self._names or (self._suffixes and plain[plain.rfind(".") :] in self._suffixes):
            return True
        for matches in self._regexes:
            if matches(name):
                return True
        return not name.isascii()


def _always(_: str) -> bool:
    return True


def _never(_: str) -> bool:
    return False


LOOKED_UP = 24
"""Paths that are looked for in git's index as it is, each of which takes a hundredth of what it takes to read it."""


class Tracked:
    """The files that a repository tracks, read on first use.

    Most of what is ignored is not tracked, and does not stand anywhere in the index; all of it need not be read then.
    """

    def __init__(self, repository: Repository, root: Path) -> None:
        self._repository = repository
        self._prefix = ""
        self._strip = 0
        self._looked_up = 0
        self._index: bytes | None = None
        if repository.top != root:
            if root.is_relative_to(repository.top):
                self._prefix = root.relative_to(repository.top).as_posix() + "/"
            else:
                self._strip = len(repository.top.relative_to(root).as_posix()) + 1

    @cached_property
    def _paths(self) -> frozenset[str]:
        return self._repository.tracked()

    @cached_property
    def _folders(self) -> frozenset[str]:
        folders: set[str] = set()
        for path in self._paths:
            above = path.rpartition("/")[0]
            while above and above not in folders:
                folders.add(above)
                above = above.rpartition("/")[0]
        return frozenset(folders)

    def __contains__(self, path: str) -> bool:
        """Whether it is a tracked file, or a folder that contains one; `path` is relative to the root."""
        path = self._prefix + path[self._strip :]
        return self._may_be_tracked(path) and (path in self._paths or path in self._folders)

    def _may_be_tracked(self, path: str) -> bool:
        """Whether something in the index ends with a file's path or begins with a folder's, or it was not looked up."""
        if self._looked_up == 0:
            self._index = self._repository.plain_index()
        self._looked_up += 1
        if self._looked_up > LOOKED_UP:
            self._index = None
        if self._index is None:
            return True
        name = os.fsencode(path)
        at = self._index.find(name)
        while at >= 0 and self._index[at + len(name) : at + len(name) + 1] not in (b"\0", b"/"):
            at = self._index.find(name, at + 1)
        return at >= 0


@dataclass(frozen=True)
class FolderRules:
    """The rules that apply in one folder: the ignore files from the outermost to the innermost, or why it is skipped.

    There are three families, none of which can re-include what another excludes: git, `.glossatorignore`, the setting
    `exclude`. The setting `include` re-includes what git excludes.
    """

    git: tuple[RuleSource, ...] = ()
    own: tuple[RuleSource, ...] = ()
    setting: tuple[RuleSource, ...] = ()
    tracked: Tracked | None = None
    tracked_only: bool = False
    """Whether git ignores the folder, but not the files in it that it tracks, or that are included."""
    fold_case: bool = False
    included: Included | None = None
    """What the user wants indexed although git ignores it."""
    left_out: str | None = None
    """None if it is entered; "" if it is left out silently; else the reason for skipping it."""

    def ignores(self, path: str, name: str, is_folder: bool) -> bool:
        """Whether the ignore files exclude an entry of this folder."""
        if not (self.git or self.own or self.setting or self.tracked_only):
            return False
        if (self.own and _verdict(self.own, path, name, is_folder)) or (
            self.setting and _verdict(self.setting, path, name, is_folder)
        ):
            return True
        if not self.git_ignores(path, name, is_folder) or (self.tracked is not None and path in self.tracked):
            return False
        return not self.includes(path, is_folder=is_folder)

    def may_ignore_in(self, prefix: str, *, is_folder: bool) -> Callable[[str], bool]:
        """A function that says of a name in a folder with these rules whether `ignores` has to be asked.

        `prefix` is "" for the root, or else the folder's path relative to it, with a final "/"; `is_folder`: the names
        are those of folders.
        """
        if self.tracked_only:
            return _always
        if not (self.git or self.own or self.setting):
            return _never
        return (self._folder_sieve if is_folder else self._file_sieve).inside(prefix)

    @cached_property
    def _file_sieve(self) -> Sieve:
        return Sieve((*self.git, *self.own, *self.setting), is_folder=False)

    @cached_property
    def _folder_sieve(self) -> Sieve:
        return Sieve((*self.git, *self.own, *self.setting), is_folder=True)

    def includes(self, path: str, *, is_folder: bool) -> bool:
        """Whether the setting `include` names this path, or something below this folder."""
        included = self.included
        return included is not None and (included.holds(path) or (is_folder and included.leads_through(path)))

    def git_ignores(self, path: str, name: str, is_folder: bool) -> bool:
        """Whether git would ignore an entry of this folder that it does not track."""
        return self.tracked_only or _verdict(self.git, path, name, is_folder)


def _verdict(family: tuple[RuleSource, ...], path: str, name: str, is_folder: bool) -> bool:
    """The result of the innermost ignore file with a matching pattern; False if there is none."""
    if not family:
        return False
    if not path.isascii():
        path, name = byte_text(path), byte_text(name)
    for source in reversed(family):
        verdict = source.match(path, name, is_folder)
        if verdict is not None:
            return verdict
    return False
