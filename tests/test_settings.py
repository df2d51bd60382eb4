"""Settings: read from the environment alone, and refused with the name of what is wrong."""

from pathlib import Path

import pytest

from viisi.errors import ConfigurationError
from viisi.settings import ROOT, Settings


def test_defaults():
    settings = Settings.from_env({})
    assert settings.shop_url.startswith("sqlite:///")
    assert settings.shop_file == ROOT / "shop.yml"
    assert (settings.log_level, settings.log_format) == ("INFO", "console")


def test_what_is_set_is_taken():
    environment = {
        "VIISI_SHOP_URL": "postgresql://u:p@db/shop",
        "VIISI_SHOP_FILE": "elsewhere/shop.yml",
        "VIISI_LOG_LEVEL": "debug",
        "VIISI_LOG_FORMAT": "json",
        "SOMETHING_ELSE": "1",
    }
    assert Settings.from_env(environment) == Settings("postgresql://u:p@db/shop", Path("elsewhere/shop.yml"), "DEBUG", "json")


@pytest.mark.parametrize(
    ("name", "value", "cure"),
    [
        ("VIISI_LOG_LEVEL", "loud", "use DEBUG"),
        ("VIISI_LOG_FORMAT", "xml", "use console or json"),
        ("VIISI_SHOP_URL", "shop.db", "sqlite:///"),
        ("VIISI_SHOP_URL", "", "sqlite:///"),
    ],
)
def test_faults_name_setting_value_and_cure(name, value, cure):
    with pytest.raises(ConfigurationError) as fault:
        Settings.from_env({name: value})
    assert name in str(fault.value) and repr(value)[1:-1].lower() in str(fault.value).lower() and cure in str(fault.value)


def test_settings_cannot_be_changed():
    with pytest.raises(AttributeError):
        Settings.from_env({}).shop_url = "sqlite:///other.db"
