"""Money, dates, times, numbers and lists as each language writes them; asked by the facts and by the actions.

Babel does the formatting; Persian dates go through jdatetime to the Solar Hijri calendar, which Babel does not have. In a
right-to-left language what runs left to right (numbers of orders, links, addresses) stands between Unicode isolates, so that it
does not jumble the sentence around it.
"""

from collections.abc import Iterable
from datetime import date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import jdatetime
import pytz
from babel import Locale
from babel.dates import format_date, format_time, get_day_names, get_timezone_location
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal, get_currency_name

from viisi.languages import Language
from viisi.shop.base import Money

_LRI, _FSI, _PDI = "\u2066", "\u2068", "\u2069"
_PERSIAN_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


class Formats:
    """How ``language`` writes things, in the time zone of the shop."""

    def __init__(self, language: Language, time_zone: ZoneInfo) -> None:
        self.language = language
        self.time_zone = time_zone
        self.locale = Locale.parse(language.locale)

    @property
    def _numbering(self) -> str:
        return "arabext" if self.locale.language == "fa" else "latn"

    def _digits(self, text: str) -> str:
        # Babel knows the separators of Persian, and leaves the digits as they are.
        return text.translate(_PERSIAN_DIGITS) if self.locale.language == "fa" else text

    def money(self, money: Money, short: bool = False) -> str:
        """``1.234,56 €`` in German; ``short`` leaves the decimals of a round sum away: ``60 €``."""
        whole = short and money.amount == money.amount.to_integral_value()
        if self.locale.language == "fa":
            # In Persian text a currency's name stands behind the sum; its sign would jump to the other side.
            amount = self.number(int(money.amount) if whole else money.amount)
            return f"{amount} {get_currency_name(money.currency, locale=self.locale)}"
        return str(
            format_currency(
                money.amount,
                money.currency,
                locale=self.locale,
                currency_digits=not whole,
                decimal_quantization=True,
                format=_without_decimals(self.locale) if whole else None,
            )
        )

    def number(self, value: int | Decimal) -> str:
        """A number with the language's digits and separators; a Decimal with two places."""
        pattern = "#,##0.00" if isinstance(value, Decimal) else "#,##0"
        return self._digits(format_decimal(value, format=pattern, locale=self.locale, numbering_system=self._numbering))

    def day(self, moment: date | datetime) -> str:
        """A day in full: ``22.11.2026``, ``22 november 2026``, ``2026年11月22日``, ``۱ آذر ۱۴۰۵``."""
        if isinstance(moment, datetime):
            moment = moment.astimezone(self.time_zone).date()
        if self.locale.language == "fa":
            jalali = jdatetime.date.fromgregorian(date=moment, locale="fa_IR")
            return self._digits(f"{jalali.day} {jalali.j_months_fa[jalali.month - 1]} {jalali.year}")
        return str(format_date(moment, format="long", locale=self.locale))

    def weekday(self, moment: date) -> str:
        """The name of the day of the week, as it stands inside a sentence."""
        return str(get_day_names("wide", locale=self.locale)[moment.weekday()])

    def weekday_short(self, weekday: int) -> str:
        """The short name of a day of the week, 0 is Monday."""
        width = "wide" if self.locale.language == "fa" else "abbreviated"
        return str(get_day_names(width, "stand-alone", locale=self.locale)[weekday]).rstrip(".")

    def time(self, moment: time | datetime) -> str:
        """A time of day: ``18.00`` in Finnish, ``18:00`` elsewhere, ``۱۸:۰۰`` in Persian."""
        if isinstance(moment, datetime):
            moment = moment.astimezone(self.time_zone).time()
        return self._digits(format_time(moment, format="short", locale=self.locale))

    def names(self, items: Iterable[str]) -> str:
        """A list inside a sentence: ``a, b ja c``."""
        listed = list(items)
        if self.locale.language == "fa" and len(listed) > 2:  # CLDR puts a comma before the last "and"; people here do not
            return f"{'، '.join(listed[:-1])} و {listed[-1]}"
        return str(format_list(listed, locale=self.locale))

    def country(self, code: str) -> str:
        """A country's name, by its ISO 3166 code."""
        return str(self.locale.territories[code])

    def code(self, text: str) -> str:
        """Something to be copied or clicked (order number, link, address): left to right, its characters untouched."""
        return f"{_LRI}{text}{_PDI}" if self.language.direction == "rtl" else text

    def quoted(self, text: str) -> str:
        """Words of unknown direction (a name, the customer's own words) inside a sentence."""
        return f"{_FSI}{text}{_PDI}" if self.language.direction == "rtl" else text

    @property
    def shop_city(self) -> str | None:
        """The town whose time the shop's hours are in, where that is not a time zone of the language's own country."""
        at_home = pytz.country_timezones.get(self.locale.territory or "", [])
        if self.time_zone.key in at_home:
            return None
        return str(get_timezone_location(self.time_zone.key, locale=self.locale, return_city=True))


def _without_decimals(locale: Locale) -> str:
    return str(locale.currency_formats["standard"].pattern).replace(".00", "")
