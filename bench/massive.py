"""The pipeline of config.yml on MASSIVE, the public data set of spoken requests in many languages.

``python -m bench.massive FOLDER [--partition dev]`` trains on the train partition of Finnish, Dutch, German, Chinese and
Persian (57,570 utterances, 60 intents) and scores a partition of these five and of zh-TW, which is never trained on. FOLDER
holds ``fi-FI.jsonl`` and so on, gzipped or not: the folder ``data`` of MASSIVE 1.1 (FitzGerald et al. 2022, arXiv 2204.08582,
CC BY 4.0), see github.com/alexa/massive. The answer to an utterance is the first intent of the ranking that is one of the data
set's, for the pipeline's last component may put a fallback before it.
"""

import argparse
import gzip
import json
import os
import sys
import tempfile
import time
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import mean
from typing import Any

from rasa.engine.exceptions import GraphComponentException
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bench import results, scores
from bench.parse import Parsed, parse
from bench.scores import Answer, Line
from bench.training import own_config, write_config
from scripts.train import quiet
from viisi.errors import ConfigurationError, ViisiError
from viisi.settings import ROOT
from viisi.training.importer import LANGUAGE_TAG

TRAINED = ("fi-FI", "nl-NL", "de-DE", "zh-CN", "fa-IR")
UNSEEN = "zh-TW"
TRAIN = "train"
WORST = 20
_KEYS = ("partition", "intent", "utt")
_CURE = "get MASSIVE 1.1 (github.com/alexa/massive) and name the folder with its .jsonl files"


class Massive(RasaFileImporter):
    """Rasa's way to the train partition: each utterance with its intent and the tag of its language."""

    def __init__(
        self,
        config_file: str | None = None,
        domain_path: str | None = None,
        training_data_paths: list[str] | str | None = None,
        folder: str = "",
        limit: int | None = None,
    ) -> None:
        super().__init__(config_file, domain_path, training_data_paths)
        self._folder, self._limit = Path(folder), limit

    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        """All five languages."""
        return TrainingData(
            [
                Message({TEXT: line.text, INTENT: line.label, LANGUAGE_TAG: line.language.partition("-")[0]})
                for locale in TRAINED
                for line in read(self._folder, locale, TRAIN, self._limit)
            ]
        )


def read(folder: Path, locale: str, partition: str, limit: int | None = None) -> list[Line]:
    """A partition of a locale; at most ``limit`` utterances of each intent. Raises ConfigurationError."""
    path = _file(folder, locale)
    found: list[Line] = []
    partitions: set[str] = set()
    taken: Counter[str] = Counter()
    for number, text in enumerate(_text_lines(path), 1):
        try:
            row = json.loads(text)
            kind, intent, utterance = (row[key] for key in _KEYS)
            if not all(isinstance(value, str) and value.strip() for value in (kind, intent, utterance)):
                raise ValueError
        except (ValueError, KeyError, TypeError):
            raise ConfigurationError(
                f"{path}, line {number} is no JSON object with {', '.join(_KEYS)}; copy the file anew, or {_CURE}"
            ) from None
        partitions.add(kind)
        if kind == partition and (limit is None or taken[intent] < limit):
            taken[intent] += 1
            found.append(Line(utterance, intent, locale))
    if not found:
        raise ConfigurationError(
            f"{path} has no partition {partition!r}; it has {', '.join(sorted(partitions)) or 'none'}: choose one, or {_CURE}"
        )
    return found


def _file(folder: Path, locale: str) -> Path:
    if not folder.is_dir():
        raise ConfigurationError(f"{folder} is no folder; {_CURE}")
    for ending in (".jsonl", ".jsonl.gz"):
        if (folder / f"{locale}{ending}").is_file():
            return folder / f"{locale}{ending}"
    raise ConfigurationError(f"{folder} has no {locale}.jsonl or {locale}.jsonl.gz; {_CURE}")


def _text_lines(path: Path) -> Iterator[str]:
    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as file:
            yield from (line for line in file if line.strip())
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read ({error}); copy the file anew, or {_CURE}") from None


def check(folder: Path, partition: str) -> None:
    """Raises ConfigurationError where something is missing or broken, before anything is trained."""
    for locale in (*TRAINED, UNSEEN):
        read(folder, locale, partition)
    for locale in TRAINED:
        read(folder, locale, TRAIN)


def train(folder: Path, into: Path, cache: Path | None, limit: int | None) -> tuple[Path, float]:
    """Train config.yml's pipeline with nothing but the importer replaced; the model, and the seconds that took."""
    config = own_config(cache)
    config["importers"] = [{"name": "bench.massive.Massive", "folder": str(folder), "limit": limit}]
    path = write_config(into / "config.yml", config)
    (into / "nothing").mkdir()  # Rasa wants a place to read examples from; the importer has its own
    from rasa.model_training import train_nlu

    os.environ["RASA_CACHE_DIRECTORY"] = str(into / "rasa-cache")
    started = time.monotonic()
    try:
        model = train_nlu(str(path), str(into / "nothing"), str(into), fixed_model_name="massive")
    except GraphComponentException as error:
        raise _reason(error) from error
    if model is None:
        raise ViisiError("training failed; the reason stands above")
    return Path(model), time.monotonic() - started


def _reason(error: BaseException) -> BaseException:
    """The error of ours that Rasa has wrapped, or else the error itself."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ViisiError):
            return cause
        cause = cause.__cause__
    return error


def answer(found: Answer, intents: frozenset[str]) -> str | None:
    """The first of the ranking that is an intent of MASSIVE's."""
    return next((name for name, _ in found.ranking if name in intents), None)


def score(lines: list[Line], parsed: Parsed, intents: frozenset[str]) -> dict[str, Any]:
    """Accuracy by locale, and the commonest confusions of the languages that were trained."""
    found = [answer(one, intents) for one in parsed.answers]
    locales = scores.grouped(lines, found, lambda line: line.language)
    pairs: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for line, name in zip(lines, found, strict=True):
        if name != line.label and line.language in TRAINED:
            pairs[line.label, name or "nothing"].append(line)
    worst = sorted(pairs.items(), key=lambda pair: (-len(pair[1]), pair[0]))[:WORST]
    return {
        "locale": locales,
        "mean": {kind: mean(locales[locale][kind] for locale in TRAINED) for kind in ("accuracy", "macro_f1")},
        "confusions": [
            {"label": label, "taken_for": name, "lines": len(members), "example": members[0].text}
            for (label, name), members in worst
        ],
        "latency_ms": scores.latency([one.milliseconds for one in parsed.answers]),
        "memory_mb": parsed.memory_mb,
    }


def run(folder: Path, partition: str, limit: int | None, fresh: bool) -> Mapping[str, Any]:
    """Check, train, score."""
    check(folder, partition)
    training = [line for locale in TRAINED for line in read(folder, locale, TRAIN, limit)]
    intents = frozenset(line.label for line in training)
    lines = [line for locale in (*TRAINED, UNSEEN) for line in read(folder, locale, partition, limit)]
    print(f"training on {len(training)} utterances, {len(intents)} intents …", flush=True)
    with tempfile.TemporaryDirectory() as name:
        model, seconds = train(folder, Path(name), Path(name, "encodings.db") if fresh else None, limit)
        print(f"trained in {seconds:.0f} s; scoring {len(lines)} utterances …", flush=True)
        parsed = parse(model, [line.text for line in lines])
    return {
        **score(lines, parsed, intents),
        "partition": partition,
        "trained_on": len(training),
        "intents": len(intents),
        "training_s": seconds,
        "encodings": "anew" if fresh else "from the cache where known",
        "limit": limit,
    }


def main() -> int:
    """Train, score, print and write the section ``massive``."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.massive", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where fi-FI.jsonl and the others are")
    parser.add_argument("--partition", default="dev", help="the partition to score: dev (the default) or test")
    parser.add_argument("--limit", type=int, metavar="N", help="a trial: N utterances of each intent, locale and partition")
    parser.add_argument("--fresh", action="store_true", help="encode all anew, to time the training")
    results.add_option(parser)
    options = parser.parse_args()
    folder = options.folder.absolute()
    os.chdir(ROOT)
    quiet()
    started = time.monotonic()
    try:
        figures = run(folder, options.partition, options.limit, options.fresh)
        results.save("massive", figures, time.monotonic() - started, options.json)
    except ViisiError as error:
        print(f"bench.massive: {error}", file=sys.stderr)
        return 1
    for locale in (*TRAINED, UNSEEN):
        row = figures["locale"][locale]
        never = " (never trained on)" if locale == UNSEEN else ""
        print(f"{locale}  accuracy {row['accuracy']:7.2%}  macro-F1 {row['macro_f1']:7.2%}  of {row['lines']}{never}")
    print(f"mean of the five on {options.partition}: {figures['mean']['accuracy']:.2%}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
