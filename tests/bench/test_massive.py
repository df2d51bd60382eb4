"""MASSIVE: how its files are read, what a broken one is told, and which intent counts as the answer."""

import gzip
import json
import sys

import pytest

from bench import massive
from bench.parse import Parsed
from bench.scores import Answer
from viisi.errors import ConfigurationError
from viisi.nlu.fallback import FALLBACK
from viisi.training.importer import LANGUAGE_TAG

LOCALES = (*massive.TRAINED, massive.UNSEEN)


def row(partition: str, intent: str, text: str) -> str:
    return json.dumps({"id": "1", "locale": "xx", "partition": partition, "intent": intent, "utt": text, "annot_utt": text})


@pytest.fixture
def folder(tmp_path):
    for locale in LOCALES:
        kinds = ("train", "dev") if locale != massive.UNSEEN else ("dev",)
        lines = [
            row(kind, intent, f"{intent} {n}") for kind in kinds for intent in ("alarm_set", "play_music") for n in range(3)
        ]
        with gzip.open(tmp_path / f"{locale}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
    return tmp_path


def test_reading(folder):
    found = massive.read(folder, "fi-FI", "dev")
    assert len(found) == 6 and found[0] == massive.Line("alarm_set 0", "alarm_set", "fi-FI")
    assert [line.text for line in massive.read(folder, "fi-FI", "dev", limit=1)] == ["alarm_set 0", "play_music 0"]
    massive.check(folder, "dev")


def test_reading_what_is_not_zipped(folder):
    (folder / "fi-FI.jsonl").write_text(row("test", "alarm_set", "herätä") + "\n\n", encoding="utf-8")
    assert [line.text for line in massive.read(folder, "fi-FI", "test")] == ["herätä"]


def test_rasa_gets_the_train_partition_with_languages(folder):
    examples = massive.Massive(folder=str(folder)).get_nlu_data().intent_examples
    assert len(examples) == 5 * 6
    assert {example.get(LANGUAGE_TAG) for example in examples} == {"fi", "nl", "de", "zh", "fa"}


def lacks_a_locale(folder):
    (folder / "zh-TW.jsonl.gz").unlink()


def has_a_line_that_is_no_json(folder):
    (folder / "nl-NL.jsonl").write_text(row("dev", "a", "b") + "\n{\n")


def has_a_line_without_an_intent(folder):
    (folder / "nl-NL.jsonl").write_text(row("dev", "a", "b") + '\n{"partition": "dev", "utt": "hoi"}\n')


def has_a_line_with_an_empty_text(folder):
    (folder / "nl-NL.jsonl").write_text(row("dev", "a", "b") + "\n" + row("dev", "a", " ") + "\n")


def has_a_line_that_is_a_list(folder):
    (folder / "nl-NL.jsonl").write_text(row("dev", "a", "b") + "\n[]\n")


def has_a_file_cut_short(folder):
    path = folder / "de-DE.jsonl.gz"
    path.write_bytes(path.read_bytes()[:-12])


def has_a_file_that_is_not_zipped(folder):
    (folder / "de-DE.jsonl.gz").write_text(row("dev", "a", "b"))


def has_a_file_in_another_encoding(folder):
    (folder / "de-DE.jsonl").write_bytes(row("dev", "a", "b").replace("b", "ü").encode() + "ü".encode("latin-1"))


def has_no_train_partition(folder):
    (folder / "fa-IR.jsonl").write_text(row("dev", "a", "b"))


FAULTS = [
    (lacks_a_locale, r"has no zh-TW\.jsonl or zh-TW\.jsonl\.gz"),
    (has_a_line_that_is_no_json, r"nl-NL\.jsonl, line 2 is no JSON object with partition, intent, utt"),
    (has_a_line_without_an_intent, r"nl-NL\.jsonl, line 2 is no JSON object"),
    (has_a_line_with_an_empty_text, r"nl-NL\.jsonl, line 2 is no JSON object"),
    (has_a_line_that_is_a_list, r"nl-NL\.jsonl, line 2 is no JSON object"),
    (has_a_file_cut_short, r"de-DE\.jsonl\.gz cannot be read"),
    (has_a_file_that_is_not_zipped, r"de-DE\.jsonl\.gz cannot be read"),
    (has_a_file_in_another_encoding, r"de-DE\.jsonl cannot be read"),
    (has_no_train_partition, r"fa-IR\.jsonl has no partition 'train'; it has dev"),
]


@pytest.mark.parametrize(("spoil", "message"), FAULTS, ids=[spoil.__name__ for spoil, _ in FAULTS])
def test_faults_name_themselves_and_the_cure(folder, spoil, message):
    spoil(folder)
    with pytest.raises(ConfigurationError, match=message + r".*get MASSIVE 1\.1 \(github\.com/alexa/massive\)"):
        massive.check(folder, "dev")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "nowhere is no folder"),
        ([".", "--partition", "test"], "has no partition 'test'; it has dev, train"),
    ],
)
def test_the_command_says_one_line(folder, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["bench.massive", *arguments, "--json", str(folder / "out.json")])
    assert massive.main() == 1
    out, error = capsys.readouterr()
    assert not out and error.startswith("bench.massive: ") and message in error and error.count("\n") == 1
    assert not (folder / "out.json").exists()


def test_the_answer_is_the_first_intent_of_massives():
    intents = frozenset({"alarm_set", "play_music"})
    found = Answer(FALLBACK, ((FALLBACK, 0.9), ("track_order", 0.5), ("play_music", 0.3), ("alarm_set", 0.2)))
    assert massive.answer(found, intents) == "play_music"
    assert massive.answer(Answer(FALLBACK, ((FALLBACK, 1.0),)), intents) is None


def test_score():
    lines = [massive.Line(f"{locale} {n}", "alarm_set", locale) for locale in LOCALES for n in range(2)]
    wrong = {"fi-FI 1", "zh-TW 0", "zh-TW 1"}
    answers = [
        Answer(name, ((name, 1.0),), milliseconds=10.0)
        for line in lines
        for name in ["play_music" if line.text in wrong else "alarm_set"]
    ]
    found = massive.score(lines, Parsed(answers, 1.0, 500.0), frozenset({"alarm_set", "play_music"}))
    assert found["locale"]["fi-FI"]["accuracy"] == 0.5 and found["locale"]["zh-TW"]["accuracy"] == 0.0
    assert found["mean"]["accuracy"] == pytest.approx(0.9)  # zh-TW is not among the five
    assert found["confusions"] == [{"label": "alarm_set", "taken_for": "play_music", "lines": 1, "example": "fi-FI 1"}]
