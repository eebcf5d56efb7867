"""`glossator adapt`: what was learned from a project is listed, chosen, undone and removed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from glossator.cli import terminal
from glossator.errors import AdaptationError, WorkspaceError
from glossator.index.embedding import StaticEmbedder
from glossator.index.folders import size_of
from glossator.project.adaptations import Adaptation, Adaptations
from glossator.project.adapted_data import remove_adapted_data
from glossator.project.model_adapters import is_for_model_in_use
from glossator.project.retriever_choice import embedder_ids, unusable

if TYPE_CHECKING:
    import argparse

    from glossator.settings import Settings

_PLAIN = {"retriever": "the search as shipped", "model": "the model without an adapter"}
"""What is used where no adaptation is, by kind."""


def run_adapt(arguments: argparse.Namespace, settings: Settings) -> int:
    """Run one of the `adapt` actions; returns the exit status.

    Raises:
        GlossatorError: the action failed.
    """
    if arguments.action in ("data", "model"):
        from glossator.cli import adapt_model_command

        run = adapt_model_command.run_data if arguments.action == "data" else adapt_model_command.run_model
        return run(arguments)
    root = Path(arguments.root).expanduser().absolute()
    kept = Adaptations(settings, root)
    if arguments.action in ("use", "list") and not root.is_dir():
        raise WorkspaceError(f"the folder {root} does not exist")
    match arguments.action:
        case "list":
            return _list(kept, as_json=arguments.json)
        case "use":
            _check_usable(kept, arguments.name)
            chosen = kept.use(arguments.name)
            if chosen.kind == "model" and not is_for_model_in_use(chosen, settings):
                terminal.note(f"note: it is for {chosen.base}, and has no effect while another model answers")
            return _changed(chosen.kind, chosen, as_json=arguments.json)
        case "undo":
            kind, now = kept.undo(arguments.kind)
            return _changed(kind, now, as_json=arguments.json)
        case _:
            return _remove(kept, settings, arguments.name, as_json=arguments.json)


def _check_usable(kept: Adaptations, name: str) -> None:
    chosen = kept.named(name)
    if chosen.kind == "retriever" and (reason := unusable(chosen, StaticEmbedder())):
        raise AdaptationError(f"{name} cannot be used: {reason}")


def _list(kept: Adaptations, *, as_json: bool) -> int:
    found = kept.listed()
    used = kept.names_in_use()
    if as_json:
        terminal.show_json({"adaptations": [_shown(one, one.name in used) for one in found]}, indent=2)
        return 0
    if not found:
        terminal.show(f"Nothing was learned from {kept.root}; see: glossator adapt --help", hang=4)
        return 0
    rows = [
        (
            f"{'*' if one.name in used else ' '} {one.name}",
            one.made[:16].replace("T", " "),
            f"{size_of(one.folder) / 1e6:.1f} MB",
            one.summary,
        )
        for one in found
    ]
    terminal.show_table(("  name", "made (UTC)", "size", "what was measured"), rows)
    terminal.show("* is in use" if used else "none is in use")
    return 0


def _changed(kind: str, now: Adaptation | None, *, as_json: bool) -> int:
    if as_json:
        terminal.show_json({"kind": kind, "in_use": now.name if now is not None else None})
    else:
        terminal.show(f"in use now: {now.name if now is not None else _PLAIN[kind]}")
    return 0


def _remove(kept: Adaptations, settings: Settings, name: str, *, as_json: bool) -> int:
    size = kept.remove(name)
    remove_adapted_data(settings, kept.root, embedder_ids(kept.listed(), StaticEmbedder()))
    if as_json:
        terminal.show_json({"removed": name, "size_bytes": size})
    else:
        terminal.show(f"removed {name}, {size / 1e6:.1f} MB")
    return 0


def _shown(one: Adaptation, used: bool) -> dict[str, Any]:
    size = size_of(one.folder)
    return {
        "name": one.name,
        "kind": one.kind,
        "made": one.made,
        "base": one.base,
        "summary": one.summary,
        "in_use": used,
        "size_bytes": size,
        "details": dict(one.details),
    }
