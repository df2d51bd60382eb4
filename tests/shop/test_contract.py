"""What every shop must do, as ``viisi/shop/base.py`` says it.

To put another adapter under test, write a fixture ``<name>_shop`` that gives it the demo shop's showcase orders and the
fixture ``clock``, and add its name to ``shop`` below.
"""

from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError, replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from viisi.errors import LookupsBlocked, NotAllowed, OrderNotFound, ShopUnavailable
from viisi.shop.base import REFUND_REASONS, Address, Money, Order, OrderStatus, RefundStatus, Shop

EMAIL = "aino.virtanen@example.com"
PAID, PACKED, SHIPPED, DELAYED, DELIVERED, CANCELLED, PARTLY, OLD, REFUNDED, BIG = (f"1041{n:02}" for n in range(1, 11))
ELSEWHERE = Address("Aino Virtanen", "Kuninkaankatu 8", "33210", "Tampere", "FI")


@pytest.fixture(params=["sqlite", "postgres"])
def shop(request: pytest.FixtureRequest) -> Shop:
    found: Shop = request.getfixturevalue(f"{request.param}_shop")
    return found


def euros(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


def refused(reason: str, call: Callable[..., object], *arguments: object, **named: object) -> None:
    with pytest.raises(NotAllowed) as caught:
        call(*arguments, **named)
    assert caught.value.reason == reason


# Orders


def test_order_is_whole(shop: Shop, today: date) -> None:
    order = shop.find_order(DELIVERED, EMAIL)
    assert (order.number, order.email, order.customer_name) == (DELIVERED, EMAIL, "Aino Virtanen")
    assert order.status is OrderStatus.DELIVERED
    assert [(line.number, line.product.sku, line.quantity) for line in order.lines] == [
        (1, "KIT-05", 1),
        (2, "KIT-01", 2),
        (3, "TEA-01", 1),
    ]
    assert order.total == euros("74.60") and order.shipping_fee == euros("0")
    assert order.shipping_address.city == "Tampere" and order.shipping_address.country == "FI"
    (parcel,) = order.shipments
    assert parcel.carrier == "posti" and parcel.delivered_at == order.delivered_at
    assert order.delivered_at is not None and order.delivered_at.date() == today - timedelta(days=3)
    assert set(order.lines[0].product.names) == {"fi", "nl", "de", "zh", "fa"}


def test_moments_are_utc_and_sums_exact(shop: Shop) -> None:
    order = shop.find_order(PARTLY, EMAIL)
    for moment in (order.placed_at, order.delivered_at, order.shipments[0].shipped_at, shop.refunds(PARTLY)[0].paid_at):
        assert moment is not None and moment.utcoffset() == timedelta(0)
    assert all(isinstance(line.unit_price.amount, Decimal) for line in order.lines)
    assert sum(line.unit_price.amount * line.quantity for line in order.lines) == Decimal("42.80")
    assert order.total == euros("47.70")


def test_records_are_frozen(shop: Shop) -> None:
    with pytest.raises(FrozenInstanceError):
        shop.find_order(PAID, EMAIL).number = "1"  # type: ignore[misc]


@pytest.mark.parametrize("email", [EMAIL, EMAIL.upper(), f"  {EMAIL}\n"])
def test_email_case_and_spaces_do_not_count(shop: Shop, email: str) -> None:
    assert shop.find_order(f" {PAID} ", email).number == PAID


@pytest.mark.parametrize("email", ["", "mikko.korhonen@example.com", "aino.virtanen@example.co", "\x00", "\ud83d", "爱@x"])
def test_wrong_email_is_not_found(shop: Shop, email: str) -> None:
    with pytest.raises(OrderNotFound):
        shop.find_order(PAID, email)


@pytest.mark.parametrize("number", ["109999", "", "no number", "1" * 5000, "10\x0041", "'; DROP TABLE orders; --"])
def test_unknown_number_is_not_found(shop: Shop, number: str) -> None:
    with pytest.raises(OrderNotFound):
        shop.find_order(number, EMAIL)
    assert shop.find_order(PAID, EMAIL)


@pytest.mark.parametrize("number", [PAID, "109999"])
def test_unknown_numbers_answer_as_known_ones(shop: Shop, clock: Any, number: str) -> None:
    answers = []
    for _ in range(7):
        with pytest.raises((OrderNotFound, LookupsBlocked)) as caught:
            shop.find_order(number, "guess@example.com")
        answers.append(type(caught.value))
        clock.forward(minutes=1)
    assert answers == [OrderNotFound] * 4 + [LookupsBlocked] * 3


def test_fifth_miss_blocks_the_right_email_for_an_hour(shop: Shop, clock: Any) -> None:
    for miss in range(5):
        assert shop.find_order(PAID, EMAIL), f"after {miss} misses"
        with pytest.raises((OrderNotFound, LookupsBlocked)):
            shop.find_order(PAID, "guess@example.com")
    with pytest.raises(LookupsBlocked):
        shop.find_order(PAID, EMAIL)
    assert shop.find_order(PACKED, EMAIL), "other orders are not blocked"
    clock.forward(minutes=59)
    with pytest.raises(LookupsBlocked):
        shop.find_order(PAID, EMAIL)
    clock.forward(minutes=1)
    assert shop.find_order(PAID, EMAIL)


# Changes before delivery


def test_cancel(shop: Shop, clock: Any) -> None:
    order = shop.cancel_order(PAID, "k")
    assert order.status is OrderStatus.CANCELLED and order.cancelled_at == clock.now
    clock.forward(hours=1)
    assert shop.cancel_order(PAID, "k") == order == shop.find_order(PAID, EMAIL)
    refused("already_cancelled", shop.cancel_order, PAID, "another key")
    assert shop.invoice(PAID) is None


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (PACKED, "already_packed"),
        (SHIPPED, "already_shipped"),
        (DELAYED, "already_shipped"),
        (DELIVERED, "already_delivered"),
        (CANCELLED, "already_cancelled"),
    ],
)
def test_too_late_to_cancel(shop: Shop, number: str, reason: str) -> None:
    before = shop.find_order(number, EMAIL)
    refused(reason, shop.cancel_order, number, "k")
    assert shop.find_order(number, EMAIL) == before


@pytest.mark.parametrize("number", [PAID, PACKED])
def test_change_address(shop: Shop, number: str) -> None:
    before = shop.find_order(number, EMAIL)
    after = shop.change_shipping_address(number, ELSEWHERE)
    assert after == replace(before, shipping_address=ELSEWHERE) == shop.find_order(number, EMAIL)
    others = shop.find_order(DELIVERED, EMAIL)
    assert others.shipping_address != ELSEWHERE


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (SHIPPED, "already_shipped"),
        (DELAYED, "already_shipped"),
        (DELIVERED, "already_delivered"),
        (CANCELLED, "already_cancelled"),
    ],
)
def test_too_late_to_change_address(shop: Shop, number: str, reason: str) -> None:
    refused(reason, shop.change_shipping_address, number, ELSEWHERE)


def test_address_in_any_script(shop: Shop) -> None:
    address = Address("王\x00芳", "خیابان ولی‌عصر، پلاک ۱۲", "1966713415", "تهران\ud83d", "IR")
    stored = shop.change_shipping_address(PAID, address).shipping_address
    assert (stored.name, stored.street, stored.city) == ("王芳", "خیابان ولی‌عصر، پلاک ۱۲", "تهران?")


# Refunds


def test_refund(shop: Shop, clock: Any) -> None:
    refund = shop.request_refund(DELIVERED, {2: 1, 3: 1}, "changed_mind", euros("21.80"), "k")
    assert (refund.order_number, refund.lines, refund.reason) == (DELIVERED, {2: 1, 3: 1}, "changed_mind")
    assert (refund.amount, refund.status) == (euros("21.80"), RefundStatus.REQUESTED)
    assert refund.requested_at == clock.now and refund.paid_at is None
    assert [line.refunded for line in shop.find_order(DELIVERED, EMAIL).lines] == [0, 1, 1]
    assert list(shop.refunds(DELIVERED)) == [refund]


def test_same_key_refunds_once(shop: Shop, clock: Any) -> None:
    refund = shop.request_refund(DELIVERED, {1: 1}, "damaged", euros("39.90"), "k")
    clock.forward(days=1)
    assert shop.request_refund(DELIVERED, {1: 1}, "damaged", euros("39.90"), "k") == refund
    assert list(shop.refunds(DELIVERED)) == [refund]


def test_no_more_than_was_bought(shop: Shop) -> None:
    shop.request_refund(DELIVERED, {2: 1}, "damaged", euros("12.90"), "a")
    refused("already_refunded", shop.request_refund, DELIVERED, {2: 2}, "damaged", euros("25.80"), "b")
    refused("already_refunded", shop.request_refund, DELIVERED, {2: 1, 1: 2}, "damaged", euros("1"), "c")
    shop.request_refund(DELIVERED, {2: 1}, "damaged", euros("12.90"), "d")
    refused("already_refunded", shop.request_refund, DELIVERED, {2: 1}, "damaged", euros("12.90"), "e")
    refused("already_refunded", shop.request_refund, REFUNDED, {1: 1}, "late", euros("1"), "f")


def test_no_more_than_was_paid(shop: Shop) -> None:
    refused("amount_too_high", shop.request_refund, DELIVERED, {1: 1}, "other", euros("74.61"), "a")
    shop.request_refund(DELIVERED, {1: 1}, "other", euros("39.90"), "b")
    refused("amount_too_high", shop.request_refund, DELIVERED, {2: 1}, "other", euros("34.71"), "c")
    shop.request_refund(DELIVERED, {2: 1}, "other", euros("34.70"), "d")
    assert len(shop.refunds(DELIVERED)) == 2


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (PAID, "not_delivered"),
        (PACKED, "not_delivered"),
        (SHIPPED, "not_delivered"),
        (DELAYED, "not_delivered"),
        (CANCELLED, "already_cancelled"),
    ],
)
def test_nothing_to_refund_or_exchange(shop: Shop, number: str, reason: str) -> None:
    refused(reason, shop.request_refund, number, {1: 1}, "late", euros("1"), "k")
    refused(reason, shop.request_exchange, number, 1, "a bigger one", "k")
    assert not shop.refunds(number)


@pytest.mark.parametrize(
    ("lines", "reason", "amount"),
    [
        ({}, "late", euros("1")),
        ({9: 1}, "late", euros("1")),
        ({1: 0}, "late", euros("1")),
        ({1: -1}, "late", euros("1")),
        ({1: 1}, "boredom", euros("1")),
        ({1: 1}, "late", euros("0")),
        ({1: 1}, "late", euros("-1")),
        ({1: 1}, "late", euros("NaN")),
        ({1: 1}, "late", euros("Infinity")),
        ({1: 1}, "late", euros("0.001")),
        ({1: 1}, "late", Money(Decimal(1), "SEK")),
    ],
)
def test_senseless_refunds(shop: Shop, lines: Mapping[int, int], reason: str, amount: Money) -> None:
    with pytest.raises(ValueError):
        shop.request_refund(DELIVERED, lines, reason, amount, "k")
    assert not shop.refunds(DELIVERED)


def test_every_reason_is_known(shop: Shop) -> None:
    orders = [PARTLY, OLD, BIG, "104205", "104305", "104405", "104505"]
    for order, reason in zip(orders, REFUND_REASONS, strict=True):
        assert shop.request_refund(order, {2: 1}, reason, euros("0.01"), reason).reason == reason


def test_refunds_newest_first(shop: Shop, clock: Any) -> None:
    first = shop.request_refund(DELIVERED, {2: 1}, "other", euros("1"), "a")
    clock.forward(minutes=1)
    second = shop.request_refund(DELIVERED, {2: 1}, "other", euros("1"), "b")
    assert list(shop.refunds(DELIVERED)) == [second, first]
    assert [refund.status for refund in shop.refunds(PARTLY)] == [RefundStatus.PAID]
    assert not shop.refunds("109999")


# Exchanges, damage, invoices, tickets


def test_exchange(shop: Shop, clock: Any) -> None:
    exchange = shop.request_exchange(DELIVERED, 2, "کمی بزرگ‌تر", "k")
    assert (exchange.order_number, exchange.line, exchange.wish) == (DELIVERED, 2, "کمی بزرگ‌تر")
    assert exchange.requested_at == clock.now
    clock.forward(hours=1)
    assert shop.request_exchange(DELIVERED, 2, "again", "k") == exchange
    assert shop.request_exchange(DELIVERED, 2, "again", "k2") != exchange
    refused("already_refunded", shop.request_exchange, PARTLY, 1, "x", "k3")
    assert shop.request_exchange(PARTLY, 2, "x", "k3").line == 2
    with pytest.raises(ValueError):
        shop.request_exchange(DELIVERED, 4, "x", "k4")


@pytest.mark.parametrize("number", [SHIPPED, DELAYED, DELIVERED])
@pytest.mark.parametrize("line", [1, None])
def test_damage(shop: Shop, clock: Any, number: str, line: int | None) -> None:
    report = shop.report_damage(number, line, "rikki\x00 🫖", "k")
    assert (report.order_number, report.line, report.description) == (number, line, "rikki 🫖")
    clock.forward(hours=1)
    assert shop.report_damage(number, line, "rikki", "k") == report


@pytest.mark.parametrize(
    ("number", "reason"), [(PAID, "not_delivered"), (PACKED, "not_delivered"), (CANCELLED, "already_cancelled")]
)
def test_nothing_arrived_damaged(shop: Shop, number: str, reason: str) -> None:
    refused(reason, shop.report_damage, number, None, "rikki", "k")
    with pytest.raises(ValueError):
        shop.report_damage(DELIVERED, 4, "rikki", "k")


def test_invoice(shop: Shop, today: date) -> None:
    invoice = shop.invoice(DELIVERED)
    assert invoice is not None
    assert (invoice.order_number, invoice.total, invoice.vat) == (DELIVERED, euros("74.60"), euros("15.16"))
    assert invoice.url.startswith("https://") and invoice.issued_on < today
    assert shop.invoice(CANCELLED) is None and shop.invoice("109999") is None


def test_ticket(shop: Shop, clock: Any) -> None:
    wanted: dict[str, Any] = {
        "topic": "complaint",
        "reason": "asked",
        "language": "zh",
        "conversation_id": "c1",
        "transcript": "顾客: 你好\x00\nحالت چطوره\n" * 2000,
    }
    ticket = shop.open_ticket(**wanted, key="k", order_number="10 4101", email="x@example.com")
    assert ticket.status == "open" and ticket.opened_at == clock.now
    assert ticket.transcript == wanted["transcript"].replace("\x00", "")
    assert (ticket.order_number, ticket.email) == ("10 4101", "x@example.com")
    clock.forward(hours=1)
    assert shop.open_ticket(**wanted, key="k") == ticket
    other = shop.open_ticket(**wanted, key="k2")
    assert other.id != ticket.id and other.order_number is None


# What holds for all changes

CHANGES: dict[str, Callable[[Shop, str, str], Any]] = {
    "cancel": lambda shop, number, key: shop.cancel_order(number, key),
    "refund": lambda shop, number, key: shop.request_refund(number, {1: 1}, "late", euros("1"), key),
    "exchange": lambda shop, number, key: shop.request_exchange(number, 1, "x", key),
    "damage": lambda shop, number, key: shop.report_damage(number, None, "x", key),
}


@pytest.mark.parametrize("change", CHANGES)
def test_unknown_order(shop: Shop, change: str) -> None:
    with pytest.raises(OrderNotFound):
        CHANGES[change](shop, "109999", "k")
    with pytest.raises(OrderNotFound):
        shop.change_shipping_address("109999", ELSEWHERE)


@pytest.mark.parametrize("change", CHANGES)
def test_keys(shop: Shop, change: str) -> None:
    order = PAID if change == "cancel" else DELIVERED
    for senseless in ("", "k" * 201, "k\x00"):
        with pytest.raises(ValueError):
            CHANGES[change](shop, order, senseless)
    longest = "ك" * 200
    first = CHANGES[change](shop, order, longest)
    assert CHANGES[change](shop, order, longest) == first
    with pytest.raises(ValueError):
        CHANGES[change](shop, "104201" if change == "cancel" else BIG, longest)


def test_closed(shop: Shop) -> None:
    shop.close()
    with pytest.raises(ShopUnavailable):
        shop.find_order(PAID, EMAIL)


# Products


def test_products(shop: Shop) -> None:
    (tea_mug, *_) = shop.find_products("onko teillä punaisia teemukeja varastossa", "fi")
    assert (tea_mug.sku, tea_mug.category, tea_mug.price, tea_mug.stock) == ("KIT-01", "kitchen", euros("12.90"), 48)
    assert shop.find_products("what is the weather", "fi") == []
    assert len(shop.find_products("Lampe", "de", limit=1)) == 1
    assert shop.find_products("Lampe", "de", limit=0) == []


def test_popular_products(shop: Shop, clock: Any) -> None:
    popular = shop.popular_products(5)
    assert len({product.sku for product in popular}) == 5
    assert all(product.stock > 0 for product in popular)
    assert list(shop.popular_products(2)) == list(popular)[:2]
    clock.forward(days=120)
    assert shop.popular_products() == []


def test_order_of_another_language(shop: Shop) -> None:
    order: Order = shop.find_order("104503", "sara.ahmadi@example.com")
    assert order.customer_name == "سارا احمدی" and order.shipments[0].carrier == "iran_post"
    assert order.placed_at < datetime(2026, 3, 16, tzinfo=timezone.utc)
