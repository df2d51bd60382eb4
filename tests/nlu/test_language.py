"""The language of a message, on a small training set; bench/language.py has the figures."""

import re
import statistics
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from viisi.nlu.language import Identifier, LanguageIdentifier

LANGUAGES = ["fi", "nl", "de", "zh", "fa"]
EXAMPLES = {
    "fi": """missä mun tilaus on / paketti ei oo tullu / haluan rahat takaisin / peru tilaus
        peruisin tilaukseni
        kiitos / mitä palautus maksaa / unohdin salasanan / voiko tuotteen vaihtaa
        tuote meni rikki / väärä koko / hei / moi
        joo / milloin paketti saapuu / onko tätä varastossa / haluan puhua ihmisen kanssa
        lasku puuttuu / ei kiitos / olet botti""",
    "nl": """waar blijft mijn bestelling / pakket is niet aangekomen / ik wil mijn geld terug
        annuleer mijn bestelling
        bedankt / wat kost terugsturen / wachtwoord vergeten / kan ik dit ruilen / het is kapot
        verkeerde maat / hallo / hoi
        ja graag / wanneer komt mijn pakje / is dit op voorraad / ik wil een medewerker spreken
        factuur ontbreekt / nee / ben je een bot""",
    "de": """wo bleibt meine bestellung / paket ist nicht angekommen / ich will mein geld zurück
        bestellung stornieren
        danke / was kostet die rücksendung / passwort vergessen / kann ich das umtauschen
        es ist kaputt / falsche größe / hallo
        ja bitte / wann kommt mein paket / ist das lieferbar
        ich will mit einem mitarbeiter reden / rechnung fehlt / nein / bist du ein bot""",
    "zh": "我的订单在哪里 / 包裹还没到 / 我要退款 / 取消订单 / 謝謝 / ok / 你好 / 忘记密码 / 尺寸不对 / 坏了",
    "fa": """سفارش من کجاست / بسته‌ام نرسیده / پولم را می‌خواهم / لغو سفارش / ممنون / رمزم را فراموش کردم
        سایز اشتباه است / خراب شده / سلام / کی می‌رسد / می‌خواهم با پشتیبان صحبت کنم
        فاکتور می‌خواهم / نه مرسی / موجود دارید
        عوضش کنید / salam sefaresham koja moonde / pulam ro pas bedin / kharab shode
        merci mamnoon / lotfan laghv konid
        basteam nareside / mikham pas bedam / key mirese / chejoori avazesh konam
        ramzam yadam rafte / ba poshtiban kar daram / na mersi""",
}
TAGGED = [
    (text.strip(), language)
    for language, texts in EXAMPLES.items()
    for line in texts.splitlines()
    for text in line.split(" / ")
]


@pytest.fixture(scope="module")
def identifier() -> Identifier:
    return Identifier.train(TAGGED, LANGUAGES)


def name(identifier: Identifier, text: str) -> Any:
    return identifier.identify(text)["name"]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("missä tilaus", "fi"),
        ("missa mun paketti viipyy", "fi"),
        ("pakket kwijt", "nl"),
        ("waar is het pakje van mij", "nl"),
        ("Bestellung fehlt", "de"),
        ("wo ist das paket von mir", "de"),
        ("mein order ist immer noch pending", "de"),
        ("mijn order is nog steeds niet verzonden", "nl"),
        ("訂單在哪", "zh"),
        ("我的order在哪里", "zh"),
        ("سفارشم نرسیده", "fa"),
        ("سفارش iPhone من كجاست", "fa"),
        ("salam basteam koja moonde", "fa"),
        ("where is my parcel", "other"),
        ("I would like to speak to your manager about this", "other"),
        ("var är mitt paket", "other"),
        ("jag har inte fått något ännu", "other"),
        ("kus mu pakk on", "other"),
        ("متى يصل الطلب الى المدينة", "other"),
        ("میرا پارسل ابھی تک نہیں آیا", "other"),
        ("注文はまだですか", "other"),
        ("返品希望", "other"),
        ("주문 어디예요", "other"),
        ("где мой заказ", "other"),
        ("où est mon colis", "other"),
        ("გამარჯობა", "other"),
    ],
)
def test_name(identifier: Identifier, text: str, language: str) -> None:
    assert name(identifier, text) == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "ok",
        "OK!",
        "👍",
        "104233",
        "#104233",
        "۱۰۴۲۳۳",
        "a.b@example.com",
        "https://example.com/de",
        "iPhone 15",
        "hallo",
        "…",
        "?",
    ]
    + ['/greet{"language": "fi"}', "e-mail", "\x00"],
)
def test_nobodys(identifier: Identifier, text: str) -> None:
    found = identifier.identify(text)
    assert found["name"] is None
    assert not found["clear"]


def test_a_doubtful_message_still_has_a_guess(identifier: Identifier) -> None:
    assert identifier.identify("hallo")["guess"] in ("nl", "de")
    assert identifier.identify("104233")["guess"] is None
    assert identifier.identify("where is my parcel")["guess"] is None


@pytest.mark.parametrize(
    ("text", "script", "variant"),
    [
        ("订单还没到", "Hans", "zh"),
        ("訂單還沒到", "Hant", "zh-Hant"),
        ("你好", None, None),
        ("后面", None, None),
        ("優の良品還有嗎", "Hant", "zh-Hant"),
        ("سفارشم نرسیده", "Arab", "fa"),
        ("salam sefaresham koja moonde", "Latn", "fa"),
        ("注文はまだですか", "Jpan", None),
        ("где мой заказ", "Cyrl", None),
    ],
)
def test_script_and_variant(identifier: Identifier, text: str, script: str | None, variant: str | None) -> None:
    found = identifier.identify(text)
    assert (found["script"], found["variant"]) == (script, variant)


def test_numbers_and_addresses_do_not_decide(identifier: Identifier) -> None:
    plain = identifier.identify("missä tilaus")
    assert identifier.identify("missä tilaus 104233 the@example.com https://where.is/my-order")["name"] == plain["name"]
    assert name(identifier, "取消訂單#102118退了沒") == "zh"


def test_without_tags_lingua_decides_alone() -> None:
    identifier = Identifier.train([], LANGUAGES)
    assert not identifier.classifiers
    assert name(identifier, "wo bleibt denn eigentlich meine Bestellung von gestern") == "de"
    assert name(identifier, "missä minun tilaukseni oikein viipyy") == "fi"
    assert name(identifier, "where is the order that I placed yesterday") == "other"


def test_what_the_assistant_speaks_is_no_stranger() -> None:
    swedish = [(text, "sv") for text in ("var är mitt paket", "jag vill ha pengarna tillbaka", "tack så mycket", "hej på dig")]
    identifier = Identifier.train(TAGGED + swedish * 5 + [(f"{t} nu", "sv") for t, _ in swedish * 2 + swedish], LANGUAGES)
    assert "sv" in identifier.languages


@given(st.text(st.characters(codec=None), max_size=200))
@settings(deadline=None, max_examples=200)
def test_whatever_is_sent(text: str) -> None:
    found = UNTRAINED.identify(text)
    assert found["name"] in (*LANGUAGES, "other", None)
    assert 0 <= found["confidence"] <= 1
    assert not (found["clear"] and found["name"] is None)


UNTRAINED = Identifier(LANGUAGES)


def test_quick(identifier: Identifier) -> None:
    times = []
    for text, _ in TAGGED * 3:
        start = time.perf_counter()
        identifier.identify(text)
        times.append(time.perf_counter() - start)
    assert statistics.median(times) < 0.001
    start = time.perf_counter()
    identifier.identify("word ".join(map(str, range(3000))) + "sana lisää " * 900)
    assert time.perf_counter() - start < 0.1


def test_component_trains_stores_and_loads(tmp_path: Path, identifier: Identifier) -> None:
    storage, resource = LocalModelStorage(tmp_path), Resource("language")
    context = ExecutionContext(GraphSchema({}))
    config = LanguageIdentifier.get_default_config()
    examples = [Message({"text": text, "intent": "x", "language_tag": tag}) for text, tag in TAGGED]
    training_data = TrainingData([*examples, Message({"text": "English please", "intent": "x"}), Message({"intent": "y"})])
    LanguageIdentifier.create(config, storage, resource, context).train(training_data)
    component = LanguageIdentifier.load(config, storage, resource, context)
    component.process_training_data(training_data)
    assert training_data.training_examples[0].get("language")["name"] == "fi"
    (message,) = component.process([Message({"text": "missä tilaus"})])
    assert message.as_dict(only_output_properties=True)["language"] == identifier.identify("missä tilaus")
    (nothing,) = component.process([Message({"text": None})])
    assert nothing.get("language")["name"] is None
    files = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert not any(re.search(r"pkl|pickle|joblib", name) for name in files)
