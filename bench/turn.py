"""Whole turns over the REST webhook beside a stock ``rasa init`` assistant, in one run: time, memory, training.

``python -m bench.turn`` prints a table and writes the section ``turn``. Both assistants run one after the other, at 1, 4 and 16
simultaneous conversations; let nothing else run if you want figures to quote. Viisi is asked what customers ask about the shop,
the starter assistant what it was made for.
"""

import argparse
import asyncio
import logging
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import psutil

from bench import results, training
from bench.scores import latency
from scripts import run
from scripts.train import ensure_model, quiet
from viisi.errors import ViisiError
from viisi.settings import ROOT

CONVERSATIONS = (1, 4, 16)
WARM_UP = 10
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


def stock(folder: Path, train: bool) -> float | None:
    """Make Rasa's own starter assistant in ``folder``; the seconds that training it took, if it was to be timed."""
    environment = run.environment()
    init = [sys.executable, "-m", "rasa", "init", "--no-prompt", "--init-dir", str(folder)]
    subprocess.run(init, check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if not train:
        return None
    started = time.monotonic()
    command = [sys.executable, "-m", "rasa", "train", "--force"]
    subprocess.run(command, check=True, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - started


async def _converse(client: httpx.AsyncClient, url: str, name: str, texts: list[str], turns: int) -> list[float]:
    """The milliseconds of one conversation's turns, each sent when the one before is answered."""
    taken = []
    for turn in range(turns):
        # A new conversation every five turns, as customers are: nobody's history grows without end.
        body = {"sender": f"bench-{name}-{turn // 5}", "message": texts[turn % len(texts)]}
        started = time.perf_counter()
        answer = await client.post(f"{url}/webhooks/rest/webhook", json=body)
        taken.append((time.perf_counter() - started) * 1000)
        if answer.status_code != 200:  # the starter assistant answers some turns with silence
            raise ViisiError(f"no answer to {body}: {answer.text}")
    return taken


async def _at_once(url: str, texts: list[str], turns: int, conversations: int) -> dict[str, float]:
    """Latency and turns a second of so many conversations at the same time, ``turns`` of them in all."""
    each = max(2, turns // conversations)
    async with httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=conversations), trust_env=False) as client:
        started = time.perf_counter()
        names = (f"{conversations}-{number}" for number in range(conversations))
        parts = await asyncio.gather(*(_converse(client, url, name, texts, each) for name in names))
        seconds = time.perf_counter() - started
    taken = [value for part in parts for value in part]
    return {**latency(taken), "turns_per_s": len(taken) / seconds, "turns": len(taken)}


def measure(url: str, texts: list[str], turns: int, server: int) -> dict[str, Any]:
    """What ``turns`` turns take at each number of simultaneous conversations, and the server's memory in MB afterwards."""
    asyncio.run(_at_once(url, texts, WARM_UP, 1))
    levels = {str(count): asyncio.run(_at_once(url, texts, turns, count)) for count in CONVERSATIONS}
    return {"conversations": levels, "memory_mb": psutil.Process(server).memory_info().rss / 10**6}


def served(folder: Path, model: Path, texts: list[str], turns: int, with_actions: bool) -> dict[str, Any]:
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
    parser.add_argument("--turns", type=int, default=200, help="turns at each number of conversations (default: 200)")
    parser.add_argument("--skip-training", action="store_true", help="time no training, which takes minutes")
    parser.add_argument("--model", type=Path, help="another model than that for the present files")
    results.add_option(parser)
    options = parser.parse_args()
    os.chdir(ROOT)
    quiet()
    logging.getLogger("httpx").setLevel(logging.WARNING)
    started = time.monotonic()
    try:
        found = _both(options.turns, not options.skip_training, options.model)
        results.save("turn", {**found, "turns": options.turns}, time.monotonic() - started, options.json)
    except ViisiError as error:
        print(f"bench.turn: {error}", file=sys.stderr)
        return 1
    print(f"{'':12}{'at once':>8}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'turns/s':>9}{'MB':>7}{'start s':>9}")
    for who, figures in found.items():
        for count, row in figures["conversations"].items():
            times = "".join(f"{row[name]:9.1f}" for name in ("p50", "p95", "p99", "turns_per_s"))
            print(f"{who:12}{count:>8}{times}{figures['memory_mb']:7.0f}{figures['start_s']:9.1f}")
    return 0


def _both(turns: int, train: bool, model: Path | None) -> dict[str, dict[str, Any]]:
    own = (model or ensure_model()).absolute()
    with tempfile.TemporaryDirectory() as name:
        for part in ("stock", "own", "training"):
            Path(name, part).mkdir()
        folder = Path(name)
        print("rasa init (trains its starter assistant) …", flush=True)
        trained = stock(folder / "stock", train)
        starter = max((folder / "stock" / "models").glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)
        starter_figures = {"training_s": trained, **served(folder / "stock", starter, STOCK, turns, False)}
        print("Viisi …", flush=True)
        trained = training.own(folder / "training", folder / "encodings.db") if train else None
        own_figures = {"training_s": trained, **served(folder / "own", own, QUESTIONS, turns, True)}
    return {"stock": starter_figures, "viisi": own_figures}


if __name__ == "__main__":
    sys.exit(main())
