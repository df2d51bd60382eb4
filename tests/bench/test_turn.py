"""Simultaneous conversations: as many as asked for, each waiting for its answer."""

import asyncio
import json
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bench import turn
from viisi.errors import ViisiError


class Assistant(BaseHTTPRequestHandler):
    """Answers after a moment, and counts who spoke, and how many at once."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        conversation = body["sender"].rpartition("-")[0]
        server = self.server
        with server.lock:
            server.asked[conversation] += 1
            server.speaking[conversation] += 1
            server.most_at_once = max(server.most_at_once, server.speaking.total())
            server.impatient |= server.speaking[conversation] > 1
        time.sleep(0.02)
        with server.lock:
            server.speaking[conversation] -= 1
        self.send_response(server.status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"[]")

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Assistant)
    server.lock, server.asked, server.speaking = threading.Lock(), Counter(), Counter()
    server.most_at_once, server.impatient, server.status = 0, False, 200
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def at_once(server, turns: int, conversations: int) -> dict:
    return asyncio.run(turn._at_once(f"http://127.0.0.1:{server.server_port}", ["moi", "hei"], turns, conversations))


def test_conversations_speak_at_once_and_each_in_turn(server):
    found = at_once(server, turns=24, conversations=4)
    assert set(server.asked.values()) == {6} and len(server.asked) == 4
    assert server.most_at_once == 4 and not server.impatient
    assert found["turns"] == 24 and found["p50"] >= 20
    assert found["turns_per_s"] > 24 / (6 * 0.5)


def test_one_conversation_is_one_at_a_time(server):
    found = at_once(server, turns=5, conversations=1)
    assert server.most_at_once == 1 and found["turns"] == 5 and found["turns_per_s"] <= 50


def test_an_error_is_no_turn(server):
    server.status = 500
    with pytest.raises(ViisiError, match="no answer to"):
        at_once(server, turns=4, conversations=2)
