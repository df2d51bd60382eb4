"""The dialogue policy: the language follows the customer and nothing else; the introduction; an action that fell silent."""

import pytest
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.policies.rule_policy import RulePolicy
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.core.constants import ACTION_LISTEN_NAME, REQUESTED_SLOT
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, Event, SessionStarted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from viisi.dialogue import (
    FAILED,
    FOREIGN_WORDS,
    INTRODUCTION,
    Dialogue,
    _identified,
    _language_and_topic,
    _turn_slots,
    _without_asides,
)
from viisi.facts import read_facts
from viisi.nlu.language import Identifier
from viisi.settings import ROOT

NOBODY = {"name": None, "script": None, "variant": None, "clear": False, "guess": None}


@pytest.fixture(scope="module")
def domain() -> Domain:
    return Domain.load(str(ROOT / "domain.yml"))


def spoken(name: str, clear: bool = True, script: str | None = "Latn", variant: str | None = None) -> dict:
    """What the identifier says of a message in a language."""
    return {"name": name, "script": script, "variant": variant or name, "clear": clear, "guess": name}


FINNISH, DUTCH, PERSIAN = spoken("fi"), spoken("nl"), spoken("fa", script="Arab")
SIMPLIFIED = spoken("zh", script="Hans", variant="zh")
TRADITIONAL = spoken("zh", script="Hant", variant="zh-Hant")
EITHER_SCRIPT = {"name": "zh", "script": None, "variant": None, "clear": True, "guess": "zh"}
SWEDISH = {"name": "other", "script": "Latn", "variant": None, "clear": True, "guess": None}
HINT_OF_DUTCH = {"name": None, "script": "Latn", "variant": None, "clear": False, "guess": "nl"}

# What was spoken so far, what the message shows, what is answered in. None: nothing is known.
IDENTIFIED = [
    (None, FINNISH, "fi"),
    (None, spoken("fi", clear=False), "fi"),  # at first any hint will do
    (None, HINT_OF_DUTCH, "nl"),
    (None, NOBODY, None),
    (None, SWEDISH, None),
    (None, TRADITIONAL, "zh-Hant"),
    (None, EITHER_SCRIPT, "zh"),
    ("fi", NOBODY, None),  # None: stays
    ("fi", HINT_OF_DUTCH, None),
    ("fi", spoken("nl", clear=False), None),
    ("fi", DUTCH, "nl"),
    ("fi", SWEDISH, None),
    ("fi", PERSIAN, "fa"),
    ("fi", FINNISH, "fi"),
    ("nl", EITHER_SCRIPT, "zh"),
    ("zh", TRADITIONAL, "zh-Hant"),
    ("zh-Hant", SIMPLIFIED, "zh"),
    ("zh-Hant", EITHER_SCRIPT, "zh-Hant"),  # no evidence: the script stays
    ("zh-Hant", DUTCH, "nl"),
    ("zh-Hant", NOBODY, None),
    ("zh", {}, None),
    (None, {}, None),
]


@pytest.mark.parametrize(("current", "message", "answer"), IDENTIFIED)
def test_identified(current, message, answer):
    assert _identified(message, current) == answer


def conversation(
    domain: Domain,
    text: str,
    intent: str = "track_order",
    language: dict | None = None,
    current: str | None = None,
    metadata: dict | None = None,
    **slots: object,
) -> DialogueStateTracker:
    """A tracker in which the customer has just written."""
    parsed = {"intent": {"name": intent, "confidence": 0.9}, "entities": [], "text": text, "language": language or NOBODY}
    parsed["topic"] = slots.pop("topic", "general")
    known = [SlotSet(name, value) for name, value in {"language": current, **slots}.items() if value is not None]
    message = UserUttered(text, parsed["intent"], [], parsed, metadata=metadata)
    events: list[Event] = [SessionStarted(), *known, ActionExecuted(ACTION_LISTEN_NAME), message]
    return DialogueStateTracker.from_events("c1", events, slots=domain.slots, domain=domain)


@pytest.mark.parametrize("current", ["fi", "nl", "de", "zh", "zh-Hant", "fa"])
@pytest.mark.parametrize(
    "text", ["104233", "ok", "👍", "#104233", "a@example.com", "€ 5", "?!", "۱۰۴۲۳۳", "IKEA", ":-)", "/affirm"]
)
def test_what_is_nobodys_never_switches(domain, identifier, current, text):
    tracker = conversation(domain, text, language=identifier.identify(text), current=current)
    assert _language_and_topic(tracker)[0] == current
    assert [event for event in _turn_slots(tracker) if event.key == "language"] == []


@pytest.fixture(scope="module")
def identifier() -> Identifier:
    return Identifier(["fi", "nl", "de", "zh", "fa"])


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("Missä minun tilaukseni oikein viipyy, odotin sitä jo eilen?", "fi"),
        ("Waar blijft mijn bestelling, die had gisteren moeten komen?", "nl"),
        ("Wo bleibt meine Bestellung, sie sollte gestern schon kommen?", "de"),
        ("我的订单怎么还没有到", "zh"),
        ("我的訂單怎麼還沒有到", "zh-Hant"),
        ("سفارش من کجاست؟ قرار بود دیروز برسد", "fa"),
    ],
)
def test_a_clear_sentence_switches(domain, identifier, text, tag):
    for current in ("fi", "nl", "zh", None):
        tracker = conversation(domain, text, language=identifier.identify(text), current=current)
        assert _language_and_topic(tracker)[0] == tag


@pytest.mark.parametrize(
    ("metadata", "message", "answer"),
    [
        ({"language": "fa-IR"}, NOBODY, "fa"),
        ({"language": "zh-TW"}, NOBODY, "zh-Hant"),
        ({"language": "sv"}, NOBODY, "default"),
        ({"language": 5}, NOBODY, "default"),
        ({}, NOBODY, "default"),
        (None, NOBODY, "default"),
        ({"language": "fa"}, HINT_OF_DUTCH, "fa"),  # a channel knows better than a hint
        ({"language": "fa"}, DUTCH, "nl"),  # and the customer better than the channel
    ],
)
def test_the_channels_language_comes_first_and_the_customers_counts(domain, metadata, message, answer):
    wanted = read_facts().default_language if answer == "default" else answer
    assert _language_and_topic(conversation(domain, "104233", language=message, metadata=metadata))[0] == wanted


def test_the_channels_language_does_not_undo_a_switch(domain):
    tracker = conversation(domain, "ok", current="nl", metadata={"language": "fa"})
    assert _language_and_topic(tracker)[0] == "nl"


CHANGES = [
    # written in, wish, what the message shows, answered in, how
    ("fi", "vaihda suomeksi", FINNISH, "fi", "general"),
    ("nl", "puhutaanko suomea", FINNISH, "fi", "general"),
    ("fi", "kunnen we in het Nederlands verder", DUTCH, "nl", "general"),
    ("fi", "auf Deutsch bitte", spoken("de"), "de", "general"),
    ("de", "请说中文", SIMPLIFIED, "zh", "general"),
    ("de", "請說中文", TRADITIONAL, "zh-Hant", "general"),
    ("zh", "繁體中文", TRADITIONAL, "zh-Hant", "general"),
    ("fi", "فارسی لطفا", PERSIAN, "fa", "general"),
    ("fi", "Please speak German", SWEDISH, "de", "general"),
    ("fi", "Farsi please", NOBODY, "fa", "general"),
    ("fi", "saksaksi kiitos", FINNISH, "de", "general"),  # the wish counts, not its own language
    ("fi", "not in German, in Dutch", SWEDISH, "nl", "general"),
    ("fi", "English please", SWEDISH, "fi", "unspoken"),
    ("nl", "spreekt u Engels?", DUTCH, "nl", "unspoken"),
    ("nl", "kan ik een andere taal", DUTCH, "nl", "unnamed"),
    ("nl", "voinko vaihtaa kieltä", FINNISH, "fi", "general"),  # asks in another language than is spoken
    ("nl", "change language", SWEDISH, "nl", "unnamed"),
    (None, "change language", SWEDISH, "default", "unnamed"),
]


@pytest.mark.parametrize(("current", "text", "message", "answer", "topic"), CHANGES)
def test_change_language(domain, current, text, message, answer, topic):
    tracker = conversation(domain, text, "change_language", message, current)
    wanted = read_facts().default_language if answer == "default" else answer
    assert _language_and_topic(tracker) == (wanted, topic)


@pytest.mark.parametrize("asked_for", sorted(FOREIGN_WORDS))
def test_a_foreign_address_does_not_switch(domain, asked_for):
    asked = {REQUESTED_SLOT: asked_for}
    tracker = conversation(domain, "Schellingstraße 47, 80799 München", "nlu_fallback", spoken("de"), "fi", **asked)
    assert _language_and_topic(tracker)[0] == "fi"
    tracker = conversation(domain, "lieber auf Deutsch bitte", "change_language", spoken("de"), "fi", **asked)
    assert _language_and_topic(tracker)[0] == "de"
    tracker = conversation(domain, "ich will es zurückgeben", "get_refund", spoken("de"), "fi", requested_slot="details")
    assert _language_and_topic(tracker)[0] == "de"


def test_the_topic_is_the_classifiers(domain):
    tracker = conversation(domain, "x", "place_order", FINNISH, "fi", topic="guest")
    assert [(event.key, event.value) for event in _turn_slots(tracker)] == [("topic", "guest")]


# --- the policy itself, without a trained model


@pytest.fixture(scope="module")
def policy(tmp_path_factory) -> Dialogue:
    storage = LocalModelStorage.create(tmp_path_factory.mktemp("storage"))
    context = ExecutionContext(GraphSchema({}))
    return Dialogue({**Dialogue.get_default_config()}, storage, Resource("dialogue"), context)


def chosen(prediction: PolicyPrediction, domain: Domain) -> str:
    best = max(range(len(prediction.probabilities)), key=prediction.probabilities.__getitem__)
    return str(domain.action_names_or_texts[best])


@pytest.fixture(scope="module")
def full_domain(domain) -> Domain:
    """With the responses' names as actions, as the importer gives it."""
    names = (INTRODUCTION, FAILED, "utter_greet", "utter_track_order_paid")
    return domain.merge(Domain.from_dict({"responses": {name: [{"text": name}] for name in names}}))


def extended(tracker: DialogueStateTracker, domain: Domain, *events: Event) -> DialogueStateTracker:
    return DialogueStateTracker.from_events("c1", [*tracker.events, *events], slots=domain.slots, domain=domain)


def said(response: str) -> BotUttered:
    return BotUttered(response, metadata={"utter_action": response})


@pytest.mark.parametrize(
    ("intent", "introduced"),
    [("track_order", True), ("nlu_fallback", True), ("greet", False), ("bot_challenge", False), ("unspoken_language", False)],
)
def test_the_first_answer_is_introduced(policy, full_domain, intent, introduced):
    tracker = conversation(full_domain, "x", intent, FINNISH)
    assert (policy._aside(tracker, full_domain) == INTRODUCTION) == introduced
    if introduced:
        prediction = policy.predict_action_probabilities(tracker, full_domain)
        assert chosen(prediction, full_domain) == INTRODUCTION
        assert {(event.key, event.value) for event in prediction.events} == {("language", "fi"), ("topic", "general")}


def test_only_the_first(policy, full_domain):
    spoken_once = [said("utter_greet"), ActionExecuted(ACTION_LISTEN_NAME), UserUttered("x", {"name": "track_order"})]
    tracker = extended(
        conversation(full_domain, "hei", "greet", FINNISH), full_domain, ActionExecuted("utter_greet"), *spoken_once
    )
    assert policy._aside(tracker, full_domain) is None
    again = [SessionStarted(), ActionExecuted(ACTION_LISTEN_NAME), UserUttered("x", {"name": "track_order"})]
    assert policy._aside(extended(tracker, full_domain, *again), full_domain) == INTRODUCTION


def test_rules_do_not_see_the_introduction(full_domain):
    tracker = conversation(full_domain, "x", "track_order", FINNISH)
    introduced = extended(tracker, full_domain, ActionExecuted(INTRODUCTION), said(INTRODUCTION))
    assert list(_without_asides(introduced, full_domain).events) == list(tracker.events)
    assert _without_asides(tracker, full_domain) is tracker


@pytest.mark.parametrize(
    ("after", "answer"),
    [
        ([ActionExecuted("action_track_order")], FAILED),  # no word, no event: it failed
        ([ActionExecuted("action_track_order"), said("utter_track_order_paid")], None),
        ([ActionExecuted("action_begin_task"), SlotSet("task_started", "now")], None),
        ([ActionExecuted("utter_greet")], None),
        ([ActionExecuted("action_track_order"), ActionExecuted(FAILED), said(FAILED)], ACTION_LISTEN_NAME),
    ],
)
def test_an_action_that_fell_silent_is_made_up_for(policy, full_domain, after, answer):
    tracker = extended(conversation(full_domain, "x", "track_order", FINNISH), full_domain, *after)
    assert policy._aside(tracker, full_domain) == answer


def test_it_is_rasas_rule_policy():
    assert issubclass(Dialogue, RulePolicy)
