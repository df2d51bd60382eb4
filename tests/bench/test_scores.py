"""What the benchmarks count, on cases worked out by hand."""

import pytest

from bench import scores
from bench.scores import Answer, Line
from viisi.nlu.fallback import FALLBACK


def answered(*ranking: tuple[str, float], intent: str | None = None) -> Answer:
    return Answer(intent or ranking[0][0], ranking)


def test_quality():
    found = scores.quality(["a", "a", "a", "b"], ["a", "a", "b", "b"])
    assert found == {"lines": 4, "accuracy": 0.75, "macro_f1": pytest.approx((0.8 + 2 / 3) / 2)}


def test_a_fallback_is_wrong_and_no_label_of_its_own():
    found = scores.quality(["a", "a", "b"], ["a", FALLBACK, None])
    assert found["accuracy"] == pytest.approx(1 / 3)
    assert found["macro_f1"] == pytest.approx((2 / 3 + 0) / 2)


def test_tables():
    lines = [
        Line("x", "a", "fi", "typo"),
        Line("y", "b", "fi", "short"),
        Line("z", "a", "nl", "typo"),
        Line("w", "b", "nl", "typo"),
    ]
    found = scores.tables(lines, ["a", "a", "a", "b"])
    assert {name: row["accuracy"] for name, row in found["language"].items()} == {"fi": 0.5, "nl": 1.0}
    assert {name: row["accuracy"] for name, row in found["style"].items()} == {"short": 0.0, "typo": 1.0}
    assert found["language_style"]["fi"]["short"] == {"lines": 1, "accuracy": 0.0, "macro_f1": 0.0}
    assert "short" not in found["language_style"]["nl"]
    assert found["label"]["a"] == {"precision": pytest.approx(2 / 3), "recall": 1.0, "f1": pytest.approx(0.8), "lines": 2}
    assert found["all"]["accuracy"] == 0.75


@pytest.mark.parametrize(
    ("text", "language", "variety"),
    [
        ("订单还没到", "zh", "zh, simplified"),
        ("訂單還沒到", "zh", "zh, traditional"),
        ("你好", "zh", "zh, either script"),
        ("سفارشم کجاست", "fa", "fa, Arabic script"),
        ("sefaresham kojast", "fa", "fa, Latin letters"),
        ("missä tilaus", "fi", "fi"),
    ],
)
def test_variety(text, language, variety):
    assert scores.variety(Line(text, "a", language)) == variety


def test_the_first_choice_is_not_the_fallback():
    answer = answered((FALLBACK, 0.8), ("a", 0.2), ("b", 0.1))
    assert answer.intent == FALLBACK and answer.first() == ("a", 0.2)
    assert Answer(None, ()).first() == (None, 0.0)


def test_the_score_of_a_message_leaves_out_of_scope_out():
    assert answered((FALLBACK, 0.9), ("out_of_scope", 0.6), ("a", 0.3)).in_scope() == 0.3
    assert answered(("out_of_scope", 1.0)).in_scope() == 0.0


def test_confusions():
    lines = [
        Line("first", "x", "fi"),
        Line("second", "x", "nl"),
        Line("third", "b", "fi"),
        Line("right", "c", "fi"),
    ]
    answers = [
        answered((FALLBACK, 0.8), ("c", 0.2), ("a", 0.1)),
        answered(("c", 0.9), ("a", 0.1)),
        answered(("a", 0.9)),
        answered((FALLBACK, 0.9), ("c", 0.2)),
    ]
    found = scores.confusions(lines, answers)
    assert found[0] == {
        "label": "x",
        "taken_for": "c",
        "lines": 2,
        "withheld": 1,
        "languages": {"fi": 1, "nl": 1},
        "example": "first",
    }
    assert [(pair["label"], pair["taken_for"]) for pair in found] == [("x", "c"), ("b", "a")]
    assert len(scores.confusions(lines, answers, most=1)) == 1


def test_calibration():
    found = scores.calibration([0.95, 0.85, 0.85, 1.0, 0.0], [True, True, False, True, False])
    assert [(row["from"], row["to"], row["lines"]) for row in found["bins"]] == [(0.0, 0.1, 1), (0.8, 0.9, 2), (0.9, 1.0, 2)]
    assert found["bins"][1]["confidence"] == pytest.approx(0.85) and found["bins"][1]["accuracy"] == 0.5
    # 1 × 0 + 2 × |0.85 − 0.5| + 2 × |0.975 − 1|, over 5
    assert found["expected_error"] == pytest.approx((0.7 + 0.05) / 5)


def test_out_of_scope():
    lines = [Line(str(n), "a", "fi") for n in range(100)] + [Line(str(n), "out_of_scope", "fi") for n in range(4)]
    inside = [answered(("a", 0.5 + n / 1000)) for n in range(100)]
    outside = [
        answered((FALLBACK, 0.9), ("a", 0.1)),
        answered(("out_of_scope", 0.6), ("a", 0.4)),
        answered(("a", 0.45)),
        answered(("a", 0.9)),
    ]
    found = scores.out_of_scope(lines, inside + outside)
    assert found["lines"] == 4 and found["caught"] == 0.75 and found["passed"] == 0.95
    assert 0.504 < found["threshold"] <= 0.505
    assert found["auroc"] == pytest.approx(0.75)
    assert found["as_configured"] == {"caught": 0.5, "withheld_in_scope": 0.0}


def test_out_of_scope_wants_both_kinds():
    assert scores.out_of_scope([Line("x", "a", "fi")], [answered(("a", 1.0))]) is None
    assert scores.out_of_scope([Line("x", "out_of_scope", "fi")], [answered(("a", 1.0))]) is None


def test_recall():
    found = scores.recall([(["1", "1"], ["1"]), ([], ["2"]), (["3"], ["3"])])
    assert found == {"messages": 3, "wanted": 3, "recall": pytest.approx(2 / 3), "precision": pytest.approx(2 / 3)}
    assert scores.recall([]) == {"messages": 0, "wanted": 0, "recall": None, "precision": None}


@pytest.mark.parametrize(
    ("kind", "text", "found"),
    [
        ("order_number", "سفارش ۱۰۴۲۳۳ و 104234", ["104233", "104234"]),
        ("order_number", "1104233, 1042331, 204233, 10 42 33", []),
        ("email", "mail naar a.b-c@example.co.uk of x@example.com.", ["a.b-c@example.co.uk", "x@example.com"]),
        ("email", "订单aino@example.com谢谢", ["aino@example.com"]),
        ("email", "@example, a@b", []),
    ],
)
def test_plainly_written(kind, text, found):
    assert scores.plainly_written(kind, text) == found


def test_latency():
    assert scores.latency(range(101)) == {"p50": 50.0, "p95": 95.0, "p99": 99.0}
