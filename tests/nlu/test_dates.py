"""Days in figures and in words; the tables lie in tests/fixtures/entities.yml."""

from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.entities import NOW, TABLES, values
from viisi.nlu.dates import AHEAD
from viisi.nlu.entities import EntityExtractor

now = [NOW]
EXTRACTOR_ANY_DAY = EntityExtractor({"shop": "shop.yml"}, clock=lambda: now[0])
EXTRACTOR = EntityExtractor({"shop": "shop.yml"}, clock=lambda: NOW)


@pytest.mark.parametrize("text", TABLES["date"])
def test_finds(text: str) -> None:
    assert values(EXTRACTOR, "date", text) == TABLES["date"][text]


@pytest.mark.parametrize("text", TABLES["no_date"])
def test_finds_nothing(text: str) -> None:
    assert values(EXTRACTOR, "date", text) == []


@given(
    st.dates(date(2000, 1, 1), date(2099, 12, 30)),
    st.sampled_from(["{0:%d.%m.}", "{0.month}月{0.day}日", "op {0:%d/%m} "]),
)
@settings(deadline=None)
def test_without_a_year_it_is_the_latest(today: date, form: str) -> None:
    now[0] = datetime(today.year, today.month, today.day, 9, tzinfo=timezone.utc)
    for ahead in (-300, -1, 0, 1, AHEAD.days):
        day = today + timedelta(days=ahead)
        if (day.month, day.day) != (2, 29):
            assert values(EXTRACTOR_ANY_DAY, "date", form.format(day)) == ([day.isoformat()] if 1900 <= day.year < 2100 else [])
