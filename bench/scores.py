"""What bench/nlu.py and bench/massive.py count, over held-out lines and what an assistant made of them."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score, f1_score, precision_recall_fscore_support, roc_auc_score

from viisi.nlu.fallback import EMPTY, FALLBACK, TOO_LONG, UNSPOKEN
from viisi.nlu.normalise import normalise, one_script_only

OUT_OF_SCOPE = "out_of_scope"
# What stands for "not acted upon" in the answer of either assistant, and is no label of any example.
NOT_UNDERSTOOD = frozenset({FALLBACK, EMPTY, TOO_LONG, UNSPOKEN})
PASS = 0.95  # the share of in-scope lines that may not be taken for out of scope
BINS = 10
# Found anew here, not by the extractor's own rules, over normalised text: numbers in ASCII digits, plain addresses.
PLAIN = {
    "order_number": re.compile(r"(?<!\d)10\d{4}(?!\d)"),
    "email": re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII),
}


@dataclass(frozen=True)
class Line:
    """One held-out utterance and what is true of it."""

    text: str
    label: str
    language: str
    style: str = ""


@dataclass(frozen=True)
class Answer:
    """What an assistant made of a text: its last word, the ranking, and entities as (kind, value)."""

    intent: str | None
    ranking: tuple[tuple[str, float], ...]
    entities: tuple[tuple[str, Any], ...] = ()
    milliseconds: float = 0.0

    def first(self) -> tuple[str | None, float]:
        """The first choice and its confidence, before a fallback replaced it."""
        return next(((name, sure) for name, sure in self.ranking if name not in NOT_UNDERSTOOD), (None, 0.0))

    def in_scope(self) -> float:
        """The highest confidence among the labels that the assistant serves."""
        served = (sure for name, sure in self.ranking if name not in NOT_UNDERSTOOD and name != OUT_OF_SCOPE)
        return max(served, default=0.0)


def quality(truth: Sequence[str], found: Sequence[str | None]) -> dict[str, Any]:
    """Lines, accuracy, and F1 averaged over the labels that are true of some line."""
    names = [name or "" for name in found]
    labels = sorted(set(truth))
    return {
        "lines": len(truth),
        "accuracy": accuracy_score(truth, names),
        "macro_f1": f1_score(truth, names, labels=labels, average="macro", zero_division=0),
    }


def grouped(lines: Sequence[Line], found: Sequence[str | None], key: Callable[[Line], str]) -> dict[str, dict[str, Any]]:
    """`quality` of each group of lines."""
    groups: dict[str, list[int]] = defaultdict(list)
    for number, line in enumerate(lines):
        groups[key(line)].append(number)
    return {
        name: quality([lines[number].label for number in members], [found[number] for number in members])
        for name, members in sorted(groups.items())
    }


def tables(lines: Sequence[Line], found: Sequence[str | None]) -> dict[str, Any]:
    """Quality of all lines, and by language, variety, style, language and style, and label."""
    by_language = {
        language: grouped(*_of(lines, found, language), key=lambda line: line.style)
        for language in sorted({line.language for line in lines})
    }
    return {
        "all": quality([line.label for line in lines], found),
        "language": grouped(lines, found, lambda line: line.language),
        "variety": grouped(lines, found, variety),
        "style": grouped(lines, found, lambda line: line.style),
        "language_style": by_language,
        "label": _by_label(lines, found),
    }


def _of(lines: Sequence[Line], found: Sequence[str | None], language: str) -> tuple[list[Line], list[str | None]]:
    members = [number for number, line in enumerate(lines) if line.language == language]
    return [lines[number] for number in members], [found[number] for number in members]


def _by_label(lines: Sequence[Line], found: Sequence[str | None]) -> dict[str, dict[str, Any]]:
    labels = sorted({line.label for line in lines})
    truth, names = [line.label for line in lines], [name or "" for name in found]
    columns = precision_recall_fscore_support(truth, names, labels=labels, zero_division=0)
    return {
        label: {"precision": precision, "recall": recall, "f1": f1, "lines": int(count)}
        for label, precision, recall, f1, count in zip(labels, *columns, strict=True)
    }


def variety(line: Line) -> str:
    """The language, with the script where it has two: Chinese by its characters, Persian in Latin letters."""
    if line.language == "zh":
        simplified, traditional = (sum(character in own for character in line.text) for own in one_script_only())
        if simplified == traditional:
            return "zh, either script"
        return "zh, simplified" if simplified > traditional else "zh, traditional"
    if line.language == "fa":
        return "fa, Arabic script" if re.search(r"[\u0600-\u06ff]", line.text) else "fa, Latin letters"
    return line.language


def confusions(lines: Sequence[Line], answers: Sequence[Answer], most: int = 20) -> list[dict[str, Any]]:
    """The commonest pairs of a label and another that was the first choice in its place, with an example.

    ``withheld`` counts those that the fallback kept from being acted upon.
    """
    pairs: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, (line, answer) in enumerate(zip(lines, answers, strict=True)):
        name = answer.first()[0] or "nothing"
        if name != line.label:
            pairs[line.label, name].append(number)
    worst = sorted(pairs.items(), key=lambda pair: (-len(pair[1]), pair[0]))[:most]
    return [
        {
            "label": label,
            "taken_for": name,
            "lines": len(members),
            "withheld": sum(answers[number].intent in NOT_UNDERSTOOD for number in members),
            "languages": dict(Counter(lines[number].language for number in members)),
            "example": lines[members[0]].text,
        }
        for (label, name), members in worst
    ]


def calibration(confidences: Sequence[float], right: Sequence[bool]) -> dict[str, Any]:
    """Reliability in ten bins of equal width, and the expected calibration error over them."""
    sure, hit = np.asarray(confidences, dtype=float), np.asarray(right, dtype=float)
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    rows = [
        {
            "from": number / BINS,
            "to": (number + 1) / BINS,
            "lines": int((bins == number).sum()),
            "confidence": sure[bins == number].mean(),
            "accuracy": hit[bins == number].mean(),
        }
        for number in range(BINS)
        if (bins == number).any()
    ]
    error = sum(row["lines"] * abs(row["confidence"] - row["accuracy"]) for row in rows) / max(1, len(sure))
    return {"bins": rows, "expected_error": error}


def out_of_scope(lines: Sequence[Line], answers: Sequence[Answer]) -> dict[str, Any] | None:
    """How well a low confidence in every served label tells out-of-scope lines apart; None where there are none.

    ``caught``: the share of out-of-scope lines under the threshold that `PASS` of the in-scope lines reach. ``auroc`` knows no
    threshold. ``as_configured``: with the assistant's own fallback, the share of out-of-scope lines that are not acted upon,
    and the share of in-scope ones that are not either.
    """
    outside = np.array([line.label == OUT_OF_SCOPE for line in lines])
    if not outside.any() or outside.all():
        return None
    scores = np.array([answer.in_scope() for answer in answers])
    threshold = float(np.quantile(scores[~outside], 1 - PASS))
    idle = np.array([answer.intent in NOT_UNDERSTOOD or answer.intent == OUT_OF_SCOPE for answer in answers])
    return {
        "lines": int(outside.sum()),
        "threshold": threshold,
        "caught": (scores[outside] < threshold).mean(),
        "passed": (scores[~outside] >= threshold).mean(),
        "auroc": roc_auc_score(outside, -scores),
        "as_configured": {"caught": idle[outside].mean(), "withheld_in_scope": idle[~outside].mean()},
    }


def recall(cases: Sequence[tuple[Sequence[str], Sequence[str]]]) -> dict[str, Any]:
    """Recall and precision over messages, each with the values that are in it and those that were found."""
    wanted, found = (sum(len(case[side]) for case in cases) for side in (0, 1))
    right = sum((Counter(case[0]) & Counter(case[1])).total() for case in cases)
    return {
        "messages": len(cases),
        "wanted": wanted,
        "recall": right / wanted if wanted else None,
        "precision": right / found if found else None,
    }


def plainly_written(kind: str, text: str) -> list[str]:
    """The order numbers or e-mails that anyone would see in a text."""
    return PLAIN[kind].findall(normalise(text))


def latency(milliseconds: Sequence[float]) -> dict[str, float]:
    """The median, and what 95 and 99 in a hundred stay under, in milliseconds."""
    return dict(zip(("p50", "p95", "p99"), np.percentile(milliseconds, [50, 95, 99]).tolist(), strict=True))
