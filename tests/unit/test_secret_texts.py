"""Secrets in texts are found and masked, and what only talks of secrets is left alone.

The secrets are made when the tests run, from their parts, so that nothing that looks like one stands in this file.
"""

from __future__ import annotations

import json
import random
import re
import string
import subprocess
from concurrent.futures import Future
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glossator.index.records import FileUpdate
from glossator.project import open_buffers
from glossator.project.session import Session
from glossator.settings import Settings
from glossator.workspace import secret_texts
from glossator.workspace.commit_log import commits_of_path
from glossator.workspace.secret_texts import line_without_secrets, secret_in, without_secrets
from tests.conftest import write_tree

CHANCE = random.Random(20261129)
LETTERS = string.ascii_letters + string.digits


def some(count: int, letters: str = LETTERS) -> str:
    """Characters as a key has them, with a letter and a digit among them."""
    return "q7" + "".join(CHANCE.choice(letters) for _ in range(count - 2)) if letters == LETTERS else (
        "".join(CHANCE.choice(letters) for _ in range(count))
    )  # fmt: skip


HEX = "0123456789abcdef"
UPPER = string.ascii_uppercase + string.digits

TOKENS = {
    "AWS": "AK" + "IA" + some(16, UPPER),
    "GitHub": "gh" + "p_" + some(36),
    "GitHub, fine-grained": "github" + "_pat_" + some(60),
    "GitLab": "glp" + "at-" + some(20),
    "Slack": "xox" + "b-" + "123456789012-" + some(24),
    "Slack hook": "https://hooks.slack" + ".com/services/" + some(9) + "/" + some(9) + "/" + some(24),
    "Stripe": "sk" + "_live_" + some(24),
    "OpenAI": "s" + "k-" + some(48),
    "Anthropic": "s" + "k-ant-" + some(60),
    "Google": "AI" + "za" + some(35),
    "Google client": "GOC" + "SPX-" + some(28),
    "Hugging Face": "h" + "f_" + some(34),
    "npm": "np" + "m_" + some(36),
    "PyPI": "py" + "pi-" + some(80),
    "DigitalOcean": "dop" + "_v1_" + some(64, HEX),
    "Databricks": "da" + "pi" + some(32, HEX),
    "Shopify": "shp" + "at_" + some(32, HEX),
    "SendGrid": "S" + "G." + some(22) + "." + some(43),
    "Vault": "hv" + "s." + some(24),
    "Telegram": "12345678" + "90:A" + "A" + some(33),
    "JSON web token": "ey" + "J" + some(20) + ".ey" + "J" + some(30) + "." + some(43),
    "Atlassian": "ATA" + "TT3" + some(60),
}
PASSWORD = "hT7" + "kqW93zLm"
KEY = some(40)
BODY = "\n".join(some(64) for _ in range(6))
PEM = f"-----BEGIN RSA {'PRIVATE'} KEY-----\n{BODY}\n-----END RSA {'PRIVATE'} KEY-----\n"

ASSIGNED = {
    "app.py": (f'DB_PASSWORD = "{PASSWORD}"\n', PASSWORD),
    "client.ts": (f"const apiKey: string = '{KEY}';\nfetch(u, {{headers: {{'x': apiKey}}}});\n", KEY),
    "main.go": (f'package main\n\nvar accessKey = "{KEY}"\n', KEY),
    "Config.java": (f'class Config {{\n  static final String SECRET = "{KEY}";\n}}\n', KEY),
    "db.rs": (f'pub const TOKEN: &str = "{KEY}";\n', KEY),
    "settings.rb": (f"config[:secret_token] = '{KEY}'\n", KEY),
    "conf.php": (f"<?php\n$config['db_password'] = '{PASSWORD}';\n", PASSWORD),
    "app.yaml": (f"database:\n  password: {PASSWORD}\n  host: db\n", PASSWORD),
    "app.properties": (f"spring.datasource.password={PASSWORD}\n", PASSWORD),
    "app.toml": (f'[api]\napi_key = "{KEY}"\n', KEY),
    "app.ini": (f"[mail]\nsmtp_password = {PASSWORD}\n", PASSWORD),
    "web.config": (f'<add key="db" value="Server=db;User=sa;Password={PASSWORD};" />\n', PASSWORD),
    "settings.xml": (f"<server>\n  <password>{PASSWORD}</password>\n</server>\n", PASSWORD),
    "main.tf": (f'provider "x" {{\n  secret_key = "{KEY}"\n}}\n', KEY),
    "run.sh": (f"#!/bin/sh\nexport API_TOKEN={KEY}\n./run\n", KEY),
    "notes.md": (f"# Notes\n\nThe password: {PASSWORD}\n", PASSWORD),
    "data.json": (json.dumps({"client": {"clientSecret": KEY}}, indent=1), KEY),
    "Dockerfile": (f"FROM x\nENV AUTH_TOKEN={KEY}\n", KEY),
    "call.py": (f'request.headers.update({{"Authorization": "Bearer {KEY}"}})\n', KEY),
    "url.py": (f'ENGINE = "postgresql://admin:{PASSWORD}@db.internal/shop"\n', PASSWORD),
    "late.py": ("# filler\n" * 900 + f'PEM = """{PEM}"""\n', BODY.split("\n")[2]),
    "notebook.ipynb": (
        json.dumps({"cells": [{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": 1,
            "source": [f'api_key = "{KEY}"\n', "run()"]}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}),
        KEY,
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", TOKENS)
@pytest.mark.parametrize("around", ['x = "{}"', "# use {} here", "url?key={}&b", "value: {}", "  - {}\n"])
def test_tokens_are_masked_wherever_they_stand(kind: str, around: str) -> None:
    token = TOKENS[kind]
    text = f"one\n{around.format(token)}\ntwo\n"
    found = without_secrets(text, "a.py")
    assert secret_in(text)
    assert token[8:] not in found
    assert len(found) == len(text)
    assert found.startswith("one\n")
    assert found.endswith("two\n")


@pytest.mark.parametrize("name", ASSIGNED)
def test_values_are_masked_in_each_kind_of_file(name: str) -> None:
    text, secret = ASSIGNED[name]
    found = without_secrets(text, f"src/{name}")
    assert secret not in found
    assert [len(line) for line in found.split("\n")] == [len(line) for line in text.split("\n")]


@pytest.mark.parametrize(
    "text",
    [
        'token = "your-token-here"',
        'password = "correct horse"',
        "https://example.org/path:8080@version",
        'secret_key = os.environ["SECRET_KEY1"]',
        "def api_key(self): return self._token2",
        'self.token = "identifier"',
        "password = load_password2(path)",
        "token: Token2 = parser.next_token2()",
        "if token == TOKEN_TYPES[3]: pass",
        'raise TokenError("unexpected", line2)',
        "see https://user:password@host/x",
        "-----BEGIN PRIVATE KEY----- is how such a file begins, and -----END PRIVATE KEY----- how it ends",
        'PRIVATE_KEY_HEADER = "-----BEGIN RSA PRIVATE KEY-----"',
        "sha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'",
        "commit 219cdd1f2c392e44a9cd2f8b3f1f2b3c4d5e6f70",
        'key = "a1b2c3d4e5f6g7h8"  # of a dictionary',
        "risk-assessment-of-the-whole-thing-in-2024",
    ],
)
def test_what_only_talks_of_secrets_is_left(text: str) -> None:
    assert without_secrets(text, "a.py") == text


@given(st.text(max_size=400), st.sampled_from(sorted(TOKENS.values())), st.text(max_size=40))
def test_masking_keeps_characters_bytes_and_lines(before: str, token: str, after: str) -> None:
    text = f"{before} {token} {after}"
    found = without_secrets(text, "a.yaml")
    assert len(found) == len(text)
    assert len(found.encode("utf-8", "surrogatepass")) == len(text.encode("utf-8", "surrogatepass"))
    assert [char for char in found if not char.isprintable()] == [char for char in text if not char.isprintable()]
    assert without_secrets(found, "a.yaml") == found


PIECES = [
    *(text for name, (text, _) in ASSIGNED.items() if name != "late.py"),
    *TOKENS.values(),
    f"<password>\n\n      {PASSWORD}\n    </password>",
    f"<entry key='secret-token'>\n{' ' * 19}{KEY}\n</entry>",
    "# filler " * 40,
    f"x = 1  # {'a' * 400}",
    "\n",
    "\r",
    "password",
    "= ",
    ">",
    "https://admin:",
    f"{PASSWORD}@host",
    '"',
]


@given(st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from(["\n", " ", ""])), max_size=30), st.booleans())
def test_what_is_near_a_line_tells_its_secrets(pieces: list[tuple[str, str]], plain: bool) -> None:
    text, path = "".join(f"{piece}{between}" for piece, between in pieces), "a.yaml" if plain else "a.py"
    lines = text.split("\n")
    assert [line_without_secrets(lines, index, path) for index in range(len(lines))] == (
        without_secrets(text, path).split("\n")
    )


WORDS = (*secret_texts._TOKENS, *secret_texts._SECRET_NAMES)


@given(st.lists(st.sampled_from([*WORDS, *(word[:-1] for word in WORDS), *(word[1:] for word in WORDS), "a", "\n"])))
def test_words_are_found_wherever_they_begin(parts: list[str]) -> None:
    text = "".join(parts)
    for places, words in (
        (secret_texts._STARTS, tuple(secret_texts._TOKENS)),
        (secret_texts._BEFORE_VALUES, (*secret_texts._SECRET_NAMES, "bearer ", "basic ")),
    ):
        expected = [(at, word) for at in range(len(text)) for word in words if text.startswith(word, at)]
        assert sorted(places.find(text)) == sorted(expected)


def test_no_secret_of_a_tree_is_anywhere_in_its_index(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    root.mkdir()
    for name, (text, _) in ASSIGNED.items():
        (root / name).write_text(text, "utf-8")
    for number, (kind, token) in enumerate(TOKENS.items()):
        (root / f"t{number}.py").write_text(f'def f{number}(k="{token}"):\n    """{kind} {token}"""\n', "utf-8")
    (root / ".env").write_text(f"A={KEY}\n")
    (root / "id_rsa").write_text(PEM)
    secrets = {*TOKENS.values(), PASSWORD, KEY, *BODY.split("\n")}
    session = Session([root], Settings(index_dir=tmp_path / "indexes"))
    try:
        report = session.root.index()
        assert report.files >= len(ASSIGNED) + len(TOKENS) - 2
        assert session.search("f3", 3)
        for name, (text, secret) in ASSIGNED.items():
            assert secret not in (session.root.text(name) or "")
            session.root.buffers.put(name, 1, text + f'\npassword2 = "{PASSWORD}"\n')
            assert PASSWORD not in (session.root.text(name) or "")
    finally:
        session.close()
    needles = [secret[-12:].lower().encode() for secret in secrets]
    for path in (tmp_path / "indexes").rglob("*"):
        if path.is_file():
            data = path.read_bytes().lower()
            assert not [needle for needle in needles if needle in data], path


@pytest.mark.parametrize(("filler", "more"), [(0, ""), (900, ""), (900, f'KEY = """{PEM}"""\n')])
def test_no_line_of_a_use_has_a_secret(tmp_path: Path, more: str, filler: int) -> None:
    calls = "".join(f"connect({number}, token='{KEY}')\n" for number in range(20))
    files = {
        "a.py": "def connect(at, token):\n    pass\n",
        "b.py": "from a import connect\n" + "# filler\n" * filler + more + calls,
    }
    root = write_tree(tmp_path / "root", {name: f"{text}\n" for name, text in files.items()})
    session = Session([root], Settings(index_dir=tmp_path / "indexes", workers=1))
    try:
        session.root.index()
        snapshot = session.root.open()
        assert snapshot is not None
        finder = snapshot.use_finder()
        (symbol,) = finder.symbols("connect")
        codes = [place.code for place in finder.uses(symbol).places if place.kind == "call"]
        assert codes == [f"connect({number}, token='{'*' * len(KEY)}')" for number in range(20)]
    finally:
        session.close()


def test_a_buffer_is_masked_once_for_each_state_by_who_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    masked: list[str] = []
    parsed: list[str] = []

    def masking(text: str, path: str) -> str:
        masked.append(text)
        return without_secrets(text, path)

    def submit(path: str, text: str, _: str) -> Future[FileUpdate]:
        parsed.append(f"{path}: {text}")
        return Future()

    monkeypatch.setattr(secret_texts, "without_secrets", masking)
    buffers = open_buffers.OpenBuffers(submit, max_buffer_bytes=1_000)
    states = [f'{name} = "{PASSWORD}{number}"\n' for number, name in enumerate(("password", "api_key", "token"))]
    for version, text in enumerate(states):
        buffers.put("a.py", version, text)
        assert masked == states[:version], "an editor's change waits for nothing"
        buffers.parse("a.py")
        stars = re.sub(PASSWORD + r"\d", "*" * (len(PASSWORD) + 1), text)
        assert (parsed[-1], buffers.text("a.py"), buffers.texts()) == (f"a.py: {stars}", stars, {"a.py": stars})
        assert masked == states[: version + 1]
    buffers.drop("a.py")
    assert buffers.text("a.py") is None
    buffers.put("a.py", 0, states[0])
    assert PASSWORD not in str(buffers.text("a.py")), "the text of an earlier buffer of that file is not used again"
    buffers.put("a.py", 1, "x" * 2_000)
    assert buffers.text("a.py") is None
    buffers.close()


def test_secrets_in_commit_messages_are_masked(tmp_path: Path) -> None:
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    (tmp_path / "a.py").write_text("x = 1\n")
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", f"add {TOKENS['GitHub']}\n\nThe password: {PASSWORD}"], check=True)
    (commit,) = commits_of_path(tmp_path, "", most=5, limit=100).commits
    assert "*****" in commit.subject
    assert PASSWORD not in commit.paragraph
