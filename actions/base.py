"""What every action stands on: the turn it answers, the services it asks, and what the customer hears when something breaks.

An action is a class with a ``name`` and an ``act(turn)``. ``act`` returns events and speaks through ``turn.say``; it may
raise any ViisiError. The shop blocks, so it is asked through ``turn.ask``, which puts the call into a thread.
"""

import asyncio
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timezone
from functools import cache
from typing import Any, ClassVar, TypeVar

import structlog
from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from viisi.errors import ShopUnavailable
from viisi.facts import Facts, hours_phrase, read_facts
from viisi.formats import Formats
from viisi.languages import Language, languages
from viisi.nlu.normalise import residue
from viisi.settings import Settings
from viisi.shop.base import Order, OrderLine, Shop

log = structlog.get_logger(__name__)
Event = dict[str, Any]
Result = TypeVar("Result")

# Cleared when a task begins and when it ends, so that an old answer never serves a new task.
TASK_SLOTS = ("task_started", "order_lines", "refund_reason", "details", "new_address", "product_query", "confirmed")


@cache
def settings() -> Settings:
    """The settings of this action server."""
    return Settings.from_env(os.environ)


@cache
def shop() -> Shop:
    """The shop that the settings chose, opened when first asked."""
    from viisi.shop.sql import SqlShop

    return SqlShop.from_url(settings().shop_url)


def facts() -> Facts:
    """The shop's facts."""
    return read_facts(settings().shop_file)


def set_slot(name: str, value: Any) -> Event:
    """The event that sets a slot."""
    return {"event": "slot", "timestamp": None, "name": name, "value": value}


def leave_loop() -> Event:
    """The event that ends the active form."""
    return {"event": "active_loop", "timestamp": None, "name": None}


class Turn:
    """One message of a customer and the assistant's answer to it."""

    def __init__(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
        self._dispatcher = dispatcher
        self.tracker = tracker
        spoken = languages()
        self.language: Language = spoken.get(tracker.get_slot("language")) or spoken[facts().default_language]
        self.formats = Formats(self.language, facts().zone)
        self.now = datetime.now(timezone.utc)
        self.changes: dict[str, Any] = {}

    def slot(self, name: str) -> Any:
        """The value of a slot."""
        return self.tracker.get_slot(name)

    def set(self, **slots: Any) -> None:
        """Set slots, for the rest of this turn and for the conversation."""
        self.tracker.slots.update(slots)
        self.changes.update(slots)

    def end_task(self) -> None:
        """Forget the answers of the task at hand."""
        self.set(**dict.fromkeys(TASK_SLOTS))

    @property
    def text(self) -> str:
        """What the customer wrote."""
        return self.tracker.latest_message.get("text") or ""

    @property
    def intent(self) -> str:
        """What the customer wants."""
        return (self.tracker.latest_message.get("intent") or {}).get("name") or ""

    @property
    def confidence(self) -> float:
        """How sure the classifier is of that, 0 to 1."""
        return float((self.tracker.latest_message.get("intent") or {}).get("confidence") or 0.0)

    @property
    def entities(self) -> list[dict[str, Any]]:
        """What was found in the message."""
        return self.tracker.latest_message.get("entities") or []

    @property
    def loop(self) -> str | None:
        """The active form."""
        return (self.tracker.active_loop or {}).get("name")

    @property
    def besides_identity(self) -> str:
        """What the message says besides order numbers and e-mails."""
        return residue(self.text, [entity for entity in self.entities if entity.get("entity") in ("order_number", "email")])

    def has(self, *kinds: str) -> bool:
        """Whether the message holds an entity of one of these kinds."""
        return any(entity.get("entity") in kinds for entity in self.entities)

    def say(self, response: str, **values: str) -> None:
        """Answer with a response of data/<lang>/, its placeholders filled with ``values`` (formatted already)."""
        self._dispatcher.utter_message(response=response, **values)

    def offer(self, response: str, titles: Iterable[str]) -> None:
        """As say, with buttons that send what they show."""
        self._dispatcher.utter_message(response=response, buttons=[{"title": title, "payload": title} for title in titles])

    async def ask(self, call: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
        """Ask the shop, in a thread."""
        return await asyncio.to_thread(call, *args, **kwargs)

    def hours(self, kind: str) -> str:
        """A whole sentence on when people answer; ``kind`` is ``hours_now`` or ``answer_time``."""
        return hours_phrase(facts(), self.language, kind, self.now)

    def product(self, names: Mapping[str, str]) -> str:
        """A product's name in the customer's language."""
        name = names.get(self.language.base) or next(iter(names.values()))
        return self.formats.quoted(self.language.text(name))

    def line(self, line: OrderLine, quantity: int | None = None) -> str:
        """A line of an order: ``2 × name``."""
        count = quantity or line.quantity
        name = self.product(line.product.names)
        return f"{self.formats.number(count)} × {name}" if count > 1 else name

    def items(self, order: Order) -> str:
        """All lines of an order in a sentence."""
        return self.formats.names(self.line(line) for line in order.lines)

    def numbered(self, lines: list[OrderLine]) -> str:
        """Lines to choose from, one below the other, by their numbers."""
        return "\n".join(f"{self.formats.number(line.number)}. {self.line(line)}" for line in lines)

    def transcript(self) -> str:
        """The conversation so far, a line a message, as a person reads it."""
        speakers = {"user": "customer", "bot": "assistant"}
        return "\n".join(
            f"{speakers[event['event']]}: {event.get('text') or ''}"
            for event in self.tracker.events
            if event.get("event") in speakers and event.get("text")
        )


class BaseAction(Action, ABC):  # type: ignore[misc]
    """An action whose errors the customer hears of, in the customer's language."""

    action_name: ClassVar[str]

    def name(self) -> str:
        """The name that domain.yml lists."""
        return self.action_name

    @abstractmethod
    async def act(self, turn: Turn) -> list[Event]:
        """Do it; the events beside the slots that ``turn`` collects.

        An action that neither speaks nor leaves an event counts as failed (viisi/dialogue.py).
        """

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        """Called by rasa-sdk."""
        turn = Turn(dispatcher, tracker)
        try:
            events = await self.act(turn)
        except ShopUnavailable as error:
            log.error("shop.unavailable", action=self.name(), conversation=tracker.sender_id, fault=str(error))
            events = self._failed(turn, "utter_shop_unavailable")
        except Exception:
            log.exception("action.failed", action=self.name(), conversation=tracker.sender_id)
            events = self._failed(turn, "utter_action_failed")
        return [*events, *(set_slot(name, value) for name, value in turn.changes.items())]

    @staticmethod
    def _failed(turn: Turn, response: str) -> list[Event]:
        """Tell the customer, and leave the task so that the next message starts afresh."""
        turn.say(response)
        turn.end_task()
        turn.set(requested_slot=None)
        return [leave_loop()]
