"""The tables behind :class:`viisi.shop.sql.SqlShop`; the demo shop fills them and the migrations build them.

Two column types make SQLite and PostgreSQL agree: sums are whole hundredths, because SQLite keeps decimals as floats,
and moments go in and come out as aware UTC. A third keeps out what PostgreSQL cannot store in a text.
"""

from datetime import datetime, timezone
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.types import TypeDecorator

from viisi.shop.base import OrderStatus, RefundStatus

KEY_LENGTH = 200


class Hundredths(TypeDecorator):  # type: ignore[misc]
    """A Decimal with at most two places, kept as an integer."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: object) -> int | None:
        if value is None:
            return None
        hundredths = value.scaleb(2)
        if hundredths != int(hundredths):
            raise ValueError(f"{value} has more than two decimal places")
        return int(hundredths)

    def process_result_value(self, value: int | None, dialect: object) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-2)


class Moment(TypeDecorator):  # type: ignore[misc]
    """An aware datetime, kept and returned in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: object) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return value.astimezone(timezone.utc)

    def process_result_value(self, value: datetime | None, dialect: object) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=timezone.utc) if value.tzinfo is None else value.astimezone(timezone.utc)


class Words(TypeDecorator):  # type: ignore[misc]
    """Text as customers may send it: PostgreSQL takes neither NUL nor lone surrogates, and a chat can bring both."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: object) -> str | None:
        return None if value is None else clean(value)


def clean(text: str) -> str:
    """Drop NUL characters and replace lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def _one_of(column: str, values: type[OrderStatus] | type[RefundStatus]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(v.value) for v in values)})", name=column)


def _key() -> Column:
    return Column("key", String(KEY_LENGTH), nullable=False, unique=True)


def _order(*, unique: bool = False) -> Column:
    return Column("order_number", Text, ForeignKey("orders.number"), nullable=False, index=not unique, unique=unique)


def _of_that_order() -> ForeignKeyConstraint:
    """``line`` is a line of ``order_number``."""
    return ForeignKeyConstraint(["order_number", "line"], ["order_lines.order_number", "order_lines.number"])


products = Table(
    "products",
    metadata,
    Column("sku", Text, primary_key=True),
    Column("category", Text, nullable=False),
    Column("price", Hundredths, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("stock", Integer, CheckConstraint("stock >= 0", name="stock"), nullable=False),
    Column("restock_on", Date),
)

product_names = Table(
    "product_names",
    metadata,
    Column("sku", Text, ForeignKey("products.sku", ondelete="CASCADE"), primary_key=True),
    Column("language", Text, primary_key=True),
    Column("name", Text, nullable=False),
)

customers = Table(
    "customers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("email", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("language", Text, nullable=False),
)

orders = Table(
    "orders",
    metadata,
    Column("number", Text, primary_key=True),
    Column("customer_id", Integer, ForeignKey("customers.id"), nullable=False, index=True),
    Column("status", Text, _one_of("status", OrderStatus), nullable=False),
    Column("placed_at", Moment, nullable=False, index=True),
    Column("delivered_at", Moment),
    Column("cancelled_at", Moment),
    Column("cancel_key", String(KEY_LENGTH), unique=True),
    Column("currency", String(3), nullable=False),
    Column("shipping_fee", Hundredths, nullable=False),
    Column("ship_to_name", Words, nullable=False),
    Column("ship_to_street", Words, nullable=False),
    Column("ship_to_postal_code", Words, nullable=False),
    Column("ship_to_city", Words, nullable=False),
    Column("ship_to_country", Words, nullable=False),
)

order_lines = Table(
    "order_lines",
    metadata,
    Column("order_number", Text, ForeignKey("orders.number"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("sku", Text, ForeignKey("products.sku"), nullable=False, index=True),
    Column("quantity", Integer, CheckConstraint("quantity > 0", name="quantity"), nullable=False),
    Column("unit_price", Hundredths, nullable=False),
)

shipments = Table(
    "shipments",
    metadata,
    Column("id", Integer, primary_key=True),
    _order(),
    Column("carrier", Text, nullable=False),
    Column("tracking_number", Text, nullable=False),
    Column("shipped_at", Moment, nullable=False),
    Column("expected_on", Date, nullable=False),
    Column("place", Text),
    Column("scanned_at", Moment),
    Column("delivered_at", Moment),
)

invoices = Table(
    "invoices",
    metadata,
    Column("number", Text, primary_key=True),
    _order(unique=True),
    Column("issued_on", Date, nullable=False),
    Column("total", Hundredths, nullable=False),
    Column("vat", Hundredths, nullable=False),
    Column("url", Text, nullable=False),
)

refunds = Table(
    "refunds",
    metadata,
    Column("id", Integer, primary_key=True),
    _key(),
    _order(),
    Column("reason", Text, nullable=False),
    Column("amount", Hundredths, CheckConstraint("amount > 0", name="amount"), nullable=False),
    Column("status", Text, _one_of("status", RefundStatus), nullable=False),
    Column("requested_at", Moment, nullable=False),
    Column("paid_at", Moment),
)

refund_lines = Table(
    "refund_lines",
    metadata,
    Column("refund_id", Integer, ForeignKey("refunds.id"), primary_key=True),
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("quantity", Integer, CheckConstraint("quantity > 0", name="quantity"), nullable=False),
)

exchanges = Table(
    "exchanges",
    metadata,
    Column("id", Integer, primary_key=True),
    _key(),
    _order(),
    Column("line", Integer, nullable=False),
    Column("wish", Words, nullable=False),
    Column("requested_at", Moment, nullable=False),
    _of_that_order(),
)

damage_reports = Table(
    "damage_reports",
    metadata,
    Column("id", Integer, primary_key=True),
    _key(),
    _order(),
    Column("line", Integer),
    Column("description", Words, nullable=False),
    Column("reported_at", Moment, nullable=False),
    _of_that_order(),
)

# No foreign key to orders: a customer may give a number that does not exist, and a person should see it.
tickets = Table(
    "tickets",
    metadata,
    Column("id", Integer, primary_key=True),
    _key(),
    Column("topic", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("conversation_id", Words, nullable=False),
    Column("transcript", Words, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("order_number", Words),
    Column("email", Words),
    Column("status", Text, nullable=False),
)

# No foreign key here either: numbers that do not exist are counted too, so that both answer alike.
lookup_misses = Table(
    "lookup_misses",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("order_number", Words, nullable=False),
    Column("missed_at", Moment, nullable=False),
    Index(None, "order_number", "missed_at"),
)
