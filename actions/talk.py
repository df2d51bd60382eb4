"""Yes, no, stop, and what was not understood: answers that depend on what was going on."""

from actions.base import BaseAction, Event, Turn, leave_loop, set_slot
from actions.handoff import hand_off
from actions.tasks import task_label

OFFERS = ("utter_offer_person",)


def _answers_offer(turn: Turn) -> bool:
    """Whether the assistant's last words before this message were the offer of a person."""
    asked = False
    for event in reversed(turn.tracker.events):
        if event.get("event") == "user":
            if asked:
                return False
            asked = True
        elif asked and event.get("event") == "bot":
            return (event.get("metadata") or {}).get("utter_action") in OFFERS
    return False


class Affirm(BaseAction):
    """Yes: to an offer of a person; otherwise nothing is waiting for it."""

    action_name = "action_affirm"

    async def act(self, turn: Turn) -> list[Event]:
        if not _answers_offer(turn):
            turn.say("utter_affirm")
            return []
        await hand_off(turn)
        return [{"event": "followup", "timestamp": None, "name": "contact_form"}]


class Deny(BaseAction):
    """No, and nothing is waiting for it."""

    action_name = "action_deny"

    async def act(self, turn: Turn) -> list[Event]:
        turn.say("utter_deny")
        return []


class Stop(BaseAction):
    """Ends the task at hand and says what was not done."""

    action_name = "action_stop"

    async def act(self, turn: Turn) -> list[Event]:
        label = task_label(turn)
        if label:
            turn.say("utter_stop_task", task=turn.language.phrase("task", label))
        else:
            turn.say("utter_stop")
        turn.end_task()
        turn.set(requested_slot=None)
        return [leave_loop()]


class Fallback(BaseAction):
    """Not understood: say so once, then offer a person."""

    action_name = "action_fallback"

    async def act(self, turn: Turn) -> list[Event]:
        if _misunderstood_before(turn):
            turn.say("utter_offer_person")
        else:
            turn.say("utter_out_of_scope" if turn.intent == "out_of_scope" else "utter_fallback")
        return [set_slot("requested_slot", turn.slot("requested_slot"))]


def _misunderstood_before(turn: Turn) -> bool:
    """Whether the message before this one was not understood either."""
    users = 0
    for event in reversed(turn.tracker.events):
        if event.get("event") == "user":
            users += 1
            if users == 2:
                return False
        elif users == 1 and event.get("event") == "action" and event.get("name") == "action_fallback":
            return True
    return False
