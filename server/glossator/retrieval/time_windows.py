"""Recognises the time that a question about history is limited to: "in the last two weeks", "since v1.2", "yesterday".

Vague words ("lately", "recently", "in the last few days") limit nothing: the newest commits are listed as they are.
"""

from __future__ import annotations

import datetime
import re
from functools import cache
from typing import TYPE_CHECKING

from glossator.workspace.commit_log import CommitWindow

if TYPE_CHECKING:
    from collections.abc import Iterator

_NUMBERS = {
    **dict.fromkeys(("a", "an", "one", "ein", "eine", "einer", "einem", "un", "une", "uno", "una"), 1),
    **dict.fromkeys(("two", "zwei", "deux", "dos"), 2),
    **dict.fromkeys(("three", "drei", "trois", "tres"), 3),
    **dict.fromkeys(("four", "vier", "quatre", "cuatro"), 4),
    **dict.fromkeys(("five", "fünf", "cinq", "cinco"), 5),
    **dict.fromkeys(("six", "sechs", "seis"), 6),
    **dict.fromkeys(("seven", "sieben", "sept", "siete"), 7),
    **dict.fromkeys(("eight", "acht", "huit", "ocho"), 8),
    **dict.fromkeys(("nine", "neun", "neuf", "nueve"), 9),
    **dict.fromkeys(("ten", "zehn", "dix", "diez"), 10),
    **dict.fromkeys(("twelve", "zwölf", "douze", "doce"), 12),
}
_UNITS = {
    "hour": "hours?|stunden?|heures?|horas?",
    "day": "days?|tage?n?|jours?|d[íi]as?",
    "week": "weeks?|wochen?|semaines?|semanas?",
    "month": "months?|monate?n?|mois|mes(?:es)?",
    "year": "years?|jahre?n?s?|ans?|années?|años?",
}
_ANY_UNIT = "|".join(_UNITS.values())
_WEEKDAYS = (
    "monday|montag|lundi|lunes",
    "tuesday|dienstag|mardi|martes",
    "wednesday|mittwoch|mercredi|mi[ée]rcoles",
    "thursday|donnerstag|jeudi|jueves",
    "friday|freitag|vendredi|viernes",
    "saturday|samstag|samedi|s[áa]bado",
    "sunday|sonntag|dimanche|domingo",
)
_TODAY = "today|heute|aujourd'hui|hoy"
_YESTERDAY = "yesterday|gestern|hier|ayer"
_COUNT = rf"\d{{1,4}}|{'|'.join(_NUMBERS)}"
_NAMED_REVISION = r"(?:the )?(?:tag|release|version|commit)\s+`?(?P<named>[\w][\w./+-]*)`?"
_BARE_REVISION = r"`?(?P<bare>v?\d+(?:\.\d+)+[\w.+-]*|v\d+|[0-9a-f]{7,40})`?"
_BEFORE = r"(?<![\w.`'\"/:-])"
_AFTER = r"(?![\w`'\"(/:-]|\.\w)"
REPLACED_BY = {"en": "lately", "de": "kürzlich", "fr": "récemment", "es": "recientemente"}
"""What stands in a question for the time that it names, by language."""


@cache
def _expressions() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """(language, pattern) of the expressions; their groups are named after what they mean."""
    several = rf"(?P<count>{_COUNT})"
    unit = rf"(?P<unit>{_ANY_UNIT})"
    since = (
        rf"(?:(?P<day>{_TODAY}|{_YESTERDAY}|{'|'.join(_WEEKDAYS)})|(?P<date>\d{{4}}-\d{{2}}-\d{{2}})"
        rf"|(?P<year>(?:19|20)\d{{2}})|{_NAMED_REVISION}|{_BARE_REVISION})"
    )
    written = (
        ("en", rf"(?:in|over|during|within|for) the (?:last|past) {several} {unit}"),
        ("en", rf"(?:in|over|during|within|for) the (?:last|past) {unit}"),
        ("en", rf"the past {unit}"),
        ("en", rf"(?P<last>last) {unit}"),
        ("en", rf"(?P<this>this) {unit}"),
        ("en", rf"since {since}"),
        ("en", r"(?P<day>today|yesterday)"),
        ("de", rf"in den (?:letzten|vergangenen) {several} {unit}"),
        ("de", rf"(?:in )?(?:der|dem |im )?(?P<last>letzte[nrs]?|vorige[nrs]?) {unit}"),
        ("de", r"(?:in )?(?P<this>diese[nrsm]?) (?P<unit>woche|monat|jahr)"),
        ("de", rf"seit {since}"),
        ("de", r"(?P<day>heute|gestern)"),
        ("fr", rf"(?:(?:dans|durant|pendant|au cours des) )?(?:les |ces )?{several} derni(?:ers|ères) {unit}"),
        ("fr", rf"(?:la |le |l'){unit} (?P<last>derni(?:er|ère))"),
        ("fr", r"(?P<this>cette|ce) (?P<unit>semaine|mois|année)"),
        ("fr", rf"depuis {since}"),
        ("fr", r"(?P<day>aujourd'hui|hier)"),
        ("es", rf"(?:en |durante )?(?:los|las) [úu]ltim[oa]s {several} {unit}"),
        ("es", rf"(?:la|el) {unit} (?P<last>pasad[oa])"),
        ("es", r"(?P<this>est[ea]) (?P<unit>semana|mes|año)"),
        ("es", rf"desde (?:el )?{since}"),
        ("es", r"(?P<day>hoy|ayer)"),
    )
    return tuple(
        (language, re.compile(rf"{_BEFORE}(?:{pattern}){_AFTER}", re.IGNORECASE)) for language, pattern in written
    )


def split_windows(text: str, now: datetime.datetime) -> Iterator[tuple[str, CommitWindow]]:
    """The times that a question may name, each with the question without it.

    A time is replaced by a word for "lately", so that the rest still reads as a question. What is a time in one
    language may be something else in another (French "hier", German "hier"): the caller sees which rest is a question.

    Args:
        text: the question, in one line.
        now: the present, with its offset: days begin and end where it is.
    """
    for language, pattern in _expressions():
        for found in pattern.finditer(text):
            window = _window(found.groupdict(), found[0], now)
            if window is not None:
                yield f"{text[: found.start()]}{REPLACED_BY[language]}{text[found.end() :]}", window


def _window(parts: dict[str, str | None], told: str, now: datetime.datetime) -> CommitWindow | None:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if (revision := parts.get("named") or parts.get("bare")) is not None:
        return CommitWindow(told, after=revision.rstrip("."))
    if (day := parts.get("day")) is not None:
        return _since_day(day.lower(), told, midnight)
    if (date := parts.get("date") or parts.get("year")) is not None:
        try:
            since = datetime.datetime.fromisoformat(date if "-" in date else f"{date}-01-01")
        except ValueError:
            return None
        return CommitWindow(told, since.replace(tzinfo=now.tzinfo))
    unit = next(
        (name for name, words in _UNITS.items() if re.fullmatch(words, parts.get("unit") or "", re.IGNORECASE)), None
    )
    if unit is None:
        return None
    if parts.get("this") is not None:
        return CommitWindow(told, _start(unit, midnight)) if unit != "hour" else None
    if parts.get("last") is not None:
        end = _start(unit, midnight)
        return CommitWindow(told, _before(unit, 1, end), end) if unit not in ("hour", "day") else None
    count = (parts.get("count") or "1").lower()
    return CommitWindow(told, _before(unit, int(count) if count.isdigit() else _NUMBERS[count], now))


def _since_day(day: str, told: str, midnight: datetime.datetime) -> CommitWindow:
    is_since = " " in told
    if re.fullmatch(_TODAY, day):
        return CommitWindow(told, midnight)
    if re.fullmatch(_YESTERDAY, day):
        return CommitWindow(told, midnight - datetime.timedelta(days=1), None if is_since else midnight)
    number = next(at for at, names in enumerate(_WEEKDAYS) if re.fullmatch(names, day))
    return CommitWindow(told, midnight - datetime.timedelta(days=(midnight.weekday() - number) % 7))


def _start(unit: str, midnight: datetime.datetime) -> datetime.datetime:
    """When the present week, month or year began; weeks begin on Monday."""
    if unit == "week":
        return midnight - datetime.timedelta(days=midnight.weekday())
    if unit == "month":
        return midnight.replace(day=1)
    return midnight.replace(month=1, day=1) if unit == "year" else midnight


def _before(unit: str, count: int, moment: datetime.datetime) -> datetime.datetime:
    """So many hours, days, weeks, months or years before a moment."""
    if unit in ("month", "year"):
        months = moment.year * 12 + moment.month - 1 - count * (12 if unit == "year" else 1)
        year, month = max(months // 12, 1), months % 12 + 1
        longest = (datetime.date(year + month // 12, month % 12 + 1, 1) - datetime.timedelta(days=1)).day
        return moment.replace(year=year, month=month, day=min(moment.day, longest))
    hours = {"hour": 1, "day": 24, "week": 7 * 24}[unit]
    return moment - datetime.timedelta(hours=min(count * hours, 24 * 365 * 1000))
