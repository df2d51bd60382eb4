"""How the texts are written: facts come from shop.yml, and each language keeps its own conventions."""

import re

import pytest

from viisi.facts import read_facts

# Digits that a text may hold although all facts stand in placeholders.
DIGITS_ALLOWED = {
    "utter_new_address_unclear": "an address made up as an example",
    "utter_request_order_number": "how an order number begins; its pattern is a regular expression, which no customer reads",
}
# Names of the shop's partners that a text may hold.
NAMES_ALLOWED = {
    ("Klarna", "utter_check_payment_methods.instalments"): "the answer is about that one service",
    ("Klarna", "utter_check_payment_methods.pay_later"): "the answer is about that one service",
}
# 30, 60, 300 and 24, the facts that could be spelled out; small numbers are words of everyday language.
SPELLED_OUT = {
    "fi": r"kolmekymmen|kuusikymmen|kolmesa|kaksikymmentänel",
    "nl": r"dertig|zestig|driehonderd|vierentwintig",
    "de": r"dreißig|sechzig|dreihundert|vierundzwanzig",
    "zh": r"三十|六十|三百|二十四",
    "fa": r"\bسی\b|\bشصت|\bسیصد|بیست و چهار",
}


def test_no_text_is_empty(texts):
    empty = [str(text) for text in texts if not isinstance(text.text, str) or not text.text.strip()]
    assert not empty


def test_numbers_come_from_the_facts(texts):
    found = [
        str(text)
        for text in texts
        if re.search(r"\d", text.literal) and not any(text.place.startswith(place) for place in DIGITS_ALLOWED)
    ]
    assert not found, "put the fact into shop.yml and a placeholder here, or name the exception above"


@pytest.mark.parametrize("tag", SPELLED_OUT)
def test_facts_are_not_spelled_out(texts, tag):
    found = [str(text) for text in texts if text.tag == tag and re.search(SPELLED_OUT[tag], text.literal, re.IGNORECASE)]
    assert not found


def test_names_and_addresses_come_from_the_facts(texts):
    facts = read_facts()
    literal = {facts.name, facts.url, facts.email, facts.privacy_email, facts.phone, facts.address, facts.vat_id}
    literal |= {carrier.name for carrier in facts.carriers.values()} | {"example.com", "://", "@", "€"}
    literal |= {"PayPal", "Klarna", "iDEAL", "Bancontact", "Sofort", "Alipay", "WeChat", "Apple Pay", "Google Pay", "支付宝"}
    found = [
        f"{name}: {text}"
        for text in texts
        if not text.place.startswith("phrases.payment_method.")  # where these names are given
        for name in literal
        if re.search(rf"(?<![^\W_]){re.escape(name)}(?![a-zäö])" if name[0].isalpha() else re.escape(name), text.literal)
        and not any(name == known and text.place.startswith(place) for known, place in NAMES_ALLOWED)
    ]
    assert not found, "use the fact's placeholder, or name the exception above"


def test_exceptions_are_still_needed(texts):
    for place in DIGITS_ALLOWED:
        assert any(text.place.startswith(place) and re.search(r"\d", text.literal) for text in texts), place
    for name, place in NAMES_ALLOWED:
        assert any(text.place.startswith(place) and name in text.literal for text in texts), (name, place)


def test_no_invisible_marks_but_the_half_space(texts):
    """Direction marks are put in by viisi/formats.py around what needs them; in the source nobody would see them."""
    marks = re.compile("[\u00ad\u061c\u200b\u200d-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
    assert not [str(text) for text in texts if marks.search(text.text)]
    assert not [str(text) for text in texts if "\u200c" in text.text and text.tag != "fa"]


# For each language: what must not be found in its literal text, and why.
FORBIDDEN = [
    ("fa", r"[يك]", "Arabic yeh or kaf instead of the Persian letters"),
    ("fa", r"[0-9٠-٩]", "digits other than the Persian ones"),
    ("fa", r"[,;?%]", "Latin punctuation: ، ؛ ؟ ٪"),
    ("fa", r"(?<![\u0600-\u06ff\u200c])ن?می [\u0600-\u06ff]", "می with a space before its verb instead of a half-space"),
    ("fa", r"[\u0600-\u06ff] (?:ها|های|هایی|هایم|هایتان)(?![\u0600-\u06ff])", "a plural ending behind a space"),
    ("fa", r"\u200c(?![\u0600-\u06ff])|(?<![\u0600-\u06ff])\u200c", "a half-space that joins nothing"),
    ("fa", r"(?<![\u0600-\u06ff])تو(?:یی)?(?![\u0600-\u06ff\u200c])", "informal address"),
    ("zh", r"你", "informal address: 您"),
    ("zh", r"[\u3400-\u9fff][ ]?[,.;:!?()]|[,;:!?()][ ]?[\u3400-\u9fff]", "ASCII punctuation beside a Chinese character"),
    ("zh", r"[\u3400-\u9fff] [\u3400-\u9fff]", "a space inside a Chinese sentence"),
    ("de", r"\b(?i:du|dich|dir|dein|deine[mnrs]?|euch|euer|eure[mnrs]?)\b", "informal address"),
    ("de", r"(?<![.?!:\n\0] )(?<!^)(?<!\n)\b(?:ihnen)\b", "the courteous form in lower case"),
    ("nl", r"\b(?i:je|jij|jou|jouw|jullie)\b", "informal address"),
    ("fi", r"\b(?i:teidän|teille|teitä|teiltä)\b", "formal address: this shop says sinä in Finnish"),
    ("fi", r"(?<=[a-zåäö])'", "a typewriter apostrophe"),
]


@pytest.mark.parametrize(("tag", "pattern", "why"), FORBIDDEN, ids=[f"{tag} {why}" for tag, _, why in FORBIDDEN])
def test_conventions(texts, tag, pattern, why):
    found = [str(text) for text in texts if text.tag == tag and re.search(pattern, text.literal)]
    assert not found, why


@pytest.mark.parametrize(
    ("tag", "faulty"),
    [
        ("fa", "سفارش شما می رسد"),
        ("fa", "سفارش كجاست"),
        ("fa", "تا 30 روز"),
        ("fa", "کالا ها"),
        ("zh", "你好"),
        ("zh", "您好,请问"),
        ("de", "Hast du eine Frage?"),
        ("nl", "Wat is je bestelnummer?"),
    ],
)
def test_conventions_find_what_they_should(tag, faulty):
    assert any(re.search(pattern, faulty) for known, pattern, _ in FORBIDDEN if known == tag)


@pytest.mark.parametrize(
    ("tag", "fine"), [("fa", "می‌رسد و کالاها هست"), ("zh", "您好，Klarna分期"), ("de", "Sind Sie noch da?")]
)
def test_conventions_leave_the_rest_alone(tag, fine):
    assert not [why for known, pattern, why in FORBIDDEN if known == tag and re.search(pattern, fine)]


def test_texts_have_no_loose_ends(texts):
    """Spaces at the ends and doubled ones; braces that are no placeholder."""
    assert not [str(text) for text in texts if "  " in text.text or re.search(r"[ \t]\n", text.text)]
    stripped = [text for text in texts if not text.place.endswith(("separator", "shop_time", "range"))]
    assert not [str(text) for text in stripped if text.text != text.text.strip()]
    assert not [str(text) for text in texts if re.search(r"[{}]", text.literal)]
