"""``rasa test`` on the conversations of each language: what Rasa itself predicts from what customers type."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import run
from scripts.train import ensure_model
from viisi.languages import language_folders
from viisi.settings import ROOT

pytestmark = pytest.mark.e2e


def test_conversations_go_as_written(tmp_path: Path) -> None:
    for folder in language_folders():
        story = ROOT / "tests" / folder.name / "test_conversations.yml"
        shutil.copy(story, tmp_path / f"test_{folder.name}.yml")
    command = [sys.executable, "-m", "rasa", "test", "core", "--model", str(ensure_model()), "--stories", str(tmp_path)]
    options = ["--out", str(tmp_path / "results"), "--endpoints", str(tmp_path / "none.yml"), "--fail-on-prediction-errors"]
    (tmp_path / "none.yml").write_text("{}\n")
    found = subprocess.run([*command, *options], cwd=ROOT, env=run.environment(), capture_output=True, text=True, timeout=280)
    failed = tmp_path / "results" / "failed_test_stories.yml"
    assert found.returncode == 0, (failed.read_text() if failed.exists() else "") + found.stdout[-2000:] + found.stderr[-2000:]
