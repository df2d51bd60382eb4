"""Spelling that means the same, written the same: keyboards differ more than customers do.

A Persian order number may be typed ``۱۰۴۲۳۳`` or ``١٠٤٢٣٣``, a Chinese one ``１０４２３３``; the same word comes with
Arabic or with Persian letters, with a half-space or with a plain one. Everything here keeps the length of a text, so an
offset into the result is an offset into what the customer wrote. The graph components call these, and whoever compares
what a customer typed with what a shop has stored.
"""

import functools
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any

_CACHED = 1 << 14

# What Unicode's own compatibility forms do not bring together.
_WRITTEN_FOR = {
    "ی": "يىې",
    "ک": "كڪ",
    "ه": "ةۀەھہۃ",
    "ا": "أإٱٲٳ",
    "'": "‘’‚‛′`´",
    '"': "“”„‟″",
    "-": "‐‑‒–—―−",
    ",": "،٬",
    ".": "٫۔",
    ";": "؛",
    "?": "؟",
    "%": "٪",
}
_LETTERS = {written: letter for letter, variants in _WRITTEN_FOR.items() for written in variants}

# Letters that carry a stroke or are ligatures, which Unicode does not decompose.
_STRIPPED = dict(zip("øłđħŧıßæœðþ", "oldhtisaodt", strict=True))


class _Table(dict[int, int]):
    """A table for `str.translate` that works out a character when it is first met."""

    def __init__(self, rule: Callable[[str], str]) -> None:
        super().__init__()
        self._rule = rule

    def __missing__(self, code: int) -> int:
        result = ord(self._rule(chr(code)))
        if len(self) < _CACHED:  # nobody shall fill the memory by sending all of Unicode
            self[code] = result
        return result


def _normal(character: str) -> str:
    if character in _LETTERS:
        return _LETTERS[character]
    category = unicodedata.category(character)
    if category[0] in "ZC" and category not in ("Co", "Cn"):  # spaces, half-spaces, bidi marks, lone surrogates, …
        return " "
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    compatible = unicodedata.normalize("NFKC", character)  # full-width Latin, Arabic presentation forms, …
    if len(compatible) == 1 and compatible != character:
        return _normal(compatible)
    return character


def _folded(character: str) -> str:
    lower = character.lower()[0]
    return _STRIPPED.get(lower) or unicodedata.normalize("NFD", lower)[0]


_NORMAL = _Table(_normal)
_FOLDED = _Table(_folded)
_MARKED_WORD = re.compile(r"\S*[\u0300-\u036f\u0610-\u061a\u0640\u064b-\u065f\u0670]\S*")
_MARK = re.compile(r"[\u0300-\u036f\u0610-\u061a\u0640\u064b-\u065f\u0670]")


def normalise(text: str) -> str:
    """Return `text` with Persian letters, ASCII digits and punctuation, and plain spaces; each character for itself.

    >>> normalise("سفارش ١٠٤٢٣٣ كجاست؟")
    'سفارش 104233 کجاست?'
    """
    return text.translate(_NORMAL)


def fold(text: str) -> str:
    """Return `text` in lower case without accents, for features only.

    Marks that stand by themselves (harakat, tatweel, combining accents) move out of their word, to its end, as spaces:
    words begin where they began.

    >>> fold("Löytyykö MÜLLER")
    'loytyyko muller'
    """
    folded = text.translate(_FOLDED)
    return _MARKED_WORD.sub(lambda word: _MARK.sub("", word[0]).ljust(len(word[0])), folded)


def simplify(text: str) -> str:
    """Return Chinese `text` in simplified characters, each for itself; for features only.

    >>> simplify("訂單還沒到")
    '订单还没到'
    """
    return text.translate(_simplified())


@functools.lru_cache(maxsize=1)
def _simplified() -> dict[int, str]:
    return _conversion("t2s")


def _conversion(name: str) -> dict[int, str]:
    """Return the characters that OpenCC's conversion `name` changes; OpenCC itself (16 MB) is let go again."""
    from opencc import OpenCC

    blocks = (range(0x3400, 0xA000), range(0xF900, 0xFB00), range(0x20000, 0x2FA20))
    characters = [chr(code) for block in blocks for code in block]
    converted = OpenCC(name).convert("\n".join(characters)).split("\n")
    return {ord(old): new for old, new in zip(characters, converted, strict=True) if old != new and len(new) == 1}


@functools.lru_cache(maxsize=1)
def one_script_only() -> tuple[frozenset[str], frozenset[str]]:
    """Return the characters that only simplified, and those that only traditional Chinese is written with.

    OpenCC says which have a counterpart; the national character sets say which of them the other script uses too
    (后 and 里 are simplified for 後 and 裡, but are traditional characters in their own right).
    """
    simplified = {chr(code) for code in _conversion("s2t")}
    traditional = {chr(code) for code in _simplified()}
    return (
        frozenset(c for c in simplified if not encodable(c, "big5")),
        frozenset(c for c in traditional if not encodable(c, "gb2312")),
    )


def encodable(character: str, encoding: str) -> bool:
    """Whether a national character set such as ``big5`` has the character."""
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


_MASKED = re.compile(r"[\w.+-]{1,64}@[\w.-]+|(?<!\d)\d{5,}(?!\d)", re.ASCII)
_NO_LETTER = re.compile(r"[\W_]+")


def mask(text: str) -> str:
    """Return normalised `text` with one stand-in for any e-mail and one for any long number, for features only.

    What an address happens to spell (``somebody.else@…``) says nothing about what its owner wants.

    >>> mask("missä 104233? aino@example.com")
    'missä 100000? @'
    """
    return _MASKED.sub(lambda found: "@" if "@" in found[0] else "100000", text)


def residue(text: str, entities: Iterable[Mapping[str, Any]]) -> str:
    """Return what remains of `text`, normalised, without the entities and without punctuation.

    >>> residue("Peru #104233!", [{"start": 6, "end": 12}])
    'Peru'
    """
    left = normalise(text)
    for entity in entities:
        start, end = entity["start"], entity["end"]
        left = left[:start] + " " * (end - start) + left[end:]
    return _NO_LETTER.sub(" ", left).strip()
