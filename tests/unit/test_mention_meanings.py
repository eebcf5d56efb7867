"""What all mentions of a code base mean, compared between two versions of it."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

from glossator.project.session import Session
from glossator.settings import Settings
from tests.conftest import write_tree

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
from mention_meanings import Meaning, Place, changes, grades, meanings

FILES = {
    "shop.py": "class Shop:\n    def sell(self): ...\n",
    "use.py": "from shop import Shop\n\nShop().sell()\nunknown.sell()\n",
}


def meant(folder: Path, files: dict[str, str]) -> dict[Place, Meaning]:
    root = write_tree(folder / "root", files)
    with closing(Session([root], Settings(index_dir=folder / "index"))) as session:
        session.root.index()
        snapshot = session.root.open()
        assert snapshot is not None
        return meanings(snapshot)


def test_each_mention_has_a_grade_and_targets(tmp_path: Path) -> None:
    found = meant(tmp_path, FILES)
    assert found["use.py", 3, 7, "sell"] == Meaning("call", "resolved", ("shop.py:2 Shop.sell",))
    assert found["use.py", 4, 8, "sell"].grade == "possible"
    assert grades(found)["possible"] == 1


def test_only_what_means_something_else_is_a_change(tmp_path: Path) -> None:
    before = meant(tmp_path / "before", FILES)
    after = meant(tmp_path / "after", {**FILES, "use.py": "from shop import Shop\n\nunknown.sell()\n"})
    assert changes(before, before) == {}
    found = changes(before, after)
    assert ("use.py", 3, 7, "sell") in found["resolved", "absent"]
    assert ("use.py", 3, 8, "sell") in found["absent", "possible"]
    assert not any(place[0] == "shop.py" for places in found.values() for place in places)
