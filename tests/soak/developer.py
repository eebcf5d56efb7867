"""What developers do to a working tree, each as a generator that stops wherever the index has to be right.

All choices come from one random number generator, so that the same seed does the same things to the same history.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.soak.histories import git, line_of_commits, made_text, started_git

SOURCES = frozenset(
    (".py", ".ts", ".tsx", ".js", ".go", ".md", ".rs", ".java", ".c", ".h", ".cpp", ".cs", ".rb", ".php", ".kt", ".ml")
)


@dataclass(frozen=True, slots=True)
class Stop:
    """A moment at which the index must equal a fresh one.

    Attributes:
        what: what was done just before.
        changed: how many files that changed, if they are worth timing.
        known: everything was indexed before, so nothing may be embedded.
    """

    what: str
    changed: int = 0
    known: bool = False


class EditorWindow(Protocol):
    """What an editor tells its language server."""

    def open(self, path: Path) -> None:
        """Open a document."""

    def edit(self, path: Path, text: str) -> None:
        """Change an open document without saving it."""

    def save(self, path: Path, text: str) -> None:
        """Write a document to the disk, and say so."""

    def close(self, path: Path) -> None:
        """Close a document; what was not saved is lost."""


class Developer:
    """One developer in one working tree, on the branch `main`."""

    def __init__(self, root: Path, seed: int, editor: EditorWindow, *, built_files: int) -> None:
        self.root = root
        self.chance = random.Random(seed)
        self._editor = editor
        self._built_files = built_files
        self._line = line_of_commits(root)
        head = git(root, "rev-parse", "HEAD").strip()
        self._at = self._line.index(head)
        self._turn = 0
        self._oldest = min(self._at, len(self._line) // 2)
        self.saves = self.commits = self.switches = 0
        if self._at == len(self._line) - 1:  # a made history: live through its second half
            self._at = self._oldest = len(self._line) // 2
            git(root, "checkout", "-q", "-f", "-B", "main", self._line[self._at])

    def actions(self) -> dict[str, tuple[int, Callable[[], Iterator[Stop]]]]:
        """Every action by name, with how often it is done relative to the others."""
        found = {
            "commits": (12, self.walk),
            "switch": (5, self.switch),
            "rebase": (2, self.rebase),
            "merge": (2, self.merge),
            "stash": (2, self.stash),
            "worktree": (1, self.worktree),
            "submodule": (1, self.submodule),
            "sparse": (1, self.sparse),
            "saves": (8, self.save_often),
            "atomic saves": (3, self.save_by_renaming),
            "build": (1, self.build),
            "rename": (2, self.rename),
            "edits during a switch": (3, self.edit_while_switching),
            "buffers": (3, self.edit_without_saving),
            "ignore rules": (2, self.ignore),
            "kinds": (2, self.change_kinds),
            "repository": (1, self.tidy),
        }
        if sys.platform == "win32":
            del found["kinds"]
        return found

    def tracked(self) -> list[str]:
        """The tracked source files that are in the working tree."""
        names = git(self.root, "ls-files", "-z").split("\0")
        return [name for name in names if Path(name).suffix in SOURCES and (self.root / name).is_file()]

    def _some(self, count: int) -> list[str]:
        names = self.tracked()
        return self.chance.sample(names, min(count, len(names)))

    def _new_name(self) -> str:
        self._turn += 1
        return f"{self.chance.choice(('fresh', 'sudden', 'brief'))}_{self._turn}_{self.chance.randrange(10**6)}"

    def _edited(self, name: str) -> str:
        """The text of a file with one more definition or one less line."""
        text = (self.root / name).read_text("utf-8", "surrogateescape")
        lines = text.splitlines(keepends=True)
        if lines and self.chance.random() < 0.3:
            del lines[self.chance.randrange(len(lines))]
            return "".join(lines)
        return text + f"\n\ndef {self._new_name()}(value):\n    return value + {self.chance.randrange(100)}\n"

    def _write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", "surrogateescape", newline="")

    def _back(self) -> None:
        """The clean state of `main`."""
        for operation in ("rebase", "merge", "cherry-pick"):
            git(self.root, operation, "--abort", check=False)
        git(self.root, "checkout", "-q", "-f", "main")
        git(self.root, "reset", "-q", "--hard")
        git(self.root, "clean", "-ffdxq")

    def _changed(self, one: str, other: str) -> int:
        return len(git(self.root, "diff", "--name-only", "--no-renames", one, other).split("\n")) - 1

    # Actions

    def walk(self) -> Iterator[Stop]:
        """The next commits arrive, as a pull brings them."""
        if self._at == len(self._line) - 1:
            self._at = self._oldest
            git(self.root, "reset", "-q", "--hard", self._line[self._at])
            yield Stop("reset to an old commit")
        for _ in range(self.chance.randrange(1, 5)):
            if self._at == len(self._line) - 1:
                break
            self._at += 1
            self.commits += 1
            git(self.root, "merge", "-q", "--ff-only", self._line[self._at])
            yield Stop("pulled a commit")

    def switch(self) -> Iterator[Stop]:
        """To a commit far away and back."""
        there = self._line[self.chance.randrange(self._oldest // 2, len(self._line))]
        here = self._line[self._at]
        self.switches += 2
        git(self.root, "checkout", "-q", "-B", "aside", there)
        yield Stop("switched", changed=self._changed(here, there))
        git(self.root, "checkout", "-q", "main")
        yield Stop("switched back", changed=self._changed(here, there), known=True)

    def _topic(self, base: str) -> None:
        """A branch of two commits on top of `base`."""
        git(self.root, "checkout", "-q", "-B", "topic", base)
        for number in range(2):
            for name in self._some(3):
                self._write(name, self._edited(name))
            git(self.root, "commit", "-qam", f"topic {number}")

    def rebase(self) -> Iterator[Stop]:
        """A topic is rebased; what conflicts is taken as it is, markers included."""
        self._topic(self._line[max(0, self._at - self.chance.randrange(1, 30))])
        yield Stop("committed on a topic")
        git(self.root, "rebase", "-q", "main", check=False)
        yield Stop("rebased, with conflicts" if (self.root / ".git/rebase-merge").exists() else "rebased")
        self._back()
        yield Stop("left the topic", known=True)

    def merge(self) -> Iterator[Stop]:
        """A topic is merged, which may stop at conflicts, and undone."""
        self._topic(self._line[max(0, self._at - self.chance.randrange(1, 30))])
        git(self.root, "checkout", "-q", "main")
        git(self.root, "merge", "-q", "--no-edit", "topic", check=False)
        yield Stop("merged")
        git(self.root, "merge", "--abort", check=False)
        git(self.root, "reset", "-q", "--hard", self._line[self._at])
        yield Stop("undid the merge")

    def stash(self) -> Iterator[Stop]:
        """Edits and a new file are stashed and taken back."""
        for name in self._some(4):
            self._write(name, self._edited(name))
        self._write(f"{self._new_name()}.py", made_text(self.chance, ".py", "part1"))
        yield Stop("edited")
        git(self.root, "stash", "-q", "-u")
        yield Stop("stashed", known=True)
        git(self.root, "stash", "pop", "-q")
        yield Stop("took the stash back", known=True)
        self._back()

    def worktree(self) -> Iterator[Stop]:
        """A linked worktree inside of the tree, and one beside it."""
        inner, beside = self.root / "inner-worktree", self.root.parent / f"beside-{self._turn}"
        git(self.root, "worktree", "add", "-q", "-f", "--detach", str(inner), self._line[max(0, self._at - 5)])
        git(self.root, "worktree", "add", "-q", "-f", "--detach", str(beside))
        yield Stop("added worktrees")
        (inner / "lone.py").write_text(made_text(self.chance, ".py", "part1"), "utf-8")
        yield Stop("wrote in a linked worktree")
        git(self.root, "worktree", "remove", "--force", str(inner))
        git(self.root, "worktree", "remove", "--force", str(beside))
        yield Stop("removed the worktrees")

    def submodule(self) -> Iterator[Stop]:
        """A submodule comes, is updated, and goes."""
        other = self.root.parent / "library"
        if not other.exists():
            other.mkdir()
            git(other, "init", "-q", "-b", "main")
            for number in range(5):
                (other / f"library{number}.py").write_text(made_text(self.chance, ".py", "part1"), "utf-8")
            git(other, "add", "-A")
            git(other, "commit", "-qm", "a library")
        git(self.root, "submodule", "-q", "add", "-f", str(other), "vendor-lib")
        yield Stop("added a submodule")
        git(self.root, "commit", "-qm", "a submodule")
        (other / "library0.py").write_text(made_text(self.chance, ".py", "part1"), "utf-8")
        git(other, "commit", "-qam", "a change")
        git(self.root, "submodule", "-q", "update", "--remote")
        yield Stop("updated the submodule")
        git(self.root, "submodule", "-q", "deinit", "-f", "--all")
        yield Stop("emptied the submodule")
        shutil.rmtree(self.root / ".git/modules/vendor-lib", onerror=_writable)
        git(self.root, "reset", "-q", "--hard", self._line[self._at])
        git(self.root, "clean", "-ffdxq")
        yield Stop("removed the submodule")

    def sparse(self) -> Iterator[Stop]:
        """Most folders leave the working tree, and come back."""
        folders = sorted({name.split("/")[0] for name in self.tracked() if "/" in name})
        kept = self.chance.sample(folders, max(1, len(folders) // 3)) if folders else []
        git(self.root, "sparse-checkout", "set", "--cone", *kept)
        yield Stop("checked out sparsely")
        git(self.root, "sparse-checkout", "disable")
        yield Stop("checked out everything", known=True)

    def save_often(self) -> Iterator[Stop]:
        """Some files are saved again and again from an editor."""
        names = self._some(self.chance.randrange(1, 6))
        for name in names:
            self._editor.open(self.root / name)
        for number in range(self.chance.randrange(20, 120)):
            name = self.chance.choice(names)
            self._editor.save(self.root / name, self._edited(name))
            self.saves += 1
            if number % 40 == 39:
                yield Stop("saved")
        yield Stop("saved")
        for name in names:
            self._editor.close(self.root / name)
        self._back()
        yield Stop("discarded what was saved")

    def save_by_renaming(self) -> Iterator[Stop]:
        """Files are replaced by new ones, as many editors and formatters save."""
        for name in self._some(self.chance.randrange(1, 40)):
            temporary = self.root / f"{name}.tmp~"
            kept = self.chance.random() < 0.5  # the old time, as some tools keep it, and even the size
            text = self._edited(name)
            if kept and self.chance.random() < 0.5:
                text = re.sub("[aeiou]", "y", (self.root / name).read_text("utf-8", "surrogateescape"), count=3)
            temporary.write_text(text, "utf-8", "surrogateescape", newline="")
            if kept:
                old = (self.root / name).stat()
                os.utime(temporary, ns=(old.st_atime_ns, old.st_mtime_ns))
            temporary.replace(self.root / name)
            self.saves += 1
        yield Stop("replaced files")
        self._back()

    def build(self) -> Iterator[Stop]:
        """A build writes many files: half of them ignored, half not."""
        ignored = self.root / "build"
        ignored.mkdir(exist_ok=True)
        (ignored / ".gitignore").write_text("*\n", "utf-8")
        for number in range(self._built_files // 2):
            for folder, name in ((ignored, f"out{number}.py"), (self.root / "generated", f"stub{number}.py")):
                path = folder / f"d{number % 50}" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(f"def stub_{number}():\n    return {number}\n", "utf-8")
        yield Stop("built", changed=self._built_files // 2)
        for number in range(0, self._built_files // 2, 3):
            (self.root / f"generated/d{number % 50}/stub{number}.py").write_text(
                "def again():\n    return 1\n", "utf-8"
            )
        yield Stop("built again")
        shutil.rmtree(ignored)
        shutil.rmtree(self.root / "generated")
        yield Stop("removed what was built")

    def rename(self) -> Iterator[Stop]:
        """Folders and files get other names, uses included; all is undone."""
        folders = sorted({name.rpartition("/")[0] for name in self.tracked() if "/" in name})
        for folder in self.chance.sample(folders, min(2, len(folders))):
            if (self.root / folder).is_dir():
                git(self.root, "mv", folder, f"{folder}-{self._new_name()}", check=False)
        for name in self._some(30):
            git(self.root, "mv", name, str(Path(name).with_name(f"{self._new_name()}{Path(name).suffix}")), check=False)
        yield Stop("renamed")
        word = self.chance.choice(
            re.findall(r"\w{5,}", (self.root / self._some(1)[0]).read_text("utf-8", "replace")) or ["the"]
        )
        for name in self.tracked():
            text = (self.root / name).read_text("utf-8", "surrogateescape")
            if word in text:
                self._write(name, text.replace(word, f"{word}_renamed"))
        yield Stop("renamed a word everywhere")
        self._back()
        yield Stop("undid the renames", known=True)

    def edit_while_switching(self) -> Iterator[Stop]:
        """Files are written while git checks out another commit."""
        names = self._some(30)
        there = self._line[self.chance.randrange(self._oldest // 2, len(self._line))]
        self.switches += 2
        running = started_git(self.root, "checkout", "-q", "-f", "-B", "aside", there)
        turn = 0
        while running.poll() is None or turn < 5:
            self._write(
                f"{names[turn % len(names)]}.late.py" if turn % 2 else "during.py", f"def late_{turn}(): pass\n"
            )
            turn += 1
        for name in self._some(3):
            self._write(name, self._edited(name))
        yield Stop("edited during a switch")
        self._back()
        yield Stop("switched back and cleaned", known=True)

    def edit_without_saving(self) -> Iterator[Stop]:
        """Buffers are changed and not saved while other things happen; some are saved in the end."""
        names = self._some(5)
        for name in names:
            self._editor.open(self.root / name)
            self._editor.edit(self.root / name, self._edited(name))
        yield Stop("edited buffers")
        there = self._line[self.chance.randrange(self._oldest // 2, len(self._line))]
        self.switches += 2
        git(self.root, "checkout", "-q", "-f", "-B", "aside", there)
        yield Stop("switched under open buffers")
        git(self.root, "checkout", "-q", "-f", "main")
        for number, name in enumerate(names):
            if number % 2 and (self.root / name).is_file():
                self._editor.save(self.root / name, self._edited(name))
                self.saves += 1
            self._editor.close(self.root / name)
        yield Stop("saved some and closed all")
        self._back()

    def ignore(self) -> Iterator[Stop]:
        """Rules come and go that ignore files, in several places."""
        folders = sorted({name.split("/")[0] for name in self.tracked() if "/" in name}) or ["nothing"]
        ignored = self.chance.choice(folders)
        for name in self._some(3):
            self._write(f"{name}.extra.py", "def extra():\n    return 1\n")
        with (self.root / ".gitignore").open("a", encoding="utf-8") as file:
            file.write("\n*.extra.py\n")
        yield Stop("ignored new files")
        (self.root / ".glossatorignore").write_text(f"{ignored}/\n", "utf-8")
        yield Stop("excluded a folder")
        (self.root / ".glossatorignore").unlink()
        (self.root / ".git/info/exclude").write_text("*.md\n", "utf-8")
        yield Stop("excluded by git's own file")
        (self.root / ".git/info/exclude").write_text("", "utf-8")
        git(self.root, "checkout", "-q", "--", ".")
        yield Stop("removed the rules")
        self._back()

    def change_kinds(self) -> Iterator[Stop]:
        """Files become folders, links, empty, binary; folders become files."""
        names = self._some(6)
        for number, name in enumerate(names):
            path = self.root / name
            path.unlink()
            if number == 0:
                self._write(f"{name}/inside.py", "def inside():\n    return 1\n")
            elif number == 1:
                path.symlink_to(self.root / names[-1])
            elif number == 2:
                path.write_bytes(b"")
            elif number == 3:
                path.write_bytes(b"\0\1\2" * 1000)
            elif number == 4:
                path.symlink_to("/nowhere")
            else:
                path.write_bytes("name = 'Grüße'\n".encode("latin-1"))
        folder = Path(names[0]).parts[0]
        yield Stop("changed the kinds of files")
        if "/" in names[0]:
            shutil.rmtree(self.root / folder)
            self._write(folder, "def was_a_folder():\n    return 1\n")
            yield Stop("a folder became a file")
        self._back()
        folders = sorted({name.split("/")[0] for name in self.tracked() if "/" in name})
        if folders:
            moved, outside = self.root / self.chance.choice(folders), self.root.parent / "outside"
            shutil.move(moved, outside)
            moved.symlink_to(outside)
            yield Stop("a folder became a link")
            moved.unlink()
            shutil.rmtree(outside)
        self._back()
        yield Stop("everything is as it was", known=True)

    def tidy(self) -> Iterator[Stop]:
        """Git packs its files, an amended commit, a tag, a detached head: nothing of it changes what is indexed."""
        git(self.root, "gc", "-q")
        git(self.root, "pack-refs", "--all")
        git(self.root, "checkout", "-q", "--detach")
        yield Stop("packed and detached", known=True)
        git(self.root, "checkout", "-q", "-B", "main")
        git(self.root, "commit", "-q", "--allow-empty", "-m", "nothing")
        git(self.root, "commit", "-q", "--amend", "--allow-empty", "-m", "nothing at all")
        yield Stop("amended a commit", known=True)
        git(self.root, "reset", "-q", "--hard", self._line[self._at])


def _writable(function: Callable[[str], object], path: str, _: object) -> None:
    """Remove a file that git made read-only, which Windows refuses."""
    Path(path).chmod(0o600)
    function(path)
