"""What can go wrong in Viisi, as one tree.

::

    ViisiError
    ├── ConfigurationError     a setting, shop.yml or a language folder is wrong; the message names file, fault and cure
    │   └── EncoderError       the sentence encoder cannot be loaded or is broken
    └── ShopError              the shop's backend said no, or did not answer
        ├── OrderNotFound      no order has this number and this e-mail (never says which of the two was wrong)
        ├── LookupsBlocked     too many misses on this order number within the hour
        ├── NotAllowed         the order's state forbids the change (packed already, shipped already, refunded already …)
        └── ShopUnavailable    the database or service cannot be reached; nothing was written

Callers show customers a response, never the text of an error: that is for operators.
"""


class ViisiError(Exception):
    """Everything that Viisi raises on purpose."""


class ConfigurationError(ViisiError):
    """A setting or a file of the shop's is wrong; the message says which, how, and what to do."""


class EncoderError(ConfigurationError):
    """The sentence encoder is missing or broken."""


class ShopError(ViisiError):
    """The shop's backend said no, or did not answer."""


class OrderNotFound(ShopError):
    """No order has this number and this e-mail; which of the two was wrong is not told."""


class LookupsBlocked(ShopError):
    """An order number was asked for with a wrong e-mail too often within the hour."""


class NotAllowed(ShopError):
    """The order's state forbids the change; ``reason`` is a stable code such as ``already_packed``."""

    def __init__(self, reason: str, message: str = "") -> None:
        super().__init__(message or reason)
        self.reason = reason


class ShopUnavailable(ShopError):
    """The database or service cannot be reached; nothing was written."""
