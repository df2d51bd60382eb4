"""Which products a sentence names, in any of the five languages; adapters without a search of their own use it.

A name's head is what the thing is (*Teekanne* in "Teekanne aus Porzellan"); the rest only says which. A product is
found when its head is in the sentence, or most of its name. Words are compared loosely: inflected, misspelt,
compounds written apart or together, or only the end of a compound (*Lampe* finds *Leselampe*).
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import pairwise
from math import log
from os.path import commonprefix

from opencc import OpenCC
from rapidfuzz import fuzz, process

HEAD_FIRST = frozenset({"fa"})
# What follows one of these in a name describes what came before; nothing in Finnish does.
JOINTS = frozenset({"aus", "fur", "mit", "und", "von", "en", "met", "uit", "van", "voor"})

SURE = 84  # likeness, of 100, that is a match by itself: a typo, a short ending
LOOSE = 58  # likeness that is one if the beginnings agree as well: a long ending, a changed stem
STEM_SHARE = 0.6
ENDING_SHARE = 0.45  # the part of a compound that its end must make up: a Handschuh is not found by Schuh
COMPOUND = 0.9  # the end of a compound counts a little less than the whole
MOST_OF_NAME = 0.6
LONGEST_TEXT = 1000  # characters; nobody asks for a product in more, and someone may try
NEAR_BEST = 0.7  # lesser finds than this share of the best are left out

_HAN = re.compile(r"[\u3400-\u9fff]")
_TOKENS = re.compile(r"[\u3400-\u9fff]+|[^\W\d_\u3400-\u9fff]+")
_TO_PERSIAN = str.maketrans("يىكةە", "ییکهه")


@cache
def _to_simplified() -> OpenCC:
    return OpenCC("t2s")


def normalise(text: str) -> str:
    """Lower case, no diacritics, no half-spaces, Persian letters for Arabic, simplified characters for traditional."""
    text = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    text = "".join(c for c in text if unicodedata.category(c) not in ("Mn", "Cf")).translate(_TO_PERSIAN)
    return _to_simplified().convert(text) if _HAN.search(text) else text


def tokens(text: str) -> list[str]:
    """The words of normalised ``text`` without its numbers; Chinese, which has no spaces, as overlapping pairs."""
    found: list[str] = []
    for run in _TOKENS.findall(text):
        found += [run[i : i + 2] for i in range(len(run) - 1)] if _HAN.match(run) and len(run) > 1 else [run]
    return found


class ProductIndex:
    """The names of all products, prepared for :meth:`find`. ``names`` gives article number, language and name."""

    def __init__(self, names: Iterable[tuple[str, str, str]]) -> None:
        by_language: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for sku, language, name in names:
            by_language[language].append((sku, normalise(name)))
        self._languages = {language: _Language(language, found) for language, found in by_language.items()}

    def find(self, text: str, language: str) -> list[str]:
        """The article numbers of what ``text`` may name, the best first; other languages only if this one has none."""
        words = _words(normalise(text[:LONGEST_TEXT]))
        if language in self._languages and (found := self._languages[language].find(words)):
            return _ranked(found)
        scores: dict[str, float] = {}
        for other in self._languages.values():
            for sku, score in other.find(words).items():
                scores[sku] = max(score, scores.get(sku, 0.0))
        return _ranked(scores)


class _Language:
    """The names in one language."""

    def __init__(self, language: str, names: Iterable[tuple[str, str]]) -> None:
        self._names = [
            (sku, [token for token in tokens(name) if token not in JOINTS], _head(name, language)) for sku, name in names
        ]
        counts = Counter(token for _, name, _ in self._names for token in set(name))
        # A word of many names (red, wooden) says less than a word of one.
        self._weights = {token: log(1 + len(self._names) / count) for token, count in counts.items()}
        # What a word may resemble: each token, and each ending of a long one, which may be a word of its own.
        self._forms: dict[str, set[str]] = defaultdict(set)
        for token in counts:
            longest = int(len(token) * (1 - ENDING_SHARE))
            for ending in (token, *(token[start:] for start in range(3, min(longest, len(token) - 4) + 1))):
                self._forms[ending].add(token)

    def find(self, words: Mapping[str, int]) -> dict[str, float]:
        """How well each product fits, from 0 to 1, of those that fit at all."""
        likeness = self._likeness(words)
        scores = {}
        for sku, name, head in self._names:
            named = sum(self._weights[token] * likeness.get(token, 0.0) for token in name)
            score = named / sum(self._weights[token] for token in name) if name else 0.0
            if head in likeness or score >= MOST_OF_NAME:
                scores[sku] = score
        return scores

    def _likeness(self, words: Mapping[str, int]) -> dict[str, float]:
        """The tokens that some word resembles, and how closely, from 0 to 1."""
        found: dict[str, float] = {}
        for word, needed in words.items():
            for form, ratio, _ in process.extract(word, self._forms.keys(), scorer=fuzz.ratio, score_cutoff=needed, limit=None):
                for token in self._forms[form]:
                    close = _whole(word, token, ratio) if form == token else _ending(word, form, ratio)
                    if close:
                        found[token] = max(close, found.get(token, 0.0))
        return found


def _whole(word: str, token: str, ratio: float) -> float:
    """How closely ``word`` resembles ``token``; 0 is not at all."""
    if word == token:
        return 1.0
    added = len(word) - len(token)
    if min(len(word), len(token)) <= 3:  # too short for anything but an ending, or the ی that Persian joins by
        alike = len(token) == 3 and word.startswith(token) and added <= 2 or token == word + "ی"
    elif token.startswith(word) and added < -2:  # what is before is not what it is: Schuhe are no Schuhregal
        alike = False
    else:
        ending = word.startswith(token) and added <= 3
        alike = ending or ratio >= SURE or _same_stem(word, token)
    return ratio / 100 if alike else 0.0


def _ending(word: str, ending: str, ratio: float) -> float:
    """The same for the end of a compound; it must begin alike, or *wissen* would find *Kissen* in *Sofakissen*."""
    return COMPOUND * ratio / 100 if len(word) >= len(ending) and _same_stem(word, ending) else 0.0


def _same_stem(left: str, right: str) -> bool:
    return len(commonprefix([left, right])) >= max(4, STEM_SHARE * max(len(left), len(right)))


def _words(text: str) -> dict[str, int]:
    """The tokens of a sentence, and each two neighbours as one, with the likeness each needs.

    Compounds are written apart as often as together, but neighbours that make none must not be read loosely.
    """
    single = tokens(text)
    joined = (left + right for left, right in pairwise(single) if not _HAN.match(left + right))
    return {**dict.fromkeys(joined, SURE), **dict.fromkeys(single, LOOSE)}


def _head(name: str, language: str) -> str | None:
    """The token that says what the thing is."""
    if language in HEAD_FIRST:
        return next(iter(tokens(name)), None)
    named = tokens(re.split(r"[,(\d]", name)[0] or name)
    joint = next((place for place, token in enumerate(named) if token in JOINTS and place), len(named))
    return named[joint - 1] if named else None


def _ranked(scores: Mapping[str, float]) -> list[str]:
    """The best first, without those that fit much worse than the best."""
    least = NEAR_BEST * max(scores.values(), default=0.0)
    return sorted((sku for sku in scores if scores[sku] >= least), key=lambda sku: (-scores[sku], sku))
