"""Demo shops to test against, on each database: filled once, copied for each test."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import OperationalError

from viisi.shop.demo import seed
from viisi.shop.migrations import migrate
from viisi.shop.sql import SqlShop
from viisi.shop.tables import metadata

POSTGRES = os.environ.get("VIISI_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
TODAY = date(2026, 3, 16)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 16, 12, tzinfo=timezone.utc)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def today() -> date:
    return TODAY


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "shop.db"
    migrate(f"sqlite:///{file}")
    seed(f"sqlite:///{file}", TODAY)
    return file


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'shop.db')}"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Engine]:
    engine = create_engine(POSTGRES, future=True, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 2})
    try:
        engine.connect().close()
    except OperationalError as error:
        shown = make_url(POSTGRES).render_as_string(hide_password=True)
        pytest.skip(f"no PostgreSQL answers at {shown} ({error.orig}); set VIISI_TEST_POSTGRES")
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def new_postgres(postgres_server: Engine) -> Iterator[Callable[[str], str]]:
    """Makes a database of this session's own; all are dropped at the end."""
    made: list[str] = []

    def make(purpose: str) -> str:
        name = f"viisi_test_{purpose}_{os.getpid()}"
        with postgres_server.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        made.append(name)
        return postgres_server.url.set(database=name).render_as_string(hide_password=False)

    yield make
    with postgres_server.connect() as connection:
        for name in made:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres_template(new_postgres: Callable[[str], str]) -> str:
    """A shop with its rows kept beside: to make and drop a database takes PostgreSQL a second each time."""
    url = new_postgres("shop")
    migrate(url)
    seed(url, TODAY)
    engine = create_engine(url, future=True)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE SCHEMA kept")
        for table in metadata.sorted_tables:
            connection.exec_driver_sql(f"CREATE TABLE kept.{table.name} AS TABLE {table.name}")
    engine.dispose()
    return url


@pytest.fixture
def postgres_url(postgres_template: str) -> str:
    engine = create_engine(postgres_template, future=True)
    with engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.exec_driver_sql(f"DELETE FROM {table.name}")  # TRUNCATE makes new files, which is slower
        for table in metadata.sorted_tables:
            connection.exec_driver_sql(f"INSERT INTO {table.name} SELECT * FROM kept.{table.name}")
    engine.dispose()
    return postgres_template


@pytest.fixture(scope="session")
def postgres_space(new_postgres: Callable[[str], str]) -> str:
    return new_postgres("space")


@pytest.fixture
def empty_postgres_url(postgres_space: str) -> str:
    engine = create_engine(postgres_space, future=True)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    engine.dispose()
    return postgres_space


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'a folder' / 'not there yet' / 'shop.db'}"


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    """The URL of a demo shop."""
    found: str = request.getfixturevalue(f"{request.param}_url")
    return found


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest) -> str:
    """The URL of a database without tables; the SQLite file does not exist."""
    found: str = request.getfixturevalue(f"empty_{request.param}_url")
    return found


@pytest.fixture
def sqlite_shop(sqlite_url: str, clock: Clock) -> Iterator[SqlShop]:
    shop = SqlShop.from_url(sqlite_url, clock=clock)
    yield shop
    shop.close()


@pytest.fixture
def postgres_shop(postgres_url: str, clock: Clock) -> Iterator[SqlShop]:
    shop = SqlShop.from_url(postgres_url, clock=clock)
    yield shop
    shop.close()
