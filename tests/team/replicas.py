"""A team's storage with bases, and servers on it as processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2 as httpx

from glossator.settings import Settings
from glossator.team.building import BuildTask, build_base
from glossator.team.publishing import publish
from glossator.team.signatures import Signer
from glossator.team.storage import Storage
from glossator.team_server.access_tokens import add_token

START_SECONDS = 300.0


@dataclass
class PublishedTeam:
    """A storage, the key that signs it, and the file of tokens of its servers."""

    folder: Path
    url: str = ""
    signer: Signer = field(init=False)
    everything: str = field(init=False)
    """A token that opens all repositories."""

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.url = self.url or (self.folder / "storage").as_uri()
        self.signer = Signer.create(self.folder / "team.pem")
        self.tokens = self.folder / "private" / "tokens.json"
        self.everything = self.token("everything", "*")

    def publish(self, name: str, source: Path, *, signer: Signer | None = None) -> str:
        """Build the base of a repository's HEAD and publish it; returns the commit."""
        signer = signer or self.signer
        keys = (self.signer.public_key, signer.public_key)
        task = BuildTask(name, str(source), "HEAD", self.url, str(self.folder / "work"), keys)
        outcome = build_base(task, Settings(index_dir=self.folder / "builder"))
        assert outcome.base is not None, outcome.message
        publish(Storage(self.url), outcome.base, signer, keys)
        return outcome.commit

    def token(self, name: str, *patterns: str, lifetime: float = 0.0) -> str:
        return add_token(self.tokens, name, patterns, lifetime)

    def objects(self) -> dict[str, float]:
        """Everything in the storage and when it was written."""
        return {item.path: item.written for item in Storage(self.url).objects("")}


@dataclass
class Replica:
    """A running server."""

    process: subprocess.Popen[str]
    url: str
    log: Path
    certificate: Path | None = None

    def client(self, token: str = "", **more: Any) -> httpx.Client:
        """A client that sends a token."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        verify: Any = str(self.certificate) if self.certificate else True
        return httpx.Client(base_url=self.url, headers=headers, timeout=300, verify=verify, trust_env=False, **more)

    def ready(self) -> dict[str, Any]:
        with self.client() as client:
            found: dict[str, Any] = client.get("/ready").json()
            return found

    def wait(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds."""
        end = time.monotonic() + START_SECONDS
        while not holds():
            assert self.process.poll() is None, self.log.read_text("utf-8")
            assert time.monotonic() < end, self.log.read_text("utf-8")
            time.sleep(0.05)

    def said(self) -> str:
        """Its log so far."""
        return self.log.read_text("utf-8")


@contextmanager
def replica(
    team: PublishedTeam,
    indexes: Path,
    *options: str,
    environment: dict[str, str] | None = None,
    certificate: Path | None = None,
    is_ready: bool = True,
) -> Iterator[Replica]:
    """Start a server with a folder of indexes; it is ready, and killed at the end if it still runs."""
    indexes.mkdir(parents=True, exist_ok=True)
    log = indexes / f"server-{time.time_ns()}.log"
    command = serve_command(team, indexes, *options)
    env = {**os.environ, "GLOSSATOR_TEAM_KEYS": team.signer.public_key, **(environment or {})}
    with (
        log.open("w", encoding="utf-8") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=env) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, log.read_text("utf-8")
            found = Replica(process, json.loads(line)["url"], log, certificate)
            if is_ready:
                found.wait(lambda: found.ready()["ready"])
            yield found
        finally:
            process.kill()


def serve_command(team: PublishedTeam, indexes: Path, *options: str) -> list[str]:
    """The command line of a server that looks for new bases each second, on a free port."""
    command = [sys.executable, "-P", "-m", "glossator", "team", "serve", "--team", team.url, "--json", "--port", "0"]
    return [*command, "--tokens", str(team.tokens), "--index-dir", str(indexes), "--refresh", "1s", *options]


def names(hits: Sequence[dict[str, Any]]) -> set[str]:
    """The repositories of hits."""
    return {hit["repository"] for hit in hits}
