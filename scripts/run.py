"""Starts the assistant on the demo shop: action server and Rasa server, or ``rasa shell``; ``make run`` and ``make shell``."""

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ruamel.yaml import YAML

from scripts.train import ensure_model, quiet
from viisi.errors import ViisiError
from viisi.settings import ROOT, Settings

ACTION_PORT = 5055
PATIENCE = 120  # seconds until a server that has not answered counts as failed
EXAMPLES = {
    "fi": "missä tilaus 104103 on? aino.virtanen@example.com",
    "nl": "waar blijft mijn bestelling 104203? sanne.devries@example.com",
    "de": "wo ist meine bestellung 104303? lukas.bauer@example.com",
    "zh": "我的订单104403到哪了？wang.fang@example.com",
    "fa": "سفارش ۱۰۴۵۰۳ کجاست؟ sara.ahmadi@example.com",
}


class Servers:
    """Child processes that end with this one, however it ends."""

    def __init__(self, logs: Path = ROOT / "var") -> None:
        self._logs = logs
        self._running: list[tuple[str, subprocess.Popen[bytes]]] = []

    def start(self, name: str, arguments: Sequence[str], environment: dict[str, str]) -> None:
        """Start a server in a session of its own, its output in <name>.log."""
        with self._log(name).open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._running.append((name, process))

    def _log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def process_id(self, name: str) -> int:
        """The process id of a running server."""
        return next(process.pid for known, process in self._running if known == name)

    def stop_one(self, name: str) -> None:
        """Kill one server, as a fault would."""
        for process in [process for known, process in self._running if known == name]:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
        self._running = [(known, process) for known, process in self._running if known != name]

    def wait_for(self, name: str, url: str) -> None:
        """Wait until ``url`` answers. Raises ViisiError when the server ends or stays silent."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            self.check()
            with suppress(urllib.error.URLError, ConnectionError, TimeoutError), urllib.request.urlopen(url, timeout=2):
                return
            time.sleep(0.2)
        raise ViisiError(f"the {name} server has not answered at {url} for {PATIENCE} s; its log is {self._log(name)}")

    def check(self) -> None:
        """Raises ViisiError where a server has ended by itself."""
        for name, process in self._running:
            if process.poll() is not None:
                tail = self._log(name).read_text(errors="replace").strip().splitlines()[-1:]
                raise ViisiError(
                    f"the {name} server has ended ({' '.join(tail) or 'no message'}); its log is {self._log(name)}"
                )

    def stop(self) -> None:
        """End all of them, with their children."""
        for how in (signal.SIGTERM, signal.SIGKILL):
            for _, process in self._running:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, how)
            until = time.monotonic() + 10
            for _, process in self._running:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(max(0.1, until - time.monotonic()))
            if all(process.poll() is not None for _, process in self._running):
                return


def check_port(port: int, option: str) -> None:
    """Raises ViisiError where something listens on the port already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))
        except OSError as error:
            raise ViisiError(
                f"port {port} is in use ({error.strerror}); stop what listens there, or choose another with {option}"
            ) from None


def prepare(settings: Settings) -> Path:
    """Demo shop and model, where they are missing; the model's path."""
    var = ROOT / "var"
    var.mkdir(exist_ok=True)
    if shutil.disk_usage(var).free < 200 << 20:
        raise ViisiError(f"less than 200 MB of disk are free in {var}; make room and try again")
    from viisi.shop.demo import main as seed_demo_shop

    if seed_demo_shop(["--url", settings.shop_url]):
        raise ViisiError("the demo shop cannot be made; the reason stands above")
    return ensure_model()


def endpoints(action_port: int) -> Path:
    """endpoints.yml, or a copy of it under var/ where the action server listens elsewhere."""
    if action_port == ACTION_PORT:
        return ROOT / "endpoints.yml"
    yaml = YAML()
    content = yaml.load((ROOT / "endpoints.yml").read_text())
    content["action_endpoint"]["url"] = f"http://127.0.0.1:{action_port}/webhook"
    path = ROOT / "var" / f"endpoints-{action_port}.yml"
    with path.open("w") as file:
        yaml.dump(content, file)
    return path


def environment(**settings: str) -> dict[str, str]:
    """What the servers find in their environment."""
    # Idle OpenMP threads of the encoder would otherwise spin and take the cores from the other server.
    return {**os.environ, "PYTHONPATH": str(ROOT), "OMP_WAIT_POLICY": "PASSIVE", **settings}


def start_actions(servers: Servers, port: int, environment: dict[str, str]) -> None:
    """Start the action server."""
    # rasa-sdk would listen on every interface, and whoever reaches it can name any conversation.
    local = {**environment, "SANIC_HOST": environment.get("SANIC_HOST", "127.0.0.1")}
    servers.start("actions", ["-m", "rasa_sdk", "--actions", "actions", "--port", str(port)], local)


def start_rasa(servers: Servers, model: Path, port: int, interface: str, endpoints: Path, environment: dict[str, str]) -> None:
    """Start the Rasa server."""
    arguments = ["-m", "rasa", "run", "--model", str(model), "--endpoints", str(endpoints), "--credentials", "credentials.yml"]
    servers.start("rasa", [*arguments, "--interface", interface, "--port", str(port)], environment)


def welcome(port: int, action_port: int) -> None:
    """Print the addresses and a line to try in each language."""
    print(f"\nViisi answers at http://127.0.0.1:{port}/webhooks/rest/webhook (actions at http://127.0.0.1:{action_port}).")
    print("Try it in another terminal:\n")
    for tag, text in EXAMPLES.items():
        body = f'{{"sender": "{tag}", "message": "{text}"}}'
        print(f"  curl -s http://127.0.0.1:{port}/webhooks/rest/webhook -H 'Content-Type: application/json' -d '{body}'")
    print("\nCtrl-C stops everything. The servers' logs are var/rasa.log and var/actions.log.", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="make run", description="Start Viisi on the demo shop.")
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "5005")))
    parser.add_argument("--action-port", type=int, default=int(os.environ.get("ACTION_PORT", str(ACTION_PORT))))
    parser.add_argument("--interface", default=os.environ.get("INTERFACE", "127.0.0.1"))
    parser.add_argument("--shell", action="store_true", help="talk in this terminal instead of over HTTP")
    options = parser.parse_args(arguments)
    os.chdir(ROOT)
    quiet()
    servers = Servers()

    def interrupt(signum: int, frame: object) -> None:
        raise KeyboardInterrupt

    # SIGINT too: a shell that starts this in the background has it ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    try:
        if not options.shell:
            check_port(options.port, "PORT=5006 make run")
        check_port(options.action_port, "ACTION_PORT=5056 make run")
        model = prepare(Settings.from_env(os.environ))
        found = endpoints(options.action_port)
        start_actions(servers, options.action_port, environment())
        if options.shell:
            servers.wait_for("actions", f"http://127.0.0.1:{options.action_port}/health")
            shell = ["-m", "rasa", "shell", "--model", str(model), "--endpoints", str(found)]
            return subprocess.call([sys.executable, *shell], cwd=ROOT, env=environment())
        start_rasa(servers, model, options.port, options.interface, found, environment())
        servers.wait_for("rasa", f"http://127.0.0.1:{options.port}/")
        servers.wait_for("actions", f"http://127.0.0.1:{options.action_port}/health")
        welcome(options.port, options.action_port)
        while True:
            time.sleep(1)
            servers.check()
    except KeyboardInterrupt:
        print("\nviisi: stopping …", flush=True)
        return 0
    except ViisiError as error:
        print(f"viisi: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"viisi: {error.filename or 'the system'}: {error.strerror}; see to that and try again", file=sys.stderr)
        return 1
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        servers.stop()


if __name__ == "__main__":
    sys.exit(main())
