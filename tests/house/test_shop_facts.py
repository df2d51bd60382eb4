"""shop.yml, once: whatever changes there changes in every language's answers, and nothing stands there in vain."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

from viisi.errors import ConfigurationError
from viisi.facts import SHOP_FILE, placeholders, read_facts
from viisi.languages import languages, read_yaml
from viisi.training.importer import responses

# A key of shop.yml and another value for it. All answers are compared before and after.
TOLD = {
    "name": "Aalto & Zoon",
    "url": "https://winkel.example.org",
    "email": "hilfe@example.org",
    "privacy_email": "tiedot@example.org",
    "phone": "+31 20 555 0100",
    "opening_hours.mon": ["07:00", "18:00"],
    "opening_hours.sun": ["12:00", "13:00"],
    "time_zone": "America/Lima",
    "orders.dispatch_cutoff": "16:30",
    "orders.cancellation_fee": 3.5,
    "returns.window_days": 47,
    "returns.paid_by": "customer",
    "returns.refund_days": 9,
    "returns.warranty_years": 7,
    "returns.approval_limit": 411,
    "delivery.free_from": 83,
    "delivery.countries.FI": [{"carrier": "posti", "kind": "home", "price": 1.11, "days": [8, 9]}],
    "payment_methods": ["card", "klarna"],
    "gift_card_months": 17,
    "newsletter_discount_percent": 13,
    "privacy_request_days": 19,
    "carriers.posti.name": "Postilaitos",
}
# Known to the code and told nowhere in a text that stands still.
NOT_TOLD = {
    "address": "told on the shop's own pages",
    "vat_id": "told on the shop's own pages",
    "default_language": "decides which language speaks first",
    "currency": "tested with the formats",
    "holidays": "told at the moment, by hours_phrase",
    "orders.number_pattern": "read by the entity extractor",
    "orders.cancellation_deadline": "one value only, of which the texts speak in words",
    "orders.late_after_days": "asked by no one yet",
    "carriers.posti.link": "filled with the tracking number by the actions",
}


def changed(tmp_path: Path, change: Callable[[dict], None]) -> Path:
    """A copy of shop.yml with a change in it."""
    content = yaml.safe_load(SHOP_FILE.read_text(encoding="utf-8"))
    change(content)
    path = tmp_path / "shop.yml"
    # The order of the keys is that in which customers read the countries.
    path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return path


def setter(key: str, value: object) -> Callable[[dict], None]:
    *path, last = key.split(".")

    def change(content: dict) -> None:
        for name in path:
            content = content[name]
        content[last] = value

    return change


def by_language(found: dict) -> dict[str, set[tuple[str, str]]]:
    """Language to the texts that its customers read."""
    told: dict[str, set[tuple[str, str]]] = {tag: set() for tag in languages()}
    for name, variations in found.items():
        for variation in variations:
            for condition in variation.get("condition", []):
                if condition["name"] == "language":
                    told[condition["value"]].add((name, variation["text"]))
    return told


@pytest.fixture(scope="module", autouse=True)
def folders_read_once() -> Iterator[None]:
    """The language folders stay as they are here, and reading them takes seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("viisi.training.importer.read_yaml", cache(read_yaml))
        yield


@pytest.fixture(scope="module")
def before() -> dict[str, set[tuple[str, str]]]:
    return by_language(responses())


def test_an_unchanged_file_changes_nothing(tmp_path, monkeypatch, before):
    monkeypatch.setenv("VIISI_SHOP_FILE", str(changed(tmp_path, lambda content: None)))
    assert by_language(responses()) == before


@pytest.mark.parametrize("key", TOLD)
def test_a_changed_fact_changes_every_language(tmp_path, monkeypatch, before, key):
    monkeypatch.setenv("VIISI_SHOP_FILE", str(changed(tmp_path, setter(key, TOLD[key]))))
    after = by_language(responses())
    assert {tag for tag in after if after[tag] == before[tag]} == set(), f"{key} is told otherwise, or as a literal, there"


def test_the_return_window_is_told_in_the_digits_of_the_language(tmp_path, monkeypatch, before):
    monkeypatch.setenv("VIISI_SHOP_FILE", str(changed(tmp_path, setter("returns.window_days", 47))))
    for tag, texts in by_language(responses()).items():
        new = texts - before[tag]
        assert len(new) >= 4 and all(("۴۷" if tag == "fa" else "47") in text for _, text in new)


def keys(content: dict, path: str = "") -> Iterator[str]:
    """The keys of shop.yml whose removal should be noticed; lists and the days of the week as one."""
    for key, value in content.items():
        if isinstance(value, dict) and key not in ("opening_hours", "countries"):
            yield from keys(value, f"{path}{key}.")
        else:
            yield f"{path}{key}"


@pytest.mark.parametrize("key", keys(read_yaml(SHOP_FILE)))
def test_no_key_stands_there_in_vain(tmp_path, key):
    """Without it, the file is refused or the facts are others."""

    def remove(content: dict) -> None:
        *path, last = key.split(".")
        for name in path:
            content = content[name]
        del content[last]

    try:
        facts = read_facts(changed(tmp_path, remove))
    except ConfigurationError:
        return
    assert facts != read_facts(), f"nothing reads {key}"


def test_the_tables_above_are_complete():
    told = {".".join(key.split(".")[:2]) if key.startswith("orders") else key for key in TOLD}
    for key in keys(read_yaml(SHOP_FILE)):
        if key.startswith("carriers.") or key in ("opening_hours", "delivery.countries"):
            continue
        assert key in told or key in NOT_TOLD, f"{key}: add it to TOLD or NOT_TOLD"
    assert not set(TOLD) & set(NOT_TOLD)


@pytest.mark.parametrize("tag", languages())
def test_every_fact_has_words_in_every_language(tag):
    told = placeholders(read_facts(), languages()[tag])
    assert all(isinstance(text, str) and text.strip() for text in told.values())
    assert not [name for name, text in told.items() if "{" in text]
