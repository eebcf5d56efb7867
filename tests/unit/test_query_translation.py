"""Questions in German, French and Spanish are read with what code calls their words."""

from __future__ import annotations

import pytest

from glossator.retrieval.query import parse_query
from glossator.retrieval.query_translation import TRANSLATED_LANGUAGES


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Wie wird die Konfigurationsdatei gelesen?", ["configuration", "file", "read"]),
        ("wo werden Fehler behandelt", ["error", "handle"]),
        ("Welche Funktion löscht den Zwischenspeicher?", ["function", "delete", "cache"]),
        ("wo werden hochgeladene Dateien gespeichert", ["upload", "file", "save"]),
        ("Wie werden Optionen eingelesen?", ["option", "read"]),
        ("Wo wird der Dateipfad geprüft?", ["file", "path", "check"]),
        ("Fehlerbehandlung beim Senden einer Anfrage", ["error", "handle", "send", "request"]),
        ("où est analysée la ligne de commande ?", ["parse", "line", "command"]),
        ("comment fonctionne le cache des requêtes", ["cache", "request"]),
        ("pourquoi la connexion à la base de données échoue", ["connection", "data", "failure"]),
        ("quand est appelé `on_error` ?", ["call", "error"]),
        ("¿dónde se analiza la línea de comandos?", ["parse", "line", "command"]),
        ("dónde se guardan los archivos subidos", ["save", "file", "upload"]),
        ("por qué falla la conexión con el servidor", ["error", "connection", "server"]),
    ],
)
def test_words_are_what_code_calls_them(text: str, words: list[str]) -> None:
    found = parse_query(text).words
    assert set(words) <= set(found)
    assert not {"wird", "werden", "die", "est", "la", "se", "los", "donde"} & set(found)


def test_the_words_as_they_are_written_are_looked_up_too() -> None:
    """A comment may be in the question's language."""
    assert "zwischenspeich" in parse_query("Wo wird der Zwischenspeicher geleert?").terms


def test_unknown_words_stay() -> None:
    assert "frobnicator" in parse_query("Wo wird der Frobnicator gestartet?").words


@pytest.mark.parametrize(
    "text",
    [
        "how does die() end the man page",
        "where is the so called comment on a class parsed",
        "un-escape and de-duplicate the list",
        "what does `la` mean in this table",
        "who was the last to hat the request",
    ],
)
def test_english_is_not_taken_for_another_language(text: str) -> None:
    assert not {"read", "answer", "error", "line", "bar"} & set(parse_query(text).words)


def test_names_and_single_words_are_not_translated() -> None:
    assert parse_query("Datei").words == ("datei",)
    assert parse_query("lese_datei").identifiers == ("lese_datei",)


def test_what_is_quoted_keeps_its_small_words() -> None:
    assert parse_query('who raises "No such option"').words == ("raises", "no", "such", "option")


def test_the_table_has_all_languages() -> None:
    from importlib.resources import files

    lines = files("glossator").joinpath("data/translations.txt").read_text("utf-8").splitlines()
    rows = [line for line in lines if not line.startswith("#")]
    assert len(rows) > 350
    assert all(
        line.count("|") <= len(TRANSLATED_LANGUAGES) and line.isascii() and line == line.lower() for line in rows
    )
