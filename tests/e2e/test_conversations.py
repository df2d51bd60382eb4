"""Whole conversations over the REST webhook, in each language, against the two real servers and a real database."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.e2e.servers import Assistant, Customer, names
from viisi.languages import read_yaml

pytestmark = pytest.mark.e2e
SPOKEN = read_yaml(Path(__file__).with_name("utterances.yml"))
LANGUAGES = sorted(SPOKEN)
SPEAKS_NEXT = {"fi": "de", "nl": "fi", "de": "nl", "zh": "de", "fa": "nl"}


class Script:
    """A customer and what people write in that customer's language."""

    def __init__(self, assistant: Assistant, language: str, case: str) -> None:
        self.customer = Customer(assistant, f"{language}-{case}", language)
        self.words: dict[str, Any] = SPOKEN[language]
        self.email: str = self.words["email"]

    def order(self, case: int) -> str:
        return f"{self.words['number']}{case:02}"

    def says(self, key: str, *expected: str) -> str:
        return self.customer.hears(self.words.get(key, key), *expected)


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def script(assistant: Assistant, language: str, case: str) -> Script:
    found = Script(assistant, language, case)
    found.says("greet", "utter_greet")
    return found


def test_faq_over_the_shops_facts(assistant: Assistant, language: str) -> None:
    talk = script(assistant, language, "faq")
    answer = talk.says("policy", "utter_check_refund_policy")
    assert re.search("30|۳۰", answer)


def test_tracking_with_a_digression(assistant: Assistant, language: str) -> None:
    talk = script(assistant, language, "track")
    talk.says("track", "utter_request_order_number")
    talk.says("digression", talk.words["digression_answer"], "utter_request_order_number")
    talk.says(talk.order(3), "utter_request_email")
    answer = talk.says(talk.email, "utter_track_order_shipped", "utter_track_order_place")
    assert talk.order(3) in answer
    assert "https://" in answer


def test_everything_in_one_message(assistant: Assistant, language: str) -> None:
    talk = script(assistant, language, "one-message")
    answer = talk.says(f"{talk.words['track']} #{talk.order(5)} {talk.email.upper()}", "utter_track_order_delivered")
    assert talk.order(5) in answer


def test_refund_inside_the_window_is_registered_once(assistant: Assistant, language: str) -> None:
    talk = script(assistant, language, "refund")
    talk.says("refund", "utter_request_order_number")
    talk.says(f"{talk.order(5)} {talk.email}", "utter_request_order_lines")
    talk.says("policy", "utter_check_refund_policy", "utter_request_order_lines")
    talk.says("both_lines", "utter_request_refund_reason")
    talk.says("reason", "utter_get_refund_confirm")
    before = assistant.rows(f"select count(*) from refunds where order_number = '{talk.order(5)}'")
    assert before == [(0,)]
    talk.says("affirm", "utter_get_refund_done")
    talk.says("affirm", "utter_affirm")  # the same yes once more
    rows = assistant.rows(f"select status, reason from refunds where order_number = '{talk.order(5)}'")
    assert rows == [("requested", "wrong_size")]


def test_refund_outside_the_window_is_refused(assistant: Assistant, language: str) -> None:
    talk = script(assistant, language, "late-refund")
    talk.says(f"{talk.words['refund']} {talk.order(8)} {talk.email}", "utter_get_refund_window_over")
    assert assistant.rows(f"select count(*) from refunds where order_number = '{talk.order(8)}'") == [(0,)]


def test_refund_above_the_limit_goes_to_a_person(assistant: Assistant, language: str) -> None:
    talk = script(assistant, language, "big-refund")
    heard = talk.customer.say(f"{talk.words['refund']} {talk.order(10)} {talk.email}")
    if "utter_request_order_lines" in names(heard[0], language):
        talk.customer.say({"fi": "kaikki", "nl": "alles", "de": "alles", "zh": "全部", "fa": "همه"}[language])
    talk.says("reason", "utter_get_refund_confirm")
    talk.says("affirm", "utter_get_refund_needs_person")
    assert assistant.rows(f"select count(*) from refunds where order_number = '{talk.order(10)}'") == [(0,)]
    tickets = assistant.rows(f"select topic, reason, language from tickets where order_number = '{talk.order(10)}'")
    assert tickets == [("get_refund", "refund_above_limit", language)]


def test_tracking_a_refund(assistant: Assistant, language: str) -> None:
    talk = script(assistant, language, "track-refund")
    heard = talk.customer.say(f'/track_refund{{"order_number": "{talk.order(9)}", "email": "{talk.email}"}}')
    assert "utter_track_refund_requested" in names(heard[0], language), heard


def test_wrong_email_and_wrong_number_sound_the_same(assistant: Assistant, language: str) -> None:
    wrong_email, wrong_number = script(assistant, language, "wrong-email"), script(assistant, language, "wrong-number")
    wrong_email.says("track", "utter_request_order_number")
    wrong_email.says(wrong_email.order(3), "utter_request_email")
    first = wrong_email.says("somebody.else@example.org", "utter_request_verified_order")
    wrong_number.says("track", "utter_request_order_number")
    unknown = f"1099{LANGUAGES.index(language) + 90}"
    wrong_number.says(unknown, "utter_request_email")
    second = wrong_number.says(wrong_number.email, "utter_request_verified_order")
    first = first.replace(wrong_email.order(3), "N").replace("somebody.else@example.org", "E")
    assert first == second.replace(unknown, "N").replace(wrong_number.email, "E")
    wrong_email.says(wrong_email.email, "utter_track_order_shipped", "utter_track_order_place")
    wrong_number.says(wrong_number.words["correction"].format(number=wrong_number.order(2)), "utter_track_order_packed")


def test_five_misses_stop_the_lookups(assistant: Assistant) -> None:
    talk = script(assistant, "fi", "misses")
    talk.says("track", "utter_request_order_number")
    talk.says("109998", "utter_request_email")
    for attempt in range(4):
        talk.says(f"nobody{attempt}@example.org", "utter_request_verified_order")
    talk.says("nobody5@example.org", "utter_lookups_blocked")
    talk.says(f"{talk.words['track']} {talk.order(3)} {talk.email}", "utter_lookups_blocked")


def test_cancelling_until_packed(assistant: Assistant, language: str) -> None:
    talk = script(assistant, language, "cancel")
    talk.says(f"{talk.words['cancel']} {talk.order(2)} {talk.email}", "utter_cancel_order_already_packed")
    talk.says(f"{talk.words['cancel']} {talk.order(1)}", "utter_cancel_order_confirm")
    talk.says("deny", "utter_cancel_order_kept")
    assert assistant.rows(f"select status from orders where number = '{talk.order(1)}'") == [("paid",)]
    talk.says("affirm", "utter_affirm")  # an old yes confirms nothing
    talk.says("cancel", "utter_cancel_order_confirm")
    talk.says("stop", "utter_stop_task")
    assert assistant.rows(f"select status from orders where number = '{talk.order(1)}'") == [("paid",)]
    talk.says("cancel", "utter_cancel_order_confirm")
    talk.says("affirm", "utter_cancel_order_done")
    assert assistant.rows(f"select status from orders where number = '{talk.order(1)}'") == [("cancelled",)]


def test_changing_ones_mind_says_what_was_not_done(assistant: Assistant, language: str) -> None:
    talk = script(assistant, language, "mind")
    talk.says(f"{talk.words['refund']} {talk.order(7)} {talk.email}", "utter_request_refund_reason")
    talk.says("track", "utter_task_left", "utter_track_order_delivered")


def test_address_until_shipped(assistant: Assistant, language: str) -> None:
    talk = script(assistant, language, "address")
    talk.says(f"{talk.words['address']} {talk.order(3)} {talk.email}", "utter_change_shipping_address_already_shipped")
    talk.says(f"{talk.words['address']} {talk.order(2)}", "utter_request_new_address")
    talk.says("new_address", "utter_change_shipping_address_confirm")
    talk.says("affirm", "utter_change_shipping_address_done")
    codes = {"fi": "00100", "nl": "1016 GV", "de": "10115", "zh": "100022", "fa": "1966613111"}
    order = assistant.shop().find_order(talk.order(2), talk.email)
    assert order.shipping_address.postal_code == codes[language]


def test_damage_and_invoice(assistant: Assistant, language: str) -> None:
    talk = script(assistant, language, "damage")
    talk.says(f"{talk.words['damaged']} {talk.order(5)} {talk.email}", "utter_request_order_line")
    talk.says("1", "utter_request_damage_description")
    talk.says("damage_details", "utter_report_damaged_item_done")
    rows = assistant.rows(f"select description from damage_reports where order_number = '{talk.order(5)}'")
    assert rows == [(talk.words["damage_details"],)]
    assert "https://" in talk.says("invoice", "utter_get_invoice")


def test_a_person_at_any_point(assistant: Assistant, language: str) -> None:
    talk = script(assistant, language, "person")
    talk.says("cancel", "utter_request_order_number")
    talk.says("human", "utter_task_left", "utter_contact_human_agent", "utter_request_contact_email")
    talk.says(talk.email, "utter_contact_email_saved")
    rows = assistant.rows(
        f"select topic, language, email, transcript from tickets where conversation_id = '{talk.customer.name}'"
    )
    assert [row[:3] for row in rows] == [("contact_human_agent", language, talk.email)]
    assert talk.words["cancel"] in rows[0][3]
    talk.says("complaint", "utter_complaint", "utter_contact_email_saved")
    talk.says("bot", "utter_bot_challenge")


def test_the_language_follows_the_customer(assistant: Assistant, language: str) -> None:
    talk = script(assistant, language, "language")
    talk.says("track", "utter_request_order_number")
    for unclear in ("ok", "👍", "123", "PostNL"):
        heard = talk.customer.say(unclear)
        assert names(heard[-1], language), (unclear, heard)
    # A clear sentence in another language switches, inside the form too, and the question comes again in that language.
    talk.customer.language = talk.words["foreign_language"]
    heard = talk.customer.say(talk.words["foreign_sentence"])
    assert "utter_request_order_number" in names(heard[-1], talk.customer.language), heard
    # Asked for by name, in whatever language.
    talk.customer.language = SPEAKS_NEXT[language]
    talk.says("speak_next", "utter_change_language", "utter_request_order_number")


def test_asking_for_a_language_in_english(assistant: Assistant) -> None:
    customer = Customer(assistant, "english", "de")
    heard = customer.say("Please speak German")
    assert "utter_change_language" in names(heard[-1], "de"), heard


def test_a_language_that_is_not_spoken(assistant: Assistant) -> None:
    customer = Customer(assistant, "swedish", "fi")
    heard = customer.say("Hej, jag undrar var mitt paket är någonstans, jag har väntat i två veckor")
    assert len(heard) == 1
    for sentence in ("I speak", "Puhun suomea", "Nederlands", "Deutsch", "中文", "فارسی"):
        assert sentence in heard[0]
    payloads = {button["payload"] for button in customer.last[0]["buttons"]}
    assert payloads == {"/contact_human_agent"}


def test_the_channel_sets_the_first_language(assistant: Assistant) -> None:
    customer = Customer(assistant, "metadata", "fa", metadata={"language": "fa"})
    assert all(names(text, "fa") for text in customer.say("104503"))


def test_the_script_of_chinese_follows_too(assistant: Assistant) -> None:
    customer = Customer(assistant, "hant", "zh-Hant")
    heard = customer.say("我的訂單到哪裡了？")
    assert "utter_request_order_number" in names(heard[-1], "zh-Hant"), heard
    customer.language = "zh"
    customer.hears("运费是多少钱？", "utter_delivery_options", "utter_request_order_number")


def test_the_assistant_says_what_it_is(assistant: Assistant, language: str) -> None:
    customer = Customer(assistant, "introduction", language)
    heard = customer.hears(SPOKEN[language]["policy"], "utter_introduction", "utter_check_refund_policy")
    assert "Lumo Home" in heard
    customer.hears(SPOKEN[language]["digression"], SPOKEN[language]["digression_answer"])  # said once


def test_dates_are_written_as_the_language_writes_them(assistant: Assistant) -> None:
    today = datetime.now(ZoneInfo("Europe/Helsinki")).date()  # the shop's, which may be a day ahead of the machine's
    expected = today + timedelta(days=2)
    chinese = Customer(assistant, "dates", "zh").say(f"{SPOKEN['zh']['track']} 104403 {SPOKEN['zh']['email']}")
    assert any(f"{day.year}年{day.month}月{day.day}日" in "".join(chinese) for day in (expected, expected - timedelta(days=1)))
    persian = "".join(Customer(assistant, "dates", "fa").say(f"{SPOKEN['fa']['track']} 104503 {SPOKEN['fa']['email']}"))
    assert re.search("[۰-۹]{1,2} (آذر|دی|بهمن|اسفند|فروردین|اردیبهشت|خرداد|تیر|مرداد|شهریور|مهر|آبان) ۱[۰-۹]{3}", persian)
    assert "\u2066104503\u2069" in persian
