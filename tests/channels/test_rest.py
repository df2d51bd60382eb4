"""The REST channel: what is no message is refused with a status and a reason, and nothing makes it fall over."""

import asyncio
import json

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rasa.core.channels.channel import UserMessage
from sanic import Sanic

from viisi.channels.rest import MAX_CHARACTERS, MAX_SENDER, RestChannel, fault_in

FINE = [
    {"sender": "c1", "message": "hei"},
    {"sender": "c1", "message": ""},  # an empty message is answered kindly
    {"sender": "c1", "message": "x" * MAX_CHARACTERS},
    {"sender": "x" * MAX_SENDER, "message": "سلام"},
    {"sender": "c1", "message": "hei", "metadata": {"language": "fa"}},
    {"sender": "c1", "message": "hei", "metadata": None},
    {"sender": "c1", "message": "hei", "metadata": {}, "input_channel": "rest", "more": [1]},
    {"sender": "王芳", "message": "\ud83d\udc4d"},
]
# Body, status, and what the reason must name.
REFUSED = [
    (b"", 400, "no JSON"),
    (b"hei", 400, "no JSON"),
    (b"{", 400, "no JSON"),
    (b"\xff\xfe\x00", 400, "no JSON"),
    (b"[" * 100_000, 400, "no JSON"),
    (b"[]", 400, "no JSON object"),
    (b"null", 400, "no JSON object"),
    (b'"hei"', 400, "no JSON object"),
    (b"5", 400, "no JSON object"),
    ({}, 400, "'sender'"),
    ({"message": "hei"}, 400, "'sender'"),
    ({"sender": "", "message": "hei"}, 400, "'sender'"),
    ({"sender": "  ", "message": "hei"}, 400, "'sender'"),
    ({"sender": 5, "message": "hei"}, 400, "'sender'"),
    ({"sender": None, "message": "hei"}, 400, "'sender'"),
    ({"sender": ["c1"], "message": "hei"}, 400, "'sender'"),
    ({"sender": "x" * (MAX_SENDER + 1), "message": "hei"}, 400, "'sender'"),
    ({"sender": "c1"}, 400, "'message'"),
    ({"sender": "c1", "message": None}, 400, "'message'"),
    ({"sender": "c1", "message": 5}, 400, "'message'"),
    ({"sender": "c1", "message": {"text": "hei"}}, 400, "'message'"),
    ({"sender": "c1", "message": "x" * (MAX_CHARACTERS + 1)}, 413, str(MAX_CHARACTERS)),
    ({"sender": "c1", "message": "hei", "metadata": "fa"}, 400, "'metadata'"),
    ({"sender": "c1", "message": "hei", "metadata": []}, 400, "'metadata'"),
    ({"sender": "c1", "message": "hei", "input_channel": 5}, 400, "'input_channel'"),
]


def body(content: object) -> bytes:
    return content if isinstance(content, bytes) else json.dumps(content).encode()


@pytest.mark.parametrize("content", FINE, ids=range(len(FINE)))
def test_messages_are_taken(content):
    assert fault_in(body(content)) == (200, None)


@pytest.mark.parametrize(("content", "status", "reason"), REFUSED, ids=range(len(REFUSED)))
def test_faults_are_named(content, status, reason):
    found, fault = fault_in(body(content))
    assert found == status and reason in fault and "\n" not in fault


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
near_messages = st.fixed_dictionaries(
    {}, optional={name: json_values for name in ("sender", "message", "metadata", "input_channel")}
).map(lambda content: json.dumps(content).encode())


@given(st.binary(max_size=300) | json_values.map(lambda value: json.dumps(value).encode()) | near_messages)
@example(b'{"sender": "c1", "message": "\\ud800"}')
@example(b"\x00")
def test_nothing_makes_it_fall_over(sent):
    status, fault = fault_in(sent)
    assert (status == 200) == (fault is None) and status in (200, 400, 413)


# --- the real route of the real server; only what Rasa does behind it is left out


@pytest.fixture
def taken() -> list[UserMessage]:
    return []


@pytest.fixture
def app(taken) -> Sanic:
    async def on_new_message(message: UserMessage) -> None:
        taken.append(message)
        await message.output_channel.send_text_message(message.sender_id, f"taken: {message.text}")

    Sanic.test_mode = True
    app = Sanic(f"rest_{id(taken)}", configure_logging=False)
    app.blueprint(RestChannel().blueprint(on_new_message), url_prefix="/webhooks/rest")
    return app


def ask(app: Sanic, method: str, path: str, content: bytes | None = None) -> httpx.Response:
    async def send() -> httpx.Response:
        await app._startup()  # as a server does, and httpx does not
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://viisi") as client:
            return await client.request(method, path, content=content)

    return asyncio.run(send())


def post(app: Sanic, content: object) -> tuple[int, object]:
    response = ask(app, "POST", "/webhooks/rest/webhook", body(content))
    return response.status_code, response.json()


def test_a_message_is_answered(app, taken):
    status, answer = post(app, {"sender": "c1", "message": "سلام", "metadata": {"language": "fa"}})
    assert (status, answer) == (200, [{"recipient_id": "c1", "text": "taken: سلام"}])
    [message] = taken
    assert (message.sender_id, message.input_channel, message.metadata) == ("c1", "rest", {"language": "fa"})


@pytest.mark.parametrize(("content", "status", "reason"), [REFUSED[1], REFUSED[5], REFUSED[10], REFUSED[21], REFUSED[22]])
def test_what_is_refused_reaches_nobody(app, taken, content, status, reason):
    found, answer = post(app, content)
    assert found == status and reason in answer["error"]
    assert taken == []


def test_the_health_route_is_rasas(app):
    response = ask(app, "GET", "/webhooks/rest/")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_the_channels_name_is_in_the_address():
    assert RestChannel.name() == "rest"
