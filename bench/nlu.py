"""How well and how fast held-out messages are understood, beside stock Rasa trained on the same examples.

``python -m bench.nlu`` scores the model for the present files on tests/<language>/nlu.yml, then trains the pipeline of
``rasa init`` on exactly the same examples and scores it on the same lines. With DIET's 100 epochs that takes hours on two
cores: ``--stock-epochs`` lowers them, ``--skip-stock`` leaves the figures of the last such run as they are. The sections
``nlu`` and ``nlu_stock`` of docs/benchmarks.json have the same shape.
"""

import argparse
import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench import results, scores, training
from bench.entities import TABLES
from bench.parse import parse
from bench.scores import Answer, Line
from scripts.train import ensure_model, quiet
from viisi.errors import ConfigurationError, ViisiError
from viisi.languages import language_folders, read_yaml
from viisi.nlu.normalise import normalise
from viisi.settings import ROOT

WRITTEN = ("order_number", "email")  # kinds of entities that are looked for
TIMED = 500  # messages whose parsing is timed once more, on all cores


def held_out(limit: int | None = None, folder: Path = ROOT / "tests") -> list[Line]:
    """The lines of tests/<language>/nlu.yml; at most ``limit`` of each language, taken evenly."""
    lines: list[Line] = []
    for tag in (path.name for path in language_folders()):
        path = folder / tag / "nlu.yml"
        if not path.exists():
            continue
        own = list(_lines(path, tag))
        lines += own[:: max(1, len(own) // limit)][:limit] if limit else own
    if not lines:
        raise ConfigurationError(f"{folder} holds no <language>/nlu.yml; restore them from the repository")
    return lines


def _lines(path: Path, tag: str) -> list[Line]:
    try:
        return [
            Line(text.strip().removeprefix("- "), block["intent"], tag, block["metadata"]["style"])
            for block in read_yaml(path)["nlu"]
            for text in block["examples"].splitlines()
            if text.strip()
        ]
    except (KeyError, TypeError) as error:
        raise ConfigurationError(f"{path}: a block has no {error}; give each an intent, a style and examples") from None


def fingerprint(lines: Sequence[Line]) -> str:
    """Tells whether two runs have scored the same lines."""
    return hashlib.sha256(repr(sorted((line.language, line.label, line.text) for line in lines)).encode()).hexdigest()[:12]


def understood(lines: Sequence[Line], answers: Sequence[Answer]) -> dict[str, Any]:
    """All that is counted about intents."""
    first = [answer.first() for answer in answers]
    right = [name == line.label for line, (name, _) in zip(lines, first, strict=True)]

    def by_language(count: Callable[[list[Line], list[Answer]], Any]) -> dict[str, Any]:
        tags = sorted({line.language for line in lines})
        chosen = {tag: [number for number, line in enumerate(lines) if line.language == tag] for tag in tags}
        return {tag: count([lines[n] for n in members], [answers[n] for n in members]) for tag, members in chosen.items()}

    return {
        "pipeline": scores.tables(lines, [answer.intent for answer in answers]),
        "first_choice": scores.tables(lines, [name for name, _ in first]),
        "confusions": scores.confusions(lines, answers),
        "calibration": scores.calibration([sure for _, sure in first], right),
        "out_of_scope": {
            "all": scores.out_of_scope(lines, answers),
            "language": by_language(scores.out_of_scope),
        },
    }


def table_texts() -> dict[str, dict[str, list[str]]]:
    """By kind, the messages of tests/fixtures/entities.yml and what is in them."""
    return {kind: {**TABLES[kind], **{text: [] for text in TABLES[f"no_{kind}"]}} for kind in WRITTEN}


def entities(lines: Sequence[Line], answers: Sequence[Answer], tabled: dict[str, Answer]) -> dict[str, Any]:
    """Recall of order numbers and e-mails: in the tables of the tests, and in held-out lines that plainly hold one."""

    def values(answer: Answer, kind: str) -> list[str]:
        return [normalise(str(value)) for found, value in answer.entities if found == kind]

    found: dict[str, Any] = {}
    for kind, table in table_texts().items():
        cases = [(wanted, values(tabled[text], kind)) for text, wanted in table.items() if text in tabled]
        held = [
            (scores.plainly_written(kind, line.text), values(answer, kind)) for line, answer in zip(lines, answers, strict=True)
        ]
        found[kind] = {"tables": scores.recall(cases), "held_out": scores.recall([case for case in held if case[0]])}
    return found


def measure(model: Path, lines: Sequence[Line], limit: int | None) -> dict[str, Any]:
    """All figures of one model: accuracy from one pass on one core, which also times it; then time on all cores."""
    texts = [line.text for line in lines]
    written = list(dict.fromkeys(text for table in table_texts().values() for text in table))[:limit]
    alone = parse(model, [*texts, *written], cores=1)
    every = parse(model, texts[:: max(1, len(texts) // TIMED)][:TIMED])
    answers = alone.answers[: len(texts)]
    return {
        **understood(lines, answers),
        "entities": entities(lines, answers, dict(zip(written, alone.answers[len(texts) :], strict=True))),
        "latency_ms": {
            "one_core": scores.latency([answer.milliseconds for answer in answers]),
            "all_cores": scores.latency([answer.milliseconds for answer in every.answers]),
        },
        "memory_mb": alone.memory_mb,
        "load_s": alone.load_s,
        "lines": len(lines),
        "held_out": fingerprint(lines),
        "limit": limit,
    }


def own_training() -> dict[str, float]:
    """Seconds to train this assistant with no encodings cached, and again with all of them."""
    with tempfile.TemporaryDirectory() as name:
        cache = Path(name, "encodings.db")
        seconds = {}
        for kind in ("empty_cache", "full_cache"):
            folder = Path(name, kind)
            folder.mkdir()
            print(f"training Viisi to time it, {kind.replace('_', ' ')} …", flush=True)
            seconds[kind] = training.own(folder, cache)
        return seconds


def main() -> int:
    """Score both; write each section as soon as it is known."""
    parser = argparse.ArgumentParser(prog="python -m bench.nlu", description=__doc__)
    parser.add_argument("--stock-epochs", type=int, default=100, metavar="N", help="epochs of stock Rasa's DIET (default: 100)")
    parser.add_argument("--skip-stock", action="store_true", help="leave stock Rasa's figures as they are")
    parser.add_argument("--skip-training", action="store_true", help="do not time this assistant's training")
    parser.add_argument("--limit", type=int, metavar="N", help="a trial: N lines a language, stock on N examples a label")
    parser.add_argument("--model", type=Path, help="another model than that for the present files")
    results.add_option(parser)
    options = parser.parse_args()
    os.chdir(ROOT)
    quiet()
    try:
        started = time.monotonic()
        lines, messages = held_out(options.limit), training.examples(options.limit)
        model = (options.model or ensure_model()).absolute()
        seconds = None if options.skip_training else own_training()
        print(f"parsing {len(lines)} held-out lines …", flush=True)
        figures = measure(model, lines, options.limit)
        figures |= {"training_s": seconds, "examples": len(training.examples())}
        results.save("nlu", figures, time.monotonic() - started, options.json)
        _print("Viisi", figures)
        if options.skip_stock:
            return 0
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as name:
            print(f"training stock Rasa on {len(messages)} examples, {options.stock_epochs} epochs …", flush=True)
            model, taken = training.stock(messages, Path(name), options.stock_epochs)
            figures = measure(model, lines, options.limit)
        figures |= {"training_s": {"all": taken}, "examples": len(messages), "epochs": options.stock_epochs}
        results.save("nlu_stock", figures, time.monotonic() - started, options.json)
        _print("stock Rasa", figures)
    except ViisiError as error:
        print(f"bench.nlu: {error}", file=sys.stderr)
        return 1
    return 0


def _print(who: str, figures: dict[str, Any]) -> None:
    for tag, row in {"all": figures["pipeline"]["all"], **figures["pipeline"]["language"]}.items():
        print(f"{who:12}{tag:5}{row['lines']:6} lines  accuracy {row['accuracy']:7.2%}  macro-F1 {row['macro_f1']:7.2%}")
    times = figures["latency_ms"]["one_core"]
    print(f"{who:12}one core: p50 {times['p50']:.1f} ms, p99 {times['p99']:.1f} ms; {figures['memory_mb']:.0f} MB")


if __name__ == "__main__":
    sys.exit(main())
