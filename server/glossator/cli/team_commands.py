"""`glossator team`: builds, lists, verifies and collects the bases of a team, and makes the keys that sign them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glossator.cli import terminal
from glossator.cli.durations import seconds_of
from glossator.cli.updated_index import counted
from glossator.errors import GlossatorError, TeamError, UsageError

if TYPE_CHECKING:
    import argparse

    from glossator.settings import Settings
    from glossator.team.building import BuildOutcome
    from glossator.team.signatures import Signer
    from glossator.team.storage import Storage


def run_team_action(arguments: argparse.Namespace, settings: Settings) -> int:
    """Run one of the actions; returns the exit status.

    Raises:
        UsageError: an argument makes no sense.
        GlossatorError: the storage, the key or Ray cannot be used.
    """
    if arguments.action in ("serve", "tokens"):
        from glossator.cli import team_server_commands

        run = team_server_commands.run_serve if arguments.action == "serve" else team_server_commands.run_tokens
        return run(arguments, settings)
    actions = {"build": _build, "list": _list, "verify": _verify, "collect": _collect, "keygen": _keygen}
    return actions[arguments.action](arguments, settings)


def _storage(settings: Settings, url: str | None) -> Storage:
    from glossator.team.storage import Storage

    if not (url or settings.team):
        raise UsageError("give the storage with --team URL, or set `team` in your settings")
    return Storage(url or settings.team)


def _signer(arguments: argparse.Namespace) -> Signer:
    from glossator.team.signatures import Signer

    return Signer.load(Path(arguments.key).expanduser())


def _keys(settings: Settings) -> tuple[str, ...]:
    if not settings.team_keys:
        raise UsageError("set `team_keys` in your settings to the public keys of those who build the team's index")
    return settings.team_keys


# Build


def _build(arguments: argparse.Namespace, settings: Settings) -> int:
    import msgspec

    from glossator.team.building import BuildTask
    from glossator.team.publishing import publish
    from glossator.team.ray_jobs import run_builds
    from glossator.team.repository_names import read_sources
    from glossator.team.storage import Storage

    sources = read_sources(Path(arguments.repos))
    signer = _signer(arguments)
    storage = Storage(arguments.to)
    trusted = tuple(dict.fromkeys((signer.public_key, *settings.team_keys)))
    work = Path(arguments.work).expanduser().resolve() if arguments.work else settings.index_dir / "team-build"
    tasks = [
        BuildTask(
            source.name, source.url, source.revision, arguments.to, str(work), trusted, arguments.cores_per_repository
        )
        for source in sources
    ]
    started = time.perf_counter()
    outcomes: list[BuildOutcome] = []
    with terminal.ProgressBar() as bar:
        for outcome in run_builds(tasks, settings, workers=arguments.workers, address=arguments.ray or ""):
            done = outcome
            if outcome.base is not None:
                try:
                    publish(storage, outcome.base, signer, trusted)
                except TeamError as error:
                    done = msgspec.structs.replace(outcome, status="failed", message=str(error))
            outcomes.append(msgspec.structs.replace(done, base=None))
            bar.update("Building", len(outcomes), len(tasks), f"{len(outcomes)}/{len(tasks)} repositories", "")
    outcomes.sort(key=lambda outcome: (outcome.name, outcome.revision))
    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    seconds = round(time.perf_counter() - started, 3)
    if arguments.json:
        terminal.show_json({"repositories": [_shown(outcome) for outcome in outcomes], "seconds": seconds})
    else:
        for outcome in outcomes:
            terminal.show(_line(outcome), hang=4)
        built = sum(outcome.status == "built" for outcome in outcomes)
        unchanged = len(outcomes) - built - len(failed)
        terminal.show(f"{built} built, {unchanged} unchanged, {len(failed)} failed, in {seconds:.1f} s")
    return 1 if failed else 0


def _shown(outcome: BuildOutcome) -> dict[str, Any]:
    names = ("name", "revision", "status", "message", "commit", "started_from", "files", "lines", "symbols")
    return {name: getattr(outcome, name) for name in (*names, "embedded", "uploaded", "size", "seconds")}


def _line(outcome: BuildOutcome) -> str:
    if outcome.status == "failed":
        return f"{outcome.name}: failed: {outcome.message}"
    if outcome.status == "unchanged":
        return f"{outcome.name}: {outcome.commit[:12]} exists already"
    return (
        f"{outcome.name}: {outcome.commit[:12]}, {outcome.files:,} files, {outcome.lines:,} lines, "
        f"{outcome.embedded:,} of {outcome.symbols:,} symbols embedded, {_megabytes(outcome.uploaded)} of "
        f"{_megabytes(outcome.size)} uploaded, {outcome.seconds:.1f} s"
    )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


# The other actions


def _list(arguments: argparse.Namespace, settings: Settings) -> int:
    from glossator.team.bases import folder_of
    from glossator.team.catalogue import repositories

    heads, problems = repositories(_storage(settings, arguments.team), _keys(settings))
    if arguments.json:
        shown = [
            {
                "name": head.repository,
                "folder": f"repositories/{folder_of(head.repository)}",
                "bases": [
                    {
                        "commit": base.commit,
                        "committed": base.committed,
                        "built": base.built,
                        "format": str(base.format),
                        "size": base.size,
                    }
                    for base in head.bases
                ],
            }
            for head in heads
        ]
        wrong = [{"repository": problem.repository, "problem": problem.what} for problem in problems]
        terminal.show_json({"repositories": shown, "problems": wrong})
    else:
        for head in heads:
            newest = head.bases[-1] if head.bases else None
            last = f", the newest {newest.commit[:12]} ({_megabytes(newest.size)})" if newest else ""
            terminal.show(f"{head.repository}: {counted(len(head.bases), 'base')}{last}", hang=4)
        for problem in problems:
            terminal.note(f"glossator: {problem.repository}: {problem.what}")
        if not heads:
            terminal.note("there are no repositories that you may read")
    return 1 if problems else 0


def _verify(arguments: argparse.Namespace, settings: Settings) -> int:
    from glossator.team.catalogue import repositories, verify_repository

    storage, trusted = _storage(settings, arguments.team), _keys(settings)
    heads, problems = repositories(storage, trusted)
    for head in heads:
        problems += verify_repository(storage, head, trusted)
    bases = sum(len(head.bases) for head in heads)
    if arguments.json:
        wrong = [{"repository": problem.repository, "problem": problem.what} for problem in problems]
        terminal.show_json({"repositories": len(heads), "bases": bases, "problems": wrong})
    else:
        for problem in problems:
            terminal.show(f"{problem.repository}: {problem.what}", hang=4)
        read = f"{counted(bases, 'base')} of {counted(len(heads), 'repository', 'repositories')}"
        terminal.show(f"checked {read}: {counted(len(problems), 'problem')}")
    return 1 if problems else 0


def _collect(arguments: argparse.Namespace, settings: Settings) -> int:
    from glossator.team.catalogue import repositories
    from glossator.team.collecting import collect

    signer = _signer(arguments)
    storage = _storage(settings, arguments.team)
    trusted = tuple(dict.fromkeys((signer.public_key, *settings.team_keys)))
    older_than, grace = seconds_of(arguments.older_than), seconds_of(arguments.grace)
    heads, problems = repositories(storage, trusted)
    failures = [f"{problem.repository}: {problem.what}" for problem in problems]
    done = []
    for head in heads:
        try:
            done.append(collect(storage, head.repository, signer, trusted, older_than=older_than, grace=grace))
        except GlossatorError as error:
            failures.append(f"{head.repository}: {error}")
    if arguments.json:
        shown = [
            {"name": one.repository, "retired": one.retired, "deleted": one.deleted, "freed": one.freed} for one in done
        ]
        terminal.show_json({"repositories": shown, "problems": failures})
    else:
        for failure in failures:
            terminal.note(f"glossator: {failure}")
        retired, deleted = sum(one.retired for one in done), sum(one.deleted for one in done)
        terminal.show(
            f"{counted(retired, 'base')} retired, {counted(deleted, 'object')} deleted, "
            f"{_megabytes(sum(one.freed for one in done))} freed"
        )
    return 1 if failures else 0


def _keygen(arguments: argparse.Namespace, settings: Settings) -> int:
    del settings
    from glossator.team.signatures import Signer

    path = Path(arguments.file).expanduser()
    signer = Signer.create(path)
    if arguments.json:
        terminal.show_json({"file": str(path), "public_key": signer.public_key})
        return 0
    terminal.show(f"{path} has the private key: give it to builders only", hang=4)
    terminal.show(f'team_keys = ["{signer.public_key}"]', hang=4)
    return 0
