"""The first component of the pipeline: writes the normalised text beside what the customer wrote.

``text`` stays as it came, for the tracker, the desk and the person who reads along. All later components of ours read
``normalised_text`` (through `normalised`), in which each character stands where it stood, so that offsets hold for
both. Rasa's own components that read ``text`` see the raw message; those that read tokens see ours.
"""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from viisi.nlu.normalise import normalise

NORMALISED_TEXT = "normalised_text"


def normalised(message: Message) -> str:
    """Return the message's normalised text, ``""`` where it has none."""
    text: str | None = message.get(NORMALISED_TEXT)
    return normalise(message.get(TEXT) or "") if text is None else text


# Rasa has no type for what comes before the tokenizer; a featurizer may stand anywhere and is run in training too.
@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class Normaliser(GraphComponent):  # type: ignore[misc]
    """Sets ``normalised_text``, cut to ``max_characters``."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"max_characters": 2000}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Normaliser:
        return cls(config)

    def __init__(self, config: dict[str, Any]) -> None:
        self._max_characters: int = config["max_characters"]

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text = message.get(TEXT)
            if isinstance(text, str):
                message.set(NORMALISED_TEXT, normalise(text[: self._max_characters]))
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        self.process(training_data.training_examples)
        return training_data
