"""How much of what customers write the entity extractor finds, how much of that is right, and how fast.

Run as ``python -m bench.entities``; over the tables of the tests, and over the order numbers in the languages'
training examples.
"""

import argparse
import re
import time
from datetime import datetime, timezone
from pathlib import Path
from statistics import median
from typing import Any

from ruamel.yaml import YAML

from bench import results
from bench.scores import plainly_written, recall
from viisi.languages import DATA
from viisi.nlu.entities import EntityExtractor
from viisi.nlu.normalise import normalise

KINDS = ("order_number", "email", "amount", "date")
NOW = datetime(2026, 5, 20, 9, tzinfo=timezone.utc)
TABLES: dict[str, Any] = YAML(typ="safe").load(
    (Path(__file__).parents[1] / "tests" / "fixtures" / "entities.yml").read_text(encoding="utf-8")
)
_EXAMPLE = re.compile(r"^ +- (?!intent)(.+)$", re.MULTILINE)


def values(extractor: EntityExtractor, kind: str, text: str) -> list[str]:
    """What the extractor finds of a kind; an amount as ``12.50 EUR``."""
    found = [entity["value"] for entity in extractor.extract(normalise(text)) if entity["entity"] == kind]
    return [f"{value['amount']} {value['currency']}" if kind == "amount" else value for value in found]


def _report(name: str, cases: list[tuple[list[str], list[str]]]) -> dict[str, Any]:
    row = recall(cases)
    shares = "  ".join(f"{kind} {row[kind]:7.2%}" for kind in ("recall", "precision") if row[kind] is not None)
    print(f"{name:28} {len(cases):6} messages  {shares}")
    return row


def main() -> None:
    """Print recall, precision and speed, and write the section ``entities``."""
    parser = argparse.ArgumentParser(prog="python -m bench.entities", description=__doc__)
    results.add_option(parser)
    options = parser.parse_args()
    started = time.monotonic()
    rows, speed = {}, {}
    extractor = EntityExtractor({"shop": "shop.yml"}, clock=lambda: NOW)
    for kind in KINDS:
        cases = [*TABLES[kind].items(), *((text, []) for text in TABLES[f"no_{kind}"])]
        rows[kind] = _report(kind, [(wanted, values(extractor, kind, text)) for text, wanted in cases])
    for path in sorted(DATA.glob("*/nlu.yml")):
        texts = _EXAMPLE.findall(path.read_text(encoding="utf-8"))
        cases = [(plainly_written("order_number", text), values(extractor, "order_number", text)) for text in texts]
        name = f"order_number {path.parent.name}/nlu.yml"
        rows[name] = _report(name, cases)
    for text in (
        "Missä tilaukseni #104233 viipyy? Tilasin 3.5. aino@example.com",
        "Hyvää päivää, mikä on palautusoikeus alennustuotteille teillä?",
    ):
        times = []
        for _ in range(2000):
            start = time.perf_counter()
            extractor.extract(text)
            times.append(time.perf_counter() - start)
        speed[text] = median(times) * 1000
        print(f"{len(text)} characters: median {median(times) * 1000:.2f} ms")
    results.save("entities", {"rows": rows, "median_ms": speed}, time.monotonic() - started, options.json)


if __name__ == "__main__":
    main()
