"""Finds order numbers, however written: grouped, glued to a word, in any figures, read out digit by digit.

`EntityExtractor` calls `OrderNumbers.find` last, when addresses, amounts and days are cut out. The shop's pattern says
which digits are an order number; this module says which figures belong together, and which belong to something else.
"""

import re
from collections.abc import Iterator

from viisi.nlu.words import LETTER, Words, cut_out

_IGNORED = " \ufe0f\u20e3"  # spaces (zero-width characters have become such), and what makes a digit a keycap emoji
_RUN = re.compile(rf"\d(?:\d|o(?![a-np-z])|[{_IGNORED}.,'/_·-]{{1,5}}(?=\d))*")
_KEYCAP = re.compile("[\ufe0f\u20e3]+")
_GROUP = re.compile(r"[\do]+")
_GLUED = re.compile("[A-Za-zÀ-ɏ]+$")
_TAIL = re.compile(r"(?:[a-z]{1,4})?(?![a-z\d])")
_NEW_CLAUSE = re.compile(r"[,./] +$")
_HAN = re.compile("[\u3007\u3400-\u9fff]")
_PHONE, _IBAN_GROUP = 9, 4  # digits: of a whole telephone number at least, of a group of an IBAN at most
_LOOK_BACK = 32


class OrderNumbers:
    """Finds order numbers; `pattern` is a regular expression over ASCII digits."""

    def __init__(self, words: Words, pattern: str) -> None:
        self._words = words
        self._is_number = re.compile(pattern).fullmatch
        self._named = re.compile(
            rf"(?:[#№]|(?<![{LETTER}]){words.pattern('order', whole=False)}\w{{0,12}}\W{{0,3}}(?:\w{{1,4}}\W{{1,2}})?)$"
        )
        self._name = re.compile(words.pattern("order", whole=False) + rf"[{LETTER}]{{0,12}}")
        self._other = re.compile(words.pattern("other_numbers") + r"\W{0,3}(?:\w{1,3}\W{0,2})?$")
        self._spoken = re.compile(rf"(?:(?:{words.pattern('digits')}|\d)[{_IGNORED}.,;、-]{{0,3}}){{4,}}")
        self._digit = re.compile(rf"{words.pattern('digits')}|\d")

    def find(self, text: str, folded: str) -> Iterator[tuple[int, int, str]]:
        """Yield where each order number stands, and its digits; both texts are of one length."""
        spans = []
        for run in _RUN.finditer(folded):
            groups = [group.span() for group in _GROUP.finditer(folded, *run.span())]
            for start, end, number in self._in_run(text, folded, groups):
                yield start, end, number
                spans.append((start, end))
        yield from self._read_out(cut_out(folded, spans))

    def _in_run(self, text: str, folded: str, groups: list[tuple[int, int]]) -> Iterator[tuple[int, int, str]]:
        at = skipped = 0
        fresh = True  # the group is the first, or follows something whole
        while at < len(groups):
            start = groups[at][0]
            if belongs := self._elsewhere(text, folded, groups, at):
                at, skipped, fresh = at + belongs, 0, True
            elif skipped < 2 and (end := self._number_end(folded, groups, at, alone=not fresh)):
                if not self._other.search(folded[max(0, start - _LOOK_BACK) : start]):
                    stop = _KEYCAP.match(folded, groups[end - 1][1])
                    yield start, stop.end() if stop else groups[end - 1][1], _digits(folded, groups[at:end])
                at, skipped, fresh = end, 0, True
            else:
                at, fresh = at + 1, False
                skipped += at < len(groups) and " " in folded[groups[at - 1][1] : groups[at][0]]

    def _elsewhere(self, text: str, folded: str, groups: list[tuple[int, int]], at: int) -> int:
        """How many of the groups belong to a telephone number or to a code of letters and digits."""
        start = groups[at][0]
        if folded[start] in "0o" or (start and text[start - 1] == "+"):
            count = taken = 0
            while taken < _PHONE and at + count < len(groups):
                taken += len(_digits(folded, groups[at + count : at + count + 1]))
                count += 1
            return count
        glued = _GLUED.search(text[max(0, start - _LOOK_BACK) : start])
        if glued and not self._is_name(text, folded, glued[0], start):
            count = 1
            while at + count < len(groups) and groups[at + count][1] - groups[at + count][0] <= _IBAN_GROUP:
                count += 1
            return count
        return 0

    def _is_name(self, text: str, folded: str, glued: str, start: int) -> bool:
        """Whether letters right before a number are a word (nro104233) and no part of a code (JJFI104233)."""
        if self._name.fullmatch(folded[start - len(glued) : start]):
            return True
        before = start - len(glued) - 1
        return len(glued) > 1 and not glued.isupper() and (before < 0 or not text[before].isdecimal())

    def _number_end(self, folded: str, groups: list[tuple[int, int]], at: int, alone: bool) -> int:
        """The index behind the last group of the number that begins with the group `at`; 0 where none begins."""
        if alone and " " not in folded[groups[at - 1][1] : groups[at][0]]:
            return 0
        for end in range(at + 1, min(len(groups), at + 1 if alone else at + 12) + 1):
            number = _digits(folded, groups[at:end])
            if self._is_number(number) and self._joined(folded, groups, at, end) and self._closed(folded, groups, at, end):
                return end
        return 0

    def _joined(self, folded: str, groups: list[tuple[int, int]], at: int, end: int) -> bool:
        """Whether the gaps between the groups look like those within one number."""
        gaps = [folded[a[1] : b[0]] for a, b in zip(groups[at:], groups[at + 1 : end], strict=False)]
        marks = {mark for gap in gaps for mark in gap if mark not in _IGNORED}
        sizes = [stop - start for start, stop in groups[at:end]]
        if len(marks) > 1:
            return False
        if len(gaps) == 1 and sizes[0] < 3 and sizes[1] > 3 and " " in gaps[0]:  # Dorpsstraat 10 1234 AB, unless it is named
            start = groups[at][0]
            return bool(self._named.search(folded[max(0, start - _LOOK_BACK) : start]))
        return max(sizes) == 1 or not any(_NEW_CLAUSE.search(gap) for gap in gaps)

    def _closed(self, folded: str, groups: list[tuple[int, int]], at: int, end: int) -> bool:
        """Whether what follows is no further part of the number."""
        stop = groups[end - 1][1]
        tail = _TAIL.match(folded, stop)
        if end == len(groups):
            return tail is not None
        gap = folded[stop : groups[end][0]]
        if end == at + 1 and " " in gap:
            return True
        following = _digits(folded, groups[end : end + 1])
        if following.startswith("0") or len(following) > _IBAN_GROUP + 1:
            return " " in gap or bool(self._number_end(folded, groups, end, alone=False))
        return bool(self._number_end(folded, groups, end, alone=False))

    def _read_out(self, folded: str) -> Iterator[tuple[int, int, str]]:
        for run in self._spoken.finditer(folded):
            words = list(self._digit.finditer(folded, *run.span()))
            number = "".join(self._words.meaning("digits", word[0]) or word[0] for word in words)
            first, last = 0, len(words)
            if not self._is_number(number):
                if self._is_number(number[1:]) and not words[0][0].isdecimal():  # نه، یک صفر …: no, one zero …
                    first = 1
                elif self._is_number(number[:-1]) and _HAN.match(words[-1][0]) and _HAN.match(folded, run.end()):
                    last -= 1  # 一零四二三三一直没到
                else:
                    continue
            before = folded[max(0, run.start() - _LOOK_BACK) : run.start()]
            if not all(word[0].isdecimal() for word in words) and not self._other.search(before):
                yield words[first].start(), words[last - 1].end(), number[first:last]


def _digits(folded: str, groups: list[tuple[int, int]]) -> str:
    return "".join(folded[start:end] for start, end in groups).replace("o", "0")
