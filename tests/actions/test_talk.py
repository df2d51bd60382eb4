"""Yes, no, stop, handing over, products, and what the customer hears when something breaks."""

import asyncio

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.base import BaseAction, Turn
from actions.orders import TrackOrder
from viisi.errors import OrderNotFound, ShopUnavailable

TAGS = ["fi", "nl", "de", "zh", "zh-Hant", "fa"]


class Broken(BaseAction):
    """An action that fails with whatever it is given."""

    action_name = "action_broken"

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def act(self, turn):
        turn.set(order_lines=[1])
        raise self.error


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (ShopUnavailable("gone"), "utter_shop_unavailable"),
        (OrderNotFound("uncaught"), "utter_action_failed"),
        (RuntimeError("bug"), "utter_action_failed"),
        (KeyError("bug"), "utter_action_failed"),
        (AssertionError(), "utter_action_failed"),
    ],
)
@pytest.mark.parametrize("tag", TAGS)
def test_whatever_breaks_is_told_in_the_customers_language(new_customer, tag, error, answer):
    customer = new_customer(tag)
    customer.writes("get_refund", "x")
    customer.answers.clear()
    customer.slots |= {"confirmed": True, "requested_slot": "confirmed"}
    assert customer.run("action_broken", Broken(error)) == [answer]
    assert str(error) == "" or str(error) not in customer.words
    # The task is left, so that the next message starts afresh.
    assert customer.loop is None
    assert [customer.slots[name] for name in ("confirmed", "requested_slot", "order_lines", "task_started")] == [None] * 4


def test_a_cancelled_task_of_the_server_is_no_failure_of_ours():
    class Cancelled(Broken):
        pass

    tracker = Tracker("c1", {}, {}, [], False, None, {}, "action_listen")
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(Cancelled(asyncio.CancelledError()).run(CollectingDispatcher(), tracker, {}))


@pytest.mark.parametrize("tag", TAGS)
def test_a_shop_that_is_gone(no_shop, tag):
    tracker = Tracker("c1", {"language": tag}, {"text": "", "intent": {}, "entities": []}, [], False, None, {}, "action_listen")
    tracker.slots |= {"order_number": "104201", "email": "a@example.com", "verified_order": "104201"}
    dispatcher = CollectingDispatcher()
    events = asyncio.run(TrackOrder().run(dispatcher, tracker, {}))
    assert [message["response"] for message in dispatcher.messages] == ["utter_shop_unavailable"]
    assert {"event": "active_loop", "timestamp": None, "name": None} in events


class TestStop:
    def test_in_a_task(self, customer):
        customer.begins("get_refund", "delivered")
        customer.writes("stop", "laat maar")
        assert customer.was_rejected
        assert customer.run("action_stop") == ["utter_stop_task"]
        assert customer.loop is None and customer.slots["task_started"] is None and customer.slots["requested_slot"] is None

    def test_outside(self, customer):
        customer.writes("stop", "stop")
        assert customer.run("action_stop") == ["utter_stop"]


class TestFallback:
    def test_once_then_an_offer(self, customer):
        customer.writes("nlu_fallback", "blub")
        assert customer.run("action_fallback") == ["utter_fallback"]
        customer.writes("nlu_fallback", "blub")
        assert customer.run("action_fallback") == ["utter_offer_person"]

    def test_out_of_scope(self, customer):
        customer.writes("out_of_scope", "wat voor weer wordt het")
        assert customer.run("action_fallback") == ["utter_out_of_scope"]

    def test_what_was_understood_in_between_counts(self, customer):
        customer.writes("nlu_fallback", "blub")
        customer.run("action_fallback")
        customer.writes("deny", "nee")
        customer.run("action_deny")
        customer.writes("nlu_fallback", "blub")
        assert customer.run("action_fallback") == ["utter_fallback"]

    def test_the_pending_question_stays_pending(self, customer):
        customer.writes("track_order", "waar is het")
        customer.writes("nlu_fallback", "blub")
        customer.run("action_fallback")
        assert customer.slots["requested_slot"] == "order_number"

    @pytest.mark.parametrize(("answer", "opened"), [("affirm", 1), ("deny", 0)])
    def test_the_answer_to_an_offer(self, customer, books, answer, opened):
        for _ in range(2):
            customer.writes("nlu_fallback", "blub")
            customer.run("action_fallback")
        customer.writes(answer, "x")
        customer.run(f"action_{answer}")
        assert books.count("tickets") == opened
        assert (customer.events[-1].get("event") == "followup") == bool(opened)

    def test_a_yes_to_nothing(self, customer, books):
        customer.writes("affirm", "ja")
        assert customer.run("action_affirm") == ["utter_affirm"]
        assert books.count("tickets") == 0


class TestHandoff:
    @pytest.mark.parametrize("tag", TAGS)
    @pytest.mark.parametrize("intent", ["contact_human_agent", "complaint", "report_account_issue"])
    def test_a_ticket_of_its_kind(self, new_customer, books, tag, intent):
        customer = new_customer(tag, name=f"c-{tag}")
        customer.writes(intent, "help")
        assert customer.run("action_handoff") == [f"utter_{intent}"]
        [ticket] = books.rows("tickets", conversation_id=f"c-{tag}")
        assert (ticket["topic"], ticket["language"], ticket["status"]) == (intent, tag, "open")
        assert ticket["transcript"] == "customer: help"

    def test_in_a_task(self, customer, books):
        customer.begins("get_refund", "delivered")
        customer.writes("contact_human_agent", "een mens graag")
        assert customer.was_rejected
        assert customer.run("action_handoff") == ["utter_task_left", "utter_contact_human_agent"]
        [ticket] = books.rows("tickets")
        assert (ticket["order_number"], ticket["email"]) == ("104205", "sanne.devries@example.com")

    def test_an_order_that_is_not_proven_does_not_go_along(self, customer, books):
        customer.writes("track_order", "104205 thief@example.com")
        customer.writes("contact_human_agent", "mens")
        customer.run("action_handoff")
        assert books.rows("tickets")[0]["order_number"] is None

    def test_a_message_that_arrives_twice_opens_one(self, customer, books):
        customer.writes("complaint", "schande")
        customer.run("action_handoff")
        before = dict(customer.slots)
        customer.slots = {**before, "ticket_number": None}
        customer.run("action_handoff")
        assert books.count("tickets") == 1

    def test_the_e_mail_is_asked_for_and_kept(self, customer, books):
        customer.writes("contact_human_agent", "mens")
        customer.run("action_handoff")
        customer.loop = "contact_form"
        customer.answers.clear()
        customer._form()
        assert customer.heard == ["utter_request_contact_email"]
        assert customer.writes("nlu_fallback", "ik ben sanne.devries@example.com") == ["utter_contact_email_saved"]
        assert books.rows("tickets")[0]["email"] == "sanne.devries@example.com"


class TestProducts:
    @pytest.mark.parametrize(
        ("text", "answer"),
        [
            ("hebben jullie de porseleinen theepot", "utter_product_availability_in_stock"),
            ("is de hangmat er weer", "utter_product_availability_restock"),
            ("houten speelkeuken", "utter_product_availability_sold_out"),
        ],
    )
    def test_named_at_once(self, customer, text, answer):
        assert customer.writes("product_availability", text) == [answer]

    def test_asked_for(self, customer):
        assert customer.writes("product_availability", "hebben jullie dat nog") == ["utter_request_product"]
        assert customer.writes("nlu_fallback", "theepot") == ["utter_product_availability_in_stock"]
        assert customer.slots["product_query"] is None

    def test_unknown(self, customer):
        customer.writes("product_availability", "hebben jullie dat nog")
        assert customer.writes("nlu_fallback", "zeilboot") == ["utter_product_availability_unknown"]

    @pytest.mark.parametrize(("tag", "text"), [("fi", "leikkuulauta"), ("nl", "snijplank"), ("de", "Schneidebrett")])
    def test_several(self, new_customer, tag, text):
        customer = new_customer(tag)
        assert customer.writes("product_availability", text) == ["utter_product_availability_several"]
        assert customer.answers[0].values["products"].count("\n") >= 1

    @pytest.mark.parametrize("tag", TAGS)
    def test_recommendation(self, new_customer, tag):
        customer = new_customer(tag)
        customer.writes("product_recommendation", "?")
        assert customer.run("action_product_recommendation") == ["utter_product_recommendation"]
        assert len(customer.answers[0].values["products"].split("\n")) == 3


@pytest.mark.parametrize("tag", TAGS)
def test_customer_service_hours(new_customer, tag):
    customer = new_customer(tag)
    customer.writes("contact_customer_service", "?")
    assert customer.run("action_contact_customer_service") == ["utter_contact_customer_service"]


class TestBeginning:
    def test_the_same_task_goes_on(self, customer):
        customer.begins("get_refund", "delivered")
        started = customer.slots["task_started"]
        customer.answers.clear()
        customer.message["intent"]["name"] = "get_refund"
        assert customer.run("action_begin_task") == []
        assert customer.slots["task_started"] == started

    def test_another_task_names_the_one_left_and_forgets_its_answers(self, customer):
        customer.begins("get_refund", "delivered")
        customer.writes("nlu_fallback", "1")
        customer.writes("track_order", "waar is mijn pakket")
        assert customer.was_rejected
        assert customer.run("action_begin_task") == ["utter_task_left"]
        assert customer.slots["order_lines"] is None and customer.slots["requested_slot"] is None
        assert customer.slots["verified_order"] == "104205"


def test_an_unknown_language_falls_back_to_the_shops():
    tracker = Tracker("c1", {"language": "xx"}, {"text": "", "intent": {}}, [], False, None, {}, "action_listen")
    assert Turn(CollectingDispatcher(), tracker).language.tag == "fi"
