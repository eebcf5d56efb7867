"""A server on loopback that speaks as much of the hub's protocol as a download needs, and fails on request."""

from __future__ import annotations

import hashlib
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """The files that it has, and what went on. Use it as a context manager."""

    files: dict[str, bytes]
    """Path in a URL ("/owner/repo/resolve/main/file.gguf") -> content."""
    etag_is_sha256: bool = True
    break_after: int = 0
    """Bytes after which a body is cut off, each time."""
    status: int = 200
    error_code: str = ""
    """X-Error-Code of a refusal."""
    requests: list[tuple[str, str, str]] = field(default_factory=list)
    """(method, path, Range) of every request."""

    def __enter__(self) -> Hub:
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                """Quiet."""

            def do_HEAD(self) -> None:
                self.answer(body=False)

            def do_GET(self) -> None:
                self.answer(body=True)

            def answer(self, *, body: bool) -> None:
                hub.requests.append((self.command, self.path, self.headers.get("Range", "")))
                data = hub.files.get(self.path)
                if hub.status != 200 or data is None:
                    self.send_response(hub.status if hub.status != 200 else 404)
                    self.send_header("X-Error-Code", hub.error_code or ("EntryNotFound" if hub.status == 200 else ""))
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                digest = hashlib.sha256(data).hexdigest()
                start = 0
                if match := re.match(r"bytes=(\d+)-", self.headers.get("Range", "")):
                    start = int(match[1])
                self.send_response(206 if start else 200)
                self.send_header("ETag", f'"{digest if hub.etag_is_sha256 else digest[:40]}"')
                self.send_header("X-Repo-Commit", COMMIT)
                self.send_header("Accept-Ranges", "bytes")
                self.send_header("Content-Length", str(len(data) - start))
                if start:
                    self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
                self.end_headers()
                if body:
                    part = data[start:]
                    if hub.break_after and len(part) > hub.break_after:
                        self.wfile.write(part[: hub.break_after])
                        self.wfile.flush()
                        self.close_connection = True
                        self.connection.close()
                        return
                    self.wfile.write(part)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self) -> str:
        """For HF_ENDPOINT."""
        return f"http://127.0.0.1:{self.server.server_port}"
