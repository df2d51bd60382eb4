"""Whose order it is: number and e-mail together, corrected in any message, and blocked after five misses."""

from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import insert

from actions.tasks import MISSES_ALLOWED
from viisi.shop import tables

ASK_NUMBER, ASK_EMAIL, MISSED = "utter_request_order_number", "utter_request_email", "utter_request_verified_order"
BLOCKED = "utter_lookups_blocked"


def test_both_in_one_message(customer):
    assert customer.begins("track_order", "paid") == ["utter_track_order_paid"]
    assert customer.slots["verified_order"] == "104201" and customer.loop is None


def test_one_after_the_other(customer, number, emails):
    assert customer.writes("track_order", "waar is mijn pakket") == [ASK_NUMBER]
    assert customer.writes("nlu_fallback", number("paid")) == [ASK_EMAIL]
    assert customer.writes("nlu_fallback", emails["nl"]) == ["utter_track_order_paid"]


def test_known_for_the_rest_of_the_conversation(customer):
    customer.begins("track_order", "paid")
    assert customer.writes("get_invoice", "factuur graag") == ["utter_get_invoice"]


@pytest.mark.parametrize(
    ("wrong", "correction"),
    [
        ("104299 sanne.devries@example.com", "nee, 104201"),
        ("104201 sanne@example.com", "sorry, sanne.devries@example.com"),
        ("104299 sanne@example.com", "104201, sanne.devries@example.com"),
    ],
)
def test_a_correction_is_looked_up_anew(customer, wrong, correction):
    assert customer.writes("track_order", wrong) == [MISSED]
    assert customer.slots["verified_order"] is None
    assert customer.writes("deny", correction) == ["utter_track_order_paid"]


def test_the_same_again_is_no_new_attempt(customer, books, emails):
    customer.writes("track_order", f"104299 {emails['nl']}")
    for _ in range(6):
        assert customer.writes("nlu_fallback", "104299") == [MISSED]
    assert books.count("lookup_misses") == 1


def test_number_and_e_mail_of_two_customers_do_not_fit(customer, number, emails):
    assert customer.writes("track_order", f"{number('paid', 'fi')} {emails['nl']}") == [MISSED]
    assert "Aino" not in customer.words


def test_five_misses_block_the_conversation(customer, number, emails):
    said = [customer.writes("track_order", "waar is mijn pakket")]
    for attempt in range(MISSES_ALLOWED):
        said.append(customer.writes("nlu_fallback", f"1042{90 + attempt} {emails['nl']}"))
    assert said[1:-1] == [[MISSED]] * (MISSES_ALLOWED - 1) and said[-1] == [BLOCKED]
    # and now even what is right is not looked up
    assert customer.begins("track_order", "paid") == [BLOCKED]
    assert customer.slots["verified_order"] is None
    assert customer.begins("get_refund", "delivered") == [BLOCKED]


def test_five_misses_on_one_number_block_it_for_everyone(new_customer, number):
    for guess in range(MISSES_ALLOWED - 1):
        assert new_customer(name=f"thief{guess}").writes("track_order", f"{number('paid')} g{guess}@example.com") == [MISSED]
    assert new_customer(name="thief9").writes("track_order", f"{number('paid')} g9@example.com") == [BLOCKED]
    assert new_customer(name="owner").begins("track_order", "paid") == [BLOCKED]
    assert new_customer(name="owner").begins("track_order", "packed") == ["utter_track_order_packed"]


def test_misses_of_an_hour_ago_are_forgiven(customer, books, number):
    long_ago = datetime.now(timezone.utc) - timedelta(minutes=61)
    for _ in range(9):
        books.change(insert(tables.lookup_misses).values(order_number=number("paid"), missed_at=long_ago))
    assert customer.begins("track_order", "paid") == ["utter_track_order_paid"]


def test_who_will_not_say_is_told_why(customer):
    customer.writes("track_order", "waar is mijn pakket")
    assert customer.writes("deny", "nee dat zeg ik niet") == ["utter_identity_needed", ASK_NUMBER]


def test_another_order_in_the_middle_of_a_task(customer, number):
    assert customer.begins("get_refund", "delivered") == ["utter_request_order_lines"]
    customer.writes("nlu_fallback", "1")
    assert customer.slots["order_lines"] == [1]
    customer.writes("nlu_fallback", f"nee {number('cancelled')}")
    assert customer.heard == ["utter_get_refund_already_cancelled"]
    assert customer.slots["order_lines"] is None


def test_another_order_is_not_confirmed_by_the_yes_to_the_first(customer, number):
    customer.begins("cancel_order", "paid")
    assert customer.slots["requested_slot"] == "confirmed"
    customer.writes("affirm", f"ja, {number('packed')}")
    assert "utter_cancel_order_done" not in customer.heard


@pytest.mark.parametrize(("tag", "digits"), [("fa", "۱۰۴۵۰۱"), ("fa", "١٠٤٥٠١"), ("zh", "１０４４０１")])
def test_digits_of_any_script(new_customer, emails, tag, digits):
    customer = new_customer(tag)
    assert customer.writes("track_order", f"{digits} {emails[tag]}") == ["utter_track_order_paid"]


@pytest.mark.parametrize(
    ("intent", "confidence", "text", "rejected"),
    [
        ("delivery_period", 0.9, "hoe lang duurt levering", True),
        ("delivery_period", 0.5, "hoe lang", True),  # no number, no e-mail: no answer
        ("contact_human_agent", 0.9, "een mens graag", True),
        ("stop", 0.7, "laat maar", True),
        ("track_order", 0.9, "104201", False),
        ("delivery_period", 0.9, "104201", False),  # a number alone is an answer whatever it was taken for
        ("cancel_order", 0.9, "annuleer liever 104201 meteen", True),
        ("cancel_order", 0.3, "annuleer liever 104201 meteen", False),
        ("delivery_period", 0.9, "/delivery_period", True),
    ],
)
def test_a_question_in_between_leaves_the_form_to_the_rules(customer, intent, confidence, text, rejected):
    customer.writes("track_order", "waar is mijn pakket")
    customer.writes(intent, text, confidence)
    assert customer.was_rejected == rejected
