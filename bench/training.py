"""Training, timed, in processes of its own: this assistant's, and stock Rasa's on the same examples.

Called by bench/nlu.py and bench/turn.py.
"""

import itertools
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.formats.rasa_yaml import RasaYAMLReader
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from ruamel.yaml import YAML

from scripts import run
from viisi.errors import ViisiError
from viisi.languages import read_yaml
from viisi.settings import ROOT
from viisi.training.importer import LanguageFolders

STOCK = ROOT / "bench" / "stock.yml"
_TRAIN = """
import sys
from scripts.train import quiet
quiet()
from rasa.model_training import train
sys.exit(train("domain.yml", sys.argv[1], ["data"], output=sys.argv[2], force_training=True).code)
"""


def write_config(path: Path, config: dict[str, Any]) -> Path:
    """Write a config.yml; its path."""
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(config, file)
    return path


def own_config(cache: Path | None) -> dict[str, Any]:
    """config.yml, with another file for the encodings where one is given."""
    config = read_yaml(ROOT / "config.yml")
    for component in config["pipeline"]:
        if cache and component["name"].endswith(".SentenceEncoder"):
            component["cache"] = str(cache)
    return config


def own(folder: Path, cache: Path) -> float:
    """Train the whole assistant into ``folder``, encodings in ``cache``; the seconds that took."""
    config = write_config(folder / "config.yml", own_config(cache))
    environment = run.environment(RASA_CACHE_DIRECTORY=str(folder / "rasa-cache"))
    return _timed([sys.executable, "-c", _TRAIN, str(config), str(folder)], ROOT, environment, quiet=True)


def examples(limit: int | None = None) -> list[Message]:
    """The examples that this assistant is trained on; at most ``limit`` for each label and language."""
    data = LanguageFolders(str(ROOT / "config.yml"), str(ROOT / "domain.yml"), [str(ROOT / "data")]).get_nlu_data()
    messages = data.intent_examples
    if limit is None:
        return messages
    groups = itertools.groupby(sorted(messages, key=_group), key=_group)
    return [message for _, members in groups for message in itertools.islice(members, limit)]


def _group(message: Message) -> tuple[str, str]:
    return message.get(INTENT), message.get("language_tag", "")


def write_examples(messages: Sequence[Message], path: Path) -> None:
    """Write texts and intents as a stock nlu.yml. Raises ViisiError where Rasa would not read the same from it.

    Rasa drops an example that stands there twice, such as a word that two languages share.
    """
    plain = [Message({TEXT: message.get(TEXT), INTENT: message.get(INTENT)}) for message in messages]
    path.write_text(TrainingData(plain).nlu_as_yaml(), encoding="utf-8")
    read = RasaYAMLReader().read(path).intent_examples
    wanted, found = ({(message.get(INTENT), message.get(TEXT)) for message in side} for side in (plain, read))
    if wanted != found:
        intent, text = min(wanted ^ found)
        raise ViisiError(f"data: {text!r} of {intent} does not survive Rasa's own file format; write it otherwise")


def stock(messages: Sequence[Message], folder: Path, epochs: int) -> tuple[Path, float]:
    """Train the pipeline of ``rasa init`` on examples; the model, and the seconds that took."""
    write_examples(messages, folder / "nlu.yml")
    config = read_yaml(STOCK)
    for component in config["pipeline"]:
        if component["name"] == "DIETClassifier":
            component["epochs"] = epochs
    write_config(folder / "config.yml", config)
    command = [sys.executable, "-m", "rasa", "train", "nlu", "--config", "config.yml", "--nlu", "nlu.yml"]
    command += ["--out", ".", "--fixed-model-name", "stock"]
    environment = run.environment(RASA_CACHE_DIRECTORY=str(folder / "rasa-cache"))
    return folder / "stock.tar.gz", _timed(command, folder, environment)


def _timed(command: list[str], cwd: Path, environment: dict[str, str], quiet: bool = False) -> float:
    started = time.monotonic()
    stderr = subprocess.PIPE if quiet else None  # Rasa shows its progress there
    done = subprocess.run(command, cwd=cwd, env=environment, stdout=subprocess.DEVNULL, stderr=stderr)
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] if quiet else ["the reason stands above"]
        raise ViisiError(f"training failed: {' '.join(last)}")
    return time.monotonic() - started
