"""Whether something is in stock, and what others buy."""

from typing import Any

from actions.base import BaseAction, Event, Turn, shop
from actions.tasks import Task
from viisi.shop.base import Product

FEW = 5  # from so many on, the exact number is of no use to the customer


class ProductAvailabilityTask(Task):
    """Needs the name of a product, which mostly stands in the first message already."""

    label = "product_availability"

    async def take(self, turn: Turn, requested: str) -> dict[str, Any] | None:
        return {"product_query": turn.text[:300]} if turn.text.strip() else None

    async def next_question(self, turn: Turn) -> str | None:
        if turn.slot("product_query") or await turn.ask(shop().find_products, turn.text, turn.language.base):
            turn.set(product_query=turn.slot("product_query") or turn.text[:300])
            return None
        turn.say("utter_request_product")
        return "product_query"


class ProductAvailability(BaseAction):
    """What the shop has of it."""

    action_name = "action_product_availability"

    async def act(self, turn: Turn) -> list[Event]:
        products = await turn.ask(shop().find_products, turn.slot("product_query") or "", turn.language.base)
        if not products:
            turn.say("utter_product_availability_unknown")
        elif len(products) > 1:
            turn.say("utter_product_availability_several", products="\n".join(_line(turn, product) for product in products))
        else:
            self._one(turn, products[0])
        turn.end_task()
        return []

    @staticmethod
    def _one(turn: Turn, product: Product) -> None:
        name = turn.product(product.names)
        if product.stock:
            turn.say(
                "utter_product_availability_in_stock",
                product=name,
                price=turn.formats.money(product.price),
                stock=_stock(turn, product),
            )
        elif product.restock_on:
            turn.say("utter_product_availability_restock", product=name, restock_on=turn.formats.day(product.restock_on))
        else:
            turn.say("utter_product_availability_sold_out", product=name)


class ProductRecommendation(BaseAction):
    """What other customers buy most, of what is in stock."""

    action_name = "action_product_recommendation"

    async def act(self, turn: Turn) -> list[Event]:
        products = await turn.ask(shop().popular_products, 3)
        turn.say("utter_product_recommendation", products="\n".join(_line(turn, product) for product in products))
        return []


def _stock(turn: Turn, product: Product) -> str:
    if product.stock >= FEW:
        return turn.language.phrase("in_stock", "many")
    return turn.language.phrase("in_stock", "few").format(count=turn.formats.number(product.stock))


def _line(turn: Turn, product: Product) -> str:
    state = _stock(turn, product) if product.stock else turn.language.phrase("in_stock", "none")
    return f"– {turn.product(product.names)}, {turn.formats.money(product.price)}, {state}"
