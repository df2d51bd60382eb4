"""The file of figures: sections are merged, and the same figures give the same text."""

import json

import numpy as np
import pytest

from bench import results
from viisi.errors import ConfigurationError


def test_a_section_leaves_the_others_alone(tmp_path):
    path = tmp_path / "docs" / "benchmarks.json"
    results.save("nlu", {"accuracy": 0.5}, 12.4, path)
    results.save("turn", {"p50": 20.0}, 3.0, path)
    results.save("nlu", {"accuracy": 0.75}, 13.0, path)
    found = results.load(path)
    assert {name: section["figures"] for name, section in found.items()} == {"nlu": {"accuracy": 0.75}, "turn": {"p50": 20.0}}
    assert found["nlu"]["seconds"] == 13
    assert [file.name for file in path.parent.iterdir()] == ["benchmarks.json"]


def test_a_section_says_when_where_and_on_what(tmp_path):
    path = tmp_path / "benchmarks.json"
    results.save("nlu", {}, 1, path)
    section = results.load(path)["nlu"]
    assert set(section) == {"date", "commit", "machine", "seconds", "figures"}
    assert section["date"].endswith("UTC") and section["commit"]
    assert section["machine"]["cores"] >= 1 and section["machine"]["cpu"] and section["machine"]["python"].startswith("3.")
    assert section["machine"]["packages"]["rasa"] == "3.6.21"


def test_the_text_is_sorted_rounded_and_readable(tmp_path):
    path = tmp_path / "benchmarks.json"
    results.save("nlu", {"b": np.float64(1 / 3), "a": [1, "tilaus مرسوله", None, True, 0.00004]}, 1, path)
    text = path.read_text(encoding="utf-8")
    figures = json.loads(text)["nlu"]["figures"]
    assert list(figures) == ["a", "b"] and figures == {"a": [1, "tilaus مرسوله", None, True, 0.0], "b": 0.3333}
    assert "tilaus مرسوله" in text and text.endswith("}\n")


def test_what_is_no_number_is_not_written(tmp_path):
    path = tmp_path / "benchmarks.json"
    results.save("turn", {"p50": 20.0}, 1, path)
    with pytest.raises(ValueError):
        results.save("nlu", {"accuracy": float("nan")}, 1, path)
    assert list(results.load(path)) == ["turn"]


@pytest.mark.parametrize("text", ["{", "[]", ""])
def test_a_broken_file_names_itself_and_the_cure(tmp_path, text):
    path = tmp_path / "benchmarks.json"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=r"benchmarks\.json .*delete it and run make bench"):
        results.save("nlu", {}, 1, path)
    assert path.read_text() == text


def test_no_file_is_no_sections(tmp_path):
    assert results.load(tmp_path / "none.json") == {}
