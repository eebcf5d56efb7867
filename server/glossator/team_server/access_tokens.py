"""The tokens with which clients of a team's server say who they are, and which repositories each may read.

A token is 32 random bytes. Its SHA-256 is kept in a file that only its owner can read, with the patterns of the
repositories that it opens; the token itself is shown once, when it is made. A hash without salt is enough for a value
that cannot be guessed. The file is read again when it changes, so a token that is revoked ends at once.
"""

from __future__ import annotations

import fnmatch
import hashlib
import hmac
import os
import re
import secrets
import threading
import time
from typing import TYPE_CHECKING, Annotated

import msgspec

from glossator.errors import TeamError, UsageError
from glossator.private_files import FILE_MODE, make_private_folder, replace_private_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

TOKEN_PREFIX = "glossator_"  # noqa: S105 - what a token begins with, so that scanners for secrets can find it
RANDOM_BYTES = 32
MOST_TOKEN_CHARACTERS = 200
"""What is longer is no token, and not even hashed."""
RELOAD_SECONDS = 1.0
"""Seconds after which a changed file is noticed."""
LOCK_SECONDS = 10.0
"""Seconds to wait for another process that changes the file."""
_NAME = re.compile(r"[A-Za-z0-9._@-]{1,64}")
_OTHERS = 0o077


class AccessToken(msgspec.Struct, frozen=True):
    """What is kept of a token."""

    name: str
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    """Of the token, in hexadecimal digits."""
    repositories: tuple[str, ...]
    """Patterns of names: `*` stands for any characters, "/" included."""
    created: int
    """Seconds since 1970."""
    expires: int = 0
    """Seconds since 1970; 0: never."""

    def may_read(self, repository: str) -> bool:
        """Whether it opens a repository."""
        return any(fnmatch.fnmatchcase(repository, pattern) for pattern in self.repositories)


class _TokensFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    tokens: tuple[AccessToken, ...] = ()


def read_tokens(path: Path) -> tuple[AccessToken, ...]:
    """The tokens in a file.

    Raises:
        TeamError: it cannot be read, others can read it, or it is no such file.
    """
    try:
        status = path.stat()
        if os.name == "posix" and (status.st_mode & _OTHERS or status.st_uid not in (os.geteuid(), 0)):
            raise TeamError(f"{path} can be read or written by others: make it yours alone (chmod 600)")
        return msgspec.json.decode(path.read_bytes(), type=_TokensFile).tokens
    except FileNotFoundError:
        raise TeamError(
            f"there is no file {path}: make a token with `glossator team tokens --tokens {path} --new NAME`"
        ) from None
    except OSError as error:
        raise TeamError(f"cannot read the tokens in {path}: {error.strerror or error}") from error
    except msgspec.MsgspecError as error:
        raise TeamError(f"{path} is no file of tokens: {error}") from error


def add_token(path: Path, name: str, repositories: Sequence[str], lifetime: float = 0.0) -> str:
    """Make a token, add it to a file, which is created if need be, and return it.

    Args:
        path: the file.
        name: whose it is; it stands in the access log.
        repositories: patterns of the repositories that it opens.
        lifetime: seconds until it expires; 0: never.

    Raises:
        UsageError: the name or a pattern cannot be used, or there is a token of this name.
        TeamError: the file cannot be read or written.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} cannot be a token's name: use up to 64 letters, digits and . _ @ -")
    if not repositories or not all(pattern.strip() for pattern in repositories):
        raise UsageError("say which repositories the token opens: --repository PATTERN ('*' for all)")
    token = TOKEN_PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
    now = int(time.time())
    expires = int(now + lifetime) if lifetime else 0
    made = AccessToken(name, _digest(token), tuple(pattern.strip() for pattern in repositories), now, expires)

    def added(tokens: tuple[AccessToken, ...]) -> tuple[AccessToken, ...]:
        if any(one.name == name for one in tokens):
            raise UsageError(f"there is a token named {name!r} already: revoke it first, or choose another name")
        return (*tokens, made)

    _change(path, added)
    return token


def revoke_token(path: Path, name: str) -> None:
    """Remove a token from a file.

    Raises:
        UsageError: there is none of this name.
        TeamError: the file cannot be read or written.
    """

    def without(tokens: tuple[AccessToken, ...]) -> tuple[AccessToken, ...]:
        kept = tuple(one for one in tokens if one.name != name)
        if len(kept) == len(tokens):
            raise UsageError(f"there is no token named {name!r} in {path}")
        return kept

    _change(path, without)


def _change(path: Path, change: Callable[[tuple[AccessToken, ...]], tuple[AccessToken, ...]]) -> None:
    from filelock import FileLock, Timeout

    try:
        if not path.parent.is_dir():
            make_private_folder(path.parent)
        with FileLock(path.with_name(path.name + ".lock"), timeout=LOCK_SECONDS, mode=FILE_MODE):
            tokens = read_tokens(path) if path.exists() else ()
            content = msgspec.json.format(msgspec.json.encode(_TokensFile(change(tokens))), indent=1)
            replace_private_file(path, content.decode("utf-8") + "\n")
    except Timeout:
        raise TeamError(f"another process is changing {path}: try again later") from None
    except OSError as error:
        raise TeamError(f"cannot write {path}: {error.strerror or error}") from error


class AccessTokens:
    """The tokens of a server, as they are in its file now. Any thread may use it."""

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            TeamError: it cannot be read, or has no token.
        """
        self._path = path
        self._guard = threading.Lock()
        self._looked = time.monotonic()
        self._seen = _state_of(path)
        self._tokens = read_tokens(path)
        self._failure: TeamError | None = None
        if not self._tokens:
            raise TeamError(f"{path} has no token: make one with `glossator team tokens --tokens {path} --new NAME`")

    def holder(self, token: str) -> AccessToken | None:
        """What is kept of a token; None if it is unknown or has expired. Takes the same time for every token.

        Raises:
            TeamError: the file was changed and cannot be read: then no token counts.
        """
        known = self._current()
        if not token or len(token) > MOST_TOKEN_CHARACTERS:
            return None
        digest = _digest(token)
        found: AccessToken | None = None
        for one in known:
            if hmac.compare_digest(one.sha256, digest):
                found = one
        return None if found is None or (found.expires and found.expires <= time.time()) else found

    def check(self) -> None:
        """Read the file again if it has changed.

        Raises:
            TeamError: it cannot be read.
        """
        self._current()

    def _current(self) -> tuple[AccessToken, ...]:
        with self._guard:
            now = time.monotonic()
            if now - self._looked >= RELOAD_SECONDS or self._failure is not None:
                self._looked = now
                seen = _state_of(self._path)
                if seen != self._seen or self._failure is not None:
                    try:
                        self._tokens, self._failure = read_tokens(self._path), None
                    except TeamError as error:
                        self._failure = error
                    self._seen = seen
            if self._failure is not None:
                raise self._failure
            return self._tokens


def _state_of(path: Path) -> tuple[int, ...]:
    """What changes when a file is replaced, written or made readable for others."""
    try:
        status = path.stat()
    except OSError:
        return ()
    return status.st_ino, status.st_mtime_ns, status.st_size, status.st_mode


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
