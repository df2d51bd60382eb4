"""To a person: a ticket with all that was said, and the truth about when somebody answers it."""

from typing import Any

from actions.base import BaseAction, Event, Turn, leave_loop, shop
from actions.tasks import Task, identity, say_task_left

# The topic a ticket of this intent is filed under, and the answer to it.
TICKET_INTENTS = ("complaint", "report_account_issue")


async def open_ticket(turn: Turn, topic: str, reason: str, key: str) -> int:
    """Keep the conversation for a person, once per ``key``; the ticket's number. The order goes along once it is proven."""
    ticket = await turn.ask(
        shop().open_ticket,
        topic=topic,
        reason=reason,
        language=turn.language.tag,
        conversation_id=turn.tracker.sender_id,
        transcript=turn.transcript(),
        key=key,
        order_number=turn.slot("verified_order"),
        email=turn.slot("email"),
    )
    turn.set(ticket_number=ticket.id)
    return ticket.id


async def hand_off(turn: Turn) -> None:
    """Open a ticket for what the customer wants now and say what happens next."""
    say_task_left(turn)
    topic = turn.intent if turn.intent in TICKET_INTENTS else "contact_human_agent"
    if topic == "contact_human_agent" and turn.slot("ticket_number"):
        known = turn.formats.code(str(turn.slot("ticket_number")))
        turn.say("utter_ticket_exists", ticket_number=known, answer_time=turn.hours("answer_time"))
        turn.end_task()
        turn.set(requested_slot=None)
        return
    # One ticket for each message that asks for one: a webhook that delivers the message twice makes no second.
    message = turn.tracker.latest_message.get("message_id") or turn.now.isoformat()
    number = await open_ticket(turn, topic, f"customer_{topic}", identity(turn.tracker.sender_id, "ticket", message))
    turn.say(f"utter_{topic}", ticket_number=turn.formats.code(str(number)), answer_time=turn.hours("answer_time"))
    turn.end_task()
    turn.set(requested_slot=None)


class Handoff(BaseAction):
    """Opens the ticket in the turn in which it is asked for, whatever was going on."""

    action_name = "action_handoff"

    async def act(self, turn: Turn) -> list[Event]:
        await hand_off(turn)
        return [leave_loop()]


class ContactTask(Task):
    """Where the person's answer goes, if that is not known yet."""

    label = "contact"

    async def take(self, turn: Turn, requested: str) -> dict[str, Any] | None:
        return {} if turn.has("email") else None

    async def next_question(self, turn: Turn) -> str | None:
        if turn.slot("email"):
            return None
        turn.say("utter_request_contact_email")
        return "email"


class KeepContact(BaseAction):
    """Writes the e-mail onto the ticket."""

    action_name = "action_keep_contact"

    async def act(self, turn: Turn) -> list[Event]:
        if turn.slot("email") and turn.slot("ticket_number"):
            await turn.ask(shop().set_ticket_email, turn.slot("ticket_number"), turn.slot("email"))
            turn.say("utter_contact_email_saved", email=turn.formats.code(turn.slot("email")))
        turn.set(requested_slot=None)
        return []


class ContactCustomerService(BaseAction):
    """Phone, mail and hours, told for this moment."""

    action_name = "action_contact_customer_service"

    async def act(self, turn: Turn) -> list[Event]:
        turn.say("utter_contact_customer_service", hours_now=turn.hours("hours_now"))
        return []
