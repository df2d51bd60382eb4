"""What the return policy allows: pure functions of order, facts and day; asked by the actions before anything is written."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from viisi.facts import Facts
from viisi.shop.base import Money, Order, OrderLine, OrderStatus


@dataclass(frozen=True)
class Return:
    """Whether an order may be returned. ``refusal`` is None or a stable code; ``last_day`` is in the shop's time zone."""

    refusal: str | None
    last_day: date | None = None


def day(moment: datetime, zone: ZoneInfo) -> date:
    """The shop's day at a moment."""
    return moment.astimezone(zone).date()


def returnable(order: Order, facts: Facts, now: datetime) -> Return:
    """Whether ``order`` may go back at ``now``: delivered, inside the window, something left. The last day counts in full."""
    if order.status is OrderStatus.CANCELLED:
        return Return("already_cancelled")
    if order.status is not OrderStatus.DELIVERED or order.delivered_at is None:
        return Return("not_delivered")
    if not open_lines(order):
        return Return("already_refunded")
    last_day = day(order.delivered_at, facts.zone) + timedelta(days=facts.return_window_days)
    return Return("window_over" if day(now, facts.zone) > last_day else None, last_day)


def open_lines(order: Order) -> list[OrderLine]:
    """The lines of which something has not been refunded yet."""
    return [line for line in order.lines if line.quantity > line.refunded]


def quantities(order: Order, numbers: Collection[int]) -> dict[int, int]:
    """Line number to the quantity that is left, of the lines chosen."""
    return {line.number: line.quantity - line.refunded for line in open_lines(order) if line.number in numbers}


def refund_amount(order: Order, lines: Mapping[int, int]) -> Money:
    """What comes back for ``lines`` (number to quantity). The delivery fee comes back when the whole order does, at once."""
    amount = Money(Decimal(0), order.total.currency)
    for line in order.lines:
        amount += line.unit_price * lines.get(line.number, 0)
    whole = all(line.refunded == 0 and lines.get(line.number, 0) == line.quantity for line in order.lines)
    return amount + order.shipping_fee if whole else amount
