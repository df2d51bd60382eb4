"""Both assistants are trained on the same examples, stock Rasa as ``rasa init`` leaves it."""

from importlib import resources

import pytest
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.formats.rasa_yaml import RasaYAMLReader
from rasa.shared.nlu.training_data.message import Message
from ruamel.yaml import YAML

from bench import training
from viisi.errors import ViisiError
from viisi.languages import read_yaml
from viisi.settings import ROOT


def test_stock_is_what_the_installed_rasa_fills_in():
    default = resources.files("rasa") / "engine" / "recipes" / "config_files" / "default_config.yml"
    installed = YAML(typ="safe").load(default.read_text(encoding="utf-8"))
    ours = read_yaml(training.STOCK)
    assert ours["pipeline"] == installed["pipeline"]
    assert (ours["recipe"], ours["language"]) == (installed["recipe"], installed["language"])


def test_only_the_cache_differs_from_config_yml(tmp_path):
    own, changed = read_yaml(ROOT / "config.yml"), training.own_config(tmp_path / "encodings.db")
    assert training.own_config(None) == own
    [number] = [n for n, component in enumerate(own["pipeline"]) if component != changed["pipeline"][n]]
    assert changed["pipeline"][number] == {**own["pipeline"][number], "cache": str(tmp_path / "encodings.db")}
    assert {**own, "pipeline": None} == {**changed, "pipeline": None}


def test_a_config_can_be_read_again(tmp_path):
    assert read_yaml(training.write_config(tmp_path / "config.yml", training.own_config(None))) == training.own_config(None)


def messages(*texts: str) -> list[Message]:
    return [Message({TEXT: text, INTENT: "greet", "language_tag": "fi", "topic": "general"}) for text in texts]


def test_examples_survive_rasas_format(tmp_path):
    texts = ["moi", "- viiva", "#104233 # ?", "سفارش «۱۰۴۲۳۳»", "'a' \"b\": c", "moi", "{x} @ % & *", "订单：还没到！"]
    training.write_examples(messages(*texts), tmp_path / "nlu.yml")
    assert len(RasaYAMLReader().read(tmp_path / "nlu.yml").intent_examples) == len(set(texts))
    assert "language_tag" not in (tmp_path / "nlu.yml").read_text(encoding="utf-8")


def test_examples_that_do_not_are_named(tmp_path):
    with pytest.raises(ViisiError, match="does not survive"):
        training.write_examples(messages("moi [104233](order_number)"), tmp_path / "nlu.yml")


def test_a_trial_takes_some_of_every_label_and_language():
    found = training.examples(limit=1)
    kinds = {(message.get(INTENT), message.get("language_tag")) for message in found}
    assert len(found) == len(kinds) >= 5 * 40
