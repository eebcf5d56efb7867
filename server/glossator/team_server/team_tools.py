"""What a team's server can be asked, over HTTP and by agents: names, arguments, answers as data and as text.

This module knows no protocol. A description tells a model when to use a tool, and when another one is better.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from glossator.errors import UsageError
from glossator.mcp_server.tool_arguments import wrong_arguments
from glossator.team_server.base_queries import (
    MOST_SERVED_DEFINITIONS,
    MOST_SERVED_HITS,
    MOST_SERVED_PLACES,
    search_filter,
)
from glossator.team_server.replies import (
    DefinitionsReply,
    OutlineReply,
    RepositoriesReply,
    SearchReply,
    TeamPlace,
    UsesReply,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from glossator.team_server.access_tokens import AccessToken
    from glossator.team_server.base_queries import BaseQueries, Deadline

MOST_NAMED = 200
"""Repositories, globs, languages or kinds that a question may name."""
TEXT_DOC_CHARACTERS = 240
"""Characters of documentation in texts for models."""

_Names = list[str]

Reply = SearchReply | DefinitionsReply | UsesReply | OutlineReply | RepositoriesReply


class _TeamArguments(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _InRepositories(_TeamArguments):
    repositories: _Names = Field(
        default_factory=list,
        max_length=MOST_NAMED,
        description='Only these, by name ("github.com/org/app", as list_repositories gives them); empty: all.',
    )


class NoArguments(_TeamArguments):
    """Arguments of `list_repositories`."""


class TeamSearchArguments(_InRepositories):
    """Arguments of `search_code`."""

    query: str = Field(
        description="What the code does, in words (any language); or a name, an error message, a stack trace."
    )
    include: _Names = Field(default_factory=list, max_length=MOST_NAMED, description="Only paths that match (src/**).")
    exclude: _Names = Field(default_factory=list, max_length=MOST_NAMED, description="No paths that match.")
    languages: _Names = Field(
        default_factory=list, max_length=MOST_NAMED, description='Only these: "python", "go", ...'
    )
    kinds: _Names = Field(
        default_factory=list, max_length=MOST_NAMED, description='Only these: "function", "class", "section", ...'
    )
    limit: int = Field(10, ge=1, le=MOST_SERVED_HITS, description="Hits at most.")


class TeamSymbolArguments(_InRepositories):
    """Arguments of `get_symbol`."""

    symbol: str = Field(description="A name (Session.get, get), or FILE:LINE.")
    limit: int = Field(10, ge=1, le=MOST_SERVED_DEFINITIONS, description="Definitions at most.")


class TeamUsesArguments(_InRepositories):
    """Arguments of `find_uses`."""

    symbol: str = Field(description="A name (Session.get, get), or FILE:LINE.")
    limit: int = Field(50, ge=1, le=MOST_SERVED_PLACES, description="Places at most.")


class TeamOutlineArguments(_TeamArguments):
    """Arguments of `outline`."""

    repository: str = Field(description="Its name, as list_repositories gives it.")
    path: str = Field("", description="A file, or a folder; empty: the whole repository.")
    limit: int = Field(100, ge=1, le=MOST_SERVED_PLACES, description="Definitions at most.")


class TeamSimilarArguments(_TeamArguments):
    """Arguments of `find_similar`."""

    repository: str = Field(description="The repository that defines the symbol.")
    symbol: str = Field(description="A name (Session.get, get), or FILE:LINE.")
    limit: int = Field(5, ge=1, le=MOST_SERVED_HITS - 1, description="Hits at most.")


@dataclass(frozen=True, slots=True)
class TeamTool:
    """One question: what it is called in HTTP's paths and by agents, its arguments, and what answers it."""

    path: str
    name: str
    title: str
    description: str
    arguments: type[_TeamArguments]
    called: Callable[[BaseQueries, AccessToken, Deadline, Any], Reply]

    def read(self, values: object) -> Any:
        """Arguments from JSON.

        Raises:
            UsageError: they are not what they should be; the message says which and why, in one line.
        """
        try:
            return self.arguments.model_validate(values)
        except ValidationError as error:
            raise UsageError(wrong_arguments(self.arguments, error)) from None


TEAM_TOOLS: tuple[TeamTool, ...] = (
    TeamTool(
        "search",
        "search_code",
        "Search the team's code",
        "Find code in the team's repositories by what it does, by an error message or by a name: ranked definitions "
        "with repository, commit, lines, signature and documentation. Use it to find how other repositories do "
        "something, or where a service or a type is defined. The text of files is not here: read it where the "
        "repository is checked out, at the commit that is named. For the folder that is open, a local tool is better.",
        TeamSearchArguments,
        lambda queries, access, deadline, given: queries.search(
            access,
            deadline,
            given.query,
            repositories=given.repositories,
            where=search_filter(given.include, given.exclude, given.languages, given.kinds),
            limit=given.limit,
        ),
    ),
    TeamTool(
        "symbol",
        "get_symbol",
        "Look up a symbol",
        "The definitions of a name in the team's repositories: place, signature, documentation. Not for something "
        "whose name you do not know (`search_code`).",
        TeamSymbolArguments,
        lambda queries, access, deadline, given: queries.definitions(
            access, deadline, given.symbol, repositories=given.repositories, limit=given.limit
        ),
    ),
    TeamTool(
        "uses",
        "find_uses",
        "Find uses",
        "The places that refer to a symbol, inside the repository that defines it. Names are resolved, so other things "
        "of the same name are not counted; places that are not certain are marked. Names in strings and uses in other "
        "repositories are not found: search for them.",
        TeamUsesArguments,
        lambda queries, access, deadline, given: queries.uses(
            access, deadline, given.symbol, repositories=given.repositories, limit=given.limit
        ),
    ),
    TeamTool(
        "outline",
        "outline",
        "Outline a file or folder",
        "What a file of a repository defines, or the outermost definitions of the files in a folder.",
        TeamOutlineArguments,
        lambda queries, access, deadline, given: queries.outline(
            access, deadline, given.repository, given.path, limit=given.limit
        ),
    ),
    TeamTool(
        "similar",
        "find_similar",
        "Find similar code",
        "Code of all repositories that is similar to a symbol of one: duplicates, and examples to follow.",
        TeamSimilarArguments,
        lambda queries, access, deadline, given: queries.similar(
            access, deadline, given.symbol, repository=given.repository, limit=given.limit
        ),
    ),
    TeamTool(
        "repositories",
        "list_repositories",
        "List repositories",
        "The team's repositories that you may read, with the commits that were indexed and their sizes.",
        NoArguments,
        lambda queries, access, deadline, given: queries.repositories(access),  # noqa: ARG005
    ),
)

TEAM_INSTRUCTIONS = (
    "Glossator knows every symbol of the team's repositories, as of the commits that `list_repositories` names. Find "
    "code with `search_code`, look up a name with `get_symbol`, see a file's shape with `outline`, and who uses "
    "something with `find_uses`. Lines are 1-based, paths relative to the repository's top folder. The text of files "
    "is not here."
)


def reply_data(reply: Reply) -> Any:
    """An answer as JSON values."""
    return msgspec.to_builtins(reply)


def reply_text(reply: Reply) -> str:
    """An answer as a model reads it."""
    if isinstance(reply, SearchReply):
        lines = [_place_text(hit) for hit in reply.hits] or ["nothing found"]
        if reply.left_out:
            lines.append(f"note: {reply.left_out} repositories that are less likely were not searched: name some")
    elif isinstance(reply, DefinitionsReply):
        lines = [_place_text(place) for place in reply.symbols]
        if reply.more:
            lines.append(f"{reply.more} more definitions: name a repository")
    elif isinstance(reply, UsesReply):
        lines = []
        for one in reply.definitions:
            lines.append(_place_text(one.symbol))
            for use in one.uses:
                marks = f"{f' in {use.inside}' if use.inside else ''}{' (test)' if use.test else ''}"
                lines.append(f"  {use.path}:{use.line} {use.kind}{' possible' * (use.grade != 'resolved')}{marks}")
            if not one.uses:
                lines.append("  no place that refers to it was found by its name")
            if one.more:
                lines.append(f"  {one.more} more are left out: raise limit")
    elif isinstance(reply, OutlineReply):
        lines = [f"{reply.repository} at {reply.commit[:12]}, {reply.files} files"]
        lines += [
            f"{place.path}:{place.start_line}-{place.end_line} {place.signature or f'{place.kind} {place.name}'}"
            for place in reply.definitions
        ]
        if reply.more:
            lines.append(f"{reply.more} more are left out: give a folder inside, or raise limit")
    else:
        lines = [
            f"{one.name} at {one.commit[:12]}: {one.files:,} files, {one.lines:,} lines, {one.symbols:,} symbols"
            for one in reply.repositories
        ] or ["there are no repositories that this token opens"]
    problems = [] if isinstance(reply, OutlineReply) else reply.problems
    return "\n".join([*lines, *(f"note: {problem}" for problem in problems)])


def _place_text(place: TeamPlace) -> str:
    what = place.qualified_name or place.name
    lines = [
        f"{place.repository}@{place.commit[:12]} {place.path}:{place.start_line}-{place.end_line} {place.kind} {what}"
    ]
    lines += [f"  {text}" for text in (place.signature, place.doc[:TEXT_DOC_CHARACTERS]) if text]
    return "\n".join(lines)
