"""Finds sums of money: figures with a currency before or behind them.

`EntityExtractor` calls `Amounts.find` on the folded text. Signs are here, names of currencies in the languages'
folders. A comma or a dot parts thousands where three figures follow, else it is the decimal mark, as all five
languages' customers type it.
"""

import re
from collections.abc import Iterator
from decimal import Decimal

from viisi.nlu.words import LETTER, Words

_SIGNS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "CNY", "﷼": "IRR"}
_CODES = ("EUR", "USD", "GBP", "CHF", "CNY", "IRR")
_NUMBER = r"\d{1,3}(?:[ .,'’]\d{3}){1,3}(?:[.,]\d{1,2})?|\d{1,12}(?:[.,]\d{1,2})?"
_DECIMALS = re.compile(r"[.,](\d{1,2})$")
_CENT = Decimal("0.01")


class Amounts:
    """Finds sums of money."""

    def __init__(self, words: Words) -> None:
        self._words = words
        code = "|".join(code.lower() for code in _CODES)
        sign = "[" + "".join(_SIGNS) + "]"
        many = words.pattern("multipliers")
        name = rf"{sign}|(?:{code})(?![{LETTER}])|{words.pattern('currencies')}"
        self._amount = re.compile(
            rf"(?:(?P<before>{sign}|(?<![{LETTER}])(?:us|{code})[ ]?{sign}?)[ ]{{0,2}})?"
            rf"(?<!\d)(?<!\d[.,])(?P<number>{_NUMBER})(?!\d)(?:,-+)?"
            rf"(?:[ ]{{0,2}}(?P<many>{many}))?"
            rf"(?:[ ]{{0,2}}(?:(?P<after>{name})|(?P<part>{words.pattern('hundredths')})))?"
        )
        self._no_money = re.compile(words.pattern("not_money_after") + r"[ ]$")

    def find(self, text: str) -> Iterator[tuple[int, int, dict[str, str]]]:
        """Yield where each sum stands in the folded `text`, and its amount and currency."""
        if not any(c.isdecimal() for c in text):
            return
        for found in self._amount.finditer(text):
            unit = found["after"] or found["part"]
            if not (unit or (found["before"] and found["before"].strip() != "us")):
                continue
            if found["after"] == "e" and self._ordinal(text, found):
                continue
            amount = _decimal(found["number"]) * int(self._meaning("multipliers", found["many"]) or 1)
            currency = self._currency(found)
            if found["part"]:
                amount /= 100
            if currency == "IRT":
                amount, currency = amount * 10, "IRR"
            yield found.start(), found.end(), {"amount": str(amount.quantize(_CENT)), "currency": currency}

    def _meaning(self, section: str, written: str | None) -> str | None:
        return self._words.meaning(section, written) if written else None

    def _currency(self, found: re.Match[str]) -> str:
        if found["part"]:
            return self._words.meaning("hundredths", found["part"]) or ""
        written = found["after"] or found["before"]
        for sign, code in _SIGNS.items():
            if sign in written:
                return code
        known = self._meaning("currencies", written)
        return known or written.strip().upper()

    def _ordinal(self, text: str, found: re.Match[str]) -> bool:
        """Whether 12e is the twelfth."""
        return bool(self._no_money.search(text[max(0, found.start() - 8) : found.start()]))


def _decimal(written: str) -> Decimal:
    written = re.sub(r"[ '’]", "", written)
    cents = _DECIMALS.search(written)
    whole = written[: cents.start()] if cents else written
    return Decimal(re.sub(r"[.,]", "", whole) + "." + (cents[1] if cents else "0"))
