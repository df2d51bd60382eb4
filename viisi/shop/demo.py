"""The demo shop: ``demo.yml`` made into orders around a day, the same ones for the same day, whenever it is run.

``python -m viisi.shop.demo`` makes the tables and fills them; documentation, tests and benchmarks use its showcase
orders. Fees, carriers and the time zone are those of ``shop.yml``.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import Table, delete, func, insert, select
from sqlalchemy.engine import Connection

from viisi.errors import ConfigurationError, ViisiError
from viisi.facts import Delivery, Facts, read_facts
from viisi.languages import read_yaml
from viisi.settings import Settings
from viisi.shop import tables
from viisi.shop.base import REFUND_REASONS, OrderStatus, RefundStatus
from viisi.shop.database import Database
from viisi.shop.migrations import migrate

FILE = Path(__file__).with_name("demo.yml")
SEED = 5
ORDERS_AT_RANDOM = 190
OLDEST = 200  # days
CENT = Decimal("0.01")

Record = dict[str, Any]


class DemoShop:
    """What goes into the tables: ``products``, ``customers``, and ``orders`` with all that hangs on them."""

    def __init__(self, today: date, facts: Facts) -> None:
        content = read_yaml(FILE)
        self._today, self._facts, self._content = today, facts, content
        self._random = Random(SEED)
        self._prices = {product["sku"]: Decimal(str(product["price"])) for product in content["products"]}
        self.products = [self._product(dict(product)) for product in content["products"]]
        self.customers = [
            {**customer, "language": language} for language, found in content["customers"].items() for customer in found
        ]
        self.orders = [*self._showcase(), *self._at_random()]

    def _product(self, product: Record) -> Record:
        restock_in = product.pop("restock_in", None)
        names = {language: product.pop(language) for language in self._content["customers"]}
        return {
            **product,
            "names": names,
            "price": self._prices[product["sku"]],
            "currency": self._facts.currency,
            "restock_on": None if restock_in is None else self._day(restock_in),
        }

    def _showcase(self) -> list[Record]:
        found = []
        for block, customers in enumerate(self._content["customers"].values(), start=1):
            for case, wanted in self._content["showcase"].items():
                customer = customers[0]
                delivery = self._facts.deliveries[customer["country"]][0]
                days = {"scanned": wanted.get("delivered"), **wanted}
                arrives = wanted.get("delivered", wanted.get("expected"))
                if arrives is not None:
                    days["shipped"] = arrives - delivery.days[1]
                    days["expected"] = arrives
                    days["placed"] = days["shipped"] - 1
                found.append(self._order(f"104{block}{case:02}", customer, delivery, days))
        return found

    def _at_random(self) -> list[Record]:
        numbers = sorted(self._random.sample(range(100_000, 104_000), ORDERS_AT_RANDOM))
        ages = sorted((int(self._random.random() ** 2 * OLDEST) for _ in numbers), reverse=True)  # more of late
        return [self._order_at_random(str(number), -age) for number, age in zip(numbers, ages, strict=True)]

    def _order_at_random(self, number: str, placed: int) -> Record:
        customer = self._random.choice(self.customers)
        delivery = self._random.choice(self._facts.deliveries[customer["country"]])
        skus = self._random.sample(sorted(self._prices), self._random.choice((1, 1, 2, 2, 3, 4)))
        days: Record = {"placed": placed, "lines": {sku: self._random.choice((1, 1, 1, 2, 3)) for sku in skus}}
        shipped = placed + 1
        arrives = shipped + self._random.randint(*delivery.days)
        lost = self._random.random() < 0.04
        if placed and self._random.random() < 0.06:
            days["status"] = "cancelled"
        elif placed == 0:
            days["status"] = "paid"
        elif placed == -1:
            days["status"] = "packed"
        else:
            parcels = 2 if len(skus) > 2 and self._random.random() < 0.3 else 1
            days |= {"shipped": shipped, "expected": shipped + delivery.days[1], "parcels": parcels}
            if arrives < 0 and not lost:
                days |= {"status": "delivered", "delivered": arrives, "scanned": arrives}
                days["refund"] = self._refund_at_random(arrives, days["lines"])
            else:
                days["status"] = "delayed" if days["expected"] < 0 else "shipped"
                days["scanned"] = self._random.randint(shipped, min(-1, arrives))
        return self._order(number, customer, delivery, days)

    def _refund_at_random(self, delivered: int, lines: Mapping[str, int]) -> Record | None:
        requested = delivered + self._random.randint(1, 14)
        paid = requested + self._random.randint(4, 9)
        line = self._random.randint(1, len(lines))
        quantity = self._random.randint(1, list(lines.values())[line - 1])
        chance = self._random.random()
        if chance > 0.2 or requested >= 0:
            return None
        refund = {"lines": {line: quantity}, "requested": requested}
        if chance < 0.02:
            return {**refund, "status": "rejected"}
        if paid < 0:
            return {**refund, "status": "paid", "paid": paid}
        return {**refund, "status": "approved" if requested < -1 else "requested"}

    def _order(self, number: str, customer: Record, delivery: Delivery, days: Record) -> Record:
        lines = [
            {"number": place, "sku": sku, "quantity": quantity, "unit_price": self._prices[sku]}
            for place, (sku, quantity) in enumerate(days["lines"].items(), start=1)
        ]
        value = sum((line["unit_price"] * line["quantity"] for line in lines), Decimal(0))
        free = delivery.kind != "express" and value >= self._facts.free_delivery_from.amount
        fee = Decimal(0) if free else delivery.price.amount
        status = OrderStatus(days["status"])
        shipments = self._shipments(customer, delivery, days) if "shipped" in days else []
        return {
            "number": number,
            "email": customer["email"],
            "status": status.value,
            "placed_at": self._moment(days["placed"], 7),
            "delivered_at": max(parcel["delivered_at"] for parcel in shipments) if "delivered" in days else None,
            "cancelled_at": self._moment(days["placed"], 9) if status is OrderStatus.CANCELLED else None,
            "currency": self._facts.currency,
            "shipping_fee": fee,
            **{f"ship_to_{part}": customer[part] for part in ("name", "street", "postal_code", "city", "country")},
            "lines": lines,
            "shipments": shipments,
            "invoices": [] if status is OrderStatus.CANCELLED else [self._invoice(number, customer, value + fee, days)],
            "refunds": [self._refund(number, lines, fee, days["refund"])] if days.get("refund") else [],
        }

    def _shipments(self, customer: Record, delivery: Delivery, days: Record) -> list[Record]:
        depots = self._content["depots"][customer["country"]]
        delivered = "delivered" in days
        return [
            {
                "carrier": delivery.carrier,
                "tracking_number": self._tracking_number(delivery.carrier),
                "shipped_at": self._moment(days["shipped"], 15),
                "expected_on": self._day(days["expected"]),
                "place": customer["city"] if delivered else self._random.choice(depots),
                "scanned_at": self._moment(days["scanned"], 6 if delivered else 20),
                "delivered_at": self._moment(days.get("delivered"), 13),
            }
            for _ in range(days.get("parcels", 1))
        ]

    def _tracking_number(self, carrier: str) -> str:
        pattern: str = self._content["tracking_numbers"][carrier]
        return "".join(str(self._random.randrange(10)) if sign == "#" else sign for sign in pattern)

    def _invoice(self, number: str, customer: Record, total: Decimal, days: Record) -> Record:
        issued_on = self._day(days["placed"])
        percent = Decimal(str(self._content["vat"][customer["country"]]))
        return {
            "number": f"{issued_on.year}-{number}",
            "issued_on": issued_on,
            "total": total,
            "vat": (total * percent / (100 + percent)).quantize(CENT, ROUND_HALF_UP),
            "url": f"{self._facts.url}/invoices/{issued_on.year}-{number}.pdf",
        }

    def _refund(self, number: str, lines: Sequence[Record], fee: Decimal, wanted: Record) -> Record:
        """The price of what goes back, and the delivery fee too if that is everything."""
        goods = sum((lines[line - 1]["unit_price"] * quantity for line, quantity in wanted["lines"].items()), Decimal(0))
        everything = wanted["lines"] == {line["number"]: line["quantity"] for line in lines}
        return {
            "key": f"demo:{number}",
            "reason": self._random.choice(REFUND_REASONS),
            "amount": goods + fee if everything else goods,
            "status": RefundStatus(wanted["status"]).value,
            "requested_at": self._moment(wanted["requested"], 10),
            "paid_at": self._moment(wanted.get("paid"), 11),
            "lines": wanted["lines"],
        }

    def _day(self, offset: int) -> date:
        return self._today + timedelta(days=offset)

    def _moment(self, offset: int | None, hour: int) -> datetime | None:
        """A moment within that hour of the shop's day."""
        if offset is None:
            return None
        local = datetime.combine(self._day(offset), time(hour, self._random.randrange(60)), self._facts.zone)
        return local.astimezone(timezone.utc)


def seed(url: str, today: date, *, reset: bool = False, facts: Facts | None = None) -> DemoShop | None:
    """Fill the tables at ``url``; None if orders were there already, which stay as they are.

    ``reset`` empties the tables first, and only those of a demo shop: a customer that ``demo.yml`` does not name is a
    ConfigurationError.
    """
    shop = DemoShop(today, facts or read_facts())
    database = Database(url)
    try:
        with database.write("demo") as connection:
            if reset:
                _empty(connection, {customer["email"] for customer in shop.customers}, database.name)
            elif connection.scalar(select(func.count()).select_from(tables.orders)):
                return None
            _fill(connection, shop)
    finally:
        database.close()
    return shop


def _empty(connection: Connection, known: set[str], name: str) -> None:
    strangers = set(connection.scalars(select(tables.customers.c.email))) - known
    if strangers:
        raise ConfigurationError(
            f"{name}: has {len(strangers)} customers that are not the demo's, so nothing was deleted; give another URL"
        )
    for table in reversed(tables.metadata.sorted_tables):
        connection.execute(delete(table))


def _fill(connection: Connection, shop: DemoShop) -> None:
    _insert(connection, tables.products, shop.products)
    names = [
        {"sku": product["sku"], "language": language, "name": name}
        for product in shop.products
        for language, name in product["names"].items()
    ]
    _insert(connection, tables.product_names, names)
    _insert(connection, tables.customers, shop.customers)
    ids = {row.email: row.id for row in connection.execute(select(tables.customers))}
    _insert(connection, tables.orders, [{**order, "customer_id": ids[order["email"]]} for order in shop.orders])
    for parts, table in (
        ("lines", tables.order_lines),
        ("shipments", tables.shipments),
        ("invoices", tables.invoices),
        ("refunds", tables.refunds),
    ):
        _insert(
            connection,
            table,
            [{"order_number": order["number"], **part} for order in shop.orders for part in order[parts]],
        )
    ids = {row.key: row.id for row in connection.execute(select(tables.refunds))}
    back = [
        {"refund_id": ids[refund["key"]], "line": line, "quantity": quantity}
        for order in shop.orders
        for refund in order["refunds"]
        for line, quantity in refund["lines"].items()
    ]
    _insert(connection, tables.refund_lines, back)


def _insert(connection: Connection, table: Table, records: Sequence[Record]) -> None:
    """Insert what of each record the table has columns for."""
    rows = [{name: value for name, value in record.items() if name in table.c} for record in records]
    if rows:
        connection.execute(insert(table), rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the tables, fill them, and say so in one line."""
    parser = argparse.ArgumentParser(prog="python -m viisi.shop.demo", description="Make and fill the demo shop.")
    parser.add_argument("--url", help="the database; VIISI_SHOP_URL if left out")
    parser.add_argument("--reset", action="store_true", help="empty the demo shop first")
    options = parser.parse_args(arguments)
    try:
        settings = Settings.from_env(os.environ)
        url, facts = options.url or settings.shop_url, read_facts(settings.shop_file)
        migrate(url)
        shop = seed(url, datetime.now(facts.zone).date(), reset=options.reset, facts=facts)
        name = Database(url).name
    except ViisiError as error:
        print(error, file=sys.stderr)
        return 1
    if shop is None:
        print(f"{name}: has orders already; nothing was changed (--reset begins anew)")
    else:
        print(f"{name}: {len(shop.products)} products, {len(shop.customers)} customers, {len(shop.orders)} orders")
    return 0


if __name__ == "__main__":
    sys.exit(main())
