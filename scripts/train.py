"""Trains a model for the present files, unless there is one. Called by ``make train``, ``make run`` and the tests."""

import hashlib
import logging
import os
import shutil
import sys
import tarfile
import time
import zlib
from pathlib import Path

from viisi.errors import ViisiError
from viisi.settings import ROOT, Settings

MODELS = ROOT / "models"
# What a model is made of: a change in any of these wants a new one.
SOURCES = (
    "config.yml",
    "domain.yml",
    "shop.yml",
    "requirements.lock",
    "data/**/*.yml",
    "viisi/**/*.py",
    "viisi/**/*.yml",
    "viisi/nlu/tuned/*",
)


def quiet() -> None:
    """No telemetry, and no chatter from TensorFlow and Rasa's dependencies."""
    os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    from rasa.utils.log_utils import configure_structlog

    configure_structlog(logging.INFO)
    for name in ("rasa.utils.tensorflow", "tensorflow", "matplotlib", "jieba"):
        logging.getLogger(name).setLevel(logging.ERROR)


def model_path() -> Path:
    """Where the model for the present files is, or would be."""
    digest = hashlib.sha256()
    for pattern in SOURCES:
        for path in sorted(ROOT.glob(pattern)):
            digest.update(str(path.relative_to(ROOT)).encode())
            digest.update(path.read_bytes())
    digest.update(Settings.from_env(os.environ).shop_file.read_bytes())
    return MODELS / f"viisi-{digest.hexdigest()[:16]}.tar.gz"


def ensure_model() -> Path:
    """The model for the present files; trains it if need be. Raises ViisiError where that fails."""
    path = model_path()
    if path.exists():
        _check(path)
        return path
    if shutil.disk_usage(MODELS).free < 1 << 30:
        raise ViisiError(f"less than 1 GB of disk is free in {MODELS}; make room and try again")
    quiet()
    print("viisi: training a model for the present files (a minute or two) …", flush=True)
    started = time.monotonic()
    from rasa.engine.exceptions import GraphComponentException
    from rasa.model_training import train

    try:
        result = train(
            domain=str(ROOT / "domain.yml"),
            config=str(ROOT / "config.yml"),
            training_files=[str(ROOT / "data")],
            output=str(MODELS),
            fixed_model_name=path.name.removesuffix(".tar.gz"),
        )
    except GraphComponentException as error:
        if isinstance(error.__cause__, ViisiError):  # Rasa wraps what a component says
            raise error.__cause__ from None
        raise
    if result.code or not path.exists():
        raise ViisiError("training failed; the reason stands above")
    print(f"viisi: trained in {time.monotonic() - started:.0f} s: {path.relative_to(ROOT)}", flush=True)
    return path


def _check(path: Path) -> None:
    try:
        with tarfile.open(path, "r:gz") as archive:
            archive.getmembers()
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise ViisiError(f"the model {path.relative_to(ROOT)} is broken ({error}); delete it and run 'make train'") from error


def main() -> int:
    """Train and say where the model is."""
    os.chdir(ROOT)
    try:
        path = ensure_model()
    except ViisiError as error:
        print(f"viisi: {error}", file=sys.stderr)
        return 1
    print(f"viisi: the model for the present files is {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
