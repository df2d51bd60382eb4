"""Parses texts with a trained model in a process of its own; called by bench/nlu.py and bench/massive.py.

A process of its own, because memory and threads are those of one model only. ``python -m bench.parse MODEL IN OUT [CORES]``
reads a list of texts from IN and writes what was found, with time and memory, to OUT.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.scores import Answer
from scripts import run
from viisi.errors import ViisiError
from viisi.settings import ROOT

WARM_UP = 20


@dataclass(frozen=True)
class Parsed:
    """Answers in the order of the texts, the seconds until the model was loaded, and the process's memory in MB (10⁶)."""

    answers: list[Answer]
    load_s: float
    memory_mb: float


def parse(model: Path, texts: Sequence[str], cores: int | None = None) -> Parsed:
    """What a model makes of texts, one after another, on so many cores (all that there are, by default)."""
    with tempfile.TemporaryDirectory() as name:
        given, found = Path(name, "texts.json"), Path(name, "found.json")
        given.write_text(json.dumps(list(texts)))
        command = [sys.executable, "-m", "bench.parse", str(model), str(given), str(found), *([str(cores)] if cores else [])]
        shop = f"sqlite:///{name}/shop.db"  # messages are searched for the catalogue's products
        subprocess.run(
            [sys.executable, "-m", "viisi.shop.demo", "--url", shop], check=True, cwd=ROOT, stdout=subprocess.DEVNULL
        )
        environment = run.environment(VIISI_SHOP_URL=shop, **({"OMP_NUM_THREADS": str(cores)} if cores else {}))
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True)
        if done.returncode:
            tail = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
            raise ViisiError(f"{model} cannot be used ({' '.join(tail)}); delete it and train it anew")
        content = json.loads(found.read_text())
    return Parsed([_answer(parsed) for parsed in content["parsed"]], content["load_s"], content["memory_mb"])


def _answer(parsed: dict[str, Any]) -> Answer:
    return Answer(
        parsed["intent"],
        tuple((name, sure) for name, sure in parsed["ranking"]),
        tuple((kind, value) for kind, value in parsed["entities"]),
        parsed["ms"],
    )


def _brief(found: dict[str, Any], seconds: float) -> dict[str, Any]:
    return {
        "intent": found["intent"]["name"],
        "ranking": [(entry["name"], float(entry["confidence"])) for entry in found.get("intent_ranking", [])],
        "entities": [(entity["entity"], entity["value"]) for entity in found["entities"]],
        "ms": 1000 * seconds,
    }


async def _parse_all(agent: Any, texts: list[str]) -> list[dict[str, Any]]:
    for text in texts[:: max(1, len(texts) // WARM_UP)]:  # of all languages: each has tables that are read when first needed
        await agent.parse_message(text)
    parsed = []
    for text in texts:
        started = time.perf_counter()
        found = await agent.parse_message(text)
        parsed.append(_brief(found, time.perf_counter() - started))
    return parsed


def main(model: str, given: str, out: str, cores: str | None = None) -> None:
    """The child process."""
    if cores:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(cores)])
    import psutil  # numerical libraries count the cores when they are imported

    from scripts.train import quiet

    quiet()
    started = time.monotonic()
    from rasa.core.agent import Agent

    agent = Agent.load(model)
    loaded = time.monotonic() - started
    parsed = asyncio.run(_parse_all(agent, json.loads(Path(given).read_text())))
    memory = psutil.Process().memory_info().rss / 10**6
    Path(out).write_text(json.dumps({"parsed": parsed, "load_s": loaded, "memory_mb": memory}))


if __name__ == "__main__":
    main(*sys.argv[1:])
