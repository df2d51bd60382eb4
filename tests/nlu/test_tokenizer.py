"""Words in five languages, with offsets into what the customer wrote."""

import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from viisi.nlu.normalise import normalise
from viisi.nlu.normaliser import Normaliser
from viisi.nlu.tokenizer import Tokenizer, spans

LANGUAGES = (None, "fi", "nl", "de", "zh", "fa")


@pytest.fixture
def tokenizer() -> Tokenizer:
    return Tokenizer(Tokenizer.get_default_config())


def words(text: str, language: str | None) -> list[str]:
    text = normalise(text)
    return [text[start:end] for start, end in spans(text, language)]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("fi", "Missä tilaus #104233 on?", ["Missä", "tilaus", "#104233", "on", "?"]),
        ("nl", "waar blijft m'n pakket, 104233?", ["waar", "blijft", "m'n", "pakket", ",", "104233", "?"]),
        ("de", "z.B. die Teekanne für 49,90", ["z.B.", "die", "Teekanne", "für", "49,90"]),
        ("zh", "我的包裹什么时候到？", ["我", "的", "包裹", "什么", "时候", "到", "?"]),
        ("zh", "訂單還沒到", ["訂單", "還", "沒到"]),
        ("zh", "我的iPhone15订单104233呢", ["我", "的", "iPhone15", "订单", "104233", "呢"]),
        ("zh", "邮箱maija@example.com谢谢", ["邮箱", "maija@example.com", "谢谢"]),
        ("fa", "سفارش ۱۰۴۲۳۳ را می‌خواهم", ["سفارش", "104233", "را", "می", "خواهم"]),
        ("fa", "سفارش104233نرسیده iPhone", ["سفارش", "104233", "نرسیده", "iPhone"]),
        ("de", "mail an a.b-c@example.org, siehe https://example.com/x?y=1.", None),
        (None, "", []),
        (None, "  \u202e ", []),
    ],
)
def test_words(language: str | None, text: str, expected: list[str] | None) -> None:
    found = words(text, language)
    if expected is None:
        assert {"a.b-c@example.org", "https://example.com/x?y=1"} <= set(found)
    else:
        assert found == expected


@given(st.text(st.characters(codec=None), max_size=100), st.sampled_from(LANGUAGES))
@settings(deadline=None, max_examples=200)
def test_words_lie_in_order_and_cover_the_text(text: str, language: str | None) -> None:
    text = normalise(text)
    end = 0
    for start, stop in spans(text, language):
        assert end <= start < stop
        assert not text[end:start].strip()
        assert text[start:stop].strip()
        end = stop
    assert not text[end:].strip()


def test_tokens_of_a_message(tokenizer: Tokenizer) -> None:
    message = Message({"text": "Kännykkä ١٠٤٢٣٣ 訂單", "language": {"name": "fi", "guess": "fi"}})
    Normaliser(Normaliser.get_default_config()).process([message])
    tokenizer.process([message])
    tokens = message.get("text_tokens")
    assert [(token.text, token.lemma, token.start, token.end) for token in tokens] == [
        ("Kännykkä", "kannykka", 0, 8),
        ("104233", "104233", 9, 15),
        ("訂單", "订单", 16, 18),
    ]


def test_training_data(tokenizer: Tokenizer) -> None:
    data = TrainingData([Message({"text": "missä tilaus", "intent": "track_order"}), Message({"text": "", "intent": "x"})])
    tokenizer.process_training_data(data)
    first, empty = data.training_examples
    assert [token.text for token in first.get("text_tokens")] == ["missä", "tilaus"]
    assert [token.text for token in first.get("intent_tokens")] == ["track_order"]
    assert empty.get("text_tokens") is None


def test_quick() -> None:
    texts = [
        "Missä tilaus #104233 on?",
        "我的包裹什么时候到？订单号一直没更新物流",
        "سفارش ۱۰۴۲۳۳ را می‌خواهم",
        "wo bleibt mein Paket",
    ]
    times = []
    for language, text in zip(("fi", "zh", "fa", "de") * 50, texts * 50, strict=True):
        start = time.perf_counter()
        words(text, language)
        times.append(time.perf_counter() - start)
    assert statistics.median(times) < 0.001


def test_a_silent_start_that_leaves_nothing_behind(tmp_path: Path) -> None:
    script = "from viisi.nlu.tokenizer import spans; print(list(spans('我的包裹', 'zh')))"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
        env={"TMPDIR": str(tmp_path), "TF_CPP_MIN_LOG_LEVEL": "3", "PATH": ""},
    )
    assert done.stdout.strip() == "[(0, 1), (1, 2), (2, 4)]"
    assert "jieba" not in done.stderr.lower().replace("/jieba/", "") and "prefix dict" not in done.stderr
    assert not list(tmp_path.iterdir())
