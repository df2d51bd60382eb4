"""Getting a model: what is wrong with the files, and with a model on the disk, is said in one line."""

from pathlib import Path

import pytest
from rasa.engine.exceptions import GraphComponentException

from scripts import train
from viisi.errors import ConfigurationError, ViisiError


@pytest.fixture
def path(tmp_path, monkeypatch) -> Path:
    """Where the model would be; in a folder of its own."""
    path = tmp_path / "viisi-0.tar.gz"
    monkeypatch.setattr(train, "ROOT", tmp_path)
    monkeypatch.setattr(train, "MODELS", tmp_path)
    monkeypatch.setattr(train, "model_path", lambda: path)
    return path


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b\x08\x00" + bytes(60)])
def test_a_broken_model_is_named(path, content, capsys, monkeypatch):
    path.write_bytes(content)
    monkeypatch.chdir(path.parent)
    assert train.main() == 1
    said = capsys.readouterr().err
    assert said.startswith("viisi: the model viisi-0.tar.gz is broken") and "delete it and run 'make train'" in said
    assert said.count("\n") == 1


def test_what_a_component_says_is_not_wrapped(path, monkeypatch):
    def fail(**_: object) -> None:
        raise GraphComponentException("node …") from ConfigurationError("data/pt/nlu.yml has no examples for greet")

    monkeypatch.setattr("rasa.model_training.train", fail)
    with pytest.raises(ViisiError, match="^data/pt/nlu.yml has no examples for greet$"):
        train.ensure_model()
