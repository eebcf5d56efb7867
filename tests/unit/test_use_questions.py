"""Questions about uses are recognised as what they ask; other questions are left alone."""

from __future__ import annotations

import pytest

from glossator.retrieval.use_questions import UseQuestion, parse_use_question

ASKED: dict[str, UseQuestion] = {
    "who calls add_tax": UseQuestion("calls", "add_tax"),
    "Who calls `Session.get`?": UseQuestion("calls", "Session.get"),
    "Which functions call parse()?": UseQuestion("calls", "parse()"),
    "callers of foo": UseQuestion("calls", "foo"),
    "how many callers does foo have?": UseQuestion("calls", "foo"),
    "please list the callers of foo in src/pool.py": UseQuestion("calls", "foo", "src/pool.py"),
    "where is the method run of the Worker class called?": UseQuestion("calls", "Worker.run"),
    "where is MAX_RETRIES used?": UseQuestion("uses", "MAX_RETRIES"),
    "Where does the code use Foo": UseQuestion("uses", "Foo"),
    "find all usages of Session": UseQuestion("uses", "Session"),
    "who uses the get method of the Session class?": UseQuestion("uses", "Session.get"),
    "who uses Session's get method?": UseQuestion("uses", "Session.get"),
    "What else uses Cart?": UseQuestion("uses", "Cart"),
    "where is timeout set": UseQuestion("writes", "timeout"),
    "where is `self.timeout` assigned to?": UseQuestion("writes", "self.timeout"),
    "who sets timeout?": UseQuestion("writes", "timeout"),
    "who uses the fixture session?": UseQuestion("uses", "session"),
    "where is the class Foo imported?": UseQuestion("imports", "Foo"),
    "which modules import helpers.fetch": UseQuestion("imports", "helpers.fetch"),
    "where is Foo.bar overridden": UseQuestion("overrides", "Foo.bar"),
    "who implements Reader?": UseQuestion("overrides", "Reader"),
    "implementations of io.Reader": UseQuestion("overrides", "io.Reader"),
    "Which classes inherit from Base?": UseQuestion("subclasses", "Base"),
    "where is parse_config tested?": UseQuestion("tests", "parse_config"),
    "which tests cover parse_config": UseQuestion("tests", "parse_config"),
    "what does parse_config call?": UseQuestion("callees", "parse_config"),
    "what is called by main": UseQuestion("callees", "main"),
    "which functions does Foo::run use?": UseQuestion("callees", "Foo::run"),
    "What would break if Session.get changes?": UseQuestion("impact", "Session.get"),
    "what would break if I change the signature of Session.get?": UseQuestion("impact", "Session.get"),
    "what breaks when I rename `foo`?": UseQuestion("impact", "foo"),
    "what depends on Store?": UseQuestion("impact", "Store"),
    "is it safe to delete old_helper?": UseQuestion("impact", "old_helper"),
    "what happens if I rename Session.get?": UseQuestion("impact", "Session.get"),
    "show me all places where `foo` is used": UseQuestion("uses", "foo"),
    "list all functions that call parse_line": UseQuestion("calls", "parse_line"),
    "find everything that imports Session": UseQuestion("imports", "Session"),
    "where does load_all get called?": UseQuestion("calls", "load_all"),
    "is foo used anywhere?": UseQuestion("any", "foo"),
    "is anything using foo?": UseQuestion("any", "foo"),
    "does anyone call foo()?": UseQuestion("any", "foo()"),
    "is legacy_path dead code?": UseQuestion("any", "legacy_path"),
    "who calls this?": UseQuestion("calls", ""),
    "what would break if I changed this function?": UseQuestion("impact", ""),
    "Wer ruft add_tax auf?": UseQuestion("calls", "add_tax"),
    "Wo wird die Funktion add_tax verwendet?": UseQuestion("uses", "add_tax"),
    "Wo wird MAX_SIZE gesetzt?": UseQuestion("writes", "MAX_SIZE"),
    "Wird add_tax noch benutzt?": UseQuestion("any", "add_tax"),
    "Was ruft main auf?": UseQuestion("callees", "main"),
    "Was geht kaputt, wenn ich Session.get ändere?": UseQuestion("impact", "Session.get"),
    "Was passiert, wenn ich Session.get umbenenne?": UseQuestion("impact", "Session.get"),
    "Was hängt von Store ab?": UseQuestion("impact", "Store"),
    "Qui appelle add_tax ?": UseQuestion("calls", "add_tax"),
    "Où est utilisé add_tax ?": UseQuestion("uses", "add_tax"),
    "Où add_tax est-il utilisé ?": UseQuestion("uses", "add_tax"),
    "Quelles classes héritent de Base ?": UseQuestion("subclasses", "Base"),
    "Qu'est-ce que main appelle ?": UseQuestion("callees", "main"),
    "Qu'est-ce qui casse si je change Session.get ?": UseQuestion("impact", "Session.get"),
    "¿Quién llama a add_tax?": UseQuestion("calls", "add_tax"),
    "¿Dónde se usa add_tax?": UseQuestion("uses", "add_tax"),
    "¿Dónde se importa Session?": UseQuestion("imports", "Session"),
    "¿Qué se rompe si cambio Session.get?": UseQuestion("impact", "Session.get"),
    "¿A qué llama main?": UseQuestion("callees", "main"),
}

OTHERS = (
    "",
    "add_tax",
    "How is the tax added?",
    "who locks?",
    "How does the connection pool decide that a connection can be reused?",
    "what does this do, and how is it used?",
    "What does `foo` do, and who uses it?",
    "where are files read?",
    "where is the configuration file read",
    "where is the token refreshed?",
    "what would happen if the server fails",
    "what happens when the cache is full",
    "all the files that contain errors",
    "what uses retries with backoff",
    "who writes to the database",
    "who calls add_tax and why?",
    "where are requests sent",
    "what is the cache used for?",
    "who calls\nadd_tax",
    "where is " + "x" * 400 + " used",
)


@pytest.mark.parametrize(("text", "expected"), ASKED.items(), ids=ASKED)
def test_questions_about_uses(text: str, expected: UseQuestion) -> None:
    assert parse_use_question(text) == expected


@pytest.mark.parametrize("text", OTHERS)
def test_other_questions(text: str) -> None:
    assert parse_use_question(text) is None
