"""Turns the language folders into stock Rasa; named in config.yml under ``importers``, called by every Rasa command.

Wording goes into the domain (responses conditioned on the slots ``language`` and ``topic``), so that a changed answer needs no
new training. Examples go into the NLU data, each message carrying ``language_tag`` and, from faq.yml, ``topic``. All other
files (dialogue, tests) are read as Rasa itself reads them.
"""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rasa.shared.core.domain import Domain
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.common import cached_method

from viisi.errors import ConfigurationError
from viisi.facts import placeholders, read_facts
from viisi.languages import LANGUAGE_FILE, Language, language_folders, languages, read_yaml
from viisi.settings import Settings

LANGUAGE_TAG = "language_tag"
TOPIC = "topic"
GENERAL = "general"
MULTILINGUAL_FILE = "multilingual.yml"
_PLACEHOLDER = re.compile(r"\{(\w+)\}")

Variation = dict[str, Any]


class LanguageFolders(RasaFileImporter):  # type: ignore[misc]
    """Rasa's own importer, and the language folders below the training data's path."""

    def __init__(
        self,
        config_file: str | None = None,
        domain_path: str | None = None,
        training_data_paths: list[str] | str | None = None,
    ) -> None:
        super().__init__(config_file, domain_path, training_data_paths)
        paths = [training_data_paths] if isinstance(training_data_paths, str) else training_data_paths or []
        self._data = next((Path(path) for path in paths if language_folders(Path(path))), None)

    @cached_method
    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        """Examples of every language; a language folder's carry its tag."""
        if self._data is None:
            return super().get_nlu_data(language)
        by_file = {folder / "nlu.yml": folder.name for folder in language_folders(self._data)}
        tagged: list[Message] = []
        for path, tag in by_file.items():
            if not path.exists():
                raise ConfigurationError(f"{path} is missing; each language needs examples, see docs/add-a-language.md")
            tagged += _tag(super(LanguageFolders, type(self)(None, None, [str(path)])).get_nlu_data(), tag)
            tagged += list(_questions(path.with_name("faq.yml"), tag))
        others = [str(path) for path in self._nlu_files if Path(path) not in by_file]
        rest = type(self)(None, None, others).get_nlu_data() if others else TrainingData()
        return TrainingData(
            tagged + rest.training_examples,
            rest.entity_synonyms,
            rest.regex_features,
            rest.lookup_tables,
        )

    @cached_method
    def get_domain(self) -> Domain:
        """domain.yml, and the wording of every language over the shop's facts."""
        domain = super().get_domain()
        if self._domain_path is None:
            return domain
        # Rasa asks for the domain in commands that name no training data too (rasa data validate, rasa run).
        return domain.merge(Domain.from_dict({"responses": responses(self._data)}))


def _tag(data: TrainingData, tag: str) -> Iterator[Message]:
    for message in data.training_examples:
        message.set(LANGUAGE_TAG, tag)
        yield message


def _questions(path: Path, tag: str) -> Iterator[Message]:
    for label, topic, entry in faq_entries(path):
        for question in entry.get("questions", []):
            yield Message({TEXT: str(question).strip(), INTENT: label, LANGUAGE_TAG: tag, TOPIC: topic})


def faq_entries(path: Path) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Label, topic (``general`` for the label's own answer) and content of each entry in a faq.yml."""
    for key, entry in read_yaml(path).get("faq", {}).items():
        label, _, topic = key.partition(".")
        if "answer" not in entry:
            raise ConfigurationError(f"{path}: {key} has no answer; write one under 'answer:'")
        if topic and not entry.get("questions"):
            raise ConfigurationError(f"{path}: {key} has no questions; write at least eight under 'questions:'")
        yield label, topic or GENERAL, entry


def language_responses(folder: Path) -> dict[str, dict[str, list[Variation]]]:
    """The folder's wording: response name, topic, variations as Rasa writes them (text, buttons)."""
    found: dict[str, dict[str, list[Variation]]] = {}
    for key, variations in read_yaml(folder / "responses.yml").get("responses", {}).items():
        name, _, topic = key.partition(".")
        found.setdefault(name, {})[topic or GENERAL] = variations
    for label, topic, entry in faq_entries(folder / "faq.yml"):
        topics = found.setdefault(f"utter_{label}", {})
        if topic in topics:
            raise ConfigurationError(
                f"{folder / 'faq.yml'}: {label} is in responses.yml too, as utter_{label}; keep one of the two"
            )
        topics[topic] = [{"text": entry["answer"]}]
    return found


def responses(data: Path | None = None) -> dict[str, list[Variation]]:
    """All wording as Rasa's domain wants it, each variation conditioned on language and topic.

    Variations of the default language stand once more without a condition, so that no state of the slots leaves the customer
    without an answer: Rasa prefers a conditioned variation that fits.
    """
    settings = Settings.from_env(os.environ)
    facts = read_facts(settings.shop_file)
    spoken = languages(data) if data else languages()
    if facts.default_language not in spoken:
        raise ConfigurationError(
            f"{settings.shop_file}: default_language is {facts.default_language!r}; use one of {', '.join(spoken)}"
        )
    found: dict[str, list[Variation]] = {}
    for language in spoken.values():
        told = placeholders(facts, language)
        for name, topics in language_responses(language.folder).items():
            for topic, variations in topics.items():
                conditions = [_when("language", language.tag), _when("topic", topic)]
                # Rasa chooses at random among all that fit, so a general answer steps aside where a finer one exists.
                if set(topics) == {GENERAL}:
                    conditions = conditions[:1]
                ready = [_ready(name, variation, language, told) for variation in variations]
                found.setdefault(name, []).extend({**variation, "condition": conditions} for variation in ready)
                if language.tag == facts.default_language and topic == GENERAL:
                    found[name].extend(ready)
    found["utter_unspoken_language"] = [_unspoken(spoken, (data or language.folder.parent) / MULTILINGUAL_FILE)]
    return found


def _when(slot: str, value: str) -> dict[str, str]:
    return {"type": "slot", "name": slot, "value": value}


def _ready(name: str, variation: Variation, language: Language, told: Mapping[str, str]) -> Variation:
    """A variation in the language's script with the facts put in; other placeholders are left for Rasa to fill."""

    def fill(text: str) -> str:
        return _PLACEHOLDER.sub(lambda found: told.get(found[1], found[0]), language.text(text))

    if not isinstance(variation, dict) or not isinstance(variation.get("text"), str):
        raise ConfigurationError(f"{language.folder / 'responses.yml'}: {name} has a variation without a text; write 'text: …'")
    ready: Variation = {"text": fill(variation["text"]).strip()}
    if "buttons" in variation:
        ready["buttons"] = [{"title": fill(button["title"]), "payload": button["payload"]} for button in variation["buttons"]]
    return ready


def _unspoken(spoken: Mapping[str, Language], path: Path) -> Variation:
    """The one answer that is the same in every language: which ones we speak, and a way to a person."""
    folders = [language for language in spoken.values() if language.convert is None]
    sentences = [read_yaml(path)["unspoken"], *(language.unspoken for language in folders)]
    buttons = [{"title": language.person_button, "payload": "/contact_human_agent"} for language in folders]
    return {"text": "\n".join(sentences), "buttons": buttons}


__all__ = ["LANGUAGE_FILE", "LanguageFolders", "faq_entries", "language_responses", "responses"]
