"""A small project on disk with its index, made in this process by the real parser, embedder and store."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from glossator.answers.root_view import RootView
from glossator.index.embedding import StaticEmbedder, content_key
from glossator.index.facts import decode_facts, noted_names
from glossator.index.parsing import parse
from glossator.index.store import FileRecord, FileUpdate, Store
from glossator.index.terms import entry_terms
from glossator.project.open_index import OpenIndex
from glossator.project.retriever_choice import Retriever
from glossator.project.snapshot import Snapshot
from glossator.settings import Settings
from glossator.workspace.file_texts import content_hash

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Self

SETTINGS = Settings()


def use_count(snapshot: Snapshot | None, name: str) -> int:
    """How many places certainly use the symbols of a name."""
    assert snapshot is not None
    finder = snapshot.use_finder()
    return sum(finder.count(symbol, 1000).resolved for symbol in finder.symbols(name))


FILES = {
    "server/config.py": '''"""Reads settings."""

from server.errors import ConfigError


def parse_config(path):
    """Read the configuration file and return its sections.

    Unknown keys are an error.
    """
    sections = {}
    with open(path) as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            key, found, value = line.partition("=")
            if not found:
                raise ConfigError(f"line {number} has no value")
            sections[key.strip()] = value.strip()
    return sections


def default_config():
    """The settings of a server that was told nothing."""
    return {"host": "localhost", "port": "8080"}
''',
    "server/errors.py": '''class ConfigError(ValueError):
    """The configuration file cannot be used."""


class SessionExpired(Exception):
    """The session is over: log in again."""
''',
    "server/session.py": '''"""Sessions of users."""

import time

from server.errors import SessionExpired


class SessionStore:
    """Keeps the sessions of users who are logged in, in memory."""

    def __init__(self, lifetime):
        self.lifetime = lifetime
        self.sessions = {}

    def create(self, user):
        """Begin a session and return its token."""
        token = make_token(user)
        self.sessions[token] = (user, time.time())
        return token

    def user_of(self, token):
        """The user whose session this is; raises SessionExpired when it has timed out."""
        user, began = self.sessions[token]
        if time.time() - began > self.lifetime:
            self.close(token)
            raise SessionExpired(token)
        return user

    def close(self, token):
        """Forget a session."""
        self.sessions.pop(token, None)


def make_token(user):
    """A token that nobody can guess."""
    return f"{user}-{time.time_ns():x}"
''',
    "server/app.py": '''from server.config import default_config, parse_config
from server.session import SessionStore


def main(arguments):
    """Start the server with the configuration that the command line names."""
    settings = parse_config(arguments[0]) if arguments else default_config()
    sessions = SessionStore(lifetime=float(settings.get("lifetime", "3600")))
    return serve(settings, sessions)


def serve(settings, sessions):
    """Answer requests until the process is stopped."""
    return settings["port"], sessions
''',
    "web/src/httpClient.ts": """import { RetryPolicy } from './retryPolicy';

/** Sends requests, and sends them again when the network fails. */
export class HttpClient {
  constructor(private policy: RetryPolicy) {}

  /** Sends one request. */
  async send(url: string): Promise<Response> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await fetch(url);
      } catch (error) {
        if (!this.policy.shouldRetry(attempt)) throw error;
        await sleep(this.policy.delay(attempt));
      }
    }
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
""",
    "web/src/retryPolicy.ts": """/** Says how often and how long to wait: exponential backoff. */
export class RetryPolicy {
  constructor(private most: number, private base: number) {}

  shouldRetry(attempt: number): boolean {
    return attempt < this.most;
  }

  delay(attempt: number): number {
    return this.base * 2 ** attempt;
  }
}
""",
    "tests/test_config.py": '''from server.config import parse_config


def test_parse_config_reads_values(tmp_path):
    """The configuration file's keys and values come back."""
    path = tmp_path / "a.conf"
    path.write_text("host = example")
    assert parse_config(path) == {"host": "example"}
''',
    "README.md": """# Sample

A server with sessions.

## Configuration

The configuration file has one `key = value` a line.
""",
}


@dataclass(frozen=True, slots=True)
class Project:
    """A folder of sources and its index."""

    root: Path
    store: Store
    embedder: StaticEmbedder
    index: OpenIndex

    def update_of(self, path: str, text: str) -> FileUpdate:
        """What a worker makes of a file's text."""
        parsed = parse(path, text)
        data = text.encode()
        facts = decode_facts(parsed.facts)
        vectors = self.embedder.embed_entries(parsed.entries).astype(np.float16)
        return FileUpdate(
            FileRecord(path, len(data), 0, 0, content_hash(data), parsed.language, parsed.lines),
            parsed.entries,
            tuple(content_key(entry) for entry in parsed.entries),
            vectors if len(parsed.entries) else np.zeros((0, self.embedder.dimensions), np.float16),
            tuple(entry_terms(path, entry) for entry in parsed.entries),
            parsed.facts,
            array("I", noted_names(facts) if facts is not None else ()).tobytes(),
        )

    def view(self, buffers: Mapping[str, str] | None = None) -> RootView:
        """The project as a question sees it, with unsaved buffers (path -> text) over it."""
        texts = buffers or {}
        overlay = {path: self.update_of(path, text) for path, text in texts.items()}
        snapshot = Snapshot(self.root, SETTINGS, self.index, overlay, texts)
        return RootView(self.root, snapshot.reader, snapshot)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.index.retire()

    def write(self, files: dict[str, str]) -> None:
        """Put files on disk and into the index."""
        for path, text in files.items():
            full = self.root / path
            full.parent.mkdir(parents=True, exist_ok=True)
            full.write_text(text, "utf-8", newline="")
        self.store.commit([self.update_of(path, text) for path, text in files.items()])
        self.store.maintain()


def make_project(folder: Path, files: dict[str, str]) -> Project:
    """A project below `folder` with these files, indexed."""
    embedder = StaticEmbedder()
    store = Store.open(
        folder / "cache" / "sample-1" / "v1-x", embedder_id=embedder.id, dimensions=embedder.dimensions, write=True
    )
    index = OpenIndex(
        store, Retriever(embedder), folder / "cache" / "sample-1" / "v1-x" / "manifest.sqlite", writable=True
    )
    project = Project(folder / "sample", store, embedder, index)
    project.root.mkdir()
    if files:
        project.write(files)
    return project
