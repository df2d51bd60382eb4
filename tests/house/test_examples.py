"""Training examples and held-out ones: enough of each, none in two places, and every label of docs/labels.md with a rule."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache

import pytest
from rasa.shared.core.constants import DEFAULT_INTENTS
from rasa.shared.core.domain import Domain

from viisi.languages import DATA, language_folders
from viisi.languages import read_yaml as read_yaml_slowly
from viisi.nlu.normalise import fold, normalise, simplify
from viisi.settings import ROOT

TAGS = [folder.name for folder in language_folders()]
LABELS = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "labels.md").read_text().partition("\n## ")[0], re.MULTILINE)
# Replaced by viisi/nlu/fallback.py: no customer means them.
SET_BY_FALLBACK = {"nlu_fallback", "empty_message", "message_too_long", "unspoken_language"}
ENOUGH, ENOUGH_OUT_OF_SCOPE, HELD_OUT, QUESTIONS = 25, 60, 8, 8


read_yaml = cache(read_yaml_slowly)


def same(text: str) -> str:
    """What is left of a text when spelling, script, spaces and punctuation do not count."""
    plain = fold(simplify(normalise(text)))
    return "".join(c for c in plain if unicodedata.category(c)[0] in "LN") or plain.strip()


def examples(path) -> Iterator[tuple[str, str]]:
    for block in read_yaml(path)["nlu"]:
        for line in block["examples"].strip().split("\n"):
            assert line.startswith("- "), f"{path}: {line!r} is no example"
            yield block["intent"], line[2:].strip()


@cache
def trained(tag: str) -> tuple[tuple[str, str], ...]:
    """Label and text of all that a language's model learns from: nlu.yml and the questions of faq.yml."""
    asked = (
        (key.partition(".")[0], str(question).strip())
        for key, entry in read_yaml(DATA / tag / "faq.yml")["faq"].items()
        for question in entry.get("questions", [])
    )
    return (*examples(DATA / tag / "nlu.yml"), *asked)


@cache
def held_out(tag: str) -> tuple[tuple[str, str], ...]:
    path = ROOT / "tests" / tag / "nlu.yml"
    if not path.exists():
        pytest.skip(f"{path} is not written yet")
    return tuple(examples(path))


@pytest.fixture(scope="module")
def domain() -> Domain:
    return Domain.load(str(ROOT / "domain.yml"))


def test_labels_and_intents_are_the_same(domain):
    assert len(LABELS) == len(set(LABELS)) > 40
    intents = set(domain.intents) - (set(DEFAULT_INTENTS) - {"out_of_scope"}) - SET_BY_FALLBACK
    assert set(LABELS) == intents, "docs/labels.md and domain.yml differ"


def test_every_intent_has_a_rule_and_every_rule_an_intent(domain):
    begun = {
        rule["steps"][0]["intent"]
        for path in (DATA / "dialogue").glob("*.yml")
        for rule in read_yaml(path).get("rules", [])
        if "intent" in rule["steps"][0]
    }
    assert begun == {*LABELS, *SET_BY_FALLBACK}


@pytest.mark.parametrize("tag", TAGS)
class TestLanguage:
    def test_has_enough_examples_of_every_label(self, tag):
        different = defaultdict(set)
        for label, text in examples(DATA / tag / "nlu.yml"):
            different[label].add(same(text))
        few = {
            label: len(different[label])
            for label in LABELS
            if len(different[label]) < (ENOUGH_OUT_OF_SCOPE if label == "out_of_scope" else ENOUGH)
        }
        assert not few
        assert set(different) == set(LABELS)

    def test_teaches_nothing_twice(self, tag):
        meant = defaultdict(set)
        for label, text in trained(tag):
            meant[same(text)].add(label)
        assert not {text: labels for text, labels in meant.items() if len(labels) > 1}

    def test_asks_enough_for_every_topic(self, tag):
        asked = {
            key: len({same(str(question)) for question in entry["questions"]})
            for key, entry in read_yaml(DATA / tag / "faq.yml")["faq"].items()
            if "questions" in entry
        }
        assert asked and not {key: number for key, number in asked.items() if number < QUESTIONS}

    def test_holds_enough_out_of_training(self, tag):
        counts = Counter(label for label, _ in {(label, same(text)) for label, text in held_out(tag)})
        assert set(counts) == set(LABELS)
        assert not {label: count for label, count in counts.items() if count < HELD_OUT}

    def test_holds_out_nothing_that_is_taught(self, tag):
        taught = {same(text) for _, text in trained(tag)}
        assert not [text for _, text in held_out(tag) if same(text) in taught]

    def test_held_out_examples_mean_one_thing(self, tag):
        meant = defaultdict(set)
        for label, text in held_out(tag):
            meant[same(text)].add(label)
        assert not {text: labels for text, labels in meant.items() if len(labels) > 1}

    def test_addresses_are_made_up(self, tag):
        domains = re.findall(r"@([\w-]+(?:\.[\w-]+)+)", "\n".join(text for _, text in trained(tag)))
        assert {domain for domain in domains if not re.fullmatch(r"example\.(?:com|org|net)\.?", domain)} == set()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Löytyykö TILAUS?", "löytyykö tilaus"),
        ("می‌خواهم", "می خواهم"),
        ("كجاست", "کجاست"),
        ("۱۰۴۲۳۳", "104233"),
        ("訂單還沒到！", "订单还没到"),
    ],
)
def test_what_counts_as_the_same(one, other):
    assert same(one) == same(other)
    assert same(one) != same(one + "x")


def test_every_rule_has_a_name_of_its_own():
    names = Counter(rule["rule"] for path in (DATA / "dialogue").glob("*.yml") for rule in read_yaml(path).get("rules", []))
    assert len(names) > 40 and names.most_common(1)[0][1] == 1
