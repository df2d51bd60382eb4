"""What the house tests look at: every text of every language, as it stands in its folder."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from viisi.languages import DATA, language_folders, read_yaml
from viisi.training.importer import language_responses

PLACEHOLDER = re.compile(r"\{(\w+)\}")


class Text(NamedTuple):
    """One text that a customer may read: where it stands, what it says, and that without its placeholders."""

    tag: str
    place: str
    text: str

    @property
    def literal(self) -> str:
        return PLACEHOLDER.sub("\0", self.text)

    @property
    def placeholders(self) -> set[str]:
        return set(PLACEHOLDER.findall(self.text))

    def __str__(self) -> str:
        return f"data/{self.tag}: {self.place}: {self.text}"


def _response_texts(folder: Path) -> Iterator[Text]:
    for name, topics in language_responses(folder).items():
        for topic, variations in topics.items():
            for number, variation in enumerate(variations):
                place = f"{name}.{topic}[{number}]"
                yield Text(folder.name, place, variation["text"])
                for button in variation.get("buttons", []):
                    yield Text(folder.name, f"{place} button", button["title"])


def leaves(content: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text below ``content`` with its path."""
    if isinstance(content, dict):
        for key, value in content.items():
            yield from leaves(value, f"{path}.{key}" if path else str(key))
    elif isinstance(content, list):
        for number, value in enumerate(content):
            yield from leaves(value, f"{path}[{number}]")
    else:
        yield path, content


def _phrase_texts(folder: Path) -> Iterator[Text]:
    content = read_yaml(folder / "language.yml")
    yield Text(folder.name, "unspoken", content["unspoken"])
    yield Text(folder.name, "person_button", content["person_button"])
    for path, text in leaves(content["phrases"], "phrases"):
        if ".words[" not in path:  # what customers type, not what they read
            yield Text(folder.name, path, text)


@cache
def spoken_texts() -> tuple[Text, ...]:
    """Every text that a customer may read, in all languages."""
    return tuple(
        text
        for folder in language_folders()
        for text in (*_response_texts(folder), *_phrase_texts(folder), *sorted(_multilingual(folder)))
    )


def _multilingual(folder: Path) -> Iterator[Text]:
    if folder == language_folders()[0]:  # once, not per language
        yield Text("multilingual.yml", "unspoken", read_yaml(DATA / "multilingual.yml")["unspoken"])


@pytest.fixture(scope="session")
def texts() -> tuple[Text, ...]:
    return spoken_texts()
