"""The intent classifier as a Rasa component: it trains, is stored, comes back, and tells topics within an intent."""

import numpy as np
import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.nlu.constants import TOKENS_NAMES
from rasa.nlu.tokenizers.tokenizer import Token
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from viisi.errors import ConfigurationError
from viisi.nlu.classifier import RANKING_LENGTH, IntentClassifier

EXAMPLES = [
    *(("greet", None, text) for text in ("hei", "hallo", "goedendag", "moi", "hei hei")),
    *(("delivery_options", None, text) for text in ("delivery how", "ways of delivery", "which delivery", "delivery costs")),
    *(("delivery_options", "express", text) for text in ("express", "express delivery", "fast express", "express costs")),
    *(("place_order", None, text) for text in ("order a lamp", "I want to order", "ordering", "place an order")),
]
CONTEXT = ExecutionContext(GraphSchema({}))
CONFIG = IntentClassifier.get_default_config()


def message(text: str, intent: str | None = None, topic: str | None = None, vector: list[float] | None = None) -> Message:
    found = Message({TEXT: text, **({"intent": intent} if intent else {}), **({"topic": topic} if topic else {})})
    found.set(TOKENS_NAMES[TEXT], [Token(word, 0) for word in text.split()])
    if vector is not None:
        features = np.array([vector], dtype=np.float32)
        found.add_features(Features(features, FEATURE_TYPE_SENTENCE, TEXT, "encoder"))
    return found


def data(examples=EXAMPLES) -> TrainingData:
    return TrainingData([message(text, intent, topic) for intent, topic, text in examples])


@pytest.fixture
def storage(tmp_path) -> LocalModelStorage:
    return LocalModelStorage.create(tmp_path)


def create(storage: LocalModelStorage, **config: object) -> IntentClassifier:
    return IntentClassifier.create({**CONFIG, **config}, storage, Resource("classifier"), CONTEXT)


def load(storage: LocalModelStorage) -> IntentClassifier:
    return IntentClassifier.load(CONFIG, storage, Resource("classifier"), CONTEXT)


def output(classifier: IntentClassifier, text: str) -> dict:
    [found] = classifier.process([message(text)])
    return found.as_dict(only_output_properties=True)


@pytest.mark.parametrize(
    ("text", "intent", "topic"),
    [
        ("hei", "greet", "general"),
        ("order a lamp", "place_order", "general"),
        ("which delivery", "delivery_options", "general"),
        ("express delivery", "delivery_options", "express"),
    ],
)
def test_it_tells_intent_and_topic_also_when_loaded(storage, text, intent, topic):
    trained = create(storage)
    trained.train(data())
    for classifier in (trained, load(storage)):
        found = output(classifier, text)
        assert (found["intent"]["name"], found["topic"]) == (intent, topic)
        assert found["intent"] == found["intent_ranking"][0]
        confidences = [entry["confidence"] for entry in found["intent_ranking"]]
        assert confidences == sorted(confidences, reverse=True) and abs(sum(confidences) - 1) < 1e-6


def test_loaded_it_answers_as_before(storage):
    trained = create(storage)
    trained.train(data())
    loaded = load(storage)
    for text in ("hei", "express", "something else", "???"):
        before, after = output(trained, text), output(loaded, text)
        assert (before["intent"]["name"], before["topic"]) == (after["intent"]["name"], after["topic"])
        assert before["intent"]["confidence"] == pytest.approx(after["intent"]["confidence"], abs=1e-7)


def test_the_ranking_is_short(storage):
    trained = create(storage)
    trained.train(data([(f"intent{number}", None, f"word{number} {again}") for number in range(15) for again in "ab"]))
    assert len(output(trained, "word3 a")["intent_ranking"]) == RANKING_LENGTH


@pytest.mark.parametrize("text", ["", None])
def test_an_empty_message_has_no_intent(storage, text):
    trained = create(storage)
    trained.train(data())
    [found] = trained.process([Message({TEXT: text})])
    assert (found.get("intent"), found.get("intent_ranking"), found.get("topic")) == (
        {"name": None, "confidence": 0.0},
        [],
        "general",
    )


def test_untrained_it_has_no_opinion(storage):
    assert output(create(storage), "hei")["intent"]["name"] is None


def test_without_topics_all_are_general(storage):
    trained = create(storage)
    trained.train(data([example for example in EXAMPLES if not example[1]]))
    assert output(load(storage), "express delivery")["topic"] == "general"


def test_an_intent_whose_name_begins_like_another_has_topics_of_its_own(storage):
    """order.x is no topic of order_more, nor the other way round."""
    examples = [
        *(("order", "x", f"alpha {word}") for word in "abcd"),
        *(("order", None, f"beta {word}") for word in "abcd"),
        *(("order_more", "y", f"gamma {word}") for word in "abcd"),
        *(("order_more", None, f"delta {word}") for word in "abcd"),
    ]
    trained = create(storage)
    trained.train(data(examples))
    assert output(trained, "alpha a")["topic"] == "x"
    assert output(trained, "gamma a")["topic"] == "y"
    assert trained._topic("order", "gamma a", np.zeros(0, np.float32)) in ("x", "general")


def test_vectors_are_used_where_there_are_some(storage):
    random = np.random.default_rng(5)
    centres = {"a": random.normal(size=8), "b": random.normal(size=8)}
    messages = [
        message("same words", intent, None, centre + random.normal(scale=0.1, size=8))
        for intent, centre in centres.items()
        for _ in range(6)
    ]
    trained = create(storage)
    trained.train(TrainingData(messages))
    for intent, centre in centres.items():
        [found] = trained.process([message("same words", vector=list(centre))])
        assert found.get("intent")["name"] == intent


def test_spelling_that_means_the_same_is_read_the_same(storage):
    trained = create(storage)
    trained.train(data([*EXAMPLES, ("thank", None, "Löytyykö 訂單"), ("thank", None, "kiitos")]))
    assert output(trained, "Löytyykö 訂單")["intent"] == output(trained, "loytyyko 订单")["intent"]


@pytest.mark.parametrize(
    ("examples", "fault"),
    [
        ([("greet", None, "hei"), ("stop", None, "a"), ("stop", None, "b")], "too few examples for greet; give 2 or more"),
        ([("greet", None, "hei"), ("greet", None, "moi")], "fewer than two intents"),
        ([], "fewer than two intents"),
    ],
)
def test_data_that_cannot_be_learned(storage, examples, fault):
    with pytest.raises(ConfigurationError, match=fault):
        create(storage).train(data(examples))


def test_a_language_that_lacks_a_label_is_named(storage):
    messages = data().training_examples
    for number, one in enumerate(messages):
        one.set("language_tag", "fi" if number else "pt")
    with pytest.raises(ConfigurationError, match="data/pt/nlu.yml has no examples for .*; write some"):
        create(storage).train(TrainingData(messages))


def test_a_broken_model_is_a_configuration_error(storage):
    create(storage).train(data())
    with storage.write_to(Resource("classifier")) as folder:
        (folder / "intents.npz").write_bytes(b"broken")
    with pytest.raises(ConfigurationError, match="train again"):
        load(storage)
