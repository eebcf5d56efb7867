"""The version and each pin are stated once; wherever they are repeated, they agree."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import glossator
from glossator.model.runtime_wheels import RUNTIME_VERSION

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in listed.stdout.splitlines()]


def test_the_version_has_one_source() -> None:
    assert "version" in PROJECT["dynamic"]
    assert json.loads((ROOT / "editor-client/package.json").read_text("utf-8"))["version"] == glossator.__version__


def test_the_runtime_s_pin_has_one_source() -> None:
    (pin,) = [one for one in PROJECT["optional-dependencies"]["llama"] if one.startswith("llama-cpp-python")]
    for path in tracked("*.md", "*.py", "*.ts", "requirements/*.txt", "scripts/*"):
        if path.is_file() and path.name != "test_release.py":
            for found in re.findall(r"llama-cpp-python==[\w.]+", path.read_text("utf-8")):
                assert found == pin, path.relative_to(ROOT)
    assert pin == f"llama-cpp-python=={RUNTIME_VERSION}"


def test_locked_requirements_hold_every_dependency() -> None:
    locked = (ROOT / "requirements/runtime.txt").read_text("utf-8").lower()
    for requirement in PROJECT["dependencies"]:
        match = re.match(r"[\w.-]+", requirement)
        assert match is not None
        assert f"\n{match.group().lower()}==" in f"\n{locked}", f"{requirement}: run scripts/lock"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what a release looks at."""
    for name in (
        "server/glossator/__init__.py",
        "editor-client/package.json",
        "editor-client/package-lock.json",
        "scripts/release",
        "scripts/environment.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
    for name in ("CHANGELOG.md", "editor-client/CHANGELOG.md"):
        (tmp_path / name).write_text("# Changelog\n\n## Unreleased\n\n- Something.\n", "utf-8")
    return tmp_path


def release(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "scripts/release", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


def test_a_release_needs_all_to_agree(checkout: Path) -> None:
    package = checkout / "editor-client/package.json"
    assert release(checkout, "--set", "7.8.9").returncode == 0
    assert release(checkout, "--check").returncode == 0
    (checkout / "CHANGELOG.md").write_text("# Changelog\n", "utf-8")
    assert "CHANGELOG.md has no section '## 7.8.9'" in release(checkout, "--check").stderr
    (checkout / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n\n## 7.8.9 (2030-01-01)\n", "utf-8")
    assert '"version": "7.8.9"' in package.read_text("utf-8")
    assert '__version__ = "7.8.9"' in (checkout / "server/glossator/__init__.py").read_text("utf-8")
    assert "## 7.8.9 (" in (checkout / "CHANGELOG.md").read_text("utf-8")
    package.write_text(package.read_text("utf-8").replace("7.8.9", "7.8.8"), "utf-8")
    done = release(checkout, "--check")
    assert done.returncode == 1
    assert "editor-client/package.json states 7.8.8, not 7.8.9" in done.stderr


@pytest.mark.parametrize("version", ["", "1", "1.2.3.4", "v1.2.3", '1.2.3"'])
def test_a_release_is_a_version(checkout: Path, version: str) -> None:
    before = (checkout / "server/glossator/__init__.py").read_text("utf-8")
    if version:
        assert release(checkout, "--set", version).returncode == 1
    assert (checkout / "server/glossator/__init__.py").read_text("utf-8") == before


def test_what_a_script_installs_has_requirements() -> None:
    asks = "import sys; sys.path.insert(0, 'scripts'); import environment; environment.is_installed(sys.argv[1])"
    profiles = set()
    for path in tracked("scripts/*"):
        if path.is_file() and path.suffix in ("", ".py"):
            profiles |= set(re.findall(r"^\s*install\(\"(\w+)\"\)", path.read_text("utf-8"), re.MULTILINE))
    assert {"dev", "runtime", "adapt"} <= profiles
    for profile in profiles:
        assert (ROOT / f"requirements/{profile}.txt").is_file()
        subprocess.run([sys.executable, "-c", asks, profile], cwd=ROOT, check=True)
