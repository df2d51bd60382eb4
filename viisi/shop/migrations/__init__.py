"""The history of the tables in ``tables.py``, a file in ``versions/`` for each step; who starts a shop calls it."""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config

from viisi.shop.database import Database

WAIT = 60.0


def migrate(url: str, revision: str = "head") -> None:
    """Bring the database at ``url`` to ``revision``; a SQLite file and its folder are made if missing.

    Two processes may call it at once: one waits until the other is done. Raises ShopUnavailable and ConfigurationError.
    """
    _run(url, lambda config: command.upgrade(config, revision))


def downgrade(url: str, revision: str = "base") -> None:
    """Take the steps after ``revision`` back. What their tables held is lost."""
    _run(url, lambda config: command.downgrade(config, revision))


def _run(url: str, step: Callable[[Config], None]) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    database = Database(url, lock_timeout=WAIT, create=True)
    try:
        with database.write("migrations") as connection:
            config.attributes["connection"] = connection
            step(config)
    finally:
        database.close()
