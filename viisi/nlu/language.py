"""Says which language a message is written in; stands after the Normaliser, before the Tokenizer.

The dialogue answers in the language found here and switches when a customer does, so a wrong answer costs more than
none: a number, "ok", a brand or a bare "hallo" is nobody's. Scripts that one language has for itself decide at once.
Elsewhere two opinions are added: a classifier over character n-grams, trained on the assistant's own examples (and, for
languages that it does not speak, on others.yml and spaCy's stop words), and lingua, which knows languages in general
but not how one writes to a shop on a phone. Without examples that carry a ``language_tag``, lingua decides alone.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import json
import random
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from lingua import IsoCode639_1, LanguageDetector, LanguageDetectorBuilder
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from viisi.languages import read_yaml
from viisi.nlu.normalise import encodable, fold, normalise, one_script_only
from viisi.nlu.normaliser import Normaliser

LANGUAGE = "language"
LANGUAGE_TAG = "language_tag"
_LANGUAGES_FILE = "languages.json"
OTHER = "other"

# Measured with bench/language.py: below NAMED a message has no name; above CLEAR one in a hundred messages of two words
# would switch a conversation to a wrong language.
NAMED, CLEAR = 0.8, 0.98
# How much lingua's log-probabilities count, beside the classifier's own log-odds.
_LINGUA_WEIGHT = 0.6
_BUCKETS = 1 << 17
_LONGEST_NGRAM = 4
_STRANGER = "other:"
_NOBODY = "nobody"
_OTHERS_FILE = Path(__file__).with_name("others.yml")
# Languages that a shop in Europe may well be written to in, and the nearest relatives of those that it speaks.
_LIKELY = ("en", "sv", "nb", "da", "et", "fr", "es", "it", "pt", "pl", "tr", "id", "hu", "cs", "ro", "ar", "ur")

_NOT_LANGUAGE = re.compile(r"(?a:[\w.+-]+@[\w.-]+|(?:https?://|www\.)[!-~]+|[#@]\w+)|[a-zA-Z]*\d[a-zA-Z\d]*")
_WORD = re.compile(r"[^\W\d_]+(?:['’`][^\W\d_]+)*")
_MOST_WORDS = 60
# Name, weight of a letter, letters. Of the kana の is missing, which Chinese brands like to wear.
_SCRIPTS = (
    ("Hani", 5, r"\u3005\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"),
    ("Kana", 5, r"\u3040-\u306d\u306f-\u30ff\u31f0-\u31ff\uff66-\uff9d"),
    ("Hang", 5, r"\u1100-\u11ff\u3130-\u318f\uac00-\ud7af"),
    ("Arab", 2, r"\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufeff"),
    ("Latn", 1, r"A-Za-z\u00aa\u00ba\u00c0-\u024f\u1e00-\u1eff\uff21-\uff3a\uff41-\uff5a"),
    ("Cyrl", 1, r"\u0400-\u052f"),
    ("Grek", 1, r"\u0370-\u03ff"),
    ("Hebr", 1, r"\u0590-\u05ff"),
    ("Thai", 1, r"\u0e00-\u0e7f"),
    ("Deva", 1, r"\u0900-\u097f"),
)
_SCRIPT_LETTERS = [(name, weight, re.compile(f"[{letters}]")) for name, weight, letters in _SCRIPTS]

_SAMPLE = 3000  # examples of a language in a script; more of them take time and change nothing

Floats = npt.NDArray[np.floating[Any]]


class NgramClassifier:
    """Logistic regression over the character n-grams of words, hashed; one row of weights for each n-gram."""

    def __init__(self, classes: list[str], weights: Floats, bias: Floats) -> None:
        self.classes, self._weights, self._bias = classes, weights, bias

    def scores(self, words: Iterable[str]) -> Floats:
        """Log-odds of each class; they grow with the number of words."""
        total: Floats = self._weights[_features(words)].sum(axis=0, dtype=np.float32) + self._bias
        return total

    @classmethod
    def train(cls, examples: Mapping[str, Iterable[str]]) -> NgramClassifier:
        """Learn from texts by class: each whole, and in pairs of words, as customers on a phone write."""
        from scipy.sparse import csr_matrix
        from sklearn.linear_model import SGDClassifier

        labels: list[str] = []
        rows: list[list[int]] = []
        for label, texts in examples.items():
            for text in texts:
                words = _words(text)
                for start, end in _windows(len(words)):
                    labels.append(label)
                    rows.append(_features(words[start:end]))
        pointers = np.cumsum([0, *map(len, rows)])
        columns = np.fromiter((column for row in rows for column in row), np.int32, int(pointers[-1]))
        matrix = csr_matrix((np.ones(len(columns), np.float32), columns, pointers), (len(rows), _BUCKETS))
        model = SGDClassifier(loss="log_loss", alpha=5e-5, max_iter=6, tol=None, average=True, random_state=5)
        model.fit(matrix, labels)
        return cls(list(model.classes_), model.coef_.T.astype(np.float16), model.intercept_.astype(np.float32))

    def save(self, path: Path) -> None:
        np.savez_compressed(path, classes=np.array(self.classes), weights=self._weights, bias=self._bias)

    @classmethod
    def load(cls, path: Path) -> NgramClassifier:
        with np.load(path, allow_pickle=False) as stored:
            return cls(stored["classes"].tolist(), stored["weights"], stored["bias"])


def _features(words: Iterable[str]) -> list[int]:
    return sorted({bucket for word in words for bucket in _word_features(word)})  # sorted: training is repeatable


@functools.lru_cache(maxsize=1 << 14)
def _word_features(word: str) -> frozenset[int]:
    """Buckets of a word's n-grams and of the whole word; as it is written, and as on a keyboard without accents."""
    grams: set[str] = set()
    for form in {word.lower(), fold(normalise(word)).rstrip()}:
        form = f" {form} "
        grams.add(form + "$")
        for length in range(1, _LONGEST_NGRAM + 1):
            grams.update(form[start : start + length] for start in range(len(form) - length + 1))
    return frozenset(zlib.crc32(gram.encode(errors="replace")) % _BUCKETS for gram in grams)


def _windows(length: int) -> Iterator[tuple[int, int]]:
    if length:
        yield 0, length
    if length > 3:
        yield from ((start, start + 2) for start in range(0, length - 1, 2))


def _words(text: str) -> list[str]:
    """Return the words of `text` that may tell its language."""
    words = _WORD.findall(_NOT_LANGUAGE.sub(" ", text))[:_MOST_WORDS]
    return [word for word in words if word.lower() not in _nobodys() and (len(word) > 1 or word > "\u2e7f")]


@functools.lru_cache(maxsize=1)
def _nobodys() -> frozenset[str]:
    return frozenset(_others()[_NOBODY])


def _script(text: str) -> str | None:
    """Return the script that most of `text` is written in; a Chinese character weighs as much as a short Latin word."""
    counts = {name: weight * len(letters.findall(text)) for name, weight, letters in _SCRIPT_LETTERS}
    kana, han = counts["Kana"], counts["Hani"]
    if kana and 10 * kana >= han and kana + han >= max(counts.values()):
        return "Jpan"
    name = max(counts, key=lambda name: counts[name])
    return name if counts[name] else "Zzzz" if any(map(str.isalpha, text)) else None


def _chinese_script(text: str) -> str | None:
    simplified, traditional = (sum(map(characters.__contains__, text)) for characters in one_script_only())
    return "Hans" if simplified > traditional else "Hant" if traditional > simplified else None


def _japanese(text: str) -> bool:
    """Whether a text without kana has characters that only Japan writes, or is half made of Japanese words."""
    words = re.compile("|".join(sorted(_others()["ja"], key=len, reverse=True)))
    return 2 * len("".join(words.findall(text))) >= len(text) or any(
        encodable(c, "shift_jis") and not encodable(c, "gb2312") and not encodable(c, "big5") for c in text
    )


@functools.lru_cache(maxsize=1)
def _others() -> dict[str, list[str]]:
    """Return what customers write in languages that the assistant may not speak, by tag."""
    return {
        tag: [part.strip() for line in lines.splitlines() for part in line.split(" / ")]
        for tag, lines in read_yaml(_OTHERS_FILE).items()
    }


def _common_words(tag: str) -> list[str]:
    words: list[str] = []
    for module, name in (("stop_words", "STOP_WORDS"), ("examples", "sentences")):
        with contextlib.suppress(ImportError):
            words += sorted(getattr(importlib.import_module(f"spacy.lang.{tag}.{module}"), name))
    return words


def _lingua(languages: Iterable[str]) -> LanguageDetector:
    """Return lingua in its small mode: 27 MB for twenty languages, where the large one takes 530."""
    codes = (getattr(IsoCode639_1, tag.upper(), None) for tag in {*languages, *_LIKELY})
    builder = LanguageDetectorBuilder.from_iso_codes_639_1(*filter(None, codes))
    return builder.with_low_accuracy_mode().with_preloaded_language_models().build()


class Identifier:
    """Identifies the language of a text; the component below is its Rasa form."""

    def __init__(self, languages: Iterable[str], classifiers: Mapping[str, NgramClassifier] | None = None) -> None:
        """Take the languages that the assistant speaks, and a classifier for each script that needs one."""
        self.languages = list(languages)
        self.classifiers = classifiers or {}
        self._lingua = _lingua(self.languages)

    @classmethod
    def train(cls, tagged: Iterable[tuple[str, str]], languages: Iterable[str]) -> Identifier:
        """Train on texts and the tags of their languages; `languages` are spoken where no text is tagged."""
        found: dict[str, Counter[str]] = defaultdict(Counter)
        examples: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for text, tag in tagged:
            language, script = tag.split("-")[0], _script(" ".join(_words(text)))
            if script is not None:
                found[language][script] += 1
                examples[script][language].add(text)
        classifiers = {}
        for script in ("Latn", "Arab"):
            # A Chinese example that is all brand names does not make Chinese a language in Latin letters.
            own = {
                language: random.Random(5).sample(sorted(texts), min(len(texts), _SAMPLE))
                for language, texts in sorted(examples[script].items())
                if len(texts) >= 10 and len(texts) * 20 >= found[language].total()
            }
            if own:
                classifiers[script] = NgramClassifier.train(own | _strangers(script, own))
        return cls(sorted(found) or languages, classifiers)

    def identify(self, text: str) -> dict[str, Any]:
        """Return name, script, variant, confidence, clear and guess, as the component documents them."""
        if text.startswith("/"):  # an intent that a button sends
            return _result(None, None, 0.0, False)
        words = _words(text)
        letters = " ".join(words)
        script = _script(letters)
        if script is None:
            return _result(None, None, 0.0, False)
        if script == "Hani" and "zh" in self.languages and not _japanese(letters):
            return _result("zh", _chinese_script(letters), 1.0, True, "zh")
        if script not in ("Latn", "Arab"):
            return _result(OTHER, "Jpan" if script == "Hani" else script, 1.0, len(letters) > 1)
        shares = self._shares(words, script)
        name = max(shares, key=lambda name: shares[name])
        guess = max(self.languages, key=lambda tag: shares[tag])
        confidence = shares[name]
        # One word of a language not spoken here is more often a brand or a word that all have borrowed.
        if confidence < NAMED or (name == OTHER and len(words) == 1):
            return _result(None, script, confidence, False, guess)
        return _result(name, script, confidence, confidence > CLEAR, guess if name != OTHER else None)

    def _shares(self, words: list[str], script: str) -> dict[str, float]:
        """Return how the two opinions divide between the assistant's languages and all others together."""
        opinion = {
            value.language.iso_code_639_1.name.lower(): value.value
            for value in self._lingua.compute_language_confidence_values(" ".join(words))
        }
        classifier = self.classifiers.get(script)
        if classifier is not None:
            logits = classifier.scores(words)
            second = [opinion.get(name.removeprefix(_STRANGER), 0.0) + 1e-3 for name in classifier.classes]
            logits += _LINGUA_WEIGHT * np.log(second)
            odds = np.exp(logits - logits.max())
            opinion = dict(zip(classifier.classes, (odds / odds.sum()).tolist(), strict=True))
        shares = dict.fromkeys([*self.languages, OTHER], 0.0)
        for name, share in opinion.items():
            shares[name if name in shares else OTHER] += share
        return shares


def _strangers(script: str, own: Iterable[str]) -> dict[str, list[str]]:
    """Return texts in languages that the assistant does not speak, by tag."""
    strangers = {}
    for tag in dict.fromkeys([*_others(), *_LIKELY]):
        texts = _others().get(tag, []) + _common_words(tag)
        if tag != _NOBODY and (tag.split("-")[0] not in own or "-" in tag):
            strangers[_STRANGER + tag] = [text for text in texts if _script(text) == script]
    return {tag: texts for tag, texts in strangers.items() if texts}


def _result(name: str | None, script: str | None, confidence: float, clear: bool, guess: str | None = None) -> dict[str, Any]:
    variant = None if name in (None, OTHER) else name
    if name == "zh":
        variant = {"Hans": "zh", "Hant": "zh-Hant"}.get(script or "")
    return {
        "name": name,
        "script": script,
        "variant": variant,
        "confidence": round(confidence, 4),
        "clear": clear,
        "guess": guess,
    }


# Rasa has no type for what comes before the tokenizer; a featurizer may stand anywhere and is run in training too.
@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class LanguageIdentifier(GraphComponent):  # type: ignore[misc]
    """Sets ``language`` on every message.

    ==============  ====================================================================================================
    ``name``        one of the assistant's languages, ``other``, or None where it cannot be told
    ``script``      ISO 15924: Latn, Arab, Hans, Hant, Jpan, Cyrl, …; None where there is none, or Chinese is either
    ``variant``     the tag to reply in: ``fi``, ``zh``, ``zh-Hant``; None where there is no name, or Chinese is either
    ``confidence``  0 to 1
    ``clear``       whether a conversation in another language should switch
    ``guess``       the likeliest of the assistant's languages, also where there is no name; for a first message only
    ==============  ====================================================================================================
    """

    @classmethod
    def required_components(cls) -> list[type[GraphComponent]]:
        return [Normaliser]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"languages": ["fi", "nl", "de", "zh", "fa"]}

    def __init__(self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, identifier: Identifier) -> None:
        self._languages: list[str] = config["languages"]
        self._model_storage, self._resource = model_storage, resource
        self._identifier = identifier

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> LanguageIdentifier:
        return cls(config, model_storage, resource, Identifier(config["languages"]))

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> LanguageIdentifier:
        with model_storage.read_from(resource) as directory:
            classifiers = {path.stem: NgramClassifier.load(path) for path in directory.glob("*.npz")}
            languages = json.loads((directory / _LANGUAGES_FILE).read_text())
        return cls(config, model_storage, resource, Identifier(languages, classifiers))

    def train(self, training_data: TrainingData) -> Resource:
        tagged = (
            (message.get(TEXT), message.get(LANGUAGE_TAG))
            for message in training_data.training_examples
            if message.get(TEXT) and message.get(LANGUAGE_TAG)
        )
        self._identifier = Identifier.train(tagged, self._languages)
        with self._model_storage.write_to(self._resource) as directory:
            for script, classifier in self._identifier.classifiers.items():
                classifier.save(directory / f"{script}.npz")
            (directory / _LANGUAGES_FILE).write_text(json.dumps(self._identifier.languages))
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text = message.get(TEXT)
            message.set(LANGUAGE, self._identifier.identify(text or ""), add_to_output=True)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """An example's language is that of its folder; only untagged ones are identified."""
        known = {tag: _result(tag, None, 1.0, True, tag) for tag in self._identifier.languages}
        unknown = []
        for message in training_data.training_examples:
            result = known.get((message.get(LANGUAGE_TAG) or "").split("-")[0])
            if result and message.get(TEXT):
                message.set(LANGUAGE, result, add_to_output=True)
            else:
                unknown.append(message)
        self.process(unknown)
        return training_data
