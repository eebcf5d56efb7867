"""Chooses the ready-made build of llama-cpp-python for this Python, system and accelerator.

The project publishes one package index (PEP 503) for each backend, with links to the files of its releases. An index
gives no checksums: they are taken from the link where another index has them (`#sha256=`), else from the list of the
release's files that the forge keeps. A file without a checksum is not used. (pip could choose as well, but takes files
without a checksum as they come.)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any, Final, Literal, get_args
from urllib.parse import unquote, urljoin, urlsplit

import httpx2 as httpx

from glossator.errors import DownloadError, ModelRuntimeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from glossator.model.accelerators import Accelerator

RUNTIME_VERSION: Final = "0.3.36"
"""Of llama-cpp-python: the version that the model's process is written for; pyproject.toml pins it too."""
PROJECT: Final = "llama-cpp-python"

RuntimeDevice = Literal["cpu", "cuda", "rocm", "metal", "vulkan"]
"""What a build of the runtime computes on."""
RUNTIME_DEVICES: Final[tuple[RuntimeDevice, ...]] = get_args(RuntimeDevice)

_CUDA_BUILDS: Final = ((13, 2), (13, 0), (12, 5), (12, 4), (12, 3), (12, 2), (12, 1), (11, 8))
"""Versions of CUDA for which the project has had an index (cu132, ...), the newest first."""
_ROCM_BUILDS: Final = ((7, 2),)
_RELEASE_FILE: Final = re.compile(r"/([\w.-]+)/([\w.-]+)/releases/download/([^/]+)/([^/]+)")
_MOST_BYTES: Final = 8 * 1024 * 1024
"""Of an index's page: the CPU's has about 300 bytes for each of a few hundred files."""


@dataclass(frozen=True, slots=True)
class RuntimeBuild:
    """A kind of build.

    Attributes:
        device: what it computes on.
        folder: its index ("cu124").
        label: for people ("CUDA 12.4").
    """

    device: RuntimeDevice
    folder: str
    label: str


@dataclass(frozen=True, slots=True)
class RuntimeWheel:
    """A file that can be installed.

    Attributes:
        build: the kind of build.
        url: where it is.
        file: its name.
        sha256: its checksum, in hex.
        size: in bytes; 0 if unknown.
    """

    build: RuntimeBuild
    url: str
    file: str
    sha256: str
    size: int = 0


def builds_for(accelerators: Sequence[Accelerator], device: RuntimeDevice | None = None) -> tuple[RuntimeBuild, ...]:
    """The builds that suit a machine, the best first; with `device`, those for it alone, whatever was found.

    The build for the CPU is last: it works everywhere.
    """
    found: list[RuntimeBuild] = []
    for accelerator in accelerators:
        if device in (None, accelerator.kind):
            found += _builds(accelerator.kind, accelerator.version)
    if device is not None and device != "cpu" and not found:
        found += _builds(device, (0, 0))
    if device in (None, "cpu"):
        found.append(RuntimeBuild("cpu", "cpu", "the CPU"))
    return tuple(found)


def _builds(device: RuntimeDevice, version: tuple[int, int]) -> list[RuntimeBuild]:
    if device == "cuda":
        # A driver runs what was built for its own version of CUDA or an older one.
        suited = [one for one in _CUDA_BUILDS if version == (0, 0) or one <= version]
        return [RuntimeBuild("cuda", f"cu{major}{minor}", f"CUDA {major}.{minor}") for major, minor in suited]
    if device == "rocm":
        suited = [one for one in _ROCM_BUILDS if version == (0, 0) or one <= version]
        return [RuntimeBuild("rocm", f"rocm{major}{minor}", f"ROCm {major}.{minor}") for major, minor in suited]
    return [RuntimeBuild(device, device, {"metal": "Metal", "vulkan": "Vulkan"}.get(device, "the CPU"))]


class _Links(HTMLParser):
    """The targets of a page's links."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.targets += [value for name, value in attrs if name == "href" and value]


class WheelIndex:
    """The project's indexes, over HTTP. Use it in a `with` statement."""

    def __init__(self, address: str, *, releases: str = "https://api.github.com", seconds: float = 30.0) -> None:
        """Open no connection yet.

        Args:
            address: the URL under which each build has its index ("https://host/whl").
            releases: where the forge tells about the files of a release.
            seconds: for each answer.
        """
        self._address = address.rstrip("/")
        self._releases = releases.rstrip("/")
        self._http = httpx.Client(timeout=seconds, follow_redirects=True)

    def __enter__(self) -> WheelIndex:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def find(self, build: RuntimeBuild) -> RuntimeWheel | None:
        """The file of a build for this Python and system, in the version `RUNTIME_VERSION`; None if there is none.

        Raises:
            DownloadError: the index cannot be reached.
            ModelRuntimeError: there is no checksum for the file.
        """
        page = f"{self._address}/{build.folder}/{PROJECT}/"
        answer = self._get(page)
        if answer is None:
            return None
        links = _Links()
        links.feed(answer.text)
        url = _suited(urljoin(str(answer.url), target) for target in links.targets)
        if url is None:
            return None
        parts = urlsplit(url)
        file = unquote(parts.path.rpartition("/")[2])
        plain = parts._replace(fragment="").geturl()
        found = re.fullmatch(r"sha256=([0-9a-fA-F]{64})", parts.fragment)
        digest, size = (found[1].lower(), 0) if found else self._told_by_release(plain)
        return RuntimeWheel(build, plain, file, digest, size)

    def _told_by_release(self, url: str) -> tuple[str, int]:
        """SHA-256 and size of a release's file."""
        known = _RELEASE_FILE.fullmatch(unquote(urlsplit(url).path))
        if known is not None:
            answer = self._get(f"{self._releases}/repos/{known[1]}/{known[2]}/releases/tags/{known[3]}")
            for asset in _assets(answer):
                digest = str(asset.get("digest") or "")
                if asset.get("name") == known[4] and re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
                    size = asset.get("size")
                    return digest.removeprefix("sha256:"), size if isinstance(size, int) else 0
        raise ModelRuntimeError(f"{url} has no checksum that it could be verified by, and is not used")

    def _get(self, url: str) -> httpx.Response | None:
        """An answer; None if there is no such page."""
        try:
            with self._http.stream("GET", url) as answer:
                if answer.status_code == 404:
                    return None
                if answer.status_code != 200:
                    raise DownloadError(f"{url} answers with status {answer.status_code}; try again later")
                body = bytearray()
                for block in answer.iter_bytes():
                    body += block
                    if len(body) > _MOST_BYTES:
                        raise DownloadError(f"{url} is no package index: it has more than {_MOST_BYTES:,} bytes")
                return httpx.Response(200, content=bytes(body), request=httpx.Request("GET", answer.url))
        except httpx.HTTPError as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise DownloadError(f"{url} cannot be reached ({reason}); check the network connection") from error


def _assets(answer: httpx.Response | None) -> list[dict[str, Any]]:
    try:
        data = answer.json() if answer is not None else {}
    except ValueError:
        return []
    found = data.get("assets") if isinstance(data, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _suited(urls: Iterable[str]) -> str | None:
    """The link to the wheel that suits this Python and system best."""
    from packaging.tags import sys_tags
    from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
    from packaging.version import Version

    order = {tag: place for place, tag in enumerate(sys_tags())}
    best: tuple[int, str] | None = None
    for url in urls:
        try:
            name, version, _, tags = parse_wheel_filename(unquote(urlsplit(url).path.rpartition("/")[2]))
        except InvalidWheelFilename:
            continue
        if name != canonicalize_name(PROJECT) or version.public != str(Version(RUNTIME_VERSION)):
            continue
        places = [order[tag] for tag in tags if tag in order]
        if places and (best is None or min(places) < best[0]):
            best = min(places), url
    return best[1] if best is not None else None
