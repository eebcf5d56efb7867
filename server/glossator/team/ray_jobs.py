"""Distributes the building of bases over processes and machines with Ray; nothing else imports it.

Without an address, Ray runs on this machine only and ends with the command. Its processes talk over ports that others
can reach, so they take only a token that is made for each run. There are neither a dashboard nor usage statistics.

With an address, or with the variable RAY_ADDRESS, the same tasks run on a cluster, whose machines need Glossator with
the extra `team`, git, and credentials for the storage.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glossator.errors import TeamError
from glossator.team.building import BuildOutcome, BuildTask, build_base

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glossator.settings import Settings

TASK_RETRIES = 1
"""How often a task is tried again after its process was lost: a machine may fail, a repository may kill its process."""
OBJECT_STORE_BYTES = 128 * 1024 * 1024
"""Memory for what tasks return, on this machine: the documents of bases, at most some megabytes each."""


def run_builds(
    tasks: Sequence[BuildTask], settings: Settings, *, workers: int, address: str = ""
) -> Iterator[BuildOutcome]:
    """Build bases; yields how each ended, in the order in which they end.

    Args:
        tasks: what to build; each is one Ray task.
        settings: those of the indexes.
        workers: how many tasks run at a time on this machine; a cluster decides itself.
        address: of a Ray cluster; "" for the one that RAY_ADDRESS names, or else for this machine alone.

    Raises:
        TeamError: Ray is not installed, or cannot be started or reached.
    """
    ray = _started(workers, address or os.environ.get("RAY_ADDRESS", ""))
    quiet = contextlib.ExitStack()  # Ray's threads write about lost processes to stdout; the outcomes say it
    try:
        remote = ray.remote(num_cpus=1, max_retries=TASK_RETRIES)(_run)
        handed = ray.put(settings)
        nowhere = quiet.enter_context(Path(os.devnull).open("w"))  # noqa: SIM115 - closed with the others
        quiet.enter_context(contextlib.redirect_stdout(nowhere))
        waiting = {remote.remote(task, handed): task for task in tasks}
        while waiting:
            ready, _ = ray.wait(list(waiting), num_returns=1)
            for reference in ready:
                task = waiting.pop(reference)
                try:
                    yield ray.get(reference)
                except ray.exceptions.RayError as error:
                    yield BuildOutcome(task.name, task.revision, "failed", _why(error))
    finally:
        with contextlib.suppress(Exception):  # what was done is done, however Ray ends
            ray.shutdown()
        quiet.close()


def _run(task: BuildTask, settings: Settings) -> BuildOutcome:
    """What a Ray task does."""
    from glossator.private_files import restrict_process

    restrict_process()
    return build_base(task, settings)


def _started(workers: int, address: str) -> Any:
    """The module `ray`, connected."""
    local = not address or address == "local"
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # before the import, which reads these
    if local:
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError as error:
        raise TeamError("building needs Ray: pip install 'glossator[team]'") from error
    options: dict[str, Any] = {
        "include_dashboard": False,
        "log_to_driver": False,
        "configure_logging": True,
        "logging_level": "ERROR",
    }
    if not local:
        options["address"] = address
        del options["include_dashboard"]
    else:
        options |= {
            "address": "local",
            "num_cpus": workers,
            "num_gpus": 0,
            "object_store_memory": OBJECT_STORE_BYTES,
        }
    try:
        ray.init(**options)
    except (RuntimeError, ConnectionError, ValueError, OSError, TimeoutError) as error:
        raise TeamError(f"Ray cannot be started or reached: {str(error).splitlines()[0]}") from error
    return ray


def _why(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = " ".join(lines)
    if type(error).__name__ in ("WorkerCrashedError", "NodeDiedError", "ObjectLostError", "OwnerDiedError"):
        return f"the process that worked on it was lost {TASK_RETRIES + 1} times ({type(error).__name__})"
    return f"{type(error).__name__}: {text}"[:500]
