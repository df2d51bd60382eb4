"""Which lines are scored, and what is put together about them."""

import pytest

from bench import nlu
from bench.scores import Answer, Line
from viisi.errors import ConfigurationError

STYLES = {"polite", "colloquial", "typo", "short", "indirect", "close"}


def test_the_held_out_lines():
    lines = nlu.held_out()
    assert {line.style for line in lines} == STYLES
    assert {line.language for line in lines} == {"fi", "nl", "de", "zh", "fa"}
    assert not [line for line in lines if line.text.startswith("- ") or line.text != line.text.strip()]


def test_a_trial_takes_lines_of_all_languages_evenly():
    lines = nlu.held_out(limit=44)
    assert [sum(line.language == tag for line in lines) for tag in ("de", "fa", "fi", "nl", "zh")] == [44] * 5
    assert len({line.label for line in lines}) > 20


def test_a_block_without_a_style_is_named(tmp_path):
    (tmp_path / "fi").mkdir()
    (tmp_path / "fi" / "nlu.yml").write_text("nlu: [{intent: greet, examples: '- moi'}]")
    with pytest.raises(ConfigurationError, match=r"fi/nlu\.yml: a block has no 'metadata'; give each"):
        nlu.held_out(folder=tmp_path)


def test_no_lines_at_all(tmp_path):
    with pytest.raises(ConfigurationError, match="restore them"):
        nlu.held_out(folder=tmp_path)


def test_the_fingerprint_is_of_the_lines_and_not_of_their_order():
    one, other = Line("a", "greet", "fi"), Line("b", "greet", "fi")
    assert nlu.fingerprint([one, other]) == nlu.fingerprint([other, one]) != nlu.fingerprint([one])


def test_entities_are_compared_as_values_over_normalised_text():
    lines = [Line("سفارش ۱۰۴۲۳۳", "track_order", "fa"), Line("104234?", "track_order", "fi"), Line("moi", "greet", "fi")]
    answers = [
        Answer("track_order", (), (("order_number", "۱۰۴۲۳۳"), ("date", "2026-05-20"))),
        Answer("track_order", ()),
        Answer("greet", (), (("order_number", "104235"),)),
    ]
    table = nlu.table_texts()["order_number"]
    text = next(text for text, wanted in table.items() if wanted == ["104233"])
    found = nlu.entities(lines, answers, {text: Answer("track_order", (), (("order_number", "104233"),))})
    assert found["order_number"]["held_out"] == {"messages": 2, "wanted": 2, "recall": 0.5, "precision": 1.0}
    assert found["order_number"]["tables"] == {"messages": 1, "wanted": 1, "recall": 1.0, "precision": 1.0}
    assert found["email"]["held_out"]["recall"] is None
