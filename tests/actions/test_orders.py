"""Tracking, cancelling, readdressing and invoices, against the demo shop's showcase."""

from types import SimpleNamespace

import pytest

from actions.orders import parse_address
from viisi.languages import languages
from viisi.shop.base import Address, Order

TAGS = ["fi", "nl", "de", "zh", "fa"]


@pytest.mark.parametrize("tag", [*TAGS, "zh-Hant"])
@pytest.mark.parametrize("case", ["paid", "packed", "shipped", "delayed", "delivered", "cancelled"])
def test_track_order(new_customer, tag, case):
    customer = new_customer(tag)
    heard = customer.begins("track_order", case)
    assert heard[0] == f"utter_track_order_{case}"
    assert heard[1:] == (["utter_track_order_place"] if case in ("shipped", "delayed") else [])
    assert customer.loop is None and customer.slots["task_started"] is None


def test_where_a_parcel_is(customer):
    customer.begins("track_order", "shipped")
    values = customer.answers[0].values
    assert values["carrier"] == "PostNL" and values["link"].startswith("https://postnl.nl/tracktrace/?B=3SVIIS")
    assert values["order_number"] == "104203" and "theepot" in values["items"].lower()


def test_persian_codes_are_isolated(new_customer):
    customer = new_customer("fa")
    customer.begins("track_order", "shipped")
    assert customer.answers[0].values["order_number"] == "\u2066104503\u2069"
    assert customer.answers[0].values["link"].startswith("\u2066https://")


class TestCancelling:
    def test_yes(self, customer, books):
        assert customer.begins("cancel_order", "paid") == ["utter_cancel_order_confirm"]
        assert books.rows("orders", number="104201")[0]["status"] == "paid"
        assert customer.writes("affirm", "ja") == ["utter_cancel_order_done"]
        assert books.rows("orders", number="104201")[0]["status"] == "cancelled"
        assert customer.slots["confirmed"] is None

    def test_no(self, customer, books):
        customer.begins("cancel_order", "paid")
        assert customer.writes("deny", "nee") == ["utter_cancel_order_kept"]
        assert books.rows("orders", number="104201")[0]["status"] == "paid"

    def test_neither(self, customer, books):
        customer.begins("cancel_order", "paid")
        customer.writes("nlu_fallback", "hmm")
        assert customer.was_rejected and books.rows("orders", number="104201")[0]["status"] == "paid"

    @pytest.mark.parametrize("case", ["packed", "shipped", "delivered", "cancelled", "delayed"])
    def test_too_late(self, customer, case):
        reason = {"delayed": "shipped"}.get(case, case)
        assert customer.begins("cancel_order", case) == [f"utter_cancel_order_already_{reason}"]

    def test_an_old_yes_does_not_count(self, customer, books):
        """Said before, in another task or none: the question is asked all the same."""
        customer.slots["confirmed"] = True
        assert customer.begins("cancel_order", "paid") == ["utter_cancel_order_confirm"]
        assert books.rows("orders", number="104201")[0]["status"] == "paid"

    def test_without_a_yes_nothing_is_cancelled(self, customer, books):
        """Whatever brings the action on without its form having asked."""
        customer.begins("track_order", "paid")
        customer.slots["confirmed"] = None
        customer.answers.clear()
        assert customer.run("action_cancel_order") == ["utter_action_failed"]
        assert books.rows("orders", number="104201")[0]["status"] == "paid"

    def test_twice_is_once(self, customer, books):
        """A webhook that delivers the yes twice."""
        customer.begins("cancel_order", "paid")
        before = dict(customer.slots)
        customer.writes("affirm", "ja")
        customer.slots = {**before, "confirmed": True}
        customer.answers.clear()
        assert customer.run("action_cancel_order") == ["utter_cancel_order_done"]


class TestAnotherAddress:
    @pytest.mark.parametrize("case", ["paid", "packed"])
    def test_yes(self, customer, books, case, number):
        assert customer.begins("change_shipping_address", case) == ["utter_request_new_address"]
        assert customer.writes("nlu_fallback", "Lindelaan 12, 3512 JK Utrecht") == ["utter_change_shipping_address_confirm"]
        assert "Lindelaan 12, 3512 JK Utrecht" in customer.words
        assert customer.writes("affirm", "ja") == ["utter_change_shipping_address_done"]
        [order] = books.rows("orders", number=number(case))
        assert (order["ship_to_street"], order["ship_to_postal_code"]) == ("Lindelaan 12", "3512 JK")
        assert (order["ship_to_city"], order["ship_to_name"], order["ship_to_country"]) == ("Utrecht", "Sanne de Vries", "NL")

    def test_no(self, customer, books):
        customer.begins("change_shipping_address", "paid")
        customer.writes("nlu_fallback", "Lindelaan 12, 3512 JK Utrecht")
        assert customer.writes("deny", "nee") == ["utter_change_shipping_address_kept"]
        assert books.rows("orders", number="104201")[0]["ship_to_street"] == "Oudegracht 112"

    def test_unclear(self, customer):
        customer.begins("change_shipping_address", "paid")
        assert customer.writes("nlu_fallback", "bij mijn tante op nummer 5") == [
            "utter_new_address_unclear",
            "utter_request_new_address",
        ]

    @pytest.mark.parametrize("case", ["shipped", "delivered", "cancelled"])
    def test_too_late(self, customer, case):
        heard = customer.begins("change_shipping_address", case)
        assert heard == [f"utter_change_shipping_address_already_{case}"]

    def test_a_postal_code_like_an_order_number_is_none(self, new_customer, books):
        customer = new_customer("zh")
        customer.begins("change_shipping_address", "paid")
        customer.writes("nlu_fallback", "朝阳区建国路93号院8号楼2105，100022 北京市")
        assert customer.heard == ["utter_change_shipping_address_confirm"]
        customer.writes("affirm", "是")
        [order] = books.rows("orders", number="104401")
        assert (order["ship_to_postal_code"], order["ship_to_city"]) == ("100022", "北京市")


ADDRESSES = [
    ("FI", "Hämeenkatu 5 B 12, 20100 Turku", "Hämeenkatu 5 B 12", "20100", "Turku"),
    ("FI", "Mannerheimintie 42 a 7\n00250 Helsinki", "Mannerheimintie 42 a 7", "00250", "Helsinki"),
    ("FI", "Aurakatu 6, FI-20100 Turku", "Aurakatu 6", "FI-20100", "Turku"),
    ("NL", "Lindelaan 12, 3512 JK Utrecht", "Lindelaan 12", "3512 JK", "Utrecht"),
    ("NL", "lindelaan 12 3512jk utrecht", "lindelaan 12", "3512JK", "utrecht"),
    ("BE", "Veldstraat 8 bus 3, 9000 Gent", "Veldstraat 8 bus 3", "9000", "Gent"),
    ("BE", "Steenweg 1040, 9000 Gent", "Steenweg 1040", "9000", "Gent"),  # a house number like a postal code
    ("DE", "Schellingstraße 47, 80799 München", "Schellingstraße 47", "80799", "München"),
    ("DE", "Berger Str. 154; PLZ 60385 Frankfurt am Main", "Berger Str. 154", "60385", "Frankfurt am Main"),
    ("AT", "Mariahilfer Straße 88/12, 1070 Wien", "Mariahilfer Straße 88/12", "1070", "Wien"),
    ("CN", "文三路100号8幢501室，310012 杭州市", "文三路100号8幢501室", "310012", "杭州市"),
    ("CN", "浙江省杭州市西湖区文三路259号，邮编310012", "浙江省杭州市西湖区文三路259号", "310012", "杭州市"),
    ("IR", "تهران، خیابان شریعتی، پلاک ۲۴، واحد ۵، کد پستی ۱۹۴۸۶۱۳۷۵۲", None, "1948613752", "تهران"),
    ("IR", "خیابان آزادی، کوچهٔ لاله، پلاک ۳۱، ۵۱۶۵۷۸۳۶۱۴ تبریز", None, "5165783614", "تبریز"),
]
NO_ADDRESSES = [
    ("FI", "Hämeenkatu 5, Turku"),
    ("FI", "20100 Turku"),
    ("FI", "Hämeenkatu 5, 20100"),
    ("FI", "soita 0401234567"),
    ("NL", "Lindelaan 12, 3512 Utrecht"),
    ("DE", ""),
    ("DE", "123456789012 Berlin"),
    ("CN", "杭州市"),
    ("IR", "تهران"),
    ("XX", "somewhere"),
]


def order_to(country: str) -> Order:
    return SimpleNamespace(shipping_address=Address("A", "B 1", "1", "C", country))  # type: ignore[return-value]


def words() -> list[str]:
    return [word for language in languages().values() for word in language.postal_code_words]


@pytest.mark.parametrize(("country", "text", "street", "code", "city"), ADDRESSES)
def test_addresses(country, text, street, code, city):
    found = parse_address(text, order_to(country), words())
    assert found is not None and (found["postal_code"], found["city"]) == (code, city)
    assert street is None or found["street"] == street
    assert code not in found["street"]


@pytest.mark.parametrize(("country", "text"), NO_ADDRESSES)
def test_no_addresses(country, text):
    assert parse_address(text, order_to(country), words()) is None


@pytest.mark.parametrize("tag", TAGS)
def test_invoice(new_customer, tag):
    customer = new_customer(tag)
    assert customer.begins("get_invoice", "delivered") == ["utter_get_invoice"]
    assert ".pdf" in customer.answers[0].values["link"]


def test_no_invoice(customer):
    assert customer.begins("get_invoice", "cancelled") == ["utter_get_invoice_none"]
