"""Writes docs/benchmarks.md and its plots from docs/benchmarks.json and bench/confusions.yml, and from nothing else.

``python -m bench.report``; the last step of ``make bench``. A section that was not run is named as such.
"""

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench import plots, results
from viisi.errors import ConfigurationError, ViisiError
from viisi.languages import read_yaml
from viisi.settings import ROOT

REMARKS = ROOT / "bench" / "confusions.yml"
PAGE = ROOT / "docs" / "benchmarks.md"
PLOTS = ("accuracy-language", "accuracy-style", "calibration", "parse-latency", "turn-latency", "language")
COMMANDS = {
    "nlu": "python -m bench.nlu",
    "nlu_stock": "python -m bench.nlu",
    "language": "python -m bench.language",
    "entities": "python -m bench.entities",
    "turn": "python -m bench.turn",
    "massive": "python -m bench.massive FOLDER",
}
TWO_WORDS = {"fi": 96, "nl": 90, "de": 93, "zh": 99, "fa": 97}
MOST_CONFUSIONS = 10
_NONE = "–"
_HOW = """# Benchmarks

Written by `make bench`; do not edit it. The figures are in [benchmarks.json](benchmarks.json).

```
make bench                                        # hours, nearly all of them for stock Rasa's DIET at its 100 epochs
make bench STOCK_EPOCHS=10                        # the same, stock Rasa trained for fewer epochs
make bench MASSIVE=folder PARTITION=test          # MASSIVE too; PARTITION is dev by default
```

Each part can be run alone (`.venv/bin/python -m bench.nlu --help`), and `.venv/bin/python -m bench.report` writes this page
anew. Let nothing else run on the machine. MASSIVE is Amazon's public data set, version 1.1 (FitzGerald et al. 2022, arXiv
2204.08582, CC BY 4.0): get it from [github.com/alexa/massive](https://github.com/alexa/massive) and name the folder that holds
`fi-FI.jsonl` and the others.
"""
# FitzGerald et al. 2022, table 8, and a linear model measured before this assistant was built; all on the test partition.
_PUBLISHED = (
    ("mT5 base, encoder only (paper, table 8)", "86.8 %", _NONE),
    ("XLM-R base, fine-tuned (paper, table 8)", "86.0 %", _NONE),
    ("linear model on character n-grams and frozen e5-small", "85.0 %", "75.5 %"),
)

Sections = Mapping[str, Any]


def at(content: Any, *path: str) -> Any:
    """What stands at a path of keys; None where anything on the way is missing."""
    for key in path:
        content = content.get(key) if isinstance(content, Mapping) else None
    return content


def percent(share: float | None) -> str:
    return _NONE if share is None else f"{100 * share:.1f} %"


def number(value: float | None, unit: str = "", digits: int = 1) -> str:
    return _NONE if value is None else f"{value:,.{digits}f}{unit}"


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A Markdown table; an empty string where there are no rows."""
    lines = ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *lines]) + "\n" if lines else ""


def _cell(value: Any) -> str:
    return " ".join(str(value).replace("|", "\\|").split()) or " "


def page(sections: Sections, remarks: Sequence[Mapping[str, str]]) -> str:
    """The whole page."""
    parts = [_HOW, *_targets(sections), *_runs(sections), *_nlu(sections, remarks), *_massive(sections)]
    return "\n".join([*parts, *_language(sections), *_turn(sections), *_entities(sections)])


def _figures(sections: Sections, name: str) -> Any:
    return at(sections, name, "figures")


def _missing(*names: str) -> list[str]:
    return [f"Not run: `{COMMANDS[name]}`.\n" for name in names]


def _trial(figures: Any) -> list[str]:
    limit = at(figures, "limit")
    return [f"**A trial with `--limit {limit}`: these figures mean nothing.**\n"] if limit else []


def _targets(sections: Sections) -> list[str]:
    nlu, massive, turn = (_figures(sections, name) for name in ("nlu", "massive", "turn"))
    rows: list[tuple[str, ...]] = []

    def reach(what: str, target: str, found: str, reached: bool | None, where: str = "") -> None:
        said = {True: "yes", False: "no", None: "not run"}[reached]
        rows.append((what, target, found, said + where if reached is not None else said))

    def share(what: str, target: float, found: float | None, least: float | None = None, where: str = "") -> None:
        wanted = f"{target:g} %" + (f" (at least {least:g} %)" if least else "")
        reach(what, wanted, percent(found), None if found is None else round(100 * found, 2) >= target, where)

    def most(what: str, target: float, unit: str, found: float | None) -> None:
        reach(what, f"{target:g} {unit}", number(found, f" {unit}"), None if found is None else found <= target)

    for tag, row in (at(nlu, "pipeline", "language") or {"each language": {}}).items():
        share(f"unseen support messages, {tag}", 92, row.get("accuracy"), 90)
    where = f", on {massive['partition']}" if massive else ""
    share("MASSIVE test, mean of the five", 86.8, at(massive, "mean", "accuracy"), 85.5, where)
    share("MASSIVE test, zh-TW, never trained on", 82, at(massive, "locale", "zh-TW", "accuracy"), where=where)
    share("order numbers found, tables of the tests", 99.5, at(nlu, "entities", "order_number", "tables", "recall"))
    share("order numbers found, held-out messages", 99.5, at(nlu, "entities", "order_number", "held_out", "recall"))
    share("out of scope caught while 95 % pass", 90, at(nlu, "out_of_scope", "all", "caught"))
    named = at(_figures(sections, "language"), "viisi", "rows", "held-out, two words")
    for tag, target in TWO_WORDS.items():
        right = at(named, tag, "right")
        share(f"language of two words, {tag}", target, None if right is None else right / 100)
    most("parsing one message on one core, p50", 12, "ms", at(nlu, "latency_ms", "one_core", "p50"))
    most("one turn, p50", 20, "ms", at(turn, "viisi", "conversations", "1", "p50"))
    levels = at(turn, "viisi", "conversations") or {}
    fastest = max((row["turns_per_s"] for row in levels.values()), default=None)
    reach("turns a second of one server", "60", number(fastest), None if fastest is None else fastest >= 60)
    most("memory of the server", 800, "MB", at(turn, "viisi", "memory_mb"))
    most("training, nothing encoded yet", 60, "s", at(nlu, "training_s", "empty_cache"))
    head = ("what", "to reach", "found", "reached")
    return ["## What was to be reached\n", *_trial(nlu or massive), table(head, rows)]


def _runs(sections: Sections) -> list[str]:
    rows, packages = [], {}
    for name in COMMANDS:
        run = sections.get(name)
        if run is None:
            rows.append((name, "not run", _NONE, _NONE, _NONE))
            continue
        machine = run["machine"]
        described = f"{machine['cores']} cores, {machine['cpu']}, {machine['system']}, Python {machine['python']}"
        rows.append((name, run["date"], run["commit"], described, f"{run['seconds']:,} s"))
        packages.setdefault(", ".join(f"{key} {value}" for key, value in machine["packages"].items()), []).append(name)
    lines = [f"- {', '.join(names)}: {versions}" for versions, names in packages.items()]
    note = "`+` behind a commit: files differed from it. Packages:\n\n" + "\n".join(lines) + "\n" if lines else ""
    return ["## What was run\n", table(("part", "date", "commit", "machine", "took"), rows), note]


def _nlu(sections: Sections, remarks: Sequence[Mapping[str, str]]) -> list[str]:
    own, stock = _figures(sections, "nlu"), _figures(sections, "nlu_stock")
    parts = ["## Held-out messages\n"]
    if own is None:
        return [*parts, *_missing("nlu")]
    parts.append(
        f"{own['lines']:,} messages of `tests/<language>/nlu.yml` in six styles ([labels.md](labels.md)), none of which is in"
        f" the training data; trained on {own['examples']:,} examples. *Pipeline*: the whole of it, a fallback counts as wrong."
        " *First choice*: what the classifier ranked first, before the fallback.\n"
    )
    if stock is None:
        parts += ["Stock Rasa: not run (`python -m bench.nlu` without `--skip-stock`).\n"]
    else:
        parts.append(
            f"Stock Rasa: the pipeline that `rasa init` gives (`bench/stock.yml`), trained on the same {stock['examples']:,}"
            f" examples (one that two languages share counts once there), **DIET for {stock['epochs']} epochs** (its default is"
            " 100).\n"
        )
        if (stock["held_out"], stock["examples"]) != (own["held_out"], own["examples"]):
            parts.append(
                "**It was measured on other messages or other examples than Viisi; run `python -m bench.nlu` again.**\n"
            )
    parts += [*_trial(own), *_quality(own, stock), *_confusions(own, remarks), *_calibration(own, stock)]
    return [*parts, *_out_of_scope(own, stock), *_values(own, stock), *_cost(own, stock)]


def _quality(own: Any, stock: Any) -> list[str]:
    head = ("", "messages", "Viisi pipeline", "macro-F1", "first choice", "stock pipeline", "macro-F1", "first choice")

    def row(name: str, *path: str) -> tuple[str, ...]:
        cells = [name, str(at(own, "pipeline", *path, "lines"))]
        for figures in (own, stock):
            cells += [percent(at(figures, "pipeline", *path, "accuracy")), percent(at(figures, "pipeline", *path, "macro_f1"))]
            cells.append(percent(at(figures, "first_choice", *path, "accuracy")))
        return tuple(cells)

    def rows(kind: str) -> list[tuple[str, ...]]:
        return [row(name, kind, name) for name in own["pipeline"][kind]]

    styles = list(own["pipeline"]["style"])
    crossed = [
        (who, tag, *(percent(at(figures, "pipeline", "language_style", tag, style, "accuracy")) for style in styles))
        for tag in own["pipeline"]["language_style"]
        for who, figures in (("Viisi", own), ("stock", stock))
        if figures
    ]
    labels = [
        (f"`{label}`", cells["lines"], percent(cells["recall"]), percent(cells["precision"]), percent(cells["f1"]))
        + (percent(at(stock, "pipeline", "label", label, "recall")), percent(at(stock, "pipeline", "label", label, "f1")))
        for label, cells in own["pipeline"]["label"].items()
    ]
    return [
        "### By language\n",
        table(head, [*rows("language"), row("all", "all")]),
        "![Accuracy by language](benchmarks/accuracy-language.svg)\n",
        "By script, as the messages happen to be written:\n",
        table(head, rows("variety")),
        "### By style\n",
        table(head, rows("style")),
        "![Accuracy by style](benchmarks/accuracy-style.svg)\n",
        table(("accuracy", "", *styles), crossed),
        "### By label\n",
        table(("label", "messages", "Viisi recall", "precision", "F1", "stock recall", "F1"), labels),
    ]


def _confusions(own: Any, remarks: Sequence[Mapping[str, str]]) -> list[str]:
    tried = {(remark["label"], remark["taken_for"]): remark["tried"] for remark in remarks}
    worst = own["confusions"][:MOST_CONFUSIONS]
    rows = [
        (
            f"`{pair['label']}`",
            f"`{pair['taken_for']}`",
            pair["lines"],
            pair["withheld"],
            ", ".join(f"{tag} {count}" for tag, count in pair["languages"].items()),
            pair["example"],
            tried.pop((pair["label"], pair["taken_for"]), _NONE),
        )
        for pair in worst
    ]
    head = ("is", "taken for", "messages", "withheld", "languages", "for example", "what was tried")
    parts = [
        "### The ten worst confusions\n",
        "Of the first choice, in all languages; *withheld*: the fallback kept them from being acted upon.\n",
        table(head, rows),
    ]
    if tried:
        former = [(f"`{label}`", f"`{other}`", text) for (label, other), text in sorted(tried.items())]
        parts += ["No longer among them:\n", table(("is", "taken for", "what was tried"), former)]
    return parts


def _calibration(own: Any, stock: Any) -> list[str]:
    rows = [
        (
            f"{row['from']:.1f}–{row['to']:.1f}",
            row["lines"],
            percent(row["confidence"]),
            percent(row["accuracy"]),
        )
        for row in own["calibration"]["bins"]
    ]
    errors = f"Expected calibration error: Viisi {percent(own['calibration']['expected_error'])}"
    errors += f", stock Rasa {percent(at(stock, 'calibration', 'expected_error'))}.\n"
    return [
        "### Calibration\n",
        errors,
        table(("confidence", "messages", "mean confidence", "right"), rows),
        "![Calibration](benchmarks/calibration.svg)\n",
    ]


def _out_of_scope(own: Any, stock: Any) -> list[str]:
    def row(name: str, *path: str) -> tuple[str, ...]:
        cells = [name, str(at(own, "out_of_scope", *path, "lines") or _NONE)]
        for figures in (own, stock):
            found = at(figures, "out_of_scope", *path)
            cells += [percent(at(found, "caught")), number(at(found, "auroc"), digits=3)]
            cells.append(percent(at(found, "as_configured", "caught")))
            cells.append(percent(at(found, "as_configured", "withheld_in_scope")))
        return tuple(cells)

    names = ("caught", "AUROC", "as configured: caught", "and in scope withheld")
    head = ("", "messages", *(f"Viisi {name}" for name in names), *(f"stock {name}" for name in names))
    rows = [row(tag, "language", tag) for tag in own["out_of_scope"]["language"]]
    return [
        "### Out of scope\n",
        "*Caught*: a message's score is the highest confidence among the labels that are served; the threshold is where 95 % of"
        " the row's in-scope messages pass, and caught is the share of its out-of-scope messages below. *As configured*: with"
        " the assistant's own fallback, how many out-of-scope messages are not acted upon, and how many in-scope ones are not"
        " either.\n",
        table(head, [*rows, row("all", "all")]),
    ]


def _values(own: Any, stock: Any) -> list[str]:
    rows = []
    for kind, places in own["entities"].items():
        for place, cells in places.items():
            beside = at(stock, "entities", kind, place)
            name = f"{kind.replace('_', ' ')}, {place.replace('_', '-')}"
            values = (cells["messages"], cells["wanted"], percent(cells["recall"]), percent(cells["precision"]))
            rows.append((name, *values, percent(at(beside, "recall")), percent(at(beside, "precision"))))
    return [
        "### Order numbers and e-mails\n",
        "*Tables*: `tests/fixtures/entities.yml`. *Held-out*: messages that plainly hold one, found by a regular expression of"
        " the benchmark's own over normalised text (six digits from 10, an ASCII address), so those written in words or groups"
        " are not among them. The training examples have no marked entities, so stock Rasa can learn none.\n",
        table(("", "messages", "values", "Viisi recall", "precision", "stock recall", "precision"), rows),
    ]


def _cost(own: Any, stock: Any) -> list[str]:
    def row(name: str, unit: str, digits: int, *path: str) -> tuple[str, ...]:
        return (name, *(number(at(figures, *path), unit, digits) for figures in (own, stock)))

    rows = [
        row(f"{name}, {cores.replace('_', ' ')}", " ms", 1, "latency_ms", cores, name)
        for cores in ("one_core", "all_cores")
        for name in ("p50", "p95", "p99")
    ]
    trained = number(at(stock, "training_s", "all"), " s", 0)
    rows.append(("training, nothing encoded yet", number(at(own, "training_s", "empty_cache"), " s", 0), trained))
    rows.append(("training, all encoded before", number(at(own, "training_s", "full_cache"), " s", 0), _NONE))
    rows.append(row("loading the model", " s", 1, "load_s"))
    rows.append(row("memory of a process that has loaded it and parsed", " MB", 0, "memory_mb"))
    return [
        "### Time and memory\n",
        "Parsing one message after another in one process, after a warm-up; an MB is 10⁶ bytes.\n",
        table(("", "Viisi", "stock Rasa"), rows),
        "![Parsing latency](benchmarks/parse-latency.svg)\n",
    ]


def _massive(sections: Sections) -> list[str]:
    figures = _figures(sections, "massive")
    parts = ["## MASSIVE\n"]
    if figures is None:
        return [*parts, *_missing("massive")]
    partition = figures["partition"]
    parts.append(
        f"The pipeline of `config.yml`, trained on {figures['trained_on']:,} utterances of the train partition"
        f" ({figures['intents']} intents) in {figures['training_s']:,.0f} s (encodings: {figures['encodings']}), scored on the"
        f" **{partition}** partition. zh-TW was never trained on.\n"
    )
    rows = [
        (locale, row["lines"], percent(row["accuracy"]), percent(row["macro_f1"])) for locale, row in figures["locale"].items()
    ]
    mean = figures["mean"]
    rows.append(("**mean of fi nl de zh-CN fa**", "", percent(mean["accuracy"]), percent(mean["macro_f1"])))
    beside = [
        (
            "**Viisi**",
            partition,
            percent(mean["accuracy"]),
            percent(at(figures, "locale", "zh-TW", "accuracy")),
        ),
        *((name, "test", five, unseen) for name, five, unseen in _PUBLISHED),
    ]
    worst = [
        (f"`{pair['label']}`", f"`{pair['taken_for']}`", pair["lines"], pair["example"]) for pair in figures["confusions"][:10]
    ]
    return [
        *parts,
        *_trial(figures),
        table(("locale", "utterances", "accuracy", "macro-F1"), rows),
        "Beside it, accuracy; mind the partition:\n",
        table(("system", "partition", "mean of the five", "zh-TW"), beside),
        "Worst confusions of the five:\n",
        table(("is", "taken for", "utterances", "for example"), worst),
    ]


def _language(sections: Sections) -> list[str]:
    figures = _figures(sections, "language")
    parts = ["## Language identification\n"]
    if figures is None:
        return [*parts, *_missing("language")]
    own, lingua = figures["viisi"], figures["lingua"]
    rows = [
        (kind, tag, row["cases"], *(number(row[name]) for name in ("right", "unnamed", "wrong", "clearly_wrong")))
        + (number(at(lingua, "rows", kind, tag, "right")), number(at(lingua, "rows", kind, tag, "wrong")))
        for kind, tags in own["rows"].items()
        for tag, row in tags.items()
    ]
    head = ("messages", "language", "", "right", "unnamed", "wrong", "clearly wrong", "lingua right", "wrong")
    return [
        *parts,
        f"In hundredths, beside lingua alone with its large models. A message takes {own['median_ms']} ms (lingua"
        f" {lingua['median_ms']} ms), the identifier {own['memory_mb']} MB (lingua {lingua['memory_mb']} MB). *Unnamed*: said"
        " to be doubtful rather than guessed; *clearly wrong*: a conversation would switch. `other`: none of the five; `none`:"
        " cannot be told. *Held-out*: from `tests/<language>/nlu.yml`; the others from `bench/language.yml`.\n",
        table(head, rows),
        "![Language identification](benchmarks/language.svg)\n",
    ]


def _turn(sections: Sections) -> list[str]:
    figures = _figures(sections, "turn")
    parts = ["## Whole turns\n"]
    if figures is None:
        return [*parts, *_missing("turn")]
    whose = (("Viisi", figures["viisi"]), ("`rasa init`", figures["stock"]))
    rows = [
        (who, count, *(number(row[name]) for name in ("p50", "p95", "p99")), number(row["turns_per_s"]), row["turns"])
        for who, found in whose
        for count, row in sorted(found["conversations"].items(), key=lambda level: int(level[0]))
    ]
    servers = [
        (who, number(found["memory_mb"], " MB", 0), number(found["start_s"], " s"), number(found["training_s"], " s", 0))
        for who, found in whose
    ]
    return [
        *parts,
        "Over the REST webhook on this machine, one worker, each conversation sending its next turn when the last is answered."
        " The assistant that `rasa init` makes speaks English only and has a dozen examples an intent.\n",
        table(("", "conversations", "p50 ms", "p95 ms", "p99 ms", "turns a second", "turns"), rows),
        table(("", "memory", "start", "training"), servers),
        "![Latency of a turn](benchmarks/turn-latency.svg)\n",
    ]


def _entities(sections: Sections) -> list[str]:
    figures = _figures(sections, "entities")
    parts = ["## The entity extractor alone\n"]
    if figures is None:
        return [*parts, *_missing("entities")]
    rows = [
        (name, row["messages"], row["wanted"], percent(row["recall"]), percent(row["precision"]))
        for name, row in figures["rows"].items()
    ]
    speed = ", ".join(f"{number(ms, ' ms', 2)} for *{_cell(text)}*" for text, ms in figures["median_ms"].items())
    return [*parts, f"Median time: {speed}.\n", table(("", "messages", "values", "recall", "precision"), rows)]


def draw(sections: Sections, folder: Path) -> None:
    """Write the plots for which there are figures, and remove the others."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in PLOTS:
        (folder / f"{name}.svg").unlink(missing_ok=True)
    nlu = {
        who: figures
        for who, name in (("Viisi", "nlu"), ("stock Rasa", "nlu_stock"))
        if (figures := _figures(sections, name)) is not None
    }
    if nlu:
        for kind, target in (("language", ("to reach: 92", 92.0)), ("style", None)):
            accuracy = {
                who: {name: 100 * row["accuracy"] for name, row in figures["pipeline"][kind].items()}
                for who, figures in nlu.items()
            }
            path = folder / f"accuracy-{kind}.svg"
            plots.bars(path, f"Held-out accuracy by {kind}", accuracy, "%", target)
        plots.reliability(folder / "calibration.svg", {who: figures["calibration"]["bins"] for who, figures in nlu.items()})
        times = {who: dict(figures["latency_ms"]["one_core"]) for who, figures in nlu.items()}
        plots.bars(folder / "parse-latency.svg", "Parsing one message, one core", times, "ms", ("to reach, p50: 12", 12.0))
    turn = _figures(sections, "turn")
    if turn is not None:
        levels = {
            who: {
                f"{name}, {count} at once": row[name]
                for count, row in sorted(turn[key]["conversations"].items(), key=lambda level: int(level[0]))
                for name in ("p50", "p95", "p99")
            }
            for who, key in (("Viisi", "viisi"), ("stock Rasa", "stock"))
        }
        plots.bars(folder / "turn-latency.svg", "One turn over the REST webhook", levels, "ms (logarithmic)", logarithmic=True)
    language = _figures(sections, "language")
    if language is not None:
        right = {who: _right(language[key]["rows"]) for who, key in (("Viisi", "viisi"), ("lingua", "lingua"))}
        plots.bars(folder / "language.svg", "Languages named rightly", right, "%")


def _right(rows: Mapping[str, Any]) -> dict[str, float]:
    """The share of right messages of each kind, over its languages."""
    return {
        kind: sum(row["right"] * row["cases"] for row in tags.values()) / sum(row["cases"] for row in tags.values())
        for kind, tags in rows.items()
    }


def read_remarks(path: Path = REMARKS) -> list[dict[str, str]]:
    """What was tried against which confusion. Raises ConfigurationError."""
    remarks = read_yaml(path).get("confusions")
    wanted = {"label", "taken_for", "tried"}
    if not isinstance(remarks, list) or any(not isinstance(remark, dict) or set(remark) != wanted for remark in remarks):
        raise ConfigurationError(f"{path}: 'confusions' is no list of entries with label, taken_for and tried; write it so")
    return remarks


def main() -> int:
    """Write page and plots."""
    parser = argparse.ArgumentParser(prog="python -m bench.report", description=__doc__)
    results.add_option(parser)
    parser.add_argument("--page", type=Path, default=PAGE, help="the page to write; its plots go into a folder of its name")
    options = parser.parse_args()
    try:
        sections = results.load(options.json)
        text = page(sections, read_remarks())
    except ViisiError as error:
        print(f"bench.report: {error}", file=sys.stderr)
        return 1
    options.page.write_text(text, encoding="utf-8")
    draw(sections, options.page.with_suffix(""))
    print(f"wrote {options.page}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
