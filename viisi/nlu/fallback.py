"""The last word on the intent: rather 'I did not understand' than a wrong action.

Comes after the classifier. A message in a language that is not spoken here becomes ``unspoken_language`` (asking for another
language or for a person is understood all the same); an empty one ``empty_message``; one about which the classifier is unsure
``nlu_fallback``.
"""

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from viisi.nlu.normalise import residue

FALLBACK = "nlu_fallback"
EMPTY = "empty_message"
TOO_LONG = "message_too_long"
UNSPOKEN = "unspoken_language"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class Fallback(GraphComponent):  # type: ignore[misc]
    """Replaces an intent that should not be acted upon."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Defaults.

        ``threshold``: the least confidence to act upon; ``ambiguity``: the least lead over the second intent;
        ``understood_abroad``: intents that stand in any language; ``max_characters``: more is asked to be put shortly;
        ``bare_number``: what a message is that holds an order number and nothing else.
        """
        return {
            "threshold": 0.3,
            "ambiguity": 0.03,
            "understood_abroad": ["change_language", "contact_human_agent"],
            "max_characters": 2000,
            "bare_number": "track_order",
        }

    def __init__(self, config: dict[str, Any]) -> None:
        self._config = config

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "Fallback":
        """Nothing to load."""
        return cls(config)

    def process(self, messages: list[Message]) -> list[Message]:
        """Replace ``intent`` where it should not be acted upon; the ranking keeps what the classifier thought."""
        for message in messages:
            instead = self._instead(message)
            if instead:
                found = message.get(INTENT) or {}
                confidence = 1.0 - float(found.get("confidence") or 0.0) if instead == FALLBACK else 1.0
                intent = {"name": instead, "confidence": confidence}
                message.set(INTENT, intent, add_to_output=True)
                message.set("intent_ranking", [intent, *(message.get("intent_ranking") or [])], add_to_output=True)
        return messages

    def _instead(self, message: Message) -> str | None:
        text = message.get("normalised_text") or ""
        if not text.strip():
            return EMPTY
        if len(message.get(TEXT)) > self._config["max_characters"]:
            return TOO_LONG
        numbers = [found for found in message.get(ENTITIES) or [] if found["entity"] == "order_number"]
        if numbers and len(residue(text, numbers)) < 3:
            return str(self._config["bare_number"])
        intent = message.get(INTENT) or {}
        confidence = float(intent.get("confidence") or 0.0)
        sure = confidence >= self._config["threshold"]
        language = message.get("language") or {}
        if language.get("name") == "other" and language.get("clear"):
            return None if sure and intent.get("name") in self._config["understood_abroad"] else UNSPOKEN
        ranking = message.get("intent_ranking") or []
        if sure and len(ranking) > 1:
            sure = confidence - float(ranking[1]["confidence"]) >= self._config["ambiguity"]
        return None if sure else FALLBACK
