"""Refunds, exchanges and damage: exactly once, never on an old yes, and each answer in the words of five languages."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy import update

from actions.base import Turn, shop
from actions.refunds import chosen_lines, refund_reason
from viisi.languages import languages
from viisi.shop import tables
from viisi.shop.base import REFUND_REASONS

TAGS = ["fi", "nl", "de", "zh", "fa"]


class TestRefund:
    def begin(self, customer) -> None:
        assert customer.begins("get_refund", "delivered") == ["utter_request_order_lines"]
        assert customer.writes("nlu_fallback", "2") == ["utter_request_refund_reason"]
        assert customer.writes("nlu_fallback", "te klein") == ["utter_get_refund_confirm"]

    def test_yes(self, customer, books):
        self.begin(customer)
        assert customer.answers[0].values["amount"].replace("\xa0", " ") == "€ 25,80"
        assert books.rows("refunds", order_number="104205") == []
        assert customer.writes("affirm", "ja") == ["utter_get_refund_done"]
        [refund] = books.rows("refunds", order_number="104205")
        assert (refund["amount"], refund["reason"]) == (Decimal("25.80"), "wrong_size")
        assert books.rows("refund_lines", refund_id=refund["id"])[0]["quantity"] == 2

    def test_no(self, customer, books):
        self.begin(customer)
        assert customer.writes("deny", "nee") == ["utter_get_refund_kept"]
        assert books.rows("refunds", order_number="104205") == []

    def test_everything_brings_the_delivery_fee_back_too(self, customer, books):
        [invoice] = books.rows("invoices", order_number="104205")
        customer.begins("get_refund", "delivered")
        customer.writes("nlu_fallback", "alles")
        customer.writes("nlu_fallback", "Ik heb me bedacht")
        customer.writes("affirm", "ja")
        [refund] = books.rows("refunds", order_number="104205")
        assert refund["amount"] == invoice["total"]

    def test_a_yes_that_arrives_twice_refunds_once(self, customer, books):
        """The webhook delivers the same message again: the same slots, the same key."""
        self.begin(customer)
        before = dict(customer.slots)
        customer.writes("affirm", "ja")
        customer.slots = {**before, "confirmed": True}
        customer.answers.clear()
        customer.run("action_get_refund")
        assert len(books.rows("refunds", order_number="104205")) == 1

    def test_the_same_key_is_used_within_a_task_and_another_in_the_next(self, customer, books):
        self.begin(customer)
        customer.writes("affirm", "ja")
        customer.begins("get_refund", "delivered")
        customer.writes("nlu_fallback", "3")
        customer.writes("nlu_fallback", "kapot")
        assert customer.writes("affirm", "ja") == ["utter_get_refund_done"]
        refunds = books.rows("refunds", order_number="104205")
        assert len({refund["key"] for refund in refunds}) == len(refunds) == 2

    def test_nothing_is_refunded_twice(self, customer, books):
        self.begin(customer)
        customer.writes("affirm", "ja")
        customer.begins("get_refund", "delivered")
        assert "2." not in customer.answers[0].values["items"]
        assert customer.writes("nlu_fallback", "2") == ["utter_order_lines_unclear", "utter_request_order_lines"]
        customer.writes("nlu_fallback", "alles")
        customer.writes("nlu_fallback", "kapot")
        customer.writes("affirm", "ja")
        assert customer.begins("get_refund", "delivered") == ["utter_get_refund_already_refunded"]
        total = sum(refund["amount"] for refund in books.rows("refunds", order_number="104205"))
        assert total == Decimal("39.90") + 2 * Decimal("12.90") + Decimal("8.90")

    def test_an_old_yes_never_confirms(self, customer, books):
        """Said before the task began, or to another order's question."""
        customer.slots["confirmed"] = True
        self.begin(customer)
        assert books.rows("refunds", order_number="104205") == []
        customer.writes("affirm", "ja, maar van 104210 dan")
        assert customer.slots["confirmed"] is None and customer.heard == ["utter_request_order_lines"]
        assert books.rows("refunds", order_number="104210") == books.rows("refunds", order_number="104205") == []

    def test_reasons_are_offered(self, customer):
        customer.begins("get_refund", "delivered")
        customer.writes("nlu_fallback", "1")
        assert len(customer.answers[0].buttons) == len(REFUND_REASONS)

    def test_it_arrived_broken_is_a_reason_and_no_report(self, customer):
        customer.begins("get_refund", "delivered")
        customer.writes("nlu_fallback", "1")
        assert customer.writes("report_damaged_item", "hij is kapot aangekomen") == ["utter_get_refund_confirm"]
        assert customer.slots["refund_reason"] == "damaged"

    def test_a_big_sum_is_decided_by_a_person(self, customer, books):
        customer.begins("get_refund", "expensive")
        customer.writes("nlu_fallback", "alles")
        customer.writes("nlu_fallback", "kapot")
        assert customer.writes("affirm", "ja") == ["utter_get_refund_needs_person"]
        assert books.rows("refunds", order_number="104210") == []
        [ticket] = books.rows("tickets")
        assert (ticket["topic"], ticket["reason"], ticket["order_number"]) == ("get_refund", "refund_above_limit", "104210")
        assert "assistant:" in ticket["transcript"] and "customer:" in ticket["transcript"]

    @pytest.mark.parametrize(
        ("case", "answer"),
        [
            ("paid", "not_delivered"),
            ("shipped", "not_delivered"),
            ("cancelled", "already_cancelled"),
            ("refunded", "already_refunded"),
            ("long_ago", "window_over"),
        ],
    )
    @pytest.mark.parametrize("tag", [*TAGS, "zh-Hant"])
    def test_refusals(self, new_customer, tag, case, answer):
        assert new_customer(tag).begins("get_refund", case) == [f"utter_get_refund_{answer}"]

    def test_a_window_that_closes_between_question_and_yes(self, customer, books):
        self.begin(customer)
        [order] = books.rows("orders", number="104205")
        earlier = order["delivered_at"] - timedelta(days=60)
        books.change(update(tables.orders).where(tables.orders.c.number == "104205").values(delivered_at=earlier))
        assert customer.writes("affirm", "ja") == ["utter_get_refund_window_over"]
        assert books.rows("refunds", order_number="104205") == []

    def test_an_order_with_one_line_left_asks_for_none(self, customer):
        assert customer.begins("get_refund", "partly_refunded") == ["utter_request_refund_reason"]
        assert customer.slots["order_lines"] == [2]


@pytest.mark.parametrize(("case", "status"), [("refunded", "requested"), ("partly_refunded", "paid"), ("delivered", "none")])
@pytest.mark.parametrize("tag", TAGS)
def test_track_refund(new_customer, tag, case, status):
    assert new_customer(tag).begins("track_refund", case) == [f"utter_track_refund_{status}"]


@pytest.mark.parametrize("status", ["approved", "rejected"])
def test_track_refund_in_the_states_between(customer, books, status):
    books.change(update(tables.refunds).where(tables.refunds.c.order_number == "104209").values(status=status))
    assert customer.begins("track_refund", "refunded") == [f"utter_track_refund_{status}"]


class TestExchange:
    def test_once(self, customer, books):
        assert customer.begins("exchange_item", "delivered") == ["utter_request_order_line"]
        assert customer.writes("nlu_fallback", "1 en 2") == ["utter_order_lines_unclear", "utter_request_order_line"]
        assert customer.writes("nlu_fallback", "1") == ["utter_request_exchange_wish"]
        before = dict(customer.slots)
        assert customer.writes("nlu_fallback", "de blauwe graag, in het groot") == ["utter_exchange_item_done"]
        customer.slots = {**before, "details": "de blauwe graag, in het groot"}
        customer.run("action_exchange_item")
        [exchange] = books.rows("exchanges")
        assert (exchange["line"], exchange["wish"]) == (1, "de blauwe graag, in het groot")

    @pytest.mark.parametrize(
        ("case", "answer"),
        [
            ("packed", "not_delivered"),
            ("cancelled", "already_cancelled"),
            ("refunded", "already_refunded"),
            ("long_ago", "window_over"),
        ],
    )
    def test_refusals(self, customer, case, answer):
        assert customer.begins("exchange_item", case) == [f"utter_exchange_item_{answer}"]


class TestDamage:
    def test_once(self, customer, books):
        assert customer.begins("report_damaged_item", "delivered") == ["utter_request_order_line"]
        assert customer.writes("nlu_fallback", "theepot") == ["utter_request_damage_description"]
        before = dict(customer.slots)
        assert customer.writes("complaint", "er zit een barst in de tuit", 0.7) == ["utter_report_damaged_item_done"]
        customer.slots = {**before, "details": "er zit een barst in de tuit"}
        customer.run("action_report_damaged_item")
        [report] = books.rows("damage_reports")
        assert (report["line"], report["description"]) == (1, "er zit een barst in de tuit")

    @pytest.mark.parametrize(("case", "answer"), [("paid", "not_delivered"), ("cancelled", "already_cancelled")])
    def test_refusals(self, customer, case, answer):
        assert customer.begins("report_damaged_item", case) == [f"utter_report_damaged_item_{answer}"]

    def test_a_parcel_under_way_may_be_opened_already(self, customer):
        assert customer.begins("report_damaged_item", "delayed") == ["utter_request_order_line"]


# --- which lines an answer names; the order is 1 a teapot, 2 two red mugs, 3 green tea

CHOSEN = [
    ("nl", "1", [1]),
    ("nl", "1 en 3", [1, 3]),
    ("nl", "nummer 2 graag", [2]),
    ("nl", "1,2", [1, 2]),
    ("nl", "alles", [1, 2, 3]),
    ("nl", "allebei", [1, 2, 3]),
    ("nl", "de theepot", [1]),
    ("nl", "de rode teemok", [2]),
    ("nl", "9", []),
    ("nl", "104205", []),
    ("nl", "12,50", []),
    ("nl", "geen idee", []),
    ("nl", "", []),
    ("fi", "kaikki", [1, 2, 3]),
    ("fi", "koko tilaus", [1, 2, 3]),
    ("fi", "teekannu", [1]),
    ("fi", "1 ja 2", [1, 2]),
    ("de", "alles bitte", [1, 2, 3]),
    ("de", "die Teekanne", [1]),
    ("de", "Nr. 3", [3]),
    ("zh", "全部", [1, 2, 3]),
    ("zh", "我全都要退", [1, 2, 3]),
    ("zh", "第二个", [2]),
    ("zh", "一和三", [1, 3]),
    ("zh", "茶壶", [1]),
    ("zh", "茶壺", [1]),  # traditional
    ("zh", "２", [2]),
    ("zh", "3个都退", [1, 2, 3]),
    ("fa", "همه", [1, 2, 3]),
    ("fa", "همه‌شان", [1, 2, 3]),
    ("fa", "۱ و ۳", [1, 3]),
    ("fa", "قوری", [1]),
    ("fa", "شماره ٢", [2]),
]


@pytest.mark.parametrize(("tag", "text", "chosen"), CHOSEN)
def test_chosen_lines(books, tag, text, chosen):
    order = shop().find_order("104205", "sanne.devries@example.com")
    assert chosen_lines(text, list(order.lines), languages()[tag].all_words) == chosen


REASONS = [
    ("fi", "liian pieni", "wrong_size"),
    ("fi", "rikki", "damaged"),
    ("fi", "tuli liian myöhään", "late"),
    ("fi", "sain väärän tuotteen", "wrong_item"),
    ("nl", "te groot", "wrong_size"),
    ("nl", "hij is kapot", "damaged"),
    ("nl", "toch niet nodig", "changed_mind"),
    ("nl", "veel te laat geleverd", "late"),
    ("nl", "lijkt niet op de foto", "not_as_described"),
    ("nl", "zomaar", "other"),
    ("de", "zu klein", "wrong_size"),
    ("de", "GEFÄLLT MIR NICHT", "changed_mind"),
    ("de", "gefaellt mir nicht", "changed_mind"),
    ("de", "falscher Artikel", "wrong_item"),
    ("de", "der Henkel ist abgebrochen", "damaged"),
    ("zh", "太小了", "wrong_size"),
    ("zh", "杯子碎了", "damaged"),
    ("zh", "發錯了", "wrong_item"),  # traditional
    ("zh", "不喜欢", "changed_mind"),
    ("zh", "没什么", "other"),
    ("fa", "کوچک است", "wrong_size"),
    ("fa", "شکسته", "damaged"),
    ("fa", "شكسته", "damaged"),  # with the Arabic kaf
    ("fa", "پشیمان شدم", "changed_mind"),
]


@pytest.fixture
def turn() -> Callable[[str, str], Turn]:
    def make(tag: str, text: str) -> Turn:
        message = {"text": text, "intent": {"name": "nlu_fallback", "confidence": 0.5}, "entities": []}
        tracker = Tracker("c1", {"language": tag}, message, [], False, None, {}, "action_listen")
        return Turn(CollectingDispatcher(), tracker)

    return make


@pytest.mark.parametrize(("tag", "text", "reason"), REASONS)
def test_refund_reason(turn, tag, text, reason):
    assert refund_reason(turn(tag, text)) == reason


@pytest.mark.parametrize("tag", languages())
def test_the_button_of_each_reason_is_understood(turn, tag):
    """A button sends what it shows; what it shows must mean what it stands for."""
    reasons = languages()[tag].phrases["refund_reason"]
    assert set(reasons) == set(REFUND_REASONS)
    for code, reason in reasons.items():
        assert refund_reason(turn(tag, languages()[tag].text(reason["title"]))) == code


@pytest.mark.parametrize("tag", TAGS)
def test_a_refund_in_each_language(new_customer, books, tag):
    customer = new_customer(tag)
    reason = languages()[tag].phrases["refund_reason"]["damaged"]["title"]
    customer.begins("get_refund", "delivered")
    customer.writes("nlu_fallback", languages()[tag].all_words[0])
    customer.writes("nlu_fallback", reason)
    assert customer.heard == ["utter_get_refund_confirm"]
    assert customer.writes("affirm", "+") == ["utter_get_refund_done"]
    assert books.rows("refunds")[-1]["reason"] == "damaged"
