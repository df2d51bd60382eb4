"""Products named in messages, found in the real demo shop's catalogue."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from viisi.nlu.products import Products
from viisi.shop.demo import seed
from viisi.shop.migrations import migrate
from viisi.shop.sql import SqlShop


@pytest.fixture(scope="module")
def products(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Products]:
    url = f"sqlite:///{tmp_path_factory.mktemp('shop') / 'shop.db'}"
    migrate(url)
    seed(url, date(2026, 11, 22))
    shop = SqlShop.from_url(url)
    yield Products(shop)
    shop.close()


@pytest.mark.parametrize(
    ("text", "written", "sku"),
    [
        ("onko teillä punaisia teemukeja varastossa", "teemuk", "KIT-01"),
        ("heeft u de houten snijplank nog", "houten snijplank", "KIT-03"),
        ("还有竹砧板吗", "竹砧板", "KIT-04"),
        ("قوری چینی دارین؟", "قوری چینی", "KIT-05"),
        ("teemuki", "teemuki", "KIT-01"),
    ],
)
def test_a_product_is_found_where_it_stands(products: Products, text: str, written: str, sku: str) -> None:
    [(start, end, found)] = products.find(text)
    assert found == sku
    assert written in text[start:end]


@pytest.mark.parametrize("text", ["wo ist mein paket", "missä tilaus 104103 viipyy", "", "谢谢", "سلام"])
def test_where_none_is_named_none_is_found(products: Products, text: str) -> None:
    assert products.find(text) == []


def test_a_shop_that_is_gone_costs_the_entity_and_not_the_message(tmp_path: Path) -> None:
    assert Products(SqlShop.from_url(f"sqlite:///{tmp_path / 'none.db'}")).find("teemuki") == []
