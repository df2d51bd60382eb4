"""Track an order, cancel it, send it elsewhere, get its invoice."""

import re
from collections.abc import Iterable
from typing import Any

from actions.base import Turn, facts, shop
from actions.tasks import OrderAction, OrderTask, key, taken_confirmation
from viisi.errors import NotAllowed
from viisi.nlu.normalise import normalise
from viisi.shop.base import Address, Order, OrderStatus


class TrackOrderTask(OrderTask):
    """Needs nothing but the order."""

    label = "track_order"

    async def next_step(self, turn: Turn, order: Order) -> str | None:
        return None


class TrackOrder(OrderAction):
    """Where the order is and when it comes."""

    action_name = "action_track_order"

    async def conclude(self, turn: Turn, order: Order) -> None:
        write = turn.formats
        values = {"order_number": write.code(order.number), "items": turn.items(order)}
        if order.status in (OrderStatus.PAID, OrderStatus.PACKED):
            turn.say(f"utter_track_order_{order.status.value}", placed_on=write.day(order.placed_at), **values)
        elif order.status is OrderStatus.CANCELLED:
            turn.say("utter_track_order_cancelled", cancelled_on=write.day(order.cancelled_at or order.placed_at), **values)
        elif order.status is OrderStatus.DELIVERED:
            carrier = facts().carriers[order.shipments[-1].carrier].name if order.shipments else ""
            delivered_on = write.day(order.delivered_at or order.placed_at)
            turn.say("utter_track_order_delivered", delivered_on=delivered_on, carrier=write.quoted(carrier), **values)
        else:
            self._under_way(turn, order, values)

    @staticmethod
    def _under_way(turn: Turn, order: Order, values: dict[str, str]) -> None:
        write = turn.formats
        for shipment in order.shipments:
            carrier = facts().carriers[shipment.carrier]
            turn.say(
                f"utter_track_order_{order.status.value}",
                carrier=write.quoted(carrier.name),
                expected_on=write.day(shipment.expected_on),
                link=write.code(carrier.tracking_link(shipment.tracking_number)),
                **values,
            )
            if shipment.place and shipment.scanned_at:
                turn.say(
                    "utter_track_order_place",
                    place=write.quoted(shipment.place),
                    scanned_on=write.day(shipment.scanned_at),
                )


class CancelOrderTask(OrderTask):
    """The fee is told before the customer says yes."""

    label = "cancel_order"

    async def take_step(self, turn: Turn, requested: str) -> dict[str, Any] | None:
        return taken_confirmation(turn)

    async def next_step(self, turn: Turn, order: Order) -> str | None:
        if order.status is not OrderStatus.PAID or turn.slot("confirmed") is not None:
            return None
        fee = facts().cancellation_fee
        note = turn.language.phrase("cancellation_fee", "fee" if fee.amount else "free")
        turn.say(
            "utter_cancel_order_confirm",
            order_number=turn.formats.code(order.number),
            items=turn.items(order),
            total=turn.formats.money(order.total),
            fee_note=note.format(fee=turn.formats.money(fee)),
        )
        return "confirmed"


class CancelOrder(OrderAction):
    """Cancels, or says why not."""

    action_name = "action_cancel_order"

    async def conclude(self, turn: Turn, order: Order) -> None:
        number = turn.formats.code(order.number)
        if turn.slot("confirmed") is False:
            turn.say("utter_cancel_order_kept", order_number=number)
            return
        try:
            if order.status is OrderStatus.PAID and not turn.slot("confirmed"):
                raise AssertionError("cancelling without a confirmation")
            cancelled = await turn.ask(shop().cancel_order, order.number, key(turn, "cancel", order.number))
        except NotAllowed as refusal:
            turn.say(f"utter_cancel_order_{refusal.reason}", order_number=number)
        else:
            turn.say("utter_cancel_order_done", order_number=number, total=turn.formats.money(cancelled.total))


# Postal codes by country: what stands before is the street, what stands after is the town. Source: Universal Postal Union.
POSTAL_CODES = {
    "FI": r"(?:FI-?)?\d{5}",
    "NL": r"\d{4} ?[A-Za-z]{2}",
    "BE": r"(?:B-?)?\d{4}",
    "DE": r"(?:D-?)?\d{5}",
    "AT": r"(?:A-?)?\d{4}",
    "CN": r"\d{6}",
    "IR": r"\d{5}-?\d{5}",
}

_EDGES = " \t\n,;:،，。.؛："
_CHINESE_TOWN = re.compile(r"(?:省|自治区|自治區)?((?:(?!省|自治)[\u4e00-\u9fff]){2,6}?市)")


def parse_address(text: str, order: Order, postal_code_words: Iterable[str] = ()) -> dict[str, str] | None:
    """Street, postal code and town as typed in one message, for the country the order goes to; None where they are not there.

    Where the town comes before the code, as in China and Iran, the code may also stand at the end.
    """
    plain = normalise(text)
    pattern = POSTAL_CODES.get(order.shipping_address.country, r"\d{4,6}")
    # A house number may look like a postal code; the code is the last such number.
    codes = list(re.finditer(rf"(?<![0-9A-Za-z-])(?:{pattern})(?![0-9A-Za-z])", plain))
    if not codes:
        return None
    code = codes[-1]
    before, after = text[: code.start()].strip(_EDGES), text[code.end() :].strip(_EDGES)
    for word in postal_code_words:
        before = before.removesuffix(word).strip(_EDGES)
    if not after:
        pieces = [piece.strip() for piece in re.split(r"[,\n،，]", before) if piece.strip()]
        towns = [piece for piece in (pieces[-1:] + pieces[:1]) if not re.search(r"\d", piece)]
        if len(pieces) >= 2 and towns:
            after = towns[0]
            before = ", ".join(piece for piece in pieces if piece != after)
        elif town := _CHINESE_TOWN.search(before):  # written in one run, the largest unit first; it stays whole
            after = town[1]
    if not before or not after or not re.search(r"\w{2}", before):
        return None
    return {"street": before, "postal_code": plain[code.start() : code.end()].upper(), "city": after}


class ChangeAddressTask(OrderTask):
    """A new address in one message, read back before it is written."""

    label = "change_shipping_address"

    async def take_step(self, turn: Turn, requested: str) -> dict[str, Any] | None:
        if requested == "confirmed":
            return taken_confirmation(turn)
        if requested != "new_address":
            return None
        order = await turn.ask(shop().find_order, turn.slot("order_number"), turn.slot("email"))
        address = parse_address(turn.text, order, turn.language.postal_code_words)
        if address is None:
            if turn.intent in ("deny", "help", "nlu_fallback") and not re.search(r"\d", normalise(turn.text)):
                return None
            turn.say("utter_new_address_unclear")
            return {"new_address": None}
        return {"new_address": address}

    async def next_step(self, turn: Turn, order: Order) -> str | None:
        if order.status not in (OrderStatus.PAID, OrderStatus.PACKED) or turn.slot("confirmed") is not None:
            return None
        if not turn.slot("new_address"):
            turn.say("utter_request_new_address")
            return "new_address"
        turn.say(
            "utter_change_shipping_address_confirm",
            order_number=turn.formats.code(order.number),
            address=_address(turn, turn.slot("new_address")),
        )
        return "confirmed"


class ChangeAddress(OrderAction):
    """Writes the new address, or says why not."""

    action_name = "action_change_shipping_address"

    async def conclude(self, turn: Turn, order: Order) -> None:
        number, new = turn.formats.code(order.number), turn.slot("new_address")
        if turn.slot("confirmed") is False:
            turn.say("utter_change_shipping_address_kept", order_number=number)
            return
        old = order.shipping_address
        address = Address(name=old.name, country=old.country, **new) if new and turn.slot("confirmed") else old
        try:
            await turn.ask(shop().change_shipping_address, order.number, address)
        except NotAllowed as refusal:
            turn.say(f"utter_change_shipping_address_{refusal.reason}", order_number=number)
        else:
            turn.say("utter_change_shipping_address_done", order_number=number, address=_address(turn, new))


def _address(turn: Turn, address: dict[str, str]) -> str:
    parts = f"{address['street']}, {address['postal_code']} {address['city']}"
    return turn.formats.quoted(parts)


class GetInvoiceTask(OrderTask):
    """Needs nothing but the order."""

    label = "get_invoice"

    async def next_step(self, turn: Turn, order: Order) -> str | None:
        return None


class GetInvoice(OrderAction):
    """Where the invoice is."""

    action_name = "action_get_invoice"

    async def conclude(self, turn: Turn, order: Order) -> None:
        write = turn.formats
        number = write.code(order.number)
        invoice = await turn.ask(shop().invoice, order.number)
        if invoice is None:
            turn.say("utter_get_invoice_none", order_number=number)
            return
        turn.say(
            "utter_get_invoice",
            order_number=number,
            invoice_number=write.code(invoice.number),
            issued_on=write.day(invoice.issued_on),
            total=write.money(invoice.total),
            link=write.code(invoice.url),
        )
