"""The contract between Viisi and a shop's backend, and the records that pass through it.

Actions ask a :class:`Shop` and nothing else about orders, products and tickets. ``sql.py`` beside this file is the
adapter to Viisi's own tables; another backend is another file here. One suite, ``tests/shop/test_contract.py``, runs
against each.

Conventions: money is :class:`Money` (``Decimal`` with an ISO 4217 currency), moments are timezone-aware UTC
``datetime``, days are ``date`` in the shop's time zone, languages and countries are BCP 47 tags and ISO 3166 codes.
Records are frozen: what a method returns is a picture of the moment it returned.

Every method may raise :class:`viisi.errors.ShopUnavailable`; then nothing was written. Methods block; callers that
run in an event loop put them into a thread.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum


@dataclass(frozen=True)
class Money:
    """An amount in a currency: ``Money(Decimal("12.50"), "EUR")``."""

    amount: Decimal
    currency: str

    def __add__(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        return Money(self.amount + other.amount, self.currency)

    def __mul__(self, quantity: int) -> "Money":
        return Money(self.amount * quantity, self.currency)


class OrderStatus(str, Enum):
    """Where an order stands; ``DELAYED`` is shipped, and later than promised."""

    PAID = "paid"
    PACKED = "packed"
    SHIPPED = "shipped"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


class RefundStatus(str, Enum):
    """``REQUESTED`` waits for the goods, ``APPROVED`` for the bank, ``PAID`` is done."""

    REQUESTED = "requested"
    APPROVED = "approved"
    PAID = "paid"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Address:
    """A postal address; ``lines`` is street and house number as the post wants them."""

    name: str
    street: str
    postal_code: str
    city: str
    country: str


@dataclass(frozen=True)
class Product:
    """An article. ``names`` maps fi, nl, de, zh, fa to its name; ``restock_on`` is set if stock is 0 and more comes."""

    sku: str
    names: Mapping[str, str]
    category: str
    price: Money
    stock: int
    restock_on: date | None = None


@dataclass(frozen=True)
class OrderLine:
    """One line of an order. ``number`` counts from 1 in the order; ``refunded`` is the quantity in refunds so far."""

    number: int
    product: Product
    quantity: int
    unit_price: Money
    refunded: int = 0


@dataclass(frozen=True)
class Shipment:
    """A parcel on its way; ``place`` is the last place it was scanned at, as the carrier writes it."""

    carrier: str
    tracking_number: str
    shipped_at: datetime
    expected_on: date
    place: str | None = None
    scanned_at: datetime | None = None
    delivered_at: datetime | None = None


@dataclass(frozen=True)
class Order:
    """An order with all that hangs on it."""

    number: str
    email: str
    customer_name: str
    status: OrderStatus
    placed_at: datetime
    lines: tuple[OrderLine, ...]
    shipping_fee: Money
    total: Money
    shipping_address: Address
    shipments: tuple[Shipment, ...] = ()
    delivered_at: datetime | None = None
    cancelled_at: datetime | None = None


@dataclass(frozen=True)
class Refund:
    """Money on its way back. ``lines`` maps line numbers to quantities; ``reason`` is one of :data:`REFUND_REASONS`."""

    id: int
    order_number: str
    lines: Mapping[int, int]
    reason: str
    amount: Money
    status: RefundStatus
    requested_at: datetime
    paid_at: datetime | None = None


REFUND_REASONS = ("changed_mind", "wrong_size", "damaged", "wrong_item", "late", "not_as_described", "other")


@dataclass(frozen=True)
class Exchange:
    """A wish to have a delivered line replaced; ``wish`` is in the customer's own words."""

    id: int
    order_number: str
    line: int
    wish: str
    requested_at: datetime


@dataclass(frozen=True)
class DamageReport:
    """Something arrived broken, incomplete or wrong; ``description`` is in the customer's own words."""

    id: int
    order_number: str
    line: int | None
    description: str
    reported_at: datetime


@dataclass(frozen=True)
class Invoice:
    """The invoice of an order; ``url`` is where the customer downloads it."""

    number: str
    order_number: str
    issued_on: date
    total: Money
    vat: Money
    url: str


@dataclass(frozen=True)
class Ticket:
    """A request that a person must answer."""

    id: int
    topic: str
    reason: str
    language: str
    conversation_id: str
    transcript: str
    opened_at: datetime
    order_number: str | None = None
    email: str | None = None
    status: str = "open"


class Shop(ABC):
    """What Viisi asks of a shop's backend.

    Example::

        shop = SqlShop.from_url("sqlite:///var/shop.db")
        order = shop.find_order("104103", "aino.virtanen@example.com")
        price = order.lines[0].unit_price
        refund = shop.request_refund(order.number, {1: 1}, "changed_mind", price, key="c1:104103:1")

    A ``key`` is an idempotency key of 1 to 200 characters; an empty or longer one, and one that another order's change
    used before, is a ValueError. An unknown line is a ValueError too. Whatever changes an order raises OrderNotFound
    for an unknown number.
    """

    @abstractmethod
    def find_order(self, number: str, email: str) -> Order:
        """The order with this number if ``email`` is the one it was placed with (case and outer spaces do not count).

        A miss is recorded against the number. Raises OrderNotFound alike for an unknown number and for a wrong
        e-mail, and LookupsBlocked from the fifth miss on the number within the last hour: the fifth itself, and then
        any lookup, even with the right e-mail, until an earlier miss is an hour old. Blocked lookups are not counted.
        """

    @abstractmethod
    def cancel_order(self, number: str, key: str) -> Order:
        """Cancel a paid order that is not packed yet; the cancelled order comes back.

        Repeating it with the same ``key`` returns the order again.
        Raises NotAllowed with reason ``already_packed``, ``already_shipped``, ``already_delivered``,
        ``already_cancelled``.
        """

    @abstractmethod
    def change_shipping_address(self, number: str, address: Address) -> Order:
        """Send a paid or packed order elsewhere; the changed order comes back.

        Raises NotAllowed with reason ``already_shipped``, ``already_delivered``, ``already_cancelled``.
        """

    @abstractmethod
    def request_refund(self, number: str, lines: Mapping[int, int], reason: str, amount: Money, key: str) -> Refund:
        """Register a refund of ``lines`` (line number to quantity) exactly once.

        The same ``key`` returns the refund it made before. Raises NotAllowed with reason ``already_refunded`` when a
        line has less left than is asked for, ``not_delivered``, ``already_cancelled``, or ``amount_too_high`` when
        ``amount`` is more than was paid and not yet refunded; ValueError on an unknown line, a quantity under 1, no
        lines, an unknown reason, an amount of zero or less or one in another currency.
        """

    @abstractmethod
    def refunds(self, number: str) -> Sequence[Refund]:
        """All refunds of the order, the newest first."""

    @abstractmethod
    def request_exchange(self, number: str, line: int, wish: str, key: str) -> Exchange:
        """Register the wish to replace a delivered line, once per ``key``.

        Raises NotAllowed with reason ``not_delivered``, ``already_cancelled``, ``already_refunded``.
        """

    @abstractmethod
    def report_damage(self, number: str, line: int | None, description: str, key: str) -> DamageReport:
        """Register that something arrived damaged, once per ``key``; ``line`` None means the whole parcel.

        Raises NotAllowed with reason ``not_delivered`` (a shipped or delayed order may be reported: people open
        parcels before the carrier says delivered) and ``already_cancelled``.
        """

    @abstractmethod
    def invoice(self, number: str) -> Invoice | None:
        """The order's invoice, or None where none has been issued (a cancelled order)."""

    @abstractmethod
    def find_products(self, text: str, language: str, limit: int = 5) -> Sequence[Product]:
        """Products that ``text`` may name, the best first; an empty list is an honest answer.

        ``text`` may be a whole sentence, with typos, inflected words and any word order, in any of the five languages;
        ``language`` is tried first.
        """

    @abstractmethod
    def popular_products(self, limit: int = 3) -> Sequence[Product]:
        """The products in stock that most orders of the last 90 days contain, the most wanted first."""

    @abstractmethod
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
        """Keep a request for a person, once per ``key``. ``topic`` is a label, ``reason`` a code, the rest is text."""

    @abstractmethod
    def set_ticket_email(self, ticket_id: int, email: str) -> Ticket:
        """Note where the answer to a ticket goes; the changed ticket comes back. Raises ValueError for an unknown ticket."""

    @abstractmethod
    def close(self) -> None:
        """Give back connections; the shop cannot be used afterwards."""
