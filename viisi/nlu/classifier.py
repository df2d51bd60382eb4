"""What the customer wants: the intent, and within an FAQ label the topic of the question.

Reads the tokens, the normalised text and the sentence vector that earlier components set. The topic stands in the parse output
as ``topic``; the dialogue policy puts it into the slot of that name, on which the answers are conditioned.
"""

from collections import Counter
from typing import Any

import numpy as np
import structlog
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier as RasaIntentClassifier
from rasa.nlu.constants import TOKENS_NAMES
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from viisi.errors import ConfigurationError
from viisi.nlu.encoder import kept_back
from viisi.nlu.linear import Floats, LinearClassifier
from viisi.nlu.normalise import fold, mask, simplify
from viisi.training.importer import GENERAL, LANGUAGE_TAG, TOPIC

log = structlog.get_logger(__name__)
RANKING_LENGTH = 10


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class IntentClassifier(GraphComponent, RasaIntentClassifier):  # type: ignore[misc]
    """Ranks the intents, and tells the topic within the best one."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """``C``: the inverse strength of the regularisation; ``min_examples``: fewer for an intent stop training."""
        return {"C": 0.3, "min_examples": 2}

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        intents: LinearClassifier | None = None,
        topics: LinearClassifier | None = None,
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._intents = intents
        self._topics = topics

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "IntentClassifier":
        """A classifier that has learned nothing yet."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "IntentClassifier":
        """The classifier as :meth:`train` stored it."""
        with model_storage.read_from(resource) as folder:
            topics = LinearClassifier.load(folder, "topics") if (folder / "topics.npz").exists() else None
            return cls(config, model_storage, resource, LinearClassifier.load(folder, "intents"), topics)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn intents from all examples, and topics from those of labels that have more than one."""
        examples = [message for message in training_data.intent_examples if message.get(TEXT)]
        counts = Counter(message.get(INTENT) for message in examples)
        few = sorted(intent for intent, count in counts.items() if count < self._config["min_examples"])
        if few:
            raise ConfigurationError(
                f"too few examples for {', '.join(few)}; give {self._config['min_examples']} or more in data/<language>/nlu.yml"
            )
        _check_languages(examples)
        if len(counts) < 2:
            raise ConfigurationError("the training data has fewer than two intents; is 'data' the folder you train on?")
        texts = [_text(message) for message in examples]
        vectors = np.stack([_vector(message) for message in examples])
        unseen = [kept_back(message.get(TEXT)) for message in examples]
        intents = [message.get(INTENT) for message in examples]
        self._intents = LinearClassifier.fit(texts, vectors, intents, self._config["C"], unseen)
        log.info("classifier.trained", examples=len(examples), intents=len(counts))

        finer = {message.get(INTENT) for message in examples if message.get(TOPIC)}
        chosen = [i for i, message in enumerate(examples) if message.get(INTENT) in finer]
        if chosen:
            labels = [f"{examples[i].get(INTENT)}.{examples[i].get(TOPIC, GENERAL)}" for i in chosen]
            self._topics = LinearClassifier.fit(
                [texts[i] for i in chosen], vectors[chosen], labels, self._config["C"], [unseen[i] for i in chosen]
            )
        with self._model_storage.write_to(self._resource) as folder:
            self._intents.save(folder, "intents")
            if self._topics:
                self._topics.save(folder, "topics")
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Set ``intent``, ``intent_ranking`` and ``topic``."""
        for message in messages:
            if not message.get(TEXT) or self._intents is None:
                message.set(INTENT, {"name": None, "confidence": 0.0}, add_to_output=True)
                message.set("intent_ranking", [], add_to_output=True)
                message.set(TOPIC, GENERAL, add_to_output=True)
                continue
            text, vector = _text(message), _vector(message)
            found = self._intents.probabilities(text, vector)
            ranking = [
                {"name": self._intents.classes[i], "confidence": float(found[i])}
                for i in np.argsort(-found, kind="stable")[:RANKING_LENGTH]
            ]
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set("intent_ranking", ranking, add_to_output=True)
            message.set(TOPIC, self._topic(str(ranking[0]["name"]), text, vector), add_to_output=True)
        return messages

    def _topic(self, intent: str, text: str, vector: Floats) -> str:
        if self._topics is None:
            return GENERAL
        within = [i for i, name in enumerate(self._topics.classes) if name.startswith(f"{intent}.")]
        if not within:
            return GENERAL
        found = self._topics.probabilities(text, vector)
        return self._topics.classes[max(within, key=lambda i: found[i])].partition(".")[2]


def _check_languages(examples: list[Message]) -> None:
    """Every language knows every label. Raises ConfigurationError."""
    known: dict[str, set[str]] = {}
    for message in examples:
        if message.get(LANGUAGE_TAG):
            known.setdefault(message.get(LANGUAGE_TAG), set()).add(message.get(INTENT))
    labels = set().union(*known.values())
    for tag, own in known.items():
        missing = sorted(labels - own)
        if missing:
            names = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
            raise ConfigurationError(
                f"data/{tag}/nlu.yml has no examples for {names}; write some, or take the folder out of data/"
            )


def _text(message: Message) -> str:
    tokens = message.get(TOKENS_NAMES[TEXT])
    words = " ".join(token.text for token in tokens) if tokens else str(message.get(TEXT))
    return fold(simplify(mask(words)))


def _vector(message: Message) -> Floats:
    _, sentence = message.get_dense_features(TEXT)
    if sentence is None:
        return np.zeros(0, dtype=np.float32)
    return np.asarray(sentence.features[0], dtype=np.float32)
