"""``make bench``: which parts are run with what, and that one that fails stops no other."""

import argparse
import sys
from pathlib import Path

from bench import __main__ as bench


def names(**options) -> dict[str, list[str]]:
    given = {"massive": None, "partition": "dev", "stock_epochs": 100, **options}
    return {name: arguments for name, _, arguments in bench.parts(argparse.Namespace(**given))}


def test_massive_is_run_where_its_folder_is_given():
    assert set(names()) == {"language", "entities", "turn", "nlu"}
    found = names(massive=Path("folder"), partition="test", stock_epochs=3)
    assert found["massive"] == [str(Path("folder").absolute()), "--partition", "test", "--fresh"]
    assert found["nlu"] == ["--stock-epochs", "3"]


def run(monkeypatch, tmp_path, *arguments: str, failing: str = "") -> tuple[int, list[str]]:
    called: list[str] = []

    def call(command, cwd):
        called.append(command[2])
        return int(command[2] == failing)

    monkeypatch.setattr(bench.subprocess, "call", call)
    monkeypatch.setattr(sys, "argv", ["bench", "--json", str(tmp_path / "out.json"), *arguments])
    return bench.main(), called


def test_a_part_that_fails_stops_no_other(monkeypatch, tmp_path, capsys):
    wanted = ["bench.language", "bench.entities", "bench.turn", "bench.nlu", "bench.report"]
    assert run(monkeypatch, tmp_path) == (0, wanted)
    assert run(monkeypatch, tmp_path, failing="bench.turn") == (1, wanted)
    assert "bench: turn failed" in capsys.readouterr().err


def test_a_missing_folder_is_told_before_anything_runs(monkeypatch, tmp_path, capsys):
    assert run(monkeypatch, tmp_path, "--massive", str(tmp_path / "none")) == (1, [])
    assert capsys.readouterr().err.count("\n") == 1
