"""The built-in rules, and what odd things a scan copes with."""

from __future__ import annotations

import contextlib
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from glossator.errors import WorkspaceError
from glossator.settings import Settings
from glossator.workspace import screening
from glossator.workspace.files import Found, Rules, Skipped, scan

SETTINGS = Settings()
SECRET = "may hold secrets"


def write(root: Path, *names: str, text: str = "x\n") -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def indexes(rules: Rules, path: str) -> bool:
    """Whether the file at `path` exists and would be indexed."""
    return isinstance(rules.look(path), Found)


def scanned(root: Path, settings: Settings = SETTINGS) -> dict[str, str]:
    """Path -> "" if it is to be indexed, else the reason."""
    return {item.path: item.reason if isinstance(item, Skipped) else "" for item in scan(root, settings)}


@contextlib.contextmanager
def without_privileges() -> Iterator[None]:
    """What is forbidden stays forbidden, though tests may run as root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users may enter (pytest's own may not be)."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name).resolve()


# Names


@pytest.mark.parametrize(
    ("reason", "names"),
    [
        (
            "",
            """
            main.py README.md Makefile LICENSE .gitignore .editorconfig a.JSON credentials.py secrets.go secret.rs
            credentials_test.ts passwords.md id_rsa.pub .env.example .env.sample .env.template .env.local.example
            example.env secrets.example.yaml credentials.json.template keys.py tokens.json environment.py .envs.py
            environment.env.ts kubeconfig.go lock.py map.js bundle.js notes.out a.dat data.csv x.res model.mo icon.ts
            package.json Cargo.toml yarn.lock.md generated.py min.js service_account.py key.ts build.gradle .babelrc
            password_change.html.erb password_reset.markerb passwords.jinja2 secret.cshtml password.text.erb
            """,
        ),
        (
            SECRET,
            """
            .env .env.local .env.production .envrc prod.env server.pem server.key id_rsa id_ed25519 id_rsa.bak a.p12
            a.pfx a.keystore a.jks credentials credentials.json .credentials secrets.yaml secrets.yml .netrc _netrc
            .npmrc .pypirc .pgpass .htpasswd .git-credentials a.tfstate a.tfstate.backup terraform.tfvars kubeconfig
            service-account.json service_account_prod.json aws-credentials.json client_secret_1.json SERVER.PEM
            Credentials.JSON passwords.txt wp-config.php key.gpg secrets.yml.erb credentials.json.jinja
            """,
        ),
        ("binary", "a.png A.PNG a.jar a.so a.pyc a.zip a.tar.gz a.woff2 a.sqlite a.npy a.gguf a.pdf a.mp4 a.wasm"),
        (
            "a lock file",
            "package-lock.json yarn.lock Cargo.lock poetry.lock go.sum pnpm-lock.yaml uv.lock Gemfile.lock",
        ),
        ("generated", "a.pb.go a_pb2.py a_pb2_grpc.py Form.Designer.cs a.g.dart a.js.map a.snap a.generated.ts"),
        ("minified", "jquery.min.js a.min.css a.min.mjs"),
        ("an image", "logo.svg"),
    ],
)
def test_files_by_name(tmp_path: Path, reason: str, names: str) -> None:
    write(tmp_path, *names.split())
    assert scanned(tmp_path) == dict.fromkeys(names.split(), reason)


def test_what_is_left_out_without_a_word(tmp_path: Path) -> None:
    write(
        tmp_path, "a.py~", ".#a.py", "#a.py#", ".a.py.swp", ".DS_Store", "a.py___jb_tmp___", ".git", "sub/.git", "a.py"
    )
    write(tmp_path, *(f"{name}/a.py" for name in (".hg", ".svn", "__pycache__", ".mypy_cache", ".idea", "x.egg-info")))
    write(tmp_path, *(f"{name}/a.py" for name in (".tox", ".nox", ".gradle", ".vs", ".terraform", ".next", ".cache")))
    assert scanned(tmp_path) == {"a.py": ""}


def test_folders_of_other_peoples_code_are_listed_once(tmp_path: Path) -> None:
    for name in (
        "node_modules",
        "web/node_modules",
        "bower_components",
        "Pods",
        "lib/site-packages",
        "go/vendor",
        "vendor",
    ):
        write(tmp_path, *(f"{name}/package{number}/a.js" for number in range(3)))
    write(tmp_path, "go/vendor/modules.txt", "env/pyvenv.cfg", "env/lib/a.py", "conda/conda-meta/x", "conda/a.py")
    write(tmp_path, "out/CMakeCache.txt", "out/a.c", "target/CACHEDIR.TAG", "target/a.rs")
    write(tmp_path, "top/CMakeCache.txt", "top/CMakeLists.txt", ".ssh/config")
    assert scanned(tmp_path) == {
        ".ssh/": SECRET,
        "bower_components/": "vendored",
        "conda/": "a Python environment",
        "env/": "a Python environment",
        "go/vendor/": "vendored",
        "lib/site-packages/": "vendored",
        "node_modules/": "vendored",
        "out/": "build output",
        "Pods/": "vendored",
        "target/": "a cache",
        "top/CMakeCache.txt": "",
        "top/CMakeLists.txt": "",
        "vendor/package0/a.js": "",
        "vendor/package1/a.js": "",
        "vendor/package2/a.js": "",
        "web/node_modules/": "vendored",
    }


def test_folders_whose_names_mean_many_things_are_entered(tmp_path: Path) -> None:
    names = ["build", "dist", "deps", "lib", "third_party", "external", "venv", "env", "target", "out", "vendor"]
    write(tmp_path, *(f"{name}/a.py" for name in names))
    assert set(scanned(tmp_path).values()) == {""}
    assert len(scanned(tmp_path)) == len(names)


def test_a_root_inside_a_left_out_folder_is_scanned(tmp_path: Path) -> None:
    write(
        tmp_path,
        "env/pyvenv.cfg",
        "env/lib/site-packages/requests/api.py",
        "env/lib/site-packages/requests/a.egg-info/x",
    )
    assert scanned(tmp_path / "env/lib/site-packages/requests") == {"api.py": ""}
    assert scanned(tmp_path / "env/lib/site-packages") == {"requests/api.py": ""}


def test_large_files_and_data(tmp_path: Path) -> None:
    write(tmp_path, "big.py", text="x" * 5000)
    write(tmp_path, "small.py", text="x" * 4000)
    for name in ("table.csv", "lines.jsonl", "book.ipynb"):
        write(tmp_path, name, text="1,2\n" * 100_000)
    assert scanned(tmp_path, Settings(max_file_bytes=4500))["small.py"] == ""
    assert scanned(tmp_path, Settings(max_file_bytes=4500))["big.py"] == "larger than 4.395 KiB"
    assert scanned(tmp_path)["table.csv"] == "data, larger than 256 KiB"
    assert set(scanned(tmp_path).values()) == {"", "data, larger than 256 KiB"}


def test_the_index_does_not_index_itself(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "indexes/x/catalogue.txt")
    assert scanned(tmp_path, Settings(index_dir=tmp_path / "indexes")) == {"a.py": ""}


@pytest.mark.parametrize("name", ["con", "NUL.txt", "Com1", "lpt9.py", "aux.", "CONIN$"])
def test_names_that_windows_reserves(name: str) -> None:
    assert screening.reserved_on_windows(name)


@pytest.mark.parametrize("name", ["console", "com", "com10", "nul_.py", "lpt"])
def test_names_that_windows_does_not_reserve(name: str) -> None:
    assert not screening.reserved_on_windows(name)


# Odd names and odd things


def test_names_with_anything_in_them(tmp_path: Path) -> None:
    names = [
        *(
            "it's.py",
            'say "hi".py',
            "new\nline.py",
            "tab\t.py",
            "back\\slash.py",
            "  spaces .py",
            "[a-z].py",
            "*.py",
            "?.py",
        ),
        *("é.py", "日本.py", "\u2028.py", "-rf.py", "%s.py", "$HOME.py", "a" * 247 + ".py", "😀.py", "#.py.", "!.py"),
    ]
    write(tmp_path, *names)
    deep = "/".join(["d" * 100] * 20) + "/end.py"
    write(tmp_path, deep)
    assert scanned(tmp_path) == dict.fromkeys([*names, deep], "")
    rules = Rules(tmp_path, SETTINGS)
    assert all(indexes(rules, name) for name in [*names, deep])


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    (Path(os.fsencode(tmp_path).decode()) / os.fsdecode(b"caf\xe9.py")).write_text("x")
    folder = tmp_path / os.fsdecode(b"d\xff")
    folder.mkdir()
    write(folder, "a.py")
    write(tmp_path, "good.py")
    reason = "its name is not valid UTF-8"
    assert scanned(tmp_path) == {"caf\\xe9.py": reason, "d\\xff/": reason, "good.py": ""}
    for item in scan(tmp_path, SETTINGS):
        item.path.encode()
    assert not indexes(Rules(tmp_path, SETTINGS), os.fsdecode(b"caf\xe9.py"))


def test_paths_too_deep_for_the_system(tmp_path: Path) -> None:
    write(tmp_path, "a.py")
    here = os.open(tmp_path, os.O_RDONLY)
    try:
        for _ in range(25):
            os.mkdir("n" * 200, dir_fd=here)
            inner = os.open("n" * 200, os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = inner
    finally:
        os.close(here)
    found = scanned(tmp_path)
    assert found.pop("a.py") == ""
    ((path, reason),) = found.items()
    assert path.startswith("n" * 200)
    assert reason.startswith("cannot be read: ")


def test_links_are_followed_by_their_targets_only(tmp_path: Path) -> None:
    root = tmp_path / "root"
    write(tmp_path, "outside/a.py", "outside/.env", "root/real/a.py", "root/.env")
    for link, target in {
        "link.py": "real/a.py",
        "linked": "real",
        "loop": ".",
        "real/up": "..",
        "self": "self",
        "gone": "nowhere",
        "out.py": "../outside/a.py",
        "out": "../outside",
        "harmless.txt": ".env",
        "absolute.py": str(root / "real/a.py"),
    }.items():
        (root / link).symlink_to(target)
    assert scanned(root) == {
        ".env": SECRET,
        "absolute.py": "a symbolic link to real/a.py",
        "gone": "a broken symbolic link",
        "harmless.txt": "a symbolic link to .env",
        "link.py": "a symbolic link to real/a.py",
        "out": "a symbolic link that leads out of the workspace",
        "out.py": "a symbolic link that leads out of the workspace",
        "real/a.py": "",
        "self": "a broken symbolic link",
    }
    rules = Rules(root, SETTINGS)
    assert not indexes(rules, "linked/a.py")
    assert not indexes(rules, "out/a.py")
    assert rules.look("out.py") == Skipped("out.py", "a symbolic link that leads out of the workspace")
    assert list(rules.folders()) == ["", "real"]


def test_a_root_that_is_a_link(tmp_path: Path) -> None:
    write(tmp_path, "real/a.py")
    (tmp_path / "link").symlink_to("real")
    assert scanned(tmp_path / "link") == {"a.py": ""}
    assert Rules(tmp_path / "link", SETTINGS).root == (tmp_path / "real").resolve()


def test_things_that_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    with socket.socket(socket.AF_UNIX) as listener:
        here = Path.cwd()
        os.chdir(tmp_path)  # a socket's path must be short
        try:
            listener.bind("socket.py")
        finally:
            os.chdir(here)
        assert scanned(tmp_path) == {"pipe.py": "not a regular file", "socket.py": "not a regular file"}


def test_a_folder_that_may_not_be_read(open_folder: Path) -> None:
    write(open_folder, "a.py", "closed/b.py", "unlistable/c.py")
    (open_folder / "closed").chmod(0o000)
    (open_folder / "unlistable").chmod(0o311)
    try:
        with without_privileges():
            assert scanned(open_folder) == {
                "a.py": "",
                "closed/": "cannot be read: Permission denied",
                "unlistable/": "cannot be read: Permission denied",
            }
            with pytest.raises(WorkspaceError, match="cannot read"):
                Rules(open_folder / "closed", SETTINGS)
    finally:
        (open_folder / "closed").chmod(0o755)
        (open_folder / "unlistable").chmod(0o755)


def test_roots_that_are_none(tmp_path: Path) -> None:
    write(tmp_path, "file.py")
    with pytest.raises(WorkspaceError, match="does not exist"):
        scan(tmp_path / "nowhere", SETTINGS)
    with pytest.raises(WorkspaceError, match="is not a folder"):
        scan(tmp_path / "file.py", SETTINGS)
    with pytest.raises(WorkspaceError):
        scan(tmp_path / "nul\0", SETTINGS)
    (tmp_path / "empty").mkdir()
    assert scanned(tmp_path / "empty") == {}


def test_what_vanishes_during_a_scan(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "b/c.py", "z.py")
    running = scan(tmp_path, SETTINGS)
    assert next(running).path == "a.py"
    (tmp_path / "b/c.py").unlink()
    (tmp_path / "b").rmdir()
    (tmp_path / "z.py").unlink()
    assert {item.path for item in running} <= {"b/c.py", "z.py"}


# One path


def test_one_path_is_judged_like_a_scan_judges_it(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "sub/b.py", "sub/c.png", "node_modules/x/y.js", "x.egg-info/a", ".env", "deep/er/and/d.md")
    (tmp_path / "link.py").symlink_to("a.py")
    rules = Rules(tmp_path, SETTINGS)
    for item in scan(tmp_path, SETTINGS):
        if not item.path.endswith("/"):
            assert rules.look(item.path) == item
    for path in (
        "node_modules/x/y.js",
        "x.egg-info/a",
        "sub",
        "",
        "nowhere.py",
        "no/where.py",
        "a.py/b",
        "node_modules",
    ):
        assert rules.look(path) is None
    found = rules.look("a.py")
    assert isinstance(found, Found)
    assert found.size == 2
    assert found.mtime_ns == (tmp_path / "a.py").stat().st_mtime_ns


def test_a_folder_that_comes_later_is_known_after_a_scan_of_it(tmp_path: Path) -> None:
    rules = Rules(tmp_path, SETTINGS)
    assert rules.look("new/a.py") is None
    write(tmp_path, "new/a.py", "new/b.log")
    write(tmp_path, "new/.gitignore", text="*.log\n")
    assert [item.path for item in rules.scan("new")] == ["new/.gitignore", "new/a.py"]
    assert rules.look("new/b.log") is None
    assert indexes(rules, "new/a.py")
    assert list(rules.scan("gone")) == []
    assert list(rules.scan("new/a.py")) == []
    assert list(rules.scan("../new")) == []
    write(tmp_path, "node_modules/a.js")
    assert list(rules.scan("node_modules")) == [Skipped("node_modules/", "vendored")]
    assert list(rules.folders("node_modules")) == []
