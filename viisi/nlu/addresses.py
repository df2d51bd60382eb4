"""Finds e-mail addresses, also those that are spelled out, spaced out or mistyped.

`EntityExtractor` calls `Addresses.find` first: an address holds figures and dots that mean nothing else. What @ and
the dot are called lies in the languages' folders. An address in words counts only where its ending is one that exists,
and words as common as "at" only where the message speaks of e-mail, spells the dot too, or holds nothing else.
"""

import re
from collections.abc import Iterator

from viisi.nlu.words import Words, one_of

_ENDINGS = frozenset(
    [
        "com",
        "net",
        "org",
        "info",
        "biz",
        "eu",
        "io",
        "app",
        "dev",
        "shop",
        "online",
        "edu",
        "gov",
        "name",
        "email",
        "cloud",
        "fi",
        "nl",
        "de",
        "be",
        "at",
        "ch",
        "cn",
        "ir",
        "tw",
        "hk",
    ]
)
_COMMON = 2  # letters of an at-word that is a word like any other
_ATOM = r"[a-z0-9_+%][a-z0-9._%+-]{0,63}"
_LABEL = r"[a-z0-9][a-z0-9-]{0,62}"
_LABELS = re.compile(_LABEL)
_SLOPPY = re.compile(r",[ ]?|[ ]?\.[ ]")
_LOOK_BACK = 60


class Addresses:
    """Finds e-mail addresses."""

    def __init__(self, words: Words) -> None:
        at, dot = (_spelled(words.written[section]) for section in ("at", "dot"))
        ending = rf"(?:{'|'.join(_ENDINGS)})(?![a-z0-9])"
        self._address = re.compile(
            rf"(?<![a-z0-9._%+-])(?P<local>{_ATOM}(?:{dot}{_ATOM}){{0,3}})"
            rf"(?P<at>[ ]{{0,2}}[(\[]?@[)\]]?[ ]{{0,2}}|{at})"
            rf"(?P<domain>{_LABEL}(?:(?:[ ]?[.。](?![ ])|(?:,[ ]?|[ ]?\.[ ])(?={ending})|{dot}){_LABEL}){{1,5}})"
        )
        self._dot = re.compile(dot)
        self._mark = re.compile(rf"{dot}|[ ]?[.。][ ]?|,[ ]?")
        self._email = re.compile(words.pattern("email"))

    def find(self, text: str, folded: str) -> Iterator[tuple[int, int, str]]:
        """Yield where each address stands in the normalised `text`, and the address in lower-case ASCII."""
        for found in self._address.finditer(folded):
            local = self._dot.sub(".", text[found.start("local") : found.end("local")].lower())
            end = self._domain_end(found)
            if not end or not local.isascii() or local.endswith(".") or ".." in local:
                continue
            domain = self._mark.sub(".", text[found.start("domain") : end].lower())
            if "@" in found["at"] or self._plausible(found, domain, folded):
                try:
                    yield found.start(), end, f"{local}@{domain.encode('idna').decode()}"
                except UnicodeError:
                    continue

    def _domain_end(self, found: re.Match[str]) -> int:
        """Where the last label stands that can end a domain; 0 where none can."""
        end = 0
        at = found.start("domain")
        while label := _LABELS.match(found.string, at, found.end("domain")):
            first = at == found.start("domain")
            ends = not first and label[0].isalpha() and len(label[0]) > 1
            if ends and (not end or len(label[0]) == 2 or label[0] in _ENDINGS):
                end = label.end()
            mark = self._mark.match(found.string, label.end(), found.end("domain"))
            if mark is None or (end == label.end() and _SLOPPY.fullmatch(mark[0])):
                break  # a comma or a new sentence behind a whole address
            at = mark.end()
        return end

    def _plausible(self, found: re.Match[str], domain: str, folded: str) -> bool:
        """Whether words for @ really stand for it."""
        if domain.rpartition(".")[2] not in _ENDINGS:
            return False
        if len(found["at"].strip()) > _COMMON or self._dot.search(found["domain"]) or re.search(r"[\d._-]", found["local"]):
            return True
        before = folded[max(0, found.start() - _LOOK_BACK) : found.start()]
        return not folded[: found.start()].strip() and not folded[found.end() :].strip() or bool(self._email.search(before))


def _spelled(words: list[str]) -> str:
    """The words in brackets, between spaces, or, of another script than the address, anyhow."""
    latin = one_of(word for word in words if re.match("[a-z]", word))
    other = one_of(word for word in words if not re.match("[a-z]", word))
    bracketed = rf"[ ]{{0,2}}[(\[{{<][ ]?{latin}[ ]?[)\]}}>][ ]{{0,2}}"
    return rf"(?:{bracketed}|[ ]{{1,2}}{latin}[ ]{{1,2}}|[ ]{{0,2}}{other}[ ]{{0,2}})"
