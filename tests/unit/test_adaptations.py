"""Adaptations of a project: added, used, undone, removed and forgotten; interrupted and damaged ones."""

from __future__ import annotations

import errno
import json
import os
import stat
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from glossator.answers.forgetting import forget_all, forget_folder
from glossator.errors import AdaptationError
from glossator.project.adaptation_runs import recorded_run
from glossator.project.adaptations import KEPT_PER_KIND, Adaptation, Adaptations
from glossator.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(index_dir=tmp_path / "index", adaptations_dir=tmp_path / "adaptations")


def add(kept: Adaptations, kind: str = "retriever") -> Adaptation:
    with kept.staging(kind) as staged:
        (staged / "rows").write_bytes(b"1234")
        return kept.add(kind, staged, base="static-1", summary="better", details={"gain": 0.03})


def test_the_last_one_is_in_use_until_it_is_undone(settings: Settings, tmp_path: Path) -> None:
    kept = Adaptations(settings, tmp_path / "project")
    assert kept.listed() == ()
    assert kept.in_use("retriever") is None
    first, second = add(kept), add(kept)
    assert [one.name for one in kept.listed()] == ["retriever-1", "retriever-2"]
    assert kept.in_use("retriever") == second
    assert second.details == {"gain": 0.03}
    assert (second.folder / "rows").read_bytes() == b"1234"
    assert kept.undo() == ("retriever", first)
    assert kept.undo("retriever") == ("retriever", None)
    with pytest.raises(AdaptationError, match="nothing to undo"):
        kept.undo()
    assert kept.use("retriever-2") == second
    assert Adaptations(settings, tmp_path / "other").in_use("retriever") is None


def test_undo_goes_back_by_kind(settings: Settings, tmp_path: Path) -> None:
    kept = Adaptations(settings, tmp_path / "project")
    add(kept), add(kept, "model")
    assert kept.undo("retriever") == ("retriever", None)
    assert kept.in_use("model") is not None
    with pytest.raises(AdaptationError, match="no retriever adaptation"):
        kept.undo("retriever")
    assert kept.undo() == ("model", None)


def test_undoing_what_another_process_has_just_undone_is_told(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, other = (Adaptations(settings, tmp_path / "project") for _ in range(2))
    add(kept)
    lock = kept._locked

    def late() -> AbstractContextManager[None]:
        other.undo()
        return lock()

    monkeypatch.setattr(kept, "_locked", late)
    with pytest.raises(AdaptationError, match="nothing to undo"):
        kept.undo()


def test_what_is_removed_is_never_in_use_again(settings: Settings, tmp_path: Path) -> None:
    kept = Adaptations(settings, tmp_path / "project")
    first, second = add(kept), add(kept)
    assert kept.remove(first.name) > 4
    assert kept.undo() == ("retriever", None)
    kept.use(second.name)
    kept.remove(second.name)
    assert kept.in_use("retriever") is None
    assert kept.listed() == ()
    with pytest.raises(AdaptationError, match="there are none"):
        kept.remove(second.name)


def test_surplus_ones_are_the_oldest_that_are_not_in_use(settings: Settings, tmp_path: Path) -> None:
    kept = Adaptations(settings, tmp_path / "project")
    names = [add(kept).name for _ in range(KEPT_PER_KIND + 2)]
    kept.use(names[0])
    assert [one.name for one in kept.surplus("retriever")] == [names[1]]


def test_only_the_user_can_read_them(settings: Settings, tmp_path: Path) -> None:
    if os.name != "posix":
        pytest.skip("permissions are POSIX's")
    kept = Adaptations(settings, tmp_path / "project")
    made = add(kept)
    for path in (kept.folder, made.folder, kept.folder / "state.json"):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077


def test_a_killed_process_leaves_nothing_that_counts(settings: Settings, tmp_path: Path) -> None:
    kept = Adaptations(settings, tmp_path / "project")
    add(kept)
    left = kept.folder / "retriever.999999999.part"
    left.mkdir()
    (left / "adaptation.json").write_text("{}")
    half = kept.folder / "retriever-7"
    half.mkdir()
    assert [one.name for one in kept.listed()] == ["retriever-1"]
    with kept.staging("retriever"):
        assert not left.exists()
    with pytest.raises(KeyboardInterrupt), kept.staging("retriever") as staged:
        raise KeyboardInterrupt
    assert not staged.exists()


def test_nothing_remains_of_a_project_from_which_nothing_was_learned(settings: Settings, tmp_path: Path) -> None:
    kept = Adaptations(settings, tmp_path / "project")
    with kept.staging("model"):
        pass
    assert not kept.folder.exists()


def test_a_full_disk_is_told_in_one_line(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Adaptations(settings, tmp_path / "project")
    first = add(kept)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("glossator.project.adaptations.replace_private_file", full)
    with pytest.raises(AdaptationError, match="the disk is full: nothing was changed"):
        add(kept)
    assert kept.listed() == (first,)
    assert kept.in_use("retriever") == first


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"in_use": {"retriever": "../../evil"}, "changes": []}', "\0"])
def test_a_damaged_state_means_that_none_is_in_use(settings: Settings, tmp_path: Path, text: str) -> None:
    kept = Adaptations(settings, tmp_path / "project")
    evil = settings.adaptations_dir.parent / "evil"
    evil.mkdir()
    (evil / "adaptation.json").write_text(
        json.dumps({"format": 1, "kind": "retriever", "made": "", "base": "", "summary": ""})
    )
    add(kept)
    (kept.folder / "state.json").write_text(text)
    assert kept.in_use("retriever") is None
    assert kept.use("retriever-1").name == "retriever-1"


def test_forgetting_a_folder_forgets_what_was_learned_from_it(settings: Settings, tmp_path: Path) -> None:
    mine, other = (Adaptations(settings, tmp_path / name) for name in ("mine", "other"))
    add(mine), add(other)
    (settings.adaptations_dir / "notes").mkdir()
    forgotten = forget_folder(settings, tmp_path / "mine")
    assert [one.path for one in forgotten.removed] == [mine.folder]
    assert not mine.folder.exists()
    assert len(other.listed()) == 1
    with recorded_run(other.folder, "data"):
        assert [path for path, _ in forget_all(settings).kept] == [other.folder]
    assert len(other.listed()) == 1
    assert [one.path for one in forget_all(settings).removed] == [other.folder]
    assert (settings.adaptations_dir / "notes").is_dir()
