"""The words for numbers, money, addresses and days: ``data/<lang>/numbers-and-days.yml`` of all languages as one.

Customers mix languages, so what one language calls yesterday is yesterday in every message. The modules that find
entities ask here for regular expressions over these words and for what a found word means. Words are compared as
`fold` writes them.
"""

import functools
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from viisi.errors import ConfigurationError
from viisi.languages import DATA, language_folders, read_yaml
from viisi.nlu.normalise import fold, normalise

FILE = "numbers-and-days.yml"
LETTER = "a-z\u00df-\u024f\u0620-\u06ff"  # what a word of Latin or Persian letters must not touch

# Each section of the file, and what its keys look like; None where it is a plain list.
_SECTIONS: Mapping[str, str | None] = {
    "digits": r"\d",
    "numbers": r"[1-9]|[12]\d|3[01]",
    "order": None,
    "other_numbers": None,
    "at": None,
    "dot": None,
    "email": None,
    "currencies": r"[A-Z]{3}",
    "hundredths": r"[A-Z]{3}",
    "multipliers": r"10+",
    "not_money_after": None,
    "days": r"-?\d+",
    "no_days": None,
    "units": r"day|week|month",
    "ago_before": None,
    "ago_after": None,
    "weekdays": r"mon|tue|wed|thu|fri|sat|sun",
    "last": None,
    "last_week": None,
    "months": r"[1-9]|1[012]",
    "years": r"-?\d",
    "after_day": None,
    "after_month": None,
    "after_year": None,
    "before_date": None,
}


class Words:
    """The words by section, as `written`, and without spaces with their meanings in `sections`.

    A word means the key that it stands under, in a plain list the name of its language's folder.
    """

    def __init__(self, sections: Mapping[str, Mapping[str, str]], week_starts: Mapping[str, str]) -> None:
        self.sections = {name: {_key(word): key for word, key in words.items()} for name, words in sections.items()}
        self.week_starts = week_starts
        self.written = {name: [folded(word) for word in words] for name, words in sections.items()}

    def pattern(self, *sections: str, whole: bool = True) -> str:
        """A regular expression that finds any word of the sections; only whole words, unless told otherwise."""
        words = [word for section in sections for word in self.written[section]]
        return one_of(words) if whole else _trie(words)

    def meaning(self, section: str, written: str) -> str | None:
        """What a word means, as the pattern of its section found it."""
        return self.sections[section].get(_key(written))


def folded(word: str) -> str:
    """A word as it is compared: normalised, in lower case, without accents."""
    return fold(normalise(word)).strip()


def _key(word: str) -> str:
    return folded(word).replace(" ", "")


def one_of(words: Iterable[str]) -> str:
    """A regular expression that finds the folded words, longest first, where they touch no letters of their kind."""
    kinds: dict[tuple[str, str], list[str]] = {}
    for word in words:
        kinds.setdefault((_edge(word[0]), _edge(word[-1])), []).append(word)
    found = [
        (f"(?<![{before}])" if before else "") + _trie(group) + (f"(?![{after}])" if after else "")
        for (before, after), group in kinds.items()
    ]
    return f"(?:{'|'.join(found)})" if found else "(?!)"


def _edge(character: str) -> str:
    return r"\d" if character.isdigit() else LETTER if re.match(f"[{LETTER}]", character) else ""


def _trie(words: Iterable[str]) -> str:
    """The words as one expression in which no two branches begin alike: quick, however many words there are."""
    branches: dict[str, list[str]] = {}
    ends = False
    for word in words:
        if word:
            branches.setdefault(word[0], []).append(word[1:])
        else:
            ends = True
    if not branches:
        return "" if ends else "(?!)"
    found = "|".join(("[ ]{0,2}" if c == " " else re.escape(c)) + _trie(rest) for c, rest in branches.items())
    return f"(?:{found})" + ("?" if ends else "")


def cut_out(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """`text`, as long as it was, with nothing but NUL at `spans`, which no expression finds or crosses."""
    parts, done = [], 0
    for start, end in sorted(spans):
        parts += [text[done:start], "\0" * (end - start)]
        done = end
    return "".join(parts) + text[done:]


@functools.cache
def read_words(data: Path = DATA) -> Words:
    """The words of every language below `data`. Raises ConfigurationError that names file, fault and cure."""
    folders = {*language_folders(data), *(path.parent for path in data.glob(f"*/{FILE}"))}
    if not folders:
        raise ConfigurationError(f"{data} holds no {FILE}; restore a folder such as data/fi from the repository")
    sections: dict[str, dict[str, str]] = {name: {} for name in _SECTIONS}
    week_starts = {}
    for folder in sorted(folders):
        path = folder / FILE
        content = read_yaml(path)
        if unknown := set(content) - set(_SECTIONS) - {"week_starts"}:
            raise ConfigurationError(f"{path}: {min(map(str, unknown))} is no section; compare it with data/nl/{FILE}")
        week_starts[folder.name] = str(content.get("week_starts"))
        if week_starts[folder.name] not in ("sat", "sun", "mon"):
            raise ConfigurationError(f"{path}: week_starts is {week_starts[folder.name]}; use mon, sun or sat")
        for name, keys in _SECTIONS.items():
            for word, key in _section(path, name, content, keys):
                sections[name].setdefault(word, folder.name if keys is None else key)
    return Words(sections, week_starts)


def _section(path: Path, name: str, content: Mapping[str, object], keys: str | None) -> Iterable[tuple[str, str]]:
    if name not in content:
        raise ConfigurationError(f"{path}: {name} is missing; copy it from data/nl/{FILE} and translate it")
    found = content[name]
    if keys is None:
        return [(word, "") for word in _list(path, name, found)]
    if not isinstance(found, dict):
        raise ConfigurationError(f"{path}: {name} is {found!r}; give each meaning with its words, as in data/nl/{FILE}")
    if wrong := [key for key in found if not re.fullmatch(keys, str(key))]:
        raise ConfigurationError(f"{path}: {name}.{wrong[0]} means nothing here; compare it with data/nl/{FILE}")
    if name == "digits" and (missing := set(range(10)) - set(found)):
        raise ConfigurationError(f"{path}: digits.{min(missing)} is missing; list the words that customers say for it")
    return [(word, str(key)) for key, words in found.items() for word in _list(path, f"{name}.{key}", words)]


def _list(path: Path, name: str, words: object) -> list[str]:
    if not isinstance(words, list) or not all(isinstance(word, str) and _key(word) for word in words):
        raise ConfigurationError(f'{path}: {name} is {words!r}; give a list of words, such as [nul, "no"]')
    return words
