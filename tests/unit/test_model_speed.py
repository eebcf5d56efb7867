"""Estimated speeds, and what they make of recommendations."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from glossator.model import model_catalog, speed
from glossator.model.checks import check_models
from glossator.model.expectations import Expectations
from glossator.model.header import read_header
from glossator.model.installed import Models
from glossator.model.measured_speed import MeasuredSpeeds, fingerprint, machine_key
from glossator.model.memory import Device
from glossator.model.runtime import Runtime
from glossator.model.speed import Machine, file_speed, this_machine, two_digits
from glossator.settings import Settings
from tests import gguf_files

GB = 1_000_000_000
AVX512 = "CPU : SSE3 = 1 | AVX2 = 1 | F16C = 1 | AVX512 = 1 | AVX512_VNNI = 1 | "
CARD = Device("CUDA0", "A card", 22 * GB, 24 * GB)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A processor of a known clock."""
    monkeypatch.setattr(speed, "_hertz", lambda: 3e9)


def machine(threads: int, memory: float, features: str = AVX512, devices: tuple[Device, ...] = ()) -> Machine:
    return this_machine(Settings(threads=threads), memory=int(memory * GB), features=features, devices=devices)


@pytest.mark.parametrize(
    ("threads", "memory", "features", "gpu", "best"),
    [
        (1, 25, AVX512, 0, "qwen2.5-coder-0.5b"),  # two cores and no GPU, however much memory
        (1, 1, AVX512, 0, None),
        (1, 64, "CPU : AVX2 = 1 | ", 0, None),
        (3, 64, "CPU : AVX2 = 1 | ", 0, "qwen2.5-coder-0.5b"),
        (1, 64, "CPU : SSE3 = 1 | ", 0, None),
        (3, 3.9, AVX512, 0, "qwen2.5-coder-1.5b"),
        (7, 8, AVX512, 0, "qwen3-4b"),
        (7, 16.5, AVX512, 0, "qwen2.5-coder-7b"),
        (7, 64, AVX512, 0, "qwen3-coder-30b"),
        (1, 8, AVX512, 6.2, "qwen2.5-coder-7b"),
        (1, 8, AVX512, 12.5, "qwen2.5-coder-14b"),
        (1, 8, AVX512, 24, "qwen3-coder-30b"),
    ],
)
def test_recommendations(threads: int, memory: float, features: str, gpu: float, best: str | None) -> None:
    devices = (Device("CUDA0", "A card", int(gpu * GB), int(gpu * GB)),) if gpu else ()
    here = machine(threads, memory, features, devices)
    found = model_catalog.recommended(here)
    assert (found and found.name) == best
    if found is not None:
        assert found.memory <= max(memory, gpu) * GB
        assert found.speed(here).reading_seconds <= speed.MAX_READING_SECONDS


def test_larger_models_are_slower_and_experts_are_not() -> None:
    here = machine(3, 64)
    small, large, mixed = (
        model_catalog.find_entry(name).speed(here)
        for name in ("qwen2.5-coder-1.5b", "qwen2.5-coder-7b", "qwen3-coder-30b")
    )
    assert small.reading > 4 * large.reading
    assert small.writing > 4 * large.writing
    assert mixed.reading > 2 * large.reading
    assert 0 < small.first_word_seconds(5.0) < large.first_word_seconds(5.0)
    assert "s to the first word" in small.described(5.0)


def test_a_gpu_counts_where_the_model_fits_on_it() -> None:
    entry = model_catalog.find_entry("qwen2.5-coder-14b")
    with_gpu, without = machine(1, 64, devices=(CARD,)), machine(1, 64)
    assert entry.speed(with_gpu).reading > 20 * entry.speed(without).reading
    small = machine(1, 64, devices=(Device("CUDA0", "A card", 8 * GB, 8 * GB),))
    assert entry.speed(small) == entry.speed(without)
    unused = this_machine(Settings(threads=1, gpu_layers=0), memory=64 * GB, features=AVX512, devices=(CARD,))
    assert entry.speed(unused) == entry.speed(without)


def test_apple_silicon_has_a_gpu_before_the_runtime_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(speed.platform, "machine", lambda: "arm64")
    best = model_catalog.recommended(machine(7, 16, features=""))
    assert best is not None
    assert best.parameters > 7e9
    metal = machine(7, 16, "CPU : NEON = 1 | ", (Device("Metal", "Apple M1", 11 * GB, 11 * GB),))
    assert metal.gpu_bandwidth < machine(7, 16, devices=(CARD,)).gpu_bandwidth


def test_a_model_file(tmp_path: Path) -> None:
    header = read_header(gguf_files.random_model(tmp_path / "random.gguf"))
    here = machine(1, 8)
    found = file_speed(here, header, GB)
    assert header.block_parameters < header.parameters - header.vocabulary * header.width + 1
    assert found.reading == pytest.approx(here.operations / (4 * header.block_parameters)), "64 is an odd width"
    assert found.writing == pytest.approx(here.bandwidth / header.tensor_bytes), "the table is the output matrix too"
    reciter = read_header(gguf_files.reciter(tmp_path / "reciter.gguf"))
    assert reciter.bytes_per_token < reciter.tensor_bytes, "it has an output matrix of its own"


@pytest.mark.parametrize(
    ("value", "text"), [(0.123, "0.1"), (4.56, "4.6"), (12.3, "12"), (146.8, "150"), (9.99, "10.0")]
)
def test_two_digits(value: float, text: str) -> None:
    assert two_digits(value) == text


@pytest.mark.llama
def test_the_doctor_warns_of_a_slow_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(models_dir=tmp_path / "models", threads=1)
    model = gguf_files.reciter(tmp_path / "model.gguf")
    for limit, slow in ((10.0, False), (0.0, True)):
        monkeypatch.setattr(speed, "MAX_READING_SECONDS", limit)
        checks = {check.name: check for check in check_models(Settings(threads=1, model=str(model)))}
        check = checks["expected speed"]
        assert (check.ok, check.failed) == (not slow, False)
        assert "measured" in check.detail
        assert bool(check.cure) == slow
    assert not settings.endpoint


def test_a_measured_speed_replaces_the_estimate_and_corrects_the_others(tmp_path: Path) -> None:
    settings = Settings(models_dir=tmp_path / "models", threads=2)
    runtime = Runtime(version="0.3", features=AVX512)
    path = gguf_files.random_model(tmp_path / "random.gguf")
    Models.of(settings).add(path)
    before = Expectations(settings, runtime)
    estimated, other = before.of_file(path), model_catalog.find_entry("qwen2.5-coder-7b")
    assert estimated is not None
    assert not estimated.measured
    measured = speed.Speed(estimated.reading / 2, estimated.writing * 3, measured=True)
    key = machine_key(settings, runtime.version, runtime.features, ())
    MeasuredSpeeds().put(fingerprint(path), key, measured)
    after = Expectations(settings, runtime)
    found = after.of_file(path)
    assert found is not None
    assert found.measured
    assert found.reading == pytest.approx(measured.reading, abs=0.01)
    assert after.of_entry(other).reading == pytest.approx(before.of_entry(other).reading / 2, rel=0.01)
    assert after.of_entry(other).writing == pytest.approx(before.of_entry(other).writing * 3, rel=0.01)
    assert not after.of_entry(other).measured
    elsewhere = Expectations(Settings(models_dir=settings.models_dir, threads=1), runtime)
    assert elsewhere.of_file(path) != found, "another number of threads is another machine"


def test_more_evidence_for_faster_models_but_not_all_that_they_could_read() -> None:
    tokens = [speed.evidence_tokens(reading, 5.0) for reading in (1, 30, 60, 120, 180, 300, 3000)]
    assert tokens[:4] == [500, 500, 500, 600]
    assert tokens == sorted(tokens)
    seconds = [speed.Speed(reading, 10).first_word_seconds(5.0) for reading in (20, 60, 180, 300, 3000)]
    assert seconds == sorted(seconds, reverse=True)
    assert seconds[3] < 5
