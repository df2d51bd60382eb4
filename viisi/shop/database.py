"""A database opened by URL, SQLite or PostgreSQL, with the faults of both turned into Viisi's own.

``sql.py`` asks it for transactions; ``migrations`` and ``demo.py`` too. What differs between the two databases is
here and in the column types of ``tables.py``, and nowhere else.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event, func, literal, select
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from viisi.errors import ConfigurationError, ShopUnavailable
from viisi.shop.tables import Words

LOCK_TIMEOUT = 3.0
_WAYS = "give sqlite:///path/to/shop.db or postgresql://user:password@host/name"


class Database:
    """An engine and its two kinds of transaction.

    ``lock_timeout`` is how many seconds a call waits for another's lock. Only ``create`` makes a missing SQLite file
    and its folder: a shop whose file is gone must say so, not begin an empty one.
    """

    def __init__(self, url: str, *, lock_timeout: float = LOCK_TIMEOUT, create: bool = False) -> None:
        self.engine = _engine(url, lock_timeout, create)
        self.name = self.engine.url.render_as_string(hide_password=True)
        self._is_postgres = self.engine.dialect.name == "postgresql"
        # One picture for the several SELECTs of a read; SQLite's snapshots do that by themselves.
        self._reading = self.engine.execution_options(isolation_level="REPEATABLE READ") if self._is_postgres else self.engine
        self._writing = self.engine.execution_options(immediate=True)
        self._closed = False

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one moment of the database."""
        with self._faults_named(), self._reading.begin() as connection:
            yield connection

    @contextmanager
    def write(self, name: str | None = None) -> Iterator[Connection]:
        """A transaction that is written whole or not at all; of those with the same ``name`` one runs at a time.

        SQLite runs one writer at a time anyway (``BEGIN IMMEDIATE``).
        """
        with self._faults_named(), self._writing.begin() as connection:
            if name is not None and self._is_postgres:
                connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(literal(name, Words), 0))))
            yield connection

    def close(self) -> None:
        """Give back the connections; later transactions raise ShopUnavailable."""
        self._closed = True
        self.engine.dispose()

    @contextmanager
    def _faults_named(self) -> Iterator[None]:
        if self._closed:
            raise ShopUnavailable(f"{self.name}: closed; open the shop anew")
        try:
            yield
        except (DBAPIError, PoolTimeout) as error:
            raise ShopUnavailable(f"{self.name}: {_fault(error)}; {_cure(error)}") from error


def _fault(error: DBAPIError | PoolTimeout) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error
    return str(cause).strip().partition("\n")[0] or type(cause).__name__


def _cure(error: DBAPIError | PoolTimeout) -> str:
    fault = str(getattr(error, "orig", error))
    if "no such table" in fault or "no such column" in fault or "does not exist" in fault and "relation" in fault:
        return "run viisi.shop.migrations.migrate on this URL"
    if "locked" in fault or "lock timeout" in fault:
        return "another program holds a lock; end it, or try again"
    return "start the database or correct the URL (VIISI_SHOP_URL)"


def _engine(url: str, lock_timeout: float, create: bool) -> Engine:
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, ValueError):  # its text may hold the password, so neither it nor the URL is shown
        raise ConfigurationError(f"the shop's database URL cannot be read; {_WAYS}") from None
    if backend == "sqlite":
        return _sqlite(parsed, lock_timeout, create)
    if backend == "postgresql":
        return _postgres(parsed, lock_timeout)
    raise ConfigurationError(f"{parsed.render_as_string(hide_password=True)}: not a database Viisi knows; {_WAYS}")


def _sqlite(url: URL, lock_timeout: float, create: bool) -> Engine:
    if url.database in (None, "", ":memory:"):
        raise ConfigurationError(f"{url}: a shop in memory is lost at once; {_WAYS}")
    if create:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, future=True, hide_parameters=True, connect_args={"timeout": lock_timeout})

    def open_file(dialect: object, record: object, args: list[str], options: dict[str, Any]) -> sqlite3.Connection:
        file = Path(args[0]).absolute().as_uri()
        mode = "rwc" if create else "rw"
        connection: sqlite3.Connection = sqlite3.connect(f"{file}?mode={mode}", **{**options, "uri": True})
        return connection

    def set_up(connection: sqlite3.Connection, record: object) -> None:
        connection.isolation_level = None  # or sqlite3 begins transactions of its own, and later than we say
        connection.execute("PRAGMA foreign_keys = ON")
        if create:
            # Readers go on while one writes; the file remembers it. SQLite does not wait its timeout for this lock.
            for attempt in _patiently(lock_timeout):
                with attempt:
                    connection.execute("PRAGMA journal_mode = WAL")

    def begin(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("immediate", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    event.listen(engine, "do_connect", open_file)
    event.listen(engine, "connect", set_up)
    event.listen(engine, "begin", begin)
    return engine


def _patiently(seconds: float) -> Retrying:
    locked = retry_if_exception_type(sqlite3.OperationalError)
    return Retrying(retry=locked, wait=wait_fixed(0.02), stop=stop_after_delay(seconds), reraise=True)


def _postgres(url: URL, lock_timeout: float) -> Engine:
    defaults = {
        "connect_timeout": 3,
        "tcp_user_timeout": 10_000,  # a server that vanished without a word fails the call instead of hanging it
        "options": f"-c lock_timeout={int(lock_timeout * 1000)}",
    }
    options = {name: value for name, value in defaults.items() if name not in url.query}
    try:
        return create_engine(url, future=True, hide_parameters=True, pool_pre_ping=True, connect_args=options)
    except (ArgumentError, ImportError) as error:
        raise ConfigurationError(f"{url.render_as_string(hide_password=True)}: {error}; {_WAYS}") from error
