"""How well the language of a message is told, beside lingua alone: ``python -m bench.language``.

Trains on data/<language>/nlu.yml and measures on tests/<language>/nlu.yml, or on every fifth training line where those
do not exist, and on bench/language.yml. Each row counts messages named rightly, those left unnamed, those named
wrongly, and those wrong and `clear`, on which a conversation would switch to a wrong language. Writes the section ``language``.
"""

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml
from lingua import IsoCode639_1, LanguageDetectorBuilder

from bench import results
from viisi.nlu.language import OTHER, Identifier

ROOT = Path(__file__).parents[1]
LANGUAGES = ("fi", "nl", "de", "zh", "fa")
LINGUA = (
    *(
        "FI",
        "NL",
        "DE",
        "ZH",
        "FA",
        "EN",
        "SV",
        "NB",
        "DA",
        "ET",
        "FR",
        "ES",
        "IT",
        "PT",
        "PL",
        "TR",
        "ID",
        "HU",
        "CS",
        "RO",
    ),
    *("AR", "UR", "JA", "KO", "RU", "EL", "HE", "HI", "TH"),
)

Case = tuple[str, str, str | None]  # kind, message, language
_ENTITY = re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\{[^}]*\})")
_OWN_SCRIPT = {"zh": re.compile(r"[\u4e00-\u9fff]")}


def examples(path: Path) -> list[str]:
    """The examples of an nlu.yml, without the marks of entities."""
    blocks = yaml.load(path.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))["nlu"]
    lines = (line for block in blocks if "intent" in block for line in block["examples"].splitlines())
    return list(dict.fromkeys(_ENTITY.sub(r"\1", line.strip().removeprefix("- ")) for line in lines if line.strip()))


def split() -> tuple[list[tuple[str, str]], list[Case]]:
    """Training texts with their tags, and held-out cases."""
    training: list[tuple[str, str]] = []
    held: list[tuple[str, str]] = []
    for language in LANGUAGES:
        lines = examples(ROOT / "data" / language / "nlu.yml")
        tests = ROOT / "tests" / language / "nlu.yml"
        if tests.exists():
            held += [(line, language) for line in examples(tests)]
        else:
            held += [(line, language) for line in lines[::5]]
            lines = [line for number, line in enumerate(lines) if number % 5]
        training += [(line, language) for line in lines]
    written_in: dict[str, set[str]] = defaultdict(set)
    for text, language in training + held:
        written_in[text.lower()].add(language)
    return training, [
        (f"held-out, {_length(text, language)}", text, language)
        for text, language in held
        if _length(text, language)
        and len(written_in[text.lower()]) == 1
        and _OWN_SCRIPT.get(language, re.compile(r"[^\W\d_]")).search(text)  # "ok" is an example of every language
    ]


def _length(text: str, language: str) -> str | None:
    words = len(re.findall(r"[^\W\d_]+", text)) if language != "zh" else (len(re.findall(r"\w", text)) + 1) // 2
    return {1: "one word", 2: "two words"}.get(words) or ("sentences" if words >= 5 else None)


def written(training: list[tuple[str, str]]) -> Iterator[Case]:
    """The cases of language.yml that are no training example."""
    known = {text.lower() for text, _ in training}
    for kind, languages in yaml.safe_load((ROOT / "bench" / "language.yml").read_text(encoding="utf-8")).items():
        for language, cases in languages.items():
            for case in cases.split(" / "):
                if case.strip().lower() not in known:
                    yield kind.replace("_", " "), case.strip(), None if language == "none" else language


def lingua_alone() -> Callable[[str], dict[str, Any]]:
    """Lingua with its large models."""
    codes = [getattr(IsoCode639_1, code) for code in LINGUA]
    detector = LanguageDetectorBuilder.from_iso_codes_639_1(*codes).with_preloaded_language_models().build()

    def identify(text: str) -> dict[str, Any]:
        language = detector.detect_language_of(text)
        tag = language and language.iso_code_639_1.name.lower()
        return {"name": tag if tag in LANGUAGES or tag is None else OTHER, "clear": True}

    return identify


def measure(cases: list[Case], identify: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """Counts by kind and language, the messages that went wrong, and the median time of one."""
    rows: dict[str, dict[str, dict[str, float]]] = defaultdict(dict)
    wrong: list[str] = []
    times = []
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for kind, text, language in cases:
        start = time.perf_counter()
        found = identify(text)
        times.append(time.perf_counter() - start)
        count = counts[kind, language or "none"]
        name = found["name"]
        count[0] += name == language
        count[1] += name is None and language is not None
        count[2] += name not in (None, language)
        count[3] += name not in (None, language) and found["clear"]
        if name != language:
            wrong.append(f"{kind}, {language or 'none'}: {text!r} → {name}{' clear' if found['clear'] else ''}")
    for (kind, language), count in counts.items():
        cases_here = count[0] + count[1] + count[2]
        shares = (round(100 * part / cases_here, 1) for part in count)
        rows[kind][language] = dict(zip(("right", "unnamed", "wrong", "clearly_wrong"), shares, strict=True))
        rows[kind][language]["cases"] = cases_here
    return {"rows": rows, "median_ms": round(1000 * statistics.median(times), 3), "wrong": wrong}


def memory(identifier: Identifier) -> tuple[int, int]:
    """MB that the stored identifier, and lingua alone, add to a fresh process."""
    with tempfile.TemporaryDirectory() as directory:
        for script, classifier in identifier.classifiers.items():
            classifier.save(Path(directory, f"{script}.npz"))
        ours = f"""
            found = {{p.stem: NgramClassifier.load(p) for p in Path({directory!r}).glob("*.npz")}}
            Identifier({identifier.languages!r}, found).identify("订单")
        """
        return _added(ours), _added("lingua_alone()")


def _added(code: str) -> int:
    program = f"""
        from pathlib import Path
        from bench.language import lingua_alone
        from viisi.nlu.language import Identifier, NgramClassifier
        def pages():
            return int(Path("/proc/self/statm").read_text().split()[1])
        before = pages()
        {textwrap.dedent(code).strip().replace(chr(10), chr(10) + " " * 8)}
        print((pages() - before) * 4096 // 10**6)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True)
    return int(done.stdout.split()[-1])


def main() -> None:
    """Measure, print, and write JSON if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wrong", action="store_true", help="list the messages that were not named rightly")
    results.add_option(parser)
    arguments = parser.parse_args()
    started = time.monotonic()
    training, held = split()
    cases = held + list(written(training))
    start = time.perf_counter()
    identifier = Identifier.train(training, LANGUAGES)
    seconds = time.perf_counter() - start
    identifier.identify("订单")  # the tables of Chinese characters are read when first needed
    ours = measure(cases, identifier.identify)
    lingua = measure(cases, lingua_alone())
    ours["memory_mb"], lingua["memory_mb"] = memory(identifier)
    print(f"{len(training)} training examples, trained in {seconds:.1f} s")
    print(f"median per message: Viisi {ours['median_ms']} ms, lingua {lingua['median_ms']} ms")
    print(f"memory: Viisi {ours['memory_mb']} MB, lingua {lingua['memory_mb']} MB\n")
    print(f"{'':34}{'Viisi: right unnamed wrong clearly':>38}{'lingua: right wrong':>24}{'cases':>8}")
    for kind, languages in ours["rows"].items():
        for language, row in languages.items():
            beside = lingua["rows"][kind][language]
            print(
                f"{kind:26}{language:8}{row['right']:18.1f}{row['unnamed']:8.1f}{row['wrong']:6.1f}{row['clearly_wrong']:6.1f}"
                f"{beside['right']:18.1f}{beside['wrong']:6.1f}{row['cases']:8}"
            )
    if arguments.wrong:
        print("", *ours["wrong"], sep="\n")
    for figures in (ours, lingua):
        del figures["wrong"]
    trained = {"examples": len(training), "training_s": seconds}
    results.save("language", {"viisi": ours | trained, "lingua": lingua}, time.monotonic() - started, arguments.json)


if __name__ == "__main__":
    main()
