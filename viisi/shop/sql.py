"""The shop in Viisi's own tables, on SQLite or PostgreSQL by URL alone.

Actions use it through the contract in ``base.py``. It never makes tables: ``viisi.shop.migrations.migrate`` does.

Every change runs in one transaction that holds the order's row, so two changes of one order never overlap; every
change that takes a key also waits for any other with the same key, so the second finds what the first made.
"""

import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta, timezone

from sqlalchemy import Table, delete, func, insert, select, update
from sqlalchemy.engine import Connection, Row

from viisi.errors import LookupsBlocked, NotAllowed, OrderNotFound
from viisi.shop.base import (
    REFUND_REASONS,
    Address,
    DamageReport,
    Exchange,
    Invoice,
    Money,
    Order,
    OrderLine,
    OrderStatus,
    Product,
    Refund,
    RefundStatus,
    Shipment,
    Shop,
    Ticket,
)
from viisi.shop.database import LOCK_TIMEOUT, Database
from viisi.shop.products import ProductIndex
from viisi.shop.tables import (
    KEY_LENGTH,
    clean,
    customers,
    damage_reports,
    exchanges,
    invoices,
    lookup_misses,
    order_lines,
    orders,
    product_names,
    products,
    refund_lines,
    refunds,
    shipments,
    tickets,
)

MISSES_ALLOWED = 5
MISS_WINDOW = timedelta(hours=1)
POPULARITY_WINDOW = timedelta(days=90)
NAMES_KEPT = timedelta(minutes=1)

_CANCELLED = {OrderStatus.CANCELLED: "already_cancelled"}
_SENT = {
    OrderStatus.SHIPPED: "already_shipped",
    OrderStatus.DELAYED: "already_shipped",
    OrderStatus.DELIVERED: "already_delivered",
}
_UNSENT = {OrderStatus.PAID: "not_delivered", OrderStatus.PACKED: "not_delivered"}
_UNDERWAY = {OrderStatus.SHIPPED: "not_delivered", OrderStatus.DELAYED: "not_delivered"}

# What forbids a change, by the order's status.
FORBIDS_CANCELLING = {OrderStatus.PACKED: "already_packed", **_SENT, **_CANCELLED}
FORBIDS_READDRESSING = {**_SENT, **_CANCELLED}
FORBIDS_RETURNING = {**_UNSENT, **_UNDERWAY, **_CANCELLED}
FORBIDS_DAMAGE = {**_UNSENT, **_CANCELLED}


def utc_now() -> datetime:
    """The present moment, aware and in UTC."""
    return datetime.now(timezone.utc)


class SqlShop(Shop):
    """A :class:`Shop` in a :class:`Database`; ``clock`` says what time it is."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._clock = clock
        self._names: tuple[datetime, ProductIndex] | None = None

    @classmethod
    def from_url(cls, url: str, *, clock: Callable[[], datetime] = utc_now, lock_timeout: float = LOCK_TIMEOUT) -> "SqlShop":
        """The shop at ``url``, opened by the first call. Raises ConfigurationError on an unusable URL."""
        return cls(Database(url, lock_timeout=lock_timeout), clock=clock)

    def find_order(self, number: str, email: str) -> Order:
        number = clean(number).strip()
        # One lookup of a number at a time, or guesses sent in parallel would all pass before the first miss is counted.
        with self._database.write(f"lookup {number}") as connection:
            since = self._clock() - MISS_WINDOW
            misses = connection.scalar(
                select(func.count()).where(lookup_misses.c.order_number == number, lookup_misses.c.missed_at > since)
            )
            stored = connection.scalar(
                select(customers.c.email).join(orders, orders.c.customer_id == customers.c.id).where(orders.c.number == number)
            )
            matches = _same_email(email, stored or "") and stored is not None
            if misses < MISSES_ALLOWED and not matches:
                misses += 1
                of_number = lookup_misses.c.order_number == number
                connection.execute(delete(lookup_misses).where(of_number, lookup_misses.c.missed_at <= since))
                connection.execute(insert(lookup_misses).values(order_number=number, missed_at=self._clock()))
        if misses >= MISSES_ALLOWED:
            raise LookupsBlocked(f"order {number}: {MISSES_ALLOWED} misses within {MISS_WINDOW}; wait or ask a person")
        if not matches:
            raise OrderNotFound(f"no order {number} with this e-mail")
        with self._database.read() as connection:
            return _order(connection, number)

    def cancel_order(self, number: str, key: str) -> Order:
        with self._keyed(key) as connection:
            order = _held_order(connection, number)
            cancelled_before = connection.scalar(select(orders.c.number).where(orders.c.cancel_key == key))
            if cancelled_before is not None:
                _check_key_owner(key, cancelled_before, number)
                return order
            _check_status(order, FORBIDS_CANCELLING)
            _change(connection, number, status=OrderStatus.CANCELLED.value, cancelled_at=self._clock(), cancel_key=key)
            return _order(connection, number)

    def change_shipping_address(self, number: str, address: Address) -> Order:
        with self._database.write() as connection:
            _check_status(_held_order(connection, number), FORBIDS_READDRESSING)
            _change(
                connection,
                number,
                ship_to_name=address.name,
                ship_to_street=address.street,
                ship_to_postal_code=address.postal_code,
                ship_to_city=address.city,
                ship_to_country=address.country,
            )
            return _order(connection, number)

    def request_refund(self, number: str, lines: Mapping[int, int], reason: str, amount: Money, key: str) -> Refund:
        _check_refund(lines, reason, amount)
        with self._keyed(key) as connection:
            order = _held_order(connection, number)
            made = _made_before(connection, refunds, key, number)
            if made:
                return _refund(connection, made)
            quantities_left = {line.number: line.quantity - line.refunded for line in order.lines}
            _check_lines(order, lines)
            if amount.currency != order.total.currency:
                raise ValueError(f"order {number} was paid in {order.total.currency}, not {amount.currency}")
            _check_status(order, FORBIDS_RETURNING)
            if any(quantity > quantities_left[line] for line, quantity in lines.items()):
                raise NotAllowed("already_refunded", f"order {number}: of {dict(lines)} only {quantities_left} is left")
            before = [r.amount.amount for r in _refunds(connection, number) if r.status is not RefundStatus.REJECTED]
            if sum(before) + amount.amount > order.total.amount:
                raise NotAllowed("amount_too_high", f"order {number}: {amount} is more than is left of {order.total}")
            refund = _insert(
                connection,
                refunds,
                key=key,
                order_number=number,
                reason=reason,
                amount=amount.amount,
                status=RefundStatus.REQUESTED.value,
                requested_at=self._clock(),
            )
            rows = [{"refund_id": refund.id, "line": line, "quantity": count} for line, count in lines.items()]
            connection.execute(insert(refund_lines), rows)
            return _refund(connection, refund)

    def refunds(self, number: str) -> Sequence[Refund]:
        with self._database.read() as connection:
            return _refunds(connection, number)

    def request_exchange(self, number: str, line: int, wish: str, key: str) -> Exchange:
        with self._keyed(key) as connection:
            order = _held_order(connection, number)
            made = _made_before(connection, exchanges, key, number)
            if made is None:
                _check_lines(order, [line])
                _check_status(order, FORBIDS_RETURNING)
                if any(bought.number == line and bought.refunded >= bought.quantity for bought in order.lines):
                    raise NotAllowed("already_refunded", f"order {number}: line {line} is refunded")
                made = _insert(
                    connection,
                    exchanges,
                    key=key,
                    order_number=number,
                    line=line,
                    wish=wish,
                    requested_at=self._clock(),
                )
            return Exchange(made.id, made.order_number, made.line, made.wish, made.requested_at)

    def report_damage(self, number: str, line: int | None, description: str, key: str) -> DamageReport:
        with self._keyed(key) as connection:
            order = _held_order(connection, number)
            made = _made_before(connection, damage_reports, key, number)
            if made is None:
                _check_lines(order, [] if line is None else [line])
                _check_status(order, FORBIDS_DAMAGE)
                made = _insert(
                    connection,
                    damage_reports,
                    key=key,
                    order_number=number,
                    line=line,
                    description=description,
                    reported_at=self._clock(),
                )
            return DamageReport(made.id, made.order_number, made.line, made.description, made.reported_at)

    def invoice(self, number: str) -> Invoice | None:
        # An order cancelled here keeps its invoice's row for the books, but there is nothing left to pay or download.
        with self._database.read() as connection:
            row = connection.execute(
                select(invoices, orders.c.currency)
                .join(orders)
                .where(orders.c.number == number, orders.c.status != OrderStatus.CANCELLED.value)
            ).one_or_none()
        if row is None:
            return None
        total, vat = Money(row.total, row.currency), Money(row.vat, row.currency)
        return Invoice(row.number, row.order_number, row.issued_on, total, vat, row.url)

    def find_products(self, text: str, language: str, limit: int = 5) -> Sequence[Product]:
        with self._database.read() as connection:
            skus = self._index(connection).find(text, language)[: max(limit, 0)]
            return list(_products(connection, skus).values())

    def popular_products(self, limit: int = 3) -> Sequence[Product]:
        wanted_by = func.count(order_lines.c.order_number.distinct())
        with self._database.read() as connection:
            skus = connection.scalars(
                select(products.c.sku)
                .join(order_lines, order_lines.c.sku == products.c.sku)
                .join(orders, orders.c.number == order_lines.c.order_number)
                .where(
                    products.c.stock > 0,
                    orders.c.placed_at > self._clock() - POPULARITY_WINDOW,
                    orders.c.status != OrderStatus.CANCELLED.value,
                )
                .group_by(products.c.sku)
                .order_by(wanted_by.desc(), products.c.sku)
                .limit(max(limit, 0))
            ).all()
            return list(_products(connection, skus).values())

    def open_ticket(
        self,
        *,
        topic: str,
        reason: str,
        language: str,
        conversation_id: str,
        transcript: str,
        key: str,
        order_number: str | None = None,
        email: str | None = None,
    ) -> Ticket:
        with self._keyed(key) as connection:
            ticket = connection.execute(select(tickets).where(tickets.c.key == key)).one_or_none() or _insert(
                connection,
                tickets,
                key=key,
                topic=topic,
                reason=reason,
                language=language,
                conversation_id=conversation_id,
                transcript=transcript,
                opened_at=self._clock(),
                order_number=order_number,
                email=email,
                status="open",
            )
            return _ticket(ticket)

    def set_ticket_email(self, ticket_id: int, email: str) -> Ticket:
        with self._database.write() as connection:
            connection.execute(update(tickets).where(tickets.c.id == ticket_id).values(email=email))
            ticket = connection.execute(select(tickets).where(tickets.c.id == ticket_id)).one_or_none()
            if ticket is None:
                raise ValueError(f"no ticket {ticket_id}")
            return _ticket(ticket)

    def close(self) -> None:
        self._database.close()

    def _keyed(self, key: str) -> AbstractContextManager[Connection]:
        """A write that waits for any other with the same key."""
        if not key or len(key) > KEY_LENGTH or clean(key) != key:
            raise ValueError(f"the key {key[:20]!r} is not plain text of 1 to {KEY_LENGTH} characters")
        return self._database.write(f"key {key}")

    def _index(self, connection: Connection) -> ProductIndex:
        """The names as they were at most a minute ago: reading all of them each time would be slow in a big shop."""
        now = self._clock()
        if self._names is None or now - self._names[0] > NAMES_KEPT:
            rows = connection.execute(select(product_names.c.sku, product_names.c.language, product_names.c.name))
            self._names = now, ProductIndex(rows.all())
        return self._names[1]


def _same_email(left: str, right: str) -> bool:
    """Compare in a time that does not tell how much was right."""
    prepared = (clean(email).strip().casefold().encode() for email in (left, right))
    return hmac.compare_digest(*prepared)


def _check_refund(lines: Mapping[int, int], reason: str, amount: Money) -> None:
    if not lines:
        raise ValueError("no lines to refund")
    if any(quantity < 1 for quantity in lines.values()):
        raise ValueError(f"a quantity under 1 in {dict(lines)}")
    if reason not in REFUND_REASONS:
        raise ValueError(f"the reason {reason!r} is none of {', '.join(REFUND_REASONS)}")
    if not amount.amount.is_finite() or amount.amount <= 0:
        raise ValueError(f"the amount {amount.amount} is not above zero")
    if amount.amount != round(amount.amount, 2):
        raise ValueError(f"the amount {amount.amount} has more than two decimal places")


def _check_lines(order: Order, lines: Iterable[int]) -> None:
    unknown = set(lines) - {line.number for line in order.lines}
    if unknown:
        raise ValueError(f"order {order.number} has no line {', '.join(map(str, sorted(unknown)))}")


def _check_status(order: Order, forbidding: Mapping[OrderStatus, str]) -> None:
    if order.status in forbidding:
        raise NotAllowed(forbidding[order.status], f"order {order.number} is {order.status.value}")


def _insert(connection: Connection, table: Table, **values: object) -> Row:
    """Add a row; it comes back as the database keeps it, so that a repeated call gets the very same."""
    (number,) = connection.execute(insert(table).values(**values)).inserted_primary_key
    return connection.execute(select(table).where(table.c.id == number)).one()


def _made_before(connection: Connection, table: Table, key: str, number: str) -> Row | None:
    row = connection.execute(select(table).where(table.c.key == key)).one_or_none()
    if row is not None:
        _check_key_owner(key, row.order_number, number)
    return row


def _check_key_owner(key: str, owner: str, number: str) -> None:
    if owner != number:
        raise ValueError(f"the key {key!r} belongs to order {owner}, not to {number}")


def _change(connection: Connection, number: str, **values: object) -> None:
    connection.execute(update(orders).where(orders.c.number == number).values(**values))


def _held_order(connection: Connection, number: str) -> Order:
    """The order, its row locked until the transaction ends (SQLite leaves out FOR UPDATE: the whole file is held)."""
    connection.execute(select(orders.c.number).where(orders.c.number == number).with_for_update())
    return _order(connection, number)


def _order(connection: Connection, number: str) -> Order:
    row = connection.execute(
        select(orders, customers.c.email, customers.c.name).join(customers).where(orders.c.number == number)
    ).one_or_none()
    if row is None:
        raise OrderNotFound(f"no order {number}")
    lines = _order_lines(connection, row)
    fee = Money(row.shipping_fee, row.currency)
    return Order(
        number=row.number,
        email=row.email,
        customer_name=row.name,
        status=OrderStatus(row.status),
        placed_at=row.placed_at,
        lines=lines,
        shipping_fee=fee,
        total=sum((line.unit_price * line.quantity for line in lines), fee),
        shipping_address=Address(
            row.ship_to_name, row.ship_to_street, row.ship_to_postal_code, row.ship_to_city, row.ship_to_country
        ),
        shipments=_shipments(connection, number),
        delivered_at=row.delivered_at,
        cancelled_at=row.cancelled_at,
    )


def _order_lines(connection: Connection, order: Row) -> tuple[OrderLine, ...]:
    rows = connection.execute(
        select(order_lines).where(order_lines.c.order_number == order.number).order_by(order_lines.c.number)
    ).all()
    bought = _products(connection, [row.sku for row in rows])
    refunded = dict.fromkeys((row.number for row in rows), 0)
    for refund in _refunds(connection, order.number):
        if refund.status is not RefundStatus.REJECTED:
            for line, quantity in refund.lines.items():
                refunded[line] += quantity
    return tuple(
        OrderLine(row.number, bought[row.sku], row.quantity, Money(row.unit_price, order.currency), refunded[row.number])
        for row in rows
    )


def _shipments(connection: Connection, number: str) -> tuple[Shipment, ...]:
    rows = connection.execute(
        select(shipments).where(shipments.c.order_number == number).order_by(shipments.c.shipped_at, shipments.c.id)
    )
    return tuple(
        Shipment(
            row.carrier,
            row.tracking_number,
            row.shipped_at,
            row.expected_on,
            row.place,
            row.scanned_at,
            row.delivered_at,
        )
        for row in rows
    )


def _refunds(connection: Connection, number: str) -> list[Refund]:
    rows = connection.execute(
        select(refunds).where(refunds.c.order_number == number).order_by(refunds.c.requested_at.desc(), refunds.c.id.desc())
    ).all()
    return [_refund(connection, row) for row in rows]


def _refund(connection: Connection, row: Row) -> Refund:
    lines = connection.execute(
        select(refund_lines.c.line, refund_lines.c.quantity)
        .where(refund_lines.c.refund_id == row.id)
        .order_by(refund_lines.c.line)
    )
    currency = connection.scalar(select(orders.c.currency).where(orders.c.number == row.order_number))
    return Refund(
        id=row.id,
        order_number=row.order_number,
        lines={line: quantity for line, quantity in lines},
        reason=row.reason,
        amount=Money(row.amount, currency),
        status=RefundStatus(row.status),
        requested_at=row.requested_at,
        paid_at=row.paid_at,
    )


def _ticket(row: Row) -> Ticket:
    return Ticket(**{name: value for name, value in row._mapping.items() if name != "key"})


def _products(connection: Connection, skus: Sequence[str]) -> dict[str, Product]:
    """The products by article number, in the order asked for."""
    names: dict[str, dict[str, str]] = {sku: {} for sku in skus}
    for row in connection.execute(select(product_names).where(product_names.c.sku.in_(skus))):
        names[row.sku][row.language] = row.name
    rows = {row.sku: row for row in connection.execute(select(products).where(products.c.sku.in_(skus)))}
    return {
        sku: Product(sku, names[sku], row.category, Money(row.price, row.currency), row.stock, row.restock_on)
        for sku in skus
        if (row := rows.get(sku))
    }
