"""The extension's model picker reads what `glossator models list --json` prints."""

from __future__ import annotations

import json
import re
from pathlib import Path

from glossator.cli.models import overview
from glossator.model.installed import Models
from glossator.settings import Settings
from tests.gguf_files import reciter

SOURCE = (Path(__file__).resolve().parents[2] / "editor-client" / "src" / "models.ts").read_text("utf-8")


def read_by_the_extension(interface: str) -> set[str]:
    pattern = rf"^export interface {interface}(?: extends (\w+))? \{{\n(.*?)^\}}"
    found = re.search(pattern, SOURCE, re.MULTILINE | re.DOTALL)
    assert found is not None
    inherited = read_by_the_extension(found[1]) if found[1] else set()
    return inherited | set(re.findall(r"^  (\w+)\??:", found[2], re.MULTILINE))


def test_what_the_picker_reads_is_there(tmp_path: Path) -> None:
    settings = Settings(models_dir=tmp_path / "models")
    model = Models.of(settings).add(reciter(tmp_path / "reciter.gguf", "Yes."))
    Models.of(settings).use(model.name)
    data = json.loads(json.dumps(overview(settings)))
    assert read_by_the_extension("Overview") <= data.keys()
    assert [(entry["name"], entry["in_use"], entry["present"]) for entry in data["installed"]] == [
        (model.name, True, True)
    ]
    for entry in data["installed"]:
        assert read_by_the_extension("InstalledModel") <= entry.keys()
    assert data["catalogue"]
    for entry in data["catalogue"]:
        assert read_by_the_extension("CatalogueModel") <= entry.keys()
