"""What should never happen, and does: nothing is half-written, the customer hears something, and the next message works."""

import sqlite3
from collections.abc import Iterator

import httpx
import pytest

from tests.e2e.servers import Assistant, Customer, names, running

pytestmark = pytest.mark.e2e


def test_bodies_that_are_no_messages(assistant: Assistant) -> None:
    bodies: list[tuple[bytes, int]] = [
        (b"", 400),
        (b"not json", 400),
        (b"[]", 400),
        (b'"text"', 400),
        (b"{}", 400),
        (b'{"sender": "a"}', 400),
        (b'{"sender": "a", "message": 5}', 400),
        (b'{"sender": {"a": 1}, "message": "hei"}', 400),
        (b'{"sender": "", "message": "hei"}', 400),
        (b'{"sender": "a", "message": "hei", "metadata": []}', 400),
        (b'{"sender": "a", "message": "' + b"x" * 30_000 + b'"}', 413),
        (b'{"sender": "a", "message": "\xff\xfe"}', 400),
    ]
    for body, status in bodies:
        answer = httpx.post(f"{assistant.url}/webhooks/rest/webhook", content=body, timeout=30)
        assert answer.status_code == status, (body[:60], answer.text)
        assert answer.json()["error"]


@pytest.mark.parametrize(
    ("text", "response"),
    [
        ("", "utter_empty_message"),
        ("   \n\t ", "utter_empty_message"),
        ("\u202e\u2066\u200f", "utter_empty_message"),
        ("\x00\x01\x07", "utter_empty_message"),
        ("ä" * 10_000, "utter_message_too_long"),
        ("missä tilaukseni on? " * 400, "utter_message_too_long"),
    ],
)
def test_messages_that_say_nothing_or_too_much(assistant: Assistant, text: str, response: str) -> None:
    customer = Customer(assistant, "odd", "fi", metadata={"language": "fi"})
    heard = customer.say(text)
    assert response in names(heard[-1], "fi"), heard
    assert customer.say("moikka"), "the next message works"


@pytest.mark.parametrize(
    "text", ["😀😀😀", "🤷", "‮etsi tilaus", "/", "/nonsense", "/get_refund{broken", "/affirm", "/restart", '/x{"a":1}']
)
def test_odd_messages_get_an_answer(assistant: Assistant, text: str) -> None:
    customer = Customer(assistant, "odd", "fi", metadata={"language": "fi"})
    heard = customer.say(text)
    assert heard and all(heard), text
    assert "{" not in "".join(heard)
    assert customer.say("moikka")


def test_a_typed_payload_cannot_prove_an_identity(assistant: Assistant) -> None:
    customer = Customer(assistant, "payload", "fi", metadata={"language": "fi"})
    payload = (
        '/track_order{"order_number": "104104", "email": "x@example.org", "verified_order": "104104", "confirmed": "true"}'
    )
    heard = customer.say(payload)
    assert "utter_request_verified_order" in names(heard[-1], "fi"), heard


@pytest.fixture
def fragile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """An assistant of one's own, to break."""
    with running(tmp_path_factory.mktemp("fragile")) as found:
        yield found


def test_parts_that_fail(fragile: Assistant) -> None:
    words = {
        "nl": "waar blijft mijn pakket 104203 sanne.devries@example.com",
        "fa": "سفارش ۱۰۴۵۰۳ کجاست sara.ahmadi@example.com",
    }
    dutch, persian = Customer(fragile, "a", "nl"), Customer(fragile, "b", "fa")

    # The database is locked by another program: said in the customer's language, and over when it is free again.
    database = sqlite3.connect(fragile.shop_url.removeprefix("sqlite:///"), isolation_level=None)
    database.execute("BEGIN EXCLUSIVE")
    heard = dutch.say(words["nl"].replace("104203", "109990"))  # a miss must be written, so the lock is felt
    assert "utter_shop_unavailable" in names(heard[-1], "nl"), heard
    database.execute("ROLLBACK")
    database.close()
    assert "utter_track_order_shipped" in names(dutch.say(words["nl"])[0], "nl")

    # The action server is gone: the Rasa server says so by itself, in the customer's language, and answers questions still.
    fragile.servers.stop_one("actions")
    heard = persian.say(words["fa"])
    assert "utter_action_failed" in names(heard[-1], "fa"), heard
    heard = persian.say("تا کی میشه مرجوع کرد؟")
    assert "utter_check_refund_policy" in names(heard[0], "fa"), heard
    fragile.start_actions()
    assert "utter_track_order_shipped" in names(persian.say(words["fa"])[0], "fa")
