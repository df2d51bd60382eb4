"""Cuts a message into words, by the rules of the language it was written in.

One pass takes out what every language keeps whole (addresses, URLs, order numbers), then Chinese characters go to a
segmenter and everything else to spaCy's rules for the identified language: a Persian, a Chinese and a Latin word in one
message each get their due. Nothing is downloaded; spaCy is used for its language data only. Tokens carry the normalised
text, the offsets of the customer's own, and as lemma the folded, simplified form, which Rasa's CountVectorsFeaturizer
reads.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any

import jieba
import spacy
from rasa.engine.graph import GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.tokenizers.tokenizer import Token
from rasa.nlu.tokenizers.tokenizer import Tokenizer as RasaTokenizer
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from spacy.tokenizer import Tokenizer as SpacyTokenizer

from viisi.nlu.language import LANGUAGE, LanguageIdentifier
from viisi.nlu.normalise import fold, normalise, simplify
from viisi.nlu.normaliser import Normaliser, normalised

_HAN = r"[\u3005\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
_LATIN = r"[A-Za-z_\u00c0-\u024f]"
_PIECE = re.compile(
    r"(?P<whole>"
    r"(?a:(?:https?://|www\.)[!-~]*[\w/]|[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+|#\d[\w-]*)"
    rf"|(?<![\d.,:/-])(?<!{_LATIN})\d+(?!\d|{_LATIN}|[.,:/-]\d)"  # a number, also where Persian or Chinese touches it
    r")"
    rf"|(?P<han>{_HAN}+)"
)
_MOST_STRINGS = 100_000
_RAREST_WORD = 5


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class Tokenizer(RasaTokenizer):  # type: ignore[misc]
    """Sets the tokens of a message; stands after the Normaliser and the LanguageIdentifier."""

    @classmethod
    def required_components(cls) -> list[type[GraphComponent]]:
        return [Normaliser, LanguageIdentifier]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"intent_tokenization_flag": False, "intent_split_symbol": "_", "token_pattern": None}

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        text = normalised(message) if attribute == TEXT else normalise(message.get(attribute))
        language = message.get(LANGUAGE) or {}
        tokens = [
            Token(text[start:end], start, end, lemma=fold(simplify(text[start:end])).rstrip())
            for start, end in spans(text, language.get("guess"))
        ]
        split: list[Token] = self._apply_token_pattern(tokens)
        return split


def spans(text: str, language: str | None = None) -> Iterator[tuple[int, int]]:
    """Yield where each word of the normalised `text` begins and ends."""
    done = 0
    for piece in _PIECE.finditer(text):
        yield from _words(text, done, piece.start(), language)
        if piece["han"]:
            yield from _chinese(text, *piece.span())
        else:
            yield piece.span()
        done = piece.end()
    yield from _words(text, done, len(text), language)


def _words(text: str, start: int, end: int, language: str | None) -> Iterator[tuple[int, int]]:
    if start < end:
        tokenizer = _spacy(language if language in ("fi", "nl", "de", "fa") else "xx")
        if len(tokenizer.vocab.strings) > _MOST_STRINGS:  # spaCy remembers every word that it has ever seen
            _spacy.cache_clear()
        for word in tokenizer(text[start:end]):
            if not word.is_space:
                yield start + word.idx, start + word.idx + len(word)


def _chinese(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for _, word_start, word_end in _segmenter().tokenize(simplify(text[start:end])):
        yield start + word_start, start + word_end


@functools.cache
def _spacy(language: str) -> SpacyTokenizer:
    return spacy.blank(language).tokenizer


@functools.lru_cache(maxsize=1)
def _segmenter() -> jieba.Tokenizer:
    """Return jieba without what it does at its start.

    That is: write to stderr, share a marshalled cache in /tmp with whoever else uses the machine, and keep 200,000
    words that its own corpus has fewer than five times (which cost 60 MB, and which it pieces together anyway).
    """
    segmenter = jieba.Tokenizer()
    with segmenter.get_dict_file() as dictionary:
        words = (line.decode().split(" ") for line in dictionary)
        frequencies = {word: int(frequency) for word, frequency, _ in words if int(frequency) >= _RAREST_WORD}
    segmenter.total = sum(frequencies.values())
    for word in list(frequencies):
        for length in range(1, len(word)):
            frequencies.setdefault(word[:length], 0)
    segmenter.FREQ = frequencies
    segmenter.initialized = True
    return segmenter
