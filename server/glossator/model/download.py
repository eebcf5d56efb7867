"""Downloads models from the hub, and only when a user asks for it.

Built on huggingface_hub's own requests, so that HF_ENDPOINT, HF_TOKEN, proxies and its retries are honoured. Its
`hf_hub_download` discards an interrupted download; here the part that arrived is kept beside the target, and the next
attempt resumes from it.
"""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from glossator.errors import CancelledByUser, DownloadError, ModelError
from glossator.model import model_catalog
from glossator.model.header import read_header
from glossator.model.installed import InstalledModel, require_room, sha256_of
from glossator.private_files import FILE_MODE, make_private_file, make_private_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from glossator.model.installed import Models

_REMOTE = re.compile(r"^(?P<repo>[\w.-]+/[\w.-]+)[/:](?P<file>[^@]+\.gguf)(?:@(?P<revision>[\w.-]+))?$", re.IGNORECASE)

ATTEMPTS = 5
"""Failed connections in a row, without a new byte, after which the download is given up."""


@dataclass(frozen=True, slots=True)
class DownloadProgress:
    """How far a download is. `total` is 0 while it is unknown."""

    phase: Literal["download", "verify"]
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Remote:
    """A file on the hub that can be pulled, and what is known of it before.

    Attributes:
        name: what it will be called here.
        license: "" if it is not known: the page tells.
        bytes: 0 if not known exactly.
        sha256: "" if it is the hub's to tell.
    """

    name: str
    repo: str
    file: str
    revision: str
    license: str
    terms: bool
    bytes: int
    sha256: str

    @property
    def page(self) -> str:
        """Where its licence can be read."""
        return f"{_endpoint() or 'https://huggingface.co'}/{self.repo}"


def target(name: str) -> Remote:
    """The file that `name` stands for: a model of the catalogue, or "owner/repository/file.gguf[@revision]".

    Raises:
        ModelNotFoundError: neither.
    """
    match = _REMOTE.match(name)
    if match:
        file = match["file"]
        stem = file.rpartition("/")[2].removesuffix(".gguf")
        return Remote(stem, match["repo"], file, match["revision"] or "", "", True, 0, "")
    entry = model_catalog.find_entry(name)
    return Remote(
        entry.name, entry.repo, entry.file, entry.revision, entry.license, entry.terms, entry.bytes, entry.sha256
    )


def pull(
    models: Models,
    remote: Remote,
    *,
    progress: Callable[[DownloadProgress], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> InstalledModel:
    """Download a model, verify it, and add it to the list. What an earlier attempt downloaded is reused.

    Args:
        cancelled: called regularly; True stops the download and keeps what has arrived.

    Raises:
        DownloadError: it could not be fetched, or is not what it should be, or does not fit on the disk.
        CancelledByUser: `cancelled` said so.
    """
    from filelock import FileLock, Timeout

    folder = models.folder / remote.repo.replace("/", "--")
    path = folder / remote.file.rpartition("/")[2]
    try:
        make_private_folder(models.folder)
        make_private_folder(folder)
    except OSError as error:
        raise DownloadError(f"cannot write to {folder}: {error.strerror or error}") from error
    try:
        with FileLock(f"{path}.lock", timeout=0, mode=FILE_MODE):
            return _pull(models, remote, path, progress, cancelled)
    except Timeout:
        raise DownloadError(f"another process is downloading {remote.name}") from None
    except OSError as error:
        raise DownloadError(f"{remote.name} could not be written to {folder}: {error.strerror or error}") from error


def _pull(
    models: Models,
    remote: Remote,
    path: Path,
    progress: Callable[[DownloadProgress], None],
    cancelled: Callable[[], bool],
) -> InstalledModel:
    hub = Hub()
    size, digest, commit = hub.metadata(remote)
    expected = remote.sha256 or digest
    if remote.sha256 and digest and digest != remote.sha256:
        raise DownloadError(
            f"the hub's {remote.file} has the SHA-256 {digest}, and the catalogue's {remote.sha256}:"
            " it was replaced after the catalogue was made, and is not downloaded"
        )
    partial = path.with_name(f"{path.name}.{(expected or commit or 'new')[:12]}.part")
    if not (path.is_file() and path.stat().st_size == size):
        arrived = partial.stat().st_size if partial.is_file() else 0
        if size and arrived > size:
            partial.unlink()
            arrived = 0
        require_room(path.parent, max(size - arrived, 0))
        hub.fetch(remote, partial, size, progress, cancelled)
        _verify(partial, expected, size, progress)
        partial.replace(path)
    elif expected:
        _verify(path, expected, size, progress)
    header = read_header(path)
    model = InstalledModel(
        name=remote.name,
        path=str(path.absolute()),
        source="pulled",
        bytes=header.file_bytes,
        sha256=expected,
        repo=remote.repo,
        revision=commit,
        license=remote.license or header.license,
    )
    models.record(model)
    for left in path.parent.glob(f"{path.name}.*.part"):
        left.unlink(missing_ok=True)
    return model


def _verify(path: Path, expected: str, size: int, progress: Callable[[DownloadProgress], None]) -> None:
    """Compare a file with its expected size and checksum; one that differs is removed, so that it is not resumed."""
    actual = path.stat().st_size
    if size and actual != size:
        path.unlink()
        raise DownloadError(f"the download has {actual} bytes instead of {size} and was removed: try again")
    if expected:
        found = sha256_of(path, lambda done, total: progress(DownloadProgress("verify", done, total)))
        if found != expected:
            path.unlink()
            raise DownloadError(
                f"the download has the SHA-256 {found} instead of {expected} and was removed: try again, and if that"
                " does not help, do not use this source"
            )
    try:
        read_header(path).require_chat_model()
    except ModelError as error:
        path.unlink()
        raise DownloadError(f"what was downloaded is not a model: {error}") from error


def _endpoint() -> str | None:
    endpoint = os.environ.get("HF_ENDPOINT", "").rstrip("/")
    return endpoint or None


class Hub:
    """huggingface_hub's requests, with its errors translated into ours."""

    def __init__(self, wait: float = 1.0) -> None:
        """Import the library.

        Args:
            wait: seconds before a broken connection is tried again; more each time that nothing came.
        """
        # Its other transport (Xet) cannot resume a partial file.
        os.environ.setdefault("HF_HUB_DISABLE_XET", "1")
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        import huggingface_hub
        from huggingface_hub import constants, errors, utils

        self._api = huggingface_hub
        self._errors = errors
        build_headers: Any = utils.build_hf_headers  # type: ignore[attr-defined]
        self._timeout = constants.HF_HUB_DOWNLOAD_TIMEOUT
        self._raise_for_status: Any = utils.hf_raise_for_status  # type: ignore[attr-defined]
        self._wait = wait
        self._headers: dict[str, str] = build_headers(library_name="glossator")
        # The base of its HTTP errors is that of the HTTP library it is built on, whichever that is.
        self._transport: type[Exception] = errors.HfHubHTTPError.__bases__[0]

    def _url(self, remote: Remote) -> str:
        return self._api.hf_hub_url(remote.repo, remote.file, revision=remote.revision or None, endpoint=_endpoint())

    def metadata(self, remote: Remote) -> tuple[int, str, str]:
        """Size in bytes, SHA-256 ("" if the hub does not give it), and commit of a file."""
        try:
            data = self._api.get_hf_file_metadata(self._url(remote), headers=self._headers, endpoint=_endpoint())
        except Exception as error:
            raise self._translate_error(remote, error) from error
        etag = data.etag or ""
        return data.size or remote.bytes, etag if re.fullmatch(r"[0-9a-f]{64}", etag) else "", data.commit_hash or ""

    def fetch(
        self,
        remote: Remote,
        partial: Path,
        size: int,
        progress: Callable[[DownloadProgress], None],
        cancelled: Callable[[], bool],
    ) -> None:
        """Append the missing part of the file to `partial`, reconnecting when the connection breaks."""
        attempts = 0
        make_private_file(partial)
        with partial.open("ab") as file:
            while True:
                arrived = file.tell()
                if size and arrived == size:
                    return
                try:
                    self._stream(remote, file, size, progress, cancelled)
                    if not size or file.tell() >= size:
                        return
                    raise ConnectionError("the server ended the file too early")
                except (CancelledByUser, KeyboardInterrupt):
                    raise
                except Exception as error:
                    attempts = 0 if file.tell() > arrived else attempts + 1
                    passing = isinstance(error, self._transport | ConnectionError | TimeoutError)
                    if not passing or isinstance(error, self._errors.HfHubHTTPError) or attempts >= ATTEMPTS:
                        raise self._translate_error(remote, error) from error
                    time.sleep(self._wait * (1 + attempts))

    def _stream(
        self,
        remote: Remote,
        file: BinaryIO,
        size: int,
        progress: Callable[[DownloadProgress], None],
        cancelled: Callable[[], bool],
    ) -> None:
        """Make one request for the missing part."""
        arrived = file.tell()
        progress(DownloadProgress("download", arrived, size))
        headers = {**self._headers, "Accept-Encoding": "identity"}
        if arrived:
            headers["Range"] = f"bytes={arrived}-"
        session = self._api.get_session()
        url = self._url(remote)
        with session.stream("GET", url, headers=headers, timeout=self._timeout, follow_redirects=True) as response:
            self._raise_for_status(response)
            if arrived and response.status_code != 206:  # the server sends the whole file again
                file.seek(0)
                file.truncate()
            for block in response.iter_bytes():  # as it arrives: a fixed size would lose what a break interrupts
                if cancelled():
                    raise CancelledByUser(f"the download of {remote.name} was stopped; what has arrived is kept")
                file.write(block)
                progress(DownloadProgress("download", file.tell(), size))

    def _translate_error(self, remote: Remote, error: Exception) -> Exception:
        """One of the library's errors as a `DownloadError`; any other error as it is."""
        errors = self._errors
        where = f"{remote.repo}/{remote.file}"
        if isinstance(error, errors.GatedRepoError):
            return DownloadError(
                f"{remote.page} asks to accept terms first: do so there, then set HF_TOKEN to a token of yours"
            )
        if isinstance(error, errors.RepositoryNotFoundError | errors.RevisionNotFoundError | errors.EntryNotFoundError):
            return DownloadError(f"the hub has no {where}" + (f" at {remote.revision}" if remote.revision else ""))
        if isinstance(error, errors.OfflineModeIsEnabled):
            return DownloadError("HF_HUB_OFFLINE is set: unset it to download, or add a file that is here already")
        if isinstance(error, errors.HfHubHTTPError):
            status = error.response.status_code
            return DownloadError(f"the hub answers with status {status} for {where}; try again later")
        if isinstance(error, self._transport | OSError):
            if isinstance(error, OSError) and error.errno is not None and error.filename is not None:
                return DownloadError(f"cannot write {error.filename}: {error.strerror}")
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            return DownloadError(
                f"the download of {where} broke off ({reason}); what has arrived is kept, and the same command goes on"
                " from there. Without a network, copy a GGUF file here and use: glossator models add FILE"
            )
        return error
