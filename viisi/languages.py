"""The languages Viisi speaks: one folder each under ``data/``, read once.

The importer, the NLU components, the dialogue policy and the actions all ask here; no language is named in code. A *tag* is a
BCP 47 tag as it stands in the slot ``language``: the folder's name (``fi``, ``zh``) or one of its variants (``zh-Hant``).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from viisi.errors import ConfigurationError

DATA = Path(__file__).parents[1] / "data"
LANGUAGE_FILE = "language.yml"


@dataclass(frozen=True)
class Language:
    """One language, or one variant of it in another script; ``phrases`` is the wording that actions put into responses."""

    tag: str
    folder: Path
    name: str
    locale: str
    direction: str
    phrases: Mapping[str, Any] = field(repr=False)
    language_names: Mapping[str, list[str]] = field(repr=False)
    all_words: tuple[str, ...]
    postal_code_words: tuple[str, ...]
    unspoken: str
    person_button: str
    convert: str | None = None  # the OpenCC configuration that turns the folder's script into this variant's

    @property
    def base(self) -> str:
        """The folder's tag: ``zh`` for ``zh-Hant``."""
        return self.folder.name

    def text(self, text: str) -> str:
        """``text`` from the folder's files, in this variant's script."""
        return _converter(self.convert).convert(text) if self.convert else text

    def phrase(self, *path: str) -> str:
        """The phrase at ``path`` in language.yml, in this variant's script. Raises ConfigurationError where there is none."""
        found: Any = self.phrases
        for key in path:
            found = found.get(key) if isinstance(found, Mapping) else None
        if not isinstance(found, str):
            raise ConfigurationError(
                f"{self.folder / LANGUAGE_FILE}: phrases.{'.'.join(path)} is missing; copy it from another language's file"
            )
        return self.text(found)


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file. Raises ConfigurationError for a missing file, a syntax error or a key given twice."""
    try:
        content = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is not in UTF-8; save it in that encoding") from None
    except FileNotFoundError:
        raise ConfigurationError(f"{path} is missing; restore it from the repository") from None
    except YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f", line {where.line + 1}" if where else ""
        raise ConfigurationError(f"{path}{line}: {getattr(error, 'problem', error)}; correct the YAML there") from None
    if not isinstance(content, dict):
        raise ConfigurationError(f"{path} holds no mapping; compare it with the same file of another language")
    return content


def _variants(folder: Path) -> Iterator[Language]:
    content = read_yaml(folder / LANGUAGE_FILE)
    try:
        base = Language(
            tag=folder.name,
            folder=folder,
            name=content["name"],
            locale=content["locale"],
            direction=content["direction"],
            phrases=content["phrases"],
            language_names=content["language_names"],
            all_words=tuple(content["all_words"]),
            postal_code_words=tuple(content["postal_code_words"]),
            unspoken=content["unspoken"],
            person_button=content["person_button"],
        )
    except KeyError as error:
        raise ConfigurationError(
            f"{folder / LANGUAGE_FILE}: {error.args[0]} is missing; copy it from another language's file"
        ) from None
    yield base
    for tag, variant in content.get("variants", {}).items():
        yield Language(
            **{
                **vars(base),
                "tag": tag,
                "name": variant["name"],
                "locale": variant["locale"],
                "convert": variant["convert"],
            }
        )


def language_folders(data: Path = DATA) -> list[Path]:
    """The folders below ``data`` that are languages, by name."""
    return sorted(path.parent for path in data.glob(f"*/{LANGUAGE_FILE}"))


@cache
def languages(data: Path = DATA) -> Mapping[str, Language]:
    """Every language and variant by its tag."""
    found = {language.tag: language for folder in language_folders(data) for language in _variants(folder)}
    if not found:
        raise ConfigurationError(f"{data} holds no language; restore a folder such as data/fi from the repository")
    return found


@cache
def _converter(configuration: str) -> Any:
    import opencc

    return opencc.OpenCC(configuration)


def match_tag(tag: str | None) -> str | None:
    """The spoken tag that serves a BCP 47 tag from outside: ``fa-IR`` → ``fa``, ``zh-TW`` → ``zh-Hant``, ``sv`` → None."""
    if not isinstance(tag, str) or not tag:
        return None
    parts = tag.replace("_", "-").lower().split("-")
    if parts[0] == "zh" and {"hant", "tw", "hk", "mo"} & set(parts[1:]) and "zh-Hant" in languages():
        return "zh-Hant"
    return parts[0] if parts[0] in languages() else None


def requested_language(text: str) -> str | None:
    """Which language a request names, in any of the five or in English: a spoken tag, ``other``, or None.

    The last one named counts: people write "not in German, please in Dutch".
    """
    from viisi.nlu.normalise import fold, normalise

    words = f" {fold(normalise(text))} "
    best: tuple[int, int, str] | None = None
    for tag, name in _language_names():
        at = words.rfind(name)
        while at >= 0 and not _whole(words, at, name):
            at = words.rfind(name, 0, at)
        if at >= 0 and (best is None or (at + len(name), len(name)) > best[:2]):
            best = (at + len(name), len(name), tag)
    return best[2] if best else None


def _whole(words: str, at: int, name: str) -> bool:
    """Whether ``name`` stands as a word of its own; Chinese writes no spaces, so there any place will do."""
    if any("\u3400" <= character <= "\u9fff" for character in name):
        return True
    return not (words[at - 1].isalnum() or words[at + len(name)].isalnum())


@cache
def _language_names() -> tuple[tuple[str, str], ...]:
    from viisi.nlu.normalise import fold, normalise

    multilingual = read_yaml(DATA / "multilingual.yml")["language_names"]
    sources = [
        multilingual,
        *(language.language_names for language in languages().values() if language.convert is None),
    ]
    return tuple((tag, fold(normalise(name))) for names in sources for tag, listed in names.items() for name in listed)
