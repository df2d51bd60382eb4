"""A customer who talks with the action server's real actions over a real demo shop in a file.

What Rasa does between the actions is done here in a few lines: slots are set from entities, a form's validation action runs
until it asks for nothing more, and then the action of the task. Every response that is said is looked up and filled, so a
placeholder that nobody fills fails the test in which it is said.
"""

import asyncio
import importlib
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from rasa.shared.nlu.training_data.message import Message
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy import select

from actions import base
from actions.base import BaseAction
from actions.tasks import TASKS
from viisi.facts import read_facts
from viisi.nlu.entities import EntityExtractor
from viisi.nlu.normalise import normalise
from viisi.nlu.normaliser import NORMALISED_TEXT
from viisi.settings import ROOT
from viisi.shop import tables
from viisi.shop.database import Database
from viisi.shop.demo import seed
from viisi.shop.migrations import migrate
from viisi.training.importer import responses

EMAILS = {
    "fi": "aino.virtanen@example.com",
    "nl": "sanne.devries@example.com",
    "de": "lukas.bauer@example.com",
    "zh": "wang.fang@example.com",
    "fa": "sara.ahmadi@example.com",
}
BLOCKS = {"fi": 1, "nl": 2, "de": 3, "zh": 4, "fa": 5}
# The showcase of viisi/shop/demo.yml, by what happened to the order.
CASES = {
    "paid": 1,
    "packed": 2,
    "shipped": 3,
    "delayed": 4,
    "delivered": 5,  # line 1 a teapot 39.90, line 2 two mugs 12.90 each, line 3 tea 8.90; nothing refunded
    "cancelled": 6,
    "partly_refunded": 7,
    "long_ago": 8,
    "refunded": 9,
    "expensive": 10,
}


def order_number(case: str, tag: str = "nl") -> str:
    return f"104{BLOCKS[tag]}{CASES[case]:02}"


class Said(NamedTuple):
    """One answer: the response, what it was filled with, its text in the customer's language, and the buttons' titles."""

    response: str
    values: dict[str, Any]
    text: str
    buttons: list[str]


@cache
def extractor() -> EntityExtractor:
    return EntityExtractor({"shop": str(ROOT / "shop.yml")})


@cache
def wording() -> dict[str, list[dict[str, Any]]]:
    return responses()


@cache
def actions() -> dict[str, BaseAction]:
    """Every action by its name, as rasa-sdk would run it."""
    found = {}
    for path in sorted((ROOT / "actions").glob("[a-z]*.py")):
        for item in vars(importlib.import_module(f"actions.{path.stem}")).values():
            if (
                isinstance(item, type)
                and getattr(item, "__abstractmethods__", True) == frozenset()
                and issubclass(item, BaseAction)
            ):
                found[item().name()] = item()
    return found


class Customer:
    """Someone who writes in a language, and what the assistant answers."""

    def __init__(self, language: str = "nl", name: str = "c1") -> None:
        self.language, self.name = language, name
        self.slots: dict[str, Any] = {"language": language, "lookup_misses": 0}
        self.events: list[dict[str, Any]] = []
        self.loop: str | None = None

    def writes(self, intent: str, text: str = "", confidence: float = 0.95) -> list[str]:
        """Send a message that was understood as ``intent``; the responses that come back."""
        message = Message({"text": text, NORMALISED_TEXT: normalise(text)})
        extractor().process([message])
        self.message = {
            "text": text,
            "intent": {"name": intent, "confidence": confidence},
            "entities": message.get("entities") or [],
            "message_id": f"m{len(self.events)}",
        }
        self.events.append({"event": "user", **self.message})
        for entity in self.message["entities"]:
            if entity["entity"] in ("order_number", "email"):
                self.slots[entity["entity"]] = entity["value"]
        self.answers: list[Said] = []
        if self.loop:
            self._form()
        elif intent in TASKS:
            self.run("action_begin_task")
            self.loop = f"{intent}_form"
            self._form()
        return self.heard

    def begins(self, task: str, case: str, text: str = "") -> list[str]:
        """Begin a task, naming an order of one's own."""
        tag = self.language.split("-")[0]
        return self.writes(task, f"{text} {order_number(case, tag)} {EMAILS[tag]}")

    @property
    def heard(self) -> list[str]:
        """The names of the responses to the last message."""
        return [said.response for said in self.answers]

    @property
    def words(self) -> str:
        """The texts of the answers to the last message."""
        return "\n".join(said.text for said in self.answers)

    @property
    def was_rejected(self) -> bool:
        """Whether the form took the last message for no answer; Rasa's rule for the intent comes next."""
        return bool(self.events) and self.events[-1].get("event") == "action_execution_rejected"

    def _form(self) -> None:
        assert self.loop
        form = self.loop
        self.run(f"validate_{form}")
        if self.was_rejected or self.loop != form:
            return
        self.events.append({"event": "action", "name": form})
        if self.slots.get("requested_slot") is None:
            self.loop = None
            label = form.removesuffix("_form")
            self.run("action_keep_contact" if label == "contact" else f"action_{label}")

    def run(self, name: str, action: BaseAction | None = None) -> list[str]:
        """Run one action as rasa-sdk does, and take over its events."""
        active_loop = {"name": self.loop} if self.loop else {}
        tracker = Tracker(
            self.name, dict(self.slots), self.message, list(self.events), False, None, active_loop, "action_listen"
        )
        dispatcher = CollectingDispatcher()
        events = asyncio.run((action or actions()[name]).run(dispatcher, tracker, {}))
        self.events.append({"event": "action", "name": name})
        for message in dispatcher.messages:
            said = self._said(message)
            self.answers.append(said)
            self.events.append({"event": "bot", "text": said.text, "metadata": {"utter_action": said.response}})
        for event in events:
            if event["event"] == "slot":
                self.slots[event["name"]] = event["value"]
            elif event["event"] == "active_loop":
                self.loop = event["name"]
            else:
                self.events.append(event)
        return self.heard

    def _said(self, message: dict[str, Any]) -> Said:
        """The response as Rasa would send it."""
        standard = {"text", "buttons", "elements", "custom", "template", "response", "image", "attachment"}
        values = {key: value for key, value in message.items() if key not in standard}
        name = message["response"]
        assert not message["text"], "actions speak through responses"
        told = {"type": "slot", "name": "language", "value": self.language}
        [variation, *_] = [v for v in wording()[name] if told in v.get("condition", []) or name == "utter_unspoken_language"]
        assert all(isinstance(value, str) for value in values.values()), f"{name}: {values}"
        # Rasa would fill a leftover from a slot of that name, in the wrong digits and without isolates.
        text = re.sub(r"\{(\w+)\}", lambda found: values[found[1]], variation["text"])
        buttons = [button["title"] for button in [*variation.get("buttons", []), *(message["buttons"] or [])]]
        return Said(name, values, text, buttons)


class Books:
    """What stands in the shop's tables."""

    def __init__(self, url: str) -> None:
        self._url = url

    def count(self, table: str) -> int:
        return len(self.rows(table))

    def rows(self, table: str, **where: object) -> list[dict[str, Any]]:
        found = getattr(tables, table)
        database = Database(self._url)
        with database.read() as connection:
            rows = connection.execute(select(found)).all()
        database.close()
        return [dict(row._mapping) for row in rows if all(row._mapping[key] == value for key, value in where.items())]

    def change(self, statement: Any) -> None:
        database = Database(self._url)
        with database.write() as connection:
            connection.execute(statement)
        database.close()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo shop as of today; a few tests need its days to be near the real ones."""
    file = tmp_path_factory.mktemp("shop") / "shop.db"
    migrate(f"sqlite:///{file}")
    seed(f"sqlite:///{file}", datetime.now(read_facts().zone).date())
    return file


@pytest.fixture
def books(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Books]:
    """The action server's shop, fresh for each test."""
    url = f"sqlite:///{shutil.copy(template, tmp_path / 'shop.db')}"
    monkeypatch.setenv("VIISI_SHOP_URL", url)
    forget()
    yield Books(url)
    base.shop().close()
    forget()


def forget() -> None:
    """Let the action server read its settings anew."""
    base.settings.cache_clear()
    base.shop.cache_clear()


@pytest.fixture
def no_shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The settings name a database that is not there."""
    monkeypatch.setenv("VIISI_SHOP_URL", f"sqlite:///{tmp_path / 'gone.db'}")
    forget()
    yield
    forget()


@pytest.fixture
def customer(books: Books) -> Customer:
    return Customer()


@pytest.fixture
def new_customer(books: Books) -> Callable[..., Customer]:
    return Customer


@pytest.fixture
def number() -> Callable[..., str]:
    return order_number


@pytest.fixture(scope="session")
def emails() -> dict[str, str]:
    return EMAILS
