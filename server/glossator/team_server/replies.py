"""What the server of a team's indexes answers: records that become JSON."""

from __future__ import annotations

import msgspec


class TeamPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Lines of a file of a repository, at the commit that its base was built from. Lines are 1-based, inclusive."""

    repository: str
    commit: str
    path: str
    start_line: int
    end_line: int
    kind: str
    name: str
    qualified_name: str
    signature: str
    doc: str


class TeamSearchHit(TeamPlace, frozen=True, kw_only=True):
    """A hit. Scores of different repositories are only roughly comparable."""

    score: float
    why: str


class SearchReply(msgspec.Struct, frozen=True):
    """What was found, best first; and what could not be searched: a repository, and why."""

    hits: list[TeamSearchHit]
    searched: int
    """Number of repositories."""
    left_out: int
    """Number of repositories that were not searched, since the query is likelier about others."""
    problems: list[str]


class DefinitionsReply(msgspec.Struct, frozen=True):
    """Definitions of a name, and how many more there are."""

    symbols: list[TeamPlace]
    more: int
    problems: list[str]


class TeamUse(msgspec.Struct, frozen=True):
    """A place that mentions a symbol; `inside` is the definition around it."""

    path: str
    line: int
    kind: str
    grade: str
    """ "resolved" or "possible"."""
    inside: str
    test: bool


class UsedDefinition(msgspec.Struct, frozen=True):
    """A definition and the places in its repository that mention it; `more` are left out."""

    symbol: TeamPlace
    uses: list[TeamUse]
    more: int


class UsesReply(msgspec.Struct, frozen=True):
    """The uses of each definition of a name."""

    definitions: list[UsedDefinition]
    problems: list[str]


class OutlineReply(msgspec.Struct, frozen=True):
    """What a file defines, or the outermost definitions of a folder's files; `more` are left out."""

    repository: str
    commit: str
    definitions: list[TeamPlace]
    files: int
    more: int


class ServedRepository(msgspec.Struct, frozen=True):
    """A repository that is served: the commit of its base, when that was made and built (seconds since 1970)."""

    name: str
    commit: str
    committed: int
    built: float
    files: int
    lines: int
    symbols: int


class RepositoriesReply(msgspec.Struct, frozen=True):
    """The repositories that a token opens, and what is wrong with some of them."""

    repositories: list[ServedRepository]
    problems: list[str]
