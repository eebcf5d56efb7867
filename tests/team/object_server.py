"""An S3 server for the tests: SeaweedFS, as a package of wheels brings it, with its own rights for each user."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

BUCKET = "team"
START_SECONDS = 300.0
ATTEMPTS = 5
"""How often a server is started that finds one of its ports taken: another program may take one that was free."""

IDENTITIES = {
    "builder": ["Admin"],
    "reader": [f"Read:{BUCKET}", f"List:{BUCKET}"],
    "guest": [f"Read:{BUCKET}/repositories/open*", f"List:{BUCKET}"],
}
"""Who may do what; the secret of each is its name and "-secret"."""


def program() -> str | None:
    """Where SeaweedFS is installed."""
    beside = Path(sys.executable).parent
    return shutil.which("weed", path=str(beside)) or shutil.which("weed")


@dataclass
class ObjectServer:
    """A running server."""

    port: int

    def environment(self, user: str, port: int | None = None) -> dict[str, str]:
        """The variables with which a user reaches it, or a proxy before it."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port or self.port}",
            "AWS_ACCESS_KEY_ID": user,
            "AWS_SECRET_ACCESS_KEY": f"{user}-secret",
            "AWS_REGION": "us-east-1",
        }


@contextmanager
def object_server(folder: Path) -> Iterator[ObjectServer]:
    """Start a server that keeps its data in a folder; the bucket exists."""
    weed = program()
    assert weed is not None
    users = [
        {"name": name, "credentials": [{"accessKey": name, "secretKey": f"{name}-secret"}], "actions": actions}
        for name, actions in IDENTITIES.items()
    ]
    rights = folder / "rights.json"
    rights.write_text(json.dumps({"identities": users}), "utf-8")
    process, port = _started(weed, folder, rights)
    with process:
        try:
            yield ObjectServer(port)
        finally:
            process.kill()


def _started(weed: str, folder: Path, rights: Path) -> tuple[subprocess.Popen[bytes], int]:
    """A server that answers, and its port."""
    for attempt in range(ATTEMPTS):
        data = folder / f"data-{attempt}"
        data.mkdir()
        ports = _free_ports(4)
        command = [weed, "server", f"-dir={data}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.telemetry=false"]
        command += [f"-master.port={ports[0]}", f"-volume.port={ports[1]}", "-volume.max=8"]
        command += ["-master.volumeSizeLimitMB=64", "-filer", f"-filer.port={ports[2]}", "-s3", f"-s3.port={ports[3]}"]
        command += [f"-s3.config={rights}", "-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.autoCreateBucket"]
        with (folder / "server.log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            if _answers(process, ports[3], folder / "server.log"):
                return process, ports[3]
        except BaseException:
            process.kill()
            process.wait()
            raise
    raise RuntimeError((folder / "server.log").read_text("utf-8", "replace")[-2000:])


def _answers(process: subprocess.Popen[bytes], port: int, log: Path) -> bool:
    """Wait until the server takes an object, which also creates the bucket; False if it ends instead."""
    import obstore
    from obstore.exceptions import BaseError
    from obstore.store import S3Store

    end = time.monotonic() + START_SECONDS
    store = S3Store(
        BUCKET,
        endpoint=f"http://127.0.0.1:{port}",
        access_key_id="builder",
        secret_access_key="builder-secret",
        region="us-east-1",
        client_options={"allow_http": True},
        retry_config={"max_retries": 0},
    )
    while True:
        try:
            obstore.put(store, "ready", b"")
            obstore.delete(store, "ready")
        except (BaseError, OSError) as error:
            if process.poll() is not None:
                return False
            if time.monotonic() > end:
                raise RuntimeError(log.read_text("utf-8", "replace")[-2000:]) from error
            time.sleep(0.05)
        else:
            return True


def _free_ports(count: int) -> list[int]:
    """Ports that are free, and so are those 10,000 above, which SeaweedFS takes too."""
    found: list[int] = []
    for port in range(20_000 + time.time_ns() % 20_000, 50_000):
        with closing(socket.socket()) as one, closing(socket.socket()) as other, suppress(OSError):
            one.bind(("127.0.0.1", port))
            other.bind(("127.0.0.1", port + 10_000))
            found.append(port)
        if len(found) == count:
            return found
    raise AssertionError("no free ports")


@dataclass
class FaultyProxy:
    """Stands before a server and fails on request. `fault` is "", "500" (an error) or "cut" (half an answer)."""

    target: int
    fault: str = ""
    port: int = 0
    faults: int = 0
    """How many faults it has caused."""
    _listener: socket.socket = field(default_factory=socket.socket)

    def start(self) -> None:
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen()
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError, ValueError, http.client.HTTPException), closing(connection):
            reader = connection.makefile("rb")
            while request := reader.readline():
                head = [request]
                while (line := reader.readline()) not in (b"\r\n", b""):
                    head.append(line)
                length = next(
                    (int(line.split(b":")[1]) for line in head if line.lower().startswith(b"content-length:")), 0
                )
                body = reader.read(length)
                if self.fault == "500":
                    self.faults += 1
                    connection.sendall(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n")
                    continue
                answer = self._asked(head, body)
                if self.fault == "cut":
                    self.faults += 1
                    connection.sendall(answer[: len(answer) // 2])
                    return
                connection.sendall(answer)
                return

    def _asked(self, head: list[bytes], body: bytes) -> bytes:
        """The whole answer of the server, with the connection closed after it."""
        kept = [line for line in head if not line.lower().startswith(b"connection:")]
        with closing(socket.create_connection(("127.0.0.1", self.target))) as server:
            server.sendall(b"".join(kept) + b"Connection: close\r\n\r\n" + body)
            parts = []
            while part := server.recv(65536):
                parts.append(part)
        return b"".join(parts)
