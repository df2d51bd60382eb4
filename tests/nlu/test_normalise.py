"""Normalised text keeps its length, whatever a customer sends."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from viisi.nlu.normalise import fold, normalise, one_script_only, simplify
from viisi.nlu.normaliser import NORMALISED_TEXT, Normaliser, normalised

ANYTHING = st.text(st.characters(codec=None))


@given(ANYTHING)
def test_each_character_stands_where_it_stood(text: str) -> None:
    for function in (normalise, simplify):
        assert function(text) == "".join(map(function, text))
        assert all(len(function(character)) == 1 for character in text)
        assert function(function(text)) == function(text)
    assert len(fold(text)) == len(text)


@given(ANYTHING)
def test_words_begin_where_they_began_when_folded(text: str) -> None:
    spaces = [character.isspace() for character in text]
    starts = [i for i in range(len(text)) if not spaces[i] and (i == 0 or spaces[i - 1])]
    folded = fold(text)
    for start, end in zip(starts, [*starts[1:], len(text)], strict=False):
        assert folded[start:end].rstrip() == fold(text[start:end]).rstrip()


@given(ANYTHING)
def test_nothing_unseen_is_left(text: str) -> None:
    assert not {unicodedata.category(character) for character in normalise(text)} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("سفارش ١٠٤٢٣٣ كجاست؟", "سفارش 104233 کجاست?"),
        ("۱۰۴۲۳۳", "104233"),
        ("＃１０４２３３，Ｏ．Ｋ．", "#104233,O.K."),
        ("می‌خواهم", "می خواهم"),
        ("أنا إلى مدرسة", "انا الی مدرسه"),
        ("آب", "آب"),
        ("Löytyykö Müller’s Straße?", "Löytyykö Müller's Straße?"),
        ("a\u202eb\u2066c\x00d\u200ee\u061cf\ud800g", "a b c d e f g"),
        ("ﺳﻼم", "سﻼم"),  # a ligature of two letters stays
        ("४५६ ๑๒", "456 12"),
        ("訂單👍🏽", "訂單👍🏽"),
        ("", ""),
    ],
)
def test_normalise(written: str, expected: str) -> None:
    assert normalise(written) == expected


def test_fold() -> None:
    assert fold("Löytyykö MÜLLER Çà Øl") == "loytyyko muller ca ol"
    assert fold("سَلام دوست") == "سلام  دوست"
    assert fold("Lo\u0308ytyi se") == "loytyi  se"
    assert fold("İstanbul") == "istanbul"


def test_simplify() -> None:
    assert simplify("訂單還沒到，請退款 ABC ä") == "订单还没到，请退款 ABC ä"
    assert simplify("乾隆後面") == "干隆后面"


def test_characters_of_one_script_only() -> None:
    simplified, traditional = one_script_only()
    assert {"们", "单", "这"} <= simplified
    assert {"們", "單", "這"} <= traditional
    assert not set("后里面台你好") & (simplified | traditional)


@pytest.fixture
def component() -> Normaliser:
    return Normaliser(Normaliser.get_default_config())


def test_the_customers_text_stays(component: Normaliser) -> None:
    message = Message({"text": "كجاست ۱۰"})
    component.process([message])
    assert message.get("text") == "كجاست ۱۰"
    assert message.get(NORMALISED_TEXT) == normalised(message) == "کجاست 10"
    assert NORMALISED_TEXT not in message.as_dict(only_output_properties=True)


@pytest.mark.parametrize("data", [{}, {"text": None}, {"text": ""}])
def test_no_text_passes(component: Normaliser, data: dict[str, str | None]) -> None:
    message = component.process([Message(data)])[0]
    assert normalised(message) == ""


def test_training_data_passes_through_the_same(component: Normaliser) -> None:
    training_data = TrainingData([Message({"text": "ك"}), Message({"intent": "greet"})])
    component.process_training_data(training_data)
    assert [normalised(example) for example in training_data.training_examples] == ["ک", ""]


def test_a_long_message_is_cut_and_quick(component: Normaliser) -> None:
    message = Message({"text": "هيچ ك ＃１ " * 1_250})
    component.process([message])
    start = time.perf_counter()
    component.process([message])
    assert time.perf_counter() - start < 0.01
    assert len(normalised(message)) == 2000
