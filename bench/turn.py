"""Whole turns over the REST webhook beside a stock ``rasa init`` assistant, in one run: time, memory, training.

``python -m bench.turn`` prints a table and writes results/turn.json. Both assistants run one after the other on this machine,
with nothing else running if you want figures to quote.
"""

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import httpx
import psutil

from scripts import run
from scripts.train import model_path, quiet
from viisi.settings import ROOT

QUESTIONS = [
    "mikä on palautusaika?",
    "wat kost de verzending",
    "wie kann ich bezahlen?",
    "运费多少钱",
    "هزینه ارسال چقدره",
    "onko teillä noutopistettä",
    "kan ik achteraf betalen?",
    "wie lange dauert die lieferung",
    "怎么注册账号",
    "رمزم یادم رفته",
]
STOCK = ["hello", "I am sad", "yes", "great", "are you a bot?", "bye", "no", "hi there", "not good", "I feel happy"]


def stock(folder: Path, train: bool) -> float:
    """Make Rasa's own starter assistant in ``folder``; the seconds that training it took, if it was to be timed."""
    environment = run.environment()
    init = [sys.executable, "-m", "rasa", "init", "--no-prompt", "--init-dir", str(folder)]
    subprocess.run(init, check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if not train:
        return float("nan")
    started = time.monotonic()
    command = [sys.executable, "-m", "rasa", "train", "--force"]
    subprocess.run(command, check=True, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - started


def own() -> float:
    """Train this assistant from nothing (no caches); the seconds that took."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**run.environment(), "RASA_CACHE_DIRECTORY": folder}
        command = "from scripts.train import quiet; quiet(); from rasa.model_training import train; "
        command += f"train('domain.yml', 'bench/config-uncached.yml', ['data'], output={folder!r}, force_training=True)"
        config = (ROOT / "config.yml").read_text().replace("engine: embedded\n", 'engine: embedded\n    cache: ""\n', 1)
        (ROOT / "bench" / "config-uncached.yml").write_text(config)
        try:
            started = time.monotonic()
            subprocess.run([sys.executable, "-c", command], check=True, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
            return time.monotonic() - started
        finally:
            (ROOT / "bench" / "config-uncached.yml").unlink()


def measure(url: str, texts: list[str], turns: int, server: int) -> dict[str, float]:
    """Milliseconds a turn, and the server's resident megabytes afterwards."""
    taken = []
    with httpx.Client(timeout=60) as client:
        for turn in range(turns + 10):
            body = {"sender": f"bench-{turn // 5}", "message": texts[turn % len(texts)]}
            started = time.perf_counter()
            answer = client.post(f"{url}/webhooks/rest/webhook", json=body)
            if turn >= 10:
                taken.append((time.perf_counter() - started) * 1000)
            if answer.status_code != 200:  # the starter assistant answers some turns with silence
                raise SystemExit(f"no answer to {body}: {answer.text}")
    cuts = quantiles(taken, n=100)
    memory = psutil.Process(server).memory_info().rss / 2**20
    return {"p50_ms": median(taken), "p95_ms": cuts[94], "p99_ms": cuts[98], "memory_mb": memory}


def served(folder: Path, model: Path, texts: list[str], turns: int, with_actions: bool) -> dict[str, float]:
    """Start a Rasa server, measure it, stop it."""
    servers = run.Servers(logs=folder)
    environment = run.environment(VIISI_SHOP_URL=f"sqlite:///{folder / 'shop.db'}")
    try:
        if with_actions:
            subprocess.run(
                [sys.executable, "-m", "viisi.shop.demo", "--url", environment["VIISI_SHOP_URL"]], check=True, cwd=ROOT
            )
            run.start_actions(servers, 5155, environment)
        endpoints = folder / "bench-endpoints.yml"
        endpoints.write_text("action_endpoint: {url: 'http://127.0.0.1:5155/webhook'}\n")
        started = time.monotonic()
        run.start_rasa(servers, model, 5105, "127.0.0.1", endpoints, environment)
        servers.wait_for("rasa", "http://127.0.0.1:5105/")
        up = time.monotonic() - started
        return {"start_s": up, **measure("http://127.0.0.1:5105", texts, turns, servers.process_id("rasa"))}
    finally:
        servers.stop()


def main() -> int:
    """Both, side by side."""
    parser = argparse.ArgumentParser(prog="python -m bench.turn", description=__doc__)
    parser.add_argument("--turns", type=int, default=200)
    parser.add_argument("--skip-training", action="store_true", help="time no training, which takes minutes")
    parser.add_argument("--json", type=Path, default=ROOT / "results" / "turn.json")
    options = parser.parse_args()
    os.chdir(ROOT)
    quiet()
    logging.getLogger("httpx").setLevel(logging.WARNING)
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "stock").mkdir()
        (folder / "own").mkdir()
        trained = stock(folder / "stock", not options.skip_training)
        model = max((folder / "stock" / "models").glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)
        found["rasa init"] = {"train_s": trained, **served(folder / "stock", model, STOCK, options.turns, False)}
        trained = float("nan") if options.skip_training else own()
        found["Viisi"] = {"train_s": trained, **served(folder / "own", model_path(), QUESTIONS, options.turns, True)}
    names = list(found["Viisi"])
    print(f"{'':12}" + "".join(f"{name:>11}" for name in names))
    for who, figures in found.items():
        print(f"{who:12}" + "".join(f"{figures[name]:11.1f}" for name in names))
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(found, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
