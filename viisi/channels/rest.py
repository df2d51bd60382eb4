"""The REST webhook: Rasa's own, with a correct HTTP status for what it should not take. Named in credentials.yml.

``POST /webhooks/rest/webhook`` with ``{"sender": "…", "message": "…", "metadata": {"language": "fa"}}``. The ``metadata``
may be left out; their ``language`` sets the first language of a conversation. The answer is a JSON list of messages. 400 for
what is no such JSON, 413 for a message over :data:`MAX_CHARACTERS`; the body then says what is wrong.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from rasa.core.channels.channel import UserMessage
from rasa.core.channels.rest import RestInput
from sanic import Blueprint, Request, response
from sanic.response import HTTPResponse

log = structlog.get_logger(__name__)
MAX_CHARACTERS = 20_000  # what is longer is no message; what is shorter but too long for an answer is told so kindly
MAX_SENDER = 255  # as wide as the tracker store's column


class RestChannel(RestInput):  # type: ignore[misc]
    """Rasa's REST channel behind a check of what comes in."""

    @classmethod
    def name(cls) -> str:
        """``rest``, as the address says."""
        return "rest"

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """Rasa's routes, checked first."""
        blueprint: Blueprint = super().blueprint(on_new_message)

        @blueprint.middleware("request")  # type: ignore[misc]
        async def check(request: Request) -> HTTPResponse | None:
            if request.method != "POST":
                return None
            status, fault = fault_in(request.body)
            if fault is None:
                return None
            log.warning("rest.refused", fault=fault, status=status)
            return response.json({"error": fault}, status=status)

        return blueprint

    def get_metadata(self, request: Request) -> dict[str, Any] | None:
        """The ``metadata`` object of the message."""
        metadata = request.json.get("metadata")
        return metadata if isinstance(metadata, dict) else None


def fault_in(body: bytes) -> tuple[int, str | None]:
    """The HTTP status for a webhook's body and, where it is refused, the reason."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return 400, 'the body is no JSON; send {"sender": "…", "message": "…"}'
    if not isinstance(content, dict):
        return 400, 'the body is no JSON object; send {"sender": "…", "message": "…"}'
    sender, message = content.get("sender"), content.get("message")
    if not isinstance(sender, str) or not sender.strip() or len(sender) > MAX_SENDER:
        return 400, f"'sender' must be a text of 1 to {MAX_SENDER} characters that names the conversation"
    if not isinstance(message, str):
        return 400, "'message' must be a text"
    if len(message) > MAX_CHARACTERS:
        return 413, f"'message' has {len(message)} characters; at most {MAX_CHARACTERS} are taken"
    if "metadata" in content and not isinstance(content["metadata"], (dict, type(None))):
        return 400, "'metadata' must be an object"
    if not isinstance(content.get("input_channel", ""), str):
        return 400, "'input_channel' must be a text"
    return 200, None
