"""The demo shop: the same each time, complete, and true to itself whatever the day."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from viisi.errors import ConfigurationError
from viisi.facts import Facts, read_facts
from viisi.shop import demo, tables
from viisi.shop.base import OrderStatus, RefundStatus
from viisi.shop.database import Database
from viisi.shop.demo import DemoShop, seed
from viisi.shop.sql import SqlShop

EMAILS = {
    1: "aino.virtanen@example.com",
    2: "sanne.devries@example.com",
    3: "lukas.bauer@example.com",
    4: "wang.fang@example.com",
    5: "sara.ahmadi@example.com",
}
VAT = {"FI": "25.5", "NL": "21", "BE": "21", "DE": "19", "AT": "20", "CN": "0", "IR": "0"}


@cache
def facts() -> Facts:
    return read_facts()


def dump(url: str) -> dict[str, list[Any]]:
    """All rows but for the numbers that the database gives."""
    database = Database(url)
    with database.read() as connection:
        found = {
            table.name: sorted(
                str([value for name, value in row._mapping.items() if not re.search(r"(^|_)id$", name)])
                for row in connection.execute(select(table))
            )
            for table in tables.metadata.sorted_tables
        }
    database.close()
    return found


def test_seeding_twice_changes_nothing(url: str, today: date) -> None:
    before = dump(url)
    assert seed(url, today) is None and seed(url, today + timedelta(days=9)) is None
    assert dump(url) == before


def test_reset_begins_anew(url: str, today: date) -> None:
    before = dump(url)
    shop = SqlShop.from_url(url)
    shop.cancel_order("104101", "k")
    shop.open_ticket(topic="t", reason="r", language="fi", conversation_id="c", transcript="t", key="k")
    assert dump(url) != before
    assert seed(url, today, reset=True) and dump(url) == before
    assert seed(url, today + timedelta(days=1), reset=True) and dump(url) != before
    shop.close()


def test_reset_spares_a_real_shop(sqlite_url: str, today: date) -> None:
    with Database(sqlite_url).write() as connection:
        connection.execute(insert(tables.customers).values(email="real@person.fi", name="R", language="fi"))
    before = dump(sqlite_url)
    with pytest.raises(ConfigurationError, match="nothing was deleted"):
        seed(sqlite_url, today, reset=True)
    assert dump(sqlite_url) == before


def test_both_databases_hold_the_same(sqlite_url: str, postgres_url: str) -> None:
    assert dump(sqlite_url) == dump(postgres_url)


def test_counts(today: date) -> None:
    shop = DemoShop(today, facts())
    assert len(shop.products) >= 60 and len({p["sku"] for p in shop.products}) == len(shop.products)
    assert len(shop.customers) >= 40 and min(Counter(c["language"] for c in shop.customers).values()) >= 6
    assert len({c["email"] for c in shop.customers}) == len(shop.customers)
    assert all(re.fullmatch(r"[a-z.]+@example\.(com|org|net)", c["email"]) for c in shop.customers)
    assert len(shop.orders) >= 220
    assert {order["status"] for order in shop.orders} == {status.value for status in OrderStatus}
    at_random = [order for order in shop.orders if not order["number"].startswith("104")]
    assert {order["status"] for order in at_random} == {status.value for status in OrderStatus}
    refunds = {refund["status"] for order in shop.orders for refund in order["refunds"]}
    assert refunds == {status.value for status in RefundStatus}
    assert {o["ship_to_country"] for o in shop.orders} == set(facts().deliveries)
    assert any(len(order["shipments"]) == 2 for order in shop.orders)
    assert {bool(p["restock_on"]) for p in shop.products if p["stock"] == 0} == {True, False}
    assert not any(p["restock_on"] for p in shop.products if p["stock"])


def test_names_are_in_their_scripts(today: date) -> None:
    for product in DemoShop(today, facts()).products:
        names = product["names"]
        assert set(names) == {"fi", "nl", "de", "zh", "fa"} and len(set(names.values())) >= 4
        assert re.search(r"[\u4e00-\u9fff]", names["zh"]) and re.search(r"[آ-ی]", names["fa"])
        assert not re.search(r"[يكىة٠-٩]|ها\b(?<! ها)|\bمی ", names["fa"]), names["fa"]
        assert "\u200c " not in names["fa"] and " \u200c" not in names["fa"]
        assert not re.search(r"[a-zA-Z]", names["fa"]), names["fa"]


@pytest.mark.parametrize("block", EMAILS)
def test_showcase(sqlite_url: str, today: date, block: int, clock: Callable[[], datetime]) -> None:
    shop = SqlShop.from_url(sqlite_url, clock=clock)
    orders = {case: shop.find_order(f"104{block}{case:02}", EMAILS[block]) for case in range(1, 11)}
    zone = facts().zone

    def days(moment: datetime | None) -> int:
        assert moment is not None and moment <= clock()
        return (moment.astimezone(zone).date() - today).days

    assert {case: order.status.value for case, order in orders.items()} == {
        1: "paid",
        2: "packed",
        3: "shipped",
        4: "delayed",
        5: "delivered",
        6: "cancelled",
        7: "delivered",
        8: "delivered",
        9: "delivered",
        10: "delivered",
    }
    assert days(orders[1].placed_at) == 0 and len(orders[1].lines) == 2
    (parcel,) = orders[3].shipments
    assert (parcel.expected_on - today).days == 2 and days(parcel.scanned_at) == -1 and parcel.place
    (late,) = orders[4].shipments
    assert (late.expected_on - today).days == -4 and days(late.scanned_at) == -5 and late.place
    assert [days(orders[case].delivered_at) for case in (5, 7, 8, 9, 10)] == [-3, -12, -75, -10, -2]
    assert sorted(line.quantity for line in orders[5].lines) == [1, 1, 2] and len(orders[5].shipments) == 1
    assert orders[5].total.amount < 150 and orders[10].total.amount > 400
    assert orders[6].cancelled_at and not orders[6].shipments
    assert [line.refunded for line in orders[7].lines] == [1, 0]
    assert [refund.status for refund in shop.refunds(orders[7].number)] == [RefundStatus.PAID]
    assert all(line.refunded == line.quantity for line in orders[9].lines)
    (everything,) = shop.refunds(orders[9].number)
    assert everything.status is RefundStatus.REQUESTED and everything.amount == orders[9].total
    shop.close()


@settings(max_examples=15, deadline=None)
@given(st.dates(date(2024, 1, 1), date(2031, 12, 31)))
def test_true_to_itself_on_any_day(today: date) -> None:
    check(DemoShop(today, facts()), today)


def check(shop: DemoShop, today: date) -> None:
    """What holds in a real shop: times in order, sums that add up, delivery and VAT by country."""
    prices = {product["sku"]: product["price"] for product in shop.products}
    pattern, zone, free_from = facts().order_pattern, facts().zone, facts().free_delivery_from.amount
    assert len({order["number"] for order in shop.orders}) == len(shop.orders)
    for order in shop.orders:
        assert re.fullmatch(pattern, order["number"])
        value = sum(line["unit_price"] * line["quantity"] for line in order["lines"])
        assert [line["unit_price"] for line in order["lines"]] == [prices[line["sku"]] for line in order["lines"]]
        country = order["ship_to_country"]
        fees = {d.price.amount for d in facts().deliveries[country]} | ({Decimal(0)} if value >= free_from else set())
        assert order["shipping_fee"] in fees
        moments = [order["placed_at"]]
        for parcel in order["shipments"]:
            assert parcel["carrier"] in {delivery.carrier for delivery in facts().deliveries[country]}
            moments = [order["placed_at"], parcel["shipped_at"], parcel["scanned_at"], parcel["delivered_at"]]
            moments = [moment for moment in moments if moment]
            assert parcel["expected_on"] > parcel["shipped_at"].astimezone(zone).date()
            assert bool(parcel["delivered_at"]) == (order["status"] == "delivered")
            assert moments == sorted(moments)
            if order["status"] in ("shipped", "delayed"):
                assert (parcel["expected_on"] < today) == (order["status"] == "delayed")
        assert bool(order["shipments"]) == (order["status"] in ("shipped", "delayed", "delivered"))
        assert bool(order["delivered_at"]) == (order["status"] == "delivered")
        assert bool(order["cancelled_at"]) == (order["status"] == "cancelled")
        assert not order["cancelled_at"] or order["cancelled_at"] > order["placed_at"]
        for invoice in order["invoices"]:
            total, percent = value + order["shipping_fee"], Decimal(VAT[country])
            assert invoice["total"] == total
            assert abs(invoice["vat"] - total * percent / (100 + percent)) <= Decimal("0.005")
            assert invoice["issued_on"] == order["placed_at"].astimezone(zone).date()
        assert bool(order["invoices"]) == (order["status"] != "cancelled")
        for refund in order["refunds"]:
            moments += [refund["requested_at"], *([refund["paid_at"]] if refund["paid_at"] else [])]
            assert order["delivered_at"] < refund["requested_at"] and moments == sorted(moments)
            assert bool(refund["paid_at"]) == (refund["status"] == "paid")
            assert 0 < refund["amount"] <= value + order["shipping_fee"]
            quantities = {line["number"]: line["quantity"] for line in order["lines"]}
            assert all(0 < quantity <= quantities[line] for line, quantity in refund["lines"].items())
        assert max(moments).astimezone(zone).date() <= today


def test_the_same_day_makes_the_same_shop(today: date) -> None:
    one, two = DemoShop(today, facts()), DemoShop(today, facts())
    assert (one.products, one.customers, one.orders) == (two.products, two.customers, two.orders)


def test_command_line(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"sqlite:///{tmp_path}/new/shop.db"
    assert demo.main(["--url", url]) == 0
    assert capsys.readouterr().out == f"{url}: 74 products, 45 customers, 240 orders\n"
    assert demo.main(["--url", url]) == 0 and "nothing was changed" in capsys.readouterr().out
    assert demo.main(["--url", url, "--reset"]) == 0 and "240 orders" in capsys.readouterr().out
    assert demo.main(["--url", "postgresql://u:secret@127.0.0.1:1/d"]) == 1
    failure = capsys.readouterr()
    assert "127.0.0.1:1" in failure.err and "secret" not in failure.err and not failure.out


def test_url_from_the_environment(tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("VIISI_SHOP_URL", f"sqlite:///{tmp_path}/shop.db")
    assert demo.main([]) == 0 and "240 orders" in capsys.readouterr().out
