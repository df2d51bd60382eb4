"""What all tasks share: who is asking, which order, what comes next, and when a message is something else altogether.

Each task is a Rasa form whose validation action is a :class:`Task` here. Rasa runs the loop; the task decides at each turn
whether the message answers the pending question. If not (a question about delivery, another wish, 'stop'), the form is
rejected, the rule for that intent runs, and the form comes back with its question, or is left.

Whose order it is: the shop tells an order only for its number and its e-mail together. Both are kept for the conversation and
may come in any message, be corrected in any, and are looked up again whenever one of them changes.
"""

import hashlib
from abc import abstractmethod
from typing import Any, ClassVar

from actions.base import TASK_SLOTS, BaseAction, Event, Turn, leave_loop, log, set_slot, shop
from viisi.errors import LookupsBlocked, OrderNotFound
from viisi.shop.base import Order

MISSES_ALLOWED = 5
IDENTITY = ("order_number", "email", "verified_order")
TASKS = (
    "track_order",
    "cancel_order",
    "change_shipping_address",
    "get_refund",
    "track_refund",
    "exchange_item",
    "report_damaged_item",
    "get_invoice",
    "product_availability",
)
# Met at any point of a task, however sure the classifier is of anything else.
ALWAYS = (
    "contact_human_agent",
    "stop",
    "change_language",
    "bot_challenge",
    "unspoken_language",
    "report_account_issue",
)
# Said in answer to a question, never a wish of their own.
ANSWERS = ("affirm", "deny", "greet", "thank", "out_of_scope", "nlu_fallback")
UNSURE = 0.4
SURE = 0.6
VERY_SURE = 0.8
FREE_TEXT = ("details", "new_address", "product_query")


class Task(BaseAction):
    """The validation action of a form: takes the answer, and asks the next question or ends the form."""

    label: ClassVar[str]

    @property
    def form(self) -> str:
        """The form's name."""
        return f"{self.label}_form"

    def name(self) -> str:
        """The name Rasa looks for."""
        return f"validate_{self.form}"

    @abstractmethod
    async def next_question(self, turn: Turn) -> str | None:
        """Ask for what is missing and name its slot; None where nothing is."""

    def answers(self, turn: Turn, requested: str) -> bool:
        """Whether the message is an answer to ``requested`` even where its intent is another's; no, if in doubt."""
        return False

    async def take(self, turn: Turn, requested: str) -> dict[str, Any] | None:
        """The slots that the message fills as an answer to ``requested``; None where it is no answer."""
        return None

    async def act(self, turn: Turn) -> list[Event]:
        """One round of the form."""
        requested = turn.slot("requested_slot")
        if requested and self._is_reply(turn):
            if not self.answers(turn, requested) and digresses(turn, self.label, requested):
                return [_rejected(self.form)]
            taken = await self.take(turn, requested)
            if taken is None:
                return [_rejected(self.form)]
            # Rasa takes a form that set nothing for one that was not answered; so the asked-for slot is always set.
            turn.set(**{requested: turn.slot(requested), **taken})
        turn.set(requested_slot=await self.next_question(turn))
        return []

    def _is_reply(self, turn: Turn) -> bool:
        """Whether this is the first the form hears of the customer's message: not when it begins, nor when it comes back."""
        for event in reversed(turn.tracker.events):
            if event.get("event") == "user":
                return True
            if event.get("event") == "action" and event.get("name") not in (self.form, "utter_introduction"):
                return False
        return False


class OrderTask(Task):
    """A task about one order: identity first, then the task's own questions."""

    @abstractmethod
    async def next_step(self, turn: Turn, order: Order) -> str | None:
        """As next_question, once the order is the customer's."""

    async def take(self, turn: Turn, requested: str) -> dict[str, Any] | None:
        """Numbers and e-mails are taken by their entities, at any question; the rest is the task's own."""
        if requested in FREE_TEXT and len(turn.besides_identity) >= 8:
            # A Beijing postal code looks like an order number of this shop: in an address, or a story, it is none.
            turn.set(order_number=turn.slot("verified_order"))
            return await self.take_step(turn, requested)
        if turn.has("order_number", "email"):
            changed = turn.slot("verified_order") not in (None, turn.slot("order_number"))
            return dict.fromkeys(TASK_SLOTS[1:]) if changed else {}
        if requested in IDENTITY:
            if turn.intent == "deny" and turn.confidence >= SURE:
                turn.say("utter_identity_needed")
                return {}
            return None
        return await self.take_step(turn, requested)

    async def take_step(self, turn: Turn, requested: str) -> dict[str, Any] | None:
        """As take, for the task's own questions."""
        return None

    async def next_question(self, turn: Turn) -> str | None:
        """Identity, then the task's own."""
        found = await identify(turn)
        return found if found is None or isinstance(found, str) else await self.next_step(turn, found)


async def identify(turn: Turn) -> Order | str | None:
    """The customer's order; or the slot that was asked for; or None where look-ups are over for this conversation."""
    number, email = turn.slot("order_number"), turn.slot("email")
    if not number:
        turn.say("utter_request_order_number")
        return "order_number"
    if not email:
        turn.say("utter_request_email")
        return "email"
    if int(turn.slot("lookup_misses") or 0) >= MISSES_ALLOWED:
        _blocked(turn)
        return None
    pair = f"{number} {email}"
    if turn.slot("missed_lookup") != pair:
        try:
            order: Order = await turn.ask(shop().find_order, number, email)
        except LookupsBlocked:
            turn.set(missed_lookup=pair, lookup_misses=int(turn.slot("lookup_misses") or 0) + 1)
            _blocked(turn)
            return None
        except OrderNotFound:
            misses = int(turn.slot("lookup_misses") or 0) + 1
            turn.set(missed_lookup=pair, lookup_misses=misses, verified_order=None)
            log.info("order.lookup_missed", conversation=turn.tracker.sender_id, misses=misses)
            if misses >= MISSES_ALLOWED:
                _blocked(turn)
                return None
        else:
            turn.set(verified_order=number, missed_lookup=None)
            return order
    turn.say("utter_request_verified_order", order_number=turn.formats.code(number), email=turn.formats.code(email))
    return "verified_order"


def _blocked(turn: Turn) -> None:
    turn.set(verified_order=None)
    turn.say("utter_lookups_blocked")


def digresses(turn: Turn, label: str, requested: str) -> bool:
    """Whether the message is about something else than the pending question."""
    intent, sure = turn.intent, turn.confidence
    if turn.text.startswith("/") and intent not in ANSWERS:
        return intent != label
    given = turn.has("order_number", "email")
    if given and len(turn.besides_identity) < 8:
        return False  # '104233' alone is an answer whatever it was taken for; 'cancel 104233 instead' is another wish
    if intent in ALWAYS:
        return sure >= (SURE if requested in FREE_TEXT else UNSURE)
    if intent in ANSWERS or intent == label:
        return False
    if given:
        return sure >= SURE and intent in TASKS
    return sure >= (VERY_SURE if requested in FREE_TEXT else SURE)


def _rejected(form: str) -> Event:
    return {"event": "action_execution_rejected", "name": form, "policy": None, "confidence": None, "timestamp": None}


class BeginTask(BaseAction):
    """Clears the way for a task: an old answer never serves it, and a task left behind is named."""

    action_name = "action_begin_task"

    async def act(self, turn: Turn) -> list[Event]:
        form = f"{turn.intent}_form"
        if turn.loop == form:
            return [set_slot("task_started", turn.slot("task_started"))]
        say_task_left(turn)
        turn.end_task()
        turn.set(requested_slot=None, task_started=turn.now.isoformat())
        return [leave_loop()]


def say_task_left(turn: Turn) -> None:
    """Name the task that is being left undone, if there is one."""
    label = task_label(turn)
    if label:
        turn.say("utter_task_left", task=turn.language.phrase("task", label))


def task_label(turn: Turn) -> str | None:
    """The label of the task at hand."""
    label = (turn.loop or "").removesuffix("_form")
    return label if label in TASKS else None


def key(turn: Turn, *parts: object) -> str:
    """The idempotency key of what this task does: the same however often a confirmation arrives."""
    return identity(turn.tracker.sender_id, turn.slot("task_started"), *parts)


def identity(*parts: object) -> str:
    """One key of many parts; a conversation's name may hold anything and be as long as it likes."""
    return hashlib.sha256("\0".join(map(str, parts)).encode("utf-8", "surrogatepass")).hexdigest()


def taken_confirmation(turn: Turn) -> dict[str, Any] | None:
    """Yes or no, where the message says one of them."""
    if turn.intent in ("affirm", "deny"):
        return {"confirmed": turn.intent == "affirm"}
    return None


class OrderAction(BaseAction):
    """What a task does once its form is complete. Ends the task, whatever comes of it."""

    @abstractmethod
    async def conclude(self, turn: Turn, order: Order) -> None:
        """Do it and say so."""

    async def act(self, turn: Turn) -> list[Event]:
        """Only for an order that has just been proven the customer's."""
        if turn.slot("verified_order") and turn.slot("verified_order") == turn.slot("order_number"):
            try:
                await self.conclude(turn, await turn.ask(shop().find_order, turn.slot("order_number"), turn.slot("email")))
            except (OrderNotFound, LookupsBlocked):
                _blocked(turn)
        turn.end_task()
        return []
