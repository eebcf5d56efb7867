"""The extension: its own tests, and its use in a real VS Code (code-server in headless Chromium).

Node.js, npm and Chromium are needed. Where one is missing the tests are skipped with a line that says how to get it,
but fail where `CI` is set. VS Code is installed from npm once, into .cache/vscode.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT, write_tree
from tests.gguf_files import reciter
from tests.made_history import made_repository

ROOT = Path(__file__).resolve().parents[2]
CLIENT = ROOT / "editor-client"

ANSWER = """`Cart.total` adds up the lines and passes the net sum to `add_tax` [1], which multiplies it by one plus \
the rate and rounds half up to a cent:

```python
def gross(net: Money, rate: float) -> Money:
    # 0.5: half up
    return add_tax(net, rate)
```

- The rate comes from `place_order`, where it is 19 percent [2].
- Prices are kept in cents, so that nothing is lost to rounding.

| step | where |
| --- | --- |
| sum | `Cart.total` |
| tax | `add_tax` |
"""
ENDLESS = "one and two and then three more and once again from the very first "
VOUCHERS = '''"""Vouchers."""


def redeem_voucher(code: str) -> int:
    """How many cents a voucher is worth."""
    return len(code) * 100
'''


def needed(*programs: str) -> None:
    """Skip, or fail in continuous integration, without these programs."""
    missing = [program for program in programs if shutil.which(program) is None]
    if not missing:
        return
    message = f"{' and '.join(missing)} not found (Debian, Ubuntu: apt-get install {' '.join(missing)})"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


def chromium() -> str:
    """A Chromium or Chrome."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    needed("chromium")
    raise AssertionError


@pytest.fixture(scope="module")
def packages() -> None:
    """The extension's development packages."""
    needed("node", "npm")
    if not (CLIENT / "node_modules" / ".package-lock.json").is_file():
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run(command, cwd=CLIENT, check=True, timeout=600)


def ran(command: list[str | Path], *, folder: Path, timeout: float, environment: dict[str, str] | None = None) -> str:
    """Run a command that must succeed; returns what it printed."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=timeout,
    )
    print(done.stdout)
    assert done.returncode == 0, done.stdout[-20_000:]
    return done.stdout


@pytest.mark.usefixtures("packages")
def test_types_and_style() -> None:
    ran(["npm", "run", "--silent", "check"], folder=CLIENT, timeout=900)


@pytest.mark.usefixtures("packages")
def test_units() -> None:
    ran(["npm", "test"], folder=CLIENT, timeout=1800)


def repository(folder: Path) -> Path:
    """The small project as a git repository with a second branch."""
    write_tree(folder, PROJECT)

    def git(*arguments: str) -> None:
        command = ["git", "-c", "user.name=Test", "-c", "user.email=test@example.org", *arguments]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-q", "-m", "Begin")
    git("switch", "-q", "-c", "vouchers")
    write_tree(folder, {"shop/vouchers.py": VOUCHERS})
    git("add", ".")
    git("commit", "-q", "-m", "Vouchers")
    git("switch", "-q", "main")
    return folder


@pytest.mark.browser
@pytest.mark.llama
@pytest.mark.usefixtures("packages")
def test_in_vscode(tmp_path: Path) -> None:
    browser = chromium()
    install = Path(os.environ.get("VSCODE_TEST_INSTALL", ROOT / ".cache" / "vscode"))
    ran(["node", CLIENT / "tests" / "e2e" / "install.mjs", install], folder=ROOT, timeout=900)
    ran([sys.executable, ROOT / "scripts" / "package"], folder=ROOT, timeout=600)
    ran(["node", CLIENT / "tests" / "e2e" / "activation.cjs"], folder=ROOT, timeout=300)
    models = tmp_path / "models"
    models.mkdir()
    config = {
        "install": str(install),
        "vsix": str(ROOT / "build" / "glossator.vsix"),
        "project": str(repository(tmp_path / "shop")),
        "learning": str(made_repository(tmp_path / "learning", commits=420)),
        "python": sys.executable,
        "basePython": os.path.realpath(sys.executable),
        "indexes": str(tmp_path / "indexes"),
        "models": {
            "reciter": str(reciter(models / "reciter.gguf", ANSWER)),
            "forever": str(reciter(models / "forever.gguf", ENDLESS, forever=True, name="forever")),
            "real": os.environ.get("VSCODE_TEST_MODEL", ""),
        },
        "folder": str(tmp_path / "code"),
        "artifacts": str(CLIENT / "artifacts"),
    }
    (tmp_path / "config.json").write_text(json.dumps(config), "utf-8")
    command = ["node", CLIENT / "tests" / "e2e" / "run.mjs", tmp_path / "config.json"]
    if part := os.environ.get("VSCODE_TEST_PART"):
        command.append(part)
    ran(command, folder=ROOT, timeout=3600, environment={"CHROMIUM": browser})
