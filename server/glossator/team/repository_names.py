"""What a team's repositories are called: a name that follows from a repository's URL, and the list of what to build."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from glossator.errors import UsageError

_SCP = re.compile(r"(?:[^/@:\s]+@)?([^/:\s]+):(?!//)(.+)")
"""How git writes an SSH address for short: `git@host:path`."""


@dataclass(frozen=True, slots=True)
class ListedRepository:
    """A repository to build: its name in the team, where git fetches it from, and the branch, tag or commit."""

    name: str
    url: str
    revision: str = "HEAD"


def name_of_url(url: str) -> str:
    """The name of the repository at a URL: host and path, however it is fetched; "" for a path of this machine."""
    url = url.strip()
    if "://" in url:
        try:
            parts = urlsplit(url)
        except ValueError:  # such as brackets without an IPv6 address
            return ""
        host, path = (parts.hostname or ""), parts.path
        if parts.scheme == "file" or not host:
            return ""
    elif (match := _SCP.fullmatch(url)) is not None and not re.match(r"[A-Za-z]:[\\/]", url):
        host, path = match[1], match[2]
    else:
        return ""
    path = unquote(path).strip("/").removesuffix(".git").strip("/")
    return f"{host.lower()}/{path}" if path else ""


def read_sources(file: Path) -> list[ListedRepository]:
    """The repositories of a list: one on each line, as `SOURCE [REVISION [NAME]]`; "#" begins a comment.

    SOURCE is a URL or a folder, relative to the list. A folder is called what its own `origin` is called, or else
    after the folder; `-` as the REVISION stands for HEAD.

    Raises:
        UsageError: the file cannot be read, or a line makes no sense.
    """
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the list of repositories {file}: {error}") from error
    found: list[ListedRepository] = []
    for number, line in enumerate(text.splitlines(), 1):
        parts = re.sub(r"(^|\s)#.*", "", line).split()
        if not parts:
            continue
        if len(parts) > 3 or any(part.startswith("-") and part != "-" for part in parts):
            raise UsageError(f"{file}:{number}: expected SOURCE, or SOURCE REVISION, or SOURCE REVISION NAME")
        url, revision, name = (*parts, *["-"] * (3 - len(parts)))
        url = _resolved(url, file.parent)
        wanted = revision if revision != "-" else "HEAD"
        found.append(ListedRepository(name if name != "-" else _name(url), url, wanted))
    urls: dict[str, str] = {}
    for source in found:
        if urls.setdefault(source.name, source.url) != source.url:
            raise UsageError(f"{file}: two repositories are called {source.name}: give each a NAME of its own")
    return list(dict.fromkeys(found))


def _resolved(url: str, base: Path) -> str:
    if "://" in url or name_of_url(url):
        return url
    return str((base / Path(url).expanduser()).resolve())


def _name(url: str) -> str:
    if name := name_of_url(url):
        return name
    folder = Path(_path_in(url))
    if folder.is_dir():
        from glossator.workspace.commit_distance import remote_urls

        for remote in remote_urls(folder):
            if name := name_of_url(remote):
                return name
    return _folder_name(url) or "repository"


def _folder_name(url: str) -> str:
    """The name of the folder at a URL or path."""
    return Path(_path_in(url)).name.removesuffix(".git")


def _path_in(url: str) -> str:
    """The path in a URL; a malformed URL or a path as it is."""
    try:
        return urlsplit(url).path if "://" in url else url
    except ValueError:
        return url


def names_of_clone(folder: Path) -> list[str]:
    """What a clone may be called in a team: the names of its remotes, that of `origin` first, and its folder's.

    Raises:
        WorkspaceError: git is missing or does not end.
    """
    from glossator.workspace.commit_distance import remote_urls

    urls = remote_urls(folder)
    names = [name_of_url(url) or _folder_name(url) for url in urls]
    return list(dict.fromkeys(name for name in (*names, folder.name) if name))
