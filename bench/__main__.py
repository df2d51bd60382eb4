"""Every benchmark, one after the other, then the page: ``python -m bench``, which is ``make bench``.

Each part is a process of its own and writes its own section, so that one that fails leaves the others' figures standing.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

from bench import results
from scripts.train import quiet
from viisi.errors import ViisiError
from viisi.settings import ROOT

EPOCHS = 100  # what stock Rasa trains its classifier for


def parts(options: argparse.Namespace) -> list[tuple[str, str, list[str]]]:
    """Name, roughly how long on two cores, and arguments of each part that was asked for."""
    found = [
        ("language", "a few minutes", []),
        ("entities", "a minute", []),
        ("turn", "about ten minutes", []),
    ]
    if options.massive:
        arguments = [str(options.massive.absolute()), "--partition", options.partition, "--fresh"]
        found.append(("massive", "about an hour, for the encoding of 57,570 utterances and the training", arguments))
    hours = "ten minutes, and then stock Rasa's training: hours with 100 epochs"
    return [*found, ("nlu", hours, ["--stock-epochs", str(options.stock_epochs)])]


def main() -> int:
    """Run what was asked for; 1 where a part has failed."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--stock-epochs", type=int, default=EPOCHS, metavar="N", help="STOCK_EPOCHS=N (default: 100)")
    parser.add_argument("--massive", type=Path, metavar="FOLDER", help="MASSIVE=FOLDER; without it MASSIVE is left out")
    parser.add_argument("--partition", default="dev", help="PARTITION=dev (the default) or test")
    results.add_option(parser)
    options = parser.parse_args()
    quiet()  # for the parts too: they take over this environment
    if options.massive:
        from bench.massive import check

        try:
            check(options.massive.absolute(), options.partition)  # now, and not after an hour
        except ViisiError as error:
            print(f"bench: {error}", file=sys.stderr)
            return 1
    failed = []
    for name, length, arguments in parts(options):
        print(f"\n— {name} ({length})", flush=True)
        started = time.monotonic()
        command = [sys.executable, "-m", f"bench.{name}", *arguments, "--json", str(options.json.absolute())]
        if subprocess.call(command, cwd=ROOT):
            failed.append(name)
        print(f"— {name}: {time.monotonic() - started:.0f} s", flush=True)
    if subprocess.call([sys.executable, "-m", "bench.report", "--json", str(options.json.absolute())], cwd=ROOT):
        failed.append("report")
    if failed:
        print(f"bench: {', '.join(failed)} failed; the reasons stand above", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
