"""The page and its plots, from figures put together as the benchmarks put them."""

import json
import re
import sys
from copy import deepcopy

import pytest

from bench import nlu, report, results
from bench.massive import TRAINED
from bench.scores import Answer, Line
from viisi.errors import ConfigurationError
from viisi.nlu.fallback import FALLBACK

LINES = [
    Line("missä pakettini | oikein", "track_order", "fi", "polite"),
    Line("peru", "cancel_order", "fi", "short"),
    Line("wat een weer", "out_of_scope", "nl", "short"),
    Line("waar is het", "track_order", "nl", "typo"),
]
ANSWERS = [
    Answer("cancel_order", (("cancel_order", 0.9), ("track_order", 0.1))),
    Answer("cancel_order", (("cancel_order", 0.8), ("track_order", 0.1))),
    Answer(FALLBACK, ((FALLBACK, 0.8), ("track_order", 0.2))),
    Answer("track_order", (("track_order", 0.7), ("cancel_order", 0.1))),
]
TIMES = {"p50": 10.0, "p95": 12.0, "p99": 19.5}
LEVEL = {**TIMES, "turns_per_s": 66.6, "turns": 200}
ROW = {"right": 90.0, "unnamed": 5.0, "wrong": 5.0, "clearly_wrong": 0.0, "cases": 20}


def understood(training: dict) -> dict:
    return {
        **nlu.understood(LINES, ANSWERS),
        "entities": nlu.entities(LINES, ANSWERS, {}),
        "latency_ms": {"one_core": TIMES, "all_cores": TIMES},
        "memory_mb": 700.0,
        "load_s": 9.0,
        "lines": 4,
        "held_out": "abc",
        "limit": None,
        "examples": 11000,
        "training_s": training,
    }


FIGURES = {
    "nlu": understood({"empty_cache": 81.0, "full_cache": 30.0}),
    "nlu_stock": {**understood({"all": 9000.0}), "epochs": 7},
    "massive": {
        "locale": {locale: {"lines": 2, "accuracy": 0.875, "macro_f1": 0.8} for locale in (*TRAINED, "zh-TW")},
        "mean": {"accuracy": 0.875, "macro_f1": 0.8},
        "confusions": [{"label": "alarm_set", "taken_for": "play_music", "lines": 1, "example": "herätä"}],
        "partition": "dev",
        "trained_on": 57570,
        "intents": 60,
        "training_s": 600.0,
        "encodings": "anew",
        "limit": None,
    },
    "language": {
        who: {"rows": {"held-out, two words": {"fi": ROW}, "dutch german": {"nl": ROW}}, "median_ms": 0.1, "memory_mb": 50}
        for who in ("viisi", "lingua")
    },
    "turn": {
        who: {"conversations": {"1": LEVEL, "4": LEVEL, "16": LEVEL}, "memory_mb": 750.0, "start_s": 9.0, "training_s": None}
        for who in ("viisi", "stock")
    },
    "entities": {
        "rows": {"order_number": {"messages": 9, "wanted": 8, "recall": 1.0, "precision": None}},
        "median_ms": {"Missä #104233?": 0.7},
    },
}
REMARKS = [
    {"label": "track_order", "taken_for": "cancel_order", "tried": "more examples; 4 → 1"},
    {"label": "greet", "taken_for": "thank", "tried": "gone since"},
]


@pytest.fixture(scope="module")
def sections(tmp_path_factory) -> dict:
    path = tmp_path_factory.mktemp("bench") / "benchmarks.json"
    for name, figures in FIGURES.items():
        results.save(name, figures, 61, path)
    return results.load(path)


def rows(page: str) -> list[list[str]]:
    lines = [line for line in page.splitlines() if line.startswith("|") and not line.startswith("|---")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def row(page: str, *begins: str) -> list[str]:
    return next(cells for cells in rows(page) if tuple(cells[: len(begins)]) == begins)


def test_targets_stand_beside_the_figures(sections):
    page = report.page(sections, [])
    assert row(page, "unseen support messages, fi") == ["unseen support messages, fi", "92 % (at least 90 %)", "50.0 %", "no"]
    assert row(page, "MASSIVE test, mean of the five")[1:] == ["86.8 % (at least 85.5 %)", "87.5 %", "yes, on dev"]
    assert row(page, "parsing one message on one core, p50")[1:] == ["12 ms", "10.0 ms", "yes"]
    assert row(page, "training, nothing encoded yet")[1:] == ["60 s", "81.0 s", "no"]
    assert row(page, "language of two words, fi")[1:] == ["96 %", "90.0 %", "no"]
    assert row(page, "language of two words, nl")[1:] == ["90 %", "–", "not run"]
    assert row(page, "order numbers found, held-out messages")[3] == "not run"


def test_what_was_run_where(sections):
    page = report.page(sections, [])
    assert row(page, "massive")[1] == sections["massive"]["date"]
    assert f"{sections['nlu']['machine']['cores']} cores, {sections['nlu']['machine']['cpu']}" in page
    assert "rasa 3.6.21" in page and "**DIET for 7 epochs**" in page and "**dev** partition" in page


def test_figures_stand_beside_stock(sections):
    page = report.page(sections, [])
    assert row(page, "fi")[:5] == ["fi", "2", "50.0 %", "33.3 %", "50.0 %"]
    assert row(page, "all")[1] == "4"
    assert row(page, "p50, one core") == ["p50, one core", "10.0 ms", "10.0 ms"]
    assert row(page, "Viisi", "16")[2:] == ["10.0", "12.0", "19.5", "66.6", "200"]
    assert row(page, "dutch german", "nl")[2:4] == ["20", "90.0"]
    assert "0.70 ms for *Missä #104233?*" in page
    assert row(page, "zh-CN")[1:] == ["2", "87.5 %", "80.0 %"]


def test_confusions_have_their_remarks(sections):
    page = report.page(sections, REMARKS)
    cells = row(page, "`track_order`", "`cancel_order`")
    assert cells[2:] == ["1", "0", "fi 1", "missä pakettini \\| oikein", "more examples; 4 → 1"]
    assert row(page, "`out_of_scope`", "`track_order`")[-1] == "–"
    assert "No longer among them" in page and row(page, "`greet`", "`thank`")[2] == "gone since"
    assert "No longer among them" not in report.page(sections, REMARKS[:1])


@pytest.mark.parametrize("name", FIGURES)
def test_a_section_that_is_missing_is_not_run(sections, name, tmp_path):
    rest = {key: value for key, value in sections.items() if key != name}
    page = report.page(rest, REMARKS)
    assert row(page, name)[1] == "not run"
    assert page.lower().count("not run") > report.page(sections, REMARKS).lower().count("not run")
    report.draw(rest, tmp_path)


def test_nothing_was_run(tmp_path):
    page = report.page({}, [])
    assert all(f"Not run: `{report.COMMANDS[name]}`" in page for name in FIGURES if name != "nlu_stock")
    assert {cells[3] for cells in rows(page) if len(cells) == 4} == {"reached", "not run"}
    report.draw({}, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("key", "value"), [("held_out", "def"), ("examples", 10999)])
def test_stock_measured_on_something_else_is_said(sections, key, value):
    other = deepcopy(sections)
    other["nlu_stock"]["figures"][key] = value
    assert "other messages or other examples" in report.page(other, [])
    assert "other messages or other examples" not in report.page(sections, [])


def test_a_trial_is_said(sections):
    trial = deepcopy(sections)
    trial["nlu"]["figures"]["limit"] = trial["massive"]["figures"]["limit"] = 5
    assert report.page(trial, []).count("A trial with `--limit 5`") == 3
    assert "A trial" not in report.page(sections, [])


def test_the_page_shows_every_plot_there_is_and_no_other(sections, tmp_path):
    report.draw(sections, tmp_path)
    shown = set(re.findall(r"\]\(benchmarks/([\w-]+)\.svg\)", report.page(sections, [])))
    assert shown == {path.stem for path in tmp_path.glob("*.svg")} == set(report.PLOTS)
    report.draw({"turn": sections["turn"]}, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["turn-latency.svg"]


def test_the_same_figures_give_the_same_bytes(sections, tmp_path):
    drawn = []
    for name in ("one", "other"):
        report.draw(sections, tmp_path / name)
        drawn.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})
    assert drawn[0] == drawn[1] and not any(b"dc:date" in content for content in drawn[0].values())
    changed = deepcopy(sections)
    changed["nlu"]["figures"]["pipeline"]["language"]["fi"]["accuracy"] = 0.25
    report.draw(changed, tmp_path / "other")
    path = "accuracy-language.svg"
    assert (tmp_path / "other" / path).read_bytes() != drawn[0][path]


def test_the_command_writes_page_and_plots(sections, tmp_path, monkeypatch):
    (tmp_path / "in.json").write_text(json.dumps(sections))
    page = tmp_path / "benchmarks.md"
    monkeypatch.setattr(sys, "argv", ["bench.report", "--json", str(tmp_path / "in.json"), "--page", str(page)])
    assert report.main() == 0
    assert page.read_text(encoding="utf-8") == report.page(sections, report.read_remarks())
    assert len(list((tmp_path / "benchmarks").iterdir())) == len(report.PLOTS)


def test_a_broken_file_of_figures_is_one_line(tmp_path, monkeypatch, capsys):
    (tmp_path / "in.json").write_text("{")
    monkeypatch.setattr(sys, "argv", ["bench.report", "--json", str(tmp_path / "in.json"), "--page", str(tmp_path / "p.md")])
    assert report.main() == 1
    assert capsys.readouterr().err.count("\n") == 1 and not (tmp_path / "p.md").exists()


def test_remarks(tmp_path):
    path = tmp_path / "confusions.yml"
    path.write_text("confusions: [{label: a, taken_for: b, tried: c}]")
    assert report.read_remarks(path) == [{"label": "a", "taken_for": "b", "tried": "c"}]
    for text in ("confusions: [{label: a, tried: c}]", "confusions: x", "other: []", "confusions: [a]"):
        path.write_text(text)
        with pytest.raises(ConfigurationError, match="label, taken_for and tried"):
            report.read_remarks(path)


def test_the_repositorys_remarks_can_be_read():
    assert isinstance(report.read_remarks(), list)
