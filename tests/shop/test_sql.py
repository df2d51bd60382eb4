"""What only shops in a database must stand: parallel callers, locks, a database gone and back, migrations."""

import os
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, TimeoutError
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, func, insert, inspect, select
from sqlalchemy.engine import Engine, make_url

from viisi.errors import ConfigurationError, LookupsBlocked, NotAllowed, OrderNotFound, ShopUnavailable
from viisi.shop import tables
from viisi.shop.base import Address, Money, OrderStatus
from viisi.shop.database import Database
from viisi.shop.migrations import downgrade, migrate
from viisi.shop.sql import SqlShop

ROOT = Path(__file__).parents[2]
EMAIL = "aino.virtanen@example.com"
PAID, PACKED, DELIVERED = "104101", "104102", "104105"
EURO = Money(Decimal(1), "EUR")
THREADS = 8


@pytest.fixture
def shop(url: str, clock: Any) -> Iterator[SqlShop]:
    shop = SqlShop.from_url(url, clock=clock)
    yield shop
    shop.close()


@pytest.fixture
def hasty_shop(url: str, clock: Any) -> Iterator[SqlShop]:
    """A shop that waits for no lock."""
    shop = SqlShop.from_url(url, clock=clock, lock_timeout=0.1)
    yield shop
    shop.close()


def at_once(call: Callable[[int], Any]) -> list[Any]:
    """What ``call`` returns or raises in each of several threads that start together."""
    barrier = threading.Barrier(THREADS)

    def run(place: int) -> Any:
        barrier.wait()
        try:
            return call(place)
        except Exception as error:
            return error

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(run, range(THREADS)))


def rows(url: str, table: tables.Table) -> int:
    database = Database(url)
    with database.read() as connection:
        found: int = connection.scalar(select(func.count()).select_from(table))
    database.close()
    return found


# Parallel callers


def test_same_key_at_once_refunds_once(shop: SqlShop, url: str) -> None:
    before = rows(url, tables.refunds)
    made = at_once(lambda _: shop.request_refund(DELIVERED, {1: 1}, "late", EURO, "k"))
    assert made == [made[0]] * THREADS and not isinstance(made[0], Exception)
    assert rows(url, tables.refunds) == before + 1


def test_other_keys_at_once_refund_no_more_than_was_bought(shop: SqlShop) -> None:
    made = at_once(lambda place: shop.request_refund(DELIVERED, {2: 1}, "late", EURO, f"k{place}"))
    assert Counter(getattr(result, "reason", "?") for result in made) == {"late": 2, "already_refunded": THREADS - 2}
    assert shop.find_order(DELIVERED, EMAIL).lines[1].refunded == 2


def test_other_keys_at_once_refund_no_more_than_was_paid(shop: SqlShop) -> None:
    amount = Money(Decimal("40"), "EUR")
    made = at_once(lambda place: shop.request_refund(DELIVERED, {place % 3 + 1: 1}, "late", amount, f"k{place}"))
    assert sum(not isinstance(result, Exception) for result in made) == 1
    assert sum(refund.amount.amount for refund in shop.refunds(DELIVERED)) == 40


def test_same_key_at_once_opens_one_ticket(shop: SqlShop, url: str) -> None:
    made = at_once(
        lambda _: shop.open_ticket(topic="help", reason="asked", language="fi", conversation_id="c", transcript="t", key="k")
    )
    assert made == [made[0]] * THREADS and rows(url, tables.tickets) == 1


def test_same_key_at_once_on_two_orders(shop: SqlShop, url: str) -> None:
    before = rows(url, tables.refunds)
    made = at_once(lambda place: shop.request_refund(("104105", "104110")[place % 2], {1: 1}, "late", EURO, "k"))
    assert Counter(type(result).__name__ for result in made) == {"Refund": THREADS // 2, "ValueError": THREADS // 2}
    assert rows(url, tables.refunds) == before + 1


def test_cancelling_and_moving_at_once(shop: SqlShop) -> None:
    elsewhere = Address("A", "B", "C", "D", "FI")

    def change(place: int) -> Any:
        return shop.cancel_order(PAID, f"k{place}") if place % 2 else shop.change_shipping_address(PAID, elsewhere)

    made = at_once(change)
    assert sum(getattr(result, "status", None) is OrderStatus.CANCELLED for result in made) == 1
    assert {result.reason for result in made if isinstance(result, Exception)} <= {"already_cancelled"}


def test_guesses_at_once_are_all_counted(shop: SqlShop, url: str) -> None:
    made = at_once(lambda place: shop.find_order(PAID, f"guess{place}@example.com"))
    assert Counter(map(type, made)) == {OrderNotFound: 4, LookupsBlocked: THREADS - 4}
    assert rows(url, tables.lookup_misses) == 5


def test_old_misses_are_forgotten(shop: SqlShop, url: str, clock: Any) -> None:
    for _ in range(20):
        with pytest.raises(OrderNotFound):
            shop.find_order(PAID, "guess@example.com")
        clock.forward(minutes=30)
    assert rows(url, tables.lookup_misses) <= 2


def test_reading_goes_on_while_one_writes(sqlite_url: str) -> None:
    shop, writer = SqlShop.from_url(sqlite_url, lock_timeout=0.1), Database(sqlite_url)
    with writer.write() as connection:
        connection.execute(tables.refunds.update().values(reason="other"))
        assert shop.refunds("104107")[0].reason != "" and shop.find_products("Lampe", "de")


# Locked, gone, back


@contextmanager
def locked(url: str) -> Iterator[None]:
    engine = create_engine(url, future=True)
    with engine.connect() as connection:
        sqlite = engine.dialect.name == "sqlite"
        connection.exec_driver_sql("BEGIN EXCLUSIVE" if sqlite else "LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
        yield
        connection.rollback()
    engine.dispose()


def test_locked(hasty_shop: SqlShop, url: str) -> None:
    with locked(url):
        for call in (
            lambda: hasty_shop.request_refund(DELIVERED, {1: 1}, "late", EURO, "k"),
            lambda: hasty_shop.cancel_order(PAID, "k"),
            lambda: hasty_shop.find_order(PAID, EMAIL),
        ):
            with pytest.raises(ShopUnavailable, match="lock"):
                call()
    assert not hasty_shop.refunds(DELIVERED)
    assert hasty_shop.find_order(PAID, EMAIL).status is OrderStatus.PAID
    assert hasty_shop.request_refund(DELIVERED, {1: 1}, "late", EURO, "k").lines == {1: 1}


def test_a_short_lock_is_waited_for(shop: SqlShop, url: str) -> None:
    released = threading.Event()

    def hold() -> None:
        with locked(url):
            released.wait(0.3)

    with ThreadPoolExecutor(1) as threads:
        holding = threads.submit(hold)
        assert shop.cancel_order(PAID, "k").status is OrderStatus.CANCELLED
        released.set()
        holding.result()


@contextmanager
def gone(url: str, server: Engine | None) -> Iterator[None]:
    """The database taken away: the file moved, or the server's door shut and everybody thrown out."""
    if server is None:
        file = Path(make_url(url).database or "")
        away = file.rename(file.with_name("away"))
        yield
        assert not file.exists(), "an empty database was made in place of the missing one"
        away.rename(file)
        return
    name = make_url(url).database
    with server.connect() as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        connection.exec_driver_sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        yield
        connection.exec_driver_sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


def test_gone_and_back(shop: SqlShop, url: str, request: pytest.FixtureRequest) -> None:
    server = request.getfixturevalue("postgres_server") if url.startswith("postgres") else None
    before = shop.find_order(PAID, EMAIL)
    with gone(url, server):
        for call in (
            lambda: shop.find_order(PAID, EMAIL),
            lambda: shop.cancel_order(PAID, "k"),
            lambda: shop.find_products("Lampe", "de"),
            lambda: shop.popular_products(),
        ):
            with pytest.raises(ShopUnavailable):
                call()
    assert shop.find_order(PAID, EMAIL) == before
    assert shop.cancel_order(PAID, "k").status is OrderStatus.CANCELLED


def test_connections_cut_while_idle(postgres_url: str, postgres_server: Engine) -> None:
    shop = SqlShop.from_url(postgres_url)
    shop.find_order(PAID, EMAIL)
    with postgres_server.connect() as connection:
        name = make_url(postgres_url).database
        connection.exec_driver_sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    assert shop.find_order(PAID, EMAIL).number == PAID
    shop.close()


def test_nothing_is_half_written(sqlite_shop: SqlShop, sqlite_url: str) -> None:
    broken = "CREATE TRIGGER full BEFORE INSERT ON refund_lines BEGIN SELECT RAISE(ABORT, 'disk full'); END"
    engine = create_engine(sqlite_url, future=True)
    before = rows(sqlite_url, tables.refunds)
    with engine.begin() as connection:
        connection.exec_driver_sql(broken)
    with pytest.raises(ShopUnavailable, match="disk full"):
        sqlite_shop.request_refund(DELIVERED, {1: 1}, "late", EURO, "k")
    assert rows(sqlite_url, tables.refunds) == before
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER full")
    assert sqlite_shop.request_refund(DELIVERED, {1: 1}, "late", EURO, "k")


# Messages


def test_message_names_url_fault_and_cure_without_the_password(clock: Any) -> None:
    shop = SqlShop.from_url("postgresql://viisi:secret@127.0.0.1:1/shop")
    with pytest.raises(ShopUnavailable) as caught:
        shop.find_order(PAID, EMAIL)
    message = str(caught.value)
    assert "postgresql://viisi:***@127.0.0.1:1/shop" in message and "refused" in message
    assert "VIISI_SHOP_URL" in message and "secret" not in message and "\n" not in message


def test_missing_tables_are_named(empty_url: str) -> None:
    Database(empty_url, create=True).engine.connect().close()
    with pytest.raises(ShopUnavailable, match="migrate"):
        SqlShop.from_url(empty_url).find_order(PAID, EMAIL)


def test_no_shop_file(empty_sqlite_url: str) -> None:
    with pytest.raises(ShopUnavailable, match="unable to open"):
        SqlShop.from_url(empty_sqlite_url).refunds(PAID)
    assert not Path(make_url(empty_sqlite_url).database or "").parent.exists()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "shop.db",
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://u:secret@h/d",
        "oracle:secret",
        "postgres://u:secret@h/d",
    ],
)
def test_unusable_urls(url: str) -> None:
    with pytest.raises(ConfigurationError, match="sqlite:///") as caught:
        SqlShop.from_url(url)
    assert "secret" not in str(caught.value)


def test_times_without_zone_are_refused(url: str) -> None:
    shop = SqlShop.from_url(url, clock=lambda: datetime(2026, 3, 16))
    with pytest.raises(Exception, match="no time zone"):
        shop.cancel_order(PAID, "k")
    shop.close()


def test_a_moved_clock_shows_in_another_shop(url: str, shop: SqlShop) -> None:
    cancelled = shop.cancel_order(PAID, "k")
    other = SqlShop.from_url(url)
    assert other.find_order(PAID, EMAIL) == cancelled
    other.close()


# Migrations


def constraints(engine: Engine) -> dict[str, Any]:
    inspector = inspect(engine)
    return {
        name: (
            sorted(check["name"] for check in inspector.get_check_constraints(name)),
            sorted(str(unique["name"]) for unique in inspector.get_unique_constraints(name)),
            sorted(str(key["name"]) for key in inspector.get_foreign_keys(name)),
            sorted(str(index["name"]) for index in inspector.get_indexes(name)),
        )
        for name in sorted(inspector.get_table_names())
        if name != "alembic_version"
    }


def test_migrations_and_tables_agree(empty_url: str) -> None:
    migrate(empty_url)
    database = Database(empty_url)
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []
    migrated = constraints(database.engine)
    downgrade(empty_url)
    assert constraints(database.engine) == {}
    with database.write() as connection:
        tables.metadata.create_all(connection)
    # Alembic does not compare CHECKs, and not all names.
    assert constraints(database.engine) == migrated and len(migrated) == 13
    database.close()


def test_down_and_up_again(empty_url: str) -> None:
    migrate(empty_url)
    database = Database(empty_url)
    with database.write() as connection:
        connection.execute(insert(tables.customers).values(email="a@example.com", name="A", language="fi"))
    migrate(empty_url)
    assert rows(empty_url, tables.customers) == 1, "migrating again must change nothing"
    downgrade(empty_url)
    migrate(empty_url)
    assert rows(empty_url, tables.customers) == 0
    database.close()


def test_migrating_waits_for_another_that_began(tmp_path: Path) -> None:
    """A new file is locked while another process prepares it, and SQLite does not wait there by itself."""
    other = sqlite3.connect(tmp_path / "shop.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("CREATE TABLE half_made (id INTEGER)")
    with ThreadPoolExecutor(1) as threads:
        migrating = threads.submit(migrate, f"sqlite:///{tmp_path}/shop.db")
        with pytest.raises(TimeoutError):
            migrating.result(0.3)
        other.execute("ROLLBACK")
        migrating.result(10)
    assert rows(f"sqlite:///{tmp_path}/shop.db", tables.orders) == 0


def test_threads_migrate_at_once(empty_url: str) -> None:
    assert at_once(lambda _: migrate(empty_url)) == [None] * THREADS


def test_two_processes_migrate_at_once(empty_url: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", f"from viisi.shop.migrations import migrate; migrate({empty_url!r})"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    processes = [subprocess.Popen(command, cwd=tmp_path, env=environment) for _ in range(2)]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert rows(empty_url, tables.orders) == 0


def test_sqlite_is_set_up(sqlite_url: str) -> None:
    with Database(sqlite_url).read() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 3000


def test_the_database_keeps_its_rules(url: str) -> None:
    database = Database(url)
    for statement in (
        "UPDATE orders SET status = 'eaten'",
        "UPDATE order_lines SET quantity = 0",
        "UPDATE products SET stock = -1",
        "UPDATE refunds SET key = 'same'",
        "UPDATE order_lines SET sku = 'none'",
        "INSERT INTO exchanges (key, order_number, line, wish, requested_at)"
        " VALUES ('k', '104105', 9, 'x', '2026-03-16 00:00:00')",
    ):
        with pytest.raises(ShopUnavailable), database.write() as connection:
            connection.exec_driver_sql(statement)
    database.close()


def test_refusals_are_not_faults(shop: SqlShop) -> None:
    with pytest.raises(NotAllowed, match="104102"):
        shop.cancel_order(PACKED, "k")
