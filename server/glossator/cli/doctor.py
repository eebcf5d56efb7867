"""`glossator doctor`: tries everything that an installation needs, and suggests how to fix what does not work."""

from __future__ import annotations

import platform
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from glossator.errors import GlossatorError, SettingsError, StoreError, StoreLockedError
from glossator.model.checks import Check, check_models
from glossator.private_files import make_private_file, make_private_folder
from glossator.project.root import Root
from glossator.project.shared import Shared

if TYPE_CHECKING:
    from glossator.settings import Settings

LEAST_FREE_BYTES = 1_000_000_000
"""Free disk below which an index of a large code base may not fit."""
WATCHES_WANTED = 65_536
"""inotify watches: what Linux distributions of today allow a user at least."""


def diagnose(root: Path, settings: Settings) -> list[Check]:
    """All checks: the machine, the index of `root`, the embedder, the parsers, the model."""
    checks = [_python(), _disk(settings), _watches()]
    shared = Shared(settings)
    try:
        checks.append(_embedder(shared))
        checks.append(_parsers(shared))
        checks.append(_index(root, shared))
    finally:
        shared.close()
    return [check for check in checks if check is not None] + check_models(settings)


def _python() -> Check:
    return Check("python", sys.version_info >= (3, 11), f"{platform.python_version()} on {platform.platform()}")


def _disk(settings: Settings) -> Check:
    folder = settings.index_dir
    try:
        make_private_folder(folder)
        probe = folder / ".probe"
        make_private_file(probe)
        probe.write_bytes(b"x")
        probe.unlink()
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Check(
            "index folder",
            ok=False,
            detail=f"{folder} cannot be written: {error.strerror or error}",
            cure="make it writable, or set index_dir to another folder",
        )
    return Check(
        "index folder",
        ok=free >= LEAST_FREE_BYTES,
        detail=f"{folder}, {free / 1e9:.1f} GB free",
        cure="free some space, or set index_dir to a folder on another disk",
    )


def _watches() -> Check | None:
    if sys.platform != "linux":
        return None
    try:
        limit = int(Path("/proc/sys/fs/inotify/max_user_watches").read_text("ascii"))
    except (OSError, ValueError):
        return None
    return Check(
        "file watching",
        ok=limit >= WATCHES_WANTED,
        detail=f"{limit:,} folders can be watched for changes",
        cure="sudo sysctl fs.inotify.max_user_watches=524288 (until then, large workspaces are polled for changes)",
        warning=True,
    )


def _embedder(shared: Shared) -> Check:
    try:
        started = time.perf_counter()
        embedder = shared.embedder
        embedder.embed_query("where is the configuration read?")
        milliseconds = 1000 * (time.perf_counter() - started)
    except GlossatorError as error:
        return Check("embedder", ok=False, detail=str(error), cure="reinstall Glossator")
    return Check(
        "embedder", ok=True, detail=f"{embedder.id}, {embedder.dimensions} dimensions, ready in {milliseconds:.0f} ms"
    )


def _parsers(shared: Shared) -> Check:
    """Has a real worker process parse a line of code."""
    import queue
    import tempfile

    from glossator.index.parse_worker import Batch, FileTask

    answers: queue.Queue[object] = queue.Queue()
    with tempfile.TemporaryDirectory() as folder:
        task = FileTask("probe.py", text="def probe():\n    return 1\n")
        batch = Batch(str(Path(folder).resolve()), shared.settings.max_file_bytes, (task,))
        try:
            shared.pool.submit(batch, answers.put, interactive=True)
            answer = answers.get(timeout=60)
        except (GlossatorError, queue.Empty) as error:
            answer = error
    cure = "reinstall Glossator; if that does not help, look for what stops its processes (antivirus, resource limits)"
    if isinstance(answer, GlossatorError | queue.Empty):
        return Check("parser processes", ok=False, detail=str(answer) or "no answer within a minute", cure=cure)
    return Check("parser processes", ok=True, detail=f"up to {shared.pool.count}")


def _index(path: Path, shared: Shared) -> Check:
    try:
        root = Root(path, shared)
    except GlossatorError as error:
        return Check("index", ok=False, detail=str(error), cure="give the folder that the code is in with --root")
    try:
        snapshot = root.open()
        if snapshot is None:
            return Check("index", ok=True, detail=f"{root.path} is not indexed yet")
        status = snapshot.store.status()
        return Check(
            "index",
            ok=True,
            detail=f"{status.files:,} files, {status.symbols:,} symbols, {len(status.skipped):,} skipped, "
            f"{status.size_bytes / 1e6:.1f} MB in {root.folder}",
        )
    except StoreLockedError as error:
        return Check("index", ok=True, detail=str(error))
    except (StoreError, SettingsError) as error:
        return Check("index", ok=False, detail=str(error), cure=f"glossator index --root {root.path}")
    finally:
        root.close()
