"""shop.yml: what is wrong in it is said in one line; when people answer is told right at every moment."""

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viisi.errors import ConfigurationError
from viisi.facts import Hours, hours_phrase, placeholders, read_facts
from viisi.languages import languages
from viisi.settings import ROOT
from viisi.shop.base import Money

SHOP = (ROOT / "shop.yml").read_text(encoding="utf-8")
HELSINKI = ZoneInfo("Europe/Helsinki")


@pytest.fixture
def shop_file(tmp_path: Path) -> Callable[[str, str], Path]:
    """Makes a copy of shop.yml in which one piece of text is another."""

    def write(old: str, new: str) -> Path:
        assert SHOP.count(old) == 1, f"{old!r} must stand in shop.yml once"
        path = tmp_path / "shop.yml"
        path.write_text(SHOP.replace(old, new), encoding="utf-8")
        return path

    return write


def test_the_shops_own_file():
    facts = read_facts()
    assert facts.return_window_days == 30
    assert facts.approval_limit == Money(Decimal(300), "EUR")
    assert facts.zone == HELSINKI
    assert facts.hours.days[5] == (datetime(1, 1, 1, 10).time(), datetime(1, 1, 1, 16).time()) and 6 not in facts.hours.days
    assert [delivery.kind for delivery in facts.deliveries["FI"]] == ["pickup_point", "home", "express"]
    assert facts.carriers["dpd"].tracking_link("0150").endswith("/0150")


# What stands in shop.yml, what stands there instead, the key and the cure that the message must name.
FAULTS = [
    ("name: Lumo Home\n", "", "name is missing", "see the shop.yml"),
    ("name: Lumo Home\n", "name: 5\n", "name is 5", "between quotes"),
    ("name: Lumo Home\n", "name: '  '\n", "name is '  '", "between quotes"),
    ("email: help@example.com", "mail: help@example.com", "email is missing", "see the shop.yml"),
    ("window_days: 30 ", "window_days: -1 ", "returns.window_days is -1", "whole number"),
    ("window_days: 30 ", "window_days: 30.5 ", "returns.window_days is 30.5", "whole number"),
    ("window_days: 30 ", "window_days: true ", "returns.window_days is True", "whole number"),
    ("window_days: 30 ", "window_days: thirty ", "returns.window_days is 'thirty'", "whole number"),
    ("paid_by: shop ", "paid_by: nobody ", "returns.paid_by is 'nobody'", "shop or customer"),
    ("approval_limit: 300", "approval_limit: lots", "returns.approval_limit is 'lots'", "amount such as"),
    ("free_from: 60", "free_from: -60", "delivery.free_from is -60", "amount of 0 or more"),
    ("free_from: 60", "free_from: .nan", "delivery.free_from is nan", "amount of 0 or more"),
    ("free_from: 60", "free_from: .inf", "delivery.free_from is inf", "amount of 0 or more"),
    ('"14:00"', "25:00", "orders.dispatch_cutoff", "such as"),
    ('"14:00"', '"two"', "orders.dispatch_cutoff is 'two'", "such as"),
    ("time_zone: Europe/Helsinki", "time_zone: Europe/Tampere", "time_zone is unknown", "Europe/Helsinki"),
    ("time_zone: Europe/Helsinki", "time_zone: ../../etc/passwd", "time_zone is unknown", "Europe/Helsinki"),
    ("  sat: [", "  samstag: [", "opening_hours.samstag is no day", "mon, tue"),
    ('sat: ["10:00", "16:00"]', 'sat: ["10:00"]', "opening_hours.sat is", "opening and closing"),
    ('sat: ["10:00", "16:00"]', 'sat: ["16:00", "10:00"]', "opening_hours.sat closes before it opens", "earlier time first"),
    ('sat: ["10:00", "16:00"]', 'sat: ["10:00", "10:00"]', "opening_hours.sat closes before it opens", "earlier time first"),
    ("holidays: [2026-12-24,", "holidays: [Christmas,", "holidays holds something that is no date", "2026-12-24"),
    ('"10[0-9]{4}"', '"10[0-9{4}"', "orders.number_pattern is no regular expression", "try"),
    (
        "AT:\n      - {carrier: gls,",
        "AT:\n      - {carrier: swift,",
        "delivery.countries.AT names the carrier swift",
        "carriers",
    ),
    (
        "kind: home, price: 7.90, days: [4, 6]",
        "kind: home, price: 7.90",
        "delivery.countries.AT is incomplete",
        "days: [from, to]",
    ),
    ("kind: home, price: 7.90, days: [4, 6]", "kind: home, days: [4, 6]", "delivery.countries.AT is incomplete", "price"),
    ("price: 7.90, days: [4, 6]", "price: cheap, days: [4, 6]", "delivery.countries.AT is 'cheap'", "amount such as"),
    ("tracktrace/?B={number}", "tracktrace/?B=", "carriers.postnl.link has no {number}", "put {number}"),
    ("posti: {name: Posti, ", "posti: {", "carriers.posti.name is missing", "see the shop.yml"),
    ("currency: EUR\n", "", "currency is missing", "see the shop.yml"),
    ("gift_card_months: 24", "gift_card_months: 24\ngift_card_months: 25", "line", "correct the YAML"),
    ("warranty_years: 2", "warranty_years: [2", "line", "correct the YAML"),
]


@pytest.mark.parametrize(("old", "new", "fault", "cure"), FAULTS, ids=[f"{row[2]}-{row[1].strip()}" for row in FAULTS])
def test_faults_name_key_fault_and_cure(shop_file, old, new, fault, cure):
    path = shop_file(old, new)
    with pytest.raises(ConfigurationError) as raised:
        read_facts(path)
    message = str(raised.value)
    assert str(path) in message and fault in message and cure in message and "\n" not in message


# Pieces that are no mapping or no list where one is wanted: an operator's slip must not end in a traceback.
SHAPES = [
    ("opening_hours:  ", "opening_hours: []\nx:  "),
    ("  countries:\n", "  countries: []\n  x:\n"),
    ("carriers:  ", "carriers: posti\nx:  "),
    ("payment_methods: [card,", "payment_methods: 5\nx: [card,"),
    ("holidays: [2026-12-24,", "holidays: 2026-12-24\nx: [2026-12-24,"),
]


@pytest.mark.parametrize(("old", "new"), SHAPES, ids=[new.strip() for _, new in SHAPES])
def test_a_wrong_shape_is_a_configuration_error(shop_file, old, new):
    with pytest.raises(ConfigurationError):
        read_facts(shop_file(old, new))


def test_a_payment_method_without_words_is_a_configuration_error(shop_file):
    facts = read_facts(shop_file("payment_methods: [card,", "payment_methods: [cowrie,"))
    with pytest.raises(ConfigurationError, match="payment_method.cowrie is missing"):
        placeholders(facts, languages()["fi"])


@pytest.mark.parametrize("content", ["", "- a\n- b\n", "just words"])
def test_a_file_without_a_mapping_is_refused(tmp_path, content):
    path = tmp_path / "shop.yml"
    path.write_text(content)
    with pytest.raises(ConfigurationError, match="holds no mapping"):
        read_facts(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match=r"nowhere\.yml is missing"):
        read_facts(tmp_path / "nowhere.yml")


# --- when people answer


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=HELSINKI)


# The shop is open Mon-Fri 9-18, Sat 10-16, in Helsinki. 2026-11-23 is a Monday.
MOMENTS = [
    ("2026-11-23T08:59:59", "opens_today", "2026-11-23T09:00"),
    ("2026-11-23T09:00:00", "open", "2026-11-23T18:00"),
    ("2026-11-23T17:59:59", "open", "2026-11-23T18:00"),
    ("2026-11-23T18:00:00", "opens_tomorrow", "2026-11-24T09:00"),
    ("2026-11-23T00:00:00", "opens_today", "2026-11-23T09:00"),
    ("2026-11-27T20:00:00", "opens_tomorrow", "2026-11-28T10:00"),
    ("2026-11-28T16:00:00", "opens_on", "2026-11-30T09:00"),
    ("2026-11-29T12:00:00", "opens_tomorrow", "2026-11-30T09:00"),
    ("2026-12-23T18:00:00", "opens_on", "2026-12-28T09:00"),  # holidays on Thursday, Friday, Saturday; then Sunday
    ("2026-12-24T12:00:00", "opens_on", "2026-12-28T09:00"),
    ("2026-12-31T19:00:00", "opens_on", "2027-01-02T10:00"),
    ("2027-03-27T17:00:00", "opens_on", "2027-03-30T09:00"),  # Easter, and the night in which clocks go forward
    ("2026-10-24T17:00:00", "opens_on", "2026-10-26T09:00"),  # the night in which they go back
]


@pytest.mark.parametrize(("now", "state", "at"), MOMENTS)
def test_hours(now, state, at):
    opening = read_facts().hours.at(local(now))
    assert (opening.state, opening.at) == (state, local(at))
    assert read_facts().hours.at(local(now).astimezone(timezone.utc)) == opening


@pytest.mark.parametrize(
    ("now", "state"),
    [
        ("2026-03-28T08:00:00+00:00", "open"),  # Saturday, 10:00 in winter
        ("2026-03-30T05:59:59+00:00", "opens_today"),  # Monday, 8:59 in summer
        ("2026-03-30T06:00:00+00:00", "open"),  # Monday, 9:00 in summer
        ("2026-10-26T06:59:59+00:00", "opens_today"),  # Monday, 8:59 in winter again
        ("2026-10-26T07:00:00+00:00", "open"),
    ],
)
def test_hours_follow_the_clock_changes(now, state):
    assert read_facts().hours.at(datetime.fromisoformat(now)).state == state


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(timezone.utc)))
def test_hours_never_lie(now):
    hours = read_facts().hours
    opening = hours.at(now)
    assert opening.at > now
    day = opening.at.astimezone(HELSINKI).date()
    assert day not in hours.holidays and day.weekday() in hours.days
    ahead = (day - now.astimezone(HELSINKI).date()).days
    assert {"open": ahead == 0, "opens_today": ahead == 0, "opens_tomorrow": ahead == 1, "opens_on": ahead > 1}[opening.state]
    # People do answer at the moment told, and until the moment told.
    if opening.state == "open":
        assert hours.at(opening.at - timedelta(seconds=1)).state == "open" and hours.at(opening.at).state != "open"
    else:
        assert hours.at(opening.at).state == "open" and hours.at(opening.at - timedelta(seconds=1)).state == "opens_today"


def test_a_shop_that_never_opens_says_so():
    monday = date(2026, 11, 23)
    closed = frozenset(monday + timedelta(days=offset) for offset in range(100))
    with pytest.raises(ConfigurationError, match="no day open within 60 days"):
        Hours(read_facts().hours.days, closed, HELSINKI).at(local("2026-11-23T12:00"))


@pytest.mark.parametrize(
    ("tag", "now", "told"),
    [
        ("fi", "2026-11-23T12:00", "18.00"),
        ("nl", "2026-11-23T20:00", "09:00"),
        ("de", "2026-11-28T20:00", "Montag ab 09:00"),
        ("zh", "2026-11-28T20:00", "星期一09:00"),
        ("fa", "2026-11-23T12:00", "۱۸:۰۰"),
    ],
)
def test_hours_in_words(tag, now, told):
    sentence = hours_phrase(read_facts(), languages()[tag], "hours_now", local(now))
    assert told in sentence and sentence.endswith((".", "。"))
    # Customers elsewhere have other clocks: theirs is said to be the shop's.
    assert any(city in sentence for city in ("Helsinki", "赫尔辛基", "هلسینکی")) == (tag != "fi")


@pytest.mark.parametrize("tag", languages())
@pytest.mark.parametrize("kind", ["hours_now", "answer_time"])
def test_hours_in_words_are_filled_in_every_state(tag, kind):
    for now, _, _ in MOMENTS:
        assert "{" not in hours_phrase(read_facts(), languages()[tag], kind, local(now))
