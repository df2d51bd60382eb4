"""The fallback: rather 'I did not understand' than a wrong action."""

import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.training_data.message import Message

from viisi.nlu.fallback import Fallback

# Fixed here: the defaults are tuned now and then.
CONFIG = {
    "threshold": 0.35,
    "ambiguity": 0.05,
    "understood_abroad": ["change_language", "contact_human_agent"],
    "max_characters": 2000,
    "bare_number": "track_order",
}
FINNISH = {"name": "fi", "clear": True}
SWEDISH = {"name": "other", "clear": True}
MAYBE_SWEDISH = {"name": "other", "clear": False}
NOBODY = {"name": None, "clear": False}

# Text, language, ranking of intents, what becomes of it.
CASES = [
    ("missä tilaus on", FINNISH, {"track_order": 0.9, "greet": 0.05}, "track_order"),
    # unsure
    ("blub", FINNISH, {"track_order": 0.34, "greet": 0.1}, "nlu_fallback"),
    ("blub", FINNISH, {"track_order": 0.35, "greet": 0.1}, "track_order"),
    ("blub", FINNISH, {"track_order": 0.0}, "nlu_fallback"),
    ("blub", FINNISH, {}, "nlu_fallback"),
    # between two
    ("tilaus", FINNISH, {"track_order": 0.48, "cancel_order": 0.44}, "nlu_fallback"),
    ("tilaus", FINNISH, {"track_order": 0.50, "cancel_order": 0.44}, "track_order"),
    ("tilaus", FINNISH, {"track_order": 0.36}, "track_order"),  # nothing to be mixed up with
    # languages not spoken here
    ("var är min beställning", SWEDISH, {"track_order": 0.9, "greet": 0.05}, "unspoken_language"),
    ("var är min beställning", SWEDISH, {"track_order": 0.1, "greet": 0.05}, "unspoken_language"),
    ("var är min beställning", SWEDISH, {}, "unspoken_language"),
    ("English please", SWEDISH, {"change_language": 0.8, "greet": 0.05}, "change_language"),
    ("human please", SWEDISH, {"contact_human_agent": 0.8, "greet": 0.05}, "contact_human_agent"),
    ("human please", SWEDISH, {"contact_human_agent": 0.34, "greet": 0.05}, "unspoken_language"),
    ("IKEA", MAYBE_SWEDISH, {"track_order": 0.9, "greet": 0.05}, "track_order"),
    ("104233", NOBODY, {"track_order": 0.9, "greet": 0.05}, "track_order"),
    ("104233", None, {"track_order": 0.9, "greet": 0.05}, "track_order"),
    # nothing to read, too much to read
    ("", NOBODY, {}, "empty_message"),
    ("   \n", NOBODY, {"track_order": 0.9}, "empty_message"),
    ("\u200b\u200e", NOBODY, {"track_order": 0.9}, "empty_message"),
    ("", SWEDISH, {}, "empty_message"),
    ("x" * 2000, FINNISH, {"track_order": 0.9, "greet": 0.05}, "track_order"),
    ("x" * 2001, FINNISH, {"track_order": 0.9, "greet": 0.05}, "message_too_long"),
    ("x" * 2001, SWEDISH, {"track_order": 0.9, "greet": 0.05}, "message_too_long"),
]


def message(text: str, language: dict | None, ranking: dict[str, float]) -> Message:
    ordered = [{"name": name, "confidence": confidence} for name, confidence in ranking.items()]
    found = Message({"text": text, "language": language, "intent_ranking": ordered})
    found.set("intent", ordered[0] if ordered else {"name": None, "confidence": 0.0})
    found.set("normalised_text", text[:2000].replace("\u200b", " ").replace("\u200e", " "))
    return found


@pytest.mark.parametrize(("text", "language", "ranking", "intent"), CASES)
def test_cases(text, language, ranking, intent):
    [found] = Fallback(CONFIG).process([message(text, language, ranking)])
    assert found.get("intent")["name"] == intent
    assert 0 <= found.get("intent")["confidence"] <= 1
    replaced = intent not in ranking
    assert ("intent" in found.as_dict(only_output_properties=True)) == replaced


def test_the_ranking_keeps_what_the_classifier_thought():
    [found] = Fallback(CONFIG).process([message("blub", FINNISH, {"track_order": 0.2, "greet": 0.1})])
    assert [entry["name"] for entry in found.get("intent_ranking")] == ["nlu_fallback", "track_order", "greet"]
    assert found.get("intent")["confidence"] == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("option", "value", "intent"),
    [
        ("threshold", 0.95, "nlu_fallback"),
        ("ambiguity", 0.9, "nlu_fallback"),
        ("max_characters", 3, "message_too_long"),
        ("understood_abroad", [], "track_order"),
    ],
)
def test_options(option, value, intent):
    fallback = Fallback.create({**CONFIG, option: value}, None, Resource("f"), ExecutionContext(GraphSchema({})))
    [found] = fallback.process([message("missä", FINNISH, {"track_order": 0.9, "greet": 0.05})])
    assert found.get("intent")["name"] == intent


def test_defaults():
    default = Fallback.get_default_config()
    assert set(default) == set(CONFIG)
    assert 0.1 < default["threshold"] < 0.9 and 0 <= default["ambiguity"] < 0.5
    assert {"change_language", "contact_human_agent"} <= set(default["understood_abroad"])


def test_what_is_understood_in_any_language_can_be_chosen():
    [found] = Fallback({**CONFIG, "understood_abroad": ["greet"]}).process([message("hej", SWEDISH, {"greet": 0.9})])
    assert found.get("intent")["name"] == "greet"


@pytest.mark.parametrize(
    ("text", "number", "intent"),
    [
        ("104233", (0, 6), "track_order"),
        ("#104233!", (1, 7), "track_order"),
        ("nr 104233", (3, 9), "track_order"),
        ("peru 104233", (5, 11), "nlu_fallback"),
        ("104233", None, "nlu_fallback"),  # a number, but no order's
    ],
)
def test_a_bare_order_number_is_a_wish_of_its_own(text, number, intent):
    unsure = message(text, NOBODY, {"get_invoice": 0.2, "greet": 0.1})
    if number:
        unsure.set("entities", [{"entity": "order_number", "start": number[0], "end": number[1], "value": "104233"}])
    [found] = Fallback(CONFIG).process([unsure])
    assert found.get("intent")["name"] == intent


def test_several_messages_at_once():
    messages = [message(text, language, ranking) for text, language, ranking, _ in CASES]
    found = Fallback(CONFIG).process(messages)
    assert [one.get("intent")["name"] for one in found] == [intent for *_, intent in CASES]
