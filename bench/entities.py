"""How much of what customers write the entity extractor finds, how much of that is right, and how fast.

Run as ``python -m bench.entities``; over the tables of the tests, and over the order numbers in the languages'
training examples.
"""

import re
import time
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path
from statistics import median
from typing import Any

from ruamel.yaml import YAML

from viisi.languages import DATA
from viisi.nlu.entities import EntityExtractor
from viisi.nlu.normalise import normalise

KINDS = ("order_number", "email", "amount", "date")
NOW = datetime(2026, 5, 20, 9, tzinfo=timezone.utc)
TABLES: dict[str, Any] = YAML(typ="safe").load(
    (Path(__file__).parents[1] / "tests" / "fixtures" / "entities.yml").read_text(encoding="utf-8")
)
_EXAMPLE = re.compile(r"^ +- (?!intent)(.+)$", re.MULTILINE)
_NUMBER = re.compile(r"(?<!\d)10\d{4}(?!\d)")


def values(extractor: EntityExtractor, kind: str, text: str) -> list[str]:
    """What the extractor finds of a kind; an amount as ``12.50 EUR``."""
    found = [entity["value"] for entity in extractor.extract(normalise(text)) if entity["entity"] == kind]
    return [f"{value['amount']} {value['currency']}" if kind == "amount" else value for value in found]


def _report(name: str, cases: list[tuple[list[str], list[str]]]) -> None:
    wanted, found = (sum(len(case[side]) for case in cases) for side in (0, 1))
    right = sum((Counter(case[0]) & Counter(case[1])).total() for case in cases)
    recall, precision = right / max(1, wanted), right / max(1, found)
    print(f"{name:28} {len(cases):6} messages  recall {recall:7.2%}  precision {precision:7.2%}")


def main() -> None:
    """Print recall, precision and speed."""
    extractor = EntityExtractor({"shop": "shop.yml"}, clock=lambda: NOW)
    for kind in KINDS:
        cases = [*TABLES[kind].items(), *((text, []) for text in TABLES[f"no_{kind}"])]
        _report(kind, [(wanted, values(extractor, kind, text)) for text, wanted in cases])
    for path in sorted(DATA.glob("*/nlu.yml")):
        texts = _EXAMPLE.findall(path.read_text(encoding="utf-8"))
        cases = [(_NUMBER.findall(normalise(text)), values(extractor, "order_number", text)) for text in texts]
        _report(f"order_number {path.parent.name}/nlu.yml", cases)
    for text in (
        "Missä tilaukseni #104233 viipyy? Tilasin 3.5. aino@example.com",
        "Hyvää päivää, mikä on palautusoikeus alennustuotteille teillä?",
    ):
        times = []
        for _ in range(2000):
            start = time.perf_counter()
            extractor.extract(text)
            times.append(time.perf_counter() - start)
        print(f"{len(text)} characters: median {median(times) * 1000:.2f} ms")


if __name__ == "__main__":
    main()
