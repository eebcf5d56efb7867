"""The catalogue, the models on this machine, their headers, and what fits."""

from __future__ import annotations

import contextlib
import json
import os
import re
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glossator.errors import ModelError, ModelInvalidError, ModelNotFoundError, ModelTooLargeError
from glossator.model import memory, model_catalog
from glossator.model.checks import check_models
from glossator.model.header import read_header, split_files
from glossator.model.installed import InstalledModel, Models, model_path, resolve_model
from glossator.model.memory import Device
from glossator.settings import Settings
from tests import gguf_files
from tests.conftest import Ran

GB = 1_000_000_000


def test_the_entries_are_complete() -> None:
    entries = model_catalog.entries()
    assert len(entries) == 14
    assert len({entry.name for entry in entries}) == len(entries)
    for entry in entries:
        assert re.fullmatch(r"[0-9a-f]{64}", entry.sha256), entry.name
        assert re.fullmatch(r"([0-9a-f]{40})?", entry.revision), entry.name
        assert re.fullmatch(r"[\w.-]+/[\w.-]+", entry.repo), entry.name
        assert entry.file.endswith(".gguf")
        assert entry.license
        assert entry.size > 0
        assert entry.memory > entry.size
        assert 0 <= entry.active < entry.parameters
        assert model_catalog.find_entry(entry.name) == model_catalog.find_entry(entry.file.upper()) == entry


@pytest.fixture
def models(tmp_path: Path) -> Models:
    return Models(tmp_path / "models", tmp_path / "config" / "in-use.json")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return gguf_files.reciter(tmp_path / "mine.gguf")


def test_adding_using_and_removing(models: Models, file: Path, tmp_path: Path) -> None:
    assert models.current() is None
    mine = models.add(file)
    assert (mine.name, mine.source) == ("mine", "registered")
    assert models.current() == mine
    copy = models.add(file, name="copy", copy=True)
    assert Path(copy.path).parent == models.folder
    assert models.current() is None
    assert models.use("copy") == copy
    assert models.chosen() == "copy"
    assert models.current() == copy
    assert [model.name for model in models.all()] == ["copy", "mine"]
    assert models.remove("copy") == (copy, True)
    assert not Path(copy.path).exists()
    assert models.remove("mine") == (mine, False)
    assert file.exists()
    assert models.chosen() == ""
    with pytest.raises(ModelNotFoundError, match="installed: none"):
        models.get("mine")


def test_an_embedding_model_is_refused(models: Models, file: Path, tmp_path: Path) -> None:
    search = gguf_files.embedding_model(tmp_path / "search.gguf")
    with pytest.raises(ModelInvalidError, match="embedding model"):
        models.add(search)
    models.record(InstalledModel("old", str(search), "registered", 5, role="embedding"))
    with pytest.raises(ModelInvalidError, match="not a chat model"):
        models.use("old")
    assert models.current() is None
    mine = models.add(file)
    assert models.current() == mine
    assert models.remove("old")[0].role == "embedding"


def test_a_copied_file_that_is_shared_stays_until_its_last_name_goes(models: Models, file: Path) -> None:
    one = models.add(file, copy=True)
    two = models.add(Path(one.path), name="two", copy=True)
    assert models.remove("mine") == (one, False)
    assert Path(two.path).exists()
    assert models.remove("two") == (two, True)


def test_what_is_no_model_is_not_added(models: Models, tmp_path: Path) -> None:
    (tmp_path / "fake.gguf").write_bytes(b"GGUF" + b"\0" * 100)
    with pytest.raises(ModelInvalidError):
        models.add(tmp_path / "fake.gguf")
    with pytest.raises(ModelNotFoundError):
        models.add(tmp_path / "none.gguf")
    assert models.all() == []


def test_verifying(models: Models, file: Path) -> None:
    models.add(file)
    good, detail = models.verify("mine")
    assert good
    assert "noted now" in detail
    assert models.verify("mine")[0]
    data = file.read_bytes()
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    good, detail = models.verify("mine")
    assert not good
    assert "damaged" in detail
    file.write_bytes(data[:-1])
    assert "too short" in models.verify("mine")[1]
    file.unlink()
    assert not models.verify("mine")[0]


ENTRY = {"name": "mine", "path": "/mine.gguf", "source": "registered", "bytes": 5}


@pytest.mark.parametrize(
    "content",
    [
        b"{ nonsense",
        b"",
        b"[]",
        b"null",
        b"{}",
        b"[" * 100_000,
        b"\xff\xfe\x00",
        b'{"models": {}}',
        b'{"models": 5}',
        b'{"models": [5, null, [], "text", {}]}',
        *(json.dumps({"models": [{**ENTRY, **wrong}]}).encode() for wrong in (
            {"name": 5}, {"name": ""}, {"path": None}, {"path": ["a"]}, {"source": "stolen"}, {"source": []},
            {"bytes": "many"}, {"bytes": True}, {"role": {}}, {"sha256": 7}, {"license": None},
        )),
        json.dumps({"models": [{"name": "mine", "source": "registered"}]}).encode(),
    ],
)  # fmt: skip
def test_a_damaged_list_stops_nothing_and_is_kept(content: bytes, file: Path, tmp_path: Path) -> None:
    settings = Settings(models_dir=tmp_path / "models")
    models = Models.of(settings)
    models.folder.mkdir()
    models.list_path.write_bytes(content)
    assert models.all() == []
    assert models.current() is None
    assert str(models.list_path) in models.problem
    assert "models add" in models.problem
    assert "\n" not in models.problem
    assert resolve_model(settings) is None
    by_path = resolve_model(replace(settings, model=str(file)))
    assert by_path is not None
    assert by_path.path == file
    for wanted in (settings, replace(settings, model="mine")):
        with pytest.raises(ModelNotFoundError, match="is damaged"):
            model_path(wanted)
    for act in (models.use, models.remove, models.verify):
        with pytest.raises(ModelNotFoundError, match="is damaged"):
            act("mine")
    assert models.list_path.read_bytes() == content, "nothing is written over it"

    mine = models.add(file)
    assert (models.all(), models.problem) == ([mine], "")
    (kept,) = models.folder.glob("models.json.damaged-*")
    assert kept.read_bytes() == content
    models.add(file, name="second")
    models.list_path.write_bytes(content)
    models.add(file)
    assert len(list(models.folder.glob("models.json.damaged-*"))) == 2, "each is kept"


def test_what_can_be_read_of_a_damaged_list_is_used(models: Models, file: Path) -> None:
    models.add(file, name="second")
    mine = models.add(file)
    data = json.loads(models.list_path.read_text())
    data["models"][0]["path"] = 7
    models.list_path.write_text(json.dumps(data))
    assert models.all() == [mine]
    assert "1 of its 2 entries cannot be read" in models.problem
    assert models.use("mine") == mine
    assert models.current() == mine


def test_a_list_that_cannot_be_read(models: Models) -> None:
    models.list_path.mkdir(parents=True)
    assert models.all() == []
    assert "cannot be read" in models.problem


def test_a_damaged_choice(models: Models, file: Path, tmp_path: Path) -> None:
    mine = models.add(file)
    choice = tmp_path / "config" / "in-use.json"
    choice.parent.mkdir()
    for content in ("{", "[]", "5"):
        choice.write_text(content)
        assert models.chosen() == ""
        assert str(choice) in models.problem
        assert models.current() == mine, "the only one"
    choice.write_text('{"chat": 5}')
    assert models.chosen() == ""
    choice.write_text("{")
    models.use("mine")
    assert (models.chosen(), models.problem) == ("mine", "")
    assert [path.read_text() for path in choice.parent.glob("in-use.json.damaged-*")] == ["{"]


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_what_is_written_is_private(models: Models, file: Path, tmp_path: Path) -> None:
    models.add(file)
    models.use("mine")
    for path in (models.list_path, tmp_path / "config" / "in-use.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "config").stat().st_mode) == 0o700


@pytest.mark.llama
def test_everything_else_goes_on_with_a_damaged_list(
    project: Path, tmp_path: Path, glossator: Callable[..., Ran]
) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "models.json").write_text("{ nonsense")
    env = {"GLOSSATOR_MODELS_DIR": str(folder)}
    for command in (["index"], ["search", "tax"], ["status"], ["ask", "How is the tax added?"], ["models", "list"]):
        ran = glossator(*command, *([] if command[0] == "models" else ["--root", project]), env=env)
        assert ran.status == 0, ran.err
        if command[0] in ("status", "ask", "models"):
            (line,) = [line for line in ran.out.splitlines() if "damaged" in line]
            assert str(folder / "models.json") in line
            assert "glossator models add" in line
    ran = glossator("doctor", "--root", project, env=env)
    assert ran.status == 1
    assert "is damaged (it is not JSON)" in ran.out
    assert "Traceback" not in ran.err
    assert [path.name for path in folder.iterdir()] == ["models.json"]


def test_what_the_settings_name(file: Path, tmp_path: Path) -> None:
    settings = Settings(models_dir=tmp_path / "models")
    assert resolve_model(settings) is None
    with pytest.raises(ModelNotFoundError, match="models list"):
        model_path(settings)
    by_path = resolve_model(replace(settings, model=str(file)))
    assert by_path is not None
    assert (by_path.name, by_path.path) == ("mine", file)
    with pytest.raises(ModelNotFoundError, match="no model file"):
        resolve_model(replace(settings, model=str(tmp_path / "other.gguf")))
    with pytest.raises(ModelNotFoundError, match="no installed model"):
        resolve_model(replace(settings, model="other"))
    models = Models.of(settings)
    models.add(file)
    models.add(file, name="second")
    with pytest.raises(ModelNotFoundError, match="models use mine"):
        model_path(settings)
    models.use("second")
    assert model_path(settings) == file
    assert model_path(replace(settings, model="MINE")) == file
    remote = resolve_model(replace(settings, endpoint="http://localhost:1/v1"))
    assert remote is not None
    assert remote.path is None
    file.unlink()
    with pytest.raises(ModelNotFoundError, match="is gone"):
        model_path(settings)


# Headers


def test_headers(file: Path, tmp_path: Path) -> None:
    header = read_header(file)
    assert (header.architecture, header.name, header.layers, header.width, header.heads) == (
        "qwen2",
        "reciter",
        2,
        64,
        2,
    )
    assert (header.context_length, header.kv_width, header.tokenizer) == (32768, 64, "gpt2")
    assert header.chat_template == gguf_files.CHATML
    assert (header.is_embedder, header.recurrent) == (False, False)
    quantised = read_header(gguf_files.random_model(tmp_path / "q8.gguf", quantised=True))
    assert quantised.file_type == "Q8_0"
    assert quantised.parameters > 60_000
    search = read_header(gguf_files.embedding_model(tmp_path / "bert.gguf", pooling=2))
    assert search.is_embedder
    assert search.pooling == 2


def test_split_models(file: Path, tmp_path: Path) -> None:
    first = tmp_path / "big-00001-of-00002.gguf"
    first.write_bytes(file.read_bytes())
    with pytest.raises(ModelInvalidError, match=r"00002-of-00002.*missing"):
        read_header(first)
    second = tmp_path / "big-00002-of-00002.gguf"
    second.write_bytes(b"x" * 1000)
    assert split_files(first) == [first, second]
    assert read_header(first).file_bytes == file.stat().st_size + 1000
    with pytest.raises(ModelInvalidError, match="first part"):
        read_header(second)


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_no_damage_goes_further_than_an_error(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.getbasetemp() / "headers"
    original = folder / "original.gguf"
    if not original.exists():
        folder.mkdir(exist_ok=True)
        gguf_files.random_model(original)
    content = bytearray(original.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, 6000))
        content[at] = data.draw(st.integers(0, 255))
    damaged = folder / "damaged.gguf"
    damaged.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    with contextlib.suppress(ModelError):
        read_header(damaged)


# Memory


@pytest.fixture
def seven(tmp_path: Path) -> object:
    """A header of the shape of Qwen2.5-Coder-7B in Q4_K_M."""
    header = read_header(gguf_files.random_model(tmp_path / "tiny.gguf"))
    return replace(
        header,
        name="seven",
        tensor_bytes=4_677_000_000,
        layers=28,
        width=3584,
        heads=28,
        kv_width=1024,
        feed_forward=18944,
        vocabulary=152064,
        context_length=32768,
    )


CARD = Device("CUDA0", "A card", 24 * GB, 24 * GB)


def test_what_fits(seven: object) -> None:
    header = seven
    plan = memory.plan(header, Settings(), available=16 * GB)  # type: ignore[arg-type]
    assert plan.gpu_layers == 0
    assert plan.context_tokens == 8192
    assert 5.3 * GB < plan.bytes_needed < 6.2 * GB
    assert memory.kv_bytes(header, 8192, "f16") == 28 * 8192 * 1024 * 2  # type: ignore[arg-type]
    assert memory.kv_bytes(header, 8192, "q8_0") < 28 * 8192 * 1024 * 1.1  # type: ignore[arg-type]


def test_micro_batches_are_as_large_as_the_speed_allows(seven: object) -> None:
    """A cancel is noticed within 150 ms, and progress is told every 1.5 s."""
    header = replace(seven, block_parameters=6_525_000_000)  # type: ignore[type-var]
    longest = 3584 * 18944 / 6_525_000_000
    for reading, expected in ((2.0, 32), (20.0, 32), (60.0, 64), (100.0, 128), (400.0, 256), (9000.0, 256)):
        size = memory.quick_micro_batch(header, memory.CPU_MICRO_BATCH, reading)  # type: ignore[arg-type]
        assert size == expected
        assert size == 32 or (size / reading <= 1.5 and size / reading * longest <= 0.15)
    plan = memory.plan(header, Settings(), available=16 * GB, reading=60.0)  # type: ignore[arg-type]
    assert plan.micro_batch == 64
    on_card = memory.plan(header, Settings(), available=16 * GB, devices=[CARD], reading=60.0)  # type: ignore[arg-type]
    assert on_card.micro_batch == 512


def test_what_does_not_fit_says_what_would(seven: object) -> None:
    header = seven
    with pytest.raises(ModelTooLargeError, match=r"needs [67]\.\d GB.*context_tokens = \d+"):
        memory.plan(header, Settings(context_tokens=32768), available=6 * GB)  # type: ignore[arg-type]
    with pytest.raises(ModelTooLargeError, match=r"qwen3-4b would fit \(4\.2 GB\)"):
        memory.plan(
            header,  # type: ignore[arg-type]
            Settings(),
            available=int(4.5 * GB),
            alternatives=model_catalog.alternatives(),
        )


def test_layers_go_to_the_gpu_as_far_as_they_fit(seven: object) -> None:
    header = seven
    assert memory.plan(header, Settings(), available=GB, devices=[CARD]).gpu_layers == 29  # type: ignore[arg-type]
    half = replace(CARD, free=4 * GB)
    some = memory.plan(header, Settings(), available=16 * GB, devices=[half]).gpu_layers  # type: ignore[arg-type]
    assert 5 < some < 28
    for layers, wanted in ((0, 0), (10, 10), (99, 29)):
        settings = Settings(gpu_layers=layers)
        assert memory.plan(header, settings, available=16 * GB, devices=[CARD]).gpu_layers == wanted  # type: ignore[arg-type]
    with pytest.raises(ModelTooLargeError):
        memory.plan(header, Settings(), available=GB, devices=[half])  # type: ignore[arg-type]


def test_sizes_for_people() -> None:
    sizes = [1, 350_000, 9_600_000, 350_000_000, 5_400_000_000]
    assert [memory.readable(size) for size in sizes] == ["0.1 MB", "0.3 MB", "9.6 MB", "350 MB", "5.4 GB"]


# The doctor


@pytest.mark.llama
def test_the_doctor(file: Path, tmp_path: Path) -> None:
    settings = Settings(models_dir=tmp_path / "models", threads=1)
    checks = {check.name: check for check in check_models(settings)}
    assert checks["llama.cpp runtime"].ok
    assert not checks["chat model"].ok
    assert not any(check.failed for check in checks.values()), "without a model the index answers"
    assert "models pull" in checks["chat model"].cure or "models list" in checks["chat model"].cure
    checks = {check.name: check for check in check_models(replace(settings, model=str(file)))}
    assert all(check.ok for check in checks.values()), checks
    assert "CPU, 1 thread" in checks["an answer"].detail
    file.write_bytes(file.read_bytes()[:1000])
    checks = {check.name: check for check in check_models(replace(settings, model=str(file)))}
    assert checks["chat model"].failed
    search = gguf_files.embedding_model(tmp_path / "search.gguf")
    checks = {check.name: check for check in check_models(replace(settings, model=str(search)))}
    assert not checks["chat model"].ok


def test_the_doctor_on_an_endpoint_that_is_not_there(tmp_path: Path) -> None:
    (check,) = check_models(Settings(endpoint="http://127.0.0.1:9/v1"))
    assert check.failed
    assert "cannot be reached" in check.detail


def test_the_doctor_without_a_runtime(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    check = check_models(Settings(models_dir=tmp_path))[0]
    assert not check.ok
    assert not check.failed, "no model is chosen, so none is missed"
    assert "glossator runtime install" in check.cure
    assert check_models(Settings(models_dir=tmp_path, model=str(tmp_path / "absent.gguf")))[0].failed
