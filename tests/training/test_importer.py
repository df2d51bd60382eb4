"""The importer: folders of languages become stock Rasa, and what is wrong in them is said in one line."""

import shutil
from pathlib import Path

import pytest
import yaml
from rasa.shared.core.domain import Domain
from rasa.shared.importers.importer import TrainingDataImporter

from viisi.errors import ConfigurationError
from viisi.languages import DATA, languages
from viisi.settings import ROOT
from viisi.training.importer import LanguageFolders, faq_entries, language_responses, responses

LANGUAGE = {
    "name": "Kieli",
    "locale": "fi_FI",
    "direction": "ltr",
    "unspoken": "Puhun.",
    "person_button": "Ihminen",
    "all_words": ["kaikki"],
    "language_names": {"fi": ["suomi"]},
    "phrases": yaml.safe_load((DATA / "fi" / "language.yml").read_text(encoding="utf-8"))["phrases"],
}
DOMAIN = {
    "version": "3.1",
    "intents": ["greet", "place_order", "stop"],
    "slots": {
        name: {"type": "text", "influence_conversation": False, "mappings": [{"type": "custom"}]}
        for name in ("language", "topic")
    },
}


def write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of two languages, one of them the shop's default, and a rule."""
    for tag, hello in (("fi", "hei"), ("nl", "hallo")):
        folder = tmp_path / "data" / tag
        postal = {"postal_code_words": [], **LANGUAGE}
        real = yaml.safe_load((DATA / tag / "language.yml").read_text(encoding="utf-8"))
        write(folder / "language.yml", {**real, **{key: value for key, value in postal.items() if key in real}})
        write(
            folder / "responses.yml",
            {"responses": {"utter_greet": [{"text": f"{hello}, {{shop_name}} {{name}}"}, {"text": hello}]}},
        )
        entry = {"answer": f"{hello} {{return_window_days}}"}
        guest = {"answer": f"{hello} guest", "questions": [f"{hello} {number}?" for number in range(8)]}
        write(folder / "faq.yml", {"faq": {"place_order": entry, "place_order.guest": guest}})
        examples = {"greet": f"- {hello}\n- {hello} hallo\n", "stop": f"- stop {hello}\n"}
        nlu = [{"intent": intent, "examples": lines} for intent, lines in examples.items()]
        write(folder / "nlu.yml", {"version": "3.1", "nlu": nlu})
    other = {
        "version": "3.1",
        "nlu": [{"intent": "stop", "examples": "- please stop\n"}],
        "unspoken": "I speak.",
        "language_names": {},
    }
    write(tmp_path / "data" / "multilingual.yml", other)
    rule = {"rule": "greet", "steps": [{"intent": "greet"}, {"action": "utter_greet"}]}
    write(tmp_path / "data" / "dialogue" / "talk.yml", {"version": "3.1", "rules": [rule]})
    write(tmp_path / "domain.yml", DOMAIN)
    write(tmp_path / "config.yml", (ROOT / "config.yml").read_text())
    return tmp_path


def load(project: Path) -> LanguageFolders:
    languages.cache_clear()
    return LanguageFolders(str(project / "config.yml"), str(project / "domain.yml"), [str(project / "data")])


def change(path: Path, edit) -> None:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    edit(content)
    write(path, content)


def test_examples_carry_their_language_and_topic(project):
    found = {
        (m.get("text"), m.get("intent"), m.get("language_tag"), m.get("topic"))
        for m in load(project).get_nlu_data().training_examples
    }
    assert ("hei", "greet", "fi", None) in found
    assert ("hallo", "greet", "nl", None) in found
    assert ("hei 3?", "place_order", "fi", "guest") in found
    assert ("please stop", "stop", None, None) in found
    assert len(found) == 2 * (3 + 8) + 1


def test_wording_is_conditioned_and_the_default_language_stands_free(project):
    told = load(project).get_domain().responses
    greetings = told["utter_greet"]
    conditions = [[(c["name"], c["value"]) for c in v.get("condition", [])] for v in greetings]
    assert conditions.count([("language", "fi")]) == conditions.count([("language", "nl")]) == 2
    assert [v["text"] for v in greetings if "condition" not in v] == ["hei, Lumo Home {name}", "hei"]
    assert all("channel" not in variation for variation in greetings)
    topics = {tuple(c["value"] for c in v["condition"]): v["text"] for v in told["utter_place_order"] if "condition" in v}
    assert topics == {
        ("fi", "general"): "hei 30",
        ("fi", "guest"): "hei guest",
        ("nl", "general"): "hallo 30",
        ("nl", "guest"): "hallo guest",
    }


def test_rules_are_read_as_rasa_reads_them(project):
    assert [step.block_name for step in load(project).get_stories().story_steps] == ["greet"]


def test_a_changed_text_wants_no_new_training(project):
    before = load(project)
    fingerprints = before.get_nlu_data().fingerprint(), before.get_stories().fingerprint()
    answers = before.get_domain().responses

    change(project / "data/nl/responses.yml", lambda c: c["responses"]["utter_greet"].insert(0, {"text": "goedendag"}))
    change(project / "data/nl/faq.yml", lambda c: c["faq"]["place_order"].update(answer="iets anders"))
    after = load(project)
    assert after.get_domain().responses != answers
    assert (after.get_nlu_data().fingerprint(), after.get_stories().fingerprint()) == fingerprints

    change(project / "data/nl/faq.yml", lambda c: c["faq"]["place_order.guest"]["questions"].append("nog een vraag"))
    assert load(project).get_nlu_data().fingerprint() != fingerprints[0]


def test_a_misspelt_importer_is_noticed_here(project):
    """Rasa logs it and serves what it finds; the house test on config.yml relies on this."""
    change(project / "config.yml", lambda c: c.update(importers=[{"name": "viisi.training.importer.LanguageFolder"}]))
    loaded = TrainingDataImporter.load_from_config(
        str(project / "config.yml"), str(project / "domain.yml"), [str(project / "data")]
    )
    assert LanguageFolders not in map(type, loaded.importer._importer._importers)


# What is done to the project, and what the one line of the error must name.
FAULTS = {
    "a response twice in a file": (
        lambda p: (p / "data/nl/responses.yml").write_text("responses:\n  utter_a:\n  - text: x\n  utter_a:\n  - text: y\n"),
        ["nl", "responses.yml", "line 4", "utter_a"],
    ),
    "an FAQ entry twice in a file": (
        lambda p: (p / "data/nl/faq.yml").write_text("faq:\n  a: {answer: x}\n  a: {answer: y}\n"),
        ["nl", "faq.yml", "line 3"],
    ),
    "an answer that is a response too": (
        lambda p: change(p / "data/nl/faq.yml", lambda c: c["faq"].update(greet={"answer": "x"})),
        ["nl", "faq.yml", "greet is in responses.yml too", "keep one"],
    ),
    "an entry without an answer": (
        lambda p: change(p / "data/nl/faq.yml", lambda c: c["faq"].update(stop={"questions": ["x"]})),
        ["nl", "faq.yml", "stop has no answer", "write one"],
    ),
    "a topic without questions": (
        lambda p: change(p / "data/nl/faq.yml", lambda c: c["faq"].update({"stop.now": {"answer": "x"}})),
        ["nl", "faq.yml", "stop.now has no questions"],
    ),
    "an entry that is no mapping": (
        lambda p: change(p / "data/nl/faq.yml", lambda c: c["faq"].update(stop="x")),
        ["nl", "faq.yml", "stop"],
    ),
    "a variation without a text": (
        lambda p: change(p / "data/nl/responses.yml", lambda c: c["responses"].update(utter_stop=[{"buttons": []}])),
        ["nl", "responses.yml", "utter_stop"],
    ),
    "no responses.yml": (lambda p: (p / "data/nl/responses.yml").unlink(), ["nl", "responses.yml is missing"]),
    "no faq.yml": (lambda p: (p / "data/nl/faq.yml").unlink(), ["nl", "faq.yml is missing"]),
    "no multilingual.yml": (lambda p: (p / "data/multilingual.yml").unlink(), ["multilingual.yml"]),
    "no folder of the default language": (
        lambda p: shutil.rmtree(p / "data/fi"),
        ["default_language is 'fi'", "use one of nl"],
    ),
    "broken YAML": (lambda p: (p / "data/nl/faq.yml").write_text("faq: [\n"), ["nl", "faq.yml", "correct the YAML"]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_told_in_one_line(project, fault):
    spoil, named = FAULTS[fault]
    spoil(project)
    with pytest.raises(ConfigurationError) as raised:
        load(project).get_domain()
    assert "\n" not in str(raised.value)
    assert [name for name in named if name not in str(raised.value)] == []


def test_a_language_without_examples_is_a_fault(project):
    (project / "data/nl/nlu.yml").unlink()
    with pytest.raises(ConfigurationError, match=r"nl.nlu\.yml is missing"):
        load(project).get_nlu_data()


def test_the_answer_for_languages_not_spoken_here(project):
    [told] = load(project).get_domain().responses["utter_unspoken_language"]
    real = [yaml.safe_load((project / "data" / tag / "language.yml").read_text())["unspoken"] for tag in ("fi", "nl")]
    assert told["text"].split("\n") == ["I speak.", *real]
    assert {button["payload"] for button in told["buttons"]} == {"/contact_human_agent"}


# --- the repository's own data


def test_chinese_is_answered_in_both_scripts():
    found = responses()["utter_goodbye"]
    by_tag = {
        tag: [v["text"] for v in found if {"type": "slot", "name": "language", "value": tag} in v.get("condition", [])]
        for tag in ("zh", "zh-Hant")
    }
    assert len(by_tag["zh"]) == len(by_tag["zh-Hant"]) > 0
    assert by_tag["zh-Hant"] == [languages()["zh-Hant"].text(text) for text in by_tag["zh"]]


def test_answers_without_a_topic_of_their_own_do_not_ask_for_one():
    """Rasa picks at random among all variations that fit: the general one steps aside only where a finer one exists."""
    for folder in {language.folder for language in languages().values()}:
        topics = language_responses(folder)
        assert set(topics["utter_greet"]) == {"general"}
        assert "general" in topics["utter_change_language"] and len(topics["utter_change_language"]) == 3
        assert all(answer["answer"].strip() for _, _, answer in faq_entries(folder / "faq.yml"))


def test_rasas_commands_without_training_data_get_the_wording_too():
    """``rasa run`` and ``rasa data validate`` ask for the domain alone."""
    bare = LanguageFolders(None, str(ROOT / "domain.yml"), None)
    assert isinstance(bare.get_domain(), Domain) and "utter_greet" in bare.get_domain().responses


@pytest.fixture(autouse=True)
def languages_read_anew():
    yield
    languages.cache_clear()
