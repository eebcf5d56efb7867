"""Asks a team's server. The connection is encrypted; redirects are not followed, so the token goes to no other host."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx2 as httpx

from glossator.errors import SymbolNotFoundError, TeamAccessError, TeamError, UsageError
from glossator.settings import endpoint_url, is_this_machine

if TYPE_CHECKING:
    from collections.abc import Sequence

SERVER_SECONDS = 60.0
SERVER_CONNECT_SECONDS = 10.0
MOST_ANSWER_BYTES = 32 * 1024 * 1024
TOKEN_VARIABLE = "GLOSSATOR_TEAM_TOKEN"  # noqa: S105 - the name of a variable


class TeamServerClient:
    """A client of one server."""

    def __init__(self, url: str, token: str) -> None:
        """Nothing is sent yet.

        Raises:
            UsageError: the URL or the token cannot be used, or the token would be sent in the clear.
        """
        try:
            parts = endpoint_url(url)
        except ValueError as error:
            raise UsageError(f"{url!r} is not the URL of a server: {error}") from None
        if parts.scheme != "https" and not is_this_machine(parts.hostname or ""):
            raise UsageError(f"the connection to {parts.hostname} would not be encrypted: use an https URL")
        if not token:
            raise UsageError(
                f"set the server's token in the variable {TOKEN_VARIABLE}, or as `team_token` in config.toml"
            )
        self._url = parts.geturl().rstrip("/")
        self._token = token

    def search(
        self,
        query: str,
        *,
        limit: int,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        languages: Sequence[str] = (),
        kinds: Sequence[str] = (),
    ) -> dict[str, Any]:
        """What the server finds in all repositories that the token opens: "hits" and "problems".

        Raises:
            UsageError: the server does not accept the question.
            TeamAccessError: it does not accept the token.
            TeamError: it cannot be reached or fails.
        """
        body = {
            "query": query,
            "limit": limit,
            "include": [*include],
            "exclude": [*exclude],
            "languages": [*languages],
            "kinds": [*kinds],
        }
        found = self._post("/v1/search", body)
        hits, problems = found.get("hits"), found.get("problems")
        wanted = ("repository", "commit", "path", "start_line", "end_line", "kind", "name", "qualified_name", "why")
        if (
            not isinstance(hits, list)
            or not isinstance(problems, list)
            or not all(isinstance(hit, dict) and all(key in hit for key in wanted) for hit in hits)
        ):
            raise TeamError(f"{self._url} is not a team's server of this version: its answer has another form")
        return {"hits": hits, "problems": [str(problem) for problem in problems]}

    def _post(self, path: str, body: object) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._token}"}
        timeout = httpx.Timeout(SERVER_SECONDS, connect=SERVER_CONNECT_SECONDS)
        content = bytearray()
        try:
            with (
                httpx.Client(timeout=timeout, follow_redirects=False) as client,
                client.stream("POST", self._url + path, json=body, headers=headers) as response,
            ):
                for part in response.iter_bytes():
                    content += part
                    if len(content) > MOST_ANSWER_BYTES:
                        raise TeamError(f"{self._url} sends more than {MOST_ANSWER_BYTES:,} bytes")
                status = response.status_code
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, UnicodeError) as error:
            why = str(error).replace(self._token, "***") or type(error).__name__
            raise TeamError(f"{self._url} cannot be reached: {why}") from error
        try:
            found = json.loads(content)
        except (ValueError, RecursionError):
            found = None
        if status == 200 and isinstance(found, dict):
            return found
        refusal = found.get("error") if isinstance(found, dict) else None
        said = refusal.get("message") if isinstance(refusal, dict) else None
        message = " ".join(str(said or "no reason is given").replace(self._token, "***").split())[:500]
        kinds: dict[int, type[Exception]] = {
            400: UsageError,
            401: TeamAccessError,
            403: TeamAccessError,
            404: SymbolNotFoundError,
        }
        raise kinds.get(status, TeamError)(f"{self._url} answers with status {status}: {message}")
