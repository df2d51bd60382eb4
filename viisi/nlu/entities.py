"""Finds what a customer means by figures and addresses: order numbers, e-mail addresses, amounts, days (and products).

``config.yml`` names `EntityExtractor` after the Normaliser. Nothing is learned: these things have a grammar, and the
shop's own facts (``shop.yml``) say what an order number looks like. Offsets are into the text as the customer wrote
it. What one kind has found is cut out before the next looks, in the order e-mail, date, amount (``3e mei`` is no
money), order number, product, so that none overlap. The dialogue also asks `residue` whether a message held anything
besides.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from viisi.facts import read_facts
from viisi.languages import DATA
from viisi.nlu.addresses import Addresses
from viisi.nlu.amounts import Amounts
from viisi.nlu.dates import Dates
from viisi.nlu.normalise import fold
from viisi.nlu.normaliser import normalised
from viisi.nlu.orders import OrderNumbers
from viisi.nlu.products import Products
from viisi.nlu.words import cut_out, read_words
from viisi.settings import ROOT, Settings
from viisi.shop.sql import SqlShop

FindProduct = Callable[[str], "list[tuple[int, int, str]]"]


def _now() -> datetime:
    return datetime.now(timezone.utc)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class EntityExtractor(GraphComponent, EntityExtractorMixin):  # type: ignore[misc]
    """Appends the entities order_number, email, amount, date and, given `find_product`, product.

    The value of an amount is ``{"amount": "12.50", "currency": "EUR"}``, of a date ``"2026-05-03"``, else a string.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"shop": None}  # a shop.yml of its own; else the one that the settings name

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> EntityExtractor:
        shop = SqlShop.from_url(Settings.from_env(os.environ).shop_url)  # opened when first asked
        return cls(config, find_product=Products(shop).find)

    def __init__(
        self,
        config: dict[str, Any],
        clock: Callable[[], datetime] = _now,
        find_product: FindProduct | None = None,
        data: Path = DATA,
    ) -> None:
        """Raise ConfigurationError where shop.yml or a language's words are missing or broken."""
        own = config.get("shop")
        facts = read_facts(ROOT / own if own else Settings.from_env(os.environ).shop_file)
        words = read_words(data)
        self._clock, self._zone, self._find_product = clock, facts.zone, find_product
        self._addresses = Addresses(words)
        self._amounts = Amounts(words)
        self._dates = Dates(words, words.week_starts)
        self._orders = OrderNumbers(words, facts.order_pattern)

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            if isinstance(message.get(TEXT), str):
                found = self.add_extractor_name(self.extract(normalised(message)))
                message.set(ENTITIES, message.get(ENTITIES, []) + found, add_to_output=True)
        return messages

    def extract(self, text: str) -> list[dict[str, Any]]:
        """Return the entities in the normalised `text`, in the order in which they stand there."""
        today = self._clock().astimezone(self._zone).date()
        entities: list[dict[str, Any]] = []
        left = fold(text)

        def keep(kind: str, found: Iterable[tuple[int, int, Any]]) -> None:
            nonlocal left
            spans: list[tuple[int, int]] = []
            for start, end, value in sorted(found, key=lambda span: span[:2]):
                if "\0" not in left[start:end] and (not spans or start >= spans[-1][1]):
                    end = _with_marks(text, left, end)
                    spans.append((start, end))
                    entities.append({"entity": kind, "start": start, "end": end, "value": value, "confidence_entity": 1.0})
            left = cut_out(left, spans)

        keep("email", self._addresses.find(text, left))
        keep("date", self._dates.find(left, today))
        keep("amount", self._amounts.find(left))
        keep("order_number", self._orders.find(text, left))
        if self._find_product:
            keep("product", self._find_product(text))
        return sorted(entities, key=lambda entity: int(entity["start"]))


def _with_marks(text: str, folded: str, end: int) -> int:
    """The end of a found word in `text`: `fold` has moved its combining accents behind it, as spaces."""
    while end < len(text) and folded[end] == " " != text[end]:
        end += 1
    return end
