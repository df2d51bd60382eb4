"""Which product of the shop's catalogue a message names; asked by the entity extractor.

The catalogue is the shop's own, read through the contract. A shop that cannot be reached costs the entity, not the message: it
is asked again after a minute.
"""

import time

import structlog
from rapidfuzz import fuzz

from viisi.errors import ShopUnavailable
from viisi.nlu.normalise import fold
from viisi.shop.base import Shop

log = structlog.get_logger(__name__)
PAUSE = 60.0  # seconds after a fault


class Products:
    """Finds the product that a text names best."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._not_before = 0.0

    def find(self, text: str) -> list[tuple[int, int, str]]:
        """Start and end in ``text`` of the product's name, and its article number; at most one."""
        if time.monotonic() < self._not_before:
            return []
        try:
            products = self._shop.find_products(text, "", 1)
        except ShopUnavailable as error:
            self._not_before = time.monotonic() + PAUSE
            log.warning("products.unavailable", fault=str(error), cure="messages get no product entity until the shop is back")
            return []
        folded = fold(text)
        for product in products:
            found = (fuzz.partial_ratio_alignment(fold(name), folded) for name in product.names.values())
            best = max((one for one in found if one), key=lambda one: one.score)
            # The alignment of a name longer than the text counts in the name; the text is then the place.
            longer = best.dest_end > len(text) or best.dest_end - best.dest_start >= len(text)
            return [(0, len(text), product.sku) if longer else (best.dest_start, best.dest_end, product.sku)]
        return []
