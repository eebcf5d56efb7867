"""What goes wrong with `glossator adapt`: told in one line, and nothing is changed."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pytest

from glossator.adapt.adapter_file import AdapterFacts, write_adapter
from glossator.adapt.base_models import BaseWeights
from glossator.adapt.training_run import STATE_FILE, TrainingPlan
from glossator.project.adaptations import Adaptations
from glossator.project.model_adapters import ADAPTER_FILE
from glossator.settings import Settings
from tests import gguf_files
from tests.conftest import Ran
from tests.made_history import made_repository
from tests.unit.test_model_data import project

if TYPE_CHECKING:
    from collections.abc import Iterator

SHAPE = gguf_files.Shape(layers=2, width=64, heads=4, kv_heads=2, feed_forward=96)
HAS_TORCH = all(importlib.util.find_spec(name) for name in ("torch", "transformers", "peft"))
trains = pytest.mark.skipif(not HAS_TORCH, reason="needs the adapt extra")
posix = pytest.mark.skipif(os.name != "posix", reason="limits and signals are POSIX's")

Run = Callable[..., Ran]


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "kept"


@pytest.fixture
def adapt(glossator: Run, kept: Path) -> Run:
    """Runs `glossator adapt`, with the adaptations below the test's folder."""
    return lambda *arguments: glossator("adapt", *arguments, env={"GLOSSATOR_ADAPTATIONS_DIR": str(kept)})


def told(done: Ran, *reasons: str) -> None:
    """Check that the last run failed with one line that has the reasons, and wrote nothing else."""
    assert done.status == 1, done.out
    lines = [line for line in done.err.splitlines() if line.startswith("glossator: ")]
    assert len(lines) == 1, done.err
    assert done.err.rstrip().endswith(lines[0])
    assert "Traceback" not in done.err
    assert done.out == ""
    for reason in reasons:
        assert reason in lines[0]


def random_base(path: Path) -> Path:
    return gguf_files.random_model(path, SHAPE, architecture="llama", context=16384)


def little(root: Path) -> Path:
    """A project of a few functions."""
    root.mkdir()
    (root / "a.py").write_text('def add(a, b):\n    """The sum of a and b."""\n    return a + b\n', "utf-8")
    return root


@pytest.mark.parametrize("action", [("data",), pytest.param(("model", "--base"), marks=trains)])
def test_too_little_data(adapt: Run, tmp_path: Path, kept: Path, action: tuple[str, ...]) -> None:
    base = [random_base(tmp_path / "base.gguf")] if "--base" in action else []
    told(adapt(*action, *base, "--root", little(tmp_path / "little")), "examples in all, too few")
    assert not list(kept.rglob("examples.jsonl"))
    assert adapt("list", "--root", tmp_path / "little", "--json").json == {"adaptations": []}


@trains
@pytest.mark.parametrize("damage", ["few", "broken", "missing"])
def test_data_that_cannot_be_trained_on(adapt: Run, tmp_path: Path, damage: str) -> None:
    root, data = project(tmp_path / "project"), tmp_path / "data"
    assert adapt("data", "--root", root, "--out", data).status == 0
    examples = data / "examples.jsonl"
    lines = examples.read_text("utf-8").splitlines()
    if damage == "few":
        examples.write_text("\n".join(lines[:20]), "utf-8")
    elif damage == "broken":
        examples.write_text("\n".join([*lines, lines[0][:50]]), "utf-8")
    else:
        shutil.rmtree(data)
    done = adapt("model", "--root", root, "--base", random_base(tmp_path / "base.gguf"), "--data", data)
    told(done, "examples to train on; 60 are needed" if damage == "few" else "cannot be read")
    assert adapt("list", "--root", root, "--json").json == {"adaptations": []}


def an_adapter(path: Path) -> Path:
    base = BaseWeights(random_base(path.with_name("its-base.gguf")))
    write_adapter(path, base, {}, AdapterFacts("llama", "random", "", "", 4, 8.0, {}))
    return path


def half(path: Path) -> Path:
    whole = random_base(path).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return path


def words(path: Path) -> Path:
    path.write_text("not a model")
    return path


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (gguf_files.embedding_model, "its architecture is bert"),
        (an_adapter, "it is an adapter itself"),
        (half, "not a usable GGUF file"),
        (words, "not a usable GGUF file"),
    ],
)
def test_a_base_that_no_adapter_fits(
    adapt: Run, tmp_path: Path, kept: Path, make: Callable[[Path], Path], reason: str
) -> None:
    done = adapt("model", "--root", little(tmp_path / "little"), "--base", make(tmp_path / "base.gguf"))
    told(done, reason)
    assert not [*kept.rglob("model-*"), *kept.rglob("*.gguf")]


def test_an_adapter_for_another_base_is_told_and_has_no_effect(
    glossator: Run, adapt: Run, tmp_path: Path, kept: Path
) -> None:
    root = little(tmp_path / "little")
    adaptations = Adaptations(Settings(adaptations_dir=kept), root)
    with adaptations.staging("model") as staged:
        an_adapter(staged / ADAPTER_FILE)
        adaptations.add("model", staged, base="random", summary="", details={"base_fingerprint": "of its base"})
    adaptations.undo("model")
    other = gguf_files.reciter(tmp_path / "other.gguf", "It adds both [1].")
    environment = {"GLOSSATOR_ADAPTATIONS_DIR": str(kept), "GLOSSATOR_MODEL": str(other)}
    done = glossator("adapt", "use", "model-1", "--root", root, env=environment)
    assert done.status == 0
    assert "it is for random, and has no effect while another model answers" in done.err


def limited(limit: int) -> Callable[[], None]:
    """What a process runs at its start, so that no file of its grows beyond `limit` bytes: as on a full disk."""

    def limit_files() -> None:
        import resource

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return limit_files


def run_limited(limit: int, arguments: list[str | Path], environment: dict[str, str]) -> Ran:
    done = subprocess.run(
        [sys.executable, "-m", "glossator", *map(str, arguments)],
        env={**os.environ, **environment},
        preexec_fn=limited(limit),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


@posix
def test_data_on_a_full_disk(adapt: Run, tmp_path: Path) -> None:
    root, out = project(tmp_path / "project"), tmp_path / "data"
    assert adapt("data", "--root", root, "--out", out).status == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    limit = (out / "examples.jsonl").stat().st_size // 2
    done = run_limited(limit, ["adapt", "data", "--root", root, "--out", out, "--seed", "1"], {})
    told(done, f"cannot write {out}")
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


@posix
def test_a_retriever_on_a_full_disk(glossator: Run, tmp_path: Path, kept: Path) -> None:
    """The index and the words that were learned do not fit: what is in use stays, and nothing is left of the rest."""
    root = made_repository(tmp_path / "repository", commits=300)
    environment = {"GLOSSATOR_ADAPTATIONS_DIR": str(kept), "GLOSSATOR_INDEX_DIR": str(tmp_path / "index")}
    subprocess.run(
        [sys.executable, "-m", "glossator", "index", "--root", str(root)], env={**os.environ, **environment}, check=True
    )

    def indexed() -> set[str]:
        return {path.name.removesuffix("-wal").removesuffix("-shm") for path in (tmp_path / "index").iterdir()}

    before = indexed()
    largest = max(path.stat().st_size for path in (tmp_path / "index").rglob("*") if path.is_file())
    done = run_limited(largest + 100_000, ["adapt", "retriever", "--root", root], environment)
    told(done, str(kept))
    assert indexed() == before
    assert not list(kept.rglob("*.part"))
    assert glossator("adapt", "list", "--root", root, "--json", env=environment).json == {"adaptations": []}


def training_folder(folder: Path, **plan: object) -> Path:
    """A folder with all that the process that trains reads: 40 examples of a few tokens."""
    folder.mkdir()
    base = gguf_files.random_model(folder / "base.gguf", SHAPE, architecture="llama")
    rows = [{"part": "train", "prompt": [1, 2, 3, n], "answer": [n, n + 1, n + 2]} for n in range(4, 44)]
    (folder / "tokens.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    options = {"threads": 1, "memory_limit": 10**11, "step_tokens": 12, "precision": "float32", **plan}
    (folder / "run.json").write_text(json.dumps(asdict(TrainingPlan(str(base), "k", **options))), "utf-8")  # type: ignore[arg-type]
    return folder


def trained(folder: Path, limit: int = 0) -> dict[str, Any]:
    """The last event of the process that trains. Its stdin stays open: its end would ask it to stop."""
    child = subprocess.Popen(
        [sys.executable, "-m", "glossator.adapt.lora_training", str(folder)],
        preexec_fn=limited(limit) if limit else None,  # noqa: PLW1509 - no threads run here
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    with child.stdin, child.stdout as out:
        events = out.read().splitlines()
    child.wait()
    last: dict[str, Any] = json.loads(events[-1])
    return last


@trains
@posix
@pytest.mark.adapt
def test_training_on_a_full_disk(tmp_path: Path) -> None:
    """A checkpoint that does not fit is told, nothing is left of it, and training starts again when there is room."""
    folder = training_folder(tmp_path / "run", checkpoint_seconds=0, epochs=1)
    last = trained(folder, limit=100_000)
    assert last["event"] == "error"
    assert last["message"].startswith("training stopped: ")
    assert sorted(path.name for path in folder.iterdir()) == ["base.gguf", "run.json", "tokens.jsonl"]
    assert trained(folder)["event"] == "done"
    assert (folder / STATE_FILE).stat().st_size > 100_000


@trains
@pytest.mark.adapt
@pytest.mark.parametrize("damage", [b"PK\x03\x04 half of it", b"\x80\x02."])
def test_a_checkpoint_that_cannot_be_read_is_made_again(tmp_path: Path, damage: bytes) -> None:
    folder = training_folder(tmp_path / "run", epochs=1)
    (folder / STATE_FILE).write_bytes(damage)
    assert trained(folder)["event"] == "done"


@contextmanager
def training(root: Path, base: Path, kept: Path, index: Path) -> Iterator[subprocess.Popen[str]]:
    """`glossator adapt model` in a group of its own, once it trains."""
    options = ["--examples", "110", "--step-tokens", "3000", "--epochs", "200", "--judged", "14"]
    process = subprocess.Popen(
        [sys.executable, "-m", "glossator", "adapt", "model", "--root", root, "--base", base, *options],
        env={**os.environ, "GLOSSATOR_ADAPTATIONS_DIR": str(kept), "GLOSSATOR_INDEX_DIR": str(index)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def wait_for(stream: IO[str] | None, text: str) -> None:
    assert stream is not None
    read = []
    for line in stream:
        read.append(line)
        if text in line:
            return
    raise AssertionError("".join(read))


@trains
@posix
@pytest.mark.llama
@pytest.mark.adapt
def test_a_stopped_run_changes_nothing_and_continues(adapt: Run, tmp_path: Path, kept: Path) -> None:
    """Ctrl-C leaves a checkpoint from which the next run continues; kill -9 ends the training process, too."""
    import psutil

    root, base = project(tmp_path / "project"), random_base(tmp_path / "base.gguf")
    where = (root, base, kept, tmp_path / "index")
    with training(*where) as process:
        wait_for(process.stderr, "Training: step")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=600)
        assert process.returncode == 130
        assert "interrupted; progress is saved" in err
    assert list(kept.rglob(STATE_FILE))
    assert adapt("list", "--root", root, "--json").json == {"adaptations": []}
    with training(*where) as process:
        wait_for(process.stderr, "resuming the run that was stopped")
        wait_for(process.stderr, "Training: step")
        children = psutil.Process(process.pid).children(recursive=True)
        trainers = [child for child in children if "glossator.adapt.lora_training" in child.cmdline()]
        assert len(trainers) == 1
        process.kill()
        process.wait()
        assert psutil.wait_procs(trainers, timeout=600)[1] == []
    assert adapt("list", "--root", root, "--json").json == {"adaptations": []}
    with training(*where) as process:
        wait_for(process.stderr, "resuming the run that was stopped")
