"""Rasa's RulePolicy, and what a conversation needs besides rules; named in config.yml under ``policies``.

- The language follows the customer. It is decided here, in the Rasa server, where the tracker is known, so that it holds even
  while the action server is down. Whatever is decided counts for the very next answer.
- The first answer of a conversation says that an automated assistant is speaking. It is an aside: rules do not see it.
- An action that fails leaves no event behind (Rasa logs the error and goes on in silence). Then the customer is told.
"""

import os
from typing import Any

from rasa.core.policies.policy import PolicyPrediction
from rasa.core.policies.rule_policy import RulePolicy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.constants import ACTION_LISTEN_NAME, DEFAULT_ACTION_NAMES, REQUESTED_SLOT
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, Event, SessionStarted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from viisi.facts import read_facts
from viisi.languages import languages, match_tag, requested_language
from viisi.settings import Settings
from viisi.training.importer import GENERAL, TOPIC

LANGUAGE = "language"
INTRODUCTION = "utter_introduction"
FAILED = "utter_action_failed"
# Answers that say themselves who is speaking, or that stand in no language.
INTRODUCE_THEMSELVES = {"greet", "bot_challenge", "unspoken_language", "goodbye"}
# What is asked for here is often written in another language than the conversation's: a street in Vienna, a town.
FOREIGN_WORDS = {"new_address"}


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True)
class Dialogue(RulePolicy):  # type: ignore[misc]
    """Predicts by rules; sets language and topic, introduces the assistant, and speaks where an action fell silent."""

    def predict_action_probabilities(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        rule_only_data: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> PolicyPrediction:
        """The next action, with the slots of this turn as events of the prediction."""
        aside = self._aside(tracker, domain)
        if aside:
            prediction = self._rule_prediction(self._prediction_result(aside, tracker, domain), None)
        else:
            prediction = super().predict_action_probabilities(_without_asides(tracker, domain), domain, rule_only_data)
        if tracker.latest_action_name == ACTION_LISTEN_NAME:
            prediction.events = [*prediction.events, *_turn_slots(tracker)]
        return prediction

    @staticmethod
    def _aside(tracker: DialogueStateTracker, domain: Domain) -> str | None:
        last: str | None = tracker.latest_action_name
        if last == ACTION_LISTEN_NAME:
            intent: str | None = (tracker.latest_message.intent if tracker.latest_message else {}).get("name")
            return INTRODUCTION if intent and intent not in INTRODUCE_THEMSELVES and not _has_spoken(tracker) else None
        if last == FAILED:
            return str(ACTION_LISTEN_NAME)
        silent = isinstance(tracker.events[-1], ActionExecuted) if tracker.events else False
        ours = last in domain.user_actions_and_forms and not str(last).startswith("utter_") and last not in DEFAULT_ACTION_NAMES
        return FAILED if silent and ours and not _is_rehearsed(tracker) else None


def _is_rehearsed(tracker: DialogueStateTracker) -> bool:
    """Whether this is ``rasa test``, which predicts actions and runs none: its answers leave no words behind."""
    events = list(tracker.events)
    return any(
        isinstance(event, ActionExecuted)
        and str(event.action_name).startswith("utter_")
        and not isinstance(following, BotUttered)
        for event, following in zip(events, events[1:], strict=False)
    )


def _has_spoken(tracker: DialogueStateTracker) -> bool:
    for event in reversed(tracker.events):
        if isinstance(event, SessionStarted):
            return False
        if isinstance(event, ActionExecuted) and event.action_name not in DEFAULT_ACTION_NAMES:
            return True
    return False


def _without_asides(tracker: DialogueStateTracker, domain: Domain) -> DialogueStateTracker:
    """The tracker as rules should see it: without the introduction, where that came in this turn."""
    events: list[Event] = list(tracker.events)
    start = next((i for i in range(len(events) - 1, -1, -1) if isinstance(events[i], UserUttered)), len(events))
    asides = [i for i in range(start, len(events)) if _is_introduction(events[i])]
    if not asides:
        return tracker
    kept = [event for i, event in enumerate(events) if i not in asides]
    return DialogueStateTracker.from_events(tracker.sender_id, kept, slots=domain.slots, domain=domain)


def _is_introduction(event: Event) -> bool:
    if isinstance(event, BotUttered):
        return bool(event.metadata.get("utter_action") == INTRODUCTION)
    return isinstance(event, ActionExecuted) and event.action_name == INTRODUCTION


def _turn_slots(tracker: DialogueStateTracker) -> list[Event]:
    language, topic = _language_and_topic(tracker)
    wanted = {LANGUAGE: language, TOPIC: topic}
    return [SlotSet(name, value) for name, value in wanted.items() if tracker.get_slot(name) != value]


def _language_and_topic(tracker: DialogueStateTracker) -> tuple[str, str]:
    message = tracker.latest_message
    data = message.parse_data if message else {}
    current = tracker.get_slot(LANGUAGE) or match_tag((message.metadata or {}).get("language") if message else None)
    identified = data.get("language") or {}
    if ((data.get("intent") or {}).get("name")) == "change_language":
        wanted = requested_language(message.text or "") if message else None
        if wanted == "zh" and identified.get("script") == "Hant":  # asked for in the script in which it is wanted
            wanted = "zh-Hant"
        if wanted in languages():
            return str(wanted), GENERAL
        spoken = _identified(identified, current)
        if wanted is None and identified.get("clear") and spoken and spoken != current:
            return spoken, GENERAL
        return spoken or current or _default(), "unspoken" if wanted else "unnamed"
    topic = str(data.get(TOPIC) or GENERAL)
    if current and tracker.get_slot(REQUESTED_SLOT) in FOREIGN_WORDS:
        return current, topic
    return _identified(identified, current) or current or _default(), topic


def _identified(identified: dict[str, Any], current: str | None) -> str | None:
    """The language the message shows, if it is one to answer in: a clear one, any hint where nothing is known yet."""
    name, variant = identified.get("name"), identified.get("variant")
    folder = (current or "").split("-")[0]
    if name == folder and name is not None:  # the same language: at most its script changes, and only on evidence
        return match_tag(variant) if identified.get("script") and variant else current
    if name in languages() and (identified.get("clear") or current is None):
        return match_tag(variant) or match_tag(name)
    return match_tag(identified.get("guess")) if current is None else None


def _default() -> str:
    return read_facts(Settings.from_env(os.environ).shop_file).default_language
