"""Finds days in a message, in figures and in words, by the Gregorian and the Solar Hijri calendar.

`EntityExtractor` calls `Dates.find` on the folded text of a message. Names of months come from CLDR (Babel) and
jdatetime, all other words from ``data/<lang>/numbers-and-days.yml``. Whoever writes no year means the latest such day
that is at most sixty days ahead: customers speak of orders and deliveries.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

import jdatetime
from babel import Locale, UnknownLocaleError

from viisi.nlu.words import Words, cut_out, folded, one_of

AHEAD = timedelta(days=60)
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HAN = re.compile("[\u3400-\u9fff]")
_PERSIAN = re.compile("[\u0620-\u06ff]")
_BEFORE, _AFTER = r"(?<![\d#])(?<!\d[.,:/-])", r"(?!\d)(?![.,:/-]\d)"
_FIGURES = re.compile(
    rf"{_BEFORE}(?:"
    r"(?P<y>\d{4})(?:[-/.]|\. )(?P<m>\d{1,2})(?:[-/.]|\. )(?P<d>\d{1,2})(?!\d)(?=[t ]\d\d:|(?![.,:/-]\d))"  # 2026-05-03
    rf"|(?P<d2>\d{{1,2}})(?P<mark>[./-])[ ]?(?P<m2>\d{{1,2}})(?P=mark)[ ]?(?P<y2>\d{{4}}|'?\d\d){_AFTER}"  # 3.5.2026
    rf"|(?P<d3>\d{{1,2}})\.[ ]?(?P<m3>\d{{1,2}})\.{_AFTER}"  # 3.5.
    rf"|(?P<a>\d{{1,2}})(?P<bare>[./-])(?P<b>\d{{1,2}}){_AFTER}"  # 3/5, where something says that it is a day
    r")"
)
_Found = tuple[int, int, str]


class Dates:
    """Finds days; `words` and the months of their languages are read once."""

    def __init__(self, words: Words, languages: Iterable[str]) -> None:
        self._words = words
        self._short_months = _month_names(languages, "abbreviated").keys() - _month_names(languages, "wide").keys()
        self._months = {
            **_month_names(languages, "abbreviated", "wide"),
            **{w: f"g{m}" for w, m in words.sections["months"].items()},
        }
        word = words.pattern
        day = rf"(?:{_BEFORE}\d{{1,2}}(?!\d)|{word('digits', 'numbers')})"
        month = one_of([*self._months, *words.written["months"]])
        year = rf"(?:\d{{4}}(?!\d|[ ]?{word('after_year')})|'\d\d(?!\d)|{word('years')})"
        han = "".join(w for w in words.sections["digits"] if _HAN.match(w))
        han_number = "".join({w[0] for w in (*words.sections["digits"], *words.sections["numbers"]) if _HAN.match(w)})
        mark, years = word("after_day", whole=False), word("after_year")
        self._named = re.compile(
            rf"(?:(?:(?P<y2>(?<!\d)(?:\d{{4}}|\d\d)|[{han}]{{4}})[ ]?{years}|(?P<y4>{word('years')}))[ ]?)?"
            rf"(?P<m2>{month})[ ]{{0,2}}(?P<d2>{day})(?:[ ]?{mark}|\.)(?:[ ](?P<y3>{year}))?"
            rf"|(?P<d>(?![{han_number}]){day})(?:\.|{mark})?[ ]{{0,2}}(?:{mark}[ ])?(?P<m>{month})\.?"
            rf"(?:,?[ ]{{0,2}}(?:{word('after_month')}[ ]{{0,2}})?(?P<y>{year}))?"
        )
        self._ago = re.compile(
            rf"(?:(?P<before>{word('ago_before')})[ ]{{0,2}})?"
            rf"(?:(?P<n>(?<!\d)\d{{1,3}}|{word('digits', 'numbers')})[ ]{{0,2}})?"
            rf"(?P<unit>{word('units')})(?:[ ]{{0,2}}(?P<after>{word('ago_after')}))?"
        )
        last = word("last", "last_week")
        self._weekday = re.compile(
            rf"(?:(?P<before>{last})[ ]{{0,2}})?(?P<day>{word('weekdays')})(?:[ ]{{0,2}}(?P<after>{last}))?"
        )
        self._no_day = re.compile(word("no_days"))
        self._day = re.compile(word("days"))
        self._before = re.compile(word("before_date") + "[ :]{0,2}$")
        self._unit = re.compile(rf"[ ]?(?:{word('units')}|[%x€$£¥]|kg|cm|mm|eur|[a-z]\b)")

    def find(self, text: str, today: date) -> Iterator[_Found]:
        """Yield where each day stands in the folded `text`, and which it is, as YYYY-MM-DD."""
        for way in (
            self._in_figures,
            self._with_month,
            self._without_number,
            self._weekdays,
            self._counted,
            self._in_words,
        ):
            found = list(way(text, today))
            yield from ((start, end, day.isoformat()) for start, end, day in found if day)
            text = cut_out(text, (span[:2] for span in found))

    def _in_figures(self, text: str, today: date) -> Iterator[tuple[int, int, date | None]]:
        for found in _FIGURES.finditer(text) if any(c.isdecimal() for c in text) else ():
            start, end = found.span()
            if found["y"]:
                day = _day(int(found["y"]), int(found["m"]), int(found["d"]))
            elif found["d2"]:
                short = len(found["y2"]) < 4
                year = int(found["y2"].lstrip("'")) + (2000 if short else 0)
                near = not short or today.year - 3 <= year <= today.year + 1  # 10-42-33 is no day
                first, second = int(found["d2"]), int(found["m2"])
                day = (_day(year, second, first) or _day(year, first, second)) if near else None
            elif found["d3"]:
                day = _latest("g", int(found["m3"]), int(found["d3"]), today)
            else:
                day = self._short(text, found, today)
            if day:
                yield start, end, day

    def _short(self, text: str, found: re.Match[str], today: date) -> date | None:
        """3/5 with neither year nor closing dot: only where a word before it or the script says so."""
        first, second = int(found["a"]), int(found["b"])
        before, after = text[max(0, found.start() - 12) : found.start()], text[found.end() : found.end() + 12]
        if self._unit.match(after) or not (self._before.search(before) or found["bare"] == "/"):
            return None
        if _PERSIAN.search(before + after):
            return _latest("j", first, second, today) or _latest("j", second, first, today)
        if _HAN.search(before + after):
            return _latest("g", first, second, today)
        return _latest("g", second, first, today) if self._before.search(before) else None

    def _with_month(self, text: str, today: date) -> Iterator[tuple[int, int, date | None]]:
        for found in self._named.finditer(text):
            number = self._number(found["d"] or found["d2"])
            month = self._months[(found["m"] or found["m2"]).replace(" ", "")]
            calendar, index = month[0], int(month[1:])
            year = self._year(found["y"] or found["y2"] or found["y4"] or found["y3"], calendar, today)
            day = _latest(calendar, index, number, today) if year is None else _day(year, index, number)
            by_figures = (found["d"] or found["d2"]).isdecimal() or found["m"] not in self._short_months  # yks kesä
            if day and by_figures:
                yield found.start(), found.end(), day

    def _year(self, written: str | None, calendar: str, today: date) -> int | None:
        if written is None:
            return None
        figures = "".join(self._words.meaning("digits", c) or c for c in written.lstrip("'"))
        if figures.isdecimal():
            return int(figures) + (0 if len(figures) == 4 else 1400 if calendar == "j" else 2000)
        this = jdatetime.date.fromgregorian(date=today).year if calendar == "j" else today.year
        return int(this) + int(self._words.meaning("years", written) or 0)

    def _number(self, written: str | None) -> int:
        if not written:
            return 1
        return int(self._words.meaning("numbers", written) or self._words.meaning("digits", written) or written)

    def _without_number(self, text: str, today: date) -> Iterator[tuple[int, int, date | None]]:
        for found in self._no_day.finditer(text):
            yield found.start(), found.end(), None

    def _counted(self, text: str, today: date) -> Iterator[tuple[int, int, date | None]]:
        for found in self._ago.finditer(text):
            if not found["after"] and not (found["before"] and found["n"]):
                continue
            if not found["n"] and _HAN.match(found["unit"]):  # 日前 is lately
                continue
            start = found.start() if found["n"] is None or found["before"] else found.start("n")
            start = found.start("unit") if found["n"] is None else start
            count = self._number(found["n"])
            match self._words.meaning("units", found["unit"]):
                case "month":
                    yield start, found.end(), _months_before(today, count)
                case unit:
                    yield start, found.end(), today - timedelta(days=count * (7 if unit == "week" else 1))

    def _weekdays(self, text: str, today: date) -> Iterator[tuple[int, int, date | None]]:
        for found in self._weekday.finditer(text):
            qualifier = found["before"] or found["after"]
            if qualifier and (found["before"] or len(found["day"]) > 1):  # 上周一, but not 买一 上周
                weekday = _WEEKDAYS.index(self._words.meaning("weekdays", found["day"]) or "mon")
                day = today - timedelta(days=(today.weekday() - weekday - 1) % 7 + 1)
                if language := self._words.meaning("last_week", qualifier):
                    first = _WEEKDAYS.index(self._words.week_starts[language])
                    start = today - timedelta(days=(today.weekday() - first) % 7 + 7)
                    day = start + timedelta(days=(weekday - first) % 7)
                yield found.start(), found.end(), day

    def _in_words(self, text: str, today: date) -> Iterator[tuple[int, int, date | None]]:
        for found in self._day.finditer(text):
            yield found.start(), found.end(), today + timedelta(days=int(self._words.meaning("days", found[0]) or 0))


def _month_names(languages: Iterable[str], *widths: str) -> dict[str, str]:
    """Every written month with its calendar and number: ``toukokuuta`` is g5, ``اردیبهشت`` is j2."""
    names = {}
    for language in languages:
        try:
            months = Locale.parse(language, sep="-").months
        except (UnknownLocaleError, ValueError):  # a language that CLDR has not: its file names the months
            continue
        for width in widths:
            for context in ("format", "stand-alone"):
                names.update({folded(name).rstrip("."): f"g{month}" for month, name in months[context][width].items()})
    if "wide" in widths:
        names.update({folded(name): f"j{month}" for month, name in enumerate(jdatetime.date.j_months_fa, 1)})
    return names


def _day(year: int, month: int, day: int) -> date | None:
    """The day, where the calendar has it: a year from 1300 to 1499 is Solar Hijri."""
    try:
        if 1300 <= year < 1500:
            gregorian: date = jdatetime.date(year, month, day).togregorian()
            return gregorian
        return date(year, month, day) if 1900 <= year < 2100 else None
    except ValueError:
        return None


def _latest(calendar: str, month: int, day: int, today: date) -> date | None:
    """The latest such day that is at most `AHEAD` of today."""
    this = jdatetime.date.fromgregorian(date=today).year if calendar == "j" else today.year
    days = (_day(year, month, day) for year in range(this + 1, this - 9, -1))
    return next((found for found in days if found and found <= today + AHEAD), None)


def _months_before(today: date, count: int) -> date | None:
    month = today.year * 12 + today.month - 1 - count
    days = (_day(month // 12, month % 12 + 1, day) for day in range(today.day, 0, -1))
    return next((day for day in days if day), None)
