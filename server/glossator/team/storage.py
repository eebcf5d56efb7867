"""Object storage: S3, Google Cloud Storage, Azure Blob Storage, or a plain folder (also one that NFS provides).

All access goes through `obstore`; nothing else imports it. Credentials come from the usual chain of the provider
(environment, profiles, single sign-on, the role of the machine), never from a setting. Paths are relative to the URL of
the storage, with "/".
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from glossator.errors import TeamAccessError, TeamError, TeamStorageError
from glossator.settings import is_this_machine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

REQUEST_RETRIES = 4
"""How often a request is repeated after a server error or a cut connection."""
REQUEST_RETRY_SECONDS = 20.0
"""Seconds after a request's first attempt until which it may be repeated."""
REQUEST_SECONDS = 60.0
"""Seconds that one request may take."""
STORAGE_CONNECT_SECONDS = 5.0
"""Seconds that a connection may take."""

MISSING_LIBRARY = "a team's index needs more packages: pip install 'glossator[team-client]'"
_CLOUDS = ("s3", "s3a", "gs", "az", "abfs", "abfss", "azure")


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object: its path, its size in bytes, and when it was written, in seconds since 1970."""

    path: str
    size: int
    written: float


def is_storage_url(text: str) -> bool:
    """Whether this is a URL that `Storage` accepts."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        return False
    if parts.scheme == "file":
        return parts.netloc in ("", "localhost") and len(parts.path) > 1
    return parts.scheme in _CLOUDS and bool(parts.netloc)


class Storage:
    """A storage that a team shares. Safe to use from several threads."""

    def __init__(self, url: str, *, create: bool = True) -> None:
        """Use `s3://bucket/prefix`, `gs://...`, `az://...` or `file:///folder`; nothing is sent yet.

        A folder that is not there is made, if `create` is set.

        Raises:
            TeamError: the URL cannot be used, a library is missing, or the connection would not be encrypted.
        """
        if not is_storage_url(url):
            raise TeamError(
                f"{url!r} is not the URL of a storage: give one such as s3://bucket/prefix or file:///folder"
            )
        self.url = url
        self._store = _opened(url, create=create)

    def get(self, path: str) -> bytes | None:
        """An object's content; None if there is no such object.

        Raises:
            TeamAccessError: this user may not read it.
            TeamError: the storage fails.
        """
        import obstore

        with self._translated(path):
            try:
                return bytes(obstore.get(self._store, path).bytes())
            except FileNotFoundError:
                return None

    def get_ranges(self, path: str, spans: Sequence[tuple[int, int]]) -> list[bytes]:
        """Parts of an object, each given by its offset and its length.

        Raises:
            TeamAccessError: this user may not read it.
            TeamError: the storage fails, or has no such object.
        """
        import obstore

        with self._translated(path):
            parts = obstore.get_ranges(
                self._store, path, starts=[start for start, _ in spans], lengths=[length for _, length in spans]
            )
            return [bytes(part) for part in parts]

    def create(self, path: str, content: bytes) -> bool:
        """Write an object unless there is one of this path; returns whether it was written. This is atomic.

        Raises:
            TeamAccessError: this user may not write it.
            TeamError: the storage fails.
        """
        import obstore
        from obstore.exceptions import AlreadyExistsError

        with self._translated(path):
            try:
                obstore.put(self._store, path, content, mode="create")
            except (AlreadyExistsError, FileExistsError):
                return False
            return True

    def put(self, path: str, content: bytes | Path) -> None:
        """Write an object, or replace it. This is atomic.

        Raises:
            TeamAccessError: this user may not write it.
            TeamError: the storage fails.
        """
        import obstore

        with self._translated(path):
            obstore.put(self._store, path, content)

    def objects(self, folder: str) -> list[StoredObject]:
        """All objects below a folder, by path.

        Raises:
            TeamAccessError: this user may not list it.
            TeamError: the storage fails.
        """
        import obstore

        with self._translated(folder):
            found = [
                StoredObject(str(meta["path"]), int(meta["size"]), meta["last_modified"].timestamp())
                for chunk in obstore.list(self._store, folder)
                for meta in chunk
            ]
        return sorted(found, key=lambda item: item.path)

    def folders(self, folder: str) -> list[str]:
        """The names of the folders directly in a folder, sorted.

        Raises:
            TeamAccessError: this user may not list it.
            TeamError: the storage fails.
        """
        import obstore

        with self._translated(folder):
            found = obstore.list_with_delimiter(self._store, folder)
        return sorted(str(prefix).rstrip("/").rpartition("/")[2] for prefix in found["common_prefixes"])

    def delete(self, paths: Sequence[str]) -> None:
        """Delete objects; those that are gone already do not matter.

        Raises:
            TeamAccessError: this user may not delete them.
            TeamError: the storage fails.
        """
        import obstore

        for path in paths:
            with self._translated(path), contextlib.suppress(FileNotFoundError):
                obstore.delete(self._store, path)

    @contextlib.contextmanager
    def _translated(self, path: str) -> Iterator[None]:
        """Raise what the library raises as errors of a team's index."""
        from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

        try:
            yield
        except (PermissionDeniedError, UnauthenticatedError, PermissionError) as error:
            raise TeamAccessError(f"you may not use {path!r} in {self.url}: {_first_line(error)}") from error
        except (BaseError, OSError) as error:
            raise TeamStorageError(f"the storage {self.url} failed at {path!r}: {_first_line(error)}") from error
        except BaseException as error:
            # The library panics when an object is shorter than what is asked for; that is no Exception.
            if type(error).__name__ != "PanicException":
                raise
            raise TeamStorageError(f"the storage {self.url} failed at {path!r}: it is incomplete") from error


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:300]


def _opened(url: str, *, create: bool) -> Any:
    try:
        from obstore.exceptions import BaseError
        from obstore.store import LocalStore, from_url
    except ImportError as error:
        raise TeamError(MISSING_LIBRARY) from error
    parts = urlsplit(url)
    if parts.scheme == "file":
        try:
            return LocalStore(Path(url2pathname(parts.path)), mkdir=create)
        except (BaseError, OSError, ValueError) as error:
            raise TeamError(f"cannot use the folder of {url}: {_first_line(error)}") from error
    options: dict[str, Any] = {
        "client_options": {
            "timeout": timedelta(seconds=REQUEST_SECONDS),
            "connect_timeout": timedelta(seconds=STORAGE_CONNECT_SECONDS),
        },
        "retry_config": {"max_retries": REQUEST_RETRIES, "retry_timeout": timedelta(seconds=REQUEST_RETRY_SECONDS)},
    }
    if parts.scheme in ("s3", "s3a"):
        _add_s3_options(url, options)
    try:
        return from_url(url, **options)
    except (BaseError, OSError, ValueError) as error:
        raise TeamError(f"cannot use the storage {url}: {_first_line(error)}") from error


def _add_s3_options(url: str, options: dict[str, Any]) -> None:
    """Where S3 is, and who the user is: the variables and files of the AWS tools."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if endpoint:
        options["config"] = {"endpoint": endpoint}
        try:
            parts = urlsplit(endpoint)
        except ValueError as error:
            raise TeamError(f"AWS_ENDPOINT_URL is not a URL: {endpoint}") from error
        if parts.scheme != "https":
            if not is_this_machine(parts.hostname or ""):
                raise TeamError(f"the connection to {endpoint} would not be encrypted: use an https URL")
            options["client_options"]["allow_http"] = True
    if os.environ.get("AWS_ACCESS_KEY_ID") and os.environ.get("AWS_SECRET_ACCESS_KEY"):
        return  # obstore reads these itself
    # Profiles and single sign-on are known to boto3, if it is installed; otherwise the role of the machine is used.
    try:
        from obstore.auth.boto3 import Boto3CredentialProvider

        options["credential_provider"] = Boto3CredentialProvider()
    except (ImportError, ValueError):
        return
    except Exception as error:  # an unknown profile, a file that cannot be parsed
        if not type(error).__module__.startswith("botocore"):
            raise
        raise TeamError(f"the credentials for {url} cannot be found: {_first_line(error)}") from error
