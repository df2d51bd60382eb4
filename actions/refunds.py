"""Refunds, exchanges and damage: asked for, decided by the policy, and written once."""

import re
from typing import Any

from rapidfuzz import fuzz

from actions.base import Turn, facts, shop
from actions.handoff import open_ticket
from actions.tasks import ALWAYS, ANSWERS, VERY_SURE, OrderAction, OrderTask, key, taken_confirmation
from viisi.errors import NotAllowed
from viisi.nlu.normalise import fold, normalise, simplify
from viisi.returns import open_lines, quantities, refund_amount, returnable
from viisi.shop.base import Order, OrderLine, OrderStatus, RefundStatus

REASONS_SOUND_LIKE = ("report_damaged_item", "exchange_item", "complaint", "change_order", *ANSWERS)
SHORTEST_NAME = 5
NAMED_WELL = 80  # rapidfuzz's score from which a line counts as named
CHINESE_NUMBERS = {character: number for number, character in enumerate("一二三四五六七八九十", start=1)}
_DIGITS = re.compile(r"(?<!\d)\d{1,2}(?!\d)(?!\s*[个個件×x])")  # not the 3 of '3个都退', which is how many
_CHINESE = re.compile(r"第([一二三四五六七八九十])")
_ONLY_CHINESE = re.compile(r"[一二三四五六七八九十\s,、.和与跟号]+")


def chosen_lines(text: str, lines: list[OrderLine], all_words: tuple[str, ...]) -> list[int]:
    """The numbers of the lines that an answer names as 'all', by number or by name; empty where it names none."""
    plain = fold(simplify(normalise(text)))
    known = {line.number for line in lines}
    if any(_says(plain, word) for word in all_words):
        return sorted(known)
    numbers = {int(found) for found in _DIGITS.findall(plain)}
    chinese = plain if _ONLY_CHINESE.fullmatch(plain) else "".join(_CHINESE.findall(plain))
    numbers |= {CHINESE_NUMBERS[character] for character in chinese if character in CHINESE_NUMBERS}
    if numbers & known:
        return sorted(numbers & known)
    scores = {line.number: max(_score(plain, name) for name in line.product.names.values()) for line in lines}
    best = max(scores.values(), default=0)
    return [number for number, score in scores.items() if score >= max(NAMED_WELL, best - 5)]


def _score(plain: str, name: str) -> float:
    """How well folded text names a product, 0 to 100: in full, or by one telling word ('the teapot')."""
    folded = fold(simplify(normalise(name)))
    words = [word for word in re.findall(r"[^\W\d]+", plain) if SHORTEST_NAME <= len(word) <= len(folded)]
    return max([fuzz.partial_ratio(folded, plain), *(fuzz.partial_ratio(word, folded) for word in words)])


def _says(plain: str, word: str) -> bool:
    """Whether folded text holds a word as a whole; Chinese writes no spaces, so there any place will do."""
    word = fold(simplify(normalise(word)))
    if any("\u3400" <= character <= "\u9fff" for character in word):
        return word in plain
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", plain) is not None


def refund_reason(turn: Turn) -> str:
    """The reason that the customer's own words betray, else ``other``. What is said first decides, then the longer word."""
    plain = fold(simplify(normalise(turn.text)))
    found = []
    for code, reason in turn.language.phrases["refund_reason"].items():
        for word in (reason["title"], *(reason.get("words") or [])):
            word = fold(simplify(normalise(word)))
            if word in plain:
                found.append((plain.index(word), -len(word), code))
    return min(found)[2] if found else "other"


def ask_lines(turn: Turn, order: Order, lines: list[OrderLine], response: str) -> str:
    """Ask which lines, numbered."""
    turn.say(response, order_number=turn.formats.code(order.number), items=turn.numbered(lines))
    return "order_lines"


async def take_lines(turn: Turn, several: bool) -> dict[str, Any] | None:
    """The lines an answer names; says so where it names none or, if only one is wanted, several."""
    order = await turn.ask(shop().find_order, turn.slot("order_number"), turn.slot("email"))
    lines = open_lines(order) or list(order.lines)
    chosen = chosen_lines(turn.text, lines, turn.language.all_words)
    if not chosen or (len(chosen) > 1 and not several):
        turn.say("utter_order_lines_unclear", items=turn.numbered(lines))
        return {"order_lines": None}
    return {"order_lines": chosen}


class GetRefundTask(OrderTask):
    """Which lines, why, and yes to the sum."""

    label = "get_refund"

    def answers(self, turn: Turn, requested: str) -> bool:
        """'It arrived broken' is a reason here, and no report."""
        if requested != "refund_reason" or turn.intent in ALWAYS or refund_reason(turn) == "other":
            return False
        return turn.intent in REASONS_SOUND_LIKE or turn.confidence < VERY_SURE

    async def take_step(self, turn: Turn, requested: str) -> dict[str, Any] | None:
        if requested == "confirmed":
            return taken_confirmation(turn)
        if requested == "order_lines":
            return await take_lines(turn, several=True)
        if requested == "refund_reason":
            return {"refund_reason": refund_reason(turn), "details": turn.text[:500]}
        return None

    async def next_step(self, turn: Turn, order: Order) -> str | None:
        if returnable(order, facts(), turn.now).refusal or turn.slot("confirmed") is not None:
            return None
        lines = open_lines(order)
        if not turn.slot("order_lines"):
            if len(lines) > 1:
                return ask_lines(turn, order, lines, "utter_request_order_lines")
            turn.set(order_lines=[line.number for line in lines])
        if not turn.slot("refund_reason"):
            reasons = turn.language.phrases["refund_reason"].values()
            titles = [turn.language.text(reason["title"]) for reason in reasons]
            turn.offer("utter_request_refund_reason", titles)
            return "refund_reason"
        chosen = quantities(order, turn.slot("order_lines"))
        turn.say(
            "utter_get_refund_confirm",
            order_number=turn.formats.code(order.number),
            items=_items(turn, order, chosen),
            amount=turn.formats.money(refund_amount(order, chosen)),
        )
        return "confirmed"


class GetRefund(OrderAction):
    """Registers the refund once, or says why not."""

    action_name = "action_get_refund"

    async def conclude(self, turn: Turn, order: Order) -> None:
        if turn.slot("confirmed") is False:
            turn.say("utter_get_refund_kept", order_number=turn.formats.code(order.number))
            return
        chosen = quantities(order, turn.slot("order_lines") or [])
        once = key(turn, "refund", order.number)
        decision = returnable(order, facts(), turn.now)
        if decision.refusal or not chosen:
            self._refuse(turn, order, decision.refusal or "already_refunded")
            return
        amount = refund_amount(order, chosen)
        if amount.amount > facts().approval_limit.amount:
            number = await open_ticket(turn, "get_refund", "refund_above_limit", once)
            turn.say(
                "utter_get_refund_needs_person",
                order_number=turn.formats.code(order.number),
                amount=turn.formats.money(amount),
                ticket_number=turn.formats.code(str(number)),
                answer_time=turn.hours("answer_time"),
            )
            return
        try:
            refund = await turn.ask(shop().request_refund, order.number, chosen, turn.slot("refund_reason"), amount, once)
        except NotAllowed as refusal:
            self._refuse(turn, order, refusal.reason)
            return
        turn.say(
            "utter_get_refund_done",
            order_number=turn.formats.code(order.number),
            amount=turn.formats.money(refund.amount),
            refund_number=turn.formats.code(str(refund.id)),
        )

    @staticmethod
    def _refuse(turn: Turn, order: Order, reason: str) -> None:
        # What is more than was paid has been refunded before.
        reason = {"amount_too_high": "already_refunded"}.get(reason, reason)
        turn.say(f"utter_get_refund_{reason}", **refusal_values(turn, order))


def refusal_values(turn: Turn, order: Order) -> dict[str, str]:
    """What a refusal may tell of the order."""
    values = {"order_number": turn.formats.code(order.number)}
    last_day = returnable(order, facts(), turn.now).last_day
    if order.delivered_at and last_day:
        values |= {"delivered_on": turn.formats.day(order.delivered_at), "last_day": turn.formats.day(last_day)}
    return values


def _items(turn: Turn, order: Order, chosen: dict[int, int]) -> str:
    return turn.formats.names(turn.line(line, chosen[line.number]) for line in order.lines if line.number in chosen)


class TrackRefundTask(OrderTask):
    """Needs nothing but the order."""

    label = "track_refund"

    async def next_step(self, turn: Turn, order: Order) -> str | None:
        return None


class TrackRefund(OrderAction):
    """Where the money is."""

    action_name = "action_track_refund"

    async def conclude(self, turn: Turn, order: Order) -> None:
        write = turn.formats
        number = write.code(order.number)
        refunds = await turn.ask(shop().refunds, order.number)
        for refund in refunds:
            values = {"order_number": number, "amount": write.money(refund.amount)}
            if refund.status is RefundStatus.REQUESTED:
                values["requested_on"] = write.day(refund.requested_at)
            if refund.status is RefundStatus.PAID:
                values["paid_on"] = write.day(refund.paid_at or refund.requested_at)
            turn.say(f"utter_track_refund_{refund.status.value}", **values)
        if not refunds:
            turn.say("utter_track_refund_none", order_number=number)


class ExchangeItemTask(OrderTask):
    """Which line, and what instead."""

    label = "exchange_item"

    async def take_step(self, turn: Turn, requested: str) -> dict[str, Any] | None:
        if requested == "order_lines":
            return await take_lines(turn, several=False)
        return {"details": turn.text[:500]} if requested == "details" and turn.text.strip() else None

    async def next_step(self, turn: Turn, order: Order) -> str | None:
        if returnable(order, facts(), turn.now).refusal:
            return None
        lines = open_lines(order)
        if not turn.slot("order_lines"):
            if len(lines) > 1:
                return ask_lines(turn, order, lines, "utter_request_order_line")
            turn.set(order_lines=[lines[0].number])
        if not turn.slot("details"):
            turn.say("utter_request_exchange_wish", item=_chosen(turn, order))
            return "details"
        return None


class ExchangeItem(OrderAction):
    """Registers the wish, or says why not."""

    action_name = "action_exchange_item"

    async def conclude(self, turn: Turn, order: Order) -> None:
        refusal = returnable(order, facts(), turn.now).refusal
        try:
            if refusal or not turn.slot("order_lines"):
                raise NotAllowed(refusal or "already_refunded")
            line = turn.slot("order_lines")[0]
            exchange = await turn.ask(
                shop().request_exchange, order.number, line, turn.slot("details"), key(turn, "exchange", order.number)
            )
        except NotAllowed as error:
            turn.say(f"utter_exchange_item_{error.reason}", **refusal_values(turn, order))
            return
        turn.say(
            "utter_exchange_item_done",
            order_number=turn.formats.code(order.number),
            item=_chosen(turn, order),
            wish=turn.formats.quoted(exchange.wish),
            request_number=turn.formats.code(str(exchange.id)),
        )


def _chosen(turn: Turn, order: Order) -> str:
    line = next(line for line in order.lines if line.number == turn.slot("order_lines")[0])
    return turn.product(line.product.names)


class ReportDamagedItemTask(OrderTask):
    """Which line, and what is wrong with it."""

    label = "report_damaged_item"

    async def take_step(self, turn: Turn, requested: str) -> dict[str, Any] | None:
        if requested == "order_lines":
            return await take_lines(turn, several=True)
        return {"details": turn.text[:1000]} if requested == "details" and turn.text.strip() else None

    async def next_step(self, turn: Turn, order: Order) -> str | None:
        if order.status not in (OrderStatus.SHIPPED, OrderStatus.DELAYED, OrderStatus.DELIVERED):
            return None
        if not turn.slot("order_lines"):
            if len(order.lines) > 1:
                return ask_lines(turn, order, list(order.lines), "utter_request_order_line")
            turn.set(order_lines=[order.lines[0].number])
        if not turn.slot("details"):
            turn.say("utter_request_damage_description")
            return "details"
        return None


class ReportDamagedItem(OrderAction):
    """Keeps the report, or says why not."""

    action_name = "action_report_damaged_item"

    async def conclude(self, turn: Turn, order: Order) -> None:
        lines = turn.slot("order_lines") or []
        number = turn.formats.code(order.number)
        try:
            report = await turn.ask(
                shop().report_damage,
                order.number,
                lines[0] if len(lines) == 1 else None,
                turn.slot("details") or "",
                key(turn, "damage", order.number),
            )
        except NotAllowed as refusal:
            turn.say(f"utter_report_damaged_item_{refusal.reason}", order_number=number)
        else:
            turn.say(
                "utter_report_damaged_item_done",
                order_number=number,
                request_number=turn.formats.code(str(report.id)),
            )
