"""The shop's facts: ``shop.yml``, read and checked once, and told in each language.

:func:`read_facts` gives the checked facts; :func:`placeholders` gives what the importer puts into every text of a language
(``{return_window_days}``, ``{payment_methods}`` …). Whoever adds a fact adds it in both, and a house test sees to the texts.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from viisi.errors import ConfigurationError
from viisi.formats import Formats
from viisi.languages import Language, read_yaml
from viisi.settings import ROOT
from viisi.shop.base import Money

SHOP_FILE = ROOT / "shop.yml"
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Delivery:
    """One way to have an order delivered; ``days`` are working days, from and to."""

    carrier: str
    kind: str
    price: Money
    days: tuple[int, int]


@dataclass(frozen=True)
class Carrier:
    """A carrier's name and the pattern of its tracking link."""

    name: str
    link: str

    def tracking_link(self, number: str) -> str:
        """Where the customer follows the parcel with this tracking number."""
        return self.link.format(number=number)


@dataclass(frozen=True)
class Opening:
    """Whether people work at a moment. ``state`` is open, opens_today, opens_tomorrow or opens_on; it changes ``at``."""

    state: str
    at: datetime


@dataclass(frozen=True)
class Hours:
    """When people answer. ``days`` maps weekdays (0 is Monday) to opening and closing time in ``zone``."""

    days: Mapping[int, tuple[time, time]]
    holidays: frozenset[date]
    zone: ZoneInfo

    def at(self, now: datetime) -> Opening:
        """How it stands at ``now``."""
        local = now.astimezone(self.zone)
        for ahead in range(60):
            day = local.date() + timedelta(days=ahead)
            if day in self.holidays or day.weekday() not in self.days:
                continue
            opens, closes = (datetime.combine(day, moment, self.zone) for moment in self.days[day.weekday()])
            if local >= closes:
                continue
            if local >= opens:
                return Opening("open", closes)
            return Opening(("opens_today", "opens_tomorrow")[ahead] if ahead < 2 else "opens_on", opens)
        raise ConfigurationError("shop.yml: opening_hours leave no day open within 60 days; give at least one")


@dataclass(frozen=True)
class Facts:
    """What the shop says of itself; see ``shop.yml`` for the meaning of each."""

    name: str
    url: str
    email: str
    privacy_email: str
    phone: str
    address: str
    vat_id: str
    default_language: str
    currency: str
    hours: Hours
    order_pattern: str
    dispatch_cutoff: time
    cancellation_fee: Money
    return_window_days: int
    return_paid_by: str
    refund_days: int
    warranty_years: int
    approval_limit: Money
    free_delivery_from: Money
    deliveries: Mapping[str, tuple[Delivery, ...]]
    payment_methods: tuple[str, ...]
    gift_card_months: int
    newsletter_discount_percent: int
    privacy_request_days: int
    carriers: Mapping[str, Carrier]

    @property
    def zone(self) -> ZoneInfo:
        """The shop's time zone: its days begin and end there."""
        return self.hours.zone


class _Reader:
    """Walks shop.yml and says in one line where it is wrong."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.content = read_yaml(path)

    def get(self, *keys: str) -> Any:
        found: Any = self.content
        for key in keys:
            if not isinstance(found, Mapping) or key not in found:
                raise self.fault(keys, "is missing")
            found = found[key]
        return found

    def fault(self, keys: tuple[str, ...], what: str, cure: str = "see the shop.yml of the repository") -> ConfigurationError:
        return ConfigurationError(f"{self.path}: {'.'.join(keys)} {what}; {cure}")

    def text(self, *keys: str) -> str:
        found = self.get(*keys)
        if not isinstance(found, str) or not found.strip():
            raise self.fault(keys, f"is {found!r}, which is no text", "put it between quotes")
        return found

    def whole(self, *keys: str) -> int:
        found = self.get(*keys)
        if not isinstance(found, int) or isinstance(found, bool) or found < 0:
            raise self.fault(keys, f"is {found!r}", "give a whole number of 0 or more")
        return found

    def money(self, *keys: str, of: Any = None) -> Money:
        found = self.get(*keys) if of is None else of
        try:
            amount = Decimal(str(found))
        except InvalidOperation:
            raise self.fault(keys, f"is {found!r}", "give an amount such as 4.90") from None
        if not amount.is_finite() or amount < 0:
            raise self.fault(keys, f"is {found!r}", "give an amount of 0 or more")
        return Money(amount, self.text("currency"))

    def clock(self, value: Any, *keys: str) -> time:
        try:
            return time.fromisoformat(value)
        except (TypeError, ValueError):
            raise self.fault(keys, f"is {value!r}", 'give a time between quotes, such as "09:00"') from None

    def hours(self) -> Hours:
        try:
            zone = ZoneInfo(self.text("time_zone"))
        except (ZoneInfoNotFoundError, ValueError):
            raise self.fault(("time_zone",), "is unknown", "give a name such as Europe/Helsinki") from None
        days: dict[int, tuple[time, time]] = {}
        for name, span in self.get("opening_hours").items():
            keys = ("opening_hours", str(name))
            if name not in WEEKDAYS:
                raise self.fault(keys, "is no day", f"use {', '.join(WEEKDAYS)}")
            if not isinstance(span, list) or len(span) != 2:
                raise self.fault(keys, f"is {span!r}", 'give opening and closing time: ["09:00", "18:00"]')
            opens, closes = (self.clock(moment, *keys) for moment in span)
            if opens >= closes:
                raise self.fault(keys, "closes before it opens", "put the earlier time first")
            days[WEEKDAYS.index(name)] = (opens, closes)
        if not days:
            raise self.fault(("opening_hours",), "has no day", "give at least one")
        holidays = self.content.get("holidays") or []
        if not all(isinstance(day, date) for day in holidays):
            raise self.fault(("holidays",), "holds something that is no date", "write dates as 2026-12-24")
        return Hours(days, frozenset(holidays), zone)

    def deliveries(self, carriers: Mapping[str, Carrier]) -> dict[str, tuple[Delivery, ...]]:
        found: dict[str, tuple[Delivery, ...]] = {}
        for country, methods in self.get("delivery", "countries").items():
            keys = ("delivery", "countries", str(country))
            try:
                found[country] = tuple(
                    Delivery(
                        method["carrier"],
                        method["kind"],
                        self.money(*keys, of=method["price"]),
                        (int(method["days"][0]), int(method["days"][1])),
                    )
                    for method in methods
                )
            except (KeyError, TypeError, IndexError, ValueError):
                raise self.fault(keys, "is incomplete", "each method has carrier, kind, price and days: [from, to]") from None
            for delivery in found[country]:
                if delivery.carrier not in carriers:
                    raise self.fault(keys, f"names the carrier {delivery.carrier}", "list it under carriers")
        return found


@cache
def read_facts(path: Path = SHOP_FILE) -> Facts:
    """The facts in ``path``. Raises ConfigurationError that names the key, the fault and the cure."""
    read = _Reader(path)
    try:
        return _facts(read)
    except (AttributeError, TypeError) as error:
        raise ConfigurationError(
            f"{path}: a list stands where keys should, or the other way round ({error}); compare it with the repository's"
        ) from error


def _facts(read: _Reader) -> Facts:
    carriers: dict[str, Carrier] = {}
    for key in read.get("carriers"):
        link = read.text("carriers", key, "link")
        if "{number}" not in link:
            raise read.fault(("carriers", key, "link"), "has no {number}", "put {number} where the tracking number goes")
        carriers[key] = Carrier(read.text("carriers", key, "name"), link)
    pattern = read.text("orders", "number_pattern")
    try:
        re.compile(pattern)
    except re.error as error:
        raise read.fault(("orders", "number_pattern"), f"is no regular expression ({error})", 'try "10[0-9]{4}"') from None
    if read.text("orders", "cancellation_deadline") != "packed":
        raise read.fault(("orders", "cancellation_deadline"), "is not 'packed'", "shops cancel until then; write packed")
    paid_by = read.text("returns", "paid_by")
    if paid_by not in ("shop", "customer"):
        raise read.fault(("returns", "paid_by"), f"is {paid_by!r}", "use shop or customer")
    return Facts(
        name=read.text("name"),
        url=read.text("url"),
        email=read.text("email"),
        privacy_email=read.text("privacy_email"),
        phone=read.text("phone"),
        address=read.text("address"),
        vat_id=read.text("vat_id"),
        default_language=read.text("default_language"),
        currency=read.text("currency"),
        hours=read.hours(),
        order_pattern=pattern,
        dispatch_cutoff=read.clock(read.get("orders", "dispatch_cutoff"), "orders", "dispatch_cutoff"),
        cancellation_fee=read.money("orders", "cancellation_fee"),
        return_window_days=read.whole("returns", "window_days"),
        return_paid_by=paid_by,
        refund_days=read.whole("returns", "refund_days"),
        warranty_years=read.whole("returns", "warranty_years"),
        approval_limit=read.money("returns", "approval_limit"),
        free_delivery_from=read.money("delivery", "free_from"),
        deliveries=read.deliveries(carriers),
        payment_methods=tuple(read.get("payment_methods")),
        gift_card_months=read.whole("gift_card_months"),
        newsletter_discount_percent=read.whole("newsletter_discount_percent"),
        privacy_request_days=read.whole("privacy_request_days"),
        carriers=carriers,
    )


def hours_phrase(facts: Facts, language: Language, kind: str, now: datetime) -> str:
    """A whole sentence on the opening hours at ``now``; ``kind`` is ``hours_now`` or ``answer_time``."""
    formats = Formats(language, facts.zone)
    opening = facts.hours.at(now)
    moment = formats.time(opening.at)
    phrase = language.phrase(kind, opening.state)
    sentence = phrase.format(opens=moment, closes=moment, day=formats.weekday(opening.at.date()))
    if sentence == phrase:  # it names no time
        return sentence
    end = len(sentence.rstrip(".。"))
    return sentence[:end] + _shop_time(language, formats) + sentence[end:]


def _opening_hours(facts: Facts, language: Language, formats: Formats) -> str:
    """``ma–pe 9.00–18.00, la 10.00–16.00``: days with the same hours drawn together."""
    spans = []
    days = [(day, facts.hours.days.get(day)) for day in range(7)]
    for span, group in groupby(days, key=lambda item: item[1]):
        if span is None:
            continue
        members = [day for day, _ in group]
        first, last = formats.weekday_short(members[0]), formats.weekday_short(members[-1])
        named = first if first == last else language.phrase("range").format(**{"from": first, "to": last})
        opens, closes = (formats.time(moment) for moment in span)
        spans.append(named + " " + language.phrase("range").format(**{"from": opens, "to": closes}))
    return language.phrase("separator").join(spans) + _shop_time(language, formats)


def _shop_time(language: Language, formats: Formats) -> str:
    """`` (Ortszeit Helsinki)`` where the customer's clock may show something else."""
    return language.phrase("shop_time").format(city=formats.shop_city) if formats.shop_city else ""


def _days(language: Language, formats: Formats, days: tuple[int, int]) -> str:
    first, last = days
    if first == last == 1:
        return language.phrase("working_days_one").format(**{"from": formats.number(1)})
    if first == last:
        return language.phrase("working_days_same").format(**{"from": formats.number(first)})
    return language.phrase("working_days").format(**{"from": formats.number(first), "to": formats.number(last)})


def _delivery_line(facts: Facts, language: Language, formats: Formats, country: str, delivery: Delivery) -> str:
    return language.phrase("delivery_line").format(
        country=formats.country(country),
        carrier=formats.quoted(facts.carriers[delivery.carrier].name),
        kind=language.phrase("delivery_kind", delivery.kind),
        price=formats.money(delivery.price, short=True),
        days=_days(language, formats, delivery.days),
    )


def placeholders(facts: Facts, language: Language) -> dict[str, str]:
    """Every fact that a text may name, as ``language`` writes it."""
    formats = Formats(language, facts.zone)
    fee = facts.cancellation_fee
    fee_rule = language.phrase("cancellation_fee_rule", "fee" if fee.amount else "free")

    def express() -> str:
        return "\n".join(
            _delivery_line(facts, language, formats, country, delivery)
            for country, deliveries in facts.deliveries.items()
            for delivery in deliveries
            if delivery.kind == "express"
        )

    def overview() -> str:
        """One line a country, short enough for a phone: carriers, from the cheapest price on, days."""
        found = []
        for country, deliveries in facts.deliveries.items():
            carriers = dict.fromkeys(facts.carriers[delivery.carrier].name for delivery in deliveries)
            prices = [delivery.price for delivery in deliveries]
            low, high = min(prices, key=lambda price: price.amount), max(prices, key=lambda price: price.amount)
            price = formats.money(low, short=True)
            if low != high:
                price = language.phrase("range").format(**{"from": price, "to": formats.money(high, short=True)})
            days = (min(d.days[0] for d in deliveries), max(d.days[1] for d in deliveries))
            parts = [*map(formats.quoted, carriers), price, _days(language, formats, days)]
            line = language.phrase("days_line").format(
                country=formats.country(country), days=language.phrase("separator").join(parts)
            )
            found.append(line)
        return "\n".join(found)

    def spans() -> str:
        found = []
        for country, deliveries in facts.deliveries.items():
            ordinary = [d for d in deliveries if d.kind != "express"] or list(deliveries)
            days = (min(d.days[0] for d in ordinary), max(d.days[1] for d in ordinary))
            found.append(
                language.phrase("days_line").format(country=formats.country(country), days=_days(language, formats, days))
            )
        return "\n".join(found)

    def with_kind(kind: str) -> str:
        return formats.names(
            formats.country(country)
            for country, deliveries in facts.deliveries.items()
            if any(delivery.kind == kind for delivery in deliveries)
        )

    return {
        "shop_name": formats.quoted(facts.name),
        "shop_url": formats.code(facts.url),
        "shop_email": formats.code(facts.email),
        "privacy_email": formats.code(facts.privacy_email),
        "shop_phone": formats.code(facts.phone),
        "shop_address": formats.code(facts.address),
        "vat_id": formats.code(facts.vat_id),
        "opening_hours": _opening_hours(facts, language, formats),
        "dispatch_cutoff": formats.time(facts.dispatch_cutoff),
        "return_window_days": formats.number(facts.return_window_days),
        "refund_days": formats.number(facts.refund_days),
        "warranty_years": formats.number(facts.warranty_years),
        "approval_limit": formats.money(facts.approval_limit, short=True),
        "return_paid_by": language.phrase("return_paid_by", facts.return_paid_by),
        "cancellation_fee_rule": fee_rule.format(fee=formats.money(fee, short=True)),
        "delivery_table": overview(),
        "delivery_days_table": spans(),
        "delivery_countries": formats.names(formats.country(country) for country in facts.deliveries),
        "pickup_countries": with_kind("pickup_point"),
        "express_table": express(),
        "free_delivery_from": formats.money(facts.free_delivery_from, short=True),
        "payment_methods": formats.names(language.phrase("payment_method", method) for method in facts.payment_methods),
        "gift_card_months": formats.number(facts.gift_card_months),
        "newsletter_discount_percent": formats.number(facts.newsletter_discount_percent),
        "privacy_request_days": formats.number(facts.privacy_request_days),
    }
