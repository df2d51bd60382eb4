"""The real servers on free ports, and a customer who writes to them."""

import re
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from scripts import run
from scripts.train import ensure_model
from viisi.settings import ROOT
from viisi.shop.sql import SqlShop
from viisi.training.importer import responses


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Assistant:
    """A running assistant; ``servers`` can be stopped to see what happens."""

    url: str
    shop_url: str
    action_port: int
    servers: run.Servers
    environment: dict[str, str] = field(repr=False)

    def shop(self) -> SqlShop:
        return SqlShop.from_url(self.shop_url)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.shop_url.removeprefix("sqlite:///")) as connection:
            return connection.execute(query).fetchall()

    def start_actions(self) -> None:
        run.start_actions(self.servers, self.action_port, self.environment)
        self.servers.wait_for("actions", f"http://127.0.0.1:{self.action_port}/health")


@contextmanager
def running(folder: Path) -> Iterator[Assistant]:
    shop_url = f"sqlite:///{folder / 'shop.db'}"
    subprocess.run([sys.executable, "-m", "viisi.shop.demo", "--url", shop_url], check=True, cwd=ROOT)
    port, action_port = free_port(), free_port()
    endpoints = folder / "endpoints.yml"
    text = (ROOT / "endpoints.yml").read_text()
    text = text.replace(":5055", f":{action_port}").replace("var/conversations.db", str(folder / "conversations.db"))
    endpoints.write_text(text)
    environment = run.environment(VIISI_SHOP_URL=shop_url, RASA_TELEMETRY_ENABLED="false")
    assistant = Assistant(f"http://127.0.0.1:{port}", shop_url, action_port, run.Servers(logs=folder), environment)
    try:
        assistant.start_actions()
        run.start_rasa(assistant.servers, ensure_model(), port, "127.0.0.1", endpoints, environment)
        assistant.servers.wait_for("rasa", f"{assistant.url}/")
        yield assistant
    finally:
        assistant.servers.stop()


class Customer:
    """Writes to the REST webhook and reads the answers."""

    def __init__(self, assistant: Assistant, name: str, language: str, metadata: dict[str, str] | None = None) -> None:
        self.name = f"{name}-{time.monotonic_ns()}"
        self.language = language
        self._metadata = metadata
        self._client = httpx.Client(base_url=assistant.url, timeout=60)
        self.last: list[dict[str, Any]] = []

    def say(self, text: str) -> list[str]:
        """Send a message; the texts that come back."""
        body: dict[str, Any] = {"sender": self.name, "message": text}
        if self._metadata:
            body["metadata"] = self._metadata
        answer = self._client.post("/webhooks/rest/webhook", json=body)
        assert answer.status_code == 200, answer.text
        self.last = answer.json()
        return [message["text"] for message in self.last]

    def hears(self, text: str, *expected: str) -> str:
        """Send a message and check the names of the answers, in the customer's language and in order; the texts, joined."""
        texts = self.say(text)
        named = [names(answer, self.language) for answer in texts]
        wanted = list(expected)
        assert len(named) == len(wanted) and all(want in found for want, found in zip(wanted, named, strict=True)), (
            f"{self.language}: {text!r}: expected {wanted}, heard {list(zip(named, texts, strict=True))}"
        )
        for answer in texts:
            assert not re.search(r"\{\w+\}", answer), f"an unfilled placeholder reached the customer: {answer}"
        return "\n".join(texts)


def names(text: str, language: str) -> list[str]:
    """The responses (``utter_…`` or ``utter_….topic``) of which ``text`` may be an instance, in one language."""
    return [name for name, pattern in _patterns(language) if pattern.fullmatch(text.strip())]


@cache
def _patterns(language: str) -> list[tuple[str, re.Pattern[str]]]:
    found = []
    for name, variations in responses().items():
        for variation in variations:
            conditions = {condition["name"]: condition["value"] for condition in variation.get("condition", [])}
            if conditions.get("language", language) != language or (not conditions and name != "utter_unspoken_language"):
                continue
            topic = conditions.get("topic", "general")
            pattern = re.sub(r"\\\{\w+\\\}", "(?:.+)", re.escape(variation["text"].strip()))
            found.append((name if topic == "general" else f"{name}.{topic}", re.compile(pattern, re.DOTALL)))
    return found
