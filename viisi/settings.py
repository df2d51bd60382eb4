"""Where Viisi's parts are and how they behave, read once from the environment.

``.env.example`` lists each name with its default; a test compares the two. Nothing is opened here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from viisi.errors import ConfigurationError

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Settings:
    """What the environment says, checked."""

    shop_url: str
    shop_file: Path
    log_level: str
    log_format: str

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Read ``VIISI_…`` from ``environ``. Raises ConfigurationError for a value that cannot be."""
        log_level = environ.get("VIISI_LOG_LEVEL", "INFO").upper()
        if log_level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
            raise ConfigurationError(f"VIISI_LOG_LEVEL is {log_level!r}; use DEBUG, INFO, WARNING or ERROR")
        log_format = environ.get("VIISI_LOG_FORMAT", "console")
        if log_format not in ("console", "json"):
            raise ConfigurationError(f"VIISI_LOG_FORMAT is {log_format!r}; use console or json")
        shop_url = environ.get("VIISI_SHOP_URL", "sqlite:///var/shop.db")
        if "://" not in shop_url:
            raise ConfigurationError(
                f"VIISI_SHOP_URL is {shop_url!r}; use a database address such as sqlite:///var/shop.db"
                " or postgresql://user:password@host/name"
            )
        shop_file = Path(environ.get("VIISI_SHOP_FILE", str(ROOT / "shop.yml")))
        return cls(shop_url=shop_url, shop_file=shop_file, log_level=log_level, log_format=log_format)
