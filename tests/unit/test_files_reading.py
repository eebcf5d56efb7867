"""What `read_text` makes of the bytes it finds, and of what is no ordinary file."""

from __future__ import annotations

import codecs
import os
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glossator.settings import Settings
from glossator.workspace import files
from glossator.workspace.decoding import decode
from glossator.workspace.file_texts import Text, content_hash, read_text
from glossator.workspace.files import Skipped
from glossator.workspace.screening import may_be_code
from tests.unit.test_files import without_privileges

SETTINGS = Settings()


def read(root: Path, name: str, data: bytes | str = b"", settings: Settings = SETTINGS) -> Text | str | None:
    """Write `data`, read it; the reason if it is skipped."""
    (root / name).write_bytes(data.encode() if isinstance(data, str) else data)
    result = read_text(root, name, settings)
    if isinstance(result, Skipped):
        assert result.path == name
        return result.reason
    return result


def text_of(root: Path, name: str, data: bytes | str) -> tuple[str, str]:
    result = read(root, name, data)
    assert isinstance(result, Text), result
    return result.text, result.encoding


def test_a_plain_file(tmp_path: Path) -> None:
    data = "größe = 1\n".encode()
    result = read(tmp_path, "a.py", data)
    status = (tmp_path / "a.py").stat()
    assert result == Text("größe = 1\n", "utf-8", content_hash(data), len(data), status.st_mtime_ns, status.st_ctime_ns)
    assert len(content_hash(data)) == 16


@pytest.mark.parametrize(
    "text", ["", "\r\n", "a\r\nb\rc\nd\x0ce\x0bf\u2028g\u0085h", "\x1b[0m", "no end", "\t\n" * 3, "😀\n"]
)
def test_every_character_and_line_end_stays(tmp_path: Path, text: str) -> None:
    assert text_of(tmp_path, "a.py", text) == (text, "utf-8")


# Encodings

SENTENCES = {
    "cp1252": [
        "/* Größe der Übergabe prüfen: für Änderungen à la carte, naïve Lösung – “so” */\n",
        "// Straße\n",
        "# où ça?\n",
    ],
    "cp1250": ["// Příliš žluťoučký kůň úpěl ďábelské ódy, proměnné se načtou\n", "# Zażółć gęślą jaźń\n"],
    "cp1251": ["// Это комментарий на русском языке, описание функции\n"],
    "koi8_r": ["// Это комментарий на русском языке, описание функции\n"],
    "cp866": ["// Это комментарий на русском языке, описание функции\n"],
    "cp1253": ["// Αυτό είναι ένα σχόλιο για τη συνάρτηση\n"],
    "mac_roman": ["// Größe der Übergabe prüfen für Änderungen\n"],
    "cp437": ["; Größe prüfen, Änderungen für später\nMOV AX, 1\n"],
    "shift_jis": ["// これは日本語のコメントです。関数の説明を書きます。\n"],
    "euc_jp": ["// これは日本語のコメントです。関数の説明を書きます。漢字も含む\n"],
    "gb18030": ["// 这是一个中文注释，说明这个函数的作用和参数\n"],
    "big5": ["// 這是一個中文註解，說明這個函數的作用\n"],
    "euc_kr": ["// 이것은 한국어 주석입니다. 함수에 대한 설명입니다.\n"],
}


@pytest.mark.parametrize(("encoding", "text"), [(name, text) for name, texts in SENTENCES.items() for text in texts])
def test_encodings_from_before_unicode(tmp_path: Path, encoding: str, text: str) -> None:
    for source in (text + "int main() { return 0; }\n", "int x;\n" * 9000 + text * 30):
        found, guessed = text_of(tmp_path, "a.c", source.encode(encoding))
        assert found == source, guessed


def test_a_legacy_encoding_on_one_very_long_line(tmp_path: Path) -> None:
    text = "これは日本語のコメントです。 " * 4000
    assert text_of(tmp_path, "a.txt", text.encode("shift_jis")) == (text, "shift_jis")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_byte_order_marks(tmp_path: Path, encoding: str) -> None:
    mark = {"utf-8": codecs.BOM_UTF8}.get(encoding) or "\ufeff".encode(encoding)
    text = "größe\r\n日本 = 1\n"
    assert text_of(tmp_path, "a.py", mark + text.encode(encoding)) == (text, encoding)
    assert text_of(tmp_path, "a.py", mark) == ("", encoding)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark(tmp_path: Path, encoding: str) -> None:
    text = "Windows Registry Editor\r\nkey = 'größe'\r\n"
    assert text_of(tmp_path, "a.reg", text.encode(encoding)) == (text, encoding)


def test_a_declared_encoding_is_believed(tmp_path: Path) -> None:
    text = "# -*- coding: iso-8859-15 -*-\nprice = '5 €, naïf'\n"
    assert text_of(tmp_path, "a.py", text.encode("iso-8859-15")) == (text, "iso8859-15")
    text = '<?xml version="1.0" encoding="windows-1251"?>\n<a>я</a>\n'
    assert text_of(tmp_path, "a.xml", text.encode("cp1251")) == (text, "cp1251")


@pytest.mark.parametrize(
    "name", ["punycode", "idna", "unicode_escape", "utf-7", "rot13", "zip", "nonsense", "utf-8", "mbcs"]
)
def test_a_declaration_cannot_choose_a_strange_codec(tmp_path: Path, name: str) -> None:
    _, encoding = text_of(tmp_path, "a.py", f"# coding: {name}\n# Stra\xdfe\n".encode("cp1252"))
    assert encoding == "cp1252"


def test_a_few_broken_characters_in_utf8(tmp_path: Path) -> None:
    text, encoding = text_of(tmp_path, "a.py", "# äöü äöü äöü äöü\n".encode() + b"# \xff\n")
    assert (text, encoding) == ("# äöü äöü äöü äöü\n# \ufffd\n", "utf-8")


@pytest.mark.parametrize(
    "data",
    [
        b"\x7fELF\x02\x01\x01" + bytes(100),
        b"text, and then\0",
        b"a" * 100_000 + b"\0",
        bytes(range(256)) * 10,
        b"\xff\xfe" + b"\x00\xd8" * 9 + bytes(9),
        b"\xef\xbb\xbf\0\0\xff\xff",
        bytes([1, 2, 3, 4, 200, 5, 6]) * 50,
    ],
)
def test_binary_content(tmp_path: Path, data: bytes) -> None:
    assert read(tmp_path, "a.txt", data) == "binary"


@given(
    st.binary(max_size=300)
    | st.text(max_size=100).map(str.encode)
    | st.text(max_size=60).map(lambda t: t.encode("utf-16"))
)
def test_any_bytes_become_a_text_that_can_be_encoded_or_none(data: bytes) -> None:
    decoded = decode(data)
    if decoded is not None:
        decoded[0].encode()
        codecs.lookup(decoded[1])


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=200))
def test_utf8_is_always_recognised(text: str) -> None:
    assert decode(text.encode()) == (text.removeprefix("\ufeff"), "utf-8")


# Content that speaks against a file


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.go", "// Code generated by protoc-gen-go. DO NOT EDIT.\n\npackage a\n"),
        ("a.go", "// Copyright 2020 A\n// Licensed\n\n// Code generated by mockgen. DO NOT EDIT.\npackage a\n"),
        ("a.js", "/**\n * Copyright\n * @generated SignedSource<<abc>>\n */\nvar a;\n"),
        ("a.ts", "// @generated\n"),
        ("a.rs", "// @generated by protoc\n"),
        (
            "a.cs",
            "//----------\n// <auto-generated>\n//     This code was generated by a tool.\n// </auto-generated>\n",
        ),
        (
            "a.py",
            '#!/usr/bin/env python\n# -*- coding: utf-8 -*-\n# Generated by the compiler.  DO NOT EDIT!\n"""Doc."""\n',
        ),
        ("a.py", '"""This file is automatically generated.\n\nDo not edit it by hand.\n"""\n'),
        ("a.h", "/*\nThis file was generated by cbindgen;\nplease don't modify it\n*/\n"),
        ("a.xml", "<?xml version='1.0'?>\n<!-- Autogenerated by a tool, do not edit -->\n<a/>\n"),
        ("a.lua", "-- AUTO-GENERATED FILE. DO NOT MODIFY.\n"),
        ("a.sql", "-- This was generated by x\n-- Do not change it.\n"),
    ],
)
def test_generated_files(tmp_path: Path, name: str, text: str) -> None:
    assert read(tmp_path, name, text) == "generated"


@pytest.mark.parametrize(
    "text",
    [
        'package a\n\nconst header = "// Code generated by us. DO NOT EDIT."\n',
        'import x\n\nTEMPLATE = """\n# Generated by x. Do not edit.\n"""\n',
        "# Finds files that say @generated, and skips them.\nimport x\n",
        "# Do not edit the table below while the server runs.\nimport x\n",
        '"""Reports are generated by this module."""\n',
        "# Generated by Django 4.2\n",
        "",
        "# edited by hand\n" * 500,
    ],
)
def test_files_that_only_mention_generation(tmp_path: Path, text: str) -> None:
    assert text_of(tmp_path, "a.py", text) == (text, "utf-8")


def test_minified_files(tmp_path: Path) -> None:
    statement = "function a(b,c){return b+c};"
    assert read(tmp_path, "a.js", statement * 400) == "minified"
    assert read(tmp_path, "a.css", "a{b:c}" * 2000 + "\n") == "minified"
    assert read(tmp_path, "a.js", (statement + "\n") * 3000 + statement * 2000) == "minified", "one line of 56,000"
    assert isinstance(read(tmp_path, "a.js", (statement + "\n") * 3000), Text)
    assert isinstance(read(tmp_path, "a.js", (statement + "\n") * 3000 + statement * 1700), Text)
    assert isinstance(read(tmp_path, "a.json", '{"a": 1}' * 500), Text), "short enough to be of use"
    assert isinstance(read(tmp_path, "a.md", "A paragraph on one line. " * 1000), Text), "prose has long lines"


LFS = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'4d7a' * 16}\nsize 12345\n"


@pytest.mark.parametrize(
    "name", ["data.json", "table.csv", "model.py", "page.html", "style.css", "x", "notebook.ipynb"]
)
@pytest.mark.parametrize(
    "text",
    [
        LFS,
        LFS.replace("\n", "\r\n"),
        LFS.replace("oid", f"ext-0-encrypt sha256:{'ab' * 32}\noid"),
        LFS.replace("git-lfs", "hawser"),
        LFS.rstrip("\n"),
    ],
)
def test_git_lfs_pointers(tmp_path: Path, name: str, text: str) -> None:
    assert read(tmp_path, name, text) == "Git LFS pointer"


def test_what_only_mentions_a_pointer_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, "a.txt", "/annex/objects/SHA256E-s31390--f50d7ac4.mp4\n") == "git-annex pointer"
    assert isinstance(read(tmp_path, "a.md", f"A pointer looks like this:\n\n{LFS}"), Text)
    assert isinstance(read(tmp_path, "a.txt", "version https://git-lfs.github.com/spec/v1 is the format.\n"), Text)
    assert isinstance(read(tmp_path, "b.md", LFS + "x" * 2000), Text)


@pytest.mark.parametrize("kind", ["RSA ", "", "EC ", "OPENSSH ", "ENCRYPTED ", "PGP "])
def test_private_keys(tmp_path: Path, kind: str) -> None:
    block = " BLOCK" if kind == "PGP " else ""
    key = f"-----BEGIN {kind}PRIVATE KEY{block}-----\nMIIE\n-----END {kind}PRIVATE KEY{block}-----\n"
    assert read(tmp_path, "deploy", key) == "holds a private key"
    assert read(tmp_path, "deploy.txt", "# the key\n" + key) == "holds a private key"
    assert isinstance(read(tmp_path, "a.py", f"HEADER = '-----BEGIN {kind}PRIVATE KEY-----'\n"), Text)
    assert isinstance(read(tmp_path, "a.txt", key.replace("PRIVATE", "PUBLIC")), Text)


# What is no ordinary file


def test_secrets_stay_only_where_just_lines_and_columns_matter(tmp_path: Path) -> None:
    token = "ghp_" + "1a2B3c4D5e" * 4
    (tmp_path / "a.py").write_text(f"token = '{token}'\n", "utf-8")
    masked = read_text(tmp_path, "a.py", Settings())
    unmasked = read_text(tmp_path, "a.py", Settings(), masked=False)
    assert isinstance(masked, Text)
    assert isinstance(unmasked, Text)
    assert token not in masked.text
    assert unmasked.text == f"token = '{token}'\n"
    assert replace(unmasked, text=masked.text) == masked


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    assert read_text(tmp_path, "gone.py", SETTINGS) is None
    (tmp_path / "file").touch()
    assert read_text(tmp_path, "file/a.py", SETTINGS) is None


def test_folders_pipes_and_links_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link.py").symlink_to("a.py")
    (tmp_path / "self.py").symlink_to("self.py")
    (tmp_path / "null").symlink_to("/dev/null")
    reasons = {name: read_text(tmp_path, name, SETTINGS) for name in ("folder", "pipe", "link.py", "self.py", "null")}
    assert reasons == {
        "folder": Skipped("folder", "not a regular file"),
        "pipe": Skipped("pipe", "not a regular file"),
        "link.py": Skipped("link.py", "a symbolic link"),
        "self.py": Skipped("self.py", "a symbolic link"),
        "null": Skipped("null", "a symbolic link"),
    }
    assert read_text(Path("/dev"), "zero", SETTINGS) == Skipped("zero", "not a regular file")


def test_nothing_outside_the_root_is_read(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/a.py").write_text("x")
    root = tmp_path / "root"
    root.mkdir()
    (root / "linked").symlink_to("../outside")
    (root / "inner").mkdir()
    for path in ("../outside/a.py", "inner/../../outside/a.py", f"{tmp_path}/outside/a.py", "linked/a.py", ""):
        result = read_text(root, path, SETTINGS)
        assert isinstance(result, Skipped)
        assert "lead" in result.reason


def test_a_root_that_is_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real/a.py").write_text("x")
    (tmp_path / "link").symlink_to("real")
    assert isinstance(read_text(tmp_path / "link", "a.py", SETTINGS), Text)


def test_a_file_that_may_not_be_read() -> None:
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        (Path(name) / "a.py").write_text("x")
        (Path(name) / "a.py").chmod(0o000)
        with without_privileges():
            assert read_text(Path(name), "a.py", SETTINGS) == Skipped("a.py", "cannot be read: Permission denied")


def test_a_name_that_is_not_utf8(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.py")
    (tmp_path / name).write_bytes(b"\0")
    assert read_text(tmp_path, name, SETTINGS) == Skipped("caf\\xe9.py", "binary")


def test_a_file_that_grew_too_large(tmp_path: Path) -> None:
    assert read(tmp_path, "a.py", "x" * 101, Settings(max_file_bytes=100)) == "larger than 100 bytes"
    assert isinstance(read(tmp_path, "a.py", "x" * 100, Settings(max_file_bytes=100)), Text)


# Files that change while they are read


def test_a_file_that_changes_once_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.py"
    path.write_text("old")
    real = files.os.fstat
    calls: list[int] = []

    def fstat(descriptor: int) -> os.stat_result:
        calls.append(descriptor)
        if len(calls) == 2:  # after the first reading, before the check
            path.write_text("newer")
        return real(descriptor)

    monkeypatch.setattr(files.os, "fstat", fstat)
    result = read_text(tmp_path, "a.py", SETTINGS)
    assert isinstance(result, Text)
    assert (result.text, result.size) == ("newer", 5)


def test_a_file_that_keeps_changing_is_left_for_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.log"
    path.write_text("x")
    real = files.os.fstat

    def fstat(descriptor: int) -> os.stat_result:
        with path.open("a") as log:
            log.write("another line\n")
        return real(descriptor)

    monkeypatch.setattr(files.os, "fstat", fstat)
    assert read_text(tmp_path, "a.log", SETTINGS) == Skipped("a.log", "it changes while it is read")


def test_a_file_that_becomes_a_pipe_before_it_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.py"
    path.write_text("x")
    real = files.os.open

    def swap_and_open(name: Path, flags: int) -> int:
        path.unlink()
        os.mkfifo(path)
        return real(name, flags)

    monkeypatch.setattr(files.os, "open", swap_and_open)
    assert read_text(tmp_path, "a.py", SETTINGS) == Skipped("a.py", "not a regular file")


def test_a_file_that_becomes_a_link_before_it_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret").write_text("secret")
    path = root / "a.py"
    path.write_text("x")
    real = files.os.open

    def swap_and_open(name: Path, flags: int) -> int:
        path.unlink()
        path.symlink_to(tmp_path / "secret")
        return real(name, flags)

    monkeypatch.setattr(files.os, "open", swap_and_open)
    result = read_text(root, "a.py", SETTINGS)
    assert isinstance(result, Skipped)
    assert result.reason.startswith("cannot be read: ")


def test_no_reader_sees_half_a_write(tmp_path: Path) -> None:
    """A writer that rewrites the file in place all the time: whoever gets a text gets a whole one."""
    path = tmp_path / "a.py"
    stop = threading.Event()
    path.write_text("0\n" * 4000)

    def rewrite() -> None:
        number = 0
        while not stop.is_set():
            number = (number + 1) % 10
            with path.open("r+") as file:
                file.write(f"{number}\n" * 2000)
                file.flush()
                file.write(f"{number}\n" * 2000)

    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        results = [read_text(tmp_path, "a.py", SETTINGS) for _ in range(200)]
    finally:
        stop.set()
        writer.join()
    texts = [result for result in results if isinstance(result, Text)]
    assert all(len(result.text) == 8000 and result.size == 8000 for result in texts)
    assert all(content_hash(result.text.encode()) == result.content_hash for result in texts)
    assert {result.reason for result in results if isinstance(result, Skipped)} <= {"it changes while it is read"}


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE HTML>\n<!-- NewPage -->\n<html>\n<head>\n<!-- Generated by javadoc (17) -->\n</head></html>\n",
        '<html>\n<head>\n<meta name="generator" content="Doxygen 1.9.1"/>\n</head>\n<body></body>\n</html>\n',
        "<html><head><meta name=generator content=rustdoc></head></html>\n",
        "<html>\n<span>Generated by </span>\n<a class='footer--link'\n href='/dokka'>\n Dokka\n</a></html>\n",
        '<footer>Documentation generated by <a href="https://github.com/jsdoc/jsdoc">JSDoc 3.6</a></footer>\n',
        '<div class="sideMenu">\n <div class="toc--part" id="core-nav" pageid="core">\n</div></div>\n',
    ],
)
def test_pages_that_a_tool_made_of_documentation_are_skipped(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, "a.html", text) == "documentation made from code"
    assert not may_be_code("documentation made from code")  # what it names is no use
    assert text_of(tmp_path, "a.py", text) == (text, "utf-8")


@pytest.mark.parametrize(
    "text",
    [
        "<html><head><title>Javadoc</title></head><body>Pages generated by hand, not by javadoc</body></html>\n",
        '<html><head><meta name="generator" content="Hugo 0.92"></head><body>{{ user.name }}</body></html>\n',
        "<p>Power is generated by the plant</p>\n" + "<p>a</p>\n" * 2000,
        "<div class='sideMenu'><a href='/'>Home</a></div>\n",
    ],
)
def test_pages_of_the_project_itself_are_read(tmp_path: Path, text: str) -> None:
    assert text_of(tmp_path, "a.html", text) == (text, "utf-8")
