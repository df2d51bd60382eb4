"""Money, dates, times, numbers and lists in each language."""

import re
import unicodedata
from datetime import date, datetime, time, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viisi.formats import Formats
from viisi.languages import languages
from viisi.shop.base import Money

HELSINKI = ZoneInfo("Europe/Helsinki")
TAGS = list(languages())


def write(tag: str, zone: ZoneInfo = HELSINKI) -> Formats:
    return Formats(languages()[tag], zone)


def plain(text: str) -> str:
    """Without the kinds of space, and without the marks of direction."""
    return "".join(" " if unicodedata.category(c) == "Zs" else c for c in text if unicodedata.category(c) != "Cf")


def euro(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


@pytest.mark.parametrize(
    ("tag", "amount", "text", "short"),
    [
        ("fi", "1234.56", "1 234,56 €", "1 234,56 €"),
        ("fi", "60", "60,00 €", "60 €"),
        ("nl", "1234.56", "€ 1.234,56", "€ 1.234,56"),
        ("nl", "60", "€ 60,00", "€ 60"),
        ("de", "1234.56", "1.234,56 €", "1.234,56 €"),
        ("de", "60", "60,00 €", "60 €"),
        ("zh", "1234.56", "€1,234.56", "€1,234.56"),
        ("zh", "60", "€60.00", "€60"),
        ("zh-Hant", "1234.56", "€1,234.56", "€1,234.56"),
        ("fa", "1234.56", "۱٬۲۳۴٫۵۶ یورو", "۱٬۲۳۴٫۵۶ یورو"),
        ("fa", "60", "۶۰٫۰۰ یورو", "۶۰ یورو"),
        ("de", "0", "0,00 €", "0 €"),
        ("de", "4.9", "4,90 €", "4,90 €"),
    ],
)
def test_money(tag, amount, text, short):
    assert plain(write(tag).money(euro(amount))) == text
    assert plain(write(tag).money(euro(amount), short=True)) == short


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("fi", "22. marraskuuta 2026"),
        ("nl", "22 november 2026"),
        ("de", "22. November 2026"),
        ("zh", "2026年11月22日"),
        ("zh-Hant", "2026年11月22日"),
        ("fa", "۱ آذر ۱۴۰۵"),
    ],
)
def test_day(tag, text):
    assert plain(write(tag).day(date(2026, 11, 22))) == text


@pytest.mark.parametrize(
    ("gregorian", "persian"),
    [
        ("2025-03-20", "۳۰ اسفند ۱۴۰۳"),  # the last day of a leap year
        ("2025-03-21", "۱ فروردین ۱۴۰۴"),
        ("2026-03-20", "۲۹ اسفند ۱۴۰۴"),  # the last day of a common one
        ("2026-03-21", "۱ فروردین ۱۴۰۵"),
        ("2024-03-19", "۲۹ اسفند ۱۴۰۲"),
        ("2024-03-20", "۱ فروردین ۱۴۰۳"),
        ("2024-02-29", "۱۰ اسفند ۱۴۰۲"),
        ("2026-09-22", "۳۱ شهریور ۱۴۰۵"),
        ("2026-09-23", "۱ مهر ۱۴۰۵"),
        ("2027-01-01", "۱۱ دی ۱۴۰۵"),
    ],
)
def test_solar_hijri_days(gregorian, persian):
    assert write("fa").day(date.fromisoformat(gregorian)) == persian


@pytest.mark.parametrize(
    ("moment", "zone", "text"),
    [
        ("2026-11-22T21:59:59+00:00", "Europe/Helsinki", "22. November 2026"),
        ("2026-11-22T22:00:00+00:00", "Europe/Helsinki", "23. November 2026"),
        ("2026-11-22T22:00:00+00:00", "America/Lima", "22. November 2026"),
    ],
)
def test_a_moment_is_told_as_the_shops_day(moment, zone, text):
    assert plain(write("de", ZoneInfo(zone)).day(datetime.fromisoformat(moment))) == text


@pytest.mark.parametrize(
    ("tag", "text"), [("fi", "9.05"), ("nl", "09:05"), ("de", "09:05"), ("zh", "09:05"), ("zh-Hant", None), ("fa", "۹:۰۵")]
)
def test_time(tag, text):
    told = plain(write(tag).time(time(9, 5)))
    assert text is None or told == text
    assert plain(write(tag).time(datetime(2026, 11, 23, 7, 5, tzinfo=timezone.utc))) == told  # 9:05 in Helsinki


@pytest.mark.parametrize(
    ("tag", "number", "text"),
    [
        ("fi", 12345, "12 345"),
        ("nl", 12345, "12.345"),
        ("de", 12345, "12.345"),
        ("zh", 12345, "12,345"),
        ("fa", 12345, "۱۲٬۳۴۵"),
        ("fa", 0, "۰"),
    ],
)
def test_number(tag, number, text):
    assert plain(write(tag).number(number)) == text


@pytest.mark.parametrize(
    ("tag", "two", "three"),
    [
        ("fi", "a ja b", "a, b ja c"),
        ("nl", "a en b", "a, b en c"),
        ("de", "a und b", "a, b und c"),
        ("zh", "a和b", "a、b和c"),
        ("zh-Hant", "a和b", "a、b和c"),
        ("fa", "a و b", "a، b و c"),
    ],
)
def test_names(tag, two, three):
    assert write(tag).names(iter(["a"])) == "a"
    assert write(tag).names(["a", "b"]) == two
    assert write(tag).names(["a", "b", "c"]) == three


@pytest.mark.parametrize(
    ("tag", "finland", "monday"),
    [
        ("fi", "Suomi", "maanantai"),
        ("nl", "Finland", "maandag"),
        ("de", "Finnland", "Montag"),
        ("zh", "芬兰", "星期一"),
        ("zh-Hant", "芬蘭", "星期一"),
        ("fa", "فنلاند", "دوشنبه"),
    ],
)
def test_countries_and_weekdays(tag, finland, monday):
    assert write(tag).country("FI") == finland
    assert write(tag).weekday(date(2026, 11, 23)).startswith(monday)
    assert write(tag).weekday_short(0) and not write(tag).weekday_short(0).endswith(".")


@pytest.mark.parametrize("tag", TAGS)
def test_codes_keep_their_characters_and_stand_apart_in_persian(tag):
    for code in ("104233", "https://example.com/?a=1", "a@example.com"):
        assert write(tag).code(code) == (f"\u2066{code}\u2069" if tag == "fa" else code)
        assert write(tag).quoted(code) == (f"\u2068{code}\u2069" if tag == "fa" else code)


@pytest.mark.parametrize("tag", TAGS)
def test_the_shops_city_is_named_where_clocks_may_differ(tag):
    assert (write(tag).shop_city is None) == (tag == "fi")
    assert tag != "de" or write(tag).shop_city == "Helsinki"
    assert write("nl", ZoneInfo("Europe/Amsterdam")).shop_city is None


@given(st.decimals(0, 10**7, places=2), st.sampled_from(TAGS), st.booleans())
def test_no_digit_of_an_amount_is_lost(amount, tag, short):
    told = write(tag).money(Money(amount, "EUR"), short)
    digits = "".join(str(unicodedata.decimal(c)) for c in told if c.isdecimal())
    whole = short and amount == amount.to_integral_value()
    assert digits == (str(int(amount)) if whole else f"{amount:.2f}".replace(".", ""))


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_persian_texts_hold_persian_digits_only(day):
    for told in (write("fa").day(day), write("fa").number(day.year), write("fa").time(time(day.month, day.day))):
        assert not re.search("[0-9]", told) and re.search("[۰-۹]", told)


@pytest.mark.parametrize("currency", ["EUR", "USD", "CNY", "IRR"])
@pytest.mark.parametrize("tag", TAGS)
def test_other_currencies_are_named(tag, currency):
    assert write(tag).money(Money(Decimal(5), currency)) != write(tag).money(Money(Decimal(5), "GBP"))
