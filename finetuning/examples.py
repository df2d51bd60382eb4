"""What the encoder learns from: the assistant's own training examples, and MASSIVE's train partition."""

import gzip
import json
import random
from dataclasses import dataclass
from pathlib import Path

from rasa.shared.nlu.constants import INTENT, TEXT

from viisi.nlu.encoder import encoder_text, kept_back
from viisi.training.importer import TOPIC, LanguageFolders

LOCALES = ("fi-FI", "nl-NL", "de-DE", "zh-CN", "fa-IR")


@dataclass(frozen=True)
class Example:
    """A text with its class in a task: ``intent``, ``topic`` or ``massive``. An FAQ question is an example of two tasks."""

    text: str
    classes: dict[str, str]


def own(data: Path) -> list[Example]:
    """The training examples below ``data``, with their FAQ topics, but for those by which the classifier is calibrated."""
    found = []
    for message in LanguageFolders(training_data_paths=[str(data)]).get_nlu_data().training_examples:
        if not message.get(INTENT) or kept_back(message.get(TEXT)):
            continue
        classes = {"intent": message.get(INTENT)}
        if message.get(TOPIC):
            classes["topic"] = f"{message.get(INTENT)}.{message.get(TOPIC)}"
        found.append(Example(encoder_text(message.get(TEXT)), classes))
    return found


def massive(folder: Path, partition: str, locales: tuple[str, ...] = LOCALES) -> list[Example]:
    """MASSIVE's utterances of one partition; of ``train``, those kept back are left out."""
    found = []
    for locale in locales:
        with gzip.open(folder / f"{locale}.jsonl.gz", "rt", encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
        found += [
            Example(encoder_text(row["utt"]), {"massive": row["intent"]})
            for row in rows
            if row["partition"] == partition and not (partition == "train" and kept_back(row["utt"]))
        ]
    return found


def mistyped(text: str, chance: random.Random) -> str:
    """The text as a thumb may type it: letters dropped, doubled, swapped, replaced, spaces lost, marks left out."""
    letters = list(text)
    for _ in range(1 + len(letters) // 25):
        at = chance.randrange(len(letters)) if len(letters) > 3 else 0
        kind = chance.randrange(5)
        if kind == 0:
            del letters[at]
        elif kind == 1:
            letters.insert(at, letters[at])
        elif kind == 2 and at + 1 < len(letters):
            letters[at], letters[at + 1] = letters[at + 1], letters[at]
        elif kind == 3:
            letters[at] = chance.choice(letters)
        elif kind == 4 and " " in letters:
            del letters[chance.choice([i for i, letter in enumerate(letters) if letter == " "])]
        if not letters:
            return text
    return "".join(letters)
