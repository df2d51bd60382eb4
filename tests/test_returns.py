"""The return policy: never more than was paid, never anything twice, and days that begin where the shop is."""

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viisi.facts import read_facts
from viisi.returns import open_lines, quantities, refund_amount, returnable
from viisi.shop.base import Address, Money, Order, OrderLine, OrderStatus, Product

FACTS = read_facts()
DELIVERED = datetime(2026, 3, 10, 12, tzinfo=timezone.utc)


def euro(amount: object) -> Money:
    return Money(Decimal(str(amount)), "EUR")


def order(*lines: OrderLine, fee: object = "4.90", status: OrderStatus = OrderStatus.DELIVERED, delivered=DELIVERED) -> Order:
    total = sum((line.unit_price.amount * line.quantity for line in lines), Decimal(str(fee)))
    return Order(
        number="104233",
        email="a@example.com",
        customer_name="A",
        status=status,
        placed_at=DELIVERED - timedelta(days=4),
        lines=lines,
        shipping_fee=euro(fee),
        total=euro(total),
        shipping_address=Address("A", "B 1", "00100", "C", "FI"),
        delivered_at=delivered,
    )


def line(number: int, quantity: int = 1, price: object = "10.00", refunded: int = 0) -> OrderLine:
    return OrderLine(number, Product(f"S-{number}", {"fi": "Muki"}, "kitchen", euro(price), 5), quantity, euro(price), refunded)


@pytest.mark.parametrize(
    ("status", "refusal"),
    [
        (OrderStatus.PAID, "not_delivered"),
        (OrderStatus.PACKED, "not_delivered"),
        (OrderStatus.SHIPPED, "not_delivered"),
        (OrderStatus.DELAYED, "not_delivered"),
        (OrderStatus.DELIVERED, None),
        (OrderStatus.CANCELLED, "already_cancelled"),
    ],
)
def test_status(status, refusal):
    assert returnable(order(line(1), status=status), FACTS, DELIVERED).refusal == refusal


def test_delivered_without_a_day_of_delivery():
    assert returnable(order(line(1), delivered=None), FACTS, DELIVERED).refusal == "not_delivered"


def test_what_is_refunded_whole_is_not_returnable():
    assert returnable(order(line(1, 2, refunded=2)), FACTS, DELIVERED).refusal == "already_refunded"
    assert returnable(order(line(1, 2, refunded=1)), FACTS, DELIVERED).refusal is None


# Delivered, asked, whether it is too late. Helsinki is two hours ahead of UTC in winter, three in summer.
WINDOWS = [
    ("2026-11-01T12:00", "2026-12-01T21:59:59", False),  # the thirtieth day, 23:59:59 in Helsinki
    ("2026-11-01T12:00", "2026-12-01T22:00:00", True),
    ("2026-11-01T21:59:59", "2026-12-01T21:59:59", False),
    ("2026-11-01T22:00:00", "2026-12-02T21:59:59", False),  # delivered on the 2nd there
    ("2026-11-01T22:00:00", "2026-12-02T22:00:00", True),
    ("2026-03-01T12:00", "2026-03-31T20:59:59", False),  # clocks went forward in between
    ("2026-03-01T12:00", "2026-03-31T21:00:00", True),
    ("2026-11-01T12:00", "2026-11-01T12:00", False),
]


@pytest.mark.parametrize(("delivered", "now", "over"), WINDOWS)
def test_the_last_day_counts_in_full_where_the_shop_is(delivered, now, over):
    moments = [datetime.fromisoformat(text).replace(tzinfo=timezone.utc) for text in (delivered, now)]
    decision = returnable(order(line(1), delivered=moments[0]), FACTS, moments[1])
    assert (decision.refusal == "window_over") == over
    assert decision.last_day == moments[0].astimezone(FACTS.zone).date() + timedelta(days=30)


def test_another_zone_has_another_last_day():
    delivered = datetime(2026, 11, 1, 23, tzinfo=timezone.utc)
    lima = replace(FACTS, hours=replace(FACTS.hours, zone=ZoneInfo("America/Lima")))
    assert returnable(order(line(1), delivered=delivered), lima, delivered).last_day == date(2026, 12, 1)
    assert returnable(order(line(1), delivered=delivered), FACTS, delivered).last_day == date(2026, 12, 2)


def test_a_window_of_no_days_ends_with_the_day_of_delivery():
    facts = replace(FACTS, return_window_days=0)
    assert returnable(order(line(1)), facts, DELIVERED).refusal is None
    assert returnable(order(line(1)), facts, DELIVERED + timedelta(days=1)).refusal == "window_over"


@pytest.mark.parametrize(
    ("lines", "chosen", "amount"),
    [
        ([line(1)], {1: 1}, "14.90"),  # all of it, and the fee
        ([line(1), line(2, 2, "5.00")], {1: 1, 2: 2}, "24.90"),
        ([line(1), line(2, 2, "5.00")], {1: 1, 2: 1}, "15.00"),  # one is kept
        ([line(1), line(2, 2, "5.00")], {2: 2}, "10.00"),
        ([line(1), line(2, refunded=1)], {1: 1}, "10.00"),  # the rest, but not at once
        ([line(1, 2, refunded=1)], {1: 2}, "20.00"),  # more than is left: no fee; the shop itself refuses it
        ([line(1)], {}, "0.00"),
    ],
)
def test_refund_amount(lines, chosen, amount):
    assert refund_amount(order(*lines), chosen) == euro(amount)


def test_open_lines_and_what_is_left_of_them():
    some = order(line(1, 3, refunded=1), line(2, refunded=1), line(3))
    assert [one.number for one in open_lines(some)] == [1, 3]
    assert quantities(some, [1, 2, 3, 9]) == {1: 2, 3: 1}
    assert quantities(some, []) == {}


prices = st.decimals("0.01", "500", places=2)
bought = st.lists(st.tuples(st.integers(1, 5), prices), min_size=1, max_size=5)
fees = st.decimals(0, 30, places=2)


@given(bought, fees, st.lists(st.lists(st.integers(1, 5), max_size=5), max_size=6))
def test_never_more_than_was_paid_and_nothing_twice(wanted, fee, attempts):
    """Refund after refund, whatever lines are asked for: the shop keeps its own, the customer gets what is theirs."""
    now = order(*(line(number, quantity, price) for number, (quantity, price) in enumerate(wanted, 1)), fee=fee)
    paid_back = Decimal(0)
    for numbers in attempts:
        chosen = quantities(now, numbers)
        assert all(count > 0 for count in chosen.values()) and set(chosen) <= set(numbers)
        paid_back += refund_amount(now, chosen).amount
        lines = tuple(replace(one, refunded=one.refunded + chosen.get(one.number, 0)) for one in now.lines)
        assert all(one.refunded <= one.quantity for one in lines)
        now = replace(now, lines=lines)
        assert paid_back <= now.total.amount
    if returnable(now, FACTS, DELIVERED).refusal == "already_refunded":
        goods = now.total.amount - now.shipping_fee.amount
        assert paid_back in (goods, now.total.amount)
        assert quantities(now, range(1, 6)) == {}


@given(bought, fees)
def test_all_at_once_brings_back_all(wanted, fee):
    whole = order(*(line(number, quantity, price) for number, (quantity, price) in enumerate(wanted, 1)), fee=fee)
    assert refund_amount(whole, quantities(whole, range(1, 6))) == whole.total
