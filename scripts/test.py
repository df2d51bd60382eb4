"""Everything the tests need, then all tests. Called by ``make test``; further arguments go to pytest."""

import os
import subprocess
import sys
from collections.abc import Sequence

from scripts.train import ensure_model, quiet
from viisi.errors import ViisiError
from viisi.settings import ROOT


def main(arguments: Sequence[str]) -> int:
    """Train a model where none fits the present files, then run pytest."""
    os.chdir(ROOT)
    quiet()
    try:
        ensure_model()
    except ViisiError as error:
        print(f"viisi: {error}", file=sys.stderr)
        return 1
    return subprocess.call([sys.executable, "-m", "pytest", *arguments])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
